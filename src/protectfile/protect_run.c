/*
 * One job from text to protected cells: read, check, mark, suppress, audit, print, and attack what was printed as an
 * outsider has it. Only then may anything be written.
 */
#include "protectfile/attack.h"
#include "protectfile/lanes.h"
#include "protectfile/pattern.h"
#include "protectfile/protect_impl.h"

#define PUBLISHED_HEADER "the published header"
#define EXPLAIN_LIMIT 60

static Status find_rest(ProtectJob *job, Error *err)
{
    const TablesSystem *s = &job->system;
    uint32_t *from;
    TRY(arena_new(&job->arena, uint32_t, s->cell_count + (size_t)2, &from, err));
    for (uint32_t i = 0; i < s->cell_count; i++)
        if (s->cells[i].part != TABLES_NONE)
            from[s->cells[i].part + 2]++;
    for (uint32_t i = 2; i < s->cell_count + 2; i++)
        from[i] += from[i - 1];
    TRY(arena_new(&job->arena, uint32_t, from[s->cell_count + 1] + (size_t)1, &job->rest, err));
    for (uint32_t i = 0; i < s->cell_count; i++)
        if (s->cells[i].part != TABLES_NONE)
            job->rest[from[s->cells[i].part + 1]++] = i;
    job->rest_from = from;
    return OK;
}

uint32_t protect_rest(const ProtectJob *job, uint32_t part, uint32_t whole)
{
    for (uint32_t i = job->rest_from[part]; i < job->rest_from[part + 1]; i++)
        if (job->system.cells[job->rest[i]].whole == whole)
            return job->rest[i];
    return TABLES_NONE;
}

static Status find_rules(ProtectJob *job, Error *err)
{
    TRY(protection_check_tables(job->policy, &job->set, err));
    TRY(arena_new(&job->arena, ProtectionRules, job->set.table_count, &job->rules, err));
    for (uint32_t t = 0; t < job->set.table_count; t++)
        TRY(protection_rules(job->policy, job->set.tables[t].name, &job->rules[t], err));
    return OK;
}

/* What stands for a hidden figure must not mean something else in the same tables. */
static Status check_mark(const ProtectJob *job, Error *err)
{
    for (size_t i = 0; i < job->set.marker_count; i++) {
        const TablesMarker *m = &job->set.markers[i];
        if (m->value.mark != TABLES_HIDDEN && slice_eq(m->text, slice_trim(job->policy->suppressed)))
            return error_set(err, ERR_INVALID,
                "\"%.*s\" is the policy's mark of suppressed cells, and a marker of another meaning in the header",
                SLICE_ARG(m->text));
    }
    return OK;
}

/* Base names become names in one folder, beside files of our own: two must not meet there. Asked before anything else,
 * for a table that is refused after a budget has paid for it is paid for and not there. */
static Status check_names(const TablesSet *set, Error *err)
{
    static const char *const own[] = {"tables.toml", "audit.json", "errors.csv", "inside"};
    for (uint32_t i = 0; i < set->table_count; i++) {
        Slice name = tables_base_name(set->tables[i].file), file;
        bool taken = name.len == 0;
        if (set->tables[i].released)
            continue;
        for (size_t k = 0; k < COUNT_OF(own); k++)
            taken = taken || slice_eq_z(name, own[k]);
        for (uint32_t k = 0; k < i; k++)
            taken = taken || (!set->tables[k].released && slice_eq(tables_base_name(set->tables[k].file), name));
        for (size_t k = 0; tables_code_file(set, k, &file); k++)
            taken = taken || slice_eq(tables_base_name(file), name);
        if (taken)
            return error_set(err, ERR_INVALID, "two files would be written as %.*s", SLICE_ARG(name));
    }
    return OK;
}

/* --- the outsider ------------------------------------------------------------------------------------------------- */

typedef struct Printed {
    const ProtectJob *job;
    TablesLoad load;
    void *ctx;
    Buf *csv; /* one a table */
} Printed;

