/*
 * A definition's raw rows and figures as temporary tables of a database, where tests can ask for them in SQL: the test
 * vectors of definitions, and the comparison with a synthetic state's truth.
 */
#include "measure/measure_parts.h"

Status measure_prepare(Db *db, const MeasureFrame *frame, Error *err)
{
    UNUSED(frame);
    return db_exec(db,
        "CREATE OR REPLACE TEMP TABLE measure_cells (measure VARCHAR, year INTEGER, level_rank TINYINT, level VARCHAR, "
        "unit VARCHAR, parent VARCHAR, split VARCHAR, grp VARCHAR, denominator BIGINT, numerator BIGINT, value DOUBLE, "
        "fuzzy DOUBLE, covered BIGINT, base BIGINT, strong BIGINT, employers BIGINT, top_employer BIGINT, "
        "link_pairs BIGINT, link_correct BIGINT, link_missed BIGINT, kind VARCHAR, category VARCHAR, p25 DOUBLE, "
        "p75 DOUBLE, total DECIMAL(18,2), weight DECIMAL(18,2), excluded BIGINT, not_found BIGINT, "
        "out_of_coverage BIGINT, blocked BIGINT, small BOOLEAN, additive BOOLEAN);\n"
        "CREATE OR REPLACE TEMP TABLE measure_exclusions (measure VARCHAR, year INTEGER, level VARCHAR, unit VARCHAR, "
        "split VARCHAR, grp VARCHAR, reason VARCHAR, persons BIGINT);\n",
        err);
}

static Status append_cells(Db *db, const Cells *cells, Error *err)
{
    DbAppender *a = NULL;
    Status st = OK;
    TRY(db_appender_open(db, "measure_cells", &a, err));
    for (size_t i = 0; i < cells->len; i++) {
        const Cell *c = &cells->at[i];
        MeasureLevel level = LEVEL_STATE;
        ASSERT(measure_level_find(c->level, &level));
        const Slice texts[] = {c->level, c->unit, c->parent, c->split, c->grp};
        const int64_t counts[] = {c->covered, c->base, c->strong, c->employers, c->top_employer, c->link_pairs,
            c->link_correct, c->link_missed};
        const int64_t more[] = {c->total, c->weight, c->excluded, c->gaps[GAP_NOT_FOUND], c->gaps[GAP_OUT_OF_COVERAGE],
            c->gaps[GAP_BLOCKED], c->small, c->additive};
        size_t k = 0;
        db_append_str(a, k++, c->measure);
        db_append_i64(a, k++, c->year);
        db_append_i64(a, k++, (int64_t)level);
        for (size_t n = 0; n < COUNT_OF(texts); n++)
            db_append_str(a, k++, texts[n]);
        db_append_i64(a, k++, c->denominator);
        db_append_i64(a, k++, c->numerator);
        db_append_f64(a, k++, c->value);
        db_append_f64(a, k++, c->fuzzy);
        for (size_t n = 0; n < COUNT_OF(counts); n++)
            db_append_i64(a, k++, counts[n]);
        db_append_str(a, k++, c->kind);
        db_append_str(a, k++, c->category);
        db_append_f64(a, k++, c->p25);
        db_append_f64(a, k++, c->p75);
        for (size_t n = 0; n < COUNT_OF(more); n++)
            db_append_i64(a, k++, more[n]);
        TRY_OUT(db_append_row(a, err));
    }
    return db_appender_close(a, err);
out:
    db_appender_abandon(a);
    return st;
}

static Status append_exclusions(Db *db, const ExclusionCells *cells, Error *err)
{
    DbAppender *a = NULL;
    Status st = OK;
    TRY(db_appender_open(db, "measure_exclusions", &a, err));
    for (size_t i = 0; i < cells->len; i++) {
        const ExclusionCell *c = &cells->at[i];
        const Slice texts[] = {c->level, c->unit, c->split, c->grp, c->reason};
        db_append_str(a, 0, c->measure);
        db_append_i64(a, 1, c->year);
        for (size_t n = 0; n < COUNT_OF(texts); n++)
            db_append_str(a, 2 + n, texts[n]);
        db_append_i64(a, 7, c->persons);
        TRY_OUT(db_append_row(a, err));
    }
    return db_appender_close(a, err);
out:
    db_appender_abandon(a);
    return st;
}

Status measure_keep_raw(Db *db, const MeasureFrame *frame, const MeasureDef *def, const OutcomeDef *outcome, Error *err)
{
    const RowWish wish = {.def = def, .outcome = outcome};
    Buf input;
    buf_init(&input, 0);
    buf_adds(&input, "CREATE OR REPLACE TEMP TABLE measure_raw AS ");
    Status st = measure_input_sql(db, frame, &wish, &input, err);
    if (st == OK)
        st = db_exec(db, buf_z(&input), err);
    buf_free(&input);
    return st;
}

Status measure_add_cells(
    Db *db, const MeasureFrame *frame, const MeasureDef *def, const OutcomeDef *outcome, Error *err)
{
    const RowWish wish = {.def = def, .outcome = outcome, .splits = def->splits, .split_count = def->split_count};
    Arena arena;
    UnitNames units = {0};
    RowSource source = {.db = db, .frame = frame, .units = &units};
    Cells cells = {0};
    ExclusionCells exclusions = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(measure_units_read(db, frame, def->splits, def->split_count, def->finest, &units, err));
    TRY_OUT(measure_cells(&source, &wish, &arena, &cells, &exclusions, err));
    TRY_OUT(append_cells(db, &cells, err));
    TRY_OUT(append_exclusions(db, &exclusions, err));
out:
    if (st != OK)
        error_at(err, def->file->path, 0, NULL);
    vec_free(&cells);
    vec_free(&exclusions);
    measure_units_free(&units);
    arena_free(&arena);
    return st;
}
