/*
 * Who is who, as the vault keeps it: links with their evidence, the runs that
 * made them, what each record was before, the models, the reviewers' decisions,
 * and the queues they work on. In vault.db, beside the identities; nothing here
 * holds a person's value, so that nothing here is boxed. Odds and evidence are of
 * values, though: how common a value is stands in the evidence in whole bits.
 *
 *   link(tag, person, kind, odds, partner, model, run)      the present
 *   link_past(tag, ended, ...)                              what a run replaced: a link was in force in [run, ended)
 *   run(run, at, kind, model, report)                       each relinking, each pass over newcomers, each undo
 *   journal(seq, run, kind, from, to, tag)                  merges, splits, moves, one numbered line each
 *   model(id, name, json, config, baseline)                 frozen parameters; the last run's model is in force
 *   decision(seq, a, b, verdict, reviewer, ...)             append-only: reviewers' words are kept for ever
 *   review(a, b, odds, reason, value, evidence)             pairs that wait for a reviewer
 *   person_missed(person, missed, run)                      expected missing pairs, for published link quality
 *   person_missed_past(person, ended, missed, run)          what a run replaced, as with links
 *   clerical(sample, stratum, a, b, ...)                    pairs drawn to measure quality with
 *
 * Because a replaced link is kept with the run that ended it, the state before any
 * run is one query, and undo is that state written as a run of its own: with the
 * model that each link was made by.
 */
#ifndef CAIRN_STORE_LINKAGE_H
#define CAIRN_STORE_LINKAGE_H

#include "store/vault.h"

/* --- links --- */

typedef enum LinkKind {
    LINK_FOUNDING, /* the first record of its person */
    LINK_MODEL,    /* the model's odds */
    LINK_RULE,     /* a hard rule of the policy */
    LINK_DECISION, /* a reviewer's word */
    LINK_KIND_COUNT
} LinkKind;
const char *link_kind_name(LinkKind kind); /* "founding", "model", "rule", "decision" */

typedef struct Link {
    RecordTag tag;
    PersonId person;
    LinkKind kind;
    int32_t odds;      /* log2 odds in thousandths of a bit; 0 for founding records */
    RecordTag partner; /* the record that tied it to its person; zero for founding records */
} Link;
typedef VEC(Link) Links;

typedef enum JournalKind {
    JOURNAL_NEW,   /* a person appeared */
    JOURNAL_MERGE, /* a person's records went to another one, its id is outlived */
    JOURNAL_SPLIT, /* some of a person's records went elsewhere, it lives on */
    JOURNAL_MOVE,  /* a record changed its person */
    JOURNAL_JOIN,  /* a record that was new joined a person that was there already */
    JOURNAL_LEAVE, /* an undo took a record's first link away: it waits for the next run */
    JOURNAL_KIND_COUNT
} JournalKind;
const char *journal_kind_name(JournalKind kind);

typedef struct JournalEntry {
    JournalKind kind;
    PersonId from; /* merged away, split off, moved from, left; 0 for new and join */
    PersonId to;   /* 0 for leave */
    RecordTag tag; /* of the record; zero for new, merge and split */
} JournalEntry;
typedef VEC(JournalEntry) Journal;

/* All links, ordered by tag. */
MUST_USE Status vault_links(Vault *v, Links *out, Error *err);
/* As they were before a run began, ordered by tag; what a later run added is left out. */
MUST_USE Status vault_links_before(Vault *v, int64_t run, Links *out, Error *err);
MUST_USE Status vault_next_person(Vault *v, PersonId *out, Error *err);
/* Records that no link names: new, or released by an undo. */
MUST_USE Status vault_unlinked(Vault *v, uint64_t *out, Error *err);

typedef struct LinkInfo {
    Link link;
    Slice model;
    int64_t run, at;
} LinkInfo;
/* ERR_NOT_FOUND when the record has no link. */
MUST_USE Status vault_link_of(Vault *v, const RecordTag *tag, Arena *arena, LinkInfo *out, Error *err);
/* The link that a run ended, whatever came later. ERR_NOT_FOUND. */
MUST_USE Status vault_link_past(Vault *v, const RecordTag *tag, int64_t ended, Link *out, Error *err);
/* Tags of a person's records, in order of tag; appended to out. */
typedef VEC(RecordTag) RecordTags;
MUST_USE Status vault_records_of(Vault *v, PersonId person, RecordTags *out, Error *err);

/* --- runs and the journal --- */

typedef enum LinkRunKind { RUN_FULL, RUN_NEWCOMERS, RUN_UNDO } LinkRunKind;
const char *link_run_kind_name(LinkRunKind kind);

typedef struct LinkRun {
    int64_t run; /* 1, 2, ... */
    int64_t at;
    LinkRunKind kind;
    Slice model;                         /* version */
    int64_t journal_first, journal_last; /* 0, 0: it journalled nothing */
    uint64_t links;                      /* written or taken away */
    Slice report;                        /* JSON */
} LinkRun;
typedef VEC(LinkRun) LinkRuns;
/* In order; text in arena. */
MUST_USE Status vault_runs(Vault *v, Arena *arena, LinkRuns *out, Error *err);
/* The last one's number; 0 when there is none. */
MUST_USE Status vault_last_run(Vault *v, int64_t *out, Error *err);

