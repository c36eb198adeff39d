/*
 * Which pairs a person should look at, and in which order.
 *
 * A question is about two groups of records, so each two persons are asked about
 * once, by their best pair. It is worth what the wrong answer costs: the model
 * will be wrong with probability min(p, 1 - p), and then as many record pairs are
 * wrong as the two groups have between them. What is worth most comes first, and
 * the queue ends where the policy's share of records does.
 */
#include "identity/identity_impl.h"

#include <stdlib.h>

typedef struct Question {
    uint32_t low, high; /* clusters; equal: a weak link inside one */
    uint32_t a, b;
    Weight odds;
    int64_t value;
    ReviewReason reason;
} Question;
typedef VEC(Question) Questions;

/* Links with less than this probability that hold are asked about too. */
#define WEAK_BELOW (7 * WEIGHT_BIT) /* 0.992 */
/* What is left of odds that were high by themselves and yet were refused: even, because the rest speaks against them.
 */
#define REFUSED_ODDS 0
#define NEAR_MAX 4  /* third persons shown beside each side */
#define FACES_MAX 6 /* records of a person that are held against another's */
#define LOOKED_AT 4 /* so many times the questions that will be asked are looked at closely */
#define RULED_OUT INT32_MIN

static int by_clusters(const void *x, const void *y)
{
    const Question *a = x, *b = y;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->odds != b->odds)
        return a->odds > b->odds ? -1 : 1;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

static int by_value(const void *x, const void *y)
{
    const Question *a = x, *b = y;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return by_clusters(x, y);
}

static bool is_settled(const LinkJob *job, uint32_t a, uint32_t b)
{
    const PairVerdict *v = verdict_find(&job->verdicts, &job->records.tags[a], &job->records.tags[b]);
    return v && (v->state == PAIR_SAME || v->state == PAIR_DIFFERENT || v->state == PAIR_UNSURE);
}

static int64_t worth(Weight odds, uint64_t wrong_pairs)
{
    double p = weight_probability(odds);
    double risk = p < 0.5 ? p : 1 - p;
    return (int64_t)(risk * (double)wrong_pairs * 1000.0 + 0.5);
}

/* --- persons that were asked about --- */

typedef struct Settled { /* two clusters, by some of their records: different, or nobody can tell */
    uint32_t low, high;
} Settled;
typedef VEC(Settled) SettledPersons;

static int by_settled(const void *x, const void *y)
{
    const Settled *a = x, *b = y;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return a->high < b->high ? -1 : a->high > b->high;
}

static Status list_settled(const LinkJob *job, SettledPersons *out, Error *err)
{
    const Resolved *r = &job->resolved;
    for (size_t i = 0; i < job->verdicts.len; i++) {
        const PairVerdict *v = &job->verdicts.at[i];
        if (v->state != PAIR_DIFFERENT && v->state != PAIR_UNSURE)
            continue;
        uint32_t a = tag_places_find(&job->tags, &v->a), b = tag_places_find(&job->tags, &v->b);
        if (a == MATCH_NONE || b == MATCH_NONE || r->cluster[a] == r->cluster[b])
            continue;
        uint32_t x = r->cluster[a], y = r->cluster[b];
        TRY(vec_push(out, ((Settled){x < y ? x : y, x < y ? y : x}), err));
    }
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_settled);
    return OK;
}

static bool persons_settled(const SettledPersons *all, uint32_t x, uint32_t y)
{
    const Settled want = {x < y ? x : y, x < y ? y : x};
    return all->len > 0 && bsearch(&want, all->at, all->len, sizeof want, by_settled) != NULL;
}

/* Pairs of different persons that might be one. */
static Status ask_between(const LinkJob *job, const uint32_t *sizes, const uint8_t *kinds,
    const SettledPersons *settled, Questions *out, Error *err)
{
    const Resolved *r = &job->resolved;
    const MatchConfig *config = &job->linkage.match;
    for (size_t i = 0; i < job->pairs.len; i++) {
        const MatchPair *p = &job->pairs.at[i];
        if (p->odds < config->review_from)
            continue;
        fetch_clusters(job, i);
        uint32_t x = r->cluster[p->a], y = r->cluster[p->b];
        if (x == y || is_settled(job, p->a, p->b) || persons_settled(settled, x, y))
            continue;
        /* what linking asks of two persons: below it nothing was refused */
        bool likely = p->odds >= match_link_from(config, kinds[x], kinds[y]);
        Question q = {.low = x < y ? x : y,
            .high = x < y ? y : x,
            .a = p->a,
            .b = p->b,
            .odds = p->odds,
            .reason = likely ? REVIEW_REFUSED : REVIEW_UNCERTAIN};
        q.value = worth(likely ? REFUSED_ODDS : p->odds, (uint64_t)sizes[x] * sizes[y]);
        TRY(vec_push(out, q, err));
    }
    return OK;
}

