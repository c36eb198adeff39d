/* One value against a stretch of a tile, four records at a time. */
#include "match/compare_impl.h"

typedef int32_t Signed32 __attribute__((vector_size(16)));
typedef float Float32 __attribute__((vector_size(16)));

INLINE_ALWAYS void add_lanes(uint32_t *at, Lanes32 v)
{
    v |= load_lanes(at);
    memcpy(at, &v, sizeof v);
}

INLINE_ALWAYS Lanes32 count_lanes(Lanes32 v)
{
    v -= v >> 1 & 0x55555555;
    v = (v & 0x33333333) + (v >> 2 & 0x33333333);
    v = (v + (v >> 4)) & 0x0F0F0F0F;
    v += v >> 8;
    return (v + (v >> 16)) & 0x3F;
}

/* Places i .. i + 3 whose lane is set, behind those that are there; places at or beyond n do not count. */
INLINE_ALWAYS size_t push_places(uint32_t *places, size_t count, Lanes32 set, size_t i)
{
    for (uint32_t k = 0; k < 4; k++) {
        places[count] = (uint32_t)(i + k);
        count += set[k] & 1;
    }
    return count;
}

/* Lanes at i that are part of a stretch of n. */
INLINE_ALWAYS Lanes32 inside_lanes(size_t i, size_t n)
{
    const Signed32 at = {0, 1, 2, 3};
    int32_t left = (int32_t)(n - i);
    return (Lanes32)(at < (Signed32){left, left, left, left});
}

static inline uint32_t level_bits(const FieldPlan *p, LevelId id)
{
    return (uint32_t)p->number[id] << (p->shift & 31);
}

/*
 * Is nothing but the last level left? One edit in names of four letters or more and truncation imply a Jaro-Winkler of
 * 0.7, so only that, the sound and the nicknames are asked. With m matched letters J is at most (m / la + m / lb + 1) /
 * 3, and up to 0.7 nothing is added for the beginning; at most so many letters match as the two have in common, and
 * repeats. Of strangers' names four in five are decided here.
 */
NamePlaces lanes_names(
    const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places, uint32_t *alike)
{
    const NameInfo *x = &p->dict->names.at[value];
    const bool first = p->spec->kind != FIELD_LAST_NAME;
    const uint32_t flag_mask = first ? NAME_LETTER | NAME_ODD : NAME_ODD;
    const uint32_t *values = view_column(v, p->first), *letters = view_column(v, p->first + NAME_LETTERS);
    const uint32_t *sounds = view_column(v, p->first + NAME_SOUND), *roots = view_column(v, p->first + NAME_ROOTS);
    const uint32_t *lengths = view_column(v, p->first + NAME_LENGTH),
                   *repeats = view_column(v, p->first + NAME_REPEATS);
    const Lanes32 mine = lanes_of(value), flags = lanes_of(flag_mask << NAME_FLAGS_SHIFT);
    const Lanes32 my_letters = lanes_of(x->letters), my_sound = lanes_of(x->sound);
    const Lanes32 my_roots = lanes_of(first ? x->root_mask : 0), my_repeats = lanes_of(x->repeats);
    const Lanes32 exact = lanes_of(level_bits(p, LV_EXACT)), differs = lanes_of(level_bits(p, LV_DIFFERS));
    const Lanes32 judged = lanes_of(x->flags & flag_mask ? 0 : UINT32_MAX), none = lanes_of(0);
    const float la = x->length;
    NamePlaces found = {0};
    for (size_t i = 0; i < v->n; i += 4) {
        Lanes32 other = load_lanes(values + i), written = load_lanes(letters + i);
        Lanes32 equal = (Lanes32)(other == mine), there = (Lanes32)(other != none);
        Lanes32 theirs = load_lanes(repeats + i), fewer = (Lanes32)((Signed32)theirs < (Signed32)my_repeats);
        Lanes32 most = count_lanes(written & my_letters) + choose_lanes(fewer, theirs, my_repeats);
        Float32 lb, m = __builtin_convertvector((Signed32)most, Float32);
        memcpy(&lb, lengths + i, sizeof lb);
        Lanes32 few = (Lanes32)(m * (10 * (lb + la)) < lb * (11 * la));
        Lanes32 rootless = (Lanes32)((load_lanes(roots + i) & my_roots) == none);
        Lanes32 sound = load_lanes(sounds + i), plain = (Lanes32)((written & flags) == none) & judged;
        Lanes32 apart = plain & rootless & few & (Lanes32)(sound != my_sound);
        Lanes32 unknown = ~(equal | apart) & there & inside_lanes(i, v->n), near = unknown & plain;
        add_lanes(levels + i, choose_lanes(equal, exact, apart & differs & there));
        unknown &= ~plain;
        if (is_lane_set(near))
            found.alike = push_places(alike, found.alike, near, i);
        if (is_lane_set(unknown))
            found.open = push_places(places, found.open, unknown, i);
    }
    return found;
}

