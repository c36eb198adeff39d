/*
 * What was known on an earlier day.
 *
 * A figure of that day came from the generation that was in force: from its loads, its links and its policy. Nothing of
 * them is overwritten. The newest generation holds every fact ever accepted, each build's place in the ledger's order
 * (known_build, load), and backwards what links were otherwise at each build (fact_person_past, person_link_past); the
 * policy of each build is kept beside the generations. So "as known on day D" takes the last build that had begun by
 * the end of D and hides the newest generation's tables behind temporary ones: facts of the loads that build believed,
 * under the persons of that build, persons' links as they were, the reference lists of its policy, and the derived
 * tables worked out from those by that policy's own definitions. DuckDB looks for a bare name among temporary objects
 * first; the generation itself is not touched.
 *
 * What does not go back: lists of public files (loads that are no records), which no measure but `published` reads;
 * sectors of persons, which are by the newest policy of sources.
 */
#include "measure/measure_parts.h"

static bool names_table(const Slice *needs, size_t count, Slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(needs[i], name))
            return true;
    return false;
}

/* subject_quarter reads these two. */
static bool is_quarter_table(const RowWish *wish, Slice name)
{
    return wish->outcome && wish->outcome->has_quarters &&
           (slice_eq_z(name, "employment_person_quarter") || slice_eq_z(name, "wage_quarter"));
}

bool measure_needs_table(const DerivedTables *all, const RowWish *wish, Slice name)
{
    if (slice_eq_z(name, "person") || is_quarter_table(wish, name))
        return true;
    if (wish->def && names_table(wish->def->needs, wish->def->need_count, name))
        return true;
    if (wish->outcome && names_table(wish->outcome->needs, wish->outcome->need_count, name))
        return true;
    for (size_t i = 0; i < all->len; i++)
        if (names_table(all->at[i].needs, all->at[i].need_count, name) &&
            measure_needs_table(all, wish, all->at[i].name))
            return true;
    return false;
}

/* --- which build --- */

