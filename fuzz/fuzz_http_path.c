/*
 * Fuzzes what reads a request's path. Beyond memory safety: accepted names
 * cannot name anything outside a folder, and parse to themselves again. The guard and the
 * comparison of entity tags read the same bytes, for memory safety.
 */
#include "serve/http.h"
#include "serve/http_guard.h"
#include "serve/http_path.h"

static void check_path(const HttpPath *p)
{
    HttpPath again;
    Buf text;
    buf_init(&text, 0);
    for (size_t i = 0; i < p->count; i++) {
        Slice name = p->names[i];
        ASSERT(name.len > 0 && name.len <= HTTP_NAME_MAX && name.ptr[0] != '.');
        for (size_t k = 0; k < name.len; k++)
            ASSERT(name.ptr[k] > 0x20 && name.ptr[k] < 0x7F && !strchr("/\\%:", name.ptr[k]));
        buf_addc(&text, '/');
        buf_add(&text, name);
    }
    if (p->folder)
        buf_addc(&text, '/');
    ASSERT(http_path_parse(buf_slice(&text), &again, NULL) == OK);
    ASSERT(again.count == p->count && again.folder == p->folder);
    ASSERT(slice_eq(http_path_rest(&again, 0), http_path_rest(p, 0)));
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice s = {(const char *)data, size};
    HttpPath p;
    Guard g = {0};
    Error err = ERROR_INIT;
    Status st = http_path_parse(s, &p, &err);
    if (st == OK)
        check_path(&p);
    else
        ASSERT(err.status == st && err.message[0]);
    Slice value = s;
    Slice name = slice_cut(&value, ':');
    guard_header(&g, name, value);
    int verdict = guard_verdict(&g, SLICE("GET"), s, SLICE("HTTP/1.0"));
    ASSERT(verdict == 0 || verdict == 400);
    (void)http_etag_matches(s, "\"0\"");
    return 0;
}
