/*
 * Problems of known shape. The public collection (CSPLIB) holds some twenty problems that are published as numbers
 * without their records. What can be seen of them is which dimensions they have and how these sum up, how many cells
 * and equations there are, and how values, zeros and protection levels are distributed. Here records are drawn that
 * give tables of the same shape: a record has a category in each dimension, an amount, and so many contributors of that
 * amount; a cell is the sum over its records; a table shows some of the dimensions, and linked tables share the cells
 * of those that they have in common. Equations are written table by table, as the originals have them, though linked
 * tables repeat some. Every equation holds, since every cell is a sum of records.
 */
#include "protect_shapes.h"

#include <stdlib.h>

#define DIMS 9 /* at most, of all of a shape's tables */
#define TABLES 20

typedef enum DimKind {
    DIM_FLAT,  /* leaves and their total */
    DIM_GRID,  /* leaves in a square with both margins: nine give 16 codes and 8 equations */
    DIM_CROSS, /* six leaves in groups that overlap: 13 codes, 7 equations */
    DIM_TREE   /* leaves in groups of four, these in groups of four, and so on */
} DimKind;

typedef enum Amounts {
    AMOUNT_INCOME, /* up to a thousand a contributor */
    AMOUNT_PEOPLE, /* 1 */
    AMOUNT_LUMPS,  /* mostly one and the same, else a little */
    AMOUNT_MONEY,  /* over six powers of ten, mostly one and the same */
    AMOUNT_NOISE   /* no records: 0 .. 10 in each cell */
} Amounts;

typedef enum Rule {
    RULE_SHARE, /* nobody may learn the largest contributor to within so many percent (p % rule) */
    RULE_FEW,   /* one or two contributors: so many percent of the value up and down */
    RULE_BELOW, /* 1 .. 4: by 1 */
    RULE_SOME   /* seven cells: by so many percent */
} Rule;

typedef struct DimShape {
    DimKind kind;
    uint32_t leaves;
} DimShape;

typedef struct Shape {
    const char *name;
    DimShape dims[DIMS];     /* up to the first without leaves */
    uint16_t tables[TABLES]; /* bit d: the table shows dimension d; up to the first 0 */
    uint32_t records;
    uint32_t contributors[3]; /* percent of records with one and with two, and the most that others have */
    uint32_t crowded; /* percent of records in the first third of each dimension's leaves, besides their share */
    Amounts amounts;
    Rule rule;
    uint32_t level;   /* percent */
    bool zeros;       /* cells without records are there, frozen; else they are not */
    bool independent; /* a grid's last margin has no equation of its own */
    int64_t upper;    /* what everybody knows of each cell; 0: the grand total; -1: twice the value */
} Shape;

#define MOSTLY .contributors = {9, 19, 5}
#define INCOMES .amounts = AMOUNT_INCOME, .rule = RULE_SHARE, .level = 10
#define FIVE \
    { \
        DIM_FLAT, 5 \
    }
#define GRID \
    { \
        DIM_GRID, 9 \
    }
#define CROSS \
    { \
        DIM_CROSS, 6 \
    }

