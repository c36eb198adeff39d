/*
 * token: linking without identifiers.
 *
 * An agency that may not send names sends keyed tokens: Bloom filters of the
 * pieces of its identifiers (a cryptographic long-term key, CLK), made at its
 * own side with a secret that the linking office never sees. Filters of alike
 * records are alike, so that typing errors are borne; without the secret they
 * say little. docs/tokens.md has who holds the secret, what an attacker can and
 * cannot learn, and the literature.
 *
 *   sender:  CSV + token.toml + key ─► token_encode ─► token file
 *   linker:  token files ─► token_set_read ─► token_link ─► pairs
 *
 * The scheme (fields, pieces, hash functions, hardening) is part of each token
 * file, with the secret's id but never the secret; files of different schemes
 * or secrets are refused, since their tokens cannot be compared.
 */
#ifndef CAIRN_TOKEN_TOKEN_H
#define CAIRN_TOKEN_TOKEN_H

#include "base/base.h"
#include "kernel/kernel.h"

#define TOKEN_FIELDS_MAX 16
#define TOKEN_BLOCKS_MAX 16
#define TOKEN_PARTS_MAX 4
#define TOKEN_BITS_MAX 4096 /* of a record's whole token */
#define TOKEN_HASHES_MAX 64
#define TOKEN_ID_SIZE 17 /* 16 hex digits and a NUL: of a key, of a scheme */

/* --- the secret ---------------------------------------------------------------------------------------------- */

/* 32 random bytes; wiped when freed. */
typedef struct TokenKey TokenKey;

/* A new secret into a new file that only its owner may read. ERR_EXISTS when there is a file already. */
MUST_USE Status token_key_create(const char *path, Error *err);
/* ERR_DENIED when others than the owner may read the file. Free with token_key_free. */
MUST_USE Status token_key_read(const char *path, TokenKey **out, Error *err);
/* From 32 bytes at hand; for tests and measurements. */
MUST_USE Status token_key_from(const uint8_t bytes[32], TokenKey **out, Error *err);
void token_key_free(TokenKey *key);
/* What the secret is called in token files; says nothing of it. */
MUST_USE Status token_key_id(const TokenKey *key, char out[TOKEN_ID_SIZE], Error *err);

/* --- the scheme ---------------------------------------------------------------------------------------------- */

typedef enum TokenLevel {
    TOKEN_RECORD, /* all fields in one filter */
    TOKEN_FIELD,  /* a filter a field, one after the other */
} TokenLevel;

typedef enum TokenKind {
    TOKEN_TEXT,   /* letters and digits, without marks, in upper case */
    TOKEN_DIGITS, /* digits only */
    TOKEN_DATE,   /* as YYYYMMDD; what is no date counts as missing */
} TokenKind;

typedef enum TokenForm { FORM_WHOLE, FORM_SOUNDEX, FORM_YEAR, FORM_INITIAL, FORM_PREFIX3 } TokenForm;

typedef struct TokenField {
    Slice name;   /* what both sides call it */
    Slice column; /* of the sender's file */
    TokenKind kind;
    uint32_t q;      /* bytes of a piece, 1 to 4 */
    uint32_t hashes; /* bits a piece sets: the field's weight */
    bool positional; /* a piece counts only in its place */
    bool salted;     /* pieces are hashed together with the record's salt */
} TokenField;

typedef struct TokenPart {
    uint32_t field;
    TokenForm form;
} TokenPart;

typedef struct TokenBlock {
    Slice name;
    TokenPart parts[TOKEN_PARTS_MAX];
    size_t part_count;
} TokenBlock;

typedef struct TokenScheme {
    TokenLevel level;
    uint32_t bits; /* of one filter before folding: a multiple of 64 */
    TokenField fields[TOKEN_FIELDS_MAX];
    size_t field_count;
    TokenBlock blocks[TOKEN_BLOCKS_MAX];
    size_t block_count;
    Slice id_column;    /* empty: rows are numbered */
    int salt;           /* field whose value (of a date, the year) is the salt; -1: none */
    bool two_step;      /* filters of filters */
    uint32_t folds;     /* times a filter is folded in half by XOR, 0 to 2 */
    uint32_t noise_ppm; /* bits turned at random, a million */
} TokenScheme;

/* A scheme from TOML (docs/tokens.md has the grammar). Strings live in arena. ERR_INVALID names what is wrong. */
MUST_USE Status token_scheme_parse(Slice text, const char *name, Arena *arena, TokenScheme *out, Error *err);
MUST_USE Status token_scheme_read(const char *path, Arena *arena, TokenScheme *out, Error *err);
/* All that decides whether tokens can be compared, as one line of JSON: everything but the sender's column names. */
void token_scheme_json(const TokenScheme *s, Buf *out);
MUST_USE Status token_scheme_id(const TokenScheme *s, char out[TOKEN_ID_SIZE], Error *err);
/* Words of a record's token, and of each of its filters. */
size_t token_words(const TokenScheme *s);
size_t token_part_words(const TokenScheme *s);

/* --- encoding ------------------------------------------------------------------------------------------------ */

