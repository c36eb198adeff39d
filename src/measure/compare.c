/*
 * Two definitions beside each other: both numbers, and every person sorted by what each of the two says of her and by
 * which clause. Nothing is sampled or explained away: the persons of the rows add up to those either definition speaks
 * of.
 */
#include "measure/measure_parts.h"

#include <stdlib.h>

typedef struct Side {
    AskedList asked;
    KeyTable people;     /* person and year */
    VEC(uint64_t) where; /* version << 32 | row, by number of `people` */
} Side;

typedef VEC(CompareRow) CompareRows;

typedef struct Comparing {
    const MeasureContext *ctx;
    const MeasureQuery *a, *b;
    Question q;
    Side side_a, side_b;
    Map groups;
    CompareRows rows;
    Buf key;
    MeasureComparison *out;
} Comparing;

/* As in rows_read.c: pseudonyms are keyed hashes. */
static uint64_t person_key(const MeasureRows *r, size_t i)
{
    return r->person[i] + (uint64_t)(uint32_t)r->year[i] * UINT64_C(0x9e3779b97f4a7c15);
}

static Status index_side(const MeasureQuery *years, Side *side, Error *err)
{
    for (size_t v = 0; v < side->asked.len; v++) {
        const MeasureRows *r = &side->asked.at[v].rows;
        for (size_t i = 0; i < r->count; i++) {
            uint32_t number;
            if (!query_in_years(years, r->year[i]))
                continue;
            TRY(keys_number(&side->people, person_key(r, i), &number, err));
            if (number == side->where.len)
                TRY(vec_push(&side->where, (uint64_t)v << 32 | i, err));
        }
    }
    return OK;
}

typedef struct Judged { /* by one definition */
    Slice status, clause;
    bool has_value;
    int64_t value;
} Judged;

static Judged judge(const Side *side, uint64_t where)
{
    const MeasureRows *r = &side->asked.at[where >> 32].rows; /* not of one that is marked as seen */
    size_t i = where & UINT32_MAX;
    bool value = (r->flags[i] & (ROW_HAS_VALUE | ROW_COUNTED)) == (ROW_HAS_VALUE | ROW_COUNTED);
    return (Judged){row_status(r, i), row_clause(r, i), value, value ? row_value(r, i) : 0};
}

static const Judged absent = {{"absent", 6}, {"", 0}, false, 0};

static Status count_pair(Comparing *c, int32_t year, const Judged *a, const Judged *b, Error *err)
{
    uint64_t at;
    buf_reset(&c->key);
    buf_addf(&c->key, "%" PRId32 "|%.*s|%.*s|%.*s|%.*s", year, SLICE_ARG(a->status), SLICE_ARG(b->status),
        SLICE_ARG(a->clause), SLICE_ARG(b->clause));
    TRY(buf_status(&c->key, err));
    TRY(map_get_or_put(&c->groups, buf_slice(&c->key), c->rows.len, &at, err));
    if (at == c->rows.len) {
        CompareRow row = {.year = year};
        TRY(arena_dup(&c->out->arena, a->status, &row.status_a, err));
        TRY(arena_dup(&c->out->arena, b->status, &row.status_b, err));
        TRY(arena_dup(&c->out->arena, a->clause, &row.clause_a, err));
        TRY(arena_dup(&c->out->arena, b->clause, &row.clause_b, err));
        TRY(vec_push(&c->rows, row, err));
    }
    c->rows.at[at].persons++;
    c->rows.at[at].other_value += a->has_value && b->has_value && a->value != b->value;
    return OK;
}

static int32_t year_of(const Side *side, uint64_t where)
{
    return side->asked.at[where >> 32].rows.year[where & UINT32_MAX];
}

static Status count_all(Comparing *c, Error *err)
{
    size_t of_a = c->side_a.people.len;
    for (size_t n = 0; n < c->side_b.people.len; n++) {
        uint32_t number;
        Judged b = judge(&c->side_b, c->side_b.where.at[n]), a = absent;
        TRY(keys_number(&c->side_a.people, c->side_b.people.keys[n], &number, err));
        if (number < of_a) {
            a = judge(&c->side_a, c->side_a.where.at[number]);
            c->side_a.where.at[number] |= UINT64_C(1) << 63; /* seen */
        }
        TRY(count_pair(c, year_of(&c->side_b, c->side_b.where.at[n]), &a, &b, err));
    }
    for (size_t n = 0; n < of_a; n++) {
        if (c->side_a.where.at[n] >> 63)
            continue;
        Judged a = judge(&c->side_a, c->side_a.where.at[n]);
        TRY(count_pair(c, year_of(&c->side_a, c->side_a.where.at[n]), &a, &absent, err));
    }
    return OK;
}

