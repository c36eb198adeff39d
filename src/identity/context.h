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
    uint32_t text;  /* into Context.texts */
    uint32_t share; /* into Context.shares, counted from 1: one of several that the record has; 0: its only one */
    int64_t weight; /* of a shared one */
} ContextValue;

/* Which of their values the records of one holder have, all of them. */
typedef enum ContextTake {
    TAKE_MOST,  /* whose weights are the largest sum */
    TAKE_LEAST, /* of the least weight */
    TAKE_COUNT  /* none of them, but how many different ones there are, as a number */
} ContextTake;

/* Values that belong to whoever holds a number: all records with that number have the one that is taken. */
typedef struct ContextShare {
    IdentityRole across; /* the number's role */
    ContextTake take;
    uint32_t next; /* with TAKE_MOST: so many further columns have the values of the next largest sums, where there are
                      any */
} ContextShare;

#define CONTEXT_NEXT_MAX 3

typedef struct ContextColumn {
    Slice name;            /* a column of the model's configuration */
    IdentityRole month_of; /* a date of the record itself whose month is the value; ID_ROLE_COUNT: none */
    VEC(ContextValue) at;  /* in order of tag; each tag once, unless its values are shared */
    size_t walk;
    bool asked;     /* a query gives its values */
    size_t next_of; /* it has none of its own, but what comes after the most of this column, counted from 1; 0: no */
    uint32_t rank;  /* with next_of: 1 for what comes right after it, up to CONTEXT_NEXT_MAX */
} ContextColumn;

typedef struct Context {
    Arena arena;
    VEC(ContextColumn) columns;
    VEC(ContextShare) shares;
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
/* The values of a record, for callers that ask in order of tag: none, one, or several that are shared; *out borrows. */
size_t context_next(ContextColumn *column, const RecordTag *tag, const ContextValue **out);
/* What is worked out of a record's own values: the month of one of its dates, written into text; empty: none. */
Slice context_own(const ContextColumn *column, const IdentityValues *values, char text[CONTEXT_TEXT_SIZE]);

#endif
