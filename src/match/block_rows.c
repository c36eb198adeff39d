/*
 * Numbers of blocks, and each record's row of them.
 *
 * The row is what makes masks cheap: which passes bring two records together is
 * a comparison of two rows, lane by lane (see blocks.h). A pass gets one lane
 * when nearly all of its records have one block in it, and four or eight when
 * they have several.
 */
#include "match/blocks.h"

enum {
    LANES = 4,
    OVERFLOW_SHARE = 64 /* one record in so many may have more blocks than lanes */
};

static const uint32_t WIDTHS[] = {1, 4, 8};

/* --- numbers, lanes and rows ------------------------------------------------------------------------------------ */

Status blocks_number(Blocks *b, Error *err)
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

Status blocks_rows(Blocks *b, unsigned threads, Error *err)
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
