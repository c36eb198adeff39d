/*
 * The first door: a problem and a pattern of suppression.
 *
 * The truth is known here and is the solution in hand. The attacker's piece has one unknown a suppressed cell;
 * published cells go into the right sides. After propagation the unknowns fall into connected pieces, and each piece is
 * attacked on its own, on any thread, into its own part of the report.
 */
#include "audit/attack.h"

#include <stdlib.h>

#define PROPAGATE_STEPS 200 /* a row, on average, before propagation is called slow and left alone */

typedef struct Job {
    const SdcProblem *p;
    const AuditOptions *options;
    AuditReport *report;
    Piece whole;
    uint32_t *cell_of;   /* of a variable */
    uint32_t *var_of;    /* of a cell; AUDIT_NONE */
    uint32_t *report_of; /* of a cell: its place in the report; AUDIT_NONE: not asked */
    int64_t *truth;      /* of a variable */
    Pieces pieces;
    uint64_t *programs, *pivots, *tables, *held, *steps; /* a piece */
    AuditOffered *kept;                                  /* a piece; NULL: none are kept */
    AuditMemory *memory;                                 /* NULL: none */
    Offers offers;
} Job;

static bool is_hidden(const Job *j, uint32_t cell)
{
    SdcStatus st = j->p->cells[cell].status;
    return (st == SDC_SENSITIVE || st == SDC_SECONDARY) && !(j->options->printed && j->options->printed[cell]);
}

static bool asked(const Job *j, uint32_t cell)
{
    return j->p->cells[cell].status == SDC_SENSITIVE ||
           (j->options->cells == AUDIT_SUPPRESSED_CELLS && is_hidden(j, cell));
}

static Status whole_alloc(Job *j, Arena *a, uint32_t vars, uint32_t rows, uint32_t entries, Error *err)
{
    Piece *w = &j->whole;
    w->vars = vars;
    w->rows = rows;
    TRY(arena_new(a, int64_t, (size_t)vars + 1, &w->low, err));
    TRY(arena_new(a, int64_t, (size_t)vars + 1, &w->high, err));
    TRY(arena_new(a, uint32_t, (size_t)rows + 1, &w->start, err));
    TRY(arena_new(a, uint32_t, (size_t)entries + 1, &w->var, err));
    TRY(arena_new(a, int64_t, (size_t)entries + 1, &w->coef, err));
    TRY(arena_new(a, int64_t, (size_t)rows + 1, &w->row_low, err));
    TRY(arena_new(a, int64_t, (size_t)rows + 1, &w->row_high, err));
    TRY(arena_new(a, uint32_t, (size_t)vars + 1, &j->cell_of, err));
    return arena_new(a, int64_t, (size_t)vars + 1, &j->truth, err);
}

static uint32_t hidden_in_row(const Job *j, uint32_t r)
{
    const SdcProblem *p = j->p;
    uint32_t hidden = 0;
    for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++)
        hidden += is_hidden(j, p->cell[i]);
    return hidden;
}

static void whole_rows(Job *j)
{
    const SdcProblem *p = j->p;
    Piece *w = &j->whole;
    uint32_t row = 0, at = 0;
    for (uint32_t r = 0; r < p->row_count; r++) {
        if (hidden_in_row(j, r) == 0)
            continue;
        Wide left = p->rhs[r];
        w->start[row] = at;
        for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++) {
            uint32_t v = j->var_of[p->cell[i]];
            if (v == AUDIT_NONE) {
                left -= (Wide)p->coef[i] * p->cells[p->cell[i]].value;
                continue;
            }
            w->var[at] = v;
            w->coef[at++] = p->coef[i];
        }
        w->row_low[row] = w->row_high[row] = wide_clamp(left);
        row++;
    }
    w->start[row] = at;
}

