/*
 * The whole way: blocks, each protected by itself; sums that suppressed cells give away; the auditor's word; repair.
 */
#include "suppress/suppress.h"

#include "suppress/suppress_block.h"

/* Sorts 0 .. count-1 by group[i] (NET_NONE: left out): list holds them, group by group; starts: groups + 1. */
static Status group_by(
    const uint32_t *group, uint32_t count, uint32_t groups, Arena *a, uint32_t **list, uint32_t **starts, Error *err)
{
    uint32_t *next;
    TRY(arena_new(a, uint32_t, (size_t)count + 1, list, err));
    TRY(arena_new(a, uint32_t, (size_t)groups + 2, starts, err));
    TRY(arena_new(a, uint32_t, (size_t)groups + 1, &next, err));
    for (uint32_t i = 0; i < count; i++)
        if (group[i] != NET_NONE)
            (*starts)[group[i] + 1]++;
    for (uint32_t g = 0; g < groups; g++) {
        (*starts)[g + 1] += (*starts)[g];
        next[g] = (*starts)[g];
    }
    for (uint32_t i = 0; i < count; i++)
        if (group[i] != NET_NONE)
            (*list)[next[group[i]]++] = i;
    return OK;
}

static Status list_blocks(Round *round, const uint32_t *block_of, uint32_t blocks, Arena *a, Error *err)
{
    const SdcProblem *w = &round->plan->work;
    uint32_t *of_row, *cells, *cell_starts, *rows, *row_starts, *place;
    TRY(arena_new(a, uint32_t, (size_t)w->row_count + 1, &of_row, err));
    for (uint32_t r = 0; r < w->row_count; r++) {
        of_row[r] = NET_NONE;
        for (uint32_t k = w->start[r]; k < w->start[r + 1] && of_row[r] == NET_NONE; k++)
            of_row[r] = block_of[w->cell[k]];
    }
    TRY(group_by(block_of, w->cell_count, blocks, a, &cells, &cell_starts, err));
    TRY(arena_new(a, uint32_t, (size_t)w->cell_count + 1, &place, err));
    memset(place, 0xff, w->cell_count * sizeof *place);
    for (uint32_t b = 0; b < blocks; b++)
        for (uint32_t k = cell_starts[b]; k < cell_starts[b + 1]; k++)
            place[cells[k]] = k - cell_starts[b];
    TRY(group_by(of_row, w->row_count, blocks, a, &rows, &row_starts, err));
    TRY(arena_new(a, NetBlock, (size_t)blocks + 1, &round->blocks, err));
    TRY(arena_new(a, BlockResult, (size_t)blocks + 1, &round->results, err));
    for (uint32_t b = 0; b < blocks; b++)
        round->blocks[b] = (NetBlock){.cells = cells + cell_starts[b],
            .cell_count = cell_starts[b + 1] - cell_starts[b],
            .rows = rows + row_starts[b],
            .row_count = row_starts[b + 1] - row_starts[b],
            .place = place};
    return OK;
}

/* Cells that we made for sums are nobody else's, and nor are the equations that make them. */
static Status show_moves(const Plan *plan, const SuppressOptions *o, WholeList *moves, Error *err)
{
    for (size_t i = 0; i < moves->start.len; i++) {
        size_t first = moves->start.at[i], end = i + 1 < moves->start.len ? moves->start.at[i + 1] : moves->terms.len;
        size_t count = 0;
        SuppressTerm *terms = moves->terms.at + first;
        for (size_t k = 0; k < end - first; k++)
            if (terms[k].cell < plan->given_cells)
                terms[count++] = terms[k];
        TRY(o->show(terms, count, o->audit_ctx, err));
    }
    return OK;
}

static Status merge_block(Round *round, uint32_t b, SuppressReport *report, Error *err)
{
    BlockResult *r = &round->results[b];
    Plan *plan = round->plan;
    for (uint32_t i = 0; i < round->blocks[b].cell_count; i++) {
        SdcCell *c = &plan->work.cells[round->blocks[b].cells[i]];
        if (r->in[i] && c->status == SDC_OPEN)
            c->status = SDC_SECONDARY;
    }
    report->queries += r->queries;
    report->pivots += r->pivots;
    report->bounded = report->bounded && r->bounded;
    report->lower_bound += r->bound;
    for (size_t i = 0; i < r->leaks.len; i++)
        TRY(vec_push(&plan->leaks, r->leaks.at[i], err));
    return round->options->show ? show_moves(plan, round->options, &r->moves, err) : OK;
}

/* Sensitive cells that stand alone somewhere, or have no room: no block has them. */
static Status leaks_outside_blocks(Plan *plan, const uint32_t *block_of, Error *err)
{
    for (uint32_t i = 0; i < plan->work.cell_count; i++) {
        const int64_t targets[] = {plan->up[i], -plan->down[i]};
        for (size_t k = 0; k < 2 && block_of[i] == NET_NONE; k++)
            if (targets[k] != 0 && !plan->settled[i])
                TRY(vec_push(&plan->leaks, ((PlanLeak){.cell = i, .knows = NET_NONE, .target = targets[k]}), err));
    }
    return OK;
}

