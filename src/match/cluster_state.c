/*
 * Bundles of records while clusters are made: a union-find (Tarjan 1975) whose
 * groups can also be listed and taken apart again, with what forbids a union.
 *
 * Members hang in a ring, so that joining two groups is one exchange of
 * pointers. A group is compared by its faces: one record of each content, at
 * most BUNDLE_FACES_MAX, so that a million equal rows cost no more than one.
 */
#include <stdlib.h>

#include "match/cluster_impl.h"

/* Rivals are compared again and again while neither changes. A component's are few: they stay in the nearest caches. */
typedef struct KnownOdds {
    uint32_t x, y, size_x, size_y, epoch;
    Weight odds, against;
} KnownOdds;
#define KNOWN_BITS 12

static int decision_order(const void *x, const void *y)
{
    const Decision *a = x, *b = y;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    if (a->b != b->b)
        return a->b < b->b ? -1 : 1;
    return (int)a->kind - (int)b->kind;
}

/* Reviewers' decisions, each from both sides, so that those of one record stand together. */
static Status take_decisions(Bundles *g, Error *err)
{
    const ClusterProblem *p = g->p;
    size_t n;
    if (CKD_MUL(&n, p->decision_count, (size_t)2))
        return error_set(err, ERR_LIMIT, "too many decisions");
    TRY(mem_zalloc(n, sizeof *g->decided, (void **)&g->decided, err));
    for (size_t i = 0; i < p->decision_count; i++) {
        Decision d = p->decisions[i];
        if (d.a >= p->records || d.b >= p->records || d.a == d.b)
            return error_set(err, ERR_INVALID, "decision %zu is not about two records of the table", i + 1);
        g->decided[2 * i] = d;
        g->decided[2 * i + 1] = (Decision){d.b, d.a, d.kind};
        if (d.kind == DECIDED_DIFFERENT) {
            g->flags[d.a] |= RECORD_DECIDED;
            g->flags[d.b] |= RECORD_DECIDED;
        }
    }
    g->decided_count = n;
    if (n > 0)
        qsort(g->decided, n, sizeof *g->decided, decision_order);
    return OK;
}

static Status number_unique_sources(Bundles *g, Error *err)
{
    const ClusterProblem *p = g->p;
    uint16_t bits = 0;
    for (uint32_t s = 0; s < MATCH_SOURCES_MAX; s++) {
        bool unique = s < p->config->source_count && p->config->sources[s].unique;
        g->unique_bit[s] = unique ? bits : UINT16_MAX;
        bits = (uint16_t)(bits + (unique ? 1 : 0));
    }
    g->unique_words = ((uint32_t)bits + 63) / 64;
    if (g->unique_words == 0)
        return OK;
    size_t words;
    if (CKD_MUL(&words, (size_t)p->records, (size_t)g->unique_words))
        return error_set(err, ERR_LIMIT, "too many records");
    return mem_zalloc(words, sizeof *g->unique, (void **)&g->unique, err);
}

static void set_alone(Bundles *g, uint32_t r)
{
    g->parent[r] = g->ring[r] = g->face_ring[r] = r;
    g->size[r] = 1;
    g->face_count[r] = 1;
    g->weakest[r] = WEIGHT_MAX;
    g->kinds[r] = source_kind(g->p->config, g->p->source[r]);
    g->flags[r] = (uint8_t)(g->flags[r] & ~(BUNDLE_DOUBTFUL | BUNDLE_CHANGED));
    uint32_t w = g->unique_words;
    if (w == 0)
        return;
    uint64_t *mask = g->unique + (size_t)r * w;
    memset(mask, 0, w * sizeof *mask);
    uint16_t bit = g->unique_bit[g->p->source[r]];
    if (bit != UINT16_MAX)
        mask[bit / 64] |= (uint64_t)1 << (bit % 64);
}

Status bundles_init(Bundles *g, const ClusterProblem *p, Error *err)
{
    memset(g, 0, sizeof *g);
    g->p = p;
    log_sum_fill(&g->log_sum);
    size_t n = p->records;
    TRY(mem_zalloc(n, sizeof *g->parent, (void **)&g->parent, err));
    TRY(mem_zalloc(n, sizeof *g->ring, (void **)&g->ring, err));
    TRY(mem_zalloc(n, sizeof *g->face_ring, (void **)&g->face_ring, err));
    TRY(mem_zalloc(n, sizeof *g->size, (void **)&g->size, err));
    TRY(mem_zalloc(n, sizeof *g->face_count, (void **)&g->face_count, err));
    TRY(mem_zalloc(n, sizeof *g->flags, (void **)&g->flags, err));
    TRY(mem_zalloc(n, sizeof *g->kinds, (void **)&g->kinds, err));
    TRY(mem_zalloc(n, sizeof *g->weakest, (void **)&g->weakest, err));
    TRY(mem_zalloc((size_t)1 << KNOWN_BITS, sizeof *g->known, (void **)&g->known, err));
    TRY(number_unique_sources(g, err));
    TRY(take_decisions(g, err));
    for (uint32_t r = 0; r < p->records; r++)
        set_alone(g, r);
    return OK;
}

