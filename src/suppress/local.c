/*
 * Dual simplex over few equations.
 *
 * Every cell is split into a part up and a part down, both >= 0 and with the same cost, so that y = 0 with all slacks
 * basic is dual feasible: no phase one. An equation whose slack is basic costs nothing but its residual. The basis matrix
 * is therefore that of the equations whose slack has left, its inverse is kept dense, and grows by a border with each
 * new one (Koberstein 2005 for the rest: largest infeasibility, ratio test with bound flips).
 */
#include "suppress/local.h"

#include <math.h>
#include <stdlib.h>

#define FEASIBLE 1e-9 /* y is in units of the level asked for */
#define PIVOT_LEAST 1e-7
#define RATIO_TIE 1e-10
#define RESIDUAL_TRUST 1e-7
#define DRIFT 1e-6

typedef struct Candidate {
    double ratio;
    double alpha; /* of the part, absolute */
    uint32_t part;
} Candidate;

struct Local {
    const Net *net;
    /* basis: columns `part`, equations `row` */
    uint32_t size, space;
    double *inverse; /* space * space, row-major: [column of the basis][equation] */
    uint32_t *part, *row;
    double *value, *limit, *weight;
    double *left, *entering, *step; /* space: scratch vectors */
    uint32_t *left_at, *entering_at;
    /* per equation and per cell of the net; clean between queries */
    uint32_t *row_at;    /* place in row[] + 1 */
    double *off;         /* broken by so much, while the slack is basic */
    double *row_weight;  /* minus one: of the slack */
    double *column;      /* entering column, where slacks are basic */
    uint8_t *column_seen;
    uint32_t *column_at, column_count;
    uint8_t *row_seen;
    uint32_t *rows;      /* seen */
    uint32_t row_count;
    uint32_t *part_at;   /* place in part[] + 1 */
    uint8_t *at_upper;   /* part */
    double *price, *alpha;
    uint8_t *cell_seen, *alpha_seen;
    uint32_t *cells, cell_count;
    uint32_t *alphas, alpha_count;
    Candidate *candidates;
    LocalTerm *terms;
    /* the query */
    const LocalQuery *q;
    double unit, per_unit; /* absolute target, and one over it */
    double objective;
    uint32_t pivots;
    Arena arena;
};

static uint32_t cell_of(uint32_t part)
{
    return part >> 1;
}

static double sign_of(uint32_t part)
{
    return part & 1 ? -1 : 1;
}

Status local_new(const Net *net, Local **out, Error *err)
{
    Local *l = NULL;
    Status st;
    TRY(mem_zalloc(1, sizeof *l, (void **)&l, err));
    arena_init(&l->arena, 0);
    l->net = net;
    size_t rows = (size_t)net->row_count + 1, cells = (size_t)net->cell_count + 1;
    TRY_OUT(arena_new(&l->arena, uint32_t, rows, &l->row_at, err));
    TRY_OUT(arena_new(&l->arena, double, rows, &l->off, err));
    TRY_OUT(arena_new(&l->arena, double, rows, &l->row_weight, err));
    TRY_OUT(arena_new(&l->arena, double, rows, &l->column, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, rows, &l->column_seen, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, rows, &l->column_at, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, rows, &l->row_seen, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, rows, &l->rows, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, 2 * cells, &l->part_at, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, 2 * cells, &l->at_upper, err));
    TRY_OUT(arena_new(&l->arena, double, cells, &l->price, err));
    TRY_OUT(arena_new(&l->arena, double, cells, &l->alpha, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, cells, &l->cell_seen, err));
    TRY_OUT(arena_new(&l->arena, uint8_t, cells, &l->alpha_seen, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, cells, &l->cells, err));
    TRY_OUT(arena_new(&l->arena, uint32_t, cells, &l->alphas, err));
    TRY_OUT(arena_new(&l->arena, Candidate, 2 * cells, &l->candidates, err));
    TRY_OUT(arena_new(&l->arena, LocalTerm, cells, &l->terms, err));
    *out = l;
    return OK;
out:
    local_free(l);
    return st;
}

