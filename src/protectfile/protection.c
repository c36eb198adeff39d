/*
 * The policy of a table: numbers with what they mean and where they come from. A parameter that the reader does not
 * know is an error, and so is one without a source: what protects people must be answerable for.
 */
#include "protectfile/protectfile.h"

#include <stddef.h>

typedef struct Parameter {
    const char *name;
    size_t offset;
    int64_t low, high;
} Parameter;

#define PARAMETER(field, low, high) \
    { \
#field, offsetof(ProtectionRules, field), (low), (high) \
    }
static const Parameter PARAMETERS[] = {
    PARAMETER(min_n, 1, 1000000),
    PARAMETER(min_numerator, 0, 1000000),
    PARAMETER(min_complement, 0, 1000000),
    PARAMETER(dominance_n, 0, TABLES_MAX_TOP),
    PARAMETER(dominance_k, 0, 100),
    PARAMETER(p_percent, 0, 1000),
    PARAMETER(min_employers, 0, 1000),
    PARAMETER(top_employer_max, 0, 100),
    PARAMETER(min_suppressed_sum, 0, 1000000),
    PARAMETER(singletons, 0, 1),
    PARAMETER(hide_zeros, 0, 1),
    PARAMETER(coarse_rate_below, 0, 1000000000),
    PARAMETER(rate_decimals, 0, 3),
    PARAMETER(rounding, 0, 1000000),
    PARAMETER(cost_people_percent, 0, 100),
    PARAMETER(cost_margin_percent, 0, 10000),
    PARAMETER(cost_fair_percent, 0, 10000),
};

static Status refuse(const ProtectionPolicy *p, const Toml *at, const char *why, Slice what, Error *err)
{
    error_set(err, ERR_INVALID, "%s%s%.*s", why, what.len > 0 ? ": " : "", SLICE_ARG(what));
    error_at(err, p->path, 0, NULL);
    if (err && at)
        err->line = at->line;
    return ERR_INVALID;
}

static Status set_parameter(const ProtectionPolicy *p, const Toml *t, ProtectionRules *rules, Error *err)
{
    Slice name, status, source;
    int64_t value;
    TRY(toml_str(t, p->path, "name", &name, err));
    TRY(toml_int(t, p->path, "value", &value, err));
    TRY(toml_str(t, p->path, "source", &source, err));
    TRY(toml_str(t, p->path, "status", &status, err));
    if (!slice_eq_z(status, "verified") && !slice_eq_z(status, "assumed"))
        return refuse(p, t, "status must be verified or assumed", name, err);
    for (size_t i = 0; i < COUNT_OF(PARAMETERS); i++) {
        const Parameter *known = &PARAMETERS[i];
        if (!slice_eq_z(name, known->name))
            continue;
        if (value < known->low || value > known->high)
            return refuse(p, t, "the parameter's value is out of range", name, err);
        *(int64_t *)(void *)((char *)rules + known->offset) = value;
        return OK;
    }
    return refuse(p, t, "there is no such parameter", name, err);
}