/* Turns records into tokens. One per thread: it keeps the pieces it has hashed. */
typedef struct TokenEncoder TokenEncoder;
MUST_USE Status token_encoder_new(const TokenScheme *scheme, const TokenKey *key, TokenEncoder **out, Error *err);
void token_encoder_free(TokenEncoder *e);
/* values: one a field, empty when missing. bits: token_words words. blocks: one a block, 0 when a part is missing.
 * *missing: a bit for each field that is missing or could not be read. */
MUST_USE Status token_encode_record(
    TokenEncoder *e, const Slice *values, uint64_t *bits, uint64_t *blocks, uint32_t *missing, Error *err);

typedef struct EncodeOptions {
    const char *const *files;
    size_t file_count;
    const TokenScheme *scheme;
    const TokenKey *key;
    const char *out;
    unsigned threads; /* 0: one a core */
    ProgressMode progress;
} EncodeOptions;

typedef struct EncodeReport {
    uint64_t rows;
    uint64_t missing[TOKEN_FIELDS_MAX]; /* empty, or not of the field's kind */
    uint64_t empty;                     /* rows without any field */
    char key_id[TOKEN_ID_SIZE];
    char scheme_id[TOKEN_ID_SIZE];
} EncodeReport;

/* CSV files (header row; at most 1 GiB each) to one token file, sorted by id, written whole or not at all.
 * ERR_INVALID for a missing column, an empty or a repeated id. */
MUST_USE Status token_encode(const EncodeOptions *o, EncodeReport *report, Error *err);

/* --- linking ------------------------------------------------------------------------------------------------- */

/* A token file in memory; records in the order of their ids. Immutable, shared by threads. */
typedef struct TokenSet TokenSet;

/* ERR_PARSE for what is no token file, ERR_CORRUPT for one that is cut off or whose head does not fit its scheme id. */
MUST_USE Status token_set_parse(Slice text, const char *name, TokenSet **out, Error *err);
MUST_USE Status token_set_read(const char *path, TokenSet **out, Error *err);
void token_set_free(TokenSet *set);
size_t token_set_count(const TokenSet *set);
Slice token_set_id(const TokenSet *set, size_t i);
/* Name without folders, as it stands in the output. */
const char *token_set_name(const TokenSet *set);
const char *token_set_scheme_id(const TokenSet *set);
const char *token_set_key_id(const TokenSet *set);
/* Score of two records, 0 to KERNEL_ONE: Dice; of tokens by field, over the fields that both have. */
uint32_t token_score(const TokenSet *a, size_t i, const TokenSet *b, size_t j);

typedef enum TokenBlocking {
    BLOCKING_AUTO, /* all pairs while that is a matter of seconds, else blocks */
    BLOCKING_ALL,  /* every pair is compared */
    BLOCKING_KEYS, /* pairs that share a block token or a sample of bits */
} TokenBlocking;

typedef enum TokenSources {
    SOURCES_DUPLICATE_FREE, /* a record has at most one partner in the other file */
    SOURCES_WITH_DUPLICATES,
} TokenSources;

typedef struct TokenLinkOptions {
    TokenBlocking blocking;
    TokenSources sources;
    uint32_t threshold;         /* 0: chosen from the data */
    const KernelTable *kernels; /* NULL: the best */
    unsigned threads;
    ProgressMode progress;
} TokenLinkOptions;

typedef struct TokenPair {
    uint32_t a, b; /* records of the two sets */
    uint32_t score;
} TokenPair;

typedef VEC(TokenPair) TokenPairs;

typedef struct TokenLinks {
    TokenPairs pairs; /* by a, then b */
    bool all_pairs;   /* nothing was blocked */
    uint32_t threshold;
    uint32_t floor;           /* no pair below this was looked at */
    uint64_t compared;        /* pairs scored */
    uint64_t expected_false;  /* of the links, by comparison with pairs that cannot be matches */
    uint64_t expected_missed; /* matches above the floor and below the threshold, by the same */
} TokenLinks;

/* Links two sets, or one with itself (each pair once). ERR_INVALID when their schemes or keys differ. *out is set anew;
 * free with token_links_free. */
MUST_USE Status token_link(
    const TokenSet *a, const TokenSet *b, const TokenLinkOptions *o, TokenLinks *out, Error *err);
void token_links_free(TokenLinks *l);
/* Links against known truth. Precision is right / links, recall right / truth. */
typedef struct TokenQuality {
    uint64_t truth;   /* true pairs between the two sets */
    uint64_t links;   /* pairs linked */
    uint64_t right;   /* of them, true */
    uint64_t reached; /* true pairs that were compared at all */
} TokenQuality;
/* truth: a table whose first two columns are the ids of a record of one set and one of the other, in either order.
 * Rows whose ids are not in these sets do not count; used[row] (used may be NULL) is set for the others. */
MUST_USE Status token_quality(const TokenSet *a, const TokenSet *b, const TokenLinks *links, const CsvTable *truth,
    bool *used, TokenQuality *out, Error *err);

/* How many of n pairs BLOCKING_KEYS would bring together; scores do not matter. */
MUST_USE Status token_blocking_reach(
    const TokenSet *a, const TokenSet *b, const TokenPair *pairs, size_t n, uint64_t *out, Error *err);

#endif
