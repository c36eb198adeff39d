/* The attacker against what anybody printed: every answer compared with counting on tiny systems, the known traps, and
 * the public workbook that hid group sizes and printed rates. */
#include "grids.h"

#include <signal.h>
#include <stdio.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static AuditSystem *begin(void)
{
    AuditSystem *s = NULL;
    Error err = ERROR_INIT;
    assert_int_equal(audit_system_new(&s, &err), OK);
    return s;
}

static uint32_t unknown(AuditSystem *s, const char *name, int64_t low, int64_t high)
{
    uint32_t id;
    Error err = ERROR_INIT;
    if (audit_unknown(s, slice_of(name), low, high, &id, &err) != OK)
        fail_msg("%s", err.message);
    return id;
}

static uint32_t count_of(AuditSystem *s, const char *name)
{
    return unknown(s, name, 0, AUDIT_ENDLESS);
}

static uint32_t say(AuditSystem *s, AuditFact f)
{
    uint32_t id;
    Error err = ERROR_INIT;
    if (audit_fact(s, &f, &id, &err) != OK)
        fail_msg("%s", err.message);
    return id;
}

static uint32_t range(AuditSystem *s, AuditForm a, int64_t low, int64_t high, const char *says)
{
    return say(s, (AuditFact){.kind = AUDIT_RANGE, .a = a, .low = low, .high = high, .says = slice_of(says)});
}

/* tenths of a percent */
static uint32_t rate(AuditSystem *s, uint32_t k, uint32_t n, int64_t tenths, const char *says)
{
    return say(s, (AuditFact){.kind = AUDIT_RATE,
                      .a = AUDIT_ONE(k),
                      .b = AUDIT_ONE(n),
                      .low = tenths,
                      .high = tenths,
                      .per = 100,
                      .decimals = 1,
                      .says = slice_of(says)});
}

static AuditResult run(const AuditSystem *s, AuditDepth depth)
{
    AuditResult r;
    AuditAsk ask = AUDIT_ASK_INIT;
    Error err = ERROR_INIT;
    ask.depth = depth;
    if (audit_run(s, &ask, &r, &err) != OK)
        fail_msg("%s", err.message);
    return r;
}

static void expect(const AuditSystem *s, const AuditInference *i, AuditFinding finding, int64_t low, int64_t high)
{
    Buf b;
    Error err = ERROR_INIT;
    buf_init(&b, 0);
    assert_int_equal(audit_explain(s, i, &b, &err), OK);
    if (i->finding != finding || i->low != low || i->high != high)
        fail_msg("finding %d, %lld to %lld: %s", (int)i->finding, (long long)i->low, (long long)i->high, buf_z(&b));
    buf_free(&b);
}

/* ---- Named cases ----------------------------------------------------------------------------------------------------
 */

static void test_rate_gives_size(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    Buf b;
    Error err = ERROR_INIT;
    uint32_t n = count_of(s, "size of the cohort"), k = count_of(s, "graduates");
    range(s, AUDIT_ONE(n), 0, 11, "cohort size \"11 or less\"");
    rate(s, k, n, 833, "graduation rate 83.3 %");
    AuditResult r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[n], AUDIT_EXACT, 6, 6);
    expect(s, &r.unknowns[k], AUDIT_EXACT, 5, 5);
    assert_int_equal(r.unknowns[n].because_count, 2);
    assert_int_equal(r.exact, 2);
    assert_int_equal(r.group_count, 0);
    buf_init(&b, 0);
    assert_int_equal(audit_explain(s, &r.unknowns[n], &b, &err), OK);
    assert_string_equal(buf_z(&b),
        "size of the cohort: is exactly 6. It follows from: cohort size \"11 or less\"; graduation "
        "rate 83.3 %.");
    buf_free(&b);
    audit_result_free(&r);
    audit_system_free(s);
}

/* With 50 instead of 11 many sizes remain, but all are multiples of six. */
static void test_rate_leaves_some(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    uint32_t n = count_of(s, "n"), k = count_of(s, "k");
    range(s, AUDIT_ONE(n), 0, 20, "\"20 or less\"");
    rate(s, k, n, 833, "83.3 %");
    AuditResult r = run(s, AUDIT_LEVELS);
    expect(s, &r.unknowns[n], AUDIT_NARROW, 6, 18);
    assert_int_equal(r.unknowns[n].possible, 3);
    assert_int_equal(r.unknowns[n].because_count, 2);
    audit_result_free(&r);
    uint32_t more = count_of(s, "another outcome of the same");
    rate(s, more, n, 917, "91.7 %");
    r = run(s, AUDIT_LEVELS);
    expect(s, &r.unknowns[n], AUDIT_EXACT, 12, 12);
    assert_int_equal(r.unknowns[n].because_count, 2); /* 83.3 % is not needed for it */
    audit_result_free(&r);
    audit_system_free(s);
}

/* Sizes that fit 27 % lie up to seven apart, those that fit 27.0 % farther, and nothing ends them. */
static void test_rate_without_end(void **state)
{
    UNUSED(state);
    const AuditDepth depths[] = {AUDIT_LEVELS, AUDIT_INTERVALS};
    for (uint8_t decimals = 0; decimals < 3; decimals++)
        for (size_t i = 0; i < COUNT_OF(depths); i++) {
            AuditSystem *s = begin();
            uint32_t n = count_of(s, "n"), k = count_of(s, "k");
            int64_t printed = decimals == 0 ? 27 : decimals == 1 ? 270 : 2700;
            say(s, (AuditFact){.kind = AUDIT_RATE,
                       .a = AUDIT_ONE(k),
                       .b = AUDIT_ONE(n),
                       .low = printed,
                       .high = printed,
                       .per = 100,
                       .decimals = decimals});
            AuditResult r = run(s, depths[i]);
            assert_int_equal(r.unknowns[n].finding, AUDIT_OPEN);
            assert_int_equal(r.unknowns[k].finding, AUDIT_OPEN);
            assert_int_equal(r.group_count, 0);
            audit_result_free(&r);
            audit_system_free(s);
        }
}

