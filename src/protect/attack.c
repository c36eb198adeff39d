/*
 * The attack on suppressed figures of one lineage and year: what follows about any count from all that is printed now
 * and by every release in force.
 *
 * It reads input, rule and printed figures for itself, makes its own system from printed keys, and hands it to the room
 * audit, which proves in whole numbers. Nothing of the protector is used. What everybody knows:
 *   - groups add up to everybody, places to the place above;
 *   - counts of several tables that are equal wherever both are counted are the same people (an outcome and the people
 *     it is asked of never: that all have it is not known beforehand);
 *   - who has an outcome is one of the people, and the smaller count of a [[subset]] is a part of the larger;
 *   - each printed count (a rate and its people give the outcome), sums of earlier pools, and that a place which a
 *     table leaves out has nobody.
 * What nobody may learn: that a count is below its minimum, or that it is not smaller than it is.
 */
#include "protect/attack_impl.h"

#include "audit/audit.h"

#include <stdio.h>

#define MAX_TERMS 8

Status attack_deny(const ProtectCell *c, const char *why, Error *err)
{
    return error_set(err, ERR_DENIED, "table %.*s, year %d, level %.*s, split %.*s: %s", SLICE_ARG(c->table),
        (int)c->year, SLICE_ARG(c->level), SLICE_ARG(c->split), why);
}

static Slice text_key(Attack *a, const Slice *parts, size_t count)
{
    buf_reset(&a->key);
    for (size_t i = 0; i < count; i++) {
        buf_addc(&a->key, '\x1f');
        buf_add(&a->key, parts[i]);
    }
    return buf_slice(&a->key);
}
#define TEXT(a, ...) text_key((a), (const Slice[]){__VA_ARGS__}, sizeof((const Slice[]){__VA_ARGS__}) / sizeof(Slice))

/* --- what is counted --------------------------------------------------------------------------------------------- */

bool attack_find_spot(Attack *a, Slice level, Slice unit, Slice split, Slice grp, uint32_t *out)
{
    uint64_t at;
    bool found = map_get(&a->spot_of, TEXT(a, level, unit, split, grp), &at);
    *out = found ? (uint32_t)at : ATTACK_NONE;
    return found;
}

uint32_t attack_find_table(const Attack *a, Slice name)
{
    for (uint32_t t = 0; t < a->table_count; t++)
        if (slice_eq(a->tables[t].name, name))
            return t;
    return ATTACK_NONE;
}

static Status add_table(Attack *a, const ProtectCell *c, Error *err)
{
    if (attack_find_table(a, c->table) != ATTACK_NONE)
        return OK;
    if (a->table_count == ATTACK_MAX_TABLES)
        return error_set(err, ERR_LIMIT, "a lineage has more than %d measures", ATTACK_MAX_TABLES);
    a->tables[a->table_count++] = (AttackTable){.name = c->table, .is_median = c->is_median, .outcome = ATTACK_NONE};
    return OK;
}

static Status add_spot(Attack *a, const ProtectCell *c, Error *err)
{
    uint64_t slot, at;
    TRY(map_get_or_put(&a->slot_of, TEXT(a, c->split, c->level), a->slot_of.len, &slot, err));
    if (c->denominator == 0 && c->numerator == 0)
        return OK;
    TRY(map_get_or_put(&a->spot_of, TEXT(a, c->level, c->unit, c->split, c->grp), a->spots.len, &at, err));
    if (at < a->spots.len)
        return OK;
    AttackSpot s = {c->level, c->unit, c->parent, c->split, c->grp, (uint32_t)slot};
    return vec_push(&a->spots, s, err);
}

static Status read_counts(Attack *a, int64_t **values, Error *err)
{
    for (uint32_t t = 0; t < a->table_count; t++) {
        AttackTable *table = &a->tables[t];
        TRY(arena_new(&a->arena, bool, a->slot_of.len, &table->has, err));
        TRY(arena_new(&a->arena, uint8_t, a->spots.len, &table->seen, err));
        TRY(arena_new(&a->arena, int64_t, a->spots.len, &values[2 * t], err));
        TRY(arena_new(&a->arena, int64_t, a->spots.len, &values[2 * t + 1], err));
    }
    for (size_t i = 0; i < a->ask->input_count; i++) {
        const ProtectCell *c = a->ask->input[i];
        uint32_t t = attack_find_table(a, c->table), spot;
        uint64_t slot;
        if (map_get(&a->slot_of, TEXT(a, c->split, c->level), &slot))
            a->tables[t].has[slot] = true;
        if (!attack_find_spot(a, c->level, c->unit, c->split, c->grp, &spot))
            continue;
        values[2 * t][spot] = c->denominator;
        values[2 * t + 1][spot] = c->numerator;
    }
    return OK;
}

