/*
 * Persons are drawn one by one, school by school, and counted into every cell they belong to, so that places and groups
 * add up.
 */
#include "sample.h"

#include <math.h>

#define SPLITS 6
#define GROUPS 8
#define MEASURES 13

static const char *const SPLIT[SPLITS] = {
    "race_ethnicity", "sex", "economically_disadvantaged", "english_learner", "disability", "rurality"};
static const char *const GROUP[SPLITS][GROUPS] = {
    {"white", "hispanic", "black", "asian", "two_or_more", "american_indian", "pacific_islander", "unknown"},
    {"female", "male", "nonbinary"},
    {"no", "yes"},
    {"no", "yes"},
    {"no", "yes"},
    {"urban", "suburban", "rural", "small_rural", "other"},
};

typedef struct Kind {
    const char *name;
    int of;        /* index of the measure whose hits are this one's people; -1: everybody */
    int per_mille; /* of them, with the outcome; 0: a median */
    bool counties_only;
} Kind;

static const Kind KIND[MEASURES] = {
    {"graduation_rate_4yr", -1, 850, false},
    {"completion_rate_4yr", -1, 0, false},
    {"matriculation_rate", 0, 560, false},
    {"big_three_rate", 0, 0, false},
    {"big_three_credential_rate", 0, 260, false},
    {"big_three_credit_rate", 0, 280, false},
    {"big_three_wbl_rate", 0, 180, false},
    {"hs_employment_rate_q2", 0, 620, false},
    {"hs_median_earnings_q2", 7, 0, false},
    {"award_employment_rate_q2", 2, 740, true},
    {"award_median_earnings_q2", 9, 0, true},
    {"wioa_employment_rate_q2", 5, 690, true},
    {"wioa_median_earnings_q2", 11, 0, true},
};

typedef struct Tally {
    int64_t n, k;
} Tally;

typedef struct Place {
    Slice code, parent;
    size_t up;
} Place;
typedef VEC(Place) Places;

typedef struct State {
    Sample *out;
    Rng rng;
    Places levels[4];
    Tally *tally; /* [measure][level offset + unit][split * GROUPS + group]; split SPLITS: all */
    size_t offset[4], units;
    size_t *rurality; /* of a district */
} State;

static const char *const LEVEL[4] = {"state", "county", "district", "school"};

static Tally *tally_at(const State *s, size_t m, size_t level, size_t unit, size_t split, size_t group)
{
    size_t groups = (SPLITS + 1) * GROUPS;
    return &s->tally[(m * s->units + s->offset[level] + unit) * groups + split * GROUPS + group];
}

static size_t find_place(const Places *p, Slice code)
{
    size_t i = 0;
    while (i < p->len && !slice_eq(p->at[i].code, code))
        i++;
    return i;
}

static Status read_places(State *s, Policy *policy, Error *err)
{
    static const char *const file[4] = {
        NULL, "reference/counties.csv", "reference/districts.csv", "reference/schools.csv"};
    TRY(vec_push(&s->levels[0], ((Place){.code = SLICE("CO")}), err));
    for (size_t l = 1; l < 4; l++) {
        Slice text;
        const char *path;
        CsvTable t;
        size_t county, district = 0, school = 0;
        TRY(policy_data(policy, file[l], &text, &path, err));
        TRY(csv_parse(text, file[l], &s->out->arena, &t, err));
        TRY(csv_column(&t, "county_fips", &county, err));
        if (l > 1)
            TRY(csv_column(&t, "district_id", &district, err));
        if (l > 2)
            TRY(csv_column(&t, "school_id", &school, err));
        for (size_t r = 0; r < t.rows; r++) {
            const Slice *row = &t.cells[r * t.columns];
            Place p = {.code = row[l == 1 ? county : district],
                .parent = l == 1 ? SLICE("CO") : row[l == 2 ? county : district]};
            if (l == 3) {
                const char *code;
                TRY(arena_printf(
                    &s->out->arena, &code, err, "%.*s-%.*s", SLICE_ARG(row[district]), SLICE_ARG(row[school])));
                p.code = slice_of(code);
            }
            p.up = find_place(&s->levels[l - 1], p.parent);
            if (p.up < s->levels[l - 1].len)
                TRY(vec_push(&s->levels[l], p, err));
        }
    }
    return OK;
}

