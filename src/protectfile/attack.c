/*
 * What is printed where, told to the auditor. Each printed number, range, rate, mean, gap and number of students needed
 * is a fact about unknown counts; each sum of a hierarchy is one, too. Nothing is told of how a table was protected.
 */
#include "protectfile/attack.h"

#include <stdlib.h>

#define MEAN_MAX (INT64_MAX / 2000) /* its ten thousandths are told to the auditor */
#define RATE_DECIMALS 6             /* more are refused by the auditor */

static AuditForm one(AuditTerm *term, uint32_t unknown)
{
    *term = (AuditTerm){unknown, 1};
    return (AuditForm){term, 1};
}

static Status name_unknowns(AttackJob *job, Error *err)
{
    Buf words;
    buf_init(&words, 1 << 16);
    Status st = OK;
    for (uint32_t i = 0; i < job->system.cell_count && st == OK; i++) {
        bool nobody = job->system.cells[i].value.mark == TABLES_STRUCTURAL;
        uint32_t id;
        buf_reset(&words);
        tables_cell_words(&job->system, i, &words);
        st = audit_unknown(job->audit, buf_slice(&words), 0, nobody ? 0 : AUDIT_ENDLESS, &id, err);
        ASSERT(st != OK || id == i); /* a cell's number is its unknown's */
    }
    buf_free(&words);
    return st;
}

/* An equation and its length: one that few figures are in is told before one that many are in, because whoever finds a
 * contradiction believes what he was told first. */
typedef struct Told {
    uint32_t row, length;
} Told;

static int by_length(const void *a, const void *b)
{
    const Told *x = a, *y = b;
    return x->length != y->length ? (x->length > y->length) - (x->length < y->length)
                                  : (x->row > y->row) - (x->row < y->row);
}

static Status order_equations(AttackJob *job, Told **out, Error *err)
{
    const TablesSystem *s = &job->system;
    TRY(arena_new(&job->arena, Told, (size_t)s->row_count + 1, out, err));
    for (uint32_t r = 0; r < s->row_count; r++)
        (*out)[r] = (Told){r, s->start[r + 1] - s->start[r]};
    qsort(*out, s->row_count, sizeof **out, by_length);
    return OK;
}

static Status tell_equations(AttackJob *job, Error *err)
{
    const TablesSystem *s = &job->system;
    Told *told;
    VEC(AuditTerm) terms = {0};
    Buf words;
    TRY(order_equations(job, &told, err));
    buf_init(&words, 1 << 16);
    Status st = OK;
    for (uint32_t k = 0; k < s->row_count && st == OK; k++) {
        uint32_t r = told[k].row;
        terms.len = 0;
        for (uint32_t i = s->start[r]; i < s->start[r + 1] && st == OK; i++)
            st = vec_push(&terms, ((AuditTerm){s->cell[i], s->coef[i]}), err);
        buf_reset(&words);
        tables_equation_words(s, r, &words);
        const AuditFact fact = {.kind = AUDIT_RANGE, .a = {terms.at, terms.len}, .says = buf_slice(&words)};
        if (st == OK)
            st = audit_fact(job->audit, &fact, NULL, err);
    }
    vec_free(&terms);
    buf_free(&words);
    return st;
}

/* --- printed columns ---------------------------------------------------------------------------------------------- */

typedef struct Telling {
    AttackJob *job;
    uint32_t table, row;
    const TablesTable *t;
    Buf says;
} Telling;

static uint32_t cell_at(const Telling *w, uint32_t row, uint32_t column)
{
    return w->t->cell[(size_t)row * w->t->column_count + column];
}

static void say(Telling *w, uint32_t column)
{
    buf_reset(&w->says);
    buf_addf(&w->says, "%.*s, row %u, %.*s", SLICE_ARG(w->t->file), w->t->csv_row[w->row] + 2,
        SLICE_ARG(w->t->columns[column].name));
    if (w->t->wide_dimension != TABLES_NONE) {
        const TablesDimension *d = &w->job->set.dimensions[w->t->wide_dimension];
        uint32_t code = w->t->at[(size_t)w->row * w->job->set.dimension_count + w->t->wide_dimension];
        buf_addf(&w->says, " (%.*s)", SLICE_ARG(d->codes[code]));
    }
}

