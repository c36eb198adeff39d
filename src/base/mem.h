/*
 * The only door to the allocator.
 *
 * Tests can make the n-th allocation of this thread fail (mem_fail_after), so
 * that every error path that follows a failed allocation can be walked, as
 * curl's torture tests do.
 */
#ifndef CAIRN_BASE_MEM_H
#define CAIRN_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Never returns OK with NULL, also for size 0. Contents undefined; mem_zalloc zeroes.
 * Free with mem_free. ERR_NOMEM when the allocator refuses or count * size overflows. */
MUST_USE Status mem_alloc(size_t size, void **out, Error *err);
MUST_USE Status mem_zalloc(size_t count, size_t size, void **out, Error *err);
/* *ptr may be NULL. On failure *ptr is untouched and still owned by the caller. */
MUST_USE Status mem_resize(void **ptr, size_t count, size_t size, Error *err);
void mem_free(void *ptr);
/* Gives the system back what the allocator keeps of freed pieces: where much has been freed and large arrays, which are
 * mapped by themselves, come next. Takes a look at all that is kept. */
void mem_give_back(void);
/* A NUL-terminated copy of n bytes; free with mem_free. */
MUST_USE Status mem_strndup(const char *s, size_t n, char **out, Error *err);
/* Overwrites secrets in a way the compiler may not remove. */
void mem_wipe(void *ptr, size_t size);

/*
 * Test hook, per thread: after n more successful allocations the next one fails,
 * once. Negative switches it off. mem_fail_pending tells whether it has not fired yet.
 */
void mem_fail_after(long n);
bool mem_fail_pending(void);

#endif
