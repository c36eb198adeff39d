/*
 * A whole release at once. Tables are gathered into panels (one lineage of families, one year). Tier by tier, each
 * coarsening the one before, a panel gets a partition of places for everybody and, coarser, one a split; what they say
 * is written out as cells.
 */
#include "protect/hide.h"
#include "protect/partition.h"
#include "protect/shares.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Filed {
    Slice lineage;
    int32_t year;
    const ProtectCell *cell;
} Filed;

typedef VEC(WithheldTable) WithheldTables;

typedef struct Work {
    ProtectRule rule;
    Arena *arena; /* the result's */
    Arena scratch;
    PublishedCells cells;
    WithheldTables withheld;
    Policy *policy;
    Date on;
    const LaneOptions *options;
    bool pools, suppresses;
} Work;

static int compare_filed(const void *a, const void *b)
{
    const Filed *x = a, *y = b;
    int c = slice_cmp(x->lineage, y->lineage);
    return c != 0 ? c : x->year < y->year ? -1 : x->year > y->year;
}

static Status withhold(
    Work *w, const Panel *p, size_t t, const PanelSplit *s, Slice level, const char *reason, Error *err)
{
    WithheldTable note = {.table = p->tables[t].name, .year = p->year, .split = s->name, .level = level};
    TRY(arena_dup(w->arena, slice_of(reason), &note.reason, err));
    return vec_push(&w->withheld, note, err);
}

/* Of the highest tier; of several that one whose count is taken away. */
static uint32_t last_table(const Panel *p, const PanelSubset *s)
{
    uint32_t last = s->terms[0].table;
    for (size_t k = 1; k < s->count; k++)
        if (p->tables[s->terms[k].table].tier > p->tables[last].tier)
            last = s->terms[k].table;
    return last;
}

/* One sentence for all that a table can be withheld for: which of them it is would tell how many people there are. That
 * only a difference is too small says of a group that it is one or two people. */
#define TOO_FEW \
    "too few people, or too few with or without the outcome, in the whole state, or beside another count of them"

/* A table whose statewide figure fails is not published at all, and no longer constrains the others. */
static Status withhold_failing_tables(Work *w, Panel *p, Error *err)
{
    for (size_t t = 0; t < p->table_count; t++) {
        const ProtectCell *c = p->splits[0].has[0][t] ? panel_cell(p, &p->splits[0], 0, t, 0, 0) : NULL;
        if (c && c->denominator > 0 &&
            rule_counts_pass(&w->rule, c->is_median, c->denominator, c->is_median ? 0 : c->numerator) &&
            rule_employers_pass(&w->rule, c))
            continue;
        p->tables[t].withheld = true;
        TRY(withhold(w, p, t, &p->splits[0], p->levels[0].name, TOO_FEW, err));
    }
    Counts counts[PANEL_MAX_TABLES] = {{0, 0}};
    for (size_t t = 0; t < p->table_count; t++)
        counts_add(&counts[t], panel_cell(p, &p->splits[0], 0, t, 0, 0));
    /* Of all its tables the one that is decided last gives way. */
    for (size_t i = 0; i < p->subset_count; i++) {
        uint32_t t = last_table(p, &p->subsets[i]);
        panel_set_tier(p, p->tables[t].tier);
        if (panel_subset_pass(&w->rule, p, &p->splits[0], 0, &p->subsets[i], counts))
            continue;
        p->tables[t].withheld = true;
        TRY(withhold(w, p, t, &p->splits[0], p->levels[0].name, TOO_FEW, err));
    }
    return OK;
}

static Status members_of(const Panel *p, size_t level, const Node *n, Arena *arena, Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < n->count; i++) {
        if (i > 0)
            buf_addc(&b, ' ');
        buf_add(&b, p->levels[level].units[n->units[i]].code); /* units are sorted by code */
    }
    Status st = buf_status(&b, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&b), out, err);
    buf_free(&b);
    return st;
}

static Status groups_of(const PanelSplit *s, const Grouping *g, uint32_t shown, Arena *arena, Slice *out, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    for (size_t i = 0; i < s->group_count; i++)
        if (g->of[i] == shown) {
            if (b.len > 0)
                buf_addc(&b, ' ');
            buf_add(&b, s->groups[i]);
        }
    Status st = buf_status(&b, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&b), out, err);
    buf_free(&b);
    return st;
}

static void add_counts(ProtectCell *sum, const ProtectCell *c)
{
    sum->denominator += c->denominator;
    sum->numerator += c->numerator;
    sum->covered += c->covered;
    sum->base += c->base;
    sum->strong += c->strong;
    sum->link_pairs += c->link_pairs;
    sum->link_correct += c->link_correct;
    sum->link_missed += c->link_missed;
}

