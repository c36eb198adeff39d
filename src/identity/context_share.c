/*
 * Holders are told by a hash of their number: 64 bits, so that of ten million numbers two meet once in 370,000 runs,
 * and then merely share a county. Values are put in order of holder and text, by the hash's first bits and then within
 * these, added up, and one of each holder stays.
 */
#include "identity/context_share.h"
#include "match/standard.h"

#include <stdio.h>
#include <stdlib.h>

/* A fixed key on purpose: the order in which equal things come must be the same in every home. */
static const uint64_t HOLDER_KEY[2] = {UINT64_C(0x636169726e2d686f), UINT64_C(0x6c6465722d76616c)};

/* Of an SSN only one that can have been issued tells its holder: what programs fill in for a missing one does not. */
static Status holder_number(IdentityRole role, Slice raw, char ssn[10], Slice *out, Error *err)
{
    *out = raw;
    if (role != ID_SSN || raw.len == 0)
        return OK;
    TRY(standard_ssn(raw, ssn, err));
    *out = slice_of(ssn);
    return OK;
}

/* Whose values the record shares. */
static Status holder_of(Sharing *s, const ContextShare *share, uint32_t record, const RecordTag *tag,
    const IdentityValues *own, uint64_t *holder, Error *err)
{
    if (s->last.known && s->last.record == record && s->last.across == share->across) {
        *holder = s->last.holder;
        return OK;
    }
    char ssn[10];
    Slice number;
    TRY(holder_number(share->across, own->at[share->across], ssn, &number, err));
    if (number.len == 0)
        number = (Slice){(const char *)tag->bytes, sizeof tag->bytes};
    const uint64_t key[2] = {HOLDER_KEY[0] ^ share->across, HOLDER_KEY[1]};
    *holder = siphash13(key, number.ptr, number.len);
    s->last = (LastHolder){true, share->across, record, *holder};
    mem_wipe(ssn, sizeof ssn);
    return OK;
}

Status sharing_add(Sharing *s, const Context *c, uint32_t column, uint32_t record, const ContextValue *values, size_t n,
    const RecordTag *tag, const IdentityValues *own, Error *err)
{
    uint64_t holder;
    ASSERT(column <= UINT16_MAX);
    TRY(holder_of(s, &c->shares.at[values->share - 1], record, tag, own, &holder, err));
    TRY(vec_push(&s->cells, ((SharedCell){holder, column, record}), err));
    for (size_t i = 0; i < n; i++) {
        SharedValue v = {holder, values[i].weight, values[i].text, (uint16_t)column, (uint16_t)(values[i].share - 1)};
        TRY(vec_push(&s->values, v, err));
    }
    return OK;
}

/* NULL: no record has it. */
static const SharedNext *next_of(const Sharing *s, uint32_t column, uint32_t rank)
{
    for (size_t i = 0; i < s->nexts.len; i++)
        if (s->nexts.at[i].column == column && s->nexts.at[i].rank == rank)
            return &s->nexts.at[i];
    return NULL;
}

Status sharing_add_next(Sharing *s, const Context *c, const SharedNext *next, uint32_t record,
    const ContextValue *values, const RecordTag *tag, const IdentityValues *own, Error *err)
{
    const ContextShare *share = &c->shares.at[values->share - 1];
    uint64_t holder;
    ASSERT(next->next <= UINT16_MAX && next->rank >= 1 && next->rank <= CONTEXT_NEXT_MAX);
    if (share->next < next->rank)
        return OK;
    if (!next_of(s, next->column, next->rank))
        TRY(vec_push(&s->nexts, *next, err));
    TRY(holder_of(s, share, record, tag, own, &holder, err));
    return vec_push(&s->cells, ((SharedCell){holder, next->next, record}), err);
}

static int by_holder(const void *x, const void *y)
{
    const SharedValue *a = x, *b = y;
    if (a->holder != b->holder)
        return a->holder < b->holder ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    if (a->text != b->text)
        return a->text < b->text ? -1 : 1;
    return (a->weight > b->weight) - (a->weight < b->weight);
}

/* Where the values of each bucket begin: holders by their first bits. */
typedef struct Buckets {
    unsigned shift;
    size_t count;
    size_t *start; /* count + 1 */
} Buckets;

static size_t bucket_of(const Buckets *b, uint64_t holder)
{
    return (size_t)(holder >> b->shift);
}

