/*
 * Blocks of all passes, and each record's row of block numbers.
 *
 * The row is what makes masks cheap: which passes bring two records together is
 * a comparison of two rows, lane by lane (see blocks.h). A pass gets one lane
 * when nearly all of its records have one block in it, and four or eight when
 * they have several.
 *
 * Passes are weighed against each other. All together may cost what a table of this
 * size is worth (blocks_budget, config.pairs_max at most); cheap ones cost what they
 * cost, and the dear ones share the rest: all of them get smaller blocks, of one size,
 * until they keep to it. So a pass of few values, whose pairs grow with the square of
 * the records, stays where it is cheap and is refined where it is not. Ever smaller
 * blocks are refined, nothing is dropped.
 */
#include "match/blocks.h"
#include "match/keys.h"

enum {
    BLOCK_MAX_LEAST = 8, /* below this refining cannot keep what matters */
    LANES = 4,
    OVERFLOW_SHARE = 64 /* one record in so many may have more blocks than lanes */
};

static const uint32_t WIDTHS[] = {1, 4, 8};

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

/* --- groups ----------------------------------------------------------------------------------------------------- */

static uint64_t window_pairs(const BlockPass *p)
{
    uint64_t n = p->order.len, reach = p->spec.window - 1;
    if (reach >= n)
        return n > 0 ? n * (n - 1) / 2 : 0;
    return reach * n - reach * (reach + 1) / 2;
}

void blocks_find_known(Blocks *b)
{
    PassSpec specs[MATCH_PASSES_MAX];
    for (uint32_t i = 0; i < b->pass_count; i++)
        specs[i] = b->passes[i].spec;
    b->known_count = 0;
    for (uint32_t i = 0; i < b->pass_count; i++) {
        uint32_t whole = pass_of_values(b->table->config, specs, b->pass_count, i);
        if (whole != MATCH_NONE)
            b->known[b->known_count++] = (KnownPass){i, whole};
    }
}

/* The column whose equal values another pass brings together; MATCH_NONE. */
static uint32_t known_column(const Blocks *b, uint32_t pass)
{
    for (uint32_t i = 0; i < b->known_count; i++)
        if (b->known[i].pass == pass)
            return b->table->config->fields[b->passes[pass].spec.parts[0].field].columns[0];
    return MATCH_NONE;
}

static Status sort_passes(Blocks *b, unsigned threads, Error *err)
{
    PassSpec specs[MATCH_PASSES_MAX];
    KeyCache *cache = NULL;
    Status st = OK;
    for (uint32_t i = 0; i < b->pass_count; i++)
        specs[i] = b->passes[i].spec;
    TRY(key_cache_new(b->table, specs, b->pass_count, threads, &cache, err));
    for (uint32_t i = 0; i < b->pass_count; i++) {
        BlockPass *p = &b->passes[i];
        TRY_OUT(cancel_check(err));
        if (pass_is_window(p)) {
            TRY_OUT(window_order(b->table, &p->spec, &p->order, err));
            p->keys = p->order.len;
            p->pairs = window_pairs(p);
        } else {
            TRY_OUT(blocks_sort(
                b->table, cache, &specs[i], &b->sources, known_column(b, i), threads, &p->groups, &p->keys, err));
        }
    }
out:
    key_cache_free(cache);
    return st;
}

/* --- refining ------------------------------------------------------------------------------------------------- */

typedef struct RefineWork {
    RefineJob job;
    const Blocks *blocks;
    const BlockPass *pass;
    Groups *outs;    /* of each oversized group */
    uint64_t *pairs; /* of these */
} RefineWork;

static uint64_t groups_pairs(const Blocks *b, const Groups *g)
{
    uint64_t pairs = 0;
    for (uint32_t i = 0; i < group_count(g); i++)
        pairs += comparable_pairs(&b->sources, b->table, group_members(g, i), group_size(g, i));
    return pairs;
}

static Status refine_one(size_t item, void *ctx, Error *err)
{
    const RefineWork *w = ctx;
    uint32_t group = w->pass->oversized.at[item];
    TRY(block_refine(
        &w->job, group_members(&w->pass->groups, group), group_size(&w->pass->groups, group), &w->outs[item], err));
    w->pairs[item] = groups_pairs(w->blocks, &w->outs[item]);
    return OK;
}

