/*
 * The one SQL statement that is made from a contract: every row of the file
 * typed and checked, vector by vector, on all threads.
 *
 *   ~n0, name, ~suspect  text, typed value, may be wrong (row_scan.h)
 *   scope_NAME, derived columns
 *   ~fok  every field is what the contract says: looked into for suspect rows only
 *   ~ok   and every row rule holds: the row may load
 *   ~named  some field says who the row is about; a row that does not loads without a tag, with a warning, unless the
 *           contract forbids it: its sums count
 *   ~clean  ~ok, and no warning either
 *   ~problems  NULL when clean, else what is wrong, in a short code: computed for those few rows only
 *   ~tag  record tag
 *
 * Problem codes, each ended by ';', <field> and <rule> being positions in the contract:
 *
 *   d<defect>  n<field> missing  t<field> type  l<field> length  g<field> range  p<field> pattern
 *   r<rule>    i names nobody
 */
#include "ingest/ingest_job.h"

#include <stdio.h>

#define SMALL_FILE (4 * SLICE_BYTES)

/* --- names --------------------------------------------------------------------------------------------------- */

static void add_name(Buf *sql, Slice name)
{
    sql_ident(sql, name);
}

/* True for fields that go into rows.parquet (employers as keyed tags). */
static bool field_is_content(const Field *f)
{
    return f->identity.len == 0 || slice_eq_z(f->identity, "employer");
}

static bool is_employer(const Field *f)
{
    return slice_eq_z(f->identity, "employer");
}

static bool is_text_type(const Field *f)
{
    return f->type == TYPE_TEXT || f->type == TYPE_DIGITS || f->type == TYPE_CODE;
}

/* Does the SQL name any scope_NAME, or a text that looks like it? */
static bool names_scopes(Slice sql)
{
    Slice prefix = SLICE("scope_");
    for (size_t at = 0; at + prefix.len <= sql.len; at++)
        if (slice_eq_nocase(slice_sub(sql, at, at + prefix.len), prefix))
            return true;
    return false;
}

/* A scope that no SQL over rows names goes to the sink as the number it is: a cast would make a text of every row's. */
static bool scope_is_number(const IngestJob *job, const ScopeValue *scope)
{
    const Contract *c = job->contract;
    bool named = false;
    for (size_t i = 0; i < c->field_count; i++)
        named = named || names_scopes(c->fields[i].derive);
    for (size_t i = 0; i < c->rule_count; i++)
        named = named || (c->rules[i].level == RULE_ROW && names_scopes(c->rules[i].sql));
    return scope->field && scope->field->type == TYPE_INTEGER && !named;
}

/* --- layers: the reader's rows, scope, derived columns -------------------------------------------------------- */

static void add_reader_layer(const IngestJob *job, size_t part, Buf *sql)
{
    /* what is not named the reader does not make */
    buf_addf(sql, "SELECT * EXCLUDE (\"~first\") FROM agency_rows%s(part := %zu)", job->database->mark, part);
    if (job->contract->trailer_pattern.len > 0) {
        buf_adds(sql, " WHERE NOT coalesce(regexp_full_match(\"~first\", ");
        sql_literal(sql, job->contract->trailer_pattern);
        buf_adds(sql, "), false)");
    }
}

static void add_derived_layer(const IngestJob *job, size_t part, Buf *sql)
{
    const Contract *c = job->contract;
    buf_adds(sql, "SELECT *");
    for (size_t i = 0; i < c->field_count; i++) {
        const Field *f = &c->fields[i];
        if (f->derive.len == 0)
            continue;
        buf_addf(sql, ", TRY_CAST((%.*s) AS ", SLICE_ARG(f->derive));
        if (is_employer(f))
            buf_adds(sql, "VARCHAR");
        else
            contract_sql_type(f, sql);
        buf_adds(sql, ") AS ");
        add_name(sql, f->name);
    }
    buf_adds(sql, " FROM (SELECT *");
    for (size_t i = 0; i < c->scope_count; i++) {
        const ScopeValue *s = &job->scope[i];
        buf_adds(sql, ", ");
        if (s->field)
            add_name(sql, s->field->name);
        else
            sql_literal(sql, s->value);
        buf_addf(sql, "%s AS \"scope_%.*s\"", scope_is_number(job, s) ? "" : "::VARCHAR", SLICE_ARG(s->name));
    }
    buf_adds(sql, " FROM (");
    add_reader_layer(job, part, sql);
    buf_adds(sql, ") AS r) AS r");
}

