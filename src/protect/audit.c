/*
 * The auditor: what somebody who wishes us ill could work out, checked before anything leaves.
 *
 * It shares no code with the protector and reads the rule's parameters for itself. From the published cells, and the
 * input they claim to sum, it shows
 *   1. every cell alone: right sums, the minimums met, nothing printed sharper than the rule allows;
 *   2. within a table: units of a level disjoint, each pool complete, children summing to their parent, groups to their
 * unit;
 *   3. between tables about the same people: one partition of places, which every split only coarsens, and one
 * grouping. README.md shows why these three are enough: whatever can be added and subtracted is then a union of
 * published cells.
 *
 * Maps from printed keys hold everything; a release of half a million cells takes about a second.
 */
#include "protect/limits.h"

#include <math.h>

/* A block above a cell's level, and how many people of it the cell holds. */
typedef struct Around {
    uint64_t block;
    int64_t inside;
    bool counts; /* the block's tier counts somebody at one of these places */
} Around;

typedef struct Audit {
    Limits limits;
    const ProtectCell *input;
    const PublishedCell *cells;
    size_t count;
    Buf key;
    Map input_cells;    /* table year level split unit grp -> input index */
    Map input_units;    /* table year level unit -> index of its "all" cell */
    Map peopled;        /* family tier year level unit: somebody is counted there in that tier */
    Map unit_known;     /* family year level unit -> index of an input cell of it, in any table */
    Map levels;         /* family year level: the levels this family reports on */
    Map placed;         /* table year split level member grp-of-groups -> cell: each atom published once */
    Map block_of;       /* table year split level member -> first cell of its block */
    Map family_block;   /* family year split level member -> first cell of its block in any table */
    Map grouping;       /* family year split local|top group -> first cell that shows it */
    Map block_sum;      /* table year split level unit -> index in sums */
    Map published;      /* table year level split: there is such a cell */
    Map child_sum;      /* table year split child level, parent unit -> index in sums */
    VEC(Around) around; /* scratch of made_of_blocks */
    VEC(int64_t) sums;  /* pairs: people, people with the outcome */
    struct {
        Slice table, lineage;
        unsigned tier;
    } last; /* table that was asked about: cells come table by table */
} Audit;

#define EVERY_UNIT " " /* no code: marks a level at which a tier shows something */

static Slice lineage_of(Audit *a, Slice table, unsigned *tier)
{
    if (!a->last.table.ptr || !slice_eq(a->last.table, table)) {
        a->last.lineage = limits_lineage(&a->limits, table, &a->last.tier);
        a->last.table = table;
    }
    *tier = a->last.tier;
    return a->last.lineage;
}

static Slice family_of(Audit *a, Slice table)
{
    unsigned tier;
    return lineage_of(a, table, &tier);
}

static unsigned tier_of(Audit *a, Slice table)
{
    unsigned tier;
    (void)lineage_of(a, table, &tier);
    return tier;
}

static Slice tier_name(unsigned tier)
{
    return (Slice){&"0123456789abcdefg"[tier], 1};
}

/* 1-based place of a level in the hierarchy; 0 when it is not in it. */
static uint64_t level_place(const Audit *a, Slice level)
{
    uint64_t i = 1;
    for (const Toml *l = a->limits.hierarchy->first; l; l = l->next, i++)
        if (slice_eq(l->string, level))
            return i;
    return 0;
}

static Status fail(const ProtectCell *c, const char *why, Error *err)
{
    return error_set(err, ERR_DENIED, "audit: table %.*s, year %d, level %.*s, split %.*s: %s", SLICE_ARG(c->table),
        (int)c->year, SLICE_ARG(c->level), SLICE_ARG(c->split), why);
}

/* Joins parts with a byte no code contains. Valid until the next call. */
static Slice key_of(Audit *a, Slice table, int32_t year, const Slice *parts, size_t count)
{
    buf_reset(&a->key);
    buf_add(&a->key, table);
    buf_addc(&a->key, '\x1f');
    buf_add_i64(&a->key, year);
    for (size_t i = 0; i < count; i++) {
        buf_addc(&a->key, '\x1f');
        buf_add(&a->key, parts[i]);
    }
    return buf_slice(&a->key);
}
#define KEY(a, table, year, ...) \
    key_of((a), (table), (year), (const Slice[]){__VA_ARGS__}, sizeof((const Slice[]){__VA_ARGS__}) / sizeof(Slice))