/* Two of three parts and the total are printed: the third is printed, too. */
static void test_leaked_total(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    uint32_t a = count_of(s, "a"), b = count_of(s, "b"), c = count_of(s, "c"), d = count_of(s, "d");
    range(s, AUDIT_ONE(a), 1, 9, "a \"<10\"");
    range(s, AUDIT_ONE(b), 1, 9, "b \"<10\"");
    range(s, AUDIT_ONE(c), 40, 40, "c 40");
    range(s, AUDIT_SUM({a, 1}, {b, 1}, {c, 1}), 47, 47, "total 47");
    AuditResult r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[a], AUDIT_OPEN, 1, 6);
    expect(s, &r.unknowns[c], AUDIT_PRINTED, 40, 40);
    assert_int_equal(r.unknowns[d].finding, AUDIT_OPEN);
    assert_int_equal(r.unknowns[d].high, AUDIT_ENDLESS);
    audit_result_free(&r);
    range(s, AUDIT_SUM({b, 1}, {c, 1}), 44, 44, "all but a: 44");
    r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[a], AUDIT_EXACT, 3, 3);
    expect(s, &r.unknowns[b], AUDIT_EXACT, 4, 4);
    assert_int_equal(r.unknowns[a].because_count, 2);
    assert_int_equal(r.unknowns[b].because_count, 2);
    audit_result_free(&r);
    audit_system_free(s);
}

/* The same cohort in two releases: a correction by one person shows that person. */
static void test_earlier_release(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    Error err = ERROR_INIT;
    uint32_t before = count_of(s, "2023 release"), after = count_of(s, "2024 release"), delta;
    uint32_t pooled = count_of(s, "this cohort");
    assert_int_equal(audit_watch(s, SLICE("the correction"), AUDIT_SUM({after, 1}, {before, -1}), &delta, &err), OK);
    range(s, AUDIT_ONE(before), 57, 57, "2023: 57");
    AuditResult r = run(s, AUDIT_INTERVALS);
    assert_int_equal(r.unknowns[delta].finding, AUDIT_OPEN);
    audit_result_free(&r);
    range(s, AUDIT_ONE(after), 58, 58, "2024: 58");
    range(s, AUDIT_SUM({after, 1}, {pooled, 1}), 62, 62, "two cohorts pooled: 62");
    range(s, AUDIT_ONE(pooled), 1, 9, "\"<10\"");
    r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[delta], AUDIT_EXACT, 1, 1);
    expect(s, &r.unknowns[pooled], AUDIT_EXACT, 4, 4);
    assert_int_equal(r.unknowns[delta].because_count, 2);
    audit_result_free(&r);
    audit_system_free(s);
}

/* Answers to a user's queries, each of at least ten people: two that overlap differ by two people. */
static void test_query_history(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    uint32_t both = count_of(s, "in both queries"), first = count_of(s, "only in the first"),
             second = count_of(s, "only in the second"), hit = count_of(s, "employed, only in the first");
    range(s, AUDIT_SUM({first, 1}, {hit, -1}), 0, AUDIT_ENDLESS, "a part");
    range(s, AUDIT_SUM({both, 1}, {first, 1}), 14, 14, "query 1: 14");
    range(s, AUDIT_SUM({both, 1}, {second, 1}), 12, 12, "query 2: 12");
    AuditResult r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[first], AUDIT_OPEN, 2, 14);
    audit_result_free(&r);
    range(s, AUDIT_SUM({both, 1}, {first, 1}, {second, 1}), 14, 14, "query 3, either: 14");
    r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[first], AUDIT_EXACT, 2, 2);
    expect(s, &r.unknowns[second], AUDIT_EXACT, 0, 0);
    expect(s, &r.unknowns[hit], AUDIT_NARROW, 0, 2);
    audit_result_free(&r);
    audit_system_free(s);
}

