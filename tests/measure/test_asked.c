/*
 * What one question looks up for itself - persons merged with a sorted list, wages read quarter by quarter - against
 * the one statement that joins everything: the rows are the same, whatever the order of the tables and whoever is
 * missing in them.
 */
#include "made_up.h"
#include "measure/asked_persons.h"

#include <setjmp.h>
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
    Policy *policy;
    Db *db;
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs;
    OutcomeDefs outcomes;
    UnitNames units;
    AskedPersons *asked;
} World;

static int world_open(void **state)
{
    World *w = NULL;
    DbOptions options = DB_OPTIONS_INIT;
    const SplitDef *splits[SPLITS_MAX];
    assert_ok(mem_zalloc(1, sizeof *w, (void **)&w, err));
    arena_init(&w->arena, 0);
    assert_ok(policy_open(CAIRN_TEST_POLICY, &w->policy, err));
    options.threads = 2;
    options.memory_mb = 1024;
    assert_ok(db_open(&options, &w->db, err));
    assert_ok(made_up_fill(w->policy, w->db, err));
    assert_ok(measure_frame_read(w->policy, &w->arena, &w->frame, err));
    assert_ok(measure_defs_read(w->policy, &w->frame, &w->arena, &w->defs, err));
    assert_ok(outcome_defs_read(w->policy, &w->arena, &w->outcomes, err));
    for (size_t i = 0; i < w->frame.split_count; i++)
        splits[i] = &w->frame.splits[i];
    assert_ok(measure_units_read(w->db, &w->frame, splits, w->frame.split_count, LEVEL_SCHOOL, &w->units, err));
    assert_ok(asked_persons_new(w->db, &w->asked, err));
    *state = w;
    return 0;
}

static int world_close(void **state)
{
    World *w = *state;
    measure_units_free(&w->units);
    db_close(w->db);
    asked_persons_free(w->asked);
    vec_free(&w->defs);
    vec_free(&w->outcomes);
    policy_close(w->policy);
    arena_free(&w->arena);
    mem_free(w);
    return 0;
}

/* --- rows of both ways --- */

static MeasureRows read_rows(const World *w, const RowWish *wish, AskedPersons *asked)
{
    const RowSource source = {.db = w->db, .frame = &w->frame, .units = &w->units, .asked = asked};
    MeasureRows rows;
    assert_ok(measure_rows_read(&source, wish, &rows, err));
    return rows;
}

static const MeasureRows *sorting; /* qsort has no context */

static int by_person(const void *x, const void *y)
{
    const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    if (sorting->person[a] != sorting->person[b])
        return sorting->person[a] < sorting->person[b] ? -1 : 1;
    return (sorting->year[a] > sorting->year[b]) - (sorting->year[a] < sorting->year[b]);
}

static uint32_t *order_of(const MeasureRows *r)
{
    uint32_t *order = NULL;
    assert_ok(mem_zalloc(r->count + 1, sizeof *order, (void **)&order, err));
    for (size_t i = 0; i < r->count; i++)
        order[i] = (uint32_t)i;
    sorting = r;
    qsort(order, r->count, sizeof *order, by_person);
    return order;
}

static void assert_row(const MeasureRows *a, size_t i, const MeasureRows *b, size_t k)
{
    assert_true(a->person[i] == b->person[k]);
    assert_int_equal(a->year[i], b->year[k]);
    assert_true(a->places.keys[a->place[i]] == b->places.keys[b->place[k]]);
    assert_int_equal(a->flags[i], b->flags[k]);
    assert_int_equal(row_reason(a, i), row_reason(b, k));
    assert_int_equal(row_gap(a, i), row_gap(b, k));
    assert_int_equal(row_clause_number(a, i), row_clause_number(b, k));
    assert_true(row_value(a, i) == row_value(b, k) && row_weight(a, i) == row_weight(b, k));
    assert_memory_equal(row_links(a, i), row_links(b, k), sizeof(LinkSums));
    assert_int_equal(!a->employer, !b->employer);
    assert_true(!a->employer || (a->employer[i] > 0) == (b->employer[k] > 0));
    assert_int_equal(!a->category, !b->category);
    assert_true(!a->category || (a->category[i] > 0) == (b->category[k] > 0));
    for (size_t s = 0; s < a->split_count; s++)
        if (a->groups[s].bits)
            assert_true(a->groups[s].bits[i] == b->groups[s].bits[k]);
        else
            assert_int_equal(a->groups[s].code[i], b->groups[s].code[k]);
}

static size_t same_rows(MeasureRows *a, MeasureRows *b)
{
    uint32_t *x = order_of(a), *y = order_of(b);
    size_t count = a->count;
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < count; i++)
        assert_row(a, x[i], b, y[i]);
    mem_free(x);
    mem_free(y);
    measure_rows_free(a);
    measure_rows_free(b);
    return count;
}

