/*
 * A panel as equations, with what the rule asks to be hidden.
 *
 * Levels (SDC handbook, Hundepool et al. 2012, 4.2): of a count below its minimum nobody may learn that it is below,
 * nor that it is not smaller than it is: the attacker's interval reaches from value - 1 to the minimum. A count of
 * people has min_n; a count that is also an outcome, min_numerator: as an outcome it may be told when it is that large,
 * and the figure that rests on it as people is hidden all the same, with its outcome kept from being worked out.
 */
#include "protect/equations.h"

typedef struct EquationsSum {
    uint32_t quantity;
    const size_t *places;
    size_t count;
} EquationsSum;

typedef struct Builder {
    Equations *e;
    const ProtectRule *rule;
    const Panel *p;
    VEC(SdcCell) cells;
    VEC(uint32_t) of, kind;
    VEC(int64_t) least;
    uint32_t kinds;  /* of the cells being added */
    int64_t minimum; /* of their sums */
    VEC(uint32_t) starts;
    VEC(uint32_t) terms;
    VEC(int32_t) coefs;
    bool *anybody; /* place */
    bool **has;    /* quantity -> split * levels + level */
} Builder;

/* --- quantities -------------------------------------------------------------------------------------------------- */

static size_t slot(const Panel *p, size_t split, size_t level)
{
    return split * p->level_count + level;
}

size_t equations_place(const Panel *p, size_t split, size_t level, size_t unit, size_t group)
{
    size_t at = 0;
    for (size_t s = 0; s <= split; s++)
        for (size_t l = 0; l < (s < split ? p->level_count : level); l++)
            at += p->levels[l].count * p->splits[s].group_count;
    return at + unit * p->splits[split].group_count + group;
}

static Status number_places(Builder *b, Error *err)
{
    Equations *e = b->e;
    const Panel *p = b->p;
    if (p->split_count > COUNT_OF(e->base))
        return error_set(
            err, ERR_LIMIT, "family %.*s has more than %zu splits", SLICE_ARG(p->family), COUNT_OF(e->base));
    for (size_t s = 0; s < p->split_count; s++)
        for (size_t l = 0; l < p->level_count; l++) {
            e->base[s][l] = e->place_count;
            e->place_count += p->levels[l].count * p->splits[s].group_count;
        }
    TRY(arena_new(&e->arena, EquationsPlace, e->place_count, &e->places, err));
    TRY(arena_new(&e->arena, bool, e->place_count, &b->anybody, err));
    size_t at = 0;
    for (uint32_t s = 0; s < p->split_count; s++)
        for (uint32_t l = 0; l < p->level_count; l++)
            for (uint32_t u = 0; u < p->levels[l].count; u++)
                for (uint32_t g = 0; g < p->splits[s].group_count; g++)
                    e->places[at++] = (EquationsPlace){s, l, u, g};
    return OK;
}

static Status take_counts(Builder *b, size_t table, bool outcome, int64_t *value, bool *has)
{
    const Panel *p = b->p;
    for (size_t i = 0; i < b->e->place_count; i++) {
        const EquationsPlace *x = &b->e->places[i];
        const PanelSplit *s = &p->splits[x->split];
        has[slot(p, x->split, x->level)] = s->has[x->level][table];
        const ProtectCell *c = panel_cell(p, s, x->level, table, x->unit, x->group);
        value[i] = !c ? 0 : outcome ? c->numerator : c->denominator;
        b->anybody[i] = b->anybody[i] || value[i] > 0;
    }
    return OK;
}

/* Equal wherever both are counted, and counted at some place together. */
static bool same_counts(const Builder *b, uint32_t q, const int64_t *value, const bool *has)
{
    bool together = false;
    for (size_t i = 0; i < b->e->place_count; i++) {
        size_t at = slot(b->p, b->e->places[i].split, b->e->places[i].level);
        if (!has[at] || !b->has[q][at])
            continue;
        if (b->e->value[q][i] != value[i])
            return false;
        together = together || value[i] > 0;
    }
    return together;
}

/* base, or what it is a part of, step by step. */
static bool lies_over(const Equations *e, uint32_t q, uint32_t base)
{
    bool over = q == base;
    for (uint32_t k = 0; k < e->pair_count && !over; k++)
        over = e->pairs[k].part == base && lies_over(e, q, e->pairs[k].whole);
    return over;
}

