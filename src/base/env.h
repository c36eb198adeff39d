/* The process's surroundings: environment variables and the running program's own file. */
#ifndef CAIRN_BASE_ENV_H
#define CAIRN_BASE_ENV_H

#include "base/arena.h"
#include "base/error.h"

/* Borrowed from the environment; NULL when unset or empty. */
const char *env_get(const char *name);
/* The path with links and dots resolved, in the arena. ERR_NOT_FOUND when it does not exist. */
MUST_USE Status path_absolute(Arena *arena, const char *path, const char **out, Error *err);

#endif
