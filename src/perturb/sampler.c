/*
 * Discrete Laplace and discrete Gaussian noise, exactly: Canonne, Kamath and Steinke (2020), "The Discrete Gaussian for
 * Differential Privacy", algorithms 1 to 3.
 *
 * Everything is built from coins of rational probability, so that the distribution is the stated one and not one near
 * it: holes and uneven spacing of floating point noise tell inputs apart (Mironov 2012). Fractions are held in 128
 * bits; noise_init refuses parameters with which a product could leave them. What remains is checked and ends the
 * process: it needs a geometric run of four million ones.
 */
#include "perturb/sampler.h"

uint64_t root_floor(u128 v)
{
    uint64_t r = 0;
    for (int bit = 63; bit >= 0; bit--) {
        uint64_t t = r | UINT64_C(1) << bit;
        if ((u128)t * t <= v)
            r = t;
    }
    return r;
}

static u128 common_divisor(u128 a, u128 b)
{
    while (b > 0) {
        u128 t = a % b;
        a = b;
        b = t;
    }
    return a;
}

Status noise_init(Noise *n, DpMechanism mechanism, u128 num, u128 den, Error *err)
{
    if (num == 0 || den == 0)
        return error_set(err, ERR_LIMIT, "noise of scale 0 or infinity");
    u128 g = common_divisor(num, den);
    num /= g;
    den /= g;
    if (num > NOISE_MAX || den > NOISE_MAX)
        return error_set(err, ERR_LIMIT, "the noise's scale is a fraction of more than 40 bits");
    *n = (Noise){.mechanism = mechanism, .num = (uint64_t)num, .den = (uint64_t)den};
    n->grid = root_floor(num / den) + 1;
    return OK;
}

/* gamma = num / den <= 1: the number of leading successes of coins gamma/1, gamma/2, ... is even with probability
 * 1 - gamma + gamma^2/2! - ... = exp(-gamma). */
static bool bernoulli_exp_unit(Coins *c, u128 num, u128 den)
{
    u128 k = 1, whole;
    for (;; k++) {
        ASSERT(!CKD_MUL(&whole, den, k));
        if (!coins_bernoulli(c, num, whole))
            return k & 1;
    }
}

bool bernoulli_exp(Coins *c, u128 num, u128 den)
{
    for (; num > den; num -= den)
        if (!bernoulli_exp_unit(c, 1, 1))
            return false;
    return bernoulli_exp_unit(c, num, den);
}

static int64_t draw_laplace(Coins *c, uint64_t t, uint64_t s)
{
    for (;;) {
        uint64_t u = coins_below(c, t), v = 0, x;
        if (!bernoulli_exp(c, u, t))
            continue;
        while (bernoulli_exp_unit(c, 1, 1))
            v++;
        ASSERT(!CKD_MUL(&x, t, v) && !CKD_ADD(&x, x, u));
        int64_t y = (int64_t)(x / s);
        if (coins_below(c, 2) == 0)
            return y;
        if (y > 0) /* a negative zero would count 0 twice */
            return -y;
    }
}

static int64_t draw_gaussian(Coins *c, const Noise *n)
{
    for (;;) {
        int64_t y = draw_laplace(c, n->grid, 1);
        u128 a = (u128)(y < 0 ? -y : y), off, num;
        /* exp(-(|y| - sigma^2/t)^2 / (2 sigma^2)) with sigma^2 = n/d: (|y| t d - n)^2 / (2 n d t^2) */
        ASSERT(!CKD_MUL(&a, a, (u128)n->grid * n->den));
        off = a > n->num ? a - n->num : n->num - a;
        ASSERT(!CKD_MUL(&num, off, off));
        u128 den = (u128)2 * n->num * n->den * n->grid * n->grid;
        if (bernoulli_exp(c, num, den))
            return y;
    }
}

int64_t noise_draw(const Noise *n, Coins *c)
{
    return n->mechanism == DP_LAPLACE ? draw_laplace(c, n->num, n->den) : draw_gaussian(c, n);
}
