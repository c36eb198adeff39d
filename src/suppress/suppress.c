/*
 * The whole way: blocks, each protected by itself; sums that suppressed cells give away; the auditor's word; repair.
 */
#include "suppress/suppress.h"

#include <stdlib.h>

#include "suppress/engine.h"
#include "suppress/exact.h"
#include "suppress/fold.h"
#include "suppress/plan.h"

typedef struct BlockResult {
    uint8_t *in; /* by place in the block's list */
    uint64_t queries, pivots;
    PlanLeaks leaks;
    WholeList moves;
    bool bounded;
    int64_t bound;
} BlockResult;

typedef struct Round {
    Plan *plan;
    const SuppressOptions *options;
    const uint8_t *usable;
    NetBlock *blocks;
    BlockResult *results;
    uint64_t cells; /* of blocks that are not idle */
} Round;

#define SHARE_LEAST 20000 /* pivots: what most small blocks are done with */

/* A problem of ten years is ten blocks, and takes as long as one of one. */
static uint64_t share_of(const Round *round, uint64_t pivots, const NetBlock *block)
{
    uint64_t own = (uint64_t)((double)pivots * block->cell_count / (double)round->cells);
    own = own > SHARE_LEAST ? own : SHARE_LEAST;
    return own < pivots ? own : pivots;
}

static bool block_is_idle(const Plan *plan, const NetBlock *block)
{
    for (uint32_t i = 0; i < block->cell_count; i++)
        if (!plan->settled[block->cells[i]] && (plan->up[block->cells[i]] > 0 || plan->down[block->cells[i]] > 0))
            return false;
    return true;
}

static Status collect_leaks(const Engine *e, BlockResult *r, Error *err)
{
    for (size_t i = 0; i < e->needs.len; i++) {
        const Need *need = &e->needs.at[i];
        if (!need->hopeless)
            continue;
        PlanLeak leak = {.cell = e->net->outside[need->cell],
            .knows = need->knows == NET_NONE ? NET_NONE : e->net->outside[need->knows],
            .target = (int64_t)need->target};
        TRY(vec_push(&r->leaks, leak, err));
    }
    return OK;
}

/* A large net's first pattern costs more work than all effort. What pays is to build it anew from its own cells, the
 * needs that came last first: so many times that all equations gone through anew stay under REBUILT_ROWS, since one
 * time costs most of what the first pattern did. */
#define REBUILT_ROWS 72000

/* What was met inside the pattern alone may leave the last needs to be met outside, dearer than before: then it stays.
 */
static Status shrink(Engine *e, EngineOrder order, Error *err)
{
    EngineKept kept;
    TRY(engine_keep(e, &kept, err));
    Status st = engine_shrink(e, order, err);
    if (st == OK && engine_price(e) > kept.price)
        st = engine_back(e, &kept, err);
    engine_kept_free(&kept);
    return st;
}

static Status search_large(Engine *e, const SuppressOptions *o, uint8_t *best, Error *err)
{
    static const EngineOrder orders[] = {ENGINE_BY_LEVEL_UP, ENGINE_BY_LEVEL_DOWN, ENGINE_BY_LEVEL_UP};
    size_t times = o->effort > 0 ? REBUILT_ROWS / e->net->row_count : 0;
    TRY(engine_meet_all(e, ENGINE_BY_LEVEL_DOWN, err));
    if (e->by_circuits) /* anew it would take as long and take off a thousandth */
        times = 0;
    for (size_t i = 0; i < COUNT_OF(orders) && i < times && engine_price(e) > 0; i++)
        TRY(shrink(e, orders[i], err));
    TRY(engine_clean(e, o->effort / 4, err));
    memcpy(best, e->in, e->net->cell_count);
    return OK;
}

