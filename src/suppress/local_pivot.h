/* Private to the local simplex: its workspace, and one pivot. */
#ifndef CAIRN_SUPPRESS_LOCAL_PIVOT_H
#define CAIRN_SUPPRESS_LOCAL_PIVOT_H

#include "suppress/local.h"

#define FEASIBLE 1e-9 /* y is in units of the level asked for */
#define PIVOT_LEAST 1e-7

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
    uint32_t *row_at;   /* place in row[] + 1 */
    double *off;        /* broken by so much, while the slack is basic */
    double *row_weight; /* minus one: of the slack */
    double *column;     /* entering column, where slacks are basic */
    uint8_t *column_seen;
    uint32_t *column_at, column_count;
    uint8_t *row_seen;
    uint32_t *rows; /* seen */
    uint32_t row_count;
    uint32_t *part_at; /* place in part[] + 1 */
    uint8_t *at_upper; /* part */
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

static inline uint32_t cell_of(uint32_t part)
{
    return part >> 1;
}

static inline double sign_of(uint32_t part)
{
    return part & 1 ? -1 : 1;
}

static inline void see_row(Local *l, uint32_t r)
{
    if (!l->row_seen[r]) {
        l->row_seen[r] = 1;
        l->rows[l->row_count++] = r;
    }
}

static inline void see_cell(Local *l, uint32_t j)
{
    if (!l->cell_seen[j]) {
        l->cell_seen[j] = 1;
        l->cells[l->cell_count++] = j;
    }
}

static inline double width(const Local *l, uint32_t part)
{
    uint32_t j = cell_of(part);
    return (part & 1 ? l->net->down[j] : l->net->up[j]) * l->per_unit;
}

static inline double reduced_cost(const Local *l, uint32_t part)
{
    uint32_t j = cell_of(part);
    return l->q->cost[j] - sign_of(part) * l->price[j];
}

/* A part grows by delta: the residuals of equations with a basic slack follow. */
static inline void move_part(Local *l, uint32_t part, double delta)
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

typedef struct Leaving {
    bool slack;
    uint32_t at; /* equation, or place in the basis */
    double need; /* must change by so much */
} Leaving;

/* What leaves the basis next. False: every equation and every bound holds. */
bool local_leaving(const Local *l, Leaving *out);
/* One pivot. *status LOCAL_NONE: nothing can enter, and alpha proves it; LOCAL_STOPPED: the pivot is too small to be
 * trusted. ERR_NOMEM. */
MUST_USE Status local_pivot(Local *l, const Leaving *chosen, LocalStatus *status, Error *err);
void local_forget_alpha(Local *l);

#endif
