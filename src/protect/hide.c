/*
 * Suppression of one lineage and year. All its counts are one system (equations.h); the room suppress says which
 * further counts must go; a figure is shown when both its counts are, and each finding of the attack costs one count
 * more.
 *
 * What earlier releases printed is frozen, what they hid stays hidden: a figure that they have is decided, so that a
 * release made again is the same and a new one never shows what an old one hid. Of their pools the sums are known.
 */
#include "protect/hide.h"

#include "suppress/suppress.h"

#include <math.h>

/* Counts in one system. Beyond what is measured (README.md) solver and attack have questions that reach over the whole
 * system, and would be awaited for hours. */
#define MOST_COUNTS 5000
#define ROUNDS 40 /* of attack and repair; each hides more, so that far fewer are needed */

typedef enum Figure { FIGURE_NONE, FIGURE_OPEN, FIGURE_SHOWN, FIGURE_HIDDEN } Figure;

typedef struct Hiding {
    const HideAsk *ask;
    const Panel *panel;
    Equations e;
    uint8_t *figure; /* table * places + place: a Figure. OPEN: may be shown; SHOWN, HIDDEN: decided earlier */
    EquationsSums sums;
    Arena arena;
    SdcNearest near;
} Hiding;

/* --- figures ----------------------------------------------------------------------------------------------------- */

static uint8_t *figure_at(const Hiding *h, size_t table, size_t place)
{
    return &h->figure[table * h->e.place_count + place];
}

static bool is_counted(const Hiding *h, size_t table, size_t place)
{
    const EquationsPlace *x = &h->e.places[place];
    return h->panel->splits[x->split].has[x->level][table] && h->e.cell[h->e.people[table]][place] != EQUATIONS_NONE;
}

static const ProtectCell *input_of(const Hiding *h, size_t table, size_t place)
{
    const EquationsPlace *x = &h->e.places[place];
    return panel_cell(h->panel, &h->panel->splits[x->split], x->level, table, x->unit, x->group);
}

/* What a figure passes by itself, the rest of the world aside. */
static void open_figures(Hiding *h)
{
    for (size_t t = 0; t < h->panel->table_count; t++)
        for (size_t i = 0; i < h->e.place_count; i++) {
            const ProtectCell *c = is_counted(h, t, i) ? input_of(h, t, i) : NULL;
            bool passes = !c || rule_counts_pass(h->ask->rule, c->is_median, c->denominator, c->numerator);
            *figure_at(h, t, i) = !is_counted(h, t, i) ? FIGURE_NONE : passes ? FIGURE_OPEN : FIGURE_HIDDEN;
        }
}

static SdcCell *cell_of(Hiding *h, uint32_t quantity, size_t place)
{
    return &h->e.problem.cells[h->e.cell[quantity][place]];
}

/* --- what earlier releases told ---------------------------------------------------------------------------------- */

static bool belongs(const Hiding *h, const PublishedCell *c)
{
    unsigned tier;
    return c->cell.year == h->panel->year &&
           slice_eq(rule_lineage(h->ask->rule, c->cell.table, &tier), h->panel->family);
}

/* The places that an earlier figure stands for; ERR_DENIED when one is no longer there. */
static Status told_places(Hiding *h, const PublishedCell *c, size_t *table, size_t **places, size_t *count, Error *err)
{
    size_t split, level, unit, group, most = 1;
    Slice units = c->members.len > 0 ? c->members : c->cell.unit, groups = c->groups.len > 0 ? c->groups : c->cell.grp;
    for (size_t i = 0; i < units.len; i++)
        most += units.ptr[i] == ' ';
    for (size_t i = 0, n = most; i < groups.len; i++)
        most += groups.ptr[i] == ' ' ? n : 0;
    TRY(arena_new(&h->arena, size_t, most, places, err));
    *count = 0;
    bool known = panel_find(h->panel, &c->cell, table, &split, &level);
    for (Slice u = units; known && u.ptr;) {
        Slice code = slice_cut(&u, ' ');
        for (Slice g = groups; known && g.ptr;) {
            Slice name = slice_cut(&g, ' ');
            known = panel_find_unit(h->panel, level, code, &unit) && panel_find_group(h->panel, split, name, &group);
            if (known)
                (*places)[(*count)++] = equations_place(h->panel, split, level, unit, group);
        }
    }
    if (known || c->hiding == PROTECT_HIDDEN)
        return OK;
    return error_set(err, ERR_DENIED,
        "a release in force prints %.*s of %d, %.*s %.*s, which is no longer there: beside it the new figures would "
        "show "
        "who was corrected",
        SLICE_ARG(c->cell.table), (int)c->cell.year, SLICE_ARG(c->cell.level), SLICE_ARG(c->cell.unit));
}

