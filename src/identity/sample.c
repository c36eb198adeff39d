/*
 * Drawing a clerical sample: pairs by stratum, for people to judge.
 *
 * Strata are bands of odds, for each of three kinds of pair: the likeliest pair of two persons that may be one, which
 * recall is measured on; every record with the partner that tied it to its person, which precision is measured on; and
 * all other kept pairs, inside persons and between them, which measure nothing, but without which the sample would not
 * stand for all pairs of some odds (sample_verdicts.c). Allocation of the first two favours the uncertain bands (Neyman
 * 1934: in proportion to stratum size times the standard deviation the odds predict), with at least MIN_PER_STRATUM
 * each; the others get no more than that.
 *
 * Records are compared as linking compares them: those that repeat another one through it. A repeat that an undo or a
 * reviewer parted from its like is there as the pair of the two.
 */
#include "identity/identity_impl.h"

#include <math.h>
#include <stdlib.h>

#define MIN_PER_STRATUM 8

static const Weight band_from[SAMPLE_BANDS] = {
    WEIGHT_MIN, -3 * WEIGHT_BIT, 0, 3 * WEIGHT_BIT, 7 * WEIGHT_BIT, 12 * WEIGHT_BIT};

_Static_assert(SAMPLE_STRATA <= CLERICAL_STRATA_MAX, "strata fit");

typedef struct FramePair {
    uint32_t a, b;
    Weight odds;
} FramePair;

typedef struct Frame { /* pairs that may be drawn */
    VEC(FramePair) at[SAMPLE_STRATA];
} Frame;

static uint32_t stratum_of(SampleKind kind, Weight odds)
{
    uint32_t b = SAMPLE_BANDS - 1;
    while (b > 0 && odds < band_from[b])
        b--;
    return (uint32_t)kind * SAMPLE_BANDS + b;
}

static Status frame_add(Frame *f, SampleKind kind, const FramePair *pair, Error *err)
{
    return vec_push(&f->at[stratum_of(kind, pair->odds)], *pair, err);
}

static Status add_links(const Resolved *r, Frame *f, Error *err)
{
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t k = r->to[i];
        if (k == MATCH_NONE)
            continue;
        const FramePair pair = {i < k ? i : k, i < k ? k : i, r->odds[i]};
        TRY(frame_add(f, SAMPLE_LINKS, &pair, err));
    }
    return OK;
}

static Status add_betweens(Frame *f, const Betweens *all, Error *err)
{
    for (size_t i = 0; i < all->len; i++) {
        const Between *x = &all->at[i];
        const FramePair pair = {x->a, x->b, x->odds};
        bool best = i == 0 || x->low != x[-1].low || x->high != x[-1].high;
        TRY(frame_add(f, best ? SAMPLE_BETWEEN : SAMPLE_OTHERS, &pair, err));
    }
    return OK;
}

static Status fill_frame(const LinkJob *job, Frame *f, Error *err)
{
    const Resolved *r = &job->resolved;
    Betweens between = {0};
    Status st = add_links(r, f, err);
    for (size_t i = 0; i < job->pairs.len && st == OK; i++) {
        const MatchPair *p = &job->pairs.at[i];
        const FramePair pair = {p->a, p->b, p->odds};
        if (r->cluster[p->a] == r->cluster[p->b] && r->to[p->a] != p->b && r->to[p->b] != p->a)
            st = frame_add(f, SAMPLE_OTHERS, &pair, err);
    }
    if (st == OK)
        st = betweens_list(job, &between, err);
    if (st == OK)
        st = add_betweens(f, &between, err);
    vec_free(&between);
    return st;
}

/* How many pairs of each stratum. */
static void allocate(const Frame *f, uint32_t size, uint32_t out[SAMPLE_STRATA])
{
    double weights[SAMPLE_STRATA] = {0}, all = 0, left = size;
    for (uint32_t s = 0; s < SAMPLE_STRATA; s++) {
        double population = (double)f->at[s].len;
        if (s / SAMPLE_BANDS == SAMPLE_OTHERS) {
            left -= population < MIN_PER_STRATUM ? population : MIN_PER_STRATUM;
            continue;
        }
        Weight middle = band_from[s % SAMPLE_BANDS] + (s % SAMPLE_BANDS == 0 ? 60 - 5 : 2) * WEIGHT_BIT;
        double p = weight_probability(middle);
        weights[s] = population * sqrt(p * (1 - p));
        all += weights[s];
    }
    for (uint32_t s = 0; s < SAMPLE_STRATA; s++) {
        double n = all > 0 && left > 0 ? weights[s] / all * left : 0;
        if (n < MIN_PER_STRATUM)
            n = MIN_PER_STRATUM;
        out[s] = n > (double)f->at[s].len ? (uint32_t)f->at[s].len : (uint32_t)n;
    }
}

