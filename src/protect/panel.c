/* Laying out the tables of one family and year, and checking that they add up. */
#include "protect/panel.h"

#include <stdlib.h>

/* No count of persons, or sum of such counts, comes near; with it the sums below cannot overflow. */
#define COUNT_MAX 1000000000000

static int compare_slices(const void *a, const void *b)
{
    return slice_cmp(*(const Slice *)a, *(const Slice *)b);
}

static size_t sort_unique(Slice *at, size_t n)
{
    if (n == 0)
        return 0;
    qsort(at, n, sizeof *at, compare_slices);
    size_t kept = 1;
    for (size_t i = 1; i < n; i++)
        if (!slice_eq(at[i], at[kept - 1]))
            at[kept++] = at[i];
    return kept;
}

static size_t find_slice(const Slice *at, size_t n, Slice key)
{
    const Slice *hit = n > 0 ? bsearch(&key, at, n, sizeof *at, compare_slices) : NULL;
    return hit ? (size_t)(hit - at) : n;
}

static int compare_units(const void *a, const void *b)
{
    return slice_cmp(((const PanelUnit *)a)->code, ((const PanelUnit *)b)->code);
}

static size_t find_unit(const PanelLevel *level, Slice code)
{
    PanelUnit key = {.code = code};
    const PanelUnit *hit =
        level->count > 0 ? bsearch(&key, level->units, level->count, sizeof key, compare_units) : NULL;
    return hit ? (size_t)(hit - level->units) : level->count;
}

static Status refuse(Error *err, const ProtectCell *c, const char *why)
{
    return error_set(err, ERR_INVALID, "table %.*s, year %d, level %.*s, split %.*s: %s", SLICE_ARG(c->table),
        (int)c->year, SLICE_ARG(c->level), SLICE_ARG(c->split), why);
}

static Status check_counts(const ProtectCell *c, Error *err)
{
    if (c->denominator < 0 || c->numerator < 0 || c->denominator > COUNT_MAX)
        return refuse(err, c, "a count is negative or absurdly large");
    if (!c->is_median && c->numerator > c->denominator)
        return refuse(err, c, "a numerator is larger than its denominator");
    if (slice_starts(c->unit, SLICE(PROTECT_POOL)) || slice_eq_z(c->grp, PROTECT_OTHER))
        return refuse(err, c, "a unit or group bears a name that is kept for pooled ones");
    if (slice_find(c->unit, SLICE(" ")) < c->unit.len || slice_find(c->grp, SLICE(" ")) < c->grp.len)
        return refuse(err, c, "a unit or group code contains a blank");
    return OK;
}

static Status collect_tables(
    const ProtectRule *rule, Panel *p, const ProtectCell *const *cells, size_t count, Arena *arena, Error *err)
{
    Slice *names;
    TRY(arena_new(arena, Slice, count, &names, err));
    for (size_t i = 0; i < count; i++)
        names[i] = cells[i]->table;
    p->table_count = sort_unique(names, count);
    TRY(arena_new(arena, PanelTable, p->table_count, &p->tables, err));
    for (size_t t = 0; t < p->table_count; t++) {
        p->tables[t].name = names[t];
        (void)rule_lineage(rule, names[t], &p->tables[t].tier);
        if (p->tables[t].tier >= p->tier_count)
            p->tier_count = p->tables[t].tier + 1;
    }
    for (size_t i = 0; i < count; i++) {
        size_t t = find_slice(names, p->table_count, cells[i]->table);
        if (cells[i]->is_median)
            p->tables[t].is_median = true;
    }
    for (size_t i = 0; i < count; i++)
        if (p->tables[find_slice(names, p->table_count, cells[i]->table)].is_median != cells[i]->is_median)
            return refuse(err, cells[i], "the table mixes rates and medians");
    return OK;
}

