/*
 * Match: which records are one person.
 *
 * Fellegi and Sunter (1969) with comparison levels, trained without labels, and
 * everything around it: a table of standardised values, comparators, blocking
 * passes, parameter estimation (EM), scoring, clusters, an index for newcomers,
 * and words that explain a link or a non-link. Nothing here knows where records
 * come from: the identity room feeds it from the vault, `cairn match` from files.
 *
 *   config ─► table (add, seal) ─► train ─► model
 *                     │                       │
 *                     └──────► pairs ◄────────┘ ─► clusters ─► ids
 *
 * Units. A Weight is log2 odds or a log2 probability in thousandths of a bit;
 * sums of weights are integers, so that results do not depend on threads, SIMD
 * path, partition or the order of rows. A level is 0 for missing (neutral) and 1
 * for the best agreement; the last level of a field is disagreement.
 *
 * Records are numbered in the order of their contents after match_table_seal, so
 * that every decision is a function of the set of records.
 *
 * Thread rule: a sealed table and a model are read-only and may be shared; the
 * functions that take `threads` run on that many themselves.
 */
#ifndef CAIRN_MATCH_MATCH_H
#define CAIRN_MATCH_MATCH_H

#include "base/base.h"

#define MATCH_FIELDS_MAX 16 /* a pattern is 4 bits a field in 64 bits */
#define MATCH_LEVELS_MAX 16 /* of a field, missing included */
#define MATCH_COLUMNS_MAX 32
#define MATCH_ALIASES_MAX 4 /* columns that may hold the same field: surname, former surname */
#define MATCH_PASSES_MAX 32 /* a set of passes is a 32-bit mask */
#define MATCH_KEY_PARTS_MAX 4
#define MATCH_SOURCES_MAX 256
#define MATCH_TRAITS_MAX 6 /* kinds of source whose errors differ */
#define MATCH_SEGMENTS_MAX (MATCH_TRAITS_MAX * (MATCH_TRAITS_MAX + 1) / 2)
#define MATCH_RULES_MAX 16
#define MATCH_NONE UINT32_MAX

typedef int32_t Weight; /* thousandths of a bit (log2) */
#define WEIGHT_BIT 1000
#define WEIGHT_MIN (-60 * WEIGHT_BIT)
#define WEIGHT_MAX (60 * WEIGHT_BIT)

/* Probability of log2 odds, and back (clipped to WEIGHT_MIN .. WEIGHT_MAX). */
double weight_probability(Weight odds);
Weight probability_weight(double p);

/* --- configuration ------------------------------------------------------------------------------------------- */

typedef enum FieldKind {
    FIELD_FIRST_NAME,
    FIELD_MIDDLE_NAME, /* whole or initial */
    FIELD_LAST_NAME,
    FIELD_SUFFIX,     /* JR, SR, II ... */
    FIELD_DATE,       /* YYYY-MM-DD, YYYYMMDD, MM/DD/YYYY, or parts of it; of birth most often */
    FIELD_SSN,        /* nine digits; numbers never issued are missing */
    FIELD_IDENTIFIER, /* any other number or code of a person: SASID, member number */
    FIELD_ADDRESS,    /* street line */
    FIELD_CITY,
    FIELD_POSTAL_CODE,
    FIELD_PHONE,
    FIELD_EMAIL,
    FIELD_SEX,
    FIELD_CODE,   /* free code: equal or not */
    FIELD_TEXT,   /* free text: bands of similarity */
    FIELD_NUMBER, /* a year, an age: equal, near, far */
    FIELD_KIND_COUNT
} FieldKind;

/* "first_name", "middle_name", ...: what match.toml writes. */
const char *field_kind_name(FieldKind kind);

/* A level of a comparator written in the config: the first whose expression holds is taken. */
typedef struct LevelSpec {
    Slice name;
    Slice when; /* expression over `left` and `right`: src/match/README.md has the language */
} LevelSpec;

