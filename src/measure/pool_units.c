/*
 * Units that are too small to stand are put together with their siblings: under each parent the small ones, and when
 * they are still too few together, or there is only one, the next larger ones, until the minimum is met. A unit counts
 * by its smallest year, so that a pool has the same members in all of them.
 */
#include "measure/measure_parts.h"

#include <stdlib.h>

typedef struct Sibling {
    uint32_t unit, parent;
    int64_t persons;
    uint64_t path; /* in the order of codes; units are numbered as their rows came */
} Sibling;
typedef VEC(Sibling) Siblings;

static int by_parent_and_size(const void *x, const void *y)
{
    const Sibling *a = x, *b = y;
    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    if (a->persons != b->persons)
        return a->persons < b->persons ? -1 : 1;
    return (a->path > b->path) - (a->path < b->path);
}

static Status count_units(
    const MeasureRows *rows, const FoldUnits *units, const FoldSpec *spec, Siblings *out, Error *err)
{
    FoldSpec all = *spec;
    Folded folded = {0};
    int64_t *least = NULL;
    Status st = OK;
    all.by_count = 0;
    TRY_OUT(mem_zalloc(units->units.len + 1, sizeof *least, (void **)&least, err));
    for (size_t i = 0; i < units->units.len; i++)
        least[i] = INT64_MAX;
    TRY_OUT(fold_rows(rows, units, &all, &folded, err));
    for (size_t i = 0; i < folded.cells.len; i++) {
        const FoldCell *c = &folded.cells.at[i];
        if (c->sums.denominator < least[c->unit])
            least[c->unit] = c->sums.denominator;
    }
    for (uint32_t i = 0; i < units->units.len; i++)
        if (least[i] != INT64_MAX)
            TRY_OUT(vec_push(out, ((Sibling){i, units->units.at[i].parent, least[i], units->units.at[i].path}), err));
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_parent_and_size);
out:
    mem_free(least);
    folded_free(&folded);
    return st;
}

/* How many of the siblings from `from` on are pooled; 0 or 1: none. */
static size_t pool_size(const Siblings *s, size_t from, size_t to, int64_t minimum)
{
    int64_t persons = 0;
    size_t n = 0;
    while (from + n < to && (s->at[from + n].persons < minimum || (n > 0 && (persons < minimum || n < 2)))) {
        persons += s->at[from + n].persons;
        n++;
    }
    return n;
}

static Slice name_of(const FoldUnit *u, const UnitNames *names)
{
    if (u->level == LEVEL_COUNTY)
        return names->counties[u->path >> 40 & 0xffff];
    if (u->level == LEVEL_DISTRICT)
        return names->districts[u->path >> 20 & 0xfffff];
    return names->schools[u->path & 0xfffff];
}

static int by_text(const void *a, const void *b)
{
    return slice_cmp(*(const Slice *)a, *(const Slice *)b);
}

static Status members_text(const FoldUnits *units, const UnitNames *names, const Sibling *s, size_t count, Arena *arena,
    Slice *out, Error *err)
{
    Buf text;
    Slice *codes;
    TRY(arena_new(arena, Slice, count, &codes, err));
    for (size_t i = 0; i < count; i++)
        codes[i] = name_of(&units->units.at[s[i].unit], names);
    qsort(codes, count, sizeof *codes, by_text);
    buf_init(&text, 0);
    for (size_t i = 0; i < count; i++)
        buf_addf(&text, "%s%.*s", i ? " " : "", SLICE_ARG(codes[i]));
    Status st = buf_status(&text, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&text), out, err);
    buf_free(&text);
    return st;
}

static Status join_units(FoldUnits *units, MeasureLevel level, const Sibling *s, size_t count, Error *err)
{
    uint32_t pool = (uint32_t)units->units.len;
    uint32_t parent = s[0].parent;
    TRY(vec_push(&units->units,
        ((FoldUnit){.level = level, .path = units->units.at[parent].path, .parent = parent, .pooled = true}), err));
    for (size_t p = 0; p < units->place_count; p++)
        for (size_t i = 0; i < count; i++)
            if (units->of_place[level][p] == s[i].unit) {
                units->of_place[level][p] = pool;
                break;
            }
    return OK;
}

Status pool_units(const MeasureRows *rows, FoldUnits *units, const UnitNames *names, const FoldSpec *spec,
    int64_t minimum, Arena *arena, Slice **pooled, Error *err)
{
    Siblings siblings = {0};
    Status st = OK;
    TRY_OUT(arena_new(arena, Slice, units->units.len * 2 + 1, pooled, err));
    TRY_OUT(count_units(rows, units, spec, &siblings, err));
    for (size_t from = 0, to; from < siblings.len; from = to) {
        for (to = from; to < siblings.len && siblings.at[to].parent == siblings.at[from].parent;)
            to++;
        size_t n = pool_size(&siblings, from, to, minimum);
        if (n < 2)
            continue;
        TRY_OUT(members_text(units, names, &siblings.at[from], n, arena, &(*pooled)[units->units.len], err));
        TRY_OUT(join_units(units, spec->finest, &siblings.at[from], n, err));
    }
out:
    vec_free(&siblings);
    return st;
}