/* Published tables, those of earlier releases among them, from memory; code lists from where they are. */
static Status load_printed(void *ctx, Slice name, Arena *arena, Slice *text, Error *err)
{
    const Printed *p = ctx;
    uint32_t earlier = tables_earlier(&p->job->set, name);
    if (earlier != TABLES_NONE) {
        *text = buf_slice(&p->csv[earlier]);
        return OK;
    }
    for (uint32_t t = 0; t < p->job->set.table_count; t++)
        if (!p->job->set.tables[t].released && slice_eq(tables_base_name(p->job->set.tables[t].file), name)) {
            *text = buf_slice(&p->csv[t]);
            return OK;
        }
    Slice file = name;
    for (size_t i = 0; tables_code_file(&p->job->set, i, &file); i++)
        if (slice_eq(tables_base_name(file), name))
            break;
    return p->load(p->ctx, file, arena, text, err);
}

static uint32_t column_named(const TablesTable *t, Slice name)
{
    for (uint32_t c = 0; c < t->column_count; c++)
        if (t->columns[c].kind != TABLES_HELPER && slice_eq(t->columns[c].name, name))
            return c;
    return TABLES_NONE;
}

/* The cell of the job that a cell of the attack is: rows stand in the same order. */
static uint32_t own_cell(const ProtectJob *job, const AttackJob *attack, uint32_t cell)
{
    const TablesCell *c = &attack->system.cells[cell];
    if (c->table == TABLES_NONE && c->part != TABLES_NONE) {
        uint32_t part = own_cell(job, attack, c->part);
        return part == TABLES_NONE ? TABLES_NONE : protect_rest(job, part, own_cell(job, attack, c->whole));
    }
    for (uint32_t t = 0; c->table != TABLES_NONE && t < job->set.table_count; t++) {
        const TablesTable *own = &job->set.tables[t], *theirs = &attack->set.tables[c->table];
        if (!slice_eq(own->name, theirs->name))
            continue;
        uint32_t column = column_named(own, theirs->columns[c->column].name);
        return column == TABLES_NONE ? TABLES_NONE : own->cell[(size_t)c->row * own->column_count + column];
    }
    return TABLES_NONE;
}

static const char *found_words(AuditFinding f)
{
    return f == AUDIT_CLASH                       ? "finds that they contradict themselves at"
           : f == AUDIT_EXACT                     ? "finds out"
           : f == AUDIT_OPEN || f == AUDIT_NARROW ? "comes nearer than the rules allow to"
                                                  : "cannot show to be hidden";
}

/* A group that no table has, because only sums that share it are told: the rules ask as much of it as of any other. */
static bool is_small_inferred(const ProtectJob *job, const AttackJob *attack, uint32_t cell)
{
    const TablesCell *cells = attack->system.cells, *c = &cells[cell];
    const TablesQuantity *q = &attack->set.quantities[c->quantity];
    const ProtectionRules *r = &job->policy->rules;
    const AuditInference *i = &attack->result.unknowns[cell];
    bool inferred = c->inferred || (c->part != TABLES_NONE && (cells[c->part].inferred || cells[c->whole].inferred));
    bool known = i->finding == AUDIT_EXACT || i->finding == AUDIT_UNSURE;
    int64_t minimum = q->is_complement ? r->min_complement : q->is_part ? r->min_numerator : r->min_n;
    return inferred && known && !q->is_total && i->high > 0 && i->low < minimum;
}

/* What follows leaves the cell less room than its rule asks for: earlier rates beside a hidden size do that. */
static bool is_too_near(const SdcCell *c, const AuditInference *i)
{
    return i->low > c->value - c->lpl || i->high < c->value + c->upl;
}

/* The first cell from one on that is found out; TABLES_NONE. A complement may be, as long as no sensitive cell is: it
 * is there to blur others. What the attack could not decide counts as found. */
