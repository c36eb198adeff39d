/*
 * Complementary suppression, attacked until it holds. The solver (room suppress) proposes a pattern; the auditor (room
 * audit), which trusts nothing of it, attacks the whole system; each cell that it cannot show to be protected costs one
 * more cell of its equations, and the attack is repeated. The pattern only grows, so this ends: with nothing found, or
 * with nothing left to suppress, which is told with the published cells that force the leak.
 */
#include "protectfile/pattern.h"

#include "protectfile/blame.h"
#include "suppress/suppress.h"

/* Pivots, in proportion to the problem and at most what the solver takes by itself: a small table is at its best soon,
 * and searching on would only cost time. No clock, so that the pattern is the same on every machine. */
#define EFFORT_A_CELL 200
#define EFFORT_MOST 400000

Status rows_make(const SdcProblem *p, Rows *out, Error *err)
{
    uint32_t terms = p->start[p->row_count];
    *out = (Rows){0};
    TRY(mem_zalloc((size_t)p->cell_count + 2, sizeof *out->from, (void **)&out->from, err));
    TRY(mem_zalloc((size_t)terms + 1, sizeof *out->row, (void **)&out->row, err));
    for (uint32_t i = 0; i < terms; i++)
        out->from[p->cell[i] + 2]++;
    for (uint32_t i = 2; i <= p->cell_count; i++)
        out->from[i] += out->from[i - 1];
    for (uint32_t r = 0; r < p->row_count; r++)
        for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++)
            out->row[out->from[p->cell[i] + 1]++] = r;
    return OK;
}

void rows_free(Rows *rows)
{
    mem_free(rows->from);
    mem_free(rows->row);
}

static bool is_suppressed(const SdcProblem *p, uint32_t cell)
{
    return p->cells[cell].status == SDC_SENSITIVE || p->cells[cell].status == SDC_SECONDARY;
}

/* --- repair ------------------------------------------------------------------------------------------------------- */

/* The cheapest cell of an equation that may still be suppressed; PATTERN_NONE. */
static uint32_t cheapest_in(const SdcProblem *p, uint32_t row, uint32_t best)
{
    for (uint32_t i = p->start[row]; i < p->start[row + 1]; i++) {
        uint32_t c = p->cell[i];
        if (p->cells[c].status != SDC_OPEN || p->cells[c].lower == p->cells[c].upper)
            continue;
        if (best == PATTERN_NONE || p->cells[c].cost < p->cells[best].cost ||
            (p->cells[c].cost == p->cells[best].cost && c < best))
            best = c;
    }
    return best;
}

/* Walks from a cell through suppressed cells until an equation with an open cell is met. */
typedef struct Walk {
    const SdcProblem *problem;
    const Rows *rows;
    uint32_t *queue;
    uint32_t *seen; /* cell -> number of the walk that saw it */
    uint32_t number;
} Walk;

static uint32_t next_to_suppress(Walk *w, uint32_t cell)
{
    uint32_t head = 0, tail = 0;
    w->queue[tail++] = cell;
    w->seen[cell] = ++w->number;
    while (head < tail) {
        uint32_t c = w->queue[head++], best = PATTERN_NONE;
        for (uint32_t i = w->rows->from[c]; i < w->rows->from[c + 1]; i++)
            best = cheapest_in(w->problem, w->rows->row[i], best);
        if (best != PATTERN_NONE)
            return best;
        for (uint32_t i = w->rows->from[c]; i < w->rows->from[c + 1]; i++) {
            uint32_t r = w->rows->row[i];
            for (uint32_t k = w->problem->start[r]; k < w->problem->start[r + 1]; k++) {
                uint32_t other = w->problem->cell[k];
                if (w->seen[other] == w->number || !is_suppressed(w->problem, other))
                    continue;
                w->seen[other] = w->number;
                w->queue[tail++] = other;
            }
        }
    }
    return PATTERN_NONE;
}

/* Whether codes of rates stand in the way of this cell; then the others that nothing hides are looked at, too. */
static Status blame_code(
    const Pattern *p, const Rows *rows, const AuditOptions *ask, uint32_t cell, bool *coded, Error *err)
{
    *coded = false;
    return p->codes ? blame_codes(p->problem, rows, ask, cell, p->codes, coded, err) : OK;
}

static Status without_codes(Error *err)
{
    return error_set(err, ERR_LIMIT, "codes of rates leave cells too little room");
}

/* Nothing more can be suppressed for this cell. */
static Status impossible(
    const Pattern *pattern, const Rows *rows, const AuditOptions *ask, uint32_t cell, bool *coded, Error *err)
{
    const SdcProblem *p = pattern->problem;
    char name[200];
    bool forced;
    TRY(blame_code(pattern, rows, ask, cell, coded, err));
    if (*coded)
        return OK;
    TRY(blame(p, rows, ask, &(BlameCell){.cell = cell}, &forced, err));
    sdc_cell_name(p, cell, name, sizeof name);
    return error_set(
        err, ERR_DENIED, "the audit cannot show that [%s] is hidden, and nothing is left to suppress", name);
}