static Status whole_make(Job *j, Arena *a, Error *err)
{
    const SdcProblem *p = j->p;
    uint32_t vars = 0, rows = 0, entries = 0;
    TRY(arena_new(a, uint32_t, (size_t)p->cell_count + 1, &j->var_of, err));
    for (uint32_t c = 0; c < p->cell_count; c++)
        j->var_of[c] = is_hidden(j, c) ? vars++ : AUDIT_NONE;
    for (uint32_t r = 0; r < p->row_count; r++) {
        uint32_t hidden = hidden_in_row(j, r);
        rows += hidden > 0;
        entries += hidden;
    }
    TRY(whole_alloc(j, a, vars, rows, entries, err));
    for (uint32_t c = 0; c < p->cell_count; c++) {
        uint32_t v = j->var_of[c];
        if (v == AUDIT_NONE)
            continue;
        j->cell_of[v] = c;
        j->truth[v] = p->cells[c].value;
        j->whole.low[v] = p->cells[c].lower;
        j->whole.high[v] = p->cells[c].upper;
    }
    whole_rows(j);
    return piece_index(&j->whole, a, err);
}

/* What falls out by subtraction and bounds alone becomes part of the bounds. */
static Status whole_propagate(Job *j, Error *err)
{
    Work w;
    TRY(work_init(&w, &j->whole, err));
    work_push_all(&w);
    bool possible = work_propagate(&w, (uint64_t)PROPAGATE_STEPS * ((uint64_t)j->whole.rows + 1));
    Status st = w.status != OK ? error_nomem(err) : OK;
    if (st == OK && !possible)
        st = error_set(err, ERR_INTERNAL, "audit: a problem that was checked has no solution");
    if (st == OK) {
        memcpy(j->whole.low, w.low, j->whole.vars * sizeof *w.low);
        memcpy(j->whole.high, w.high, j->whole.vars * sizeof *w.high);
    }
    work_free(&w);
    return st;
}

static Status report_make(Job *j, Arena *scratch, Error *err)
{
    const SdcProblem *p = j->p;
    AuditReport *r = j->report;
    TRY(arena_new(scratch, uint32_t, (size_t)p->cell_count + 1, &j->report_of, err));
    for (uint32_t c = 0; c < p->cell_count; c++)
        j->report_of[c] = asked(j, c) ? (uint32_t)r->count++ : AUDIT_NONE;
    TRY(arena_new(&r->arena, AuditCell, r->count + 1, &r->cells, err));
    for (uint32_t c = 0; c < p->cell_count; c++) {
        if (j->report_of[c] == AUDIT_NONE)
            continue;
        AuditCell *out = &r->cells[j->report_of[c]];
        uint32_t v = j->var_of[c];
        const AuditCell *before = j->memory && v != AUDIT_NONE ? memory_of(j->memory, c) : NULL;
        if (before) {
            *out = *before;
            continue;
        }
        int64_t value = p->cells[c].value;
        *out = (AuditCell){
            .cell = c, .verdict = AUDIT_EXPOSED, .partner = AUDIT_NONE, .seen_low = value, .seen_high = value};
        out->reason = v == AUDIT_NONE ? AUDIT_BY_PRINT : AUDIT_BY_OUTSIDER;
        out->low = v == AUDIT_NONE ? value : j->whole.low[v];
        out->high = v == AUDIT_NONE ? value : j->whole.high[v];
    }
    return OK;
}

static Status memory_begin(Job *j, Arena *scratch, Error *err)
{
    uint8_t *hidden;
    if (!j->options->memory || j->options->depth == AUDIT_INTERVALS)
        return OK;
    TRY(arena_new(scratch, uint8_t, (size_t)j->p->cell_count + 1, &hidden, err));
    for (uint32_t c = 0; c < j->p->cell_count; c++)
        hidden[c] = is_hidden(j, c);
    TRY(memory_open(j->options->memory, j->p, j->options, hidden, err));
    j->memory = j->options->memory;
    return OK;
}

/* Before sums are looked at: those change with the pattern. */
static void memory_end(const Job *j)
{
    for (size_t i = 0; j->memory && i < j->report->count; i++)
        if (j->report->cells[i].verdict == AUDIT_PROTECTED)
            memory_keep(j->memory, &j->report->cells[i]);
}

