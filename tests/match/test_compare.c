/*
 * Levels of every kind of field, and patterns of records: tables of what must come
 * out, and the properties that hold for any two values: the order of the two plays
 * no part, and the fast way says what the slow one says. All of it by each path of
 * the kernels that this machine has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "match/quick.h"

static const char NICKNAMES[] = "nickname,formal\nBILL,WILLIAM\nBOB,ROBERT\nCHRIS,CHRISTINA\nCHRIS,CHRISTOPHER\n"
                                "LIZ,ELIZABETH\nLIZZIE,ELIZABETH\nROB,ROBERT\n";

/* One field of one column. */
static void config_init(MatchConfig *c, FieldKind kind)
{
    match_config_init(c);
    c->columns[0] = SLICE("v");
    c->column_count = 1;
    c->fields[0] = (FieldSpec){.name = SLICE("v"), .kind = kind, .column_count = 1, .swap_with = MATCH_NONE};
    c->field_count = 1;
    c->sources[0] = (SourceSpec){.name = SLICE("s"), .dedupe = true};
    c->source_count = 1;
    c->nickname_csv = NICKNAMES;
}

/* Records in the order of the rows, whatever their numbers: record[i] is row i's. */
static MatchTable *table_of(const MatchConfig *c, const Slice *cells, size_t rows, uint32_t *record)
{
    MatchTable *t = NULL;
    Error err = ERROR_INIT;
    if (match_table_new(c, &t, &err) != OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < rows; i++) {
        char id[24];
        snprintf(id, sizeof id, "%zu", i);
        assert_int_equal(match_table_add(t, 0, slice_of(id), cells + i * c->column_count, &err), OK);
    }
    assert_int_equal(match_table_seal(t, 1, &err), OK);
    for (uint32_t r = 0; r < rows; r++)
        record[match_record_added(t, r)] = r;
    return t;
}

static Slice level_between(const MatchConfig *c, const char *left, const char *right)
{
    Slice cells[2] = {slice_of(left), slice_of(right)};
    uint32_t record[2];
    Comparer *cmp = NULL;
    MatchTable *t = table_of(c, cells, 2, record);
    assert_int_equal(comparer_new(t, &cmp, NULL), OK);
    uint64_t there = compare_pair(cmp, record[0], record[1]), back = compare_pair(cmp, record[1], record[0]);
    assert_int_equal(there, back);
    comparer_free(cmp);
    match_table_free(t);
    return field_level_name(&c->fields[0], pattern_level(there, 0));
}

