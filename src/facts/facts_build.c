/*
 * A build: loads and links in, a warehouse generation out.
 *
 * The generation is made beside the one in use and published by a rename, so a
 * build that fails or is killed leaves nothing behind. It depends on loads, links
 * and policy only: not on the clock, the thread count or the order files came in.
 */
#include "facts/facts.h"

#include <stdio.h>

#include "facts/facts_parts.h"
#include "identity/identity.h"
#include "store/warehouse.h"

static Status stage_load_files(Db *db, const FactsInput *in, Error *err)
{
    Arena arena;
    Buf sql;
    bool first = true;
    Status st = OK;
    arena_init(&arena, 0);
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE TABLE staging.load_file (path VARCHAR, load_no INTEGER);\n");
    for (size_t i = 0; i < in->load_count && st == OK; i++) {
        PathList files = {0};
        st = load_row_files(in->loads_dir, &in->loads[i], &arena, &files, err);
        for (size_t k = 0; k < files.len; k++) {
            buf_adds(&sql, first ? "INSERT INTO staging.load_file VALUES (" : ",\n(");
            sql_literal(&sql, slice_of(files.at[k]));
            buf_addf(&sql, ", %" PRIu32 ")", in->loads[i].number);
            first = false;
        }
        vec_free(&files);
    }
    if (st == OK)
        st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    arena_free(&arena);
    return st;
}

static Status add_rows(Db *db, const FactsInput *in, const TableDefs *tables, Error *err)
{
    Arena arena;
    LoadGroups groups = {0};
    Progress *progress = NULL;
    uint64_t total = 0;
    Status st = OK;
    arena_init(&arena, 0);
    for (size_t i = 0; i < in->load_count; i++)
        total += in->loads[i].rows_accepted;
    TRY_OUT(load_groups_read(in, &arena, &groups, err));
    TRY_OUT(progress_new(in->progress, "build", total, "rows", &progress, err));
    for (size_t i = 0; i < groups.len; i++)
        if (groups.at[i].contract->kind == KIND_REFERENCE)
            TRY_OUT(facts_reference_loads(db, in, &groups.at[i], err));
    for (size_t i = 0; i < groups.len; i++) {
        double began = clock_monotonic();
        uint64_t rows = 0;
        TRY_OUT(cancel_check(err));
        if (groups.at[i].contract->kind == KIND_RECORDS)
            TRY_OUT(facts_insert_group(db, in, tables, &groups.at[i], err));
        for (size_t k = 0; k < groups.at[i].loads.len; k++)
            rows += groups.at[i].loads.at[k]->rows_accepted;
        progress_add(progress, rows);
        log_line(in->log, LOG_DEBUG, "step=facts source=%.*s loads=%zu rows=%" PRIu64 " seconds=%.2f",
            SLICE_ARG(groups.at[i].source), groups.at[i].loads.len, rows, clock_monotonic() - began);
    }
    st = facts_past(db, in, &groups, err);
out:
    progress_done(progress);
    load_groups_free(&groups);
    arena_free(&arena);
    return st;
}

static Status check_linked(Db *db, const TableDefs *tables, uint64_t *facts, Error *err)
{
    *facts = 0;
    for (size_t i = 0; i < tables->len; i++) {
        const TableDef *t = &tables->at[i];
        int64_t rows = 0, unlinked = 0;
        if (t->origin != TABLE_FACT)
            continue;
        TRY(db_value_i64(db, &rows, err, "SELECT count(*) FROM fact.%.*s", SLICE_ARG(t->name)));
        *facts += (uint64_t)rows;
        if (!t->person)
            continue;
        TRY(db_value_i64(
            db, &unlinked, err, "SELECT count(*) FROM fact.%.*s WHERE person IS NULL", SLICE_ARG(t->name)));
        if (unlinked > 0) {
            Status st = error_set(err, ERR_INVALID,
                "%" PRId64 " rows of %.*s belong to records that are not linked to a person", unlinked,
                SLICE_ARG(t->name));
            error_hint(err, "run `cairn link` first");
            return st;
        }
    }
    return OK;
}

Status facts_assemble(Db *db, const FactsInput *in, uint64_t *facts, Error *err)
{
    Arena arena;
    TableDefs tables = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(model_tables(in->policy, &arena, &tables, err));
    TRY_OUT(facts_schema_create(db, &tables, err));
    TRY_OUT(facts_schema_loads(db, in->loads, in->load_count, err));
    TRY_OUT(stage_load_files(db, in, err));
    TRY_OUT(facts_reference_policy(db, in->policy, &tables, err));
    TRY_OUT(add_rows(db, in, &tables, err));
    TRY_OUT(check_linked(db, &tables, facts, err));
    TRY_OUT(db_exec(db,
        "DROP TABLE staging.identity_map; DROP TABLE staging.identity_source; DROP TABLE staging.load_file; "
        "DROP TABLE IF EXISTS staging.identity_moved; DROP TABLE IF EXISTS staging.person_link_past",
        err));
    TRY_OUT(facts_schema_views(db, &tables, in->loads, in->load_count, err));
    TRY_OUT(facts_derive(db, in, &tables, err));
out:
    vec_free(&tables);
    arena_free(&arena);
    return st;
}

