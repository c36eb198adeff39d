/*
 * Employers: a made-up register. Sizes follow Zipf's law (Axtell 2001), industries the sector shares, places the
 * pupils' counties. In some counties one employer has a set share of all jobs, so that a county's figures may be one
 * employer's figures: what protection must find.
 */
#include "synth/world.h"

#define EMPLOYER_STREAM UINT64_C(0x656d706c6f796572)

/* A permutation of the numbers: accounts say nothing about size or place. */
static void number_employer(Employer *e, uint64_t seed, uint32_t i)
{
    uint64_t account =
        (UINT64_C(5123456789) * i + seed % UINT64_C(1000003) + 1) % UINT64_C(8999999993) + UINT64_C(1000000000);
    for (int d = 9; d >= 0; d--, account /= 10)
        e->account[d] = (char)('0' + account % 10);
    e->account[10] = '\0';
}

static void draw_employer(World *w, uint32_t i, const uint64_t *counties, Rng *r)
{
    Employer *e = &w->employers[i];
    number_employer(e, w->seed, i);
    e->sector = rng_pick(r, w->p.sector_cumulative, w->p.sector_count);
    e->county = i < w->county_count ? i : rng_pick(r, counties, w->county_count);
    /* rank-size with a random rank: weight ~ 1 / rank */
    uint64_t rank = rng_below(r, 4000) + 1;
    e->weight = UINT64_C(400000) / rank + 20;
    e->first = w->first_quarter - 8;
    e->last = w->last_quarter + 8;
    if (i >= w->county_count && rng_ppm(r, (uint32_t)w->p.employer_turnover_ppm)) {
        e->first = w->first_quarter - 4 + (Quarter)rng_below(r, 24);
        e->last = e->first + 8 + (Quarter)rng_below(r, 40);
    }
    e->wage_permille = 850 + (int64_t)rng_below(r, 300);
}

static Status fill_market(World *w, Market *m, uint32_t county, Error *err)
{
    bool all = county == w->county_count;
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->employer_count; i++)
        n += all || w->employers[i].county == county ? 1U : 0U;
    TRY(arena_new(&w->arena, uint32_t, n + 1, &m->employer, err));
    TRY(arena_new(&w->arena, uint64_t, n + 1, &m->adult, err));
    TRY(arena_new(&w->arena, uint64_t, n + 1, &m->young, err));
    uint64_t adult = 0, young = 0;
    for (uint32_t i = 0; i < w->employer_count; i++) {
        const Employer *e = &w->employers[i];
        if (!all && e->county != county)
            continue;
        adult += e->weight * 1000;
        young += e->weight * (uint64_t)w->p.sectors[e->sector].young_permille + 1;
        m->employer[m->count] = i;
        m->adult[m->count] = adult;
        m->young[m->count++] = young;
    }
    return OK;
}

/* Gives the county's first employer the wanted share of its weight. */
static void dominate(World *w, uint32_t county)
{
    uint64_t others = 0;
    for (uint32_t i = 0; i < w->employer_count; i++)
        if (i != county && w->employers[i].county == county)
            others += w->employers[i].weight;
    uint64_t share = (uint64_t)w->p.dominated_share_ppm;
    if (share < 1000000)
        w->employers[county].weight = others * share / (1000000 - share) + 20;
}

Status employers_make(World *w, uint64_t people, Error *err)
{
    uint64_t wanted = people / 1000 * (uint64_t)w->p.employers_per_1000;
    uint64_t least = (uint64_t)w->p.employers_min;
    w->employer_count = (uint32_t)(wanted > least ? wanted : least);
    if (w->employer_count < 3 * w->county_count)
        w->employer_count = 3 * w->county_count;
    TRY(arena_new(&w->arena, Employer, w->employer_count, &w->employers, err));
    TRY(arena_new(&w->arena, Market, w->county_count + 1, &w->markets, err));
    uint64_t *counties = NULL;
    TRY(arena_new(&w->arena, uint64_t, w->county_count, &counties, err));
    uint64_t sum = 0;
    for (uint32_t c = 0; c < w->county_count; c++)
        counties[c] = sum += w->counties[c].weight + 5;
    Rng r;
    rng_init(&r, w->seed, EMPLOYER_STREAM);
    for (uint32_t i = 0; i < w->employer_count; i++)
        draw_employer(w, i, counties, &r);
    for (uint32_t c = 0; c < w->county_count; c++)
        if (rng_ppm(&r, (uint32_t)w->p.dominated_counties_ppm))
            dominate(w, c);
    for (uint32_t c = 0; c <= w->county_count; c++)
        TRY(fill_market(w, &w->markets[c], c, err));
    return OK;
}