Status known_on_find(Db *db, Date day, Arena *arena, KnownBuild *out, Error *err)
{
    DbRows *rows = NULL;
    bool more = false;
    char text[11];
    Status st = OK;
    int64_t told = 0;
    date_print(day, text);
    *out = (KnownBuild){0};
    TRY(db_value_i64(db, &told, err,
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'main' AND table_name = 'known_build'"));
    if (told == 0) {
        error_set(err, ERR_INVALID, "the generation was built by a program that did not keep earlier builds");
        error_hint(err, "\"cairn build\" makes one that tells of them.");
        return ERR_INVALID;
    }
    TRY(db_queryf(db, &rows, err,
        "SELECT build, generation, strftime(began, '%%Y-%%m-%%dT%%H:%%M:%%SZ'), policy, build = (SELECT max(build) "
        "FROM main.known_build) FROM main.known_build WHERE began < TIMESTAMP '%s' + INTERVAL 1 DAY ORDER BY build "
        "DESC "
        "LIMIT 1",
        text));
    TRY_OUT(db_next(rows, &more, err));
    if (!more) {
        st = error_set(err, ERR_NOT_FOUND, "nothing was known on %s: no generation had been built", text);
        goto out;
    }
    out->build = db_i64(rows, 0);
    out->generation = (uint32_t)db_i64(rows, 1);
    out->current = db_i64(rows, 4) != 0;
    TRY_OUT(arena_dup(arena, db_str(rows, 2), &out->began, err));
    TRY_OUT(arena_dup(arena, db_str(rows, 3), &out->policy, err));
out:
    db_rows_free(rows);
    return st;
}

/* The build's own policy; NULL where the home does not have it. */
Status known_on_policy(Home *home, const KnownBuild *build, Policy **out, Error *err)
{
    Arena arena;
    const char *relative, *folder, *dir;
    Status st = OK;
    *out = NULL;
    if (build->policy.len == 0)
        return OK;
    arena_init(&arena, 0);
    TRY_OUT(arena_printf(&arena, &relative, err, "warehouse/policy/%.*s", SLICE_ARG(build->policy)));
    TRY_OUT(home_file(home, &arena, relative, &folder, err));
    if (dir_exists(folder)) {
        TRY_OUT(policy_saved(folder, &arena, &dir, err));
        st = policy_open(dir, out, err);
    }
out:
    arena_free(&arena);
    return st;
}

/* --- hiding --- */

/* Loads and links of the build. Of an undo log the row that holds is the one with the smallest build not before it. */
static Status hide_links(Db *db, const KnownBuild *b, Error *err)
{
    TRY(db_execf(db, err,
        "CREATE OR REPLACE TEMP TABLE measure_known_load AS SELECT load_no FROM main.load WHERE accepted_seq < %" PRId64
        " AND (superseded_seq IS NULL OR superseded_seq > %" PRId64 ")",
        b->build, b->build));
    TRY(db_execf(db, err,
        "CREATE OR REPLACE TEMP TABLE measure_known_person AS SELECT load_no, row_no, arg_min(person, build) AS person "
        "FROM main.fact_person_past WHERE build >= %" PRId64 " GROUP BY load_no, row_no",
        b->build));
    TRY(db_execf(db, err,
        "CREATE OR REPLACE TEMP TABLE measure_known_link AS SELECT * FROM main.person_link_past WHERE build >= %" PRId64
        " QUALIFY row_number() OVER (PARTITION BY person ORDER BY build) = 1",
        b->build));
    return db_exec(db,
        "CREATE OR REPLACE TEMP TABLE person_link AS SELECT * FROM (SELECT * FROM main.person_link ANTI JOIN "
        "temp.measure_known_link USING (person) UNION ALL BY NAME SELECT * EXCLUDE (build, present) FROM "
        "temp.measure_known_link WHERE present) ORDER BY person",
        err);
}

static Status hide_facts(Db *db, const TableDefs *tables, Error *err)
{
    int64_t moved = 0;
    TRY(db_value_i64(db, &moved, err, "SELECT count(*) FROM temp.measure_known_person"));
    for (size_t i = 0; i < tables->len; i++) {
        const TableDef *t = &tables->at[i];
        if (t->origin != TABLE_FACT)
            continue;
        TRY(db_execf(db, err,
            t->person && moved > 0
                ? "CREATE OR REPLACE TEMP VIEW %.*s AS SELECT f.* REPLACE (coalesce(m.person, f.person) AS person) "
                  "FROM fact.%.*s f LEFT JOIN temp.measure_known_person m ON m.load_no = f.load_no AND m.row_no = "
                  "f.row_no WHERE f.load_no IN (SELECT load_no FROM temp.measure_known_load)"
                : "CREATE OR REPLACE TEMP VIEW %.*s AS SELECT * FROM fact.%.*s WHERE load_no IN (SELECT load_no FROM "
                  "temp.measure_known_load)",
            SLICE_ARG(t->name), SLICE_ARG(t->name)));
    }
    return OK;
}

static Status hide_references(Db *db, Policy *policy, const TableDefs *tables, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    for (size_t i = 0; i < tables->len && st == OK; i++) {
        const TableDef *t = &tables->at[i];
        if (t->origin != TABLE_REFERENCE)
            continue;
        buf_reset(&sql);
        buf_addf(&sql, "CREATE OR REPLACE TEMP TABLE %.*s (", SLICE_ARG(t->name));
        for (size_t k = 0; k < t->column_count; k++)
            buf_addf(&sql, "%s%.*s %.*s", k ? ", " : "", SLICE_ARG(t->columns[k].name), SLICE_ARG(t->columns[k].type));
        buf_adds(&sql, ");\n");
        st = model_reference_sql(policy, t, "temp", &sql, err);
        if (st == OK)
            st = db_exec(db, buf_z(&sql), err);
    }
    buf_free(&sql);
    return st;
}

static bool is_wished(const DerivedTables *all, const RowWish *wishes, size_t count, Slice name)
{
    for (size_t i = 0; i < count; i++)
        if (measure_needs_table(all, &wishes[i], name))
            return true;
    return false;
}

static Status derive_again(Db *db, const DerivedTable *d, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    /* with the declared types, which the definition's own SQL need not give */
    buf_addf(&sql, "CREATE OR REPLACE TEMP TABLE %.*s AS SELECT ", SLICE_ARG(d->name));
    for (size_t i = 0; i < d->table->column_count; i++)
        buf_addf(&sql, "%sCAST(%.*s AS %.*s) AS %.*s", i ? ", " : "", SLICE_ARG(d->table->columns[i].name),
            SLICE_ARG(d->table->columns[i].type), SLICE_ARG(d->table->columns[i].name));
    buf_adds(&sql, " FROM (");
    model_select_sql(d, &sql);
    buf_adds(&sql, ")");
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    if (st != OK)
        error_at(err, d->file->path, 0, NULL);
    buf_free(&sql);
    return st;
}

Status known_on_prepare(
    Db *db, Policy *policy, bool of_then, const KnownBuild *build, const RowWish *wishes, size_t wish_count, Error *err)
{
    Arena arena;
    TableDefs tables = {0};
    DerivedTables derived = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(model_tables(policy, &arena, &tables, err));
    TRY_OUT(model_derived(&arena, &tables, &derived, err));
    TRY_OUT(hide_links(db, build, err));
    TRY_OUT(hide_facts(db, &tables, err));
    if (of_then)
        TRY_OUT(hide_references(db, policy, &tables, err));
    for (size_t i = 0; i < derived.len; i++) {
        TRY_OUT(cancel_check(err));
        if (is_wished(&derived, wishes, wish_count, derived.at[i].name))
            TRY_OUT(derive_again(db, &derived.at[i], err));
    }
out:
    vec_free(&tables);
    vec_free(&derived);
    arena_free(&arena);
    return st;
}
