/*
 * Tables: any set of CSV tables, as a small header describes them, becomes one system of cells and equations.
 *
 *   header (TOML, docs/protect.md) ─► dimensions, hierarchies, tables, columns
 *   CSV files ─► rows: a place in every dimension, a value in every column
 *   rows ─► cells (one an unknown, however many tables print it) ─► equations ─► SdcProblem
 *
 * An unknown is a quantity (people, count) at a place in all dimensions; a dimension that a table does not have stands
 * at its total. Linked tables, subsets, pooled cohorts and earlier releases therefore need no rule of their own: equal
 * unknowns are one cell. Bytes come from strangers: everything is checked, and nothing is guessed.
 */
#ifndef CAIRN_TABLES_TABLES_H
#define CAIRN_TABLES_TABLES_H

#include "base/base.h"
#include "sdc/sdc.h"

#define TABLES_NONE UINT32_MAX
#define TABLES_MAX_DIMENSIONS 12
#define TABLES_MAX_TABLES 2000
#define TABLES_MAX_COLUMNS 64
#define TABLES_MAX_CELLS 20000000U
#define TABLES_MAX_TOP 8

/* --- values ------------------------------------------------------------------------------------------------------- */

typedef enum TablesMark {
    TABLES_EXACT,      /* printed as a number */
    TABLES_RANGE,      /* printed as "50 or less", ">= 98 %": low to high */
    TABLES_HIDDEN,     /* printed as suppressed */
    TABLES_STRUCTURAL, /* nobody can be there: a programme that is not offered */
    TABLES_ABSENT      /* no such row or column */
} TablesMark;

/* low and high in units of 10^-decimals; equal when exact. */
typedef struct TablesValue {
    TablesMark mark;
    uint8_t decimals;
    int64_t low, high;
} TablesValue;

typedef struct TablesMarker {
    Slice text;
    TablesValue value;
    bool of_rates; /* a range of percents; otherwise of whole numbers */
} TablesMarker;

/* Reads one printed cell: a marker, or a number such as 69,301 or 84.2% or $41,250. rate: percents may have decimals
 * and must lie in 0 to 100. ERR_INVALID says what is wrong, without the value. */
MUST_USE Status tables_value(
    const TablesMarker *markers, size_t marker_count, Slice text, bool rate, TablesValue *out, Error *err);

/* --- what the header says ----------------------------------------------------------------------------------------- */

/* codes[parent] is the sum of count codes from children[first]. */
typedef struct TablesSum {
    uint32_t parent, first, count;
    uint32_t hierarchy;
} TablesSum;

typedef struct TablesDimension {
    Slice name;
    Slice *codes; /* in order of first mention; the total first */
    Slice *titles;
    uint32_t code_count, code_cap;
    uint32_t total;  /* TABLES_NONE: there is none, as over years */
    bool open;       /* codes are taken from the tables */
    Slice separator; /* open: a code up to its last separator is its parent; empty: all lie under the total */
    TablesSum *sums;
    uint32_t sum_count;
    uint32_t *children;
    uint32_t *sum_from; /* code_count + 1: the sums of which a code is parent */
    Map index;
} TablesDimension;

typedef enum TablesKind {
    TABLES_COUNT,  /* people: additive */
    TABLES_TOTAL,  /* a sum of money or hours over people: additive, dominated by the largest */
    TABLES_RATE,   /* numerator / denominator in percent */
    TABLES_MEDIAN, /* or another percentile: not additive */
    TABLES_MEAN,   /* total / people */
    TABLES_GAP,    /* difference of a rate to that of a reference group, in percentage points */
    TABLES_NEEDED, /* students needed to close a gap: ceil(people * gap) */
    TABLES_HELPER  /* says something about contributors; never published */
} TablesKind;

typedef struct TablesColumn {
    TablesKind kind;
    Slice name;
    uint32_t position;                /* in the CSV file; of a wide table, in its block */
    bool hidden;                      /* publish = false: part of the attack, not of the output */
    uint32_t key_position;            /* of a count: the CSV column with its cell keys; TABLES_NONE. Never published */
    uint32_t quantity;                /* counts and totals */
    uint32_t numerator, denominator;  /* columns of a rate; people of a median, mean, needed; of a gap the rate */
    uint32_t total;                   /* column of a mean's total; of needed the gap */
    uint32_t employers, top_employer; /* columns of helpers; TABLES_NONE */
    uint32_t top[TABLES_MAX_TOP];     /* columns of the largest contributions */
    uint32_t top_count;
    uint32_t reference_dimension, reference_code; /* of a gap */
} TablesColumn;

