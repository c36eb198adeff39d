/*
 * Inside the identity room: the records as the resolver sees them, and the
 * steps between them. Nothing here leaves the room.
 */
#ifndef CAIRN_IDENTITY_IDENTITY_IMPL_H
#define CAIRN_IDENTITY_IDENTITY_IMPL_H

#include "identity/identity.h"
#include "match/standard.h"
#include "store/vault.h"

/* --- standardisation: match/standard.h has the rest --- */

/* 10 digits as a number; 0 when missing, all zeros, or not 10 digits. */
uint64_t standard_sasid(Slice raw);

/* --- names (names.c): every distinct standardised name once --- */

#define NAME_PARTS_MAX 4

typedef struct Name {
    Slice text;                  /* "GARCIA LOPEZ": words parted by one blank */
    Slice joined;                /* "GARCIALOPEZ" */
    Slice parts[NAME_PARTS_MAX]; /* words of 3 letters or more, particles left out */
    uint32_t part_count;
    uint32_t formal_first; /* into NameTable.formals: what the name may be a nickname of */
    uint32_t formal_count;
} Name;

typedef struct NameTable {
    Arena arena;
    Map raw;         /* raw spelling -> name number */
    Map texts;       /* standardised -> name number */
    VEC(Name) names; /* number 0 is the missing name */
    VEC(Slice) formals;
    Nicknames nicknames;
    Buf scratch, suffix;
} NameTable;

/* nickname_csv: columns nickname, formal. */
MUST_USE Status names_init(NameTable *t, Slice nickname_csv, const char *csv_path, Error *err);
void names_free(NameTable *t);
/* Number of the standardised form of raw; 0 for a missing one. */
MUST_USE Status names_add(NameTable *t, Slice raw, uint32_t *out, Error *err);

/* --- parameters (params.c) --- */

typedef enum RuleKind {
    RULE_FOUNDING, /* 0: a person's own first record */
    RULE_SASID,
    RULE_SSN_BIRTH_DATE,
    RULE_SSN_NAME,
    RULE_LOCAL_ID,
    RULE_SSN_FIRST_NAME,
    RULE_NAME_BIRTH_DATE,
    RULE_SSN_ALONE,
    RULE_KIND_COUNT
} RuleKind;

typedef struct Params {
    Slice rule_name[RULE_KIND_COUNT];
    double score[RULE_KIND_COUNT]; /* 0: the policy leaves the rule out */
    double strong_score;
    uint32_t shared_ssn_limit, shared_local_id_limit;
    uint32_t truncated_first, truncated_last;
    Slice nickname_csv;
    const char *nickname_path;
    const char *authority; /* why the vault may be read: written into its ledger entries */
    char model_version[SHA256_HEX_SIZE];
} Params;

MUST_USE Status params_load(Policy *policy, Date on, Params *out, Error *err);

/* --- records (records.c) --- */

#define NO_LINK UINT32_MAX

typedef struct Rec {
    RecordTag tag;
    uint32_t old_link; /* place in Records.old_links; NO_LINK: never linked */
    uint64_t content;  /* fixed-key hash of source and values: the order that depends on nothing but contents */
    uint64_t sasid;
    uint64_t local_key; /* hash of organisation and local id; 0 missing */
    uint64_t zip_key;   /* 5-digit postal code; 0 missing */
    Date birth;
    uint32_t ssn;
    uint32_t first, last, other_last; /* name numbers */
    uint16_t source;
    char sex;    /* F, M, X or 0 */
    char middle; /* initial or 0 */
} Rec;

typedef struct Records {
    VEC(Rec) at;     /* sorted by (content, tag) */
    Links old_links; /* by tag: who was who before */
    VEC(Slice) sources;
    NameTable names;
    Arena arena;
} Records;

/* Reads and standardises every record of the vault. */
MUST_USE Status records_load(const LinkContext *ctx, Vault *vault, const Params *params, Records *out, Error *err);
void records_free(Records *r);

/* --- sorting (keyed.c) --- */

typedef struct Keyed {
    uint64_t key;
    uint32_t record;
} Keyed;
typedef VEC(Keyed) Keys;

/* Sorts by key, keeping the order of equal keys; linear time. ERR_NOMEM. */
MUST_USE Status keyed_sort(Keys *keys, Error *err);

/* --- agreement (agree.c): 2 agrees, 1 nearly, 0 cannot say, -1 disagrees --- */

int agree_first(const NameTable *t, const Params *p, uint32_t a, uint32_t b);
int agree_last(const NameTable *t, const Params *p, const Rec *a, const Rec *b);
int agree_birth(Date a, Date b);
/* Optimal string alignment distance is at most one (Damerau 1964, restricted). */
bool within_one_edit(Slice a, Slice b);

/* --- resolving (resolve.c, cluster.c) --- */

typedef struct Clusters {
    uint32_t *parent; /* union-find over records */
    uint32_t *size;
    uint8_t *rule;   /* RuleKind that tied the record to its cluster; 0 for the founding record */
    uint64_t *sasid; /* of roots: the cluster's hard facts; 0 none */
    Date *birth;
    uint32_t *ssn;
    size_t count;
    uint64_t conflicts;
    uint64_t unions[RULE_KIND_COUNT];
} Clusters;

MUST_USE Status clusters_init(Clusters *c, const Records *r, Error *err);
void clusters_free(Clusters *c);
uint32_t cluster_find(Clusters *c, uint32_t record);
/* Joins the clusters of a and b for this reason unless hard facts forbid it; true when they are one afterwards. */
bool cluster_union(Clusters *c, uint32_t a, uint32_t b, RuleKind rule);

MUST_USE Status resolve(const Records *r, const Params *p, const LinkContext *ctx, Clusters *out, Error *err);

/* --- stable ids (assign.c) --- */

/* Compares clusters with the former links, keeps ids, fills what has to be written; next is the first free id. */
MUST_USE Status assign_ids(const Records *r, Clusters *c, const Params *p, PersonId next, Links *changed,
    Journal *journal, LinkReport *report, Error *err);

#endif
