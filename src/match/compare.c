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
#include "match/quick.h"

#include <stdio.h>

#define STRETCH 64
#define MEMO_BITS 15
#define MEMO_MASK ((UINT64_C(1) << MEMO_BITS) - 1)

typedef struct FieldPlan {
    const FieldSpec *spec;
    const Dict *dict;
    uint32_t column; /* of the present value */
    uint32_t column_count;
    uint32_t shift; /* of the field's four bits */
    bool plain;     /* equal or not: no memo */
    uint8_t number[LV_COUNT];
    uint64_t *memo;
    Expr *when[MATCH_LEVELS_MAX]; /* of an own comparator */
    Expr *neutral;                /* of one; NULL: always compared */
    uint32_t other_column;        /* the present value of the field that it may be swapped with; MATCH_NONE */
    uint32_t other_shift;
} FieldPlan;

struct Comparer {
    const MatchTable *t;
    Arena arena;
    uint32_t field_count;
    FieldPlan plans[MATCH_FIELDS_MAX];
    QuickLengths lengths;
    /* Scratch of one stretch. Here, because arrays on the stack are cleared at each call. */
    const uint32_t *rows[STRETCH];
    uint32_t written[STRETCH], days[STRETCH]; /* of dates, as packed; days then gets the levels */
    uint32_t open[STRETCH];                   /* places in the stretch that a shortcut left undecided */
};

/* --- making --------------------------------------------------------------------------------------------------- */

static Status compile_levels(Comparer *c, FieldPlan *p, Error *err)
{
    for (uint32_t i = 0; p->spec->levels && i < p->spec->level_count; i++)
        TRY(expr_compile(p->spec->levels[i].when, "level", NULL, &c->arena, &p->when[i], err));
    return p->spec->neutral.len ? expr_compile(p->spec->neutral, "neutral", NULL, &c->arena, &p->neutral, err) : OK;
}

static Status plan_field(Comparer *c, uint32_t field, Error *err)
{
    FieldPlan *p = &c->plans[field];
    const FieldSpec *f = &c->t->config->fields[field];
    *p = (FieldPlan){.spec = f,
        .dict = c->t->dict[f->columns[0]],
        .column = f->columns[0],
        .column_count = f->combine ? 1 : f->column_count,
        .shift = 4 * field,
        .plain = !f->levels && kind_is_plain(f->kind),
        .other_column = MATCH_NONE};
    for (int id = 0; id < LV_COUNT; id++)
        p->number[id] = (uint8_t)field_level_number(f, (LevelId)id);
    if (f->swap_with != MATCH_NONE) {
        p->other_column = c->t->config->fields[f->swap_with].columns[0];
        p->other_shift = 4 * f->swap_with;
    }
    TRY(compile_levels(c, p, err));
    if (p->plain)
        return OK;
    return mem_zalloc(MEMO_MASK + 1, sizeof *p->memo, (void **)&p->memo, err);
}

Status comparer_new(const MatchTable *t, Comparer **out, Error *err)
{
    Comparer *c = NULL;
    TRY(mem_zalloc(1, sizeof *c, (void **)&c, err));
    c->t = t;
    arena_init(&c->arena, 0);
    quick_lengths_init(&c->lengths);
    c->field_count = t->config->field_count;
    for (uint32_t f = 0; f < c->field_count; f++) {
        Status st = plan_field(c, f, err);
        if (st != OK) {
            comparer_free(c);
            return st;
        }
    }
    *out = c;
    return OK;
}

