/*
 * What the policy says of linking: the engine's own configuration (model.toml, in
 * the language of docs/match.md), how links are kept (linking.toml), and who
 * reviews what (review.toml). A hash over what a model rests on tells whether the
 * one in force still fits.
 */
#include "identity/identity_impl.h"

#include <math.h>

/* Raised whenever this room's code can decide otherwise on the same records, model and policy. */
#define LINKING_VERSION "linking/5"

static Status share_ppm(const Toml *t, const char *file, const char *key, double fallback, uint32_t *out, Error *err)
{
    double v;
    TRY(toml_num_or(t, file, key, fallback, &v, err));
    if (!(v >= 0 && v <= 1))
        return error_set(err, ERR_INVALID, "%s: \"%s\" must lie between 0 and 1", file, key);
    *out = (uint32_t)lround(v * 1e6);
    return OK;
}

static Status people(const Toml *t, const char *file, const char *key, uint32_t *out, Error *err)
{
    int64_t v;
    TRY(toml_int(t, file, key, &v, err));
    if (v < 1 || v > 9)
        return error_set(err, ERR_INVALID, "%s: \"%s\" must lie between 1 and 9", file, key);
    *out = (uint32_t)v;
    return OK;
}

static const char *const head_keys[] = {
    "schema", "name", "version", "title", "effective_from", "effective_to", "status", "source", "authority"};

static Status known_keys(const PolicyFile *file, const char *const *own, size_t count, Error *err)
{
    const char *keys[COUNT_OF(head_keys) + 8] = {NULL};
    ASSERT(count < 8);
    memcpy(keys, head_keys, sizeof head_keys);
    memcpy(keys + COUNT_OF(head_keys), own, count * sizeof *own);
    return toml_only(file->toml, file->path, keys, err);
}

Status linking_policy(Policy *policy, Date on, LinkingPolicy *out, Error *err)
{
    static const char *const keys[] = {
        "full_above", "strong_score", "drift_above", "drift_records", "calibrate_from", "initials"};
    const PolicyFile *file;
    Slice authority;
    int64_t records, labels;
    TRY(policy_get(policy, "identity", SLICE("linking"), on, &file, err));
    TRY(known_keys(file, keys, COUNT_OF(keys), err));
    TRY(toml_str(file->toml, file->path, "authority", &authority, err));
    TRY(toml_num_or(file->toml, file->path, "full_above", 0.1, &out->full_above, err));
    TRY(toml_num_or(file->toml, file->path, "strong_score", 0.95, &out->strong_score, err));
    TRY(toml_num_or(file->toml, file->path, "drift_above", 0.05, &out->drift_above, err));
    TRY(toml_int_or(file->toml, file->path, "drift_records", 200, &records, err));
    TRY(toml_int_or(file->toml, file->path, "calibrate_from", 0, &labels, err));
    if (!(out->full_above >= 0 && out->full_above <= 1) || !(out->strong_score >= 0 && out->strong_score <= 1) ||
        !(out->drift_above >= 0 && out->drift_above <= 1) || records < 1 || records > INT32_MAX)
        return error_set(err, ERR_INVALID, "%s: shares lie between 0 and 1, drift_records is at least 1", file->path);
    if (labels < 0 || labels > INT32_MAX)
        return error_set(err, ERR_INVALID, "%s: calibrate_from is a number of pairs", file->path);
    out->drift_records = (uint32_t)records;
    out->calibrate_from = (uint32_t)labels;
    out->authority = authority.ptr;
    return OK;
}

Status identity_review_policy(Policy *policy, Date on, ReviewPolicy *out, Error *err)
{
    static const char *const keys[] = {"queue_share", "same_needs", "different_needs"};
    const PolicyFile *file;
    Slice authority;
    TRY(policy_get(policy, "identity", SLICE("review"), on, &file, err));
    TRY(known_keys(file, keys, COUNT_OF(keys), err));
    TRY(toml_str(file->toml, file->path, "authority", &authority, err));
    TRY(share_ppm(file->toml, file->path, "queue_share", 0.02, &out->queue_ppm, err));
    TRY(people(file->toml, file->path, "same_needs", &out->same_needs, err));
    TRY(people(file->toml, file->path, "different_needs", &out->different_needs, err));
    out->authority = authority.ptr;
    return OK;
}