static Status append_groups(Groups *to, const Groups *from, Error *err)
{
    for (uint32_t i = 0; i < group_count(from); i++)
        TRY(groups_add(to, group_members(from, i), group_size(from, i), err));
    return OK;
}

#define GROUPS_AT_ONCE 4096

/* What each group costs is looked up in records here and there, so it is done once and on all threads. */
static Status count_costs(size_t item, void *ctx, Error *err)
{
    const RefineWork *w = ctx;
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
    RefineWork w = {.blocks = b, .pass = p};
    size_t groups = group_count(&p->groups);
    TRY(mem_alloc((groups + 1) * sizeof *p->costs, (void **)&p->costs, err));
    return parallel_for((groups + GROUPS_AT_ONCE - 1) / GROUPS_AT_ONCE, threads, count_costs, &w, err);
}

/* Finds the groups that are too large for the pass's block_max and adds up the others. */
static Status find_oversized(BlockPass *p, Error *err)
{
    uint64_t full = (uint64_t)p->block_max * (p->block_max - 1) / 2;
    p->oversized.len = 0;
    p->oversized_pairs = p->pairs = 0;
    for (uint32_t i = 0; i < group_count(&p->groups); i++) {
        if (group_size(&p->groups, i) <= p->block_max || p->costs[i] <= full) {
            p->pairs += p->costs[i];
            continue;
        }
        TRY(vec_push(&p->oversized, i, err));
        p->oversized_pairs += p->costs[i];
    }
    return OK;
}

static Status refine_pass(Blocks *b, BlockPass *p, const Refiners *refiners, unsigned threads, Error *err)
{
    groups_free(&p->refined);
    p->refined_pairs = 0;
    if (p->oversized.len == 0)
        return OK;
    RefineWork w = {.blocks = b, .pass = p};
    w.job = (RefineJob){b->table, &b->sources, refiners, &p->spec, p->block_max};
    Status st = OK;
    TRY(mem_zalloc(p->oversized.len, sizeof w.outs[0], (void **)&w.outs, err));
    TRY_OUT(mem_zalloc(p->oversized.len, sizeof w.pairs[0], (void **)&w.pairs, err));
    TRY_OUT(parallel_for(p->oversized.len, threads, refine_one, &w, err));
    for (size_t i = 0; i < p->oversized.len; i++) {
        TRY_OUT(append_groups(&p->refined, &w.outs[i], err));
        groups_free(&w.outs[i]);
        p->refined_pairs += w.pairs[i];
    }
    p->pairs += p->refined_pairs;
out:
    for (size_t i = 0; i < p->oversized.len; i++)
        groups_free(&w.outs[i]);
    mem_free(w.outs);
    mem_free(w.pairs);
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

/* First by what stays whole, which is quickly counted: what is too dear by that alone need not be refined to know. */
static Status refine_all(Blocks *b, unsigned threads, Error *err)
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
    }
out:
    for (uint32_t i = 0; i < b->pass_count; i++) {
        mem_free(b->passes[i].costs);
        b->passes[i].costs = NULL;
    }
    refiners_free(w.refiners);
    return st;
}

/* --- numbers, lanes and rows ------------------------------------------------------------------------------------ */

static Status number_blocks(Blocks *b, Error *err)
{
    uint64_t next = 1;
    for (uint32_t i = 0; i < b->pass_count; i++) {
        BlockPass *p = &b->passes[i];
        p->first = (uint32_t)next;
        next += (uint64_t)group_count(&p->groups) + group_count(&p->refined);
        if (next >= UINT32_MAX)
            return error_set(err, ERR_LIMIT, "more than %u blocks", UINT32_MAX);
    }
    return OK;
}

void each_block(const BlockPass *p, BlockFn fn, void *ctx)
{
    size_t next_oversized = 0;
    for (uint32_t i = 0; i < group_count(&p->groups); i++) {
        if (next_oversized < p->oversized.len && p->oversized.at[next_oversized] == i) {
            next_oversized++;
            continue;
        }
        fn(ctx, p->first + i, group_members(&p->groups, i), group_size(&p->groups, i));
    }
    uint32_t first = p->first + group_count(&p->groups);
    for (uint32_t i = 0; i < group_count(&p->refined); i++)
        fn(ctx, first + i, group_members(&p->refined, i), group_size(&p->refined, i));
}

