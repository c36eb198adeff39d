/*
 * Dimensions: codes and which of them are sums of others. A dimension may have several hierarchies over the same codes
 * that do not nest (county and workforce region; two roll-ups of programmes; pooled years that overlap); each is a
 * further set of sums, and the system takes them all.
 */
#include "tables/tables_impl.h"

#include <stdlib.h>

#define MAX_CODES 2000000
#define MAX_LEVELS 200    /* sums of sums are followed by calls */
#define MAX_OPEN_CODE 400 /* bytes; each part of it becomes a code of its own */

typedef struct Edge {
    uint32_t hierarchy, parent, child;
} Edge;

typedef struct Codes {
    TablesReader *r;
    TablesDimension *d;
    VEC(Slice) codes;
    VEC(Slice) titles;
    VEC(Edge) edges;
    uint32_t hierarchies;
} Codes;

static Status code_of(Codes *c, Slice code, uint32_t *out, Error *err)
{
    uint64_t at;
    if (code.len == 0)
        return error_set(err, ERR_INVALID, "dimension %.*s: a code is empty", SLICE_ARG(c->d->name));
    TRY(map_get_or_put(&c->d->index, code, c->codes.len, &at, err));
    *out = (uint32_t)at;
    if (at < c->codes.len)
        return OK;
    if (c->codes.len >= MAX_CODES)
        return error_set(err, ERR_LIMIT, "dimension %.*s has more than %d codes", SLICE_ARG(c->d->name), MAX_CODES);
    Slice copy;
    TRY(arena_dup(&c->r->set->arena, code, &copy, err));
    TRY(vec_push(&c->titles, copy, err));
    return vec_push(&c->codes, copy, err);
}

static Status add_edge(Codes *c, uint32_t parent, uint32_t child, Error *err)
{
    if (parent == child)
        return error_set(err, ERR_INVALID, "dimension %.*s: code %.*s is part of itself", SLICE_ARG(c->d->name),
            SLICE_ARG(c->codes.at[child]));
    return vec_push(&c->edges, ((Edge){c->hierarchies, parent, child}), err);
}

/* code,parent[,title]; a code without parent lies under the total. */
static Status read_hierarchy(Codes *c, Slice file, Error *err)
{
    Slice text;
    CsvTable t;
    size_t code, parent, title;
    TRY(tables_fetch(c->r, file, &text, err));
    TRY(csv_parse(text, file.ptr, &c->r->set->arena, &t, err));
    if (csv_column(&t, "code", &code, err) != OK || csv_column(&t, "parent", &parent, err) != OK)
        return error_at(err, file.ptr, 1, NULL), ERR_INVALID;
    if (csv_column(&t, "title", &title, NULL) != OK)
        title = code;
    Map seen;
    TRY(map_init(&seen, err));
    Status st = OK;
    for (size_t i = 0; i < t.rows && st == OK; i++) {
        const Slice *row = t.cells + i * t.columns;
        uint32_t child, up;
        bool is_new;
        st = map_put(&seen, row[code], 0, &is_new, err);
        if (st == OK && !is_new)
            st = error_set(err, ERR_INVALID, "code %.*s stands twice in one hierarchy", SLICE_ARG(row[code]));
        if (st == OK)
            st = code_of(c, row[code], &child, err);
        if (st == OK) {
            c->titles.at[child] = row[title];
            up = c->d->total;
            if (row[parent].len > 0)
                st = code_of(c, row[parent], &up, err);
            if (st == OK && up != TABLES_NONE && up != child)
                st = add_edge(c, up, child, err);
            else if (st == OK && row[parent].len > 0)
                st = add_edge(c, up, child, err);
        }
        if (st != OK)
            error_at(err, file.ptr, i + 2, "code");
    }
    map_free(&seen);
    c->hierarchies++;
    return st;
}

static Status read_list(Codes *c, const Toml *list, uint32_t total, Error *err)
{
    for (const Toml *t = list->first; t; t = t->next) {
        uint32_t code;
        if (t->type != TOML_STRING)
            return tables_refuse(c->r, t, err, "a code must be a string");
        TRY(code_of(c, t->string, &code, err));
        if (total != TABLES_NONE && code != total)
            TRY(add_edge(c, total, code, err));
    }
    c->hierarchies += total != TABLES_NONE;
    return OK;
}

static Status read_sums(Codes *c, const Toml *t, Error *err)
{
    static const char *const keys[] = {"total", "of", NULL};
    const Toml *list, *of;
    TRY(toml_array(t, c->r->name, "sum", &list, err));
    for (const Toml *s = list ? list->first : NULL; s; s = s->next) {
        Slice name;
        uint32_t total;
        TRY(toml_only(s, c->r->name, keys, err));
        TRY(toml_str(s, c->r->name, "total", &name, err));
        TRY(code_of(c, name, &total, err));
        TRY(toml_array(s, c->r->name, "of", &of, err));
        if (!of)
            return tables_refuse(c->r, s, err, "a sum names its parts in \"of\"");
        TRY(read_list(c, of, total, err));
    }
    return OK;
}

