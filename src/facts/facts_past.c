/*
 * Earlier builds inside the newest generation, so that any earlier figure can be worked out again.
 *
 * - known_build: each build with its place in the ledger's order, when it began, its policy and the linking's last run
 *   (facts_lost.c);
 *
 * - load (facts_schema.c): the places of a load's acceptance and of what superseded it. A build holds the loads before
 *   it, and believed those of them that nothing before it superseded;
 *
 * - fact_person_past: a row of a load whose record belonged to another person then;
 *
 * - person_link_past: a person whose links were otherwise then, or who was not there.
 *
 * The last two are undo logs (identity_export_since): a row holds at its own build and at all before, up to the next
 * row of the same fact or person. Pseudonyms only; records' tags stay in staging.
 */
#include "facts/facts_parts.h"

static const char tables_sql[] =
    "CREATE TABLE main.known_build (build BIGINT, generation INTEGER, began TIMESTAMP, policy VARCHAR, link_run "
    "BIGINT);\n"
    "CREATE TABLE main.fact_person_past (build BIGINT, load_no INTEGER, row_no BIGINT, person UBIGINT);\n";

static Status add_builds(Db *db, const Builds *builds, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "INSERT INTO main.known_build VALUES ");
    for (size_t i = 0; i < builds->len; i++) {
        const Build *b = &builds->at[i];
        buf_addf(&sql, "%s(%" PRId64 ", %" PRIu32 ", make_timestamp(%" PRId64 "::BIGINT * 1000000), ", i ? ",\n" : "",
            b->seq, b->generation, b->at);
        sql_literal(&sql, b->policy);
        buf_addf(&sql, ", %" PRId64 ")", b->link_run);
    }
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

/* Rows of one group of loads that belonged to somebody else. */
static Status add_moved(Db *db, const FactsInput *in, const LoadGroup *group, Error *err)
{
    Buf files;
    size_t count;
    buf_init(&files, 0);
    Status st = load_group_files(in, group, ALL_LOADS, &files, &count, err);
    if (st == OK && count > 0)
        st = db_execf(db, err,
            "INSERT INTO main.fact_person_past SELECT m.build, l.load_no, r.row_no, m.person FROM read_parquet(%s, "
            "filename = 'cairn_file') r JOIN staging.load_file l ON l.path = r.cairn_file JOIN main.load o ON "
            "o.load_no = l.load_no JOIN staging.identity_moved m ON m.record_tag = r.record_tag WHERE o.accepted_seq < "
            "m.build",
            buf_z(&files));
    buf_free(&files);
    return st;
}

Status facts_past(Db *db, const FactsInput *in, const LoadGroups *groups, Error *err)
{
    const bool earlier = in->builds && in->builds->len > 1;
    int64_t moved = 0;
    TRY(db_exec(db, tables_sql, err));
    if (in->builds && in->builds->len > 0)
        TRY(add_builds(db, in->builds, err));
    TRY(db_exec(db,
        earlier ? "CREATE TABLE main.person_link_past AS SELECT * FROM staging.person_link_past ORDER BY build, person"
                : "CREATE TABLE main.person_link_past AS SELECT 0::BIGINT AS build, TRUE AS present, * FROM "
                  "main.person_link LIMIT 0",
        err));
    if (earlier)
        TRY(db_value_i64(db, &moved, err, "SELECT count(*) FROM staging.identity_moved"));
    for (size_t i = 0; moved > 0 && i < groups->len; i++)
        if (groups->at[i].contract->kind == KIND_RECORDS)
            TRY(add_moved(db, in, &groups->at[i], err));
    return OK;
}
