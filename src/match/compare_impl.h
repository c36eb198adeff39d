/*
 * Inside comparison: what compare.c plans and loads, and compare_lanes.c compares.
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
 */
typedef struct CompareLanes {
    NamePlaces (*names)(
        const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places, uint32_t *alike);
    size_t (*dates)(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places);
    size_t (*postal)(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels, uint32_t *places);
    void (*plain)(const FieldPlan *p, uint32_t value, const StretchView *v, uint32_t *levels);
    void (*plains)(const FieldPlan *p, const uint32_t *cells, const StretchView *v, uint32_t *levels);
    size_t (*crosswise)(const FieldPlan *p, uint32_t value, uint32_t other, const StretchView *v, uint32_t *places);
} CompareLanes;

extern const CompareLanes portable_lanes, avx2_lanes, avx512_lanes; /* the latter two on x86-64 alone */
/* Those of a path that this machine has. */
const CompareLanes *compare_lanes(KernelPath path);

#endif
