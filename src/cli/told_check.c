/*
 * Everything one asker was told and what he asks now, as systems for room overlap.
 *
 * One system for each set of splits that figures are divided by (race; sex and race; ...), with the figures that are
 * divided by these or by fewer. Figures by race and figures by sex, of the same places, are not put into one: as far as
 * anybody outside knows every crossing of the two has people, and then no sum of both isolates what neither does by
 * itself (src/protect/README.md, "Several splits").
 */
#include "cli/told.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAMES_MAX = 8 }; /* splits of one crossing */

typedef struct Names {
    Slice at[NAMES_MAX];
    size_t count;
} Names;
typedef VEC(Names) NamesList;

static Status read_names(Slice split, Names *out, Error *err)
{
    *out = (Names){0};
    while (split.ptr && split.len > 0) {
        Slice name = slice_cut(&split, ',');
        if (slice_eq_z(name, "all"))
            continue;
        if (out->count == NAMES_MAX)
            return error_set(err, ERR_LIMIT, "more than %d splits are crossed", NAMES_MAX);
        out->at[out->count++] = name;
    }
    return OK;
}

static bool is_within(const Names *a, const Names *b)
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

/* A coded rate ("<4") tells a range. Attacked are both ends of what that may be worth: nothing, and all of it. Neither
 * alone would do: taken for known it is no secret that a sum could give away, taken for unknown its range helps nobody.
 */
typedef enum Reading { CODED_IS_UNKNOWN, CODED_IS_EXACT, READINGS } Reading;

typedef struct System {
    const ToldCheck *check;
    Reading reading;
    const Names *names; /* splits of this system */
    Overlap *overlap;
    const uint64_t *answered; /* persons of the question and of answers that hang together with it, ascending */
    size_t answered_count;
    bool has_asked;
    Arena arena;
} System;

typedef struct Link {
    uint32_t figure, next; /* next + 1; 0: none */
} Link;

typedef struct SourceView { /* a source in a system */
    System *sys;
    const ToldSource *source;
    uint32_t *figure; /* by figure of the source; UINT32_MAX: not in the system */
    Map keys;         /* year, level, unit, split, group -> links */
    VEC(Link) links;
    VEC(Slice) splits, levels; /* of its figures in the system */
    VEC(uint8_t) used;         /* splits of its members that the system has */
    Map places;                /* year, place, outcome, groups -> number in found */
    VEC(uint32_t) found;
    VEC(uint32_t) some;
    VEC(uint32_t) counted_first; /* by place: where its figures begin in counted */
    VEC(uint32_t) counted;       /* figures of the source; a list ends with UINT32_MAX */
    int64_t *people, *hits;      /* by figure of the source */
    uint8_t *touched;            /* by figure of a release: has a person of an answer */
    Buf key;
} SourceView;

static void view_free(SourceView *v)
{
    map_free(&v->keys);
    map_free(&v->places);
    vec_free(&v->links);
    vec_free(&v->splits);
    vec_free(&v->levels);
    vec_free(&v->used);
    vec_free(&v->found);
    vec_free(&v->some);
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

static bool contains(const Slice *at, size_t count, Slice text)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(at[i], text))
            return true;
    return false;
}

