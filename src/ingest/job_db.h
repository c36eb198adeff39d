/*
 * The database in memory that a file is checked in. Opening one takes about 20
 * ms, half of what a small file needs altogether, so that the files of a run use
 * one after the other; two that are on their way at once need one each.
 *
 * What a file makes in it lies in a catalog that goes away with the file. Functions
 * cannot be taken out again: each file's have names of their own, by its mark.
 */
#ifndef CAIRN_INGEST_JOB_DB_H
#define CAIRN_INGEST_JOB_DB_H

#include "store/db.h"
#include "store/home.h"

/* Zeroed: nothing is open yet. */
typedef struct JobDb {
    Db *db;
    unsigned files;
    char mark[16]; /* of the file in hand: the end of all function names */
} JobDb;

/* A connection for a file, to be closed before job_db_end, whose tables and views are seen by nobody else; connections
 * beside it run JOB_DB_USE first to see them. Opens the database when it is not. */
MUST_USE Status job_db_begin(JobDb *j, const HomeSettings *settings, Db **out, Error *err);
#define JOB_DB_USE "USE file; "
/* Forgets what the file had there. */
void job_db_end(JobDb *j);
void job_db_close(JobDb *j); /* a closed one is fine */

#endif
