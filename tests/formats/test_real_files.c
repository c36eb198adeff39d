/*
 * The real public files, end to end: the Ed-Fi samples, the state's graduation
 * workbook, and the federal reference tables. They are not in the repository:
 * CAIRN_SHARED_DATA or ../shared/data; without them these tests are skipped.
 */
#include "ingest_home.h"

#include "store/db.h"

static const char *data_dir(void)
{
    const char *dir = env_get("CAIRN_SHARED_DATA");
    return dir ? dir : SHARED_DATA_DIR;
}

static void need_data(void)
{
    if (dir_exists(data_dir()))
        return;
    print_message("skipped: no public data in %s (set CAIRN_SHARED_DATA)\n", data_dir());
    skip();
}

typedef struct Expect {
    const char *contract, *file;
    uint64_t rows;
    const char *check; /* SQL over rows, must be true; NULL: none */
} Expect;

static const Expect expects[] = {
    {"edfi_student", "edfi/grand-bend/Student.xml", 960, "count(*) FILTER (birth_year BETWEEN 1990 AND 2020) = 960"},
    {"edfi_program", "edfi/grand-bend/StudentProgram.xml", 706,
        "count(*) FILTER (program_type = 'Career and Technical Education') = 64 AND count(DISTINCT edorg_id) >= 1"},
    {"edfi_student", "edfi/grand-bend-high-school/Student.xml", 1400,
        "count(*) FILTER (white) = 881 AND count(*) FILTER (asian) = 143 AND count(*) FILTER (black) = 376 "
        "AND count(*) FILTER (sex = 'F') = 671"},
    {"edfi_enrollment", "edfi/grand-bend-high-school/StudentEnrollment.xml", 1400,
        "count(*) FILTER (grade_level IN ('09', '10', '11', '12')) = 1400 AND min(entry_date) = DATE '2017-03-07'"},
    {"ref_grad_state", "colorado/co_grad_2024_state.csv", 4,
        "sum(all_n) FILTER (years = 4) = 69301 AND min(school_year) = 2024"},
    {"ref_grad_district_race_gender", "colorado/co_grad_2024_district_race_gender.csv", 744,
        "count(*) FILTER (district_id = '9999') = 4 AND count(*) FILTER (all_size = '50 or less' AND all_n IS NOT "
        "NULL) = 0"},
    {"ref_grad_district_ipst", "colorado/co_grad_2024_district_ipst.csv", 744,
        "max(disability_n) = 7868 AND max(all_graduation_rate_pct) <= 100"},
    {"ref_grad_school_race_gender", "colorado/co_grad_2024_school_race_gender.csv", 2973,
        "max(all_n) FILTER (years = 4) = 69301"},
    {"ref_grad_school_ipst", "colorado/co_grad_2024_school_ipst.csv", 2973, "count(*) FILTER (school_id = '9999') = 4"},
    {"ref_ipeds_institutions", "reference/ipeds_hd2024_min.csv", 6072, "count(*) FILTER (state = 'CO') = 86"},
    {"ref_ipeds_completions", "reference/ipeds_c2024_co.csv", 4216, "count(DISTINCT unitid) = 83"},
    {"ref_cip", "reference/cip2020_titles.csv", 2847, "count(DISTINCT cip) = 2847"},
    {"ref_cip_soc", "reference/cip2020_soc2018.csv", 6097, "count(*) FILTER (no_match) > 0"},
    {"ref_onet_occupations", "reference/onet30_1_occupation_data.csv", 1016, NULL},
    {"ref_onet_job_zones", "reference/onet30_1_job_zones.csv", 923, "min(job_zone) = 1 AND max(job_zone) = 5"},
    {"ref_onet_skills", "reference/onet30_1_skills.csv", 62580,
        "count(DISTINCT soc) = 894 AND count(DISTINCT element_id) = 35"},
    {"ref_onet_related", "reference/onet30_1_related_occupations.csv", 18460, NULL},
    {"ref_oews_national", "reference/oews_national_2025.csv", 1401,
        "max(annual_median) FILTER (occ_code = '00-0000') = 50980 AND max(employment) = 155495730"},
    {"ref_bls_projections", "reference/bls_projections_2024_2034.csv", 1113,
        "max(employment_2024_thousands) = 169956.1 AND max(median_wage_dollars) FILTER (occ_code = '00-0000') = 49500"},
    {"ref_ceds_option_sets", "reference/ceds_option_sets.csv", 1782, "count(DISTINCT option_set) = 114"},
};

static void check_rows(const IngestHome *h, const Expect *e, const IngestResult *r)
{
    Db *db;
    DbOptions options = DB_OPTIONS_INIT;
    Error err = ERROR_INIT;
    int64_t holds = 0;
    if (!e->check)
        return;
    options.threads = 1;
    options.memory_mb = 512;
    assert_int_equal(db_open(&options, &db, &err), OK);
    if (db_value_i64(db, &holds, &err, "SELECT (%s)::INTEGER FROM read_parquet('%s/loads/%s/rows.parquet')", e->check,
            home_path(h->home), r->load) != OK)
        fail_msg("%s: %s %s", e->file, err.message, err.detail);
    db_close(db);
    if (!holds)
        fail_msg("%s does not hold: %s", e->file, e->check);
}

static void test_load(void **state)
{
    IngestHome h;
    UNUSED(state);
    need_data();
    ingest_home_open(&h);
    for (size_t i = 0; i < COUNT_OF(expects); i++) {
        const Expect *e = &expects[i];
        IngestResult r;
        char path[600];
        snprintf(path, sizeof path, "%s/%s", data_dir(), e->file);
        ingest_home_take(&h, e->contract, path, &r);
        if (r.outcome != INGEST_LOADED || r.rows_accepted != e->rows || r.rows_rejected != 0)
            fail_msg("%s: outcome %d, %d accepted, %d rejected: %s", e->file, (int)r.outcome, (int)r.rows_accepted,
                (int)r.rows_rejected, r.reason);
        check_rows(&h, e, &r);
    }
    ingest_home_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_load)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