/* One piece and what its cells must reach. */
typedef struct Attack {
    const Job *job;
    Arena arena;
    Piece piece;
    Reach reach;
    int64_t *point, *want_low, *want_high, *want_width;
    uint32_t *name; /* its cell */
    uint8_t *tracked, *singleton;
    bool singletons;
} Attack;

static uint32_t cell_at(const Attack *a, uint32_t v)
{
    return a->job->cell_of[a->piece.outer[v]];
}

/* Shown by an earlier attack. */
static bool is_settled(const Job *j, uint32_t cell)
{
    return j->memory && memory_of(j->memory, cell) != NULL;
}

static AuditCell *report_at(const Attack *a, uint32_t v)
{
    uint32_t at = a->job->report_of[cell_at(a, v)];
    return at == AUDIT_NONE ? NULL : &a->job->report->cells[at];
}

static Status attack_prepare(Attack *a, uint32_t piece, Error *err)
{
    const Job *j = a->job;
    uint32_t from = j->pieces.first[piece], n = j->pieces.first[piece + 1] - from;
    TRY(piece_cut(&j->whole, j->pieces.order + from, n, j->truth, &a->arena, &a->piece, err));
    TRY(arena_new(&a->arena, int64_t, n + 1, &a->point, err));
    TRY(arena_new(&a->arena, int64_t, n + 1, &a->want_low, err));
    TRY(arena_new(&a->arena, int64_t, n + 1, &a->want_high, err));
    TRY(arena_new(&a->arena, int64_t, n + 1, &a->want_width, err));
    TRY(arena_new(&a->arena, uint32_t, n + 1, &a->name, err));
    TRY(arena_new(&a->arena, uint8_t, n + 1, &a->tracked, err));
    TRY(arena_new(&a->arena, uint8_t, n + 1, &a->singleton, err));
    for (uint32_t v = 0; v < n; v++) {
        const SdcCell *c = &j->p->cells[cell_at(a, v)];
        bool wanted = report_at(a, v) && !is_settled(j, cell_at(a, v));
        a->point[v] = c->value;
        a->want_low[v] = wanted ? c->value - c->lpl : c->value;
        a->want_high[v] = wanted ? c->value + c->upl : c->value;
        a->want_width[v] = !wanted ? 0 : c->spl > 1 ? c->spl : 1;
        a->name[v] = cell_at(a, v);
        a->singleton[v] = j->options->singleton && j->options->singleton[cell_at(a, v)];
        a->tracked[v] = wanted;
        a->singletons = a->singletons || a->singleton[v];
    }
    TRY(reach_init(&a->reach, &a->piece, a->point, &j->options->effort, err));
    a->reach.want_low = a->want_low;
    a->reach.want_high = a->want_high;
    a->reach.want_width = a->want_width;
    a->reach.name = a->name;
    a->reach.kept = j->kept ? &j->kept[piece] : NULL;
    a->reach.singleton = a->singleton;
    a->reach.tracked = a->singletons ? a->tracked : NULL;
    return j->options->offered ? offers_verify(&j->offers, piece, &a->reach, err) : OK;
}

/* Both levels, the width, and at least one other value. *left: what could not be decided. */
static Status outsider(Attack *a, uint32_t v, bool *excluded, Error *err)
{
    Reach *r = &a->reach;
    const SdcCell *c = &a->job->p->cells[cell_at(a, v)];
    Found below = FOUND_ONE, above = FOUND_ONE;
    const Goal up = {v, false, a->want_high[v], AUDIT_NONE}, down = {v, true, a->want_low[v], AUDIT_NONE};
    if (c->upl > 0)
        TRY(reach_for(r, &up, &above, err));
    if (c->lpl > 0)
        TRY(reach_for(r, &down, &below, err));
    *excluded = below == FOUND_NONE || above == FOUND_NONE;
    if (r->seen_high[v] - r->seen_low[v] < (c->spl > 1 ? c->spl : 1) || a->job->options->depth == AUDIT_INTERVALS)
        TRY(reach_ends(r, v, err));
    if (r->high[v] - r->low[v] < (c->spl > 1 ? c->spl : 1))
        *excluded = true;
    return OK;
}

