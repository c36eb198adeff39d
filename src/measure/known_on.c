/*
 * A generation as it was known on an earlier day.
 *
 * Facts are never overwritten: a correction is a new load, and the load it replaced keeps its rows and learns since
 * when it is history (load.known_to). So "as known on day D" hides the views of the facts behind temporary ones over
 * the loads that were believed at the end of D, and the derived tables behind temporary ones worked out from those by
 * their own definitions; the generation itself is not touched. DuckDB looks for a bare name among temporary objects
 * first.
 *
 * What does not go back: who is who (the links of today; a figure is reproduced to the digit when no person of it was
 * merged or split since), reference lists, and the definitions (policy folders are dated and versioned by themselves).
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

static Status hide_facts(Db *db, const TableDefs *tables, Date day, Error *err)
{
    char text[11];
    date_print(day, text);
    TRY(db_execf(db, err,
        "CREATE OR REPLACE TEMP TABLE measure_known_load AS SELECT load_no FROM main.load WHERE known_from < "
        "TIMESTAMP '%s' + INTERVAL 1 DAY AND (known_to IS NULL OR known_to >= TIMESTAMP '%s' + INTERVAL 1 DAY)",
        text, text));
    for (size_t i = 0; i < tables->len; i++) {
        Slice name = tables->at[i].name;
        if (tables->at[i].origin == TABLE_FACT)
            TRY(db_execf(db, err,
                "CREATE OR REPLACE TEMP VIEW %.*s AS SELECT * FROM fact.%.*s WHERE load_no IN (SELECT load_no FROM "
                "temp.measure_known_load)",
                SLICE_ARG(name), SLICE_ARG(name)));
    }
    return OK;
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

Status known_on_prepare(Db *db, Policy *policy, Date day, const RowWish *wishes, size_t wish_count, Error *err)
{
    Arena arena;
    TableDefs tables = {0};
    DerivedTables derived = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(model_tables(policy, &arena, &tables, err));
    TRY_OUT(model_derived(&arena, &tables, &derived, err));
    TRY_OUT(hide_facts(db, &tables, day, err));
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
