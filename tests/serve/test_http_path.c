/* Paths of requests: what is accepted, and that nothing else is. */
#include "serve_support.h"

#include "serve/http_path.h"

typedef struct PathCase {
    Slice raw;
    Status status;
    const char *text;
    size_t count;
    bool folder;
} PathCase;

static const PathCase cases[] = {
    {SLICE_INIT("/"), OK, "", 0, true},
    {SLICE_INIT("/a"), OK, "a", 1, false},
    {SLICE_INIT("/a/"), OK, "a", 1, true},
    {SLICE_INIT("/a/b-c_d.E9"), OK, "a/b-c_d.E9", 2, false},
    {SLICE_INIT("/%61%2Eb"), OK, "a.b", 1, false},
    {SLICE_INIT("/a.."), OK, "a..", 1, false},
    {SLICE_INIT("/1/2/3/4/5/6/7/8"), OK, "1/2/3/4/5/6/7/8", 8, false},
    {SLICE_INIT("/1/2/3/4/5/6/7/8/9"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("//"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("//a"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a//"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a//b"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/."), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/.."), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a/../b"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a/%2e%2e/b"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a/..%2fb"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a%2Fb"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/%252e%252e/a"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/.git"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a\\b"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a%5cb"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a:b"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a~"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/a%20b"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT("/%c0%ae%c0%ae/a"), ERR_NOT_FOUND, NULL, 0, false},
    {SLICE_INIT(""), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("a"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("http://a/"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("*"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/%"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/%4"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/%zz"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/%+1"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/a%00b"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/a%0d%0ab"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/a\0b"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/a b"), ERR_PARSE, NULL, 0, false},
    {SLICE_INIT("/\xC3\xA9"), ERR_PARSE, NULL, 0, false},
};

static void test_cases(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        HttpPath p;
        Error err = ERROR_INIT;
        Status st = http_path_parse(cases[i].raw, &p, &err);
        if (st != cases[i].status)
            fail_msg("%.*s: status %s", SLICE_ARG(cases[i].raw), status_name(st));
        if (st != OK)
            continue;
        assert_string_equal(p.text, cases[i].text);
        assert_int_equal(p.count, cases[i].count);
        assert_int_equal(p.folder, cases[i].folder);
        assert_true(slice_eq_z(http_path_rest(&p, 0), cases[i].text));
    }
}

static void test_rest(void **state)
{
    UNUSED(state);
    HttpPath p;
    assert_ok(http_path_parse(SLICE("/a/bb/c/"), &p, NULL));
    assert_true(slice_eq_z(http_path_rest(&p, 1), "bb/c"));
    assert_true(slice_eq_z(http_path_rest(&p, 2), "c"));
    assert_int_equal(http_path_rest(&p, 3).len, 0);
}

static void test_limits(void **state)
{
    UNUSED(state);
    static const struct {
        size_t length;
        Status status;
    } names[] = {{HTTP_NAME_MAX, OK}, {HTTP_NAME_MAX + 1, ERR_NOT_FOUND}, {HTTP_PATH_MAX - 1, ERR_NOT_FOUND},
        {HTTP_PATH_MAX, ERR_LIMIT}};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        HttpPath p;
        Buf raw;
        buf_init(&raw, 0);
        buf_addc(&raw, '/');
        buf_pad(&raw, 'a', names[i].length);
        assert_int_equal(http_path_parse(buf_slice(&raw), &p, NULL), names[i].status);
        buf_free(&raw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests_name("serve/http_path", tests, NULL, NULL);
}
