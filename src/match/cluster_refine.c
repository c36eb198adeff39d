/*
 * The objective, and the moves that raise it after the greedy unions.
 *
 * Objective. A group of records is worth the sum, over the unions that make it
 * one group strongest first, of the odds by which each union exceeds match_from;
 * a partition is worth the sum of its groups. This is correlation clustering
 * (Bansal, Blum and Chawla 2004) with evidence counted once: a record beyond the
 * first enters by one union, judged against all that is known of the group, and
 * not by one edge for each of its members, so that five spellings of a name
 * against three are one piece of evidence and not fifteen. A set that contains a
 * contradiction is worth nothing at all: it is not allowed.
 *
 * Moves: a group falls into two where its weakest bridge, looked at from both
 * whole sides, holds less than match_from; a record goes where it is better
 * placed, in the place of another where that one contradicts it. Each is made only when the objective rises, so that it
 * ends; both look at doubtful groups only (a weak union, a refused one, a rival), which are a few in a hundred. Bundles
 * with more than BUNDLE_FACES_MAX different records stay as the unions made them.
 */
#include "match/cluster_impl.h"

#define REFINE_MEMBERS_MAX 256
#define REFINE_ROUNDS_MAX 16
#define MOVE_NEAR_MAX 4
/* Places with a kept pair weaker than this are not tried for a move. */
#define MOVE_FROM (-4 * WEIGHT_BIT)

/* --- value of a set ----------------------------------------------------------------------------------------------- */

typedef struct SetWork {
    const Bundles *g;
    const uint32_t *list;
    uint32_t mask[BUNDLE_FACES_MAX]; /* of each part still apart */
    size_t parts;
    Weight odds[BUNDLE_FACES_MAX][BUNDLE_FACES_MAX];
} SetWork;

static size_t mask_list(const uint32_t *list, uint32_t mask, uint32_t out[BUNDLE_FACES_MAX])
{
    size_t n = 0;
    for (uint32_t i = 0; i < BUNDLE_FACES_MAX; i++)
        if (mask >> i & 1)
            out[n++] = list[i];
    return n;
}

static Weight mask_odds(const Bundles *g, const uint32_t *list, uint32_t left, uint32_t right)
{
    uint32_t a[BUNDLE_FACES_MAX], b[BUNDLE_FACES_MAX];
    size_t na = mask_list(list, left, a), nb = mask_list(list, right, b);
    return lists_odds(g, a, na, b, nb);
}

static void strongest_union(const SetWork *w, size_t *left, size_t *right)
{
    Weight best = ODDS_NEVER;
    *left = 0;
    *right = 1;
    for (size_t i = 0; i < w->parts; i++)
        for (size_t j = i + 1; j < w->parts; j++)
            if (w->odds[i][j] > best) {
                best = w->odds[i][j];
                *left = i;
                *right = j;
            }
}

static void unite_parts(SetWork *w, size_t left, size_t right)
{
    w->mask[left] |= w->mask[right];
    for (size_t k = right; k + 1 < w->parts; k++)
        w->mask[k] = w->mask[k + 1];
    for (size_t i = 0; i < w->parts; i++)
        for (size_t k = right; k + 1 < w->parts; k++)
            w->odds[i][k] = w->odds[i][k + 1];
    for (size_t k = right; k + 1 < w->parts; k++)
        memcpy(w->odds[k], w->odds[k + 1], sizeof w->odds[k]);
    w->parts--;
    for (size_t i = 0; i < w->parts; i++)
        if (i != left)
            w->odds[i][left] = w->odds[left][i] = mask_odds(w->g, w->list, w->mask[left], w->mask[i]);
}

int64_t set_value(const Bundles *g, const uint32_t *list, size_t n, SetUnion unions[BUNDLE_FACES_MAX])
{
    ASSERT(n > 0 && n <= BUNDLE_FACES_MAX);
    SetWork w;
    w.g = g;
    w.list = list;
    w.parts = n;
    for (size_t i = 0; i < n; i++) {
        w.mask[i] = (uint32_t)1 << i;
        for (size_t j = 0; j < i; j++)
            w.odds[i][j] = w.odds[j][i] = lists_odds(g, &list[i], 1, &list[j], 1);
    }
    int64_t value = 0;
    for (size_t k = 0; w.parts > 1; k++) {
        size_t left, right;
        strongest_union(&w, &left, &right);
        Weight odds = w.odds[left][right];
        if (odds == ODDS_NEVER)
            return SET_NEVER;
        value += odds - g->p->config->match_from;
        unions[k] = (SetUnion){w.mask[left], w.mask[right], odds};
        unite_parts(&w, left, right);
    }
    return value;
}