typedef struct FieldSpec {
    Slice name;
    FieldKind kind;
    uint32_t columns[MATCH_ALIASES_MAX]; /* numbers of MatchConfig.columns; the first is the present value */
    uint32_t column_count;
    /* The columns are parts of one value (year, month, day; house number, street), joined before standardising. The
     * value then stands in the cell of the first column, and the cells of the others are empty. */
    bool combine;
    /* Another field whose value may stand here instead (first and last name); MATCH_NONE. Said by one of the two fields
     * only: that one gets the level "swapped", and the other is then neutral. */
    uint32_t swap_with;
    bool term_frequency;     /* exact agreement weighs by how common the value is */
    bool shared;             /* members of a household have it in common: surname, address, phone */
    const LevelSpec *levels; /* own comparator, best first; NULL: the kind's built-in levels */
    uint32_t level_count;
    Slice neutral; /* with own levels: a pair for which this expression holds is not compared, as if a value were
                      missing */
    /* A set of fields, by number: of two records that agree exactly on one of them, or hold the same former value, this
     * field is missing. For a value that all records of a number were given together: there it agrees by construction,
     * which is no evidence. */
    uint32_t neutral_beside;
} FieldSpec;

typedef enum KeyTransform {
    KEY_WHOLE,    /* the standardised value */
    KEY_PREFIX,   /* its first `length` letters or digits */
    KEY_SUFFIX,   /* its last ones */
    KEY_PHONETIC, /* how a name sounds */
    KEY_ROOT,     /* the formal name a nickname stands for; several give several keys */
    KEY_PART,     /* each part of a double name */
    KEY_INITIAL,
    KEY_YEAR, /* of a date */
    KEY_YEAR_MONTH,
    KEY_MONTH_DAY, /* day and month in either order */
    KEY_QGRAM,     /* min-hash of bigrams: `length` keys a value, equal for similar values (LSH) */
    KEY_DELETION,  /* the value with each one character left out: equal for values one edit apart */
    KEY_TRANSFORM_COUNT
} KeyTransform;
const char *key_transform_name(KeyTransform transform);

typedef struct KeyPart {
    uint32_t field;
    KeyTransform transform;
    uint32_t length; /* for KEY_PREFIX, KEY_SUFFIX, KEY_QGRAM; otherwise 0 */
} KeyPart;

/* Records that agree on every part are compared. A missing part gives no key. */
typedef struct PassSpec {
    Slice name; /* "last_name+date:year"; made from the parts when the config gives none */
    KeyPart parts[MATCH_KEY_PARTS_MAX];
    uint32_t part_count;
    uint32_t window; /* 0: equal keys; otherwise sorted neighbourhood of this many records in order of key */
} PassSpec;

typedef struct SourceSpec {
    Slice name;
    bool unique;    /* holds nobody twice: links to another source are one to one, none inside */
    bool dedupe;    /* look for duplicates inside; unique sources never */
    uint32_t trait; /* sources of one trait share error rates: school, college, wage ... */
} SourceSpec;

typedef enum RuleEffect { RULE_MUST, RULE_MUST_NOT } RuleEffect;
typedef struct RuleSpec {
    RuleEffect effect;
    Slice name;
    Slice when; /* expression over levels: "sasid = exact and birth_date <> differs" */
} RuleSpec;

typedef struct MatchConfig {
    Slice columns[MATCH_COLUMNS_MAX]; /* names of the input columns that are read */
    uint32_t column_count;
    FieldSpec fields[MATCH_FIELDS_MAX];
    uint32_t field_count;
    PassSpec passes[MATCH_PASSES_MAX]; /* none: proposed from the data */
    uint32_t pass_count;
    SourceSpec sources[MATCH_SOURCES_MAX];
    uint32_t source_count;
    Slice traits[MATCH_TRAITS_MAX];
    uint32_t trait_count;
    /* 1 + the trait that this one is a part of, 0: none. Its records cut names and are like the others otherwise, so
     * matches of both err alike in every field but names. The whole is part of nothing. */
    uint32_t trait_within[MATCH_TRAITS_MAX];
    RuleSpec rules[MATCH_RULES_MAX];
    uint32_t rule_count;
    /* Who is left over when all that is sure has been joined is likelier to belong together, by how many of his like
     * have been found (cluster_left.c). left_step: 0 for no such thing; otherwise alike is who has the same number in
     * the first column of left_field, a field of kind number, divided by it and rounded down. */
    uint32_t left_step;
    uint32_t left_field;
#define MATCH_LEFT_MARGIN (2 * WEIGHT_BIT) /* with left_step: above match_from, for whom no kind has in common */
    bool link_sources;  /* compare records of different sources (default); otherwise inside sources only */
    Weight match_from;  /* a link from these odds on; default 0: more likely than not */
    Weight review_from; /* below match_from: pairs from here on are a reviewer's */
    Weight keep_from;   /* pairs below are scored and forgotten */
    uint64_t pairs_max; /* most comparisons a run may cost; passes are refined to keep to it */
    uint32_t block_max; /* a larger block is refined, not dropped */
    uint64_t seed;
    const char *nickname_csv; /* text of a table nickname,formal, sorted; NULL: none */
} MatchConfig;