/* One figure: the sum of a node's units and a shown group's groups. */
static Status emit_cell(Work *w, const Panel *p, const PanelSplit *s, size_t level, size_t t, const Node *node,
    Slice parent_id, const Grouping *g, uint32_t shown, Slice members, Slice groups, Error *err)
{
    const ProtectCell *single = NULL;
    PublishedCell out = {.unit_count = (uint32_t)node->count, .members = members, .groups = groups};
    out.cell = (ProtectCell){.table = p->tables[t].name,
        .year = p->year,
        .level = p->levels[level].name,
        .unit = node->id,
        .parent = parent_id,
        .split = s->name,
        .grp = SLICE(PROTECT_OTHER),
        .is_median = p->tables[t].is_median,
        .value = NAN,
        .fuzzy = NAN};
    for (size_t group = 0; group < s->group_count; group++) {
        if (g->of[group] != shown)
            continue;
        if (g->size[shown] == 1)
            out.cell.grp = s->groups[group];
        for (size_t u = 0; u < node->count; u++) {
            const ProtectCell *c = panel_cell(p, s, level, t, node->units[u], group);
            if (!c)
                continue;
            add_counts(&out.cell, c);
            single = c;
        }
    }
    if (out.cell.denominator == 0)
        return OK;
    if (single && out.cell.is_median && node->count == 1 && g->size[shown] == 1) {
        out.cell.value = single->value;
        out.cell.fuzzy = single->fuzzy;
        out.cell.employers = single->employers;
        out.cell.top_employer = single->top_employer;
    }
    TRY(rule_show(&w->rule, &out, w->arena, err));
    return vec_push(&w->cells, out, err);
}

static Status emit_node(Work *w, const Panel *p, const PanelSplit *s, size_t level, const Node *node, Slice parent_id,
    const Grouping *g, Error *err)
{
    Slice members = {"", 0};
    if (node->pool)
        TRY(members_of(p, level, node, w->arena, &members, err));
    Slice id;
    TRY(arena_dup(w->arena, node->id, &id, err));
    Slice parent;
    TRY(arena_dup(w->arena, parent_id, &parent, err));
    Node copy = *node;
    copy.id = id;
    for (uint32_t shown = 0; shown < g->count; shown++) {
        Slice groups = {"", 0};
        if (g->size[shown] > 1)
            TRY(groups_of(s, g, shown, w->arena, &groups, err));
        for (size_t t = 0; t < p->table_count; t++)
            if (panel_active(p, t) && s->has[level][t])
                TRY(emit_cell(w, p, s, level, t, &copy, parent, g, shown, members, groups, err));
    }
    return OK;
}

/* Tells what the tree left out: a level nowhere shown, or only in some places. */
static Status note_levels(Work *w, const Panel *p, const PanelSplit *s, const Tree *tree, Error *err)
{
    for (size_t l = 1; l < p->level_count; l++) {
        const TreeLevel *level = &tree->levels[l];
        if (level->parents > 0 && level->undivided == 0)
            continue;
        char reason[200];
        if (level->parents == level->undivided)
            (void)snprintf(reason, sizeof reason, "no two places are large enough to be told apart at this level");
        else
            (void)snprintf(reason, sizeof reason,
                "in %zu of %zu places of the level above, the groups within are too small to be told apart",
                level->undivided, level->parents);
        for (size_t t = 0; t < p->table_count; t++)
            if (panel_active(p, t) && s->has[l][t])
                TRY(withhold(w, p, t, s, p->levels[l].name, reason, err));
    }
    return OK;
}

static Status emit_tree(Work *w, const Panel *p, const PanelSplit *s, const Tree *tree, const Grouping *top,
    const Grouping *local, Error *err)
{
    for (size_t l = 0; l < p->level_count; l++)
        for (size_t i = 0; i < tree->levels[l].count; i++) {
            const Node *n = &tree->levels[l].nodes[i];
            if (n->echo)
                continue;
            Slice parent = l > 0 ? tree->levels[l - 1].nodes[n->parent].id : (Slice){"", 0};
            TRY(emit_node(w, p, s, l, n, parent, l == 0 ? top : local, err));
        }
    return note_levels(w, p, s, tree, err);
}

/* What the tiers so far have shown of a split. */
typedef struct Shown {
    bool any;
    Tree tree;
    Grouping top, local;
} Shown;

