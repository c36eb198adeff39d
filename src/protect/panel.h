/*
 * Private to protect: all tables of one lineage of families and one year, laid out for partitioning.
 *
 * A panel is a box (split, level, table, unit, group) of pointers into the input. It exists only when the numbers add
 * up: groups to the unit, units to their parent. Safety is argued from sums, so a table that does not add up is refused
 * and never repaired.
 */
#ifndef CAIRN_PROTECT_PANEL_H
#define CAIRN_PROTECT_PANEL_H

#include "protect/rule.h"

#define PANEL_NONE UINT32_MAX

typedef struct PanelTable {
    Slice name;
    bool is_median;
    unsigned tier;
    bool withheld; /* fails for the whole state: takes no further part */
    bool needed;   /* its counts decide something in the panel's tier */
} PanelTable;

typedef struct PanelUnit {
    Slice code;
    Slice parent_code;
    uint32_t parent; /* index in the level before */
} PanelUnit;

typedef struct PanelLevel {
    Slice name;
    PanelUnit *units; /* sorted by code */
    size_t count;
} PanelLevel;

typedef struct PanelSplit {
    Slice name;
    Slice *groups; /* sorted */
    size_t group_count;
    const ProtectCell **cells[RULE_MAX_LEVELS]; /* [(table * units + unit) * groups + group]; NULL pointer: nobody */
    bool *has[RULE_MAX_LEVELS];                 /* [table]: the table has this split at this level */
} PanelSplit;

/* A count, "table.numerator" or "table.denominator", and whether it belongs to the part that is taken away. */
typedef struct PanelTerm {
    uint32_t table;
    bool is_denominator, inner;
} PanelTerm;

#define PANEL_MAX_TERMS 8

/* Counts of which some are a part of the others: what remains is a group of people too. */
typedef struct PanelSubset {
    PanelTerm terms[PANEL_MAX_TERMS]; /* inner ones first */
    size_t count;
} PanelSubset;

/* People, and people with the outcome, of one table. */
typedef struct Counts {
    int64_t n, k;
} Counts;

#define PANEL_MAX_TABLES 32

typedef struct Panel {
    Slice family;
    int32_t year;
    PanelTable *tables; /* sorted by name */
    size_t table_count;
    unsigned tier; /* the one being decided: tables of others are left aside */
    unsigned tier_count;
    PanelLevel levels[RULE_MAX_LEVELS]; /* those present, from coarse to fine */
    size_t level_count;
    PanelSplit *splits; /* "all" first, then by name */
    size_t split_count;
    PanelSubset *subsets;
    size_t subset_count;
} Panel;

/* cells: those of one family and year. Everything is allotted in arena. ERR_INVALID names table, year, level. */
MUST_USE Status panel_build(const ProtectRule *rule, Slice family, int32_t year, const ProtectCell *const *cells,
    size_t count, Arena *arena, Panel *out, Error *err);

/* Whether the figures of one group of people, counted in every table, may be published: each table's minimums, and
 * those of the differences of counts that lie in each other. counts: one a table. */
bool panel_counts_pass(
    const ProtectRule *rule, const Panel *p, const PanelSplit *s, size_t level, const Counts *counts);

/* As above for one remainder of counts that lie in each other. */
bool panel_subset_pass(const ProtectRule *rule, const Panel *p, const PanelSplit *s, size_t level,
    const PanelSubset *subset, const Counts *counts);

/* Turns to a tier; withheld must be settled for it and those before. */
void panel_set_tier(Panel *p, unsigned tier);

/* Whether a table takes part in what is being decided. */
static inline bool panel_active(const Panel *p, size_t table)
{
    return p->tables[table].tier == p->tier && !p->tables[table].withheld;
}

static inline void counts_add(Counts *sum, const ProtectCell *c)
{
    if (c) {
        sum->n += c->denominator;
        sum->k += c->is_median ? 0 : c->numerator;
    }
}

static inline const ProtectCell *panel_cell(
    const Panel *p, const PanelSplit *s, size_t level, size_t table, size_t unit, size_t group)
{
    return s->cells[level][(table * p->levels[level].count + unit) * s->group_count + group];
}

#endif
