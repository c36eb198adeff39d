/*
 * One system of figures: which source counts whom by which of them. Figures that are not divided by more than the
 * system's splits are in it; a pool is a figure of each of its units and groups.
 */
#include "cli/told_system.h"

#include <math.h>
#include <stdlib.h>

Status told_names(Slice split, Names *out, Error *err)
{
    *out = (Names){0};
    while (split.ptr && split.len > 0) {
        Slice name = slice_cut(&split, ',');
        if (slice_eq_z(name, "all"))
            continue;
        if (out->count == TOLD_NAMES_MAX)
            return error_set(err, ERR_LIMIT, "more than %d splits are crossed", TOLD_NAMES_MAX);
        out->at[out->count++] = name;
    }
    return OK;
}

bool told_names_within(const Names *a, const Names *b)
{
    for (size_t i = 0; i < a->count; i++) {
        bool found = false;
        for (size_t k = 0; k < b->count; k++)
            found = found || slice_eq(a->at[i], b->at[k]);
        if (!found)
            return false;
    }
    return true;
}

/* --- one system -------------------------------------------------------------------------------------------------- */

void told_view_free(SourceView *v)
{
    map_free(&v->keys);
    map_free(&v->places);
    vec_free(&v->links);
    vec_free(&v->splits);
    vec_free(&v->levels);
    vec_free(&v->used);
    vec_free(&v->place_of);
    vec_free(&v->place_rows);
    vec_free(&v->place_hit);
    vec_free(&v->counted_first);
    vec_free(&v->counted);
    buf_free(&v->key);
}

static Slice figure_key(Buf *key, int32_t year, Slice level, Slice unit, Slice split, Slice grp)
{
    const Slice parts[] = {level, unit, split, grp};
    buf_reset(key);
    buf_add_i64(key, year);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_addc(key, '\x1f');
        buf_add(key, parts[i]);
    }
    return buf_slice(key);
}

static Status add_key(SourceView *v, const ToldFigure *f, Slice unit, Slice grp, uint32_t figure, Error *err)
{
    uint64_t head;
    Slice key = figure_key(&v->key, f->year, f->level, unit, f->split, grp);
    TRY(buf_status(&v->key, err));
    if (!map_get(&v->keys, key, &head))
        head = 0;
    TRY(vec_push(&v->links, ((Link){figure, (uint32_t)head}), err));
    return map_put(&v->keys, key, v->links.len, NULL, err);
}

/* A pool is a figure of each of its units and groups. */
static Status add_keys(SourceView *v, uint32_t number, Error *err)
{
    const ToldFigure *f = &v->source->figures[number];
    for (Slice units = f->members.len > 0 ? f->members : f->unit; units.ptr && units.len > 0;) {
        Slice unit = slice_cut(&units, ' ');
        if (f->groups.len == 0) {
            TRY(add_key(v, f, unit, f->grp, number, err));
            continue;
        }
        for (Slice groups = f->groups; groups.ptr && groups.len > 0;)
            TRY(add_key(v, f, unit, slice_cut(&groups, ' '), number, err));
    }
    return OK;
}

size_t told_index(const Slice *at, size_t count, Slice text)
{
    size_t i = 0;
    while (i < count && !slice_eq(at[i], text))
        i++;
    return i;
}

OverlapOrigin told_origin(const ToldSource *s, const ToldFigure *f)
{
    return f->is_coming ? OVERLAP_ASKED : s->origin;
}

unsigned told_printed(const ToldFigure *f, Reading reading)
{
    bool exact = reading == CODED_IS_EXACT && (f->printed & TOLD_CODED) != 0;
    return (f->printed & (OVERLAP_PEOPLE | OVERLAP_HITS)) | (exact ? OVERLAP_HITS : 0u);
}

