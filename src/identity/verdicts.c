/* Decisions to verdicts; see verdicts.h. */
#include "identity/verdicts.h"

#include <stdlib.h>

const char *pair_state_name(PairState state)
{
    static const char *const names[PAIR_STATE_COUNT] = {
        "open", "waiting for another reviewer", "disputed", "unsure", "same", "different"};
    ASSERT(state < PAIR_STATE_COUNT);
    return names[state];
}

static int pair_cmp(const RecordTag *a1, const RecordTag *b1, const RecordTag *a2, const RecordTag *b2)
{
    int order = tag_cmp(a1, a2);
    return order != 0 ? order : tag_cmp(b1, b2);
}

static int by_pair_reviewer_seq(const void *x, const void *y)
{
    const ReviewDecision *a = x, *b = y;
    int order = pair_cmp(&a->a, &a->b, &b->a, &b->b);
    if (order == 0)
        order = slice_cmp(a->reviewer, b->reviewer);
    return order != 0 ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

static PairState state_of(const PairVerdict *v, const ReviewPolicy *policy)
{
    if (v->same >= v->different + policy->same_needs)
        return PAIR_SAME;
    if (v->different >= v->same + policy->different_needs)
        return PAIR_DIFFERENT;
    if (v->same > 0 && v->different > 0)
        return PAIR_DISPUTED;
    uint32_t most = policy->same_needs > policy->different_needs ? policy->same_needs : policy->different_needs;
    return v->unsure >= most ? PAIR_UNSURE : PAIR_WAITING;
}

Status verdicts_of(const ReviewDecisions *decisions, const ReviewPolicy *policy, PairVerdicts *out, Error *err)
{
    ReviewDecisions sorted = {0};
    size_t n = decisions->len;
    TRY(vec_reserve(&sorted, n ? n : 1, err));
    for (size_t i = 0; i < n; i++)
        sorted.at[sorted.len++] = decisions->at[i];
    if (n > 1)
        qsort(sorted.at, n, sizeof *sorted.at, by_pair_reviewer_seq);
    Status st = OK;
    for (size_t i = 0; i < n && st == OK; i++) {
        const ReviewDecision *d = &sorted.at[i], *next = i + 1 < n ? d + 1 : NULL;
        bool is_new = i == 0 || pair_cmp(&d->a, &d->b, &d[-1].a, &d[-1].b) != 0;
        bool pair_goes_on = next && pair_cmp(&d->a, &d->b, &next->a, &next->b) == 0;
        if (is_new)
            st = vec_push(out, ((PairVerdict){.a = d->a, .b = d->b}), err);
        if (st != OK)
            break;
        PairVerdict *v = &vec_last(out);
        if (!(pair_goes_on && slice_eq(d->reviewer, next->reviewer))) {
            v->same += d->verdict == REVIEW_SAME;
            v->different += d->verdict == REVIEW_DIFFERENT;
            v->unsure += d->verdict == REVIEW_UNSURE;
        }
        if (!pair_goes_on)
            v->state = state_of(v, policy);
    }
    vec_free(&sorted);
    return st;
}

const PairVerdict *verdict_find(const PairVerdicts *v, const RecordTag *a, const RecordTag *b)
{
    if (v->len == 0) /* tags lie anywhere: mostly there is nothing to look for */
        return NULL;
    if (tag_cmp(a, b) > 0) {
        const RecordTag *t = a;
        a = b;
        b = t;
    }
    size_t low = 0, high = v->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pair_cmp(&v->at[middle].a, &v->at[middle].b, a, b) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->len && pair_cmp(&v->at[low].a, &v->at[low].b, a, b) == 0 ? &v->at[low] : NULL;
}
