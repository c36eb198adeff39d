/*
 * What the tests of base share: cmocka with the headers it wants before it,
 * and the walk that fails each allocation in turn.
 */
#ifndef CAIRN_TESTS_BASE_HARNESS_H
#define CAIRN_TESTS_BASE_HARNESS_H

#include "base/base.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(expr) assert_int_equal((expr), OK)

/* One complete use of the subject, freeing what it made, whatever happens. */
typedef Status (*WalkFn)(void *ctx, Error *err);

/* Fails allocation 0, 1, 2, ... until one run needs no more. Each failed run must say ERR_NOMEM;
 * leaks are the address sanitizer's to find. Returns how many allocations a whole run makes. */
static inline long walk_allocations(WalkFn fn, void *ctx)
{
    for (long n = 0; n < 100000; n++) {
        Error err = ERROR_INIT;
        mem_fail_after(n);
        Status st = fn(ctx, &err);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        if (!fired) {
            assert_int_equal(st, OK);
            assert_true(n > 0);
            return n;
        }
        assert_int_equal(st, ERR_NOMEM);
        assert_int_equal(err.status, ERR_NOMEM);
    }
    fail_msg("%s", "the walk does not end");
    return 0;
}

#endif
