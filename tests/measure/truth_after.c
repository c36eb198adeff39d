/*
 * What came after school against truth/college_outcomes.csv, training_outcomes.csv and work_outcomes.csv
 * (src/synth/truth_work.c): college, career education, workforce programmes, and of work what no published definition
 * of employment is asked for. Numbers of the rules are said here once more, not read from the definitions.
 */
#include "truth_check.h"

#define COHORT " AS hit FROM college WHERE fall_cohort = 1"
#define ENTRANT "SELECT person, entry_year AS year, transfer_in = 0 AS counted, "
#define STATUS(years) \
    "SELECT person, entry_year AS year, transfer_in = 0 AS counted, status_" years \
    " AS category FROM college WHERE fall_cohort = 1"
#define LOOKED_AT(two, four) \
    " AND entry_year - 1 + CASE two_year WHEN 1 THEN " two " ELSE " four \
    " END <= (SELECT max(last_fall) FROM ps_cohort)"
#define GRADUATES \
    " AS hit FROM outcome o JOIN training k ON k.person = o.person AND k.item = 'school_concentrator' AND k.year <= " \
    "o.completion_year WHERE o.completion = 'diploma'"
#define ITEM(name) "SELECT person, year, TRUE AS counted, hit = 1 AS hit FROM training WHERE item = '" name "'"
#define NONTRADITIONAL(item, first) \
    "SELECT t.person, t.year, TRUE AS counted, p.sex = n.sex AS hit FROM training t JOIN training k ON k.person = " \
    "t.person " \
    "AND k.item = '" first \
    "' JOIN people p ON p.person = t.person JOIN nontraditional_field n ON starts_with(t.cip, n.cip) " \
    "AND n.valid_from <= make_date(k.year, 6, 30) WHERE t.item = '" item "'"
/* A year after the award, or five. */
#define AWARD(what, after) "SELECT person, year, " what " FROM work WHERE kind = 'award' AND after_quarters = " after
#define SECTOR \
    "CASE WHEN naics[1:2] IN ('31', '32', '33') THEN '31-33' WHEN naics[1:2] IN ('44', '45') THEN '44-45' WHEN " \
    "naics[1:2] IN ('48', '49') THEN '48-49' ELSE naics[1:2] END"

const Comparison after_comparisons[] = {
    {"ps_persistence_rate", ENTRANT "persisted = 1" COHORT},
    {"ps_retention_rate", ENTRANT "persisted_same = 1" COHORT},
    {"ps_credits_24_rate", ENTRANT "credits >= 24" COHORT},
    {"ps_credits_30_rate", ENTRANT "credits >= 30" COHORT},
    {"ps_completion_rate_100", ENTRANT "completed_100 = 1" COHORT LOOKED_AT("2", "4")},
    {"ps_completion_rate_150", ENTRANT "completed_150 = 1" COHORT LOOKED_AT("3", "6")},
    {"ps_completion_rate_200", ENTRANT "completed_200 = 1" COHORT LOOKED_AT("4", "8")},
    {"ps_transfer_rate", ENTRANT "transferred = 1" COHORT " AND two_year = 1"},
    {"ps_status_2yr", STATUS("2")},
    {"ps_status_4yr", STATUS("4")},
    {"ps_status_6yr", STATUS("6")},
    {"ps_time_to_associate",
        "SELECT person, associate_year AS year, TRUE AS counted, (associate_hundredths / 100)::DECIMAL(14,2) AS value "
        "FROM college WHERE associate_year IS NOT NULL"},
    {"ps_time_to_bachelor",
        "SELECT person, bachelor_year AS year, TRUE AS counted, (bachelor_hundredths / 100)::DECIMAL(14,2) AS value "
        "FROM college WHERE bachelor_year IS NOT NULL"},
    {"perkins_1s1",
        "SELECT o.person, o.ayg AS year, o.in_cohort_4 = 1 AS counted, o.graduated_4 = 1 AS hit FROM outcome o JOIN "
        "training k ON k.person = o.person AND k.item = 'school_concentrator' AND k.year <= o.ayg WHERE o.in_cohort_4 "
        "IS NOT NULL"},
    {"perkins_3s1",
        "SELECT person, year, TRUE AS counted, hit = 1 AS hit, place AS district_id FROM training WHERE item "
        "= 'school_left'"},
    {"perkins_4s1", NONTRADITIONAL("school_year", "school_concentrator")},
    {"perkins_5s1", "SELECT o.person, o.completion_year AS year, TRUE AS counted, o.credentials_listed > 0" GRADUATES},
    {"perkins_5s2", "SELECT o.person, o.completion_year AS year, TRUE AS counted, o.concurrent_credits >= 1" GRADUATES},
    {"perkins_5s3",
        "SELECT o.person, o.completion_year AS year, TRUE AS counted, o.wbl_through + o.wbl_at > 0" GRADUATES},
    {"perkins_1p1", ITEM("college_left") " AND (person, year) IN (SELECT (person, year) FROM training WHERE item = "
                                         "'college_completed' AND hit = 1)"},
    {"perkins_2p1", "SELECT person, year + 1 AS year, TRUE AS counted, hit = 1 AS hit FROM training WHERE item = "
                    "'college_credential'"},
    {"perkins_3p1", NONTRADITIONAL("college_year", "college_concentrator")},
    {"wioa_employment_rate_q4", ITEM("wioa_q4")},
    {"wioa_youth_placement_rate_q2", ITEM("wioa_youth_q2")},
    {"wioa_youth_placement_rate_q4", ITEM("wioa_youth_q4")},
    {"wioa_same_employer_rate", ITEM("wioa_same_employer")},
    {"wioa_credential_rate", ITEM("wioa_credential")},
    {"wioa_measurable_skill_gains_rate", ITEM("wioa_gain")},
    {"award_in_state_1yr", AWARD("TRUE AS counted, wage_quarters > 0 AS hit", "4")},
    {"award_in_state_5yr", AWARD("TRUE AS counted, wage_quarters > 0 AS hit", "20")},
    {"award_industry_1yr", AWARD("naics IS NOT NULL AS counted, " SECTOR " AS category", "4")},
    {"award_work_county_1yr", AWARD("work_county IS NOT NULL AS counted, work_county AS category", "4")},
    {"hs_industry_1yr",
        "SELECT w.person, w.year, naics IS NOT NULL AND NOT " AT_COLLEGE " AS counted, " SECTOR
        " AS category, place AS school_id FROM work w JOIN outcome o ON o.person = w.person WHERE w.kind = "
        "'high_school' AND w.after_quarters = 4"},
    {"award_price_to_earnings",
        "SELECT person, year, value IS NOT NULL AS counted, value FROM (SELECT w.person, w.year, CASE WHEN kentucky > "
        "h.annual_earnings THEN least(round(c.annual_net_price * n.years * 100 / ((kentucky - h.annual_earnings) * "
        "100)::BIGINT, 2), 99) WHEN kentucky > 0 AND c.annual_net_price > 0 THEN 99 END::DECIMAL(14,2) AS value FROM "
        "work w JOIN (SELECT DISTINCT state_code, control FROM institution) i ON i.state_code = w.place JOIN "
        "normal_time n ON n.award_level = w.level LEFT JOIN college_price c ON c.award_level = w.level AND c.control "
        "= i.control LEFT JOIN high_school_earnings h ON make_date(w.year + 5, 6, 30) BETWEEN h.valid_from AND "
        "coalesce(h.valid_to, DATE '9999-12-31') WHERE w.kind = 'award' AND w.after_quarters = 20)"},
};
const size_t after_comparison_count = COUNT_OF(after_comparisons);