static bool are_same(const Attack *a, const AttackQuantity *q, const int64_t *value, const bool *has)
{
    bool counted = false;
    for (size_t i = 0; i < a->spots.len; i++) {
        uint32_t slot = a->spots.at[i].slot;
        if (!q->has[slot] || !has[slot])
            continue;
        if (q->value[i] != value[i])
            return false;
        counted = counted || value[i] != 0;
    }
    return counted;
}

static bool is_around(const Attack *a, uint32_t id, uint32_t inner)
{
    if (id == inner)
        return true;
    for (uint32_t t = 0; t < a->table_count; t++)
        if (a->tables[t].outcome == inner && is_around(a, id, a->tables[t].people))
            return true;
    return false;
}

/* The one table of a side of a [[subset]] that is this count of one table; NONE. */
static uint32_t side_table(const Attack *a, const Toml *side, const char *count)
{
    const Toml *first = side && side->type == TOML_ARRAY ? side->first : side;
    if (!first || (side->type == TOML_ARRAY && first->next))
        return ATTACK_NONE;
    Slice rest = first->string;
    uint32_t t = attack_find_table(a, slice_cut(&rest, '.'));
    return slice_eq_z(rest, count) ? t : ATTACK_NONE;
}

/* Whether a count would be one with what it is a part of: an outcome with its people, or people who are said to be
 * among those with an outcome with those it is taken from. That all have it, nobody knows beforehand. */
static bool contains_own(const Attack *a, uint32_t t, bool outcome, uint32_t id)
{
    if (outcome)
        return is_around(a, id, a->tables[t].people);
    for (const Toml *s = a->limits.subsets ? a->limits.subsets->first : NULL; s; s = s->next) {
        uint32_t of = side_table(a, toml_get(s, "outer"), "numerator");
        if (of == ATTACK_NONE || side_table(a, toml_get(s, "inner"), "denominator") != t ||
            a->tables[of].outcome == ATTACK_NONE)
            continue;
        if (id != a->tables[of].outcome && is_around(a, id, a->tables[of].outcome))
            return true;
    }
    return false;
}

static Status name_quantity(Attack *a, uint32_t t, bool outcome, const int64_t *value, uint32_t *out, Error *err)
{
    AttackQuantity *q = a->quantities;
    AttackTable *table = &a->tables[t];
    while (q < a->quantities + a->quantity_count &&
           (contains_own(a, t, outcome, (uint32_t)(q - a->quantities)) || !are_same(a, q, value, table->has)))
        q++;
    *out = (uint32_t)(q - a->quantities);
    if (*out == a->quantity_count) {
        a->quantity_count++;
        *q = (AttackQuantity){.table = t, .outcome = outcome};
        TRY(arena_new(&a->arena, int64_t, a->spots.len, &q->value, err));
        TRY(arena_new(&a->arena, bool, a->slot_of.len, &q->has, err));
        TRY(arena_new(&a->arena, uint32_t, a->spots.len, &q->id, err));
    }
    for (size_t i = 0; i < a->spots.len; i++)
        if (table->has[a->spots.at[i].slot])
            q->value[i] = value[i];
    for (size_t s = 0; s < a->slot_of.len; s++)
        q->has[s] = q->has[s] || table->has[s];
    return OK;
}

/* People have the minimum of an outcome only where each table that counts them is of a family that coarsens one which
 * has them as its outcome: to be equal in the data is not enough. */
static void mark_outcomes(Attack *a)
{
    for (uint32_t t = 0; t < a->table_count; t++)
        if (a->tables[t].outcome != ATTACK_NONE)
            a->quantities[a->tables[t].outcome].is_outcome = true;
    for (uint32_t t = 0; t < a->table_count; t++) {
        bool declared = false;
        for (uint32_t k = 0; k < a->table_count; k++)
            declared =
                declared || (a->tables[k].outcome == a->tables[t].people && a->tables[k].tier < a->tables[t].tier);
        if (!declared)
            a->quantities[a->tables[t].people].is_outcome = false;
    }
}