/* Is this the text of a key of a query, or one of its texts? */
static bool query_names(const Toml *query, const char *key, Slice column)
{
    const Toml *name = toml_get(query, key);
    if (name && name->type == TOML_STRING)
        return slice_eq(name->string, column);
    for (const Toml *n = name && name->type == TOML_ARRAY ? name->first : NULL; n; n = n->next)
        if (n->type == TOML_STRING && slice_eq(n->string, column))
            return true;
    return false;
}

/* Does some query of context.toml give this column, first or next, and say something by this key? */
static bool context_says(const PolicyFile *context, Slice column, const char *key)
{
    const Toml *values = context ? toml_get(context->toml, "value") : NULL;
    for (const Toml *v = values ? values->first : NULL; v; v = v->next)
        if ((query_names(v, "column", column) || query_names(v, "next", column)) && toml_get(v, key))
            return true;
    return false;
}

/* A part of a joined value is in no cell of its own when the shared ones become known. */
static Status check_shared(const MatchConfig *config, const PolicyFile *context, const char *file, Error *err)
{
    for (uint32_t f = 0; f < config->field_count; f++) {
        const FieldSpec *field = &config->fields[f];
        for (uint32_t k = 0; field->combine && k < field->column_count; k++)
            if (context_says(context, config->columns[field->columns[k]], "across")) {
                Status st = error_set(err, ERR_INVALID,
                    "field \"%.*s\" joins column \"%.*s\", whose values are shared across a number",
                    SLICE_ARG(field->name), SLICE_ARG(config->columns[field->columns[k]]));
                error_at(err, file, 0, "columns");
                return st;
            }
    }
    return OK;
}

static bool has_column(const MatchConfig *config, Slice column)
{
    for (uint32_t i = 0; i < config->column_count; i++)
        if (slice_eq(config->columns[i], column))
            return true;
    return false;
}

/* What comes after the most of a column is read beside it: a model without the one would find the other empty. */
static Status check_next(const MatchConfig *config, const PolicyFile *context, const char *file, Error *err)
{
    const Toml *values = context ? toml_get(context->toml, "value") : NULL;
    for (const Toml *v = values ? values->first : NULL; v; v = v->next) {
        const Toml *first = toml_get(v, "column");
        if (!first || first->type != TOML_STRING || has_column(config, first->string))
            continue;
        for (uint32_t i = 0; i < config->column_count; i++)
            if (query_names(v, "next", config->columns[i])) {
                Status st =
                    error_set(err, ERR_INVALID, "column \"%.*s\" has what comes next of \"%.*s\", which no field names",
                        SLICE_ARG(config->columns[i]), SLICE_ARG(first->string));
                error_at(err, file, 0, "columns");
                return st;
            }
    }
    return OK;
}

/* Columns must be what the vault or the context holds. */
static Status check_columns(const MatchConfig *config, const PolicyFile *context, const char *file, Error *err)
{
    for (uint32_t i = 0; i < config->column_count; i++) {
        IdentityRole role;
        if (context_says(context, config->columns[i], "column"))
            continue;
        if (identity_role_parse(config->columns[i], &role, NULL) != OK || role == ID_LOCAL_ORG) {
            error_set(err, ERR_INVALID, "column \"%.*s\" is neither a role of identity nor one of context.toml",
                SLICE_ARG(config->columns[i]));
            error_hint(err, "Columns are sasid, ssn, local_id, last_name and the other roles a contract can give.");
            error_at(err, file, 0, "columns");
            return ERR_INVALID;
        }
    }
    return OK;
}

static Status trait_named(const MatchConfig *config, const char *file, Slice name, uint32_t *out, Error *err)
{
    for (uint32_t i = 0; i < config->trait_count; i++)
        if (slice_eq(config->traits[i], name)) {
            *out = i;
            return OK;
        }
    return error_set(err, ERR_INVALID, "%s: \"%.*s\" is none of the model's traits", file, SLICE_ARG(name));
}

