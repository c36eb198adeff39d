/*
 * Fields and code lists: what is in the file, where, and what each value may be.
 * The checks are stricter than any one reader needs, because a contract is
 * written by people who do not run it.
 */
#include "contract/contract_parts.h"

#define DECIMAL_SCALE_MAX 9

/* store/vault.h's roles; tests/contract holds the two lists together. This room may not know the store. */
static const char *const IDENTITY_ROLES[] = {
    "sasid",
    "ssn",
    "local_id",
    "local_id_org",
    "last_name",
    "first_name",
    "middle_name",
    "suffix",
    "other_last_name",
    "birth_date",
    "sex",
    "address",
    "city",
    "postal_code",
    "phone",
    "email",
    "employer",
};

static const char *const SENSITIVITIES[] = {"identifier", "quasi", "education", "wage", "public"};

static bool is_one_of(Slice s, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq_z(s, list[i]))
            return true;
    return false;
}

/* --- code lists --- */

static Status read_code_list(Parse *p, const Toml *t, CodeList *out, Error *err)
{
    if (t->type != TOML_TABLE || !contract_is_name(t->key))
        return contract_fail(p, t, "codes", err, "a code list is a table with a lower-case name");
    out->name = t->key;
    TRY(arena_new(p->arena, CodeEntry, t->count, &out->entries, err));
    for (const Toml *e = t->first; e; e = e->next) {
        if (e->type != TOML_STRING || e->string.len == 0)
            return contract_fail(
                p, e, NULL, err, "code list %.*s: a code stands for a value that is not empty", SLICE_ARG(t->key));
        out->entries[out->count++] = (CodeEntry){e->key, e->string};
    }
    if (out->count == 0)
        return contract_fail(p, t, NULL, err, "code list %.*s is empty", SLICE_ARG(t->key));
    return OK;
}

Status contract_read_codes(Parse *p, const Toml *root, Error *err)
{
    const Toml *lists;
    TRY(toml_table(root, p->file, "codes", &lists, err));
    if (!lists)
        return OK;
    TRY(arena_new(p->arena, CodeList, lists->count, &p->c->code_lists, err));
    for (const Toml *t = lists->first; t; t = t->next)
        TRY(read_code_list(p, t, &p->c->code_lists[p->c->code_list_count++], err));
    return OK;
}

/* --- one field --- */

static Status read_type(const Parse *p, const Toml *t, Field *f, Error *err)
{
    static const char *const names[] = {
        [TYPE_TEXT] = "text",
        [TYPE_DIGITS] = "digits",
        [TYPE_INTEGER] = "integer",
        [TYPE_DECIMAL] = "decimal",
        [TYPE_DATE] = "date",
        [TYPE_BOOLEAN] = "boolean",
        [TYPE_CODE] = "code",
    };
    Slice type;
    TRY(toml_str(t, p->file, "type", &type, err));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (slice_eq_z(type, names[i])) {
            f->type = (FieldType)i;
            return OK;
        }
    }
    return contract_fail(p, t, "type", err, "there is no field type %.*s", SLICE_ARG(type));
}

static Status check_format(const Parse *p, const Toml *t, const Field *f, Error *err)
{
    static const char *const dates[] = {"YYYYMMDD", "MMDDYYYY", "YYYY-MM-DD", "M/D/YYYY"};
    static const char *const integers[] = {"YYYYQQ", "MMYYYY", "grouped"};
    static const char *const decimals[] = {"grouped", "percent", "rounded"};
    static const char *const texts[] = {"descriptor"};
    static const struct {
        const char *const *names;
        size_t count;
    } known[] = {
        [TYPE_TEXT] = {texts, COUNT_OF(texts)},
        [TYPE_DIGITS] = {NULL, 0},
        [TYPE_INTEGER] = {integers, COUNT_OF(integers)},
        [TYPE_DECIMAL] = {decimals, COUNT_OF(decimals)},
        [TYPE_DATE] = {dates, COUNT_OF(dates)},
        [TYPE_BOOLEAN] = {NULL, 0},
        [TYPE_CODE] = {texts, COUNT_OF(texts)},
    };
    Slice rest = f->format;
    if (f->format.len == 0) {
        if (f->type == TYPE_DATE && f->derive.len == 0)
            return contract_fail(p, t, "format", err, "date %.*s needs a format", SLICE_ARG(f->name));
        return OK;
    }
    while (rest.ptr) {
        Slice one = slice_cut(&rest, '|');
        if (!is_one_of(one, known[f->type].names, known[f->type].count))
            return contract_fail(
                p, t, "format", err, "field %.*s cannot have the format %.*s", SLICE_ARG(f->name), SLICE_ARG(one));
    }
    return OK;
}

