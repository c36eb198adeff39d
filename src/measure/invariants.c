/*
 * What must hold between the figures of two measures, whatever the data: who graduates completes, so no completion
 * rate lies below the graduation rate of the same place and group. policy/<state>/measures/invariants.toml (schema
 * "cairn.invariants/1", docs/measures.md) names such pairs. They are checked on all figures of a run before any of
 * them can be read: a broken one means that one of the two definitions is wrong, and there is no telling which.
 */
#include "measure/measure_parts.h"

static const MeasureDef *find_rate(const MeasureDefs *defs, Slice name)
{
    for (size_t i = 0; i < defs->len; i++)
        if (defs->at[i].kind == MEASURE_RATE && slice_eq(defs->at[i].name, name))
            return &defs->at[i];
    return NULL;
}

static Status read_measure_name(
    const PolicyFile *file, const Toml *t, const char *key, const MeasureDefs *defs, Slice *out, Error *err)
{
    TRY(toml_str(t, file->path, key, out, err));
    if (!find_rate(defs, *out))
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": %s: there is no rate named %.*s", file->path, t->line, key,
            SLICE_ARG(*out));
    return OK;
}

static Status read_invariant(const PolicyFile *file, const Toml *t, const MeasureDefs *defs, PartWhole *out, Error *err)
{
    const char *const allowed[] = {"part", "whole", "text", NULL};
    TRY(toml_only(t, file->path, allowed, err));
    TRY(toml_str(t, file->path, "text", &out->text, err));
    TRY(read_measure_name(file, t, "part", defs, &out->part, err));
    return read_measure_name(file, t, "whole", defs, &out->whole, err);
}

static Status read_file(const PolicyFile *file, const MeasureDefs *defs, PartWholes *out, Error *err)
{
    const char *const allowed[] = {
        "schema", "name", "version", "title", "effective_from", "effective_to", "status", "source", "invariant", NULL};
    const Toml *list;
    TRY(toml_only(file->toml, file->path, allowed, err));
    TRY(toml_array(file->toml, file->path, "invariant", &list, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        PartWhole i;
        TRY(read_invariant(file, t, defs, &i, err));
        TRY(vec_push(out, i, err));
    }
    return OK;
}

Status invariants_read(Policy *policy, const MeasureDefs *defs, PartWholes *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = OK;
    TRY_OUT(policy_list(policy, "measures", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        const PolicyFile *file;
        if (!slice_eq_z(files.at[i]->schema, "cairn.invariants/1"))
            continue;
        TRY_OUT(policy_get(policy, "measures", files.at[i]->name, files.at[i]->effective_from, &file, err));
        TRY_OUT(read_file(file, defs, out, err));
    }
out:
    vec_free(&files);
    return st;
}

/* The first figure of the part, in order, that its whole does not hold. */
static void add_broken(const PartWhole *i, Buf *sql)
{
    buf_adds(sql,
        "SELECT p.year, p.level, p.unit, p.split, p.grp, p.numerator, p.denominator, w.numerator, w.denominator "
        "FROM cells p LEFT JOIN cells w ON w.measure = ");
    sql_literal(sql, i->whole);
    buf_adds(sql,
        " AND w.year = p.year AND w.level = p.level AND w.unit = p.unit AND w.split = p.split AND w.grp = p.grp "
        "WHERE p.measure = ");
    sql_literal(sql, i->part);
    buf_adds(sql,
        " AND (w.measure IS NULL OR w.denominator <> p.denominator OR w.numerator < p.numerator) ORDER BY ALL LIMIT 1");
}

static Status broken(const PartWhole *i, const DbRows *r, Error *err)
{
    Status st = error_set(err, ERR_INVALID,
        "%.*s does not hold %.*s in %" PRId64 " %.*s %.*s %.*s %.*s: %" PRId64 " of %" PRId64 " against %" PRId64
        " of %" PRId64,
        SLICE_ARG(i->whole), SLICE_ARG(i->part), db_i64(r, 0), SLICE_ARG(db_str(r, 1)), SLICE_ARG(db_str(r, 2)),
        SLICE_ARG(db_str(r, 3)), SLICE_ARG(db_str(r, 4)), db_i64(r, 7), db_i64(r, 8), db_i64(r, 5), db_i64(r, 6));
    error_hint(err, "%.*s", SLICE_ARG(i->text));
    return st;
}

static Status check_one(const PartWhole *i, Db *db, Error *err)
{
    DbRows *rows = NULL;
    bool any = false;
    Buf sql;
    buf_init(&sql, 0);
    add_broken(i, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_query(db, buf_z(&sql), &rows, err);
    if (st == OK)
        st = db_next(rows, &any, err);
    if (st == OK && any)
        st = broken(i, rows, err);
    db_rows_free(rows);
    buf_free(&sql);
    return st;
}

Status invariants_check(const PartWholes *list, Db *cells, Error *err)
{
    for (size_t i = 0; i < list->len; i++)
        TRY(check_one(&list->at[i], cells, err));
    return OK;
}