/* Levels at which this tier shows nothing keep the nodes of the tier before, for those that follow. */
static void remember(Shown *shown, const Tree *tree, const Grouping *top, const Grouping *local)
{
    for (size_t l = 0; l < RULE_MAX_LEVELS; l++)
        if (tree->levels[l].count > 0)
            shown->tree.levels[l] = tree->levels[l];
    shown->top = *top;
    shown->local = *local;
    shown->any = true;
}

static bool split_has_active(const Panel *p, const PanelSplit *s)
{
    for (size_t t = 0; t < p->table_count; t++)
        if (panel_active(p, t) && s->has[0][t])
            return true;
    return false;
}

static Status protect_split(
    Work *w, const Panel *p, const PanelSplit *s, const Tree *everybody, Shown *shown, Error *err)
{
    Grouping top, local;
    Tree tree;
    bool possible;
    TRY(grouping_make(&w->rule, p, s, shown->any ? &shown->top : NULL, &w->scratch, &top, &possible, err));
    if (!possible) {
        for (size_t t = 0; t < p->table_count; t++)
            if (panel_active(p, t) && s->has[0][t])
                TRY(withhold(w, p, t, s, p->levels[0].name, "no two groups are large enough to be told apart", err));
        return OK;
    }
    TRY(grouping_localise(&w->rule, p, s, &top, shown->any ? &shown->local : NULL, &w->scratch, &local, err));
    TRY(tree_coarsen(
        &w->rule, p, s, everybody, shown->any ? &shown->tree : NULL, &top, &local, &w->scratch, &tree, err));
    TRY(emit_tree(w, p, s, &tree, &top, &local, err));
    if (tree.levels[0].count > 0)
        remember(shown, &tree, &top, &local);
    return OK;
}

static Status protect_panel(Work *w, Panel *p, Error *err)
{
    Tree everybody;
    Shown *shown;
    uint32_t zero = 0, one = 1;
    const Grouping whole = {.of = &zero, .size = &one, .count = 1};
    TRY(withhold_failing_tables(w, p, err));
    TRY(tree_of_units(p, &w->scratch, &everybody, err));
    TRY(arena_new(&w->scratch, Shown, p->split_count, &shown, err));
    for (unsigned tier = 0; tier < p->tier_count; tier++) {
        panel_set_tier(p, tier);
        if (!split_has_active(p, &p->splits[0]))
            continue;
        Tree tree;
        TRY(tree_coarsen(&w->rule, p, &p->splits[0], &everybody, NULL, &whole, &whole, &w->scratch, &tree, err));
        TRY(emit_tree(w, p, &p->splits[0], &tree, &whole, &whole, err));
        if (tree.levels[0].count > 0)
            everybody = tree;
        for (size_t s = 1; s < p->split_count; s++)
            if (split_has_active(p, &p->splits[s]))
                TRY(protect_split(w, p, &p->splits[s], &everybody, &shown[s], err));
    }
    return OK;
}

static int compare_published(const void *a, const void *b, void *rule)
{
    const PublishedCell *x = a, *y = b;
    int c = slice_cmp(x->cell.table, y->cell.table);
    if (c == 0 && x->cell.year != y->cell.year)
        c = x->cell.year < y->cell.year ? -1 : 1;
    if (c == 0) {
        size_t i = rule_level(rule, x->cell.level), j = rule_level(rule, y->cell.level);
        c = i < j ? -1 : i > j;
    }
    if (c == 0)
        c = slice_cmp(x->cell.split, y->cell.split);
    if (c == 0)
        c = slice_cmp(x->cell.unit, y->cell.unit);
    return c != 0 ? c : slice_cmp(x->cell.grp, y->cell.grp);
}

static Status describe(Work *w, Slice *out, Error *err)
{
    static const char pooled[] = " Places too small for that are shown together with their neighbours as one, never "
                                 "blanked, so that nothing can "
                                 "be found by subtracting one figure from another.";
    static const char hidden[] =
        " Figures too small for that are hidden, and so are as many others as it takes that none of them can be worked "
        "out from what is shown, now or before.";
    static const char both[] =
        " Which of two ways keeps a measure safe is said with it: places that are too small are shown together with "
        "their neighbours, or figures that are too small are hidden, and so are as many others as it takes that none "
        "can be worked out from what is shown, now or before.";
    const ProtectRule *r = &w->rule;
    const char *text;
    TRY(arena_printf(w->arena, &text, err,
        "No figure stands for fewer than %lld people, and no rate for fewer than %lld people with the outcome or %lld "
        "without it.%s",
        (long long)r->min_n, (long long)r->min_numerator, (long long)r->min_complement,
        w->pools && w->suppresses ? both
        : w->suppresses           ? hidden
                                  : pooled));
    *out = slice_of(text);
    return OK;
}

