/* The pattern for tables: who is alone in a cell, which sums are small, and for whom each cell is suppressed. */
#include "protectfile/blame.h"
#include "protectfile/pattern.h"
#include "protectfile/protect_impl.h"

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
        (*out)[i] = contributors == 1 && (is_total || !primary_same_person(job, i));
    }
    return OK;
}

static int64_t least_sum(const ProtectionRules *r, QuantityRole role)
{
    return role == ROLE_SIZE         ? r->min_suppressed_sum
           : role == ROLE_NUMERATOR  ? r->min_numerator
           : role == ROLE_COMPLEMENT ? r->min_complement
                                     : 0;
}

/* Groups of one kind that are suppressed in one sum: the sum is printed, or can be worked out. It keeps to the
 * strictest of their tables. */
static bool small_sum(const uint32_t *cells, size_t count, int64_t sum, void *ctx)
{
    const ProtectJob *job = ctx;
    QuantityRole role = job->role[job->system.cells[cells[0]].quantity];
    int64_t minimum = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t own = least_sum(primary_rules(job, cells[i]), role);
        if (job->role[job->system.cells[cells[i]].quantity] != role)
            return false;
        minimum = own > minimum ? own : minimum;
    }
    return sum > 0 && sum < minimum;
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
                if (job->cells[other].protects != TABLES_NONE || !protect_hidden(job, other))
                    continue;
                job->cells[other].protects = job->cells[queue[head]].protects;
                queue[tail++] = other;
            }
    mem_free(queue);
    return OK;
}

/* Cells that no table prints, or that an earlier release suppressed. */
static Status find_kept(const ProtectJob *job, uint8_t **out, Error *err)
{
    TRY(mem_zalloc((size_t)job->system.cell_count + 1, 1, (void **)out, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++)
        (*out)[i] = job->problem.cells[i].status == SDC_SECONDARY;
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

void suppressing_count(ProtectJob *job)
{
    ProtectStats *s = &job->stats;
    s->printed = s->suppressed = s->sensitive = s->secondary = 0;
    s->people_hidden = 0;
    s->cells = job->system.cell_count;
    s->equations = job->system.row_count;
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        const TablesCell *c = &job->system.cells[i];
        bool hidden = protect_hidden(job, i);
        if (!c->own_column)
            continue;
        s->printed += !hidden;
        s->suppressed += hidden;
        s->sensitive += hidden && job->problem.cells[i].status == SDC_SENSITIVE;
        s->secondary += hidden && job->problem.cells[i].status == SDC_SECONDARY;
        if (hidden && is_finest(job, c) && !job->set.quantities[c->quantity].is_total &&
            !job->set.quantities[c->quantity].is_part)
            s->people_hidden += c->value.low;
    }
}

#define CODE_ROUNDS 4      /* of taking codes that the auditor names; then all go */
#define CODE_QUESTIONS 400 /* to the auditor, about codes, a round */

/* A code is a range that everybody can read of a cell. Where with it nothing hides another, it goes, and the pattern is
 * made anew. Of tables beside answers known_allow has seen to that. */
static Status make_uncoded(ProtectJob *job, Pattern *pattern, const Rows *rows, Error *err)
{
    uint32_t n = job->problem.cell_count;
    uint8_t *was_open;
    BlameCodes codes = {.plain = job->uncoded};
    if (pattern->options->known_allowed)
        return pattern_make(pattern, rows, err);
    TRY(arena_new(&job->arena, uint8_t, (size_t)n + 1, &codes.blamed, err));
    TRY(arena_new(&job->arena, uint32_t, (size_t)n + 1, &codes.for_cell, err));
    TRY(arena_new(&job->arena, uint8_t, (size_t)n + 1, &was_open, err));
    for (uint32_t i = 0; i < n; i++)
        was_open[i] = job->problem.cells[i].status == SDC_OPEN;
    for (unsigned round = 0;; round++) {
        memset(codes.blamed, 0, n);
        codes.questions = CODE_QUESTIONS;
        pattern->codes = &codes;
        Status st = pattern_make(pattern, rows, err);
        pattern->codes = NULL;
        if (st != ERR_LIMIT)
            return st;
        size_t taken = known_uncode(job, &codes, round >= CODE_ROUNDS);
        log_line(pattern->options->log, LOG_INFO, "event=protect.codes_taken count=%zu questions=%u", taken,
            CODE_QUESTIONS - codes.questions);
        if (taken == 0)
            return st;
        error_clear(err);
        job->stats.codes_taken += taken;
        pattern->repairs = 0;
        for (uint32_t i = 0; i < n; i++)
            if (was_open[i])
                job->problem.cells[i].status = SDC_OPEN;
    }
}

Status suppressing(ProtectJob *job, const ProtectOptions *options, Error *err)
{
    Rows rows = {0};
    uint8_t *singleton = NULL, *keep = NULL;
    uint32_t *same = NULL;
    Status st = rows_make(&job->problem, &rows, err);
    if (st == OK)
        st = find_singletons(job, &singleton, err);
    if (st == OK)
        st = find_kept(job, &keep, err);
    if (st == OK)
        st = same_people(&job->problem, &same, err);
    Pattern pattern = {.problem = &job->problem,
        .singleton = singleton,
        .same = same,
        .keep = keep,
        .sum_rule = small_sum,
        .sum_ctx = job,
        .options = options};
    if (st == OK)
        st = make_uncoded(job, &pattern, &rows, err);
    job->stats.audited = pattern.audited;
    job->stats.repairs = pattern.repairs;
    if (st == OK)
        st = find_reasons(job, &rows, err);
    if (st == OK)
        suppressing_count(job);
    mem_free(singleton);
    mem_free(same);
    mem_free(keep);
    rows_free(&rows);
    return st;
}
