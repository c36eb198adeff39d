/* The table: what sealing makes of rows, whatever their order and the number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "match/value_impl.h"

#define COLUMNS 8

typedef struct Row {
    uint32_t source;
    const char *id;
    const char *at[COLUMNS];
} Row;

/* first, last, former last, birth date in three columns, number and street in two */
static void config_init(MatchConfig *c)
{
    match_config_init(c);
    static const char *const names[COLUMNS] = {"first", "last", "former", "y", "m", "d", "house", "street"};
    for (uint32_t i = 0; i < COLUMNS; i++)
        c->columns[i] = slice_of(names[i]);
    c->column_count = COLUMNS;
    c->fields[0] = (FieldSpec){
        .name = SLICE("first"), .kind = FIELD_FIRST_NAME, .columns = {0}, .column_count = 1, .swap_with = 1};
    c->fields[1] = (FieldSpec){
        .name = SLICE("last"), .kind = FIELD_LAST_NAME, .columns = {1, 2}, .column_count = 2, .swap_with = MATCH_NONE};
    c->fields[2] = (FieldSpec){.name = SLICE("birth"),
        .kind = FIELD_DATE,
        .columns = {3, 4, 5},
        .column_count = 3,
        .combine = true,
        .swap_with = MATCH_NONE};
    c->fields[3] = (FieldSpec){.name = SLICE("address"),
        .kind = FIELD_ADDRESS,
        .columns = {6, 7},
        .column_count = 2,
        .combine = true,
        .swap_with = MATCH_NONE};
    c->field_count = 4;
    c->sources[0] = (SourceSpec){.name = SLICE("school"), .dedupe = true};
    c->sources[1] = (SourceSpec){.name = SLICE("college"), .dedupe = true};
    c->source_count = 2;
    c->nickname_csv = "nickname,formal\nBOB,ROBERT\n";
}

static const Row ROWS[] = {
    {0, "1", {"Bob", "Smith", "", "1998", "3", "7", "12", "Main Street"}},
    {0, "2", {"BOB", "smith", "Jones", "1998", "03", "07", "12", "Main St"}},
    {1, "1", {"Robert", "Garcia-Lopez", "SMITH", "1998", "", "", "", "Main St"}},
    {1, "2", {"", "", "", "", "", "", "", ""}},
    {1, "3", {"Smith", "Bob", "Bob", "", "3", "7", "12", ""}},
    {0, "3", {"Bob", "Smith", "", "1998", "3", "7", "12", "Main Street"}},
};

static MatchTable *table_of(const MatchConfig *c, const Row *rows, const size_t *order, size_t n, unsigned threads)
{
    MatchTable *t = NULL;
    Error err = ERROR_INIT;
    assert_int_equal(match_table_new(c, &t, &err), OK);
    for (size_t i = 0; i < n; i++) {
        const Row *row = &rows[order ? order[i] : i];
        Slice values[COLUMNS];
        for (size_t k = 0; k < COLUMNS; k++)
            values[k] = slice_of(row->at[k]);
        assert_int_equal(match_table_add(t, row->source, slice_of(row->id), values, &err), OK);
    }
    if (match_table_seal(t, threads, &err) != OK)
        fail_msg("%s", err.message);
    return t;
}

static uint32_t record_of(const MatchTable *t, size_t row)
{
    for (uint32_t r = 0; r < record_total(t); r++)
        if (match_record_added(t, r) == row)
            return r;
    fail_msg("no record was added as %zu", row);
    return 0;
}

