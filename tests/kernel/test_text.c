/*
 * The text kernels of each path against the definitions, written out naively,
 * on millions of pairs; and the same comparison against definitions with a
 * fault, each of which it must find.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/kernel.h"

#define TEXT_MAX 80 /* longest of the random texts */
#define PACK_MAX 200

/* --- oracles ------------------------------------------------------------------------------------------------- */

typedef enum Fault {
    FAULT_NONE,
    FAULT_WINDOW,     /* one too wide */
    FAULT_SHORT,      /* no window at all for two bytes and fewer */
    FAULT_HALVES,     /* transpositions rounded up */
    FAULT_THRESHOLD,  /* boost from 0.7 on instead of above it */
    FAULT_PREFIX,     /* five leading bytes */
    FAULT_ROUNDING,   /* to the nearest */
    FAULT_PADDING,    /* a zero byte equals the end of the text */
    FAULT_COUNT
} Fault;

/* Fractions over one denominator; a's bytes look for b's, which is the other direction than the library's. */
static uint32_t oracle_jaro_winkler(Slice a, Slice b, Fault fault)
{
    size_t la = a.len, lb = b.len, longest = la > lb ? la : lb;
    if (la == 0 || lb == 0)
        return la == lb ? 10000 : 0;
    long window = (long)(longest / 2) - 1 + (fault == FAULT_WINDOW);
    if (window < 0 && fault != FAULT_SHORT)
        window = 0;
    char *used = calloc(lb, 1), *seen_a = calloc(la, 1), *seen_b = calloc(lb, 1);
    uint64_t m = 0, k = 0, moved = 0, p = 0;
    for (size_t i = 0; i < la; i++)
        for (size_t j = 0; j < lb; j++)
            if (labs((long)i - (long)j) <= window && !used[j] && a.ptr[i] == b.ptr[j]) {
                used[j] = 1;
                seen_a[m++] = a.ptr[i];
                break;
            }
    for (size_t j = 0; j < lb; j++)
        if (used[j])
            seen_b[k++] = b.ptr[j];
    for (size_t i = 0; i < m; i++)
        moved += seen_a[i] != seen_b[i];
    free(used);
    free(seen_a);
    free(seen_b);
    if (m == 0)
        return 0;
    uint64_t t = (moved + (fault == FAULT_HALVES)) / 2;
    size_t prefix_max = fault == FAULT_PREFIX ? 5 : 4;
    while (p < prefix_max && p < la && p < lb && a.ptr[p] == b.ptr[p])
        p++;
    if (fault == FAULT_PADDING && p < prefix_max && p == la && p < lb && b.ptr[p] == 0)
        p++;
    uint64_t top = m * lb * m + m * la * m + (m - t) * la * lb, bottom = 3 * la * lb * m;
    if (10 * top > 7 * bottom || (fault == FAULT_THRESHOLD && 10 * top == 7 * bottom)) {
        top = 10 * top + p * (bottom - top);
        bottom *= 10;
    }
    return (uint32_t)((10000 * top + (fault == FAULT_ROUNDING ? bottom / 2 : 0)) / bottom);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The whole table. */
static uint32_t oracle_edit(Slice a, Slice b, bool exchanges)
{
    size_t width = b.len + 1;
    size_t *d = calloc((a.len + 1) * width, sizeof *d);
    for (size_t i = 0; i <= a.len; i++)
        for (size_t j = 0; j <= b.len; j++) {
            size_t *cell = &d[i * width + j];
            if (i == 0 || j == 0) {
                *cell = i + j;
                continue;
            }
            *cell = least(cell[-1], cell[-(long)width]) + 1;
            *cell = least(*cell, cell[-(long)width - 1] + (a.ptr[i - 1] != b.ptr[j - 1]));
            if (exchanges && i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                *cell = least(*cell, cell[-2 * (long)width - 2] + 1);
        }
    uint32_t result = (uint32_t)d[a.len * width + b.len];
    free(d);
    return result;
}

typedef enum Metric { METRIC_JARO_WINKLER, METRIC_LEVENSHTEIN, METRIC_OSA } Metric;

static uint32_t oracle(Metric metric, Fault fault, Slice a, Slice b)
{
    if (metric == METRIC_JARO_WINKLER)
        return oracle_jaro_winkler(a, b, fault);
    return oracle_edit(a, b, metric == METRIC_OSA);
}

/* --- texts ---------------------------------------------------------------------------------------------------- */

/* Lengths around every border there is: lanes, slots, words. */
static size_t some_length(Rng *rng)
{
    static const size_t borders[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, TEXT_MAX};
    if (rng_below(rng, 8) == 0)
        return borders[rng_below(rng, COUNT_OF(borders))];
    return rng_below(rng, rng_below(rng, 4) == 0 ? 34 : 13);
}

/* Letters of a small alphabet, so that much matches; now and then any byte, zero among them. */
static Slice some_text(Rng *rng, char *out)
{
    static const uint64_t alphabets[] = {1, 2, 3, 6, 26};
    size_t len = some_length(rng);
    uint64_t letters = alphabets[rng_below(rng, COUNT_OF(alphabets))];
    bool any_byte = rng_below(rng, 10) == 0;
    for (size_t i = 0; i < len; i++)
        if (any_byte)
            out[i] = (char)(rng_below(rng, 3) == 0 ? 0 : rng_below(rng, 256));
        else
            out[i] = (char)('A' + rng_below(rng, letters));
    return (Slice){out, len};
}

/* A text with a few edits: near pairs are where the kernels differ. */
static Slice nearly(Rng *rng, Slice text, char *out)
{
    size_t len = text.len;
    if (len > 0)
        memcpy(out, text.ptr, len);
    for (uint64_t edits = rng_below(rng, 4); edits > 0 && len > 1 && len < TEXT_MAX; edits--) {
        size_t at = rng_below(rng, len - 1);
        char c = out[at];
        switch (rng_below(rng, 5)) {
        case 4: /* what padding could be taken for */
            out[len++] = 0;
            break;
        case 0:
            out[at] = (char)('A' + rng_below(rng, 26));
            break;
        case 1:
            out[at] = out[at + 1];
            out[at + 1] = c;
            break;
        case 2:
            memmove(out + at, out + at + 1, len - at - 1);
            len--;
            break;
        default:
            memmove(out + at + 1, out + at, len - at);
            out[at] = (char)('A' + rng_below(rng, 26));
            len++;
        }
    }
    return (Slice){out, len};
}

typedef struct Sample {
    char text[PACK_MAX + 1][TEXT_MAX];
    Slice targets[PACK_MAX];
    Slice query;
    uint32_t ids[PACK_MAX];
    size_t n;
} Sample;

static void sample_draw(Sample *s, Rng *rng)
{
    static const size_t sizes[] = {1, 2, 31, 32, 33, 63, 64, 65, 130, PACK_MAX};
    s->n = sizes[rng_below(rng, COUNT_OF(sizes))];
    s->query = some_text(rng, s->text[PACK_MAX]);
    for (size_t i = 0; i < s->n; i++) {
        s->targets[i] = rng_below(rng, 3) == 0 ? some_text(rng, s->text[i]) : nearly(rng, s->query, s->text[i]);
        s->ids[i] = (uint32_t)rng_below(rng, s->n);
    }
}

/* How often fn differs from the oracle; the first difference is said unless one is expected. */
static size_t differences(const KernelTable *k, Metric metric, Fault fault, uint64_t seed, size_t pairs)
{
    TextManyFn fn = metric == METRIC_JARO_WINKLER  ? k->jaro_winkler_many
                    : metric == METRIC_LEVENSHTEIN ? k->levenshtein_many
                                                   : k->osa_many;
    size_t wrong = 0;
    uint32_t out[PACK_MAX];
    Sample s;
    Rng rng;
    rng_init(&rng, seed, 0);
    for (size_t done = 0; done < pairs; done += s.n) {
        TextPack *pack;
        sample_draw(&s, &rng);
        assert_int_equal(text_pack_new(s.targets, s.n, rng_below(&rng, 2) ? SLOT_16 : SLOT_32, &pack, NULL), OK);
        bool by_id = rng_below(&rng, 2) == 0;
        size_t first = by_id ? 0 : rng_below(&rng, s.n);
        TextPick pick = {by_id ? s.ids : NULL, first, s.n - first};
        fn(s.query, pack, pick, out);
        for (size_t i = 0; i < pick.n; i++) {
            Slice b = s.targets[by_id ? s.ids[i] : first + i];
            uint32_t expected = oracle(metric, fault, s.query, b);
            if (out[i] != expected && wrong++ == 0 && fault == FAULT_NONE)
                print_message("%s metric %d: [%.*s] [%.*s] gave %u instead of %u\n", k->name, (int)metric,
                    SLICE_ARG(s.query), SLICE_ARG(b), out[i], expected);
        }
        text_pack_free(pack);
    }
    return wrong;
}

/* --- tests ---------------------------------------------------------------------------------------------------- */

static void known_values(void **state)
{
    UNUSED(state);
    static const struct {
        const char *a, *b;
        uint32_t jaro_winkler, levenshtein, osa;
    } cases[] = {
        {"", "", 10000, 0, 0},
        {"", "A", 0, 1, 1},
        {"A", "A", 10000, 0, 0},
        {"A", "B", 0, 1, 1},
        {"AB", "BA", 0, 2, 1}, /* the window of two bytes is zero */
        {"MARTHA", "MARHTA", 9611, 2, 1},
        {"DWAYNE", "DUANE", 8400, 2, 2},
        {"DIXON", "DICKSONX", 8133, 4, 4},
        {"CRATE", "TRACE", 7333, 2, 2},
        {"JELLYFISH", "SMELLYFISH", 8962, 2, 2},
        {"SHACKLEFORD", "SHACKELFORD", 9818, 2, 1},
        {"DUNNINGHAM", "CUNNIGHAM", 8962, 2, 2},
        {"ABROMS", "ABRAMS", 9222, 1, 1},
        {"CA", "ABC", 0, 3, 3}, /* unrestricted Damerau would say 2 */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Slice a = slice_of(cases[i].a), b = slice_of(cases[i].b);
        assert_int_equal(jaro_winkler(a, b), cases[i].jaro_winkler);
        assert_int_equal(levenshtein(a, b, UINT32_MAX), cases[i].levenshtein);
        assert_int_equal(osa(a, b, UINT32_MAX), cases[i].osa);
    }
}

static void pairs_match_oracle(void **state)
{
    UNUSED(state);
    char x[TEXT_MAX], y[TEXT_MAX];
    Rng rng;
    rng_init(&rng, 11, 0);
    for (size_t i = 0; i < 200000; i++) {
        Slice a = some_text(&rng, x);
        Slice b = i % 2 ? some_text(&rng, y) : nearly(&rng, a, y);
        uint32_t jw = oracle_jaro_winkler(a, b, FAULT_NONE), limit = (uint32_t)rng_below(&rng, 6);
        uint32_t lev = oracle_edit(a, b, false), swap = oracle_edit(a, b, true);
        assert_int_equal(jaro_winkler(a, b), jw);
        assert_int_equal(jaro_winkler(b, a), jw);
        assert_int_equal(levenshtein(a, b, UINT32_MAX), lev);
        assert_int_equal(levenshtein(b, a, limit), lev > limit ? limit + 1 : lev);
        assert_int_equal(osa(a, b, UINT32_MAX), swap);
        assert_int_equal(osa(b, a, limit), swap > limit ? limit + 1 : swap);
        assert_true((jw == KERNEL_ONE) == slice_eq(a, b));
    }
}

/* The rational formula is the one of the header: in floating point the same, but for the edge of the boost. */
static void formula(void **state)
{
    UNUSED(state);
    for (uint32_t la = 1; la <= 20; la++)
        for (uint32_t lb = 1; lb <= 20; lb++) {
            char a[20], b[20];
            for (uint32_t m = 1; m <= la && m <= lb; m++) {
                memset(a, 'A', la);
                memset(b, 'A', lb);
                memset(a + m, 'B', la - m);
                memset(b + m, 'C', lb - m);
                double j = ((double)m / la + (double)m / lb + 1.0) / 3.0, p = m < 4 ? m : 4;
                double jw = 10000.0 * (j > 0.7 + 1e-12 ? j + p / 10.0 * (1.0 - j) : j);
                double got = jaro_winkler((Slice){a, la}, (Slice){b, lb});
                assert_true(got <= jw + 1e-6 && got > jw - 1 - 1e-6);
            }
        }
}

static void paths_match_oracle(void **state)
{
    UNUSED(state);
    for (int path = KERNEL_PORTABLE; path < KERNEL_PATHS; path++) {
        const KernelTable *k = kernel_table((KernelPath)path);
        if (!k) {
            print_message("path %d is not of this machine\n", path);
            continue;
        }
        for (int metric = METRIC_JARO_WINKLER; metric <= METRIC_OSA; metric++)
            assert_int_equal(differences(k, (Metric)metric, FAULT_NONE, (uint64_t)metric + 1, 400000), 0);
    }
}

static void faults_are_found(void **state)
{
    UNUSED(state);
    for (int path = KERNEL_PORTABLE; path < KERNEL_PATHS; path++) {
        const KernelTable *k = kernel_table((KernelPath)path);
        for (int fault = FAULT_NONE + 1; k && fault < FAULT_COUNT; fault++)
            if (differences(k, METRIC_JARO_WINKLER, (Fault)fault, 5, 60000) == 0)
                fail_msg("%s: fault %d was not found", k->name, fault);
    }
    /* Levenshtein is not OSA, and the data shows it */
    KernelTable wrong = *kernel_table(KERNEL_BEST);
    wrong.osa_many = wrong.levenshtein_many;
    assert_true(differences(&wrong, METRIC_OSA, FAULT_THRESHOLD, 5, 20000) > 0);
}

static void long_texts(void **state)
{
    UNUSED(state);
    static const size_t lengths[] = {65, 128, 1000, 1024, 1025, 5000};
    char *x = calloc(5000, 1), *y = calloc(5000, 1);
    Rng rng;
    rng_init(&rng, 3, 0);
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t j = 0; j < COUNT_OF(lengths); j++) {
            for (size_t k = 0; k < 5000; k++) {
                x[k] = (char)('A' + rng_below(&rng, 4));
                y[k] = rng_below(&rng, 20) == 0 ? 'Z' : x[k];
            }
            Slice a = {x, lengths[i]}, b = {y, lengths[j]};
            Slice a_cut = slice_sub(a, 0, KERNEL_TEXT_MAX), b_cut = slice_sub(b, 0, KERNEL_TEXT_MAX);
            TextPack *pack;
            uint32_t out;
            assert_int_equal(text_pack_new(&b, 1, SLOT_32, &pack, NULL), OK);
            assert_true(slice_eq(text_pack_at(pack, 0), b_cut));
            kernel_table(KERNEL_BEST)->osa_many(a, pack, (TextPick){.n = 1}, &out);
            text_pack_free(pack);
            assert_int_equal(out, oracle_edit(a_cut, b_cut, true));
            assert_int_equal(jaro_winkler(a, b), oracle_jaro_winkler(a_cut, b_cut, FAULT_NONE));
            assert_int_equal(levenshtein(a, b, UINT32_MAX), oracle_edit(a_cut, b_cut, false));
            assert_int_equal(osa(a, b, 20), least(oracle_edit(a_cut, b_cut, true), 21));
        }
    free(x);
    free(y);
}

static void pack_keeps_texts(void **state)
{
    UNUSED(state);
    static const Slice texts[] = {SLICE_INIT(""), SLICE_INIT("LEE"), SLICE_INIT("FIFTEEN LETTERS"),
        SLICE_INIT("SIXTEEN LETTERS!"), SLICE_INIT("SEVENTEEN LETTERS"),
        SLICE_INIT("THIRTY-THREE LETTERS, AS IT SEEMS"), SLICE_INIT("ZERO\0BYTE")};
    TextPack *pack;
    assert_int_equal(text_pack_new(NULL, 0, SLOT_16, &pack, NULL), OK);
    assert_int_equal(text_pack_count(pack), 0);
    kernel_table(KERNEL_BEST)->jaro_winkler_many(SLICE("LEE"), pack, (TextPick){0}, NULL);
    text_pack_free(pack);
    for (int slot = SLOT_AUTO; slot <= SLOT_32; slot += 16) {
        assert_int_equal(text_pack_new(texts, COUNT_OF(texts), (SlotSize)slot, &pack, NULL), OK);
        for (size_t i = 0; i < COUNT_OF(texts); i++)
            assert_true(slice_eq(text_pack_at(pack, i), texts[i]));
        text_pack_free(pack);
    }
    for (long n = 0; n < 5; n++) {
        mem_fail_after(n);
        assert_int_equal(text_pack_new(texts, COUNT_OF(texts), SLOT_16, &pack, NULL), ERR_NOMEM);
        mem_fail_after(-1);
    }
    text_pack_free(NULL);
}

static void path_by_name(void **state)
{
    UNUSED(state);
    const KernelTable *k = NULL;
    Error err = ERROR_INIT;
    unsetenv("CAIRN_KERNELS");
    assert_int_equal(kernel_choose(&k, &err), OK);
    assert_ptr_equal(k, kernel_table(KERNEL_BEST));
    for (int path = KERNEL_PORTABLE; path < KERNEL_PATHS; path++) {
        static const char *const names[] = {"", "portable", "avx2", "avx512"};
        setenv("CAIRN_KERNELS", names[path], 1);
        const KernelTable *expected = kernel_table((KernelPath)path);
        assert_int_equal(kernel_choose(&k, &err), expected ? OK : ERR_INVALID);
        if (expected)
            assert_string_equal(k->name, names[path]);
    }
    setenv("CAIRN_KERNELS", "fastest", 1);
    assert_int_equal(kernel_choose(&k, &err), ERR_INVALID);
    unsetenv("CAIRN_KERNELS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(pairs_match_oracle),
        cmocka_unit_test(formula),
        cmocka_unit_test(paths_match_oracle),
        cmocka_unit_test(faults_are_found),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(pack_keeps_texts),
        cmocka_unit_test(path_by_name),
    };
    return cmocka_run_group_tests_name("kernel/text", tests, NULL, NULL);
}
