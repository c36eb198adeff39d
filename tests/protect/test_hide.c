/*
 * Suppression: random hierarchies are protected and attacked; planted mistakes are found by the attack; what is out
 * stays as it is, and what was hidden stays hidden.
 */
#include "tables.h"

#include <stdio.h>
#include <string.h>

#define SEEDS 12

typedef struct Run {
    Tables t;
    Protected p;
    LaneOptions o;
    Error err;
} Run;

static void start(Run *r, uint64_t seed)
{
    *r = (Run){.o = LANE_OPTIONS_INIT, .err = ERROR_INIT};
    r->o.lane = PROTECT_SUPPRESS_LANE;
    tables_random(&r->t, seed);
}

static Status protect(Run *r, Policy *policy)
{
    return protect_release_beside(policy, TABLES_DAY, r->t.cells.at, r->t.cells.len, &r->o, &r->p, &r->err);
}

static Status attack(Run *r, Policy *policy, ProtectAttack *report)
{
    return protect_attack(policy, TABLES_DAY, r->t.cells.at, r->t.cells.len, &r->p, &r->o, report, &r->err);
}

static void stop(Run *r)
{
    protected_free(&r->p);
    tables_free(&r->t);
}

static bool same_figures(const Protected *a, const Protected *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++) {
        const PublishedCell *x = &a->cells[i], *y = &b->cells[i];
        same = x->hiding == y->hiding && slice_eq(x->cell.table, y->cell.table) &&
               slice_eq(x->cell.unit, y->cell.unit) && slice_eq(x->cell.grp, y->cell.grp) &&
               slice_eq(x->shown_value, y->shown_value) && slice_eq(x->shown_denominator, y->shown_denominator);
    }
    return same;
}

static size_t count_hidden(const Protected *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++)
        n += p->cells[i].hiding == PROTECT_HIDDEN;
    return n;
}

static void random_hierarchies_hold(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    size_t shown = 0, hidden = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Run r;
        ProtectAttack report;
        start(&r, seed);
        tables_assert(protect(&r, policy), &r.err);
        tables_assert(attack(&r, policy, &report), &r.err);
        assert_int_equal(report.unprotected, 0);
        assert_int_equal(report.figures, r.p.count);
        assert_int_equal(report.hidden, count_hidden(&r.p));
        assert_true(r.p.suppresses && !r.p.pools);
        hidden += report.hidden;
        shown += report.figures - report.hidden;
        stop(&r);
    }
    assert_true(shown > 100 && hidden > 100); /* otherwise nothing was tested */
    policy_close(policy);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    Run one, two;
    start(&one, 3);
    start(&two, 3);
    two.o.threads = 3;
    tables_assert(protect(&one, policy), &one.err);
    tables_assert(protect(&two, policy), &two.err);
    assert_true(same_figures(&one.p, &two.p));
    stop(&one);
    stop(&two);
    policy_close(policy);
}

/* --- planted mistakes -------------------------------------------------------------------------------------------- */

static const ProtectCell *truth_of(const Run *r, const ProtectCell *c)
{
    for (size_t i = 0; i < r->t.cells.len; i++) {
        const ProtectCell *x = &r->t.cells.at[i];
        if (slice_eq(x->table, c->table) && slice_eq(x->level, c->level) && slice_eq(x->unit, c->unit) &&
            slice_eq(x->split, c->split) && slice_eq(x->grp, c->grp))
            return x;
    }
    return NULL;
}

/* Prints a hidden figure as a release would. */
static void reveal(const Run *r, PublishedCell *c, const ProtectCell *truth, char texts[2][32])
{
    (void)r;
    c->cell.denominator = truth->denominator;
    c->cell.numerator = truth->numerator;
    c->hiding = PROTECT_SHOWN;
    snprintf(texts[0], 32, "%lld", (long long)truth->denominator);
    c->shown_denominator = slice_of(texts[0]);
    int64_t n = truth->denominator, k = truth->numerator;
    if (n < 200)
        snprintf(texts[1], 32, "%lld", (long long)((k * 200 + n) / (2 * n)));
    else
        snprintf(texts[1], 32, "%lld.%lld", (long long)((k * 2000 + n) / (2 * n) / 10),
            (long long)((k * 2000 + n) / (2 * n) % 10));
    c->shown_value = slice_of(texts[1]);
}

