/* Moves that are whole numbers up to the rounding of doubles. Whether they hold is for the auditor to find out. */
#include "suppress/whole.h"

#include <math.h>

#define WHOLE_BY 1e-6
#define LARGEST 1e15 /* beyond, a double does not tell neighbouring whole numbers apart well enough */

static bool is_whole(double x)
{
    return fabs(x) < LARGEST && fabs(x - round(x)) < WHOLE_BY;
}

Status whole_move(const Net *net, const LocalTerm *terms, uint32_t count, WholeMove **out, Error *err)
{
    WholeMove *m;
    *out = NULL;
    for (uint32_t i = 0; i < count; i++)
        if (!is_whole(terms[i].value))
            return OK;
    TRY(mem_zalloc(1, sizeof *m, (void **)&m, err));
    Status st = mem_zalloc((size_t)count + 1, sizeof *m->terms, (void **)&m->terms, err);
    if (st != OK) {
        mem_free(m);
        return st;
    }
    m->owners = 1;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value = llround(terms[i].value);
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