static const Shape shapes[] = {
    {"nine12", {FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, {DIM_FLAT, 9}},
        {0x00f, 0x017, 0x039, 0x02b, 0x069, 0x0ac, 0x0b4, 0x0a6, 0x0b2, 0x185, 0x191, 0x183}, .records = 480, MOSTLY,
        INCOMES},
    {"ninenew", {FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, {DIM_FLAT, 9}},
        {0x00f, 0x017, 0x039, 0x02b, 0x069, 0x0ac, 0x0b4, 0x185}, .records = 400, .contributors = {10, 22, 5}, INCOMES},
    {"two5in6", {FIVE, FIVE, FIVE, FIVE, FIVE, FIVE}, {0x01f, 0x03e}, .records = 500, MOSTLY, INCOMES},
    {"nine5d", {{DIM_FLAT, 3}, {DIM_FLAT, 24}, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE}, {0x01f, 0x0e3}, .records = 550,
        MOSTLY, INCOMES},
    {"five20", {FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE},
        {0x01f, 0x03e, 0x07c, 0x0f8, 0x1f0, 0x1e1, 0x1c3, 0x187, 0x10f, 0x155}, .records = 700,
        .contributors = {7, 15, 5}, INCOMES},
    {"hier13", {CROSS, CROSS, CROSS}, {0x7}, .records = 240, .contributors = {14, 28, 5}, INCOMES},
    {"hier13x13x13", {CROSS, CROSS, CROSS}, {0x7}, .records = 240, .contributors = {14, 28, 5}, INCOMES, .zeros = true},
    {"hier16", {GRID, GRID, GRID}, {0x7}, .records = 560, .contributors = {12, 24, 5}, INCOMES},
    {"hier16x16x16", {GRID, GRID, GRID}, {0x7}, .records = 560, .contributors = {12, 24, 5}, INCOMES, .zeros = true,
        .independent = true},
    {"bts4", {{DIM_TREE, 32}, {DIM_TREE, 32}, {DIM_TREE, 32}}, {0x7}, .records = 4000, .contributors = {5, 11, 9},
        INCOMES},
    {"cbs", {{DIM_FLAT, 182}, {DIM_FLAT, 60}}, {0x3}, .records = 2950, .contributors = {100, 0, 0}, .crowded = 20,
        .amounts = AMOUNT_LUMPS, .rule = RULE_FEW, .level = 40, .zeros = true, .upper = 1000000},
    {"dale", {{DIM_FLAT, 358}, {DIM_FLAT, 45}}, {0x3}, .records = 160000, .contributors = {100, 0, 0}, .crowded = 50,
        .amounts = AMOUNT_PEOPLE, .rule = RULE_BELOW, .zeros = true, .upper = 1000000},
    {"osorio", {{DIM_FLAT, 100}, {DIM_FLAT, 100}}, {0x3}, .amounts = AMOUNT_NOISE, .rule = RULE_SOME, .level = 10,
        .zeros = true, .upper = 200000},
    {"table3", {{DIM_FLAT, 7}, {DIM_FLAT, 5}, {DIM_FLAT, 7}, {DIM_FLAT, 12}}, {0xf}, .records = 1500,
        .contributors = {40, 20, 8}, .crowded = 50, .amounts = AMOUNT_MONEY, .rule = RULE_FEW, .level = 10,
        .zeros = true, .upper = 185364000},
    {"jjtabel3", {{DIM_TREE, 40}, {DIM_TREE, 40}}, {0x3}, .records = 1200, .contributors = {60, 20, 5}, .crowded = 40,
        .amounts = AMOUNT_MONEY, .rule = RULE_SHARE, .level = 43, .zeros = true, .upper = 1000000000},
};

const char *protect_shape_name(size_t i)
{
    return i < COUNT_OF(shapes) ? shapes[i].name : NULL;
}

/* --- dimensions --------------------------------------------------------------------------------------------------- */

/* Codes: the leaves, then sums. in[c] names the codes whose sum c is, and of[l] all codes that hold leaf l. */
typedef VEC(uint32_t) Codes;
typedef struct Sum {
    uint32_t code;
    Codes parts;
} Sum;
typedef struct Dim {
    uint32_t leaves, codes, total;
    VEC(Sum) sums;
    Codes *of;  /* leaf -> codes */
    Codes *row; /* code -> sums in which it stands, as the sum or a part */
} Dim;

static void dim_free(Dim *d)
{
    for (size_t i = 0; i < d->sums.len; i++)
        vec_free(&d->sums.at[i].parts);
    for (uint32_t i = 0; d->of && i < d->leaves; i++)
        vec_free(&d->of[i]);
    for (uint32_t i = 0; d->row && i < d->codes; i++)
        vec_free(&d->row[i]);
    vec_free(&d->sums);
    mem_free(d->of);
    mem_free(d->row);
}

