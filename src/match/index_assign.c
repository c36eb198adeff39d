/*
 * To which of the known persons does a record belong?
 *
 * As in match_clusters, not the best pair decides but the whole of what is known
 * of a person (cluster_joint.c), what contradicts it, and who else could be
 * meant: the odds stated are those of the person among all candidates, over every
 * way to put record and candidates together (cluster_compete.c). Persons are
 * never joined here; where the newcomer shows two of them to be one, it says so.
 */
#include <stdlib.h>

#include "match/index_impl.h"

/* Records of a person that are looked at for contradictions; more have the same say for evidence anyway. */
#define MEMBERS_MAX 4096
#define CANDIDATES_MAX (COMPETE_NODES_MAX - 1)
#define NEAR_MAX 32

typedef struct Candidate {
    uint32_t cluster;
    MatchPair best; /* with the newcomer */
    Weight odds;    /* of the whole; ODDS_NEVER: contradicts */
    Weight against; /* what disagrees */
    Weight shared;  /* among all candidates */
    bool decided;   /* a reviewer said it is this one */
    uint32_t faces[BUNDLE_FACES_MAX];
    size_t face_count;
} Candidate;

/* --- persons ------------------------------------------------------------------------------------------------------ */

static int by_decision(const void *x, const void *y)
{
    const Decision *a = x, *b = y;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

/* Decisions may be about records that are still to come: those are in no person yet. */
static uint32_t cluster_of(const MatchIndex *x, uint32_t record)
{
    return record < x->cluster.len ? x->cluster.at[record] : MATCH_NONE;
}

static void take_out(MatchIndex *x, uint32_t record)
{
    uint32_t cluster = x->cluster.at[record];
    if (cluster == MATCH_NONE)
        return;
    uint32_t *link = &x->head.at[cluster];
    while (*link != record)
        link = &x->next.at[*link];
    *link = x->next.at[record];
    x->cluster.at[record] = x->next.at[record] = MATCH_NONE;
}

Status match_index_join(MatchIndex *x, uint32_t record, uint32_t cluster, Error *err)
{
    if (record >= record_total(x->t))
        return error_set(err, ERR_NOT_FOUND, "the index has no record %u", record);
    take_out(x, record);
    if (cluster == MATCH_NONE)
        return OK;
    if (cluster >= x->head.len) {
        size_t from = x->head.len, to = (size_t)cluster + 1;
        TRY(vec_reserve(&x->head, to, err));
        for (size_t i = from; i < to; i++)
            x->head.at[i] = MATCH_NONE;
        x->head.len = to;
    }
    x->cluster.at[record] = cluster;
    x->next.at[record] = x->head.at[cluster];
    x->head.at[cluster] = record;
    return OK;
}

static Status take_decisions(MatchIndex *x, const Decision *decisions, size_t count, Error *err)
{
    x->decided.len = 0;
    for (size_t i = 0; i < count; i++) {
        Decision d = decisions[i];
        if (d.a == MATCH_NONE || d.b == MATCH_NONE || d.a == d.b)
            return error_set(err, ERR_INVALID, "decision %zu is not about two records", i + 1);
        TRY(vec_push(&x->decided, d, err));
        TRY(vec_push(&x->decided, ((Decision){d.b, d.a, d.kind}), err));
    }
    if (count > 0)
        qsort(x->decided.at, x->decided.len, sizeof *x->decided.at, by_decision);
    return OK;
}

Status match_index_persons(MatchIndex *x, const uint32_t *cluster, uint32_t count, const Decision *decisions,
    size_t decision_count, Error *err)
{
    if (count != record_total(x->t))
        return error_set(err, ERR_INVALID, "persons of %u records, but the index has %u", count, record_total(x->t));
    TRY(take_decisions(x, decisions, decision_count, err));
    x->head.len = 0;
    for (uint32_t r = 0; r < count; r++)
        x->cluster.at[r] = x->next.at[r] = MATCH_NONE;
    for (uint32_t r = count; r-- > 0;) /* the lowest record stands first */
        TRY(match_index_join(x, r, cluster[r], err));
    return OK;
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

typedef struct Said {
    bool same, different;
} Said;

/* What reviewers said of this record and anybody of the person. */
static Said said_of(const MatchIndex *x, uint32_t record, uint32_t cluster)
{
    Said said = {0};
    DecisionSpan all = decisions_of(x->decided.at, x->decided.len, record);
    for (size_t i = 0; i < all.count; i++)
        if (cluster_of(x, all.at[i].b) == cluster) {
            said.same |= all.at[i].kind == DECIDED_SAME;
            said.different |= all.at[i].kind == DECIDED_DIFFERENT;
        }
    return said;
}

/* Faces of a person, and whether somebody there comes from the same duplicate-free source. */
static size_t open_person(
    const MatchIndex *x, uint32_t cluster, uint32_t without, uint32_t faces[BUNDLE_FACES_MAX], bool *same_source)
{
    Judge judge = joint_judge(x->joint);
    uint16_t source = x->t->source[without];
    bool unique = x->t->config->sources[source].unique;
    size_t n = 0, seen = 0;
    *same_source = false;
    for (uint32_t r = x->head.at[cluster]; r != MATCH_NONE && seen < MEMBERS_MAX; r = x->next.at[r], seen++) {
        if (r == without)
            continue;
        *same_source |= unique && x->t->source[r] == source;
        bool repeats = n == BUNDLE_FACES_MAX;
        for (size_t i = 0; i < n && !repeats; i++)
            repeats = judge.repeats(judge.ctx, faces[i], r);
        if (!repeats)
            faces[n++] = r;
    }
    return n;
}

static void judge_candidate(const MatchIndex *x, uint32_t record, Candidate *c)
{
    Judge judge = joint_judge(x->joint);
    Said said = said_of(x, record, c->cluster);
    bool same_source;
    c->face_count = open_person(x, c->cluster, record, c->faces, &same_source);
    c->decided = said.same && !said.different;
    if (said.different || (same_source && !said.same))
        c->odds = ODDS_NEVER;
    else if (said.same)
        c->odds = WEIGHT_MAX;
    else
        c->odds = judge.between(judge.ctx, &record, 1, c->faces, c->face_count, &c->against);
}

static size_t add_candidate(Candidate *list, size_t n, uint32_t cluster, const MatchPair *pair)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].cluster == cluster)
            return n;
    if (n < NEAR_MAX) {
        list[n] = (Candidate){.cluster = cluster, .best = *pair};
        n++;
    }
    return n;
}

