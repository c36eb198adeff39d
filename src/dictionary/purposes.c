/*
 * What a warehouse column is held for: the purposes under which agreements give the fields that it is made of. A
 * contract's mapping names those fields in its SQL; what is worked out from tables serves what these serve.
 */
#include "dictionary/dictionary_parts.h"

typedef VEC(Slice) Purposes;

typedef struct Sources {
    const TableDefs *defs;
    const Contract *const *contracts;
    size_t count;
    const DictionaryTables *tables; /* of the contracts, by name */
} Sources;

static Status add_purpose(Slice purpose, Purposes *out, Error *err)
{
    for (size_t i = 0; i < out->len; i++)
        if (slice_eq(out->at[i], purpose))
            return OK;
    return purpose.len > 0 ? vec_push(out, purpose, err) : OK;
}

static bool in_word(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Whether SQL names the field, as a word of its own. */
static bool names_field(Slice sql, Slice field)
{
    for (size_t at = 0; at + field.len <= sql.len; at++) {
        size_t found = at + slice_find(slice_sub(sql, at, sql.len), field);
        if (found >= sql.len)
            return false;
        bool begins = found == 0 || !in_word(sql.ptr[found - 1]);
        bool ends = found + field.len == sql.len || !in_word(sql.ptr[found + field.len]);
        if (begins && ends)
            return true;
        at = found;
    }
    return false;
}

static const DictionaryTable *source_named(const Sources *s, Slice name)
{
    for (size_t i = 0; i < s->tables->len; i++)
        if (s->tables->at[i].kind == DICTIONARY_SOURCE && slice_eq(s->tables->at[i].name, name))
            return &s->tables->at[i];
    return NULL;
}

static Status add_fields(const DictionaryTable *t, Slice sql, Purposes *out, Error *err)
{
    for (size_t i = 0; t && i < t->element_count; i++)
        if (names_field(sql, t->elements[i].name))
            TRY(add_purpose(t->elements[i].purpose, out, err));
    return OK;
}

static Status add_mapping(const DictionaryTable *source, const FactMapping *m, Slice column, Purposes *out, Error *err)
{
    for (size_t i = 0; i < m->column_count; i++) {
        if (column.len > 0 && !slice_eq(m->columns[i].column, column))
            continue;
        TRY(add_fields(source, m->columns[i].sql, out, err));
        TRY(add_fields(source, m->where, out, err));
    }
    return OK;
}

/* Of one column of a table that contracts fill; empty: of all. */
static Status add_column(const Sources *s, const TableDef *t, Slice column, Purposes *out, Error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        const Contract *c = s->contracts[i];
        const DictionaryTable *source = source_named(s, c->name);
        for (size_t k = 0; k < c->fact_count; k++)
            if (slice_eq(c->facts[k].table, t->name))
                TRY(add_mapping(source, &c->facts[k], column, out, err));
        bool whole = source && t->origin == TABLE_REFERENCE && slice_eq(c->reference_table, t->name);
        for (size_t k = 0; whole && k < source->element_count; k++)
            if (column.len == 0 || slice_eq(source->elements[k].name, column))
                TRY(add_purpose(source->elements[k].purpose, out, err));
    }
    return OK;
}

/* Tables that are worked out have no circle: model_derived refuses one. */
static Status add_table(const Sources *s, const TableDef *t, Purposes *out, Error *err)
{
    const Toml *needs = toml_get(t->file->toml, "needs");
    if (t->origin != TABLE_DERIVED)
        return add_column(s, t, (Slice){0}, out, err);
    for (const Toml *n = needs ? needs->first : NULL; n; n = n->next) {
        const TableDef *needed = model_table(s->defs, n->string);
        if (needed)
            TRY(add_table(s, needed, out, err));
    }
    return OK;
}

static Status join(const Purposes *list, const TableDef *t, Arena *arena, Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < list->len; i++)
        buf_addf(&b, "%s%.*s", i ? " | " : "", SLICE_ARG(list->at[i]));
    if (list->len == 0 && t->data.len > 0)
        buf_adds(&b, "reference list of the policy, about no person");
    Status st = buf_status(&b, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&b), out, err);
    buf_free(&b);
    return st;
}

static Status table_purposes(const Sources *s, const TableDef *t, Arena *arena, DictionaryTable *out, Error *err)
{
    Purposes list = {0};
    Status st = OK;
    for (size_t i = 0; i < out->element_count; i++) {
        list.len = 0;
        if (t->origin != TABLE_DERIVED)
            TRY_OUT(add_column(s, t, out->elements[i].name, &list, err));
        /* A column of no field, as a constant or what is counted, serves what its table serves. */
        if (list.len == 0)
            TRY_OUT(add_table(s, t, &list, err));
        TRY_OUT(join(&list, t, arena, &out->elements[i].purpose, err));
    }
out:
    vec_free(&list);
    return st;
}

Status warehouse_purposes(const TableDefs *defs, const Contract *const *contracts, size_t contract_count, Arena *arena,
    DictionaryTables *tables, Error *err)
{
    const Sources s = {.defs = defs, .contracts = contracts, .count = contract_count, .tables = tables};
    for (size_t i = 0; i < tables->len; i++) {
        const TableDef *t = tables->at[i].kind == DICTIONARY_WAREHOUSE ? model_table(defs, tables->at[i].name) : NULL;
        if (t)
            TRY(table_purposes(&s, t, arena, &tables->at[i], err));
    }
    return OK;
}
