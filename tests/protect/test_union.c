/* Two releases about the same people: what is safe alone must be safe together. */
#include "tables.h"

#include <stdio.h>

/* A release as it is read back from its files: printed forms only. */
typedef struct Old {
    Arena arena;
    VEC(PublishedCell) cells;
} Old;

static void old_take(Old *o, const Protected *p)
{
    Error err = ERROR_INIT;
    *o = (Old){0};
    arena_init(&o->arena, 0);
    for (size_t i = 0; i < p->count; i++) {
        PublishedCell c = p->cells[i];
        PublishedCell read = {.cell = {.table = c.cell.table,
                                  .year = c.cell.year,
                                  .level = c.cell.level,
                                  .unit = c.cell.unit,
                                  .parent = c.cell.parent,
                                  .split = c.cell.split,
                                  .grp = c.cell.grp,
                                  .is_median = c.cell.is_median}};
        const Slice texts[] = {c.members, c.groups, c.shown_value, c.shown_denominator, c.cell.unit};
        Slice *const places[] = {
            &read.members, &read.groups, &read.shown_value, &read.shown_denominator, &read.cell.unit};
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            Buf b;
            buf_init(&b, 0);
            for (size_t n = 0; n < texts[k].len; n++)
                if (k < 2 || k == 4 || (texts[k].ptr[n] != ',' && texts[k].ptr[n] != '$'))
                    buf_addc(&b, texts[k].ptr[n]);
            tables_assert(arena_dup(&o->arena, buf_slice(&b), places[k], &err), &err);
            buf_free(&b);
        }
        tables_assert(vec_push(&o->cells, read, &err), &err);
    }
}

static void old_free(Old *o)
{
    vec_free(&o->cells);
    arena_free(&o->arena);
}

static Status together(Policy *policy, const Tables *t, const Old *o, UnionReport *report, Error *err)
{
    Protected p;
    tables_assert(protect_release(policy, TABLES_DAY, t->cells.at, t->cells.len, &p, err), err);
    Status st =
        protect_audit_union(policy, TABLES_DAY, t->cells.at, t->cells.len, &p, o->cells.at, o->cells.len, report, err);
    protected_free(&p);
    return st;
}

static void release_of(Policy *policy, const Tables *t, Old *o)
{
    Protected p;
    Error err = ERROR_INIT;
    tables_assert(protect_release(policy, TABLES_DAY, t->cells.at, t->cells.len, &p, &err), &err);
    old_take(o, &p);
    protected_free(&p);
}

static void name_all(Tables *t, const char *table, int32_t year)
{
    for (size_t i = 0; i < t->cells.len; i++) {
        t->cells.at[i].table = slice_of(table);
        t->cells.at[i].year = year;
    }
}

static void test_same_release(void **state)
{
    UNUSED(state);
    Policy *policy = tables_policy();
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Tables t;
        Old o;
        UnionReport report;
        Error err = ERROR_INIT;
        tables_random(&t, seed);
        release_of(policy, &t, &o);
        tables_assert(together(policy, &t, &o, &report, &err), &err);
        assert_int_equal(report.compared, 0);
        old_free(&o);
        tables_free(&t);
    }
    policy_close(policy);
}

static void test_another_year(void **state)
{
    UNUSED(state);
    static const int64_t n[] = {8, 30, 40, 50}, k[] = {4, 15, 20, 20};
    Policy *policy = tables_policy();
    Tables t, more;
    Old o;
    UnionReport report;
    Error err = ERROR_INIT;
    tables_counties(&t, n, k, 4);
    tables_counties(&more, n, k, 3);
    name_all(&t, "graduation_rate_4yr", 2024);
    name_all(&more, "graduation_rate_4yr", 2025);
    release_of(policy, &t, &o);
    for (size_t i = 0; i < more.cells.len; i++)
        tables_assert(vec_push(&t.cells, more.cells.at[i], &err), &err);
    tables_assert(together(policy, &t, &o, &report, &err), &err);
    assert_int_equal(report.compared, 0);
    old_free(&o);
    tables_free(&t);
    tables_free(&more);
    policy_close(policy);
}