static Status add_figures(SourceView *v, Error *err)
{
    const ToldSource *s = v->source;
    TRY(arena_new(&v->sys->arena, uint32_t, s->count + 1, &v->figure, err));
    TRY(arena_new(&v->sys->arena, int64_t, s->count + 1, &v->people, err));
    TRY(arena_new(&v->sys->arena, int64_t, s->count + 1, &v->hits, err));
    TRY(arena_new(&v->sys->arena, uint64_t, s->count + 1, &v->who[0], err));
    TRY(arena_new(&v->sys->arena, uint64_t, s->count + 1, &v->who[1], err));
    TRY(arena_new(&v->sys->arena, uint8_t, s->count + 1, &v->known, err));
    TRY(arena_new(&v->sys->arena, uint32_t, s->count + 1, &v->public, err));
    TRY(arena_new(&v->sys->arena, uint8_t, s->count + 1, &v->touched, err));
    TRY(arena_new(&v->sys->arena, uint8_t, s->count + 1, &v->in, err));
    for (size_t i = 0; i < s->count; i++) {
        Names names;
        v->figure[i] = UINT32_MAX;
        TRY(told_names(s->figures[i].split, &names, err));
        unsigned printed = told_printed(&s->figures[i], v->sys->reading);
        if (!told_names_within(&names, v->sys->names) || !printed)
            continue;
        v->in[i] = 1;
        v->has_coded = v->has_coded || (s->figures[i].printed & TOLD_CODED);
        if (told_index(v->splits.at, v->splits.len, s->figures[i].split) == v->splits.len)
            TRY(vec_push(&v->splits, s->figures[i].split, err));
        if (told_index(v->levels.at, v->levels.len, s->figures[i].level) == v->levels.len)
            TRY(vec_push(&v->levels, s->figures[i].level, err));
        TRY(add_keys(v, (uint32_t)i, err));
    }
    for (size_t k = 0; k < s->members.split_count; k++)
        for (size_t n = 0; n < v->sys->names->count; n++)
            if (slice_eq(s->members.splits[k], v->sys->names->at[n]))
                TRY(vec_push(&v->used, (uint8_t)k, err));
    return OK;
}

/* The unit of a row at a level; empty: the rows are not divided so far. */
static Slice unit_at(const ToldSource *s, size_t row, Slice level, Slice state)
{
    const MeasurePlace *p = &s->members.places[s->members.place[row]];
    return slice_eq_z(level, "county")     ? p->county
           : slice_eq_z(level, "district") ? p->district
           : slice_eq_z(level, "school")   ? p->school
                                           : state;
}

static Status group_at(const SourceView *v, size_t row, Slice split, Buf *out, Error *err)
{
    Names names;
    const MeasureMembers *m = &v->source->members;
    buf_reset(out);
    TRY(told_names(split, &names, err));
    for (size_t i = 0; i < names.count; i++)
        for (size_t k = 0; k < m->split_count; k++)
            if (slice_eq(m->splits[k], names.at[i])) {
                buf_adds(out, i ? "," : "");
                buf_add(out, m->groups[k][m->code[k][row]]);
            }
    if (names.count == 0)
        buf_adds(out, "all");
    return buf_status(out, err);
}

/* The state's unit has one name, which no place of a row tells: it is that of the figures. */
static Slice state_unit(const ToldSource *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (slice_eq_z(s->figures[i].level, "state"))
            return s->figures[i].unit;
    return SLICE("");
}

/* The figures that count a row, and so all rows of its place. */
static Status new_place(SourceView *v, size_t row, Error *err)
{
    const MeasureMembers *m = &v->source->members;
    Buf grp;
    Status st = OK;
    buf_init(&grp, 1 << 16);
    TRY_OUT(vec_push(&v->counted_first, (uint32_t)v->counted.len, err));
    for (size_t l = 0; l < v->levels.len; l++)
        for (size_t s = 0; s < v->splits.len; s++) {
            uint64_t head;
            TRY_OUT(group_at(v, row, v->splits.at[s], &grp, err));
            Slice unit = unit_at(v->source, row, v->levels.at[l], state_unit(v->source));
            if (!map_get(&v->keys,
                    figure_key(&v->key, m->year[row], v->levels.at[l], unit, v->splits.at[s], buf_slice(&grp)), &head))
                head = 0;
            for (; head > 0; head = v->links.at[head - 1].next)
                TRY_OUT(vec_push(&v->counted, v->links.at[head - 1].figure, err));
        }
    TRY_OUT(vec_push(&v->counted, UINT32_MAX, err));
    TRY_OUT(vec_push(&v->place_rows, 0, err));
    TRY_OUT(vec_push(&v->place_hit, m->hit[row], err));
out:
    buf_free(&grp);
    return st;
}

