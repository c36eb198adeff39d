/*
 * From a table to a model, without labels.
 *
 *   1. strangers: random pairs, and what the values' counts say of all pairs
 *   2. candidates of all passes, counted as patterns                          -> EM (em.c)
 *   3. candidates that could be matches, scored with that model: how many records a person has, by how common a value
 *      is (frequency.c), and patterns that carry the rarity of what is agreed on -> EM again
 *   4. labels, if there are any                                               -> calibration
 *
 * Step 3 exists because term frequency changes which pairs are matches and is itself distorted by matches.
 *
 * Large files are sampled by records: a drawn record takes all its candidates along, so that its duplicates can be
 * counted and a pattern's count need only be scaled. The draw is a hash of the record's number, which follows from the
 * contents, so neither threads nor the order of rows matter.
 *
 * Where repeats are compared once (repeats.c) a pair counts for all the pairs it stands for, and a record that leads
 * others once more for those among them: what is learned is what all the pairs would have taught.
 */
#include <math.h>

#include "match/match_impl.h"

#define RANDOM_PAIRS ((uint64_t)1 << 20)
#define SAMPLE_PAIRS ((uint64_t)3 << 20)
#define AT_ONCE 256
#define AHEAD 16 /* pairs; they lie in the order of blocks, their records anywhere */
#define PROBABILITY_ONE (UINT64_C(1) << 20)
#define PLAUSIBLE (-20 * WEIGHT_BIT) /* pairs below are strangers to step 3 */
#define START_MATCHES 0.1            /* a record, where EM starts */

typedef struct SampledPair {
    uint64_t pattern;
    uint32_t a, b, passes;
} SampledPair;
typedef VEC(SampledPair) SampledPairs;

typedef struct Train {
    const MatchTable *table;
    const TrainOptions *options;
    RunOptions run;
    MatchModel *m;
    Blocks *blocks;
    Scorer *scorer;
    RecordSample sample;
    double share_of_records; /* that are in the sample */
    PairTotals *totals;
    PatternCounts random, candidates;
    SampledPairs pairs; /* after step 2 all of the sample, after step 3 the plausible ones */
    double *duplicates; /* of each record, expected */
    PatternTable counted;
} Train;

/* --- the sample ----------------------------------------------------------------------------------------------- */

static Status draw_sample(Train *x, Error *err)
{
    uint64_t pairs = blocks_pairs(x->blocks), seed = x->table->config->seed;
    x->sample.records = x->table->records;
    x->sample.share_of_pairs = 1;
    x->share_of_records = 1;
    if (pairs <= SAMPLE_PAIRS)
        return OK;
    x->sample.share_of_pairs = (double)SAMPLE_PAIRS / (double)pairs;
    /* a pair is in when either record is */
    double share = 1 - sqrt(1 - x->sample.share_of_pairs);
    uint64_t threshold = (uint64_t)(share * 0x1p63) * 2;
    x->share_of_records = share;
    TRY(mem_zalloc((size_t)x->table->records / 64 + 1, sizeof *x->sample.bits, (void **)&x->sample.bits, err));
    for (uint32_t r = 0; r < x->table->records; r++) {
        Rng rng;
        rng_init(&rng, seed, x->table->lead ? x->table->lead[r] : r); /* repeats together */
        if (rng_u64(&rng) < threshold)
            x->sample.bits[r >> 6] |= UINT64_C(1) << (r & 63);
    }
    return OK;
}

/* --- repeats -------------------------------------------------------------------------------------------------- */

#define PARTS_OF_A_PAIR 1024.0 /* counts are whole numbers of them: their sums are exact in any order */

/* Pairs that a sampled one stands for. A pair of different records is in the sample when either is, one of repeats when
 * their record is: the latter are too few by that, and counts are scaled as if they were not. */
static double pairs_meant(const Train *x, uint32_t a, uint32_t b)
{
    const MatchTable *t = x->table;
    double times = record_times(t, a);
    if (!is_repeat(t->lead, a, b))
        return times * record_times(t, b);
    double pairs = times * (times - 1) / 2 * x->sample.share_of_pairs / x->share_of_records;
    return round(pairs * PARTS_OF_A_PAIR) / PARTS_OF_A_PAIR;
}

