/*
 * All measures over the current generation. The generation is read-only: rows and
 * cells live in temporary tables of the connection.
 */
#include "measure/measure_parts.h"

static Status log_exclusions(Db *db, const MeasureDef *def, const Log *log, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_query(db,
        "SELECT reason, count(*) FROM temp.measure_raw WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason", &rows,
        err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        log_line(log, LOG_INFO, "measure=%.*s excluded=%.*s rows=%" PRId64, SLICE_ARG(def->name),
            SLICE_ARG(db_str(rows, 0)), db_i64(rows, 1));
    }
out:
    db_rows_free(rows);
    return st;
}

static Status run_all(Db *db, const MeasureContext *ctx, const MeasureFrame *frame, const MeasureDefs *defs, Error *err)
{
    Progress *progress = NULL;
    Status st = OK;
    TRY_OUT(progress_new(ctx->progress, "measure", defs->len, "measures", &progress, err));
    TRY_OUT(measure_prepare(db, frame, err));
    for (size_t i = 0; i < defs->len; i++) {
        double began = clock_monotonic();
        TRY_OUT(cancel_check(err));
        TRY_OUT(measure_add_cells(db, frame, &defs->at[i], err));
        TRY_OUT(log_exclusions(db, &defs->at[i], ctx->log, err));
        progress_add(progress, 1);
        log_line(ctx->log, LOG_DEBUG, "step=measure name=%.*s seconds=%.2f", SLICE_ARG(defs->at[i].name),
            clock_monotonic() - began);
    }
out:
    progress_done(progress);
    return st;
}

Status measure_run(const MeasureContext *ctx, uint32_t *generation, uint64_t *cells, Error *err)
{
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs = {0};
    Db *db = NULL;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(measure_frame_read(ctx->policy, &arena, &frame, err));
    TRY_OUT(measure_defs_read(ctx->policy, &frame, &arena, &defs, err));
    TRY_OUT(warehouse_open(ctx->home, generation, &db, err));
    TRY_OUT(run_all(db, ctx, &frame, &defs, err));
    TRY_OUT(cells_write(db, ctx->home, *generation, cells, err));
out:
    db_close(db);
    vec_free(&defs);
    arena_free(&arena);
    return st;
}
