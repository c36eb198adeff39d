/* The warehouse's half: facts with the contracts that fill them, references, and what is worked out from both. */
#include "dictionary/dictionary_parts.h"

static bool is_person_table(const TableDef *t)
{
    if (t->person)
        return true;
    for (size_t i = 0; i < t->column_count; i++)
        if (slice_eq_z(t->columns[i].name, "person"))
            return true;
    return false;
}

/* The `ceds` of a column, which the model does not carry. */
static Slice ceds_name(const TableDef *t, Slice column)
{
    const Toml *tables = toml_get(t->file->toml, "table");
    for (const Toml *e = tables && tables->type == TOML_ARRAY ? tables->first : NULL; e; e = e->next) {
        const Toml *name = toml_get(e, "name"), *columns = toml_get(e, "columns");
        if (!name || !slice_eq(name->string, t->name))
            continue;
        for (const Toml *c = columns ? columns->first : NULL; c; c = c->next) {
            const Toml *own = toml_get(c, "name"), *ceds = toml_get(c, "ceds");
            if (own && ceds && slice_eq(own->string, column))
                return ceds->string;
        }
    }
    return (Slice){"", 0};
}

static bool fills(const FactMapping *m, const TableDef *t, Slice column)
{
    if (!slice_eq(m->table, t->name))
        return false;
    for (size_t i = 0; i < m->column_count; i++)
        if (slice_eq(m->columns[i].column, column))
            return true;
    return false;
}

static void add_contracts(const TableDef *t, Slice column, const Contract *const *contracts, size_t count, Buf *out)
{
    for (size_t i = 0; i < count; i++) {
        bool found = t->origin == TABLE_REFERENCE && slice_eq(contracts[i]->reference_table, t->name);
        for (size_t k = 0; k < contracts[i]->fact_count && !found; k++)
            found = fills(&contracts[i]->facts[k], t, column);
        if (found)
            buf_addf(out, "%s%.*s", out->len ? ", " : "", SLICE_ARG(contracts[i]->name));
    }
}

static void add_needs(const TableDef *t, Buf *out)
{
    const Toml *needs = toml_get(t->file->toml, "needs");
    buf_adds(out, "worked out from ");
    for (const Toml *n = needs ? needs->first : NULL; n; n = n->next)
        buf_addf(out, "%s%.*s", n == needs->first ? "" : ", ", SLICE_ARG(n->string));
}

static Status origin_of(const TableDef *t, Slice column, const Contract *const *contracts, size_t count, Arena *arena,
    Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    if (t->origin == TABLE_DERIVED)
        add_needs(t, &b);
    else
        add_contracts(t, column, contracts, count, &b);
    if (b.len == 0 && t->data.len > 0)
        buf_add(&b, t->data);
    Status st = buf_status(&b, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&b), out, err);
    buf_free(&b);
    return st;
}

static Status table_of(
    const TableDef *def, const Contract *const *contracts, size_t count, Arena *arena, DictionaryTable *out, Error *err)
{
    const Slice sensitivity =
        is_person_table(def) ? SLICE("about persons, under a pseudonym") : SLICE("not about persons");
    *out = (DictionaryTable){
        .kind = DICTIONARY_WAREHOUSE, .source = def->file->source, .element_count = def->column_count};
    TRY(arena_dup(arena, def->name, &out->name, err));
    TRY(arena_dup(arena, def->definition, &out->definition, err));
    out->title = out->name;
    TRY(arena_new(arena, DictionaryElement, def->column_count, &out->elements, err));
    for (size_t i = 0; i < def->column_count; i++) {
        const ColumnDef *c = &def->columns[i];
        DictionaryElement *e = &out->elements[i];
        *e = (DictionaryElement){
            .element = ceds_name(def, c->name), .sensitivity = sensitivity, .status = def->file->status};
        TRY(arena_dup(arena, c->name, &e->name, err));
        TRY(arena_dup(arena, c->definition, &e->definition, err));
        TRY(arena_dup(arena, c->type, &e->type, err));
        TRY(origin_of(def, c->name, contracts, count, arena, &e->origin, err));
    }
    return OK;
}

Status warehouse_elements(Policy *policy, const Contract *const *contracts, size_t contract_count, Arena *arena,
    DictionaryTables *out, Error *err)
{
    TableDefs defs = {0};
    Status st = model_tables(policy, arena, &defs, err);
    for (size_t i = 0; st == OK && i < defs.len; i++) {
        DictionaryTable t;
        TRY_OUT(table_of(&defs.at[i], contracts, contract_count, arena, &t, err));
        TRY_OUT(vec_push(out, t, err));
    }
    if (st == OK)
        st = warehouse_purposes(&defs, contracts, contract_count, arena, out, err);
out:
    vec_free(&defs);
    return st;
}
