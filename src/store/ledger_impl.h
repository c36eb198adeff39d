/* What ledger.c and ledger_loads.c share. */
#ifndef CAIRN_STORE_LEDGER_IMPL_H
#define CAIRN_STORE_LEDGER_IMPL_H

#include "store/home_impl.h"
#include "store/ledger.h"
#include "store/lite.h"

struct Ledger {
    Lite lite;
    Sha256 *sha;
    Arena arena;
};

/* Runs inside the writing transaction, before the entry is made: anything but OK refuses it. */
typedef Status (*LedgerGuard)(Ledger *l, const LedgerEntry *e, Error *err);

/* As ledger_append, with at, kind, subject and body from *e; guard may be NULL. */
MUST_USE Status ledger_append_unless(Ledger *l, LedgerEntry *e, LedgerGuard guard, Error *err);

#endif