/* --- field checks --------------------------------------------------------------------------------------------- */

/* One way a field can be wrong; `fails` is SQL that is never NULL. */
typedef struct FieldCheck {
    char code;
    bool every_row; /* the reader's ~suspect does not tell */
    Buf fails;
} FieldCheck;

enum { FIELD_CHECKS = 5 };

static void add_decimal(Buf *sql, const Field *f, int64_t v)
{
    if (f->type != TYPE_DECIMAL) {
        buf_addf(sql, "%" PRId64, v);
        return;
    }
    int64_t unit = 1;
    for (uint32_t i = 0; i < f->scale; i++)
        unit *= 10;
    uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    buf_addf(sql, "%s%" PRIu64, v < 0 ? "-" : "", magnitude / (uint64_t)unit);
    if (f->scale > 0)
        buf_addf(sql, ".%0*" PRIu64, (int)f->scale, magnitude % (uint64_t)unit);
}

static void add_range_check(Buf *sql, const Field *f)
{
    buf_adds(sql, "coalesce(");
    if (f->has_min) {
        add_name(sql, f->name);
        buf_adds(sql, " < ");
        add_decimal(sql, f, f->min);
    }
    buf_adds(sql, f->has_min && f->has_max ? " OR " : "");
    if (f->has_max) {
        add_name(sql, f->name);
        buf_adds(sql, " > ");
        add_decimal(sql, f, f->max);
    }
    buf_adds(sql, ", false)");
}

/* text: the field's text as SQL. reader: NULL for derived fields. */
static void make_checks(const Field *f, const ValueReader *reader, const char *text, FieldCheck checks[FIELD_CHECKS])
{
    static const char codes[FIELD_CHECKS] = {'n', 't', 'l', 'g', 'p'};
    for (size_t i = 0; i < FIELD_CHECKS; i++) {
        checks[i] = (FieldCheck){.code = codes[i], .every_row = reader == NULL};
        buf_init(&checks[i].fails, 0);
    }
    if (f->required)
        buf_addf(&checks[0].fails, "%s IS NULL", text);
    if (reader) {
        buf_addf(&checks[1].fails, "(%s IS NOT NULL AND ", text);
        add_name(&checks[1].fails, f->name);
        buf_adds(&checks[1].fails, " IS NULL)");
    }
    if (reader && reader->length_max > 0)
        buf_addf(&checks[2].fails, "coalesce(length(%s) > %" PRIu32 ", false)", text, reader->length_max);
    bool ranged = f->type == TYPE_INTEGER || f->type == TYPE_DECIMAL;
    if (ranged && (f->has_min || f->has_max))
        add_range_check(&checks[3].fails, f);
    if (f->pattern.len > 0 && is_text_type(f)) {
        /* of the typed value too: what has the wrong type is told once */
        buf_adds(&checks[4].fails, "(");
        add_name(&checks[4].fails, f->name);
        buf_addf(&checks[4].fails, " IS NOT NULL AND NOT coalesce(regexp_full_match(%s, ", text);
        sql_literal(&checks[4].fails, f->pattern);
        buf_adds(&checks[4].fails, "), true))");
        checks[4].every_row = !reader || reader->wants_regex;
    }
}

static void free_checks(FieldCheck checks[FIELD_CHECKS])
{
    for (size_t i = 0; i < FIELD_CHECKS; i++)
        buf_free(&checks[i].fails);
}

typedef void (*EachCheck)(Buf *sql, size_t field, const FieldCheck *check);

static void each_check(const IngestJob *job, Buf *sql, EachCheck fn)
{
    const Contract *c = job->contract;
    size_t in_file = 0;
    for (size_t i = 0; i < c->field_count; i++) {
        const Field *f = &c->fields[i];
        const ValueReader *reader = NULL;
        FieldCheck checks[FIELD_CHECKS];
        Buf text;
        buf_init(&text, 0);
        if (f->derive.len == 0) {
            reader = &job->readers[in_file];
            buf_addf(&text, "\"~n%zu\"", in_file++);
        } else {
            add_name(&text, f->name);
        }
        make_checks(f, reader, buf_z(&text), checks);
        for (size_t k = 0; k < FIELD_CHECKS; k++)
            if (checks[k].fails.len > 0)
                fn(sql, i, &checks[k]);
        free_checks(checks);
        buf_free(&text);
    }
}

