/*
 * Classes: patterns that exactly the same known figures count. Whoever knows these figures cannot tell the patterns of
 * one class apart, so that people may be moved from one to another and nothing that is known changes.
 */
#include "overlap/overlap_parts.h"

static Status list_patterns(const Patterns *p, OverlapClasses *c, size_t refs, Error *err)
{
    uint32_t *next;
    size_t entries = 0;
    for (size_t i = 0; i < p->count; i++)
        entries += p->at[i].count;
    TRY(arena_new(&c->arena, uint32_t, refs + 2, &c->start, err));
    TRY(arena_new(&c->arena, uint32_t, entries + 1, &c->list, err));
    TRY(arena_new(&c->arena, uint32_t, refs + 2, &next, err));
    for (size_t i = 0; i < p->count; i++)
        for (uint32_t k = 0; k < p->at[i].count; k++)
            c->start[p->at[i].refs[k] + 1]++;
    for (size_t r = 0; r < refs; r++)
        next[r + 1] = c->start[r + 1] += c->start[r];
    for (size_t i = 0; i < p->count; i++)
        for (uint32_t k = 0; k < p->at[i].count; k++)
            c->list[next[p->at[i].refs[k]]++] = (uint32_t)i;
    return OK;
}

Status overlap_classes(const Overlap *o, const Patterns *p, OverlapClasses *out, Error *err)
{
    size_t refs = 2 * o->figures.len;
    *out = (OverlapClasses){.patterns = p, .count = 1};
    arena_init(&out->arena, 0);
    out->refs = refs;
    TRY(list_patterns(p, out, refs, err));
    TRY(arena_new(&out->arena, uint8_t, refs + 1, &out->known, err));
    TRY(arena_new(&out->arena, uint32_t, p->count + 1, &out->of, err));
    TRY(arena_new(&out->arena, OverlapClass, p->count + 2, &out->at, err));
    for (size_t i = 0; i < p->count; i++) {
        out->at[OVERLAP_FREE].patterns++;
        out->at[OVERLAP_FREE].people += p->at[i].people;
    }
    return OK;
}

void overlap_classes_free(OverlapClasses *c)
{
    arena_free(&c->arena);
    *c = (OverlapClasses){0};
}

/* What a figure has of each class that it counts somebody of. */
static void count_in(OverlapClasses *c, uint32_t ref)
{
    for (uint32_t i = c->start[ref]; i < c->start[ref + 1]; i++) {
        OverlapClass *k = &c->at[c->of[c->list[i]]];
        k->in++;
        k->people_in += c->patterns->at[c->list[i]].people;
    }
}

static void forget_in(OverlapClasses *c, uint32_t ref)
{
    for (uint32_t i = c->start[ref]; i < c->start[ref + 1]; i++) {
        OverlapClass *k = &c->at[c->of[c->list[i]]];
        k->in = k->part = 0;
        k->people_in = 0;
    }
}

static bool is_whole(const OverlapClasses *c, uint32_t class)
{
    return class != OVERLAP_FREE && c->at[class].in == c->at[class].patterns;
}

void overlap_classes_know(OverlapClasses *c, uint32_t ref)
{
    c->known[ref] = 1;
    count_in(c, ref);
    for (uint32_t i = c->start[ref]; i < c->start[ref + 1]; i++) {
        uint32_t pattern = c->list[i], from = c->of[pattern];
        OverlapClass *k = &c->at[from];
        int64_t people = c->patterns->at[pattern].people;
        if (is_whole(c, from))
            continue;
        if (k->part == 0)
            k->part = c->count++;
        c->of[pattern] = k->part;
        c->at[k->part].patterns++;
        c->at[k->part].people += people;
        k->patterns--;
        k->people -= people;
        k->people_in -= people;
        if (--k->in == 0)
            k->part = 0;
    }
    forget_in(c, ref);
}

OverlapRoom overlap_classes_room(OverlapClasses *c, uint32_t ref)
{
    OverlapRoom room = {0};
    count_in(c, ref);
    for (uint32_t i = c->start[ref]; i < c->start[ref + 1]; i++) {
        uint32_t class = c->of[c->list[i]];
        OverlapClass *k = &c->at[class];
        if (k->part)
            continue;
        k->part = 1;
        if (is_whole(c, class)) {
            room.whole++;
            continue;
        }
        room.parted++;
        room.below += k->people_in;
        room.above += class == OVERLAP_FREE ? OVERLAP_ENDLESS : k->people - k->people_in;
    }
    forget_in(c, ref);
    return room;
}

void overlap_classes_touch(OverlapClasses *c, uint32_t ref, uint32_t *touched)
{
    count_in(c, ref);
    for (size_t i = 0; i < c->patterns->count; i++)
        if (c->at[c->of[i]].in > 0 && !is_whole(c, c->of[i]) && touched[i] == 0)
            touched[i] = ref + 1;
    forget_in(c, ref);
}

/* --- a sum and what hangs together with it, as equations -----------------------------------------------------------
 */

typedef struct Making {
    OverlapClasses *c;
    OverlapSum sum;
    uint32_t *cell;     /* by class; 0: not taken */
    uint32_t *pattern;  /* by class: one of it */
    uint32_t *row_seen; /* by class: the last row that had it, + 1 */
    uint8_t *taken;     /* by reference */
    VEC(uint32_t) classes, rows;
    uint32_t cells, terms;
} Making;

/* Whether a class that the figure touches is in the sum. */
static bool is_summed(const Making *m, uint32_t class)
{
    return m->sum == OVERLAP_WHOLE ? is_whole(m->c, class) : m->c->at[class].in > 0;
}

/* Those of it whom the figure counts, and the others: one cell or two. Of people whom nothing known counts the others
 * may be as many as they like. */