/* An outcome is no other name of its own people, nor of those they are a part of, however many have it: that all have
 * it is what the rule hides. Neither are people who are declared a part of an outcome. */
static bool may_be_one(const Builder *b, size_t table, bool outcome, uint32_t q)
{
    const Equations *e = b->e;
    if (outcome)
        return !lies_over(e, q, e->people[table]);
    for (size_t i = 0; i < b->p->subset_count; i++) {
        const PanelTerm *inner = &b->p->subsets[i].terms[0], *outer = &b->p->subsets[i].terms[1];
        if (b->p->subsets[i].count != 2 || inner->table != table || !inner->is_denominator || !inner->inner ||
            outer->inner || outer->is_denominator)
            continue;
        uint32_t whole = e->outcome[outer->table];
        if (whole != EQUATIONS_NONE && q != whole && lies_over(e, q, whole))
            return false;
    }
    return true;
}

static Status add_quantity(Builder *b, size_t table, bool outcome, uint32_t *out, Error *err)
{
    Equations *e = b->e;
    int64_t *value;
    bool *has;
    size_t slots = b->p->split_count * b->p->level_count;
    TRY(arena_new(&e->arena, int64_t, e->place_count, &value, err));
    TRY(arena_new(&e->arena, bool, slots, &has, err));
    TRY(take_counts(b, table, outcome, value, has));
    for (*out = 0;
         *out < e->quantity_count && !(may_be_one(b, table, outcome, *out) && same_counts(b, *out, value, has));)
        ++*out;
    uint32_t q = *out;
    if (q == e->quantity_count) {
        e->value[q] = value;
        b->has[q] = has;
        e->quantity_count++;
        return OK;
    }
    for (size_t i = 0; i < e->place_count; i++) {
        size_t at = slot(b->p, e->places[i].split, e->places[i].level);
        if (has[at] && !b->has[q][at])
            e->value[q][i] = value[i];
    }
    for (size_t i = 0; i < slots; i++)
        b->has[q][i] = b->has[q][i] || has[i];
    return OK;
}

/* Tables from the root on: what a count is a part of is there before it. */
static Status add_table(Builder *b, size_t t, Error *err)
{
    Equations *e = b->e;
    TRY(add_quantity(b, t, false, &e->people[t], err));
    e->sizes[e->people[t]]++;
    if (b->p->tables[t].is_median)
        return OK;
    TRY(add_quantity(b, t, true, &e->outcome[t], err));
    EquationsPair pair = {e->people[t], e->outcome[t]};
    uint32_t k = 0;
    while (k < e->pair_count && (e->pairs[k].whole != pair.whole || e->pairs[k].part != pair.part))
        k++;
    if (k == e->pair_count)
        e->pairs[e->pair_count++] = pair;
    return OK;
}

/* Equal data make counts one unknown, but no people an outcome: that the policy has to say, by a family that coarsens
 * the rate's. Of counts that are one, the strictest decides. */
static Status find_outcomes(Builder *b, Error *err)
{
    Equations *e = b->e;
    TRY(arena_new(&e->arena, bool, e->quantity_count + 1, &e->as_outcome, err));
    for (uint32_t q = 0; q < e->quantity_count; q++) {
        unsigned first = b->p->tier_count;
        for (size_t t = 0; t < b->p->table_count; t++)
            if (e->outcome[t] == q && b->p->tables[t].tier < first)
                first = b->p->tables[t].tier;
        e->as_outcome[q] = first < b->p->tier_count;
        for (size_t t = 0; t < b->p->table_count; t++)
            if (e->people[t] == q && b->p->tables[t].tier <= first)
                e->as_outcome[q] = false;
    }
    return OK;
}

static Status collect_quantities(Builder *b, Error *err)
{
    Equations *e = b->e;
    TRY(arena_new(&e->arena, int64_t *, EQUATIONS_MAX_QUANTITIES, &e->value, err));
    TRY(arena_new(&e->arena, uint32_t *, EQUATIONS_MAX_QUANTITIES, &e->cell, err));
    TRY(arena_new(&e->arena, bool *, EQUATIONS_MAX_QUANTITIES, &b->has, err));
    TRY(arena_new(&e->arena, uint32_t, EQUATIONS_MAX_QUANTITIES, &e->sizes, err));
    TRY(arena_new(&e->arena, EquationsPair, PANEL_MAX_TABLES, &e->pairs, err));
    for (size_t t = 0; t < b->p->table_count; t++)
        e->outcome[t] = EQUATIONS_NONE;
    for (unsigned tier = 0; tier < b->p->tier_count; tier++)
        for (size_t t = 0; t < b->p->table_count; t++)
            if (b->p->tables[t].tier == tier)
                TRY(add_table(b, t, err));
    return find_outcomes(b, err);
}

