/* Greedy growth over a heap whose entries may be out of date: a cell is entered again when it got nearer. */
#include "suppress/window.h"

typedef struct Entry {
    uint32_t missing; /* equations of the cell that the window does not touch */
    uint32_t cell;
    double cost;
} Entry;

struct Window {
    const Net *net;
    uint8_t *in, *row_in;
    uint32_t *touched; /* a cell: how many of its equations the window touches */
    uint32_t *seen;    /* cells with touched > 0 */
    uint32_t *rows;
    uint32_t seen_count, row_count;
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
    TRY_OUT(arena_new(&w->arena, uint8_t, rows, &w->row_in, err));
    TRY_OUT(arena_new(&w->arena, uint32_t, cells, &w->touched, err));
    TRY_OUT(arena_new(&w->arena, uint32_t, cells, &w->seen, err));
    TRY_OUT(arena_new(&w->arena, uint32_t, rows, &w->rows, err));
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

static Status touch_row(Window *w, uint32_t r, const WindowWish *wish, Error *err)
{
    const Net *n = w->net;
    w->row_in[r] = 1;
    w->rows[w->row_count++] = r;
    for (uint32_t i = n->row_start[r]; i < n->row_start[r + 1]; i++) {
        uint32_t j = n->row_cell[i];
        if (w->touched[j]++ == 0)
            w->seen[w->seen_count++] = j;
        if (w->in[j] || !wish->allowed[j] || (wish->within && !wish->within[j]))
            continue;
        uint32_t missing = n->col_start[j + 1] - n->col_start[j] - w->touched[j];
        TRY(enter(w, (Entry){missing, j, wish->cost[j]}, err));
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
    w->seen_count = w->row_count = 0;
    w->heap.len = 0;
}

Status window_grow(Window *w, const WindowWish *wish, const uint8_t **out, Error *err)
{
    const Net *n = w->net;
    uint32_t count = 0;
    forget(w);
    *out = w->in;
    for (uint32_t j = wish->cell;;) {
        w->in[j] = 1;
        for (uint32_t i = n->col_start[j]; i < n->col_start[j + 1]; i++)
            if (!w->row_in[n->col_row[i]])
                TRY(touch_row(w, n->col_row[i], wish, err));
        if (++count >= wish->size)
            return OK;
        do {
            if (w->heap.len == 0)
                return OK;
            j = take(w).cell;
        } while (w->in[j]);
    }
}
