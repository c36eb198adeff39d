/*
 * Passes are weighed against each other. All together may cost what a table of this
 * size is worth (blocks_budget, config.pairs_max at most); cheap ones cost what they
 * cost, and the dear ones share the rest: all of them get smaller blocks, of one size,
 * until they keep to it. So a pass of few values, whose pairs grow with the square of
 * the records, stays where it is cheap and is refined where it is not. Ever smaller
 * blocks are refined, nothing is dropped.
 *
 * What has been split for one size is split on from where it stands for the next, which
 * gives the blocks that splitting anew would give: a size says where to stop, and
 * nothing else.
 */
#include "match/blocks.h"

enum { BLOCK_MAX_LEAST = 8 }; /* below this refining cannot keep what matters */

/* --- the budget ------------------------------------------------------------------------------------------------- */

/* As many pairs a record in small tables as need no saving, fewer in large ones: what each further record may cost, up
 * to a hundred thousand of them, up to three millions, and beyond. */
static const struct {
    double records, pairs;
} BUDGET[] = {{1e5, 150}, {3e6, 60}, {0x1p32, 30}};
#define PAIRS_ANYWAY 250000.0 /* a hundredth of a second */

uint64_t blocks_budget(const MatchTable *t)
{
    double records = t->records - t->repeated, most = (double)t->config->pairs_max, pairs = 0, from = 0;
    for (size_t i = 0; i < COUNT_OF(BUDGET) && from < records; i++) {
        double to = records < BUDGET[i].records ? records : BUDGET[i].records;
        pairs += (to - from) * BUDGET[i].pairs;
        from = to;
    }
    pairs = pairs < PAIRS_ANYWAY ? PAIRS_ANYWAY : pairs;
    return (uint64_t)(pairs < most ? pairs : most);
}

/* --- what groups cost ------------------------------------------------------------------------------------------- */

#define GROUPS_AT_ONCE 4096

typedef struct CostWork {
    const Blocks *blocks;
    const BlockPass *pass;
} CostWork;

/* What each group costs is looked up in records here and there, so it is done once and on all threads. */
static Status count_costs(size_t item, void *ctx, Error *err)
{
    const CostWork *w = ctx;
    const Groups *g = &w->pass->groups;
    size_t end = group_count(g) - item * GROUPS_AT_ONCE < GROUPS_AT_ONCE ? group_count(g) : (item + 1) * GROUPS_AT_ONCE;
    UNUSED(err);
    for (size_t i = item * GROUPS_AT_ONCE; i < end; i++)
        w->pass->costs[i] = comparable_pairs(
            &w->blocks->sources, w->blocks->table, group_members(g, (uint32_t)i), group_size(g, (uint32_t)i));
    return OK;
}

static Status find_costs(Blocks *b, BlockPass *p, unsigned threads, Error *err)
{
    CostWork w = {.blocks = b, .pass = p};
    size_t groups = group_count(&p->groups);
    TRY(mem_alloc((groups + 1) * sizeof *p->costs, (void **)&p->costs, err));
    return parallel_for((groups + GROUPS_AT_ONCE - 1) / GROUPS_AT_ONCE, threads, count_costs, &w, err);
}

/* Finds the groups that are too large for the pass's block_max and adds up the others. */
static Status find_oversized(BlockPass *p, Error *err)
{
    p->oversized.len = 0;
    p->oversized_pairs = p->pairs = 0;
    for (uint32_t i = 0; i < group_count(&p->groups); i++) {
        if (!group_oversized(group_size(&p->groups, i), p->costs[i], p->block_max)) {
            p->pairs += p->costs[i];
            continue;
        }
        TRY(vec_push(&p->oversized, i, err));
        p->oversized_pairs += p->costs[i];
    }
    return OK;
}

/* --- refining --------------------------------------------------------------------------------------------------- */

#define FRESH_AT_ONCE 16

typedef struct RefineWork {
    RefineJob job;
    const BlockPass *pass;
    U32List fresh;        /* too large groups that have not been split yet */
    size_t before, items; /* first those of groups that stand for others already, then those of `fresh` */
    RefinedGroups *outs;  /* of each item */
} RefineWork;

static Status refine_before(const RefineWork *w, size_t item, Error *err)
{
    const Groups *g = &w->pass->refined;
    size_t end = group_count(g) - item * GROUPS_AT_ONCE < GROUPS_AT_ONCE ? group_count(g) : (item + 1) * GROUPS_AT_ONCE;
    for (size_t i = item * GROUPS_AT_ONCE; i < end; i++) {
        const uint32_t *members = group_members(g, (uint32_t)i), count = group_size(g, (uint32_t)i);
        RefineMark mark = w->pass->marks.at[i];
        if (group_oversized(count, mark.pairs, w->job.block_max))
            TRY(block_refine(&w->job, members, count, mark, &w->outs[item], err));
        else
            TRY(refined_add(&w->outs[item], members, count, mark, err));
    }
    return OK;
}

