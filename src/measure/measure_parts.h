/*
 * Private to measure: parsed definitions and the steps from a definition to cells. README.md tells the way.
 *
 *   frame    what all measures share: splits.toml and the parsed definitions       frame_parse.c, measure_parse.c
 *   rows     what a definition's SQL gives, one row a person and year, as columns  rows_sql.c, rows_read.c,
 *            and what is looked up for each of them                                rows_keep.c, units.c, persons.c
 *   fold     rows to figures by year, unit, group and category, in integers        fold.c, fold_values.c
 *   cells    figures with their names, sorted, to and from Parquet                 cells.c, cells_order.c, cells_f*.c
 */
#ifndef CAIRN_MEASURE_PARTS_H
#define CAIRN_MEASURE_PARTS_H

#include "measure/measure.h"
#include "policy/model.h"
#include "store/db.h"

typedef enum MeasureLevel { LEVEL_STATE, LEVEL_COUNTY, LEVEL_DISTRICT, LEVEL_SCHOOL, LEVEL_COUNT } MeasureLevel;

enum {
    SPLIT_VALUES_MAX = 62, /* groups of one split, "unknown" among them: a bit each in 63 */
    SPLITS_MAX = 64,       /* of a frame */
    BY_MAX = 3,            /* splits crossed at once */
};

typedef struct SplitValue {
    Slice code, title;
    Slice sql; /* overlapping splits: the condition; empty for "unknown" */
} SplitValue;

/* A way to divide persons; splits.toml. Code 0 is "unknown", the others are numbered from 1 in file order. */
typedef struct SplitDef {
    Slice name, title;
    Slice sql;          /* partitions: over p (person), d (district), c (county), a (workforce area); a code, or NULL */
    SplitValue *values; /* values[0] is "unknown" */
    size_t value_count;
    size_t number;    /* in the frame */
    bool overlapping; /* a person is in every group whose condition holds */
    bool of_person;   /* reads nothing but p */
    bool of_place;    /* reads d, c or a, and not p */
} SplitDef;

/* What all measures of a state share: splits.toml, schema "cairn.splits/1". */
typedef struct MeasureFrame {
    const PolicyFile *file;
    Slice state;  /* unit code of the whole state */
    Slice strong; /* link score from which a link is strong, as SQL */
    SplitDef *splits;
    size_t split_count;
} MeasureFrame;

typedef MeasureReason Reason;

/* One published way to say who is employed and what is earned; definitions/NAME.toml, schema "cairn.definition/1". */
typedef struct OutcomeDef {
    const PolicyFile *file;
    Slice name, family, unit, employed, earnings;
    Slice *needs;
    size_t need_count;
    Reason *clauses;
    size_t clause_count;
    bool has_quarters;
    int64_t quarter_from, quarter_to; /* quarters looked at, counted from the one asked for */
    Slice sql;
} OutcomeDef;
typedef VEC(OutcomeDef) OutcomeDefs;

typedef struct MeasureDef {
    const PolicyFile *file;
    Slice name;
    MeasureKind kind;
    MeasureLevel finest;
    const SplitDef **splits;
    size_t split_count;
    const Slice *needs;
    size_t need_count;
    const Reason *reasons;
    size_t reason_count;
    int64_t years;     /* the most recent ones that are kept; 0: all */
    int64_t minimum_n; /* figures of fewer persons are marked small; 0: no minimum named */
    Slice family;      /* empty: the SQL says everything itself */
    Slice definition;  /* the family's member that is taken when nobody asks for another */
    Slice sql;         /* parameters filled in */
} MeasureDef;
typedef VEC(MeasureDef) MeasureDefs;

extern const char *const measure_level_names[LEVEL_COUNT];
extern const char *const measure_gap_names[GAP_COUNT];

MUST_USE Status measure_frame_read(Policy *policy, Arena *arena, MeasureFrame *out, Error *err);
const SplitDef *measure_split(const MeasureFrame *frame, Slice name);
bool split_reads(const SplitDef *split, const char *alias); /* "p.", "d.", "c." or "a." */
/* Every version of every measure, by name, then effective_from. ERR_INVALID names what a file lacks: a vector, a
 * source, a declared split. */
