/*
 * kernel: the comparisons that record linkage does billions of times.
 *
 * Three on text (Jaro-Winkler, Levenshtein, optimal string alignment) and the
 * count of common bits of two bit vectors, from which Dice and Hamming follow.
 * Each exists as one pair, and as one (or a few) against many, the latter in a
 * portable, an AVX2 and an AVX-512 form.
 *
 * Results are integers with a stated rounding, and equal on every path, so
 * that a decision never depends on the machine. Text is compared byte by byte:
 * case, accents and normalisation are the caller's.
 *
 * Jaro-Winkler, scaled by 10,000 and rounded down. For texts of la and lb
 * bytes, m matched bytes within the window w = max(0, max(la, lb) / 2 - 1), t
 * half the matched bytes that stand in another order (rounded down) and p equal
 * leading bytes (at most 4):
 *
 *     J  = (m / la + m / lb + (m - t) / m) / 3,    0 when m = 0
 *     JW = J > 0.7 ? J + p / 10 * (1 - J) : J
 *
 * after Jaro (1989) and Winkler (1990), with the boost's condition as in
 * Winkler's strcmp95.c. Computed on whole numbers, so for an x of four decimals
 * score >= 10000 * x holds exactly when JW >= x, and 10,000 means equal bytes. Two
 * empty texts score 10,000, an empty and another one 0. The score is symmetric.
 *
 * Levenshtein (1966) counts insertions, deletions and substitutions. OSA adds
 * the exchange of two neighbours, no byte being edited twice; it is what most
 * call Damerau-Levenshtein, without being a metric.
 *
 * Dice of two bit vectors: 2c / (a + b) for a and b set bits, c of them common,
 * scaled by 10,000 and rounded down; 0 when both are empty.
 */
#ifndef CAIRN_KERNEL_H
#define CAIRN_KERNEL_H

#include "base/base.h"

#define KERNEL_ONE 10000u /* the scale of Jaro-Winkler and Dice */
/* Of longer texts only the first so many bytes are compared. */
#define KERNEL_TEXT_MAX ((size_t)1024)
/* 64-bit words of a bit vector, at most. */
#define KERNEL_WORDS_MAX ((size_t)64)
/* Bit vectors lie in groups of so many, word by word. */
#define KERNEL_BIT_GROUP ((size_t)8)

/* --- one pair ------------------------------------------------------------------------------------------------ */

/* 0 .. KERNEL_ONE. */
uint32_t jaro_winkler(Slice a, Slice b);
/* The distance, or limit + 1 when it is larger than limit (UINT32_MAX: no limit). */
uint32_t levenshtein(Slice a, Slice b, uint32_t limit);
uint32_t osa(Slice a, Slice b, uint32_t limit);

/* Set bits common to two vectors; words <= KERNEL_WORDS_MAX. */
uint32_t bits_common(const uint64_t *a, const uint64_t *b, size_t words);
/* The two measures from counts of set bits: a and b of the vectors, common of both. */
static inline uint32_t dice_score(uint32_t a, uint32_t b, uint32_t common)
{
    return a + b == 0 ? 0 : 2 * KERNEL_ONE * common / (a + b);
}
static inline uint32_t hamming_distance(uint32_t a, uint32_t b, uint32_t common)
{
    return a + b - 2 * common;
}

/* --- texts in slots ------------------------------------------------------------------------------------------ */

/* A dictionary of texts, each in a slot of fixed width: rows of a vector register. Immutable, shared by threads. */
typedef struct TextPack TextPack;

/* Width of a slot. Longer texts are kept beside and compared one by one. SLOT_AUTO takes 16, which is nearly twice as
 * fast, unless more than a tenth of the texts are longer. */
typedef enum SlotSize { SLOT_AUTO = 0, SLOT_16 = 16, SLOT_32 = 32 } SlotSize;

