/* What the vault's files share; nobody outside the room includes it. */
#ifndef CAIRN_STORE_VAULT_IMPL_H
#define CAIRN_STORE_VAULT_IMPL_H

#include "store/home_impl.h"
#include "store/lite.h"
#include "store/linkage.h"

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
/* values point into packed. ERR_CORRUPT when malformed; zero padding at the end is skipped. */
MUST_USE Status values_unpack(Slice packed, IdentityValues *out, Error *err);

/* --- the vault (vault.c) --- */

typedef struct SourceName {
    int64_t id;
    Slice name;
} SourceName;

/* Records wait here, boxed, to be inserted in order of their tags: a B-tree takes sorted keys several times faster. */
typedef struct Pending {
    RecordTag tag;
    int64_t source;
    size_t at; /* in Vault.boxes */
    uint32_t len;
} Pending;

struct Vault {
    Home *home;
    Lite lite;
    Ledger *ledger; /* opened at the first read of identities */
    Boxer *boxer;
    Arena arena;
    VEC(SourceName) sources;
    bool in_load;
    VEC(Pending) pending;
    Buf boxes;
    Buf scratch;
    sqlite3_stmt *insert_record;
    sqlite3_stmt *insert_quarantine;
    sqlite3_stmt *get_record;
    RecordTag rebox_after; /* where vault_rebox goes on */
    bool rebox_begun;
    bool records_reboxed;
    int64_t rebox_quarantine_after; /* rowid */
};

/* Makes the tables of a new vault, or takes an older one to the present schema (writers only); ERR_INVALID for one
 * that this program does not know or may not change (vault_schema.c). */
MUST_USE Status vault_ensure_schema(const Lite *lite, LiteAccess access, Error *err);
/* Opens v->ledger unless it is open. */
MUST_USE Status vault_need_ledger(Vault *v, Error *err);
/* A tag from column `column` of stmt's row; ERR_CORRUPT when it is none. NULL gives the zero tag. */
MUST_USE Status vault_column_tag(sqlite3_stmt *stmt, int column, RecordTag *out, Error *err);
Slice tag_bytes(const RecordTag *tag);
/* Number of a model by name, made when it is new; and the queue: both inside the caller's transaction. */
MUST_USE Status vault_model_id(Vault *v, Slice name, int64_t *out, Error *err);
MUST_USE Status vault_put_queue(Vault *v, const ReviewItems *items, QueueMode mode, Error *err);

/* Writes the read into the ledger; ERR_DENIED without purpose or basis. */
MUST_USE Status vault_note_read(Vault *v, const VaultPurpose *purpose, const char *what, Slice id, Error *err);
/* Name of a source by number; ERR_CORRUPT when there is none. */
MUST_USE Status vault_source_name(Vault *v, int64_t id, Slice *out, Error *err);
/* Columns tag, source, key_id, box of stmt's row, decrypted; values valid until the boxer's next call. */
MUST_USE Status vault_read_row(Vault *v, sqlite3_stmt *stmt, VaultRecord *out, Error *err);

/* A quarantined row's number, and the length of what it holds, as 8 bytes big-endian. */
void vault_u64_bytes(uint64_t v, char out[8]);
/* As vault_verify, over about `limit` records spread over the file, and as many quarantined rows. */
MUST_USE Status vault_verify_sample(Vault *v, uint64_t limit, uint64_t *checked, Error *err);

#endif