static Status tell_number(Telling *w, uint32_t column, const TablesValue *v, Error *err)
{
    AuditTerm term;
    uint32_t cell = cell_at(w, w->row, column);
    if (cell == TABLES_NONE)
        return OK;
    AuditFact fact = {.kind = AUDIT_RANGE,
        .a = one(&term, cell),
        .low = v->low,
        .high = v->high == INT64_MAX ? AUDIT_ENDLESS : v->high,
        .says = buf_slice(&w->says)};
    return audit_fact(w->job->audit, &fact, NULL, err);
}

static bool is_zero(const Telling *w, uint32_t cell)
{
    const TablesValue *v = &w->job->system.cells[cell].value;
    return v->mark == TABLES_STRUCTURAL || (v->mark == TABLES_EXACT && v->low == 0);
}

/* high >= 100 k / n without saying that there is anybody: 2 * 100 * unit * k <= (2 high + 1) n, and 2 high where the
 * end is no rounded number. Whether nobody of the group has the outcome is asked all the same. */
static Status tell_rate_of_nobody(Telling *w, uint32_t k, uint32_t n, const TablesValue *v, Error *err)
{
    int32_t unit = 1;
    AuditTerm a, b;
    for (uint8_t i = 0; i < v->decimals; i++)
        unit *= 10;
    int32_t high = v->high < INT64_C(100) * unit ? (int32_t)v->high : 100 * unit;
    const AuditTerm terms[] = {{k, 200 * unit}, {n, -2 * high - (v->mark == TABLES_EXACT ? 1 : 0)}};
    const AuditFact fact = {.kind = AUDIT_RANGE,
        .a = {terms, COUNT_OF(terms)},
        .low = -AUDIT_ENDLESS,
        .high = 0,
        .says = buf_slice(&w->says)};
    TRY(audit_fact(w->job->audit, &fact, NULL, err));
    return audit_group(w->job->audit, buf_slice(&w->says), one(&a, k), one(&b, n), NULL, err);
}

static bool may_be_of_nobody(const Telling *w, uint32_t n, const TablesValue *v)
{
    const TablesValue *people = &w->job->system.cells[n].value;
    return w->job->set.nobody_has_rates && v->low == 0 && v->decimals <= RATE_DECIMALS &&
           people->mark != TABLES_EXACT && people->low <= 0;
}

static Status tell_rate(Telling *w, uint32_t column, const TablesValue *v, Error *err)
{
    const TablesColumn *c = &w->t->columns[column];
    uint32_t k = cell_at(w, w->row, c->numerator), n = cell_at(w, w->row, c->denominator);
    AuditTerm a, b;
    if (k == TABLES_NONE || n == TABLES_NONE || is_zero(w, n)) /* 0.0 % of nobody is printed by some */
        return OK;
    if (may_be_of_nobody(w, n, v))
        return tell_rate_of_nobody(w, k, n, v, err);
    AuditFact fact = {.kind = AUDIT_RATE,
        .a = one(&a, k),
        .b = one(&b, n),
        .low = v->low,
        .high = v->high,
        .per = 100,
        .decimals = v->decimals,
        .rounding = v->mark == TABLES_RANGE ? AUDIT_BETWEEN : AUDIT_HALF_EITHER,
        .says = buf_slice(&w->says)};
    return audit_fact(w->job->audit, &fact, NULL, err);
}

