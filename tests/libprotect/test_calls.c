/* Calls in the wrong order, bad input, and what errors say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cairn_protect.h>

static const char HEADER[] = "schema = \"cairn.tables/1\"\nname = \"t\"\n"
                             "[[dimension]]\nname = \"d\"\ntotal = \"all\"\ncodes = [\"a\", \"b\", \"c\"]\n"
                             "[[table]]\nname = \"t\"\nfile = \"t.csv\"\n"
                             "[[table.by]]\ndimension = \"d\"\ncolumn = \"d\"\n[[table.count]]\nname = \"n\"\n";
static const char PUBLISHED[] = "schema = \"cairn.tables/1\"\nname = \"t\"\n[markers]\nsuppressed = [\"*\"]\n"
                                "[[dimension]]\nname = \"d\"\ntotal = \"all\"\ncodes = [\"a\", \"b\", \"c\"]\n"
                                "[[table]]\nname = \"t\"\nfile = \"t.csv\"\n"
                                "[[table.by]]\ndimension = \"d\"\ncolumn = \"d\"\n[[table.count]]\nname = \"n\"\n";
static const char POLICY[] = "schema = \"cairn.protection/1\"\nname = \"ten\"\nversion = \"1\"\ntitle = \"t\"\n"
                             "effective_from = 2026-01-01\nstatus = \"assumed\"\nsource = \"s\"\n"
                             "[[parameter]]\nname = \"min_n\"\nvalue = 10\nstatus = \"assumed\"\nsource = \"s\"\n";

static cairn_protect *with(const char *csv, int policy)
{
    cairn_protect *p;
    assert_int_equal(cairn_protect_new(&p, NULL), CAIRN_PROTECT_OK);
    if (policy)
        assert_int_equal(cairn_protect_policy(p, POLICY, strlen(POLICY), NULL), CAIRN_PROTECT_OK);
    if (csv)
        assert_int_equal(cairn_protect_file(p, "t.csv", csv, strlen(csv), NULL), CAIRN_PROTECT_OK);
    return p;
}

static void expect(const char *csv, int policy, cairn_protect_code code, const char *message, uint64_t row)
{
    cairn_protect_error e;
    cairn_protect *p = with(csv, policy);
    cairn_protect_code got = cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e);
    if (got != code || (message && !strstr(e.message, message)))
        fail_msg("%d: %s", (int)got, e.message);
    if (row > 0)
        assert_int_equal(e.row, row);
    cairn_protect_free(p);
}

static void test_bad_input(void **state)
{
    (void)state;
    expect("d,n\nall,60\na,20\nb,20\nc,20\n", 1, CAIRN_PROTECT_OK, NULL, 0);
    expect("d,n\nall,60\na,20\nb,20\nc,20\n", 0, CAIRN_PROTECT_USAGE, "needs a policy", 0);
    expect(NULL, 1, CAIRN_PROTECT_USAGE, "not handed over", 0);
    expect("d,n\nall,60\na,20\nb,20\nc,21\n", 1, CAIRN_PROTECT_INVALID, "does not add up", 2);
    expect("d,n\nall,60\na,20\nb,20\nq,20\n", 1, CAIRN_PROTECT_INVALID, "is not in dimension", 5);
    expect("d,n\nall,60\na,-20\nb,40\nc,40\n", 1, CAIRN_PROTECT_INVALID, "negative", 3);
    /* the smallest class is all there is besides the total */
    expect("d,n\nall,4\na,4\nb,0\nc,0\n", 1, CAIRN_PROTECT_OK, NULL, 0);
}

/* 2 x 2 with margins; the first cell is sensitive and all three others must go with it. */
static const char JJ[] = "0\n9\n"
                         "0 4 4 u 0 20 1 6 0\n1 36 36 s 0 80 0 0 0\n2 40 40 s 0 90 0 0 0\n"
                         "3 26 26 s 0 80 0 0 0\n4 24 24 s 0 80 0 0 0\n5 50 50 s 0 90 0 0 0\n"
                         "6 30 30 z 0 90 0 0 0\n7 60 60 z 0 90 0 0 0\n8 90 90 z 0 180 0 0 0\n6\n"
                         "0 3 : 0 (1) 1 (1) 2 (-1)\n0 3 : 3 (1) 4 (1) 5 (-1)\n0 3 : 6 (1) 7 (1) 8 (-1)\n"
                         "0 3 : 0 (1) 3 (1) 6 (-1)\n0 3 : 1 (1) 4 (1) 7 (-1)\n0 3 : 2 (1) 5 (1) 8 (-1)\n";

