/* Private to identity: what the export of today's links and of earlier ones share. */
#ifndef CAIRN_IDENTITY_EXPORT_H
#define CAIRN_IDENTITY_EXPORT_H

#include "identity/identity_impl.h"

typedef struct ExportSource {
    Slice name, sector;
} ExportSource;

typedef struct Evidence { /* of one record, in order of tag */
    RecordTag tag;
    uint16_t source;
    bool has_ssn, has_sasid;
} Evidence;

typedef struct Export {
    Db *db;
    Vault *vault;
    Pseudonymiser *pseudo;
    const MatchConfig *config;
    const char *authority; /* for reading the vault */
    unsigned threads;
    Arena arena;
    VEC(ExportSource) sources; /* as they come */
    Map source_numbers;
    bool keep_evidence; /* for export_then, which reads no record again */
    VEC(Evidence) evidence;
} Export;

/* Whole persons as they were: their links (by tag) and misses. Makes identity_then(record_tag, person) and
 * person_link_then with the columns of person_link; the caller drops both. After the export of today. */
MUST_USE Status export_then(Export *e, const Links *links, const PersonMisses *misses, Error *err);

/* identity_moved and person_link_past; after identity_map and person_link. */
MUST_USE Status export_past(Export *e, const LinkMoment *moments, size_t count, Error *err);

#endif