static Status read_initials(Policy *policy, Date on, const MatchConfig *config, InitialsPolicy *out, Error *err)
{
    static const char *const keys[] = {"column", "trait", "as", NULL};
    const PolicyFile *file;
    Slice column, trait, as;
    TRY(policy_get(policy, "identity", SLICE("linking"), on, &file, err));
    const Toml *t = toml_get(file->toml, "initials");
    if (!t)
        return OK;
    TRY(toml_only(t, file->path, keys, err));
    TRY(toml_str(t, file->path, "column", &column, err));
    TRY(toml_str(t, file->path, "trait", &trait, err));
    TRY(toml_str(t, file->path, "as", &as, err));
    TRY(identity_role_parse(column, &out->role, err));
    TRY(trait_named(config, file->path, trait, &out->trait, err));
    TRY(trait_named(config, file->path, as, &out->as, err));
    out->set = true;
    return OK;
}

static Status config_hash(const PolicyFile *model, const PolicyFile *context, Slice nicknames,
    const InitialsPolicy *initials, uint32_t calibrate_from, char out[SHA256_HEX_SIZE], Error *err)
{
    Buf text;
    buf_init(&text, 0);
    buf_adds(&text, LINKING_VERSION "\n");
    buf_add(&text, model->text);
    buf_add(&text, context ? context->text : (Slice){"", 0});
    buf_add(&text, nicknames);
    if (initials->set)
        buf_addf(&text, "initials %d %" PRIu32 " %" PRIu32 "\n", (int)initials->role, initials->trait, initials->as);
    if (calibrate_from > 0)
        buf_addf(&text, "calibrate from %" PRIu32 "\n", calibrate_from);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&text), out, err);
    buf_free(&text);
    return st;
}

static Status load(Policy *policy, Date on, Linkage *l, Error *err)
{
    const PolicyFile *model, *context = NULL;
    Slice nicknames;
    const char *path;
    LinkingPolicy linking;
    TRY(policy_get(policy, "identity", SLICE("model"), on, &model, err));
    TRY(match_config_parse(model->text, model->path, &l->arena, &l->match, NULL, err));
    Status st = policy_get(policy, "identity", SLICE("context"), on, &context, err);
    if (st == ERR_NOT_FOUND)
        error_clear(err);
    else
        TRY(st);
    TRY(check_columns(&l->match, context, model->path, err));
    TRY(check_shared(&l->match, context, model->path, err));
    TRY(check_next(&l->match, context, model->path, err));
    TRY(policy_data(policy, "identity/nicknames.csv", &nicknames, &path, err));
    TRY(arena_dup(&l->arena, nicknames, &nicknames, err));
    l->match.nickname_csv = nicknames.ptr;
    TRY(match_config_check(&l->match, err));
    TRY(linking_policy(policy, on, &linking, err));
    l->authority = linking.authority;
    l->full_above_ppm = (uint32_t)lround(linking.full_above * 1e6);
    l->strong_score = linking.strong_score;
    l->drift_above = linking.drift_above;
    l->drift_records = linking.drift_records;
    l->calibrate_from = linking.calibrate_from;
    TRY(identity_review_policy(policy, on, &l->review, err));
    TRY(read_initials(policy, on, &l->match, &l->initials, err));
    return config_hash(model, context, nicknames, &l->initials, l->calibrate_from, l->config, err);
}

Status linkage_load(Policy *policy, Date on, Linkage *out, Error *err)
{
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    Status st = load(policy, on, out, err);
    if (st != OK)
        linkage_free(out);
    return st;
}

Status identity_check(Policy *policy, Date on, bool *any, Error *err)
{
    const PolicyFile *model;
    Linkage l;
    Status st = policy_get(policy, "identity", SLICE("model"), on, &model, err);
    *any = st == OK;
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        return OK;
    }
    TRY(st);
    TRY(linkage_load(policy, on, &l, err));
    linkage_free(&l);
    return OK;
}

void linkage_free(Linkage *l)
{
    arena_free(&l->arena);
}
