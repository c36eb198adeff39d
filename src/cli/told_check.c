/*
 * Everything one asker was told and what he asks now, or what a release would print, as systems for room overlap.
 *
 * One system for each set of splits that figures are divided by (race; sex and race; ...), with the figures that are
 * divided by these or by fewer. Figures by race and figures by sex, of the same places, are not put into one: as far as
 * anybody outside knows every crossing of the two has people, and then no sum of both isolates what neither does by
 * itself (src/protect/README.md, "Several splits").
 */
#include "cli/told_system.h"

#include <stdio.h>
#include <stdlib.h>

typedef VEC(uint64_t) Persons;

typedef struct Checking {
    const ToldCheck *check;
    ToldMode mode;
    ToldReport *report;
    const ToldSource *question;      /* NULL beside a release */
    Persons known;                   /* of all sources so far, ascending, each once */
    Persons answered;                /* of these without releases */
    uint8_t *joined;                 /* by source of the check */
    VEC(const ToldSource *) sources; /* the question, and what hangs together with it */
    SourceView *views;               /* of these, in the system at hand */
    bool has_coded;
    Reading reading;     /* of the system at hand */
    bool beside_answers; /* some source is neither the question's own nor a release's */
    NamesList systems;
    uint64_t rooms; /* figure by figure: how many times still, at most */
} Checking;

static Status add_persons(Persons *list, const ToldSource *s, Error *err)
{
    size_t before = list->len;
    for (size_t i = 0; i < s->members.count; i++) {
        uint64_t person = s->members.person[i];
        if (!told_has_person(list->at, before, person))
            TRY(vec_push(list, person, err));
    }
    return OK;
}

static void sort_persons(Persons *list)
{
    size_t kept = 0;
    if (list->len > 1)
        qsort(list->at, list->len, sizeof *list->at, told_compare_persons);
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
        if (told_has_person(c->known.at, c->known.len, s->members.person[i]))
            return true;
    return false;
}

/* Where the joining begins: with the question, or with all that was told. */
static bool is_first(const Checking *c, const ToldSource *s)
{
    return c->question ? s == c->question : !s->of_release;
}

/* Sources that have people of the question, sources that have people of these, and so on: A or B less B less all of A
 * but a few are those few, and B has nobody of A. */
static Status join_sources(Checking *c, Error *err)
{
    const ToldSources *all = c->check->sources;
    TRY(mem_zalloc(all->len + 1, 1, (void **)&c->joined, err));
    for (size_t i = 0; i < all->len; i++)
        if (is_first(c, &all->at[i]))
            TRY(join(c, i, err));
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

static void name_source(Checking *c, const ToldSource *s, size_t *used)
{
    int n = snprintf(
        c->report->with + *used, sizeof c->report->with - *used, "%s%.*s", *used ? ", " : "", SLICE_ARG(s->people));
    *used += n > 0 && *used + (size_t)n < sizeof c->report->with ? (size_t)n : 0;
}

/* Whether the audit of the question's own tables sees a source: what the same asker was told of the same people. */
static bool is_own(const Checking *c, const ToldSource *s)
{
    return c->question && !s->of_release && slice_eq(s->people, c->question->people) &&
           slice_eq(s->asker, c->question->asker);
}

/* *others: sources that the audit of the question's tables does not see. */
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
        if (is_own(c, s))
            continue;
        *others = true;
        c->beside_answers = c->beside_answers || (s != c->question && !s->of_release);
        name_source(c, s, &used);
    }
    return OK;
}

/* Every set of splits that is in no other. A measure's question is not held against what releases print by splits that
 * no answer has: a release shows these for whole places of its tables for everybody, so that they add up to those. */