static Status read_parameters(ProtectionPolicy *p, const Toml *root, Error *err)
{
    static const char *const keys[] = {"name", "value", "meaning", "status", "source", NULL};
    const Toml *list;
    TRY(toml_array(root, p->path, "parameter", &list, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        TRY(toml_only(t, p->path, keys, err));
        for (const Toml *u = list->first; u != t; u = u->next)
            if (toml_get(t, "name") && slice_eq(toml_get(u, "name")->string, toml_get(t, "name")->string))
                return refuse(p, t, "the parameter stands twice", toml_get(t, "name")->string, err);
        TRY(set_parameter(p, t, &p->rules, err));
    }
    if (p->rules.min_n == 0)
        return refuse(p, root, "the policy has no parameter min_n", (Slice){"", 0}, err);
    return OK;
}

static Status read_bands(ProtectionPolicy *p, const Toml *root, Error *err)
{
    static const char *const keys[] = {"from", "percent", "status", "source", NULL};
    const Toml *list;
    TRY(toml_array(root, p->path, "band", &list, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next) {
        ProtectionBand b;
        Slice source, status;
        TRY(toml_only(t, p->path, keys, err));
        TRY(toml_int(t, p->path, "from", &b.from, err));
        TRY(toml_int(t, p->path, "percent", &b.percent, err));
        TRY(toml_str(t, p->path, "source", &source, err));
        TRY(toml_str(t, p->path, "status", &status, err));
        if (!slice_eq_z(status, "verified") && !slice_eq_z(status, "assumed"))
            return refuse(p, t, "status must be verified or assumed", (Slice){"", 0}, err);
        if (b.percent < 1 || b.percent > 49 || b.from < 1 || b.from > 1000000000)
            return refuse(p, t, "a band is from 1 people on, and 1 to 49 percent wide", (Slice){"", 0}, err);
        if (p->band_count == PROTECTION_MAX_BANDS)
            return refuse(p, t, "there are too many bands", (Slice){"", 0}, err);
        if (p->band_count > 0 && p->bands[p->band_count - 1].from >= b.from)
            return refuse(p, t, "bands must be in order of their sizes", (Slice){"", 0}, err);
        p->bands[p->band_count++] = b;
    }
    return OK;
}

/* employers = "not_applicable" needs a reason beside it; what is not said stays. */
static Status read_employers(const ProtectionPolicy *p, const Toml *t, ProtectionRules *rules, Error *err)
{
    Slice word, reason;
    TRY(toml_str_or(t, p->path, "employers", (Slice){NULL, 0}, &word, err));
    TRY(toml_str_or(t, p->path, "employers_reason", (Slice){"", 0}, &reason, err));
    if (!word.ptr)
        return reason.len == 0 ? OK : refuse(p, t, "employers_reason stands beside employers", (Slice){"", 0}, err);
    rules->no_employers = slice_eq_z(word, "not_applicable");
    if (!rules->no_employers && !slice_eq_z(word, "apply"))
        return refuse(p, toml_get(t, "employers"), "employers is apply or not_applicable; this is another", word, err);
    if (rules->no_employers && slice_trim(reason).len == 0)
        return refuse(p, toml_get(t, "employers"), "employers that are not_applicable need a reason: employers_reason",
            (Slice){"", 0}, err);
    return OK;
}

/* What the policy, or one override of it, says of lanes; what it does not say stays. */
static Status read_lane(const ProtectionPolicy *p, const Toml *t, ProtectionLane *out, Error *err)
{
    static const char *const lanes[] = {"suppress", "round", "cell_key", "dp"};
    Slice lane;
    TRY(toml_str_or(t, p->path, "median_file", out->median_file, &out->median_file, err));
    TRY(toml_str_or(t, p->path, "lane", (Slice){NULL, 0}, &lane, err));
    if (!lane.ptr)
        return toml_get(t, "lane_file") ? refuse(p, t, "a lane_file needs its lane beside it", (Slice){"", 0}, err)
                                        : OK;
    size_t kind = 0;
    while (kind < COUNT_OF(lanes) && !slice_eq_z(lane, lanes[kind]))
        kind++;
    if (kind == COUNT_OF(lanes))
        return refuse(p, toml_get(t, "lane"), "a lane is suppress, round, cell_key or dp; this is another", lane, err);
    out->kind = (ProtectionLaneKind)kind;
    TRY(toml_str_or(t, p->path, "lane_file", (Slice){"", 0}, &out->file, err));
    if ((kind == PROTECTION_SUPPRESS) != (out->file.len == 0))
        return refuse(p, toml_get(t, "lane"), "every lane but suppress has a lane_file", lane, err);
    return OK;
}

Status protection_lane(const ProtectionPolicy *p, Slice table, ProtectionLane *out, Error *err)
{
    const Toml *list = toml_get(p->root, "override");
    *out = (ProtectionLane){.kind = PROTECTION_SUPPRESS};
    TRY(read_lane(p, p->root, out, err));
    for (const Toml *o = list ? list->first : NULL; o; o = o->next) {
        const Toml *name = toml_get(o, "table");
        if (name && name->type == TOML_STRING && slice_eq(name->string, table))
            TRY(read_lane(p, o, out, err));
    }
    return OK;
}

Status protection_lane_file(const ProtectionPolicy *p, size_t i, Slice *out, bool *is_there, Error *err)
{
    const Toml *list = toml_get(p->root, "override"), *more;
    Slice file;
    *is_there = true;
    TRY(toml_array(p->root, p->path, "compare_files", &more, err));
    for (const Toml *t = p->root; t; t = t == p->root ? (list ? list->first : NULL) : t->next) {
        TRY(toml_str_or(t, p->path, "lane_file", (Slice){NULL, 0}, &file, err));
        if (file.ptr && i-- == 0) {
            *out = file;
            return OK;
        }
    }
    for (const Toml *t = more ? more->first : NULL; t; t = t->next) {
        if (t->type != TOML_STRING)
            return refuse(p, t, "compare_files lists files by name", (Slice){"", 0}, err);
        if (i-- == 0) {
            *out = t->string;
            return OK;
        }
    }
    *is_there = false;
    return OK;
}

/* Every override is tried once, so that a wrong one is found when the policy is read. */
static Status check_overrides(const ProtectionPolicy *p, const Toml *root, Error *err)
{
    static const char *const keys[] = {
        "table", "parameter", "lane", "lane_file", "median_file", "employers", "employers_reason", NULL};
    const Toml *list;
    TRY(toml_array(root, p->path, "override", &list, err));
    for (const Toml *o = list ? list->first : NULL; o; o = o->next) {
        Slice table;
        ProtectionRules rules;
        TRY(toml_only(o, p->path, keys, err));
        TRY(toml_str(o, p->path, "table", &table, err));
        ProtectionLane lane;
        TRY(protection_rules(p, table, &rules, err));
        TRY(protection_lane(p, table, &lane, err));
    }
    return OK;
}

static Status parse(Slice text, ProtectionPolicy *p, Error *err)
{
    static const char *const keys[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "lane", "lane_file", "median_file", "compare_files", "employers", "employers_reason", "suppressed",
        "parameter", "band", "override", NULL};
    Slice schema;
    TRY(toml_parse(text, p->path, &p->arena, &p->root, err));
    TRY(toml_only(p->root, p->path, keys, err));
    TRY(toml_str(p->root, p->path, "schema", &schema, err));
    if (!slice_eq_z(schema, "cairn.protection/1"))
        return refuse(p, p->root, "schema must be \"cairn.protection/1\"", (Slice){"", 0}, err);
    TRY(toml_str(p->root, p->path, "name", &p->name, err));
    TRY(toml_str(p->root, p->path, "version", &p->version, err));
    TRY(toml_str(p->root, p->path, "title", &p->title, err));
    TRY(toml_str(p->root, p->path, "status", &p->status, err));
    TRY(toml_str(p->root, p->path, "source", &p->source, err));
    TRY(toml_str_or(p->root, p->path, "suppressed", SLICE("*"), &p->suppressed, err));
    if (slice_trim(p->suppressed).len == 0 || (p->suppressed.ptr[0] >= '0' && p->suppressed.ptr[0] <= '9'))
        return refuse(p, p->root, "the mark of suppressed cells must not look like a number", (Slice){"", 0}, err);
    ProtectionLane lane;
    TRY(protection_lane(p, (Slice){"", 0}, &lane, err));
    TRY(read_parameters(p, p->root, err));
    TRY(read_employers(p, p->root, &p->rules, err));
    TRY(read_bands(p, p->root, err));
    TRY(check_overrides(p, p->root, err));
    return sha256_hex(text, p->sha256, err);
}

Status protection_parse(Slice text, const char *path, ProtectionPolicy *out, Error *err)
{
    *out = (ProtectionPolicy){.path = path};
    arena_init(&out->arena, 0);
    return parse(text, out, err);
}

void protection_free(ProtectionPolicy *p)
{
    arena_free(&p->arena);
    *p = (ProtectionPolicy){0};
}

Status protection_rules(const ProtectionPolicy *p, Slice table, ProtectionRules *out, Error *err)
{
    const Toml *list = toml_get(p->root, "override"), *parameters;
    *out = p->rules;
    for (const Toml *o = list ? list->first : NULL; o; o = o->next) {
        const Toml *name = toml_get(o, "table");
        if (!name || name->type != TOML_STRING || !slice_eq(name->string, table))
            continue;
        TRY(toml_array(o, p->path, "parameter", &parameters, err));
        for (const Toml *t = parameters ? parameters->first : NULL; t; t = t->next)
            TRY(set_parameter(p, t, out, err));
        TRY(read_employers(p, o, out, err));
    }
    return OK;
}

static bool has_table(const TablesSet *set, Slice name)
{
    for (uint32_t t = 0; t < set->table_count; t++)
        if (slice_eq(set->tables[t].name, name))
            return true;
    return false;
}

Status protection_check_tables(const ProtectionPolicy *p, const TablesSet *set, Error *err)
{
    const Toml *list = toml_get(p->root, "override");
    Buf names;
    for (const Toml *o = list ? list->first : NULL; o; o = o->next) {
        Slice name = toml_get(o, "table")->string; /* protection_parse has seen that it is one */
        if (has_table(set, name))
            continue;
        buf_init(&names, 1 << 16);
        buf_addf(&names, "%.*s; there are ", SLICE_ARG(name));
        for (uint32_t t = 0, said = 0; t < set->table_count; t++)
            if (!set->tables[t].released)
                buf_addf(&names, "%s%.*s", said++ > 0 ? ", " : "", SLICE_ARG(set->tables[t].name));
        Status st = refuse(p, o, "the override is of a table that is not there", buf_slice(&names), err);
        buf_free(&names);
        return st;
    }
    return OK;
}

const ProtectionBand *protection_band(const ProtectionPolicy *p, int64_t n)
{
    const ProtectionBand *found = NULL;
    for (size_t i = 0; i < p->band_count; i++)
        if (n >= p->bands[i].from)
            found = &p->bands[i];
    return found;
}
