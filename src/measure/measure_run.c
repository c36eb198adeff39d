/*
 * All measures over the current generation. The generation is read-only, so that several connections work on it at
 * once, each on a definition of its own; DuckDB's own threads serve whichever of them has most to scan. Cells are
 * written in the order of definitions (results_queue.h), so that the bytes do not tell who was first.
 */
#include "measure/persons.h"
#include "measure/results_queue.h"

#include <pthread.h>

enum { WORKERS_MAX = 4 };

typedef struct Worker {
    Db *db;
    bool busy;
} Worker;

typedef VEC(RowWish) RowWishes;

typedef struct Run {
    const MeasureContext *ctx;
    const MeasureFrame *frame;
    const RowWishes *wishes;
    Db *db;
    UnitNames units;
    Persons *persons;
    CellsFile *file;
    ResultQueue *queue;
    Worker workers[WORKERS_MAX];
    size_t worker_count;
    pthread_mutex_t lock; /* guards workers' busy */
    uint64_t cells;
} Run;

/* --- what is to be done --- */

static RowWish wish_of(const MeasureDef *def, const OutcomeDef *outcome)
{
    return (RowWish){.def = def, .outcome = outcome, .splits = def->splits, .split_count = def->split_count};
}

/* A measure of a family is computed under its own definition; others are for whoever asks. */
static Status add_family(const MeasureDef *def, const OutcomeDefs *outcomes, RowWishes *out, Error *err)
{
    size_t before = out->len;
    for (size_t i = 0; i < outcomes->len; i++) {
        const OutcomeDef *o = &outcomes->at[i];
        if (slice_eq(o->family, def->family) && slice_eq(o->name, def->definition))
            TRY(vec_push(out, wish_of(def, o), err));
    }
    if (out->len == before)
        return error_set(err, ERR_INVALID, "%s: family %.*s has no definition %.*s", def->file->path,
            SLICE_ARG(def->family), SLICE_ARG(def->definition));
    return OK;
}

static Status make_wishes(const MeasureDefs *defs, const OutcomeDefs *outcomes, RowWishes *out, Error *err)
{
    for (size_t i = 0; i < defs->len; i++) {
        const MeasureDef *def = &defs->at[i];
        if (def->family.len > 0)
            TRY(add_family(def, outcomes, out, err));
        else
            TRY(vec_push(out, wish_of(def, NULL), err));
    }
    return OK;
}

/* --- what all share --- */

static Status read_units(Run *run, Error *err)
{
    const SplitDef *splits[SPLITS_MAX];
    for (size_t i = 0; i < run->frame->split_count; i++)
        splits[i] = &run->frame->splits[i];
    return measure_units_read(run->db, run->frame, splits, run->frame->split_count, LEVEL_SCHOOL, &run->units, err);
}

/* --- workers --- */

/* There are as many workers as threads, so that one is free. */
static Worker *worker_take(Run *run)
{
    Worker *found = NULL;
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < run->worker_count && !found; i++)
        if (!run->workers[i].busy)
            found = &run->workers[i];
    ASSERT(found);
    found->busy = true;
    pthread_mutex_unlock(&run->lock);
    return found;
}

static void worker_give(Run *run, Worker *w)
{
    pthread_mutex_lock(&run->lock);
    w->busy = false;
    pthread_mutex_unlock(&run->lock);
}

/* --- one definition --- */

static Status do_wish(Run *run, Worker *w, size_t item, Result *out, Error *err)
{
    const RowWish *wish = &run->wishes->at[item];
    const RowSource source = {
        .db = w->db, .frame = run->frame, .units = &run->units, .persons = run->persons, .by_place = true};
    double began = clock_monotonic();
    TRY(cancel_check(err));
    TRY(measure_cells(&source, wish, &out->arena, &out->cells, &out->exclusions, err));
    TRY(vec_reserve(&out->order, out->cells.len + 1, err));
    TRY(cells_order(out->cells.at, out->cells.len, out->order.at, err));
    TRY(exclusions_sort(out->exclusions.at, out->exclusions.len, err));
    log_line(run->ctx->log, LOG_DEBUG, "step=measure name=%.*s seconds=%.2f", SLICE_ARG(wish->def->name),
        clock_monotonic() - began);
    return OK;
}

