/*
 * Some cells are rounded, and the equations say what the others are then. Equations of tables have coefficients 1 and
 * -1, and mostly so many pivots of 1 and -1 as they have rank, so what is worked out from whole numbers is whole. Each
 * cell that was rounded moves those that follow from it by a unit or less: the cells with the most room between their
 * move and their bounds are the ones that follow, and the asked cell and those with the least are rounded.
 */
#include "suppress/round.h"

#include <math.h>
#include <stdlib.h>

#define LARGEST 1e15        /* as in whole.c */
#define COEF_LARGEST 1024   /* beyond, what follows from a rounded cell is too far off */
#define STEPS_MOST 20000000 /* of elimination; about 0.1 s */
#define TRIES 12            /* roundings: the nearest, then up or down by lot */

typedef struct Entry {
    uint32_t column;
    int32_t coef;
} Entry;
typedef VEC(Entry) Row;
typedef VEC(uint32_t) Ids;

typedef struct Rounding {
    const Net *net;
    LocalTerm *terms; /* and cells that do not move yet */
    uint32_t count, row_count;
    bool large;       /* some equation has a coefficient beyond COEF_LARGEST */
    uint32_t *row_at; /* a net's equation: place + 1 */
    Row *rows;
    Ids *rows_of;    /* column: rows that have it, and some that no longer do */
    uint8_t *used;   /* row: somebody's pivot */
    uint32_t *pivot; /* column: its row; NET_NONE: rounded */
    Ids order;       /* pivoted columns */
    uint8_t *stuck;  /* row: has no pivot to choose, until it changes */
    double *room;    /* column: units to the nearer bound */
    uint32_t *place; /* scratch, by column: place in the row at hand + 1 */
    int64_t *value;
    uint64_t steps;
    Arena arena;
} Rounding;

static Status add_cell(Rounding *x, uint32_t column, Error *err)
{
    const Net *n = x->net;
    uint32_t j = x->terms[column].cell;
    for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++) {
        uint32_t r = n->col_row[k];
        if (x->row_at[r] == 0)
            x->row_at[r] = ++x->row_count;
        uint32_t at = x->row_at[r] - 1;
        x->large = x->large || fabs(n->col_coef[k]) > COEF_LARGEST;
        TRY(vec_push(&x->rows[at], ((Entry){column, (int32_t)n->col_coef[k]}), err));
        TRY(vec_push(&x->rows_of[column], at, err));
    }
    return OK;
}

/* The move, and all cells that may move and are in no equation that it does not touch: the more there are, the likelier
 * a pivot of 1. */
static Status list_columns(Rounding *x, const LocalTerm *terms, uint32_t count, const uint8_t *allowed, Error *err)
{
    const Net *n = x->net;
    uint8_t *touched, *moves;
    TRY(arena_new(&x->arena, uint8_t, (size_t)n->row_count + 1, &touched, err));
    TRY(arena_new(&x->arena, uint8_t, (size_t)n->cell_count + 1, &moves, err));
    TRY(arena_new(&x->arena, LocalTerm, (size_t)n->cell_count + 1, &x->terms, err));
    for (uint32_t c = 0; c < count; c++) {
        uint32_t j = terms[c].cell;
        x->terms[x->count++] = terms[c];
        moves[j] = 1;
        for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++)
            touched[n->col_row[k]] = 1;
    }
    for (uint32_t j = 0; j < n->cell_count; j++) {
        bool inside = allowed[j] && !moves[j];
        for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1] && inside; k++)
            inside = touched[n->col_row[k]];
        if (inside)
            x->terms[x->count++] = (LocalTerm){j, 0};
    }
    return OK;
}

static Status rounding_new(Rounding *x, Error *err)
{
    size_t columns = (size_t)x->count + 1, terms = 1;
    for (uint32_t c = 0; c < x->count; c++)
        terms += x->net->col_start[x->terms[c].cell + 1] - x->net->col_start[x->terms[c].cell];
    TRY(arena_new(&x->arena, uint32_t, (size_t)x->net->row_count + 1, &x->row_at, err));
    TRY(arena_new(&x->arena, Row, terms, &x->rows, err));
    TRY(arena_new(&x->arena, uint8_t, terms, &x->used, err));
    TRY(arena_new(&x->arena, Ids, columns, &x->rows_of, err));
    TRY(arena_new(&x->arena, uint32_t, columns, &x->pivot, err));
    TRY(arena_new(&x->arena, uint8_t, terms, &x->stuck, err));
    TRY(arena_new(&x->arena, double, columns, &x->room, err));
    TRY(arena_new(&x->arena, uint32_t, columns, &x->place, err));
    TRY(arena_new(&x->arena, int64_t, columns, &x->value, err));
    memset(x->pivot, 0xff, columns * sizeof *x->pivot);
    for (uint32_t c = 0; c < x->count; c++)
        TRY(add_cell(x, c, err));
    for (uint32_t c = 0; c < x->count; c++) {
        uint32_t j = x->terms[c].cell;
        x->room[c] = fmin(x->net->up[j] - x->terms[c].value, x->net->down[j] + x->terms[c].value);
    }
    return OK;
}

