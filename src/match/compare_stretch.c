/*
 * One record against a stretch of a tile, field by field: vectors first (compare_lanes.h), then what they leave open. A
 * stretch fits the first-level cache.
 */
#include "match/compare_impl.h"

/* Levels that a shortcut left open, through the memo, whose entries are asked for before they are read. */
static void add_open(
    const FieldPlan *p, uint32_t value, const StretchView *v, const uint32_t *open, size_t count, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first), shift = p->shift & 31;
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&p->memo[memo_place(value, values[open[i]]) & MEMO_MASK]);
    for (size_t i = 0; i < count; i++)
        levels[open[i]] |= compare_known_level(p, value, values[open[i]]) << shift;
}

/* The same of names, of which most need no memo. */
static void add_odd(
    const FieldPlan *p, uint32_t value, const StretchView *v, const uint32_t *open, size_t count, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first), shift = p->shift & 31;
    for (size_t i = 0; i < count; i++)
        levels[open[i]] |= compare_odd_level(p, value, values[open[i]]) << shift;
}

/* Names of one word that the set of their letters leaves open. What differs for where the letters stand is settled
 * first, without a branch, and c->alike keeps the others; returned is how many. */
INLINE_ALWAYS size_t settle_apart(
    Comparer *c, const FieldPlan *p, const NameInfo *x, const StretchView *v, size_t count, uint32_t *levels)
{
    const uint32_t *lengths = view_column(v, p->first + NAME_LENGTH), *sounds = view_column(v, p->first + NAME_SOUND);
    const uint32_t *roots = view_column(v, p->first + NAME_ROOTS), shift = p->shift & 31;
    const uint32_t my_roots = p->spec->kind != FIELD_LAST_NAME ? x->root_mask : 0;
    const uint32_t differs = (uint32_t)p->number[LV_DIFFERS] << shift;
    const uint32_t sounds_alike = p->spec->kind == FIELD_MIDDLE_NAME ? differs : (uint32_t)p->number[LV_SOUND] << shift;
    const uint32_t my_sound = x->sound != 0 ? x->sound : UINT32_MAX; /* no sound is equal to none */
    size_t kept = 0;
    c->lanes->apart(&p->jaro, v->letters + p->name * v->room, lengths, c->alike, count, c->apart);
    for (size_t i = 0; i < count; i++) {
        uint32_t at = c->alike[i];
        bool apart = c->apart[i] & !(roots[at] & my_roots);
        levels[at] |= apart ? sounds[at] == my_sound ? sounds_alike : differs : 0;
        c->alike[kept] = at;
        kept += !apart;
    }
    return kept;
}

/* Of most of the rest the letters tell the level. */
INLINE_ALWAYS size_t settle_alike(
    Comparer *c, FieldPlan *p, uint32_t value, const StretchView *v, NamePlaces found, uint32_t *levels)
{
    const uint32_t *alike = c->alike;
    uint32_t *open = c->open;
    size_t count = found.alike, open_count = found.open;
    const uint32_t *lengths = view_column(v, p->first + NAME_LENGTH), *sounds = view_column(v, p->first + NAME_SOUND);
    const NameLetters *letters = v->letters + p->name * v->room, *mine = &p->dict->letters.at[value];
    const NameInfo *names = p->dict->names.at, *x = &names[value];
    const uint32_t *values = view_column(v, p->first), *roots = view_column(v, p->first + NAME_ROOTS);
    const uint32_t my_roots = p->spec->kind != FIELD_LAST_NAME ? x->root_mask : 0;
    if (p->jaro.value != value)
        quick_jaro_of(&p->jaro, value, mine, x->length);
    if (p->jaro.length != 0)
        count = settle_apart(c, p, x, v, count, levels);
    for (size_t i = 0; i < count; i++) {
        uint32_t at = alike[i];
        if (p->jaro.length == 0 || letters[at].at[0] == NAME_LETTERS_NONE) {
            open[open_count++] = at;
            continue;
        }
        if ((roots[at] & my_roots) && have_common_root(p->dict, x, &names[values[at]])) {
            levels[at] |= (uint32_t)p->number[LV_NICKNAME] << (p->shift & 31);
            continue;
        }
        float length;
        memcpy(&length, &lengths[at], sizeof length);
        bool sound = x->sound != 0 && x->sound == sounds[at];
        LevelId level = quick_name_level(p->spec->kind, &p->jaro, mine, &letters[at], (uint32_t)length, sound);
        levels[at] |= (uint32_t)p->number[level] << (p->shift & 31);
    }
    return open_count;
}

INLINE_ALWAYS size_t add_names(Comparer *c, FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels)
{
    NamePlaces found = c->lanes->names(p, value, v, levels, c->open, c->alike);
    if (found.alike == 0)
        return found.open;
    return settle_alike(c, p, value, v, found, levels);
}

/* A shortcut decides, or leaves open: what is not in the stretch is not looked at. */
static size_t add_digits(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *open)
{
    const uint32_t *values = view_column(v, p->first), *low = view_column(v, p->first + CODE_LOW);
    const uint32_t *high = view_column(v, p->first + CODE_HIGH), shift = p->shift & 31;
    const uint64_t mine = p->dict->codes.at[value];
    size_t count = 0;
    for (size_t i = 0; i < v->n; i++) {
        if (values[i] == value) {
            levels[i] |= (uint32_t)p->number[LV_EXACT] << shift;
        } else if (values[i]) {
            uint32_t level = p->number[quick_code(p->spec->kind, mine, (uint64_t)high[i] << 32 | low[i])];
            levels[i] |= level << shift;
            open[count] = (uint32_t)i;
            count += level == 0;
        }
    }
    return count;
}

