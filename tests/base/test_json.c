/* The JSON writer: whole documents, strings, numbers that must read back equal. */
#include "harness.h"

#include <float.h>
#include <math.h>

static void write_sample(Json *j)
{
    json_open_object(j);
    json_kstr(j, "name", SLICE("a\"b"));
    json_kint(j, "n", -5);
    json_kbool(j, "ok", true);
    json_key(j, "list");
    json_open_array(j);
    json_uint(j, UINT64_MAX);
    json_add_null(j);
    json_open_object(j);
    json_end(j);
    json_open_array(j);
    json_bool(j, false);
    json_end(j);
    json_end(j);
    json_key(j, "empty");
    json_open_array(j);
    json_end(j);
    json_end(j);
}

static void test_documents(void **state)
{
    UNUSED(state);
    static const struct {
        JsonStyle style;
        const char *wanted;
    } rows[] = {
        {JSON_COMPACT, "{\"name\":\"a\\\"b\",\"n\":-5,\"ok\":true,\"list\":[18446744073709551615,null,{},[false]],"
                       "\"empty\":[]}"},
        {JSON_PRETTY, "{\n  \"name\": \"a\\\"b\",\n  \"n\": -5,\n  \"ok\": true,\n  \"list\": [\n"
                      "    18446744073709551615,\n    null,\n    {},\n    [\n      false\n    ]\n  ],\n"
                      "  \"empty\": []\n}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Buf b;
        Json j;
        buf_init(&b, 0);
        json_begin(&j, &b, rows[i].style);
        write_sample(&j);
        assert_string_equal(buf_z(&b), rows[i].wanted);
        assert_int_equal(j.depth, 0);
        buf_free(&b);
    }
}

static void test_strings(void **state)
{
    UNUSED(state);
    static const struct {
        Slice text;
        const char *wanted;
    } rows[] = {
        {{"", 0}, "\"\""},
        {{"a/b", 3}, "\"a/b\""},
        {{"\"\\\b\f\n\r\t", 7}, "\"\\\"\\\\\\b\\f\\n\\r\\t\""},
        {{"\0\x1f\x7f", 3}, "\"\\u0000\\u001f\\u007f\""},
        {{"\xC3\xA9\xF0\x9F\x92\xA9", 6}, "\"\xC3\xA9\xF0\x9F\x92\xA9\""},
        {{"a\xFFz", 3}, "\"a\xEF\xBF\xBDz\""},
        {{"\xC3", 1}, "\"\xEF\xBF\xBD\""},
        {{"\xED\xA0\x80", 3}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Buf b;
        Json j;
        buf_init(&b, 0);
        json_begin(&j, &b, JSON_COMPACT);
        json_str(&j, rows[i].text);
        assert_string_equal(buf_z(&b), rows[i].wanted);
        buf_free(&b);
    }
}

static void assert_num(double v, const char *wanted)
{
    Buf b;
    Json j;
    buf_init(&b, 0);
    json_begin(&j, &b, JSON_COMPACT);
    json_num(&j, v);
    if (wanted)
        assert_string_equal(buf_z(&b), wanted);
    else
        assert_true(strtod(buf_z(&b), NULL) == v);
    buf_free(&b);
}

static void test_numbers(void **state)
{
    UNUSED(state);
    static const struct {
        double v;
        const char *wanted;
    } rows[] = {
        {0, "0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {84.2, "84.2"},
        {1e20, "1e+20"},
        {0.1 + 0.2, "0.30000000000000004"},
        {5e-324, "5e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {(double)INFINITY, "null"},
        {(double)NAN, "null"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_num(rows[i].v, rows[i].wanted);
    Rng r;
    rng_init(&r, 6, 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rng_u64(&r);
        double v;
        memcpy(&v, &bits, sizeof v);
        if (isfinite(v))
            assert_num(v, NULL);
    }
}

static void test_fixed(void **state)
{
    UNUSED(state);
    static const struct {
        double v;
        int decimals;
        const char *wanted;
    } rows[] = {
        {84.2, 1, "84.2"},
        {84, 0, "84"},
        {-0.04, 1, "0.0"},
        {-0.0, 0, "0"},
        {-0.06, 1, "-0.1"},
        {1e300, 0, NULL},
        {(double)NAN, 1, "null"},
        {-(double)INFINITY, 1, "null"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Buf b;
        Json j;
        buf_init(&b, 0);
        json_begin(&j, &b, JSON_COMPACT);
        json_fixed(&j, rows[i].v, rows[i].decimals);
        if (rows[i].wanted)
            assert_string_equal(buf_z(&b), rows[i].wanted);
        else
            assert_int_equal(b.len, 301);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_fixed),
    };
    return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
