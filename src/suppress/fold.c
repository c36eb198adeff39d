/*
 * Twins are found equation by equation, again and again: a = b may make a + c = b + d an equation of two cells. Only
 * what follows from single equations is found; on public problems that is nearly all there is.
 */
#include "suppress/fold.h"

#include <stdlib.h>

#define PASSES_MOST 32 /* through all equations; each finds what the last one made equal */

bool fold_can(const Plan *plan, const NetBlock *block)
{
    const SdcProblem *p = &plan->work;
    for (uint32_t i = 0; i < block->row_count; i++) { /* a group's coefficients add up */
        uint64_t sum = 0;
        for (uint32_t k = p->start[block->rows[i]]; k < p->start[block->rows[i] + 1]; k++)
            sum += (uint64_t)llabs((long long)p->coef[k]);
        if (sum > INT32_MAX)
            return false;
    }
    for (uint32_t i = 0; i < block->cell_count; i++)
        if (plan->singleton[block->cells[i]] || engine_asks_width(&plan->work.cells[block->cells[i]]))
            return false;
    return true;
}

/* --- groups ---------------------------------------------------------------------------------------------------------
 */

typedef struct Term {
    uint32_t group;
    int64_t coef;
} Term;

typedef struct Folding {
    const SdcProblem *p;
    const NetBlock *block;
    uint32_t *parent; /* by place: forest */
    uint32_t *at;     /* by place, scratch: term + 1 */
    Term *terms;
} Folding;

/* An equation among roots, in the order of its cells. */
static uint32_t row_terms(Folding *x, uint32_t r)
{
    const SdcProblem *p = x->p;
    uint32_t count = 0, kept = 0;
    for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
        if (x->block->place[p->cell[k]] == NET_NONE)
            continue;
        uint32_t root = forest_root(x->parent, x->block->place[p->cell[k]]);
        if (x->at[root] == 0) {
            x->terms[count++] = (Term){root, 0};
            x->at[root] = count;
        }
        x->terms[x->at[root] - 1].coef += p->coef[k];
    }
    for (uint32_t i = 0; i < count; i++) {
        x->at[x->terms[i].group] = 0;
        if (x->terms[i].coef != 0)
            x->terms[kept++] = x->terms[i];
    }
    return kept;
}

static void find_twins(Folding *x)
{
    forest_init(x->parent, x->block->cell_count);
    bool again = true;
    for (uint32_t pass = 0; again && pass < PASSES_MOST; pass++) {
        again = false;
        for (uint32_t i = 0; i < x->block->row_count; i++)
            if (row_terms(x, x->block->rows[i]) == 2 && x->terms[0].coef == -x->terms[1].coef)
                again = forest_unite(x->parent, x->terms[0].group, x->terms[1].group) || again;
    }
}

static Status folding_new(Folding *x, Arena *scratch, Error *err)
{
    uint32_t longest = 0;
    for (uint32_t i = 0; i < x->block->row_count; i++) {
        uint32_t r = x->block->rows[i], length = x->p->start[r + 1] - x->p->start[r];
        longest = length > longest ? length : longest;
    }
    TRY(arena_new(scratch, uint32_t, (size_t)x->block->cell_count + 1, &x->parent, err));
    TRY(arena_new(scratch, uint32_t, (size_t)x->block->cell_count + 1, &x->at, err));
    return arena_new(scratch, Term, (size_t)longest + 1, &x->terms, err);
}

/* Groups in the order of their first cells. */
static Status list_members(Folding *x, Fold *f, uint32_t *groups, Error *err)
{
    const NetBlock *b = x->block;
    uint32_t *number, *next;
    size_t cells = (size_t)b->cell_count + 2;
    TRY(arena_new(&f->arena, uint32_t, cells, &f->group_of, err));
    TRY(arena_new(&f->arena, uint32_t, cells, &f->start, err));
    TRY(arena_new(&f->arena, uint32_t, cells, &f->member, err));
    TRY(arena_new(&f->arena, uint32_t, cells, &number, err));
    TRY(arena_new(&f->arena, uint32_t, cells, &next, err));
    *groups = 0;
    for (uint32_t i = 0; i < b->cell_count; i++) {
        uint32_t root = forest_root(x->parent, i);
        if (root == i)
            number[i] = (*groups)++;
        f->group_of[i] = number[root];
        f->start[number[root] + 1]++;
    }
    for (uint32_t g = 0; g < *groups; g++)
        next[g + 1] = f->start[g + 1] += f->start[g];
    next[0] = 0;
    for (uint32_t i = 0; i < b->cell_count; i++)
        f->member[next[f->group_of[i]]++] = b->cells[i];
    return OK;
}

/* --- the smaller problem --------------------------------------------------------------------------------------------
 */

static bool is_suppressed(const SdcCell *c)
{
    return c->status == SDC_SENSITIVE || c->status == SDC_SECONDARY;
}

