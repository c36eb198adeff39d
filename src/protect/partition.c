/*
 * Joining places until every figure about them may be shown.
 *
 * Below each node the children that fail are pooled; while the pool itself fails, the smallest sibling that passed is
 * added to it. When no proper split remains, the node is shown undivided, and so is everything below it; an unpublished
 * echo of it goes on in the levels below, because a coarser tree may join an undivided node with others that are
 * divided, and must then count its people among the children. There is at most one pool under a node: a pool of the
 * input tree always joins the new one.
 */
#include "protect/partition.h"

#include <stdlib.h>

/* Adds the counts of one unit, by shown group and table; false when a wage figure would give an employer away. */
static bool add_unit(const ProtectRule *rule, const Panel *p, const PanelSplit *s, size_t level, const Grouping *g,
    uint32_t unit, bool alone, Counts *sums)
{
    for (size_t group = 0; group < s->group_count; group++) {
        uint32_t shown = g->of[group];
        for (size_t t = 0; t < p->table_count && shown != PANEL_NONE; t++) {
            const ProtectCell *c = p->tables[t].needed ? panel_cell(p, s, level, t, unit, group) : NULL;
            if (c && alone && g->size[shown] == 1 && panel_active(p, t) && !rule_employers_pass(rule, c))
                return false;
            counts_add(&sums[shown * p->table_count + t], c);
        }
    }
    return true;
}

static bool sums_pass(
    const ProtectRule *rule, const Panel *p, const PanelSplit *s, size_t level, const Grouping *g, const Counts *sums)
{
    for (uint32_t shown = 0; shown < g->count; shown++)
        if (!panel_counts_pass(rule, p, s, level, &sums[shown * p->table_count]))
            return false;
    return true;
}

static int64_t unit_people(const Panel *p, size_t level, uint32_t unit)
{
    int64_t most = 0;
    for (size_t t = 0; t < p->table_count; t++) {
        const ProtectCell *c = panel_cell(p, &p->splits[0], level, t, unit, 0);
        if (c && !p->tables[t].withheld && c->denominator > most)
            most = c->denominator;
    }
    return most;
}

Status tree_of_units(const Panel *p, Arena *arena, Tree *out, Error *err)
{
    *out = (Tree){0};
    for (size_t l = 0; l < p->level_count; l++) {
        TreeLevel *level = &out->levels[l];
        level->count = p->levels[l].count;
        TRY(arena_new(arena, Node, level->count, &level->nodes, err));
        uint32_t *index;
        TRY(arena_new(arena, uint32_t, level->count, &index, err));
        for (uint32_t u = 0; u < level->count; u++) {
            const PanelUnit *unit = &p->levels[l].units[u];
            index[u] = u;
            level->nodes[u] = (Node){.id = unit->code,
                .parent = unit->parent,
                .units = &index[u],
                .count = 1,
                .people = unit_people(p, l, u)};
        }
    }
    return OK;
}

static int compare_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* One parent's children on their way: which are pooled so far. */
typedef struct Pooling {
    const ProtectRule *rule;
    const Panel *panel;
    const PanelSplit *split;
    const Grouping *grouping;
    size_t level;
    const Node *children; /* all nodes of the input level */
    const uint32_t *at;   /* those under this parent */
    size_t count;
    bool *pooled;    /* [count] */
    uint32_t *units; /* members of the pool; room for all units of the level */
    size_t unit_count;
    Counts *pool_sums;        /* of the pool so far, by shown group and table */
    Counts *node_sums;        /* scratch, as large */
    const TreeLevel *earlier; /* NULL: nothing to keep whole */
    uint32_t *earlier_of;     /* unit -> node of earlier; PANEL_NONE */
    size_t *inside;           /* [nodes of earlier], all zero between uses */
} Pooling;

static size_t sums_size(const Pooling *w)
{
    return w->grouping->count * w->panel->table_count;
}

static bool node_passes(const Pooling *w, const Node *n)
{
    memset(w->node_sums, 0, sums_size(w) * sizeof *w->node_sums);
    for (size_t u = 0; u < n->count; u++)
        if (!add_unit(w->rule, w->panel, w->split, w->level, w->grouping, n->units[u], n->count == 1, w->node_sums))
            return false;
    return sums_pass(w->rule, w->panel, w->split, w->level, w->grouping, w->node_sums);
}

