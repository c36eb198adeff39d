/* Routes, files, validators and error bodies, without a network. */
#include "serve_support.h"

#include "serve/site.h"

#include <sys/stat.h>
#include <unistd.h>

typedef struct Rig {
    Fixture fixture;
    Site site;
} Rig;

static int make_rig(void **state)
{
    Rig *rig = NULL;
    assert_ok(mem_zalloc(1, sizeof *rig, (void **)&rig, NULL));
    fixture_make(&rig->fixture);
    assert_ok(shelf_new(rig->fixture.releases, NULL, &rig->site.shelf, NULL));
    *state = rig;
    return 0;
}

static int drop_rig(void **state)
{
    Rig *rig = *state;
    shelf_free(rig->site.shelf);
    fixture_drop(&rig->fixture);
    mem_free(rig);
    return 0;
}

static void ask(Rig *rig, const char *path, const char *if_none_match, HttpResponse *r)
{
    HttpRequest request = {.path = slice_of(path), .if_none_match = slice_of(if_none_match)};
    http_response_init(r);
    site_answer(&rig->site, &request, r);
}

/* The file or text a response would send. */
static void content_of(const HttpResponse *r, Buf *out)
{
    buf_init(out, 0);
    if (r->fd < 0) {
        buf_add(out, buf_slice(&r->body));
        return;
    }
    char *room = buf_reserve(out, r->size + 1);
    assert_int_equal(pread(r->fd, room, r->size + 1, 0), r->size);
    buf_advance(out, r->size);
}

#define A "/releases/" RELEASE_A
#define API "/api/v1/releases"
#define HTML "text/html; charset=utf-8"
#define JSON "application/json"

typedef struct RouteCase {
    const char *path;
    int status;
    const char *type;
    HttpCache cache;
    const char *content; /* NULL: not looked at */
} RouteCase;

