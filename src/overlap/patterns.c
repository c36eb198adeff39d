/*
 * Persons become patterns. Most persons are in the same places as many others, so the places of each are looked up as
 * one key first, and only different keys are turned into references. Patterns are ordered by their references, so that
 * nothing depends on the pseudonyms.
 */
#include "overlap/overlap_parts.h"

#include <stdlib.h>

Status overlap_new(const OverlapLeast *least, Overlap **out, Error *err)
{
    TRY(mem_zalloc(1, sizeof **out, (void **)out, err));
    (*out)->least = *least;
    (*out)->most = OVERLAP_MAX_PATTERNS;
    (*out)->effort = OVERLAP_ROOM_EFFORT;
    (*out)->few = OVERLAP_FEW_CLASSES;
    return OK;
}

void overlap_most(Overlap *o, size_t patterns)
{
    o->most = patterns < OVERLAP_MAX_PATTERNS ? patterns : OVERLAP_MAX_PATTERNS;
}

void overlap_effort(Overlap *o, uint64_t steps)
{
    o->effort = steps;
}

void overlap_few(Overlap *o, size_t classes)
{
    o->few = classes;
}

void overlap_free(Overlap *o)
{
    if (!o)
        return;
    vec_free(&o->figures);
    vec_free(&o->places);
    vec_free(&o->refs);
    vec_free(&o->rows);
    mem_free(o);
}

Status overlap_figure(Overlap *o, OverlapOrigin origin, unsigned printed, uint32_t *id, Error *err)
{
    if (o->figures.len >> 30)
        return error_set(err, ERR_LIMIT, "too many figures for one attack");
    *id = (uint32_t)o->figures.len;
    return vec_push(&o->figures, ((OverlapFigure){origin, printed}), err);
}

