/* Cell keys and their p-table. */
#include "perturb_support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define GOLDEN "77006b8d23acc7afe6a294cda3afed28d6cd8d7e90724b0e5ba5bade48f21429"
#define GOLDEN_KEY UINT64_C(0x7c968ebb02a3f44f) /* by openssl dgst -mac HMAC */

static const Slice SECRET = SLICE_INIT("0123456789abcdef");

/* Every row of many tables: sums to 1, mean exactly 0, the variance asked for, nothing negative, nothing forbidden. */
static void rows_keep_their_promises(void **state)
{
    UNUSED(state);
    static const PTableOptions options[] = {
        {5, {3, 1}, 0},
        {5, {3, 1}, 2},
        {5, {1, 2}, 0},
        {2, {1, 1}, 0},
        {10, {8, 1}, 0},
        {8, {7, 1}, 2},
        {50, {20, 1}, 0},
        {12, {13, 2}, 1},
    };
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        const PTableOptions *o = &options[i];
        int d = (int)o->deviation;
        PTable *t;
        Error err = ERROR_INIT;
        if (ptable_new(o, &t, &err) != OK)
            fail_msg("table %zu: %s", i, err.message);
        for (uint32_t row = 1; row < ptable_rows(t); row++) {
            uint64_t sum = 0;
            int64_t mean = 0;
            double square = 0;
            for (int v = -d; v <= d; v++) {
                uint32_t w = ptable_weight(t, row, v);
                int result = (int)row + v;
                if (result < 0 || (result > 0 && result <= (int)o->forbidden))
                    assert_int_equal(w, 0);
                sum += w;
                mean += (int64_t)w * v;
                square += (double)w * v * v / 4294967296.0;
            }
            assert_true(sum == UINT64_C(1) << 32);
            assert_true(mean == 0);
            assert_true(fabs(square - (double)o->variance.num / (double)o->variance.den) < 1e-4);
        }
        ptable_free(t);
    }
}

/* Of the distributions with this mean and variance none has more entropy: log-weights lie on a parabola. */
static void rows_have_most_entropy(void **state)
{
    UNUSED(state);
    PTable *t;
    assert_ok(ptable_new(&(PTableOptions){5, {3, 1}, 0}, &t, NULL));
    for (uint32_t row = 1; row < ptable_rows(t); row++)
        for (int v = -5; v + 3 <= 5; v++) {
            double l[4];
            bool all = true;
            for (int k = 0; k < 4; k++) {
                all = all && ptable_weight(t, row, v + k) > 1000000;
                l[k] = all ? log(ptable_weight(t, row, v + k)) : 0;
            }
            if (all)
                assert_true(fabs(l[3] - 3 * l[2] + 3 * l[1] - l[0]) < 1e-4);
        }
    ptable_free(t);
}