/* Pools of earlier releases become known sums, before the system is made. */
static Status collect_sums(Hiding *h, Error *err)
{
    const LaneOptions *o = h->ask->options;
    for (size_t i = 0; i < o->told_count; i++) {
        const PublishedCell *c = &o->told[i];
        EquationsTold sum;
        size_t table, *places, count;
        if (!belongs(h, c) || c->hiding == PROTECT_HIDDEN || (c->members.len == 0 && c->groups.len == 0))
            continue;
        TRY(told_places(h, c, &table, &places, &count, err));
        sum = (EquationsTold){(uint32_t)table, places, count};
        TRY(vec_push(&h->sums, sum, err));
    }
    return OK;
}

/* Where an earlier release hides figures of a measure and year, what it leaves out is known to be empty. */
static Status take_told(Hiding *h, Error *err)
{
    const LaneOptions *o = h->ask->options;
    bool hides[PANEL_MAX_TABLES] = {false};
    for (size_t i = 0; i < o->told_count; i++) {
        const PublishedCell *c = &o->told[i];
        size_t table, *places, count;
        if (!belongs(h, c) || c->members.len > 0 || c->groups.len > 0)
            continue;
        TRY(told_places(h, c, &table, &places, &count, err));
        if (count > 0 && c->hiding == PROTECT_HIDDEN)
            hides[table] = true;
        if (count == 0 || !is_counted(h, table, places[0]))
            continue;
        uint8_t *f = figure_at(h, table, places[0]);
        if (c->hiding != PROTECT_HIDDEN)
            *f = FIGURE_SHOWN;
        else if (*f != FIGURE_SHOWN)
            *f = FIGURE_HIDDEN;
    }
    for (size_t t = 0; t < h->panel->table_count; t++)
        for (size_t i = 0; i < h->e.place_count; i++) {
            const ProtectCell *c = input_of(h, t, i);
            if (hides[t] && *figure_at(h, t, i) == FIGURE_OPEN && (!c || c->denominator == 0))
                *figure_at(h, t, i) = FIGURE_SHOWN;
        }
    return OK;
}

/* --- the solver's part ------------------------------------------------------------------------------------------- */

typedef enum Print { PRINT_NEVER, PRINT_MAYBE, PRINT_ALWAYS } Print;

/* A count that no figure may print costs nothing to hide; one that an earlier release prints cannot be hidden. */
static Status settle_counts(Hiding *h, Error *err)
{
    const Equations *e = &h->e;
    uint8_t *print;
    TRY(mem_zalloc((size_t)e->problem.cell_count + 1, 1, (void **)&print, err));
    for (size_t t = 0; t < h->panel->table_count; t++)
        for (size_t i = 0; i < e->place_count; i++) {
            uint8_t f = *figure_at(h, t, i), p = f == FIGURE_SHOWN ? PRINT_ALWAYS : PRINT_MAYBE;
            if (f != FIGURE_OPEN && f != FIGURE_SHOWN)
                continue;
            uint32_t cells[2] = {
                e->cell[e->people[t]][i], e->outcome[t] == EQUATIONS_NONE ? EQUATIONS_NONE : e->cell[e->outcome[t]][i]};
            for (size_t k = 0; k < 2; k++)
                if (cells[k] != EQUATIONS_NONE && print[cells[k]] < p)
                    print[cells[k]] = p;
        }
    for (uint32_t q = 0; q < e->quantity_count; q++)
        for (size_t i = 0; i < e->place_count; i++) {
            if (e->cell[q][i] == EQUATIONS_NONE)
                continue;
            SdcCell *c = cell_of(h, q, i);
            if (print[e->cell[q][i]] == PRINT_ALWAYS) {
                c->status = SDC_FROZEN;
                c->lpl = c->upl = 0;
            } else if (print[e->cell[q][i]] == PRINT_NEVER && c->status == SDC_OPEN) {
                c->status = SDC_SECONDARY;
                c->cost = 0;
            }
        }
    mem_free(print);
    return OK;
}

