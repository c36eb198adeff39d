/*
 * Private to facts: the steps of a build, in their order. Each works on an open
 * Db that holds, in an attached in-memory database `staging`, the person map
 * (staging.identity_map, identity_source, person_link, link_source). The map never touches the
 * generation's file: blocks freed there would still hold the vault's tags.
 */
#ifndef CAIRN_FACTS_PARTS_H
#define CAIRN_FACTS_PARTS_H

#include "base/base.h"
#include "contract/contract.h"
#include "policy/model.h"
#include "policy/policy.h"
#include "store/db.h"
#include "store/home.h"
#include "store/ledger.h"

typedef struct FactsInput {
    Policy *policy;
    const Builds *builds;  /* earlier ones, then the one that is made, with the highest seq there is */
    const char *loads_dir; /* home/loads */
    const Load *loads;     /* as ledger_loads gives them */
    size_t load_count;
    const Log *log;
    ProgressMode progress;
} FactsInput;

/* Loads that share one contract's text: read in one statement. */
typedef struct LoadGroup {
    Slice source;
    Slice text;
    const Contract *contract;
    VEC(const Load *) loads;
} LoadGroup;
typedef VEC(LoadGroup) LoadGroups;

/* Fact tables, reference tables and table load; then `fact` holds full history and main the views on it. */
MUST_USE Status facts_schema_create(Db *db, const TableDefs *tables, Error *err);
MUST_USE Status facts_schema_loads(Db *db, const Load *loads, size_t count, Error *err);
MUST_USE Status facts_schema_views(Db *db, const TableDefs *tables, const Load *loads, size_t count, Error *err);

/* Reads each load's own copy of its contract. Free with load_groups_free. */
MUST_USE Status load_groups_read(const FactsInput *in, Arena *arena, LoadGroups *out, Error *err);
void load_groups_free(LoadGroups *groups);

/* Policy CSVs and reference loads become tables. */
MUST_USE Status facts_reference_policy(Db *db, Policy *policy, const TableDefs *tables, Error *err);
MUST_USE Status facts_reference_loads(Db *db, const FactsInput *in, const LoadGroup *group, Error *err);

/* Runs a group's mappings. ERR_INVALID when a row's record has no person yet. */
MUST_USE Status facts_insert_group(
    Db *db, const FactsInput *in, const TableDefs *tables, const LoadGroup *group, Error *err);
/* "['path', ...]" of the group's files, for read_parquet; current only when asked. *count is how many. */
typedef enum WhichLoads { ALL_LOADS, CURRENT_LOADS } WhichLoads;
MUST_USE Status load_group_files(
    const FactsInput *in, const LoadGroup *group, WhichLoads which, Buf *out, size_t *count, Error *err);

/* Earlier builds, and who was who at each of them: known_build, person_link_past, fact_person_past. Needs
 * staging.identity_map and the rest of identity_export_since; builds NULL: nothing is told of them. */
MUST_USE Status facts_past(Db *db, const FactsInput *in, const LoadGroups *groups, Error *err);

/* Where the generation in use has no ledger entry, because the process that built it was killed before: writes the
 * entry and adds the build. `builds` as ledger_builds gives them; text in arena. */
MUST_USE Status facts_lost_build(Home *home, Ledger *ledger, Arena *arena, Builds *builds, Error *err);

MUST_USE Status facts_derive(Db *db, const FactsInput *in, const TableDefs *tables, Error *err);

/* All of the above: what facts_build does between opening a generation and publishing it. *facts counts history too. */
MUST_USE Status facts_assemble(Db *db, const FactsInput *in, uint64_t *facts, Error *err);

#endif