static int compare_edges(const void *a, const void *b)
{
    const Edge *x = a, *y = b;
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if (x->hierarchy != y->hierarchy)
        return x->hierarchy < y->hierarchy ? -1 : 1;
    return x->child < y->child ? -1 : x->child > y->child;
}

/* Sorted edges to sums; equal sums of two hierarchies are one. */
static Status make_sums(Codes *c, Error *err)
{
    TablesDimension *d = c->d;
    Arena *arena = &c->r->set->arena;
    size_t n = c->edges.len;
    if (n > 0)
        qsort(c->edges.at, n, sizeof *c->edges.at, compare_edges);
    TRY(arena_new(arena, TablesSum, n, &d->sums, err));
    TRY(arena_new(arena, uint32_t, n, &d->children, err));
    TRY(arena_new(arena, uint32_t, d->code_count + 1, &d->sum_from, err));
    for (size_t i = 0; i < n; i++) {
        const Edge *e = &c->edges.at[i];
        if (i > 0 && compare_edges(e - 1, e) == 0)
            return error_set(err, ERR_INVALID, "dimension %.*s: code %.*s stands twice in one sum", SLICE_ARG(d->name),
                SLICE_ARG(d->codes[e->child]));
        const TablesSum *last = d->sum_count > 0 ? &d->sums[d->sum_count - 1] : NULL;
        if (!last || last->parent != e->parent || last->hierarchy != e->hierarchy)
            d->sums[d->sum_count++] = (TablesSum){e->parent, (uint32_t)i, 0, e->hierarchy};
        d->children[i] = e->child;
        d->sums[d->sum_count - 1].count++;
    }
    for (uint32_t s = 0; s < d->sum_count; s++)
        d->sum_from[d->sums[s].parent + 1]++;
    for (uint32_t i = 0; i < d->code_count; i++)
        d->sum_from[i + 1] += d->sum_from[i];
    return OK;
}

/* Kahn's order exists only where no code is part of itself through others. */
static Status check_cycles(const Codes *c, Error *err)
{
    const TablesDimension *d = c->d;
    uint32_t *waiting, *queue, *level, head = 0, tail = 0;
    TRY(mem_zalloc((size_t)d->code_count * 3 + 1, sizeof *waiting, (void **)&waiting, err));
    queue = waiting + d->code_count;
    level = queue + d->code_count;
    for (size_t i = 0; i < c->edges.len; i++)
        waiting[c->edges.at[i].child]++;
    for (uint32_t i = 0; i < d->code_count; i++)
        if (waiting[i] == 0)
            queue[tail++] = i;
    for (; head < tail; head++)
        for (uint32_t s = d->sum_from[queue[head]]; s < d->sum_from[queue[head] + 1]; s++)
            for (uint32_t k = 0; k < d->sums[s].count; k++) {
                uint32_t child = d->children[d->sums[s].first + k];
                if (level[child] <= level[queue[head]])
                    level[child] = level[queue[head]] + 1;
                if (--waiting[child] == 0)
                    queue[tail++] = child;
            }
    Status st = OK;
    for (uint32_t i = 0; i < tail && st == OK; i++)
        if (level[queue[i]] > MAX_LEVELS)
            st = error_set(err, ERR_LIMIT, "dimension %.*s has more than %d levels", SLICE_ARG(d->name), MAX_LEVELS);
    for (uint32_t i = 0; i < d->code_count && tail < d->code_count && st == OK; i++)
        if (waiting[i] > 0)
            st = error_set(err, ERR_INVALID, "dimension %.*s: code %.*s is part of itself through other codes",
                SLICE_ARG(d->name), SLICE_ARG(d->codes[i]));
    mem_free(waiting);
    return st;
}

static Status read_codes(Codes *c, const Toml *t, Error *err)
{
    static const char *const keys[] = {
        "name", "total", "codes", "overlap", "hierarchy", "hierarchies", "sum", "open", "separator", NULL};
    const char *file = c->r->name;
    Slice total, hierarchy;
    bool overlap;
    const Toml *list;
    TRY(toml_only(t, file, keys, err));
    TRY(toml_str(t, file, "name", &c->d->name, err));
    TRY(toml_str_or(t, file, "total", (Slice){NULL, 0}, &total, err));
    TRY(toml_str_or(t, file, "hierarchy", (Slice){NULL, 0}, &hierarchy, err));
    TRY(toml_bool_or(t, file, "overlap", false, &overlap, err));
    TRY(toml_bool_or(t, file, "open", false, &c->d->open, err));
    TRY(toml_str_or(t, file, "separator", (Slice){"", 0}, &c->d->separator, err));
    if (c->d->separator.len > 0 && !c->d->open)
        return tables_refuse(c->r, t, err, "only an open dimension has a separator");
    if (c->d->open && (toml_get(t, "hierarchy") || toml_get(t, "hierarchies") || toml_get(t, "codes")))
        return tables_refuse(c->r, t, err, "an open dimension takes its codes from the tables alone");
    if (c->d->open && toml_get(t, "sum"))
        return tables_refuse(c->r, t, err, "sums are of dimensions whose codes are listed");
    c->d->total = TABLES_NONE;
    if (total.ptr)
        TRY(code_of(c, total, &c->d->total, err));
    TRY(toml_array(t, file, "codes", &list, err));
    if (list)
        TRY(read_list(c, list, overlap ? TABLES_NONE : c->d->total, err));
    if (hierarchy.ptr)
        TRY(read_hierarchy(c, hierarchy, err));
    TRY(toml_array(t, file, "hierarchies", &list, err));
    for (const Toml *h = list ? list->first : NULL; h; h = h->next) {
        if (h->type != TOML_STRING)
            return tables_refuse(c->r, h, err, "hierarchies is a list of file names");
        TRY(read_hierarchy(c, h->string, err));
    }
    return read_sums(c, t, err);
}

