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

typedef struct PairRun {
    const PairQuery *query;
    Progress *progress;
    MatchPairs *out;
    uint64_t compared;
    uint64_t only_here[MATCH_PASSES_MAX]; /* in 1 / PROBABILITY_ONE */
} PairRun;

typedef struct PairWorker {
    const PairRun *run;
    Comparer *comparer;
    MatchPairs kept;
    uint64_t compared;
    uint64_t only_here[MATCH_PASSES_MAX];
    uint32_t others[PATTERNS_AT_ONCE], masks[PATTERNS_AT_ONCE];
} PairWorker;

static void worker_free(PairWorker *w)
{
    comparer_free(w->comparer);
    vec_free(&w->kept);
    mem_free(w);
}

static Status worker_new(void *ctx, unsigned thread, void **worker, Error *err)
{
    UNUSED(thread);
    PairWorker *w = NULL;
    PairRun *run = ctx;
    TRY(mem_zalloc(1, sizeof *w, (void **)&w, err));
    w->run = run;
    Status st = comparer_new(run->query->table, &w->comparer, err);
    if (st != OK) {
        worker_free(w);
        return st;
    }
    *worker = w;
    return OK;
}

static Status score_run(PairWorker *w, uint32_t a, size_t n, Error *err)
{
    uint64_t patterns[PATTERNS_AT_ONCE];
    const PairQuery *q = w->run->query;
    compare_many(w->comparer, a, w->others, n, patterns);
    w->compared += n;
    for (size_t i = 0; i < n; i++) {
        uint32_t b = w->others[i];
        if (!score_may_reach(q->scorer, a, b, patterns[i], q->from))
            continue;
        Weight odds = score_pattern(q->scorer, a, b, patterns[i]);
        if (odds < q->from)
            continue;
        MatchPair pair = {
            .a = a < b ? a : b, .b = a < b ? b : a, .odds = odds, .passes = w->masks[i], .pattern = patterns[i]};
        TRY(vec_push(&w->kept, pair, err));
        if (pair.passes && (pair.passes & (pair.passes - 1)) == 0)
            w->only_here[__builtin_ctz(pair.passes)] += (uint64_t)(weight_probability(odds) * (double)PROBABILITY_ONE);
    }
    return OK;
}

size_t sample_batch(
    const RecordSample *sample, const PairBatch *batch, size_t *at, uint32_t *others, uint32_t *masks, size_t most)
{
    size_t n = 0;
    bool all = sample_has(sample, batch->a);
    for (; *at < batch->count && n < most; ++*at) {
        others[n] = batch->others[*at];
        masks[n] = batch->masks[*at];
        n += all || sample_has(sample, others[n]);
    }
    return n;
}

static Status score_batch(const PairBatch *batch, void *worker, Error *err)
{
    PairWorker *w = worker;
    for (size_t at = 0; at < batch->count;) {
        size_t n = sample_batch(w->run->query->sample, batch, &at, w->others, w->masks, PATTERNS_AT_ONCE);
        TRY(score_run(w, batch->a, n, err));
    }
    progress_add(w->run->progress, batch->count);
    return OK;
}

static Status worker_done(void *ctx, void *worker, Error *err)
{
    PairRun *run = ctx;
    PairWorker *w = worker;
    Status st = OK;
    if (run->out->len == 0) {
        MatchPairs swap = *run->out;
        *run->out = w->kept;
        w->kept = swap;
    } else if (w->kept.len > 0) {
        st = vec_reserve(run->out, run->out->len + w->kept.len, err);
        if (st == OK) {
            memcpy(run->out->at + run->out->len, w->kept.at, w->kept.len * sizeof *run->out->at);
            run->out->len += w->kept.len;
        }
    }
    run->compared += w->compared;
    for (uint32_t p = 0; p < MATCH_PASSES_MAX; p++)
        run->only_here[p] += w->only_here[p];
    worker_free(w);
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

/* --- the calls ------------------------------------------------------------------------------------------------- */

Status pairs_collect(
    const PairQuery *query, const RunOptions *options, MatchPairs *out, PairsReport *report, Error *err)
{
    PairRun run = {.query = query, .out = out};
    out->len = 0;
    Status st = progress_new(options->progress, query->label, blocks_pairs(query->blocks), "pairs", &run.progress, err);
    if (st != OK)
        return st;
    BatchWork work = {.worker_new = worker_new, .batch = score_batch, .worker_done = worker_done, .ctx = &run};
    TRY_OUT(blocks_each(query->blocks, &work, options, err));
    TRY_OUT(sort_pairs(out, record_total(query->table), err));
    report->compared = run.compared;
    for (uint32_t p = 0; p < MATCH_PASSES_MAX; p++)
        report->passes[p].matches_only_here = (double)run.only_here[p] / (double)PROBABILITY_ONE;
out:
    progress_done(run.progress);
    return st;
}

static void fill_report(PairsReport *report, const Blocks *blocks, const MatchModel *m)
{
    PassReport counted[MATCH_PASSES_MAX] = {0};
    blocks_report(blocks, counted);
    report->pass_count = m->pass_count;
    for (uint32_t p = 0; p < m->pass_count; p++) {
        counted[p].name = m->passes[p].name;
        counted[p].matches_only_here = report->passes[p].matches_only_here;
        report->passes[p] = counted[p];
    }
}

Status match_pairs(const MatchTable *t, const MatchModel *m, const RunOptions *options, MatchPairs *out,
    PairsReport *report, Error *err)
{
    *report = (PairsReport){0};
    Blocks *blocks = NULL;
    Scorer *scorer = NULL;
    Status st = scorer_new(t, m, &scorer, err);
    if (st != OK)
        return st;
    TRY_OUT(blocks_build(t, m->passes, m->pass_count, options->threads, &blocks, err));
    PairQuery query = {.table = t, .scorer = scorer, .blocks = blocks, .from = t->config->keep_from, .label = "score"};
    TRY_OUT(pairs_collect(&query, options, out, report, err));
    TRY_OUT(pairs_compete(t, out, err));
    report->kept = out->len;
    fill_report(report, blocks, m);
out:
    blocks_free(blocks);
    scorer_free(scorer);
    return st;
}