void local_free(Local *l)
{
    if (!l)
        return;
    arena_free(&l->arena);
    mem_free(l->inverse);
    mem_free(l->part);
    mem_free(l->row);
    mem_free(l->value);
    mem_free(l->limit);
    mem_free(l->weight);
    mem_free(l->left);
    mem_free(l->entering);
    mem_free(l->step);
    mem_free(l->left_at);
    mem_free(l->entering_at);
    mem_free(l);
}

static Status resize(void *at, size_t count, size_t size, Error *err)
{
    void *p;
    memcpy(&p, at, sizeof p);
    TRY(mem_resize(&p, count, size, err));
    memcpy(at, &p, sizeof p);
    return OK;
}

/* Room for one more equation in the basis. */
static Status grow(Local *l, Error *err)
{
    if (l->size < l->space)
        return OK;
    uint32_t space = l->space ? 2 * l->space : 64;
    double *wide;
    TRY(mem_zalloc((size_t)space * space, sizeof *wide, (void **)&wide, err));
    for (uint32_t i = 0; i < l->size; i++)
        memcpy(wide + (size_t)i * space, l->inverse + (size_t)i * l->space, l->size * sizeof *wide);
    mem_free(l->inverse);
    l->inverse = wide;
    l->space = space;
    TRY(resize(&l->part, space, sizeof *l->part, err));
    TRY(resize(&l->row, space, sizeof *l->row, err));
    TRY(resize(&l->value, space, sizeof *l->value, err));
    TRY(resize(&l->limit, space, sizeof *l->limit, err));
    TRY(resize(&l->weight, space, sizeof *l->weight, err));
    TRY(resize(&l->left, space, sizeof *l->left, err));
    TRY(resize(&l->entering, space, sizeof *l->entering, err));
    TRY(resize(&l->step, space, sizeof *l->step, err));
    TRY(resize(&l->left_at, space, sizeof *l->left_at, err));
    return resize(&l->entering_at, space, sizeof *l->entering_at, err);
}

static void see_row(Local *l, uint32_t r)
{
    if (!l->row_seen[r]) {
        l->row_seen[r] = 1;
        l->rows[l->row_count++] = r;
    }
}

static void see_cell(Local *l, uint32_t j)
{
    if (!l->cell_seen[j]) {
        l->cell_seen[j] = 1;
        l->cells[l->cell_count++] = j;
    }
}

static double width(const Local *l, uint32_t part)
{
    uint32_t j = cell_of(part);
    return (part & 1 ? l->net->down[j] : l->net->up[j]) * l->per_unit;
}

static double reduced_cost(const Local *l, uint32_t part)
{
    uint32_t j = cell_of(part);
    return l->q->cost[j] - sign_of(part) * l->price[j];
}

/* A part grows by delta: the residuals of equations with a basic slack follow. */
static void move_part(Local *l, uint32_t part, double delta)
{
    const Net *n = l->net;
    uint32_t j = cell_of(part);
    delta *= sign_of(part);
    for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++) {
        uint32_t r = n->col_row[k];
        if (!l->row_at[r]) {
            see_row(l, r);
            l->off[r] += n->col_coef[k] * delta;
        }
    }
}

static void forget(Local *l)
{
    for (uint32_t i = 0; i < l->row_count; i++) {
        uint32_t r = l->rows[i];
        l->row_at[r] = 0;
        l->off[r] = 0;
        l->row_weight[r] = 0;
        l->row_seen[r] = 0;
    }
    for (uint32_t i = 0; i < l->cell_count; i++) {
        uint32_t j = l->cells[i];
        l->cell_seen[j] = 0;
        l->price[j] = 0;
        l->part_at[2 * j] = l->part_at[2 * j + 1] = 0;
        l->at_upper[2 * j] = l->at_upper[2 * j + 1] = 0;
    }
    l->row_count = l->cell_count = l->size = l->pivots = 0;
    l->objective = 0;
}

