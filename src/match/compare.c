/*
 * Two records to a pattern: four bits a field.
 *
 * Values are numbers, so most of a comparison is one integer comparison: equal,
 * missing, or a pair of different values, whose level is looked up in a memo of
 * this thread. The memo is direct-mapped: a pair of numbers is spread by a
 * bijection over 64 bits, of which the lower ones are the place and the upper ones
 * stand in the entry beside the level, so that an entry is never mistaken for
 * another pair's. Records are compared field by field over a stretch that fits the
 * first-level cache.
 */
#include "match/compare_impl.h"

#include <stdio.h>

#define FEW_PAIRS 4 /* up to so many of one record are compared pair by pair */
#define MEMO_BITS 15
#define MEMO_MASK ((UINT64_C(1) << MEMO_BITS) - 1)

/* A field that is missing beside another's equal or former value. */
typedef struct Beside {
    uint64_t field; /* its bits */
    uint32_t shift; /* of the other */
    uint32_t alias; /* level of the other's former value; NO_LEVEL: none */
} Beside;

#define NO_LEVEL 16

/* Of an own comparator with up to so many values (months, small numbers) each pair's level has a byte of its own, which
 * a stretch reads from one row. */
#define FEW_VALUES 1024
#define FEW_KNOWN 16 /* 0: not asked for yet */

struct Comparer {
    const MatchTable *t;
    Arena arena;
    uint32_t field_count;
    uint32_t column_count, name_count; /* of a tile */
    uint32_t beside_count;
    Beside beside[MATCH_FIELDS_MAX * MATCH_FIELDS_MAX]; /* fields that are missing beside an equal number */
    FieldPlan plans[MATCH_FIELDS_MAX];
    const CompareLanes *lanes; /* of this machine's path */
    CompareTile tile;          /* of the last compare_batch */
    uint64_t tile_number;      /* its number; 0: none */
    CompareTile stretch;       /* others, picked from the tile or from the table */
    uint32_t names;            /* set of fields: first and last names */
    uint32_t addresses;        /* and e-mail addresses, which are made of them; none where no field is a name */
    /* Scratch of one stretch. Here, because arrays on the stack are cleared at each call. */
    uint32_t low[STRETCH + LANES_SPARE], high[STRETCH + LANES_SPARE]; /* levels of fields 0 to 7, 8 to 15 */
    uint32_t open[STRETCH + LANES_SPARE];                             /* places that a shortcut left undecided */
    uint32_t alike[STRETCH + LANES_SPARE];                            /* names that may be alike by their letters */
    uint64_t patterns[STRETCH];
};

/* --- making --------------------------------------------------------------------------------------------------- */

static Status compile_levels(Comparer *c, FieldPlan *p, Error *err)
{
    for (uint32_t i = 0; p->spec->levels && i < p->spec->level_count; i++)
        TRY(expr_compile(p->spec->levels[i].when, "level", NULL, &c->arena, &p->when[i], err));
    return p->spec->neutral.len ? expr_compile(p->spec->neutral, "neutral", NULL, &c->arena, &p->neutral, err) : OK;
}

static PlanWay way_of(const FieldSpec *f, const Dict *d)
{
    bool aliases = f->column_count > 1 && !f->combine;
    if (aliases && !f->levels && kind_is_plain(f->kind))
        return WAY_PLAINS;
    if (aliases && (f->levels || d->domain != DOMAIN_NAME))
        return WAY_ALIASES;
    if (aliases)
        return WAY_NAMES;
    if (f->levels)
        return WAY_OWN;
    if (kind_is_plain(f->kind))
        return WAY_PLAIN;
    switch (d->domain) {
    case DOMAIN_NAME:
        return WAY_NAME;
    case DOMAIN_CODE:
        return f->kind == FIELD_DATE ? WAY_DATE : f->kind == FIELD_POSTAL_CODE ? WAY_POSTAL : WAY_DIGITS;
    case DOMAIN_TEXT:
        return WAY_TEXT;
    default:
        return WAY_MEMO;
    }
}

static uint32_t columns_of(const FieldPlan *p)
{
    return p->way == WAY_NAME                             ? NAME_COLUMNS
           : p->way == WAY_NAMES                          ? NAME_COLUMNS + 1
           : p->way == WAY_DATE                           ? DATE_COLUMNS
           : p->way == WAY_POSTAL || p->way == WAY_DIGITS ? CODE_COLUMNS
           : p->way == WAY_PLAINS                         ? p->column_count
                                                          : 1;
}

