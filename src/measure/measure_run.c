/*
 * All measures over the current generation. The generation is read-only, so that several connections work on it at
 * once, each on a definition of its own; DuckDB's own threads serve whichever of them has most to scan. Cells are
 * written in the order of definitions, so that the bytes do not tell who was first, and no more than one result a
 * worker waits.
 */
#include "measure/measure_parts.h"

#include <pthread.h>

enum { WORKERS_MAX = 4 }; /* each keeps a table of codes of all persons: about 60 bytes each */

typedef struct Worker {
    Db *db;
    Arena arena;
    UnitNames units;
    bool busy;
} Worker;

typedef VEC(RowWish) RowWishes;

typedef struct Run {
    const MeasureContext *ctx;
    const MeasureFrame *frame;
    const RowWishes *wishes;
    Db *db;
    CellsFile *file;
    Progress *progress;
    Worker workers[WORKERS_MAX];
    size_t worker_count;
    pthread_mutex_t lock; /* guards what follows, workers' busy and the file */
    pthread_cond_t turn;
    size_t next; /* the wish whose cells are written next */
    bool failed;
    uint64_t cells;
} Run;

/* --- what is to be done --- */

/* A measure of a family is computed under its own definition; others are for whoever asks. */
static Status add_family(const MeasureDef *def, const OutcomeDefs *outcomes, RowWishes *out, Error *err)
{
    size_t before = out->len;
    for (size_t i = 0; i < outcomes->len; i++) {
        const OutcomeDef *o = &outcomes->at[i];
        if (slice_eq(o->family, def->family) && slice_eq(o->name, def->definition))
            TRY(vec_push(out, ((RowWish){def, o, def->splits, def->split_count}), err));
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
            TRY(vec_push(out, ((RowWish){def, NULL, def->splits, def->split_count}), err));
    }
    return OK;
}

/* --- workers --- */

static Status worker_start(Run *run, Worker *w, Error *err)
{
    arena_init(&w->arena, 0);
    TRY(db_beside(run->db, &w->db, err));
    TRY(measure_units_prepare(w->db, &w->arena, &w->units, err));
    return measure_persons_prepare(w->db, run->frame, err);
}

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

/* Operators read logs and may not see results: no count of persons, only how large it is. The counts themselves lie in
 * the exclusions beside the results. */
static const char *magnitude(int64_t persons)
{
    return persons < 100     ? "under_100"
           : persons < 1000  ? "hundreds"
           : persons < 10000 ? "thousands"
                             : "ten_thousand_or_more";
}

static void log_exclusions(const Log *log, const ExclusionCells *cells)
{
    for (size_t i = 0; i < cells->len; i++) {
        const ExclusionCell *c = &cells->at[i];
        if (slice_eq_z(c->level, "state") && slice_eq_z(c->split, "all"))
            log_line(log, LOG_INFO, "measure=%.*s year=%" PRId32 " excluded=%.*s rows=%s", SLICE_ARG(c->measure),
                c->year, SLICE_ARG(c->reason), magnitude(c->persons));
    }
}

static Status write_in_turn(Run *run, size_t item, const Cells *cells, const ExclusionCells *exclusions, Error *err)
{
    Status st = OK;
    pthread_mutex_lock(&run->lock);
    while (run->next != item && !run->failed)
        pthread_cond_wait(&run->turn, &run->lock);
    if (!run->failed) {
        st = cells_file_add(run->file, cells->at, cells->len, err);
        if (st == OK)
            st = cells_file_add_exclusions(run->file, exclusions->at, exclusions->len, err);
        log_exclusions(run->ctx->log, exclusions);
        run->cells += cells->len;
        run->next++;
    }
    pthread_cond_broadcast(&run->turn);
    pthread_mutex_unlock(&run->lock);
    return st;
}

static Status do_wish(Run *run, Worker *w, size_t item, Error *err)
{
    const RowWish *wish = &run->wishes->at[item];
    const RowSource source = {.db = w->db, .frame = run->frame, .units = &w->units, .persons_ready = true};
    double began = clock_monotonic();
    Arena arena;
    Cells cells = {0};
    ExclusionCells exclusions = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(cancel_check(err));
    TRY_OUT(measure_cells(&source, wish, &arena, &cells, &exclusions, err));
    cells_sort(cells.at, cells.len);
    exclusions_sort(exclusions.at, exclusions.len);
    log_line(run->ctx->log, LOG_DEBUG, "step=measure name=%.*s seconds=%.2f", SLICE_ARG(wish->def->name),
        clock_monotonic() - began);
    TRY_OUT(write_in_turn(run, item, &cells, &exclusions, err));
    progress_add(run->progress, 1);
out:
    vec_free(&cells);
    vec_free(&exclusions);
    arena_free(&arena);
    return st;
}

static Status run_item(size_t item, void *arg, Error *err)
{
    Run *run = arg;
    Worker *w = worker_take(run);
    Status st = do_wish(run, w, item, err);
    worker_give(run, w);
    if (st != OK) {
        pthread_mutex_lock(&run->lock);
        run->failed = true; /* whoever waits for a turn behind this one waits no longer */
        pthread_cond_broadcast(&run->turn);
        pthread_mutex_unlock(&run->lock);
    }
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
    TRY_OUT(progress_new(run->ctx->progress, "measure", run->wishes->len, "measures", &run->progress, err));
    ASSERT(pthread_mutex_init(&run->lock, NULL) == 0 && pthread_cond_init(&run->turn, NULL) == 0);
    for (; run->worker_count < workers; run->worker_count++)
        TRY_OUT(worker_start(run, &run->workers[run->worker_count], err));
    st = parallel_for(run->wishes->len, workers, run_item, run, err);
out:
    progress_done(run->progress);
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        db_close(run->workers[i].db);
        arena_free(&run->workers[i].arena);
    }
    pthread_cond_destroy(&run->turn);
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
    TRY_OUT(cells_file_new(ctx->home, &run.file, err));
    TRY_OUT(run_all(&run, err));
    TRY_OUT(cells_file_end(run.file, &written, err));
    TRY_OUT(invariants_check(&invariants, written, err));
    TRY_OUT(cells_file_close(run.file, *generation, err));
    *cells = run.cells;
out:
    cells_file_free(run.file);
    db_close(run.db);
    vec_free(&invariants);
    vec_free(&wishes);
    vec_free(&defs);
    vec_free(&outcomes);
    arena_free(&arena);
    return st;
}
