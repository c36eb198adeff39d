/*
 * Which equations follow from others: Gaussian elimination modulo a prime, rows kept sparse.
 *
 * Modulo a prime a row may look dependent that is not (once in about 2^31); the caller checks each answer against all
 * equations, so that this could cost time, never safety.
 */
#include "suppress/wide.h"

#define PRIME UINT64_C(2147483647)
#define WORK_LIMIT UINT64_C(300000000)

typedef struct ModTerm {
    uint32_t cell;
    uint32_t value;
} ModTerm;

typedef struct ModRow {
    ModTerm *terms; /* without the pivot, whose coefficient is 1 */
    uint32_t count;
} ModRow;

typedef struct Elimination {
    const Net *net;
    uint64_t *value; /* by cell, of the row at hand */
    uint8_t *seen;
    uint32_t *list, count; /* cells seen */
    ModRow *by_pivot;      /* cell -> row that replaces it */
    uint8_t *pivot;
    Arena arena;
    uint64_t work;
} Elimination;

static uint64_t power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent > 0; exponent >>= 1, base = base * base % PRIME)
        if (exponent & 1)
            result = result * base % PRIME;
    return result;
}

static void add(Elimination *e, uint32_t cell, uint64_t value)
{
    if (!e->seen[cell]) {
        e->seen[cell] = 1;
        e->list[e->count++] = cell;
        e->value[cell] = 0;
    }
    e->value[cell] = (e->value[cell] + value) % PRIME;
    e->work++;
}

/* Replaces pivots by the rest of their rows. Rows hold no earlier pivots, but later ones: hence again and again. */
static void reduce(Elimination *e)
{
    for (bool again = true; again && e->work < WORK_LIMIT && !cancel_asked();) {
        again = false;
        for (uint32_t i = 0; i < e->count; i++) {
            uint32_t c = e->list[i];
            uint64_t times = e->value[c];
            if (!e->pivot[c] || times == 0)
                continue;
            const ModRow *row = &e->by_pivot[c];
            e->value[c] = 0;
            for (uint32_t k = 0; k < row->count; k++)
                add(e, row->terms[k].cell, (PRIME - row->terms[k].value) * times % PRIME);
            again = true;
        }
    }
}

/* The cell in the fewest equations becomes the pivot, so that rows stay short. */
static uint32_t choose_pivot(const Elimination *e)
{
    uint32_t best = NET_NONE, fewest = UINT32_MAX;
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t c = e->list[i], rows = e->net->col_start[c + 1] - e->net->col_start[c];
        if (e->value[c] != 0 && (rows < fewest || (rows == fewest && c < best))) {
            fewest = rows;
            best = c;
        }
    }
    return best;
}

static Status keep(Elimination *e, uint32_t pivot, Error *err)
{
    uint64_t inverse = power(e->value[pivot], PRIME - 2);
    ModRow *row = &e->by_pivot[pivot];
    TRY(arena_new(&e->arena, ModTerm, e->count, &row->terms, err));
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t c = e->list[i];
        if (c != pivot && e->value[c] != 0)
            row->terms[row->count++] = (ModTerm){c, (uint32_t)(e->value[c] * inverse % PRIME)};
    }
    e->pivot[pivot] = 1;
    return OK;
}

static Status take(Elimination *e, uint32_t r, uint8_t *independent, Error *err)
{
    const Net *n = e->net;
    for (uint32_t k = n->row_start[r]; k < n->row_start[r + 1]; k++) {
        int64_t c = (int64_t)n->row_coef[k] % (int64_t)PRIME;
        add(e, n->row_cell[k], (uint64_t)(c < 0 ? c + (int64_t)PRIME : c));
    }
    reduce(e);
    uint32_t pivot = choose_pivot(e);
    independent[r] = pivot != NET_NONE;
    Status st = pivot != NET_NONE ? keep(e, pivot, err) : OK;
    for (uint32_t i = 0; i < e->count; i++)
        e->seen[e->list[i]] = 0;
    e->count = 0;
    return st;
}

Status wide_independent(const Net *net, uint8_t *independent, Error *err)
{
    Elimination e = {.net = net};
    size_t cells = (size_t)net->cell_count + 1;
    Status st;
    arena_init(&e.arena, 0);
    TRY_OUT(arena_new(&e.arena, uint64_t, cells, &e.value, err));
    TRY_OUT(arena_new(&e.arena, uint8_t, cells, &e.seen, err));
    TRY_OUT(arena_new(&e.arena, uint8_t, cells, &e.pivot, err));
    TRY_OUT(arena_new(&e.arena, uint32_t, cells, &e.list, err));
    TRY_OUT(arena_new(&e.arena, ModRow, cells, &e.by_pivot, err));
    for (uint32_t r = 0; r < net->row_count && e.work < WORK_LIMIT && !cancel_asked(); r++)
        TRY_OUT(take(&e, r, independent, err));
    TRY_OUT(cancel_check(err));
    if (e.work >= WORK_LIMIT)
        memset(independent, 1, net->row_count);
out:
    arena_free(&e.arena);
    return st;
}