static bool is_outcome(const Equations *e, uint32_t q)
{
    return e->as_outcome[q];
}

/* --- cells ------------------------------------------------------------------------------------------------------- */

static Status add_cell(Builder *b, const SdcCell *cell, size_t place, uint32_t *out, Error *err)
{
    if (b->cells.len >= UINT32_MAX / 4)
        return error_set(err, ERR_LIMIT, "a family's figures are too many for one system");
    *out = (uint32_t)b->cells.len;
    TRY(vec_push(&b->cells, *cell, err));
    TRY(vec_push(&b->kind, b->kinds, err));
    TRY(vec_push(&b->least, b->minimum, err));
    return vec_push(&b->of, (uint32_t)place, err);
}

static void below(SdcCell *c, int64_t minimum)
{
    int64_t down = c->value > 0 ? 1 : 0, up = minimum - c->value;
    c->status = SDC_SENSITIVE;
    c->lpl = down > c->lpl ? down : c->lpl;
    c->upl = up > c->upl ? up : c->upl;
}

/* A unit of people, an outcome: what the rule says of the count alone. */
static void judge_quantity(const Builder *b, uint32_t q, size_t i, SdcCell *c)
{
    const Equations *e = b->e;
    bool outcome = is_outcome(e, q);
    if (e->sizes[q] > 0 && !outcome && c->value > 0 && c->value < b->rule->min_n)
        below(c, b->rule->min_n);
    for (uint32_t k = 0; k < e->pair_count; k++)
        if (e->pairs[k].part == q && e->value[e->pairs[k].whole][i] > 0 && c->value < b->rule->min_numerator)
            below(c, b->rule->min_numerator);
    /* the people may be told, as somebody's outcome, and yet be too few for a rate of their own */
    for (uint32_t k = 0; k < e->pair_count; k++) {
        int64_t whole = e->value[e->pairs[k].whole][i];
        if (e->pairs[k].part == q && is_outcome(e, e->pairs[k].whole) && whole > 0 && whole < b->rule->min_n)
            below(c, c->value);
    }
}

static int64_t cost_of(const Builder *b, uint32_t q, const EquationsPlace *x)
{
    const Equations *e = b->e;
    int64_t tables = e->sizes[q];
    for (uint32_t k = 0; k < e->pair_count; k++)
        tables += e->pairs[k].part == q || e->pairs[k].whole == q;
    int64_t people = e->value[q][equations_place(b->p, x->split, x->level, x->unit, x->group)];
    /* figures that go, and the people in them: of two groups the smaller helps the other */
    int64_t cost = tables * (50 + (people < 5000 ? people : 5000));
    for (size_t l = x->level + 1; l < b->p->level_count; l++)
        cost *= 4; /* a level higher is what more readers look for */
    return x->split == 0 ? 2 * cost : cost;
}

static Status quantity_cells(Builder *b, uint32_t q, Error *err)
{
    Equations *e = b->e;
    int64_t largest = 0;
    TRY(arena_new(&e->arena, uint32_t, e->place_count, &e->cell[q], err));
    for (size_t i = 0; i < e->place_count; i++)
        largest = e->value[q][i] > largest ? e->value[q][i] : largest;
    b->kinds = q;
    b->minimum = is_outcome(e, q) ? b->rule->min_numerator : b->rule->min_n;
    for (size_t i = 0; i < e->place_count; i++) {
        const EquationsPlace *x = &e->places[i];
        e->cell[q][i] = EQUATIONS_NONE;
        if (!b->anybody[i] || !b->has[q][slot(b->p, x->split, x->level)])
            continue;
        SdcCell c = {.value = e->value[q][i], .upper = largest + b->rule->min_n, .cost = cost_of(b, q, x)};
        judge_quantity(b, q, i, &c);
        TRY(add_cell(b, &c, i, &e->cell[q][i], err));
    }
    return OK;
}

