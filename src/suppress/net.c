/*
 * Builds nets: presolve (lone cells, doubled equations), blocks, rows and columns.
 *
 * Equations that follow from others are kept unless they are copies: the local simplex only ever looks at equations
 * that are broken, and one that follows from others is never broken alone.
 */
#include "suppress/net.h"

#include <stdlib.h>

/* Cells of the problem by column, over all equations. */
typedef struct Columns {
    uint32_t *start, *row;
} Columns;

static Status columns_of(const SdcProblem *p, Arena *a, Columns *out, Error *err)
{
    uint32_t *next;
    uint32_t entries = p->start[p->row_count];
    TRY(arena_new(a, uint32_t, (size_t)p->cell_count + 2, &out->start, err));
    TRY(arena_new(a, uint32_t, (size_t)p->cell_count + 1, &next, err));
    TRY(arena_new(a, uint32_t, (size_t)entries + 1, &out->row, err));
    for (uint32_t k = 0; k < entries; k++)
        out->start[p->cell[k] + 1]++;
    for (uint32_t i = 0; i < p->cell_count; i++)
        next[i] = out->start[i + 1] += out->start[i];
    for (uint32_t r = p->row_count; r-- > 0;)
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            out->row[--next[p->cell[k]]] = r;
    return OK;
}

static uint32_t only_usable(const SdcProblem *p, uint32_t row, const uint8_t *usable)
{
    for (uint32_t k = p->start[row]; k < p->start[row + 1]; k++)
        if (usable[p->cell[k]])
            return p->cell[k];
    return NET_NONE;
}

/* A cell that is alone in an equation is known. */
static void fix_lone(const SdcProblem *p, const Columns *c, uint8_t *usable, uint32_t *left, uint32_t *stack)
{
    uint32_t top = 0;
    for (uint32_t r = 0; r < p->row_count; r++) {
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            left[r] += usable[p->cell[k]];
        if (left[r] == 1)
            stack[top++] = r;
    }
    while (top > 0) {
        uint32_t cell = only_usable(p, stack[--top], usable);
        if (cell == NET_NONE)
            continue;
        usable[cell] = 0;
        for (uint32_t k = c->start[cell]; k < c->start[cell + 1]; k++)
            if (--left[c->row[k]] == 1)
                stack[top++] = c->row[k];
    }
}

static uint32_t number_blocks(
    const SdcProblem *p, const uint8_t *usable, uint32_t *parent, uint32_t *number, uint32_t *block_of)
{
    uint32_t count = 0;
    forest_init(parent, p->cell_count);
    for (uint32_t r = 0; r < p->row_count; r++) {
        uint32_t first = only_usable(p, r, usable);
        for (uint32_t k = p->start[r]; k < p->start[r + 1] && first != NET_NONE; k++)
            if (usable[p->cell[k]])
                forest_unite(parent, first, p->cell[k]);
    }
    for (uint32_t i = 0; i < p->cell_count; i++) {
        block_of[i] = NET_NONE;
        if (!usable[i])
            continue;
        uint32_t root = forest_root(parent, i);
        if (root == i)
            number[i] = count++;
        block_of[i] = number[root];
    }
    return count;
}