static void levels_of_kinds(void **state)
{
    UNUSED(state);
    static const struct {
        FieldKind kind;
        const char *left, *right, *level;
    } cases[] = {
        {FIELD_FIRST_NAME, "Anna", "", "missing"},
        {FIELD_FIRST_NAME, "", "", "missing"},
        {FIELD_FIRST_NAME, "Anna", "ANNA", "exact"},
        {FIELD_FIRST_NAME, "Bob", "Robert", "nickname"},
        {FIELD_FIRST_NAME, "Bob", "Rob", "nickname"}, /* of one formal name */
        {FIELD_FIRST_NAME, "Chris", "Christina", "nickname"},
        {FIELD_FIRST_NAME, "Bob James", "Robert", "nickname"},
        {FIELD_FIRST_NAME, "Mary Ann", "Mary", "part"},
        {FIELD_FIRST_NAME, "Mary Ann", "Maryann", "one_edit"},
        {FIELD_FIRST_NAME, "Jonh", "John", "one_edit"}, /* neighbours exchanged */
        {FIELD_FIRST_NAME, "Marta", "Martha", "one_edit"},
        {FIELD_FIRST_NAME, "Christophe", "Christop", "truncated"},
        {FIELD_FIRST_NAME, "Al", "Alexander", "loose"}, /* two letters are not a name cut off */
        {FIELD_FIRST_NAME, "Alexandria", "Alexandros", "close"},
        {FIELD_FIRST_NAME, "Dwayne", "Duane", "loose"},
        {FIELD_FIRST_NAME, "Katherine", "Catharine", "sound"},
        {FIELD_FIRST_NAME, "J", "John", "initial"},
        {FIELD_FIRST_NAME, "J", "K", "differs"},
        {FIELD_FIRST_NAME, "Anna", "Bruno", "differs"},
        {FIELD_MIDDLE_NAME, "J", "James", "initial"},
        {FIELD_MIDDLE_NAME, "Lee", "Leigh", "differs"},
        {FIELD_LAST_NAME, "Garcia-Lopez", "GarciaLopez", "joined"},
        {FIELD_LAST_NAME, "Garcia-Lopez", "Lopez", "part"},
        {FIELD_LAST_NAME, "Van der Berg", "Berg", "part"},
        {FIELD_LAST_NAME, "De La Cruz", "De La Torre", "differs"}, /* particles are no part */
        {FIELD_LAST_NAME, "Smith", "Smyth", "one_edit"},
        {FIELD_LAST_NAME, "Featherstonehaugh", "Feathersto", "truncated"},
        {FIELD_LAST_NAME, "Lee", "Lea", "loose"},
        {FIELD_LAST_NAME, "Bob", "Robert", "differs"}, /* as surnames they are no nicknames */
        {FIELD_LAST_NAME, "\xe4\xb8\xad\xe5\x9b\xbd", "\xe6\x97\xa5\xe6\x9c\xac", "differs"},
        {FIELD_SUFFIX, "Jr.", "JUNIOR", "exact"},
        {FIELD_SUFFIX, "Jr.", "Sr.", "differs"},
        {FIELD_DATE, "1998-03-07", "03/07/1998", "exact"},
        {FIELD_DATE, "1998-03-07", "1998-03", "partial"},
        {FIELD_DATE, "1998-03-07", "1998", "partial_year"},
        {FIELD_DATE, "1998-03", "1998-00-07", "partial_year"},
        {FIELD_DATE, "0000-03-07", "1998-03-07", "partial"},
        {FIELD_DATE, "0000-03-07", "1998-03-00", "missing"}, /* only the month is known to both */
        {FIELD_DATE, "0000-03-07", "1998", "missing"},
        {FIELD_DATE, "1998-03-00", "1975-03-07", "differs"},
        {FIELD_DATE, "1998-03-00", "1998-11-07", "year"},
        {FIELD_DATE, "1998-03-07", "1998-07-03", "day_month"},
        {FIELD_DATE, "1998-13-07", "1998-07-13", "day_month"},
        {FIELD_DATE, "1998-03-07", "1998-03-08", "one_digit"},
        {FIELD_DATE, "1998-03-07", "1988-03-07", "one_digit"},
        {FIELD_DATE, "1998-13-07", "1998-03-07", "one_digit"},
        {FIELD_DATE, "1998-03-12", "1998-03-21", "transposed"},
        {FIELD_DATE, "1989-03-12", "1998-03-12", "transposed"},
        {FIELD_DATE, "1998-03-28", "1998-04-02", "near"},
        {FIELD_DATE, "1998-12-31", "1999-01-05", "near"},
        {FIELD_DATE, "1998-03-01", "1998-03-28", "near"},
        {FIELD_DATE, "1998-03-17", "1998-12-17", "year_part"},
        {FIELD_DATE, "1998-03-17", "1975-03-17", "month_day"},
        {FIELD_DATE, "1998-03-17", "1998-11-28", "year"},
        {FIELD_DATE, "1998-03-17", "1975-11-28", "differs"},
        {FIELD_SSN, "521-43-9876", "521439876", "exact"},
        {FIELD_SSN, "521-43-9876", "512-43-9876", "transposed"},
        {FIELD_SSN, "521-43-9876", "521-43-9976", "one_digit"},
        {FIELD_SSN, "521-43-9876", "9876", "last_four"},
        {FIELD_SSN, "521-43-9876", "9875", "differs"},
        {FIELD_SSN, "521-43-9876", "000-00-0000", "missing"},
        {FIELD_IDENTIFIER, "AB-1234", "ab1234", "exact"},
        {FIELD_IDENTIFIER, "AB1234", "AB1243", "transposed"},
        {FIELD_IDENTIFIER, "AB1234", "AB12345", "one_edit"},
        {FIELD_IDENTIFIER, "A12", "A13", "differs"},
        {FIELD_ADDRESS, "12 Main Street", "12 MAIN ST", "exact"},
        {FIELD_ADDRESS, "12 Main Street Apt 3", "12 MAIN ST", "building"},
        {FIELD_ADDRESS, "12 Main Street Apt 3", "12 Main St #4", "building"},
        {FIELD_ADDRESS, "12 Main Street", "12 Mian Street", "similar_street"},
        {FIELD_ADDRESS, "12 Main Street", "21 Main Street", "number_edit"},
        {FIELD_ADDRESS, "12 Main Street", "345 Main Street", "street"},
        {FIELD_ADDRESS, "12 Main Street", "12 Oak Avenue", "differs"},
        {FIELD_ADDRESS, "PO Box 12", "PO Box 345", "differs"},
        {FIELD_ADDRESS, "PO Box 12", "PO Box 13", "number_edit"},
        {FIELD_CITY, "Denver", "Dever", "one_edit"},
        {FIELD_CITY, "Colorado Springs", "Colorado Spgs", "close"},
        {FIELD_CITY, "Colorado Springs", "Colorado", "truncated"},
        {FIELD_CITY, "Denver", "Aurora", "differs"},
        {FIELD_POSTAL_CODE, "80204-1234", "80204", "five_digits"},
        {FIELD_POSTAL_CODE, "80204", "80240", "transposed"},
        {FIELD_POSTAL_CODE, "80204", "81204", "one_edit"},
        {FIELD_POSTAL_CODE, "80204", "80231", "area"},
        {FIELD_POSTAL_CODE, "80204", "10013", "differs"},
        {FIELD_PHONE, "(303) 555-0123", "1-303-555-0123", "exact"},
        {FIELD_PHONE, "(303) 555-0123", "555-0123", "local"},
        {FIELD_PHONE, "(303) 555-0123", "(303) 555-0132", "transposed"},
        {FIELD_PHONE, "(303) 555-0123", "(303) 555-0124", "one_edit"},
        {FIELD_PHONE, "(303) 555-0123", "(720) 777-9876", "differs"},
        {FIELD_EMAIL, "bob@example.org", "bob@exmple.org", "one_edit"},
        {FIELD_EMAIL, "bob.smith@example.org", "bob.smith@mail.net", "local"},
        {FIELD_EMAIL, "bob.smith@example.org", "bob.smith7@mail.net", "local_similar"},
        {FIELD_EMAIL, "bob.smith@example.org", "bob.smithexample.org", "one_edit"},
        {FIELD_EMAIL, "bob.smith@example.org", "bob.jones7@mail.net",
            "differs"}, /* the first name is compared already */
        {FIELD_EMAIL, "bob.smith@example.org", "anna@example.org", "differs"},
        {FIELD_SEX, "F", "Female", "exact"},
        {FIELD_SEX, "F", "M", "differs"},
        {FIELD_CODE, "a1", "A1", "exact"},
        {FIELD_CODE, "a1", "a2", "differs"},
        {FIELD_TEXT, "alpha beta", "beta alpha", "words"},
        {FIELD_TEXT, "alpha beta", "alpha bets", "one_edit"},
        {FIELD_TEXT, "alpha beta", "gamma", "differs"},
        {FIELD_NUMBER, "12", "12.0", "exact"},
        {FIELD_NUMBER, "12", "11", "off_by_one"},
        {FIELD_NUMBER, "12", "16", "near"},
        {FIELD_NUMBER, "12", "-12", "differs"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        MatchConfig c;
        config_init(&c, cases[i].kind);
        Slice level = level_between(&c, cases[i].left, cases[i].right);
        if (!slice_eq_z(level, cases[i].level))
            fail_msg("%s '%s' '%s': %.*s, not %s", field_kind_name(cases[i].kind), cases[i].left, cases[i].right,
                SLICE_ARG(level), cases[i].level);
    }
}

/* Every kind: names differ, the last level is disagreement, priors are shares. */
static void levels_are_whole(void **state)
{
    UNUSED(state);
    for (int kind = 0; kind < FIELD_KIND_COUNT; kind++)
        for (uint32_t variant = 0; variant < 4; variant++) {
            FieldSpec f = {.name = SLICE("v"),
                .kind = (FieldKind)kind,
                .column_count = variant & 1 ? 2 : 1,
                .swap_with = variant & 2 ? 1 : MATCH_NONE};
            uint32_t n = field_level_count(&f);
            double match[MATCH_LEVELS_MAX], stranger[MATCH_LEVELS_MAX], sums[2] = {0, 0};
            assert_in_range(n, 3, MATCH_LEVELS_MAX);
            field_level_prior(&f, match, stranger);
            for (uint32_t level = 0; level < n; level++)
                for (uint32_t other = 0; other < level; other++)
                    assert_false(slice_eq(field_level_name(&f, level), field_level_name(&f, other)));
            for (uint32_t i = 0; i + 1 < n; i++) {
                assert_true(match[i] > 0 && stranger[i] > 0);
                sums[0] += match[i];
                sums[1] += stranger[i];
            }
            assert_true(sums[0] > 1 - 1e-9 && sums[0] < 1 + 1e-9 && sums[1] > 1 - 1e-9 && sums[1] < 1 + 1e-9);
            assert_true(match[0] > stranger[0] && match[n - 2] < stranger[n - 2]);
            assert_true(slice_eq_z(field_level_name(&f, n - 1), "differs"));
            assert_true(field_level_exact(&f, 1));
            assert_false(field_level_exact(&f, 0) || field_level_exact(&f, n - 1));
        }
}

/* --- records of several fields -------------------------------------------------------------------------------- */

enum { FIRST, LAST, FORMER, BIRTH, SEX, PEOPLE_COLUMNS };

static void people_init(MatchConfig *c)
{
    config_init(c, FIELD_FIRST_NAME);
    static const char *const names[] = {"first", "last", "former", "birth", "sex"};
    for (uint32_t i = 0; i < PEOPLE_COLUMNS; i++)
        c->columns[i] = slice_of(names[i]);
    c->column_count = PEOPLE_COLUMNS;
    c->fields[0].name = SLICE("first");
    c->fields[0].swap_with = 1;
    c->fields[1] = (FieldSpec){.name = SLICE("last"),
        .kind = FIELD_LAST_NAME,
        .columns = {LAST, FORMER},
        .column_count = 2,
        .swap_with = MATCH_NONE};
    c->fields[2] = (FieldSpec){
        .name = SLICE("birth"), .kind = FIELD_DATE, .columns = {BIRTH}, .column_count = 1, .swap_with = MATCH_NONE};
    c->fields[3] = (FieldSpec){
        .name = SLICE("sex"), .kind = FIELD_SEX, .columns = {SEX}, .column_count = 1, .swap_with = MATCH_NONE};
    c->field_count = 4;
}

static void patterns_of_people(void **state)
{
    UNUSED(state);
    static const struct {
        const char *left[PEOPLE_COLUMNS], *right[PEOPLE_COLUMNS], *levels[4], *agreed;
    } cases[] = {
        {{"Anna", "Smith", "", "1998-03-07", "F"}, {"Anna", "Smith", "", "1998-03-07", "M"},
            {"exact", "exact", "exact", "differs"}, "SMITH"},
        {{"Susan", "Ortiz", "Kelly", "", ""}, {"Susan", "Kelly", "", "", ""}, {"exact", "alias", "missing", "missing"},
            "KELLY"},
        {{"Susan", "Ortiz", "Kelly", "", ""}, {"Susan", "Baker", "Kelly", "", ""},
            {"exact", "alias", "missing", "missing"}, "KELLY"},
        {{"Susan", "Ortiz", "Kelly", "", ""}, {"Susan", "Kelley", "", "", ""},
            {"exact", "one_edit", "missing", "missing"}, ""},
        {{"Susan", "Ortiz", "", "", ""}, {"Susan", "", "Ortiz", "", ""}, {"exact", "alias", "missing", "missing"},
            "ORTIZ"},
        {{"Taylor", "Jordan", "", "", "F"}, {"Jordan", "Taylor", "", "", "F"},
            {"swapped", "missing", "missing", "exact"}, ""},
        {{"Taylor", "Jordan", "", "", ""}, {"Jordan", "Tayler", "", "", ""},
            {"swapped", "missing", "missing", "missing"}, ""},
        {{"Eva", "Armstorong", "", "", ""}, {"Armstrong", "Eva", "", "", ""},
            {"swapped", "missing", "missing", "missing"}, ""},
        {{"Taylor", "Jordan", "", "", ""}, {"Jordan", "Smith", "", "", ""},
            {"differs", "differs", "missing", "missing"}, ""},
        {{"Taylor", "Taylor", "", "", ""}, {"Taylor", "Taylor", "", "", ""}, {"exact", "exact", "missing", "missing"},
            "TAYLOR"},
        {{"Taylor", "", "", "", ""}, {"", "Taylor", "", "", ""}, {"missing", "missing", "missing", "missing"}, ""},
    };
    MatchConfig c;
    people_init(&c);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Slice cells[2 * PEOPLE_COLUMNS];
        uint32_t record[2];
        Comparer *cmp = NULL;
        for (size_t k = 0; k < PEOPLE_COLUMNS; k++) {
            cells[k] = slice_of(cases[i].left[k]);
            cells[PEOPLE_COLUMNS + k] = slice_of(cases[i].right[k]);
        }
        MatchTable *t = table_of(&c, cells, 2, record);
        assert_int_equal(comparer_new(t, &cmp, NULL), OK);
        uint64_t pattern = compare_pair(cmp, record[0], record[1]);
        assert_int_equal(pattern, compare_pair(cmp, record[1], record[0]));
        for (uint32_t f = 0; f < 4; f++) {
            Slice level = field_level_name(&c.fields[f], pattern_level(pattern, f));
            if (!slice_eq_z(level, cases[i].levels[f]))
                fail_msg("case %zu, field %" PRIu32 ": %.*s, not %s", i, f, SLICE_ARG(level), cases[i].levels[f]);
        }
        uint32_t value = compare_agreed(t, record[0], record[1], 1);
        assert_true(slice_eq_z(dict_text(t->dict[LAST], value), cases[i].agreed));
        assert_int_equal(value != 0, field_level_exact(&c.fields[1], pattern_level(pattern, 1)));
        comparer_free(cmp);
        match_table_free(t);
    }
}

