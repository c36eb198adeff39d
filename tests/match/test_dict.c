/* Dictionaries: numbers of texts, sounds, parts, roots and dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "match/value_impl.h"

static uint32_t put(Dict *d, const char *text)
{
    uint32_t number;
    assert_int_equal(dict_put(d, slice_of(text), &number, NULL), OK);
    return number;
}

/* Against Map, through growth and a dropped index. */
static void texts_as_map(void **state)
{
    UNUSED(state);
    Texts t;
    Map m;
    Rng r;
    assert_int_equal(texts_init(&t, NULL), OK);
    assert_int_equal(map_init(&m, NULL), OK);
    rng_init(&r, 8, 1);
    for (int i = 0; i < 50000; i++) {
        char text[16];
        snprintf(text, sizeof text, "%" PRIu64, rng_below(&r, 20000));
        Slice s = slice_sub(slice_of(text), rng_below(&r, 2), sizeof text);
        uint32_t number;
        uint64_t expected = 0;
        assert_int_equal(texts_put(&t, s, &number, NULL), OK);
        if (s.len)
            assert_int_equal(map_get_or_put(&m, s, m.len + 1, &expected, NULL), OK);
        assert_int_equal(number, expected);
        assert_true(slice_eq(texts_at(&t, number), s));
        if (i == 20000 || i == 20001)
            texts_drop_index(&t);
    }
    assert_int_equal(t.count, m.len + 1);
    map_free(&m);
    texts_free(&t);
}

/* Codes after the published rules, worked by hand. */
static void sounds(void **state)
{
    UNUSED(state);
    static const struct {
        const char *name, *code;
    } cases[] = {{"KNIGHT", "NAGT"}, {"MACDONALD", "MCDANA"}, {"PHILLIPS", "FALAP"}, {"SCHMIDT", "SNAD"},
        {"SMITH", "SNAT"}, {"SMYTH", "SNYT"}, {"BERTIE", "BARTY"}, {"BROWNE", "BRAN"}, {"OBRIEN", "OBRAN"},
        {"WATKINS", "WATCAN"}, {"A", "A"}, {"KAY", "CY"}, {"JOHNSON", "JANSAN"}, {"JOHNSTON", "JANSTA"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char code[7];
        name_sound_print(name_sound(slice_of(cases[i].name)), code);
        if (strcmp(code, cases[i].code) != 0)
            fail_msg("%s sounds %s, not %s", cases[i].name, code, cases[i].code);
    }
    assert_int_equal(name_sound(SLICE("")), 0);
    assert_int_equal(name_sound(SLICE("123")), 0);
    assert_int_equal(name_sound(SLICE("DE LA CRUZ")), name_sound(SLICE("DELACRUZ")));
}

static void random_sounds(void **state)
{
    UNUSED(state);
    Rng r;
    rng_init(&r, 8, 2);
    for (int i = 0; i < 100000; i++) {
        char name[80], code[7];
        size_t n = rng_below(&r, sizeof name);
        for (size_t k = 0; k < n; k++)
            name[k] = (char)('A' + rng_below(&r, 27));
        uint32_t sound = name_sound((Slice){name, n});
        name_sound_print(sound, code);
        assert_true(sound < UINT32_C(1) << 30);
        for (const char *c = code; *c; c++)
            assert_true(*c >= 'A' && *c <= 'Z');
    }
}

static void assert_numbers(const Dict *d, const uint32_t *at, uint32_t n, const char *const *expected)
{
    uint32_t i = 0;
    for (; expected[i]; i++) {
        assert_true(i < n);
        if (!slice_eq_z(dict_text(d, at[i]), expected[i]))
            fail_msg("'%.*s', not '%s'", SLICE_ARG(dict_text(d, at[i])), expected[i]);
    }
    assert_int_equal(i, n);
}

static void parts_and_roots(void **state)
{
    UNUSED(state);
    static const struct {
        const char *name;
        const char *const parts[6], *const roots[6];
    } cases[] = {
        {"ANNA", {"ANNA"}, {"ANNA"}},
        {"BOB", {"BOB"}, {"BOB", "ROBERT"}},
        {"CHRIS", {"CHRIS"}, {"CHRIS", "CHRISTINA", "CHRISTOPHER"}},
        {"BOB JAMES", {"BOB", "JAMES"}, {"BOB JAMES", "BOB", "ROBERT"}},
        {"GARCIA LOPEZ", {"GARCIA", "LOPEZ"}, {"GARCIA LOPEZ", "GARCIA"}},
        {"DE LA CRUZ", {"CRUZ"}, {"DE LA CRUZ"}},
        {"VAN DER", {"VAN DER"}, {"VAN DER"}},
        {"A B", {"A B"}, {"A B"}},
        {"AAA BBB CCC DDD EEE", {"AAA", "BBB", "CCC", "DDD"}, {"AAA BBB CCC DDD EEE", "AAA"}},
    };
    Nicknames nicknames;
    Dict *d = NULL;
    assert_int_equal(nicknames_init(&nicknames,
                         SLICE("nickname,formal\nBOB,ROBERT\nCHRIS,CHRISTINA\nCHRIS,CHRISTOPHER\n"), "n.csv", NULL),
        OK);
    assert_int_equal(dict_new(FIELD_LAST_NAME, &nicknames, &d, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t number = put(d, cases[i].name), n;
        const uint32_t *at = dict_parts(d, number, &n);
        assert_numbers(d, at, n, cases[i].parts);
        at = dict_roots(d, number, &n);
        assert_numbers(d, at, n, cases[i].roots);
        assert_int_equal(number, put(d, cases[i].name));
    }
    assert_int_equal(d->names.len, dict_count(d)); /* also of parts and roots everything is known */
    dict_free(d);
    nicknames_free(&nicknames);
}

static void dates(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        int year, month, day;
    } cases[] = {{"1998-03-07", 1998, 3, 7}, {"1998-13-07", 1998, 0, 7}, {"1998-03-42", 1998, 3, 0},
        {"0000-03-07", 0, 3, 7}, {"1998-00-00", 1998, 0, 0}};
    Nicknames none = {0};
    Dict *d = NULL;
    assert_int_equal(dict_new(FIELD_DATE, &none, &d, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int y, m, day;
        uint32_t n;
        uint32_t number = put(d, cases[i].text);
        dict_date(d, number, &y, &m, &day);
        assert_true(y == cases[i].year && m == cases[i].month && day == cases[i].day);
        assert_int_equal(dict_phonetic(d, number), 0);
        assert_null(dict_parts(d, number, &n));
        assert_null(dict_roots(d, number, &n));
    }
    dict_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_as_map),
        cmocka_unit_test(sounds),
        cmocka_unit_test(random_sounds),
        cmocka_unit_test(parts_and_roots),
        cmocka_unit_test(dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