typedef struct JournalLine {
    int64_t seq, run, at;
    JournalEntry entry;
} JournalLine;
typedef VEC(JournalLine) JournalLines;
/* Lines with from <= seq <= to, in order. */
MUST_USE Status vault_journal(Vault *v, int64_t from, int64_t to, JournalLines *out, Error *err);

/* --- pairs for reviewers --- */

typedef enum ReviewReason {
    REVIEW_UNCERTAIN, /* the odds lie between the two thresholds */
    REVIEW_AMBIGUOUS, /* likely, but to more than one person */
    REVIEW_REFUSED,   /* likely, but the two persons contradict each other */
    REVIEW_WEAK,      /* a link that barely holds a person together */
    REVIEW_REASON_COUNT
} ReviewReason;
const char *review_reason_name(ReviewReason reason);

typedef struct ReviewItem {
    RecordTag a, b; /* a < b */
    int32_t odds;
    ReviewReason reason;
    int64_t value;  /* expected number of wrong record pairs a decision saves, in thousandths: the order of work */
    Slice evidence; /* JSON: levels and weights, never a value */
} ReviewItem;
typedef VEC(ReviewItem) ReviewItems;
/* By value, the highest first, then by pair; text in arena. */
MUST_USE Status vault_queue(Vault *v, Arena *arena, ReviewItems *out, Error *err);

/* Pairs of a person's records with others' that are expected to be missing, in millionths. */
typedef struct PersonMiss {
    PersonId person;
    uint64_t missed;
} PersonMiss;
typedef VEC(PersonMiss) PersonMisses;
/* In order of person. */
MUST_USE Status vault_misses(Vault *v, PersonMisses *out, Error *err);
/* As they were before a run began, in order of person. */
MUST_USE Status vault_misses_before(Vault *v, int64_t run, PersonMisses *out, Error *err);
/* Both in order of person. */
bool person_misses_same(const PersonMisses *a, const PersonMisses *b);

/* What runs changed, told backwards: each person that a run after `since` and up to `until` touched, with what links
 * and expected missing pairs were after run `since`. A person without links then did not exist. */
typedef struct LinksThen {
    VEC(PersonId) touched; /* in order */
    Links links;           /* of them, ordered by tag */
    PersonMisses misses;   /* of them, in order of person */
} LinksThen;
/* Free with links_then_free, also after an error. */
MUST_USE Status vault_links_then(Vault *v, int64_t since, int64_t until, LinksThen *out, Error *err);
void links_then_free(LinksThen *t);

/* --- writing a run --- */

typedef enum QueueMode { QUEUE_KEEP, QUEUE_ADD, QUEUE_REPLACE } QueueMode;

typedef struct LinkWrite {
    LinkRunKind kind;
    Slice model;                      /* version; must have been stored, or be that of an earlier run, or `stored`'s */
    const struct StoredModel *stored; /* written in the same transaction; NULL: it is there already */
    const Links *links;               /* replace those of the same records */
    const uint32_t *by_tag;           /* their numbers in order of tag, where the caller knows it; may be NULL */
    const RecordTags *gone;           /* records that lose their link; may be NULL */
    const Journal *journal;
    const ReviewItems *queue; /* may be NULL with QUEUE_KEEP */
    QueueMode queue_mode;
    const PersonMisses *misses; /* may be NULL; replace those there are with QUEUE_REPLACE */
    int64_t back_to;            /* RUN_UNDO of runs: the first one undone; misses are again what they were before it */
    Slice report;               /* JSON */
} LinkWrite;
/* One transaction. *run: its number. A RUN_UNDO also drops the queue of records and the misses of persons that have no
 * link any more, and its links keep the model of the past link that they equal. */
MUST_USE Status vault_put_links(Vault *v, const LinkWrite *w, int64_t *run, Error *err);
/* The same in two steps, the longer one first: links and journal can be written while the rest is worked out. The first
 * opens the transaction and reads kind, model, links, gone and journal alone; the second reads what is left, with these
 * as they were, and closes it. A step that fails leaves the vault as it was before the first. Nothing else may be asked
 * of the vault between them but by vault_drop_links, which does the same instead of the second. */
typedef struct OpenRun {
    int64_t run, model;
    PersonId highest;
} OpenRun;
MUST_USE Status vault_begin_links(Vault *v, const LinkWrite *w, OpenRun *out, Error *err);
MUST_USE Status vault_end_links(Vault *v, const LinkWrite *w, const OpenRun *run, Error *err);
void vault_drop_links(Vault *v);
/* Replaces queue and misses alone, for a full run that changed no link and so is none. One transaction. */
MUST_USE Status vault_renew_review(Vault *v, const ReviewItems *queue, const PersonMisses *misses, Error *err);

/* --- models --- */

