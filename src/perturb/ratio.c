/* Fractions as policy writes them: text to integers without a detour through floating point. */
#include "perturb/dp_impl.h"

#define DIGITS_MAX 9

static Status digits(Slice s, uint64_t *out, Error *err)
{
    *out = 0;
    if (s.len == 0 || s.len > DIGITS_MAX)
        return error_set(err, ERR_PARSE, "not a number such as 0.25 or 1/4 (at most nine digits a side)");
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return error_set(err, ERR_PARSE, "not a number such as 0.25 or 1/4 (at most nine digits a side)");
        *out = *out * 10 + (uint64_t)(s.ptr[i] - '0');
    }
    return OK;
}

Ratio ratio_of(uint64_t num, uint64_t den)
{
    uint64_t a = num, b = den;
    while (b > 0) {
        uint64_t t = a % b;
        a = b;
        b = t;
    }
    return (Ratio){num / a, den / a};
}

Status ratio_parse(Slice s, Ratio *out, Error *err)
{
    uint64_t left, right = 0, den = 1;
    size_t stroke = 0, point = 0;
    while (stroke < s.len && s.ptr[stroke] != '/')
        stroke++;
    while (point < s.len && s.ptr[point] != '.')
        point++;
    size_t cut = stroke < s.len ? stroke : point;
    TRY(digits(slice_sub(s, 0, cut), &left, err));
    if (cut < s.len)
        TRY(digits(slice_sub(s, cut + 1, s.len), &right, err));
    if (stroke < s.len) {
        if (right == 0)
            return error_set(err, ERR_PARSE, "a fraction over 0");
        *out = ratio_of(left, right);
        return OK;
    }
    for (size_t i = cut + 1; i < s.len; i++)
        den *= 10;
    *out = ratio_of(left * den + right, den);
    return OK;
}

void ratio_print(Ratio r, Buf *out)
{
    buf_add_u64(out, r.num);
    if (r.den == 1)
        return;
    buf_addc(out, '/');
    buf_add_u64(out, r.den);
}
