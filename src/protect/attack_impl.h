/* Private to protect: the attack's own system, shared by the files that make it, print into it and run it. */
#ifndef CAIRN_PROTECT_ATTACK_IMPL_H
#define CAIRN_PROTECT_ATTACK_IMPL_H

#include "protect/hide.h"
#include "protect/limits.h"

#define ATTACK_NONE UINT32_MAX
#define ATTACK_MAX_TABLES 64

typedef struct AttackSpot { /* somebody is counted there by some table */
    Slice level, unit, parent, split, grp;
    uint32_t slot; /* of (split, level) */
} AttackSpot;

typedef struct AttackUnknown {
    uint32_t quantity; /* NONE: a rest, a sum */
    uint32_t table;    /* whose count it is, or that of its first term */
    uint32_t spot;
    bool outcome;
    bool printed;
} AttackUnknown;

typedef struct AttackTable {
    Slice name;
    bool is_median;
    bool *has; /* slot */
    unsigned tier;
    uint32_t people, outcome; /* quantities; outcome NONE */
    uint8_t *seen;            /* spot: 1 printed or hidden now, 2 told */
} AttackTable;

typedef struct AttackQuantity {
    uint32_t table;  /* the first that has it */
    bool outcome;    /* of that table */
    bool is_outcome; /* by the policy: nobody's people, or those of later families only */
    int64_t *value;  /* spot */
    bool *has;       /* slot */
    uint32_t *id;    /* spot -> unknown */
} AttackQuantity;

typedef struct Attack {
    const AttackAsk *ask;
    Limits limits;
    Arena arena;
    Buf key;
    Map spot_of, slot_of, row_of;
    VEC(AttackSpot) spots;
    AttackTable tables[ATTACK_MAX_TABLES];
    uint32_t table_count;
    AttackQuantity quantities[2 * ATTACK_MAX_TABLES];
    uint32_t quantity_count;
    VEC(AttackUnknown) unknowns;
    VEC(SdcCell) cells;
    VEC(uint32_t) row, term; /* entry: its equation, its unknown */
    VEC(int32_t) coef;
    uint32_t row_count;
    VEC(int64_t) least; /* unknown: fewer of one kind in one sum are a group too */
} Attack;

/* ERR_DENIED, with the table, year, level and split of a cell and never a count. */
Status attack_deny(const ProtectCell *c, const char *why, Error *err);
/* The place's number; false, and ATTACK_NONE: no table counts anybody there. */
bool attack_find_spot(Attack *a, Slice level, Slice unit, Slice split, Slice grp, uint32_t *out);
uint32_t attack_find_table(const Attack *a, Slice name); /* ATTACK_NONE: not in the input */
/* least: fewer people of one quantity in one sum are a group that must not be told. */
MUST_USE Status attack_add_unknown(
    Attack *a, const AttackUnknown *u, const SdcCell *c, int64_t least, uint32_t *id, Error *err);
MUST_USE Status attack_add_entry(Attack *a, uint32_t row, uint32_t unknown, int32_t coef, Error *err);

/* attack_told.c: marks what is printed. Told first: what is out decides what a cell that is left out says. ERR_DENIED:
 * a figure is not what the input says, or is missing. */
MUST_USE Status attack_print_told(Attack *a, Error *err);
MUST_USE Status attack_print_now(Attack *a, ProtectAttack *report, Error *err);
/* ERR_DENIED: today's records count otherwise than a figure that is out. */
Status attack_corrected(const PublishedCell *p, Error *err);

#endif
