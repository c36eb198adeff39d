/*
 * Private to the room: the layout of packs, and what the paths share.
 *
 * TextPack: `slot` bytes a text, zero-padded, and a byte of length. A text that
 * does not fit has length SLOT_LONG and, in its slot, its index in `longs`. 64
 * more slots than texts are there, so that a group of lanes may be read whole
 * from any place.
 *
 *     slots  | ALVAREZ000000000 | LEE0000000000000 | <u32 index>0000 ... |
 *     lens   | 7 | 3 | 255 | ...
 *
 * BitPack: groups of 8 vectors, word by word, so that one 512-bit load has the
 * same word of eight vectors:
 *
 *     group g | w0 of v0 .. w0 of v7 | w1 of v0 .. w1 of v7 | ...
 */
#ifndef CAIRN_KERNEL_IMPL_H
#define CAIRN_KERNEL_IMPL_H

#include "kernel/kernel.h"

#if defined(__x86_64__)
#define KERNEL_X86 1
#else
#define KERNEL_X86 0
#endif

/* Scratch of some KiB that is written before it is read: spares it the zeroing that the hardened build gives locals. */
#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef UNSET
#define UNSET
#endif

#define LANES_MAX ((size_t)64) /* texts a group, on the widest path */
#define SLOT_LONG ((uint8_t)255)
#define QUERY_TILE ((size_t)4) /* queries that share a load of targets */

struct TextPack {
    size_t n;
    size_t slot;
    uint8_t *slots;
    uint8_t *lens;
    Slice *longs;
    size_t long_count;
    char *long_text; /* what longs point into */
};

struct BitPack {
    size_t n;
    size_t words;
    uint64_t *bits;   /* 64-byte aligned, inside memory */
    uint16_t *counts; /* a multiple of 8, padded with 0 */
    void *memory;
};

static inline const uint64_t *bit_group(const BitPack *p, size_t group)
{
    return p->bits + group * p->words * KERNEL_BIT_GROUP;
}

/* A text of 1 to 64 bytes as the positions of each byte. */
#define PATTERN_MAX ((size_t)64)
typedef struct Pattern {
    uint64_t at[256];
    Slice text;
} Pattern;
void pattern_init(Pattern *p, Slice text);

typedef enum EditKind { EDIT_LEVENSHTEIN, EDIT_OSA } EditKind;

uint32_t pattern_jaro_winkler(const Pattern *p, Slice b);
uint32_t pattern_levenshtein(const Pattern *p, Slice b);
uint32_t pattern_osa(const Pattern *p, Slice b);

/* The formula of the header from whole counts. m > 0. */
uint32_t jaro_winkler_score(uint64_t m, uint64_t t, uint64_t prefix, uint64_t la, uint64_t lb);

/* Index in the pack of the k-th text picked. */
static inline size_t pick_at(TextPick pick, size_t k)
{
    return pick.ids ? pick.ids[k] : pick.first + k;
}

/* One query against texts of any length, without vectors: the table of positions is made when first wanted. */
typedef struct TextMetric {
    uint32_t (*by_pattern)(const Pattern *p, Slice b);
    uint32_t (*by_pair)(Slice a, Slice b);
} TextMetric;
extern const TextMetric metric_jaro_winkler;
extern const TextMetric metric_levenshtein;
extern const TextMetric metric_osa;

typedef struct OneByOne {
    const TextMetric *metric;
    Slice query;
    bool has_pattern;
    Pattern pattern;
} OneByOne;
void one_by_one_init(OneByOne *o, const TextMetric *metric, Slice query);
uint32_t one_by_one(OneByOne *o, Slice b);
void portable_many(const TextMetric *metric, Slice query, const TextPack *targets, TextPick pick, uint32_t *out);

void portable_jaro_winkler_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void portable_levenshtein_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void portable_osa_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void portable_common_many(BitTile queries, BitTile targets, uint16_t *out);
size_t portable_dice_above(BitTile queries, BitTile targets, uint32_t threshold, DiceHit *hits);
void portable_common_rows(
    const uint64_t *query, const uint64_t *rows, size_t words, const uint32_t *ids, size_t n, uint16_t *out);

#define ROWS_AHEAD ((size_t)8) /* rows fetched before they are needed */

static inline void fetch_row(const uint64_t *rows, size_t words, const uint32_t *ids, size_t at, size_t n)
{
    if (at >= n)
        return;
    const uint64_t *row = rows + ids[at] * words;
    for (size_t w = 0; w < words; w += 8)
        __builtin_prefetch(row + w);
}

/* What every path must refuse of its tiles. */
void bit_tiles_check(BitTile queries, BitTile targets);

#if KERNEL_X86
void avx2_jaro_winkler_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void avx2_levenshtein_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void avx2_osa_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void avx2_common_many(BitTile queries, BitTile targets, uint16_t *out);
size_t avx2_dice_above(BitTile queries, BitTile targets, uint32_t threshold, DiceHit *hits);
void avx2_common_rows(
    const uint64_t *query, const uint64_t *rows, size_t words, const uint32_t *ids, size_t n, uint16_t *out);
void avx512_jaro_winkler_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void avx512_levenshtein_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void avx512_osa_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);
void avx512_common_many(BitTile queries, BitTile targets, uint16_t *out);
size_t avx512_dice_above(BitTile queries, BitTile targets, uint32_t threshold, DiceHit *hits);
void avx512_common_rows(
    const uint64_t *query, const uint64_t *rows, size_t words, const uint32_t *ids, size_t n, uint16_t *out);
#endif

#endif