/* Defaults for everything but columns, fields and sources. */
void match_config_init(MatchConfig *out);
/* What the kind of a field suggests, where a config says nothing: is the commonness of a value evidence, and do
 * members of a household share it? */
bool field_kind_term_frequency(FieldKind kind);
bool field_kind_shared(FieldKind kind);

/* --- the config as text (config_toml.c, config_write.c); docs/match.md describes the language --------------------- */

#define MATCH_MISSING_MAX 16

/* What a config says of the files that records come from. Nothing but `cairn match` asks. */
typedef struct MatchInput {
    Slice id;                         /* column that names a record; empty: its row number */
    Slice source;                     /* column that names the source; empty: each file is one */
    Slice truth;                      /* column that names the true person; empty: none */
    Slice nicknames;                  /* path of a table nickname,formal; empty: none */
    Slice missing[MATCH_MISSING_MAX]; /* texts that mean an empty cell */
    uint32_t missing_count;
    SourceSpec other; /* of sources that the config does not list; name empty */
} MatchInput;

/* Reads a whole config; what out and input point to lives in the arena. input may be NULL. The header of a policy file
 * (schema, name, version, ...) may stand on top and is not looked at. Sources are those that the text lists; fields and
 * expressions are looked at by match_config_check. ERR_PARSE, ERR_INVALID and ERR_LIMIT name file, line and key. */
MUST_USE Status match_config_parse(
    Slice toml, const char *file, Arena *arena, MatchConfig *out, MatchInput *input, Error *err);
/* The text that match_config_parse reads back as the same config; without the defaults. input may be NULL. */
void match_config_write(const MatchConfig *config, const MatchInput *input, Buf *out);
/* "last_name+birth_date:year": what a pass is called when its config gives no name. */
void match_pass_describe(const MatchConfig *config, const PassSpec *pass, Buf *out);

/* ERR_INVALID names what is wrong: no field, a field without column, an unknown level in a rule, a bad expression. */
MUST_USE Status match_config_check(const MatchConfig *config, Error *err);

/* --- table ---------------------------------------------------------------------------------------------------- */

typedef struct MatchTable MatchTable;

typedef enum DecisionKind { DECIDED_SAME, DECIDED_DIFFERENT } DecisionKind;
typedef struct Decision { /* a reviewer's word: kept whatever the model says */
    uint32_t a, b;
    DecisionKind kind;
} Decision;

/* config and what it points to must outlive the table. */
MUST_USE Status match_table_new(const MatchConfig *config, MatchTable **out, Error *err);
void match_table_free(MatchTable *t); /* NULL is fine */
/* Before the first record: so many threads (0: one a core) take rows in, a few thousand at a time. Without the call one
 * does. */
MUST_USE Status match_table_threads(MatchTable *t, unsigned threads, Error *err);
/* id is the caller's name of the record, unique in its source (checked by seal); values: one a column, empty is
 * missing. Everything is copied. */
MUST_USE Status match_table_add(MatchTable *t, uint32_t source, Slice id, const Slice *values, Error *err);
/* Gives the record that was added as number `added` another value in a column that stands by itself (no part of a
 * combined field): what can be known only when all records have been seen. Before match_table_seal. */
