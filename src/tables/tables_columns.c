/*
 * The columns of a table: what each of them is, and what it is made of. Counts and totals come first, because rates,
 * medians, means, gaps and students needed refer to them by name.
 */
#include "tables/tables_impl.h"

/* Whether a count is a part of itself through others is asked of each new pair, which walks over all pairs there are.
 */
#define MAX_PARTS 512

typedef struct Adding {
    TablesReader *r;
    const Toml *t; /* the table */
    TablesTable *table;
    Slice people;
} Adding;

static uint32_t column_named(const TablesTable *t, Slice name)
{
    for (uint32_t i = 0; i < t->column_count; i++)
        if (t->columns[i].kind != TABLES_HELPER && slice_eq(t->columns[i].name, name))
            return i;
    return TABLES_NONE;
}

static Status add_column(Adding *a, const Toml *at, TablesKind kind, Slice name, uint32_t *out, Error *err)
{
    TablesTable *t = a->table;
    if (t->column_count >= TABLES_MAX_COLUMNS)
        return tables_refuse(a->r, at, err, "more than %d columns", TABLES_MAX_COLUMNS);
    if (kind != TABLES_HELPER && column_named(t, name) != TABLES_NONE)
        return tables_refuse(a->r, at, err, "column %.*s stands twice", SLICE_ARG(name));
    *out = t->column_count++;
    t->columns[*out] = (TablesColumn){.kind = kind,
        .name = name,
        .position = TABLES_NONE,
        .key_position = TABLES_NONE,
        .quantity = TABLES_NONE,
        .numerator = TABLES_NONE,
        .denominator = TABLES_NONE,
        .total = TABLES_NONE,
        .employers = TABLES_NONE,
        .top_employer = TABLES_NONE,
        .reference_dimension = TABLES_NONE,
        .reference_code = TABLES_NONE};
    return OK;
}

/* A CSV column that only says something about contributors. key absent: TABLES_NONE. */
static Status add_helper(Adding *a, const Toml *c, const char *key, uint32_t *out, Error *err)
{
    Slice name;
    *out = TABLES_NONE;
    TRY(toml_str_or(c, a->r->name, key, (Slice){NULL, 0}, &name, err));
    return name.ptr ? add_column(a, c, TABLES_HELPER, name, out, err) : OK;
}

static Status add_contributors(Adding *a, const Toml *c, uint32_t column, Error *err)
{
    const Toml *list;
    uint32_t employers, top_employer;
    TRY(add_helper(a, c, "employers", &employers, err));
    TRY(add_helper(a, c, "top_employer", &top_employer, err));
    TRY(toml_array(c, a->r->name, "top", &list, err));
    for (const Toml *h = list ? list->first : NULL; h; h = h->next) {
        TablesColumn *column_at = &a->table->columns[column];
        uint32_t helper = TABLES_NONE;
        if (h->type != TOML_STRING || column_at->top_count >= TABLES_MAX_TOP)
            return tables_refuse(a->r, h, err, "top lists at most %d columns by name", TABLES_MAX_TOP);
        TRY(add_column(a, c, TABLES_HELPER, h->string, &helper, err));
        column_at->top[column_at->top_count++] = helper;
    }
    a->table->columns[column].employers = employers;
    a->table->columns[column].top_employer = top_employer;
    return OK;
}

/* A column of this table that another names; required: it must be there. */
static Status link_to(const Adding *a, const Toml *c, const char *key, TablesKind kind, uint32_t *out, Error *err)
{
    Slice name;
    TRY(toml_str(c, a->r->name, key, &name, err));
    *out = column_named(a->table, name);
    if (*out == TABLES_NONE || a->table->columns[*out].kind != kind)
        return tables_refuse(a->r, toml_get(c, key), err, "%s: this table has no such column of the right kind", key);
    return OK;
}

/* --- parts and wholes --------------------------------------------------------------------------------------------- */