static Status read_uint(const Parse *p, const Toml *t, const char *key, uint32_t max, uint32_t *out, Error *err)
{
    int64_t v;
    TRY(toml_int_or(t, p->file, key, 0, &v, err));
    if (v < 0 || v > max)
        return contract_fail(p, t, key, err, "must be between 0 and %" PRIu32, max);
    *out = (uint32_t)v;
    return OK;
}

static Status read_limit(
    const Parse *p, const Toml *t, const char *key, const Field *f, bool *has, int64_t *out, Error *err)
{
    *has = toml_get(t, key) != NULL;
    if (!*has)
        return OK;
    if (f->type != TYPE_INTEGER && f->type != TYPE_DECIMAL)
        return contract_fail(p, t, key, err, "field %.*s is no number and cannot have a limit", SLICE_ARG(f->name));
    TRY(toml_int(t, p->file, key, out, err));
    for (uint32_t i = 0; i < f->scale; i++)
        if (__builtin_mul_overflow(*out, INT64_C(10), out))
            return contract_fail(p, t, key, err, "is too large for the field's scale");
    return OK;
}

static Status read_value_rules(const Parse *p, const Toml *t, Field *f, Error *err)
{
    Slice codes;
    TRY(toml_str_or(t, p->file, "format", SLICE(""), &f->format, err));
    TRY(read_uint(p, t, "scale", DECIMAL_SCALE_MAX, &f->scale, err));
    TRY(toml_bool_or(t, p->file, "implied", false, &f->implied, err));
    TRY(toml_str_or(t, p->file, "codes", SLICE(""), &codes, err));
    TRY(contract_strings(p, t, "nulls", &f->nulls, &f->null_count, err));
    TRY(toml_bool_or(t, p->file, "fill_down", false, &f->fill_down, err));
    TRY(toml_bool_or(t, p->file, "required", false, &f->required, err));
    TRY(toml_str_or(t, p->file, "pattern", SLICE(""), &f->pattern, err));
    if (f->type != TYPE_DECIMAL && (f->scale > 0 || f->implied))
        return contract_fail(
            p, t, "scale", err, "field %.*s is no decimal and cannot have a scale", SLICE_ARG(f->name));
    if (f->pattern.len > 0 && f->type != TYPE_TEXT && f->type != TYPE_DIGITS && f->type != TYPE_CODE)
        return contract_fail(
            p, t, "pattern", err, "field %.*s is no text and cannot have a pattern", SLICE_ARG(f->name));
    TRY(read_limit(p, t, "min", f, &f->has_min, &f->min, err));
    TRY(read_limit(p, t, "max", f, &f->has_max, &f->max, err));
    if (f->has_min && f->has_max && f->min > f->max)
        return contract_fail(p, t, "max", err, "field %.*s has a max below its min", SLICE_ARG(f->name));
    if ((f->type == TYPE_CODE) != (codes.len > 0))
        return contract_fail(
            p, t, "codes", err, "field %.*s: type code and a code list belong together", SLICE_ARG(f->name));
    for (size_t i = 0; i < p->c->code_list_count; i++)
        if (slice_eq(p->c->code_lists[i].name, codes))
            f->codes = &p->c->code_lists[i];
    if (codes.len > 0 && !f->codes)
        return contract_fail(p, t, "codes", err, "the contract has no code list %.*s", SLICE_ARG(codes));
    return check_format(p, t, f, err);
}

