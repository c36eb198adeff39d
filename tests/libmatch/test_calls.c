/* What the library says to wrong calls and wrong input, and that the order of adding does not show. */
#include <cairn_match.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char config[] = "[[field]]\nkind = \"last_name\"\ncolumn = \"last\"\n"
                             "[[field]]\nname = \"born\"\nkind = \"date\"\ncolumn = \"born\"\n"
                             "[[field]]\nkind = \"first_name\"\ncolumn = \"first\"\n"
                             "[[field]]\nkind = \"phone\"\ncolumn = \"phone\"\n";

static cairn_match *made(void)
{
    cairn_match *m = NULL;
    cairn_match_error e;
    assert_int_equal(cairn_match_new(config, strlen(config), NULL, 0, &m, &e), CAIRN_MATCH_OK);
    return m;
}

static int add(
    cairn_match *m, uint32_t source, const char *id, const char *last, const char *born, cairn_match_error *e)
{
    char first[3] = {last[0], last[1], '\0'}, phone[16];
    snprintf(phone, sizeof phone, "303555%c%c%c%c", '0' + last[0] % 10, '0' + last[1] % 10, '0' + last[2] % 10,
        '0' + born[9] % 10);
    const char *values[] = {last, born, first, phone};
    const size_t lengths[] = {strlen(last), strlen(born), 2, strlen(phone)};
    return (int)cairn_match_add(m, source, id, strlen(id), values, lengths, e);
}

static void wrong_config(void **state)
{
    (void)state;
    cairn_match *m = NULL;
    cairn_match_error e;
    static const char bad[] = "[[field]]\nkind = \"nonsense\"\ncolumn = \"a\"\n";
    assert_int_equal(cairn_match_new(bad, strlen(bad), NULL, 0, &m, &e), CAIRN_MATCH_INVALID);
    assert_null(m);
    assert_int_equal(e.line, 2);
    assert_true(e.message[0]);
    cairn_match_free(NULL);
}