/* A later look at the same cohort joins what is out already: the earlier release is a part of the new one, and nothing
 * of it is looked at again. */
static void test_later_look_joins(void **state)
{
    UNUSED(state);
    static const int64_t n[] = {80, 90, 70}, four[] = {50, 60, 40}, five[] = {60, 66, 50};
    Policy *policy = tables_policy();
    Tables t, more;
    Old o;
    UnionReport report;
    Error err = ERROR_INIT;
    tables_counties(&t, n, four, COUNT_OF(n));
    tables_counties(&more, n, five, COUNT_OF(n));
    name_all(&t, "graduation_rate_4yr", 2024);
    name_all(&more, "graduation_rate_5yr", 2024);
    release_of(policy, &t, &o);
    size_t before = o.cells.len;
    for (size_t i = 0; i < more.cells.len; i++)
        tables_assert(vec_push(&t.cells, more.cells.at[i], &err), &err);
    tables_assert(together(policy, &t, &o, &report, &err), &err);
    assert_int_equal(report.compared, 0);
    old_free(&o);
    release_of(policy, &t, &o);
    assert_int_equal(o.cells.len, 2 * before);
    old_free(&o);
    tables_free(&t);
    tables_free(&more);
    policy_close(policy);
}

typedef struct Planted {
    const char *name;
    int64_t n[4], k[4]; /* of today */
    const char *unit;   /* the earlier release printed this ... */
    const char *members, *people, *value;
    const char *message; /* NULL: nothing is to be found */
} Planted;

/* The release of today: C000 of 8 people is shown with C001 of 30; C002 and C003 by themselves. */
static const Planted PLANTED[] = {
    {"a pool cut in another way", {8, 30, 40, 50}, {4, 15, 20, 20}, "POOL:CO", "C000 C002", "48", "50",
        "cut in another way"},
    {"a county by itself that is pooled now", {8, 30, 40, 50}, {4, 15, 20, 20}, "C001", "", "30", "50",
        "too few people"},
    {"one person more today", {8, 30, 40, 50}, {4, 15, 20, 20}, "C003", "", "49", "41", "people have been corrected"},
    {"one graduate more today", {8, 30, 40, 50}, {4, 15, 20, 20}, "C003", "", "50", "38",
        "outcomes have been corrected"},
    {"a place that is no more", {8, 30, 40, 50}, {4, 15, 20, 20}, "C009", "", "50", "40", "no longer there"},
    {"two that pass, shown as one before", {8, 30, 40, 50}, {4, 15, 20, 20}, "POOL:CO", "C002 C003", "90", "44", NULL},
    {"everybody but one county, which passes", {8, 30, 40, 50}, {4, 15, 20, 20}, "POOL:CO", "C000 C001 C002", "78",
        "50", NULL},
};

static void test_planted(void **state)
{
    UNUSED(state);
    Policy *policy = tables_policy();
    for (size_t i = 0; i < COUNT_OF(PLANTED); i++) {
        const Planted *c = &PLANTED[i];
        Tables t;
        UnionReport report;
        Error err = ERROR_INIT;
        tables_counties(&t, c->n, c->k, 4);
        name_all(&t, "graduation_rate_4yr", 2024);
        PublishedCell cell = {.members = slice_of(c->members),
            .groups = SLICE(""),
            .shown_denominator = slice_of(c->people),
            .shown_value = slice_of(c->value)};
        cell.cell = (ProtectCell){.table = SLICE("graduation_rate_4yr"),
            .year = 2024,
            .level = SLICE("county"),
            .unit = slice_of(c->unit),
            .parent = SLICE("CO"),
            .split = SLICE("all"),
            .grp = SLICE("all")};
        Old o = {0};
        tables_assert(vec_push(&o.cells, cell, &err), &err);
        Status st = together(policy, &t, &o, &report, &err);
        if (c->message && (st != ERR_DENIED || !strstr(err.message, c->message)))
            fail_msg("%s: %s", c->name, st == OK ? "not found" : err.message);
        if (!c->message && st != OK)
            fail_msg("%s: %s", c->name, err.message);
        assert_int_equal(report.compared, 1);
        vec_free(&o.cells);
        tables_free(&t);
    }
    policy_close(policy);
}

