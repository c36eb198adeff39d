/*
 * Answers beside what is out already. What earlier releases and answers tell of a small group by themselves passed
 * gates of its own and cannot be taken back: it is no reason to refuse, but no more may follow than did before. So
 * where everything else is hidden and a cell is still not as open as its rule asks, only so much is asked of it as what
 * is out leaves open. And a rate's code, which is a range that everybody can read, goes where the ranges of a sum leave
 * too little of a cell: the rate is hidden instead.
 */
#include "audit/audit.h"
#include "protectfile/blame.h"
#include "protectfile/pattern.h"
#include "protectfile/protect_impl.h"

typedef struct Known {
    ProtectJob *job;
    const ProtectOptions *options;
    SdcProblem widest; /* of the job's, with everything hidden that may be */
    uint8_t *watched;  /* by cell: not shown to be as open as asked, so far */
    Rows rows;
} Known;

static Status audit(const Known *k, AuditDepth depth, AuditReport *out, Error *err)
{
    AuditOptions ask = AUDIT_OPTIONS_INIT;
    ask.depth = depth;
    ask.effort.threads = k->options->threads;
    TRY(audit_problem(&k->widest, &ask, out, err));
    Status st = cancel_check(err);
    if (st != OK)
        audit_report_free(out);
    return st;
}

/* --- codes -------------------------------------------------------------------------------------------------------- */

/* As if its rate had no code. */
static void widen(const ProtectJob *job, uint32_t cell, SdcCell *c)
{
    const SdcCell *plain = &job->uncoded[cell];
    c->upper = plain->upper > c->value + c->upl ? plain->upper : c->value + c->upl;
    if (c->status == SDC_SENSITIVE && plain->status == SDC_SENSITIVE && plain->upl > c->upl)
        c->upl = plain->upl;
}

static void widen_outcome(const ProtectJob *job, uint32_t cell, SdcCell *cells)
{
    widen(job, cell, &cells[cell]);
    for (uint32_t i = job->rest_from[cell]; i < job->rest_from[cell + 1]; i++)
        widen(job, job->rest[i], &cells[job->rest[i]]);
}

static bool take_code(Known *k, uint32_t cell)
{
    const TablesCell *c = &k->job->system.cells[cell];
    uint32_t outcome = c->part != TABLES_NONE ? c->part : cell;
    if (!k->job->cells[outcome].coded)
        return false;
    k->job->cells[outcome].coded = false;
    widen_outcome(k->job, outcome, k->job->problem.cells);
    return true;
}

/* Of the cells in its sums; where none of them has one, all there are. */
static bool take_codes(Known *k, uint32_t cell)
{
    const SdcProblem *p = &k->job->problem;
    bool taken = false;
    for (uint32_t i = k->rows.from[cell]; i < k->rows.from[cell + 1]; i++)
        for (uint32_t t = p->start[k->rows.row[i]]; t < p->start[k->rows.row[i] + 1]; t++)
            taken = take_code(k, p->cell[t]) || taken;
    for (uint32_t i = 0; i < p->cell_count && !taken; i++)
        taken = take_code(k, i);
    return taken;
}

/* --- everything hidden -------------------------------------------------------------------------------------------- */

/* Asked of are the watched cells alone: what is open while codes are read is open without them. */
static void hide_all(Known *k)
{
    SdcCell *cells = k->widest.cells;
    memcpy(cells, k->job->problem.cells, k->widest.cell_count * sizeof *cells);
    for (uint32_t i = 0; i < k->widest.cell_count; i++) {
        if (cells[i].status == SDC_OPEN || (cells[i].status == SDC_SENSITIVE && !k->watched[i]))
            cells[i].status = SDC_SECONDARY;
        if (cells[i].status == SDC_SECONDARY)
            cells[i].lpl = cells[i].upl = cells[i].spl = 0;
    }
}

