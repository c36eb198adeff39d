/*
 * Shares of seen and linked people, attacked from what is printed alone: of small random trees all ways are tried in
 * which the people without could lie, and whatever fits the printed bands must leave open, for everybody at each place
 * and for each group of the state, that the minimum of people is without, and with.
 */
#include "protect/limits.h"
#include "protect/shares.h"
#include "tables.h"

#define PLACES 3

static ProtectRule RULE; /* Colorado's: 16 people, 3 with and 3 without */

typedef struct Small {
    PublishedCell cells[1 + 2 + PLACES];
    size_t count;
    Arena arena;
} Small;

static PublishedCell cell(const char *level, const char *unit, const char *split, const char *grp, int64_t n, int64_t u)
{
    PublishedCell c = {.unit_count = 1};
    c.cell = (ProtectCell){.table = SLICE("hs_employment_rate_q2"),
        .year = 2024,
        .level = slice_of(level),
        .unit = slice_of(unit),
        .split = slice_of(split),
        .grp = slice_of(grp),
        .denominator = n,
        .base = n,
        .covered = n - u,
        .strong = n - u};
    if (strcmp(level, "state") != 0)
        c.cell.parent = SLICE("CO");
    return c;
}

/* A state of three counties, and of two groups. */
static void make(Small *s, Rng *r)
{
    static const char *const county[PLACES] = {"08001", "08003", "08005"};
    int64_t n[PLACES], u[PLACES], all = 0, without = 0;
    for (int i = 0; i < PLACES; i++) {
        n[i] = rng_between(r, 16, 90);
        u[i] = rng_between(r, 0, rng_between(r, 0, 3) == 0 ? n[i] : n[i] / 8);
        all += n[i];
        without += u[i];
    }
    int64_t girls = rng_between(r, 16, all - 16);
    int64_t least = without - (all - girls) > 0 ? without - (all - girls) : 0;
    int64_t girls_without = rng_between(r, least, without < girls ? without : girls);
    s->count = 0;
    s->cells[s->count++] = cell("state", "CO", "all", "all", all, without);
    s->cells[s->count++] = cell("state", "CO", "sex", "female", girls, girls_without);
    s->cells[s->count++] = cell("state", "CO", "sex", "male", all - girls, without - girls_without);
    for (int i = 0; i < PLACES; i++)
        s->cells[s->count++] = cell("county", county[i], "all", "all", n[i], u[i]);
}

static bool fits(const PublishedCell *c, Slice shown, int64_t without)
{
    int64_t from, n = c->cell.base, step = 5;
    if (shown.len == 0)
        return true;
    assert_int_equal(parse_i64(shown, &from, NULL), OK);
    static const int64_t steps[] = {5, 10, 20, 25, 50, 100};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        step = steps[i];
        if ((step * n + 99) / 100 - 1 >= 3)
            break;
    }
    int64_t with = n - without;
    return with * 100 >= from * n && (from + step >= 100 || with * 100 < (from + step) * n);
}

typedef struct Range {
    int64_t low, high;
} Range;

static void see(Range *r, int64_t v)
{
    r->low = v < r->low ? v : r->low;
    r->high = v > r->high ? v : r->high;
}

/* Every way to put people without into three counties and two groups. */
static void enumerate(const Small *s, Range *range)
{
    int64_t u[PLACES];
    const PublishedCell *c = s->cells;
    for (size_t i = 0; i < s->count; i++)
        range[i] = (Range){INT64_MAX, -1};
    for (u[0] = 0; u[0] <= c[3].cell.base; u[0]++)
        for (u[1] = 0; u[1] <= c[4].cell.base && fits(&c[3], c[3].shown_seen, u[0]); u[1]++)
            for (u[2] = 0; u[2] <= c[5].cell.base && fits(&c[4], c[4].shown_seen, u[1]); u[2]++) {
                int64_t all = u[0] + u[1] + u[2];
                if (!fits(&c[5], c[5].shown_seen, u[2]) || !fits(&c[0], c[0].shown_seen, all))
                    continue;
                bool any = false;
                for (int64_t g = 0; g <= all; g++) {
                    if (g > c[1].cell.base || all - g > c[2].cell.base || !fits(&c[1], c[1].shown_seen, g) ||
                        !fits(&c[2], c[2].shown_seen, all - g))
                        continue;
                    any = true;
                    see(&range[1], g);
                    see(&range[2], all - g);
                }
                if (!any)
                    continue;
                see(&range[0], all);
                for (int i = 0; i < PLACES; i++)
                    see(&range[3 + i], u[i]);
            }
}

