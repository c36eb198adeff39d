/*
 * Layout: how one agency file is written, taken from the file's own contract
 * (policy/<state>/sources/NAME.toml), so that headers, positions and codes exist in one place.
 *
 * A writer names its columns; layout_bind finds each among the contract's fields. A Row holds one record's cells until
 * layout_write puts them in the contract's order. Rendering is a copy of bytes: no formatted output anywhere.
 */
#ifndef CAIRN_SYNTH_LAYOUT_H
#define CAIRN_SYNTH_LAYOUT_H

#include "base/base.h"

#define LAYOUT_MAX_FIELDS 48
#define LAYOUT_MAX_COLUMNS 56
#define ROW_SCRATCH 1600

typedef enum LayoutFormat { LAYOUT_CSV, LAYOUT_FIXED, LAYOUT_XML } LayoutFormat;

typedef struct LayoutField {
    Slice name;
    Slice header;
    Slice missing; /* how a missing value is spelt, "" when nothing else is said */
    Slice codes;   /* name of the code list, or empty */
    uint32_t start, length;
    uint32_t scale;
    bool implied;
    bool required;
    bool digits; /* numbers: zero-filled on the left in fixed files */
    DateFormat date;
    int column; /* of the writer, or -1: always missing */
} LayoutField;

typedef struct LayoutCode {
    Slice list, code, value;
} LayoutCode;

typedef struct Layout {
    Slice name;
    LayoutFormat format;
    LayoutField fields[LAYOUT_MAX_FIELDS];
    uint32_t field_count;
    uint32_t record_length;
    uint32_t error_limit_ppm;         /* share of bad rows above which the file is refused */
    Slice select;                     /* record type at position 1 of a fixed record */
    int field_of[LAYOUT_MAX_COLUMNS]; /* writer's column -> field, -1 when the contract has none */
    LayoutCode *codes;
    uint32_t code_count;
} Layout;

/* Reads the contract `name` of the policy folder. Texts live in the arena. */
MUST_USE Status layout_read(const char *policy_dir, const char *name, Arena *arena, Layout *out, Error *err);
/* columns: NULL-terminated field names, numbered as the writer numbers them; those the contract lacks are dropped.
 * ERR_INVALID when the contract demands a field that the writer does not know. */
MUST_USE Status layout_bind(Layout *l, const char *const *columns, Error *err);
/* The code that stands for value in a list; nth of several (counted round). ERR_NOT_FOUND when there is none. */
MUST_USE Status layout_code(const Layout *l, const char *list, const char *value, uint32_t nth, Slice *out, Error *err);
void layout_header(const Layout *l, Buf *out);

typedef struct Row {
    const Layout *layout;
    Slice cell[LAYOUT_MAX_COLUMNS]; /* ptr NULL: missing */
    char scratch[ROW_SCRATCH];
    size_t used;
} Row;

static inline void row_begin(Row *r, const Layout *l)
{
    r->layout = l;
    r->used = 0;
    memset(r->cell, 0, sizeof r->cell);
}
/* The text must outlive the row. */
static inline void row_text(Row *r, int column, Slice s)
{
    r->cell[column] = s;
}
static inline void row_flag(Row *r, int column, bool on)
{
    r->cell[column] = on ? SLICE("1") : SLICE("0");
}
void row_number(Row *r, int column, int64_t v);
/* digits, zero-filled to width */
void row_digits(Row *r, int column, uint64_t v, uint32_t width);
void row_date(Row *r, int column, Date d); /* DATE_NONE: missing */
/* v counts the smallest unit the field can hold: cents, tenths of an hour */
void row_decimal(Row *r, int column, int64_t v);
void layout_write(const Row *r, Buf *out);

/* v in decimal, zero-filled to width, at out */
static inline void put_digits(char *out, uint64_t v, uint32_t width)
{
    for (uint32_t i = width; i > 0; i--) {
        out[i - 1] = (char)('0' + v % 10);
        v /= 10;
    }
}
/* Copies s, converting UTF-8's Latin-1 range to single bytes and cutting at width; pads with blanks. */
void put_padded(char *out, Slice s, uint32_t width);

#endif