/* A gap next to a rate is a rate; students needed next to two rates are a size. */
static void test_gap_and_needed(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    uint32_t n = count_of(s, "group"), k = count_of(s, "graduates of the group"), rest = count_of(s, "the others"),
             hit = count_of(s, "graduates of the others");
    range(s, AUDIT_ONE(n), 1, 15, "\"<16\"");
    range(s, AUDIT_ONE(rest), 200, 200, "200 others");
    range(s, AUDIT_ONE(hit), 150, 150, "150 of them");
    AuditFact gap = {.kind = AUDIT_GAP,
        .a = AUDIT_ONE(k),
        .b = AUDIT_ONE(n),
        .c = AUDIT_ONE(hit),
        .d = AUDIT_ONE(rest),
        .low = -205, /* 6 / 11 - 75 % = -20.45... % */
        .high = -205,
        .per = 100,
        .decimals = 1,
        .rounding = AUDIT_HALF_EITHER,
        .says = SLICE("gap -20.5 points")};
    say(s, gap);
    AuditResult r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[n], AUDIT_EXACT, 11, 11);
    expect(s, &r.unknowns[k], AUDIT_EXACT, 6, 6);
    audit_result_free(&r);
    audit_system_free(s);

    s = begin();
    n = count_of(s, "group");
    k = count_of(s, "graduates of the group");
    range(s, AUDIT_ONE(n), 1, 40, "\"40 or less\"");
    rate(s, k, n, 500, "50.0 %");
    uint32_t all = unknown(s, "reference size", 1000, 1000), good = unknown(s, "reference graduates", 750, 750);
    r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[n], AUDIT_OPEN, 2, 40);
    audit_result_free(&r);
    AuditFact needed = {.kind = AUDIT_NEEDED,
        .a = AUDIT_ONE(k),
        .b = AUDIT_ONE(n),
        .c = AUDIT_ONE(good),
        .d = AUDIT_ONE(all),
        .low = 5,
        .high = 5,
        .says = SLICE("5 more graduates needed")};
    say(s, needed);
    r = run(s, AUDIT_INTERVALS);
    expect(s, &r.unknowns[n], AUDIT_NARROW, 18, 20);
    assert_int_equal(r.unknowns[n].possible, 2);
    audit_result_free(&r);
    audit_system_free(s);
}

static void test_attributes(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    Error err = ERROR_INIT;
    Buf b;
    uint32_t n = count_of(s, "n"), k = count_of(s, "k"), m = count_of(s, "m"), j = count_of(s, "j"), group;
    range(s, AUDIT_ONE(n), 20, 90, "\"20 to 90\"");
    rate(s, k, n, 1000, "100.0 %");
    range(s, AUDIT_ONE(m), 5000, 5000, "5000");
    rate(s, j, m, 1000, "100.0 % of 5000");
    AuditResult r = run(s, AUDIT_LEVELS);
    assert_int_equal(r.group_count, 1); /* two of 5000 may be missing behind 100.0 % */
    assert_int_equal(r.groups[0].attribute, AUDIT_EVERYBODY);
    assert_int_equal(r.groups[0].fact, 1);
    assert_int_equal(r.groups[0].people_low, 20);
    assert_int_equal(r.groups[0].because_count, 2);
    buf_init(&b, 0);
    assert_int_equal(audit_explain_group(s, &r.groups[0], &b, &err), OK);
    assert_non_null(strstr(buf_z(&b), "everybody in the group has the outcome"));
    buf_free(&b);
    audit_result_free(&r);
    assert_int_equal(audit_group(s, SLICE("the rest"), AUDIT_ONE(j), AUDIT_ONE(m), &group, &err), OK);
    range(s, AUDIT_SUM({m, 1}, {j, -1}), 0, 0, "none left over");
    r = run(s, AUDIT_LEVELS);
    assert_int_equal(r.group_count, 3);
    assert_int_equal(r.groups[2].group, group);
    audit_result_free(&r);
    audit_system_free(s);
}

/* What contradicts itself is told from what does not, and why. */
static void test_clash(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    uint32_t a = count_of(s, "a"), b = count_of(s, "b"), n = count_of(s, "n"), k = count_of(s, "k");
    range(s, AUDIT_ONE(a), 1, 9, "\"<10\"");
    range(s, AUDIT_ONE(n), 1, 5, "\"5 or less\"");
    rate(s, k, n, 833, "83.3 %");
    range(s, AUDIT_SUM({a, 1}, {b, 1}), 9, 9, "total 9");
    AuditResult r = run(s, AUDIT_LEVELS);
    assert_int_equal(r.unknowns[a].finding, AUDIT_OPEN);
    assert_int_equal(r.unknowns[n].finding, AUDIT_CLASH);
    assert_int_equal(r.unknowns[k].finding, AUDIT_CLASH);
    assert_int_equal(r.clashes, 2);
    assert_int_equal(r.unknowns[n].because_count, 2);
    assert_int_equal(r.unknowns[n].because[0], 1);
    assert_int_equal(r.unknowns[n].because[1], 2);
    audit_result_free(&r);
    audit_system_free(s);
}

static AuditResult run_aside(const AuditSystem *s, AuditDepth depth)
{
    AuditResult r;
    AuditAsk ask = AUDIT_ASK_INIT;
    Error err = ERROR_INIT;
    ask.depth = depth;
    ask.conflicts = AUDIT_CONFLICTS_SET_ASIDE;
    if (audit_run(s, &ask, &r, &err) != OK)
        fail_msg("%s", err.message);
    return r;
}

/* One wrong total takes nobody's findings: it is set aside and named. */
static void test_set_aside(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    uint32_t a = count_of(s, "a"), b = count_of(s, "b"), n = count_of(s, "n"), k = count_of(s, "k");
    range(s, AUDIT_ONE(n), 1, 7, "\"7 or less\"");
    rate(s, k, n, 833, "83.3 %");
    range(s, AUDIT_ONE(a), 4, 4, "4");
    range(s, AUDIT_ONE(b), 5, 5, "5");
    uint32_t wrong = range(s, AUDIT_SUM({a, 1}, {b, 1}, {n, 1}), 14, 14, "total 14");
    AuditResult r = run(s, AUDIT_LEVELS);
    assert_int_equal(r.unknowns[n].finding, AUDIT_CLASH);
    assert_int_equal(r.aside_count, 0);
    audit_result_free(&r);
    r = run_aside(s, AUDIT_LEVELS);
    expect(s, &r.unknowns[n], AUDIT_EXACT, 6, 6);
    expect(s, &r.unknowns[k], AUDIT_EXACT, 5, 5);
    assert_int_equal(r.clashes, 0);
    assert_int_equal(r.aside_count, 1);
    assert_int_equal(r.aside[0], wrong);
    assert_true(slice_eq(audit_fact_says(s, wrong), SLICE("total 14")));
    assert_int_equal(r.unknowns[n].because_count, 2);
    assert_int_equal(r.unknowns[n].because[0], 0);
    assert_int_equal(r.unknowns[n].because[1], 1);
    audit_result_free(&r);
    audit_system_free(s);
}

