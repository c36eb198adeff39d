/*
 * Matchfile: the match room for files. CSV and Parquet in; pairs, clusters, the model and a report out. No data home,
 * no vault: what it reads and writes belongs to whoever runs it.
 *
 *   files ─► people (columns, rows) ─► table ─► match room ─► pairs.csv, clusters.csv, model.json, report.html
 *               │
 *               └─► profile ─► a config, when there is none
 *
 * Same rows, same bytes: neither the order of rows or files nor the number of threads shows in what is written, as long
 * as records have ids (without an id column a record is called by its row's number).
 */
#ifndef CAIRN_MATCHFILE_MATCHFILE_H
#define CAIRN_MATCHFILE_MATCHFILE_H

#include "match/match.h"

typedef enum MatchFormat { MATCH_CSV, MATCH_PARQUET } MatchFormat;

typedef struct MatchFileOptions {
    const char *const *paths;
    size_t path_count;
    const char *config_path; /* NULL: proposed from the columns */
    const char *nicknames;   /* path of the table to use when the config names none; NULL: none */
    const char *model_path;  /* frozen parameters; NULL: trained */
    const char *truth;       /* a column, or a file (docs/match.md); NULL: none */
    const char *labels;      /* a file of labelled pairs; NULL: none */
    bool labels_sampled;     /* they were drawn whatever their answer, each with the chance of its like */
    const char *id;          /* column that names a record, in place of the config's; NULL: the config's */
    const char *unique; /* sources that hold nobody twice, parted by commas, "all": all; NULL: as the config says */
    double threshold;   /* probability from which on two records are linked; negative: the config's */
    int64_t seed;       /* negative: the config's */
    MatchFormat format;
    uint32_t partitions; /* shares that matchfile_partition makes; with it nothing is scored here. 0: none */
    const char *scored;  /* folder of shares and of workers' answers to them; needs model_path. NULL: scored here */
    unsigned threads;
    uint64_t memory_mb;
    const Log *log;
    ProgressMode progress;
} MatchFileOptions;

#define MATCH_FILE_OPTIONS_INIT \
    { \
        .threshold = -1, .seed = -1, .format = MATCH_CSV \
    }

/* A run and all its results. */
typedef struct MatchRun MatchRun;

typedef struct MatchRunReport {
    uint64_t records, sources;
    bool proposed;        /* the config was */
    bool trained;         /* false: fewer than two records, or a model from a file */
    TrainReport training; /* of the model, wherever it comes from */
    PairsReport pairs;
    uint64_t links, review; /* kept pairs from match_from on; below that from review_from on */
    ClusterReport clusters;
    bool has_truth;
    TruthReport truth;
    /* reading, training, pairs, clusters: of the clock, and of CPU; for people, never written into results */
    double seconds[4], cpu[4];
} MatchRunReport;

/* The proposed config as text, appended to out. */
MUST_USE Status matchfile_suggest(const MatchFileOptions *options, Buf *out, Error *err);

/* Reads, trains, scores and clusters. Errors name file, row and column. Free with matchfile_free. */
MUST_USE Status matchfile_run(const MatchFileOptions *options, MatchRun **out, Error *err);
void matchfile_free(MatchRun *r); /* NULL is fine */
const MatchRunReport *matchfile_report(const MatchRun *r);
const MatchConfig *matchfile_config(const MatchRun *r);

/* Writes pairs, clusters, model.json, match.toml and report.html into dir, which is made; files of these names are
 * replaced, each whole or not at all. */
MUST_USE Status matchfile_write(MatchRun *r, const char *dir, Error *err);
/* With options.partitions: model.json, match.toml and the shares, for workers (docs/match.md). */
MUST_USE Status matchfile_partition(MatchRun *r, const char *dir, Error *err);
/* The worker: a share and a model file in, its scored pairs as text appended to out. */
MUST_USE Status matchfile_score_share(const char *share_path, const char *model_path, Buf *out, Error *err);
/* Why two records are linked or not, in words. An id is ID or SOURCE:ID. */
MUST_USE Status matchfile_why(MatchRun *r, Slice left, Slice right, Buf *out, Error *err);

#endif
