/*
 * One block: as groups of equal cells where that makes no difference, cell by cell otherwise; first a safe pattern,
 * then cheaper ones, then the proof that there is none.
 */
#include "suppress/suppress_block.h"

#include "suppress/engine.h"
#include "suppress/exact.h"
#include "suppress/fold.h"

#define TWICE_WORK UINT64_C(10000000) /* pivots weighted by equations: some 10 s */
#define SHARE_LEAST 20000             /* pivots: what most small blocks are done with */

/* A problem of ten years is ten blocks, and takes as long as one of one. */
static uint64_t share_of(const Round *round, uint64_t pivots, const NetBlock *block)
{
    uint64_t own = (uint64_t)((double)pivots * block->cell_count / (double)round->cells);
    own = own > SHARE_LEAST ? own : SHARE_LEAST;
    return own < pivots ? own : pivots;
}

bool suppress_block_is_idle(const Plan *plan, const NetBlock *block)
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
            .target = (int64_t)need->target,
            .undecided = need->undecided};
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
    uint32_t rows = e->net->row_count; /* none: every equation was one of twins */
    size_t times = o->effort > 0 && rows > 0 ? REBUILT_ROWS / rows : 0;
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
        .same = round->options->same,
        .same_count = round->plan->given_cells,
        .settled = round->plan->settled,
        .whole = round->plan->whole,
        .seed = round->options->seed,
        .threads = round->options->threads,
        .near_cells = round->options->near_cells,
        .large_rows = round->options->large_rows,
        .far_rows = round->options->far_rows,
        .question_pivots = round->options->question_pivots,
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
    r->work += e->work;
    r->by_circuits = r->by_circuits || e->by_circuits;
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
    setup.same = NULL;
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

void suppress_block_drop(BlockResult *r)
{
    mem_free(r->in);
    vec_free(&r->leaks);
    whole_list_free(&r->moves);
    *r = (BlockResult){0};
}

static int64_t cost_of(const Plan *plan, const NetBlock *block, const BlockResult *r)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < block->cell_count; i++) {
        const SdcCell *c = &plan->work.cells[block->cells[i]];
        sum += r->in[i] && c->status == SDC_OPEN ? c->cost : 0;
    }
    return sum;
}

/* Another way through the same block may be cheaper by chance: what was little work is done both ways. */
static bool is_worth_twice(const Round *round, const NetBlock *block, const Fold *f, const BlockResult *r)
{
    int64_t cost = cost_of(round->plan, block, r);
    return f->problem.cell_count < block->cell_count && round->options->effort > 0 && r->leaks.len == 0 && cost > 0 &&
           !r->by_circuits && !(r->bounded && r->bound == cost) && r->work <= TWICE_WORK;
}

/* Cell by cell, too: the cheaper pattern stays. */
static Status solve_again(const Round *round, const NetBlock *block, BlockResult *r, Error *err)
{
    BlockResult other = {0};
    TRY(mem_zalloc(block->cell_count, 1, (void **)&other.in, err));
    Status st = solve_cells(round, block, &other, err);
    other.queries = r->queries += other.queries;
    other.pivots = r->pivots += other.pivots;
    other.bound = r->bound = other.bound > r->bound ? other.bound : r->bound; /* both hold; 0: none */
    other.bounded = r->bounded = other.bounded || r->bounded;
    if (st == OK && other.leaks.len == 0 && cost_of(round->plan, block, &other) < cost_of(round->plan, block, r)) {
        BlockResult dearer = *r;
        *r = other;
        other = dearer;
    }
    suppress_block_drop(&other);
    return st;
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
    } else if (is_worth_twice(round, block, &f, r)) {
        TRY_OUT(solve_again(round, block, r, err));
    }
out:
    fold_free(&f);
    arena_free(&scratch);
    return st;
}

Status suppress_block(size_t item, void *ctx, Error *err)
{
    Round *round = ctx;
    BlockResult *r = &round->results[item];
    const NetBlock *block = &round->blocks[item];
    TRY(mem_zalloc(block->cell_count, 1, (void **)&r->in, err));
    if (suppress_block_is_idle(round->plan, block)) {
        r->bounded = true;
        return OK;
    }
    return fold_can(round->plan, block) ? solve_folded(round, block, r, err) : solve_cells(round, block, r, err);
}
