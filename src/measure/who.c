/* Who stands behind a figure, under the warehouse's pseudonyms: for those whose role may see persons (govern). */
#include "measure/measure_parts.h"

#include <stdlib.h>

static const char *const statuses[] = {"excluded", "uncounted", "missed", "hit", "counted"};

static bool is_known(Slice who)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (slice_eq_z(who, statuses[i]))
            return true;
    for (size_t i = 0; i < GAP_COUNT; i++)
        if (slice_eq_z(who, measure_gap_names[i]))
            return true;
    return false;
}

static Slice gap_of(const MeasureRows *rows, size_t i)
{
    uint8_t gap = row_gap(rows, i);
    return gap < GAP_COUNT ? slice_of(measure_gap_names[gap]) : SLICE("");
}

static bool is_asked(const MeasureQuery *query, Slice who, const MeasureRows *rows, size_t i)
{
    if (!query_in_years(query, rows->year[i]))
        return false;
    bool base = !(rows->flags[i] & ROW_EXCLUDED);
    return slice_eq(row_status(rows, i), who) || (base && slice_eq(gap_of(rows, i), who));
}

typedef VEC(MeasurePerson) People;

static Status add_person(
    const UnitNames *names, const MeasureRows *rows, size_t i, Arena *arena, People *out, Error *err)
{
    uint64_t path = rows->places.keys[rows->place[i]];
    MeasurePerson p = {.person = rows->person[i],
        .year = rows->year[i],
        .gap = gap_of(rows, i),
        .has_value = (rows->flags[i] & ROW_HAS_VALUE) != 0,
        .value = row_value(rows, i),
        .status = row_status(rows, i)};
    TRY(arena_dup(arena, names->counties[path >> 40 & 0xffff], &p.county, err));
    TRY(arena_dup(arena, names->districts[path >> 20 & 0xfffff], &p.district, err));
    TRY(arena_dup(arena, names->schools[path & 0xfffff], &p.school, err));
    TRY(arena_dup(arena, row_clause(rows, i), &p.reason, err));
    return vec_push(out, p, err);
}

static int compare_people(const void *x, const void *y)
{
    const MeasurePerson *a = x, *b = y;
    int c = (a->year > b->year) - (a->year < b->year);
    if (c == 0)
        c = slice_cmp(a->county, b->county);
    if (c == 0)
        c = slice_cmp(a->district, b->district);
    if (c == 0)
        c = slice_cmp(a->school, b->school);
    return c ? c : (a->person > b->person) - (a->person < b->person);
}

static Status keep(MeasurePersons *out, People *people, Error *err)
{
    if (people->len > 1)
        qsort(people->at, people->len, sizeof *people->at, compare_people);
    TRY(arena_new(&out->arena, MeasurePerson, people->len, &out->at, err));
    if (people->len > 0)
        memcpy(out->at, people->at, people->len * sizeof *people->at);
    out->count = people->len;
    return OK;
}

Status measure_who(const MeasureContext *ctx, const MeasureQuery *query, Slice who, MeasurePersons *out, Error *err)
{
    Question q = {0};
    AskedList asked = {0};
    People people = {0};
    MeasureQuery plain = *query;
    Status st = OK;
    *out = (MeasurePersons){0};
    arena_init(&out->arena, 0);
    plain.by_count = 0;
    plain.each = NULL;
    if (!is_known(who))
        TRY_OUT(error_set(err, ERR_INVALID,
            "%.*s is none of excluded, uncounted, missed, hit, counted, not_found, out_of_coverage, blocked",
            SLICE_ARG(who)));
    TRY_OUT(question_open(ctx, query->as_known_on, &q, err));
    TRY_OUT(question_wishes(&q, &plain, &asked, err));
    TRY_OUT(question_known_on(&q, &asked, err));
    TRY_OUT(question_read(&q, &asked, err));
    for (size_t a = 0; a < asked.len; a++)
        for (size_t i = 0; i < asked.at[a].rows.count; i++)
            if (is_asked(&plain, who, &asked.at[a].rows, i))
                TRY_OUT(add_person(&q.units, &asked.at[a].rows, i, &out->arena, &people, err));
    st = keep(out, &people, err);
out:
    vec_free(&people);
    asked_free(&asked);
    question_close(&q);
    if (st != OK)
        measure_persons_free(out);
    return st;
}

void measure_persons_free(MeasurePersons *set)
{
    arena_free(&set->arena);
    *set = (MeasurePersons){0};
}
