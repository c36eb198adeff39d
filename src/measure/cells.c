/* Figures get their names and their order: codes of units, groups and categories as text, sorted as measure.h says. */
#include "measure/measure_parts.h"

#include <stdlib.h>

bool measure_level_find(Slice name, MeasureLevel *out)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (slice_eq_z(name, measure_level_names[i])) {
            *out = (MeasureLevel)i;
            return true;
        }
    }
    return false;
}

/* --- units --- */

static Status join(Arena *arena, Slice a, const char *between, Slice b, Slice *out, Error *err)
{
    const char *text;
    TRY(arena_printf(arena, &text, err, "%.*s%s%.*s", SLICE_ARG(a), between, SLICE_ARG(b)));
    *out = slice_of(text);
    return OK;
}

static Status unit_name(const CellNaming *n, const FoldUnit *u, Slice *out, Error *err)
{
    Slice district = n->names->districts[u->path >> 20 & 0xfffff];
    switch (u->level) {
    case LEVEL_COUNTY:
        *out = n->names->counties[u->path >> 40 & 0xffff];
        return OK;
    case LEVEL_DISTRICT:
        *out = district;
        return OK;
    case LEVEL_SCHOOL:
        return join(n->arena, district, "-", n->names->schools[u->path & 0xfffff], out, err);
    case LEVEL_STATE:
    case LEVEL_COUNT:
        break;
    }
    *out = n->rows->frame->state;
    return OK;
}

typedef struct Names { /* of everything a set of figures speaks of */
    Slice *units, *categories;
    Slice split;
    bool additive;
} Names;

static Status name_units(const CellNaming *n, Slice *out, Error *err)
{
    for (size_t i = 0; i < n->units->units.len; i++) {
        const FoldUnit *u = &n->units->units.at[i];
        if (u->pooled)
            TRY(join(n->arena, out[u->parent], "-", SLICE("POOLED"), &out[i], err));
        else
            TRY(unit_name(n, u, &out[i], err));
    }
    return OK;
}

static Status name_split(const CellNaming *n, Names *out, Error *err)
{
    out->additive = true;
    if (n->spec->by_count == 0) {
        out->split = SLICE("all");
        return OK;
    }
    for (size_t i = 0; i < n->spec->by_count; i++) {
        const SplitDef *s = n->rows->splits[n->spec->by[i]];
        out->additive &= !s->overlapping;
        if (i == 0)
            out->split = s->name;
        else
            TRY(join(n->arena, out->split, ",", s->name, &out->split, err));
    }
    return OK;
}

/* Codes repeat over millions of figures: one text each. Crossed groups are kept by their number. */
typedef struct GroupNames {
    KeyTable numbers;
    VEC(Slice) texts;
} GroupNames;

static Status group_name(const CellNaming *n, GroupNames *g, const uint8_t codes[BY_MAX], Slice *out, Error *err)
{
    uint32_t number;
    TRY(keys_number(
        &g->numbers, (uint64_t)codes[0] | (uint64_t)codes[1] << 8 | (uint64_t)codes[2] << 16, &number, err));
    if (number == g->texts.len) {
        Slice text = SLICE("all");
        for (size_t i = 0; i < n->spec->by_count; i++) {
            Slice code = n->rows->splits[n->spec->by[i]]->values[codes[i]].code;
            if (i == 0)
                text = code;
            else
                TRY(join(n->arena, text, ",", code, &text, err));
        }
        TRY(vec_push(&g->texts, text, err));
    }
    *out = g->texts.at[number];
    return OK;
}

/* --- figures --- */

static Status add_cell(
    const CellNaming *n, const Names *names, GroupNames *groups, const FoldCell *f, Cells *cells, Error *err)
{
    const FoldUnit *unit = &n->units->units.at[f->unit];
    const MeasureDef *def = n->rows->def;
    Cell c = {.measure = def->name,
        .year = f->year,
        .level = slice_of(measure_level_names[unit->level]),
        .unit = names->units[f->unit],
        .parent = unit->level == LEVEL_STATE ? SLICE("") : names->units[unit->parent],
        .split = names->split,
        .denominator = f->sums.denominator,
        .numerator = f->sums.numerator,
        .value = f->value,
        .fuzzy = f->fuzzy,
        .covered = f->sums.covered,
        .base = f->sums.base,
        .strong = f->sums.strong,
        .link_pairs = f->sums.link_pairs,
        .link_correct = f->sums.link_correct,
        .link_missed = f->sums.link_missed,
        .employers = f->sums.employers,
        .top_employer = f->sums.top_employer,
        .kind = slice_of(measure_kind_names[def->kind]),
        .category = f->category ? names->categories[f->category - 1] : SLICE(""),
        .p25 = f->p25,
        .p75 = f->p75,
        .total = f->sums.total,
        .weight = f->sums.weight,
        .excluded = f->sums.excluded,
        .small = f->sums.denominator < def->minimum_n,
        .additive = names->additive,
        .pooled = n->pooled};
    memcpy(c.gaps, f->sums.gaps, sizeof c.gaps);
    if (def->kind == MEASURE_MEDIAN)
        c.numerator = 0;
    if (def->kind != MEASURE_MEAN && def->kind != MEASURE_RATIO)
        c.total = c.weight = 0;
    TRY(group_name(n, groups, f->codes, &c.grp, err));
    return vec_push(cells, c, err);
}

