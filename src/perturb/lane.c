/*
 * Lanes as policy: which lane a table takes and with what numbers, as a TOML file of schema "cairn.lane/1".
 *
 * Strict: a key that the lane does not know is an error, since a misspelt minimum would otherwise be no minimum.
 * Privacy amounts are strings ("0.5", "1/3"), because a TOML float is not the number that was meant.
 */
#include "perturb/perturb.h"

#define SCHEMA "cairn.lane/1"
#define HEAD_KEYS \
    "schema", "lane", "name", "version", "title", "effective_from", "effective_to", "status", "source", "meaning"
#define FILE_MAX ((size_t)1 << 20)

typedef struct Reader {
    const char *file;
    Arena *arena;
    Error *err;
} Reader;

static Status wrong(const Reader *r, const Toml *at, const char *what)
{
    return error_set(r->err, ERR_INVALID, "%s:%" PRIu32 ": %s", r->file, at->line, what);
}

static Status whole(
    const Reader *r, const Toml *t, const char *key, int64_t fallback, int64_t min, int64_t max, int64_t *out)
{
    /* a fallback outside [min, max] makes the key required */
    if (fallback < min || fallback > max)
        TRY(toml_int(t, r->file, key, out, r->err));
    else
        TRY(toml_int_or(t, r->file, key, fallback, out, r->err));
    if (*out < min || *out > max)
        return error_set(r->err, ERR_INVALID, "%s:%" PRIu32 ": %s must lie between %" PRId64 " and %" PRId64, r->file,
            t->line, key, min, max);
    return OK;
}

static Status whole32(
    const Reader *r, const Toml *t, const char *key, int64_t fallback, int64_t min, int64_t max, uint32_t *out)
{
    int64_t v;
    TRY(whole(r, t, key, fallback, min, max, &v));
    *out = (uint32_t)v;
    return OK;
}

static Status ratio(const Reader *r, const Toml *t, const char *key, Ratio *out)
{
    Slice text;
    TRY(toml_str(t, r->file, key, &text, r->err));
    if (ratio_parse(text, out, NULL) != OK)
        return error_set(r->err, ERR_INVALID, "%s:%" PRIu32 ": %s must be a text such as \"0.25\" or \"1/4\"", r->file,
            t->line, key);
    return OK;
}

static Status section(const Reader *r, const Toml *root, const char *name, const char *const *keys, const Toml **out)
{
    TRY(toml_table(root, r->file, name, out, r->err));
    if (!*out)
        return error_set(r->err, ERR_INVALID, "%s: the lane needs a table [%s]", r->file, name);
    return toml_only(*out, r->file, keys, r->err);
}

static Status word(const Reader *r, const Toml *t, const char *key, const char *const *words, unsigned *out)
{
    Slice text;
    TRY(toml_str(t, r->file, key, &text, r->err));
    for (unsigned i = 0; words[i]; i++)
        if (slice_eq_z(text, words[i])) {
            *out = i;
            return OK;
        }
    return error_set(r->err, ERR_INVALID, "%s:%" PRIu32 ": %s is \"%.*s\", which it cannot be", r->file, t->line, key,
        SLICE_ARG(text));
}

/* --- one function a table ------------------------------------------------------------------------------------ */

static Status read_rounding(const Reader *r, const Toml *root, Lane *lane)
{
    static const char *const keys[] = {"base", "max_steps", NULL};
    const Toml *t;
    TRY(section(r, root, "rounding", keys, &t));
    TRY(whole32(r, t, "base", -1, 2, 1000000, &lane->rounding.base));
    return whole32(r, t, "max_steps", 0, 0, 100, &lane->rounding.max_steps);
}

static Status read_cell_key(const Reader *r, const Toml *root, Lane *lane)
{
    static const char *const keys[] = {"deviation", "variance", "forbidden", "magnitude_per_mille", NULL};
    const Toml *t;
    PTable *table;
    TRY(section(r, root, "cell_key", keys, &t));
    TRY(whole32(r, t, "deviation", -1, 1, 50, &lane->ptable.deviation));
    TRY(ratio(r, t, "variance", &lane->ptable.variance));
    TRY(whole32(r, t, "forbidden", 0, 0, 9, &lane->ptable.forbidden));
    TRY(whole32(r, t, "magnitude_per_mille", 0, 0, 1000, &lane->magnitude_per_mille));
    TRY(ptable_new(&lane->ptable, &table, r->err)); /* a policy that has no table is found when it is read */
    ptable_free(table);
    return OK;
}

