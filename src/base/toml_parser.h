/* Private to base: what toml.c (structure) and toml_scalar.c (keys, strings, numbers, dates) share. */
#ifndef CAIRN_BASE_TOML_PARSER_H
#define CAIRN_BASE_TOML_PARSER_H

#include "base/map.h"
#include "base/toml.h"

/* The text must end in a NUL at `end`, so that looking one byte ahead is always allowed. */
typedef struct TomlParser {
    const char *name;
    const char *at;
    const char *end;
    uint32_t line;
    Arena *arena;
    Buf scratch; /* the string being unescaped, or the name being looked up */
    Map members; /* (table, key) to member: one index for the document instead of one a table */
} TomlParser;

/* ERR_PARSE at the given line of the document. */
Status toml_fail(const TomlParser *p, uint32_t line, Error *err, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* One part of a key: bare or quoted. In the arena. */
MUST_USE Status toml_key_part(TomlParser *p, Slice *out, Error *err);
/* A value that is neither array nor inline table, into *v. */
MUST_USE Status toml_scalar(TomlParser *p, Toml *v, Error *err);

#endif
