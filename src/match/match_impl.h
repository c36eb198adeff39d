/*
 * Inside the match room: the parts between the public calls, in the order in
 * which data flows. Each part is a file or two; this header is their contract.
 *
 *   standard.c  raw text -> standard text             dict.c    distinct values and what is known of each
 *   table.c     records of value numbers              field.c   levels of each kind of field
 *   compare.c   two records -> pattern                expr.c    comparators and rules written in the config
 *   repeats.c   equal records, compared once
 *   keys.c      a record's keys under a pass          blocks.c  every candidate pair exactly once
 *   propose.c   passes from the data                  partition.c  a share of the blocks as a file
 *   random_pairs.c, frequency.c, patterns.c  what is counted for training
 *   train.c, em.c  patterns -> parameters             score.c   pattern and values -> odds
 *   calibrate.c raw odds -> stated odds               pairs.c   all candidates -> scored pairs
 *   model_file.c   the model as text                  explain.c the odds in words
 *   cluster.c   pairs -> persons (cluster_impl.h)     household.c  linked relatives as evidence
 *   index.c     one newcomer at a time
 */
#ifndef CAIRN_MATCH_MATCH_IMPL_H
#define CAIRN_MATCH_MATCH_IMPL_H

#include "match/match.h"

/* --- dictionary (dict.c) -------------------------------------------------------------------------------------- */

/* Distinct standardised values of one domain. Columns whose values are compared with each other share one: first,
 * middle and last names; otherwise a column has its own. Number 0 is the missing value. */
typedef struct Dict Dict;

uint32_t dict_count(const Dict *d); /* numbers in use: 1 .. count-1 are values */
Slice dict_text(const Dict *d, uint32_t value);
/* Names only. Code of the sound (0: none); formal names that a nickname may stand for, itself among them; the parts of
 * a double name as value numbers of this dictionary (one part: the name itself). */
uint32_t dict_phonetic(const Dict *d, uint32_t value);
const uint32_t *dict_roots(const Dict *d, uint32_t value, uint32_t *count);
const uint32_t *dict_parts(const Dict *d, uint32_t value, uint32_t *count);
/* Dates only: year, month, day; a part that is not known is 0. */
void dict_date(const Dict *d, uint32_t value, int *year, int *month, int *day);

/* --- table (table.c) ------------------------------------------------------------------------------------------ */

/* So many values of a field have this count. */
typedef struct CountShare {
    uint32_t count, values;
} CountShare;
typedef VEC(CountShare) CountShares;

struct MatchTable {
    const MatchConfig *config;
    uint32_t records; /* without those appended after seal */
    uint32_t appended;
    uint32_t columns;
    uint32_t *cells;   /* [record * columns + column]: value number, 0 missing */
    uint16_t *source;  /* of each record */
    uint64_t *content; /* of each record: hash of source and standardised values; records are in this order */
    Dict *dict[MATCH_COLUMNS_MAX];
    /* Records that hold value v in field f, aliases included: frequency[f][v]; and their sum. */
    uint32_t *frequency[MATCH_FIELDS_MAX];
    uint64_t frequency_total[MATCH_FIELDS_MAX];
    /* Of a table that holds a share of another's records (match_partition.c), whose frequency is the whole's: counts of
     * the values that it does not hold, too. Empty: those in frequency are all. */
    CountShares whole[MATCH_FIELDS_MAX];
    /* match_table_repeats: the first of a record's repeats (itself where it is that), and how many there are; of one
     * that follows: the how manieth it is. NULL: every record is by itself. */
    uint32_t *lead, *times;
    uint32_t repeated;        /* records that follow another */
    struct TableParts *parts; /* table.c's own: ids, order of adding, raw rows, arena */
};

static inline bool kind_is_name(FieldKind kind)
{
    return kind == FIELD_FIRST_NAME || kind == FIELD_MIDDLE_NAME || kind == FIELD_LAST_NAME;
}

