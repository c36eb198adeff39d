/*
 * How many of 100 people of a figure the outcome's source could have seen, and how many are safely linked. Who could
 * not be seen is a group of people too: a wage record needs a Social Security number, so "95 of 100 of these 20" says
 * that one of them has none. So what is told is a band, "at least so many of 100", wide enough that the rest may be
 * nobody or the rule's minimum, and only where bands cannot be taken from each other to more than that:
 *
 * - of everybody at each place, and of groups in the whole state; not of groups at places. Then the sums that tie the
 *   told together are a tree, and what follows from bands and sums is exactly what going up and down it once finds;
 * - of the same people once: a table whose people are those of an earlier one tells what that one tells of the same
 *   places and groups, and nothing of others;
 * - a band that would be narrowed under the minimum by the others is not told, and if that does not help, none that
 *   stand in a sum with it.
 */
#include "protect/shares.h"

#include "protect/shares_bands.h"

typedef struct ShareNode {
    PublishedCell *cell; /* NULL: people of the sum above who are in no published part of it */
    size_t parent;       /* SIZE_MAX: the state */
    bool of_group;       /* one of the state's groups; `split` tells which sum */
    Slice split;
    int64_t base, rest; /* of the state's people; of them those without */
    bool told;
    int64_t low, high; /* the rest, as far as an outsider knows */
} ShareNode;

typedef VEC(ShareNode) ShareNodes;

typedef enum ShareKind { SHARE_SEEN, SHARE_LINKED } ShareKind;

static int64_t part_of(const PublishedCell *c, ShareKind kind)
{
    return kind == SHARE_SEEN ? c->cell.covered : c->cell.strong;
}

static Slice *shown_of(PublishedCell *c, ShareKind kind)
{
    return kind == SHARE_SEEN ? &c->shown_seen : &c->shown_linked;
}

static bool same_sum(const ShareNode *a, const ShareNode *b)
{
    return a->parent == b->parent && a->of_group == b->of_group && slice_eq(a->split, b->split);
}

/* What is known of a node by itself. */
static void start(const ProtectRule *rule, ShareNode *x)
{
    x->low = 0;
    x->high = x->base;
    if (!x->told)
        return;
    int step = share_step(rule->min_numerator, rule->min_complement, x->base);
    share_rest_range(share_from(x->base, x->base - x->rest, step), step, x->base, &x->low, &x->high);
}

/* Upwards, from the last nodes to the first: a whole is no more and no less than its parts. */
static void go_up(ShareNodes *list)
{
    for (size_t i = list->len; i-- > 0;) {
        const ShareNode *first = &list->at[i];
        if (first->parent == SIZE_MAX || (i > 0 && same_sum(first, &list->at[i - 1])))
            continue;
        int64_t low = 0, high = 0;
        for (size_t k = i; k < list->len && same_sum(first, &list->at[k]); k++) {
            low += list->at[k].low;
            high += list->at[k].high;
        }
        ShareNode *whole = &list->at[first->parent];
        whole->low = low > whole->low ? low : whole->low;
        whole->high = high < whole->high ? high : whole->high;
    }
}

/* Downwards: a part is what the others leave of the whole. */
static void go_down(ShareNodes *list)
{
    for (size_t from = 0, to; from < list->len; from = to) {
        const ShareNode *first = &list->at[from];
        int64_t low = 0, high = 0;
        for (to = from; to < list->len && same_sum(first, &list->at[to]); to++) {
            low += list->at[to].low;
            high += list->at[to].high;
        }
        if (first->parent == SIZE_MAX)
            continue;
        const ShareNode *whole = &list->at[first->parent];
        for (size_t i = from; i < to; i++) {
            ShareNode *x = &list->at[i];
            int64_t least = whole->low - (high - x->high), most = whole->high - (low - x->low);
            x->low = least > x->low ? least : x->low;
            x->high = most < x->high ? most : x->high;
        }
    }
}

