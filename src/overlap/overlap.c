/*
 * The attack, and what is left out because of it.
 *
 * First the attack without what is asked: what follows from what was told before cannot be taken back, so it is the
 * measure of what may follow afterwards. A pattern that is known to some degree already must stay as open as it is; one
 * that is not known must stay as open as its minimum asks. Then the solver leaves figures out, and the auditor, which
 * shares no code with it, has the last word.
 */
#include "audit/audit.h"
#include "overlap/overlap_parts.h"
#include "suppress/suppress.h"

/* Pivots of the search for a cheaper pattern: in proportion to the problem, as a small one is at its best soon. */
#define EFFORT_A_CELL 200
#define EFFORT_MOST 400000

typedef enum Mode { MODE_HIDE, MODE_ATTACK } Mode;

typedef struct Attack {
    const Overlap *o;
    Patterns patterns;
    OverlapProblem problem;
    AuditEffort effort;
} Attack;

static Status audit(const Attack *a, AuditDepth depth, AuditReport *out, Error *err)
{
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    ask.depth = depth;
    ask.effort = a->effort;
    return audit_problem(&a->problem.sdc, &ask, out, err);
}

static void set_asked(Attack *a, SdcStatus status)
{
    for (size_t f = 0; f < a->o->figures.len; f++)
        for (unsigned hits = 0; hits < 2; hits++) {
            uint32_t cell = a->problem.cell[hits][f];
            if (cell != OVERLAP_NONE && a->o->figures.at[f].origin == OVERLAP_ASKED)
                a->problem.sdc.cells[cell].status = status;
        }
}

static bool has_told(const Attack *a)
{
    for (size_t f = 0; f < a->o->figures.len; f++)
        if (a->o->figures.at[f].origin == OVERLAP_TOLD && a->patterns.kept[f])
            return true;
    return false;
}

/* --- what was known before --------------------------------------------------------------------------------------- */

/* Of those that what was told gives away to some degree, how far they are open still. The others of the problem are
 * looked at with their own levels later. */
static Status measure_known(Attack *a, const AuditReport *before, uint64_t *followed, Error *err)
{
    SdcCell *cells = a->problem.sdc.cells, *kept;
    Arena arena;
    AuditReport near = {0};
    uint32_t n = a->problem.sdc.cell_count;
    arena_init(&arena, 0);
    Status st = arena_new(&arena, SdcCell, (size_t)n + 1, &kept, err);
    if (st == OK) {
        memcpy(kept, cells, n * sizeof *kept);
        for (uint32_t i = 0; i < n; i++)
            if (cells[i].status == SDC_SENSITIVE) {
                cells[i].status = SDC_SECONDARY;
                cells[i].lpl = cells[i].upl = 0;
            }
        for (size_t i = 0; i < before->count; i++)
            if (before->cells[i].verdict == AUDIT_EXPOSED)
                cells[before->cells[i].cell] = kept[before->cells[i].cell];
        st = audit(a, AUDIT_INTERVALS, &near, err);
        memcpy(cells, kept, n * sizeof *kept);
    }
    for (size_t i = 0; i < near.count && st == OK; i++) {
        SdcCell *c = &cells[near.cells[i].cell];
        int64_t up = near.cells[i].seen_high - c->value, down = c->value - near.cells[i].seen_low;
        c->upl = up < c->upl ? (up > 0 ? up : 0) : c->upl;
        c->lpl = down < c->lpl ? (down > 0 ? down : 0) : c->lpl;
        if (c->upl == 0 && c->lpl == 0)
            c->status = SDC_SECONDARY;
        ++*followed;
    }
    audit_report_free(&near);
    arena_free(&arena);
    return st;
}

static Status allow_known(Attack *a, uint64_t *followed, Error *err)
{
    AuditReport before = {0};
    if (!has_told(a))
        return OK;
    set_asked(a, SDC_SECONDARY);
    Status st = audit(a, AUDIT_LEVELS, &before, err);
    if (st == OK && before.exposed > 0)
        st = measure_known(a, &before, followed, err);
    audit_report_free(&before);
    set_asked(a, SDC_OPEN);
    return st;
}

/* --- what must go ------------------------------------------------------------------------------------------------ */

static Status refuse(Error *err)
{
    return error_set(err, ERR_DENIED, "together with what was told before, it would show a group of too few people");
}