static Status refine_item(size_t item, void *ctx, Error *err)
{
    const RefineWork *w = ctx;
    const Groups *g = &w->pass->groups;
    TRY(cancel_check(err));
    if (item < w->before)
        return refine_before(w, item, err);
    size_t from = (item - w->before) * FRESH_AT_ONCE;
    for (size_t i = from; i < w->fresh.len && i < from + FRESH_AT_ONCE; i++) {
        uint32_t group = w->fresh.at[i];
        TRY(block_refine(&w->job, group_members(g, group), group_size(g, group), (RefineMark){0}, &w->outs[item], err));
    }
    return OK;
}

/* What was too large for larger blocks is so for smaller ones. */
static Status find_fresh(const BlockPass *p, U32List *fresh, Error *err)
{
    size_t k = 0;
    for (size_t i = 0; i < p->oversized.len; i++) {
        if (k < p->split.len && p->split.at[k] == p->oversized.at[i])
            k++;
        else
            TRY(vec_push(fresh, p->oversized.at[i], err));
    }
    ASSERT(k == p->split.len);
    return OK;
}

static Status join_refined(BlockPass *p, RefinedGroups *outs, size_t count, Error *err)
{
    size_t groups = 0, members = 0;
    for (size_t i = 0; i < count; i++) {
        groups += outs[i].marks.len;
        members += outs[i].groups.members.len;
    }
    groups_free(&p->refined);
    p->marks.len = 0;
    TRY(vec_reserve(&p->refined.start, groups + 1, err));
    TRY(vec_reserve(&p->refined.members, members, err));
    TRY(vec_reserve(&p->marks, groups, err));
    p->refined_pairs = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(groups_append(&p->refined, &outs[i].groups, err));
        for (size_t k = 0; k < outs[i].marks.len; k++) {
            p->marks.at[p->marks.len++] = outs[i].marks.at[k];
            p->refined_pairs += outs[i].marks.at[k].pairs;
        }
        refined_free(&outs[i]);
    }
    return OK;
}

static Status note_split(BlockPass *p, Error *err)
{
    TRY(vec_reserve(&p->split, p->oversized.len, err));
    memcpy(p->split.at, p->oversized.at, p->oversized.len * sizeof *p->split.at);
    p->split.len = p->oversized.len;
    return OK;
}

static Status refine_pass(Blocks *b, BlockPass *p, const Refiners *refiners, unsigned threads, Error *err)
{
    if (p->oversized.len == 0)
        return OK;
    RefineWork w = {.pass = p};
    w.job = (RefineJob){b->table, &b->sources, refiners, &p->spec, p->block_max};
    Status st = OK;
    TRY_OUT(find_fresh(p, &w.fresh, err));
    w.before = (group_count(&p->refined) + GROUPS_AT_ONCE - 1) / GROUPS_AT_ONCE;
    w.items = w.before + (w.fresh.len + FRESH_AT_ONCE - 1) / FRESH_AT_ONCE;
    TRY_OUT(mem_zalloc(w.items + 1, sizeof w.outs[0], (void **)&w.outs, err));
    TRY_OUT(parallel_for(w.items, threads, refine_item, &w, err));
    TRY_OUT(join_refined(p, w.outs, w.items, err));
    TRY_OUT(note_split(p, err));
    p->pairs += p->refined_pairs;
out:
    for (size_t i = 0; w.outs && i < w.items; i++)
        refined_free(&w.outs[i]);
    mem_free(w.outs);
    vec_free(&w.fresh);
    return st;
}

/* --- weighing passes -------------------------------------------------------------------------------------------- */

