/* Comparing a stretch eight records at a time. */
#include "match/compare_impl.h"

#include <immintrin.h>

#define LANES_PATH(x) avx2_##x
#define LANES_TARGET __attribute__((target("avx2")))
#define LANES_COUNT 8

/* Of each nibble by table, then neighbours together. */
LANES_TARGET static inline __m256i count_bits_of(__m256i v)
{
    const __m256i table = _mm256_setr_epi8(
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i bytes = _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
        _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
    return _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
}
#define LANES_BITS(v) ((Lanes)count_bits_of((__m256i)(v)))
#include "match/compare_vectors.h"

#include "match/compare_lanes.h"