int told_compare_persons(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

bool told_has_person(const uint64_t *persons, size_t count, uint64_t person)
{
    return count > 0 && bsearch(&person, persons, count, sizeof person, told_compare_persons) != NULL;
}

/* Sets of people are compared by sums of these: equal sets have equal sums, others have by a chance of 2^-64. The
 * pseudonyms are keyed hashes that nobody chooses. (Steele et al. 2014, SplitMix64.) */
static uint64_t mix(uint64_t person)
{
    uint64_t z = person + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void count_row(SourceView *v, size_t row, size_t place)
{
    const MeasureMembers *m = &v->source->members;
    bool touched = v->source->of_release && told_has_person(v->sys->answered, v->sys->answered_count, m->person[row]);
    for (size_t i = v->counted_first.at[place]; v->counted.at[i] != UINT32_MAX; i++) {
        uint32_t f = v->counted.at[i];
        v->people[f]++;
        v->hits[f] += m->hit[row];
        v->who[0][f] += mix(m->person[row]);
        v->who[1][f] += m->hit[row] ? mix(m->person[row]) : 0;
        v->touched[f] |= touched;
    }
}

static Status add_rows(SourceView *v, Error *err)
{
    const MeasureMembers *m = &v->source->members;
    for (size_t i = 0; i < m->count; i++) {
        uint64_t at;
        uint32_t head[3] = {(uint32_t)m->year[i], m->place[i], m->hit[i]};
        uint8_t key[sizeof head + TOLD_NAMES_MAX];
        memcpy(key, head, sizeof head);
        for (size_t k = 0; k < v->used.len; k++)
            key[sizeof head + k] = m->code[v->used.at[k]][i];
        TRY(map_get_or_put(
            &v->places, (Slice){(const char *)key, sizeof head + v->used.len}, v->place_rows.len, &at, err));
        if (at == v->place_rows.len)
            TRY(new_place(v, i, err));
        count_row(v, i, at);
        v->place_rows.at[at]++;
        TRY(vec_push(&v->place_of, (uint32_t)at, err));
    }
    return OK;
}

/* --- into the attack --------------------------------------------------------------------------------------------- */

/* A release's figures that count nobody of the answers, nor anybody whom another figure of the measure counts that
 * does: far away from all that single askers know. */
static Status drop_far(const SourceView *v, uint8_t *drop, Error *err)
{
    uint8_t *near;
    TRY(arena_new(&v->sys->arena, uint8_t, v->source->count + 1, &near, err));
    for (size_t place = 0; place < v->place_rows.len; place++) {
        const uint32_t *counted = &v->counted.at[v->counted_first.at[place]];
        bool touched = false;
        for (size_t i = 0; counted[i] != UINT32_MAX; i++)
            touched = touched || (v->touched[counted[i]] && !drop[counted[i]]);
        for (size_t i = 0; counted[i] != UINT32_MAX; i++)
            near[counted[i]] |= touched;
    }
    for (size_t i = 0; i < v->source->count; i++)
        drop[i] |= !near[i];
    return OK;
}

/* What of a release takes part. */
static Status choose_figures(SourceView *v, Error *err)
{
    const ToldSource *s = v->source;
    TRY(arena_new(&v->sys->arena, uint8_t, s->count + 1, &v->drop, err));
    if (s->of_release && v->sys->beside) {
        TRY(told_implied(v, v->drop, err));
        TRY(drop_far(v, v->drop, err));
    }
    for (size_t i = 0; i < s->count; i++) {
        bool enters = v->in[i] && !v->drop[i];
        v->entering += enters;
        v->is_coming = v->is_coming || (enters && s->figures[i].is_coming);
    }
    return OK;
}

static Status enter_figures(SourceView *v, Overlap *overlap, bool *asked, Error *err)
{
    const ToldSource *s = v->source;
    for (size_t i = 0; i < s->count; i++) {
        OverlapOrigin origin = told_origin(s, &s->figures[i]);
        unsigned printed = told_printed(&s->figures[i], v->sys->reading), known;
        if (v->hidden)
            printed &= ~(unsigned)v->hidden[i];
        known = printed & v->known[i];
        v->figure[i] = v->public[i] = UINT32_MAX;
        if (!v->in[i] || v->drop[i])
            continue;
        if (known)
            TRY(overlap_figure(overlap, OVERLAP_PUBLIC, known, &v->public[i], err));
        if (!(printed & ~known))
            continue;
        TRY(overlap_figure(overlap, origin, printed & ~known, &v->figure[i], err));
        *asked = *asked || origin == OVERLAP_ASKED;
    }
    return OK;
}

typedef VEC(uint32_t) Numbers;

static Status add_number(Numbers *list, uint32_t number, Error *err)
{
    return number == UINT32_MAX ? OK : vec_push(list, number, err);
}

static Status enter_place(const SourceView *v, Overlap *overlap, size_t place, uint32_t *id, Error *err)
{
    Numbers some = {0};
    Status st = OK;
    for (size_t i = v->counted_first.at[place]; v->counted.at[i] != UINT32_MAX && st == OK; i++) {
        st = add_number(&some, v->figure[v->counted.at[i]], err);
        if (st == OK)
            st = add_number(&some, v->public[v->counted.at[i]], err);
    }
    if (st == OK)
        st = some.len == 0 ? OK
                           : overlap_place(overlap, some.at, some.len,
                                 v->place_hit.at[place] ? OVERLAP_HIT : OVERLAP_MISS, id, err);
    vec_free(&some);
    return st;
}

static Status enter_rows(const SourceView *v, Overlap *overlap, uint32_t *id, Error *err)
{
    for (size_t place = 0; place < v->place_rows.len; place++) {
        id[place] = UINT32_MAX;
        TRY(enter_place(v, overlap, place, &id[place], err));
    }
    for (size_t i = 0; i < v->place_of.len; i++)
        if (id[v->place_of.at[i]] != UINT32_MAX)
            TRY(overlap_person(overlap, v->source->members.person[i], id[v->place_of.at[i]], err));
    return OK;
}

Status told_view_enter(SourceView *v, Overlap *overlap, bool *asked, Error *err)
{
    uint32_t *id;
    TRY(enter_figures(v, overlap, asked, err));
    TRY(mem_zalloc(v->place_rows.len + 1, sizeof *id, (void **)&id, err));
    Status st = enter_rows(v, overlap, id, err);
    mem_free(id);
    return st;
}

bool told_same_rate(Slice shown, int64_t people, int64_t hits)
{
    double value;
    if (people == 0 || parse_f64(shown, &value, NULL) != OK)
        return true;
    bool whole = slice_find(shown, SLICE(".")) >= shown.len;
    return fabs(100.0 * (double)hits / (double)people - value) <= (whole ? 0.5 : 0.05) + 1e-9;
}

/* The question's people are asked for by themselves: were they others than the figures count, the figures would stand
 * for nobody in the attack. */
static Status compare_asked(const SourceView *v, Error *err)
{
    for (size_t i = 0; i < v->source->count && v->source->origin == OVERLAP_ASKED; i++) {
        const ToldFigure *f = &v->source->figures[i];
        if (v->in[i] && f->people >= 0 && (f->people != v->people[i] || (f->hits >= 0 && f->hits != v->hits[i])))
            return error_set(err, ERR_INTERNAL, "%.*s of %d, %.*s %.*s, counts others than its members",
                SLICE_ARG(v->source->people), (int)f->year, SLICE_ARG(f->level), SLICE_ARG(f->unit));
    }
    return OK;
}

static Status refuse_coming(const SourceView *v, const ToldFigure *f, Error *err)
{
    error_set(err, ERR_DENIED, "%.*s of %d, %.*s %.*s, is not what today's records and definitions count",
        SLICE_ARG(v->source->people), (int)f->year, SLICE_ARG(f->level), SLICE_ARG(f->unit));
    error_hint(err, "Measure them again first (cairn measure).");
    return ERR_DENIED;
}

/* What a release printed of people of answers is what today's records say: otherwise it counts people whom nobody
 * knows here. */
static Status compare_printed(const SourceView *v, Error *err)
{
    for (size_t i = 0; i < v->source->count && v->source->of_release; i++) {
        const ToldFigure *f = &v->source->figures[i];
        if (!v->in[i] || (!v->touched[i] && !f->is_coming) || f->people < 0 ||
            (f->people == v->people[i] && told_same_rate(f->value, v->people[i], v->hits[i])))
            continue;
        if (f->is_coming)
            return refuse_coming(v, f, err);
        error_set(err, ERR_DENIED,
            "a release in force printed %.*s of %d, %.*s %.*s, and today's records count otherwise: beside it an "
            "answer "
            "would show who was corrected",
            SLICE_ARG(v->source->people), (int)f->year, SLICE_ARG(f->level), SLICE_ARG(f->unit));
        error_hint(err, "Release the corrected figures first (cairn release --replace TEXT).");
        return ERR_DENIED;
    }
    return OK;
}

Status told_view_new(System *sys, const ToldSource *source, SourceView *v, Error *err)
{
    *v = (SourceView){.sys = sys, .source = source};
    buf_init(&v->key, 1 << 16);
    TRY(map_init(&v->keys, err));
    TRY(map_init(&v->places, err));
    TRY(add_figures(v, err));
    if (v->splits.len > 0)
        TRY(add_rows(v, err));
    TRY(compare_asked(v, err));
    TRY(compare_printed(v, err));
    return choose_figures(v, err);
}
