/*
 * Inside the identity room: policy, the vault's records as a match table, what
 * was decided about each, and the steps between. Nothing here leaves the room.
 */
#ifndef CAIRN_IDENTITY_IDENTITY_IMPL_H
#define CAIRN_IDENTITY_IDENTITY_IMPL_H

#include "identity/context.h"
#include "identity/identity.h"
#include "identity/verdicts.h"
#include "match/match.h"
#include "store/linkage.h"

/* --- policy (linkage_policy.c) --- */

/* Records of a trait whose name is an initial are a kind of their own (linking.toml, [initials]): who cuts the one name
 * cuts the other, and what goes together in one record would otherwise be counted as two rare errors. */
typedef struct InitialsPolicy {
    bool set;
    IdentityRole role;  /* the name */
    uint32_t trait, as; /* of the model's traits */
} InitialsPolicy;

typedef struct Linkage {
    Arena arena;
    MatchConfig match;     /* model.toml; columns are roles of identity or of context.toml; local_id with its
                            * organisation */
    const char *authority; /* why the vault may be read */
    uint32_t full_above_ppm;
    double strong_score;
    double drift_above;
    uint32_t drift_records;
    uint32_t calibrate_from; /* judged pairs of clerical samples; 0: never */
    ReviewPolicy review;
    InitialsPolicy initials;
    char config[SHA256_HEX_SIZE]; /* of everything a model rests on besides records */
} Linkage;

MUST_USE Status linkage_load(Policy *policy, Date on, Linkage *out, Error *err);
void linkage_free(Linkage *l);
/* identity/linking.toml alone: what the export needs. */
typedef struct LinkingPolicy {
    const char *authority;
    double full_above, strong_score, drift_above;
    uint32_t drift_records, calibrate_from;
} LinkingPolicy;
MUST_USE Status linking_policy(Policy *policy, Date on, LinkingPolicy *out, Error *err);

/* --- records (records.c) --- */

#define NO_LINK UINT32_MAX

typedef struct Newcomer { /* a record without a link, kept apart from the table until the index takes it */
    RecordTag tag;
    uint32_t source;
    uint64_t content; /* fixed-key hash: the order in which newcomers are taken depends on contents alone */
    Slice *values;
} Newcomer;

typedef struct Records {
    const Linkage *linkage;
    Arena arena;
    MatchTable *table;
    uint32_t count;    /* records that have a place below: all of the table's, newcomers after them */
    uint32_t in_table; /* of them, sealed in the table */
    RecordTag *tags;   /* of each record */
    uint32_t *old;     /* of each record: place in old_links, NO_LINK */
    Links old_links;   /* by tag */
    uint64_t linked;   /* records with an old link */
    VEC(Newcomer) newcomers;
} Records;

typedef enum RecordsMode { RECORDS_ALL, RECORDS_NEW_APART } RecordsMode;
/* Reads every record of the vault into a sealed table. RECORDS_NEW_APART keeps those without a link in `newcomers`,
 * in order of content. Linkage's list of sources is extended by those that the policy does not name. */
MUST_USE Status records_load(const LinkContext *ctx, Vault *vault, Linkage *linkage, RecordsMode mode,
    const char *purpose, Records *out, Error *err);
void records_free(Records *r);
/* From tag to record number, newcomers included; points into r->tags. tag_places_find gives UINT32_MAX, which is
 * MATCH_NONE, for a tag of no record. */
static inline Status records_by_tag(const Records *r, TagPlaces *out, Error *err)
{
    return tag_places_new(r->tags, sizeof *r->tags, r->count, out, err);
}

/* --- what was decided (resolved.c) --- */

/* One entry a record: its cluster and the link that tied it there. */
typedef struct Resolved {
    uint32_t count;
    uint32_t clusters;
    uint32_t *cluster; /* dense, numbered by the lowest record */
    LinkKind *kind;
    Weight *odds;
    uint32_t *to;     /* partner; MATCH_NONE for the first */
    PersonId *person; /* of each cluster, by assign_ids */
} Resolved;
MUST_USE Status resolved_init(uint32_t records, Resolved *out, Error *err);
void resolved_free(Resolved *r);

/* Settled decisions over records that are there, as the engine takes them; *verdicts is the caller's to free. */
typedef VEC(Decision) Decisions;
MUST_USE Status settled_decisions(Vault *vault, const Records *r, const TagPlaces *tags, Arena *arena,
    PairVerdicts *verdicts, Decisions *out, Error *err);

/* --- stable ids (assign.c) --- */

/* Compares clusters with the former links, keeps ids, fills what has to be written; next is the first free id. */
MUST_USE Status assign_ids(const Records *r, Resolved *resolved, PersonId next, Links *changed, Journal *journal,
    LinkReport *report, Error *err);

/* --- the two ways to resolve (relink.c, newcomers.c) --- */

typedef struct LinkJob {
    const LinkContext *ctx;
    Vault *vault;
    Linkage linkage;
    Records records;
    MatchModel *model;
    Slice model_name, baseline;
    TagPlaces tags;
    PairVerdicts verdicts;
    Decisions decisions;
    MatchPairs pairs; /* kept ones: all, or those of newcomers */
    Resolved resolved;
    MatchLeft *left; /* of a full run: who was left over and not joined */
    size_t left_count;
    double unblocked; /* expected share of true pairs that no pass brings together */
    Arena arena;
    LinkReport *report;
} LinkJob;

