/*
 * Scores pairs of tokens: all of them, in tiles that stay in the nearest cache,
 * or those that share a key. Work items are ranges of the first set's records,
 * so that the result does not depend on who did which.
 */
#include "token/token_impl.h"

#include <stdatomic.h>
#include <stdlib.h>

#define TILE_QUERIES ((size_t)64)
#define TILE_TARGETS ((size_t)128)
#define ITEM_ALL ((size_t)256)   /* records a work item, all pairs */
#define ITEM_KEYS ((size_t)2048) /* records a work item, by keys */
#define BATCH ((size_t)256)
#define PAIRS_MAX (UINT64_C(1) << 26)
#define MEETINGS_MAX UINT64_C(1000000000000)
#define RANDOM_MAX UINT64_C(1000000)

typedef struct Index {
    const KeyPlan *plan;
    const TokenSet *set;
    uint64_t **tables; /* 32 bits of the key's hash, then the record; rising; sizes in counts */
    size_t *counts;
} Index;

typedef struct Work {
    const PairJob *job;
    TokenPairs *found; /* an item */
    uint64_t *compared;
    _Atomic uint64_t total;
    const Index *index;
} Work;

static uint32_t least_kernel_score(const PairJob *job)
{
    /* By field, what one side lacks counts for the kernel but not for the score: a quarter is allowed for. */
    return job->a->parts > 1 ? job->floor - job->floor / 4 : job->floor;
}

static Status keep(Work *w, size_t item, size_t i, size_t j, uint32_t score, Error *err)
{
    if (score < w->job->floor)
        return OK;
    if (atomic_fetch_add(&w->total, 1) >= PAIRS_MAX)
        return error_set(err, ERR_LIMIT, "more than %" PRIu64 " pairs of tokens are alike", PAIRS_MAX);
    return vec_push(&w->found[item], ((TokenPair){(uint32_t)i, (uint32_t)j, score}), err);
}

/* --- all pairs ----------------------------------------------------------------------------------------------- */

static Status take_hits(Work *w, size_t item, const DiceHit *hits, size_t n, Error *err)
{
    const PairJob *job = w->job;
    for (size_t k = 0; k < n; k++) {
        uint32_t score = hits[k].score;
        if (job->a == job->b && hits[k].target <= hits[k].query)
            continue;
        if (job->a->parts > 1)
            score = token_score(job->a, hits[k].query, job->b, hits[k].target);
        TRY(keep(w, item, hits[k].query, hits[k].target, score, err));
    }
    return OK;
}

static Status score_all(size_t item, void *ctx, Error *err)
{
    Work *w = ctx;
    const PairJob *job = w->job;
    size_t from = item * ITEM_ALL, to = from + ITEM_ALL < job->a->n ? from + ITEM_ALL : job->a->n;
    size_t first = job->a == job->b ? from / TILE_TARGETS * TILE_TARGETS : 0;
    DiceHit *hits;
    TRY(cancel_check(err));
    TRY(mem_alloc(TILE_QUERIES * TILE_TARGETS * sizeof *hits, (void **)&hits, err));
    Status st = OK;
    for (size_t t = first; t < job->b->n && st == OK; t += TILE_TARGETS)
        for (size_t q = from; q < to && st == OK; q += TILE_QUERIES) {
            BitTile queries = {job->a->pack, q, to - q < TILE_QUERIES ? to - q : TILE_QUERIES};
            BitTile targets = {job->b->pack, t, job->b->n - t < TILE_TARGETS ? job->b->n - t : TILE_TARGETS};
            size_t n = job->kernels->dice_above(queries, targets, least_kernel_score(job), hits);
            st = take_hits(w, item, hits, n, err);
        }
    mem_free(hits);
    for (size_t q = from; q < to; q++)
        w->compared[item] += job->a == job->b ? job->b->n - q - 1 : job->b->n;
    progress_add(job->progress, to - from);
    return st;
}

/* --- by keys ------------------------------------------------------------------------------------------------- */

