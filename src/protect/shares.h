/* Private to protect: how good the records behind a figure are, told so coarsely that it tells of no few people. */
#ifndef CAIRN_PROTECT_SHARES_H
#define CAIRN_PROTECT_SHARES_H

#include "protect/rule.h"

/* Fills shown_seen and shown_linked of published cells, sorted as a release is; texts live in the arena. */
MUST_USE Status shares_show(const ProtectRule *rule, PublishedCell *cells, size_t count, Arena *arena, Error *err);

#endif