static uint32_t found(const ProtectJob *job, const AttackJob *attack, uint32_t from)
{
    for (uint32_t i = from; i < attack->system.cell_count; i++) {
        const AuditInference *what = &attack->result.unknowns[i];
        AuditFinding f = what->finding;
        bool open = f == AUDIT_EXACT || f == AUDIT_CLASH || f == AUDIT_UNSURE;
        uint32_t own = own_cell(job, attack, i);
        if (f == AUDIT_CLASH || is_small_inferred(job, attack, i))
            return i;
        if (own == TABLES_NONE)
            continue;
        const SdcCell *c = &job->problem.cells[own];
        if ((open && (c->status == SDC_SENSITIVE || lanes_guards(job, own))) ||
            (c->status == SDC_SENSITIVE && is_too_near(c, what)))
            return i;
    }
    return TABLES_NONE;
}

/* With what it follows from: for that the printed tables are attacked once more. */
static Status refuse_found(const char *header, Printed *p, const AttackOptions *quick, uint32_t cell, Error *err)
{
    AttackOptions o = *quick;
    AttackJob attack = {0};
    Buf words, why;
    buf_init(&words, 1 << 16);
    buf_init(&why, 1 << 20);
    o.explain_limit = EXPLAIN_LIMIT;
    Status st = attack_run(slice_of(header), PUBLISHED_HEADER, load_printed, p, &o, &attack, err);
    if (st == OK) {
        tables_cell_words(&attack.system, cell, &words);
        st = audit_explain(attack.audit, &attack.result.unknowns[cell], &why, err);
    }
    if (st == OK)
        st = error_set(err, ERR_DENIED, "the audit of the printed tables %s [%.150s]; nothing was written. %.350s",
            found_words(attack.result.unknowns[cell].finding), buf_z(&words), buf_z(&why));
    buf_free(&words);
    buf_free(&why);
    attack_free(&attack);
    return st;
}

/* Whether outsiders may know of a cell what the system that was protected does not say: from what earlier releases
 * print of rates, or from sums that share parts which no table has. Then each interval is worked out; otherwise the
 * first attack has seen to it. */
static bool may_know_more(const TablesSet *set)
{
    for (uint32_t t = 0; t < set->table_count; t++)
        if (set->tables[t].released)
            return true;
    for (uint32_t d = 0; d < set->dimension_count; d++)
        for (uint32_t s = 0; s < set->dimensions[d].sum_count; s++)
            if (set->dimensions[d].sums[s].hierarchy != set->dimensions[d].sums[0].hierarchy)
                return true;
    return false;
}

/* As it would be printed now. */
static Status print_all(ProtectJob *job, Printed *p, Buf *header, Error *err)
{
    buf_reset(header);
    for (uint32_t t = 0; t < job->set.table_count; t++) {
        buf_reset(&p->csv[t]);
        TRY(protect_csv(job, t, &p->csv[t], err));
    }
    return protect_header_of_all(job, header, err);
}

static Status print_and_attack(
    ProtectJob *job, Printed *p, const AttackOptions *o, Buf *header, AttackJob *out, Error *err)
{
    TRY(print_all(job, p, header, err));
    return attack_run(buf_slice(header), PUBLISHED_HEADER, load_printed, p, o, out, err);
}

/* What is out already tells by itself, rates among it, is as much as a cell may be known. */
static void lower_levels(ProtectJob *job, const AttackJob *out_alone)
{
    for (uint32_t i = 0; i < out_alone->system.cell_count; i++) {
        uint32_t own = own_cell(job, out_alone, i);
        const AuditInference *what = &out_alone->result.unknowns[i];
        if (own == TABLES_NONE || job->problem.cells[own].status != SDC_SENSITIVE)
            continue;
        known_lower(&job->problem.cells[own], what->low, what->high);
    }
}