static bool better(const Candidate *a, const Candidate *b)
{
    if (a->odds != b->odds)
        return a->odds > b->odds;
    return a->best.odds != b->best.odds ? a->best.odds > b->best.odds : a->cluster < b->cluster;
}

static size_t candidates_of(MatchIndex *x, uint32_t record, Candidate *list)
{
    size_t n = 0;
    DecisionSpan said = decisions_of(x->decided.at, x->decided.len, record);
    for (size_t i = 0; i < said.count; i++) {
        uint32_t other = said.at[i].b;
        if (said.at[i].kind != DECIDED_SAME || cluster_of(x, other) == MATCH_NONE)
            continue;
        MatchPair pair = joint_pair(x->joint, record, other);
        n = add_candidate(list, n, x->cluster.at[other], &pair);
    }
    for (size_t i = 0; i < x->found.len; i++) {
        const MatchPair *pair = &x->found.at[i];
        uint32_t cluster = x->cluster.at[pair_other(pair, record)];
        if (cluster != MATCH_NONE)
            n = add_candidate(list, n, cluster, pair);
    }
    for (size_t i = 0; i < n; i++)
        judge_candidate(x, record, &list[i]);
    for (size_t i = 1; i < n; i++) /* best first */
        for (size_t k = i; k > 0 && better(&list[k], &list[k - 1]); k--) {
            Candidate swap = list[k];
            list[k] = list[k - 1];
            list[k - 1] = swap;
        }
    return n;
}

/* Odds of each candidate among all of them. */
static void share_odds(const MatchIndex *x, Candidate *list, size_t n)
{
    Judge judge = joint_judge(x->joint);
    Contest all = {.n = n + 1}; /* node 0 is the newcomer */
    for (size_t i = 0; i < n; i++) {
        all.odds[0][i + 1] = all.odds[i + 1][0] = list[i].odds;
        all.against[0][i + 1] = all.against[i + 1][0] = list[i].against;
        for (size_t k = 0; k < i; k++) {
            Weight *odds = &all.odds[i + 1][k + 1], *against = &all.against[i + 1][k + 1];
            *odds =
                judge.between(judge.ctx, list[i].faces, list[i].face_count, list[k].faces, list[k].face_count, against);
            all.odds[k + 1][i + 1] = *odds;
            all.against[k + 1][i + 1] = *against;
        }
    }
    for (size_t first = 0; first < n; first++) { /* each in its turn as node 1 */
        Contest c = {.n = all.n};
        size_t node[COMPETE_NODES_MAX];
        for (size_t i = 0; i < all.n; i++)
            node[i] = i == 1 ? first + 1 : i == first + 1 ? 1 : i;
        for (size_t i = 0; i < all.n; i++)
            for (size_t k = 0; k < all.n; k++) {
                c.odds[i][k] = all.odds[node[i]][node[k]];
                c.against[i][k] = all.against[node[i]][node[k]];
            }
        Weight shared = contest_odds(&c, &x->log_sum);
        list[first].shared = shared < list[first].odds ? shared : list[first].odds;
    }
}

