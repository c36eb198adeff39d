/*
 * Controlled rounding over any system of equations.
 *
 * Each cell is drawn up or down with the odds that leave its mean alone, by a keyed hash of table, cell and value.
 * Those draws do not add up; the nearest integers that do are wanted. In trees and in two-way tables the linear program
 * has them at its corner (Cox 1987; the matrix is totally unimodular); in three dimensions some cells come out between,
 * are rounded, and a walk (rounding_repair.c) moves what does not add up then. Where it fails the cells are fixed one
 * after the other, the surest first, going the other way where the rest becomes impossible; then another draw of costs
 * is tried, then one more step of the base is allowed. Programs and moves are bounded.
 *
 * The program works in doubles and only proposes: what is returned has been added up in integers.
 */
#include "perturb/rounding_impl.h"

#include "lp/lp.h"

#include <math.h>
#include <stdlib.h>

#define KEY_MIN 16
#define TRIES 4
#define PROGRAMS_MAX 1000           /* a try, of a small table */
#define EFFORT_MAX 2000000          /* a try: programs times cells */
#define PURPOSE_WALK UINT32_MAX     /* of a draw */
#define MOVES_MAX UINT64_C(2000000) /* of a walk */
#define WHOLE 1e-6

/* y of a cell is its multiple of the base: target + up - down. Columns of width 0 are left out. */
typedef struct Column {
    uint32_t cell;
    int32_t sign; /* 1: up, -1: down */
    double width;
} Column;

typedef struct Between {
    double off; /* from the nearest whole number */
    uint32_t column;
    double near, low, high; /* that number; bounds before fixing */
} Between;

typedef struct Work {
    const SdcProblem *p;
    const RoundingOptions *o;
    RoundingReport *report;
    Arena arena;
    Hmac *hmac;
    int64_t *target; /* multiples of the base */
    Column *columns; /* 2 * cell_count */
    uint32_t count;
    uint32_t (*column_of)[2]; /* cell -> column + 1: up, down */
    double *low, *high;       /* bounds of the columns as fixed so far */
    int64_t *least, *most;    /* multiples that a cell may be */
    Between *between;
    Lp *lp;
} Work;

static Status draw(Work *w, uint32_t cell, uint32_t purpose, uint64_t *out, Error *err)
{
    Buf text;
    uint8_t digest[SHA256_SIZE];
    buf_init(&text, 0);
    buf_add(&text, w->o->name);
    buf_addf(&text, "|%" PRIu32 "|", purpose);
    if (w->p->names)
        buf_add(&text, w->p->names[cell]);
    else
        buf_add_u64(&text, cell);
    buf_addc(&text, '|');
    buf_add_i64(&text, w->p->cells[cell].value);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = hmac_of(w->hmac, buf_slice(&text), digest, err);
    buf_free(&text);
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out = *out << 8 | digest[i];
    return st;
}

static Status check(const SdcProblem *p, const RoundingOptions *o, Error *err)
{
    if (o->base < 2 || o->base > 1000000)
        return error_set(err, ERR_INVALID, "the base must lie between 2 and 1000000");
    if (o->max_steps > 100)
        return error_set(err, ERR_INVALID, "max_steps must be at most 100");
    if (o->key.len < KEY_MIN)
        return error_set(err, ERR_INVALID, "the key of the rounding has fewer than %d bytes", KEY_MIN);
    TRY(sdc_check(p, err));
    for (uint32_t i = 0; i < p->cell_count; i++)
        if (p->cells[i].value < 0) {
            char name[80];
            sdc_cell_name(p, i, name, sizeof name);
            return error_set(err, ERR_INVALID, "%s is negative", name);
        }
    for (uint32_t r = 0; r < p->row_count; r++)
        if (p->rhs[r] % o->base != 0)
            return error_set(err, ERR_INVALID, "equation %" PRIu32 " has a right side that is no multiple of %" PRIu32,
                r + 1, o->base);
    return OK;
}

static Status set_targets(Work *w, Error *err)
{
    for (uint32_t i = 0; i < w->p->cell_count; i++) {
        uint64_t chance;
        int64_t value = w->p->cells[i].value, rest = value % w->o->base;
        TRY(draw(w, i, 0, &chance, err));
        /* up with probability rest / base */
        w->target[i] = value / w->o->base + ((chance >> 32) * w->o->base < (uint64_t)rest << 32);
    }
    return OK;
}

static void add_column(Work *w, uint32_t cell, int32_t sign, int64_t width)
{
    if (width <= 0)
        return;
    w->columns[w->count++] = (Column){cell, sign, (double)width};
    w->column_of[cell][sign < 0] = w->count;
}

static void set_columns(Work *w, uint32_t steps)
{
    w->count = 0;
    memset(w->column_of, 0, w->p->cell_count * sizeof *w->column_of);
    for (uint32_t i = 0; i < w->p->cell_count; i++) {
        int64_t value = w->p->cells[i].value, least = value / w->o->base;
        int64_t most = least + (value % w->o->base != 0);
        w->least[i] = w->most[i] = 0;
        if (value == 0)
            continue;
        least = least > steps ? least - steps : 0;
        most += steps;
        w->least[i] = least;
        w->most[i] = most;
        add_column(w, i, 1, most - w->target[i]);
        add_column(w, i, -1, w->target[i] - least);
    }
}

