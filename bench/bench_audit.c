/*
 * Times the attacker on tables as they occur.
 *
 * usage: bench_audit cube N | tree ROWS | jj FILE
 *   cube N    N x N x N counts with all margins, under 10 sensitive, secondaries by the hypercube rule
 *   tree N    N schools in districts, regions, a state, by 40 crossed groups, secondaries by the same rule in each
 * family jj FILE   a problem with its pattern ('m')
 */
#include <stdio.h>
#include <stdlib.h>

#include "audit/audit.h"

#define THRESHOLD 10

static void must(Status st, const Error *err)
{
    if (st == OK)
        return;
    fprintf(stderr, "bench_audit: %s\n", err->message);
    exit(1);
}

/* A node a dimension: leaves first, then what sums them. parent[last] is itself. */
typedef struct Axis {
    uint32_t size, leaves;
    uint32_t *parent;
} Axis;

typedef struct Grid {
    Axis axis[3];
    SdcProblem p;
} Grid;

static uint32_t at(const Grid *g, uint32_t i, uint32_t j, uint32_t k)
{
    return (i * g->axis[1].size + j) * g->axis[2].size + k;
}

static void axis_of(Axis *a, uint32_t leaves, const uint32_t *fan, uint32_t levels)
{
    uint32_t size = leaves, below = leaves, from = 0;
    uint32_t counts[8];
    for (uint32_t l = 0; l < levels; l++) {
        counts[l] = (below + fan[l] - 1) / fan[l];
        size += counts[l];
        below = counts[l];
    }
    a->leaves = leaves;
    a->size = size;
    a->parent = malloc(size * sizeof *a->parent);
    below = leaves;
    for (uint32_t l = 0; l < levels; l++) {
        for (uint32_t i = 0; i < below; i++)
            a->parent[from + i] = from + below + i / fan[l];
        from += below;
        below = counts[l];
    }
    a->parent[size - 1] = size - 1;
}

/* One equation a node with children, along each axis, at each place of the others. */
static uint32_t rows_fill(Grid *g, uint32_t *entries, int fill)
{
    SdcProblem *p = &g->p;
    uint32_t rows = 0, n = 0;
    for (int d = 0; d < 3; d++) {
        const Axis *a = &g->axis[d];
        uint32_t stride = d == 0 ? g->axis[1].size * g->axis[2].size : d == 1 ? g->axis[2].size : 1;
        uint32_t all = g->axis[0].size * g->axis[1].size * g->axis[2].size;
        for (uint32_t base = 0; base < all; base++) {
            if (base / stride % a->size != 0)
                continue;
            for (uint32_t parent = a->leaves; parent < a->size; parent++) {
                if (fill)
                    p->start[rows] = n;
                for (uint32_t c = 0; c < parent; c++)
                    if (a->parent[c] == parent) {
                        if (fill) {
                            p->cell[n] = base + c * stride;
                            p->coef[n] = 1;
                        }
                        n++;
                    }
                if (fill) {
                    p->cell[n] = base + parent * stride;
                    p->coef[n] = -1;
                }
                n++;
                rows++;
            }
        }
    }
    if (fill)
        p->start[rows] = n;
    *entries = n;
    return rows;
}

static void values_fill(Grid *g, uint64_t mean)
{
    Rng rng;
    rng_init(&rng, 7, 0);
    uint32_t n0 = g->axis[0].size, n1 = g->axis[1].size, n2 = g->axis[2].size;
    double *weight[3];
    for (int d = 0; d < 3; d++) {
        weight[d] = malloc(g->axis[d].leaves * sizeof(double));
        for (uint32_t i = 0; i < g->axis[d].leaves; i++) {
            double z = rng_normal(&rng);
            weight[d][i] = 0.35 + (z > 0 ? z * z : -0.25 * z / (1 - z));
        }
    }
    for (uint32_t i = 0; i < g->axis[0].leaves; i++)
        for (uint32_t j = 0; j < g->axis[1].leaves; j++)
            for (uint32_t k = 0; k < g->axis[2].leaves; k++) {
                double m = (double)mean * weight[0][i] * weight[1][j] * weight[2][k];
                double v = m + rng_normal(&rng) * (m > 1 ? m / 2 : m);
                g->p.cells[at(g, i, j, k)].value = v > 0 ? (int64_t)v : 0;
            }
    for (uint32_t i = 0; i < n0; i++)
        for (uint32_t j = 0; j < n1; j++)
            for (uint32_t k = 0; k + 1 < n2; k++)
                if (i < g->axis[0].leaves && j < g->axis[1].leaves)
                    g->p.cells[at(g, i, j, g->axis[2].parent[k])].value += g->p.cells[at(g, i, j, k)].value;
    for (uint32_t i = 0; i < g->axis[0].leaves; i++)
        for (uint32_t j = 0; j + 1 < n1; j++)
            for (uint32_t k = 0; k < n2; k++)
                g->p.cells[at(g, i, g->axis[1].parent[j], k)].value += g->p.cells[at(g, i, j, k)].value;
    for (uint32_t i = 0; i + 1 < n0; i++)
        for (uint32_t j = 0; j < n1; j++)
            for (uint32_t k = 0; k < n2; k++)
                g->p.cells[at(g, g->axis[0].parent[i], j, k)].value += g->p.cells[at(g, i, j, k)].value;
    for (int d = 0; d < 3; d++)
        free(weight[d]);
}

