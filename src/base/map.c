/*
 * Map: open addressing with linear probing over 32-bit indices into an array
 * of entries in order of insertion (the layout of CPython's dict since 3.6).
 * The slot array stays small, growing moves no entry, and a walk over the
 * entries is the same on every run although the hash seed is not.
 *
 * At most 2/3 of the slots are taken. There is no removal, hence no tombstones.
 */
#include "base/map.h"

#include "base/arith.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/vec.h"

#define FIRST_SLOTS ((size_t)16)
#define MAX_ENTRIES ((size_t)UINT32_MAX - 1)

Status map_init(Map *m, Error *err)
{
    *m = (Map){0};
    arena_init(&m->keys, 0);
    return random_bytes(m->seed, sizeof m->seed, err);
}

void map_free(Map *m)
{
    mem_free(m->entries);
    mem_free(m->slots);
    arena_free(&m->keys);
    *m = (Map){0};
}

void map_wipe(Map *m)
{
    arena_wipe(&m->keys);
    map_free(m);
}

/* The slot that holds the key, or the empty one where it belongs. */
static size_t find_slot(const Map *m, Slice key, uint64_t hash)
{
    size_t mask = m->slot_count - 1;
    size_t i = (size_t)hash & mask;
    while (m->slots[i] != 0) {
        const MapEntry *e = &m->entries[m->slots[i] - 1];
        if (e->hash == hash && slice_eq(e->key, key))
            return i;
        i = (i + 1) & mask;
    }
    return i;
}

static Status grow_slots(Map *m, Error *err)
{
    size_t count = m->slot_count ? m->slot_count : FIRST_SLOTS;
    while (m->len + 1 > count / 3 * 2)
        if (CKD_MUL(&count, count, (size_t)2))
            return error_nomem(err);
    if (count == m->slot_count)
        return OK;
    uint32_t *slots = NULL;
    TRY(mem_zalloc(count, sizeof *slots, (void **)&slots, err));
    for (size_t n = 0; n < m->len; n++) {
        size_t i = (size_t)m->entries[n].hash & (count - 1);
        while (slots[i] != 0)
            i = (i + 1) & (count - 1);
        slots[i] = (uint32_t)n + 1;
    }
    mem_free(m->slots);
    m->slots = slots;
    m->slot_count = count;
    return OK;
}

/* The entry of the key, made with this value when it is new. */
static Status find_or_add(Map *m, Slice key, uint64_t value, MapEntry **entry, bool *was_new, Error *err)
{
    uint64_t hash = siphash13(m->seed, key.ptr, key.len);
    *was_new = false;
    if (m->slot_count > 0) {
        size_t slot = find_slot(m, key, hash);
        if (m->slots[slot] != 0) {
            *entry = &m->entries[m->slots[slot] - 1];
            return OK;
        }
    }
    if (m->len >= MAX_ENTRIES)
        return error_set(err, ERR_LIMIT, "map is full: %zu keys", m->len);
    TRY(grow_slots(m, err));
    TRY(vec_reserve_((void **)&m->entries, &m->cap, m->len + 1, sizeof *m->entries, err));
    Slice copy;
    TRY(arena_dup(&m->keys, key, &copy, err));
    m->entries[m->len] = (MapEntry){.key = copy, .value = value, .hash = hash};
    *entry = &m->entries[m->len];
    m->slots[find_slot(m, key, hash)] = (uint32_t)++m->len;
    *was_new = true;
    return OK;
}

Status map_put(Map *m, Slice key, uint64_t value, bool *was_new, Error *err)
{
    MapEntry *entry = NULL;
    bool added = false;
    TRY(find_or_add(m, key, value, &entry, &added, err));
    entry->value = value;
    if (was_new)
        *was_new = added;
    return OK;
}

Status map_get_or_put(Map *m, Slice key, uint64_t value, uint64_t *out, Error *err)
{
    MapEntry *entry = NULL;
    bool added = false;
    TRY(find_or_add(m, key, value, &entry, &added, err));
    *out = entry->value;
    return OK;
}

bool map_get(const Map *m, Slice key, uint64_t *out)
{
    if (m->slot_count == 0)
        return false;
    size_t slot = find_slot(m, key, siphash13(m->seed, key.ptr, key.len));
    if (m->slots[slot] == 0)
        return false;
    *out = m->entries[m->slots[slot] - 1].value;
    return true;
}
