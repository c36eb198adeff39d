/*
 * The attack, and what is left out because of it.
 *
 * First the attack without what is asked: what follows from what was told before cannot be taken back, so it is the
 * measure of what may follow afterwards. A pattern that is known to some degree already must stay as open as it is; one
 * that is not known must stay as open as its minimum asks. Then the solver leaves figures out, and the auditor, which
 * shares no code with it, has the last word.
 *
 * Beside a release nothing can be left out and there may be thousands of patterns: there the effort is counted, what
 * was told is looked at figure by figure first (overlap_room.c), and what is found is told from what is not decided.
 */
#include "audit/audit.h"
#include "overlap/overlap_parts.h"
#include "suppress/suppress.h"

/* Pivots of the search for a cheaper pattern: in proportion to the problem, as a small one is at its best soon. */
#define EFFORT_A_CELL 200
#define EFFORT_MOST 400000
/* Beside a release, so many times the usual effort let one search for whole numbers take as many times as long. */
#define EFFORT_MOST_TIMES 1000

typedef enum Mode { MODE_HIDE, MODE_ATTACK, MODE_BESIDE } Mode;

typedef struct Attack {
    const Overlap *o;
    Patterns patterns;
    OverlapProblem problem;
    AuditEffort effort;
    uint64_t most;     /* steps, of MODE_BESIDE; 0: any number */
    uint64_t work;     /* spent */
    uint8_t *doubtful; /* by cell: how far it was open before is known as a bound only. In the problem's arena */
    uint8_t *narrow;   /* MODE_BESIDE, by reference: told, and to be attacked. NULL: all is. In the problem's arena */
    uint32_t *touched; /* MODE_BESIDE, by pattern: as OverlapSieve has it. NULL: none. In the problem's arena */
} Attack;

