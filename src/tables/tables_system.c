/*
 * Rows to cells and equations. A cell is an unknown: whatever tables print it, and in whatever release, it is the same
 * one. Three kinds of equations:
 *   a code of a hierarchy is the sum of its children, everything else equal;
 *   a whole is its part and those who are not in it;
 *   (rates, means, gaps and students needed are functions of cells and no unknowns of their own.)
 */
#include "tables/tables_building.h"

#define MAX_TERMS UINT32_C(400000000)

Slice building_key(Building *b, uint32_t quantity, const uint32_t *at)
{
    b->key[0] = quantity;
    memcpy(b->key + 1, at, b->set->dimension_count * sizeof *at);
    return (Slice){(const char *)b->key, (b->set->dimension_count + 1) * sizeof *at};
}

uint32_t building_find(Building *b, uint32_t quantity, const uint32_t *at)
{
    uint64_t cell;
    return map_get(&b->index, building_key(b, quantity, at), &cell) ? (uint32_t)cell : TABLES_NONE;
}

Status building_cell(Building *b, const TablesCell *cell, uint32_t *out, Error *err)
{
    if (b->cells.len >= TABLES_MAX_CELLS)
        return error_set(err, ERR_LIMIT, "the tables have more than %u cells", TABLES_MAX_CELLS);
    *out = (uint32_t)b->cells.len;
    TRY(map_put(&b->index, building_key(b, cell->quantity, cell->at), *out, NULL, err));
    return vec_push(&b->cells, *cell, err);
}

/* --- cells -------------------------------------------------------------------------------------------------------- */

static Status disagree(const Building *b, const TablesCell *first, uint32_t t, uint32_t row, uint32_t c, Error *err)
{
    const TablesTable *one = &b->set->tables[first->table], *two = &b->set->tables[t];
    error_set(err, ERR_INVALID, "%.*s differs from table %.*s, row %u, which counts the same people",
        SLICE_ARG(two->columns[c].name), SLICE_ARG(one->name), one->csv_row[first->row] + 2);
    error_at(err, two->file.ptr, two->csv_row[row] + 2, two->columns[c].name.ptr);
    return ERR_INVALID;
}

/* What tables say of one cell, joined: a number before a range before nothing. */
static bool join_values(TablesValue *a, const TablesValue *b)
{
    if (a->mark == TABLES_EXACT || a->mark == TABLES_STRUCTURAL) {
        bool known = b->mark == TABLES_EXACT || b->mark == TABLES_STRUCTURAL;
        return !known || a->low == b->low;
    }
    if (b->mark == TABLES_EXACT || b->mark == TABLES_STRUCTURAL || b->mark == TABLES_RANGE)
        *a = *b;
    return true;
}

/* A count that is not printed itself is, as good as, by a rate or a mean that is made of it. */
static bool shown_by_another(const TablesTable *t, uint32_t c)
{
    for (uint32_t i = 0; i < t->column_count; i++) {
        const TablesColumn *other = &t->columns[i];
        bool uses = other->kind == TABLES_RATE   ? other->numerator == c || other->denominator == c
                    : other->kind == TABLES_MEAN ? other->total == c || other->denominator == c
                                                 : false;
        if (uses && other->position != TABLES_NONE)
            return true;
    }
    return false;
}

static bool shows(const Building *b, const TablesTable *t, uint32_t c)
{
    if (t->columns[c].position == TABLES_NONE)
        return false;
    return !t->columns[c].hidden || (b->reading == TABLES_TRUE_VALUES && shown_by_another(t, c));
}

