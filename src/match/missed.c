/*
 * How many matches does no pass find?
 *
 * Passes are like the lists of a census taken several times: what they find in
 * common tells how much all of them miss (capture-recapture; Chapman 1951: two
 * independent lists of nA and nB, nAB of them in both, are drawn from
 * (nA + 1)(nB + 1) / (nAB + 1) - 1).
 *
 * Passes that share a field are not independent, and ready-made estimators for
 * many lists (Chao 1987) go wrong here in either direction: of passes over fields
 * 12 and 34, agreement in both implies that one over 23 agrees. So passes over one
 * set of fields are taken together as one list, those over other fields as the
 * second; errors in different fields are independent given a match, as the model
 * itself assumes. Fields are parted by the field sets of each pass and each two
 * passes, and the estimates averaged, weighted by their precision (Seber 1970).
 * Where no two passes are without a field in common, pairs of passes stand in: what
 * they share makes them find the same matches, so each estimate is too low, and the
 * highest counts.
 *
 * Matches that are hard for one pass are often hard for all (careless records),
 * which no list sees: the result is a lower bound. Counts are expected ones and
 * need not be whole.
 */
#include "match/match_impl.h"

#define OVERLAP_LEAST 8.0 /* matches in both lists; fewer say too little */

static double found_by_any(const CaptureCounts *counts)
{
    double found = 0;
    for (size_t i = 0; i < counts->len; i++)
        found += counts->at[i].passes != 0 ? counts->at[i].count : 0;
    return found;
}

static uint32_t pass_fields(const PassSpec *pass)
{
    uint32_t set = 0;
    for (uint32_t i = 0; i < pass->part_count; i++)
        set |= (uint32_t)1 << pass->parts[i].field;
    return set;
}

static uint32_t passes_within(const PassSpec *passes, uint32_t pass_count, uint32_t fields)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < pass_count; i++)
        if ((pass_fields(&passes[i]) & ~fields) == 0)
            mask |= (uint32_t)1 << i;
    return mask;
}

typedef struct Chapman {
    double total, precision; /* precision 0: too little in common */
} Chapman;

/* Two lists: what any pass of `left` finds, and any of `right`. */
static Chapman chapman(const CaptureCounts *counts, uint32_t left, uint32_t right)
{
    double a = 0, b = 0, both = 0;
    for (size_t i = 0; i < counts->len; i++) {
        double n = counts->at[i].count;
        bool in_left = (counts->at[i].passes & left) != 0, in_right = (counts->at[i].passes & right) != 0;
        a += in_left ? n : 0;
        b += in_right ? n : 0;
        both += in_left && in_right ? n : 0;
    }
    if (both < OVERLAP_LEAST)
        return (Chapman){0};
    double variance = (a + 1) * (b + 1) * (a - both) * (b - both) / ((both + 1) * (both + 1) * (both + 2));
    return (Chapman){(a + 1) * (b + 1) / (both + 1) - 1, 1 / (variance + 1)};
}

static double total_of_disjoint(const CaptureCounts *counts, const PassSpec *passes, uint32_t pass_count)
{
    double sum = 0, precision = 0;
    for (uint32_t i = 0; i < pass_count; i++)
        for (uint32_t k = i; k < pass_count; k++) {
            uint32_t fields = pass_fields(&passes[i]) | pass_fields(&passes[k]);
            Chapman c =
                chapman(counts, passes_within(passes, pass_count, fields), passes_within(passes, pass_count, ~fields));
            sum += c.precision * c.total;
            precision += c.precision;
        }
    return precision > 0 ? sum / precision : 0;
}

static double total_of_pairs(const CaptureCounts *counts, uint32_t pass_count)
{
    double most = 0;
    for (uint32_t i = 0; i < pass_count; i++)
        for (uint32_t k = i + 1; k < pass_count; k++) {
            Chapman c = chapman(counts, (uint32_t)1 << i, (uint32_t)1 << k);
            most = c.total > most ? c.total : most;
        }
    return most;
}

double missed_estimate(const CaptureCounts *counts, const PassSpec *passes, uint32_t pass_count)
{
    double total = total_of_disjoint(counts, passes, pass_count);
    if (total == 0)
        total = total_of_pairs(counts, pass_count);
    double missed = total - found_by_any(counts);
    return missed > 0 ? missed : 0;
}
