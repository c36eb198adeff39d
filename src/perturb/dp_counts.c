/* Counts with independent discrete noise. */
#include "perturb/dp_impl.h"

void dp_add_noise(const Noise *noise, Coins *c, const int64_t *counts, const bool *invariants, size_t n, int64_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = invariants && invariants[i] ? counts[i] : counts[i] + noise_draw(noise, c);
}

static void show(const DpCountOptions *o, const int64_t *noisy, size_t n, int64_t half_width, DpCount *out)
{
    for (size_t i = 0; i < n; i++) {
        bool exact = o->invariants && o->invariants[i];
        bool shown = exact || noisy[i] >= o->min_noisy_n;
        out[i] = (DpCount){shown ? noisy[i] : 0, exact ? 0 : half_width, shown};
    }
}

Status dp_counts(BudgetPermit *permit, const DpPrivacy *privacy, const DpCountOptions *o, const int64_t *counts,
    size_t n, DpCount *out, Error *err)
{
    Noise noise;
    Coins *coins = NULL;
    int64_t *noisy = NULL;
    TRY(dp_use(permit, privacy, err));
    TRY(dp_check_counts(counts, n, err));
    TRY(dp_noise(privacy, (Ratio){1, 1}, REACH_FINEST, &noise, err));
    TRY(coins_new(&coins, err));
    Status st = mem_zalloc(n, sizeof *noisy, (void **)&noisy, err);
    if (st == OK) {
        dp_add_noise(&noise, coins, counts, o->invariants, n, noisy);
        show(o, noisy, n, noise_half_width(&noise), out);
        mem_wipe(noisy, n * sizeof *noisy);
    }
    mem_free(noisy);
    coins_free(coins);
    return st;
}