/* --- one pivot ---------------------------------------------------------------------------------------------------- */

typedef struct Leaving {
    bool slack;
    uint32_t at;    /* equation, or place in the basis */
    double need;    /* must change by so much */
} Leaving;

/* Devex: infeasibility squared over a weight that grows where pivots have been (Forrest and Goldfarb 1992). */
static bool choose_leaving(const Local *l, Leaving *out)
{
    double best = 0;
    for (uint32_t i = 0; i < l->row_count; i++) {
        uint32_t r = l->rows[i];
        double off = l->off[r];
        if (fabs(off) > FEASIBLE && off * off > best * (1 + l->row_weight[r])) {
            best = off * off / (1 + l->row_weight[r]);
            *out = (Leaving){.slack = true, .at = r, .need = off}; /* the slack is minus the residual */
        }
    }
    for (uint32_t i = 0; i < l->size; i++) {
        double out_by = l->value[i] < 0 ? -l->value[i] : l->value[i] - l->limit[i];
        if (out_by > FEASIBLE && out_by * out_by > best * l->weight[i]) {
            best = out_by * out_by / l->weight[i];
            *out = (Leaving){.slack = false, .at = i, .need = l->value[i] < 0 ? out_by : -out_by};
        }
    }
    return best > 0;
}

/* The leaving variable's row of the inverse, over the equations of the basis: left[], places in left_at. */
static uint32_t left_row(Local *l, const Leaving *v)
{
    const Net *n = l->net;
    uint32_t count = 0;
    if (!v->slack) {
        for (uint32_t c = 0; c < l->size; c++)
            l->left[c] = l->inverse[(size_t)v->at * l->space + c];
    } else {
        memset(l->left, 0, l->size * sizeof *l->left);
        for (uint32_t k = n->row_start[v->at]; k < n->row_start[v->at + 1]; k++) {
            uint32_t j = n->row_cell[k];
            for (uint32_t s = 0; s < 2; s++) {
                if (!l->part_at[2 * j + s])
                    continue;
                double u = n->row_coef[k] * (s ? -1 : 1);
                const double *row = l->inverse + (size_t)(l->part_at[2 * j + s] - 1) * l->space;
                for (uint32_t c = 0; c < l->size; c++)
                    l->left[c] -= u * row[c];
            }
        }
    }
    for (uint32_t c = 0; c < l->size; c++)
        if (fabs(l->left[c]) > 1e-12)
            l->left_at[count++] = c;
        else
            l->left[c] = 0;
    return count;
}

static void add_alpha_row(Local *l, uint32_t r, double times)
{
    const Net *n = l->net;
    for (uint32_t k = n->row_start[r]; k < n->row_start[r + 1]; k++) {
        uint32_t j = n->row_cell[k];
        if (!l->q->allowed[j])
            continue;
        if (!l->alpha_seen[j]) {
            l->alpha_seen[j] = 1;
            l->alphas[l->alpha_count++] = j;
        }
        l->alpha[j] += times * n->row_coef[k];
    }
}

static void pivot_row(Local *l, const Leaving *v, uint32_t left_count)
{
    if (v->slack)
        add_alpha_row(l, v->at, 1);
    for (uint32_t i = 0; i < left_count; i++)
        add_alpha_row(l, l->row[l->left_at[i]], l->left[l->left_at[i]]);
}

static void forget_alpha(Local *l)
{
    for (uint32_t i = 0; i < l->alpha_count; i++) {
        l->alpha[l->alphas[i]] = 0;
        l->alpha_seen[l->alphas[i]] = 0;
    }
    l->alpha_count = 0;
}

/* Parts whose move helps the leaving variable, with the price at which they would. A part that can help enough by itself
 * makes all dearer ones uninteresting. */
