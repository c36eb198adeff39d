/* What a reader is told of a lane: the words and the public parameters that go out with its figures. */
#include "perturb/perturb.h"

LaneLabel lane_label(LaneKind kind)
{
    static const LaneLabel labels[] = {
        [LANE_ROUNDING] = {"Every count is a multiple of the base; sums hold.",
            "The true count lies anywhere in the stated interval around the figure; a 0 can be a small group.",
            "It does not hide who is in a group, nor that a count changed by about a base between two releases."},
        [LANE_CELL_KEY] = {"Counts carry small random changes; parts and totals are changed each for itself.",
            "The same people get the same change in every table and release, so repeating or subtracting tables of the "
            "same groups shows nothing new.",
            "This is not differential privacy, and it rests on the secrecy of its key and parameters. Sums do not "
            "hold exactly."},
        [LANE_FUZZY] = {"Each percentile is the mean of two neighbouring percentiles, rounded.",
            "No figure is one person's value; groups below the minimums are not shown.",
            "It does not hold against subtraction of overlapping groups, nor against somebody who knows nearly all "
            "values of the group."},
        [LANE_DP_COUNTS] = {"Counts carry random noise of a known size; each has its error bar.",
            "Whatever a reader knows, the figures say nearly the same with and without any one person: differential "
            "privacy with the stated budget.",
            "It does not hide what is true of the group as a whole. Counts can be negative, and sums do not hold."},
        [LANE_DP_TREE] = {"Counts carry random noise of a known size and were made to add up; each has its error bar.",
            "Whatever a reader knows, the figures say nearly the same with and without any one person: differential "
            "privacy with the stated budget.",
            "It does not hide what is true of the group as a whole. Very small counts are too high on average, since "
            "none may be negative."},
        [LANE_DP_QUANTILES] = {"Percentiles are read from a histogram with random noise; each has its error bar.",
            "Whatever a reader knows, the figures say nearly the same with and without any one person: differential "
            "privacy with the stated budget.",
            "It does not hide what is true of the group as a whole. Values outside the bins count as the nearest bin."},
    };
    return labels[kind];
}

static void add_ratio(Json *j, const char *key, Ratio r)
{
    Buf text;
    buf_init(&text, 0);
    ratio_print(r, &text);
    json_kstr(j, key, buf_slice(&text));
    buf_free(&text);
}

static void privacy_json(const DpPrivacy *p, Json *j)
{
    int64_t cost = 0;
    bool pure = p->mechanism == DP_LAPLACE;
    json_kstr(j, "mechanism", pure ? SLICE("discrete_laplace") : SLICE("discrete_gaussian"));
    json_kstr(j, "neighbours", p->neighbours == DP_REPLACE ? SLICE("replace") : SLICE("add_remove"));
    add_ratio(j, pure ? "epsilon" : "rho", p->amount);
    json_kint(j, "cells_per_person", p->cells_per_person);
    json_kint(j, "per_cell", p->per_cell);
    if (dp_cost(p, &cost, NULL) == OK)
        json_kint(j, "rho_e9", cost);
}

static void quantiles_json(const DpQuantileOptions *q, Json *j)
{
    json_key(j, "edges");
    json_open_array(j);
    for (uint32_t i = 0; i <= q->bins; i++)
        json_int(j, q->edges[i]);
    json_end(j);
    json_kint(j, "min_noisy_n", q->min_noisy_n);
    json_kint(j, "max_rank_error", q->max_rank_error);
    json_kint(j, "rounding", q->rounding);
}

static void fuzzy_json(const FuzzyOptions *f, Json *j)
{
    json_kint(j, "percent", f->percent);
    json_kint(j, "spread", f->spread);
    json_kint(j, "min_n", f->min_n);
    json_kint(j, "min_employers", f->min_employers);
    json_kint(j, "rounding", f->rounding);
}

static void shares_json(const Lane *lane, Json *j)
{
    json_key(j, "shares");
    json_open_array(j);
    for (uint32_t i = 0; i < lane->share_count; i++) {
        Buf text;
        buf_init(&text, 0);
        ratio_print(lane->shares[i], &text);
        json_str(j, buf_slice(&text));
        buf_free(&text);
    }
    json_end(j);
}

void lane_json(const Lane *lane, Json *json)
{
    LaneLabel label = lane_label(lane->kind);
    json_open_object(json);
    json_kstr(json, "lane", slice_of(lane_name(lane->kind)));
    json_kstr(json, "what", slice_of(label.what));
    json_kstr(json, "promises", slice_of(label.promises));
    json_kstr(json, "does_not", slice_of(label.does_not));
    json_kbool(json, "differential_privacy", lane->kind >= LANE_DP_COUNTS);
    json_kstr(json, "policy", lane->name);
    json_kstr(json, "status", lane->status);
    if (lane->kind >= LANE_DP_COUNTS)
        privacy_json(&lane->privacy, json);
    if (lane->kind == LANE_ROUNDING) {
        json_kint(json, "base", lane->rounding.base);
        json_kint(json, "max_steps", lane->rounding.max_steps);
    } else if (lane->kind == LANE_FUZZY) {
        fuzzy_json(&lane->fuzzy, json);
    } else if (lane->kind == LANE_DP_COUNTS && lane->counts.min_noisy_n != INT64_MIN) {
        json_kint(json, "min_noisy_n", lane->counts.min_noisy_n);
    } else if (lane->kind == LANE_DP_TREE) {
        shares_json(lane, json);
    } else if (lane->kind == LANE_DP_QUANTILES) {
        quantiles_json(&lane->quantiles, json);
    }
    json_end(json);
}
