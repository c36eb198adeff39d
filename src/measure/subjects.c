/*
 * Whom the measures of families ask about, and what of the wages they ask, for a whole run.
 *
 * A family's measure asks about the quarters of persons who left school, college or a programme. The wages of a state
 * are its largest table, and every such measure used to read all of it to find a few quarters of some persons. Here the
 * rows of all of them are made first and the wages are read once: each row that is found carries the number of who
 * asked for it. Measures with the same persons, or the same persons and quarters, share them.
 *
 * One question by itself reads the wages in its own statement, which then takes the columns that the figure needs and
 * no others. What it is told beforehand is the quarters: the wages lie in their order, so that the blocks of all others
 * are passed over by their minimum and maximum.
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

/* Runs of quarters as a condition that the blocks' minima and maxima can be held against; a list with IN would be
 * joined to every row. */
static void add_run(int64_t from, int64_t to, Buf *out)
{
    buf_adds(out, out->len ? " OR " : "(");
    if (from == to)
        buf_addf(out, "quarter = %" PRId64, from);
    else
        buf_addf(out, "quarter BETWEEN %" PRId64 " AND %" PRId64, from, to);
}

static Status read_runs(DbRows *rows, Buf *out, Error *err)
{
    int64_t from = 0, to = 0;
    bool more = true, any = false;
    for (;;) {
        TRY(db_next(rows, &more, err));
        if (!more)
            break;
        int64_t quarter = db_i64(rows, 0);
        if (any && quarter == to + 1) {
            to = quarter;
            continue;
        }
        if (any)
            add_run(from, to, out);
        from = to = quarter;
        any = true;
    }
    if (any)
        add_run(from, to, out);
    buf_adds(out, any ? ")" : "FALSE"); /* nobody asks about any */
    return buf_status(out, err);
}

static Status list_quarters(Db *db, const MeasureFrame *frame, RowWish *w, Arena *arena, Error *err)
{
    char table[48];
    Buf subject, sql, list;
    DbRows *rows = NULL;
    Status st = OK;
    snprintf(table, sizeof table, SUBJECTS_DB ".subject_%zu", w->subjects);
    buf_init(&subject, 0);
    buf_init(&sql, 0);
    buf_init(&list, 0);
    TRY_OUT(measure_subject_sql(db, frame, w, table, &subject, err));
    buf_addf(&sql,
        "SELECT DISTINCT (s.origin + s.after_quarters + k.k)::INTEGER AS quarter FROM (%s) s CROSS JOIN (SELECT "
        "unnest(generate_series(%" PRId64 ", %" PRId64 "))::INTEGER AS k) k WHERE s.origin + s.after_quarters IS NOT "
        "NULL ORDER BY quarter",
        buf_z(&subject), w->outcome->quarter_from, w->outcome->quarter_to);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_query(db, buf_z(&sql), &rows, err));
    TRY_OUT(read_runs(rows, &list, err));
    st = arena_dup(arena, buf_slice(&list), &w->quarters, err);
out:
    db_rows_free(rows);
    buf_free(&subject);
    buf_free(&sql);
    buf_free(&list);
    return st;
}

Status subjects_ask(Db *db, const MeasureFrame *frame, RowWish *const *wishes, size_t count, Arena *arena, Error *err)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        RowWish *w = wishes[i];
        if (!asks_wages(w) || w->subjects)
            continue;
        if (made == 0)
            TRY(db_exec(db, "ATTACH IF NOT EXISTS ':memory:' AS " SUBJECTS_DB " (READ_WRITE)", err));
        w->subjects = ++made;
        TRY(make_subject(db, w, err));
        TRY(list_quarters(db, frame, w, arena, err));
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