static void test_refused(void **state)
{
    UNUSED(state);
    AuditSystem *s = begin();
    uint32_t n = count_of(s, "n"), k = count_of(s, "k");
    const AuditFact good = {.kind = AUDIT_RATE, .a = AUDIT_ONE(k), .b = AUDIT_ONE(n), .low = 1, .high = 2};
    AuditFact bad[9];
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        bad[i] = good;
    bad[0].low = 3;
    bad[1].decimals = 7;
    bad[2].per = 2000;
    bad[3].b = (AuditForm){NULL, 0};
    bad[4].a = AUDIT_ONE(99);
    bad[5].high = INT64_C(1) << 50;
    bad[6].kind = AUDIT_NEEDED;
    bad[7].b = AUDIT_ONE(k);
    bad[8].kind = (AuditKind)17;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        Error err = ERROR_INIT;
        assert_int_equal(audit_fact(s, &bad[i], NULL, &err), ERR_INVALID);
        assert_true(err.message[0] != '\0');
    }
    Error err = ERROR_INIT;
    uint32_t id;
    assert_int_equal(audit_unknown(s, SLICE("x"), 3, 2, &id, &err), ERR_INVALID);
    AuditResult r;
    AuditAsk ask = AUDIT_ASK_INIT;
    ask.min_possible = 1;
    assert_int_equal(audit_run(s, &ask, &r, &err), ERR_INVALID);
    audit_system_free(s);
}

/* ---- Against counting
 * ------------------------------------------------------------------------------------------------ */

enum { VARS = 4, TOP = 7, TUPLES = 8 * 8 * 8 * 8, FACTS = 5 };

typedef struct Plain {
    AuditFact fact;
    AuditTerm terms[4][VARS];
} Plain;

static int64_t form_at(AuditForm f, const int64_t *x)
{
    int64_t sum = 0;
    for (size_t i = 0; i < f.count; i++)
        sum += f.terms[i].coef * x[f.terms[i].unknown];
    return sum;
}

static int64_t power10(unsigned n)
{
    return n == 0 ? 1 : 10 * power10(n - 1);
}

static int64_t floor_of(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* What a printer would print for num / den (den > 0), both neighbours where it may choose; true when one is within. */
static bool prints(const AuditFact *f, int64_t num, int64_t den)
{
    int64_t unit = (f->per > 1 ? f->per : 1) * power10(f->decimals), scaled = num * unit;
    int64_t size = scaled < 0 ? -scaled : scaled, sign = scaled < 0 ? -1 : 1, down = size / den,
            twice = 2 * (size % den);
    switch (f->rounding) {
    case AUDIT_HALF_UP:
        down += twice >= den;
        return sign * down >= f->low && sign * down <= f->high;
    case AUDIT_CUT:
        return sign * down >= f->low && sign * down <= f->high;
    case AUDIT_HALF_EITHER:
        if (twice == den && sign * down >= f->low && sign * down <= f->high)
            return true;
        down += twice >= den;
        return sign * down >= f->low && sign * down <= f->high;
    default:
        return scaled >= f->low * den && scaled <= f->high * den;
    }
}

static bool true_of(const AuditFact *f, const int64_t *x)
{
    int64_t a = form_at(f->a, x), b = form_at(f->b, x), c = form_at(f->c, x), d = form_at(f->d, x);
    if (f->kind == AUDIT_RANGE)
        return a >= f->low && a <= f->high;
    if (b < 1 || (f->kind != AUDIT_MEAN && (a < 0 || a > b)))
        return false;
    if (f->kind == AUDIT_RATE || f->kind == AUDIT_MEAN)
        return prints(f, a, b);
    if (d < 1 || c < 0 || c > d)
        return false;
    if (f->kind == AUDIT_GAP)
        return prints(f, a * d - c * b, b * d);
    if (f->kind == AUDIT_RATIO)
        return c > 0 && prints(f, a * d, b * c);
    int64_t need = -floor_of(-(b * c - a * d), d);
    need = need < 0 ? 0 : need;
    return need >= f->low && need <= f->high;
}

static AuditForm random_form(Rng *rng, AuditTerm *terms, bool part)
{
    size_t n = 0;
    for (uint32_t v = 0; v < VARS; v++)
        if (rng_below(rng, 3) == 0)
            terms[n++] = (AuditTerm){v, part || rng_below(rng, 5) ? 1 : -1};
    if (n == 0)
        terms[n++] = (AuditTerm){(uint32_t)rng_below(rng, VARS), 1};
    return (AuditForm){terms, n};
}

static bool same_form(AuditForm a, AuditForm b)
{
    return a.count == b.count && memcmp(a.terms, b.terms, a.count * sizeof *a.terms) == 0;
}

/* Kind and forms at random; numbers such that the truth prints them. */
static void random_fact(Rng *rng, Plain *p, const int64_t *truth)
{
    AuditFact *f = &p->fact;
    for (int tries = 0;; tries++) {
        *f = (AuditFact){.kind = (AuditKind)rng_below(rng, 6), .says = SLICE("a fact")};
        if (tries > 50)
            f->kind = AUDIT_RANGE;
        f->a = random_form(rng, p->terms[0], f->kind != AUDIT_RANGE);
        f->b = random_form(rng, p->terms[1], true);
        f->c = random_form(rng, p->terms[2], true);
        f->d = random_form(rng, p->terms[3], true);
        f->per = rng_below(rng, 2) ? 100 : 1;
        f->decimals = (uint8_t)rng_below(rng, f->per == 100 ? 2 : 4);
        f->rounding = (AuditRounding)rng_below(rng, 4);
        if (f->kind != AUDIT_RANGE && (same_form(f->a, f->b) || same_form(f->c, f->d)))
            continue;
        if (f->kind == AUDIT_RANGE) {
            f->low = form_at(f->a, truth) - (int64_t)rng_below(rng, 3);
            f->high = f->low + (int64_t)rng_below(rng, 3);
        } else
            f->low = f->high = f->kind == AUDIT_NEEDED ? (int64_t)rng_below(rng, 5) : 0;
        int64_t reach = f->kind == AUDIT_RANGE || f->kind == AUDIT_NEEDED ? 0 : 8 * power10(f->decimals) * f->per;
        for (int64_t v = -reach; v <= reach && !true_of(f, truth); v++)
            f->low = f->high = v;
        if (f->kind != AUDIT_RANGE && rng_below(rng, 3) == 0)
            f->high += (int64_t)rng_below(rng, 8);
        if (true_of(f, truth))
            return;
    }
}

typedef struct Counted {
    bool possible[VARS][TOP + 1];
    uint32_t solutions;
} Counted;

static void count_solutions(const Plain *facts, const uint32_t *which, size_t count, Counted *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t t = 0; t < TUPLES; t++) {
        int64_t x[VARS];
        bool all = true;
        for (uint32_t v = 0, rest = t; v < VARS; v++, rest /= TOP + 1)
            x[v] = rest % (TOP + 1);
        for (size_t i = 0; i < count && all; i++)
            all = true_of(&facts[which[i]].fact, x);
        out->solutions += all;
        for (uint32_t v = 0; v < VARS && all; v++)
            out->possible[v][x[v]] = true;
    }
}