static inline const uint32_t *record_cells(const MatchTable *t, uint32_t record)
{
    return t->cells + (size_t)record * t->columns;
}
/* Asks for the cells ahead of use: a block's records lie anywhere in a table that no cache holds. */
static inline void record_prefetch(const MatchTable *t, uint32_t record)
{
    const uint32_t *cells = record_cells(t, record);
    __builtin_prefetch(cells);
    __builtin_prefetch(cells + t->columns - 1); /* mostly in the next line */
}
static inline uint32_t record_total(const MatchTable *t)
{
    return t->records + t->appended;
}
/* repeats.c: is the record compared with others, or does it follow one that is? */
static inline bool record_leads(const MatchTable *t, uint32_t record)
{
    return !t->lead || record >= t->records || t->lead[record] == record;
}
/* The first record that is compared of each value of the column that one holds, in order of value; mem_free. */
MUST_USE Status table_holders(const MatchTable *t, uint32_t column, uint32_t **out, size_t *count, Error *err);
/* Does `record` repeat `first`? lead: of each record, NULL where none repeats another. */
static inline bool is_repeat(const uint32_t *lead, uint32_t first, uint32_t record)
{
    return lead && first != record && lead[record] == first;
}
/* Records that a leading one stands for; one that was appended is by itself. */
static inline uint32_t record_times(const MatchTable *t, uint32_t record)
{
    return t->times && record < t->records ? t->times[record] : 1;
}
/* Is the second of two records the same as the first as far as anybody could tell? */
bool table_repeats(const MatchTable *t, uint32_t a, uint32_t b);
/* One more record on a sealed table: for the index. New values get numbers at the dictionaries' ends. */
MUST_USE Status table_append(
    MatchTable *t, uint32_t source, Slice id, const Slice *values, uint32_t *record, Error *err);
/* May these two sources' records be one person at all (config: unique, dedupe, link_sources)? */
bool table_comparable(const MatchConfig *config, uint32_t source_a, uint32_t source_b);
/* Which segment's parameters hold for a pair: unordered pair of the sources' traits. */
uint32_t table_segment(const MatchConfig *config, uint32_t source_a, uint32_t source_b);
uint32_t segment_count(const MatchConfig *config);
uint32_t trait_segment(uint32_t trait_a, uint32_t trait_b);

/* --- comparison (field.c, compare.c, expr.c) ------------------------------------------------------------------ */

/* Levels of a field, missing (0) included: 2 .. MATCH_LEVELS_MAX. */
uint32_t field_level_count(const FieldSpec *f);
Slice field_level_name(const FieldSpec *f, uint32_t level);
/* Is this level agreement on one and the same value, to which term frequency applies? */
bool field_level_exact(const FieldSpec *f, uint32_t level);
/* Starting point and prior of EM: P(level | match), P(level | stranger), of level 1 .. count-1, each summing to 1. */
void field_level_prior(const FieldSpec *f, double *match, double *stranger);

/* Compares: memo and scratch of one thread. The table may grow by table_append meanwhile. */
typedef struct Comparer Comparer;
MUST_USE Status comparer_new(const MatchTable *t, Comparer **out, Error *err);
void comparer_free(Comparer *c);
uint64_t compare_pair(Comparer *c, uint32_t a, uint32_t b);
/* Asks for what comparing reads of a record's values ahead of use; the cells should be there by now (record_prefetch).
 */
void compare_fetch(const MatchTable *t, uint32_t record);
/* patterns[i] = compare_pair(a, others[i]); the fast way. */
void compare_many(Comparer *c, uint32_t a, const uint32_t *others, size_t n, uint64_t *patterns);
/* Of a batch of candidates (below), those that the caller picked: patterns[i] = compare_pair(batch->a, others[i]).
 * places: theirs in the batch's tile, NULL where it has none. One comparer serves one run of blocks_each. */
struct PairBatch;
MUST_USE Status compare_batch(Comparer *c, const struct PairBatch *batch, const uint32_t *others,
    const uint32_t *places, size_t n, uint64_t *patterns, Error *err);
/* The value both hold where field_level_exact (0: none): its frequency is what counts. */
uint32_t compare_agreed(const MatchTable *t, uint32_t a, uint32_t b, uint32_t field);

/* Hard rules over a pattern. */
typedef enum RuleVerdict { VERDICT_NONE, VERDICT_MUST, VERDICT_MUST_NOT } RuleVerdict;
typedef struct RuleSet RuleSet;
MUST_USE Status rules_compile(const MatchConfig *config, Arena *arena, RuleSet **out, Error *err);
/* MUST_NOT wins over MUST. *rule (may be NULL): which one. */
RuleVerdict rules_apply(const RuleSet *rules, uint64_t pattern, uint32_t *rule);

/* --- blocking (keys.c, blocks.c, propose.c) ------------------------------------------------------------------- */

