/*
 * The second audit: what follows from this release together with all earlier ones that are still in force.
 *
 * Each release alone is safe because its cells nest (README.md). Two releases of the same people need not nest in each
 * other: then one is subtracted from the other, and what is left can be few. A cell is a set of atoms (smallest place,
 * group); the cells of one split, and those of everybody, of both releases, must still form a tree, and what a cell has
 * beyond its children in the tree must be nobody, or enough people by the rule. Cells that cross are refused without
 * asking what they show. Where the data were corrected, the difference of two printed figures is a group of its own.
 *
 * Shares no code with the protector; sets and sums are worked out anew from the printed cells and the input.
 */
#include "protect/protect.h"

#include <stdio.h>
#include <stdlib.h>

#define NONE UINT32_MAX
#define MAX_LEVELS 16

typedef struct UnionRule {
    int64_t n, numerator, complement;
    const Toml *families, *hierarchy;
} UnionRule;

typedef struct UnionSet { /* equal sets are one */
    uint64_t size;        /* atoms */
    uint32_t parent;      /* in the tree; NONE */
    bool placed;
} UnionSet;

typedef struct UnionCell {
    const PublishedCell *cell;
    bool is_new;
    uint32_t set;
    int64_t n, k; /* by the input of today */
} UnionCell;

typedef struct Union {
    UnionRule rule;
    const ProtectCell *input;
    size_t input_count;
    Map lineages; /* table -> index in names */
    VEC(Slice) names;
    Map cells;  /* table year level unit split grp -> input index */
    Map ranges; /* lineage year unit -> first atom << 32 | count, at the finest level */
    Buf key;
    VEC(UnionCell) list; /* those of one lineage, year and split */
    VEC(UnionSet) sets;
    Map set_of; /* the atoms of a set, as bytes -> set */
    UnionReport *report;
} Union;

static Status parameter(const PolicyFile *f, const char *name, int64_t *out, Error *err)
{
    const Toml *list = toml_get(f->toml, "parameter");
    for (const Toml *p = list ? list->first : NULL; p; p = p->next) {
        const Toml *key = toml_get(p, "name"), *value = toml_get(p, "value");
        if (!key || !slice_eq_z(key->string, name) || !value || value->type != TOML_INTEGER)
            continue;
        *out = value->integer;
        return OK;
    }
    return error_set(err, ERR_INVALID, "%s: the auditor finds no parameter %s", f->path, name);
}

static Status rule_of(Policy *policy, Date on, UnionRule *out, Error *err)
{
    const PolicyFile *f;
    TRY(policy_get(policy, "release", SLICE("coarse"), on, &f, err));
    TRY(parameter(f, "min_n", &out->n, err));
    TRY(parameter(f, "min_numerator", &out->numerator, err));
    TRY(parameter(f, "min_complement", &out->complement, err));
    out->families = toml_get(f->toml, "family");
    out->hierarchy = toml_get(f->toml, "hierarchy");
    return OK;
}

static const Toml *family(const Union *u, Slice measure, Slice name)
{
    for (const Toml *f = u->rule.families ? u->rule.families->first : NULL; f; f = f->next) {
        const Toml *own = toml_get(f, "name"), *list = toml_get(f, "measures");
        if (name.ptr && own && slice_eq(own->string, name))
            return f;
        for (const Toml *m = list && !name.ptr ? list->first : NULL; m; m = m->next)
            if (slice_eq(m->string, measure))
                return f;
    }
    return NULL;
}

static Slice root_of(const Union *u, Slice table)
{
    const Toml *f = family(u, table, (Slice){NULL, 0}), *up;
    for (int steps = 0; f && (up = toml_get(f, "coarsens")) && steps < 64; steps++)
        f = family(u, table, up->string);
    const Toml *name = f ? toml_get(f, "name") : NULL;
    return name ? name->string : table;
}