static int compare_rows(const void *x, const void *y)
{
    const CompareRow *a = x, *b = y;
    int c = (a->year > b->year) - (a->year < b->year);
    if (c == 0)
        c = slice_cmp(a->status_a, b->status_a);
    if (c == 0)
        c = slice_cmp(a->status_b, b->status_b);
    if (c == 0)
        c = slice_cmp(a->clause_a, b->clause_a);
    return c ? c : slice_cmp(a->clause_b, b->clause_b);
}

/* --- both numbers --- */

static Status fold_side(Comparing *c, const Side *side, Cell **out, size_t *count, Error *err)
{
    Cells cells = {0};
    Status st = OK;
    for (size_t v = 0; v < side->asked.len; v++) {
        const MeasureRows *rows = &side->asked.at[v].rows;
        const FoldSpec spec = {
            .coarsest = LEVEL_STATE, .finest = LEVEL_STATE, .year_from = c->a->year_from, .year_to = c->a->year_to};
        FoldUnits units = {0};
        Folded folded = {0};
        CellNaming naming = {
            .rows = rows, .units = &units, .names = &c->q.units, .arena = &c->out->arena, .spec = &spec};
        st = fold_units_make(rows, &units, err);
        if (st == OK)
            st = cells_texts(&naming, err);
        if (st == OK)
            st = fold_rows(rows, &units, &spec, &folded, err);
        if (st == OK)
            st = cells_name(&naming, &folded, &cells, NULL, err);
        folded_free(&folded);
        fold_units_free(&units);
        if (st != OK)
            goto out;
    }
    TRY_OUT(cells_sort(cells.at, cells.len, err));
    TRY_OUT(arena_new(&c->out->arena, Cell, cells.len, out, err));
    for (size_t i = 0; i < cells.len; i++) {
        (*out)[i] = cells.at[i];
        TRY_OUT(arena_dup(&c->out->arena, cells.at[i].measure, &(*out)[i].measure, err));
        TRY_OUT(arena_dup(&c->out->arena, cells.at[i].unit, &(*out)[i].unit, err));
    }
    *count = cells.len;
out:
    vec_free(&cells);
    return st;
}

static Status open_sides(Comparing *c, Error *err)
{
    MeasureQuery a = *c->a, b = *c->b;
    AskedList both = {0};
    Status st = OK;
    a.by_count = b.by_count = 0;
    a.each = b.each = NULL;
    TRY(question_open(c->ctx, c->a->as_known_on, &c->q, err));
    TRY(question_wishes(&c->q, &a, &c->side_a.asked, err));
    TRY(question_wishes(&c->q, &b, &c->side_b.asked, err));
    for (size_t i = 0; i < c->side_a.asked.len; i++)
        TRY_OUT(vec_push(&both, c->side_a.asked.at[i], err));
    for (size_t i = 0; i < c->side_b.asked.len; i++)
        TRY_OUT(vec_push(&both, c->side_b.asked.at[i], err));
    TRY_OUT(question_known_on(&c->q, &both, err));
    TRY_OUT(question_read(&c->q, &c->side_a.asked, err));
    TRY_OUT(question_read(&c->q, &c->side_b.asked, err));
out:
    vec_free(&both);
    return st;
}

static Status compare(Comparing *c, Error *err)
{
    MeasureComparison *out = c->out;
    TRY(map_init(&c->groups, err));
    TRY(open_sides(c, err));
    TRY(fold_side(c, &c->side_a, &out->a, &out->a_count, err));
    TRY(fold_side(c, &c->side_b, &out->b, &out->b_count, err));
    TRY(index_side(c->a, &c->side_a, err));
    TRY(index_side(c->a, &c->side_b, err));
    TRY(count_all(c, err));
    if (c->rows.len > 1)
        qsort(c->rows.at, c->rows.len, sizeof *c->rows.at, compare_rows);
    TRY(arena_new(&out->arena, CompareRow, c->rows.len, &out->rows, err));
    if (c->rows.len > 0)
        memcpy(out->rows, c->rows.at, c->rows.len * sizeof *c->rows.at);
    out->row_count = c->rows.len;
    return OK;
}

static void side_free(Side *side)
{
    keys_free(&side->people);
    vec_free(&side->where);
    asked_free(&side->asked);
}

Status measure_compare(
    const MeasureContext *ctx, const MeasureQuery *a, const MeasureQuery *b, MeasureComparison *out, Error *err)
{
    Comparing c = {.ctx = ctx, .a = a, .b = b, .out = out};
    *out = (MeasureComparison){0};
    arena_init(&out->arena, 0);
    buf_init(&c.key, 0);
    Status st = compare(&c, err);
    side_free(&c.side_a);
    side_free(&c.side_b);
    map_free(&c.groups);
    vec_free(&c.rows);
    buf_free(&c.key);
    question_close(&c.q);
    if (st != OK)
        measure_comparison_free(out);
    return st;
}

void measure_comparison_free(MeasureComparison *c)
{
    arena_free(&c->arena);
    *c = (MeasureComparison){0};
}