static Status plan_memo(FieldPlan *p, Error *err)
{
    uint32_t values = dict_count(p->dict);
    if (p->plain)
        return OK;
    TRY(mem_zalloc(MEMO_MASK + 1, sizeof *p->memo, (void **)&p->memo, err));
    if (!p->spec->levels || values > FEW_VALUES)
        return OK;
    TRY(mem_zalloc((size_t)values * values, 1, (void **)&p->few, err));
    p->few_count = values;
    return OK;
}

static Status plan_field(Comparer *c, uint32_t field, Error *err)
{
    FieldPlan *p = &c->plans[field];
    const FieldSpec *f = &c->t->config->fields[field];
    const Dict *d = c->t->dict[f->columns[0]];
    *p = (FieldPlan){.spec = f,
        .dict = d,
        .way = way_of(f, d),
        .first = c->column_count,
        .column = f->columns[0],
        .column_count = f->combine ? 1 : f->column_count,
        .shift = 4 * field,
        .plain = !f->levels && kind_is_plain(f->kind),
        .other_column = MATCH_NONE};
    c->column_count += columns_of(p);
    p->name = c->name_count;
    c->name_count += p->way == WAY_NAME || p->way == WAY_NAMES;
    for (int id = 0; id < LV_COUNT; id++)
        p->number[id] = (uint8_t)field_level_number(f, (LevelId)id);
    TRY(compile_levels(c, p, err));
    return plan_memo(p, err);
}

/* After all fields have their columns. */
static void plan_swap(Comparer *c, uint32_t field)
{
    FieldPlan *p = &c->plans[field];
    uint32_t other = p->spec->swap_with;
    if (other == MATCH_NONE)
        return;
    p->other_column = c->plans[other].column;
    p->other_first = c->plans[other].first;
    p->other_shift = 4 * other;
}

/* After all fields have their places. */
static void plan_beside(Comparer *c, uint32_t field)
{
    for (uint32_t beside = c->plans[field].spec->neutral_beside; beside != 0; beside &= beside - 1) {
        const FieldPlan *other = &c->plans[__builtin_ctz(beside)];
        c->beside[c->beside_count++] = (Beside){.field = UINT64_C(15) << c->plans[field].shift,
            .shift = other->shift,
            .alias = other->number[LV_ALIAS] ? other->number[LV_ALIAS] : NO_LEVEL};
    }
}

static void tile_free(CompareTile *tile)
{
    mem_free(tile->rows);
    mem_free(tile->columns);
    mem_free(tile->letters);
}

static Status tile_reserve(const Comparer *c, CompareTile *tile, size_t records, Error *err)
{
    size_t room = records + LANES_SPARE;
    if (room <= tile->room)
        return OK;
    TRY(mem_resize((void **)&tile->rows, room, sizeof *tile->rows, err));
    TRY(mem_resize((void **)&tile->columns, room * c->column_count, sizeof *tile->columns, err));
    if (c->name_count > 0)
        TRY(mem_resize((void **)&tile->letters, room * c->name_count, sizeof *tile->letters, err));
    /* lanes beyond a stretch are computed too, and nobody looks at them */
    memset(tile->columns, 0, room * c->column_count * sizeof *tile->columns);
    tile->room = room;
    return OK;
}

/* Of own comparators nobody knows which levels say what the name explains. */
static void plan_derived(Comparer *c)
{
    for (uint32_t f = 0; f < c->field_count; f++) {
        const FieldSpec *spec = c->plans[f].spec;
        bool name = spec->kind == FIELD_FIRST_NAME || spec->kind == FIELD_LAST_NAME;
        c->names |= (uint32_t)(name && !spec->levels) << f;
        c->addresses |= (uint32_t)(spec->kind == FIELD_EMAIL && !spec->levels) << f;
    }
    if (c->names == 0)
        c->addresses = 0;
}

Status comparer_new(const MatchTable *t, Comparer **out, Error *err)
{
    Comparer *c = NULL;
    const KernelTable *kernels = NULL;
    TRY(kernel_choose(&kernels, err));
    TRY(mem_zalloc(1, sizeof *c, (void **)&c, err));
    c->t = t;
    c->lanes = compare_lanes(kernels->path);
    arena_init(&c->arena, 0);
    c->field_count = t->config->field_count;
    for (uint32_t f = 0; f < c->field_count; f++) {
        Status st = plan_field(c, f, err);
        if (st != OK) {
            comparer_free(c);
            return st;
        }
    }
    for (uint32_t f = 0; f < c->field_count; f++) {
        plan_swap(c, f);
        plan_beside(c, f);
    }
    plan_derived(c);
    Status st = tile_reserve(c, &c->stretch, STRETCH, err);
    if (st != OK) {
        comparer_free(c);
        return st;
    }
    *out = c;
    return OK;
}