static void cells_of_rows(void **state)
{
    UNUSED(state);
    MatchConfig c;
    config_init(&c);
    MatchTable *t = table_of(&c, ROWS, NULL, COUNT_OF(ROWS), 1);
    assert_int_equal(match_record_count(t), COUNT_OF(ROWS));
    static const char *const expected[][4] = {
        {"BOB", "SMITH", "1998-03-07", "12 MAIN ST"},
        {"BOB", "SMITH", "1998-03-07", "12 MAIN ST"},
        {"ROBERT", "GARCIA LOPEZ", "1998-00-00", "MAIN ST"},
        {"", "", "", ""},
        {"SMITH", "BOB", "0000-03-07", "12"},
        {"BOB", "SMITH", "1998-03-07", "12 MAIN ST"},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        uint32_t r = record_of(t, i);
        static const uint32_t columns[4] = {0, 1, 3, 6};
        assert_true(slice_eq_z(match_record_id(t, r), ROWS[i].id));
        assert_int_equal(match_record_source(t, r), ROWS[i].source);
        for (size_t k = 0; k < 4; k++)
            assert_true(slice_eq_z(match_cell_text(t, r, columns[k]), expected[i][k]));
        assert_int_equal(record_cells(t, r)[4], 0); /* a later part of a combined value */
    }
    uint32_t a = record_of(t, 0), b = record_of(t, 4);
    assert_int_equal(record_cells(t, a)[0], record_cells(t, b)[1]); /* one dictionary of names */
    uint32_t smith = record_cells(t, a)[1];
    assert_int_equal(t->frequency[1][smith], 4);                 /* three as present, one as former name */
    assert_int_equal(t->frequency[1][record_cells(t, b)[1]], 1); /* Bob Bob: one record */
    assert_int_equal(t->frequency_total[1], 4 + 1 + 1 + 1);
    match_table_free(t);
}

static void assert_same_table(const MatchTable *a, const MatchTable *b)
{
    assert_int_equal(a->records, b->records);
    for (uint32_t r = 0; r < a->records; r++) {
        assert_true(slice_eq(match_record_id(a, r), match_record_id(b, r)));
        assert_int_equal(a->source[r], b->source[r]);
        assert_int_equal(a->content[r], b->content[r]);
        assert_memory_equal(record_cells(a, r), record_cells(b, r), COLUMNS * sizeof(uint32_t));
    }
    for (uint32_t c = 0; c < COLUMNS; c++) {
        assert_int_equal(dict_count(a->dict[c]), dict_count(b->dict[c]));
        for (uint32_t v = 0; v < dict_count(a->dict[c]); v++)
            assert_true(slice_eq(dict_text(a->dict[c], v), dict_text(b->dict[c], v)));
    }
}

/* Rows drawn from few values, so that many are alike. */
static void fill_random(Row *rows, size_t n, char (*ids)[12])
{
    static const char *const words[] = {
        "", "Ann", "ANN", "Lee", "de la Cruz", "O'Neil", "Jo Ann", "\xff", "Zo\xc3\xab"};
    static const char *const numbers[] = {"", "1", "07", "12", "1998", "2001"};
    Rng r;
    rng_init(&r, 5, 2);
    for (size_t i = 0; i < n; i++) {
        snprintf(ids[i], sizeof ids[i], "%zu", i);
        rows[i] = (Row){.source = (uint32_t)rng_below(&r, 2), .id = ids[i]};
        for (size_t k = 0; k < COLUMNS; k++)
            rows[i].at[k] =
                k < 3 || k == 7 ? words[rng_below(&r, COUNT_OF(words))] : numbers[rng_below(&r, COUNT_OF(numbers))];
    }
}