MUST_USE Status measure_defs_read(
    Policy *policy, const MeasureFrame *frame, Arena *arena, MeasureDefs *out, Error *err);
/* What a caller made itself, under a name, as a definition; lists in arena. ERR_INVALID: a level or split that is
 * none. */
MUST_USE Status measure_def_own(
    const MeasureFrame *frame, Slice name, const MeasureOwn *own, Arena *arena, MeasureDef *out, Error *err);
/* Every version of every member of every family. */
MUST_USE Status outcome_defs_read(Policy *policy, Arena *arena, OutcomeDefs *out, Error *err);
/* The version in force on `on`; NULL when there is none. */
const OutcomeDef *outcome_find(const OutcomeDefs *all, Slice family, Slice name, Date on);
/* A list of texts; *count is 0 when the key is absent. */
MUST_USE Status measure_read_names(
    const PolicyFile *file, const Toml *table, const char *key, Arena *arena, Slice **out, size_t *count, Error *err);
/* [[key]] tables of a code and a text. */
MUST_USE Status measure_read_reasons(
    const PolicyFile *file, const char *key, const char *code, Arena *arena, Reason **out, size_t *count, Error *err);
/* `sql` with parameters filled in. */
MUST_USE Status measure_read_sql(const PolicyFile *file, Arena *arena, Slice *out, Error *err);
/* Kind of a measure's file. */
MUST_USE Status measure_read_kind(const PolicyFile *file, MeasureKind *out, Error *err);

/* --- rows: columns of one length, one entry a person and year --- */

enum { ROW_COUNTED = 1, ROW_HIT = 2, ROW_COVERED = 4, ROW_STRONG = 8, ROW_HAS_VALUE = 16, ROW_EXCLUDED = 32 };

#define NO_GAP UINT8_MAX
/* Groups while rows are read: what the person decides and is not yet known of her. */
#define CODE_OF_PERSON UINT8_MAX
#define BITS_OF_PERSON UINT64_C(0)

/* Numbers for keys in order of first appearance: unit paths, employers, groups of a fold. Not thread-safe. */
typedef struct KeyTable {
    uint64_t *keys; /* by number */
    uint32_t *slots;
    size_t len, cap, slot_count;
} KeyTable;
void keys_free(KeyTable *t);
void keys_reset(KeyTable *t); /* forgets the keys, keeps the memory */
/* Room for so many keys at once. */
MUST_USE Status keys_reserve(KeyTable *t, size_t count, Error *err);
bool keys_find(const KeyTable *t, uint64_t key, uint32_t *out);
MUST_USE Status keys_number(KeyTable *t, uint64_t key, uint32_t *out, Error *err);

typedef struct UnitsOfText { /* numbers of what a code is a code of; 0: none */
    uint32_t county, district;
    uint32_t listed; /* the county list has the county; a district's own may be missing there */
} UnitsOfText;
/* The units of a frame's reference tables; number 0 is OTHER. */
typedef struct UnitNames {
    Arena arena;
    Slice *counties, *districts, *schools; /* schools: without the district */
    size_t county_count, district_count, school_count;
    /* how a row finds its own: units.c */
    Map long_texts;
    KeyTable texts, pairs; /* codes; texts of a district and a school of it */
    VEC(UnitsOfText) by_text;
    VEC(uint32_t) county_of_district, school_of_pair;
    uint64_t **place_groups; /* a split of the frame that a place decides: group by district and county; else NULL */
} UnitNames;
/* What every measure asks about a person: persons.h. */
typedef struct Persons Persons;
/* The same for the persons of one measure's rows: asked_persons.h. */
typedef struct AskedPersons AskedPersons;

enum { LINK_PAIRS, LINK_CORRECT, LINK_MISSED, LINK_COUNT }; /* columns of person_link that figures add up */
extern const char *const link_names[LINK_COUNT];