void comparer_free(Comparer *c)
{
    if (!c)
        return;
    for (uint32_t f = 0; f < c->field_count; f++) {
        mem_free(c->plans[f].memo);
        mem_free(c->plans[f].few);
    }
    tile_free(&c->tile);
    tile_free(&c->stretch);
    arena_free(&c->arena);
    mem_free(c);
}

/* --- one pair of values --------------------------------------------------------------------------------------- */

/* The first level that holds one way or the other, so that a pair has one level whoever is left. */
static uint32_t own_level(const FieldPlan *p, Slice a, Slice b)
{
    if (p->neutral && (expr_holds(p->neutral, a, b) || expr_holds(p->neutral, b, a)))
        return 0;
    for (uint32_t i = 0; i < p->spec->level_count; i++)
        if (expr_holds(p->when[i], a, b) || expr_holds(p->when[i], b, a))
            return i + 1;
    return p->spec->level_count + 1;
}

static uint32_t compute_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (p->spec->levels)
        return own_level(p, dict_text(p->dict, a), dict_text(p->dict, b));
    return p->number[level_of(p->spec->kind, p->dict, a, b)];
}

static inline uint64_t spread(uint32_t a, uint32_t b)
{
    uint64_t key = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
    key *= UINT64_C(0x9E3779B97F4A7C15);
    return key ^ key >> 32;
}

/* Not inline: what happens seldom stays out of the loops. */
static uint32_t learn_level(const FieldPlan *p, uint32_t a, uint32_t b, uint64_t place)
{
    uint32_t level = compute_level(p, a, b);
    p->memo[place & MEMO_MASK] = (place & ~MEMO_MASK) | (level + 1); /* 0 is an empty entry, and level 0 is neutral */
    return level;
}

/* Of two values that are there, and differ unless the comparator is the config's own. */
static inline uint32_t known_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    uint64_t place = spread(a, b), entry = p->memo[place & MEMO_MASK];
    uint32_t known = (uint32_t)(entry & MEMO_MASK);
    if (known && !((entry ^ place) >> MEMO_BITS))
        return known - 1;
    return learn_level(p, a, b, place);
}

/* Of two values of an own comparator, which may be missing. Not inline: each pair of values once. */
static uint32_t learn_few(const FieldPlan *p, uint32_t a, uint32_t b)
{
    uint32_t level = a && b ? compute_level(p, a, b) : 0;
    uint8_t known = (uint8_t)(FEW_KNOWN | level);
    p->few[(size_t)a * p->few_count + b] = p->few[(size_t)b * p->few_count + a] = known;
    return level;
}

/* A dictionary may have grown since. */
static inline uint32_t own_known_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (a >= p->few_count || b >= p->few_count)
        return a && b ? known_level(p, a, b) : 0;
    uint8_t known = p->few[(size_t)a * p->few_count + b];
    return known ? known & 15 : learn_few(p, a, b);
}

static uint32_t value_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (p->spec->levels)
        return own_known_level(p, a, b);
    if (a == 0 || b == 0)
        return 0;
    if (a == b)
        return p->number[LV_EXACT];
    if (p->plain)
        return p->number[LV_DIFFERS];
    LevelId quick = LV_MISSING;
    if (p->dict->domain == DOMAIN_CODE)
        quick = quick_code(p->spec->kind, p->dict->codes.at[a], p->dict->codes.at[b]);
    if (p->dict->domain == DOMAIN_TEXT &&
        quick_text_differs(p->spec->kind, &p->dict->texts_known.at[a], &p->dict->texts_known.at[b]))
        quick = LV_DIFFERS;
    return quick != LV_MISSING ? p->number[quick] : known_level(p, a, b);
}

/* --- loading a tile ------------------------------------------------------------------------------------------- */

/* Not 0: the record has a name beside the present one. */
static inline uint32_t alias_mark(const FieldPlan *p, const uint32_t *cells)
{
    uint32_t mark = 0;
    for (uint32_t i = 1; i < p->column_count; i++)
        mark |= cells[p->spec->columns[i]];
    return mark;
}

static void load_aliases(const FieldPlan *p, const CompareTile *tile, uint32_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = alias_mark(p, tile->rows[i]);
}

