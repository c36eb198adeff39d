/*
 * The auditor's look at shares of seen and linked people: each is true and no finer than the rule's minimums, none is
 * of a group at a place, and what follows from all of a table's together, narrowed until nothing moves, leaves open
 * everywhere that the minimum of people is without, and with. Shares no code with shares.c.
 */
#include "protect/limits.h"

typedef struct Known {
    const PublishedCell *cell;
    int level;                             /* 0: the state */
    size_t whole;                          /* whose part it is; SIZE_MAX: nobody's */
    int64_t low, high;                     /* people without */
    int64_t parts_low, parts_high, others; /* of its parts together, and its people who are in none of them */
    bool has_parts;
} Known;

typedef VEC(Known) KnownList;

static Status deny(const PublishedCell *p, const char *why, Error *err)
{
    return error_set(err, ERR_DENIED, "audit: table %.*s, year %d, level %.*s, split %.*s: %s",
        SLICE_ARG(p->cell.table), (int)p->cell.year, SLICE_ARG(p->cell.level), SLICE_ARG(p->cell.split), why);
}

static bool of_everybody(const PublishedCell *p)
{
    return slice_eq_z(p->cell.split, "all");
}

static Slice printed(const PublishedCell *p, bool linked)
{
    return linked ? p->shown_linked : p->shown_seen;
}

/* Bands are the narrowest of which the last is more than the minimum wide. */
static int64_t width_of(const Limits *l, int64_t base)
{
    static const int64_t widths[] = {5, 10, 20, 25, 50};
    int64_t least = l->numerator > l->complement ? l->numerator : l->complement;
    for (size_t i = 0; i < COUNT_OF(widths); i++)
        if (widths[i] * base > 100 * least)
            return widths[i];
    return 100;
}

static Status read_one(const Limits *l, const PublishedCell *p, bool linked, Known *out, Error *err)
{
    const int64_t base = p->cell.base, with = linked ? p->cell.strong : p->cell.covered;
    const Slice text = printed(p, linked);
    int64_t from;
    out->low = 0;
    out->high = base;
    if (text.len == 0)
        return OK;
    if (p->hiding == PROTECT_HIDDEN || base <= 0)
        return deny(p, "a share is told of a hidden figure", err);
    if (!of_everybody(p) && p->cell.parent.len > 0)
        return deny(p, "a share is told of a group at a place", err);
    if (parse_i64(text, &from, NULL) != OK || from < 0 || from >= 100 || from % width_of(l, base) != 0)
        return deny(p, "a share is no band", err);
    int64_t to = from + width_of(l, base);
    out->high = base - (from * base + 99) / 100;
    if (to < 100)
        out->low = base - (to * base + 99) / 100 + 1;
    if (base - with < out->low || base - with > out->high)
        return deny(p, "a share is not true", err);
    return OK;
}

/* Of everybody at a place: the place of the level above that it is part of. */
static size_t whole_of(const KnownList *list, const Known *x)
{
    for (size_t i = 0; i < list->len && list->at[i].level < x->level; i++) {
        const Known *w = &list->at[i];
        if (w->level == x->level - 1 && of_everybody(w->cell) && slice_eq(x->cell->cell.parent, w->cell->cell.unit))
            return i;
    }
    return SIZE_MAX;
}

static bool is_part(const Known *x, Slice split)
{
    return x->whole != SIZE_MAX && slice_eq(x->cell->cell.split, split);
}

static bool raise(int64_t *low, int64_t v)
{
    bool more = v > *low;
    *low = more ? v : *low;
    return more;
}

static bool lower(int64_t *high, int64_t v)
{
    bool less = v < *high;
    *high = less ? v : *high;
    return less;
}

static void add_parts(KnownList *list, Slice split)
{
    for (size_t i = 0; i < list->len; i++) {
        Known *w = &list->at[i];
        w->parts_low = w->parts_high = 0;
        w->others = w->cell->cell.base;
        w->has_parts = false;
    }
    for (size_t i = 0; i < list->len; i++) {
        const Known *x = &list->at[i];
        if (!is_part(x, split))
            continue;
        Known *w = &list->at[x->whole];
        w->parts_low += x->low;
        w->parts_high += x->high;
        w->others -= x->cell->cell.base;
        w->has_parts = true;
    }
}

