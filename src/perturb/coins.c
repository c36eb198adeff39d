/*
 * Uniform integers below any bound, exactly: Lemire (2019), "Fast random integer generation in an interval". One
 * multiplication a draw; the division is needed only when the low half falls below the bound.
 */
#include "perturb/coins.h"

Status coins_new(Coins **out, Error *err)
{
    Coins *c = NULL;
    TRY(mem_zalloc(1, sizeof *c, (void **)&c, err));
    Status st = coins_open(c, err);
    if (st != OK) {
        coins_free(c);
        return st;
    }
    c->at = sizeof c->buffer;
    *out = c;
    return OK;
}

void coins_free(Coins *c)
{
    if (!c)
        return;
    coins_close(c);
    mem_wipe(c, sizeof *c);
    mem_free(c);
}

static inline uint64_t next64(Coins *c)
{
    uint64_t v;
    if (c->at + sizeof v > sizeof c->buffer) {
        coins_fill(c);
        c->at = 0;
    }
    memcpy(&v, c->buffer + c->at, sizeof v);
    c->at += sizeof v;
    return v;
}

/* The high half of a product is uniform in [0, n) once low halves below 2^64 mod n are drawn again. */
static inline uint64_t below(Coins *c, uint64_t n)
{
    u128 product = (u128)next64(c) * n;
    if ((uint64_t)product < n) {
        uint64_t again = -n % n;
        while ((uint64_t)product < again)
            product = (u128)next64(c) * n;
    }
    return (uint64_t)(product >> 64);
}

uint64_t coins_below(Coins *c, uint64_t n)
{
    ASSERT(n > 0);
    return below(c, n);
}

/* Bits are drawn until they lie below n; more than half of all draws do. */
static u128 below128(Coins *c, u128 n)
{
    uint64_t high = (uint64_t)((n - 1) >> 64);
    uint64_t mask = high ? UINT64_MAX >> __builtin_clzll(high) : 0;
    for (;;) {
        u128 v = (u128)(next64(c) & mask) << 64;
        v |= next64(c);
        if (v < n)
            return v;
    }
}

bool coins_bernoulli(Coins *c, u128 num, u128 den)
{
    ASSERT(den > 0 && num <= den);
    if (den <= UINT64_MAX)
        return below(c, (uint64_t)den) < (uint64_t)num;
    return below128(c, den) < num;
}