/* Links that barely hold. A wrong one costs the record's pairs with all others of its person. */
static Status ask_inside(const LinkJob *job, const uint32_t *sizes, Questions *out, Error *err)
{
    const Resolved *r = &job->resolved;
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->kind[i] != LINK_MODEL || r->to[i] == MATCH_NONE || r->odds[i] >= WEAK_BELOW ||
            is_settled(job, i, r->to[i]))
            continue;
        /* a pass over newcomers asks about what it has just decided */
        if (!job->report->full && i < job->records.in_table)
            continue;
        uint32_t x = r->cluster[i];
        Question q = {.low = x,
            .high = x,
            .a = i < r->to[i] ? i : r->to[i],
            .b = i < r->to[i] ? r->to[i] : i,
            .odds = r->odds[i],
            .value = worth(r->odds[i], sizes[x] - 1),
            .reason = REVIEW_WEAK};
        TRY(vec_push(out, q, err));
    }
    return OK;
}

/* One question for each two persons; a person that is likely to be several others is ambiguous. */
static void keep_best(const LinkJob *job, Questions *q, uint32_t *likely)
{
    size_t n = 0;
    if (q->len > 1)
        qsort(q->at, q->len, sizeof *q->at, by_clusters);
    for (size_t i = 0; i < q->len; i++) {
        const Question *last = n ? &q->at[n - 1] : NULL;
        bool inside = q->at[i].low == q->at[i].high;
        if (!inside && last && last->low == q->at[i].low && last->high == q->at[i].high)
            continue;
        if (q->at[i].reason == REVIEW_REFUSED) {
            likely[q->at[i].low]++;
            likely[q->at[i].high]++;
        }
        q->at[n++] = q->at[i];
    }
    q->len = n;
    for (size_t i = 0; i < n; i++)
        if (q->at[i].reason == REVIEW_REFUSED && (likely[q->at[i].low] > 1 || likely[q->at[i].high] > 1))
            q->at[i].reason = REVIEW_AMBIGUOUS;
    if (n > 1)
        qsort(q->at, n, sizeof *q->at, by_value);
    job->report->queue_wanted = n;
}

/* --- what the rest of both persons says ------------------------------------------------------------------------- */

/* Members of the persons that are asked about, by cluster. */
typedef struct Members {
    uint32_t *start; /* [clusters + 1] into list */
    uint32_t *list;
} Members;

static Status list_members(const Resolved *r, Members *out, Error *err)
{
    TRY(mem_zalloc((size_t)r->clusters + 2, sizeof *out->start, (void **)&out->start, err));
    TRY(mem_zalloc((size_t)r->count + 1, sizeof *out->list, (void **)&out->list, err));
    for (uint32_t i = 0; i < r->count; i++)
        out->start[r->cluster[i] + 2]++;
    for (uint32_t c = 0; c < r->clusters; c++)
        out->start[c + 2] += out->start[c + 1];
    for (uint32_t i = 0; i < r->count; i++)
        out->list[out->start[r->cluster[i] + 1]++] = i;
    return OK;
}

static int by_weight(const void *x, const void *y)
{
    Weight a = *(const Weight *)x, b = *(const Weight *)y;
    return (a > b) - (a < b);
}

/* The odds halfway between the best pair and the middle one: two initials that agree are not much when everything else
 * of the two persons differs. RULED_OUT when a hard rule keeps two members apart: then nobody needs to be asked. */
static Weight joint_odds(const LinkJob *job, MatchLook *look, const Members *m, const Question *q)
{
    Weight all[FACES_MAX * FACES_MAX];
    size_t n = 0;
    uint32_t low_end = m->start[q->low + 1], high_end = m->start[q->high + 1];
    if (low_end > m->start[q->low] + FACES_MAX)
        low_end = m->start[q->low] + FACES_MAX;
    if (high_end > m->start[q->high] + FACES_MAX)
        high_end = m->start[q->high] + FACES_MAX;
    for (uint32_t i = m->start[q->low]; i < low_end; i++)
        for (uint32_t k = m->start[q->high]; k < high_end; k++) {
            all[n] = match_look_odds(look, m->list[i], m->list[k]);
            if (all[n++] == WEIGHT_MIN && job->linkage.match.rule_count > 0)
                return RULED_OUT;
        }
    qsort(all, n, sizeof *all, by_weight);
    Weight middle = all[n / 2];
    return middle < q->odds ? (q->odds + middle) / 2 : q->odds;
}

