/*
 * How good the links are, as the model itself sees it.
 *
 * Pairs of records are counted, because that is what precision and recall are
 * of. Inside a person they are as sure as the links between them (link_tree.c).
 * What is missing comes from four places:
 *
 *   two that a kind of source has in common      the odds of all their records together, as linking judged them: a
 *                                                name in common says little where two numbers differ, and two that a
 *                                                hard rule keeps apart miss nothing
 *   two that no kind of source has in common     what linking itself left their odds at, given who is left over
 *                                                (match/cluster_left.c): rivals have had their share there. A pass
 *                                                over newcomers does not know: of two whose best pair has odds o
 *                                                it takes o / (1 + R), where R adds up the odds of all who may be one
 *                                                with the same person, and REFUSED_SHARE at most of a pair that was
 *                                                likely by itself and yet refused
 *   persons of whom no candidate is shown        by those like them (match/unfound.c)
 *   what no blocking pass brings together        the training's capture-recapture estimate
 *
 * A pair that is missing is missing to both persons: it counts whole for each, and all of them together miss half the
 * sum. A group's recall is then that of the pairs which touch it, where it does not have both persons of many.
 *
 * The intervals are those of chance when the probabilities are calibrated, and those of the model: the number of
 * missing pairs is taken to be wrong by 11 in 100, that of wrong ones by 30 in 100. Measured (root of the mean square,
 * chance included) on seven synthetic states of 10,000 to 100,000 people: 8 and 27; README.md has others, on which that
 * was not chosen. Whether a real state is like these is what the clerical sample (sample.c) is for.
 */
#include "identity/identity_impl.h"

#include <math.h>

#define MILLION 1e6
#define REFUSED_SHARE 0.05
/* Pairs of persons that are judged by all their records; of more a share is. */
#define JUDGED_MAX ((size_t)1 << 20)
/* One standard error, of the expected missing pairs and of the expected wrong ones. */
#define MISSED_ERROR 0.11
#define WRONG_ERROR 0.30

LinkEstimate estimate_of(double value, double variance)
{
    double error = 1.96 * sqrt(variance > 0 ? variance : 0);
    return (LinkEstimate){value, value > error ? value - error : 0, value + error < 1 ? value + error : 1};
}

static Status count_inside(const Resolved *r, uint32_t *sizes, ClusterQuality *q, Error *err)
{
    const Forest f = {.count = r->count, .clusters = r->clusters, .to = r->to, .odds = r->odds, .cluster = r->cluster};
    for (uint32_t i = 0; i < r->count; i++)
        sizes[r->cluster[i]]++;
    for (uint32_t c = 0; c < r->clusters; c++)
        q->pairs[c] = (uint64_t)sizes[c] * (sizes[c] - 1) / 2;
    return trees_correct(&f, q->correct, &q->correct_variance, err);
}

/* Two persons that may be one, by their best pair. */
static Status list_best(const LinkJob *job, Betweens *all, Error *err)
{
    size_t n = 0;
    TRY(betweens_list(job, all, err));
    for (size_t i = 0; i < all->len; i++)
        if (n == 0 || all->at[n - 1].low != all->at[i].low || all->at[n - 1].high != all->at[i].high)
            all->at[n++] = all->at[i];
    all->len = n;
    return OK;
}

_Static_assert(MATCH_TRAITS_MAX <= 8, "a person's kinds of source are the bits of a byte");

/* What is left of the odds of a pair that linking refused. */
static double left_over(const LinkJob *job, const Between *b)
{
    double p = weight_probability(b->odds);
    return b->odds >= job->linkage.match.match_from && p > REFUSED_SHARE ? REFUSED_SHARE : p;
}

/* What candidates show to be missing. */
typedef struct Shown {
    const LinkJob *job;
    const uint32_t *sizes;
    uint8_t *kinds;  /* of each person, as a set */
    float *expected; /* [person * MATCH_TRAITS_MAX + kind]: how likely it is one with somebody of that kind */
    ClusterQuality *q;
} Shown;

static void expect_kinds(const Shown *s, uint32_t person, uint8_t kinds, double p)
{
    for (uint32_t kind = 0; kind < MATCH_TRAITS_MAX; kind++)
        if (kinds >> kind & 1)
            s->expected[(size_t)person * MATCH_TRAITS_MAX + kind] += (float)p;
}

