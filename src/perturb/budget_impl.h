/* What writing and reading of the budget ledger share. */
#ifndef CAIRN_PERTURB_BUDGET_IMPL_H
#define CAIRN_PERTURB_BUDGET_IMPL_H

#include "perturb/perturb.h"

#define BUDGET_SCHEMA "cairn.budget/1"
#define BUDGET_NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"
#define BUDGET_TEXT_MAX 400
#define BUDGET_FILE_MAX ((size_t)64 << 20)
#define BUDGET_TOTAL_MAX (INT64_C(1000000) * RHO_ONE)

const char *budget_mechanism(DpMechanism m);
const char *budget_neighbours(DpNeighbours n);

/* A line as one JSON object without its hash, which is the SHA-256 of what follows {"hash":"...", in it. */
void budget_open_body(const BudgetTerms *t, int64_t at, Buf *rest);
void budget_spend_body(const BudgetEntry *e, const char *prev, int64_t spent, Buf *rest);

MUST_USE Status budget_check_text(Slice s, const char *what, Error *err);
MUST_USE Status budget_check_sha(Slice s, const char *what, Error *err);
MUST_USE Status budget_check_terms(const BudgetTerms *t, Error *err);

#endif
