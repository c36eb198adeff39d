/* Coins under a seed, linked in place of coins_system.c. The library and the program have no such file. */
#include "perturb_support.h"

static uint64_t next_seed = 1;

void coins_test_seed(uint64_t seed)
{
    next_seed = seed;
}

Status coins_open(Coins *c, Error *err)
{
    TRY(mem_zalloc(1, sizeof(Rng), &c->source, err));
    rng_init(c->source, next_seed++, 0);
    return OK;
}

void coins_fill(Coins *c)
{
    for (size_t i = 0; i < sizeof c->buffer; i += 8) {
        uint64_t v = rng_u64(c->source);
        memcpy(c->buffer + i, &v, 8);
    }
}

void coins_close(Coins *c)
{
    mem_free(c->source);
}
