/*
 * The school side's measures against truth/school_outcomes.csv and truth/school_years.csv (src/synth/truth_school.c).
 * Numbers of the rules (nine credits, one year in arrears) are said here once more, not read from the definitions.
 */
#include "truth_check.h"

#define COHORT(years, what) \
    "SELECT person, ayg AS year, in_cohort_" years " = 1 AS counted, " what "_" years " = 1 AS hit, " \
    "district_id_" years " AS district_id, school_id_" years " AS school_id FROM outcome LEFT JOIN schooling " \
    "USING (person) WHERE in_cohort_" years " IS NOT NULL"
#define GRADUATES(what) \
    "SELECT s.person, o.completion_year AS year, TRUE AS counted, " what " AS hit, s.district_id, s.school_id " \
    "FROM outcome o JOIN schooling s ON s.person = o.person WHERE o.completion = 'diploma'"
/* Colleges without unit records are told of by the clearinghouse alone, which may be blocked or miss somebody. */
#define HIDDEN(level) \
    "SELECT s.person FROM schooling s WHERE hidden_" level " = 1 AND NOT EXISTS (SELECT 1 FROM ps_enrollment e WHERE " \
    "e.person = s.person AND e.via = 'nsc')"
#define PUPILS "FROM school_year WHERE grade >= 9 AND completed_before = 0"
#define PLACE "district_id, school_id"
#define PUPILS_WHO(what) "SELECT person, school_year AS year, TRUE AS counted, " what " = 1 AS hit, " PLACE " " PUPILS
#define OFFERED(what) \
    "SELECT person, school_year AS year, max(" what ") OVER (PARTITION BY school_year, district_id) = 1 AS counted, " \
    "" what " = 1 AS hit, " PLACE " " PUPILS
#define CREDITS(what) \
    "SELECT person, school_year AS year, TRUE AS counted, " what "_credits AS value, " PLACE \
    " FROM school_year WHERE " \
    "grade >= 9 AND " what " = 1"
#define FIFTH_YEAR \
    "WITH graduate AS (SELECT s.person, o.completion_year + 1 AS year, s.district_id, s.school_id, " \
    "s.diploma_grade = 12 AND s.credits_before >= 9 AS for_ascent, " \
    "o.ayg = o.completion_year AND s.credits_before >= 9 AS for_trep " \
    "FROM outcome o JOIN schooling s ON s.person = o.person WHERE o.completion = 'diploma' AND o.completion_year < " \
    "(SELECT max(school_year) FROM school_year)), " \
    "took AS (SELECT person, school_year AS year, ascent = 1 AS ascent, trep = 1 AS trep, district_id, school_id " \
    "FROM school_year WHERE ascent = 1 OR trep = 1), " \
    "second AS (SELECT person, year + 1 AS year, district_id, school_id FROM took WHERE trep AND year < " \
    "(SELECT max(school_year) FROM school_year)) "

