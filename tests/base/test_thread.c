/* parallel_for on 1, 2 and many threads, cancellation, and the log and progress lines. */
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum { ITEMS = 5000 };

typedef struct Squares {
    uint64_t out[ITEMS];
    atomic_uint runs[ITEMS];
    size_t fail_from, fail_step;
} Squares;

static Status square(size_t item, void *ctx, Error *err)
{
    Squares *s = ctx;
    atomic_fetch_add(&s->runs[item], 1);
    if (s->fail_step && item >= s->fail_from && (item - s->fail_from) % s->fail_step == 0)
        return error_set(err, ERR_INVALID, "item %zu is bad", item);
    s->out[item] = (uint64_t)item * item;
    return OK;
}

static void test_each_item_once(void **state)
{
    UNUSED(state);
    static const unsigned threads[] = {0, 1, 2, 3, 8, 1000};
    for (size_t t = 0; t < COUNT_OF(threads); t++) {
        Squares *s = NULL;
        assert_ok(mem_zalloc(1, sizeof *s, (void **)&s, NULL));
        assert_ok(parallel_for(ITEMS, threads[t], square, s, NULL));
        for (size_t i = 0; i < ITEMS; i++) {
            assert_int_equal(s->out[i], i * i);
            assert_int_equal(atomic_load(&s->runs[i]), 1);
        }
        mem_free(s);
    }
    assert_ok(parallel_for(0, 4, square, NULL, NULL));
    assert_true(thread_cores() >= 1);
}

static void test_lowest_failure_wins(void **state)
{
    UNUSED(state);
    for (unsigned round = 0; round < 200; round++) {
        Squares *s = NULL;
        Error err = ERROR_INIT;
        assert_ok(mem_zalloc(1, sizeof *s, (void **)&s, NULL));
        s->fail_from = 37;
        s->fail_step = 1 + round % 3;
        assert_int_equal(parallel_for(ITEMS, 1 + round % 5, square, s, &err), ERR_INVALID);
        assert_string_equal(err.message, "item 37 is bad");
        assert_int_equal(atomic_load(&s->runs[ITEMS - 1]), 0);
        mem_free(s);
    }
}

static Status nothing(size_t item, void *ctx, Error *err)
{
    UNUSED(item);
    UNUSED(ctx);
    UNUSED(err);
    return OK;
}

static Status use_threads(void *ctx, Error *err)
{
    UNUSED(ctx);
    return parallel_for(10, 3, nothing, NULL, err);
}

static void test_failing_allocations(void **state)
{
    UNUSED(state);
    assert_int_equal(walk_allocations(use_threads, NULL), 1);
}

static void test_cancel(void **state)
{
    UNUSED(state);
    Error err = ERROR_INIT;
    assert_false(cancel_asked());
    assert_ok(cancel_check(&err));
    cancel_install();
    assert_int_equal(raise(SIGTERM), 0);
    assert_true(cancel_asked());
    assert_int_equal(cancel_check(&err), ERR_CANCELLED);
    struct sigaction now;
    assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_DFL);
}

/* What `write` puts on a descriptor, through a pipe. */
static size_t drain(int fd, char *out, size_t size)
{
    ssize_t n = read(fd, out, size - 1);
    assert_true(n >= 0);
    out[n] = '\0';
    return (size_t)n;
}

static void test_log_lines(void **state)
{
    UNUSED(state);
    int ends[2];
    char text[9000];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(setenv("CAIRN_NOW", "2026-11-23T08:00:00Z", 1), 0);
    Log log = {.level = LOG_INFO, .fd = ends[1]};
    log_line(NULL, LOG_ERROR, "event=%s", "lost");
    log_line(&log, LOG_DEBUG, "event=hidden");
    log_line(&log, LOG_WARN, "event=load rows=%d\nlevel=error forged", 7);
    drain(ends[0], text, sizeof text);
    assert_string_equal(text, "time=2026-11-23T08:00:00Z level=warn event=load rows=7 level=error forged\n");
    log_line(&log, LOG_INFO, "%08000d", 1);
    size_t n = drain(ends[0], text, sizeof text);
    assert_true(n <= 4097 && text[n - 1] == '\n');
    assert_int_equal(unsetenv("CAIRN_NOW"), 0);
    close(ends[0]);
    close(ends[1]);
}

static Status count_up(size_t item, void *ctx, Error *err)
{
    UNUSED(item);
    UNUSED(err);
    progress_add(ctx, 3);
    return OK;
}

static void test_progress(void **state)
{
    UNUSED(state);
    static const struct {
        ProgressMode mode;
        uint64_t total;
        useconds_t wait;
        const char *wanted;
    } rows[] = {
        {PROGRESS_OFF, 30, 0, ""},
        {PROGRESS_AUTO, 30, 0, ""}, /* quick work is not worth a line */
        {PROGRESS_BAR, 30, 0, "\r\033[K"},
        {PROGRESS_LINES, 0, 1100000, "load: 30 rows in 1 s\n"},
        {PROGRESS_BAR, 30, 1100000, "\r\033[Kload: 30 rows in 1 s\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int ends[2];
        char text[1000];
        assert_int_equal(pipe(ends), 0);
        int saved = dup(STDERR_FILENO);
        Progress *p = NULL;
        assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
        assert_int_equal(progress_new(rows[i].mode, "load", rows[i].total, "rows", &p, NULL), OK);
        Status st = parallel_for(10, 2, count_up, p, NULL);
        usleep(rows[i].wait);
        progress_done(p);
        assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
        close(saved);
        close(ends[1]);
        assert_int_equal(st, OK);
        drain(ends[0], text, sizeof text);
        close(ends[0]);
        assert_string_equal(text, rows[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_item_once),
        cmocka_unit_test(test_lowest_failure_wins),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_log_lines),
        cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests_name("base/thread", tests, NULL, NULL);
}
