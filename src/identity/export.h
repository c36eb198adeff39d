/* Private to identity: what the export of today's links and of earlier ones share. */
#ifndef CAIRN_IDENTITY_EXPORT_H
#define CAIRN_IDENTITY_EXPORT_H

#include "identity/identity_impl.h"

typedef struct Evidence { /* of one record, in order of tag */
    RecordTag tag;
    uint16_t source;
    bool has_ssn, has_sasid;
} Evidence;

typedef struct EvidenceArg {
    VEC(Evidence) at;
    Map sources;
    Arena arena;
} EvidenceArg;

typedef struct Export {
    Db *db; /* has identity_rule and identity_source */
    Vault *vault;
    Pseudonymiser *pseudo;
    EvidenceArg evidence;
} Export;

/* Links (by tag) of whole persons, with their misses, as identity_evidence(record_tag, person, ...) and `table`, which
 * gets the columns of person_link. export_drop_state before the next one; `table` stays. */
MUST_USE Status export_state(
    const Export *e, const Links *links, const PersonMisses *misses, const char *table, Error *err);
MUST_USE Status export_drop_state(const Export *e, Error *err);

/* identity_moved and person_link_past; after identity_map and person_link. */
MUST_USE Status export_past(const Export *e, const LinkMoment *moments, size_t count, Error *err);

#endif
