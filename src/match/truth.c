/*
 * Quality against truth.
 *
 * The denominator of recall is every true pair that the config lets be compared,
 * also those no pass brings together: an engine that leaves these out reports
 * the recall of its scorer only. Pairs are counted from the sizes of groups, not
 * one by one, so that a million records of a thousand persons cost a sort.
 *
 * B-cubed (Bagga and Baldwin 1998) takes the mean over records instead of pairs,
 * which large clusters do not dominate.
 */
#include <stdlib.h>

#include "match/match_impl.h"

double pair_precision(PairCounts c)
{
    return c.found ? (double)c.right / (double)c.found : 1;
}

double pair_recall(PairCounts c)
{
    return c.truth ? (double)c.right / (double)c.truth : 1;
}

double pair_f1(PairCounts c)
{
    return c.found + c.truth ? 2 * (double)c.right / (double)(c.found + c.truth) : 1;
}

/* --- groups of records ----------------------------------------------------------------------------------------------
 */

/* A record of known truth. */
typedef struct Member {
    uint32_t cluster, person, record;
    uint16_t source;
} Member;

typedef struct Truth {
    const MatchTable *t;
    Member *members;
    size_t count;
    bool *comparable; /* [source * source_count + source] */
    uint32_t sources;
} Truth;

static int by_person(const void *x, const void *y)
{
    const Member *a = x, *b = y;
    if (a->person != b->person)
        return a->person < b->person ? -1 : 1;
    return (int)a->source - (int)b->source;
}

static int by_cluster(const void *x, const void *y)
{
    const Member *a = x, *b = y;
    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    return (int)a->source - (int)b->source;
}

static int by_both(const void *x, const void *y)
{
    const Member *a = x, *b = y;
    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    return by_person(x, y);
}

/* Comparable pairs among members, which are sorted by source: each run of a source against itself and those before. */
static uint64_t pairs_among(const Truth *w, const Member *m, size_t n)
{
    uint64_t pairs = 0;
    for (size_t i = 0; i < n;) {
        size_t j = i;
        while (j < n && m[j].source == m[i].source)
            j++;
        uint64_t run = j - i;
        const bool *row = &w->comparable[(size_t)m[i].source * w->sources];
        if (row[m[i].source])
            pairs += run * (run - 1) / 2;
        for (size_t k = 0; k < i;) {
            size_t l = k;
            while (l < i && m[l].source == m[k].source)
                l++;
            if (row[m[k].source])
                pairs += run * (l - k);
            k = l;
        }
        i = j;
    }
    return pairs;
}

/* Sum over runs of members that are equal for `same`. */
static uint64_t pairs_in_groups(const Truth *w, int (*order)(const void *, const void *))
{
    uint64_t pairs = 0;
    qsort(w->members, w->count, sizeof *w->members, order);
    for (size_t i = 0; i < w->count;) {
        size_t j = i;
        while (j < w->count && (order == by_person || w->members[j].cluster == w->members[i].cluster) &&
               (order == by_cluster || w->members[j].person == w->members[i].person))
            j++;
        pairs += pairs_among(w, &w->members[i], j - i);
        i = j;
    }
    return pairs;
}

static Status take_members(Truth *w, const uint32_t *person, const MatchClusters *clusters, Error *err)
{
    const MatchConfig *config = w->t->config;
    uint32_t records = w->t->records;
    w->sources = config->source_count;
    TRY(mem_zalloc((size_t)w->sources * w->sources, sizeof *w->comparable, (void **)&w->comparable, err));
    for (uint32_t a = 0; a < w->sources; a++)
        for (uint32_t b = 0; b < w->sources; b++)
            w->comparable[a * w->sources + b] = table_comparable(config, a, b);
    TRY(mem_zalloc(records, sizeof *w->members, (void **)&w->members, err));
    for (uint32_t r = 0; r < records; r++)
        if (person[r] != MATCH_NONE)
            w->members[w->count++] = (Member){clusters ? clusters->cluster[r] : 0, person[r], r, w->t->source[r]};
    return OK;
}

/* --- candidates -----------------------------------------------------------------------------------------------------
 */

static bool is_kept(const MatchPairs *pairs, uint32_t a, uint32_t b)
{
    size_t low = 0, high = pairs->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const MatchPair *p = &pairs->at[mid];
        if (p->a < a || (p->a == a && p->b < b))
            low = mid + 1;
        else
            high = mid;
    }
    return low < pairs->len && pairs->at[low].a == a && pairs->at[low].b == b;
}

/* True pairs that some pass brings together; members are sorted by person. */
static uint64_t true_candidates(const Truth *w, const MatchModel *m, const MatchPairs *pairs)
{
    uint64_t found = 0;
    for (size_t i = 0; i < w->count; i++)
        for (size_t j = i + 1; j < w->count && w->members[j].person == w->members[i].person; j++) {
            uint32_t x = w->members[i].record, y = w->members[j].record;
            if (!w->comparable[(size_t)w->members[i].source * w->sources + w->members[j].source])
                continue;
            uint32_t a = x < y ? x : y, b = x < y ? y : x;
            found += is_kept(pairs, a, b) || blocks_mask(w->t, m->passes, m->pass_count, a, b) != 0;
        }
    return found;
}

/* --- pairs ----------------------------------------------------------------------------------------------------------
 */

#define ODDS_VALUES ((size_t)(WEIGHT_MAX - WEIGHT_MIN) + 1)

typedef struct OddsCount {
    uint32_t pairs, right;
} OddsCount;