void bundles_free(Bundles *g)
{
    mem_free(g->parent);
    mem_free(g->ring);
    mem_free(g->face_ring);
    mem_free(g->size);
    mem_free(g->face_count);
    mem_free(g->flags);
    mem_free(g->kinds);
    mem_free(g->weakest);
    mem_free(g->unique);
    mem_free(g->decided);
    mem_free(g->known);
    memset(g, 0, sizeof *g);
}

uint32_t bundle_find(Bundles *g, uint32_t r)
{
    while (g->parent[r] != r) {
        g->parent[r] = g->parent[g->parent[r]];
        r = g->parent[r];
    }
    return r;
}

DecisionSpan decisions_of(const Decision *decided, size_t count, uint32_t record)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (decided[mid].a < record)
            low = mid + 1;
        else
            high = mid;
    }
    DecisionSpan span = {decided + low, 0};
    while (low + span.count < count && span.at[span.count].a == record)
        span.count++;
    return span;
}

bool bundle_decided_apart(Bundles *g, uint32_t x, uint32_t y)
{
    if (g->decided_count == 0)
        return false;
    uint32_t small = g->size[x] < g->size[y] ? x : y, other = small == x ? y : x;
    uint32_t r = small;
    do {
        if (g->flags[r] & RECORD_DECIDED) {
            DecisionSpan said = decisions_of(g->decided, g->decided_count, r);
            for (size_t i = 0; i < said.count; i++)
                if (said.at[i].kind == DECIDED_DIFFERENT && bundle_find(g, said.at[i].b) == other)
                    return true;
        }
        r = g->ring[r];
    } while (r != small);
    return false;
}

bool bundle_forbidden(Bundles *g, uint32_t x, uint32_t y)
{
    for (uint32_t w = 0; w < g->unique_words; w++)
        if (g->unique[(size_t)x * g->unique_words + w] & g->unique[(size_t)y * g->unique_words + w])
            return true;
    return bundle_decided_apart(g, x, y);
}

size_t bundle_faces(const Bundles *g, uint32_t root, uint32_t faces[BUNDLE_FACES_MAX])
{
    size_t n = 0;
    uint32_t r = root;
    do {
        faces[n++] = r;
        r = g->face_ring[r];
    } while (r != root && n < BUNDLE_FACES_MAX);
    return n;
}

static bool has_face(const Bundles *g, const uint32_t *faces, size_t n, uint32_t record)
{
    const Judge *judge = &g->p->judge;
    for (size_t i = 0; i < n; i++)
        if (judge->repeats(judge->ctx, faces[i], record))
            return true;
    return false;
}

/* The root is a face of its own group, so that the ring of faces is found from it. */
static void set_faces(Bundles *g, uint32_t root, const uint32_t *faces, size_t n)
{
    uint32_t last = root;
    uint8_t count = 1;
    for (size_t i = 0; i < n; i++) {
        if (faces[i] == root)
            continue;
        g->face_ring[last] = faces[i];
        last = faces[i];
        count++;
    }
    g->face_ring[last] = root;
    g->face_count[root] = count;
}

/* Faces of both, without repeats, the root among them; the lower records where there are too many. */
static void join_faces(Bundles *g, uint32_t root, uint32_t other)
{
    uint32_t faces[2 * BUNDLE_FACES_MAX], more[BUNDLE_FACES_MAX];
    size_t n = bundle_faces(g, root, faces);
    size_t m = bundle_faces(g, other, more);
    size_t kept = n;
    for (size_t i = 0; i < m; i++)
        if (!has_face(g, faces, n, more[i]))
            faces[kept++] = more[i];
    for (size_t i = 1; i < kept; i++) /* sorted by number; the root first */
        for (size_t j = i; j > 0 && faces[j] != root && (faces[j - 1] > faces[j] && faces[j - 1] != root); j--) {
            uint32_t swap = faces[j];
            faces[j] = faces[j - 1];
            faces[j - 1] = swap;
        }
    set_faces(g, root, faces, kept < BUNDLE_FACES_MAX ? kept : BUNDLE_FACES_MAX);
}