/* Two persons are one with probability p, and are not linked; they stand for `weight` such pairs. */
static void miss(const Shown *s, uint32_t low, uint32_t high, double p, double weight)
{
    double between = (double)s->sizes[low] * s->sizes[high];
    uint64_t pairs = (uint64_t)llround(weight * p * between * MILLION);
    s->q->missed[low] += pairs;
    s->q->missed[high] += pairs;
    s->q->missed_variance += weight * weight * p * (1 - p) * between * between;
    expect_kinds(s, low, s->kinds[high], weight * p);
    expect_kinds(s, high, s->kinds[low], weight * p);
}

/* Linking knew who is left over and said what the odds are then. */
static void count_left(const Shown *s)
{
    const LinkJob *job = s->job;
    for (size_t i = 0; i < job->left_count; i++) {
        const MatchLeft *left = &job->left[i];
        uint32_t a = job->resolved.cluster[left->a], b = job->resolved.cluster[left->b];
        if (a != b)
            miss(s, a < b ? a : b, a < b ? b : a, weight_probability(left->odds), 1);
    }
}

/* Two that no kind has in common, where linking did not say who is left over: by their best pair and its rivals. */
static Status count_best(const Shown *s, const Betweens *all, Error *err)
{
    uint32_t clusters = s->job->resolved.clusters;
    double *rivals; /* of each person: odds of all it may be one with, added up */
    TRY(mem_zalloc(clusters ? clusters : 1, sizeof *rivals, (void **)&rivals, err));
    for (size_t i = 0; i < all->len; i++) {
        double p = left_over(s->job, &all->at[i]);
        rivals[all->at[i].low] += p / (1 - p);
        rivals[all->at[i].high] += p / (1 - p);
    }
    for (size_t i = 0; i < all->len; i++) {
        const Between *b = &all->at[i];
        double p = left_over(s->job, b), odds = p / (1 - p);
        double most = rivals[b->low] > rivals[b->high] ? rivals[b->low] : rivals[b->high];
        miss(s, b->low, b->high, odds / (1 + most), 1);
    }
    mem_free(rivals);
    return OK;
}

/* Records by person: those of person c are list[start[c] .. start[c + 1] - 1], ascending. */
static void list_members(const Resolved *r, uint32_t *start, uint32_t *list)
{
    for (uint32_t i = 0; i < r->count; i++)
        start[r->cluster[i] + 2]++;
    for (uint32_t c = 0; c < r->clusters; c++)
        start[c + 2] += start[c + 1];
    for (uint32_t i = 0; i < r->count; i++)
        list[start[r->cluster[i] + 1]++] = i;
}

/* Two that have a kind in common: by all their records. Of more than JUDGED_MAX pairs each k-th is asked, in order of
 * person, and stands for k. */
static Status count_common(const Shown *s, const Betweens *all, Error *err)
{
    const LinkJob *job = s->job;
    const Resolved *r = &job->resolved;
    uint32_t *start = NULL, *list = NULL;
    MatchPersons *judge = NULL;
    size_t every = all->len / JUDGED_MAX + 1;
    Status st;
    TRY_OUT(mem_zalloc((size_t)r->clusters + 2, sizeof *start, (void **)&start, err));
    TRY_OUT(mem_alloc(((size_t)r->count + 1) * sizeof *list, (void **)&list, err));
    TRY_OUT(match_persons_new(job->records.table, job->model, &judge, err));
    list_members(r, start, list);
    for (size_t i = every / 2; i < all->len; i += every) {
        uint32_t x = all->at[i].low, y = all->at[i].high;
        Weight odds = match_persons_between(judge, list + start[x], s->sizes[x], list + start[y], s->sizes[y]);
        if (odds > WEIGHT_MIN)
            miss(s, x, y, weight_probability(odds), (double)every);
    }
out:
    match_persons_free(judge);
    mem_free(start);
    mem_free(list);
    return st;
}

static Status count_between(const Shown *s, Error *err)
{
    const LinkJob *job = s->job;
    bool left_known = job->report->full && job->linkage.match.left_step > 0;
    Betweens all = {0}, common = {0};
    size_t n = 0;
    Status st;
    TRY_OUT(list_best(job, &all, err));
    for (size_t i = 0; i < all.len; i++) {
        if (s->kinds[all.at[i].low] & s->kinds[all.at[i].high])
            TRY_OUT(vec_push(&common, all.at[i], err));
        else if (!left_known)
            all.at[n++] = all.at[i];
    }
    all.len = n;
    TRY_OUT(count_best(s, &all, err));
    st = count_common(s, &common, err);
out:
    vec_free(&all);
    vec_free(&common);
    return st;
}