/* Values the questions that may be asked by all that is known of the two persons, and keeps the `limit` best. */
static Status weigh_jointly(
    LinkJob *job, MatchLook *look, const uint32_t *sizes, Questions *q, size_t limit, Error *err)
{
    Members m = {0};
    size_t n = 0;
    Status st = list_members(&job->resolved, &m, err);
    if (q->len > LOOKED_AT * limit)
        q->len = LOOKED_AT * limit;
    for (size_t i = 0; i < q->len && st == OK; i++) {
        Question ask = q->at[i];
        if (ask.low != ask.high) {
            Weight odds = joint_odds(job, look, &m, &ask);
            if (odds == RULED_OUT)
                continue;
            if (ask.reason != REVIEW_UNCERTAIN && odds > REFUSED_ODDS)
                odds = REFUSED_ODDS;
            ask.value = worth(odds, (uint64_t)sizes[ask.low] * sizes[ask.high]);
        }
        q->at[n++] = ask;
    }
    mem_free(m.start);
    mem_free(m.list);
    if (st != OK)
        return st;
    if (n > 1)
        qsort(q->at, n, sizeof *q->at, by_value);
    q->len = n < limit ? n : limit;
    return OK;
}

/* --- who else is like one of the two ---------------------------------------------------------------------------- */

typedef struct Nearby {
    uint32_t record[NEAR_MAX];
    Weight odds[NEAR_MAX];
    uint32_t count;
} Nearby;

/* Keeps the best, each person once. */
static void note_near(const Resolved *r, Nearby *n, uint32_t record, Weight odds)
{
    uint32_t at = n->count;
    for (uint32_t i = 0; i < n->count; i++)
        if (r->cluster[n->record[i]] == r->cluster[record]) {
            if (n->odds[i] >= odds)
                return;
            at = i;
        }
    if (at == n->count) {
        if (n->count == NEAR_MAX && n->odds[NEAR_MAX - 1] >= odds)
            return;
        at = n->count < NEAR_MAX ? n->count++ : NEAR_MAX - 1;
    }
    for (; at > 0 && n->odds[at - 1] < odds; at--) {
        n->record[at] = n->record[at - 1];
        n->odds[at] = n->odds[at - 1];
    }
    n->record[at] = record;
    n->odds[at] = odds;
}

/* Rivals and relatives: the likeliest records of third persons, for each side of each question that will be asked. */
static Status list_nearby(
    const LinkJob *job, const Questions *q, size_t limit, uint32_t **slots, Nearby **near, Error *err)
{
    const Resolved *r = &job->resolved;
    uint32_t used = 0;
    TRY(mem_zalloc(r->count ? r->count : 1, sizeof **slots, (void **)slots, err));
    for (size_t i = 0; i < q->len && i < limit; i++) {
        uint32_t *a = &(*slots)[q->at[i].a], *b = &(*slots)[q->at[i].b];
        *a = *a ? *a : ++used;
        *b = *b ? *b : ++used;
    }
    TRY(mem_zalloc(used + 1, sizeof **near, (void **)near, err));
    for (size_t i = 0; i < job->pairs.len; i++) {
        const MatchPair *p = &job->pairs.at[i];
        if (i + PAIRS_AHEAD < job->pairs.len)
            __builtin_prefetch(&(*slots)[job->pairs.at[i + PAIRS_AHEAD].b]);
        uint32_t a = (*slots)[p->a], b = (*slots)[p->b]; /* of most records nothing is asked */
        if ((a == 0 && b == 0) || r->cluster[p->a] == r->cluster[p->b])
            continue;
        if (a)
            note_near(r, &(*near)[a], p->b, p->odds);
        if (b)
            note_near(r, &(*near)[b], p->a, p->odds);
    }
    return OK;
}

