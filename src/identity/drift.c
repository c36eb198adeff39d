/*
 * Has a source left the model? When a model is frozen, how each source's records
 * agree with their partners is kept with it: counts by field and level of
 * agreement, missing values included, and how many have a partner at all. What
 * newcomers show is held against that by the Jensen-Shannon divergence (Lin 1991),
 * which is 0 for equal distributions and 1 bit for disjoint ones, and finite where
 * a level is new. What chance makes of so few records is taken off first.
 */
#include "identity/identity_impl.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

typedef struct SourceCounts {
    uint64_t records, linked;
    uint64_t level[MATCH_FIELDS_MAX][MATCH_LEVELS_MAX];
} SourceCounts;

/* A record's best pair. Its odds stand here, because the pairs themselves lie anywhere. */
typedef struct BestPair {
    Weight odds;
    uint32_t number; /* of the pair, counted from 1; 0: none */
} BestPair;

/* Equal odds: the lowest records, whatever the order of the pairs. */
static bool is_better(const LinkJob *job, const MatchPair *p, const BestPair *than)
{
    if (than->number == 0 || p->odds != than->odds)
        return than->number == 0 || p->odds > than->odds;
    const MatchPair *has = &job->pairs.at[than->number - 1];
    return p->a < has->a || (p->a == has->a && p->b < has->b);
}

/* What repeats another record has that one's pairs: newcomers, who are compared with everybody, have all of theirs. */
static void share_with_repeats(const LinkJob *job, uint32_t first, BestPair *best)
{
    const Resolved *r = &job->resolved;
    const MatchTable *t = job->records.table;
    for (uint32_t i = first; match_table_repeated(t) > 0 && i < job->records.in_table; i++) {
        const BestPair *other = &best[match_record_repeats(t, i)];
        bool one = r->cluster[match_record_repeats(t, i)] == r->cluster[i];
        if (one && other->number > 0 && is_better(job, &job->pairs.at[other->number - 1], &best[i]))
            best[i] = *other;
    }
}

/* Each record's best pair within its person, from `first` on. Both the baseline and the newcomers are counted so: what
 * holds a person together is another question. */
static Status best_pairs(const LinkJob *job, uint32_t first, BestPair **out, Error *err)
{
    const Resolved *r = &job->resolved;
    BestPair *best = NULL;
    if (job->pairs.len >= UINT32_MAX)
        return error_set(err, ERR_LIMIT, "%zu pairs are too many to be counted", job->pairs.len);
    TRY(mem_zalloc(r->count ? r->count : 1, sizeof *best, (void **)&best, err));
    for (size_t i = 0; i < job->pairs.len; i++) {
        const MatchPair *p = &job->pairs.at[i];
        fetch_clusters(job, i);
        if (i + PAIRS_AHEAD < job->pairs.len)
            __builtin_prefetch(&best[job->pairs.at[i + PAIRS_AHEAD].b]);
        if (r->cluster[p->a] != r->cluster[p->b])
            continue;
        const uint32_t sides[] = {p->a, p->b};
        for (size_t k = 0; k < 2; k++)
            if (sides[k] >= first && is_better(job, p, &best[sides[k]]))
                best[sides[k]] = (BestPair){p->odds, (uint32_t)i + 1};
    }
    share_with_repeats(job, first, best);
    *out = best;
    return OK;
}

static Status count_levels(const LinkJob *job, uint32_t first, SourceCounts *counts, Error *err)
{
    BestPair *best = NULL;
    TRY(best_pairs(job, first, &best, err));
    for (uint32_t i = first; i < job->resolved.count; i++) {
        if (i + PAIRS_AHEAD < job->resolved.count && best[i + PAIRS_AHEAD].number > 0)
            __builtin_prefetch(&job->pairs.at[best[i + PAIRS_AHEAD].number - 1].pattern);
        SourceCounts *c = &counts[match_record_source(job->records.table, i)];
        const MatchPair *pair = best[i].number > 0 ? &job->pairs.at[best[i].number - 1] : NULL;
        c->records++;
        c->linked += pair != NULL;
        for (uint32_t f = 0; pair && f < job->linkage.match.field_count; f++)
            c->level[f][pattern_level(pair->pattern, f)]++;
    }
    mem_free(best);
    return OK;
}

static Status all_counts(const LinkJob *job, uint32_t first, SourceCounts **out, Error *err)
{
    TRY(mem_zalloc(MATCH_SOURCES_MAX, sizeof **out, (void **)out, err));
    Status st = count_levels(job, first, *out, err);
    if (st != OK)
        mem_free(*out);
    return st;
}

