/*
 * Who asks together. Two askers who put their answers together know more than each; which of them are taken for one is
 * the release policy's to say (`askers`).
 */
#ifndef CAIRN_CLI_ASKERS_H
#define CAIRN_CLI_ASKERS_H

#include "cli/asker.h"
#include "protect/protect.h"

typedef struct AskerGroup {
    PathList users; /* ascending */
} AskerGroup;
typedef VEC(AskerGroup) AskerGroups;

/* Everybody who was told anything, each in one group: those taken for one. Texts in the arena. Free with
 * asker_groups_free, also after a failure. An asker of whom no agreement is known is taken for one with everybody where
 * agreements count. */
MUST_USE Status asker_groups(Ledger *ledger, ProtectAskers askers, Arena *arena, AskerGroups *out, Error *err);
void asker_groups_free(AskerGroups *groups);
/* The other askers who are taken for one with this one, who asks under the agreement; user need not be known yet. */
MUST_USE Status asker_others(
    Ledger *ledger, ProtectAskers askers, const char *user, Slice agreement, Arena *arena, PathList *out, Error *err);
/* Notes under which agreement somebody asks (kind query.agreement), unless it is known. */
MUST_USE Status asker_note_agreement(Ledger *ledger, const char *user, Slice agreement, Error *err);

#endif
