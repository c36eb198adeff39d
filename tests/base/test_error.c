/* Status and Error: messages, positions, what is shown and what is not. */
#include "harness.h"

#include <errno.h>

static void test_exit_codes_are_fixed(void **state)
{
    UNUSED(state);
    static const struct {
        Status status;
        int code;
        const char *name;
    } rows[] = {
        {OK, 0, "ok"},
        {ERR_USAGE, 2, "usage"},
        {ERR_INVALID, 3, "invalid"},
        {ERR_PARSE, 4, "parse"},
        {ERR_NOT_FOUND, 5, "not_found"},
        {ERR_EXISTS, 6, "exists"},
        {ERR_DENIED, 7, "denied"},
        {ERR_LIMIT, 8, "limit"},
        {ERR_IO, 9, "io"},
        {ERR_BUSY, 10, "busy"},
        {ERR_CORRUPT, 11, "corrupt"},
        {ERR_NOMEM, 12, "nomem"},
        {ERR_CANCELLED, 130, "cancelled"},
        {ERR_INTERNAL, 70, "internal"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(status_exit_code(rows[i].status), rows[i].code);
        assert_string_equal(status_name(rows[i].status), rows[i].name);
    }
    assert_int_equal(status_exit_code((Status)99), 70);
}

static void test_print(void **state)
{
    UNUSED(state);
    static const struct {
        const char *file;
        uint64_t row, line;
        const char *field, *hint, *wanted;
    } rows[] = {
        {"", 0, 0, "", "", "no such code"},
        {"a.csv", 0, 0, "", "", "a.csv: no such code"},
        {"a.csv", 7, 0, "", "", "a.csv:7: no such code"},
        {"a.toml", 0, 9, "key", "", "a.toml:9: key: no such code"},
        {"", 7, 0, "", "", "row 7: no such code"},
        {"", 0, 7, "sex", "Ask.", "line 7: sex: no such code (Ask.)"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Error err;
        assert_int_equal(error_set(&err, ERR_INVALID, "no such %s", "code"), ERR_INVALID);
        error_at(&err, rows[i].file, rows[i].row, rows[i].field);
        err.line = rows[i].line;
        error_hint(&err, "%s", rows[i].hint);
        error_detail(&err, "value 'Ada Lovelace'");
        char text[1400];
        error_print(&err, text, sizeof text);
        assert_string_equal(text, rows[i].wanted);
    }
}

static void test_first_writer_wins(void **state)
{
    UNUSED(state);
    Error err;
    (void)error_set(&err, ERR_INVALID, "bad");
    error_at(&err, "inner", 1, "a");
    error_at(&err, "outer", 2, "b");
    error_hint(&err, "First.");
    error_hint(&err, "Second.");
    error_detail(&err, "one");
    error_detail(&err, "two");
    assert_string_equal(err.file, "inner");
    assert_int_equal(err.row, 1);
    assert_string_equal(err.field, "a");
    assert_string_equal(err.hint, "First.");
    assert_string_equal(err.detail, "one");
    (void)error_set(&err, ERR_IO, "new");
    assert_string_equal(err.hint, "");
    assert_string_equal(err.file, "");
}

static void test_errno(void **state)
{
    UNUSED(state);
    static const struct {
        int code;
        Status status;
        const char *message;
        bool hint;
    } rows[] = {
        {ENOENT, ERR_NOT_FOUND, "could not open x: no such file or directory", false},
        {ENOSPC, ERR_IO, "could not open x: no space left on device", true},
        {EACCES, ERR_IO, "could not open x: permission denied", true},
        {EROFS, ERR_IO, "could not open x: read-only file system", true},
        {EISDIR, ERR_IO, "could not open x: is a directory", false},
        {ENOMEM, ERR_NOMEM, "could not open x: cannot allocate memory", false},
        {123456, ERR_IO, "could not open x: unknown error", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Error err;
        errno = rows[i].code;
        assert_int_equal(error_errno(&err, "could not open %s", "x"), rows[i].status);
        assert_string_equal(err.message, rows[i].message);
        assert_int_equal(err.hint[0] != '\0', rows[i].hint);
    }
}

static void test_long_texts_keep_whole_characters(void **state)
{
    UNUSED(state);
    for (size_t shift = 0; shift < 4; shift++) {
        char text[1000] = "";
        memset(text, 'a', shift);
        for (size_t n = shift; n + 4 < sizeof text - 1; n += 3)
            memcpy(text + n, "\xE2\x82\xAC", 4);
        Error err;
        (void)error_set(&err, ERR_INVALID, "%s", text);
        assert_true(slice_is_utf8(slice_of(err.message), NULL));
        assert_true(strlen(err.message) >= sizeof err.message - 4);
    }
}

static void test_null_error(void **state)
{
    UNUSED(state);
    assert_int_equal(error_set(NULL, ERR_BUSY, "x"), ERR_BUSY);
    assert_int_equal(error_nomem(NULL), ERR_NOMEM);
    error_hint(NULL, "x");
    error_at(NULL, "f", 1, "x");
    error_detail(NULL, "x");
    error_clear(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes_are_fixed),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_first_writer_wins),
        cmocka_unit_test(test_errno),
        cmocka_unit_test(test_long_texts_keep_whole_characters),
        cmocka_unit_test(test_null_error),
    };
    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
