/*
 * Figures of a release that say nothing more: everybody they count is counted, once, by figures of one finer kind (a
 * finer level, more splits, or both), which tell as much. Children add up to their parent. Left out, they change
 * nothing that can be worked out; left in, the state's total hangs all places together, and an answer about one of them
 * is attacked with all.
 */
#include "cli/told_system.h"

typedef struct Implying {
    const SourceView *v;
    size_t kinds;     /* levels x splits */
    uint32_t *kind;   /* by figure */
    uint8_t *finer;   /* kinds x kinds: the first is strictly finer than the second */
    int64_t *covered; /* figures x kinds: people of the figure whom a figure of the kind counts */
    int64_t *parts;   /* figures x kinds: people of those figures */
    uint8_t *bad;     /* figures x kinds: they say less, or some count the same people twice */
    Map pairs;        /* of a figure and one of those */
    Arena arena;
} Implying;

static Status list_kinds(Implying *m, Error *err)
{
    const SourceView *v = m->v;
    size_t splits = v->splits.len, levels = v->levels.len, n = v->source->count;
    m->kinds = splits * levels;
    TRY(arena_new(&m->arena, uint32_t, n + 1, &m->kind, err));
    TRY(arena_new(&m->arena, uint8_t, m->kinds * m->kinds + 1, &m->finer, err));
    TRY(arena_new(&m->arena, int64_t, n * m->kinds + 1, &m->covered, err));
    TRY(arena_new(&m->arena, int64_t, n * m->kinds + 1, &m->parts, err));
    TRY(arena_new(&m->arena, uint8_t, n * m->kinds + 1, &m->bad, err));
    for (size_t i = 0; i < n; i++) {
        const ToldFigure *f = &v->source->figures[i];
        if (v->in[i])
            m->kind[i] = (uint32_t)(told_index(v->levels.at, levels, f->level) * splits +
                                    told_index(v->splits.at, splits, f->split));
    }
    for (size_t a = 0; a < m->kinds; a++)
        for (size_t b = 0; b < m->kinds; b++) {
            Names fine, coarse;
            TRY(told_names(v->splits.at[a % splits], &fine, err));
            TRY(told_names(v->splits.at[b % splits], &coarse, err));
            m->finer[a * m->kinds + b] = a != b &&
                                         told_level(v->levels.at[a / splits]) >= told_level(v->levels.at[b / splits]) &&
                                         told_names_within(&coarse, &fine);
        }
    return OK;
}

/* Whether a part tells what the whole would. What is public must follow from what is public. */
static bool tells_less(const Implying *m, uint32_t part, uint32_t whole)
{
    const ToldSource *s = m->v->source;
    const ToldFigure *p = &s->figures[part], *w = &s->figures[whole];
    return (w->printed & ~p->printed) != 0 || (w->printed & TOLD_CODED) != 0 || (p->is_coming && !w->is_coming);
}

static Status see_pair(Implying *m, uint32_t whole, uint32_t part, int64_t rows, Error *err)
{
    const uint32_t pair[2] = {whole, part};
    size_t at = (size_t)whole * m->kinds + m->kind[part];
    bool is_new;
    m->covered[at] += rows;
    TRY(map_put(&m->pairs, (Slice){(const char *)pair, sizeof pair}, 1, &is_new, err));
    if (!is_new)
        return OK;
    m->parts[at] += m->v->people[part];
    m->bad[at] |= tells_less(m, part, whole);
    return OK;
}

static Status see_place(Implying *m, size_t place, Error *err)
{
    const SourceView *v = m->v;
    const uint32_t *counted = &v->counted.at[v->counted_first.at[place]];
    for (size_t i = 0; counted[i] != UINT32_MAX; i++)
        for (size_t k = 0; counted[k] != UINT32_MAX; k++) {
            uint32_t kind = m->kind[counted[k]];
            if (!m->finer[kind * m->kinds + m->kind[counted[i]]])
                continue;
            for (size_t twice = 0; twice < k; twice++)
                m->bad[(size_t)counted[i] * m->kinds + kind] |= m->kind[counted[twice]] == kind;
            TRY(see_pair(m, counted[i], counted[k], v->place_rows.at[place], err));
        }
    return OK;
}

static Status run(Implying *m, uint8_t *drop, Error *err)
{
    const SourceView *v = m->v;
    TRY(list_kinds(m, err));
    for (size_t place = 0; place < v->place_rows.len; place++)
        TRY(see_place(m, place, err));
    for (size_t i = 0; i < v->source->count; i++)
        for (size_t k = 0; k < m->kinds && v->in[i]; k++) {
            size_t at = i * m->kinds + k;
            drop[i] |=
                !m->bad[at] && v->people[i] > 0 && m->covered[at] == v->people[i] && m->parts[at] == v->people[i];
        }
    return OK;
}

Status told_implied(const SourceView *v, uint8_t *drop, Error *err)
{
    Implying m = {.v = v};
    arena_init(&m.arena, 0);
    Status st = map_init(&m.pairs, err);
    if (st == OK)
        st = run(&m, drop, err);
    map_free(&m.pairs);
    arena_free(&m.arena);
    return st;
}
