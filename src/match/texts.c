/*
 * A set of texts by number: all bytes in one piece, an offset a text, and a table
 * of slots with linear probing, at most two thirds full. A slot keeps 32 bits of
 * the hash beside the number, so that a probe reads the text only when it most
 * likely is the one.
 */
#include "match/value_impl.h"

#define SLOTS_FIRST ((size_t)64)
#define TEXTS_MAX (UINT32_MAX - 1)

static uint32_t hash_of(const Texts *t, Slice s)
{
    return (uint32_t)(siphash13(t->seed, s.ptr, s.len) >> 32);
}

Status texts_init(Texts *t, Error *err)
{
    memset(t, 0, sizeof *t);
    TRY(random_bytes(t->seed, sizeof t->seed, err));
    TRY(vec_reserve_((void **)&t->bytes, &t->bytes_cap, 1, 1, err));
    TRY(vec_reserve_((void **)&t->offset, &t->offset_cap, 2, sizeof *t->offset, err));
    t->offset[0] = t->offset[1] = 0;
    t->count = 1;
    return OK;
}

void texts_drop_index(Texts *t)
{
    mem_free(t->slots);
    t->slots = NULL;
    t->slot_count = 0;
}

void texts_free(Texts *t)
{
    texts_drop_index(t);
    mem_free(t->bytes);
    mem_free(t->offset);
    memset(t, 0, sizeof *t);
}

static void put_slot(uint64_t *slots, size_t count, uint32_t hash, uint32_t number)
{
    size_t i = hash & (count - 1);
    while (slots[i])
        i = (i + 1) & (count - 1);
    slots[i] = (uint64_t)hash << 32 | number;
}

/* The hashes are in the old slots, or, after texts_drop_index, are made anew from the texts. */
static Status grow_index(Texts *t, Error *err)
{
    size_t count = t->slot_count ? t->slot_count : SLOTS_FIRST;
    while ((size_t)t->count + 1 > count / 3 * 2)
        if (CKD_MUL(&count, count, (size_t)2))
            return error_nomem(err);
    if (count == t->slot_count)
        return OK;
    uint64_t *slots = NULL;
    TRY(mem_zalloc(count, sizeof *slots, (void **)&slots, err));
    for (size_t i = 0; i < t->slot_count; i++)
        if (t->slots[i])
            put_slot(slots, count, (uint32_t)(t->slots[i] >> 32), (uint32_t)t->slots[i]);
    if (!t->slots)
        for (uint32_t i = 1; i < t->count; i++)
            put_slot(slots, count, hash_of(t, texts_at(t, i)), i);
    mem_free(t->slots);
    t->slots = slots;
    t->slot_count = count;
    return OK;
}

static Status add_text(Texts *t, Slice s, Error *err)
{
    size_t used;
    if (t->count >= TEXTS_MAX)
        return error_set(err, ERR_LIMIT, "more than %" PRIu32 " different values in a column", TEXTS_MAX);
    if (CKD_ADD(&used, t->used, s.len))
        return error_nomem(err);
    TRY(vec_reserve_((void **)&t->bytes, &t->bytes_cap, used, 1, err));
    TRY(vec_reserve_((void **)&t->offset, &t->offset_cap, (size_t)t->count + 2, sizeof *t->offset, err));
    memcpy(t->bytes + t->used, s.ptr, s.len);
    t->used = used;
    t->offset[++t->count] = used;
    return OK;
}

Status texts_put(Texts *t, Slice s, uint32_t *number, Error *err)
{
    *number = 0;
    if (s.len == 0)
        return OK;
    TRY(grow_index(t, err));
    uint32_t hash = hash_of(t, s);
    size_t i = hash & (t->slot_count - 1);
    for (; t->slots[i]; i = (i + 1) & (t->slot_count - 1)) {
        if (t->slots[i] >> 32 != hash)
            continue;
        *number = (uint32_t)t->slots[i];
        if (slice_eq(texts_at(t, *number), s))
            return OK;
    }
    TRY(add_text(t, s, err));
    *number = t->count - 1;
    t->slots[i] = (uint64_t)hash << 32 | *number;
    return OK;
}

Status texts_reorder(const Texts *t, const uint32_t *order, Texts *out, Error *err)
{
    uint32_t *back = NULL;
    memset(out, 0, sizeof *out);
    TRY(texts_init(out, err));
    TRY(vec_reserve_((void **)&out->bytes, &out->bytes_cap, t->used, 1, err));
    TRY(vec_reserve_((void **)&out->offset, &out->offset_cap, (size_t)t->count + 1, sizeof *out->offset, err));
    TRY(mem_alloc((size_t)t->count * sizeof *back, (void **)&back, err));
    for (uint32_t i = 0; i < t->count; i++)
        back[order[i]] = i;
    for (uint32_t i = 1; i < t->count; i++) {
        Slice s = texts_at(t, back[i]);
        memcpy(out->bytes + out->used, s.ptr, s.len);
        out->used += s.len;
        out->offset[i + 1] = out->used;
    }
    out->count = t->count;
    mem_free(back);
    return OK;
}
