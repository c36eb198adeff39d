/* From contracts and agreements to elements: the half of the dictionary that needs no data. */
#include "dictionary/dictionary_parts.h"

static const char *const TYPE_WORDS[] = {
    [TYPE_TEXT] = "text",
    [TYPE_DIGITS] = "digits",
    [TYPE_INTEGER] = "whole number",
    [TYPE_DECIMAL] = "decimal",
    [TYPE_DATE] = "date",
    [TYPE_BOOLEAN] = "yes or no",
    [TYPE_CODE] = "code",
};

static Status keep(Arena *arena, Buf *text, Slice *out, Error *err)
{
    Status st = buf_status(text, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(text), out, err);
    buf_free(text);
    return st;
}

static Status type_text(const Field *f, Arena *arena, Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    buf_adds(&b, TYPE_WORDS[f->type]);
    if (f->type == TYPE_DECIMAL)
        buf_addf(&b, ", %u places", f->scale);
    if (f->length > 0 && (f->type == TYPE_TEXT || f->type == TYPE_DIGITS))
        buf_addf(&b, ", at most %u characters", f->length);
    if (f->derive.len > 0)
        buf_adds(&b, ", worked out from the row");
    return keep(arena, &b, out, err);
}

static Status codes_text(const CodeList *list, Arena *arena, Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    for (size_t i = 0; list && i < list->count; i++) {
        const CodeEntry *e = &list->entries[i];
        buf_addf(&b, "%s%.*s = %.*s", i ? "; " : "", SLICE_ARG(e->code), SLICE_ARG(e->value));
    }
    return keep(arena, &b, out, err);
}

Status element_of_field(const Field *f, Arena *arena, DictionaryElement *out, Error *err)
{
    *out = (DictionaryElement){.clause = f->clause,
        .code_count = f->codes ? f->codes->count : 0,
        /* an employer's account is content: a keyed hash of it stays in the rows */
        .is_identity = f->identity.len > 0 && !slice_eq_z(f->identity, "employer")};
    const struct {
        Slice from, *to;
    } texts[] = {{f->name, &out->name}, {f->element, &out->element}, {f->definition, &out->definition},
        {f->sensitivity, &out->sensitivity}, {f->status, &out->status}, {f->note, &out->note},
        {f->clause, &out->clause}};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        TRY(arena_dup(arena, texts[i].from, texts[i].to, err));
    TRY(type_text(f, arena, &out->type, err));
    return codes_text(f->codes, arena, &out->codes, err);
}

/* --- agreements ------------------------------------------------------------------------------------------------- */

typedef struct Agreements {
    const Agreement *at;
    size_t count;
    Date on;
} Agreements;

static bool in_force(const Agreement *a, Date on)
{
    return a->file->effective_from <= on && (a->file->effective_to == DATE_NONE || a->file->effective_to >= on) &&
           (a->destroy_by == DATE_NONE || a->destroy_by >= on);
}

static bool clause_covers(const AgreementClause *c, Slice source, const DictionaryElement *e)
{
    if (!slice_eq(c->source, source) || !slice_eq(c->id, e->clause))
        return false;
    for (size_t i = 0; i < c->element_count; i++)
        if (slice_eq_z(c->elements[i], "*") || slice_eq(c->elements[i], e->name))
            return true;
    return false;
}

static const Agreement *cover(const Agreements *all, Slice source, DictionaryElement *e)
{
    for (size_t i = 0; i < all->count; i++) {
        const Agreement *a = &all->at[i];
        for (size_t k = 0; in_force(a, all->on) && k < a->clause_count; k++) {
            if (clause_covers(&a->clauses[k], source, e)) {
                e->agreement = a->id;
                e->purpose = a->clauses[k].purpose;
                return a;
            }
        }
    }
    return NULL;
}

static Status shared_text(const Agreement *a, Arena *arena, Slice *out, Error *err)
{
    const char *text;
    char until[11];
    date_print(a->destroy_by, until);
    TRY(arena_printf(arena, &text, err, "Agreement %.*s between %.*s, under %.*s%s%s.", SLICE_ARG(a->id),
        SLICE_ARG(a->parties), SLICE_ARG(a->authority), until[0] ? "; to be destroyed by " : "", until));
    *out = slice_of(text);
    return OK;
}

/* --- one contract ----------------------------------------------------------------------------------------------- */