static void load_name(const FieldPlan *p, const CompareTile *tile, uint32_t *at, size_t n)
{
    const NameInfo *names = p->dict->names.at;
    const NameLetters *written = p->dict->letters.at;
    const size_t room = tile->room;
    NameLetters *letters = tile->letters + p->name * room;
    for (size_t i = 0; i < n; i++, at++) {
        uint32_t value = tile->rows[i][p->column];
        const NameInfo *x = &names[value];
        float length = x->length;
        at[NAME_VALUE * room] = value;
        at[NAME_LETTERS * room] = x->letters | (uint32_t)x->flags << NAME_FLAGS_SHIFT;
        at[NAME_SOUND * room] = x->sound;
        at[NAME_ROOTS * room] = x->root_mask;
        memcpy(&at[NAME_LENGTH * room], &length, sizeof length);
        at[NAME_REPEATS * room] = x->repeats;
        letters[i] = written[value];
    }
}

static void load_code(const FieldPlan *p, const CompareTile *tile, uint32_t *at, size_t n)
{
    const uint64_t *codes = p->dict->codes.at;
    const size_t room = tile->room;
    /* a date is told by its upper half first */
    const size_t low = (p->way == WAY_DATE ? (size_t)DATE_DAYS : (size_t)CODE_LOW) * room;
    const size_t high = (p->way == WAY_DATE ? (size_t)DATE_WRITTEN : (size_t)CODE_HIGH) * room;
    for (size_t i = 0; i < n; i++, at++) {
        uint32_t value = tile->rows[i][p->column];
        uint64_t code = codes[value];
        at[0] = value;
        at[low] = (uint32_t)code;
        at[high] = (uint32_t)(code >> 32);
    }
}

static void load_value(uint32_t column, const CompareTile *tile, uint32_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = tile->rows[i][column];
}

/* The tile's rows are set. */
static void load_columns(const Comparer *c, const CompareTile *tile, size_t n)
{
    for (uint32_t f = 0; f < c->field_count; f++) {
        const FieldPlan *p = &c->plans[f];
        uint32_t *at = tile->columns + (size_t)p->first * tile->room;
        if (p->way == WAY_NAME || p->way == WAY_NAMES)
            load_name(p, tile, at, n);
        else if (p->way == WAY_DATE || p->way == WAY_POSTAL || p->way == WAY_DIGITS)
            load_code(p, tile, at, n);
        else
            load_value(p->column, tile, at, n);
        for (uint32_t k = 1; p->way == WAY_PLAINS && k < p->column_count; k++)
            load_value(p->spec->columns[k], tile, at + k * tile->room, n);
        if (p->way == WAY_NAMES)
            load_aliases(p, tile, at + NAME_COLUMNS * tile->room, n);
    }
}

static void load_records(const Comparer *c, const CompareTile *tile, const uint32_t *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tile->rows[i] = record_cells(c->t, records[i]);
        __builtin_prefetch(tile->rows[i]);
    }
    load_columns(c, tile, n);
}

static StretchView view_of(const CompareTile *tile, size_t first, size_t n)
{
    const NameLetters *letters = tile->letters ? tile->letters + first : NULL;
    return (StretchView){tile->rows + first, tile->columns + first, letters, tile->room, n};
}

void compare_fetch(const MatchTable *t, uint32_t record)
{
    const uint32_t *cells = record_cells(t, record);
    for (uint32_t f = 0; f < t->config->field_count; f++) {
        uint32_t column = t->config->fields[f].columns[0], value = cells[column];
        const Dict *d = t->dict[column];
        if (d->domain == DOMAIN_NAME) {
            __builtin_prefetch(&d->names.at[value]);
            __builtin_prefetch(&d->names.at[value].flags); /* often in the next line */
            __builtin_prefetch(&d->letters.at[value]);
        } else if (d->domain == DOMAIN_CODE) {
            __builtin_prefetch(&d->codes.at[value]);
        } else if (d->domain == DOMAIN_TEXT) {
            __builtin_prefetch(&d->texts_known.at[value]);
        }
    }
}

/* --- one pair of records ---------------------------------------------------------------------------------------- */

/* The best of all pairs of the values that the two records hold; the same value in another column is an alias. */
static uint32_t alias_level(const FieldPlan *p, const uint32_t *a, const uint32_t *b)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < p->column_count; i++)
        for (uint32_t k = 0; k < p->column_count; k++) {
            uint32_t x = a[p->spec->columns[i]], y = b[p->spec->columns[k]];
            bool is_alias = x == y && (i || k) && !p->spec->levels;
            uint32_t level = is_alias && x ? p->number[LV_ALIAS] : value_level(p, x, y);
            if (level && (!best || level < best))
                best = level;
        }
    return best;
}