static PatternCount plain_pattern(const Train *x, const SampledPair *p)
{
    const MatchTable *t = x->table;
    return (PatternCount){.pattern = p->pattern,
        .passes = p->passes,
        .segment = (uint16_t)table_segment(t->config, t->source[p->a], t->source[p->b]),
        .count = pairs_meant(x, p->a, p->b)};
}

/* --- counting candidates -------------------------------------------------------------------------------------- */

typedef struct CountWorker {
    Train *train;
    Progress *progress;
    Comparer *comparer;
    PatternTable table;
    SampledPairs pairs;
    uint32_t others[AT_ONCE], masks[AT_ONCE], places[AT_ONCE];
    uint64_t patterns[AT_ONCE];
} CountWorker;

typedef struct CountRun {
    Train *train;
    Progress *progress;
} CountRun;

static void count_free(CountWorker *w)
{
    comparer_free(w->comparer);
    pattern_table_free(&w->table);
    vec_free(&w->pairs);
    mem_free(w);
}

static Status count_new(void *ctx, unsigned thread, void **worker, Error *err)
{
    UNUSED(thread);
    const CountRun *run = ctx;
    CountWorker *w = NULL;
    TRY(mem_zalloc(1, sizeof *w, (void **)&w, err));
    w->train = run->train;
    w->progress = run->progress;
    Status st = comparer_new(run->train->table, &w->comparer, err);
    if (st == OK)
        st = pattern_table_init(&w->table, err);
    if (st != OK) {
        count_free(w);
        return st;
    }
    *worker = w;
    return OK;
}

/* The next pairs of a batch that are in the sample, from *at on; returns how many. */
static size_t sample_batch(CountWorker *w, const PairBatch *batch, size_t *at)
{
    const RecordSample *sample = &w->train->sample;
    size_t n = 0;
    bool all = sample_has(sample, batch->a);
    for (; *at < batch->count && n < AT_ONCE; ++*at) {
        w->others[n] = batch->others[*at];
        w->masks[n] = batch->masks[*at];
        w->places[n] = batch->places ? batch->places[*at] : 0;
        n += all || sample_has(sample, w->others[n]);
    }
    return n;
}

static Status count_batch(const PairBatch *batch, void *worker, Error *err)
{
    CountWorker *w = worker;
    for (size_t at = 0; at < batch->count;) {
        size_t n = sample_batch(w, batch, &at);
        if (n == 0)
            continue;
        progress_add(w->progress, n);
        TRY(compare_batch(w->comparer, batch, w->others, batch->places ? w->places : NULL, n, w->patterns, err));
        TRY(vec_reserve(&w->pairs, w->pairs.len + n, err));
        for (size_t i = 0; i < n; i++) {
            w->pairs.at[w->pairs.len++] = (SampledPair){w->patterns[i], batch->a, w->others[i], w->masks[i]};
            PatternCount c = plain_pattern(w->train, &w->pairs.at[w->pairs.len - 1]);
            TRY(pattern_table_add(&w->table, &c, err));
        }
    }
    return OK;
}

static Status count_done(void *ctx, void *worker, Error *err)
{
    const CountRun *run = ctx;
    CountWorker *w = worker;
    SampledPairs *all = &run->train->pairs;
    Status st = pattern_table_merge(&run->train->counted, &w->table, err);
    if (st == OK)
        st = vec_reserve(all, all->len + w->pairs.len, err);
    if (st == OK && w->pairs.len > 0) {
        memcpy(all->at + all->len, w->pairs.at, w->pairs.len * sizeof *all->at);
        all->len += w->pairs.len;
    }
    count_free(w);
    return st;
}

