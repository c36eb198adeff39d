/* Levels of numbers of persons, telephones, e-mail, free text and quantities, over standard texts (standard.c). */
#include "kernel/kernel.h"
#include "match/value_impl.h"

#define WORDS_MAX 16
#define LOCAL_LEAST 6 /* letters before the @ for two edits to be few */

bool is_transposed(Slice a, Slice b)
{
    size_t i = 0;
    if (a.len != b.len)
        return false;
    while (i < a.len && a.ptr[i] == b.ptr[i])
        i++;
    return i + 1 < a.len && a.ptr[i] == b.ptr[i + 1] && a.ptr[i + 1] == b.ptr[i] &&
           memcmp(a.ptr + i + 2, b.ptr + i + 2, a.len - i - 2) == 0;
}

static Slice tail(Slice s, size_t n)
{
    return slice_sub(s, s.len > n ? s.len - n : 0, s.len);
}

LevelId level_ssn(Slice a, Slice b)
{
    if (is_transposed(a, b))
        return LV_TRANSPOSED;
    if (a.len == b.len && a.len == 9 && osa(a, b, 1) <= 1)
        return LV_ONE_DIGIT;
    return slice_eq(tail(a, 4), tail(b, 4)) ? LV_LAST_FOUR : LV_DIFFERS;
}

LevelId level_identifier(Slice a, Slice b)
{
    if (a.len < 4 || b.len < 4)
        return LV_DIFFERS; /* a letter more or less makes another number */
    if (is_transposed(a, b))
        return LV_TRANSPOSED;
    return osa(a, b, 1) <= 1 ? LV_ONE_EDIT : LV_DIFFERS;
}

LevelId level_phone(Slice a, Slice b)
{
    if (slice_eq(tail(a, 7), tail(b, 7)))
        return LV_LOCAL;
    if (is_transposed(a, b))
        return LV_TRANSPOSED;
    return osa(a, b, 1) <= 1 ? LV_ONE_EDIT : LV_DIFFERS;
}

/* People write their names before the @, so Jaro-Winkler would find everybody of one first name alike, who is compared
 * by that already. Edits are what typing does. */
LevelId level_email(Slice a, Slice b)
{
    if (osa(a, b, 1) <= 1)
        return LV_ONE_EDIT;
    Slice x = slice_sub(a, 0, slice_find(a, SLICE("@"))), y = slice_sub(b, 0, slice_find(b, SLICE("@")));
    if (slice_eq(x, y))
        return LV_LOCAL;
    return x.len >= LOCAL_LEAST && y.len >= LOCAL_LEAST && osa(x, y, EMAIL_EDITS) <= EMAIL_EDITS ? LV_LOCAL_SIMILAR
                                                                                                 : LV_DIFFERS;
}

static size_t cut_words(Slice s, Slice words[WORDS_MAX])
{
    size_t n = 0;
    while (s.ptr && n < WORDS_MAX)
        words[n++] = slice_cut(&s, ' ');
    return s.ptr ? 0 : n;
}

/* The same words in another order. */
static bool same_words(Slice a, Slice b)
{
    Slice x[WORDS_MAX], y[WORDS_MAX];
    if (a.len != b.len)
        return false;
    size_t n = cut_words(a, x);
    if (n < 2 || n != cut_words(b, y))
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n && !(y[k].ptr && slice_eq(x[i], y[k])))
            k++;
        if (k == n)
            return false;
        y[k].ptr = NULL;
    }
    return true;
}

LevelId level_text(Slice a, Slice b)
{
    if (same_words(a, b))
        return LV_WORDS;
    if (a.len >= 4 && b.len >= 4 && osa(a, b, 1) <= 1)
        return LV_ONE_EDIT;
    uint32_t score = jaro_winkler(a, b);
    if (score >= BAND_CLOSE)
        return LV_CLOSE;
    if (score >= BAND_SIMILAR)
        return LV_SIMILAR;
    return score >= BAND_LOOSE ? LV_LOOSE : LV_DIFFERS;
}

LevelId level_number(Slice a, Slice b)
{
    double x, y;
    if (parse_f64(a, &x, NULL) != OK || parse_f64(b, &y, NULL) != OK)
        return LV_DIFFERS;
    double d = x > y ? x - y : y - x;
    if (d <= 1)
        return LV_OFF_BY_ONE;
    return d <= 5 ? LV_NEAR : LV_DIFFERS;
}
