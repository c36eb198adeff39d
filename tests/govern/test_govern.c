/* Agreements: what they allow, on which day, and what is said when they do not. */
#include "govern/govern.h"

#include "../policy/policy_folder.h"

#define AGREEMENT(name, version, from, rest) \
    HEAD("cairn.agreement/1", name, version, from, "parties = \"A; B\"\nauthority = \"law\"\n" rest)
#define CLAUSE(id, source, elements) \
    "[[clause]]\nid = \"" id "\"\nsource = \"" source "\"\nelements = " elements "\npurpose = \"evaluation\"\n"

static Date day(int y, int m, int d)
{
    Date out;
    Error err = ERROR_INIT;
    assert_int_equal(date_make(y, m, d, &out, &err), OK);
    return out;
}

static void make_policy(const Folder *f)
{
    folder_put(f, "state/agreements/cde.2020.toml",
        AGREEMENT("cde", "2020", "2020-07-01",
            "effective_to = 2023-06-30\n" CLAUSE("1.1", "students", "[\"sasid\"]")
                CLAUSE("1.2", "students", "[\"grade\"]")));
    folder_put(f, "state/agreements/cde.2023.toml",
        AGREEMENT("cde", "2023", "2023-07-01",
            "destroy_by = 2030-07-01\n" CLAUSE("1.1", "students", "[\"sasid\", \"name\"]")
                CLAUSE("1.2", "students", "[\"grade\"]")));
    folder_put(
        f, "state/agreements/public.toml", AGREEMENT("public", "1", "2010-01-01", CLAUSE("1", "ref_cip", "[\"*\"]")));
}

static void test_decisions(void **state)
{
    static const struct {
        const char *source, *field, *clause;
        int year;
        const char *agreement, *says;
    } cases[] = {
        {"students", "sasid", "1.1", 2021, "cde@2020", NULL},
        {"students", "grade", "1.2", 2021, "cde@2020", NULL},
        {"students", "grade", "1.1", 2021, NULL, "does not cover element grade of students in clause 1.1"},
        {"students", "name", "1.1", 2021, NULL, "agreement cde@2020 does not cover element name"},
        {"students", "name", "1.1", 2024, "cde@2023", NULL},
        {"students", "sasid", "1.9", 2024, NULL, "in clause 1.9"},
        {"students", "sasid", "1.1", 2019, NULL, "not in force on 2019-01-01"},
        {"students", "sasid", "1.1", 2031, NULL, "not in force on 2031-01-01"},
        {"wages", "ssn", "1.1", 2021, NULL, "no agreement covers source wages"},
        {"ref_cip", "anything", "1", 2021, "public@1", NULL},
        {"ref_cip", "anything", "2", 2021, NULL, "clause 2"},
    };
    Folder f;
    Policy *p;
    Arena arena;
    Error err = ERROR_INIT;
    UNUSED(state);
    folder_make(&f);
    make_policy(&f);
    arena_init(&arena, 0);
    assert_int_equal(policy_open(f.state, &p, &err), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const Agreement *a = NULL;
        ElementUse use = {slice_of(cases[i].field), slice_of(cases[i].clause)};
        Error one = ERROR_INIT;
        Status st =
            govern_allow_source(p, slice_of(cases[i].source), &use, 1, day(cases[i].year, 1, 1), &arena, &a, &one);
        if (st != (cases[i].agreement ? OK : ERR_DENIED) || (a && !slice_eq_z(a->id, cases[i].agreement)) ||
            (cases[i].says && !strstr(one.message, cases[i].says)))
            fail_msg("case %zu: status %d \"%s\"", i, (int)st, one.message);
    }
    arena_free(&arena);
    policy_close(p);
    folder_remove(&f);
}

static void test_marks_used(void **state)
{
    Folder f;
    Policy *p;
    Arena arena;
    const Agreement *a;
    PolicyFiles used = {0};
    Error err = ERROR_INIT;
    ElementUse use = {SLICE("sasid"), SLICE("1.1")};
    UNUSED(state);
    folder_make(&f);
    make_policy(&f);
    arena_init(&arena, 0);
    assert_int_equal(policy_open(f.state, &p, &err), OK);
    assert_int_equal(govern_allow_source(p, SLICE("students"), &use, 1, day(2024, 1, 1), &arena, &a, &err), OK);
    assert_int_equal(a->destroy_by, day(2030, 7, 1));
    assert_int_equal(policy_used(p, &used, &err), OK);
    assert_int_equal(used.len, 1);
    assert_string_equal(used.at[0]->path, "state/agreements/cde.2023.toml");
    vec_free(&used);
    arena_free(&arena);
    policy_close(p);
    folder_remove(&f);
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {AGREEMENT("a", "1", "2020-01-01", ""), "has no clauses"},
        {AGREEMENT("a", "1", "2020-01-01", CLAUSE("1", "s", "[]")), "names the elements"},
        {AGREEMENT("a", "1", "2020-01-01", CLAUSE("1", "s", "[\"*\", \"x\"]")), "stands alone"},
        {AGREEMENT("a", "1", "2020-01-01", CLAUSE("1", "s", "[1]")), "list of field names"},
        {AGREEMENT("a", "1", "2020-01-01", CLAUSE("1", "s", "[\"x\"]") CLAUSE("1", "s", "[\"y\"]")), "have this id"},
        {AGREEMENT("a", "1", "2020-01-01", CLAUSE("1", "", "[\"x\"]")), "needs an id, a source and a purpose"},
        {AGREEMENT("a", "1", "2020-01-01", "partys = 1\n" CLAUSE("1", "s", "[\"x\"]")), "partys"},
        {AGREEMENT("a", "1", "2020-01-01", "clause = [1]\n"), "[[clause]]"},
        {HEAD("cairn.agreement/1", "a", "1", "2020-01-01", "parties = \"A\"\n" CLAUSE("1", "s", "[\"x\"]")),
            "is missing"},
        {HEAD("cairn.agreement/1", "a", "1", "2020-01-01",
             "parties = \"A\"\nauthority = \"\"\n" CLAUSE("1", "s", "[\"x\"]")),
            "legal basis"},
        {HEAD("cairn.contract/1", "a", "1", "2020-01-01",
             "parties = \"A\"\nauthority = \"L\"\n" CLAUSE("1", "s", "[\"x\"]")),
            "must be cairn.agreement/1"},
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Folder f;
        Policy *p;
        Arena arena;
        const Agreement *list;
        size_t count;
        Error err = ERROR_INIT;
        char line[1200];
        folder_make(&f);
        folder_put(&f, "state/agreements/a.toml", cases[i].text);
        arena_init(&arena, 0);
        assert_int_equal(policy_open(f.state, &p, &err), OK);
        Status st = govern_agreements(p, &arena, &list, &count, &err);
        error_print(&err, line, sizeof line);
        if (st != ERR_INVALID || !strstr(line, cases[i].says))
            fail_msg("case %zu: status %d \"%s\"", i, (int)st, line);
        arena_free(&arena);
        policy_close(p);
        folder_remove(&f);
    }
}