static Status draw_pair(
    LinkJob *job, MatchLook *look, const FramePair *p, uint32_t stratum, Buf *evidence, ClericalPairs *out, Error *err)
{
    const RecordTag *tags = job->records.tags;
    bool in_order = tag_cmp(&tags[p->a], &tags[p->b]) < 0;
    uint32_t a = in_order ? p->a : p->b, b = in_order ? p->b : p->a;
    ClericalPair pair = {.stratum = stratum, .a = tags[a], .b = tags[b], .odds = p->odds};
    pair.linked = job->resolved.cluster[a] == job->resolved.cluster[b];
    buf_reset(evidence);
    TRY(evidence_json(look, job->model, a, b, evidence, err));
    TRY(arena_dup(&job->arena, buf_slice(evidence), &pair.evidence, err));
    return vec_push(out, pair, err);
}

/* The first n of a seeded shuffle. */
static Status draw(
    LinkJob *job, Frame *f, const SampleOptions *o, ClericalSample *sample, ClericalPairs *out, Error *err)
{
    uint32_t sizes[SAMPLE_STRATA];
    Buf evidence;
    MatchLook *look;
    TRY(match_look_new(job->records.table, job->model, &look, err));
    Status st = OK;
    buf_init(&evidence, 0);
    allocate(f, o->size, sizes);
    sample->strata = SAMPLE_STRATA;
    for (uint32_t s = 0; s < SAMPLE_STRATA; s++) {
        Rng rng;
        rng_init(&rng, o->seed, s);
        sample->population[s] = f->at[s].len;
        sample->from[s] = band_from[s % SAMPLE_BANDS];
        sample->linked[s] = s / SAMPLE_BANDS == SAMPLE_LINKS;
        for (uint32_t i = 0; i < sizes[s] && st == OK; i++) {
            size_t k = i + (size_t)rng_below(&rng, f->at[s].len - i);
            FramePair t = f->at[s].at[k];
            f->at[s].at[k] = f->at[s].at[i];
            f->at[s].at[i] = t;
            st = draw_pair(job, look, &t, s, &evidence, out, err);
        }
    }
    buf_free(&evidence);
    match_look_free(look);
    return st;
}

/* Kept pairs of the records there are, as a run makes them. */
static Status load_pairs(LinkJob *job, Error *err)
{
    PairsReport report;
    RunOptions run = {
        .threads = home_settings(job->ctx->home)->threads, .log = job->ctx->log, .progress = job->ctx->progress};
    TRY(job_load_present(job, "draw a clerical sample", err));
    TRY(settled_decisions(job->vault, &job->records, &job->tags, &job->arena, &job->verdicts, &job->decisions, err));
    TRY(match_table_repeats(job->records.table, job->decisions.at, job->decisions.len, err));
    return match_pairs(job->records.table, job->model, &run, &job->pairs, &report, err);
}

Status identity_sample(
    const LinkContext *ctx, const SampleOptions *options, int64_t *number, uint64_t *drawn, Error *err)
{
    LinkReport unused;
    LinkJob job = {.ctx = ctx, .report = &unused};
    Frame frame = {0};
    ClericalSample sample = {0};
    ClericalPairs pairs = {0};
    arena_init(&job.arena, 0);
    Status st = load_pairs(&job, err);
    if (st == OK)
        st = fill_frame(&job, &frame, err);
    if (st == OK)
        st = draw(&job, &frame, options, &sample, &pairs, err);
    sample.model = job.model_name;
    *drawn = pairs.len;
    if (st == OK)
        st = vault_put_sample(job.vault, &sample, &pairs, number, err);
    for (size_t s = 0; s < SAMPLE_STRATA; s++)
        vec_free(&frame.at[s]);
    vec_free(&pairs);
    job_free(&job);
    return st;
}
