/*
 * Colorado's own contracts: each parses, maps to columns the warehouse has, and
 * is covered by an agreement field by field; and the roles a contract may name
 * are the vault's.
 */
#include "contract/contract.h"
#include "govern/govern.h"
#include "store/vault.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct Shared {
    Policy *policy;
    Arena arena;
    const Contract **contracts;
    size_t count;
} Shared;

static int load(void **state)
{
    Shared *s = calloc(1, sizeof *s);
    PolicyFiles files = {0};
    Error err = ERROR_INIT;
    char line[1200] = "";
    assert_non_null(s);
    arena_init(&s->arena, 0);
    Status st = policy_open(COLORADO_POLICY_DIR, &s->policy, &err);
    if (st == OK)
        st = policy_list(s->policy, "sources", &files, &err);
    if (st == OK)
        st = arena_new(&s->arena, const Contract *, files.len, &s->contracts, &err);
    for (size_t i = 0; st == OK && i < files.len; i++)
        st = contract_parse(files.at[i], &s->arena, &s->contracts[s->count++], &err);
    vec_free(&files);
    error_print(&err, line, sizeof line);
    if (st != OK)
        fprintf(stderr, "%s\n", line);
    *state = s;
    return st == OK ? 0 : -1;
}

static int unload(void **state)
{
    Shared *s = *state;
    policy_close(s->policy);
    arena_free(&s->arena);
    free(s);
    return 0;
}

static void test_all_are_there(void **state)
{
    static const char *const names[] = {
        "cde_student_demographic",
        "cde_student_demographic_fixed",
        "cde_school_association",
        "cde_school_association_fixed",
        "cde_end_of_year",
        "cde_assessment",
        "cde_irc",
        "cde_wbl",
        "edfi_student",
        "edfi_student_edorg",
        "edfi_enrollment",
        "edfi_program",
        "surds_enrollment",
        "surds_degree",
        "surds_course",
        "nsc_detail",
        "nsc_detail_hs",
        "cdle_wage_icesa",
        "cdle_wage_efw2",
        "cdle_wage_csv",
        "cdle_employer",
        "wioa_pirl",
        "cccs_ve135_secondary",
        "cccs_ve135_postsecondary",
        "nsc_block",
        "ref_grad_state",
        "ref_grad_district_race_gender",
        "ref_grad_district_ipst",
        "ref_grad_school_race_gender",
        "ref_grad_school_ipst",
        "ref_ipeds_institutions",
        "ref_ipeds_completions",
        "ref_cip",
        "ref_cip_soc",
        "ref_onet_occupations",
        "ref_onet_job_zones",
        "ref_onet_skills",
        "ref_onet_related",
        "ref_oews_national",
        "ref_bls_projections",
        "ref_ceds_option_sets",
    };
    const Shared *s = *state;
    for (size_t n = 0; n < COUNT_OF(names); n++) {
        bool found = false;
        for (size_t i = 0; i < s->count; i++)
            found = found || slice_eq_z(s->contracts[i]->name, names[n]);
        if (!found)
            fail_msg("there is no contract %s", names[n]);
    }
}

static void test_mappings_fit_the_warehouse(void **state)
{
    const Shared *s = *state;
    const PolicyFile *warehouse;
    Error err = ERROR_INIT;
    Date on;
    assert_int_equal(date_make(2025, 1, 1, &on, &err), OK);
    assert_int_equal(policy_get(s->policy, "core", SLICE("warehouse"), on, &warehouse, &err), OK);
    for (size_t i = 0; i < s->count; i++)
        if (contract_check_tables(s->contracts[i], warehouse, &err) != OK)
            fail_msg("%s", err.message);
}

static void test_agreements_cover_all(void **state)
{
    Shared *s = *state;
    Error err = ERROR_INIT;
    Date on;
    assert_int_equal(date_make(2025, 1, 1, &on, &err), OK);
    for (size_t i = 0; i < s->count; i++) {
        const Contract *c = s->contracts[i];
        const Agreement *agreement;
        ElementUse *uses;
        assert_int_equal(arena_new(&s->arena, ElementUse, c->field_count, &uses, &err), OK);
        for (size_t f = 0; f < c->field_count; f++)
            uses[f] = (ElementUse){c->fields[f].name, c->fields[f].clause};
        if (govern_allow_source(s->policy, c->name, uses, c->field_count, on, &s->arena, &agreement, &err) != OK)
            fail_msg("%s", err.message);
    }
}

static void test_roles_are_the_vaults(void **state)
{
    const Shared *s = *state;
    for (size_t i = 0; i < s->count; i++) {
        const Contract *c = s->contracts[i];
        for (size_t f = 0; f < c->field_count; f++) {
            IdentityRole role;
            Error err = ERROR_INIT;
            Slice name = c->fields[f].identity;
            if (name.len > 0 && !slice_eq_z(name, "employer") && identity_role_parse(name, &role, &err) != OK)
                fail_msg("%s", err.message);
        }
    }
}

/* The researched facts of the layouts that must not drift when somebody edits a file. */
static void test_known_positions(void **state)
{
    static const struct {
        const char *contract, *field;
        uint32_t start, length;
    } cases[] = {
        {"cdle_wage_icesa", "ssn", 2, 9},
        {"cdle_wage_icesa", "last_name", 11, 20},
        {"cdle_wage_icesa", "wages", 50, 14},
        {"cdle_wage_icesa", "ui_account", 147, 15},
        {"cdle_wage_icesa", "quarter", 215, 6},
        {"cdle_wage_efw2", "ssn", 10, 9},
        {"cdle_wage_efw2", "quarter", 197, 6},
        {"cdle_wage_efw2", "wages", 203, 11},
        {"cdle_wage_efw2", "ui_account", 248, 20},
        {"surds_enrollment", "record_type", 1, 1},
        {"surds_enrollment", "reporting_institution", 2, 4},
        {"surds_enrollment", "term", 6, 1},
        {"surds_enrollment", "year", 7, 4},
        {"surds_enrollment", "student_id", 11, 9},
        {"surds_degree", "student_id", 11, 9},
        {"surds_course", "student_id", 11, 9},
        {"cde_school_association_fixed", "reporting_district", 1, 4},
        {"cde_student_demographic_fixed", "reporting_district", 1, 4},
    };
    static const struct {
        const char *contract;
        uint32_t length;
    } lengths[] = {{"cdle_wage_icesa", 276}, {"cdle_wage_efw2", 512}, {"cde_student_demographic_fixed", 155}};
    const Shared *s = *state;
    for (size_t n = 0; n < COUNT_OF(cases); n++)
        for (size_t i = 0; i < s->count; i++)
            if (slice_eq_z(s->contracts[i]->name, cases[n].contract)) {
                const Field *f = contract_field(s->contracts[i], slice_of(cases[n].field));
                assert_non_null(f);
                assert_int_equal(f->start, cases[n].start);
                assert_int_equal(f->length, cases[n].length);
            }
    for (size_t n = 0; n < COUNT_OF(lengths); n++)
        for (size_t i = 0; i < s->count; i++)
            if (slice_eq_z(s->contracts[i]->name, lengths[n].contract))
                assert_int_equal(s->contracts[i]->record_length, lengths[n].length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_there),
        cmocka_unit_test(test_mappings_fit_the_warehouse),
        cmocka_unit_test(test_agreements_cover_all),
        cmocka_unit_test(test_roles_are_the_vaults),
        cmocka_unit_test(test_known_positions),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