/* Of each record of the sample that others follow, the pair with the first of them. */
static Status count_repeats(Train *x, Error *err)
{
    const MatchTable *t = x->table;
    Comparer *comparer = NULL;
    TRY(comparer_new(t, &comparer, err));
    Status st = OK;
    for (uint32_t r = 0; st == OK && t->lead && r < t->records; r++) {
        uint32_t lead = t->lead[r];
        if (lead == r || t->times[r] != 2 || !sample_has(&x->sample, r)) /* the second of its kind */
            continue;
        SampledPair pair = {.pattern = compare_pair(comparer, lead, r), .a = lead, .b = r};
        pair.passes = blocks_mask(t, x->m->passes, x->m->pass_count, lead, r);
        PatternCount c = plain_pattern(x, &pair);
        st = pair.passes ? vec_push(&x->pairs, pair, err) : OK;
        if (st == OK && pair.passes)
            st = pattern_table_add(&x->counted, &c, err);
    }
    comparer_free(comparer);
    return st;
}

static Status count_candidates(Train *x, Error *err)
{
    CountRun run = {.train = x};
    TRY(pattern_table_init(&x->counted, err));
    uint64_t pairs = (uint64_t)(x->sample.share_of_pairs * (double)blocks_pairs(x->blocks));
    TRY(progress_new(x->options->progress, "count", pairs, "pairs", &run.progress, err));
    BatchWork work = {.worker_new = count_new,
        .batch = count_batch,
        .worker_done = count_done,
        .ctx = &run,
        .sample = x->sample.bits ? &x->sample : NULL};
    Status st = blocks_each(x->blocks, &work, &x->run, err);
    progress_done(run.progress);
    if (st == OK)
        st = count_repeats(x, err);
    if (st == OK)
        st = pattern_table_sorted(&x->counted, 1 / x->sample.share_of_pairs, &x->candidates, err);
    return st;
}

/* --- fits ----------------------------------------------------------------------------------------------------- */

static Status fit(Train *x, EmStart start, Error *err)
{
    EmInput in = {.config = x->table->config,
        .candidates = &x->candidates,
        .random = &x->random,
        .totals = x->totals,
        .passes = x->m->passes,
        .pass_count = x->m->pass_count,
        .start = start,
        .matches = START_MATCHES * x->table->records};
    TRY(em_fit(&in, x->m, err));
    scorer_free(x->scorer);
    return scorer_new(x->table, x->m, &x->scorer, err);
}

static bool has_term_frequency(const MatchConfig *config)
{
    for (uint32_t f = 0; f < config->field_count; f++)
        if (config->fields[f].term_frequency)
            return true;
    return false;
}

static int16_t rarity_steps(Weight w)
{
    return (int16_t)lround((double)w / RARITY_STEP);
}

/* Asks for both records' cells of a pair that is due soon. */
static void fetch_pair(const Train *x, size_t i)
{
    if (i >= x->pairs.len)
        return;
    record_prefetch(x->table, x->pairs.at[i].a);
    record_prefetch(x->table, x->pairs.at[i].b);
}

/* Takes the plausible pairs out of the counts and puts them back with their rarity. */
static Status count_rarity(Train *x, Error *err)
{
    double scale = 1 / x->sample.share_of_pairs;
    pattern_table_free(&x->counted);
    TRY(pattern_table_init(&x->counted, err));
    for (size_t i = 0; i < x->pairs.len; i++) {
        PatternCount c = plain_pattern(x, &x->pairs.at[i]);
        TRY(pattern_table_add(&x->counted, &c, err));
    }
    size_t rest = 0;
    for (size_t i = 0; i < x->candidates.len; i++) {
        PatternCount c = x->candidates.at[i];
        c.count -= scale * pattern_table_count(&x->counted, &c);
        if (c.count > scale / 2)
            x->candidates.at[rest++] = c;
    }
    x->candidates.len = rest;
    pattern_table_free(&x->counted);
    TRY(pattern_table_init(&x->counted, err));
    for (size_t i = 0; i < x->pairs.len; i++) {
        const SampledPair *p = &x->pairs.at[i];
        PatternCount c = plain_pattern(x, p);
        fetch_pair(x, i + AHEAD);
        Weight rarity[CLASS_COUNT];
        pair_rarity(x->scorer, p->a, p->b, p->pattern, rarity);
        for (uint32_t k = 0; k < CLASS_COUNT; k++)
            c.rarity[k] = rarity_steps(rarity[k]);
        TRY(pattern_table_add(&x->counted, &c, err));
    }
    return pattern_table_sorted(&x->counted, scale, &x->candidates, err);
}