static unsigned printed_by(const ToldFigure *f, Reading reading)
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
    TRY(arena_new(&v->sys->arena, uint8_t, s->count + 1, &v->touched, err));
    for (size_t i = 0; i < s->count; i++) {
        Names names;
        v->figure[i] = UINT32_MAX;
        TRY(read_names(s->figures[i].split, &names, err));
        unsigned printed = printed_by(&s->figures[i], v->sys->reading);
        if (!is_within(&names, v->sys->names) || !printed)
            continue;
        TRY(overlap_figure(v->sys->overlap, s->origin, printed, &v->figure[i], err));
        v->sys->has_asked = v->sys->has_asked || s->origin == OVERLAP_ASKED;
        if (!contains(v->splits.at, v->splits.len, s->figures[i].split))
            TRY(vec_push(&v->splits, s->figures[i].split, err));
        if (!contains(v->levels.at, v->levels.len, s->figures[i].level))
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
    TRY(read_names(split, &names, err));
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

/* The figures that count a row, and the place of the attack that they make. */
static Status new_place(SourceView *v, size_t row, Error *err)
{
    const MeasureMembers *m = &v->source->members;
    Buf grp;
    Status st = OK;
    uint32_t place;
    buf_init(&grp, 1 << 16);
    v->some.len = 0;
    TRY_OUT(vec_push(&v->counted_first, (uint32_t)v->counted.len, err));
    for (size_t l = 0; l < v->levels.len; l++)
        for (size_t s = 0; s < v->splits.len; s++) {
            uint64_t head;
            TRY_OUT(group_at(v, row, v->splits.at[s], &grp, err));
            Slice unit = unit_at(v->source, row, v->levels.at[l], state_unit(v->source));
            if (!map_get(&v->keys,
                    figure_key(&v->key, m->year[row], v->levels.at[l], unit, v->splits.at[s], buf_slice(&grp)), &head))
                head = 0;
            for (; head > 0; head = v->links.at[head - 1].next) {
                TRY_OUT(vec_push(&v->counted, v->links.at[head - 1].figure, err));
                TRY_OUT(vec_push(&v->some, v->figure[v->links.at[head - 1].figure], err));
            }
        }
    TRY_OUT(vec_push(&v->counted, UINT32_MAX, err));
    TRY_OUT(
        overlap_place(v->sys->overlap, v->some.at, v->some.len, m->hit[row] ? OVERLAP_HIT : OVERLAP_MISS, &place, err));
    TRY_OUT(vec_push(&v->found, place, err));
out:
    buf_free(&grp);
    return st;
}

static int compare_persons(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

static bool has_person(const uint64_t *persons, size_t count, uint64_t person)
{
    return count > 0 && bsearch(&person, persons, count, sizeof person, compare_persons) != NULL;
}

static void count_row(SourceView *v, size_t row, size_t place)
{
    const MeasureMembers *m = &v->source->members;
    bool touched = v->source->of_release && has_person(v->sys->answered, v->sys->answered_count, m->person[row]);
    for (size_t i = v->counted_first.at[place]; v->counted.at[i] != UINT32_MAX; i++) {
        uint32_t f = v->counted.at[i];
        v->people[f]++;
        v->hits[f] += m->hit[row];
        v->touched[f] |= touched;
    }
}

static Status add_rows(SourceView *v, Error *err)
{
    const MeasureMembers *m = &v->source->members;
    for (size_t i = 0; i < m->count; i++) {
        uint64_t at;
        uint32_t head[3] = {(uint32_t)m->year[i], m->place[i], m->hit[i]};
        uint8_t key[sizeof head + NAMES_MAX];
        memcpy(key, head, sizeof head);
        for (size_t k = 0; k < v->used.len; k++)
            key[sizeof head + k] = m->code[v->used.at[k]][i];
        TRY(map_get_or_put(&v->places, (Slice){(const char *)key, sizeof head + v->used.len}, v->found.len, &at, err));
        if (at == v->found.len)
            TRY(new_place(v, i, err));
        count_row(v, i, at);
        TRY(overlap_person(v->sys->overlap, m->person[i], v->found.at[at], err));
    }
    return OK;
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
        if (v->figure[i] != UINT32_MAX && f->people >= 0 &&
            (f->people != v->people[i] || (f->hits >= 0 && f->hits != v->hits[i])))
            return error_set(err, ERR_INTERNAL, "%.*s of %d, %.*s %.*s, counts others than its members",
                SLICE_ARG(v->source->people), (int)f->year, SLICE_ARG(f->level), SLICE_ARG(f->unit));
    }
    return OK;
}

/* What a release printed of people of answers is what today's records say: otherwise it counts people whom nobody
 * knows here. */
static Status compare_printed(const SourceView *v, Error *err)
{
    for (size_t i = 0; i < v->source->count && v->source->of_release; i++) {
        const ToldFigure *f = &v->source->figures[i];
        if (v->figure[i] == UINT32_MAX || !v->touched[i] || f->people < 0 ||
            (f->people == v->people[i] && told_same_rate(f->value, v->people[i], v->hits[i])))
            continue;
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

static Status add_source(System *sys, const ToldSource *source, uint32_t **figure, Error *err)
{
    SourceView v = {.sys = sys, .source = source};
    buf_init(&v.key, 1 << 16);
    Status st = map_init(&v.keys, err);
    if (st == OK)
        st = map_init(&v.places, err);
    if (st == OK)
        st = add_figures(&v, err);
    if (st == OK && v.splits.len > 0)
        st = add_rows(&v, err);
    if (st == OK)
        st = compare_asked(&v, err);
    if (st == OK)
        st = compare_printed(&v, err);
    *figure = v.figure;
    view_free(&v);
    return st;
}

/* --- all systems ------------------------------------------------------------------------------------------------- */

typedef VEC(uint64_t) Persons;

typedef struct Checking {
    const ToldCheck *check;
    ToldMode mode;
    ToldReport *report;
    const ToldSource *question;
    Persons known;                   /* of all sources so far, ascending, each once */
    Persons answered;                /* of these without releases */
    uint8_t *joined;                 /* by source of the check */
    VEC(const ToldSource *) sources; /* the question, and what hangs together with it */
    bool has_coded;
    NamesList systems;
} Checking;

static Status add_persons(Persons *list, const ToldSource *s, Error *err)
{
    size_t before = list->len;
    for (size_t i = 0; i < s->members.count; i++) {
        uint64_t person = s->members.person[i];
        if (!has_person(list->at, before, person))
            TRY(vec_push(list, person, err));
    }
    return OK;
}

static void sort_persons(Persons *list)
{
    size_t kept = 0;
    if (list->len > 1)
        qsort(list->at, list->len, sizeof *list->at, compare_persons);
    for (size_t i = 0; i < list->len; i++)
        if (i == 0 || list->at[i] != list->at[kept - 1])
            list->at[kept++] = list->at[i];
    list->len = kept;
}

static Status join(Checking *c, size_t source, Error *err)
{
    const ToldSource *s = &c->check->sources->at[source];
    c->joined[source] = 1;
    TRY(add_persons(&c->known, s, err));
    sort_persons(&c->known);
    if (s->of_release)
        return OK;
    TRY(add_persons(&c->answered, s, err));
    sort_persons(&c->answered);
    return OK;
}

static bool has_known_person(const Checking *c, const ToldSource *s)
{
    for (size_t i = 0; i < s->members.count; i++)
        if (has_person(c->known.at, c->known.len, s->members.person[i]))
            return true;
    return false;
}

/* Sources that have people of the question, sources that have people of these, and so on: A or B less B less all of A
 * but a few are those few, and B has nobody of A. */
static Status join_sources(Checking *c, Error *err)
{
    const ToldSources *all = c->check->sources;
    TRY(mem_zalloc(all->len + 1, 1, (void **)&c->joined, err));
    TRY(join(c, (size_t)(c->question - all->at), err));
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < all->len; i++) {
            if (c->joined[i] || !has_known_person(c, &all->at[i]))
                continue;
            TRY(join(c, i, err));
            more = true;
        }
    }
    return OK;
}

/* *others: sources of other people than the question's own, which the audit of its tables sees already. */
static Status list_sources(Checking *c, bool *others, Error *err)
{
    size_t used = 0;
    *others = false;
    TRY(join_sources(c, err));
    for (size_t i = 0; i < c->check->sources->len; i++) {
        const ToldSource *s = &c->check->sources->at[i];
        if (!c->joined[i])
            continue;
        TRY(vec_push(&c->sources, s, err));
        for (size_t k = 0; k < s->count; k++)
            c->has_coded = c->has_coded || (s->figures[k].printed & TOLD_CODED);
        if (slice_eq(s->people, c->question->people))
            continue;
        *others = true;
        int n = snprintf(
            c->report->with + used, sizeof c->report->with - used, "%s%.*s", used ? ", " : "", SLICE_ARG(s->people));
        used += n > 0 && used + (size_t)n < sizeof c->report->with ? (size_t)n : 0;
    }
    return OK;
}

/* Every set of splits that is in no other. */
static Status list_systems(Checking *c, Error *err)
{
    for (size_t i = 0; i < c->sources.len; i++) {
        const ToldSource *s = c->sources.at[i];
        Slice last = {0};
        for (size_t k = 0; k < s->count; k++) {
            Names names;
            bool within = slice_eq(s->figures[k].split, last);
            last = s->figures[k].split;
            TRY(read_names(last, &names, err));
            for (size_t n = 0; n < c->systems.len && !within; n++)
                within = is_within(&names, &c->systems.at[n]);
            if (within)
                continue;
            for (size_t n = c->systems.len; n-- > 0;)
                if (is_within(&c->systems.at[n], &names))
                    c->systems.at[n] = c->systems.at[--c->systems.len];
            TRY(vec_push(&c->systems, names, err));
        }
    }
    return OK;
}

static Status take_report(Checking *c, const uint32_t *figure, const OverlapReport *r, Error *err)
{
    if (!c->report->hide)
        TRY(mem_zalloc(c->question->count + 1, 1, (void **)&c->report->hide, err));
    for (size_t i = 0; i < c->question->count; i++)
        if (figure[i] != UINT32_MAX)
            c->report->hide[i] |= r->hide[figure[i]];
    c->report->patterns += r->patterns;
    c->report->systems++;
    return OK;
}

static Status attack(Checking *c, System *sys, const uint32_t *figure, Error *err)
{
    OverlapReport r = OVERLAP_REPORT_INIT;
    Status st = c->mode == TOLD_HIDE ? overlap_hide(sys->overlap, c->check->threads, &r, err)
                                     : overlap_attack(sys->overlap, c->check->threads, &r, err);
    c->report->is_small = st == ERR_DENIED;
    if (st == OK)
        st = take_report(c, figure, &r, err);
    overlap_report_free(&r);
    return st;
}

/* others: false: only whether the question's people are those of its figures. */
static Status run_system(Checking *c, System *sys, bool others, Error *err)
{
    uint32_t *figure = NULL, *other;
    TRY(overlap_new(&c->check->least, &sys->overlap, err));
    for (size_t i = 0; i < c->sources.len; i++) {
        bool question = c->sources.at[i] == c->question;
        if (question || others)
            TRY(add_source(sys, c->sources.at[i], question ? &figure : &other, err));
    }
    return sys->has_asked && others ? attack(c, sys, figure, err) : OK;
}

static Status check_system(Checking *c, size_t system, Reading reading, bool others, Error *err)
{
    System sys = {.check = c->check,
        .reading = reading,
        .names = &c->systems.at[system],
        .answered = c->answered.at,
        .answered_count = c->answered.len};
    arena_init(&sys.arena, 0);
    Status st = run_system(c, &sys, others, err);
    overlap_free(sys.overlap);
    arena_free(&sys.arena);
    return st == OK ? cancel_check(err) : st;
}

static Status check_all(Checking *c, Error *err)
{
    bool others;
    TRY(list_sources(c, &others, err));
    TRY(list_systems(c, err));
    for (Reading reading = 0; reading < (c->has_coded ? READINGS : CODED_IS_EXACT); reading++)
        for (size_t i = 0; i < c->systems.len; i++)
            TRY(check_system(c, i, reading, others, err));
    for (size_t i = 0; i < c->question->count && c->report->hide; i++)
        c->report->hidden += c->report->hide[i] != 0;
    return OK;
}

Status told_check(const ToldCheck *check, ToldMode mode, ToldReport *out, Error *err)
{
    Checking c = {.check = check, .mode = mode, .report = out};
    *out = (ToldReport){0};
    for (size_t i = 0; i < check->sources->len && !c.question; i++)
        if (check->sources->at[i].origin == OVERLAP_ASKED)
            c.question = &check->sources->at[i];
    Status st = c.question ? check_all(&c, err) : OK;
    mem_free(c.joined);
    vec_free(&c.known);
    vec_free(&c.answered);
    vec_free(&c.sources);
    vec_free(&c.systems);
    return st;
}
