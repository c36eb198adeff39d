/* What the vault's files share; nobody outside the room includes it. */
#ifndef CAIRN_STORE_VAULT_IMPL_H
#define CAIRN_STORE_VAULT_IMPL_H

#include "store/home_impl.h"
#include "store/lite.h"
#include "store/linkage.h"

/* Made with the vault, and anew by a run that writes most of the links. */
#define VAULT_LINK_PERSON_SQL "CREATE INDEX link_person ON link (person)"

/* --- boxes (vault_box.c) --- */

typedef struct Boxer Boxer;

/* Where a box belongs: it opens nowhere else. */
typedef struct BoxPlace {
    const char *table;
    Slice key;   /* of the row in its table */
    Slice owner; /* source or load */
} BoxPlace;

MUST_USE Status boxer_new(Home *home, Boxer **out, Error *err);
void boxer_free(Boxer *b);
/* The key that seals: the newest in force. */
uint32_t boxer_key_id(const Boxer *b);
/* Appends the box to out. */
MUST_USE Status boxer_seal(Boxer *b, const BoxPlace *place, Slice plain, Buf *out, Error *err);
/* *plain is valid until the next call. ERR_CORRUPT when the box was changed or moved. */
MUST_USE Status boxer_open(Boxer *b, const BoxPlace *place, uint32_t key_id, Slice box, Slice *plain, Error *err);

/* role + 1, length as a varint, bytes; for each value that is present, in order of role. */
void values_pack(const IdentityValues *values, Buf *out);
/* Appends packed values with their length in front. */
void values_put(Slice packed, Buf *out);
/* The packed values at *at, which goes on to the next. ERR_CORRUPT when there are none. */
MUST_USE Status values_take(Slice all, size_t *at, Slice *packed, Error *err);
/* values point into packed. ERR_CORRUPT when malformed; zero padding at the end is skipped. */
MUST_USE Status values_unpack(Slice packed, IdentityValues *out, Error *err);

/* --- records that wait (new_records.c) --- */

typedef struct PackedRecord {
    RecordTag tag;
    uint32_t len;
    const char *packed;
} PackedRecord;
typedef VEC(PackedRecord) PackedRecords;

/* Every tag of a part comes before every tag of the next; within one they are in no order. */
size_t new_records_parts(const NewRecords *n);
/* In place of what out had; the values stay n's. */
MUST_USE Status new_records_part(const NewRecords *n, size_t part, PackedRecords *out, Error *err);
bool new_records_any(const NewRecords *n);
size_t new_records_bytes(const NewRecords *n); /* of values */
void new_records_reset(NewRecords *n);         /* forgets all */

/* --- the vault (vault.c) --- */

typedef struct SourceName {
    int64_t id;
    Slice name;
} SourceName;

struct Vault {
    Home *home;
    Lite lite;
    Ledger *ledger; /* opened at the first read of identities */
    Boxer *boxer;
    Arena arena;
    VEC(SourceName) sources;
    bool in_load;
    NewRecords *pending; /* of vault_add_record, and all of one source: */
    SourceName pending_source;
    Buf scratch;
    sqlite3_stmt *insert_bundle;
    sqlite3_stmt *insert_quarantine;
    sqlite3_stmt *get_bundle; /* of a run, the last that begins at a tag or before */
    KnownTags *known;         /* of known_source; NULL: none */
    Slice known_source;
    int64_t rebox_after; /* where vault_rebox goes on: id of a bundle, then of a quarantined row */
    bool records_reboxed;
    int64_t rebox_quarantine_after;
};

/* Makes the tables of a new vault; ERR_INVALID for one of another schema than the present one (vault_schema.c). */
MUST_USE Status vault_ensure_schema(const Lite *lite, LiteAccess access, Error *err);
/* Opens v->ledger unless it is open. */
MUST_USE Status vault_need_ledger(Vault *v, Error *err);
/* A tag from column `column` of stmt's row; ERR_CORRUPT when it is none. NULL gives the zero tag. */
MUST_USE Status vault_column_tag(sqlite3_stmt *stmt, int column, RecordTag *out, Error *err);
/* The rest of a SELECT of tag, person, kind, odds, partner; and of person, missed. Appended to out. */
MUST_USE Status vault_read_links(Vault *v, sqlite3_stmt *stmt, Links *out, Error *err);
MUST_USE Status vault_read_misses(Vault *v, sqlite3_stmt *stmt, PersonMisses *out, Error *err);
Slice tag_bytes(const RecordTag *tag);
/* Number of a model by name, made when it is new; and the queue: both inside the caller's transaction. */
MUST_USE Status vault_model_id(Vault *v, Slice name, int64_t *out, Error *err);
MUST_USE Status vault_put_queue(Vault *v, const ReviewItems *items, QueueMode mode, Error *err);