bool tables_is_part(const TablesSet *set, uint32_t part, uint32_t whole)
{
    uint8_t seen[TABLES_MAX_QUANTITIES] = {0}; /* wholes reached */
    bool changed = true;
    for (uint32_t i = 0; i < set->part_count; i++)
        seen[set->parts[i].whole] |= set->parts[i].part == part;
    while (changed && !seen[whole]) {
        changed = false;
        for (uint32_t i = 0; i < set->part_count; i++)
            if (seen[set->parts[i].part] && !seen[set->parts[i].whole]) {
                seen[set->parts[i].whole] = 1;
                changed = true;
            }
    }
    return seen[whole];
}

/* n = k + those who are not k: the complement is a quantity of its own, printed by nobody and known to all. */
static Status add_part(Adding *a, const Toml *c, uint32_t part, uint32_t whole, Error *err)
{
    TablesSet *set = a->r->set;
    for (uint32_t i = 0; i < set->part_count; i++)
        if (set->parts[i].part == part && set->parts[i].whole == whole)
            return OK;
    if (part == whole || tables_is_part(set, whole, part))
        return tables_refuse(a->r, c, err, "a count cannot be a part of itself");
    if (set->part_count >= MAX_PARTS)
        return tables_refuse(a->r, c, err, "more than %d parts of counts", MAX_PARTS);
    const char *text;
    TRY(arena_printf(&set->arena, &text, err, "%.*s without %.*s", SLICE_ARG(set->quantities[whole].name),
        SLICE_ARG(set->quantities[part].name)));
    Slice name = slice_of(text);
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '.')
            return tables_refuse(a->r, c, err, "names of counts hold no full stop");
    uint32_t rest;
    TRY(tables_quantity(set, set->quantities[part].people, name, false, &rest, err));
    if (!set->parts)
        TRY(arena_new(&set->arena, TablesPart, MAX_PARTS, &set->parts, err));
    set->parts[set->part_count++] = (TablesPart){part, whole, rest};
    set->quantities[part].is_part = true;
    set->quantities[rest].is_complement = true;
    return OK;
}

/* part_of: a count by name, or a list of them. */
static Status link_parts(Adding *a, const Toml *c, uint32_t part, Error *err)
{
    const Toml *of = toml_get(c, "part_of");
    bool is_list = of && of->type == TOML_ARRAY;
    for (const Toml *w = is_list ? of->first : of; w; w = is_list ? w->next : NULL) {
        uint32_t whole;
        if (w->type != TOML_STRING)
            return tables_refuse(a->r, w, err, "part_of names a count, or lists several by name");
        TRY(tables_quantity(a->r->set, a->people, w->string, false, &whole, err));
        TRY(add_part(a, c, part, whole, err));
    }
    return OK;
}

static Status add_count(Adding *a, const Toml *c, bool is_total, Error *err)
{
    static const char *const count_keys[] = {
        "name", "column", "people", "part_of", "publish", "employers", "top_employer", "cell_key", NULL};
    static const char *const total_keys[] = {
        "name", "column", "people", "contributors", "publish", "top", "employers", "top_employer", NULL};
    const char *file = a->r->name;
    Slice name, people;
    bool publish;
    uint32_t column;
    TRY(toml_only(c, file, is_total ? total_keys : count_keys, err));
    TRY(toml_str(c, file, "name", &name, err));
    TRY(toml_str_or(c, file, "people", a->people, &people, err));
    TRY(toml_bool_or(c, file, "publish", true, &publish, err));
    TRY(add_column(a, c, is_total ? TABLES_TOTAL : TABLES_COUNT, name, &column, err));
    uint32_t quantity;
    TRY(tables_quantity(a->r->set, people, name, is_total, &quantity, err));
    a->table->columns[column].quantity = quantity;
    a->table->columns[column].hidden = !publish;
    TRY(add_contributors(a, c, column, err));
    if (!is_total)
        return link_parts(a, c, quantity, err);
    return link_to(a, c, "contributors", TABLES_COUNT, &a->table->columns[column].denominator, err);
}