static Slice units_of(const PublishedCell *c)
{
    return c->members.len > 0 ? c->members : c->cell.unit;
}

static Slice groups_in(const PublishedCell *c)
{
    return c->groups.len > 0 ? c->groups : c->cell.grp;
}

/* Both sorted, which check_alone has shown of every list: one walk. */
static bool list_within(Slice list, Slice other)
{
    while (list.ptr) {
        Slice item = slice_cut(&list, ' ');
        int order = 1;
        while (other.ptr && order > 0)
            order = slice_cmp(item, slice_cut(&other, ' '));
        if (order != 0)
            return false;
    }
    return true;
}

/* Sorted, without repeats, and as many as claimed. */
static bool list_is_set(Slice list, uint64_t expected)
{
    Slice last = {NULL, 0};
    uint64_t n = 0;
    while (list.ptr) {
        Slice item = slice_cut(&list, ' ');
        if (item.len == 0 || (last.ptr && slice_cmp(last, item) >= 0))
            return false;
        last = item;
        n++;
    }
    return expected == 0 || n == expected;
}

static Status index_input(Audit *a, size_t count, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        const ProtectCell *c = &a->input[i];
        bool fresh;
        TRY(map_put(&a->input_cells, KEY(a, c->table, c->year, c->level, c->split, c->unit, c->grp), i, &fresh, err));
        if (!fresh)
            return fail(c, "an input cell occurs twice", err);
        Slice family = family_of(a, c->table);
        uint64_t first;
        TRY(map_get_or_put(&a->unit_known, KEY(a, family, c->year, c->level, c->unit), i, &first, err));
        if (!slice_eq(a->input[first].parent, c->parent))
            return fail(c, "a unit has two parents", err);
        if (slice_eq_z(c->split, "all") && c->denominator > 0)
            TRY(map_put(&a->peopled, KEY(a, family, c->year, tier_name(tier_of(a, c->table)), c->level, c->unit), i,
                NULL, err));
        if (slice_eq_z(c->split, "all"))
            TRY(map_put(&a->input_units, KEY(a, c->table, c->year, c->level, c->unit), i, NULL, err));
    }
    return OK;
}

/* --- 1. every cell alone -------------------------------------------------------------------------------------- */

static Status check_minimums(const Audit *a, const PublishedCell *p, Error *err)
{
    const ProtectCell *c = &p->cell;
    const Limits *m = &a->limits;
    if (c->denominator < m->n)
        return fail(c, "a figure stands for fewer people than the minimum", err);
    if (!c->is_median) {
        if (c->numerator < m->numerator || c->denominator - c->numerator < m->complement)
            return fail(c, "too few people with or without the outcome", err);
        return OK;
    }
    if (p->shown_value.len == 0)
        return OK;
    if (c->employers < m->employers || c->top_employer * 100 > m->top_employer * c->denominator)
        return fail(c, "a wage figure rests on too few employers", err);
    return OK;
}

