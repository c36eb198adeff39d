/*
 * The lanes, by CPU time: noise a second, cell keys a second, hierarchies, controlled rounding. And what private
 * percentiles are worth: the error for the same earnings as in the literature's simulations, by group size and epsilon.
 *
 * usage: bench_perturb [DRAWS]
 */
#include "perturb/dp_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static Status noise_rate(DpMechanism m, uint64_t num, uint64_t den, uint64_t draws, const char *name, Error *err)
{
    Noise noise;
    Coins *coins;
    int64_t sum = 0;
    TRY(noise_init(&noise, m, num, den, err));
    TRY(coins_new(&coins, err));
    double start = clock_cpu();
    for (uint64_t i = 0; i < draws; i++)
        sum += noise_draw(&noise, coins);
    double seconds = clock_cpu() - start;
    coins_free(coins);
    printf("%-44s %8.2f M/s   (mean %+.3f)\n", name, (double)draws / seconds / 1e6, (double)sum / (double)draws);
    return OK;
}

static Status key_rates(uint64_t n, Error *err)
{
    CellKeys *keys;
    PTable *table;
    uint64_t sum = 0, key;
    int64_t total = 0;
    char name[24];
    TRY(cellkeys_new(SLICE("a secret of the benchmark"), "counts", &keys, err));
    double start = clock_cpu();
    for (uint64_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%016" PRIx64, i);
        TRY(cellkeys_record(keys, (Slice){name, 16}, &key, err));
        sum += key;
    }
    printf("%-44s %8.2f M/s\n", "record keys", (double)n / (clock_cpu() - start) / 1e6);
    cellkeys_free(keys);
    start = clock_cpu();
    TRY(ptable_new(&(PTableOptions){5, {3, 1}, 2}, &table, err));
    printf("%-44s %8.2f ms\n", "perturbation table, D 5, V 3", 1e3 * (clock_cpu() - start));
    start = clock_cpu();
    for (uint64_t i = 0; i < 10 * n; i++) {
        sum = sum * UINT64_C(6364136223846793005) + 1;
        total += cellkey_count(table, (int64_t)(i % 40), sum);
    }
    printf("%-44s %8.2f M/s   (sum %" PRId64 ")\n", "cells perturbed", (double)n * 10 / (clock_cpu() - start) / 1e6,
        total);
    ptable_free(table);
    return OK;
}

/* 1 state, 64 districts, 30 schools each, 50 groups each: 98,049 cells. */
static Status tree_time(Error *err)
{
    enum { N = 1 + 64 + 64 * 30 + 64 * 30 * 50 };
    static const Ratio shares[4] = {{1, 10}, {2, 10}, {3, 10}, {4, 10}};
    DpPrivacy p = {DP_GAUSSIAN, DP_ADD_REMOVE, {1, 8}, 1, 1};
    Arena arena;
    uint32_t *parent;
    int64_t *counts;
    DpCount *out;
    BudgetPermit permit = {.privacy = p, .seq = 1};
    arena_init(&arena, 0);
    TRY(arena_new(&arena, uint32_t, N, &parent, err));
    TRY(arena_new(&arena, int64_t, N, &counts, err));
    TRY(arena_new(&arena, DpCount, N, &out, err));
    for (uint32_t i = 0; i < N; i++)
        parent[i] = i == 0 ? TREE_ROOT : i < 65 ? 0 : i < 65 + 1920 ? 1 + (i - 65) / 30 : 65 + (i - 65 - 1920) / 50;
    for (uint32_t i = N; i-- > 0;) {
        counts[i] += i >= 65 + 1920 ? i * 7919 % 23 : 0;
        if (i > 0)
            counts[parent[i]] += counts[i];
    }
    double start = clock_cpu();
    TRY(dp_tree(&permit, &p, &(DpTree){N, parent, counts, NULL, shares, 4}, out, err));
    double square = 0;
    for (uint32_t i = 65; i < 65 + 1920; i++)
        square += (double)((out[i].value - counts[i]) * (out[i].value - counts[i]));
    printf("%-44s %8.2f s     (schools: error %.2f of 550, rho 1/8)\n", "hierarchy of 97,985 counts",
        clock_cpu() - start, sqrt(square / 1920));
    arena_free(&arena);
    return OK;
}

/* --- controlled rounding of a cube with margins ------------------------------------------------------------------ */

static Status cube(uint32_t side, SdcProblem *p, Error *err)
{
    uint32_t n = side + 1, cells = n * n * n, k = 0, r = 0, stride[3] = {n * n, n, 1};
    Rng rng;
    rng_init(&rng, 1, 0);
    TRY(sdc_new(cells, 3 * n * n, 3 * cells, p, err));
    for (uint32_t i = 0; i < cells; i++) {
        p->cells[i].upper = SDC_VALUE_MAX;
        if (i / stride[0] > 0 && i / stride[1] % n > 0 && i % n > 0)
            p->cells[i].value = (int64_t)(rng_below(&rng, 3) ? rng_below(&rng, 40) : 0);
    }
    for (int d = 2; d >= 0; d--)
        for (uint32_t i = 0; i < cells; i++) {
            if (i / stride[d] % n != 0)
                continue;
            p->cell[k] = i;
            p->coef[k++] = -1;
            int64_t sum = 0;
            for (uint32_t j = 1; j < n; j++) {
                p->cell[k] = i + j * stride[d];
                p->coef[k++] = 1;
                sum += p->cells[i + j * stride[d]].value;
            }
            p->cells[i].value = sum;
            p->start[++r] = k;
        }
    return OK;
}

