/*
 * Primary rules: which cells give somebody away by themselves, and how wide the attacker's interval must be.
 *
 * Levels: somebody who sees the protected tables may neither learn that a small group has fewer than the minimum nor
 * exclude that it is smaller than it is (upl = minimum - value, lpl = 1). For money the levels are those of the rule
 * that the total fails (SDC handbook, Hundepool et al. 2012, 4.2.2): p% asks X - x1 - x2 >= p/100 x1, (n,k) asks
 * x1 + ... + xn <= k/100 X. Everything is compared in integers.
 */
#include "protectfile/lanes.h"
#include "protectfile/protect_impl.h"

static bool is_denominator(const TablesSet *set, uint32_t quantity)
{
    for (uint32_t t = 0; t < set->table_count; t++)
        for (uint32_t c = 0; c < set->tables[t].column_count; c++) {
            const TablesColumn *column = &set->tables[t].columns[c];
            bool uses = column->kind == TABLES_RATE || column->kind == TABLES_MEDIAN || column->kind == TABLES_MEAN ||
                        column->kind == TABLES_TOTAL;
            if (uses && set->tables[t].columns[column->denominator].quantity == quantity)
                return true;
        }
    return false;
}

static Status find_roles(ProtectJob *job, Error *err)
{
    const TablesSet *set = &job->set;
    TRY(arena_new(&job->arena, QuantityRole, set->quantity_count, &job->role, err));
    for (uint32_t q = 0; q < set->quantity_count; q++) {
        const TablesQuantity *quantity = &set->quantities[q];
        job->role[q] = quantity->is_total                             ? ROLE_TOTAL
                       : quantity->is_complement                      ? ROLE_COMPLEMENT
                       : !quantity->is_part || is_denominator(set, q) ? ROLE_SIZE
                                                                      : ROLE_NUMERATOR;
    }
    return OK;
}

const ProtectionRules *primary_rules(const ProtectJob *job, uint32_t cell)
{
    const TablesCell *c = &job->system.cells[cell];
    while (c->table == TABLES_NONE && c->part != TABLES_NONE)
        c = &job->system.cells[c->part];
    return c->table == TABLES_NONE ? &job->policy->rules : &job->rules[c->table];
}

static void mark(ProtectJob *job, uint32_t cell, ProtectReason reason, int64_t lpl, int64_t upl)
{
    SdcCell *c = &job->problem.cells[cell];
    /* the first rule that speaks gives the reason, the widest levels count */
    if (c->status != SDC_SENSITIVE)
        job->cells[cell].reason = reason;
    c->status = SDC_SENSITIVE;
    c->lpl = lpl > c->lpl ? lpl : c->lpl;
    c->upl = upl > c->upl ? upl : c->upl;
    if (c->upper < c->value + c->upl)
        c->upper = c->value + c->upl;
}

static void size_rule(ProtectJob *job, uint32_t cell, int64_t minimum, ProtectReason reason)
{
    int64_t v = job->problem.cells[cell].value;
    if (v > 0 && v < minimum)
        mark(job, cell, reason, 1, minimum - v);
}

/* --- employers and money ------------------------------------------------------------------------------------------ */

static bool helper(const ProtectJob *job, const TablesCell *c, uint32_t column, int64_t *out)
{
    if (column == TABLES_NONE)
        return false;
    const TablesTable *t = &job->set.tables[c->table];
    const TablesValue *v = &t->values[(size_t)c->row * t->column_count + column];
    *out = v->low;
    return v->mark == TABLES_EXACT;
}

/* A figure of which the helper's is not told in a row fails the rule: what cannot be shown to be safe is not. */
static void employer_rules(ProtectJob *job, uint32_t cell, const TablesCell *c, const ProtectionRules *r, int64_t level)
{
    const TablesColumn *column = &job->set.tables[c->table].columns[c->column];
    int64_t v = c->value.low, n;
    if (v == 0)
        return;
    /* helpers are kept in hundredths */
    if (r->min_employers > 0 && column->employers != TABLES_NONE &&
        (!helper(job, c, column->employers, &n) || n < r->min_employers * 100))
        mark(job, cell, REASON_EMPLOYERS, level, level);
    int64_t scale = column->kind == TABLES_TOTAL ? 1 : 100;
    if (r->top_employer_max > 0 && column->top_employer != TABLES_NONE &&
        (!helper(job, c, column->top_employer, &n) || (Wide)n * 100 > (Wide)v * scale * r->top_employer_max))
        mark(job, cell, REASON_TOP_EMPLOYER, level, level);
}