/* The same of values that are equal or not. */
static uint32_t plains_level(const FieldPlan *p, const uint32_t *a, const uint32_t *b)
{
    bool there = false, met = false;
    if (a[p->column] && a[p->column] == b[p->column])
        return p->number[LV_EXACT];
    for (uint32_t i = 0; i < p->column_count; i++) {
        uint32_t x = a[p->spec->columns[i]];
        for (uint32_t k = 0; x && k < p->column_count; k++) {
            uint32_t y = b[p->spec->columns[k]];
            there |= y != 0;
            met |= x == y;
        }
    }
    return met ? p->number[LV_ALIAS] : there ? p->number[LV_DIFFERS] : 0;
}

static bool have_common_root(const Dict *d, const NameInfo *x, const NameInfo *y)
{
    return have_common(d->roots.at + x->roots, x->root_count, d->roots.at + y->roots, y->root_count);
}

/* Of two different names that their letters alone do not tell: odd ones, most of all. */
static uint32_t odd_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    const NameInfo *x = &p->dict->names.at[a], *y = &p->dict->names.at[b];
    if (quick_double_differs(p->spec->kind, p->dict, x, y))
        return p->number[LV_DIFFERS];
    return known_level(p, a, b);
}

/* The same as path_names and settle_alike, of two different names. */
static uint32_t name_level(FieldPlan *p, uint32_t a, uint32_t b)
{
    const NameInfo *x = &p->dict->names.at[a], *y = &p->dict->names.at[b];
    const NameLetters *mine = &p->dict->letters.at[a], *his = &p->dict->letters.at[b];
    const bool first = p->spec->kind != FIELD_LAST_NAME;
    if ((x->flags | y->flags) & (first ? NAME_LETTER | NAME_ODD : NAME_ODD))
        return odd_level(p, a, b);
    uint32_t la = x->length, lb = y->length, repeats = x->repeats < y->repeats ? x->repeats : y->repeats;
    uint32_t most = count_bits(x->letters & y->letters) + repeats;
    bool rooted = first && (x->root_mask & y->root_mask) != 0;
    if (!rooted && x->sound != y->sound && 10 * most * (la + lb) < 11 * la * lb)
        return p->number[LV_DIFFERS];
    if (mine->at[0] == NAME_LETTERS_NONE || his->at[0] == NAME_LETTERS_NONE)
        return known_level(p, a, b);
    if (rooted && have_common_root(p->dict, x, y))
        return p->number[LV_NICKNAME];
    if (p->jaro.value != a)
        quick_jaro_of(&p->jaro, a, mine, la);
    return p->number[quick_name_level(p->spec->kind, &p->jaro, mine, his, lb, x->sound && x->sound == y->sound)];
}

/* Equal, or one and the same name most likely. */
static bool is_nearly(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (a == b || a == 0 || b == 0)
        return a == b;
    LevelId level = level_of(p->spec->kind, p->dict, a, b);
    return level == LV_ONE_EDIT || level == LV_CLOSE || level == LV_TRUNCATED || level == LV_NICKNAME ||
           level == LV_PART || level == LV_JOINED;
}

/* Both values crosswise: one equal, the other nearly. Then the field says so and the other is silent, lest the exchange
 * counts twice. */
static uint64_t with_swap(const FieldPlan *p, const uint32_t *a, const uint32_t *b, uint64_t pattern)
{
    uint32_t mine = a[p->column], mine_other = a[p->other_column], his = b[p->column], his_other = b[p->other_column];
    if (!mine || !mine_other || !his || !his_other)
        return pattern;
    bool crosswise =
        (mine == his_other && is_nearly(p, mine_other, his)) || (mine_other == his && is_nearly(p, mine, his_other));
    uint64_t level = pattern >> p->shift & 15, other_level = pattern >> p->other_shift & 15;
    if (!crosswise || level <= p->number[LV_SWAPPED] || other_level <= 1)
        return pattern;
    pattern &= ~(UINT64_C(15) << p->shift | UINT64_C(15) << p->other_shift);
    return pattern | (uint64_t)p->number[LV_SWAPPED] << p->shift;
}