static Status read_input(Attack *a, Error *err)
{
    int64_t **values;
    for (size_t i = 0; i < a->ask->input_count; i++) {
        TRY(add_table(a, a->ask->input[i], err));
        TRY(add_spot(a, a->ask->input[i], err));
    }
    TRY(arena_new(&a->arena, int64_t *, 2 * (size_t)a->table_count, &values, err));
    TRY(read_counts(a, values, err));
    unsigned last = 0;
    for (uint32_t t = 0; t < a->table_count; t++) {
        (void)limits_lineage(&a->limits, a->tables[t].name, &a->tables[t].tier);
        last = a->tables[t].tier > last ? a->tables[t].tier : last;
    }
    for (unsigned tier = 0; tier <= last; tier++) /* wholes before their parts */
        for (uint32_t t = 0; t < a->table_count; t++) {
            if (a->tables[t].tier != tier)
                continue;
            TRY(name_quantity(a, t, false, values[2 * t], &a->tables[t].people, err));
            if (!a->tables[t].is_median)
                TRY(name_quantity(a, t, true, values[2 * t + 1], &a->tables[t].outcome, err));
        }
    mark_outcomes(a);
    return buf_status(&a->key, err);
}

/* --- what nobody may learn --------------------------------------------------------------------------------------- */

static void guard(SdcCell *c, int64_t down, int64_t up)
{
    c->status = SDC_SENSITIVE;
    c->lpl = c->lpl > down ? c->lpl : down;
    c->upl = c->upl > up ? c->upl : up;
}

static void guard_below(SdcCell *c, int64_t minimum)
{
    guard(c, c->value > 0 ? 1 : 0, minimum - c->value);
}

/* A rate of a group whose size may be told, as an outcome of another rate, though it is too small for its own. */
static bool is_small_known(const Attack *a, uint32_t people, size_t spot)
{
    const AttackQuantity *q = &a->quantities[people];
    return q->is_outcome && q->value[spot] > 0 && q->value[spot] < a->limits.n;
}

static void guard_quantity(const Attack *a, uint32_t id, size_t spot, SdcCell *c)
{
    const AttackQuantity *q = &a->quantities[id];
    if (!q->is_outcome && c->value > 0 && c->value < a->limits.n)
        guard_below(c, a->limits.n);
    for (uint32_t t = 0; t < a->table_count; t++) {
        const AttackTable *table = &a->tables[t];
        if (table->outcome != id || a->quantities[table->people].value[spot] == 0)
            continue;
        if (c->value < a->limits.numerator)
            guard_below(c, a->limits.numerator);
        if (is_small_known(a, table->people, spot))
            guard_below(c, c->value);
    }
}

Status attack_add_unknown(Attack *a, const AttackUnknown *u, const SdcCell *c, int64_t least, uint32_t *id, Error *err)
{
    if (a->unknowns.len >= ATTACK_NONE / 4)
        return error_set(err, ERR_LIMIT, "the figures of a lineage are too many for one attack");
    *id = (uint32_t)a->unknowns.len;
    TRY(vec_push(&a->unknowns, *u, err));
    TRY(vec_push(&a->least, least, err));
    return vec_push(&a->cells, *c, err);
}

Status attack_add_entry(Attack *a, uint32_t row, uint32_t unknown, int32_t coef, Error *err)
{
    TRY(vec_push(&a->row, row, err));
    TRY(vec_push(&a->term, unknown, err));
    return vec_push(&a->coef, coef, err);
}

static Status add_quantities(Attack *a, Error *err)
{
    for (uint32_t id = 0; id < a->quantity_count; id++) {
        AttackQuantity *q = &a->quantities[id];
        int64_t largest = 0, least = q->is_outcome ? a->limits.numerator : a->limits.n;
        for (size_t i = 0; i < a->spots.len; i++)
            largest = q->value[i] > largest ? q->value[i] : largest;
        for (size_t i = 0; i < a->spots.len; i++) {
            q->id[i] = ATTACK_NONE;
            if (!q->has[a->spots.at[i].slot])
                continue;
            SdcCell c = {.value = q->value[i], .upper = largest + a->limits.n, .status = SDC_SECONDARY};
            guard_quantity(a, id, i, &c);
            AttackUnknown u = {.quantity = id, .table = q->table, .spot = (uint32_t)i, .outcome = q->outcome};
            TRY(attack_add_unknown(a, &u, &c, least, &q->id[i], err));
        }
    }
    return OK;
}

/* --- what everybody knows ---------------------------------------------------------------------------------------- */