static const char *draw(Rng *r, const char *const *list, size_t n)
{
    return list[rng_below(r, n)];
}

/* Records of few values, so that every path is taken many times. */
static void fill_people(Slice *cells, size_t rows)
{
    static const char *const names[] = {"", "ANNA", "HANNAH", "BOB", "ROBERT", "MARY ANN", "MARY", "J", "JOHN", "JONH",
        "SMITH", "SMYTH", "GARCIA LOPEZ", "LOPEZ", "GARCIALOPEZ", "DE LA CRUZ", "CHRISTOPHER", "CHRISTOPH"};
    static const char *const dates[] = {
        "", "1998-03-07", "1998-07-03", "1998", "1999-03-07", "1998-13-07", "1975-11-28", "0000-03-07", "1998-03-08"};
    static const char *const sexes[] = {"", "F", "M"};
    Rng r;
    rng_init(&r, 21, 4);
    for (size_t i = 0; i < rows; i++, cells += PEOPLE_COLUMNS) {
        cells[FIRST] = slice_of(draw(&r, names, COUNT_OF(names)));
        cells[LAST] = slice_of(draw(&r, names, COUNT_OF(names)));
        cells[FORMER] = slice_of(rng_below(&r, 3) ? "" : draw(&r, names, COUNT_OF(names)));
        cells[BIRTH] = slice_of(draw(&r, dates, COUNT_OF(dates)));
        cells[SEX] = slice_of(draw(&r, sexes, COUNT_OF(sexes)));
    }
}

/* Of a tile whose patterns are known: all its records, most of them, and some, as batches pick them. */
static void check_tile(Comparer *cmp, const PairTile *tile, uint32_t a, const uint64_t *patterns)
{
    static const uint32_t one_in[] = {1, 10, 0}; /* 1: none is left out, 10: one in ten, 0: nine in ten */
    uint32_t others[64], places[64];
    uint64_t found[64];
    for (size_t k = 0; k < COUNT_OF(one_in); k++) {
        size_t n = 0;
        for (uint32_t i = a; i < tile->count && n < COUNT_OF(others); i++) {
            bool leave_out = one_in[k] == 10 ? i % 10 == 3 : one_in[k] == 0 && i % 10 != 3;
            if (leave_out)
                continue;
            others[n] = tile->members[i];
            places[n++] = i;
        }
        PairBatch batch = {.a = a, .tile = *tile};
        if (n == 0)
            continue;
        assert_int_equal(compare_batch(cmp, &batch, others, places, n, found, NULL), OK);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(found[i], patterns[places[i]]);
    }
}

