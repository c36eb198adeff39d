/*
 * Arena: a list of chunks, the newest in front and the only one with room.
 *
 * Chunks double from 4 KiB to 1 MiB, so that a small arena stays small and a
 * large one asks the allocator seldom. A piece larger than half a chunk gets
 * its own and is linked behind the front one, whose room is not lost. With
 * CAIRN_ARENA_MALLOC every piece is a chunk of its own.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/arith.h"
#include "base/mem.h"

#define ALIGNMENT ((size_t)16)
#define CHUNK_FIRST ((size_t)4096)
#define CHUNK_LARGEST ((size_t)1 << 20)

struct ArenaChunk {
    ArenaChunk *next;
    size_t used;
    size_t cap;
    alignas(16) char data[];
};

void arena_init(Arena *a, size_t limit)
{
    *a = (Arena){.limit = limit};
}

static void free_chunks(ArenaChunk *c)
{
    while (c) {
        ArenaChunk *next = c->next;
        mem_free(c);
        c = next;
    }
}

void arena_reset(Arena *a)
{
    a->used = 0;
    if (!a->head)
        return;
#ifdef CAIRN_ARENA_MALLOC
    free_chunks(a->head);
    a->head = NULL;
#else
    free_chunks(a->head->next);
    a->head->next = NULL;
    a->head->used = 0;
#endif
}

void arena_free(Arena *a)
{
    free_chunks(a->head);
    *a = (Arena){.limit = a->limit};
}

void arena_wipe(Arena *a)
{
    for (ArenaChunk *c = a->head; c; c = c->next)
        mem_wipe(c->data, c->cap);
    arena_free(a);
}

static Status chunk_new(size_t cap, ArenaChunk **out, Error *err)
{
    size_t total;
    if (CKD_ADD(&total, cap, sizeof(ArenaChunk)))
        return error_nomem(err);
    ArenaChunk *c = NULL;
    TRY(mem_alloc(total, (void **)&c, err));
    c->next = NULL;
    c->used = 0;
    c->cap = cap;
    *out = c;
    return OK;
}

#ifdef CAIRN_ARENA_MALLOC

static Status chunk_with_room(Arena *a, size_t size, size_t align, ArenaChunk **out, Error *err)
{
    UNUSED(align);
    TRY(chunk_new(size, out, err));
    (*out)->next = a->head;
    a->head = *out;
    return OK;
}

#else

static Status chunk_with_room(Arena *a, size_t size, size_t align, ArenaChunk **out, Error *err)
{
    ArenaChunk *head = a->head;
    if (head) {
        size_t start = (head->used + align - 1) & ~(align - 1);
        if (start <= head->cap && size <= head->cap - start) {
            head->used = start;
            *out = head;
            return OK;
        }
    }
    size_t cap = head ? head->cap * 2 : CHUNK_FIRST;
    if (cap > CHUNK_LARGEST)
        cap = CHUNK_LARGEST;
    ArenaChunk *fresh = NULL;
    if (head && size > cap / 2) {
        TRY(chunk_new(size, &fresh, err));
        fresh->next = head->next;
        head->next = fresh;
    } else {
        TRY(chunk_new(size > cap ? size : cap, &fresh, err));
        fresh->next = head;
        a->head = fresh;
    }
    *out = fresh;
    return OK;
}

#endif

/* Memory of any content. */
static Status take(Arena *a, size_t size, size_t align, char **out, Error *err)
{
    size_t used;
    if (CKD_ADD(&used, a->used, size))
        return error_nomem(err);
    if (a->limit && used > a->limit)
        return error_set(err, ERR_LIMIT, "more than %zu bytes of working memory needed", a->limit);
    ArenaChunk *c = NULL;
    TRY(chunk_with_room(a, size, align, &c, err));
    *out = c->data + c->used;
    c->used += size;
    a->used = used;
    return OK;
}

Status arena_alloc(Arena *a, size_t size, void **out, Error *err)
{
    char *p = NULL;
    TRY(take(a, size, ALIGNMENT, &p, err));
    memset(p, 0, size);
    *out = p;
    return OK;
}

Status arena_array_(Arena *a, size_t count, size_t size, void **out, Error *err)
{
    size_t total;
    if (CKD_MUL(&total, count, size))
        return error_nomem(err);
    return arena_alloc(a, total, out, err);
}

Status arena_dup(Arena *a, Slice s, Slice *out, Error *err)
{
    size_t size;
    if (CKD_ADD(&size, s.len, (size_t)1))
        return error_nomem(err);
    char *copy = NULL;
    TRY(take(a, size, 1, &copy, err));
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    *out = (Slice){copy, s.len};
    return OK;
}

PRINTF_LIKE(4, 0)
static Status format_text(Arena *a, Slice *out, Error *err, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    char *text = NULL;
    int n = vsnprintf(NULL, 0, fmt, args);
    Status st =
        n < 0 ? error_set(err, ERR_INTERNAL, "text could not be formatted") : take(a, (size_t)n + 1, 1, &text, err);
    if (st == OK) {
        (void)vsnprintf(text, (size_t)n + 1, fmt, again);
        *out = (Slice){text, (size_t)n};
    }
    va_end(again);
    return st;
}

Status arena_printf(Arena *a, const char **out, Error *err, const char *fmt, ...)
{
    va_list args;
    Slice text;
    va_start(args, fmt);
    Status st = format_text(a, &text, err, fmt, args);
    va_end(args);
    if (st == OK)
        *out = text.ptr;
    return st;
}

Status arena_format(Arena *a, Slice *out, Error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    Status st = format_text(a, out, err, fmt, args);
    va_end(args);
    return st;
}
