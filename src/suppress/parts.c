/*
 * An equation whose terms but one have the same sign says that this one cell is the total of the others. A cell of
 * which the total is known in one equation only lies on the axis of a dimension (all of its other dimensions are
 * summed over), and all that is below it is a slab across the table.
 */
#include "suppress/parts.h"

#define NONE UINT32_MAX

typedef struct Tree {
    const SdcProblem *p;
    uint32_t *total;             /* by equation; NONE */
    uint32_t *start, *row;       /* by cell: equations of which it is the total */
    uint32_t *above;             /* by cell: equations in which it is a part of a total */
    uint32_t *below, *seen_last; /* cells below one, and the last walk that came by each */
    uint32_t walk;
} Tree;

/* One minus and one plus: the minus is the total, as table programs write it. */
static uint32_t total_of(const SdcProblem *p, uint32_t r)
{
    uint32_t count[2] = {0, 0}, last[2] = {NONE, NONE};
    for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
        uint32_t side = p->coef[k] > 0;
        count[side]++;
        last[side] = p->cell[k];
    }
    if (count[0] == 1 && count[1] > 0)
        return last[0];
    return count[1] == 1 && count[0] > 1 ? last[1] : NONE;
}

static Status read_tree(const SdcProblem *p, Arena *scratch, Tree *t, Error *err)
{
    uint32_t *next;
    size_t cells = (size_t)p->cell_count + 2;
    *t = (Tree){.p = p};
    TRY(arena_new(scratch, uint32_t, (size_t)p->row_count + 1, &t->total, err));
    TRY(arena_new(scratch, uint32_t, (size_t)p->row_count + 1, &t->row, err));
    TRY(arena_new(scratch, uint32_t, cells, &t->start, err));
    TRY(arena_new(scratch, uint32_t, cells, &next, err));
    TRY(arena_new(scratch, uint32_t, cells, &t->above, err));
    TRY(arena_new(scratch, uint32_t, cells, &t->below, err));
    TRY(arena_new(scratch, uint32_t, cells, &t->seen_last, err));
    for (uint32_t r = 0; r < p->row_count; r++) {
        t->total[r] = total_of(p, r);
        if (t->total[r] == NONE)
            continue;
        t->start[t->total[r] + 1]++;
        for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++)
            t->above[p->cell[k]] += p->cell[k] != t->total[r];
    }
    for (uint32_t i = 0; i < p->cell_count; i++)
        next[i + 1] = t->start[i + 1] += t->start[i];
    for (uint32_t r = 0; r < p->row_count; r++)
        if (t->total[r] != NONE)
            t->row[next[t->total[r]]++] = r;
    return OK;
}

/* Whether all parts of this total have no other total. */
static bool is_axis(const Tree *t, uint32_t r)
{
    for (uint32_t k = t->p->start[r]; k < t->p->start[r + 1]; k++)
        if (t->p->cell[k] != t->total[r] && t->above[t->p->cell[k]] != 1)
            return false;
    return true;
}

static bool axis_below(const Tree *t, uint32_t cell, uint32_t *row)
{
    for (uint32_t i = t->start[cell]; i < t->start[cell + 1]; i++) {
        *row = t->row[i];
        if (is_axis(t, *row))
            return true;
    }
    return false;
}

/* The cell and all below it, in t->below. */
static uint32_t walk_below(Tree *t, uint32_t cell)
{
    const SdcProblem *p = t->p;
    uint32_t count = 0;
    t->walk++;
    t->seen_last[cell] = t->walk;
    t->below[count++] = cell;
    for (uint32_t at = 0; at < count; at++)
        for (uint32_t i = t->start[t->below[at]]; i < t->start[t->below[at] + 1]; i++)
            for (uint32_t k = p->start[t->row[i]]; k < p->start[t->row[i] + 1]; k++)
                if (t->seen_last[p->cell[k]] != t->walk) {
                    t->seen_last[p->cell[k]] = t->walk;
                    t->below[count++] = p->cell[k];
                }
    return count;
}

typedef VEC(uint32_t) Heads;

/* The parts of a total that have parts themselves become slabs; those that are too large are cut further. (Below a cell
 * that has none each cell would be alone in an equation of this dimension, and nothing could move.) */
