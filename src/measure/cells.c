/* Figures get their names: codes of units, groups and categories as text. */
#include "measure/measure_parts.h"

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

Status cells_texts(CellNaming *n, Error *err)
{
    TRY(arena_new(n->arena, Slice, n->units->units.len, &n->unit_texts, err));
    TRY(arena_new(n->arena, Slice, n->rows->categories.len, &n->category_texts, err));
    for (size_t i = 0; i < n->units->units.len; i++) {
        const FoldUnit *u = &n->units->units.at[i];
        if (u->pooled)
            TRY(join(n->arena, n->unit_texts[u->parent], "-", SLICE("POOLED"), &n->unit_texts[i], err));
        else
            TRY(unit_name(n, u, &n->unit_texts[i], err));
    }
    for (size_t i = 0; i < n->rows->categories.len; i++)
        TRY(arena_dup(n->arena, n->rows->categories.entries[i].key, &n->category_texts[i], err));
    return OK;
}

typedef struct SplitName {
    Slice text;
    bool additive;
} SplitName;

static Status name_split(const CellNaming *n, SplitName *out, Error *err)
{
    out->additive = true;
    if (n->spec->by_count == 0) {
        out->text = SLICE("all");
        return OK;
    }
    for (size_t i = 0; i < n->spec->by_count; i++) {
        const SplitDef *s = n->rows->splits[n->spec->by[i]];
        out->additive &= !s->overlapping;
        if (i == 0)
            out->text = s->name;
        else
            TRY(join(n->arena, out->text, ",", s->name, &out->text, err));
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
    const CellNaming *n, const SplitName *split, GroupNames *groups, const FoldCell *f, Cells *cells, Error *err)
{
    const FoldUnit *unit = &n->units->units.at[f->unit];
    const MeasureDef *def = n->rows->def;
    Cell c = {.measure = def->name,
        .year = f->year,
        .level = slice_of(measure_level_names[unit->level]),
        .unit = n->unit_texts[f->unit],
        .parent = unit->level == LEVEL_STATE ? SLICE("") : n->unit_texts[unit->parent],
        .split = split->text,
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
        .category = f->category ? n->category_texts[f->category - 1] : SLICE(""),
        .p25 = f->p25,
        .p75 = f->p75,
        .total = f->sums.total,
        .weight = f->sums.weight,
        .excluded = f->sums.excluded,
        .small = f->sums.denominator < def->minimum_n,
        .additive = split->additive,
        .pooled = n->pooled};
    memcpy(c.gaps, f->sums.gaps, sizeof c.gaps);
    if (def->kind == MEASURE_MEDIAN)
        c.numerator = 0;
    if (def->kind != MEASURE_MEAN && def->kind != MEASURE_RATIO)
        c.total = c.weight = 0;
    TRY(group_name(n, groups, f->codes, &c.grp, err));
    return vec_push(cells, c, err);
}

static Status add_exclusion(const CellNaming *n, const SplitName *split, GroupNames *groups, const FoldExclusion *f,
    ExclusionCells *out, Error *err)
{
    const FoldUnit *unit = &n->units->units.at[f->unit];
    ExclusionCell c = {.measure = n->rows->def->name,
        .year = f->year,
        .level = slice_of(measure_level_names[unit->level]),
        .unit = n->unit_texts[f->unit],
        .split = split->text,
        .reason = n->rows->def->reasons[f->reason - 1].code,
        .persons = f->persons};
    TRY(group_name(n, groups, f->codes, &c.grp, err));
    return vec_push(out, c, err);
}

Status cells_name(const CellNaming *n, const Folded *folded, Cells *cells, ExclusionCells *exclusions, Error *err)
{
    SplitName split;
    GroupNames groups = {0};
    Status st = OK;
    TRY_OUT(name_split(n, &split, err));
    for (size_t i = 0; i < folded->cells.len; i++)
        TRY_OUT(add_cell(n, &split, &groups, &folded->cells.at[i], cells, err));
    for (size_t i = 0; exclusions && i < folded->exclusions.len; i++)
        TRY_OUT(add_exclusion(n, &split, &groups, &folded->exclusions.at[i], exclusions, err));
out:
    keys_free(&groups.numbers);
    vec_free(&groups.texts);
    return st;
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
    TRY_OUT(cells_texts(&n, err));
    TRY_OUT(fold_split(&n, NULL, cells, exclusions, err));
    for (size_t i = 0; i < wish->split_count; i++)
        TRY_OUT(fold_split(&n, &i, cells, exclusions, err));
out:
    fold_units_free(&units);
    measure_rows_free(&rows);
    return st;
}
