/* Values by unit and group: the rows that a median is made of, with the places and groups in which cells count them. */
#include "measure/values.h"
#include "measure/measure_parts.h"

#include <stdlib.h>

typedef VEC(MeasureValue) ValueList;

typedef struct Pass {
    const Question *q;
    const MeasureQuery *query;
    MeasureLevel level;
    Arena *arena;
    Map texts;
    ValueList list;
} Pass;

/* A few thousand texts over millions of rows: one copy each. */
static Status keep_text(Pass *p, Slice s, Slice *out, Error *err)
{
    uint64_t at;
    if (map_get(&p->texts, s, &at)) {
        *out = (Slice){(const char *)(uintptr_t)at, s.len};
        return OK;
    }
    TRY(arena_dup(p->arena, s, out, err));
    return map_put(&p->texts, s, (uint64_t)(uintptr_t)out->ptr, NULL, err);
}

static Status unit_of(Pass *p, const MeasureRows *rows, size_t i, Slice *out, Error *err)
{
    char school[80];
    uint64_t path = rows->places.keys[rows->place[i]];
    Slice district = p->q->units.districts[path >> 20 & 0xfffff];
    switch (p->level) {
    case LEVEL_COUNTY:
        return keep_text(p, p->q->units.counties[path >> 40 & 0xffff], out, err);
    case LEVEL_DISTRICT:
        return keep_text(p, district, out, err);
    case LEVEL_SCHOOL: {
        Slice code = p->q->units.schools[path & 0xfffff];
        size_t len = district.len + code.len + 1;
        if (len > sizeof school)
            return error_set(err, ERR_LIMIT, "a school's code is longer than %zu", sizeof school);
        memcpy(school, district.ptr, district.len);
        school[district.len] = '-';
        memcpy(school + district.len + 1, code.ptr, code.len);
        return keep_text(p, (Slice){school, len}, out, err);
    }
    default:
        *out = p->q->frame.state;
        return keep_text(p, *out, out, err);
    }
}

static Status add_value(Pass *p, const MeasureRows *rows, size_t i, Slice grp, Error *err)
{
    MeasureValue v = {.value = row_value(rows, i)};
    TRY(keep_text(p, grp, &v.grp, err));
    TRY(unit_of(p, rows, i, &v.unit, err));
    return vec_push(&p->list, v, err);
}

static Status add_row(Pass *p, const MeasureRows *rows, size_t i, Error *err)
{
    const uint8_t need = ROW_COUNTED | ROW_HAS_VALUE;
    if ((rows->flags[i] & (need | ROW_EXCLUDED)) != need || rows->year[i] < p->query->year_from ||
        (p->query->year_to && rows->year[i] > p->query->year_to))
        return OK;
    if (rows->split_count == 0)
        return add_value(p, rows, i, SLICE("all"), err);
    const SplitDef *split = rows->splits[0];
    const RowGroups *groups = &rows->groups[0];
    if (!groups->bits)
        return add_value(p, rows, i, split->values[groups->code[i]].code, err);
    for (size_t g = 0; g < split->value_count; g++)
        if (groups->bits[i] >> g & 1)
            TRY(add_value(p, rows, i, split->values[g].code, err));
    return OK;
}

static int compare_values(const void *x, const void *y)
{
    const MeasureValue *a = x, *b = y;
    int c = slice_cmp(a->unit, b->unit);
    if (c == 0)
        c = slice_cmp(a->grp, b->grp);
    return c != 0 ? c : (a->value > b->value) - (a->value < b->value);
}

static Status keep_list(Pass *p, MeasureValues *out, Error *err)
{
    if (p->list.len > 1)
        qsort(p->list.at, p->list.len, sizeof *p->list.at, compare_values);
    TRY(arena_new(&out->arena, MeasureValue, p->list.len, &out->at, err));
    if (p->list.len > 0)
        memcpy(out->at, p->list.at, p->list.len * sizeof *p->list.at);
    out->count = p->list.len;
    return OK;
}

Status measure_values(const MeasureContext *ctx, const MeasureQuery *query, MeasureValues *out, Error *err)
{
    Question q = {0};
    AskedList asked = {0};
    Pass p = {.q = &q, .query = query, .arena = &out->arena};
    Status st = OK;
    *out = (MeasureValues){0};
    arena_init(&out->arena, 0);
    TRY_OUT(map_init(&p.texts, err));
    if (!measure_level_find(query->level.len ? query->level : SLICE("state"), &p.level))
        TRY_OUT(error_set(err, ERR_INVALID, "there is no level %.*s", SLICE_ARG(query->level)));
    if (query->by_count > 1)
        TRY_OUT(error_set(err, ERR_INVALID, "values are told by one split at a time"));
    TRY_OUT(question_open(ctx, query->as_known_on, &q, err));
    TRY_OUT(question_wishes(&q, query, &asked, err));
    TRY_OUT(question_known_on(&q, &asked, err));
    TRY_OUT(question_read(&q, &asked, err));
    for (size_t a = 0; a < asked.len; a++)
        for (size_t i = 0; i < asked.at[a].rows.count; i++)
            TRY_OUT(add_row(&p, &asked.at[a].rows, i, err));
    st = keep_list(&p, out, err);
out:
    vec_free(&p.list);
    map_free(&p.texts);
    asked_free(&asked);
    question_close(&q);
    if (st != OK)
        measure_values_free(out);
    return st;
}

void measure_values_free(MeasureValues *v)
{
    arena_free(&v->arena);
    *v = (MeasureValues){0};
}
