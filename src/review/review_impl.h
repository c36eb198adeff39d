/* Inside the review room: evidence read back, records to show, pages. */
#ifndef CAIRN_REVIEW_REVIEW_IMPL_H
#define CAIRN_REVIEW_REVIEW_IMPL_H

#include "match/match.h"
#include "review/review.h"

/* Writes decisions, all after all have been checked; *state (may be NULL) is the last pair's afterwards. */
MUST_USE Status review_write(
    const ReviewContext *ctx, const ReviewWord *words, size_t count, PairState *state, Error *err);

/* --- the queue or sample with what is decided (worklist.c) --- */

/* Settled pairs too, in order of pair: read once, asked for many. */
typedef struct ReviewBook {
    ReviewList list;
    PairVerdicts verdicts, mine; /* of everybody; of ctx->reviewer alone */
} ReviewBook;
MUST_USE Status review_book_open(const ReviewContext *ctx, Vault *vault, ReviewBook *out, Error *err);
/* The entry of a pair, in either order; made up, with its verdict, when it is in neither queue nor sample. Its evidence
 * lives as long as the book. */
void review_book_find(const ReviewBook *book, const RecordTag *a, const RecordTag *b, ReviewEntry *out);
void review_book_close(ReviewBook *book);

/* --- evidence (review_evidence.c) --- */

typedef struct EvidenceField {
    Slice field, level;
    int32_t weight, frequency;
} EvidenceField;

typedef struct EvidenceNear { /* a record of somebody else who is like one of the two */
    RecordTag tag;
    bool of_a;
    int32_t odds;
} EvidenceNear;

#define EVIDENCE_NEAR_MAX 8

typedef struct Evidence {
    int32_t prior, household, calibration, ruled, odds;
    Slice rule;
    Slice passes[MATCH_PASSES_MAX];
    size_t pass_count;
    EvidenceField fields[MATCH_FIELDS_MAX];
    size_t field_count;
    EvidenceNear near[EVIDENCE_NEAR_MAX];
    size_t near_count;
} Evidence;
/* "uncertain" in a sentence; "" for a word that says enough. */
const char *reason_words(const char *reason);
/* Text lives in arena. ERR_CORRUPT. */
MUST_USE Status evidence_read(Slice json, Arena *arena, Evidence *out, Error *err);

/* --- what is shown of a pair (review_pair.c) --- */

#define CONTEXT_MAX 12 /* further records of a side */

typedef struct PairSide {
    VaultRecord record;
    PersonId person;                 /* 0: not linked yet */
    VaultRecord others[CONTEXT_MAX]; /* the rest of that person */
    size_t other_count, other_total;
} PairSide;

typedef struct PairView {
    ReviewEntry entry;
    Evidence evidence;
    bool has_evidence;
    PairSide a, b;
    VaultRecord near[EVIDENCE_NEAR_MAX];
} PairView;
/* Reads both sides with one ledger entry. entry may be of a pair that does not wait. Blind: the two records alone, as
 * the rest of their persons and who else is like them would tell what the model has decided. */
MUST_USE Status pair_view(
    const ReviewContext *ctx, const ReviewEntry *entry, ReviewSight sight, Arena *arena, PairView *out, Error *err);
/* The entry of a pair in the queue or sample; made up when it is in neither. */
MUST_USE Status pair_entry(
    const ReviewContext *ctx, const RecordTag *a, const RecordTag *b, Arena *arena, ReviewEntry *out, Error *err);

/* Roles in the order in which people compare them, and their words. */
extern const IdentityRole shown_roles[];
extern const size_t shown_role_count;
const char *role_words(IdentityRole role);
/* A social security number as it may be shown beside another one: '*' for each character, '#' for one that differs; a
 * digit or two that differ are shown, at their places, when the lengths are equal. Whether the numbers are alike can be
 * seen, what they are cannot. other may be empty. */
#define HIDDEN_MAX 32
typedef struct HiddenNumber {
    char shown[HIDDEN_MAX];
    bool differs[HIDDEN_MAX];
    size_t len; /* what is longer is cut */
} HiddenNumber;
void number_hide(Slice s, Slice other, HiddenNumber *out);
/* The evidence on a role; NULL. */
const EvidenceField *evidence_of_role(const Evidence *e, IdentityRole role);

/* --- pages (review_page.c, review_waterfall.c, review_assets.c) --- */

typedef struct PageFrame {
    const char *base; /* "/SECRET" or "/SECRET/blind" */
    const char *root; /* "/SECRET" */
    const char *csrf;
    Slice reviewer;
    ReviewSight sight;
    ReviewSet set;
} PageFrame;
void page_list(const PageFrame *frame, const ReviewList *list, Buf *out);
void page_pair(const PageFrame *frame, const ReviewList *list, const PairView *view, Slice message, Buf *out);
/* The odds as bars from the prior to the sum; needs no script and carries its numbers as words. */
void waterfall_svg(const Evidence *e, Buf *out);
extern const char review_css[], review_js[];

/* The value of a name in a form, as it was sent; empty when it is not there (review_serve.c). */
Slice form_value(Slice body, const char *name);

#endif