/* Running sums: pools grow one by one to hundreds of places. */
static void pool_add(Pooling *w, size_t i)
{
    const Node *n = &w->children[w->at[i]];
    w->pooled[i] = true;
    memcpy(w->units + w->unit_count, n->units, n->count * sizeof *n->units);
    w->unit_count += n->count;
    for (size_t u = 0; u < n->count; u++)
        (void)add_unit(w->rule, w->panel, w->split, w->level, w->grouping, n->units[u], false, w->pool_sums);
}

/* Fewest people first, then by code: the same choice whatever the order of the input. */
static size_t smallest_outside(const Pooling *w)
{
    size_t best = w->count;
    for (size_t i = 0; i < w->count; i++) {
        const Node *n = &w->children[w->at[i]];
        if (w->pooled[i] || n->people == 0)
            continue;
        const Node *b = best < w->count ? &w->children[w->at[best]] : NULL;
        if (!b || n->people < b->people || (n->people == b->people && slice_cmp(n->id, b->id) < 0))
            best = i;
    }
    return best;
}

/* Whether a node cuts through a node of the earlier tree: holds some of its units but not all. */
static bool cuts_earlier(const Pooling *w, const Node *n)
{
    bool cuts = false;
    if (!w->earlier)
        return false;
    for (size_t u = 0; u < n->count; u++)
        if (w->earlier_of[n->units[u]] != PANEL_NONE)
            w->inside[w->earlier_of[n->units[u]]]++;
    for (size_t u = 0; u < n->count; u++) {
        uint32_t e = w->earlier_of[n->units[u]];
        if (e != PANEL_NONE && w->inside[e] < w->earlier->nodes[e].count)
            cuts = true;
    }
    for (size_t u = 0; u < n->count; u++)
        if (w->earlier_of[n->units[u]] != PANEL_NONE)
            w->inside[w->earlier_of[n->units[u]]] = 0;
    return cuts;
}

/* Decides who is pooled. False: no proper split remains. */
static bool pool_decide(Pooling *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const Node *n = &w->children[w->at[i]];
        if (cuts_earlier(w, n) || !node_passes(w, n))
            pool_add(w, i);
    }
    if (w->unit_count == 0)
        return true;
    for (size_t i = 0; i < w->count; i++)
        if (w->children[w->at[i]].pool && !w->pooled[i])
            pool_add(w, i);
    for (;;) {
        size_t next = smallest_outside(w);
        if (next == w->count)
            return false;
        if (w->unit_count > 1 && sums_pass(w->rule, w->panel, w->split, w->level, w->grouping, w->pool_sums))
            return true;
        pool_add(w, next);
    }
}

/* The pool as one node. */
static Status pool_node(const Pooling *w, uint32_t parent, Slice parent_id, Arena *arena, Node *out, Error *err)
{
    const char *id;
    TRY(arena_printf(arena, &id, err, PROTECT_POOL "%.*s", SLICE_ARG(parent_id)));
    uint32_t *units;
    TRY(arena_new(arena, uint32_t, w->unit_count, &units, err));
    memcpy(units, w->units, w->unit_count * sizeof *units);
    qsort(units, w->unit_count, sizeof *units, compare_index);
    *out = (Node){.id = slice_of(id), .parent = parent, .units = units, .count = w->unit_count, .pool = true};
    for (size_t i = 0; i < w->count; i++)
        out->people += w->pooled[i] ? w->children[w->at[i]].people : 0;
    return OK;
}

/* Writes the nodes under one parent to out; in_to_out of each child becomes its new node. */
static Status pool_write(const Pooling *w, uint32_t parent, const Node *above, bool echo, Arena *arena, TreeLevel *out,
    uint32_t *in_to_out, Error *err)
{
    for (size_t i = 0; i < w->count; i++)
        if (!w->pooled[i]) {
            in_to_out[w->at[i]] = (uint32_t)out->count;
            Node own = w->children[w->at[i]];
            own.parent = parent;
            own.echo = false;
            out->nodes[out->count++] = own;
        }
    if (w->unit_count == 0)
        return OK;
    for (size_t i = 0; i < w->count; i++)
        if (w->pooled[i])
            in_to_out[w->at[i]] = (uint32_t)out->count;
    Node pool;
    TRY(pool_node(w, parent, above->id, arena, &pool, err));
    pool.echo = echo;
    out->nodes[out->count++] = pool;
    return OK;
}