static void many_as_one_by_one(void **state)
{
    UNUSED(state);
    enum { N = 700 };
    MatchConfig c;
    people_init(&c);
    Slice *cells = NULL;
    uint32_t *record = NULL;
    uint64_t *patterns = NULL;
    Comparer *cmp = NULL, *fresh = NULL;
    assert_int_equal(mem_alloc(N * PEOPLE_COLUMNS * sizeof *cells, (void **)&cells, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *record, (void **)&record, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *patterns, (void **)&patterns, NULL), OK);
    fill_people(cells, N);
    MatchTable *t = table_of(&c, cells, N, record);
    assert_int_equal(comparer_new(t, &cmp, NULL), OK);
    assert_int_equal(comparer_new(t, &fresh, NULL), OK);
    uint32_t seen[4] = {0}; /* of each field: levels that occurred */
    PairTile tile = {.members = record, .count = N, .number = 1};
    for (uint32_t a = 0; a < N; a++) {
        compare_many(cmp, a, record, N, patterns);
        for (uint32_t i = 0; i < N; i++) {
            assert_int_equal(patterns[i], compare_pair(fresh, record[i], a));
            for (uint32_t f = 0; f < 4; f++)
                seen[f] |= 1u << pattern_level(patterns[i], f);
        }
        check_tile(cmp, &tile, a, patterns);
        tile.number += a % 50 == 0; /* loaded anew now and then */
    }
    assert_true(__builtin_popcount(seen[0]) >= 10 && __builtin_popcount(seen[1]) >= 9);
    assert_true(__builtin_popcount(seen[2]) >= 7 && seen[3] == 7);
    comparer_free(cmp);
    comparer_free(fresh);
    match_table_free(t);
    mem_free(cells);
    mem_free(record);
    mem_free(patterns);
}

/* How many pairs of names there were: the second with known letters, without, and told apart as double names. */
typedef struct NamesSeen {
    size_t known, unknown, doubles;
} NamesSeen;

/* Stretches, single pairs and the shortcut of double names say of all pairs what the texts say. */
static NamesSeen check_names(FieldKind kind, const Slice *cells, size_t n)
{
    enum { MOST = 400 };
    static uint32_t record[MOST];
    static uint64_t patterns[MOST];
    MatchConfig c;
    Comparer *cmp = NULL;
    NamesSeen seen = {0};
    assert_true(n <= MOST);
    config_init(&c, kind);
    MatchTable *t = table_of(&c, cells, n, record);
    const Dict *d = t->dict[0];
    assert_int_equal(comparer_new(t, &cmp, NULL), OK);
    for (uint32_t a = 0; a < n; a++) {
        compare_many(cmp, a, record, n, patterns);
        for (size_t i = 0; i < n; i++) {
            uint32_t x = record_cells(t, a)[0], y = record_cells(t, record[i])[0];
            LevelId level = x == 0 || y == 0 ? LV_MISSING : x == y ? LV_EXACT : level_of(kind, d, x, y);
            uint32_t expected = level == LV_MISSING ? 0 : field_level_number(&c.fields[0], level);
            if (pattern_level(patterns[i], 0) != expected)
                fail_msg("%s '%.*s' '%.*s': %u, not %u", field_kind_name(kind), SLICE_ARG(dict_text(d, x)),
                    SLICE_ARG(dict_text(d, y)), pattern_level(patterns[i], 0), expected);
            assert_int_equal(compare_pair(cmp, record[i], a), patterns[i]);
            const NameInfo *mine = &d->names.at[x], *his = &d->names.at[y];
            bool odd = x && y && x != y && ((mine->flags | his->flags) & NAME_ODD);
            bool told = odd && quick_double_differs(kind, d, mine, his);
            assert_true(!told || level == LV_DIFFERS);
            *(d->letters.at[y].at[0] == NAME_LETTERS_NONE ? &seen.unknown : &seen.known) += 1;
            seen.doubles += told;
        }
    }
    comparer_free(cmp);
    match_table_free(t);
    return seen;
}

/* Names of every length about the 16 letters of a name that is told by its letters, and the 30 of one that is judged by
 * their set; of letters A to Z, of others, and of several words. Stretches say of them what the texts say. */
static void long_and_odd_names_of(FieldKind kind)
{
    enum { N = 300, LENGTH_MAX = 40 };
    static const char *const letters[] = {"A", "B", "C", "D", "E", "R", "\xc3\x98", "\xd0\x96", "7"};
    static char words[N][2 * LENGTH_MAX + 1];
    static Slice cells[N];
    Rng r;
    rng_init(&r, 41, kind);
    for (size_t i = 0; i < N; i++) {
        Buf name;
        buf_init(&name, 0);
        size_t n = 1 + rng_below(&r, i % 3 ? 20 : LENGTH_MAX), known = i % 4 == 0 ? COUNT_OF(letters) : 6;
        for (size_t k = 0; k < n; k++)
            buf_adds(&name, i % 20 == 0 && k == n / 2 ? " " : letters[rng_below(&r, known)]);
        if (i % 3 == 1) { /* the one before, with a letter cut off or added */
            buf_reset(&name);
            buf_add(&name, slice_sub(cells[i - 1], 0, cells[i - 1].len - (cells[i - 1].len > 4 && i % 2)));
            buf_adds(&name, i % 2 ? "" : "A");
        }
        assert_true(name.len < sizeof words[i]);
        memcpy(words[i], name.ptr, name.len);
        cells[i] = (Slice){words[i], name.len};
        buf_free(&name);
    }
    NamesSeen seen = check_names(kind, cells, N);
    assert_true(seen.known > N * N / 4 && seen.unknown > N * N / 4);
}

static void long_and_odd_names(void **state)
{
    UNUSED(state);
    long_and_odd_names_of(FIELD_FIRST_NAME);
    long_and_odd_names_of(FIELD_MIDDLE_NAME);
    long_and_odd_names_of(FIELD_LAST_NAME);
}

/* Double names, some led by a particle, some with a word in common or one letter apart, beside names of one word and
 * single letters: what is told without the texts is what they say. */
static void double_names_of(FieldKind kind)
{
    enum { N = 400 };
    static const char *const words[] = {"GARCIA", "GARZIA", "LOPEZ", "MARY", "ANN", "BOB", "ROBERT", "DE", "LA", "VAN",
        "CRUZ", "TORRE", "O", "SMITH", "SMYTHE", "AL", "FEATHERSTONEHAUGH", "\xc3\x98STBY", "JO"};
    static char texts[N][80];
    static Slice cells[N];
    Rng r;
    rng_init(&r, 77, kind);
    for (size_t i = 0; i < N; i++) {
        size_t n = i % 5 == 0 ? 1 : 2 + rng_below(&r, 2), len = 0;
        for (size_t k = 0; k < n; k++)
            len += (size_t)snprintf(
                texts[i] + len, sizeof texts[i] - len, "%s%s", k ? " " : "", words[rng_below(&r, COUNT_OF(words))]);
        cells[i] = (Slice){texts[i], len};
    }
    assert_true(check_names(kind, cells, N).doubles > N * N / 10);
}

static void double_names(void **state)
{
    UNUSED(state);
    double_names_of(FIELD_FIRST_NAME);
    double_names_of(FIELD_MIDDLE_NAME);
    double_names_of(FIELD_LAST_NAME);
}

/* The memo of a field holds 32 Ki pairs; here are more, compared twice, and each against what is computed anew. And
 * where a name is said to differ, Jaro-Winkler says so too: the shortcut by letters leaves nothing out. */
