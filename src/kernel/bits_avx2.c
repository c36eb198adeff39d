/*
 * Common bits with AVX2: counts of nibbles by byte shuffle (Muła, Kurz, Lemire
 * 2018), four vectors a register.
 *
 * The usual form splits each word into nibbles after the AND. Here the queries
 * are split beforehand, and the target's high nibbles are shifted down once for
 * four queries, so that a pair's word costs two ANDs, two shuffles and two adds.
 * A byte of the sum grows by at most 8 a word, hence the pieces of 31 words.
 */
#include "kernel/kernel_impl.h"

#include <immintrin.h>

#define BITS_TARGET __attribute__((target("avx2")))
#define PATH_NAME(x) avx2_##x
#define PIECE ((size_t)31)
#define LOW_NIBBLES UINT64_C(0x0f0f0f0f0f0f0f0f)

typedef struct Tile {
    uint64_t low[KERNEL_WORDS_MAX][QUERY_TILE];
    uint64_t high[KERNEL_WORDS_MAX][QUERY_TILE]; /* shifted down */
} Tile;

static void tile_load(Tile *tile, BitTile queries, size_t q, size_t some)
{
    uint64_t words[KERNEL_WORDS_MAX];
    for (size_t k = 0; k < QUERY_TILE; k++) {
        if (k < some)
            bit_pack_get(queries.pack, queries.first + q + k, words);
        for (size_t w = 0; w < queries.pack->words; w++) {
            tile->low[w][k] = k < some ? words[w] & LOW_NIBBLES : 0;
            tile->high[w][k] = k < some ? words[w] >> 4 & LOW_NIBBLES : 0;
        }
    }
}

BITS_TARGET static inline __m256i nibble_counts(void)
{
    return _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, /* twice: a table for each half */
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
}

BITS_TARGET static inline __m256i add_common(__m256i sum, uint64_t low, uint64_t high, __m256i t, __m256i t_high)
{
    __m256i a = _mm256_and_si256(_mm256_set1_epi64x((long long)low), t);
    __m256i b = _mm256_and_si256(_mm256_set1_epi64x((long long)high), t_high);
    sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(nibble_counts(), a));
    return _mm256_add_epi8(sum, _mm256_shuffle_epi8(nibble_counts(), b));
}

/* Four vectors of the group from `group` on, words from .. to. */
BITS_TARGET static inline void count_piece(const Tile *tile, const uint64_t *group, size_t from, size_t to,
    __m256i sums[QUERY_TILE])
{
    __m256i zero = _mm256_setzero_si256(), a = zero, b = zero, c = zero, d = zero;
    for (size_t w = from; w < to; w++) {
        __m256i t = _mm256_load_si256((const __m256i *)(const void *)(group + w * KERNEL_BIT_GROUP));
        __m256i t_high = _mm256_srli_epi16(t, 4);
        const uint64_t *low = tile->low[w], *high = tile->high[w];
        a = add_common(a, low[0], high[0], t, t_high);
        b = add_common(b, low[1], high[1], t, t_high);
        c = add_common(c, low[2], high[2], t, t_high);
        d = add_common(d, low[3], high[3], t, t_high);
    }
    sums[0] = _mm256_add_epi64(sums[0], _mm256_sad_epu8(a, zero));
    sums[1] = _mm256_add_epi64(sums[1], _mm256_sad_epu8(b, zero));
    sums[2] = _mm256_add_epi64(sums[2], _mm256_sad_epu8(c, zero));
    sums[3] = _mm256_add_epi64(sums[3], _mm256_sad_epu8(d, zero));
}

BITS_TARGET static inline void tile_count(
    const Tile *tile, const uint64_t *group, size_t words, uint64_t out[QUERY_TILE][KERNEL_BIT_GROUP])
{
    for (size_t half = 0; half < KERNEL_BIT_GROUP; half += 4) {
        __m256i zero = _mm256_setzero_si256();
        __m256i sums[QUERY_TILE] = {zero, zero, zero, zero};
        for (size_t from = 0; from < words; from += PIECE)
            count_piece(tile, group + half, from, words - from < PIECE ? words : from + PIECE, sums);
        for (size_t k = 0; k < QUERY_TILE; k++)
            _mm256_storeu_si256((__m256i *)(void *)(out[k] + half), sums[k]);
    }
}

BITS_TARGET static inline unsigned reaching_half(
    const uint64_t *common, uint32_t ones_a, const uint16_t *ones_b, uint32_t threshold)
{
    __m256i b = _mm256_cvtepu16_epi64(_mm_loadl_epi64((const __m128i *)(const void *)ones_b));
    __m256i both = _mm256_add_epi64(b, _mm256_set1_epi64x((long long)ones_a));
    __m256i least = _mm256_mul_epu32(both, _mm256_set1_epi64x((long long)threshold));
    __m256i have = _mm256_mul_epu32(
        _mm256_loadu_si256((const __m256i *)(const void *)common), _mm256_set1_epi64x(2 * KERNEL_ONE));
    __m256i fails = _mm256_cmpgt_epi64(least, have);
    return ~(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(fails)) & 15u;
}

BITS_TARGET static inline unsigned reaching(
    const uint64_t common[KERNEL_BIT_GROUP], uint32_t ones_a, const uint16_t *ones_b, uint32_t threshold)
{
    return reaching_half(common, ones_a, ones_b, threshold) |
           reaching_half(common + 4, ones_a, ones_b + 4, threshold) << 4;
}

#include "kernel/bits_lanes.h"

/* Bits of both in four words, summed by bytes. */
BITS_TARGET static inline __m256i four_words(const uint64_t *a, const uint64_t *b)
{
    const __m256i low_nibbles = _mm256_set1_epi8(15);
    __m256i both = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)a),
        _mm256_loadu_si256((const __m256i *)(const void *)b));
    __m256i low = _mm256_and_si256(both, low_nibbles);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(both, 4), low_nibbles);
    __m256i counts =
        _mm256_add_epi8(_mm256_shuffle_epi8(nibble_counts(), low), _mm256_shuffle_epi8(nibble_counts(), high));
    return _mm256_sad_epu8(counts, _mm256_setzero_si256());
}

BITS_TARGET void avx2_common_rows(
    const uint64_t *query, const uint64_t *rows, size_t words, const uint32_t *ids, size_t n, uint16_t *out)
{
    for (size_t k = 0; k < n; k++) {
        const uint64_t *row = rows + ids[k] * words;
        __m256i sum = _mm256_setzero_si256();
        uint64_t parts[4];
        size_t w = 0;
        fetch_row(rows, words, ids, k + ROWS_AHEAD, n);
        for (; w + 4 <= words; w += 4)
            sum = _mm256_add_epi64(sum, four_words(query + w, row + w));
        _mm256_storeu_si256((__m256i *)(void *)parts, sum);
        uint64_t rest = bits_common(query + w, row + w, words - w);
        out[k] = (uint16_t)(parts[0] + parts[1] + parts[2] + parts[3] + rest);
    }
}