/* A count or total that tables share. */
typedef struct TablesQuantity {
    Slice people, name;
    bool is_total;
    bool is_part;       /* of some other: see TablesSet.parts */
    bool is_complement; /* those of a whole who are not in one of its parts: printed by nobody */
} TablesQuantity;

/* One count is a part of another: whole = part + rest, at every place where both are told. A count may be a part of
 * several (graduates of completers and of the cohort) and have several parts; what follows from others (the cohort
 * holds the completers, these the graduates) need not be said. Quantities; rest is the complement, of this pair alone.
 */
typedef struct TablesPart {
    uint32_t part, whole, rest;
} TablesPart;

typedef enum TablesAbsent { TABLES_ABSENT_ERROR, TABLES_ABSENT_ZERO, TABLES_ABSENT_HIDDEN } TablesAbsent;

typedef struct TablesTable {
    Slice name, file, published;
    TablesColumn *columns;
    uint32_t column_count;
    TablesAbsent absent;
    bool no_margins;           /* its totals are published nowhere */
    bool is_rounded;           /* counts are printed within reach of the true ones: an interval, and no fact besides */
    int64_t reach;             /* of a rounded table */
    bool is_noisy;             /* counts carry noise that nobody knows: they tell the attack nothing */
    const Toml *contributions; /* the persons behind it; NULL */
    bool released;             /* was published before: what its `published` file prints is frozen */
    uint32_t wide_dimension;   /* codes stand side by side in blocks of columns; TABLES_NONE */
    uint32_t row_count;
    uint32_t *at;        /* row * dimensions + dimension -> code, TABLES_NONE where the set has no total there */
    uint32_t *csv_row;   /* row -> record of the CSV file, from 0 */
    TablesValue *values; /* row * columns + column */
    TablesMark *old;     /* as above, of the published file of an earlier release; NULL: none */
    Slice *old_text;     /* with old: what stands there; empty where the file has no such column */
    CsvTable csv;        /* for writing back */
    Slice preamble;      /* lines before the header */
    uint32_t *block;     /* row -> first CSV column of its block (wide), else 0 */
    uint32_t *cell;      /* row * columns + column -> cell of the system; TABLES_NONE */
} TablesTable;

typedef struct TablesSet {
    Arena arena;
    Slice name, title;
    TablesMarker *markers;
    size_t marker_count;
    bool nobody_has_rates; /* a rate that can be 0 may be of a group of nobody */
    TablesDimension dimensions[TABLES_MAX_DIMENSIONS];
    uint32_t dimension_count;
    TablesTable *tables;
    uint32_t table_count;
    TablesQuantity *quantities;
    uint32_t quantity_count;
    TablesPart *parts; /* in order of the header; no count is a part of itself through others */
    uint32_t part_count;
    const Toml *root;
    Buf digest; /* names and SHA-256 of all files read, a line each */
} TablesSet;

/* Where files come from: text of `name`, as the header writes it, valid as long as the set. */
typedef Status (*TablesLoad)(void *ctx, Slice name, Arena *arena, Slice *text, Error *err);

/* How strict reading is: TABLES_TRUE_VALUES wants a number everywhere (what is to be protected); TABLES_AS_PUBLISHED
 * takes markers and absent rows for what they are (what is to be attacked). */
typedef enum TablesReading { TABLES_TRUE_VALUES, TABLES_AS_PUBLISHED } TablesReading;

/* Parses the header and reads all files it names. Free with tables_free, also after a failure. Errors name file, row,
 * field and rule. ERR_LIMIT for what is too large. */
MUST_USE Status tables_read(
    Slice header, const char *name, TablesLoad load, void *ctx, TablesReading reading, TablesSet *out, Error *err);
void tables_free(TablesSet *set);
/* Whether one quantity is a part of another, be it through others. */
bool tables_is_part(const TablesSet *set, uint32_t part, uint32_t whole);
/* A loader for folders: names are relative to dir (a const char *); ctx is the folder. */
MUST_USE Status tables_load_file(void *dir, Slice name, Arena *arena, Slice *text, Error *err);

/* --- the persons behind a table ------------------------------------------------------------------------------------
 */

/* Who is in which row of a table: pair i says that person who[i] is in row row[i]; sorted by row. */
typedef struct TablesContributions {
    size_t persons;
    Slice *person;    /* pseudonyms, each once */
    int64_t *value;   /* in cents; NULL: the file has no such column */
    Slice *employer;  /* NULL: no such column */
    uint8_t **member; /* a column of the table -> a flag a person, NULL: not a count */
    uint32_t *who, *row;
    size_t pairs;
} TablesContributions;