/* Whether an outsider knows that fewer than the minimum are without, or with; of people who are enough to be told. */
static bool is_few(const ProtectRule *rule, const ShareNode *x)
{
    if (x->base < rule->min_n)
        return false;
    return x->high < rule->min_complement || x->base - x->low < rule->min_numerator;
}

/* Tells less around one node; false when there is nothing left that could be kept back. */
static bool tell_less(ShareNodes *list, size_t i)
{
    ShareNode *x = &list->at[i];
    bool less = x->told;
    x->told = false;
    for (size_t k = 0; k < list->len && !less; k++) {
        ShareNode *y = &list->at[k];
        bool near = k == x->parent || y->parent == i || (x->parent != SIZE_MAX && same_sum(x, y));
        if (near && y->told) {
            y->told = false;
            less = true;
        }
    }
    return less;
}

static void decide(const ProtectRule *rule, ShareNodes *list)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < list->len; i++)
            start(rule, &list->at[i]);
        go_up(list);
        go_down(list);
        for (size_t i = 0; i < list->len && !again; i++)
            again = is_few(rule, &list->at[i]) && tell_less(list, i);
    }
}

static bool may_tell(const PublishedCell *c)
{
    return c->cell.base > 0 && c->hiding == PROTECT_SHOWN;
}

/* The parts of one whole: the cells from `from` on that `belongs` says, and who is in none of them. */
static Status add_parts(ShareNodes *list, size_t parent, Slice split, PublishedCell *cells, size_t count, bool groups,
    ShareKind kind, Error *err)
{
    const ShareNode whole = list->at[parent];
    int64_t base = 0, rest = 0;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        PublishedCell *c = &cells[i];
        if (!slice_eq(c->cell.split, split) || !may_tell(c))
            continue;
        if (groups ? c->cell.parent.len > 0 : !slice_eq(c->cell.parent, whole.cell->cell.unit))
            continue;
        ShareNode x = {.cell = c, .parent = parent, .of_group = groups, .split = split, .told = true};
        x.base = c->cell.base;
        x.rest = c->cell.base - part_of(c, kind);
        base += x.base;
        rest += x.rest;
        found++;
        TRY(vec_push(list, x, err));
    }
    if (found == 0 || base >= whole.base)
        return OK;
    const ShareNode left = {
        .parent = parent, .of_group = groups, .split = split, .base = whole.base - base, .rest = whole.rest - rest};
    return vec_push(list, left, err);
}

static bool same_level(const PublishedCell *a, const PublishedCell *b)
{
    return slice_eq(a->cell.level, b->cell.level) && slice_eq(a->cell.split, b->cell.split);
}

/* Cells of one table and year, sorted by level, split and unit. Nodes of one sum stand together, wholes before parts.
 */
static Status gather(PublishedCell *cells, size_t count, ShareKind kind, ShareNodes *list, Error *err)
{
    PublishedCell *state = NULL;
    for (size_t i = 0; i < count && !state; i++)
        if (cells[i].cell.parent.len == 0 && slice_eq_z(cells[i].cell.split, "all") && may_tell(&cells[i]))
            state = &cells[i];
    if (!state)
        return OK;
    TRY(vec_push(list,
        ((ShareNode){.cell = state,
            .parent = SIZE_MAX,
            .split = state->cell.split,
            .base = state->cell.base,
            .rest = state->cell.base - part_of(state, kind),
            .told = true}),
        err));
    size_t wholes = 0; /* nodes of the level above the cells that come next */
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && same_level(&cells[from], &cells[to]);)
            to++;
        bool all = slice_eq_z(cells[from].cell.split, "all"), top = cells[from].cell.parent.len == 0;
        if (top && !all)
            TRY(add_parts(list, 0, cells[from].cell.split, &cells[from], to - from, true, kind, err));
        if (top || !all)
            continue;
        size_t below = list->len;
        for (size_t w = wholes; w < below; w++)
            if (list->at[w].cell && !list->at[w].of_group)
                TRY(add_parts(list, w, cells[from].cell.split, &cells[from], to - from, false, kind, err));
        wholes = below;
    }
    return OK;
}

