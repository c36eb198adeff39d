/*
 * Agreements as code: which source may be taken in, field by field, on a day.
 *
 * The written agreement of 34 CFR 99.35(a)(3) must name the purpose, the
 * information and the date of destruction; 20 CFR 603.10 asks the same for wage
 * records. So an agreement here names elements, not files, and what it does not
 * name is refused: there is no default that lets a new column slip in.
 */
#include "govern/govern.h"

#define ELEMENT_ALL "*"

static Status fail(const PolicyFile *file, const Toml *at, const char *key, const char *why, Error *err)
{
    const Toml *member = toml_get(at, key);
    Status st = error_set(err, ERR_INVALID, "%s", why);
    error_at(err, file->path, 0, key);
    if (err)
        err->line = member ? member->line : at->line;
    return st;
}

/* --- reading --- */

static Status read_elements(const PolicyFile *file, const Toml *t, Arena *arena, AgreementClause *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(t, file->path, "elements", &list, err));
    if (!list || list->count == 0)
        return fail(file, t, "elements", "a clause names the elements it covers", err);
    TRY(arena_new(arena, Slice, list->count, &out->elements, err));
    for (const Toml *e = list->first; e; e = e->next) {
        if (e->type != TOML_STRING || e->string.len == 0)
            return fail(file, t, "elements", "must be a list of field names", err);
        if (slice_eq_z(e->string, ELEMENT_ALL) && list->count > 1)
            return fail(file, t, "elements", "\"" ELEMENT_ALL "\" stands alone", err);
        out->elements[out->element_count++] = e->string;
    }
    return OK;
}

static Status read_clause(const PolicyFile *file, const Toml *t, Arena *arena, AgreementClause *out, Error *err)
{
    static const char *const keys[] = {"id", "source", "elements", "purpose", NULL};
    if (t->type != TOML_TABLE)
        return fail(file, t, "clause", "must be written as [[clause]]", err);
    TRY(toml_only(t, file->path, keys, err));
    TRY(toml_str(t, file->path, "id", &out->id, err));
    TRY(toml_str(t, file->path, "source", &out->source, err));
    TRY(toml_str(t, file->path, "purpose", &out->purpose, err));
    if (out->id.len == 0 || out->source.len == 0 || out->purpose.len == 0)
        return fail(file, t, "purpose", "a clause needs an id, a source and a purpose", err);
    return read_elements(file, t, arena, out, err);
}

static Status read_clauses(const PolicyFile *file, Arena *arena, Agreement *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "clause", &list, err));
    if (!list || list->count == 0)
        return fail(file, file->toml, "clause", "the agreement has no clauses", err);
    TRY(arena_new(arena, AgreementClause, list->count, &out->clauses, err));
    for (const Toml *t = list->first; t; t = t->next) {
        AgreementClause *clause = &out->clauses[out->clause_count];
        TRY(read_clause(file, t, arena, clause, err));
        for (size_t i = 0; i < out->clause_count; i++)
            if (slice_eq(out->clauses[i].id, clause->id) && slice_eq(out->clauses[i].source, clause->source))
                return fail(file, t, "id", "two clauses of one source have this id", err);
        out->clause_count++;
    }
    return OK;
}

static Status read_agreement(const PolicyFile *file, Arena *arena, Agreement *out, Error *err)
{
    static const char *const keys[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "note", "parties", "authority", "destroy_by", "clause", NULL};
    const char *id;
    *out = (Agreement){.file = file};
    if (!slice_eq_z(file->schema, "cairn.agreement/1"))
        return fail(file, file->toml, "schema", "must be cairn.agreement/1", err);
    TRY(toml_only(file->toml, file->path, keys, err));
    TRY(toml_str(file->toml, file->path, "parties", &out->parties, err));
    TRY(toml_str(file->toml, file->path, "authority", &out->authority, err));
    TRY(toml_date_or(file->toml, file->path, "destroy_by", DATE_NONE, &out->destroy_by, err));
    if (out->parties.len == 0 || out->authority.len == 0)
        return fail(file, file->toml, "authority", "an agreement needs parties and a legal basis", err);
    TRY(arena_printf(arena, &id, err, "%.*s@%.*s", SLICE_ARG(file->name), SLICE_ARG(file->version)));
    out->id = slice_of(id);
    return read_clauses(file, arena, out, err);
}

