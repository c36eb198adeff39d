/* Blocks of all passes: made, told of, and asked which of them two records share. */
#include "match/blocks.h"

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
    TRY_OUT(blocks_weigh(b, threads, err));
    TRY_OUT(blocks_number(b, err));
    TRY_OUT(blocks_rows(b, threads, err));
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
        vec_free(&b->passes[i].marks);
        vec_free(&b->passes[i].split);
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
            .largest_block = p->largest,
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
    const uint32_t *row = block_row(b, record);
    uint32_t extra = block_extra(b, row);
    if (extra > 0) {
        uint64_t begin = b->extra_start[extra - 1];
        return (BlockList){b->extras + begin, (size_t)(b->extra_start[extra] - begin)};
    }
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

uint32_t blocks_own_mask(const Blocks *b, uint32_t record)
{
    uint64_t scratch[BLOCK_LIST_ROW_MAX];
    uint32_t mask = 0;
    const uint32_t *row = block_row(b, record);
    if (block_extra(b, row) == 0) {
        for (uint32_t lane = 0; lane < b->stride; lane++)
            mask |= row[lane] ? b->lane_bit[lane] : 0;
        return complete_mask(b, mask);
    }
    BlockList list = record_blocks(b, record, scratch);
    for (size_t i = 0; i < list.count; i++)
        mask |= (uint32_t)1 << (list.at[i] >> 32);
    return complete_mask(b, mask);
}

void blocks_fetch(const Blocks *b, uint32_t soon, uint32_t later)
{
    if (b->row_of)
        __builtin_prefetch(&b->row_of[later]);
    block_row_prefetch(b, soon);
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