/* Reads the file that the table's `contributions` names. Each person stands once, in a finest cell. ERR_INVALID names
 * the row: a person twice, an unknown code, a person in no row of the table, or counts of the table that are not the
 * number of persons. Arrays live in the set's arena. */
MUST_USE Status tables_contributions(
    TablesSet *set, uint32_t table, TablesLoad load, void *ctx, TablesContributions *out, Error *err);

/* --- writing back ------------------------------------------------------------------------------------------------- */

/* The text of one cell of the output, borrowed until the next call. */
typedef Status (*TablesPrint)(void *ctx, uint32_t table, uint32_t row, uint32_t column, Slice *text, Error *err);

/* A table's CSV file without the columns that are not published, appended; text other than the columns' is copied. */
MUST_USE Status tables_write_csv(
    const TablesSet *set, uint32_t table, TablesPrint print, void *ctx, Buf *out, Error *err);

/* How the printed tables look beyond what the header says of its own. */
typedef struct TablesMarks {
    Slice suppressed;
    const int64_t *bands; /* percents p: "<p" and ">100-p" are rates */
    size_t band_count;
} TablesMarks;
/* A header that describes the written tables as an outsider has them: for whoever wants to audit them. Appended. */
MUST_USE Status tables_write_header(const TablesSet *set, const TablesMarks *marks, Buf *out, Error *err);
/* The same with the tables of earlier releases, for an attack on everything that is out: whatever their file is called,
 * tables_earlier knows it by the name that this header has for it. */
MUST_USE Status tables_write_header_of_all(const TablesSet *set, const TablesMarks *marks, Buf *out, Error *err);
/* The table of an earlier release that such a file is; TABLES_NONE. */
uint32_t tables_earlier(const TablesSet *set, Slice file);
/* The [[table]] blocks alone, as tables of an earlier release whose true values lie in folder `truth` and whose printed
 * values in folder `printed`, under names that begin with `prefix`. Appended. */
MUST_USE Status tables_write_released(
    const TablesSet *set, Slice prefix, Slice truth, Slice printed, Buf *out, Error *err);
/* The i-th code list that the header names; false when there are fewer. */
bool tables_code_file(const TablesSet *set, size_t i, Slice *file);
/* A code list as it leaves: code, parent and title; other columns stay inside. name: in messages. Appended. */
MUST_USE Status tables_write_codes(Slice text, const char *name, Buf *out, Error *err);
/* A file's name without folders. */
Slice tables_base_name(Slice file);

/* --- the system ----------------------------------------------------------------------------------------------------
 */

typedef struct TablesCell {
    uint32_t quantity;
    const uint32_t *at;          /* a code for each dimension */
    TablesValue value;           /* totals are in units of 10^-decimals */
    uint32_t table, row, column; /* where it stands first; table TABLES_NONE: in no file (a complement, an absent row, a
                                    sum that ties tables together) */
    bool printed;                /* some column that is published shows it, be it a rate */
    bool own_column;             /* a column of its own does */
    bool frozen;                 /* an earlier release shows it */
    bool buried;                 /* an earlier release suppressed it: stays so */
    bool inferred;               /* as published: in no table, and told by sums that share it */
    uint32_t whole, part;        /* complement: the cells it is the difference of; TABLES_NONE */
} TablesCell;

typedef struct TablesSystem {
    Arena arena;
    TablesCell *cells;
    uint32_t cell_count;
    uint32_t *start, *cell; /* equations in CSR form; the first term is the whole */
    int32_t *coef;
    uint32_t row_count;
    const TablesSet *set;
} TablesSystem;

/* Cells and equations; fills set->tables[].cell. With TABLES_TRUE_VALUES every equation is checked: ERR_INVALID names
 * it and by how much it is off, the missing margin, or the two tables that disagree. */
MUST_USE Status tables_system(TablesSet *set, TablesReading reading, TablesSystem *out, Error *err);
void tables_system_free(TablesSystem *s);
/* The equation in words, appended: "district D1 = school S1 + school S2 (graduates)". */
void tables_equation_words(const TablesSystem *s, uint32_t row, Buf *out);
/* The cell in words, appended: "students, place D1, sex F". Codes at their total are left out. */
void tables_cell_words(const TablesSystem *s, uint32_t cell, Buf *out);
/* The problem for the solver: values, bounds 0 to the largest of the quantity, statuses OPEN, FROZEN (zeros, structural
 * zeros, earlier releases) or SECONDARY (not printed). Names are the cells' words and table. Free with sdc_free. */
MUST_USE Status tables_problem(const TablesSystem *s, SdcProblem *out, Error *err);

#endif
