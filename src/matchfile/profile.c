/*
 * What stands in the columns: shares of values that look like dates, numbers, names. One pass over a sample of some
 * fifty thousand rows, chosen by a hash of their contents: the same rows whatever the order of the file. Where a large
 * file holds but few different rows the hash may choose none of them: then each different row stands in the sample
 * once.
 */
#include "matchfile/suggest.h"

#define SAMPLE_ROWS 50000
#define SAMPLE_LEAST 1000
#define MISSING_SHARE 0.005

/* How programs write that there is nothing. As a name each of them is far rarer than this. */
static const char *const missing_words[] = {
    "NA", "N/A", "NULL", "null", "None", "NONE", "nan", "NaN", "?", "-", ".", "\\N", "UNKNOWN", "Unknown", "UNK"};

static Status add_names(People *p, Profile *out, Error *err)
{
    TRY(arena_new(&p->arena, ColumnProfile, p->file_count * PEOPLE_COLUMNS_MAX, &out->columns, err));
    for (size_t i = 0; i < p->file_count; i++)
        for (uint32_t c = 0; c < p->files[i].column_count; c++) {
            uint32_t k = 0;
            while (k < out->count && !slice_eq(out->columns[k].name, p->files[i].columns[c]))
                k++;
            if (k == out->count)
                out->columns[out->count++].name = p->files[i].columns[c];
        }
    return OK;
}

static Status count_rows(People *p, const InputFile *f, int64_t *out, Error *err)
{
    Status st = db_value_i64(p->db, out, err, "SELECT count(*) FROM %s", f->relation);
    return st == OK ? OK : people_failed(f, st, err);
}

typedef enum SampleOf { SAMPLE_BY_HASH, SAMPLE_DIFFERENT } SampleOf;

/* Table "sample": one column for each name, of all files. */
static Status fill_sample(People *p, const Profile *out, SampleOf how, Error *err)
{
    Buf sql;
    const char *select = how == SAMPLE_DIFFERENT ? "SELECT DISTINCT " : "SELECT ";
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE OR REPLACE TEMP TABLE sample AS ");
    for (size_t i = 0; i < p->file_count; i++) {
        const InputFile *f = &p->files[i];
        buf_addf(&sql, "%s%s", i ? " UNION ALL " : "", select);
        for (uint32_t k = 0; k < out->count; k++) {
            uint32_t c = people_column(f, out->columns[k].name);
            if (c < PEOPLE_COLUMNS_MAX)
                buf_addf(&sql, "%snullif(trim(c%" PRIu32 "), '') AS p%" PRIu32, k ? ", " : "", c, k);
            else
                buf_addf(&sql, "%sNULL::VARCHAR AS p%" PRIu32, k ? ", " : "", k);
        }
        buf_addf(&sql, " FROM %s", f->relation);
        uint64_t one_of = out->rows / SAMPLE_ROWS;
        if (one_of < 2 || how == SAMPLE_DIFFERENT)
            continue;
        buf_adds(&sql, " WHERE hash(concat_ws('|'");
        for (uint32_t c = 0; c < f->column_count; c++)
            buf_addf(&sql, ", c%" PRIu32, c);
        buf_addf(&sql, ")) %% %" PRIu64 " = 0", one_of);
    }
    Status st = buf_status(&sql, err);
    if (st == OK && (st = db_exec(p->db, buf_z(&sql), err)) != OK)
        st = people_failed(&p->files[0], st, err);
    buf_free(&sql);
    return st;
}

static Status make_sample(People *p, Profile *out, Error *err)
{
    int64_t rows = 0;
    for (size_t i = 0; i < p->file_count; i++) {
        TRY(count_rows(p, &p->files[i], &rows, err));
        out->rows += (uint64_t)rows;
    }
    TRY(fill_sample(p, out, SAMPLE_BY_HASH, err));
    TRY(db_value_i64(p->db, &rows, err, "SELECT count(*) FROM sample"));
    bool too_few = rows < SAMPLE_LEAST && out->rows > SAMPLE_ROWS;
    return too_few ? fill_sample(p, out, SAMPLE_DIFFERENT, err) : OK;
}

