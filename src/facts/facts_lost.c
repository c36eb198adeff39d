/*
 * A build that was published and whose process ended before its ledger entry.
 *
 * Its figures may have been read, so that what was known then must be told later like that of any build. The
 * generation itself says when it began, under which policy and after which run of the linking (known_build), and
 * which loads it had (load): its place in the ledger's order is behind the last thing that it knew of these and behind
 * the build before it, however many loads came in since. The next build writes the entry, with that place, before it
 * begins its own; no other step asks for builds.
 */
#include "facts/facts_parts.h"

#include <stdio.h>

#include "store/warehouse.h"

static const char told_sql[] = "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = "
                               "'known_build' AND column_name = 'link_run'";

/* A load's acceptance and its end are both things that the build knew of. */
static const char lost_sql[] =
    "SELECT epoch(began)::BIGINT, link_run, policy, (SELECT greatest(coalesce(max(accepted_seq), 0), "
    "coalesce(max(superseded_seq), 0)) + 1 FROM main.load) FROM main.known_build WHERE generation = %" PRIu32;

static Status read_lost(Db *db, uint32_t generation, Arena *arena, Build *out, bool *found, Error *err)
{
    DbRows *rows = NULL;
    int64_t told;
    Status st;
    *found = false;
    TRY(db_value_i64(db, &told, err, "%s", told_sql));
    if (told == 0) /* of an older program, which did not say what it was made of */
        return OK;
    TRY(db_queryf(db, &rows, err, lost_sql, generation));
    TRY_OUT(db_next(rows, found, err));
    if (!*found)
        goto out;
    *out =
        (Build){.at = db_i64(rows, 0), .link_run = db_i64(rows, 1), .seq = db_i64(rows, 3), .generation = generation};
    st = arena_dup(arena, db_str(rows, 2), &out->policy, err);
out:
    db_rows_free(rows);
    return st;
}

Status facts_lost_build(Home *home, Ledger *ledger, Arena *arena, Builds *builds, Error *err)
{
    uint32_t current = 0;
    bool found = false;
    char extra[48];
    Build lost;
    Db *db = NULL;
    Status st = warehouse_current(home, &current, err);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        return OK;
    }
    if (st != OK || (builds->len > 0 && vec_last(builds).generation >= current))
        return st;
    TRY(warehouse_open(home, &current, &db, err));
    TRY_OUT(read_lost(db, current, arena, &lost, &found, err));
    if (!found)
        goto out;
    if (builds->len > 0 && lost.seq <= vec_last(builds).seq) /* no load came between the two */
        lost.seq = vec_last(builds).seq + 1;
    snprintf(extra, sizeof extra, "\"place\":%" PRId64, lost.seq);
    TRY_OUT(ledger_add_build(ledger, &lost, slice_of(extra), err));
    st = vec_push(builds, lost, err);
out:
    db_close(db);
    return st;
}
