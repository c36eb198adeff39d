/* The auditor finds planted mistakes: each case takes a release that passes and breaks one thing in it. */
#include "tables.h"

#include <math.h>
#include <stdio.h>

typedef struct Fixture {
    Tables tables;
    Protected p;
} Fixture;

typedef bool (*Fits)(const PublishedCell *c);

/* A cell that fits and has a sibling after it; p->count when there is none. The sibling matters: to drop an only child
 * is to show its parent undivided, which is no mistake. */
static size_t find(const Protected *p, Fits fits)
{
    for (size_t i = 0; i + 1 < p->count; i++)
        if (fits(&p->cells[i]) && slice_eq(p->cells[i].cell.table, p->cells[i + 1].cell.table) &&
            slice_eq(p->cells[i].cell.parent, p->cells[i + 1].cell.parent))
            return i;
    return p->count;
}

static bool is_rate_leaf(const PublishedCell *c)
{
    return !c->cell.is_median && slice_eq_z(c->cell.level, "school") && slice_eq_z(c->cell.split, "all");
}

static bool is_pool(const PublishedCell *c)
{
    return c->unit_count > 2 && !c->cell.is_median;
}

static bool is_split_county(const PublishedCell *c)
{
    return slice_eq_z(c->cell.level, "county") && !slice_eq_z(c->cell.split, "all") && !c->cell.is_median;
}

static bool is_merged(const PublishedCell *c)
{
    return c->groups.len > 0 && !c->cell.is_median;
}

static bool is_wage(const PublishedCell *c)
{
    return c->cell.is_median && c->shown_value.len > 0;
}

static bool is_pooled_wage(const PublishedCell *c)
{
    return c->cell.is_median && c->unit_count > 1;
}

static void drop_cell(Fixture *f, size_t i)
{
    memmove(&f->p.cells[i], &f->p.cells[i + 1], (f->p.count - i - 1) * sizeof *f->p.cells);
    f->p.count--;
}

static void few_people(Fixture *f, size_t i)
{
    f->p.cells[i].cell.denominator = 15;
}

static void wrong_sum(Fixture *f, size_t i)
{
    f->p.cells[i].cell.denominator++;
}

static void wrong_numerator(Fixture *f, size_t i)
{
    f->p.cells[i].cell.numerator--;
}

static void printed_wrong(Fixture *f, size_t i)
{
    f->p.cells[i].shown_value = SLICE("1");
}

static void printed_sharp(Fixture *f, size_t i)
{
    f->p.cells[i].shown_value = SLICE("50.123");
}

static void printed_people_wrong(Fixture *f, size_t i)
{
    f->p.cells[i].shown_denominator = SLICE("17");
}

/* The last member no longer named, its people still counted. */
static void unnamed_member(Fixture *f, size_t i)
{
    PublishedCell *c = &f->p.cells[i];
    while (c->members.ptr[--c->members.len] != ' ')
        continue;
    c->unit_count--;
}

static void few_employers(Fixture *f, size_t i)
{
    f->p.cells[i].cell.employers = 2;
}

static void pooled_median(Fixture *f, size_t i)
{
    f->p.cells[i].shown_value = SLICE("$9,300");
}

static void wrong_wage(Fixture *f, size_t i)
{
    f->p.cells[i].shown_value = SLICE("$900");
}

static void other_parent(Fixture *f, size_t i)
{
    f->p.cells[i].cell.parent = SLICE("D999");
}

static void twice(Fixture *f, size_t i)
{
    f->p.cells[i ? i - 1 : 1] = f->p.cells[i];
}

static void unknown_member(Fixture *f, size_t i)
{
    f->p.cells[i].members = SLICE("C998 C999 D000");
    f->p.cells[i].unit_count = 3;
}

static void unnamed_groups(Fixture *f, size_t i)
{
    f->p.cells[i].groups = (Slice){"", 0};
}

static void sharp_share(Fixture *f, size_t i)
{
    f->p.cells[i].shown_seen = SLICE("100");
}

/* Truly 100 of 100. */
static void share_of_group(Fixture *f, size_t i)
{
    f->p.cells[i].shown_seen = SLICE("50");
}

