/*
 * What the attacker reads: figures of the new release, held to the rule and to the input one by one, and those of
 * releases in force, held to today's records.
 */
#include "protect/attack_impl.h"

/* --- what is printed --------------------------------------------------------------------------------------------- */

static void print_figure(Attack *a, uint32_t t, uint32_t spot)
{
    const AttackTable *table = &a->tables[t];
    a->unknowns.at[a->quantities[table->people].id[spot]].printed = true;
    if (table->outcome != ATTACK_NONE)
        a->unknowns.at[a->quantities[table->outcome].id[spot]].printed = true;
}

static int64_t count_of(const Attack *a, uint32_t t, bool outcome, uint32_t spot)
{
    uint32_t q = outcome ? a->tables[t].outcome : a->tables[t].people;
    return q == ATTACK_NONE ? 0 : a->quantities[q].value[spot];
}

/* The rule for one figure by itself, and the printed form. truth: the input's cell. */
static Status check_figure(const Attack *a, const PublishedCell *p, const ProtectCell *truth, Error *err)
{
    const Limits *l = &a->limits;
    int64_t n = truth->denominator, k = truth->numerator;
    if (n < l->n || (!truth->is_median && (k < l->numerator || n - k < l->complement)))
        return attack_deny(&p->cell, "a figure of too few people is shown", err);
    if (truth->is_median && p->shown_value.len > 0 &&
        (truth->employers < l->employers || truth->top_employer * 100 > l->top_employer * n))
        return attack_deny(&p->cell, "a wage figure by which an employer could be known is shown", err);
    if ((p->hiding == PROTECT_HIDDEN_VALUE) != (truth->is_median && p->shown_value.len == 0))
        return attack_deny(&p->cell, "a value is missing that is not said to be hidden", err);
    const char *why = limits_shown_wrong(l, p, truth);
    return why ? attack_deny(&p->cell, why, err) : OK;
}

/* A hidden cell carries nothing that could be worded. */
static bool is_bare(const PublishedCell *p)
{
    const ProtectCell *c = &p->cell;
    return p->shown_value.len == 0 && p->shown_denominator.len == 0 && c->denominator == 0 && c->numerator == 0 &&
           c->covered == 0 && c->base == 0 && c->strong == 0 && c->employers == 0 && c->top_employer == 0 &&
           c->link_pairs == 0 && c->link_correct == 0 && c->link_missed == 0 && p->members.len == 0 &&
           p->groups.len == 0 && p->shown_seen.len == 0 && p->shown_linked.len == 0;
}

/* table -> spot -> the input's cell */
static Status index_truth(const Attack *a, const ProtectCell **truth, Attack *keys)
{
    for (size_t i = 0; i < a->ask->input_count; i++) {
        const ProtectCell *c = a->ask->input[i];
        uint32_t spot;
        if (attack_find_spot(keys, c->level, c->unit, c->split, c->grp, &spot))
            truth[(size_t)attack_find_table(a, c->table) * a->spots.len + spot] = c;
    }
    return OK;
}

enum { SEEN_NOW = 1, SEEN_TOLD = 2 };

Status attack_print_now(Attack *a, ProtectAttack *report, Error *err)
{
    const ProtectCell **truth;
    TRY(arena_array_(&a->arena, (size_t)a->table_count * a->spots.len + 1, sizeof *truth, (void **)&truth, err));
    TRY(index_truth(a, truth, a));
    for (size_t i = 0; i < a->ask->cell_count; i++) {
        const PublishedCell *p = &a->ask->cells[i];
        const ProtectCell *c = &p->cell;
        uint32_t t = attack_find_table(a, c->table), spot;
        if (t == ATTACK_NONE || !attack_find_spot(a, c->level, c->unit, c->split, c->grp, &spot) ||
            !a->tables[t].has[a->spots.at[spot].slot])
            return attack_deny(c, "a figure stands where nobody is counted", err);
        if (a->tables[t].seen[spot] & SEEN_NOW)
            return attack_deny(c, "a figure occurs twice", err);
        a->tables[t].seen[spot] |= SEEN_NOW;
        report->figures++;
        report->hidden += p->hiding == PROTECT_HIDDEN;
        if (p->hiding == PROTECT_HIDDEN) {
            if (!is_bare(p))
                return attack_deny(c, "a hidden figure carries numbers", err);
            continue;
        }
        const ProtectCell *true_cell = truth[(size_t)t * a->spots.len + spot];
        if (!true_cell)
            return attack_deny(c, "a figure of nobody is shown", err);
        TRY(check_figure(a, p, true_cell, err));
        print_figure(a, t, spot);
    }
    for (uint32_t t = 0; t < a->table_count; t++)
        for (uint32_t i = 0; i < a->spots.len; i++) {
            const AttackTable *table = &a->tables[t];
            if (!table->has[a->spots.at[i].slot] || (table->seen[i] & SEEN_NOW))
                continue;
            if (count_of(a, t, false, i) > 0) {
                const AttackSpot *s = &a->spots.at[i];
                ProtectCell c = {.table = table->name, .year = a->ask->year, .level = s->level, .split = s->split};
                return attack_deny(&c, "a figure is missing and not said to be hidden", err);
            }
            print_figure(a, t, i);
        }
    return OK;
}

/* --- what releases in force printed ------------------------------------------------------------------------------ */

