/*
 * One pair of texts.
 *
 * Up to 64 bytes the positions of each byte of one text are the bits of a word,
 * and a step handles them all: Jaro's greedy matching takes the lowest free
 * position in the window, the edit distances are Myers (1999) in Hyyrö's form
 * (2003, with the transposition of OSA). Longer texts, which names never are,
 * are compared by the definitions.
 *
 * Jaro's matching is the same from either side: for one byte value, positions
 * in a and b sorted, both directions pair the first two that lie within the
 * window of each other. Hence symmetric scores.
 */
#include "kernel/kernel_impl.h"

static Slice cut(Slice s)
{
    return slice_sub(s, 0, KERNEL_TEXT_MAX);
}

static uint8_t byte_at(Slice s, size_t i)
{
    return (uint8_t)s.ptr[i];
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t jaro_window(size_t la, size_t lb)
{
    size_t half = larger(la, lb) / 2;
    return half > 0 ? half - 1 : 0;
}

static size_t common_prefix(Slice a, Slice b, size_t most)
{
    size_t end = smaller(most, smaller(a.len, b.len)), p = 0;
    while (p < end && a.ptr[p] == b.ptr[p])
        p++;
    return p;
}

uint32_t jaro_winkler_score(uint64_t m, uint64_t t, uint64_t prefix, uint64_t la, uint64_t lb)
{
    uint64_t part = m * m * (la + lb) + (m - t) * la * lb;
    uint64_t whole = 3 * m * la * lb;
    uint64_t tenths = 10 * part;
    if (tenths > 7 * whole)
        tenths += prefix * (whole - part);
    return (uint32_t)(KERNEL_ONE / 10 * tenths / whole);
}

/* --- up to 64 bytes ------------------------------------------------------------------------------------------ */

void pattern_init(Pattern *p, Slice text)
{
    ASSERT(text.len <= PATTERN_MAX);
    memset(p->at, 0, sizeof p->at);
    for (size_t i = 0; i < text.len; i++)
        p->at[byte_at(text, i)] |= UINT64_C(1) << i;
    p->text = text;
}

static uint64_t lowest(uint64_t x)
{
    return x & (0 - x);
}

uint32_t pattern_jaro_winkler(const Pattern *p, Slice b)
{
    size_t la = p->text.len, lb = b.len;
    ASSERT(lb <= PATTERN_MAX);
    if (la == 0 || lb == 0)
        return la == lb ? KERNEL_ONE : 0;
    size_t w = jaro_window(la, lb);
    uint64_t in_a = 0, in_b = 0, window = (UINT64_C(2) << w) - 1;
    for (size_t j = 0; j < lb; j++) {
        uint64_t found = lowest(p->at[byte_at(b, j)] & window & ~in_a);
        in_a |= found;
        in_b |= (uint64_t)(found != 0) << j;
        window = window << 1 | (j < w);
    }
    if (in_a == 0)
        return 0;
    uint64_t m = 0, moved = 0;
    for (; in_a != 0; in_a &= in_a - 1, in_b &= in_b - 1) {
        uint8_t c = byte_at(b, (size_t)__builtin_ctzll(in_b));
        moved += (p->at[c] & lowest(in_a)) == 0;
        m++;
    }
    return jaro_winkler_score(m, moved / 2, common_prefix(p->text, b, 4), la, lb);
}

/* The kind is known where this is called, and so decided by the compiler. */
static inline uint32_t pattern_edit(const Pattern *p, Slice b, EditKind kind)
{
    size_t la = p->text.len;
    if (la == 0)
        return (uint32_t)b.len;
    uint64_t more = ~UINT64_C(0), less = 0, last = UINT64_C(1) << (la - 1); /* vertical differences +1, -1 */
    uint64_t diagonal = 0, eq_before = 0;
    uint32_t distance = (uint32_t)la;
    for (size_t j = 0; j < b.len; j++) {
        uint64_t eq = p->at[byte_at(b, j)];
        uint64_t exchanged = kind == EDIT_OSA ? ((~diagonal & eq) << 1) & eq_before : 0;
        diagonal = (((eq & more) + more) ^ more) | eq | less | exchanged;
        uint64_t right_more = less | ~(more | diagonal), right_less = more & diagonal;
        distance += (right_more & last) != 0;
        distance -= (right_less & last) != 0;
        right_more = right_more << 1 | 1;
        right_less <<= 1;
        less = right_more & diagonal;
        more = right_less | ~(right_more | diagonal);
        eq_before = eq;
    }
    return distance;
}

uint32_t pattern_levenshtein(const Pattern *p, Slice b)
{
    return pattern_edit(p, b, EDIT_LEVENSHTEIN);
}

uint32_t pattern_osa(const Pattern *p, Slice b)
{
    return pattern_edit(p, b, EDIT_OSA);
}

/* --- any length ---------------------------------------------------------------------------------------------- */

static uint32_t long_jaro_winkler(Slice a, Slice b)
{
    UNSET uint8_t in_a[KERNEL_TEXT_MAX];
    UNSET uint8_t in_b[KERNEL_TEXT_MAX];
    memset(in_a, 0, a.len);
    memset(in_b, 0, b.len);
    size_t w = jaro_window(a.len, b.len);
    uint64_t m = 0, moved = 0;
    for (size_t j = 0; j < b.len; j++) {
        size_t end = smaller(j + w + 1, a.len);
        for (size_t i = j > w ? j - w : 0; i < end && !in_b[j]; i++)
            if (!in_a[i] && a.ptr[i] == b.ptr[j])
                in_a[i] = in_b[j] = 1;
        m += in_b[j];
    }
    if (m == 0)
        return 0;
    for (size_t i = 0, j = 0; i < a.len; i++) {
        if (!in_a[i])
            continue;
        while (!in_b[j])
            j++;
        moved += a.ptr[i] != b.ptr[j++];
    }
    return jaro_winkler_score(m, moved / 2, common_prefix(a, b, 4), a.len, b.len);
}

uint32_t jaro_winkler(Slice a, Slice b)
{
    a = cut(a);
    b = cut(b);
    if (a.len == 0 || b.len == 0)
        return a.len == b.len ? KERNEL_ONE : 0;
    if (a.len > PATTERN_MAX || b.len > PATTERN_MAX)
        return long_jaro_winkler(a, b);
    UNSET Pattern p;
    pattern_init(&p, a);
    return pattern_jaro_winkler(&p, b);
}

/* Wagner and Fischer's table (1974), three rows of it. Stops when a whole row is beyond the limit and, for an exchange
 * reaches back two rows, the row before too. */
static uint32_t edit_table(Slice a, Slice b, EditKind kind, uint32_t limit)
{
    UNSET uint16_t rows[3][KERNEL_TEXT_MAX + 1];
    uint16_t *before = rows[0], *above = rows[1], *row = rows[2];
    uint32_t least_above = 0;
    for (size_t i = 0; i <= a.len; i++)
        above[i] = (uint16_t)i;
    for (size_t j = 1; j <= b.len; j++) {
        uint32_t least = row[0] = (uint16_t)j;
        for (size_t i = 1; i <= a.len; i++) {
            bool same = a.ptr[i - 1] == b.ptr[j - 1];
            size_t d = smaller(above[i - 1] + !same, smaller(above[i], row[i - 1]) + 1u);
            if (kind == EDIT_OSA && i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                d = smaller(d, before[i - 2] + 1u);
            row[i] = (uint16_t)d;
            least = (uint32_t)smaller(least, d);
        }
        if (least > limit && least_above > limit)
            return limit + 1;
        least_above = least;
        uint16_t *t = before;
        before = above;
        above = row;
        row = t;
    }
    return above[a.len];
}

static uint32_t edit_distance(Slice a, Slice b, EditKind kind, uint32_t limit)
{
    a = cut(a);
    b = cut(b);
    size_t gap = larger(a.len, b.len) - smaller(a.len, b.len);
    if (gap > limit)
        return limit + 1;
    if (a.len > b.len) { /* both distances are symmetric; the shorter one as the pattern fits more often */
        Slice t = a;
        a = b;
        b = t;
    }
    uint32_t distance;
    if (a.len <= PATTERN_MAX) {
        UNSET Pattern p;
        pattern_init(&p, a);
        distance = kind == EDIT_OSA ? pattern_osa(&p, b) : pattern_levenshtein(&p, b);
    } else {
        distance = edit_table(a, b, kind, limit);
    }
    return distance > limit ? limit + 1 : distance;
}

uint32_t levenshtein(Slice a, Slice b, uint32_t limit)
{
    return edit_distance(a, b, EDIT_LEVENSHTEIN, limit);
}

uint32_t osa(Slice a, Slice b, uint32_t limit)
{
    return edit_distance(a, b, EDIT_OSA, limit);
}
