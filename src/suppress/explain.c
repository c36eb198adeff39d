/*
 * Why a cell cannot be hidden: which published cells force the leak.
 *
 * With all frozen cells thawed, the cheapest move shows a way to hide it; when even that does not exist, its own bounds
 * or structural zeros are to blame. Otherwise frozen cells are thawed one after another, cheapest last, and stay thawed
 * when the leak remains (deletion filter, Chinneck and Dravnieks 1991): what is left is irreducible, for with any one
 * of it thawed as well the cell can hide.
 */
#include "suppress/local.h"
#include "suppress/plan.h"

#include <math.h>

#define EXPLAIN_PIVOTS 20000
#define EXPLAIN_QUERIES 4000

typedef struct Explainer {
    Net net; /* with frozen cells */
    Local *local;
    double *cost;
    uint8_t *allowed;
    uint32_t *inside; /* cell of the problem -> of the net */
    Arena arena;
} Explainer;

static Status explainer_open(const Plan *plan, Explainer *x, Error *err)
{
    const SdcProblem *p = &plan->work;
    uint8_t *usable;
    arena_init(&x->arena, 0);
    TRY(arena_new(&x->arena, uint8_t, (size_t)p->cell_count + 1, &usable, err));
    TRY(arena_new(&x->arena, uint32_t, (size_t)p->cell_count + 1, &x->inside, err));
    for (uint32_t i = 0; i < p->cell_count; i++)
        usable[i] = p->cells[i].upper > p->cells[i].lower;
    TRY(net_build(p, usable, NULL, &x->net, err));
    memset(x->inside, 0xff, p->cell_count * sizeof *x->inside);
    TRY(arena_new(&x->arena, double, (size_t)x->net.cell_count + 1, &x->cost, err));
    TRY(arena_new(&x->arena, uint8_t, (size_t)x->net.cell_count + 1, &x->allowed, err));
    for (uint32_t j = 0; j < x->net.cell_count; j++) {
        x->inside[x->net.outside[j]] = j;
        x->cost[j] = 1;
    }
    return local_new(&x->net, &x->local, err);
}

static void explainer_close(Explainer *x)
{
    local_free(x->local);
    net_free(&x->net);
    arena_free(&x->arena);
}

static Status ask(Explainer *x, const PlanLeak *leak, LocalStatus *status, LocalAnswer *a, Error *err)
{
    uint32_t knows = leak->knows == NET_NONE ? NET_NONE : x->inside[leak->knows];
    uint8_t before = knows == NET_NONE ? 0 : x->allowed[knows];
    LocalQuery q = {.cell = x->inside[leak->cell],
        .target = (double)leak->target,
        .cost = x->cost,
        .allowed = x->allowed,
        .pivot_limit = EXPLAIN_PIVOTS,
        .row_limit = EXPLAIN_PIVOTS,
        .cost_limit = INFINITY};
    if (knows != NET_NONE)
        x->allowed[knows] = 0;
    Status st = local_solve(x->local, &q, status, a, err);
    if (knows != NET_NONE)
        x->allowed[knows] = before;
    return st;
}

static void freeze(Explainer *x)
{
    const SdcProblem *p = x->net.problem;
    for (uint32_t j = 0; j < x->net.cell_count; j++)
        x->allowed[j] = p->cells[x->net.outside[j]].status != SDC_FROZEN;
}

static uint32_t suspects(const Explainer *x, uint32_t *list)
{
    uint32_t count = 0;
    for (uint32_t j = 0; j < x->net.cell_count; j++)
        if (x->net.problem->cells[x->net.outside[j]].status == SDC_FROZEN)
            list[count++] = j;
    return count;
}

/* Bisecting deletion filter: halves of the suspects are thawed together first. */
static Status filter(Explainer *x, const PlanLeak *leak, uint32_t *list, uint32_t *count, Error *err)
{
    uint32_t queries = 0, kept = 0, at = 0, step = *count;
    while (at < *count && queries++ < EXPLAIN_QUERIES) {
        LocalStatus status;
        LocalAnswer a;
        uint32_t end = step < *count - at ? at + step : *count;
        for (uint32_t i = at; i < end; i++)
            x->allowed[list[i]] = 1;
        TRY(ask(x, leak, &status, &a, err));
        if (status == LOCAL_NONE) {
            at = end;
            step *= 2;
            continue;
        }
        for (uint32_t i = at; i < end; i++)
            x->allowed[list[i]] = 0;
        if (end - at == 1)
            list[kept++] = list[at++];
        else
            step = (end - at) / 2;
    }
    *count = at == *count ? kept : 0;
    return OK;
}

static Status explain_one(Explainer *x, const PlanLeak *in, SuppressLeak *out, SuppressReport *report, Error *err)
{
    LocalStatus status;
    LocalAnswer a;
    uint32_t *list, count, *frozen;
    *out = (SuppressLeak){.cell = in->cell, .knows = in->knows, .target = in->target, .undecided = in->undecided};
    uint32_t k = x->inside[in->cell];
    if (k == NET_NONE || fabs((double)in->target) > (in->target > 0 ? x->net.up[k] : x->net.down[k]))
        return OK;
    memset(x->allowed, 1, x->net.cell_count);
    TRY(ask(x, in, &status, &a, err));
    if (status != LOCAL_FOUND)
        return OK;
    freeze(x);
    TRY(mem_alloc(((size_t)x->net.cell_count + 1) * sizeof *list, (void **)&list, err));
    count = suspects(x, list);
    Status st = filter(x, in, list, &count, err);
    if (st == OK)
        st = arena_new(&report->arena, uint32_t, (size_t)count + 1, &frozen, err);
    for (uint32_t i = 0; i < count && st == OK; i++)
        frozen[i] = x->net.outside[list[i]];
    if (st == OK) {
        out->frozen = frozen;
        out->frozen_count = count;
    }
    mem_free(list);
    return st;
}

Status plan_explain(const Plan *plan, const SdcProblem *p, SuppressReport *report, Error *err)
{
    Explainer x = {0};
    UNUSED(p);
    if (plan->leaks.len == 0)
        return OK;
    TRY(arena_new(&report->arena, SuppressLeak, plan->leaks.len, &report->leaks, err));
    Status st = explainer_open(plan, &x, err);
    for (size_t i = 0; i < plan->leaks.len && st == OK; i++)
        if (plan->leaks.at[i].cell < plan->given_cells)
            st = explain_one(&x, &plan->leaks.at[i], &report->leaks[report->leak_count++], report, err);
    explainer_close(&x);
    return st;
}