typedef void (*MemberFn)(void *ctx, uint32_t record, uint32_t number);
typedef struct MemberVisit {
    MemberFn fn;
    void *ctx;
} MemberVisit;

static void visit_members(void *ctx, uint32_t number, const uint32_t *members, uint32_t count)
{
    const MemberVisit *v = ctx;
    for (uint32_t i = 0; i < count; i++)
        v->fn(v->ctx, members[i], number);
}

/* Every membership of a pass in ascending order of number: blocks, or places of a window pass from 1 on. */
static void each_member(const BlockPass *p, MemberFn fn, void *ctx)
{
    MemberVisit v = {fn, ctx};
    each_block(p, visit_members, &v);
    for (size_t i = 0; i < p->order.len; i++)
        fn(ctx, p->order.at[i], (uint32_t)i + 1);
}

typedef struct RowWork {
    Blocks *blocks;
    uint8_t *counts; /* [pass * records + record]: blocks, at most 255 are counted */
    size_t *extra_at;
} RowWork;

static void count_member(void *ctx, uint32_t record, uint32_t number)
{
    UNUSED(number);
    uint8_t *counts = ctx;
    if (counts[record] < UINT8_MAX)
        counts[record]++;
}

/* Counts the blocks of each record in one pass and settles how many lanes the pass gets. */
static Status choose_width(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    RowWork *w = ctx;
    BlockPass *p = &w->blocks->passes[item];
    uint32_t records = w->blocks->table->records;
    uint8_t *counts = w->counts + item * records;
    uint64_t with[UINT8_MAX + 1] = {0}, any = 0;
    each_member(p, count_member, counts);
    for (uint32_t r = 0; r < records; r++)
        with[counts[r]]++;
    for (uint32_t i = 1; i <= UINT8_MAX; i++)
        any += with[i];
    p->width = 1;
    uint64_t above = any - with[1];
    for (size_t i = 1; !pass_is_window(p) && i < COUNT_OF(WIDTHS) && above * OVERFLOW_SHARE > any; i++) {
        for (uint32_t k = p->width + 1; k <= WIDTHS[i]; k++)
            above -= with[k];
        p->width = WIDTHS[i];
    }
    return OK;
}

static uint32_t round_lanes(uint32_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Rows are much memory: what repeats another record has none of its own. */
static Status number_rows(Blocks *b, uint32_t *rows, Error *err)
{
    const MatchTable *t = b->table;
    *rows = t->records - t->repeated;
    if (t->repeated == 0)
        return OK;
    TRY(mem_alloc(t->records * sizeof b->row_of[0], (void **)&b->row_of, err));
    uint32_t next = 0;
    for (uint32_t r = 0; r < t->records; r++) /* whom a record repeats comes before it */
        b->row_of[r] = record_leads(t, r) ? next++ : b->row_of[t->lead[r]];
    return OK;
}

static Status place_lanes(Blocks *b, Error *err)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < b->pass_count; i++)
        if (!pass_is_window(&b->passes[i]) && b->passes[i].width == 1)
            b->passes[i].lane = next++;
    next = round_lanes(next);
    for (uint32_t i = 0; i < b->pass_count; i++)
        if (b->passes[i].width > 1) {
            b->wide = true;
            b->passes[i].lane = next;
            next += b->passes[i].width;
        }
    b->equal_lanes = next;
    for (uint32_t i = 0; i < b->pass_count; i++)
        if (pass_is_window(&b->passes[i]))
            b->passes[i].lane = next++;
    b->stride = round_lanes(next);
    if (b->stride == 0)
        b->stride = LANES;
    ASSERT(b->stride <= BLOCK_LIST_ROW_MAX);
    TRY(mem_zalloc(b->stride, sizeof b->lane_bit[0], (void **)&b->lane_bit, err));
    for (uint32_t i = 0; i < b->pass_count; i++)
        for (uint32_t k = 0; k < b->passes[i].width; k++)
            b->lane_bit[b->passes[i].lane + k] = (uint32_t)1 << i;
    uint32_t rows;
    TRY(number_rows(b, &rows, err));
    return mem_zalloc((size_t)rows * b->stride, sizeof b->rows[0], (void **)&b->rows, err);
}

