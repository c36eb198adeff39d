/* The table of gaps as a sheet, with a sentence for each finding. */
#include "equity/equity_parts.h"

#include <math.h>

static const SheetColumn gap_columns[] = {
    {"unit", NULL},
    {"unit_title", "place"},
    {"group", NULL},
    {"group_title", "who"},
    {"n", "persons"},
    {"hits", NULL},
    {"value", "value"},
    {"low", "low"},
    {"high", "high"},
    {"exact_low", NULL},
    {"exact_high", NULL},
    {"reliability", "reliable"},
    {"reference", NULL},
    {"gap", "gap"},
    {"gap_low", "gap low"},
    {"gap_high", "gap high"},
    {"p", NULL},
    {"p_adjusted", "p adj"},
    {"ppg1", "PPG-1"},
    {"ppg1_margin", NULL},
    {"ppg1_flag", "PPG-1 flag"},
    {"eighty", "80% index"},
    {"eighty_flag", "80% flag"},
    {"representation", NULL},
    {"representation_flag", NULL},
    {"risk_ratio", NULL},
    {"risk_basis", NULL},
    {"risk_low", NULL},
    {"risk_high", NULL},
    {"risk_score_low", NULL},
    {"risk_score_high", NULL},
    {"risk_flag", NULL},
    {"need_parity", "to parity"},
    {"need_unflag", "to unflag"},
    {"coverage", "coverage"},
    {"precision", "precision"},
    {"recall", "recall"},
    {"gap_linkage_low", NULL},
    {"gap_linkage_high", NULL},
    {"linkage_explains", "by linkage"},
};

static const SheetColumn disparity_columns[] = {
    {"unit", "unit"},
    {"unit_title", "place"},
    {"index", "index"},
    {"value", "value"},
    {"error", "error"},
    {"low", "low"},
    {"high", "high"},
    {"refused", "why not"},
};

static void interval_cells(Sheet *s, Interval i, int decimals)
{
    sheet_num(s, i.low, decimals);
    sheet_num(s, i.high, decimals);
}

static const char *basis_word(RiskBasis b)
{
    return b == RISK_OTHERS ? "others" : b == RISK_STATE ? "state" : "none";
}

static const char *reliability_word(Reliability r)
{
    return r == RELIABLE ? "yes" : r == RELIABLE_REVIEW ? "review" : "no";
}

static void row_flags(const EquityRow *r, Sheet *s)
{
    sheet_num(s, r->p, 6);
    sheet_num(s, r->p_adjusted, 6);
    sheet_num(s, r->ppg, 2);
    sheet_num(s, r->ppg_margin, 2);
    sheet_words(s, slice_of(flag_word(r->ppg_flag)));
    sheet_num(s, r->eighty, 3);
    sheet_words(s, slice_of(flag_word(r->eighty_flag)));
    sheet_num(s, r->representation, 3);
    sheet_words(s, slice_of(flag_word(r->representation_flag)));
    sheet_num(s, r->risk, 3);
    sheet_words(s, slice_of(basis_word(r->risk_basis)));
    interval_cells(s, r->risk_katz, 3);
    interval_cells(s, r->risk_koopman, 3);
    sheet_words(s, slice_of(flag_word(r->risk_flag)));
    sheet_int(s, r->need_parity);
    sheet_int(s, r->need_unflag);
}

static void row_cells(const EquityTable *t, const EquityUnit *u, const EquityRow *r, Sheet *s)
{
    bool rate = t->info.kind == MEASURE_RATE;
    int decimals = rate ? 1 : 2;
    sheet_words(s, u->unit);
    sheet_words(s, u->title);
    sheet_words(s, r->grp);
    sheet_words(s, r->title);
    sheet_int(s, r->count.n);
    if (rate)
        sheet_int(s, r->count.hits);
    else
        sheet_none(s);
    sheet_num(s, r->value, decimals);
    interval_cells(s, r->interval, decimals);
    interval_cells(s, r->exact, decimals);
    sheet_words(s, slice_of(reliability_word(r->reliability)));
    sheet_num(s, r->reference, decimals);
    sheet_num(s, r->gap, 2);
    interval_cells(s, r->gap_interval, 2);
    row_flags(r, s);
    sheet_num(s, r->coverage, 4);
    sheet_num(s, r->precision, 4);
    sheet_num(s, r->recall, 4);
    interval_cells(s, r->gap_linkage, 2);
    sheet_words(s, rate ? (r->linkage_explains ? SLICE("yes") : SLICE("no")) : SLICE(""));
}

/* --- sentences --- */

static bool is_certain(const EquityTable *t, const EquityRow *r)
{
    return r->p_adjusted <= t->rules.false_discovery_rate;
}

static void linkage_words(const EquityRow *r, Buf *out)
{
    char low[32], high[32];
    if (r->linkage_explains)
        buf_addf(out, " Errors of linkage and missing coverage could explain it altogether (gap between %s and %s).",
            number_text(r->gap_linkage.low, 1, low), number_text(r->gap_linkage.high, 1, high));
    else
        buf_addf(out, " Errors of linkage and missing coverage cannot explain it (gap between %s and %s).",
            number_text(r->gap_linkage.low, 1, low), number_text(r->gap_linkage.high, 1, high));
}

