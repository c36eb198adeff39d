/* Links against a table of true pairs: every true pair counts, also those that blocking never brought together. */
#include "token/token_impl.h"

#include <stdlib.h>

/* Record with this id, or SIZE_MAX. */
static size_t find_id(const TokenSet *s, Slice id)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_cmp(s->ids[middle], id);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}

/* The true pairs of two sets, sorted, each once. */
static Status read_truth(
    const TokenSet *a, const TokenSet *b, const CsvTable *t, bool *used, TokenPairs *out, Error *err)
{
    if (t->columns < 2)
        return error_set(err, ERR_INVALID, "the true pairs need two columns of ids");
    for (size_t r = 0; r < t->rows; r++) {
        Slice x = slice_trim(t->cells[r * t->columns]), y = slice_trim(t->cells[r * t->columns + 1]);
        size_t i = find_id(a, x), j = find_id(b, y);
        if (i == SIZE_MAX || j == SIZE_MAX) {
            i = find_id(a, y);
            j = find_id(b, x);
        }
        if (i == SIZE_MAX || j == SIZE_MAX)
            continue;
        if (used)
            used[r] = true;
        TRY(vec_push(out, ((TokenPair){(uint32_t)i, (uint32_t)j, 0}), err));
    }
    if (out->len < 2)
        return OK;
    qsort(out->at, out->len, sizeof *out->at, pair_by_records);
    size_t kept = 1;
    for (size_t k = 1; k < out->len; k++)
        if (pair_by_records(&out->at[kept - 1], &out->at[k]) != 0)
            out->at[kept++] = out->at[k];
    out->len = kept;
    return OK;
}

static uint64_t count_common(const TokenPairs *links, const TokenPairs *truth)
{
    uint64_t n = 0;
    for (size_t i = 0, j = 0; i < links->len && j < truth->len;) {
        int order = pair_by_records(&links->at[i], &truth->at[j]);
        n += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

Status token_quality(const TokenSet *a, const TokenSet *b, const TokenLinks *links, const CsvTable *truth, bool *used,
    TokenQuality *out, Error *err)
{
    TokenPairs pairs = {0};
    *out = (TokenQuality){0};
    Status st = read_truth(a, b, truth, used, &pairs, err);
    if (st == OK) {
        out->truth = out->reached = pairs.len;
        out->links = links->pairs.len;
        out->right = count_common(&links->pairs, &pairs);
        if (!links->all_pairs)
            st = token_blocking_reach(a, b, pairs.at, pairs.len, &out->reached, err);
    }
    vec_free(&pairs);
    return st;
}