/* --- looking inside --- */

#define ROLES(rest) HEAD("cairn.access/1", "roles", "1", "2022-01-01", rest)
#define ROLE(name, may, users) \
    "[[role]]\nname = \"" name "\"\ntitle = \"t\"\nmay = " may "\nusers = " users "\n"

static void test_inside(void **state)
{
    static const struct {
        const char *user, *role, *act, *purpose, *agreement;
        int year;
        bool owner;
        const char *granted, *says;
    } cases[] = {
        {"ann", "", "cells", "yearly report", "cde", 2024, false, "analyst", NULL},
        {"ann", "", "persons", "yearly report", "cde", 2024, false, NULL, "no role of ann may see persons"},
        {"ann", "steward", "cells", "yearly report", "cde", 2024, false, NULL, "no role of ann"},
        {"bob", "", "cells", "yearly report", "cde", 2024, false, NULL, "no role of bob"},
        {"bob", "", "persons", "yearly report", "cde", 2024, true, "steward", NULL},
        {"bob", "analyst", "cells", "yearly report", "cde@2023", 2024, true, NULL, "no role of bob"},
        {"@owner", "", "persons", "yearly report", "cde", 2024, false, "steward", NULL},
        {"ann", "", "cells", "   ", "cde", 2024, false, NULL, "needs a purpose"},
        {"ann", "", "cells", "yearly report", "cde@2020", 2024, false, NULL, "no agreement cde@2020 is in force"},
        {"ann", "", "cells", "yearly report", "nsa", 2024, false, NULL, "no agreement nsa is in force"},
        {"ann", "", "cells", "yearly report", "cde", 2021, false, NULL, "no role of ann"},
    };
    Folder f;
    Policy *p;
    Arena arena;
    Error err = ERROR_INIT;
    UNUSED(state);
    folder_make(&f);
    make_policy(&f);
    folder_put(&f, "state/access/roles.toml",
        ROLES(ROLE("analyst", "[\"cells\"]", "[\"ann\"]")
                ROLE("steward", "[\"cells\", \"persons\"]", "[\"@owner\"]")));
    arena_init(&arena, 0);
    assert_int_equal(policy_open(f.state, &p, &err), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const InsideRequest r = {.user = slice_of(cases[i].user),
            .owns_home = cases[i].owner,
            .role = slice_of(cases[i].role),
            .act = slice_of(cases[i].act),
            .purpose = slice_of(cases[i].purpose),
            .agreement = slice_of(cases[i].agreement),
            .on = day(cases[i].year, 1, 1)};
        InsideGrant grant;
        Error one = ERROR_INIT;
        Status st = govern_allow_inside(p, &r, &arena, &grant, &one);
        if (st != (cases[i].granted ? OK : ERR_DENIED) ||
            (cases[i].granted && !slice_eq_z(grant.role, cases[i].granted)) ||
            (cases[i].says && !strstr(one.message, cases[i].says)))
            fail_msg("case %zu: status %d \"%s\"", i, (int)st, one.message);
    }
    arena_free(&arena);
    policy_close(p);
    folder_remove(&f);
}

static void test_wrong_roles(void **state)
{
    static const char *const wrong[] = {ROLES(ROLE("a", "[\"everything\"]", "[\"ann\"]")),
        ROLES("[[role]]\nname = \"a\"\nmay = [\"cells\"]\nusers = [\"ann\"]\n"),
        ROLES("[[role]]\nname = \"a\"\ntitle = \"t\"\nmay = [\"cells\"]\nuser = [\"ann\"]\n")};
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        Folder f;
        Policy *p;
        Arena arena;
        InsideGrant grant;
        Error err = ERROR_INIT;
        const InsideRequest r = {.user = SLICE("ann"),
            .act = SLICE("cells"),
            .purpose = SLICE("yearly report"),
            .agreement = SLICE("cde"),
            .on = day(2024, 1, 1)};
        folder_make(&f);
        make_policy(&f);
        folder_put(&f, "state/access/roles.toml", wrong[i]);
        arena_init(&arena, 0);
        assert_int_equal(policy_open(f.state, &p, &err), OK);
        assert_int_equal(govern_allow_inside(p, &r, &arena, &grant, &err), ERR_INVALID);
        arena_free(&arena);
        policy_close(p);
        folder_remove(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_marks_used),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_wrong_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