static Status take_value(Building *b, uint32_t t, uint32_t row, uint32_t c, Error *err)
{
    TablesTable *table = &b->set->tables[t];
    size_t i = (size_t)row * table->column_count + c;
    const TablesColumn *column = &table->columns[c];
    TablesCell cell = {.quantity = column->quantity,
        .at = table->at + (size_t)row * b->set->dimension_count,
        .value = table->values[i],
        .table = t,
        .row = row,
        .column = c,
        .whole = TABLES_NONE,
        .part = TABLES_NONE};
    table->cell[i] = TABLES_NONE;
    if (cell.value.mark == TABLES_ABSENT)
        return OK;
    uint32_t at = building_find(b, cell.quantity, cell.at);
    if (at == TABLES_NONE)
        TRY(building_cell(b, &cell, &at, err));
    TablesCell *known = &b->cells.at[at];
    if (!join_values(&known->value, &cell.value) && b->reading == TABLES_TRUE_VALUES)
        return disagree(b, known, t, row, c, err);
    table->cell[i] = at;
    if (table->old) {
        known->frozen = known->frozen || table->old[i] == TABLES_EXACT || table->old[i] == TABLES_STRUCTURAL;
        known->buried = known->buried || table->old[i] == TABLES_HIDDEN || table->old[i] == TABLES_RANGE;
    } else {
        known->printed = known->printed || shows(b, table, c);
        known->own_column = known->own_column || (!column->hidden && column->position != TABLES_NONE);
    }
    return OK;
}

static Status take_tables(Building *b, Error *err)
{
    for (uint32_t t = 0; t < b->set->table_count; t++) {
        TablesTable *table = &b->set->tables[t];
        size_t count = (size_t)table->row_count * table->column_count;
        TRY(arena_new(&b->set->arena, uint32_t, count, &table->cell, err));
        for (size_t i = 0; i < count; i++)
            table->cell[i] = TABLES_NONE;
        for (uint32_t row = 0; row < table->row_count; row++)
            for (uint32_t c = 0; c < table->column_count; c++)
                if (table->columns[c].quantity != TABLES_NONE)
                    TRY(take_value(b, t, row, c, err));
    }
    return OK;
}

/* --- equations ---------------------------------------------------------------------------------------------------- */

Status building_row(Building *b, Error *err)
{
    return vec_push(&b->starts, (uint32_t)b->terms.len, err);
}

Status building_term(Building *b, uint32_t cell, int32_t coef, Error *err)
{
    if (b->terms.len >= MAX_TERMS)
        return error_set(err, ERR_LIMIT, "the equations have more than %u terms", MAX_TERMS);
    TRY(vec_push(&b->terms, cell, err));
    return vec_push(&b->coefs, coef, err);
}

void building_drop_row(Building *b)
{
    b->terms.len = b->coefs.len = b->starts.at[--b->starts.len];
}

static Status larger(const Building *b, uint32_t part, uint32_t whole, Error *err)
{
    const TablesCell *p = &b->cells.at[part], *w = &b->cells.at[whole];
    const TablesCell *told = p->table != TABLES_NONE ? p : w;
    error_set(
        err, ERR_INVALID, "the part is larger than its whole, %.*s", SLICE_ARG(b->set->quantities[w->quantity].name));
    if (told->table != TABLES_NONE) {
        const TablesTable *t = &b->set->tables[told->table];
        error_at(err, t->file.ptr, t->csv_row[told->row] + 2, t->columns[told->column].name.ptr);
    }
    return ERR_INVALID;
}

/* The cell of those who are in the whole and not in the part, and what makes it so. */
Status building_complement(Building *b, uint32_t part, const TablesPart *of, Error *err)
{
    uint32_t whole = building_find(b, of->whole, b->cells.at[part].at), rest;
    if (whole == TABLES_NONE)
        return OK;
    const TablesCell *p = &b->cells.at[part], *w = &b->cells.at[whole];
    TablesCell cell = {.quantity = of->rest,
        .at = p->at,
        .table = TABLES_NONE,
        .value = {.mark = TABLES_HIDDEN, .high = INT64_MAX},
        .whole = whole,
        .part = part};
    if (b->reading == TABLES_TRUE_VALUES) {
        cell.value = (TablesValue){
            .mark = TABLES_EXACT, .low = w->value.low - p->value.low, .high = w->value.low - p->value.low};
        if (cell.value.low < 0)
            return larger(b, part, whole, err);
    }
    TRY(building_cell(b, &cell, &rest, err));
    TRY(building_row(b, err));
    TRY(building_term(b, whole, 1, err));
    TRY(building_term(b, part, -1, err));
    return building_term(b, rest, -1, err);
}

typedef struct Sum {
    uint32_t quantity, dimension, hierarchy;
    uint32_t at[TABLES_MAX_DIMENSIONS];
    const TablesCell *whole;
    uint32_t missing;    /* code of a child that no table has */
    bool missing_margin; /* whose own children are there */
} Sum;