static Status check_sum(Audit *a, const PublishedCell *p, Error *err)
{
    const ProtectCell *c = &p->cell;
    int64_t n = 0, k = 0, covered = 0, base = 0, strong = 0, pairs = 0, correct = 0, missed = 0;
    const ProtectCell *only = NULL;
    size_t parts = 0;
    for (Slice units = units_of(p); units.ptr;) {
        Slice unit = slice_cut(&units, ' ');
        uint64_t at;
        if (!map_get(&a->unit_known, KEY(a, family_of(a, c->table), c->year, c->level, unit), &at))
            return fail(c, "a pool has a member the input does not know", err);
        for (Slice groups = groups_in(p); groups.ptr;) {
            Slice group = slice_cut(&groups, ' ');
            parts++;
            if (!map_get(&a->input_cells, KEY(a, c->table, c->year, c->level, c->split, unit, group), &at))
                continue;
            only = &a->input[at];
            n += only->denominator;
            k += only->numerator;
            covered += only->covered;
            base += only->base;
            strong += only->strong;
            pairs += only->link_pairs;
            correct += only->link_correct;
            missed += only->link_missed;
        }
    }
    if (n != c->denominator || k != c->numerator || covered != c->covered || base != c->base || strong != c->strong ||
        pairs != c->link_pairs || correct != c->link_correct || missed != c->link_missed)
        return fail(c, "a published number differs from the sum of its members", err);
    if (!c->is_median)
        return OK;
    if (parts > 1) {
        if (p->shown_value.len > 0 || !isnan(c->value) || !isnan(c->fuzzy))
            return fail(c, "a median is given for a pool", err);
        return OK;
    }
    if (!only || only->employers != c->employers || only->top_employer != c->top_employer)
        return fail(c, "employers differ from the input", err);
    if (isnan(c->fuzzy) ? p->shown_value.len > 0 : only->fuzzy < c->fuzzy || only->fuzzy > c->fuzzy)
        return fail(c, "a median differs from the input", err);
    return OK;
}

static Status check_shown(const Audit *a, const PublishedCell *p, Error *err)
{
    const char *why = limits_shown_wrong(&a->limits, p, &p->cell);
    return why ? fail(&p->cell, why, err) : OK;
}

static Status check_alone(Audit *a, const PublishedCell *p, Error *err)
{
    const ProtectCell *c = &p->cell;
    if (level_place(a, c->level) == 0)
        return fail(c, "the level is not in the hierarchy", err);
    if (!list_is_set(units_of(p), p->unit_count) || !list_is_set(groups_in(p), 0))
        return fail(c, "members are not a set", err);
    if ((p->members.len > 0) != slice_starts(c->unit, SLICE(PROTECT_POOL)) ||
        (p->groups.len > 0) != slice_eq_z(c->grp, PROTECT_OTHER))
        return fail(c, "a pool is not named as one, or names no members", err);
    TRY(check_minimums(a, p, err));
    TRY(check_sum(a, p, err));
    return check_shown(a, p, err);
}

/* --- 2. within a table ---------------------------------------------------------------------------------------- */

/* Every (unit, group) at most once; all groups of a unit in the same block. */
static Status place(Audit *a, size_t i, Error *err)
{
    const PublishedCell *p = &a->cells[i];
    const ProtectCell *c = &p->cell;
    for (Slice units = units_of(p); units.ptr;) {
        Slice unit = slice_cut(&units, ' ');
        for (Slice groups = groups_in(p); groups.ptr;) {
            Slice group = slice_cut(&groups, ' ');
            bool fresh;
            TRY(map_put(&a->placed, KEY(a, c->table, c->year, c->split, c->level, unit, group), i, &fresh, err));
            if (!fresh)
                return fail(c, "the same people are in two published cells", err);
        }
        uint64_t first;
        TRY(map_get_or_put(&a->block_of, KEY(a, c->table, c->year, c->split, c->level, unit), i, &first, err));
        const PublishedCell *f = &a->cells[first];
        if (!slice_eq(units_of(f), units_of(p)) || !slice_eq(f->cell.unit, c->unit) ||
            !slice_eq(f->cell.parent, c->parent))
            return fail(c, "two partitions of one level overlap", err);
    }
    return OK;
}

static Status sum_at(Audit *a, Map *map, Slice key, const ProtectCell *c, Error *err)
{
    uint64_t at;
    TRY(map_get_or_put(map, key, a->sums.len, &at, err));
    if (at == a->sums.len) {
        TRY(vec_push(&a->sums, 0, err));
        TRY(vec_push(&a->sums, 0, err));
    }
    a->sums.at[at] += c->denominator;
    a->sums.at[at + 1] += c->numerator;
    return OK;
}