static void and_not_suspect(Buf *sql, size_t field, const FieldCheck *check)
{
    UNUSED(field);
    if (!check->every_row)
        buf_addf(sql, " AND NOT (%s)", buf_z(&check->fails));
}

static void and_not_every_row(Buf *sql, size_t field, const FieldCheck *check)
{
    UNUSED(field);
    if (check->every_row)
        buf_addf(sql, " AND NOT (%s)", buf_z(&check->fails));
}

static void code_when(Buf *sql, size_t field, const FieldCheck *check)
{
    /* ~nI of other rows is NULL whatever the file has: they would all be missing */
    const char *known = check->every_row ? "" : "\"~suspect\" AND ";
    buf_addf(sql, ", CASE WHEN %s(%s) THEN '%c%zu;' END", known, buf_z(&check->fails), check->code, field);
}

/* --- rules, identity ------------------------------------------------------------------------------------------ */

static void and_rules(const Contract *c, RuleSeverity severity, Buf *sql)
{
    for (size_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].level == RULE_ROW && c->rules[i].severity == severity)
            buf_addf(sql, " AND coalesce((%.*s), true)", SLICE_ARG(c->rules[i].sql));
}

static void rule_codes(const Contract *c, Buf *sql)
{
    for (size_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].level == RULE_ROW)
            buf_addf(sql, ", CASE WHEN NOT coalesce((%.*s), true) THEN 'r%zu;' END", SLICE_ARG(c->rules[i].sql), i);
}

/* SQL that is true when some field says who the row is about; "true" for files about nobody. */
static void add_names_somebody(const IngestJob *job, Buf *sql)
{
    bool any = false;
    for (size_t i = 0; i < identities_count(job->identities); i++) {
        if (!identities_names_somebody(job->identities, i))
            continue;
        buf_adds(sql, any ? " OR " : "(");
        add_name(sql, identities_field(job->identities, i)->name);
        buf_adds(sql, " IS NOT NULL");
        any = true;
    }
    buf_adds(sql, any ? ")" : "true");
}

static void add_tag(const IngestJob *job, Buf *sql)
{
    if (!identities_any(job->identities)) {
        buf_adds(sql, "NULL::UUID AS \"~tag\"");
        return;
    }
    buf_addf(sql, "CASE WHEN \"~ok\" AND \"~named\" THEN ingest_tag%s(", job->database->mark);
    for (size_t i = 0; i < identities_count(job->identities); i++) {
        buf_adds(sql, i ? ", " : "");
        add_name(sql, identities_field(job->identities, i)->name);
        buf_adds(sql, "::VARCHAR");
    }
    buf_adds(sql, ") END AS \"~tag\"");
}

/* --- what is kept --------------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Does the SQL name the column? A word of a string literal counts too, which costs memory but is never wrong. */
static bool mentions(Slice sql, Slice name)
{
    for (size_t from = 0; from < sql.len;) {
        size_t at = from + slice_find(slice_sub(sql, from, sql.len), name);
        if (at >= sql.len)
            return false;
        bool before = at > 0 && is_word(sql.ptr[at - 1]);
        bool after = at + name.len < sql.len && is_word(sql.ptr[at + name.len]);
        if (!before && !after)
            return true;
        from = at + 1;
    }
    return false;
}

/* Identity fields go on only when a rule over several rows needs them: as part of a key, */
static bool is_in_key(const Contract *c, const Field *f)
{
    for (size_t i = 0; i < c->rule_count; i++)
        for (size_t k = 0; k < c->rules[i].column_count; k++)
            if (slice_eq(c->rules[i].columns[k], f->name))
                return true;
    return false;
}

/* or by name in its SQL. */
static bool is_needed_later(const Contract *c, const Field *f)
{
    for (size_t i = 0; i < c->rule_count; i++)
        if (c->rules[i].level != RULE_ROW && mentions(c->rules[i].sql, f->name))
            return true;
    for (size_t i = 0; i < c->total_count; i++)
        if (mentions(c->totals[i].sql, f->name))
            return true;
    return false;
}

static ParquetColumn column_of(const Field *f)
{
    ParquetColumn c = {.name = f->name, .type = PARQUET_TEXT};
    if (is_employer(f)) {
        c.type = PARQUET_UUID;
        return c;
    }
    switch (f->type) {
    case TYPE_INTEGER:
        c.type = PARQUET_INTEGER;
        break;
    case TYPE_DECIMAL:
        c.type = PARQUET_DECIMAL;
        c.scale = f->scale;
        break;
    case TYPE_DATE:
        c.type = PARQUET_DATE;
        break;
    case TYPE_BOOLEAN:
        c.type = PARQUET_BOOLEAN;
        break;
    case TYPE_TEXT:
    case TYPE_DIGITS:
    case TYPE_CODE:
        break;
    }
    return c;
}