static void memo_and_shortcut_of(FieldKind kind)
{
    enum { N = 600 };
    MatchConfig c;
    config_init(&c, kind);
    Slice *cells = NULL;
    uint32_t *record = NULL;
    char(*words)[20] = NULL;
    Comparer *cmp = NULL;
    assert_int_equal(mem_alloc(N * sizeof *cells, (void **)&cells, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *record, (void **)&record, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *words, (void **)&words, NULL), OK);
    Rng r;
    rng_init(&r, 33, 4);
    for (size_t i = 0; i < N; i++) {
        size_t n = 1 + rng_below(&r, i % 7 ? 9 : 19);
        for (size_t k = 0; k < n; k++)
            words[i][k] = i % 50 == 0 && k == 2 ? ' ' : (char)('A' + rng_below(&r, i % 2 ? 5 : 12));
        cells[i] = (Slice){words[i], n};
    }
    MatchTable *t = table_of(&c, cells, N, record);
    assert_int_equal(comparer_new(t, &cmp, NULL), OK);
    size_t differing = 0;
    for (int round = 0; round < 2; round++)
        for (uint32_t a = 0; a < N; a++)
            for (uint32_t b = 0; b < N; b++) {
                uint32_t x = record_cells(t, a)[0], y = record_cells(t, b)[0];
                unsigned level = pattern_level(compare_pair(cmp, a, b), 0);
                LevelId expected = x == 0 || y == 0 ? LV_MISSING : x == y ? LV_EXACT : level_of(kind, t->dict[0], x, y);
                assert_int_equal(level, expected == LV_MISSING ? 0 : field_level_number(&c.fields[0], expected));
                Slice left = dict_text(t->dict[0], x), right = dict_text(t->dict[0], y);
                if (expected != LV_DIFFERS || memchr(left.ptr, ' ', left.len) || memchr(right.ptr, ' ', right.len) ||
                    kind != FIELD_LAST_NAME)
                    continue; /* of several words, particles are left out; of others, what is a letter or middle name */
                differing++;
                assert_true(jaro_winkler(left, right) < BAND_LOOSE);
            }
    assert_true(differing > N || kind != FIELD_LAST_NAME);
    comparer_free(cmp);
    match_table_free(t);
    mem_free(cells);
    mem_free(record);
    mem_free(words);
}

static void memo_and_shortcut(void **state)
{
    UNUSED(state);
    static const FieldKind kinds[] = {FIELD_FIRST_NAME, FIELD_MIDDLE_NAME, FIELD_LAST_NAME};
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        memo_and_shortcut_of(kinds[i]);
}

/* A text near `from`, as people mistype it; digits stay digits. */
static void mistype(Rng *r, const char *from, char *to)
{
    size_t n = strlen(from);
    memcpy(to, from, n + 1);
    for (uint64_t edits = rng_below(r, 4); edits > 0 && n > 1; edits--) {
        size_t at = rng_below(r, n - 1);
        if (to[at] < '0' || to[at] > '9' || to[at + 1] < '0' || to[at + 1] > '9')
            continue;
        if (rng_below(r, 2)) {
            to[at] = (char)('0' + rng_below(r, 10));
        } else {
            char c = to[at];
            to[at] = to[at + 1];
            to[at + 1] = c;
        }
    }
}

static void draw_code(Rng *r, FieldKind kind, char out[24])
{
    uint64_t v = rng_u64(r);
    switch (kind) {
    case FIELD_DATE:
        snprintf(
            out, 24, "%04u-%02u-%02u", (unsigned)(1990 + v % 12), (unsigned)(v >> 8) % 14, (unsigned)(v >> 16) % 33);
        return;
    case FIELD_POSTAL_CODE:
        snprintf(out, 24, v & 1 ? "%05u" : v & 2 ? "%05u-1234" : "A%uB", (unsigned)(80000 + (v >> 8) % 1500));
        return;
    case FIELD_SSN:
        snprintf(out, 24, v & 1 ? "%09u" : "%04u", 1 + (unsigned)((v >> 8) % (v & 1 ? 665000000 : 9999)));
        return;
    default:
        snprintf(out, 24, v & 1 ? "%010u" : v & 2 ? "X%u" : "%u", 1000000 + (unsigned)((v >> 8) % 3000000));
    }
}

/* Where the shortcut decides, it says what the texts say; and it decides nearly always where digits are all there is.
 */
static void packed_codes(void **state)
{
    UNUSED(state);
    static const FieldKind kinds[] = {FIELD_DATE, FIELD_POSTAL_CODE, FIELD_SSN, FIELD_PHONE, FIELD_IDENTIFIER};
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        Nicknames none = {0};
        Dict *d = NULL;
        Rng r;
        size_t decided = 0, seen[LV_COUNT] = {0};
        assert_int_equal(dict_new(kinds[k], &none, &d, NULL), OK);
        rng_init(&r, 13, k);
        for (int i = 0; i < 60000; i++) {
            char left[24], right[24];
            Buf a, b;
            uint32_t x, y;
            buf_init(&a, 0);
            buf_init(&b, 0);
            draw_code(&r, kinds[k], left);
            mistype(&r, left, right);
            if (i % 3 == 0)
                draw_code(&r, kinds[k], right);
            assert_int_equal(standard_value(kinds[k], slice_of(left), &a, NULL), OK);
            assert_int_equal(standard_value(kinds[k], slice_of(right), &b, NULL), OK);
            assert_int_equal(dict_put(d, buf_slice(&a), &x, NULL), OK);
            assert_int_equal(dict_put(d, buf_slice(&b), &y, NULL), OK);
            buf_free(&a);
            buf_free(&b);
            if (x == 0 || y == 0 || x == y)
                continue;
            LevelId slow = level_of(kinds[k], d, x, y), quick = quick_code(kinds[k], d->codes.at[x], d->codes.at[y]);
            assert_int_equal(slow, level_of(kinds[k], d, y, x));
            assert_int_equal(quick, quick_code(kinds[k], d->codes.at[y], d->codes.at[x]));
            if (quick != LV_MISSING && quick != slow)
                fail_msg("%s '%s' '%s': quickly %d, slowly %d", field_kind_name(kinds[k]), left, right, (int)quick,
                    (int)slow);
            decided += quick != LV_MISSING;
            seen[slow]++;
        }
        size_t levels = 0;
        for (int id = 1; id < LV_COUNT; id++)
            levels += seen[id] > 0;
        assert_true(decided > 15000);
        assert_int_equal(levels + 1,
            field_level_count(&(FieldSpec){.kind = kinds[k], .column_count = 1, .swap_with = MATCH_NONE}) - 1);
        dict_free(d);
    }
}