Status attack_corrected(const PublishedCell *p, Error *err)
{
    error_set(err, ERR_DENIED,
        "a release in force printed %.*s of %d, %.*s %.*s, and today's records count otherwise: the difference of the "
        "two would show who was corrected",
        SLICE_ARG(p->cell.table), (int)p->cell.year, SLICE_ARG(p->cell.level), SLICE_ARG(p->cell.unit));
    error_hint(err, "Withdraw that release, or release with --replace TEXT.");
    return ERR_DENIED;
}

/* Adds up the places a told figure stands for; row: where their terms go, NONE: not asked. */
static Status told_sum(Attack *a, const PublishedCell *p, uint32_t quantity, uint32_t row, int64_t *sum, bool *known,
    uint32_t *last, Error *err)
{
    Slice units = p->members.len > 0 ? p->members : p->cell.unit;
    *sum = 0;
    *known = true;
    *last = ATTACK_NONE;
    while (units.ptr) {
        Slice unit = slice_cut(&units, ' '), groups = p->groups.len > 0 ? p->groups : p->cell.grp;
        while (groups.ptr) {
            uint32_t spot;
            if (!attack_find_spot(a, p->cell.level, unit, p->cell.split, slice_cut(&groups, ' '), &spot))
                continue; /* nobody is there today: the sum says whether somebody was */
            const AttackQuantity *q = &a->quantities[quantity];
            if (q->id[spot] == ATTACK_NONE) {
                *known = false;
                continue;
            }
            *last = spot;
            *sum += q->value[spot];
            if (row != ATTACK_NONE)
                TRY(attack_add_entry(a, row, q->id[spot], 1, err));
        }
    }
    return OK;
}

/* A pool: its sum is known. */
static Status tell_sum(Attack *a, const PublishedCell *p, uint32_t quantity, Error *err)
{
    uint32_t row = a->row_count++, id, spot;
    int64_t sum;
    bool known;
    TRY(told_sum(a, p, quantity, row, &sum, &known, &spot, err));
    SdcCell c = {.value = sum, .lower = sum, .upper = sum, .status = SDC_OPEN};
    AttackUnknown u = {.quantity = ATTACK_NONE, .spot = spot, .printed = true};
    TRY(attack_add_unknown(a, &u, &c, 0, &id, err));
    return attack_add_entry(a, row, id, -1, err);
}

static Status tell(Attack *a, const PublishedCell *p, uint32_t t, Error *err)
{
    ProtectCell sum = {.is_median = a->tables[t].is_median};
    const AttackTable *table = &a->tables[t];
    PublishedCell shown = *p;
    bool known;
    uint32_t spot;
    TRY(told_sum(a, p, table->people, ATTACK_NONE, &sum.denominator, &known, &spot, err));
    if (known && table->outcome != ATTACK_NONE)
        TRY(told_sum(a, p, table->outcome, ATTACK_NONE, &sum.numerator, &known, &spot, err));
    if (sum.is_median) /* wages are no counts: that they changed is told by no sum */
        shown.shown_value = (Slice){"", 0};
    if (!known || sum.denominator == 0 || limits_shown_wrong(&a->limits, &shown, &sum))
        return attack_corrected(p, err);
    if (p->members.len == 0 && p->groups.len == 0) {
        print_figure(a, t, spot);
        return OK;
    }
    TRY(tell_sum(a, p, table->people, err));
    return table->outcome == ATTACK_NONE ? OK : tell_sum(a, p, table->outcome, err);
}

static bool is_told_here(const Attack *a, const PublishedCell *p)
{
    unsigned tier;
    return p->cell.year == a->ask->year && slice_eq(limits_lineage(&a->limits, p->cell.table, &tier), a->ask->lineage);
}

/* A release that hides figures of a measure tells of all its places: whom it leaves out, it says to be nobody. */
static Status tell_absent(Attack *a, const bool *hides, Error *err)
{
    for (uint32_t t = 0; t < a->table_count; t++)
        for (uint32_t i = 0; i < a->spots.len; i++) {
            const AttackTable *table = &a->tables[t];
            if (!hides[t] || !table->has[a->spots.at[i].slot] || (table->seen[i] & SEEN_TOLD))
                continue;
            const AttackSpot *s = &a->spots.at[i];
            PublishedCell c = {
                .cell = {.table = table->name, .year = a->ask->year, .level = s->level, .unit = s->unit}};
            if (count_of(a, t, false, i) > 0)
                return attack_corrected(&c, err);
            print_figure(a, t, i);
        }
    return OK;
}

Status attack_print_told(Attack *a, Error *err)
{
    const LaneOptions *o = a->ask->options;
    bool hides[ATTACK_MAX_TABLES] = {false};
    for (size_t i = 0; i < o->told_count; i++) {
        const PublishedCell *p = &o->told[i];
        uint32_t t, spot;
        if (!is_told_here(a, p))
            continue;
        t = attack_find_table(a, p->cell.table);
        if (t == ATTACK_NONE)
            return attack_corrected(p, err); /* a measure nobody counts today any more */
        hides[t] = hides[t] || p->hiding == PROTECT_HIDDEN;
        if (attack_find_spot(a, p->cell.level, p->cell.unit, p->cell.split, p->cell.grp, &spot))
            a->tables[t].seen[spot] |= SEEN_TOLD;
        if (p->hiding != PROTECT_HIDDEN)
            TRY(tell(a, p, t, err));
    }
    return tell_absent(a, hides, err);
}
