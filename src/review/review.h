/*
 * Review: people decide what the model cannot.
 *
 * The identity room leaves pairs in the vault's queue, with the evidence the model
 * had. This room shows them (a list, CSV, a page on loopback), takes decisions, and
 * keeps every one; the next `cairn link` obeys those that are settled. Whoever sees
 * an identity here leaves a vault.read entry with purpose "review" in the ledger
 * before the first value is decrypted.
 *
 * Showing needs a home opened for reading only; each decision opens it for writing
 * for as long as it takes, so that a reviewer's page does not hold up a run.
 */
#ifndef CAIRN_REVIEW_REVIEW_H
#define CAIRN_REVIEW_REVIEW_H

#include "identity/verdicts.h"

typedef enum ReviewSet {
    REVIEW_SET_QUEUE, /* pairs the model is unsure of */
    REVIEW_SET_SAMPLE /* the last clerical sample, to measure quality with */
} ReviewSet;

typedef struct ReviewContext {
    Home *home; /* may be open for reading only */
    Policy *policy;
    const Log *log;
    ReviewSet set;
    Slice reviewer; /* who is looking; empty: nobody in particular */
} ReviewContext;

typedef struct ReviewEntry {
    RecordTag a, b;
    int32_t odds;
    int64_t value;
    const char *reason; /* static */
    Slice evidence;
    PairVerdict verdict;
    bool mine; /* this reviewer has decided */
} ReviewEntry;

typedef struct ReviewList {
    Arena arena;
    VEC(ReviewEntry) at;
    uint64_t settled; /* left out of `at` */
} ReviewList;

/* Pairs that are not settled, in the order in which they should be looked at. Free with review_list_free. */
MUST_USE Status review_list(const ReviewContext *ctx, ReviewList *out, Error *err);
void review_list_free(ReviewList *list);
/* "TAG-TAG", 65 characters. */
#define PAIR_TEXT_SIZE 66
void review_pair_print(const RecordTag *a, const RecordTag *b, char out[PAIR_TEXT_SIZE]);
MUST_USE Status review_pair_parse(Slice text, RecordTag *a, RecordTag *b, Error *err);

/* One decision; ctx->reviewer is who. ERR_BUSY while another process writes to the home. *state: what the pair is now.
 */
typedef struct ReviewWord {
    RecordTag a, b;
    ReviewVerdict verdict;
    bool blind;
    Slice reviewer; /* empty: ctx->reviewer */
    uint64_t row;   /* of a file, for errors; 0: of none */
} ReviewWord;
MUST_USE Status review_decide(const ReviewContext *ctx, const ReviewWord *word, PairState *state, Error *err);

/* A pair in words for a terminal: both records side by side, and unless blind
 * reason, evidence and the rest of both persons. */
typedef enum ReviewSight { REVIEW_OPEN_EYED, REVIEW_BLIND } ReviewSight;
MUST_USE Status review_show(
    const ReviewContext *ctx, const RecordTag *a, const RecordTag *b, ReviewSight sight, Buf *out, Error *err);

/* CSV: pair, state, reason and odds (unless blind), then a_FIELD and b_FIELD for each field, verdict and reviewer to
 * fill in. */
MUST_USE Status review_export(const ReviewContext *ctx, ReviewSight sight, uint64_t *pairs, Buf *out, Error *err);
typedef struct ReviewImport {
    uint64_t rows, decided, empty;
} ReviewImport;
/* Reads columns pair, verdict and, unless ctx->reviewer says, reviewer. All or nothing: ERR_INVALID names the first bad
 * row. sight: how the file had been exported, which is kept with each decision. */
MUST_USE Status review_import(
    const ReviewContext *ctx, const char *path, ReviewSight sight, ReviewImport *out, Error *err);

typedef struct ReviewServe {
    uint16_t port;                                           /* 0: any free one */
    Status (*ready)(const char *url, void *arg, Error *err); /* the secret address, once it listens */
    void *arg;
} ReviewServe;
/* The page, on 127.0.0.1 until SIGINT or SIGTERM. ctx->reviewer must be named. */
MUST_USE Status review_serve(const ReviewContext *ctx, const ReviewServe *options, Error *err);

#endif