static Status read_meaning(const Parse *p, const Toml *t, Field *f, Error *err)
{
    TRY(toml_str_or(t, p->file, "element", SLICE(""), &f->element, err));
    TRY(toml_str(t, p->file, "definition", &f->definition, err));
    TRY(toml_str(t, p->file, "sensitivity", &f->sensitivity, err));
    TRY(toml_str(t, p->file, "clause", &f->clause, err));
    TRY(toml_str_or(t, p->file, "identity", SLICE(""), &f->identity, err));
    TRY(toml_bool_or(t, p->file, "token", false, &f->token, err));
    TRY(toml_str_or(t, p->file, "status", p->status, &f->status, err));
    TRY(toml_str_or(t, p->file, "note", SLICE(""), &f->note, err));
    if (f->definition.len == 0 || f->clause.len == 0)
        return contract_fail(p, t, "definition", err, "field %.*s needs a definition and a clause", SLICE_ARG(f->name));
    if (!is_one_of(f->sensitivity, SENSITIVITIES, COUNT_OF(SENSITIVITIES)))
        return contract_fail(p, t, "sensitivity", err, "must be identifier, quasi, education, wage or public");
    if (f->identity.len > 0 && !is_one_of(f->identity, IDENTITY_ROLES, COUNT_OF(IDENTITY_ROLES)))
        return contract_fail(p, t, "identity", err, "there is no identity role %.*s", SLICE_ARG(f->identity));
    if (f->identity.len > 0 && p->c->kind == KIND_REFERENCE)
        return contract_fail(p, t, "identity", err, "a reference table has no identity fields");
    if (f->token && (f->identity.len == 0 || slice_eq_z(f->identity, "employer")))
        return contract_fail(p, t, "token", err, "only a field with a person's identity role has a token");
    if (!slice_eq_z(f->status, "verified") && !slice_eq_z(f->status, "assumed"))
        return contract_fail(p, t, "status", err, "must be verified or assumed");
    return OK;
}

/* --- where it is --- */

static Status refuse_keys(const Parse *p, const Toml *t, const char *const *keys, const char *why, Error *err)
{
    for (; *keys; keys++)
        if (toml_get(t, *keys))
            return contract_fail(p, t, *keys, err, "%s", why);
    return OK;
}

static Status check_place(const Parse *p, const Toml *t, const Field *f, Error *err)
{
    static const char *const not_csv[] = {"start", "path", NULL};
    static const char *const not_fixed[] = {"header", "aliases", "path", "fill_down", NULL};
    static const char *const not_xml[] = {"header", "aliases", "start", "fill_down", NULL};
    const Contract *c = p->c;
    switch (c->format) {
    case FORMAT_CSV:
        TRY(refuse_keys(p, t, not_csv, "does not belong in a csv contract", err));
        if (c->header && f->header.len == 0)
            return contract_fail(p, t, "header", err, "field %.*s has no header", SLICE_ARG(f->name));
        return OK;
    case FORMAT_FIXED:
        TRY(refuse_keys(p, t, not_fixed, "does not belong in a fixed-width contract", err));
        if (f->start == 0 || f->length == 0)
            return contract_fail(p, t, "start", err, "field %.*s needs start and length", SLICE_ARG(f->name));
        if (c->record_length > 0 && (uint64_t)f->start + f->length - 1 > c->record_length)
            return contract_fail(p, t, "length", err, "field %.*s ends behind the record", SLICE_ARG(f->name));
        return OK;
    case FORMAT_XML:
        TRY(refuse_keys(p, t, not_xml, "does not belong in an xml contract", err));
        if (f->path.len == 0)
            return contract_fail(p, t, "path", err, "field %.*s has no path", SLICE_ARG(f->name));
        return OK;
    }
    return OK;
}

