/*
 * The persons behind a table: a file with a line a person, at the finest cell she is in. From there she is in every row
 * above it. What the table counts and who is there must agree, so that a lane never speaks of other people than the
 * table does.
 */
#include "tables/tables_impl.h"

#include <stdlib.h>

typedef struct Pair {
    uint32_t row, who;
} Pair;

typedef struct Persons {
    TablesSet *set;
    TablesTable *t;
    uint32_t table;
    CsvTable csv;
    const char *file;
    size_t column[TABLES_MAX_DIMENSIONS]; /* SIZE_MAX: fixed */
    uint32_t fixed[TABLES_MAX_DIMENSIONS];
    uint32_t *above[TABLES_MAX_DIMENSIONS]; /* of the code at hand: itself and all codes it is part of */
    size_t above_count[TABLES_MAX_DIMENSIONS];
    Map rows;
    VEC(Pair) pairs;
    TablesContributions *out;
} Persons;

static Status refuse(const Persons *w, size_t record, const char *why, Error *err)
{
    error_set(err, ERR_INVALID, "%s", why);
    error_at(err, w->file, record + 2, NULL);
    return ERR_INVALID;
}

static Status find(const Persons *w, Slice heading, size_t *out, Error *err)
{
    for (*out = 0; *out < w->csv.columns; ++*out)
        if (slice_eq(w->csv.header[*out], heading))
            return OK;
    error_set(err, ERR_INVALID, "the contributions have no column %.*s", SLICE_ARG(heading));
    error_at(err, w->file, 1, NULL);
    return ERR_INVALID;
}

static Status open_file(Persons *w, TablesLoad load, void *ctx, Error *err)
{
    static const char *const keys[] = {"file", "person", "value", "employer", NULL};
    Slice name, text;
    TRY(toml_only(w->t->contributions, "contributions", keys, err));
    TRY(toml_str(w->t->contributions, "contributions", "file", &name, err));
    TRY(load(ctx, name, &w->set->arena, &text, err));
    TRY(arena_printf(&w->set->arena, &w->file, err, "%.*s", SLICE_ARG(name)));
    return csv_parse(text, w->file, &w->set->arena, &w->csv, err);
}

static Status place_dimensions(Persons *w, Error *err)
{
    const Toml *tables = toml_get(w->set->root, "table"), *t = tables->first;
    for (uint32_t i = 0; i < w->table; i++)
        t = t->next;
    for (uint32_t d = 0; d < w->set->dimension_count; d++) {
        w->column[d] = SIZE_MAX;
        w->fixed[d] = w->set->dimensions[d].total;
        TRY(arena_new(&w->set->arena, uint32_t, w->set->dimensions[d].code_count + 1, &w->above[d], err));
    }
    const Toml *by = toml_get(t, "by");
    for (const Toml *b = by ? by->first : NULL; b; b = b->next) {
        uint32_t d = tables_dimension_named(w->set, toml_get(b, "dimension")->string);
        const Toml *column = toml_get(b, "column"), *code = toml_get(b, "code");
        uint64_t at;
        if (code && map_get(&w->set->dimensions[d].index, code->string, &at))
            w->fixed[d] = (uint32_t)at;
        else if (column && column->type == TOML_STRING)
            TRY(find(w, column->string, &w->column[d], err));
        else
            return error_set(err, ERR_INVALID, "a table with contributions has one column a dimension");
    }
    return w->t->wide_dimension == TABLES_NONE ? OK : error_set(err, ERR_INVALID, "a wide table has no contributions");
}

static void climb(Persons *w, uint32_t d, uint32_t code)
{
    const TablesDimension *dimension = &w->set->dimensions[d];
    for (size_t i = 0; i < w->above_count[d]; i++)
        if (w->above[d][i] == code)
            return;
    w->above[d][w->above_count[d]++] = code;
    for (uint32_t s = 0; s < dimension->sum_count; s++)
        for (uint32_t i = 0; i < dimension->sums[s].count; i++)
            if (dimension->children[dimension->sums[s].first + i] == code)
                climb(w, d, dimension->sums[s].parent);
}

