/* Names for codes, for pages and charts. Everything a state words for itself is in policy/<state>/i18n. */
#ifndef CAIRN_PUBLISH_WORDS_H
#define CAIRN_PUBLISH_WORDS_H

#include "policy/policy.h"
#include "protect/protect.h"

typedef struct Words {
    const PolicyFile *file;   /* i18n/en.toml */
    const PolicyFile *splits; /* measures/splits.toml: titles of splits and groups */
    Map names;                /* level 0x1f unit -> index in texts */
    VEC(Slice) texts;
    Arena *arena;
} Words;

/* Slices returned by all functions live in the arena or the policy. Free with words_free, also after a failure. */
MUST_USE Status words_open(Policy *policy, Date on, Arena *arena, Words *out, Error *err);
void words_free(Words *w);
/* A text of the file's top level; empty when absent. */
Slice words_text(const Words *w, const char *key);
Slice words_in(const Toml *table, const char *key);
/* "county", "counties". */
Slice words_level(const Words *w, Slice level, const char *form);
/* "Adams County"; the code itself when there is no name. Pools: "Other districts in Adams County (5)". */
MUST_USE Status words_unit(
    const Words *w, Slice level, Slice unit, Slice parent_level, uint32_t pooled, Slice *out, Error *err);
Slice words_split(const Words *w, Slice split);
/* The splits in the order their file gives them; NULL ptr after the last. */
Slice words_split_name(const Words *w, size_t index);
/* Place of a group in its split's own order; groups shown together come last. */
size_t words_group_rank(const Words *w, Slice split, Slice grp);
/* groups: the members when grp is PROTECT_OTHER: "Asian, Black or African American and White". */
MUST_USE Status words_group(const Words *w, Slice split, Slice grp, Slice groups, Slice *out, Error *err);
/* Whether a TOML list of strings holds s. */
bool words_list_has(const Toml *list, Slice s);

#endif
