/* What the dictionary's files share; nobody else includes it. */
#ifndef CAIRN_DICTIONARY_PARTS_H
#define CAIRN_DICTIONARY_PARTS_H

#include "contract/contract.h"
#include "dictionary/dictionary.h"
#include "govern/govern.h"
#include "policy/model.h"
#include "store/db.h"

typedef VEC(DictionaryTable) DictionaryTables;
typedef VEC(DictionaryElement) DictionaryElements;
typedef VEC(DictionaryYear) DictionaryYears;

/* An element as a contract's field describes it; without agreement and years. */
MUST_USE Status element_of_field(const Field *f, Arena *arena, DictionaryElement *out, Error *err);
/* Tables of the warehouse: facts, references, derived. contracts: those in force, for where columns come from. */
MUST_USE Status warehouse_elements(Policy *policy, const Contract *const *contracts, size_t contract_count,
    Arena *arena, DictionaryTables *out, Error *err);

/* Sets the purposes of warehouse tables in `tables`, which has the contracts' too: those of the fields that a column is
 * made of, by the agreements. */
MUST_USE Status warehouse_purposes(const TableDefs *defs, const Contract *const *contracts, size_t contract_count,
    Arena *arena, DictionaryTables *tables, Error *err);

/* Fill rates and breaks of one source's table from its loads in force; elements that only earlier contracts had are
 * added as retired. rule: dictionary/dictionary.toml. */
typedef struct FillJob {
    const PolicyFile *rule;
    Home *home;
    Db *db;
    const Loads *loads;
    int64_t minimum_rows, jump_points;
} FillJob;
MUST_USE Status fill_table(const FillJob *job, Arena *arena, DictionaryTable *t, Error *err);
/* The year a scope names, by the rule's [[period]] entries. */
MUST_USE Status period_of_scope(const PolicyFile *rule, Slice scope, int32_t *year, Error *err);
/* What two contracts say differently of a field, joined by ", "; either NULL: it has no such field. */
MUST_USE Status field_changes(const Field *before, const Field *after, Arena *arena, Slice *out, Error *err);

#endif
