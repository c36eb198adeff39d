/*
 * Whom a question counts, under the warehouse's pseudonyms, with place and groups: what an audit of several questions
 * needs to know which of their figures count the same people. Stays inside, as all persons do.
 */
#include "measure/measure_parts.h"

#include <stdlib.h>

typedef struct Members {
    const MeasureQuery *query;
    MeasureLevel level;
    Question q;
    AskedList asked;
    MeasureMembers *out;
    const SplitDef **splits; /* those of the result */
    KeyTable places;         /* paths, cut at the level */
} Members;

static bool is_member(const Members *m, const MeasureRows *rows, size_t i)
{
    return (rows->flags[i] & ROW_COUNTED) && !(rows->flags[i] & ROW_EXCLUDED) &&
           query_in_years(m->query, rows->year[i]);
}

static Status keep_splits(Members *m, Error *err)
{
    const RowWish *wish = &m->asked.at[0].wish; /* all are asked by the same splits */
    MeasureMembers *out = m->out;
    TRY(arena_new(&out->arena, const SplitDef *, wish->split_count + 1, &m->splits, err));
    TRY(arena_new(&out->arena, Slice, wish->split_count + 1, &out->splits, err));
    TRY(arena_new(&out->arena, Slice *, wish->split_count + 1, &out->groups, err));
    for (size_t s = 0; s < wish->split_count; s++) {
        const SplitDef *split = wish->splits[s];
        if (split->overlapping)
            continue;
        Slice *groups;
        TRY(arena_dup(&out->arena, split->name, &out->splits[out->split_count], err));
        TRY(arena_new(&out->arena, Slice, split->value_count, &groups, err));
        for (size_t v = 0; v < split->value_count; v++)
            TRY(arena_dup(&out->arena, split->values[v].code, &groups[v], err));
        m->splits[out->split_count] = split;
        out->groups[out->split_count++] = groups;
    }
    return OK;
}

static uint64_t cut_path(const Members *m, uint64_t path)
{
    static const uint64_t masks[LEVEL_COUNT] = {0, ~(uint64_t)0 << 40, ~(uint64_t)0 << 20, ~(uint64_t)0};
    return path & masks[m->level];
}

static Status keep_places(Members *m, Error *err)
{
    MeasureMembers *out = m->out;
    const UnitNames *names = &m->q.units;
    TRY(arena_new(&out->arena, MeasurePlace, m->places.len + 1, &out->places, err));
    out->place_count = m->places.len;
    for (size_t i = 0; i < m->places.len; i++) {
        uint64_t path = m->places.keys[i];
        MeasurePlace *p = &out->places[i];
        Slice district = names->districts[path >> 20 & 0xfffff];
        if (m->level >= LEVEL_COUNTY)
            TRY(arena_dup(&out->arena, names->counties[path >> 40 & 0xffff], &p->county, err));
        if (m->level >= LEVEL_DISTRICT)
            TRY(arena_dup(&out->arena, district, &p->district, err));
        if (m->level >= LEVEL_SCHOOL)
            TRY(arena_format(&out->arena, &p->school, err, "%.*s-%.*s", SLICE_ARG(district),
                SLICE_ARG(names->schools[path & 0xfffff])));
    }
    return OK;
}

typedef struct MemberRow {
    uint64_t person, path;
    int32_t year;
    uint32_t version, row;
} MemberRow;
typedef VEC(MemberRow) MemberRows;

static int compare_rows(const void *x, const void *y)
{
    const MemberRow *a = x, *b = y;
    int c = (a->year > b->year) - (a->year < b->year);
    if (c == 0)
        c = (a->person > b->person) - (a->person < b->person);
    return c ? c : (a->path > b->path) - (a->path < b->path);
}