static void outsider_report(Attack *a, uint32_t v, bool excluded)
{
    const Reach *r = &a->reach;
    const SdcCell *c = &a->job->p->cells[cell_at(a, v)];
    AuditCell *out = report_at(a, v);
    out->low = r->low[v];
    out->high = r->high[v];
    out->seen_low = r->seen_low[v];
    out->seen_high = r->seen_high[v];
    int64_t seen = out->seen_high - out->seen_low;
    bool reached = out->seen_high >= a->want_high[v] && out->seen_low <= a->want_low[v] && seen >= c->spl;
    if (seen > 0)
        out->standards |= AUDIT_PS1;
    if (reached && seen > 0)
        out->standards |= AUDIT_PS1_STAR;
    out->verdict = reached && seen > 0 ? AUDIT_PROTECTED : excluded ? AUDIT_EXPOSED : AUDIT_UNPROVEN;
    out->reason = out->verdict == AUDIT_PROTECTED ? AUDIT_BY_NOTHING : AUDIT_BY_OUTSIDER;
}

static void worsen(AuditCell *c, AuditVerdict verdict, AuditReason reason, uint32_t partner)
{
    if (c->verdict == AUDIT_EXPOSED || (c->verdict == AUDIT_UNPROVEN && verdict == AUDIT_UNPROVEN))
        return;
    c->verdict = verdict;
    c->reason = reason;
    c->partner = partner;
}

/* A cell whose contributors are the singleton himself tells him of nobody. */
static bool is_himself(const Attack *a, uint32_t v, uint32_t hold)
{
    const uint32_t *same = a->job->options->same;
    return same && same[cell_at(a, v)] == same[cell_at(a, hold)];
}

/* The singleton hold knows his own cell: can he still not tell v exactly? */
static Status insider(Attack *a, uint32_t v, uint32_t hold, AuditVerdict *verdict, Error *err)
{
    Found above, below;
    const Goal up = {v, false, a->point[v] + 1, hold}, down = {v, true, a->point[v] - 1, hold};
    *verdict = AUDIT_PROTECTED;
    TRY(reach_for(&a->reach, &up, &above, err));
    if (above == FOUND_ONE)
        return OK;
    TRY(reach_for(&a->reach, &down, &below, err));
    if (below != FOUND_ONE)
        *verdict = above == FOUND_NONE && below == FOUND_NONE ? AUDIT_EXPOSED : AUDIT_UNPROVEN;
    return OK;
}

static Status insiders(Attack *a, uint32_t v, Error *err)
{
    Reach *r = &a->reach;
    AuditCell *out = report_at(a, v);
    if (r->without_count[v] == AUDIT_NONE)
        return OK; /* it never moved: exposed or unproven already */
    bool safe = true;
    uint32_t count = r->without_count[v], *list;
    TRY(arena_new(&a->arena, uint32_t, (size_t)count + 1, &list, err));
    memcpy(list, r->without[v], count * sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        AuditVerdict verdict;
        if (is_himself(a, v, list[i]))
            continue;
        TRY(insider(a, v, list[i], &verdict, err));
        if (verdict == AUDIT_PROTECTED)
            continue;
        safe = false;
        worsen(out, verdict, AUDIT_BY_SINGLETON, cell_at(a, list[i]));
    }
    if (safe)
        out->standards |= AUDIT_PS2_STAR;
    return OK;
}

