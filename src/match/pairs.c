/*
 * All candidates, scored: what the passes bring together, compared, refused early where nothing can save it, scored,
 * kept, sorted. Every thread keeps its own; sorting by (a, b) hides who found what.
 *
 * Competition. A record has at most one partner in a source that holds nobody twice. Of candidates with odds o_1, o_2
 * ... for the one place, exactly one or none is right, so
 *
 *     odds'(i) = o_i / (1 + sum of the other o_k)
 *
 * which is Bayes' rule for exclusive alternatives. Where both records have rivals both sums stand in the denominator.
 * This is what makes a stated probability right in one-to-one linkage: on census data a stated 0.5 was right 21 times
 * in 100 without it.
 */
#include <math.h>
#include <stdlib.h>

#include "match/match_impl.h"

/* --- collecting ----------------------------------------------------------------------------------------------- */

#define PATTERNS_AT_ONCE 256
#define PROBABILITY_ONE (UINT64_C(1) << 20) /* expectations are summed in integers: the same in any order */

typedef struct PairWorker {
    Comparer *comparer;
    MatchPairs kept;
    uint64_t compared;
    uint64_t only_here[MATCH_PASSES_MAX]; /* in 1 / PROBABILITY_ONE */
} PairWorker;

typedef struct PairRun {
    const MatchTable *table;
    const Scorer *scorer;
    Progress *progress;
    MatchPairs *out;
    PairsReport *report;
    uint64_t only_here[MATCH_PASSES_MAX];
} PairRun;

typedef struct PairContext { /* what a worker sees of the run, and its own */
    const PairRun *run;
    PairWorker own;
} PairContext;

static void context_free(PairContext *c)
{
    if (!c)
        return;
    comparer_free(c->own.comparer);
    vec_free(&c->own.kept);
    mem_free(c);
}

static Status worker_new(void *ctx, unsigned thread, void **worker, Error *err)
{
    UNUSED(thread);
    PairContext *c = NULL;
    PairRun *run = ctx;
    TRY(mem_zalloc(1, sizeof *c, (void **)&c, err));
    c->run = run;
    Status st = comparer_new(run->table, &c->own.comparer, err);
    if (st != OK) {
        context_free(c);
        return st;
    }
    *worker = c;
    return OK;
}

static Status score_run(PairContext *c, uint32_t a, const uint32_t *others, const uint32_t *masks, size_t n, Error *err)
{
    uint64_t patterns[PATTERNS_AT_ONCE];
    const Scorer *scorer = c->run->scorer;
    Weight from = c->run->table->config->keep_from;
    compare_many(c->own.comparer, a, others, n, patterns);
    c->own.compared += n;
    for (size_t i = 0; i < n; i++) {
        if (!score_may_reach(scorer, a, others[i], patterns[i], from))
            continue;
        Weight odds = score_pattern(scorer, a, others[i], patterns[i]);
        if (odds < from)
            continue;
        MatchPair pair = {.a = a < others[i] ? a : others[i],
            .b = a < others[i] ? others[i] : a,
            .odds = odds,
            .passes = masks[i],
            .pattern = patterns[i]};
        TRY(vec_push(&c->own.kept, pair, err));
        if (masks[i] && (masks[i] & (masks[i] - 1)) == 0)
            c->own.only_here[__builtin_ctz(masks[i])] += (uint64_t)(weight_probability(odds) * (double)PROBABILITY_ONE);
    }
    return OK;
}

static Status score_batch(const PairBatch *batch, void *worker, Error *err)
{
    PairContext *c = worker;
    for (size_t from = 0; from < batch->count; from += PATTERNS_AT_ONCE) {
        size_t n = batch->count - from < PATTERNS_AT_ONCE ? batch->count - from : PATTERNS_AT_ONCE;
        TRY(score_run(c, batch->a, batch->others + from, batch->masks + from, n, err));
    }
    progress_add(c->run->progress, batch->count);
    return OK;
}