static uint32_t values_of(const Counted *c, uint32_t v, int64_t *low, int64_t *high)
{
    uint32_t n = 0;
    for (int64_t x = 0; x <= TOP; x++)
        if (c->possible[v][x]) {
            *low = n++ == 0 ? x : *low;
            *high = x;
        }
    return n;
}

/* Do these facts alone leave nothing but what all facts leave? */
static bool forces(const Plain *facts, const uint32_t *which, size_t count, const Counted *all, uint32_t v)
{
    Counted c;
    count_solutions(facts, which, count, &c);
    for (int64_t x = 0; x <= TOP; x++)
        if (c.possible[v][x] && !all->possible[v][x])
            return false;
    return true;
}

static void check_because(const Plain *facts, const AuditInference *i, const Counted *all)
{
    uint32_t without[FACTS];
    assert_true(i->because_count <= FACTS);
    assert_true(forces(facts, i->because, i->because_count, all, i->unknown));
    for (size_t out = 0; out < i->because_count; out++) {
        size_t n = 0;
        for (size_t k = 0; k < i->because_count; k++)
            if (k != out)
                without[n++] = i->because[k];
        assert_false(forces(facts, without, n, all, i->unknown));
    }
}

static void check_unknown(const Plain *facts, const AuditInference *i, const Counted *c)
{
    int64_t low = 0, high = 0;
    uint32_t n = values_of(c, i->unknown, &low, &high);
    if (i->finding == AUDIT_PRINTED) {
        assert_int_equal(n, 1);
        return;
    }
    assert_int_equal(i->finding, n >= 4 ? AUDIT_OPEN : n == 1 ? AUDIT_EXACT : AUDIT_NARROW);
    assert_int_equal(i->low, low);
    assert_int_equal(i->high, high);
    assert_int_equal(i->seen_low, low);
    assert_int_equal(i->seen_high, high);
    assert_int_equal(i->possible, n >= 4 ? 0 : n);
    if (n < 4)
        check_because(facts, i, c);
}

static void test_random_systems(void **state)
{
    UNUSED(state);
    static const uint32_t every[FACTS] = {0, 1, 2, 3, 4};
    Rng rng;
    rng_init(&rng, 42, 0);
    uint32_t kinds[AUDIT_CLASH + 1] = {0};
    for (int round = 0; round < 1500; round++) {
        Plain facts[FACTS];
        Counted c;
        int64_t truth[VARS];
        size_t count = 1 + rng_below(&rng, FACTS);
        AuditSystem *s = begin();
        for (uint32_t v = 0; v < VARS; v++) {
            truth[v] = rng_between(&rng, 0, TOP);
            (void)unknown(s, "x", 0, TOP);
        }
        for (size_t i = 0; i < count; i++) {
            random_fact(&rng, &facts[i], truth);
            (void)say(s, facts[i].fact);
        }
        count_solutions(facts, every, count, &c);
        AuditResult r = run(s, AUDIT_INTERVALS);
        for (uint32_t v = 0; v < VARS; v++) {
            kinds[r.unknowns[v].finding]++;
            check_unknown(facts, &r.unknowns[v], &c);
        }
        audit_result_free(&r);
        audit_system_free(s);
    }
    assert_true(kinds[AUDIT_OPEN] > 300 && kinds[AUDIT_NARROW] > 300 && kinds[AUDIT_EXACT] > 300);
    assert_int_equal(kinds[AUDIT_UNSURE] + kinds[AUDIT_CLASH], 0);
}

