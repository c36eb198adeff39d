/*
 * Room: what is told of figures without the attack on every pattern.
 *
 * People whom exactly the same known figures count are one class. Who knows these figures knows something of how large
 * a class is, and nothing of whom of it is where. A figure that would be told is the sum of classes that are wholly in
 * it, and of parts of others. While people may be moved within those others so that the figure comes out as it is, it
 * says nothing of how large any class is, nor of any part of one:
 *
 *   W  the people of the classes wholly in it, at most as many as what is known lets them be
 *   T  the people of all classes it touches, at least as many
 *   b  the figure
 *   W + n <= b <= T - n   it can be told
 *
 * Proof, any multiple and whole numbers included: README.md, "Room". Two bounds a figure instead of two questions a
 * pattern; figures are few and wide where patterns are thousands of few people each, of which most follow from what is
 * known. What that does not let pass is told where it is known already, or where the attack on each small class holds,
 * if they are few. All else is hidden.
 */
#include "audit/audit.h"
#include "overlap/overlap_parts.h"

#define NODES 2000 /* of a search for whole numbers: what takes more is hidden */
#define PROGRAMS 8 /* a bound asks about so many at most, by windows and as a whole */

typedef struct Room {
    const Overlap *o;
    Patterns patterns;
    OverlapClasses classes;
    unsigned threads;
    uint64_t effort;
    OverlapReport *report;
} Room;

typedef enum Answer { ANSWER_OPEN, ANSWER_KNOWN, ANSWER_NARROW } Answer;

static bool is_printed(const Room *m, uint32_t figure, unsigned hits)
{
    return m->patterns.kept[figure] && (m->o->figures.at[figure].printed & (hits ? OVERLAP_HITS : OVERLAP_PEOPLE));
}

/* --- by equations, as far as the effort goes ---------------------------------------------------------------------- */

static bool is_spent(Room *m)
{
    return m->report->work >= m->effort;
}

/* Steps of building the problem and of one pivot, in its terms and equations. */
static uint64_t cost_of(const SdcProblem *p, uint64_t programs, uint64_t pivots)
{
    return (10 + 10 * programs) * (uint64_t)p->start[p->row_count] + pivots * p->row_count;
}

static Status audit(Room *m, const SdcProblem *p, AuditDepth depth, uint64_t programs, AuditReport *out, Error *err)
{
    AuditOptions options = AUDIT_OPTIONS_INIT;
    uint64_t left = is_spent(m) ? 0 : m->effort - m->report->work;
    uint64_t usual = 2000 + 4 * ((uint64_t)p->cell_count + p->row_count), pivots = left / programs / p->row_count + 1;
    options.depth = depth;
    options.effort.threads = m->threads;
    options.effort.node_limit = NODES;
    options.effort.pivot_limit = (uint32_t)(usual < pivots ? usual : pivots);
    TRY(audit_problem(p, &options, out, err));
    m->report->work += cost_of(p, out->programs, out->pivots);
    Status st = cancel_check(err);
    if (st != OK)
        audit_report_free(out);
    return st;
}

static void watch(SdcCell *c, int64_t below, int64_t above)
{
    c->status = SDC_SENSITIVE;
    c->lpl = below;
    c->upl = above;
}

/* Whether people of all classes wholly in the figure cannot be more than `far` more than they are; of all that it
 * touches, not as many fewer. */
static Status stays_within(Room *m, uint32_t ref, OverlapSum sum, int64_t far, bool *yes, Error *err)
{
    SdcProblem p;
    AuditReport report;
    bool above = sum == OVERLAP_WHOLE;
    *yes = false;
    Status st = overlap_classes_problem(&m->classes, ref, sum, far + 1, &p, err);
    if (st == OK) {
        watch(&p.cells[0], above ? 0 : far + 1, above ? far + 1 : 0);
        st = audit(m, &p, AUDIT_LEVELS, PROGRAMS, &report, err);
    }
    if (st == OK) {
        const AuditCell *c = &report.cells[0];
        *yes = above ? c->high - p.cells[0].value <= far : p.cells[0].value - c->low <= far;
        audit_report_free(&report);
    }
    sdc_free(&p);
    return st;
}

/* --- the attack on each class ------------------------------------------------------------------------------------- */

/* Cell 0 is the figure. How many classes too small to be told of there are. */
static uint32_t watch_small(const SdcProblem *p, int64_t least)
{
    uint32_t small = 0;
    for (uint32_t i = 1; i < p->cell_count; i++) {
        SdcCell *c = &p->cells[i];
        if (c->value >= least)
            continue;
        watch(c, 0, least - c->value);
        small++;
    }
    return small;
}