static int by_entry(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Half of a key is enough: what meets wrongly is scored in vain. The high half of Fibonacci hashing. */
static uint64_t entry(uint64_t key)
{
    return key * UINT64_C(0x9e3779b97f4a7c15) >> 32 << 32;
}

static Status fill_table(size_t t, void *ctx, Error *err)
{
    Index *x = ctx;
    TRY(cancel_check(err));
    TRY(mem_alloc(x->set->n * sizeof(uint64_t), (void **)&x->tables[t], err));
    for (size_t i = 0; i < x->set->n; i++) {
        uint64_t key = key_plan_key(x->plan, x->set, i, t);
        if (key != 0)
            x->tables[t][x->counts[t]++] = entry(key) | i;
    }
    if (x->counts[t] > 1)
        qsort(x->tables[t], x->counts[t], sizeof(uint64_t), by_entry);
    return OK;
}

static void index_free(Index *x)
{
    for (size_t t = 0; x->tables && t < key_plan_count(x->plan); t++)
        mem_free(x->tables[t]);
    mem_free(x->tables);
    mem_free(x->counts);
}

static Status index_make(const KeyPlan *plan, const TokenSet *set, unsigned threads, Index *out, Error *err)
{
    *out = (Index){.plan = plan, .set = set};
    TRY(mem_zalloc(key_plan_count(plan), sizeof *out->tables, (void **)&out->tables, err));
    TRY(mem_zalloc(key_plan_count(plan), sizeof *out->counts, (void **)&out->counts, err));
    return parallel_for(key_plan_count(plan), threads, fill_table, out, err);
}

/* First place in [low, high) that is not before `wanted`; high when there is none. */
static size_t find_between(const uint64_t *table, size_t low, size_t high, uint64_t wanted)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* First place of a table that is not before `wanted`. Entries are hashes, so their size says about where they are: a
 * search from there touches one or two cache lines, where halving the whole table touches many. */
static size_t find_entry(const uint64_t *table, size_t n, uint64_t wanted)
{
    size_t at = (size_t)((wanted >> 32) * n >> 32), step = 1;
    if (at < n && table[at] < wanted) {
        while (at + step < n && table[at + step] < wanted) {
            at += step;
            step *= 2;
        }
        return find_between(table, at + 1, at + step < n ? at + step : n, wanted);
    }
    while (at > step && table[at - step] >= wanted) {
        at -= step;
        step *= 2;
    }
    return find_between(table, at > step ? at - step : 0, at < n ? at : n, wanted);
}

typedef struct Met {
    uint32_t *seen; /* a record of b: i + 1 when record i of a has met it already, by whatever key */
    VEC(uint32_t) ids;
} Met;

static Status meet(Work *w, size_t i, Met *met, Error *err)
{
    const PairJob *job = w->job;
    const Index *x = w->index;
    met->ids.len = 0;
    for (size_t t = 0; t < key_plan_count(x->plan); t++) {
        uint64_t key = key_plan_key(x->plan, job->a, i, t);
        const uint64_t *table = x->tables[t];
        uint64_t wanted = entry(key);
        for (size_t k = find_entry(table, x->counts[t], wanted); key != 0 && k < x->counts[t]; k++) {
            uint32_t j = (uint32_t)(table[k] & UINT32_MAX);
            if (table[k] >> 32 != wanted >> 32)
                break;
            if (met->seen[j] == i + 1 || (job->a == job->b && j <= i))
                continue;
            met->seen[j] = (uint32_t)(i + 1);
            TRY(vec_push(&met->ids, j, err));
        }
    }
    return OK;
}

static Status score_met(Work *w, size_t item, size_t i, const Met *met, Error *err)
{
    const PairJob *job = w->job;
    uint16_t common[BATCH];
    w->compared[item] += met->ids.len;
    for (size_t at = 0; at < met->ids.len; at += BATCH) {
        size_t n = met->ids.len - at < BATCH ? met->ids.len - at : BATCH;
        const uint32_t *ids = met->ids.at + at;
        if (job->a->parts == 1)
            job->kernels->common_rows(set_row(job->a, i), job->b->rows, job->a->words, ids, n, common);
        for (size_t k = 0; k < n; k++) {
            uint32_t score = job->a->parts == 1 ? dice_score(job->a->ones[i], job->b->ones[ids[k]], common[k])
                                                : token_score(job->a, i, job->b, ids[k]);
            TRY(keep(w, item, i, ids[k], score, err));
        }
    }
    return OK;
}

static Status score_keyed(size_t item, void *ctx, Error *err)
{
    Work *w = ctx;
    const PairJob *job = w->job;
    size_t from = item * ITEM_KEYS, to = from + ITEM_KEYS < job->a->n ? from + ITEM_KEYS : job->a->n;
    Met met = {0};
    Status st = mem_zalloc(job->b->n, sizeof *met.seen, (void **)&met.seen, err);
    for (size_t i = from; i < to && st == OK; i++) {
        st = cancel_check(err);
        if (st == OK)
            st = meet(w, i, &met, err);
        if (st == OK)
            st = score_met(w, item, i, &met, err);
    }
    mem_free(met.seen);
    vec_free(&met.ids);
    progress_add(job->progress, to - from);
    return st;
}

/* Says no before hours pass, when some key is shared by too many. */
static Status check_meetings(const PairJob *job, const Index *x, Error *err)
{
    uint64_t meetings = 0;
    for (size_t t = 0; t < key_plan_count(x->plan); t++)
        for (size_t k = 0, end; k < x->counts[t]; k = end) {
            for (end = k; end < x->counts[t] && x->tables[t][end] >> 32 == x->tables[t][k] >> 32; end++)
                continue;
            uint64_t size = end - k, other = job->a == job->b ? size / 2 : job->a->n < size ? job->a->n : size;
            meetings += size * other;
        }
    if (meetings <= MEETINGS_MAX)
        return OK;
    error_set(err, ERR_LIMIT, "a block token stands in too many records: %" PRIu64 " pairs to score", meetings);
    error_hint(err, "Make the blocks of the scheme narrower.");
    return ERR_LIMIT;
}

/* --- both ---------------------------------------------------------------------------------------------------- */

int pair_by_records(const void *a, const void *b)
{
    const TokenPair *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static int by_score(const void *a, const void *b)
{
    const TokenPair *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return pair_by_records(a, b);
}

static Status gather(Work *w, size_t items, TokenPairs *out, uint64_t *compared, Error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < items; i++) {
        total += w->found[i].len;
        *compared += w->compared[i];
    }
    TRY(vec_reserve(out, total, err));
    for (size_t i = 0; i < items; i++) {
        if (w->found[i].len > 0)
            memcpy(out->at + out->len, w->found[i].at, w->found[i].len * sizeof *out->at);
        out->len += w->found[i].len;
    }
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_score);
    return OK;
}

