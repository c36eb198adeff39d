/*
 * One value against a stretch of a tile, several records at a time: the body shared by all paths, included once by each
 * file that defines
 *
 *     LANES_PATH(x)    the name of what is public here
 *     LANES_TARGET     the function attribute
 *     LANES_COUNT      records at a time, at most LANES_SPARE
 *     Lanes, Mask      so many numbers of 32 bits, and a truth for each
 *     lane_*           what is done with them, as compare_vectors.h has it for the compiler's generic vectors
 *
 * All is whole numbers, but for products of floats that are exact, so every path gives the same levels and places.
 */

#define BOTH(a, b) ((Mask)((a) & (b)))
#define EITHER(a, b) ((Mask)((a) | (b)))
#define NEITHER(a) ((Mask) ~(a))

LANES_TARGET static inline uint32_t level_bits(const FieldPlan *p, LevelId id)
{
    return (uint32_t)p->number[id] << (p->shift & 31);
}

LANES_TARGET static inline Lanes lane_level(const FieldPlan *p, LevelId id)
{
    return lane_set(level_bits(p, id));
}

/*
 * Is nothing but the last level left? One edit in names of four letters or more and truncation imply a Jaro-Winkler of
 * 0.7, so only that, the sound and the nicknames are asked. With m matched letters J is at most (m / la + m / lb + 1) /
 * 3, and up to 0.7 nothing is added for the beginning; at most so many letters match as the two have in common, and
 * repeats. Of strangers' names four in five are decided here.
 */
LANES_TARGET static NamePlaces path_names(
    const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places, uint32_t *alike)
{
    const NameInfo *x = &p->dict->names.at[value];
    const bool first = p->spec->kind != FIELD_LAST_NAME;
    const uint32_t flag_mask = first ? NAME_LETTER | NAME_ODD : NAME_ODD;
    const uint32_t *values = view_column(v, p->first), *letters = view_column(v, p->first + NAME_LETTERS);
    const uint32_t *sounds = view_column(v, p->first + NAME_SOUND), *roots = view_column(v, p->first + NAME_ROOTS);
    const uint32_t *lengths = view_column(v, p->first + NAME_LENGTH),
                   *repeats = view_column(v, p->first + NAME_REPEATS);
    const Lanes mine = lane_set(value), flags = lane_set(flag_mask << NAME_FLAGS_SHIFT), none = lane_set(0);
    const Lanes my_letters = lane_set(x->letters), my_sound = lane_set(x->sound), my_repeats = lane_set(x->repeats);
    const Lanes my_roots = lane_set(first ? x->root_mask : 0);
    const Lanes exact = lane_level(p, LV_EXACT), differs = lane_level(p, LV_DIFFERS);
    const Mask judged = lane_all(!(x->flags & flag_mask));
    NamePlaces found = {0};
    for (size_t i = 0; i < v->n; i += LANES_COUNT) {
        Lanes other = lane_load(values + i), written = lane_load(letters + i);
        Mask equal = lane_equal(other, mine), there = NEITHER(lane_equal(other, none));
        Lanes most = lane_count_bits(written & my_letters) + lane_min(lane_load(repeats + i), my_repeats);
        Mask few = lane_few(most, lane_load_real(lengths + i), x->length);
        Mask rootless = lane_equal(lane_load(roots + i) & my_roots, none);
        Mask plain = BOTH(lane_equal(written & flags, none), judged);
        Mask apart = BOTH(BOTH(plain, rootless), few);
        apart = BOTH(apart, NEITHER(lane_equal(lane_load(sounds + i), my_sound)));
        Mask unknown = BOTH(BOTH(NEITHER(EITHER(equal, apart)), there), lane_inside(i, v->n));
        lane_add(levels + i, lane_choose(equal, exact, lane_keep(BOTH(apart, there), differs)));
        found.alike = lane_push(alike, found.alike, BOTH(unknown, plain), i);
        found.open = lane_push(places, found.open, BOTH(unknown, NEITHER(plain)), i);
    }
    return found;
}

