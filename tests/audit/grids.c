/* See grids.h. Counting shares nothing with the attacker: it assigns hidden cells one by one and looks at full rows. */
#include "grids.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

void grid_make(SdcProblem *p, uint32_t rows, uint32_t columns, const int64_t *inner)
{
    uint32_t wide = columns + 1, n = 0, r = 0;
    Error err = ERROR_INIT;
    uint32_t entries = (rows + 1) * wide + (columns + 1) * (rows + 1);
    assert_int_equal(sdc_new((rows + 1) * wide, rows + 1 + columns + 1, entries, p, &err), OK);
    for (uint32_t i = 0; i <= rows; i++, r++) {
        p->start[r] = n;
        for (uint32_t j = 0; j <= columns; j++) {
            p->cell[n] = i * wide + j;
            p->coef[n++] = j < columns ? 1 : -1;
        }
    }
    for (uint32_t j = 0; j <= columns; j++, r++) {
        p->start[r] = n;
        for (uint32_t i = 0; i <= rows; i++) {
            p->cell[n] = i * wide + j;
            p->coef[n++] = i < rows ? 1 : -1;
        }
    }
    p->start[r] = n;
    for (uint32_t i = 0; i < rows && inner; i++)
        for (uint32_t j = 0; j < columns; j++)
            p->cells[i * wide + j].value = inner[i * columns + j];
    if (inner)
        grid_sum(p);
}

void grid_sum(SdcProblem *p)
{
    for (uint32_t r = 0; r < p->row_count; r++) {
        uint32_t last = p->start[r + 1] - 1;
        int64_t sum = 0;
        for (uint32_t i = p->start[r]; i < last; i++)
            sum += p->cells[p->cell[i]].value;
        p->cells[p->cell[last]].value = sum;
    }
    /* the corner was summed before the margins it sums were complete */
    for (uint32_t r = 0; r < p->row_count; r++) {
        uint32_t last = p->start[r + 1] - 1;
        int64_t sum = 0;
        for (uint32_t i = p->start[r]; i < last; i++)
            sum += p->cells[p->cell[i]].value;
        p->cells[p->cell[last]].value = sum;
    }
    for (uint32_t c = 0; c < p->cell_count; c++) {
        p->cells[c].lower = 0;
        p->cells[c].upper = p->cells[c].value;
        p->cells[c].status = SDC_OPEN;
    }
}

void grid_hide(SdcProblem *p, uint32_t cell, SdcStatus status, int64_t upper, int64_t lpl, int64_t upl)
{
    SdcCell *c = &p->cells[cell];
    c->status = status;
    c->upper = upper > c->value ? upper : c->value;
    c->lpl = lpl;
    c->upl = upl;
}

typedef struct Count {
    const SdcProblem *p;
    int64_t *values;
    uint32_t *hidden, hidden_count;
    uint8_t *known; /* a cell */
    EachTable call;
    void *ctx;
} Count;

static bool rows_agree(const Count *c, uint32_t cell)
{
    const SdcProblem *p = c->p;
    for (uint32_t r = 0; r < p->row_count; r++) {
        int64_t sum = 0;
        bool full = true, has = false;
        for (uint32_t i = p->start[r]; i < p->start[r + 1]; i++) {
            full = full && c->known[p->cell[i]];
            has = has || p->cell[i] == cell;
            sum += p->coef[i] * c->values[p->cell[i]];
        }
        if (full && has && sum != p->rhs[r])
            return false;
    }
    return true;
}

static void assign(Count *c, uint32_t at)
{
    if (at == c->hidden_count) {
        c->call(c->values, c->ctx);
        return;
    }
    uint32_t cell = c->hidden[at];
    c->known[cell] = 1;
    for (int64_t v = c->p->cells[cell].lower; v <= c->p->cells[cell].upper; v++) {
        c->values[cell] = v;
        if (rows_agree(c, cell))
            assign(c, at + 1);
    }
    c->known[cell] = 0;
}

void each_table(const SdcProblem *p, EachTable call, void *ctx)
{
    Arena a;
    Count c = {.p = p, .call = call, .ctx = ctx};
    arena_init(&a, 0);
    assert_int_equal(arena_new(&a, int64_t, p->cell_count + 1, &c.values, NULL), OK);
    assert_int_equal(arena_new(&a, uint32_t, p->cell_count + 1, &c.hidden, NULL), OK);
    assert_int_equal(arena_new(&a, uint8_t, p->cell_count + 1, &c.known, NULL), OK);
    for (uint32_t i = 0; i < p->cell_count; i++) {
        SdcStatus st = p->cells[i].status;
        c.values[i] = p->cells[i].value;
        if (st == SDC_SENSITIVE || st == SDC_SECONDARY)
            c.hidden[c.hidden_count++] = i;
        else
            c.known[i] = 1;
    }
    assign(&c, 0);
    arena_free(&a);
}
