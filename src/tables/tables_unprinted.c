/*
 * Cells that no table has, and that tie together what tables print all the same.
 *
 * Above: counties and regions of one state whose own figure is printed nowhere have the same sum; so have the
 * programmes of a district in one table and its schools in another at the family of programmes that neither prints.
 * Every sum of printed cells that is the whole of them is a cell here, level by level and dimension by dimension, so
 * that tables meet wherever they can. Only of quantities whose cells stand at several levels: others have nobody to
 * meet.
 *
 * Below (as published alone, because their values are nobody's to know): years that are printed in overlapping pools
 * only, schools of which only counties and regions are told. The pools of 2022-23, 2023-24 and 2022-24 give away 2023.
 *
 * Wholes and parts of which one is such a cell have a complement like any others.
 */
#include "tables/tables_building.h"

typedef struct Parent {
    uint32_t child;
    const TablesSum *sum;
} Parent;

typedef struct Unprinted {
    Building *b;
    uint32_t first;                         /* the first cell that is made here */
    VEC(uint8_t) absent;                    /* from first on: what absent parts of it are */
    VEC(uint32_t) row;                      /* from first on: an equation whose whole it is; TABLES_NONE */
    Parent *parents[TABLES_MAX_DIMENSIONS]; /* by child */
    uint32_t *parent_from[TABLES_MAX_DIMENSIONS];
    uint32_t *level[TABLES_MAX_DIMENSIONS]; /* a code: equal where it is the same kind of code */
    uint8_t *tied;                          /* a quantity: its cells stand at several levels */
    Map count;                              /* quantity, codes, sum -> its parts that are there */
    uint32_t key[TABLES_MAX_DIMENSIONS + 3];
    uint32_t at[TABLES_MAX_DIMENSIONS];
} Unprinted;

/* --- codes -------------------------------------------------------------------------------------------------------- */

static Status find_parents(Unprinted *u, uint32_t d, Error *err)
{
    const TablesDimension *dimension = &u->b->set->dimensions[d];
    Arena *arena = &u->b->s->arena;
    uint32_t *from, edges = 0;
    for (uint32_t s = 0; s < dimension->sum_count; s++)
        edges += dimension->sums[s].count;
    TRY(arena_new(arena, uint32_t, (size_t)dimension->code_count + 2, &from, err));
    TRY(arena_new(arena, Parent, (size_t)edges + 1, &u->parents[d], err));
    for (uint32_t e = 0; e < edges; e++)
        from[dimension->children[e] + 2]++;
    for (uint32_t c = 2; c < dimension->code_count + 2; c++)
        from[c] += from[c - 1];
    for (uint32_t s = 0; s < dimension->sum_count; s++)
        for (uint32_t k = 0; k < dimension->sums[s].count; k++) {
            uint32_t child = dimension->children[dimension->sums[s].first + k];
            u->parents[d][from[child + 1]++] = (Parent){child, &dimension->sums[s]};
        }
    u->parent_from[d] = from;
    return OK;
}

/* Steps to the top and the hierarchy it is a sum of: codes of two hierarchies are of two kinds. */
static Status find_levels(Unprinted *u, uint32_t d, Error *err)
{
    const TablesDimension *dimension = &u->b->set->dimensions[d];
    uint32_t *level, most = 0;
    TRY(arena_new(&u->b->s->arena, uint32_t, (size_t)dimension->code_count + 1, &level, err));
    /* no code is part of itself through others, so as many rounds as there are levels suffice */
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t s = 0; s < dimension->sum_count; s++)
            for (uint32_t k = 0; k < dimension->sums[s].count; k++) {
                uint32_t child = dimension->children[dimension->sums[s].first + k];
                if (level[child] >= level[dimension->sums[s].parent] + 1)
                    continue;
                level[child] = level[dimension->sums[s].parent] + 1;
                most = level[child] > most ? level[child] : most;
                changed = true;
            }
    }
    for (uint32_t c = 0; c < dimension->code_count; c++)
        if (dimension->sum_from[c + 1] > dimension->sum_from[c])
            level[c] += (most + 1) * (dimension->sums[dimension->sum_from[c]].hierarchy + 1);
    u->level[d] = level;
    return OK;
}