static void statuses_fill(Grid *g)
{
    for (uint32_t c = 0; c < g->p.cell_count; c++) {
        SdcCell *s = &g->p.cells[c];
        s->cost = s->value + 1;
        s->upper = 2 * s->value;
        s->status = s->value == 0 ? SDC_FROZEN : SDC_OPEN;
        if (s->value > 0 && s->value < THRESHOLD) {
            s->status = SDC_SENSITIVE;
            s->upper = s->value + THRESHOLD;
            s->lpl = 1;
            s->upl = THRESHOLD - s->value;
        }
    }
}

/* For each sensitive cell the cheapest box with a brother along each axis that has brothers, all of it not zero. */
static void hypercube(Grid *g)
{
    uint32_t stride[3] = {g->axis[1].size * g->axis[2].size, g->axis[2].size, 1};
    for (uint32_t c = 0; c < g->p.cell_count; c++) {
        if (g->p.cells[c].status != SDC_SENSITIVE)
            continue;
        uint32_t here[3] = {c / stride[0], c / stride[1] % g->axis[1].size, c % g->axis[2].size};
        uint32_t best[3] = {0}, brother[3];
        int64_t best_cost = INT64_MAX;
        bool top[3];
        for (int d = 0; d < 3; d++)
            top[d] = here[d] == g->axis[d].size - 1;
        for (brother[0] = 0; brother[0] < g->axis[0].size; brother[0]++)
            for (brother[1] = 0; brother[1] < g->axis[1].size; brother[1]++)
                for (brother[2] = 0; brother[2] < g->axis[2].size; brother[2]++) {
                    bool fits = true;
                    for (int d = 0; d < 3 && fits; d++)
                        fits = top[d] ? brother[d] == here[d]
                                      : brother[d] != here[d] &&
                                            g->axis[d].parent[brother[d]] == g->axis[d].parent[here[d]] &&
                                            brother[d] != g->axis[d].size - 1;
                    if (!fits)
                        continue;
                    int64_t cost = 0;
                    for (unsigned corner = 1; corner < 8 && cost < best_cost; corner++) {
                        uint32_t q = 0;
                        for (int d = 0; d < 3; d++)
                            q += ((corner >> d & 1) ? brother[d] : here[d]) * stride[d];
                        const SdcCell *s = &g->p.cells[q];
                        cost = s->value == 0 ? INT64_MAX : cost + (s->status == SDC_OPEN ? s->cost : 0);
                    }
                    if (cost < best_cost) {
                        best_cost = cost;
                        memcpy(best, brother, sizeof best);
                    }
                }
        for (unsigned corner = 1; corner < 8 && best_cost < INT64_MAX; corner++) {
            uint32_t q = 0;
            for (int d = 0; d < 3; d++)
                q += ((corner >> d & 1) ? best[d] : here[d]) * stride[d];
            if (g->p.cells[q].status == SDC_OPEN)
                g->p.cells[q].status = SDC_SECONDARY;
        }
    }
}

static void grid_make(Grid *g, uint64_t mean)
{
    uint32_t cells = g->axis[0].size * g->axis[1].size * g->axis[2].size, entries;
    uint32_t rows = rows_fill(g, &entries, 0);
    Error err = ERROR_INIT;
    must(sdc_new(cells, rows, entries, &g->p, &err), &err);
    (void)rows_fill(g, &entries, 1);
    values_fill(g, mean);
    statuses_fill(g);
    hypercube(g);
    for (int d = 0; d < 3; d++)
        free(g->axis[d].parent);
}

static void attack(const char *name, const SdcProblem *p)
{
    AuditReport r;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    Error err = ERROR_INIT;
    size_t sensitive = 0, secondary = 0;
    o.effort.threads = 2;
    for (uint32_t c = 0; c < p->cell_count; c++) {
        sensitive += p->cells[c].status == SDC_SENSITIVE;
        secondary += p->cells[c].status == SDC_SECONDARY;
    }
    double begin = clock_cpu();
    must(audit_problem(p, &o, &r, &err), &err);
    printf("%s: %u cells, %zu sensitive, %zu secondary: %zu exposed, %zu unproven; %llu programs, %llu pivots, %llu "
           "tables; "
           "%.2f s\n",
        name, p->cell_count, sensitive, secondary, r.exposed, r.unproven, (unsigned long long)r.programs,
        (unsigned long long)r.pivots, (unsigned long long)r.tables, clock_cpu() - begin);
    audit_report_free(&r);
}

int main(int argc, char **argv)
{
    Grid g = {0};
    Error err = ERROR_INIT;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_audit cube N | tree N | jj FILE\n");
        return 64;
    }
    uint32_t n = (uint32_t)strtoul(argv[2], NULL, 10);
    if (strcmp(argv[1], "jj") == 0) {
        Buf text;
        buf_init(&text, 0);
        must(file_read(argv[2], 0, &text, &err), &err);
        SdcRounding rounding;
        must(sdc_read_jj(buf_slice(&text), argv[2], &g.p, &err), &err);
        must(sdc_absorb_rounding(&g.p, 1000, &rounding, &err), &err);
        buf_free(&text);
    } else if (strcmp(argv[1], "cube") == 0) {
        for (int d = 0; d < 3; d++)
            axis_of(&g.axis[d], n, &n, 1);
        grid_make(&g, 60);
    } else {
        const uint32_t schools[] = {4, 15, 1000}, groups[] = {8, 2}, programmes[] = {5, 100};
        axis_of(&g.axis[0], n, schools, 3);
        axis_of(&g.axis[1], 16, groups, 2);
        axis_of(&g.axis[2], 10, programmes, 2);
        grid_make(&g, 12);
    }
    attack(argv[1], &g.p);
    sdc_free(&g.p);
    return 0;
}
