/*
 * Private to protect: all counts of one lineage and year as one system of unknowns and equations.
 *
 * A place is one (split, level, unit, group). At each place where any table counts anybody stand
 *   - quantities: the people and the people with the outcome of each table; counts that are equal at every place both
 *     have are one quantity, because whoever knows the definitions, or the years before, knows it too; but no outcome
 *     and its own people;
 *   - rests: the people without the outcome, and what is left when counts of a [[subset]] are taken from each other.
 * Equations: groups add up to everybody, places to the place above, part and rest to the whole. A place where no table
 * counts anybody is known to be empty and has no unknown.
 */
#ifndef CAIRN_PROTECT_EQUATIONS_H
#define CAIRN_PROTECT_EQUATIONS_H

#include "protect/panel.h"
#include "sdc/sdc.h"

#define EQUATIONS_NONE UINT32_MAX
#define EQUATIONS_MAX_QUANTITIES (2 * PANEL_MAX_TABLES)

typedef struct EquationsPair { /* a rate's people and those with the outcome */
    uint32_t whole, part;      /* quantities */
} EquationsPair;

typedef struct EquationsPlace {
    uint32_t split, level, unit, group;
} EquationsPlace;

typedef struct Equations {
    Arena arena;
    const Panel *panel;
    size_t base[32][RULE_MAX_LEVELS]; /* split, level -> first place */
    size_t place_count;
    EquationsPlace *places;
    uint32_t people[PANEL_MAX_TABLES], outcome[PANEL_MAX_TABLES]; /* table -> quantity; outcome NONE: a median */
    uint32_t quantity_count;
    int64_t **value;  /* quantity -> place */
    uint32_t **cell;  /* quantity -> place -> cell; EQUATIONS_NONE */
    uint32_t *sizes;  /* quantity: as many tables have it as their people */
    bool *as_outcome; /* quantity: it has the outcome's minimum, not that of people */
    EquationsPair *pairs;
    uint32_t pair_count;
    uint32_t **rest; /* pair -> place -> cell of those without the outcome */
    uint32_t *of;    /* cell -> place */
    uint32_t *kind;  /* cell -> quantity; rests come after the quantities, each its own */
    int64_t *least;  /* cell -> fewer people of one kind in one sum are a group that must not be told */
    SdcProblem problem;
} Equations;

/* A figure of an earlier release that stands for several places together: its counts are known sums. */
typedef struct EquationsTold {
    uint32_t table;
    const size_t *places;
    size_t count;
} EquationsTold;
typedef VEC(EquationsTold) EquationsSums;

/* The place's number: by split, level, unit, group. */
size_t equations_place(const Panel *p, size_t split, size_t level, size_t unit, size_t group);

/* The system with its sensitive cells marked by the rule's minimums. told: known sums of earlier releases; NULL: none.
 * The panel must outlive it. Free also after a failure. ERR_LIMIT: more splits than fit. */
MUST_USE Status equations_make(
    const ProtectRule *rule, const Panel *p, const EquationsSums *told, Equations *out, Error *err);
void equations_free(Equations *e);

#endif
