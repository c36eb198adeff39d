/* Which names may be inside a release. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "publish/publish.h"

static void test_paths(void **state)
{
    static const struct {
        const char *path;
        bool ok;
    } cases[] = {
        {"index.html", true},
        {"measure-graduation_rate_4yr-places.html", true},
        {"data/graduation_rate_4yr.csv", true},
        {"manifest.sig", true},
        {"", false},
        {"/index.html", false},
        {"data/", false},
        {"data//a.csv", false},
        {"data/x/a.csv", false},
        {"../ledger.json", false},
        {"data/../a.csv", false},
        {"..", false},
        {".hidden.html", false},
        {"a..html", false},
        {"data/.a.csv", false},
        {"index.HTML", false},
        {"index.html%00", false},
        {"index.html ", false},
        {"a\\b.html", false},
        {"index", false},
        {"index.php", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (release_path_ok(slice_of(cases[i].path)) != cases[i].ok)
            fail_msg("%s", cases[i].path);
    assert_false(release_path_ok((Slice){"index\0.html", 11}));
    assert_true(release_id_ok(SLICE("0123456789ab")));
    assert_false(release_id_ok(SLICE("0123456789AB")));
    assert_false(release_id_ok(SLICE("0123456789a")));
    assert_false(release_id_ok(SLICE("../../../etc")));
    UNUSED(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