/* Every row that lies above the person's cell, dimension by dimension. */
static Status place(Persons *w, uint32_t who, uint32_t d, uint32_t *at, Error *err)
{
    uint64_t row;
    if (d == w->set->dimension_count) {
        Slice key = {(const char *)at, d * sizeof *at};
        return map_get(&w->rows, key, &row) ? vec_push(&w->pairs, ((Pair){(uint32_t)row, who}), err) : OK;
    }
    for (size_t i = 0; i < w->above_count[d]; i++) {
        at[d] = w->above[d][i];
        TRY(place(w, who, d + 1, at, err));
    }
    return OK;
}

static Status read_person(Persons *w, size_t record, Error *err)
{
    uint32_t at[TABLES_MAX_DIMENSIONS];
    size_t before = w->pairs.len;
    for (uint32_t d = 0; d < w->set->dimension_count; d++) {
        uint64_t code = w->fixed[d];
        w->above_count[d] = 0;
        if (w->column[d] == SIZE_MAX) {
            w->above[d][w->above_count[d]++] = (uint32_t)code;
            continue;
        }
        Slice text = slice_trim(w->csv.cells[record * w->csv.columns + w->column[d]]);
        if (!map_get(&w->set->dimensions[d].index, text, &code))
            return refuse(w, record, "a code that no dimension has", err);
        climb(w, d, (uint32_t)code);
    }
    TRY(place(w, (uint32_t)record, 0, at, err));
    return w->pairs.len > before ? OK : refuse(w, record, "a person in no row of the table", err);
}

/* Whose text is 1 in the column that is named like the count's; all where there is no such column. */
static Status read_member(Persons *w, uint32_t c, Error *err)
{
    const TablesColumn *column = &w->t->columns[c];
    size_t at;
    Slice heading = column->position == TABLES_NONE ? column->name : w->t->csv.header[column->position];
    TRY(arena_new(&w->set->arena, uint8_t, w->csv.rows + 1, &w->out->member[c], err));
    bool all = find(w, heading, &at, NULL) != OK;
    for (size_t i = 0; i < w->csv.rows; i++) {
        Slice text = all ? SLICE("1") : slice_trim(w->csv.cells[i * w->csv.columns + at]);
        if (!slice_eq_z(text, "0") && !slice_eq_z(text, "1"))
            return refuse(w, i, "a person is 1 or 0 in a count", err);
        w->out->member[c][i] = text.ptr[0] == '1';
    }
    return OK;
}

static Status read_amount(Persons *w, Slice heading, Error *err)
{
    size_t at;
    TRY(find(w, heading, &at, err));
    TRY(arena_new(&w->set->arena, int64_t, w->csv.rows + 1, &w->out->value, err));
    for (size_t i = 0; i < w->csv.rows; i++) {
        TablesValue v;
        if (tables_value(NULL, 0, w->csv.cells[i * w->csv.columns + at], false, &v, NULL) != OK ||
            v.mark != TABLES_EXACT || v.low < 0 || v.decimals > 2 || v.low > INT64_MAX / 100)
            return refuse(w, i, "a value is an amount of at most two decimals, and not negative", err);
        for (w->out->value[i] = v.low; v.decimals < 2; v.decimals++)
            w->out->value[i] *= 10;
    }
    return OK;
}