/* PS2: rows with two unknowns, both singletons. */
static void pairs(Attack *a)
{
    const Piece *p = &a->piece;
    for (uint32_t v = 0; v < p->vars; v++)
        if (report_at(a, v))
            report_at(a, v)->standards |= AUDIT_PS2;
    for (uint32_t r = 0; r < p->rows; r++) {
        uint32_t from = p->start[r];
        if (p->start[r + 1] - from != 2 || !a->singleton[p->var[from]] || !a->singleton[p->var[from + 1]] ||
            is_himself(a, p->var[from], p->var[from + 1]))
            continue;
        for (uint32_t i = from; i < from + 2; i++)
            if (report_at(a, p->var[i]))
                report_at(a, p->var[i])->standards &= ~(unsigned)AUDIT_PS2;
    }
}

/* The same for any number of threads: each piece has its share. */
static bool is_spent(const Attack *a)
{
    const Pieces *all = &a->job->pieces;
    uint64_t limit = a->job->options->effort.step_limit;
    return limit > 0 && (Wide)a->reach.steps * all->first[all->count] >= (Wide)limit * a->piece.vars;
}

static Status attack_run(Attack *a, Error *err)
{
    for (uint32_t v = 0; v < a->piece.vars; v++) {
        TRY(cancel_check(err));
        if (!report_at(a, v) || is_settled(a->job, cell_at(a, v)))
            continue;
        bool excluded = a->reach.high[v] < a->want_high[v] || a->reach.low[v] > a->want_low[v];
        if (!is_spent(a))
            TRY(outsider(a, v, &excluded, err));
        outsider_report(a, v, excluded);
    }
    /* What could not be decided when its turn came, a table that was found for another cell may show. */
    for (uint32_t v = 0; v < a->piece.vars; v++)
        if (report_at(a, v) && report_at(a, v)->verdict == AUDIT_UNPROVEN)
            outsider_report(a, v, false);
    pairs(a);
    for (uint32_t v = 0; v < a->piece.vars; v++) {
        AuditCell *out = report_at(a, v);
        TRY(cancel_check(err));
        if (!out || is_settled(a->job, cell_at(a, v)))
            continue;
        if (a->singletons)
            TRY(insiders(a, v, err));
        else if (out->standards & AUDIT_PS1)
            out->standards |= AUDIT_PS2_STAR;
        /* later solutions may have gone further */
        out->seen_low = a->reach.seen_low[v];
        out->seen_high = a->reach.seen_high[v];
    }
    return OK;
}

/* Nothing is asked: earlier attacks have shown it all, and no singletons ask for PS2. */
static bool piece_is_idle(const Job *j, uint32_t piece)
{
    for (uint32_t i = j->pieces.first[piece]; i < j->pieces.first[piece + 1]; i++) {
        uint32_t cell = j->cell_of[j->pieces.order[i]];
        if ((j->options->singleton && j->options->singleton[cell]) ||
            (j->report_of[cell] != AUDIT_NONE && !is_settled(j, cell)))
            return false;
    }
    return true;
}

static Status attack_piece(size_t item, void *ctx, Error *err)
{
    Job *j = ctx;
    if (piece_is_idle(j, (uint32_t)item))
        return OK;
    Attack a = {.job = j};
    arena_init(&a.arena, 0);
    Status st = attack_prepare(&a, (uint32_t)item, err);
    if (st == OK)
        st = attack_run(&a, err);
    if (st == OK)
        st = cancel_check(err); /* the last question was ended before it was answered */
    reach_free(&a.reach);
    j->programs[item] = a.reach.programs;
    j->pivots[item] = a.reach.pivots;
    j->tables[item] = a.reach.tables;
    j->held[item] = a.reach.held;
    j->steps[item] = a.reach.steps;
    arena_free(&a.arena);
    return st;
}

/* Suppressed cells whose sum an equation prints: all of one sign, the rest of the row published. */
static bool printed_sum(const Job *j, uint32_t r, uint32_t *cells, size_t *count, int64_t *sum)
{
    const SdcProblem *p = j->p;
    int sign = 0;
    Wide total = 0;
    *count = 0;
    for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++) {
        const SdcCell *c = &p->cells[p->cell[i]];
        if (!is_hidden(j, p->cell[i]))
            continue;
        int own = p->coef[i] > 0 ? 1 : -1;
        if ((sign != 0 && own != sign) || (p->coef[i] != 1 && p->coef[i] != -1))
            return false;
        sign = own;
        total += c->value;
        cells[(*count)++] = p->cell[i];
    }
    *sum = wide_clamp(total);
    return *count > 0;
}