/* Facts of two truths: whatever is set aside does contradict those before it, and findings are those of the others. */
static void test_random_contradictions(void **state)
{
    UNUSED(state);
    Rng rng;
    rng_init(&rng, 43, 0);
    uint32_t aside = 0, clashes = 0, decided = 0;
    for (int round = 0; round < 800; round++) {
        Plain facts[FACTS];
        Counted c;
        int64_t truth[2][VARS];
        uint32_t kept[FACTS + 1];
        size_t kept_count = 0, next = 0;
        AuditSystem *s = begin();
        for (uint32_t v = 0; v < VARS; v++) {
            truth[0][v] = rng_between(&rng, 0, TOP);
            truth[1][v] = rng_between(&rng, 0, TOP);
            (void)unknown(s, "x", 0, TOP);
        }
        for (size_t i = 0; i < FACTS; i++) {
            random_fact(&rng, &facts[i], truth[rng_below(&rng, 2)]);
            (void)say(s, facts[i].fact);
        }
        AuditResult r = run_aside(s, AUDIT_INTERVALS);
        for (uint32_t i = 0; i < FACTS; i++) {
            kept[kept_count] = i;
            if (next < r.aside_count && r.aside[next] == i) {
                count_solutions(facts, kept, kept_count + 1, &c);
                assert_int_equal(c.solutions, 0);
                next++;
            } else
                kept_count++;
        }
        assert_int_equal(next, r.aside_count);
        aside += (uint32_t)r.aside_count;
        count_solutions(facts, kept, kept_count, &c);
        for (uint32_t v = 0; v < VARS; v++) {
            if (c.solutions > 0)
                check_unknown(facts, &r.unknowns[v], &c);
            decided += c.solutions > 0 && r.aside_count > 0;
            clashes += r.unknowns[v].finding == AUDIT_CLASH;
        }
        assert_true(c.solutions > 0 || r.clashes > 0);
        audit_result_free(&r);
        audit_system_free(s);
    }
    assert_true(aside > 200 && decided > 400 && clashes > 0);
}

/* The oracle can fail: a printer that rounds half down instead of up is told apart. */
static void test_counting_can_fail(void **state)
{
    UNUSED(state);
    AuditTerm k = {0, 1}, n = {1, 1};
    const AuditFact up = {.kind = AUDIT_RATE, .a = {&k, 1}, .b = {&n, 1}, .low = 1, .high = 1};
    AuditFact cut = up;
    const int64_t half[VARS] = {1, 2, 0, 0};
    cut.rounding = AUDIT_CUT;
    assert_true(true_of(&up, half));
    assert_false(true_of(&cut, half));
}

/* ---- A linked table of some size: rows, columns, a total, rates; the same for any number of threads
 * ------------------ */

static AuditSystem *schools(uint32_t count, uint64_t seed)
{
    enum { GROUPS = 6, MOST = 40 };
    AuditSystem *s = begin();
    Rng rng;
    rng_init(&rng, seed, 0);
    int64_t total[GROUPS] = {0};
    static AuditTerm column[GROUPS][MOST];
    assert_true(count <= MOST);
    for (uint32_t i = 0; i < count; i++) {
        AuditTerm row[GROUPS];
        int64_t sum = 0;
        for (uint32_t g = 0; g < GROUPS; g++) {
            int64_t n = rng_between(&rng, 0, g == 0 ? 90 : 14), k = n > 0 ? rng_between(&rng, 0, n) : 0;
            uint32_t size = count_of(s, "size"), hits = count_of(s, "graduates");
            row[g] = column[g][i] = (AuditTerm){size, 1};
            sum += n;
            total[g] += n;
            if (n > 15)
                range(s, AUDIT_ONE(size), n, n, "a size");
            else
                range(s, AUDIT_ONE(size), 0, 15, "\"15 or less\"");
            if (n > 5)
                rate(s, hits, size, (2000 * k + n) / (2 * n), "a rate");
            else
                range(s, AUDIT_SUM({size, 1}, {hits, -1}), 0, AUDIT_ENDLESS, "a part");
        }
        range(s, (AuditForm){row, GROUPS}, sum, sum, "all students of a school");
    }
    for (uint32_t g = 0; g < GROUPS; g++)
        range(s, (AuditForm){column[g], count}, total[g], total[g], "a group of the state");
    return s;
}

static void test_threads_and_size(void **state)
{
    UNUSED(state);
    AuditSystem *s = schools(30, 5);
    AuditResult first = run(s, AUDIT_LEVELS);
    assert_int_equal(first.clashes, 0);
    assert_int_equal(first.unsure, 0);
    assert_true(first.exact > 20);
    for (unsigned threads = 2; threads < 4; threads++) {
        AuditResult again;
        AuditAsk ask = AUDIT_ASK_INIT;
        Error err = ERROR_INIT;
        ask.effort.threads = threads;
        assert_int_equal(audit_run(s, &ask, &again, &err), OK);
        assert_int_equal(again.count, first.count);
        for (size_t i = 0; i < first.count; i++) {
            const AuditInference *x = &first.unknowns[i], *y = &again.unknowns[i];
            assert_int_equal(x->finding, y->finding);
            assert_int_equal(x->low, y->low);
            assert_int_equal(x->high, y->high);
            assert_int_equal(x->seen_low, y->seen_low);
            assert_int_equal(x->seen_high, y->seen_high);
            assert_int_equal(x->because_count, y->because_count);
        }
        audit_result_free(&again);
    }
    audit_result_free(&first);
    audit_system_free(s);
}