static void watch_found(Known *k, const AuditReport *found)
{
    memset(k->watched, 0, k->widest.cell_count);
    for (size_t i = 0; i < found->count; i++)
        k->watched[found->cells[i].cell] = found->cells[i].verdict != AUDIT_PROTECTED;
}

static void widen_all(Known *k)
{
    for (uint32_t i = 0; i < k->widest.cell_count; i++)
        if (k->job->cells[i].coded)
            widen_outcome(k->job, i, k->widest.cells);
}

void known_lower(SdcCell *c, int64_t low, int64_t high)
{
    c->upl = high - c->value < c->upl ? high - c->value : c->upl;
    c->lpl = c->value - low < c->lpl ? c->value - low : c->lpl;
    if (c->upl == 0 && c->lpl == 0)
        c->status = SDC_SECONDARY;
}

/* Without its code a cell is asked for no more either. */
static void lower_levels(Known *k, const AuditReport *open)
{
    for (size_t i = 0; i < open->count; i++) {
        const AuditCell *a = &open->cells[i];
        known_lower(&k->job->problem.cells[a->cell], a->low, a->high);
        known_lower(&k->job->uncoded[a->cell], a->low, a->high);
    }
}

/* By what is out, no code among it. */
static Status allow_forced(Known *k, Error *err)
{
    AuditReport open;
    hide_all(k);
    widen_all(k);
    TRY(audit(k, AUDIT_INTERVALS, &open, err));
    lower_levels(k, &open);
    audit_report_free(&open);
    return OK;
}

/* One look at every sensitive cell, and then at those that are found. */
static Status look(Known *k, size_t *count, Error *err)
{
    AuditReport found;
    hide_all(k);
    TRY(audit(k, AUDIT_LEVELS, &found, err));
    watch_found(k, &found);
    *count = found.exposed + found.unproven;
    audit_report_free(&found);
    return OK;
}

/* Around each watched cell; false where none is left. */
static bool take_watched(Known *k)
{
    bool taken = false;
    for (uint32_t i = 0; i < k->widest.cell_count; i++)
        taken = (k->watched[i] && take_codes(k, i)) || taken;
    return taken;
}

/* A cell whose code went is asked for more than before, which what is out may not leave open either: all are looked at
 * once more. */
static Status allow(Known *k, Error *err)
{
    for (bool taken = true; taken;) {
        size_t found;
        taken = false;
        memset(k->watched, 1, k->widest.cell_count);
        TRY(look(k, &found, err));
        if (found > 0)
            TRY(allow_forced(k, err));
        for (bool more = found > 0; more;) {
            TRY(look(k, &found, err));
            more = found > 0 && take_watched(k);
            taken = taken || more;
        }
    }
    return OK;
}

Status known_allow(ProtectJob *job, const ProtectOptions *options, Error *err)
{
    Known k = {.job = job, .options = options, .widest = job->problem};
    TRY(arena_new(&job->arena, SdcCell, (size_t)job->problem.cell_count + 1, &k.widest.cells, err));
    TRY(arena_new(&job->arena, uint8_t, (size_t)job->problem.cell_count + 1, &k.watched, err));
    Status st = rows_make(&job->problem, &k.rows, err);
    if (st == OK)
        st = allow(&k, err);
    rows_free(&k.rows);
    return st;
}

/* The rate's own cell, whichever side of it was coded. */
static bool uncode(ProtectJob *job, uint32_t cell, uint32_t told_of)
{
    Known k = {.job = job};
    uint32_t part = job->system.cells[cell].part, outcome = part != TABLES_NONE ? part : cell;
    if (!take_code(&k, cell))
        return false;
    job->cells[outcome].code_taken = true;
    job->cells[outcome].code_for = told_of;
    return true;
}

size_t known_uncode(ProtectJob *job, const BlameCodes *codes, bool all)
{
    size_t taken = 0;
    for (uint32_t i = 0; i < job->problem.cell_count; i++)
        if (all || codes->blamed[i])
            taken += uncode(job, i, codes->blamed[i] ? codes->for_cell[i] : TABLES_NONE);
    return taken;
}
