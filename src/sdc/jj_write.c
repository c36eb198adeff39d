/* Writes a problem as JJ text (jj_read.c draws the format). */
#include "sdc/sdc.h"

#include "sdc/jj_number.h"

static char status_letter(SdcStatus s)
{
    switch (s) {
    case SDC_SENSITIVE:
        return 'u';
    case SDC_SECONDARY:
        return 'm';
    case SDC_FROZEN:
        return 'z';
    case SDC_OPEN:
    default:
        return 's';
    }
}

static void write_cell(const SdcProblem *p, uint32_t i, Buf *out)
{
    const SdcCell *c = &p->cells[i];
    const int64_t rest[] = {c->lower, c->upper, c->lpl, c->upl, c->spl};
    buf_add_u64(out, i);
    buf_addc(out, ' ');
    jj_number_write(out, c->value, p->value_decimals);
    buf_addc(out, ' ');
    jj_number_write(out, c->cost, p->cost_decimals);
    buf_addc(out, ' ');
    buf_addc(out, status_letter(c->status));
    for (size_t k = 0; k < COUNT_OF(rest); k++) {
        buf_addc(out, ' ');
        jj_number_write(out, rest[k], p->value_decimals);
    }
    buf_addc(out, '\n');
}

static void write_row(const SdcProblem *p, uint32_t r, Buf *out)
{
    jj_number_write(out, p->rhs[r], p->value_decimals);
    buf_addc(out, ' ');
    buf_add_u64(out, p->start[r + 1] - p->start[r]);
    buf_adds(out, " :");
    for (uint32_t k = p->start[r]; k < p->start[r + 1]; k++) {
        buf_addc(out, ' ');
        buf_add_u64(out, p->cell[k]);
        buf_adds(out, " (");
        buf_add_i64(out, p->coef[k]);
        buf_addc(out, ')');
    }
    buf_addc(out, '\n');
}

Status sdc_write_jj(const SdcProblem *p, Buf *out, Error *err)
{
    buf_adds(out, "0\n");
    buf_add_u64(out, p->cell_count);
    buf_addc(out, '\n');
    for (uint32_t i = 0; i < p->cell_count; i++)
        write_cell(p, i, out);
    buf_add_u64(out, p->row_count);
    buf_addc(out, '\n');
    for (uint32_t r = 0; r < p->row_count; r++)
        write_row(p, r, out);
    return buf_status(out, err);
}