static Status find_tied(Unprinted *u, Error *err)
{
    Building *b = u->b;
    uint32_t *first; /* a quantity: one of its cells */
    TRY(arena_new(&b->s->arena, uint8_t, (size_t)b->set->quantity_count + 1, &u->tied, err));
    TRY(arena_new(&b->s->arena, uint32_t, (size_t)b->set->quantity_count + 1, &first, err));
    for (uint32_t q = 0; q < b->set->quantity_count; q++)
        first[q] = TABLES_NONE;
    for (uint32_t i = 0; i < u->first; i++) {
        const TablesCell *c = &b->cells.at[i];
        if (c->whole != TABLES_NONE)
            continue;
        if (first[c->quantity] == TABLES_NONE)
            first[c->quantity] = i;
        const TablesCell *one = &b->cells.at[first[c->quantity]];
        for (uint32_t d = 0; d < b->set->dimension_count; d++) {
            bool none = c->at[d] == TABLES_NONE, none_there = one->at[d] == TABLES_NONE;
            if (none != none_there || (!none && u->level[d][c->at[d]] != u->level[d][one->at[d]]))
                u->tied[c->quantity] = 1;
        }
    }
    return OK;
}

/* --- above -------------------------------------------------------------------------------------------------------- */

static TablesAbsent absent_of(const Unprinted *u, uint32_t cell)
{
    const TablesCell *c = &u->b->cells.at[cell];
    return c->table != TABLES_NONE ? u->b->set->tables[c->table].absent
           : cell >= u->first      ? (TablesAbsent)u->absent.at[cell - u->first]
                                   : TABLES_ABSENT_HIDDEN;
}

static Status make_cell(Unprinted *u, uint32_t quantity, TablesAbsent absent, bool inferred, uint32_t *out, Error *err)
{
    uint32_t *at;
    TRY(arena_new(&u->b->s->arena, uint32_t, (size_t)u->b->set->dimension_count + 1, &at, err));
    memcpy(at, u->at, u->b->set->dimension_count * sizeof *at);
    const TablesCell cell = {.quantity = quantity,
        .at = at,
        .value = {.mark = TABLES_HIDDEN, .high = INT64_MAX},
        .table = TABLES_NONE,
        .inferred = inferred,
        .whole = TABLES_NONE,
        .part = TABLES_NONE};
    TRY(building_cell(u->b, &cell, out, err));
    TRY(vec_push(&u->absent, (uint8_t)absent, err));
    return vec_push(&u->row, TABLES_NONE, err);
}

/* One part more of a whole that no table has; with the last of them it is a cell. */
static Status count_part(Unprinted *u, uint32_t cell, uint32_t d, const TablesSum *s, Error *err)
{
    const TablesSet *set = u->b->set;
    const TablesCell *c = &u->b->cells.at[cell];
    TablesAbsent absent = absent_of(u, cell);
    uint32_t quantity = c->quantity, made;
    uint64_t there;
    memcpy(u->at, c->at, set->dimension_count * sizeof *u->at);
    u->at[d] = s->parent;
    if (building_find(u->b, quantity, u->at) != TABLES_NONE)
        return OK;
    u->key[0] = quantity;
    memcpy(u->key + 1, u->at, set->dimension_count * sizeof *u->at);
    u->key[set->dimension_count + 1] = d;
    u->key[set->dimension_count + 2] = (uint32_t)(s - set->dimensions[d].sums);
    const Slice key = {(const char *)u->key, (set->dimension_count + 3) * sizeof *u->key};
    TRY(map_get_or_put(&u->count, key, 0, &there, err));
    TRY(map_put(&u->count, key, there + 1, NULL, err));
    if (absent == TABLES_ABSENT_ERROR && there + 1 < s->count)
        return OK;
    return make_cell(u, quantity, absent, false, &made, err);
}

static Status go_up(Unprinted *u, Error *err)
{
    Building *b = u->b;
    for (uint32_t i = 0; i < b->cells.len; i++) {
        if (b->cells.at[i].whole != TABLES_NONE || !u->tied[b->cells.at[i].quantity])
            continue;
        for (uint32_t d = 0; d < b->set->dimension_count; d++) {
            uint32_t code = b->cells.at[i].at[d];
            if (code == TABLES_NONE)
                continue;
            for (uint32_t p = u->parent_from[d][code]; p < u->parent_from[d][code + 1]; p++)
                TRY(count_part(u, i, d, u->parents[d][p].sum, err));
        }
    }
    return OK;
}