/* Is a pass, the pass'th, one that this config can have? ERR_INVALID says what is wrong. */
MUST_USE Status pass_check(const MatchConfig *c, const PassSpec *p, uint32_t pass, Error *err);
/* Keys of a record under one pass: hashes, none 0, at most RECORD_KEYS_MAX; returns how many. Each key once, sorted. */
#define RECORD_KEYS_MAX 16
size_t record_keys(const MatchTable *t, const PassSpec *pass, uint32_t record, uint64_t keys[RECORD_KEYS_MAX]);

typedef struct Blocks Blocks;
/* t and the names in passes must outlive the blocks. ERR_LIMIT when even small blocks cost more than config.pairs_max.
 */
MUST_USE Status blocks_build(
    const MatchTable *t, const PassSpec *passes, uint32_t pass_count, unsigned threads, Blocks **out, Error *err);
void blocks_free(Blocks *b); /* NULL is fine */
/* Are they what blocks_build would make of these? */
bool blocks_are_of(const Blocks *b, const MatchTable *t, const PassSpec *passes, uint32_t pass_count);
/* Fills keys, blocks, largest_block, pairs, refined, uncompared. Before blocks_each has run pairs is an upper bound and
 * uncompared a lower one; then both are exact. */
void blocks_report(const Blocks *b, PassReport reports[MATCH_PASSES_MAX]);
/* Gives back what only a walk needs. Reports and the rows, by which blocks_pair_mask tells, stay; blocks_each finds
 * nothing any more. */
void blocks_fold(Blocks *b);
uint64_t blocks_pairs(const Blocks *b); /* upper bound of the pairs blocks_each will hand out */
/* What passes may cost together in a table of this size, in pairs: those proposed keep to it, those given are refined
 * to keep to it as far as their costs can be told beforehand; config.pairs_max at most. */
uint64_t blocks_budget(const MatchTable *t);

/* Records of a block of which many batches come one after the other. */
typedef struct PairTile {
    const uint32_t *members;
    size_t count;
    uint64_t number; /* another for each tile of this worker; 0: the batch has none */
} PairTile;
/* Candidate pairs of one record: others[i] is comparable with a and appears once in the whole run for this a or that
 * other; masks[i] are all passes that bring the two together. Neither is the lower number always. */
typedef struct PairBatch {
    uint32_t a;
    const uint32_t *others;
    const uint32_t *masks;
    const uint32_t *places; /* of the others among the tile's members, ascending; NULL: no tile */
    size_t count;
    PairTile tile;
} PairBatch;
typedef Status (*BatchFn)(const PairBatch *batch, void *worker, Error *err);
/* Records of a sample, by number; NULL: all. A pair is in the sample when one of the two is. */
typedef struct RecordSample {
    uint64_t *bits;
    uint32_t records;
    double share_of_pairs;
} RecordSample;
static inline bool sample_has(const RecordSample *s, uint32_t record)
{
    return !s || !s->bits || s->bits[record >> 6] >> (record & 63) & 1;
}
/* One worker context a thread: worker_new is called once for each of the threads, worker_done once at its end, in order
 * of thread number. Which worker sees which pair varies; that every pair is seen exactly once does not. */
typedef struct BatchWork {
    MUST_USE Status (*worker_new)(void *ctx, unsigned thread, void **worker, Error *err);
    BatchFn batch;
    MUST_USE Status (*worker_done)(void *ctx, void *worker, Error *err); /* also after a failure */
    void *ctx;
    /* NULL: all pairs. Otherwise pairs outside the sample may be left out, and what blocks_report says stays. */
    const RecordSample *sample;
} BatchWork;
/* Of options only threads: progress is told by the batches, under the caller's label. */
MUST_USE Status blocks_each(const Blocks *b, const BatchWork *work, const RunOptions *options, Error *err);
/* The mask that blocks_each hands out with a pair; 0: not together anywhere. */
uint32_t blocks_pair_mask(const Blocks *b, uint32_t left, uint32_t right);
/* The passes in whose blocks the record is: as blocks_pair_mask of the record and itself. */
uint32_t blocks_own_mask(const Blocks *b, uint32_t record);
/* Asks for what blocks_own_mask reads of a record that is due soon, and for where to look for it of a later one. */
void blocks_fetch(const Blocks *b, uint32_t soon, uint32_t later);
/* Mask of the passes under which two records, appended ones too, share a key: without blocks, so a pair that refining
 * parts is in it, and of a window pass only equal keys are seen. */
uint32_t blocks_mask(const MatchTable *t, const PassSpec *passes, uint32_t pass_count, uint32_t a, uint32_t b);

