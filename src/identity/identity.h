/*
 * Identity: who is who.
 *
 * Input: the vault's records (distinct identities as sources sent them).
 * Output: links record -> person with their evidence (how, odds, partner, model
 * version), stable person ids, a journal of merges, splits and moves that can be
 * undone, a queue of pairs for reviewers, and estimates of how good it all is.
 *
 * The comparing itself is the match room's work; this room feeds it from the vault
 * and lives with the result (README.md).
 */
#ifndef CAIRN_IDENTITY_IDENTITY_H
#define CAIRN_IDENTITY_IDENTITY_H

#include "base/base.h"
#include "policy/policy.h"
#include "store/db.h"
#include "store/home.h"
#include "store/ledger.h"

typedef struct LinkContext {
    Home *home;
    Policy *policy; /* identity/model.toml, linking.toml, review.toml, nicknames.csv */
    Ledger *ledger;
    const Log *log;
    ProgressMode progress;
} LinkContext;

/* --- linking -------------------------------------------------------------------------------------------------- */

typedef enum LinkScope {
    LINK_NEWCOMERS, /* only records without a link, under the model in force; everything when there is none */
    LINK_BY_POLICY, /* as LINK_NEWCOMERS while their share is as small as linking.toml says, otherwise everything */
    LINK_EVERYTHING /* relink all under a newly trained model */
} LinkScope;

/* An estimate with its 95 % interval. */
typedef struct LinkEstimate {
    double value, low, high;
} LinkEstimate;

#define DRIFT_MAX 32
typedef struct Drift {
    char source[64];
    char field[48];    /* "linked": how many records find a partner at all */
    double divergence; /* Jensen-Shannon, in bits, between what the model saw and what came */
    uint64_t records;
} Drift;

/* A pass that would have brought too many pairs together: its large blocks were split by further keys. */
#define REFINED_MAX 32
typedef struct RefinedPass {
    char name[128];
    uint32_t block_max;  /* records of a block that was left whole, at most */
    uint64_t blocks;     /* that were split */
    uint64_t uncompared; /* pairs of these that nothing brings together any more */
} RefinedPass;

#define LINK_KINDS 4

typedef struct LinkReport {
    bool full;            /* everything was relinked */
    const char *why_full; /* why, in words; static */
    uint64_t records, newcomers;
    uint64_t persons;
    uint64_t singletons; /* persons with one record */
    uint64_t new_persons;
    uint64_t merges, splits, moves, joins;
    uint64_t refused;           /* links not made because the two sides contradict each other */
    uint64_t kinds[LINK_KINDS]; /* links by LinkKind: founding, model, rule, decision */
    uint64_t repeats;           /* records that say what another one says, compared through it */
    uint64_t compared, kept;    /* pairs */
    size_t refined_count;
    RefinedPass refined[REFINED_MAX];
    uint64_t queued, queue_wanted;
    uint64_t queue_limit;
    uint64_t decisions;  /* settled ones that were obeyed */
    uint64_t calibrated; /* judged pairs of clerical samples that the model's probabilities rest on */
    LinkEstimate precision, recall;
    size_t drift_count;
    Drift drifts[DRIFT_MAX];
    char model_version[SHA256_HEX_SIZE];
    int64_t run; /* 0: nothing changed, nothing was written */
} LinkReport;

/* Resolves records and writes links, ids, journal and queue in one transaction. A full run depends on the records'
 * contents and the decisions, not on the order of records; a pass over newcomers on what was there before as well.
 * Nothing changed since the last run: the same ids, nothing written. A drift is a ledger entry link.drift too. */
MUST_USE Status identity_link(const LinkContext *ctx, LinkScope scope, LinkReport *out, Error *err);
/* The report as JSON members into an open object. */
/* "key": [low, value, high]. */
void identity_estimate_json(const LinkEstimate *e, const char *key, Json *j);
void identity_report_json(const LinkReport *r, Json *j);
/* What the links depend on besides files and policy, and a number that changes with them: for `cairn run`'s keys. */
typedef struct IdentityState {
    int64_t last_run, last_decision;
    uint64_t unlinked; /* records that wait for a run */
} IdentityState;
MUST_USE Status identity_state(Home *home, IdentityState *out, Error *err);

/* --- history -------------------------------------------------------------------------------------------------- */

typedef struct UndoOptions {
    int64_t run;              /* undo this run and all later ones; 0: the last one */
    int64_t seq_from, seq_to; /* or, when seq_to > 0: what these lines of the journal moved */
} UndoOptions;
typedef struct UndoReport {
    uint64_t restored; /* records that are back with an earlier person */
    uint64_t released; /* records whose first link is gone: the next run takes them as newcomers */
    int64_t run;       /* the undo's own number; 0: there was nothing to do */
} UndoReport;
/* ERR_INVALID when a record of the range was moved again later. */
MUST_USE Status identity_undo(const LinkContext *ctx, const UndoOptions *options, UndoReport *out, Error *err);
/* CSV: run,at,kind,model,links,journal_first,journal_last */
MUST_USE Status identity_runs_csv(Home *home, Buf *out, Error *err);
/* CSV: seq,run,at,kind,from_person,to_person,record; to 0: to the end. */
MUST_USE Status identity_journal_csv(Home *home, int64_t from, int64_t to, Buf *out, Error *err);
/* CSV old_person,new_person,records,change between the state before a run (0: the last full one) and now; change is
 * same, merged, split or moved. Persons that did not change are left out unless all says so. */