static Status rounding_time(uint32_t side, Error *err)
{
    SdcProblem p;
    RoundingReport report;
    RoundingOptions o = {5, 2, SLICE("a key of the benchmark"), SLICE("cube")};
    int64_t *out;
    TRY(cube(side, &p, err));
    Status st = mem_zalloc(p.cell_count, sizeof *out, (void **)&out, err);
    double start = clock_cpu();
    if (st == OK)
        st = rounding_table(&p, &o, out, &report, err);
    if (st == OK)
        printf("rounding to 5, cube of %2" PRIu32 " with margins %14" PRIu32 " cells %8.2f s  (%" PRIu32
               " programs, %" PRIu32 " further steps)\n",
            side, p.cell_count, clock_cpu() - start, report.programs, report.steps);
    mem_free(out);
    sdc_free(&p);
    return st;
}

/* --- percentiles ------------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Lognormal earnings as in the note that the lane was designed by: sigma 0.6 within a group whose mean shifts, bins of
 * equal probability under a slightly wrong public guess. */
static Status percentile_error(int64_t edges[21], size_t n, Ratio epsilon, Error *err)
{
    enum { REPEATS = 2000 };
    static const uint32_t percents[1] = {50};
    DpPrivacy p = {DP_LAPLACE, DP_ADD_REMOVE, epsilon, 1, 1};
    DpQuantileOptions o = {edges, 20, percents, 1, 0, 1000, 1};
    double off[REPEATS];
    int64_t *values, noisy_n;
    uint32_t *group;
    Rng rng;
    Arena arena;
    size_t kept = 0;
    uint32_t per_mille;
    arena_init(&arena, 0);
    rng_init(&rng, n, epsilon.num);
    TRY(arena_new(&arena, int64_t, n, &values, err));
    TRY(arena_new(&arena, uint32_t, n, &group, err));
    for (int r = 0; r < REPEATS; r++) {
        double shift = 0.35 * rng_normal(&rng);
        for (size_t i = 0; i < n; i++)
            values[i] = (int64_t)(100 * exp(log(38000) + shift + 0.6 * rng_normal(&rng)));
        qsort(values, n, sizeof *values, by_value);
        DpQuantile q;
        BudgetPermit permit = {.privacy = p, .seq = 1};
        TRY(dp_quantiles(&permit, &p, &o, values, group, n, 1, &noisy_n, &q, err));
        if (q.shown)
            off[kept++] = 100 * fabs((double)q.value / (double)values[(n - 1) / 2] - 1);
    }
    qsort(off, kept, sizeof *off, by_number);
    TRY(dp_expected_rank_error(&p, 20, 50, (int64_t)n, &per_mille, err));
    printf("%6zu %6.2f %10.1f %% %10.1f %% %14.1f points\n", n, (double)epsilon.num / (double)epsilon.den,
        off[kept / 2], off[kept * 9 / 10], (double)per_mille / 10);
    arena_free(&arena);
    return OK;
}

static Status percentiles(Error *err)
{
    static const size_t sizes[] = {30, 50, 100, 300, 1000};
    static const Ratio epsilons[] = {{1, 2}, {1, 1}};
    int64_t edges[21];
    for (int b = 0; b <= 20; b++) { /* by bisection */
        double low = -8, high = 8;
        for (int i = 0; i < 80; i++) {
            double mid = (low + high) / 2;
            if (0.5 * erfc(-mid / sqrt(2)) < b / 20.0)
                low = mid;
            else
                high = mid;
        }
        edges[b] = b == 0 ? 100000 : b == 20 ? 25000000 : (int64_t)(100 * exp(log(36000) + 0.85 * low));
    }
    printf("\nmedian earnings in a lane of differential privacy, 20 public bins, 2,000 repetitions\n");
    printf("%6s %6s %12s %12s %21s\n", "n", "eps", "error P50", "error P90", "known beforehand");
    for (size_t e = 0; e < COUNT_OF(epsilons); e++)
        for (size_t i = 0; i < COUNT_OF(sizes); i++)
            TRY(percentile_error(edges, sizes[i], epsilons[e], err));
    return OK;
}

static Status run(uint64_t draws, Error *err)
{
    TRY(noise_rate(DP_LAPLACE, 10, 1, draws, "discrete Laplace, scale 10", err));
    TRY(noise_rate(DP_LAPLACE, 1, 1, draws, "discrete Laplace, scale 1", err));
    TRY(noise_rate(DP_LAPLACE, 200, 3, draws, "discrete Laplace, scale 200/3", err));
    TRY(noise_rate(DP_GAUSSIAN, 100, 1, draws, "discrete Gaussian, variance 100", err));
    TRY(noise_rate(DP_GAUSSIAN, 4, 1, draws, "discrete Gaussian, variance 4", err));
    TRY(noise_rate(DP_GAUSSIAN, 1000003, 7, draws, "discrete Gaussian, variance 1000003/7", err));
    TRY(key_rates(draws / 4, err));
    TRY(tree_time(err));
    for (uint32_t side = 6; side <= 20; side += 7)
        TRY(rounding_time(side, err));
    return percentiles(err);
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    uint64_t draws = 2000000;
    Status st = argc > 1 ? parse_u64(slice_of(argv[1]), &draws, &err) : OK;
    if (st == OK)
        st = run(draws, &err);
    if (st != OK) {
        char line[1024];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "bench_perturb: %s\n", line);
    }
    return status_exit_code(st);
}