typedef struct RowGroups { /* of one split; the other is NULL */
    uint8_t *code;
    uint64_t *bits; /* one a code, where groups overlap */
} RowGroups;

typedef struct LinkSums { /* what figures add up of a person's links */
    int64_t of[LINK_COUNT]; /* in the order of link_names */
} LinkSums;

/* A column that says nothing of any row is NULL: row_gap and its sisters answer for both. */
typedef struct MeasureRows {
    const MeasureFrame *frame;
    const MeasureDef *def;
    const OutcomeDef *outcome; /* NULL without a family */
    const SplitDef **splits;   /* those that were read, in the order of `groups` */
    size_t split_count;
    size_t count, cap;
    uint64_t *person;
    int32_t *year;
    uint32_t *place; /* number in `places` */
    uint8_t *flags;
    uint8_t *reason, *gap, *clause; /* reason and clause: 1-based; 0: none */
    int64_t *value, *weight;
    uint32_t *employer, *category; /* numbers in `employers` and `categories` */
    LinkSums *links;               /* one a row; with link_of one a person */
    uint32_t *link_of;             /* row i has links[link_of[i]]; NULL: links[i] */
    RowGroups *groups;             /* a split */
    KeyTable places;               /* county << 40 | district << 20 | school */
    Map employers, categories;
    bool has_employer;
    uint32_t *by_value,
        *by_employer; /* counted rows in order of value and of employer; NULL where no figure needs it */
    size_t counted;
} MeasureRows;

static inline uint8_t row_reason(const MeasureRows *r, size_t row)
{
    return r->reason ? r->reason[row] : 0;
}
static inline uint8_t row_gap(const MeasureRows *r, size_t row)
{
    return r->gap ? r->gap[row] : NO_GAP;
}
static inline uint8_t row_clause_number(const MeasureRows *r, size_t row)
{
    return r->clause ? r->clause[row] : 0;
}
static inline int64_t row_value(const MeasureRows *r, size_t row)
{
    return r->value ? r->value[row] : 0;
}
static inline int64_t row_weight(const MeasureRows *r, size_t row)
{
    return r->weight ? r->weight[row] : 0;
}
static inline const LinkSums *row_links(const MeasureRows *r, size_t row)
{
    return &r->links[r->link_of ? r->link_of[row] : row];
}

/* How a generation, or a test's database, is asked. */
typedef struct RowSource {
    Db *db;
    const MeasureFrame *frame;
    const UnitNames *units;
    const Persons *persons; /* for many measures; NULL: those of the one measure are asked for */
    AskedPersons *asked;    /* by whom they are asked for when the rows are there; NULL: by the statement itself */
    bool by_place;          /* rows in the order of years and places: pays when they are folded more than once */
} RowSource;

/* Names and numbers of units, and the groups of those of the splits that a place decides. finest: schools are not read
 * for figures of districts. Free with measure_units_free, also after an error. */
MUST_USE Status measure_units_read(Db *db, const MeasureFrame *frame, const SplitDef *const *splits, size_t split_count,
    MeasureLevel finest, UnitNames *out, Error *err);
void measure_units_free(UnitNames *u);

typedef struct RowWish {
    const MeasureDef *def;
    const OutcomeDef *outcome; /* NULL without a family */
    const SplitDef **splits;
    size_t split_count;
    size_t subjects, work;      /* numbers of what subjects_prepare or _ask made for it, from 1; 0: nothing */
    int32_t year_from, year_to; /* rows of other years are not wanted; 0: no limit */
} RowWish;
/* Runs the definition. ERR_INVALID names what its rows break: two of a person and year, an undeclared reason, gap or
 * clause, an unknown column. Free with measure_rows_free, also after an error. */
MUST_USE Status measure_rows_read(const RowSource *source, const RowWish *wish, MeasureRows *out, Error *err);
void measure_rows_free(MeasureRows *rows);

