/*
 * Rows to figures: everybody is dealt into slots (year, unit, group, category), once, at the finest level that is asked
 * for; the slots are then added up level by level. Sums are integers, so that the order of rows, and with it the number
 * of threads that made them, cannot matter.
 *
 * Why not SQL: one statement a split and level hashes a million rows of text some fifty times a measure. Here the row
 * is a few numbers and a slot is found by one look into a table that stays in the cache (README.md has the figures).
 */
#include "measure/measure_parts.h"

#include <math.h>

/* A slot's key: 12 bits of year, 22 of unit, 3 x 6 of codes, 12 of category (or reason). */
enum { CATEGORY_BITS = 12, CODE_BITS = 6, UNIT_BITS = 22, YEAR_MAX = 4095 };
#define UNIT_SHIFT (CATEGORY_BITS + BY_MAX * CODE_BITS)
#define YEAR_SHIFT (UNIT_SHIFT + UNIT_BITS)
#define LOW_BITS(n) ((UINT64_C(1) << (n)) - 1)

/* --- units --- */

static uint64_t cut_path(uint64_t path, MeasureLevel level)
{
    static const unsigned keep_from[LEVEL_COUNT] = {63, 40, 20, 0};
    return level == LEVEL_STATE ? 0 : path >> keep_from[level] << keep_from[level];
}

static Status add_place(const MeasureRows *rows, size_t place, KeyTable *numbers, FoldUnits *out, Error *err)
{
    uint32_t parent = 0;
    for (MeasureLevel level = LEVEL_STATE; level < LEVEL_COUNT; level++) {
        uint32_t unit;
        uint64_t path = cut_path(rows->places.keys[place], level);
        TRY(keys_number(numbers, (uint64_t)level << 60 | path, &unit, err));
        if (unit == out->units.len)
            TRY(vec_push(&out->units, ((FoldUnit){.level = level, .path = path, .parent = parent}), err));
        out->of_place[level][place] = unit;
        parent = unit;
    }
    return OK;
}

Status fold_units_make(const MeasureRows *rows, FoldUnits *out, Error *err)
{
    KeyTable numbers = {0};
    Status st = OK;
    *out = (FoldUnits){.place_count = rows->places.len};
    for (size_t level = 0; level < LEVEL_COUNT; level++)
        TRY_OUT(mem_zalloc(rows->places.len + 1, sizeof(uint32_t), (void **)&out->of_place[level], err));
    for (size_t i = 0; i < rows->places.len; i++)
        TRY_OUT(add_place(rows, i, &numbers, out, err));
    if (out->units.len > LOW_BITS(UNIT_BITS))
        st = error_set(err, ERR_LIMIT, "more units than the engine numbers");
out:
    keys_free(&numbers);
    return st;
}

void fold_units_free(FoldUnits *u)
{
    for (size_t level = 0; level < LEVEL_COUNT; level++)
        mem_free(u->of_place[level]);
    vec_free(&u->units);
    *u = (FoldUnits){0};
}

void folded_free(Folded *f)
{
    vec_free(&f->cells);
    vec_free(&f->exclusions);
}

/* --- slots --- */

typedef struct Pass {
    const MeasureRows *rows;
    const FoldUnits *units;
    const FoldSpec *spec;
    bool by_category;
    int32_t first_year;
    KeyTable keys; /* slots of the level at work */
    VEC(FoldSums) sums;
    FoldInstances by_value, by_employer;
    KeyTable reason_keys;
    VEC(int64_t) reason_counts;
} Pass;

static void pass_free(Pass *p)
{
    keys_free(&p->keys);
    keys_free(&p->reason_keys);
    vec_free(&p->sums);
    vec_free(&p->reason_counts);
    vec_free(&p->by_value.row);
    vec_free(&p->by_value.slot);
    vec_free(&p->by_employer.row);
    vec_free(&p->by_employer.slot);
}

/* The year a row is shown under; false: not at all. */
static bool year_label(const FoldSpec *spec, int32_t year, int32_t *out)
{
    *out = year;
    if ((spec->year_from && year < spec->year_from) || (spec->year_to && year > spec->year_to))
        return false;
    if (spec->only_end) {
        *out = spec->only_end;
        return year <= spec->only_end && year > spec->only_end - spec->window;
    }
    if (spec->window > 1 && year <= spec->latest_year)
        *out = spec->latest_year - (spec->latest_year - year) / spec->window * spec->window;
    return true;
}

typedef struct RowKeys { /* the keys of a row's slots: one a combination of its groups */
    uint64_t head;
    uint64_t left[BY_MAX]; /* a bit a code that is still to come */
    uint64_t all[BY_MAX];
    bool done;
} RowKeys;

