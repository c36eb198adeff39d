/*
 * Parts: what is connected by kept pairs, together; the rest, apart.
 *
 * Components come from a union-find whose roots are lowest records. A part takes
 * components in the order of their lowest records until it is large enough, so
 * that it never depends on threads. One component of many records is one part,
 * however large.
 *
 * In a part the records of a component stand together, in their order, and so do
 * their pairs: what is looked at together lies together. Nothing that is decided
 * between records of two components looks at numbers, so the result is that of
 * any other order of components.
 */
#include "match/cluster_impl.h"

#include <stdlib.h>

#define PAIRS_AHEAD 16

/* --- components --------------------------------------------------------------------------------------------------- */

/* Leaves in out->part the lowest record of each component. */
static Status find_components(ClusterParts *out, const ClusterProblem *p, Error *err)
{
    uint32_t *parent = out->part;
    forest_init(parent, p->records);
    for (size_t i = 0; i < p->pairs->len; i++) {
        if (i + PAIRS_AHEAD < p->pairs->len)
            __builtin_prefetch(&parent[p->pairs->at[i + PAIRS_AHEAD].b]);
        if (!pair_of_repeats(p, &p->pairs->at[i]))
            forest_unite(parent, p->pairs->at[i].a, p->pairs->at[i].b);
    }
    for (size_t i = 0; i < p->decision_count; i++) {
        Decision d = p->decisions[i];
        if (d.a >= p->records || d.b >= p->records || d.a == d.b)
            return error_set(err, ERR_INVALID, "decision %zu is not about two records of the table", i + 1);
        if (d.kind == DECIDED_SAME)
            forest_unite(parent, d.a, d.b);
    }
    for (uint32_t r = 0; r < p->records; r++)
        parent[r] = forest_root(parent, r);
    return OK;
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

/* From lowest records to numbers of parts, and all records that have one into their places, component by component.
 * out->local is lent for the sizes of components, and then for where the next record of each goes. Returns how many
 * records have a part. */
static uint32_t place_records(ClusterParts *out, uint32_t part_records)
{
    uint32_t n = out->p->records, *size = out->local, filled = 0, placed = 0;
    memset(size, 0, n * sizeof *size);
    for (uint32_t r = 0; r < n; r++)
        size[out->part[r]]++;
    for (uint32_t r = 0; r < n; r++) {
        uint32_t lowest = out->part[r];
        if (lowest != r) { /* its component has its number: lowest comes first */
            out->part[r] = out->part[lowest];
            out->record[out->local[lowest]++] = r;
            continue;
        }
        if (size[r] == 1) {
            out->part[r] = MATCH_NONE;
            continue;
        }
        if (out->count == 0 || filled >= part_records) {
            out->count++;
            filled = 0;
        }
        out->part[r] = out->count - 1;
        out->lowest[r] = true;
        out->record[placed] = r;
        filled += size[r];
        placed += size[r];
        out->local[r] = placed - size[r] + 1;
    }
    return placed;
}

/* Counts to places: start[i + 1] becomes the sum of all up to i. */
static void add_up(uint32_t *start, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        start[i + 1] += start[i];
}

/* Places have moved on to the next one's while filling. */
static void move_back(uint32_t *start, uint32_t count)
{
    for (uint32_t i = count; i > 0; i--)
        start[i] = start[i - 1];
    start[0] = 0;
}

static void list_records(ClusterParts *out, uint32_t placed)
{
    for (uint32_t i = 0; i < placed; i++)
        out->record_start[out->part[out->record[i]] + 1]++;
    add_up(out->record_start, out->count);
    for (uint32_t part = 0; part < out->count; part++)
        for (uint32_t i = out->record_start[part]; i < out->record_start[part + 1]; i++)
            out->local[out->record[i]] = i - out->record_start[part];
}

static void list_pairs(ClusterParts *out)
{
    const MatchPairs *pairs = out->p->pairs;
    for (size_t i = 0; i < pairs->len; i++)
        if (!pair_of_repeats(out->p, &pairs->at[i]))
            out->pair_start[out->part[pairs->at[i].a] + 1]++;
    add_up(out->pair_start, out->count);
    for (size_t i = 0; i < pairs->len; i++)
        if (!pair_of_repeats(out->p, &pairs->at[i]))
            out->pair[out->pair_start[out->part[pairs->at[i].a]]++] = (uint32_t)i;
    move_back(out->pair_start, out->count);
}

typedef struct PartSize {
    uint32_t pairs, part;
} PartSize;

static int by_pairs(const void *x, const void *y)
{
    const PartSize *a = x, *b = y;
    if (a->pairs != b->pairs)
        return a->pairs > b->pairs ? -1 : 1;
    return a->part < b->part ? -1 : a->part > b->part;
}

static Status order_parts(ClusterParts *out, Error *err)
{
    PartSize *sizes = NULL;
    TRY(mem_alloc(out->count * sizeof *sizes, (void **)&sizes, err));
    for (uint32_t i = 0; i < out->count; i++)
        sizes[i] = (PartSize){out->pair_start[i + 1] - out->pair_start[i], i};
    if (out->count > 1)
        qsort(sizes, out->count, sizeof *sizes, by_pairs);
    for (uint32_t i = 0; i < out->count; i++)
        out->by_size[i] = sizes[i].part;
    mem_free(sizes);
    return OK;
}

Status cluster_parts_init(ClusterParts *out, const ClusterProblem *p, uint32_t part_records, Error *err)
{
    *out = (ClusterParts){.p = p};
    size_t n = p->records, pairs = p->pairs->len;
    if (pairs >= UINT32_MAX)
        return error_set(err, ERR_LIMIT, "%zu pairs are kept: at most %u can be clustered", pairs, UINT32_MAX - 1);
    TRY(mem_alloc(n * sizeof *out->part, (void **)&out->part, err));
    TRY(mem_alloc(n * sizeof *out->local, (void **)&out->local, err));
    TRY(mem_alloc(n * sizeof *out->record, (void **)&out->record, err));
    TRY(mem_zalloc(n, sizeof *out->lowest, (void **)&out->lowest, err));
    TRY(mem_alloc(pairs * sizeof *out->pair, (void **)&out->pair, err));
    TRY(find_components(out, p, err));
    uint32_t placed = place_records(out, part_records);
    TRY(mem_zalloc((size_t)out->count + 1, sizeof *out->record_start, (void **)&out->record_start, err));
    TRY(mem_zalloc((size_t)out->count + 1, sizeof *out->pair_start, (void **)&out->pair_start, err));
    TRY(mem_alloc(out->count * sizeof *out->by_size, (void **)&out->by_size, err));
    list_records(out, placed);
    list_pairs(out);
    return order_parts(out, err);
}

void cluster_parts_free(ClusterParts *x)
{
    mem_free(x->part);
    mem_free(x->local);
    mem_free(x->lowest);
    mem_free(x->record);
    mem_free(x->record_start);
    mem_free(x->pair);
    mem_free(x->pair_start);
    mem_free(x->by_size);
    *x = (ClusterParts){0};
}

/* --- a part as a problem ------------------------------------------------------------------------------------------ */

static const uint32_t *whole_numbers(const PartProblem *x, const uint32_t *list, size_t n, uint32_t *out)
{
    ASSERT(n <= BUNDLE_FACES_MAX + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = x->record[list[i]];
    return out;
}

static Weight part_between(void *ctx, const uint32_t *a, size_t na, const uint32_t *b, size_t nb, Weight *against)
{
    const PartProblem *x = ctx;
    uint32_t left[BUNDLE_FACES_MAX + 1], right[BUNDLE_FACES_MAX + 1];
    return x->judge.between(
        x->judge.ctx, whole_numbers(x, a, na, left), na, whole_numbers(x, b, nb, right), nb, against);
}

static bool part_repeats(void *ctx, uint32_t a, uint32_t b)
{
    const PartProblem *x = ctx;
    return x->judge.repeats(x->judge.ctx, x->record[a], x->record[b]);
}

static Weight part_lift(void *ctx, uint32_t a, uint32_t b)
{
    const PartProblem *x = ctx;
    return x->judge.lift(x->judge.ctx, x->record[a], x->record[b]);
}

/* Asks for a pair that is due soon, and for the numbers of the records of one that is due sooner. */
static void fetch_pair(const ClusterParts *x, const uint32_t *list, uint32_t count, uint32_t i)
{
    const MatchPair *pairs = x->p->pairs->at;
    if (i + PAIRS_AHEAD >= count)
        return;
    __builtin_prefetch(&pairs[list[i + PAIRS_AHEAD]]);
    __builtin_prefetch(&x->local[pairs[list[i + PAIRS_AHEAD / 2]].a]);
    __builtin_prefetch(&x->local[pairs[list[i + PAIRS_AHEAD / 2]].b]);
}

/* The part's pairs under its numbers, by the lower record; those of one record in the order in which they came. */
static Status take_pairs(PartProblem *out, const ClusterParts *x, uint32_t part, uint32_t records, Error *err)
{
    const MatchPair *pairs = x->p->pairs->at;
    const uint32_t *list = x->pair + x->pair_start[part], count = x->pair_start[part + 1] - x->pair_start[part];
    uint32_t *start = NULL;
    TRY(vec_reserve(&out->pairs, count, err));
    TRY(mem_zalloc((size_t)records + 1, sizeof *start, (void **)&start, err));
    for (uint32_t i = 0; i < count; i++) {
        fetch_pair(x, list, count, i);
        start[x->local[pairs[list[i]].a] + 1]++;
    }
    add_up(start, records);
    for (uint32_t i = 0; i < count; i++) {
        fetch_pair(x, list, count, i);
        MatchPair pair = pairs[list[i]];
        pair.a = x->local[pair.a];
        pair.b = x->local[pair.b];
        out->pairs.at[start[pair.a]++] = pair;
    }
    out->pairs.len = count;
    mem_free(start);
    return OK;
}

Status part_problem_init(PartProblem *out, const ClusterParts *x, uint32_t part, const Judge *judge, Error *err)
{
    const ClusterProblem *whole = x->p;
    uint32_t n = x->record_start[part + 1] - x->record_start[part];
    *out = (PartProblem){.record = x->record + x->record_start[part], .judge = *judge};
    TRY(mem_alloc(n * sizeof *out->source, (void **)&out->source, err));
    TRY(mem_alloc(n * sizeof *out->component, (void **)&out->component, err));
    uint32_t components = 0;
    for (uint32_t i = 0; i < n; i++) {
        out->source[i] = whole->source[out->record[i]];
        components += x->lowest[out->record[i]];
        out->component[i] = components - 1;
    }
    TRY(take_pairs(out, x, part, n, err));
    for (size_t i = 0; i < whole->decision_count; i++) {
        Decision d = whole->decisions[i];
        if (x->part[d.a] == part && x->part[d.b] == part)
            TRY(vec_push(&out->decisions, ((Decision){x->local[d.a], x->local[d.b], d.kind}), err));
    }
    out->problem = (ClusterProblem){
        .records = n,
        .source = out->source,
        .config = whole->config,
        .pairs = &out->pairs,
        .decisions = out->decisions.at,
        .decision_count = out->decisions.len,
        .judge = {part_between, part_repeats, judge->lift ? part_lift : NULL, out},
        .left = whole->left,
        .component = out->component,
        .components = components,
    };
    return OK;
}

void part_problem_free(PartProblem *x)
{
    mem_free(x->source);
    mem_free(x->component);
    vec_free(&x->pairs);
    vec_free(&x->decisions);
}