/* --- equations --------------------------------------------------------------------------------------------------- */

static Status begin_row(Builder *b, Error *err)
{
    return vec_push(&b->starts, (uint32_t)b->terms.len, err);
}

static Status add_term(Builder *b, uint32_t cell, int32_t coef, Error *err)
{
    if (cell == EQUATIONS_NONE)
        return OK;
    for (size_t i = vec_last(&b->starts); i < b->terms.len; i++)
        if (b->terms.at[i] == cell) {
            b->coefs.at[i] += coef;
            return OK;
        }
    TRY(vec_push(&b->terms, cell, err));
    return vec_push(&b->coefs, coef, err);
}

/* Terms that cancelled go, and a row that says nothing. */
static void end_row(Builder *b)
{
    size_t from = vec_last(&b->starts), kept = from;
    for (size_t i = from; i < b->terms.len; i++)
        if (b->coefs.at[i] != 0) {
            b->terms.at[kept] = b->terms.at[i];
            b->coefs.at[kept++] = b->coefs.at[i];
        }
    b->terms.len = b->coefs.len = kept;
    if (kept - from < 2) {
        b->terms.len = b->coefs.len = from;
        b->starts.len--;
    }
}

static Status add_groups(Builder *b, uint32_t q, size_t s, size_t l, Error *err)
{
    Equations *e = b->e;
    size_t groups = b->p->splits[s].group_count;
    for (size_t u = 0; u < b->p->levels[l].count; u++) {
        uint32_t whole = e->cell[q][e->base[0][l] + u];
        if (whole == EQUATIONS_NONE)
            continue;
        TRY(begin_row(b, err));
        TRY(add_term(b, whole, 1, err));
        for (size_t g = 0; g < groups; g++)
            TRY(add_term(b, e->cell[q][e->base[s][l] + u * groups + g], -1, err));
        end_row(b);
    }
    return OK;
}

/* Units are sorted by code, not by parent: the children of each parent are gathered first. */
static Status add_children(Builder *b, uint32_t q, size_t s, size_t l, Error *err)
{
    Equations *e = b->e;
    const PanelLevel *level = &b->p->levels[l], *above = &b->p->levels[l - 1];
    size_t groups = b->p->splits[s].group_count;
    uint32_t *first, *next;
    TRY(mem_alloc((above->count + 1) * sizeof *first, (void **)&first, err));
    Status st = mem_alloc((level->count + 1) * sizeof *next, (void **)&next, err);
    if (st == OK) {
        for (size_t u = 0; u < above->count; u++)
            first[u] = EQUATIONS_NONE;
        for (size_t u = level->count; u-- > 0;) {
            next[u] = first[level->units[u].parent];
            first[level->units[u].parent] = (uint32_t)u;
        }
        for (size_t v = 0; v < above->count && st == OK; v++)
            for (size_t g = 0; g < groups && st == OK; g++) {
                uint32_t whole = e->cell[q][e->base[s][l - 1] + v * groups + g];
                if (whole == EQUATIONS_NONE)
                    continue;
                st = begin_row(b, err);
                if (st == OK)
                    st = add_term(b, whole, 1, err);
                for (uint32_t u = first[v]; u != EQUATIONS_NONE && st == OK; u = next[u])
                    st = add_term(b, e->cell[q][e->base[s][l] + u * groups + g], -1, err);
                if (st == OK)
                    end_row(b);
            }
        mem_free(next);
    }
    mem_free(first);
    return st;
}

static Status quantity_rows(Builder *b, uint32_t q, Error *err)
{
    const Panel *p = b->p;
    for (size_t s = 0; s < p->split_count; s++)
        for (size_t l = 0; l < p->level_count; l++) {
            if (!b->has[q][slot(p, s, l)])
                continue;
            if (s > 0 && b->has[q][slot(p, 0, l)])
                TRY(add_groups(b, q, s, l, err));
            if (l > 0 && b->has[q][slot(p, s, l - 1)])
                TRY(add_children(b, q, s, l, err));
        }
    return OK;
}