static Status worker_done(void *ctx, void *worker, Error *err)
{
    PairRun *run = ctx;
    PairContext *c = worker;
    Status st = OK;
    if (run->out->len == 0) {
        MatchPairs swap = *run->out;
        *run->out = c->own.kept;
        c->own.kept = swap;
    } else if (c->own.kept.len > 0) {
        st = vec_reserve(run->out, run->out->len + c->own.kept.len, err);
        if (st == OK) {
            memcpy(run->out->at + run->out->len, c->own.kept.at, c->own.kept.len * sizeof *run->out->at);
            run->out->len += c->own.kept.len;
        }
    }
    run->report->compared += c->own.compared;
    for (uint32_t p = 0; p < MATCH_PASSES_MAX; p++)
        run->only_here[p] += c->own.only_here[p];
    context_free(c);
    return st;
}

/* --- order ---------------------------------------------------------------------------------------------------- */

static int by_other(const void *left, const void *right)
{
    const MatchPair *a = left, *b = right;
    return a->b < b->b ? -1 : a->b > b->b;
}

/* Counting sort by the first record, then the few of each by the second: linear, where a million pairs in qsort are
 * not. */
static Status sort_pairs(MatchPairs *pairs, uint32_t records, Error *err)
{
    size_t *start = NULL;
    MatchPair *sorted = NULL;
    Status st = OK;
    if (pairs->len < 2)
        return OK;
    TRY_OUT(mem_zalloc((size_t)records + 1, sizeof *start, (void **)&start, err));
    TRY_OUT(mem_zalloc(pairs->len, sizeof *sorted, (void **)&sorted, err));
    for (size_t i = 0; i < pairs->len; i++)
        start[pairs->at[i].a + 1]++;
    for (uint32_t r = 0; r < records; r++)
        start[r + 1] += start[r];
    for (size_t i = 0; i < pairs->len; i++)
        sorted[start[pairs->at[i].a]++] = pairs->at[i];
    for (size_t from = 0; from < pairs->len;) {
        size_t to = from + 1;
        while (to < pairs->len && sorted[to].a == sorted[from].a)
            to++;
        if (to - from > 1)
            qsort(sorted + from, to - from, sizeof *sorted, by_other);
        from = to;
    }
    memcpy(pairs->at, sorted, pairs->len * sizeof *sorted);
out:
    mem_free(start);
    mem_free(sorted);
    return st;
}

/* --- competition ---------------------------------------------------------------------------------------------- */

typedef struct Rival {
    uint32_t record, source; /* the one looks for its place in the other */
    uint32_t pair;
} Rival;

static int by_place(const void *left, const void *right)
{
    const Rival *a = left, *b = right;
    if (a->record != b->record)
        return a->record < b->record ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return a->pair < b->pair ? -1 : a->pair > b->pair;
}

/* others[pair]: log2 of 1 and the rivals' odds. One place with n rivals costs n steps: sums from the left and the
 * right meet at each. */
static void settle_place(
    const Rival *rivals, size_t n, const LogSum *table, const MatchPairs *pairs, Weight *others, Weight *right)
{
    right[n] = WEIGHT_NEVER;
    for (size_t i = n; i > 0; i--)
        right[i - 1] = log_sum(table, right[i], pairs->at[rivals[i - 1].pair].odds);
    Weight left = WEIGHT_NEVER;
    for (size_t i = 0; i < n; i++) {
        Weight *sum = &others[rivals[i].pair];
        *sum = log_sum(table, *sum, log_sum(table, left, right[i + 1]));
        left = log_sum(table, left, pairs->at[rivals[i].pair].odds);
    }
}

static size_t find_rivals(const MatchTable *t, const MatchPairs *pairs, Rival *rivals)
{
    size_t n = 0;
    for (size_t i = 0; i < pairs->len; i++) {
        const MatchPair *p = &pairs->at[i];
        uint32_t ends[2] = {p->a, p->b};
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t source = t->source[ends[1 - k]];
            if (t->config->sources[source].unique && t->source[ends[k]] != source)
                rivals[n++] = (Rival){ends[k], source, (uint32_t)i};
        }
    }
    return n;
}

