/*
 * Number readers that know no locale and accept the whole slice or nothing.
 *
 * Decimals take the exact fast path of Clinger (1990): a mantissa below 2^53
 * and a power of ten up to 10^22 are both exact doubles, so that one rounded
 * multiplication or division gives the nearest double. The rest goes to the C
 * library under the C locale.
 */
#include "base/arith.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static Status bad_number(Slice s, Status status, const char *why, Error *err)
{
    (void)error_set(err, status, "%s", why);
    error_detail(err, "value '%.*s'", s.len > 100 ? 100 : (int)s.len, s.ptr);
    return status;
}

/* Sign and magnitude of an integer slice; the caller checks the range. */
static Status parse_magnitude(Slice s, bool *negative, uint64_t *out, Error *err)
{
    size_t i = 0;
    *negative = false;
    if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+')) {
        *negative = s.ptr[0] == '-';
        i = 1;
    }
    if (i == s.len)
        return bad_number(s, ERR_PARSE, "not a whole number", err);
    uint64_t v = 0;
    bool overflow = false;
    for (; i < s.len; i++) {
        if (!is_digit(s.ptr[i]))
            return bad_number(s, ERR_PARSE, "not a whole number", err);
        overflow |= CKD_MUL(&v, v, (uint64_t)10);
        overflow |= CKD_ADD(&v, v, (uint64_t)(s.ptr[i] - '0'));
    }
    if (overflow)
        return bad_number(s, ERR_LIMIT, "whole number does not fit 64 bits", err);
    *out = v;
    return OK;
}

Status parse_i64(Slice s, int64_t *out, Error *err)
{
    bool negative = false;
    uint64_t v = 0;
    TRY(parse_magnitude(s, &negative, &v, err));
    if (v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return bad_number(s, ERR_LIMIT, "whole number does not fit 64 bits", err);
    *out = !negative ? (int64_t)v : v == 0 ? 0 : -(int64_t)(v - 1) - 1;
    return OK;
}

Status parse_u64(Slice s, uint64_t *out, Error *err)
{
    bool negative = false;
    uint64_t v = 0;
    TRY(parse_magnitude(s, &negative, &v, err));
    if (negative && v != 0)
        return bad_number(s, ERR_LIMIT, "number must not be negative", err);
    *out = v;
    return OK;
}

/* The parts of a decimal: value = mantissa * 10^exponent, unless more digits were dropped. */
typedef struct Decimal {
    bool negative;
    bool exact; /* mantissa holds every digit */
    uint64_t mantissa;
    int64_t exponent;
} Decimal;

static bool scan_decimal(Slice s, Decimal *d)
{
    size_t i = 0;
    size_t digits = 0;
    *d = (Decimal){.exact = true};
    if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+'))
        d->negative = s.ptr[i++] == '-';
    bool in_fraction = false;
    for (; i < s.len; i++) {
        if (s.ptr[i] == '.' && !in_fraction) {
            in_fraction = true;
            continue;
        }
        if (!is_digit(s.ptr[i]))
            break;
        digits++;
        if (d->mantissa > (UINT64_MAX - 9) / 10) {
            d->exact = false;
            continue;
        }
        d->mantissa = d->mantissa * 10 + (uint64_t)(s.ptr[i] - '0');
        if (in_fraction)
            d->exponent--;
    }
    if (digits == 0)
        return false;
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        bool down = false;
        if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+'))
            down = s.ptr[i++] == '-';
        size_t first = i;
        int64_t exponent = 0;
        for (; i < s.len && is_digit(s.ptr[i]); i++)
            if (exponent < 100000)
                exponent = exponent * 10 + (s.ptr[i] - '0');
        if (i == first)
            return false;
        d->exponent += down ? -exponent : exponent;
    }
    return i == s.len;
}

static double by_library(const char *z)
{
    /* glibc hands out its static C locale here: no allocation */
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    ASSERT(c != (locale_t)0);
    double v = strtod_l(z, NULL, c);
    freelocale(c);
    return v;
}

Status parse_f64(Slice s, double *out, Error *err)
{
    static const double tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    Decimal d;
    if (!scan_decimal(s, &d))
        return bad_number(s, ERR_PARSE, "not a number", err);
    if (d.exact && d.mantissa <= (UINT64_C(1) << 53) && d.exponent >= -22 && d.exponent <= 22) {
        double v = (double)d.mantissa;
        v = d.exponent < 0 ? v / tens[-d.exponent] : v * tens[d.exponent];
        *out = d.negative ? -v : v;
        return OK;
    }
    char z[512];
    if (s.len >= sizeof z)
        return bad_number(s, ERR_LIMIT, "number is longer than 511 characters", err);
    memcpy(z, s.ptr, s.len);
    z[s.len] = '\0';
    double v = by_library(z);
    if (!isfinite(v))
        return bad_number(s, ERR_LIMIT, "number is too large", err);
    *out = v;
    return OK;
}

Status parse_fixed(Slice s, unsigned places, int64_t *out, Error *err)
{
    char digits[64];
    size_t dot = slice_find(s, SLICE("."));
    size_t fraction = dot < s.len ? s.len - dot - 1 : 0;
    if (fraction > places || (dot < s.len && fraction == 0) || dot == 0 || !is_digit(s.ptr[dot - 1]))
        return bad_number(s, ERR_PARSE, "not a decimal number of so few places", err);
    if (s.len + places >= sizeof digits)
        return bad_number(s, ERR_LIMIT, "decimal number is too long", err);
    memcpy(digits, s.ptr, dot);
    if (fraction > 0)
        memcpy(digits + dot, s.ptr + dot + 1, fraction);
    memset(digits + dot + fraction, '0', places - fraction);
    if (dot < s.len && !is_digit(s.ptr[dot + 1]))
        return bad_number(s, ERR_PARSE, "not a decimal number", err);
    return parse_i64((Slice){digits, dot + places}, out, err);
}