static void impossible_tables(void **state)
{
    UNUSED(state);
    static const struct {
        PTableOptions o;
        const char *says;
    } cases[] = {
        {{5, {2, 1}, 2}, "count of 1: it must lie between 2 and 5"}, /* -1 or at least +2 */
        {{5, {5, 1}, 0}, "count of 1: it must lie between 0 and 5"},
        {{0, {1, 1}, 0}, "largest deviation"},
        {{51, {1, 1}, 0}, "largest deviation"},
        {{5, {0, 1}, 0}, "greater than 0"},
        {{5, {3, 1}, 10}, "forbidden"},
        {{2, {1, 1}, 2}, "greater than the forbidden"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        PTable *t;
        Error err = ERROR_INIT;
        assert_int_equal(ptable_new(&cases[i].o, &t, &err), ERR_INVALID);
        if (!strstr(err.message, cases[i].says))
            fail_msg("%s", err.message);
    }
}

static uint64_t key_of(CellKeys *k, unsigned person)
{
    char name[16];
    uint64_t out;
    snprintf(name, sizeof name, "person-%u", person);
    assert_ok(cellkeys_record(k, slice_of(name), &out, NULL));
    return out;
}

/* Same people, same noise: in another table, in another order, in another release. */
static void same_people_same_noise(void **state)
{
    UNUSED(state);
    static const Slice people[] = {SLICE_INIT("a"), SLICE_INIT("b"), SLICE_INIT("c"), SLICE_INIT("d")};
    static const Slice again[] = {SLICE_INIT("c"), SLICE_INIT("a"), SLICE_INIT("d"), SLICE_INIT("b")};
    static const uint32_t cells[] = {0, 0, 0, 1}, other[] = {2, 2, 0, 2};
    uint64_t one[2], two[3];
    CellKeys *k;
    assert_ok(cellkeys_new(SECRET, "counts", &k, NULL));
    assert_ok(cellkeys_sum(k, people, cells, 4, one, 2, NULL));
    cellkeys_free(k);
    assert_ok(cellkeys_new(SECRET, "counts", &k, NULL));
    assert_ok(cellkeys_sum(k, again, other, 4, two, 3, NULL));
    assert_true(one[0] == two[2] && one[1] == two[0] && two[1] == 0);
    assert_int_equal(cellkeys_sum(k, people, other, 4, two, 2, NULL), ERR_INVALID);
    uint64_t count = key_of(k, 1), wage;
    cellkeys_free(k);
    assert_ok(cellkeys_new(SECRET, "wages", &k, NULL));
    wage = key_of(k, 1);
    cellkeys_free(k);
    assert_true(count != wage); /* another domain */
    assert_ok(cellkeys_new(SLICE("0123456789abcdeg"), "counts", &k, NULL));
    assert_true(count != key_of(k, 1)); /* another secret */
    uint64_t out;
    assert_int_equal(cellkeys_record(k, SLICE(""), &out, NULL), ERR_INVALID);
    cellkeys_free(k);
    assert_int_equal(cellkeys_new(SLICE("short"), "counts", &k, NULL), ERR_INVALID);
    assert_int_equal(cellkeys_new(SECRET, "", &k, NULL), ERR_INVALID);
}

/* The keys of real groups give each row's distribution; a p-table with another variance does not fit them. */
static void noise_is_distributed_as_the_table_says(void **state)
{
    UNUSED(state);
    PTable *t, *wrong;
    CellKeys *k;
    assert_ok(ptable_new(&(PTableOptions){5, {3, 1}, 2}, &t, NULL));
    assert_ok(ptable_new(&(PTableOptions){5, {2001, 1000}, 2}, &wrong, NULL));
    assert_ok(cellkeys_new(SECRET, "counts", &k, NULL));
    for (int64_t count = 1; count <= 12; count += 3) {
        uint64_t counts[11] = {0};
        double expected[11], other[11];
        int64_t sum = 0;
        for (unsigned cell = 0; cell < 20000; cell++) {
            uint64_t key = 0;
            for (unsigned i = 0; i < (unsigned)count; i++)
                key += key_of(k, cell * 20 + i);
            int64_t v = cellkey_count(t, count, key) - count;
            assert_true(count + v == 0 || count + v > 2);
            counts[v + 5]++;
            sum += v;
        }
        uint32_t row = count < ptable_rows(t) ? (uint32_t)count : ptable_rows(t) - 1;
        for (int v = -5; v <= 5; v++) {
            expected[v + 5] = 20000.0 * ptable_weight(t, row, v) / 4294967296.0;
            other[v + 5] = 20000.0 * ptable_weight(wrong, row, v) / 4294967296.0;
        }
        assert_true(fit_p(counts, expected, 11) > 1e-20);
        assert_true(count == 4 || fit_p(counts, other, 11) < 1e-20);
        assert_true(llabs(sum) < 6 * (int64_t)sqrt(20000.0 * 3));
    }
    assert_int_equal(cellkey_count(t, 0, UINT64_C(0x1234567812345678)), 0);
    int64_t bad = -1, out;
    uint64_t key = 1;
    assert_int_equal(cellkey_counts(t, &bad, &key, 1, &out, NULL), ERR_INVALID);
    cellkeys_free(k);
    ptable_free(t);
    ptable_free(wrong);
}

static void magnitudes(void **state)
{
    UNUSED(state);
    PTable *t;
    int64_t out;
    Rng rng;
    assert_ok(ptable_new(&(PTableOptions){5, {3, 1}, 0}, &t, NULL));
    rng_init(&rng, 3, 0);
    double sum = 0, square = 0;
    for (int i = 0; i < 100000; i++) {
        assert_ok(cellkey_magnitude(t, 1000000, 200000, 100, rng_u64(&rng), &out, NULL));
        assert_true(llabs(out - 1000000) <= 5 * 20000);
        sum += (double)(out - 1000000) / 20000;
        square += (double)(out - 1000000) / 20000 * (double)(out - 1000000) / 20000;
    }
    assert_true(fabs(sum / 100000) < 0.03 && fabs(square / 100000 - 3) < 0.06);
    /* one contributor, whole steps: never below 0 */
    for (int i = 0; i < 100000; i++) {
        int64_t total = (int64_t)rng_below(&rng, 100) + 1, largest = (int64_t)rng_below(&rng, (uint64_t)total) + 1;
        assert_ok(cellkey_magnitude(t, total, largest, (uint32_t)rng_below(&rng, 1000) + 1, rng_u64(&rng), &out, NULL));
        assert_true(out >= 0);
    }
    assert_ok(cellkey_magnitude(t, 0, 0, 100, 7, &out, NULL));
    assert_int_equal(out, 0);
    assert_int_equal(cellkey_magnitude(t, 5, 6, 100, 7, &out, NULL), ERR_INVALID);
    assert_int_equal(cellkey_magnitude(t, 5, 5, 0, 7, &out, NULL), ERR_INVALID);
    assert_int_equal(cellkey_magnitude(t, -5, 0, 10, 7, &out, NULL), ERR_INVALID);
    assert_int_equal(cellkey_magnitude(t, INT64_MAX, INT64_MAX, 1000, ~UINT64_C(0), &out, NULL), ERR_LIMIT);
    ptable_free(t);
}

/* A golden table: the same numbers on every machine, compiler and optimisation. */
static void golden(void **state)
{
    UNUSED(state);
    PTable *t;
    Buf csv;
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    buf_init(&csv, 0);
    assert_ok(ptable_new(&(PTableOptions){5, {3, 1}, 2}, &t, NULL));
    ptable_csv(t, &csv);
    assert_ok(sha256_of(buf_slice(&csv), digest, NULL));
    hex_encode(digest, sizeof digest, hex);
    assert_string_equal(hex, GOLDEN);
    buf_free(&csv);
    ptable_free(t);
    CellKeys *k;
    assert_ok(cellkeys_new(SECRET, "counts", &k, NULL));
    assert_true(key_of(k, 1) == GOLDEN_KEY);
    cellkeys_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_keep_their_promises),
        cmocka_unit_test(rows_have_most_entropy),
        cmocka_unit_test(impossible_tables),
        cmocka_unit_test(same_people_same_noise),
        cmocka_unit_test(noise_is_distributed_as_the_table_says),
        cmocka_unit_test(magnitudes),
        cmocka_unit_test(golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