static Status run(Work *w, size_t item_size, ParallelFn fn, TokenPairs *out, uint64_t *compared, Error *err)
{
    size_t items = (w->job->a->n + item_size - 1) / item_size;
    TRY(mem_zalloc(items, sizeof *w->found, (void **)&w->found, err));
    Status st = mem_zalloc(items, sizeof *w->compared, (void **)&w->compared, err);
    if (st == OK)
        st = parallel_for(items, w->job->threads, fn, w, err);
    if (st == OK)
        st = gather(w, items, out, compared, err);
    for (size_t i = 0; i < items; i++)
        vec_free(&w->found[i]);
    mem_free(w->found);
    mem_free(w->compared);
    return st;
}

Status token_pairs_collect(const PairJob *job, TokenPairs *out, uint64_t *compared, Error *err)
{
    Work w = {.job = job};
    Index index = {0};
    KeyPlan *plan = NULL;
    if (job->all_pairs)
        return run(&w, ITEM_ALL, score_all, out, compared, err);
    TRY(key_plan_new(job->a, job->b, &plan, err));
    Status st = index_make(plan, job->b, job->threads, &index, err);
    if (st == OK)
        st = check_meetings(job, &index, err);
    w.index = &index;
    if (st == OK)
        st = run(&w, ITEM_KEYS, score_keyed, out, compared, err);
    index_free(&index);
    key_plan_free(plan);
    return st;
}

void token_random_pairs(const TokenSet *a, const TokenSet *b, RandomPairs *out)
{
    Rng rng;
    uint64_t agree = 0, bits = (uint64_t)a->words * 64;
    *out = (RandomPairs){.agree_ppm = 500000};
    if (a->n == 0 || b->n == 0)
        return;
    out->total = a->n < RANDOM_MAX / b->n + 1 ? (uint64_t)a->n * b->n : RANDOM_MAX;
    if (out->total > RANDOM_MAX)
        out->total = RANDOM_MAX;
    rng_init(&rng, 1, 1);
    for (uint64_t k = 0; k < out->total; k++) {
        size_t i = rng_below(&rng, a->n), j = rng_below(&rng, b->n);
        out->count[token_score(a, i, b, j)]++;
        if (k % 16 == 0)
            agree += bits - hamming_distance(bit_pack_ones(a->pack, i), bit_pack_ones(b->pack, j),
                                bits_common(set_row(a, i), set_row(b, j), a->words));
    }
    out->agree_ppm = (uint32_t)(agree * 1000000 / ((out->total + 15) / 16 * bits));
}