static int64_t divide_up(Wide a, int64_t b)
{
    return a <= 0 ? 1 : (int64_t)((a + b - 1) / b);
}

static void money_rules(ProtectJob *job, uint32_t cell, const TablesCell *c, const ProtectionRules *r)
{
    const TablesTable *t = &job->set.tables[c->table];
    const TablesColumn *column = &t->columns[c->column];
    int64_t total = c->value.low, top[TABLES_MAX_TOP] = {0}, sum = 0;
    bool told = true;
    for (uint32_t i = 0; i < column->top_count; i++)
        told = helper(job, c, column->top[i], &top[i]) && told;
    const TablesValue *n = &t->values[(size_t)c->row * t->column_count + column->denominator];
    bool few = n->mark == TABLES_EXACT && n->low > 0 && n->low < r->min_n;
    if (total == 0) {
        if (few) /* nothing is what each of them had */
            mark(job, cell, REASON_FEW, 0, 1);
        return;
    }
    int64_t level = divide_up((Wide)total * (r->p_percent > 0 ? r->p_percent : 10), 100);
    if (few)
        mark(job, cell, REASON_FEW, level, level);
    if (!told && (r->p_percent > 0 || r->dominance_n > 0))
        mark(job, cell, REASON_P_PERCENT, level, level);
    if (r->p_percent > 0 && column->top_count >= 1) {
        Wide off = (Wide)r->p_percent * top[0] - (Wide)100 * (total - top[0] - top[1]);
        if (off > 0)
            mark(job, cell, REASON_P_PERCENT, divide_up(off, 100), divide_up(off, 100));
    }
    for (int64_t i = 0; i < r->dominance_n && i < (int64_t)column->top_count; i++)
        sum += top[i];
    if (r->dominance_n > 0 && r->dominance_k > 0 && column->top_count >= r->dominance_n) {
        Wide off = (Wide)100 * sum - (Wide)r->dominance_k * total;
        if (off > 0)
            mark(job, cell, REASON_DOMINANCE, divide_up(off, r->dominance_k), divide_up(off, r->dominance_k));
    }
    employer_rules(job, cell, c, r, level);
}

/* --- rates that say (nearly) everybody or nobody --------------------------------------------------------------------
 */

/* An earlier release shows it: itself, or both counts between which somebody stands who passes the rules. Groups of
 * others that are too small stay sensitive, and what is out gives them away. */
static bool is_out(const ProtectJob *job, uint32_t cell)
{
    const TablesCell *c = &job->system.cells[cell];
    const SdcCell *p = &job->problem.cells[cell];
    if (c->whole == TABLES_NONE)
        return c->frozen && p->status == SDC_FROZEN;
    return p->value > 0 && p->status != SDC_SENSITIVE && is_out(job, c->part) && is_out(job, c->whole);
}

#define LEFT_NOTHING (-1) /* it is what is left: a cell that is known */

/* A cell, or those of it who are in no part of it; TABLES_NONE. */
static uint32_t rest_or_self(const ProtectJob *job, uint32_t cell, bool rest)
{
    if (!rest)
        return cell;
    return job->rest_from[cell + 1] - job->rest_from[cell] == 1 ? job->rest[job->rest_from[cell]] : TABLES_NONE;
}

static bool is_printed_before(const ProtectJob *job, uint32_t cell)
{
    const TablesCell *c = &job->system.cells[cell];
    if (c->whole == TABLES_NONE)
        return c->frozen;
    return is_printed_before(job, c->part) && is_printed_before(job, c->whole);
}

