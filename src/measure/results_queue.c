/*
 * The queue between workers and writer: a ring with a place for each measure that is being made or waits, so that the
 * memory of one measure serves the next.
 */
#include "measure/results_queue.h"

#include <pthread.h>

struct ResultQueue {
    CellsFile *file;
    const Log *log;
    Progress *progress;
    size_t count;
    pthread_t writer;
    pthread_mutex_t lock; /* guards what follows, and each result's done */
    pthread_cond_t changed;
    Result ring[RESULTS_AHEAD]; /* a measure's place: its number modulo RESULTS_AHEAD */
    size_t next;                /* the measure that is written next */
    size_t stop;                /* the first measure that failed, and is not written; count: none did */
    Status status;              /* of the writer; its own until it has been joined */
    Error error;
    uint64_t cells;
};

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

static Status write_result(ResultQueue *q, const Result *r, Error *err)
{
    TRY(cells_file_add(q->file, r->cells.at, r->order.at, r->cells.len, err));
    TRY(cells_file_add_exclusions(q->file, r->exclusions.at, r->exclusions.len, err));
    log_exclusions(q->log, &r->exclusions);
    q->cells += r->cells.len;
    progress_add(q->progress, 1);
    return OK;
}

static bool wait_for_next(ResultQueue *q)
{
    pthread_mutex_lock(&q->lock);
    while (q->next < q->stop && !q->ring[q->next % RESULTS_AHEAD].done)
        pthread_cond_wait(&q->changed, &q->lock);
    bool go_on = q->next < q->stop;
    pthread_mutex_unlock(&q->lock);
    return go_on;
}

static void *write_all(void *arg)
{
    ResultQueue *q = arg;
    while (q->next < q->count && wait_for_next(q)) {
        Result *r = &q->ring[q->next % RESULTS_AHEAD];
        q->status = write_result(q, r, &q->error);
        pthread_mutex_lock(&q->lock);
        q->stop = q->status == OK ? q->stop : 0;
        r->done = false;
        q->next++;
        pthread_cond_broadcast(&q->changed);
        pthread_mutex_unlock(&q->lock);
    }
    return NULL;
}

static void queue_free(ResultQueue *q)
{
    for (size_t i = 0; i < RESULTS_AHEAD; i++) {
        vec_free(&q->ring[i].cells);
        vec_free(&q->ring[i].order);
        vec_free(&q->ring[i].exclusions);
        arena_free(&q->ring[i].arena);
    }
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    mem_free(q);
}

Status results_open(CellsFile *file, size_t count, const Log *log, Progress *progress, ResultQueue **out, Error *err)
{
    ResultQueue *q;
    TRY(mem_zalloc(1, sizeof *q, (void **)&q, err));
    q->file = file;
    q->count = q->stop = count;
    q->log = log;
    q->progress = progress;
    q->error = (Error)ERROR_INIT;
    for (size_t i = 0; i < RESULTS_AHEAD; i++)
        arena_init(&q->ring[i].arena, 0);
    ASSERT(pthread_mutex_init(&q->lock, NULL) == 0 && pthread_cond_init(&q->changed, NULL) == 0);
    if (pthread_create(&q->writer, NULL, write_all, q) != 0) {
        queue_free(q);
        return error_set(err, ERR_LIMIT, "no thread to hand the figures over with");
    }
    *out = q;
    return OK;
}

Result *results_take(ResultQueue *q, size_t item)
{
    pthread_mutex_lock(&q->lock);
    while (item < q->stop && item >= q->next + RESULTS_AHEAD)
        pthread_cond_wait(&q->changed, &q->lock);
    Result *r = item < q->stop ? &q->ring[item % RESULTS_AHEAD] : NULL;
    pthread_mutex_unlock(&q->lock);
    if (r) {
        r->cells.len = r->order.len = r->exclusions.len = 0; /* the memory is kept for the next */
        arena_reset(&r->arena);
    }
    return r;
}

void results_give(ResultQueue *q, size_t item)
{
    pthread_mutex_lock(&q->lock);
    q->ring[item % RESULTS_AHEAD].done = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void results_fail(ResultQueue *q, size_t item)
{
    pthread_mutex_lock(&q->lock);
    q->stop = item < q->stop ? item : q->stop;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

Status results_close(ResultQueue *q, uint64_t *cells, Error *err)
{
    ASSERT(pthread_join(q->writer, NULL) == 0);
    Status st = q->status;
    *cells = q->cells;
    if (st != OK && err)
        *err = q->error;
    queue_free(q);
    return st;
}