size_t lanes_dates(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places)
{
    const QuickDate mine = quick_date_of(p->dict->codes.at[value]);
    const uint32_t *written = view_column(v, p->first + DATE_WRITTEN), *days = view_column(v, p->first + DATE_DAYS);
    const Lanes32 whole = lanes_of(mine.day != CODE_NO_DAY ? UINT32_MAX : 0), none = lanes_of(0);
    const Lanes32 exact = lanes_of(p->number[LV_EXACT]);
    const uint32_t shift = p->shift & 31;
    size_t open = 0;
    for (size_t i = 0; i < v->n; i += 4) {
        Lanes32 w = load_lanes(written + i), d = load_lanes(days + i);
        Lanes32 known = (Lanes32)(d != CODE_NO_DAY) & whole;
        Lanes32 level = quick_dates(&mine, w, d, p->number) & known;
        level = choose_lanes((Lanes32)(w == mine.written), exact, level);
        Lanes32 there = (Lanes32)(w != none);
        level &= there;
        add_lanes(levels + i, level << shift);
        Lanes32 unknown = (Lanes32)(level == none) & there & inside_lanes(i, v->n);
        if (is_lane_set(unknown))
            open = push_places(places, open, unknown, i);
    }
    return open;
}

/* All that one exchange of neighbours can make of a code, made once. */
typedef struct PostalQuery {
    uint32_t low, high, count;
    uint32_t exchanged_low[6], exchanged_high[6];
} PostalQuery;

static PostalQuery postal_query(uint64_t code)
{
    PostalQuery q = {.low = (uint32_t)code, .high = (uint32_t)(code >> 32)};
    for (unsigned i = 0; i + 1 < code >> 56; i++) {
        uint64_t differing = (code >> 8 * i ^ code >> 8 * (i + 1)) & 255;
        uint64_t turned = code ^ (differing << 8 * i | differing << 8 * (i + 1));
        q.exchanged_low[q.count] = (uint32_t)turned;
        q.exchanged_high[q.count++] = (uint32_t)(turned >> 32);
    }
    return q;
}

