/*
 * Test vectors of outcome definitions: persons who are asked about and small tables in, one row a person out. The
 * subjects come as a table, so that a rule is tested without any measure around it.
 */
#include "measure/measure_parts.h"

static const char link_sql[] =
    "CREATE TABLE main.person_link (person UBIGINT, records INTEGER, sources INTEGER, weakest_rule VARCHAR, "
    "link_score DOUBLE, has_ssn BOOLEAN, has_sasid BOOLEAN, sectors VARCHAR, link_pairs BIGINT, link_correct BIGINT, "
    "link_missed BIGINT);\n"
    "CREATE TABLE main.vector_subject (person UBIGINT, year INTEGER, origin INTEGER, after_quarters INTEGER);\n";

static const ColumnDef subject_columns[] = {{.name = SLICE_INIT("person"), .type = SLICE_INIT("UBIGINT")},
    {.name = SLICE_INIT("year"), .type = SLICE_INIT("INTEGER")},
    {.name = SLICE_INIT("origin"), .type = SLICE_INIT("INTEGER")},
    {.name = SLICE_INIT("after_quarters"), .type = SLICE_INIT("INTEGER")}};

typedef struct OutcomeTest {
    const OutcomeDef *def;
    TableDefs tables;       /* what derived points into */
    TableDefs with_subject; /* and vector_subject, for the vectors' rows */
    DerivedTables derived;
    MeasureDef measure; /* of everybody in vector_subject */
    MeasureFrame frame; /* without splits */
    PolicyFile file;
} OutcomeTest;

static bool is_given(const TestVector *v, Slice table)
{
    for (size_t i = 0; i < v->given_count; i++)
        if (slice_eq(v->given[i].name, table))
            return true;
    return false;
}

static Status fill(const OutcomeTest *t, TestVector *v, Db *db, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    buf_adds(&sql, link_sql);
    for (size_t i = 0; i < t->tables.len; i++)
        model_create_sql(&t->tables.at[i], "main", &sql);
    for (size_t i = 0; i < v->given_count && st == OK; i++) {
        if (slice_eq_z(v->given[i].name, "subject"))
            v->given[i].name = SLICE("vector_subject");
        st = model_vector_sql(&v->given[i], &t->with_subject, t->def->file->path, &sql, err);
    }
    const RowWish wish = {.outcome = t->def};
    for (size_t i = 0; i < t->derived.len; i++)
        if (measure_needs_table(&t->derived, &wish, t->derived.at[i].name) && !is_given(v, t->derived.at[i].name))
            model_insert_sql(&t->derived.at[i], (Slice){0}, &sql);
    if (st == OK)
        st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static bool is_key(Slice column)
{
    return slice_eq_z(column, "person") || slice_eq_z(column, "year");
}

static Status add_where(const VectorTable *e, size_t row, Buf *sql)
{
    buf_adds(sql, " FROM temp.vector_found WHERE TRUE");
    for (size_t c = 0; c < e->columns; c++) {
        if (!is_key(e->header[c]))
            continue;
        buf_addf(sql, " AND %.*s = ", SLICE_ARG(e->header[c]));
        sql_literal(sql, e->cells[row * e->columns + c]);
    }
    return sql->status;
}

static Status check_cell(const OutcomeTest *t, const TestVector *v, Db *db, size_t row, size_t column, Error *err)
{
    const VectorTable *e = &v->expect;
    Slice name = e->header[column], want = e->cells[row * e->columns + column];
    Buf sql, found;
    int64_t same = 0;
    Status st = OK;
    buf_init(&sql, 0);
    buf_init(&found, 0);
    buf_addf(&sql, "SELECT coalesce(any_value((%.*s", SLICE_ARG(name));
    if (want.len == 0) {
        buf_adds(&sql, " IS NULL");
    } else {
        buf_adds(&sql, " = ");
        sql_literal(&sql, want);
    }
    buf_adds(&sql, ")::INTEGER), 0)");
    TRY_OUT(add_where(e, row, &sql));
    TRY_OUT(db_value_i64(db, &same, err, "%s", buf_z(&sql)));
    if (same)
        goto out;
    buf_reset(&sql);
    buf_addf(&sql, "SELECT coalesce(any_value(%.*s)::VARCHAR, 'nothing')", SLICE_ARG(name));
    TRY_OUT(add_where(e, row, &sql));
    TRY_OUT(db_value_str(db, &found, err, "%s", buf_z(&sql)));
    st = error_set(err, ERR_INVALID,
        "%s:%" PRIu32 ": vector \"%.*s\", expected row %zu, %.*s: expected %.*s, found %.*s", t->def->file->path,
        v->line, SLICE_ARG(v->name), row + 1, SLICE_ARG(name), SLICE_ARG(want), SLICE_ARG(buf_slice(&found)));
out:
    buf_free(&sql);
    buf_free(&found);
    return st;
}

static Status check_rows(const OutcomeTest *t, const TestVector *v, Db *db, Error *err)
{
    int64_t rows;
    TRY(db_value_i64(db, &rows, err, "SELECT count(*) FROM temp.vector_found"));
    if ((size_t)rows != v->expect.rows)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": vector \"%.*s\": expected %zu persons, found %" PRId64,
            t->def->file->path, v->line, SLICE_ARG(v->name), v->expect.rows, rows);
    for (size_t r = 0; r < v->expect.rows; r++)
        for (size_t c = 0; c < v->expect.columns; c++)
            if (!is_key(v->expect.header[c]))
                TRY(check_cell(t, v, db, r, c, err));
    return OK;
}