/* Everything hidden that may be, codes too. */
static Status allow_printed(ProtectJob *job, Printed *p, const AttackOptions *o, Buf *header, Error *err)
{
    SdcStatus *status;
    uint8_t *coded;
    AttackJob alone = {0};
    uint32_t n = job->problem.cell_count;
    TRY(arena_new(&job->arena, SdcStatus, (size_t)n + 1, &status, err));
    TRY(arena_new(&job->arena, uint8_t, (size_t)n + 1, &coded, err));
    for (uint32_t i = 0; i < n; i++) {
        status[i] = job->problem.cells[i].status;
        coded[i] = job->cells[i].coded;
        job->cells[i].coded = false;
        if (status[i] == SDC_OPEN)
            job->problem.cells[i].status = SDC_SECONDARY;
    }
    Status st = print_and_attack(job, p, o, header, &alone, err);
    for (uint32_t i = 0; i < n; i++) {
        job->problem.cells[i].status = status[i];
        job->cells[i].coded = coded[i];
    }
    if (st == OK)
        lower_levels(job, &alone);
    attack_free(&alone);
    /* a refusal explains what would leave */
    return st == OK ? print_all(job, p, header, err) : st;
}

/* All figures of each sum that the cell is in. */
static bool hide_near(ProtectJob *job, const Rows *rows, uint32_t cell)
{
    const SdcProblem *p = &job->problem;
    bool hidden = false;
    for (uint32_t k = rows->from[cell]; k < rows->from[cell + 1]; k++)
        for (uint32_t i = p->start[rows->row[k]]; i < p->start[rows->row[k] + 1]; i++) {
            uint32_t other = p->cell[i];
            if (p->cells[other].status != SDC_OPEN)
                continue;
            hidden = true;
            p->cells[other].status = SDC_SECONDARY;
            job->cells[other].reason = REASON_COMPLEMENT;
            job->cells[other].protects = cell;
            job->stats.repairs++;
        }
    return hidden;
}

/* Around each cell that is found out. */
static Status hide_more(ProtectJob *job, const AttackJob *attack, bool *hidden, Error *err)
{
    Rows rows;
    Status st = rows_make(&job->problem, &rows, err);
    for (uint32_t i = found(job, attack, 0); i != TABLES_NONE && st == OK; i = found(job, attack, i + 1)) {
        uint32_t own = own_cell(job, attack, i);
        *hidden = (own != TABLES_NONE && hide_near(job, &rows, own)) || *hidden;
    }
    suppressing_count(job);
    rows_free(&rows);
    return st;
}

#define ROUNDS 4 /* of hiding more, each an attack of everything that is printed */

/* What an outsider finds in the bytes that would leave beside those that are out already, and in nothing else. Where
 * what is out may be known, it is no reason to refuse; what only both together tell costs the figures around it, as
 * long as there are any. */
static Status attack_until(
    ProtectJob *job, Printed *p, const AttackOptions *o, const ProtectOptions *options, Buf *header, Error *err)
{
    for (unsigned round = 0;; round++) {
        AttackJob attack = {0};
        bool again = false;
        Status st = print_and_attack(job, p, o, header, &attack, err);
        uint32_t cell = st == OK ? found(job, &attack, 0) : TABLES_NONE;
        job->stats.attacked = attack.tally.hidden;
        if (cell != TABLES_NONE && options->known_allowed && round == 0) {
            st = allow_printed(job, p, o, header, err);
            cell = st == OK ? found(job, &attack, 0) : TABLES_NONE;
        }
        if (cell != TABLES_NONE && options->known_allowed && round < ROUNDS)
            st = hide_more(job, &attack, &again, err);
        attack_free(&attack);
        if (st != OK || cell == TABLES_NONE)
            return st;
        if (!again)
            return refuse_found(buf_z(header), p, o, cell, err);
    }
}

static Status attack_printed(ProtectJob *job, Printed *p, const ProtectOptions *options, Error *err)
{
    Buf header;
    AttackOptions o = ATTACK_OPTIONS_INIT;
    buf_init(&header, 0);
    o.min_possible = 2;
    o.explain_limit = 0;
    o.depth = may_know_more(&job->set) ? AUDIT_INTERVALS : AUDIT_LEVELS;
    o.effort.threads = options->threads;
    Status st = attack_until(job, p, &o, options, &header, err);
    buf_free(&header);
    return st;
}