typedef enum MapScope { MAP_CHANGED, MAP_ALL } MapScope;
MUST_USE Status identity_map_csv(Home *home, int64_t run, MapScope scope, Buf *out, Error *err);

/* --- the warehouse -------------------------------------------------------------------------------------------- */

/* Fills, in db, for the warehouse builder (no identity in it):
 *   identity_map(record_tag UUID, person UBIGINT, source SMALLINT); identity_source(source SMALLINT, name VARCHAR)
 *   person_link(person UBIGINT, records INTEGER, sources INTEGER, weakest_rule VARCHAR, link_score DOUBLE,
 *     has_ssn BOOLEAN, has_sasid BOOLEAN, sectors VARCHAR, link_pairs BIGINT, link_correct BIGINT, link_missed BIGINT)
 *   link_source(source VARCHAR, persons, link_pairs, link_correct, link_missed BIGINT), over the persons a source knows
 * person is the pseudonym. link_score is the probability of the person's weakest link (1.0 for singletons),
 * weakest_rule its kind. link_pairs counts the pairs of records that this person unites; link_correct and link_missed
 * are how many of them are expected to be right, and how many pairs of this person are expected to be missing (each to
 * both its persons), both in millionths, so that sums do not depend on their order: precision = correct / pairs, recall
 * = correct / (correct + missed). ERR_INVALID when records have not been linked yet. */
MUST_USE Status identity_export(const LinkContext *ctx, Db *db, Error *err);

/* An earlier build of the warehouse, by what it was made of. */
typedef struct LinkMoment {
    int64_t build; /* grows with time; the caller's number */
    int64_t run;   /* the last run it rested on; -1: the last one that ended by `at` */
    int64_t at;
} LinkMoment;
/* As identity_export, and with moments (in order of build) also what was otherwise at each of them, backwards: a row
 * holds at its own build and at every one before it, up to the next such row of the same record or person.
 *   identity_moved(build BIGINT, record_tag UUID, person UBIGINT): the record belonged to another person
 *   person_link_past(build BIGINT, present BOOLEAN, and the columns of person_link): the person was linked otherwise,
 *     or (present false) was not there
 * What is not in them was as it is now. Costs what runs changed since the first moment: little after passes over
 * newcomers, as much as the export itself for each full run under another model; and for each moment a reading of the
 * vault's links and past links from end to end, which have no index by run. */
MUST_USE Status identity_export_since(
    const LinkContext *ctx, const LinkMoment *moments, size_t moment_count, Db *db, Error *err);

/* Pairwise quality against a truth table in db, truth(record_tag UUID, true_person VARCHAR): counts over records known
 * to both. */
typedef struct LinkQuality {
    uint64_t true_pairs, found_pairs, correct_pairs;
    uint64_t records;
} LinkQuality;
MUST_USE Status identity_quality(Db *db, LinkQuality *out, Error *err);

/* --- policy --------------------------------------------------------------------------------------------------- */

/* Whether the policy's files of linking hold together, as `cairn link` will read them. *any: there are such files on
 * that day; a folder may do without. ERR_INVALID names file and rule. */
MUST_USE Status identity_check(Policy *policy, Date on, bool *any, Error *err);

/* --- words ---------------------------------------------------------------------------------------------------- */

typedef enum WhyValues { WHY_MASKED, WHY_VALUES } WhyValues;
typedef struct WhyOptions {
    Slice a, b; /* each a record tag (32 hex digits) or a person's number */
    WhyValues values;
    const char *purpose; /* needed to show values */
} WhyOptions;
/* Why the two are one person, or why not: field by field, with the blocking passes, rules, decisions and refusals. */
MUST_USE Status identity_why(const LinkContext *ctx, const WhyOptions *options, Buf *out, Error *err);

/* --- quality -------------------------------------------------------------------------------------------------- */

typedef struct SampleOptions {
    uint32_t size; /* pairs */
    uint64_t seed;
} SampleOptions;
/* Draws pairs by stratum of odds, linked or not, for reviewers to judge; *sample is its number, *drawn its pairs: about
 * `size`, more where a few of each stratum are more. */
MUST_USE Status identity_sample(
    const LinkContext *ctx, const SampleOptions *options, int64_t *sample, uint64_t *drawn, Error *err);

typedef struct SampleQuality {
    int64_t sample;
    uint64_t pairs, judged, unsure;
    bool complete; /* each stratum that counts for them has at least two judged pairs, or all: the estimates hold */
    LinkEstimate precision, recall; /* of links: those there are, and those that two persons who are one miss */
} SampleQuality;
/* What the reviewers' verdicts on a sample (0: the last) say of the links as they were when it was drawn: stratified
 * estimates with 95 % intervals. ERR_NOT_FOUND without a sample. */
MUST_USE Status identity_sample_quality(Home *home, int64_t sample, SampleQuality *out, Error *err);

/* --- review: which pairs wait, and what decisions amount to ---------------------------------------------------- */

typedef struct ReviewPolicy {
    const char *authority;
    uint32_t same_needs, different_needs; /* persons who must agree */
    uint32_t queue_ppm;                   /* of all records: most pairs that wait */
} ReviewPolicy;
MUST_USE Status identity_review_policy(Policy *policy, Date on, ReviewPolicy *out, Error *err);

#endif
