/*
 * Figures in the order that measure.h promises.
 *
 * A measure has a hundred thousand figures and some hundred different texts. So the texts are ranked once, and the rows
 * sorted by ranks, column by column from the last to the first (counting sort, Knuth vol. 3, 5.2.5): no two rows are
 * ever compared. Rows that agree in every column keep the order they came in.
 */
#include "measure/measure_parts.h"

#include <stdlib.h>

typedef enum OrderBy { BY_TEXT, BY_LEVEL, BY_YEAR } OrderBy;

typedef struct OrderColumn {
    OrderBy by;
    size_t offset;
} OrderColumn;

/* A value as it stands in the rows; equal texts may lie at different addresses. */
typedef struct Ranked {
    OrderBy by;
    Slice text;
    int32_t year; /* of a level: its number */
    uint32_t number;
} Ranked;

typedef struct Ranks {
    KeyTable numbers;
    VEC(Ranked) values; /* by number, until they are sorted */
    uint32_t *of_value; /* a value's rank */
    size_t count;
} Ranks;

static int compare_ranked(const void *x, const void *y)
{
    const Ranked *a = x, *b = y;
    return a->by == BY_TEXT ? slice_cmp(a->text, b->text) : (a->year > b->year) - (a->year < b->year);
}

static Ranked value_at(const OrderColumn *c, const char *row)
{
    Ranked r = {.by = c->by};
    if (c->by == BY_YEAR) {
        r.year = *(const int32_t *)(const void *)(row + c->offset);
        return r;
    }
    r.text = *(const Slice *)(const void *)(row + c->offset);
    return r;
}

static bool is_same(const Ranked *a, const Ranked *b)
{
    return a->year == b->year && a->text.ptr == b->text.ptr && a->text.len == b->text.len;
}

/* The number of a value, by its place in memory; a new one is added. */
static Status number_of(Ranks *r, const Ranked *value, uint32_t *out, Error *err)
{
    uint64_t key = value->by == BY_YEAR
                       ? (uint64_t)(uint32_t)value->year
                       : (uint64_t)(uintptr_t)value->text.ptr + value->text.len * UINT64_C(0x9e3779b97f4a7c15);
    for (;; key++) { /* two texts that share a key are told apart here */
        TRY(keys_number(&r->numbers, key, out, err));
        if (*out == r->values.len)
            return vec_push(&r->values, *value, err);
        if (is_same(&r->values.at[*out], value))
            return OK;
    }
}

static Status rank_values(Ranks *r, Error *err)
{
    r->count = 0;
    TRY(mem_resize((void **)&r->of_value, r->values.len + 1, sizeof *r->of_value, err));
    for (size_t i = 0; i < r->values.len; i++) {
        Ranked *v = &r->values.at[i];
        MeasureLevel level = LEVEL_STATE;
        v->number = (uint32_t)i;
        if (v->by == BY_LEVEL) {
            ASSERT(measure_level_find(v->text, &level));
            v->year = (int32_t)level;
        }
    }
    if (r->values.len > 1)
        qsort(r->values.at, r->values.len, sizeof *r->values.at, compare_ranked);
    for (size_t i = 0; i < r->values.len; i++) {
        if (i > 0 && compare_ranked(&r->values.at[i - 1], &r->values.at[i]) != 0)
            r->count++;
        r->of_value[r->values.at[i].number] = (uint32_t)r->count;
    }
    r->count += r->values.len > 0;
    return OK;
}

/* rank[i]: of row i's value in the column. */
static Status rank_column(
    Ranks *r, const OrderColumn *c, const char *rows, size_t count, size_t size, uint32_t *rank, Error *err)
{
    Ranked before = {0};
    for (size_t i = 0; i < count; i++) {
        Ranked value = value_at(c, rows + i * size);
        if (i > 0 && is_same(&value, &before))
            rank[i] = rank[i - 1];
        else
            TRY(number_of(r, &value, &rank[i], err));
        before = value;
    }
    return OK;
}

static void ranks_free(Ranks *r)
{
    keys_free(&r->numbers);
    vec_free(&r->values);
    mem_free(r->of_value);
}

static Status order_by(const uint32_t *rank, size_t ranks, uint32_t *order, uint32_t *other, size_t count, Error *err)
{
    size_t *starts;
    TRY(mem_zalloc(ranks + 1, sizeof *starts, (void **)&starts, err));
    for (size_t i = 0; i < count; i++)
        starts[rank[i] + 1]++;
    for (size_t k = 0; k < ranks; k++)
        starts[k + 1] += starts[k];
    for (size_t i = 0; i < count; i++)
        other[starts[rank[order[i]]]++] = order[i];
    memcpy(order, other, count * sizeof *order);
    mem_free(starts);
    return OK;
}