/* The columns of rows.parquet in their order, and among them those that only rules over many rows need. */
static Status list_columns(IngestJob *job, Error *err)
{
    const Contract *c = job->contract;
    for (size_t i = 0; i < c->field_count; i++) {
        const Field *f = &c->fields[i];
        SinkColumn column = {.as = column_of(f), .content = field_is_content(f)};
        column.later = !column.content && is_needed_later(c, f);
        if (column.content || column.later || is_in_key(c, f))
            TRY(vec_push(&job->columns, column, err));
        if (column.content || !f->token)
            continue;
        column = (SinkColumn){.as = {.type = PARQUET_UUID}, .content = true};
        TRY(arena_format(&job->arena, &column.as.name, err, "%.*s_token", SLICE_ARG(f->name)));
        TRY(vec_push(&job->columns, column, err));
    }
    for (size_t i = 0; i < c->scope_count; i++) {
        SinkColumn column = {.as = {.type = PARQUET_TEXT}, .content = true};
        column.number = scope_is_number(job, &job->scope[i]);
        TRY(arena_format(&job->arena, &column.as.name, err, "scope_%.*s", SLICE_ARG(c->scope[i].name)));
        TRY(vec_push(&job->columns, column, err));
    }
    return OK;
}

static Status list_keys(IngestJob *job, SinkKey *keys, size_t *count, Error *err)
{
    const Contract *c = job->contract;
    for (size_t i = 0; i < c->rule_count; i++) {
        const Rule *rule = &c->rules[i];
        size_t *columns = NULL;
        if (rule->level != RULE_KEY)
            continue;
        TRY(arena_new(&job->arena, size_t, rule->column_count, &columns, err));
        for (size_t k = 0; k < rule->column_count; k++) {
            while (columns[k] < job->columns.len && !slice_eq(job->columns.at[columns[k]].as.name, rule->columns[k]))
                columns[k]++;
            if (columns[k] == job->columns.len)
                return error_set(err, ERR_INVALID, "contract %.*s: a key names %.*s, which is no column",
                    SLICE_ARG(c->name), SLICE_ARG(rule->columns[k]));
        }
        keys[(*count)++] = (SinkKey){columns, rule->column_count};
    }
    return OK;
}

static void add_kept(const IngestJob *job, Buf *sql)
{
    const Contract *c = job->contract;
    for (size_t i = 0; i < c->field_count; i++) {
        const Field *f = &c->fields[i];
        if (!field_is_content(f) && !is_needed_later(c, f) && !is_in_key(c, f))
            continue;
        buf_adds(sql, ", ");
        if (is_employer(f)) {
            buf_addf(sql, "ingest_employer%s(", job->database->mark);
            add_name(sql, f->name);
            buf_adds(sql, "::VARCHAR) AS ");
        }
        add_name(sql, f->name);
    }
    for (size_t i = 0; i < identities_count(job->identities); i++) {
        const Field *f = identities_field(job->identities, i);
        if (!f->token)
            continue;
        buf_addf(sql, ", CASE WHEN \"~ok\" THEN ingest_token_%zu%s(", i, job->database->mark);
        add_name(sql, f->name);
        buf_addf(sql, "::VARCHAR) END AS \"%.*s_token\"", SLICE_ARG(f->name));
    }
    for (size_t i = 0; i < c->scope_count; i++)
        buf_addf(sql, ", \"scope_%.*s\"", SLICE_ARG(c->scope[i].name));
}

/* --- the statement -------------------------------------------------------------------------------------------- */

static bool keeps_identities(const IngestJob *job)
{
    for (size_t i = 0; i < job->columns.len; i++)
        if (job->columns.at[i].later)
            return true;
    return false;
}

/* Every row goes to the sink, in the last WHERE; what it lets through are identities that SQL over many rows names, and
 * seldom anything. */
static void begin_statement(const IngestJob *job, size_t part, Buf *sql)
{
    if (!keeps_identities(job)) {
        buf_adds(sql, "SELECT count(*)");
        return;
    }
    buf_addf(sql, "CREATE TABLE named_%zu AS SELECT \"~row\"", part);
    for (size_t i = 0; i < job->columns.len; i++) {
        if (!job->columns.at[i].later)
            continue;
        buf_adds(sql, ", ");
        add_name(sql, job->columns.at[i].as.name);
    }
}

