/*
 * Private to ingest: what `cairn profile` gathers about an unknown file, column
 * by column, before it writes the draft contract.
 *
 * Values are counted only while they may still be a code list (few distinct
 * ones); everything else is kept as shapes: digits become 9, letters A.
 */
#ifndef CAIRN_INGEST_PROFILE_H
#define CAIRN_INGEST_PROFILE_H

#include "contract/contract.h"

#define PROFILE_CODES_MAX 40     /* more distinct values: no code list */
#define PROFILE_CODE_ROWS_MIN 10 /* a value in fewer rows could point to somebody */
#define PROFILE_SHAPES_MAX 24
#define PROFILE_DATE_FORMATS 4

typedef struct Counted {
    Slice text; /* in the profile's arena */
    uint64_t rows;
} Counted;

typedef struct Column {
    Slice name;   /* snake_case, unique; set by profile_name_columns */
    Slice header; /* empty without a header line; XML: the path */
    uint32_t start;   /* fixed: 1-based */
    uint32_t length;  /* fixed */
    uint64_t filled;
    uint64_t repeated; /* XML: occurrences beyond the first in a row */
    size_t longest, shortest;
    uint64_t digits, integers, decimals, booleans; /* rows that could be read so */
    uint64_t dates[PROFILE_DATE_FORMATS];
    uint64_t quarters;
    uint32_t scale;   /* most decimals seen */
    Counted codes[PROFILE_CODES_MAX];
    size_t code_count;
    bool too_many_codes;
    Counted shapes[PROFILE_SHAPES_MAX];
    size_t shape_count;
    uint64_t other_shapes; /* rows of shapes beyond the table */
} Column;
typedef VEC(Column) Columns;

typedef struct Profile {
    Arena arena;
    const char *path;
    ContractFormat format;
    bool is_utf8;
    char delimiter;
    size_t usual_cells;  /* csv: of most records */
    bool header;
    uint32_t skip_lines; /* title records before the header */
    uint32_t record_length;
    Slice row_element;
    Columns columns;
    uint64_t rows;
    uint64_t odd_rows; /* another number of cells, or another length */
} Profile;

/* One value of a row. text is trimmed; empty counts as missing. */
MUST_USE Status column_see(Profile *p, Column *c, Slice text, Error *err);
/* What the column seems to be. */
typedef struct Guess {
    FieldType type;
    const char *format; /* "" when none */
    bool codes;         /* its values may be shown */
} Guess;
Guess column_guess(const Profile *p, const Column *c);

/* profile_xml.c: paths and rows of an XML file. */
MUST_USE Status profile_xml(Profile *p, Error *err);
/* profile_write.c: names first. */
MUST_USE Status profile_name_columns(Profile *p, Error *err);
void profile_write_contract(const Profile *p, Buf *out);
void profile_write_report(const Profile *p, Buf *out);

#endif