/* The root of the families that a measure's family coarsens: tables of one lineage are about the same people. */
static Slice lineage(const Union *u, Slice table)
{
    uint64_t at;
    return map_get(&u->lineages, table, &at) ? u->names.at[at] : table;
}

static Status note_lineage(Union *u, Slice table, Error *err)
{
    bool is_new;
    uint64_t at;
    if (map_get(&u->lineages, table, &at))
        return OK;
    TRY(map_put(&u->lineages, table, u->names.len, &is_new, err));
    return vec_push(&u->names, root_of(u, table), err);
}

static Status find_lineages(Union *u, const PublishedCell *old, size_t old_count, Error *err)
{
    for (size_t i = 0; i < u->input_count; i++)
        TRY(note_lineage(u, u->input[i].table, err));
    for (size_t i = 0; i < old_count; i++)
        TRY(note_lineage(u, old[i].cell.table, err));
    return OK;
}

static size_t level_of(const Union *u, Slice level)
{
    size_t i = 0;
    for (const Toml *l = u->rule.hierarchy ? u->rule.hierarchy->first : NULL; l && i < MAX_LEVELS; l = l->next, i++)
        if (slice_eq(l->string, level))
            return i;
    return MAX_LEVELS;
}

static Slice key_of(Union *u, const Slice *parts, size_t count, int32_t year)
{
    buf_reset(&u->key);
    buf_add_i64(&u->key, year);
    for (size_t i = 0; i < count; i++) {
        buf_addc(&u->key, '\x1f');
        buf_add(&u->key, parts[i]);
    }
    return buf_slice(&u->key);
}
#define KEY(u, year, ...) \
    key_of((u), (const Slice[]){__VA_ARGS__}, sizeof((const Slice[]){__VA_ARGS__}) / sizeof(Slice), (year))

/* --- places as ranges of atoms --------------------------------------------------------------------------------------
 */

typedef struct Place {
    Slice unit, parent;
    size_t level;
} Place;

typedef struct Places {
    VEC(Place) at;
    Map seen;
} Places;

/* By level, then parent, then unit: children of a place stand side by side. */
static int compare_places(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    int c = slice_cmp(x->parent, y->parent);
    return c != 0 ? c : slice_cmp(x->unit, y->unit);
}