static Status collect_level(const ProtectRule *rule, Panel *p, size_t rule_index, const ProtectCell *const *cells,
    size_t count, Arena *arena, Error *err)
{
    PanelUnit *units;
    TRY(arena_new(arena, PanelUnit, count, &units, err));
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (slice_eq(cells[i]->level, rule->levels[rule_index]))
            units[n++] = (PanelUnit){.code = cells[i]->unit, .parent_code = cells[i]->parent, .parent = PANEL_NONE};
    if (n == 0)
        return OK;
    qsort(units, n, sizeof *units, compare_units);
    PanelLevel level = {.name = rule->levels[rule_index], .units = units};
    for (size_t i = 0; i < n; i++) {
        if (level.count > 0 && slice_eq(units[i].code, units[level.count - 1].code)) {
            if (!slice_eq(units[i].parent_code, units[level.count - 1].parent_code))
                return error_set(err, ERR_INVALID, "family %.*s, year %d, level %.*s: a unit has two parents",
                    SLICE_ARG(p->family), (int)p->year, SLICE_ARG(level.name));
            continue;
        }
        units[level.count++] = units[i];
    }
    if (p->level_count == 0 && level.count != 1)
        return error_set(err, ERR_INVALID, "family %.*s, year %d: the coarsest level has more than one unit",
            SLICE_ARG(p->family), (int)p->year);
    for (size_t u = 0; p->level_count > 0 && u < level.count; u++) {
        const PanelLevel *above = &p->levels[p->level_count - 1];
        size_t parent = find_unit(above, units[u].parent_code);
        if (parent == above->count)
            return error_set(err, ERR_INVALID, "family %.*s, year %d, level %.*s: a unit's parent is not in level %.*s",
                SLICE_ARG(p->family), (int)p->year, SLICE_ARG(level.name), SLICE_ARG(above->name));
        units[u].parent = (uint32_t)parent;
    }
    p->levels[p->level_count++] = level;
    return OK;
}

static Status collect_splits(Panel *p, const ProtectCell *const *cells, size_t count, Arena *arena, Error *err)
{
    Slice *names;
    TRY(arena_new(arena, Slice, count, &names, err));
    for (size_t i = 0; i < count; i++)
        names[i] = cells[i]->split;
    p->split_count = sort_unique(names, count);
    size_t all = find_slice(names, p->split_count, SLICE("all"));
    if (all == p->split_count)
        return error_set(
            err, ERR_INVALID, "family %.*s, year %d: there is no split \"all\"", SLICE_ARG(p->family), (int)p->year);
    for (size_t i = all; i > 0; i--)
        names[i] = names[i - 1];
    names[0] = SLICE("all");
    TRY(arena_new(arena, PanelSplit, p->split_count, &p->splits, err));
    for (size_t s = 0; s < p->split_count; s++) {
        PanelSplit *split = &p->splits[s];
        split->name = names[s];
        TRY(arena_new(arena, Slice, count, &split->groups, err));
        size_t n = 0;
        for (size_t i = 0; i < count; i++)
            if (slice_eq(cells[i]->split, split->name))
                split->groups[n++] = cells[i]->grp;
        split->group_count = sort_unique(split->groups, n);
        for (size_t l = 0; l < p->level_count; l++) {
            size_t size = p->table_count * p->levels[l].count * split->group_count;
            TRY(arena_array_(arena, size, sizeof(ProtectCell *), (void **)&split->cells[l], err));
            TRY(arena_new(arena, bool, p->table_count, &split->has[l], err));
        }
    }
    if (p->splits[0].group_count != 1)
        return error_set(err, ERR_INVALID, "family %.*s, year %d: split \"all\" has several groups",
            SLICE_ARG(p->family), (int)p->year);
    return OK;
}

static size_t find_table(const Panel *p, Slice name)
{
    size_t t = 0;
    while (!slice_eq(p->tables[t].name, name))
        t++;
    return t;
}

static Status place_cell(Panel *p, const ProtectCell *c, Error *err)
{
    size_t l = 0;
    while (!slice_eq(p->levels[l].name, c->level))
        l++;
    PanelSplit *split = p->splits;
    while (!slice_eq(split->name, c->split))
        split++;
    size_t t = find_table(p, c->table);
    size_t unit = find_unit(&p->levels[l], c->unit);
    size_t group = find_slice(split->groups, split->group_count, c->grp);
    size_t at = (t * p->levels[l].count + unit) * split->group_count + group;
    if (split->cells[l][at])
        return refuse(err, c, "a cell occurs twice");
    split->cells[l][at] = c;
    split->has[l][t] = true;
    return OK;
}

