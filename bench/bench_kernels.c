/*
 * How many pairs a second each kernel compares on each path: one name against
 * all of a list of surnames, and 1024-bit filters against filters, in tiles as
 * a linkage would run them. CPU seconds; best and median of the runs.
 *
 * Usage: bench_kernels SURNAMES.csv [RUNS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/kernel.h"

#define RUNS_MAX 99
#define NAMES 8000
#define QUERIES 400
#define FILTERS 8192
#define FILTER_WORDS 16
#define TILE_QUERIES 64
#define TILE_TARGETS 128

typedef struct Bench {
    Arena arena;
    Slice *names;
    TextPack *narrow;
    TextPack *wide;
    uint32_t *ids; /* names in an order of their own */
    uint32_t *out;
    BitPack *filters;
    uint16_t *common;
    DiceHit *hits;
    unsigned runs;
    uint64_t sum; /* so that no work is left out */
} Bench;

/* The list as it is, with typing errors, and double surnames: what a state's file holds, 1 to 31 bytes. */
static Status make_names(Bench *b, const char *path, Error *err)
{
    CsvTable t;
    size_t column;
    Rng rng;
    TRY(csv_read(path, &b->arena, &t, err));
    TRY(csv_column(&t, "surname", &column, err));
    TRY(arena_new(&b->arena, Slice, NAMES, &b->names, err));
    rng_init(&rng, 1, 0);
    for (size_t i = 0; i < NAMES; i++) {
        Slice name = t.cells[rng_below(&rng, t.rows) * t.columns + column], copy;
        const char *text = NULL;
        if (rng_below(&rng, 20) == 0) {
            Slice second = t.cells[rng_below(&rng, t.rows) * t.columns + column];
            TRY(arena_printf(&b->arena, &text, err, "%.*s %.*s", SLICE_ARG(name), SLICE_ARG(second)));
            name = slice_of(text);
        }
        TRY(arena_dup(&b->arena, name, &copy, err));
        if (copy.len > 1 && rng_below(&rng, 10) == 0)
            ((char *)(uintptr_t)copy.ptr)[rng_below(&rng, copy.len)] = (char)('A' + rng_below(&rng, 26));
        b->names[i] = copy;
    }
    return OK;
}

static Status make_filters(Bench *b, Error *err)
{
    Rng rng;
    rng_init(&rng, 2, 0);
    TRY(bit_pack_new(FILTERS, FILTER_WORDS, &b->filters, err));
    for (size_t i = 0; i < FILTERS; i++) {
        uint64_t bits[FILTER_WORDS] = {0};
        for (int k = 0; k < 300; k++) {
            uint64_t at = rng_below(&rng, FILTER_WORDS * 64);
            bits[at / 64] |= UINT64_C(1) << at % 64;
        }
        bit_pack_set(b->filters, i, bits);
    }
    TRY(arena_new(&b->arena, uint16_t, TILE_QUERIES * TILE_TARGETS, &b->common, err));
    return arena_new(&b->arena, DiceHit, TILE_QUERIES * TILE_TARGETS, &b->hits, err);
}

static Status make(Bench *b, const char *path, Error *err)
{
    TRY(make_names(b, path, err));
    TRY(text_pack_new(b->names, NAMES, SLOT_16, &b->narrow, err));
    TRY(text_pack_new(b->names, NAMES, SLOT_32, &b->wide, err));
    TRY(arena_new(&b->arena, uint32_t, NAMES, &b->ids, err));
    TRY(arena_new(&b->arena, uint32_t, NAMES, &b->out, err));
    for (uint32_t i = 0; i < NAMES; i++)
        b->ids[i] = (uint32_t)((uint64_t)i * 4409 % NAMES);
    return make_filters(b, err);
}

typedef struct Case {
    const char *name;
    TextManyFn fn;
    const TextPack *pack;
    const uint32_t *ids;
    const KernelTable *kernels;
    enum { TEXT, PAIRS, COMMON, DICE } kind;
} Case;

static double text_run(Bench *b, const Case *c)
{
    for (size_t q = 0; q < QUERIES; q++) {
        c->fn(b->names[q * 17 % NAMES], c->pack, (TextPick){.ids = c->ids, .n = NAMES}, b->out);
        b->sum += b->out[q];
    }
    return (double)QUERIES * NAMES;
}

