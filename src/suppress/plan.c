/*
 * Targets, and sums as cells.
 *
 * An equation of which some cells are suppressed gives away their sum. Where that sum may not be known, it is one more
 * sensitive cell with an equation of its own; what protects it is found like what protects any other.
 */
#include "suppress/plan.h"

#define STUCK_MOST 10 /* rounds in which what is opened around a cell doubles */

/* spl asks for a width: what is missing goes upwards where the bounds have room, the rest downwards. */
static void set_targets(const SdcCell *c, int64_t *up, int64_t *down)
{
    *up = *down = 0;
    if (c->status != SDC_SENSITIVE)
        return;
    *up = c->upl;
    *down = c->lpl;
    int64_t missing = c->spl - *up - *down, room = c->upper - c->value - *up;
    if (missing <= 0)
        return;
    int64_t above = room < 0 ? 0 : missing < room ? missing : room;
    *up += above;
    *down += missing - above;
}

static Status copy_problem(
    const SdcProblem *p, uint32_t more_cells, uint32_t more_rows, uint32_t more_terms, SdcProblem *out, Error *err)
{
    uint32_t terms = p->start[p->row_count];
    TRY(sdc_new(p->cell_count + more_cells, p->row_count + more_rows, terms + more_terms, out, err));
    memcpy(out->cells, p->cells, p->cell_count * sizeof *p->cells);
    memcpy(out->start, p->start, ((size_t)p->row_count + 1) * sizeof *p->start);
    if (terms > 0) {
        memcpy(out->cell, p->cell, terms * sizeof *p->cell);
        memcpy(out->coef, p->coef, terms * sizeof *p->coef);
    }
    if (p->row_count > 0)
        memcpy(out->rhs, p->rhs, p->row_count * sizeof *p->rhs);
    return OK;
}

static Status resize_targets(Plan *plan, uint32_t count, Error *err)
{
    void *up = plan->up, *down = plan->down, *singleton = plan->singleton, *settled = plan->settled,
         *whole = plan->whole;
    TRY(mem_resize(&up, (size_t)count + 1, sizeof *plan->up, err));
    plan->up = up;
    TRY(mem_resize(&down, (size_t)count + 1, sizeof *plan->down, err));
    plan->down = down;
    TRY(mem_resize(&singleton, (size_t)count + 1, 1, err));
    plan->singleton = singleton;
    TRY(mem_resize(&settled, (size_t)count + 1, 1, err));
    plan->settled = settled;
    TRY(mem_resize(&whole, (size_t)count + 1, 1, err));
    plan->whole = whole;
    return OK;
}

Status plan_new(const SdcProblem *p, const SuppressOptions *o, Plan *out, Error *err)
{
    Plan plan = {.given_cells = p->cell_count};
    Status st;
    TRY_OUT(copy_problem(p, 0, 0, 0, &plan.work, err));
    TRY_OUT(resize_targets(&plan, p->cell_count, err));
    TRY_OUT(mem_zalloc((size_t)p->cell_count + 1, 1, (void **)&plan.stuck, err));
    for (uint32_t i = 0; i < p->cell_count; i++) {
        set_targets(&p->cells[i], &plan.up[i], &plan.down[i]);
        plan.singleton[i] = o->singleton ? o->singleton[i] : 0;
        plan.settled[i] = plan.whole[i] = 0;
    }
    *out = plan;
    return OK;
out:
    plan_free(&plan);
    return st;
}

void plan_free(Plan *plan)
{
    sdc_free(&plan->work);
    mem_free(plan->up);
    mem_free(plan->down);
    mem_free(plan->singleton);
    mem_free(plan->settled);
    mem_free(plan->whole);
    mem_free(plan->stuck);
    vec_free(&plan->leaks);
    *plan = (Plan){0};
}

/* --- sums --------------------------------------------------------------------------------------------------------- */

typedef struct Sum {
    uint32_t first, count; /* in the lists of cells and coefficients */
    int64_t value;
} Sum;
typedef struct Sums {
    VEC(Sum) at;
    VEC(uint32_t) cell;
} Sums;

static bool suppressed(const SdcCell *c)
{
    return (c->status == SDC_SENSITIVE || c->status == SDC_SECONDARY) && c->upper > c->lower;
}

/* Suppressed cells of a row when they all have one sign: then the rest of the row is their sum. */
static Status take_sum(const Plan *plan, uint32_t r, Sums *sums, Error *err)
{
    const SdcProblem *w = &plan->work;
    Sum s = {.first = (uint32_t)sums->cell.len};
    int32_t sign = 0;
    bool mixed = false;
    for (uint32_t k = w->start[r]; k < w->start[r + 1]; k++) {
        if (!suppressed(&w->cells[w->cell[k]]))
            continue;
        int32_t mine = w->coef[k] < 0 ? -1 : 1;
        mixed = mixed || (sign != 0 && mine != sign) || w->coef[k] * mine != 1;
        sign = mine;
        s.value += w->cells[w->cell[k]].value;
        TRY(vec_push(&sums->cell, w->cell[k], err));
        s.count++;
    }
    if (mixed || s.count < 2)
        sums->cell.len = s.first;
    else
        TRY(vec_push(&sums->at, s, err));
    return OK;
}

