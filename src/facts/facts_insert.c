/*
 * Rows to facts: a contract's mapping as one INSERT over all files of the group.
 *
 * A record tag is of one source, so that the rows of a group are joined to that source's part of the person map: what
 * is hashed is a few million tags and not all of them once for each mapping.
 *
 * The person map stands on the right of a LEFT JOIN: a row whose record has no
 * person becomes a fact without one, is counted and stops the build. An inner
 * join would lose it without a word.
 */
#include "facts/facts_parts.h"

static const ColumnDef *find_column(const TableDef *t, Slice name)
{
    for (size_t i = 0; i < t->column_count; i++)
        if (slice_eq(t->columns[i].name, name))
            return &t->columns[i];
    return NULL;
}

static Status add_select(const Contract *c, const FactMapping *m, const TableDef *t, Buf *sql, Error *err)
{
    buf_addf(sql, "INSERT INTO fact.%.*s BY NAME SELECT %sr.cairn_load_no AS load_no, r.row_no AS row_no",
        SLICE_ARG(t->name), t->person ? "r.cairn_person AS person, " : "");
    for (size_t i = 0; i < m->column_count; i++) {
        const ColumnDef *column = find_column(t, m->columns[i].column);
        if (!column)
            return error_set(err, ERR_INVALID, "contract %.*s maps to column %.*s, which table %.*s does not have",
                SLICE_ARG(c->name), SLICE_ARG(m->columns[i].column), SLICE_ARG(t->name));
        buf_addf(sql, ",\n  CAST((%.*s) AS %.*s) AS %.*s", SLICE_ARG(m->columns[i].sql), SLICE_ARG(column->type),
            SLICE_ARG(column->name));
    }
    return OK;
}

static void add_from(const FactMapping *m, const TableDef *t, int64_t source, Slice files, Buf *sql)
{
    buf_adds(sql, "\nFROM (SELECT p.* EXCLUDE (cairn_file), l.load_no AS cairn_load_no");
    if (t->person)
        buf_adds(sql, ", m.person AS cairn_person");
    buf_adds(sql, "\n  FROM read_parquet(");
    buf_add(sql, files);
    buf_adds(sql, ", filename = 'cairn_file') p\n  JOIN staging.load_file l ON l.path = p.cairn_file");
    if (t->person) /* wages sent without number and name are about nobody */
        buf_addf(sql,
            "\n  LEFT JOIN (SELECT record_tag, person FROM staging.identity_map WHERE source = %" PRId64 ") m"
            " ON m.record_tag = p.record_tag\n  WHERE p.record_tag IS NOT NULL",
            source);
    buf_adds(sql, ") r");
    if (m->where.len > 0)
        buf_addf(sql, "\nWHERE (%.*s)", SLICE_ARG(m->where));
}

static Status insert_mapping(
    Db *db, const LoadGroup *group, const FactMapping *m, const TableDef *t, int64_t source, Slice files, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    Status st = add_select(group->contract, m, t, &sql, err);
    if (st == OK) {
        add_from(m, t, source, files, &sql);
        st = buf_status(&sql, err);
    }
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

/* The number the person map gives the group's source; -1: it has no record there. */
static Status source_number(Db *db, const LoadGroup *group, int64_t *out, Error *err)
{
    Buf name;
    buf_init(&name, 0);
    sql_literal(&name, group->source);
    Status st = buf_status(&name, err);
    if (st == OK)
        st = db_value_i64(db, out, err, "SELECT coalesce(max(source), -1) FROM staging.identity_source WHERE name = %s",
            buf_z(&name));
    buf_free(&name);
    return st;
}

Status facts_insert_group(Db *db, const FactsInput *in, const TableDefs *tables, const LoadGroup *group, Error *err)
{
    const Contract *c = group->contract;
    size_t count;
    int64_t source;
    Buf files;
    Status st = OK;
    buf_init(&files, 0);
    TRY_OUT(source_number(db, group, &source, err));
    TRY_OUT(load_group_files(in, group, ALL_LOADS, &files, &count, err));
    for (size_t i = 0; i < c->fact_count; i++) {
        const TableDef *t = model_table(tables, c->facts[i].table);
        if (!t || t->origin != TABLE_FACT) {
            st = error_set(err, ERR_INVALID, "contract %.*s maps to table %.*s, which is no fact table",
                SLICE_ARG(c->name), SLICE_ARG(c->facts[i].table));
            goto out;
        }
        TRY_OUT(insert_mapping(db, group, &c->facts[i], t, source, buf_slice(&files), err));
    }
out:
    if (st != OK)
        error_hint(err, "check the [[fact]] mappings of contract %.*s", SLICE_ARG(c->name));
    buf_free(&files);
    return st;
}
