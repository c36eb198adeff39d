/*
 * Pieces: the part of a system that one question needs.
 *
 * What is held fixed goes into the rows' ends, so a piece stands for itself. Two unknowns that no row or quotient
 * connects tell nothing about each other: the attack is made piece by piece, and pieces are what threads share out.
 */
#include "audit/attack.h"

#define NO_VAR AUDIT_NONE

Wide wide_floor_div(Wide a, Wide b)
{
    Wide q = a / b;
    return a % b < 0 ? q - 1 : q;
}

Wide wide_ceil_div(Wide a, Wide b)
{
    return -wide_floor_div(-a, b);
}

int64_t wide_clamp(Wide v)
{
    return v > ENDLESS ? ENDLESS : v < -ENDLESS ? -ENDLESS : (int64_t)v;
}

static void quotient_vars(const Quotient *q, uint32_t out[4])
{
    out[0] = q->a;
    out[1] = q->b;
    out[2] = q->c;
    out[3] = q->d;
}

Status piece_index(Piece *p, Arena *a, Error *err)
{
    uint32_t *next;
    TRY(arena_new(a, uint32_t, (size_t)p->vars + 1, &p->use_start, err));
    TRY(arena_new(a, uint32_t, (size_t)p->vars + 1, &next, err));
    TRY(arena_new(a, uint32_t, (size_t)p->start[p->rows] + (size_t)p->quotients * 4 + 1, &p->use, err));
    for (int fill = 0; fill < 2; fill++) {
        for (uint32_t r = 0; r < p->rows; r++)
            for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++) {
                if (fill)
                    p->use[next[p->var[i]]++] = r;
                else
                    p->use_start[p->var[i] + 1]++;
            }
        for (uint32_t q = 0; q < p->quotients; q++) {
            uint32_t vars[4];
            quotient_vars(&p->quotient[q], vars);
            for (int i = 0; i < 4; i++) {
                if (vars[i] == NO_VAR)
                    continue;
                if (fill)
                    p->use[next[vars[i]]++] = p->rows + q;
                else
                    p->use_start[vars[i] + 1]++;
            }
        }
        for (uint32_t v = 0; v < p->vars && !fill; v++) {
            p->use_start[v + 1] += p->use_start[v];
            next[v] = p->use_start[v];
        }
    }
    return OK;
}

/* Where variables of the whole lie in the part, and which constraints the part has, in order. */
typedef struct Cut {
    uint32_t *place; /* AUDIT_NONE: outside */
    uint8_t *taken;  /* a constraint of the whole */
    uint32_t entries;
} Cut;

static bool fixed(const Piece *p, uint32_t v)
{
    return p->low[v] == p->high[v];
}

/* A fixed variable is listed only because a quotient needs it: rows do not come with it, and neither do quotients of
 * which nothing is open. */
static bool comes_with(const Piece *p, uint32_t v, uint32_t constraint)
{
    if (constraint < p->rows)
        return !fixed(p, v);
    uint32_t vars[4];
    quotient_vars(&p->quotient[constraint - p->rows], vars);
    for (int i = 0; i < 4; i++)
        if (vars[i] != NO_VAR && !fixed(p, vars[i]))
            return true;
    return false;
}

static Status cut_plan(const Piece *p, const uint32_t *list, uint32_t count, Arena *a, Cut *cut, Piece *out, Error *err)
{
    uint32_t constraints = p->rows + p->quotients;
    TRY(arena_new(a, uint32_t, (size_t)p->vars + 1, &cut->place, err));
    TRY(arena_new(a, uint8_t, (size_t)constraints + 1, &cut->taken, err));
    memset(cut->place, 0xff, p->vars * sizeof *cut->place);
    for (uint32_t i = 0; i < count; i++)
        cut->place[list[i]] = i;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t u = p->use_start[list[i]]; u < p->use_start[list[i] + 1]; u++) {
            uint32_t k = p->use[u];
            if (k < p->rows)
                cut->entries++; /* at least what is needed: fixed variables of taken rows count */
            if (cut->taken[k] || !comes_with(p, list[i], k))
                continue;
            cut->taken[k] = 1;
            if (k < p->rows)
                out->rows++;
            else
                out->quotients++;
        }
    return OK;
}

