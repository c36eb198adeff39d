/*
 * Private to audit: a published system as constraints.
 *
 * Each fact becomes rows and quotients over variables: one variable an unknown, one more for every sum that a quotient
 * speaks of, one for the part of a group without the outcome. Rows that only say what such a variable is belong to no
 * fact and come along wherever the variable is used.
 */
#ifndef CAIRN_AUDIT_AUDIT_MODEL_H
#define CAIRN_AUDIT_AUDIT_MODEL_H

#include "audit/attack.h"

typedef struct ModelVar {
    int64_t low, high;
    uint32_t unknown;    /* AUDIT_NONE: made here */
    uint32_t definition; /* a row; AUDIT_NONE */
} ModelVar;

typedef struct ModelTerm {
    uint32_t var;
    int64_t coef;
} ModelTerm;

typedef struct ModelRow {
    uint32_t fact; /* AUDIT_NONE: a definition */
    size_t first, count;
    int64_t low, high;
} ModelRow;

typedef struct ModelUnknown {
    Slice name;
    uint32_t var;
    bool known; /* to everybody: its bounds are equal */
} ModelUnknown;

typedef struct ModelFact {
    Slice says;
    uint32_t row_first, row_count;
    uint32_t quotient; /* AUDIT_NONE */
} ModelFact;

typedef struct ModelGroup {
    Slice name;
    uint32_t outcome, people, rest; /* variables */
    uint32_t group, fact;           /* one of them AUDIT_NONE */
} ModelGroup;

struct AuditSystem {
    Arena arena;
    VEC(ModelUnknown) unknowns;
    VEC(ModelFact) facts;
    VEC(ModelGroup) groups;
    VEC(ModelVar) vars;
    VEC(ModelRow) rows;
    VEC(ModelTerm) terms;
    VEC(Quotient) quotients;
    VEC(uint32_t) quotient_fact;
    Map forms; /* terms of a sum -> variable */
    Map rates; /* a, b -> quotient of kind AUDIT_RATE */
    uint32_t groups_named;
};

/* Whether some k in 0 .. n makes k / n what was printed. */
bool rate_possible(const AuditFact *f, int64_t n);

/* Which constraints use a variable: rows r, quotients rows.len + q. */
typedef struct ModelUse {
    uint32_t *start, *use;
} ModelUse;
Status model_use(const AuditSystem *s, Arena *a, ModelUse *out, Error *err);

/* Everything, variables as they are numbered. */
Status model_whole(const AuditSystem *s, Arena *a, Piece *out, Error *err);
/* What a list of facts says, around a variable. place: vars.len entries, all AUDIT_NONE, left so. *at: the variable's
 * number in the piece. */
Status model_part(const AuditSystem *s, const uint32_t *facts, size_t count, uint32_t var, uint32_t *place, Arena *a,
    Piece *out, uint32_t *at, Error *err);

/* Facts that contradict those told before them, as far as propagation finds out (audit_aside.c). */
typedef struct Aside {
    Arena *arena;       /* everything below is made there */
    uint8_t *is;        /* a flag a fact; NULL: nothing was weighed */
    const uint8_t *out; /* a flag a constraint of the whole: of such a fact */
    size_t count;
} Aside;
Status aside_find(const AuditSystem *s, const Piece *whole, Aside *out, Error *err);
/* Takes the flagged constraints out of the whole. */
Status aside_drop(Piece *p, const uint8_t *out, Arena *a, Error *err);

/* What was found out, a variable each. */
typedef struct Findings {
    AuditFinding *finding;
    int64_t *low, *high, *seen_low, *seen_high;
    int64_t *allowed; /* min_possible a variable: the possible values of AUDIT_EXACT and AUDIT_NARROW */
    uint32_t *possible;
    uint32_t *piece; /* AUDIT_NONE: fixed by itself */
    uint8_t *wanted; /* asked for its values */

    uint8_t *positive; /* asked whether it can be 1 or more */
    uint8_t *can_be;   /* the answer, as Found */
} Findings;

/* A small set of facts from which it follows that var has one of the allowed values (none: that there is no solution).
 * Into out's arena. */
typedef struct Because {
    const AuditSystem *s;
    const AuditAsk *ask;
    ModelUse use;
    uint32_t *place, *order;
    uint8_t *seen_var, *seen_fact;
    const uint8_t *aside;   /* a flag a fact: does not count; NULL: all count */
    const uint8_t *printed; /* a flag a variable: a fact prints it as it is, or everybody knows it */
    uint64_t steps;         /* spent on the finding in hand */
    uint32_t attempts;      /* at leaving facts out, of the same */
    Arena arena;
} Because;
Status because_init(Because *b, const AuditSystem *s, const AuditAsk *ask, Error *err);
void because_free(Because *b);
Status because_find(Because *b, uint32_t var, const int64_t *allowed, size_t allowed_count, Arena *a,
    const uint32_t **facts, size_t *count, Error *err);

#endif