/* Scores the sample, keeps what is plausible, and counts each record's expected duplicates: in integers, because the
 * pairs stand in the order in which threads found them. */
static Status find_duplicates(Train *x, Error *err)
{
    const MatchTable *t = x->table;
    uint64_t *duplicates = NULL;
    size_t kept = 0;
    TRY(mem_zalloc(x->table->records, sizeof *x->duplicates, (void **)&x->duplicates, err));
    TRY(mem_zalloc(x->table->records, sizeof *duplicates, (void **)&duplicates, err));
    for (size_t i = 0; i < x->pairs.len; i++) {
        SampledPair p = x->pairs.at[i];
        fetch_pair(x, i + AHEAD);
        if (!score_may_reach(x->scorer, p.a, p.b, p.pattern, PLAUSIBLE))
            continue;
        Weight odds = score_pattern(x->scorer, p.a, p.b, p.pattern);
        if (odds < PLAUSIBLE)
            continue;
        uint64_t probability = (uint64_t)(weight_probability(odds) * (double)PROBABILITY_ONE);
        if (is_repeat(t->lead, p.a, p.b)) {
            duplicates[p.a] += probability * (record_times(t, p.a) - 1);
        } else {
            duplicates[p.a] += probability * record_times(t, p.b);
            duplicates[p.b] += probability * record_times(t, p.a);
        }
        x->pairs.at[kept++] = p;
    }
    x->pairs.len = kept;
    for (uint32_t r = 0; r < t->records; r++)
        x->duplicates[r] = (double)duplicates[t->lead ? t->lead[r] : r] / (double)PROBABILITY_ONE;
    mem_free(duplicates);
    return OK;
}

static Status fit_with_frequency(Train *x, Error *err)
{
    TRY(find_duplicates(x, err));
    persons_fit(x->m, x->table, &x->sample, x->duplicates);
    /* the persons changed: rarity is counted with a scorer that knows them */
    scorer_free(x->scorer);
    x->scorer = NULL;
    TRY(scorer_new(x->table, x->m, &x->scorer, err));
    TRY(count_rarity(x, err));
    return fit(x, EM_FROM_MODEL, err);
}

static Status fit_labels(Train *x, Error *err)
{
    size_t n = x->options->label_count;
    if (n == 0)
        return OK;
    LabelledOdds *odds = NULL;
    Comparer *comparer = NULL;
    Status st = OK;
    TRY_OUT(mem_zalloc(n, sizeof *odds, (void **)&odds, err));
    TRY_OUT(comparer_new(x->table, &comparer, err));
    for (size_t i = 0; i < n; i++) {
        const MatchLabel *label = &x->options->labels[i];
        if (label->a >= x->table->records || label->b >= x->table->records || label->a == label->b) {
            st = error_set(err, ERR_INVALID, "label %zu does not name two records", i + 1);
            goto out;
        }
        if (!(label->weight > 0 && label->weight < 1e15)) {
            st = error_set(err, ERR_INVALID, "label %zu has no weight", i + 1);
            goto out;
        }
        ScoreParts parts;
        score_parts(x->scorer, label->a, label->b, compare_pair(comparer, label->a, label->b), &parts);
        odds[i] = (LabelledOdds){weight_clip(parts.raw), label->match, label->weight};
    }
    TRY_OUT(calibrate_fit(x->m, odds, n, err));
out:
    mem_free(odds);
    comparer_free(comparer);
    return st;
}

/* --- the whole ------------------------------------------------------------------------------------------------ */

static Status name_passes(Train *x, PassSpec *passes, uint32_t count, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = OK;
    for (uint32_t p = 0; st == OK && p < count; p++) {
        buf_reset(&text);
        match_pass_describe(x->table->config, &passes[p], &text);
        st = buf_status(&text, err);
        if (st == OK)
            st = arena_dup(&x->m->arena, buf_slice(&text), &passes[p].name, err);
    }
    buf_free(&text);
    return st;
}