/* Each complement that is printed again must be missed, or else it was needless: most are not. */
static void skipped_complements_are_found(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    size_t tried = 0, found = 0, small = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        Run r;
        ProtectAttack report;
        start(&r, seed);
        tables_assert(protect(&r, policy), &r.err);
        for (size_t i = 0; i < r.p.count && tried < 60; i++) {
            PublishedCell *c = &r.p.cells[i], kept = *c;
            const ProtectCell *truth = truth_of(&r, &c->cell);
            char texts[2][32];
            if (c->hiding != PROTECT_HIDDEN || c->cell.is_median || !truth || truth->denominator == 0)
                continue;
            int64_t n = truth->denominator, k = truth->numerator;
            bool passes = n >= 16 && k >= 3 && n - k >= 3;
            if (!passes && small++ > 5)
                continue;
            reveal(&r, c, truth, texts);
            Status st = attack(&r, policy, &report);
            *c = kept;
            if (passes) {
                tried++;
                found += st == ERR_DENIED;
            } else {
                assert_int_equal(st, ERR_DENIED);
            }
            error_clear(&r.err);
        }
        stop(&r);
    }
    assert_true(small > 5);
    assert_true(tried >= 10 && found * 2 > tried);
    policy_close(policy);
}

static size_t first_with(const Protected *p, ProtectHiding hiding, bool median)
{
    size_t i = 0;
    while (i < p->count && (p->cells[i].hiding != hiding || p->cells[i].cell.is_median != median))
        i++;
    assert_true(i < p->count);
    return i;
}

static void wrong_figures_are_found(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    Run r;
    ProtectAttack report;
    start(&r, 2);
    tables_assert(protect(&r, policy), &r.err);
    PublishedCell *shown = &r.p.cells[first_with(&r.p, PROTECT_SHOWN, false)], kept = *shown;
    PublishedCell *hidden = &r.p.cells[first_with(&r.p, PROTECT_HIDDEN, false)], kept_hidden = *hidden;

    shown->shown_denominator = SLICE("17000");
    assert_int_equal(attack(&r, policy, &report), ERR_DENIED); /* not the number of people */
    *shown = kept;
    shown->hiding = PROTECT_HIDDEN_VALUE;
    assert_int_equal(attack(&r, policy, &report), ERR_DENIED); /* a rate cannot hide for employers */
    *shown = kept;
    hidden->cell.covered = 5;
    assert_int_equal(attack(&r, policy, &report), ERR_DENIED); /* a hidden figure carries a number */
    *hidden = kept_hidden;
    hidden->shown_value = SLICE("84");
    assert_int_equal(attack(&r, policy, &report), ERR_DENIED);
    *hidden = kept_hidden;
    *hidden = kept;
    assert_int_equal(attack(&r, policy, &report), ERR_DENIED); /* one twice, one missing */
    *hidden = kept_hidden;
    error_clear(&r.err);
    tables_assert(attack(&r, policy, &report), &r.err);
    r.p.count--;
    assert_int_equal(attack(&r, policy, &report), ERR_DENIED); /* left out without a word */
    r.p.count++;
    stop(&r);
    policy_close(policy);
}

/* --- earlier releases -------------------------------------------------------------------------------------------- */

static void made_again_it_is_the_same(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    for (uint64_t seed = 1; seed <= 5; seed++) {
        Run first, again;
        ProtectAttack report;
        start(&first, seed);
        start(&again, seed);
        tables_assert(protect(&first, policy), &first.err);
        again.o.told = first.p.cells;
        again.o.told_count = first.p.count;
        tables_assert(
            protect_told_agrees(policy, TABLES_DAY, again.t.cells.at, again.t.cells.len, &again.o, &again.err),
            &again.err);
        tables_assert(protect(&again, policy), &again.err);
        assert_true(same_figures(&first.p, &again.p));
        tables_assert(attack(&again, policy, &report), &again.err);
        stop(&again);
        stop(&first);
    }
    policy_close(policy);
}

