/*
 * Which path this machine runs. The processor is asked by the compiler's own
 * support (cpuid, and whether the system saves the wide registers); the build
 * needs no -march, since each path's functions carry their target.
 */
#include "kernel/kernel_impl.h"

static const KernelTable portable_table = {
    .path = KERNEL_PORTABLE,
    .name = "portable",
    .jaro_winkler_many = portable_jaro_winkler_many,
    .levenshtein_many = portable_levenshtein_many,
    .osa_many = portable_osa_many,
    .common_many = portable_common_many,
    .dice_above = portable_dice_above,
    .common_rows = portable_common_rows,
};

#if KERNEL_X86
static const KernelTable avx2_table = {
    .path = KERNEL_AVX2,
    .name = "avx2",
    .jaro_winkler_many = avx2_jaro_winkler_many,
    .levenshtein_many = avx2_levenshtein_many,
    .osa_many = avx2_osa_many,
    .common_many = avx2_common_many,
    .dice_above = avx2_dice_above,
    .common_rows = avx2_common_rows,
};

static const KernelTable avx512_table = {
    .path = KERNEL_AVX512,
    .name = "avx512",
    .jaro_winkler_many = avx512_jaro_winkler_many,
    .levenshtein_many = avx512_levenshtein_many,
    .osa_many = avx512_osa_many,
    .common_many = avx512_common_many,
    .dice_above = avx512_dice_above,
    .common_rows = avx512_common_rows,
};

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vpopcntdq");
}
#endif

const KernelTable *kernel_table(KernelPath path)
{
    if (path == KERNEL_PORTABLE)
        return &portable_table;
#if KERNEL_X86
    if ((path == KERNEL_AVX512 || path == KERNEL_BEST) && has_avx512())
        return &avx512_table;
    if ((path == KERNEL_AVX2 || path == KERNEL_BEST) && has_avx2())
        return &avx2_table;
#endif
    return path == KERNEL_BEST ? &portable_table : NULL;
}

Status kernel_choose(const KernelTable **out, Error *err)
{
    static const struct {
        const char *name;
        KernelPath path;
    } names[] = {{"portable", KERNEL_PORTABLE}, {"avx2", KERNEL_AVX2}, {"avx512", KERNEL_AVX512}};
    const char *wanted = env_get("CAIRN_KERNELS");
    if (!wanted) {
        *out = kernel_table(KERNEL_BEST);
        return OK;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(wanted, names[i].name) != 0)
            continue;
        *out = kernel_table(names[i].path);
        return *out ? OK : error_set(err, ERR_INVALID, "CAIRN_KERNELS asks for %s, which this processor lacks", wanted);
    }
    return error_set(err, ERR_INVALID, "CAIRN_KERNELS is neither portable, avx2 nor avx512");
}