/* --- equations ---------------------------------------------------------------------------------------------------- */

static Status try_sum(Unprinted *u, uint32_t cell, uint32_t d, const TablesSum *s, Seen *seen, Error *err)
{
    uint32_t row = (uint32_t)u->b->starts.len;
    TRY(building_sum(u->b, cell, d, s, absent_of(u, cell), seen, err));
    while (u->absent.len < u->b->cells.len - u->first) { /* cells of absent parts */
        TRY(vec_push(&u->absent, (uint8_t)TABLES_ABSENT_HIDDEN, err));
        TRY(vec_push(&u->row, TABLES_NONE, err));
    }
    if (u->b->starts.len > row && cell >= u->first && u->row.at[cell - u->first] == TABLES_NONE)
        u->row.at[cell - u->first] = row;
    return OK;
}

/* All sums of a cell; those of which nothing is there are open. but: a dimension that is left out, or TABLES_NONE. */
static Status add_sums(Unprinted *u, uint32_t cell, uint32_t but, Error *err)
{
    Building *b = u->b;
    for (uint32_t d = 0; d < b->set->dimension_count; d++) {
        const TablesDimension *dimension = &b->set->dimensions[d];
        uint32_t code = b->cells.at[cell].at[d];
        if (code == TABLES_NONE || d == but)
            continue;
        for (uint32_t s = dimension->sum_from[code]; s < dimension->sum_from[code + 1]; s++) {
            Seen seen;
            TRY(try_sum(u, cell, d, &dimension->sums[s], &seen, err));
            if (seen == SEEN_NONE && but == TABLES_NONE)
                TRY(vec_push(&b->open, ((BuildingOpen){cell, d, &dimension->sums[s]}), err));
        }
    }
    return OK;
}

static Status add_above(Unprinted *u, Error *err)
{
    Building *b = u->b;
    uint32_t made = (uint32_t)b->cells.len;
    size_t left = 0, open = b->open.len;
    for (size_t i = 0; i < open; i++) {
        const BuildingOpen o = b->open.at[i];
        Seen seen = SEEN_NONE;
        if (u->tied[b->cells.at[o.cell].quantity])
            TRY(try_sum(u, o.cell, o.dimension, o.sum, &seen, err));
        if (seen == SEEN_NONE)
            b->open.at[left++] = o;
    }
    b->open.len = left;
    for (uint32_t i = u->first; i < made; i++)
        TRY(add_sums(u, i, TABLES_NONE, err));
    return OK;
}

/* --- what ties nothing ---------------------------------------------------------------------------------------------
 */

/* A cell that is a whole of one sum and stands nowhere else says nothing: a level that is left out. From `upto` on they
 * are absent parts, which do. degree: in how many equations a cell stands; rows: 1 for those that go. */
static void find_loose(const Building *b, uint32_t first, uint32_t upto, uint32_t *degree, uint8_t *gone)
{
    for (size_t i = 0; i < b->terms.len; i++)
        degree[b->terms.at[i]]++;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t r = b->starts.len; r-- > 0;) {
            uint32_t whole = b->terms.at[b->starts.at[r]];
            size_t to = r + 1 < b->starts.len ? b->starts.at[r + 1] : b->terms.len;
            if (gone[r] || whole < first || whole >= upto || degree[whole] != 1)
                continue;
            gone[r] = 1;
            changed = true;
            for (size_t k = b->starts.at[r]; k < to; k++)
                degree[b->terms.at[k]]--;
        }
    }
}