/* By what the comparison said, whichever field comes first. */
static inline uint64_t without_given(const Comparer *c, uint64_t pattern)
{
    uint64_t gone = 0;
    for (uint32_t k = 0; k < c->beside_count; k++) {
        uint32_t level = pattern >> c->beside[k].shift & 15;
        bool beside = (level == 1) | (level == c->beside[k].alias);
        gone |= beside ? c->beside[k].field : 0;
    }
    return pattern & ~gone;
}

/* People make an e-mail address of their name. Of two who have one name in common and another not, addresses are alike
 * for that (dthomas@, mthomas@): what the name explains is no further evidence, nor one against. */
static uint64_t without_derived(const Comparer *c, uint64_t pattern)
{
    bool alike = false, differ = false;
    for (uint32_t names = c->names; names != 0; names &= names - 1) {
        const FieldPlan *p = &c->plans[__builtin_ctz(names)];
        uint64_t level = pattern >> p->shift & 15;
        alike |= level != 0 && level < p->number[LV_DIFFERS];
        differ |= level == p->number[LV_DIFFERS];
    }
    if (!alike || !differ)
        return pattern;
    for (uint32_t rest = c->addresses; rest != 0; rest &= rest - 1) {
        const FieldPlan *p = &c->plans[__builtin_ctz(rest)];
        uint64_t level = pattern >> p->shift & 15;
        if (level == p->number[LV_ONE_EDIT] || level == p->number[LV_LOCAL] || level == p->number[LV_LOCAL_SIMILAR])
            pattern &= ~(UINT64_C(15) << p->shift);
    }
    return pattern;
}

/* Not inline, as add_aliased: most configs have no such field. */
static __attribute__((noinline)) uint32_t names_level(FieldPlan *p, const uint32_t *a, const uint32_t *b)
{
    uint32_t x = a[p->column], y = b[p->column];
    if (alias_mark(p, a) | alias_mark(p, b))
        return alias_level(p, a, b);
    return x != y && x && y ? name_level(p, x, y) : value_level(p, x, y);
}

/* Of so few pairs that loading a stretch would cost more than four at a time save. */
static uint64_t pair_pattern(Comparer *c, const uint32_t *a, const uint32_t *b)
{
    uint64_t pattern = 0;
    for (uint32_t f = 0; f < c->field_count; f++) {
        FieldPlan *p = &c->plans[f];
        uint32_t x = a[p->column], y = b[p->column], level;
        if (p->way == WAY_PLAINS)
            level = plains_level(p, a, b);
        else if (p->way == WAY_ALIASES)
            level = alias_level(p, a, b);
        else if (p->way == WAY_NAMES)
            level = names_level(p, a, b);
        else if (p->way == WAY_NAME && x != y && x && y)
            level = name_level(p, x, y);
        else
            level = value_level(p, x, y);
        pattern |= (uint64_t)level << p->shift;
    }
    for (uint32_t f = 0; f < c->field_count; f++)
        if (c->plans[f].other_column != MATCH_NONE)
            pattern = with_swap(&c->plans[f], a, b, pattern);
    if (c->addresses)
        pattern = without_derived(c, pattern);
    return without_given(c, pattern);
}

/* --- a stretch ------------------------------------------------------------------------------------------------ */

/* Levels that a shortcut left open, through the memo, whose entries are asked for before they are read. */
static void add_open(
    const FieldPlan *p, uint32_t value, const StretchView *v, const uint32_t *open, size_t count, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first), shift = p->shift & 31;
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&p->memo[spread(value, values[open[i]]) & MEMO_MASK]);
    for (size_t i = 0; i < count; i++)
        levels[open[i]] |= known_level(p, value, values[open[i]]) << shift;
}

/* The same of names, of which most need no memo. */
static void add_odd(
    const FieldPlan *p, uint32_t value, const StretchView *v, const uint32_t *open, size_t count, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first), shift = p->shift & 31;
    for (size_t i = 0; i < count; i++)
        levels[open[i]] |= odd_level(p, value, values[open[i]]) << shift;
}

/* Names of one word that the set of their letters leaves open. What differs for where the letters stand is settled
 * first, without a branch, and alike[] keeps the others; returned is how many. */