static size_t draw_group(Rng *r, size_t split, size_t race)
{
    static const uint64_t races[GROUPS] = {520, 870, 915, 948, 992, 997, 999, 1000};
    static const uint64_t sexes[3] = {490, 998, 1000};
    switch (split) {
    case 0:
        return rng_pick(r, races, GROUPS);
    case 1:
        return rng_pick(r, sexes, 3);
    case 2:
        return rng_below(r, 1000) < (race == 1 || race == 2 ? 620U : 290U);
    case 3:
        return rng_below(r, 1000) < (race == 1 ? 300U : 40U);
    default:
        return rng_below(r, 1000) < 120;
    }
}

/* How much more or less likely an outcome is, in thousandths: gaps for the pages to show. */
static int shift(const size_t group[SPLITS])
{
    static const int race[GROUPS] = {25, -55, -60, 60, 5, -120, -60, 0};
    return race[group[0]] + (group[1] == 0 ? 25 : -25) - (group[2] ? 70 : 0) - (group[3] ? 60 : 0) -
           (group[4] ? 90 : 0);
}

static void count_person(State *s, size_t school, size_t m, const size_t group[SPLITS], bool hit)
{
    size_t at[4] = {0, 0, s->levels[3].at[school].up, school};
    at[1] = s->levels[2].at[at[2]].up;
    for (size_t l = 0; l < 4; l++)
        for (size_t split = 0; split <= SPLITS; split++) {
            Tally *t = tally_at(s, m, l, at[l], split, split == SPLITS ? 0 : group[split]);
            t->n++;
            t->k += hit;
        }
}

static void draw_person(State *s, size_t school, int year)
{
    size_t group[SPLITS];
    for (size_t i = 0; i < SPLITS; i++)
        group[i] = draw_group(&s->rng, i, group[0]);
    group[5] = s->rurality[s->levels[3].at[school].up];
    int lift = shift(group) + (year - 2021) * 6 + (int)(school * 7919 % 120) - 60;
    bool hit[MEASURES];
    for (size_t m = 0; m < MEASURES; m++) {
        hit[m] = KIND[m].per_mille > 0 && rng_below(&s->rng, 1000) < (uint64_t)(KIND[m].per_mille + lift);
        if (m == 1)
            hit[m] = hit[0] || rng_below(&s->rng, 1000) < 200;
        if (m == 3)
            hit[m] = true; /* set below, from its parts */
    }
    hit[3] = hit[4] || hit[5] || hit[6];
    hit[2] = hit[2] || hit[4];
    for (size_t m = 0; m < MEASURES; m++)
        if (KIND[m].of < 0 || hit[KIND[m].of])
            count_person(s, school, m, group, hit[m]);
}

static Status push_cell(State *s, size_t m, size_t level, size_t unit, size_t split, size_t g, int year, Error *err)
{
    Tally t = *tally_at(s, m, level, unit, split, g);
    if (t.n == 0)
        return OK;
    const Place *p = &s->levels[level].at[unit];
    bool median = strstr(KIND[m].name, "median") != NULL;
    ProtectCell c = {.table = slice_of(KIND[m].name),
        .year = year,
        .level = slice_of(LEVEL[level]),
        .unit = p->code,
        .parent = p->parent,
        .split = slice_of(split == SPLITS ? "all" : SPLIT[split]),
        .grp = slice_of(split == SPLITS ? "all" : GROUP[split][g]),
        .denominator = t.n,
        .numerator = median ? 0 : t.k,
        .is_median = median,
        .value = NAN,
        .fuzzy = NAN,
        .base = t.n,
        .covered = strstr(KIND[m].name, "q2") ? t.n * 93 / 100 : t.n,
        .strong = t.n * 97 / 100};
    if (median) {
        int64_t noise = rng_between(&s->rng, -900, 900) / (1 + t.n / 200);
        c.value = c.fuzzy = (double)(KIND[m].counties_only ? 11200 : 5400) + (year - 2020) * 260 + (double)noise -
                            (split == 1 && g == 0 ? 600 : 0);
        c.employers = 1 + t.n / 3;
        c.top_employer = t.n / 4;
    }
    return vec_push(&s->out->cells, c, err);
}