/* A group is suppressed from the start when all its members are, or one of them has a target. */
static void describe(Fold *f, uint32_t g)
{
    const Plan *plan = f->plan;
    SdcCell own = plan->work.cells[f->member[f->start[g]]];
    int64_t up = own.upper - own.value, down = own.value - own.lower, open_cost = 0;
    bool asked = false, all = true, settled = true;
    for (uint32_t k = f->start[g]; k < f->start[g + 1]; k++) {
        uint32_t i = f->member[k];
        const SdcCell *c = &plan->work.cells[i];
        up = c->upper - c->value < up ? c->upper - c->value : up;
        down = c->value - c->lower < down ? c->value - c->lower : down;
        open_cost += is_suppressed(c) ? 0 : c->cost;
        all = all && is_suppressed(c);
        if (plan->up[i] <= 0 && plan->down[i] <= 0)
            continue;
        asked = true;
        if (plan->settled[i])
            continue;
        settled = false;
        f->up[g] = plan->up[i] > f->up[g] ? plan->up[i] : f->up[g];
        f->down[g] = plan->down[i] > f->down[g] ? plan->down[i] : f->down[g];
        f->whole[g] |= plan->whole[i];
    }
    f->settled[g] = settled;
    f->forced += asked ? open_cost : 0;
    own.cost = all ? own.cost : open_cost;
    own.upper = own.value + up;
    own.lower = own.value - down;
    own.status = asked ? SDC_SENSITIVE : all ? SDC_SECONDARY : SDC_OPEN;
    own.upl = own.lpl = own.spl = 0;
    f->problem.cells[g] = own;
}

static Status fill_rows(Folding *x, Fold *f, uint32_t groups, Error *err)
{
    uint32_t rows = 0, terms = 0;
    for (uint32_t i = 0; i < x->block->row_count; i++) {
        uint32_t count = row_terms(x, x->block->rows[i]);
        rows += count > 0;
        terms += count;
    }
    TRY(sdc_new(groups, rows, terms, &f->problem, err));
    SdcProblem *to = &f->problem;
    rows = terms = 0;
    for (uint32_t i = 0; i < x->block->row_count; i++) {
        uint32_t count = row_terms(x, x->block->rows[i]);
        for (uint32_t k = 0; k < count; k++) {
            to->cell[terms] = f->group_of[x->terms[k].group];
            to->coef[terms++] = (int32_t)x->terms[k].coef;
        }
        rows += count > 0;
        to->start[rows] = terms;
    }
    return OK;
}

Status fold_new(const Plan *plan, const NetBlock *block, Fold *out, Error *err)
{
    Folding x = {.p = &plan->work, .block = block};
    Fold f = {.plan = plan};
    Arena scratch;
    uint32_t groups;
    Status st;
    arena_init(&scratch, 0);
    arena_init(&f.arena, 0);
    TRY_OUT(folding_new(&x, &scratch, err));
    find_twins(&x);
    TRY_OUT(list_members(&x, &f, &groups, err));
    TRY_OUT(fill_rows(&x, &f, groups, err));
    TRY_OUT(arena_new(&f.arena, int64_t, (size_t)groups + 1, &f.up, err));
    TRY_OUT(arena_new(&f.arena, int64_t, (size_t)groups + 1, &f.down, err));
    TRY_OUT(arena_new(&f.arena, uint8_t, (size_t)groups + 1, &f.settled, err));
    TRY_OUT(arena_new(&f.arena, uint8_t, (size_t)groups + 1, &f.whole, err));
    for (uint32_t g = 0; g < groups; g++)
        describe(&f, g);
    *out = f;
    f = (Fold){0};
out:
    arena_free(&scratch);
    fold_free(&f);
    return st;
}

void fold_free(Fold *f)
{
    sdc_free(&f->problem);
    arena_free(&f->arena);
    *f = (Fold){0};
}

/* --- and back -------------------------------------------------------------------------------------------------------
 */

void fold_pattern(const Fold *f, const NetBlock *block, const uint8_t *in, uint8_t *out)
{
    for (uint32_t i = 0; i < block->cell_count; i++)
        out[i] = in[f->group_of[i]];
}

Status fold_leaks(const Fold *f, PlanLeaks *leaks, bool *even, Error *err)
{
    PlanLeaks own = {0};
    Status st = OK;
    *even = true;
    for (size_t i = 0; i < leaks->len && st == OK; i++) {
        PlanLeak leak = leaks->at[i];
        uint32_t g = leak.cell;
        for (uint32_t k = f->start[g]; k < f->start[g + 1] && st == OK; k++) {
            leak.cell = f->member[k];
            int64_t target = leak.target > 0 ? f->plan->up[leak.cell] : -f->plan->down[leak.cell];
            if (target == 0 || f->plan->settled[leak.cell])
                continue;
            *even = *even && target == leak.target;
            st = vec_push(&own, leak, err);
        }
    }
    vec_free(leaks);
    *leaks = own;
    return st;
}

Status fold_moves(const Fold *f, WholeList *list, Error *err)
{
    WholeList own = {0};
    Status st = OK;
    for (size_t i = 0; i < list->start.len && st == OK; i++) {
        size_t end = i + 1 < list->start.len ? list->start.at[i + 1] : list->terms.len;
        st = vec_push(&own.start, own.terms.len, err);
        for (size_t t = list->start.at[i]; t < end; t++) {
            SuppressTerm term = list->terms.at[t];
            uint32_t g = term.cell;
            for (uint32_t k = f->start[g]; k < f->start[g + 1] && st == OK; k++) {
                term.cell = f->member[k];
                st = vec_push(&own.terms, term, err);
            }
        }
    }
    whole_list_free(list);
    *list = own;
    return st;
}

Status fold_cut(const Fold *f, Cut *cut, Arena *a, Error *err)
{
    uint32_t groups = f->problem.cell_count, *part_of;
    TRY(arena_new(a, uint32_t, (size_t)groups + 1, &part_of, err));
    for (uint32_t g = 0; g < groups; g++) {
        bool alike = true;
        for (uint32_t k = f->start[g]; k < f->start[g + 1]; k++) {
            uint32_t part = cut->part_of[f->member[k]];
            alike = alike && (part == 0 || part_of[g] == 0 || part == part_of[g]);
            part_of[g] = part != 0 ? part : part_of[g];
        }
        part_of[g] = alike ? part_of[g] : 0;
    }
    cut->part_of = part_of;
    return OK;
}
