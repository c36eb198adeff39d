/*
 * What readers can see, by measure and level: the figure alternatives are compared by. A figure is the count of one
 * group of one place; it is seen alone, together with others in a pool, or not at all.
 *
 * Small groups are those that hold less than local_group_min_percent of the state's people of their year.
 */
#include "protect/rule.h"

#include <stdlib.h>

typedef struct Seeing {
    const ProtectRule *rule;
    Map state; /* table year split group -> people in the state */
    Map alone; /* table year level unit split group: shown by itself */
    Map rows;  /* table level -> row */
    Buf key;
    ProtectVisibleRows *out;
} Seeing;

static Slice key_of(Seeing *s, int32_t year, const Slice *parts, size_t count)
{
    buf_reset(&s->key);
    buf_add_i64(&s->key, year);
    for (size_t i = 0; i < count; i++) {
        buf_addc(&s->key, '\x1f');
        buf_add(&s->key, parts[i]);
    }
    return buf_slice(&s->key);
}
#define KEY(s, year, ...) \
    key_of((s), (year), (const Slice[]){__VA_ARGS__}, sizeof((const Slice[]){__VA_ARGS__}) / sizeof(Slice))

static Status row_of(Seeing *s, const ProtectCell *c, ProtectVisible **out, Error *err)
{
    uint64_t at;
    TRY(map_get_or_put(&s->rows, KEY(s, 0, c->table, c->level), s->out->len, &at, err));
    if (at == s->out->len) {
        ProtectVisible row = {.table = c->table, .level = c->level};
        TRY(vec_push(s->out, row, err));
    }
    *out = &s->out->at[at];
    return OK;
}

static bool is_small(Seeing *s, const ProtectCell *c)
{
    uint64_t group, all;
    return !slice_eq_z(c->split, "all") && map_get(&s->state, KEY(s, c->year, c->table, c->split, c->grp), &group) &&
           map_get(&s->state, KEY(s, c->year, c->table, SLICE("all"), SLICE("all")), &all) &&
           group * 100 < (uint64_t)s->rule->local_group_min_percent * all;
}

static Status take_figures(Seeing *s, const Protected *p, Error *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const PublishedCell *c = &p->cells[i];
        if (c->hiding == PROTECT_HIDDEN || c->members.len > 0 || c->groups.len > 0)
            continue;
        TRY(map_put(&s->alone,
            KEY(s, c->cell.year, c->cell.table, c->cell.level, c->cell.unit, c->cell.split, c->cell.grp), 1, NULL,
            err));
    }
    return OK;
}

static Status count_cells(Seeing *s, const ProtectCell *cells, size_t n, Error *err)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq(cells[i].level, s->rule->levels[0]))
            TRY(map_put(&s->state, KEY(s, cells[i].year, cells[i].table, cells[i].split, cells[i].grp),
                (uint64_t)cells[i].denominator, NULL, err));
    for (size_t i = 0; i < n; i++) {
        const ProtectCell *c = &cells[i];
        ProtectVisible *row;
        uint64_t one;
        if (c->denominator == 0)
            continue;
        TRY(row_of(s, c, &row, err));
        bool alone = map_get(&s->alone, KEY(s, c->year, c->table, c->level, c->unit, c->split, c->grp), &one);
        row->figures++;
        row->people += (uint64_t)c->denominator;
        row->figures_alone += alone;
        row->people_alone += alone ? (uint64_t)c->denominator : 0;
        if (!is_small(s, c))
            continue;
        row->small_people += (uint64_t)c->denominator;
        row->small_people_alone += alone ? (uint64_t)c->denominator : 0;
    }
    return buf_status(&s->key, err);
}

static int compare_rows(const void *a, const void *b, void *rule)
{
    const ProtectVisible *x = a, *y = b;
    int c = slice_cmp(x->table, y->table);
    size_t i = rule_level(rule, x->level), j = rule_level(rule, y->level);
    return c != 0 ? c : i < j ? -1 : i > j;
}

Status protect_visible(Policy *policy, Date on, const ProtectCell *cells, size_t count, const Protected *p,
    ProtectVisibleRows *out, Error *err)
{
    ProtectRule rule;
    Seeing s = {.rule = &rule, .out = out};
    buf_init(&s.key, 1 << 20);
    Status st = rule_read(policy, on, &rule, err);
    if (st == OK)
        st = map_init(&s.state, err);
    if (st == OK)
        st = map_init(&s.alone, err);
    if (st == OK)
        st = map_init(&s.rows, err);
    if (st == OK)
        st = take_figures(&s, p, err);
    if (st == OK)
        st = count_cells(&s, cells, count, err);
    if (st == OK && out->len > 0)
        qsort_r(out->at, out->len, sizeof *out->at, compare_rows, &rule);
    map_free(&s.state);
    map_free(&s.alone);
    map_free(&s.rows);
    buf_free(&s.key);
    return st;
}
