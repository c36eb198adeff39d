/* The AVX2 form of the text kernels: text_lanes.h in registers of 32 bytes. */
#include "kernel/kernel_impl.h"

#include <immintrin.h>

#define LANES_TARGET __attribute__((target("avx2")))
#define LANES_BYTES 32
#define V_SHUFFLE(table, index) ((Bytes)_mm256_shuffle_epi8((__m256i)(table), (__m256i)(index)))
#define V_LOW8(a, b) ((Bytes)_mm256_unpacklo_epi8((__m256i)(a), (__m256i)(b)))
#define V_HIGH8(a, b) ((Bytes)_mm256_unpackhi_epi8((__m256i)(a), (__m256i)(b)))
#define V_LOW16(a, b) ((Bytes)_mm256_unpacklo_epi16((__m256i)(a), (__m256i)(b)))
#define V_HIGH16(a, b) ((Bytes)_mm256_unpackhi_epi16((__m256i)(a), (__m256i)(b)))
#define V_MASK(x) ((uint64_t)(uint32_t)_mm256_movemask_epi8((__m256i)(x)))
#define V_ROWS(p, stride) \
    ((Bytes)_mm256_inserti128_si256(_mm256_castsi128_si256(row(p)), row((p) + 16 * (stride)), 1))

LANES_TARGET static inline __m128i row(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

#define LANES_SLOT 16
#define LANES_NAME(x) x##_16
#include "kernel/text_lanes.h"

#define LANES_SLOT 32
#define LANES_NAME(x) x##_32
#include "kernel/text_lanes.h"

#define PATH_NAME(x) avx2_##x
#include "kernel/text_paths.h"