static PublishedCell county(const char *unit, const char *members, const char *people, const char *value)
{
    PublishedCell c = {.members = slice_of(members),
        .groups = SLICE(""),
        .shown_denominator = slice_of(people),
        .shown_value = slice_of(value)};
    c.cell = (ProtectCell){.table = SLICE("graduation_rate_4yr"),
        .year = 2024,
        .level = SLICE("county"),
        .unit = slice_of(unit),
        .parent = SLICE("CO"),
        .split = SLICE("all"),
        .grp = SLICE("all")};
    return c;
}

/* Two earlier releases, each safe beside today's, cut the same people in two ways. */
static void test_three_together(void **state)
{
    UNUSED(state);
    static const int64_t n[] = {8, 30, 40, 50}, k[] = {4, 15, 20, 20};
    Policy *policy = tables_policy();
    const PublishedCell cells[] = {
        county("POOL:CO", "C002 C003", "90", "44"), county("POOL:CO", "C000 C001 C002", "78", "50")};
    Tables t;
    tables_counties(&t, n, k, 4);
    name_all(&t, "graduation_rate_4yr", 2024);
    for (size_t which = 1; which <= 3; which++) {
        Old o = {0};
        UnionReport report;
        Error err = ERROR_INIT;
        for (size_t i = 0; i < 2; i++)
            if (which & (1U << i))
                tables_assert(vec_push(&o.cells, cells[i], &err), &err);
        Status st = together(policy, &t, &o, &report, &err);
        if (which < 3)
            tables_assert(st, &err);
        else
            assert_int_equal(st, ERR_DENIED);
        vec_free(&o.cells);
    }
    tables_free(&t);
    policy_close(policy);
}

/* A split that today's data have no longer: what it printed cannot be shown to fit, so it does not. */
static void test_split_gone(void **state)
{
    UNUSED(state);
    static const int64_t n[] = {8, 30, 40, 50}, k[] = {4, 15, 20, 20};
    Policy *policy = tables_policy();
    Tables t;
    Old o = {0};
    UnionReport report;
    Error err = ERROR_INIT;
    PublishedCell c = county("C003", "", "30", "50");
    c.cell.split = SLICE("race");
    c.cell.grp = SLICE("white");
    tables_counties(&t, n, k, 4);
    name_all(&t, "graduation_rate_4yr", 2024);
    tables_assert(vec_push(&o.cells, c, &err), &err);
    assert_int_equal(together(policy, &t, &o, &report, &err), ERR_DENIED);
    vec_free(&o.cells);
    tables_free(&t);
    policy_close(policy);
}

/* Random releases of which one person has moved from one school to another in between: found, wherever it was. */
static void test_random_corrections(void **state)
{
    UNUSED(state);
    Policy *policy = tables_policy();
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Tables t;
        Old o;
        UnionReport report;
        Error err = ERROR_INIT;
        tables_random(&t, seed);
        release_of(policy, &t, &o);
        assert_true(o.cells.len > 1);
        size_t at = (seed * 7919) % o.cells.len;
        PublishedCell *c = &o.cells.at[at];
        int64_t people;
        const char *text;
        tables_assert(parse_i64(c->shown_denominator, &people, &err), &err);
        tables_assert(arena_printf(&o.arena, &text, &err, "%lld", (long long)people + 1), &err);
        c->shown_denominator = slice_of(text);
        assert_int_equal(together(policy, &t, &o, &report, &err), ERR_DENIED);
        old_free(&o);
        tables_free(&t);
    }
    policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_release),
        cmocka_unit_test(test_another_year),
        cmocka_unit_test(test_later_look_joins),
        cmocka_unit_test(test_planted),
        cmocka_unit_test(test_three_together),
        cmocka_unit_test(test_split_gone),
        cmocka_unit_test(test_random_corrections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