static Status repair_cell(
    Pattern *p, const Rows *rows, const AuditOptions *ask, Walk *walk, const AuditCell *found, bool *coded, Error *err)
{
    uint32_t cell = PATTERN_NONE;
    if (found->reason == AUDIT_BY_SUM && found->partner != AUDIT_NONE)
        cell = cheapest_in(p->problem, found->partner, PATTERN_NONE);
    if (cell == PATTERN_NONE)
        cell = next_to_suppress(walk, found->cell);
    if (cell == PATTERN_NONE)
        return impossible(p, rows, ask, found->cell, coded, err);
    p->problem->cells[cell].status = SDC_SECONDARY;
    p->repairs++;
    return OK;
}

static Status repair(Pattern *p, const Rows *rows, const AuditOptions *ask, const AuditReport *report, Error *err)
{
    Walk walk = {.problem = p->problem, .rows = rows};
    bool coded = false, any = false;
    Status st = mem_zalloc((size_t)p->problem->cell_count + 1, sizeof *walk.queue, (void **)&walk.queue, err);
    if (st == OK)
        st = mem_zalloc((size_t)p->problem->cell_count + 1, sizeof *walk.seen, (void **)&walk.seen, err);
    for (size_t i = 0; i < report->count && st == OK; i++)
        if (report->cells[i].verdict != AUDIT_PROTECTED) {
            coded = false;
            st = repair_cell(p, rows, ask, &walk, &report->cells[i], &coded, err);
            any = any || coded;
        }
    mem_free(walk.queue);
    mem_free(walk.seen);
    return st == OK && any ? without_codes(err) : st;
}

/* Repair suppresses cells that may turn out to hide nothing: what follows anyway may as well be printed. A complement
 * asks for no levels, so only what never moved costs the attack a question. */
static Status clean(Pattern *p, const AuditOffered *offered, Error *err)
{
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    AuditReport report = {0};
    ask.cells = AUDIT_SUPPRESSED_CELLS;
    ask.offered = offered;
    ask.effort.threads = p->options->threads;
    Status st = audit_problem(p->problem, &ask, &report, err);
    for (size_t i = 0; i < report.count && st == OK; i++) {
        const AuditCell *c = &report.cells[i];
        bool needless = p->problem->cells[c->cell].status == SDC_SECONDARY && c->low == c->high;
        if (needless && (!p->keep || !p->keep[c->cell]))
            p->problem->cells[c->cell].status = SDC_OPEN;
    }
    audit_report_free(&report);
    return st;
}

/* Cells that the solver could not hide. The auditor has the last word: what he accepts in the widest pattern is left to
 * repair. */
static Status leaks(
    const Pattern *pattern, const Rows *rows, const AuditOptions *ask, const SuppressReport *report, Error *err)
{
    const SdcProblem *p = pattern->problem;
    bool forced, coded, any = false;
    for (size_t i = 0; i < report->leak_count; i++) {
        const SuppressLeak *leak = &report->leaks[i];
        const SdcCell *c = &p->cells[leak->cell];
        /* what an insider finds, and a width, has two sides, of which the solver explains one */
        bool explained = leak->knows == UINT32_MAX && c->spl <= c->upl + c->lpl;
        const BlameCell what = {
            .cell = leak->cell, .frozen = leak->frozen, .frozen_count = explained ? leak->frozen_count : 0};
        if (i > 0 && leak->cell == leak[-1].cell)
            continue;
        TRY(blame_code(pattern, rows, ask, leak->cell, &coded, err));
        any = any || coded;
        if (!coded)
            TRY(blame(p, rows, ask, &what, &forced, err));
    }
    return any ? without_codes(err) : OK;
}

/* What the solver is told of the attack, and shows to it. */
typedef struct Attacker {
    const AuditOptions *ask;
    AuditOffered *offered; /* by the solver */
    AuditOffered *found;   /* all that showed something in an attack; NULL: nobody asks */
} Attacker;

/* Cells that an outsider comes too near to are the solver's to repair: it raises their targets and asks for those
 * alone. What singletons and sums give away is repaired here. */
static Status find_shorts(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    const Attacker *a = ctx;
    AuditReport report = {0};
    Status st = audit_problem(p, a->ask, &report, err);
    for (size_t i = 0; i < report.count && st == OK; i++) {
        const AuditCell *c = &report.cells[i];
        int64_t value = p->cells[c->cell].value;
        if (c->verdict != AUDIT_PROTECTED && c->reason == AUDIT_BY_OUTSIDER)
            st = vec_push(shorts, ((SuppressShort){c->cell, c->seen_high - value, value - c->seen_low}), err);
    }
    audit_report_free(&report);
    return st == OK ? cancel_check(err) : st;
}

