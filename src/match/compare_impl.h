/*
 * Inside comparison: what is planned and loaded, and what compares it (the compare*.c files).
 *
 * Records that are compared with each other lie in a tile, column by column, so that some of them are one vector:
 *
 *   names          value | letters, flags | sound | roots | length | repeats        (NameColumn)
 *                  and, of a field with other columns beside the present name, whether one of them holds something
 *   dates          value | written | days                                           (DateColumn)
 *   packed digits  value | lower half | upper half                                  (CodeColumn)
 *   equal or not   value of each of the field's columns
 *   others         value
 *
 * A column is `room` numbers of 32 bits; length is a float, because baseline machines multiply those several at a time.
 * The letters of names lie beside, 16 bytes each.
 */
#ifndef CAIRN_MATCH_COMPARE_IMPL_H
#define CAIRN_MATCH_COMPARE_IMPL_H

#include "kernel/kernel.h"
#include "match/quick.h"

#define STRETCH 64
#define LANES_SPARE 16 /* vectors read and write beyond the last record */

enum NameColumn { NAME_VALUE, NAME_LETTERS, NAME_SOUND, NAME_ROOTS, NAME_LENGTH, NAME_REPEATS, NAME_COLUMNS };
enum DateColumn { DATE_VALUE, DATE_WRITTEN, DATE_DAYS, DATE_COLUMNS };
enum CodeColumn { CODE_VALUE, CODE_LOW, CODE_HIGH, CODE_COLUMNS };

/* Flags of a name stand above its letters. */
#define NAME_FLAGS_SHIFT 30

typedef struct CompareTile {
    const uint32_t **rows; /* cells of each record */
    uint32_t *columns;     /* [column * room + record] */
    NameLetters *letters;  /* [name * room + record] */
    size_t room;
} CompareTile;

/* How the values of a field are compared. */
typedef enum PlanWay {
    WAY_PLAIN, /* equal or not */
    WAY_NAME,
    WAY_DATE,
    WAY_POSTAL,
    WAY_DIGITS,
    WAY_TEXT,
    WAY_PLAINS,  /* several columns, equal or not */
    WAY_OWN,     /* expressions of the config */
    WAY_NAMES,   /* names with other columns beside, which most records leave empty */
    WAY_ALIASES, /* several columns of another kind */
    WAY_MEMO     /* whatever is not equal */
} PlanWay;

typedef struct FieldPlan {
    const FieldSpec *spec;
    const Dict *dict;
    PlanWay way;
    uint32_t first;  /* column of the tile */
    uint32_t name;   /* of names: which column of letters */
    uint32_t column; /* of the present value, in the table */
    uint32_t column_count;
    uint32_t shift; /* of the field's four bits */
    bool plain;     /* equal or not: no memo */
    uint8_t number[LV_COUNT];
    uint64_t *memo;
    QuickJaro jaro;
    Expr *when[MATCH_LEVELS_MAX]; /* of an own comparator */
    Expr *neutral;                /* of one; NULL: always compared */
    uint8_t *few;                 /* of one with few values: FEW_KNOWN + level of value a and b at a * few_count + b */
    uint32_t few_count;           /* values that it knows of; 0: there are many */
    uint32_t other_first;         /* the field that it may be swapped with: column of the tile */
    uint32_t other_column;        /* and of the table; MATCH_NONE */
    uint32_t other_shift;
} FieldPlan;

/* A stretch of a tile: column k begins at columns + k * room. */
typedef struct StretchView {
    const uint32_t *const *rows;
    const uint32_t *columns;
    const NameLetters *letters;
    size_t room, n;
} StretchView;

static inline const uint32_t *view_column(const StretchView *v, uint32_t column)
{
    return v->columns + (size_t)column * v->room;
}

/* Names: how many places were written to places[], whose level only the texts tell (names of several words, single
 * letters), and how many to alike[]: two names of one word that differ and that neither the set of their letters nor
 * sounds nor roots tell apart. Of most of the latter quick_name_level knows the level. */
typedef struct NamePlaces {
    size_t open, alike;
} NamePlaces;

/*
 * One value against a stretch, as one path does it (compare_lanes.h). All of them add each level they know to levels[],
 * shifted by the field's place within 32 bits, and write up to LANES_SPARE - 1 places beyond the stretch. value is not
 * 0. Places are ascending.
 *
 * dates, postal: places[] gets the places whose level only the texts tell; returned is how many.
 * plain, plains: equal or not, no place is left open; plains of a record's cells, whose field has several columns.
 * crosswise: the places at which either value stands in the other's column. `value` is the field's, `other` that of the
 * field it may be swapped with. No level is added.
 * apart: what quick_jaro_differs says of the n names at places[], whose lengths are floats; false of names whose
 * letters are not known. n is at most STRETCH.
 */