static void wrong_order(void **state)
{
    (void)state;
    cairn_match *m = made();
    cairn_match_error e;
    cairn_match_pair p;
    cairn_match_explanation x;
    const char *json = NULL;
    size_t json_len = 0;
    uint32_t source = 9;
    assert_int_equal(cairn_match_column_count(m), 4);
    assert_string_equal(cairn_match_column_name(m, 1), "born");
    assert_null(cairn_match_column_name(m, 4));
    assert_int_equal(add(m, 0, "1", "SMITH", "2000-01-01", &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_link(m, 1, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_score(m, 0, 1, &p, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_explain(m, 0, 1, &x, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_model_text(m, &json, &json_len, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_pair_at(m, 0, &p, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_cluster_of(m, 0), UINT32_MAX);
    assert_int_equal(cairn_match_source(m, "s", 1, &source, &e), CAIRN_MATCH_OK);
    assert_int_equal(add(m, source, "1", "SMITH", "2000-01-01", &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_source(m, "s", 1, &source, &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_source(m, "other", 5, &source, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_model_read(m, "{", 1, NULL), CAIRN_MATCH_INVALID);
    cairn_match_free(m);
}

/* People with a double of each; `step` walks them in another order. */
static cairn_match *linked(unsigned step)
{
    cairn_match *m = made();
    cairn_match_error e;
    uint32_t source;
    assert_int_equal(cairn_match_source(m, "s", 1, &source, &e), CAIRN_MATCH_OK);
    for (unsigned i = 0; i < 202; i++) {
        unsigned k = i * step % 202, p = k / 2;
        char id[8], last[16], born[16];
        snprintf(id, sizeof id, "%u", k);
        snprintf(last, sizeof last, "%c%c%c%cSON", 'A' + p % 23, 'A' + p % 5, 'A' + p % 17, 'A' + p % 11);
        snprintf(born, sizeof born, "19%02u-%02u-%02u", 40 + p * 7 % 59, 1 + p * 5 % 12, 1 + p % 28);
        assert_int_equal(add(m, source, id, last, born, &e), CAIRN_MATCH_OK);
    }
    assert_int_equal(cairn_match_train(m, 2, &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_link(m, 2, &e), CAIRN_MATCH_OK);
    assert_int_equal(add(m, source, "late", "SMITH", "2000-01-01", &e), CAIRN_MATCH_USAGE);
    return m;
}

/* One id twice is found when the records are taken in; what follows is refused, not fatal. */
static void after_failure(void **state)
{
    (void)state;
    cairn_match *m = made(), *good = linked(1);
    cairn_match_error e;
    cairn_match_pair p;
    cairn_match_explanation x;
    const char *json = NULL;
    size_t json_len = 0;
    uint32_t source;
    assert_int_equal(cairn_match_source(m, "s", 1, &source, &e), CAIRN_MATCH_OK);
    assert_int_equal(add(m, source, "1", "SMITH", "2000-01-01", &e), CAIRN_MATCH_OK);
    assert_int_equal(add(m, source, "1", "JONES", "1999-02-03", &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_train(m, 1, &e), CAIRN_MATCH_INVALID);
    assert_int_equal(cairn_match_train(m, 1, &e), CAIRN_MATCH_USAGE);
    assert_true(e.message[0]);
    assert_int_equal(add(m, source, "2", "BROWN", "1998-03-04", &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_model_text(good, &json, &json_len, &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_model_read(m, json, json_len, &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_link(m, 1, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_score(m, 0, 1, &p, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_explain(m, 0, 1, &x, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_pair_count(m), 0);
    cairn_match_free(m);
    cairn_match_free(good);
}

static void order_does_not_show(void **state)
{
    (void)state;
    cairn_match *m = linked(1), *other = linked(45);
    cairn_match_error e;
    const char *a = NULL, *b = NULL;
    size_t a_len = 0, b_len = 0;
    assert_int_equal(cairn_match_cluster_count(m), 101);
    assert_int_equal(cairn_match_cluster_count(other), 101);
    assert_int_equal(cairn_match_pair_count(m), cairn_match_pair_count(other));
    assert_int_equal(cairn_match_model_text(m, &a, &a_len, &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_model_text(other, &b, &b_len, &e), CAIRN_MATCH_OK);
    assert_int_equal(a_len, b_len);
    assert_memory_equal(a, b, a_len);
    for (uint32_t i = 0; i < 202; i++) {
        assert_int_equal(cairn_match_cluster_of(m, i), i / 2);
        for (uint32_t k = 0; k < i; k++)
            assert_int_equal(cairn_match_cluster_of(other, i) == cairn_match_cluster_of(other, k),
                i * 45 % 202 / 2 == k * 45 % 202 / 2);
    }
    cairn_match_pair first, scored;
    assert_int_equal(cairn_match_pair_at(m, 0, &first, &e), CAIRN_MATCH_OK);
    assert_true(first.a < first.b);
    assert_int_equal(cairn_match_score(m, first.b, first.a, &scored, &e), CAIRN_MATCH_OK);
    assert_int_equal(scored.a, first.a);
    assert_int_equal(scored.odds, first.odds);
    /* a model that was written is one that can be read */
    assert_int_equal(cairn_match_model_read(other, a, a_len, &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_pair_count(other), 0);
    assert_int_equal(cairn_match_link(other, 1, &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_cluster_count(other), 101);
    cairn_match_free(m);
    cairn_match_free(other);
}

/* Labels move what is stated; two and two are told by numbers as added. */
static void labels(void **state)
{
    (void)state;
    cairn_match *m = linked(45);
    cairn_match_error e;
    cairn_match_pair before, after;
    assert_int_equal(cairn_match_label(m, 3, 3, 1, 1, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_label(m, 3, 202, 1, 1, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_label(m, 3, 4, 1, 0, &e), CAIRN_MATCH_USAGE);
    assert_int_equal(cairn_match_pair_at(m, 0, &before, &e), CAIRN_MATCH_OK);
    /* somebody says that half of the pairs are not what they seem */
    for (size_t i = 0; i < cairn_match_pair_count(m); i++) {
        cairn_match_pair p;
        assert_int_equal(cairn_match_pair_at(m, i, &p, &e), CAIRN_MATCH_OK);
        assert_int_equal(cairn_match_label(m, p.a, p.b, i % 2, 1, &e), CAIRN_MATCH_OK);
    }
    assert_int_equal(cairn_match_train(m, 1, &e), CAIRN_MATCH_OK);
    assert_int_equal(cairn_match_score(m, before.a, before.b, &after, &e), CAIRN_MATCH_OK);
    assert_true(before.probability > 0.9 && after.probability > 0.3 && after.probability < 0.7);
    cairn_match_free(m);
    /* before there is a table */
    m = made();
    assert_int_equal(cairn_match_label(m, 0, 1, 1, 1, NULL), CAIRN_MATCH_USAGE);
    cairn_match_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_config),
        cmocka_unit_test(wrong_order),
        cmocka_unit_test(order_does_not_show),
        cmocka_unit_test(after_failure),
        cmocka_unit_test(labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