static const TablesSum *sum_of(const TablesDimension *d, uint32_t code, uint32_t hierarchy)
{
    for (uint32_t s = d->sum_from[code]; s < d->sum_from[code + 1]; s++)
        if (d->sums[s].hierarchy == hierarchy)
            return &d->sums[s];
    return NULL;
}

static Status add_children(Building *b, Sum *sum, uint32_t code, Seen *seen, Error *err);

/* The cell of a code or, where a level is left out, those of its children. */
static Status add_code(Building *b, Sum *sum, uint32_t code, Seen *seen, Error *err)
{
    sum->at[sum->dimension] = code;
    uint32_t cell = building_find(b, sum->quantity, sum->at);
    if (cell != TABLES_NONE) {
        *seen = SEEN_ALL;
        return building_term(b, cell, -1, err);
    }
    size_t terms = b->terms.len;
    TRY(add_children(b, sum, code, seen, err));
    if (*seen != SEEN_ALL) {
        b->terms.len = b->coefs.len = terms;
        *seen = *seen == SEEN_SOME ? SEEN_SOME : SEEN_NONE;
    }
    return OK;
}

static Status add_children(Building *b, Sum *sum, uint32_t code, Seen *seen, Error *err)
{
    const TablesDimension *d = &b->set->dimensions[sum->dimension];
    const TablesSum *s = sum_of(d, code, sum->hierarchy);
    uint32_t there = 0, direct = 0;
    *seen = SEEN_NONE;
    for (uint32_t i = 0; s && i < s->count; i++) {
        uint32_t child = d->children[s->first + i];
        size_t before = b->terms.len;
        Seen one;
        TRY(add_code(b, sum, child, &one, err));
        there += one != SEEN_NONE;
        direct += b->terms.len == before + 1 && b->cells.at[vec_last(&b->terms)].at[sum->dimension] == child;
        if (one != SEEN_ALL && sum->missing == TABLES_NONE)
            sum->missing = child;
    }
    if (s && there > 0)
        *seen = there == s->count && sum->missing == TABLES_NONE ? SEEN_ALL : SEEN_SOME;
    if (s && direct > 0 && direct < s->count && *seen == SEEN_ALL)
        sum->missing_margin = true;
    return OK;
}

static Status missing(const Building *b, const Sum *sum, uint32_t code, const char *what, Error *err)
{
    const TablesTable *t = &b->set->tables[sum->whole->table];
    const TablesDimension *d = &b->set->dimensions[sum->dimension];
    error_set(err, ERR_INVALID, "%s: this one is a sum, and no row has %.*s %.*s, everything else equal", what,
        SLICE_ARG(d->name), SLICE_ARG(d->codes[code]));
    error_at(err, t->file.ptr, t->csv_row[sum->whole->row] + 2, t->columns[sum->whole->column].name.ptr);
    error_hint(err, "Rows that are left out because nobody is in them need absent = \"zero\" in the header.");
    return ERR_INVALID;
}

/* The cells that are there of a code: its own, or those of its children, of which some may be absent and so nobody. */
static Status add_present(Building *b, Sum *sum, uint32_t code, Error *err)
{
    const TablesDimension *d = &b->set->dimensions[sum->dimension];
    const TablesSum *s = sum_of(d, code, sum->hierarchy);
    sum->at[sum->dimension] = code;
    uint32_t cell = building_find(b, sum->quantity, sum->at);
    if (cell != TABLES_NONE)
        return building_term(b, cell, -1, err);
    for (uint32_t i = 0; s && i < s->count; i++)
        TRY(add_present(b, sum, d->children[s->first + i], err));
    return OK;
}

/* Absent children of a table whose owner says what that means: none, or nobody knows. */
static Status add_absent(Building *b, Sum *sum, const TablesSum *s, TablesAbsent absent, Error *err)
{
    const TablesDimension *d = &b->set->dimensions[sum->dimension];
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t child = d->children[s->first + i], cell;
        Seen seen;
        sum->missing = TABLES_NONE;
        if (absent == TABLES_ABSENT_ZERO) {
            TRY(add_present(b, sum, child, err));
            continue;
        }
        TRY(add_code(b, sum, child, &seen, err));
        if (seen == SEEN_ALL)
            continue;
        uint32_t *at;
        TRY(arena_new(&b->s->arena, uint32_t, b->set->dimension_count, &at, err));
        memcpy(at, sum->at, b->set->dimension_count * sizeof *at);
        at[sum->dimension] = child;
        const TablesCell hidden = {.quantity = sum->quantity,
            .at = at,
            .value = {.mark = TABLES_HIDDEN, .high = INT64_MAX},
            .table = TABLES_NONE,
            .whole = TABLES_NONE,
            .part = TABLES_NONE};
        TRY(building_cell(b, &hidden, &cell, err));
        TRY(building_term(b, cell, -1, err));
    }
    return OK;
}