static Status row_named(Attack *a, Slice key, uint32_t whole, uint32_t *row, Error *err)
{
    uint64_t at;
    TRY(map_get_or_put(&a->row_of, key, a->row_count, &at, err));
    *row = (uint32_t)at;
    if (at < a->row_count)
        return OK;
    a->row_count++;
    return attack_add_entry(a, *row, whole, 1, err);
}

/* The nearest coarser level at which the parent is counted under this split and group. */
static bool spot_above(Attack *a, const AttackSpot *s, uint32_t *out)
{
    Slice above = {NULL, 0};
    for (const Toml *l = a->limits.hierarchy->first; l && !slice_eq(l->string, s->level); l = l->next) {
        uint64_t slot;
        if (map_get(&a->slot_of, TEXT(a, SLICE("all"), l->string), &slot))
            above = l->string;
    }
    return above.ptr && attack_find_spot(a, above, s->parent, s->split, s->grp, out);
}

static Status add_sums(Attack *a, Error *err)
{
    for (size_t i = 0; i < a->spots.len; i++) {
        const AttackSpot s = a->spots.at[i];
        uint32_t everybody = ATTACK_NONE, above = ATTACK_NONE, row;
        if (!slice_eq_z(s.split, "all"))
            (void)attack_find_spot(a, s.level, s.unit, SLICE("all"), SLICE("all"), &everybody);
        (void)spot_above(a, &s, &above);
        for (uint32_t id = 0; id < a->quantity_count; id++) {
            const AttackQuantity *q = &a->quantities[id];
            char number[16];
            Slice name = {number, (size_t)snprintf(number, sizeof number, "%u", id)};
            if (q->id[i] == ATTACK_NONE)
                continue;
            if (everybody != ATTACK_NONE && q->id[everybody] != ATTACK_NONE) {
                TRY(row_named(a, TEXT(a, SLICE("g"), name, s.level, s.unit, s.split), q->id[everybody], &row, err));
                TRY(attack_add_entry(a, row, q->id[i], -1, err));
            }
            if (above != ATTACK_NONE && q->id[above] != ATTACK_NONE) {
                TRY(row_named(
                    a, TEXT(a, SLICE("p"), name, s.level, s.parent, s.split, s.grp), q->id[above], &row, err));
                TRY(attack_add_entry(a, row, q->id[i], -1, err));
            }
        }
    }
    return buf_status(&a->key, err);
}

typedef struct Rest {
    uint32_t quantity[MAX_TERMS];
    int32_t sign[MAX_TERMS];
    size_t count;
    uint32_t table; /* where a finding is told */
    bool outcome;
} Rest;

/* The same quantity on both sides leaves nothing. */
static void rest_term(Rest *r, uint32_t quantity, int32_t sign)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->quantity[i] == quantity && r->sign[i] == -sign) {
            r->quantity[i] = r->quantity[r->count - 1];
            r->sign[i] = r->sign[--r->count];
            return;
        }
    r->quantity[r->count] = quantity;
    r->sign[r->count++] = sign;
}

static bool rest_at(const Attack *a, const Rest *r, size_t spot, int64_t *value)
{
    *value = 0;
    for (size_t k = 0; k < r->count; k++) {
        const AttackQuantity *q = &a->quantities[r->quantity[k]];
        if (q->id[spot] == ATTACK_NONE)
            return false;
        *value += r->sign[k] * q->value[spot];
    }
    return r->count > 1;
}

/* rate: those without the outcome, of whom that there are none is not told either. */
static Status add_rest(Attack *a, const Rest *r, const AttackTable *rate, Error *err)
{
    int64_t lowest = 0, largest = 0, v;
    for (size_t i = 0; i < a->spots.len; i++) {
        if (!rest_at(a, r, i, &v))
            continue;
        lowest = v < lowest ? v : lowest;
        largest = v > largest ? v : largest;
    }
    int64_t least = rate ? a->limits.complement : a->limits.numerator;
    for (size_t i = 0; i < a->spots.len; i++) {
        uint32_t id;
        if (!rest_at(a, r, i, &v))
            continue;
        SdcCell c = {.value = v, .lower = lowest, .upper = largest + a->limits.n, .status = SDC_SECONDARY};
        int64_t people = rate ? a->quantities[rate->people].value[i] : 0;
        if (rate ? people > 0 && v < least : v > 0 && v < least)
            guard_below(&c, least);
        if (!rate && v < 0 && v > -least) {
            guard(&c, least + v, 1);
            c.lower = lowest - a->limits.n;
        }
        if (rate && is_small_known(a, rate->people, i))
            guard_below(&c, c.value);
        AttackUnknown u = {.quantity = ATTACK_NONE, .table = r->table, .spot = (uint32_t)i, .outcome = r->outcome};
        TRY(attack_add_unknown(a, &u, &c, least, &id, err));
        uint32_t row = a->row_count++;
        for (size_t k = 0; k < r->count; k++)
            TRY(attack_add_entry(a, row, a->quantities[r->quantity[k]].id[i], r->sign[k], err));
        TRY(attack_add_entry(a, row, id, -1, err));
    }
    return OK;
}