static int compare_u32(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

Status overlap_place(
    Overlap *o, const uint32_t *figures, size_t count, OverlapOutcome outcome, uint32_t *id, Error *err)
{
    OverlapPlace place = {.first = (uint32_t)o->refs.len};
    if (o->places.len >> 30 || o->refs.len >> 30)
        return error_set(err, ERR_LIMIT, "too many places for one attack");
    for (size_t i = 0; i < count; i++) {
        unsigned printed = o->figures.at[figures[i]].printed;
        if (printed & OVERLAP_PEOPLE)
            TRY(vec_push(&o->refs, figures[i] * 2, err));
        if ((printed & OVERLAP_HITS) && outcome == OVERLAP_HIT)
            TRY(vec_push(&o->refs, figures[i] * 2 + 1, err));
    }
    place.count = (uint32_t)o->refs.len - place.first;
    *id = (uint32_t)o->places.len;
    return vec_push(&o->places, place, err);
}

Status overlap_person(Overlap *o, uint64_t person, uint32_t place, Error *err)
{
    if (o->places.at[place].count == 0)
        return OK; /* nothing told counts her there */
    return vec_push(&o->rows, ((OverlapRow){person, place}), err);
}

/* --- from persons to patterns ------------------------------------------------------------------------------------ */

typedef struct Making {
    Overlap *o;
    Patterns *out;
    Map sets;  /* places of a person -> number in set_people */
    Map found; /* references -> number in list */
    VEC(int64_t) set_people;
    VEC(Pattern) list;
    VEC(uint32_t) some;
} Making;

static int compare_rows(const void *x, const void *y)
{
    const OverlapRow *a = x, *b = y;
    int c = (a->person > b->person) - (a->person < b->person);
    return c ? c : (a->place > b->place) - (a->place < b->place);
}

static Slice bytes_of(const uint32_t *at, size_t count)
{
    return (Slice){(const char *)at, count * sizeof *at};
}

static Status count_sets(Making *m, Error *err)
{
    Overlap *o = m->o;
    if (o->rows.len > 1)
        qsort(o->rows.at, o->rows.len, sizeof *o->rows.at, compare_rows);
    for (size_t i = 0, end; i < o->rows.len; i = end) {
        uint64_t at;
        m->some.len = 0;
        for (end = i; end < o->rows.len && o->rows.at[end].person == o->rows.at[i].person; end++)
            if (end == i || o->rows.at[end].place != o->rows.at[end - 1].place)
                TRY(vec_push(&m->some, o->rows.at[end].place, err));
        TRY(map_get_or_put(&m->sets, bytes_of(m->some.at, m->some.len), m->set_people.len, &at, err));
        if (at == m->set_people.len)
            TRY(vec_push(&m->set_people, 0, err));
        m->set_people.at[at]++;
    }
    return OK;
}

/* References of all places of a set, each once, ascending. */
static Status refs_of(Making *m, Slice set, Error *err)
{
    const Overlap *o = m->o;
    size_t kept = 0;
    m->some.len = 0;
    for (size_t i = 0; i < set.len; i += sizeof(uint32_t)) {
        uint32_t number;
        memcpy(&number, set.ptr + i, sizeof number);
        const OverlapPlace *place = &o->places.at[number];
        for (uint32_t k = 0; k < place->count; k++)
            TRY(vec_push(&m->some, o->refs.at[place->first + k], err));
    }
    qsort(m->some.at, m->some.len, sizeof *m->some.at, compare_u32);
    for (size_t i = 0; i < m->some.len; i++)
        if (i == 0 || m->some.at[i] != m->some.at[i - 1])
            m->some.at[kept++] = m->some.at[i];
    m->some.len = kept;
    return OK;
}

static Status find_patterns(Making *m, Error *err)
{
    for (size_t i = 0; i < m->sets.len; i++) {
        uint64_t at;
        TRY(refs_of(m, m->sets.entries[i].key, err));
        TRY(map_get_or_put(&m->found, bytes_of(m->some.at, m->some.len), m->list.len, &at, err));
        if (at == m->list.len) {
            Pattern p = {.count = (uint32_t)m->some.len, .group = OVERLAP_NONE, .next = OVERLAP_NONE};
            uint32_t *refs;
            TRY(arena_new(&m->out->arena, uint32_t, m->some.len, &refs, err));
            memcpy(refs, m->some.at, m->some.len * sizeof *refs);
            p.refs = refs;
            TRY(vec_push(&m->list, p, err));
        }
        m->list.at[at].people += m->set_people.at[m->sets.entries[i].value];
    }
    return OK;
}

/* --- those that hang together with what is asked ------------------------------------------------------------------ */

static Status mark_kept(const Overlap *o, const Making *m, Patterns *out, Error *err)
{
    uint32_t n = (uint32_t)o->figures.len, *parent;
    unsigned wanted = 1u << OVERLAP_ASKED | (o->beside ? 1u << OVERLAP_TOLD : 0u);
    TRY(arena_new(&out->arena, uint32_t, (size_t)n + 1, &parent, err));
    TRY(arena_new(&out->arena, uint8_t, (size_t)n + 1, &out->kept, err));
    forest_init(parent, n);
    for (size_t i = 0; i < m->list.len; i++)
        for (uint32_t k = 1; k < m->list.at[i].count; k++)
            (void)forest_unite(parent, m->list.at[i].refs[0] / 2, m->list.at[i].refs[k] / 2);
    for (uint32_t f = 0; f < n; f++)
        if (o->figures.at[f].printed)
            out->kept[forest_root(parent, f)] |= (uint8_t)(1u << o->figures.at[f].origin);
    for (uint32_t f = 0; f < n; f++)
        out->kept[f] = out->kept[forest_root(parent, f)];
    for (uint32_t f = 0; f < n; f++)
        out->kept[f] = (out->kept[f] & wanted) == wanted;
    return OK;
}

static int compare_patterns(const void *x, const void *y)
{
    const Pattern *a = x, *b = y;
    for (uint32_t i = 0; i < a->count && i < b->count; i++)
        if (a->refs[i] != b->refs[i])
            return a->refs[i] < b->refs[i] ? -1 : 1;
    return (a->count > b->count) - (a->count < b->count);
}

static Status keep_patterns(const Making *m, Patterns *out, Error *err)
{
    TRY(arena_new(&out->arena, Pattern, m->list.len + 1, &out->at, err));
    for (size_t i = 0; i < m->list.len; i++)
        if (out->kept[m->list.at[i].refs[0] / 2])
            out->at[out->count++] = m->list.at[i];
    if (out->count > m->o->most)
        return error_set(err, ERR_LIMIT,
            "what was told and what is asked divide people into more than %zu groups: ask for a coarser level, fewer "
            "years or fewer splits",
            m->o->most);
    if (out->count > 1)
        qsort(out->at, out->count, sizeof *out->at, compare_patterns);
    return OK;
}

/* --- groups, and how many each figure counts ---------------------------------------------------------------------- */

static Status find_groups(Patterns *out, Map *found, Error *err)
{
    TRY(arena_new(&out->arena, PatternGroup, out->count + 1, &out->groups, err));
    for (size_t i = 0; i < out->count; i++) {
        Pattern *p = &out->at[i];
        uint32_t *refs, count = 0;
        uint64_t at;
        TRY(arena_new(&out->arena, uint32_t, (size_t)p->count + 1, &refs, err));
        for (uint32_t k = 0; k < p->count; k++)
            if (p->refs[k] % 2 == 0)
                refs[count++] = p->refs[k];
        if (count == 0)
            continue;
        TRY(map_get_or_put(found, bytes_of(refs, count), out->group_count, &at, err));
        if (at == out->group_count)
            out->groups[out->group_count++] = (PatternGroup){.refs = refs, .count = count, .first = (uint32_t)i};
        else
            out->at[out->groups[at].last].next = (uint32_t)i;
        p->group = (uint32_t)at;
        out->groups[at].last = (uint32_t)i;
        out->groups[at].patterns++;
        out->groups[at].people += p->people;
    }
    return OK;
}

static Status add_up(const Overlap *o, Patterns *out, Error *err)
{
    TRY(arena_new(&out->arena, int64_t, o->figures.len + 1, &out->people, err));
    TRY(arena_new(&out->arena, int64_t, o->figures.len + 1, &out->hits, err));
    for (size_t i = 0; i < out->count; i++)
        for (uint32_t k = 0; k < out->at[i].count; k++) {
            uint32_t ref = out->at[i].refs[k];
            (ref % 2 ? out->hits : out->people)[ref / 2] += out->at[i].people;
        }
    return OK;
}

static Status make(Making *m, Error *err)
{
    Map groups = {0};
    TRY(count_sets(m, err));
    TRY(find_patterns(m, err));
    TRY(mark_kept(m->o, m, m->out, err));
    TRY(keep_patterns(m, m->out, err));
    Status st = map_init(&groups, err);
    if (st == OK)
        st = find_groups(m->out, &groups, err);
    map_free(&groups);
    return st == OK ? add_up(m->o, m->out, err) : st;
}

Status patterns_make(Overlap *o, Patterns *out, Error *err)
{
    Making m = {.o = o, .out = out};
    *out = (Patterns){0};
    arena_init(&out->arena, 0);
    Status st = map_init(&m.sets, err);
    if (st == OK)
        st = map_init(&m.found, err);
    if (st == OK)
        st = make(&m, err);
    map_free(&m.sets);
    map_free(&m.found);
    vec_free(&m.set_people);
    vec_free(&m.list);
    vec_free(&m.some);
    return st;
}

void patterns_free(Patterns *p)
{
    arena_free(&p->arena);
    *p = (Patterns){0};
}