/* Totals are counted in hundredths: mean * 100 = total / people. */
static Status tell_mean(Telling *w, uint32_t column, const TablesValue *v, Error *err)
{
    const TablesColumn *c = &w->t->columns[column];
    uint32_t total = cell_at(w, w->row, c->total), n = cell_at(w, w->row, c->denominator);
    AuditTerm a, b;
    if (total == TABLES_NONE || n == TABLES_NONE || v->mark != TABLES_EXACT || is_zero(w, n) || v->decimals > 6)
        return OK;
    int64_t scale = v->decimals == 0 ? 100 : v->decimals == 1 ? 10 : 1;
    if (v->low > MEAN_MAX || v->low < -MEAN_MAX) {
        error_set(err, ERR_INVALID, "the mean is too large");
        Slice file = w->t->file;
        error_at(err, file.ptr, w->t->csv_row[w->row] + 2, NULL);
        return ERR_INVALID;
    }
    AuditFact fact = {.kind = AUDIT_MEAN,
        .a = one(&a, total),
        .b = one(&b, n),
        .low = (v->low * 10 - 5) * scale,
        .high = (v->low * 10 + 5) * scale,
        .per = 1,
        .decimals = (uint8_t)(v->decimals > 2 ? v->decimals - 1 : 1),
        .rounding = AUDIT_BETWEEN,
        .says = buf_slice(&w->says)};
    return audit_fact(w->job->audit, &fact, NULL, err);
}

/* The row that stands where this one does, but at the reference's code. */
static uint32_t reference_row(const Telling *w, const TablesColumn *gap)
{
    uint32_t dimensions = w->job->set.dimension_count;
    const uint32_t *here = w->t->at + (size_t)w->row * dimensions;
    for (uint32_t r = 0; r < w->t->row_count; r++) {
        const uint32_t *there = w->t->at + (size_t)r * dimensions;
        bool same = there[gap->reference_dimension] == gap->reference_code;
        for (uint32_t d = 0; d < dimensions && same; d++)
            same = d == gap->reference_dimension || here[d] == there[d];
        if (same)
            return r;
    }
    return TABLES_NONE;
}

static Status tell_gap(Telling *w, uint32_t column, const TablesValue *v, Error *err)
{
    bool needed = w->t->columns[column].kind == TABLES_NEEDED;
    const TablesColumn *gap = &w->t->columns[needed ? w->t->columns[column].total : column];
    const TablesColumn *rate = &w->t->columns[gap->numerator];
    uint32_t other = reference_row(w, gap);
    if (other == TABLES_NONE || other == w->row || v->mark != TABLES_EXACT)
        return OK;
    uint32_t k = cell_at(w, w->row, rate->numerator), n = cell_at(w, w->row, rate->denominator);
    uint32_t rk = cell_at(w, other, rate->numerator), rn = cell_at(w, other, rate->denominator);
    if (k == TABLES_NONE || n == TABLES_NONE || rk == TABLES_NONE || rn == TABLES_NONE || is_zero(w, n) ||
        is_zero(w, rn))
        return OK;
    AuditTerm a, b, c, d;
    AuditFact fact = {.kind = needed ? AUDIT_NEEDED : AUDIT_GAP,
        .a = one(&a, k),
        .b = one(&b, n),
        .c = one(&c, rk),
        .d = one(&d, rn),
        .low = v->low,
        .high = v->high,
        .per = needed ? 0 : 100,
        .decimals = v->decimals,
        .rounding = AUDIT_HALF_EITHER,
        .says = buf_slice(&w->says)};
    return audit_fact(w->job->audit, &fact, NULL, err);
}

/* A percentile is of somebody. */
static Status tell_median(Telling *w, uint32_t column, Error *err)
{
    uint32_t n = cell_at(w, w->row, w->t->columns[column].denominator);
    AuditTerm a;
    if (n == TABLES_NONE || is_zero(w, n))
        return OK;
    AuditFact fact = {
        .kind = AUDIT_RANGE, .a = one(&a, n), .low = 1, .high = AUDIT_ENDLESS, .says = buf_slice(&w->says)};
    return audit_fact(w->job->audit, &fact, NULL, err);
}