/* Passes from the data: candidates from the fields' kinds, each costed in pairs, chosen greedily for expected matches a
 * pair within config.pairs_max and 150 pairs a record. They have no names. */
MUST_USE Status passes_propose(const MatchTable *t, PassSpec passes[MATCH_PASSES_MAX], uint32_t *count, Error *err);

/* Expected matches by the set of passes that find them. Only pairs more likely matches than not belong here: many
 * hopeless pairs, each with a trace of probability, would pass for matches that one pass finds alone. */
typedef struct CaptureCount {
    uint32_t passes; /* mask */
    double count;
} CaptureCount;
typedef VEC(CaptureCount) CaptureCounts; /* a mask may come more than once */
/* Expected matches that no pass finds, rather too low than too high; sources in missed.c. */
double missed_estimate(const CaptureCounts *counts, const PassSpec *passes, uint32_t pass_count);

/* --- weights (weight.c) ---------------------------------------------------------------------------------------- */

#define SHARE_FLOOR 0x1p-40 /* no share of a level is taken for smaller */

/* log2 of x > 0 in thousandths of a bit, computed in integers: the same on every machine. Error below 0.501. */
Weight weight_log2(double x);
/* log2(2^a + 2^b): integers and a table; error below 0.51 thousandths of a bit. WEIGHT_NEVER is log2 of 0. */
#define WEIGHT_NEVER (-1000 * WEIGHT_BIT)
#define LOG_SUM_SIZE 11500
typedef struct LogSum {
    uint16_t more[LOG_SUM_SIZE]; /* [d]: what 2^(a-d) adds to log2 of 2^a */
} LogSum;
void log_sum_fill(LogSum *table);
static inline Weight log_sum(const LogSum *table, Weight a, Weight b)
{
    Weight high = a > b ? a : b;
    uint32_t d = (uint32_t)(a > b ? a - b : b - a);
    return d < LOG_SUM_SIZE ? high + table->more[d] : high;
}
Weight weight_clip(int64_t w);

/* --- patterns (patterns.c, random_pairs.c, frequency.c) --------------------------------------------------------- */

/* Patterns seen, with how often: what EM works on. */
typedef struct PatternCount {
    uint64_t pattern;
    uint32_t passes; /* mask; 0 in a random sample */
    uint16_t segment;
    /* Term frequency as each class sees it, in steps of RARITY_STEP: log2 of P(values) by P(exact), summed over fields.
     */
    int16_t rarity[CLASS_COUNT];
    double count; /* sampled pairs are scaled up */
} PatternCount;
typedef VEC(PatternCount) PatternCounts;
#define RARITY_STEP 1000 /* thousandths of a bit */

/* Counts of one thread. */
typedef struct PatternTable {
    PatternCount *slots; /* count 0: empty */
    size_t len, slot_count;
} PatternTable;
MUST_USE Status pattern_table_init(PatternTable *p, Error *err);
void pattern_table_free(PatternTable *p);
MUST_USE Status pattern_table_add(PatternTable *p, const PatternCount *what, Error *err);
/* How often the same pattern is in the table. */
double pattern_table_count(const PatternTable *p, const PatternCount *what);
/* Adds one table's counts to another's. */
MUST_USE Status pattern_table_merge(PatternTable *into, const PatternTable *from, Error *err);
/* Sorted by segment, pattern, passes, rarity: no trace of threads. Counts times scale are appended to out. */
MUST_USE Status pattern_table_sorted(const PatternTable *p, double scale, PatternCounts *out, Error *err);

/* Seeded random comparable pairs (all of them where there are no more than `most`); *drawn: how many. */
MUST_USE Status random_pairs(
    const MatchTable *t, uint64_t most, unsigned threads, PatternCounts *out, uint64_t *drawn, Error *err);

/* What the values' counts say of all comparable pairs, without looking at one. */
typedef struct PairTotals {
    double comparable[MATCH_SEGMENTS_MAX];
    double records[MATCH_SEGMENTS_MAX];                 /* of sources with the segment's traits */
    double both[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX];  /* both have a value */
    double equal[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX]; /* and it is the same one */
    double twins;                                       /* pairs of them a person, where a source shows them; or 0 */
} PairTotals;
/* PairTotals.twins: the largest share of any source (twins.c). 12 bytes a record twice while it runs. */
MUST_USE Status twins_seen(const MatchTable *t, double *out, Error *err);
MUST_USE Status pair_totals(const MatchTable *t, unsigned threads, PairTotals *out, Error *err);
/* Records by source: those of source s are order[start[s]] .. order[start[s + 1] - 1]. */
MUST_USE Status records_by_source(const MatchTable *t, Arena *arena, uint32_t **order, uint32_t **start, Error *err);

