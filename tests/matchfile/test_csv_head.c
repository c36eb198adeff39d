/* The header of a CSV file: delimiters, quotes, blanks, and what is refused. */
#include "matchfile/people.h"

#include <setjmp.h>

#include <cmocka.h>

static void reads(void **state)
{
    UNUSED(state);
    static const struct {
        const char *line;
        char delimiter;
        const char *names; /* parted by / */
    } cases[] = {
        {"a", ',', "a"},
        {"a,b,c", ',', "a/b/c"},
        {"a;b;c", ';', "a/b/c"},
        {"a\tb", '\t', "a/b"},
        {"a|b|c", '|', "a/b/c"},
        {"rec_id, given_name , surname", ',', "rec_id/given_name/surname"},
        {"\"a\",\"b, c\"", ',', "a/b, c"},
        {"a;\"b,c,d,e\"", ';', "a/b,c,d,e"},
        {"a,b;c", ',', "a/b;c"},
        {"a,", ',', "a/"},
        {"", ',', ""},
        {" \"a\" , b", ',', "a/b"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Slice names[PEOPLE_COLUMNS_MAX];
        char delimiter = 0;
        uint32_t count = 0;
        Buf joined;
        Error err = ERROR_INIT;
        buf_init(&joined, 0);
        assert_int_equal(csv_head(slice_of(cases[i].line), "f.csv", &delimiter, names, &count, &err), OK);
        for (uint32_t k = 0; k < count; k++) {
            buf_adds(&joined, k ? "/" : "");
            buf_add(&joined, names[k]);
        }
        assert_int_equal(delimiter, cases[i].delimiter);
        assert_string_equal(buf_z(&joined), cases[i].names);
        buf_free(&joined);
    }
}

static void refuses(void **state)
{
    UNUSED(state);
    static const char *const lines[] = {"\"a", "a,\"b", "a\"b,c", "\"a\"b,c"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        Slice names[PEOPLE_COLUMNS_MAX];
        char delimiter = 0;
        uint32_t count = 0;
        Error err = ERROR_INIT;
        assert_int_equal(csv_head(slice_of(lines[i]), "f.csv", &delimiter, names, &count, &err), ERR_PARSE);
        assert_string_equal(err.file, "f.csv");
        assert_int_equal(err.line, 1);
    }
}

static void has_a_limit(void **state)
{
    UNUSED(state);
    Slice names[PEOPLE_COLUMNS_MAX];
    char line[PEOPLE_COLUMNS_MAX + 1], delimiter = 0;
    uint32_t count = 0;
    Error err = ERROR_INIT;
    memset(line, ',', sizeof line);
    assert_int_equal(csv_head((Slice){line, PEOPLE_COLUMNS_MAX - 1}, "f.csv", &delimiter, names, &count, &err), OK);
    assert_int_equal(count, PEOPLE_COLUMNS_MAX);
    assert_int_equal(csv_head((Slice){line, PEOPLE_COLUMNS_MAX}, "f.csv", &delimiter, names, &count, &err), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