static Status read_columns(Persons *w, Error *err)
{
    Slice person, value, employer;
    size_t at;
    Map seen;
    TRY(toml_str(w->t->contributions, "contributions", "person", &person, err));
    TRY(toml_str_or(w->t->contributions, "contributions", "value", (Slice){NULL, 0}, &value, err));
    TRY(toml_str_or(w->t->contributions, "contributions", "employer", (Slice){NULL, 0}, &employer, err));
    TRY(find(w, person, &at, err));
    TRY(arena_new(&w->set->arena, Slice, w->csv.rows + 1, &w->out->person, err));
    Status st = map_init(&seen, err);
    for (size_t i = 0; i < w->csv.rows && st == OK; i++) {
        bool is_new = true;
        w->out->person[i] = w->csv.cells[i * w->csv.columns + at];
        st = map_put(&seen, w->out->person[i], i, &is_new, err);
        if (st == OK && (!is_new || w->out->person[i].len == 0))
            st = refuse(w, i, "each person has a pseudonym and stands once, in one finest cell", err);
    }
    map_free(&seen);
    TRY(st);
    if (value.ptr)
        TRY(read_amount(w, value, err));
    if (!employer.ptr)
        return OK;
    TRY(find(w, employer, &at, err));
    TRY(arena_new(&w->set->arena, Slice, w->csv.rows + 1, &w->out->employer, err));
    for (size_t i = 0; i < w->csv.rows; i++)
        w->out->employer[i] = w->csv.cells[i * w->csv.columns + at];
    return OK;
}

static Status check_counts(Persons *w, Error *err)
{
    const TablesTable *t = w->t;
    int64_t *found;
    TRY(arena_new(&w->set->arena, int64_t, t->row_count + 1, &found, err));
    for (uint32_t c = 0; c < t->column_count; c++) {
        if (t->columns[c].kind != TABLES_COUNT)
            continue;
        TRY(read_member(w, c, err));
        memset(found, 0, t->row_count * sizeof *found);
        for (size_t i = 0; i < w->out->pairs; i++)
            found[w->out->row[i]] += w->out->member[c][w->out->who[i]];
        for (uint32_t row = 0; row < t->row_count; row++) {
            if (found[row] == t->values[(size_t)row * t->column_count + c].low)
                continue;
            error_set(err, ERR_INVALID, "%.*s is not the number of persons in the contributions, %lld",
                SLICE_ARG(t->columns[c].name), (long long)found[row]);
            error_at(err, t->file.ptr, t->csv_row[row] + 2, NULL);
            return ERR_INVALID;
        }
    }
    return OK;
}

static int by_row(const void *a, const void *b)
{
    const Pair *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->who > y->who) - (x->who < y->who);
}

static Status read_all(Persons *w, TablesLoad load, void *ctx, Error *err)
{
    uint32_t dimensions = w->set->dimension_count;
    TRY(open_file(w, load, ctx, err));
    TRY(place_dimensions(w, err));
    for (uint32_t row = 0; row < w->t->row_count; row++) {
        Slice key = {(const char *)(w->t->at + (size_t)row * dimensions), dimensions * sizeof *w->t->at};
        TRY(map_put(&w->rows, key, row, NULL, err));
    }
    TRY(read_columns(w, err));
    for (size_t i = 0; i < w->csv.rows; i++)
        TRY(read_person(w, i, err));
    if (w->pairs.len > 0)
        qsort(w->pairs.at, w->pairs.len, sizeof *w->pairs.at, by_row);
    w->out->persons = w->csv.rows;
    w->out->pairs = w->pairs.len;
    TRY(arena_new(&w->set->arena, uint32_t, w->pairs.len + 1, &w->out->who, err));
    TRY(arena_new(&w->set->arena, uint32_t, w->pairs.len + 1, &w->out->row, err));
    TRY(arena_new(&w->set->arena, uint8_t *, w->t->column_count + 1, &w->out->member, err));
    for (size_t i = 0; i < w->pairs.len; i++) {
        w->out->who[i] = w->pairs.at[i].who;
        w->out->row[i] = w->pairs.at[i].row;
    }
    return check_counts(w, err);
}

Status tables_contributions(
    TablesSet *set, uint32_t table, TablesLoad load, void *ctx, TablesContributions *out, Error *err)
{
    Persons w = {.set = set, .t = &set->tables[table], .table = table, .out = out};
    *out = (TablesContributions){0};
    TRY(map_init(&w.rows, err));
    Status st = read_all(&w, load, ctx, err);
    map_free(&w.rows);
    vec_free(&w.pairs);
    return st;
}
