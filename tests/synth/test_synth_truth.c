/*
 * The truth agrees with itself and with the files. Truth is written from the lives and files from the same lives by
 * other code, so that each is a check of the other: diplomas in the end-of-year files, wages summed over every wage
 * format.
 */
#include "synth_state.h"

#define PEOPLE 5000
#define RECORD_COLUMNS 4

typedef struct Truth {
    State s;
    Table people, outcomes, records;
    Map planted; /* "source,file,row" */
} Truth;

static Slice record_key(Truth *t, const Slice *cell)
{
    Error err = ERROR_INIT;
    const char *key = NULL;
    assert_ok(arena_printf(
        &t->s.arena, &key, &err, "%.*s,%.*s,%.*s", SLICE_ARG(cell[0]), SLICE_ARG(cell[1]), SLICE_ARG(cell[2])));
    return slice_of(key);
}

static int set_up(void **state)
{
    Truth *t = NULL;
    Error err = ERROR_INIT;
    assert_ok(mem_alloc(sizeof *t, (void **)&t, &err));
    state_make(&t->s, CAIRN_TEST_POLICY, PEOPLE, 8, 2);
    t->people = state_table(&t->s, "truth/people.csv");
    t->outcomes = state_table(&t->s, "truth/outcomes.csv");
    t->records = state_table(&t->s, "truth/records.csv");
    Table planted = state_table(&t->s, "truth/planted_errors.csv");
    assert_ok(map_init(&t->planted, &err));
    for (size_t i = 0; i < planted.csv.rows; i++)
        assert_ok(map_put(&t->planted, record_key(t, &planted.csv.cells[i * planted.csv.columns]), 1, NULL, &err));
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    Truth *t = *state;
    map_free(&t->planted);
    state_free(&t->s);
    mem_free(t);
    return 0;
}

static void test_numbers_are_unique(void **state)
{
    Truth *t = *state;
    Error err = ERROR_INIT;
    static const char *const columns[] = {"ssn", "sasid", "person"};
    for (size_t c = 0; c < COUNT_OF(columns); c++) {
        Map seen;
        assert_ok(map_init(&seen, &err));
        for (size_t i = 0; i < t->people.csv.rows; i++) {
            Slice s = table_at(&t->people, i, columns[c]);
            bool fresh = false;
            if (s.len == 0 || slice_eq_z(s, "0"))
                continue;
            assert_ok(map_put(&seen, s, i, &fresh, &err));
            assert_true(fresh);
        }
        map_free(&seen);
    }
}

static void test_social_security_numbers(void **state)
{
    Truth *t = *state;
    for (size_t i = 0; i < t->people.csv.rows; i++) {
        Slice s = table_at(&t->people, i, "ssn");
        if (s.len == 0)
            continue;
        assert_int_equal(s.len, 9);
        assert_false(slice_starts(s, SLICE("000")) || slice_starts(s, SLICE("666")) || s.ptr[0] == '9');
        assert_false(slice_eq_z(slice_sub(s, 3, 5), "00") || slice_eq_z(slice_sub(s, 5, 9), "0000"));
    }
}

static void test_outcomes_imply(void **state)
{
    Truth *t = *state;
    const Table *o = &t->outcomes;
    size_t graduates = 0;
    for (size_t i = 0; i < o->csv.rows; i++) {
        bool in = table_is(o, i, "in_cohort_4", "1"), graduated = table_is(o, i, "graduated_4", "1");
        bool completed = table_is(o, i, "completed_4", "1"), diploma = table_is(o, i, "completion", "diploma");
        assert_true(!graduated || (in && completed && diploma));
        assert_true(!completed || in);
        if (graduated || completed)
            assert_true(table_int(o, i, "completion_year") <= table_int(o, i, "ayg"));
        if (table_at(o, i, "in_cohort_5").len > 0)
            assert_true(!graduated || table_is(o, i, "graduated_5", "1"));
        assert_true(!table_is(o, i, "matriculated", "1") || diploma);
        assert_true(!table_is(o, i, "q2_employed_seen", "1") || table_int(o, i, "wage_rows") > 0);
        int64_t grade = table_int(o, i, "first_grade");
        if (grade >= 9)
            assert_int_equal(table_int(o, i, "ayg"), table_int(o, i, "first_year") + 12 - grade);
        graduates += diploma;
    }
    assert_true(graduates > 500);
}

static bool is_honest(Truth *t, size_t record)
{
    return !map_get(&t->planted, record_key(t, &t->records.csv.cells[record * RECORD_COLUMNS]), &(uint64_t){0});
}

static int64_t record_number(const Truth *t, size_t record, size_t column)
{
    int64_t v = 0;
    assert_ok(parse_i64(t->records.csv.cells[record * RECORD_COLUMNS + column], &v, NULL));
    return v;
}

/* One file's rows with their persons, by walking the records of that file. */
typedef void (*RowVisit)(void *ctx, size_t row, size_t person);

static void each_honest_row(Truth *t, const char *file, RowVisit visit, void *ctx)
{
    for (size_t i = 0; i < t->records.csv.rows; i++)
        if (slice_eq_z(t->records.csv.cells[i * RECORD_COLUMNS + 1], file) && is_honest(t, i))
            visit(ctx, (size_t)record_number(t, i, 2), (size_t)record_number(t, i, 3));
}

