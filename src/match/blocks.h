/*
 * Blocks inside the room: how the parts of blocking hand on to each other.
 *
 *   block_sort.c    keys of all records, sorted, as groups of equal keys
 *   block_refine.c  groups too large, split by further keys
 *   block_window.c  the order of a sorted neighbourhood
 *   block_weigh.c   what all passes together may cost, and blocks cut until they keep to it
 *   block_rows.c    numbers of blocks, and the row of each record
 *   blocks.c        passes put together, reports, what two records share
 *   block_pairs.c   every pair once, with its mask
 *
 * A block is a list of records under one number. Numbers are dense over all
 * passes and begin at 1, so that two records are together in a pass when their
 * lists of numbers meet. A record's list lies in its row:
 *
 *   row of a record, `stride` 32-bit lanes (a multiple of 4), 0: none
 *   +--------+--------+--------+--------+--------+--------+--------+--------+--------+---
 *   | pass 0 | pass 1 | pass 3 | 0      | pass 2 | pass 2 | pass 2 | pass 2 | window | ...
 *   +--------+--------+--------+--------+--------+--------+--------+--------+--------+---
 *   |<- passes with one key a record ->|<-- a pass with several: 4, 8 .. -->|<- place in the order of a window pass
 *
 * A record that has more numbers than its lanes hold (a double name in a pass where nearly all have one key, or a block
 * that was refined) keeps the whole list in `extras` besides, and one lane says which it is.
 */
#ifndef CAIRN_MATCH_BLOCKS_H
#define CAIRN_MATCH_BLOCKS_H

#include "match/keys.h"

typedef VEC(uint32_t) U32List;

/* Groups of records: group i is members[start[i]] .. members[start[i + 1] - 1], in order of (source, record). */
typedef struct Groups {
    U32List start; /* one more than there are groups, or empty */
    U32List members;
} Groups;

static inline uint32_t group_count(const Groups *g)
{
    return g->start.len > 0 ? (uint32_t)(g->start.len - 1) : 0;
}
static inline uint32_t group_size(const Groups *g, uint32_t i)
{
    return g->start.at[i + 1] - g->start.at[i];
}
static inline const uint32_t *group_members(const Groups *g, uint32_t i)
{
    return g->members.at + g->start.at[i];
}
void groups_free(Groups *g);
MUST_USE Status groups_add(Groups *g, const uint32_t *members, size_t count, Error *err);
MUST_USE Status groups_append(Groups *to, const Groups *from, Error *err);

/* What pairs of sources may be compared, as a table. */
typedef struct SourcePairs {
    bool all; /* every pair of records */
    uint32_t sources;
    bool *comparable; /* [a * sources + b] */
} SourcePairs;
MUST_USE Status source_pairs_new(const MatchConfig *config, SourcePairs *out, Error *err);
void source_pairs_free(SourcePairs *s);
/* Comparable pairs among records in order of source. */
uint64_t comparable_pairs(const SourcePairs *s, const MatchTable *t, const uint32_t *members, size_t count);
/* Records in ascending order into the order of (source, record). scratch is as long as members. */
void sort_members(const MatchTable *t, uint32_t *members, size_t count, uint32_t *scratch);

/* Groups of two or more records that share a key and hold a comparable pair, in ascending order of key; *keys: distinct
 * keys, singletons included. Groups whose records have one value in column `known` are left out, because another pass
 * brings equal values together (MATCH_NONE: none does). */
MUST_USE Status blocks_sort(const MatchTable *t, const KeyCache *cache, const PassSpec *pass,
    const SourcePairs *sources, uint32_t known, unsigned threads, Groups *out, uint64_t *keys, Error *err);

/* A group is too large when it has more than block_max records and more comparable pairs than a full block of that
 * size: a few newcomers against many references is a large block, but not a dear one. */
bool group_oversized(size_t records, uint64_t pairs, uint32_t block_max);

/* Further keys that blocks are split by, best first. */
#define REFINERS_MAX MATCH_FIELDS_MAX
typedef struct Refiners {
    PassSpec keys[REFINERS_MAX]; /* of one part each */
    uint32_t count;
    KeyCache *cache;
} Refiners;
/* whole: passes none of whose blocks is refined; what one of them asks for by itself splits no block of another, since
 * it brings together whoever agrees on it. */
MUST_USE Status refiners_new(
    const MatchTable *t, const PassSpec *whole, uint32_t whole_count, unsigned threads, Refiners **out, Error *err);
void refiners_free(Refiners *r);
/* false: the pass itself asks for as much already, or the refiner is stricter than need be. */
bool refiner_suits(const MatchConfig *config, const PassSpec *pass, const KeyPart *refiner);

typedef struct RefineJob {
    const MatchTable *table;
    const SourcePairs *sources;
    const Refiners *refiners;
    const PassSpec *pass;
    uint32_t block_max;
} RefineJob;
/* How far a block has been split: comparable pairs, and the refiner and depth with which it would be split on. {0}: not
 * at all. */
typedef struct RefineMark {
    uint64_t pairs;
    uint8_t refiner, depth;
} RefineMark;
typedef VEC(RefineMark) RefineMarks;
typedef struct RefinedGroups {
    Groups groups;
    RefineMarks marks; /* of each */
} RefinedGroups;
void refined_free(RefinedGroups *g);
MUST_USE Status refined_add(RefinedGroups *g, const uint32_t *members, size_t count, RefineMark mark, Error *err);
/* Adds the blocks that stand for one too large group to out. What was split for a larger block_max, its too large
 * blocks split on, is the set of blocks that splitting at once gives. */
MUST_USE Status block_refine(
    const RefineJob *job, const uint32_t *members, size_t count, RefineMark mark, RefinedGroups *out, Error *err);

