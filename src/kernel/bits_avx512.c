/* Common bits with AVX-512: VPOPCNTDQ counts the bits of eight words in one instruction. */
#include "kernel/kernel_impl.h"

#include <immintrin.h>

#define BITS_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq")))
#define PATH_NAME(x) avx512_##x

typedef struct Tile {
    uint64_t words[QUERY_TILE][KERNEL_WORDS_MAX];
} Tile;

static void tile_load(Tile *tile, BitTile queries, size_t q, size_t some)
{
    for (size_t k = 0; k < QUERY_TILE; k++)
        if (k < some)
            bit_pack_get(queries.pack, queries.first + q + k, tile->words[k]);
        else
            memset(tile->words[k], 0, queries.pack->words * sizeof(uint64_t));
}

BITS_TARGET static inline __m512i add_common(__m512i sum, uint64_t word, __m512i targets)
{
    __m512i both = _mm512_and_si512(_mm512_set1_epi64((long long)word), targets);
    return _mm512_add_epi64(sum, _mm512_popcnt_epi64(both));
}

BITS_TARGET static inline void tile_count(
    const Tile *tile, const uint64_t *group, size_t words, uint64_t out[QUERY_TILE][KERNEL_BIT_GROUP])
{
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
    for (size_t w = 0; w < words; w++) {
        __m512i t = _mm512_load_si512(group + w * KERNEL_BIT_GROUP);
        a = add_common(a, tile->words[0][w], t);
        b = add_common(b, tile->words[1][w], t);
        c = add_common(c, tile->words[2][w], t);
        d = add_common(d, tile->words[3][w], t);
    }
    _mm512_storeu_si512(out[0], a);
    _mm512_storeu_si512(out[1], b);
    _mm512_storeu_si512(out[2], c);
    _mm512_storeu_si512(out[3], d);
}

BITS_TARGET static inline unsigned reaching(
    const uint64_t common[KERNEL_BIT_GROUP], uint32_t ones_a, const uint16_t *ones_b, uint32_t threshold)
{
    __m512i b = _mm512_cvtepu16_epi64(_mm_loadu_si128((const __m128i *)(const void *)ones_b));
    __m512i both = _mm512_add_epi64(b, _mm512_set1_epi64((long long)ones_a));
    __m512i least = _mm512_mul_epu32(both, _mm512_set1_epi64((long long)threshold));
    __m512i have = _mm512_mul_epu32(_mm512_loadu_si512(common), _mm512_set1_epi64(2 * KERNEL_ONE));
    return _mm512_cmpge_epu64_mask(have, least);
}

#include "kernel/bits_lanes.h"

BITS_TARGET void avx512_common_rows(
    const uint64_t *query, const uint64_t *rows, size_t words, const uint32_t *ids, size_t n, uint16_t *out)
{
    for (size_t k = 0; k < n; k++) {
        const uint64_t *row = rows + ids[k] * words;
        __m512i sum = _mm512_setzero_si512();
        fetch_row(rows, words, ids, k + ROWS_AHEAD, n);
        for (size_t w = 0; w < words; w += 8) {
            __mmask8 some = (__mmask8)(words - w < 8 ? (1u << (words - w)) - 1 : 0xffu);
            __m512i both =
                _mm512_and_si512(_mm512_maskz_loadu_epi64(some, query + w), _mm512_maskz_loadu_epi64(some, row + w));
            sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(both));
        }
        out[k] = (uint16_t)_mm512_reduce_add_epi64(sum);
    }
}
