/* Private to policy: the folder in memory. */
#ifndef CAIRN_POLICY_IMPL_H
#define CAIRN_POLICY_IMPL_H

#include "policy/policy.h"

#include <stdatomic.h>

typedef struct Entry {
    PolicyFile file;
    Slice kind;
    bool is_toml;
    bool loaded;
    atomic_bool used; /* files are surveyed on several threads */
} Entry;

struct Policy {
    Arena arena;
    const char *dir;
    VEC(Entry *) entries; /* by path */
};

/* Reads the file's bytes and their hash, once. */
MUST_USE Status policy_entry_load(Policy *p, Entry *e, Error *err);

#endif
