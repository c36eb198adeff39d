/*
 * Context: what the rest of a row says about whose it is (policy/<state>/identity/context.toml). A wage record has no
 * birth date, but its first quarter bounds it; a county of work lies near a county of school.
 */
#ifndef CAIRN_IDENTITY_CONTEXT_H
#define CAIRN_IDENTITY_CONTEXT_H

#include "identity/identity.h"
#include "store/vault.h"

typedef struct ContextValue {
    RecordTag tag;
    uint32_t text; /* into Context.texts */
} ContextValue;

typedef struct ContextColumn {
    Slice name;            /* a column of the model's configuration */
    IdentityRole month_of; /* a date of the record itself whose month is the value; ID_ROLE_COUNT: none */
    VEC(ContextValue) at;  /* in order of tag, each tag once */
    size_t walk;
} ContextColumn;

typedef struct Context {
    Arena arena;
    VEC(ContextColumn) columns;
    VEC(Slice) texts; /* distinct ones: there are few */
    Map text_numbers;
} Context;

/* Runs the policy's queries over the current loads. No context.toml in force: no columns. ERR_INVALID names the query
 * that fails. Free with context_free, also after a failure. */
MUST_USE Status context_read(const LinkContext *ctx, Date on, Context *out, Error *err);
void context_free(Context *c);
/* NULL when the context says nothing of that column. */
ContextColumn *context_column(Context *c, Slice name);
#define CONTEXT_TEXT_SIZE 24
/* The value of a record, for callers that ask in order of tag; empty when there is none. What is worked out of the
 * record's own values is written into text. */
Slice context_next(const Context *c, ContextColumn *column, const RecordTag *tag, const IdentityValues *values,
    char text[CONTEXT_TEXT_SIZE]);

#endif
