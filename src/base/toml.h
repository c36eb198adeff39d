/*
 * A strict TOML 1.0 reader (https://toml.io/en/v1.0.0) for policy files.
 *
 * Everything lives in the caller's arena. Each value remembers its line, so
 * that a rule broken later can still name the place. Keys keep file order.
 */
#ifndef CAIRN_BASE_TOML_H
#define CAIRN_BASE_TOML_H

#include "base/arena.h"
#include "base/date.h"
#include "base/error.h"
#include "base/slice.h"

typedef enum TomlType {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_DATE,     /* local date */
    TOML_DATETIME, /* offset or local date-time or local time, kept as text */
    TOML_ARRAY,
    TOML_TABLE,
} TomlType;

typedef struct Toml Toml;
struct Toml {
    TomlType type;
    uint32_t line;
    Slice key;    /* set for members of a table */
    Slice string; /* TOML_STRING (UTF-8, NUL-terminated) and TOML_DATETIME */
    int64_t integer;
    double number; /* TOML_FLOAT */
    bool boolean;
    Date date;
    Toml *first; /* members or elements, in file order */
    Toml *next;
    size_t count; /* members or elements */
};

/* A byte order mark at the beginning is skipped; line ends in multi-line strings become LF.
 * name is used in errors only. Limits: 16 MiB, nesting 64. ERR_PARSE names file and line. */
MUST_USE Status toml_parse(Slice text, const char *name, Arena *arena, const Toml **out, Error *err);
MUST_USE Status toml_read(const char *path, Arena *arena, const Toml **out, Error *err);

/* NULL when table is NULL, not a table, or has no such key. */
const Toml *toml_get(const Toml *table, const char *key);

/* Typed members. `file` is for messages. Required: ERR_INVALID when absent or of another type.
 * The _or forms give the default when absent and still fail on another type. */
MUST_USE Status toml_str(const Toml *t, const char *file, const char *key, Slice *out, Error *err);
MUST_USE Status toml_str_or(const Toml *t, const char *file, const char *key, Slice fallback, Slice *out, Error *err);
MUST_USE Status toml_int(const Toml *t, const char *file, const char *key, int64_t *out, Error *err);
MUST_USE Status toml_int_or(
    const Toml *t, const char *file, const char *key, int64_t fallback, int64_t *out, Error *err);
MUST_USE Status toml_bool_or(const Toml *t, const char *file, const char *key, bool fallback, bool *out, Error *err);
/* Integer or float. */
MUST_USE Status toml_num_or(const Toml *t, const char *file, const char *key, double fallback, double *out, Error *err);
MUST_USE Status toml_date(const Toml *t, const char *file, const char *key, Date *out, Error *err);
MUST_USE Status toml_date_or(const Toml *t, const char *file, const char *key, Date fallback, Date *out, Error *err);
/* Tables and arrays: *out is NULL when absent. */
MUST_USE Status toml_table(const Toml *t, const char *file, const char *key, const Toml **out, Error *err);
MUST_USE Status toml_array(const Toml *t, const char *file, const char *key, const Toml **out, Error *err);
/* ERR_INVALID naming the first member of t whose key is not in the NULL-terminated list: catches misspelt options. */
MUST_USE Status toml_only(const Toml *t, const char *file, const char *const *allowed, Error *err);

/* Writes a string as TOML has it, quotes included. */
void toml_quote(Buf *out, Slice text);

#endif
