/*
 * Which pairs are worth scoring, when not all are: those that share a block
 * token, or the same bits at some sampled places.
 *
 * Samples of bits are locality-sensitive hashing for the Hamming distance (Indyk
 * and Motwani 1998; for filters of records, Durham 2012 and Karapiperis and
 * Verykios 2015). They need no secret: whoever holds the filters can take them,
 * so the linker does, and token files stay small. How many bits a sample has is
 * decided by the data: so many that a record meets about eight others by chance.
 * At a million records, filters with 400 of 1024 bits set and a Dice of 0.85 then
 * escape all sixty samples about once in 180 (0.883^20 a sample).
 */
#include "token/token_impl.h"

#define SAMPLES ((size_t)60)
#define SAMPLE_BITS_MIN 6u
#define SAMPLE_BITS_MAX 48u
#define CHANCE_MEETINGS 8
#define MILLION UINT64_C(1000000)

struct KeyPlan {
    size_t block_count;
    uint32_t sample_bits;
    uint16_t places[SAMPLES][SAMPLE_BITS_MAX];
};

/* expected meetings = n * agree^bits, in millionths */
static uint32_t fitting_bits(uint64_t n, uint64_t agree_ppm)
{
    uint64_t meetings = n * MILLION;
    uint32_t bits = 0;
    while (bits < SAMPLE_BITS_MAX && (bits < SAMPLE_BITS_MIN || meetings > CHANCE_MEETINGS * MILLION)) {
        meetings = meetings / MILLION * agree_ppm + meetings % MILLION * agree_ppm / MILLION;
        bits++;
    }
    return bits;
}

Status key_plan_new(const TokenSet *a, const TokenSet *b, KeyPlan **out, Error *err)
{
    KeyPlan *p;
    RandomPairs *random;
    Rng rng;
    TRY(mem_zalloc(1, sizeof *random, (void **)&random, err));
    Status st = mem_zalloc(1, sizeof *p, (void **)&p, err);
    if (st == OK) {
        token_random_pairs(a, b, random);
        p->block_count = a->block_count;
        p->sample_bits = fitting_bits(a->n > b->n ? a->n : b->n, random->agree_ppm);
        rng_init(&rng, 1, 0);
        for (size_t t = 0; t < SAMPLES; t++)
            for (size_t k = 0; k < SAMPLE_BITS_MAX; k++)
                p->places[t][k] = (uint16_t)rng_below(&rng, a->words * 64);
        *out = p;
    }
    mem_free(random);
    return st;
}

void key_plan_free(KeyPlan *p)
{
    mem_free(p);
}

size_t key_plan_count(const KeyPlan *p)
{
    return p->block_count + SAMPLES;
}

uint64_t key_plan_key(const KeyPlan *p, const TokenSet *s, size_t i, size_t t)
{
    if (t < p->block_count)
        return s->blocks[i * s->block_count + t];
    if (bit_pack_ones(s->pack, i) == 0)
        return 0;
    const uint16_t *places = p->places[t - p->block_count];
    const uint64_t *row = set_row(s, i);
    uint64_t key = 1;
    for (uint32_t k = 0; k < p->sample_bits; k++)
        key = key << 1 | (row[places[k] / 64] >> places[k] % 64 & 1);
    return key;
}