static void false_share(Fixture *f, size_t i)
{
    f->p.cells[i].shown_linked = SLICE("5"); /* nobody is */
}

typedef struct Plant {
    const char *name;
    Fits where;
    void (*plant)(Fixture *f, size_t i);
} Plant;

static const Plant PLANTS[] = {
    {"too few people", is_rate_leaf, few_people},
    {"a number changed", is_rate_leaf, wrong_sum},
    {"a numerator changed", is_rate_leaf, wrong_numerator},
    {"a printed rate changed", is_rate_leaf, printed_wrong},
    {"a rate printed too precisely", is_rate_leaf, printed_sharp},
    {"a printed number of people changed", is_rate_leaf, printed_people_wrong},
    {"a cell dropped", is_rate_leaf, drop_cell},
    {"a group dropped", is_split_county, drop_cell},
    {"a pool dropped", is_pool, drop_cell},
    {"a pool's member not named", is_pool, unnamed_member},
    {"a pool's member unknown", is_pool, unknown_member},
    {"a wage figure of two employers", is_wage, few_employers},
    {"a wage figure changed", is_wage, wrong_wage},
    {"a median of a pool", is_pooled_wage, pooled_median},
    {"a false parent", is_rate_leaf, other_parent},
    {"a cell twice", is_rate_leaf, twice},
    {"a share that leaves nobody out", is_rate_leaf, sharp_share},
    {"a share of a group at a place", is_split_county, share_of_group},
    {"a share larger than it is", is_rate_leaf, false_share},
    {"merged groups not named", is_merged, unnamed_groups},
};

static void fixture_make(Fixture *f, Policy *policy, uint64_t seed)
{
    Error err = ERROR_INIT;
    tables_random(&f->tables, seed);
    tables_assert(protect_release(policy, TABLES_DAY, f->tables.cells.at, f->tables.cells.len, &f->p, &err), &err);
}

static void fixture_free(Fixture *f)
{
    protected_free(&f->p);
    tables_free(&f->tables);
}

static Status audit(Fixture *f, Policy *policy, Error *err)
{
    uint64_t checked;
    return protect_audit(policy, TABLES_DAY, f->tables.cells.at, f->tables.cells.len, &f->p, &checked, err);
}

static void test_planted(void **state)
{
    Policy *policy = tables_policy();
    for (size_t k = 0; k < COUNT_OF(PLANTS); k++) {
        unsigned tried = 0;
        for (uint64_t seed = 0; seed < 400 && tried < 8; seed++) {
            Fixture f;
            fixture_make(&f, policy, seed);
            size_t at = find(&f.p, PLANTS[k].where);
            if (at < f.p.count) {
                Error err = ERROR_INIT;
                tables_assert(audit(&f, policy, &err), &err);
                PLANTS[k].plant(&f, at);
                if (audit(&f, policy, &err) != ERR_DENIED)
                    fail_msg("%s, seed %llu: not found", PLANTS[k].name, (unsigned long long)seed);
                tried++;
            }
            fixture_free(&f);
        }
        if (tried == 0)
            fail_msg("%s: no release had such a cell", PLANTS[k].name);
    }
    policy_close(policy);
    UNUSED(state);
}

/*
 * A partition that is right by itself but does not nest: sex published for C0+C1 and C2+C3 while "all" is published for
 * C0, C1+C2, C3. Every cell is large; the difference C0+C1 - C0 is not.
 */
static void put(Tables *t, Protected *p, const char *split, const char *grp, const char *unit, const char *members,
    int64_t n, unsigned units)
{
    PublishedCell *c = &p->cells[p->count++];
    char text[16];
    Error err = ERROR_INIT;
    *c = (PublishedCell){.unit_count = units, .members = slice_of(members), .shown_value = SLICE("50")};
    c->cell = (ProtectCell){.table = SLICE("alone"),
        .year = 2024,
        .level = unit[0] == 'C' && unit[1] == 'O' ? SLICE("state") : SLICE("county"),
        .unit = slice_of(unit),
        .parent = unit[0] == 'C' && unit[1] == 'O' ? SLICE("") : SLICE("CO"),
        .split = slice_of(split),
        .grp = slice_of(grp),
        .denominator = n,
        .numerator = n / 2,
        .value = NAN,
        .fuzzy = NAN};
    (void)snprintf(text, sizeof text, "%lld", (long long)n);
    tables_assert(arena_dup(&t->arena, slice_of(text), &c->shown_denominator, &err), &err);
}