/* log2 P(value) by the number of records that hold it: persons hold values, not records (frequency.c). */
typedef struct RarityScale {
    const struct MatchModel *model;
    uint32_t field;
    double persons;
    Weight *memo; /* by count, for those that occur */
    uint32_t memo_len;
} RarityScale;
uint32_t frequency_bucket(uint32_t count);
struct RecordSample;
/* Persons by records in each bucket: a record with d expected duplicates stands for 1 / (1 + d) persons. */
void persons_fit(
    struct MatchModel *m, const MatchTable *t, const struct RecordSample *sample, const double *duplicates);
MUST_USE Status rarity_init(RarityScale *scale, const MatchTable *t, const struct MatchModel *m, uint32_t field,
    uint32_t values, Arena *arena, Error *err);
Weight rarity_of(const RarityScale *scale, uint32_t count);
/* What MatchTable.whole is to a share of this table. Added to out. */
MUST_USE Status frequency_counts(const MatchTable *t, uint32_t field, CountShares *out, Error *err);
/* Rarity against the average agreement, kept to what a count can say. */
Weight rarity_clip(Weight rarity);
#define RARITY_BEYOND (100 * WEIGHT_BIT) /* more than it ever is */

/* --- model (train.c, em.c, score.c, pairs.c, model_file.c, calibrate.c) ------------------------------------------ */

typedef struct LevelParameter {
    double share[CLASS_COUNT]; /* P(level | class) */
    double evidence;           /* expected matching pairs seen at this level */
    bool is_default;           /* too little evidence: the prior stands */
} LevelParameter;

#define CALIBRATION_MAX 64
#define FREQUENCY_BUCKETS 32 /* of values by log2 of their count */

struct MatchModel {
    Arena arena;
    uint32_t field_count;
    Slice field_names[MATCH_FIELDS_MAX];
    FieldKind kinds[MATCH_FIELDS_MAX];
    uint32_t level_counts[MATCH_FIELDS_MAX];
    Slice level_names[MATCH_FIELDS_MAX][MATCH_LEVELS_MAX];
    uint32_t trait_count;
    Slice trait_names[MATCH_TRAITS_MAX];
    uint32_t segments;
    double class_share[MATCH_SEGMENTS_MAX][CLASS_COUNT]; /* of all comparable pairs of the segment */
    LevelParameter levels[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX][MATCH_LEVELS_MAX];
    /* What scoring adds up: log2 of the above, in thousandths of a bit; level 0 is 0 in every class. */
    Weight class_weight[MATCH_SEGMENTS_MAX][CLASS_COUNT];
    Weight level_weight[MATCH_SEGMENTS_MAX][CLASS_COUNT][MATCH_FIELDS_MAX][MATCH_LEVELS_MAX];
    /* Term frequency: persons by records among those whose value has a count of 2^bucket or more. */
    double persons_share[MATCH_FIELDS_MAX][FREQUENCY_BUCKETS];
    Weight exact_weight[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX]; /* log2 P(exact | stranger) the value's own replaces */
    /* Calibration: monotone and piecewise linear from raw to stated odds; no knots: as they are. */
    uint32_t knots;
    Weight knot_raw[CALIBRATION_MAX], knot_stated[CALIBRATION_MAX];
    PassSpec passes[MATCH_PASSES_MAX];
    uint32_t pass_count;
    TrainReport report;
};

/* How a class sees a field. */
typedef enum FieldView {
    VIEW_OWN,       /* its own shares: a match's error rates, a household's address */
    VIEW_STRANGER,  /* as between strangers, term frequency included */
    VIEW_MATCH,     /* as between records of one person: twins' birth date */
    VIEW_HOUSEHOLD, /* as inside a household: what a twin shares with it */
} FieldView;
FieldView class_view(const FieldSpec *field, PairClass class);

