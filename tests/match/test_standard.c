/* Standardisation: table of raw spellings and what they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "match/value_impl.h"

static void names_table(void **state)
{
    UNUSED(state);
    static const struct {
        const char *raw, *name, *suffix;
    } cases[] = {
        {"Garcia", "GARCIA", ""}, {"  o'Brien ", "OBRIEN", ""},
        {"O\xe2\x80\x99"
         "Brien",
            "OBRIEN", ""},
        {"Garc\xc3\xad"
         "a-L\xc3\xb3pez",
            "GARCIA LOPEZ", ""},
        {"Smith Jr.", "SMITH", "JR"}, {"SMITH III", "SMITH", "III"}, {"Smith, Sr", "SMITH", "SR"},
        {"V", "V", ""}, /* a name of its own is no suffix */
        {"Iv", "IV", ""}, {"M\xc3\xbcller", "MULLER", ""},
        {"Stra\xc3\x9f"
         "er",
            "STRASSER", ""},
        {"S\xc3\xb8rensen", "SORENSEN", ""}, {"De  La   Cruz", "DE LA CRUZ", ""}, {"", "", ""}, {"--", "", ""},
        {"\xff\xfe", "", ""}, /* not UTF-8: missing */
    };
    Buf name, suffix;
    buf_init(&name, 0);
    buf_init(&suffix, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(standard_name(slice_of(cases[i].raw), &name, &suffix, NULL), OK);
        assert_string_equal(buf_z(&name), cases[i].name);
        assert_string_equal(buf_z(&suffix), cases[i].suffix);
    }
    buf_free(&name);
    buf_free(&suffix);
}