/* "near":[["a","TAG",odds],...] into the evidence's object, whose end is cut off and put back. */
static void add_near(const LinkJob *job, const Question *ask, const Nearby *n, const char *side, Buf *evidence)
{
    const Resolved *r = &job->resolved;
    for (uint32_t i = 0; i < n->count; i++) {
        uint32_t c = r->cluster[n->record[i]];
        char tag[TAG_HEX_SIZE];
        if (c == r->cluster[ask->a] || c == r->cluster[ask->b])
            continue;
        tag_print(&job->records.tags[n->record[i]], tag);
        char last = evidence->ptr[evidence->len - 1];
        buf_addf(evidence, "%s[\"%s\",\"%s\",%" PRId32 "]", last == '[' ? "" : ",", side, tag, n->odds[i]);
    }
}

static Status write_evidence(LinkJob *job, MatchLook *look, const Question *ask, const uint32_t *slots,
    const Nearby *near, ReviewItem *item, Buf *evidence, Error *err)
{
    const RecordTag *a = &job->records.tags[ask->a], *b = &job->records.tags[ask->b];
    bool in_order = tag_cmp(a, b) < 0;
    uint32_t first = in_order ? ask->a : ask->b, second = in_order ? ask->b : ask->a;
    item->a = job->records.tags[first];
    item->b = job->records.tags[second];
    buf_reset(evidence);
    TRY(evidence_json(look, job->model, first, second, evidence, err));
    ASSERT(evidence->len > 0 && evidence->ptr[evidence->len - 1] == '}');
    evidence->len--;
    buf_adds(evidence, ",\"near\":[");
    add_near(job, ask, &near[slots[first]], "a", evidence);
    add_near(job, ask, &near[slots[second]], "b", evidence);
    buf_adds(evidence, "]}");
    TRY(buf_status(evidence, err));
    return arena_dup(&job->arena, buf_slice(evidence), &item->evidence, err);
}

static Status write_items(LinkJob *job, const uint32_t *sizes, Questions *q, size_t limit, ReviewItems *out, Error *err)
{
    Buf evidence;
    uint32_t *slots = NULL;
    Nearby *near = NULL;
    MatchLook *look = NULL;
    buf_init(&evidence, 0);
    Status st = match_look_new(job->records.table, job->model, &look, err);
    if (st == OK)
        st = weigh_jointly(job, look, sizes, q, limit, err);
    if (st == OK)
        st = list_nearby(job, q, limit, &slots, &near, err);
    for (size_t i = 0; i < q->len && i < limit && st == OK; i++) {
        const Question *ask = &q->at[i];
        ReviewItem item = {.odds = ask->odds, .reason = ask->reason, .value = ask->value};
        st = write_evidence(job, look, ask, slots, near, &item, &evidence, err);
        if (st == OK)
            st = vec_push(out, item, err);
    }
    buf_free(&evidence);
    mem_free(slots);
    mem_free(near);
    match_look_free(look);
    return st;
}

Status queue_build(LinkJob *job, ReviewItems *out, Error *err)
{
    const Resolved *r = &job->resolved;
    uint32_t *sizes = NULL, *likely = NULL;
    uint8_t *kinds = NULL;
    Questions q = {0};
    SettledPersons settled = {0};
    Status st;
    size_t n = r->clusters ? r->clusters : 1;
    TRY_OUT(mem_zalloc(n, sizeof *sizes, (void **)&sizes, err));
    TRY_OUT(mem_zalloc(n, sizeof *likely, (void **)&likely, err));
    TRY_OUT(mem_zalloc(n, sizeof *kinds, (void **)&kinds, err));
    for (uint32_t i = 0; i < r->count; i++) {
        sizes[r->cluster[i]]++;
        kinds[r->cluster[i]] |= match_kinds_of(&job->linkage.match, match_record_source(job->records.table, i));
    }
    TRY_OUT(list_settled(job, &settled, err));
    TRY_OUT(ask_between(job, sizes, kinds, &settled, &q, err));
    TRY_OUT(ask_inside(job, sizes, &q, err));
    keep_best(job, &q, likely);
    uint64_t base = job->report->full ? r->count : job->records.newcomers.len;
    job->report->queue_limit = base * job->linkage.review.queue_ppm / 1000000;
    TRY_OUT(write_items(job, sizes, &q, job->report->queue_limit, out, err));
    job->report->queued = out->len;
out:
    mem_free(sizes);
    mem_free(likely);
    mem_free(kinds);
    vec_free(&settled);
    vec_free(&q);
    return st;
}