typedef struct StoredModel {
    Slice name;     /* version */
    int64_t at;     /* frozen */
    Slice json;     /* the model file */
    Slice config;   /* SHA-256 of the policy it was trained under, in hex */
    Slice baseline; /* JSON: how each source's links looked when it was frozen, to tell drift from */
} StoredModel;
/* Stores it unless a model of that name is there. */
MUST_USE Status vault_put_model(Vault *v, const StoredModel *m, Error *err);
/* The last run's. ERR_NOT_FOUND when there has been no run, or its model has no parameters stored. */
MUST_USE Status vault_model_in_force(Vault *v, Arena *arena, StoredModel *out, Error *err);

/* --- decisions --- */

typedef enum ReviewVerdict {
    REVIEW_SAME = 1,
    REVIEW_DIFFERENT = 2,
    REVIEW_UNSURE = 3 /* looked at, cannot tell */
} ReviewVerdict;
const char *review_verdict_name(ReviewVerdict verdict); /* "same", "different", "unsure" */
MUST_USE Status review_verdict_parse(Slice text, ReviewVerdict *out, Error *err);

typedef struct ReviewDecision {
    int64_t seq, at;
    RecordTag a, b; /* in either order when given, a < b when read */
    ReviewVerdict verdict;
    Slice reviewer;
    bool blind;   /* the model's odds were not shown */
    int32_t odds; /* what the model said then; INT32_MIN: unknown */
} ReviewDecision;
typedef VEC(ReviewDecision) ReviewDecisions;
/* ERR_INVALID unless a decision may be in this name: not blank, UTF-8, at most 100 bytes. */
MUST_USE Status reviewer_check(Slice reviewer, Error *err);
/* Appends all or none; seq and at are given by the vault. Also a decision.made entry of the ledger (tags, verdict,
 * reviewer) for each, before any of them counts. *bad, which may be NULL: the one that is no decision; count
 * when all are. */
MUST_USE Status vault_add_decisions(Vault *v, const ReviewDecision *d, size_t count, size_t *bad, Error *err);
/* In order of seq; text in arena. */
MUST_USE Status vault_decisions(Vault *v, Arena *arena, ReviewDecisions *out, Error *err);
MUST_USE Status vault_last_decision(Vault *v, int64_t *out, Error *err); /* 0: none */

/* --- clerical samples --- */

#define CLERICAL_STRATA_MAX 24

typedef struct ClericalPair {
    uint32_t stratum;
    RecordTag a, b; /* a < b */
    int32_t odds;
    bool linked; /* one person when the sample was drawn */
    Slice evidence;
} ClericalPair;
typedef VEC(ClericalPair) ClericalPairs;

typedef struct ClericalSample {
    int64_t sample; /* 1, 2, ... */
    int64_t at;
    Slice model;
    uint32_t strata;
    uint64_t population[CLERICAL_STRATA_MAX]; /* pairs of each stratum */
    int32_t from[CLERICAL_STRATA_MAX];        /* lowest odds of each stratum */
    bool linked[CLERICAL_STRATA_MAX];         /* links, which were one person, or other pairs */
} ClericalSample;
/* *number gets the sample's. */
MUST_USE Status vault_put_sample(
    Vault *v, const ClericalSample *sample, const ClericalPairs *pairs, int64_t *number, Error *err);
/* number 0: the last. ERR_NOT_FOUND. Pairs in order of (stratum, a, b); text in arena. */
MUST_USE Status vault_get_sample(
    Vault *v, int64_t number, Arena *arena, ClericalSample *out, ClericalPairs *pairs, Error *err);

/* --- tags --- */

/* The first half of a tag: it tells nearly any two apart, and in their order. */
static inline uint64_t tag_first(const RecordTag *tag)
{
    uint64_t first = 0;
    for (int i = 0; i < 8; i++)
        first = first << 8 | tag->bytes[i];
    return first;
}
static inline int tag_cmp(const RecordTag *a, const RecordTag *b)
{
    uint64_t x = tag_first(a), y = tag_first(b);
    if (x != y)
        return x < y ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}
bool tag_is_zero(const RecordTag *tag);
#define TAG_HEX_SIZE 33
void tag_print(const RecordTag *tag, char out[TAG_HEX_SIZE]);
MUST_USE Status tag_parse(Slice text, RecordTag *out, Error *err);

/* Distinct tags that stand `stride` bytes apart, the first at `first`, in order: order[k] is the place of the k-th. The
 * tags are borrowed and must stay. Linear in their number, which is below UINT32_MAX. Free with tag_places_free. */
typedef struct TagPlaces {
    const RecordTag *first;
    size_t stride;
    uint32_t count;
    uint32_t *order;
    uint32_t *start; /* of each bucket of equal first bits, into order */
    unsigned shared; /* bits at the front of all tags */
    unsigned shift;
} TagPlaces;
MUST_USE Status tag_places_new(const RecordTag *first, size_t stride, size_t count, TagPlaces *out, Error *err);
void tag_places_free(TagPlaces *p);
/* Place of a tag; UINT32_MAX when it is none of them. */
uint32_t tag_places_find(const TagPlaces *p, const RecordTag *tag);

#endif
