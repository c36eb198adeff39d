/*
 * Parameters of the synthetic state: policy/<state>/synth/parameters.toml, schema "cairn.synth/1".
 *
 * Each number is a [[rate]] with key, value, unit, definition and source; the C name is the key.
 * A rate that the code does not know, or that the file lacks, is an error: neither side can drift.
 */
#ifndef CAIRN_SYNTH_PARAMS_H
#define CAIRN_SYNTH_PARAMS_H

#include "base/base.h"

/* clang-format off */
#define SYNTH_RATES(X) \
    X(first_year) X(last_year) X(first_grade) X(student_household_ppm) X(second_child_ppm) X(third_child_ppm) \
    X(twins_ppm) X(parent_ppm) X(couple_ppm) X(sex_x_ppm) X(mother_other_surname_ppm) X(double_surname_ppm) \
    X(hyphen_surname_ppm) X(marriage_year_ppm) X(marriage_change_ppm) X(suffix_ppm) X(middle_name_ppm) \
    X(accent_ppm) X(no_ssn_ppm) X(tilt_hispanic_ppm) X(tilt_asian_ppm) X(black_ppm) X(asian_ppm) \
    X(american_indian_ppm) X(pacific_ppm) X(two_races_ppm) X(low_income_flip_ppm) X(low_income_hispanic_permille) \
    X(low_income_other_permille) X(english_learner_ppm) X(english_learner_hispanic_ppm) X(disability_ppm) \
    X(migrant_ppm) X(homeless_ppm) X(foster_ppm) X(gifted_ppm) X(reduced_lunch_ppm) X(newcomer_ppm) \
    X(move_summer_ppm) X(move_year_ppm) X(move_same_district_ppm) X(leave_verified_ppm) X(leave_unverified_ppm) \
    X(death_year_ppm) X(return_ppm) X(sasid_reissued_ppm) X(dropout_9_ppm) X(dropout_10_ppm) X(dropout_11_ppm) \
    X(dropout_12_ppm) X(summer_dropout_ppm) X(reenter_ppm) X(equivalency_later_ppm) X(retained_lower_ppm) \
    X(retained_9_ppm) X(retained_10_ppm) X(retained_11_ppm) X(early_graduate_ppm) X(no_diploma_ppm) \
    X(no_diploma_certificate_ppm) X(no_diploma_equivalency_ppm) X(no_diploma_return_ppm) X(ascent_ppm) X(trep_ppm) \
    X(ptech_ppm) X(early_college_ppm) X(cte_ppm) X(concurrent_10_ppm) X(concurrent_11_ppm) X(concurrent_12_ppm) \
    X(concurrent_second_course_ppm) X(course_pass_ppm) X(credential_ppm) X(wbl_about_ppm) X(wbl_through_ppm) \
    X(wbl_at_ppm) X(wbl_completed_ppm) X(sat_ppm) X(sat_mean) X(sat_ability_permille) X(sat_spread) X(act_ppm) \
    X(ap_11_ppm) X(ap_12_ppm) X(ap_further_ppm) X(ib_ppm) X(accuplacer_ppm) X(asvab_ppm) X(workkeys_ppm) \
    X(demonstration_unproven_ppm) X(enlist_ppm) X(college_fall_ppm) X(college_summer_ppm) X(college_later_ppm) \
    X(college_dropout_ppm) X(college_away_ppm) X(college_two_year_ppm) X(persist_two_ppm) X(persist_four_ppm) \
    X(stopout_return_ppm) X(away_return_ppm) X(transfer_up_ppm) X(graduate_school_ppm) X(certificate_ppm) \
    X(surds_no_ssn_ppm) X(surds_wrong_ssn_ppm) X(surds_no_sasid_ppm) X(nsc_block_ppm) X(nsc_miss_ppm) \
    X(cte_unit_ppm) X(cte_change_ppm) X(cte_concentrator_units_tenths) X(cte_completer_units_tenths) \
    X(cte_reached_ppm) X(cte_service_ppm) X(cte_short_tenths) X(cte_certificate_tenths) X(cte_degree_tenths) \
    X(wioa_gain_ppm) X(wioa_on_the_job_ppm) X(wioa_secondary_credential_ppm) \
    X(name_typo_ppm) X(nickname_k12_ppm) X(nickname_other_ppm) X(date_transposed_ppm) X(date_typo_ppm) \
    X(wage_no_name_ppm) X(wage_truncated_ppm) X(wage_wrong_ssn_ppm) X(wage_shared_ssn_ppm) X(wage_no_ssn_ppm) \
    X(employers_per_1000) X(employers_min) X(employer_turnover_ppm) X(dominated_counties_ppm) \
    X(dominated_share_ppm) X(work_local_ppm) X(start_job_school_ppm) X(start_job_college_ppm) \
    X(start_job_after_ppm) X(end_job_school_ppm) X(end_job_college_ppm) X(end_job_after_ppm) X(second_job_ppm) \
    X(self_employed_ppm) X(federal_ppm) X(work_away_ppm) X(end_unseen_ppm) X(leave_state_year_ppm) \
    X(return_state_year_ppm) X(wage_none_cents) X(wage_high_school_cents) X(wage_certificate_cents) \
    X(wage_associate_cents) X(wage_bachelor_cents) X(wage_master_cents) X(wage_growth_permille) X(wage_base_year) \
    X(wage_experience_permille) X(wage_experience_years) X(wage_spread_permille) X(wage_noise_permille) \
    X(wage_school_permille) X(wage_college_permille) X(wage_rural_permille) X(apprentice_wage_permille) \
    X(wioa_adult_ppm) X(wioa_youth_ppm) X(wioa_training_ppm) X(wioa_credential_ppm) X(apprenticeship_ppm) \
    X(wioa_low_income_ppm) X(wioa_training_college_ppm) X(planted_error_ppm) X(big_three_credits) \
    X(demonstrations_from) X(nsc_classes) X(zip_first) X(zip_last)
