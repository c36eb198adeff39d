/*
 * Properties over many random hierarchies: the independent audit finds nothing, the order of the input does not matter,
 * and in tables small enough to try everything, no set of people that can be told apart by any adding and subtracting
 * of published figures is smaller than the minimum.
 */
#include "tables.h"

#include <math.h>
#include <stdio.h>

#define HIERARCHIES 500

static void shuffle(Tables *t, uint64_t seed)
{
    Rng r;
    rng_init(&r, seed, 7);
    for (size_t i = t->cells.len; i > 1; i--) {
        size_t j = (size_t)rng_below(&r, i);
        ProtectCell swap = t->cells.at[i - 1];
        t->cells.at[i - 1] = t->cells.at[j];
        t->cells.at[j] = swap;
    }
}

static void assert_same(const Protected *a, const Protected *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const PublishedCell *x = &a->cells[i], *y = &b->cells[i];
        assert_true(slice_eq(x->cell.table, y->cell.table) && slice_eq(x->cell.unit, y->cell.unit));
        assert_true(slice_eq(x->cell.split, y->cell.split) && slice_eq(x->cell.grp, y->cell.grp));
        assert_true(slice_eq(x->members, y->members) && slice_eq(x->shown_value, y->shown_value));
        assert_true(slice_eq(x->shown_denominator, y->shown_denominator));
    }
}

static void test_random_hierarchies(void **state)
{
    Policy *policy = tables_policy();
    uint64_t published = 0, pools = 0, merged = 0, undivided = 0;
    for (uint64_t seed = 0; seed < HIERARCHIES; seed++) {
        Tables t;
        tables_random(&t, seed);
        Protected p;
        Error err = ERROR_INIT;
        tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), &err);
        uint64_t checked;
        Status st = protect_audit(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &checked, &err);
        if (st != OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, err.message);
        if (seed % 10 == 0) {
            Protected again;
            shuffle(&t, seed);
            tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &again, &err), &err);
            assert_same(&p, &again);
            protected_free(&again);
        }
        published += checked;
        undivided += p.withheld_count;
        for (size_t i = 0; i < p.count; i++) {
            pools += p.cells[i].unit_count > 1;
            merged += p.cells[i].groups.len > 0;
        }
        protected_free(&p);
        tables_free(&t);
    }
    /* The random tables do reach what they are to test. */
    assert_true(published > HIERARCHIES * 20 && pools > HIERARCHIES && merged > HIERARCHIES && undivided > HIERARCHIES);
    policy_close(policy);
    UNUSED(state);
}

/* --- everything tried ------------------------------------------------------------------------------------------ */

#define COUNTIES 3
#define ATOMS (COUNTIES * 2 * 2) /* (county * 2 + sex) * 2 + income */

typedef struct Tiny {
    int64_t n[ATOMS], k[ATOMS], more[ATOMS]; /* people, with the first outcome, of them with the second */
} Tiny;

static const char *const COUNTY_CODES[COUNTIES] = {"C0", "C1", "C2"};
static const char *const GROUPS[2][2] = {{"F", "M"}, {"no", "yes"}};

/* Which atoms a cell counts; split 0: all, 1: sex, 2: income. */
static bool counts(size_t split, size_t group, size_t county, size_t a)
{
    if (county < COUNTIES && a / 4 != county)
        return false;
    return split == 0 || (split == 1 ? a / 2 % 2 : a % 2) == group;
}

/* Graduation of the people, then matriculation of those who graduate: two tiers that count the same people. */
static void tiny_table(const char *table, const int64_t *n, const int64_t *k, Tables *t)
{
    for (size_t split = 0; split < 3; split++)
        for (size_t county = 0; county <= COUNTIES; county++)
            for (size_t group = 0; group < (split == 0 ? 1 : 2); group++) {
                ProtectCell c = {.table = slice_of(table),
                    .year = 2024,
                    .level = county == COUNTIES ? SLICE("state") : SLICE("county"),
                    .unit = slice_of(county == COUNTIES ? "CO" : COUNTY_CODES[county]),
                    .parent = county == COUNTIES ? SLICE("") : SLICE("CO"),
                    .split = slice_of(split == 0   ? "all"
                                      : split == 1 ? "sex"
                                                   : "income"),
                    .grp = slice_of(split == 0 ? "all" : GROUPS[split - 1][group]),
                    .value = NAN,
                    .fuzzy = NAN};
                for (size_t a = 0; a < ATOMS; a++)
                    if (counts(split, group, county, a)) {
                        c.denominator += n[a];
                        c.numerator += k[a];
                    }
                Error err = ERROR_INIT;
                tables_assert(vec_push(&t->cells, c, &err), &err);
            }
}