static Status add_complements(Attack *a, Error *err)
{
    for (uint32_t t = 0; t < a->table_count; t++) {
        const AttackTable *table = &a->tables[t];
        bool before = table->outcome == ATTACK_NONE;
        for (uint32_t k = 0; k < t; k++)
            before = before || (a->tables[k].people == table->people && a->tables[k].outcome == table->outcome);
        Rest r = {.table = t, .outcome = true};
        if (before)
            continue;
        rest_term(&r, table->people, 1);
        rest_term(&r, table->outcome, -1);
        TRY(add_rest(a, &r, table, err));
    }
    return OK;
}

/* "table.numerator"; false when the table is not among them. */
static bool subset_term(const Attack *a, Slice name, int32_t sign, Rest *r)
{
    Slice rest = name;
    uint32_t t = attack_find_table(a, slice_cut(&rest, '.'));
    if (t == ATTACK_NONE || r->count == MAX_TERMS)
        return false;
    bool people = slice_eq_z(rest, "denominator");
    r->table = t;
    r->outcome = !people;
    rest_term(r, people ? a->tables[t].people : a->tables[t].outcome, sign);
    return true;
}

static bool subset_side(const Attack *a, const Toml *side, int32_t sign, Rest *r)
{
    bool all = side != NULL;
    const Toml *first = side && side->type == TOML_ARRAY ? side->first : side;
    for (const Toml *n = first; n && all; n = side->type == TOML_ARRAY ? n->next : NULL)
        all = subset_term(a, n->string, sign, r);
    return all;
}

/* Those without the outcome of a rate stand in the system already. */
static bool is_complement(const Attack *a, const Rest *r)
{
    for (uint32_t t = 0; t < a->table_count && r->count == 2; t++) {
        uint32_t more = r->sign[0] > 0 ? 0 : 1;
        if (a->tables[t].people == r->quantity[more] && a->tables[t].outcome == r->quantity[1 - more])
            return true;
    }
    return false;
}

static Status add_subsets(Attack *a, Error *err)
{
    for (const Toml *s = a->limits.subsets ? a->limits.subsets->first : NULL; s; s = s->next) {
        Rest r = {0};
        if (subset_side(a, toml_get(s, "inner"), -1, &r) && subset_side(a, toml_get(s, "outer"), 1, &r) &&
            !is_complement(a, &r))
            TRY(add_rest(a, &r, NULL, err));
    }
    return OK;
}

/* --- the attack -------------------------------------------------------------------------------------------------- */

static Status make_problem(const Attack *a, SdcProblem *p, Error *err)
{
    uint32_t entries = (uint32_t)a->row.len;
    TRY(sdc_new((uint32_t)a->cells.len, a->row_count, entries, p, err));
    if (a->cells.len > 0)
        memcpy(p->cells, a->cells.at, a->cells.len * sizeof *p->cells);
    for (uint32_t i = 0; i < entries; i++)
        p->start[a->row.at[i] + 1]++;
    for (uint32_t r = 0; r < a->row_count; r++)
        p->start[r + 1] += p->start[r];
    uint32_t *next;
    TRY(arena_new(&p->arena, uint32_t, (size_t)a->row_count + 1, &next, err));
    for (uint32_t i = 0; i < entries; i++) {
        uint32_t at = p->start[a->row.at[i]] + next[a->row.at[i]]++;
        p->cell[at] = a->term.at[i];
        p->coef[at] = a->coef.at[i];
    }
    for (uint32_t i = 0; i < a->unknowns.len; i++)
        if (a->unknowns.at[i].printed && p->cells[i].status == SDC_SECONDARY)
            p->cells[i].status = SDC_OPEN;
    return OK;
}

/* Hidden counts of one kind whose sum an equation prints: as many people as one of them would have to be. */
static bool small_sum(const uint32_t *cells, size_t count, int64_t sum, void *ctx)
{
    const Attack *a = ctx;
    uint32_t kind = a->unknowns.at[cells[0]].quantity;
    if (kind == ATTACK_NONE)
        return false;
    for (size_t i = 1; i < count; i++)
        if (a->unknowns.at[cells[i]].quantity != kind)
            return false;
    return sum > 0 && sum < a->least.at[cells[0]];
}