static uint32_t collect(Local *l, const Leaving *v)
{
    uint32_t count = 0;
    double sense = v->need > 0 ? 1 : -1, need = fabs(v->need), dearest = INFINITY;
    for (uint32_t i = 0; i < l->alpha_count; i++) {
        uint32_t j = l->alphas[i];
        double a = sense * l->alpha[j], size = fabs(a);
        if (size < PIVOT_LEAST || j == l->q->cell)
            continue;
        uint32_t rising = 2 * j + (a > 0), falling = rising ^ 1;
        if (l->at_upper[falling] && !l->part_at[falling]) {
            double d = -reduced_cost(l, falling);
            l->candidates[count++] = (Candidate){.ratio = d > 0 ? d / size : 0, .alpha = size, .part = falling};
        }
        if (l->part_at[rising] || l->at_upper[rising])
            continue;
        double d = reduced_cost(l, rising);
        if (d > dearest * size)
            continue;
        double ratio = d > 0 ? d / size : 0;
        l->candidates[count++] = (Candidate){.ratio = ratio, .alpha = size, .part = rising};
        if (size * width(l, rising) >= need && ratio + RATIO_TIE < dearest)
            dearest = ratio + RATIO_TIE;
    }
    return count;
}

static bool before(const Candidate *a, const Candidate *b)
{
    if (a->ratio < b->ratio - RATIO_TIE || a->ratio > b->ratio + RATIO_TIE)
        return a->ratio < b->ratio;
    if (fabs(a->alpha - b->alpha) > PIVOT_LEAST)
        return a->alpha > b->alpha;
    return a->part < b->part;
}

static void sift(Candidate *c, uint32_t count, uint32_t i)
{
    for (;;) {
        uint32_t best = i, left = 2 * i + 1;
        for (uint32_t k = left; k < left + 2 && k < count; k++)
            if (before(&c[k], &c[best]))
                best = k;
        if (best == i)
            return;
        Candidate t = c[i];
        c[i] = c[best];
        c[best] = t;
        i = best;
    }
}

/* Passes cheap parts that together cannot help enough (they go to their other bound) and stops at the one that can.
 * Passed parts end up behind `*left` in the array. False: all together cannot. */
static bool choose_entering(Local *l, double need, uint32_t count, uint32_t *left, Candidate *out)
{
    Candidate *c = l->candidates;
    double slope = fabs(need);
    *left = count;
    uint32_t least = 0;
    for (uint32_t i = 1; i < count; i++)
        if (before(&c[i], &c[least]))
            least = i;
    if (count > 0 && slope - c[least].alpha * width(l, c[least].part) <= FEASIBLE) {
        *out = c[least];
        return true;
    }
    for (uint32_t i = count / 2 + 1; i-- > 0;)
        if (i < count)
            sift(c, count, i);
    for (*left = count; *left > 0;) {
        Candidate first = c[0];
        double reach = first.alpha * width(l, first.part);
        if (slope - reach <= FEASIBLE) {
            *out = first;
            return true;
        }
        slope -= reach;
        c[0] = c[*left - 1];
        c[*left - 1] = first;
        (*left)--;
        sift(c, *left, 0);
    }
    return false;
}

/* value -= inverse * change; residuals follow. change: by equation of the basis, in l->step. */
static void apply_change(Local *l)
{
    uint32_t count = 0;
    for (uint32_t c = 0; c < l->size; c++)
        if (l->step[c] != 0)
            l->entering_at[count++] = c;
    for (uint32_t i = 0; i < l->size && count > 0; i++) {
        const double *row = l->inverse + (size_t)i * l->space;
        double delta = 0;
        for (uint32_t c = 0; c < count; c++)
            delta -= row[l->entering_at[c]] * l->step[l->entering_at[c]];
        if (delta != 0) {
            l->value[i] += delta;
            move_part(l, l->part[i], delta);
        }
    }
}