static Status push_cells(State *s, int year, Error *err)
{
    for (size_t m = 0; m < MEASURES; m++)
        for (size_t l = 0; l < (KIND[m].counties_only ? 2U : 4U); l++)
            for (size_t u = 0; u < s->levels[l].len; u++)
                for (size_t split = 0; split <= SPLITS; split++)
                    for (size_t g = 0; g < (split == SPLITS ? 1 : GROUPS); g++)
                        if (!(KIND[m].counties_only && split >= 2 && split < SPLITS))
                            TRY(push_cell(s, m, l, u, split, g, year, err));
    return OK;
}

static Status draw_all(State *s, const SampleOptions *options, Error *err)
{
    size_t groups = (SPLITS + 1) * GROUPS;
    for (size_t l = 0; l < 4; l++) {
        s->offset[l] = s->units;
        s->units += s->levels[l].len;
    }
    TRY(arena_new(&s->out->arena, size_t, s->levels[2].len, &s->rurality, err));
    for (size_t d = 0; d < s->levels[2].len; d++)
        s->rurality[d] = d % 5;
    TRY(mem_zalloc(MEASURES * s->units * groups, sizeof *s->tally, (void **)&s->tally, err));
    for (int year = 2026 - options->years; year <= 2025; year++) {
        memset(s->tally, 0, MEASURES * s->units * groups * sizeof *s->tally);
        for (size_t school = 0; school < s->levels[3].len; school++) {
            uint64_t size = 20 + school * 7919 % 240;
            size = size * options->per_mille / 1000;
            for (uint64_t i = 0; i < size; i++)
                draw_person(s, school, year);
        }
        TRY(push_cells(s, year, err));
    }
    return OK;
}

Status sample_make(const SampleOptions *options, Sample *out, Error *err)
{
    *out = (Sample){0};
    arena_init(&out->arena, 0);
    State s = {.out = out};
    rng_init(&s.rng, options->seed, 1);
    TRY(policy_open(options->policy_dir, &out->policy, err));
    TRY(measure_list(out->policy, &out->arena, &out->measures, err));
    TRY(release_keep_published(out->policy, &out->measures, err));
    Status st = read_places(&s, out->policy, err);
    if (st == OK)
        st = draw_all(&s, options, err);
    mem_free(s.tally);
    for (size_t l = 0; l < 4; l++)
        vec_free(&s.levels[l]);
    Date day;
    if (st == OK)
        st = release_day(out->policy, &day, err);
    if (st == OK)
        st = protect_release(out->policy, day, out->cells.at, out->cells.len, &out->figures, err);
    out->sources[0] = (ReleaseSource){SLICE("cde_end_of_year"), SLICE("00"), 66000};
    out->sources[1] = (ReleaseSource){SLICE("cde_end_of_year"), SLICE("01"), 67000};
    out->sources[2] = (ReleaseSource){SLICE("cdle_wages"), SLICE("02"), 2900000};
    out->plan = (ReleasePlan){.policy = out->policy,
        .figures = &out->figures,
        .measures = &out->measures,
        .sources = out->sources,
        .source_count = COUNT_OF(out->sources),
        .web_dir = options->web_dir};
    if (st == OK)
        st = protect_audit(out->policy, day, out->cells.at, out->cells.len, &out->figures, &out->plan.audited, err);
    return st;
}

void sample_free(Sample *s)
{
    protected_free(&s->figures);
    vec_free(&s->cells);
    vec_free(&s->measures);
    arena_free(&s->arena);
    policy_close(s->policy);
    *s = (Sample){0};
}

Status sample_sign(void *ctx, Slice message, uint8_t signature[64], uint8_t public_key[32], Error *err)
{
    UNUSED(ctx);
    memset(public_key, 7, 32);
    memset(signature, 9, 64);
    return sha256_of(message, signature, err);
}