/* Cells and equations that are left close up; to: a cell's new number. */
static Status close_up(Unprinted *u, const uint32_t *degree, const uint8_t *gone, uint32_t *to, Error *err)
{
    Building *b = u->b;
    uint32_t cells = u->first;
    size_t rows = 0, terms = 0, open = 0;
    for (uint32_t i = 0; i < b->cells.len; i++) {
        bool stays = i < u->first || degree[i] > 0;
        to[i] = i < u->first ? i : stays ? cells : TABLES_NONE;
        if (i < u->first)
            continue;
        TRY(map_put(&b->index, building_key(b, b->cells.at[i].quantity, b->cells.at[i].at), to[i], NULL, err));
        if (!stays)
            continue;
        b->cells.at[cells] = b->cells.at[i];
        u->absent.at[cells - u->first] = u->absent.at[i - u->first];
        u->row.at[cells++ - u->first] = TABLES_NONE;
    }
    for (size_t r = 0, rows_before = b->starts.len, terms_before = b->terms.len; r < rows_before; r++) {
        size_t from = b->starts.at[r], end = r + 1 < rows_before ? b->starts.at[r + 1] : terms_before;
        if (gone[r])
            continue;
        b->starts.at[rows++] = (uint32_t)terms;
        for (size_t k = from; k < end; k++) {
            b->coefs.at[terms] = b->coefs.at[k];
            b->terms.at[terms++] = to[b->terms.at[k]];
        }
        uint32_t whole = b->terms.at[b->starts.at[rows - 1]];
        if (whole >= u->first && u->row.at[whole - u->first] == TABLES_NONE)
            u->row.at[whole - u->first] = (uint32_t)(rows - 1);
    }
    for (size_t i = 0; i < b->open.len; i++)
        if (to[b->open.at[i].cell] != TABLES_NONE) {
            b->open.at[open] = b->open.at[i];
            b->open.at[open].cell = to[b->open.at[i].cell];
            open++;
        }
    b->cells.len = cells;
    u->absent.len = u->row.len = cells - u->first;
    b->starts.len = rows;
    b->terms.len = b->coefs.len = terms;
    b->open.len = open;
    return OK;
}

static Status drop_loose(Unprinted *u, uint32_t upto, Error *err)
{
    Building *b = u->b;
    uint32_t *degree = NULL;
    uint8_t *gone = NULL;
    if (upto == u->first)
        return OK;
    Status st = mem_zalloc(b->cells.len * 2 + 1, sizeof *degree, (void **)&degree, err);
    if (st == OK)
        st = mem_zalloc(b->starts.len + 1, 1, (void **)&gone, err);
    if (st == OK) {
        find_loose(b, u->first, upto, degree, gone);
        st = close_up(u, degree, gone, degree + b->cells.len, err);
    }
    mem_free(degree);
    mem_free(gone);
    return st;
}

/* The value of a cell that was made above: the sum of its parts. Levels end, and so do the calls. */
static Status find_value(Unprinted *u, uint32_t cell, Error *err)
{
    Building *b = u->b;
    TablesValue *v = &b->cells.at[cell].value;
    if (v->mark != TABLES_HIDDEN || cell < u->first || u->row.at[cell - u->first] == TABLES_NONE)
        return OK;
    uint32_t row = u->row.at[cell - u->first];
    size_t to = row + 1 < b->starts.len ? b->starts.at[row + 1] : b->terms.len;
    int64_t sum = 0;
    for (size_t k = (size_t)b->starts.at[row] + 1; k < to; k++) {
        TRY(find_value(u, b->terms.at[k], err));
        if (__builtin_add_overflow(sum, b->cells.at[b->terms.at[k]].value.low, &sum))
            return error_set(err, ERR_LIMIT, "a sum of the tables does not fit into 64 bits");
        v->decimals = b->cells.at[b->terms.at[k]].value.decimals;
    }
    *v = (TablesValue){.mark = TABLES_EXACT, .decimals = v->decimals, .low = sum, .high = sum};
    return OK;
}

/* --- below -------------------------------------------------------------------------------------------------------- */

static Slice line_key(Unprinted *u, const BuildingOpen *o)
{
    const TablesCell *c = &u->b->cells.at[o->cell];
    uint32_t n = u->b->set->dimension_count;
    u->key[0] = c->quantity;
    memcpy(u->key + 1, c->at, n * sizeof *u->key);
    u->key[1 + o->dimension] = TABLES_NONE;
    u->key[n + 1] = o->dimension;
    return (Slice){(const char *)u->key, (n + 2) * sizeof *u->key};
}