static Status cut_alloc(uint32_t count, uint32_t entries, Arena *a, Piece *out, Error *err)
{
    out->vars = count;
    TRY(arena_new(a, int64_t, (size_t)count + 1, &out->low, err));
    TRY(arena_new(a, int64_t, (size_t)count + 1, &out->high, err));
    TRY(arena_new(a, uint32_t, (size_t)count + 1, &out->outer, err));
    TRY(arena_new(a, uint32_t, (size_t)out->rows + 1, &out->start, err));
    TRY(arena_new(a, uint32_t, (size_t)entries + 1, &out->var, err));
    TRY(arena_new(a, int64_t, (size_t)entries + 1, &out->coef, err));
    TRY(arena_new(a, int64_t, (size_t)out->rows + 1, &out->row_low, err));
    TRY(arena_new(a, int64_t, (size_t)out->rows + 1, &out->row_high, err));
    return arena_new(a, Quotient, (size_t)out->quotients + 1, &out->quotient, err);
}

static int64_t end_less(int64_t end, Wide taken)
{
    return end == ENDLESS || end == -ENDLESS ? end : wide_clamp((Wide)end - taken);
}

static void cut_rows(const Piece *p, const int64_t *point, const Cut *cut, Piece *out)
{
    uint32_t at = 0, row = 0;
    for (uint32_t r = 0; r < p->rows; r++) {
        if (!cut->taken[r])
            continue;
        Wide outside = 0;
        out->start[row] = at;
        for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++) {
            uint32_t v = cut->place[p->var[i]];
            if (v == NO_VAR) {
                ASSERT(point);
                outside += (Wide)p->coef[i] * point[p->var[i]];
                continue;
            }
            out->var[at] = v;
            out->coef[at++] = p->coef[i];
        }
        out->row_low[row] = end_less(p->row_low[r], outside);
        out->row_high[row++] = end_less(p->row_high[r], outside);
    }
    out->start[row] = at;
}

static void bound_by_row(Piece *p, uint32_t v, int64_t coef, int64_t low, int64_t high)
{
    int64_t least = coef > 0 ? low : high, most = coef > 0 ? high : low;
    Wide sign = coef > 0 ? 1 : -1, size = sign * coef;
    if (least != ENDLESS && least != -ENDLESS) {
        int64_t end = wide_clamp(wide_ceil_div(sign * least, size));
        p->low[v] = end > p->low[v] ? end : p->low[v];
    }
    if (most != ENDLESS && most != -ENDLESS) {
        int64_t end = wide_clamp(wide_floor_div(sign * most, size));
        p->high[v] = end < p->high[v] ? end : p->high[v];
    }
}

/* Rows with one variable become its bounds. */
static void drop_single_rows(Piece *p)
{
    uint32_t rows = 0, at = 0;
    for (uint32_t r = 0; r < p->rows; r++) {
        uint32_t from = p->start[r], count = p->start[r + 1] - from;
        if (count == 1) {
            bound_by_row(p, p->var[from], p->coef[from], p->row_low[r], p->row_high[r]);
            continue;
        }
        p->start[rows] = at;
        p->row_low[rows] = p->row_low[r];
        p->row_high[rows++] = p->row_high[r];
        memmove(p->var + at, p->var + from, count * sizeof *p->var);
        memmove(p->coef + at, p->coef + from, count * sizeof *p->coef);
        at += count;
    }
    p->start[rows] = at;
    p->rows = rows;
}