static size_t add_texts(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *open)
{
    const uint32_t *values = view_column(v, p->first), shift = p->shift & 31;
    const TextInfo *texts = p->dict->texts_known.at;
    const TextInfo mine = texts[value];
    const FieldKind kind = p->spec->kind;
    size_t count = 0;
    for (size_t i = 0; i < v->n; i++) {
        if (values[i] == value) {
            levels[i] |= (uint32_t)p->number[LV_EXACT] << shift;
        } else if (values[i]) {
            bool differs = quick_text_differs(kind, &mine, &texts[values[i]]);
            levels[i] |= (differs ? (uint32_t)p->number[LV_DIFFERS] : 0) << shift;
            open[count] = (uint32_t)i;
            count += !differs;
        }
    }
    return count;
}

static void add_own(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first), shift = p->shift & 31, few = p->few_count;
    const uint8_t *row = value < few ? p->few + (size_t)value * few : NULL;
    for (size_t i = 0; i < v->n; i++) {
        uint32_t level = row && values[i] < few ? row[values[i]] : 0;
        if (level == 0)
            level = compare_own_level(p, value, values[i]);
        levels[i] |= (level & 15) << shift;
    }
}

static void add_each(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first);
    for (size_t i = 0; i < v->n; i++)
        levels[i] |= compare_value_level(p, value, values[i]) << (p->shift & 31);
}

static void mark_swapped(Comparer *c, const FieldPlan *p, const uint32_t *a, const StretchView *v, uint64_t *patterns)
{
    uint32_t mine = a[p->column], mine_other = a[p->other_column];
    if (!mine || !mine_other)
        return;
    size_t found = c->lanes->crosswise(p, mine, mine_other, v, c->open);
    for (size_t i = 0; i < found; i++) {
        uint32_t at = c->open[i];
        patterns[at] = compare_with_swap(p, a, v->rows[at], patterns[at]);
    }
}

/* Where either has another name beside, all pairs of names are looked at; of most records neither has. */
static __attribute__((noinline)) void add_aliased(
    Comparer *c, FieldPlan *p, const uint32_t *a, const StretchView *v, uint32_t *levels)
{
    const uint32_t *marks = view_column(v, p->first + NAME_COLUMNS), value = a[p->column], shift = p->shift & 31;
    const bool each = compare_alias_mark(p, a) != 0;
    if (!each && value == 0)
        return;
    if (!each) {
        size_t count = add_names(c, p, value, v, levels);
        add_odd(p, value, v, c->open, count, levels);
    }
    for (size_t i = 0; i < v->n; i++)
        if (each || marks[i])
            levels[i] = (levels[i] & ~(UINT32_C(15) << shift)) | compare_alias_level(p, a, v->rows[i]) << shift;
}

static void add_field(Comparer *c, FieldPlan *p, const uint32_t *a, const StretchView *v, uint32_t *levels)
{
    uint32_t value = a[p->column], *open = c->open;
    size_t count = 0;
    if (p->way == WAY_ALIASES) {
        for (size_t i = 0; i < v->n; i++)
            levels[i] |= compare_alias_level(p, a, v->rows[i]) << (p->shift & 31);
        return;
    }
    if (p->way == WAY_NAMES) {
        add_aliased(c, p, a, v, levels);
        return;
    }
    if (p->way == WAY_PLAINS) {
        c->lanes->plains(p, a, v, levels);
        return;
    }
    if (value == 0)
        return;
    switch (p->way) {
    case WAY_PLAIN:
        c->lanes->plain(p, value, v, levels);
        return;
    case WAY_NAME:
        count = add_names(c, p, value, v, levels);
        add_odd(p, value, v, open, count, levels);
        return;
    case WAY_DATE:
        count = c->lanes->dates(p, value, v, levels, open);
        break;
    case WAY_POSTAL:
        count = c->lanes->postal(p, value, v, levels, open);
        break;
    case WAY_DIGITS:
        count = add_digits(p, value, v, levels, open);
        break;
    case WAY_TEXT:
        count = add_texts(p, value, v, levels, open);
        break;
    case WAY_OWN:
        add_own(p, value, v, levels);
        return;
    default:
        add_each(p, value, v, levels);
        return;
    }
    if (count > 0)
        add_open(p, value, v, open, count, levels);
}

void compare_stretch(Comparer *c, const uint32_t *a, const StretchView *v, uint64_t *patterns)
{
    bool wide = c->field_count > 8;
    memset(c->low, 0, v->n * sizeof *c->low);
    if (wide)
        memset(c->high, 0, v->n * sizeof *c->high);
    for (uint32_t f = 0; f < c->field_count; f++)
        add_field(c, &c->plans[f], a, v, f < 8 ? c->low : c->high);
    for (size_t i = 0; i < v->n; i++)
        patterns[i] = wide ? (uint64_t)c->high[i] << 32 | c->low[i] : c->low[i];
    for (uint32_t f = 0; f < c->field_count; f++)
        if (c->plans[f].other_column != MATCH_NONE)
            mark_swapped(c, &c->plans[f], a, v, patterns);
    for (size_t i = 0; c->addresses != 0 && i < v->n; i++)
        patterns[i] = compare_without_derived(c, patterns[i]);
    for (size_t i = 0; c->beside_count != 0 && i < v->n; i++)
        patterns[i] = compare_without_given(c, patterns[i]);
}