/* One pass over all blocks for the targets that are not settled. */
static Status protect_blocks(Plan *plan, const SuppressOptions *o, SuppressReport *report, Error *err)
{
    Round round = {.plan = plan, .options = o};
    uint32_t n = plan->work.cell_count, *block_of, blocks = 0;
    uint8_t *usable;
    Arena scratch;
    Status st;
    arena_init(&scratch, 0);
    TRY_OUT(arena_new(&scratch, uint8_t, (size_t)n + 1, &usable, err));
    TRY_OUT(arena_new(&scratch, uint32_t, (size_t)n + 1, &block_of, err));
    for (uint32_t i = 0; i < n; i++) {
        const SdcCell *c = &plan->work.cells[i];
        usable[i] = c->status != SDC_FROZEN && c->upper > c->lower;
    }
    TRY_OUT(net_blocks(&plan->work, usable, block_of, &blocks, err));
    TRY_OUT(list_blocks(&round, block_of, blocks, &scratch, err));
    round.usable = usable;
    for (uint32_t b = 0; b < blocks; b++)
        round.cells += suppress_block_is_idle(plan, &round.blocks[b]) ? 0 : round.blocks[b].cell_count;
    TRY_OUT(parallel_for(blocks, o->threads, suppress_block, &round, err));
    TRY_OUT(leaks_outside_blocks(plan, block_of, err));
    report->bounded = true;
    report->lower_bound = 0;
    for (uint32_t b = 0; b < blocks; b++)
        TRY_OUT(merge_block(&round, b, report, err));
    memset(plan->settled, 1, n);
    report->blocks = blocks;
    report->bounded = report->bounded && report->sum_rounds == 0 && report->audit_rounds == 0;
out:
    for (uint32_t b = 0; round.results && b < blocks; b++)
        suppress_block_drop(&round.results[b]);
    arena_free(&scratch);
    return st;
}

/* Blocks, then sums, until no sum is left to hide. */
static Status protect_sums(Plan *plan, const SuppressOptions *o, SuppressReport *report, Error *err)
{
    for (uint32_t round = 0; round <= o->rounds; round++) {
        bool more = false;
        TRY(protect_blocks(plan, o, report, err));
        if (o->min_sum <= 0 && !o->sum_rule)
            return OK;
        TRY(plan_add_sums(plan, o, &more, err));
        if (!more)
            return OK;
        report->sum_rounds++;
    }
    return error_set(err, ERR_LIMIT, "sums of suppressed cells could not be hidden in %" PRIu32 " rounds", o->rounds);
}

/* A round of repair meets what the auditor found short and looks for nothing cheaper: the search had its effort. */
static Status audit_and_repair(Plan *plan, const SuppressOptions *o, SdcProblem *p, SuppressReport *report, Error *err)
{
    SuppressShorts shorts = {0};
    SuppressOptions again = *o;
    again.effort = 0;
    again.exact_cells = 0;
    Status st = OK;
    bool more = true;
    while (st == OK && o->audit && more) {
        plan_write_back(plan, p);
        shorts.len = 0;
        more = false;
        st = o->audit(p, &shorts, o->audit_ctx, err);
        report->unprotected = shorts.len;
        if (st == OK)
            st = plan_repair(plan, &shorts, o->show != NULL, &more, err);
        if (st == OK && more && report->audit_rounds++ >= o->rounds)
            st = error_set(err, ERR_LIMIT, "cells are unprotected after %" PRIu32 " rounds of repair", o->rounds);
        if (st == OK && more)
            st = protect_sums(plan, &again, report, err);
    }
    size_t open = plan_unexplained(plan, &shorts);
    if (st == OK && o->audit)
        plan_drop_leaks(plan, &shorts);
    if (st == OK && open > 0)
        st = error_set(err, ERR_LIMIT, "%zu cells are unprotected and no repair is left to try", open);
    vec_free(&shorts);
    return st;
}

static void count_cost(const SdcProblem *p, SuppressReport *r)
{
    for (uint32_t i = 0; i < p->cell_count; i++)
        if (p->cells[i].status == SDC_SECONDARY) {
            r->secondaries++;
            r->cost += p->cells[i].cost;
        }
}

Status suppress_solve(SdcProblem *p, const SuppressOptions *options, SuppressReport *out, Error *err)
{
    SuppressReport report = {0};
    Plan plan = {0};
    int64_t given = 0;
    Status st;
    arena_init(&report.arena, 0);
    TRY_OUT(sdc_check(p, err));
    for (uint32_t i = 0; i < p->cell_count; i++)
        given += p->cells[i].status == SDC_SECONDARY ? p->cells[i].cost : 0;
    TRY_OUT(plan_new(p, options, &plan, err));
    TRY_OUT(protect_sums(&plan, options, &report, err));
    TRY_OUT(audit_and_repair(&plan, options, p, &report, err));
    plan_write_back(&plan, p);
    count_cost(p, &report);
    report.lower_bound += given;
    report.optimal = report.bounded && report.cost == report.lower_bound;
    TRY_OUT(plan_explain(&plan, p, &report, err));
    *out = report;
    report = (SuppressReport){0};
out:
    plan_free(&plan);
    suppress_report_free(&report);
    return st;
}

void suppress_report_free(SuppressReport *r)
{
    arena_free(&r->arena);
    *r = (SuppressReport){0};
}
