/* Common bits, Dice and Hamming on each path against counting bit by bit; and wrong counts against the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/kernel.h"

#define VECTORS 75

static uint32_t oracle_common(const uint64_t *a, const uint64_t *b, size_t words)
{
    uint32_t n = 0;
    for (size_t bit = 0; bit < words * 64; bit++)
        n += (a[bit / 64] >> bit % 64 & 1) && (b[bit / 64] >> bit % 64 & 1);
    return n;
}

/* Vectors from empty to full, some alike. */
static void fill(uint64_t v[VECTORS][KERNEL_WORDS_MAX], size_t words, Rng *rng)
{
    for (size_t i = 0; i < VECTORS; i++) {
        uint32_t density = (uint32_t)(i * 1000000 / (VECTORS - 1));
        for (size_t w = 0; w < words; w++) {
            v[i][w] = 0;
            for (size_t bit = 0; bit < 64; bit++)
                v[i][w] |= (uint64_t)rng_ppm(rng, density) << bit;
            if (i > 0 && i % 4 == 3)
                v[i][w] = v[i - 1][w] & ~(UINT64_C(1) << rng_below(rng, 64));
        }
    }
}

typedef struct Sample {
    uint64_t v[VECTORS][KERNEL_WORDS_MAX];
    uint32_t common[VECTORS][VECTORS];
    size_t words;
    BitPack *pack;
} Sample;

static void sample_make(Sample *s, size_t words)
{
    Rng rng;
    rng_init(&rng, words, 0);
    s->words = words;
    fill(s->v, words, &rng);
    assert_int_equal(bit_pack_new(VECTORS, words, &s->pack, NULL), OK);
    for (size_t i = 0; i < VECTORS; i++) {
        bit_pack_set(s->pack, i, s->v[i]);
        for (size_t j = 0; j < VECTORS; j++)
            s->common[i][j] = oracle_common(s->v[i], s->v[j], words);
    }
}

static size_t wrong_counts(const Sample *s, const KernelTable *k, BitTile queries, BitTile targets)
{
    uint16_t out[VECTORS * VECTORS];
    size_t wrong = 0;
    k->common_many(queries, targets, out);
    for (size_t q = 0; q < queries.n; q++)
        for (size_t t = 0; t < targets.n; t++)
            wrong += out[q * targets.n + t] != s->common[queries.first + q][targets.first + t];
    return wrong;
}

/* Hits must be the pairs of the definition, each once, with its score. */
static size_t wrong_hits(
    const Sample *s, const KernelTable *k, BitTile queries, BitTile targets, uint32_t threshold)
{
    static const DiceHit none = {0};
    DiceHit *hits = calloc(VECTORS * VECTORS, sizeof none);
    uint32_t *seen = calloc(VECTORS * VECTORS, sizeof *seen);
    size_t n = k->dice_above(queries, targets, threshold, hits), wrong = 0;
    for (size_t i = 0; i < n; i++)
        seen[hits[i].query * VECTORS + hits[i].target] += hits[i].score;
    for (size_t q = queries.first; q < queries.first + queries.n; q++)
        for (size_t t = targets.first; t < targets.first + targets.n; t++) {
            uint32_t a = s->common[q][q], b = s->common[t][t];
            uint32_t score = a + b == 0 ? 0 : (uint32_t)((uint64_t)20000 * s->common[q][t] / (a + b));
            wrong += seen[q * VECTORS + t] != (score >= threshold ? score : 0);
            seen[q * VECTORS + t] = 0;
        }
    for (size_t i = 0; i < (size_t)VECTORS * VECTORS; i++)
        wrong += seen[i] != 0;
    free(hits);
    free(seen);
    return wrong;
}

static void paths_match_oracle(void **state)
{
    UNUSED(state);
    static const size_t words[] = {1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64};
    static const struct {
        size_t q, nq, t, nt;
    } tiles[] = {{0, VECTORS, 0, VECTORS}, {3, 1, 8, 1}, {5, 5, 16, 9}, {1, 4, 0, 8}, {0, 0, 0, 8}, {0, 3, 72, 0}};
    static const uint32_t thresholds[] = {0, 1, 5000, 8000, 9999, 10000, 10001};
    Sample *s = calloc(1, sizeof *s);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        sample_make(s, words[i]);
        for (int path = KERNEL_PORTABLE; path < KERNEL_PATHS; path++) {
            const KernelTable *k = kernel_table((KernelPath)path);
            for (size_t j = 0; k && j < COUNT_OF(tiles); j++) {
                BitTile q = {s->pack, tiles[j].q, tiles[j].nq}, t = {s->pack, tiles[j].t, tiles[j].nt};
                assert_int_equal(wrong_counts(s, k, q, t), 0);
                for (size_t h = 0; h < COUNT_OF(thresholds); h++)
                    assert_int_equal(wrong_hits(s, k, q, t, thresholds[h]), 0);
            }
        }
        bit_pack_free(s->pack);
    }
    free(s);
}