/* Persons of whom nothing is shown. A pass over newcomers expects them of its new persons alone: what the others miss
 * is known. */
static Status count_unfound(const Shown *s, Error *err)
{
    const LinkJob *job = s->job;
    const Resolved *r = &job->resolved;
    MatchMisses unfound = {0};
    bool *old = NULL;
    Status st;
    TRY_OUT(mem_zalloc((size_t)r->clusters + 1, sizeof *old, (void **)&old, err));
    TRY_OUT(match_unfound(job->records.table, r->cluster, r->clusters, s->expected, &job->pairs, &unfound, err));
    for (uint32_t i = 0; !job->report->full && i < job->records.in_table; i++)
        old[r->cluster[i]] = true;
    for (uint32_t c = 0; c < r->clusters; c++)
        if (!old[c])
            s->q->missed[c] += (uint64_t)llround(unfound.missed[c] * MILLION);
    if (job->report->full)
        s->q->missed_variance += unfound.variance;
out:
    match_misses_free(&unfound);
    mem_free(old);
    return st;
}

static Status count_missing(const LinkJob *job, const uint32_t *sizes, ClusterQuality *q, Error *err)
{
    const Resolved *r = &job->resolved;
    const MatchConfig *config = &job->linkage.match;
    Shown s = {.job = job, .sizes = sizes, .q = q};
    Status st;
    TRY_OUT(mem_zalloc((size_t)r->clusters + 1, sizeof *s.kinds, (void **)&s.kinds, err));
    TRY_OUT(mem_zalloc((size_t)r->clusters * MATCH_TRAITS_MAX + 1, sizeof *s.expected, (void **)&s.expected, err));
    for (uint32_t i = 0; i < r->count; i++)
        s.kinds[r->cluster[i]] |= match_kinds_of(config, match_record_source(job->records.table, i));
    count_left(&s);
    TRY_OUT(count_between(&s, err));
    st = count_unfound(&s, err);
out:
    mem_free(s.kinds);
    mem_free(s.expected);
    return st;
}

Status cluster_quality(const LinkJob *job, ClusterQuality *out, Error *err)
{
    const Resolved *r = &job->resolved;
    uint32_t *sizes;
    size_t n = r->clusters ? r->clusters : 1;
    *out = (ClusterQuality){.clusters = r->clusters};
    TRY(mem_zalloc(n, sizeof *out->pairs, (void **)&out->pairs, err));
    TRY(mem_zalloc(n, sizeof *out->correct, (void **)&out->correct, err));
    TRY(mem_zalloc(n, sizeof *out->missed, (void **)&out->missed, err));
    TRY(mem_zalloc(n, sizeof *sizes, (void **)&sizes, err));
    Status st = count_inside(r, sizes, out, err);
    if (st == OK)
        st = count_missing(job, sizes, out, err);
    double ratio = job->unblocked > 0 && job->unblocked < 1 ? job->unblocked / (1 - job->unblocked) : 0;
    for (uint32_t c = 0; c < r->clusters && st == OK; c++)
        out->missed[c] += (uint64_t)llround(2 * ratio * (double)out->correct[c]); /* half is its parts' */
    mem_free(sizes);
    return st;
}

void cluster_quality_free(ClusterQuality *q)
{
    mem_free(q->pairs);
    mem_free(q->correct);
    mem_free(q->missed);
    *q = (ClusterQuality){0};
}

void quality_totals(const ClusterQuality *q, LinkEstimate *precision, LinkEstimate *recall)
{
    double pairs = 0, correct = 0, missed = 0;
    for (uint32_t c = 0; c < q->clusters; c++) {
        pairs += (double)q->pairs[c];
        correct += (double)q->correct[c] / MILLION;
        missed += (double)q->missed[c] / MILLION / 2;
    }
    double truth = correct + missed;
    double missed_error = MISSED_ERROR * missed, wrong_error = WRONG_ERROR * (pairs - correct);
    double missed_variance = q->missed_variance + missed_error * missed_error;
    double correct_variance = q->correct_variance + wrong_error * wrong_error;
    *precision = pairs > 0 ? estimate_of(correct / pairs, correct_variance / (pairs * pairs)) : (LinkEstimate){1, 1, 1};
    /* correct / (correct + missed), to first order */
    *recall = truth > 0 ? estimate_of(correct / truth,
                              (missed * missed * correct_variance + correct * correct * missed_variance) /
                                  (truth * truth * truth * truth))
                        : (LinkEstimate){1, 1, 1};
}