static Status printed_new(Printed *p, Error *err)
{
    TRY(mem_zalloc((size_t)p->job->set.table_count + 1, sizeof *p->csv, (void **)&p->csv, err));
    for (uint32_t t = 0; t < p->job->set.table_count; t++)
        buf_init(&p->csv[t], 0);
    return OK;
}

static void printed_free(Printed *p)
{
    for (uint32_t t = 0; t < p->job->set.table_count; t++)
        buf_free(&p->csv[t]);
    mem_free(p->csv);
}

static Status attack_outside(ProtectJob *job, TablesLoad load, void *ctx, const ProtectOptions *options, Error *err)
{
    Printed p = {.job = job, .load = load, .ctx = ctx};
    TRY(printed_new(&p, err));
    Status st = attack_printed(job, &p, options, err);
    printed_free(&p);
    return st;
}

/* --- a proof for outsiders -----------------------------------------------------------------------------------------
 */

static Status prove(const ProtectJob *job, Printed *p, unsigned threads, Buf *header, Buf *out, Error *err)
{
    AttackOptions o = ATTACK_OUTSIDER_INIT;
    AttackJob attack = {0};
    o.explain_limit = 0;
    o.effort.threads = threads;
    o.proof = out;
    for (uint32_t t = 0; t < job->set.table_count; t++)
        TRY(protect_csv(job, t, &p->csv[t], err));
    TRY(protect_header(job, header, err));
    Status st = attack_run(buf_slice(header), PUBLISHED_HEADER, load_printed, p, &o, &attack, err);
    attack_free(&attack);
    return st;
}

Status protect_proof(const ProtectJob *job, TablesLoad load, void *ctx, unsigned threads, Buf *out, Error *err)
{
    Buf header;
    Printed p = {.job = job, .load = load, .ctx = ctx};
    TRY(printed_new(&p, err));
    buf_init(&header, 0);
    Status st = prove(job, &p, threads, &header, out, err);
    buf_free(&header);
    printed_free(&p);
    return st;
}

static Status run(Slice header, const char *name, TablesLoad load, void *ctx, const ProtectOptions *options,
    ProtectJob *job, Error *err)
{
    TRY(tables_read(header, name, load, ctx, TABLES_TRUE_VALUES, &job->set, err));
    TRY(check_names(&job->set, err));
    TRY(check_mark(job, err));
    TRY(tables_system(&job->set, TABLES_TRUE_VALUES, &job->system, err));
    TRY(tables_problem(&job->system, &job->problem, err));
    TRY(figures_check(job, err));
    TRY(find_rest(job, err));
    TRY(find_rules(job, err));
    TRY(arena_new(&job->arena, ProtectedCell, job->system.cell_count, &job->cells, err));
    TRY(lanes_prepare(job, load, ctx, options, err));
    TRY(primary_mark(job, err));
    lanes_unmark(job);
    if (options->known_allowed)
        TRY(known_allow(job, options, err));
    TRY(cost_set(job, err));
    TRY(suppressing(job, options, err));
    TRY(lanes_change(job, options, err));
    TRY(attack_outside(job, load, ctx, options, err));
    return lanes_spend(job, options, err);
}

Status protect_job_run(Slice header, const char *name, TablesLoad load, void *ctx, const ProtectionPolicy *policy,
    const ProtectOptions *options, ProtectJob *out, Error *err)
{
    *out = (ProtectJob){.policy = policy};
    arena_init(&out->arena, 0);
    return run(header, name, load, ctx, options, out, err);
}

void protect_job_free(ProtectJob *job)
{
    sdc_free(&job->problem);
    tables_system_free(&job->system);
    tables_free(&job->set);
    arena_free(&job->arena);
    *job = (ProtectJob){0};
}