/* What compare_many says of packed values, several at a time, is what the texts say. */
static void many_codes(void **state)
{
    UNUSED(state);
    enum { N = 900 };
    static const FieldKind kinds[] = {FIELD_DATE, FIELD_POSTAL_CODE, FIELD_SSN, FIELD_PHONE, FIELD_IDENTIFIER};
    Slice *cells = NULL;
    uint32_t *record = NULL;
    uint64_t *patterns = NULL;
    char(*texts)[24] = NULL;
    assert_int_equal(mem_alloc(N * sizeof *cells, (void **)&cells, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *record, (void **)&record, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *patterns, (void **)&patterns, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *texts, (void **)&texts, NULL), OK);
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        MatchConfig c;
        Rng r;
        Comparer *cmp = NULL;
        config_init(&c, kinds[k]);
        rng_init(&r, 19, k);
        for (size_t i = 0; i < N; i++) {
            if (i % 3 == 0 || i < 2)
                draw_code(&r, kinds[k], texts[i]);
            else
                mistype(&r, texts[i / 3 * 3], texts[i]);
            if (i % 50 == 7)
                texts[i][0] = '\0';
            cells[i] = slice_of(texts[i]);
        }
        MatchTable *t = table_of(&c, cells, N, record);
        assert_int_equal(comparer_new(t, &cmp, NULL), OK);
        for (uint32_t a = 0; a < N; a++) {
            size_t from = a % 5, n = N - from - a % 7; /* stretches of every length modulo the lanes */
            compare_many(cmp, a, record + from, n, patterns);
            uint64_t few[3]; /* so few are compared another way */
            compare_many(cmp, a, record + from, COUNT_OF(few), few);
            assert_memory_equal(few, patterns, sizeof few);
            for (size_t i = 0; i < n; i++) {
                uint32_t x = record_cells(t, a)[0], y = record_cells(t, record[from + i])[0];
                LevelId level = x == 0 || y == 0 ? LV_MISSING
                                : x == y         ? LV_EXACT
                                                 : level_of(kinds[k], t->dict[0], x, y);
                uint32_t expected = level == LV_MISSING ? 0 : field_level_number(&c.fields[0], level);
                if (pattern_level(patterns[i], 0) != expected)
                    fail_msg("%s '%.*s' '%.*s': %u, not %u", field_kind_name(kinds[k]),
                        SLICE_ARG(dict_text(t->dict[0], x)), SLICE_ARG(dict_text(t->dict[0], y)),
                        pattern_level(patterns[i], 0), expected);
            }
        }
        comparer_free(cmp);
        match_table_free(t);
    }
    mem_free(cells);
    mem_free(record);
    mem_free(patterns);
    mem_free(texts);
}

static void draw_text(Rng *r, FieldKind kind, char out[64])
{
    static const char *const words[] = {"MAIN", "MAPLE", "OAK", "ELM", "NORTH", "ST", "STREET", "AVENUE", "DRIVE",
        "SAN", "SANTA", "SPRINGS", "COLORADO", "GROVE", "A", "WASHINGTON", "LAKE"};
    static const char *const domains[] = {"mail.net", "example.org", "x.y"};
    size_t n = 0;
    out[0] = '\0';
    if (kind == FIELD_ADDRESS && rng_below(r, 10))
        n += (size_t)snprintf(out, 64, "%u ", (unsigned)(1 + rng_below(r, 999)));
    for (uint64_t count = 1 + rng_below(r, 3); count > 0; count--)
        n += (size_t)snprintf(out + n, 64 - n, "%s%s", words[rng_below(r, COUNT_OF(words))],
            count > 1 ? kind == FIELD_EMAIL ? "." : " " : "");
    if (kind == FIELD_ADDRESS && rng_below(r, 4) == 0)
        n += (size_t)snprintf(out + n, 64 - n, " #%u", (unsigned)rng_below(r, 30));
    for (size_t i = 0; rng_below(r, 3) == 0 && i < n; i++)
        if (out[i] != ' ' && out[i] != '#' && rng_below(r, 5) == 0)
            out[i] = (char)('A' + rng_below(r, 26));
    if (kind == FIELD_EMAIL)
        (void)snprintf(out + n, 64 - n, rng_below(r, 20) ? "@%s" : "%s", domains[rng_below(r, COUNT_OF(domains))]);
}

/* Where the letters say that two texts differ, the levels say so, too; and of strangers' they mostly do. */
static void letters_of_texts(void **state)
{
    UNUSED(state);
    static const FieldKind kinds[] = {FIELD_ADDRESS, FIELD_CITY, FIELD_EMAIL, FIELD_TEXT};
    enum { N = 500 };
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        Nicknames none = {0};
        Dict *d = NULL;
        Rng r;
        size_t quick = 0, differing = 0;
        Buf out;
        buf_init(&out, 0);
        assert_int_equal(dict_new(kinds[k], &none, &d, NULL), OK);
        rng_init(&r, 17, k);
        for (int i = 0; i < N; i++) {
            char text[64];
            uint32_t number;
            draw_text(&r, kinds[k], text);
            assert_int_equal(standard_value(kinds[k], slice_of(text), &out, NULL), OK);
            assert_int_equal(dict_put(d, buf_slice(&out), &number, NULL), OK);
        }
        for (uint32_t a = 1; a < dict_count(d); a++)
            for (uint32_t b = 1; b < dict_count(d); b++) {
                if (a == b)
                    continue;
                LevelId level = level_of(kinds[k], d, a, b);
                bool says_so = quick_text_differs(kinds[k], &d->texts_known.at[a], &d->texts_known.at[b]);
                assert_int_equal(level, level_of(kinds[k], d, b, a));
                if (says_so && level != LV_DIFFERS)
                    fail_msg("%s '%.*s' '%.*s': level %d", field_kind_name(kinds[k]), SLICE_ARG(dict_text(d, a)),
                        SLICE_ARG(dict_text(d, b)), (int)level);
                quick += says_so;
                differing += level == LV_DIFFERS;
            }
        assert_true(quick * 2 > differing && differing < (size_t)N * N);
        dict_free(d);
        buf_free(&out);
    }
}

static void own_comparator(void **state)
{
    UNUSED(state);
    static const LevelSpec levels[] = {
        {SLICE_INIT("exact"), SLICE_INIT("left = right")},
        {SLICE_INIT("begins"), SLICE_INIT("starts(left, right)")}, /* said of one side, holds for both */
        {SLICE_INIT("alike"), SLICE_INIT("jaro_winkler(left, right) >= 0.85")},
    };
    static const struct {
        const char *left, *right, *level;
    } cases[] = {{"Anna", "ANNA", "exact"}, {"Anna", "Annabel", "begins"}, {"Annabel", "Anna", "begins"},
        {"Martha", "Marhta", "alike"}, {"Anna", "Otto", "differs"}, {"", "Otto", "missing"}};
    MatchConfig c;
    config_init(&c, FIELD_TEXT);
    c.fields[0].levels = levels;
    c.fields[0].level_count = COUNT_OF(levels);
    assert_int_equal(field_level_count(&c.fields[0]), 5);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(slice_eq_z(level_between(&c, cases[i].left, cases[i].right), cases[i].level));
    double match[MATCH_LEVELS_MAX], stranger[MATCH_LEVELS_MAX];
    field_level_prior(&c.fields[0], match, stranger);
    assert_true(match[0] > match[1] && stranger[3] > stranger[2]);
    assert_true(field_level_exact(&c.fields[0], 1));
    assert_false(field_level_exact(&c.fields[0], 2));
}

