/*
 * Counting patterns: millions of pairs become some thousands of distinct patterns, which is all that EM needs
 * (fastLink counts likewise: Enamorado, Fifield and Imai 2019).
 *
 * Counts are whole numbers in doubles, exact below 2^53, so that merging the tables of several threads gives the
 * same sums in any order; pattern_table_sorted then hides which thread saw what first.
 */
#include <stdlib.h>

#include "match/match_impl.h"

#define FIRST_SLOTS ((size_t)1024)

Status pattern_table_init(PatternTable *p, Error *err)
{
    *p = (PatternTable){.slot_count = FIRST_SLOTS};
    return mem_zalloc(p->slot_count, sizeof *p->slots, (void **)&p->slots, err);
}

void pattern_table_free(PatternTable *p)
{
    mem_free(p->slots);
    *p = (PatternTable){0};
}

static uint64_t hash_of(const PatternCount *c)
{
    uint64_t h = c->pattern * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    h += (uint64_t)c->passes << 32 ^ (uint64_t)c->segment << 24;
    for (uint32_t k = 0; k < CLASS_COUNT; k++)
        h = (h << 7 | h >> 57) ^ (uint64_t)(uint16_t)c->rarity[k];
    h *= UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 31;
}

static bool same_key(const PatternCount *a, const PatternCount *b)
{
    return a->pattern == b->pattern && a->passes == b->passes && a->segment == b->segment &&
           memcmp(a->rarity, b->rarity, sizeof a->rarity) == 0;
}

static PatternCount *find_slot(PatternCount *slots, size_t slot_count, const PatternCount *what)
{
    size_t i = (size_t)hash_of(what) & (slot_count - 1);
    while (slots[i].count > 0 && !same_key(&slots[i], what))
        i = (i + 1) & (slot_count - 1);
    return &slots[i];
}

static Status grow(PatternTable *p, Error *err)
{
    PatternCount *slots = NULL;
    size_t count = p->slot_count * 2;
    TRY(mem_zalloc(count, sizeof *slots, (void **)&slots, err));
    for (size_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].count > 0)
            *find_slot(slots, count, &p->slots[i]) = p->slots[i];
    mem_free(p->slots);
    p->slots = slots;
    p->slot_count = count;
    return OK;
}

Status pattern_table_add(PatternTable *p, const PatternCount *what, Error *err)
{
    if (!(what->count > 0))
        return OK;
    PatternCount *slot = find_slot(p->slots, p->slot_count, what);
    if (slot->count > 0) {
        slot->count += what->count;
        return OK;
    }
    *slot = *what;
    p->len++;
    return p->len * 4 > p->slot_count * 3 ? grow(p, err) : OK;
}

double pattern_table_count(const PatternTable *p, const PatternCount *what)
{
    return find_slot(p->slots, p->slot_count, what)->count;
}

Status pattern_table_merge(PatternTable *into, const PatternTable *from, Error *err)
{
    for (size_t i = 0; i < from->slot_count; i++)
        TRY(pattern_table_add(into, &from->slots[i], err));
    return OK;
}

static int by_key(const void *left, const void *right)
{
    const PatternCount *a = left, *b = right;
    if (a->segment != b->segment)
        return a->segment < b->segment ? -1 : 1;
    if (a->pattern != b->pattern)
        return a->pattern < b->pattern ? -1 : 1;
    if (a->passes != b->passes)
        return a->passes < b->passes ? -1 : 1;
    for (uint32_t k = 0; k < CLASS_COUNT; k++)
        if (a->rarity[k] != b->rarity[k])
            return a->rarity[k] < b->rarity[k] ? -1 : 1;
    return 0;
}

Status pattern_table_sorted(const PatternTable *p, double scale, PatternCounts *out, Error *err)
{
    size_t first = out->len;
    TRY(vec_reserve(out, first + p->len, err));
    for (size_t i = 0; i < p->slot_count; i++) {
        if (!(p->slots[i].count > 0))
            continue;
        out->at[out->len] = p->slots[i];
        out->at[out->len].count *= scale;
        out->len++;
    }
    if (out->len > first)
        qsort(out->at + first, out->len - first, sizeof *out->at, by_key);
    return OK;
}
