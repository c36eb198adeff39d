/*
 * Where releases in force hide figures of the question's lineage by suppression: no answer about the same people. What
 * they print of other measures is attacked person by person (answer_people.c).
 */
#include "cli/answer_impl.h"
#include "protect/protect.h"

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

static Status look_at(const AnswerHouse *house, Slice measure, Error *err)
{
    ReleasePrinted printed;
    Status st = release_printed(
        &(ReleaseReading){.home = house->home, .ledger = house->ledger, .measure = measure}, &printed, err);
    if (st == OK)
        st = refuse_suppressed(&printed, measure, err);
    release_printed_free(&printed);
    return st;
}

Status answer_beside(
    const AnswerAsk *ask, const AnswerHouse *house, const CellSet *all, const ReleasePrinted *own, Error *err)
{
    TRY(refuse_suppressed(own, ask->people, err));
    for (size_t i = 0, end; i < all->count; i = end) {
        Slice measure = all->cells[i].measure;
        bool same = false;
        for (end = i + 1; end < all->count && slice_eq(all->cells[end].measure, measure); end++)
            ;
        if (slice_eq(measure, ask->people))
            continue;
        TRY(protect_same_lineage(house->policy, clock_today(), measure, ask->people, &same, err));
        if (same)
            TRY(look_at(house, measure, err));
    }
    return OK;
}