/* What an equation's right side, divided by the base, lacks at the targets. */
static Status lacking(const Work *w, uint32_t r, const int64_t *y, int64_t *out, Error *err)
{
    const SdcProblem *p = w->p;
    int64_t sum = p->rhs[r] / w->o->base;
    for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
        int64_t term;
        if (CKD_MUL(&term, y[p->cell[k]], (int64_t)p->coef[k]) || CKD_SUB(&sum, sum, term))
            return error_set(err, ERR_LIMIT, "equation %" PRIu32 " does not fit into 64 bits", r + 1);
    }
    *out = sum;
    return OK;
}

static Status build(Work *w, Error *err)
{
    const SdcProblem *p = w->p;
    uint32_t entries = p->row_count ? p->start[p->row_count] : 0, *start, *column, n = 0;
    double *value, *right;
    TRY(arena_new(&w->arena, uint32_t, (size_t)p->row_count + 1, &start, err));
    TRY(arena_new(&w->arena, uint32_t, 2 * (size_t)entries + 1, &column, err));
    TRY(arena_new(&w->arena, double, 2 * (size_t)entries + 1, &value, err));
    TRY(arena_new(&w->arena, double, (size_t)p->row_count + 1, &right, err));
    for (uint32_t r = 0; r < p->row_count; r++) {
        int64_t lack;
        TRY(lacking(w, r, w->target, &lack, err));
        right[r] = (double)lack;
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            for (int down = 0; down < 2; down++)
                if (w->column_of[p->cell[k]][down]) {
                    column[n] = w->column_of[p->cell[k]][down] - 1;
                    value[n++] = down ? -(double)p->coef[k] : (double)p->coef[k];
                }
        start[r + 1] = n;
    }
    for (uint32_t c = 0; c < w->count; c++) {
        w->low[c] = 0;
        w->high[c] = w->columns[c].width;
    }
    lp_free(w->lp);
    w->lp = NULL;
    return lp_new(
        &(LpMatrix){w->count, p->row_count, start, column, value, w->low, w->high, right, right}, &w->lp, err);
}

/* Costs near 1, different in each try, so that the nearest solution is one and falls on a corner. */
static Status set_costs(Work *w, uint32_t attempt, Error *err)
{
    for (uint32_t c = 0; c < w->count; c++) {
        uint64_t chance;
        TRY(draw(w, w->columns[c].cell, attempt + 1, &chance, err));
        lp_set_cost(w->lp, c, 1 + (double)(chance >> 44) / (double)(1 << 20));
        lp_set_bounds(w->lp, c, 0, w->columns[c].width);
        w->low[c] = 0;
        w->high[c] = w->columns[c].width;
    }
    return OK;
}

static LpStatus solve(Work *w)
{
    w->report->programs++;
    return lp_solve(w->lp, false, 0);
}

static void bound(Work *w, uint32_t c, double low, double high)
{
    w->low[c] = low;
    w->high[c] = high;
    lp_set_bounds(w->lp, c, low, high);
}