static const RouteCase cases[] = {
    {"/releases", 200, HTML, HTTP_CACHE_REVALIDATE, NULL},
    {"/releases/", 200, HTML, HTTP_CACHE_REVALIDATE, NULL},
    {A "/", 200, HTML, HTTP_CACHE_FOREVER, "<!doctype html><title>A</title>"},
    {A "/index.html", 200, HTML, HTTP_CACHE_FOREVER, "<!doctype html><title>A</title>"},
    {A "/style.css", 200, "text/css; charset=utf-8", HTTP_CACHE_FOREVER, "body{}"},
    {A "/%73tyle.css", 200, "text/css; charset=utf-8", HTTP_CACHE_FOREVER, "body{}"},
    {A "/map.svg", 200, "image/svg+xml", HTTP_CACHE_FOREVER, NULL},
    {A "/data/wages.csv", 200, "text/csv; charset=utf-8", HTTP_CACHE_FOREVER, "a,b\n1,2\n"},
    {A "/manifest.json", 200, JSON, HTTP_CACHE_FOREVER, NULL},
    {A "/manifest.sig", 200, "application/octet-stream", HTTP_CACHE_FOREVER, "signature"},
    {A "/unlisted.txt", 200, "text/plain; charset=utf-8", HTTP_CACHE_FOREVER, "plain"},
    {"/releases/" RELEASE_B "/", 200, HTML, HTTP_CACHE_FOREVER, "<!doctype html><title>B</title>"},
    {API, 200, JSON, HTTP_CACHE_REVALIDATE,
        "{\"releases\":[{\"id\":\"" RELEASE_A "\",\"current\":true,\"tables\":[\"big\",\"wages-late\",\"wages\"]},"
        "{\"id\":\"" RELEASE_B "\",\"current\":false,\"tables\":[]}]}\n"},
    {API "/" RELEASE_A "/tables/wages.json", 200, JSON, HTTP_CACHE_FOREVER, "{\"rows\":[]}"},
    {API "/" RELEASE_A "/tables/wages.csv", 200, "text/csv; charset=utf-8", HTTP_CACHE_FOREVER, "a,b\n1,2\n"},
    {"/healthz", 200, "text/plain; charset=utf-8", HTTP_CACHE_NEVER, "ok"},

    {"/favicon.ico", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/index.html", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/healthz/", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/healthz/x", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/releases/CURRENT", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/releases/CURRENT/", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/releases/not-a-release/index.html", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/releases/0123456789AB/", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/releases/000000000000/", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/missing.html", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/data/", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/data", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/index.html/", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/index.html/x.html", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/folder.html", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/program.exe", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/.hidden.txt", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/link.txt", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/linked/secret.txt", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/../../secret.txt", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/%2e%2e/%2e%2e/secret.txt", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/%2e%2e%2fsecret.txt", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {A "/pipe.txt", 404, HTML, HTTP_CACHE_NEVER, NULL},
    {"/api", 404, JSON, HTTP_CACHE_NEVER,
        "{\"error\":{\"status\":404,\"message\":\"Nothing is published under this address\"}}\n"},
    {API "/", 404, JSON, HTTP_CACHE_NEVER, NULL},
    {API "/" RELEASE_A, 404, JSON, HTTP_CACHE_NEVER, NULL},
    {API "/" RELEASE_A "/tables/wages", 404, JSON, HTTP_CACHE_NEVER, NULL},
    {API "/" RELEASE_A "/tables/wages.txt", 404, JSON, HTTP_CACHE_NEVER, NULL},
    {API "/" RELEASE_A "/tables/..%2fmanifest.json", 404, JSON, HTTP_CACHE_NEVER, NULL},
    {"/api/v2/releases", 404, JSON, HTTP_CACHE_NEVER, NULL},
    {"/api/%zz", 400, JSON, HTTP_CACHE_NEVER, NULL},
    {"/a%00", 400, HTML, HTTP_CACHE_NEVER, NULL},
};

static void check_route(Rig *rig, const RouteCase *c)
{
    HttpResponse r;
    Buf content;
    ask(rig, c->path, NULL, &r);
    content_of(&r, &content);
    if (r.status != c->status)
        fail_msg("%s: %d instead of %d", c->path, r.status, c->status);
    assert_string_equal(r.content_type, c->type);
    assert_int_equal(r.cache, c->cache);
    assert_int_equal(r.etag[0] != '\0', c->status == 200 && c->cache != HTTP_CACHE_NEVER);
    if (c->content)
        assert_string_equal(buf_z(&content), c->content);
    assert_false(answer_has(&content, "secret"));
    assert_false(answer_has(&content, rig->fixture.root));
    buf_free(&content);
    http_response_free(&r);
}

static void test_routes(void **state)
{
    Rig *rig = *state;
    char path[256];
    snprintf(path, sizeof path, "%s/" RELEASE_A "/pipe.txt", rig->fixture.releases);
    assert_int_equal(mkfifo(path, MODE_PUBLIC), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_route(rig, &cases[i]);
}

static void assert_redirect(Rig *rig, const char *path, int status, const char *location)
{
    HttpResponse r;
    ask(rig, path, NULL, &r);
    assert_int_equal(r.status, status);
    assert_string_equal(r.location, location);
    http_response_free(&r);
}

static void test_redirects(void **state)
{
    Rig *rig = *state;
    assert_redirect(rig, "/", 302, A "/");
    assert_redirect(rig, A, 301, A "/");
    /* another process publishes: no restart */
    fixture_put(&rig->fixture, "CURRENT", SLICE(RELEASE_B));
    assert_redirect(rig, "/", 302, "/releases/" RELEASE_B "/");
}

static void test_current_missing_or_broken(void **state)
{
    Rig *rig = *state;
    char path[256];
    HttpResponse r;
    static const char *const broken[] = {"", "../secret.txt", "0123456789abc", "0123456789ab\n0123456789ab"};
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        fixture_put(&rig->fixture, "CURRENT", slice_of(broken[i]));
        ask(rig, "/", NULL, &r);
        assert_int_equal(r.status, 500);
        http_response_free(&r);
        ask(rig, "/releases", NULL, &r);
        assert_int_equal(r.status, 200);
        http_response_free(&r);
    }
    snprintf(path, sizeof path, "%s/CURRENT", rig->fixture.releases);
    assert_ok(file_remove(path, NULL));
    ask(rig, "/", NULL, &r);
    assert_int_equal(r.status, 404);
    http_response_free(&r);
}

/* Taken back while the server runs: gone from the list, and its pages with it; the other release stays. */
static void test_withdrawn(void **state)
{
    Rig *rig = *state;
    HttpResponse r;
    fixture_put(&rig->fixture, "WITHDRAWN", SLICE(RELEASE_A "\n"));
    fixture_put(&rig->fixture, "CURRENT", SLICE(RELEASE_B));
    ask(rig, A "/", NULL, &r);
    assert_int_equal(r.status, 404);
    http_response_free(&r);
    ask(rig, "/releases/" RELEASE_B "/", NULL, &r);
    assert_int_equal(r.status, 200);
    http_response_free(&r);
    ask(rig, "/releases", NULL, &r);
    assert_int_equal(r.status, 200);
    assert_null(strstr(buf_z(&r.body), RELEASE_A));
    assert_non_null(strstr(buf_z(&r.body), RELEASE_B));
    http_response_free(&r);
}

static void test_nothing_released(void **state)
{
    Rig *rig = *state;
    HttpResponse r;
    assert_ok(dir_remove(rig->fixture.releases, NULL));
    ask(rig, "/", NULL, &r);
    assert_int_equal(r.status, 404);
    http_response_free(&r);
    ask(rig, API, NULL, &r);
    assert_int_equal(r.status, 200);
    assert_string_equal(buf_z(&r.body), "{\"releases\":[]}\n");
    http_response_free(&r);
}

static void assert_etag_is(Rig *rig, const char *path, Slice content)
{
    HttpResponse r;
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    assert_ok(sha256_of(content, digest, NULL));
    hex_encode(digest, sizeof digest, hex);
    ask(rig, path, NULL, &r);
    assert_memory_equal(r.etag + 1, hex, SHA256_HEX_SIZE - 1);
    http_response_free(&r);
}

static void test_validators(void **state)
{
    Rig *rig = *state;
    static const char *const paths[] = {A "/style.css", A "/unlisted.txt", A "/manifest.json", API, "/releases"};
    assert_etag_is(rig, A "/style.css", SLICE("body{}"));
    assert_etag_is(rig, A "/unlisted.txt", SLICE("plain"));
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        HttpResponse first;
        HttpResponse again;
        ask(rig, paths[i], "\"else\"", &first);
        assert_int_equal(first.status, 200);
        ask(rig, paths[i], first.etag, &again);
        assert_int_equal(again.status, 304);
        assert_string_equal(again.etag, first.etag);
        assert_int_equal(again.cache, first.cache);
        http_response_free(&first);
        http_response_free(&again);
    }
}

