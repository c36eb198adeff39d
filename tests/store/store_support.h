/* What the store's tests share: cmocka, a scratch folder per test, a fresh home, damaged files. */
#ifndef CAIRN_TESTS_STORE_SUPPORT_H
#define CAIRN_TESTS_STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "store/home.h"

typedef struct Scratch {
    char path[64];
    char text[4096]; /* the last path made by scratch_path */
} Scratch;

/* For cmocka's setup and teardown: *state becomes a Scratch with an empty folder. */
int scratch_setup(void **state);
int scratch_teardown(void **state);
/* scratch/name; valid until the next call. */
const char *scratch_path(Scratch *s, const char *name);
/* Makes a home at scratch/home. */
void scratch_make_home(Scratch *s);
/* Opens it. */
Home *scratch_home(Scratch *s, HomeAccess access);
/* Runs one statement on a SQLite file behind the store's back. */
void tamper_sql(const char *path, const char *sql);
/* Inverts the bits of one byte; at < 0 counts from the end. */
void flip_byte(const char *path, long at);

/* Passes when the call gives that status; on another status the message is printed. */
#define assert_status(call, want) \
    do { \
        Error e_ = ERROR_INIT; \
        Error *err = &e_; \
        Status got_ = (call); \
        if (got_ != (want)) \
            print_error("%s: got %s (%s / %s)\n", #call, status_name(got_), e_.message, e_.detail); \
        assert_int_equal(got_, (want)); \
    } while (0)
#define assert_ok(call) assert_status(call, OK)

#endif