/* The nearest coarser level that this family reports on; an empty slice at the top. */
static Slice level_above(Audit *a, const ProtectCell *c)
{
    Slice above = {NULL, 0};
    uint64_t own = level_place(a, c->level), i = 1, at;
    for (const Toml *l = a->limits.hierarchy->first; l && i < own; l = l->next, i++)
        if (map_get(&a->levels, KEY(a, family_of(a, c->table), c->year, l->string), &at))
            above = l->string;
    return above;
}

static Status note_levels(Audit *a, size_t count, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        const ProtectCell *c = &a->input[i];
        TRY(map_put(&a->levels, KEY(a, family_of(a, c->table), c->year, c->level), 1, NULL, err));
    }
    return OK;
}

static Status sum_block(Audit *a, const PublishedCell *p, Error *err)
{
    const ProtectCell *c = &p->cell;
    TRY(sum_at(a, &a->block_sum, KEY(a, c->table, c->year, c->split, c->level, c->unit), c, err));
    Slice above = level_above(a, c);
    if (!above.ptr)
        return c->parent.len == 0 ? OK : fail(c, "a cell of the coarsest level names a parent", err);
    TRY(sum_at(a, &a->child_sum, KEY(a, c->table, c->year, c->split, above, c->parent), c, err));
    /* Each member lies in the block that is named as parent. */
    for (Slice units = units_of(p); units.ptr;) {
        Slice unit = slice_cut(&units, ' ');
        uint64_t at;
        if (!map_get(&a->unit_known, KEY(a, family_of(a, c->table), c->year, c->level, unit), &at))
            return fail(c, "a pool has a member the input does not know", err);
        Slice up = a->input[at].parent;
        if (!map_get(&a->block_of, KEY(a, c->table, c->year, c->split, above, up), &at) ||
            !slice_eq(a->cells[at].cell.unit, c->parent))
            return fail(c, "a member does not lie in the parent its cell names", err);
    }
    return OK;
}

/* Groups sum to the units' totals; children, where there are any, to their parent. */
static Status check_block_sums(Audit *a, const PublishedCell *p, Error *err)
{
    const ProtectCell *c = &p->cell;
    uint64_t at, children;
    if (!map_get(&a->block_sum, KEY(a, c->table, c->year, c->split, c->level, c->unit), &at))
        return fail(c, "a block was lost", err);
    int64_t n = 0, k = 0;
    for (Slice units = units_of(p); units.ptr;) {
        Slice unit = slice_cut(&units, ' ');
        uint64_t all;
        if (!map_get(&a->input_units, KEY(a, c->table, c->year, c->level, unit), &all))
            continue; /* nobody of this table */
        n += a->input[all].denominator;
        k += a->input[all].numerator;
    }
    if (a->sums.at[at] != n || a->sums.at[at + 1] != k)
        return fail(c, "a group was dropped: the groups do not sum to their unit", err);
    if (map_get(&a->child_sum, KEY(a, c->table, c->year, c->split, c->level, c->unit), &children) &&
        (a->sums.at[children] != n || a->sums.at[children + 1] != k))
        return fail(c, "a member was dropped: units do not sum to their parent", err);
    return OK;
}

/* --- 3. between tables about the same people ------------------------------------------------------------------- */

/* One partition a lineage, tier, year, split and level, whatever the table. */
static Status share_blocks(Audit *a, size_t i, Error *err)
{
    const PublishedCell *p = &a->cells[i];
    const ProtectCell *c = &p->cell;
    unsigned tier;
    Slice family = lineage_of(a, c->table, &tier);
    if (tier >= LIMITS_MAX_TIERS)
        return fail(c, "the families coarsen each other too deeply", err);
    for (Slice units = units_of(p); units.ptr;) {
        Slice unit = slice_cut(&units, ' ');
        uint64_t first;
        TRY(map_get_or_put(
            &a->family_block, KEY(a, family, c->year, tier_name(tier), c->split, c->level, unit), i, &first, err));
        if (!slice_eq(units_of(&a->cells[first]), units_of(p)))
            return fail(c, "tables about the same people are partitioned differently", err);
    }
    TRY(map_put(&a->family_block, KEY(a, family, c->year, tier_name(tier), c->split, c->level, SLICE(EVERY_UNIT)), i,
        NULL, err));
    Slice where = c->parent.len == 0 ? SLICE("top") : SLICE("local");
    for (Slice groups = groups_in(p); groups.ptr;) {
        Slice group = slice_cut(&groups, ' ');
        uint64_t first;
        TRY(map_get_or_put(
            &a->grouping, KEY(a, family, c->year, tier_name(tier), c->split, where, group), i, &first, err));
        if (!slice_eq(groups_in(&a->cells[first]), groups_in(p)))
            return fail(c, "groups are put together differently in two places", err);
    }
    return OK;
}

