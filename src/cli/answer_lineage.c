/*
 * What releases in force print of other measures about the same people. The difference of two counts is a group of its
 * own; a release lets both out only where that group is nobody or enough people (src/protect/README.md), and the same
 * holds for an answer beside a release. Looked at figure by figure: the same year, place and group.
 */
#include "cli/answer_impl.h"
#include "protect/protect.h"

#include <stdlib.h>

typedef struct Beside {
    const AnswerAsk *ask;
    ProtectLeast least;
    Map asked; /* key -> place in ask->cells: what the answer would add to what is printed */
    Map shown; /* keys that the releases print of the measure at hand */
    Buf key;
} Beside;

static Slice cell_key(Beside *b, const Cell *c)
{
    return answer_key(&b->key, c->year, c->level, c->unit, c->split, c->grp);
}

/* Those who have the outcome; of a median, those whose values it is of. */
static int64_t outcomes(const Cell *c)
{
    return slice_eq_z(c->kind, "median") ? c->denominator : c->numerator;
}

static bool lets_out(const Beside *b, int64_t difference)
{
    return difference == 0 || llabs(difference) >= b->least.numerator;
}

/* Figures that stand alone in a release; of a pool nothing can be taken off but another pool. */
static Status list_shown(Beside *b, const ReleasePrinted *printed, Error *err)
{
    for (size_t i = 0; i < printed->count; i++) {
        const PublishedCell *c = &printed->cells[i];
        if (c->members.len > 0 || c->groups.len > 0)
            continue;
        Slice key = answer_key(&b->key, c->cell.year, c->cell.level, c->cell.unit, c->cell.split, c->cell.grp);
        TRY(buf_status(&b->key, err));
        TRY(map_put(&b->shown, key, i, NULL, err));
    }
    return OK;
}

/* What the rule's minimums hide in any case. */
static bool is_hidden(const Beside *b, const Cell *c)
{
    if (c->denominator == 0)
        return false;
    return c->denominator < b->least.n ||
           (slice_eq_z(c->kind, "rate") &&
               (c->numerator < b->least.numerator || c->denominator - c->numerator < b->least.complement));
}

static Status list_asked(Beside *b, Error *err)
{
    uint64_t at;
    for (size_t i = 0; i < b->ask->count; i++) {
        if (is_hidden(b, &b->ask->cells[i]))
            continue;
        Slice key = cell_key(b, &b->ask->cells[i]);
        TRY(buf_status(&b->key, err));
        if (!map_get(&b->shown, key, &at))
            TRY(map_put(&b->asked, key, i, NULL, err));
    }
    return OK;
}

static Status compare(Beside *b, const Cell *other, Error *err)
{
    uint64_t at;
    if (!map_get(&b->asked, cell_key(b, other), &at) || !map_get(&b->shown, cell_key(b, other), &(uint64_t){0}))
        return OK;
    const Cell *mine = &b->ask->cells[at];
    if (lets_out(b, mine->denominator - other->denominator) && lets_out(b, outcomes(mine) - outcomes(other)))
        return OK;
    error_set(err, ERR_DENIED,
        "a release in force prints %.*s of %d for the same group and place (%.*s %.*s), and the difference of the two "
        "would be a group of too few people",
        SLICE_ARG(other->measure), (int)other->year, SLICE_ARG(other->level), SLICE_ARG(other->unit));
    error_hint(err, "Ask for a coarser level, or for fewer splits.");
    return ERR_DENIED;
}

/* What a release hides to protect others would come back by an answer that the attack of its tables does not see: that
 * knows of pools, whose counts follow from what is printed. */
static Status refuse_suppressed(const ReleasePrinted *printed, Slice measure, Error *err)
{
    if (!printed->hides)
        return OK;
    error_set(err, ERR_DENIED,
        "a release in force hides figures of %.*s by suppression: an answer about the same people could give them back",
        SLICE_ARG(measure));
    error_hint(err, "A cohort (cairn cohort run --answer-to) is held against it person by person.");
    return ERR_DENIED;
}

static Status start_over(Beside *b, Error *err)
{
    map_free(&b->shown);
    return map_init(&b->shown, err);
}

/* cells: all of one other measure. */
static Status look_at(Beside *b, Home *home, Ledger *ledger, const Cell *cells, size_t count, Error *err)
{
    ReleasePrinted printed;
    TRY(start_over(b, err));
    Status st =
        release_printed(&(ReleaseReading){.home = home, .ledger = ledger, .measure = cells->measure}, &printed, err);
    if (st == OK)
        st = refuse_suppressed(&printed, cells->measure, err);
    if (st == OK)
        st = list_shown(b, &printed, err);
    release_printed_free(&printed);
    for (size_t i = 0; i < count && st == OK; i++)
        st = compare(b, &cells[i], err);
    return st;
}

static Status look_at_all(
    Beside *b, const AnswerHouse *house, const CellSet *all, const ReleasePrinted *own, Error *err)
{
    TRY(refuse_suppressed(own, b->ask->people, err));
    TRY(protect_least(house->policy, clock_today(), &b->least, err));
    TRY(list_shown(b, own, err));
    TRY(list_asked(b, err));
    for (size_t i = 0, end; i < all->count; i = end) {
        Slice measure = all->cells[i].measure;
        bool same = false;
        for (end = i + 1; end < all->count && slice_eq(all->cells[end].measure, measure); end++)
            ;
        if (slice_eq(measure, b->ask->people))
            continue;
        TRY(protect_same_lineage(house->policy, clock_today(), measure, b->ask->people, &same, err));
        if (same)
            TRY(look_at(b, house->home, house->ledger, &all->cells[i], end - i, err));
    }
    return OK;
}

Status answer_beside(
    const AnswerAsk *ask, const AnswerHouse *house, const CellSet *all, const ReleasePrinted *own, Error *err)
{
    Beside b = {.ask = ask};
    buf_init(&b.key, 1 << 16);
    Status st = map_init(&b.asked, err);
    if (st == OK)
        st = map_init(&b.shown, err);
    if (st == OK)
        st = look_at_all(&b, house, all, own, err);
    map_free(&b.asked);
    map_free(&b.shown);
    buf_free(&b.key);
    return st;
}