static Status list_systems(Checking *c, Error *err)
{
    for (size_t i = 0; i < c->sources.len; i++) {
        const ToldSource *s = c->sources.at[i];
        Slice last = {0};
        if (s->of_release && c->check->released)
            continue;
        for (size_t k = 0; k < s->count; k++) {
            Names names;
            bool within = slice_eq(s->figures[k].split, last);
            last = s->figures[k].split;
            TRY(told_names(last, &names, err));
            for (size_t n = 0; n < c->systems.len && !within; n++)
                within = told_names_within(&names, &c->systems.at[n]);
            if (within)
                continue;
            for (size_t n = c->systems.len; n-- > 0;)
                if (told_names_within(&c->systems.at[n], &names))
                    c->systems.at[n] = c->systems.at[--c->systems.len];
            TRY(vec_push(&c->systems, names, err));
        }
    }
    return OK;
}

/* --- what was found ---------------------------------------------------------------------------------------------- */

static void take_hidden(Checking *c, const OverlapReport *r)
{
    const uint32_t *figure = NULL;
    for (size_t i = 0; i < c->sources.len; i++)
        if (c->sources.at[i] == c->question)
            figure = c->views[i].figure;
    for (size_t i = 0; figure && i < c->question->count; i++)
        if (figure[i] != UINT32_MAX)
            c->report->hide[i] |= r->hide[figure[i]];
}

static bool is_found(const OverlapReport *r, uint32_t figure)
{
    for (size_t i = 0; i < r->found_count; i++)
        if (r->found[i] == figure)
            return true;
    return false;
}

static void name_figure(const ToldSource *s, const ToldFigure *f, Buf *out)
{
    buf_adds(out, out->len > 0 ? "; " : "");
    buf_addf(out, "%.*s of %d, %.*s", SLICE_ARG(s->people), (int)f->year, SLICE_ARG(f->level));
    if (!slice_eq_z(f->level, "state"))
        buf_addf(out, " %.*s", SLICE_ARG(f->unit));
    if (!slice_eq_z(f->split, "all"))
        buf_addf(out, ", %.*s %.*s", SLICE_ARG(f->split), SLICE_ARG(f->grp));
    buf_adds(out, f->is_coming                 ? ", of this release"
                  : s->of_release              ? ", released"
                  : s->origin == OVERLAP_ASKED ? ", asked for"
                                               : ", told to ");
    if (!s->of_release && s->origin == OVERLAP_TOLD)
        buf_add(out, s->asker);
}

/* The finest figure of a source comes last in it: one of each is enough to know which answers and tables meet. */
static void name_found(Checking *c, const OverlapReport *r)
{
    Buf text;
    buf_init(&text, 1 << 12);
    for (size_t i = 0; i < c->sources.len; i++) {
        const SourceView *v = &c->views[i];
        size_t f = v->source->count;
        while (f > 0 && (v->figure[f - 1] == UINT32_MAX || !is_found(r, v->figure[f - 1])))
            f--;
        if (f > 0)
            name_figure(v->source, &v->source->figures[f - 1], &text);
    }
    if (buf_status(&text, NULL) == OK)
        snprintf(c->report->named, sizeof c->report->named, "%.*s", SLICE_ARG(buf_slice(&text)));
    buf_free(&text);
}

/* --- one system -------------------------------------------------------------------------------------------------- */

/* Counted, not timed: the same releases end the same way on every machine. A question is one attack a system, and has
 * the limit of that. */
static Status spend(Checking *c, uint64_t work, Error *err)
{
    c->report->work += work;
    if (c->mode != TOLD_BESIDE || c->check->most_work == 0 || c->report->work <= c->check->most_work)
        return OK;
    return error_set(err, ERR_LIMIT, "too many measures and people to attack, two measures at a time");
}

/* Figure by figure. What nobody spent before is shared by those that are left. */
static Status look(Checking *c, Overlap *overlap, Error *err)
{
    OverlapReport r = OVERLAP_REPORT_INIT;
    uint64_t most = c->check->most_room ? c->check->most_room : TOLD_ROOM_STEPS;
    uint64_t left = most > c->report->room ? most - c->report->room : 0;
    overlap_effort(overlap, left / (c->rooms + 1)); /* this one is taken off already */
    Status st = overlap_room(overlap, c->check->threads, &r, err);
    c->report->room += r.work;
    c->report->given_up += r.given_up;
    if (st == OK)
        take_hidden(c, &r);
    c->report->patterns += r.patterns;
    c->report->systems++;
    overlap_report_free(&r);
    return st == OK ? cancel_check(err) : st;
}

