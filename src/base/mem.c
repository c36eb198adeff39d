/*
 * The only door to the allocator, with a countdown that lets tests fail the
 * n-th allocation (curl's torture tests).
 *
 * The countdown is the one mutable variable of the room besides the
 * cancellation flag: per thread, and switched on by tests only.
 */
#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arith.h"

#define FAIL_OFF (-1L)
#define LARGE ((size_t)4 << 20) /* two large pages */

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

/* Large pieces ask for large pages: a table of millions of records is read here and there, and with pages of 4 KiB half
 * the time of each read goes into finding the page. A wish only, and never an error. For the whole of a piece's
 * mapping: a wish for a part of it would make two mappings of one, which mremap does not move, and then each growth of
 * a large array would copy it. */
static void wish_large_pages(void *p, size_t size)
{
#ifdef MADV_HUGEPAGE
    if (size < LARGE)
        return;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)p / page * page;
    uintptr_t end = ((uintptr_t)p + size + page - 1) / page * page;
    (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#endif
}

Status mem_alloc(size_t size, void **out, Error *err)
{
    void *p = fails_now() ? NULL : malloc(size ? size : 1);
    if (!p)
        return error_nomem(err);
    wish_large_pages(p, size);
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
    wish_large_pages(p, total);
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
    wish_large_pages(p, total);
    *ptr = p;
    return OK;
}

void mem_free(void *ptr)
{
    free(ptr);
}

void mem_give_back(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
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