/* Of several orders the cheapest pattern is kept and made cheaper; the effort decides how many are tried. */
static Status search(Engine *e, const SuppressOptions *o, uint8_t *best, Error *err)
{
    static const EngineOrder orders[] = {ENGINE_BY_LEVEL_DOWN, ENGINE_BY_LEVEL_UP, ENGINE_BY_VALUE, ENGINE_RANDOM};
    uint32_t n = e->net->cell_count;
    int64_t cheapest = INT64_MAX;
    uint64_t start = e->work;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        uint64_t before = e->work;
        if (i > 0)
            engine_reset(e);
        TRY(engine_meet_all(e, orders[i], err));
        TRY(engine_clean(e, o->effort / 4, err));
        if (engine_price(e) < cheapest) {
            cheapest = engine_price(e);
            memcpy(best, e->in, n);
        }
        uint64_t took = e->work - before, spent = e->work - start;
        if (spent + 2 * took > o->effort / 2)
            break;
    }
    if (engine_price(e) > cheapest) {
        bool safe;
        TRY(engine_adopt(e, best, &safe, err));
        if (!safe)
            TRY(engine_meet_all(e, ENGINE_BY_LEVEL_UP, err));
    }
    uint64_t spent = e->work - start;
    if (spent < o->effort) {
        TRY(engine_improve(e, o->effort - spent, err));
        TRY(engine_clean(e, o->effort / 4, err));
    }
    memcpy(best, e->in, n);
    return OK;
}

static Status prove(Engine *e, const SuppressOptions *o, BlockResult *r, uint8_t *in, Error *err)
{
    ExactResult exact;
    uint32_t open = 0;
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        open += !e->must[j];
    if (open > o->exact_cells || e->any_singleton || e->any_width)
        return OK;
    TRY(exact_solve(e, o->exact_pivots, &exact, err));
    memcpy(in, e->in, e->net->cell_count);
    r->bounded = true;
    r->bound = exact.bound;
    r->pivots += exact.pivots;
    return OK;
}

static EngineSetup setup_of(const Round *round)
{
    return (EngineSetup){.up = round->plan->up,
        .down = round->plan->down,
        .singleton = round->plan->singleton,
        .settled = round->plan->settled,
        .whole = round->plan->whole,
        .seed = round->options->seed,
        .threads = round->options->threads,
        .near_cells = round->options->near_cells,
        .large_rows = round->options->large_rows,
        .far_rows = round->options->far_rows,
        .keeps_moves = round->options->show != NULL};
}

/* in: by the net's cell. */
static Status solve_net(const Round *round, const NetBlock *block, const Net *net, const EngineSetup *setup,
    BlockResult *r, uint8_t *in, Error *err)
{
    SuppressOptions own = *round->options;
    own.effort = share_of(round, own.effort, block);
    own.exact_pivots = share_of(round, own.exact_pivots, block);
    Engine *e = NULL;
    TRY(engine_new(net, setup, &e, err));
    Status st = e->large ? search_large(e, &own, in, err) : search(e, &own, in, err);
    if (st == OK)
        st = prove(e, &own, r, in, err);
    if (st == OK)
        st = collect_leaks(e, r, err);
    if (st == OK)
        st = engine_make_whole(e, err);
    if (st == OK)
        st = engine_moves(e, &r->moves, err);
    r->queries += e->queries;
    r->pivots += e->pivots;
    engine_free(e);
    return st;
}

static Status solve_cells(const Round *round, const NetBlock *block, BlockResult *r, Error *err)
{
    const EngineSetup setup = setup_of(round);
    Net net = {0};
    TRY(net_build(&round->plan->work, round->usable, block, &net, err));
    Status st = solve_net(round, block, &net, &setup, r, r->in, err);
    net_free(&net);
    return st;
}

