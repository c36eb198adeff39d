/*
 * What is drawn is what the parameters say: shares of independent draws within five standard deviations of their rate,
 * and the outcomes that many rates make together near the state's published ones. That the check can fail is tested by
 * running a state with another rate against the first one's check.
 */
#include "synth_state.h"

#define PEOPLE 16000

typedef struct Share {
    double hits, of;
} Share;

/* deviations: 5 for independent draws; more where draws come in clusters. */
static bool near_rate(Share s, double ppm, double deviations)
{
    double p = ppm / 1e6, off = s.hits - s.of * p;
    return s.of > 100 && off * off <= deviations * deviations * s.of * p * (1 - p);
}

typedef bool (*RowTest)(const Table *t, size_t row);

static Share share_of(const Table *t, RowTest in, RowTest hit)
{
    Share s = {0, 0};
    for (size_t i = 0; i < t->csv.rows; i++) {
        if (!in(t, i))
            continue;
        s.of += 1;
        s.hits += hit(t, i);
    }
    return s;
}

static bool anybody(const Table *t, size_t i)
{
    UNUSED(t);
    UNUSED(i);
    return true;
}
static bool is_student(const Table *t, size_t i)
{
    return table_is(t, i, "student", "1");
}
static bool has_no_ssn(const Table *t, size_t i)
{
    return table_at(t, i, "ssn").len == 0;
}
static bool is_x(const Table *t, size_t i)
{
    return table_is(t, i, "sex", "X");
}
static bool has_middle(const Table *t, size_t i)
{
    return table_at(t, i, "middle_name").len > 0;
}
static bool has_second_sasid(const Table *t, size_t i)
{
    return !table_is(t, i, "second_sasid", "0");
}
static bool has_diploma(const Table *t, size_t i)
{
    return table_is(t, i, "completion", "diploma");
}
static bool enlisted(const Table *t, size_t i)
{
    return table_is(t, i, "matriculated_military", "1");
}
static bool in_cohort(const Table *t, size_t i)
{
    return table_is(t, i, "in_cohort_4", "1");
}
static bool graduated(const Table *t, size_t i)
{
    return table_is(t, i, "graduated_4", "1");
}
static bool completed(const Table *t, size_t i)
{
    return table_is(t, i, "completed_4", "1");
}
static bool went_to_college(const Table *t, size_t i)
{
    return table_is(t, i, "matriculated_college", "1");
}
static bool nameless(const Table *t, size_t i)
{
    return table_at(t, i, "Last Name").len == 0;
}

static int set_up(void **state)
{
    State *s = NULL;
    Error err = ERROR_INIT;
    assert_ok(mem_alloc(sizeof *s, (void **)&s, &err));
    state_make(s, CAIRN_TEST_POLICY, PEOPLE, 21, 2);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    state_free(*state);
    mem_free(*state);
    return 0;
}

/* The rates as the parameters have them; a change there must be made here too. */
static const struct {
    const char *key;
    double ppm, other; /* other: a wrong rate that the check must notice */
    const char *file;
    RowTest in, hit;
    double deviations;
} RATES[] = {
    {"no_ssn_ppm", 30000, 50000, "truth/people.csv", anybody, has_no_ssn, 5},
    {"sex_x_ppm", 1000, 8000, "truth/people.csv", is_student, is_x, 5},
    {"middle_name_ppm", 850000, 800000, "truth/people.csv", is_student, has_middle, 5},
    {"sasid_reissued_ppm", 30000, 50000, "truth/people.csv", is_student, has_second_sasid, 5},
    {"enlist_ppm", 22000, 44000, "truth/outcomes.csv", has_diploma, enlisted, 5},
    {"wage_no_name_ppm", 250000, 330000, "inbox/cdle_wage_csv/wages_2023Q1.csv", anybody, nameless, 6},
};

