/* Private to contract: the steps of reading one, in their order. */
#ifndef CAIRN_CONTRACT_PARTS_H
#define CAIRN_CONTRACT_PARTS_H

#include "contract/contract.h"

typedef struct Parse {
    const char *file; /* for messages */
    Arena *arena;
    Contract *c;
    Slice status; /* the contract's own */
} Parse;

/* ERR_INVALID at a node's line; key may be NULL. */
Status contract_fail(const Parse *p, const Toml *at, const char *key, Error *err, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
bool contract_is_name(Slice s); /* [a-z][a-z0-9_]*, at most 63 */
/* Member `key` as an array of tables, or of strings. *count 0 and *out NULL when absent. */
MUST_USE Status contract_tables(
    const Parse *p, const Toml *t, const char *key, const Toml **first, size_t *count, Error *err);
MUST_USE Status contract_strings(
    const Parse *p, const Toml *t, const char *key, Slice **out, size_t *count, Error *err);

MUST_USE Status contract_read_codes(Parse *p, const Toml *root, Error *err);
MUST_USE Status contract_read_fields(Parse *p, const Toml *root, Error *err);
MUST_USE Status contract_read_scope(Parse *p, const Toml *root, Error *err);
/* Rules, totals, facts: after codes, scope and fields. */
MUST_USE Status contract_read_use(Parse *p, const Toml *root, Error *err);

/* --- SQL text --- */

typedef enum SqlPlace {
    SQL_DERIVE,  /* fields that are in the file; identity only by roles that may be coarsened */
    SQL_RULE,    /* every column of the typed row */
    SQL_CROSS,   /* as SQL_RULE, but only names qualified by r are ours */
    SQL_MAPPING, /* content columns */
} SqlPlace;

/* Expands @codes(LIST, expression) and checks the columns. `at` is for messages. */
MUST_USE Status contract_sql(const Parse *p, const Toml *at, Slice text, SqlPlace place, Slice *out, Error *err);

#endif
