/*
 * Identity: who is who.
 *
 * Input: the vault's records (distinct identities as sources sent them).
 * Output: links record -> person with the evidence (rule, score, model version),
 * stable person ids, and a journal of merges and splits.
 *
 * The steps are the ones every engine has, so that the probabilistic engine can
 * take the resolver's place without a change outside this room:
 *   standardise -> block -> compare -> decide (links as evidence) -> resolve (clusters) -> assign stable ids.
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
    Policy *policy; /* kind "identity": nickname table, SSN rules, tiers, source traits */
    Ledger *ledger;
    const Log *log;
    ProgressMode progress;
} LinkContext;

#define LINK_RULES_MAX 32

typedef struct LinkReport {
    uint64_t records;
    uint64_t persons;
    uint64_t singletons; /* persons with one record */
    uint64_t new_persons;
    uint64_t merges, splits, moves;
    uint64_t conflicts_refused; /* unions not made because two SASIDs, verified SSNs or birth dates disagree */
    size_t rule_count;
    struct {
        char name[64];
        uint64_t links;
    } rules[LINK_RULES_MAX];
    char model_version[SHA256_HEX_SIZE]; /* hash of the parameters and of the resolver's code version */
} LinkReport;

/* Resolves every record and writes links, ids and journal in one transaction. Deterministic: depends on the records'
 * contents, not on their order. Nothing changed since the last run: the same ids, an empty journal. */
MUST_USE Status identity_link(const LinkContext *ctx, LinkReport *out, Error *err);

/* Fills, in db, for the warehouse builder (no identity in it):
 *   identity_map(record_tag UUID, person UBIGINT)
 *   person_link(person UBIGINT, records INTEGER, sources INTEGER, weakest_rule VARCHAR, link_score DOUBLE, has_ssn
 * BOOLEAN, has_sasid BOOLEAN) person is the pseudonym. link_score is the score of the person's weakest link (1.0 for
 * singletons). */
MUST_USE Status identity_export(const LinkContext *ctx, Db *db, Error *err);

/* Pairwise quality against a truth table in db, truth(record_tag UUID, true_person VARCHAR): counts over records known
 * to both. */
typedef struct LinkQuality {
    uint64_t true_pairs, found_pairs, correct_pairs;
    uint64_t records;
} LinkQuality;
MUST_USE Status identity_quality(Db *db, LinkQuality *out, Error *err);

#endif