/* Of two counts, or of lists of them, what the larger has beyond the smaller. */
typedef struct Difference {
    uint32_t quantity[PANEL_MAX_TERMS];
    int32_t sign[PANEL_MAX_TERMS];
    size_t count;
    int64_t minimum;  /* of people in it, when there are any */
    bool empty_tells; /* that nobody is in it must not be told either */
} Difference;

static Status difference_cells(Builder *b, const Difference *d, uint32_t *rest, Error *err)
{
    Equations *e = b->e;
    int64_t lowest = 0, largest = 0;
    if (d->count < 2)
        return OK;
    b->kinds++;
    b->minimum = d->minimum;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < e->place_count; i++) {
            int64_t v = 0;
            bool counted = true;
            for (size_t k = 0; k < d->count; k++) {
                counted = counted && e->cell[d->quantity[k]][i] != EQUATIONS_NONE;
                v += d->sign[k] * e->value[d->quantity[k]][i];
            }
            if (pass == 0) {
                rest[i] = EQUATIONS_NONE;
                lowest = counted && v < lowest ? v : lowest;
                largest = counted && v > largest ? v : largest;
                continue;
            }
            if (!counted)
                continue;
            SdcCell c = {.value = v, .lower = lowest, .upper = largest + b->rule->min_n, .status = SDC_SECONDARY};
            bool few = d->empty_tells ? e->value[d->quantity[0]][i] > 0 && v < d->minimum
                                      : (v > 0 && v < d->minimum) || (v < 0 && -v < d->minimum);
            if (few && v >= 0)
                below(&c, d->minimum);
            else if (few)
                c.status = SDC_SENSITIVE, c.lpl = d->minimum + v, c.upl = 1, c.lower -= b->rule->min_n;
            TRY(add_cell(b, &c, i, &rest[i], err));
            TRY(begin_row(b, err));
            for (size_t k = 0; k < d->count; k++)
                TRY(add_term(b, e->cell[d->quantity[k]][i], d->sign[k], err));
            TRY(add_term(b, rest[i], -1, err));
            end_row(b);
        }
    return OK;
}

static Status pair_cells(Builder *b, Error *err)
{
    Equations *e = b->e;
    TRY(arena_new(&e->arena, uint32_t *, e->pair_count + 1, &e->rest, err));
    for (uint32_t k = 0; k < e->pair_count; k++) {
        const Difference d = {.quantity = {e->pairs[k].whole, e->pairs[k].part},
            .sign = {1, -1},
            .count = 2,
            .minimum = b->rule->min_complement,
            .empty_tells = true};
        TRY(arena_new(&e->arena, uint32_t, e->place_count, &e->rest[k], err));
        TRY(difference_cells(b, &d, e->rest[k], err));
        /* of a group whose size may be told, but not its rate */
        for (size_t i = 0; i < e->place_count; i++) {
            int64_t whole = e->value[e->pairs[k].whole][i];
            if (e->rest[k][i] != EQUATIONS_NONE && is_outcome(e, e->pairs[k].whole) && whole > 0 &&
                whole < b->rule->min_n)
                below(&b->cells.at[e->rest[k][i]], b->cells.at[e->rest[k][i]].value);
        }
    }
    return OK;
}

static bool is_pair(const Equations *e, const Difference *d)
{
    if (d->count != 2)
        return false;
    uint32_t whole = d->sign[0] > 0 ? d->quantity[0] : d->quantity[1];
    uint32_t part = d->sign[0] > 0 ? d->quantity[1] : d->quantity[0];
    for (uint32_t k = 0; k < e->pair_count; k++)
        if (e->pairs[k].whole == whole && e->pairs[k].part == part)
            return true;
    return false;
}

/* One quantity on both sides leaves nothing. */
static void take_term(Difference *d, uint32_t quantity, int32_t sign)
{
    size_t k = 0;
    while (k < d->count && (d->quantity[k] != quantity || d->sign[k] == sign))
        k++;
    if (k < d->count) {
        d->count--;
        d->quantity[k] = d->quantity[d->count];
        d->sign[k] = d->sign[d->count];
        return;
    }
    d->quantity[d->count] = quantity;
    d->sign[d->count++] = sign;
}