/* The published block of a tier and split that a unit lies in: at its own level or, where that is undivided, the
 * nearest above. */
static bool block_around(Audit *a, const ProtectCell *c, unsigned tier, Slice split, Slice unit, uint64_t *block)
{
    ProtectCell at = *c;
    for (;;) {
        Slice family = family_of(a, c->table);
        if (map_get(&a->family_block, KEY(a, family, c->year, tier_name(tier), split, at.level, unit), block))
            return true;
        uint64_t known;
        if (!map_get(&a->unit_known, KEY(a, family, c->year, at.level, unit), &known))
            return false;
        unit = a->input[known].parent;
        at.level = level_above(a, &at);
        if (!at.level.ptr)
            return false;
    }
}

static int64_t people_of(Audit *a, const ProtectCell *c, Slice level, Slice unit)
{
    uint64_t at;
    return map_get(&a->input_units, KEY(a, c->table, c->year, level, unit), &at) ? a->input[at].denominator : 0;
}

static Status count_around(Audit *a, uint64_t block, int64_t people, bool counts, Error *err)
{
    for (size_t i = 0; i < a->around.len; i++)
        if (a->around.at[i].block == block) {
            a->around.at[i].inside += people;
            a->around.at[i].counts = a->around.at[i].counts || counts;
            return OK;
        }
    return vec_push(&a->around, ((Around){block, people, counts}), err);
}

/* Whether of each block above that a cell holds people of, it holds all. */
static bool holds_all_around(Audit *a, const ProtectCell *c)
{
    for (size_t i = 0; i < a->around.len; i++) {
        const PublishedCell *block = &a->cells[a->around.at[i].block];
        int64_t whole = 0;
        for (Slice units = units_of(block); units.ptr;)
            whole += people_of(a, c, block->cell.level, slice_cut(&units, ' '));
        if (a->around.at[i].counts && whole != a->around.at[i].inside)
            return false;
    }
    return true;
}

/* How a cell's places lie to the partition of another tier or split. */
typedef enum Nesting { NESTED, NOT_SHOWN, CUT } Nesting;

/*
 * A cell's places must be whole blocks of the other partition: at their own level or, where that is undivided, all the
 * people of the nearest block above. Where an earlier tier shows nothing at this level, lying inside its blocks is
 * nesting too. NOT_SHOWN: the other partition was not published.
 */
static Status nesting_of(Audit *a, const PublishedCell *p, unsigned tier, Slice split, Nesting *out, Error *err)
{
    const ProtectCell *c = &p->cell;
    Slice family = family_of(a, c->table);
    uint64_t at = 0, seen, last = UINT64_MAX;
    bool level_shown =
        map_get(&a->family_block, KEY(a, family, c->year, tier_name(tier), split, c->level, SLICE(EVERY_UNIT)), &seen);
    bool inside_is_enough = !level_shown && tier < tier_of(a, c->table);
    a->around.len = 0;
    *out = NESTED;
    for (Slice units = units_of(p); units.ptr && *out == NESTED;) {
        Slice unit = slice_cut(&units, ' ');
        int64_t people = people_of(a, c, c->level, unit);
        if (people == 0)
            continue; /* nobody of this table: no cell of its own */
        bool counts = map_get(&a->peopled, KEY(a, family, c->year, tier_name(tier), c->level, unit), &seen);
        bool found = block_around(a, c, tier, split, unit, &at);
        if (!found && counts)
            *out = NOT_SHOWN;
        else if (!found)
            continue;
        else if (!slice_eq(a->cells[at].cell.level, c->level))
            TRY(count_around(a, at, people, counts, err));
        else if (at != last && !list_within(units_of(&a->cells[at]), units_of(p)))
            *out = CUT;
        last = at;
    }
    if (*out == NESTED && !inside_is_enough && !holds_all_around(a, c))
        *out = CUT;
    return OK;
}