/* Private to rows_read.c and asked_persons.c: the columns themselves, rows_keep.c. */
/* Which columns hold something, beside person, year, place, flags and the groups. */
typedef struct RowKeep {
    bool reason, gap, clause, value, weight, employer, category, links;
} RowKeep;
/* Room for so many rows, of the columns kept. */
MUST_USE Status rows_reserve(MeasureRows *rows, const RowKeep *keep, size_t count, Error *err);
/* ERR_INVALID: two rows of one person and year. */
MUST_USE Status rows_check_unique(const MeasureRows *rows, Error *err);
/* Drops the years before the definition's latest ones; before links are looked up. */
void rows_keep_latest(MeasureRows *rows);
/* A fold adds up figures by year and place: in this order they stay in the cache while it does. */
MUST_USE Status rows_by_place(MeasureRows *rows, Error *err);

typedef enum RowColumn {
    COL_PERSON,
    COL_YEAR,
    COL_DISTRICT,
    COL_SCHOOL,
    COL_COUNTY,
    COL_COUNTED,
    COL_HIT,
    COL_COVERED,
    COL_VALUE,
    COL_WEIGHT,
    COL_REASON,
    COL_GAP,
    COL_CLAUSE,
    COL_CATEGORY,
    COL_EMPLOYER,
    COL_STRONG,
    COL_LINK, /* the first of LINK_COUNT */
    COL_COUNT = COL_LINK + LINK_COUNT
} RowColumn;

/* Where a statement's columns are; -1: it has none, because the definition says nothing of it or it is looked up in
 * memory. */
typedef struct RowLayout {
    int column[COL_COUNT];
    int split[SPLITS_MAX]; /* of the wish; NULL in a row: looked up in memory */
    int count;
} RowLayout;
/* The statement that measure_rows_read runs. Also the check that the definition gives no column that the engine does
 * not know. */
MUST_USE Status measure_rows_sql(const RowSource *source, const RowWish *wish, Buf *out, RowLayout *layout, Error *err);
/* Whether a split's groups come from memory. */
bool split_in_memory(const RowSource *source, const SplitDef *split);
/* A split's code as an expression over p, d, c and a; 0 stands for "unknown" also where groups overlap. */
void split_code_sql(const SplitDef *split, Buf *sql);
#define SUBJECTS_DB "cairn_subjects" /* the database that holds them while the run lasts */
/* For a whole run: the rows of each measure of a family once, and what of the wages any of them asks about, in tables
 * that all connections see; numbers them in the wishes. Reads the state's wages once instead of once a measure. */
MUST_USE Status subjects_prepare(Db *db, const MeasureFrame *frame, RowWish *wishes, size_t count, Error *err);
/* Which tables of wages tell of the day that is asked about. */
typedef enum WagesKept {
    WAGES_ALONE,     /* employment_person_quarter */
    WAGES_AFTER_TOO, /* where the generation has it, also person_quarter, which is smaller */
} WagesKept;
/* The same for one question, which asks about few quarters: wages of others are not read. */
MUST_USE Status subjects_ask(
    Db *db, const MeasureFrame *frame, RowWish *const *wishes, size_t count, WagesKept kept, Error *err);
/* SELECT of person, year, origin and after_quarters of everybody whom the measure of a family asks about, from its rows
 * in `table`. */
MUST_USE Status measure_subject_sql(
    Db *db, const MeasureFrame *frame, const RowWish *wish, const char *table, Buf *out, Error *err);
/* The definition's rows alone, as a SELECT of every column that a definition may give. */
MUST_USE Status measure_input_sql(Db *db, const MeasureFrame *frame, const RowWish *wish, Buf *out, Error *err);

/* --- fold --- */

typedef struct FoldUnit {
    MeasureLevel level;
    uint64_t path;   /* as in MeasureRows.places, cut at the level */
    uint32_t parent; /* number; its own for the state */
    bool pooled;
} FoldUnit;

