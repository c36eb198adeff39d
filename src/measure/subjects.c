/*
 * Whom the measures of families ask about, and what of the wages they ask, for a whole run.
 *
 * A family's measure asks about the quarters of persons who left school, college or a programme. The wages of a state
 * are its largest table, and every such measure used to read all of it to find a few quarters of some persons. Here the
 * rows of all of them are made first and the wages are read once: each row that is found carries the number of who
 * asked for it. Measures with the same persons, or the same persons and quarters, share them.
 *
 * One question does the same for itself, over runs of quarters. The statement that follows then joins small tables of
 * known size: with the wages in it DuckDB takes its rows for millions and makes hash tables of all persons of the
 * state.
 */
#include "measure/measure_parts.h"

#include <stdio.h>

static bool asks_wages(const RowWish *w)
{
    return w->outcome && w->outcome->has_quarters;
}

/* Numbers in order of first appearance. *subjects, *work: how many there are. */
static void number_wishes(RowWish *wishes, size_t count, size_t *subjects, size_t *work)
{
    *subjects = *work = 0;
    for (size_t i = 0; i < count; i++) {
        RowWish *w = &wishes[i];
        if (!asks_wages(w))
            continue;
        for (size_t k = 0; k < i; k++) {
            const RowWish *before = &wishes[k];
            if (!before->subjects || !slice_eq(before->def->sql, w->def->sql))
                continue;
            w->subjects = before->subjects;
            if (before->outcome->quarter_from == w->outcome->quarter_from &&
                before->outcome->quarter_to == w->outcome->quarter_to)
                w->work = before->work;
        }
        if (!w->subjects)
            w->subjects = ++*subjects;
        if (!w->work)
            w->work = ++*work;
    }
}

static Status make_subject(Db *db, const RowWish *w, Error *err)
{
    Status st = db_execf(db, err, "CREATE OR REPLACE TABLE " SUBJECTS_DB ".subject_%zu AS SELECT * FROM (%.*s\n)",
        w->subjects, SLICE_ARG(w->def->sql));
    if (st != OK)
        error_at(err, w->def->file->path, 0, NULL);
    return st;
}

static Status make_subjects(Db *db, const RowWish *wishes, size_t count, Error *err)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        const RowWish *w = &wishes[i];
        if (w->subjects <= made)
            continue;
        made = w->subjects;
        TRY(make_subject(db, w, err));
    }
    return OK;
}

static Status add_asked(Db *db, const MeasureFrame *frame, const RowWish *w, Buf *sql, Error *err)
{
    char table[48];
    snprintf(table, sizeof table, SUBJECTS_DB ".subject_%zu", w->subjects);
    buf_addf(sql,
        "%sSELECT %zu::USMALLINT AS asked, s.person, s.year, k.k, (s.origin + s.after_quarters + k.k)::INTEGER AS "
        "quarter FROM (",
        w->work > 1 ? "\nUNION ALL " : "", w->work);
    TRY(measure_subject_sql(db, frame, w, table, sql, err));
    buf_addf(sql, ") s CROSS JOIN (SELECT unnest(generate_series(%" PRId64 ", %" PRId64 "))::INTEGER AS k) k",
        w->outcome->quarter_from, w->outcome->quarter_to);
    return buf_status(sql, err);
}

static Status make_work(Db *db, const MeasureFrame *frame, const RowWish *wishes, size_t count, Error *err)
{
    Buf sql;
    size_t asked = 0;
    Status st = OK;
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE TABLE " SUBJECTS_DB ".work AS SELECT a.asked, a.person, a.year, a.k, w.wages, w.employers, "
                   "w.employer FROM (");
    for (size_t i = 0; i < count; i++) {
        if (wishes[i].work <= asked)
            continue;
        asked = wishes[i].work;
        TRY_OUT(add_asked(db, frame, &wishes[i], &sql, err));
    }
    buf_adds(&sql, ") a\nJOIN employment_person_quarter w ON w.person = a.person AND w.quarter = a.quarter");
    TRY_OUT(buf_status(&sql, err));
    st = db_exec(db, buf_z(&sql), err);
out:
    buf_free(&sql);
    return st;
}

/* Who is asked about, and of which quarter: `due` and those before and after it that the definition looks at. */
static Status make_due(Db *db, const MeasureFrame *frame, const RowWish *w, Error *err)
{
    char table[48];
    Buf sql;
    Status st = OK;
    snprintf(table, sizeof table, SUBJECTS_DB ".subject_%zu", w->subjects);
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE OR REPLACE TABLE " SUBJECTS_DB ".due AS SELECT person, year, origin + after_quarters AS due "
                   "FROM (");
    TRY_OUT(measure_subject_sql(db, frame, w, table, &sql, err));
    buf_adds(&sql, ") WHERE origin + after_quarters IS NOT NULL");
    TRY_OUT(buf_status(&sql, err));
    st = db_exec(db, buf_z(&sql), err);
out:
    buf_free(&sql);
    return st;
}

enum { RUN_MAX = 4 }; /* longer ones would find more wages of each person than are asked about */

typedef struct QuarterRun { /* of quarters in a row that somebody asks about */
    int64_t from, to;
} QuarterRun;
typedef VEC(QuarterRun) QuarterRuns;

