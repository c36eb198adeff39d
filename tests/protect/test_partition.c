/* Small tables whose right partition is worked out by hand, and how numbers are printed. */
#include "tables.h"

#include <stdio.h>

typedef struct Case {
    const char *name;
    int64_t n[6], k[6];
    size_t count;
    const char *pooled; /* members of the pool; "" when none; NULL when the state is undivided */
} Case;

static const Case CASES[] = {
    {"all large", {40, 50, 60}, {20, 25, 30}, 3, ""},
    {"one small county takes the smallest sibling", {5, 50, 40}, {2, 25, 20}, 3, "C000 C002"},
    {"two small ones that pass together", {9, 9, 40}, {4, 4, 20}, 3, "C000 C001"},
    {"two small ones that fail together", {4, 4, 40, 60}, {2, 2, 20, 30}, 4, "C000 C001 C002"},
    {"numerator below three", {40, 50, 60}, {2, 25, 30}, 3, "C000 C001"},
    {"complement below three", {40, 50, 60}, {38, 25, 30}, 3, "C000 C001"},
    {"equal siblings: the first code", {5, 40, 40}, {2, 20, 20}, 3, "C000 C001"},
    {"nothing would remain", {5, 40}, {2, 20}, 2, NULL},
    {"one county", {40}, {20}, 1, ""},
    {"an empty county is nobody", {0, 40, 50}, {0, 20, 20}, 3, ""},
    {"exactly the minimum", {16, 40}, {8, 20}, 2, ""},
    {"one below the minimum", {15, 40, 50}, {8, 20, 20}, 3, "C000 C001"},
};

static void test_partitions(void **state)
{
    Policy *policy = tables_policy();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const Case *k = &CASES[i];
        Tables t;
        tables_counties(&t, k->n, k->k, k->count);
        Protected p;
        Error err = ERROR_INIT;
        tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), &err);
        const char *pooled = p.count == 1 ? NULL : "";
        char buf[64];
        for (size_t c = 0; c < p.count; c++)
            if (p.cells[c].unit_count > 1) {
                (void)snprintf(buf, sizeof buf, "%.*s", SLICE_ARG(p.cells[c].members));
                pooled = buf;
            }
        if (!k->pooled != !pooled || (pooled && strcmp(pooled, k->pooled) != 0))
            fail_msg("%s: pooled %s", k->name, pooled ? pooled : "(undivided)");
        assert_int_equal(p.withheld_count, k->pooled ? 0 : 1);
        uint64_t checked;
        tables_assert(protect_audit(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &checked, &err), &err);
        assert_int_equal(checked, p.count);
        protected_free(&p);
        tables_free(&t);
    }
    policy_close(policy);
    UNUSED(state);
}

static void test_printing(void **state)
{
    static const struct {
        int64_t n, k;
        const char *value, *denominator;
    } cases[] = {
        {150, 100, "67", "150"},
        {200, 100, "50.0", "200"},
        {1234567, 1000000, "81.0", "1,234,567"},
        {1000, 999 - 2, "99.7", "1,000"},
        {199, 100, "50", "199"},
        {16, 3, "19", "16"},
    };
    Policy *policy = tables_policy();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Tables t;
        tables_counties(&t, &cases[i].n, &cases[i].k, 1);
        Protected p;
        Error err = ERROR_INIT;
        tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), &err);
        assert_true(slice_eq_z(p.cells[0].shown_value, cases[i].value));
        assert_true(slice_eq_z(p.cells[0].shown_denominator, cases[i].denominator));
        protected_free(&p);
        tables_free(&t);
    }
    policy_close(policy);
    UNUSED(state);
}