static Status source_table(
    const Contract *c, const Agreements *agreements, Arena *arena, DictionaryTable *out, Error *err)
{
    const Agreement *shared = NULL;
    *out = (DictionaryTable){.kind = DICTIONARY_SOURCE,
        .name = c->name,
        .title = c->title,
        .agency = c->agency,
        .source = c->file->source,
        .element_count = c->field_count};
    TRY(arena_new(arena, DictionaryElement, c->field_count, &out->elements, err));
    for (size_t i = 0; i < c->field_count; i++) {
        TRY(element_of_field(&c->fields[i], arena, &out->elements[i], err));
        const Agreement *a = cover(agreements, c->name, &out->elements[i]);
        shared = shared ? shared : a;
    }
    return shared ? shared_text(shared, arena, &out->shared, err) : OK;
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

typedef VEC(const Contract *) Contracts;

static Status contracts_in_force(Policy *policy, Date on, Arena *arena, Contracts *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = policy_list(policy, "sources", &files, err);
    for (size_t i = 0; st == OK && i < files.len; i++) {
        const PolicyFile *f = files.at[i];
        const Contract *c;
        if (f->effective_from > on || (f->effective_to != DATE_NONE && f->effective_to < on))
            continue;
        TRY_OUT(contract_parse(f, arena, &c, err));
        TRY_OUT(vec_push(out, c, err));
    }
out:
    vec_free(&files);
    return st;
}

static Status fill_sources(const FillJob *base, Ledger *ledger, Arena *arena, DictionaryTables *tables, Error *err)
{
    Loads loads = {0};
    FillJob job = *base;
    DbOptions options = DB_OPTIONS_INIT;
    options.threads = home_settings(job.home)->threads;
    options.memory_mb = home_settings(job.home)->memory_mb;
    job.loads = &loads;
    Status st;
    TRY_OUT(ledger_loads(ledger, arena, &loads, err));
    TRY_OUT(db_open(&options, &job.db, err));
    for (size_t i = 0; i < tables->len; i++)
        TRY_OUT(fill_table(&job, arena, &tables->at[i], err));
out:
    db_close(job.db);
    vec_free(&loads);
    return st;
}

static Status parameter(const PolicyFile *rule, const char *name, int64_t *out, Error *err)
{
    const Toml *p = toml_get(toml_get(rule->toml, "parameters"), name);
    if (!toml_get(p, "source") || !toml_get(p, "status"))
        return error_set(err, ERR_INVALID, "%s: parameter %s needs value, status and source", rule->path, name);
    TRY(toml_int(p, rule->path, "value", out, err));
    if (*out < 1)
        return error_set(err, ERR_INVALID, "%s:%u: parameter %s must be positive", rule->path, p->line, name);
    return OK;
}

static Status words(Policy *policy, Date on, Dictionary *d, Error *err)
{
    const PolicyFile *file;
    TRY(policy_get(policy, "i18n", SLICE("en"), on, &file, err));
    TRY(toml_str(file->toml, file->path, "language", &d->language, err));
    return toml_str(file->toml, file->path, "site", &d->site, err);
}

static Status build(const FillJob *job, Policy *policy, Ledger *ledger, Date on, Dictionary *out, Contracts *contracts,
    DictionaryTables *tables, Error *err)
{
    Agreements agreements = {.on = on};
    TRY(govern_agreements(policy, &out->arena, &agreements.at, &agreements.count, err));
    TRY(contracts_in_force(policy, on, &out->arena, contracts, err));
    for (size_t i = 0; i < contracts->len; i++) {
        DictionaryTable t;
        TRY(source_table(contracts->at[i], &agreements, &out->arena, &t, err));
        TRY(vec_push(tables, t, err));
    }
    if (job->home)
        TRY(fill_sources(job, ledger, &out->arena, tables, err));
    TRY(warehouse_elements(policy, contracts->at, contracts->len, &out->arena, tables, err));
    TRY(arena_new(&out->arena, DictionaryTable, tables->len, &out->tables, err));
    memcpy(out->tables, tables->at, tables->len * sizeof *tables->at);
    out->table_count = tables->len;
    return OK;
}

Status dictionary_build(Policy *policy, Home *home, Ledger *ledger, Date on, Dictionary *out, Error *err)
{
    Contracts contracts = {0};
    DictionaryTables tables = {0};
    FillJob job = {.home = home};
    *out = (Dictionary){.is_computed = home != NULL};
    arena_init(&out->arena, 0);
    TRY(words(policy, on, out, err));
    TRY(policy_get(policy, "dictionary", SLICE("dictionary"), on, &job.rule, err));
    TRY(parameter(job.rule, "minimum_rows", &out->minimum_rows, err));
    TRY(parameter(job.rule, "jump_points", &out->jump_points, err));
    job.minimum_rows = out->minimum_rows;
    job.jump_points = out->jump_points;
    Status st = build(&job, policy, ledger, on, out, &contracts, &tables, err);
    vec_free(&contracts);
    vec_free(&tables);
    return st;
}

void dictionary_free(Dictionary *d)
{
    arena_free(&d->arena);
    *d = (Dictionary){0};
}