MUST_USE Status match_table_fill(MatchTable *t, uint32_t added, uint32_t column, Slice value, Error *err);
/* Standardises, numbers records by content, counts frequencies. After this the table is read-only. */
MUST_USE Status match_table_seal(MatchTable *t, unsigned threads, Error *err);
uint32_t match_record_count(const MatchTable *t);
Slice match_record_id(const MatchTable *t, uint32_t record);
uint32_t match_record_source(const MatchTable *t, uint32_t record);
/* Repeats: of records that hold a whole number of a person (kinds ssn and identifier), agree on every value and come
 * from sources of one kind, only the first is compared with others from now on; match_pairs gives each of the rest one
 * pair, with the first. Training counts them all. For callers who want persons: pairs between repeats of two records,
 * which say what that of the two says, are not listed. Who is in a decision stays by itself. Of a sealed table, once;
 * not for tables that are cut into partitions. */
MUST_USE Status match_table_repeats(MatchTable *t, const Decision *decisions, size_t decision_count, Error *err);
/* A record that repeats another is by itself from now on, as somebody in a decision is. For the index: training and
 * match_pairs count repeats in the order in which they stand. */
void match_table_apart(MatchTable *t, uint32_t record);
/* Gives back what only finding records again needs, for whoever has taken the ids over: no id, order of adding or new
 * record is to be asked of the table afterwards. */
void match_table_forget(MatchTable *t);
/* Records that repeat another. */
uint32_t match_table_repeated(const MatchTable *t);
/* The record that this one repeats, whose pairs are its pairs too; itself, if it repeats none. */
uint32_t match_record_repeats(const MatchTable *t, uint32_t record);
/* Order in which match_table_add was called, 0-based: to find the caller's own row. */
uint32_t match_record_added(const MatchTable *t, uint32_t record);
/* Asks for what comparing and explaining read of a record, ahead of use. */
void match_record_fetch(const MatchTable *t, uint32_t record);
/* Id of the record that was added k-th, from 0 on. */
Slice match_added_id(const MatchTable *t, uint32_t added);
/* Standardised text of a cell, for people: review and explanations. Empty: missing. */
Slice match_cell_text(const MatchTable *t, uint32_t record, uint32_t column);

/* --- model ---------------------------------------------------------------------------------------------------- */

/* What two different records can be to each other. All but the first are non-matches; keeping them apart is how
 * dependence between fields is handled: neighbours share town and postal code together, members of a household the
 * surname and the address too, twins the birth date as well, and none of them inflates the weight of these fields
 * for strangers. A class that the data do not show has share 0. */
typedef enum PairClass {
    CLASS_MATCH,
    CLASS_STRANGER,
    CLASS_NEIGHBOUR,
    CLASS_HOUSEHOLD,
    CLASS_TWIN,
    CLASS_COUNT
} PairClass;

typedef struct MatchModel MatchModel;

typedef struct TrainReport {
    uint64_t random_pairs;    /* drawn for u */
    uint64_t candidate_pairs; /* counted as patterns for m */
    uint64_t patterns;        /* distinct ones */
    uint32_t iterations;
    bool converged;
    double change;           /* largest parameter change in the last iteration */
    double matches;          /* expected number of matching pairs among candidates */
    double missed;           /* expected matching pairs that no pass brings together */
    uint32_t default_levels; /* levels without enough evidence, left at the prior and listed in the model */
} TrainReport;

typedef struct MatchLabel { /* a pair whose truth is known */
    uint32_t a, b;
    bool match;
    double weight; /* how many pairs it stands for, against the other labels: one over the chance of being drawn, up to
                    * a factor, which may depend on the pair's odds. 1 where pairs of equal odds were drawn alike */
} MatchLabel;

/* Candidates of a table under a model's passes, which training and scoring both go through. */
typedef struct Blocks MatchBlocks;
void match_blocks_free(MatchBlocks *b); /* NULL is fine */

typedef struct TrainOptions {
    unsigned threads;
    const Log *log;
    ProgressMode progress;
    const MatchLabel *labels; /* supervised calibration; none: without labels */
    size_t label_count;
    MatchBlocks **blocks; /* NULL, or where the blocks are left for match_pairs, which makes them anew otherwise; caller
                           * frees. They hold 4 bytes a record and pass, and as much again */
} TrainOptions;