/* A group shown is made of whole groups of another tier, or of the whole state. */
static bool made_of_groups(Audit *a, const PublishedCell *p, unsigned tier, Slice where)
{
    const ProtectCell *c = &p->cell;
    Slice family = family_of(a, c->table);
    for (Slice groups = groups_in(p); groups.ptr;) {
        Slice group = slice_cut(&groups, ' ');
        uint64_t at;
        if (map_get(&a->grouping, KEY(a, family, c->year, tier_name(tier), c->split, where, group), &at) &&
            !list_within(groups_in(&a->cells[at]), groups_in(p)))
            return false;
    }
    return true;
}

/* A split only coarsens the whole of its tier, a tier only the tiers before it, a place only the state's groups. */
static Status check_nesting(Audit *a, const PublishedCell *p, Error *err)
{
    const ProtectCell *c = &p->cell;
    unsigned own = tier_of(a, c->table);
    bool below = c->parent.len > 0;
    Nesting nesting;
    if (!slice_eq_z(c->split, "all")) {
        TRY(nesting_of(a, p, own, SLICE("all"), &nesting, err));
        if (nesting == NOT_SHOWN)
            return fail(c, "a split tells apart what the whole does not", err);
        if (nesting == CUT)
            return fail(c, "a split's partition does not nest in that of the whole", err);
    }
    if (below && !made_of_groups(a, p, own, SLICE("top")))
        return fail(c, "local groups do not nest in the statewide ones", err);
    for (unsigned tier = 0; tier < own; tier++) {
        TRY(nesting_of(a, p, tier, c->split, &nesting, err));
        if (nesting == CUT)
            return fail(c, "the partition does not nest in that of a family it coarsens", err);
        if (!made_of_groups(a, p, tier, below ? SLICE("local") : SLICE("top")))
            return fail(c, "the groups do not nest in those of a family it coarsens", err);
    }
    return OK;
}

/* "table.numerator" summed over the cell's places and groups, from the input; false when that table is not published at
 * this level of the split, or is decided later than the cell's own. */
static bool count_named(Audit *a, const PublishedCell *p, Slice name, int64_t *out)
{
    const ProtectCell *c = &p->cell;
    Slice rest = name, table = slice_cut(&rest, '.');
    uint64_t at;
    if (!map_get(&a->published, KEY(a, table, c->year, c->level, c->split), &at) ||
        tier_of(a, table) > tier_of(a, c->table))
        return false;
    *out = 0;
    for (Slice units = units_of(p); units.ptr;) {
        Slice unit = slice_cut(&units, ' ');
        for (Slice groups = groups_in(p); groups.ptr;) {
            Slice group = slice_cut(&groups, ' ');
            if (map_get(&a->input_cells, KEY(a, table, c->year, c->level, c->split, unit, group), &at))
                *out += slice_eq_z(rest, "denominator") ? a->input[at].denominator : a->input[at].numerator;
        }
    }
    return true;
}

/* The counts of one side of a subset: a list of them, or the only one. */
static const Toml *first_of(const Toml *side)
{
    return side && side->type == TOML_ARRAY ? side->first : side;
}

static const Toml *next_of(const Toml *side, const Toml *name)
{
    return side->type == TOML_ARRAY ? name->next : NULL;
}

static bool side_names(const Toml *side, Slice table)
{
    for (const Toml *name = first_of(side); name; name = next_of(side, name)) {
        Slice text = name->string;
        if (slice_eq(slice_cut(&text, '.'), table))
            return true;
    }
    return false;
}