static Status attack(Checking *c, Overlap *overlap, Error *err)
{
    OverlapReport r = OVERLAP_REPORT_INIT;
    unsigned threads = c->check->threads;
    uint64_t most = c->check->most_steps ? c->check->most_steps : TOLD_BESIDE_STEPS;
    if (c->mode == TOLD_BESIDE)
        overlap_effort(overlap, most > c->report->steps ? most - c->report->steps : 0);
    Status st =
        c->mode == TOLD_HIDE ? overlap_hide(overlap, threads, &r, err) : overlap_beside(overlap, threads, &r, err);
    c->report->is_small = st == ERR_DENIED;
    c->report->undecided = st == ERR_LIMIT && r.undecided > 0;
    c->report->steps += r.work;
    c->report->by_room += r.by_room;
    if (c->report->is_small || c->report->undecided)
        name_found(c, &r);
    if (st == OK && c->mode == TOLD_HIDE)
        take_hidden(c, &r);
    c->report->patterns += r.patterns;
    c->report->systems++;
    if (st == OK)
        st = spend(c, r.patterns * TOLD_PATTERN_WORK, err);
    overlap_report_free(&r);
    return st == OK ? cancel_check(err) : st;
}

typedef struct Group { /* people, as a set */
    uint64_t who;
    int64_t count;
} Group;

/* Of an answer what releases printed when it was told: they may be out of force since. */
static Status list_released(const SourceView *v, Map *released, Error *err)
{
    unsigned shift = v->source->of_release ? 0 : TOLD_WAS_PUBLIC;
    for (size_t f = 0; f < v->source->count; f++)
        for (unsigned hits = 0; hits < 2 && v->in[f]; hits++) {
            const Group g = {v->who[hits][f], hits ? v->hits[f] : v->people[f]};
            if (v->source->figures[f].printed >> shift & (hits ? OVERLAP_HITS : OVERLAP_PEOPLE))
                TRY(map_put(released, (Slice){(const char *)&g, sizeof g}, 1, NULL, err));
        }
    return OK;
}

static void mark_known(SourceView *v, const Map *released)
{
    for (size_t f = 0; f < v->source->count; f++)
        for (unsigned hits = 0; hits < 2 && v->in[f]; hits++) {
            const Group g = {v->who[hits][f], hits ? v->hits[f] : v->people[f]};
            uint64_t at;
            if (map_get(released, (Slice){(const char *)&g, sizeof g}, &at))
                v->known[f] |= hits ? OVERLAP_HITS : OVERLAP_PEOPLE;
        }
}

/* What an answer says of the very people of whom a release says it is no asker's doing: it counts as public, also where
 * the release's own figure is of a measure that does not take part. */
static Status find_known(Checking *c, Error *err)
{
    Map released;
    TRY(map_init(&released, err));
    Status st = OK;
    for (size_t i = 0; i < c->sources.len && st == OK; i++)
        st = list_released(&c->views[i], &released, err);
    for (size_t i = 0; i < c->sources.len && st == OK; i++)
        if (!c->sources.at[i]->of_release)
            mark_known(&c->views[i], &released);
    map_free(&released);
    return st;
}

static void keep_known(Checking *c, const SourceView *v)
{
    for (size_t f = 0; f < v->source->count; f++)
        c->report->known[f] |= v->known[f];
}

static void leave(SourceView *v)
{
    for (size_t f = 0; f < v->source->count; f++)
        v->figure[f] = v->public[f] = UINT32_MAX;
}

/* Beside the places of sources. */
#define EVERY (SIZE_MAX - 1)
#define NONE SIZE_MAX

static Status enter(Checking *c, size_t source, Overlap *overlap, bool *asked, Error *err)
{
    TRY(spend(c, c->views[source].place_of.len, err));
    return told_view_enter(&c->views[source], overlap, asked, err);
}

