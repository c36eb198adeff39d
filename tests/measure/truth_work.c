/*
 * Employment and earnings against truth/work_outcomes.csv (src/synth/truth_work.c), each measure of the family under
 * each of the published definitions. An earnings cell there is empty when the definition looks at a quarter that the
 * state has no wages of, and zero when the person is not employed as it says.
 */
#include "truth_check.h"

#define NOT_FOUND "CASE WHEN p.has_ssn THEN 'not_found' ELSE 'out_of_coverage' END"
#define CATEGORY(cents, marginal) \
    "CASE WHEN " cents " > 0 THEN 'employed' WHEN " marginal " THEN 'marginal' ELSE " NOT_FOUND " END"

static const struct {
    const char *name; /* also the column of its earnings */
    const char *asked, *category;
    bool college;
} definitions[] = {
    {"kentucky", "TRUE", CATEGORY("kentucky", "wage_quarters > 0"), false},
    {"wioa", "TRUE", CATEGORY("wioa", "FALSE"), false},
    {"pseo", "TRUE", CATEGORY("pseo", "calendar_quarters > 0"), false},
    {"scorecard", "calendar_study = 0", CATEGORY("scorecard", "FALSE"), true},
    {"leo", "TRUE",
        "CASE WHEN leo > 0 AND leo_study = 1 THEN 'employment_and_study' WHEN leo > 0 THEN 'sustained_employment' WHEN "
        "leo_study = 1 THEN 'further_study' WHEN leo_quarters > 0 THEN 'no_sustained_destination' ELSE "
        "'activity_not_captured' END",
        true},
    {"adrf", "TRUE", CATEGORY("adrf", "wioa > 0"), false},
};

typedef enum Told { HIT, VALUE, CATEGORY_OF } Told;

/* School records carry no number: who has none in any source is not asked about, but for the median, which is of those
 * who were found. */
#define STAYED "NOT " AT_COLLEGE
#define SEEN "p.has_ssn AND " STAYED

static const struct {
    const char *measure, *kind, *counted;
    int after_quarters;
    Told told;
} measures[] = {
    {"award_employment_rate_q2", "award", "TRUE", 2, HIT},
    {"award_median_earnings_q2", "award", "TRUE", 2, VALUE},
    {"award_employment_1yr", "award", "TRUE", 4, HIT},
    {"award_destination_1yr", "award", "TRUE", 4, CATEGORY_OF},
    {"award_earnings_1yr", "award", "TRUE", 4, VALUE},
    {"award_earnings_3yr", "award", "TRUE", 12, VALUE},
    {"award_earnings_5yr", "award", "TRUE", 20, VALUE},
    {"award_earnings_10yr", "award", "TRUE", 40, VALUE},
    {"hs_employment_rate_q2", "high_school", SEEN, 2, HIT},
    {"hs_median_earnings_q2", "high_school", STAYED, 2, VALUE},
    {"hs_employment_1yr", "high_school", SEEN, 4, HIT},
    {"hs_earnings_1yr", "high_school", SEEN, 4, VALUE},
    {"hs_earnings_3yr", "high_school", SEEN, 12, VALUE},
    {"hs_earnings_5yr", "high_school", SEEN, 20, VALUE},
    {"hs_earnings_10yr", "high_school", SEEN, 40, VALUE},
    {"wioa_employment_rate_q2", "programme", "TRUE", 2, HIT},
    {"wioa_median_earnings_q2", "programme", "TRUE", 2, VALUE},
};

static Status told_sql(size_t measure, size_t definition, Arena *arena, const char **out, Error *err)
{
    const char *name = definitions[definition].name;
    switch (measures[measure].told) {
    case HIT:
        return arena_printf(arena, out, err, "w.%s > 0 AS hit", name);
    case VALUE:
        return arena_printf(arena, out, err, "nullif(w.%s, 0) AS value", name);
    case CATEGORY_OF:
        return arena_printf(arena, out, err, "%s AS category", definitions[definition].category);
    }
    return error_set(err, ERR_INTERNAL, "no such column of the truth");
}

Status truth_work(Slice measure, Slice definition, Arena *arena, const char **out, Error *err)
{
    size_t m = 0, d = 0;
    const char *told;
    while (m < COUNT_OF(measures) && !slice_eq_z(measure, measures[m].measure))
        m++;
    while (d < COUNT_OF(definitions) && !slice_eq_z(definition, definitions[d].name))
        d++;
    *out = NULL;
    if (m == COUNT_OF(measures) || d == COUNT_OF(definitions))
        return OK;
    TRY(told_sql(m, d, arena, &told, err));
    return arena_printf(arena, out, err,
        "SELECT w.person, w.year, %s AND w.%s IS NOT NULL AND %s AS counted, %s%s FROM work w JOIN people p ON "
        "p.person = w.person LEFT JOIN outcome o ON o.person = w.person WHERE w.kind = '%s' AND w.after_quarters = %d",
        measures[m].counted, definitions[d].name, definitions[d].asked, told,
        strcmp(measures[m].kind, "high_school") == 0 ? ", w.place AS school_id" : "", measures[m].kind,
        measures[m].after_quarters);
}

const char *truth_work_measure(size_t i)
{
    return i < COUNT_OF(measures) ? measures[i].measure : NULL;
}

bool truth_work_asks_college(Slice definition)
{
    for (size_t d = 0; d < COUNT_OF(definitions); d++)
        if (slice_eq_z(definition, definitions[d].name))
            return definitions[d].college;
    return false;
}