void comparer_free(Comparer *c)
{
    if (!c)
        return;
    for (uint32_t f = 0; f < c->field_count; f++)
        mem_free(c->plans[f].memo);
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

static uint32_t value_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return 0;
    if (p->spec->levels)
        return known_level(p, a, b);
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

/* --- a stretch of records ------------------------------------------------------------------------------------- */

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

static void add_aliases(
    const FieldPlan *p, const uint32_t *a, const uint32_t *const *rows, size_t n, uint64_t *patterns)
{
    for (size_t i = 0; i < n; i++)
        patterns[i] |= (uint64_t)alias_level(p, a, rows[i]) << p->shift;
}

static void add_plain(const FieldPlan *p, uint32_t value, const uint32_t *const *rows, size_t n, uint64_t *patterns)
{
    uint64_t exact = p->number[LV_EXACT], differs = p->number[LV_DIFFERS];
    for (size_t i = 0; i < n; i++) {
        uint32_t other = rows[i][p->column];
        uint64_t level = other == value ? exact : differs;
        patterns[i] |= (other ? level : 0) << p->shift;
    }
}

static void add_own(const FieldPlan *p, uint32_t value, const uint32_t *const *rows, size_t n, uint64_t *patterns)
{
    for (size_t i = 0; i < n; i++)
        patterns[i] |= (uint64_t)value_level(p, value, rows[i][p->column]) << p->shift;
}

/* Levels that a shortcut left open, through the memo, whose entries are asked for before they are read. */
static void add_open(const FieldPlan *p, uint32_t value, const Comparer *c, size_t open, uint64_t *patterns)
{
    for (size_t i = 0; i < open; i++)
        __builtin_prefetch(&p->memo[spread(value, c->rows[c->open[i]][p->column]) & MEMO_MASK]);
    for (size_t i = 0; i < open; i++) {
        uint32_t at = c->open[i];
        patterns[at] |= (uint64_t)known_level(p, value, c->rows[at][p->column]) << p->shift;
    }
}

/* The loop over values of which a shortcut knows whether they surely differ: DIFFERS, of `mine` and `other`. */
#define DIFFERS_LOOP(DIFFERS) \
    const uint32_t *const *rows = c->rows; \
    const uint64_t exact = p->number[LV_EXACT], differs = p->number[LV_DIFFERS]; \
    const uint32_t column = p->column, shift = p->shift; \
    size_t open = 0; \
    for (size_t i = 0; i < n; i++) { \
        uint32_t other = rows[i][column]; \
        if (other == value) { \
            patterns[i] |= exact << shift; \
        } else if (other) { \
            bool decided = DIFFERS; \
            patterns[i] |= (decided ? differs : 0) << shift; \
            c->open[open] = (uint32_t)i; \
            open += !decided; \
        } \
    } \
    add_open(p, value, c, open, patterns)

static void add_names(Comparer *c, const FieldPlan *p, uint32_t value, size_t n, uint64_t *restrict patterns)
{
    const NameInfo *names = p->dict->names.at;
    const QuickName mine = quick_name_of(&c->lengths, p->spec->kind, &names[value]);
    DIFFERS_LOOP(quick_name_differs(&mine, &names[other]));
}

static void add_texts(Comparer *c, const FieldPlan *p, uint32_t value, size_t n, uint64_t *restrict patterns)
{
    const TextInfo *texts = p->dict->texts_known.at;
    const TextInfo mine = texts[value];
    const FieldKind kind = p->spec->kind;
    DIFFERS_LOOP(quick_text_differs(kind, &mine, &texts[other]));
}

/* QUICK is the level of `mine` and `theirs`, LV_MISSING: open. */
#define CODES_LOOP(QUICK) \
    const uint64_t *codes = p->dict->codes.at, mine = codes[value], exact = p->number[LV_EXACT]; \
    const uint32_t *const *rows = c->rows; \
    const uint32_t column = p->column, shift = p->shift; \
    size_t open = 0; \
    for (size_t i = 0; i < n; i++) { \
        uint32_t other = rows[i][column]; \
        if (other == value) { \
            patterns[i] |= exact << shift; \
        } else if (other) { \
            uint64_t theirs = codes[other], level = p->number[QUICK]; \
            patterns[i] |= level << shift; \
            c->open[open] = (uint32_t)i; \
            open += level == 0; \
        } \
    } \
    add_open(p, value, c, open, patterns)

static void add_dates(Comparer *c, const FieldPlan *p, uint32_t value, size_t n, uint64_t *restrict patterns)
{
    const uint64_t *codes = p->dict->codes.at;
    const uint32_t *const *rows = c->rows;
    const QuickDate mine = quick_date_of(codes[value]);
    const uint32_t column = p->column, shift = p->shift;
    uint32_t *written = c->written, *days = c->days;
    size_t open = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t code = codes[rows[i][column]];
        written[i] = (uint32_t)(code >> 32);
        days[i] = (uint32_t)code;
    }
    for (size_t i = 0; i < n; i += 4) { /* lanes beyond n hold what was there before: nobody asks */
        Lanes32 w, d;
        memcpy(&w, written + i, sizeof w);
        memcpy(&d, days + i, sizeof d);
        Lanes32 level = quick_dates(&mine, w, d, p->number);
        Lanes32 known = (d != CODE_NO_DAY) & (mine.day != CODE_NO_DAY ? ~lanes_of(0) : lanes_of(0));
        level = choose_lanes(known, level, lanes_of(0));
        level = choose_lanes((Lanes32)(w == mine.written), lanes_of(p->number[LV_EXACT]), level);
        memcpy(days + i, &level, sizeof level);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t level = written[i] ? days[i] : 0;
        patterns[i] |= level << shift;
        c->open[open] = (uint32_t)i;
        open += (level == 0) & (written[i] != 0);
    }
    add_open(p, value, c, open, patterns);
}

