/*
 * Bounding what one person contributes. The bound is what the promise of differential privacy rests on: noise for three
 * cells does not hide somebody who is in ten. Which of her cells stay is decided by a keyed hash of herself and the
 * cell, so that nobody's choice depends on anybody else's and adding a person changes her own rows only.
 */
#include "perturb/perturb.h"

#include <stdlib.h>

typedef struct Contribution {
    uint64_t person, rank;
    uint32_t cell;
    size_t row;
} Contribution;

static int by_person_rank(const void *a, const void *b)
{
    const Contribution *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void choose(const Contribution *sorted, size_t n, uint32_t most, bool *keep)
{
    uint32_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const Contribution *c = &sorted[i], *before = i > 0 ? &sorted[i - 1] : NULL;
        bool same_person = before && before->person == c->person;
        if (!same_person)
            kept = 0;
        bool again = same_person && before->cell == c->cell;
        keep[c->row] = !again && kept < most;
        kept += keep[c->row];
    }
}

Status contributions_bound(const uint64_t *persons, const uint32_t *cells, size_t n, uint32_t most,
    const uint64_t key[2], bool *keep, Error *err)
{
    Contribution *all = NULL;
    if (most == 0)
        return error_set(err, ERR_INVALID, "a person must be allowed at least one cell");
    TRY(mem_zalloc(n, sizeof *all, (void **)&all, err));
    for (size_t i = 0; i < n; i++) {
        uint64_t text[2] = {persons[i], cells[i]};
        all[i] = (Contribution){persons[i], siphash13(key, text, sizeof text), cells[i], i};
    }
    qsort(all, n, sizeof *all, by_person_rank);
    choose(all, n, most, keep);
    mem_free(all);
    return OK;
}