/* As quick_date, of dates that are not equal to x and all days known, x's too; otherwise the lane means nothing. */
LANES_TARGET static inline Lanes date_levels(const QuickDate *x, Lanes written, Lanes days, const uint8_t *number)
{
    const Lanes none = lane_set(0);
    Lanes differing = written ^ lane_set(x->written);
    Mask transposed = lane_equal(written, lane_set(x->exchanged[0]));
    Mask year = lane_equal(differing & lane_set(0xFFFF0000), none);
    Mask month = lane_equal(differing & lane_set(0xFF00), none), day = lane_equal(differing & lane_set(0xFF), none);
    Lanes marks = differing | differing >> 1;
    marks = (marks | marks >> 2) & lane_set(0x11111111);
    Mask one_digit = lane_equal(marks & (marks - lane_set(1)), none);
    Mask near = lane_at_most(lane_set(x->day + NEAR_DAYS) - days, 2 * NEAR_DAYS);
    for (size_t i = 1; i + 1 < DATE_EXCHANGES; i++)
        transposed = EITHER(transposed, lane_equal(written, lane_set(x->exchanged[i])));
    Lanes level = lane_choose(year, lane_set(number[LV_YEAR]), lane_set(number[LV_DIFFERS]));
    level = lane_choose(BOTH(month, day), lane_set(number[LV_MONTH_DAY]), level);
    level = lane_choose(BOTH(year, EITHER(month, day)), lane_set(number[LV_YEAR_PART]), level);
    level = lane_choose(near, lane_set(number[LV_NEAR]), level);
    level = lane_choose(transposed, lane_set(number[LV_TRANSPOSED]), level);
    level = lane_choose(one_digit, lane_set(number[LV_ONE_DIGIT]), level);
    return lane_choose(
        lane_equal(written, lane_set(x->exchanged[DATE_EXCHANGES - 1])), lane_set(number[LV_DAY_MONTH]), level);
}