/* Proposes passes when the config names none, estimates all parameters. Caller frees with match_model_free. */
MUST_USE Status match_train(
    const MatchTable *t, const TrainOptions *options, MatchModel **out, TrainReport *report, Error *err);
void match_model_free(MatchModel *m); /* NULL is fine */
/* The model file (JSON): fields, levels, parameters, passes, calibration, training report. Parsing checks it against
 * config: ERR_INVALID names the first difference. */
MUST_USE Status match_model_write(const MatchModel *m, Buf *out, Error *err);
MUST_USE Status match_model_parse(
    Slice json, const char *file, const MatchConfig *config, MatchModel **out, Error *err);
/* SHA-256 over the parameters: the model version in every link's evidence. */
MUST_USE Status match_model_version(const MatchModel *m, char out[SHA256_HEX_SIZE], Error *err);

/* --- pairs ---------------------------------------------------------------------------------------------------- */

typedef struct MatchPair {
    uint32_t a, b;   /* a < b */
    Weight odds;     /* calibrated log2 posterior odds */
    uint32_t passes; /* mask of the passes that bring the two together */
    uint64_t pattern;
} MatchPair;
typedef VEC(MatchPair) MatchPairs;
/* For qsort, of MatchPair: by a, then b. */
int match_pair_order(const void *x, const void *y);

static inline unsigned pattern_level(uint64_t pattern, uint32_t field)
{
    return (unsigned)(pattern >> (4 * field)) & 15;
}

typedef struct PassReport {
    Slice name;
    uint64_t keys, blocks, largest_block;
    uint64_t pairs;           /* first brought together by this pass */
    uint32_t block_max;       /* a larger block of this pass was refined: config.block_max, or less in a dear pass */
    uint64_t refined;         /* blocks over block_max, split by further keys */
    uint64_t uncompared;      /* pairs of those blocks that refining left out */
    double matches_only_here; /* expected matches that no other pass finds */
} PassReport;

typedef struct PairsReport {
    uint64_t compared, kept;
    uint32_t pass_count;
    PassReport passes[MATCH_PASSES_MAX];
} PairsReport;

typedef struct RunOptions {
    unsigned threads;
    const Log *log;
    ProgressMode progress;
    MatchBlocks **blocks; /* match_pairs: what match_train left of this table and model; freed when done with, *blocks
                           * is then NULL. NULL or of other passes: made anew */
} RunOptions;

/* Scores every candidate pair once and keeps those from config.keep_from on, sorted by (a, b). The odds are
 * match_score's, corrected for the places in unique sources: a record has at most one partner there, for whom
 * candidates compete. */
MUST_USE Status match_pairs(const MatchTable *t, const MatchModel *m, const RunOptions *options, MatchPairs *out,
    PairsReport *report, Error *err);
/* Any two records, candidates or not. For one pair: a run keeps its own Scorer. */
MUST_USE Status match_score(
    const MatchTable *t, const MatchModel *m, uint32_t a, uint32_t b, MatchPair *out, Error *err);

/* --- partitions ------------------------------------------------------------------------------------------------ */

/* A run cut into shares for workers elsewhere. A share's file holds values of persons: it is as secret as the table.
 * Each worker needs the file and the model, nothing else; what it makes is a function of their bytes. */
typedef struct MatchPartitions MatchPartitions;
/* t and m must outlive it. */
MUST_USE Status match_partitions_new(
    const MatchTable *t, const MatchModel *m, uint32_t count, unsigned threads, MatchPartitions **out, Error *err);
void match_partitions_free(MatchPartitions *p); /* NULL is fine */
/* Appends the file of share `part`, from 0 on. Any thread may write any. */
MUST_USE Status match_partitions_write(const MatchPartitions *p, uint32_t part, Buf *out, Error *err);
/* The worker: scores the share's candidates under a model file (match_model_write). Pairs are sorted, a and b numbered
 * as in the whole table. ERR_PARSE, ERR_CORRUPT, ERR_INVALID. */
MUST_USE Status match_partition_score(
    Slice partition, Slice model_json, const char *model_file, MatchPairs *out, Error *err);
