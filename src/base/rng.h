/*
 * Seeded random numbers: xoshiro256** (Blackman and Vigna 2021), state filled by
 * SplitMix64. A stream is named by (seed, stream): one stream a household or a
 * partition makes results independent of how work is spread over threads.
 * Integer thresholds, not floating point, decide draws that must not vary
 * between machines.
 */
#ifndef CAIRN_BASE_RNG_H
#define CAIRN_BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Rng {
    uint64_t s[4];
} Rng;

void rng_init(Rng *r, uint64_t seed, uint64_t stream);
/* Inline: the generator draws some hundred million a run. */
static inline uint64_t rng_u64(Rng *r)
{
    uint64_t *s = r->s;
    uint64_t five = s[1] * 5;
    uint64_t result = (five << 7 | five >> 57) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}
/* Uniform in [0, n), unbiased (Lemire 2019); n > 0. */
uint64_t rng_below(Rng *r, uint64_t n);
/* Uniform integer in [low, high]. */
int64_t rng_between(Rng *r, int64_t low, int64_t high);
/* True with probability ppm / 1,000,000. */
bool rng_ppm(Rng *r, uint32_t ppm);
/* Uniform in [0, 1), 53 bits. */
double rng_unit(Rng *r);
/* Standard normal, by the sum of uniforms in integers (Irwin-Hall, 12 terms): the same bits on every machine. */
double rng_normal(Rng *r);
/* Index drawn with the given cumulative integer weights (cumulative[n-1] is the total). Binary search. */
uint32_t rng_pick(Rng *r, const uint64_t *cumulative, uint32_t n);

#endif