/* With a limit less is decided, and nothing otherwise. */
static void test_whole_limit(void **state)
{
    UNUSED(state);
    AuditSystem *s = schools(30, 5);
    AuditResult all = run(s, AUDIT_LEVELS);
    size_t unsure[2], exact[2];
    for (int round = 0; round < 2; round++) {
        AuditResult r;
        AuditAsk ask = AUDIT_ASK_INIT;
        Error err = ERROR_INIT;
        ask.effort.whole_limit = round == 0 ? 1 : 100000;
        ask.explain_limit = 0;
        assert_int_equal(audit_run(s, &ask, &r, &err), OK);
        for (size_t i = 0; i < r.count; i++) {
            const AuditInference *x = &all.unknowns[i], *y = &r.unknowns[i];
            if (y->finding == AUDIT_UNSURE)
                continue;
            bool counted =
                x->finding == AUDIT_EXACT && y->finding == AUDIT_NARROW; /* by what is near: at most so many */
            assert_true(x->finding == y->finding || counted);
            assert_true(y->low <= x->low && y->high >= x->high && y->possible >= x->possible);
        }
        assert_int_equal(r.clashes, 0);
        unsure[round] = r.unsure;
        exact[round] = r.exact;
        audit_result_free(&r);
    }
    assert_true(unsure[0] > unsure[1]);
    assert_true(exact[0] > 20 && exact[1] >= exact[0]);
    audit_result_free(&all);
    audit_system_free(s);
}

/* Who asks of a few gets their findings, and explanations as far as he wants them. */
static void test_asked(void **state)
{
    UNUSED(state);
    AuditSystem *s = schools(10, 5);
    AuditResult all = run(s, AUDIT_LEVELS), r;
    AuditAsk ask = AUDIT_ASK_INIT;
    Error err = ERROR_INIT;
    uint8_t asked[200] = {0};
    size_t explained = 0, exact = 0;
    for (size_t i = 0; i < all.count; i += 2)
        asked[i] = 1;
    ask.asked = asked;
    ask.explain_most = 3;
    assert_int_equal(audit_run(s, &ask, &r, &err), OK);
    for (size_t i = 0; i < r.count; i++) {
        if (asked[i])
            assert_int_equal(r.unknowns[i].finding, all.unknowns[i].finding);
        else
            assert_true(r.unknowns[i].finding == all.unknowns[i].finding || r.unknowns[i].finding == AUDIT_UNSURE);
        exact += asked[i] && r.unknowns[i].finding == AUDIT_EXACT;
        explained += r.unknowns[i].because_count > 0;
    }
    assert_true(exact > 3 && explained > 0 && explained <= 3);
    assert_true(all.count <= COUNT_OF(asked));
    audit_result_free(&r);
    audit_result_free(&all);
    audit_system_free(s);
}

static void test_no_memory(void **state)
{
    UNUSED(state);
    bool done = false;
    for (long n = 0; !done; n++) {
        AuditSystem *s = begin();
        AuditResult r;
        AuditAsk ask = AUDIT_ASK_INIT;
        Error err = ERROR_INIT;
        uint32_t size = count_of(s, "n"), hits = count_of(s, "k");
        range(s, AUDIT_ONE(size), 0, 20, "\"20 or less\"");
        rate(s, hits, size, 833, "83.3 %");
        mem_fail_after(n);
        Status st = audit_run(s, &ask, &r, &err);
        done = mem_fail_pending();
        mem_fail_after(-1);
        if (st == OK)
            audit_result_free(&r);
        else
            assert_int_equal(st, ERR_NOMEM);
        assert_true(!done || st == OK);
        audit_system_free(s);
    }
}

/* ---- The workbook
 * ----------------------------------------------------------------------------------------------------- */

typedef struct Workbook {
    uint32_t cells, one, three;
} Workbook;

/* "84.2%": tenths of a percent; anything else is no exact rate. */
static bool exact_rate(Slice text, AuditPrintedRate *out)
{
    Slice s = slice_trim(text);
    int64_t whole, tenth;
    if (!slice_ends(s, SLICE("%")) || s.len < 4 || s.ptr[s.len - 3] != '.')
        return false;
    if (parse_i64(slice_sub(s, 0, s.len - 3), &whole, NULL) != OK ||
        parse_i64(slice_sub(s, s.len - 2, s.len - 1), &tenth, NULL) != OK || whole < 0)
        return false;
    *out = (AuditPrintedRate){whole * 10 + tenth, whole * 10 + tenth, 100, 1, AUDIT_HALF_UP};
    return true;
}