static void rounding_free(Rounding *x)
{
    for (uint32_t r = 0; r < x->row_count; r++)
        vec_free(&x->rows[r]);
    for (uint32_t c = 0; x->rows_of && c < x->count; c++)
        vec_free(&x->rows_of[c]);
    vec_free(&x->order);
    arena_free(&x->arena);
}

static int32_t coef_in(const Rounding *x, uint32_t row, uint32_t column)
{
    for (size_t i = 0; i < x->rows[row].len; i++)
        if (x->rows[row].at[i].column == column)
            return x->rows[row].at[i].coef;
    return 0;
}

/* Of the cells in a row that have the room and stand there with 1 or -1 the one in the fewest rows; NET_NONE. The asked
 * cell, the first, never follows. */
static uint32_t choose_column(const Rounding *x, uint32_t row, double room)
{
    uint32_t best = NET_NONE;
    for (size_t i = 0; i < x->rows[row].len; i++) {
        uint32_t c = x->rows[row].at[i].column;
        if (c != 0 && abs(x->rows[row].at[i].coef) == 1 && x->room[c] >= room &&
            (best == NET_NONE || x->rows_of[c].len < x->rows_of[best].len))
            best = c;
    }
    return best;
}

/* The shortest row that has such a cell; the cell is NET_NONE when none has. Short rows stay short this way. */
static void choose_pivot(Rounding *x, double room, uint32_t *column, uint32_t *row)
{
    do {
        *column = *row = NET_NONE;
        for (uint32_t r = 0; r < x->row_count; r++)
            if (!x->used[r] && !x->stuck[r] && x->rows[r].len > 0 &&
                (*row == NET_NONE || x->rows[r].len < x->rows[*row].len))
                *row = r;
        x->steps += x->row_count / 16;
        if (*row == NET_NONE)
            return;
        *column = choose_column(x, *row, room);
        x->stuck[*row] = *column == NET_NONE;
    } while (*column == NET_NONE);
}

/* 2 a - 2 b = 0 says that a = b. */
static void shorten(Row *row)
{
    int32_t common = 0;
    for (size_t i = 0; i < row->len && common != 1; i++)
        for (int32_t b = abs(row->at[i].coef); b != 0;) {
            int32_t rest = common % b;
            common = b;
            b = rest;
        }
    for (size_t i = 0; i < row->len && common > 1; i++)
        row->at[i].coef /= common;
}

/* to -= times * from. False: a coefficient has grown too large. */
static Status subtract(Rounding *x, uint32_t to, uint32_t from, int32_t times, bool *fits, Error *err)
{
    Row *a = &x->rows[to];
    const Row *b = &x->rows[from];
    size_t kept = 0;
    for (size_t i = 0; i < a->len; i++)
        x->place[a->at[i].column] = (uint32_t)i + 1;
    for (size_t i = 0; i < b->len; i++) {
        uint32_t c = b->at[i].column;
        if (x->place[c] == 0) {
            TRY(vec_push(a, ((Entry){c, 0}), err));
            TRY(vec_push(&x->rows_of[c], to, err));
            x->place[c] = (uint32_t)a->len;
        }
        a->at[x->place[c] - 1].coef -= times * b->at[i].coef;
    }
    x->steps += a->len + b->len;
    for (size_t i = 0; i < a->len; i++) {
        x->place[a->at[i].column] = 0;
        *fits = *fits && abs(a->at[i].coef) <= COEF_LARGEST;
        if (a->at[i].coef != 0)
            a->at[kept++] = a->at[i];
    }
    a->len = kept;
    x->stuck[to] = 0;
    shorten(a);
    return OK;
}

