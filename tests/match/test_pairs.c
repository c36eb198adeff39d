/* Pairs in order: what pairs_sort makes of them, against a plain sort, for files below and above its coarse groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "match/match_impl.h"

static int by_both(const void *left, const void *right)
{
    const MatchPair *x = left, *y = right;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

/* Each pair once, in no order: numbers of pairs are spread by a step that shares no factor with their count. */
static void draw_pairs(MatchPairs *pairs, uint32_t records, uint32_t partners)
{
    for (uint32_t k = 0; k < partners; k++)
        for (uint32_t i = 0; i < records; i++) {
            uint32_t a = (uint32_t)((uint64_t)i * 7919 % records); /* 7919 is prime and divides none of the sizes */
            uint32_t b = a + 1 + (uint32_t)((uint64_t)k * 17 % partners);
            if (b < records && (a % 3 > 0 || k < 2)) /* records of a few pairs, and of many */
                assert_int_equal(
                    vec_push(pairs, ((MatchPair){.a = a, .b = b, .pattern = (uint64_t)a << 32 | b}), NULL), OK);
        }
}

static void check(uint32_t records, uint32_t partners, unsigned threads)
{
    MatchPairs pairs = {0}, want = {0};
    draw_pairs(&pairs, records, partners);
    for (size_t i = 0; i < pairs.len; i++)
        assert_int_equal(vec_push(&want, pairs.at[i], NULL), OK);
    if (want.len > 1)
        qsort(want.at, want.len, sizeof *want.at, by_both);
    assert_int_equal(pairs_sort(&pairs, records, threads, NULL), OK);
    for (size_t i = 0; i < pairs.len; i++)
        if (pairs.at[i].a != want.at[i].a || pairs.at[i].b != want.at[i].b || pairs.at[i].pattern != want.at[i].pattern)
            fail_msg("%u records: place %zu has %u and %u, not %u and %u", records, i, pairs.at[i].a, pairs.at[i].b,
                want.at[i].a, want.at[i].b);
    vec_free(&pairs);
    vec_free(&want);
}

static void test_sort(void **state)
{
    UNUSED(state);
    /* around the number of coarse groups and its multiples, where a record's group begins to be a shift */
    const uint32_t sizes[] = {1, 2, 3, 500, 1023, 1024, 1025, 2047, 2048, 2049, 5000, 9001};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        check(sizes[i], 1, 1);
        check(sizes[i], 5, 3);
        check(sizes[i], 40, 2); /* stretches too long for insertion */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sort)};
    return cmocka_run_group_tests_name("match/pairs", tests, NULL, NULL);
}
