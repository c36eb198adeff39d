/*
 * parallel_for and cancellation.
 *
 * Items are handed out in ascending order and every item handed out is
 * finished. So when item k fails, all lower items have run or are running, and
 * the lowest failing item of the whole range is always among the results:
 * which failure is reported does not depend on timing.
 */
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/mem.h"

#define MAX_THREADS 256

typedef struct Crew {
    ParallelFn fn;
    void *ctx;
    size_t count;
    atomic_size_t next;
    atomic_bool stop;
    pthread_mutex_t lock; /* guards what follows */
    Status status;
    size_t failed_item;
    Error error;
} Crew;

static void note_failure(Crew *crew, size_t item, Status st, const Error *err)
{
    pthread_mutex_lock(&crew->lock);
    if (crew->status == OK || item < crew->failed_item) {
        crew->status = st;
        crew->failed_item = item;
        crew->error = *err;
    }
    pthread_mutex_unlock(&crew->lock);
    atomic_store(&crew->stop, true);
}

static void *work(void *arg)
{
    Crew *crew = arg;
    Error err = ERROR_INIT;
    while (!atomic_load(&crew->stop)) {
        size_t item = atomic_fetch_add(&crew->next, 1);
        if (item >= crew->count)
            break;
        Status st = crew->fn(item, crew->ctx, &err);
        if (st != OK)
            note_failure(crew, item, st, &err);
    }
    return NULL;
}

unsigned thread_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (unsigned)n;
}

static Status run_in_caller(size_t count, ParallelFn fn, void *ctx, Error *err)
{
    for (size_t i = 0; i < count; i++)
        TRY(fn(i, ctx, err));
    return OK;
}

Status parallel_for(size_t count, unsigned threads, ParallelFn fn, void *ctx, Error *err)
{
    if (threads == 0)
        threads = thread_cores();
    if (threads > MAX_THREADS)
        threads = MAX_THREADS;
    if (threads > count)
        threads = (unsigned)count;
    if (threads <= 1)
        return run_in_caller(count, fn, ctx, err);

    Crew crew = {.fn = fn, .ctx = ctx, .count = count, .status = OK};
    pthread_t *ids = NULL;
    TRY(mem_alloc(threads * sizeof *ids, (void **)&ids, err));
    ASSERT(pthread_mutex_init(&crew.lock, NULL) == 0);
    unsigned started = 0;
    /* the caller works too; when the system gives fewer threads the rest does all */
    while (started < threads - 1 && pthread_create(&ids[started], NULL, work, &crew) == 0)
        started++;
    work(&crew);
    for (unsigned i = 0; i < started; i++)
        ASSERT(pthread_join(ids[i], NULL) == 0);
    pthread_mutex_destroy(&crew.lock);
    mem_free(ids);
    if (crew.status != OK && err)
        *err = crew.error;
    return crew.status;
}

/* lint: allow no-mutable-global a signal handler can reach nothing else; atomic, because all threads read it */
static atomic_int cancel_flag;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may only touch lock-free atomics");

static void on_cancel(int signal_number)
{
    UNUSED(signal_number);
    atomic_store(&cancel_flag, 1);
}

void cancel_install(void)
{
    /* SA_RESETHAND: a second signal ends a process that does not listen.
     * SA_RESTART: libraries that do not retry interrupted reads stay unharmed. */
    struct sigaction action = {.sa_handler = on_cancel, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    sigemptyset(&action.sa_mask);
    ASSERT(sigaction(SIGINT, &action, NULL) == 0);
    ASSERT(sigaction(SIGTERM, &action, NULL) == 0);
}

bool cancel_asked(void)
{
    return atomic_load_explicit(&cancel_flag, memory_order_relaxed) != 0;
}

Status cancel_check(Error *err)
{
    return cancel_asked() ? error_set(err, ERR_CANCELLED, "stopped on request") : OK;
}