static int64_t value_of(const Bundles *g, const uint32_t *list, size_t n)
{
    SetUnion unions[BUNDLE_FACES_MAX];
    return n > 0 ? set_value(g, list, n, unions) : 0;
}

static Weight weakest_of(const Bundles *g, const uint32_t *list, size_t n)
{
    SetUnion unions[BUNDLE_FACES_MAX];
    Weight weakest = WEIGHT_MAX;
    if (set_value(g, list, n, unions) == SET_NEVER)
        return WEIGHT_MIN;
    for (size_t i = 0; i + 1 < n; i++)
        if (unions[i].odds < weakest)
            weakest = unions[i].odds;
    return weakest;
}

/* --- a group laid open -------------------------------------------------------------------------------------------- */

/* Members by the face they repeat. */
typedef struct Open {
    uint32_t root;
    uint32_t faces[BUNDLE_FACES_MAX];
    size_t face_count;
    uint32_t members[REFINE_MEMBERS_MAX];
    uint8_t face_of[REFINE_MEMBERS_MAX];
    size_t count;
    uint32_t tied; /* mask of faces that a reviewer holds together */
} Open;

/* False: too large to be refined. */
static bool bundle_open(const Bundles *g, uint32_t root, Open *o)
{
    o->root = root;
    o->count = 0;
    o->tied = 0;
    if (g->size[root] > REFINE_MEMBERS_MAX || g->face_count[root] >= BUNDLE_FACES_MAX)
        return false;
    o->face_count = bundle_faces(g, root, o->faces);
    const Judge *judge = &g->p->judge;
    uint32_t r = root;
    do {
        size_t f = 0;
        while (f < o->face_count && o->faces[f] != r)
            f++;
        if (f == o->face_count)
            for (f = 0; f < o->face_count && !judge->repeats(judge->ctx, o->faces[f], r);)
                f++;
        if (f == o->face_count)
            return false;
        o->members[o->count] = r;
        o->face_of[o->count++] = (uint8_t)f;
        if (g->flags[r] & RECORD_TIED)
            o->tied |= (uint32_t)1 << f;
        r = g->ring[r];
    } while (r != root);
    return true;
}

static size_t open_members(const Open *o, uint32_t mask, uint32_t out[REFINE_MEMBERS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < o->count; i++)
        if (mask >> o->face_of[i] & 1)
            out[n++] = o->members[i];
    return n;
}

static uint32_t all_faces(const Open *o)
{
    return ((uint32_t)1 << o->face_count) - 1;
}

static bool cuts_tied(const Open *o, uint32_t mask)
{
    return (o->tied & mask) != 0 && (o->tied & ~mask) != 0;
}

/* Makes a group of some faces of two groups that are laid open. */
static void make_bundle(Bundles *g, const Near *near, const Open *o, uint32_t mask, const Open *p, uint32_t other_mask)
{
    uint32_t members[2 * REFINE_MEMBERS_MAX], faces[2 * BUNDLE_FACES_MAX];
    size_t n = open_members(o, mask, members), k = mask_list(o->faces, mask, faces);
    n += open_members(p, other_mask, members + n);
    k += mask_list(p->faces, other_mask, faces + k);
    if (n == 0)
        return;
    ASSERT(k <= BUNDLE_FACES_MAX);
    Weight weakest = weakest_of(g, faces, k);
    const Judge *judge = &g->p->judge;
    for (size_t i = 0; i < n && k < n; i++) /* repeats are links as well */
        for (size_t f = 0; f < k; f++)
            if (faces[f] != members[i] && judge->repeats(judge->ctx, faces[f], members[i])) {
                Weight odds = judge->between(judge->ctx, &faces[f], 1, &members[i], 1, NULL);
                weakest = odds < weakest ? odds : weakest;
            }
    uint32_t root = bundle_rebuild(g, members, n, weakest);
    for (size_t i = 0; i < n; i++)
        near_revive(near, members[i]);
    g->flags[root] |= BUNDLE_DOUBTFUL | BUNDLE_CHANGED;
}

/* --- moves -------------------------------------------------------------------------------------------------------- */