/* The digest comes from the manifest, not from reading: a file changed behind its back keeps the manifest's. */
static void test_manifest_is_the_source(void **state)
{
    Rig *rig = *state;
    fixture_put(&rig->fixture, RELEASE_A "/style.css", SLICE("changed"));
    assert_etag_is(rig, A "/style.css", SLICE("body{}"));
}

static void test_broken_manifests(void **state)
{
    Rig *rig = *state;
    static const char *const texts[] = {"", "[]", "{\"files\":{}}", "{\"files\":[{\"path\":\"x\"}]}",
        "{\"files\":[{\"path\":\"index.html\",\"sha256\":\"00\"}]}", "{\"files\":[1]}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char path[64];
        snprintf(path, sizeof path, "00000000000%zu/manifest.json", i);
        fixture_put(&rig->fixture, path, slice_of(texts[i]));
        snprintf(path, sizeof path, "00000000000%zu/index.html", i);
        fixture_put(&rig->fixture, path, SLICE("page"));
        snprintf(path, sizeof path, "/releases/00000000000%zu/", i);
        assert_etag_is(rig, path, SLICE("page"));
    }
}

/* More releases than manifests are kept. */
static void test_many_releases(void **state)
{
    Rig *rig = *state;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 40; i++) {
            char path[64];
            char content[16];
            snprintf(content, sizeof content, "page %u", i);
            snprintf(path, sizeof path, "%012x/index.html", i);
            fixture_put(&rig->fixture, path, slice_of(content));
            snprintf(path, sizeof path, "/releases/%012x/", i);
            assert_etag_is(rig, path, slice_of(content));
            assert_etag_is(rig, A "/style.css", SLICE("body{}"));
        }
}

static void test_no_memory(void **state)
{
    Rig *rig = *state;
    static const char *const paths[] = {"/", "/releases", A "/", A "/unlisted.txt", API};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        bool fired = true;
        for (long n = 0; fired && n < 200; n++) {
            HttpResponse r;
            mem_fail_after(n);
            ask(rig, paths[i], NULL, &r);
            fired = !mem_fail_pending();
            mem_fail_after(-1);
            /* what cannot be told is no half answer: the server ends the connection on a failed body */
            assert_true(r.status == 500 || r.status == 200 || r.status == 302 || r.body.status != OK);
            http_response_free(&r);
        }
        assert_false(fired);
    }
}

int main(void)
{
#define RIGGED(test) cmocka_unit_test_setup_teardown(test, make_rig, drop_rig)
    const struct CMUnitTest tests[] = {
        RIGGED(test_routes),
        RIGGED(test_redirects),
        RIGGED(test_current_missing_or_broken),
        RIGGED(test_withdrawn),
        RIGGED(test_nothing_released),
        RIGGED(test_validators),
        RIGGED(test_manifest_is_the_source),
        RIGGED(test_broken_manifests),
        RIGGED(test_many_releases),
        RIGGED(test_no_memory),
    };
    return cmocka_run_group_tests_name("serve/site", tests, NULL, NULL);
}