static Status begin_sum(
    Building *b, uint32_t cell, uint32_t dimension, const TablesSum *s, Sum *sum, Seen *seen, Error *err)
{
    const TablesCell *whole = &b->cells.at[cell];
    *sum =
        (Sum){.quantity = whole->quantity, .dimension = dimension, .hierarchy = s->hierarchy, .missing = TABLES_NONE};
    memcpy(sum->at, whole->at, b->set->dimension_count * sizeof *whole->at);
    TRY(building_row(b, err));
    TRY(building_term(b, cell, 1, err));
    return add_children(b, sum, s->parent, seen, err);
}

/* What was found of the parts is left, and taken again with those that are absent. */
static Status with_absent(Building *b, Sum *sum, const TablesSum *s, TablesAbsent absent, Error *err)
{
    b->terms.len = b->coefs.len = vec_last(&b->starts) + 1;
    return add_absent(b, sum, s, absent, err);
}

Status building_sum(
    Building *b, uint32_t cell, uint32_t dimension, const TablesSum *s, TablesAbsent absent, Seen *seen, Error *err)
{
    Sum sum;
    TRY(begin_sum(b, cell, dimension, s, &sum, seen, err));
    if (*seen == SEEN_ALL)
        return OK;
    if (*seen == SEEN_SOME && absent != TABLES_ABSENT_ERROR)
        return with_absent(b, &sum, s, absent, err);
    building_drop_row(b);
    return OK;
}

static Status add_sum(Building *b, uint32_t cell, uint32_t dimension, const TablesSum *s, Error *err)
{
    const TablesCell whole = b->cells.at[cell];
    Sum sum;
    Seen seen;
    TRY(begin_sum(b, cell, dimension, s, &sum, &seen, err));
    sum.whole = &whole;
    if (seen == SEEN_NONE) {
        building_drop_row(b);
        return vec_push(&b->open, ((BuildingOpen){cell, dimension, s}), err);
    }
    TablesAbsent absent = whole.table == TABLES_NONE ? TABLES_ABSENT_HIDDEN : b->set->tables[whole.table].absent;
    if (seen == SEEN_SOME && absent == TABLES_ABSENT_ERROR)
        return missing(b, &sum, sum.missing, "a row is missing", err);
    if (sum.missing_margin && absent == TABLES_ABSENT_ERROR)
        return missing(b, &sum, s->parent, "some rows of one level are missing, but not all", err);
    return seen == SEEN_SOME ? with_absent(b, &sum, s, absent, err) : OK;
}

/* A row that stands under a total must have one, or nobody could check that the table adds up. */
static Status check_margins(Building *b, uint32_t cell, Error *err)
{
    const TablesCell c = b->cells.at[cell];
    uint32_t at[TABLES_MAX_DIMENSIONS];
    if (c.table == TABLES_NONE || b->set->tables[c.table].no_margins)
        return OK;
    memcpy(at, c.at, b->set->dimension_count * sizeof *at);
    for (uint32_t d = 0; d < b->set->dimension_count; d++) {
        const TablesDimension *dimension = &b->set->dimensions[d];
        if (dimension->total == TABLES_NONE || c.at[d] == dimension->total || dimension->sum_count == 0)
            continue;
        at[d] = dimension->total;
        uint32_t margin = building_find(b, c.quantity, at);
        at[d] = c.at[d];
        if (margin != TABLES_NONE)
            continue;
        const TablesTable *t = &b->set->tables[c.table];
        error_set(err, ERR_INVALID, "the margin is missing: no row has %.*s %.*s, everything else equal",
            SLICE_ARG(dimension->name), SLICE_ARG(dimension->codes[dimension->total]));
        error_at(err, t->file.ptr, t->csv_row[c.row] + 2, t->columns[c.column].name.ptr);
        error_hint(err, "A table whose totals are published nowhere says margins = false in the header.");
        return ERR_INVALID;
    }
    return OK;
}