static Status choose_passes(Train *x, Error *err)
{
    const MatchConfig *config = x->table->config;
    if (config->pass_count)
        return model_set_passes(x->m, config->passes, config->pass_count, err);
    PassSpec passes[MATCH_PASSES_MAX];
    uint32_t count = 0;
    TRY(passes_propose(x->table, passes, &count, err));
    TRY(name_passes(x, passes, count, err));
    return model_set_passes(x->m, passes, count, err);
}

static bool some_pass_avoids(const MatchModel *m, uint32_t field)
{
    for (uint32_t p = 0; p < m->pass_count; p++) {
        bool looks = false;
        for (uint32_t k = 0; k < m->passes[p].part_count; k++)
            looks |= m->passes[p].parts[k].field == field;
        if (!looks)
            return true;
    }
    return false;
}

static void say(const Train *x)
{
    const MatchModel *m = x->m;
    const TrainReport *r = &m->report;
    const Log *log = x->options->log;
    log_line(log, r->converged ? LOG_INFO : LOG_WARN,
        "event=match_train converged=%s iterations=%" PRIu32 " change=%.2g matches=%.1f default_levels=%" PRIu32,
        r->converged ? "yes" : "no", r->iterations, r->change, r->matches, r->default_levels);
    for (uint32_t f = 0; f < m->field_count; f++)
        if (!some_pass_avoids(m, f))
            log_line(log, LOG_WARN, "event=match_every_pass_uses field=%.*s effect=errors_look_too_rare",
                SLICE_ARG(m->field_names[f]));
    for (uint32_t s = 0; s < m->segments; s++)
        for (uint32_t f = 0; f < m->field_count; f++)
            for (uint32_t l = 1; l < m->level_counts[f]; l++)
                if (m->levels[s][f][l].is_default && x->totals->comparable[s] > 0)
                    log_line(log, LOG_INFO, "event=match_default_level segment=%" PRIu32 " field=%.*s level=%.*s", s,
                        SLICE_ARG(m->field_names[f]), SLICE_ARG(m->level_names[f][l]));
}

static Status train(Train *x, Error *err)
{
    TRY(model_new(x->table->config, &x->m, err));
    TRY(choose_passes(x, err));
    TRY(mem_zalloc(1, sizeof *x->totals, (void **)&x->totals, err));
    TRY(pair_totals(x->table, x->options->threads, x->totals, err));
    TRY(twins_seen(x->table, &x->totals->twins, err));
    TRY(random_pairs(x->table, RANDOM_PAIRS, x->options->threads, &x->random, &x->m->report.random_pairs, err));
    TRY(blocks_build(x->table, x->m->passes, x->m->pass_count, x->options->threads, &x->blocks, err));
    TRY(draw_sample(x, err));
    TRY(count_candidates(x, err));
    x->m->report.candidate_pairs = x->pairs.len;
    x->m->report.patterns = x->candidates.len;
    TRY(fit(x, EM_FROM_PRIOR, err));
    if (has_term_frequency(x->table->config))
        TRY(fit_with_frequency(x, err));
    TRY(fit_labels(x, err));
    say(x);
    return OK;
}

Status match_train(const MatchTable *t, const TrainOptions *options, MatchModel **out, TrainReport *report, Error *err)
{
    Train x = {.table = t,
        .options = options,
        .run = {.threads = options->threads, .log = options->log, .progress = options->progress}};
    *out = NULL;
    Status st = train(&x, err);
    scorer_free(x.scorer);
    if (st == OK && options->blocks)
        *options->blocks = x.blocks;
    else
        blocks_free(x.blocks);
    pattern_table_free(&x.counted);
    vec_free(&x.random);
    vec_free(&x.candidates);
    vec_free(&x.pairs);
    mem_free(x.duplicates);
    mem_free(x.totals);
    mem_free(x.sample.bits);
    if (st != OK) {
        match_model_free(x.m);
        return st;
    }
    *report = x.m->report;
    *out = x.m;
    return OK;
}
