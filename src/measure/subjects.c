/*
 * Whom the measures of families ask about, and what of the wages they ask, for a whole run.
 *
 * A family's measure asks about the quarters of persons who left school, college or a programme. The wages of a state
 * are its largest table, and every such measure used to read all of it to find a few quarters of some persons. Here the
 * rows of all of them are made first and the wages are read once: each row that is found carries the number of who
 * asked for it. Measures with the same persons, or the same persons and quarters, share them.
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

static Status make_subjects(Db *db, const RowWish *wishes, size_t count, Error *err)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        const RowWish *w = &wishes[i];
        if (w->subjects <= made)
            continue;
        made = w->subjects;
        Status st = db_execf(db, err, "CREATE TABLE " SUBJECTS_DB ".subject_%zu AS SELECT * FROM (%.*s\n)", made,
            SLICE_ARG(w->def->sql));
        if (st != OK) {
            error_at(err, w->def->file->path, 0, NULL);
            return st;
        }
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
