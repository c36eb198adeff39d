/* What the truth files are written with: one CSV cell after another, a comma before each. */
#ifndef CAIRN_SYNTH_TRUTH_CELLS_H
#define CAIRN_SYNTH_TRUTH_CELLS_H

#include "synth/writers.h"

static inline void cell_u64(Buf *b, uint64_t v)
{
    buf_addc(b, ',');
    buf_add_u64(b, v);
}

static inline void cell_text(Buf *b, Slice s)
{
    buf_addc(b, ',');
    buf_add(b, s);
}

static inline void cell_date(Buf *b, Date d)
{
    buf_addc(b, ',');
    if (d == DATE_NONE)
        return;
    char text[11];
    date_print(d, text);
    buf_add(b, (Slice){text, 10});
}

/* truth.c: district, school, in the cohort, graduated, completed, at the look `years` after entering high school; all
 * empty when the files do not reach so far. */
void truth_cohort(const World *w, const Life *l, int years, Buf *b);
/* On the state's list on that day. */
bool credential_listed(const Credential *c, Date d);

#endif