typedef struct CompareLanes {
    NamePlaces (*names)(
        const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places, uint32_t *alike);
    size_t (*dates)(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places);
    size_t (*postal)(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places);
    void (*plain)(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels);
    void (*plains)(const FieldPlan *p, const uint32_t *cells, const StretchView *v, uint32_t *levels);
    size_t (*crosswise)(const FieldPlan *p, uint32_t value, uint32_t other, const StretchView *v, uint32_t *places);
    void (*apart)(const QuickJaro *x, const NameLetters *letters, const uint32_t *lengths, const uint32_t *places,
        size_t n, bool *apart);
} CompareLanes;

extern const CompareLanes portable_lanes, avx2_lanes, avx512_lanes; /* the latter two on x86-64 alone */
/* Those of a path that this machine has. */
const CompareLanes *compare_lanes(KernelPath path);

/* A field that is missing beside another's equal or former value. */
typedef struct Beside {
    uint64_t field; /* its bits */
    uint32_t shift; /* of the other */
    uint32_t alias; /* level of the other's former value; NO_LEVEL: none */
} Beside;

#define NO_LEVEL 16

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
    bool apart[STRETCH + LANES_SPARE];                                /* of these, that are not for certain */
    uint64_t patterns[STRETCH];
};

/* --- one pair of values (compare_value.c) ---------------------------------------------------------------------- */

#define MEMO_BITS 15
#define MEMO_MASK ((UINT64_C(1) << MEMO_BITS) - 1)

/* Of an own comparator with up to so many values (months, small numbers) each pair's level has a byte of its own, which
 * a stretch reads from one row. */
#define FEW_VALUES 1024
#define FEW_KNOWN 16 /* 0: not asked for yet */

/* Computed anew, and remembered. `place` is memo_place(a, b). */
uint32_t compare_learn_level(const FieldPlan *p, uint32_t a, uint32_t b, uint64_t place);
uint32_t compare_learn_few(const FieldPlan *p, uint32_t a, uint32_t b);
/* Of any two values of the field. */
uint32_t compare_value_level(const FieldPlan *p, uint32_t a, uint32_t b);

static inline uint64_t memo_place(uint32_t a, uint32_t b)
{
    uint64_t key = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
    key *= UINT64_C(0x9E3779B97F4A7C15);
    return key ^ key >> 32;
}

/* Of two values that are there, and differ unless the comparator is the config's own. */
static inline uint32_t compare_known_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    uint64_t place = memo_place(a, b), entry = p->memo[place & MEMO_MASK];
    uint32_t known = (uint32_t)(entry & MEMO_MASK);
    if (known && !((entry ^ place) >> MEMO_BITS))
        return known - 1;
    return compare_learn_level(p, a, b, place);
}

/* A dictionary may have grown since. */
static inline uint32_t compare_own_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (a >= p->few_count || b >= p->few_count)
        return a && b ? compare_known_level(p, a, b) : 0;
    uint8_t known = p->few[(size_t)a * p->few_count + b];
    return known ? known & 15 : compare_learn_few(p, a, b);
}

/* --- tiles (compare_tile.c) ------------------------------------------------------------------------------------ */

void compare_tile_free(CompareTile *tile);
/* Room for so many records; what the tile held is lost. */
MUST_USE Status compare_tile_reserve(const Comparer *c, CompareTile *tile, size_t records, Error *err);
void compare_tile_load(const Comparer *c, const CompareTile *tile, const uint32_t *records, size_t n);
StretchView compare_tile_view(const CompareTile *tile, size_t first, size_t n);
/* The comparer's tile, at n places, to its stretch. */
void compare_tile_pick(Comparer *c, const uint32_t *places, size_t n);

/* Not 0: the record has a name beside the present one. */
static inline uint32_t compare_alias_mark(const FieldPlan *p, const uint32_t *cells)
{
    uint32_t mark = 0;
    for (uint32_t i = 1; i < p->column_count; i++)
        mark |= cells[p->spec->columns[i]];
    return mark;
}

/* --- one pair of records (compare_pair.c); a and b are their cells --------------------------------------------- */

uint64_t compare_pair_pattern(Comparer *c, const uint32_t *a, const uint32_t *b);
/* Of a field with several columns. */
uint32_t compare_alias_level(const FieldPlan *p, const uint32_t *a, const uint32_t *b);
/* Of two different names that their letters alone do not tell. */
uint32_t compare_odd_level(const FieldPlan *p, uint32_t a, uint32_t b);
/* A pattern as it is when a field's exchange with another (p->other_column), what is missing beside an equal value, and
 * what names explain of addresses are looked at. */
uint64_t compare_with_swap(const FieldPlan *p, const uint32_t *a, const uint32_t *b, uint64_t pattern);
uint64_t compare_without_given(const Comparer *c, uint64_t pattern);
uint64_t compare_without_derived(const Comparer *c, uint64_t pattern);

static inline bool have_common_root(const Dict *d, const NameInfo *x, const NameInfo *y)
{
    return have_common(d->roots.at + x->roots, x->root_count, d->roots.at + y->roots, y->root_count);
}

/* --- a stretch (compare_stretch.c) ------------------------------------------------------------------------------ */

/* patterns[i]: of a record's cells with record i of the stretch. */
void compare_stretch(Comparer *c, const uint32_t *a, const StretchView *v, uint64_t *patterns);

#endif