static void ssn_table(void **state)
{
    UNUSED(state);
    static const struct {
        const char *raw, *ssn;
    } cases[] = {
        {"521-43-9876", "521439876"},
        {"521439876", "521439876"},
        {"521 43 9876", "521439876"},
        {"000439876", ""},
        {"666439876", ""},
        {"900439876", ""},
        {"521009876", ""},
        {"521430000", ""},
        {"111111111", ""},
        {"078051120", ""},
        {"123456789", ""},
        {"52143987", ""},
        {"5214398765", ""},
        {"52143987A", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[10];
        assert_int_equal(standard_ssn(slice_of(cases[i].raw), out, NULL), OK);
        assert_string_equal(out, cases[i].ssn);
    }
}

static void values_table(void **state)
{
    UNUSED(state);
    static const struct {
        FieldKind kind;
        const char *raw, *standard;
    } cases[] = {
        {FIELD_FIRST_NAME, "  Mary-Ann ", "MARY ANN"},
        {FIELD_FIRST_NAME, "Fnu", ""},
        {FIELD_FIRST_NAME, "n/a", ""},
        {FIELD_LAST_NAME, "Null", "NULL"}, /* a surname of people */
        {FIELD_LAST_NAME, "O'Neil III", "ONEIL"},
        {FIELD_MIDDLE_NAME, "J.", "J"},
        {FIELD_SUFFIX, "Junior", "JR"},
        {FIELD_SUFFIX, "3rd", "III"},
        {FIELD_DATE, "1998-03-07", "1998-03-07"},
        {FIELD_DATE, "1998/3/7", "1998-03-07"},
        {FIELD_DATE, "19980307", "1998-03-07"},
        {FIELD_DATE, "03/07/1998", "1998-03-07"},
        {FIELD_DATE, "3/7/1998", "1998-03-07"},
        {FIELD_DATE, "25/12/1998", "1998-12-25"}, /* no month 25 */
        {FIELD_DATE, "7.3.1998", "1998-03-07"},
        {FIELD_DATE, "03071998", "1998-03-07"},
        {FIELD_DATE, "3071998", "1998-03-07"},
        {FIELD_DATE, "7 March 1998", "1998-03-07"},
        {FIELD_DATE, "Mar 7th, 1998", "1998-03-07"},
        {FIELD_DATE, "1998-03-07T00:00:00Z", "1998-03-07"},
        {FIELD_DATE, "1998-03-07 00:00:00", "1998-03-07"},
        {FIELD_DATE, "19980307T000000", "1998-03-07"},
        {FIELD_DATE, "1998", "1998-00-00"},
        {FIELD_DATE, "1998-03", "1998-03-00"},
        {FIELD_DATE, "199803", "1998-03-00"},
        {FIELD_DATE, "03/1998", "1998-03-00"},
        {FIELD_DATE, "0000-03-07", "0000-03-07"},
        {FIELD_DATE, "3/7/98", "0000-03-07"},     /* which century? */
        {FIELD_DATE, "1998-13-07", "1998-13-07"}, /* digits are compared, the month is not known */
        {FIELD_DATE, "19981307", "1998-13-07"},
        {FIELD_DATE, "1900-01-01", ""},
        {FIELD_DATE, "9999-12-31", ""},
        {FIELD_DATE, "00/00/0000", ""},
        {FIELD_DATE, "soon", ""},
        {FIELD_DATE, "1998-03-077777777777", ""},
        {FIELD_SSN, "521-43-9876", "521439876"},
        {FIELD_SSN, "XXX-XX-9876", "9876"},
        {FIELD_SSN, "9876", "9876"},
        {FIELD_SSN, "0000", ""},
        {FIELD_SSN, "521-43-98", ""},
        {FIELD_IDENTIFIER, " ab-12 34/c", "AB1234C"},
        {FIELD_IDENTIFIER, "0000000", ""},
        {FIELD_IDENTIFIER, "99999", ""},
        {FIELD_IDENTIFIER, "9", "9"},
        {FIELD_ADDRESS, "123 North Main Street, Apt. 4B", "123 N MAIN ST #4B"},
        {FIELD_ADDRESS, "123 N. Main St # 4B", "123 N MAIN ST #4B"},
        {FIELD_ADDRESS, "123 N Main St #4b", "123 N MAIN ST #4B"},
        {FIELD_ADDRESS, "Unit 5 7 Elm Avenue", "7 ELM AVE #5"},
        {FIELD_ADDRESS, "P.O. Box 17", "PO BOX 17"},
        {FIELD_ADDRESS, "P O Box 17", "PO BOX 17"},
        {FIELD_ADDRESS, "#", ""},
        {FIELD_ADDRESS, "1200 First Boulevard Apt", "1200 1ST BLVD APT"},
        {FIELD_CITY, "Ca\xc3\xb1on City", "CANON CITY"},
        {FIELD_POSTAL_CODE, "80204", "80204"},
        {FIELD_POSTAL_CODE, "80204-1234", "80204-1234"},
        {FIELD_POSTAL_CODE, "802041234", "80204-1234"},
        {FIELD_POSTAL_CODE, "80204-0000", "80204"},
        {FIELD_POSTAL_CODE, "2139-1234", "02139-1234"},
        {FIELD_POSTAL_CODE, "sw1a 1aa", "SW1A1AA"},
        {FIELD_POSTAL_CODE, "2119", "2119"},
        {FIELD_POSTAL_CODE, "00000", ""},
        {FIELD_POSTAL_CODE, "-", ""},
        {FIELD_PHONE, "+1 (303) 555-0123 ext. 4", "3035550123"},
        {FIELD_PHONE, "555-0123", "5550123"},
        {FIELD_PHONE, "12345", ""},
        {FIELD_PHONE, "9999999999", ""},
        {FIELD_EMAIL, " Bob@Example.ORG ", "bob@example.org"},
        {FIELD_EMAIL, "bob", ""},
        {FIELD_EMAIL, "bob.smithexample.org", "bob.smithexample.org"}, /* the @ got lost */
        {FIELD_EMAIL, "@example.org", ""},
        {FIELD_SEX, "female", "F"},
        {FIELD_SEX, "1", "M"},
        {FIELD_SEX, "Non-binary", "X"},
        {FIELD_SEX, "U", ""},
        {FIELD_CODE, " ab c\t1 ", "AB C 1"},
        {FIELD_CODE, "N/A", ""},
        {FIELD_TEXT, "Caf\xc3\xa9 -- Bar!", "CAFE BAR"},
        {FIELD_NUMBER, "+0012.50", "12.5"},
        {FIELD_NUMBER, "-0", "0"},
        {FIELD_NUMBER, "-7", "-7"},
        {FIELD_NUMBER, "$1,234.00", "1234"},
        {FIELD_NUMBER, ".5", "0.5"},
        {FIELD_NUMBER, "1e5", ""},
        {FIELD_NUMBER, "100", "100"},
        {FIELD_NUMBER, ".", ""},
        {FIELD_NUMBER, "0.0", "0"},
    };
    Buf out;
    buf_init(&out, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(standard_value(cases[i].kind, slice_of(cases[i].raw), &out, NULL), OK);
        if (strcmp(buf_z(&out), cases[i].standard) != 0)
            fail_msg("%s '%s' became '%s', not '%s'", field_kind_name(cases[i].kind), cases[i].raw, buf_z(&out),
                cases[i].standard);
        /* What is standard stays as it is. */
        char once[300];
        memcpy(once, buf_z(&out), out.len + 1);
        assert_int_equal(standard_value(cases[i].kind, slice_of(once), &out, NULL), OK);
        assert_string_equal(buf_z(&out), once);
    }
    buf_free(&out);
}

static void check_absurd(FieldKind kind, Slice raw, Buf *out)
{
    assert_int_equal(standard_value(kind, raw, out, NULL), OK);
    assert_true(out->len <= STANDARD_MAX);
    for (size_t i = 0; i < out->len; i++)
        assert_true((unsigned char)out->ptr[i] >= ' ');
    if (kind != FIELD_CODE && kind != FIELD_EMAIL)
        assert_true(slice_is_utf8(buf_slice(out), NULL));
}

static void absurd_values(void **state)
{
    UNUSED(state);
    enum { SIZE = 1 << 20 };
    static const char *const units[] = {"A", "7", " ", "\xc3\xa9", "\xef\xb7\xba", "\xff", "#1 ", "1,", "-", "a@",
        "\xe4\xb8\xad", "1/", "\x01", "J R "};
    char *big = NULL;
    Buf out;
    buf_init(&out, 0);
    assert_int_equal(mem_alloc(SIZE, (void **)&big, NULL), OK);
    for (int kind = 0; kind < FIELD_KIND_COUNT; kind++) {
        for (size_t u = 0; u < COUNT_OF(units); u++) {
            size_t n = strlen(units[u]);
            for (size_t i = 0; i < SIZE; i++)
                big[i] = units[u][i % n];
            check_absurd((FieldKind)kind, (Slice){big, SIZE}, &out);
        }
        check_absurd((FieldKind)kind, (Slice){"a\0b\0", 4}, &out);
        check_absurd((FieldKind)kind, (Slice){NULL, 0}, &out);
        assert_int_equal(out.len, 0);
    }
    mem_free(big);
    buf_free(&out);
}

/* Random bytes from an alphabet that reaches the branches; mostly for the sanitizers. */
static void random_values(void **state)
{
    UNUSED(state);
    static const char letters[] = "AbZ019 -/.,#'@\xc3\xa9\xe2\x80\x99\0tX*JRSFNU";
    Rng r;
    rng_init(&r, 3, 1);
    Buf out;
    buf_init(&out, 0);
    for (int i = 0; i < 100000; i++) {
        char raw[40];
        size_t n = rng_below(&r, sizeof raw);
        for (size_t k = 0; k < n; k++)
            raw[k] = letters[rng_below(&r, sizeof letters)];
        check_absurd((FieldKind)rng_below(&r, FIELD_KIND_COUNT), (Slice){raw, n}, &out);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_table),
        cmocka_unit_test(ssn_table),
        cmocka_unit_test(values_table),
        cmocka_unit_test(absurd_values),
        cmocka_unit_test(random_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