static void test_partitions_that_do_not_nest(void **state)
{
    Policy *policy = tables_policy();
    const int64_t n[] = {100, 10, 100, 100}, k[] = {50, 5, 50, 50};
    Tables t;
    tables_counties(&t, n, k, 4);
    size_t plain = t.cells.len;
    for (size_t i = 0; i < plain; i++)
        for (int g = 0; g < 2; g++) {
            ProtectCell c = t.cells.at[i];
            c.split = SLICE("sex");
            c.grp = g ? SLICE("M") : SLICE("F");
            c.denominator = i == 0 ? 155 : c.denominator / 2;
            c.numerator = 0;
            Error err = ERROR_INIT;
            tables_assert(vec_push(&t.cells, c, &err), &err);
        }
    /* halves: 50+50, 5+5, 50+50, 50+50; numerators half of the people, rounded */
    for (size_t i = plain; i < t.cells.len; i++)
        t.cells.at[i].numerator =
            t.cells.at[i].denominator == 5 ? (int64_t)(2 + (i & 1)) : t.cells.at[i].denominator / 2;
    t.cells.at[plain].numerator = 77;
    t.cells.at[plain + 1].numerator = 78;
    PublishedCell cells[32];
    for (int nested = 1; nested >= 0; nested--) {
        Protected p = {.cells = cells};
        put(&t, &p, "all", "all", "CO", "", 310, 1);
        put(&t, &p, "all", "all", "C000", "", 100, 1);
        put(&t, &p, "all", "all", "C003", "", 100, 1);
        put(&t, &p, "all", "all", "POOL:CO", "C001 C002", 110, 2);
        for (int g = 0; g < 2; g++) {
            const char *sex = g ? "M" : "F";
            put(&t, &p, "sex", sex, "CO", "", 155, 1);
            cells[p.count - 1].cell.numerator = 77 + g;
            put(&t, &p, "sex", sex, "C003", "", 50, 1);
            if (nested) {
                put(&t, &p, "sex", sex, "C000", "", 50, 1);
                put(&t, &p, "sex", sex, "POOL:CO", "C001 C002", 55, 2);
            } else {
                put(&t, &p, "sex", sex, "C002", "", 50, 1);
                put(&t, &p, "sex", sex, "POOL:CO", "C000 C001", 55, 2);
            }
            size_t at = p.count - 1;
            for (size_t i = 0; i < t.cells.len; i++)
                if (slice_eq_z(t.cells.at[i].unit, "C001") && slice_eq_z(t.cells.at[i].grp, sex))
                    cells[at].cell.numerator = 25 + t.cells.at[i].numerator;
        }
        /* Coverage is not the subject here. */
        for (size_t i = 0; i < t.cells.len; i++)
            t.cells.at[i].covered = t.cells.at[i].base = t.cells.at[i].strong = 0;
        char printed[32][8];
        for (size_t i = 0; i < p.count; i++) {
            const ProtectCell *c = &cells[i].cell;
            (void)snprintf(printed[i], sizeof printed[i], "%d",
                (int)((c->numerator * 200 + c->denominator) / (2 * c->denominator)));
            cells[i].shown_value = slice_of(printed[i]);
        }
        uint64_t checked;
        Error err = ERROR_INIT;
        Status st = protect_audit(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &checked, &err);
        if (nested && st != OK)
            fail_msg("nested: %s", err.message);
        if (!nested) {
            assert_int_equal(st, ERR_DENIED);
            assert_non_null(strstr(err.message, "nest"));
        }
    }
    tables_free(&t);
    policy_close(policy);
    UNUSED(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planted),
        cmocka_unit_test(test_partitions_that_do_not_nest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
