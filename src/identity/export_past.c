/*
 * Who was who at earlier builds, for the warehouse: an undo log of pseudonyms.
 *
 * The newest earlier build first: of the persons that runs since then touched, what their links were is compared with
 * what they are at the build after, and only what differs is written. So the log grows with what changed, not with the
 * number of builds, and the state at any build is "the row with the smallest build that is not before it, else
 * today's".
 */
#include "identity/export.h"

static const char tables_sql[] =
    "CREATE TABLE identity_moved(build BIGINT, record_tag UUID, person UBIGINT);"
    "CREATE TABLE person_link_past AS SELECT 0::BIGINT AS build, TRUE AS present, * FROM person_link LIMIT 0";

static const char next_sql[] =
    "CREATE TEMP TABLE identity_next AS WITH l AS (SELECT p.* FROM person_link_past p SEMI JOIN identity_touched t "
    "USING (person) QUALIFY row_number() OVER (PARTITION BY p.person ORDER BY p.build) = 1) "
    "SELECT * EXCLUDE (build, present) FROM l WHERE present UNION ALL BY NAME "
    "SELECT p.* FROM person_link p SEMI JOIN identity_touched t USING (person) ANTI JOIN l USING (person)";

static Status write_touched(const Export *e, const LinksThen *then, Error *err)
{
    DbAppender *a;
    Status st = OK;
    TRY(db_exec(e->db, "CREATE TEMP TABLE identity_touched(person UBIGINT)", err));
    TRY(db_appender_open(e->db, "identity_touched", &a, err));
    for (size_t i = 0; st == OK && i < then->touched.len; i++) {
        uint64_t name;
        st = pseudonym_of(e->pseudo, then->touched.at[i], &name, err);
        if (st != OK)
            break;
        db_append_i64(a, 0, (int64_t)name);
        st = db_append_row(a, err);
    }
    if (st == OK)
        return db_appender_close(a, err);
    db_appender_abandon(a);
    return st;
}

static Status write_differences(const Export *e, int64_t build, Error *err)
{
    TRY(db_exec(e->db, next_sql, err));
    TRY(db_execf(e->db, err,
        "INSERT INTO person_link_past BY NAME SELECT %" PRId64 "::BIGINT AS build, p.person IS NOT NULL AS present, "
        "t.person, p.* EXCLUDE (person) FROM identity_touched t LEFT JOIN person_link_then p USING (person) "
        "LEFT JOIN identity_next n USING (person) WHERE p IS DISTINCT FROM n",
        build));
    return db_execf(e->db, err,
        "INSERT INTO identity_moved SELECT %" PRId64 ", e.record_tag, e.person FROM identity_then e "
        "JOIN identity_map m USING (record_tag) LEFT JOIN (SELECT record_tag, arg_min(person, build) AS person FROM "
        "identity_moved GROUP BY record_tag) n USING (record_tag) WHERE e.person <> coalesce(n.person, m.person)",
        build);
}

/* What was otherwise after run `since` than after run `until`. */
static Status tell_back(Export *e, int64_t build, int64_t since, int64_t until, Error *err)
{
    LinksThen then;
    Status st = vault_links_then(e->vault, since, until, &then, err);
    if (st == OK)
        st = write_touched(e, &then, err);
    if (st == OK)
        st = export_then(e, &then.links, &then.misses, err);
    if (st == OK)
        st = write_differences(e, build, err);
    if (st == OK)
        st = db_exec(e->db,
            "DROP TABLE identity_next; DROP TABLE identity_touched; DROP TABLE person_link_then; "
            "DROP TABLE identity_then",
            err);
    links_then_free(&then);
    return st;
}

static int64_t run_of(const LinkRuns *runs, const LinkMoment *m)
{
    int64_t run = 0;
    if (m->run >= 0)
        return m->run;
    for (size_t i = 0; i < runs->len && runs->at[i].at <= m->at; i++)
        run = runs->at[i].run;
    return run;
}

Status export_past(Export *e, const LinkMoment *moments, size_t count, Error *err)
{
    Arena arena;
    LinkRuns runs = {0};
    int64_t until;
    Status st;
    arena_init(&arena, 0);
    TRY_OUT(db_exec(e->db, tables_sql, err));
    TRY_OUT(vault_runs(e->vault, &arena, &runs, err));
    TRY_OUT(vault_last_run(e->vault, &until, err));
    for (size_t i = count; i-- > 0;) {
        int64_t run = run_of(&runs, &moments[i]);
        if (run >= until)
            continue;
        TRY_OUT(cancel_check(err));
        TRY_OUT(tell_back(e, moments[i].build, run, until, err));
        until = run;
    }
out:
    vec_free(&runs);
    arena_free(&arena);
    return st;
}