/* About one value a bucket, or `most` bits. */
static Status buckets_new(const Sharing *s, unsigned most, Buckets *b, Error *err)
{
    unsigned bits = 1;
    while (bits < most && (size_t)1 << bits < s->values.len)
        bits++;
    b->shift = 64 - bits;
    b->count = (size_t)1 << bits;
    TRY(mem_zalloc(b->count + 1, sizeof *b->start, (void **)&b->start, err));
    for (size_t i = 0; i < s->values.len; i++)
        b->start[bucket_of(b, s->values.at[i].holder) + 1]++;
    for (size_t i = 0; i < b->count; i++)
        b->start[i + 1] += b->start[i];
    return OK;
}

#define COARSE_BITS 10 /* so many stretches that the caches hold all their ends, and each of them for itself */

/* In place, because values are much memory: whoever stands where another belongs goes on to his own. */
static Status deal_values(Sharing *s, const Buckets *b, Error *err)
{
    size_t *next = NULL;
    TRY(mem_alloc(b->count * sizeof *next, (void **)&next, err));
    memcpy(next, b->start, b->count * sizeof *next);
    SharedValue *at = s->values.at;
    for (size_t i = 0; i < b->count; i++)
        while (next[i] < b->start[i + 1]) {
            SharedValue v = at[next[i]];
            for (size_t home = bucket_of(b, v.holder); home != i; home = bucket_of(b, v.holder)) {
                SharedValue other = at[next[home]];
                at[next[home]++] = v;
                v = other;
            }
            at[next[i]++] = v;
        }
    mem_free(next);
    return OK;
}

static bool same_holder(const SharedValue *a, const SharedValue *b)
{
    return a->column == b->column && a->holder == b->holder;
}

/* Of two values of one holder. */
static bool is_better(const Context *c, const SharedValue *a, const SharedValue *b)
{
    if (a->weight != b->weight)
        return c->shares.at[a->share].take == TAKE_LEAST ? a->weight < b->weight : a->weight > b->weight;
    return slice_cmp(c->texts.at[a->text], c->texts.at[b->text]) < 0;
}

/* Of *n sorted values those that are equal become one: weights are added up, or the least of them, which is the first,
 * stays. */
static Status add_up(const Context *c, SharedValue *at, size_t *n, Error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        const SharedValue *v = &at[i];
        SharedValue *last = kept ? &at[kept - 1] : NULL;
        if (!last || !same_holder(v, last) || v->text != last->text)
            at[kept++] = *v;
        else if (c->shares.at[v->share].take != TAKE_LEAST && CKD_ADD(&last->weight, last->weight, v->weight))
            return error_set(err, ERR_LIMIT, "weights of a shared value of the context are too large to be added up");
    }
    *n = kept;
    return OK;
}

/* The best `most` of n values of one holder, or all of them: returns how many. */
static size_t best_of(const Context *c, const SharedValue *of, size_t n, SharedValue *out, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = count;
        while (at > 0 && is_better(c, &of[i], &out[at - 1]))
            at--;
        if (at == most)
            continue;
        count += count < most;
        for (size_t k = count - 1; k > at; k--)
            out[k] = out[k - 1];
        out[at] = of[i];
    }
    return count;
}

/* Of each holder one value a column, and those of the columns next to it; a count in the weight of the first. In order
 * of holder; returns how many. */
static size_t take_best(const Sharing *s, SharedValue *at, size_t count, const Context *c)
{
    size_t kept = 0;
    for (size_t i = 0, n; i < count; i += n) {
        const SharedValue *of = &at[i];
        const ContextShare *share = &c->shares.at[of->share];
        SharedValue taken[1 + CONTEXT_NEXT_MAX] = {*of};
        size_t some = 1;
        for (n = 1; i + n < count && same_holder(of, &of[n]);)
            n++;
        if (share->take == TAKE_COUNT)
            taken[0].weight = (int64_t)n;
        else
            some = best_of(c, of, n, taken, 1 + share->next);
        uint32_t column = of->column;
        at[kept++] = taken[0];
        for (size_t k = 1; k < some; k++) {
            const SharedNext *next = next_of(s, column, (uint32_t)k);
            if (!next)
                continue;
            taken[k].column = (uint16_t)next->next;
            at[kept++] = taken[k];
        }
    }
    return kept;
}

typedef struct Settling {
    Sharing *sharing;
    const Context *context;
    Buckets buckets; /* coarse ones, then those of the values that are left */
    size_t *kept;    /* of each coarse bucket */
} Settling;

/* All values of a holder are in one bucket. */
static Status settle_bucket(size_t bucket, void *ctx, Error *err)
{
    Settling *x = ctx;
    SharedValue *at = x->sharing->values.at + x->buckets.start[bucket];
    size_t n = x->buckets.start[bucket + 1] - x->buckets.start[bucket];
    if (n > 1)
        qsort(at, n, sizeof *at, by_holder);
    TRY(add_up(x->context, at, &n, err));
    x->kept[bucket] = take_best(x->sharing, at, n, x->context);
    return OK;
}