static void flip(Local *l, uint32_t part)
{
    const Net *n = l->net;
    uint32_t j = cell_of(part);
    double delta = l->at_upper[part] ? -width(l, part) : width(l, part);
    l->at_upper[part] ^= 1;
    see_cell(l, j);
    move_part(l, part, delta);
    for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++)
        if (l->row_at[n->col_row[k]])
            l->step[l->row_at[n->col_row[k]] - 1] += n->col_coef[k] * sign_of(part) * delta;
}

/* inverse * column of the entering part: entering[], places in entering_at. */
static uint32_t entering_column(Local *l, uint32_t part)
{
    const Net *n = l->net;
    uint32_t j = cell_of(part), count = 0;
    memset(l->entering, 0, l->size * sizeof *l->entering);
    for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++) {
        if (!l->row_at[n->col_row[k]])
            continue;
        uint32_t c = l->row_at[n->col_row[k]] - 1;
        double a = n->col_coef[k] * sign_of(part);
        for (uint32_t i = 0; i < l->size; i++)
            l->entering[i] += l->inverse[(size_t)i * l->space + c] * a;
    }
    for (uint32_t i = 0; i < l->size; i++)
        if (fabs(l->entering[i]) > 1e-12)
            l->entering_at[count++] = i;
        else
            l->entering[i] = 0;
    return count;
}

/* A structural leaves for another one. */
static void replace(Local *l, uint32_t at, uint32_t count, uint32_t left_count)
{
    double *pivot_line = l->inverse + (size_t)at * l->space;
    double pivot = l->entering[at];
    for (uint32_t c = 0; c < left_count; c++)
        pivot_line[l->left_at[c]] /= pivot;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t line = l->entering_at[i];
        if (line == at)
            continue;
        double *to = l->inverse + (size_t)line * l->space;
        double times = l->entering[line];
        for (uint32_t c = 0; c < left_count; c++)
            to[l->left_at[c]] -= times * pivot_line[l->left_at[c]];
    }
}

/* A slack leaves: the basis gets the equation r and the entering part. left is its row of the inverse. */
static void border(Local *l, uint32_t r, double pivot, uint32_t count, uint32_t left_count)
{
    uint32_t n = l->size;
    double *last = l->inverse + (size_t)n * l->space;
    memset(last, 0, (size_t)(n + 1) * sizeof *last);
    for (uint32_t i = 0; i < n; i++)
        l->inverse[(size_t)i * l->space + n] = 0;
    for (uint32_t c = 0; c < left_count; c++)
        last[l->left_at[c]] = l->left[l->left_at[c]] / pivot;
    last[n] = 1 / pivot;
    for (uint32_t i = 0; i < count; i++) {
        double *to = l->inverse + (size_t)l->entering_at[i] * l->space;
        double times = l->entering[l->entering_at[i]];
        for (uint32_t c = 0; c < left_count; c++)
            to[l->left_at[c]] -= times * last[l->left_at[c]];
        to[n] = -times / pivot;
    }
    l->row[n] = r;
    l->row_at[r] = n + 1;
    l->off[r] = 0;
    l->size++;
}

/* Dual step: prices move along the pivot row until the entering part pays. */
static void move_prices(Local *l, uint32_t part)
{
    double step = reduced_cost(l, part) / (sign_of(part) * l->alpha[cell_of(part)]);
    for (uint32_t i = 0; i < l->alpha_count; i++) {
        uint32_t j = l->alphas[i];
        if (l->alpha[j] != 0) {
            see_cell(l, j);
            l->price[j] += step * l->alpha[j];
        }
    }
}