static bool may_be_known(const Plan *plan, const Sums *sums, const Sum *s, const SuppressOptions *o)
{
    if (s->value > 0 && s->value < o->min_sum)
        return false;
    return !o->sum_rule || o->sum_rule(&plan->work, sums->cell.at + s->first, s->count, s->value, o->sum_ctx);
}

/* The sum's own level: as the minimum asks, or else as far as its dearest member. */
static int64_t level_of_sum(const Plan *plan, const Sums *sums, const Sum *s, const SuppressOptions *o)
{
    int64_t level = 1;
    if (s->value > 0 && s->value < o->min_sum)
        return o->min_sum - s->value;
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t up = plan->up[sums->cell.at[s->first + i]];
        level = up > level ? up : level;
    }
    return level;
}

static void append_sum(SdcProblem *w, uint32_t cell, uint32_t row, const Sums *sums, const Sum *s, int64_t level)
{
    uint32_t at = w->start[row];
    int64_t room_up = 0, room_down = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const SdcCell *c = &w->cells[sums->cell.at[s->first + i]];
        w->cell[at] = sums->cell.at[s->first + i];
        w->coef[at++] = 1;
        if (CKD_ADD(&room_up, room_up, c->upper - c->value) || room_up > SDC_VALUE_MAX / 2)
            room_up = SDC_VALUE_MAX / 2;
        if (CKD_ADD(&room_down, room_down, c->value - c->lower) || room_down > SDC_VALUE_MAX / 2)
            room_down = SDC_VALUE_MAX / 2;
    }
    w->cell[at] = cell;
    w->coef[at++] = -1;
    w->start[row + 1] = at;
    w->cells[cell] = (SdcCell){.value = s->value,
        .lower = s->value - room_down,
        .upper = s->value + room_up,
        .upl = level,
        .status = SDC_SENSITIVE};
}

static Status append_sums(Plan *plan, const Sums *sums, const SuppressOptions *o, Error *err)
{
    SdcProblem bigger = {0};
    uint32_t count = (uint32_t)sums->at.len, terms = 0, old = plan->work.cell_count, old_rows = plan->work.row_count;
    for (uint32_t i = 0; i < count; i++)
        terms += sums->at.at[i].count + 1;
    TRY(copy_problem(&plan->work, count, count, terms, &bigger, err));
    Status st = resize_targets(plan, old + count, err);
    for (uint32_t i = 0; i < count && st == OK; i++) {
        int64_t level = level_of_sum(plan, sums, &sums->at.at[i], o);
        append_sum(&bigger, old + i, old_rows + i, sums, &sums->at.at[i], level);
        plan->up[old + i] = level;
        plan->down[old + i] = 0;
        plan->singleton[old + i] = 0;
        plan->settled[old + i] = plan->whole[old + i] = 0;
    }
    if (st == OK) {
        sdc_free(&plan->work);
        plan->work = bigger;
    } else {
        sdc_free(&bigger);
    }
    return st;
}

Status plan_add_sums(Plan *plan, const SuppressOptions *o, bool *more, Error *err)
{
    Sums sums = {0};
    Status st = OK;
    for (uint32_t r = 0; r < plan->work.row_count && st == OK; r++) {
        size_t before = sums.at.len;
        st = take_sum(plan, r, &sums, err);
        if (st == OK && sums.at.len > before && may_be_known(plan, &sums, &vec_last(&sums.at), o))
            sums.at.len--;
    }
    *more = st == OK && sums.at.len > 0;
    if (*more)
        st = append_sums(plan, &sums, o, err);
    vec_free(&sums.at);
    vec_free(&sums.cell);
    return st;
}

/* --- repair ------------------------------------------------------------------------------------------------------- */

/* Proven: nothing can be done. */
static bool is_leak(const Plan *plan, uint32_t cell)
{
    for (size_t i = 0; i < plan->leaks.len; i++)
        if (plan->leaks.at[i].cell == cell && !plan->leaks.at[i].undecided)
            return true;
    return false;
}

static bool is_undecided(const Plan *plan, uint32_t cell)
{
    for (size_t i = 0; i < plan->leaks.len; i++)
        if (plan->leaks.at[i].cell == cell && plan->leaks.at[i].undecided)
            return true;
    return false;
}

/* What was missing is added to the target, and a little more each time: the auditor counts in whole numbers. */
static bool raise(int64_t *target, int64_t wanted, int64_t reached, int64_t room)
{
    if (wanted <= 0 || reached >= wanted || *target >= room)
        return false;
    int64_t to = *target + (wanted - reached) + *target / 16;
    *target = to < room ? to : room;
    return true;
}

/* Where one cell at a time did not help, the ones around come twice as many each round. */
static void open_around(Plan *plan, SdcNearest *nearest, uint32_t cell)
{
    uint32_t count = UINT32_C(1) << (plan->stuck[cell] - 1), found;
    for (uint32_t i = 1; i < count && sdc_nearest_open(nearest, cell, &found); i++)
        plan->work.cells[found].status = SDC_SECONDARY;
}

