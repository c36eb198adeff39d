/*
 * Bit vectors in groups of eight, and the portable count of common bits.
 *
 * The portable count adds in parallel within a word (Warren, Hacker's Delight,
 * 5-1), two words at a time up to bytes; where the compiler has an instruction
 * for it without being asked (arm64's cnt), that is used.
 */
#include "kernel/kernel_impl.h"

#define LINE_SIZE ((size_t)64)

Status bit_pack_new(size_t n, size_t words, BitPack **out, Error *err)
{
    size_t groups = n / KERNEL_BIT_GROUP + (n % KERNEL_BIT_GROUP != 0), size;
    if (words == 0 || words > KERNEL_WORDS_MAX)
        return error_set(err, ERR_LIMIT, "bit vectors have 64 to %zu bits", KERNEL_WORDS_MAX * 64);
    if (n > UINT32_MAX || CKD_MUL(&size, groups, words * KERNEL_BIT_GROUP * sizeof(uint64_t)) ||
        CKD_ADD(&size, size, LINE_SIZE))
        return error_set(err, ERR_LIMIT, "more than %" PRIu32 " bit vectors", UINT32_MAX);
    BitPack *p;
    TRY(mem_zalloc(1, sizeof *p, (void **)&p, err));
    p->n = n;
    p->words = words;
    Status st = mem_zalloc(size, 1, &p->memory, err);
    if (st == OK)
        st = mem_zalloc(groups, KERNEL_BIT_GROUP * sizeof *p->counts, (void **)&p->counts, err);
    if (st != OK) {
        bit_pack_free(p);
        return st;
    }
    size_t off = (size_t)((uintptr_t)p->memory % LINE_SIZE);
    p->bits = (uint64_t *)(void *)((char *)p->memory + (off ? LINE_SIZE - off : 0));
    *out = p;
    return OK;
}

void bit_pack_free(BitPack *pack)
{
    if (!pack)
        return;
    mem_free(pack->memory);
    mem_free(pack->counts);
    mem_free(pack);
}

static size_t word_place(const BitPack *pack, size_t i)
{
    ASSERT(i < pack->n);
    return i / KERNEL_BIT_GROUP * pack->words * KERNEL_BIT_GROUP + i % KERNEL_BIT_GROUP;
}

void bit_pack_set(BitPack *pack, size_t i, const uint64_t *bits)
{
    uint64_t *at = pack->bits + word_place(pack, i);
    for (size_t w = 0; w < pack->words; w++)
        at[w * KERNEL_BIT_GROUP] = bits[w];
    pack->counts[i] = (uint16_t)bits_common(bits, bits, pack->words);
}

void bit_pack_get(const BitPack *pack, size_t i, uint64_t *bits)
{
    const uint64_t *at = pack->bits + word_place(pack, i);
    for (size_t w = 0; w < pack->words; w++)
        bits[w] = at[w * KERNEL_BIT_GROUP];
}

size_t bit_pack_count(const BitPack *pack)
{
    return pack->n;
}

size_t bit_pack_words(const BitPack *pack)
{
    return pack->words;
}

uint32_t bit_pack_ones(const BitPack *pack, size_t i)
{
    ASSERT(i < pack->n);
    return pack->counts[i];
}

static inline uint32_t ones(uint64_t x)
{
#if defined(__aarch64__)
    return (uint32_t)__builtin_popcountll(x);
#else
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(x * UINT64_C(0x0101010101010101) >> 56);
#endif
}

uint32_t bits_common(const uint64_t *a, const uint64_t *b, size_t words)
{
    uint32_t n = 0;
    for (size_t w = 0; w < words; w++)
        n += ones(a[w] & b[w]);
    return n;
}

void bit_tiles_check(BitTile q, BitTile t)
{
    ASSERT(q.pack->words == t.pack->words);
    ASSERT(t.first % KERNEL_BIT_GROUP == 0);
    ASSERT(q.first <= q.pack->n && q.n <= q.pack->n - q.first);
    ASSERT(t.first <= t.pack->n && t.n <= t.pack->n - t.first);
}

/* Bits of one query common with each of a group. */
static void group_common(const uint64_t *query, const uint64_t *group, size_t words, uint32_t out[KERNEL_BIT_GROUP])
{
    for (size_t k = 0; k < KERNEL_BIT_GROUP; k++) {
        uint32_t n = 0;
        for (size_t w = 0; w < words; w++)
            n += ones(query[w] & group[w * KERNEL_BIT_GROUP + k]);
        out[k] = n;
    }
}

void portable_common_many(BitTile queries, BitTile targets, uint16_t *out)
{
    uint64_t query[KERNEL_WORDS_MAX];
    uint32_t common[KERNEL_BIT_GROUP];
    bit_tiles_check(queries, targets);
    for (size_t q = 0; q < queries.n; q++) {
        bit_pack_get(queries.pack, queries.first + q, query);
        for (size_t t = 0; t < targets.n; t++) {
            size_t at = targets.first + t;
            if (t % KERNEL_BIT_GROUP == 0)
                group_common(query, bit_group(targets.pack, at / KERNEL_BIT_GROUP), targets.pack->words, common);
            out[q * targets.n + t] = (uint16_t)common[t % KERNEL_BIT_GROUP];
        }
    }
}

size_t portable_dice_above(BitTile queries, BitTile targets, uint32_t threshold, DiceHit *hits)
{
    uint64_t query[QUERY_TILE][KERNEL_WORDS_MAX];
    uint32_t common[KERNEL_BIT_GROUP];
    size_t found = 0;
    bit_tiles_check(queries, targets);
    for (size_t q = 0; q < queries.n; q += QUERY_TILE) {
        size_t some = queries.n - q < QUERY_TILE ? queries.n - q : QUERY_TILE;
        for (size_t k = 0; k < some; k++)
            bit_pack_get(queries.pack, queries.first + q + k, query[k]);
        for (size_t t = 0; t < targets.n; t += KERNEL_BIT_GROUP)
            for (size_t k = 0; k < some; k++) {
                const uint64_t *group = bit_group(targets.pack, (targets.first + t) / KERNEL_BIT_GROUP);
                uint32_t ones_a = queries.pack->counts[queries.first + q + k];
                group_common(query[k], group, targets.pack->words, common);
                for (size_t i = 0; i < KERNEL_BIT_GROUP && t + i < targets.n; i++) {
                    uint32_t ones_b = targets.pack->counts[targets.first + t + i];
                    uint32_t score = dice_score(ones_a, ones_b, common[i]);
                    if (score > 0 && score >= threshold)
                        hits[found++] = (DiceHit){
                            (uint32_t)(queries.first + q + k), (uint32_t)(targets.first + t + i), score};
                }
            }
    }
    return found;
}

void portable_common_rows(
    const uint64_t *query, const uint64_t *rows, size_t words, const uint32_t *ids, size_t n, uint16_t *out)
{
    for (size_t k = 0; k < n; k++) {
        fetch_row(rows, words, ids, k + ROWS_AHEAD, n);
        out[k] = (uint16_t)bits_common(query, rows + ids[k] * words, words);
    }
}