const Comparison school_comparisons[] = {
    {"graduation_rate_4yr",
        "SELECT person, ayg AS year, in_cohort_4 = 1 AS counted, graduated_4 = 1 AS hit, district_id, school_id "
        "FROM outcome WHERE in_cohort_4 IS NOT NULL"},
    {"completion_rate_4yr",
        "SELECT person, ayg AS year, in_cohort_4 = 1 AS counted, completed_4 = 1 AS hit, district_id, school_id "
        "FROM outcome WHERE in_cohort_4 IS NOT NULL"},
    {"matriculation_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, matriculated = 1 AS hit FROM outcome WHERE "
        "completion = 'diploma'"},
    {"big_three_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, big_three = 1 AS hit FROM outcome WHERE completion = "
        "'diploma'"},
    {"big_three_credential_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, credentials_listed > 0 AS hit FROM outcome "
        "WHERE completion = 'diploma'"},
    {"big_three_credit_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, concurrent_credits >= 12 AS hit FROM outcome "
        "WHERE completion = 'diploma'"},
    {"big_three_wbl_rate",
        "SELECT person, completion_year AS year, TRUE AS counted, wbl_through + wbl_at > 0 AS hit FROM outcome "
        "WHERE completion = 'diploma'"},
    {"graduation_rate_5yr", COHORT("5", "graduated")},
    {"graduation_rate_6yr", COHORT("6", "graduated")},
    {"graduation_rate_7yr", COHORT("7", "graduated")},
    {"completion_rate_5yr", COHORT("5", "completed")},
    {"completion_rate_6yr", COHORT("6", "completed")},
    {"completion_rate_7yr", COHORT("7", "completed")},
    {"dropout_rate",
        "SELECT person, school_year + 1 AS year, TRUE AS counted, dropout = 1 AS hit, district_id, school_id FROM "
        "school_year WHERE grade >= 7"},
    {"mobility_rate",
        "SELECT person, school_year AS year, TRUE AS counted, mobile = 1 AS hit, district_id, school_id FROM "
        "school_year WHERE member = 1"},
    {"matriculation_cte_rate", GRADUATES("s.matriculated_cte = 1")},
    {"matriculation_two_year_rate", GRADUATES("s.matriculated_two_year = 1")},
    {"matriculation_four_year_rate", GRADUATES("s.matriculated_four_year = 1")},
    {"matriculation_credential_rate", GRADUATES("o.matriculated_credential = 1")},
    {"matriculation_military_rate", GRADUATES("o.matriculated_military = 1")},
    {"concurrent_enrollment_rate", PUPILS_WHO("concurrent")},
    {"concurrent_enrollment_credits", CREDITS("concurrent")},
    {"ptech_rate", OFFERED("ptech")},
    {"ptech_credits", CREDITS("ptech")},
    {"early_college_rate", OFFERED("early_college")},
    {"early_college_credits", CREDITS("early_college")},
    {"ascent_rate",
        FIFTH_YEAR "SELECT g.person, g.year, g.for_ascent OR coalesce(t.ascent, FALSE) AS counted, "
                   "coalesce(t.ascent, FALSE) AS hit, g.district_id, g.school_id FROM graduate g LEFT JOIN took t ON "
                   "t.person = g.person AND t.year = g.year UNION ALL SELECT person, year, FALSE, FALSE, district_id, "
                   "school_id FROM second"},
    {"ascent_credits", CREDITS("ascent")},
    {"trep_rate",
        FIFTH_YEAR "SELECT g.person, g.year, g.for_trep OR coalesce(t.trep, FALSE) AS counted, coalesce(t.trep, FALSE) "
                   "AS hit, g.district_id, g.school_id FROM graduate g LEFT JOIN took t ON t.person = g.person AND "
                   "t.year = g.year UNION ALL SELECT person, year, TRUE, FALSE, district_id, school_id FROM second"},
    {"trep_credits", CREDITS("trep")},
    {"credential_rate", PUPILS_WHO("credential")},
    {"wbl_about_rate", PUPILS_WHO("wbl_about")},
    {"wbl_through_rate", PUPILS_WHO("wbl_through")},
    {"wbl_at_rate", PUPILS_WHO("wbl_at")},
    {"guideline_english_rate", GRADUATES("s.english = 1") " AND s.english IS NOT NULL"},
    {"guideline_math_rate", GRADUATES("s.math = 1") " AND s.math IS NOT NULL"},
    {"guideline_rate", GRADUATES("s.english = 1 AND s.math = 1") " AND s.math IS NOT NULL"},
    {"guideline_reported_rate", GRADUATES("s.reported = 1") " AND s.reported IS NOT NULL"},
    {"ap_ib_rate", GRADUATES("s.ap_ib = 1")},
    {"ap_ib_participation_rate", GRADUATES("s.ap_ib_taken = 1")},
};
const size_t school_comparison_count = COUNT_OF(school_comparisons);

const char *truth_school_hidden(Slice measure)
{
    static const char *const hidden[][2] = {{"matriculation_cte_rate", HIDDEN("cte")},
        {"matriculation_two_year_rate", HIDDEN("two_year")}, {"matriculation_four_year_rate", HIDDEN("four_year")}};
    for (size_t i = 0; i < COUNT_OF(hidden); i++)
        if (slice_eq_z(measure, hidden[i][0]))
            return hidden[i][1];
    return NULL;
}

Status truth_school_stage(Db *db, const char *truth, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_addf(&sql,
        "CREATE TEMP TABLE schooling AS SELECT * FROM read_csv('%s/school_outcomes.csv', header = true, types = "
        "{'person': 'UBIGINT', 'district_id': 'VARCHAR', 'school_id': 'VARCHAR', 'district_id_6': 'VARCHAR', "
        "'school_id_6': 'VARCHAR', 'district_id_7': 'VARCHAR', 'school_id_7': 'VARCHAR'});"
        "CREATE TEMP TABLE school_year AS SELECT * FROM read_csv('%s/school_years.csv', header = true, types = "
        "{'person': 'UBIGINT', 'district_id': 'VARCHAR', 'school_id': 'VARCHAR'});",
        truth, truth);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}