static Status list_rows(const Members *m, MemberRows *list, Error *err)
{
    for (size_t v = 0; v < m->asked.len; v++) {
        const MeasureRows *rows = &m->asked.at[v].rows;
        for (size_t i = 0; i < rows->count; i++) {
            if (!is_member(m, rows, i))
                continue;
            MemberRow row = {.person = rows->person[i],
                .path = cut_path(m, rows->places.keys[rows->place[i]]),
                .year = rows->year[i],
                .version = (uint32_t)v,
                .row = (uint32_t)i};
            TRY(vec_push(list, row, err));
        }
    }
    if (list->len > 1)
        qsort(list->at, list->len, sizeof *list->at, compare_rows);
    return OK;
}

static Status make_columns(MeasureMembers *out, size_t count, Error *err)
{
    TRY(arena_new(&out->arena, uint64_t, count + 1, &out->person, err));
    TRY(arena_new(&out->arena, int32_t, count + 1, &out->year, err));
    TRY(arena_new(&out->arena, uint32_t, count + 1, &out->place, err));
    TRY(arena_new(&out->arena, uint8_t, count + 1, &out->hit, err));
    TRY(arena_new(&out->arena, uint8_t *, out->split_count + 1, &out->code, err));
    for (size_t s = 0; s < out->split_count; s++)
        TRY(arena_new(&out->arena, uint8_t, count + 1, &out->code[s], err));
    return OK;
}

/* A split's number among those that a version's rows have. */
static size_t split_at(const MeasureRows *rows, const SplitDef *split)
{
    size_t k = 0;
    while (rows->splits[k] != split)
        k++;
    return k;
}

static Status fill_columns(Members *m, const MemberRows *list, Error *err)
{
    MeasureMembers *out = m->out;
    for (size_t i = 0; i < list->len; i++) {
        const MemberRow *row = &list->at[i];
        const MeasureRows *rows = &m->asked.at[row->version].rows;
        out->person[i] = row->person;
        out->year[i] = row->year;
        out->hit[i] = (rows->flags[row->row] & ROW_HIT) != 0;
        TRY(keys_number(&m->places, row->path, &out->place[i], err));
        for (size_t s = 0; s < out->split_count; s++)
            out->code[s][i] = rows->groups[split_at(rows, m->splits[s])].code[row->row];
    }
    out->count = list->len;
    return OK;
}

static Status collect(Members *m, Error *err)
{
    MemberRows list = {0};
    TRY(keep_splits(m, err));
    Status st = list_rows(m, &list, err);
    if (st == OK)
        st = make_columns(m->out, list.len, err);
    if (st == OK)
        st = fill_columns(m, &list, err);
    vec_free(&list);
    return st == OK ? keep_places(m, err) : st;
}

static Status check_level(Members *m, Error *err)
{
    if (m->query->level.len > 0 && !measure_level_find(m->query->level, &m->level))
        return error_set(
            err, ERR_INVALID, "%.*s is none of state, county, district, school", SLICE_ARG(m->query->level));
    for (size_t i = 0; i < m->asked.len; i++)
        if (m->level > m->asked.at[i].wish.def->finest)
            return error_set(err, ERR_INVALID, "measure %.*s is not defined by %s",
                SLICE_ARG(m->asked.at[i].wish.def->name), measure_level_names[m->level]);
    m->q.finest = m->level;
    return OK;
}

Status measure_members(const MeasureContext *ctx, const MeasureQuery *query, MeasureMembers *out, Error *err)
{
    Members m = {.query = query, .out = out};
    Status st = OK;
    *out = (MeasureMembers){0};
    arena_init(&out->arena, 0);
    TRY_OUT(question_open(ctx, query->as_known_on, &m.q, err));
    TRY_OUT(question_wishes(&m.q, query, &m.asked, err));
    TRY_OUT(check_level(&m, err));
    TRY_OUT(question_known_on(&m.q, &m.asked, err));
    TRY_OUT(question_read(&m.q, &m.asked, err));
    TRY_OUT(collect(&m, err));
out:
    keys_free(&m.places);
    asked_free(&m.asked);
    question_close(&m.q);
    return st;
}

void measure_members_free(MeasureMembers *set)
{
    arena_free(&set->arena);
    *set = (MeasureMembers){0};
}
