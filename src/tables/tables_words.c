/* Cells and equations in words, for messages and reports. */
#include "tables/tables.h"

#define MAX_PARTS_SAID 8

static void say_place(const TablesSystem *s, const TablesCell *c, Buf *out)
{
    for (uint32_t d = 0; d < s->set->dimension_count; d++) {
        const TablesDimension *dimension = &s->set->dimensions[d];
        if (c->at[d] == TABLES_NONE || c->at[d] == dimension->total)
            continue;
        buf_addf(out, ", %.*s %.*s", SLICE_ARG(dimension->name), SLICE_ARG(dimension->codes[c->at[d]]));
    }
}

void tables_cell_words(const TablesSystem *s, uint32_t cell, Buf *out)
{
    const TablesCell *c = &s->cells[cell];
    const TablesQuantity *q = &s->set->quantities[c->quantity];
    if (!slice_eq(q->people, s->set->name))
        buf_addf(out, "%.*s: ", SLICE_ARG(q->people));
    buf_add(out, q->name);
    size_t before = out->len;
    say_place(s, c, out);
    if (out->len == before)
        buf_adds(out, ", all");
}

void tables_equation_words(const TablesSystem *s, uint32_t row, Buf *out)
{
    uint32_t from = s->start[row], to = s->start[row + 1];
    buf_addc(out, '[');
    tables_cell_words(s, s->cell[from], out);
    buf_adds(out, "] = ");
    for (uint32_t i = from + 1; i < to && i <= from + MAX_PARTS_SAID; i++) {
        if (i > from + 1)
            buf_adds(out, " + ");
        buf_addc(out, '[');
        tables_cell_words(s, s->cell[i], out);
        buf_addc(out, ']');
    }
    if (to - from - 1 > MAX_PARTS_SAID)
        buf_addf(out, " + %u more", to - from - 1 - MAX_PARTS_SAID);
}
