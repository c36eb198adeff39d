/* Environment and paths of the running process; the only caller of getenv besides the clock. */
#include "base/env.h"

#include <limits.h>
#include <stdlib.h>

const char *env_get(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

Status path_absolute(Arena *arena, const char *path, const char **out, Error *err)
{
    char resolved[PATH_MAX];
    if (!realpath(path, resolved))
        return error_errno(err, "could not resolve path \"%s\"", path);
    Slice copy;
    TRY(arena_dup(arena, slice_of(resolved), &copy, err));
    *out = copy.ptr;
    return OK;
}