/* Copies n texts (n <= UINT32_MAX; each cut to KERNEL_TEXT_MAX bytes). Free with text_pack_free. */
MUST_USE Status text_pack_new(const Slice *texts, size_t n, SlotSize slot, TextPack **out, Error *err);
void text_pack_free(TextPack *pack);
size_t text_pack_count(const TextPack *pack);
/* Text i as it was packed; borrowed. */
Slice text_pack_at(const TextPack *pack, size_t i);

/* Which texts of a pack: the n named by ids, in that order, or, with ids NULL, the n from `first` on. */
typedef struct TextPick {
    const uint32_t *ids;
    size_t first;
    size_t n;
} TextPick;

/* out[k]: the score, or the distance, of the query and the k-th text picked. */
typedef void (*TextManyFn)(Slice query, const TextPack *targets, TextPick pick, uint32_t *out);

/* --- bit vectors --------------------------------------------------------------------------------------------- */

/* n vectors of `words` words with their counts of set bits. Filled by bit_pack_set, then shared by threads. */
typedef struct BitPack BitPack;

/* All vectors empty at first. ERR_LIMIT beyond KERNEL_WORDS_MAX or UINT32_MAX vectors. Free with bit_pack_free. */
MUST_USE Status bit_pack_new(size_t n, size_t words, BitPack **out, Error *err);
void bit_pack_free(BitPack *pack);
void bit_pack_set(BitPack *pack, size_t i, const uint64_t *bits);
void bit_pack_get(const BitPack *pack, size_t i, uint64_t *bits);
size_t bit_pack_count(const BitPack *pack);
size_t bit_pack_words(const BitPack *pack);
uint32_t bit_pack_ones(const BitPack *pack, size_t i);

/* Vectors first .. first + n - 1 of a pack. Of targets, first is a multiple of KERNEL_BIT_GROUP. Some hundred
 * targets (so that they stay in the nearest cache) against 4 or more queries (which share each load) run fastest. */
typedef struct BitTile {
    const BitPack *pack;
    size_t first;
    size_t n;
} BitTile;

typedef struct DiceHit {
    uint32_t query; /* index in the pack */
    uint32_t target;
    uint32_t score; /* dice_score, > 0 */
} DiceHit;

/* --- paths --------------------------------------------------------------------------------------------------- */

typedef enum KernelPath { KERNEL_BEST, KERNEL_PORTABLE, KERNEL_AVX2, KERNEL_AVX512 } KernelPath;
#define KERNEL_PATHS 4

typedef struct KernelTable {
    KernelPath path; /* never KERNEL_BEST */
    const char *name;
    TextManyFn jaro_winkler_many;
    TextManyFn levenshtein_many;
    TextManyFn osa_many;
    /* out[q * targets.n + t]: common bits of query q and target t of the tiles. Both packs have equal words. */
    void (*common_many)(BitTile queries, BitTile targets, uint16_t *out);
    /* The pairs with a score > 0 that is at least threshold; returns how many. hits has room for queries.n * targets.n.
     * The order is the same on every path: by four queries, then eight targets, then query, then target. */
    size_t (*dice_above)(BitTile queries, BitTile targets, uint32_t threshold, DiceHit *hits);
    /* out[k]: common bits of a vector and row ids[k] of vectors that lie one after the other (not in a pack), `words`
     * words each: for candidates picked here and there, whose rows are fetched ahead. words <= KERNEL_WORDS_MAX. */
    void (*common_rows)(
        const uint64_t *query, const uint64_t *rows, size_t words, const uint32_t *ids, size_t n, uint16_t *out);
} KernelTable;

/* The kernels of a path; NULL when this machine cannot run them. KERNEL_BEST and KERNEL_PORTABLE always exist. */
const KernelTable *kernel_table(KernelPath path);
/* The best, or the path that CAIRN_KERNELS names (portable, avx2, avx512): for comparing paths and for doubts about a
 * machine. ERR_INVALID when that is no path, or none of this machine. */
MUST_USE Status kernel_choose(const KernelTable **out, Error *err);

#endif