static int64_t mask_value(const Bundles *g, const Open *o, uint32_t mask)
{
    uint32_t list[BUNDLE_FACES_MAX];
    size_t n = mask_list(o->faces, mask, list);
    return value_of(g, list, n);
}

/* The most paying split, of those along the unions that made the group. */
static bool split(Bundles *g, const Near *near, const Open *o, int64_t value, const SetUnion unions[BUNDLE_FACES_MAX],
    uint64_t *moved)
{
    uint32_t best_mask = 0, all = all_faces(o);
    int64_t best = value;
    for (size_t i = 0; i + 1 < o->face_count; i++)
        for (int side = 0; side < 2; side++) {
            uint32_t mask = side ? unions[i].right : unions[i].left;
            if (mask == all || cuts_tied(o, mask) ||
                mask_odds(g, o->faces, mask, all & ~mask) >= g->p->config->match_from)
                continue;
            int64_t apart = mask_value(g, o, mask) + mask_value(g, o, all & ~mask);
            if (apart > best) {
                best = apart;
                best_mask = mask;
            }
        }
    if (best_mask == 0)
        return false;
    uint32_t smaller[REFINE_MEMBERS_MAX];
    size_t n = open_members(o, best_mask, smaller);
    *moved += n <= o->count - n ? n : o->count - n;
    make_bundle(g, near, o, best_mask, o, 0);
    make_bundle(g, near, o, all & ~best_mask, o, 0);
    return true;
}

/* A face goes over to another group; where one face there contradicts it, that one leaves, by itself or in exchange. */
typedef struct Move {
    size_t face;
    Open to;
    size_t out; /* of to; SIZE_MAX: nobody leaves */
    bool exchange;
    int64_t gain;
} Move;

static size_t without(const Open *o, size_t face, uint32_t list[BUNDLE_FACES_MAX])
{
    return mask_list(o->faces, all_faces(o) & ~((uint32_t)1 << face), list);
}

/* The one face of a group that contradicts a record: SIZE_MAX none, SIZE_MAX - 1 several. */
static size_t contradicting(const Bundles *g, const Open *o, const uint32_t *record)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < o->face_count; i++) {
        if (lists_odds(g, record, 1, &o->faces[i], 1) != ODDS_NEVER)
            continue;
        if (found != SIZE_MAX)
            return SIZE_MAX - 1;
        found = i;
    }
    return found;
}

/* Values that several moves of one group ask for. */
typedef struct Values {
    int64_t whole; /* of the group */
    int64_t left;  /* without the face in question, once left_known */
    bool left_known;
    uint32_t root[BUNDLE_FACES_MAX]; /* of groups moved to, the latest ones */
    int64_t to[BUNDLE_FACES_MAX];
    size_t count;
} Values;

static int64_t value_of_target(const Bundles *g, const Open *to, Values *v)
{
    size_t known = v->count < BUNDLE_FACES_MAX ? v->count : BUNDLE_FACES_MAX;
    for (size_t i = 0; i < known; i++)
        if (v->root[i] == to->root)
            return v->to[i];
    size_t slot = v->count++ % BUNDLE_FACES_MAX;
    v->root[slot] = to->root;
    v->to[slot] = value_of(g, to->faces, to->face_count);
    return v->to[slot];
}

/* May a record go to these by itself? Who has no kind of source in common is joined from a higher mark on (greedy), and
 * a move makes no such union below it. */
static bool sure_enough(const Bundles *g, uint32_t record, const uint32_t *list, size_t n)
{
    const ClusterProblem *p = g->p;
    uint8_t kinds = 0;
    for (size_t i = 0; i < n; i++)
        kinds |= source_kind(p->config, p->source[list[i]]);
    if (!p->left || n == 0 || (kinds & source_kind(p->config, p->source[record])))
        return true;
    return lists_odds(g, &record, 1, list, n) >= p->config->match_from + MATCH_LEFT_MARGIN;
}

