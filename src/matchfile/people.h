/* Private to matchfile: the input files, opened: what columns they have, and their rows. */
#ifndef CAIRN_MATCHFILE_PEOPLE_H
#define CAIRN_MATCHFILE_PEOPLE_H

#include "match/match.h"
#include "store/db.h"

#define PEOPLE_COLUMNS_MAX 500

typedef struct InputFile {
    const char *path;
    Slice name; /* the source's, when files are sources: the file's name without its ending */
    Slice columns[PEOPLE_COLUMNS_MAX];
    uint32_t column_count;
    const char *relation; /* what SQL reads from: columns c0, c1 ... of text */
    char delimiter;       /* of a CSV file; 0: a Parquet file */
} InputFile;

typedef struct People {
    Arena arena;
    Db *db;
    InputFile *files;
    size_t file_count;
} People;

typedef struct PeopleOptions {
    const char *const *paths;
    size_t path_count;
    unsigned threads;
    uint64_t memory_mb; /* of DuckDB; 0: its default */
} PeopleOptions;

/* Opens CSV files (a header row; comma, semicolon, tab or bar) and Parquet files. ERR_INVALID and ERR_PARSE name the
 * file. Close with people_close. */
MUST_USE Status people_open(const PeopleOptions *options, People *out, Error *err);
void people_close(People *p); /* a zeroed one is fine */
/* Number of a file's column, or PEOPLE_COLUMNS_MAX. */
uint32_t people_column(const InputFile *f, Slice name);
/* ERR_INVALID when no file has it; what says whose wish it is. */
MUST_USE Status people_require(const People *p, Slice name, const char *what, Error *err);
/* Rewrites what DuckDB says of a file into words with file and line, without the values it quotes. */
Status people_failed(const InputFile *f, Status status, Error *err);

/* Names of the columns in the first line of a CSV text, and what parts them. Slices point into line. */
MUST_USE Status csv_head(Slice line, const char *file, char *delimiter, Slice *names, uint32_t *count, Error *err);

/*
 * Rows of a CSV file, without its header, as long as they are plain (csv_rows.c says what that is). cells: one a
 * column, blanks and all, valid during the call. *plain: those were all; otherwise the row behind the last one handed
 * on is DuckDB's to read, or to refuse. A failure of fn ends the reading.
 */
typedef Status (*CsvRowFn)(void *ctx, const Slice *cells, Error *err);
MUST_USE Status csv_rows(const InputFile *f, CsvRowFn fn, void *ctx, bool *plain, Error *err);

/* --- loading ------------------------------------------------------------------------------------------------------ */

#define ROW_TRUTH_NONE UINT32_MAX

/* What is kept of each row beside the table, in the order of adding. */
typedef struct RowNotes {
    VEC(uint32_t) truth; /* number of the true person; ROW_TRUTH_NONE: not known. Empty without a truth column */
    Map persons;         /* text of the truth column -> its number */
} RowNotes;

typedef struct LoadOptions {
    const MatchInput *input;
    unsigned threads;
    ProgressMode progress;
} LoadOptions;

/* Sources of the files, by name or from a column, appended to those the config lists: sorted, so that the order of
 * files plays no part. ERR_LIMIT: more than MATCH_SOURCES_MAX. */
MUST_USE Status people_sources(People *p, const MatchInput *input, MatchConfig *config, const Log *log, Error *err);
/* All rows into a new table, sealed. notes is initialised; free it with notes_free. */
MUST_USE Status people_load(
    People *p, const MatchConfig *config, const LoadOptions *options, MatchTable **out, RowNotes *notes, Error *err);
void notes_free(RowNotes *n);

#endif
