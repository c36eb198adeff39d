/*
 * Derived tables: their order and their SQL.
 *
 * The order is a depth-first walk over `needs` in the order of names, so it does
 * not depend on the folder. A table too large for one piece (a state's wages) is
 * made in pieces: the builder runs its SQL once for each value that
 * partition_values gives, which keeps the hash tables of a piece in the cache
 * instead of spilling those of the whole. What a value stands for is the SQL's
 * affair: one value of the partition column, or the first of a stretch of them (a
 * year of quarters). Filled at once, the column's own name takes its place.
 */
#include "policy/model.h"

typedef enum Mark { UNSEEN, OPEN, DONE } Mark;

typedef struct Sorter {
    const DerivedTables *all;
    Mark *marks;
    DerivedTables *out;
} Sorter;

static Status visit(Sorter *s, size_t i, Error *err)
{
    const DerivedTable *d = &s->all->at[i];
    if (s->marks[i] == DONE)
        return OK;
    if (s->marks[i] == OPEN)
        return error_set(err, ERR_INVALID, "%s: derived table %.*s needs itself, directly or through others",
            d->file->path, SLICE_ARG(d->name));
    s->marks[i] = OPEN;
    for (size_t n = 0; n < d->need_count; n++)
        for (size_t j = 0; j < s->all->len; j++)
            if (slice_eq(s->all->at[j].name, d->needs[n]))
                TRY(visit(s, j, err));
    s->marks[i] = DONE;
    return vec_push(s->out, *d, err);
}

static Status read_needs(const PolicyFile *file, Arena *arena, DerivedTable *d, Error *err)
{
    const Toml *needs;
    TRY(toml_array(file->toml, file->path, "needs", &needs, err));
    if (!needs)
        return OK;
    TRY(arena_new(arena, Slice, needs->count, &d->needs, err));
    for (const Toml *n = needs->first; n; n = n->next) {
        if (n->type != TOML_STRING)
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": needs must list table names", file->path, n->line);
        d->needs[d->need_count++] = n->string;
    }
    return OK;
}

static Status read_sql(const PolicyFile *file, Arena *arena, DerivedTable *d, Error *err)
{
    Slice raw;
    Buf sql;
    TRY(toml_str(file->toml, file->path, "sql", &raw, err));
    TRY(toml_str_or(file->toml, file->path, "partition", SLICE(""), &d->partition, err));
    TRY(toml_str_or(file->toml, file->path, "partition_values", SLICE(""), &d->partition_values, err));
    if ((d->partition.len > 0) != (d->partition_values.len > 0))
        return error_set(err, ERR_INVALID, "%s: partition and partition_values go together", file->path);
    if ((d->partition.len > 0) != (slice_find(raw, SLICE("{partition}")) < raw.len))
        return error_set(
            err, ERR_INVALID, "%s: a partition needs {partition} in the SQL, and the other way round", file->path);
    buf_init(&sql, 0);
    Status st = model_fill(file, raw, &sql, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&sql), &d->sql, err);
    buf_free(&sql);
    return st;
}

static Status read_all(Arena *arena, const TableDefs *tables, DerivedTables *out, Error *err)
{
    const char *const allowed[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "table", "definition", "columns", "needs", "note", "partition", "partition_values", "parameters",
        "sql", "vector", "fixture", NULL};
    for (size_t i = 0; i < tables->len; i++) {
        const TableDef *t = &tables->at[i];
        if (t->origin != TABLE_DERIVED)
            continue;
        DerivedTable d = {.file = t->file, .name = t->name, .table = t};
        TRY(toml_only(t->file->toml, t->file->path, allowed, err));
        TRY(read_needs(t->file, arena, &d, err));
        TRY(read_sql(t->file, arena, &d, err));
        TRY(vec_push(out, d, err));
    }
    return OK;
}

Status model_derived(Arena *arena, const TableDefs *tables, DerivedTables *out, Error *err)
{
    DerivedTables all = {0};
    Sorter s = {.all = &all, .out = out};
    Status st = OK;
    TRY_OUT(read_all(arena, tables, &all, err));
    TRY_OUT(arena_new(arena, Mark, all.len, &s.marks, err));
    for (size_t i = 0; i < all.len; i++)
        TRY_OUT(visit(&s, i, err));
out:
    vec_free(&all);
    return st;
}

static void add_select(const DerivedTable *d, Slice piece, Buf *out)
{
    buf_adds(out, "SELECT ");
    for (size_t i = 0; i < d->table->column_count; i++)
        buf_addf(out, "%s%.*s", i ? ", " : "", SLICE_ARG(d->table->columns[i].name));
    buf_adds(out, " FROM (");
    Slice rest = d->sql;
    Slice mark = SLICE("{partition}");
    for (;;) {
        size_t at = slice_find(rest, mark);
        buf_add(out, slice_sub(rest, 0, at));
        if (at >= rest.len)
            break;
        buf_add(out, piece.ptr ? piece : d->partition);
        rest = slice_sub(rest, at + mark.len, rest.len);
    }
    buf_adds(out, "\n)");
}

void model_insert_sql(const DerivedTable *d, Slice piece, Buf *out)
{
    buf_addf(out, "INSERT INTO main.%.*s BY NAME ", SLICE_ARG(d->name));
    add_select(d, piece, out);
    buf_adds(out, ";\n");
}

void model_select_sql(const DerivedTable *d, Buf *out)
{
    add_select(d, (Slice){0}, out);
}