/* What one unit of a part does to the residuals of equations with a basic slack. */
static void add_column(Local *l, uint32_t part, double times)
{
    const Net *n = l->net;
    uint32_t j = cell_of(part);
    times *= sign_of(part);
    for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++) {
        uint32_t r = n->col_row[k];
        if (l->row_at[r])
            continue;
        if (!l->column_seen[r]) {
            l->column_seen[r] = 1;
            l->column_at[l->column_count++] = r;
        }
        l->column[r] += n->col_coef[k] * times;
    }
}

static void raise_weight(double *weight, double base, double relative, double reference)
{
    double least = relative * relative * reference;
    if (least > *weight + base)
        *weight = least - base;
}

/* The step is taken, and the weights learn from the column. */
static void step_along(Local *l, uint32_t part, uint32_t count, double step, double alpha, double reference)
{
    l->column_count = 0;
    add_column(l, part, 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = l->entering_at[i];
        l->value[at] -= l->entering[at] * step;
        add_column(l, l->part[at], -l->entering[at]);
        raise_weight(&l->weight[at], 0, l->entering[at] / alpha, reference);
    }
    for (uint32_t i = 0; i < l->column_count; i++) {
        uint32_t r = l->column_at[i];
        if (l->column[r] != 0) {
            see_row(l, r);
            l->off[r] += step * l->column[r];
            raise_weight(&l->row_weight[r], 1, l->column[r] / alpha, reference);
        }
        l->column[r] = 0;
        l->column_seen[r] = 0;
    }
}

/* Primal step and change of basis. False when the pivot is too small to be trusted. */
static bool change_basis(Local *l, const Leaving *v, uint32_t part, uint32_t left_count)
{
    double alpha = sign_of(part) * l->alpha[cell_of(part)];
    uint32_t count = entering_column(l, part), at = v->at;
    if (!v->slack && fabs(l->entering[at] - alpha) > 1e-6 * (1 + fabs(alpha)))
        return false;
    double now = v->slack ? -l->off[at] : l->value[at];
    double reference = v->slack ? 1 + l->row_weight[at] : l->weight[at];
    bool to_upper = !v->slack && v->need < 0;
    double step = (now - (to_upper ? l->limit[at] : 0)) / alpha;
    double entered = (l->at_upper[part] ? width(l, part) : 0) + step;
    step_along(l, part, count, step, alpha, reference);
    l->at_upper[part] = 0;
    if (v->slack) {
        border(l, at, alpha, count, left_count);
        at = l->size - 1;
    } else {
        uint32_t out = l->part[at];
        replace(l, at, count, left_count);
        l->part_at[out] = 0;
        l->at_upper[out] = to_upper;
    }
    l->part[at] = part;
    l->value[at] = entered;
    l->limit[at] = width(l, part);
    l->weight[at] = reference / (alpha * alpha) > 1 ? reference / (alpha * alpha) : 1;
    l->part_at[part] = at + 1;
    return true;
}

static Status pivot(Local *l, const Leaving *chosen, LocalStatus *status, Error *err)
{
    Leaving v = *chosen;
    Candidate entering;
    uint32_t left;
    TRY(grow(l, err));
    uint32_t left_count = left_row(l, &v);
    pivot_row(l, &v, left_count);
    uint32_t count = collect(l, &v);
    if (!choose_entering(l, v.need, count, &left, &entering)) {
        if (v.slack && fabs(v.need) < DRIFT) { /* the equation follows from others: what is left of it is rounding */
            l->off[v.at] = 0;
            forget_alpha(l);
            return OK;
        }
        *status = LOCAL_NONE;
        return OK; /* alpha stays: it is the proof */
    }
    double price_step = entering.ratio;
    l->objective += price_step * fabs(v.need);
    if (left < count) {
        memset(l->step, 0, l->size * sizeof *l->step);
        for (uint32_t i = left; i < count; i++) {
            l->objective -= (price_step - l->candidates[i].ratio) * l->candidates[i].alpha * width(l, l->candidates[i].part);
            flip(l, l->candidates[i].part);
        }
        apply_change(l);
    }
    see_cell(l, cell_of(entering.part));
    move_prices(l, entering.part);
    if (!change_basis(l, &v, entering.part, left_count))
        *status = LOCAL_STOPPED;
    forget_alpha(l);
    return OK;
}

