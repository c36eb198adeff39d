/*
 * Comparison of two records field by field: 2 agrees, 1 nearly, 0 cannot say
 * (a side is missing), -1 disagrees. Missing is neutral everywhere.
 */
#include "identity/identity_impl.h"

bool within_one_edit(Slice a, Slice b)
{
    if (a.len > b.len) {
        Slice t = a;
        a = b;
        b = t;
    }
    if (b.len - a.len > 1)
        return false;
    size_t i = 0;
    while (i < a.len && a.ptr[i] == b.ptr[i])
        i++;
    if (i == a.len)
        return true;
    if (a.len < b.len)
        return memcmp(a.ptr + i, b.ptr + i + 1, a.len - i) == 0;
    if (memcmp(a.ptr + i + 1, b.ptr + i + 1, a.len - i - 1) == 0)
        return true;
    return i + 1 < a.len && a.ptr[i] == b.ptr[i + 1] && a.ptr[i + 1] == b.ptr[i] &&
           memcmp(a.ptr + i + 2, b.ptr + i + 2, a.len - i - 2) == 0;
}

/* The shorter is the beginning of the longer: truncation, or an initial. */
static bool is_cut(Slice a, Slice b, uint32_t least)
{
    Slice shorter = a.len < b.len ? a : b, longer = a.len < b.len ? b : a;
    return shorter.len >= least && slice_starts(longer, shorter);
}

static Slice first_word(Slice text)
{
    Slice rest = text;
    return slice_cut(&rest, ' ');
}

static bool formal_meets(const NameTable *t, const Name *a, Slice b_word, const Name *b)
{
    for (uint32_t i = 0; i < a->formal_count; i++) {
        Slice formal = t->formals.at[a->formal_first + i];
        if (slice_eq(formal, b_word))
            return true;
        for (uint32_t k = 0; k < b->formal_count; k++)
            if (slice_eq(formal, t->formals.at[b->formal_first + k]))
                return true;
    }
    return false;
}

int agree_first(const NameTable *t, const Params *p, uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return 0;
    if (a == b)
        return 2;
    const Name *x = &t->names.at[a], *y = &t->names.at[b];
    Slice xw = first_word(x->text), yw = first_word(y->text);
    if (slice_eq(xw, yw) || slice_eq(x->joined, y->joined))
        return 2;
    if (formal_meets(t, x, yw, y) || formal_meets(t, y, xw, x))
        return 2;
    if (is_cut(x->joined, y->joined, p->truncated_first))
        return 1;
    if ((xw.len == 1 || yw.len == 1) && xw.ptr[0] == yw.ptr[0])
        return 1;
    return xw.len > 3 && yw.len > 3 && within_one_edit(xw, yw) ? 1 : -1;
}

static int agree_surname(const NameTable *t, const Params *p, uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return 0;
    if (a == b)
        return 2;
    const Name *x = &t->names.at[a], *y = &t->names.at[b];
    if (slice_eq(x->joined, y->joined))
        return 2;
    for (uint32_t i = 0; i < x->part_count; i++)
        for (uint32_t k = 0; k < y->part_count; k++)
            if (slice_eq(x->parts[i], y->parts[k]))
                return 2;
    if (is_cut(x->joined, y->joined, p->truncated_last))
        return 1;
    return x->joined.len > 3 && y->joined.len > 3 && within_one_edit(x->joined, y->joined) ? 1 : -1;
}

int agree_last(const NameTable *t, const Params *p, const Rec *a, const Rec *b)
{
    int best = agree_surname(t, p, a->last, b->last);
    if (best == 2 || (a->other_last == 0 && b->other_last == 0))
        return best;
    const int others[] = {agree_surname(t, p, a->other_last, b->last), agree_surname(t, p, a->last, b->other_last),
        agree_surname(t, p, a->other_last, b->other_last)};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (others[i] > best)
            best = others[i];
    return best;
}

int agree_birth(Date a, Date b)
{
    if (a == DATE_NONE || b == DATE_NONE)
        return 0;
    if (a == b)
        return 2;
    int ay, am, ad, by, bm, bd;
    date_civil(a, &ay, &am, &ad);
    date_civil(b, &by, &bm, &bd);
    if (ay == by && am == bd && ad == bm)
        return 1;
    char x[11], y[11];
    date_print(a, x);
    date_print(b, y);
    return within_one_edit(slice_of(x), slice_of(y)) ? 1 : -1;
}