static Status find_missing(People *p, Profile *out, Error *err)
{
    for (uint32_t k = 0; k < out->count; k++) {
        Buf sql;
        DbRows *rows = NULL;
        bool more = false;
        buf_init(&sql, 0);
        buf_adds(&sql, "SELECT ");
        for (size_t w = 0; w < COUNT_OF(missing_words); w++)
            buf_addf(&sql, "%scount(*) FILTER (WHERE p%" PRIu32 " = '%s')", w ? ", " : "", k, missing_words[w]);
        buf_addf(&sql, ", count(*) FROM sample WHERE p%" PRIu32 " IS NOT NULL", k);
        Status st = db_query(p->db, buf_z(&sql), &rows, err);
        if (st == OK)
            st = db_next(rows, &more, err);
        for (size_t w = 0; st == OK && more && w < COUNT_OF(missing_words); w++) {
            bool have = false;
            for (uint32_t m = 0; m < out->missing_count; m++)
                have = have || slice_eq_z(out->missing[m], missing_words[w]);
            double share = (double)db_i64(rows, w) / (double)(db_i64(rows, COUNT_OF(missing_words)) + 1);
            if (!have && share >= MISSING_SHARE && out->missing_count < MATCH_MISSING_MAX)
                out->missing[out->missing_count++] = slice_of(missing_words[w]);
        }
        db_rows_free(rows);
        buf_free(&sql);
        TRY(st);
    }
    return OK;
}

static void profile_sql(const Profile *p, uint32_t k, Buf *sql)
{
    buf_addf(sql, "WITH v AS (SELECT p%" PRIu32 " AS v FROM sample WHERE p%" PRIu32 " IS NOT NULL", k, k);
    for (uint32_t m = 0; m < p->missing_count; m++) {
        buf_addf(sql, " AND p%" PRIu32 " <> ", k);
        sql_literal(sql, p->missing[m]);
    }
    buf_adds(sql, ") SELECT count(*), count(DISTINCT v), avg(length(v)), "
                  "avg(regexp_full_match(v, '[0-9]+')::INT), avg((NOT regexp_matches(v, '[0-9]'))::INT), "
                  "avg(regexp_full_match(v, '[12][0-9]{3}-?[01][0-9]-?[0-3][0-9]|"
                  "[0-3]?[0-9][/.-][0-3]?[0-9][/.-][12][0-9]{3}|[12][0-9]{3}[/.][01]?[0-9][/.][0-3]?[0-9]')::INT), "
                  "avg(regexp_full_match(v, '[0-9]{3}-?[0-9]{2}-?[0-9]{4}')::INT), avg(contains(v, '@')::INT), "
                  "avg((upper(v) IN ('M', 'F', 'MALE', 'FEMALE', 'X', 'U', 'W', '1', '2'))::INT), "
                  "min(TRY_CAST(v AS BIGINT)), max(TRY_CAST(v AS BIGINT)), (SELECT count(*) FROM sample) FROM v");
}

static Status profile_column(People *p, Profile *out, uint32_t k, Error *err)
{
    ColumnProfile *c = &out->columns[k];
    Buf sql;
    DbRows *rows = NULL;
    bool more = false;
    buf_init(&sql, 0);
    profile_sql(out, k, &sql);
    Status st = buf_status(&sql, err);
    if (st == OK)
        st = db_query(p->db, buf_z(&sql), &rows, err);
    if (st == OK)
        st = db_next(rows, &more, err);
    if (st == OK && more) {
        c->filled = (uint64_t)db_i64(rows, 0);
        c->distinct = (uint64_t)db_i64(rows, 1);
        double *const shares[] = {&c->length, &c->digits, &c->letters, &c->dates, &c->nine, &c->mails, &c->sexes};
        for (size_t i = 0; i < COUNT_OF(shares); i++)
            *shares[i] = db_f64(rows, 2 + i);
        c->low = db_i64(rows, 9);
        c->high = db_i64(rows, 10);
        c->rows = (uint64_t)db_i64(rows, 11);
    }
    db_rows_free(rows);
    buf_free(&sql);
    return st;
}

Status profile_people(People *p, Profile *out, Error *err)
{
    memset(out, 0, sizeof *out);
    TRY(add_names(p, out, err));
    TRY(make_sample(p, out, err));
    TRY(find_missing(p, out, err));
    for (uint32_t k = 0; k < out->count; k++)
        TRY(profile_column(p, out, k, err));
    return db_exec(p->db, "DROP TABLE sample", err);
}
