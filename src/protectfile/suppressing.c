/*
 * Complementary suppression, attacked until it holds. The solver (room suppress) proposes a pattern; the auditor (room
 * audit), which trusts nothing of it, attacks the whole system; each cell that it cannot show to be protected costs one
 * more cell of its equations, and the attack is repeated. The pattern only grows, so this ends: with nothing found, or
 * with nothing left to suppress, which is told with the published cells that force the leak.
 */
#include "protectfile/protect_impl.h"

#include "audit/audit.h"

/* Which equations a cell is in. */
typedef struct Rows {
    uint32_t *from; /* cells + 1 */
    uint32_t *row;
} Rows;

static Status rows_make(const SdcProblem *p, Rows *out, Error *err)
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

static void rows_free(Rows *rows)
{
    mem_free(rows->from);
    mem_free(rows->row);
}

static bool is_suppressed(const SdcProblem *p, uint32_t cell)
{
    return p->cells[cell].status == SDC_SENSITIVE || p->cells[cell].status == SDC_SECONDARY;
}

/* --- repair ------------------------------------------------------------------------------------------------------- */

/* The cheapest cell of an equation that may still be suppressed; TABLES_NONE. */
static uint32_t cheapest_in(const SdcProblem *p, uint32_t row, uint32_t best)
{
    for (uint32_t i = p->start[row]; i < p->start[row + 1]; i++) {
        uint32_t c = p->cell[i];
        if (p->cells[c].status != SDC_OPEN || p->cells[c].lower == p->cells[c].upper)
            continue;
        if (best == TABLES_NONE || p->cells[c].cost < p->cells[best].cost ||
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
        uint32_t c = w->queue[head++], best = TABLES_NONE;
        for (uint32_t i = w->rows->from[c]; i < w->rows->from[c + 1]; i++)
            best = cheapest_in(w->problem, w->rows->row[i], best);
        if (best != TABLES_NONE)
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
    return TABLES_NONE;
}

/* Names the published cells in the equations of a cell that nothing can protect. */
static Status impossible(const ProtectJob *job, const Rows *rows, uint32_t cell, Error *err)
{
    const SdcProblem *p = &job->problem;
    Buf names;
    unsigned told = 0;
    buf_init(&names, 1 << 16);
    for (uint32_t i = rows->from[cell]; i < rows->from[cell + 1]; i++)
        for (uint32_t k = p->start[rows->row[i]]; k < p->start[rows->row[i] + 1] && told < 4; k++) {
            uint32_t other = p->cell[k];
            if (p->cells[other].status != SDC_FROZEN || p->cells[other].value == 0)
                continue;
            buf_adds(&names, told++ > 0 ? "; " : "");
            tables_cell_words(&job->system, other, &names);
        }
    Buf own;
    buf_init(&own, 1 << 16);
    tables_cell_words(&job->system, cell, &own);
    error_set(err, ERR_DENIED, "nothing protects [%.200s] (%s)%s%.250s", buf_z(&own),
        protect_reason_words(job->cells[cell].reason), told > 0 ? ": given away by what is published already: " : "",
        told > 0 ? buf_z(&names) : "");
    error_hint(err, "Leave out a table or a level, join groups or places, or withdraw the earlier release.");
    buf_free(&names);
    buf_free(&own);
    return ERR_DENIED;
}

static Status repair_cell(ProtectJob *job, const Rows *rows, Walk *walk, const AuditCell *found, Error *err)
{
    uint32_t cell = TABLES_NONE;
    if (found->reason == AUDIT_BY_SUM && found->partner != AUDIT_NONE)
        cell = cheapest_in(&job->problem, found->partner, TABLES_NONE);
    if (cell == TABLES_NONE)
        cell = next_to_suppress(walk, found->cell);
    if (cell == TABLES_NONE)
        return impossible(job, rows, found->cell, err);
    job->problem.cells[cell].status = SDC_SECONDARY;
    job->stats.repairs++;
    return OK;
}

static Status repair(ProtectJob *job, const Rows *rows, const AuditReport *report, Error *err)
{
    Walk walk = {.problem = &job->problem, .rows = rows};
    Status st = mem_zalloc((size_t)job->problem.cell_count + 1, sizeof *walk.queue, (void **)&walk.queue, err);
    if (st == OK)
        st = mem_zalloc((size_t)job->problem.cell_count + 1, sizeof *walk.seen, (void **)&walk.seen, err);
    for (size_t i = 0; i < report->count && st == OK; i++)
        if (report->cells[i].verdict != AUDIT_PROTECTED)
            st = repair_cell(job, rows, &walk, &report->cells[i], err);
    mem_free(walk.queue);
    mem_free(walk.seen);
    return st;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

/* Who is alone in a cell knows it, and may find his neighbour. */
static Status find_singletons(const ProtectJob *job, uint8_t **out, Error *err)
{
    TRY(mem_zalloc((size_t)job->system.cell_count + 1, 1, (void **)out, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        const TablesCell *c = &job->system.cells[i];
        bool is_total = job->set.quantities[c->quantity].is_total;
        if (!primary_rules(job, i)->singletons)
            continue;
        int64_t contributors = c->value.low;
        if (is_total && c->table != TABLES_NONE) {
            const TablesTable *t = &job->set.tables[c->table];
            contributors = t->values[(size_t)c->row * t->column_count + t->columns[c->column].denominator].low;
        }
        (*out)[i] = contributors == 1;
    }
    return OK;
}

/* Groups of one kind that are suppressed in one sum: the sum is printed, or can be worked out. */
static bool small_sum(const uint32_t *cells, size_t count, int64_t sum, void *ctx)
{
    const ProtectJob *job = ctx;
    QuantityRole role = job->role[job->system.cells[cells[0]].quantity];
    const ProtectionRules *r = primary_rules(job, cells[0]);
    for (size_t i = 1; i < count; i++)
        if (job->role[job->system.cells[cells[i]].quantity] != role)
            return false;
    int64_t minimum = role == ROLE_SIZE         ? r->min_suppressed_sum
                      : role == ROLE_NUMERATOR  ? r->min_numerator
                      : role == ROLE_COMPLEMENT ? r->min_complement
                                                : 0;
    return sum > 0 && sum < minimum;
}

static Status attack_until_safe(
    ProtectJob *job, const ProtectOptions *options, const Rows *rows, const uint8_t *singleton, Error *err)
{
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    ask.singleton = singleton;
    ask.sum_rule = small_sum;
    ask.sum_ctx = job;
    ask.effort.threads = options->threads;
    for (;;) {
        AuditReport report = {0};
        Status st = audit_problem(&job->problem, &ask, &report, err);
        bool clean = st == OK && report.exposed == 0 && report.unproven == 0;
        log_line(options->log, LOG_INFO, "event=protect.audit cells=%zu exposed=%zu unproven=%zu", report.count,
            report.exposed, report.unproven);
        job->stats.audited = report.count;
        if (st == OK && !clean)
            st = repair(job, rows, &report, err);
        audit_report_free(&report);
        if (st != OK || clean)
            return st;
        TRY(cancel_check(err));
    }
}

static Status solve(ProtectJob *job, const ProtectOptions *options, const uint8_t *singleton, Error *err)
{
    UNUSED(job);
    UNUSED(options);
    UNUSED(singleton);
    UNUSED(err);
    return OK;
}

/* Each complement gets the nearest sensitive cell through suppressed cells: the one it is there for, mostly. */
static Status find_reasons(ProtectJob *job, const Rows *rows, Error *err)
{
    const SdcProblem *p = &job->problem;
    uint32_t *queue, head = 0, tail = 0;
    TRY(mem_zalloc((size_t)p->cell_count + 1, sizeof *queue, (void **)&queue, err));
    for (uint32_t i = 0; i < p->cell_count; i++) {
        job->cells[i].protects = TABLES_NONE;
        if (p->cells[i].status == SDC_SENSITIVE) {
            job->cells[i].protects = i;
            queue[tail++] = i;
        } else if (p->cells[i].status == SDC_SECONDARY && job->cells[i].reason == REASON_NONE) {
            job->cells[i].reason = REASON_COMPLEMENT;
        }
    }
    for (; head < tail; head++)
        for (uint32_t i = rows->from[queue[head]]; i < rows->from[queue[head] + 1]; i++)
            for (uint32_t k = p->start[rows->row[i]]; k < p->start[rows->row[i] + 1]; k++) {
                uint32_t other = p->cell[k];
                if (job->cells[other].protects != TABLES_NONE || !is_suppressed(p, other))
                    continue;
                job->cells[other].protects = job->cells[queue[head]].protects;
                queue[tail++] = other;
            }
    mem_free(queue);
    return OK;
}

static bool is_finest(const ProtectJob *job, const TablesCell *c)
{
    for (uint32_t d = 0; d < job->set.dimension_count; d++)
        if (c->at[d] != TABLES_NONE &&
            job->set.dimensions[d].sum_from[c->at[d] + 1] > job->set.dimensions[d].sum_from[c->at[d]])
            return false;
    return true;
}

static void count(ProtectJob *job)
{
    ProtectStats *s = &job->stats;
    s->cells = job->system.cell_count;
    s->equations = job->system.row_count;
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        const TablesCell *c = &job->system.cells[i];
        bool hidden = protect_hidden(job, i);
        if (!c->printed)
            continue;
        s->printed += !hidden;
        s->suppressed += hidden;
        s->sensitive += hidden && job->problem.cells[i].status == SDC_SENSITIVE;
        s->secondary += hidden && job->problem.cells[i].status == SDC_SECONDARY;
        if (hidden && is_finest(job, c) && !job->set.quantities[c->quantity].is_total &&
            job->set.quantities[c->quantity].part_of == TABLES_NONE)
            s->people_hidden += c->value.low;
    }
}

Status suppressing(ProtectJob *job, const ProtectOptions *options, Error *err)
{
    Rows rows = {0};
    uint8_t *singleton = NULL;
    Status st = rows_make(&job->problem, &rows, err);
    if (st == OK)
        st = find_singletons(job, &singleton, err);
    if (st == OK)
        st = solve(job, options, singleton, err);
    if (st == OK)
        st = attack_until_safe(job, options, &rows, singleton, err);
    if (st == OK)
        st = find_reasons(job, &rows, err);
    if (st == OK)
        count(job);
    mem_free(singleton);
    rows_free(&rows);
    return st;
}
