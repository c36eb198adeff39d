/*
 * Capture-recapture on made-up captures: matches whose fields agree with known
 * chances, passes over those fields, and the share that no pass finds known.
 */
#include "../base/harness.h"

#include "match/match_impl.h"

enum { MATCHES = 200000, FIELDS = 5 };

typedef struct MissedCase {
    const char *what;
    double agrees[FIELDS]; /* of a careful match */
    double careless;       /* share of matches whose chances are half of that */
    uint32_t passes[6][3]; /* fields of each, FIELDS: none */
    double low, high;      /* what the estimate may be, by the truth */
} MissedCase;

#define NO FIELDS
static const MissedCase CASES[] = {
    {"independent, one field a pass", {0.6, 0.5, 0.7, 0.4, 0.3}, 0,
        {{0, NO, NO}, {1, NO, NO}, {2, NO, NO}, {3, NO, NO}, {4, NO, NO}}, 0.95, 1.05},
    {"two fields a pass, shared", {0.8, 0.7, 0.9, 0.8, 0.6}, 0,
        {{0, 1, NO}, {1, 2, NO}, {2, 3, NO}, {3, 4, NO}, {0, 4, NO}}, 0.6, 1.1},
    {"careless matches miss more", {0.9, 0.8, 0.9, 0.85, 0.7}, 0.2,
        {{0, 1, NO}, {2, 3, NO}, {0, 4, NO}, {1, 2, NO}, {3, 4, NO}, {0, 3, NO}}, 0.05, 1.0},
    {"a field that all share", {0.8, 0.7, 0.9, 0.8, 0.6}, 0, {{0, 1, NO}, {0, 2, NO}, {0, 3, NO}, {0, 4, NO}}, 0.0,
        1.0},
    {"every match is found", {1, 1, 1, 1, 1}, 0, {{0, 1, NO}, {2, 3, NO}, {4, NO, NO}}, 0, 0},
};

static uint32_t make_passes(const MissedCase *c, PassSpec *passes)
{
    uint32_t count = 0;
    for (; count < 6 && (count == 0 || c->passes[count][0] != c->passes[count][1]); count++) {
        passes[count] = (PassSpec){.part_count = 0};
        for (uint32_t k = 0; k < 3 && c->passes[count][k] != NO; k++)
            passes[count].parts[passes[count].part_count++].field = c->passes[count][k];
    }
    return count;
}

static void check_case(const MissedCase *c, uint64_t seed)
{
    PassSpec passes[6];
    uint32_t count = make_passes(c, passes);
    double by_mask[64] = {0};
    Rng r;
    rng_init(&r, seed, 0);
    for (uint32_t i = 0; i < MATCHES; i++) {
        double factor = rng_unit(&r) < c->careless ? 0.5 : 1;
        uint32_t agrees = 0, mask = 0;
        for (uint32_t f = 0; f < FIELDS; f++)
            agrees |= (uint32_t)(rng_unit(&r) < c->agrees[f] * factor) << f;
        for (uint32_t p = 0; p < count; p++) {
            bool finds = true;
            for (uint32_t k = 0; k < passes[p].part_count; k++)
                finds = finds && (agrees >> passes[p].parts[k].field & 1);
            mask |= (uint32_t)finds << p;
        }
        by_mask[mask]++;
    }
    CaptureCounts counts = {0};
    /* what nobody finds is not told */
    for (uint32_t mask = 1; mask < 64; mask++)
        if (by_mask[mask] > 0)
            assert_ok(vec_push(&counts, ((CaptureCount){mask, by_mask[mask]}), NULL));
    double missed = missed_estimate(&counts, passes, count);
    print_message("%s: %.0f missed, estimated %.0f\n", c->what, by_mask[0], missed);
    assert_true(missed >= c->low * by_mask[0]);
    assert_true(missed <= c->high * by_mask[0]);
    vec_free(&counts);
}

static void test_cases(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        check_case(&CASES[i], 40 + i);
}

static void test_nothing_found(void **state)
{
    UNUSED(state);
    CaptureCounts counts = {0};
    PassSpec pass = {.part_count = 1};
    assert_true(missed_estimate(&counts, &pass, 1) == 0);
    assert_ok(vec_push(&counts, ((CaptureCount){1, 0.5}), NULL));
    assert_true(missed_estimate(&counts, &pass, 1) == 0);
    /* one pass: nothing to compare with */
    counts.at[0].count = 30;
    assert_true(missed_estimate(&counts, &pass, 1) == 0);
    vec_free(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_nothing_found),
    };
    return cmocka_run_group_tests_name("match/missed", tests, NULL, NULL);
}