INLINE_ALWAYS size_t settle_apart(
    const FieldPlan *p, const NameInfo *x, const StretchView *v, uint32_t *alike, size_t count, uint32_t *levels)
{
    const uint32_t *lengths = view_column(v, p->first + NAME_LENGTH), *sounds = view_column(v, p->first + NAME_SOUND);
    const uint32_t *roots = view_column(v, p->first + NAME_ROOTS), shift = p->shift & 31;
    const uint32_t my_roots = p->spec->kind != FIELD_LAST_NAME ? x->root_mask : 0;
    const uint32_t differs = (uint32_t)p->number[LV_DIFFERS] << shift;
    const uint32_t sounds_alike = p->spec->kind == FIELD_MIDDLE_NAME ? differs : (uint32_t)p->number[LV_SOUND] << shift;
    const NameLetters *letters = v->letters + p->name * v->room;
    const uint32_t my_sound = x->sound != 0 ? x->sound : UINT32_MAX; /* no sound is equal to none */
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = alike[i];
        float length;
        memcpy(&length, &lengths[at], sizeof length);
        bool known = letters[at].at[0] != NAME_LETTERS_NONE && !(roots[at] & my_roots);
        bool apart = known && quick_jaro_differs(&p->jaro, &letters[at], (uint32_t)length);
        levels[at] |= apart ? sounds[at] == my_sound ? sounds_alike : differs : 0;
        alike[kept] = at;
        kept += !apart;
    }
    return kept;
}

/* Of most of the rest the letters tell the level. */
INLINE_ALWAYS size_t settle_alike(FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *alike, size_t count,
    uint32_t *levels, uint32_t *open, size_t open_count)
{
    const uint32_t *lengths = view_column(v, p->first + NAME_LENGTH), *sounds = view_column(v, p->first + NAME_SOUND);
    const NameLetters *letters = v->letters + p->name * v->room, *mine = &p->dict->letters.at[value];
    const NameInfo *names = p->dict->names.at, *x = &names[value];
    const uint32_t *values = view_column(v, p->first), *roots = view_column(v, p->first + NAME_ROOTS);
    const uint32_t my_roots = p->spec->kind != FIELD_LAST_NAME ? x->root_mask : 0;
    if (p->jaro.value != value)
        quick_jaro_of(&p->jaro, value, mine, x->length);
    if (p->jaro.length != 0)
        count = settle_apart(p, x, v, alike, count, levels);
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
    return settle_alike(p, value, v, c->alike, found.alike, levels, c->open, found.open);
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
            level = own_known_level(p, value, values[i]);
        levels[i] |= (level & 15) << shift;
    }
}

static void add_each(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels)
{
    const uint32_t *values = view_column(v, p->first);
    for (size_t i = 0; i < v->n; i++)
        levels[i] |= value_level(p, value, values[i]) << (p->shift & 31);
}

static void mark_swapped(Comparer *c, const FieldPlan *p, const uint32_t *a, const StretchView *v, uint64_t *patterns)
{
    uint32_t mine = a[p->column], mine_other = a[p->other_column];
    if (!mine || !mine_other)
        return;
    size_t found = c->lanes->crosswise(p, mine, mine_other, v, c->open);
    for (size_t i = 0; i < found; i++) {
        uint32_t at = c->open[i];
        patterns[at] = with_swap(p, a, v->rows[at], patterns[at]);
    }
}

/* Where either has another name beside, all pairs of names are looked at; of most records neither has. */
static __attribute__((noinline)) void add_aliased(
    Comparer *c, FieldPlan *p, const uint32_t *a, const StretchView *v, uint32_t *levels)
{
    const uint32_t *marks = view_column(v, p->first + NAME_COLUMNS), value = a[p->column], shift = p->shift & 31;
    const bool each = alias_mark(p, a) != 0;
    if (!each && value == 0)
        return;
    if (!each) {
        size_t count = add_names(c, p, value, v, levels);
        add_odd(p, value, v, c->open, count, levels);
    }
    for (size_t i = 0; i < v->n; i++)
        if (each || marks[i])
            levels[i] = (levels[i] & ~(UINT32_C(15) << shift)) | alias_level(p, a, v->rows[i]) << shift;
}

