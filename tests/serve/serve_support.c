/* Releases made by hand and a bare client; see serve_support.h. */
#include "serve_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

void fixture_put(const Fixture *f, const char *relative, Slice content)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", f->releases, relative);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_ok(dir_make(path, MODE_DIR_PUBLIC, NULL));
    *slash = '/';
    assert_ok(file_write(path, content, MODE_PUBLIC, NULL));
}

static void put_big(const Fixture *f)
{
    Buf big;
    buf_init(&big, 0);
    buf_pad(&big, 'x', BIG_SIZE);
    assert_ok(buf_status(&big, NULL));
    fixture_put(f, RELEASE_A "/data/big.csv", buf_slice(&big));
    buf_free(&big);
}

/* Puts a file into release A and lists it in the manifest. */
static void put_listed(const Fixture *f, Json *j, const char *name, Slice content)
{
    char relative[128];
    char hex[SHA256_HEX_SIZE];
    uint8_t digest[SHA256_SIZE];
    snprintf(relative, sizeof relative, RELEASE_A "/%s", name);
    fixture_put(f, relative, content);
    assert_ok(sha256_of(content, digest, NULL));
    hex_encode(digest, sizeof digest, hex);
    json_open_object(j);
    json_kstr(j, "path", slice_of(name));
    json_kstr(j, "sha256", slice_of(hex));
    json_end(j);
}

static void put_release_a(const Fixture *f)
{
    Buf manifest;
    Json j;
    buf_init(&manifest, 0);
    json_begin(&j, &manifest, JSON_PRETTY);
    json_open_object(&j);
    json_key(&j, "files");
    json_open_array(&j);
    put_listed(f, &j, "index.html", SLICE("<!doctype html><title>A</title>"));
    put_listed(f, &j, "style.css", SLICE("body{}"));
    put_listed(f, &j, "map.svg", SLICE("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"));
    put_listed(f, &j, "data/wages.csv", SLICE("a,b\n1,2\n"));
    put_listed(f, &j, "data/wages.json", SLICE("{\"rows\":[]}"));
    put_listed(f, &j, "data/wages-late.csv", SLICE("a\n"));
    put_listed(f, &j, "program.exe", SLICE("MZ"));
    json_end(&j);
    json_end(&j);
    assert_ok(buf_status(&manifest, NULL));
    fixture_put(f, RELEASE_A "/manifest.json", buf_slice(&manifest));
    fixture_put(f, RELEASE_A "/manifest.sig", SLICE("signature"));
    fixture_put(f, RELEASE_A "/unlisted.txt", SLICE("plain"));
    fixture_put(f, RELEASE_A "/.hidden.txt", SLICE("hidden"));
    fixture_put(f, RELEASE_A "/folder.html/inside.txt", SLICE("inside"));
    put_big(f);
    buf_free(&manifest);
}

static void put_links(const Fixture *f)
{
    char path[256];
    snprintf(path, sizeof path, "%s/" RELEASE_A "/link.txt", f->releases);
    assert_int_equal(symlink("../../secret.txt", path), 0);
    snprintf(path, sizeof path, "%s/" RELEASE_A "/linked", f->releases);
    assert_int_equal(symlink("../..", path), 0);
}

void fixture_make(Fixture *f)
{
    snprintf(f->root, sizeof f->root, "/tmp/cairn-test-serve-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    snprintf(f->releases, sizeof f->releases, "%s/releases", f->root);
    fixture_put(f, "../secret.txt", SLICE("secret"));
    fixture_put(f, "CURRENT", SLICE(RELEASE_A "\n"));
    put_release_a(f);
    put_links(f);
    fixture_put(f, RELEASE_B "/index.html", SLICE("<!doctype html><title>B</title>"));
    fixture_put(f, "not-a-release/index.html", SLICE("no"));
}

void fixture_drop(const Fixture *f)
{
    assert_ok(dir_remove(f->root, NULL));
}

/* --- client -------------------------------------------------------------------------------------------------- */

int client_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void client_send(int fd, Slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        /* the server may have refused already */
        if (n <= 0)
            return;
        bytes = slice_sub(bytes, (size_t)n, bytes.len);
    }
}

bool client_receive(int fd, int silence_ms, Buf *answer, bool *closed)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (poll(&wait, 1, silence_ms) <= 0)
        return false;
    char *room = buf_reserve(answer, 65536);
    assert_non_null(room);
    ssize_t n = recv(fd, room, 65536, 0);
    if (n <= 0) {
        if (closed)
            *closed = true;
        return false;
    }
    buf_advance(answer, (size_t)n);
    return true;
}

void client_exchange(uint16_t port, Slice request, int silence_ms, Buf *answer, bool *closed)
{
    int fd = client_connect(port);
    buf_init(answer, 0);
    if (closed)
        *closed = false;
    client_send(fd, request);
    while (client_receive(fd, silence_ms, answer, closed))
        ;
    close(fd);
}

int answer_status(const Buf *answer)
{
    Slice s = buf_slice(answer);
    uint64_t status = 0;
    if (!slice_starts(s, SLICE("HTTP/1.")) || parse_u64(slice_sub(s, 9, 12), &status, NULL) != OK)
        return 0;
    return (int)status;
}

/* A status line, not a page that speaks of HTTP/1.1. */
static bool is_status_line(Slice s)
{
    static const char pattern[] = "HTTP/1.0 000 ";
    for (size_t i = 0; i + 1 < sizeof pattern; i++) {
        if (i >= s.len || (pattern[i] == '0' ? s.ptr[i] < '0' || s.ptr[i] > '9' : s.ptr[i] != pattern[i]))
            return false;
    }
    return true;
}

size_t answer_count(const Buf *answer)
{
    size_t count = 0;
    for (size_t i = 0; i < answer->len; i++)
        count += is_status_line(slice_sub(buf_slice(answer), i, answer->len));
    return count;
}

bool answer_has(const Buf *answer, const char *text)
{
    Slice s = buf_slice(answer);
    return slice_find(s, slice_of(text)) < s.len;
}