static Counts unit_total(const Panel *p, const PanelSplit *s, size_t level, size_t t, size_t unit)
{
    Counts sum = {0, 0};
    for (size_t g = 0; g < s->group_count; g++)
        counts_add(&sum, panel_cell(p, s, level, t, unit, g));
    return sum;
}

static Status add_up_error(const Panel *p, const PanelSplit *s, size_t level, size_t t, const char *why, Error *err)
{
    return error_set(err, ERR_INVALID, "table %.*s, year %d, level %.*s, split %.*s: %s", SLICE_ARG(p->tables[t].name),
        (int)p->year, SLICE_ARG(p->levels[level].name), SLICE_ARG(s->name), why);
}

static Status check_groups(const Panel *p, const PanelSplit *s, size_t level, size_t t, Error *err)
{
    for (size_t u = 0; u < p->levels[level].count; u++) {
        Counts groups = unit_total(p, s, level, t, u);
        Counts all = unit_total(p, &p->splits[0], level, t, u);
        if (groups.n != all.n || groups.k != all.k)
            return add_up_error(p, s, level, t, "groups do not add up to their unit", err);
    }
    return OK;
}

static Status check_children(const Panel *p, const PanelSplit *s, size_t level, size_t t, Counts *sums, Error *err)
{
    const PanelLevel *above = &p->levels[level - 1];
    for (size_t g = 0; g < s->group_count; g++) {
        memset(sums, 0, above->count * sizeof *sums);
        for (size_t u = 0; u < p->levels[level].count; u++)
            counts_add(&sums[p->levels[level].units[u].parent], panel_cell(p, s, level, t, u, g));
        for (size_t u = 0; u < above->count; u++) {
            Counts parent = {0, 0};
            counts_add(&parent, panel_cell(p, s, level - 1, t, u, g));
            if (parent.n != sums[u].n || parent.k != sums[u].k)
                return add_up_error(p, s, level, t, "units do not add up to the level above", err);
        }
    }
    return OK;
}

static Status check_sums(const Panel *p, Arena *arena, Error *err)
{
    size_t widest = 0;
    for (size_t l = 0; l < p->level_count; l++)
        widest = p->levels[l].count > widest ? p->levels[l].count : widest;
    Counts *sums;
    TRY(arena_new(arena, Counts, widest, &sums, err));
    for (size_t s = 0; s < p->split_count; s++)
        for (size_t l = 0; l < p->level_count; l++)
            for (size_t t = 0; t < p->table_count; t++) {
                const PanelSplit *split = &p->splits[s];
                if (!split->has[l][t])
                    continue;
                if (!p->splits[0].has[l][t] || (l > 0 && !split->has[l - 1][t]))
                    return add_up_error(p, split, l, t, "split \"all\" or a level above is missing", err);
                TRY(check_groups(p, split, l, t, err));
                if (l > 0)
                    TRY(check_children(p, split, l, t, sums, err));
            }
    return OK;
}

/* "table.numerator" or "table.denominator"; *found becomes false when the table is not in this panel. */
static Status read_term(
    const Panel *p, const ProtectRule *rule, const Toml *name, PanelSubset *out, bool is_inner, bool *found, Error *err)
{
    const char *path = rule->policy->path;
    bool is_text = name->type == TOML_STRING;
    PanelTerm term = {.inner = is_inner, .is_denominator = is_text && slice_ends(name->string, SLICE(".denominator"))};
    if (!is_text || (!term.is_denominator && !slice_ends(name->string, SLICE(".numerator"))))
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": a count of a subset ends in .numerator or .denominator",
            path, name->line);
    if (out->count == PANEL_MAX_TERMS)
        return error_set(
            err, ERR_LIMIT, "%s:%" PRIu32 ": a subset has more than %d counts", path, name->line, PANEL_MAX_TERMS);
    Slice table = slice_sub(name->string, 0, slice_find(name->string, SLICE(".")));
    while (term.table < p->table_count && !slice_eq(p->tables[term.table].name, table))
        term.table++;
    *found = *found && term.table < p->table_count;
    out->terms[out->count++] = term;
    return OK;
}