uint32_t bundle_join(Bundles *g, uint32_t x, uint32_t y, Weight odds)
{
    ASSERT(x != y && g->parent[x] == x && g->parent[y] == y);
    bool keep_x = g->size[x] != g->size[y] ? g->size[x] > g->size[y] : x < y;
    uint32_t root = keep_x ? x : y, other = keep_x ? y : x;
    join_faces(g, root, other);
    g->parent[other] = root;
    g->size[root] += g->size[other];
    uint32_t next = g->ring[root];
    g->ring[root] = g->ring[other];
    g->ring[other] = next;
    for (uint32_t w = 0; w < g->unique_words; w++)
        g->unique[(size_t)root * g->unique_words + w] |= g->unique[(size_t)other * g->unique_words + w];
    g->kinds[root] |= g->kinds[other];
    g->flags[root] |= (uint8_t)((g->flags[other] & BUNDLE_DOUBTFUL) | BUNDLE_CHANGED);
    if (odds < DOUBT_BELOW)
        g->flags[root] |= BUNDLE_DOUBTFUL;
    Weight weakest = g->weakest[other] < odds ? g->weakest[other] : odds;
    if (weakest < g->weakest[root])
        g->weakest[root] = weakest;
    g->flags[root] |= BUNDLE_CHANGED;
    return root;
}

static Weight judge_bundles(const Bundles *g, uint32_t x, uint32_t y, Weight *against)
{
    uint32_t a[BUNDLE_FACES_MAX], b[BUNDLE_FACES_MAX];
    size_t na = bundle_faces(g, x, a), nb = bundle_faces(g, y, b);
    const Judge *judge = &g->p->judge;
    return judge->between(judge->ctx, a, na, b, nb, against);
}

Weight bundle_odds(Bundles *g, uint32_t x, uint32_t y, Weight *against)
{
    if (against)
        *against = 0;
    if (bundle_forbidden(g, x, y))
        return ODDS_NEVER;
    if (x > y) {
        uint32_t swap = x;
        x = y;
        y = swap;
    }
    KnownOdds *known = &g->known[((uint64_t)x << 32 | y) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - KNOWN_BITS)];
    if (known->x != x || known->y != y || known->size_x != g->size[x] || known->size_y != g->size[y] ||
        known->epoch != g->epoch) {
        *known = (KnownOdds){.x = x, .y = y, .size_x = g->size[x], .size_y = g->size[y], .epoch = g->epoch};
        known->odds = judge_bundles(g, x, y, &known->against);
    }
    if (against)
        *against = known->against;
    return known->odds;
}

uint32_t bundle_rebuild(Bundles *g, const uint32_t *members, size_t n, Weight weakest)
{
    ASSERT(n > 0);
    g->epoch++;
    uint32_t root = members[0];
    for (size_t i = 1; i < n; i++)
        if (members[i] < root)
            root = members[i];
    for (size_t i = 0; i < n; i++)
        set_alone(g, members[i]);
    uint32_t faces[BUNDLE_FACES_MAX];
    size_t face_count = 0;
    faces[face_count++] = root;
    for (size_t i = 0; i < n; i++) {
        uint32_t r = members[i];
        g->parent[r] = root;
        g->ring[r] = members[(i + 1) % n];
        g->kinds[root] |= g->kinds[r];
        for (uint32_t w = 0; w < g->unique_words; w++)
            g->unique[(size_t)root * g->unique_words + w] |= g->unique[(size_t)r * g->unique_words + w];
        if (r != root && face_count < BUNDLE_FACES_MAX && !has_face(g, faces, face_count, r))
            faces[face_count++] = r;
    }
    set_faces(g, root, faces, face_count);
    g->size[root] = (uint32_t)n;
    g->weakest[root] = weakest;
    g->flags[root] |= BUNDLE_CHANGED;
    return root;
}

bool lists_forbidden(const Bundles *g, const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
    for (size_t i = 0; i < na; i++)
        for (size_t j = 0; j < nb; j++)
            if (g->p->source[a[i]] == g->p->source[b[j]] && g->unique_bit[g->p->source[a[i]]] != UINT16_MAX)
                return true;
    for (size_t i = 0; i < na; i++) {
        if (!(g->flags[a[i]] & RECORD_DECIDED))
            continue;
        DecisionSpan said = decisions_of(g->decided, g->decided_count, a[i]);
        for (size_t k = 0; k < said.count; k++)
            for (size_t j = 0; j < nb; j++)
                if (said.at[k].kind == DECIDED_DIFFERENT && said.at[k].b == b[j])
                    return true;
    }
    return false;
}

/* Without repeats, at most BUNDLE_FACES_MAX. */
static size_t list_faces(const Bundles *g, const uint32_t *list, size_t n, uint32_t faces[BUNDLE_FACES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < n && count < BUNDLE_FACES_MAX; i++)
        if (!has_face(g, faces, count, list[i]))
            faces[count++] = list[i];
    return count;
}

Weight lists_odds(const Bundles *g, const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
    if (lists_forbidden(g, a, na, b, nb))
        return ODDS_NEVER;
    uint32_t x[BUNDLE_FACES_MAX], y[BUNDLE_FACES_MAX];
    size_t nx = list_faces(g, a, na, x), ny = list_faces(g, b, nb, y);
    const Judge *judge = &g->p->judge;
    return judge->between(judge->ctx, x, nx, y, ny, NULL);
}