typedef struct LaneCursor {
    const Blocks *blocks;
    uint32_t lane, width;
} LaneCursor;

static void fill_member(void *ctx, uint32_t record, uint32_t number)
{
    const LaneCursor *c = ctx;
    const Blocks *b = c->blocks;
    uint32_t *lanes = b->rows + block_row_number(b, record) * b->stride + c->lane;
    for (uint32_t i = 0; i < c->width; i++)
        if (lanes[i] == 0) {
            lanes[i] = number;
            return;
        }
}

static Status fill_lanes(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    RowWork *w = ctx;
    const BlockPass *p = &w->blocks->passes[item];
    LaneCursor c = {w->blocks, p->lane, p->width};
    each_member(p, fill_member, &c);
    return OK;
}

/* --- extras ------------------------------------------------------------------------------------------------------ */

typedef struct ExtraCursor {
    Blocks *blocks;
    uint64_t pass;
} ExtraCursor;

static void count_extra(void *ctx, uint32_t record, uint32_t number)
{
    UNUSED(number);
    Blocks *b = ((ExtraCursor *)ctx)->blocks;
    if (b->extra_of[record] > 0)
        b->extra_start[b->extra_of[record]]++;
}

/* extra_start[i] walks from the begin of list i to its end, so that afterwards list i begins at extra_start[i - 1]. */
static void fill_extra(void *ctx, uint32_t record, uint32_t number)
{
    const ExtraCursor *c = ctx;
    Blocks *b = c->blocks;
    if (b->extra_of[record] > 0)
        b->extras[b->extra_start[b->extra_of[record]]++] = c->pass << 32 | number;
}

static bool overflows(const RowWork *w, uint32_t record)
{
    const Blocks *b = w->blocks;
    for (uint32_t i = 0; i < b->pass_count; i++)
        if (w->counts[(size_t)i * b->table->records + record] > b->passes[i].width)
            return true;
    return false;
}

static Status fill_extras(const RowWork *w, Error *err)
{
    Blocks *b = w->blocks;
    uint32_t lists = 0;
    for (uint32_t r = 0; r < b->table->records; r++)
        lists += overflows(w, r);
    if (lists == 0)
        return OK;
    TRY(mem_zalloc(b->table->records, sizeof b->extra_of[0], (void **)&b->extra_of, err));
    TRY(mem_zalloc((size_t)lists + 1, sizeof b->extra_start[0], (void **)&b->extra_start, err));
    uint32_t next = 0;
    for (uint32_t r = 0; r < b->table->records; r++)
        if (overflows(w, r))
            b->extra_of[r] = ++next;
    ExtraCursor c = {.blocks = b};
    for (uint32_t i = 0; i < b->pass_count; i++)
        each_member(&b->passes[i], count_extra, &c);
    uint64_t sum = 0;
    for (uint32_t i = 1; i <= lists; i++) {
        uint64_t n = b->extra_start[i];
        b->extra_start[i] = sum;
        sum += n;
    }
    TRY(mem_alloc(sum * sizeof b->extras[0], (void **)&b->extras, err));
    for (c.pass = 0; c.pass < b->pass_count; c.pass++)
        each_member(&b->passes[c.pass], fill_extra, &c);
    return OK;
}

static Status build_rows(Blocks *b, unsigned threads, Error *err)
{
    RowWork w = {.blocks = b};
    Status st = OK;
    TRY_OUT(mem_zalloc((size_t)b->pass_count * b->table->records, 1, (void **)&w.counts, err));
    TRY_OUT(parallel_for(b->pass_count, threads, choose_width, &w, err));
    TRY_OUT(place_lanes(b, err));
    TRY_OUT(parallel_for(b->pass_count, threads, fill_lanes, &w, err));
    TRY_OUT(fill_extras(&w, err));
out:
    mem_free(w.counts);
    return st;
}

/* --- public ------------------------------------------------------------------------------------------------------ */

