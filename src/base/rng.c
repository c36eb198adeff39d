/*
 * xoshiro256** (Blackman and Vigna 2021) seeded by SplitMix64, bounded draws
 * by Lemire's multiplication (2019). Integers all the way: the same seed gives
 * the same state on every machine and compiler.
 */
#include "base/rng.h"

#include "base/attr.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)
#define MILLION UINT64_C(1000000)

__extension__ typedef unsigned __int128 Wide;

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void rng_init(Rng *r, uint64_t seed, uint64_t stream)
{
    /* mix is a bijection: streams of one seed never begin alike, and neighbours lie far apart */
    uint64_t x = mix(mix(seed + GOLDEN) ^ stream);
    for (int i = 0; i < 4; i++) {
        x += GOLDEN;
        r->s[i] = mix(x);
    }
}

uint64_t rng_below(Rng *r, uint64_t n)
{
    ASSERT(n > 0);
    Wide product = (Wide)rng_u64(r) * n;
    if ((uint64_t)product < n) {
        /* 2^64 mod n values of the low half are drawn once too often */
        uint64_t threshold = (0 - n) % n;
        while ((uint64_t)product < threshold)
            product = (Wide)rng_u64(r) * n;
    }
    return (uint64_t)(product >> 64);
}

int64_t rng_between(Rng *r, int64_t low, int64_t high)
{
    ASSERT(low <= high);
    uint64_t span = (uint64_t)high - (uint64_t)low;
    uint64_t offset = span == UINT64_MAX ? rng_u64(r) : rng_below(r, span + 1);
    return (int64_t)((uint64_t)low + offset);
}

bool rng_ppm(Rng *r, uint32_t ppm)
{
    return rng_below(r, MILLION) < ppm;
}

double rng_unit(Rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

double rng_normal(Rng *r)
{
    /* twelve uniforms of 32 bits have variance 1; the sum needs 36 bits, so the double is exact */
    int64_t sum = 0;
    for (int i = 0; i < 6; i++) {
        uint64_t two = rng_u64(r);
        sum += (int64_t)(two >> 32) + (int64_t)(two & UINT32_MAX);
    }
    /* each 32-bit draw stands for the middle of its cell: + 1/2 */
    sum += 6 - (INT64_C(6) << 32);
    return (double)sum * 0x1p-32;
}

uint32_t rng_pick(Rng *r, const uint64_t *cumulative, uint32_t n)
{
    ASSERT(n > 0);
    uint64_t draw = rng_below(r, cumulative[n - 1]);
    uint32_t low = 0, high = n - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cumulative[middle] > draw)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
