/*
 * Private to suppress: a pattern for one block, and why it is safe.
 *
 * A need is one promise: somebody must believe that sensitive cell k may lie so far above (or below) its value. It is
 * met by a witness, a move of suppressed cells alone that leaves every equation and every bound intact. The pattern is
 * safe as long as each need has its witness; a secondary that no witness uses is needless.
 */
#ifndef CAIRN_SUPPRESS_ENGINE_H
#define CAIRN_SUPPRESS_ENGINE_H

#include "suppress/core.h"
#include "suppress/parts.h"
#include "suppress/whole.h"
#include "suppress/wide.h"
#include "suppress/window.h"

typedef struct Need {
    uint32_t cell;  /* of the net */
    uint32_t knows; /* the cell that the attacker knows exactly, because it is himself; NET_NONE: an outsider */
    double target;  /* signed, units of value */
    uint32_t *use;  /* secondaries of the witness */
    uint32_t use_count;
    WholeMove *move; /* the witness itself; NULL: it has fractions, or nobody asks for it */
    uint32_t terms;  /* of the witness, whatever became of it */
    uint64_t walk;   /* the last through a list of users that came by */
    bool met;
    bool hopeless;  /* not even with every open cell suppressed, or undecided */
    bool undecided; /* some question about it ended at a limit, or with numbers that nobody trusts */
    bool whole;     /* the auditor could do nothing with a witness of fractions: whole numbers are looked for */
} Need;

typedef VEC(uint32_t) IdList;
typedef VEC(Need) NeedList;

/* A witness that a trial has put aside. */
typedef struct OldUse {
    uint32_t need, count;
    uint32_t *use;
    WholeMove *move;
} OldUse;

/* Moves that met needs, in their order; those of a part speak of cells and needs of the whole. */
typedef struct EngineMove {
    uint32_t need;
    size_t first; /* of its terms, which end where the next move's begin */
} EngineMove;
typedef struct EngineMoves {
    VEC(EngineMove) at;
    VEC(LocalTerm) terms;
} EngineMoves;

/* How far a question may look. */
typedef enum EngineReach {
    ENGINE_INSIDE, /* among suppressed cells nearby */
    ENGINE_NEAR,   /* among all cells nearby */
    ENGINE_FAR,    /* anywhere, with little effort */
    ENGINE_WHOLE
} EngineReach;

typedef struct Engine {
    const Net *net;
    Local *local;
    Wide *wide;          /* made when a question first was too far-reaching for local */
    uint32_t far;        /* questions in a row that were */
    uint32_t far_failed; /* questions of ENGINE_FAR that were, in all */
    uint64_t far_work;   /* of them, in pivots times equations */
    uint32_t misses[2];  /* questions in a row of a large net that were, by how far local might go */
    bool near;           /* many cells: suppressed cells nearby are asked first */
    bool large;          /* many equations: near answers are worth more than cheap ones */
    bool far_local;      /* large, with so many equations that the local simplex pays where answers are far */
    Cut *cuts;           /* far_local: parts that are asked by themselves */
    uint32_t cut_count;
    unsigned threads;                   /* for them */
    const uint32_t *outer, *outer_need; /* of a part: its cells and needs in the whole; NULL: this is the whole */
    EngineMoves moves;                  /* of a part */
    EngineReach reach;
    bool by_circuits;         /* some need was met so: near enough every cell is suppressed */
    bool undecided;           /* a question of the need at hand was */
    uint32_t question_pivots; /* as in SuppressOptions */
    bool unfit;               /* elimination was too much once: it is not tried again */
    bool reshaping;           /* a better answer is looked for: in a large net only near */
    bool shrinking;           /* not every cell is allowed: what is not found proves nothing */
    Window *window;           /* with near or large */
    Core *core;               /* while only suppressed cells are asked, and all of them may move */
    Arena arena;
    int64_t *price;     /* of suppressing a cell */
    double *weight;     /* the same, for the simplex */
    double *cost;       /* weight, or next to nothing where suppressed */
    double *cheap;      /* that next to nothing: so that near moves are preferred to far ones */
    uint8_t *must;      /* sensitive */
    uint8_t *in;        /* suppressed */
    uint8_t *allowed;   /* may move in the next query */
    uint8_t *inside;    /* allowed and suppressed, for ask.c */
    uint8_t *singleton; /* cell holds one contributor, who knows it */
    bool any_singleton;
    uint32_t *same; /* cell: as in EngineSetup, + 1; 0: like no other */
    bool any_width; /* a cell asks for a width beyond its two levels, which may be shared out in many ways */
    NeedList needs;
    IdList *needs_of; /* cell -> needs about it */
    IdList *users;    /* cell -> needs whose witness uses it, and some that no longer do */
    VEC(OldUse) log;  /* of the trial under way */
    IdList added;     /* cells suppressed in the trial under way */
    bool trying;
    bool keeps_moves; /* somebody asks for the witnesses */
    WholeMove *given; /* the move that is being given out */
    uint64_t pivots, queries;
    uint64_t work; /* what effort is measured in */
    uint64_t walk; /* number of the last walk through a list of users */
    Rng rng;
} Engine;

typedef struct Fold Fold;