/* The counts at match_from, and at the threshold of the best F1; of equal ones the highest. */
static void thresholds(const OddsCount *count, Weight match_from, TruthReport *out)
{
    PairCounts sum = {.truth = out->pairs.truth};
    out->best = sum;
    out->best_from = WEIGHT_MAX;
    double best = -1;
    for (size_t v = ODDS_VALUES; v-- > 0;) {
        Weight odds = (Weight)v + WEIGHT_MIN;
        sum.found += count[v].pairs;
        sum.right += count[v].right;
        if (odds == match_from)
            out->pairs = sum;
        if (count[v].pairs > 0 && pair_f1(sum) > best) {
            best = pair_f1(sum);
            out->best = sum;
            out->best_from = odds;
        }
    }
}

static Status judge_pairs(
    const MatchPairs *pairs, const uint32_t *person, Weight match_from, TruthReport *out, Error *err)
{
    OddsCount *count = NULL;
    LabelledOdds *labels = NULL;
    size_t n = 0;
    Status st = mem_zalloc(ODDS_VALUES, sizeof *count, (void **)&count, err);
    if (st == OK)
        st = mem_zalloc(pairs->len, sizeof *labels, (void **)&labels, err);
    for (size_t i = 0; st == OK && i < pairs->len; i++) {
        const MatchPair *p = &pairs->at[i];
        if (person[p->a] == MATCH_NONE || person[p->b] == MATCH_NONE)
            continue;
        OddsCount *c = &count[p->odds - WEIGHT_MIN];
        labels[n] = (LabelledOdds){p->odds, person[p->a] == person[p->b], 1};
        c->pairs++;
        c->right += labels[n++].match;
    }
    if (st == OK) {
        thresholds(count, match_from, out);
        calibration_table(labels, n, out->bins);
    }
    mem_free(count);
    mem_free(labels);
    return st;
}

/* --- clusters -------------------------------------------------------------------------------------------------------
 */

/* Sizes by cluster or person: out[i] for members[i]; members are sorted so that equal ones stand together. */
static uint64_t largest_run(const Truth *w, int (*order)(const void *, const void *))
{
    uint64_t largest = 0;
    qsort(w->members, w->count, sizeof *w->members, order);
    for (size_t i = 0, run = 0; i < w->count; i++) {
        bool same = i > 0 && (order == by_cluster ? w->members[i].cluster == w->members[i - 1].cluster
                                                  : w->members[i].person == w->members[i - 1].person);
        run = same ? run + 1 : 1;
        largest = run > largest ? run : largest;
    }
    return largest;
}

static int by_number(const void *x, const void *y)
{
    const uint32_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

/* How many of the sorted numbers are this one. */
static uint64_t count_of(const uint32_t *sorted, size_t n, uint32_t number)
{
    size_t at[2];
    for (uint32_t k = 0; k < 2; k++) {
        size_t low = 0, high = n;
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (sorted[mid] < number || (k == 1 && sorted[mid] == number))
                low = mid + 1;
            else
                high = mid;
        }
        at[k] = low;
    }
    return at[1] - at[0];
}

static Status b_cubed(const Truth *w, TruthReport *out, Error *err)
{
    uint32_t *clusters = NULL, *persons = NULL;
    Status st = mem_alloc(w->count * sizeof *clusters, (void **)&clusters, err);
    if (st == OK)
        st = mem_alloc(w->count * sizeof *persons, (void **)&persons, err);
    if (st == OK) {
        double precision = 0, recall = 0;
        qsort(w->members, w->count, sizeof *w->members, by_both);
        for (size_t i = 0; i < w->count; i++) {
            clusters[i] = w->members[i].cluster;
            persons[i] = w->members[i].person;
        }
        qsort(persons, w->count, sizeof *persons, by_number);
        for (size_t i = 0; i < w->count;) {
            size_t j = i;
            const Member *m = &w->members[i];
            while (j < w->count && w->members[j].cluster == m->cluster && w->members[j].person == m->person)
                j++;
            double shared = (double)(j - i);
            precision += shared * shared / (double)count_of(clusters, w->count, m->cluster);
            recall += shared * shared / (double)count_of(persons, w->count, m->person);
            i = j;
        }
        out->bcubed_precision = w->count ? precision / (double)w->count : 1;
        out->bcubed_recall = w->count ? recall / (double)w->count : 1;
    }
    mem_free(clusters);
    mem_free(persons);
    return st;
}

static Status judge_clusters(const Truth *w, TruthReport *out, Error *err)
{
    out->clusters.truth = out->pairs.truth;
    out->clusters.found = pairs_in_groups(w, by_cluster);
    out->clusters.right = pairs_in_groups(w, by_both);
    out->largest = largest_run(w, by_cluster);
    return b_cubed(w, out, err);
}

static uint64_t count_persons(const Truth *w)
{
    uint64_t persons = 0;
    for (size_t i = 0; i < w->count; i++)
        persons += i == 0 || w->members[i].person != w->members[i - 1].person;
    return persons;
}

Status match_truth(const MatchTable *t, const MatchModel *m, const uint32_t *person, const MatchPairs *pairs,
    uint64_t compared, const MatchClusters *clusters, TruthReport *out, Error *err)
{
    Truth w = {.t = t};
    memset(out, 0, sizeof *out);
    Status st = OK;
    TRY_OUT(take_members(&w, person, clusters, err));
    out->records = w.count;
    out->largest_true = largest_run(&w, by_person);
    out->pairs.truth = out->candidates.truth = pairs_in_groups(&w, by_person);
    out->persons = count_persons(&w);
    out->candidates.found = compared;
    out->candidates.right = true_candidates(&w, m, pairs);
    TRY_OUT(judge_pairs(pairs, person, t->config->match_from, out, err));
    if (clusters)
        TRY_OUT(judge_clusters(&w, out, err));
out:
    mem_free(w.members);
    mem_free(w.comparable);
    return st;
}