/* What takes part beside the answers. */
typedef struct With {
    size_t a, b;              /* measures of releases, by their places among the sources; NONE. a: EVERY */
    size_t most;              /* patterns; 0: what an attack may have */
    const OverlapLeast *room; /* looked at figure by figure, with these minimums; NULL: attacked */
} With;

static bool takes_part(const Checking *c, const With *with, size_t source)
{
    return !c->sources.at[source]->of_release || with->a == EVERY || source == with->a || source == with->b;
}

/* Without a coded rate both readings are one. */
static bool is_read_already(const Checking *c, const With *with)
{
    bool coded = false;
    for (size_t i = 0; i < c->sources.len; i++)
        coded = coded || (takes_part(c, with, i) && c->views[i].has_coded);
    return c->reading == CODED_IS_EXACT && !coded;
}

static Status attack_with(Checking *c, const With *with, Error *err)
{
    Overlap *overlap;
    bool asked = false;
    c->rooms -= with->room && c->rooms > 0;
    if (is_read_already(c, with))
        return OK;
    TRY(overlap_new(with->room ? with->room : &c->check->least, &overlap, err));
    if (with->most > 0)
        overlap_most(overlap, with->most);
    Status st = OK;
    for (size_t i = 0; i < c->sources.len && st == OK; i++)
        if (takes_part(c, with, i))
            st = enter(c, i, overlap, &asked, err);
        else
            leave(&c->views[i]);
    if (st == OK && asked)
        st = with->room ? look(c, overlap, err) : attack(c, overlap, err);
    overlap_free(overlap);
    return st;
}

/* A release beside the answers, two of its measures at a time: of these it can be said which two meet. Two that are out
 * already ask nothing. */
static Status attack_pairs(Checking *c, const size_t *measures, size_t count, Error *err)
{
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++)
            if (c->views[measures[a]].is_coming || c->views[measures[b]].is_coming)
                TRY(attack_with(c, &(With){.a = measures[a], .b = measures[b]}, err));
    return OK;
}

/* After the pairs, all at once: what is left of a cohort without those whom three measures count is in no pair. Where
 * that is too much, the pairs stand, and it is told that they do; not where it was attacked and is undecided. */
static Status attack_joint(Checking *c, const With *with, Error *err)
{
    Error why = ERROR_INIT;
    Status st = attack_with(c, with, &why);
    bool too_many = st == ERR_LIMIT && !c->report->undecided;
    c->report->apart = c->report->apart || too_many;
    if (st == OK || too_many)
        return OK;
    if (err)
        *err = why;
    return st;
}

static Status attack_release(Checking *c, Error *err)
{
    VEC(size_t) measures = {0};
    Status st = OK;
    for (size_t i = 0; i < c->sources.len && st == OK; i++)
        if (c->sources.at[i]->of_release && c->views[i].entering > 0)
            st = vec_push(&measures, i, err);
    if (st == OK && measures.len < 2)
        st = attack_with(c, &(With){.a = measures.len ? measures.at[0] : NONE, .b = NONE}, err);
    if (st == OK)
        st = attack_pairs(c, measures.at, measures.len, err);
    if (st == OK && measures.len > 2)
        st = attack_joint(c, &(With){.a = EVERY, .b = NONE, .most = TOLD_JOINT_PATTERNS}, err);
    vec_free(&measures);
    return st;
}

/* Beside each measure of the releases, figure by figure, and then beside all at once. The question's own takes part in
 * the attack on its tables, and here beside each other. One at a time, because not everybody has read all of them: who
 * knows nobody to be in a pattern of all at once knows more of small groups than most, and is told less by an answer.
 */
static Status look_beside(Checking *c, Error *err)
{
    const OverlapLeast *least = &c->check->least;
    const OverlapLeast part = {.n = least->numerator, .numerator = least->numerator, .complement = least->complement};
    size_t own = NONE, others = 0;
    for (size_t i = 0; i < c->sources.len; i++)
        if (c->sources.at[i]->of_release && slice_eq(c->sources.at[i]->people, c->question->people))
            own = i;
    for (size_t i = 0; i < c->sources.len; i++) {
        if (!c->sources.at[i]->of_release || i == own || c->views[i].entering == 0)
            continue;
        TRY(attack_with(c, &(With){.a = i, .b = own, .room = &part}, err));
        others++;
    }
    if (others < 2 && !c->beside_answers)
        return OK;
    return attack_joint(c, &(With){.a = EVERY, .b = NONE, .room = c->beside_answers ? least : &part}, err);
}