/* Units of all levels of a set of rows. */
typedef struct FoldUnits {
    VEC(FoldUnit) units;
    uint32_t *of_place[LEVEL_COUNT]; /* a place's unit at a level */
    size_t place_count;
} FoldUnits;
MUST_USE Status fold_units_make(const MeasureRows *rows, FoldUnits *out, Error *err);
void fold_units_free(FoldUnits *u);

typedef struct FoldSpec {
    const size_t *by; /* splits of the rows that are crossed: numbers; none: everybody */
    size_t by_count;
    MeasureLevel coarsest, finest;
    int32_t latest_year;        /* with window */
    int32_t window;             /* whole windows of so many years, counted back from latest_year; 0, 1: single years */
    int32_t only_end;           /* not 0: only the years (only_end - window, only_end], as one */
    int32_t year_from, year_to; /* rows of other years are passed over; 0: no limit */
} FoldSpec;

typedef struct FoldSums {
    int64_t denominator, numerator, covered, base, strong, link_pairs, link_correct, link_missed, total, weight;
    int64_t excluded, gaps[GAP_COUNT], employers, top_employer;
} FoldSums;

typedef struct FoldCell {
    int32_t year;
    uint32_t unit;
    uint32_t category; /* number of MeasureRows.categories; 0: none */
    uint8_t codes[BY_MAX];
    FoldSums sums;
    double value, fuzzy, p25, p75;
} FoldCell;
typedef struct FoldExclusion {
    int32_t year;
    uint32_t unit;
    uint8_t codes[BY_MAX];
    uint8_t reason; /* 1-based */
    int64_t persons;
} FoldExclusion;
typedef struct Folded {
    VEC(FoldCell) cells;
    VEC(FoldExclusion) exclusions;
} Folded;
/* Adds to out. Counts and sums are integers and medians come from sorted values: the result depends on no order. */
MUST_USE Status fold_rows(
    const MeasureRows *rows, const FoldUnits *units, const FoldSpec *spec, Folded *out, Error *err);
void folded_free(Folded *f);

/* Private to fold.c and fold_values.c: the figures of one level while they are made. A slot is a year, unit, group and
 * category. */
typedef struct FoldValues {
    double value, fuzzy, p25, p75;
} FoldValues;
typedef struct FoldInstances { /* a counted row in each slot it belongs to, in the order of by_value or by_employer */
    VEC(uint32_t) row, slot;
} FoldInstances;
/* Sorts row numbers by key, keeping the order of equal ones (radix sort). */
MUST_USE Status order_by_key(const uint64_t *key_of_row, uint32_t *order, size_t count, Error *err);
/* Orders counted rows by value and employer, as the kind needs. */
MUST_USE Status fold_order_rows(MeasureRows *rows, Error *err);
/* Medians and percentiles of each slot; values[slot_count]. */
MUST_USE Status fold_percentiles(
    const MeasureRows *rows, const FoldInstances *in, size_t slot_count, FoldValues *values, Error *err);
/* Distinct employers and persons at the largest of each slot, into sums[slot_count]. */
MUST_USE Status fold_employers(
    const MeasureRows *rows, const FoldInstances *in, size_t slot_count, FoldSums *sums, Error *err);

/* --- cells --- */

/* Names for figures: appends to `cells` (text in arena) and, where not NULL, to `exclusions`, unsorted. */
typedef VEC(Cell) Cells;
typedef VEC(ExclusionCell) ExclusionCells;
typedef struct CellNaming {
    const MeasureRows *rows;
    const FoldUnits *units;
    const UnitNames *names;
    Arena *arena;
    const FoldSpec *spec;
    Slice pooled;
    Slice *unit_texts, *category_texts; /* by number: cells_texts */
} CellNaming;
/* Texts of all units and categories, in the arena: once for any number of cells_name. */
MUST_USE Status cells_texts(CellNaming *n, Error *err);
MUST_USE Status cells_name(
    const CellNaming *n, const Folded *folded, Cells *cells, ExclusionCells *exclusions, Error *err);
