/*
 * Private to measure: parsed definitions and the steps from a definition to cells.
 *
 * The steps leave their results in temporary tables of the Db they are given, so
 * that a read-only generation and a test vector's in-memory database go the same way:
 *   measure_raw    what the definition's SQL gave: one row a person and year
 *   measure_rows   the same with units of all levels and values of all splits
 *   measure_cells  one row a Cell (measure.h)
 */
#ifndef CAIRN_MEASURE_PARTS_H
#define CAIRN_MEASURE_PARTS_H

#include "measure/measure.h"
#include "policy/model.h"
#include "store/db.h"

typedef enum MeasureLevel { LEVEL_STATE, LEVEL_COUNTY, LEVEL_DISTRICT, LEVEL_SCHOOL, LEVEL_COUNT } MeasureLevel;

/* A way to divide persons; splits.toml. */
typedef struct SplitDef {
    Slice name;
    Slice sql; /* over p (person), d (district), c (county): one of `values`, or NULL */
    Slice *values;
    size_t value_count;
} SplitDef;

/* What all measures of a state share: splits.toml, schema "cairn.splits/1". */
typedef struct MeasureFrame {
    const PolicyFile *file;
    Slice state;  /* unit code of the whole state */
    Slice strong; /* link score from which a link is strong, as SQL */
    SplitDef *splits;
    size_t split_count;
} MeasureFrame;

typedef struct MeasureDef {
    const PolicyFile *file;
    Slice name;
    MeasureKind kind;
    MeasureLevel finest;
    const SplitDef **splits;
    size_t split_count;
    Slice *needs;
    size_t need_count;
    Slice *reasons; /* exclusion codes */
    size_t reason_count;
    int64_t years; /* the most recent ones that are kept; 0: all */
    Slice sql;     /* parameters filled in */
} MeasureDef;
typedef VEC(MeasureDef) MeasureDefs;

extern const char *const measure_level_names[LEVEL_COUNT];

MUST_USE Status measure_frame_read(Policy *policy, Arena *arena, MeasureFrame *out, Error *err);
/* Every version of every measure, by name, then effective_from. */
MUST_USE Status measure_defs_read(
    Policy *policy, const MeasureFrame *frame, Arena *arena, MeasureDefs *out, Error *err);

/* Makes the empty temporary tables; before the first measure. */
MUST_USE Status measure_prepare(Db *db, const MeasureFrame *frame, Error *err);
/* Adds one definition's cells to measure_cells. ERR_INVALID: two rows for a person and year, an undeclared reason. */
MUST_USE Status measure_add_cells(Db *db, const MeasureFrame *frame, const MeasureDef *def, Error *err);

/* measure_cells, in the order of cells, into a Parquet file of mode 0600. */
MUST_USE Status cells_write(Db *from, Home *home, uint32_t generation, uint64_t *count, Error *err);

#endif