static Status note_finding(const Attack *a, uint32_t unknown, HideFindings *findings, Error *err)
{
    const AttackUnknown *u = &a->unknowns.at[unknown];
    const AttackSpot *s = &a->spots.at[u->spot];
    HideFinding f = {a->tables[u->table].name, s->level, s->unit, s->split, s->grp, u->outcome, a->ask->year};
    return vec_push(findings, f, err);
}

static Status run(Attack *a, HideFindings *findings, ProtectAttack *report, Error *err)
{
    SdcProblem p = {0};
    AuditOptions o = AUDIT_OPTIONS_INIT;
    AuditReport r = {0};
    uint8_t *printed = NULL;
    Status st = make_problem(a, &p, err);
    if (st == OK)
        st = arena_new(&a->arena, uint8_t, a->unknowns.len + 1, &printed, err);
    for (uint32_t i = 0; i < a->unknowns.len && st == OK; i++)
        printed[i] = a->unknowns.at[i].printed;
    o.printed = printed;
    o.sum_rule = small_sum;
    o.sum_ctx = a;
    o.effort.threads = a->ask->options->threads;
    if (st == OK)
        st = audit_problem(&p, &o, &r, err);
    report->systems++;
    report->unknowns += a->unknowns.len;
    report->equations += a->row_count;
    report->sensitive += r.count;
    for (size_t i = 0; i < r.count && st == OK; i++)
        if (r.cells[i].verdict != AUDIT_PROTECTED)
            st = note_finding(a, r.cells[i].cell, findings, err);
    report->unprotected += r.exposed + r.unproven;
    audit_report_free(&r);
    sdc_free(&p);
    return st;
}

static Status attack(Attack *a, HideFindings *findings, ProtectAttack *report, Error *err)
{
    TRY(limits_read(a->ask->policy, a->ask->on, &a->limits, err));
    TRY(read_input(a, err));
    TRY(add_quantities(a, err));
    TRY(add_sums(a, err));
    TRY(add_complements(a, err));
    TRY(add_subsets(a, err));
    TRY(attack_print_told(a, err));
    TRY(attack_print_now(a, report, err));
    return run(a, findings, report, err);
}

static Status read_told(Attack *a, Error *err)
{
    TRY(limits_read(a->ask->policy, a->ask->on, &a->limits, err));
    TRY(read_input(a, err));
    TRY(add_quantities(a, err));
    return attack_print_told(a, err);
}

static Status attack_open(Attack *a, const AttackAsk *ask, Error *err)
{
    *a = (Attack){.ask = ask};
    arena_init(&a->arena, 0);
    buf_init(&a->key, 0);
    TRY(map_init(&a->spot_of, err));
    TRY(map_init(&a->slot_of, err));
    return map_init(&a->row_of, err);
}

static void attack_close(Attack *a)
{
    map_free(&a->spot_of);
    map_free(&a->slot_of);
    map_free(&a->row_of);
    vec_free(&a->spots);
    vec_free(&a->unknowns);
    vec_free(&a->cells);
    vec_free(&a->row);
    vec_free(&a->term);
    vec_free(&a->coef);
    vec_free(&a->least);
    buf_free(&a->key);
    arena_free(&a->arena);
}

Status attack_told(const AttackAsk *ask, Error *err)
{
    Attack a;
    Status st = attack_open(&a, ask, err);
    if (st == OK)
        st = read_told(&a, err);
    attack_close(&a);
    return st;
}

Status attack_lineage(const AttackAsk *ask, HideFindings *findings, ProtectAttack *report, Error *err)
{
    Attack a;
    HideFindings own = {0}, *list = findings ? findings : &own;
    size_t before = list->len;
    Status st = attack_open(&a, ask, err);
    if (st == OK)
        st = attack(&a, list, report, err);
    if (st == OK && !findings && list->len > before) {
        const HideFinding *f = &list->at[before];
        st = error_set(err, ERR_DENIED,
            "the attack on suppressed figures: a count behind table %.*s, year %d, level %.*s, split %.*s can be "
            "worked "
            "out; %zu in all",
            SLICE_ARG(f->table), (int)f->year, SLICE_ARG(f->level), SLICE_ARG(f->split), list->len - before);
    }
    vec_free(&own);
    attack_close(&a);
    return st;
}
