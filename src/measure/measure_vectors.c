/*
 * A definition's own test vectors: small tables in, expected cells out.
 *
 * The tables go in as facts; derived tables are worked out from them by their own
 * definitions unless the vector gives them, so a vector tests the whole rule (the
 * cohort's year included) and not only the last query.
 */
#include "measure/measure_parts.h"

static const char person_link_sql[] =
    "CREATE TABLE main.person_link (person UBIGINT, records INTEGER, sources INTEGER, weakest_rule VARCHAR, "
    "link_score DOUBLE, has_ssn BOOLEAN, has_sasid BOOLEAN, sectors VARCHAR, link_pairs BIGINT, link_correct BIGINT, "
    "link_missed BIGINT);\n";

static bool is_given(const TestVector *v, Slice table)
{
    for (size_t i = 0; i < v->given_count; i++)
        if (slice_eq(v->given[i].name, table))
            return true;
    return false;
}

static Status create_tables(const TableDefs *tables, Db *db, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    for (size_t i = 0; i < tables->len; i++)
        model_create_sql(&tables->at[i], "main", &sql);
    buf_adds(&sql, person_link_sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status fill_given(const TestVector *v, const TableDefs *tables, const char *file, Db *db, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    for (size_t i = 0; i < v->given_count && st == OK; i++)
        st = model_vector_sql(&v->given[i], tables, file, &sql, err);
    if (st == OK)
        st = buf_status(&sql, err);
    if (st == OK && sql.len > 0)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static Status fill_derived(const TestVector *v, const DerivedTables *derived, Db *db, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    for (size_t i = 0; i < derived->len; i++) {
        if (is_given(v, derived->at[i].name))
            continue;
        buf_reset(&sql);
        model_insert_sql(&derived->at[i], (Slice){0}, &sql);
        TRY_OUT(buf_status(&sql, err));
        st = db_exec(db, buf_z(&sql), err);
        if (st != OK) {
            error_at(err, derived->at[i].file->path, 0, NULL);
            goto out;
        }
    }
out:
    buf_free(&sql);
    return st;
}

/* --- comparing --- */

typedef struct KeyColumn {
    const char *name;
    const char *fallback; /* when the expectation has no such column; a vector must always say the year */
} KeyColumn;

static const KeyColumn keys[] = {
    {"year", NULL}, {"level", "state"}, {"unit", NULL}, {"split", "all"}, {"grp", "all"}, {"category", ""}};

static bool is_key(Slice name)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (slice_eq_z(name, keys[i].name))
            return true;
    return false;
}

static Slice key_value(const VectorTable *e, size_t row, const KeyColumn *key, Slice state)
{
    for (size_t c = 0; c < e->columns; c++)
        if (slice_eq_z(e->header[c], key->name))
            return e->cells[row * e->columns + c];
    return key->fallback ? slice_of(key->fallback) : state;
}

static void add_where(const VectorTable *e, size_t row, Slice state, Buf *sql)
{
    buf_adds(sql, " FROM temp.measure_cells WHERE TRUE");
    for (size_t k = 0; k < COUNT_OF(keys); k++) {
        buf_addf(sql, " AND %s = ", keys[k].name);
        sql_literal(sql, key_value(e, row, &keys[k], state));
    }
}

static Status vector_failed(
    const MeasureDef *def, const TestVector *v, size_t row, Slice column, Slice found, Error *err)
{
    Slice want = SLICE("a cell");
    for (size_t c = 0; c < v->expect.columns; c++)
        if (slice_eq(v->expect.header[c], column))
            want = v->expect.cells[row * v->expect.columns + c];
    return error_set(err, ERR_INVALID,
        "%s:%" PRIu32 ": vector \"%.*s\", expected row %zu, %.*s: expected %.*s, found %.*s", def->file->path, v->line,
        SLICE_ARG(v->name), row + 1, SLICE_ARG(column), SLICE_ARG(want), SLICE_ARG(found));
}

static Status compare_value(
    Db *db, const MeasureDef *def, const TestVector *v, size_t row, size_t column, Slice state, Error *err)
{
    const VectorTable *e = &v->expect;
    Slice name = e->header[column];
    Buf sql, found;
    int64_t same = 0;
    Status st = OK;
    buf_init(&sql, 0);
    buf_init(&found, 0);
    buf_addf(&sql, "SELECT (%.*s = ", SLICE_ARG(name));
    sql_literal(&sql, e->cells[row * e->columns + column]);
    buf_adds(&sql, ")::INTEGER");
    add_where(e, row, state, &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_value_i64(db, &same, err, "%s", buf_z(&sql)));
    if (same)
        goto out;
    buf_reset(&sql);
    buf_addf(&sql, "SELECT CAST(%.*s AS VARCHAR)", SLICE_ARG(name));
    add_where(e, row, state, &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_value_str(db, &found, err, "%s", buf_z(&sql)));
    st = vector_failed(def, v, row, name, buf_slice(&found), err);
out:
    buf_free(&sql);
    buf_free(&found);
    return st;
}

static Status compare_row(Db *db, const MeasureDef *def, const TestVector *v, size_t row, Slice state, Error *err)
{
    int64_t found;
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "SELECT count(*)");
    add_where(&v->expect, row, state, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_value_i64(db, &found, err, "%s", buf_z(&sql));
    buf_free(&sql);
    if (st != OK)
        return st;
    if (found != 1)
        return vector_failed(def, v, row, SLICE("cell"), found ? SLICE("several") : SLICE("none"), err);
    for (size_t c = 0; c < v->expect.columns; c++)
        if (!is_key(v->expect.header[c]))
            TRY(compare_value(db, def, v, row, c, state, err));
    return OK;
}

/* Cells that nobody expected, among the levels and splits the expectation speaks of. */
static Status compare_count(Db *db, const MeasureDef *def, const TestVector *v, Slice state, Error *err)
{
    int64_t found;
    Buf pairs;
    buf_init(&pairs, 0);
    for (size_t r = 0; r < v->expect.rows; r++) {
        buf_adds(&pairs, r ? ", (" : "(");
        sql_literal(&pairs, key_value(&v->expect, r, &keys[1], state));
        buf_adds(&pairs, ", ");
        sql_literal(&pairs, key_value(&v->expect, r, &keys[3], state));
        buf_addc(&pairs, ')');
    }
    if (v->expect.rows == 0)
        buf_adds(&pairs, "('state', 'all')");
    Status st = buf_status(&pairs, err);
    if (st == OK)
        st = db_value_i64(
            db, &found, err, "SELECT count(*) FROM temp.measure_cells WHERE (level, split) IN (%s)", buf_z(&pairs));
    buf_free(&pairs);
    if (st == OK && (size_t)found != v->expect.rows)
        st = error_set(err, ERR_INVALID, "%s:%" PRIu32 ": vector \"%.*s\": expected %zu cells, found %" PRId64,
            def->file->path, v->line, SLICE_ARG(v->name), v->expect.rows, found);
    return st;
}

typedef struct VectorRun {
    const MeasureFrame *frame;
    const MeasureDef *def;
    const OutcomeDefs *outcomes;
    const TableDefs *tables;
    const DerivedTables *derived;
    Db *db; /* all tables, empty between vectors */
} VectorRun;

/* The definition a vector asks for, as it stood when the measure began to hold, or the family's first one after that.
 */
static Status vector_outcome(const VectorRun *run, const TestVector *v, const OutcomeDef **out, Error *err)
{
    const MeasureDef *def = run->def;
    Slice name = v->definition.len > 0 ? v->definition : def->definition;
    *out = NULL;
    if (def->family.len == 0 && v->definition.len == 0)
        return OK;
    for (size_t i = 0; i < run->outcomes->len && !*out; i++) {
        const OutcomeDef *o = &run->outcomes->at[i];
        bool over = o->file->effective_to != DATE_NONE && o->file->effective_to < def->file->effective_from;
        if (slice_eq(o->family, def->family) && slice_eq(o->name, name) && !over)
            *out = o;
    }
    if (!*out)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": family %.*s has no definition %.*s", def->file->path,
            v->line, SLICE_ARG(def->family), SLICE_ARG(name));
    return OK;
}

static Status try_vector(const VectorRun *run, const TestVector *v, Error *err)
{
    const OutcomeDef *outcome;
    TRY(vector_outcome(run, v, &outcome, err));
    TRY(fill_given(v, run->tables, run->def->file->path, run->db, err));
    TRY(fill_derived(v, run->derived, run->db, err));
    TRY(measure_prepare(run->db, run->frame, err));
    TRY(measure_add_cells(run->db, run->frame, run->def, outcome, err));
    for (size_t r = 0; r < v->expect.rows; r++)
        TRY(compare_row(run->db, run->def, v, r, run->frame->state, err));
    return compare_count(run->db, run->def, v, run->frame->state, err);
}

/* Rolled back, so that the next vector finds empty tables: making them anew is most of what a vector costs. */
static Status run_vector(const VectorRun *run, const TestVector *v, Error *err)
{
    TRY(db_exec(run->db, "BEGIN", err));
    Status st = try_vector(run, v, err);
    if (st != OK)
        error_hint(err, "in vector \"%.*s\"", SLICE_ARG(v->name));
    Status back = db_exec(run->db, "ROLLBACK", st == OK ? err : NULL);
    return st == OK ? back : st;
}

/* Derived tables that the definition, or any of its family, rests on. */
static Status needed_tables(const VectorRun *run, DerivedTables *out, Error *err)
{
    for (size_t i = 0; i < run->derived->len; i++) {
        bool used = measure_needs_table(run->derived, &(RowWish){.def = run->def}, run->derived->at[i].name);
        for (size_t o = 0; run->def->family.len > 0 && o < run->outcomes->len; o++)
            if (slice_eq(run->outcomes->at[o].family, run->def->family))
                used |= measure_needs_table(
                    run->derived, &(RowWish){.outcome = &run->outcomes->at[o]}, run->derived->at[i].name);
        if (used)
            TRY(vec_push(out, run->derived->at[i], err));
    }
    return OK;
}

static Status run_measure(const VectorRun *run, Arena *arena, uint64_t *vectors, Error *err)
{
    DerivedTables needed = {0};
    TestVectors list = {0};
    VectorRun narrow = *run;
    Status st = OK;
    TRY_OUT(needed_tables(run, &needed, err));
    narrow.derived = &needed;
    TRY_OUT(model_vectors(run->def->file, arena, &list, err));
    for (size_t i = 0; i < list.len; i++) {
        TRY_OUT(run_vector(&narrow, &list.at[i], err));
        ++*vectors;
    }
out:
    vec_free(&needed);
    vec_free(&list);
    return st;
}

typedef struct Testing { /* what all measures of a policy are tested with */
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs;
    OutcomeDefs outcomes;
    TableDefs tables;
    DerivedTables derived;
    Db *db;
} Testing;

static Status testing_begin(Policy *policy, Testing *t, Error *err)
{
    DbOptions options = DB_OPTIONS_INIT;
    PartWholes invariants = {0};
    options.threads = 1;
    options.memory_mb = 512;
    TRY(measure_frame_read(policy, &t->arena, &t->frame, err));
    TRY(measure_defs_read(policy, &t->frame, &t->arena, &t->defs, err));
    TRY(outcome_defs_read(policy, &t->arena, &t->outcomes, err));
    Status st = invariants_read(policy, &t->defs, &invariants, err);
    vec_free(&invariants);
    if (st != OK)
        return st;
    TRY(model_tables(policy, &t->arena, &t->tables, err));
    TRY(model_derived(&t->arena, &t->tables, &t->derived, err));
    TRY(db_open(&options, &t->db, err));
    return create_tables(&t->tables, t->db, err);
}

static void testing_end(Testing *t)
{
    db_close(t->db);
    vec_free(&t->defs);
    vec_free(&t->outcomes);
    vec_free(&t->tables);
    vec_free(&t->derived);
    arena_free(&t->arena);
}

static VectorRun run_of(const Testing *t, const MeasureDef *def)
{
    return (VectorRun){.frame = &t->frame,
        .def = def,
        .outcomes = &t->outcomes,
        .tables = &t->tables,
        .derived = &t->derived,
        .db = t->db};
}

static bool last_version(const MeasureDefs *defs, size_t i)
{
    return i + 1 == defs->len || !slice_eq(defs->at[i].name, defs->at[i + 1].name);
}

Status measure_test(Policy *policy, Slice name, MeasureTestedFn tested, void *ctx, Error *err)
{
    Testing t = {0};
    uint64_t vectors = 0;
    Status st = OK;
    arena_init(&t.arena, 0);
    TRY_OUT(testing_begin(policy, &t, err));
    for (size_t i = 0; i < t.defs.len; i++) {
        const VectorRun run = run_of(&t, &t.defs.at[i]);
        if (name.len > 0 && !slice_eq(t.defs.at[i].name, name))
            continue;
        TRY_OUT(run_measure(&run, &t.arena, &vectors, err));
        if (last_version(&t.defs, i)) {
            tested(ctx, t.defs.at[i].name, vectors);
            vectors = 0;
        }
    }
out:
    testing_end(&t);
    return st;
}

static Status run_own(Testing *t, const TestVector *v, const MeasureOwn *own, Error *err)
{
    MeasureDef def;
    DerivedTables needed = {0};
    TRY(measure_def_own(&t->frame, v->name, own, &t->arena, &def, err));
    VectorRun run = run_of(t, &def);
    Status st = needed_tables(&run, &needed, err);
    run.derived = &needed;
    if (st == OK)
        st = run_vector(&run, v, err);
    vec_free(&needed);
    return st;
}

Status measure_test_own(
    Policy *policy, const PolicyFile *file, MeasureOwnFn make, void *ctx, uint64_t *vectors, Error *err)
{
    Testing t = {0};
    TestVectors list = {0};
    Status st = OK;
    arena_init(&t.arena, 0);
    TRY_OUT(testing_begin(policy, &t, err));
    TRY_OUT(model_vectors(file, &t.arena, &list, err));
    for (size_t i = 0; i < list.len; i++) {
        MeasureOwn own;
        st = make(ctx, list.at[i].script, list.at[i].script_line, &t.arena, &own, err);
        if (st == OK)
            st = run_own(&t, &list.at[i], &own, err);
        if (st != OK) {
            error_hint(err, "in vector \"%.*s\"", SLICE_ARG(list.at[i].name));
            goto out;
        }
        ++*vectors;
    }
out:
    vec_free(&list);
    testing_end(&t);
    return st;
}
