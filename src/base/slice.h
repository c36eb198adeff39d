/*
 * Slice: borrowed bytes. Buf: owned, growing bytes with a stated maximum.
 *
 * Buf is sticky: once an append fails (no memory, maximum reached), further
 * appends do nothing and buf_status tells at the end, so that writers of text
 * need one check instead of hundreds.
 */
#ifndef CAIRN_BASE_SLICE_H
#define CAIRN_BASE_SLICE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

typedef struct Slice {
    const char *ptr;
    size_t len;
} Slice;

#define SLICE(literal) ((Slice){("" literal), sizeof(literal) - 1})
#define SLICE_INIT(literal) \
    { \
        ("" literal), sizeof(literal) - 1 \
    }                                      /* in static tables, where SLICE is no constant */
#define SLICE_ARG(s) (int)(s).len, (s).ptr /* for "%.*s" */

static inline Slice slice_of(const char *z)
{
    return (Slice){z, z ? strlen(z) : 0};
}
static inline Slice slice_sub(Slice s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (Slice){from > 0 ? s.ptr + from : s.ptr, to - from};
}
bool slice_eq(Slice a, Slice b);
bool slice_eq_z(Slice a, const char *z);
/* ASCII only; the locale plays no part. */
bool slice_eq_nocase(Slice a, Slice b);
int slice_cmp(Slice a, Slice b); /* bytewise order */
bool slice_starts(Slice s, Slice prefix);
bool slice_ends(Slice s, Slice suffix);
Slice slice_trim(Slice s); /* ASCII blanks at both ends */
/* Index of the first occurrence, or s.len. */
size_t slice_find(Slice s, Slice needle);
/* Cuts *rest at the first sep; returns the part before it. Without a sep it returns all and sets rest->ptr NULL, so
 * that `while (rest.ptr)` sees "a,b," as three parts and "a,b" as two. */
Slice slice_cut(Slice *rest, char sep);
/* True when the bytes are well-formed UTF-8 (RFC 3629); otherwise *bad (may be NULL) is the offset of the first bad
 * byte. */
bool slice_is_utf8(Slice s, size_t *bad);

typedef struct Buf {
    char *ptr; /* NUL-terminated whenever non-NULL */
    size_t len;
    size_t cap;
    size_t max;
    Status status;
} Buf;

#define BUF_MAX_DEFAULT ((size_t)1 << 30)

/* max = 0 means BUF_MAX_DEFAULT. Cannot fail. */
void buf_init(Buf *b, size_t max);
void buf_free(Buf *b);  /* a zeroed Buf is fine */
void buf_reset(Buf *b); /* keeps the memory, forgets content and status */
/* s must not lie inside b. */
static inline void buf_add(Buf *b, Slice s);
static inline void buf_adds(Buf *b, const char *z);
static inline void buf_addc(Buf *b, char c);
void buf_addf(Buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_addv(Buf *b, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
void buf_add_u64(Buf *b, uint64_t v); /* decimal; much faster than buf_addf */
void buf_add_i64(Buf *b, int64_t v);
void buf_pad(Buf *b, char c, size_t n);
/* s between two quote characters, each one inside doubled: how SQL writes literals and identifiers. */
void buf_add_quoted(Buf *b, Slice s, char quote);
/* Room for n more bytes at the returned place, or NULL when sticky-failed; then call buf_advance. */
char *buf_reserve(Buf *b, size_t n);
void buf_advance(Buf *b, size_t n);
Slice buf_slice(const Buf *b);
const char *buf_z(const Buf *b); /* never NULL */
MUST_USE Status buf_status(const Buf *b, Error *err);

/* The common case inline: gigabytes of generated text go through here. */
void buf_add_slow_(Buf *b, const char *ptr, size_t len);
static inline void buf_add(Buf *b, Slice s)
{
    if (b->status != OK || s.len >= b->cap - b->len) {
        buf_add_slow_(b, s.ptr, s.len);
        return;
    }
    if (s.len > 0)
        memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
    b->ptr[b->len] = '\0';
}
static inline void buf_adds(Buf *b, const char *z)
{
    buf_add(b, slice_of(z));
}
static inline void buf_addc(Buf *b, char c)
{
    buf_add(b, (Slice){&c, 1});
}

#endif
