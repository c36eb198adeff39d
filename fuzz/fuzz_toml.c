/*
 * Fuzzes the TOML reader. Beyond memory safety: a failure names its line, and
 * an accepted document is well-formed: counts are right, keys differ, strings
 * are UTF-8.
 */
#include "base/base.h"

static void check_tree(const Toml *v)
{
    size_t count = 0;
    ASSERT(slice_is_utf8(v->key, NULL) && slice_is_utf8(v->string, NULL));
    for (const Toml *m = v->first; m; m = m->next, count++) {
        ASSERT(m->line >= 1);
        /* the first member of this name must be this one; the pairwise check stays off large tables */
        if (v->type == TOML_TABLE && count < 50 && !memchr(m->key.ptr, '\0', m->key.len))
            ASSERT(toml_get(v, m->key.ptr) == m);
        check_tree(m);
    }
    ASSERT(count == v->count && (count == 0 || v->type == TOML_ARRAY || v->type == TOML_TABLE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena;
    const Toml *root = NULL;
    Error err = ERROR_INIT;
    arena_init(&arena, (size_t)64 << 20);
    Status st = toml_parse((Slice){(const char *)data, size}, "fuzz.toml", &arena, &root, &err);
    if (st == OK)
        check_tree(root);
    else
        ASSERT(err.status == st && err.message[0] && (st != ERR_PARSE || err.line >= 1));
    arena_free(&arena);
    return 0;
}