/* Of a sum, and of the sums of its parts: cells of which only wholes are told. */
static Status go_down(Unprinted *u, uint32_t cell, uint32_t d, const TablesSum *s, Error *err)
{
    Building *b = u->b;
    const TablesDimension *dimension = &b->set->dimensions[d];
    uint32_t made = (uint32_t)b->cells.len;
    TRY(building_row(b, err));
    TRY(building_term(b, cell, 1, err));
    for (uint32_t k = 0; k < s->count; k++) {
        memcpy(u->at, b->cells.at[cell].at, b->set->dimension_count * sizeof *u->at);
        u->at[d] = dimension->children[s->first + k];
        uint32_t quantity = b->cells.at[cell].quantity, part = building_find(b, quantity, u->at);
        if (part == TABLES_NONE)
            TRY(make_cell(u, quantity, TABLES_ABSENT_ERROR, true, &part, err));
        TRY(building_term(b, part, -1, err));
    }
    uint32_t end = (uint32_t)b->cells.len;
    for (uint32_t i = made; i < end; i++) {
        uint32_t code = b->cells.at[i].at[d];
        for (uint32_t t = dimension->sum_from[code]; t < dimension->sum_from[code + 1]; t++)
            TRY(go_down(u, i, d, &dimension->sums[t], err));
    }
    return OK;
}

/* Where sums of two hierarchies are open along one line of a dimension, they may share parts. */
static Status add_below(Unprinted *u, Error *err)
{
    Building *b = u->b;
    Map lines; /* line -> hierarchy + 1, or 0 where there are several */
    size_t open = b->open.len;
    uint32_t made = (uint32_t)b->cells.len;
    TRY(map_init(&lines, err));
    Status st = OK;
    for (size_t i = 0; i < open && st == OK; i++) {
        uint64_t known, own = (uint64_t)b->open.at[i].sum->hierarchy + 1;
        st = map_get_or_put(&lines, line_key(u, &b->open.at[i]), own, &known, err);
        if (st == OK && known != own)
            st = map_put(&lines, line_key(u, &b->open.at[i]), 0, NULL, err);
    }
    for (size_t i = 0; i < open && st == OK; i++) {
        const BuildingOpen o = b->open.at[i];
        uint64_t known = 1;
        if (map_get(&lines, line_key(u, &o), &known) && known == 0)
            st = go_down(u, o.cell, o.dimension, o.sum, err);
    }
    map_free(&lines);
    uint32_t end = (uint32_t)b->cells.len;
    for (uint32_t i = made; i < end && st == OK; i++)
        for (uint32_t d = 0; d < b->set->dimension_count && st == OK; d++)
            st = b->cells.at[i].inferred ? add_sums(u, i, d, err) : OK;
    return st;
}

/* --- complements -------------------------------------------------------------------------------------------------- */

static Status add_complements(Unprinted *u, Error *err)
{
    Building *b = u->b;
    uint32_t end = (uint32_t)b->cells.len;
    for (uint32_t p = 0; p < b->set->part_count && end > u->first; p++) {
        const TablesPart *part = &b->set->parts[p];
        for (uint32_t i = 0; i < end; i++) {
            const TablesCell *c = &b->cells.at[i];
            if (c->quantity == part->part && building_find(b, part->rest, c->at) == TABLES_NONE)
                TRY(building_complement(b, i, part, err));
        }
    }
    return OK;
}

static Status make(Unprinted *u, Error *err)
{
    Building *b = u->b;
    for (uint32_t d = 0; d < b->set->dimension_count; d++) {
        TRY(find_parents(u, d, err));
        TRY(find_levels(u, d, err));
    }
    TRY(find_tied(u, err));
    TRY(go_up(u, err));
    uint32_t upto = (uint32_t)b->cells.len;
    TRY(add_above(u, err));
    TRY(drop_loose(u, upto, err));
    if (b->reading == TABLES_AS_PUBLISHED)
        TRY(add_below(u, err));
    uint32_t end = (uint32_t)b->cells.len;
    for (uint32_t i = u->first; i < end && b->reading == TABLES_TRUE_VALUES; i++)
        TRY(find_value(u, i, err));
    return add_complements(u, err);
}

Status building_unprinted(Building *b, Error *err)
{
    Unprinted u = {.b = b, .first = (uint32_t)b->cells.len};
    TRY(map_init(&u.count, err));
    Status st = make(&u, err);
    map_free(&u.count);
    vec_free(&u.absent);
    vec_free(&u.row);
    return st;
}