/* Reads through the engine's own door as well, so that an undeclared clause or a second row is told. */
static Status run_vector(const OutcomeTest *t, TestVector *v, Db *db, Error *err)
{
    const RowWish wish = {.def = &t->measure, .outcome = t->def};
    UnitNames units = {0};
    RowSource source = {.db = db, .frame = &t->frame, .units = &units};
    MeasureRows rows = {0};
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    TRY_OUT(fill(t, v, db, err));
    buf_adds(&sql, "CREATE TEMP TABLE vector_found AS ");
    TRY_OUT(measure_input_sql(db, &t->frame, &wish, &sql, err));
    TRY_OUT(db_exec(db, buf_z(&sql), err));
    TRY_OUT(measure_units_read(db, &t->frame, NULL, 0, LEVEL_STATE, &units, err));
    TRY_OUT(measure_rows_read(&source, &wish, &rows, err));
    st = check_rows(t, v, db, err);
out:
    measure_rows_free(&rows);
    measure_units_free(&units);
    buf_free(&sql);
    return st;
}

static Status run_definition(OutcomeTest *t, Arena *arena, uint64_t *vectors, Error *err)
{
    TestVectors list = {0};
    Status st = OK;
    TRY_OUT(model_vectors(t->def->file, arena, &list, err));
    for (size_t i = 0; i < list.len; i++) {
        DbOptions options = DB_OPTIONS_INIT;
        Db *db = NULL;
        options.threads = 1;
        options.memory_mb = 512;
        TRY_OUT(db_open(&options, &db, err));
        st = run_vector(t, &list.at[i], db, err);
        db_close(db);
        if (st != OK) {
            error_hint(err, "in vector \"%.*s\"", SLICE_ARG(list.at[i].name));
            goto out;
        }
        ++*vectors;
    }
out:
    vec_free(&list);
    return st;
}

static Status prepare(Policy *policy, Arena *arena, OutcomeTest *t, Error *err)
{
    ColumnDef *columns;
    TRY(arena_new(arena, ColumnDef, COUNT_OF(subject_columns), &columns, err));
    memcpy(columns, subject_columns, sizeof subject_columns);
    TRY(model_tables(policy, arena, &t->tables, err));
    TRY(model_derived(arena, &t->tables, &t->derived, err));
    const TableDef subject = {.name = SLICE("vector_subject"),
        .origin = TABLE_DERIVED,
        .columns = columns,
        .column_count = COUNT_OF(subject_columns)};
    for (size_t i = 0; i < t->tables.len; i++)
        TRY(vec_push(&t->with_subject, t->tables.at[i], err));
    TRY(vec_push(&t->with_subject, subject, err));
    t->frame.strong = SLICE("1");
    t->frame.state = SLICE("ALL");
    t->file = (PolicyFile){.path = "vector", .effective_from = 0, .effective_to = DATE_NONE};
    t->measure = (MeasureDef){.file = &t->file,
        .kind = MEASURE_RATE,
        .sql = SLICE("SELECT person, year, TRUE AS counted, origin, after_quarters FROM vector_subject")};
    return OK;
}

Status definition_test(Policy *policy, Slice name, uint64_t *vectors, Error *err)
{
    Arena arena;
    OutcomeDefs defs = {0};
    OutcomeTest t = {0};
    bool found = name.len == 0;
    Status st = OK;
    *vectors = 0;
    arena_init(&arena, 0);
    TRY_OUT(outcome_defs_read(policy, &arena, &defs, err));
    TRY_OUT(prepare(policy, &arena, &t, err));
    for (size_t i = 0; i < defs.len; i++) {
        if (name.len > 0 && !slice_eq(defs.at[i].name, name))
            continue;
        found = true;
        t.def = &defs.at[i];
        TRY_OUT(run_definition(&t, &arena, vectors, err));
    }
    if (!found)
        st = error_set(err, ERR_NOT_FOUND, "there is no definition %.*s", SLICE_ARG(name));
out:
    vec_free(&defs);
    vec_free(&t.tables);
    vec_free(&t.with_subject);
    vec_free(&t.derived);
    arena_free(&arena);
    return st;
}

Status definition_list(Policy *policy, Arena *arena, DefinitionInfos *out, Error *err)
{
    OutcomeDefs defs = {0};
    Status st = OK;
    TRY_OUT(outcome_defs_read(policy, arena, &defs, err));
    for (size_t i = 0; i < defs.len; i++) {
        const OutcomeDef *d = &defs.at[i];
        if (i + 1 < defs.len && slice_eq(d->name, defs.at[i + 1].name))
            continue;
        TRY_OUT(vec_push(out,
            ((DefinitionInfo){.file = d->file,
                .name = d->name,
                .family = d->family,
                .unit = d->unit,
                .employed = d->employed,
                .earnings = d->earnings}),
            err));
    }
out:
    vec_free(&defs);
    return st;
}