typedef enum EmStart {
    EM_FROM_PRIOR,
    EM_FROM_MODEL, /* with the model's shares and classes */
} EmStart;
typedef struct EmInput {
    const MatchConfig *config;
    const PatternCounts *candidates; /* of all passes; every other comparable pair counts as a stranger's */
    const PatternCounts *random;
    const PairTotals *totals;
    const PassSpec *passes;
    uint32_t pass_count;
    EmStart start;
    double matches; /* where EM_FROM_PRIOR starts: expected matching pairs */
} EmInput;
/* Fits m's class shares and levels, freezes the weights, fills the report's iterations, converged, change, matches,
 * missed and default_levels. ERR_INVALID when there is no comparable pair. */
MUST_USE Status em_fit(const EmInput *in, MatchModel *m, Error *err);
/* Fields, names, level counts and segments of config; everything else zero. */
MUST_USE Status model_new(const MatchConfig *config, MatchModel **out, Error *err);
MUST_USE Status model_set_passes(MatchModel *m, const PassSpec *passes, uint32_t count, Error *err);
/* Rounds shares to weights: once, after training. */
void model_freeze(MatchModel *m, const MatchConfig *config);

/* Scores: per-value frequency weights of one table under one model, shared by all threads, read-only. */
typedef struct Scorer Scorer;
MUST_USE Status scorer_new(const MatchTable *t, const MatchModel *m, Scorer **out, Error *err);
void scorer_free(Scorer *s);
/* Stated odds of a pair whose pattern is known. Records appended after scorer_new are scored with the frequency of a
 * value seen once. */
Weight score_pattern(const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern);
/* False: score_pattern is surely below `from`. Much cheaper, and true of most candidates. */
bool score_may_reach(const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern, Weight from);

/* What score_may_reach said of the patterns seen last, under one limit: few of millions are different. Zeroed at
 * first. */
#define REACH_SLOTS 512
typedef struct ReachMemo {
    uint64_t pattern[REACH_SLOTS];
    uint16_t known[REACH_SLOTS]; /* 0: nothing; otherwise segment + 1, doubled, and 1 where it may */
} ReachMemo;
/* As score_may_reach; `from` is the same in all calls with one memo. */
bool score_may_reach_again(const Scorer *s, ReachMemo *memo, uint32_t a, uint32_t b, uint64_t pattern, Weight from);

/* Term frequency of what the two agree on, as each class sees it. */
void pair_rarity(const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern, Weight rarity[CLASS_COUNT]);

/* The steps from pattern to odds, for explanations. */
typedef struct ScoreParts {
    Weight class_sum[CLASS_COUNT];   /* class weight, levels and rarity */
    Weight rarity[MATCH_FIELDS_MAX]; /* what the value's own frequency changes for strangers */
    Weight raw, stated, odds;        /* before and after calibration, and after rules */
    uint32_t rule;                   /* MATCH_NONE: none */
} ScoreParts;
void score_parts(const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern, ScoreParts *out);

typedef struct PairQuery {
    const MatchTable *table;
    const Scorer *scorer;
    const Blocks *blocks;
    Weight from;
    const char *label; /* of the progress line */
    Blocks *last;      /* blocks, when this is their last walk: folded after it (blocks_fold); or NULL */
} PairQuery;
/* Pairs from `from` on, in no order, before competition. Fills compared and matches_only_here. */
MUST_USE Status pairs_collect(
    const PairQuery *query, const RunOptions *options, MatchPairs *out, PairsReport *report, Error *err);
/* By (a, b); no pair twice. */
MUST_USE Status pairs_sort(MatchPairs *pairs, uint32_t records, unsigned threads, Error *err);

/* A record has at most one partner in a unique source: candidates that compete for the place share its odds
 * (pairs_compete.c). Pairs are collected from pairs_collect_from on and sorted by (a, b), the whole run's (after
 * merging, where partitions were scored apart); those that fall below config.keep_from are dropped. */
Weight pairs_collect_from(const MatchConfig *config); /* what to collect for it: it may raise odds */
MUST_USE Status pairs_compete(const MatchTable *t, MatchPairs *pairs, Error *err);

/* Stated odds of raw ones under the model's knots. */
Weight calibrate(const MatchModel *m, Weight raw);
typedef struct LabelledOdds {
    Weight odds;
    bool match;
    double weight; /* as in MatchLabel; above 0 */
} LabelledOdds;
/* Knots from labels: Platt's logistic regression with few, isotonic regression with many. */
MUST_USE Status calibrate_fit(MatchModel *m, const LabelledOdds *labels, size_t count, Error *err);

/* Stated against right, by bands of stated probability; for reports and tests. */
void calibration_table(const LabelledOdds *labels, size_t count, CalibrationBin bins[CALIBRATION_BINS]);

#endif