/* Records in order of the pass's text; one with several keys stands there several times. */
MUST_USE Status window_order(const MatchTable *t, const PassSpec *pass, U32List *order, Error *err);

/* What blocks_each counted, of all threads together. */
typedef struct BlockCounts {
    bool known;
    uint64_t found[MATCH_PASSES_MAX];   /* pairs handed out, by pass */
    uint64_t covered[MATCH_PASSES_MAX]; /* pairs that some refined block of the pass holds */
    bool folded;                        /* there are no blocks any more, but reports of them */
    PassReport reports[MATCH_PASSES_MAX];
} BlockCounts;

typedef struct BlockPass {
    PassSpec spec;
    Groups groups;     /* as sorted; those in oversized have no block of their own, and after weighing no members */
    U32List oversized; /* numbers of groups, ascending */
    Groups refined;    /* blocks in their place */
    RefineMarks marks; /* of refined, and what they stand for, while passes are weighed */
    U32List split;
    U32List order; /* window passes only */
    /* Of a share of the blocks (match_partition.h), otherwise empty: numbers of groups' blocks; place of each record in
     * the order, and is it compared with those behind it? */
    U32List numbers, places;
    VEC(bool) leads;
    uint32_t block_max; /* a larger block is refined: config.block_max, or what weighing left of it */
    uint32_t first;     /* number of groups' first block; refined's follow */
    uint32_t lane;      /* in the row */
    uint32_t width;     /* lanes */
    uint64_t keys;
    uint64_t largest;         /* records of the largest group, refined or not */
    uint64_t pairs;           /* upper bound */
    uint64_t *costs;          /* comparable pairs of each group, while passes are weighed */
    uint64_t oversized_pairs; /* of the groups that were refined */
    uint64_t refined_pairs;   /* of the blocks in their place, some pairs more than once */
} BlockPass;

/* A pass over the typing errors of a field beside one over the field itself, by number: groups of one value are left to
 * the latter, so whom that one brings together the former does as well, whether a block of its own shows it or not. */
typedef struct KnownPass {
    uint32_t pass, whole;
} KnownPass;

struct Blocks {
    const MatchTable *table;
    SourcePairs sources;
    KnownPass known[MATCH_PASSES_MAX];
    uint32_t known_count;
    BlockPass *passes;
    uint32_t pass_count;
    uint32_t stride;      /* lanes of a row */
    uint32_t equal_lanes; /* lanes before the windows' */
    bool wide;            /* some pass has more than one lane */
    uint32_t *rows;       /* [row * stride + lane] */
    uint32_t *row_of;     /* of each record; one that repeats another has that one's. NULL: the record's number */
    uint32_t *lane_bit;   /* mask of the lane's pass */
    /* Whole lists of the records whose row is too short; row[extra_lane]: list number + 1, 0: none. NULL when all rows
     * suffice. */
    uint32_t extra_lane;
    uint64_t *extra_start;
    uint64_t *extras;
    BlockCounts *counts;
};

static inline size_t block_row_number(const Blocks *b, uint32_t record)
{
    return b->row_of ? b->row_of[record] : record;
}
static inline const uint32_t *block_row(const Blocks *b, uint32_t record)
{
    return b->rows + block_row_number(b, record) * b->stride;
}
/* Number of the record's list in extras + 1; 0: its row suffices. */
static inline uint32_t block_extra(const Blocks *b, const uint32_t *row)
{
    return b->extras ? row[b->extra_lane] : 0;
}
/* Asks for all lines of the row ahead of use. */
#define LINE_LANES 16
static inline void block_row_prefetch(const Blocks *b, uint32_t record)
{
    const uint32_t *row = block_row(b, record);
    for (uint32_t lane = 0; lane < b->stride; lane += LINE_LANES)
        __builtin_prefetch(row + lane);
    __builtin_prefetch(row + b->stride - 1);
}

/* Splits what is too large until all passes together keep to the budget. ERR_LIMIT: they cannot keep to pairs_max. */
MUST_USE Status blocks_weigh(Blocks *b, unsigned threads, Error *err);
/* Numbers the blocks; fills rows and extras. */
MUST_USE Status blocks_number(Blocks *b, Error *err);
MUST_USE Status blocks_rows(Blocks *b, unsigned threads, Error *err);

/* Every block of a pass in ascending order of number. */
typedef void (*BlockFn)(void *ctx, uint32_t number, const uint32_t *members, uint32_t count);
void each_block(const BlockPass *p, BlockFn fn, void *ctx);

/* A record's blocks in ascending order. An item is pass << 32 | number; of a window pass, the place in its order,
 * beginning at 1. */
typedef struct BlockList {
    const uint64_t *at;
    size_t count;
} BlockList;
#define BLOCK_LIST_ROW_MAX 320 /* lanes of the widest row */
/* scratch holds the list of a record without extras. */
BlockList record_blocks(const Blocks *b, uint32_t record, uint64_t scratch[BLOCK_LIST_ROW_MAX]);
/* Passes in whose blocks two records are together; *least: what comes first of the things they share in `pass`: a
 * block's number, or for a window pass the two places, lower << 32 | higher. */
uint32_t blocks_meet(const Blocks *b, BlockList left, BlockList right, uint32_t pass, uint64_t *least);

/* Fills `known` from the passes' specs. */
void blocks_find_known(Blocks *b);
/* What blocks show of a pair, and what follows from it. */
static inline uint32_t complete_mask(const Blocks *b, uint32_t mask)
{
    for (uint32_t i = 0; i < b->known_count; i++)
        mask |= (mask >> b->known[i].whole & 1) << b->known[i].pass;
    return mask;
}

static inline bool pass_is_window(const BlockPass *p)
{
    return p->spec.window > 0;
}

#endif