/* What its records have is left of each holder, in order of holder. */
static Status settle_values(Settling *x, unsigned threads, Error *err)
{
    Sharing *s = x->sharing;
    Status st;
    TRY_OUT(buckets_new(s, COARSE_BITS, &x->buckets, err));
    TRY_OUT(mem_alloc(x->buckets.count * sizeof *x->kept, (void **)&x->kept, err));
    TRY_OUT(deal_values(s, &x->buckets, err));
    TRY_OUT(parallel_for(x->buckets.count, threads, settle_bucket, x, err));
    s->values.len = 0;
    for (size_t b = 0; b < x->buckets.count; b++) {
        memmove(s->values.at + s->values.len, s->values.at + x->buckets.start[b], x->kept[b] * sizeof *s->values.at);
        s->values.len += x->kept[b];
    }
out:
    mem_free(x->kept);
    mem_free(x->buckets.start);
    x->buckets = (Buckets){0};
    return st;
}

/* NULL: the holder has none. */
static const SharedValue *value_of(const Sharing *s, const Buckets *b, const SharedCell *cell)
{
    size_t bucket = bucket_of(b, cell->holder), low = b->start[bucket], high = b->start[bucket + 1];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->values.at[mid].holder < cell->holder)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < b->start[bucket + 1] && s->values.at[low].holder == cell->holder; low++)
        if (s->values.at[low].column == cell->column)
            return &s->values.at[low];
    return NULL;
}

#define CELLS_AHEAD 16

/* What looking up later cells, which are there, reads: first where its bucket is, then the bucket. */
static void fetch_value(const Sharing *s, const Buckets *b, size_t i)
{
    __builtin_prefetch(&b->start[bucket_of(b, s->cells.at[i + CELLS_AHEAD].holder)]);
    __builtin_prefetch(&s->values.at[b->start[bucket_of(b, s->cells.at[i + CELLS_AHEAD / 2].holder)]]);
}

#define CELLS_AT_ONCE ((size_t)1 << 16)
#define NO_TEXT UINT64_MAX
#define IS_COUNT (UINT64_C(1) << 63) /* a count, not the number of a text */

/* Puts what the holder's records are given in the holder's place: a text's number, or a count. */
static Status look_up_cells(size_t item, void *ctx, Error *err)
{
    const Settling *x = ctx;
    Sharing *s = x->sharing;
    size_t end = s->cells.len - item * CELLS_AT_ONCE < CELLS_AT_ONCE ? s->cells.len : (item + 1) * CELLS_AT_ONCE;
    UNUSED(err);
    for (size_t i = item * CELLS_AT_ONCE; i < end; i++) {
        if (i + CELLS_AHEAD < end) /* beyond it they may have been changed */
            fetch_value(s, &x->buckets, i);
        const SharedValue *value = value_of(s, &x->buckets, &s->cells.at[i]);
        s->cells.at[i].holder = !value ? NO_TEXT
                                : x->context->shares.at[value->share].take == TAKE_COUNT
                                    ? IS_COUNT | (uint64_t)value->weight
                                    : value->text;
    }
    return OK;
}

/* A count is written into `count`. */
static Slice text_of(const Context *c, uint64_t given, char count[CONTEXT_TEXT_SIZE])
{
    if (!(given & IS_COUNT))
        return c->texts.at[given];
    int n = snprintf(count, CONTEXT_TEXT_SIZE, "%" PRIu64, given & ~IS_COUNT);
    ASSERT(n > 0 && n < CONTEXT_TEXT_SIZE);
    return (Slice){count, (size_t)n};
}

Status sharing_settle(Sharing *s, const Context *c, unsigned threads,
    Status (*fn)(void *ctx, const SharedCell *cell, Slice text, Error *err), void *ctx, Error *err)
{
    Settling x = {.sharing = s, .context = c};
    if (s->values.len == 0)
        return OK;
    TRY(settle_values(&x, threads, err));
    TRY(buckets_new(s, 31, &x.buckets, err));
    Status st = parallel_for((s->cells.len + CELLS_AT_ONCE - 1) / CELLS_AT_ONCE, threads, look_up_cells, &x, err);
    mem_free(x.buckets.start);
    for (size_t i = 0; st == OK && i < s->cells.len; i++) {
        char count[CONTEXT_TEXT_SIZE];
        if (s->cells.at[i].holder != NO_TEXT)
            st = fn(ctx, &s->cells.at[i], text_of(c, s->cells.at[i].holder, count), err);
    }
    return st;
}

void sharing_free(Sharing *s)
{
    vec_free(&s->cells);
    vec_free(&s->values);
    vec_free(&s->nexts);
}
