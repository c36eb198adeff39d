/* The guard without a network, and the comparison of entity tags. */
#include "serve_support.h"

#include "serve/http.h"
#include "serve/http_guard.h"

typedef struct GuardCase {
    const char *method;
    const char *target;
    const char *version;
    const char *headers[6]; /* name, value, ... */
    int verdict;
} GuardCase;

#define HOST "Host", "a.example:8080"

static const GuardCase cases[] = {
    {"GET", "/", "HTTP/1.1", {HOST}, 0},
    {"HEAD", "/x", "HTTP/1.1", {"hOST", "[::1]:80"}, 0},
    {"GET", "/", "HTTP/1.0", {NULL}, 0},
    {"GET", "/", "HTTP/1.1", {HOST, "Content-Length", "0"}, 0},
    {"POST", "/", "HTTP/1.1", {HOST, "Content-Length", "5"}, 405},
    {"DELETE", "/", "HTTP/1.1", {HOST}, 405},
    {"OPTIONS", "*", "HTTP/1.1", {HOST}, 405},
    {"get", "/", "HTTP/1.1", {HOST}, 405},
    {"GET", "/", "HTTP/1.1", {NULL}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "host", "b"}, 400},
    {"GET", "/", "HTTP/1.0", {HOST, HOST}, 400},
    {"GET", "/", "HTTP/1.1", {"Host", "a/b"}, 400},
    {"GET", "/", "HTTP/1.1", {"Host", "a@b"}, 400},
    {"POST", "/", "HTTP/1.1", {HOST, "Content-Length", "5", "Content-Length", "5"}, 400},
    {"POST", "/", "HTTP/1.1", {HOST, "Content-Length", "+5"}, 400},
    {"POST", "/", "HTTP/1.1", {HOST, "Content-Length", "5, 5"}, 400},
    {"POST", "/", "HTTP/1.1", {HOST, "Content-Length", ""}, 400},
    {"POST", "/", "HTTP/1.1", {HOST, "Content-Length", "0x5"}, 400},
    {"POST", "/", "HTTP/1.1", {HOST, "Content-Length", "9999999999999999999"}, 400},
    {"POST", "/", "HTTP/1.1", {HOST, "Content-Length ", "5"}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "Content-Length", "5"}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "Transfer-Encoding", "chunked"}, 400},
    {"POST", "/", "HTTP/1.1", {HOST, "transfer-encoding", "chunked", "Content-Length", "3"}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "Transfer-Encodingchunked", ""}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "content-length5", ""}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "Content-Type", "text/plain"}, 0},
    {"GET", "/", "HTTP/1.1", {HOST, "XContent-Length: 5", "1"}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "X(y)", "1"}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "", "1"}, 400},
    {"GET", "/", "HTTP/1.1", {HOST, "X", "1\r2"}, 400},
    {"GET", "http://b/", "HTTP/1.1", {HOST}, 400},
    {"GET", "/a#b", "HTTP/1.1", {HOST}, 400},
    {"GET", "/a b", "HTTP/1.1", {HOST}, 400},
    {"G\tT", "/", "HTTP/1.1", {HOST}, 400},
    {"GET", "/", "HTTP/1.2", {HOST}, 505},
    {"GET", "/", "HTTP/2.0", {HOST}, 505},
    {"GET", "/", "", {HOST}, 505},
};

static void test_verdicts(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const GuardCase *c = &cases[i];
        Guard g = {0};
        for (size_t h = 0; h + 1 < COUNT_OF(c->headers) && c->headers[h]; h += 2)
            guard_header(&g, slice_of(c->headers[h]), slice_of(c->headers[h + 1]));
        int verdict = guard_verdict(&g, slice_of(c->method), slice_of(c->target), slice_of(c->version));
        if (verdict != c->verdict)
            fail_msg("case %zu (%s %s): %d instead of %d", i, c->method, c->target, verdict, c->verdict);
    }
}

/* A server for forms takes POST with one length and nothing ambiguous; all else is as before. */
static const GuardCase form_cases[] = {
    {"POST", "/x", "HTTP/1.1", {HOST, "Content-Length", "5"}, 0},
    {"POST", "/x", "HTTP/1.1", {HOST, "Content-Length", "0"}, 0},
    {"POST", "/x", "HTTP/1.1", {HOST}, 400},
    {"POST", "/x", "HTTP/1.1", {HOST, "Content-Length", "5", "Content-Length", "5"}, 400},
    {"POST", "/x", "HTTP/1.1", {HOST, "Transfer-Encoding", "chunked"}, 400},
    {"POST", "/x", "HTTP/1.1", {HOST, "Transfer-Encoding", "chunked", "Content-Length", "5"}, 400},
    {"POST", "x", "HTTP/1.1", {HOST, "Content-Length", "5"}, 400},
    {"GET", "/x", "HTTP/1.1", {HOST, "Content-Length", "5"}, 400},
    {"PUT", "/x", "HTTP/1.1", {HOST, "Content-Length", "5"}, 405},
};

static void test_forms(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(form_cases); i++) {
        const GuardCase *c = &form_cases[i];
        Guard g = {.forms = true};
        for (size_t h = 0; h + 1 < COUNT_OF(c->headers) && c->headers[h]; h += 2)
            guard_header(&g, slice_of(c->headers[h]), slice_of(c->headers[h + 1]));
        int verdict = guard_verdict(&g, slice_of(c->method), slice_of(c->target), slice_of(c->version));
        if (verdict != c->verdict)
            fail_msg("case %zu (%s %s): %d instead of %d", i, c->method, c->target, verdict, c->verdict);
    }
}

static void test_etags(void **state)
{
    UNUSED(state);
    static const struct {
        const char *list;
        bool matches;
    } lists[] = {
        {"\"abc\"", true},
        {"W/\"abc\"", true},
        {"*", true},
        {" * ", true},
        {"\"x\", \"abc\"", true},
        {"\"x\",W/\"abc\" , \"y\"", true},
        {"\"x\"", false},
        {"abc", false},
        {"\"abcd\"", false},
        {"", false},
        {",,,", false},
        {"w/\"abc\"", false},
        {"\"ab", false},
    };
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        assert_int_equal(http_etag_matches(slice_of(lists[i].list), "\"abc\""), lists[i].matches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_etags),
    };
    return cmocka_run_group_tests_name("serve/http_guard", tests, NULL, NULL);
}
