/* Escaping for each place a template can put a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "publish/html.h"

typedef struct Case {
    const char *in, *out;
} Case;

static void check(void (*escape)(Buf *, Slice), const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Buf b;
        buf_init(&b, 0);
        escape(&b, slice_of(cases[i].in));
        assert_string_equal(buf_z(&b), cases[i].out);
        buf_free(&b);
    }
}

static void test_text(void **state)
{
    static const Case cases[] = {
        {"", ""},
        {"Adams & Alamosa", "Adams &amp; Alamosa"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"Doña Ana", "Doña Ana"},
        {"\" onload='x'", "&quot; onload=&#39;x&#39;"},
    };
    check(html_text, cases, COUNT_OF(cases));
    check(html_attribute, cases, COUNT_OF(cases));
    UNUSED(state);
}

static void test_url(void **state)
{
    static const Case cases[] = {
        {"measure-a.html", "measure-a.html"},
        {"data/a.csv?x=1&y=2", "data/a.csv?x=1&amp;y=2"},
        {"javascript:alert(1)", "#"},
        {"JAVASCRIPT:alert(1)", "#"},
        {" javascript:alert(1)", "#"},
        {"data:text/html,x", "#"},
        {"https://www.cde.state.co.us/", "https://www.cde.state.co.us/"},
        {"mailto:a@b.c", "mailto:a@b.c"},
        {"#by-sex", "#by-sex"},
        {"a b\"c", "a%20b%22c"},
        {"./a:b", "./a:b"},
    };
    check(html_url, cases, COUNT_OF(cases));
    UNUSED(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_url)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