/* Where no target can be raised, fractions were to blame: one more cell beside each cell that is short gives whole
 * numbers room, and where all its equations are hidden, one beside those. best: by cell, what it gets. */
static Status open_more(Plan *plan, const uint8_t *stuck, uint32_t *best, bool *more, Error *err)
{
    SdcProblem *p = &plan->work;
    SdcNearest nearest;
    TRY(sdc_nearest_new(p, &nearest, err));
    for (uint32_t i = 0; i < plan->given_cells; i++)
        if (!stuck[i] || !sdc_nearest_open(&nearest, i, &best[i]))
            best[i] = NET_NONE;
    for (uint32_t i = 0; i < plan->given_cells; i++)
        if (best[i] != NET_NONE) {
            p->cells[best[i]].status = SDC_SECONDARY;
            if (plan->stuck[i] < STUCK_MOST)
                plan->stuck[i]++;
            *more = true;
        }
    for (uint32_t i = 0; i < plan->given_cells; i++)
        if (best[i] != NET_NONE)
            open_around(plan, &nearest, i);
    sdc_nearest_free(&nearest);
    return OK;
}

static bool raise_cell(Plan *plan, const SuppressShort *s)
{
    const SdcCell *c = &plan->work.cells[s->cell];
    int64_t up, down;
    set_targets(c, &up, &down);
    bool raised = raise(&plan->up[s->cell], up, s->up, c->upper - c->value);
    raised = raise(&plan->down[s->cell], down, s->down, c->value - c->lower) || raised;
    plan->settled[s->cell] = plan->settled[s->cell] && !raised;
    return raised;
}

/* For the sides that are short, as far as the levels go, since the least move has the most room. False: none is, and
 * nothing was asked for. */
static bool ask_whole(Plan *plan, const SuppressShort *s)
{
    int64_t up, down;
    set_targets(&plan->work.cells[s->cell], &up, &down);
    if (s->up >= up && s->down >= down)
        return false;
    plan->up[s->cell] = s->up < up ? up : 0;
    plan->down[s->cell] = s->down < down ? down : 0;
    plan->whole[s->cell] = 1;
    plan->settled[s->cell] = 0;
    return true;
}

/* What was not tried yet. */
static bool ask_again(Plan *plan, const SuppressShort *s, bool shown)
{
    if (plan->whole[s->cell])
        return false;
    return raise_cell(plan, s) || (shown && ask_whole(plan, s));
}

Status plan_repair(Plan *plan, const SuppressShorts *shorts, bool shown, bool *more, Error *err)
{
    Arena scratch;
    uint8_t *stuck;
    uint32_t *best;
    bool any = false;
    Status st;
    arena_init(&scratch, 0);
    TRY_OUT(arena_new(&scratch, uint8_t, (size_t)plan->work.cell_count + 1, &stuck, err));
    TRY_OUT(arena_new(&scratch, uint32_t, (size_t)plan->work.cell_count + 1, &best, err));
    for (size_t i = 0; i < shorts->len; i++) {
        uint32_t cell = shorts->at[i].cell;
        if (cell >= plan->given_cells || is_leak(plan, cell))
            continue;
        /* a question that was not answered is not asked again: with more cells around him the auditor may see */
        if (!is_undecided(plan, cell) && ask_again(plan, &shorts->at[i], shown))
            *more = true;
        else
            stuck[cell] = any = true;
    }
    if (any)
        TRY_OUT(open_more(plan, stuck, best, more, err));
out:
    arena_free(&scratch);
    return st;
}

size_t plan_unexplained(const Plan *plan, const SuppressShorts *shorts)
{
    size_t count = 0;
    for (size_t i = 0; i < shorts->len; i++)
        count += !is_leak(plan, shorts->at[i].cell);
    return count;
}

/* What a repair asked beyond the levels, for an outsider. */
static bool is_raised(const Plan *plan, const PlanLeak *leak)
{
    int64_t up, down;
    if (leak->cell >= plan->given_cells || leak->knows != NET_NONE)
        return false;
    set_targets(&plan->work.cells[leak->cell], &up, &down);
    return leak->target > 0 ? leak->target > up : -leak->target > down;
}

void plan_drop_leaks(Plan *plan, const SuppressShorts *shorts)
{
    size_t kept = 0;
    for (size_t i = 0; i < plan->leaks.len; i++) {
        bool proven = !plan->leaks.at[i].undecided, leaks = proven && !is_raised(plan, &plan->leaks.at[i]);
        for (size_t k = 0; k < shorts->len && proven && !leaks; k++)
            leaks = shorts->at[k].cell == plan->leaks.at[i].cell;
        if (leaks)
            plan->leaks.at[kept++] = plan->leaks.at[i];
    }
    plan->leaks.len = kept;
}

void plan_write_back(const Plan *plan, SdcProblem *p)
{
    for (uint32_t i = 0; i < plan->given_cells; i++)
        p->cells[i].status = plan->work.cells[i].status;
}