/* Writes the read into the ledger; ERR_DENIED without purpose or basis. */
MUST_USE Status vault_note_read(Vault *v, const VaultPurpose *purpose, const char *what, Slice id, Error *err);
/* Name of a source by number; ERR_CORRUPT when there is none. */
MUST_USE Status vault_source_name(Vault *v, int64_t id, Slice *out, Error *err);
/* A quarantined row's number, and the length of what it holds, as 8 bytes big-endian. */
void vault_u64_bytes(uint64_t v, char out[8]);
/* As vault_verify, over about `limit` records spread over the file, and as many quarantined rows. */
MUST_USE Status vault_verify_sample(Vault *v, uint64_t limit, uint64_t *checked, Error *err);

/* --- many rows at once (vault_bulk.c) --- */

/* For each of `left` rows: bulk_row, binding its columns from *first on, bulk_row_done. What is bound must live until
 * the rows are written, which is every 64 of them and after the last. */
typedef struct BulkRows {
    const Lite *lite;
    const char *into; /* a table, with its columns or without */
    unsigned columns;
    size_t left;
    unsigned rows, filled; /* of the statement */
    sqlite3_stmt *stmt;
} BulkRows;
MUST_USE Status bulk_row(BulkRows *b, int *first, Error *err);
MUST_USE Status bulk_row_done(BulkRows *b, Error *err);
void bulk_free(BulkRows *b);
/* by_tag: the links' order by tag; *out: by person and tag, mem_free. Touches no vault. */
MUST_USE Status links_by_person(const Links *links, const uint32_t *by_tag, uint32_t **out, Error *err);
/* The index link_person, which is not there, over the links that are all there are, in order of person and tag. Inside
 * the caller's transaction. */
MUST_USE Status vault_index_persons(Vault *v, const Links *links, const uint32_t *order, Error *err);

/* --- expected missing pairs (vault_misses.c), inside the caller's transaction --- */

/* In place of all there are, or of what these persons have; what was there is kept as what `run` ended. */
MUST_USE Status misses_replace(Vault *v, const PersonMisses *misses, int64_t run, Error *err);
MUST_USE Status misses_put(Vault *v, const PersonMisses *misses, int64_t run, Error *err);
/* As they were before run `back_to`; `run` is the undo's own. */
MUST_USE Status misses_restore(Vault *v, int64_t back_to, int64_t run, Error *err);
/* Persons without a link have none. */
MUST_USE Status misses_drop_orphans(Vault *v, int64_t run, Error *err);

/* --- bundles (vault_bundle.c) --- */

#define BUNDLE_RECORDS 256

/* One that was read: */
typedef struct Bundle {
    int64_t id;
    uint32_t key_id;
    Slice source;
    Buf tags;
    Buf plain;
    size_t count;
    size_t next; /* record that bundle_next gives */
    size_t at;   /* of its values in plain */
} Bundle;

/* What bundle_read wants of a row of `bundle`. */
#define BUNDLE_COLUMNS "id, source, records, key_id, first, tags, box"

/* One run. Inside a transaction. */
MUST_USE Status bundles_write(Vault *v, const SourceName *source, const NewRecords *n, Error *err);
void bundle_init(Bundle *b);
void bundle_free(Bundle *b); /* wipes the values */
/* Opens the bundle in stmt's row; what b held before is forgotten. ERR_CORRUPT when it does not open; b->count is
 * then what its tags say. */
MUST_USE Status bundle_read(Vault *v, sqlite3_stmt *stmt, Bundle *b, Error *err);
/* The tag of the record that comes next. */
const RecordTag *bundle_tag(const Bundle *b);
/* The next record, of which there is one; packed as values_unpack takes it. Valid until the next bundle_read. */
MUST_USE Status bundle_next_packed(Bundle *b, RecordTag *tag, Slice *packed, Error *err);
/* Values are valid until the next bundle_read. */
MUST_USE Status bundle_next(Bundle *b, VaultRecord *out, bool *more, Error *err);

#endif