static void say_row(const EquityTable *t, const EquityUnit *u, const EquityRow *r, Sheet *s)
{
    char value[32], others[32], gap[32];
    Buf more;
    buf_init(&more, 0);
    if (r->reliability == UNRELIABLE)
        buf_adds(&more, " Too few persons for a reliable rate.");
    else if (!is_certain(t, r))
        buf_adds(&more, " Among so many comparisons this could be chance.");
    if (r->eighty_flag == FLAG_RAISED)
        buf_adds(&more, " It is below four fifths of the best group.");
    if (r->need_parity > 0)
        buf_addf(&more, " %" PRId64 " persons %s would make the rates equal, %" PRId64 " would lift the flag.",
            r->need_parity, t->adverse ? "fewer" : "more", r->need_unflag);
    linkage_words(r, &more);
    sheet_finding(s, "%.*s, %.*s: %.*s, %s %% against %s %% of all others, %s points %s.%s", SLICE_ARG(u->title),
        SLICE_ARG(t->info.title), SLICE_ARG(r->title), number_text(r->value, 1, value),
        number_text(r->value - r->ppg, 1, others), number_text(fabs(r->ppg), 1, gap), r->ppg < 0 ? "lower" : "higher",
        buf_z(&more));
    buf_free(&more);
}

static void say_findings(const EquityTable *t, Sheet *s)
{
    size_t found = 0;
    for (size_t k = 0; k < t->units.len; k++) {
        const EquityUnit *u = &t->units.at[k];
        for (size_t i = u->first; i < u->first + u->count; i++) {
            const EquityRow *r = &t->rows.at[i];
            if (!r->compared || (r->ppg_flag != FLAG_RAISED && r->eighty_flag != FLAG_RAISED))
                continue;
            say_row(t, u, r, s);
            found++;
        }
    }
    if (found == 0 && t->info.kind == MEASURE_RATE)
        sheet_finding(s, "No group is flagged by the percentage point gap or the 80 %% index.");
}

/* An index without a value has no line, but for one that was asked of groups it cannot be made of. */
static void disparity_rows(const EquityTable *t, const EquityUnit *u, Sheet *out)
{
    for (Disparity d = 0; d < DISPARITY_COUNT; d++) {
        const Estimate *e = &u->disparity[d];
        bool refused = t->info.kind == MEASURE_RATE && u->overlapping && disparity_needs_shares(d);
        if (isnan(e->value) && !refused)
            continue;
        sheet_words(out, u->unit);
        sheet_words(out, u->title);
        sheet_words(out, slice_of(disparity_names[d]));
        sheet_num(out, e->value, 6);
        sheet_num(out, e->error, 6);
        interval_cells(out, e->interval, 6);
        sheet_words(out, slice_of(refused ? overlap_reason : ""));
    }
}

void equity_table_sheet(const EquityTable *t, Sheet *out)
{
    const char *path = t->rules.file->path;
    sheet_fact(out, "measure", "%.*s", SLICE_ARG(t->query.measure));
    sheet_fact(out, "measure_title", "%.*s", SLICE_ARG(t->info.title));
    equity_asked_facts(&t->query, out);
    sheet_fact(out, "unit_of_value", "%.*s", SLICE_ARG(t->info.unit));
    sheet_fact(out, "year", "%" PRId32, t->query.year);
    if (t->pooled.len > 0)
        sheet_fact(out, "pooled", "%.*s", SLICE_ARG(t->pooled));
    sheet_fact(out, "level", "%.*s", SLICE_ARG(t->query.level));
    sheet_fact(out, "split", "%.*s", SLICE_ARG(t->query.split));
    sheet_fact(out, "reference", "%.*s", SLICE_ARG(t->query.reference));
    sheet_fact(out, "direction", "%s", t->adverse ? "lower is better" : "higher is better");
    sheet_fact(out, "policy", "%s", path);
    sheet_table(out, "gaps", t->split_title, gap_columns, COUNT_OF(gap_columns));
    for (size_t k = 0; k < t->units.len; k++)
        for (size_t i = 0; i < t->units.at[k].count; i++)
            row_cells(t, &t->units.at[k], &t->rows.at[t->units.at[k].first + i], out);
    sheet_table(out, "disparity", SLICE("Disparity over all groups"), disparity_columns, COUNT_OF(disparity_columns));
    for (size_t k = 0; k < t->units.len; k++)
        disparity_rows(t, &t->units.at[k], out);
    equity_formulas(&t->info, out);
    if (t->units.at[0].overlapping)
        overlap_note(out);
    if (t->info.kind == MEASURE_RATE) {
        say_findings(t, out);
    } else {
        sheet_note(out, "The gap of a median or mean has no interval from cells; --earnings reads the values for a "
                        "median's.");
    }
    equity_notes(&t->rules, &t->info, out);
    if (t->units.len == 1 && t->info.kind == MEASURE_RATE) {
        Buf svg;
        buf_init(&svg, 0);
        equity_chart(t, &t->units.at[0], &svg);
        sheet_chart(out, buf_slice(&svg));
        buf_free(&svg);
    }
}
