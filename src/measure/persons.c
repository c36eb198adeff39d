/*
 * What is the same about a person in every measure: her groups in the splits that read nothing else, and how well her
 * records are linked. Read once for a whole run and shared by its workers, in place of a join with all persons of the
 * state in the statement of each measure.
 */
#include "measure/persons.h"

enum { NEAR = 16 }; /* persons behind the last one that are looked at before the table is asked */

struct Persons {
    KeyTable numbers;
    size_t cap, stride;
    char *records; /* PersonLink, then a word a split whose groups overlap, then a byte a partition */
    size_t *at;    /* a split's place in a record; 0: not of the person alone */
    const MeasureFrame *frame;
};

static void lay_out(Persons *p)
{
    size_t at = sizeof(PersonLink);
    for (int overlapping = 1; overlapping >= 0; overlapping--)
        for (size_t i = 0; i < p->frame->split_count; i++) {
            const SplitDef *s = &p->frame->splits[i];
            if (!s->of_person || s->overlapping != (overlapping != 0))
                continue;
            p->at[i] = at;
            at += s->overlapping ? sizeof(uint64_t) : sizeof(uint8_t);
        }
    p->stride = (at + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
}

static void persons_sql(const MeasureFrame *frame, Buf *sql)
{
    buf_addf(
        sql, "SELECT coalesce(p.person, k.person), coalesce(k.link_score >= %.*s, FALSE)", SLICE_ARG(frame->strong));
    for (size_t i = 0; i < LINK_COUNT; i++)
        buf_addf(sql, ", coalesce(k.%s, 0)::BIGINT", link_names[i]);
    for (size_t i = 0; i < frame->split_count; i++) {
        if (!frame->splits[i].of_person)
            continue;
        buf_adds(sql, ",\n  ");
        split_code_sql(&frame->splits[i], sql);
    }
    buf_adds(sql, "\nFROM person p FULL JOIN person_link k ON k.person = p.person\n"
                  "WHERE coalesce(p.person, k.person) IS NOT NULL");
}

static Status take_person(Persons *p, const DbRows *rows, Error *err)
{
    size_t before = p->numbers.len, column = 2 + LINK_COUNT;
    uint32_t number;
    TRY(keys_number(&p->numbers, db_u64(rows, 0), &number, err));
    if (number < before)
        return error_set(err, ERR_CORRUPT, "a person is in person or person_link more than once");
    if (p->numbers.len > p->cap) {
        p->cap = p->numbers.cap;
        TRY(mem_resize((void **)&p->records, p->cap, p->stride, err));
    }
    char *record = p->records + number * p->stride;
    PersonLink *link = (PersonLink *)(void *)record;
    memset(record, 0, p->stride);
    link->strong = db_i64(rows, 1) != 0;
    for (size_t i = 0; i < LINK_COUNT; i++)
        link->links.of[i] = db_i64(rows, 2 + i);
    for (size_t i = 0; i < p->frame->split_count; i++) {
        const SplitDef *s = &p->frame->splits[i];
        if (!s->of_person)
            continue;
        uint64_t code = (uint64_t)db_i64(rows, column++);
        if (s->overlapping)
            *(uint64_t *)(void *)(record + p->at[i]) = code ? code : 1;
        else
            *(uint8_t *)(record + p->at[i]) = (uint8_t)code;
    }
    return OK;
}

Status persons_read(Db *db, const MeasureFrame *frame, Persons **out, Error *err)
{
    Persons *p = NULL;
    DbRows *rows = NULL;
    Buf sql;
    bool more = true;
    Status st = OK;
    buf_init(&sql, 0);
    TRY_OUT(mem_zalloc(1, sizeof *p, (void **)&p, err));
    p->frame = frame;
    TRY_OUT(mem_zalloc(frame->split_count + 1, sizeof *p->at, (void **)&p->at, err));
    lay_out(p);
    persons_sql(frame, &sql);
    TRY_OUT(buf_status(&sql, err));
    TRY_OUT(db_query(db, buf_z(&sql), &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        TRY_OUT(take_person(p, rows, err));
    }
    *out = p;
    p = NULL;
out:
    db_rows_free(rows);
    buf_free(&sql);
    persons_free(p);
    return st;
}

void persons_free(Persons *p)
{
    if (!p)
        return;
    keys_free(&p->numbers);
    mem_free(p->records);
    mem_free(p->at);
    mem_free(p);
}

/* Rows mostly come in the order of persons, so that the next one is a few records further. */
const void *persons_find(const Persons *p, uint64_t person, size_t *near)
{
    size_t last = p->numbers.len - *near < NEAR ? p->numbers.len : *near + NEAR;
    uint32_t number;
    for (size_t i = *near; i < last; i++)
        if (p->numbers.keys[i] == person) {
            *near = i;
            return p->records + i * p->stride;
        }
    if (!keys_find(&p->numbers, person, &number))
        return NULL;
    *near = number;
    return p->records + number * p->stride;
}

uint64_t persons_group(const Persons *p, const void *record, const SplitDef *split)
{
    const char *at = (const char *)record + p->at[split->number];
    return split->overlapping ? *(const uint64_t *)(const void *)at : *(const uint8_t *)at;
}
