/*
 * All candidates, scored: what the passes bring together, compared, refused early where nothing can save it, scored,
 * kept, sorted. Every thread keeps its own; sorting by (a, b) hides who found what.
 */
#include <stdlib.h>

#include "match/match_impl.h"

/* --- collecting ----------------------------------------------------------------------------------------------- */

#define PATTERNS_AT_ONCE 256
#define PROBABILITY_ONE (UINT64_C(1) << 20) /* expectations are summed in integers: the same in any order */

typedef struct PairRun {
    const PairQuery *query;
    Progress *progress;
    VEC(MatchPairs) parts; /* of workers that are done */
    uint64_t compared;
    uint64_t only_here[MATCH_PASSES_MAX]; /* in 1 / PROBABILITY_ONE */
} PairRun;

typedef struct PairWorker {
    const PairRun *run;
    Comparer *comparer;
    MatchPairs kept;
    uint64_t compared;
    uint64_t only_here[MATCH_PASSES_MAX];
    ReachMemo reach;
    uint64_t patterns[PATTERNS_AT_ONCE]; /* here, because arrays on the stack are cleared at each call */
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

/* Candidates at .. at + n - 1 of a batch. */
static Status score_run(PairWorker *w, const PairBatch *batch, size_t at, size_t n, Error *err)
{
    const PairQuery *q = w->run->query;
    const MatchTable *t = q->table;
    const uint32_t *others = batch->others + at, *masks = batch->masks + at, a = batch->a;
    const uint64_t *patterns = w->patterns;
    TRY(compare_batch(w->comparer, batch, others, batch->places ? batch->places + at : NULL, n, w->patterns, err));
    w->compared += n;
    for (size_t i = 0; i < n; i++) {
        uint32_t b = others[i];
        if (!score_may_reach_again(q->scorer, &w->reach, a, b, patterns[i], q->from))
            continue;
        Weight odds = score_pattern(q->scorer, a, b, patterns[i]);
        if (odds < q->from)
            continue;
        MatchPair pair = {
            .a = a < b ? a : b, .b = a < b ? b : a, .odds = odds, .passes = masks[i], .pattern = patterns[i]};
        TRY(vec_push(&w->kept, pair, err));
        if (pair.passes && (pair.passes & (pair.passes - 1)) == 0)
            w->only_here[__builtin_ctz(pair.passes)] += (uint64_t)record_times(t, a) * record_times(t, b) *
                                                        (uint64_t)(weight_probability(odds) * (double)PROBABILITY_ONE);
    }
    return OK;
}

static Status score_batch(const PairBatch *batch, void *worker, Error *err)
{
    PairWorker *w = worker;
    for (size_t at = 0; at < batch->count; at += PATTERNS_AT_ONCE) {
        size_t n = batch->count - at < PATTERNS_AT_ONCE ? batch->count - at : PATTERNS_AT_ONCE;
        TRY(score_run(w, batch, at, n, err));
    }
    progress_add(w->run->progress, batch->count);
    return OK;
}

static Status worker_done(void *ctx, void *worker, Error *err)
{
    PairRun *run = ctx;
    PairWorker *w = worker;
    Status st = vec_push(&run->parts, w->kept, err);
    if (st == OK)
        w->kept = (MatchPairs){0};
    run->compared += w->compared;
    for (uint32_t p = 0; p < MATCH_PASSES_MAX; p++)
        run->only_here[p] += w->only_here[p];
    worker_free(w);
    return st;
}

#define JOINED_AT_ONCE ((size_t)1 << 21) /* pairs */

/* Piece by piece, each given back when it has been copied: here a run needs the most memory. What order they come in
 * does not matter. */
static Status move_pairs(MatchPairs *from, MatchPairs *to, Error *err)
{
    TRY(vec_reserve(to, to->len + from->len, err));
    while (from->len > 0) {
        size_t n = from->len < JOINED_AT_ONCE ? from->len : JOINED_AT_ONCE;
        from->len -= n;
        memcpy(to->at + to->len, from->at + from->len, n * sizeof *to->at);
        to->len += n;
        TRY(mem_resize((void **)&from->at, from->len, sizeof *from->at, err));
        from->cap = from->len;
    }
    return OK;
}

/* One list of what the workers found. */
static Status join_parts(PairRun *run, MatchPairs *out, Error *err)
{
    for (size_t i = 0; i < run->parts.len; i++) {
        MatchPairs *part = &run->parts.at[i];
        if (out->len == 0) {
            MatchPairs swap = *out;
            *out = *part;
            *part = swap;
        } else {
            TRY(move_pairs(part, out, err));
        }
        vec_free(part);
    }
    return OK;
}

/* --- repeats -------------------------------------------------------------------------------------------------- */

#define REPEAT_STRETCH ((uint32_t)1 << 16) /* records of one item */

typedef struct RepeatRun {
    const PairQuery *query;
    MatchPair *out;  /* one for each record that follows another, in order */
    uint32_t *first; /* of each stretch: its first in out */
} RepeatRun;

#define LEADS_AHEAD 16 /* they lie anywhere */

/* What scoring a later record of the stretch will read of the one it repeats. */
static void fetch_lead(const PairQuery *q, uint32_t r, uint32_t end)
{
    const MatchTable *t = q->table;
    if (r + 2 * LEADS_AHEAD >= end)
        return;
    blocks_fetch(q->blocks, t->lead[r + LEADS_AHEAD], t->lead[r + 2 * LEADS_AHEAD]);
    record_prefetch(t, t->lead[r + LEADS_AHEAD]);
}

/* Of each record that follows another, the pair of the two. Its passes are those in whose blocks the first is. */
static Status score_repeats(size_t stretch, void *ctx, Error *err)
{
    const RepeatRun *run = ctx;
    const PairQuery *q = run->query;
    const MatchTable *t = q->table;
    uint32_t begin = (uint32_t)stretch * REPEAT_STRETCH;
    uint32_t end = t->records - begin > REPEAT_STRETCH ? begin + REPEAT_STRETCH : t->records;
    MatchPair *out = run->out + run->first[stretch];
    Comparer *comparer = NULL;
    TRY(cancel_check(err));
    TRY(comparer_new(t, &comparer, err));
    for (uint32_t r = begin; r < end; r++) {
        uint32_t lead = t->lead[r];
        fetch_lead(q, r, end);
        if (lead == r)
            continue;
        MatchPair pair = {.a = lead, .b = r, .pattern = compare_pair(comparer, lead, r)};
        pair.odds = score_pattern(q->scorer, lead, r, pair.pattern);
        pair.passes = blocks_own_mask(q->blocks, lead);
        *out++ = pair;
    }
    comparer_free(comparer);
    return OK;
}

static Status add_repeats(const PairQuery *q, unsigned threads, MatchPairs *out, Error *err)
{
    const MatchTable *t = q->table;
    RepeatRun run = {.query = q};
    if (t->repeated == 0)
        return OK;
    uint32_t stretches = (t->records - 1) / REPEAT_STRETCH + 1, found = 0;
    TRY(vec_reserve(out, out->len + t->repeated, err));
    TRY(mem_alloc(stretches * sizeof *run.first, (void **)&run.first, err));
    run.out = out->at + out->len;
    for (uint32_t r = 0; r < t->records; r++) {
        if (r % REPEAT_STRETCH == 0)
            run.first[r / REPEAT_STRETCH] = found;
        found += !record_leads(t, r);
    }
    Status st = parallel_for(stretches, threads, score_repeats, &run, err);
    for (uint32_t i = 0; st == OK && i < found; i++)
        if (run.out[i].odds >= q->from)
            out->at[out->len++] = run.out[i];
    mem_free(run.first);
    return st;
}

/* --- order ---------------------------------------------------------------------------------------------------- */

int match_pair_order(const void *x, const void *y)
{
    const MatchPair *a = x, *b = y;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

static int by_other(const void *left, const void *right)
{
    const MatchPair *a = left, *b = right;
    return a->b < b->b ? -1 : a->b > b->b;
}

#define SHORT_STRETCH 24 /* insertion sort up to here */

static void sort_stretch(MatchPair *at, size_t n)
{
    if (n > SHORT_STRETCH) {
        qsort(at, n, sizeof *at, by_other);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        MatchPair pair = at[i];
        size_t k = i;
        for (; k > 0 && at[k - 1].b > pair.b; k--)
            at[k] = at[k - 1];
        at[k] = pair;
    }
}

/* Pairs to the stretch of their group, in place: whoever stands where another belongs goes on to his own. A pair's
 * group is its first record, less `first`, without the lower bits; next[g]: where group g begins, end[g]: where it
 * ends. */
static void group_pairs(MatchPair *at, size_t *next, const size_t *end, uint32_t groups, uint32_t first, unsigned shift)
{
    for (uint32_t g = 0; g < groups; g++)
        while (next[g] < end[g]) {
            MatchPair pair = at[next[g]];
            for (uint32_t home = (pair.a - first) >> shift; home != g; home = (pair.a - first) >> shift) {
                MatchPair *place = &at[next[home]++], other = *place;
                *place = pair;
                pair = other;
            }
            at[next[g]++] = pair;
        }
}

/* next[g] and end[g] of all groups, from pairs in any order. */
static void count_groups(
    const MatchPair *at, size_t n, size_t *next, size_t *end, uint32_t groups, uint32_t first, unsigned shift)
{
    memset(end, 0, groups * sizeof *end);
    for (size_t i = 0; i < n; i++)
        end[(at[i].a - first) >> shift]++;
    size_t sum = 0;
    for (uint32_t g = 0; g < groups; g++) {
        next[g] = sum;
        sum += end[g];
        end[g] = sum;
    }
}

#define COARSE_GROUPS 1024

typedef struct SortRun {
    MatchPair *at;
    unsigned shift; /* a coarse group is so many records, as a power of two */
    uint32_t coarse;
    size_t next[COARSE_GROUPS], end[COARSE_GROUPS];
} SortRun;

/* One coarse group, whose pairs and stretches the caches hold. */
static Status sort_group(size_t group, void *ctx, Error *err)
{
    const SortRun *run = ctx;
    size_t begin = group > 0 ? run->end[group - 1] : 0, n = run->end[group] - begin;
    MatchPair *at = run->at + begin;
    uint32_t records = UINT32_C(1) << run->shift, first = (uint32_t)group << run->shift;
    size_t *places = NULL;
    if (n < 2)
        return OK;
    TRY(mem_alloc(2 * (size_t)records * sizeof *places, (void **)&places, err));
    size_t *next = places, *end = places + records;
    count_groups(at, n, next, end, records, first, 0);
    group_pairs(at, next, end, records, first, 0);
    for (uint32_t r = 0; r < records; r++) {
        size_t from = r > 0 ? end[r - 1] : 0;
        if (end[r] - from > 1)
            sort_stretch(at + from, end[r] - from);
    }
    mem_free(places);
    return OK;
}

/* Linear, where a million pairs in qsort are not; and in place, because the pairs are most of a run's memory. First
 * into a thousand stretches, whose ends the caches hold, then each of those by itself. */
Status pairs_sort(MatchPairs *pairs, uint32_t records, unsigned threads, Error *err)
{
    SortRun *run = NULL;
    if (pairs->len < 2)
        return OK;
    TRY(mem_zalloc(1, sizeof *run, (void **)&run, err));
    run->at = pairs->at;
    while ((records - 1) >> run->shift >= COARSE_GROUPS)
        run->shift++;
    run->coarse = ((records - 1) >> run->shift) + 1;
    count_groups(pairs->at, pairs->len, run->next, run->end, run->coarse, 0, run->shift);
    group_pairs(pairs->at, run->next, run->end, run->coarse, 0, run->shift);
    Status st = parallel_for(run->coarse, threads, sort_group, run, err);
    mem_free(run);
    return st;
}

/* --- the calls ------------------------------------------------------------------------------------------------- */

Status pairs_collect(
    const PairQuery *query, const RunOptions *options, MatchPairs *out, PairsReport *report, Error *err)
{
    PairRun run = {.query = query};
    out->len = 0;
    Status st = progress_new(options->progress, query->label, blocks_pairs(query->blocks), "pairs", &run.progress, err);
    if (st != OK)
        return st;
    BatchWork work = {.worker_new = worker_new, .batch = score_batch, .worker_done = worker_done, .ctx = &run};
    TRY_OUT(blocks_each(query->blocks, &work, options, err));
    if (query->last)
        blocks_fold(query->last); /* the lists below want room */
    TRY_OUT(join_parts(&run, out, err));
    TRY_OUT(add_repeats(query, options->threads, out, err));
    report->compared = run.compared + query->table->repeated;
    for (uint32_t p = 0; p < MATCH_PASSES_MAX; p++)
        report->passes[p].matches_only_here = (double)run.only_here[p] / (double)PROBABILITY_ONE;
out:
    for (size_t i = 0; i < run.parts.len; i++)
        vec_free(&run.parts.at[i]);
    vec_free(&run.parts);
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

/* The blocks that training left, where they are this run's, or new ones. */
static Status take_blocks(const MatchTable *t, const MatchModel *m, const RunOptions *options, Blocks **out, Error *err)
{
    if (options->blocks && *options->blocks) {
        *out = *options->blocks;
        *options->blocks = NULL;
        if (blocks_are_of(*out, t, m->passes, m->pass_count))
            return OK;
        blocks_free(*out);
        *out = NULL;
    }
    return blocks_build(t, m->passes, m->pass_count, options->threads, out, err);
}

void match_blocks_free(MatchBlocks *b)
{
    blocks_free(b);
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
    TRY_OUT(take_blocks(t, m, options, &blocks, err));
    PairQuery query = {.table = t,
        .scorer = scorer,
        .blocks = blocks,
        .from = pairs_collect_from(t->config),
        .label = "score",
        .last = blocks};
    TRY_OUT(pairs_collect(&query, options, out, report, err));
    fill_report(report, blocks, m);
    blocks_free(blocks);
    blocks = NULL;
    TRY_OUT(pairs_sort(out, record_total(t), options->threads, err));
    TRY_OUT(pairs_compete(t, out, err));
    report->kept = out->len;
out:
    blocks_free(blocks);
    scorer_free(scorer);
    return st;
}