static void same_in_any_order(void **state)
{
    UNUSED(state);
    enum { N = 3000 };
    Row *rows = NULL;
    char(*ids)[12] = NULL;
    size_t *order = NULL;
    assert_int_equal(mem_alloc(N * sizeof *ids, (void **)&ids, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *order, (void **)&order, NULL), OK);
    assert_int_equal(mem_alloc(N * sizeof *rows, (void **)&rows, NULL), OK);
    fill_random(rows, N, ids);
    MatchConfig c;
    config_init(&c);
    MatchTable *t = table_of(&c, rows, NULL, N, 1);
    for (uint64_t round = 0; round < 4; round++) {
        Rng r;
        rng_init(&r, 9, round);
        for (size_t i = 0; i < N; i++)
            order[i] = i;
        for (size_t i = N; i > 1; i--) {
            size_t k = (size_t)rng_below(&r, i), swap = order[k];
            order[k] = order[i - 1];
            order[i - 1] = swap;
        }
        MatchTable *other = table_of(&c, rows, order, N, round % 2 ? 4 : 2);
        assert_same_table(t, other);
        for (uint32_t i = 0; i < N; i++)
            assert_string_equal(rows[order[match_record_added(other, i)]].id, rows[match_record_added(t, i)].id);
        match_table_free(other);
    }
    match_table_free(t);
    mem_free(rows);
    mem_free(order);
    mem_free(ids);
}