/* Hidden counts of one kind in one sum, which the sum gives away, are a group of people too. */
static bool sum_may_be_known(const SdcProblem *p, const uint32_t *cells, size_t count, int64_t sum, void *ctx)
{
    const Equations *e = ctx;
    (void)p;
    for (size_t i = 0; i < count; i++)
        if (cells[i] >= e->problem.cell_count || e->kind[cells[i]] != e->kind[cells[0]])
            return true;
    return sum == 0 || sum >= e->least[cells[0]];
}

static bool anything_open(const Hiding *h)
{
    for (uint32_t i = 0; i < h->e.problem.cell_count; i++)
        if (h->e.problem.cells[i].status == SDC_OPEN)
            return true;
    return false;
}

static Status propose(Hiding *h, Error *err)
{
    SuppressOptions o = SUPPRESS_OPTIONS_INIT;
    SuppressReport report = {0};
    uint64_t effort = (uint64_t)h->e.problem.cell_count * 50;
    if (!anything_open(h))
        return OK;
    o.threads = h->ask->options->threads;
    o.effort = effort < 100000 ? effort : 100000;
    o.exact_cells = 0;
    o.sum_rule = sum_may_be_known;
    o.sum_ctx = &h->e;
    Status st = suppress_solve(&h->e.problem, &o, &report, err);
    log_line(h->ask->options->log, LOG_INFO,
        "event=release.suppressed family=%.*s year=%d cells=%u secondaries=%u leaks=%zu pivots=%llu",
        SLICE_ARG(h->panel->family), (int)h->panel->year, h->e.problem.cell_count, report.secondaries,
        report.leak_count, (unsigned long long)report.pivots);
    suppress_report_free(&report);
    if (st == ERR_LIMIT) { /* the attack goes on from what there is */
        error_clear(err);
        st = OK;
    }
    return st;
}

static bool is_printed(const Hiding *h, uint32_t cell)
{
    SdcStatus s = h->e.problem.cells[cell].status;
    return s == SDC_OPEN || s == SDC_FROZEN;
}

/* A figure is shown when both its counts are; that nobody is there tells the outcome, too. */
static bool is_shown(const Hiding *h, size_t t, size_t i)
{
    const Equations *e = &h->e;
    uint8_t f = *figure_at(h, t, i);
    if (f != FIGURE_OPEN)
        return f == FIGURE_SHOWN;
    return is_printed(h, e->cell[e->people[t]][i]) &&
           (e->outcome[t] == EQUATIONS_NONE || e->value[e->people[t]][i] == 0 ||
               is_printed(h, e->cell[e->outcome[t]][i]));
}

/* --- cells ------------------------------------------------------------------------------------------------------- */

static Status emit(Hiding *h, size_t t, size_t i, PublishedCells *out, Error *err)
{
    const EquationsPlace *x = &h->e.places[i];
    const Panel *p = h->panel;
    const ProtectCell *c = input_of(h, t, i);
    bool shown = is_shown(h, t, i), empty = !c || c->denominator == 0;
    if (*figure_at(h, t, i) == FIGURE_NONE || (shown && empty))
        return OK;
    PublishedCell cell = {.unit_count = 1, .hiding = PROTECT_HIDDEN};
    if (shown) {
        cell.cell = *c;
        cell.hiding = rule_employers_pass(h->ask->rule, c) ? PROTECT_SHOWN : PROTECT_HIDDEN_VALUE;
        TRY(rule_show(h->ask->rule, &cell, h->ask->arena, err));
    }
    if (cell.hiding != PROTECT_SHOWN) {
        cell.shown_value = (Slice){"", 0};
        cell.cell.value = cell.cell.fuzzy = NAN;
        cell.cell.employers = cell.cell.top_employer = 0;
    }
    if (cell.hiding == PROTECT_HIDDEN)
        cell.shown_denominator = (Slice){"", 0};
    cell.cell.table = p->tables[t].name;
    cell.cell.year = p->year;
    cell.cell.level = p->levels[x->level].name;
    cell.cell.unit = p->levels[x->level].units[x->unit].code;
    cell.cell.parent = p->levels[x->level].units[x->unit].parent_code;
    cell.cell.split = p->splits[x->split].name;
    cell.cell.grp = p->splits[x->split].groups[x->group];
    cell.cell.is_median = p->tables[t].is_median;
    return vec_push(out, cell, err);
}

static Status emit_all(Hiding *h, PublishedCells *out, Error *err)
{
    for (size_t t = 0; t < h->panel->table_count; t++)
        for (size_t i = 0; i < h->e.place_count; i++)
            TRY(emit(h, t, i, out, err));
    return OK;
}