/* Of the classes that the figure shows to be small: no more is asked than what was open before. */
static Status allow_known(Room *m, SdcProblem *p, const AuditReport *found, Error *err)
{
    AuditReport before;
    for (uint32_t i = 0; i < p->cell_count; i++)
        p->cells[i].status = SDC_SECONDARY;
    for (size_t i = 0; i < found->count; i++)
        if (found->cells[i].verdict != AUDIT_PROTECTED)
            p->cells[found->cells[i].cell].status = SDC_SENSITIVE;
    for (uint32_t i = 0; i < p->cell_count; i++)
        if (p->cells[i].status == SDC_SECONDARY)
            p->cells[i].lpl = p->cells[i].upl = 0;
    TRY(audit(m, p, AUDIT_INTERVALS, 2 * (uint64_t)p->cell_count, &before, err));
    for (size_t i = 0; i < before.count; i++) {
        SdcCell *c = &p->cells[before.cells[i].cell];
        int64_t open = before.cells[i].high - c->value;
        c->upl = open < c->upl ? open : c->upl;
        if (c->upl == 0)
            c->status = SDC_SECONDARY;
    }
    audit_report_free(&before);
    return OK;
}

static Status attack(Room *m, SdcProblem *p, Answer *answer, Error *err)
{
    for (unsigned round = 0; round < 2; round++) {
        AuditReport report;
        p->cells[0].status = SDC_FROZEN;
        TRY(audit(m, p, AUDIT_LEVELS, 2 * (uint64_t)p->cell_count, &report, err));
        bool found = report.exposed + report.unproven > 0;
        Status st = found && round == 0 ? allow_known(m, p, &report, err) : OK;
        audit_report_free(&report);
        if (st != OK)
            return st;
        if (!found) {
            *answer = ANSWER_OPEN;
            return OK;
        }
    }
    return OK;
}

static Status attack_classes(Room *m, uint32_t ref, Answer *answer, Error *err)
{
    SdcProblem p;
    int64_t least = m->o->least.n;
    Status st = overlap_classes_problem(&m->classes, ref, OVERLAP_PARTS, least, &p, err);
    if (st == OK && watch_small(&p, least) == 0)
        *answer = ANSWER_OPEN;
    else if (st == OK && p.cell_count <= m->o->few)
        st = attack(m, &p, answer, err);
    sdc_free(&p);
    return st;
}

/* --- figure by figure --------------------------------------------------------------------------------------------- */

/* Whether what is known tells of the figure to the last person: nothing can be moved that changes it. */
static Status ask_known(Room *m, uint32_t ref, Answer *answer, Error *err)
{
    bool known;
    TRY(stays_within(m, ref, OVERLAP_WHOLE, 0, &known, err));
    if (known)
        TRY(stays_within(m, ref, OVERLAP_TOUCHED, 0, &known, err));
    if (known)
        *answer = ANSWER_KNOWN;
    return OK;
}

static Status ask_bounds(Room *m, uint32_t ref, const OverlapRoom *room, Answer *answer, Error *err)
{
    int64_t least = m->o->least.n;
    bool yes = room->below >= least && room->above >= least;
    if (yes && room->whole > 0)
        TRY(stays_within(m, ref, OVERLAP_WHOLE, room->below - least, &yes, err));
    if (yes && room->above < OVERLAP_ENDLESS)
        TRY(stays_within(m, ref, OVERLAP_TOUCHED, room->above - least, &yes, err));
    if (yes)
        *answer = ANSWER_OPEN;
    return OK;
}

static Status answer_of(Room *m, uint32_t ref, Answer *answer, Error *err)
{
    OverlapRoom room = overlap_classes_room(&m->classes, ref);
    *answer = ANSWER_NARROW;
    if (room.parted > 0 && room.whole == 0 && room.below >= m->o->least.n && room.above == OVERLAP_ENDLESS)
        *answer = ANSWER_OPEN;
    else if (is_spent(m))
        m->report->given_up++;
    else
        TRY(room.parted > 0 ? ask_bounds(m, ref, &room, answer, err) : ask_known(m, ref, answer, err));
    return *answer == ANSWER_NARROW && !is_spent(m) ? attack_classes(m, ref, answer, err) : OK;
}

/* What tells nothing new need not be known. */
static Status ask(Room *m, uint32_t figure, unsigned hits, Error *err)
{
    uint32_t ref = figure * 2 + hits;
    Answer answer;
    TRY(answer_of(m, ref, &answer, err));
    if (answer == ANSWER_OPEN)
        overlap_classes_know(&m->classes, ref);
    if (answer == ANSWER_NARROW)
        m->report->hide[figure] |= hits ? OVERLAP_HITS : OVERLAP_PEOPLE;
    return OK;
}

static Status ask_figure(Room *m, uint32_t figure, Error *err)
{
    uint8_t *hide = &m->report->hide[figure];
    if (is_printed(m, figure, 0))
        TRY(ask(m, figure, 0, err));
    if (is_printed(m, figure, 1) && !*hide)
        TRY(ask(m, figure, 1, err));
    else if (is_printed(m, figure, 1)) /* no rate is told without its people */
        *hide |= OVERLAP_HITS;
    m->report->hidden += *hide != 0;
    return OK;
}