/* The sums of one split: each whole, its parts, and those who are in no published part. */
static bool narrow(KnownList *list, Slice split)
{
    bool moved = false;
    add_parts(list, split);
    for (size_t i = 0; i < list->len; i++) {
        Known *w = &list->at[i];
        if (!w->has_parts)
            continue;
        w->parts_high += w->others > 0 ? w->others : 0;
        moved = raise(&w->low, w->parts_low) || moved;
        moved = lower(&w->high, w->parts_high) || moved;
    }
    for (size_t i = 0; i < list->len; i++) {
        Known *x = &list->at[i];
        if (!is_part(x, split))
            continue;
        const Known *w = &list->at[x->whole];
        int64_t least = w->low - (w->parts_high - x->high), most = w->high - (w->parts_low - x->low);
        moved = raise(&x->low, least) || moved;
        moved = lower(&x->high, most) || moved;
    }
    return moved;
}

/* Parts of one whole that overlap would be narrowed beyond all bounds. */
static const Known *contradiction(const KnownList *list)
{
    for (size_t i = 0; i < list->len; i++)
        if (list->at[i].low > list->at[i].high)
            return &list->at[i];
    return NULL;
}

static Status narrow_all(KnownList *list, Error *err)
{
    for (bool again = true; again;) {
        Slice last = SLICE("all");
        again = narrow(list, last);
        for (size_t k = 0; k < list->len && list->at[k].level == 0; k++) {
            Slice split = list->at[k].cell->cell.split;
            if (!of_everybody(list->at[k].cell) && !slice_eq(split, last))
                again |= narrow(list, split);
            last = split;
        }
        const Known *wrong = contradiction(list);
        if (wrong)
            return deny(wrong->cell, "shares of seen or linked people contradict each other", err);
    }
    return OK;
}

/* Groups are of the state. */
static void find_wholes(KnownList *list)
{
    size_t state = SIZE_MAX;
    for (size_t i = 0; i < list->len && list->at[i].level == 0; i++)
        if (of_everybody(list->at[i].cell))
            state = i;
    for (size_t i = 0; i < list->len; i++)
        list->at[i].whole = of_everybody(list->at[i].cell) ? whole_of(list, &list->at[i]) : state;
}

static Status audit_table(
    const Limits *l, const PublishedCell *cells, size_t count, bool linked, KnownList *list, Error *err)
{
    int level = -1;
    Slice name = {NULL, 0};
    list->len = 0;
    for (size_t i = 0; i < count; i++) {
        Known x = {.cell = &cells[i]};
        TRY(read_one(l, &cells[i], linked, &x, err));
        if (cells[i].hiding == PROTECT_HIDDEN || (!of_everybody(&cells[i]) && cells[i].cell.parent.len > 0))
            continue;
        if (!name.ptr || !slice_eq(cells[i].cell.level, name)) {
            name = cells[i].cell.level;
            level++;
        }
        x.level = level;
        TRY(vec_push(list, x, err));
    }
    find_wholes(list);
    TRY(narrow_all(list, err));
    for (size_t i = 0; i < list->len; i++) {
        const Known *x = &list->at[i];
        int64_t base = x->cell->cell.base;
        if (base >= l->n && (x->high < l->complement || base - x->low < l->numerator))
            return deny(x->cell, "shares of seen or linked people tell of few", err);
    }
    return OK;
}

Status audit_shares(const Limits *l, const PublishedCell *cells, size_t count, Error *err)
{
    KnownList list = {0};
    Status st = OK;
    for (size_t from = 0, to; from < count && st == OK; from = to) {
        const ProtectCell *c = &cells[from].cell;
        for (to = from; to < count && slice_eq(cells[to].cell.table, c->table) && cells[to].cell.year == c->year;)
            to++;
        st = audit_table(l, &cells[from], to - from, false, &list, err);
        if (st == OK)
            st = audit_table(l, &cells[from], to - from, true, &list, err);
    }
    vec_free(&list);
    return st;
}