/* In the order of the cells, and for each of the pairs of its quantity, in theirs. */
static Status add_complements(Building *b, size_t count, Error *err)
{
    const TablesSet *set = b->set;
    uint32_t *from, *pair; /* quantity -> its pairs, as numbers */
    TRY(arena_new(&b->s->arena, uint32_t, (size_t)set->quantity_count + 2, &from, err));
    TRY(arena_new(&b->s->arena, uint32_t, (size_t)set->part_count + 1, &pair, err));
    for (uint32_t p = 0; p < set->part_count; p++)
        from[set->parts[p].part + 2]++;
    for (uint32_t q = 2; q < set->quantity_count + 2; q++)
        from[q] += from[q - 1];
    for (uint32_t p = 0; p < set->part_count; p++)
        pair[from[set->parts[p].part + 1]++] = p;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t q = b->cells.at[i].quantity;
        for (uint32_t k = from[q]; k < from[q + 1]; k++)
            TRY(building_complement(b, i, &set->parts[pair[k]], err));
    }
    return OK;
}

static Status add_equations(Building *b, Error *err)
{
    /* cells that are made on the way are of absent rows: they have no children that are there */
    size_t count = b->cells.len;
    TRY(add_complements(b, count, err));
    for (uint32_t i = 0; i < count; i++) {
        if (b->reading == TABLES_TRUE_VALUES)
            TRY(check_margins(b, i, err));
        for (uint32_t d = 0; d < b->set->dimension_count; d++) {
            const TablesDimension *dimension = &b->set->dimensions[d];
            uint32_t code = b->cells.at[i].at[d];
            if (code == TABLES_NONE)
                continue;
            for (uint32_t s = dimension->sum_from[code]; s < dimension->sum_from[code + 1]; s++)
                TRY(add_sum(b, i, d, &dimension->sums[s], err));
        }
    }
    return building_unprinted(b, err);
}

/* --- checks ------------------------------------------------------------------------------------------------------- */

static Status check_row(const TablesSystem *s, uint32_t row, Error *err)
{
    int64_t off = 0;
    for (uint32_t i = s->start[row]; i < s->start[row + 1]; i++) {
        int64_t v = s->coef[i] * s->cells[s->cell[i]].value.low;
        if (__builtin_add_overflow(off, v, &off))
            return error_set(err, ERR_LIMIT, "a sum of the tables does not fit into 64 bits");
    }
    if (off == 0)
        return OK;
    const TablesCell *whole = &s->cells[s->cell[s->start[row]]];
    Buf words;
    buf_init(&words, 400);
    tables_equation_words(s, row, &words);
    bool is_total = s->set->quantities[whole->quantity].is_total;
    error_set(err, ERR_INVALID, "does not add up: the total is %s%lld%s %s than its parts: %.300s", "",
        (long long)((off < 0 ? -off : off) / (is_total ? 100 : 1)), is_total ? " (rounded down)" : "",
        off < 0 ? "less" : "more", buf_z(&words));
    buf_free(&words);
    for (uint32_t i = s->start[row]; i < s->start[row + 1]; i++) {
        const TablesCell *told = &s->cells[s->cell[i]];
        if (told->table == TABLES_NONE)
            continue;
        const TablesTable *t = &s->set->tables[told->table];
        error_at(err, t->file.ptr, t->csv_row[told->row] + 2, t->columns[told->column].name.ptr);
        break;
    }
    return ERR_INVALID;
}

static Status finish(Building *b, Error *err)
{
    TablesSystem *s = b->s;
    s->cell_count = (uint32_t)b->cells.len;
    s->row_count = (uint32_t)b->starts.len;
    TRY(building_row(b, err));
    TRY(arena_new(&s->arena, TablesCell, b->cells.len, &s->cells, err));
    TRY(arena_new(&s->arena, uint32_t, b->starts.len, &s->start, err));
    TRY(arena_new(&s->arena, uint32_t, b->terms.len, &s->cell, err));
    TRY(arena_new(&s->arena, int32_t, b->terms.len, &s->coef, err));
    if (b->cells.len > 0)
        memcpy(s->cells, b->cells.at, b->cells.len * sizeof *s->cells);
    memcpy(s->start, b->starts.at, b->starts.len * sizeof *s->start);
    if (b->terms.len > 0) {
        memcpy(s->cell, b->terms.at, b->terms.len * sizeof *s->cell);
        memcpy(s->coef, b->coefs.at, b->terms.len * sizeof *s->coef);
    }
    for (uint32_t r = 0; r < s->row_count && b->reading == TABLES_TRUE_VALUES; r++)
        TRY(check_row(s, r, err));
    return OK;
}