Status baseline_json(const LinkJob *job, Buf *out, Error *err)
{
    const MatchConfig *config = &job->linkage.match;
    SourceCounts *counts;
    Json j;
    TRY(all_counts(job, 0, &counts, err));
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    for (uint32_t s = 0; s < config->source_count; s++) {
        if (counts[s].records == 0)
            continue;
        json_key(&j, config->sources[s].name.ptr);
        json_open_object(&j);
        json_kint(&j, "records", (int64_t)counts[s].records);
        json_kint(&j, "linked", (int64_t)counts[s].linked);
        for (uint32_t f = 0; f < config->field_count; f++) {
            json_key(&j, config->fields[f].name.ptr);
            json_open_array(&j);
            for (uint32_t l = 0; l < MATCH_LEVELS_MAX; l++)
                json_uint(&j, counts[s].level[f][l]);
            json_end(&j);
        }
        json_end(&j);
    }
    json_end(&j);
    mem_free(counts);
    return buf_status(out, err);
}

static double entropy_part(double p, double q)
{
    return p > 0 ? p * log2(p / q) : 0;
}

/* Divergence of two histograms, less what two samples of one distribution show on average: with k levels in use,
 * (k - 1) / (8 ln 2) * (1/n + 1/m) to first order. */
static double divergence(const uint64_t *x, const uint64_t *y, size_t levels)
{
    double n = 0, m = 0, sum = 0;
    size_t used = 0;
    for (size_t i = 0; i < levels; i++) {
        n += (double)x[i];
        m += (double)y[i];
        used += x[i] + y[i] > 0;
    }
    if (n == 0 || m == 0)
        return 0;
    for (size_t i = 0; i < levels; i++) {
        double p = (double)x[i] / n, q = (double)y[i] / m, middle = (p + q) / 2;
        sum += (entropy_part(p, middle) + entropy_part(q, middle)) / 2;
    }
    sum -= (double)(used - 1) / (8 * log(2)) * (1 / n + 1 / m);
    return sum > 0 ? sum : 0;
}

static void note(LinkReport *report, const Linkage *l, uint32_t source, const char *field, double bits, uint64_t n)
{
    if (bits <= l->drift_above || report->drift_count == DRIFT_MAX)
        return;
    Drift *d = &report->drifts[report->drift_count++];
    *d = (Drift){.divergence = bits, .records = n};
    snprintf(d->source, sizeof d->source, "%.*s", SLICE_ARG(l->match.sources[source].name));
    snprintf(d->field, sizeof d->field, "%s", field);
}

static void read_levels(const json_t *list, uint64_t out[MATCH_LEVELS_MAX])
{
    for (size_t i = 0; i < MATCH_LEVELS_MAX; i++) {
        json_int_t v = json_integer_value(json_array_get(list, i));
        out[i] = v > 0 ? (uint64_t)v : 0;
    }
}

static void compare_source(const LinkJob *job, uint32_t source, const SourceCounts *now, const json_t *before)
{
    const Linkage *l = &job->linkage;
    uint64_t old[MATCH_LEVELS_MAX] = {0};
    uint64_t records = (uint64_t)json_integer_value(json_object_get(before, "records"));
    uint64_t linked = (uint64_t)json_integer_value(json_object_get(before, "linked"));
    if (records < l->drift_records || linked > records)
        return;
    const uint64_t was[2] = {linked, records - linked}, is[2] = {now->linked, now->records - now->linked};
    note(job->report, l, source, "linked", divergence(was, is, 2), now->records);
    for (uint32_t f = 0; f < l->match.field_count; f++) {
        read_levels(json_object_get(before, l->match.fields[f].name.ptr), old);
        note(job->report, l, source, l->match.fields[f].name.ptr, divergence(old, now->level[f], MATCH_LEVELS_MAX),
            now->linked);
    }
}

Status drift_check(const LinkJob *job, Error *err)
{
    SourceCounts *counts;
    json_t *root = json_loadb(job->baseline.ptr, job->baseline.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return error_set(err, ERR_CORRUPT, "the model in force has no valid baseline");
    }
    Status st = all_counts(job, job->records.in_table, &counts, err);
    if (st == OK) {
        for (uint32_t s = 0; s < job->linkage.match.source_count; s++) {
            const json_t *before = json_object_get(root, job->linkage.match.sources[s].name.ptr);
            if (before && counts[s].records >= job->linkage.drift_records)
                compare_source(job, s, &counts[s], before);
        }
        mem_free(counts);
    }
    json_decref(root);
    return st;
}
