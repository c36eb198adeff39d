/* Walks over the equations, breadth first, from a cell that was found out to what may still be left out. */
#include "sdc/sdc.h"

#define NONE UINT32_MAX

static Status reserve(size_t count, uint32_t **out, Error *err)
{
    return mem_zalloc(count + 2, sizeof **out, (void **)out, err);
}

Status sdc_nearest_new(const SdcProblem *sdc, SdcNearest *out, Error *err)
{
    uint32_t terms = sdc->start[sdc->row_count];
    *out = (SdcNearest){.sdc = sdc};
    Status st = reserve(sdc->cell_count, &out->from, err);
    if (st == OK)
        st = reserve(terms, &out->row, err);
    if (st == OK)
        st = reserve(sdc->cell_count, &out->queue, err);
    if (st == OK)
        st = reserve(sdc->cell_count, &out->seen, err);
    if (st != OK) {
        sdc_nearest_free(out);
        return st;
    }
    for (uint32_t i = 0; i < terms; i++)
        out->from[sdc->cell[i] + 2]++;
    for (uint32_t i = 2; i < sdc->cell_count + 2; i++)
        out->from[i] += out->from[i - 1];
    for (uint32_t r = 0; r < sdc->row_count; r++)
        for (uint32_t i = sdc->start[r]; i < sdc->start[r + 1]; i++)
            out->row[out->from[sdc->cell[i] + 1]++] = r;
    return OK;
}

void sdc_nearest_free(SdcNearest *n)
{
    mem_free(n->from);
    mem_free(n->row);
    mem_free(n->queue);
    mem_free(n->seen);
    *n = (SdcNearest){0};
}

/* The cheapest open cell of the equations of a cell; the hidden ones that nobody has seen join the queue. */
static uint32_t look_around(SdcNearest *n, uint32_t cell, uint32_t *tail)
{
    const SdcProblem *p = n->sdc;
    uint32_t best = NONE;
    for (uint32_t i = n->from[cell]; i < n->from[cell + 1]; i++)
        for (uint32_t k = p->start[n->row[i]]; k < p->start[n->row[i] + 1]; k++) {
            uint32_t c = p->cell[k];
            if (p->cells[c].status == SDC_FROZEN || p->cells[c].lower == p->cells[c].upper)
                continue; /* hiding what everybody knows hides nothing */
            if (p->cells[c].status == SDC_OPEN) {
                bool cheaper = best == NONE || p->cells[c].cost < p->cells[best].cost ||
                               (p->cells[c].cost == p->cells[best].cost && c < best);
                best = cheaper ? c : best;
            } else if (n->seen[c] != n->walk) {
                n->seen[c] = n->walk;
                n->queue[(*tail)++] = c;
            }
        }
    return best;
}

bool sdc_nearest_open(SdcNearest *n, uint32_t cell, uint32_t *out)
{
    uint32_t tail = 0;
    n->seen[cell] = ++n->walk;
    n->queue[tail++] = cell;
    for (uint32_t head = 0; head < tail; head++) {
        *out = look_around(n, n->queue[head], &tail);
        if (*out != NONE)
            return true;
    }
    return false;
}