/* The cell of another table that stands for the same people; NULL. */
static PublishedCell *twin_of(const PublishedCell *c, PublishedCell *cells, size_t count, ShareKind kind)
{
    for (size_t i = 0; i < count; i++) {
        PublishedCell *o = &cells[i];
        if (slice_eq(o->cell.level, c->cell.level) && slice_eq(o->cell.unit, c->cell.unit) &&
            slice_eq(o->members, c->members) && slice_eq(o->cell.split, c->cell.split) &&
            slice_eq(o->cell.grp, c->cell.grp) && slice_eq(o->groups, c->groups))
            return o->cell.base == c->cell.base && part_of(o, kind) == part_of(c, kind) ? o : NULL;
    }
    return NULL;
}

typedef struct TableYear {
    PublishedCell *at;
    size_t count;
    Slice lineage;
} TableYear;

/* The first table of the lineage and year that is about the same people, itself if there is none before it. */
static const TableYear *first_of_people(const TableYear *list, size_t own, ShareKind kind)
{
    const TableYear *t = &list[own];
    for (size_t i = 0; i < own; i++)
        if (slice_eq(list[i].lineage, t->lineage) && list[i].at->cell.year == t->at->cell.year &&
            list[i].at->cell.base == t->at->cell.base && part_of(list[i].at, kind) == part_of(t->at, kind))
            return &list[i];
    return t;
}

static Status tell(const ProtectRule *rule, const ShareNode *x, ShareKind kind, Arena *arena, Error *err)
{
    if (!x->told || !x->cell)
        return OK;
    const char *text;
    int step = share_step(rule->min_numerator, rule->min_complement, x->base);
    TRY(arena_printf(arena, &text, err, "%d", share_from(x->base, x->base - x->rest, step)));
    *shown_of(x->cell, kind) = slice_of(text);
    return OK;
}

static Status show_table(
    const ProtectRule *rule, const TableYear *list, size_t own, ShareKind kind, Arena *arena, Error *err)
{
    const TableYear *first = first_of_people(list, own, kind);
    ShareNodes nodes = {0};
    Status st = gather(list[own].at, list[own].count, kind, &nodes, err);
    if (st == OK && first == &list[own])
        decide(rule, &nodes);
    for (size_t i = 0; i < nodes.len && st == OK; i++) {
        ShareNode *x = &nodes.at[i];
        if (first != &list[own] && x->cell) {
            PublishedCell *twin = twin_of(x->cell, first->at, first->count, kind);
            x->told = twin && shown_of(twin, kind)->len > 0;
        }
        st = tell(rule, x, kind, arena, err);
    }
    vec_free(&nodes);
    return st;
}

Status shares_show(const ProtectRule *rule, PublishedCell *cells, size_t count, Arena *arena, Error *err)
{
    VEC(TableYear) list = {0};
    Status st = OK;
    for (size_t from = 0, to; from < count && st == OK; from = to) {
        unsigned tier;
        const ProtectCell *c = &cells[from].cell;
        for (to = from; to < count && slice_eq(cells[to].cell.table, c->table) && cells[to].cell.year == c->year;
             to++) {
            cells[to].shown_seen = (Slice){"", 0};
            cells[to].shown_linked = (Slice){"", 0};
        }
        st = vec_push(&list, ((TableYear){&cells[from], to - from, rule_lineage(rule, c->table, &tier)}), err);
    }
    for (size_t i = 0; i < list.len && st == OK; i++)
        for (int kind = SHARE_SEEN; kind <= SHARE_LINKED && st == OK; kind++)
            st = show_table(rule, list.at, i, (ShareKind)kind, arena, err);
    vec_free(&list);
    return st;
}
