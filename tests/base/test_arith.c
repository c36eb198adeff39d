/* Number readers: tables of good and bad words; decimals against the C library. */
#include "harness.h"

#include <math.h>

static void test_i64(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        Status status;
        int64_t value;
    } rows[] = {
        {"0", OK, 0},
        {"-0", OK, 0},
        {"+7", OK, 7},
        {"007", OK, 7},
        {"9223372036854775807", OK, INT64_MAX},
        {"-9223372036854775808", OK, INT64_MIN},
        {"9223372036854775808", ERR_LIMIT, 0},
        {"-9223372036854775809", ERR_LIMIT, 0},
        {"18446744073709551616", ERR_LIMIT, 0},
        {"99999999999999999999999999", ERR_LIMIT, 0},
        {"", ERR_PARSE, 0},
        {"-", ERR_PARSE, 0},
        {"+", ERR_PARSE, 0},
        {"--1", ERR_PARSE, 0},
        {" 1", ERR_PARSE, 0},
        {"1 ", ERR_PARSE, 0},
        {"1.0", ERR_PARSE, 0},
        {"0x10", ERR_PARSE, 0},
        {"99999999999999999999999999x", ERR_PARSE, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t v = 42;
        Error err = ERROR_INIT;
        assert_int_equal(parse_i64(slice_of(rows[i].text), &v, &err), rows[i].status);
        assert_int_equal(v, rows[i].status == OK ? rows[i].value : 42);
        if (rows[i].status != OK && strlen(rows[i].text) > 1)
            assert_null(strstr(err.message, rows[i].text));
    }
}

static void test_u64(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        Status status;
        uint64_t value;
    } rows[] = {
        {"0", OK, 0},
        {"-0", OK, 0},
        {"+1", OK, 1},
        {"18446744073709551615", OK, UINT64_MAX},
        {"-1", ERR_LIMIT, 0},
        {"18446744073709551616", ERR_LIMIT, 0},
        {"", ERR_PARSE, 0},
        {"1e3", ERR_PARSE, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t v = 42;
        assert_int_equal(parse_u64(slice_of(rows[i].text), &v, NULL), rows[i].status);
        assert_true(v == (rows[i].status == OK ? rows[i].value : 42));
    }
}

static void test_f64(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        Status status;
        double value;
    } rows[] = {
        {"0", OK, 0},
        {"1", OK, 1},
        {"-1.5", OK, -1.5},
        {"+.5", OK, 0.5},
        {"5.", OK, 5},
        {"84.2", OK, 84.2},
        {"1e3", OK, 1000},
        {"1E-3", OK, 0.001},
        {"1e22", OK, 1e22},
        {"1e23", OK, 1e23},
        {"9007199254740993", OK, 9007199254740992.0},
        {"0.1e1", OK, 1},
        {"1e-400", OK, 0},
        {"5e-324", OK, 5e-324},
        {"1.7976931348623157e308", OK, 1.7976931348623157e308},
        {"1e309", ERR_LIMIT, 0},
        {"1e999999999999", ERR_LIMIT, 0},
        {"", ERR_PARSE, 0},
        {".", ERR_PARSE, 0},
        {"-", ERR_PARSE, 0},
        {"1e", ERR_PARSE, 0},
        {"1e+", ERR_PARSE, 0},
        {"e5", ERR_PARSE, 0},
        {"1.2.3", ERR_PARSE, 0},
        {"inf", ERR_PARSE, 0},
        {"nan", ERR_PARSE, 0},
        {"0x1p3", ERR_PARSE, 0},
        {"1,5", ERR_PARSE, 0},
        {" 1", ERR_PARSE, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        double v = 42;
        assert_int_equal(parse_f64(slice_of(rows[i].text), &v, NULL), rows[i].status);
        assert_true(v == (rows[i].status == OK ? rows[i].value : 42));
    }
    double zero = 1;
    assert_ok(parse_f64(SLICE("-0.0"), &zero, NULL));
    assert_true(zero == 0 && signbit(zero));
}

/* Random decimals, many near the edges of the fast path, must equal strtod bit for bit. */
static void test_f64_like_strtod(void **state)
{
    UNUSED(state);
    Rng r;
    rng_init(&r, 1, 0);
    for (int i = 0; i < 200000; i++) {
        char text[80];
        uint64_t digits = rng_u64(&r) >> rng_below(&r, 64);
        int exponent = (int)rng_between(&r, -40, 40);
        if (rng_ppm(&r, 500000))
            snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64 "e%d", digits, rng_below(&r, 100000), exponent);
        else
            snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
        double v = 0;
        assert_ok(parse_f64(slice_of(text), &v, NULL));
        double wanted = strtod(text, NULL);
        if (memcmp(&v, &wanted, sizeof v) != 0)
            fail_msg("%s: %a, wanted %a", text, v, wanted);
    }
}

static void test_checked(void **state)
{
    UNUSED(state);
    size_t n;
    assert_true(CKD_ADD(&n, SIZE_MAX, (size_t)1));
    assert_true(CKD_MUL(&n, SIZE_MAX / 2 + 1, (size_t)2));
    assert_true(CKD_SUB(&n, (size_t)1, (size_t)2));
    assert_false(CKD_MUL(&n, SIZE_MAX / 2, (size_t)2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_i64),
        cmocka_unit_test(test_u64),
        cmocka_unit_test(test_f64),
        cmocka_unit_test(test_f64_like_strtod),
        cmocka_unit_test(test_checked),
    };
    return cmocka_run_group_tests_name("base/arith", tests, NULL, NULL);
}