static Status tell_cell(Telling *w, uint32_t column, Error *err)
{
    const TablesValue *v = &w->t->values[(size_t)w->row * w->t->column_count + column];
    if (v->mark != TABLES_EXACT && v->mark != TABLES_RANGE)
        return OK;
    say(w, column);
    switch (w->t->columns[column].kind) {
    case TABLES_COUNT:
    case TABLES_TOTAL:
        return tell_number(w, column, v, err);
    case TABLES_RATE:
        return tell_rate(w, column, v, err);
    case TABLES_MEAN:
        return tell_mean(w, column, v, err);
    case TABLES_GAP:
    case TABLES_NEEDED:
        return tell_gap(w, column, v, err);
    case TABLES_MEDIAN:
        return tell_median(w, column, err);
    case TABLES_HELPER:
        break;
    }
    return OK;
}

static Status tell_tables(AttackJob *job, Error *err)
{
    Telling w = {.job = job};
    buf_init(&w.says, 1 << 16);
    Status st = OK;
    for (w.table = 0; w.table < job->set.table_count && st == OK; w.table++) {
        w.t = &job->set.tables[w.table];
        for (w.row = 0; w.row < w.t->row_count && st == OK; w.row++)
            for (uint32_t c = 0; c < w.t->column_count && st == OK; c++)
                st = tell_cell(&w, c, err);
    }
    buf_free(&w.says);
    return st;
}

/* --- verdicts ----------------------------------------------------------------------------------------------------- */

static bool is_small(const AttackOptions *o, const TablesSet *set, const TablesCell *c, int64_t value)
{
    const TablesQuantity *q = &set->quantities[c->quantity];
    if (!o->policy || q->is_total || value <= 0)
        return false;
    const ProtectionRules *r = &o->policy->rules;
    return value < (q->is_complement ? r->min_complement : q->is_part ? r->min_numerator : r->min_n);
}

static AttackVerdict judge(const AttackOptions *o, const AttackJob *job, uint32_t cell, const AuditInference *i)
{
    const TablesCell *c = &job->system.cells[cell];
    bool known = c->value.mark == TABLES_EXACT || c->value.mark == TABLES_STRUCTURAL;
    bool unprinted = !known && !c->printed; /* a count that the publisher never meant to print or to hide */
    if (i->finding == AUDIT_CLASH)
        return ATTACK_CONTRADICTION;
    if (known || i->finding == AUDIT_PRINTED)
        return is_small(o, &job->set, c, c->value.low) ? ATTACK_SMALL : ATTACK_PRINTED;
    if (unprinted)
        return i->finding == AUDIT_EXACT && is_small(o, &job->set, c, i->low) ? ATTACK_EXACT
               : i->finding == AUDIT_EXACT                                    ? ATTACK_PRINTED
                                                                              : ATTACK_SAFE;
    switch (i->finding) {
    case AUDIT_EXACT:
        return ATTACK_EXACT;
    case AUDIT_NARROW:
        return ATTACK_NARROW;
    case AUDIT_UNSURE:
        return ATTACK_UNPROVEN;
    default:
        return ATTACK_SAFE;
    }
}

static void count(AttackJob *job, uint32_t cell)
{
    AttackTally *t = &job->tally;
    const TablesCell *c = &job->system.cells[cell];
    AttackVerdict v = job->verdict[cell];
    if (c->table != TABLES_NONE && c->printed) {
        t->cells++;
        t->hidden += c->value.mark == TABLES_HIDDEN || c->value.mark == TABLES_RANGE;
    }
    t->exact += v == ATTACK_EXACT;
    t->narrow += v == ATTACK_NARROW;
    t->unproven += v == ATTACK_UNPROVEN;
    t->small += v == ATTACK_SMALL;
    t->contradictions += v == ATTACK_CONTRADICTION;
}