static void end_statement(const IngestJob *job, size_t part, Buf *sql)
{
    buf_addf(sql, ") AS r WHERE ingest_rows_%zu%s(" SINK_LEADING, part, job->database->mark);
    for (size_t i = 0; i < job->columns.len; i++) {
        buf_adds(sql, ", ");
        add_name(sql, job->columns.at[i].as.name);
    }
    buf_adds(sql, ")");
}

static void make_statement(const IngestJob *job, size_t part, Buf *sql)
{
    const Contract *c = job->contract;
    begin_statement(job, part, sql);
    buf_adds(sql, " FROM (SELECT \"~row\", \"~line\", \"~at\", \"~ok\", ");
    buf_adds(sql, "CASE WHEN \"~clean\" THEN NULL WHEN \"~defect\" IS NOT NULL THEN concat('d', \"~defect\", ';') "
                  "WHEN NOT \"~fok\" THEN concat(''");
    each_check(job, sql, code_when);
    buf_adds(sql, ") ELSE concat(''");
    rule_codes(c, sql);
    buf_adds(sql, ", CASE WHEN NOT \"~named\" THEN 'i;' END) END AS \"~problems\", ");
    add_tag(job, sql);
    add_kept(job, sql);
    buf_adds(sql, " FROM (SELECT *, \"~ok\" AND \"~named\"");
    and_rules(c, SEVERITY_WARNING, sql);
    buf_adds(sql, " AS \"~clean\" FROM (SELECT *, \"~fok\"");
    and_rules(c, SEVERITY_ERROR, sql);
    buf_adds(sql, " AS \"~ok\", ");
    add_names_somebody(job, sql);
    buf_adds(sql, " AS \"~named\" FROM (SELECT *, CASE WHEN \"~suspect\" THEN \"~defect\" IS NULL");
    each_check(job, sql, and_not_suspect);
    buf_adds(sql, " ELSE true END");
    each_check(job, sql, and_not_every_row);
    buf_adds(sql, " AS \"~fok\" FROM (");
    add_derived_layer(job, part, sql);
    buf_adds(sql, ") AS r) AS r) AS r) AS r");
    end_statement(job, part, sql);
}

static Status register_sink(IngestJob *job, Error *err)
{
    SinkKey *keys = NULL;
    TRY(list_columns(job, err));
    TRY(arena_new(&job->arena, SinkKey, job->contract->rule_count, &keys, err));
    SinkOptions options = {
        .columns = job->columns.at,
        .column_count = job->columns.len,
        .keys = keys,
        .parts = row_scan_parts(job->scan),
        .folder = job->folder,
        .mark = job->database->mark,
    };
    TRY(list_keys(job, keys, &options.key_count, err));
    options.places = options.key_count > 0;
    for (size_t i = 0; i < job->contract->rule_count; i++)
        options.places = options.places || job->contract->rules[i].level == RULE_CROSS;
    return row_sink_register(job->db, &options, &job->sink, err);
}

static Status register_parts(IngestJob *job, Error *err)
{
    TRY(arena_new(&job->arena, ValueReader, job->file.field_count, &job->readers, err));
    for (size_t i = 0; i < job->file.field_count; i++) {
        job->reader_count = i + 1;
        TRY(value_reader_init(&job->readers[i], job->file.fields[i], job->contract->format, err));
    }
    char name[40];
    TRY(identities_register(job->identities, job->db, job->database->mark, err));
    TRY(identities_expect(job->identities, job->file.rows, err));
    snprintf(name, sizeof name, "agency_rows%s", job->database->mark);
    TRY(row_scan_register(job->db, name, &job->file, job->readers, job->progress, &job->scan, err));
    return register_sink(job, err);
}

/* A failure of the statements has its cause in the reader, in a function of ours, or in the contract's SQL: what names
 * the contract has it from check_part, and what fails beside the statement is not the contract's doing. */
static Status explain(IngestJob *job, Status st, Error *err)
{
    Status reader;
    if (row_scan_failed(job->scan, &reader, &job->refusal, err))
        return reader;
    TRY(identities_status(job->identities, err));
    TRY(row_sink_status(job->sink, err));
    return st;
}

