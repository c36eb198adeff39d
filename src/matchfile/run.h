/* Private to matchfile: a run and its results, for those that write them. */
#ifndef CAIRN_MATCHFILE_RUN_H
#define CAIRN_MATCHFILE_RUN_H

#include "matchfile/matchfile.h"
#include "matchfile/people.h"
#include "matchfile/suggest.h"

/* What is written of a cluster. */
typedef struct ClusterKnown {
    uint64_t content; /* hash of its first record */
    uint32_t twin;    /* clusters before it whose first record has the same content */
    uint32_t size;    /* records */
    Weight weakest;
} ClusterKnown;

struct MatchRun {
    Arena arena;
    MatchFileOptions options;
    People people;
    MatchConfig config;
    MatchInput input;
    Profile profile; /* when the config was proposed */
    MatchTable *table;
    MatchModel *model;   /* NULL with fewer than two records */
    MatchBlocks *blocks; /* between training and scoring */
    MatchPairs pairs;
    MatchClusters clusters;
    uint32_t *person; /* of each record; NULL: no truth */
    MatchRunReport report;
    /* Made by run_order: records in the order of source and id, and each record's place in it. */
    uint32_t *order, *rank;
    Buf names; /* "source,id" of each record as cells, by rank: the i-th ends at name_ends[i + 1] */
    size_t *name_ends;
    ClusterKnown *cluster;
};

/* Fills order, rank, names and what is known of clusters; once. */
MUST_USE Status run_order(MatchRun *r, Error *err);
/* The part of it that fills r->cluster. */
MUST_USE Status know_clusters(MatchRun *r, Error *err);
/* Source and id, as two cells, of the record at a place in the order. After run_order. */
Slice ranked_name(const MatchRun *r, uint32_t rank);
/* A cluster's name: 16 hex digits of the content of its first record, "-2" and so on behind a second of the same. After
 * run_order. */
void add_cluster_name(const MatchRun *r, uint32_t cluster, Buf *out);
/* Six decimals. */
void add_probability(Buf *out, Weight odds);
/* "match", "review" or "below". */
const char *run_decision(const MatchRun *r, Weight odds);
/* A weight in bits with three decimals. */
void add_bits(Buf *out, Weight w);
/* A signed weight in bits with one decimal: "+9.2". */
void add_tenths(Buf *out, Weight w);
/* "last_name exact +9.2 (value +1.2)": what a field adds. */
void add_reason(Buf *out, const FieldReason *reason);
/* Names of the passes in a mask, parted by blanks. */
void add_passes(Buf *out, const MatchModel *m, uint32_t passes);

MUST_USE Status write_pairs(MatchRun *r, const char *path, Error *err);
MUST_USE Status write_clusters(MatchRun *r, const char *path, Error *err);
MUST_USE Status write_model(MatchRun *r, const char *path, Error *err);
/* The config as it was used: with the sources that were found, and what options changed. */
MUST_USE Status write_config(MatchRun *r, const char *path, Error *err);
/* Pairs from the answers of workers instead of scoring them here. */
MUST_USE Status run_merge(MatchRun *r, Error *err);
MUST_USE Status write_report(MatchRun *r, const char *path, Error *err);

#endif