/* A suffix at the end of a last name goes to the column for suffixes, unless that has one of its own. */
static void suffixes(void **state)
{
    UNUSED(state);
    static const struct {
        const char *last, *suffix, *expected;
    } cases[] = {{"Smith Jr.", "", "JR"}, {"Smith Jr.", "III", "III"}, {"Smith", "", ""}, {"Smith, Sr", "", "SR"},
        {"van der Berg", "", ""}, {"", "", ""}, {"Garcia Lopez III", "  ", "III"}};
    MatchConfig c;
    match_config_init(&c);
    c.columns[0] = SLICE("last");
    c.columns[1] = SLICE("suffix");
    c.column_count = 2;
    c.fields[0] = (FieldSpec){
        .name = SLICE("suffix"), .kind = FIELD_SUFFIX, .columns = {1}, .column_count = 1, .swap_with = MATCH_NONE};
    c.fields[1] = (FieldSpec){
        .name = SLICE("last"), .kind = FIELD_LAST_NAME, .columns = {0}, .column_count = 1, .swap_with = MATCH_NONE};
    c.field_count = 2;
    c.sources[0] = (SourceSpec){.name = SLICE("s"), .dedupe = true};
    c.source_count = 1;
    MatchTable *t = NULL;
    assert_int_equal(match_table_new(&c, &t, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const Slice values[] = {slice_of(cases[i].last), slice_of(cases[i].suffix)};
        char id[12];
        snprintf(id, sizeof id, "%zu", i);
        assert_int_equal(match_table_add(t, 0, slice_of(id), values, NULL), OK);
    }
    assert_int_equal(match_table_seal(t, 1, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(slice_eq_z(match_cell_text(t, record_of(t, i), 1), cases[i].expected));
    match_table_free(t);
}

static void refuses_bad_rows(void **state)
{
    UNUSED(state);
    MatchConfig c;
    Error err = ERROR_INIT;
    MatchTable *t = NULL;
    Slice values[COLUMNS] = {0};
    config_init(&c);
    assert_int_equal(match_table_new(&c, &t, &err), OK);
    assert_int_equal(match_table_add(t, 2, SLICE("x"), values, &err), ERR_INVALID);
    assert_int_equal(match_table_add(t, 0, SLICE("x"), values, &err), OK);
    assert_int_equal(match_table_add(t, 1, SLICE("x"), values, &err), OK); /* another source's id */
    assert_int_equal(match_table_add(t, 0, SLICE("y"), values, &err), OK);
    assert_int_equal(match_table_add(t, 0, SLICE("x"), values, &err), OK);
    assert_int_equal(match_table_seal(t, 1, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "record 4 has the id of record 1"));
    assert_null(strstr(err.message, "'x'"));
    match_table_free(t);
}

static void empty_and_alike(void **state)
{
    UNUSED(state);
    MatchConfig c;
    config_init(&c);
    MatchTable *t = table_of(&c, ROWS, NULL, 0, 2);
    assert_int_equal(match_record_count(t), 0);
    match_table_free(t);

    enum { N = 50000 };
    Slice values[COLUMNS] = {SLICE("Ann"), SLICE("Lee")};
    assert_int_equal(match_table_new(&c, &t, NULL), OK);
    for (uint32_t i = 0; i < N; i++) {
        char id[12];
        snprintf(id, sizeof id, "%06" PRIu32, i * 7919 % N);
        assert_int_equal(match_table_add(t, 0, slice_of(id), values, NULL), OK);
    }
    assert_int_equal(match_table_seal(t, 2, NULL), OK);
    for (uint32_t r = 1; r < N; r++)
        assert_true(slice_cmp(match_record_id(t, r - 1), match_record_id(t, r)) < 0); /* ties by id */
    match_table_free(t);
}

/* A record appended has the cells and the content that it would have had in the table. */
static void appending(void **state)
{
    UNUSED(state);
    MatchConfig c;
    config_init(&c);
    MatchTable *all = table_of(&c, ROWS, NULL, COUNT_OF(ROWS), 1), *t = table_of(&c, ROWS, NULL, 1, 1);
    for (size_t i = 1; i < COUNT_OF(ROWS); i++) {
        Slice values[COLUMNS];
        uint32_t record;
        for (size_t k = 0; k < COLUMNS; k++)
            values[k] = slice_of(ROWS[i].at[k]);
        assert_int_equal(table_append(t, ROWS[i].source, slice_of(ROWS[i].id), values, &record, NULL), OK);
        assert_int_equal(record, i);
        assert_int_equal(record_total(t), i + 1);
        uint32_t whole = record_of(all, i);
        assert_int_equal(t->content[record], all->content[whole]);
        assert_int_equal(t->source[record], ROWS[i].source);
        assert_true(slice_eq_z(match_record_id(t, record), ROWS[i].id));
        for (uint32_t k = 0; k < COLUMNS; k++)
            assert_true(slice_eq(match_cell_text(t, record, k), match_cell_text(all, whole, k)));
        for (uint32_t f = 0; f < c.field_count; f++)
            assert_true(t->frequency[f][record_cells(t, record)[c.fields[f].columns[0]]] <= 1);
    }
    assert_int_equal(match_record_count(t), 1);
    match_table_free(t);
    match_table_free(all);
}

/* A value that is known only when all rows were added: as if it had been there from the beginning. */
static void filling(void **state)
{
    UNUSED(state);
    MatchConfig c;
    config_init(&c);
    MatchTable *all = table_of(&c, ROWS, NULL, COUNT_OF(ROWS), 1), *t;
    assert_int_equal(match_table_new(&c, &t, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        Slice values[COLUMNS];
        for (size_t k = 0; k < COLUMNS; k++)
            values[k] = k == 2 ? (Slice){0} : slice_of(ROWS[i].at[k]);
        assert_int_equal(match_table_add(t, ROWS[i].source, slice_of(ROWS[i].id), values, NULL), OK);
    }
    for (uint32_t i = COUNT_OF(ROWS); i-- > 0;)
        assert_int_equal(match_table_fill(t, i, 2, slice_of(ROWS[i].at[2]), NULL), OK);
    assert_int_equal(match_table_seal(t, 1, NULL), OK);
    assert_same_table(t, all);
    match_table_free(t);
    match_table_free(all);
}

/* Row i of as many as one likes: each with texts of its own, so that the dictionaries grow. */
static Status add_numbered(MatchTable *t, uint32_t i, Error *err)
{
    char id[24], texts[COLUMNS][40];
    Slice values[COLUMNS];
    snprintf(id, sizeof id, "%06" PRIu32, i);
    for (uint32_t k = 0; k < COLUMNS; k++) {
        snprintf(texts[k], sizeof texts[k], "%c%c%c of a long name", (char)('A' + i % 26), (char)('A' + i / 26 % 26),
            (char)('A' + k));
        values[k] = slice_of(texts[k]);
    }
    return match_table_add(t, 0, slice_of(id), values, err);
}

/* Several threads have thousands of rows wait; the table is that of one. */
static void taken_in_by_threads(void **state)
{
    UNUSED(state);
    enum { N = 20000 };
    MatchConfig c;
    MatchTable *tables[3];
    config_init(&c);
    for (unsigned i = 0; i < COUNT_OF(tables); i++) {
        assert_int_equal(match_table_new(&c, &tables[i], NULL), OK);
        if (i > 0)
            assert_int_equal(match_table_threads(tables[i], i + 1, NULL), OK);
        for (uint32_t row = 0; row < N; row++)
            assert_int_equal(add_numbered(tables[i], row, NULL), OK);
        assert_int_equal(match_table_fill(tables[i], 7, 2, SLICE("known later"), NULL), OK);
        assert_int_equal(match_table_seal(tables[i], 1, NULL), OK);
        if (i > 0)
            assert_same_table(tables[0], tables[i]);
    }
    for (unsigned i = 0; i < COUNT_OF(tables); i++)
        match_table_free(tables[i]);
}

/* More rows than wait for their numbers at once. */
enum { MANY_ROWS = 2 * TEXTS_AT_ONCE + 2 };

static void every_allocation_fails(void **state)
{
    UNUSED(state);
    MatchConfig c;
    config_init(&c);
    for (long n = 0;; n++) {
        MatchTable *t = NULL;
        Error err = ERROR_INIT;
        mem_fail_after(n);
        Status st = match_table_new(&c, &t, &err);
        for (uint32_t i = 0; st == OK && i < MANY_ROWS; i++)
            st = add_numbered(t, i, &err);
        if (st == OK)
            st = match_table_seal(t, 1, &err);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        match_table_free(t);
        if (!fired) {
            assert_int_equal(st, OK);
            return;
        }
        assert_int_equal(st, ERR_NOMEM);
    }
}

/* The row whose adding first numbers those that wait: when memory fails there and the row is added
 * again, the table is as if nothing had been. */
static void goes_on_after_a_failure(void **state)
{
    UNUSED(state);
    MatchConfig c;
    MatchTable *whole = NULL;
    config_init(&c);
    assert_int_equal(match_table_new(&c, &whole, NULL), OK);
    for (uint32_t i = 0; i < MANY_ROWS; i++)
        assert_int_equal(add_numbered(whole, i, NULL), OK);
    assert_int_equal(match_table_seal(whole, 1, NULL), OK);
    bool fired = true;
    long failures = 0;
    for (; fired; failures++) {
        MatchTable *t = NULL;
        assert_int_equal(match_table_new(&c, &t, NULL), OK);
        for (uint32_t i = 0; i < TEXTS_AT_ONCE; i++)
            assert_int_equal(add_numbered(t, i, NULL), OK);
        mem_fail_after(failures);
        Status st = add_numbered(t, TEXTS_AT_ONCE, NULL);
        fired = !mem_fail_pending();
        mem_fail_after(-1);
        assert_int_equal(st, fired ? ERR_NOMEM : OK);
        for (uint32_t i = TEXTS_AT_ONCE + !fired; i < MANY_ROWS; i++)
            assert_int_equal(add_numbered(t, i, NULL), OK);
        assert_int_equal(match_table_seal(t, 1, NULL), OK);
        assert_same_table(whole, t);
        match_table_free(t);
    }
    assert_true(failures > COLUMNS); /* each dictionary's, not the record's alone */
    match_table_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_rows),
        cmocka_unit_test(same_in_any_order),
        cmocka_unit_test(suffixes),
        cmocka_unit_test(refuses_bad_rows),
        cmocka_unit_test(empty_and_alike),
        cmocka_unit_test(appending),
        cmocka_unit_test(filling),
        cmocka_unit_test(taken_in_by_threads),
        cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(goes_on_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