/* Pattern by pattern where that ends soon, figure by figure where it does not. */
static Status attack_question(Checking *c, Error *err)
{
    const size_t releases = c->check->released ? NONE : EVERY;
    const bool hangs_together = c->beside_answers || !c->check->released;
    Error why = ERROR_INIT;
    Status st = OK;
    if (hangs_together)
        st = attack_with(c, &(With){.a = releases, .b = NONE, .most = TOLD_EXACT_PATTERNS}, &why);
    if (st == ERR_LIMIT)
        st = attack_with(c, &(With){.a = releases, .b = NONE, .room = &c->check->least}, &why);
    if (st == OK && c->check->released)
        st = look_beside(c, &why);
    if (st != OK && err)
        *err = why;
    return st;
}

/* others: false: only whether the question's people are those of its figures. */
static Status run_system(Checking *c, System *sys, bool others, Error *err)
{
    for (size_t i = 0; i < c->sources.len; i++)
        if (c->sources.at[i] == c->question || others)
            TRY(told_view_new(sys, c->sources.at[i], &c->views[i], err));
    for (size_t i = 0; i < c->sources.len; i++)
        if (c->sources.at[i] == c->question)
            c->views[i].hidden = c->report->hide;
    if (!others)
        return OK;
    TRY(find_known(c, err));
    for (size_t i = 0; i < c->sources.len; i++)
        if (c->sources.at[i] == c->question)
            keep_known(c, &c->views[i]);
    /* A question may be left unanswered: it meets all that is out at once. */
    return c->question ? attack_question(c, err) : attack_release(c, err);
}

static Status check_system(Checking *c, size_t system, Reading reading, bool others, Error *err)
{
    System sys = {.reading = reading,
        .beside = !c->question,
        .names = &c->systems.at[system],
        .answered = c->answered.at,
        .answered_count = c->answered.len};
    arena_init(&sys.arena, 0);
    c->reading = reading;
    Status st = mem_zalloc(c->sources.len + 1, sizeof *c->views, (void **)&c->views, err);
    if (st == OK)
        st = run_system(c, &sys, others, err);
    for (size_t i = 0; i < c->sources.len && c->views; i++)
        told_view_free(&c->views[i]);
    mem_free(c->views);
    c->views = NULL;
    arena_free(&sys.arena);
    return st;
}

/* In each system and reading: one for each measure of the releases, and one of everything together. */
static uint64_t count_rooms(const Checking *c)
{
    uint64_t each = 1;
    for (size_t i = 0; i < c->sources.len && c->check->released; i++)
        each += c->sources.at[i]->of_release;
    return each * c->systems.len * (c->has_coded ? 2u : 1u);
}

static Status check_all(Checking *c, Error *err)
{
    bool others;
    TRY(list_sources(c, &others, err));
    TRY(list_systems(c, err));
    c->rooms = count_rooms(c);
    if (c->question)
        TRY(mem_zalloc(c->question->count + 1, 1, (void **)&c->report->hide, err));
    if (c->question)
        TRY(mem_zalloc(c->question->count + 1, 1, (void **)&c->report->known, err));
    for (Reading reading = 0; reading < (c->has_coded ? READINGS : CODED_IS_EXACT); reading++)
        for (size_t i = 0; i < c->systems.len; i++)
            TRY(check_system(c, i, reading, others, err));
    for (size_t i = 0; c->question && i < c->question->count; i++)
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
    Status st = c.question || mode == TOLD_BESIDE ? check_all(&c, err) : OK;
    mem_free(c.joined);
    vec_free(&c.known);
    vec_free(&c.answered);
    vec_free(&c.sources);
    vec_free(&c.systems);
    return st;
}
