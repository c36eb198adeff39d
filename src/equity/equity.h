/*
 * Equity: who is served less, by how much, how sure that is, and what it could come from.
 *
 * In: the cells of measure (unprotected; cells_read_all). Out: tables and sheets that stay inside. The formulas are in
 * equity/stats.h, their thresholds in policy/<state>/equity/ (schema "cairn.equity/1"), the page for readers is
 * docs/equity.md.
 *
 *   cells ─► groups of a unit ─► rows (gap, flags, intervals, links) ─► false discovery rate over all rows ─► sheet
 */
#ifndef CAIRN_EQUITY_EQUITY_H
#define CAIRN_EQUITY_EQUITY_H

#include "equity/sheet.h"
#include "equity/stats.h"
#include "measure/measure.h"
#include "policy/policy.h"

/* --- thresholds --- */

typedef struct EquityRules {
    const PolicyFile *file;
    PpgRule ppg;
    EightyRule eighty;
    int64_t representation; /* millionths */
    RiskRule risk;
    NchsRule nchs;
    double confidence, z; /* z belongs to confidence */
    double false_discovery_rate;
} EquityRules;

/* The rules in force on 30 June of the year. ERR_INVALID names file and parameter that is missing, malformed or without
 * status and source. */
MUST_USE Status equity_rules(Policy *policy, int32_t year, EquityRules *out, Error *err);

/* --- a table of gaps --- */

typedef struct EquityQuery {
    Slice measure, split, level; /* split: one, or up to three crossed with commas between */
    Slice unit;                  /* empty: every unit of the level */
    int32_t year;                /* 0: the latest one that has cells */
    Slice reference;             /* "overall", "others", "highest" (the best group), or a group's code; empty: others */
    int64_t pool_years; /* so many years together, in whole windows counted back from the latest; 0 and 1: each alone */
    bool pool_units;    /* places below the measure's minimum_n with their smallest siblings; not of the state */
    Slice definition;   /* of the measure's family of outcome definitions; empty: its own */
    Date as_known_on;   /* as of measure_query; DATE_NONE: now */
} EquityQuery;

typedef struct EquityRow {
    Slice grp, title;
    bool compared;            /* has persons and is not "unknown": only such rows are best group, or part of an index */
    Count count;              /* rates; for medians n only */
    double value;             /* percent, or the median */
    Interval interval, exact; /* Wilson; Clopper-Pearson; percent */
    Reliability reliability;
    double reference, gap; /* of the query's reference; percentage points, or the measure's unit */
    Interval gap_interval;
    double p, p_adjusted;   /* against all others; adjusted over all rows of the table */
    double ppg, ppg_margin; /* points; against all others, in the measure's own direction */
    Flag ppg_flag;
    double eighty, representation;
    Flag eighty_flag, representation_flag;
    RiskBasis risk_basis;
    double risk;
    Interval risk_katz, risk_koopman;
    Flag risk_flag;
    int64_t need_parity, need_unflag;   /* persons */
    double coverage, precision, recall; /* shares */
    Interval gap_linkage;  /* points: what the gap to the others could be were every link error against it */
    bool linkage_explains; /* gap_linkage holds 0 */
} EquityRow;

typedef struct EquityUnit {
    Slice unit, parent, title;
    Count all;
    double value;                        /* of all persons */
    size_t first, count;                 /* rows */
    bool overlapping;                    /* a person may be in several of the groups */
    Estimate disparity[DISPARITY_COUNT]; /* NaN where it has no value: no rate, no order, fewer than two groups, or
                                            groups that overlap and an index of shares */
} EquityUnit;

typedef struct EquityTable {
    Arena arena;
    MeasureInfo info;
    EquityRules rules;
    EquityQuery query; /* as asked, with year and reference filled in */
    Slice split_title;
    Slice pooled; /* "2023-2025": the years of the figures; empty: one */
    bool adverse; /* lower is better */
    bool ordered;
    VEC(EquityRow) rows;
    VEC(EquityUnit) units;
} EquityTable;

/* The cells of the question's measure. */
typedef struct EquityFigures {
    CellSet cells;              /* in the order that equity_table takes */
    CellSet at_level, of_state; /* what was asked of the persons; cells point into it */
} EquityFigures;
/* From `stored`, which must outlive them; where it holds none of the measure by that split, and where years are pooled,
 * another definition or another day's knowledge is asked for, from the persons of the current generation. Errors as
 * measure_query; ERR_USAGE for more than three splits. Free with equity_figures_free, not after a failure. */
MUST_USE Status equity_figures(
    const MeasureContext *ctx, const CellSet *stored, const EquityQuery *query, EquityFigures *out, Error *err);
void equity_figures_free(EquityFigures *f);

/* Rates, medians, means and ratios; ERR_USAGE for counts and distributions. ERR_NOT_FOUND when no cell answers the
 * query (the message says which part has none); ERR_LIMIT for more than GROUPS_MAX groups. Free with equity_table_free,
 * also after a failure. The Policy must outlive it. */
MUST_USE Status equity_table(
    const CellSet *cells, Policy *policy, const EquityQuery *query, EquityTable *out, Error *err);
void equity_table_free(EquityTable *t);
/* The table with findings in plain language, and the chart when it is of one unit. */
void equity_table_sheet(const EquityTable *t, Sheet *out);
/* Groups of one unit as points with intervals. */
void equity_chart(const EquityTable *t, const EquityUnit *u, Buf *out);

/* --- other questions about the same cells; each writes a sheet --- */

typedef struct EquityAgainst {
    Slice unit;   /* of the query's level; empty: the same unit */
    int32_t year; /* 0: the same year */
} EquityAgainst;
/* Rates only: why the query's unit (one; the state needs no name) differs from another unit or year: rates or mix. */
MUST_USE Status equity_against(const CellSet *cells, Policy *policy, const EquityQuery *query,
    const EquityAgainst *against, Sheet *out, Error *err);
/* Every group's slope, and that of its gap to all others, over the years from `since` (0: all) to the query's year. */
MUST_USE Status equity_trend(
    const CellSet *cells, Policy *policy, const EquityQuery *query, int32_t since, Sheet *out, Error *err);
/* For each programme of policy/<state>/equity/participation.toml (or the one named): who could have taken part, who
 * did and who did not, by group and place. query->measure is a programme's name or empty; split "all": all of each.
 * ask: for figures that are not stored; NULL: only those that are. */
MUST_USE Status equity_participation(
    const MeasureContext *ask, const CellSet *stored, Policy *policy, const EquityQuery *query, Sheet *out, Error *err);
/* Median measures: what persons' values say and cells cannot: mean, interval of the median, Theil T between and within
 * groups. Reads the current generation; query->year is needed. */
MUST_USE Status equity_earnings(const MeasureContext *ctx, const EquityQuery *query, Sheet *out, Error *err);
/* Whether every file of the state's equity policy can be read and names measures and splits that exist; *files counts
 * them. */
MUST_USE Status equity_check(Policy *policy, uint64_t *files, Error *err);

#endif