static Status add_exclusion(const CellNaming *n, const Names *names, GroupNames *groups, const FoldExclusion *f,
    ExclusionCells *out, Error *err)
{
    const FoldUnit *unit = &n->units->units.at[f->unit];
    ExclusionCell c = {.measure = n->rows->def->name,
        .year = f->year,
        .level = slice_of(measure_level_names[unit->level]),
        .unit = names->units[f->unit],
        .split = names->split,
        .reason = n->rows->def->reasons[f->reason - 1].code,
        .persons = f->persons};
    TRY(group_name(n, groups, f->codes, &c.grp, err));
    return vec_push(out, c, err);
}

static Status name_all(const CellNaming *n, Names *out, Error *err)
{
    TRY(arena_new(n->arena, Slice, n->units->units.len, &out->units, err));
    TRY(arena_new(n->arena, Slice, n->rows->categories.len, &out->categories, err));
    TRY(name_units(n, out->units, err));
    for (size_t i = 0; i < n->rows->categories.len; i++)
        TRY(arena_dup(n->arena, n->rows->categories.entries[i].key, &out->categories[i], err));
    return name_split(n, out, err);
}

Status cells_name(const CellNaming *n, const Folded *folded, Cells *cells, ExclusionCells *exclusions, Error *err)
{
    Names names = {0};
    GroupNames groups = {0};
    Status st = OK;
    TRY_OUT(name_all(n, &names, err));
    for (size_t i = 0; i < folded->cells.len; i++)
        TRY_OUT(add_cell(n, &names, &groups, &folded->cells.at[i], cells, err));
    for (size_t i = 0; exclusions && i < folded->exclusions.len; i++)
        TRY_OUT(add_exclusion(n, &names, &groups, &folded->exclusions.at[i], exclusions, err));
out:
    keys_free(&groups.numbers);
    vec_free(&groups.texts);
    return st;
}

/* --- order --- */

/* Most texts of a measure's figures are one copy each, so that a look at the pointers saves the comparison. */
static int compare_texts(Slice a, Slice b)
{
    return a.ptr == b.ptr && a.len == b.len ? 0 : slice_cmp(a, b);
}

static int compare_levels(Slice a, Slice b)
{
    MeasureLevel x = LEVEL_COUNT, y = LEVEL_COUNT;
    if (a.ptr == b.ptr)
        return 0;
    ASSERT(measure_level_find(a, &x) && measure_level_find(b, &y));
    return (x > y) - (x < y);
}

/* What figures and exclusions are both sorted by first. */
typedef struct CellPlace {
    Slice measure;
    int32_t year;
    Slice level, split, unit;
} CellPlace;

static int compare_places(const CellPlace *a, const CellPlace *b)
{
    int c = compare_texts(a->measure, b->measure);
    if (c == 0)
        c = (a->year > b->year) - (a->year < b->year);
    if (c == 0)
        c = compare_levels(a->level, b->level);
    if (c == 0)
        c = compare_texts(a->split, b->split);
    return c ? c : compare_texts(a->unit, b->unit);
}

static int compare_cells(const void *x, const void *y)
{
    const Cell *a = x, *b = y;
    const CellPlace p = {a->measure, a->year, a->level, a->split, a->unit};
    const CellPlace q = {b->measure, b->year, b->level, b->split, b->unit};
    int c = compare_places(&p, &q);
    if (c == 0)
        c = compare_texts(a->parent, b->parent);
    if (c == 0)
        c = compare_texts(a->grp, b->grp);
    return c ? c : compare_texts(a->category, b->category);
}

void cells_sort(Cell *cells, size_t count)
{
    if (count > 1)
        qsort(cells, count, sizeof *cells, compare_cells);
}

static int compare_exclusions(const void *x, const void *y)
{
    const ExclusionCell *a = x, *b = y;
    const CellPlace p = {a->measure, a->year, a->level, a->split, a->unit};
    const CellPlace q = {b->measure, b->year, b->level, b->split, b->unit};
    int c = compare_places(&p, &q);
    if (c == 0)
        c = compare_texts(a->grp, b->grp);
    return c ? c : compare_texts(a->reason, b->reason);
}

void exclusions_sort(ExclusionCell *cells, size_t count)
{
    if (count > 1)
        qsort(cells, count, sizeof *cells, compare_exclusions);
}

/* --- a definition's figures --- */

static Status fold_split(
    const CellNaming *frame, const size_t *by, Cells *cells, ExclusionCells *exclusions, Error *err)
{
    const FoldSpec spec = {
        .by = by, .by_count = by ? 1 : 0, .coarsest = LEVEL_STATE, .finest = frame->rows->def->finest};
    CellNaming n = *frame;
    Folded folded = {0};
    n.spec = &spec;
    Status st = fold_rows(n.rows, n.units, &spec, &folded, err);
    if (st == OK)
        st = cells_name(&n, &folded, cells, exclusions, err);
    folded_free(&folded);
    return st;
}

Status measure_cells(
    const RowSource *source, const RowWish *wish, Arena *arena, Cells *cells, ExclusionCells *exclusions, Error *err)
{
    MeasureRows rows;
    FoldUnits units = {0};
    CellNaming n = {.rows = &rows, .units = &units, .names = source->units, .arena = arena};
    Status st = OK;
    TRY_OUT(measure_rows_read(source, wish, &rows, err));
    TRY_OUT(fold_units_make(&rows, &units, err));
    TRY_OUT(fold_split(&n, NULL, cells, exclusions, err));
    for (size_t i = 0; i < wish->split_count; i++)
        TRY_OUT(fold_split(&n, &i, cells, exclusions, err));
out:
    fold_units_free(&units);
    measure_rows_free(&rows);
    return st;
}
