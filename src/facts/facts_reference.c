/*
 * Reference tables: the policy's own lists (districts, schools, counties,
 * institutions, credentials; reference/index.toml names the columns) and accepted
 * loads of public files (KIND_REFERENCE). Both are small and public; only what
 * is current is kept.
 */
#include "facts/facts_parts.h"

Status facts_reference_policy(Db *db, Policy *policy, const TableDefs *tables, Error *err)
{
    Buf sql;
    Status st = OK;
    buf_init(&sql, 0);
    for (size_t i = 0; i < tables->len && st == OK; i++) {
        if (tables->at[i].origin != TABLE_REFERENCE)
            continue;
        buf_reset(&sql);
        st = model_reference_sql(policy, &tables->at[i], "main", &sql, err);
        if (st == OK)
            st = db_exec(db, buf_z(&sql), err);
        if (st != OK)
            error_hint(err, "see table %.*s in %s", SLICE_ARG(tables->at[i].name), tables->at[i].file->path);
    }
    buf_free(&sql);
    return st;
}

static bool is_content(const Field *f)
{
    return f->identity.len == 0;
}

static void create_from_fields(const Contract *c, Buf *sql)
{
    buf_addf(
        sql, "CREATE TABLE IF NOT EXISTS main.%.*s (load_no INTEGER, row_no BIGINT", SLICE_ARG(c->reference_table));
    for (size_t i = 0; i < c->field_count; i++) {
        if (!is_content(&c->fields[i]))
            continue;
        buf_addf(sql, ", %.*s ", SLICE_ARG(c->fields[i].name));
        contract_sql_type(&c->fields[i], sql);
    }
    buf_adds(sql, ");\n");
}

Status facts_reference_loads(Db *db, const FactsInput *in, const LoadGroup *group, Error *err)
{
    const Contract *c = group->contract;
    size_t count = 0;
    Buf sql, files;
    buf_init(&sql, 0);
    buf_init(&files, 0);
    Status st = load_group_files(in, group, CURRENT_LOADS, &files, &count, err);
    create_from_fields(c, &sql);
    if (count > 0) {
        buf_addf(&sql, "INSERT INTO main.%.*s BY NAME SELECT l.load_no, r.row_no", SLICE_ARG(c->reference_table));
        for (size_t i = 0; i < c->field_count; i++)
            if (is_content(&c->fields[i]))
                buf_addf(&sql, ", r.%.*s", SLICE_ARG(c->fields[i].name));
        buf_addf(&sql,
            " FROM read_parquet(%s, filename = 'cairn_file') r JOIN staging.load_file l ON l.path = r.cairn_file "
            "ORDER BY l.load_no, r.row_no;\n",
            buf_z(&files));
    }
    if (st == OK)
        st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&files);
    buf_free(&sql);
    return st;
}
