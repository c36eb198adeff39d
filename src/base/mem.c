/*
 * The only door to the allocator, with a countdown that lets tests fail the
 * n-th allocation (curl's torture tests).
 *
 * The countdown is the one mutable variable of the room besides the
 * cancellation flag: per thread, and switched on by tests only.
 */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"

#define FAIL_OFF (-1L)

/* lint: allow no-mutable-global one countdown a thread, for tests that fail an allocation at will */
static _Thread_local long fail_countdown = FAIL_OFF;

void mem_fail_after(long n)
{
    fail_countdown = n < 0 ? FAIL_OFF : n;
}

bool mem_fail_pending(void)
{
    return fail_countdown >= 0;
}

static bool fails_now(void)
{
    if (fail_countdown < 0)
        return false;
    return fail_countdown-- == 0;
}

Status mem_alloc(size_t size, void **out, Error *err)
{
    void *p = fails_now() ? NULL : malloc(size ? size : 1);
    if (!p)
        return error_nomem(err);
    *out = p;
    return OK;
}

Status mem_zalloc(size_t count, size_t size, void **out, Error *err)
{
    size_t total;
    if (CKD_MUL(&total, count, size))
        return error_nomem(err);
    /* calloc knows which pages come zeroed from the kernel; memset would touch them all */
    void *p = fails_now() ? NULL : calloc(1, total ? total : 1);
    if (!p)
        return error_nomem(err);
    *out = p;
    return OK;
}

Status mem_resize(void **ptr, size_t count, size_t size, Error *err)
{
    size_t total;
    if (CKD_MUL(&total, count, size))
        return error_nomem(err);
    void *p = fails_now() ? NULL : realloc(*ptr, total ? total : 1);
    if (!p)
        return error_nomem(err);
    *ptr = p;
    return OK;
}

void mem_free(void *ptr)
{
    free(ptr);
}

Status mem_strndup(const char *s, size_t n, char **out, Error *err)
{
    size_t size;
    if (CKD_ADD(&size, n, (size_t)1))
        return error_nomem(err);
    char *copy = NULL;
    TRY(mem_alloc(size, (void **)&copy, err));
    if (n > 0)
        memcpy(copy, s, n);
    copy[n] = '\0';
    *out = copy;
    return OK;
}

void mem_wipe(void *ptr, size_t size)
{
    if (ptr && size > 0)
        explicit_bzero(ptr, size);
}
