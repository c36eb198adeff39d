/* Cost functions that callers choose among. */
#include "suppress/suppress.h"

/* 1000 * log2(v), rounded down, in integers: the same on every machine. */
static int64_t thousand_log2(uint64_t v)
{
    int64_t whole = 63 - __builtin_clzll(v), milli = whole * 1000;
    /* fraction by squaring a 32-bit mantissa: ten binary digits are finer than a thousandth */
    uint64_t m = whole >= 31 ? v >> (whole - 31) : v << (31 - whole);
    int64_t bits = 0;
    for (int i = 0; i < 12; i++) {
        m = (m * m) >> 31;
        bits <<= 1;
        if (m >> 32) {
            m >>= 1;
            bits |= 1;
        }
    }
    return milli + bits * 1000 / 4096;
}

void suppress_set_costs(SdcProblem *p, SuppressCost cost)
{
    for (uint32_t i = 0; i < p->cell_count; i++) {
        SdcCell *c = &p->cells[i];
        uint64_t size = c->value < 0 ? (uint64_t)0 - (uint64_t)c->value : (uint64_t)c->value;
        if (c->status == SDC_SENSITIVE)
            c->cost = 0;
        else if (cost == SUPPRESS_COST_UNIT)
            c->cost = 1;
        else if (cost == SUPPRESS_COST_LOG)
            c->cost = thousand_log2(size + 1) + 1;
        else
            c->cost = size > 0 ? (int64_t)size : 1;
    }
}

void suppress_keep(SdcProblem *p, const uint8_t *marked, uint32_t factor)
{
    int64_t share = INT64_MAX / 2 / ((int64_t)p->cell_count + 1);
    for (uint32_t i = 0; i < p->cell_count; i++) {
        int64_t cost;
        if (!marked[i])
            continue;
        if (CKD_MUL(&cost, p->cells[i].cost, (int64_t)factor) || cost > share)
            cost = share > p->cells[i].cost ? share : p->cells[i].cost;
        p->cells[i].cost = cost;
    }
}