static void test_rates(void **state)
{
    for (size_t i = 0; i < COUNT_OF(RATES); i++) {
        Table t = state_table(*state, RATES[i].file);
        Share s = share_of(&t, RATES[i].in, RATES[i].hit);
        if (!near_rate(s, RATES[i].ppm, RATES[i].deviations))
            fail_msg("%s: %.0f of %.0f", RATES[i].key, s.hits, s.of);
    }
}

/* A state made with another rate passes the check of that rate and fails the check of the first. */
static void test_a_wrong_rate_is_noticed(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(RATES); i++) {
        Arena arena;
        Error err = ERROR_INIT;
        State s;
        arena_init(&arena, 0);
        const char *policy = policy_with_rate(&arena, RATES[i].key, (int64_t)RATES[i].other);
        state_make(&s, policy, PEOPLE, 22, 2);
        Table t = state_table(&s, RATES[i].file);
        Share share = share_of(&t, RATES[i].in, RATES[i].hit);
        if (near_rate(share, RATES[i].ppm, RATES[i].deviations) ||
            !near_rate(share, RATES[i].other, RATES[i].deviations))
            fail_msg("%s changed: %.0f of %.0f", RATES[i].key, share.hits, share.of);
        state_free(&s);
        assert_ok(dir_remove(policy, &err));
        arena_free(&arena);
    }
}

static double percent(Share s)
{
    return 100 * s.hits / s.of;
}

/* Published for the class of 2024: 84.2 % graduated, 85.6 % completed. */
static void test_outcomes(void **state)
{
    Table t = state_table(*state, "truth/outcomes.csv");
    Share g = share_of(&t, in_cohort, graduated), c = share_of(&t, in_cohort, completed);
    Share college = share_of(&t, has_diploma, went_to_college);
    assert_true(g.of > 5000);
    assert_true(percent(g) > 82 && percent(g) < 87);
    assert_true(percent(c) > percent(g) + 0.5 && percent(c) < percent(g) + 3);
    assert_true(percent(college) > 40 && percent(college) < 53);
}

static bool is_poor(const Table *t, size_t i)
{
    return in_cohort(t, i) && table_is(t, i, "economically_disadvantaged_ever", "1");
}
static bool is_not_poor(const Table *t, size_t i)
{
    return in_cohort(t, i) && table_is(t, i, "economically_disadvantaged_ever", "0");
}
static bool poor_graduate(const Table *t, size_t i)
{
    return has_diploma(t, i) && table_is(t, i, "economically_disadvantaged_ever", "1");
}
static bool other_graduate(const Table *t, size_t i)
{
    return has_diploma(t, i) && table_is(t, i, "economically_disadvantaged_ever", "0");
}
static bool has_big_three(const Table *t, size_t i)
{
    return table_is(t, i, "big_three", "1");
}

/* Equity measures have something to find. */
static void test_gaps(void **state)
{
    Table t = state_table(*state, "truth/outcomes.csv");
    assert_true(percent(share_of(&t, is_not_poor, graduated)) > percent(share_of(&t, is_poor, graduated)) + 4);
    assert_true(percent(share_of(&t, other_graduate, went_to_college)) >
                percent(share_of(&t, poor_graduate, went_to_college)) + 6);
    assert_true(
        percent(share_of(&t, other_graduate, has_big_three)) > percent(share_of(&t, poor_graduate, has_big_three)) + 3);
}

/* Districts have cohorts in proportion to the real ones: Denver's schools hold 6,650 of the 69,301 of the class of
 * 2024. */
static void test_district_sizes(void **state)
{
    Table t = state_table(*state, "truth/outcomes.csv");
    Share denver = {0, 0};
    for (size_t i = 0; i < t.csv.rows; i++) {
        if (table_at(&t, i, "district_id").len == 0)
            continue;
        denver.of += 1;
        denver.hits += table_is(&t, i, "district_id", "0880");
    }
    /* siblings share a district */
    assert_true(near_rate(denver, 1e6 * 6650 / 69301, 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_district_sizes),
        cmocka_unit_test(test_a_wrong_rate_is_noticed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