/* --- a query ------------------------------------------------------------------------------------------------------ */

static void start(Local *l)
{
    const Net *n = l->net;
    uint32_t k = l->q->cell;
    double y = l->q->target > 0 ? 1 : -1;
    for (uint32_t i = n->col_start[k]; i < n->col_start[k + 1]; i++) {
        see_row(l, n->col_row[i]);
        l->off[n->col_row[i]] = n->col_coef[i] * y;
    }
}

static double moved(const Local *l, uint32_t j)
{
    double y = 0;
    for (uint32_t s = 0; s < 2; s++) {
        uint32_t part = 2 * j + s;
        double x = l->part_at[part] ? l->value[l->part_at[part] - 1] : l->at_upper[part] ? width(l, part) : 0;
        y += s ? -x : x;
    }
    return y;
}

/* Equations are checked anew from the answer itself: what the updates have lost shows here. */
static bool trustworthy(Local *l, uint32_t count)
{
    const Net *n = l->net;
    double worst = 0;
    for (uint32_t i = 0; i < l->row_count; i++)
        l->off[l->rows[i]] = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = l->terms[i].cell;
        for (uint32_t k = n->col_start[j]; k < n->col_start[j + 1]; k++) {
            see_row(l, n->col_row[k]);
            l->off[n->col_row[k]] += n->col_coef[k] * l->terms[i].value;
        }
    }
    for (uint32_t i = 0; i < l->row_count; i++)
        worst = fabs(l->off[l->rows[i]]) > worst ? fabs(l->off[l->rows[i]]) : worst;
    return worst <= RESIDUAL_TRUST * l->unit;
}

static bool take_answer(Local *l, LocalAnswer *out)
{
    uint32_t count = 0;
    l->terms[count++] = (LocalTerm){l->q->cell, l->q->target};
    out->cost = 0;
    for (uint32_t i = 0; i < l->cell_count; i++) {
        uint32_t j = l->cells[i];
        double y = j == l->q->cell ? 0 : moved(l, j);
        if (fabs(y) > FEASIBLE) {
            out->cost += fabs(y) * l->q->cost[j];
            l->terms[count++] = (LocalTerm){j, y * l->unit};
        }
    }
    out->terms = l->terms;
    out->count = count;
    return trustworthy(l, count);
}

static void take_ray(Local *l, LocalAnswer *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->alpha_count; i++)
        if (fabs(l->alpha[l->alphas[i]]) > PIVOT_LEAST)
            l->terms[count++] = (LocalTerm){l->alphas[i], l->alpha[l->alphas[i]]};
    out->terms = l->terms;
    out->count = count;
}

Status local_solve(Local *l, const LocalQuery *q, LocalStatus *status, LocalAnswer *out, Error *err)
{
    Leaving v = {0};
    Status st = OK;
    l->q = q;
    l->unit = fabs(q->target);
    l->per_unit = 1 / l->unit;
    *out = (LocalAnswer){0};
    *status = LOCAL_FOUND;
    start(l);
    while (st == OK && *status == LOCAL_FOUND && choose_leaving(l, &v)) {
        if (l->pivots++ >= q->pivot_limit || l->size >= q->row_limit || l->objective > q->cost_limit) {
            *status = l->objective > q->cost_limit ? LOCAL_DEAR : LOCAL_STOPPED;
            break;
        }
        st = pivot(l, &v, status, err);
    }
    out->pivots = l->pivots;
    out->rows = l->row_count;
    if (st == OK && *status == LOCAL_FOUND && !take_answer(l, out))
        *status = LOCAL_STOPPED;
    if (st == OK && *status == LOCAL_NONE)
        take_ray(l, out);
    forget_alpha(l);
    forget(l);
    return st;
}