/* A year more, and a measure more of a year that is out. */
static void years_and_measures_join(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    Run first, more, other;
    ProtectAttack report;
    start(&first, 4);
    start(&more, 4);
    start(&other, 5);
    size_t kept = 0;
    for (size_t i = 0; i < first.t.cells.len; i++)
        if (!slice_eq_z(first.t.cells.at[i].table, "hs_median_earnings_q2"))
            first.t.cells.at[kept++] = first.t.cells.at[i];
    first.t.cells.len = kept;
    for (size_t i = 0; i < other.t.cells.len; i++) {
        other.t.cells.at[i].year = 2025;
        tables_assert(vec_push(&more.t.cells, other.t.cells.at[i], &more.err), &more.err);
    }
    tables_assert(protect(&first, policy), &first.err);
    more.o.told = first.p.cells;
    more.o.told_count = first.p.count;
    tables_assert(protect(&more, policy), &more.err);
    tables_assert(attack(&more, policy, &report), &more.err);
    assert_int_equal(report.systems, 2);
    for (size_t i = 0; i < first.p.count; i++) {
        const PublishedCell *a = &first.p.cells[i], *b = NULL;
        for (size_t k = 0; k < more.p.count && !b; k++)
            if (more.p.cells[k].cell.year == a->cell.year && slice_eq(more.p.cells[k].cell.table, a->cell.table) &&
                slice_eq(more.p.cells[k].cell.level, a->cell.level) &&
                slice_eq(more.p.cells[k].cell.unit, a->cell.unit) &&
                slice_eq(more.p.cells[k].cell.split, a->cell.split) && slice_eq(more.p.cells[k].cell.grp, a->cell.grp))
                b = &more.p.cells[k];
        assert_non_null(b);
        assert_int_equal(a->hiding, b->hiding);
        assert_true(slice_eq(a->shown_value, b->shown_value));
    }
    stop(&more);
    stop(&first);
    stop(&other);
    policy_close(policy);
}

static void corrections_are_refused(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    Run first, now;
    start(&first, 6);
    start(&now, 6);
    tables_assert(protect(&first, policy), &first.err);
    now.o.told = first.p.cells;
    now.o.told_count = first.p.count;
    for (size_t i = 0; i < now.t.cells.len; i++) /* one person more, everywhere she counts */
        if (slice_eq_z(now.t.cells.at[i].table, "graduation_rate_4yr") && slice_eq_z(now.t.cells.at[i].level, "state"))
            now.t.cells.at[i].denominator++;
    assert_int_equal(
        protect_told_agrees(policy, TABLES_DAY, now.t.cells.at, now.t.cells.len, &now.o, &now.err), ERR_DENIED);
    stop(&now);
    stop(&first);
    policy_close(policy);
}

/* Pools that are out become known sums; a leak among what is told is found whatever is hidden now. */
static void pools_that_are_out_count(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    size_t possible = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        Run pooled, now;
        ProtectAttack report;
        start(&pooled, seed);
        start(&now, seed);
        pooled.o.lane = PROTECT_POOL_LANE;
        tables_assert(protect(&pooled, policy), &pooled.err);
        now.o.told = pooled.p.cells;
        now.o.told_count = pooled.p.count;
        Status st = protect(&now, policy);
        if (st == OK) {
            possible++;
            tables_assert(attack(&now, policy, &report), &now.err);
        } else {
            assert_int_equal(st, ERR_DENIED);
        }
        stop(&now);
        stop(&pooled);
    }
    assert_true(possible > 0);
    policy_close(policy);
}

