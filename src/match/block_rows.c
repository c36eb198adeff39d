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

/* --- members ------------------------------------------------------------------------------------------------------ */

#define MEMBERS_AHEAD 16 /* their rows lie anywhere */

/* What is done with a member, and what is asked for ahead: first what says where its row is, then the row, then what
 * the row points to. */
typedef struct MemberVisit {
    void (*visit)(void *ctx, uint32_t record, uint32_t number);
    void (*fetch)(void *ctx, uint32_t record);
    void (*fetch_more)(void *ctx, uint32_t record);
} MemberVisit;

static inline void visit_members(const Blocks *b, const MemberVisit *v, const uint32_t *members, size_t count,
    size_t readable, uint32_t number, uint32_t step, void *ctx)
{
    for (size_t i = 0; i < count; i++, number += step) {
        if (b->row_of && i + 3 * MEMBERS_AHEAD < readable)
            __builtin_prefetch(&b->row_of[members[i + 3 * MEMBERS_AHEAD]]);
        if (i + 2 * MEMBERS_AHEAD < readable)
            v->fetch(ctx, members[i + 2 * MEMBERS_AHEAD]);
        if (v->fetch_more && i + MEMBERS_AHEAD < readable)
            v->fetch_more(ctx, members[i + MEMBERS_AHEAD]);
        v->visit(ctx, members[i], number);
    }
}

static inline void visit_groups(
    const Blocks *b, const MemberVisit *v, const Groups *g, uint32_t first, const U32List *without, void *ctx)
{
    size_t next = 0;
    for (uint32_t i = 0; i < group_count(g); i++) {
        if (next < without->len && without->at[next] == i) {
            next++;
            continue;
        }
        visit_members(b, v, group_members(g, i), group_size(g, i), g->members.len - g->start.at[i], first + i, 0, ctx);
    }
}

/* Every membership of a pass in ascending order of number: blocks, or places of a window pass from 1 on. */
static inline void each_member(const Blocks *b, const BlockPass *p, const MemberVisit *v, void *ctx)
{
    static const U32List none = {0};
    visit_groups(b, v, &p->groups, p->first, &p->oversized, ctx);
    visit_groups(b, v, &p->refined, p->first + group_count(&p->groups), &none, ctx);
    visit_members(b, v, p->order.at, p->order.len, p->order.len, 1, 1, ctx);
}

/* --- lanes -------------------------------------------------------------------------------------------------------- */

#define ROWS_AT_ONCE ((size_t)1 << 16)

typedef struct RowWork {
    Blocks *blocks;
    size_t rows;
    uint16_t *counts; /* [pass * rows + row]: blocks */
    size_t *lists;    /* of each stretch of rows: how many are too short; then the number of the first of them */
    size_t list_count;
    uint16_t *next; /* [pass * list_count + list]: where in the list the next of the pass's blocks goes */
} RowWork;

typedef struct Numbering {
    uint32_t *row_of;
    uint32_t next;
} Numbering;

static void number_member(void *ctx, uint32_t record, uint32_t number)
{
    Numbering *n = ctx;
    UNUSED(number);
    if (n->row_of[record] == MATCH_NONE)
        n->row_of[record] = n->next++;
}

static void fetch_number(void *ctx, uint32_t record)
{
    __builtin_prefetch(&((const Numbering *)ctx)->row_of[record], 1);
}

/* The pass whose blocks have the most members; NULL: no pass has blocks. */
static const BlockPass *largest_pass(const Blocks *b)
{
    const BlockPass *largest = NULL;
    size_t most = 0;
    for (uint32_t i = 0; i < b->pass_count; i++) {
        const BlockPass *p = &b->passes[i];
        size_t members = p->groups.members.len + p->refined.members.len;
        largest = members > most ? p : largest;
        most = members > most ? members : most;
    }
    return largest;
}

/* Rows are much memory: what repeats another record has none of its own. And who stands in one block of the largest
 * pass lies together, because a table is in an order that has nothing to do with who is compared with whom. */