static void apply_competition(const MatchTable *t, MatchPairs *pairs, const Weight *others)
{
    size_t kept = 0;
    for (size_t i = 0; i < pairs->len; i++) {
        MatchPair p = pairs->at[i];
        /* a hard rule's word is not evidence to be weighed */
        if (p.odds < WEIGHT_MAX)
            p.odds = weight_clip((int64_t)p.odds - others[i]);
        if (p.odds >= t->config->keep_from)
            pairs->at[kept++] = p;
    }
    pairs->len = kept;
}

Status pairs_compete(const MatchTable *t, MatchPairs *pairs, Error *err)
{
    Arena arena;
    arena_init(&arena, 0);
    Rival *rivals = NULL;
    Weight *others = NULL, *right = NULL;
    LogSum *table = NULL;
    Status st = OK;
    if (pairs->len >= UINT32_MAX / 2) {
        st = error_set(err, ERR_LIMIT, "too many pairs are kept (%zu): raise keep_from", pairs->len);
        goto out;
    }
    TRY_OUT(arena_new(&arena, Rival, pairs->len * 2 + 1, &rivals, err));
    size_t n = find_rivals(t, pairs, rivals);
    if (n == 0)
        goto out;
    TRY_OUT(arena_new(&arena, Weight, pairs->len, &others, err));
    TRY_OUT(arena_new(&arena, Weight, n + 1, &right, err));
    TRY_OUT(arena_new(&arena, LogSum, 1, &table, err));
    log_sum_fill(table);
    qsort(rivals, n, sizeof *rivals, by_place);
    for (size_t from = 0; from < n;) {
        size_t to = from + 1;
        while (to < n && rivals[to].record == rivals[from].record && rivals[to].source == rivals[from].source)
            to++;
        if (to - from > 1)
            settle_place(rivals + from, to - from, table, pairs, others, right);
        from = to;
    }
    apply_competition(t, pairs, others);
out:
    arena_free(&arena);
    return st;
}

/* --- the public calls ------------------------------------------------------------------------------------------ */

static void fill_report(PairRun *run, const Blocks *blocks, const MatchModel *m)
{
    PairsReport *report = run->report;
    report->kept = run->out->len;
    report->pass_count = m->pass_count;
    blocks_report(blocks, report->passes);
    for (uint32_t p = 0; p < m->pass_count; p++) {
        report->passes[p].name = m->passes[p].name;
        report->passes[p].matches_only_here = (double)run->only_here[p] / (double)PROBABILITY_ONE;
    }
}

Status match_pairs(const MatchTable *t, const MatchModel *m, const RunOptions *options, MatchPairs *out,
    PairsReport *report, Error *err)
{
    *report = (PairsReport){0};
    out->len = 0;
    Blocks *blocks = NULL;
    Scorer *scorer = NULL;
    PairRun run = {.table = t, .out = out, .report = report};
    Status st = scorer_new(t, m, &scorer, err);
    if (st != OK)
        goto out;
    run.scorer = scorer;
    TRY_OUT(blocks_build(t, m->passes, m->pass_count, options->threads, &blocks, err));
    TRY_OUT(progress_new(options->progress, "score", blocks_pairs(blocks), "pairs", &run.progress, err));
    BatchWork work = {.worker_new = worker_new, .batch = score_batch, .worker_done = worker_done, .ctx = &run};
    TRY_OUT(blocks_each(blocks, &work, options, err));
    TRY_OUT(sort_pairs(out, record_total(t), err));
    TRY_OUT(pairs_compete(t, out, err));
    fill_report(&run, blocks, m);
out:
    progress_done(run.progress);
    blocks_free(blocks);
    scorer_free(scorer);
    return st;
}