LANES_TARGET static size_t path_dates(
    const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places)
{
    const QuickDate mine = quick_date_of(p->dict->codes.at[value]);
    const uint32_t *written = view_column(v, p->first + DATE_WRITTEN), *days = view_column(v, p->first + DATE_DAYS);
    const Mask whole = lane_all(mine.day != CODE_NO_DAY);
    const Lanes exact = lane_set(p->number[LV_EXACT]), none = lane_set(0), no_day = lane_set(CODE_NO_DAY);
    const uint32_t shift = p->shift & 31;
    size_t open = 0;
    for (size_t i = 0; i < v->n; i += LANES_COUNT) {
        Lanes w = lane_load(written + i), d = lane_load(days + i);
        Mask known = BOTH(NEITHER(lane_equal(d, no_day)), whole), there = NEITHER(lane_equal(w, none));
        Lanes level = lane_keep(known, date_levels(&mine, w, d, p->number));
        level = lane_choose(lane_equal(w, lane_set(mine.written)), exact, level);
        level = lane_keep(there, level);
        lane_add(levels + i, level << shift);
        open = lane_push(places, open, BOTH(BOTH(lane_equal(level, none), there), lane_inside(i, v->n)), i);
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

/* The lowest bit of each byte that is not 0. */
LANES_TARGET static inline Lanes lane_bytes(Lanes v)
{
    const Lanes seven = lane_set(0x7F7F7F7F);
    return ((((v & seven) + seven) | v) & lane_set(0x80808080)) >> 7;
}

/* As quick_postal_code. */
LANES_TARGET static size_t path_postal(
    const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places)
{
    const uint64_t code = p->dict->codes.at[value];
    const PostalQuery mine = postal_query(code);
    const uint32_t *values = view_column(v, p->first), *lows = view_column(v, p->first + CODE_LOW);
    const uint32_t *highs = view_column(v, p->first + CODE_HIGH);
    const Lanes none = lane_set(0), my_low = lane_set(mine.low), my_high = lane_set(mine.high);
    const Lanes exact = lane_level(p, LV_EXACT), differs = lane_level(p, LV_DIFFERS);
    const Lanes five = lane_level(p, LV_FIVE_DIGITS), edit = lane_level(p, LV_ONE_EDIT);
    const Lanes turned = lane_level(p, LV_TRANSPOSED), area = lane_level(p, LV_AREA);
    const Mask judged = lane_all(code != 0), prefixed = lane_all(code >> 56 >= 3);
    size_t open = 0;
    for (size_t i = 0; i < v->n; i += LANES_COUNT) {
        Lanes other = lane_load(values + i), low = lane_load(lows + i), high = lane_load(highs + i);
        Mask equal = lane_equal(other, lane_set(value)), there = NEITHER(lane_equal(other, none));
        Lanes below = low ^ my_low, above = high ^ my_high;
        Mask transposed = lane_all(false);
        Lanes marks = lane_bytes(below) | lane_bytes(above) << 1; /* no two at one place */
        for (uint32_t k = 0; k < mine.count; k++)
            transposed = EITHER(transposed, BOTH(lane_equal(low, lane_set(mine.exchanged_low[k])),
                                                lane_equal(high, lane_set(mine.exchanged_high[k]))));
        Mask same_area = BOTH(prefixed, lane_equal(below & lane_set(0xFFFFFF), none));
        Lanes level = lane_choose(same_area, area, differs);
        level = lane_choose(transposed, turned, level);
        level = lane_choose(lane_equal(marks & (marks - lane_set(1)), none), edit, level);
        level = lane_choose(lane_equal(below | above, none), five, level);
        Mask decided = BOTH(BOTH(lane_equal(above >> 24, none), NEITHER(lane_equal(low | high, none))), judged);
        lane_add(levels + i, lane_choose(equal, exact, lane_keep(BOTH(decided, there), level)));
        Mask unknown = BOTH(NEITHER(EITHER(equal, decided)), there);
        open = lane_push(places, open, BOTH(unknown, lane_inside(i, v->n)), i);
    }
    return open;
}

LANES_TARGET static void path_plain(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first);
    const Lanes exact = lane_level(p, LV_EXACT), differs = lane_level(p, LV_DIFFERS), none = lane_set(0);
    for (size_t i = 0; i < v->n; i += LANES_COUNT) {
        Lanes other = lane_load(values + i);
        Lanes apart = lane_keep(NEITHER(lane_equal(other, none)), differs);
        lane_add(levels + i, lane_choose(lane_equal(other, lane_set(value)), exact, apart));
    }
}

LANES_TARGET static void path_plains(const FieldPlan *p, const uint32_t *cells, const StretchView *v, uint32_t *levels)
{
    const Lanes exact = lane_level(p, LV_EXACT), alias = lane_level(p, LV_ALIAS), differs = lane_level(p, LV_DIFFERS);
    const Lanes none = lane_set(0), present = lane_set(cells[p->column]);
    uint32_t mine[MATCH_ALIASES_MAX], count = 0;
    for (uint32_t k = 0; k < p->column_count; k++)
        if (cells[p->spec->columns[k]])
            mine[count++] = cells[p->spec->columns[k]];
    if (count == 0)
        return;
    for (size_t i = 0; i < v->n; i += LANES_COUNT) {
        Mask there = lane_all(false), met = there;
        Lanes other = lane_load(view_column(v, p->first) + i);
        Mask equal = BOTH(lane_equal(other, present), NEITHER(lane_equal(other, none)));
        for (uint32_t k = 0; k < p->column_count; k++) {
            other = lane_load(view_column(v, p->first + k) + i);
            there = EITHER(there, NEITHER(lane_equal(other, none)));
            for (uint32_t m = 0; m < count; m++)
                met = EITHER(met, lane_equal(other, lane_set(mine[m])));
        }
        Lanes level = lane_choose(met, alias, lane_keep(there, differs));
        lane_add(levels + i, lane_choose(equal, exact, level));
    }
}

LANES_TARGET static size_t path_crosswise(
    const FieldPlan *p, uint32_t value, uint32_t other, const StretchView *v, uint32_t *places)
{
    const uint32_t *his = view_column(v, p->first), *his_other = view_column(v, p->other_first);
    const Lanes mine = lane_set(value), my_other = lane_set(other);
    size_t found = 0;
    for (size_t i = 0; i < v->n; i += LANES_COUNT) {
        Mask either = EITHER(lane_equal(lane_load(his + i), my_other), lane_equal(lane_load(his_other + i), mine));
        found = lane_push(places, found, BOTH(either, lane_inside(i, v->n)), i);
    }
    return found;
}

#ifndef LANES_APART
#define LANES_APART names_apart
static void names_apart(const QuickJaro *x, const NameLetters *letters, const uint32_t *lengths, const uint32_t *places,
    size_t n, bool *apart)
{
    for (size_t i = 0; i < n; i++) {
        const NameLetters *y = &letters[places[i]];
        float length;
        memcpy(&length, &lengths[places[i]], sizeof length);
        apart[i] = y->at[0] != NAME_LETTERS_NONE && quick_jaro_differs(x, y, (uint32_t)length);
    }
}
#endif

const CompareLanes LANES_PATH(lanes) = {
    .names = path_names,
    .dates = path_dates,
    .postal = path_postal,
    .plain = path_plain,
    .plains = path_plains,
    .crosswise = path_crosswise,
    .apart = LANES_APART,
};
