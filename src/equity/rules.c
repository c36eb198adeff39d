/* The thresholds of policy/<state>/equity/gaps.toml. */
#include "equity/equity_parts.h"

static Status parameter(const PolicyFile *file, const char *name, const Toml **value, Error *err)
{
    const char *const allowed[] = {"value", "status", "source", "note", NULL};
    Slice status, source;
    const Toml *all, *one;
    TRY(toml_table(file->toml, file->path, "parameters", &all, err));
    TRY(toml_table(all, file->path, name, &one, err));
    if (!one)
        return error_set(err, ERR_INVALID, "%s: parameter %s is missing", file->path, name);
    TRY(toml_only(one, file->path, allowed, err));
    TRY(toml_str(one, file->path, "status", &status, err));
    TRY(toml_str(one, file->path, "source", &source, err));
    *value = toml_get(one, "value");
    bool is_known = slice_eq_z(status, "verified") || slice_eq_z(status, "assumed");
    if (!*value || source.len == 0 || !is_known)
        return error_set(err, ERR_INVALID,
            "%s:%" PRIu32 ": parameter %s needs a value, a source, and a status verified or assumed", file->path,
            one->line, name);
    return OK;
}

Status rules_decimal(const PolicyFile *file, const char *name, int64_t *out, Error *err)
{
    const Toml *value;
    TRY(parameter(file, name, &value, err));
    if (value->type != TOML_STRING || parse_fixed(value->string, 6, out, NULL) != OK || *out < 0)
        return error_set(err, ERR_INVALID,
            "%s:%" PRIu32 ": parameter %s must be a decimal number in quotes, not negative, at most 6 places",
            file->path, value->line, name);
    return OK;
}

static Status rules_double(const PolicyFile *file, const char *name, double *out, Error *err)
{
    int64_t v;
    TRY(rules_decimal(file, name, &v, err));
    *out = (double)v / (double)MILLION;
    return OK;
}

static Status rules_whole(const PolicyFile *file, const char *name, int64_t *out, Error *err)
{
    const Toml *value;
    TRY(parameter(file, name, &value, err));
    if (value->type != TOML_INTEGER || value->integer < 0)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": parameter %s must be a whole number, not negative",
            file->path, value->line, name);
    *out = value->integer;
    return OK;
}

Status rules_list_has(const PolicyFile *file, const char *name, Slice text, bool *out, Error *err)
{
    const Toml *value;
    *out = false;
    if (!toml_get(toml_get(file->toml, "parameters"), name))
        return OK;
    TRY(parameter(file, name, &value, err));
    if (value->type != TOML_ARRAY)
        return error_set(
            err, ERR_INVALID, "%s:%" PRIu32 ": parameter %s must be a list of texts", file->path, value->line, name);
    for (const Toml *e = value->first; e; e = e->next)
        *out = *out || (e->type == TOML_STRING && slice_eq(e->string, text));
    return OK;
}

const Toml *rules_order(const EquityRules *rules, Slice split)
{
    const Toml *all = toml_get(rules->file->toml, "parameters");
    for (const Toml *p = all ? all->first : NULL; p; p = p->next) {
        const Toml *value = toml_get(p, "value");
        if (p->key.len == split.len + 6 && slice_starts(p->key, split) && slice_ends(p->key, SLICE("_order")) &&
            value && value->type == TOML_ARRAY)
            return value;
    }
    return NULL;
}

static Status read_rules(const PolicyFile *f, EquityRules *out, Error *err)
{
    const char *const allowed[] = {
        "schema", "name", "version", "title", "effective_from", "effective_to", "status", "source", "parameters", NULL};
    TRY(toml_only(f->toml, f->path, allowed, err));
    TRY(rules_decimal(f, "ppg_z", &out->ppg.z, err));
    TRY(rules_decimal(f, "ppg_floor", &out->ppg.floor, err));
    TRY(rules_whole(f, "ppg_insufficient", &out->ppg.insufficient_n, err));
    TRY(rules_decimal(f, "eighty_threshold", &out->eighty.threshold, err));
    TRY(rules_decimal(f, "eighty_share", &out->eighty.share, err));
    TRY(rules_decimal(f, "representation_threshold", &out->representation, err));
    TRY(rules_whole(f, "risk_min_cell", &out->risk.min_cell, err));
    TRY(rules_whole(f, "risk_min_n", &out->risk.min_n, err));
    TRY(rules_decimal(f, "risk_threshold", &out->risk.threshold, err));
    TRY(rules_double(f, "confidence", &out->confidence, err));
    TRY(rules_double(f, "false_discovery_rate", &out->false_discovery_rate, err));
    TRY(rules_whole(f, "nchs_min_n", &out->nchs.min_n, err));
    TRY(rules_double(f, "nchs_width_good", &out->nchs.width_good, err));
    TRY(rules_double(f, "nchs_width_bad", &out->nchs.width_bad, err));
    TRY(rules_double(f, "nchs_relative_width", &out->nchs.relative, err));
    if (out->confidence <= 0 || out->confidence >= 1)
        return error_set(err, ERR_INVALID, "%s: parameter confidence must lie between 0 and 1", f->path);
    out->nchs.confidence = out->confidence;
    out->z = stats_normal_z(out->confidence);
    return OK;
}

Status equity_rules(Policy *policy, int32_t year, EquityRules *out, Error *err)
{
    Date day;
    *out = (EquityRules){0};
    TRY(date_make(year, 6, 30, &day, err));
    TRY(policy_get(policy, "equity", SLICE("gaps"), day, &out->file, err));
    if (!slice_eq_z(out->file->schema, "cairn.equity/1"))
        return error_set(err, ERR_INVALID, "%s: schema must be cairn.equity/1", out->file->path);
    return read_rules(out->file, out, err);
}