static bool row_keys_begin(const Pass *p, size_t row, RowKeys *k)
{
    int32_t year;
    if (!year_label(p->spec, p->rows->year[row], &year))
        return false;
    uint64_t unit = p->units->of_place[p->spec->finest][p->rows->place[row]];
    *k = (RowKeys){.head = (uint64_t)(year - p->first_year) << YEAR_SHIFT | unit << UNIT_SHIFT};
    if (p->by_category)
        k->head |= p->rows->category[row];
    for (size_t i = 0; i < BY_MAX; i++) {
        k->all[i] = 1;
        if (i < p->spec->by_count) {
            const RowGroups *group = &p->rows->groups[p->spec->by[i]];
            k->all[i] = group->bits ? group->bits[row] : UINT64_C(1) << group->code[row];
        }
        k->left[i] = k->all[i];
    }
    return true;
}

static bool row_keys_next(RowKeys *k, uint64_t *out)
{
    if (k->done)
        return false;
    *out = k->head;
    for (size_t i = 0; i < BY_MAX; i++)
        *out |= (uint64_t)__builtin_ctzll(k->left[i]) << (CATEGORY_BITS + CODE_BITS * i);
    k->done = true;
    for (size_t i = 0; i < BY_MAX; i++) { /* counts up, the first split fastest */
        k->left[i] &= k->left[i] - 1;
        if (k->left[i]) {
            k->done = false;
            break;
        }
        k->left[i] = k->all[i];
    }
    return true;
}

static Status slot_of(Pass *p, uint64_t key, uint32_t *out, Error *err)
{
    TRY(keys_number(&p->keys, key, out, err));
    return *out == p->sums.len ? vec_push(&p->sums, (FoldSums){0}, err) : OK;
}

static void add_to_sums(const MeasureRows *r, size_t i, FoldSums *s)
{
    uint8_t flags = r->flags[i];
    if (flags & ROW_EXCLUDED) {
        s->excluded++;
        return;
    }
    s->base++;
    s->covered += (flags & ROW_COVERED) != 0;
    s->strong += (flags & ROW_STRONG) != 0;
    const LinkSums *links = row_links(r, i);
    s->link_pairs += links->of[LINK_PAIRS];
    s->link_correct += links->of[LINK_CORRECT];
    s->link_missed += links->of[LINK_MISSED];
    uint8_t gap = row_gap(r, i);
    if (gap < GAP_COUNT)
        s->gaps[gap]++;
    if (!(flags & ROW_COUNTED))
        return;
    s->denominator++;
    s->numerator += (flags & ROW_HIT) != 0;
    s->total += row_value(r, i);
    s->weight += row_weight(r, i);
}

static Status count_reason(Pass *p, uint64_t key, uint8_t reason, Error *err)
{
    uint32_t slot;
    TRY(keys_number(&p->reason_keys, key | reason, &slot, err));
    if (slot == p->reason_counts.len)
        TRY(vec_push(&p->reason_counts, 0, err));
    p->reason_counts.at[slot]++;
    return OK;
}

static Status deal_rows(Pass *p, Error *err)
{
    const MeasureRows *r = p->rows;
    RowKeys keys;
    uint64_t key;
    uint32_t slot;
    for (size_t i = 0; i < r->count; i++) {
        if ((p->by_category && !r->category[i]) || !row_keys_begin(p, i, &keys))
            continue;
        while (row_keys_next(&keys, &key)) {
            TRY(slot_of(p, key, &slot, err));
            add_to_sums(r, i, &p->sums.at[slot]);
            if ((r->flags[i] & ROW_EXCLUDED) && !p->by_category)
                TRY(count_reason(p, key, row_reason(r, i), err));
        }
    }
    return OK;
}

static Status deal_instances(Pass *p, const uint32_t *order, FoldInstances *out, Error *err)
{
    RowKeys keys;
    uint64_t key;
    uint32_t slot;
    for (size_t n = 0; order && n < p->rows->counted; n++) {
        uint32_t i = order[n];
        if ((p->by_category && !p->rows->category[i]) || !row_keys_begin(p, i, &keys))
            continue;
        while (row_keys_next(&keys, &key)) {
            TRY(slot_of(p, key, &slot, err));
            TRY(vec_push(&out->row, i, err));
            TRY(vec_push(&out->slot, slot, err));
        }
    }
    return OK;
}

/* --- one level up --- */