static void nobody_follows_from_bands(void **state)
{
    Rng r;
    Limits limits;
    Error none = ERROR_INIT;
    rng_init(&r, 5, 1);
    tables_assert(limits_read(*state, TABLES_DAY, &limits, &none), &none);
    size_t told = 0, kept_back = 0;
    for (int round = 0; round < 300; round++) {
        Small s;
        Error err = ERROR_INIT;
        Range range[COUNT_OF(s.cells)];
        make(&s, &r);
        arena_init(&s.arena, 0);
        tables_assert(shares_show(&RULE, s.cells, s.count, &s.arena, &err), &err);
        tables_assert(audit_shares(&limits, s.cells, s.count, &err), &err);
        enumerate(&s, range);
        for (size_t i = 0; i < s.count; i++) {
            const ProtectCell *c = &s.cells[i].cell;
            assert_true(range[i].low <= c->base - c->covered && range[i].high >= c->base - c->covered);
            assert_true(range[i].high >= RULE.min_complement);
            assert_true(c->base - range[i].low >= RULE.min_numerator);
            told += s.cells[i].shown_seen.len > 0;
            kept_back += s.cells[i].shown_seen.len == 0;
        }
        arena_free(&s.arena);
    }
    assert_true(told > 1500);
    assert_true(kept_back > 0); /* bands alone would have told */
}

/* One of twenty cannot be seen: the share of groups at a place is not told, that of others leaves it open. */
static void one_of_twenty(void **state)
{
    (void)state;
    Arena arena;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    PublishedCell c[] = {cell("state", "CO", "all", "all", 60, 1), cell("county", "08001", "all", "all", 20, 1),
        cell("county", "08003", "all", "all", 40, 0), cell("county", "08001", "sex", "female", 20, 1)};
    tables_assert(shares_show(&RULE, c, COUNT_OF(c), &arena, &err), &err);
    assert_true(slice_eq_z(c[0].shown_seen, "90"));
    assert_true(slice_eq_z(c[1].shown_seen, "80"));
    assert_true(slice_eq_z(c[2].shown_seen, "90"));
    assert_int_equal(c[3].shown_seen.len, 0);
    arena_free(&arena);
}

/* Another table of the same people, whose places are otherwise: it tells what the first does, and of no other place. */
static void the_same_people_once(void **state)
{
    (void)state;
    Arena arena;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    PublishedCell c[] = {cell("state", "CO", "all", "all", 100, 9), cell("county", "08001", "all", "all", 40, 2),
        cell("county", "08003", "all", "all", 60, 7), cell("state", "CO", "all", "all", 100, 9),
        cell("county", "08001", "all", "all", 40, 2), cell("county", "POOL:CO", "all", "all", 60, 7)};
    for (size_t i = 3; i < COUNT_OF(c); i++)
        c[i].cell.table = SLICE("hs_median_earnings_q2");
    tables_assert(shares_show(&RULE, c, COUNT_OF(c), &arena, &err), &err);
    assert_true(c[2].shown_seen.len > 0);
    assert_true(slice_eq(c[0].shown_seen, c[3].shown_seen) && slice_eq(c[1].shown_seen, c[4].shown_seen));
    assert_int_equal(c[5].shown_seen.len, 0);
    arena_free(&arena);
}

/* Bands that are wide enough alone and not together: 16 people in the last band (0 to 3 without), 984 of whom 50 to 98
 * are without, 1,000 of whom 0 to 50 are: none of the 16 is. */
static void bands_that_add_up(void **state)
{
    Arena arena;
    Error err = ERROR_INIT;
    Limits limits;
    arena_init(&arena, 0);
    tables_assert(limits_read(*state, TABLES_DAY, &limits, &err), &err);
    PublishedCell c[] = {cell("state", "CO", "all", "all", 1000, 50), cell("county", "08001", "all", "all", 16, 0),
        cell("county", "08003", "all", "all", 984, 50)};
    const char *const bands[] = {"95", "80", "90"};
    for (size_t i = 0; i < COUNT_OF(c); i++) {
        c[i].shown_seen = slice_of(bands[i]);
        c[i].cell.strong = 0;
    }
    assert_int_equal(audit_shares(&limits, c, COUNT_OF(c), &err), ERR_DENIED);
    assert_non_null(strstr(err.message, "tell of few"));
    error_clear(&err);
    tables_assert(shares_show(&RULE, c, COUNT_OF(c), &arena, &err), &err);
    tables_assert(audit_shares(&limits, c, COUNT_OF(c), &err), &err);
    assert_true(c[0].shown_seen.len == 0 || c[1].shown_seen.len == 0 || c[2].shown_seen.len == 0);
    arena_free(&arena);
}

int main(void)
{
    Error err = ERROR_INIT;
    Policy *policy = tables_policy();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(nobody_follows_from_bands, policy),
        cmocka_unit_test(one_of_twenty),
        cmocka_unit_test(the_same_people_once),
        cmocka_unit_test_prestate(bands_that_add_up, policy),
    };
    if (rule_read(policy, TABLES_DAY, &RULE, &err) != OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    policy_close(policy);
    return failed;
}
