/* Cells of the truth files: each begins with the comma behind the one before. */
#ifndef CAIRN_SYNTH_TRUTH_CELLS_H
#define CAIRN_SYNTH_TRUTH_CELLS_H

#include "synth/life.h"

void cell_u64(Buf *b, uint64_t v);
void cell_text(Buf *b, Slice s);
void cell_date(Buf *b, Date d);         /* DATE_NONE: empty */
void cell_quarter(Buf *b, Quarter q);   /* 0: empty */
void cell_cents(Buf *b, int64_t cents); /* dollars with two decimals */

/* District, school, in the cohort, graduated, completed, at the look `years` after entering high school; all empty when
 * the files do not reach so far. */
void truth_cohort(const World *w, const Life *l, int years, Buf *b);
/* On the state's list on that day. */
bool credential_listed(const Credential *c, Date d);

#endif
