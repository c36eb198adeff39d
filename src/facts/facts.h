/*
 * Facts: from accepted loads and links to a warehouse generation.
 *
 * Tables come from policy/core/warehouse.toml; every accepted load's rows go
 * through the [[fact]] mappings of its own contract, joined to the person map;
 * then policy/<state>/derived/NAME.toml adds what is worked out (cohorts). Superseded
 * loads stay in as history: load.known_to tells, and a view of each table's own
 * name (schema main) shows what is known now over schema fact's full history.
 */
#ifndef CAIRN_FACTS_FACTS_H
#define CAIRN_FACTS_FACTS_H

#include "base/base.h"
#include "policy/policy.h"
#include "store/home.h"
#include "store/ledger.h"

typedef struct BuildContext {
    Home *home;
    Policy *policy;
    Ledger *ledger;
    const Log *log;
    ProgressMode progress;
} BuildContext;

typedef struct BuildReport {
    uint32_t generation;
    uint64_t loads;
    uint64_t facts; /* rows over all fact tables, history included */
    uint64_t bytes; /* size of the generation's file */
} BuildReport;

MUST_USE Status facts_build(const BuildContext *ctx, BuildReport *out, Error *err);

#endif