/* pairs: those of all shares, one after the other. Becomes what match_pairs makes of the table. */
MUST_USE Status match_partitions_join(const MatchTable *t, MatchPairs *pairs, Error *err);

/* --- clusters ------------------------------------------------------------------------------------------------- */

typedef struct ClusterReport {
    uint64_t clusters, singletons, largest;
    uint64_t refused; /* links not made because the two sides contradict each other */
    uint64_t moved;   /* records that changed cluster in refinement */
} ClusterReport;

typedef struct MatchLeft {
    uint32_t a, b;
    Weight odds;
} MatchLeft;

typedef struct MatchClusters {
    uint32_t *cluster; /* of each record, numbered by the lowest record */
    uint32_t count;
    /* of each record: the odds and the partner of the strongest link into its cluster; 0 and MATCH_NONE for the first
     */
    Weight *link_odds;
    uint32_t *link_to;
    Weight *weakest; /* of each cluster: the weakest link that holds it together; WEIGHT_MAX for one record */
    /* Who was not joined: clusters that no kind of source has in common, by a record of either, and the odds that they
     * are one given who is left over and all who compete; in order. None without left_step. */
    MatchLeft *left;
    size_t left_count;
} MatchClusters;

/* The objective is stated in src/match/clusters.md; households that are linked already count as evidence. Caller frees
 * with match_clusters_free. */
MUST_USE Status match_clusters(const MatchTable *t, const MatchModel *m, const MatchPairs *pairs,
    const Decision *decisions, size_t decision_count, const RunOptions *options, MatchClusters *out,
    ClusterReport *report, Error *err);
void match_clusters_free(MatchClusters *c);

/* The kind of a source's records as a set of one: the bit of its trait, or of the trait that this is part of. */
uint8_t match_kinds_of(const MatchConfig *config, uint32_t source);
/* Odds from which two persons whose records are of these kinds are linked by their records alone. */
static inline Weight match_link_from(const MatchConfig *config, uint8_t kinds, uint8_t others)
{
    return config->match_from + (config->left_step > 0 && !(kinds & others) ? MATCH_LEFT_MARGIN : 0);
}

/* Pairs of records that ought to be there and that no candidate shows (unfound.c): of each cluster those between its
 * records and others', each pair with both of its sides, and the variance of half the sum, in pairs squared. */
typedef struct MatchMisses {
    double *missed;
    double variance;
} MatchMisses;
/* cluster: of each record, those appended too. expected: [cluster * MATCH_TRAITS_MAX + kind] how likely it is, by
 * candidates, that the cluster is one with another that has records of that kind; NULL: not at all. pairs: the kept
 * ones, which tell whom candidates show; NULL: whoever has a full name is shown. Needs left_step: without it nothing is
 * missed. Takes 64 bytes a cluster meanwhile. Caller frees with match_misses_free. */
MUST_USE Status match_unfound(const MatchTable *t, const uint32_t *cluster, uint32_t clusters, const float *expected,
    const MatchPairs *pairs, MatchMisses *out, Error *err);
void match_misses_free(MatchMisses *m);

/* --- newcomers ------------------------------------------------------------------------------------------------ */

/* Blocks of a sealed table under a model's passes, for one record at a time: under a millisecond against a million
 * persons. One thread at a time; the table belongs to the index while it lives. */
typedef struct MatchIndex MatchIndex;
MUST_USE Status match_index_new(MatchTable *t, const MatchModel *m, unsigned threads, MatchIndex **out, Error *err);
void match_index_free(MatchIndex *x); /* NULL is fine */
/* The newcomer gets the next number after the table's records and is found by later ones. It joins blocks at once. */
MUST_USE Status match_index_add(
    MatchIndex *x, uint32_t source, Slice id, const Slice *values, uint32_t *record, Error *err);
/* Candidates of a record of the table or the index, from keep_from on, best first; overwritten by the next call.
 * In each pair a < b as everywhere: the candidate is the one that is not `record`. */
MUST_USE Status match_index_find(MatchIndex *x, uint32_t record, MatchPairs *out, Error *err);