static Status read_fuzzy(const Reader *r, const Toml *root, Lane *lane)
{
    static const char *const keys[] = {
        "percent", "spread", "min_n", "min_band", "min_employers", "top_employer_max", "rounding", NULL};
    const Toml *t;
    FuzzyOptions *f = &lane->fuzzy;
    TRY(section(r, root, "fuzzy", keys, &t));
    TRY(whole32(r, t, "percent", 50, 2, 98, &f->percent));
    TRY(whole32(r, t, "spread", 5, 1, 49, &f->spread));
    TRY(whole32(r, t, "min_n", -1, 1, UINT32_MAX, &f->min_n));
    TRY(whole32(r, t, "min_band", 2, 2, UINT32_MAX, &f->min_band));
    TRY(whole32(r, t, "min_employers", 0, 0, UINT32_MAX, &f->min_employers));
    TRY(whole32(r, t, "top_employer_max", 100, 1, 100, &f->top_employer_max));
    TRY(whole(r, t, "rounding", 1, 1, INT64_C(1000000000), &f->rounding));
    if (f->percent < f->spread + 1 || f->percent + f->spread > 99)
        return wrong(r, t, "percent - spread and percent + spread must lie between 1 and 99");
    return OK;
}

static Status read_privacy(const Reader *r, const Toml *root, Lane *lane)
{
    static const char *const keys[] = {
        "mechanism", "epsilon", "rho", "neighbours", "cells_per_person", "per_cell", NULL};
    static const char *const mechanisms[] = {"discrete_laplace", "discrete_gaussian", NULL};
    static const char *const neighbours[] = {"add_remove", "replace", NULL};
    const Toml *t;
    DpPrivacy *p = &lane->privacy;
    unsigned choice;
    TRY(section(r, root, "privacy", keys, &t));
    TRY(word(r, t, "mechanism", mechanisms, &choice));
    p->mechanism = choice == 0 ? DP_LAPLACE : DP_GAUSSIAN;
    TRY(word(r, t, "neighbours", neighbours, &choice));
    p->neighbours = choice == 0 ? DP_ADD_REMOVE : DP_REPLACE;
    if (toml_get(t, p->mechanism == DP_LAPLACE ? "rho" : "epsilon"))
        return wrong(r, t, "discrete_laplace takes epsilon, discrete_gaussian takes rho");
    TRY(ratio(r, t, p->mechanism == DP_LAPLACE ? "epsilon" : "rho", &p->amount));
    TRY(whole32(r, t, "cells_per_person", -1, 1, 1000000, &p->cells_per_person));
    TRY(whole32(r, t, "per_cell", 1, 1, 1000000, &p->per_cell));
    int64_t cost, width;
    TRY(dp_cost(p, &cost, r->err));
    return dp_expected_error(p, &width, r->err); /* refuses what the samplers cannot draw */
}

static Status read_counts(const Reader *r, const Toml *root, Lane *lane)
{
    static const char *const keys[] = {"min_noisy_n", NULL};
    const Toml *t;
    TRY(section(r, root, "counts", keys, &t));
    lane->counts.min_noisy_n = INT64_MIN;
    return toml_get(t, "min_noisy_n")
               ? whole(r, t, "min_noisy_n", -1, 0, INT64_C(1000000000000), &lane->counts.min_noisy_n)
               : OK;
}

static Status list(const Reader *r, const Toml *t, const char *key, TomlType type, size_t max, const Toml **out)
{
    TRY(toml_array(t, r->file, key, out, r->err));
    if (!*out || (*out)->count == 0 || (*out)->count > max)
        return error_set(
            r->err, ERR_INVALID, "%s:%" PRIu32 ": %s must be a list of 1 to %zu", r->file, t->line, key, max);
    for (const Toml *e = (*out)->first; e; e = e->next)
        if (e->type != type)
            return wrong(r, e, "an element of the list is of the wrong type");
    return OK;
}

static Status read_tree(const Reader *r, const Toml *root, Lane *lane)
{
    static const char *const keys[] = {"shares", NULL};
    const Toml *t, *shares;
    TRY(section(r, root, "tree", keys, &t));
    TRY(list(r, t, "shares", TOML_STRING, 32, &shares));
    TRY(arena_new(r->arena, Ratio, shares->count, &lane->shares, r->err));
    for (const Toml *e = shares->first; e; e = e->next) {
        Ratio *s = &lane->shares[lane->share_count++];
        if (ratio_parse(e->string, s, NULL) != OK || s->num > s->den)
            return wrong(r, e, "a level's share must be a text between \"0\" and \"1\"");
    }
    return lane->shares[lane->share_count - 1].num > 0 ? OK : wrong(r, shares, "the finest level needs a share");
}

static Status read_numbers(const Reader *r, const Toml *from, int64_t min, int64_t max, int64_t *out)
{
    size_t n = 0;
    for (const Toml *e = from->first; e; e = e->next) {
        if (e->integer < min || e->integer > max || (n > 0 && e->integer <= out[n - 1]))
            return wrong(r, e, "the numbers of this list must ascend and lie in their range");
        out[n++] = e->integer;
    }
    return OK;
}