static void a_leak_that_is_out_is_found(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    Run r;
    ProtectAttack report;
    const int64_t n[] = {40, 8, 30, 60}, k[] = {20, 4, 12, 30};
    r = (Run){.o = LANE_OPTIONS_INIT, .err = ERROR_INIT};
    r.o.lane = PROTECT_SUPPRESS_LANE;
    tables_counties(&r.t, n, k, 4);
    tables_assert(protect(&r, policy), &r.err);
    assert_int_equal(count_hidden(&r.p), 2); /* the small one and one beside it */
    /* An earlier release printed the other three. */
    PublishedCell told[5];
    char texts[5][2][32];
    size_t count = 0;
    for (size_t i = 0; i < r.p.count; i++) {
        const ProtectCell *truth = truth_of(&r, &r.p.cells[i].cell);
        if (truth->denominator == 8)
            continue;
        told[count] = r.p.cells[i];
        told[count].unit_count = 1;
        reveal(&r, &told[count], truth, texts[count]);
        count++;
    }
    protected_free(&r.p);
    r.o.told = told;
    r.o.told_count = count;
    assert_int_equal(protect(&r, policy), ERR_DENIED);
    /* Two of them only: the third can be hidden. */
    error_clear(&r.err);
    r.o.told_count = count - 1;
    tables_assert(protect(&r, policy), &r.err);
    tables_assert(attack(&r, policy, &report), &r.err);
    stop(&r);
    policy_close(policy);
}

/* One county of eight people beside what an earlier release prints of several together: its total, a group that
 * overlaps. The protector hides a county beside it; printed again, the attack must find the eight. */
static void totals_and_overlaps_that_are_out_are_found(void **state)
{
    static const struct {
        const char *members, *people, *value; /* C001 are the eight, four of them with the outcome */
        uint32_t units;
        size_t hidden; /* the county that must go with them */
    } out[] = {{"C000 C001", "48", "50", 2, 0}, {"C001 C002", "38", "42", 2, 2}, {"C001 C003", "68", "50", 2, 3}};
    (void)state;
    Policy *policy = tables_policy();
    const int64_t n[] = {40, 8, 30, 60}, k[] = {20, 4, 12, 30};
    for (size_t i = 0; i < COUNT_OF(out); i++) {
        Run r = {.o = LANE_OPTIONS_INIT, .err = ERROR_INIT};
        ProtectAttack report;
        r.o.lane = PROTECT_SUPPRESS_LANE;
        tables_counties(&r.t, n, k, 4);
        PublishedCell told = {.cell = r.t.cells.at[0], .unit_count = out[i].units, .hiding = PROTECT_SHOWN};
        told.cell.level = SLICE("county");
        told.cell.unit = SLICE("POOL:CO");
        told.cell.parent = SLICE("CO");
        told.members = slice_of(out[i].members);
        told.groups = SLICE("");
        told.shown_denominator = slice_of(out[i].people);
        told.shown_value = slice_of(out[i].value);
        r.o.told = &told;
        r.o.told_count = 1;
        tables_assert(protect(&r, policy), &r.err);
        tables_assert(attack(&r, policy, &report), &r.err);
        size_t again = 0;
        for (size_t c = 0; c < r.p.count; c++) {
            PublishedCell *cell = &r.p.cells[c], kept = *cell;
            const ProtectCell *truth = truth_of(&r, &cell->cell);
            char texts[2][32];
            if (cell->hiding != PROTECT_HIDDEN || truth->denominator != n[out[i].hidden])
                continue;
            reveal(&r, cell, truth, texts);
            assert_int_equal(attack(&r, policy, &report), ERR_DENIED);
            if (!strstr(r.err.message, "can be worked out"))
                fail_msg("%s: %s", out[i].members, r.err.message);
            error_clear(&r.err);
            *cell = kept;
            again++;
        }
        assert_int_equal(again, 1);
        stop(&r);
    }
    policy_close(policy);
}

/* A rate that is 100 percent everywhere, and a wage table of the same people. */
static void everybody_and_wages(Run *r, const char *rate, const char *wage)
{
    const int64_t n[] = {40, 5, 3, 60};
    *r = (Run){.o = LANE_OPTIONS_INIT, .err = ERROR_INIT};
    r->o.lane = PROTECT_SUPPRESS_LANE;
    tables_counties(&r->t, n, n, 4);
    size_t places = r->t.cells.len;
    for (size_t i = 0; i < places; i++) {
        ProtectCell c = r->t.cells.at[i];
        r->t.cells.at[i].table = slice_of(rate);
        c.table = slice_of(wage);
        c.is_median = true;
        c.numerator = 0;
        c.value = c.fuzzy = 9000;
        c.employers = 50;
        c.top_employer = 1;
        tables_assert(vec_push(&r->t.cells, c, &r->err), &r->err);
    }
}