static RowWish wish_of(const MeasureDef *def, const OutcomeDef *outcome)
{
    return (RowWish){.def = def, .outcome = outcome, .splits = def->splits, .split_count = def->split_count};
}

static MeasureRows read_apart(const World *w, const MeasureDef *def, const OutcomeDef *outcome, WagesKept kept)
{
    RowWish apart = wish_of(def, outcome), *wishes[] = {&apart};
    assert_ok(subjects_ask(w->db, &w->frame, wishes, 1, kept, err));
    assert_int_equal(apart.work > 0, outcome && outcome->has_quarters);
    return read_rows(w, &apart, w->asked);
}

static size_t compare_wish(const World *w, const MeasureDef *def, const OutcomeDef *outcome)
{
    const WagesKept kept[] = {WAGES_ALONE, WAGES_AFTER_TOO};
    const RowWish joined = wish_of(def, outcome);
    size_t rows = 0;
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        MeasureRows a = read_rows(w, &joined, NULL), b = read_apart(w, def, outcome, kept[i]);
        rows = same_rows(&a, &b);
    }
    return rows;
}

static const MeasureDef *def_of(const World *w, const char *name)
{
    for (size_t i = 0; i < w->defs.len; i++)
        if (slice_eq_z(w->defs.at[i].name, name))
            return &w->defs.at[i];
    fail();
    return NULL;
}

static const OutcomeDef *outcome_of(const World *w, const char *name)
{
    const OutcomeDef *found = NULL;
    for (size_t k = 0; name && k < w->outcomes.len; k++)
        if (slice_eq_z(w->outcomes.at[k].name, name))
            found = &w->outcomes.at[k];
    return found;
}

/* Rows that say a group of their own, that say none, that are left out; a rate, a median, a distribution; one quarter,
 * four, and quarters before and after. Gives how many rows there were. */
static size_t compare_all(const World *w)
{
    const struct {
        const char *measure, *definition;
    } cases[] = {{"graduation_rate_4yr", NULL}, {"hs_employment_rate_q2", "wioa"}, {"hs_median_earnings_q2", "wioa"},
        {"wioa_employment_rate_q2", "adrf"}, {"award_destination_1yr", "leo"}};
    size_t rows = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const MeasureDef *def = def_of(w, cases[i].measure);
        const size_t found = compare_wish(w, def, outcome_of(w, cases[i].definition));
        assert_true(found > 20);
        rows += found;
    }
    return rows;
}

static void test_in_order(void **state)
{
    assert_true(compare_all(*state) > 2000);
}

/* A question keeps no column that says nothing of any row, and what is told of links once a person. */
static void test_columns(void **state)
{
    const World *w = *state;
    MeasureRows rate = read_apart(w, def_of(w, "graduation_rate_4yr"), NULL, WAGES_ALONE);
    MeasureRows median = read_apart(w, def_of(w, "hs_median_earnings_q2"), outcome_of(w, "wioa"), WAGES_ALONE);
    uint32_t *order = order_of(&rate);
    assert_null(rate.value);
    assert_null(rate.weight);
    assert_null(rate.employer);
    assert_null(rate.category);
    assert_null(rate.clause);
    assert_non_null(rate.reason);
    assert_non_null(median.value);
    assert_non_null(median.employer);
    assert_non_null(median.clause);
    for (size_t i = 1; i < rate.count; i++)
        assert_true((rate.person[order[i - 1]] == rate.person[order[i]]) ==
                    (rate.link_of[order[i - 1]] == rate.link_of[order[i]]));
    mem_free(order);
    measure_rows_free(&rate);
    measure_rows_free(&median);
}

static bool reads_schools(const World *w, const UnitNames *units)
{
    const RowSource source = {.db = w->db, .frame = &w->frame, .units = units, .asked = w->asked};
    const RowWish wish = wish_of(def_of(w, "graduation_rate_4yr"), NULL);
    RowLayout layout;
    Buf sql;
    buf_init(&sql, 0);
    assert_ok(measure_rows_sql(&source, &wish, &sql, &layout, err));
    buf_free(&sql);
    return layout.column[COL_SCHOOL] >= 0;
}

static void test_no_schools(void **state)
{
    const World *w = *state;
    UnitNames districts;
    assert_ok(measure_units_read(w->db, &w->frame, NULL, 0, LEVEL_DISTRICT, &districts, err));
    assert_true(reads_schools(w, &w->units));
    assert_false(reads_schools(w, &districts));
    measure_units_free(&districts);
}

static size_t hits_of(const World *w, WagesKept kept)
{
    MeasureRows r = read_apart(w, def_of(w, "hs_employment_rate_q2"), outcome_of(w, "wioa"), kept);
    size_t hits = 0;
    for (size_t i = 0; i < r.count; i++)
        hits += (r.flags[i] & ROW_HIT) != 0;
    measure_rows_free(&r);
    return hits;
}