static uint64_t parent_key(const Pass *p, uint64_t key)
{
    uint64_t unit = key >> UNIT_SHIFT & LOW_BITS(UNIT_BITS);
    uint64_t parent = p->units->units.at[unit].parent;
    return (key & ~(LOW_BITS(UNIT_BITS) << UNIT_SHIFT)) | parent << UNIT_SHIFT;
}

static void add_sums(FoldSums *to, const FoldSums *from)
{
    to->denominator += from->denominator;
    to->numerator += from->numerator;
    to->covered += from->covered;
    to->base += from->base;
    to->strong += from->strong;
    to->link_pairs += from->link_pairs;
    to->link_correct += from->link_correct;
    to->link_missed += from->link_missed;
    to->total += from->total;
    to->weight += from->weight;
    to->excluded += from->excluded;
    for (size_t i = 0; i < GAP_COUNT; i++)
        to->gaps[i] += from->gaps[i];
}

static Status reasons_up(Pass *p, Error *err)
{
    KeyTable keys = {0};
    VEC(int64_t) counts = {0};
    uint32_t slot;
    Status st = OK;
    for (size_t i = 0; i < p->reason_keys.len; i++) {
        TRY_OUT(keys_number(&keys, parent_key(p, p->reason_keys.keys[i]), &slot, err));
        if (slot == counts.len)
            TRY_OUT(vec_push(&counts, 0, err));
        counts.at[slot] += p->reason_counts.at[i];
    }
    keys_free(&p->reason_keys);
    p->reason_keys = keys;
    vec_free(&p->reason_counts);
    p->reason_counts.at = counts.at;
    p->reason_counts.len = counts.len;
    p->reason_counts.cap = counts.cap;
    return OK;
out:
    keys_free(&keys);
    vec_free(&counts);
    return st;
}

static Status level_up(Pass *p, Error *err)
{
    Pass up = {.rows = p->rows, .units = p->units, .spec = p->spec};
    uint32_t *moved = NULL;
    Status st = OK;
    TRY(mem_zalloc(p->keys.len + 1, sizeof *moved, (void **)&moved, err));
    for (size_t i = 0; i < p->keys.len; i++) {
        TRY_OUT(slot_of(&up, parent_key(p, p->keys.keys[i]), &moved[i], err));
        add_sums(&up.sums.at[moved[i]], &p->sums.at[i]);
    }
    for (size_t i = 0; i < p->by_value.slot.len; i++)
        p->by_value.slot.at[i] = moved[p->by_value.slot.at[i]];
    for (size_t i = 0; i < p->by_employer.slot.len; i++)
        p->by_employer.slot.at[i] = moved[p->by_employer.slot.at[i]];
    keys_free(&p->keys);
    p->keys = up.keys;
    up.keys = (KeyTable){0};
    vec_free(&p->sums);
    p->sums.at = up.sums.at;
    p->sums.len = up.sums.len;
    p->sums.cap = up.sums.cap;
    up.sums.at = NULL;
    st = reasons_up(p, err);
out:
    mem_free(moved);
    pass_free(&up);
    return st;
}

/* --- figures --- */

static void take_key(const Pass *p, uint64_t key, FoldCell *out)
{
    out->year = p->first_year + (int32_t)(key >> YEAR_SHIFT);
    out->unit = (uint32_t)(key >> UNIT_SHIFT & LOW_BITS(UNIT_BITS));
    out->category = (uint32_t)(key & LOW_BITS(CATEGORY_BITS));
    for (size_t i = 0; i < BY_MAX; i++)
        out->codes[i] = (uint8_t)(key >> (CATEGORY_BITS + CODE_BITS * i) & LOW_BITS(CODE_BITS));
}

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : NAN;
}

static double value_of(MeasureKind kind, const FoldSums *s)
{
    switch (kind) {
    case MEASURE_RATE:
    case MEASURE_DISTRIBUTION:
        return share(s->numerator, s->denominator);
    case MEASURE_COUNT:
        return (double)s->denominator;
    case MEASURE_MEAN:
        return s->denominator > 0 ? (double)s->total / 100.0 / (double)s->denominator : NAN;
    case MEASURE_RATIO:
        return s->weight != 0 ? (double)s->total / (double)s->weight : NAN;
    case MEASURE_MEDIAN:
    case MEASURE_KIND_COUNT:
        break;
    }
    return NAN;
}

/* A category's persons over everybody of the slot it lies in. */
static Status of_whole(Pass *whole, uint64_t key, const FoldSums *part, FoldSums *out, Error *err)
{
    uint32_t slot;
    TRY(slot_of(whole, key & ~LOW_BITS(CATEGORY_BITS), &slot, err));
    *out = whole->sums.at[slot];
    out->numerator = part->denominator;
    out->employers = part->employers;
    out->top_employer = part->top_employer;
    return OK;
}