static int by_off(const void *a, const void *b)
{
    const Between *x = a, *y = b;
    if (x->off != y->off)
        return x->off < y->off ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

/* The columns that are not whole in the last solution, surest first. */
static uint32_t find_between(Work *w)
{
    const double *x = lp_columns(w->lp);
    uint32_t n = 0;
    for (uint32_t c = 0; c < w->count; c++) {
        double near = round(x[c]), off = fabs(x[c] - near);
        if (off > WHOLE)
            w->between[n++] = (Between){off, c, near, w->low[c], w->high[c]};
    }
    qsort(w->between, n, sizeof *w->between, by_off);
    return n;
}

/* Fixes the first n; true when the rest is still possible, otherwise they are as before. */
static bool fix(Work *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        bound(w, w->between[i].column, w->between[i].near, w->between[i].near);
    if (solve(w) == LP_OPTIMAL)
        return true;
    for (uint32_t i = 0; i < n; i++)
        bound(w, w->between[i].column, w->between[i].low, w->between[i].high);
    return false;
}

/* The surest column cannot be what it is nearest to: it lies on one side of that. */
static bool turn(Work *w)
{
    Between *b = &w->between[0];
    if (b->near - 1 >= b->low) {
        bound(w, b->column, b->low, b->near - 1);
        if (solve(w) == LP_OPTIMAL)
            return true;
    }
    if (b->near + 1 <= b->high) {
        bound(w, b->column, b->near + 1, b->high);
        if (solve(w) == LP_OPTIMAL)
            return true;
    }
    return false;
}

/* Fewer programs where each of them is larger. */
static uint32_t programs_max(const Work *w)
{
    uint32_t most = EFFORT_MAX / (w->p->cell_count + 1);
    return most > PROGRAMS_MAX ? PROGRAMS_MAX : most < 10 ? 10 : most;
}

/* True when every column of the last solution is whole. Several columns are fixed at once, fewer after a failure. */
static bool dive(Work *w)
{
    uint32_t first = w->report->programs, part = 4;
    for (uint32_t n = find_between(w); n > 0; n = find_between(w)) {
        if (w->report->programs - first > programs_max(w))
            return false;
        if (n > part && fix(w, n / part)) {
            part = part > 4 ? part / 2 : 4;
            continue;
        }
        part = n > part ? part * 4 : part;
        if (!fix(w, 1) && !turn(w))
            return false;
    }
    return true;
}

/* The last solution, rounded. */
static void multiples(const Work *w, int64_t *out)
{
    const double *x = lp_columns(w->lp);
    for (uint32_t i = 0; i < w->p->cell_count; i++)
        out[i] = w->target[i];
    for (uint32_t c = 0; c < w->count; c++)
        out[w->columns[c].cell] += w->columns[c].sign * (int64_t)round(x[c]);
    for (uint32_t i = 0; i < w->p->cell_count; i++)
        out[i] = out[i] < w->least[i] ? w->least[i] : out[i] > w->most[i] ? w->most[i] : out[i];
}

static Status walk(Work *w, uint32_t attempt, int64_t *out, bool *found, Error *err)
{
    RoundingRepair r = {.p = w->p, .base = w->o->base, .least = w->least, .most = w->most, .moves = MOVES_MAX};
    TRY(draw(w, 0, PURPOSE_WALK - attempt, &r.seed, err));
    return rounding_repair(&r, out, found, err);
}

/* Takes multiples over when they hold in integers. */
static Status take(Work *w, uint32_t steps, int64_t *out, bool *holds, Error *err)
{
    const SdcProblem *p = w->p;
    *holds = true;
    for (uint32_t r = 0; r < p->row_count && *holds; r++) {
        int64_t lack;
        TRY(lacking(w, r, out, &lack, err));
        *holds = lack == 0;
    }
    w->report->moved = 0;
    w->report->worst = 0;
    for (uint32_t i = 0; i < p->cell_count && *holds; i++) {
        int64_t low, high, value = p->cells[i].value;
        out[i] *= w->o->base;
        rounding_interval(out[i], w->o->base, steps, &low, &high);
        *holds = value >= low && value <= high && (value != 0 || out[i] == 0);
        int64_t change = out[i] > value ? out[i] - value : value - out[i];
        w->report->moved += change > 0;
        w->report->worst = change > w->report->worst ? change : w->report->worst;
    }
    return OK;
}

static Status attempt(Work *w, uint32_t steps, int64_t *out, bool *found, Error *err)
{
    set_columns(w, steps);
    TRY(build(w, err));
    for (uint32_t k = 0; k < TRIES && !*found; k++) {
        bool whole = false;
        TRY(set_costs(w, k, err));
        if (solve(w) != LP_OPTIMAL)
            continue;
        if (find_between(w) > 0) {
            multiples(w, out);
            TRY(walk(w, k, out, &whole, err));
        }
        if (!whole && dive(w)) {
            multiples(w, out);
            whole = true;
        }
        if (whole)
            TRY(take(w, steps, out, found, err));
    }
    return OK;
}

static Status work_init(Work *w, Error *err)
{
    size_t n = w->p->cell_count;
    TRY(arena_new(&w->arena, int64_t, n, &w->target, err));
    TRY(arena_new(&w->arena, Column, 2 * n, &w->columns, err));
    TRY(arena_array_(&w->arena, n, sizeof *w->column_of, (void **)&w->column_of, err));
    TRY(arena_new(&w->arena, Between, 2 * n, &w->between, err));
    TRY(arena_new(&w->arena, double, 2 * n, &w->low, err));
    TRY(arena_new(&w->arena, double, 2 * n, &w->high, err));
    TRY(arena_new(&w->arena, int64_t, n, &w->least, err));
    TRY(arena_new(&w->arena, int64_t, n, &w->most, err));
    TRY(hmac_new((const uint8_t *)w->o->key.ptr, w->o->key.len, &w->hmac, err));
    return set_targets(w, err);
}

Status rounding_table(const SdcProblem *p, const RoundingOptions *o, int64_t *out, RoundingReport *report, Error *err)
{
    Work w = {.p = p, .o = o, .report = report};
    bool found = false;
    *report = (RoundingReport){0};
    TRY(check(p, o, err));
    arena_init(&w.arena, 0);
    Status st = work_init(&w, err);
    for (uint32_t steps = 0; steps <= o->max_steps && st == OK && !found; steps++) {
        report->steps = steps;
        st = attempt(&w, steps, out, &found, err);
    }
    if (st == OK && !found)
        st = error_set(err, ERR_LIMIT,
            "no rounding to multiples of %" PRIu32 " that adds up was found within %" PRIu32 " further steps", o->base,
            o->max_steps);
    lp_free(w.lp);
    hmac_free(w.hmac);
    arena_free(&w.arena);
    return st;
}

void rounding_interval(int64_t published, uint32_t base, uint32_t steps, int64_t *low, int64_t *high)
{
    int64_t reach = (int64_t)(steps + 1) * base - 1;
    *low = published > reach ? published - reach : 0;
    *high = published + reach;
}
