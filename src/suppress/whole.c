/* Moves that are whole numbers up to the rounding of doubles, or a multiple of whole numbers. Whether they hold is for
 * the auditor to find out. */
#include "suppress/whole.h"

#include <math.h>

#define WHOLE_BY 1e-6
#define LARGEST 1e15 /* beyond, a double does not tell neighbouring whole numbers apart well enough */

#define PARTS_MOST 60 /* corners of tables have halves, thirds and their like; beyond, a fraction is left one */
#define PART_BY 1e-7

static bool is_whole(double x)
{
    return fabs(x) < LARGEST && fabs(x - round(x)) < WHOLE_BY;
}

static bool all_whole(const LocalTerm *terms, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!is_whole(terms[i].value))
            return false;
    return true;
}

/* Whether each cell moves by a whole number where the asked one, the first, moves by `parts`. */
static bool all_parts(const LocalTerm *terms, uint32_t count, uint32_t parts)
{
    for (uint32_t i = 1; i < count; i++) {
        double x = terms[i].value / fabs(terms[0].value) * parts;
        if (fabs(x) >= LARGEST || fabs(x - round(x)) > PART_BY * parts)
            return false;
    }
    return true;
}

static bool fits(const Net *net, const LocalTerm *term, double value)
{
    return fabs(value) < LARGEST && (value > 0 ? value <= net->up[term->cell] : -value <= net->down[term->cell]);
}

/* Tables add up in any proportion: the move by whole parts, so many times that the asked cell goes at least as far.
 * *by: what each term is multiplied with; 0: the bounds have no room, or the parts are too many. */
static void find_parts(const Net *net, const LocalTerm *terms, uint32_t count, double *by)
{
    double asked = fabs(terms[0].value);
    uint32_t parts = 2;
    *by = 0;
    while (parts <= PARTS_MOST && !all_parts(terms, count, parts))
        parts++;
    if (parts > PARTS_MOST)
        return;
    double factor = parts * ceil(asked / parts - WHOLE_BY) / asked;
    for (uint32_t i = 0; i < count; i++)
        if (!fits(net, &terms[i], round(terms[i].value * factor)))
            return;
    *by = factor;
}

Status whole_move(const Net *net, const LocalTerm *terms, uint32_t count, WholeMove **out, Error *err)
{
    WholeMove *m;
    double by = 1;
    *out = NULL;
    if (!all_whole(terms, count))
        find_parts(net, terms, count, &by);
    if (by == 0)
        return OK;
    TRY(mem_zalloc(1, sizeof *m, (void **)&m, err));
    Status st = mem_zalloc((size_t)count + 1, sizeof *m->terms, (void **)&m->terms, err);
    if (st != OK) {
        mem_free(m);
        return st;
    }
    m->owners = 1;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value = llround(terms[i].value * by);
        if (value != 0)
            m->terms[m->count++] = (SuppressTerm){net->outside[terms[i].cell], value};
    }
    *out = m;
    return OK;
}

WholeMove *whole_share(WholeMove *m)
{
    if (m)
        m->owners++;
    return m;
}

void whole_drop(WholeMove *m)
{
    if (!m || --m->owners > 0)
        return;
    mem_free(m->terms);
    mem_free(m);
}

Status whole_list(WholeList *list, WholeMove *m, Error *err)
{
    if (!m || m->listed)
        return OK;
    m->listed = true;
    TRY(vec_push(&list->start, list->terms.len, err));
    for (uint32_t i = 0; i < m->count; i++)
        TRY(vec_push(&list->terms, m->terms[i], err));
    return OK;
}

void whole_list_free(WholeList *list)
{
    vec_free(&list->terms);
    vec_free(&list->start);
}