/* As quick_postal_code. */
size_t lanes_postal(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places)
{
    const uint64_t code = p->dict->codes.at[value];
    const PostalQuery mine = postal_query(code);
    const uint32_t *values = view_column(v, p->first), *lows = view_column(v, p->first + CODE_LOW);
    const uint32_t *highs = view_column(v, p->first + CODE_HIGH);
    const Lanes32 none = lanes_of(0), judged = lanes_of(code ? UINT32_MAX : 0);
    const Lanes32 exact = lanes_of(level_bits(p, LV_EXACT)), differs = lanes_of(level_bits(p, LV_DIFFERS));
    const Lanes32 five = lanes_of(level_bits(p, LV_FIVE_DIGITS)), edit = lanes_of(level_bits(p, LV_ONE_EDIT));
    const Lanes32 turned = lanes_of(level_bits(p, LV_TRANSPOSED)), area = lanes_of(level_bits(p, LV_AREA));
    const Lanes32 prefixed = lanes_of(code >> 56 >= 3 ? UINT32_MAX : 0);
    size_t open = 0;
    for (size_t i = 0; i < v->n; i += 4) {
        Lanes32 other = load_lanes(values + i), low = load_lanes(lows + i), high = load_lanes(highs + i);
        Lanes32 equal = (Lanes32)(other == value), there = (Lanes32)(other != none);
        Lanes32 below = low ^ mine.low, above = high ^ mine.high, transposed = none;
        /* the lowest bit of each byte that is not equal */
        Lanes32 marks_below = ((((below & 0x7F7F7F7F) + 0x7F7F7F7F) | below) & 0x80808080) >> 7;
        Lanes32 marks_above = ((((above & 0x7F7F7F7F) + 0x7F7F7F7F) | above) & 0x80808080) >> 7;
        Lanes32 marks = marks_below | marks_above << 1; /* no two at one place */
        for (uint32_t k = 0; k < mine.count; k++)
            transposed |= (Lanes32)(low == mine.exchanged_low[k]) & (Lanes32)(high == mine.exchanged_high[k]);
        Lanes32 level = choose_lanes(prefixed & (Lanes32)((below & 0xFFFFFF) == none), area, differs);
        level = choose_lanes(transposed, turned, level);
        level = choose_lanes((Lanes32)((marks & (marks - 1)) == none), edit, level);
        level = choose_lanes((Lanes32)((below | above) == none), five, level);
        Lanes32 decided = (Lanes32)((above >> 24) == none) & (Lanes32)((low | high) != none) & judged;
        add_lanes(levels + i, choose_lanes(equal, exact, level & decided & there));
        Lanes32 unknown = ~(equal | decided) & there & inside_lanes(i, v->n);
        if (is_lane_set(unknown))
            open = push_places(places, open, unknown, i);
    }
    return open;
}

void lanes_plain(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first);
    const Lanes32 exact = lanes_of(level_bits(p, LV_EXACT)), differs = lanes_of(level_bits(p, LV_DIFFERS));
    for (size_t i = 0; i < v->n; i += 4) {
        Lanes32 other = load_lanes(values + i);
        add_lanes(levels + i, choose_lanes((Lanes32)(other == value), exact, differs & (Lanes32)(other != 0)));
    }
}

void lanes_plains(const FieldPlan *p, const uint32_t *cells, const StretchView *v, uint32_t *levels)
{
    const Lanes32 exact = lanes_of(level_bits(p, LV_EXACT)), alias = lanes_of(level_bits(p, LV_ALIAS));
    const Lanes32 differs = lanes_of(level_bits(p, LV_DIFFERS)), none = lanes_of(0);
    uint32_t mine[MATCH_ALIASES_MAX], count = 0;
    const uint32_t present = cells[p->column];
    for (uint32_t k = 0; k < p->column_count; k++)
        if (cells[p->spec->columns[k]])
            mine[count++] = cells[p->spec->columns[k]];
    if (count == 0)
        return;
    for (size_t i = 0; i < v->n; i += 4) {
        Lanes32 there = none, met = none, other = load_lanes(view_column(v, p->first) + i);
        Lanes32 equal = (Lanes32)(other == present) & (Lanes32)(other != none);
        for (uint32_t k = 0; k < p->column_count; k++) {
            other = load_lanes(view_column(v, p->first + k) + i);
            there |= (Lanes32)(other != none);
            for (uint32_t m = 0; m < count; m++)
                met |= (Lanes32)(other == mine[m]);
        }
        add_lanes(levels + i, choose_lanes(equal, exact, choose_lanes(met, alias, differs & there)));
    }
}

size_t lanes_crosswise(const FieldPlan *p, uint32_t value, uint32_t other, const StretchView *v, uint32_t *places)
{
    const uint32_t *his = view_column(v, p->first), *his_other = view_column(v, p->other_first);
    size_t found = 0;
    for (size_t i = 0; i < v->n; i += 4) {
        Lanes32 either = (Lanes32)(load_lanes(his) == other) | (Lanes32)(load_lanes(his_other) == value);
        either &= inside_lanes(i, v->n);
        if (is_lane_set(either))
            found = push_places(places, found, either, i);
        his += 4;
        his_other += 4;
    }
    return found;
}