static Status audit(Attack *a, AuditDepth depth, AuditReport *out, Error *err)
{
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    ask.depth = depth;
    ask.effort = a->effort;
    if (a->most > 0) /* propagation and bounds alone where nothing is left */
        ask.effort.step_limit = a->work < a->most ? a->most - a->work : 1;
    TRY(audit_problem(&a->problem.sdc, &ask, out, err));
    a->work += out->steps;
    return OK;
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

/* What was told and has room is no part of the attack on everything together: it leaves each pattern as open as that
 * does. Whether the answers alone told of a pattern already is asked with all of them. */
static void set_roomy(Attack *a, SdcStatus status)
{
    for (size_t f = 0; f < a->o->figures.len && a->narrow; f++)
        for (unsigned hits = 0; hits < 2; hits++) {
            uint32_t cell = a->problem.cell[hits][f];
            if (cell != OVERLAP_NONE && a->o->figures.at[f].origin == OVERLAP_TOLD && !a->narrow[2 * f + hits])
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
        if (near.cells[i].seen_high - c->value < (up < c->upl ? up : c->upl) ||
            c->value - near.cells[i].seen_low < (down < c->lpl ? down : c->lpl))
            a->doubtful[near.cells[i].cell] = 1;
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
    set_roomy(a, SDC_FROZEN);
    set_figures(a, without, SDC_SECONDARY);
    Status st = audit(a, AUDIT_LEVELS, &before, err);
    for (size_t i = 0; i < before.count; i++)
        if (before.cells[i].verdict == AUDIT_UNPROVEN)
            a->doubtful[before.cells[i].cell] = 1;
    if (st == OK && before.exposed > 0)
        st = measure_known(a, &before, followed, err);
    audit_report_free(&before);
    set_figures(a, without, status);
    set_roomy(a, SDC_SECONDARY);
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

static bool is_named(const OverlapReport *out, uint32_t figure)
{
    for (size_t i = 0; i < out->found_count; i++)
        if (out->found[i] == figure)
            return true;
    return false;
}

/* The first narrow reference that touches one of its patterns, + 1; 0: none. */
static uint32_t touched_in(const Attack *a, const PatternGroup *g)
{
    uint32_t by = 0;
    for (uint32_t i = g->first; i != OVERLAP_NONE && a->touched && by == 0; i = a->patterns.at[i].next)
        by = a->touched[i];
    return by;
}

static void name(OverlapReport *out, uint32_t figure)
{
    if (!is_named(out, figure))
        out->found[out->found_count++] = figure;
}

static bool has_ref(const Pattern *p, uint32_t ref)
{
    for (uint32_t k = 0; k < p->count; k++)
        if (p->refs[k] == ref)
            return true;
    return false;
}

/* What was told that leaves no room, and where nothing that is asked counts the people themselves, what of it counts
 * others of the same figure: those that are left are what it shows. */
static void name_narrow(const Attack *a, uint32_t ref, OverlapReport *out)
{
    const Patterns *p = &a->patterns;
    bool asked = false;
    for (size_t i = 0; i < out->found_count; i++)
        asked = asked || a->o->figures.at[out->found[i]].origin == OVERLAP_ASKED;
    name(out, ref / 2);
    for (size_t i = 0; i < p->count && !asked; i++)
        for (uint32_t k = 0; k < p->at[i].count && has_ref(&p->at[i], ref); k++)
            if (a->o->figures.at[p->at[i].refs[k] / 2].origin == OVERLAP_ASKED)
                name(out, p->at[i].refs[k] / 2);
}

/* The figures that count the people of a cell, and what was told that leaves them no room. */
static Status name_found(const Attack *a, uint32_t cell, OverlapReport *out, Error *err)
{
    const Patterns *p = &a->patterns;
    const uint32_t *refs = NULL;
    uint32_t count = 0, at = (uint32_t)p->count, by = 0;
    for (size_t g = 0; g < p->group_count && cell >= p->count; g++) {
        if (p->groups[g].patterns < 2 || at++ != cell)
            continue;
        refs = p->groups[g].refs;
        count = p->groups[g].count;
        by = touched_in(a, &p->groups[g]);
    }
    if (cell < p->count) {
        refs = p->at[cell].refs;
        count = p->at[cell].count;
        by = a->touched ? a->touched[cell] : 0;
    }
    out->found_count = 0;
    TRY(mem_zalloc(a->o->figures.len + 1, sizeof *out->found, (void **)&out->found, err));
    for (uint32_t i = 0; i < count; i++)
        name(out, refs[i] / 2);
    if (by > 0)
        name_narrow(a, by - 1, out);
    return OK;
}

/* Whether a cell is shown to be known by everything together and not to be by what was known before. */
static bool is_shown(const Attack *a, const AuditCell *c)
{
    return c->verdict == AUDIT_EXPOSED && !a->doubtful[c->cell];
}

/* One that is shown if there is one. Without an effort that was set what cannot be shown counts as shown. */
static Status refuse_for(const Attack *a, Mode mode, const AuditReport *report, OverlapReport *out, Error *err)
{
    const AuditCell *named = NULL;
    for (size_t i = 0; i < report->count; i++) {
        const AuditCell *c = &report->cells[i];
        if (c->verdict == AUDIT_PROTECTED)
            continue;
        if (!named || (is_shown(a, c) && !is_shown(a, named)))
            named = c;
        out->undecided += mode == MODE_BESIDE && !is_shown(a, c);
    }
    if (named)
        TRY(name_found(a, named->cell, out, err));
    if (mode == MODE_BESIDE && named && !is_shown(a, named))
        return error_set(err, ERR_LIMIT, "within the effort it was not shown that no group of too few people follows");
    out->undecided = 0;
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
        Status st = !found ? OK : mode == MODE_HIDE ? repair(a, &report, err) : refuse_for(a, mode, &report, out, err);
        audit_report_free(&report);
        if (!found || st != OK)
            return st;
        TRY(cancel_check(err));
    }
}

static void ask_not(Attack *a, uint32_t cell)
{
    SdcCell *c = &a->problem.sdc.cells[cell];
    c->status = SDC_SECONDARY;
    c->lpl = c->upl = 0;
}

/* Groups that are told apart by outcomes have cells of their own, after those of patterns. */
static void ask_touched(Attack *a)
{
    const Patterns *p = &a->patterns;
    uint32_t cell = (uint32_t)p->count;
    for (uint32_t i = 0; i < p->count; i++)
        if (!a->touched[i])
            ask_not(a, i);
    for (size_t g = 0; g < p->group_count; g++) {
        if (p->groups[g].patterns < 2)
            continue;
        if (!touched_in(a, &p->groups[g]))
            ask_not(a, cell);
        cell++;
    }
}

/* What one asker was told, figure by figure beside everything public: where that leaves all as open as the public
 * figures do, neither he nor the release tells anything by the other (README.md, "Beside a release"). What has no room
 * is attacked, without the rest. A half of the effort is left for that. */
static Status look_by_room(Attack *a, OverlapReport *out, Error *err)
{
    OverlapSieve sieve = {.origin = OVERLAP_TOLD, .effort = a->most / 2, .threads = a->effort.threads};
    TRY(arena_new(&a->problem.sdc.arena, uint8_t, 2 * a->o->figures.len + 1, &sieve.narrow, err));
    TRY(arena_new(&a->problem.sdc.arena, uint32_t, a->patterns.count + 1, &sieve.touched, err));
    TRY(overlap_sift(a->o, &a->patterns, &sieve, err));
    out->by_room = sieve.narrow_count == 0;
    a->work += sieve.work;
    a->narrow = sieve.narrow;
    a->touched = sieve.touched;
    set_roomy(a, SDC_SECONDARY);
    ask_touched(a);
    return OK;
}

/* That a group is at least so large may follow, as it may by room (README.md, "Lower bounds by themselves"). */
static void ask_above(Attack *a)
{
    for (uint32_t i = 0; i < a->problem.sdc.cell_count; i++)
        a->problem.sdc.cells[i].lpl = 0;
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
    TRY(arena_new(&a->problem.sdc.arena, uint8_t, (size_t)a->problem.sdc.cell_count + 1, &a->doubtful, err));
    out->patterns = a->problem.patterns;
    out->small = a->problem.small;
    bool found = a->problem.patterns > 0;
    if (found && mode == MODE_BESIDE) {
        ask_above(a);
        TRY(look_by_room(a, out, err));
    }
    if (found && !out->by_room)
        TRY(attack_whole(a, &found, err));
    found = found && !out->by_room;
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
    uint64_t times;
    *out = (OverlapReport)OVERLAP_REPORT_INIT;
    a.effort.threads = threads;
    if (mode == MODE_BESIDE)
        a.most = o->effort == OVERLAP_USUAL ? OVERLAP_BESIDE_EFFORT : o->effort > 0 ? o->effort : 1;
    times = a.most / OVERLAP_BESIDE_EFFORT;
    a.effort.node_limit *= (uint32_t)(times < 1 ? 1 : times < EFFORT_MOST_TIMES ? times : EFFORT_MOST_TIMES);
    o->beside = mode == MODE_BESIDE;
    Status st = patterns_make(o, &a.patterns, err);
    if (st == OK)
        st = run(&a, mode, out, err);
    out->work = a.work;
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
