/*
 * Levels of names: two different values of one dictionary.
 *
 * Most pairs are strangers' names, and of most of those quick_name can tell so from
 * the letters that the two have in common, without a look at the text.
 */
#include "kernel/kernel.h"
#include "match/value_impl.h"

bool is_truncated(Slice a, Slice b, size_t least)
{
    Slice shorter = a.len < b.len ? a : b, longer = a.len < b.len ? b : a;
    return shorter.len >= least && slice_starts(longer, shorter);
}

/* Equal but for the blanks. */
static bool joined_equal(Slice a, Slice b)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a.len && a.ptr[i] == ' ')
            i++;
        while (k < b.len && b.ptr[k] == ' ')
            k++;
        if (i == a.len || k == b.len)
            return i == a.len && k == b.len;
        if (a.ptr[i++] != b.ptr[k++])
            return false;
    }
}

/* DE LA CRUZ and DE LA TORRE begin alike and have nothing in common. */
static Slice without_particles(Slice s, const NameInfo *n)
{
    if (n->words == 1)
        return s;
    for (Slice rest = s;;) {
        Slice word = slice_cut(&rest, ' ');
        if (!rest.ptr || !name_is_particle(word))
            return s;
        s = rest;
    }
}

static LevelId by_similarity(Slice a, Slice b, const NameInfo *x, const NameInfo *y)
{
    uint32_t score = jaro_winkler(a, b);
    if (score >= BAND_CLOSE)
        return LV_CLOSE;
    if (score >= BAND_SIMILAR)
        return LV_SIMILAR;
    if (x->sound && x->sound == y->sound)
        return LV_SOUND;
    return score >= BAND_LOOSE ? LV_LOOSE : LV_DIFFERS;
}

static LevelId by_writing(FieldKind kind, Slice a, Slice b, const NameInfo *x, const NameInfo *y)
{
    size_t shorter = a.len < b.len ? a.len : b.len, longer = a.len < b.len ? b.len : a.len;
    if (shorter >= EDIT_LETTERS_LEAST && longer - shorter <= 1 && osa(a, b, 1) <= 1)
        return LV_ONE_EDIT;
    if (is_truncated(a, b, kind == FIELD_LAST_NAME ? TRUNCATED_LAST_LEAST : TRUNCATED_FIRST_LEAST))
        return LV_TRUNCATED;
    return by_similarity(a, b, x, y);
}

LevelId level_name(FieldKind kind, const Dict *d, uint32_t a, uint32_t b)
{
    const NameInfo *x = &d->names.at[a], *y = &d->names.at[b];
    Slice s = dict_text(d, a), t = dict_text(d, b);
    bool last = kind == FIELD_LAST_NAME;
    if (!last && (x->length == 1 || y->length == 1))
        return s.ptr[0] == t.ptr[0] ? LV_INITIAL : LV_DIFFERS;
    if (x->words > 1 || y->words > 1) {
        if (joined_equal(s, t))
            return last ? LV_JOINED : LV_ONE_EDIT;
        if (have_common(d->parts.at + x->parts, x->part_count, d->parts.at + y->parts, y->part_count))
            return LV_PART;
    }
    if (!last && have_common(d->roots.at + x->roots, x->root_count, d->roots.at + y->roots, y->root_count))
        return LV_NICKNAME;
    LevelId level = by_writing(kind, without_particles(s, x), without_particles(t, y), x, y);
    if (kind == FIELD_MIDDLE_NAME && (level == LV_SOUND || level == LV_LOOSE))
        return LV_DIFFERS;
    return level;
}
