/* See job_db.h. */
#include "ingest/job_db.h"

#include <stdio.h>

/* No spilling: columns that rules need may be identities. And what was read of one file's rows.parquet is of no use to
 * the next. */
static Status open_database(JobDb *j, const HomeSettings *settings, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    options.threads = settings->threads;
    options.memory_mb = settings->memory_mb;
    TRY(db_open(&options, &j->db, err));
    Status st = db_exec(j->db, "SET enable_external_file_cache = false", err);
    if (st != OK)
        job_db_close(j);
    return st;
}

Status job_db_begin(JobDb *j, const HomeSettings *settings, Db **out, Error *err)
{
    if (!j->db)
        TRY(open_database(j, settings, err));
    snprintf(j->mark, sizeof j->mark, "_f%u", j->files++);
    TRY(db_exec(j->db, "ATTACH ':memory:' AS file", err));
    TRY(db_beside(j->db, out, err));
    return db_exec(*out, JOB_DB_USE, err);
}

void job_db_end(JobDb *j)
{
    /* whatever is wrong with it, the next file shall not have it */
    if (j->db && db_exec(j->db, "DETACH DATABASE IF EXISTS file", NULL) != OK)
        job_db_close(j);
}

void job_db_close(JobDb *j)
{
    db_close(j->db);
    j->db = NULL;
}
