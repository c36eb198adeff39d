/*
 * Arena: many small things with one lifetime (a job, a file, a batch, a request).
 *
 * In builds with CAIRN_ARENA_MALLOC (the sanitizer leg) every piece is its own
 * malloc, so that the sanitizers see each overrun.
 */
#ifndef CAIRN_BASE_ARENA_H
#define CAIRN_BASE_ARENA_H

#include "base/error.h"
#include "base/slice.h"

typedef struct ArenaChunk ArenaChunk;
typedef struct Arena {
    ArenaChunk *head;
    size_t used;  /* bytes handed out since init or reset */
    size_t limit; /* 0: none */
} Arena;

void arena_init(Arena *a, size_t limit);
void arena_reset(Arena *a); /* frees all pieces; the arena stays usable */
void arena_free(Arena *a);
void arena_wipe(Arena *a); /* arena_free of what must not stay in memory */
/* 16-byte aligned, zeroed. ERR_NOMEM, or ERR_LIMIT when the limit is reached. */
MUST_USE Status arena_alloc(Arena *a, size_t size, void **out, Error *err);
/* NUL-terminated copy. */
MUST_USE Status arena_dup(Arena *a, Slice s, Slice *out, Error *err);
MUST_USE Status arena_printf(Arena *a, const char **out, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The same as a slice; a NUL stands behind it. */
MUST_USE Status arena_format(Arena *a, Slice *out, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* arena_new(&a, Type, count, &ptr, err) */
#define arena_new(a, type, count, out, err) arena_array_((a), (count), sizeof(type), (void **)(type **){(out)}, (err))
MUST_USE Status arena_array_(Arena *a, size_t count, size_t size, void **out, Error *err);

#endif
