/*
 * Private to suppress: a pattern for one block, and why it is safe.
 *
 * A need is one promise: attacker a must believe that sensitive cell k may lie so far above (or below) its value. It is
 * met by a witness, a move of suppressed cells alone that leaves every equation and every bound intact. The pattern is
 * safe as long as each need has its witness; a secondary that no witness uses is needless.
 */
#ifndef CAIRN_SUPPRESS_ENGINE_H
#define CAIRN_SUPPRESS_ENGINE_H

#include "suppress/local.h"

typedef struct Need {
    uint32_t cell;     /* of the net */
    uint32_t attacker; /* who knows attackers[attacker - 1]; 0: an outsider */
    double target;     /* signed, units of value */
    uint32_t *use;     /* secondaries of the witness; NULL with use_count 0: sensitive cells alone */
    uint32_t use_count;
    bool met;
    bool hopeless; /* not even with every open cell suppressed */
} Need;

typedef VEC(uint32_t) IdList;

/* Somebody who knows some cells exactly, because they hold only himself. */
typedef struct Knower {
    const uint32_t *cells; /* of the net */
    uint32_t count;
} Knower;

typedef struct Engine {
    const Net *net;
    Local *local;
    Arena arena;
    int64_t *price;     /* of suppressing a cell; 0 where it must be */
    double *weight;     /* the same as the simplex sees it */
    double *cost;       /* now: weight, or nearly nothing where suppressed */
    double *cheap;      /* that nearly nothing */
    uint8_t *sensitive; /* must be suppressed */
    uint8_t *in;        /* suppressed */
    uint8_t *allowed;   /* may be used in the next query */
    Need *needs;
    uint32_t need_count, need_space;
    IdList *needs_of; /* cell -> needs about it */
    IdList *users;    /* cell -> needs whose witness uses it, and some that no longer do */
    uint64_t pivots, queries;
    uint64_t pivot_budget; /* improvement stops at this many pivots */
    Rng rng;
} Engine;

/* Cells that are sensitive in the problem or listed in `in_before` (problem cells' flags, may be NULL) are suppressed. */
MUST_USE Status engine_new(const Net *net, Engine **out, Error *err);
void engine_free(Engine *e);
MUST_USE Status engine_add_need(Engine *e, uint32_t cell, uint32_t attacker, double target, Error *err);
/* Meets every need, one after another in `order` (need_count numbers). */
MUST_USE Status engine_meet_all(Engine *e, const uint32_t *order, Error *err);
/* Drops secondaries that are not needed, dear ones first. */
MUST_USE Status engine_clean(Engine *e, Error *err);
int64_t engine_price(const Engine *e);

#endif
