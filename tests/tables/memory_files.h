/* Files in memory for tables: a NULL-terminated list of name and text. */
#ifndef CAIRN_TESTS_MEMORY_FILES_H
#define CAIRN_TESTS_MEMORY_FILES_H

#include "tables/tables.h"

static inline Status memory_load(void *ctx, Slice name, Arena *arena, Slice *text, Error *err)
{
    for (const char *const *f = ctx; *f; f += 2)
        if (slice_eq_z(name, f[0]))
            return arena_dup(arena, slice_of(f[1]), text, err);
    return error_set(err, ERR_NOT_FOUND, "no file %.*s", SLICE_ARG(name));
}

#endif