static Status sums(Job *j, Arena *a, Error *err)
{
    const AuditOptions *o = j->options;
    uint32_t *cells;
    if (o->min_sum <= 0 && !o->sum_rule)
        return OK;
    TRY(arena_new(a, uint32_t, (size_t)j->p->cell_count + 1, &cells, err));
    for (uint32_t r = 0; r < j->p->row_count; r++) {
        size_t count;
        int64_t sum;
        if (!printed_sum(j, r, cells, &count, &sum))
            continue;
        bool small = o->min_sum > 0 && sum > 0 && sum < o->min_sum;
        if (!small && !(o->sum_rule && o->sum_rule(cells, count, sum, o->sum_ctx)))
            continue;
        for (size_t i = 0; i < count; i++)
            if (j->p->cells[cells[i]].status == SDC_SENSITIVE)
                worsen(&j->report->cells[j->report_of[cells[i]]], AUDIT_EXPOSED, AUDIT_BY_SUM, r);
    }
    return OK;
}

static Status job_run(Job *j, Arena *scratch, Error *err)
{
    TRY(sdc_check(j->p, err));
    TRY(whole_make(j, scratch, err));
    TRY(whole_propagate(j, err));
    TRY(memory_begin(j, scratch, err));
    TRY(report_make(j, scratch, err));
    TRY(pieces_find(&j->whole, scratch, &j->pieces, err));
    if (j->options->offered)
        TRY(offers_share_out(j->options->offered, &j->pieces, j->cell_of, j->p->cell_count, scratch, &j->offers, err));
    TRY(arena_new(scratch, uint64_t, (size_t)j->pieces.count + 1, &j->programs, err));
    TRY(arena_new(scratch, uint64_t, (size_t)j->pieces.count + 1, &j->pivots, err));
    TRY(arena_new(scratch, uint64_t, (size_t)j->pieces.count + 1, &j->tables, err));
    TRY(arena_new(scratch, uint64_t, (size_t)j->pieces.count + 1, &j->held, err));
    TRY(arena_new(scratch, uint64_t, (size_t)j->pieces.count + 1, &j->steps, err));
    if (j->options->kept)
        TRY(arena_new(scratch, AuditOffered, (size_t)j->pieces.count + 1, &j->kept, err));
    TRY(parallel_for(j->pieces.count, j->options->effort.threads, attack_piece, j, err));
    for (uint32_t i = 0; i < j->pieces.count && j->kept; i++)
        TRY(offered_append(j->options->kept, &j->kept[i], err));
    memory_end(j);
    return sums(j, scratch, err);
}

Status audit_problem(const SdcProblem *p, const AuditOptions *options, AuditReport *out, Error *err)
{
    Arena scratch;
    Job j = {.p = p, .options = options, .report = out};
    *out = (AuditReport){0};
    arena_init(&out->arena, 0);
    arena_init(&scratch, 0);
    Status st = job_run(&j, &scratch, err);
    for (uint32_t i = 0; i < j.pieces.count && st == OK; i++) {
        out->programs += j.programs[i];
        out->pivots += j.pivots[i];
        out->tables += j.tables[i];
        out->held += j.held[i];
        out->steps += j.steps[i];
    }
    for (size_t i = 0; i < out->count && st == OK; i++) {
        out->exposed += out->cells[i].verdict == AUDIT_EXPOSED;
        out->unproven += out->cells[i].verdict == AUDIT_UNPROVEN;
    }
    for (uint32_t i = 0; i < j.pieces.count && j.kept; i++)
        offered_clear(&j.kept[i]);
    arena_free(&scratch);
    if (st != OK)
        audit_report_free(out);
    return st;
}

void audit_report_free(AuditReport *r)
{
    arena_free(&r->arena);
    *r = (AuditReport){0};
}