/* A sum of count codes from first on, each `step` after the last. */
static Status add_sum(Dim *d, uint32_t code, uint32_t first, uint32_t count, uint32_t step, Error *err)
{
    TRY(vec_push(&d->sums, ((Sum){.code = code}), err));
    for (uint32_t i = 0; i < count; i++)
        TRY(vec_push(&vec_last(&d->sums).parts, first + i * step, err));
    d->total = code;
    d->codes = code + 1 > d->codes ? code + 1 : d->codes;
    return OK;
}

static Status grid(Dim *d, bool independent, Error *err)
{
    uint32_t side = 1, n;
    while ((side + 1) * (side + 1) <= d->leaves)
        side++;
    n = d->leaves = side * side;
    for (uint32_t i = 0; i < side; i++)
        TRY(add_sum(d, n + i, i * side, side, 1, err));
    for (uint32_t i = 0; i < side; i++)
        TRY(add_sum(d, n + side + i, i, side, side, err));
    TRY(add_sum(d, n + 2 * side, n, side, 1, err));
    return independent ? OK : add_sum(d, n + 2 * side, n + side, side, 1, err);
}

/* As hier13x7x7d has it. */
static Status cross(Dim *d, Error *err)
{
    d->leaves = 6;
    TRY(add_sum(d, 6, 0, 3, 1, err));
    TRY(add_sum(d, 7, 3, 3, 1, err));
    TRY(add_sum(d, 8, 2, 2, 1, err));
    TRY(add_sum(d, 9, 2, 2, 3, err));
    TRY(add_sum(d, 10, 0, 2, 5, err));
    TRY(add_sum(d, 11, 5, 2, 3, err));
    return add_sum(d, 12, 6, 2, 1, err);
}

static Status tree(Dim *d, Error *err)
{
    uint32_t first = 0, count = d->leaves, next = d->leaves;
    do {
        uint32_t group = count > 4 ? 4 : count, made = (count + group - 1) / group;
        for (uint32_t i = 0; i < made; i++)
            TRY(add_sum(d, next + i, first + i * group, i + 1 < made ? group : count - i * group, 1, err));
        first = next;
        count = made;
        next += made;
    } while (count > 1);
    return OK;
}

/* Sums come after their parts. */
static Status link_codes(Dim *d, Error *err)
{
    TRY(mem_zalloc(d->leaves, sizeof *d->of, (void **)&d->of, err));
    TRY(mem_zalloc(d->codes, sizeof *d->row, (void **)&d->row, err));
    uint8_t *holds;
    TRY(mem_zalloc(d->codes, 1, (void **)&holds, err));
    Status st = OK;
    for (uint32_t l = 0; l < d->leaves && st == OK; l++) {
        memset(holds, 0, d->codes);
        holds[l] = 1;
        for (size_t s = 0; s < d->sums.len; s++)
            for (size_t i = 0; i < d->sums.at[s].parts.len; i++)
                holds[d->sums.at[s].code] |= holds[d->sums.at[s].parts.at[i]];
        for (uint32_t c = 0; c < d->codes && st == OK; c++)
            if (holds[c])
                st = vec_push(&d->of[l], c, err);
    }
    mem_free(holds);
    for (uint32_t s = 0; s < d->sums.len && st == OK; s++) {
        st = vec_push(&d->row[d->sums.at[s].code], s, err);
        for (size_t i = 0; i < d->sums.at[s].parts.len && st == OK; i++)
            st = vec_push(&d->row[d->sums.at[s].parts.at[i]], s, err);
    }
    return st;
}

static Status dim_make(const DimShape *shape, bool independent, uint32_t percent, Dim *d, Error *err)
{
    d->leaves = shape->leaves * percent / 100 > 2 ? shape->leaves * percent / 100 : 2;
    switch (shape->kind) {
    case DIM_GRID:
        d->leaves = d->leaves < 4 ? 4 : d->leaves;
        TRY(grid(d, independent, err));
        break;
    case DIM_CROSS:
        TRY(cross(d, err));
        break;
    case DIM_TREE:
        TRY(tree(d, err));
        break;
    case DIM_FLAT:
    default:
        TRY(add_sum(d, d->leaves, 0, d->leaves, 1, err));
    }
    return link_codes(d, err);
}