/* Asks for the clusters of both records of a kept pair that a walk over all pairs comes to soon: they lie anywhere. */
#define PAIRS_AHEAD 16
static inline void fetch_clusters(const LinkJob *job, size_t pair)
{
    if (pair + PAIRS_AHEAD >= job->pairs.len)
        return;
    __builtin_prefetch(&job->resolved.cluster[job->pairs.at[pair + PAIRS_AHEAD].a]);
    __builtin_prefetch(&job->resolved.cluster[job->pairs.at[pair + PAIRS_AHEAD].b]);
}

/* The links in force as clusters, in order of person: fills resolved for the table's records (job.c). */
MUST_USE Status present_links(LinkJob *job, Error *err);
/* Policy, vault, linked records, the model in force and its links: what reading commands begin with. */
MUST_USE Status job_load_present(LinkJob *job, const char *purpose, Error *err);
void job_free(LinkJob *job); /* whatever is there */
MUST_USE Status relink_everything(LinkJob *job, Error *err);
MUST_USE Status link_newcomers(LinkJob *job, const StoredModel *stored, Error *err);

/* --- link trees (link_tree.c) --- */

/* Fills to and odds of job->resolved from clusters, kept pairs and decisions: one tree a cluster, towards its lowest
 * record. weakest: of each cluster, as MatchClusters has it. Kinds are the caller's. */
MUST_USE Status link_trees(LinkJob *job, const Weight *weakest, unsigned threads, Error *err);

typedef struct Forest {
    uint32_t count, clusters;
    const uint32_t *to; /* MATCH_NONE: a founder */
    const Weight *odds;
    const uint32_t *cluster;
} Forest;
/* Adds to correct[cluster] the expected number of right pairs, in millionths; *variance (may be NULL): of their sum, in
 * pairs squared. */
MUST_USE Status trees_correct(const Forest *f, uint64_t *correct, double *variance, Error *err);

/* --- evidence (evidence.c) --- */

/* The explanation of a pair as JSON for a reviewer: levels and weights, never a value.
 * {"prior":..,"household":..,"calibration":..,"odds":..,"rule":"","passes":["..."],
 *  "fields":[["last_name","exact",weight,frequency],...]} weights in thousandths of a bit. frequency is rounded to
 * whole bits; what that takes from a weight is in "calibration". */
MUST_USE Status evidence_json(MatchLook *look, const MatchModel *m, uint32_t a, uint32_t b, Buf *out, Error *err);

/* --- the queue (queue.c) --- */

MUST_USE Status queue_build(LinkJob *job, ReviewItems *out, Error *err);

/* --- pairs of two persons (between.c) --- */

typedef struct Between {
    uint32_t low, high; /* clusters */
    uint32_t a, b;      /* records of a kept pair */
    Weight odds;
    bool across; /* of different kinds of source */
} Between;
typedef VEC(Between) Betweens;
/* All kept pairs between persons, by persons; of the same two the likeliest first. */
MUST_USE Status betweens_list(const LinkJob *job, Betweens *out, Error *err);

/* --- quality (estimate.c) --- */

/* Of each cluster: pairs of records, how many of them are expected to be right, and how many pairs of its records with
 * others' are expected to be missing (each such pair on both sides); the last two in millionths. */
typedef struct ClusterQuality {
    uint64_t *pairs, *correct, *missed;
    uint32_t clusters;
    double correct_variance, missed_variance; /* of the totals, in pairs squared */
} ClusterQuality;
MUST_USE Status cluster_quality(const LinkJob *job, ClusterQuality *out, Error *err);
void cluster_quality_free(ClusterQuality *q);
void quality_totals(const ClusterQuality *q, LinkEstimate *precision, LinkEstimate *recall);
/* value +- 1.96 standard errors, within 0 .. 1. */
LinkEstimate estimate_of(double value, double variance);

/* --- clerical samples (sample.c draws them, sample_verdicts.c reads what people said) --- */

#define SAMPLE_BANDS 6 /* of odds */
typedef enum SampleKind {
    SAMPLE_BETWEEN, /* the likeliest pair of two persons */
    SAMPLE_LINKS,   /* a record and the partner that tied it to its person */
    SAMPLE_OTHERS,  /* every other kept pair */
    SAMPLE_KINDS
} SampleKind;
#define SAMPLE_STRATA (SAMPLE_KINDS * SAMPLE_BANDS) /* the stratum of a kind's band: kind * SAMPLE_BANDS + band */

typedef VEC(MatchLabel) MatchLabels;
/* Judged pairs of all samples of which every stratum has been judged, as labels to calibrate on; none: *out stays
 * empty. */
MUST_USE Status sample_labels(Vault *vault, const TagPlaces *tags, MatchLabels *out, Error *err);

/* --- drift (drift.c) --- */

/* How a source's records agree with their partners: counts by field and level, and how many have a partner at all. */
MUST_USE Status baseline_json(const LinkJob *job, Buf *out, Error *err);
/* Compares the newcomers with the model's baseline; fills the report's drifts. */
MUST_USE Status drift_check(const LinkJob *job, Error *err);

#endif