/* The solver's proposal; it knows no whole numbers, so the attack comes after it. */
static Status propose(Attack *a, Error *err)
{
    SuppressOptions options = SUPPRESS_OPTIONS_INIT;
    SuppressReport report = {0};
    suppress_set_costs(&a->problem.sdc, SUPPRESS_COST_LOG);
    uint64_t effort = (uint64_t)a->problem.sdc.cell_count * EFFORT_A_CELL;
    options.threads = a->effort.threads;
    options.effort = options.exact_pivots = effort < EFFORT_MOST ? effort : EFFORT_MOST;
    Status st = suppress_solve(&a->problem.sdc, &options, &report, err);
    suppress_report_free(&report);
    if (st == ERR_LIMIT) {
        error_clear(err);
        st = OK;
    }
    return st;
}

/* One figure more for each pattern that the attack finds, until it finds none or there is nothing left. */
static Status repair(Attack *a, const AuditReport *report, Error *err)
{
    SdcNearest near;
    bool found = true;
    TRY(sdc_nearest_new(&a->problem.sdc, &near, err));
    for (size_t i = 0; i < report->count && found; i++) {
        uint32_t cell;
        if (report->cells[i].verdict == AUDIT_PROTECTED)
            continue;
        found = sdc_nearest_open(&near, report->cells[i].cell, &cell);
        if (found)
            a->problem.sdc.cells[cell].status = SDC_SECONDARY;
    }
    sdc_nearest_free(&near);
    return found ? OK : refuse(err);
}

/* The last word: nothing is told unless each small pattern is shown to stay open. */
static Status attack(Attack *a, Mode mode, Error *err)
{
    for (;;) {
        AuditReport report;
        TRY(audit(a, AUDIT_LEVELS, &report, err));
        bool found = report.exposed + report.unproven > 0;
        Status st = !found ? OK : mode == MODE_HIDE ? repair(a, &report, err) : refuse(err);
        audit_report_free(&report);
        if (!found || st != OK)
            return st;
        TRY(cancel_check(err));
    }
}

static Status take_hidden(const Attack *a, OverlapReport *out, Error *err)
{
    TRY(mem_zalloc(a->o->figures.len + 1, sizeof *out->hide, (void **)&out->hide, err));
    for (size_t f = 0; f < a->o->figures.len; f++) {
        for (unsigned hits = 0; hits < 2; hits++) {
            uint32_t cell = a->problem.cell[hits][f];
            if (cell != OVERLAP_NONE && a->o->figures.at[f].origin == OVERLAP_ASKED &&
                a->problem.sdc.cells[cell].status == SDC_SECONDARY)
                out->hide[f] |= hits ? OVERLAP_HITS : OVERLAP_PEOPLE;
        }
        out->hidden += out->hide[f] != 0;
    }
    return OK;
}

static Status run(Attack *a, Mode mode, OverlapReport *out, Error *err)
{
    TRY(overlap_problem(a->o, &a->patterns, &a->problem, err));
    out->patterns = a->problem.patterns;
    out->small = a->problem.small;
    if (a->problem.patterns > 0) {
        TRY(allow_known(a, &out->followed, err));
        if (mode == MODE_HIDE)
            TRY(propose(a, err));
        TRY(attack(a, mode, err));
    }
    return take_hidden(a, out, err);
}

static Status begin(Overlap *o, unsigned threads, Mode mode, OverlapReport *out, Error *err)
{
    Attack a = {.o = o, .effort = AUDIT_EFFORT_INIT};
    *out = (OverlapReport)OVERLAP_REPORT_INIT;
    a.effort.threads = threads;
    Status st = patterns_make(o, &a.patterns, err);
    if (st == OK)
        st = run(&a, mode, out, err);
    sdc_free(&a.problem.sdc);
    patterns_free(&a.patterns);
    return st;
}

Status overlap_hide(Overlap *o, unsigned threads, OverlapReport *out, Error *err)
{
    return begin(o, threads, MODE_HIDE, out, err);
}

Status overlap_attack(Overlap *o, unsigned threads, OverlapReport *out, Error *err)
{
    return begin(o, threads, MODE_ATTACK, out, err);
}

void overlap_report_free(OverlapReport *r)
{
    mem_free(r->hide);
    *r = (OverlapReport)OVERLAP_REPORT_INIT;
}