/* Persons: which cluster each record is in. Numbers are the caller's, below MATCH_NONE; any order, gaps allowed.
 * cluster[i] is of record i, `count` = records of the table (newcomers added so far included); MATCH_NONE: in none.
 * Decisions of reviewers, old and new, are honoured by match_index_assign; they may be about numbers that newcomers
 * will get. Copied. May be called again. */
MUST_USE Status match_index_persons(MatchIndex *x, const uint32_t *cluster, uint32_t count, const Decision *decisions,
    size_t decision_count, Error *err);

typedef enum AssignOutcome {
    ASSIGN_NEW,       /* nobody known is more likely than not */
    ASSIGN_JOIN,      /* belongs to `cluster` */
    ASSIGN_AMBIGUOUS, /* `cluster` and `second` are nearly as likely: a reviewer's; a person of its own until then */
    ASSIGN_REFUSED    /* `cluster` would be likely, but contradicts the newcomer: rule, unique source, decision */
} AssignOutcome;

typedef struct Assignment {
    AssignOutcome outcome;
    uint32_t cluster; /* the likeliest person, whatever the outcome; MATCH_NONE: no candidate at all */
    Weight odds;      /* that the newcomer is this person, given that it is at most one of the known */
    uint32_t second;  /* the next likeliest; MATCH_NONE: none */
    Weight second_odds;
    uint32_t link_to; /* the record of `cluster` with the strongest link to the newcomer, and its odds alone */
    Weight link_odds;
    uint32_t passes;  /* of that pair */
    uint64_t pattern; /* of that pair */
    uint32_t merge;   /* another person that together with the newcomer is more likely than not the same as `cluster`:
                       * evidence for a merge, for the caller to act on; never one that a decision or a source
                       * without duplicates keeps apart from it; MATCH_NONE: none */
    Weight merge_odds;
} Assignment;

/* Where a record belongs, by the same objective as match_clusters: whole persons are compared, contradictions refuse,
 * competitors share the odds. Changes nothing: match_index_join does. A record that is in a person already is judged as
 * if it were in none. */
MUST_USE Status match_index_assign(MatchIndex *x, uint32_t record, Assignment *out, Error *err);
/* Puts a record into a person (a number not yet in use makes a new one; MATCH_NONE takes the record out), so that later
 * newcomers meet it there. */
MUST_USE Status match_index_join(MatchIndex *x, uint32_t record, uint32_t cluster, Error *err);

/* --- quality against truth -------------------------------------------------------------------------------------- */

typedef struct PairCounts {
    uint64_t found; /* pairs called the same */
    uint64_t right; /* of these truly the same */
    uint64_t truth; /* all true pairs, also those that no pass brings together */
} PairCounts;
double pair_precision(PairCounts c); /* 1 when nothing was found */
double pair_recall(PairCounts c);    /* 1 when there was nothing to find */
double pair_f1(PairCounts c);

/* Stated against right, by bands of stated probability. */
#define CALIBRATION_BINS 10
typedef struct CalibrationBin {
    double from, to; /* stated probability */
    uint64_t pairs, right;
    double stated;    /* mean */
    double low, high; /* 95 % interval of the share that is right (Wilson 1927) */
} CalibrationBin;

typedef struct TruthReport {
    uint64_t records, persons; /* whose truth is known */
    PairCounts candidates;     /* found: compared, as match_pairs reported */
    PairCounts pairs;          /* odds from config.match_from on */
    PairCounts best;           /* at the threshold with the best F1 */
    Weight best_from;
    PairCounts clusters;                    /* pairs inside clusters */
    double bcubed_precision, bcubed_recall; /* Bagga and Baldwin 1998: mean over records */
    uint64_t largest;                       /* records of the largest cluster */
    uint64_t largest_true;                  /* and of the person with most records */
    CalibrationBin bins[CALIBRATION_BINS];  /* kept pairs by stated probability */
} TruthReport;

/* person[r] says who record r truly is; MATCH_NONE: unknown, the record is left out of every figure. Pairs of sources
 * that the config does not let be compared do not count. clusters may be NULL. */
