/*
 * People are drawn one leaf at a time (school, sex, race, income) and counted up, so that all tables add up whatever
 * the splits.
 */
#include "tables.h"

#include <math.h>
#include <stdio.h>

#define MAX_UNITS 64
#define RACES 6

static const char *const RACE[RACES] = {"asian", "black", "hispanic", "pacific", "two_or_more", "white"};
static const char *const SEX[3] = {"F", "M", "X"};
static const char *const INCOME[2] = {"no", "yes"};
static const char *const LEVELS[4] = {"state", "county", "district", "school"};

typedef struct Count {
    int64_t n, k, wage;
} Count;

typedef struct World {
    size_t counties, districts, schools;
    uint32_t county_of[MAX_UNITS], district_of[MAX_UNITS];
    Count all[4][MAX_UNITS];
    Count race[4][MAX_UNITS][RACES];
    Count sex[4][MAX_UNITS][3];
    Count income[4][MAX_UNITS][2];
} World;

void tables_assert(Status st, const Error *err)
{
    if (st != OK)
        fail_msg("%s: %s", status_name(st), err->message);
}

static void count_up(Count *c, Count add)
{
    c->n += add.n;
    c->k += add.k;
    c->wage += add.wage;
}

static int64_t heavy(Rng *r)
{
    int64_t v = rng_between(r, 0, 6);
    while (rng_ppm(r, 450000) && v < 4000)
        v = v * 3 + 1;
    return v;
}

static void populate(World *w, Rng *r)
{
    for (size_t s = 0; s < w->schools; s++) {
        size_t at[4] = {0, w->county_of[w->district_of[s]], w->district_of[s], s};
        for (size_t race = 0; race < RACES; race++)
            for (size_t sex = 0; sex < 3; sex++)
                for (size_t income = 0; income < 2; income++) {
                    int64_t n = heavy(r) * (race == 5 || race == 2 ? 5 : 1) / (sex == 2 ? 20 : 1);
                    Count c = {.n = n, .k = n > 0 ? rng_between(r, n / 2, n) : 0};
                    c.wage = c.k > 0 ? rng_between(r, c.k / 3, c.k) : 0;
                    for (size_t l = 0; l < 4; l++) {
                        count_up(&w->all[l][at[l]], c);
                        count_up(&w->race[l][at[l]][race], c);
                        count_up(&w->sex[l][at[l]][sex], c);
                        count_up(&w->income[l][at[l]][income], c);
                    }
                }
    }
}

static Slice text(Tables *t, const char *kind, size_t number)
{
    const char *z;
    Error err = ERROR_INIT;
    tables_assert(arena_printf(&t->arena, &z, &err, "%s%03zu", kind, number), &err);
    return slice_of(z);
}

static Slice unit_code(Tables *t, size_t level, size_t unit)
{
    static const char *const kind[4] = {"", "C", "D", "S"};
    return level == 0 ? SLICE("CO") : text(t, kind[level], unit);
}

static void push(Tables *t, ProtectCell c)
{
    Error err = ERROR_INIT;
    tables_assert(vec_push(&t->cells, c, &err), &err);
}

static void add(
    Tables *t, const World *w, size_t level, size_t unit, const char *split, const char *grp, Count c, Rng *r)
{
    ProtectCell cell = {.level = slice_of(LEVELS[level]),
        .unit = unit_code(t, level, unit),
        .split = slice_of(split),
        .grp = slice_of(grp),
        .year = 2024,
        .value = NAN,
        .fuzzy = NAN};
    if (level > 0) {
        size_t up = level == 1 ? 0 : level == 2 ? w->county_of[unit] : w->district_of[unit];
        cell.parent = unit_code(t, level - 1, up);
    }
    if (c.n > 0) {
        cell.table = SLICE("graduation_rate_4yr");
        cell.denominator = cell.base = cell.covered = c.n;
        cell.numerator = c.k;
        push(t, cell);
    }
    if (c.k > 0) {
        cell.table = SLICE("matriculation_rate");
        cell.denominator = cell.base = cell.covered = c.k;
        cell.numerator = c.wage;
        push(t, cell);
    }
    if (c.wage > 0) {
        cell.table = SLICE("hs_median_earnings_q2"); /* stands for any median of the lineage */
        cell.denominator = cell.base = cell.covered = c.wage;
        cell.numerator = 0;
        cell.is_median = true;
        cell.fuzzy = cell.value = (double)rng_between(r, 4000, 20000);
        cell.employers = rng_between(r, 1, 1 + c.wage / 4);
        cell.top_employer = rng_between(r, c.wage / 3, c.wage);
        if (level == 0) {
            cell.employers = 50;
            cell.top_employer = c.wage / 3;
        }
        push(t, cell);
    }
}

void tables_random(Tables *t, uint64_t seed)
{
    *t = (Tables){0};
    arena_init(&t->arena, 0);
    Rng r;
    rng_init(&r, seed, 1);
    static World w; /* half a megabyte: too large for the stack of a sanitizer build */
    w = (World){0};
    w.counties = (size_t)rng_between(&r, 1, 8);
    w.districts = w.counties + (size_t)rng_between(&r, 0, 8);
    w.schools = w.districts + (size_t)rng_between(&r, 0, 16);
    for (size_t d = 0; d < w.districts; d++)
        w.county_of[d] = (uint32_t)(d < w.counties ? d : rng_below(&r, w.counties));
    for (size_t s = 0; s < w.schools; s++)
        w.district_of[s] = (uint32_t)(s < w.districts ? s : rng_below(&r, w.districts));
    populate(&w, &r);
    size_t units[4] = {1, w.counties, w.districts, w.schools};
    for (size_t l = 0; l < 4; l++)
        for (size_t u = 0; u < units[l]; u++) {
            add(t, &w, l, u, "all", "all", w.all[l][u], &r);
            for (size_t g = 0; g < RACES; g++)
                add(t, &w, l, u, "race_ethnicity", RACE[g], w.race[l][u][g], &r);
            for (size_t g = 0; g < 3; g++)
                add(t, &w, l, u, "sex", SEX[g], w.sex[l][u][g], &r);
            for (size_t g = 0; g < 2 && l < 3; g++)
                add(t, &w, l, u, "income", INCOME[g], w.income[l][u][g], &r);
        }
}

void tables_counties(Tables *t, const int64_t *n, const int64_t *k, size_t count)
{
    *t = (Tables){0};
    arena_init(&t->arena, 0);
    ProtectCell state = {.table = SLICE("alone"),
        .year = 2024,
        .level = SLICE("state"),
        .unit = SLICE("CO"),
        .split = SLICE("all"),
        .grp = SLICE("all"),
        .value = NAN,
        .fuzzy = NAN};
    for (size_t i = 0; i < count; i++) {
        state.denominator += n[i];
        state.numerator += k[i];
    }
    push(t, state);
    for (size_t i = 0; i < count; i++) {
        ProtectCell c = state;
        c.level = SLICE("county");
        c.unit = text(t, "C", i);
        c.parent = SLICE("CO");
        c.denominator = n[i];
        c.numerator = k[i];
        push(t, c);
    }
}

void tables_free(Tables *t)
{
    arena_free(&t->arena);
    vec_free(&t->cells);
}

Policy *tables_policy(void)
{
    Policy *p;
    Error err = ERROR_INIT;
    tables_assert(policy_open(POLICY_DIR, &p, &err), &err);
    return p;
}