/* The solver's witnesses are the auditor's to verify. */
static Status show(const SuppressTerm *terms, size_t count, void *ctx, Error *err)
{
    const Attacker *a = ctx;
    AuditMove *moves;
    TRY(mem_alloc((count + 1) * sizeof *moves, (void **)&moves, err));
    for (size_t i = 0; i < count; i++)
        moves[i] = (AuditMove){terms[i].cell, terms[i].value};
    Status st = audit_offer(a->offered, moves, count, err);
    mem_free(moves);
    return st;
}

/* What the solver proposes, and repairs where the attack finds cells short; sums of suppressed cells are left to the
 * attack. Where its rounds did not suffice, the attack goes on from what it has. */
static Status propose(Pattern *p, const Rows *rows, Attacker *attacker, bool *repaired, Error *err)
{
    SuppressOptions o = SUPPRESS_OPTIONS_INIT;
    SuppressReport report = {0};
    Status leaked = OK;
    uint64_t effort = (uint64_t)p->problem->cell_count * EFFORT_A_CELL;
    o.threads = p->options->threads;
    o.effort = effort < EFFORT_MOST ? effort : EFFORT_MOST;
    o.exact_pivots = o.effort;
    o.singleton = p->singleton;
    o.same = p->same;
    o.audit = find_shorts;
    o.show = show;
    o.audit_ctx = attacker;
    Status st = suppress_solve(p->problem, &o, &report, err);
    log_line(p->options->log, LOG_INFO, "event=protect.suppressed secondaries=%u cost=%lld leaks=%zu pivots=%llu",
        report.secondaries, (long long)report.cost, report.leak_count, (unsigned long long)report.pivots);
    if (st == OK && report.leak_count > 0)
        leaked = st = leaks(p, rows, attacker->ask, &report, err);
    p->bounded = st == OK && report.bounded && report.leak_count == 0;
    p->lower_bound = report.lower_bound;
    *repaired = st == ERR_LIMIT || report.audit_rounds > 0;
    suppress_report_free(&report);
    if (st == ERR_LIMIT && leaked == OK) {
        error_clear(err);
        st = OK;
    }
    return st;
}

/* Until nothing is found. The memory of the rounds before is of use while the pattern grows; cleaning empties it.
 * repaired: the solver hid cells after an attack. */
static Status attack(Pattern *p, const Rows *rows, const Attacker *attacker, bool repaired, Error *err)
{
    const AuditOptions *ask = attacker->ask;
    bool cleaned = false;
    for (;;) {
        AuditReport report = {0};
        Status st = audit_problem(p->problem, ask, &report, err);
        bool is_clean = st == OK && report.exposed == 0 && report.unproven == 0;
        log_line(p->options->log, LOG_INFO, "event=protect.audit cells=%zu exposed=%zu unproven=%zu", report.count,
            report.exposed, report.unproven);
        p->audited = report.count;
        p->unprotected = report.exposed + report.unproven;
        if (st == OK && !is_clean)
            st = repair(p, rows, ask, &report, err);
        audit_report_free(&report);
        if (st != OK || (is_clean && ((p->repairs == 0 && !repaired) || cleaned)))
            return st;
        if (is_clean)
            TRY(clean(p, attacker->offered,
                err)); /* and attacked again: only what the last attack could not break is handed out */
        cleaned = cleaned || is_clean;
        TRY(cancel_check(err));
    }
}

/* The finished pattern once more, shown by what was found on the way: what counts of it is kept. */
static Status keep(const Pattern *p, const Attacker *attacker, Error *err)
{
    AuditOptions ask = *attacker->ask;
    AuditReport report = {0};
    ask.memory = NULL;
    ask.offered = attacker->found;
    ask.kept = p->kept;
    Status st = audit_problem(p->problem, &ask, &report, err);
    if (st == OK && report.exposed + report.unproven > 0)
        st = error_set(err, ERR_INTERNAL, "an attack that found nothing cannot be repeated");
    audit_report_free(&report);
    return st;
}

Status pattern_make(Pattern *p, const Rows *rows, Error *err)
{
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    ask.singleton = p->singleton;
    ask.same = p->same;
    ask.sum_rule = p->sum_rule;
    ask.sum_ctx = p->sum_ctx;
    ask.effort.threads = p->options->threads;
    Attacker attacker = {.ask = &ask};
    bool repaired = false;
    Status st;
    TRY_OUT(audit_offered_new(&attacker.offered, err));
    TRY_OUT(audit_memory_new(&ask.memory, err));
    if (p->kept)
        TRY_OUT(audit_offered_new(&attacker.found, err));
    ask.offered = attacker.offered;
    ask.kept = attacker.found;
    TRY_OUT(propose(p, rows, &attacker, &repaired, err));
    TRY_OUT(attack(p, rows, &attacker, repaired, err));
    if (p->kept)
        TRY_OUT(keep(p, &attacker, err));
out:
    audit_memory_free(ask.memory);
    audit_offered_free(attacker.found);
    audit_offered_free(attacker.offered);
    return st;
}