/* One hidden size and its rates, by the quick question and by the whole engine, which must agree. */
static void one_cell(const AuditPrintedRate *rates, size_t count, bool whole, Workbook *w)
{
    uint8_t possible[51];
    uint32_t sizes = audit_rate_sizes(rates, count, 50, possible);
    w->cells++;
    w->one += sizes == 1;
    w->three += sizes <= 3;
    if (!whole)
        return;
    AuditSystem *s = begin();
    uint32_t n = count_of(s, "n");
    range(s, AUDIT_ONE(n), 0, 50, "\"50 or less\"");
    for (size_t i = 0; i < count; i++)
        (void)rate(s, count_of(s, "k"), n, rates[i].low, "a rate");
    AuditResult r = run(s, AUDIT_LEVELS);
    const AuditInference *u = &r.unknowns[n];
    assert_int_equal(u->finding, sizes == 0   ? AUDIT_CLASH
                                 : sizes == 1 ? AUDIT_EXACT
                                 : sizes < 4  ? AUDIT_NARROW
                                              : AUDIT_OPEN);
    if (sizes > 0)
        assert_true(possible[u->seen_low] && possible[u->seen_high]);
    audit_result_free(&r);
    audit_system_free(s);
}

/* The workbook has a title line, line breaks in its header and notes at its end: too untidy for csv_parse. */
static bool next_cell(Slice *rest, Slice *cell, bool *ends_row)
{
    if (rest->len == 0)
        return false;
    bool quoted = rest->ptr[0] == '"';
    size_t from = quoted, to = from;
    while (to < rest->len && (quoted ? rest->ptr[to] != '"' : rest->ptr[to] != ',' && rest->ptr[to] != '\n'))
        to++;
    *cell = slice_sub(*rest, from, to);
    to += quoted && to < rest->len;
    *ends_row = to >= rest->len || rest->ptr[to] != ',';
    *rest = slice_sub(*rest, to + 1, rest->len);
    return true;
}

enum { COLUMNS_MAX = 64 };

static void workbook_row(const Slice *cells, size_t count, uint32_t every, Workbook *w)
{
    for (size_t c = 0; c + 2 < count; c++) {
        AuditPrintedRate rates[2];
        size_t known = 0;
        if (!slice_eq(slice_trim(cells[c]), SLICE("50 or less")))
            continue;
        for (size_t k = 1; k <= 2; k++)
            known += exact_rate(cells[c + k], &rates[known]);
        if (known > 0)
            one_cell(rates, known, w->cells % every == 0, w);
    }
}

static void read_workbook(const char *path, uint32_t every, Workbook *w)
{
    Buf text;
    Error err = ERROR_INIT;
    Slice cells[COLUMNS_MAX], cell;
    size_t count = 0;
    bool ends_row;
    buf_init(&text, 0);
    if (file_read(path, 0, &text, &err) != OK)
        fail_msg("%s", err.message);
    for (Slice rest = buf_slice(&text); next_cell(&rest, &cell, &ends_row);) {
        if (count < COLUMNS_MAX)
            cells[count++] = cell;
        if (!ends_row)
            continue;
        workbook_row(cells, count, every, w);
        count = 0;
    }
    buf_free(&text);
}

/* Made by hand in the workbook's form, with its title, its header of two lines, and its ways of not printing: what a
 * cell alone gives away was worked out by counting fractions. */
static void test_excerpt(void **state)
{
    UNUSED(state);
    Workbook w = {0};
    read_workbook(EXCERPT, 1, &w);
    assert_int_equal(w.cells, 9);
    assert_int_equal(w.one, 3);
    assert_int_equal(w.three, 6);
}

/* The four sheets of districts and schools of 2024: in a fifth of the cells that hide the size and print exact rates
 * one size is possible, in about half at most three. No cell is named. */
static void test_workbook(void **state)
{
    UNUSED(state);
    static const char *const SHEETS[] = {"district_ipst", "district_race_gender", "school_ipst", "school_race_gender"};
    Workbook w = {0};
    Buf text;
    buf_init(&text, 0);
    if (file_read(PUBLIC_DATA "/colorado/co_grad_2024_state.csv", 0, &text, NULL) != OK) {
        buf_free(&text);
        print_message("the public graduation workbook is not here\n");
        skip();
    }
    buf_free(&text);
    for (size_t i = 0; i < COUNT_OF(SHEETS); i++) {
        char path[600];
        (void)snprintf(path, sizeof path, "%s/colorado/co_grad_2024_%s.csv", PUBLIC_DATA, SHEETS[i]);
        read_workbook(path, 20, &w);
    }
    assert_int_equal(w.cells, 14451);
    assert_int_equal(w.one, 2758);
    assert_int_equal(w.three, 6859);
}

/* The last: who is asked to stop stays so. */
static void test_stopped(void **state)
{
    UNUSED(state);
    AuditSystem *s = schools(10, 5);
    AuditResult r;
    AuditAsk ask = AUDIT_ASK_INIT;
    Error err = ERROR_INIT;
    assert_int_equal(audit_run(s, &ask, &r, &err), OK);
    audit_result_free(&r);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(audit_run(s, &ask, &r, &err), ERR_CANCELLED);
    audit_system_free(s);
}

int main(void)
{
    cancel_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_gives_size),
        cmocka_unit_test(test_rate_leaves_some),
        cmocka_unit_test(test_rate_without_end),
        cmocka_unit_test(test_leaked_total),
        cmocka_unit_test(test_earlier_release),
        cmocka_unit_test(test_query_history),
        cmocka_unit_test(test_gap_and_needed),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_clash),
        cmocka_unit_test(test_set_aside),
        cmocka_unit_test(test_random_contradictions),
        cmocka_unit_test(test_whole_limit),
        cmocka_unit_test(test_asked),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_random_systems),
        cmocka_unit_test(test_counting_can_fail),
        cmocka_unit_test(test_threads_and_size),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_excerpt),
        cmocka_unit_test(test_workbook),
        cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