/* The smaller table of wages is read where it has everybody who is asked about, and only there. */
static void test_wages_after(void **state)
{
    const World *w = *state;
    size_t hits = hits_of(w, WAGES_ALONE);
    assert_true(hits > 20);
    assert_ok(db_exec(w->db,
        "CREATE TABLE kept_quarter AS FROM person_quarter; CREATE TABLE kept_subject AS FROM work_subject;"
        "UPDATE person_quarter SET state = 'not_found'",
        err));
    assert_int_equal(hits_of(w, WAGES_ALONE), hits);
    assert_int_equal(hits_of(w, WAGES_AFTER_TOO), 0);
    assert_ok(db_exec(w->db, "UPDATE work_subject SET first_quarter = first_quarter + 2", err));
    assert_int_equal(hits_of(w, WAGES_AFTER_TOO), hits);
    assert_ok(db_exec(w->db,
        "CREATE OR REPLACE TABLE work_subject AS FROM kept_subject WHERE person <> (SELECT min(person) FROM "
        "k12_completion); CREATE OR REPLACE TABLE person_quarter AS FROM kept_quarter WHERE FALSE",
        err));
    assert_true(hits_of(w, WAGES_AFTER_TOO) > 0);
    assert_ok(db_exec(w->db,
        "CREATE OR REPLACE TABLE person_quarter AS FROM kept_quarter; CREATE OR REPLACE TABLE work_subject AS FROM "
        "kept_subject; DROP TABLE kept_quarter; DROP TABLE kept_subject",
        err));
}

/* A real generation has everybody in both tables; what stands in none is nobody's group, not an error. */
static void test_out_of_order(void **state)
{
    const World *w = *state;
    assert_ok(db_exec(w->db,
        "CREATE TABLE kept_person AS FROM person; CREATE TABLE kept_link AS FROM person_link;"
        "CREATE OR REPLACE TABLE person AS FROM kept_person WHERE person % 5 > 0 ORDER BY hash(person);"
        "CREATE OR REPLACE TABLE person_link AS FROM kept_link WHERE person % 7 > 0 ORDER BY hash(person, 1);"
        "UPDATE person_link SET link_score = CASE WHEN person % 3 = 0 THEN NULL ELSE (person % 11) / 10 END, "
        "link_pairs = person % 13, link_missed = NULL",
        err));
    assert_true(compare_all(w) > 2000);
    assert_ok(db_exec(w->db,
        "CREATE OR REPLACE TABLE person AS FROM kept_person; CREATE OR REPLACE TABLE person_link AS FROM kept_link;"
        "DROP TABLE kept_person; DROP TABLE kept_link",
        err));
}

/* Facts of nobody make a row of nobody, which is no row of the person whose number lies beneath the NULL. */
static void test_nobody(void **state)
{
    const World *w = *state;
    const MeasureDef *def = def_of(w, "graduation_rate_4yr");
    assert_ok(db_exec(w->db,
        "CREATE TABLE kept_person AS FROM person; CREATE TABLE kept_link AS FROM person_link;"
        "UPDATE person SET person = NULL WHERE person % 3 = 0; UPDATE person_link SET person = NULL WHERE person % 4 = "
        "0",
        err));
    assert_true(compare_wish(w, def, NULL) > 100);
    assert_ok(db_exec(w->db,
        "CREATE OR REPLACE TABLE person AS FROM kept_person; CREATE OR REPLACE TABLE person_link AS FROM kept_link;"
        "DROP TABLE kept_person; DROP TABLE kept_link",
        err));
}

static void refuse_twice(const World *w, const char *table)
{
    const MeasureDef *def = def_of(w, "graduation_rate_4yr");
    const RowWish wish = {.def = def, .splits = def->splits, .split_count = def->split_count};
    const RowSource source = {.db = w->db, .frame = &w->frame, .units = &w->units, .asked = w->asked};
    MeasureRows rows;
    Error refused = ERROR_INIT;
    assert_ok(db_execf(w->db, err, "INSERT INTO %s FROM %s WHERE person = 5", table, table));
    assert_int_equal(measure_rows_read(&source, &wish, &rows, &refused), ERR_CORRUPT);
    measure_rows_free(&rows);
    assert_ok(db_execf(w->db, err, "CREATE OR REPLACE TABLE %s AS SELECT DISTINCT * FROM %s", table, table));
}

static void test_twice(void **state)
{
    refuse_twice(*state, "person");
    refuse_twice(*state, "person_link");
    compare_wish(*state, def_of(*state, "graduation_rate_4yr"), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_no_schools),
        cmocka_unit_test(test_wages_after),
        cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_twice),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
