/* Private to matchfile: pairs and persons that somebody else knows, by the records' ids. */
#ifndef CAIRN_MATCHFILE_TRUTH_FILE_H
#define CAIRN_MATCHFILE_TRUTH_FILE_H

#include "match/match.h"

/* Records by "SOURCE<tab>id", and by the id alone where only one source has it. */
typedef struct RecordNames {
    const MatchTable *table;
    const MatchConfig *config;
    Map names;
} RecordNames;

MUST_USE Status record_names_new(const MatchTable *t, const MatchConfig *config, RecordNames *out, Error *err);
void record_names_free(RecordNames *n);
/* source may be empty. ERR_NOT_FOUND; ERR_INVALID when several sources have the id. */
MUST_USE Status record_by_name(const RecordNames *n, Slice source, Slice id, uint32_t *out, Error *err);

/*
 * A CSV file of one of two shapes, told apart by the names of its columns:
 *   id, cluster                who each record is (or person, entity, truth, label in place of cluster); [source]
 *   id_a, id_b [, match]       true pairs; those with a match below 0.5 are pairs known to be different; [source_a,
 * source_b], [weight] _l and _r, or _1 and _2, do as well as _a and _b, and unique_id or rec_id as well as id.
 */
typedef struct TruthFile {
    uint32_t *person;       /* of each record; MATCH_NONE: not known. From pairs: whoever is in none is alone */
    VEC(MatchLabel) labels; /* from pairs only; of weight 1 unless weighted */
    bool weighted;          /* the file says how many pairs each stands for */
} TruthFile;

/* ERR_PARSE, ERR_INVALID and ERR_NOT_FOUND name the file and row. Free with truth_file_free. */
MUST_USE Status truth_file_read(const char *path, const RecordNames *names, TruthFile *out, Error *err);
void truth_file_free(TruthFile *t);

#endif