static Status read_quantiles(const Reader *r, const Toml *root, Lane *lane)
{
    static const char *const keys[] = {"edges", "percents", "min_noisy_n", "max_rank_error", "rounding", NULL};
    const Toml *t, *edges, *percents;
    DpQuantileOptions *q = &lane->quantiles;
    int64_t *numbers, nine[9];
    uint32_t *percent;
    TRY(section(r, root, "quantiles", keys, &t));
    TRY(list(r, t, "edges", TOML_INTEGER, 1001, &edges));
    TRY(list(r, t, "percents", TOML_INTEGER, COUNT_OF(nine), &percents));
    if (edges->count < 3)
        return wrong(r, edges, "there must be at least two bins");
    TRY(arena_new(r->arena, int64_t, edges->count, &numbers, r->err));
    TRY(arena_new(r->arena, uint32_t, percents->count, &percent, r->err));
    TRY(read_numbers(r, edges, 0, INT64_C(1) << 53, numbers));
    TRY(read_numbers(r, percents, 1, 99, nine));
    for (size_t i = 0; i < percents->count; i++)
        percent[i] = (uint32_t)nine[i];
    *q = (DpQuantileOptions){.edges = numbers,
        .bins = (uint32_t)edges->count - 1,
        .percents = percent,
        .percent_count = (uint32_t)percents->count};
    TRY(whole(r, t, "min_noisy_n", -1, 0, INT64_C(1000000000000), &q->min_noisy_n));
    TRY(whole32(r, t, "max_rank_error", -1, 1, 1000, &q->max_rank_error));
    TRY(whole(r, t, "rounding", 1, 1, INT64_C(1000000000), &q->rounding));
    return lane->privacy.per_cell == 1 ? OK : wrong(r, t, "percentiles need per_cell = 1");
}

/* --- the file ------------------------------------------------------------------------------------------------ */

static const char *const NAMES[] = {"rounding", "cell_key", "fuzzy", "dp_counts", "dp_tree", "dp_quantiles", NULL};

const char *lane_name(LaneKind kind)
{
    return NAMES[kind];
}

static Status read_head(const Reader *r, const Toml *root, Lane *lane)
{
    Slice schema;
    unsigned kind;
    TRY(toml_str(root, r->file, "schema", &schema, r->err));
    if (!slice_eq_z(schema, SCHEMA))
        return wrong(r, root, "the schema is not " SCHEMA);
    TRY(word(r, root, "lane", NAMES, &kind));
    lane->kind = (LaneKind)kind;
    TRY(toml_str(root, r->file, "name", &lane->name, r->err));
    TRY(toml_str(root, r->file, "title", &lane->title, r->err));
    TRY(toml_str(root, r->file, "status", &lane->status, r->err));
    TRY(toml_str(root, r->file, "source", &lane->source, r->err));
    if (!slice_eq_z(lane->status, "verified") && !slice_eq_z(lane->status, "assumed"))
        return wrong(r, root, "status is neither verified nor assumed");
    return OK;
}

static Status read_parts(const Reader *r, const Toml *root, Lane *lane)
{
    static const char *const rounding[] = {HEAD_KEYS, "rounding", NULL};
    static const char *const cell_key[] = {HEAD_KEYS, "cell_key", NULL};
    static const char *const fuzzy[] = {HEAD_KEYS, "fuzzy", NULL};
    static const char *const counts[] = {HEAD_KEYS, "privacy", "counts", NULL};
    static const char *const tree[] = {HEAD_KEYS, "privacy", "tree", NULL};
    static const char *const quantiles[] = {HEAD_KEYS, "privacy", "quantiles", NULL};
    static const char *const *const keys[] = {rounding, cell_key, fuzzy, counts, tree, quantiles};
    TRY(toml_only(root, r->file, keys[lane->kind], r->err));
    if (lane->kind >= LANE_DP_COUNTS)
        TRY(read_privacy(r, root, lane));
    switch (lane->kind) {
    case LANE_ROUNDING:
        return read_rounding(r, root, lane);
    case LANE_CELL_KEY:
        return read_cell_key(r, root, lane);
    case LANE_FUZZY:
        return read_fuzzy(r, root, lane);
    case LANE_DP_COUNTS:
        return read_counts(r, root, lane);
    case LANE_DP_TREE:
        return read_tree(r, root, lane);
    case LANE_DP_QUANTILES:
        break;
    }
    return read_quantiles(r, root, lane);
}

Status lane_parse(Slice text, const char *path, Arena *arena, Lane *out, Error *err)
{
    Reader r = {path, arena, err};
    const Toml *root;
    *out = (Lane){0};
    TRY(toml_parse(text, path, arena, &root, err));
    TRY(read_head(&r, root, out));
    return read_parts(&r, root, out);
}

Status lane_read(const char *path, Arena *arena, Lane *out, Error *err)
{
    Buf text;
    Slice kept;
    buf_init(&text, FILE_MAX);
    Status st = file_read(path, FILE_MAX, &text, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&text), &kept, err);
    buf_free(&text);
    TRY(st);
    return lane_parse(kept, path, arena, out, err);
}