static Status number_rows(RowWork *w, Error *err)
{
    static const MemberVisit visit = {number_member, fetch_number, NULL};
    Blocks *b = w->blocks;
    const MatchTable *t = b->table;
    const BlockPass *largest = largest_pass(b);
    w->rows = t->records - t->repeated;
    if (t->repeated == 0)
        return OK;
    Numbering n = {.next = 0};
    TRY(mem_alloc(t->records * sizeof n.row_of[0], (void **)&n.row_of, err));
    for (uint32_t r = 0; r < t->records; r++)
        n.row_of[r] = MATCH_NONE;
    if (largest)
        each_member(b, largest, &visit, &n);
    for (uint32_t r = 0; r < t->records; r++) /* whom a record repeats comes before it */
        if (!record_leads(t, r))
            n.row_of[r] = n.row_of[t->lead[r]];
        else
            number_member(&n, r, 0);
    b->row_of = n.row_of;
    return OK;
}

typedef struct Counting {
    const Blocks *blocks;
    uint16_t *counts; /* of the pass */
} Counting;

static void count_member(void *ctx, uint32_t record, uint32_t number)
{
    UNUSED(number);
    const Counting *c = ctx;
    uint16_t *count = &c->counts[block_row_number(c->blocks, record)];
    if (*count < UINT16_MAX)
        ++*count;
}

static void fetch_count(void *ctx, uint32_t record)
{
    const Counting *c = ctx;
    __builtin_prefetch(&c->counts[block_row_number(c->blocks, record)]);
}

