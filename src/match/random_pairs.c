/*
 * Random pairs: how strangers agree by chance.
 *
 * Two records taken at random are hardly ever one person, so the levels they reach are those of strangers (the u
 * probabilities). Small files are compared completely; of larger ones a fixed number of pairs is drawn: a pair of
 * sources by its number of comparable pairs, then records inside. Draws come in chunks, each with its own stream of
 * random numbers, so that the sample does not depend on the number of threads.
 */
#include "match/match_impl.h"

#define CHUNKS 16
#define OTHERS 32 /* records drawn against one: compare_many is fastest in runs */

typedef struct Draw {
    const MatchTable *t;
    uint64_t per_chunk; /* 0: all pairs */
    const uint32_t *order, *start;
    const uint64_t *cumulative; /* comparable pairs, over pairs of sources */
    const uint32_t *low, *high; /* the pairs of sources */
    uint32_t source_pairs;
    bool one_source, one_segment;
    PatternTable tables[CHUNKS];
    uint64_t drawn[CHUNKS];
} Draw;

static Status count_run(
    Draw *d, size_t chunk, Comparer *comparer, uint32_t a, const uint32_t *others, size_t n, Error *err)
{
    uint64_t patterns[OTHERS];
    ASSERT(n <= OTHERS);
    compare_many(comparer, a, others, n, patterns);
    for (size_t i = 0; i < n; i++) {
        uint32_t segment = d->one_segment ? 0 : table_segment(d->t->config, d->t->source[a], d->t->source[others[i]]);
        PatternCount c = {.pattern = patterns[i], .segment = (uint16_t)segment, .count = 1};
        TRY(pattern_table_add(&d->tables[chunk], &c, err));
    }
    d->drawn[chunk] += n;
    return OK;
}

typedef struct Drawn {
    uint32_t a, n;
    uint32_t others[OTHERS];
} Drawn;

static uint32_t draw_record(const Draw *d, Rng *rng, uint32_t source)
{
    uint64_t place = d->start[source] + rng_below(rng, d->start[source + 1] - d->start[source]);
    return d->one_source ? (uint32_t)place : d->order[place]; /* of one source in the records' own order */
}

/* One record and others to compare it with, asked for ahead of use: they lie anywhere. */
static void draw(const Draw *d, Rng *rng, Drawn *out)
{
    uint32_t which = rng_pick(rng, d->cumulative, d->source_pairs);
    uint32_t s = d->low[which], o = d->high[which];
    out->a = draw_record(d, rng, s);
    record_prefetch(d->t, out->a);
    out->n = 0;
    for (uint32_t k = 0; k < OTHERS; k++) {
        uint32_t b = draw_record(d, rng, o);
        record_prefetch(d->t, b);
        if (b != out->a)
            out->others[out->n++] = b;
    }
}

static void fetch_values(const Draw *d, const Drawn *drawn)
{
    compare_fetch(d->t, drawn->a);
    for (uint32_t k = 0; k < drawn->n; k++)
        compare_fetch(d->t, drawn->others[k]);
}

/* Three runs are under way: one is drawn and its cells are asked for, the one before has them and asks for what is
 * known of the values, the one before that is compared. */
static Status draw_chunk(Draw *d, size_t chunk, Comparer *comparer, Error *err)
{
    Rng rng;
    Drawn drawn[3];
    uint64_t runs = (d->per_chunk + OTHERS - 1) / OTHERS;
    rng_init(&rng, d->t->config->seed, chunk);
    for (uint64_t i = 0; i < runs + 2; i++) {
        if (i < runs)
            draw(d, &rng, &drawn[i % 3]);
        if (i >= 1 && i - 1 < runs)
            fetch_values(d, &drawn[(i - 1) % 3]);
        if (i < 2)
            continue;
        const Drawn *first = &drawn[(i - 2) % 3];
        TRY(count_run(d, chunk, comparer, first->a, first->others, first->n, err));
    }
    return OK;
}

static Status all_of_chunk(Draw *d, size_t chunk, Comparer *comparer, Error *err)
{
    for (uint32_t a = (uint32_t)chunk; a < d->t->records; a += CHUNKS) {
        uint32_t others[OTHERS];
        size_t n = 0;
        for (uint32_t b = a + 1; b < d->t->records; b++) {
            if (table_comparable(d->t->config, d->t->source[a], d->t->source[b]))
                others[n++] = b;
            if (n == OTHERS || (b + 1 == d->t->records && n > 0)) {
                TRY(count_run(d, chunk, comparer, a, others, n, err));
                n = 0;
            }
        }
    }
    return OK;
}

static Status run_chunk(size_t chunk, void *ctx, Error *err)
{
    Draw *d = ctx;
    TRY(cancel_check(err));
    TRY(pattern_table_init(&d->tables[chunk], err));
    Comparer *comparer = NULL;
    TRY(comparer_new(d->t, &comparer, err));
    Status st = d->per_chunk ? draw_chunk(d, chunk, comparer, err) : all_of_chunk(d, chunk, comparer, err);
    comparer_free(comparer);
    return st;
}

static Status source_pairs(Draw *d, Arena *arena, Error *err)
{
    uint32_t n = d->t->config->source_count;
    uint64_t *cumulative = NULL, total = 0;
    uint32_t *low = NULL, *high = NULL;
    size_t most = (size_t)n * (n + 1) / 2;
    TRY(arena_new(arena, uint64_t, most, &cumulative, err));
    TRY(arena_new(arena, uint32_t, most, &low, err));
    TRY(arena_new(arena, uint32_t, most, &high, err));
    for (uint32_t a = 0; a < n; a++) {
        for (uint32_t b = a; b < n; b++) {
            uint64_t of_a = d->start[a + 1] - d->start[a], of_b = d->start[b + 1] - d->start[b];
            uint64_t pairs = a == b ? of_a * (of_a ? of_a - 1 : 0) / 2 : of_a * of_b;
            if (pairs == 0 || !table_comparable(d->t->config, a, b))
                continue;
            total += pairs;
            low[d->source_pairs] = a;
            high[d->source_pairs] = b;
            cumulative[d->source_pairs++] = total;
        }
    }
    d->cumulative = cumulative;
    d->low = low;
    d->high = high;
    return OK;
}

Status random_pairs(
    const MatchTable *t, uint64_t most, unsigned threads, PatternCounts *out, uint64_t *drawn, Error *err)
{
    *drawn = 0;
    Arena arena;
    arena_init(&arena, 0);
    Draw d = {.t = t, .one_source = t->config->source_count == 1, .one_segment = segment_count(t->config) == 1};
    PatternTable all = {0};
    uint32_t *order = NULL, *start = NULL;
    Status st = OK;
    TRY_OUT(records_by_source(t, &arena, &order, &start, err));
    d.order = order;
    d.start = start;
    TRY_OUT(source_pairs(&d, &arena, err));
    if (d.source_pairs == 0)
        goto out;
    uint64_t records = t->records;
    d.per_chunk = records * (records - 1) / 2 <= most ? 0 : most / CHUNKS;
    TRY_OUT(parallel_for(CHUNKS, threads, run_chunk, &d, err));
    TRY_OUT(pattern_table_init(&all, err));
    for (size_t i = 0; i < CHUNKS; i++) {
        TRY_OUT(pattern_table_merge(&all, &d.tables[i], err));
        *drawn += d.drawn[i];
    }
    TRY_OUT(pattern_table_sorted(&all, 1, out, err));
out:
    for (size_t i = 0; i < CHUNKS; i++)
        pattern_table_free(&d.tables[i]);
    pattern_table_free(&all);
    arena_free(&arena);
    return st;
}