/* One side added up; false when one of its counts is not published. */
static bool sum_named(Audit *a, const PublishedCell *p, const Toml *side, int64_t *sum)
{
    for (const Toml *name = first_of(side); name; name = next_of(side, name)) {
        int64_t people;
        if (!count_named(a, p, name->string, &people))
            return false;
        *sum += people;
    }
    return first_of(side) != NULL;
}

/* What is left when a part is taken from its whole is a group of people too. Looked at where one of the counts is the
 * cell's own. */
static Status check_subsets(Audit *a, const PublishedCell *p, Error *err)
{
    for (const Toml *s = a->limits.subsets ? a->limits.subsets->first : NULL; s; s = s->next) {
        const Toml *inner = toml_get(s, "inner"), *outer = toml_get(s, "outer");
        int64_t part = 0, whole = 0;
        if (!side_names(inner, p->cell.table) && !side_names(outer, p->cell.table))
            continue;
        if (!sum_named(a, p, inner, &part) || !sum_named(a, p, outer, &whole))
            continue;
        int64_t rest = whole - part < 0 ? part - whole : whole - part;
        if (rest > 0 && rest < a->limits.numerator)
            return fail(&p->cell, "the difference to another published count stands for too few people", err);
    }
    return OK;
}

static Status audit_all(Audit *a, uint64_t *checked, Error *err)
{
    for (size_t i = 0; i < a->count; i++) {
        const ProtectCell *c = &a->cells[i].cell;
        TRY(check_alone(a, &a->cells[i], err));
        TRY(map_put(&a->published, KEY(a, c->table, c->year, c->level, c->split), i, NULL, err));
    }
    for (size_t i = 0; i < a->count; i++) {
        TRY(place(a, i, err));
        TRY(share_blocks(a, i, err));
    }
    for (size_t i = 0; i < a->count; i++)
        TRY(sum_block(a, &a->cells[i], err));
    for (size_t i = 0; i < a->count; i++) {
        TRY(check_block_sums(a, &a->cells[i], err));
        TRY(check_nesting(a, &a->cells[i], err));
        TRY(check_subsets(a, &a->cells[i], err));
    }
    *checked = a->count;
    return buf_status(&a->key, err);
}

/* Figures of suppressed families are protect_attack's. */
static Status keep_pooled(Audit *a, const Protected *p, PublishedCell **kept, Error *err)
{
    unsigned tier;
    *kept = NULL;
    if (!p->suppresses)
        return OK;
    a->count = 0;
    TRY(mem_alloc((p->count + 1) * sizeof **kept, (void **)kept, err));
    for (size_t i = 0; i < p->count; i++)
        if (!limits_suppresses(&a->limits, p->lane, lineage_of(a, p->cells[i].cell.table, &tier)))
            (*kept)[a->count++] = p->cells[i];
    a->cells = *kept;
    return OK;
}

Status protect_audit(Policy *policy, Date on, const ProtectCell *input, size_t input_count, const Protected *p,
    uint64_t *checked, Error *err)
{
    *checked = 0;
    PublishedCell *kept = NULL;
    Audit a = {.input = input, .cells = p->cells, .count = p->count};
    Map *maps[] = {&a.input_cells, &a.input_units, &a.levels, &a.unit_known, &a.peopled, &a.placed, &a.published,
        &a.block_of, &a.family_block, &a.grouping, &a.block_sum, &a.child_sum};
    buf_init(&a.key, 0);
    Status st;
    TRY_OUT(limits_read(policy, on, &a.limits, err));
    TRY_OUT(keep_pooled(&a, p, &kept, err));
    for (size_t i = 0; i < COUNT_OF(maps); i++)
        TRY_OUT(map_init(maps[i], err));
    TRY_OUT(index_input(&a, input_count, err));
    TRY_OUT(note_levels(&a, input_count, err));
    TRY_OUT(audit_shares(&a.limits, p->cells, p->count, err));
    st = audit_all(&a, checked, err);
out:
    for (size_t i = 0; i < COUNT_OF(maps); i++)
        map_free(maps[i]);
    vec_free(&a.sums);
    vec_free(&a.around);
    mem_free(kept);
    buf_free(&a.key);
    return st;
}