/* Everything is known but what is of this origin. */
static Status begin(Room *m, OverlapOrigin origin, Error *err)
{
    const Overlap *o = m->o;
    TRY(overlap_classes(o, &m->patterns, &m->classes, err));
    for (uint32_t f = 0; f < o->figures.len; f++)
        for (unsigned hits = 0; hits < 2; hits++)
            if (o->figures.at[f].origin != origin && is_printed(m, f, hits))
                overlap_classes_know(&m->classes, f * 2 + hits);
    return OK;
}

static Status look(Room *m, Error *err)
{
    const Overlap *o = m->o;
    TRY(mem_zalloc(o->figures.len + 1, sizeof *m->report->hide, (void **)&m->report->hide, err));
    m->report->patterns = m->patterns.count;
    TRY(begin(m, OVERLAP_ASKED, err));
    for (uint32_t f = 0; f < o->figures.len; f++)
        if (o->figures.at[f].origin == OVERLAP_ASKED)
            TRY(ask_figure(m, f, err));
    return OK;
}

Status overlap_room(Overlap *o, unsigned threads, OverlapReport *out, Error *err)
{
    Room m = {.o = o,
        .threads = threads,
        .report = out,
        .effort = o->effort < OVERLAP_USUAL ? o->effort : OVERLAP_ROOM_EFFORT};
    *out = (OverlapReport)OVERLAP_REPORT_INIT;
    o->beside = false;
    Status st = patterns_make(o, &m.patterns, err);
    if (st == OK)
        st = look(&m, err);
    overlap_classes_free(&m.classes);
    patterns_free(&m.patterns);
    return st;
}

/* --- what must be attacked ---------------------------------------------------------------------------------------- */

static bool is_sifted(const Room *m, const OverlapSieve *s, uint32_t ref)
{
    return m->o->figures.at[ref / 2].origin == s->origin && is_printed(m, ref / 2, ref % 2);
}

/* Once through those that are not narrow, everything else known. *found: how many have become it. */
static Status sift(Room *m, OverlapSieve *s, size_t *found, Error *err)
{
    uint32_t refs = 2 * (uint32_t)m->o->figures.len;
    TRY(begin(m, s->origin, err));
    for (uint32_t ref = 0; ref < refs; ref++)
        if (s->narrow[ref])
            overlap_classes_know(&m->classes, ref);
    for (uint32_t ref = 0; ref < refs; ref++) {
        Answer answer;
        if (!is_sifted(m, s, ref) || s->narrow[ref])
            continue;
        TRY(answer_of(m, ref, &answer, err));
        if (answer == ANSWER_OPEN)
            overlap_classes_know(&m->classes, ref);
        s->narrow[ref] = answer == ANSWER_NARROW;
        *found += s->narrow[ref];
    }
    return OK;
}

/* Whether people can be moved within the classes that it parts so that it comes out as it is, in every table of what is
 * known: then it says nothing of the others. One that parts none must be known. */
static Status is_mild(Room *m, uint32_t ref, bool *mild, Error *err)
{
    OverlapRoom room = overlap_classes_room(&m->classes, ref);
    *mild = !is_spent(m);
    if (*mild && room.whole > 0)
        TRY(stays_within(m, ref, OVERLAP_WHOLE, room.below, mild, err));
    if (*mild && room.above < OVERLAP_ENDLESS)
        TRY(stays_within(m, ref, OVERLAP_TOUCHED, room.above, mild, err));
    return OK;
}

/* The narrow ones one after the other, each known to the next. */
static Status touch(Room *m, OverlapSieve *s, Error *err)
{
    TRY(begin(m, s->origin, err));
    for (uint32_t ref = 0; ref < 2 * m->o->figures.len; ref++) {
        bool mild;
        if (!s->narrow[ref])
            continue;
        TRY(is_mild(m, ref, &mild, err));
        if (mild)
            overlap_classes_touch(&m->classes, ref, s->touched);
        for (size_t i = 0; i < m->patterns.count && !mild; i++)
            s->touched[i] = s->touched[i] ? s->touched[i] : ref + 1;
        overlap_classes_know(&m->classes, ref);
    }
    return OK;
}

/* Narrow ones were not known to those that passed before them, so these are asked again until none falls. */
Status overlap_sift(const Overlap *o, const Patterns *p, OverlapSieve *s, Error *err)
{
    OverlapReport report = OVERLAP_REPORT_INIT;
    Room m = {.o = o, .patterns = *p, .threads = s->threads, .report = &report, .effort = s->effort};
    Status st = OK;
    for (size_t found = 1; found > 0 && st == OK; s->narrow_count += found) {
        found = 0;
        st = sift(&m, s, &found, err);
        overlap_classes_free(&m.classes);
    }
    if (st == OK && s->narrow_count > 0)
        st = touch(&m, s, err);
    overlap_classes_free(&m.classes);
    s->work += report.work;
    overlap_report_free(&report);
    return st;
}