static Status check_derived(const Parse *p, const Toml *t, Error *err)
{
    static const char *const not_derived[] = {"header", "aliases", "start", "length", "path", "format", "implied",
        "nulls", "fill_down", "required", "min", "max", "pattern", "identity", NULL};
    return refuse_keys(p, t, not_derived, "does not belong to a derived field", err);
}

static Status read_field(Parse *p, const Toml *t, Field *f, Error *err)
{
    static const char *const keys[] = {"name", "header", "aliases", "start", "length", "path", "type", "format",
        "scale", "implied", "codes", "nulls", "fill_down", "required", "min", "max", "pattern", "derive", "element",
        "definition", "sensitivity", "identity", "token", "clause", "status", "note", NULL};
    TRY(toml_only(t, p->file, keys, err));
    TRY(toml_str(t, p->file, "name", &f->name, err));
    TRY(toml_str_or(t, p->file, "header", SLICE(""), &f->header, err));
    TRY(contract_strings(p, t, "aliases", &f->aliases, &f->alias_count, err));
    TRY(read_uint(p, t, "start", 65535, &f->start, err));
    TRY(read_uint(p, t, "length", 65535, &f->length, err));
    TRY(toml_str_or(t, p->file, "path", SLICE(""), &f->path, err));
    TRY(toml_str_or(t, p->file, "derive", SLICE(""), &f->derive, err));
    TRY(read_type(p, t, f, err));
    TRY(read_value_rules(p, t, f, err));
    TRY(read_meaning(p, t, f, err));
    if (toml_get(t, "derive") && f->derive.len == 0)
        return contract_fail(p, t, "derive", err, "must not be empty");
    return f->derive.len > 0 ? check_derived(p, t, err) : check_place(p, t, f, err);
}

/* --- all fields --- */

static Status check_unique(const Parse *p, const Toml *t, size_t i, Error *err)
{
    const Field *f = &p->c->fields[i];
    if (!contract_is_name(f->name) || slice_eq_z(f->name, "row_no") || slice_eq_z(f->name, "record_tag") ||
        slice_eq_z(f->name, "r") || slice_starts(f->name, SLICE("scope_")))
        return contract_fail(p, t, "name", err, "%.*s cannot be a field's name", SLICE_ARG(f->name));
    for (size_t k = 0; k < i; k++) {
        const Field *other = &p->c->fields[k];
        if (slice_eq(other->name, f->name))
            return contract_fail(p, t, "name", err, "field %.*s is there twice", SLICE_ARG(f->name));
        if (f->identity.len > 0 && slice_eq(other->identity, f->identity))
            return contract_fail(
                p, t, "identity", err, "two fields have the identity role %.*s", SLICE_ARG(f->identity));
    }
    return OK;
}

/* The whole date of birth must not pass through a derived field as a date. */
static Status check_derive(Parse *p, const Toml *t, Field *f, Error *err)
{
    if (f->derive.len == 0)
        return OK;
    TRY(contract_sql(p, t, f->derive, SQL_DERIVE, &f->derive, err));
    const Field *source = contract_field(p->c, f->derive);
    if (source && slice_eq_z(source->identity, "birth_date"))
        return contract_fail(p, t, "derive", err, "the date of birth itself may not become content; derive its year");
    if (f->type == TYPE_DATE)
        return contract_fail(p, t, "derive", err, "a derived field cannot be a date");
    return OK;
}

Status contract_read_fields(Parse *p, const Toml *root, Error *err)
{
    const Toml *first;
    size_t count, i = 0;
    TRY(contract_tables(p, root, "field", &first, &count, err));
    if (count == 0)
        return contract_fail(p, root, "field", err, "the contract has no fields");
    TRY(arena_new(p->arena, Field, count, &p->c->fields, err));
    for (const Toml *t = first; t; t = t->next) {
        TRY(read_field(p, t, &p->c->fields[p->c->field_count++], err));
        TRY(check_unique(p, t, p->c->field_count - 1, err));
    }
    for (const Toml *t = first; t; t = t->next)
        TRY(check_derive(p, t, &p->c->fields[i++], err));
    return OK;
}