typedef struct Diplomas {
    Table file;
    uint8_t has[PEOPLE + 1];
    int year;
    const Table *outcomes;
} Diplomas;

static void visit_end_of_year(void *ctx, size_t row, size_t person)
{
    Diplomas *d = ctx;
    if (!table_is(&d->file, row - 1, "Completion Type", "1"))
        return;
    assert_true(table_is(d->outcomes, person - 1, "completion", "diploma"));
    assert_int_equal(table_int(d->outcomes, person - 1, "completion_year"), d->year);
    d->has[person]++;
}

/* Who graduated has exactly one diploma in the end-of-year files, in the right year; nobody else has one. */
static void test_diplomas(void **state)
{
    Truth *t = *state;
    Diplomas d = {.outcomes = &t->outcomes};
    for (d.year = 2016; d.year <= 2025; d.year++) {
        char file[64], path[128];
        assert_true(snprintf(file, sizeof file, "end_of_year_%d.csv", d.year) > 0);
        assert_true(snprintf(path, sizeof path, "inbox/cde_end_of_year/%s", file) > 0);
        d.file = state_table(&t->s, path);
        each_honest_row(t, file, visit_end_of_year, &d);
    }
    for (size_t i = 0; i < t->outcomes.csv.rows; i++)
        assert_int_equal(d.has[i + 1], table_is(&t->outcomes, i, "completion", "diploma"));
}

typedef struct Exams {
    Table file;
    uint8_t sat[PEOPLE + 1];
} Exams;

static void visit_assessment(void *ctx, size_t row, size_t person)
{
    Exams *e = ctx;
    e->sat[person] |=
        table_is(&e->file, row - 1, "Assessment Code", "03") || table_is(&e->file, row - 1, "Assessment Code", "04");
}

/* Who is said to have sat an AP or IB exam has a score in the files, and nobody else among the graduates. */
static void test_exams(void **state)
{
    Truth *t = *state;
    Exams e = {.sat = {0}};
    Table schooling = state_table(&t->s, "truth/school_outcomes.csv");
    size_t taken = 0;
    for (int year = 2016; year <= 2025; year++) {
        char file[64], path[128];
        assert_true(snprintf(file, sizeof file, "assessment_%d.csv", year) > 0);
        assert_true(snprintf(path, sizeof path, "inbox/cde_assessment/%s", file) > 0);
        e.file = state_table(&t->s, path);
        each_honest_row(t, file, visit_assessment, &e);
    }
    for (size_t i = 0; i < schooling.csv.rows; i++) {
        if (table_at(&schooling, i, "ap_ib_taken").len == 0)
            continue;
        assert_int_equal(e.sat[table_int(&schooling, i, "person")], table_is(&schooling, i, "ap_ib_taken", "1"));
        assert_true(table_is(&schooling, i, "ap_ib_taken", "1") || table_is(&schooling, i, "ap_ib", "0"));
        taken += table_is(&schooling, i, "ap_ib_taken", "1");
    }
    assert_true(taken > 50);
}

/* Later looks take nothing back: who had graduated has, and completing is no less than graduating. */
static void test_looks(void **state)
{
    Truth *t = *state;
    Table schooling = state_table(&t->s, "truth/school_outcomes.csv");
    size_t six = 0;
    for (size_t i = 0; i < schooling.csv.rows; i++) {
        size_t at = (size_t)table_int(&schooling, i, "person") - 1;
        if (table_at(&schooling, i, "in_cohort_6").len == 0)
            continue;
        six++;
        assert_true(!table_is(&t->outcomes, at, "graduated_5", "1") || table_is(&schooling, i, "graduated_6", "1"));
        assert_true(!table_is(&schooling, i, "graduated_6", "1") || table_is(&schooling, i, "completed_6", "1"));
        if (table_at(&schooling, i, "in_cohort_7").len > 0)
            assert_true(!table_is(&schooling, i, "completed_6", "1") || table_is(&schooling, i, "completed_7", "1"));
    }
    assert_true(six > 500);
}

/* One row a person and school year; credits only where somebody took part; nobody is mobile who was not there. */
static void test_school_years(void **state)
{
    static const char *const programs[][2] = {{"concurrent", "concurrent_credits"}, {"ascent", "ascent_credits"},
        {"trep", "trep_credits"}, {"ptech", "ptech_credits"}, {"early_college", "early_college_credits"}};
    Truth *t = *state;
    Table years = state_table(&t->s, "truth/school_years.csv");
    int64_t person = 0, year = 0, dropouts = 0;
    for (size_t i = 0; i < years.csv.rows; i++) {
        int64_t p = table_int(&years, i, "person"), y = table_int(&years, i, "school_year");
        assert_true(p > person || (p == person && y > year));
        person = p;
        year = y;
        dropouts += table_int(&years, i, "dropout");
        assert_true(table_is(&years, i, "mobile", "0") || table_is(&years, i, "member", "1"));
        assert_true(table_is(&years, i, "dropout", "0") || table_is(&years, i, "completed_before", "0"));
        for (size_t k = 0; k < COUNT_OF(programs); k++)
            assert_true(table_is(&years, i, programs[k][1], "0") || table_is(&years, i, programs[k][0], "1"));
    }
    assert_true(dropouts > 50);
}

