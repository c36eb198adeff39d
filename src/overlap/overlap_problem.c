/*
 * Patterns and figures as cells and equations.
 *
 *   group of people = its patterns by outcome      (where an outcome divides it)
 *   people of a figure = its groups
 *   those of them with the outcome = its patterns that have it
 *
 * How many people may be told of: n in a group; with, or without, an outcome only numerator, or complement. A group
 * that is nothing but those who have (have not) the outcome of one figure is told of by that figure's rate already, so
 * that only the outcome's minimum is asked of it: who completed school are the numerator of one measure and the
 * denominator of the next.
 */
#include "overlap/overlap_parts.h"

typedef struct Building {
    const Overlap *o;
    const Patterns *p;
    OverlapProblem *out;
    uint32_t cells, rows, terms;
    uint32_t *pattern_cell, *group_cell; /* in the patterns' arena */
} Building;

/* How many of a group have the outcome of a figure. */
static int64_t hits_in(const Building *b, const PatternGroup *g, uint32_t figure)
{
    int64_t with = 0;
    for (uint32_t i = g->first; i != OVERLAP_NONE; i = b->p->at[i].next)
        for (uint32_t k = 0; k < b->p->at[i].count; k++)
            with += b->p->at[i].refs[k] == figure * 2 + 1 ? b->p->at[i].people : 0;
    return with;
}

/* All of a group have, or all have not, the outcome of one of its figures, and nobody else does: then the outcome's
 * minimum. */
static int64_t group_least(const Building *b, const PatternGroup *g)
{
    const OverlapLeast *l = &b->o->least;
    int64_t least = l->n;
    for (uint32_t k = 0; k < g->count && g->people < l->n; k++) {
        uint32_t f = g->refs[k] / 2;
        if (!(b->o->figures.at[f].printed & OVERLAP_HITS))
            continue;
        int64_t with = hits_in(b, g, f);
        if (with == g->people && with == b->p->hits[f] && l->numerator < least)
            least = l->numerator;
        if (with == 0 && g->people == b->p->people[f] - b->p->hits[f] && l->complement < least)
            least = l->complement;
    }
    return least;
}

static int64_t pattern_least(const Building *b, const Pattern *p)
{
    for (uint32_t k = 0; k < p->count; k++)
        if (p->refs[k] % 2)
            return b->o->least.numerator;
    return b->o->least.complement;
}

static void hide(Building *b, uint32_t cell, int64_t people, int64_t least)
{
    SdcCell *c = &b->out->sdc.cells[cell];
    bool small = people > 0 && people < least;
    c->status = small ? SDC_SENSITIVE : SDC_SECONDARY;
    c->value = people;
    c->lpl = small ? 1 : 0;
    c->upl = small ? least - people : 0;
    b->out->small += small;
}

/* Whether a group's patterns are told apart. */
static bool is_divided(const PatternGroup *g)
{
    return g->patterns > 1;
}

static void count_parts(Building *b)
{
    const Patterns *p = b->p;
    for (size_t i = 0; i < p->count; i++) {
        b->pattern_cell[i] = b->cells++;
        for (uint32_t k = 0; k < p->at[i].count; k++)
            b->terms += p->at[i].refs[k] % 2;
    }
    for (size_t g = 0; g < p->group_count; g++) {
        b->group_cell[g] = is_divided(&p->groups[g]) ? b->cells++ : b->pattern_cell[p->groups[g].first];
        b->rows += is_divided(&p->groups[g]);
        b->terms += (is_divided(&p->groups[g]) ? 1 + p->groups[g].patterns : 0) + p->groups[g].count;
    }
    for (size_t f = 0; f < b->o->figures.len; f++)
        for (unsigned hits = 0; hits < 2 && p->kept[f]; hits++)
            if (b->o->figures.at[f].printed & (hits ? OVERLAP_HITS : OVERLAP_PEOPLE)) {
                b->cells++;
                b->rows++;
                b->terms++;
            }
}

typedef struct Entries { /* the equations under construction: where the next term of each goes */
    SdcProblem *sdc;
    uint32_t *next;
} Entries;

static void put_term(Entries *e, uint32_t row, uint32_t cell, int32_t coef)
{
    e->sdc->cell[e->next[row]] = cell;
    e->sdc->coef[e->next[row]++] = coef;
}

