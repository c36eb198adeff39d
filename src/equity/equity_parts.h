/* Private to equity: what its files share. */
#ifndef CAIRN_EQUITY_PARTS_H
#define CAIRN_EQUITY_PARTS_H

#include "equity/equity.h"

#define EQUITY_UNKNOWN "unknown" /* the measure room's group of those of whom nothing is known */

/* Titles of codes, from the policy's splits and reference tables. A code without a title is its own. */
typedef struct Labels {
    const PolicyFile *splits;
    Map units; /* level 0x1f code to index in texts */
    VEC(Slice) texts;
    Arena *arena;
} Labels;
MUST_USE Status labels_open(Policy *policy, Arena *arena, Labels *out, Error *err);
void labels_free(Labels *l);
/* `split` is one, or up to three crossed with commas between; so are its groups, and their titles. */
bool labels_has_split(const Labels *l, Slice split);
/* The hint of an error about a split that there is not: which there are, or that a place is a level. */
void labels_hint_splits(const Labels *l, Slice asked, Error *err);
/* Its groups, or those of one that is crossed, overlap: a person may be in several. */
bool labels_split_overlaps(const Labels *l, Slice split);
Slice labels_split(const Labels *l, Slice split);
Slice labels_group(const Labels *l, Slice split, Slice grp);
Slice labels_unit(const Labels *l, Slice level, Slice unit);

/* A decimal of a parameter in millionths; file and parameter are named when it is not one. */
MUST_USE Status rules_decimal(const PolicyFile *file, const char *name, int64_t *out, Error *err);
/* Whether a list parameter holds the text. A parameter that is missing is an empty list. */
MUST_USE Status rules_list_has(const PolicyFile *file, const char *name, Slice text, bool *out, Error *err);
/* value of [parameters.SPLIT_order], or NULL. */
const Toml *rules_order(const EquityRules *rules, Slice split);

/* Cells of one measure, split, level: index ranges are contiguous a unit because cells are sorted. */
typedef struct CellQuery {
    Slice measure, split, level, unit; /* unit empty: any */
    int32_t year;                      /* 0: any */
} CellQuery;
bool cell_matches(const Cell *c, const CellQuery *q);
/* The newest year with matching cells, 0: none. */
int32_t cells_latest(const CellSet *cells, const CellQuery *q);
const Cell *cells_find(const CellSet *cells, const CellQuery *q, Slice grp);
Count cell_count(const Cell *c);
/* What is together in the figures that match, as the measure says it; empty: nothing, or no figure. */
Slice cells_pooled(const CellSet *cells, const CellQuery *q);
/* The same of one figure, years and the units that a pooled unit is made of apart. */
void cell_pooled(const Cell *c, Slice *years, Slice *units);
/* A group of those of whom it, or a part of a crossing, is not known. */
bool is_unknown_group(Slice grp);

/* Why a figure that needs groups without a person in common is not given. */
extern const char overlap_reason[];
/* What every table of groups that overlap says. */
void overlap_note(Sheet *out);
/* Table "formulas": how each column of the gaps' tables is made, and by whose rule. */
void equity_formulas(const MeasureInfo *info, Sheet *out);
/* Which definition and which day's knowledge, where they were asked for. */
void equity_asked_facts(const EquityQuery *query, Sheet *out);
/* What no equity sheet may be without. */
void equity_notes(const EquityRules *rules, const MeasureInfo *info, Sheet *out);
const char *flag_word(Flag f);
/* "12.3" or "-0.4"; out holds 32 bytes. */
const char *number_text(double v, int decimals, char out[32]);

#endif
