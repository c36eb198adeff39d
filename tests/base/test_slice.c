/* Slices and Buf: tables, a naive UTF-8 decoder as oracle, printf as oracle for the fast decimals. */
#include "harness.h"

static void test_compare(void **state)
{
    UNUSED(state);
    static const struct {
        const char *a, *b;
        int order;
        bool nocase;
    } rows[] = {
        {"", "", 0, true},
        {"a", "", 1, false},
        {"", "a", -1, false},
        {"a", "A", 1, true},
        {"ab", "a", 1, false},
        {"a", "b", -1, false},
        {"\xFF", "a", 1, false},
        {"Zz[", "zZ[", -1, true},
        {"[", "{", -1, false},
        {"\xC4", "\xE4", -1, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Slice a = slice_of(rows[i].a), b = slice_of(rows[i].b);
        assert_int_equal(slice_cmp(a, b), rows[i].order);
        assert_int_equal(slice_cmp(b, a), -rows[i].order);
        assert_int_equal(slice_eq(a, b), rows[i].order == 0);
        assert_int_equal(slice_eq_z(a, rows[i].b), rows[i].order == 0);
        assert_int_equal(slice_eq_nocase(a, b), rows[i].nocase);
    }
    assert_true(slice_eq((Slice){NULL, 0}, SLICE("")));
    assert_int_equal(slice_cmp((Slice){NULL, 0}, SLICE("")), 0);
}

static void test_parts(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text, *needle;
        size_t at;
        bool starts, ends;
    } rows[] = {
        {"hello", "l", 2, false, false},
        {"hello", "he", 0, true, false},
        {"hello", "lo", 3, false, true},
        {"hello", "x", 5, false, false},
        {"hello", "", 0, true, true},
        {"", "x", 0, false, false},
        {"aab", "ab", 1, false, true},
        {"he", "hello", 2, false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Slice s = slice_of(rows[i].text), n = slice_of(rows[i].needle);
        assert_int_equal(slice_find(s, n), rows[i].at);
        assert_int_equal(slice_starts(s, n), rows[i].starts);
        assert_int_equal(slice_ends(s, n), rows[i].ends);
    }
    assert_true(slice_eq_z(slice_trim(SLICE(" \t\r\n a b \v\f")), "a b"));
    assert_true(slice_eq_z(slice_trim(SLICE("   ")), ""));
    assert_true(slice_eq_z(slice_sub(SLICE("hello"), 1, 3), "el"));
    assert_true(slice_eq_z(slice_sub(SLICE("hello"), 4, 99), "o"));
    assert_true(slice_eq_z(slice_sub(SLICE("hello"), 9, 12), ""));
    assert_int_equal(slice_sub((Slice){NULL, 0}, 0, 0).len, 0);
}

static void test_cut(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text, *parts; /* parts joined by '|' */
    } rows[] = {{"a,b", "a|b"}, {"a,b,", "a|b|"}, {",", "|"}, {"", ""}, {"abc", "abc"}, {",,x", "||x"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Buf got;
        buf_init(&got, 0);
        Slice rest = slice_of(rows[i].text);
        for (int n = 0; rest.ptr; n++) {
            if (n > 0)
                buf_addc(&got, '|');
            buf_add(&got, slice_cut(&rest, ','));
        }
        assert_string_equal(buf_z(&got), rows[i].parts);
        assert_null(slice_cut(&rest, ',').ptr);
        buf_free(&got);
    }
}

/* Decodes by the bit layout of RFC 3629 and then refuses what is too long or no scalar value. */
static size_t naive_sequence(const unsigned char *p, size_t n)
{
    size_t len = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    uint32_t c = len == 1 ? p[0] : p[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        c = c << 6 | (p[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    return c >= least[len] && c <= 0x10FFFF && !(c >= 0xD800 && c < 0xE000) ? len : 0;
}

static bool naive_utf8(const unsigned char *p, size_t n, size_t *bad)
{
    for (size_t i = 0; i < n;) {
        size_t len = naive_sequence(p + i, n - i);
        if (len == 0) {
            *bad = i;
            return false;
        }
        i += len;
    }
    return true;
}

static void check_utf8(const unsigned char *p, size_t n)
{
    size_t bad = 0, wanted = 0;
    bool got = slice_is_utf8((Slice){(const char *)p, n}, &bad);
    if (got != naive_utf8(p, n, &wanted) || (!got && bad != wanted))
        fail_msg("%02x %02x %02x %02x (%zu bytes)", p[0], p[1], p[2], p[3], n);
}

static void test_utf8_all_short_sequences(void **state)
{
    UNUSED(state);
    unsigned char p[4] = {0};
    for (unsigned c = 0; c < 1u << 16; c++) {
        p[0] = (unsigned char)(c >> 8);
        p[1] = (unsigned char)c;
        check_utf8(p, 1);
        check_utf8(p, 2);
        for (unsigned t = 0; t < 256; t += 7) {
            p[2] = (unsigned char)t;
            check_utf8(p, 3);
            p[3] = (unsigned char)(0x70 + t / 5);
            check_utf8(p, 4);
        }
    }
}

static void test_utf8_long_texts(void **state)
{
    UNUSED(state);
    Rng r;
    rng_init(&r, 3, 0);
    for (int i = 0; i < 20000; i++) {
        unsigned char text[80];
        size_t n = (size_t)rng_below(&r, 60) + 4;
        memset(text, 'x', sizeof text);
        for (int k = 0; k < 3; k++)
            memcpy(text + rng_below(&r, n - 3), "\xF0\x9F\x92\xA9", 4);
        if (rng_ppm(&r, 500000))
            text[rng_below(&r, n)] = (unsigned char)rng_below(&r, 256);
        check_utf8(text, n);
    }
}

static void test_buf_numbers(void **state)
{
    UNUSED(state);
    Rng r;
    rng_init(&r, 4, 0);
    for (int i = 0; i < 100000; i++) {
        uint64_t v = i < 1000 ? (uint64_t)i : rng_u64(&r) >> rng_below(&r, 64);
        if (i == 1000)
            v = UINT64_MAX;
        if (i == 1001)
            v = (uint64_t)1 << 63;
        char wanted[64];
        snprintf(wanted, sizeof wanted, "%" PRIu64 " %" PRId64, v, (int64_t)v);
        Buf b;
        buf_init(&b, 0);
        buf_add_u64(&b, v);
        buf_addc(&b, ' ');
        buf_add_i64(&b, (int64_t)v);
        if (strcmp(buf_z(&b), wanted) != 0)
            fail_msg("%s, wanted %s", buf_z(&b), wanted);
        buf_free(&b);
    }
}

static void test_buf_limit_is_sticky(void **state)
{
    UNUSED(state);
    Buf b;
    Error err;
    buf_init(&b, 10);
    buf_adds(&b, "0123456789");
    assert_ok(buf_status(&b, &err));
    buf_addc(&b, 'x');
    assert_int_equal(buf_status(&b, &err), ERR_LIMIT);
    assert_string_equal(err.message, "text is larger than 10 bytes");
    buf_add(&b, SLICE(""));
    buf_addf(&b, "%d", 1);
    buf_pad(&b, ' ', 0);
    assert_null(buf_reserve(&b, 0));
    assert_string_equal(buf_z(&b), "0123456789");
    buf_reset(&b);
    buf_addf(&b, "%s", "01234567890");
    assert_int_equal(buf_status(&b, &err), ERR_LIMIT);
    assert_string_equal(buf_z(&b), "");
    buf_reset(&b);
    buf_addf(&b, "%s", "0123456789");
    assert_ok(buf_status(&b, &err));
    buf_free(&b);

    Buf zeroed = {0};
    assert_string_equal(buf_z(&zeroed), "");
    buf_add(&zeroed, (Slice){NULL, 0});
    assert_int_equal(buf_slice(&zeroed).len, 0);
    buf_addf(&zeroed, "%5000d", 1);
    assert_int_equal(zeroed.len, 5000);
    buf_free(&zeroed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_utf8_all_short_sequences),
        cmocka_unit_test(test_utf8_long_texts),
        cmocka_unit_test(test_buf_numbers),
        cmocka_unit_test(test_buf_limit_is_sticky),
    };
    return cmocka_run_group_tests_name("base/slice", tests, NULL, NULL);
}