static Status subset_cells(Builder *b, Error *err)
{
    Equations *e = b->e;
    uint32_t *rest;
    TRY(arena_new(&e->arena, uint32_t, e->place_count, &rest, err));
    for (size_t i = 0; i < b->p->subset_count; i++) {
        const PanelSubset *s = &b->p->subsets[i];
        Difference d = {.minimum = b->rule->min_numerator};
        for (size_t k = 0; k < s->count; k++) {
            const PanelTerm *x = &s->terms[k];
            take_term(&d, x->is_denominator ? e->people[x->table] : e->outcome[x->table], x->inner ? -1 : 1);
        }
        if (!is_pair(e, &d))
            TRY(difference_cells(b, &d, rest, err));
    }
    return OK;
}

/* A sum that an earlier release printed: a pool of places, of groups. */
static Status told_row(Builder *b, const EquationsSum *sum, Error *err)
{
    Equations *e = b->e;
    uint32_t known;
    SdcCell c = {.status = SDC_FROZEN};
    b->kinds++;
    b->minimum = 0;
    TRY(begin_row(b, err));
    for (size_t i = 0; i < sum->count; i++) {
        c.value += e->value[sum->quantity][sum->places[i]];
        TRY(add_term(b, e->cell[sum->quantity][sum->places[i]], 1, err));
    }
    c.lower = c.upper = c.value;
    TRY(add_cell(b, &c, sum->places[0], &known, err));
    TRY(add_term(b, known, -1, err));
    end_row(b);
    return OK;
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

static Status finish(Builder *b, Error *err)
{
    Equations *e = b->e;
    uint32_t rows = (uint32_t)b->starts.len, terms = (uint32_t)b->terms.len;
    TRY(vec_push(&b->starts, terms, err));
    TRY(sdc_new((uint32_t)b->cells.len, rows, terms, &e->problem, err));
    TRY(arena_new(&e->arena, uint32_t, b->of.len, &e->of, err));
    TRY(arena_new(&e->arena, uint32_t, b->of.len, &e->kind, err));
    TRY(arena_new(&e->arena, int64_t, b->of.len, &e->least, err));
    memcpy(e->problem.start, b->starts.at, (rows + (size_t)1) * sizeof *b->starts.at);
    if (b->cells.len > 0) {
        memcpy(e->problem.cells, b->cells.at, b->cells.len * sizeof *b->cells.at);
        memcpy(e->of, b->of.at, b->of.len * sizeof *b->of.at);
        memcpy(e->kind, b->kind.at, b->kind.len * sizeof *b->kind.at);
        memcpy(e->least, b->least.at, b->least.len * sizeof *b->least.at);
    }
    if (terms > 0) {
        memcpy(e->problem.cell, b->terms.at, terms * sizeof *b->terms.at);
        memcpy(e->problem.coef, b->coefs.at, terms * sizeof *b->coefs.at);
    }
    return OK;
}

static Status build(Builder *b, Error *err)
{
    TRY(number_places(b, err));
    TRY(collect_quantities(b, err));
    for (uint32_t q = 0; q < b->e->quantity_count; q++)
        TRY(quantity_cells(b, q, err));
    for (uint32_t q = 0; q < b->e->quantity_count; q++)
        TRY(quantity_rows(b, q, err));
    TRY(pair_cells(b, err));
    TRY(subset_cells(b, err));
    return OK;
}

Status equations_make(const ProtectRule *rule, const Panel *p, const EquationsSums *told, Equations *out, Error *err)
{
    *out = (Equations){.panel = p};
    arena_init(&out->arena, 0);
    Builder b = {.e = out, .rule = rule, .p = p};
    Status st = build(&b, err);
    for (size_t i = 0; told && i < told->len && st == OK; i++) {
        const EquationsTold *t = &told->at[i];
        EquationsSum sum = {.places = t->places, .count = t->count};
        sum.quantity = out->people[t->table];
        st = told_row(&b, &sum, err);
        sum.quantity = out->outcome[t->table];
        if (st == OK && sum.quantity != EQUATIONS_NONE)
            st = told_row(&b, &sum, err);
    }
    if (st == OK)
        st = finish(&b, err);
    vec_free(&b.cells);
    vec_free(&b.of);
    vec_free(&b.kind);
    vec_free(&b.least);
    vec_free(&b.starts);
    vec_free(&b.terms);
    vec_free(&b.coefs);
    return st;
}

void equations_free(Equations *e)
{
    sdc_free(&e->problem);
    arena_free(&e->arena);
    *e = (Equations){0};
}