static void test_jj(void **state)
{
    (void)state;
    cairn_protect *p = with(NULL, 0);
    cairn_protect_error e;
    cairn_protect_jj_report r;
    const char *text;
    size_t len;
    assert_int_equal(cairn_protect_jj_audit(p, JJ, strlen(JJ), 1, &r, &e), CAIRN_PROTECT_OK);
    assert_int_equal(r.unprotected, 1); /* nothing protects it yet */
    assert_int_equal(cairn_protect_output(p, "findings.txt", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_true(len > 10 && text[len] == '\0');
    assert_int_equal(cairn_protect_output(p, "problem.jj", &text, &len, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_jj(p, JJ, strlen(JJ), 1, &r, &e), CAIRN_PROTECT_OK);
    assert_int_equal(r.cells, 9);
    assert_int_equal(r.sensitive, 1);
    assert_int_equal(r.secondary, 3);
    assert_int_equal(r.cost, 36 + 26 + 24);
    assert_int_equal(cairn_protect_output(p, "problem.jj", &text, &len, &e), CAIRN_PROTECT_OK);
    char *made = strndup(text, len);
    assert_non_null(made);
    assert_int_equal(cairn_protect_jj_audit(p, made, len, 1, &r, &e), CAIRN_PROTECT_OK);
    assert_int_equal(r.unprotected, 0);
    assert_int_equal(r.secondary, 3);
    free(made);
    assert_int_equal(cairn_protect_output(p, "tables.toml", &text, &len, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_jj(p, "0\n1\n0 4", 7, 1, &r, &e), CAIRN_PROTECT_INVALID);
    assert_non_null(strstr(e.message, "line"));
    cairn_protect_free(p);
}

static void test_order(void **state)
{
    (void)state;
    cairn_protect *p = with("d,n\nall,60\na,4\nb,26\nc,30\n", 1);
    cairn_protect_error e;
    cairn_protect_stats s;
    cairn_protect_finding f;
    const char *text;
    size_t len;
    assert_int_equal(cairn_protect_output(p, "t.csv", &text, &len, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_stats_get(p, &s, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_finding_at(p, 0, &f, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_audit(p, HEADER, strlen(HEADER), 1, 1, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "t.csv", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_string_equal(text, "d,n\nall,60\na,*\nb,*\nc,30\n");
    assert_int_equal(cairn_protect_output(p, "other.csv", &text, &len, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_output(p, "report.html", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_policy(p, "x", 1, &e), CAIRN_PROTECT_INVALID);
    assert_int_equal(cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_USAGE);
    cairn_protect_free(p);
    cairn_protect_free(NULL);
}

static cairn_protect *audited(const char *csv, const cairn_protect_audit_limits *limits)
{
    cairn_protect_error e;
    cairn_protect *p = with(csv, 0);
    if (cairn_protect_audit_within(p, PUBLISHED, strlen(PUBLISHED), 4, limits, 1, &e) != CAIRN_PROTECT_OK)
        fail_msg("%s", e.message);
    return p;
}

static uint32_t verdicts(cairn_protect *p, const char *verdict)
{
    cairn_protect_finding f;
    uint32_t count = 0;
    for (uint32_t i = 0; i < cairn_protect_finding_count(p); i++) {
        assert_int_equal(cairn_protect_finding_at(p, i, &f, NULL), CAIRN_PROTECT_OK);
        count += strcmp(f.verdict, verdict) == 0;
    }
    return count;
}

/* What `cairn audit` can do the library can: tables that contradict themselves, and a limit. */
static void test_audit_within(void **state)
{
    (void)state;
    const cairn_protect_audit_limits plain = {0}, aside = {.set_contradictions_aside = 1};
    static const char *const clash = "d,n\nall,10\na,20\nb,*\nc,*\n", *const open = "d,n\nall,60\na,4\nb,*\nc,*\n";
    cairn_protect *p = audited(clash, &plain);
    assert_true(verdicts(p, "contradiction") > 0);
    assert_int_equal(cairn_protect_set_aside(p), 0);
    cairn_protect_free(p);
    p = audited(clash, &aside);
    assert_int_equal(verdicts(p, "contradiction"), 0);
    assert_true(cairn_protect_set_aside(p) > 0);
    cairn_protect_free(p);
    p = audited(open, &aside);
    assert_int_equal(cairn_protect_set_aside(p), 0);
    assert_int_equal(cairn_protect_finding_count(p), 0);
    cairn_protect_free(p);
    assert_int_equal(cairn_protect_set_aside(NULL), 0);
}

/* What is not there is refused, in every call that takes it. */
static void test_null(void **state)
{
    (void)state;
    cairn_protect *p = with("d,n\nall,60\na,4\nb,26\nc,30\n", 1);
    cairn_protect_error e;
    cairn_protect_stats s;
    cairn_protect_finding f;
    cairn_protect_jj_report r;
    const char *text;
    size_t len;
    assert_int_equal(cairn_protect_new(NULL, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_file(p, NULL, "x", 1, &e), CAIRN_PROTECT_USAGE);
    assert_string_equal(e.message, "the name of the file is a null pointer");
    assert_int_equal(cairn_protect_file(p, "x", NULL, 1, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_file(NULL, "x", "x", 1, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_policy(p, NULL, 1, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_policy(NULL, "", 0, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_key(p, NULL, 16, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_budget(p, NULL, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_run(p, NULL, 1, 1, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_run(NULL, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_audit(p, NULL, 1, 2, 1, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_audit_within(p, HEADER, 1, 2, NULL, 1, &e), CAIRN_PROTECT_USAGE);
    assert_string_equal(e.message, "limits is a null pointer");
    assert_int_equal(cairn_protect_jj(p, NULL, 1, 1, &r, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_jj(p, "", 0, 1, NULL, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_jj_audit(p, NULL, 1, 1, &r, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_stats_get(NULL, &s, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_output(p, NULL, &text, &len, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_output(p, "t.csv", NULL, &len, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_finding_at(NULL, 0, &f, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_finding_at(p, 0, NULL, NULL), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_finding_count(NULL), 0);
    /* nothing of nothing is a text that breaks a rule */
    assert_int_equal(cairn_protect_run(p, NULL, 0, 1, &e), CAIRN_PROTECT_INVALID);
    assert_int_equal(cairn_protect_policy(p, NULL, 0, &e), CAIRN_PROTECT_INVALID);
    cairn_protect_free(p);
}

/* The folder of a release holds code lists, too: the columns that describe codes, and no others. */
static void test_code_list(void **state)
{
    (void)state;
    static const char header[] =
        "schema = \"cairn.tables/1\"\nname = \"s\"\n[[dimension]]\nname = \"d\"\ntotal = \"all\"\n"
        "hierarchy = \"lists/d.csv\"\n[[table]]\nname = \"t\"\nfile = \"t.csv\"\n"
        "[[table.by]]\ndimension = \"d\"\ncolumn = \"d\"\n[[table.count]]\nname = \"n\"\n";
    static const char list[] = "n,code,parent\n4,a,\n26,b,\n30,c,\n";
    cairn_protect *p = with("d,n\nall,60\na,4\nb,26\nc,30\n", 1);
    cairn_protect_error e;
    const char *text;
    size_t len;
    assert_int_equal(cairn_protect_file(p, "lists/d.csv", list, strlen(list), &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_run(p, header, strlen(header), 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "d.csv", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_string_equal(text, "code,parent\na,\nb,\nc,\n");
    cairn_protect_free(p);
}

static const char LANE[] =
    "schema = \"cairn.lane/1\"\nname = \"r\"\nversion = \"1\"\ntitle = \"t\"\nlane = \"rounding\"\n"
    "effective_from = 2026-01-01\nstatus = \"assumed\"\nsource = \"s\"\n[rounding]\nbase = 5\n";
static const char DP_LANE[] =
    "schema = \"cairn.lane/1\"\nname = \"d\"\nversion = \"1\"\ntitle = \"t\"\nlane = \"dp_counts\"\n"
    "effective_from = 2026-01-01\nstatus = \"assumed\"\nsource = \"s\"\n[privacy]\n"
    "mechanism = \"discrete_laplace\"\nepsilon = \"1\"\nneighbours = \"add_remove\"\n"
    "cells_per_person = 1\n[counts]\n";

static cairn_protect *with_lane(const char *lane, const char *text)
{
    char policy[1000];
    cairn_protect *p = with("d,n\nall,62\na,4\nb,27\nc,31\n", 0);
    cairn_protect_error e;
    (void)snprintf(policy, sizeof policy, "lane = \"%s\"\nlane_file = \"lane.toml\"\n%s", lane, POLICY);
    assert_int_equal(cairn_protect_policy(p, policy, strlen(policy), NULL), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_USAGE);
    assert_non_null(strstr(e.message, "lane.toml"));
    assert_int_equal(cairn_protect_file(p, "lane.toml", text, strlen(text), NULL), CAIRN_PROTECT_OK);
    return p;
}

static void test_lanes(void **state)
{
    (void)state;
    cairn_protect *p = with_lane("round", LANE);
    cairn_protect_error e;
    const char *text;
    size_t len;
    assert_int_equal(cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_INVALID);
    assert_non_null(strstr(e.message, "needs a key"));
    assert_int_equal(cairn_protect_key(p, "short", 5, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_key(p, "0123456789abcdef", 16, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "t.csv", &text, &len, &e), CAIRN_PROTECT_OK);
    unsigned all, a, b, c;
    assert_int_equal(sscanf(text, "d,n\nall,%u\na,%u\nb,%u\nc,%u\n", &all, &a, &b, &c), 4);
    assert_int_equal(all, a + b + c);
    assert_int_equal(all % 5 + a % 5 + b % 5 + c % 5, 0);
    assert_int_equal(cairn_protect_output(p, "errors.csv", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_int_equal(len, 0);
    cairn_protect_free(p);

    p = with_lane("dp", DP_LANE);
    assert_int_equal(cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_INVALID);
    assert_non_null(strstr(e.message, "needs the ledger of a budget"));
    assert_int_equal(cairn_protect_budget(p, "no such folder/budget.jsonl", &e), CAIRN_PROTECT_OK);
    assert_int_not_equal(cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "t.csv", &text, &len, &e), CAIRN_PROTECT_USAGE);
    cairn_protect_free(p);
}

/* A proof made by one object is verified by another; broken bytes are told and cost nothing. */
static void test_proofs(void **state)
{
    (void)state;
    cairn_protect *p = with(NULL, 0), *q = with(NULL, 0);
    cairn_protect_error e;
    cairn_protect_jj_report r;
    cairn_protect_proof_report proof;
    const char *text, *bytes;
    size_t len, size;
    assert_int_equal(cairn_protect_want_proof(NULL, 1, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_want_proof(p, 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "proof", &text, &len, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_jj(p, JJ, strlen(JJ), 1, &r, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "problem.jj", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "proof", &bytes, &size, &e), CAIRN_PROTECT_OK);
    assert_true(size > 79);
    assert_int_equal(cairn_protect_proof_state(q, &proof, &e), CAIRN_PROTECT_USAGE);
    assert_int_equal(cairn_protect_proof(q, bytes, size, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_jj_audit(q, text, len, 1, &r, &e), CAIRN_PROTECT_OK);
    assert_int_equal(r.unprotected, 0);
    assert_int_equal(cairn_protect_proof_state(q, &proof, &e), CAIRN_PROTECT_OK);
    assert_true(proof.tables > 0 && proof.held == proof.tables && !proof.foreign && !proof.broken[0]);
    assert_int_equal(cairn_protect_jj_audit(q, JJ, strlen(JJ), 1, &r, &e), CAIRN_PROTECT_OK);
    assert_int_equal(r.unprotected, 1);
    assert_int_equal(cairn_protect_proof_state(q, &proof, &e), CAIRN_PROTECT_OK);
    assert_true(proof.foreign && proof.held == 0);
    assert_int_equal(cairn_protect_proof(q, bytes, size - 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_jj_audit(q, text, len, 1, &r, &e), CAIRN_PROTECT_OK);
    assert_int_equal(r.unprotected, 0);
    assert_int_equal(cairn_protect_proof_state(q, &proof, &e), CAIRN_PROTECT_OK);
    assert_non_null(strstr(proof.broken, "byte "));
    assert_int_equal(cairn_protect_proof(q, NULL, 0, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_jj_audit(q, text, len, 1, &r, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_proof_state(q, &proof, &e), CAIRN_PROTECT_USAGE);
    cairn_protect_free(p);
    cairn_protect_free(q);
}

static void test_proof_of_tables(void **state)
{
    (void)state;
    cairn_protect *p = with("d,n\nall,60\na,4\nb,20\nc,36\n", 1), *q = with(NULL, 0);
    cairn_protect_error e;
    cairn_protect_proof_report proof;
    const cairn_protect_audit_limits limits = {250000, 1, 1, 20}; /* as `cairn audit` asks */
    const char *text;
    size_t len;
    assert_int_equal(cairn_protect_want_proof(p, 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_run(p, HEADER, strlen(HEADER), 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "proof", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_proof(q, text, len, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "t.csv", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_file(q, "t.csv", text, len, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_output(p, "tables.toml", &text, &len, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_audit_within(q, text, len, 4, &limits, 1, &e), CAIRN_PROTECT_OK);
    assert_int_equal(cairn_protect_finding_count(q), 0);
    assert_int_equal(cairn_protect_proof_state(q, &proof, &e), CAIRN_PROTECT_OK);
    assert_true(proof.held == proof.tables && !proof.foreign && !proof.broken[0]);
    cairn_protect_free(p);
    cairn_protect_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bad_input), cmocka_unit_test(test_jj),
        cmocka_unit_test(test_order), cmocka_unit_test(test_audit_within), cmocka_unit_test(test_null),
        cmocka_unit_test(test_code_list), cmocka_unit_test(test_lanes), cmocka_unit_test(test_proofs),
        cmocka_unit_test(test_proof_of_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