/* The outcome of such a rate is no other name of its people, whose minimum would be an outcome's: that there are few of
 * the five and the three must not follow from the wage table's parent and siblings. */
static void people_are_no_outcome_of_their_own(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    Run r;
    ProtectAttack report;
    size_t hidden = 0, beside = 0;
    everybody_and_wages(&r, "completion_rate_4yr", "hs_median_earnings_q2");
    tables_assert(protect(&r, policy), &r.err);
    tables_assert(attack(&r, policy, &report), &r.err);
    for (size_t i = 0; i < r.p.count; i++) {
        bool is_hidden = r.p.cells[i].hiding == PROTECT_HIDDEN;
        if (!r.p.cells[i].cell.is_median) {
            assert_true(is_hidden); /* that nobody lacks it */
        } else if (is_hidden) {
            hidden++;
            beside = truth_of(&r, &r.p.cells[i].cell)->denominator < 16 ? beside : i;
        }
    }
    assert_true(beside > 0);
    assert_int_equal(hidden, 3); /* the two, and one beside them */
    PublishedCell *c = &r.p.cells[beside];
    char people[32];
    c->cell.denominator = truth_of(&r, &c->cell)->denominator;
    snprintf(people, sizeof people, "%lld", (long long)c->cell.denominator);
    c->shown_denominator = slice_of(people);
    c->hiding = PROTECT_HIDDEN_VALUE;
    assert_int_equal(attack(&r, policy, &report), ERR_DENIED);
    if (!strstr(r.err.message, "can be worked out"))
        fail_msg("%s", r.err.message);
    stop(&r);
    policy_close(policy);
}

/* People who are declared a part of an outcome that everybody has are that outcome, not the people: nothing is told by
 * the rule alone, and the release is not refused for what nobody printed. */
static void declared_parts_stay_outcomes(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    Run r;
    ProtectAttack report;
    everybody_and_wages(&r, "wioa_employment_rate_q2", "wioa_median_earnings_q2");
    tables_assert(protect(&r, policy), &r.err);
    tables_assert(attack(&r, policy, &report), &r.err);
    assert_true(count_hidden(&r.p) < r.p.count);
    stop(&r);
    policy_close(policy);
}

static void what_can_be_seen_is_counted(void **state)
{
    (void)state;
    Policy *policy = tables_policy();
    Run r;
    ProtectVisibleRows rows = {0};
    const int64_t n[] = {40, 8, 30, 60}, k[] = {20, 4, 12, 30};
    r = (Run){.o = LANE_OPTIONS_INIT, .err = ERROR_INIT};
    r.o.lane = PROTECT_SUPPRESS_LANE;
    tables_counties(&r.t, n, k, 4);
    tables_assert(protect(&r, policy), &r.err);
    tables_assert(protect_visible(policy, TABLES_DAY, r.t.cells.at, r.t.cells.len, &r.p, &rows, &r.err), &r.err);
    assert_int_equal(rows.len, 2);
    assert_int_equal(rows.at[0].figures_alone, 1); /* the state */
    assert_int_equal(rows.at[1].figures, 4);
    assert_int_equal(rows.at[1].figures_alone, 2);
    assert_int_equal(rows.at[1].people, 138);
    vec_free(&rows);
    stop(&r);
    policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_hierarchies_hold),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(skipped_complements_are_found),
        cmocka_unit_test(wrong_figures_are_found),
        cmocka_unit_test(made_again_it_is_the_same),
        cmocka_unit_test(years_and_measures_join),
        cmocka_unit_test(corrections_are_refused),
        cmocka_unit_test(pools_that_are_out_count),
        cmocka_unit_test(a_leak_that_is_out_is_found),
        cmocka_unit_test(totals_and_overlaps_that_are_out_are_found),
        cmocka_unit_test(people_are_no_outcome_of_their_own),
        cmocka_unit_test(declared_parts_stay_outcomes),
        cmocka_unit_test(what_can_be_seen_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
