/*
 * Shared context: values that belong to whoever holds a number. One worker's wages stand in many records (other files,
 * other spellings of the name), and each shows a part of when and where she worked; together they show the whole. So
 * all records of one number have one value (context.toml: across, take), and no later record speaks against the first.
 */
#ifndef CAIRN_IDENTITY_CONTEXT_SHARE_H
#define CAIRN_IDENTITY_CONTEXT_SHARE_H

#include "identity/context.h"

/* A record's place with the caller, handed back. */
typedef struct SharedCell {
    uint64_t holder; /* sharing_settle's, when the cell is handed back */
    uint32_t column; /* with the caller */
    uint32_t record; /* with the caller */
} SharedCell;

typedef struct SharedValue {
    uint64_t holder;
    int64_t weight;
    uint32_t text;   /* into Context.texts */
    uint16_t column; /* with the caller */
    uint16_t share;  /* into Context.shares */
} SharedValue;

/* A column whose records have what comes after the most of another. */
typedef struct SharedNext {
    uint32_t column, rank, next; /* rank: 1 for what comes right after it */
} SharedNext;

/* The holder that was asked for last: a record asks for each of its columns. */
typedef struct LastHolder {
    bool known;
    IdentityRole across;
    uint32_t record;
    uint64_t holder;
} LastHolder;

/* {0} is empty. */
typedef struct Sharing {
    LastHolder last;
    VEC(SharedCell) cells;
    VEC(SharedValue) values;
    VEC(SharedNext) nexts;
} Sharing;

/* Notes the shared values that context_next gave for a record, n > 0; own: the record's identity, of which the number
 * is taken. A record without the number (or with one that was never issued) shares with nobody. Takes
 * 16 bytes a record and 24 a value. column < 65,536. */
MUST_USE Status sharing_add(Sharing *s, const Context *c, uint32_t column, uint32_t record, const ContextValue *values,
    size_t n, const RecordTag *tag, const IdentityValues *own, Error *err);

/* Notes that the record has, in column next->next, what comes after the most of next->column; values are those that
 * context_next gave for that one, which sharing_add notes. Nothing where their query names fewer next ones. */
MUST_USE Status sharing_add_next(Sharing *s, const Context *c, const SharedNext *next, uint32_t record,
    const ContextValue *values, const RecordTag *tag, const IdentityValues *own, Error *err);

/* Gives each noted record its holder's value (the text is fn's for the call), in the order of noting; who has one value
 * only has no next one. The result is a function of the set of records: what weighs the same is settled by the text.
 * Holders are forgotten: once only. */
MUST_USE Status sharing_settle(Sharing *s, const Context *c, unsigned threads,
    Status (*fn)(void *ctx, const SharedCell *cell, Slice text, Error *err), void *ctx, Error *err);
void sharing_free(Sharing *s);

#endif