static void tiny_tables(const Tiny *w, Tables *t)
{
    *t = (Tables){0};
    arena_init(&t->arena, 0);
    tiny_table("graduation_rate_4yr", w->n, w->k, t);
    tiny_table("matriculation_rate", w->k, w->more, t);
}

static bool lists(Slice list, const char *code)
{
    while (list.ptr)
        if (slice_eq_z(slice_cut(&list, ' '), code))
            return true;
    return false;
}

/* The published cell as a vector over atoms. */
static void cell_vector(const PublishedCell *p, double v[ATOMS])
{
    Slice units = p->members.len > 0 ? p->members : p->cell.unit;
    Slice groups = p->groups.len > 0 ? p->groups : p->cell.grp;
    for (size_t a = 0; a < ATOMS; a++) {
        bool in = slice_eq_z(p->cell.unit, "CO") || lists(units, COUNTY_CODES[a / 4]);
        if (slice_eq_z(p->cell.split, "sex"))
            in = in && lists(groups, GROUPS[0][a / 2 % 2]);
        if (slice_eq_z(p->cell.split, "income"))
            in = in && lists(groups, GROUPS[1][a % 2]);
        v[a] = in ? 1 : 0;
    }
}

typedef struct Span {
    double rows[ATOMS][ATOMS];
    size_t lead[ATOMS];
    size_t rank;
} Span;

/* What remains of v after the span's rows are subtracted; true: nothing. */
static bool reduce(const Span *s, double v[ATOMS])
{
    for (size_t r = 0; r < s->rank; r++) {
        double f = v[s->lead[r]];
        for (size_t a = 0; f != 0 && a < ATOMS; a++)
            v[a] -= f * s->rows[r][a];
    }
    for (size_t a = 0; a < ATOMS; a++)
        if (fabs(v[a]) > 1e-9)
            return false;
    return true;
}

static void span_add(Span *s, double v[ATOMS])
{
    if (reduce(s, v))
        return;
    size_t lead = 0;
    while (fabs(v[lead]) <= 1e-9)
        lead++;
    double f = v[lead];
    for (size_t a = 0; a < ATOMS; a++)
        s->rows[s->rank][a] = v[a] / f;
    for (size_t r = 0; r < s->rank; r++) {
        double g = s->rows[r][lead];
        for (size_t a = 0; a < ATOMS; a++)
            s->rows[r][a] -= g * s->rows[s->rank][a];
    }
    s->lead[s->rank++] = lead;
}

/* Smallest set of people that some combination of the span's rows counts exactly; INT64_MAX: none. n are the people in
 * question. */
static int64_t smallest_in(const Span *s, const int64_t n[ATOMS])
{
    int64_t smallest = INT64_MAX;
    for (unsigned set = 1; set < 1U << ATOMS; set++) {
        double v[ATOMS];
        int64_t people = 0;
        for (size_t a = 0; a < ATOMS; a++) {
            v[a] = set >> a & 1;
            people += v[a] > 0 ? n[a] : 0;
        }
        if (people > 0 && people < smallest && reduce(s, v))
            smallest = people;
    }
    return smallest;
}

/* Of the published cells of a table; "" is every table. */
static int64_t smallest_set(const Protected *p, const int64_t n[ATOMS], const char *table)
{
    Span s = {.rank = 0};
    for (size_t i = 0; i < p->count; i++) {
        double v[ATOMS];
        if (table[0] != '\0' && !slice_eq_z(p->cells[i].cell.table, table))
            continue;
        cell_vector(&p->cells[i], v);
        span_add(&s, v);
    }
    return smallest_in(&s, n);
}