/* One count, or a list of counts that are added. */
static Status read_terms(const Panel *p, const ProtectRule *rule, const Toml *subset, const char *key, PanelSubset *out,
    bool *found, Error *err)
{
    const Toml *v = toml_get(subset, key);
    bool is_inner = strcmp(key, "inner") == 0;
    if (!v || (v->type == TOML_ARRAY && !v->first))
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": a subset needs %s", rule->policy->path, subset->line, key);
    if (v->type != TOML_ARRAY)
        return read_term(p, rule, v, out, is_inner, found, err);
    for (const Toml *name = v->first; name; name = name->next)
        TRY(read_term(p, rule, name, out, is_inner, found, err));
    return OK;
}

static Status collect_subsets(Panel *p, const ProtectRule *rule, Arena *arena, Error *err)
{
    const Toml *list;
    TRY(toml_array(rule->policy->toml, rule->policy->path, "subset", &list, err));
    TRY(arena_new(arena, PanelSubset, list ? list->count : 0, &p->subsets, err));
    for (const Toml *s = list ? list->first : NULL; s; s = s->next) {
        PanelSubset *at = &p->subsets[p->subset_count];
        bool found = true;
        at->count = 0;
        TRY(read_terms(p, rule, s, "inner", at, &found, err));
        TRY(read_terms(p, rule, s, "outer", at, &found, err));
        if (found)
            p->subset_count++;
    }
    return OK;
}

static bool subset_is_active(const Panel *p, const PanelSubset *s)
{
    for (size_t k = 0; k < s->count; k++)
        if (panel_active(p, s->terms[k].table))
            return true;
    return false;
}

void panel_set_tier(Panel *p, unsigned tier)
{
    p->tier = tier;
    for (size_t t = 0; t < p->table_count; t++)
        p->tables[t].needed = panel_active(p, t);
    for (size_t i = 0; i < p->subset_count; i++) {
        const PanelSubset *s = &p->subsets[i];
        if (!subset_is_active(p, s))
            continue;
        for (size_t k = 0; k < s->count; k++)
            p->tables[s->terms[k].table].needed = true;
    }
}

bool panel_subset_pass(const ProtectRule *rule, const Panel *p, const PanelSplit *s, size_t level,
    const PanelSubset *subset, const Counts *counts)
{
    int64_t rest = 0;
    if (!subset_is_active(p, subset))
        return true;
    for (size_t k = 0; k < subset->count; k++) {
        const PanelTerm *x = &subset->terms[k];
        const PanelTable *table = &p->tables[x->table];
        if (table->withheld || table->tier > p->tier || !s->has[level][x->table])
            return true;
        int64_t people = x->is_denominator ? counts[x->table].n : counts[x->table].k;
        rest += x->inner ? -people : people;
    }
    return rest == 0 || rest >= rule->min_numerator || -rest >= rule->min_numerator;
}

bool panel_counts_pass(const ProtectRule *rule, const Panel *p, const PanelSplit *s, size_t level, const Counts *counts)
{
    for (size_t t = 0; t < p->table_count; t++)
        if (panel_active(p, t) && s->has[level][t] &&
            !rule_counts_pass(rule, p->tables[t].is_median, counts[t].n, counts[t].k))
            return false;
    for (size_t i = 0; i < p->subset_count; i++)
        if (!panel_subset_pass(rule, p, s, level, &p->subsets[i], counts))
            return false;
    return true;
}

Status panel_build(const ProtectRule *rule, Slice family, int32_t year, const ProtectCell *const *cells, size_t count,
    Arena *arena, Panel *out, Error *err)
{
    *out = (Panel){.family = family, .year = year};
    for (size_t i = 0; i < count; i++) {
        TRY(check_counts(cells[i], err));
        if (rule_level(rule, cells[i]->level) == rule->level_count)
            return refuse(err, cells[i], "the level is not in the rule's hierarchy");
    }
    TRY(collect_tables(rule, out, cells, count, arena, err));
    if (out->table_count > PANEL_MAX_TABLES)
        return error_set(err, ERR_LIMIT, "family %.*s has more than %d measures", SLICE_ARG(family), PANEL_MAX_TABLES);
    TRY(collect_subsets(out, rule, arena, err));
    for (size_t r = 0; r < rule->level_count; r++)
        TRY(collect_level(rule, out, r, cells, count, arena, err));
    TRY(collect_splits(out, cells, count, arena, err));
    for (size_t i = 0; i < count; i++)
        TRY(place_cell(out, cells[i], err));
    return check_sums(out, arena, err);
}