/* Cells of the net's problem. */
typedef struct EngineSetup {
    const Fold *fold;         /* the net's problem is a folded one; NULL: it is the given one */
    uint32_t rows;            /* with fold: equations before; 0: as many as the net has */
    const int64_t *up, *down; /* cell of the problem: how far an attacker must be led astray; 0: no need */
    const uint8_t *singleton; /* cell of the problem; NULL: none */
    const uint32_t *same;     /* of the first same_count cells of the problem: as in SuppressOptions; NULL: none */
    uint32_t same_count;
    const uint8_t *settled; /* cell of the problem: its needs were met in an earlier round */
    const uint8_t *whole;   /* cell of the problem: its witnesses should be whole numbers; with keeps_moves */
    uint64_t seed;
    unsigned threads;
    uint32_t near_cells, large_rows, far_rows, question_pivots; /* as in SuppressOptions */
    bool keeps_moves;                                           /* for engine_moves */
} EngineSetup;

/* SDC_SENSITIVE and SDC_SECONDARY cells of the problem are suppressed from the start. */
MUST_USE Status engine_new(const Net *net, const EngineSetup *setup, Engine **out, Error *err);
void engine_free(Engine *e);
/* Suppresses a cell of the net, or takes it back. */
void engine_set_in(Engine *e, uint32_t j, uint8_t in);
MUST_USE Status engine_add_need(Engine *e, uint32_t cell, uint32_t knows, double target, Error *err);
/* Whether a width beyond both levels is asked of a cell. */
bool engine_asks_width(const SdcCell *c);

/* For a part of `whole`: a net of some of its cells, and those of `needs` (of the whole) that are about them. inner: a
 * problem's cell -> the whole's. Reads the whole, does not change it. */
MUST_USE Status engine_part(
    const Engine *whole, const Net *net, const uint32_t *inner, const IdList *needs, Engine **out, Error *err);
/* Makes a move that meets a need, unless that is met already. */
MUST_USE Status engine_take(Engine *e, uint32_t need, const LocalTerm *terms, uint32_t count, Error *err);

/* Asks what the engine's reach allows; LOCAL_STOPPED when that gives no answer. ERR_CANCELLED when asked to stop. */
MUST_USE Status engine_ask(Engine *e, const LocalQuery *q, LocalStatus *status, LocalAnswer *a, Error *err);

typedef enum EngineOrder { ENGINE_BY_LEVEL_UP, ENGINE_BY_LEVEL_DOWN, ENGINE_BY_VALUE, ENGINE_RANDOM } EngineOrder;
/* Meets every need that is not met. */
MUST_USE Status engine_meet_all(Engine *e, EngineOrder order, Error *err);
/* What engine.c and engine_trial.c share: a move with room for its terms (mem_free), and the cheapest one for a need,
 * found within the limits and made; a need for which there is none stays unmet. */
typedef struct Move {
    LocalTerm *terms;
    uint32_t count;
    int64_t price;
} Move;
MUST_USE Status engine_meet(Engine *e, uint32_t id, uint32_t pivot_limit, double cost_limit, Move *scratch, Error *err);
/* How many times as far a move could go, forwards and backwards. */
void engine_reach(const Engine *e, const LocalTerm *terms, uint32_t count, double *forward, double *backward);
/* By key, then by number. */
typedef struct Ranked {
    double key;
    uint32_t id;
} Ranked;
void engine_rank(Ranked *list, size_t count);

/* engine_trial.c. Drops, dear ones first, each secondary without which the needs can be met by suppressing cells that
 * are cheaper altogether. Stops after so much work. */
MUST_USE Status engine_clean(Engine *e, uint64_t work_limit, Error *err);
/* Takes whole witnesses out and builds them anew, again and again, and keeps what is cheaper. */
MUST_USE Status engine_improve(Engine *e, uint64_t work_limit, Error *err);
/* Builds the pattern anew from its own cells: the needs that come first now know what the last ones took. */
MUST_USE Status engine_shrink(Engine *e, EngineOrder order, Error *err);
/* Forgets the pattern down to what must be suppressed. */
void engine_reset(Engine *e);
/* Makes `in` (a net's cell) the pattern, and finds a witness in it for every need. *safe: there were some for all. */
MUST_USE Status engine_adopt(Engine *e, const uint8_t *in, bool *safe, Error *err);
int64_t engine_price(const Engine *e);
/* Appends the whole-number witnesses of the pattern that no list has yet. */
MUST_USE Status engine_moves(const Engine *e, WholeList *list, Error *err);

/* engine_whole.c: looks for whole-number witnesses for the needs that are met with fractions far around, in the pattern
 * as it is. */
MUST_USE Status engine_make_whole(Engine *e, Error *err);

/* engine_kept.c: the pattern as it is, with witnesses. */
typedef struct EngineKept {
    int64_t price;
    uint8_t *in;
    NeedList needs; /* with copies of their cells */
} EngineKept;
/* Free with engine_kept_free. ERR_NOMEM. */
MUST_USE Status engine_keep(const Engine *e, EngineKept *out, Error *err);
/* Makes it the pattern again, and takes the other in its place. ERR_NOMEM: free the engine. */
MUST_USE Status engine_back(Engine *e, EngineKept *k, Error *err);
void engine_kept_free(EngineKept *k); /* zeroed is fine */

#endif
