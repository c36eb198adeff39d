/*
 * Public files as their publishers wrote them, through the state's contracts:
 * both Ed-Fi sample sets, the graduation workbook and the reference tables.
 * Skipped, with a word, where the data folder is absent.
 */
#include "ingest_support.h"

#include <stdio.h>

typedef struct RealFile {
    const char *source;
    const char *path; /* below the data folder */
    uint64_t rows;    /* accepted */
} RealFile;

static const RealFile files[] = {
    {"ref_grad_state", "colorado/co_grad_2024_state.csv", 4},
    {"ref_grad_district_ipst", "colorado/co_grad_2024_district_ipst.csv", 744},
    {"ref_grad_district_race_gender", "colorado/co_grad_2024_district_race_gender.csv", 744},
    {"ref_grad_school_ipst", "colorado/co_grad_2024_school_ipst.csv", 2973},
    {"ref_grad_school_race_gender", "colorado/co_grad_2024_school_race_gender.csv", 2973},
    {"ref_ipeds_institutions", "reference/ipeds_hd2024_min.csv", 6072},
    {"ref_ipeds_completions", "reference/ipeds_c2024_co.csv", 4216},
    {"ref_cip", "reference/cip2020_titles.csv", 2847},
    {"ref_cip_soc", "reference/cip2020_soc2018.csv", 6097},
    {"ref_onet_occupations", "reference/onet30_1_occupation_data.csv", 1016},
    {"ref_onet_skills", "reference/onet30_1_skills.csv", 62580},
    {"ref_onet_job_zones", "reference/onet30_1_job_zones.csv", 923},
    {"ref_onet_related", "reference/onet30_1_related_occupations.csv", 18460},
    {"ref_oews_national", "reference/oews_national_2025.csv", 1401},
    {"ref_bls_projections", "reference/bls_projections_2024_2034.csv", 1113},
    {"ref_ceds_option_sets", "reference/ceds_option_sets.csv", 1782},
    {"edfi_student", "edfi/grand-bend/Student.xml", 960},
    {"edfi_student", "edfi/grand-bend-high-school/Student.xml", 1400},
    {"edfi_program", "edfi/grand-bend/StudentProgram.xml", 706},
    {"edfi_enrollment", "edfi/grand-bend-high-school/StudentEnrollment.xml", 1400},
};

static const char *find_data(void)
{
    static const char *const places[] = {"../shared/data", "../../shared/data", "../../../shared/data"};
    const char *given = getenv("CAIRN_SHARED_DATA");
    if (given)
        return dir_exists(given) ? given : NULL;
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (dir_exists(places[i]))
            return places[i];
    return NULL;
}

static void open_state(Site *s, const char *policy)
{
    site_close(s);
    site_open_policy(s, policy);
}

static void test_real_files(void **state)
{
    Site *s = *state;
    const char *data = find_data();
    const char *policy = getenv("CAIRN_STATE_POLICY");
    if (!data) {
        print_message("no shared data folder: skipped\n");
        skip();
    }
    open_state(s, policy ? policy : "policy/colorado");
    size_t failures = 0;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        const char *path;
        IngestResult r = {0};
        Error err = ERROR_INIT;
        assert_int_equal(path_join(&s->arena, data, files[i].path, &path, NULL), OK);
        Status st = ingest_file(&s->ctx, slice_of(files[i].source), path, &r, &err);
        bool good = st == OK && r.outcome == INGEST_LOADED && r.rows_accepted > 0 && r.rows_rejected == 0 &&
                    (files[i].rows == 0 || r.rows_accepted == files[i].rows);
        if (good)
            continue;
        failures++;
        print_message("%s: %s%s [%s], %" PRIu64 " accepted, %" PRIu64 " rejected, report %s\n", files[i].path,
            err.message, r.reason, err.detail, r.rows_accepted, r.rows_rejected, r.report_path);
    }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_real_files, site_setup, site_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