/* in: room for as many cells as the block has. *even: fold_leaks. */
static Status solve_groups(
    const Round *round, const NetBlock *block, const Fold *f, BlockResult *r, uint8_t *in, bool *even, Error *err)
{
    EngineSetup setup = setup_of(round);
    Net net = {0};
    setup.up = f->up;
    setup.down = f->down;
    setup.singleton = NULL;
    setup.settled = f->settled;
    setup.whole = f->whole;
    setup.fold = f;
    setup.rows = block->row_count;
    memset(in, 1, f->problem.cell_count); /* all of a block's cells are usable */
    TRY(net_build(&f->problem, in, NULL, &net, err));
    Status st = solve_net(round, block, &net, &setup, r, in, err);
    net_free(&net);
    TRY(st);
    fold_pattern(f, block, in, r->in);
    r->bound += f->forced;
    TRY(fold_leaks(f, &r->leaks, even, err));
    return fold_moves(f, &r->moves, err);
}

/* As groups of equal cells; cell by cell where that might make a difference. */
static Status solve_folded(const Round *round, const NetBlock *block, BlockResult *r, Error *err)
{
    Fold f = {0};
    Arena scratch;
    uint8_t *in;
    bool even = true;
    Status st;
    arena_init(&scratch, 0);
    TRY_OUT(arena_new(&scratch, uint8_t, (size_t)block->cell_count + 1, &in, err));
    TRY_OUT(fold_new(round->plan, block, &f, err));
    TRY_OUT(solve_groups(round, block, &f, r, in, &even, err));
    if (!even) {
        r->leaks.len = r->moves.start.len = r->moves.terms.len = 0;
        r->bounded = false;
        r->bound = 0;
        TRY_OUT(solve_cells(round, block, r, err));
    }
out:
    fold_free(&f);
    arena_free(&scratch);
    return st;
}

static Status solve_block(size_t item, void *ctx, Error *err)
{
    Round *round = ctx;
    BlockResult *r = &round->results[item];
    const NetBlock *block = &round->blocks[item];
    TRY(mem_zalloc(block->cell_count, 1, (void **)&r->in, err));
    if (block_is_idle(round->plan, block)) {
        r->bounded = true;
        return OK;
    }
    return fold_can(round->plan, block) ? solve_folded(round, block, r, err) : solve_cells(round, block, r, err);
}

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
    uint32_t *of_row, *cells, *cell_starts, *rows, *row_starts;
    TRY(arena_new(a, uint32_t, (size_t)w->row_count + 1, &of_row, err));
    for (uint32_t r = 0; r < w->row_count; r++) {
        of_row[r] = NET_NONE;
        for (uint32_t k = w->start[r]; k < w->start[r + 1] && of_row[r] == NET_NONE; k++)
            of_row[r] = block_of[w->cell[k]];
    }
    TRY(group_by(block_of, w->cell_count, blocks, a, &cells, &cell_starts, err));
    TRY(group_by(of_row, w->row_count, blocks, a, &rows, &row_starts, err));
    TRY(arena_new(a, NetBlock, (size_t)blocks + 1, &round->blocks, err));
    TRY(arena_new(a, BlockResult, (size_t)blocks + 1, &round->results, err));
    for (uint32_t b = 0; b < blocks; b++)
        round->blocks[b] = (NetBlock){.cells = cells + cell_starts[b],
            .cell_count = cell_starts[b + 1] - cell_starts[b],
            .rows = rows + row_starts[b],
            .row_count = row_starts[b + 1] - row_starts[b]};
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
        round.cells += block_is_idle(plan, &round.blocks[b]) ? 0 : round.blocks[b].cell_count;
    TRY_OUT(parallel_for(blocks, o->threads, solve_block, &round, err));
    TRY_OUT(leaks_outside_blocks(plan, block_of, err));
    report->bounded = true;
    report->lower_bound = 0;
    for (uint32_t b = 0; b < blocks; b++)
        TRY_OUT(merge_block(&round, b, report, err));
    memset(plan->settled, 1, n);
    report->blocks = blocks;
    report->bounded = report->bounded && report->sum_rounds == 0 && report->audit_rounds == 0;
out:
    for (uint32_t b = 0; round.results && b < blocks; b++) {
        mem_free(round.results[b].in);
        vec_free(&round.results[b].leaks);
        whole_list_free(&round.results[b].moves);
    }
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