static Status coarsen_parent(Pooling *w, const TreeLevel *above, uint32_t parent, size_t peopled, Arena *arena,
    TreeLevel *out, uint32_t *in_to_out, Error *err)
{
    const Node *node = &above->nodes[parent];
    bool only_echo = peopled == 1;
    for (size_t i = 0; i < w->count; i++)
        if (w->children[w->at[i]].people > 0 && !w->children[w->at[i]].echo)
            only_echo = false;
    memset(w->pooled, 0, w->count * sizeof *w->pooled);
    memset(w->pool_sums, 0, sums_size(w) * sizeof *w->pool_sums);
    w->unit_count = 0;
    bool divided = !node->echo && !only_echo && pool_decide(w);
    for (size_t i = 0; i < w->count && !divided; i++)
        if (!w->pooled[i])
            pool_add(w, i);
    if (!node->echo) {
        out->parents++;
        out->undivided += !divided;
    }
    return pool_write(w, parent, node, !divided, arena, out, in_to_out, err);
}

static Status coarsen_level(
    Pooling *w, const Tree *in, const uint32_t *above_map, Arena *arena, Tree *out, uint32_t *map, Error *err)
{
    const TreeLevel *from = &in->levels[w->level];
    const TreeLevel *above = &out->levels[w->level - 1];
    TreeLevel *to = &out->levels[w->level];
    uint32_t *at;
    TRY(arena_new(arena, Node, from->count, &to->nodes, err));
    TRY(arena_new(arena, uint32_t, from->count, &at, err));
    TRY(arena_new(arena, bool, from->count, &w->pooled, err));
    TRY(arena_new(arena, uint32_t, w->panel->levels[w->level].count, &w->units, err));
    w->children = from->nodes;
    w->at = at;
    for (size_t i = 0; i < from->count; i++)
        map[i] = PANEL_NONE;
    for (uint32_t parent = 0; parent < above->count; parent++) {
        size_t peopled = 0;
        w->count = 0;
        for (uint32_t i = 0; i < from->count; i++) {
            if (above_map[from->nodes[i].parent] != parent)
                continue;
            peopled += from->nodes[i].people > 0;
            at[w->count++] = i;
        }
        if (peopled > 0)
            TRY(coarsen_parent(w, above, parent, peopled, arena, to, map, err));
    }
    return OK;
}

static Status note_earlier(Pooling *w, const Tree *earlier, Arena *arena, Error *err)
{
    w->earlier = earlier && earlier->levels[w->level].count > 0 ? &earlier->levels[w->level] : NULL;
    if (!w->earlier)
        return OK;
    size_t units = w->panel->levels[w->level].count;
    TRY(arena_new(arena, uint32_t, units, &w->earlier_of, err));
    TRY(arena_new(arena, size_t, w->earlier->count, &w->inside, err));
    for (size_t u = 0; u < units; u++)
        w->earlier_of[u] = PANEL_NONE;
    for (uint32_t e = 0; e < w->earlier->count; e++)
        for (size_t u = 0; u < w->earlier->nodes[e].count; u++)
            w->earlier_of[w->earlier->nodes[e].units[u]] = e;
    return OK;
}

Status tree_coarsen(const ProtectRule *rule, const Panel *p, const PanelSplit *s, const Tree *in, const Tree *earlier,
    const Grouping *top, const Grouping *local, Arena *arena, Tree *out, Error *err)
{
    *out = (Tree){0};
    Pooling state = {.rule = rule, .panel = p, .split = s, .grouping = top};
    TRY(arena_new(arena, Counts, sums_size(&state), &state.node_sums, err));
    if (!node_passes(&state, &in->levels[0].nodes[0]))
        return OK;
    out->levels[0] = in->levels[0];
    uint32_t *above_map;
    TRY(arena_new(arena, uint32_t, 1, &above_map, err));
    Pooling w = {.rule = rule, .panel = p, .split = s, .grouping = local};
    TRY(arena_new(arena, Counts, sums_size(&w), &w.pool_sums, err));
    TRY(arena_new(arena, Counts, sums_size(&w), &w.node_sums, err));
    for (w.level = 1; w.level < p->level_count; w.level++) {
        bool any = false;
        for (size_t t = 0; t < p->table_count; t++)
            any = any || (s->has[w.level][t] && panel_active(p, t));
        if (!any || in->levels[w.level].count == 0)
            break;
        uint32_t *map;
        TRY(arena_new(arena, uint32_t, in->levels[w.level].count, &map, err));
        TRY(note_earlier(&w, earlier, arena, err));
        TRY(coarsen_level(&w, in, above_map, arena, out, map, err));
        above_map = map;
    }
    return OK;
}
