/*
 * The ledger: what happened, append-only and hash-chained.
 *
 * entry(seq, at, kind, subject, body, prev_hash, hash) in SQLite WAL;
 * hash = SHA-256(prev_hash || seq || at || kind || subject || body), so a
 * change anywhere breaks every later hash. Triggers forbid UPDATE and DELETE.
 * Bodies are JSON and never hold a person's value.
 *
 * Kinds: load.accepted, load.refused, link.run, build.generation, measure.run, measure.asked,
 * release.published, release.withdrawn, vault.read, key.rotated, backup.made,
 * query.answered (cairn protect --user: what one asker's history holds), query.agreement (under which somebody asked),
 * release.beside_answers (a release that tells an asker more, where the policy lets it),
 * agreement.used, results.read (equity and account: figures before protection),
 * cohort.asked, cohort.saved (the script itself, a version of its name).
 */
#ifndef CAIRN_STORE_LEDGER_H
#define CAIRN_STORE_LEDGER_H

#include "base/base.h"
#include "store/home.h"

typedef struct Ledger Ledger;

typedef struct LedgerEntry {
    int64_t seq;
    int64_t at; /* seconds since 1970 */
    Slice kind;
    Slice subject; /* a load, generation, release or agreement id */
    Slice body;    /* JSON */
    char hash[SHA256_HEX_SIZE];
} LedgerEntry;
typedef VEC(LedgerEntry) LedgerEntries;

MUST_USE Status ledger_open(Home *home, Ledger **out, Error *err);
void ledger_close(Ledger *l);
/* Durable (fsynced) when it returns. */
MUST_USE Status ledger_append(Ledger *l, const char *kind, Slice subject, Slice body, Error *err);
/* Entries of one kind (NULL: all) in order of seq; text lives in arena. */
MUST_USE Status ledger_list(Ledger *l, const char *kind, Arena *arena, LedgerEntries *out, Error *err);
/* The newest entry of a kind and subject (subject.ptr NULL: any). ERR_NOT_FOUND. */
MUST_USE Status ledger_last(Ledger *l, const char *kind, Slice subject, Arena *arena, LedgerEntry *out, Error *err);
/* Recomputes the whole chain. ERR_CORRUPT names the first bad seq. */
MUST_USE Status ledger_verify(Ledger *l, uint64_t *entries, Error *err);

/*
 * Loads, as the ledger tells them. A load is one accepted file. `scope` says what
 * the file reports on (for instance "school_year=2024"); a later load of the same
 * source and scope supersedes the earlier one, whose facts are kept.
 */
typedef struct Load {
    Slice id;       /* 16 hex digits: SHA-256 of source, contract version, file content, and how often it came before */
    Slice source;   /* contract name */
    Slice contract; /* contract version */
    Slice scope;
    Slice file_name;   /* base name as sent */
    Slice file_sha256; /* hex */
    Slice agreement;   /* id of the agreement in force that covered it */
    uint64_t rows_accepted;
    uint64_t rows_rejected;
    int64_t received_at; /* seconds since 1970 */
    int64_t seq;         /* of its ledger entry: the order of acceptance */
    Slice superseded_by; /* load id, or empty */
    int64_t superseded_at, superseded_seq;
    uint32_t number; /* 1, 2, ... in order of (source, scope, received); dense */
} Load;
typedef VEC(Load) Loads;

/*
 * Builds of the warehouse, as the ledger tells them: which loads, links and policy a generation was made of, so that
 * any earlier one can be told again. What a build holds is told by its place in the order of entries: the loads before
 * it, and of them those that no load before it superseded.
 */
typedef struct Build {
    int64_t seq; /* place in the ledger's order: of its entry, or what the entry says in its stead */
    int64_t at;  /* when it began; of the entry where the entry says nothing */
    uint32_t generation;
    int64_t link_run; /* the last run of the linking that it was made of; -1: the entry does not say */
    Slice policy;     /* fingerprint of the policy folder, in hex; empty: the entry does not say */
} Build;
typedef VEC(Build) Builds;
/* In order; text in arena. */
MUST_USE Status ledger_builds(Ledger *l, Arena *arena, Builds *out, Error *err);
/* Writes build.generation; seq is ignored. extra_json_members as in ledger_add_load. */
MUST_USE Status ledger_add_build(Ledger *l, const Build *build, Slice extra_json_members, Error *err);

/* Every accepted load with supersession worked out, sorted by source, scope, then acceptance. */
MUST_USE Status ledger_loads(Ledger *l, Arena *arena, Loads *out, Error *err);
/* The Parquet files that hold a load's rows, in order; appended to out, text in arena. loads_dir: home/loads. The only
 * place that knows their names for those who read loads in force. */
MUST_USE Status load_row_files(const char *loads_dir, const Load *load, Arena *arena, PathList *out, Error *err);
/* Writes load.accepted; ERR_EXISTS when that load was accepted before. number, seq and superseded_* of `load` are
 * ignored; extra_json_members is text such as "a":1,"b":"x" for the body, or empty. */
MUST_USE Status ledger_add_load(Ledger *l, const Load *load, Slice extra_json_members, Error *err);

#endif