/* whole: the same level without categories; NULL where there are none. */
static Status emit_level(Pass *p, Pass *whole, Folded *out, Error *err)
{
    FoldValues *values = NULL;
    MeasureKind kind = p->rows->def->kind;
    Status st = OK;
    if (kind == MEASURE_MEDIAN) {
        TRY(mem_zalloc(p->keys.len + 1, sizeof *values, (void **)&values, err));
        TRY_OUT(fold_percentiles(p->rows, &p->by_value, p->keys.len, values, err));
    }
    if (p->rows->has_employer)
        TRY_OUT(fold_employers(p->rows, &p->by_employer, p->keys.len, p->sums.at, err));
    for (size_t i = 0; i < p->keys.len; i++) {
        FoldCell cell = {.sums = p->sums.at[i], .fuzzy = NAN, .p25 = NAN, .p75 = NAN};
        if (cell.sums.base == 0)
            continue;
        take_key(p, p->keys.keys[i], &cell);
        if (whole)
            TRY_OUT(of_whole(whole, p->keys.keys[i], &p->sums.at[i], &cell.sums, err));
        cell.value = values ? values[i].value : value_of(kind, &cell.sums);
        if (values) {
            cell.fuzzy = values[i].fuzzy;
            cell.p25 = values[i].p25;
            cell.p75 = values[i].p75;
        }
        TRY_OUT(vec_push(&out->cells, cell, err));
    }
out:
    mem_free(values);
    return st;
}

static Status emit_reasons(const Pass *p, Folded *out, Error *err)
{
    for (size_t i = 0; i < p->reason_keys.len; i++) {
        FoldCell key;
        take_key(p, p->reason_keys.keys[i], &key);
        FoldExclusion e = {
            .year = key.year, .unit = key.unit, .reason = (uint8_t)key.category, .persons = p->reason_counts.at[i]};
        memcpy(e.codes, key.codes, sizeof e.codes);
        TRY(vec_push(&out->exclusions, e, err));
    }
    return OK;
}

static void clear_employers(Pass *p)
{
    for (size_t i = 0; i < p->sums.len; i++)
        p->sums.at[i].employers = p->sums.at[i].top_employer = 0;
}

static Status pass_levels(Pass *p, Pass *whole, Folded *out, Error *err)
{
    for (MeasureLevel level = p->spec->finest;; level--) {
        clear_employers(p);
        TRY(emit_level(p, whole, out, err));
        TRY(emit_reasons(whole ? whole : p, out, err));
        if (level == p->spec->coarsest)
            return OK;
        TRY(level_up(p, err));
        if (whole)
            TRY(level_up(whole, err));
    }
}

static Status check_limits(const MeasureRows *rows, int32_t *first_year, Error *err)
{
    int32_t least = INT32_MAX, most = INT32_MIN;
    for (size_t i = 0; i < rows->count; i++) {
        least = rows->year[i] < least ? rows->year[i] : least;
        most = rows->year[i] > most ? rows->year[i] : most;
    }
    *first_year = least;
    if (rows->count > 0 && (int64_t)most - least > YEAR_MAX - 1000)
        return error_set(err, ERR_INVALID, "%s: years from %" PRId32 " to %" PRId32 " are too far apart",
            rows->def->file->path, least, most);
    if (rows->categories.len > LOW_BITS(CATEGORY_BITS))
        return error_set(
            err, ERR_LIMIT, "%s: more than %u categories", rows->def->file->path, (unsigned)LOW_BITS(CATEGORY_BITS));
    return OK;
}

static Status pass_begin(Pass *p, Error *err)
{
    TRY(check_limits(p->rows, &p->first_year, err));
    TRY(deal_rows(p, err));
    TRY(deal_instances(p, p->rows->by_value, &p->by_value, err));
    return deal_instances(p, p->rows->by_employer, &p->by_employer, err);
}

Status fold_rows(const MeasureRows *rows, const FoldUnits *units, const FoldSpec *spec, Folded *out, Error *err)
{
    Pass all = {.rows = rows, .units = units, .spec = spec};
    Pass parts = {.rows = rows, .units = units, .spec = spec, .by_category = true};
    Status st = OK;
    TRY_OUT(pass_begin(&all, err));
    if (rows->def->kind != MEASURE_DISTRIBUTION) {
        st = pass_levels(&all, NULL, out, err);
        goto out;
    }
    TRY_OUT(pass_begin(&parts, err));
    st = pass_levels(&parts, &all, out, err);
out:
    pass_free(&all);
    pass_free(&parts);
    return st;
}
