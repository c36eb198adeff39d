/* Pairs of two persons: what recall is measured on and estimated from. */
#include "identity/identity_impl.h"

#include <stdlib.h>

/* Of two that are as likely, first the one of one kind of source. */
static int by_persons(const void *x, const void *y)
{
    const Between *a = x, *b = y;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->odds != b->odds)
        return a->odds > b->odds ? -1 : 1;
    if (a->across != b->across)
        return (int)a->across - (int)b->across;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return (a->b > b->b) - (a->b < b->b);
}

Status betweens_list(const LinkJob *job, Betweens *out, Error *err)
{
    const Resolved *r = &job->resolved;
    const MatchConfig *config = &job->linkage.match;
    const MatchTable *t = job->records.table;
    for (size_t i = 0; i < job->pairs.len; i++) {
        const MatchPair *p = &job->pairs.at[i];
        fetch_clusters(job, i);
        uint32_t x = r->cluster[p->a], y = r->cluster[p->b];
        if (x == y)
            continue;
        bool across =
            config->sources[match_record_source(t, p->a)].trait != config->sources[match_record_source(t, p->b)].trait;
        TRY(vec_push(out, ((Between){x < y ? x : y, x < y ? y : x, p->a, p->b, p->odds, across}), err));
    }
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_persons);
    return OK;
}
