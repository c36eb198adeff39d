/*
 * Cells with the same people. A sum of which all parts but one are 0 has the people of that part: the only student of a
 * county is the one of her school. And who is left of the same people without the same others is the same: who did not
 * graduate, of the students of two years in one of which there were none.
 *
 * True values decide, whatever is printed: what such a cell tells of its people it tells of a singleton himself, and
 * asking that he must not find it out would make tables impossible for nobody's sake (standard PS2* of the SDC
 * handbook, 4.3, speaks of two contributors).
 */
#include "protectfile/pattern.h"

static uint32_t root_of(uint32_t *same, uint32_t cell)
{
    while (same[cell] != cell)
        cell = same[cell] = same[same[cell]];
    return cell;
}

/* Smaller numbers are roots, whatever the order. */
static bool join(uint32_t *same, uint32_t a, uint32_t b)
{
    a = root_of(same, a);
    b = root_of(same, b);
    same[a > b ? a : b] = a > b ? b : a;
    return a != b;
}

/* Terms that are not 0; false where there are more than three, or where the row is no sum of groups. */
static bool small_row(const SdcProblem *p, uint32_t row, uint32_t *terms, uint32_t *count)
{
    *count = 0;
    for (uint32_t i = p->start[row]; i < p->start[row + 1]; i++)
        if (p->cells[p->cell[i]].value != 0) {
            if (*count == 3 || (p->coef[i] != 1 && p->coef[i] != -1))
                return false;
            terms[(*count)++] = i;
        }
    return p->rhs[row] == 0;
}

/* What a row of three has of two: their people, and how they enter beside the third. */
typedef struct TwoOf {
    uint32_t who[2];
    int32_t coef[3];
} TwoOf;

static TwoOf two_of(const SdcProblem *p, uint32_t *same, const uint32_t *terms, uint32_t third)
{
    uint32_t a = terms[(third + 1) % 3], b = terms[(third + 2) % 3];
    uint32_t who[2] = {root_of(same, p->cell[a]), root_of(same, p->cell[b])};
    bool turned = who[0] > who[1];
    int32_t sign = p->coef[terms[third]] < 0 ? -1 : 1;
    return (TwoOf){.who = {who[turned], who[!turned]},
        .coef = {sign * p->coef[turned ? b : a], sign * p->coef[turned ? a : b], sign * p->coef[terms[third]]}};
}

/* Who is left of the same people without the same others. *more: something new. */
static Status join_rests(const SdcProblem *p, uint32_t *same, bool *more, Error *err)
{
    Map seen;
    Status st = OK;
    *more = false;
    TRY(map_init(&seen, err));
    for (uint32_t r = 0; r < p->row_count && st == OK; r++) {
        uint32_t terms[3], count;
        if (!small_row(p, r, terms, &count) || count != 3)
            continue;
        for (uint32_t third = 0; third < 3 && st == OK; third++) {
            const TwoOf key = two_of(p, same, terms, third);
            uint32_t cell = p->cell[terms[third]];
            uint64_t first;
            st = map_get_or_put(&seen, (Slice){(const char *)&key, sizeof key}, cell, &first, err);
            if (st == OK && first != cell)
                *more = join(same, (uint32_t)first, cell) || *more;
        }
    }
    map_free(&seen);
    return st;
}

#define SAME_ROUNDS 16

Status same_people(const SdcProblem *p, uint32_t **out, Error *err)
{
    uint32_t *same;
    bool more = true;
    TRY(mem_alloc(((size_t)p->cell_count + 1) * sizeof *same, (void **)out, err));
    same = *out;
    for (uint32_t i = 0; i < p->cell_count; i++)
        same[i] = i;
    for (uint32_t r = 0; r < p->row_count; r++) {
        uint32_t terms[3], count;
        if (small_row(p, r, terms, &count) && count == 2 && p->coef[terms[0]] == -p->coef[terms[1]])
            join(same, p->cell[terms[0]], p->cell[terms[1]]);
    }
    for (uint32_t round = 0; round < SAME_ROUNDS && more; round++)
        TRY(join_rests(p, same, &more, err));
    for (uint32_t i = 0; i < p->cell_count; i++)
        same[i] = root_of(same, i);
    return OK;
}