/* Rows one after the other, picked by id, some of them twice. */
static void rows_match_oracle(void **state)
{
    UNUSED(state);
    static const size_t words[] = {1, 3, 4, 7, 8, 9, 16, 33, 64};
    Sample *s = calloc(1, sizeof *s);
    uint64_t *rows = calloc(VECTORS, KERNEL_WORDS_MAX * sizeof *rows);
    uint32_t ids[2 * VECTORS];
    uint16_t out[2 * VECTORS];
    Rng rng;
    rng_init(&rng, 4, 0);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        sample_make(s, words[i]);
        for (size_t v = 0; v < VECTORS; v++)
            memcpy(rows + v * words[i], s->v[v], words[i] * sizeof *rows);
        for (size_t k = 0; k < 2 * (size_t)VECTORS; k++)
            ids[k] = (uint32_t)rng_below(&rng, VECTORS);
        for (int path = KERNEL_PORTABLE; path < KERNEL_PATHS; path++) {
            const KernelTable *k = kernel_table((KernelPath)path);
            for (size_t q = 0; k && q < VECTORS; q++) {
                size_t n = q % 3 == 0 ? q / 3 : 2 * VECTORS;
                k->common_rows(s->v[q], rows, words[i], ids, n, out);
                for (size_t at = 0; at < n; at++)
                    assert_int_equal(out[at], s->common[q][ids[at]]);
            }
        }
        bit_pack_free(s->pack);
    }
    free(rows);
    free(s);
}

static void order_is_the_same(void **state)
{
    UNUSED(state);
    Sample *s = calloc(1, sizeof *s);
    DiceHit *a = calloc(VECTORS * VECTORS, sizeof *a), *b = calloc(VECTORS * VECTORS, sizeof *b);
    sample_make(s, 16);
    BitTile all = {s->pack, 0, VECTORS};
    size_t n = kernel_table(KERNEL_PORTABLE)->dice_above(all, all, 3000, a);
    assert_true(n > 100);
    for (int path = KERNEL_AVX2; path < KERNEL_PATHS; path++) {
        const KernelTable *k = kernel_table((KernelPath)path);
        if (!k)
            continue;
        assert_int_equal(k->dice_above(all, all, 3000, b), n);
        assert_memory_equal(a, b, n * sizeof *a);
    }
    bit_pack_free(s->pack);
    free(s);
    free(a);
    free(b);
}

/* A kernel that forgets the last word, and one that is off by one at the threshold. */
static void forgets_a_word(BitTile queries, BitTile targets, uint16_t *out)
{
    uint64_t a[KERNEL_WORDS_MAX], b[KERNEL_WORDS_MAX];
    for (size_t q = 0; q < queries.n; q++)
        for (size_t t = 0; t < targets.n; t++) {
            bit_pack_get(queries.pack, queries.first + q, a);
            bit_pack_get(targets.pack, targets.first + t, b);
            out[q * targets.n + t] = (uint16_t)bits_common(a, b, bit_pack_words(targets.pack) - 1);
        }
}

static size_t strictly_above(BitTile queries, BitTile targets, uint32_t threshold, DiceHit *hits)
{
    return kernel_table(KERNEL_PORTABLE)->dice_above(queries, targets, threshold + 1, hits);
}

static void faults_are_found(void **state)
{
    UNUSED(state);
    Sample *s = calloc(1, sizeof *s);
    KernelTable wrong = *kernel_table(KERNEL_PORTABLE);
    wrong.common_many = forgets_a_word;
    wrong.dice_above = strictly_above;
    sample_make(s, 16);
    BitTile all = {s->pack, 0, VECTORS};
    assert_true(wrong_counts(s, &wrong, all, all) > 0);
    assert_true(wrong_hits(s, &wrong, all, all, 10000) > 0);
    bit_pack_free(s->pack);
    free(s);
}

static void pack_keeps_bits(void **state)
{
    UNUSED(state);
    BitPack *pack;
    uint64_t bits[KERNEL_WORDS_MAX], back[KERNEL_WORDS_MAX];
    Rng rng;
    rng_init(&rng, 9, 0);
    assert_int_equal(bit_pack_new(0, 16, &pack, NULL), OK);
    bit_pack_free(pack);
    assert_int_equal(bit_pack_new(1, 0, &pack, NULL), ERR_LIMIT);
    assert_int_equal(bit_pack_new(1, KERNEL_WORDS_MAX + 1, &pack, NULL), ERR_LIMIT);
    assert_int_equal(bit_pack_new(SIZE_MAX, 16, &pack, NULL), ERR_LIMIT);
    for (long n = 0; n < 3; n++) {
        mem_fail_after(n);
        assert_int_equal(bit_pack_new(9, 16, &pack, NULL), ERR_NOMEM);
        mem_fail_after(-1);
    }
    assert_int_equal(bit_pack_new(9, 16, &pack, NULL), OK);
    for (size_t i = 0; i < 9; i++) {
        for (size_t w = 0; w < 16; w++)
            bits[w] = rng_u64(&rng);
        bit_pack_set(pack, i, bits);
        bit_pack_get(pack, i, back);
        assert_memory_equal(bits, back, 16 * sizeof bits[0]);
        assert_int_equal(bit_pack_ones(pack, i), oracle_common(bits, bits, 16));
    }
    assert_int_equal(hamming_distance(3, 5, 2), 4);
    assert_int_equal(dice_score(0, 0, 0), 0);
    assert_int_equal(dice_score(4, 4, 4), KERNEL_ONE);
    assert_int_equal(dice_score(1, 2, 1), 6666);
    bit_pack_free(pack);
    bit_pack_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_match_oracle),
        cmocka_unit_test(rows_match_oracle),
        cmocka_unit_test(order_is_the_same),
        cmocka_unit_test(faults_are_found),
        cmocka_unit_test(pack_keeps_bits),
    };
    return cmocka_run_group_tests_name("kernel/bits", tests, NULL, NULL);
}
