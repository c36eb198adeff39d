/* cmocka and what the ingest tests share. */
#ifndef CAIRN_TESTS_INGEST_HARNESS_H
#define CAIRN_TESTS_INGEST_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base.h"

#define assert_ok(expr) \
    do { \
        Error assert_err_ = ERROR_INIT; \
        Status assert_st_ = (expr); \
        (void)assert_err_; \
        if (assert_st_ != OK) \
            fail_msg("%s is %s", #expr, status_name(assert_st_)); \
    } while (0)

#endif