/* Cheap passes cost what they cost, and the others share evenly what these leave: the most that one may cost. */
static uint64_t fair_share(const uint64_t *costs, uint32_t count, uint64_t limit)
{
    uint64_t sorted[MATCH_PASSES_MAX];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = i;
        for (; k > 0 && sorted[k - 1] > costs[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = costs[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t share = limit / (count - i);
        if (sorted[i] > share)
            return share;
        limit -= sorted[i];
    }
    return UINT64_MAX;
}

typedef struct Weighing {
    Blocks *blocks;
    unsigned threads;
    Refiners *refiners; /* once something is refined */
    bool refines;       /* false: p->pairs are those of the blocks that stay whole, the least that a pass costs */
    bool dear[MATCH_PASSES_MAX];
} Weighing;

static Status new_refiners(Weighing *w, Error *err)
{
    PassSpec whole[MATCH_PASSES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->blocks->pass_count; i++)
        if (!pass_is_window(&w->blocks->passes[i]) && w->blocks->passes[i].oversized.len == 0)
            whole[count++] = w->blocks->passes[i].spec;
    return refiners_new(w->blocks->table, whole, count, w->threads, &w->refiners, err);
}

/* The pass with blocks of its block_max. */
static Status cut_pass(Weighing *w, BlockPass *p, Error *err)
{
    TRY(find_oversized(p, err));
    if (!w->refines)
        return OK;
    if (p->oversized.len > 0 && !w->refiners)
        TRY(new_refiners(w, err));
    return refine_pass(w->blocks, p, w->refiners, w->threads, err);
}

/* All dear passes, because a pair in a block of n records is a match about once in n, whichever pass makes it: what the
 * next pairs cost is worth the same in all of them when blocks are cut at one size. */
static Status cut_dear(Weighing *w, uint32_t block_max, Error *err)
{
    for (uint32_t i = 0; i < w->blocks->pass_count; i++) {
        BlockPass *p = &w->blocks->passes[i];
        if (!w->dear[i])
            continue;
        TRY(cancel_check(err));
        p->block_max = block_max;
        TRY(cut_pass(w, p, err));
    }
    return OK;
}

/* Until all together keep to the budget: pairs grow with the size of blocks, so by as much as there are too many, at
 * least by a quarter and at most by half. */
static Status cut_to_budget(Weighing *w, uint64_t budget, uint32_t *block_max, Error *err)
{
    TRY(cut_dear(w, *block_max, err));
    while (blocks_pairs(w->blocks) > budget && *block_max > BLOCK_MAX_LEAST) {
        uint32_t least = *block_max / 2, most = *block_max - *block_max / 4;
        uint64_t fair = (uint64_t)((double)*block_max * (double)budget / (double)blocks_pairs(w->blocks));
        *block_max = fair < least ? least : fair > most ? most : (uint32_t)fair;
        *block_max = *block_max > BLOCK_MAX_LEAST ? *block_max : BLOCK_MAX_LEAST;
        TRY(cut_dear(w, *block_max, err));
    }
    return OK;
}

/* Passes that cost more than their share; the others stay as config.block_max has them. */
static void find_dear(Weighing *w, uint64_t budget)
{
    const Blocks *b = w->blocks;
    uint64_t costs[MATCH_PASSES_MAX];
    for (uint32_t i = 0; i < b->pass_count; i++)
        costs[i] = b->passes[i].pairs + b->passes[i].oversized_pairs;
    uint64_t share = fair_share(costs, b->pass_count, budget);
    for (uint32_t i = 0; i < b->pass_count; i++)
        w->dear[i] = !pass_is_window(&b->passes[i]) && costs[i] > share;
}

/* What stands for a too large group is there: its own members are much memory, and nobody's. */
static Status drop_oversized(BlockPass *p, Error *err)
{
    Groups *g = &p->groups;
    uint32_t to = 0;
    size_t next = 0;
    for (uint32_t i = 0; i < group_count(g); i++) {
        uint32_t size = group_size(g, i), from = g->start.at[i];
        p->largest = size > p->largest ? size : p->largest;
        g->start.at[i] = to;
        if (next < p->oversized.len && p->oversized.at[next] == i) {
            next++;
            continue;
        }
        memmove(g->members.at + to, g->members.at + from, size * sizeof *g->members.at);
        to += size;
    }
    if (next == 0)
        return OK;
    g->start.at[group_count(g)] = to;
    g->members.len = g->members.cap = to;
    return mem_resize((void **)&g->members.at, to, sizeof *g->members.at, err);
}

/* First by what stays whole, which is quickly counted: what is too dear by that alone need not be refined to know. */
Status blocks_weigh(Blocks *b, unsigned threads, Error *err)
{
    Weighing w = {.blocks = b, .threads = threads};
    uint32_t most = b->table->config->block_max;
    uint64_t limit = b->table->config->pairs_max, budget = blocks_budget(b->table);
    Status st = OK;
    most = most > BLOCK_MAX_LEAST ? most : BLOCK_MAX_LEAST;
    for (uint32_t i = 0; i < b->pass_count; i++) {
        b->passes[i].block_max = most;
        if (!pass_is_window(&b->passes[i])) {
            TRY_OUT(find_costs(b, &b->passes[i], threads, err));
            TRY_OUT(find_oversized(&b->passes[i], err));
        }
    }
    find_dear(&w, budget);
    uint32_t block_max = most;
    TRY_OUT(cut_to_budget(&w, budget, &block_max, err));
    w.refines = true;
    for (uint32_t i = 0; i < b->pass_count; i++)
        if (!pass_is_window(&b->passes[i]) && !w.dear[i])
            TRY_OUT(cut_pass(&w, &b->passes[i], err));
    TRY_OUT(cut_to_budget(&w, budget, &block_max, err));
    if (blocks_pairs(b) > limit) {
        st = error_set(err, ERR_LIMIT,
            "the passes give %" PRIu64 " pairs even with blocks of %d records, more than the "
            "%" PRIu64 " allowed",
            blocks_pairs(b), BLOCK_MAX_LEAST, limit);
        error_hint(err, "Raise pairs_max, or take passes whose keys are rarer.");
        goto out;
    }
    for (uint32_t i = 0; i < b->pass_count; i++)
        TRY_OUT(drop_oversized(&b->passes[i], err));
out:
    for (uint32_t i = 0; i < b->pass_count; i++) {
        mem_free(b->passes[i].costs);
        b->passes[i].costs = NULL;
        vec_free(&b->passes[i].marks);
        vec_free(&b->passes[i].split);
    }
    refiners_free(w.refiners);
    return st;
}
