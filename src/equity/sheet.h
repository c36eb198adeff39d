/*
 * Sheet: one inside result with its tables, written as text, CSV, JSON or HTML from the same content, so that the four
 * cannot say different things. Nothing here is protected: whoever writes one keeps it inside.
 *
 * Failures are sticky, as with Buf: build everything, then look at sheet_status once.
 */
#ifndef CAIRN_EQUITY_SHEET_H
#define CAIRN_EQUITY_SHEET_H

#include "base/base.h"

typedef enum SheetFormat { SHEET_TEXT, SHEET_CSV, SHEET_JSON, SHEET_HTML } SheetFormat;

typedef enum SheetCellKind { SHEET_CELL_NONE, SHEET_CELL_WORDS, SHEET_CELL_NUMBER } SheetCellKind;
typedef struct SheetCell {
    SheetCellKind kind;
    Slice text; /* words, or the number as printed */
} SheetCell;

typedef struct SheetColumn {
    const char *key;   /* JSON member and CSV head */
    const char *title; /* for people; NULL: too much for a terminal, the other formats have it under its key */
} SheetColumn;

typedef struct SheetTable {
    const char *key;
    Slice title;
    const SheetColumn *columns; /* borrowed */
    size_t column_count;
    VEC(SheetCell) cells; /* row-major */
} SheetTable;

typedef struct SheetFact { /* a line of the head: "year: 2024" */
    const char *key;
    Slice value;
} SheetFact;

typedef struct Sheet {
    Arena arena;
    Slice title;
    VEC(SheetFact) facts;
    VEC(Slice) findings; /* sentences that say what was found */
    VEC(Slice) notes;    /* what a reader must know: assumed values, what is not held */
    VEC(SheetTable) tables;
    Slice chart; /* SVG; empty: none */
    Status status;
    Error error;
} Sheet;

void sheet_init(Sheet *s, const char *title);
void sheet_free(Sheet *s);
void sheet_fact(Sheet *s, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
void sheet_finding(Sheet *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sheet_note(Sheet *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sheet_chart(Sheet *s, Slice svg); /* copied */
/* Begins a table; cells that follow fill it row by row. */
void sheet_table(Sheet *s, const char *key, Slice title, const SheetColumn *columns, size_t count);
void sheet_words(Sheet *s, Slice text); /* copied */
void sheet_int(Sheet *s, int64_t v);
/* NaN and infinities are empty. At most 9 decimals. */
void sheet_num(Sheet *s, double v, int decimals);
/* Millionths as a decimal number, exact, without trailing zeros. */
void sheet_millionths(Sheet *s, int64_t v);
void sheet_none(Sheet *s);

/* The first failure of anything above. */
MUST_USE Status sheet_status(Sheet *s, Error *err);
/* table: the one that CSV writes; NULL: the first. ERR_NOT_FOUND when there is none of that name. */
MUST_USE Status sheet_write(const Sheet *s, SheetFormat format, const char *table, Buf *out, Error *err);
/* "text", "csv", "json", "html"; ERR_USAGE for other words. */
MUST_USE Status sheet_format_parse(Slice word, SheetFormat *out, Error *err);

#endif
