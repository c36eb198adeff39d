/*
 * What it costs to suppress a cell: the solver spares what is dear.
 *
 *   cost = (1 cell, mixed with its people) x margins x fairness
 *
 * cost_people_percent mixes: at 0 every cell costs the same, at 100 a cell costs its people, which always hits the
 * smallest groups. cost_margin_percent makes each step above the finest level dearer, so that state and district totals
 * stay. cost_fair_percent makes the cells of groups that are small everywhere dearer, so that the same few groups do
 * not pay for all others.
 */
#include "protectfile/protect_impl.h"

#define UNIT 100

static int64_t margins(const ProtectJob *job, const TablesCell *c)
{
    int64_t steps = 0;
    for (uint32_t d = 0; d < job->set.dimension_count; d++) {
        const TablesDimension *dimension = &job->set.dimensions[d];
        if (c->at[d] != TABLES_NONE && dimension->sum_from[c->at[d] + 1] > dimension->sum_from[c->at[d]])
            steps++;
    }
    return steps;
}

/* People of each code over all cells of a quantity, whatever stands in the other dimensions. */
static Status people_by_code(const ProtectJob *job, uint32_t d, int64_t *sum, int64_t *largest)
{
    *largest = 1;
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        const TablesCell *c = &job->system.cells[i];
        if (c->at[d] == TABLES_NONE || job->set.quantities[c->quantity].is_total)
            continue;
        if (__builtin_add_overflow(sum[c->at[d]], c->value.low, &sum[c->at[d]]))
            sum[c->at[d]] = INT64_MAX;
        bool is_part = job->set.dimensions[d].sum_from[c->at[d] + 1] == job->set.dimensions[d].sum_from[c->at[d]];
        if (is_part && sum[c->at[d]] > *largest)
            *largest = sum[c->at[d]];
    }
    return OK;
}

/* In percent above 100: the smaller a cell's codes are in general, the more. */
static Status add_fairness(const ProtectJob *job, int64_t *fair, Error *err)
{
    for (uint32_t d = 0; d < job->set.dimension_count; d++) {
        const TablesDimension *dimension = &job->set.dimensions[d];
        int64_t *sum, largest;
        TRY(mem_zalloc((size_t)dimension->code_count + 1, sizeof *sum, (void **)&sum, err));
        Status st = people_by_code(job, d, sum, &largest);
        for (uint32_t i = 0; i < job->system.cell_count; i++) {
            const TablesCell *c = &job->system.cells[i];
            const ProtectionRules *r = primary_rules(job, i);
            if (c->at[d] == TABLES_NONE || r->cost_fair_percent == 0 || sum[c->at[d]] >= largest)
                continue;
            Wide share = (Wide)(largest - sum[c->at[d]]) * r->cost_fair_percent / largest;
            fair[i] += (int64_t)share;
        }
        mem_free(sum);
        TRY(st);
    }
    return OK;
}

Status cost_set(ProtectJob *job, Error *err)
{
    int64_t *fair, mean = 0;
    uint32_t count = job->system.cell_count;
    TRY(mem_zalloc((size_t)count + 1, sizeof *fair, (void **)&fair, err));
    Status st = add_fairness(job, fair, err);
    Wide people = 0;
    for (uint32_t i = 0; i < count; i++)
        people += job->problem.cells[i].value;
    if (count > 0)
        mean = (int64_t)(people / count) + 1;
    for (uint32_t i = 0; i < count && st == OK; i++) {
        SdcCell *c = &job->problem.cells[i];
        const ProtectionRules *r = primary_rules(job, i);
        if (c->status != SDC_OPEN)
            continue;
        Wide cost = (100 - r->cost_people_percent) * UNIT + (Wide)r->cost_people_percent * UNIT * c->value / mean;
        cost = cost * (100 + margins(job, &job->system.cells[i]) * r->cost_margin_percent) / 100;
        cost = cost * (100 + fair[i]) / 100;
        c->cost = cost > INT64_C(1000000000000) ? INT64_C(1000000000000) : (int64_t)cost + 1;
    }
    mem_free(fair);
    return st;
}