static uint32_t cells_of(const Making *m, uint32_t class)
{
    const OverlapClass *k = &m->c->at[class];
    return m->sum == OVERLAP_PARTS && k->in > 0 && k->in < k->patterns && class != OVERLAP_FREE ? 2 : 1;
}

static Status take_class(Making *m, uint32_t class, Error *err)
{
    if (m->cell[class])
        return OK;
    m->cell[class] = m->cells;
    m->cells += cells_of(m, class);
    m->terms += is_summed(m, class);
    return vec_push(&m->classes, class, err);
}

static Status take_row(Making *m, uint32_t ref, Error *err)
{
    const OverlapClasses *c = m->c;
    TRY(vec_push(&m->rows, ref, err));
    for (uint32_t i = c->start[ref]; i < c->start[ref + 1]; i++) {
        uint32_t class = c->of[c->list[i]];
        TRY(take_class(m, class, err));
        if (m->row_seen[class] == m->rows.len)
            continue;
        m->row_seen[class] = (uint32_t)m->rows.len;
        m->terms += cells_of(m, class);
    }
    return OK;
}

static Status take_all(Making *m, uint32_t ref, Error *err)
{
    const OverlapClasses *c = m->c;
    for (uint32_t i = 0; i < c->patterns->count; i++)
        m->pattern[c->of[i]] = i;
    for (uint32_t i = c->start[ref]; i < c->start[ref + 1]; i++)
        if (is_summed(m, c->of[c->list[i]]))
            TRY(take_class(m, c->of[c->list[i]], err));
    for (size_t i = 0; i < m->classes.len; i++) {
        const Pattern *p = &c->patterns->at[m->pattern[m->classes.at[i]]];
        for (uint32_t k = 0; k < p->count; k++) {
            if (!c->known[p->refs[k]] || m->taken[p->refs[k]])
                continue;
            m->taken[p->refs[k]] = 1;
            TRY(take_row(m, p->refs[k], err));
        }
    }
    return OK;
}

static void put_term(SdcProblem *sdc, uint32_t *at, uint32_t cell, int32_t coef)
{
    sdc->cell[*at] = cell;
    sdc->coef[(*at)++] = coef;
}

/* Cell 0 is the sum, equation 0 what it counts. */
static void put_sum(const Making *m, SdcProblem *sdc, uint32_t *at)
{
    put_term(sdc, at, 0, 1);
    for (size_t i = 0; i < m->classes.len; i++) {
        uint32_t class = m->classes.at[i], cell = m->cell[class];
        const OverlapClass *k = &m->c->at[class];
        bool parts = m->sum == OVERLAP_PARTS && k->in > 0;
        sdc->cells[cell] = (SdcCell){.value = parts ? k->people_in : k->people, .status = SDC_SECONDARY};
        if (cells_of(m, class) == 2)
            sdc->cells[cell + 1] = (SdcCell){.value = k->people - k->people_in, .status = SDC_SECONDARY};
        if (!is_summed(m, class))
            continue;
        put_term(sdc, at, cell, -1);
        sdc->cells[0].value += sdc->cells[cell].value;
    }
    sdc->start[1] = *at;
}

static void put_row(Making *m, size_t row, SdcProblem *sdc, uint32_t *at)
{
    const OverlapClasses *c = m->c;
    uint32_t ref = m->rows.at[row], stamp = (uint32_t)(m->rows.len + row + 1);
    for (uint32_t i = c->start[ref]; i < c->start[ref + 1]; i++) {
        uint32_t class = c->of[c->list[i]];
        if (m->row_seen[class] == stamp)
            continue;
        m->row_seen[class] = stamp;
        sdc->rhs[row + 1] += c->at[class].people;
        for (uint32_t k = 0; k < cells_of(m, class); k++)
            put_term(sdc, at, m->cell[class] + k, 1);
    }
    sdc->start[row + 2] = *at;
}

static void set_bounds(SdcProblem *sdc, int64_t beyond)
{
    int64_t total = beyond;
    for (uint32_t i = 1; i < sdc->cell_count; i++)
        total += sdc->cells[i].value;
    for (uint32_t i = 0; i < sdc->cell_count; i++)
        sdc->cells[i].upper = 2 * total;
    sdc->cells[0].status = SDC_SECONDARY;
}

static Status make(Making *m, uint32_t ref, int64_t beyond, SdcProblem *out, Error *err)
{
    uint32_t at = 0;
    TRY(take_all(m, ref, err));
    TRY(sdc_new(m->cells, (uint32_t)m->rows.len + 1, m->terms + 1, out, err));
    put_sum(m, out, &at);
    for (size_t row = 0; row < m->rows.len; row++)
        put_row(m, row, out, &at);
    set_bounds(out, beyond);
    return OK;
}

Status overlap_classes_problem(
    OverlapClasses *c, uint32_t ref, OverlapSum sum, int64_t beyond, SdcProblem *out, Error *err)
{
    Arena arena;
    Making m = {.c = c, .sum = sum, .cells = 1};
    *out = (SdcProblem){0};
    arena_init(&arena, 0);
    count_in(c, ref);
    Status st = arena_new(&arena, uint32_t, (size_t)c->count + 1, &m.cell, err);
    if (st == OK)
        st = arena_new(&arena, uint32_t, (size_t)c->count + 1, &m.pattern, err);
    if (st == OK)
        st = arena_new(&arena, uint32_t, (size_t)c->count + 1, &m.row_seen, err);
    if (st == OK)
        st = arena_new(&arena, uint8_t, (size_t)c->refs + 1, &m.taken, err);
    if (st == OK)
        st = make(&m, ref, beyond, out, err);
    forget_in(c, ref);
    vec_free(&m.classes);
    vec_free(&m.rows);
    arena_free(&arena);
    return st;
}