/* Counts the blocks of each record in one pass and settles how many lanes the pass gets. */
static Status choose_width(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    static const MemberVisit visit = {count_member, fetch_count, NULL};
    RowWork *w = ctx;
    BlockPass *p = &w->blocks->passes[item];
    uint64_t with[UINT8_MAX + 1] = {0}, any = 0; /* many or more in the last */
    Counting c = {w->blocks, w->counts + item * w->rows};
    each_member(w->blocks, p, &visit, &c);
    for (size_t r = 0; r < w->rows; r++)
        with[c.counts[r] < UINT8_MAX ? c.counts[r] : UINT8_MAX]++;
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

static bool overflows(const RowWork *w, size_t row)
{
    const Blocks *b = w->blocks;
    for (uint32_t i = 0; i < b->pass_count; i++)
        if (w->counts[i * w->rows + row] > b->passes[i].width)
            return true;
    return false;
}

static size_t stretch_end(const RowWork *w, size_t stretch)
{
    return w->rows - stretch * ROWS_AT_ONCE < ROWS_AT_ONCE ? w->rows : (stretch + 1) * ROWS_AT_ONCE;
}

static Status count_lists(size_t stretch, void *ctx, Error *err)
{
    UNUSED(err);
    const RowWork *w = ctx;
    for (size_t row = stretch * ROWS_AT_ONCE; row < stretch_end(w, stretch); row++)
        w->lists[stretch] += overflows(w, row);
    return OK;
}

static uint32_t round_lanes(uint32_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

static Status place_lanes(const RowWork *w, Error *err)
{
    Blocks *b = w->blocks;
    uint32_t next = 0;
    for (uint32_t i = 0; i < b->pass_count; i++)
        if (!pass_is_window(&b->passes[i]) && b->passes[i].width == 1)
            b->passes[i].lane = next++;
    if (w->list_count > 0)
        b->extra_lane = next++; /* no pass's: whether two are equal there counts for nothing */
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
    return mem_zalloc(w->rows * b->stride, sizeof b->rows[0], (void **)&b->rows, err);
}

/* --- extras ------------------------------------------------------------------------------------------------------- */

/* Numbers the lists of a stretch and settles their lengths and where in them each pass begins. */
static Status place_lists(size_t stretch, void *ctx, Error *err)
{
    const RowWork *w = ctx;
    Blocks *b = w->blocks;
    size_t list = w->lists[stretch];
    for (size_t row = stretch * ROWS_AT_ONCE; row < stretch_end(w, stretch); row++) {
        uint32_t length = 0;
        if (!overflows(w, row))
            continue;
        for (uint32_t i = 0; i < b->pass_count; i++) {
            w->next[i * w->list_count + list] = (uint16_t)length;
            length += w->counts[i * w->rows + row];
            if (length >= UINT16_MAX)
                return error_set(err, ERR_LIMIT, "a record is in more than %u blocks", UINT16_MAX - 1);
        }
        b->extra_start[++list] = length;
        b->rows[row * b->stride + b->extra_lane] = (uint32_t)list;
    }
    return OK;
}

static Status make_lists(RowWork *w, size_t stretches, unsigned threads, Error *err)
{
    Blocks *b = w->blocks;
    if (w->list_count == 0)
        return OK;
    TRY(mem_zalloc(w->list_count + 1, sizeof b->extra_start[0], (void **)&b->extra_start, err));
    TRY(mem_alloc(b->pass_count * w->list_count * sizeof w->next[0], (void **)&w->next, err));
    TRY(parallel_for(stretches, threads, place_lists, w, err));
    mem_free(w->counts);
    w->counts = NULL;
    for (size_t i = 0; i < w->list_count; i++)
        b->extra_start[i + 1] += b->extra_start[i];
    return mem_alloc(b->extra_start[w->list_count] * sizeof b->extras[0], (void **)&b->extras, err);
}

/* --- filling ------------------------------------------------------------------------------------------------------ */

typedef struct Filling {
    const Blocks *blocks;
    const BlockPass *pass;
    uint64_t item;  /* pass << 32 */
    uint16_t *next; /* of the pass's lists */
} Filling;

static void fill_member(void *ctx, uint32_t record, uint32_t number)
{
    const Filling *f = ctx;
    const Blocks *b = f->blocks;
    uint32_t *row = b->rows + block_row_number(b, record) * b->stride, *lanes = row + f->pass->lane;
    uint32_t i = 0, list = b->extras ? row[b->extra_lane] : 0;
    while (i < f->pass->width && lanes[i] != 0)
        i++;
    if (i < f->pass->width)
        lanes[i] = number;
    if (list > 0)
        b->extras[b->extra_start[list - 1] + f->next[list - 1]++] = f->item | number;
}

static void fetch_row(void *ctx, uint32_t record)
{
    const Filling *f = ctx;
    const uint32_t *row = block_row(f->blocks, record);
    __builtin_prefetch(row + f->pass->lane, 1);
    if (f->blocks->extras)
        __builtin_prefetch(row + f->blocks->extra_lane);
}

static void fetch_extra(void *ctx, uint32_t record)
{
    const Filling *f = ctx;
    uint32_t list = f->blocks->extras ? block_row(f->blocks, record)[f->blocks->extra_lane] : 0;
    if (list == 0)
        return;
    __builtin_prefetch(&f->blocks->extra_start[list - 1]);
    __builtin_prefetch(&f->next[list - 1], 1);
}

/* Each pass writes its own lanes, and its own places in the lists. */
static Status fill_pass(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    static const MemberVisit visit = {fill_member, fetch_row, fetch_extra};
    const RowWork *w = ctx;
    Filling f = {w->blocks, &w->blocks->passes[item], (uint64_t)item << 32, NULL};
    if (w->next)
        f.next = w->next + item * w->list_count;
    each_member(w->blocks, f.pass, &visit, &f);
    return OK;
}

static Status fill_rows(RowWork *w, unsigned threads, Error *err)
{
    Blocks *b = w->blocks;
    TRY(number_rows(w, err));
    size_t stretches = (w->rows + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    TRY(mem_zalloc(b->pass_count * w->rows + 1, sizeof w->counts[0], (void **)&w->counts, err));
    TRY(mem_zalloc(stretches + 1, sizeof w->lists[0], (void **)&w->lists, err));
    TRY(parallel_for(b->pass_count, threads, choose_width, w, err));
    TRY(parallel_for(stretches, threads, count_lists, w, err));
    for (size_t i = 0; i < stretches; i++) {
        size_t n = w->lists[i];
        w->lists[i] = w->list_count;
        w->list_count += n;
    }
    TRY(place_lanes(w, err));
    TRY(make_lists(w, stretches, threads, err));
    return parallel_for(b->pass_count, threads, fill_pass, w, err);
}

Status blocks_rows(Blocks *b, unsigned threads, Error *err)
{
    RowWork w = {.blocks = b};
    Status st = fill_rows(&w, threads, err);
    mem_free(w.counts);
    mem_free(w.lists);
    mem_free(w.next);
    return st;
}