/* One equation: a whole that is out, less its parts that are out, is all that the others can be. */
static void leave_in_row(const ProtectJob *job, uint32_t row, bool rest, int64_t *left)
{
    const TablesSystem *s = &job->system;
    uint32_t open = 0, whole = rest_or_self(job, s->cell[s->start[row]], rest);
    if (whole == TABLES_NONE || !is_printed_before(job, whole))
        return;
    int64_t most = job->problem.cells[whole].value;
    for (uint32_t i = s->start[row] + 1; i < s->start[row + 1]; i++) {
        uint32_t part = rest_or_self(job, s->cell[i], rest);
        if (part == TABLES_NONE || s->cells[part].quantity != s->cells[whole].quantity)
            return;
        if (is_printed_before(job, part))
            most -= job->problem.cells[part].value;
        else
            open++;
    }
    for (uint32_t i = s->start[row] + 1; i < s->start[row + 1]; i++) {
        uint32_t part = rest_or_self(job, s->cell[i], rest);
        if (!is_printed_before(job, part) && (open == 1 || most < left[part]))
            left[part] = open == 1 ? LEFT_NOTHING : most;
    }
}

/* By cell: the most that what is out leaves of it. */
static Status find_left(ProtectJob *job, int64_t **out, Error *err)
{
    TRY(arena_new(&job->arena, int64_t, (size_t)job->system.cell_count + 1, out, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++)
        (*out)[i] = INT64_MAX;
    for (uint32_t row = 0; row < job->system.row_count; row++) {
        leave_in_row(job, row, false, *out);
        leave_in_row(job, row, true, *out);
    }
    return OK;
}

typedef struct Coding {
    ProtectJob *job;
    const int64_t *left;
} Coding;

/* A coded rate prints that the count lies between 0 and the band: so much everybody knows, and no more. What is out may
 * leave less room than that: the code need not hide what it cannot. */
static void code_count(const Coding *coding, uint32_t cell, int64_t n, const ProtectionBand *band, ProtectReason reason)
{
    ProtectJob *job = coding->job;
    SdcCell *c = &job->problem.cells[cell];
    int64_t most = (int64_t)((Wide)n * band->percent / 100);
    if (is_out(job, cell) || coding->left[cell] == LEFT_NOTHING)
        return;
    most = coding->left[cell] < most ? coding->left[cell] : most;
    mark(job, cell, reason, c->value > 0 ? 1 : 0, most > c->value ? 1 : 0);
    if (c->upper > most)
        c->upper = most;
    if (c->upper < c->value + c->upl)
        c->upl = c->upper - c->value;
}

static void code_rate(const Coding *coding, const TablesTable *t, uint32_t row, const TablesColumn *rate)
{
    ProtectJob *job = coding->job;
    uint32_t k = t->cell[(size_t)row * t->column_count + rate->numerator];
    uint32_t n = t->cell[(size_t)row * t->column_count + rate->denominator];
    if (k == TABLES_NONE || n == TABLES_NONE || job->system.cells[k].value.mark == TABLES_STRUCTURAL)
        return;
    int64_t people = job->problem.cells[n].value, with = job->problem.cells[k].value;
    const ProtectionBand *band = protection_band(job->policy, people);
    if (!band || job->problem.cells[n].status == SDC_SENSITIVE)
        return;
    if ((Wide)with * 100 <= (Wide)people * band->percent) {
        code_count(coding, k, people, band, REASON_NEARLY_NONE);
        job->cells[k].coded = true;
    } else if ((Wide)(people - with) * 100 <= (Wide)people * band->percent) {
        uint32_t rest = protect_rest(job, k, n);
        if (rest == TABLES_NONE)
            return;
        code_count(coding, rest, people, band, REASON_NEARLY_ALL);
        job->cells[k].coded = true;
    }
}

static Status code_rates(ProtectJob *job, Error *err)
{
    int64_t *left;
    TRY(find_left(job, &left, err));
    for (uint32_t t = 0; t < job->set.table_count; t++) {
        const TablesTable *table = &job->set.tables[t];
        for (uint32_t c = 0; c < table->column_count && !table->released; c++)
            for (uint32_t row = 0; row < table->row_count && table->columns[c].kind == TABLES_RATE; row++)
                code_rate(&(Coding){job, left}, table, row, &table->columns[c]);
    }
    return OK;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static bool is_hidden_one(const ProtectJob *job, uint32_t cell)
{
    const TablesCell *c = &job->system.cells[cell];
    return c->value.low == 1 && job->role[c->quantity] == ROLE_SIZE && primary_rules(job, cell)->min_n > 1;
}

/* A part of a group of one is that one person again, or nobody: hiding the group hides it, and she would be taken for
 * an insider who finds out herself. */
bool primary_same_person(const ProtectJob *job, uint32_t cell)
{
    const TablesSystem *s = &job->system;
    if (s->cells[cell].whole != TABLES_NONE)
        return is_hidden_one(job, s->cells[cell].whole);
    for (uint32_t i = job->rest_from[cell]; i < job->rest_from[cell + 1]; i++)
        if (is_hidden_one(job, s->cells[job->rest[i]].whole))
            return true;
    return false;
}

/* By the rules of one table that prints the cell, or of none. */
static void judge(ProtectJob *job, uint32_t cell, const TablesCell *c, const ProtectionRules *r, QuantityRole role)
{
    if (c->value.mark == TABLES_STRUCTURAL)
        return;
    if ((role == ROLE_NUMERATOR || role == ROLE_COMPLEMENT) && primary_same_person(job, cell))
        return;
    switch (role) {
    case ROLE_SIZE:
        size_rule(job, cell, r->min_n, REASON_FEW);
        if (r->hide_zeros && c->value.low == 0 && c->printed)
            mark(job, cell, REASON_ZERO, 0, r->min_n);
        break;
    case ROLE_NUMERATOR:
        size_rule(job, cell, r->min_numerator, REASON_FEW_NUMERATOR);
        break;
    case ROLE_COMPLEMENT:
        size_rule(job, cell, r->min_complement, REASON_FEW_COMPLEMENT);
        break;
    case ROLE_TOTAL:
        if (c->table != TABLES_NONE)
            money_rules(job, cell, c, r);
        break;
    }
    if (role != ROLE_TOTAL && c->table != TABLES_NONE)
        employer_rules(job, cell, c, r, 1);
}

static void judge_first(ProtectJob *job, uint32_t cell)
{
    const TablesCell *c = &job->system.cells[cell];
    judge(job, cell, c, primary_rules(job, cell), job->role[c->quantity]);
}

/* A cell that several tables print must pass the rules of each, and those who are not among it, too. */
static void judge_again(ProtectJob *job, uint32_t table, uint32_t row, uint32_t column)
{
    const TablesTable *t = &job->set.tables[table];
    uint32_t cell = t->cell[(size_t)row * t->column_count + column];
    if (cell == TABLES_NONE || job->system.cells[cell].table == table)
        return;
    TablesCell here = job->system.cells[cell];
    here.table = table;
    here.row = row;
    here.column = column;
    judge(job, cell, &here, &job->rules[table], job->role[here.quantity]);
    for (uint32_t i = job->rest_from[cell]; i < job->rest_from[cell + 1]; i++) {
        const TablesCell *rest = &job->system.cells[job->rest[i]];
        if (rest->table == TABLES_NONE)
            judge(job, job->rest[i], rest, &job->rules[table], job->role[rest->quantity]);
    }
}

static bool is_cell(const TablesColumn *c)
{
    return c->kind == TABLES_COUNT || c->kind == TABLES_TOTAL;
}

static void judge_all(ProtectJob *job)
{
    for (uint32_t i = 0; i < job->system.cell_count; i++)
        judge_first(job, i);
    for (uint32_t t = 0; t < job->set.table_count; t++) {
        const TablesTable *table = &job->set.tables[t];
        for (uint32_t row = 0; row < table->row_count && !table->released; row++)
            for (uint32_t c = 0; c < table->column_count; c++)
                if (is_cell(&table->columns[c]))
                    judge_again(job, t, row, c);
    }
}

/* --- what the rules need to know ------------------------------------------------------------------------------------
 */

static Status lacks(const TablesTable *t, const TablesColumn *c, const char *rule, const char *what, Error *err)
{
    error_set(err, ERR_INVALID,
        "table %.*s, column %.*s: the policy's %s cannot be checked, because the header names no %s",
        SLICE_ARG(t->name), SLICE_ARG(c->name), rule, what);
    return ERR_INVALID;
}

/* A rule that asks for columns nobody named would pass every total. */
static Status check_tops(const TablesTable *t, const TablesColumn *c, const ProtectionRules *r, Error *err)
{
    if (r->p_percent > 0 && c->top_count < 2)
        return lacks(t, c, "p_percent", "two columns as top", err);
    if (r->dominance_n > 0 && r->dominance_k > 0 && c->top_count < r->dominance_n)
        return lacks(t, c, "dominance_n", "so many columns as top", err);
    return OK;
}

static Status check_total(const TablesTable *t, const TablesColumn *c, const ProtectionRules *r, Error *err)
{
    Status st = check_tops(t, c, r, err);
    if (st != OK)
        error_hint(err, "Name the columns in the header, or switch the rule off for this table by an override.");
    return st;
}

/* A median or a total without its employers would pass rules about them unseen. A mean has those of its total; medians
 * of the fuzzy lane have the lane's own; private percentiles look at none, since hiding by data would break their
 * promise. */
static Status check_employers(
    const ProtectJob *job, const TablesTable *t, const TablesColumn *c, const ProtectionRules *r, Error *err)
{
    const Lane *medians = c->kind == TABLES_MEDIAN ? lanes_of_medians(job, (uint32_t)(t - job->set.tables)) : NULL;
    bool is_fuzzy = medians && medians->kind == LANE_FUZZY, blind = medians && !is_fuzzy;
    if (r->no_employers || is_fuzzy || (c->kind != TABLES_MEDIAN && c->kind != TABLES_TOTAL))
        return OK;
    const char *lacking = r->min_employers > 0 && (blind || c->employers == TABLES_NONE)         ? "min_employers"
                          : r->top_employer_max > 0 && (blind || c->top_employer == TABLES_NONE) ? "top_employer_max"
                                                                                                 : NULL;
    if (!lacking)
        return OK;
    Status st = lacks(t, c, lacking, strcmp(lacking, "min_employers") == 0 ? "employers" : "top_employer", err);
    error_hint(err, "Name the column in the header. Where a figure has no employers, the policy says employers = "
                    "\"not_applicable\" and employers_reason, for all tables or in an override.");
    return st;
}

static Status check_helpers(const ProtectJob *job, Error *err)
{
    for (uint32_t t = 0; t < job->set.table_count; t++) {
        const TablesTable *table = &job->set.tables[t];
        for (uint32_t c = 0; c < table->column_count && !table->released; c++) {
            if (table->columns[c].kind == TABLES_TOTAL)
                TRY(check_total(table, &table->columns[c], &job->rules[t], err));
            TRY(check_employers(job, table, &table->columns[c], &job->rules[t], err));
        }
    }
    return OK;
}

/* A cell that an earlier release prints cannot be taken back: it stays frozen, and the report says that it is small. */
static void keep_frozen(ProtectJob *job, uint32_t cell)
{
    SdcCell *c = &job->problem.cells[cell];
    if (!job->system.cells[cell].frozen || c->status != SDC_SENSITIVE)
        return;
    c->status = SDC_FROZEN;
    c->lpl = c->upl = 0;
    job->cells[cell].reason = REASON_NONE;
}

/* That nobody is in a group is public more often than not; that nobody of a group has an outcome is not, where only a
 * rate would print it. */
static void thaw_outcomes(ProtectJob *job)
{
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        const TablesCell *c = &job->system.cells[i];
        SdcCell *p = &job->problem.cells[i];
        bool outcome = job->role[c->quantity] == ROLE_NUMERATOR && !c->own_column && !c->frozen;
        if (outcome && p->status == SDC_FROZEN && c->value.mark != TABLES_STRUCTURAL)
            p->status = SDC_OPEN;
    }
}

Status primary_mark(ProtectJob *job, Error *err)
{
    TRY(find_roles(job, err));
    thaw_outcomes(job);
    TRY(check_helpers(job, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++)
        if (job->problem.cells[i].status == SDC_SECONDARY && job->system.cells[i].buried)
            job->cells[i].reason = REASON_EARLIER;
    judge_all(job);
    TRY(arena_new(&job->arena, SdcCell, (size_t)job->system.cell_count + 1, &job->uncoded, err));
    memcpy(job->uncoded, job->problem.cells, job->system.cell_count * sizeof *job->uncoded);
    TRY(code_rates(job, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++)
        keep_frozen(job, i);
    return OK;
}

const char *protect_reason_words(ProtectReason r)
{
    static const char *const words[] = {"shown", "fewer people than the minimum",
        "fewer people with the outcome than the minimum", "fewer people without the outcome than the minimum",
        "nearly nobody has the outcome", "nearly everybody has the outcome",
        "a few contributors make up most of the total", "one contributor could estimate another's share",
        "too few employers", "one employer has most of the people", "nobody is there, which is not told",
        "an earlier release suppressed it", "protects other cells"};
    return words[r];
}