/* --- cells -------------------------------------------------------------------------------------------------------- */

/* A cell's key is its codes, one a dimension, the total where a table does not show it. */
typedef struct Part {
    uint64_t key;
    uint32_t record; /* UINT32_MAX: a cell without any */
} Part;

typedef struct Record {
    uint32_t leaf[DIMS];
    int64_t amount; /* of each contributor */
    uint32_t contributors;
} Record;

typedef struct Made {
    const Shape *shape;
    uint32_t dim_count, table_count;
    Dim dims[DIMS];
    VEC(Record) records;
    VEC(Part) parts;
    VEC(uint64_t) keys; /* of the cells, in order */
    Rng rng;
} Made;

static int by_part(const void *a, const void *b)
{
    const Part *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static int64_t amount_of(Made *m)
{
    switch (m->shape->amounts) {
    case AMOUNT_INCOME:
        return rng_between(&m->rng, 1, 1000);
    case AMOUNT_LUMPS:
        return rng_below(&m->rng, 10) < 6 ? 97 : rng_between(&m->rng, 1, 30);
    case AMOUNT_MONEY: {
        int64_t most = 10;
        for (uint64_t digits = rng_below(&m->rng, 6); digits > 0; digits--)
            most *= 10;
        return rng_below(&m->rng, 10) < 2 ? 142 : rng_between(&m->rng, 1, most);
    }
    case AMOUNT_PEOPLE:
    case AMOUNT_NOISE:
    default:
        return 1;
    }
}

static Status draw_record(Made *m, Error *err)
{
    const uint32_t *share = m->shape->contributors;
    Record r = {.amount = amount_of(m), .contributors = 1};
    for (uint32_t d = 0; d < m->dim_count; d++) {
        uint32_t leaves = m->dims[d].leaves, third = leaves / 3 > 0 ? leaves / 3 : 1;
        r.leaf[d] = (uint32_t)rng_below(&m->rng, rng_below(&m->rng, 100) < m->shape->crowded ? third : leaves);
    }
    uint32_t at = (uint32_t)rng_below(&m->rng, 100);
    if (at >= share[0])
        r.contributors = at < share[0] + share[1] ? 2 : (uint32_t)rng_between(&m->rng, 3, share[2]);
    return vec_push(&m->records, r, err);
}

static bool shows(const Made *m, uint32_t table, uint32_t dim)
{
    return m->shape->tables[table] >> dim & 1;
}

static uint64_t with_code(const Made *m, uint64_t key, uint32_t dim, uint32_t code)
{
    return key * m->dims[dim].codes + code;
}

/* All cells of a table that hold a record. */
static Status spread(Made *m, uint32_t table, uint32_t dim, uint64_t key, uint32_t record, Error *err)
{
    if (dim == m->dim_count)
        return vec_push(&m->parts, ((Part){key, record}), err);
    const Dim *d = &m->dims[dim];
    if (!shows(m, table, dim))
        return spread(m, table, dim + 1, with_code(m, key, dim, d->total), record, err);
    const Codes *of = record == UINT32_MAX ? NULL : &d->of[m->records.at[record].leaf[dim]];
    for (uint32_t i = 0; i < (of ? of->len : d->codes); i++)
        TRY(spread(m, table, dim + 1, with_code(m, key, dim, of ? of->at[i] : i), record, err));
    return OK;
}

static Status draw(Made *m, uint32_t percent, Error *err)
{
    uint32_t records = m->shape->records * percent / 100;
    for (uint32_t i = 0; i < records; i++)
        TRY(draw_record(m, err));
    if (m->shape->amounts == AMOUNT_NOISE)
        for (uint32_t i = 0; i < m->dims[0].leaves; i++)
            for (uint32_t k = 0; k < m->dims[1].leaves; k++)
                for (uint64_t n = rng_below(&m->rng, 11); n > 0; n--)
                    TRY(vec_push(&m->records, ((Record){.leaf = {i, k}, .amount = 1, .contributors = 1}), err));
    for (uint32_t t = 0; t < m->table_count; t++) {
        for (uint32_t i = 0; i < m->records.len; i++)
            TRY(spread(m, t, 0, 0, i, err));
        if (m->shape->zeros)
            TRY(spread(m, t, 0, 0, UINT32_MAX, err));
    }
    qsort(m->parts.at, m->parts.len, sizeof *m->parts.at, by_part);
    for (size_t i = 0; i < m->parts.len; i++)
        if (i == 0 || m->parts.at[i].key != m->parts.at[i - 1].key)
            TRY(vec_push(&m->keys, m->parts.at[i].key, err));
    return OK;
}

typedef struct Tally {
    int64_t sum, first, second; /* all, and the two largest contributors */
    int64_t contributors;
} Tally;

/* parts [from ..) of one cell; returns where the next begins. */
static size_t tally(const Made *m, size_t from, Tally *t)
{
    const Part *parts = m->parts.at;
    size_t i = from;
    *t = (Tally){0};
    for (; i < m->parts.len && parts[i].key == parts[from].key; i++) {
        if (parts[i].record == UINT32_MAX || (i > from && parts[i].record == parts[i - 1].record))
            continue;
        const Record *r = &m->records.at[parts[i].record];
        t->sum += r->amount * r->contributors;
        t->contributors += r->contributors;
        for (uint32_t k = 0; k < r->contributors && k < 2; k++) {
            int64_t x = r->amount;
            if (x > t->first) {
                t->second = t->first;
                t->first = x;
            } else if (x > t->second)
                t->second = x;
        }
    }
    return i;
}

static int64_t level_of(const Shape *shape, const Tally *t)
{
    int64_t need;
    switch (shape->rule) {
    case RULE_SHARE:
        need = t->first * shape->level / 100 - (t->sum - t->first - t->second);
        return t->sum == 0 ? 0 : need > 0 ? need : need == 0 && t->contributors < 3 ? 1 : 0;
    case RULE_FEW:
        return t->contributors > 2 || t->sum == 0 ? 0
               : t->sum * shape->level / 100 > 0  ? t->sum * shape->level / 100
                                                  : 1;
    case RULE_BELOW:
        return t->sum > 0 && t->sum < 5;
    case RULE_SOME:
    default:
        return 0;
    }
}

static void fill(Made *m, SdcProblem *p)
{
    Tally t;
    int64_t grand = 0;
    size_t at = 0;
    for (uint32_t c = 0; c < p->cell_count; c++) {
        SdcCell *cell = &p->cells[c];
        at = tally(m, at, &t);
        int64_t level = level_of(m->shape, &t);
        cell->value = t.sum;
        cell->cost = t.sum > 0 ? t.sum : 1;
        cell->status = level > 0 ? SDC_SENSITIVE : m->shape->zeros && t.sum == 0 ? SDC_FROZEN : SDC_OPEN;
        cell->upl = level;
        cell->lpl = level < t.sum ? level : t.sum;
        grand = t.sum > grand ? t.sum : grand;
    }
    for (int i = 0; m->shape->rule == RULE_SOME && i < 7; i++) {
        SdcCell *cell = &p->cells[rng_below(&m->rng, p->cell_count)];
        int64_t level = (cell->value * m->shape->level + 99) / 100;
        if (cell->value > 0)
            cell->status = SDC_SENSITIVE, cell->lpl = cell->upl = level;
    }
    for (uint32_t c = 0; c < p->cell_count; c++) {
        SdcCell *cell = &p->cells[c];
        cell->upper = m->shape->upper > grand ? m->shape->upper : grand;
        if (cell->status == SDC_FROZEN)
            cell->upper = 0;
    }
}

/* --- equations ---------------------------------------------------------------------------------------------------- */

typedef struct Entry {
    uint64_t row;  /* the codes of the other dimensions, then the sum */
    uint32_t part; /* table and dimension, as they come */
    uint32_t cell;
    int32_t coef;
} Entry;
typedef VEC(Entry) Entries;

static int by_row(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->cell < y->cell ? -1 : x->cell > y->cell;
}

static bool in_table(const Made *m, uint32_t table, const uint32_t codes[DIMS])
{
    for (uint32_t d = 0; d < m->dim_count; d++)
        if (!shows(m, table, d) && codes[d] != m->dims[d].total)
            return false;
    return true;
}

/* What cell c stands in along one dimension of one table. */
static Status add_entries(
    const Made *m, uint32_t part, uint32_t dim, const uint32_t codes[DIMS], uint32_t c, Entries *out, Error *err)
{
    const Dim *d = &m->dims[dim];
    uint64_t row = 0;
    for (uint32_t k = 0; k < m->dim_count; k++)
        row = with_code(m, row, k, k == dim ? 0 : codes[k]);
    for (size_t i = 0; i < d->row[codes[dim]].len; i++) {
        uint32_t s = d->row[codes[dim]].at[i];
        int32_t coef = d->sums.at[s].code == codes[dim] ? -1 : 1;
        TRY(vec_push(out, ((Entry){row * d->sums.len + s, part, c, coef}), err));
    }
    return OK;
}

/* Table by table, dimension by dimension. A sum of which only one part is there is an equation, too. */
static Status list_entries(const Made *m, Entries *out, Error *err)
{
    for (uint32_t c = 0; c < m->keys.len; c++) {
        uint32_t codes[DIMS];
        uint64_t key = m->keys.at[c];
        for (uint32_t d = m->dim_count; d-- > 0; key /= m->dims[d].codes)
            codes[d] = (uint32_t)(key % m->dims[d].codes);
        for (uint32_t t = 0; t < m->table_count; t++)
            for (uint32_t d = 0; d < m->dim_count && in_table(m, t, codes); d++)
                if (shows(m, t, d))
                    TRY(add_entries(m, t * DIMS + d, d, codes, c, out, err));
    }
    qsort(out->at, out->len, sizeof *out->at, by_row);
    return OK;
}

static bool begins(const Entries *e, size_t i)
{
    return i == 0 || e->at[i].part != e->at[i - 1].part || e->at[i].row != e->at[i - 1].row;
}

static Status build(Made *m, SdcProblem *out, Error *err)
{
    Entries e = {0};
    uint32_t rows = 0;
    Status st = list_entries(m, &e, err);
    for (size_t i = 0; i < e.len; i++)
        rows += begins(&e, i);
    if (st == OK)
        st = sdc_new((uint32_t)m->keys.len, rows, (uint32_t)e.len, out, err);
    rows = 0;
    for (size_t i = 0; i < e.len && st == OK; i++) {
        out->cell[i] = e.at[i].cell;
        out->coef[i] = e.at[i].coef;
        rows += begins(&e, i);
        out->start[rows] = (uint32_t)i + 1;
    }
    if (st == OK)
        fill(m, out);
    vec_free(&e);
    return st;
}

static Status make(Made *m, uint32_t percent, SdcProblem *out, Error *err)
{
    for (; m->dim_count < DIMS && m->shape->dims[m->dim_count].leaves > 0; m->dim_count++)
        TRY(dim_make(&m->shape->dims[m->dim_count], m->shape->independent, percent, &m->dims[m->dim_count], err));
    while (m->table_count < TABLES && m->shape->tables[m->table_count] != 0)
        m->table_count++;
    TRY(draw(m, percent, err));
    return build(m, out, err);
}

Status protect_shape(const char *name, uint64_t seed, uint32_t percent, SdcProblem *out, Error *err)
{
    Made m = {0};
    for (size_t i = 0; i < COUNT_OF(shapes) && !m.shape; i++)
        if (strcmp(shapes[i].name, name) == 0)
            m.shape = &shapes[i];
    if (!m.shape)
        return error_set(err, ERR_INVALID, "no shape is called \"%s\"", name);
    rng_init(&m.rng, seed, 0);
    Status st = make(&m, percent, out, err);
    for (uint32_t d = 0; d < DIMS; d++)
        dim_free(&m.dims[d]);
    vec_free(&m.records);
    vec_free(&m.parts);
    vec_free(&m.keys);
    return st;
}