Status blocks_build(
    const MatchTable *t, const PassSpec *passes, uint32_t pass_count, unsigned threads, Blocks **out, Error *err)
{
    ASSERT(pass_count <= MATCH_PASSES_MAX);
    Blocks *b = NULL;
    Status st = OK;
    TRY(mem_zalloc(1, sizeof *b, (void **)&b, err));
    b->table = t;
    b->pass_count = pass_count;
    TRY_OUT(mem_zalloc(pass_count, sizeof b->passes[0], (void **)&b->passes, err));
    for (uint32_t i = 0; i < pass_count; i++)
        b->passes[i].spec = passes[i];
    blocks_find_known(b);
    TRY_OUT(source_pairs_new(t->config, &b->sources, err));
    TRY_OUT(sort_passes(b, threads, err));
    TRY_OUT(refine_all(b, threads, err));
    TRY_OUT(number_blocks(b, err));
    TRY_OUT(build_rows(b, threads, err));
    TRY_OUT(mem_zalloc(1, sizeof *b->counts, (void **)&b->counts, err));
    *out = b;
    b = NULL;
out:
    blocks_free(b);
    return st;
}

void blocks_free(Blocks *b)
{
    if (!b)
        return;
    for (uint32_t i = 0; b->passes && i < b->pass_count; i++) {
        groups_free(&b->passes[i].groups);
        groups_free(&b->passes[i].refined);
        vec_free(&b->passes[i].oversized);
        vec_free(&b->passes[i].order);
        vec_free(&b->passes[i].numbers);
        vec_free(&b->passes[i].places);
        vec_free(&b->passes[i].leads);
    }
    source_pairs_free(&b->sources);
    mem_free(b->passes);
    mem_free(b->rows);
    mem_free(b->row_of);
    mem_free(b->lane_bit);
    mem_free(b->extra_of);
    mem_free(b->extra_start);
    mem_free(b->extras);
    mem_free(b->counts);
    mem_free(b);
}

static bool same_pass(const PassSpec *a, const PassSpec *b)
{
    if (a->window != b->window || a->part_count != b->part_count)
        return false;
    for (uint32_t i = 0; i < a->part_count; i++) {
        const KeyPart *x = &a->parts[i], *y = &b->parts[i];
        if (x->field != y->field || x->transform != y->transform || x->length != y->length)
            return false;
    }
    return true;
}

bool blocks_are_of(const Blocks *b, const MatchTable *t, const PassSpec *passes, uint32_t pass_count)
{
    if (b->table != t || b->pass_count != pass_count)
        return false;
    for (uint32_t i = 0; i < pass_count; i++)
        if (!same_pass(&b->passes[i].spec, &passes[i]))
            return false;
    return true;
}

uint64_t blocks_pairs(const Blocks *b)
{
    uint64_t pairs = 0;
    for (uint32_t i = 0; i < b->pass_count; i++)
        pairs += b->passes[i].pairs;
    return pairs;
}

static uint64_t largest_group(const BlockPass *p)
{
    uint64_t largest = 0;
    for (uint32_t i = 0; i < group_count(&p->groups); i++)
        largest = group_size(&p->groups, i) > largest ? group_size(&p->groups, i) : largest;
    return largest;
}

void blocks_fold(Blocks *b)
{
    PassReport reports[MATCH_PASSES_MAX];
    blocks_report(b, reports);
    memcpy(b->counts->reports, reports, b->pass_count * sizeof *reports);
    b->counts->folded = true;
    for (uint32_t i = 0; i < b->pass_count; i++) {
        groups_free(&b->passes[i].groups);
        groups_free(&b->passes[i].refined);
        vec_free(&b->passes[i].order);
    }
}

void blocks_report(const Blocks *b, PassReport reports[MATCH_PASSES_MAX])
{
    if (b->counts->folded) {
        memcpy(reports, b->counts->reports, b->pass_count * sizeof *reports);
        return;
    }
    for (uint32_t i = 0; i < b->pass_count; i++) {
        const BlockPass *p = &b->passes[i];
        uint64_t covered = b->counts->known ? b->counts->covered[i] : p->refined_pairs;
        reports[i] = (PassReport){
            .name = p->spec.name,
            .keys = p->keys,
            .blocks = group_count(&p->groups) - p->oversized.len + group_count(&p->refined),
            .largest_block = largest_group(p),
            .pairs = b->counts->known ? b->counts->found[i] : p->pairs,
            .block_max = p->block_max,
            .refined = p->oversized.len,
            .uncompared = p->oversized_pairs > covered ? p->oversized_pairs - covered : 0,
        };
    }
}