static Status cut_along(Tree *t, uint32_t row, uint32_t most, Cut *cut, Error *err)
{
    const SdcProblem *p = t->p;
    Heads rows = {0};
    Status st = vec_push(&rows, row, err);
    for (size_t at = 0; at < rows.len && st == OK; at++)
        for (uint32_t k = p->start[rows.at[at]]; k < p->start[rows.at[at] + 1] && st == OK; k++) {
            uint32_t head = p->cell[k], finer;
            if (head == t->total[rows.at[at]] || !axis_below(t, head, &finer))
                continue;
            uint32_t count = walk_below(t, head);
            for (uint32_t i = 0; i < count; i++)
                cut->part_of[t->below[i]] = cut->count;
            cut->count++;
            if (count > most)
                st = vec_push(&rows, finer, err);
        }
    vec_free(&rows);
    return st;
}

static Status measure(Cut *cut, uint32_t cells, Arena *scratch, Error *err)
{
    uint32_t *size;
    TRY(arena_new(scratch, uint32_t, (size_t)cut->count + 1, &size, err));
    for (uint32_t i = 0; i < cells; i++)
        if (++size[cut->part_of[i]] > cut->largest)
            cut->largest = size[cut->part_of[i]];
    return OK;
}

static uint64_t crossings(const Cut *cuts, uint32_t count)
{
    uint64_t product = 1;
    for (uint32_t i = 0; i < count && product <= UINT32_MAX; i++)
        product *= cuts[i].count;
    return product;
}

/* What several cuts have in common: parts that no cut divides further. Part 0 of any is part 0. */
static Status cross(const Cut *cuts, uint32_t count, uint32_t cells, Arena *a, Cut *out, Error *err)
{
    *out = (Cut){.count = 1};
    TRY(arena_new(a, uint32_t, (size_t)cells + 1, &out->part_of, err));
    memset(out->part_of, 0, cells * sizeof *out->part_of);
    for (uint32_t i = 0; i < count; i++)
        out->count *= cuts[i].count;
    for (uint32_t c = 0; c < cells; c++) {
        uint32_t part = 0;
        bool inside = true;
        for (uint32_t i = 0; i < count; i++) {
            part = part * cuts[i].count + cuts[i].part_of[c];
            inside = inside && cuts[i].part_of[c] != 0;
        }
        out->part_of[c] = inside ? part : 0;
    }
    return OK;
}

static bool is_finer(const Cut *a, const Cut *b)
{
    return a->largest != b->largest ? a->largest < b->largest : a->count < b->count;
}

/* Smallest parts first; cuts alike stay in the order of their dimensions. */
static void sort_cuts(Cut *cuts, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        Cut cut = cuts[i];
        uint32_t at = i;
        for (; at > 0 && is_finer(&cut, &cuts[at - 1]); at--)
            cuts[at] = cuts[at - 1];
        cuts[at] = cut;
    }
}

static uint32_t grand_total(const Tree *t)
{
    uint32_t best = NONE;
    for (uint32_t i = 0; i < t->p->cell_count; i++)
        if (t->above[i] == 0 && t->start[i + 1] > t->start[i] &&
            (best == NONE || t->p->cells[i].value > t->p->cells[best].value))
            best = i;
    return best;
}

Status parts_cut(const SdcProblem *p, uint32_t most, Arena *a, Cut **cuts, uint32_t *count, Error *err)
{
    Arena scratch;
    Tree t;
    Status st;
    arena_init(&scratch, 0);
    *count = 0;
    TRY_OUT(read_tree(p, &scratch, &t, err));
    uint32_t top = grand_total(&t), axes = top == NONE ? 0 : t.start[top + 1] - t.start[top];
    TRY_OUT(arena_new(a, Cut, (size_t)axes + 2, cuts, err));
    for (uint32_t i = 0; i < axes; i++) {
        uint32_t row = t.row[t.start[top] + i];
        Cut *cut = &(*cuts)[*count];
        if (!is_axis(&t, row))
            continue;
        *cut = (Cut){.count = 1};
        TRY_OUT(arena_new(a, uint32_t, (size_t)p->cell_count + 1, &cut->part_of, err));
        TRY_OUT(cut_along(&t, row, most, cut, err));
        TRY_OUT(measure(cut, p->cell_count, &scratch, err));
        *count += cut->count > 1;
    }
    if (*count > 1 && crossings(*cuts, *count) <= p->cell_count) {
        TRY_OUT(cross(*cuts, *count, p->cell_count, a, &(*cuts)[*count], err));
        TRY_OUT(measure(&(*cuts)[(*count)++], p->cell_count, &scratch, err));
    }
    sort_cuts(*cuts, *count);
out:
    arena_free(&scratch);
    return st;
}