/* The gain of one move; at most 0: not worth it, or not allowed. */
static int64_t weigh_move(const Bundles *g, const Open *from, Values *v, Move *m)
{
    const uint32_t *record = &from->faces[m->face];
    uint32_t here[BUNDLE_FACES_MAX], there[BUNDLE_FACES_MAX];
    size_t n = without(from, m->face, here), k;
    m->out = contradicting(g, &m->to, record);
    if (m->out == SIZE_MAX && n == 0) /* a union: not without asking the rivals (cluster_greedy.c) */
        return 0;
    if (m->out == SIZE_MAX - 1 || (m->out != SIZE_MAX && m->to.tied >> m->out & 1))
        return 0;
    k = m->out == SIZE_MAX ? mask_list(m->to.faces, all_faces(&m->to), there) : without(&m->to, m->out, there);
    if (!sure_enough(g, *record, there, k))
        return 0;
    there[k++] = *record;
    if (!v->left_known)
        v->left = value_of(g, here, n);
    v->left_known = true;
    if (v->left == SET_NEVER)
        return 0;
    int64_t left = v->left, grown = value_of(g, there, k);
    if (grown == SET_NEVER)
        return 0;
    /* A place that is contested is given to another only where that is clearly better. */
    int64_t before = v->whole + value_of_target(g, &m->to, v) + (m->out != SIZE_MAX ? AMBIGUITY_MARGIN : 0);
    m->exchange = false;
    if (m->out != SIZE_MAX && n > 0 && sure_enough(g, m->to.faces[m->out], here, n)) {
        here[n] = m->to.faces[m->out];
        int64_t exchanged = value_of(g, here, n + 1);
        if (exchanged != SET_NEVER && exchanged > left) {
            left = exchanged;
            m->exchange = true;
        }
    }
    return grown + left - before;
}

static void best_move_of(Bundles *g, const Near *near, const Open *o, Values *values, size_t face, Move *best)
{
    uint32_t seen[MOVE_NEAR_MAX], record = o->faces[face];
    size_t n = 0;
    values->left_known = false;
    for (uint64_t i = near->start[record]; i < near->start[record + 1] && n < MOVE_NEAR_MAX; i++) {
        if (near->list[i].odds < MOVE_FROM)
            return;
        uint32_t root = bundle_find(g, near->list[i].other);
        bool known = root == o->root;
        for (size_t k = 0; k < n && !known; k++)
            known = seen[k] == root;
        if (known)
            continue;
        seen[n++] = root;
        Move m = {.face = face};
        if (!bundle_open(g, root, &m.to) || m.to.face_count + 2 > BUNDLE_FACES_MAX)
            continue;
        m.gain = weigh_move(g, o, values, &m);
        if (m.gain > best->gain)
            *best = m;
    }
}

static bool move_one(Bundles *g, const Near *near, const Open *o, int64_t value, uint64_t *moved)
{
    Move best = {.gain = 0};
    Values values = {.whole = value};
    for (size_t f = 0; f < o->face_count; f++)
        if (!(o->tied >> f & 1))
            best_move_of(g, near, o, &values, f, &best);
    if (best.gain == 0)
        return false;
    uint32_t mine = (uint32_t)1 << best.face, theirs = best.out == SIZE_MAX ? 0 : (uint32_t)1 << best.out;
    uint32_t members[REFINE_MEMBERS_MAX];
    *moved += open_members(o, mine, members) + open_members(&best.to, theirs, members);
    make_bundle(g, near, o, mine, &best.to, all_faces(&best.to) & ~theirs);
    make_bundle(g, near, o, all_faces(o) & ~mine, &best.to, best.exchange ? theirs : 0);
    if (!best.exchange)
        make_bundle(g, near, o, 0, &best.to, theirs);
    return true;
}

static bool refine_bundle(Bundles *g, const Near *near, uint32_t root, uint64_t *moved)
{
    Open o;
    if (!bundle_open(g, root, &o))
        return false;
    SetUnion unions[BUNDLE_FACES_MAX];
    int64_t value = set_value(g, o.faces, o.face_count, unions);
    if (value == SET_NEVER) /* a reviewer's word against a rule: the reviewer's */
        return false;
    return (o.face_count > 1 && split(g, near, &o, value, unions, moved)) || move_one(g, near, &o, value, moved);
}

Status clusters_refine(Bundles *g, const Near *near, uint64_t *moved, Error *err)
{
    for (unsigned round = 0; round < REFINE_ROUNDS_MAX; round++) {
        uint64_t before = *moved;
        for (uint32_t r = 0; r < g->p->records; r++) {
            uint8_t *flags = &g->flags[r];
            if (g->parent[r] != r || !(*flags & BUNDLE_DOUBTFUL))
                continue;
            if (!refine_bundle(g, near, r, moved))
                *flags = (uint8_t)(*flags & ~BUNDLE_DOUBTFUL);
            TRY(cancel_check(err));
        }
        if (*moved == before)
            break;
    }
    return OK;
}