static Status keep_codes(Codes *c, Error *err)
{
    TablesDimension *d = c->d;
    d->code_count = d->code_cap = (uint32_t)c->codes.len;
    TRY(arena_new(&c->r->set->arena, Slice, c->codes.len, &d->codes, err));
    TRY(arena_new(&c->r->set->arena, Slice, c->codes.len, &d->titles, err));
    if (c->codes.len > 0) {
        memcpy(d->codes, c->codes.at, c->codes.len * sizeof *d->codes);
        memcpy(d->titles, c->titles.at, c->titles.len * sizeof *d->titles);
    }
    if (d->open)
        return OK;
    TRY(make_sums(c, err));
    return check_cycles(c, err);
}

Status tables_dimension(TablesReader *r, const Toml *t, TablesDimension *out, Error *err)
{
    *out = (TablesDimension){0};
    Codes c = {.r = r, .d = out};
    TRY(map_init(&out->index, err));
    Status st = read_codes(&c, t, err);
    if (st == OK)
        st = keep_codes(&c, err);
    vec_free(&c.codes);
    vec_free(&c.titles);
    vec_free(&c.edges);
    if (st != OK)
        error_at(err, r->name, 0, NULL);
    return st;
}

Status tables_code(TablesSet *set, TablesDimension *d, Slice code, uint32_t *out, Error *err)
{
    uint64_t at;
    if (map_get(&d->index, code, &at)) {
        *out = (uint32_t)at;
        return OK;
    }
    if (!d->open || code.len == 0)
        return error_set(
            err, ERR_INVALID, "code \"%.*s\" is not in dimension %.*s", SLICE_ARG(code), SLICE_ARG(d->name));
    if (code.len > MAX_OPEN_CODE)
        return error_set(
            err, ERR_LIMIT, "a code of dimension %.*s has more than %d bytes", SLICE_ARG(d->name), MAX_OPEN_CODE);
    if (d->code_count >= MAX_CODES)
        return error_set(err, ERR_LIMIT, "dimension %.*s has more than %d codes", SLICE_ARG(d->name), MAX_CODES);
    if (d->code_count == d->code_cap) {
        Slice *codes, *titles;
        d->code_cap = d->code_cap * 2 + 64;
        TRY(arena_new(&set->arena, Slice, d->code_cap, &codes, err));
        TRY(arena_new(&set->arena, Slice, d->code_cap, &titles, err));
        if (d->code_count > 0) {
            memcpy(codes, d->codes, d->code_count * sizeof *codes);
            memcpy(titles, d->titles, d->code_count * sizeof *titles);
        }
        d->codes = codes;
        d->titles = titles;
    }
    *out = d->code_count;
    TRY(arena_dup(&set->arena, code, &d->codes[*out], err));
    d->titles[*out] = d->codes[*out];
    d->code_count++;
    return map_put(&d->index, code, *out, NULL, err);
}

/* The part before the last separator. */
static Slice parent_code(Slice code, Slice separator)
{
    for (size_t i = code.len; separator.len > 0 && i-- > 0;)
        if (slice_starts(slice_sub(code, i, code.len), separator))
            return slice_sub(code, 0, i);
    return (Slice){"", 0};
}

Status tables_dimension_close(TablesReader *r, TablesDimension *d, Error *err)
{
    Codes c = {.r = r, .d = d};
    Status st = OK;
    if (!d->open)
        return OK;
    for (uint32_t i = 0; i < d->code_count && st == OK; i++) {
        uint32_t up = d->total;
        Slice parent = parent_code(d->codes[i], d->separator);
        if (i == d->total)
            continue;
        if (parent.len > 0)
            st = tables_code(r->set, d, parent, &up, err);
        if (st == OK && up != TABLES_NONE)
            st = add_edge(&c, up, i, err);
    }
    if (st == OK)
        st = make_sums(&c, err);
    vec_free(&c.edges);
    return st;
}
