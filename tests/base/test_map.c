/* Map against a linear array, order of insertion, failing allocations. */
#include "harness.h"

enum { KEYS = 700 };

typedef struct Pair {
    char key[12];
    uint64_t value;
} Pair;

static Pair *linear_find(Pair *pairs, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(pairs[i].key, key) == 0)
            return &pairs[i];
    return NULL;
}

static void test_like_linear_array(void **state)
{
    UNUSED(state);
    Rng r;
    rng_init(&r, 11, 0);
    Pair *pairs = NULL;
    size_t n = 0;
    assert_ok(mem_zalloc(KEYS, sizeof *pairs, (void **)&pairs, NULL));
    Map m;
    assert_ok(map_init(&m, NULL));
    for (uint64_t i = 0; i < 20000; i++) {
        char key[12];
        snprintf(key, sizeof key, "k%u", (unsigned)rng_below(&r, KEYS));
        Pair *p = linear_find(pairs, n, key);
        uint64_t got = 0;
        assert_int_equal(map_get(&m, slice_of(key), &got), p != NULL);
        if (p)
            assert_int_equal(got, p->value);
        if (rng_ppm(&r, 500000)) {
            bool was_new = false;
            assert_ok(map_put(&m, slice_of(key), i, &was_new, NULL));
            assert_int_equal(was_new, p == NULL);
            if (p)
                p->value = i;
        } else {
            assert_ok(map_get_or_put(&m, slice_of(key), i, &got, NULL));
            assert_int_equal(got, p ? p->value : i);
        }
        if (!p) {
            snprintf(pairs[n].key, sizeof pairs[n].key, "%s", key);
            pairs[n++].value = i;
        }
    }
    assert_int_equal(m.len, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(slice_eq_z(m.entries[i].key, pairs[i].key));
        assert_int_equal(m.entries[i].value, pairs[i].value);
    }
    map_free(&m);
    mem_free(pairs);
}

static void test_keys_are_bytes(void **state)
{
    UNUSED(state);
    Map m;
    assert_ok(map_init(&m, NULL));
    uint64_t v = 0;
    assert_false(map_get(&m, SLICE(""), &v));
    char key[] = "a\0b";
    assert_ok(map_put(&m, (Slice){key, 3}, 1, NULL, NULL));
    assert_ok(map_put(&m, (Slice){key, 1}, 2, NULL, NULL));
    assert_ok(map_put(&m, (Slice){NULL, 0}, 3, NULL, NULL));
    key[0] = 'z';
    assert_true(map_get(&m, SLICE("a\0b"), &v) && v == 1);
    assert_true(map_get(&m, SLICE("a"), &v) && v == 2);
    assert_true(map_get(&m, SLICE(""), &v) && v == 3);
    assert_int_equal(m.len, 3);
    map_free(&m);
    map_free(&m);
}

static Status use_map(void *ctx, Error *err)
{
    UNUSED(ctx);
    Map m;
    TRY(map_init(&m, err));
    Status st = OK;
    for (uint64_t i = 0; i < 500 && st == OK; i++) {
        size_t before = m.len;
        st = map_put(&m, (Slice){(const char *)&i, sizeof i}, i, NULL, err);
        uint64_t v = 0;
        bool there = map_get(&m, (Slice){(const char *)&i, sizeof i}, &v);
        /* a failed insertion leaves the map as it was */
        assert_int_equal(there, st == OK);
        assert_int_equal(m.len, before + (st == OK));
    }
    map_free(&m);
    return st;
}

static void test_failing_allocations(void **state)
{
    UNUSED(state);
    assert_true(walk_allocations(use_map, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_linear_array),
        cmocka_unit_test(test_keys_are_bytes),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
