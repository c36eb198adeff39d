/*
 * Buf: growing text with a stated maximum and a sticky status.
 *
 * Invariant: ptr is NULL and cap 0, or len < cap <= max + 1 and ptr[len] is
 * NUL. Growth doubles, so that n appends cost O(n) copies.
 */
#include "base/slice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/arith.h"
#include "base/mem.h"

#define BUF_FIRST_CAP ((size_t)256)
#define EIGHT_DIGITS UINT64_C(100000000)

static size_t max_of(const Buf *b)
{
    return b->max ? b->max : BUF_MAX_DEFAULT;
}

void buf_init(Buf *b, size_t max)
{
    *b = (Buf){.max = max ? max : BUF_MAX_DEFAULT};
}

void buf_free(Buf *b)
{
    mem_free(b->ptr);
    *b = (Buf){.max = b->max};
}

void buf_reset(Buf *b)
{
    b->len = 0;
    b->status = OK;
    if (b->ptr)
        b->ptr[0] = '\0';
}

/* Makes room for n more bytes and the NUL. */
static bool grow(Buf *b, size_t n)
{
    if (b->status != OK)
        return false;
    if (n < b->cap - b->len)
        return true;
    size_t need;
    if (CKD_ADD(&need, b->len, n) || need > max_of(b)) {
        b->status = ERR_LIMIT;
        return false;
    }
    size_t cap = b->cap ? b->cap : BUF_FIRST_CAP;
    while (cap <= need)
        if (CKD_MUL(&cap, cap, (size_t)2))
            cap = need + 1;
    /* the inline append looks at cap only, so cap must enforce the maximum */
    if (cap - 1 > max_of(b))
        cap = max_of(b) + 1;
    b->status = mem_resize((void **)&b->ptr, cap, 1, NULL);
    if (b->status != OK)
        return false;
    b->cap = cap;
    b->ptr[b->len] = '\0';
    return true;
}

char *buf_reserve(Buf *b, size_t n)
{
    return grow(b, n) ? b->ptr + b->len : NULL;
}

void buf_advance(Buf *b, size_t n)
{
    ASSERT(b->ptr && n < b->cap - b->len);
    b->len += n;
    b->ptr[b->len] = '\0';
}

void buf_add_slow_(Buf *b, const char *ptr, size_t len)
{
    char *at = buf_reserve(b, len);
    if (!at)
        return;
    if (len > 0)
        memcpy(at, ptr, len);
    buf_advance(b, len);
}

void buf_addv(Buf *b, const char *fmt, va_list args)
{
    if (!grow(b, 0))
        return;
    va_list again;
    va_copy(again, args);
    size_t room = b->cap - b->len;
    int n = vsnprintf(b->ptr + b->len, room, fmt, args);
    if (n < 0) {
        b->status = ERR_INTERNAL;
        b->ptr[b->len] = '\0';
    } else if ((size_t)n < room) {
        b->len += (size_t)n;
    } else {
        b->ptr[b->len] = '\0';
        if (grow(b, (size_t)n)) {
            (void)vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
            b->len += (size_t)n;
        }
    }
    va_end(again);
}

void buf_addf(Buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_addv(b, fmt, args);
    va_end(args);
}

static const char digit_pairs[201] = "00010203040506070809101112131415161718192021222324"
                                     "25262728293031323334353637383940414243444546474849"
                                     "50515253545556575859606162636465666768697071727374"
                                     "75767778798081828384858687888990919293949596979899";

/* Eight digits, leading zeros included; the pairs do not wait for each other. */
static void put_eight(char *out, uint32_t v)
{
    uint32_t high = v / 10000, low = v % 10000;
    memcpy(out, digit_pairs + 2 * (high / 100), 2);
    memcpy(out + 2, digit_pairs + 2 * (high % 100), 2);
    memcpy(out + 4, digit_pairs + 2 * (low / 100), 2);
    memcpy(out + 6, digit_pairs + 2 * (low % 100), 2);
}

void buf_add_u64(Buf *b, uint64_t v)
{
    char text[3 * 8];
    size_t start = 16;
    put_eight(text + 16, (uint32_t)(v % EIGHT_DIGITS));
    if (v >= EIGHT_DIGITS) {
        v /= EIGHT_DIGITS;
        put_eight(text + 8, (uint32_t)(v % EIGHT_DIGITS));
        start = 8;
        if (v >= EIGHT_DIGITS) {
            put_eight(text, (uint32_t)(v / EIGHT_DIGITS));
            start = 0;
        }
    }
    while (text[start] == '0' && start + 1 < sizeof text)
        start++;
    buf_add(b, (Slice){text + start, sizeof text - start});
}

void buf_add_i64(Buf *b, int64_t v)
{
    if (v < 0)
        buf_addc(b, '-');
    buf_add_u64(b, v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v);
}

void buf_pad(Buf *b, char c, size_t n)
{
    char *at = buf_reserve(b, n);
    if (!at)
        return;
    memset(at, c, n);
    buf_advance(b, n);
}

Slice buf_slice(const Buf *b)
{
    return (Slice){buf_z(b), b->len};
}

const char *buf_z(const Buf *b)
{
    return b->ptr ? b->ptr : "";
}

Status buf_status(const Buf *b, Error *err)
{
    switch (b->status) {
    case OK:
        return OK;
    case ERR_NOMEM:
        return error_nomem(err);
    case ERR_LIMIT:
        return error_set(err, ERR_LIMIT, "text is larger than %zu bytes", max_of(b));
    default:
        return error_set(err, b->status, "text could not be formatted");
    }
}

void buf_add_quoted(Buf *b, Slice s, char quote)
{
    buf_addc(b, quote);
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == quote)
            buf_addc(b, quote);
        buf_addc(b, s.ptr[i]);
    }
    buf_addc(b, quote);
}