/* In the family's lane. */
static Status protect_one(Work *w, Panel *p, const ProtectCell *const *cells, size_t count, Error *err)
{
    ProtectLane lane = w->options->lane == PROTECT_BY_POLICY ? rule_lane(&w->rule, p->family) : w->options->lane;
    if (lane == PROTECT_POOL_LANE) {
        w->pools = true;
        return protect_panel(w, p, err);
    }
    w->suppresses = true;
    const HideAsk ask = {.rule = &w->rule,
        .policy = w->policy,
        .on = w->on,
        .panel = p,
        .input = cells,
        .input_count = count,
        .options = w->options,
        .arena = w->arena};
    return hide_panel(&ask, &w->cells, err);
}

static Status protect_all(Work *w, Filed *filed, size_t count, Error *err)
{
    const ProtectCell **cells;
    TRY(mem_alloc((count + 1) * sizeof *cells, (void **)&cells, err));
    Status st = OK;
    for (size_t from = 0, to; from < count && st == OK; from = to) {
        to = from;
        while (to < count && compare_filed(&filed[from], &filed[to]) == 0) {
            cells[to - from] = filed[to].cell;
            to++;
        }
        Panel panel;
        st = panel_build(&w->rule, filed[from].lineage, filed[from].year, cells, to - from, &w->scratch, &panel, err);
        if (st == OK)
            st = protect_one(w, &panel, cells, to - from, err);
        arena_reset(&w->scratch);
    }
    mem_free(cells);
    return st;
}

static Status copy_out(Work *w, Protected *out, Error *err)
{
    if (w->cells.len > 0)
        qsort_r(w->cells.at, w->cells.len, sizeof *w->cells.at, compare_published, &w->rule);
    TRY(shares_show(&w->rule, w->cells.at, w->cells.len, w->arena, err));
    TRY(arena_new(w->arena, PublishedCell, w->cells.len, &out->cells, err));
    TRY(arena_new(w->arena, WithheldTable, w->withheld.len, &out->withheld, err));
    if (w->cells.len > 0)
        memcpy(out->cells, w->cells.at, w->cells.len * sizeof *out->cells);
    if (w->withheld.len > 0)
        memcpy(out->withheld, w->withheld.at, w->withheld.len * sizeof *out->withheld);
    out->count = w->cells.len;
    out->withheld_count = w->withheld.len;
    out->policy = w->rule.policy;
    out->lane = w->options->lane;
    out->pools = w->pools;
    out->suppresses = w->suppresses;
    return describe(w, &out->rule, err);
}

Status protect_release(Policy *policy, Date on, const ProtectCell *cells, size_t count, Protected *out, Error *err)
{
    const LaneOptions alone = LANE_OPTIONS_INIT;
    return protect_release_beside(policy, on, cells, count, &alone, out, err);
}

Status protect_release_beside(Policy *policy, Date on, const ProtectCell *cells, size_t count,
    const LaneOptions *options, Protected *out, Error *err)
{
    *out = (Protected){0};
    Work w = {.arena = &out->arena, .policy = policy, .on = on, .options = options};
    arena_init(&out->arena, 0);
    arena_init(&w.scratch, 0);
    Filed *filed = NULL;
    Status st = rule_read(policy, on, &w.rule, err);
    if (st == OK)
        st = mem_zalloc(count + 1, sizeof *filed, (void **)&filed, err);
    if (st == OK) {
        unsigned tier;
        for (size_t i = 0; i < count; i++) { /* cells come table by table */
            bool same = i > 0 && slice_eq(cells[i].table, cells[i - 1].table);
            Slice lineage = same ? filed[i - 1].lineage : rule_lineage(&w.rule, cells[i].table, &tier);
            filed[i] = (Filed){lineage, cells[i].year, &cells[i]};
        }
        qsort(filed, count, sizeof *filed, compare_filed);
        st = protect_all(&w, filed, count, err);
    }
    if (st == OK)
        st = copy_out(&w, out, err);
    mem_free(filed);
    vec_free(&w.cells);
    vec_free(&w.withheld);
    arena_free(&w.scratch);
    if (st != OK)
        protected_free(out);
    return st;
}

Status protect_publishes(Policy *policy, Date on, Slice measure, bool *out, Error *err)
{
    ProtectRule rule;
    TRY(rule_read(policy, on, &rule, err));
    *out = rule_names(&rule, measure);
    return OK;
}

void protected_free(Protected *p)
{
    arena_free(&p->arena);
    *p = (Protected){0};
}