Status net_blocks(const SdcProblem *p, uint8_t *usable, uint32_t *block_of, uint32_t *block_count, Error *err)
{
    Arena scratch;
    Columns columns = {0};
    uint32_t *left, *stack, *parent, *number;
    Status st;
    arena_init(&scratch, 0);
    TRY_OUT(columns_of(p, &scratch, &columns, err));
    TRY_OUT(arena_new(&scratch, uint32_t, (size_t)p->row_count + 1, &left, err));
    TRY_OUT(arena_new(&scratch, uint32_t, (size_t)p->row_count + 1, &stack, err));
    TRY_OUT(arena_new(&scratch, uint32_t, (size_t)p->cell_count + 1, &parent, err));
    TRY_OUT(arena_new(&scratch, uint32_t, (size_t)p->cell_count + 1, &number, err));
    fix_lone(p, &columns, usable, left, stack);
    *block_count = number_blocks(p, usable, parent, number, block_of);
out:
    arena_free(&scratch);
    return st;
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

/* An equation among a block's cells, terms in order of cells, the first coefficient positive. */
typedef struct RowText {
    uint32_t *cell;
    int32_t *coef;
    uint32_t count, row;
} RowText;

static int compare_rows(const void *a, const void *b)
{
    const RowText *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? -1 : 1;
    for (uint32_t i = 0; i < x->count; i++) {
        if (x->cell[i] != y->cell[i])
            return x->cell[i] < y->cell[i] ? -1 : 1;
        if (x->coef[i] != y->coef[i])
            return x->coef[i] < y->coef[i] ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

static bool same_row(const RowText *x, const RowText *y)
{
    return x->count == y->count && memcmp(x->cell, y->cell, x->count * sizeof *x->cell) == 0 &&
           memcmp(x->coef, y->coef, x->count * sizeof *x->coef) == 0;
}

static int32_t divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return (int32_t)(a < 0 ? -a : a);
}

/* Terms of row r inside the block, sorted; coefficients without common divisor. */
static void take_row(const SdcProblem *p, uint32_t r, const uint32_t *inside, uint64_t *pairs, RowText *out)
{
    uint32_t n = 0;
    int32_t common = 0;
    for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
        if (inside[p->cell[k]] != NET_NONE) {
            pairs[n++] = (uint64_t)inside[p->cell[k]] << 32 | (uint32_t)p->coef[k];
            common = divisor(common, p->coef[k]);
        }
    for (uint32_t i = 1; i < n; i++) { /* mostly in order already */
        uint64_t v = pairs[i];
        uint32_t k = i;
        for (; k > 0 && pairs[k - 1] > v; k--)
            pairs[k] = pairs[k - 1];
        pairs[k] = v;
    }
    for (uint32_t i = 0; i < n; i++) {
        int32_t c = (int32_t)(uint32_t)pairs[i];
        out->cell[i] = (uint32_t)(pairs[i] >> 32);
        out->coef[i] = ((int32_t)(uint32_t)pairs[0] < 0 ? -1 : 1) * (c / common);
    }
    out->count = n;
    out->row = r;
}

typedef struct RowList {
    RowText *rows;
    uint32_t count;
    size_t entries;
} RowList;

/* Rows in their first order, copies dropped. */
static Status collect_rows(const SdcProblem *p, const uint32_t *inside, const uint32_t *rows, uint32_t row_count,
    Arena *scratch, RowList *out, Error *err)
{
    uint32_t longest = 0, kept = 0;
    size_t entries = 0, at = 0;
    for (uint32_t i = 0; i < row_count; i++) {
        uint32_t length = p->start[rows[i] + 1] - p->start[rows[i]];
        entries += length;
        longest = length > longest ? length : longest;
    }
    uint64_t *pairs;
    uint32_t *cells;
    int32_t *coefs;
    TRY(arena_new(scratch, uint64_t, (size_t)longest + 1, &pairs, err));
    TRY(arena_new(scratch, uint32_t, entries + 1, &cells, err));
    TRY(arena_new(scratch, int32_t, entries + 1, &coefs, err));
    TRY(arena_new(scratch, RowText, (size_t)row_count + 1, &out->rows, err));
    for (uint32_t i = 0; i < row_count; i++) {
        RowText *t = &out->rows[kept];
        *t = (RowText){.cell = cells + at, .coef = coefs + at};
        take_row(p, rows[i], inside, pairs, t);
        at += t->count;
        kept += t->count > 0;
    }
    qsort(out->rows, kept, sizeof *out->rows, compare_rows);
    uint32_t *order;
    TRY(arena_new(scratch, uint32_t, (size_t)kept + 1, &order, err));
    out->count = 0;
    for (uint32_t i = 0; i < kept; i++)
        if (i == 0 || !same_row(&out->rows[i], &out->rows[out->count - 1])) {
            out->rows[out->count++] = out->rows[i];
            out->entries += out->rows[out->count - 1].count;
        }
    return OK;
}

static Status fill_rows(Net *n, const RowList *list, Error *err)
{
    size_t at = 0;
    n->row_count = list->count;
    TRY(arena_new(&n->arena, uint32_t, (size_t)list->count + 1, &n->row_start, err));
    TRY(arena_new(&n->arena, uint32_t, list->entries + 1, &n->row_cell, err));
    TRY(arena_new(&n->arena, double, list->entries + 1, &n->row_coef, err));
    TRY(arena_new(&n->arena, uint32_t, (size_t)n->cell_count + 2, &n->col_start, err));
    TRY(arena_new(&n->arena, uint32_t, list->entries + 1, &n->col_row, err));
    TRY(arena_new(&n->arena, double, list->entries + 1, &n->col_coef, err));
    for (uint32_t r = 0; r < list->count; r++) {
        for (uint32_t k = 0; k < list->rows[r].count; k++, at++) {
            n->row_cell[at] = list->rows[r].cell[k];
            n->row_coef[at] = list->rows[r].coef[k];
            n->col_start[n->row_cell[at] + 2]++;
        }
        n->row_start[r + 1] = (uint32_t)at;
    }
    for (uint32_t i = 0; i < n->cell_count; i++)
        n->col_start[i + 2] += n->col_start[i + 1];
    for (uint32_t r = 0; r < n->row_count; r++)
        for (uint32_t k = n->row_start[r]; k < n->row_start[r + 1]; k++) {
            uint32_t to = n->col_start[n->row_cell[k] + 1]++;
            n->col_row[to] = r;
            n->col_coef[to] = n->row_coef[k];
        }
    return OK;
}

/* Rows that hold a cell of the net, ascending. */
static Status rows_among(
    const SdcProblem *p, const uint32_t *inside, Arena *scratch, uint32_t **rows, uint32_t *count, Error *err)
{
    TRY(arena_new(scratch, uint32_t, (size_t)p->row_count + 1, rows, err));
    *count = 0;
    for (uint32_t r = 0; r < p->row_count; r++)
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            if (inside[p->cell[k]] != NET_NONE) {
                (*rows)[(*count)++] = r;
                break;
            }
    return OK;
}

/* inside: a cell of the problem's place in the net. */
static Status list_usable(Net *n, const uint8_t *usable, uint32_t *inside, Error *err)
{
    uint32_t count = n->problem->cell_count;
    TRY(arena_new(&n->arena, uint32_t, (size_t)count + 1, &n->outside, err));
    memset(inside, 0xff, sizeof *inside * count);
    for (uint32_t i = 0; i < count; i++)
        if (usable[i]) {
            inside[i] = n->cell_count;
            n->outside[n->cell_count++] = i;
        }
    return OK;
}

static Status list_block(Net *n, const NetBlock *block, Error *err)
{
    TRY(arena_new(&n->arena, uint32_t, (size_t)block->cell_count + 1, &n->outside, err));
    memcpy(n->outside, block->cells, block->cell_count * sizeof *n->outside);
    n->cell_count = block->cell_count;
    return OK;
}

static Status fill_cells(Net *n, Error *err)
{
    const SdcProblem *p = n->problem;
    TRY(arena_new(&n->arena, double, (size_t)n->cell_count + 1, &n->up, err));
    TRY(arena_new(&n->arena, double, (size_t)n->cell_count + 1, &n->down, err));
    for (uint32_t i = 0; i < n->cell_count; i++) {
        const SdcCell *c = &p->cells[n->outside[i]];
        n->up[i] = (double)(c->upper - c->value);
        n->down[i] = (double)(c->value - c->lower);
    }
    return OK;
}

/* Cells and equations of all the problem. */
static Status build_whole(Net *n, const uint8_t *usable, Arena *scratch, RowList *list, Error *err)
{
    uint32_t *inside, *rows, row_count;
    TRY(arena_new(scratch, uint32_t, (size_t)n->problem->cell_count + 1, &inside, err));
    TRY(list_usable(n, usable, inside, err));
    TRY(rows_among(n->problem, inside, scratch, &rows, &row_count, err));
    return collect_rows(n->problem, inside, rows, row_count, scratch, list, err);
}

static Status build_block(Net *n, const NetBlock *block, Arena *scratch, RowList *list, Error *err)
{
    TRY(list_block(n, block, err));
    return collect_rows(n->problem, block->place, block->rows, block->row_count, scratch, list, err);
}

Status net_build(const SdcProblem *p, const uint8_t *usable, const NetBlock *block, Net *out, Error *err)
{
    Net n = {.problem = p};
    Arena scratch;
    RowList list = {0};
    Status st;
    arena_init(&n.arena, 0);
    arena_init(&scratch, 0);
    if (block)
        TRY_OUT(build_block(&n, block, &scratch, &list, err));
    else
        TRY_OUT(build_whole(&n, usable, &scratch, &list, err));
    TRY_OUT(fill_cells(&n, err));
    TRY_OUT(fill_rows(&n, &list, err));
    *out = n;
    n = (Net){0};
out:
    arena_free(&scratch);
    net_free(&n);
    return st;
}

void net_free(Net *n)
{
    arena_free(&n->arena);
    *n = (Net){0};
}

uint32_t net_inside(const Net *n, uint32_t cell)
{
    uint32_t low = 0, high = n->cell_count; /* outside[] ascends */
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (n->outside[middle] <= cell)
            low = middle;
        else
            high = middle;
    }
    return low;
}