static Status add_rate(Adding *a, const Toml *c, Error *err)
{
    static const char *const keys[] = {"name", "column", "numerator", "denominator", NULL};
    TablesSet *set = a->r->set;
    Slice name;
    uint32_t column;
    TRY(toml_only(c, a->r->name, keys, err));
    TRY(toml_str(c, a->r->name, "name", &name, err));
    TRY(add_column(a, c, TABLES_RATE, name, &column, err));
    TablesColumn *rate = &a->table->columns[column];
    TRY(link_to(a, c, "numerator", TABLES_COUNT, &rate->numerator, err));
    TRY(link_to(a, c, "denominator", TABLES_COUNT, &rate->denominator, err));
    const TablesColumn *k = &a->table->columns[rate->numerator], *n = &a->table->columns[rate->denominator];
    if (k->quantity != n->quantity && !tables_is_part(set, k->quantity, n->quantity))
        return tables_refuse(a->r, c, err, "the numerator must be part_of the denominator");
    /* through others or not: those in the denominator who are not in the numerator are a group that the rate tells of
     */
    return k->quantity == n->quantity ? OK : add_part(a, c, k->quantity, n->quantity, err);
}

static Status add_statistic(Adding *a, const Toml *c, TablesKind kind, Error *err)
{
    static const char *const median_keys[] = {"name", "column", "people", "employers", "top_employer", NULL};
    static const char *const mean_keys[] = {"name", "column", "people", "total", NULL};
    Slice name;
    uint32_t column;
    TRY(toml_only(c, a->r->name, kind == TABLES_MEAN ? mean_keys : median_keys, err));
    TRY(toml_str(c, a->r->name, "name", &name, err));
    TRY(add_column(a, c, kind, name, &column, err));
    TRY(link_to(a, c, "people", TABLES_COUNT, &a->table->columns[column].denominator, err));
    if (kind == TABLES_MEAN)
        return link_to(a, c, "total", TABLES_TOTAL, &a->table->columns[column].total, err);
    return add_contributors(a, c, column, err);
}

static Status add_gap(Adding *a, const Toml *c, Error *err)
{
    static const char *const keys[] = {"name", "column", "rate", "dimension", "reference", NULL};
    Slice name, dimension, reference;
    uint32_t column;
    TRY(toml_only(c, a->r->name, keys, err));
    TRY(toml_str(c, a->r->name, "name", &name, err));
    TRY(toml_str(c, a->r->name, "dimension", &dimension, err));
    TRY(toml_str(c, a->r->name, "reference", &reference, err));
    TRY(add_column(a, c, TABLES_GAP, name, &column, err));
    TablesColumn *gap = &a->table->columns[column];
    TRY(link_to(a, c, "rate", TABLES_RATE, &gap->numerator, err));
    gap->reference_dimension = tables_dimension_named(a->r->set, dimension);
    uint64_t code;
    if (gap->reference_dimension == TABLES_NONE ||
        !map_get(&a->r->set->dimensions[gap->reference_dimension].index, reference, &code))
        return tables_refuse(a->r, c, err, "a gap names a dimension and one of its codes as reference");
    gap->reference_code = (uint32_t)code;
    return OK;
}

static Status add_needed(Adding *a, const Toml *c, Error *err)
{
    static const char *const keys[] = {"name", "column", "gap", NULL};
    Slice name;
    uint32_t column;
    TRY(toml_only(c, a->r->name, keys, err));
    TRY(toml_str(c, a->r->name, "name", &name, err));
    TRY(add_column(a, c, TABLES_NEEDED, name, &column, err));
    return link_to(a, c, "gap", TABLES_GAP, &a->table->columns[column].total, err);
}

static Status add_one(Adding *a, const Toml *c, TablesKind kind, Error *err)
{
    switch (kind) {
    case TABLES_COUNT:
        return add_count(a, c, false, err);
    case TABLES_TOTAL:
        return add_count(a, c, true, err);
    case TABLES_RATE:
        return add_rate(a, c, err);
    case TABLES_GAP:
        return add_gap(a, c, err);
    case TABLES_NEEDED:
        return add_needed(a, c, err);
    default:
        return add_statistic(a, c, kind, err);
    }
}

