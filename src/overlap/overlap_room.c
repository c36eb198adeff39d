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

typedef struct Room {
    const Overlap *o;
    Patterns patterns;
    OverlapProblem problem;
    AuditEffort effort;
} Room;

typedef enum Answer { ANSWER_OPEN, ANSWER_KNOWN, ANSWER_NARROW } Answer;

/* Twice the minimum: a sum may count a group twice (three figures that overlap in pairs do). But where the
 * figure by itself leaves less, as its own few without the outcome, that is its table's affair, down to the minimum. */
static int64_t level(const Room *m, int64_t left)
{
    int64_t least = m->o->least.n, wide = 2 * least;
    return left >= wide ? wide : left > least ? left : least;
}

static void ask(Room *m, uint32_t figure, unsigned hits)
{
    SdcCell *c = &m->problem.sdc.cells[m->problem.cell[hits][figure]];
    bool whole = hits && m->problem.cell[0][figure] != OVERLAP_NONE; /* of how many they are is told too */
    c->status = SDC_SENSITIVE;
    c->lpl = level(m, c->value);
    c->upl = level(m, whole ? m->patterns.people[figure] - c->value : INT64_MAX);
}

/* No rate is told without its people. */
static bool is_alone(const Room *m, uint32_t figure, unsigned hits)
{
    uint32_t people = m->problem.cell[0][figure];
    return hits && people != OVERLAP_NONE && m->problem.sdc.cells[people].status == SDC_SECONDARY;
}

static void settle(Room *m, uint32_t cell, Answer answer)
{
    SdcCell *c = &m->problem.sdc.cells[cell];
    c->status = answer == ANSWER_NARROW ? SDC_SECONDARY : SDC_FROZEN;
    c->lpl = c->upl = 0;
}

static Answer answer_of(const AuditCell *c)
{
    return c->verdict == AUDIT_PROTECTED ? ANSWER_OPEN : c->low == c->high ? ANSWER_KNOWN : ANSWER_NARROW;
}

static Status audit(const Room *m, AuditReport *out, Error *err)
{
    AuditOptions options = AUDIT_OPTIONS_INIT;
    options.effort = m->effort;
    return audit_problem(&m->problem.sdc, &options, out, err);
}

static bool is_asked(const Room *m, uint32_t figure, unsigned hits)
{
    return m->o->figures.at[figure].origin == OVERLAP_ASKED && m->problem.cell[hits][figure] != OVERLAP_NONE;
}

/* Beside what is known alone. A figure that is narrow here is so beside more. */
static Status ask_all(Room *m, Error *err)
{
    AuditReport report;
    for (uint32_t f = 0; f < m->o->figures.len; f++)
        for (unsigned hits = 0; hits < 2; hits++)
            if (is_asked(m, f, hits))
                ask(m, f, hits);
    Status st = audit(m, &report, err);
    for (size_t i = 0; i < report.count && st == OK; i++)
        if (answer_of(&report.cells[i]) != ANSWER_OPEN)
            settle(m, report.cells[i].cell, answer_of(&report.cells[i]));
    audit_report_free(&report);
    return st;
}

typedef struct Asked {
    uint32_t figure;
    unsigned hits;
} Asked;

static Status ask_one(Room *m, const Asked *q, Error *err)
{
    AuditReport report;
    if (is_alone(m, q->figure, q->hits))
        return OK;
    ask(m, q->figure, q->hits);
    Status st = audit(m, &report, err);
    if (st == OK)
        settle(m, report.cells[0].cell, answer_of(&report.cells[0]));
    audit_report_free(&report);
    return st == OK ? cancel_check(err) : st;
}

/* Those that are left, one after the other, each beside those before it. The first was asked beside what is known. */
static Status ask_in_turn(Room *m, Error *err)
{
    VEC(Asked) left = {0};
    Status st = OK;
    for (uint32_t f = 0; f < m->o->figures.len && st == OK; f++)
        for (unsigned hits = 0; hits < 2 && st == OK; hits++)
            if (is_asked(m, f, hits) && m->problem.sdc.cells[m->problem.cell[hits][f]].status == SDC_SENSITIVE)
                st = vec_push(&left, ((Asked){f, hits}), err);
    for (size_t i = 0; i < left.len; i++)
        settle(m, m->problem.cell[left.at[i].hits][left.at[i].figure], i == 0 ? ANSWER_OPEN : ANSWER_NARROW);
    for (size_t i = 1; i < left.len && st == OK; i++)
        st = ask_one(m, &left.at[i], err);
    vec_free(&left);
    return st;
}

static Status take_hidden(const Room *m, OverlapReport *out, Error *err)
{
    TRY(mem_zalloc(m->o->figures.len + 1, sizeof *out->hide, (void **)&out->hide, err));
    for (uint32_t f = 0; f < m->o->figures.len; f++) {
        for (unsigned hits = 0; hits < 2; hits++)
            if (is_asked(m, f, hits) &&
                (is_alone(m, f, hits) || m->problem.sdc.cells[m->problem.cell[hits][f]].status == SDC_SECONDARY))
                out->hide[f] |= hits ? OVERLAP_HITS : OVERLAP_PEOPLE;
        out->hidden += out->hide[f] != 0;
    }
    return OK;
}

static Status look(Room *m, OverlapReport *out, Error *err)
{
    SdcProblem *sdc = &m->problem.sdc;
    TRY(overlap_problem(m->o, &m->patterns, &m->problem, err));
    out->patterns = m->problem.patterns;
    out->small = m->problem.small;
    for (uint32_t i = 0; i < sdc->cell_count; i++)
        if (sdc->cells[i].status == SDC_SENSITIVE) {
            sdc->cells[i].status = SDC_SECONDARY;
            sdc->cells[i].lpl = sdc->cells[i].upl = 0;
        }
    if (m->problem.patterns > 0) {
        TRY(ask_all(m, err));
        TRY(ask_in_turn(m, err));
    }
    return take_hidden(m, out, err);
}

Status overlap_room(Overlap *o, unsigned threads, OverlapReport *out, Error *err)
{
    Room m = {.o = o, .effort = AUDIT_EFFORT_INIT};
    *out = (OverlapReport)OVERLAP_REPORT_INIT;
    m.effort.threads = threads;
    o->beside = false;
    Status st = patterns_make(o, &m.patterns, err);
    if (st == OK)
        st = look(&m, out, err);
    sdc_free(&m.problem.sdc);
    patterns_free(&m.patterns);
    return st;
}