static const Place *first_child(const Places *p, size_t level, Slice parent, size_t *count)
{
    size_t low = 0, high = p->at.len;
    const Place want = {.level = level, .parent = parent, .unit = {"", 0}};
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (compare_places(&p->at.at[mid], &want) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *count = 0;
    while (low + *count < p->at.len && p->at.at[low + *count].level == level &&
           slice_eq(p->at.at[low + *count].parent, parent))
        ++*count;
    return *count > 0 ? &p->at.at[low] : NULL;
}

/* Numbers the atoms below a place, depth first: every place is then a range. */
static Status number_place(
    Union *u, const Places *p, Slice name, int32_t year, const Place *place, uint32_t *next, Error *err)
{
    uint32_t from = *next;
    size_t count = 0;
    const Place *child = NULL;
    for (size_t level = place->level + 1; level < MAX_LEVELS && !child; level++)
        child = first_child(p, level, place->unit, &count);
    for (size_t i = 0; i < count; i++)
        TRY(number_place(u, p, name, year, child + i, next, err));
    if (count == 0)
        ++*next;
    char level[2] = {(char)('a' + place->level), '\0'};
    return map_put(
        &u->ranges, KEY(u, year, name, slice_of(level), place->unit), (uint64_t)from << 32 | (*next - from), NULL, err);
}

static Status number_places(Union *u, Slice name, int32_t year, Places *p, Error *err)
{
    uint32_t next = 0;
    if (p->at.len == 0)
        return OK;
    qsort(p->at.at, p->at.len, sizeof *p->at.at, compare_places);
    for (size_t i = 0; i < p->at.len; i++) /* the coarsest level, and whatever has lost its parent */
        if (p->at.at[i].level == p->at.at[0].level)
            TRY(number_place(u, p, name, year, &p->at.at[i], &next, err));
    return OK;
}

/* --- sets -----------------------------------------------------------------------------------------------------------
 */

typedef struct Atoms {
    VEC(uint64_t) at; /* place << 32 | group */
} Atoms;

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Everything in the split: a cell of "all" is every group of it. */
typedef struct Groups {
    Map index;
} Groups;

static Status add_range(const PublishedCell *c, uint64_t range, const Groups *g, Atoms *atoms, bool *known, Error *err)
{
    bool everybody = slice_eq_z(c->cell.split, "all");
    for (uint32_t place = (uint32_t)(range >> 32), end = place + (uint32_t)range; place < end; place++) {
        Slice groups = c->groups.len > 0 ? c->groups : c->cell.grp;
        for (size_t i = 0; everybody && i < g->index.len; i++)
            TRY(vec_push(&atoms->at, (uint64_t)place << 32 | i, err));
        while (!everybody && groups.ptr) {
            uint64_t group;
            Slice name = slice_cut(&groups, ' ');
            if (!map_get(&g->index, name, &group)) {
                *known = false;
                return OK;
            }
            TRY(vec_push(&atoms->at, (uint64_t)place << 32 | group, err));
        }
    }
    return OK;
}

/* *known: every place and group of the cell is in the input of today. */
static Status atoms_of(Union *u, const PublishedCell *c, const Groups *g, Atoms *atoms, bool *known, Error *err)
{
    Slice units = c->members.len > 0 ? c->members : c->cell.unit, name = lineage(u, c->cell.table);
    char level[2] = {(char)('a' + level_of(u, c->cell.level)), '\0'};
    atoms->at.len = 0;
    *known = true;
    while (units.ptr && *known) {
        uint64_t range;
        Slice unit = slice_cut(&units, ' ');
        if (!map_get(&u->ranges, KEY(u, c->cell.year, name, slice_of(level), unit), &range)) {
            *known = false;
            return OK;
        }
        TRY(add_range(c, range, g, atoms, known, err));
    }
    if (atoms->at.len > 0)
        qsort(atoms->at.at, atoms->at.len, sizeof *atoms->at.at, compare_u64);
    return OK;
}

/* Today's people of a cell: its units, at its level, and its groups. */
static void sum_input(Union *u, UnionCell *c)
{
    const ProtectCell *cell = &c->cell->cell;
    Slice units = c->cell->members.len > 0 ? c->cell->members : cell->unit;
    c->n = c->k = 0;
    while (units.ptr) {
        Slice unit = slice_cut(&units, ' '), groups = c->cell->groups.len > 0 ? c->cell->groups : cell->grp;
        while (groups.ptr) {
            uint64_t at;
            Slice group = slice_cut(&groups, ' ');
            if (!map_get(&u->cells, KEY(u, cell->year, cell->table, cell->level, unit, cell->split, group), &at))
                continue;
            c->n += u->input[at].denominator;
            c->k += u->input[at].is_median ? 0 : u->input[at].numerator;
        }
    }
}

/* --- findings -------------------------------------------------------------------------------------------------------
 */

static Status finding(Union *u, const UnionCell *c, const char *why)
{
    const ProtectCell *cell = &c->cell->cell;
    u->report->findings++;
    if (u->report->findings > 1)
        return OK;
    (void)snprintf(u->report->first, sizeof u->report->first,
        "table %.*s, year %d, level %.*s, split %.*s, place %.*s: %s", SLICE_ARG(cell->table), (int)cell->year,
        SLICE_ARG(cell->level), SLICE_ARG(cell->split), SLICE_ARG(cell->unit), why);
    return OK;
}

static bool printed_alike(Slice printed, Slice shown)
{
    size_t i = 0;
    for (size_t k = 0; k < shown.len; k++) {
        if (shown.ptr[k] == ',' || shown.ptr[k] == '$')
            continue;
        if (i >= printed.len || printed.ptr[i++] != shown.ptr[k])
            return false;
    }
    return i == printed.len;
}

#define RATE_DIGITS 7 /* "100.000"; anything longer is no rate of ours */

/* Whether a printed rate is what k of n rounds to; codes such as "<5" say too little to tell. */
static bool rate_fits(Slice printed, int64_t n, int64_t k)
{
    __extension__ typedef __int128 Wide;
    int64_t v = 0, scale = 0;
    if (printed.len > RATE_DIGITS)
        return false;
    for (size_t i = 0; i < printed.len; i++) {
        char c = printed.ptr[i];
        if (c == '.' && scale == 0) {
            scale = 1;
            continue;
        }
        if (c < '0' || c > '9')
            return true;
        v = v * 10 + (c - '0');
        scale *= 10;
    }
    if (scale == 0)
        scale = 1;
    Wide off = (Wide)100 * k * scale - (Wide)v * n;
    return 2 * (off < 0 ? -off : off) <= n;
}

/* An earlier cell's people, as printed then and as counted today. */
static Status check_same_people(Union *u, const UnionCell *c)
{
    int64_t then;
    if (parse_i64(c->cell->shown_denominator, &then, NULL) != OK)
        return finding(u, c, "an earlier release prints something that is no number of people");
    if (then != c->n)
        return finding(u, c,
            "the people have been corrected since an earlier release in force, and the difference is a group of its "
            "own");
    if (!c->cell->cell.is_median && !rate_fits(c->cell->shown_value, c->n, c->k))
        return finding(u, c,
            "the outcomes have been corrected since an earlier release in force, and the difference is a group of its "
            "own");
    return OK;
}

/* --- the tree -------------------------------------------------------------------------------------------------------
 */

typedef struct Chain {
    uint64_t atom;
    uint64_t size;
    uint32_t set;
} Chain;

static int compare_chain(const void *a, const void *b)
{
    const Chain *x = a, *y = b;
    if (x->atom != y->atom)
        return x->atom < y->atom ? -1 : 1;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->set < y->set ? -1 : x->set > y->set;
}

static const UnionCell *cell_with(const Union *u, uint32_t set)
{
    for (size_t i = 0; i < u->list.len; i++)
        if (u->list.at[i].set == set)
            return &u->list.at[i];
    return NULL;
}

/* In a tree the smallest set around another is the same at each of its atoms. */
static Status make_tree(Union *u, Chain *chain, size_t count, bool *is_tree)
{
    *is_tree = true;
    if (count > 0)
        qsort(chain, count, sizeof *chain, compare_chain);
    for (size_t i = 0; i < count && *is_tree; i++) {
        bool first = i == 0 || chain[i - 1].atom != chain[i].atom;
        uint32_t parent = first ? NONE : chain[i - 1].set;
        UnionSet *set = &u->sets.at[chain[i].set];
        if (!set->placed) {
            set->placed = true;
            set->parent = parent;
        } else if (set->parent != parent) {
            *is_tree = false;
            return finding(u, cell_with(u, chain[i].set),
                "its people are cut in another way than in an earlier release in force, so that parts can be "
                "subtracted");
        }
    }
    return OK;
}

static bool enough(const Union *u, bool is_median, int64_t n, int64_t k)
{
    if (n == 0)
        return true;
    return n >= u->rule.n && (is_median || (k >= u->rule.numerator && n - k >= u->rule.complement));
}

/* The same people's median must be the same: another one comes of somebody's corrected earnings. */
static Status check_medians(Union *u, Error *err)
{
    Map first;
    TRY(map_init(&first, err));
    Status st = OK;
    for (size_t i = 0; i < u->list.len && st == OK; i++) {
        const UnionCell *c = &u->list.at[i];
        uint64_t at;
        if (!c->cell->cell.is_median || c->cell->shown_value.len == 0)
            continue;
        st = map_get_or_put(&first, KEY(u, (int32_t)c->set, c->cell->cell.table), i, &at, err);
        if (st == OK && !printed_alike(u->list.at[at].cell->shown_value, c->cell->shown_value))
            st = finding(u, c, "the median of the same people is another than in an earlier release in force");
    }
    map_free(&first);
    return st;
}

/* What a cell of one table has beyond the cells below it, of whichever release. */
static Status check_rest(Union *u, Slice table, Error *err)
{
    size_t sets = u->sets.len;
    int64_t *n, *k;
    uint32_t *of; /* set -> cell of this table + 1 */
    uint8_t *mixed;
    TRY(mem_zalloc(sets + 1, 2 * sizeof *n, (void **)&n, err));
    k = n + sets + 1;
    Status st = mem_zalloc(sets + 1, sizeof *of + 1, (void **)&of, err);
    mixed = st == OK ? (uint8_t *)(of + sets + 1) : NULL;
    for (size_t i = 0; i < u->list.len && st == OK; i++)
        if (slice_eq(u->list.at[i].cell->cell.table, table))
            of[u->list.at[i].set] = (uint32_t)i + 1;
    for (size_t s = 0; s < sets && st == OK; s++) {
        if (of[s] == 0)
            continue;
        const UnionCell *c = &u->list.at[of[s] - 1];
        uint32_t up = u->sets.at[s].parent;
        while (up != NONE && of[up] == 0)
            up = u->sets.at[up].parent;
        if (up == NONE)
            continue;
        n[up] += c->n;
        k[up] += c->k;
        mixed[up] = 1;
    }
    for (size_t s = 0; s < sets && st == OK; s++)
        if (of[s] > 0 && mixed[s]) {
            const UnionCell *c = &u->list.at[of[s] - 1];
            if (!enough(u, c->cell->cell.is_median, c->n - n[s], c->k - k[s]))
                st = finding(u, c, "what it has beyond the cells of an earlier release in force is too few people");
        }
    mem_free(n);
    mem_free(of);
    return st;
}

/* --- one lineage, year and split --------------------------------------------------------------------------------- */

static Status find_groups(Union *u, Slice name, int32_t year, Slice split, Groups *g, Error *err)
{
    for (size_t i = 0; i < u->input_count; i++) {
        const ProtectCell *c = &u->input[i];
        if (c->year == year && slice_eq(c->split, split) && slice_eq(lineage(u, c->table), name))
            TRY(map_put(&g->index, c->grp, g->index.len, NULL, err));
    }
    return OK;
}

static Status take_cell(Union *u, const PublishedCell *c, bool is_new, const Groups *g, Atoms *atoms, Chain **chain,
    size_t *count, size_t *cap, Error *err)
{
    UnionCell cell = {.cell = c, .is_new = is_new};
    bool known;
    uint64_t set;
    TRY(atoms_of(u, c, g, atoms, &known, err));
    if (!known)
        return finding(u, &cell, "it is about a place or group of an earlier release that is no longer there");
    sum_input(u, &cell);
    if (!is_new)
        TRY(check_same_people(u, &cell));
    Slice bytes = {(const char *)atoms->at.at, atoms->at.len * sizeof *atoms->at.at};
    TRY(map_get_or_put(&u->set_of, bytes, u->sets.len, &set, err));
    cell.set = (uint32_t)set;
    TRY(vec_push(&u->list, cell, err));
    if (set < u->sets.len)
        return OK;
    TRY(vec_push(&u->sets, ((UnionSet){.size = atoms->at.len, .parent = NONE}), err));
    if (*count + atoms->at.len > *cap) {
        *cap = (*count + atoms->at.len) * 2;
        TRY(mem_resize((void **)chain, *cap, sizeof **chain, err));
    }
    for (size_t i = 0; i < atoms->at.len; i++)
        (*chain)[(*count)++] = (Chain){atoms->at.at[i], atoms->at.len, (uint32_t)set};
    return OK;
}

typedef struct Published {
    const PublishedCell *cells;
    size_t count;
    bool is_new;
} Published;

static bool belongs(Union *u, const PublishedCell *c, Slice name, int32_t year, Slice split)
{
    return c->cell.year == year && (slice_eq(c->cell.split, split) || slice_eq_z(c->cell.split, "all")) &&
           slice_eq(lineage(u, c->cell.table), name);
}

static Status check_tables(Union *u, Error *err)
{
    for (size_t i = 0; i < u->list.len; i++) {
        Slice table = u->list.at[i].cell->cell.table;
        bool before = false;
        for (size_t k = i; k-- > 0 && !before;)
            before = slice_eq(u->list.at[k].cell->cell.table, table);
        if (!before)
            TRY(check_rest(u, table, err));
        while (i + 1 < u->list.len && slice_eq(u->list.at[i + 1].cell->cell.table, table))
            i++;
    }
    return OK;
}

static Status check_split(Union *u, Slice name, int32_t year, Slice split, const Published *both, Error *err)
{
    Groups g = {0};
    Atoms atoms = {0};
    Chain *chain = NULL;
    size_t count = 0, cap = 0, before = u->report->findings;
    bool is_tree = true;
    u->list.len = u->sets.len = 0;
    map_free(&u->set_of);
    Status st = map_init(&u->set_of, err);
    if (st == OK)
        st = map_init(&g.index, err);
    if (st == OK)
        st = find_groups(u, name, year, split, &g, err);
    for (size_t p = 0; p < 2 && st == OK; p++)
        for (size_t i = 0; i < both[p].count && st == OK; i++)
            if (belongs(u, &both[p].cells[i], name, year, split)) {
                st = take_cell(u, &both[p].cells[i], both[p].is_new, &g, &atoms, &chain, &count, &cap, err);
                u->report->cells++;
            }
    if (st == OK && u->report->findings == before)
        st = make_tree(u, chain, count, &is_tree);
    if (st == OK && is_tree && u->report->findings == before)
        st = check_tables(u, err);
    if (st == OK && is_tree && u->report->findings == before)
        st = check_medians(u, err);
    mem_free(chain);
    vec_free(&atoms.at);
    map_free(&g.index);
    return st;
}

/* --- what has changed at all ------------------------------------------------------------------------------------- */

static Slice cell_key(Union *u, const PublishedCell *c)
{
    return KEY(u, c->cell.year, c->cell.table, c->cell.level, c->cell.unit, c->cell.split, c->cell.grp);
}

static bool same_cell(const PublishedCell *old, const PublishedCell *now)
{
    return slice_eq(old->members, now->members) && slice_eq(old->groups, now->groups) &&
           printed_alike(old->shown_value, now->shown_value) &&
           printed_alike(old->shown_denominator, now->shown_denominator);
}

/*
 * Lineage and year of which the new release does not have every earlier cell as it was printed. Where it has them all,
 * the two together are the new one alone, and that has passed the first audit.
 */
static Status find_changed(Union *u, const Published *both, Map *changed, Error *err)
{
    Map now = {0};
    TRY(map_init(&now, err));
    Status st = OK;
    for (size_t i = 0; i < both[1].count && st == OK; i++)
        st = map_put(&now, cell_key(u, &both[1].cells[i]), i, NULL, err);
    for (size_t i = 0; i < both[0].count && st == OK; i++) {
        const PublishedCell *old = &both[0].cells[i];
        uint64_t at;
        bool same = map_get(&now, cell_key(u, old), &at) && same_cell(old, &both[1].cells[at]);
        if (!same)
            st = map_put(changed, KEY(u, old->cell.year, lineage(u, old->cell.table)), 1, NULL, err);
    }
    map_free(&now);
    return st;
}

static Status index_input(Union *u, const Map *changed, Error *err)
{
    for (size_t i = 0; i < u->input_count; i++) {
        const ProtectCell *c = &u->input[i];
        uint64_t at;
        if (map_get(changed, KEY(u, c->year, lineage(u, c->table)), &at))
            TRY(map_put(&u->cells, KEY(u, c->year, c->table, c->level, c->unit, c->split, c->grp), i, NULL, err));
    }
    return OK;
}

/* Splits that today's data no longer have, but an earlier release printed beside what is printed now. */
static Status add_printed_splits(Union *u, Slice name, int32_t year, const Published *both, Map *splits, Error *err)
{
    bool prints = false;
    for (size_t i = 0; i < both[1].count && !prints; i++)
        prints = both[1].cells[i].cell.year == year && slice_eq(lineage(u, both[1].cells[i].cell.table), name);
    for (size_t i = 0; i < both[0].count && prints; i++) {
        const ProtectCell *c = &both[0].cells[i].cell;
        if (c->year == year && slice_eq(lineage(u, c->table), name))
            TRY(map_put(splits, c->split, 1, NULL, err));
    }
    return OK;
}

static Status check_lineage(Union *u, Slice name, int32_t year, const Published *both, Error *err)
{
    Places places = {0};
    Map splits;
    TRY(map_init(&splits, err));
    Status st = map_init(&places.seen, err);
    for (size_t i = 0; i < u->input_count && st == OK; i++) {
        const ProtectCell *c = &u->input[i];
        bool is_new = false;
        if (c->year != year || !slice_eq(lineage(u, c->table), name))
            continue;
        st = map_put(&splits, c->split, 1, NULL, err);
        if (st == OK)
            st = map_put(&places.seen, KEY(u, 0, c->level, c->unit), 1, &is_new, err);
        if (st == OK && is_new)
            st = vec_push(&places.at, ((Place){c->unit, c->parent, level_of(u, c->level)}), err);
    }
    if (st == OK)
        st = add_printed_splits(u, name, year, both, &splits, err);
    if (st == OK)
        st = number_places(u, name, year, &places, err);
    for (size_t s = 0; s < splits.len && st == OK; s++)
        if (splits.len == 1 || !slice_eq_z(splits.entries[s].key, "all"))
            st = check_split(u, name, year, splits.entries[s].key, both, err);
    vec_free(&places.at);
    map_free(&places.seen);
    map_free(&splits);
    return st;
}

static Status check_changed(Union *u, const Map *changed, const Published *both, Error *err)
{
    for (size_t i = 0; i < changed->len; i++) {
        Slice rest = changed->entries[i].key, year_text = slice_cut(&rest, '\x1f');
        int64_t year;
        TRY(parse_i64(year_text, &year, err));
        u->report->compared++;
        TRY(check_lineage(u, rest, (int32_t)year, both, err));
    }
    return OK;
}

Status protect_audit_union(Policy *policy, Date on, const ProtectCell *input, size_t input_count, const Protected *now,
    const PublishedCell *earlier, size_t earlier_count, UnionReport *report, Error *err)
{
    Union u = {.input = input, .input_count = input_count, .report = report};
    const Published both[2] = {{earlier, earlier_count, false}, {now->cells, now->count, true}};
    Map changed = {0};
    *report = (UnionReport){0};
    buf_init(&u.key, 1 << 20);
    Status st = rule_of(policy, on, &u.rule, err);
    if (st == OK)
        st = map_init(&changed, err);
    if (st == OK)
        st = map_init(&u.cells, err);
    if (st == OK)
        st = map_init(&u.ranges, err);
    if (st == OK)
        st = map_init(&u.lineages, err);
    if (st == OK)
        st = find_lineages(&u, earlier, earlier_count, err);
    if (st == OK)
        st = find_changed(&u, both, &changed, err);
    if (st == OK)
        st = index_input(&u, &changed, err);
    if (st == OK)
        st = check_changed(&u, &changed, both, err);
    map_free(&changed);
    map_free(&u.cells);
    map_free(&u.ranges);
    map_free(&u.set_of);
    map_free(&u.lineages);
    vec_free(&u.names);
    vec_free(&u.list);
    vec_free(&u.sets);
    buf_free(&u.key);
    if (st == OK && report->findings > 0)
        return error_set(err, ERR_DENIED, "audit of releases together: %s", report->first);
    return st;
}