/* No system, no verdicts: what the markers say of each row. */
static Status count_alone(AttackJob *job, Error *err)
{
    TRY(arena_new(&job->arena, AttackVerdict, job->system.cell_count, &job->verdict, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++)
        count(job, i);
    return attack_markers(job, err);
}

static Status judge_all(AttackJob *job, const AttackOptions *o, Error *err)
{
    TRY(arena_new(&job->arena, AttackVerdict, job->system.cell_count, &job->verdict, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        job->verdict[i] = judge(o, job, i, &job->result.unknowns[i]);
        count(job, i);
    }
    for (size_t i = 0; i < job->result.group_count; i++)
        if (job->result.groups[i].attribute == AUDIT_ATTRIBUTE_UNSURE)
            job->tally.groups_unproven++;
        else
            job->tally.groups++;
    return OK;
}

static Status ask_for(AttackJob *job, const AttackOptions *o, AuditAsk *ask, Error *err)
{
    uint8_t *asked;
    if (o->cells == ATTACK_ALL_CELLS)
        return OK;
    ASSERT(!o->policy); /* it says which of the others are small */
    TRY(arena_new(&job->arena, uint8_t, (size_t)job->system.cell_count + 1, &asked, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++)
        asked[i] = job->system.cells[i].printed;
    ask->asked = asked;
    return OK;
}

static Status write_proof(const AttackJob *job, const AuditOffered *kept, Buf *out, Error *err)
{
    char id[SHA256_HEX_SIZE];
    TRY(audit_system_id(job->audit, id, err));
    return audit_proof_write(kept, id, out, err);
}

/* With proofs, the one that is given and the one that is asked for. */
static Status run_audit(AttackJob *job, const AttackOptions *o, AuditAsk *ask, Error *err)
{
    AuditOffered *offered, *kept = NULL;
    char id[SHA256_HEX_SIZE] = "", of[SHA256_HEX_SIZE];
    TRY(proof_read(o->given_proof, o->given_name, &offered, &job->proof, of, err));
    Status st = offered ? audit_system_id(job->audit, id, err) : OK;
    job->proof.foreign = offered && of[0] && strcmp(id, of) != 0;
    if (st == OK && o->proof)
        st = audit_offered_new(&kept, err);
    ask->offered = offered;
    ask->kept = kept;
    if (st == OK)
        st = audit_run(job->audit, ask, &job->result, err);
    job->proof.held = job->result.held;
    if (st == OK && kept)
        st = write_proof(job, kept, o->proof, err);
    audit_offered_free(offered);
    audit_offered_free(kept);
    return st;
}

static Status attack(
    Slice header, const char *name, TablesLoad load, void *ctx, const AttackOptions *o, AttackJob *job, Error *err)
{
    TRY(tables_read(header, name, load, ctx, TABLES_AS_PUBLISHED, &job->set, err));
    TRY(tables_system(&job->set, TABLES_AS_PUBLISHED, &job->system, err));
    if (o->rows_alone)
        return count_alone(job, err);
    TRY(audit_system_new(&job->audit, err));
    TRY(name_unknowns(job, err));
    TRY(tell_tables(job, err));
    TRY(tell_equations(job, err));
    AuditAsk ask = AUDIT_ASK_INIT;
    ask.min_possible = o->min_possible;
    ask.depth = o->depth;
    ask.explain_limit = o->explain_limit;
    ask.conflicts = o->conflicts;
    ask.explain_most = o->explain_most;
    TRY(ask_for(job, o, &ask, err));
    ask.effort = o->effort;
    TRY(run_audit(job, o, &ask, err));
    TRY(judge_all(job, o, err));
    return attack_markers(job, err);
}

Status attack_run(Slice header, const char *name, TablesLoad load, void *ctx, const AttackOptions *options,
    AttackJob *out, Error *err)
{
    *out = (AttackJob){0};
    arena_init(&out->arena, 0);
    return attack(header, name, load, ctx, options, out, err);
}

void attack_free(AttackJob *job)
{
    audit_result_free(&job->result);
    audit_system_free(job->audit);
    tables_system_free(&job->system);
    tables_free(&job->set);
    arena_free(&job->arena);
    *job = (AttackJob){0};
}
