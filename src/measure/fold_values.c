/*
 * Figures that do not add up: percentiles and the dominance of an employer.
 *
 * A percentile needs the values of its slot in order. Instead of sorting within each slot, for every split and level
 * anew, the rows are sorted once by value (radix sort) and then dealt out to the slots in that order: each slot's
 * values arrive sorted. Employers the same way: dealt out in order of employer, those of one employer follow each
 * other.
 *
 * Percentiles are linear between ranks (Hyndman and Fan 1996, type 7) on whole cents; the median of an even number is
 * the mean of the two in the middle. `fuzzy` is the mean of the 45th and the 55th (ADRF export rule).
 */
#include "measure/measure_parts.h"

#include <math.h>

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS };

Status order_by_key(const uint64_t *key_of_row, uint32_t *order, size_t count, Error *err)
{
    uint32_t *other = NULL;
    uint64_t all = 0;
    Status st = OK;
    TRY(mem_zalloc(count + 1, sizeof *other, (void **)&other, err));
    for (size_t i = 0; i < count; i++)
        all |= key_of_row[order[i]];
    for (unsigned shift = 0; shift < 64 && all >> shift; shift += RADIX_BITS) {
        size_t starts[RADIX + 1] = {0};
        for (size_t i = 0; i < count; i++)
            starts[(key_of_row[order[i]] >> shift & (RADIX - 1)) + 1]++;
        for (size_t d = 0; d < RADIX; d++)
            starts[d + 1] += starts[d];
        for (size_t i = 0; i < count; i++)
            other[starts[key_of_row[order[i]] >> shift & (RADIX - 1)]++] = order[i];
        memcpy(order, other, count * sizeof *order);
    }
    mem_free(other);
    return st;
}

static Status counted_rows(const MeasureRows *rows, uint32_t **out, size_t *count, Error *err)
{
    TRY(mem_zalloc(rows->count + 1, sizeof **out, (void **)out, err));
    *count = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (rows->flags[i] & ROW_COUNTED)
            (*out)[(*count)++] = (uint32_t)i;
    return OK;
}

Status fold_order_rows(MeasureRows *rows, Error *err)
{
    uint64_t *key = NULL;
    Status st = OK;
    bool values = rows->def->kind == MEASURE_MEDIAN;
    if (!values && !rows->has_employer)
        return OK;
    TRY(mem_zalloc(rows->count + 1, sizeof *key, (void **)&key, err));
    if (values) {
        /* the sign bit inverted: negative amounts stand before positive ones; the offset keeps the passes few */
        int64_t least = 0;
        for (size_t i = 0; i < rows->count; i++)
            if ((rows->flags[i] & ROW_COUNTED) && rows->value[i] < least)
                least = rows->value[i];
        for (size_t i = 0; i < rows->count; i++)
            key[i] = (uint64_t)rows->value[i] - (uint64_t)least;
        TRY_OUT(counted_rows(rows, &rows->by_value, &rows->counted, err));
        TRY_OUT(order_by_key(key, rows->by_value, rows->counted, err));
    }
    if (rows->has_employer) {
        for (size_t i = 0; i < rows->count; i++)
            key[i] = rows->employer[i];
        TRY_OUT(counted_rows(rows, &rows->by_employer, &rows->counted, err));
        TRY_OUT(order_by_key(key, rows->by_employer, rows->counted, err));
    }
out:
    mem_free(key);
    return st;
}

/* As DuckDB's quantile_cont does it, so that a figure can be checked by one line of SQL. */
static double percentile(const int64_t *sorted, size_t count, double p)
{
    double at = (double)(count - 1) * p;
    size_t low = (size_t)floor(at), high = (size_t)ceil(at);
    double a = (double)sorted[low], b = (double)sorted[high], d = at - (double)low;
    return low == high ? a : a * (1.0 - d) + b * d;
}

static FoldValues values_of(const int64_t *sorted, size_t count)
{
    if (count == 0)
        return (FoldValues){NAN, NAN, NAN, NAN};
    return (FoldValues){.value = percentile(sorted, count, 0.5) / 100,
        .fuzzy = (percentile(sorted, count, 0.45) + percentile(sorted, count, 0.55)) / 200,
        .p25 = percentile(sorted, count, 0.25) / 100,
        .p75 = percentile(sorted, count, 0.75) / 100};
}

Status fold_percentiles(
    const MeasureRows *rows, const FoldInstances *in, size_t slot_count, FoldValues *values, Error *err)
{
    size_t *starts = NULL;
    int64_t *dealt = NULL;
    Status st = OK;
    TRY_OUT(mem_zalloc(slot_count + 2, sizeof *starts, (void **)&starts, err));
    TRY_OUT(mem_zalloc(in->row.len + 1, sizeof *dealt, (void **)&dealt, err));
    for (size_t i = 0; i < in->row.len; i++)
        starts[in->slot.at[i] + 2]++;
    for (size_t s = 0; s < slot_count; s++)
        starts[s + 2] += starts[s + 1];
    /* while dealing, starts[s + 1] is the next free place of slot s; afterwards its end */
    for (size_t i = 0; i < in->row.len; i++)
        dealt[starts[in->slot.at[i] + 1]++] = rows->value[in->row.at[i]];
    for (size_t s = 0; s < slot_count; s++)
        values[s] = values_of(dealt + starts[s], starts[s + 1] - starts[s]);
out:
    mem_free(starts);
    mem_free(dealt);
    return st;
}

typedef struct Run {
    uint32_t employer; /* of the last row dealt to the slot; UINT32_MAX: none yet */
    int64_t persons;
} Run;

Status fold_employers(const MeasureRows *rows, const FoldInstances *in, size_t slot_count, FoldSums *sums, Error *err)
{
    Run *runs;
    TRY(mem_zalloc(slot_count + 1, sizeof *runs, (void **)&runs, err));
    for (size_t s = 0; s < slot_count; s++)
        runs[s].employer = UINT32_MAX;
    for (size_t i = 0; i < in->row.len; i++) {
        uint32_t employer = rows->employer[in->row.at[i]];
        Run *run = &runs[in->slot.at[i]];
        FoldSums *sum = &sums[in->slot.at[i]];
        if (run->employer != employer)
            sum->employers++;
        run->persons = run->employer == employer ? run->persons + 1 : 1;
        run->employer = employer;
        if (run->persons > sum->top_employer)
            sum->top_employer = run->persons;
    }
    mem_free(runs);
    return OK;
}