static Status set_cells(Building *b, uint32_t *const figure_row[2], uint32_t *row_length, Error *err)
{
    const Patterns *p = b->p;
    SdcProblem *sdc = &b->out->sdc;
    uint32_t row = 0, cell = (uint32_t)p->count;
    int64_t total = b->o->least.n;
    for (size_t i = 0; i < p->count; i++) {
        total += p->at[i].people;
        hide(b, b->pattern_cell[i], p->at[i].people, pattern_least(b, &p->at[i]));
    }
    for (size_t g = 0; g < p->group_count; g++) {
        const PatternGroup *group = &p->groups[g];
        if (!is_divided(group))
            b->out->small -= sdc->cells[b->group_cell[g]].status == SDC_SENSITIVE;
        hide(b, b->group_cell[g], group->people, group_least(b, group));
        if (is_divided(group)) {
            cell++;
            row_length[row++] = 1 + group->patterns;
        }
    }
    for (unsigned hits = 0; hits < 2; hits++) {
        TRY(arena_new(&sdc->arena, uint32_t, b->o->figures.len + 1, &b->out->cell[hits], err));
        memset(b->out->cell[hits], 0xff, (b->o->figures.len + 1) * sizeof(uint32_t));
    }
    for (size_t f = 0; f < b->o->figures.len; f++)
        for (unsigned hits = 0; hits < 2 && p->kept[f]; hits++) {
            if (!(b->o->figures.at[f].printed & (hits ? OVERLAP_HITS : OVERLAP_PEOPLE)))
                continue;
            SdcCell *c = &sdc->cells[cell];
            c->value = hits ? p->hits[f] : p->people[f];
            c->status = b->o->figures.at[f].origin == OVERLAP_ASKED ? SDC_OPEN : SDC_FROZEN;
            figure_row[hits][f] = row;
            row_length[row++] = 1; /* its terms are counted by the patterns */
            b->out->cell[hits][f] = cell++;
        }
    for (uint32_t i = 0; i < sdc->cell_count; i++)
        sdc->cells[i].upper = 2 * total;
    return OK;
}

static void count_terms(const Building *b, uint32_t *const figure_row[2], uint32_t *row_length)
{
    const Patterns *p = b->p;
    for (size_t i = 0; i < p->count; i++)
        for (uint32_t k = 0; k < p->at[i].count; k++)
            if (p->at[i].refs[k] % 2)
                row_length[figure_row[1][p->at[i].refs[k] / 2]]++;
    for (size_t g = 0; g < p->group_count; g++)
        for (uint32_t k = 0; k < p->groups[g].count; k++)
            row_length[figure_row[0][p->groups[g].refs[k] / 2]]++;
}

static void put_all(const Building *b, uint32_t *const figure_row[2], Entries *e)
{
    const Patterns *p = b->p;
    uint32_t row = 0;
    uint32_t *group_row = e->next + b->rows; /* the second half of the array */
    for (size_t g = 0; g < p->group_count; g++) {
        group_row[g] = is_divided(&p->groups[g]) ? row++ : OVERLAP_NONE;
        if (group_row[g] != OVERLAP_NONE)
            put_term(e, group_row[g], b->group_cell[g], 1);
        for (uint32_t k = 0; k < p->groups[g].count; k++)
            put_term(e, figure_row[0][p->groups[g].refs[k] / 2], b->group_cell[g], -1);
    }
    for (size_t i = 0; i < p->count; i++) {
        if (p->at[i].group != OVERLAP_NONE && group_row[p->at[i].group] != OVERLAP_NONE)
            put_term(e, group_row[p->at[i].group], b->pattern_cell[i], -1);
        for (uint32_t k = 0; k < p->at[i].count; k++)
            if (p->at[i].refs[k] % 2)
                put_term(e, figure_row[1][p->at[i].refs[k] / 2], b->pattern_cell[i], -1);
    }
    for (size_t f = 0; f < b->o->figures.len; f++)
        for (unsigned hits = 0; hits < 2; hits++)
            if (b->out->cell[hits][f] != OVERLAP_NONE)
                put_term(e, figure_row[hits][f], b->out->cell[hits][f], 1);
}

static Status fill(Building *b, Arena *arena, Error *err)
{
    uint32_t *figure_row[2], *row_length;
    Entries e = {.sdc = &b->out->sdc};
    TRY(arena_new(arena, uint32_t, b->o->figures.len + 1, &figure_row[0], err));
    TRY(arena_new(arena, uint32_t, b->o->figures.len + 1, &figure_row[1], err));
    TRY(arena_new(arena, uint32_t, (size_t)b->rows + 1, &row_length, err));
    TRY(arena_new(arena, uint32_t, (size_t)b->rows + b->p->group_count + 1, &e.next, err));
    TRY(set_cells(b, figure_row, row_length, err));
    count_terms(b, figure_row, row_length);
    for (uint32_t r = 0; r < b->rows; r++) {
        e.next[r] = b->out->sdc.start[r];
        b->out->sdc.start[r + 1] = b->out->sdc.start[r] + row_length[r];
    }
    put_all(b, figure_row, &e);
    return OK;
}

Status overlap_problem(const Overlap *o, const Patterns *p, OverlapProblem *out, Error *err)
{
    Arena arena;
    Building b = {.o = o, .p = p, .out = out};
    *out = (OverlapProblem){.patterns = p->count};
    arena_init(&arena, 0);
    Status st = arena_new(&arena, uint32_t, p->count + 1, &b.pattern_cell, err);
    if (st == OK)
        st = arena_new(&arena, uint32_t, p->group_count + 1, &b.group_cell, err);
    if (st == OK)
        count_parts(&b);
    if (st == OK)
        st = sdc_new(b.cells, b.rows, b.terms, &out->sdc, err);
    if (st == OK)
        st = fill(&b, &arena, err);
    arena_free(&arena);
    return st;
}