MUST_USE Status match_truth(const MatchTable *t, const MatchModel *m, const uint32_t *person, const MatchPairs *pairs,
    uint64_t compared, const MatchClusters *clusters, TruthReport *out, Error *err);

/* --- words ---------------------------------------------------------------------------------------------------- */

typedef struct FieldReason {
    Slice field;
    Slice level;       /* name of the level: "exact", "nickname", "one_edit" ... */
    Weight weight;     /* what it says by itself against any two people, term frequency included */
    Weight frequency;  /* the part of weight that the value's commonness made */
    Slice left, right; /* standardised values */
} FieldReason;

typedef struct Explanation {
    Weight prior;       /* odds before looking */
    Weight household;   /* what is taken off because neighbours, housemates or twins agree on several at once */
    Weight calibration; /* what calibration and the limits of a Weight change */
    Weight ruled;       /* what a hard rule changes; 0: none */
    Weight odds;        /* the sum of all: the pair's score, as match_score has it */
    FieldReason fields[MATCH_FIELDS_MAX];
    uint32_t field_count;
    uint32_t passes; /* mask: which passes bring the two together */
    Slice rule;      /* name of the hard rule that decided; empty: none */
} Explanation;

/* Slices point into table and model. */
MUST_USE Status match_explain(
    const MatchTable *t, const MatchModel *m, uint32_t a, uint32_t b, Explanation *out, Error *err);
/* The same for many pairs, one thread at a time: what a pair needs is prepared once. Explanations show the two records
 * in order of number, as match_explain does. */
typedef struct MatchLook MatchLook;
MUST_USE Status match_look_new(const MatchTable *t, const MatchModel *m, MatchLook **out, Error *err);
void match_look_free(MatchLook *x); /* NULL is fine */
MatchPair match_look_score(MatchLook *x, uint32_t a, uint32_t b);
Weight match_look_odds(
    MatchLook *x, uint32_t a, uint32_t b); /* the same without a look at the passes: much less work */
/* Odds that all records of the one list and all of the other are one person, as clusters judge it before rivals and
 * households are considered: of each list twelve records of different content at most, in its order. A rule that keeps
 * them apart: the least Weight. */
MUST_USE Status match_persons_odds(const MatchTable *t, const MatchModel *m, const uint32_t *a, size_t a_count,
    const uint32_t *b, size_t b_count, Weight *odds, Error *err);
/* The same for many pairs of persons, one thread at a time. */
typedef struct MatchPersons MatchPersons;
MUST_USE Status match_persons_new(const MatchTable *t, const MatchModel *m, MatchPersons **out, Error *err);
void match_persons_free(MatchPersons *x); /* NULL is fine */
Weight match_persons_between(MatchPersons *x, const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count);
void match_look_explain(MatchLook *x, uint32_t a, uint32_t b, Explanation *out);
/* The same of a pair that match_pairs found, whose pattern and passes are known, without the two records' values.
 * Changes nothing: any number of threads may ask one look. */
void match_look_pair(const MatchLook *x, const MatchPair *pair, Explanation *out);
/* What the model says of a level, for reports: shares of matching pairs and of strangers, log2 of their ratio. */
typedef struct LevelView {
    Slice name;
    double match, stranger;
    Weight weight;
    double evidence; /* expected matching pairs seen at it */
    bool is_default; /* too little evidence: the prior stands */
} LevelView;
uint32_t match_segment_count(const MatchConfig *config);
/* "school, wage": the traits of the two sources; empty when there is one segment only. Appended to out. */
void match_segment_name(const MatchConfig *config, uint32_t segment, Buf *out);
/* Share of the class among the segment's comparable pairs. */
double match_class_share(const MatchModel *m, uint32_t segment, PairClass class);
uint32_t match_level_count(const MatchConfig *config, uint32_t field); /* missing, level 0, included */
Slice match_level_name(const MatchConfig *config, uint32_t field, uint32_t level);
void match_level_view(
    const MatchModel *m, const MatchConfig *config, uint32_t segment, uint32_t field, uint32_t level, LevelView *out);
/* Name of a model's pass, by number. */
Slice match_pass_name(const MatchModel *m, uint32_t pass);
uint32_t match_pass_count(const MatchModel *m);

#endif