/* Rows moved along the circles of the permutation; order[i] is the row that belongs at i. `spare` holds one row. */
static void move_rows(char *rows, size_t size, uint32_t *order, size_t count, char *spare)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        if (order[i] == i)
            continue;
        memcpy(spare, rows + i * size, size);
        while (order[at] != i) {
            size_t from = order[at];
            memcpy(rows + at * size, rows + from * size, size);
            order[at] = (uint32_t)at;
            at = from;
        }
        memcpy(rows + at * size, spare, size);
        order[at] = (uint32_t)at;
    }
}

typedef struct OrderShape {
    size_t size; /* of a row */
    const OrderColumn *columns;
    size_t column_count;
} OrderShape;

/* order: count numbers. `rank` and `other` have room for as many. */
static Status order_column(const OrderShape *shape, size_t c, const char *rows, size_t count, uint32_t *order,
    uint32_t *rank, uint32_t *other, Error *err)
{
    Ranks ranks = {0};
    Status st = OK;
    TRY_OUT(rank_column(&ranks, &shape->columns[c], rows, count, shape->size, rank, err));
    if (ranks.values.len < 2)
        goto out;
    TRY_OUT(rank_values(&ranks, err));
    for (size_t i = 0; i < count; i++)
        rank[i] = ranks.of_value[rank[i]];
    st = order_by(rank, ranks.count, order, other, count, err);
out:
    ranks_free(&ranks);
    return st;
}

static Status order_rows(const OrderShape *shape, const void *rows, size_t count, uint32_t *order, Error *err)
{
    uint32_t *room = NULL;
    Status st = OK;
    if (count > UINT32_MAX / 4)
        return error_set(err, ERR_LIMIT, "more figures of a measure than can be sorted");
    TRY(mem_zalloc(count + 1, 2 * sizeof *room, (void **)&room, err));
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (size_t c = shape->column_count; c-- > 0;)
        TRY_OUT(order_column(shape, c, rows, count, order, room, room + count, err));
out:
    mem_free(room);
    return st;
}

static Status sort_rows(const OrderShape *shape, void *rows, size_t count, Error *err)
{
    uint32_t *order = NULL;
    char *spare = NULL;
    Status st = OK;
    TRY_OUT(mem_zalloc(count + 1, sizeof *order, (void **)&order, err));
    TRY_OUT(mem_alloc(shape->size, (void **)&spare, err));
    TRY_OUT(order_rows(shape, rows, count, order, err));
    move_rows(rows, shape->size, order, count, spare);
out:
    mem_free(order);
    mem_free(spare);
    return st;
}

static const OrderColumn cell_order[] = {{BY_TEXT, offsetof(Cell, measure)}, {BY_YEAR, offsetof(Cell, year)},
    {BY_LEVEL, offsetof(Cell, level)}, {BY_TEXT, offsetof(Cell, split)}, {BY_TEXT, offsetof(Cell, unit)},
    {BY_TEXT, offsetof(Cell, parent)}, {BY_TEXT, offsetof(Cell, grp)}, {BY_TEXT, offsetof(Cell, category)}};
static const OrderShape cell_shape = {sizeof(Cell), cell_order, COUNT_OF(cell_order)};

static const OrderColumn exclusion_order[] = {{BY_TEXT, offsetof(ExclusionCell, measure)},
    {BY_YEAR, offsetof(ExclusionCell, year)}, {BY_LEVEL, offsetof(ExclusionCell, level)},
    {BY_TEXT, offsetof(ExclusionCell, split)}, {BY_TEXT, offsetof(ExclusionCell, unit)},
    {BY_TEXT, offsetof(ExclusionCell, grp)}, {BY_TEXT, offsetof(ExclusionCell, reason)}};
static const OrderShape exclusion_shape = {sizeof(ExclusionCell), exclusion_order, COUNT_OF(exclusion_order)};

Status cells_order(const Cell *cells, size_t count, uint32_t *order, Error *err)
{
    return order_rows(&cell_shape, cells, count, order, err);
}

Status cells_sort(Cell *cells, size_t count, Error *err)
{
    return sort_rows(&cell_shape, cells, count, err);
}

Status exclusions_sort(ExclusionCell *cells, size_t count, Error *err)
{
    return sort_rows(&exclusion_shape, cells, count, err);
}
