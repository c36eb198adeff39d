/*
 * One question at a time, over a generation with two loads of the same scope: known time, crossings, pooling, who and
 * compare, each against a recount by another road.
 */
#include "made_up.h"
#include "measure/measure_parts.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(call) \
    do { \
        Error e_ = ERROR_INIT; \
        Error *err = &e_; \
        Status got_ = (call); \
        if (got_ != OK) \
            print_error("%s: %s (%s) %s\n", #call, e_.message, e_.hint, e_.detail); \
        assert_int_equal(got_, OK); \
    } while (0)

typedef struct World {
    char dir[32];
    Home *home;
    Policy *policy;
    MeasureContext ctx;
} World;

static int world_open(void **state)
{
    World *w = NULL;
    Generation *gen = NULL;
    char path[64];
    HomeSettings settings = HOME_SETTINGS_INIT;
    assert_ok(mem_zalloc(1, sizeof *w, (void **)&w, err));
    snprintf(w->dir, sizeof w->dir, "/tmp/cairn-question-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(path, sizeof path, "%s/home", w->dir);
    settings.policy_dir = CAIRN_TEST_POLICY;
    settings.threads = 2;
    settings.memory_mb = 1024;
    assert_ok(home_create(path, &settings, NULL, err));
    assert_ok(home_open(path, HOME_WRITE, &w->home, err));
    assert_ok(policy_open(CAIRN_TEST_POLICY, &w->policy, err));
    assert_ok(generation_begin(w->home, &gen, err));
    assert_ok(made_up_fill(w->policy, generation_db(gen), err));
    assert_ok(generation_publish(gen, err));
    w->ctx = (MeasureContext){.home = w->home, .policy = w->policy, .progress = PROGRESS_OFF};
    *state = w;
    return 0;
}

static int world_close(void **state)
{
    World *w = *state;
    policy_close(w->policy);
    home_close(w->home);
    assert_ok(dir_remove(w->dir, err));
    mem_free(w);
    return 0;
}

static MeasureQuery ask(const char *name)
{
    MeasureQuery q = MEASURE_QUERY_INIT;
    q.name = slice_of(name);
    return q;
}

static CellSet answer(const World *w, const MeasureQuery *q)
{
    CellSet set;
    uint32_t generation = 0;
    assert_ok(measure_query(&w->ctx, q, &set, &generation, err));
    assert_int_equal(generation, 1);
    return set;
}

static Status refused(const World *w, const MeasureQuery *q)
{
    CellSet set;
    uint32_t generation;
    Error err = ERROR_INIT;
    Status st = measure_query(&w->ctx, q, &set, &generation, &err);
    assert_int_not_equal(st, OK);
    assert_int_equal(set.count, 0);
    return st;
}

static Date day(const char *text)
{
    Date d;
    assert_ok(date_parse(slice_of(text), DATE_ISO, &d, err));
    return d;
}

static int64_t one(const World *w, const char *sql)
{
    Db *db = NULL;
    uint32_t generation;
    int64_t n = -1;
    assert_ok(warehouse_open(w->home, &generation, &db, err));
    assert_ok(db_value_i64(db, &n, err, "%s", sql));
    db_close(db);
    return n;
}

static int64_t sum_of(const CellSet *set, size_t offset)
{
    int64_t n = 0;
    for (size_t i = 0; i < set->count; i++)
        n += *(const int64_t *)((const char *)&set->cells[i] + offset);
    return n;
}
#define SUM(set, member) sum_of((set), offsetof(Cell, member))

/* --- known time --- */

static const char diplomas[] = "SELECT count(DISTINCT person) FROM fact.k12_end_of_year WHERE completion_type = "
                               "'diploma' AND load_no = %d";

static int64_t diplomas_of_load(const World *w, int load)
{
    char sql[200];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(sql, sizeof sql, diplomas, load);
#pragma GCC diagnostic pop
    return one(w, sql);
}

static void test_known_time(void **state)
{
    const World *w = *state;
    MeasureQuery q = ask("graduation_rate_4yr");
    const int64_t before = diplomas_of_load(w, 1), after = diplomas_of_load(w, 2);
    const struct {
        const char *day;
        int64_t hit;
    } days[] = {{"2026-01-09", -1}, {"2026-01-10", before}, {"2026-05-31", before}, {"2026-06-01", after},
        {"2026-11-29", after}};
    assert_true(before > 500 && after > before);
    CellSet now = answer(w, &q);
    assert_int_equal(SUM(&now, numerator), after);
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        q.as_known_on = day(days[i].day);
        if (days[i].hit < 0) { /* nothing had been built */
            assert_int_equal(refused(w, &q), ERR_NOT_FOUND);
            continue;
        }
        CellSet then = answer(w, &q);
        assert_int_equal(SUM(&then, numerator), days[i].hit);
        cells_free(&then);
    }
    cells_free(&now);
}

/* Known today is known now, in every column, also where wages and several derived tables are behind a figure. */
static void test_known_today_is_now(void **state)
{
    const World *w = *state;
    static const char *const names[] = {"completion_rate_4yr", "wioa_median_earnings_q2", "graduation_rate_4yr"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Buf a, b;
        MeasureQuery q = ask(names[i]);
        q.by[q.by_count++] = SLICE("race_ethnicity");
        CellSet now = answer(w, &q);
        q.as_known_on = day("2026-11-29");
        CellSet today = answer(w, &q);
        buf_init(&a, 0);
        buf_init(&b, 0);
        assert_ok(cells_print(now.cells, now.count, CELLS_CSV, &a, err));
        assert_ok(cells_print(today.cells, today.count, CELLS_CSV, &b, err));
        assert_true(now.count > 0);
        assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
        buf_free(&a);
        buf_free(&b);
        cells_free(&now);
        cells_free(&today);
    }
}

/* --- mistyped names --- */

static void test_near_names(void **state)
{
    const World *w = *state;
    CellSet set;
    uint32_t generation;
    Error err = ERROR_INIT;
    MeasureQuery q = ask("graduation_rate_5y");
    assert_int_equal(measure_query(&w->ctx, &q, &set, &generation, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.hint, "near it are graduation_rate_5yr"));
    q = ask("graduation_rate_4yr");
    q.by[q.by_count++] = SLICE("race_ethnicty");
    err = (Error)ERROR_INIT;
    assert_int_equal(measure_query(&w->ctx, &q, &set, &generation, &err), ERR_INVALID);
    assert_non_null(strstr(err.hint, "near it are race_ethnicity"));
    Cell cells[] = {{.level = SLICE("county"), .unit = SLICE("0808")},
        {.level = SLICE("district"), .unit = SLICE("0880")}, {.level = SLICE("district"), .unit = SLICE("0880")},
        {.level = SLICE("district"), .unit = SLICE("1010")}};
    const CellSet some = {.cells = cells, .count = COUNT_OF(cells)};
    err = (Error)ERROR_INIT;
    assert_int_equal(error_set(&err, ERR_NOT_FOUND, "none"), ERR_NOT_FOUND);
    cells_hint_units(&some, SLICE("district"), SLICE("0808"), &err);
    assert_string_equal(err.hint, "There is no district 0808 in the results; near it are 0880.");
    err = (Error)ERROR_INIT; /* the first hint stands */
    cells_hint_units(&some, SLICE("district"), SLICE("1010"), &err);
    assert_non_null(strstr(err.hint, "other figures"));
    err = (Error)ERROR_INIT;
    cells_hint_units(&some, SLICE("school"), SLICE("1010"), &err);
    assert_non_null(strstr(err.hint, "DISTRICT-SCHOOL"));
}

/* --- crossings --- */

static void test_crossings_add_up(void **state)
{
    const World *w = *state;
    MeasureQuery q = ask("graduation_rate_4yr");
    CellSet all = answer(w, &q);
    q.by[0] = SLICE("race_ethnicity");
    q.by[1] = SLICE("sex");
    q.by[2] = SLICE("english_learner");
    q.by_count = 3;
    q.level = SLICE("district");
    CellSet crossed = answer(w, &q);
    assert_true(crossed.count > 200);
    assert_int_equal(SUM(&crossed, denominator), SUM(&all, denominator));
    assert_int_equal(SUM(&crossed, numerator), SUM(&all, numerator));
    /* a person left out whose group has nobody else is in no cell, but among the exclusions */
    assert_true(SUM(&crossed, excluded) <= SUM(&all, excluded));
    assert_string_equal(crossed.cells[0].split.ptr, "race_ethnicity,sex,english_learner");
    assert_int_equal(crossed.cells[0].additive, 1);
    cells_free(&crossed);
    cells_free(&all);
}

/* Several crossings of one reading are what each is when asked alone, in the order asked. */
static void test_each_crossing(void **state)
{
    const World *w = *state;
    static const MeasureBy each[] = {{.count = 0}, {{SLICE_INIT("sex"), SLICE_INIT("race_any_part")}, 2},
        {{SLICE_INIT("race_any_part")}, 1}, {{SLICE_INIT("english_learner"), SLICE_INIT("sex")}, 2}};
    MeasureQuery q = ask("wioa_median_earnings_q2");
    size_t at = 0;
    q.level = SLICE("county");
    q.each = each;
    q.each_count = COUNT_OF(each);
    CellSet all = answer(w, &q);
    q.each = NULL;
    for (size_t i = 0; i < COUNT_OF(each); i++) {
        memcpy(q.by, each[i].names, sizeof q.by);
        q.by_count = each[i].count;
        CellSet one_by_one = answer(w, &q);
        assert_true(one_by_one.count > 0 && at + one_by_one.count <= all.count);
        Buf a, b;
        buf_init(&a, 0);
        buf_init(&b, 0);
        assert_ok(cells_print(all.cells + at, one_by_one.count, CELLS_CSV, &a, err));
        assert_ok(cells_print(one_by_one.cells, one_by_one.count, CELLS_CSV, &b, err));
        assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
        buf_free(&a);
        buf_free(&b);
        at += one_by_one.count;
        cells_free(&one_by_one);
    }
    assert_int_equal(at, all.count);
    cells_free(&all);
}

static void test_overlapping_groups(void **state)
{
    const World *w = *state;
    MeasureQuery q = ask("graduation_rate_4yr");
    q.by[q.by_count++] = SLICE("race_any_part");
    CellSet set = answer(w, &q);
    int64_t asian = 0;
    for (size_t i = 0; i < set.count; i++) {
        assert_int_equal(set.cells[i].additive, 0);
        if (slice_eq_z(set.cells[i].grp, "asian"))
            asian += set.cells[i].denominator;
    }
    assert_int_equal(asian, one(w, "SELECT count(*) FROM k12_cohort c JOIN person p USING (person) WHERE p.asian AND "
                                   "c.removed IS NULL"));
    cells_free(&set);
}

static void test_refusals(void **state)
{
    const World *w = *state;
    MeasureQuery q = ask("graduation_rate_9yr");
    assert_int_equal(refused(w, &q), ERR_NOT_FOUND);
    q = ask("graduation_rate_4yr");
    q.by[q.by_count++] = SLICE("shoe_size");
    assert_int_equal(refused(w, &q), ERR_INVALID);
    q.by[0] = SLICE("sex");
    q.by[q.by_count++] = SLICE("sex");
    assert_int_equal(refused(w, &q), ERR_INVALID);
    q = ask("wioa_median_earnings_q2");
    q.level = SLICE("school");
    assert_int_equal(refused(w, &q), ERR_INVALID);
    q.level = SLICE("planet");
    assert_int_equal(refused(w, &q), ERR_INVALID);
    q = ask("graduation_rate_4yr");
    q.definition = SLICE("kentucky");
    assert_int_equal(refused(w, &q), ERR_INVALID);
    q = ask("graduation_rate_4yr");
    q.pool.units = true;
    q.pool.minimum = 10;
    assert_int_equal(refused(w, &q), ERR_INVALID);
}

/* --- definitions of one's own --- */

/* What stands in no file is answered as a file's definition is, each version for its years; what it lacks is told. */
static void test_own_definitions(void **state)
{
    const World *w = *state;
    static const MeasureReason reasons[] = {
        {SLICE_INIT("transfer_out"), SLICE_INIT("t")}, {SLICE_INIT("deceased"), SLICE_INIT("t")}};
    static const Slice needs[] = {SLICE_INIT("k12_cohort")}, splits[] = {SLICE_INIT("shoe_size")};
    PolicyFile old = {.path = "old", .effective_from = day("2010-07-01"), .effective_to = day("2024-12-31")};
    PolicyFile new = {.path = "new", .effective_from = day("2025-01-01"), .effective_to = DATE_NONE};
    MeasureOwn own[2] = {
        {.file = &old,
            .kind = MEASURE_RATE,
            .level = SLICE("county"),
            .sql = SLICE("SELECT person, ayg AS year, district_id, removed IS NULL AS counted, diploma "
                         "AS hit, TRUE AS covered, removed AS reason FROM k12_cohort"),
            .needs = needs,
            .need_count = 1,
            .reasons = reasons,
            .reason_count = COUNT_OF(reasons)},
        {.file = &new,
            .kind = MEASURE_RATE,
            .level = SLICE("county"),
            .sql = SLICE("SELECT person, ayg AS year, TRUE AS counted, TRUE AS hit FROM k12_cohort")}};
    MeasureQuery q = ask("graduation_rate_4yr");
    CellSet filed = answer(w, &q);
    q.own = own;
    q.own_count = COUNT_OF(own);
    CellSet set = answer(w, &q);
    assert_int_equal(set.count, filed.count);
    assert_true(set.count >= 2);
    for (size_t i = 0; i < set.count; i++) {
        const Cell *a = &filed.cells[i], *b = &set.cells[i];
        assert_int_equal(a->year, b->year);
        assert_int_equal(b->excluded, b->year < 2025 ? a->excluded : 0);
        assert_int_equal(b->numerator, b->year < 2025 ? a->numerator : b->denominator);
        assert_true(a->excluded > 0 && a->numerator < a->denominator);
    }
    cells_free(&set);
    cells_free(&filed);
    q.level = SLICE("school");
    assert_int_equal(refused(w, &q), ERR_INVALID);
    q.level = (Slice){0};
    own[1].level = SLICE("planet");
    assert_int_equal(refused(w, &q), ERR_INVALID);
    own[1].level = SLICE("state");
    own[1].splits = splits;
    own[1].split_count = 1;
    assert_int_equal(refused(w, &q), ERR_INVALID);
}

/* The first and the last year of the figures of a definition in force from one day to another. */
static void years_in_force(const World *w, const char *from, const char *to, int32_t *first, int32_t *last)
{
    PolicyFile file = {.path = "own", .effective_from = day(from), .effective_to = day(to)};
    MeasureOwn own = {.file = &file,
        .kind = MEASURE_RATE,
        .level = SLICE("state"),
        .sql = SLICE("SELECT DISTINCT 1::UBIGINT AS person, year, TRUE AS counted, TRUE AS hit FROM (SELECT "
                     "unnest(range(2000, 2030)) AS year)")};
    MeasureQuery q = ask("graduation_rate_4yr");
    q.own = &own;
    q.own_count = 1;
    CellSet set = answer(w, &q);
    assert_true(set.count > 0);
    *first = INT32_MAX;
    *last = INT32_MIN;
    for (size_t i = 0; i < set.count; i++) {
        *first = set.cells[i].year < *first ? set.cells[i].year : *first;
        *last = set.cells[i].year > *last ? set.cells[i].year : *last;
    }
    cells_free(&set);
}

/* A year is answered by the version in force on its 30 June. */
static void test_years_in_force(void **state)
{
    const struct {
        const char *from, *to;
        int32_t first, last;
    } cases[] = {{"2010-07-01", "2024-06-30", 2011, 2024}, {"2010-06-30", "2024-06-29", 2010, 2023},
        {"2010-01-01", "2024-07-01", 2010, 2024}, {"2010-12-31", "2024-12-31", 2011, 2024}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int32_t first, last;
        years_in_force(*state, cases[i].from, cases[i].to, &first, &last);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(last, cases[i].last);
    }
}

/* --- pooling --- */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A pooled median is the median of all persons, here sorted again from the persons behind it. */
static void test_pooled_median(void **state)
{
    const World *w = *state;
    MeasureQuery q = ask("wioa_median_earnings_q2");
    MeasurePersons people;
    VEC(int64_t) cents = {0};
    CellSet single = answer(w, &q);
    assert_true(single.count >= 2);
    int32_t last = single.cells[single.count - 1].year;
    q.pool.years = 2;
    CellSet pooled = answer(w, &q);
    const Cell *c = &pooled.cells[pooled.count - 1];
    assert_int_equal(c->year, last);
    assert_int_equal(c->pooled.len, 9);
    assert_int_equal(SUM(&pooled, denominator), SUM(&single, denominator));
    q.year_from = last - 1;
    q.year_to = last;
    assert_ok(measure_who(&w->ctx, &q, SLICE("counted"), &people, err));
    for (size_t i = 0; i < people.count; i++)
        assert_ok(vec_push(&cents, people.at[i].value, err));
    assert_int_equal((int64_t)cents.len, c->denominator);
    qsort(cents.at, cents.len, sizeof *cents.at, by_value);
    size_t n = cents.len;
    double median = (double)(cents.at[(n - 1) / 2] + cents.at[n / 2]) / 200;
    assert_true(fabs(median - c->value) < 1e-9);
    vec_free(&cents);
    measure_persons_free(&people);
    cells_free(&pooled);
    cells_free(&single);
}

static void test_small_figures_are_pooled(void **state)
{
    const World *w = *state;
    MeasureQuery q = ask("graduation_rate_4yr");
    size_t widened = 0;
    q.level = SLICE("district");
    q.pool.minimum = 45;
    CellSet plain = answer(w, &q);
    q.pool.years = 3;
    q.pool.small_only = true;
    CellSet set = answer(w, &q);
    assert_int_equal(set.count, plain.count);
    for (size_t i = 0; i < set.count; i++) {
        const Cell *a = &plain.cells[i], *b = &set.cells[i];
        assert_true(a->year == b->year && slice_eq(a->unit, b->unit));
        assert_int_equal(a->small, a->denominator < 45);
        if (!a->small) {
            assert_int_equal(a->denominator, b->denominator);
            assert_int_equal(b->pooled.len, 0);
        } else if (b->pooled.len > 0) {
            assert_true(b->denominator > a->denominator);
            widened++;
        }
    }
    assert_true(widened > 5);
    cells_free(&plain);
    cells_free(&set);
}

static void test_small_units_are_pooled(void **state)
{
    const World *w = *state;
    MeasureQuery q = ask("graduation_rate_4yr");
    size_t pools = 0;
    q.level = SLICE("district");
    q.pool.minimum = 45;
    CellSet plain = answer(w, &q);
    q.pool.units = true;
    CellSet set = answer(w, &q);
    assert_true(set.count < plain.count);
    assert_int_equal(SUM(&set, denominator), SUM(&plain, denominator));
    assert_int_equal(SUM(&set, numerator), SUM(&plain, numerator));
    for (size_t i = 0; i < set.count; i++) {
        if (!slice_ends(set.cells[i].unit, SLICE("-POOLED")))
            continue;
        pools++;
        assert_true(set.cells[i].pooled.len >= 9 && set.cells[i].denominator >= 45);
    }
    assert_true(pools > 0);
    cells_free(&plain);
    cells_free(&set);
}

/* --- who, compare --- */

static void test_who(void **state)
{
    const World *w = *state;
    MeasureQuery q = ask("graduation_rate_4yr");
    MeasurePersons people;
    CellSet set = answer(w, &q);
    assert_ok(measure_who(&w->ctx, &q, SLICE("excluded"), &people, err));
    assert_true(people.count > 50);
    assert_int_equal((int64_t)people.count, SUM(&set, excluded));
    for (size_t i = 0; i < people.count; i++) {
        assert_int_equal(people.at[i].person % 7, 0);
        assert_true(slice_eq_z(people.at[i].reason, "transfer_out"));
        assert_true(i == 0 || people.at[i - 1].year <= people.at[i].year);
    }
    measure_persons_free(&people);
    assert_int_equal(measure_who(&w->ctx, &q, SLICE("unlucky"), &people, NULL), ERR_INVALID);
    cells_free(&set);
}

static void test_compare(void **state)
{
    const World *w = *state;
    MeasureQuery a = ask("graduation_rate_4yr"), b = ask("completion_rate_4yr");
    MeasureComparison c;
    int64_t all = 0, moved = 0, hit_a = 0, hit_b = 0;
    assert_ok(measure_compare(&w->ctx, &a, &b, &c, err));
    for (size_t i = 0; i < c.row_count; i++) {
        all += c.rows[i].persons;
        if (!slice_eq(c.rows[i].status_a, c.rows[i].status_b))
            moved += c.rows[i].persons;
    }
    for (size_t i = 0; i < c.a_count; i++)
        hit_a += c.a[i].numerator;
    for (size_t i = 0; i < c.b_count; i++)
        hit_b += c.b[i].numerator;
    assert_int_equal(all, one(w, "SELECT count(*) FROM k12_cohort"));
    assert_int_equal(moved, hit_b - hit_a);
    assert_int_equal(moved, one(w, "SELECT count(DISTINCT person) FROM k12_end_of_year WHERE completion_type = "
                                   "'certificate'"));
    assert_true(moved > 20);
    measure_comparison_free(&c);
}

/* --- the whole catalogue --- */

static void file_digest(const World *w, const char *name, char out[SHA256_HEX_SIZE])
{
    uint8_t digest[SHA256_SIZE];
    char path[128];
    snprintf(path, sizeof path, "%s/home/results/%s", w->dir, name);
    assert_ok(file_sha256(path, digest, err));
    hex_encode(digest, sizeof digest, out);
}

static void test_bytes_do_not_depend_on_threads(void **state)
{
    const World *w = *state;
    const Slice wanted = SLICE("graduation_rate_4yr");
    char first[2][SHA256_HEX_SIZE], again[2][SHA256_HEX_SIZE];
    uint32_t generation;
    uint64_t cells;
    ExclusionSet left_out;
    CellSet set, publishable;
    home_override(w->home, 1, 0);
    assert_ok(measure_run(&w->ctx, &generation, &cells, err));
    file_digest(w, "gen-000001.parquet", first[0]);
    file_digest(w, "gen-000001.exclusions.parquet", first[1]);
    home_override(w->home, 3, 0);
    assert_ok(measure_run(&w->ctx, &generation, &cells, err));
    file_digest(w, "gen-000001.parquet", again[0]);
    file_digest(w, "gen-000001.exclusions.parquet", again[1]);
    assert_string_equal(first[0], again[0]);
    assert_string_equal(first[1], again[1]);
    assert_ok(cells_read_all(w->home, 1, &set, err));
    assert_ok(cells_read(w->home, 1, &wanted, 1, &publishable, err));
    assert_int_equal(set.count, cells);
    assert_true(publishable.count > 100 && publishable.count <= set.count);
    assert_ok(exclusions_read(w->home, 1, &left_out, err));
    int64_t of_state = 0, said = 0;
    for (size_t i = 0; i < left_out.count; i++)
        if (slice_eq_z(left_out.cells[i].level, "state") && slice_eq_z(left_out.cells[i].split, "all"))
            of_state += left_out.cells[i].persons;
    for (size_t i = 0; i < set.count; i++)
        if (slice_eq_z(set.cells[i].level, "state") && slice_eq_z(set.cells[i].split, "all"))
            said += set.cells[i].excluded;
    assert_true(of_state > 0);
    assert_int_equal(of_state, said);
    cells_free(&set);
    cells_free(&publishable);
    exclusions_free(&left_out);
}

static void test_forms(void **state)
{
    const World *w = *state;
    Buf out;
    MeasureQuery q = ask("graduation_rate_4yr");
    char path[128];
    uint64_t size;
    q.year_from = q.year_to = 2025;
    CellSet set = answer(w, &q);
    assert_int_equal(set.count, 1);
    buf_init(&out, 0);
    assert_ok(cells_print(set.cells, 1, CELLS_JSON, &out, err));
    assert_true(slice_starts(buf_slice(&out), SLICE("[{\"measure\":\"graduation_rate_4yr\",\"year\":2025,")));
    assert_true(slice_find(buf_slice(&out), SLICE("\"fuzzy\":null")) < out.len);
    buf_reset(&out);
    assert_ok(cells_print(set.cells, 1, CELLS_TABLE, &out, err));
    assert_true(slice_starts(buf_slice(&out), SLICE("year  unit  persons")));
    assert_int_equal(cells_print(set.cells, 1, CELLS_PARQUET, &out, NULL), ERR_INVALID);
    snprintf(path, sizeof path, "%s/answer.parquet", w->dir);
    assert_ok(cells_to_parquet(set.cells, 1, path, err));
    assert_ok(file_size(path, &size, err));
    assert_ok(file_check_private(path, err));
    assert_true(size > 200);
    buf_reset(&out);
    assert_ok(measure_explain(w->policy, SLICE("graduation_rate_4yr"), SLICE(""), &out, err));
    assert_true(slice_find(buf_slice(&out), SLICE("transfer_out: Transferred out")) < out.len);
    assert_true(slice_find(buf_slice(&out), SLICE("grade_9_years = 4 (verified: ")) < out.len);
    assert_int_equal(measure_explain(w->policy, SLICE("nothing"), SLICE(""), &out, NULL), ERR_NOT_FOUND);
    buf_free(&out);
    cells_free(&set);
}

enum { FED = 5000 }; /* more than two of DuckDB's vectors */

static void feed_file(const char *path, const Cell *cells, const size_t *parts, size_t count, Buf *bytes)
{
    const CellShape shape = {cell_columns, cell_column_count, sizeof(Cell)};
    CellsFeed *feed;
    size_t done = 0;
    assert_ok(cells_feed_open(&shape, path, &feed, err));
    for (size_t i = 0; i < count; i++) {
        assert_ok(cells_feed_add(feed, cells + done, NULL, parts[i], err));
        done += parts[i];
    }
    assert_int_equal(done, FED);
    assert_ok(cells_feed_close(feed, err));
    buf_reset(bytes);
    assert_ok(file_read(path, 0, bytes, err));
}

/* The file does not tell where one hand-over ended, and a folder that is none is told. */
static void test_feed(void **state)
{
    const World *w = *state;
    const CellShape shape = {cell_columns, cell_column_count, sizeof(Cell)};
    CellsFeed *feed;
    const size_t once[] = {FED}, parts[] = {1, 0, 2047, 2, 950, 2000};
    Cell *cells;
    Buf a, b;
    char path[128];
    buf_init(&a, 0);
    buf_init(&b, 0);
    assert_ok(mem_zalloc(FED, sizeof *cells, (void **)&cells, err));
    for (size_t i = 0; i < FED; i++) {
        cells[i].year = (int32_t)i;
        cells[i].denominator = (int64_t)(i % 97);
        cells[i].unit = i % 3 ? SLICE("a unit with a long name") : SLICE("x");
    }
    snprintf(path, sizeof path, "%s/fed.parquet", w->dir);
    feed_file(path, cells, once, COUNT_OF(once), &a);
    feed_file(path, cells, parts, COUNT_OF(parts), &b);
    assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
    cells[FED - 1].denominator++;
    feed_file(path, cells, parts, COUNT_OF(parts), &b);
    assert_false(slice_eq(buf_slice(&a), buf_slice(&b)));
    assert_ok(cells_feed_open(&shape, path, &feed, err));
    assert_ok(cells_feed_add(feed, cells, NULL, 10, err));
    cells_feed_drop(feed);
    snprintf(path, sizeof path, "%s/none/fed.parquet", w->dir);
    assert_int_not_equal(cells_to_parquet(cells, FED, path, NULL), OK);
    mem_free(cells);
    buf_free(&a);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_time),
        cmocka_unit_test(test_known_today_is_now),
        cmocka_unit_test(test_near_names),
        cmocka_unit_test(test_crossings_add_up),
        cmocka_unit_test(test_each_crossing),
        cmocka_unit_test(test_overlapping_groups),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_own_definitions),
        cmocka_unit_test(test_years_in_force),
        cmocka_unit_test(test_pooled_median),
        cmocka_unit_test(test_small_figures_are_pooled),
        cmocka_unit_test(test_small_units_are_pooled),
        cmocka_unit_test(test_who),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_feed),
        cmocka_unit_test(test_bytes_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests_name("measure/question", tests, world_open, world_close);
}