/* --- repair ------------------------------------------------------------------------------------------------------ */

static Status repair(Hiding *h, const HideFinding *f, Error *err)
{
    const ProtectCell key = {.table = f->table, .split = f->split, .level = f->level};
    size_t table, split, level, unit, group;
    uint32_t more;
    bool found = false;
    if (panel_find(h->panel, &key, &table, &split, &level) && panel_find_unit(h->panel, level, f->unit, &unit) &&
        panel_find_group(h->panel, split, f->grp, &group)) {
        size_t place = equations_place(h->panel, split, level, unit, group);
        uint32_t q = f->outcome ? h->e.outcome[table] : h->e.people[table];
        found = sdc_nearest_open(&h->near, h->e.cell[q][place], &more);
        if (found)
            h->e.problem.cells[more].status = SDC_SECONDARY;
    }
    if (found)
        return OK;
    error_set(err, ERR_DENIED,
        "table %.*s, year %d, level %.*s, split %.*s: a count can be worked out, and nothing is left to hide",
        SLICE_ARG(f->table), (int)h->panel->year, SLICE_ARG(f->level), SLICE_ARG(f->split));
    error_hint(err, "Releases in force print what gives it away: release with --replace TEXT, or let the family pool.");
    return ERR_DENIED;
}

static Status attack(Hiding *h, const PublishedCells *cells, size_t from, HideFindings *findings, Error *err)
{
    const HideAsk *a = h->ask;
    ProtectAttack report = {0};
    const AttackAsk ask = {.policy = a->policy,
        .on = a->on,
        .lineage = h->panel->family,
        .year = h->panel->year,
        .input = a->input,
        .input_count = a->input_count,
        .cells = cells->at + from,
        .cell_count = cells->len - from,
        .options = a->options};
    findings->len = 0;
    Status st = attack_lineage(&ask, findings, &report, err);
    log_line(a->options->log, LOG_INFO,
        "event=release.attacked family=%.*s year=%d unknowns=%" PRIu64 " sensitive=%" PRIu64 " unprotected=%zu",
        SLICE_ARG(h->panel->family), (int)h->panel->year, report.unknowns, report.sensitive, findings->len);
    return st;
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

static Status check_size(const Hiding *h, Error *err)
{
    if (h->e.problem.cell_count <= MOST_COUNTS)
        return OK;
    error_set(err, ERR_LIMIT,
        "family %.*s, year %d: %" PRIu32 " counts in one system, more than the %d that suppression takes",
        SLICE_ARG(h->panel->family), (int)h->panel->year, h->e.problem.cell_count, MOST_COUNTS);
    error_hint(err, "Let the family pool.");
    return ERR_LIMIT;
}

static Status hide(Hiding *h, PublishedCells *out, Error *err)
{
    size_t from = out->len;
    HideFindings findings = {0};
    Status st = OK;
    TRY(collect_sums(h, err));
    TRY(equations_make(h->ask->rule, h->panel, &h->sums, &h->e, err));
    TRY(check_size(h, err));
    TRY(arena_new(&h->arena, uint8_t, h->panel->table_count * h->e.place_count, &h->figure, err));
    open_figures(h);
    TRY(take_told(h, err));
    TRY(settle_counts(h, err));
    TRY(sdc_nearest_new(&h->e.problem, &h->near, err));
    TRY(propose(h, err));
    for (int round = 0; round < ROUNDS && st == OK; round++) {
        out->len = from;
        st = emit_all(h, out, err);
        if (st == OK)
            st = attack(h, out, from, &findings, err);
        if (st != OK || findings.len == 0)
            break;
        for (size_t i = 0; i < findings.len && st == OK; i++)
            st = repair(h, &findings.at[i], err);
    }
    if (st == OK && findings.len > 0)
        st = error_set(err, ERR_LIMIT, "family %.*s, year %d: figures can be worked out after %d rounds of repair",
            SLICE_ARG(h->panel->family), (int)h->panel->year, ROUNDS);
    vec_free(&findings);
    return st;
}

Status hide_panel(const HideAsk *ask, PublishedCells *out, Error *err)
{
    Hiding h = {.ask = ask, .panel = ask->panel};
    arena_init(&h.arena, 0);
    Status st = hide(&h, out, err);
    sdc_nearest_free(&h.near);
    equations_free(&h.e);
    vec_free(&h.sums);
    arena_free(&h.arena);
    return st;
}