/* In the order of measure.h. order: the numbers of all rows, which themselves stay where they are. */
MUST_USE Status cells_order(const Cell *cells, size_t count, uint32_t *order, Error *err);
MUST_USE Status cells_sort(Cell *cells, size_t count, Error *err);
MUST_USE Status exclusions_sort(ExclusionCell *cells, size_t count, Error *err);
bool measure_level_find(Slice name, MeasureLevel *out);

/* Everybody and each of the definition's splits, at all its levels. */
MUST_USE Status measure_cells(
    const RowSource *source, const RowWish *wish, Arena *arena, Cells *cells, ExclusionCells *exclusions, Error *err);

typedef enum CellType { CELL_TEXT, CELL_INT, CELL_YEAR, CELL_DOUBLE } CellType;
typedef struct CellColumn { /* of the results file */
    const char *name;
    CellType type;
    size_t offset; /* in Cell */
} CellColumn;
typedef struct CellShape { /* of a file's rows, which are structures */
    const CellColumn *columns;
    size_t count, size;
} CellShape;
extern const CellColumn cell_columns[];
extern const size_t cell_column_count;

/* Files of one generation, written measure by measure in the order of cells. */
typedef struct CellsFile CellsFile;
MUST_USE Status cells_file_new(Home *home, CellsFile **out, Error *err);
/* order: the rows' numbers as they are to be written. */
MUST_USE Status cells_file_add(CellsFile *f, const Cell *cells, const uint32_t *order, size_t count, Error *err);
MUST_USE Status cells_file_add_exclusions(CellsFile *f, const ExclusionCell *cells, size_t count, Error *err);
/* No more will come. *cells: a database with a view `cells` over what was written, with the columns of cell_columns;
 * borrowed. */
MUST_USE Status cells_file_end(CellsFile *f, Db **cells, Error *err);
/* After cells_file_end: puts both files in their place. */
MUST_USE Status cells_file_close(CellsFile *f, uint32_t generation, Error *err);
void cells_file_free(CellsFile *f); /* NULL is fine; what was not closed is removed */

/* Rows of one shape into a new Parquet file, 0600, written by a thread of its own while the next ones are made. */
typedef struct CellsFeed CellsFeed;
/* path: overwritten. Ends with cells_feed_close or cells_feed_drop. */
MUST_USE Status cells_feed_open(const CellShape *shape, const char *path, CellsFeed **out, Error *err);
/* Returns when `rows` (borrowed, UTF-8 texts) are taken, in the order of the numbers in `order` (NULL: as they lie);
 * one caller at a time. Tells an earlier failure to write. */
MUST_USE Status cells_feed_add(CellsFeed *f, const void *rows, const uint32_t *order, size_t count, Error *err);
/* Waits for the end of the file and frees, also on failure. */
MUST_USE Status cells_feed_close(CellsFeed *f, Error *err);
void cells_feed_drop(CellsFeed *f); /* NULL is fine; leaves half a file */

/* --- invariants --- */

/* In every figure of `part` (year, level, unit, split, group) `whole` has one with the same denominator and no smaller
 * numerator. */
typedef struct PartWhole {
    Slice part, whole, text;
} PartWhole;
typedef VEC(PartWhole) PartWholes;

/* ERR_INVALID names file and line of what is no rate of the catalogue. Texts live in the Policy. */
MUST_USE Status invariants_read(Policy *policy, const MeasureDefs *defs, PartWholes *out, Error *err);
/* ERR_INVALID names the first figure that breaks one. cells: a database with a table or view `cells`. */
MUST_USE Status invariants_check(const PartWholes *list, Db *cells, Error *err);

/* The definition's figures in temp.measure_cells and temp.measure_exclusions of the database: for test vectors and the
 * check against a synthetic state's truth. measure_prepare once before. outcome: NULL without a family. */
MUST_USE Status measure_prepare(Db *db, const MeasureFrame *frame, Error *err);
MUST_USE Status measure_add_cells(
    Db *db, const MeasureFrame *frame, const MeasureDef *def, const OutcomeDef *outcome, Error *err);