/* clang-format on */

typedef enum Outcome {
    GAP_LEAVING, /* dropping out, repeating, not finishing */
    GAP_COLLEGE,
    GAP_PERSISTENCE,
    GAP_CONCURRENT,
    GAP_CREDENTIAL,
    GAP_ADVANCED, /* advanced courses' exams */
    GAP_WBL,
    GAP_EMPLOYMENT,
    GAP_EARNINGS,
    OUTCOME_COUNT
} Outcome;

typedef enum Group {
    GROUP_LOW_INCOME,
    GROUP_ENGLISH_LEARNER,
    GROUP_DISABILITY,
    GROUP_HOMELESS,
    GROUP_FOSTER,
    GROUP_HISPANIC,
    GROUP_BLACK,
    GROUP_AMERICAN_INDIAN,
    GROUP_ASIAN,
    GROUP_PACIFIC,
    GROUP_TWO_RACES,
    GROUP_WHITE,
    GROUP_MALE,
    GROUP_RURAL,
    GROUP_COUNT
} Group;

/* A field of study: CIP code of six digits with a point, and what it does to earnings. */
typedef struct StudyField {
    char cip[8];
    int64_t weight;
    int64_t wage_permille;
    bool two_year; /* offered below the bachelor's degree */
    bool four_year;
    bool cte; /* career and technical education */
} StudyField;

/* An industry: NAICS code, share of employers, wage level and who owns. */
typedef struct Sector {
    char naics[7];
    int64_t weight;
    int64_t wage_permille;
    int64_t young_permille; /* how much more often the young work there */
    Slice ownership;        /* as the employer register's canonical value */
} Sector;

typedef enum Subject { SUBJECT_ENGLISH, SUBJECT_MATH, SUBJECT_COUNT } Subject;

typedef struct CourseKind {
    Slice id; /* prefix and number */
    int credits;
    bool shows[SUBJECT_COUNT]; /* passing it shows the subject for the graduation guidelines */
} CourseKind;

#define MAX_STUDY_FIELDS 64
#define MAX_SECTORS 40
#define MAX_COURSE_KINDS 64
#define MAX_LISTED 24

#define MAX_CODES 8
/* Codes of the state for what the contracts leave open; several: one is drawn. */
typedef struct CodeChoice {
    Slice at[MAX_CODES];
    uint32_t count;
} CodeChoice;

/* clang-format off */
#define SYNTH_CODES(X) \
    X(exit_year_end) X(exit_same_district) X(exit_other_district) X(exit_left_verified) X(exit_left_unverified) \
    X(exit_dropout) X(exit_graduated) X(exit_certificate) X(exit_equivalency) X(exit_died) X(entry_summer_dropout) \
    X(entry_first) X(entry_continuing) X(entry_moved) X(entry_returned) X(surds_level) X(surds_tuition) \
    X(surds_registration) X(degree_certificate) X(degree_associate) X(degree_bachelor) X(degree_master) \
    X(grade_pass) X(grade_fail)
/* clang-format on */

typedef struct QuarterList {
    Quarter at[MAX_LISTED];
    uint32_t count;
} QuarterList;

typedef struct Params {
#define X(name) int64_t name;
    SYNTH_RATES(X)
#undef X
    int64_t gap[OUTCOME_COUNT][GROUP_COUNT]; /* permille, 1000: no difference */
    StudyField fields[MAX_STUDY_FIELDS];
    uint64_t two_year_cumulative[MAX_STUDY_FIELDS];
    uint64_t four_year_cumulative[MAX_STUDY_FIELDS];
    uint64_t cte_cumulative[MAX_STUDY_FIELDS];
    uint32_t field_count;
    Sector sectors[MAX_SECTORS];
    uint64_t sector_cumulative[MAX_SECTORS];
    uint64_t young_cumulative[MAX_SECTORS];
    uint32_t sector_count;
    CourseKind courses[MAX_COURSE_KINDS];
    uint32_t course_count;
#define X(name) CodeChoice name;
    SYNTH_CODES(X)
#undef X
    char home_state[3]; /* postal code */
    /* [files]: which layout an agency used when */
    int fixed_years[MAX_LISTED];
    uint32_t fixed_year_count;
    int edfi_year; /* 0: never */
    Slice edfi_districts[MAX_LISTED];
    uint32_t edfi_district_count;
    Quarter yyyyqq_from; /* wage quarter written as YYYYQQ from then on, QQYYYY before */
    QuarterList efw2;
    QuarterList wage_csv;
} Params;

/* Texts live in the arena. ERR_INVALID names file, line and key. */
MUST_USE Status params_read(const char *path, Arena *arena, Params *out, Error *err);

#endif
