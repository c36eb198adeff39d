/*
 * A solve of minutes ends when the process is asked to stop, and says that it was ended. A program of its own, since
 * who was asked stays asked.
 */
#include "lp/lp.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { SIDE = 44, CELLS = SIDE * SIDE * SIDE, ROWS = 3 * SIDE * SIDE };

/* A table of three dimensions with all its margins, at random costs: some minutes for Clp. */
static Lp *table(void)
{
    static uint32_t start[ROWS + 1], column[3 * CELLS];
    static double value[3 * CELLS], lower[CELLS], upper[CELLS], side[ROWS];
    const uint32_t step[] = {1, SIDE, SIDE * SIDE};
    uint32_t at = 0, row = 0;
    Lp *lp = NULL;
    Rng rng;
    Error err = ERROR_INIT;
    rng_init(&rng, 1, 0);
    for (uint32_t d = 0; d < 3; d++)
        for (uint32_t a = 0; a < SIDE; a++)
            for (uint32_t b = 0; b < SIDE; b++) {
                for (uint32_t i = 0; i < SIDE; i++) {
                    column[at] = i * step[d] + a * step[(d + 1) % 3] + b * step[(d + 2) % 3];
                    value[at++] = 1;
                }
                side[row++] = SIDE;
                start[row] = at;
            }
    for (uint32_t i = 0; i < CELLS; i++)
        upper[i] = (double)(2 + rng_below(&rng, 9));
    const LpMatrix m = {CELLS, ROWS, start, column, value, lower, upper, side, side};
    assert_int_equal(lp_new(&m, &lp, &err), OK);
    for (uint32_t i = 0; i < CELLS; i++)
        lp_set_cost(lp, i, (double)rng_below(&rng, 1000));
    return lp;
}

static void *ask(void *arg)
{
    const struct timespec wait = {.tv_nsec = 300000000};
    nanosleep(&wait, NULL);
    kill(getpid(), SIGTERM);
    return arg;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_stops(void **state)
{
    pthread_t thread;
    UNUSED(state);
    Lp *lp = table();
    cancel_install();
    assert_int_equal(pthread_create(&thread, NULL, ask, NULL), 0);
    double begin = now();
    assert_int_equal(lp_solve(lp, false, 0), LP_STOPPED);
    assert_true(now() - begin < 20); /* sanitizers, a busy machine; without it takes minutes */
    pthread_join(thread, NULL);
    assert_true(cancel_asked());
    assert_int_equal(lp_solve(lp, false, 0), LP_STOPPED);
    lp_free(lp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
