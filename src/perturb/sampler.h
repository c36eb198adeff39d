/* Exact samplers of discrete noise; integers only. */
#ifndef CAIRN_PERTURB_SAMPLER_H
#define CAIRN_PERTURB_SAMPLER_H

#include "perturb/coins.h"
#include "perturb/perturb.h"

/* Laplace: scale num / den, P(x) ~ exp(-|x| den / num). Gaussian: variance parameter num / den, P(x) ~ exp(-x^2 den /
 * (2 num)). Lowest terms, both at most NOISE_MAX: then no product below leaves 128 bits. */
typedef struct Noise {
    DpMechanism mechanism;
    uint64_t num, den;
    uint64_t grid; /* Gaussian: floor(sigma) + 1 */
} Noise;

#define NOISE_MAX (UINT64_C(1) << 40)

/* ERR_LIMIT when num or den is 0 or beyond NOISE_MAX. */
MUST_USE Status noise_init(Noise *n, DpMechanism mechanism, u128 num, u128 den, Error *err);
int64_t noise_draw(const Noise *n, Coins *c);

/* True with probability exp(-num / den); den > 0. */
bool bernoulli_exp(Coins *c, u128 num, u128 den);
/* Largest r with r * r <= v. */
uint64_t root_floor(u128 v);

#endif
