/* The AVX-512 form of the text kernels: text_lanes.h in registers of 64 bytes. */
#include "kernel/kernel_impl.h"

#include <immintrin.h>

#define LANES_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define LANES_BYTES 64
#define V_SHUFFLE(table, index) ((Bytes)_mm512_shuffle_epi8((__m512i)(table), (__m512i)(index)))
#define V_LOW8(a, b) ((Bytes)_mm512_unpacklo_epi8((__m512i)(a), (__m512i)(b)))
#define V_HIGH8(a, b) ((Bytes)_mm512_unpackhi_epi8((__m512i)(a), (__m512i)(b)))
#define V_LOW16(a, b) ((Bytes)_mm512_unpacklo_epi16((__m512i)(a), (__m512i)(b)))
#define V_HIGH16(a, b) ((Bytes)_mm512_unpackhi_epi16((__m512i)(a), (__m512i)(b)))
#define V_MASK(x) ((uint64_t)_mm512_movepi8_mask((__m512i)(x)))
#define V_ROWS(p, stride) ((Bytes)four_rows(p, 16 * (stride)))

LANES_TARGET static inline __m512i four_rows(const uint8_t *p, size_t step)
{
    __m512i rows = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)p));
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(const void *)(p + step)), 1);
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(const void *)(p + 2 * step)), 2);
    return _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(const void *)(p + 3 * step)), 3);
}

#define LANES_SLOT 16
#define LANES_NAME(x) x##_16
#include "kernel/text_lanes.h"

#define LANES_SLOT 32
#define LANES_NAME(x) x##_32
#include "kernel/text_lanes.h"

#define PATH_NAME(x) avx512_##x
#include "kernel/text_paths.h"
