/* Private to the room. */
#ifndef CAIRN_TOKEN_IMPL_H
#define CAIRN_TOKEN_IMPL_H

#include "token/token.h"

#define TOKEN_FORMAT "cairn-tokens/1"
#define VALUE_MAX 256 /* bytes of a standardised value that count */
#define SCORES (KERNEL_ONE + 1)

/* HMAC under the key of a purpose and a name, derived from the secret. */
MUST_USE Status token_key_hmac(const TokenKey *key, const char *purpose, Slice name, Hmac **out, Error *err);
MUST_USE Status token_scheme_text_id(Slice json, char out[TOKEN_ID_SIZE], Error *err);

/* A value as its kind wants it; empty when missing or not of the kind. Part of the format: what changes here needs a
 * new TOKEN_FORMAT, since tokens of before and after would not agree. */
typedef struct Value {
    char text[VALUE_MAX];
    size_t len;
} Value;
void value_standard(TokenKind kind, Slice raw, Value *out);
Slice value_form(const Value *v, TokenForm form, char room[VALUE_MAX]);

struct TokenSet {
    size_t n;
    Slice *ids;       /* ascending */
    uint64_t *rows;   /* n * words */
    uint64_t *blocks; /* n * block_count; 0: none */
    uint32_t *ones;   /* n * parts */
    BitPack *pack;    /* of whole tokens */
    size_t words, part_words, parts, block_count;
    char scheme_id[TOKEN_ID_SIZE];
    char key_id[TOKEN_ID_SIZE];
    char name[256];
    Arena arena;
};

static inline const uint64_t *set_row(const TokenSet *s, size_t i)
{
    return s->rows + i * s->words;
}

/* --- candidates (token_pairs.c, token_keys.c) --- */

typedef struct PairJob {
    const TokenSet *a, *b; /* equal: pairs within one set, each once */
    const KernelTable *kernels;
    bool all_pairs;
    uint32_t floor;
    unsigned threads;
    Progress *progress;
} PairJob;

/* Pairs of at least the floor, by falling score, then a, then b. *compared grows by what was scored. */
MUST_USE Status token_pairs_collect(const PairJob *job, TokenPairs *out, uint64_t *compared, Error *err);

/* For qsort: by a, then b. */
int pair_by_records(const void *a, const void *b);

/* What random pairs look like: how many of them have each score, and how many of their bits agree. */
typedef struct RandomPairs {
    uint64_t count[SCORES];
    uint64_t total;
    uint32_t agree_ppm; /* of bits */
} RandomPairs;
void token_random_pairs(const TokenSet *a, const TokenSet *b, RandomPairs *out);

/* Keys by which pairs are brought together: the block tokens, then samples of bits. */
typedef struct KeyPlan KeyPlan;
MUST_USE Status key_plan_new(const TokenSet *a, const TokenSet *b, KeyPlan **out, Error *err);
void key_plan_free(KeyPlan *p);
size_t key_plan_count(const KeyPlan *p);
/* Key t of a record; 0: none. */
uint64_t key_plan_key(const KeyPlan *p, const TokenSet *s, size_t i, size_t t);

/* --- decisions (token_link.c, token_threshold.c) --- */

/* How many links each threshold would give, and how many of those are expected to be false. */
typedef struct Evidence {
    const TokenSet *a, *b;
    const uint64_t *links; /* [SCORES]: links with exactly this score */
    const uint64_t *decoys_a, *decoys_b; /* the same within each set */
    uint32_t floor;
} Evidence;
typedef struct Choice {
    uint32_t threshold;
    uint64_t expected_false, expected_missed;
} Choice;
Choice threshold_choose(const Evidence *e);
Choice threshold_judge(const Evidence *e, uint32_t threshold);
/* For sources with duplicates: from the best score of each of n records. fixed: the threshold to judge; 0: choose. */
Choice threshold_mixture(const uint64_t best[SCORES], uint64_t n, uint32_t fixed);

#endif
