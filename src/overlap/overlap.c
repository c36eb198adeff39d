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

typedef enum Mode { MODE_HIDE, MODE_ATTACK, MODE_BESIDE } Mode;

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

static void set_figures(Attack *a, OverlapOrigin origin, SdcStatus status)
{
    for (size_t f = 0; f < a->o->figures.len; f++)
        for (unsigned hits = 0; hits < 2; hits++) {
            uint32_t cell = a->problem.cell[hits][f];
            if (cell != OVERLAP_NONE && a->o->figures.at[f].origin == origin)
                a->problem.sdc.cells[cell].status = status;
        }
}

static bool has_known(const Attack *a)
{
    for (size_t f = 0; f < a->o->figures.len; f++)
        if (a->o->figures.at[f].origin != OVERLAP_ASKED && a->patterns.kept[f])
            return true;
    return false;
}

/* --- what was known before --------------------------------------------------------------------------------------- */

/* Of those that what was told gives away to some degree, how far they are open still: as far as nothing excludes, so
 * that what the attack did not find out does not count as known. The others of the problem are looked at with their own
 * levels later. */
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
        int64_t up = near.cells[i].high - c->value, down = c->value - near.cells[i].low;
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

/* without: figures that the attack does not have. */
static Status allow_without(Attack *a, OverlapOrigin without, SdcStatus status, uint64_t *followed, Error *err)
{
    AuditReport before = {0};
    set_figures(a, without, SDC_SECONDARY);
    Status st = audit(a, AUDIT_LEVELS, &before, err);
    if (st == OK && before.exposed > 0)
        st = measure_known(a, &before, followed, err);
    audit_report_free(&before);
    set_figures(a, without, status);
    return st;
}

/* Beside a release: also what it tells by itself. That passed an attack of its own, and is no asker's doing. */
static Status allow_known(Attack *a, Mode mode, uint64_t *followed, Error *err)
{
    if (has_known(a))
        TRY(allow_without(a, OVERLAP_ASKED, SDC_OPEN, followed, err));
    return mode == MODE_BESIDE ? allow_without(a, OVERLAP_TOLD, SDC_FROZEN, followed, err) : OK;
}

/* --- what must go ------------------------------------------------------------------------------------------------ */

static Status refuse(Error *err)
{
    return error_set(err, ERR_DENIED, "together with what was told before, it would show a group of too few people");
}

/* The figures that count the people of a cell. */
static Status name_found(const Attack *a, uint32_t cell, OverlapReport *out, Error *err)
{
    const Patterns *p = &a->patterns;
    const uint32_t *refs = NULL;
    uint32_t count = 0, at = (uint32_t)p->count;
    for (size_t g = 0; g < p->group_count && cell >= p->count; g++) {
        if (p->groups[g].patterns < 2 || at++ != cell)
            continue;
        refs = p->groups[g].refs;
        count = p->groups[g].count;
    }
    if (cell < p->count) {
        refs = p->at[cell].refs;
        count = p->at[cell].count;
    }
    mem_free(out->found);
    out->found_count = 0;
    TRY(mem_zalloc((size_t)count + 1, sizeof *out->found, (void **)&out->found, err));
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || refs[i] / 2 != refs[i - 1] / 2)
            out->found[out->found_count++] = refs[i] / 2;
    return OK;
}

static Status refuse_for(const Attack *a, const AuditReport *report, OverlapReport *out, Error *err)
{
    size_t i = 0;
    while (i < report->count && report->cells[i].verdict == AUDIT_PROTECTED)
        i++;
    if (i < report->count)
        TRY(name_found(a, report->cells[i].cell, out, err));
    return refuse(err);
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

/* One figure more for each pattern that the attack finds. Where nothing asked is left that hangs together with it, only
 * what was told before tells of it: it is as open as it was, whatever the attack could not show. */
static Status repair(Attack *a, const AuditReport *report, Error *err)
{
    SdcNearest near;
    TRY(sdc_nearest_new(&a->problem.sdc, &near, err));
    for (size_t i = 0; i < report->count; i++) {
        SdcCell *cells = a->problem.sdc.cells, *c = &cells[report->cells[i].cell];
        uint32_t cell;
        if (report->cells[i].verdict == AUDIT_PROTECTED)
            continue;
        if (sdc_nearest_open(&near, report->cells[i].cell, &cell)) {
            cells[cell].status = SDC_SECONDARY;
            continue;
        }
        c->status = SDC_SECONDARY;
        c->lpl = c->upl = 0;
    }
    sdc_nearest_free(&near);
    return OK;
}

/* The last word: nothing is told unless each small pattern is shown to stay open. */
static Status attack(Attack *a, Mode mode, OverlapReport *out, Error *err)
{
    for (;;) {
        AuditReport report;
        TRY(audit(a, AUDIT_LEVELS, &report, err));
        bool found = report.exposed + report.unproven > 0;
        Status st = !found ? OK : mode == MODE_HIDE ? repair(a, &report, err) : refuse_for(a, &report, out, err);
        audit_report_free(&report);
        if (!found || st != OK)
            return st;
        TRY(cancel_check(err));
    }
}

/* Everything told, first: mostly it holds, and then what was known before need not be found out. Patterns that stay
 * open enough are looked at no more: where less is told they stay as open. */
static Status attack_whole(Attack *a, bool *found, Error *err)
{
    AuditReport report;
    TRY(audit(a, AUDIT_LEVELS, &report, err));
    *found = report.exposed + report.unproven > 0;
    for (size_t i = 0; i < report.count; i++) {
        SdcCell *cell = &a->problem.sdc.cells[report.cells[i].cell];
        if (report.cells[i].verdict != AUDIT_PROTECTED)
            continue;
        cell->status = SDC_SECONDARY;
        cell->lpl = cell->upl = 0;
    }
    audit_report_free(&report);
    return cancel_check(err);
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
    bool found = a->problem.patterns > 0;
    if (found)
        TRY(attack_whole(a, &found, err));
    if (found) {
        TRY(allow_known(a, mode, &out->followed, err));
        if (mode == MODE_HIDE)
            TRY(propose(a, err));
        TRY(attack(a, mode, out, err));
    }
    return take_hidden(a, out, err);
}

static Status begin(Overlap *o, unsigned threads, Mode mode, OverlapReport *out, Error *err)
{
    Attack a = {.o = o, .effort = AUDIT_EFFORT_INIT};
    *out = (OverlapReport)OVERLAP_REPORT_INIT;
    a.effort.threads = threads;
    o->beside = mode == MODE_BESIDE;
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

Status overlap_beside(Overlap *o, unsigned threads, OverlapReport *out, Error *err)
{
    return begin(o, threads, MODE_BESIDE, out, err);
}

void overlap_report_free(OverlapReport *r)
{
    mem_free(r->hide);
    mem_free(r->found);
    *r = (OverlapReport)OVERLAP_REPORT_INIT;
}