static void add_postal_codes(Comparer *c, const FieldPlan *p, uint32_t value, size_t n, uint64_t *restrict patterns)
{
    CODES_LOOP(quick_code(FIELD_POSTAL_CODE, mine, theirs));
}

static void add_numbers(Comparer *c, const FieldPlan *p, uint32_t value, size_t n, uint64_t *restrict patterns)
{
    const FieldKind kind = p->spec->kind;
    CODES_LOOP(quick_code(kind, mine, theirs));
}

static void add_known(const FieldPlan *p, uint32_t value, const uint32_t *const *rows, size_t n, uint64_t *patterns)
{
    uint64_t exact = p->number[LV_EXACT];
    for (size_t i = 0; i < n; i++) {
        uint32_t other = rows[i][p->column];
        uint64_t level;
        if (other == value)
            level = exact;
        else if (other == 0)
            level = 0;
        else
            level = known_level(p, value, other);
        patterns[i] |= level << p->shift;
    }
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

/* Both values crosswise: one equal, the other nearly. Then the field says so and the other is silent,
 * lest the exchange counts twice. */
static void mark_swapped(
    const FieldPlan *p, const uint32_t *a, const uint32_t *const *rows, size_t n, uint64_t *patterns)
{
    uint32_t mine = a[p->column], mine_other = a[p->other_column];
    if (!mine || !mine_other)
        return;
    for (size_t i = 0; i < n; i++) {
        uint32_t his = rows[i][p->column], his_other = rows[i][p->other_column];
        if ((mine != his_other && mine_other != his) || !his || !his_other)
            continue;
        bool crosswise = (mine == his_other && is_nearly(p, mine_other, his)) ||
                         (mine_other == his && is_nearly(p, mine, his_other));
        uint64_t level = patterns[i] >> p->shift & 15, other_level = patterns[i] >> p->other_shift & 15;
        if (!crosswise || level <= p->number[LV_SWAPPED] || other_level <= 1)
            continue;
        patterns[i] &= ~(UINT64_C(15) << p->shift | UINT64_C(15) << p->other_shift);
        patterns[i] |= (uint64_t)p->number[LV_SWAPPED] << p->shift;
    }
}

static void add_codes(Comparer *c, const FieldPlan *p, uint32_t value, size_t n, uint64_t *patterns)
{
    if (p->spec->kind == FIELD_DATE)
        add_dates(c, p, value, n, patterns);
    else if (p->spec->kind == FIELD_POSTAL_CODE)
        add_postal_codes(c, p, value, n, patterns);
    else
        add_numbers(c, p, value, n, patterns);
}

/* Patterns are 0 at first. */
static void compare_stretch(Comparer *c, const uint32_t *a, size_t n, uint64_t *patterns)
{
    const uint32_t *const *rows = c->rows;
    for (uint32_t f = 0; f < c->field_count; f++) {
        const FieldPlan *p = &c->plans[f];
        uint32_t value = a[p->column];
        if (p->column_count > 1)
            add_aliases(p, a, rows, n, patterns);
        else if (value == 0)
            continue;
        else if (p->plain)
            add_plain(p, value, rows, n, patterns);
        else if (p->spec->levels)
            add_own(p, value, rows, n, patterns);
        else if (p->dict->domain == DOMAIN_NAME)
            add_names(c, p, value, n, patterns);
        else if (p->dict->domain == DOMAIN_CODE)
            add_codes(c, p, value, n, patterns);
        else if (p->dict->domain == DOMAIN_TEXT)
            add_texts(c, p, value, n, patterns);
        else
            add_known(p, value, rows, n, patterns);
    }
    for (uint32_t f = 0; f < c->field_count; f++)
        if (c->plans[f].other_column != MATCH_NONE)
            mark_swapped(&c->plans[f], a, rows, n, patterns);
}

void compare_many(Comparer *c, uint32_t a, const uint32_t *others, size_t n, uint64_t *patterns)
{
    const MatchTable *t = c->t;
    for (size_t from = 0; from < n; from += STRETCH) {
        size_t count = n - from < STRETCH ? n - from : STRETCH;
        for (size_t i = 0; i < count; i++) {
            c->rows[i] = record_cells(t, others[from + i]);
            __builtin_prefetch(c->rows[i]);
            patterns[from + i] = 0;
        }
        compare_stretch(c, record_cells(t, a), count, patterns + from);
    }
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