static Status add_quarter(QuarterRuns *runs, int64_t quarter, Error *err)
{
    QuarterRun *last = runs->len > 0 ? &vec_last(runs) : NULL;
    if (last && last->to + 1 == quarter && quarter - last->from < RUN_MAX) {
        last->to = quarter;
        return OK;
    }
    return vec_push(runs, ((QuarterRun){quarter, quarter}), err);
}

static Status read_runs(Db *db, const RowWish *w, QuarterRuns *out, Error *err)
{
    DbRows *rows = NULL;
    bool more = true;
    Status st = OK;
    TRY(db_queryf(db, &rows, err,
        "SELECT DISTINCT due + k FROM " SUBJECTS_DB ".due CROSS JOIN (SELECT unnest(generate_series(%" PRId64
        ", %" PRId64 ")) AS k) WHERE due + k BETWEEN (SELECT min(quarter) FROM employment_person_quarter) AND (SELECT "
        "max(quarter) FROM employment_person_quarter) ORDER BY 1",
        w->outcome->quarter_from, w->outcome->quarter_to));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        TRY_OUT(add_quarter(out, db_i64(rows, 0), err));
    }
out:
    db_rows_free(rows);
    return st;
}

#define WAGES_OF_ALL "employment_person_quarter"
#define WAGES_AFTER "(SELECT * FROM person_quarter WHERE state = 'employed')"

/* Where the wages asked about are. person_quarter has those of persons who left school, college or a programme, from
 * the quarter after that on: a third or less of the state's. It does where everybody who is asked about is in it from
 * the first quarter on that is looked at. */
static Status find_wages(Db *db, const RowWish *w, const char **out, Error *err)
{
    int64_t tables, outside;
    *out = WAGES_OF_ALL;
    TRY(db_value_i64(db, &tables, err,
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'main' AND table_name IN "
        "('person_quarter', 'work_subject')"));
    if (tables != 2)
        return OK;
    TRY(db_value_i64(db, &outside, err,
        "SELECT count(*) FROM " SUBJECTS_DB ".due d LEFT JOIN work_subject s ON s.person = d.person WHERE s.person IS "
        "NULL OR d.due + %" PRId64 " < s.first_quarter",
        w->outcome->quarter_from));
    if (outside == 0)
        *out = WAGES_AFTER;
    return OK;
}

/* The wages lie in the order of quarters and each statement names its own, so that the blocks of others are passed over
 * by their minimum and maximum (a list of quarters would be joined to every row instead). And the person is all that
 * must be equal, so that DuckDB holds its list of persons against the scan, which it does for joins by one column. */
static Status read_wages(Db *db, const RowWish *w, const char *wages, const QuarterRun *run, Error *err)
{
    const int64_t before = w->outcome->quarter_from, after = w->outcome->quarter_to;
    return db_execf(db, err,
        "INSERT INTO " SUBJECTS_DB ".work SELECT %zu, s.person, s.year, (w.quarter - s.due)::INTEGER, w.wages, "
        "w.employers, w.employer FROM (SELECT * FROM " SUBJECTS_DB ".due WHERE due BETWEEN %" PRId64 " AND %" PRId64
        ") s JOIN %s w ON w.person = s.person AND w.quarter BETWEEN s.due + %" PRId64 " AND s.due + %" PRId64
        " WHERE w.quarter BETWEEN %" PRId64 " AND %" PRId64,
        w->work, run->from - after, run->to - before, wages, before, after, run->from, run->to);
}

static Status ask_work(Db *db, const MeasureFrame *frame, const RowWish *w, WagesKept kept, Error *err)
{
    QuarterRuns runs = {0};
    const char *wages = WAGES_OF_ALL;
    Status st = OK;
    TRY_OUT(make_due(db, frame, w, err));
    TRY_OUT(read_runs(db, w, &runs, err));
    if (kept == WAGES_AFTER_TOO)
        TRY_OUT(find_wages(db, w, &wages, err));
    for (size_t i = 0; i < runs.len; i++) {
        TRY_OUT(cancel_check(err));
        TRY_OUT(read_wages(db, w, wages, &runs.at[i], err));
    }
out:
    vec_free(&runs);
    return st;
}

static Status begin_work(Db *db, Error *err)
{
    return db_exec(db,
        "ATTACH IF NOT EXISTS ':memory:' AS " SUBJECTS_DB " (READ_WRITE); CREATE OR REPLACE TABLE " SUBJECTS_DB
        ".work AS SELECT 0::USMALLINT AS asked, 0::UBIGINT AS person, 0::INTEGER AS year, 0::INTEGER AS k, wages, "
        "employers, employer FROM employment_person_quarter LIMIT 0",
        err);
}

Status subjects_ask(Db *db, const MeasureFrame *frame, RowWish *const *wishes, size_t count, WagesKept kept, Error *err)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        RowWish *w = wishes[i];
        if (!asks_wages(w) || w->subjects)
            continue;
        if (made == 0)
            TRY(begin_work(db, err));
        w->subjects = w->work = ++made;
        TRY(make_subject(db, w, err));
        TRY(ask_work(db, frame, w, kept, err));
    }
    return OK;
}

Status subjects_prepare(Db *db, const MeasureFrame *frame, RowWish *wishes, size_t count, Error *err)
{
    size_t subjects, work;
    number_wishes(wishes, count, &subjects, &work);
    if (work == 0)
        return OK;
    TRY(db_exec(db, "ATTACH ':memory:' AS " SUBJECTS_DB " (READ_WRITE)", err));
    TRY(make_subjects(db, wishes, count, err));
    return make_work(db, frame, wishes, count, err);
}