/* identity_export makes its tables in the database in use, so that is staging while it runs. */
static Status stage_persons(const BuildContext *ctx, Db *db, const Builds *builds, Error *err)
{
    const LinkContext link = {
        .home = ctx->home, .policy = ctx->policy, .ledger = ctx->ledger, .log = ctx->log, .progress = ctx->progress};
    Buf name, back;
    VEC(LinkMoment) moments = {0};
    Status st = OK;
    buf_init(&name, 0);
    buf_init(&back, 0);
    TRY_OUT(db_value_str(db, &name, err, "SELECT current_database()"));
    buf_adds(&back, "USE ");
    sql_ident(&back, buf_slice(&name));
    TRY_OUT(buf_status(&back, err));
    TRY_OUT(db_exec(db, "ATTACH ':memory:' AS staging; USE staging", err));
    for (size_t i = 0; i + 1 < builds->len; i++)
        TRY_OUT(vec_push(&moments,
            ((LinkMoment){.build = builds->at[i].seq, .run = builds->at[i].link_run, .at = builds->at[i].at}), err));
    TRY_OUT(identity_export_since(&link, moments.at, moments.len, db, err));
    TRY_OUT(db_exec(db, buf_z(&back), err));
out:
    vec_free(&moments);
    buf_free(&name);
    buf_free(&back);
    return st;
}

/* The ledger's builds, and after them this one, whose place in the ledger is behind everything that is there. */
static Status read_builds(const BuildContext *ctx, uint32_t generation, Arena *arena, Builds *out, Error *err)
{
    Build now = {.seq = INT64_MAX, .at = clock_now(), .generation = generation};
    IdentityState links;
    char *policy;
    TRY(ledger_builds(ctx->ledger, arena, out, err));
    TRY(facts_lost_build(ctx->home, ctx->ledger, arena, out, err));
    TRY(identity_state(ctx->home, &links, err));
    TRY(arena_array_(arena, SHA256_HEX_SIZE, 1, (void **)&policy, err));
    TRY(policy_fingerprint(ctx->policy, policy, err));
    now.link_run = links.last_run;
    now.policy = slice_of(policy);
    return vec_push(out, now, err);
}

/* The policy as it is now, for whoever asks later what was known now. */
static Status keep_policy(const BuildContext *ctx, Slice fingerprint, Error *err)
{
    Arena arena;
    const char *folder, *path;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(home_file(ctx->home, &arena, "warehouse/policy", &folder, err));
    if (!dir_exists(folder))
        TRY_OUT(dir_make(folder, MODE_DIR_PRIVATE, err));
    TRY_OUT(arena_printf(&arena, &path, err, "%s/%.*s", folder, SLICE_ARG(fingerprint)));
    if (!dir_exists(path))
        st = policy_save(ctx->policy, path, err);
out:
    arena_free(&arena);
    return st;
}

static Status record(const BuildContext *ctx, const Build *build, const BuildReport *r, Error *err)
{
    Buf body;
    buf_init(&body, 0);
    buf_addf(&body, "\"loads\":%" PRIu64 ",\"facts\":%" PRIu64 ",\"bytes\":%" PRIu64, r->loads, r->facts, r->bytes);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_add_build(ctx->ledger, build, buf_slice(&body), err);
    buf_free(&body);
    return st;
}

static Status measure_file(const BuildContext *ctx, Arena *arena, BuildReport *out, Error *err)
{
    const char *relative, *path;
    TRY(arena_printf(arena, &relative, err, "warehouse/gen-%06" PRIu32 ".duckdb", out->generation));
    TRY(home_file(ctx->home, arena, relative, &path, err));
    return file_size(path, &out->bytes, err);
}

Status facts_build(const BuildContext *ctx, BuildReport *out, Error *err)
{
    Arena arena;
    Loads loads = {0};
    Builds builds = {0};
    Generation *gen = NULL;
    FactsInput in = {.policy = ctx->policy, .log = ctx->log, .progress = ctx->progress};
    Status st = OK;
    *out = (BuildReport){0};
    arena_init(&arena, 0);
    TRY_OUT(home_file(ctx->home, &arena, "loads", &in.loads_dir, err));
    TRY_OUT(ledger_loads(ctx->ledger, &arena, &loads, err));
    in.loads = loads.at;
    in.load_count = loads.len;
    TRY_OUT(generation_begin(ctx->home, &gen, err));
    out->generation = generation_number(gen);
    out->loads = loads.len;
    TRY_OUT(read_builds(ctx, out->generation, &arena, &builds, err));
    TRY_OUT(keep_policy(ctx, vec_last(&builds).policy, err));
    in.builds = &builds;
    TRY_OUT(stage_persons(ctx, generation_db(gen), &builds, err));
    TRY_OUT(facts_assemble(generation_db(gen), &in, &out->facts, err));
    TRY_OUT(db_exec(generation_db(gen), "DETACH staging", err));
    st = generation_publish(gen, err);
    gen = NULL;
    if (st != OK)
        goto out;
    TRY_OUT(measure_file(ctx, &arena, out, err));
    TRY_OUT(record(ctx, &vec_last(&builds), out, err));
out:
    generation_abandon(gen);
    vec_free(&builds);
    vec_free(&loads);
    arena_free(&arena);
    return st;
}
