/* mem, arena and vec: sizes that do not fit, limits, alignment, failing allocations. */
#include "harness.h"

#include <sys/resource.h>

static void test_sizes_that_do_not_fit(void **state)
{
    UNUSED(state);
    void *p = NULL;
    Error err;
    assert_int_equal(mem_zalloc(SIZE_MAX, 2, &p, &err), ERR_NOMEM);
    assert_int_equal(mem_resize(&p, SIZE_MAX / 2, 3, &err), ERR_NOMEM);
    assert_null(p);
    char *s = NULL;
    assert_int_equal(mem_strndup("", SIZE_MAX, &s, &err), ERR_NOMEM);
    Arena a;
    arena_init(&a, 0);
    assert_int_equal(arena_array_(&a, SIZE_MAX, 2, &p, &err), ERR_NOMEM);
    assert_int_equal(arena_alloc(&a, SIZE_MAX - 8, &p, &err), ERR_NOMEM);
    arena_free(&a);
}

static void test_empty_allocations(void **state)
{
    UNUSED(state);
    void *p = NULL, *q = NULL;
    assert_ok(mem_alloc(0, &p, NULL));
    assert_non_null(p);
    assert_ok(mem_zalloc(0, 8, &q, NULL));
    assert_non_null(q);
    assert_ok(mem_resize(&p, 0, 1, NULL));
    assert_non_null(p);
    mem_free(p);
    mem_free(q);
    mem_free(NULL);
    mem_wipe(NULL, 0);
}

static void test_fail_after_counts(void **state)
{
    UNUSED(state);
    void *p = NULL;
    mem_fail_after(2);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(mem_fail_pending(), i < 3);
        Status st = mem_resize(&p, 10, 1, NULL);
        assert_int_equal(st, i == 2 ? ERR_NOMEM : OK);
        assert_non_null(p);
    }
    mem_free(p);
    mem_fail_after(-1);
}

/* The most memory that this process has had, in bytes. */
static size_t most_memory(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (size_t)usage.ru_maxrss * 1024;
}

/* A large array that grows is moved, not copied: at no time does it stand twice. (The sanitizers' allocator copies.) */
static void test_large_growth(void **state)
{
    UNUSED(state);
    const size_t mib = (size_t)1 << 20, size = 192 * mib;
    char *at;
    assert_ok(mem_alloc(size, (void **)&at, NULL));
    memset(at, 7, size);
    size_t before = most_memory();
    for (size_t i = 1; i <= 3; i++) {
        assert_ok(mem_resize((void **)&at, size + i * 64 * mib, 1, NULL));
        assert_int_equal(at[0], 7);
        assert_int_equal(at[size - 1], 7);
    }
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    assert_true(most_memory() < before + 64 * mib);
#else
    UNUSED(before);
#endif
    mem_free(at);
}

static void test_wipe(void **state)
{
    UNUSED(state);
    char secret[16] = "0123456789";
    mem_wipe(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        assert_int_equal(secret[i], 0);
}

static void test_arena_pieces_are_apart(void **state)
{
    UNUSED(state);
    enum { COUNT = 3000 };
    Arena a;
    arena_init(&a, 0);
    for (int round = 0; round < 2; round++) {
        Rng r;
        rng_init(&r, 7, 0);
        unsigned char *pieces[COUNT];
        size_t sizes[COUNT];
        for (size_t i = 0; i < COUNT; i++) {
            sizes[i] = (size_t)rng_below(&r, rng_ppm(&r, 10000) ? 100000 : 200);
            void *p = NULL;
            assert_ok(arena_alloc(&a, sizes[i], &p, NULL));
            assert_int_equal((uintptr_t)p % 16, 0);
            pieces[i] = p;
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], 0);
            memset(p, (int)(i % 255) + 1, sizes[i]);
            Slice copy;
            assert_ok(arena_dup(&a, SLICE("odd"), &copy, NULL));
        }
        for (size_t i = 0; i < COUNT; i++)
            for (size_t k = 0; k < sizes[i]; k++)
                if (pieces[i][k] != (i % 255) + 1)
                    fail_msg("piece %zu was overwritten at %zu", i, k);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_free(&a);
    arena_free(&a);
}

static void test_arena_limit(void **state)
{
    UNUSED(state);
    Arena a;
    arena_init(&a, 100);
    void *p = NULL;
    Error err;
    assert_ok(arena_alloc(&a, 60, &p, &err));
    assert_int_equal(arena_alloc(&a, 41, &p, &err), ERR_LIMIT);
    assert_ok(arena_alloc(&a, 40, &p, &err));
    assert_int_equal(arena_alloc(&a, 1, &p, &err), ERR_LIMIT);
    arena_reset(&a);
    assert_ok(arena_alloc(&a, 100, &p, &err));
    arena_free(&a);
}

static Status use_arena(void *ctx, Error *err)
{
    UNUSED(ctx);
    Arena a;
    arena_init(&a, 0);
    Status st = OK;
    for (int i = 0; i < 20 && st == OK; i++) {
        void *p = NULL;
        Slice s;
        const char *z = NULL;
        st = arena_alloc(&a, 3000, &p, err);
        if (st == OK)
            st = arena_dup(&a, SLICE("some text"), &s, err);
        if (st == OK)
            st = arena_printf(&a, &z, err, "%d-%s", i, "x");
        if (st == OK && i == 3)
            assert_string_equal(z, "3-x");
    }
    arena_free(&a);
    return st;
}

typedef VEC(uint64_t) Numbers;

static Status use_vec(void *ctx, Error *err)
{
    UNUSED(ctx);
    Numbers v = {0};
    Status st = OK;
    for (uint64_t i = 0; i < 1000 && st == OK; i++)
        st = vec_push(&v, i * i, err);
    for (uint64_t i = 0; i < v.len; i++)
        assert_int_equal(v.at[i], i * i);
    if (st == OK)
        assert_int_equal(vec_last(&v), 999 * 999);
    vec_free(&v);
    assert_null(v.at);
    return st;
}

static Status use_buf(void *ctx, Error *err)
{
    UNUSED(ctx);
    Buf b;
    buf_init(&b, 0);
    for (int i = 0; i < 300; i++) {
        buf_adds(&b, "text ");
        buf_addf(&b, "%0300d", i);
        buf_add_u64(&b, (uint64_t)i);
        buf_pad(&b, ' ', 3);
    }
    Status st = buf_status(&b, err);
    buf_free(&b);
    return st;
}

static void test_failing_allocations(void **state)
{
    UNUSED(state);
    static const WalkFn uses[] = {use_arena, use_vec, use_buf};
    for (size_t i = 0; i < COUNT_OF(uses); i++)
        assert_true(walk_allocations(uses[i], NULL) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_that_do_not_fit),
        cmocka_unit_test(test_empty_allocations),
        cmocka_unit_test(test_fail_after_counts),
        cmocka_unit_test(test_large_growth),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_arena_pieces_are_apart),
        cmocka_unit_test(test_arena_limit),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