static Status pivot_on(Rounding *x, uint32_t column, uint32_t row, bool *fits, Error *err)
{
    int32_t sign = coef_in(x, row, column);
    x->pivot[column] = row;
    x->used[row] = 1;
    TRY(vec_push(&x->order, column, err));
    for (size_t i = 0; i < x->rows_of[column].len && *fits; i++) {
        uint32_t r = x->rows_of[column].at[i];
        if (x->used[r])
            continue;
        int32_t a = coef_in(x, r, column);
        x->steps += x->rows[r].len;
        if (a != 0)
            TRY(subtract(x, r, row, a * sign, fits, err));
    }
    return OK;
}

/* Cells with much room first; *fits: every equation either has its pivot or has become empty. */
static Status eliminate(Rounding *x, bool *fits, Error *err)
{
    static const double room[] = {64, 16, 0};
    uint32_t column, row;
    *fits = !x->large;
    for (size_t i = 0; i < COUNT_OF(room) && *fits; i++) {
        memset(x->stuck, 0, x->row_count);
        for (choose_pivot(x, room[i], &column, &row); column != NET_NONE && *fits;
             choose_pivot(x, room[i], &column, &row)) {
            TRY(pivot_on(x, column, row, fits, err));
            *fits = *fits && x->steps <= STEPS_MOST;
        }
    }
    for (uint32_t r = 0; r < x->row_count; r++)
        *fits = *fits && (x->used[r] || x->rows[r].len == 0);
    return OK;
}

static bool in_bounds(const Rounding *x, uint32_t column)
{
    double v = (double)x->value[column];
    uint32_t j = x->terms[column].cell;
    return fabs(v) < LARGEST && v <= x->net->up[j] && -v <= x->net->down[j];
}

/* A pivot's row may have columns that became pivots later: backwards. */
static bool follow(Rounding *x)
{
    for (size_t i = x->order.len; i-- > 0;) {
        uint32_t c = x->order.at[i];
        const Row *row = &x->rows[x->pivot[c]];
        int64_t rest = 0, sign = 1;
        for (size_t k = 0; k < row->len; k++) {
            int64_t term;
            if (row->at[k].column == c)
                sign = row->at[k].coef;
            else if (CKD_MUL(&term, x->value[row->at[k].column], (int64_t)row->at[k].coef) ||
                     CKD_ADD(&rest, rest, term))
                return false;
        }
        x->value[c] = -sign * rest;
        if (!in_bounds(x, c))
            return false;
    }
    return true;
}

/* The first time to the nearest; then a fraction is the chance of going up. */
static bool round_free(Rounding *x, Rng *rng, bool nearest)
{
    for (uint32_t c = 0; c < x->count; c++) {
        double y = x->terms[c].value;
        if (x->pivot[c] != NET_NONE)
            continue;
        if (fabs(y) >= LARGEST)
            return false;
        bool whole = fabs(y - round(y)) < 1e-6;
        x->value[c] = nearest || whole ? llround(y) : (int64_t)floor(y) + (rng_unit(rng) < y - floor(y));
        if (!in_bounds(x, c))
            return false;
    }
    return true;
}

static Status take(const Rounding *x, WholeMove **out, Error *err)
{
    WholeMove *m;
    TRY(mem_zalloc(1, sizeof *m, (void **)&m, err));
    Status st = mem_zalloc((size_t)x->count + 1, sizeof *m->terms, (void **)&m->terms, err);
    if (st != OK) {
        mem_free(m);
        return st;
    }
    m->owners = 1;
    for (uint32_t c = 0; c < x->count; c++)
        if (x->value[c] != 0)
            m->terms[m->count++] = (SuppressTerm){x->net->outside[x->terms[c].cell], x->value[c]};
    *out = m;
    return OK;
}

Status round_move(
    const Net *net, const LocalTerm *terms, uint32_t count, const uint8_t *allowed, WholeMove **out, Error *err)
{
    Rounding x = {.net = net};
    Rng rng;
    bool fits = false, done = false;
    *out = NULL;
    arena_init(&x.arena, 0);
    rng_init(&rng, count, terms[0].cell);
    Status st = list_columns(&x, terms, count, allowed, err);
    if (st == OK)
        st = rounding_new(&x, err);
    if (st == OK)
        st = eliminate(&x, &fits, err);
    for (int i = 0; i < TRIES && st == OK && fits && !done; i++)
        done = round_free(&x, &rng, i == 0) && follow(&x);
    if (done)
        st = take(&x, out, err);
    rounding_free(&x);
    return st;
}
