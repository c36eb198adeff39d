/*
 * Decimal numbers of JJ files.
 *
 * Programs write them with printf's %g, so that 2.06099e+10 and 233.9999875 stand in one file. Both are exact decimals;
 * reading them as doubles would make sums hold or fail by accident.
 */
#include "sdc/jj_number.h"

#define MAX_SIGNIFICANT 18 /* 10^18 < 2^63 */
#define MAX_EXPONENT 300

typedef struct Digits {
    int64_t mantissa;
    int32_t exponent;
    uint32_t significant;
    uint32_t zeros; /* seen since the last digit that is not zero, and not yet in the mantissa */
    bool any;
} Digits;

static bool take_digit(Digits *d, char c, bool fraction)
{
    d->any = true;
    if (fraction)
        d->exponent--;
    if (c == '0') {
        d->zeros++;
        return true;
    }
    uint32_t push = (d->significant ? d->zeros : 0) + 1;
    if (push > MAX_SIGNIFICANT - d->significant)
        return false;
    for (uint32_t i = 1; i < push; i++)
        d->mantissa *= 10;
    d->mantissa = d->mantissa * 10 + (c - '0');
    d->significant += push;
    d->zeros = 0;
    return true;
}

static bool take_exponent(Slice s, int32_t *exponent)
{
    int64_t e;
    if (parse_i64(s, &e, NULL) != OK || e > MAX_EXPONENT || e < -MAX_EXPONENT)
        return false;
    *exponent += (int32_t)e;
    return true;
}

bool jj_number_parse(Slice s, JjNumber *out)
{
    Digits d = {0};
    size_t i = 0;
    bool negative = s.len > 0 && s.ptr[0] == '-', fraction = false;
    if (s.len > (size_t)2 * MAX_EXPONENT)
        return false;
    if (negative || (s.len > 0 && s.ptr[0] == '+'))
        i++;
    for (; i < s.len && s.ptr[i] != 'e' && s.ptr[i] != 'E'; i++) {
        char c = s.ptr[i];
        if (c == '.' && !fraction)
            fraction = true;
        else if (c < '0' || c > '9' || !take_digit(&d, c, fraction))
            return false;
    }
    if (!d.any || (i < s.len && !take_exponent(slice_sub(s, i + 1, s.len), &d.exponent)))
        return false;
    d.exponent += (int32_t)d.zeros;
    *out = d.mantissa ? (JjNumber){negative ? -d.mantissa : d.mantissa, d.exponent} : (JjNumber){0};
    return true;
}

uint32_t jj_number_decimals(JjNumber n)
{
    return n.exponent < 0 ? (uint32_t)-n.exponent : 0;
}

static bool times_power(int64_t mantissa, int64_t power, int64_t max, int64_t *out)
{
    int64_t v = mantissa;
    if (power > MAX_SIGNIFICANT && v != 0)
        return false;
    for (int64_t i = 0; i < power && v != 0; i++)
        if (CKD_MUL(&v, v, (int64_t)10))
            return false;
    *out = v;
    return v <= max && v >= -max;
}

bool jj_number_scale(JjNumber n, uint32_t decimals, int64_t max, int64_t *out)
{
    int64_t power = (int64_t)n.exponent + decimals;
    return power >= 0 && times_power(n.mantissa, power, max, out);
}

bool jj_number_round(JjNumber n, uint32_t decimals, JjRound how, int64_t max, int64_t *out)
{
    int64_t power = (int64_t)n.exponent + decimals;
    if (power >= 0)
        return times_power(n.mantissa, power, max, out);
    int64_t whole = 0, rest = n.mantissa, unit = INT64_MAX; /* far below one unit, unless power says otherwise */
    if (power >= -MAX_SIGNIFICANT) {
        unit = 1;
        for (int64_t i = power; i < 0; i++)
            unit *= 10;
        whole = n.mantissa / unit;
        rest = n.mantissa % unit;
    }
    if (how == JJ_UP)
        whole += rest > 0;
    else if (how == JJ_DOWN)
        whole -= rest < 0;
    else
        whole += rest > 0 ? rest >= unit - rest : -(-rest >= unit + rest);
    *out = whole;
    return whole <= max && whole >= -max;
}

void jj_number_write(Buf *out, int64_t value, uint32_t decimals)
{
    uint64_t v = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    char digits[MAX_SIGNIFICANT + 2];
    while (decimals > 0 && v % 10 == 0) {
        v /= 10;
        decimals--;
    }
    if (value < 0)
        buf_addc(out, '-');
    size_t at = sizeof digits, fraction = 0;
    for (; fraction < decimals && v > 0; fraction++, v /= 10)
        digits[--at] = (char)('0' + v % 10);
    buf_add_u64(out, v);
    if (decimals == 0)
        return;
    buf_addc(out, '.');
    buf_pad(out, '0', decimals - fraction);
    buf_add(out, (Slice){digits + at, sizeof digits - at});
}