static void add_field(Comparer *c, FieldPlan *p, const uint32_t *a, const StretchView *v, uint32_t *levels)
{
    uint32_t value = a[p->column], *open = c->open;
    size_t count = 0;
    if (p->way == WAY_ALIASES) {
        for (size_t i = 0; i < v->n; i++)
            levels[i] |= alias_level(p, a, v->rows[i]) << (p->shift & 31);
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

static void compare_stretch(Comparer *c, const uint32_t *a, const StretchView *v, uint64_t *patterns)
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
        patterns[i] = without_derived(c, patterns[i]);
    for (size_t i = 0; c->beside_count != 0 && i < v->n; i++)
        patterns[i] = without_given(c, patterns[i]);
}

void compare_many(Comparer *c, uint32_t a, const uint32_t *others, size_t n, uint64_t *patterns)
{
    StretchView v = view_of(&c->stretch, 0, 0);
    if (n <= FEW_PAIRS) {
        for (size_t i = 0; i < n; i++)
            patterns[i] = pair_pattern(c, record_cells(c->t, a), record_cells(c->t, others[i]));
        return;
    }
    for (size_t from = 0; from < n; from += STRETCH) {
        v.n = n - from < STRETCH ? n - from : STRETCH;
        load_records(c, &c->stretch, others + from, v.n);
        compare_stretch(c, record_cells(c->t, a), &v, patterns + from);
    }
}

/* Columns are picked here and there, which costs less than asking the dictionaries anew. */
static void pick_records(Comparer *c, const uint32_t *places, size_t n)
{
    for (size_t i = 0; i < n; i++)
        c->stretch.rows[i] = c->tile.rows[places[i]];
    for (uint32_t k = 0; k < c->column_count; k++) {
        const uint32_t *column = c->tile.columns + k * c->tile.room;
        uint32_t *to = c->stretch.columns + k * c->stretch.room;
        for (size_t i = 0; i < n; i++)
            to[i] = column[places[i]];
    }
    for (uint32_t k = 0; k < c->name_count; k++) {
        const NameLetters *letters = c->tile.letters + k * c->tile.room;
        NameLetters *to = c->stretch.letters + k * c->stretch.room;
        for (size_t i = 0; i < n; i++)
            to[i] = letters[places[i]];
    }
}

/* The next places that lie within one stretch of the tile. */
static size_t places_together(const uint32_t *places, size_t n)
{
    size_t count = n < STRETCH ? n : STRETCH;
    while (places[count - 1] - places[0] >= STRETCH)
        count--;
    return count;
}

/* Places of the tile in ascending order. Where few are left out, the gaps are compared, too. */
static void compare_places(Comparer *c, const uint32_t *a, const uint32_t *places, size_t n, uint64_t *patterns)
{
    for (size_t from = 0, count; from < n; from += count, places += count, patterns += count) {
        count = places_together(places, n - from);
        size_t first = places[0], span = places[count - 1] - first + 1;
        StretchView v = view_of(&c->tile, first, span);
        if (span == count) {
            compare_stretch(c, a, &v, patterns);
        } else if (span <= count + count / 4) {
            compare_stretch(c, a, &v, c->patterns);
            for (size_t i = 0; i < count; i++)
                patterns[i] = c->patterns[places[i] - first];
        } else {
            count = n - from < STRETCH ? n - from : STRETCH;
            pick_records(c, places, count);
            v = view_of(&c->stretch, 0, count);
            compare_stretch(c, a, &v, patterns);
        }
    }
}

/* Loading pays when several records are compared with the tile. */
#define TILE_LEAST 6

Status compare_batch(Comparer *c, const PairBatch *batch, const uint32_t *others, const uint32_t *places, size_t n,
    uint64_t *patterns, Error *err)
{
    if (!places || batch->tile.count < TILE_LEAST) {
        compare_many(c, batch->a, others, n, patterns);
        return OK;
    }
    if (batch->tile.number != c->tile_number) {
        TRY(tile_reserve(c, &c->tile, batch->tile.count, err));
        load_records(c, &c->tile, batch->tile.members, batch->tile.count);
        c->tile_number = batch->tile.number;
    }
    compare_places(c, record_cells(c->t, batch->a), places, n, patterns);
    return OK;
}

uint64_t compare_pair(Comparer *c, uint32_t a, uint32_t b)
{
    uint64_t pattern;
    compare_many(c, a, &b, 1, &pattern);
    return pattern;
}

uint32_t compare_agreed(const MatchTable *t, uint32_t a, uint32_t b, uint32_t field)
{
    const FieldSpec *f = &t->config->fields[field];
    const uint32_t *x = record_cells(t, a), *y = record_cells(t, b);
    uint32_t best = x[f->columns[0]];
    if (best && best == y[f->columns[0]])
        return best;
    best = 0;
    for (uint32_t i = 0; !f->combine && i < f->column_count; i++)
        for (uint32_t k = 0; k < f->column_count; k++) {
            uint32_t v = x[f->columns[i]];
            if (!v || v != y[f->columns[k]])
                continue;
            uint32_t n = t->frequency[field][v], least = best ? t->frequency[field][best] : UINT32_MAX;
            if (!best || n < least || (n == least && v < best))
                best = v;
        }
    return best;
}
