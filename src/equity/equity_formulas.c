/* Where the formula of each column is from: a number that leaves its page still says how it was made. z, floors and
 * limits are the policy's. */
#include "equity/equity_parts.h"

typedef struct Formula {
    const char *columns, *formula, *source;
    bool rates_only;
} Formula;

static const Formula formulas[] = {
    {"low, high", "Wilson score interval of p", "Wilson 1927", true},
    {"exact_low, exact_high", "exact binomial interval of p", "Clopper and Pearson 1934", true},
    {"reliability", "n, and width of the exact interval", "NCHS Series 2 no. 175 (2017)", true},
    {"gap", "value - reference", "DisImpact; California Community Colleges Chancellor's Office", false},
    {"gap_low, gap_high", "two Wilson intervals, squared and added", "Newcombe 1998, method 10", true},
    {"p, p_adjusted", "pooled z of two rates; false discovery rate over the table", "Benjamini and Hochberg 1995",
        true},
    {"ppg1, ppg1_flag", "p_g - p_o <= -max(z sqrt(p_g (1 - p_g) / n_g), floor)",
        "percentage point gap minus one, California Community Colleges Chancellor's Office 2022", true},
    {"eighty, eighty_flag", "p_g / p of the best group that is large enough, below the limit",
        "29 CFR 1607.4 (four-fifths rule)", true},
    {"representation, representation_flag", "(x_g / X) / (n_g / N) = p_g / P", "proportionality index, DisImpact",
        true},
    {"risk_ratio, risk_flag", "p_g / p_o, or of the state's others", "34 CFR 300.647", true},
    {"risk_low, risk_high", "interval of the log of the ratio", "Katz et al. 1978", true},
    {"risk_score_low, risk_score_high", "score interval of the ratio", "Koopman 1984", true},
    {"need_parity, need_unflag", "ceil(n_g (p_o - p_g)); the fewest that lift the PPG-1 flag", "derived; DisImpact",
        true},
    {"gap_linkage_low, gap_linkage_high", "gap were every expected link error against it: a bound",
        "derived from expected precision and recall", true},
    {"between_group_variance", "sum s_g (p_g - P)^2", "National Cancer Institute, HD*Calc", true},
    {"index_of_disparity", "(100 / J) sum |p_g - P| / P", "Pearcy and Keppel 2002; HD*Calc", true},
    {"mean_log_deviation", "sum s_g (-ln(p_g / P))", "National Cancer Institute, HD*Calc", true},
    {"theil_t", "sum s_g (p_g / P) ln(p_g / P)", "Theil 1967; HD*Calc", true},
    {"range_difference, range_ratio", "largest and smallest p_g", "National Cancer Institute, HD*Calc", true},
    {"slope_index, concentration_index", "p_g over cumulative rank of ordered groups", "HD*Calc; WHO HEAT", true},
};

static const SheetColumn formula_columns[] = {{"columns", "column"}, {"formula", "formula"}, {"source", "source"}};

void equity_formulas(const MeasureInfo *info, Sheet *out)
{
    bool rate = info->kind == MEASURE_RATE;
    sheet_table(out, "formulas",
        SLICE("Formulas: g the group, o all others, N and P everybody; x hits of n persons, p = x / n, s = n / N; "
              "limits are "
              "the policy's"),
        formula_columns, COUNT_OF(formula_columns));
    for (size_t i = 0; i < COUNT_OF(formulas); i++) {
        if (formulas[i].rates_only && !rate)
            continue;
        sheet_words(out, slice_of(formulas[i].columns));
        sheet_words(out, slice_of(formulas[i].formula));
        sheet_words(out, slice_of(formulas[i].source));
    }
}
