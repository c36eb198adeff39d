/* Comparing a stretch sixteen records at a time; truths are bits of a register of their own. */
#include "match/compare_impl.h"

#include <immintrin.h>

#define LANES_PATH(x) avx512_##x
#define LANES_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq")))
#define LANES_COUNT 16
#define LANE_FUNCTION LANES_TARGET static inline __attribute__((always_inline))

typedef uint32_t Lanes __attribute__((vector_size(64)));
typedef __mmask16 Mask;
typedef __m512 Real;

LANE_FUNCTION Lanes lane_set(uint32_t v)
{
    return (Lanes)_mm512_set1_epi32((int)v);
}

LANE_FUNCTION Lanes lane_load(const uint32_t *at)
{
    return (Lanes)_mm512_loadu_si512(at);
}

LANE_FUNCTION Real lane_load_real(const uint32_t *at)
{
    return _mm512_loadu_ps(at);
}

LANE_FUNCTION Mask lane_all(bool holds)
{
    return holds ? (Mask)0xFFFF : (Mask)0;
}

LANE_FUNCTION Mask lane_equal(Lanes a, Lanes b)
{
    return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b);
}

LANE_FUNCTION Mask lane_at_most(Lanes a, uint32_t b)
{
    return _mm512_cmple_epu32_mask((__m512i)a, _mm512_set1_epi32((int)b));
}

LANE_FUNCTION Lanes lane_choose(Mask where, Lanes then, Lanes otherwise)
{
    return (Lanes)_mm512_mask_blend_epi32(where, (__m512i)otherwise, (__m512i)then);
}

LANE_FUNCTION Lanes lane_keep(Mask where, Lanes v)
{
    return (Lanes)_mm512_maskz_mov_epi32(where, (__m512i)v);
}

LANE_FUNCTION Lanes lane_min(Lanes a, Lanes b)
{
    return (Lanes)_mm512_min_epu32((__m512i)a, (__m512i)b);
}

LANE_FUNCTION Lanes lane_count_bits(Lanes v)
{
    return (Lanes)_mm512_popcnt_epi32((__m512i)v);
}

/* 10 m (la + lb) < 11 la lb. */
LANE_FUNCTION Mask lane_few(Lanes matched, Real lb, uint32_t length)
{
    const Real la = _mm512_set1_ps((float)length);
    Real m = _mm512_cvtepi32_ps((__m512i)matched);
    Real left = _mm512_mul_ps(m, _mm512_mul_ps(_mm512_set1_ps(10), _mm512_add_ps(lb, la)));
    return _mm512_cmp_ps_mask(left, _mm512_mul_ps(lb, _mm512_mul_ps(_mm512_set1_ps(11), la)), _CMP_LT_OQ);
}

LANE_FUNCTION void lane_add(uint32_t *at, Lanes v)
{
    _mm512_storeu_si512(at, _mm512_or_si512((__m512i)v, _mm512_loadu_si512(at)));
}

/* Places i .. whose lane is set, behind those that are there. */
LANE_FUNCTION size_t lane_push(uint32_t *places, size_t count, Mask set, size_t i)
{
    const __m512i order = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i at = _mm512_add_epi32(order, _mm512_set1_epi32((int)i));
    if (set == 0)
        return count;
    _mm512_storeu_si512(places + count, _mm512_maskz_compress_epi32(set, at));
    return count + (size_t)__builtin_popcount(set);
}

/* Lanes at i that are part of a stretch of n. */
LANE_FUNCTION Mask lane_inside(size_t i, size_t n)
{
    return (Mask)(n - i >= LANES_COUNT ? 0xFFFFu : (1u << (n - i)) - 1);
}

LANE_FUNCTION __m512i four_times(const uint8_t *at)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)at));
}

/* Four names at a time, 16 letters each. */
LANES_TARGET static void names_apart(const QuickJaro *x, const NameLetters *letters, const uint32_t *lengths,
    const uint32_t *places, size_t n, bool *apart)
{
    const __m512i which = _mm512_set_epi32(0x03030303, 0x03030303, 0x03030303, 0x03030303, 0x02020202, 0x02020202,
        0x02020202, 0x02020202, 0x01010101, 0x01010101, 0x01010101, 0x01010101, 0, 0, 0, 0);
    const __m512i at = four_times((const uint8_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
    const uint8_t *mine = x->wide + JARO_WINDOW_MAX;
    const uint32_t la = x->length;
    for (size_t i = 0; i < n; i += 4) {
        uint32_t lb[4], packed = 0;
        for (size_t k = 0; k < 4; k++) {
            uint32_t place = places[i + k < n ? i + k : i];
            float length;
            memcpy(&length, &lengths[place], sizeof length);
            lb[k] = (uint32_t)length;
            packed |= lb[k] << 8 * k;
        }
        __m512i his = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)&letters[places[i]]));
        his = _mm512_inserti32x4(
            his, _mm_loadu_si128((const __m128i *)(const void *)&letters[places[i + 1 < n ? i + 1 : i]]), 1);
        his = _mm512_inserti32x4(
            his, _mm_loadu_si128((const __m128i *)(const void *)&letters[places[i + 2 < n ? i + 2 : i]]), 2);
        his = _mm512_inserti32x4(
            his, _mm_loadu_si128((const __m128i *)(const void *)&letters[places[i + 3 < n ? i + 3 : i]]), 3);
        __m512i length = _mm512_shuffle_epi8(_mm512_set1_epi32((int)packed), which);
        __m512i longer = _mm512_max_epu8(length, _mm512_set1_epi8((char)la));
        __m512i half = _mm512_and_si512(_mm512_srli_epi16(longer, 1), _mm512_set1_epi8(127));
        __m512i window = _mm512_subs_epu8(half, _mm512_set1_epi8(1));
        uint64_t near = _mm512_cmpeq_epi8_mask(his, four_times(mine));
        for (int d = 1; d <= JARO_WINDOW_MAX; d++) {
            __mmask64 reached = _mm512_cmpge_epu8_mask(window, _mm512_set1_epi8((char)d));
            if (reached == 0)
                break;
            near |= _mm512_mask_cmpeq_epi8_mask(reached, his, four_times(mine - d)) |
                    _mm512_mask_cmpeq_epi8_mask(reached, his, four_times(mine + d));
        }
        near &= _mm512_cmplt_epu8_mask(at, length);
        for (size_t k = 0; k < 4; k++) { /* writes beyond n, where LANES_SPARE places are */
            uint32_t most = (uint32_t)__builtin_popcountll(near >> 16 * k & 0xFFFF);
            uint32_t place = places[i + k < n ? i + k : i];
            apart[i + k] = letters[place].at[0] != NAME_LETTERS_NONE && 10 * most * (la + lb[k]) < 11 * la * lb[k];
        }
    }
}
#define LANES_APART names_apart

#include "match/compare_lanes.h"