/* --- two records ----------------------------------------------------------------------------------------------------
 */

BlockList record_blocks(const Blocks *b, uint32_t record, uint64_t scratch[BLOCK_LIST_ROW_MAX])
{
    uint32_t extra = b->extra_of ? b->extra_of[record] : 0;
    if (extra > 0) {
        uint64_t begin = b->extra_start[extra - 1];
        return (BlockList){b->extras + begin, (size_t)(b->extra_start[extra] - begin)};
    }
    const uint32_t *row = block_row(b, record);
    size_t n = 0;
    for (uint32_t i = 0; i < b->pass_count; i++)
        for (uint32_t k = 0; k < b->passes[i].width; k++)
            if (row[b->passes[i].lane + k] > 0)
                scratch[n++] = (uint64_t)i << 32 | row[b->passes[i].lane + k];
    return (BlockList){scratch, n};
}

/* End of the items of the pass that list->at[begin] belongs to. */
static size_t pass_end(BlockList list, size_t begin)
{
    size_t i = begin + 1;
    while (i < list.count && list.at[i] >> 32 == list.at[begin] >> 32)
        i++;
    return i;
}

#define NOTHING_SHARED UINT64_MAX

static uint64_t least_common(const uint64_t *left, size_t n, const uint64_t *right, size_t m)
{
    for (size_t i = 0, k = 0; i < n && k < m;) {
        if (left[i] == right[k])
            return left[i] & UINT32_MAX;
        if (left[i] < right[k])
            i++;
        else
            k++;
    }
    return NOTHING_SHARED;
}

static uint64_t least_near(const uint64_t *left, size_t n, const uint64_t *right, size_t m, uint32_t window)
{
    uint64_t least = NOTHING_SHARED;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++) {
            uint64_t x = left[i] & UINT32_MAX, y = right[k] & UINT32_MAX;
            uint64_t low = x < y ? x : y, high = x < y ? y : x;
            if (high - low < window && (low << 32 | high) < least)
                least = low << 32 | high;
        }
    return least;
}

uint32_t blocks_meet(const Blocks *b, BlockList left, BlockList right, uint32_t pass, uint64_t *least)
{
    uint32_t mask = 0;
    for (size_t i = 0, k = 0; i < left.count && k < right.count;) {
        uint64_t p = left.at[i] >> 32, q = right.at[k] >> 32;
        size_t left_end = pass_end(left, i), right_end = pass_end(right, k);
        if (p == q) {
            uint32_t window = b->passes[p].spec.window;
            const uint64_t *x = left.at + i, *y = right.at + k;
            uint64_t found = window > 0 ? least_near(x, left_end - i, y, right_end - k, window)
                                        : least_common(x, left_end - i, y, right_end - k);
            if (found != NOTHING_SHARED)
                mask |= (uint32_t)1 << p;
            if (p == pass)
                *least = found;
        }
        i = p <= q ? left_end : i;
        k = q <= p ? right_end : k;
    }
    return mask;
}

uint32_t blocks_pair_mask(const Blocks *b, uint32_t left, uint32_t right)
{
    uint64_t left_scratch[BLOCK_LIST_ROW_MAX], right_scratch[BLOCK_LIST_ROW_MAX], least;
    uint32_t mask =
        blocks_meet(b, record_blocks(b, left, left_scratch), record_blocks(b, right, right_scratch), 0, &least);
    return complete_mask(b, mask);
}

uint32_t blocks_mask(const MatchTable *t, const PassSpec *passes, uint32_t pass_count, uint32_t a, uint32_t b)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < pass_count; i++) {
        uint64_t left[RECORD_KEYS_MAX], right[RECORD_KEYS_MAX];
        size_t n = record_keys(t, &passes[i], a, left), m = record_keys(t, &passes[i], b, right);
        if (least_common(left, n, right, m) != NOTHING_SHARED)
            mask |= (uint32_t)1 << i;
    }
    return mask;
}