Status govern_agreements(Policy *policy, Arena *arena, const Agreement **out, size_t *count, Error *err)
{
    PolicyFiles files = {0};
    Agreement *list = NULL;
    Status st = OK;
    TRY_OUT(policy_list(policy, "agreements", &files, err));
    TRY_OUT(arena_new(arena, Agreement, files.len, &list, err));
    for (size_t i = 0; i < files.len; i++)
        TRY_OUT(read_agreement(files.at[i], arena, &list[i], err));
    *out = list;
    *count = files.len;
out:
    vec_free(&files);
    return st;
}

/* --- deciding --- */

static bool in_force(const Agreement *a, Date on)
{
    const PolicyFile *f = a->file;
    return on >= f->effective_from && (f->effective_to == DATE_NONE || on <= f->effective_to) &&
           (a->destroy_by == DATE_NONE || on < a->destroy_by);
}

static bool covers_source(const Agreement *a, Slice source)
{
    for (size_t i = 0; i < a->clause_count; i++)
        if (slice_eq(a->clauses[i].source, source))
            return true;
    return false;
}

static bool clause_covers(const AgreementClause *c, Slice field)
{
    for (size_t i = 0; i < c->element_count; i++)
        if (slice_eq(c->elements[i], field) || slice_eq_z(c->elements[i], ELEMENT_ALL))
            return true;
    return false;
}

/* The claimed clause must be there, be about this source and name the field. */
static bool covers_use(const Agreement *a, Slice source, const ElementUse *use)
{
    for (size_t i = 0; i < a->clause_count; i++) {
        const AgreementClause *c = &a->clauses[i];
        if (slice_eq(c->id, use->clause) && slice_eq(c->source, source) && clause_covers(c, use->field))
            return true;
    }
    return false;
}

static const ElementUse *first_uncovered(const Agreement *a, Slice source, const ElementUse *uses, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!covers_use(a, source, &uses[i]))
            return &uses[i];
    return NULL;
}

static Status deny(
    Slice source, const Agreement *outside, const Agreement *partly, const ElementUse *missing, Date on, Error *err)
{
    char day[11];
    date_print(on, day);
    if (partly) {
        Status st = error_set(err, ERR_DENIED, "agreement %.*s does not cover element %.*s of %.*s in clause %.*s",
            SLICE_ARG(partly->id), SLICE_ARG(missing->field), SLICE_ARG(source), SLICE_ARG(missing->clause));
        error_hint(err, "Amend the agreement, or take the field out of the contract.");
        return st;
    }
    if (outside)
        return error_set(err, ERR_DENIED, "agreement %.*s covers %.*s but is not in force on %s",
            SLICE_ARG(outside->id), SLICE_ARG(source), day);
    return error_set(err, ERR_DENIED, "no agreement covers source %.*s", SLICE_ARG(source));
}

Status govern_allow_source(Policy *policy, Slice source, const ElementUse *uses, size_t use_count, Date on,
    Arena *arena, const Agreement **out, Error *err)
{
    const Agreement *list, *outside = NULL, *partly = NULL;
    const ElementUse *missing = NULL;
    const PolicyFile *used;
    size_t count;
    TRY(govern_agreements(policy, arena, &list, &count, err));
    for (size_t i = 0; i < count; i++) {
        const Agreement *a = &list[i];
        if (!covers_source(a, source))
            continue;
        if (!in_force(a, on)) {
            outside = a;
            continue;
        }
        const ElementUse *gap = first_uncovered(a, source, uses, use_count);
        if (!gap) {
            *out = a;
            return policy_get(policy, "agreements", a->file->name, on, &used, err);
        }
        if (!partly) {
            partly = a;
            missing = gap;
        }
    }
    return deny(source, outside, partly, missing, on, err);
}
