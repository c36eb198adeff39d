/*
 * Room: how far what is known already leaves each asked figure open, asked figure by figure instead of pattern by
 * pattern.
 *
 * Let K x = k be what is known, x >= 0 the patterns as they are, and a x = b a figure that would be told. Whatever
 * upper bound on a pattern it helps to prove is a sum r = K'y + t a of figures (t is 1 or -1 after scaling) that is
 * nowhere negative and small: r x is what it proves. By the duality of linear programs the smallest such sums for t = 1
 * and t = -1 are exactly how far below and above b the known figures let a go. So a figure whose interval reaches
 * `least` beyond its value on both sides proves nothing about fewer people than `least`, and one whose interval is its
 * value tells nothing at all. Figures are looked at one after the other, and those that may be told are known to the
 * next: of any set of them that proves something, one is the last. What r counts more than twice is beyond this, and so
 * are lower bounds by themselves ("at least one of them is there"), which three figures that overlap in pairs can
 * prove.
 *
 * That is two questions a figure instead of two a pattern, and figures are few and wide where patterns are thousands of
 * few people each, of which most follow from what is known.
 */
#include "audit/audit.h"
#include "overlap/overlap_parts.h"

#define NODES 2000 /* of a search for whole numbers: what takes more is hidden */
#define PROGRAMS 8 /* a figure asks about so many at most, by windows and as a whole, up and down */

typedef struct Room {
    const Overlap *o;
    Patterns patterns;
    OverlapClasses classes;
    unsigned threads;
    OverlapReport *report;
} Room;

/* Twice the minimum: a sum may count a group twice (three figures that overlap in pairs do). But where the
 * figure by itself leaves less, as its own few without the outcome, that is its table's affair, down to the minimum. */
static int64_t level(const Room *m, int64_t left)
{
    int64_t least = m->o->least.n, wide = 2 * least;
    return left >= wide ? wide : left > least ? left : least;
}

static bool is_printed(const Room *m, uint32_t figure, unsigned hits)
{
    return m->patterns.kept[figure] && (m->o->figures.at[figure].printed & (hits ? OVERLAP_HITS : OVERLAP_PEOPLE));
}

static OverlapRange wanted(const Room *m, uint32_t figure, unsigned hits)
{
    int64_t people = m->patterns.people[figure], value = hits ? m->patterns.hits[figure] : people;
    bool whole = hits && is_printed(m, figure, 0); /* of how many they are is told too */
    return (OverlapRange){level(m, value), level(m, whole ? people - value : INT64_MAX)};
}

/* --- by equations, as far as the effort goes ---------------------------------------------------------------------- */

/* Steps of building the problem and of one pivot, in its terms and equations. */
static uint64_t cost_of(const SdcProblem *p, uint64_t programs, uint64_t pivots)
{
    return (10 + 10 * programs) * (uint64_t)p->start[p->row_count] + pivots * p->row_count;
}

typedef enum Answer { ANSWER_OPEN, ANSWER_KNOWN, ANSWER_NARROW } Answer;

static Answer answer_of(const AuditCell *c)
{
    return c->verdict == AUDIT_PROTECTED ? ANSWER_OPEN : c->low == c->high ? ANSWER_KNOWN : ANSWER_NARROW;
}

static void set_levels(const Room *m, SdcProblem *p, OverlapRange want)
{
    int64_t total = m->o->least.n;
    for (uint32_t i = 1; i < p->cell_count; i++)
        total += p->cells[i].value;
    for (uint32_t i = 0; i < p->cell_count; i++)
        p->cells[i].upper = 2 * total;
    p->cells[0].status = SDC_SENSITIVE;
    p->cells[0].lpl = want.below;
    p->cells[0].upl = want.above;
}

static Status audit(Room *m, const SdcProblem *p, uint64_t left, Answer *answer, Error *err)
{
    AuditReport report;
    AuditOptions options = AUDIT_OPTIONS_INIT;
    uint64_t usual = 2000 + 4 * ((uint64_t)p->cell_count + p->row_count), pivots = left / PROGRAMS / p->row_count + 1;
    options.effort.threads = m->threads;
    options.effort.node_limit = NODES;
    options.effort.pivot_limit = (uint32_t)(usual < pivots ? usual : pivots);
    TRY(audit_problem(p, &options, &report, err));
    *answer = answer_of(&report.cells[0]);
    m->report->work += cost_of(p, report.programs, report.pivots);
    audit_report_free(&report);
    return cancel_check(err);
}

static Status ask_equations(Room *m, uint32_t ref, OverlapRange want, Answer *answer, Error *err)
{
    SdcProblem p;
    uint64_t most = m->o->effort;
    *answer = ANSWER_NARROW;
    if (m->report->work >= most) {
        m->report->given_up++;
        return OK;
    }
    Status st = overlap_classes_problem(&m->classes, ref, &p, err);
    if (st == OK) {
        set_levels(m, &p, want);
        st = audit(m, &p, most - m->report->work, answer, err);
    }
    sdc_free(&p);
    return st;
}

/* --- figure by figure --------------------------------------------------------------------------------------------- */

/* What tells nothing new need not be known. */
static Status ask(Room *m, uint32_t figure, unsigned hits, Error *err)
{
    uint32_t ref = figure * 2 + hits;
    Answer answer = ANSWER_OPEN;
    OverlapRange want = wanted(m, figure, hits), room = overlap_classes_room(&m->classes, ref);
    if (room.below < want.below || room.above < want.above)
        TRY(ask_equations(m, ref, want, &answer, err));
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

static Status look(Room *m, Error *err)
{
    const Overlap *o = m->o;
    TRY(overlap_classes(o, &m->patterns, &m->classes, err));
    TRY(mem_zalloc(o->figures.len + 1, sizeof *m->report->hide, (void **)&m->report->hide, err));
    m->report->patterns = m->patterns.count;
    for (uint32_t f = 0; f < o->figures.len; f++)
        for (unsigned hits = 0; hits < 2; hits++)
            if (o->figures.at[f].origin != OVERLAP_ASKED && is_printed(m, f, hits))
                overlap_classes_know(&m->classes, f * 2 + hits);
    for (uint32_t f = 0; f < o->figures.len; f++)
        if (o->figures.at[f].origin == OVERLAP_ASKED)
            TRY(ask_figure(m, f, err));
    return OK;
}

Status overlap_room(Overlap *o, unsigned threads, OverlapReport *out, Error *err)
{
    Room m = {.o = o, .threads = threads, .report = out};
    *out = (OverlapReport)OVERLAP_REPORT_INIT;
    o->beside = false;
    Status st = patterns_make(o, &m.patterns, err);
    if (st == OK)
        st = look(&m, err);
    overlap_classes_free(&m.classes);
    patterns_free(&m.patterns);
    return st;
}