/* Two bounds, or two dates of birth, say nothing of each other; a bound and a birth do. */
static void neutral_pairs(void **state)
{
    UNUSED(state);
    static const LevelSpec levels[] = {{SLICE_INIT("of_age"), SLICE_INIT("number(left) + number(right) <= -168")}};
    static const struct {
        const char *left, *right, *level;
    } cases[] = {{"24000", "-24168", "of_age"}, {"-24168", "24000", "of_age"}, {"24001", "-24168", "differs"},
        {"24000", "24000", "missing"}, {"-24168", "-24999", "missing"}, {"", "-24168", "missing"}};
    MatchConfig c;
    config_init(&c, FIELD_NUMBER);
    c.fields[0].levels = levels;
    c.fields[0].level_count = COUNT_OF(levels);
    c.fields[0].neutral = SLICE("(number(left) > 0) = (number(right) > 0)");
    assert_int_equal(match_config_check(&c, NULL), ERR_INVALID); /* conditions are joined by and, or; not compared */
    c.fields[0].neutral = SLICE("(number(left) > 0 and number(right) > 0) or (number(left) < 0 and number(right) < 0)");
    assert_int_equal(match_config_check(&c, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(slice_eq_z(level_between(&c, cases[i].left, cases[i].right), cases[i].level));
}

/* What a pair's level must be, worked out from the texts: of two codes in either column, and of two numbers. */
static unsigned places_level(const Slice *a, const Slice *b)
{
    bool there = false, met = false;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++)
            if (a[i].len && b[k].len) {
                there = true;
                met = met || slice_eq(a[i], b[k]);
            }
    if (!there)
        return 0;
    return a[0].len && slice_eq(a[0], b[0]) ? 1 : met ? 2 : 3;
}

static unsigned sum_level(Slice a, Slice b)
{
    if (a.len == 0 || b.len == 0)
        return 0;
    long x = strtol(a.ptr, NULL, 10), y = strtol(b.ptr, NULL, 10);
    return (x == 0 && y == 0) || (x > 0 && y > 0) ? 0 : x + y == 1 ? 1 : x + y == 2 ? 2 : 3;
}

/* Codes of two columns, numbers with levels of the config (of few values, and of more than a table of pairs is kept
 * for), one missing beside the other: alone, few and many at a time. */
static void codes_and_own_levels(void **state)
{
    UNUSED(state);
    enum { PLACE, OTHER, COUNT, COLUMNS, N = 150, MANY_VALUES = 1500 };
    static const LevelSpec levels[] = {{SLICE_INIT("one"), SLICE_INIT("number(left) + number(right) = 1")},
        {SLICE_INIT("two"), SLICE_INIT("number(left) + number(right) = 2")}};
    static const char *const places[] = {"", "", "A", "B", "C"};
    static char numbers[MANY_VALUES][16];
    static Slice cells[MANY_VALUES * COLUMNS];
    static uint32_t record[MANY_VALUES];
    for (int i = 0; i < MANY_VALUES; i++)
        snprintf(numbers[i], sizeof numbers[i], "%d", i);
    for (int many = 0; many < 2; many++) {
        MatchConfig c;
        Comparer *cmp = NULL;
        Rng r;
        size_t rows = many ? MANY_VALUES : N, seen[2][4] = {{0}};
        config_init(&c, FIELD_CODE);
        c.columns[OTHER] = SLICE("other");
        c.columns[COUNT] = SLICE("count");
        c.column_count = COLUMNS;
        c.fields[0].columns[1] = OTHER;
        c.fields[0].column_count = 2;
        c.fields[1] = (FieldSpec){.name = SLICE("count"),
            .kind = FIELD_NUMBER,
            .columns = {COUNT},
            .column_count = 1,
            .swap_with = MATCH_NONE,
            .levels = levels,
            .level_count = COUNT_OF(levels),
            .neutral = SLICE("(number(left) = 0 and number(right) = 0) or (number(left) > 0 and number(right) > 0)"),
            .neutral_beside = 1u << 0};
        c.field_count = 2;
        assert_int_equal(match_config_check(&c, NULL), OK);
        rng_init(&r, 29, (uint64_t)many);
        for (size_t i = 0; i < rows; i++) {
            cells[i * COLUMNS + PLACE] = slice_of(draw(&r, places, COUNT_OF(places)));
            cells[i * COLUMNS + OTHER] = slice_of(draw(&r, places, COUNT_OF(places)));
            cells[i * COLUMNS + COUNT] = slice_of(i % 4 == 0   ? "0"
                                                  : i % 7 == 0 ? ""
                                                               : numbers[many && i > N ? i : rng_below(&r, 4)]);
        }
        MatchTable *t = table_of(&c, cells, rows, record);
        assert_int_equal(comparer_new(t, &cmp, NULL), OK);
        for (uint32_t a = 0; a < N; a++) {
            uint64_t patterns[N];
            compare_many(cmp, record[a], record + a % 3, N - 2 - a % 5, patterns);
            for (size_t i = 0; i < N - 2 - a % 5u; i++) {
                const Slice *x = cells + a * COLUMNS, *y = cells + (i + a % 3) * COLUMNS;
                unsigned place = places_level(x, y), sum = place == 1 || place == 2 ? 0 : sum_level(x[2], y[2]);
                assert_int_equal(pattern_level(patterns[i], 0), place);
                assert_int_equal(pattern_level(patterns[i], 1), sum);
                assert_int_equal(compare_pair(cmp, record[i + a % 3], record[a]), patterns[i]);
                seen[0][place]++;
                seen[1][sum]++;
            }
        }
        for (int level = 0; level < 4; level++)
            assert_true(seen[0][level] > 100 && seen[1][level] > 100);
        comparer_free(cmp);
        match_table_free(t);
    }
}

/* What all records of a number were given together is no evidence beside that number: alone and in a stretch. */
static void missing_beside(void **state)
{
    UNUSED(state);
    enum { N = 12 };
    static const char *const births[] = {"1990-05-17", "1990-05-17", "1990-05-18", ""};
    MatchConfig c;
    Slice cells[N * PEOPLE_COLUMNS] = {0};
    uint32_t record[N], others[N - 1];
    uint64_t patterns[N - 1];
    Comparer *cmp = NULL;
    people_init(&c);
    c.fields[3].neutral_beside = 1u << 3;
    assert_int_equal(match_config_check(&c, NULL), ERR_INVALID); /* itself */
    c.fields[3].neutral_beside = 1u << 4;
    assert_int_equal(match_config_check(&c, NULL), ERR_INVALID); /* not there */
    c.fields[3].neutral_beside = 1u << 0 | 1u << 2;
    c.fields[2].neutral_beside = 1u << 3; /* each is looked at as it was */
    assert_int_equal(match_config_check(&c, NULL), OK);
    for (uint32_t i = 0; i < N; i++) {
        cells[i * PEOPLE_COLUMNS + BIRTH] = slice_of(births[i % 4]);
        cells[i * PEOPLE_COLUMNS + SEX] = i < 6 ? SLICE("F") : SLICE("M");
    }
    MatchTable *t = table_of(&c, cells, N, record);
    assert_int_equal(comparer_new(t, &cmp, NULL), OK);
    for (uint32_t i = 1; i < N; i++)
        others[i - 1] = record[i];
    compare_many(cmp, record[0], others, N - 1, patterns);
    for (uint32_t i = 1; i < N; i++) {
        const char *want = i % 4 < 2 ? "missing" : i < 6 ? "exact" : "differs";
        const uint64_t seen[] = {patterns[i - 1], compare_pair(cmp, record[0], record[i])};
        for (size_t k = 0; k < COUNT_OF(seen); k++) {
            unsigned level = pattern_level(seen[k], 3);
            assert_string_equal(level ? field_level_name(&c.fields[3], level).ptr : "missing", want);
            assert_int_equal(pattern_level(seen[k], 2) > 0, i >= 6 && i % 4 < 3);
        }
    }
    comparer_free(cmp);
    match_table_free(t);
}

/* A former value that is the other's is the same value. */
static void missing_beside_former(void **state)
{
    UNUSED(state);
    MatchConfig c;
    Slice cells[3 * PEOPLE_COLUMNS] = {0};
    uint32_t record[3];
    Comparer *cmp = NULL;
    people_init(&c);
    c.fields[3].neutral_beside = 1u << 1;
    cells[LAST] = SLICE("ORTIZ");
    cells[FORMER] = SLICE("KELLY");
    cells[PEOPLE_COLUMNS + LAST] = SLICE("KELLY");
    cells[2 * PEOPLE_COLUMNS + LAST] = SLICE("KELLEY");
    for (uint32_t i = 0; i < 3; i++)
        cells[i * PEOPLE_COLUMNS + SEX] = SLICE("F");
    MatchTable *t = table_of(&c, cells, 3, record);
    assert_int_equal(comparer_new(t, &cmp, NULL), OK);
    assert_int_equal(pattern_level(compare_pair(cmp, record[0], record[1]), 3), 0);
    assert_int_equal(pattern_level(compare_pair(cmp, record[0], record[2]), 3), 1);
    comparer_free(cmp);
    match_table_free(t);
}

/* Who has one name in common and another not has an address alike for that: alone and in a stretch. */
static void address_of_a_name(void **state)
{
    UNUSED(state);
    enum { N = 14, ADDRESS = SEX };
    static const struct {
        const char *first, *last, *address, *level; /* beside the first */
    } rows[] = {{"Donald", "Thomas", "dthomas@mail.org", ""}, {"Miriam", "Thomas", "mthomas@mail.org", "missing"},
        {"Miriam", "Thomas", "mthomas@post.net", "missing"}, {"Miriam", "Thomas", "dthomas@post.net", "missing"},
        {"Donald", "Garcia", "dthomas7@mail.org", "missing"}, {"Miriam", "Thomas", "dthomas@mail.org", "exact"},
        {"Miriam", "Thomas", "miriam@mail.org", "differs"}, {"Donald", "Thomas", "dthomas7@mail.org", "one_edit"},
        {"Don", "Tomas", "dtomas@post.net", "local_similar"}, {"Donald", "", "dthomas@post.net", "local"},
        {"", "", "dthomas@post.net", "local"}, {"Miriam", "Garcia", "dthomas@post.net", "local"},
        {"Donald", "Thomas", "", "missing"}, {"Miriam", "Thomas", "", "missing"}};
    MatchConfig c;
    Slice cells[N * PEOPLE_COLUMNS] = {0};
    uint32_t record[N], others[N - 1];
    uint64_t patterns[N - 1];
    Comparer *cmp = NULL;
    people_init(&c);
    c.fields[3].kind = FIELD_EMAIL;
    _Static_assert(COUNT_OF(rows) == N, "a record each");
    for (uint32_t i = 0; i < N; i++) {
        cells[i * PEOPLE_COLUMNS + FIRST] = slice_of(rows[i].first);
        cells[i * PEOPLE_COLUMNS + LAST] = slice_of(rows[i].last);
        cells[i * PEOPLE_COLUMNS + ADDRESS] = slice_of(rows[i].address);
    }
    MatchTable *t = table_of(&c, cells, N, record);
    assert_int_equal(comparer_new(t, &cmp, NULL), OK);
    for (uint32_t i = 1; i < N; i++)
        others[i - 1] = record[i];
    compare_many(cmp, record[0], others, N - 1, patterns);
    for (uint32_t i = 1; i < N; i++) {
        const uint64_t seen[] = {patterns[i - 1], compare_pair(cmp, record[0], record[i])};
        for (size_t k = 0; k < COUNT_OF(seen); k++) {
            Slice level = field_level_name(&c.fields[3], pattern_level(seen[k], 3));
            if (!slice_eq_z(level, rows[i].level))
                fail_msg("row %" PRIu32 ": %.*s, not %s", i, SLICE_ARG(level), rows[i].level);
        }
    }
    comparer_free(cmp);
    match_table_free(t);
}

/* A comparer made before records were appended knows them. */
static void appended_records(void **state)
{
    UNUSED(state);
    MatchConfig c;
    people_init(&c);
    Slice cells[PEOPLE_COLUMNS] = {SLICE("Anna"), SLICE("Garcia")};
    uint32_t record[1];
    Comparer *cmp = NULL;
    MatchTable *t = table_of(&c, cells, 1, record);
    assert_int_equal(comparer_new(t, &cmp, NULL), OK);
    for (uint32_t i = 0; i < 500; i++) {
        char id[16], last[32];
        uint32_t added;
        snprintf(id, sizeof id, "n%" PRIu32, i);
        snprintf(last, sizeof last, "Garcia X%" PRIu32, i);
        Slice values[PEOPLE_COLUMNS] = {SLICE("Ana"), slice_of(last)};
        assert_int_equal(table_append(t, 0, slice_of(id), values, &added, NULL), OK);
        uint64_t pattern = compare_pair(cmp, added, record[0]);
        assert_true(slice_eq_z(field_level_name(&c.fields[1], pattern_level(pattern, 1)), "part"));
    }
    comparer_free(cmp);
    match_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_of_kinds),
        cmocka_unit_test(levels_are_whole),
        cmocka_unit_test(patterns_of_people),
        cmocka_unit_test(many_as_one_by_one),
        cmocka_unit_test(long_and_odd_names),
        cmocka_unit_test(double_names),
        cmocka_unit_test(memo_and_shortcut),
        cmocka_unit_test(packed_codes),
        cmocka_unit_test(many_codes),
        cmocka_unit_test(letters_of_texts),
        cmocka_unit_test(own_comparator),
        cmocka_unit_test(neutral_pairs),
        cmocka_unit_test(codes_and_own_levels),
        cmocka_unit_test(missing_beside),
        cmocka_unit_test(missing_beside_former),
        cmocka_unit_test(address_of_a_name),
        cmocka_unit_test(appended_records),
    };
    static const struct {
        KernelPath path;
        const char *name;
    } paths[] = {{KERNEL_PORTABLE, "portable"}, {KERNEL_AVX2, "avx2"}, {KERNEL_AVX512, "avx512"}};
    int failed = 0;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        if (!kernel_table(paths[i].path))
            continue; /* not of this machine */
        setenv("CAIRN_KERNELS", paths[i].name, 1);
        failed += cmocka_run_group_tests_name(paths[i].name, tests, NULL, NULL);
    }
    return failed;
}
