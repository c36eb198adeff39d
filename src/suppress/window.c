/* Greedy growth over a heap whose entries may be out of date: a cell is entered again when it got nearer. */
#include "suppress/window.h"

#include <math.h>

#define CLOSING 2 /* of a window's cells: closing equations in the order in which they were touched */

typedef struct Entry {
    uint32_t missing; /* equations of the cell that the window does not touch */
    uint32_t cell;
    double cost;
} Entry;

struct Window {
    const Net *net;
    uint8_t *in;
    uint32_t *row_in;  /* an equation: cells of it in the window */
    uint32_t *touched; /* a cell: how many of its equations the window touches */
    uint32_t *seen;    /* cells with touched > 0 */
    uint32_t *rows, *cells;
    uint32_t seen_count, row_count, cell_count;
    VEC(Entry) heap;
    Arena arena;
};

Status window_new(const Net *net, Window **out, Error *err)
{
    Window *w = NULL;
    Status st;
    size_t cells = (size_t)net->cell_count + 1, rows = (size_t)net->row_count + 1;
    TRY(mem_zalloc(1, sizeof *w, (void **)&w, err));
    arena_init(&w->arena, 0);
    w->net = net;
    TRY_OUT(arena_new(&w->arena, uint8_t, cells, &w->in, err));
    TRY_OUT(arena_new(&w->arena, uint32_t, rows, &w->row_in, err));
    TRY_OUT(arena_new(&w->arena, uint32_t, cells, &w->touched, err));
    TRY_OUT(arena_new(&w->arena, uint32_t, cells, &w->seen, err));
    TRY_OUT(arena_new(&w->arena, uint32_t, rows, &w->rows, err));
    TRY_OUT(arena_new(&w->arena, uint32_t, cells, &w->cells, err));
    *out = w;
    return OK;
out:
    window_free(w);
    return st;
}

void window_free(Window *w)
{
    if (!w)
        return;
    vec_free(&w->heap);
    arena_free(&w->arena);
    mem_free(w);
}

static bool before(const Entry *a, const Entry *b)
{
    if (a->missing != b->missing)
        return a->missing < b->missing;
    return a->cost != b->cost ? a->cost < b->cost : a->cell < b->cell;
}

static Status enter(Window *w, Entry entry, Error *err)
{
    TRY(vec_push(&w->heap, entry, err));
    Entry *h = w->heap.at;
    size_t i = w->heap.len - 1;
    for (; i > 0 && before(&entry, &h[(i - 1) / 2]); i = (i - 1) / 2)
        h[i] = h[(i - 1) / 2];
    h[i] = entry;
    return OK;
}

static Entry take(Window *w)
{
    Entry *h = w->heap.at, first = h[0], last = h[--w->heap.len];
    size_t i = 0, n = w->heap.len;
    for (size_t k = 1; k < n; k = 2 * i + 1) {
        k += k + 1 < n && before(&h[k + 1], &h[k]);
        if (!before(&h[k], &last))
            break;
        h[i] = h[k];
        i = k;
    }
    if (n > 0)
        h[i] = last;
    return first;
}

static bool may_enter(const Window *w, uint32_t j, const WindowWish *wish)
{
    return !w->in[j] && wish->allowed[j] && (!wish->within || wish->within[j]);
}

static uint32_t missing(const Window *w, uint32_t j)
{
    return w->net->col_start[j + 1] - w->net->col_start[j] - w->touched[j];
}

static Status touch_row(Window *w, uint32_t r, const WindowWish *wish, Error *err)
{
    const Net *n = w->net;
    w->rows[w->row_count++] = r;
    for (uint32_t i = n->row_start[r]; i < n->row_start[r + 1]; i++) {
        uint32_t j = n->row_cell[i];
        if (w->touched[j]++ == 0)
            w->seen[w->seen_count++] = j;
        if (may_enter(w, j, wish))
            TRY(enter(w, (Entry){missing(w, j), j, wish->cost[j]}, err));
    }
    return OK;
}

static void forget(Window *w)
{
    for (uint32_t i = 0; i < w->seen_count; i++) {
        w->touched[w->seen[i]] = 0;
        w->in[w->seen[i]] = 0;
    }
    for (uint32_t i = 0; i < w->row_count; i++)
        w->row_in[w->rows[i]] = 0;
    w->seen_count = w->row_count = w->cell_count = 0;
    w->heap.len = 0;
}

/* A cell that stands alone in an equation of the window cannot move. In the order in which equations were touched, each
 * such one gets the cell that is cheapest for the equations it opens, so that what lies next to the asked cell can move
 * at all: a total of many equations would otherwise wait behind all cells of few. (Chosen by the number of equations
 * alone, the pattern of a tree of 28,000 cells cost twice as much.) */
static uint32_t closing(Window *w, const WindowWish *wish, uint32_t *closed)
{
    const Net *n = w->net;
    for (; *closed < w->row_count; ++*closed) {
        uint32_t r = w->rows[*closed], best = NET_NONE;
        double least = INFINITY;
        for (uint32_t i = n->row_start[r]; i < n->row_start[r + 1] && w->row_in[r] < 2; i++) {
            uint32_t j = n->row_cell[i];
            double price = (1 + missing(w, j)) * wish->cost[j];
            if (!may_enter(w, j, wish) || price >= least)
                continue;
            best = j;
            least = price;
        }
        if (best != NET_NONE)
            return best;
    }
    return NET_NONE;
}

static uint32_t nearest(Window *w)
{
    while (w->heap.len > 0) {
        uint32_t j = take(w).cell;
        if (!w->in[j])
            return j;
    }
    return NET_NONE;
}

Status window_grow(Window *w, const WindowWish *wish, const uint8_t **out, Error *err)
{
    const Net *n = w->net;
    uint32_t closed = 0;
    forget(w);
    *out = w->in;
    for (uint32_t j = wish->cell; j != NET_NONE;) {
        w->in[j] = 1;
        w->cells[w->cell_count++] = j;
        for (uint32_t i = n->col_start[j]; i < n->col_start[j + 1]; i++)
            if (w->row_in[n->col_row[i]]++ == 0)
                TRY(touch_row(w, n->col_row[i], wish, err));
        if (w->cell_count >= wish->size)
            return OK;
        j = w->cell_count < wish->size / CLOSING ? closing(w, wish, &closed) : NET_NONE;
        if (j == NET_NONE)
            j = nearest(w);
    }
    return OK;
}

WindowPart window_part(const Window *w)
{
    return (WindowPart){w->cells, w->rows, w->cell_count, w->row_count};
}