static Status add_all(Adding *a, Error *err)
{
    static const struct {
        const char *key;
        TablesKind kind;
    } kinds[] = {{"count", TABLES_COUNT}, {"total", TABLES_TOTAL}, {"rate", TABLES_RATE}, {"median", TABLES_MEDIAN},
        {"mean", TABLES_MEAN}, {"gap", TABLES_GAP}, {"needed", TABLES_NEEDED}};
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        const Toml *list;
        TRY(toml_array(a->t, a->r->name, kinds[k].key, &list, err));
        for (const Toml *c = list ? list->first : NULL; c; c = c->next)
            TRY(add_one(a, c, kinds[k].kind, err));
    }
    if (a->table->column_count == 0)
        return tables_refuse(a->r, a->t, err, "table %.*s has no columns", SLICE_ARG(a->table->name));
    return OK;
}

static Status read_absent(Adding *a, Error *err)
{
    Slice absent;
    TRY(toml_str_or(a->t, a->r->name, "absent", SLICE("error"), &absent, err));
    if (slice_eq_z(absent, "zero"))
        a->table->absent = TABLES_ABSENT_ZERO;
    else if (slice_eq_z(absent, "hidden") && a->r->reading == TABLES_AS_PUBLISHED)
        a->table->absent = TABLES_ABSENT_HIDDEN;
    else if (!slice_eq_z(absent, "error"))
        return tables_refuse(a->r, toml_get(a->t, "absent"), err,
            "absent is \"error\" or \"zero\", in tables to be audited also \"hidden\"");
    return OK;
}

/* What is published with changed figures says so; what is to be protected has true ones. */
static Status read_changed(Adding *a, Error *err)
{
    TablesTable *t = a->table;
    const Toml *rounded = toml_get(a->t, "rounded");
    TRY(toml_int_or(a->t, a->r->name, "rounded", 0, &t->reach, err));
    TRY(toml_bool_or(a->t, a->r->name, "noise", false, &t->is_noisy, err));
    TRY(toml_table(a->t, a->r->name, "contributions", &t->contributions, err));
    t->is_rounded = rounded != NULL;
    if (rounded && (t->reach < 1 || t->reach > 1000000000))
        return tables_refuse(a->r, rounded, err, "rounded is how far a figure may be from the true one, at least 1");
    if ((rounded || t->is_noisy) && a->r->reading == TABLES_TRUE_VALUES)
        return tables_refuse(a->r, a->t, err, "rounded and noise are for tables to be audited");
    return OK;
}

Status tables_columns(TablesReader *r, const Toml *t, TablesTable *table, Error *err)
{
    static const char *const keys[] = {"name", "file", "published", "people", "by", "count", "total", "rate", "median",
        "mean", "gap", "needed", "absent", "wide", "skip_lines", "end", "margins", "contributions", "rounded", "noise",
        "copied", NULL};
    Adding a = {.r = r, .t = t, .table = table};
    *table = (TablesTable){.wide_dimension = TABLES_NONE};
    TRY(toml_only(t, r->name, keys, err));
    TRY(toml_str(t, r->name, "name", &table->name, err));
    TRY(toml_str(t, r->name, "file", &table->file, err));
    TRY(toml_str_or(t, r->name, "published", (Slice){NULL, 0}, &table->published, err));
    TRY(toml_str_or(t, r->name, "people", r->set->name, &a.people, err));
    TRY(read_absent(&a, err));
    bool margins;
    TRY(toml_bool_or(t, r->name, "margins", true, &margins, err));
    table->no_margins = !margins;
    TRY(read_changed(&a, err));
    table->released = table->published.ptr != NULL;
    TRY(arena_new(&r->set->arena, TablesColumn, TABLES_MAX_COLUMNS, &table->columns, err));
    return add_all(&a, err);
}