static void test_every_combination(void **state)
{
    Policy *policy = tables_policy();
    uint64_t finer = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        Rng r;
        rng_init(&r, seed, 3);
        Tiny w;
        int64_t complement[ATOMS], neither[ATOMS];
        for (size_t a = 0; a < ATOMS; a++) {
            w.n[a] = rng_between(&r, 0, rng_ppm(&r, 600000) ? 40 : 9);
            w.k[a] = w.n[a] > 0 ? rng_between(&r, 0, w.n[a]) : 0;
            w.more[a] = w.k[a] > 0 ? rng_between(&r, 0, w.k[a]) : 0;
            complement[a] = w.n[a] - w.k[a];
            neither[a] = w.k[a] - w.more[a];
        }
        Tables t;
        tiny_tables(&w, &t);
        Protected p;
        Error err = ERROR_INIT;
        tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), &err);
        finer += p.count > 5;
        assert_true(smallest_set(&p, w.n, "graduation_rate_4yr") >= 16);
        assert_true(smallest_set(&p, w.k, "matriculation_rate") >= 16);
        assert_true(smallest_set(&p, w.k, "") >= 3); /* numerators of the one, denominators of the other */
        assert_true(smallest_set(&p, complement, "graduation_rate_4yr") >= 3);
        assert_true(smallest_set(&p, w.more, "matriculation_rate") >= 3);
        assert_true(smallest_set(&p, neither, "matriculation_rate") >= 3);
        protected_free(&p);
        tables_free(&t);
    }
    assert_true(finer > 20);
    policy_close(policy);
    UNUSED(state);
}

/* --- one cohort, looked at twice --- */

#define LOOKED_COUNTIES 2
#define KINDS (ATOMS / LOOKED_COUNTIES)

/* Kinds: diploma, other completion in the fourth year; the same in the fifth; still there; gone. */
static const struct {
    const char *table;
    bool counts[KINDS];
} LOOKS[] = {
    {"graduation_rate_4yr", {true}},
    {"completion_rate_4yr", {true, true}},
    {"graduation_rate_5yr", {true, false, true}},
    {"completion_rate_5yr", {true, true, true, true}},
};

static void looked_tables(const int64_t people[ATOMS], Tables *t)
{
    Error err = ERROR_INIT;
    *t = (Tables){0};
    arena_init(&t->arena, 0);
    for (size_t look = 0; look < COUNT_OF(LOOKS); look++) {
        int64_t n[LOOKED_COUNTIES] = {0}, k[LOOKED_COUNTIES] = {0};
        Tables one;
        for (size_t a = 0; a < ATOMS; a++) {
            n[a / KINDS] += people[a];
            k[a / KINDS] += LOOKS[look].counts[a % KINDS] ? people[a] : 0;
        }
        tables_counties(&one, n, k, LOOKED_COUNTIES);
        for (size_t i = 0; i < one.cells.len; i++) {
            ProtectCell c = one.cells.at[i];
            c.table = slice_of(LOOKS[look].table);
            tables_assert(arena_dup(&t->arena, c.unit, &c.unit, &err), &err);
            tables_assert(vec_push(&t->cells, c, &err), &err);
        }
        tables_free(&one);
    }
}

/* Numerator and denominator of one figure about one place; place LOOKED_COUNTIES is the state. */
static void look_add(Span *s, size_t look, size_t place)
{
    double n[ATOMS] = {0}, k[ATOMS] = {0};
    for (size_t a = 0; a < ATOMS; a++) {
        bool in = place == LOOKED_COUNTIES || place == a / KINDS;
        n[a] = in;
        k[a] = in && LOOKS[look].counts[a % KINDS];
    }
    span_add(s, n);
    span_add(s, k);
}

static int64_t smallest_looked(const Protected *p, const int64_t people[ATOMS])
{
    Span s = {.rank = 0};
    for (size_t i = 0; i < p->count; i++)
        for (size_t look = 0; look < COUNT_OF(LOOKS); look++)
            if (slice_eq_z(p->cells[i].cell.table, LOOKS[look].table))
                look_add(&s, look, slice_eq_z(p->cells[i].cell.unit, "CO") ? 2 : p->cells[i].cell.unit.ptr[3] == '1');
    return smallest_in(&s, people);
}