/* Whether a duplicate-free source or a reviewer keeps two persons apart, whatever the odds between them. */
static bool kept_apart(const MatchIndex *x, uint32_t one, uint32_t other)
{
    bool taken[MATCH_SOURCES_MAX] = {false};
    for (uint32_t r = x->head.at[one]; r != MATCH_NONE; r = x->next.at[r]) {
        taken[x->t->source[r]] = x->t->config->sources[x->t->source[r]].unique;
        if (said_of(x, r, other).different)
            return true;
    }
    for (uint32_t r = x->head.at[other]; r != MATCH_NONE; r = x->next.at[r])
        if (taken[x->t->source[r]])
            return true;
    return false;
}

static uint8_t kinds_of(const MatchIndex *x, uint32_t cluster, uint32_t without)
{
    uint8_t kinds = 0;
    for (uint32_t r = x->head.at[cluster]; r != MATCH_NONE; r = x->next.at[r])
        if (r != without)
            kinds |= source_kind(x->t->config, x->t->source[r]);
    return kinds;
}

/* With the margin that a full run asks of those who have no kind of source in common: who is left over is for the next
 * full run to say. */
static Weight candidate_from(const MatchIndex *x, uint32_t record, const Candidate *c)
{
    return match_link_from(
        x->t->config, source_kind(x->t->config, x->t->source[record]), kinds_of(x, c->cluster, record));
}

/* Does the newcomer show the two best to be one? */
static void look_for_merge(const MatchIndex *x, uint32_t record, const Candidate *list, size_t n, Assignment *out)
{
    Judge judge = joint_judge(x->joint);
    uint8_t kinds = kinds_of(x, list[0].cluster, record) | source_kind(x->t->config, x->t->source[record]);
    for (size_t i = 1; i < n; i++) {
        if (list[i].odds < x->t->config->match_from)
            return;
        Weight from = match_link_from(x->t->config, kinds, kinds_of(x, list[i].cluster, record));
        if (kept_apart(x, list[0].cluster, list[i].cluster))
            continue;
        uint32_t with[BUNDLE_FACES_MAX + 1];
        memcpy(with, list[0].faces, list[0].face_count * sizeof *with);
        with[list[0].face_count] = record;
        Weight odds = judge.between(judge.ctx, with, list[0].face_count + 1, list[i].faces, list[i].face_count, NULL);
        if (odds >= from + AMBIGUITY_MARGIN && odds > out->merge_odds) {
            out->merge = list[i].cluster;
            out->merge_odds = odds;
        }
    }
}

static void decide(const MatchIndex *x, uint32_t record, const Candidate *list, size_t n, Assignment *out)
{
    const Candidate *best = &list[0];
    Weight from = candidate_from(x, record, best);
    for (size_t i = 0; i < n && best->odds < x->t->config->match_from; i++)
        if (list[i].odds == ODDS_NEVER && list[i].best.odds >= candidate_from(x, record, &list[i])) {
            best = &list[i]; /* it would have been this one */
            break;
        }
    out->cluster = best->cluster;
    out->link_to = pair_other(&best->best, record);
    out->link_odds = best->best.odds;
    out->passes = best->best.passes;
    out->pattern = best->best.pattern;
    out->odds = best->odds == ODDS_NEVER ? WEIGHT_MIN : best->shared;
    if (n > 1 && best == &list[0] && list[1].odds != ODDS_NEVER) {
        out->second = list[1].cluster;
        out->second_odds = list[1].shared;
    }
    if (best->odds == ODDS_NEVER)
        out->outcome = best->best.odds >= x->t->config->match_from ? ASSIGN_REFUSED : ASSIGN_NEW;
    else if (best->odds < from)
        out->outcome = ASSIGN_NEW;
    else {
        bool contested = best->shared < best->odds - WEIGHT_BIT / 4;
        bool clear = best->decided || best->shared >= from + (contested ? AMBIGUITY_MARGIN : 0);
        out->outcome = clear ? ASSIGN_JOIN : ASSIGN_AMBIGUOUS;
        look_for_merge(x, record, list, n, out);
    }
}

Status match_index_assign(MatchIndex *x, uint32_t record, Assignment *out, Error *err)
{
    *out = (Assignment){.outcome = ASSIGN_NEW,
        .cluster = MATCH_NONE,
        .odds = WEIGHT_MIN,
        .second = MATCH_NONE,
        .second_odds = WEIGHT_MIN,
        .link_to = MATCH_NONE,
        .link_odds = WEIGHT_MIN,
        .merge = MATCH_NONE,
        .merge_odds = WEIGHT_MIN};
    TRY(match_index_find(x, record, &x->found, err));
    Candidate list[NEAR_MAX];
    size_t n = candidates_of(x, record, list);
    if (n == 0)
        return OK;
    size_t possible = 0; /* contradictions stand last */
    while (possible < n && possible < CANDIDATES_MAX && list[possible].odds != ODDS_NEVER)
        possible++;
    if (possible > 1)
        share_odds(x, list, possible);
    else
        list[0].shared = list[0].odds;
    decide(x, record, list, n, out);
    return OK;
}