/* Scope parts that the file's name tells. By the engine's regular expressions, as all others of a contract. */
static Status read_file_name(IngestJob *job, Error *err)
{
    const Contract *c = job->contract;
    Slice name = slice_of(path_base(job->path));
    TRY(arena_new(&job->arena, ScopeValue, c->scope_count, &job->scope, err));
    for (size_t i = 0; i < c->scope_count; i++) {
        ScopeValue *scope = &job->scope[i];
        scope->name = c->scope[i].name;
        scope->field = c->scope[i].field.len > 0 ? contract_field(c, c->scope[i].field) : NULL;
        if (scope->field)
            continue;
        Buf sql;
        Buf value;
        buf_init(&sql, 0);
        buf_init(&value, 0);
        sql_literal(&sql, name);
        buf_adds(&sql, ", ");
        sql_literal(&sql, c->scope[i].pattern);
        Status st = db_value_str(job->db, &value, err, "SELECT regexp_extract(%s, 1)", buf_z(&sql));
        if (st == OK)
            st = arena_dup(&job->arena, buf_slice(&value), &scope->value, err);
        buf_free(&sql);
        buf_free(&value);
        TRY(st);
        if (scope->value.len == 0)
            refuse(&job->refusal, 0, "the file's name does not say which %.*s it is about", SLICE_ARG(scope->name));
    }
    return OK;
}

/* On a connection of its own. The optimiser finds nothing to improve here and takes 12 ms over the several hundred
 * expressions, a quarter of a small file's time. */
static Status check_part(size_t part, void *ctx, Error *err)
{
    IngestJob *job = ctx;
    Db *db = NULL;
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "PRAGMA disable_optimizer; " JOB_DB_USE);
    make_statement(job, part, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_beside(job->db, &db, err);
    if (st == OK) {
        st = db_exec(db, buf_z(&sql), err);
        if (st != OK)
            error_at(err, job->contract->file ? job->contract->file->path : NULL, 0, NULL);
    }
    db_close(db);
    buf_free(&sql);
    return st == OK ? row_sink_end_part(job->sink, part, err) : st;
}

/* `staged`: the good rows, with row_no and record_tag under the names they have before, and identities that rules over
 * many rows name. */
static Status make_staged(IngestJob *job, Error *err)
{
    const char *path;
    Buf sql;
    TRY(path_join(&job->arena, job->folder, "rows.parquet", &path, err));
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE OR REPLACE VIEW staged AS SELECT row_no AS \"~row\", record_tag AS \"~tag\", "
                   "p.* EXCLUDE (row_no, record_tag)");
    if (keeps_identities(job)) {
        buf_adds(&sql, ", n.* EXCLUDE (\"~row\") FROM read_parquet(");
        sql_literal(&sql, slice_of(path));
        buf_adds(&sql, ") AS p JOIN (");
        for (size_t i = 0; i < row_scan_parts(job->scan); i++)
            buf_addf(&sql, "%sSELECT * FROM named_%zu", i ? " UNION ALL " : "", i);
        buf_adds(&sql, ") AS n ON p.row_no = n.\"~row\"");
    } else {
        buf_adds(&sql, " FROM read_parquet(");
        sql_literal(&sql, slice_of(path));
        buf_adds(&sql, ") AS p");
    }
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(job->db, buf_z(&sql), err);
    buf_free(&sql);
    return st;
}

Status check_rows(IngestJob *job, Error *err)
{
    const HomeSettings *settings = home_settings(job->ctx->home);
    TRY(job_db_begin(job->database, settings, &job->db, err));
    TRY(read_file_name(job, err));
    if (job->refusal.refused)
        return OK;
    TRY(register_parts(job, err));
    unsigned threads = settings->threads ? settings->threads : thread_cores();
    /* One thread a part keeps the order by itself; with the setting DuckDB would do so too, by a way into the table
     * that takes half as long again. And threads of its own would take a part's work from the thread that waits for
     * it, which then waits by spinning. */
    TRY(db_exec(job->db, "SET preserve_insertion_order = false; SET threads = 1", err));
    Status st = parallel_for(row_scan_parts(job->scan), threads, check_part, job, err);
    unsigned later = job->file.size > SMALL_FILE ? threads : 1; /* there is nothing to share out of less */
    if (st == OK)
        st = db_execf(job->db, err, "SET preserve_insertion_order = true; SET threads = %u", later);
    if (st != OK)
        return explain(job, st, err);
    TRY(identities_status(job->identities, err));
    TRY(row_sink_end(job->sink, err));
    return make_staged(job, err);
}