/* A county that is too small for one look is shown in the others; whatever is taken from whatever, none or enough. */
static void test_later_looks(void **state)
{
    static const int64_t most[KINDS] = {120, 9, 20, 9, 15, 15};
    Policy *policy = tables_policy();
    unsigned finer = 0, coarser = 0, leaks = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        Rng r;
        int64_t people[ATOMS];
        Tables t;
        Protected p;
        uint64_t checked;
        Error err = ERROR_INIT;
        Span all = {.rank = 0};
        rng_init(&r, seed, 5);
        for (size_t a = 0; a < ATOMS; a++)
            people[a] = rng_between(&r, 0, most[a % KINDS]);
        looked_tables(people, &t);
        tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), &err);
        tables_assert(protect_audit(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &checked, &err), &err);
        assert_true(smallest_looked(&p, people) >= 3);
        unsigned fifth = 0;
        for (size_t i = 0; i < p.count; i++)
            fifth += slice_eq_z(p.cells[i].cell.table, "completion_rate_5yr");
        finer += fifth == 1 + LOOKED_COUNTIES;
        coarser += fifth == 1;
        for (size_t look = 0; look < COUNT_OF(LOOKS); look++)
            for (size_t place = 0; place <= LOOKED_COUNTIES; place++)
                look_add(&all, look, place);
        leaks += smallest_in(&all, people) < 3;
        protected_free(&p);
        tables_free(&t);
    }
    assert_true(finer > 10 && coarser > 10 && leaks > 100);
    policy_close(policy);
    UNUSED(state);
}

/* The oracle can fail: publishing one cell more lets a small group out. */
static void test_oracle_finds_a_leak(void **state)
{
    Tiny w;
    for (size_t a = 0; a < ATOMS; a++) {
        w.n[a] = a / 4 == 0 ? 2 : 20;
        w.k[a] = w.n[a] / 2;
        w.more[a] = w.n[a] / 4;
    }
    Policy *policy = tables_policy();
    Tables t;
    tiny_tables(&w, &t);
    Protected p;
    Error err = ERROR_INIT;
    tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), &err);
    assert_true(smallest_set(&p, w.n, "graduation_rate_4yr") >= 16);
    PublishedCell more[128];
    assert_true(p.count < COUNT_OF(more));
    memcpy(more, p.cells, p.count * sizeof *more);
    more[p.count] = (PublishedCell){
        .cell = {
            .table = SLICE("graduation_rate_4yr"), .unit = SLICE("C1"), .split = SLICE("all"), .grp = SLICE("all")}};
    Protected leaking = p;
    leaking.cells = more;
    leaking.count = p.count + 1;
    assert_int_equal(smallest_set(&leaking, w.n, "graduation_rate_4yr"), 8);
    protected_free(&p);
    tables_free(&t);
    policy_close(policy);
    UNUSED(state);
}

/* A table that is withheld because one person more completed than graduated says so in the words of any other: else
 * the words would be the count. */
static void test_withheld_in_the_same_words(void **state)
{
    static const int64_t completed[] = {81, 99, 80}; /* one who did not graduate; one who did not complete; neither */
    Policy *policy = tables_policy();
    char reason[2][200];
    for (size_t i = 0; i < COUNT_OF(completed); i++) {
        ProtectCell c[2] = {{.table = SLICE("completion_rate_4yr"), .numerator = completed[i]},
            {.table = SLICE("graduation_rate_4yr"), .numerator = 80}};
        for (size_t k = 0; k < COUNT_OF(c); k++) {
            c[k].year = 2024;
            c[k].level = SLICE("state");
            c[k].unit = SLICE("CO");
            c[k].split = c[k].grp = SLICE("all");
            c[k].denominator = c[k].base = 100;
            c[k].value = c[k].fuzzy = NAN;
        }
        Protected p;
        Error err = ERROR_INIT;
        tables_assert(protect_release(policy, TABLES_DAY, c, COUNT_OF(c), &p, &err), &err);
        assert_int_equal(p.withheld_count, i < 2);
        if (i < 2) {
            assert_true(slice_eq_z(p.withheld[0].table, "completion_rate_4yr"));
            (void)snprintf(reason[i], sizeof reason[i], "%.*s", SLICE_ARG(p.withheld[0].reason));
        }
        protected_free(&p);
    }
    assert_string_equal(reason[0], reason[1]);
    policy_close(policy);
    UNUSED(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_hierarchies),
        cmocka_unit_test(test_every_combination),
        cmocka_unit_test(test_oracle_finds_a_leak),
        cmocka_unit_test(test_later_looks),
        cmocka_unit_test(test_withheld_in_the_same_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
