/*
 * Inside the index of newcomers: index.c finds candidates, index_assign.c says to which person a record belongs.
 */
#ifndef CAIRN_MATCH_INDEX_IMPL_H
#define CAIRN_MATCH_INDEX_IMPL_H

#include "match/blocks.h"
#include "match/cluster_impl.h"
#include "match/postings.h"

/* Postings of newcomers: a hash table of chains. */
typedef struct GrownEntry {
    uint32_t record, next; /* next: entry + 1; 0: the last */
} GrownEntry;
typedef struct Grown {
    uint64_t *keys;
    uint32_t *heads; /* entry + 1; 0: empty slot */
    size_t slots, used;
    VEC(GrownEntry) entries;
} Grown;

/* A sorted neighbourhood, by the first eight bytes of the text. */
typedef struct WindowEntry {
    uint64_t text;
    uint32_t record;
} WindowEntry;
typedef struct Window {
    WindowEntry *entry;
    size_t count;
} Window;

struct MatchIndex {
    MatchTable *t;
    const MatchModel *m;
    Joint *joint;
    Postings postings;
    uint32_t whole[MATCH_PASSES_MAX]; /* pass_of_values of each pass */
    Refiners *refiners;               /* what oversized blocks are split by */
    Grown grown;
    Window windows[MATCH_PASSES_MAX];
    KeyTexts texts;
    /* Scratch of find. */
    VEC(uint32_t) mask;    /* by record: passes that brought it up; all 0 between calls */
    VEC(uint32_t) touched; /* records whose mask is not 0 */
    VEC(uint64_t) patterns;
    MatchPairs found;
    /* Persons. */
    VEC(uint32_t) cluster; /* of each record; MATCH_NONE: none */
    VEC(uint32_t) next;    /* of each record: another of the same cluster; MATCH_NONE: the last */
    VEC(uint32_t) head;    /* of each cluster: a record; MATCH_NONE: none */
    VEC(Decision) decided; /* both ways, sorted by (a, b) */
    LogSum log_sum;
};

#endif
