/* One pivot of the local simplex: what leaves, what enters, and what that changes. local.c says the rest. */
#include "suppress/local_pivot.h"

#include <math.h>

#define RATIO_TIE 1e-10
#define DRIFT 1e-6

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

/* Devex: infeasibility squared over a weight that grows where pivots have been (Forrest and Goldfarb 1992). */
bool local_leaving(const Local *l, Leaving *out)
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

void local_forget_alpha(Local *l)
{
    for (uint32_t i = 0; i < l->alpha_count; i++) {
        l->alpha[l->alphas[i]] = 0;
        l->alpha_seen[l->alphas[i]] = 0;
    }
    l->alpha_count = 0;
}

/* Parts whose move helps the leaving variable, with the price at which they would. A part that can help enough by
 * itself makes all dearer ones uninteresting. */
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

Status local_pivot(Local *l, const Leaving *chosen, LocalStatus *status, Error *err)
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
            local_forget_alpha(l);
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
            l->objective -=
                (price_step - l->candidates[i].ratio) * l->candidates[i].alpha * width(l, l->candidates[i].part);
            flip(l, l->candidates[i].part);
        }
        apply_change(l);
    }
    see_cell(l, cell_of(entering.part));
    move_prices(l, entering.part);
    if (!change_basis(l, &v, entering.part, left_count))
        *status = LOCAL_STOPPED;
    local_forget_alpha(l);
    return OK;
}