Status tables_system(TablesSet *set, TablesReading reading, TablesSystem *out, Error *err)
{
    *out = (TablesSystem){.set = set};
    arena_init(&out->arena, 0);
    Building b = {.set = set, .s = out, .reading = reading};
    Status st = map_init(&b.index, err);
    if (st == OK)
        st = take_tables(&b, err);
    if (st == OK)
        st = add_equations(&b, err);
    if (st == OK)
        st = finish(&b, err);
    map_free(&b.index);
    vec_free(&b.cells);
    vec_free(&b.terms);
    vec_free(&b.coefs);
    vec_free(&b.starts);
    vec_free(&b.open);
    return st;
}

void tables_system_free(TablesSystem *s)
{
    arena_free(&s->arena);
    *s = (TablesSystem){0};
}

/* --- for the solver ----------------------------------------------------------------------------------------------- */

static Status largest_of(const TablesSystem *s, int64_t **out, Error *err)
{
    TRY(mem_zalloc(s->set->quantity_count + 1, sizeof **out, (void **)out, err));
    for (uint32_t i = 0; i < s->cell_count; i++)
        if (s->cells[i].value.low > (*out)[s->cells[i].quantity])
            (*out)[s->cells[i].quantity] = s->cells[i].value.low;
    return OK;
}

static SdcCell problem_cell(const TablesCell *c, int64_t largest)
{
    int64_t v = c->value.low;
    SdcCell out = {.value = v, .lower = 0, .upper = largest, .cost = v > 0 ? v : 1, .status = SDC_OPEN};
    if (c->value.mark == TABLES_STRUCTURAL)
        out.upper = 0;
    if (c->frozen || (v == 0 && (c->printed || c->value.mark == TABLES_STRUCTURAL)))
        out.status = SDC_FROZEN;
    else if (c->buried || !c->printed)
        out.status = SDC_SECONDARY;
    return out;
}

/* A complement, which stands in no table, is looked for where its part stands. */
static void say_table(const TablesSystem *s, uint32_t cell, Buf *out)
{
    const TablesCell *c = &s->cells[cell];
    while (c->table == TABLES_NONE && c->part != TABLES_NONE)
        c = &s->cells[c->part];
    if (c->table != TABLES_NONE)
        buf_addf(out, " (table %.*s)", SLICE_ARG(s->set->tables[c->table].name));
}

Status tables_problem(const TablesSystem *s, SdcProblem *out, Error *err)
{
    int64_t *largest = NULL;
    *out = (SdcProblem){0};
    TRY(largest_of(s, &largest, err));
    Buf words;
    buf_init(&words, 4096);
    Status st = sdc_new(s->cell_count, s->row_count, s->start[s->row_count], out, err);
    if (st == OK)
        st = arena_new(&out->arena, Slice, s->cell_count, &out->names, err);
    for (uint32_t i = 0; i < s->cell_count && st == OK; i++) {
        out->cells[i] = problem_cell(&s->cells[i], largest[s->cells[i].quantity]);
        if (out->cells[i].status == SDC_SECONDARY)
            out->cells[i].cost = 0;
        buf_reset(&words);
        tables_cell_words(s, i, &words);
        say_table(s, i, &words);
        st = arena_dup(&out->arena, buf_slice(&words), &out->names[i], err);
    }
    if (st == OK) {
        memcpy(out->start, s->start, (s->row_count + (size_t)1) * sizeof *s->start);
        if (s->start[s->row_count] > 0) {
            memcpy(out->cell, s->cell, s->start[s->row_count] * sizeof *s->cell);
            memcpy(out->coef, s->coef, s->start[s->row_count] * sizeof *s->coef);
        }
    }
    buf_free(&words);
    mem_free(largest);
    return st;
}
