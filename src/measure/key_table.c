/*
 * Numbers for 64-bit keys in order of first appearance: an open-addressed table, at most half full. The keys are our
 * own numbers, so that a fixed mixing function will do (the finalizer of SplitMix64, Steele, Lea and Flood 2014);
 * base's Map hashes bytes under a secret and costs several times as much for each of some hundred million look-ups.
 */
#include "measure/measure_parts.h"

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void keys_free(KeyTable *t)
{
    mem_free(t->keys);
    mem_free(t->slots);
    *t = (KeyTable){0};
}

void keys_reset(KeyTable *t)
{
    if (t->slots)
        memset(t->slots, 0, t->slot_count * sizeof *t->slots);
    t->len = 0;
}

static Status grow(KeyTable *t, size_t count, Error *err)
{
    uint32_t *slots;
    TRY(mem_resize((void **)&t->keys, count / 2, sizeof *t->keys, err));
    TRY(mem_zalloc(count, sizeof *slots, (void **)&slots, err));
    for (size_t i = 0; i < t->len; i++) {
        size_t at = mix(t->keys[i]) & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    mem_free(t->slots);
    t->slots = slots;
    t->slot_count = count;
    t->cap = count / 2;
    return OK;
}

Status keys_reserve(KeyTable *t, size_t count, Error *err)
{
    size_t slots = t->slot_count ? t->slot_count : 1024;
    while (slots / 2 < count)
        slots *= 2;
    return slots > t->slot_count ? grow(t, slots, err) : OK;
}

bool keys_find(const KeyTable *t, uint64_t key, uint32_t *out)
{
    if (t->len == 0)
        return false;
    for (size_t at = mix(key) & (t->slot_count - 1); t->slots[at]; at = (at + 1) & (t->slot_count - 1)) {
        *out = t->slots[at] - 1;
        if (t->keys[*out] == key)
            return true;
    }
    return false;
}

Status keys_number(KeyTable *t, uint64_t key, uint32_t *out, Error *err)
{
    if (t->len == t->cap) {
        if (t->len >= UINT32_MAX / 4)
            return error_set(err, ERR_LIMIT, "more than %u keys", UINT32_MAX / 4);
        TRY(grow(t, t->slot_count ? t->slot_count * 2 : 1024, err));
    }
    size_t at = mix(key) & (t->slot_count - 1);
    while (t->slots[at]) {
        uint32_t number = t->slots[at] - 1;
        if (t->keys[number] == key) {
            *out = number;
            return OK;
        }
        at = (at + 1) & (t->slot_count - 1);
    }
    t->keys[t->len] = key;
    *out = (uint32_t)t->len++;
    t->slots[at] = *out + 1;
    return OK;
}
