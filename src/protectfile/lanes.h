/*
 * Private to protectfile: tables that take a lane of room perturb instead of suppression.
 *
 *   lanes_prepare  lane files, which cells belong to which lane, contributions; tables of the same people, one lane
 *   lanes_unmark   cells of a lane are no business of suppression
 *   lanes_change   rounding, cell keys, fuzzy percentiles: before the attack, which sees what is printed
 *   lanes_spend    differential privacy: after it, since what was paid for cannot be drawn again
 */
#ifndef CAIRN_PROTECTFILE_LANES_H
#define CAIRN_PROTECTFILE_LANES_H

#include "perturb/perturb.h"
#include "protectfile/protectfile.h"

#define LANES_NONE UINT32_MAX

typedef struct UsedLane {
    Slice file;
    Lane lane;
    char sha256[SHA256_HEX_SIZE];
    uint32_t steps;             /* rounding: further steps that were needed */
    Slice query;                /* dp: what was paid for */
    char paid[SHA256_HEX_SIZE]; /* dp: hash of the ledger's line */
} UsedLane;

typedef struct FuzzyFigure {
    FuzzyVerdict verdict;
    int64_t value;      /* cents */
    int64_t half_width; /* of its error bar, cents; 0: no noise */
} FuzzyFigure;

typedef struct ProtectLanes {
    UsedLane *used; /* each file once */
    uint32_t used_count;
    uint32_t *of_table, *median_of; /* table -> used; LANES_NONE */
    uint32_t *of_cell;              /* cell -> used; LANES_NONE: suppression's */
    int64_t *figure, *half_width;   /* a cell; half width of its error bar, dp */
    bool *shown;
    TablesContributions *people; /* a table; persons 0: not read */
    FuzzyFigure **fuzzy;         /* table -> row * columns + column; NULL */
} ProtectLanes;

MUST_USE Status lanes_prepare(ProtectJob *job, TablesLoad load, void *ctx, const ProtectOptions *options, Error *err);
void lanes_unmark(ProtectJob *job);
MUST_USE Status lanes_change(ProtectJob *job, const ProtectOptions *options, Error *err);
MUST_USE Status lanes_spend(ProtectJob *job, const ProtectOptions *options, Error *err);

/* lanes_tree.c: the cells of a lane as one hierarchy; arrays in the job's arena. */
typedef struct LaneTree {
    uint32_t *cell; /* a cell of the system, parents first */
    DpTree tree;
} LaneTree;
/* ERR_INVALID: a cell is part of two sums, or divided in two ways, or the lane's shares are not those of the levels. */
MUST_USE Status lanes_tree(ProtectJob *job, uint32_t lane, LaneTree *out, Error *err);

/* lanes_medians.c: the one median column of a lane of private percentiles, ready to be drawn. */
typedef struct LaneMedians {
    uint32_t table, column, percent; /* which of the lane's percents is printed */
    size_t count;
    int64_t *value;
    uint32_t *group; /* value -> row of the table */
} LaneMedians;
MUST_USE Status lanes_medians(ProtectJob *job, uint32_t lane, LaneMedians *out, Error *err);
MUST_USE Status lanes_draw_medians(
    ProtectJob *job, const LaneMedians *m, const Lane *lane, BudgetPermit *permit, Error *err);

/* The lane file of that name, read and parsed. */
MUST_USE Status lanes_read(
    const ProtectOptions *options, Slice file, Arena *arena, Lane *out, char sha256[SHA256_HEX_SIZE], Error *err);
/* Counts under differential privacy. */
bool lanes_is_private(const Lane *lane);
/* Whether a table's figures are changed instead of suppressed. */
bool lanes_changes(const ProtectJob *job, uint32_t table);
/* The lane of a table's medians; NULL: they are as the table has them. */
const Lane *lanes_of_medians(const ProtectJob *job, uint32_t table);
bool lanes_figure(const ProtectJob *job, uint32_t cell, int64_t *out);
typedef enum LanesMedian { LANES_NO_MEDIAN, LANES_HIDDEN, LANES_SHOWN } LanesMedian;
LanesMedian lanes_median(const ProtectJob *job, uint32_t table, uint32_t row, uint32_t column, int64_t *cents);
/* A small group of a rounded table: its size must not follow from the intervals. */
bool lanes_guards(const ProtectJob *job, uint32_t cell);
/* The labels of all lanes that were used, as an array. */
void lanes_json(const ProtectJob *job, Json *j);

#endif
