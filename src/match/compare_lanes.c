/* Comparing a stretch four records at a time, in vectors that every machine has; and which path this machine takes. */
#include "match/compare_impl.h"

#define LANES_PATH(x) portable_##x
#define LANES_TARGET
#define LANES_COUNT 4
#include "match/compare_vectors.h"

#include "match/compare_lanes.h"

const CompareLanes *compare_lanes(KernelPath path)
{
#if defined(__x86_64__)
    if (path == KERNEL_AVX512)
        return &avx512_lanes;
    if (path == KERNEL_AVX2)
        return &avx2_lanes;
#endif
    ASSERT(path == KERNEL_PORTABLE || path == KERNEL_AVX2 || path == KERNEL_AVX512);
    return &portable_lanes;
}