typedef struct Wages {
    Buf text;
    size_t length, at, width; /* of the fixed record and of the cents in it; length 0: CSV */
    Table csv;
    int64_t cents[PEOPLE + 1];
    int64_t of_quarter[PEOPLE + 1];
} Wages;

static int64_t cents_of(Slice s)
{
    int64_t v = 0;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != '.')
            v = v * 10 + (s.ptr[i] - '0');
    return v;
}

static void visit_wage(void *ctx, size_t row, size_t person)
{
    Wages *w = ctx;
    /* the transmitter's record stands before the first row */
    size_t at = row * (w->length + 1) + w->at;
    int64_t cents = w->length ? cents_of(slice_sub(buf_slice(&w->text), at, at + w->width))
                              : cents_of(table_at(&w->csv, row - 1, "Gross Wages"));
    w->cents[person] += cents;
    w->of_quarter[person] += cents;
}

static void check_quarter(Truth *t, const Wages *w, const char *quarter)
{
    for (size_t i = 0; i < t->outcomes.csv.rows; i++)
        if (table_is(&t->outcomes, i, "q2_quarter", quarter))
            assert_int_equal(cents_of(table_at(&t->outcomes, i, "q2_wages")), w->of_quarter[i + 1]);
}

static void read_wages(Truth *t, Wages *w, const char *source, const char *file)
{
    Error err = ERROR_INIT;
    char path[160];
    assert_true(snprintf(path, sizeof path, "inbox/%s/%s", source, file) > 0);
    if (w->length == 0) {
        w->csv = state_table(&t->s, path);
        return;
    }
    const char *full = NULL;
    assert_ok(path_join(&t->s.arena, t->s.dir, path, &full, &err));
    buf_reset(&w->text);
    assert_ok(file_read(full, 0, &w->text, &err));
}

/* Wages summed over ICESA, EFW2 and CSV files are the truth's, in all and in the second quarter after exit. */
static void test_wages(void **state)
{
    Truth *t = *state;
    static const struct {
        const char *source, *suffix;
        size_t length, at, width;
    } formats[] = {{"cdle_wage_icesa", "txt", 276, 49, 14}, {"cdle_wage_efw2", "txt", 512, 202, 11},
        {"cdle_wage_csv", "csv", 0, 0, 0}};
    Wages *w = NULL;
    Error err = ERROR_INIT;
    assert_ok(mem_zalloc(1, sizeof *w, (void **)&w, &err));
    buf_init(&w->text, 0);
    for (int year = 2016; year <= 2025; year++)
        for (int quarter = 1; quarter <= 4; quarter++)
            for (size_t f = 0; f < COUNT_OF(formats); f++) {
                char file[64], path[160], name[16];
                const char *full = NULL;
                assert_true(snprintf(file, sizeof file, "wages_%dQ%d.%s", year, quarter, formats[f].suffix) > 0);
                assert_true(snprintf(path, sizeof path, "inbox/%s/%s", formats[f].source, file) > 0);
                assert_true(snprintf(name, sizeof name, "%dQ%d", year, quarter) > 0);
                assert_ok(path_join(&t->s.arena, t->s.dir, path, &full, &err));
                if (!file_exists(full))
                    continue;
                w->length = formats[f].length;
                w->at = formats[f].at;
                w->width = formats[f].width;
                memset(w->of_quarter, 0, sizeof w->of_quarter);
                read_wages(t, w, formats[f].source, file);
                each_honest_row(t, file, visit_wage, w);
                check_quarter(t, w, name);
            }
    for (size_t i = 0; i < t->outcomes.csv.rows; i++)
        assert_int_equal(cents_of(table_at(&t->outcomes, i, "wage_total")), w->cents[i + 1]);
    buf_free(&w->text);
    mem_free(w);
}

/* Planted rows are few and follow the row they damage, of the same person. */
static void test_planted_errors(void **state)
{
    Truth *t = *state;
    size_t planted = 0;
    for (size_t i = 0; i < t->records.csv.rows; i++) {
        if (is_honest(t, i))
            continue;
        planted++;
        assert_true(i > 0 && is_honest(t, i - 1));
        assert_int_equal(record_number(t, i, 2), record_number(t, i - 1, 2) + 1);
        assert_int_equal(record_number(t, i, 3), record_number(t, i - 1, 3));
    }
    assert_int_equal(planted, t->planted.len);
    assert_true(planted > 5);
    assert_true(planted * 2000 < t->records.csv.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_unique),
        cmocka_unit_test(test_social_security_numbers),
        cmocka_unit_test(test_outcomes_imply),
        cmocka_unit_test(test_diplomas),
        cmocka_unit_test(test_exams),
        cmocka_unit_test(test_looks),
        cmocka_unit_test(test_school_years),
        cmocka_unit_test(test_wages),
        cmocka_unit_test(test_planted_errors),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