static double pair_run(Bench *b)
{
    for (size_t q = 0; q < QUERIES / 4; q++)
        for (size_t i = 0; i < NAMES; i++)
            b->sum += jaro_winkler(b->names[q * 17], b->names[i]);
    return (double)QUERIES / 4 * NAMES;
}

static double bits_run(Bench *b, const Case *c)
{
    for (size_t t = 0; t < FILTERS; t += TILE_TARGETS)
        for (size_t q = 0; q < FILTERS / 8; q += TILE_QUERIES) {
            BitTile queries = {b->filters, q, TILE_QUERIES}, targets = {b->filters, t, TILE_TARGETS};
            if (c->kind == DICE) {
                b->sum += c->kernels->dice_above(queries, targets, 8000, b->hits);
            } else {
                c->kernels->common_many(queries, targets, b->common);
                b->sum += b->common[q % 64];
            }
        }
    return (double)FILTERS * FILTERS / 8;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(Bench *b, const Case *c)
{
    double rate[RUNS_MAX];
    for (unsigned r = 0; r < b->runs; r++) {
        double start = clock_cpu();
        double pairs = c->kind == TEXT ? text_run(b, c) : c->kind == PAIRS ? pair_run(b) : bits_run(b, c);
        rate[r] = pairs / (clock_cpu() - start) / 1e6;
    }
    qsort(rate, b->runs, sizeof rate[0], by_size);
    printf("%-34s %-9s %9.1f %9.1f\n", c->name, c->kernels->name, rate[b->runs - 1], rate[b->runs / 2]);
}

static void measure_path(Bench *b, const KernelTable *k)
{
    const Case cases[] = {
        {"Jaro-Winkler, slots of 16", k->jaro_winkler_many, b->narrow, NULL, k, TEXT},
        {"Jaro-Winkler, slots of 16, by id", k->jaro_winkler_many, b->narrow, b->ids, k, TEXT},
        {"Jaro-Winkler, slots of 32", k->jaro_winkler_many, b->wide, NULL, k, TEXT},
        {"Levenshtein, slots of 16", k->levenshtein_many, b->narrow, NULL, k, TEXT},
        {"Levenshtein, slots of 32", k->levenshtein_many, b->wide, NULL, k, TEXT},
        {"OSA, slots of 16", k->osa_many, b->narrow, NULL, k, TEXT},
        {"OSA, slots of 32", k->osa_many, b->wide, NULL, k, TEXT},
        {"Dice >= 0.8, 1024 bits", NULL, NULL, NULL, k, DICE},
        {"common bits, 1024 bits", NULL, NULL, NULL, k, COMMON},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        measure(b, &cases[i]);
}

int main(int argc, char **argv)
{
    Bench b = {0};
    Error err = ERROR_INIT;
    uint64_t runs = 7;
    if (argc < 2 || argc > 3 || (argc == 3 && parse_u64(slice_of(argv[2]), &runs, &err) != OK) || runs == 0 ||
        runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_kernels SURNAMES.csv [RUNS]\n");
        return status_exit_code(ERR_USAGE);
    }
    b.runs = (unsigned)runs;
    arena_init(&b.arena, 0);
    Status st = make(&b, argv[1], &err);
    if (st == OK) {
        printf("%-34s %-9s %9s %9s\n", "M pairs/s, one core", "path", "best", "median");
        Case one = {.name = "Jaro-Winkler, pair by pair", .kernels = kernel_table(KERNEL_PORTABLE), .kind = PAIRS};
        measure(&b, &one);
        for (int path = KERNEL_PORTABLE; path < KERNEL_PATHS; path++)
            if (kernel_table((KernelPath)path))
                measure_path(&b, kernel_table((KernelPath)path));
        printf("(check %" PRIu64 ")\n", b.sum);
    } else {
        char line[1024];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "bench_kernels: %s\n", line);
    }
    text_pack_free(b.narrow);
    text_pack_free(b.wide);
    bit_pack_free(b.filters);
    arena_free(&b.arena);
    return status_exit_code(st);
}