/* What is refused: nothing is repaired. */
static void test_bad_input(void **state)
{
    Policy *policy = tables_policy();
    const int64_t n[] = {40, 50}, k[] = {20, 25};
    for (int which = 0; which < 8; which++) {
        Tables t;
        tables_counties(&t, n, k, 2);
        ProtectCell *c = t.cells.at;
        switch (which) {
        case 0:
            c[1].denominator--;
            break;
        case 1:
            c[1].numerator++;
            break;
        case 2:
            c[2].parent = SLICE("NM");
            break;
        case 3:
            c[2].unit = c[1].unit;
            break;
        case 4:
            c[2].level = SLICE("parish");
            break;
        case 5:
            c[1].numerator = 41;
            break;
        case 6:
            c[1].denominator = -1;
            break;
        default:
            c[2].unit = SLICE("POOL:CO");
            break;
        }
        Protected p;
        Error err = ERROR_INIT;
        assert_int_equal(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), ERR_INVALID);
        tables_free(&t);
    }
    policy_close(policy);
    UNUSED(state);
}

/* Graduates are among completers: one completer without a diploma is a group of one, found by subtraction. */
static void test_part_of_another(void **state)
{
    static const struct {
        int64_t completers[3];
        const char *pooled;
    } cases[] = {
        {{20, 25, 30}, ""},          /* nobody completes otherwise */
        {{21, 25, 30}, ""},          /* one in the whole state: only one of the two tables can be shown */
        {{22, 26, 30}, "C000 C001"}, /* two and one make three */
        {{23, 28, 30}, ""},
    };
    const int64_t n[] = {40, 50, 60}, k[] = {20, 25, 30};
    Policy *policy = tables_policy();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Tables t, more;
        tables_counties(&t, n, k, 3);
        tables_counties(&more, n, cases[i].completers, 3);
        Error err = ERROR_INIT;
        for (size_t c = 0; c < more.cells.len; c++) {
            t.cells.at[c].table = SLICE("graduation_rate_4yr");
            more.cells.at[c].table = SLICE("completion_rate_4yr");
        }
        for (size_t c = 0; c < more.cells.len; c++)
            tables_assert(vec_push(&t.cells, more.cells.at[c], &err), &err);
        Protected p;
        tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), &err);
        Slice pooled = SLICE("");
        for (size_t c = 0; c < p.count; c++)
            if (p.cells[c].unit_count > 1)
                pooled = p.cells[c].members;
        assert_true(slice_eq_z(pooled, cases[i].pooled));
        assert_int_equal(p.withheld_count, i == 1 ? 1 : 0);
        assert_int_equal(p.count, i == 1 ? 4 : pooled.len > 0 ? 7 : 8);
        uint64_t checked;
        tables_assert(protect_audit(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &checked, &err), &err);
        /* The auditor sees it too when the protector does not. */
        for (size_t c = 0; i == 0 && c < p.count; c++)
            if (slice_eq_z(p.cells[c].cell.table, "completion_rate_4yr"))
                p.cells[c].cell.numerator++;
        if (i == 0)
            assert_int_equal(
                protect_audit(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &checked, &err), ERR_DENIED);
        protected_free(&p);
        tables_free(&t);
        tables_free(&more);
    }
    policy_close(policy);
    UNUSED(state);
}

static void test_withheld_table(void **state)
{
    Policy *policy = tables_policy();
    const int64_t n[] = {7, 8}, k[] = {4, 4};
    Tables t;
    tables_counties(&t, n, k, 2);
    Protected p;
    Error err = ERROR_INIT;
    tables_assert(protect_release(policy, TABLES_DAY, t.cells.at, t.cells.len, &p, &err), &err);
    assert_int_equal(p.count, 0);
    assert_int_equal(p.withheld_count, 1);
    protected_free(&p);
    tables_free(&t);
    policy_close(policy);
    UNUSED(state);
}

static void test_only_named_measures(void **state)
{
    UNUSED(state);
    Policy *policy;
    Error err = ERROR_INIT;
    bool published;
    assert_int_equal(policy_open(POLICY_DIR, &policy, &err), OK);
    assert_int_equal(protect_publishes(policy, TABLES_DAY, SLICE("graduation_rate_4yr"), &published, &err), OK);
    assert_true(published);
    assert_int_equal(protect_publishes(policy, TABLES_DAY, SLICE("alone"), &published, &err), OK);
    assert_false(published);
    policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_printing),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_part_of_another),
        cmocka_unit_test(test_withheld_table),
        cmocka_unit_test(test_only_named_measures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
