/*
 * The generation's tables: schema fact keeps every fact ever accepted, with the
 * load it came from; a view of the same name in main shows what is known now.
 * Nothing is overwritten: a correction is a new load, and the old one's known_to
 * says since when it is history (bitemporal tables, Snodgrass 1999).
 */
#include "facts/facts_parts.h"

Status facts_schema_create(Db *db, const TableDefs *tables, Error *err)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql,
        "CREATE SCHEMA fact;\n"
        "CREATE TABLE main.load (load_no INTEGER, load_id VARCHAR, source VARCHAR, contract_version VARCHAR, "
        "scope VARCHAR, file_name VARCHAR, file_sha256 VARCHAR, agreement VARCHAR, known_from TIMESTAMP, "
        "known_to TIMESTAMP, rows_accepted BIGINT, rows_rejected BIGINT, accepted_seq BIGINT, superseded_seq "
        "BIGINT);\n"
        "CREATE TABLE main.person_link AS SELECT * FROM staging.person_link ORDER BY person;\n"
        "CREATE TABLE main.link_source AS SELECT * FROM staging.link_source ORDER BY source;\n");
    for (size_t i = 0; i < tables->len; i++)
        if (tables->at[i].origin != TABLE_DERIVED)
            model_create_sql(&tables->at[i], tables->at[i].origin == TABLE_FACT ? "fact" : "main", &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

static void add_instant(int64_t seconds, bool known, Buf *out)
{
    if (known)
        buf_addf(out, "make_timestamp(%" PRId64 "::BIGINT * 1000000)", seconds);
    else
        buf_adds(out, "NULL");
}

static void add_load(const Load *l, Buf *out)
{
    const Slice texts[] = {l->id, l->source, l->contract, l->scope, l->file_name, l->file_sha256, l->agreement};
    buf_addf(out, "(%" PRIu32, l->number);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        buf_adds(out, ", ");
        sql_literal(out, texts[i]);
    }
    buf_adds(out, ", ");
    add_instant(l->received_at, true, out);
    buf_adds(out, ", ");
    add_instant(l->superseded_at, l->superseded_by.len > 0, out);
    buf_addf(out, ", %" PRIu64 ", %" PRIu64 ", %" PRId64 ", ", l->rows_accepted, l->rows_rejected, l->seq);
    if (l->superseded_by.len > 0)
        buf_addf(out, "%" PRId64 ")", l->superseded_seq);
    else
        buf_adds(out, "NULL)");
}

Status facts_schema_loads(Db *db, const Load *loads, size_t count, Error *err)
{
    Buf sql;
    if (count == 0)
        return OK;
    buf_init(&sql, 0);
    buf_adds(&sql, "INSERT INTO main.load VALUES ");
    for (size_t i = 0; i < count; i++) {
        buf_adds(&sql, i ? ",\n" : "");
        add_load(&loads[i], &sql);
    }
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

/* A generation never changes, so what is superseded in it is known now: mostly nothing, and then the view costs
 * nothing. (As a semi-join to table load it cost a tenth of each reading.) */
static void add_superseded(const Load *loads, size_t count, Buf *sql)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (loads[i].superseded_by.len > 0)
            buf_addf(sql, "%s%" PRIu32, n++ > 0 ? ", " : "\nWHERE load_no NOT IN (", loads[i].number);
    buf_adds(sql, n > 0 ? ")" : "");
}

Status facts_schema_views(Db *db, const TableDefs *tables, const Load *loads, size_t count, Error *err)
{
    Buf where;
    buf_init(&where, 0);
    add_superseded(loads, count, &where);
    Status st = buf_status(&where, err);
    for (size_t i = 0; i < tables->len && st == OK; i++) {
        Slice name = tables->at[i].name;
        if (tables->at[i].origin == TABLE_FACT)
            st = db_execf(db, err, "CREATE VIEW main.%.*s AS SELECT * FROM fact.%.*s%s", SLICE_ARG(name),
                SLICE_ARG(name), buf_z(&where));
    }
    buf_free(&where);
    return st;
}