/* Without a place in the queue the run has failed at a measure before this one, and there the error is told. */
static Status run_item(size_t item, void *arg, Error *err)
{
    Run *run = arg;
    Result *result = results_take(run->queue, item);
    if (!result)
        return OK;
    Worker *w = worker_take(run);
    Status st = do_wish(run, w, item, result, err);
    worker_give(run, w);
    if (st == OK)
        results_give(run->queue, item);
    else
        results_fail(run->queue, item);
    return st;
}

/* --- all --- */

static unsigned worker_count(const Home *home, size_t wishes)
{
    unsigned threads = home_settings(home)->threads;
    if (threads == 0)
        threads = thread_cores();
    if (threads > WORKERS_MAX)
        threads = WORKERS_MAX;
    return wishes < threads ? (unsigned)wishes : threads;
}

static Status run_all(Run *run, Error *err)
{
    unsigned workers = worker_count(run->ctx->home, run->wishes->len);
    Status st = OK;
    Progress *progress = NULL;
    ASSERT(pthread_mutex_init(&run->lock, NULL) == 0);
    TRY_OUT(progress_new(run->ctx->progress, "measure", run->wishes->len, "measures", &progress, err));
    for (; run->worker_count < workers; run->worker_count++)
        TRY_OUT(db_beside(run->db, &run->workers[run->worker_count].db, err));
    TRY_OUT(results_open(run->file, run->wishes->len, run->ctx->log, progress, &run->queue, err));
    st = parallel_for(run->wishes->len, workers, run_item, run, err);
    if (st != OK)
        results_fail(run->queue, 0); /* also where no item began */
    Status written = results_close(run->queue, &run->cells, st == OK ? err : NULL);
    st = st == OK ? written : st;
out:
    progress_done(progress);
    for (size_t i = 0; i < WORKERS_MAX; i++)
        db_close(run->workers[i].db);
    pthread_mutex_destroy(&run->lock);
    return st;
}

Status measure_run(const MeasureContext *ctx, uint32_t *generation, uint64_t *cells, Error *err)
{
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs = {0};
    OutcomeDefs outcomes = {0};
    RowWishes wishes = {0};
    PartWholes invariants = {0};
    Db *written;
    Run run = {.ctx = ctx, .frame = &frame, .wishes = &wishes};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(measure_frame_read(ctx->policy, &arena, &frame, err));
    TRY_OUT(measure_defs_read(ctx->policy, &frame, &arena, &defs, err));
    TRY_OUT(outcome_defs_read(ctx->policy, &arena, &outcomes, err));
    TRY_OUT(make_wishes(&defs, &outcomes, &wishes, err));
    TRY_OUT(invariants_read(ctx->policy, &defs, &invariants, err));
    TRY_OUT(warehouse_open(ctx->home, generation, &run.db, err));
    TRY_OUT(read_units(&run, err));
    TRY_OUT(persons_read(run.db, &frame, &run.persons, err));
    TRY_OUT(subjects_prepare(run.db, &frame, wishes.at, wishes.len, err));
    TRY_OUT(cells_file_new(ctx->home, &run.file, err));
    TRY_OUT(run_all(&run, err));
    TRY_OUT(cells_file_end(run.file, &written, err));
    TRY_OUT(invariants_check(&invariants, written, err));
    TRY_OUT(cells_file_close(run.file, *generation, err));
    *cells = run.cells;
out:
    cells_file_free(run.file);
    persons_free(run.persons);
    measure_units_free(&run.units);
    db_close(run.db);
    vec_free(&invariants);
    vec_free(&wishes);
    vec_free(&defs);
    vec_free(&outcomes);
    arena_free(&arena);
    return st;
}
