/*
 * From identity values in a row to a record tag, and the distinct identities of
 * a file that the vault does not know yet.
 *
 * The tag is made inside the validation statement (SQL function, DuckDB's
 * threads); the values themselves are kept here, not in a DuckDB table, so that
 * they never reach a spill file and each is held once however many rows carry
 * it. The vault puts them in order of their tags, so that the same file gives
 * the same vault whatever the thread count.
 */
#ifndef CAIRN_INGEST_IDENTITIES_H
#define CAIRN_INGEST_IDENTITIES_H

#include "contract/contract.h"
#include "store/db.h"
#include "store/vault.h"

typedef struct Identities Identities;

/* Asks the vault for the known tags of the source. ERR_INVALID when the contract names an unknown role. home and vault
 * must outlive it. */
MUST_USE Status identities_new(Home *home, Vault *vault, const Contract *c, Identities **out, Error *err);
/* The same for the file after `before`, of the same contract, whose identities are being stored meanwhile: the vault is
 * not asked. */
MUST_USE Status identities_after(const Identities *before, const Contract *c, Identities **out, Error *err);
void identities_free(Identities *ids);
/* True when the contract has fields with an identity role (the employer is none). */
bool identities_any(const Identities *ids);
/* Fields with a role, in the order the SQL function takes them. */
size_t identities_count(const Identities *ids);
const Field *identities_field(const Identities *ids, size_t i);
/* True when the role alone can say who it is (a number, a name, an address of mail); sex, birth date and place
 * cannot. */
bool identities_names_somebody(const Identities *ids, size_t i);

/* SQL: ingest_tag(VARCHAR, ...) -> UUID as listed above; ingest_employer(VARCHAR) -> UUID; and for each listed field
 * i ingest_token_i(VARCHAR) -> UUID, the same whatever the source. `mark` is appended to each name. ids must outlive
 * every statement that calls them. */
MUST_USE Status identities_register(Identities *ids, Db *db, const char *mark, Error *err);
/* Before the first statement that calls them: about how many rows will come. */
MUST_USE Status identities_expect(Identities *ids, uint64_t rows, Error *err);
/* After a statement that used the functions: the first failure inside them. */
MUST_USE Status identities_status(const Identities *ids, Error *err);
/* Leaves out a tag that was met only on rows rejected later. */
MUST_USE Status identities_drop(Identities *ids, const RecordTag *tag, Error *err);
/* True when all that this file claimed as new is stored unless storing fails: the next file may go by it. */
bool identities_final(const Identities *ids);
/* Adds what is new to the vault; inside a vault transaction. */
MUST_USE Status identities_store(Identities *ids, Vault *vault, Slice source, Error *err);

#endif