/* Its rows as temp.measure_raw. */
MUST_USE Status measure_keep_raw(
    Db *db, const MeasureFrame *frame, const MeasureDef *def, const OutcomeDef *outcome, Error *err);

/* --- one question --- */

/* A build of the warehouse, as the newest generation tells it. */
typedef struct KnownBuild {
    int64_t build; /* its place in the ledger's order */
    uint32_t generation;
    bool current; /* the newest one itself */
    Slice began;  /* "2026-03-01T12:00:00Z" */
    Slice policy; /* fingerprint; empty: not known */
} KnownBuild;
/* A generation opened for one measure: its versions, each with the version of the outcome definition, as rows. */
typedef struct Question {
    const MeasureContext *ctx;
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs;
    OutcomeDefs outcomes;
    Db *db;
    uint32_t generation;
    Policy *policy; /* the caller's, or that of the day */
    Policy *then;   /* own; NULL: the caller's is used */
    KnownBuild known;
    MeasureLevel finest; /* of the units that are told apart */
    UnitNames units;     /* from question_read on */
    AskedPersons *asked; /* the same */
} Question;
typedef struct Asked { /* one version */
    RowWish wish;
    MeasureRows rows;
} Asked;
typedef VEC(Asked) AskedList;
/* day: DATE_NONE for now; else definitions are those of the build that was in force on the day's end. */
MUST_USE Status question_open(const MeasureContext *ctx, Date day, Question *out, Error *err);
void question_close(Question *q);
/* Versions of the query's measure that meet a version of its definition, not yet read. */
MUST_USE Status question_wishes(Question *q, const MeasureQuery *query, AskedList *out, Error *err);
bool query_in_years(const MeasureQuery *query, int32_t year);
/* The crossings that a query asks for: its own one, or each of several. */
size_t query_by_count(const MeasureQuery *query);
MeasureBy query_by(const MeasureQuery *query, size_t i);
/* Hides what was not known on the question's day; before the rows. */
MUST_USE Status question_known_on(Question *q, const AskedList *asked, Error *err);
MUST_USE Status question_read(Question *q, AskedList *asked, Error *err);
void asked_free(AskedList *list);
/* "excluded", "uncounted", "missed", "hit" or "counted". */
Slice row_status(const MeasureRows *rows, size_t row);
/* The exclusion's reason or the outcome definition's clause; empty: none. */
Slice row_clause(const MeasureRows *rows, size_t row);

/* Joins units of `level` that are below `minimum` with their smallest siblings; *pooled (in arena) has a text of
 * members a unit, empty for units of their own. */
MUST_USE Status pool_units(const MeasureRows *rows, FoldUnits *units, const UnitNames *names, const FoldSpec *spec,
    int64_t minimum, Arena *arena, Slice **pooled, Error *err);

/* The hint of an error about a definition that a family does not have (empty: any): those that there are. */
void outcome_hint_names(const OutcomeDefs *outcomes, Slice family, Error *err);

/* --- known time --- */

/* The last build that had begun by the end of `day`; texts in arena. ERR_NOT_FOUND: there was none. */
MUST_USE Status known_on_find(Db *db, Date day, Arena *arena, KnownBuild *out, Error *err);
/* The policy it was made under; NULL where the home has not kept it. Close with policy_close. */
MUST_USE Status known_on_policy(Home *home, const KnownBuild *build, Policy **out, Error *err);
/* Temporary views and tables that hide the generation's: facts and links of the build, with of_then (`policy` is that
 * of the build) its reference lists, and its derived tables that the wishes rest on (and `person`) worked out from
 * them. Needs a database whose facts are in schema fact. */
MUST_USE Status known_on_prepare(Db *db, Policy *policy, bool of_then, const KnownBuild *build, const RowWish *wishes,
    size_t wish_count, Error *err);
/* Derived tables that a definition rests on, directly or not; `person` always. */
bool measure_needs_table(const DerivedTables *all, const RowWish *wish, Slice name);

#endif