/* A quotient is taken with all its variables: windows grow until it is whole, pieces are whole anyway. */
static void cut_quotients(const Piece *p, const Cut *cut, uint32_t *renamed, Piece *out)
{
    uint32_t at = 0;
    for (uint32_t q = 0; q < p->quotients; q++)
        if (cut->taken[p->rows + q])
            renamed[q] = at++;
        else
            renamed[q] = AUDIT_NONE;
    for (uint32_t q = 0; q < p->quotients; q++) {
        if (renamed[q] == AUDIT_NONE)
            continue;
        Quotient *to = &out->quotient[renamed[q]];
        *to = p->quotient[q];
        uint32_t *vars[] = {&to->a, &to->b, &to->c, &to->d};
        for (size_t i = 0; i < COUNT_OF(vars); i++)
            if (*vars[i] != NO_VAR) {
                *vars[i] = cut->place[*vars[i]];
                ASSERT(*vars[i] != NO_VAR);
            }
        to->rate_ab = to->rate_ab == AUDIT_NONE ? AUDIT_NONE : renamed[to->rate_ab];
        to->rate_cd = to->rate_cd == AUDIT_NONE ? AUDIT_NONE : renamed[to->rate_cd];
    }
}

Status piece_cut(
    const Piece *p, const uint32_t *list, uint32_t count, const int64_t *point, Arena *a, Piece *out, Error *err)
{
    Arena scratch;
    Cut cut = {0};
    uint32_t *renamed = NULL;
    *out = (Piece){0};
    arena_init(&scratch, 0);
    Status st = cut_plan(p, list, count, &scratch, &cut, out, err);
    if (st == OK)
        st = arena_new(&scratch, uint32_t, (size_t)p->quotients + 1, &renamed, err);
    if (st == OK)
        st = cut_alloc(count, cut.entries, a, out, err);
    if (st == OK) {
        for (uint32_t i = 0; i < count; i++) {
            out->outer[i] = list[i];
            out->low[i] = p->low[list[i]];
            out->high[i] = p->high[list[i]];
        }
        cut_rows(p, point, &cut, out);
        drop_single_rows(out);
        cut_quotients(p, &cut, renamed, out);
        st = piece_index(out, a, err);
    }
    arena_free(&scratch);
    return st;
}

/* The smaller number becomes the root, so that a piece is named by its first variable. */
static void join(uint32_t *parent, uint32_t *last, uint32_t v)
{
    if (*last != NO_VAR)
        forest_unite(parent, *last, v);
    *last = v;
}

static void join_all(const Piece *p, uint32_t *parent)
{
    for (uint32_t r = 0; r < p->rows; r++) {
        uint32_t last = NO_VAR;
        for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++)
            if (p->low[p->var[i]] != p->high[p->var[i]])
                join(parent, &last, p->var[i]);
    }
    for (uint32_t q = 0; q < p->quotients; q++) {
        uint32_t vars[4], last = NO_VAR;
        bool open = false;
        quotient_vars(&p->quotient[q], vars);
        for (int i = 0; i < 4; i++)
            open = open || (vars[i] != NO_VAR && p->low[vars[i]] != p->high[vars[i]]);
        /* its fixed variables come along: a piece has whole quotients */
        for (int i = 0; i < 4 && open; i++)
            if (vars[i] != NO_VAR)
                join(parent, &last, vars[i]);
    }
}

Status pieces_find(const Piece *p, Arena *a, Pieces *out, Error *err)
{
    uint32_t *parent, *size, *next;
    TRY(arena_new(a, uint32_t, (size_t)p->vars + 1, &parent, err));
    TRY(arena_new(a, uint32_t, (size_t)p->vars + 1, &size, err));
    TRY(arena_new(a, uint32_t, (size_t)p->vars + 1, &next, err));
    TRY(arena_new(a, uint32_t, (size_t)p->vars + 1, &out->order, err));
    TRY(arena_new(a, uint32_t, (size_t)p->vars + 1, &out->first, err));
    forest_init(parent, p->vars);
    join_all(p, parent);
    for (uint32_t v = 0; v < p->vars; v++)
        size[forest_root(parent, v)]++;
    uint32_t at = 0;
    for (uint32_t v = 0; v < p->vars; v++) {
        next[v] = NO_VAR;
        if (parent[v] != v || (size[v] == 1 && p->low[v] == p->high[v])) /* fixed and alone: nothing to ask */
            continue;
        out->first[out->count++] = at;
        next[v] = at;
        at += size[v];
    }
    out->first[out->count] = at;
    for (uint32_t v = 0; v < p->vars; v++) {
        uint32_t root = forest_root(parent, v);
        if (next[root] != NO_VAR)
            out->order[next[root]++] = v;
    }
    return OK;
}
