/*
 * Keys of every distinct value, once.
 *
 * Names, towns and postal codes repeat: a million records hold perhaps fifty
 * thousand surnames, and transforming and hashing each once makes a record's
 * keys a few look-ups. Dictionaries with nearly a value a record (identifiers)
 * gain nothing and would cost memory; they are left to key_value_hashes.
 */
#include "match/keys.h"

enum { CACHED_PER_RECORD = 2 }; /* cached when there are at least this many records a value */

/* Hashes of value v: hash[start[v]] .. hash[start[v + 1] - 1]. */
typedef struct CachedPart {
    const Dict *dict;
    FieldKind kind;
    KeyPart part;
    uint32_t *start; /* NULL: not worth it */
    uint64_t *hash;
    uint64_t *only; /* of each value the one hash it has; ONLY_NONE, or ONLY_ASK: several, or one of these two */
} CachedPart;

#define ONLY_NONE 0
#define ONLY_ASK 1

/* A part of a plain pass. */
typedef struct PlainPart {
    uint32_t column;
    const uint64_t *only;
} PlainPart;

/* One column a part, all cached: usually one key a record. */
typedef struct PlainPass {
    uint32_t count; /* 0: not plain */
    PlainPart parts[MATCH_KEY_PARTS_MAX];
    uint32_t partner[MATCH_KEY_PARTS_MAX]; /* the later part that may change places with it, or count */
    bool done[MATCH_KEY_PARTS_MAX];        /* is it an earlier part's partner? */
} PlainPass;

struct KeyCache {
    CachedPart *entries;
    size_t count;
    /* entry of each (pass, part, alias) */
    uint32_t entry[MATCH_PASSES_MAX][MATCH_KEY_PARTS_MAX][MATCH_ALIASES_MAX];
    const PassSpec *passes;
    uint32_t records;
    PlainPass plain[MATCH_PASSES_MAX];
};

static bool same_part(const CachedPart *e, const Dict *d, FieldKind kind, const KeyPart *p)
{
    return e->dict == d && e->kind == kind && e->part.transform == p->transform && e->part.length == p->length;
}

static uint32_t entry_of(KeyCache *c, const Dict *d, FieldKind kind, const KeyPart *p)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (same_part(&c->entries[i], d, kind, p))
            return i;
    c->entries[c->count] = (CachedPart){.dict = d, .kind = kind, .part = *p};
    return (uint32_t)c->count++;
}

static void list_entries(KeyCache *c, const MatchTable *t, uint32_t pass_count)
{
    for (uint32_t i = 0; i < pass_count; i++)
        for (uint32_t k = 0; k < c->passes[i].part_count; k++) {
            const KeyPart *p = &c->passes[i].parts[k];
            const FieldSpec *f = &t->config->fields[p->field];
            for (uint32_t a = 0; a < f->column_count; a++)
                c->entry[i][k][a] = entry_of(c, t->dict[f->columns[a]], f->kind, p);
        }
}

static void plan_plain(KeyCache *c, const MatchTable *t, uint32_t number)
{
    const PassSpec *pass = &c->passes[number];
    PlainPass *plain = &c->plain[number];
    for (uint32_t k = 0; k < pass->part_count; k++) {
        const FieldSpec *f = &t->config->fields[pass->parts[k].field];
        const CachedPart *e = &c->entries[c->entry[number][k][0]];
        const KeyTransform transform = pass->parts[k].transform;
        if (f->column_count > 1 || !e->only || transform == KEY_DELETION || transform == KEY_QGRAM)
            return;
        plain->parts[k] = (PlainPart){f->columns[0], e->only};
        plain->partner[k] = pass_swap_partner(t->config, pass, k);
        if (!plain->done[k] && plain->partner[k] < pass->part_count)
            plain->done[plain->partner[k]] = true;
    }
    plain->count = pass->part_count;
}

static Status fill_entry(size_t item, void *ctx, Error *err)
{
    KeyCache *c = ctx;
    CachedPart *e = &c->entries[item];
    uint32_t values = dict_count(e->dict);
    if (values > c->records / CACHED_PER_RECORD)
        return OK;
    VEC(uint64_t) hashes = {0};
    Status st = OK;
    TRY_OUT(mem_zalloc((size_t)values + 1, sizeof *e->start, (void **)&e->start, err));
    TRY_OUT(mem_zalloc((size_t)values + 1, sizeof *e->only, (void **)&e->only, err));
    TRY_OUT(vec_reserve(&hashes, values, err));
    for (uint32_t v = 1; v < values; v++) {
        KeyList list = {.count = 0};
        key_value_hashes(e->kind, e->dict, v, &e->part, &list);
        TRY_OUT(vec_reserve(&hashes, hashes.len + list.count, err));
        memcpy(hashes.at + hashes.len, list.at, list.count * sizeof list.at[0]);
        hashes.len += list.count;
        e->only[v] = list.count == 0 ? ONLY_NONE : list.count == 1 && list.at[0] > ONLY_ASK ? list.at[0] : ONLY_ASK;
        if (hashes.len > UINT32_MAX) {
            st = error_set(err, ERR_LIMIT, "more than %u keys of distinct values", UINT32_MAX);
            goto out;
        }
        e->start[v + 1] = (uint32_t)hashes.len;
    }
out:
    e->hash = hashes.at; /* the cache frees it, also after a failure */
    return st;
}

Status key_cache_new(
    const MatchTable *t, const PassSpec *passes, uint32_t pass_count, unsigned threads, KeyCache **out, Error *err)
{
    KeyCache *c = NULL;
    Status st = OK;
    TRY(mem_zalloc(1, sizeof *c, (void **)&c, err));
    c->passes = passes;
    c->records = t->records;
    TRY_OUT(mem_zalloc((size_t)MATCH_PASSES_MAX * MATCH_KEY_PARTS_MAX * MATCH_ALIASES_MAX, sizeof *c->entries,
        (void **)&c->entries, err));
    list_entries(c, t, pass_count);
    TRY_OUT(parallel_for(c->count, threads, fill_entry, c, err));
    for (uint32_t i = 0; i < pass_count; i++)
        plan_plain(c, t, i);
    *out = c;
    c = NULL;
out:
    key_cache_free(c);
    return st;
}

void key_cache_free(KeyCache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        mem_free(c->entries[i].start);
        mem_free(c->entries[i].hash);
        mem_free(c->entries[i].only);
    }
    mem_free(c->entries);
    mem_free(c);
}

static void cached_hashes(
    const void *ctx, const MatchTable *t, const PassSpec *pass, uint32_t part, uint32_t record, KeyList *list)
{
    const KeyCache *c = ctx;
    const KeyPart *p = &pass->parts[part];
    const FieldSpec *f = &t->config->fields[p->field];
    const uint32_t *cells = record_cells(t, record);
    const uint32_t *entries = c->entry[pass - c->passes][part];
    for (uint32_t i = 0; i < f->column_count; i++) {
        uint32_t column = f->columns[i], value = cells[column];
        if (value == 0)
            continue;
        const CachedPart *e = &c->entries[entries[i]];
        if (!e->start) {
            key_value_hashes(f->kind, t->dict[column], value, p, list);
            continue;
        }
        for (uint32_t k = e->start[value]; k < e->start[value + 1]; k++)
            key_list_add(list, e->hash[k]);
    }
}

/* As record_keys_by, when each part has one hash: the key, which is neither of the two. ONLY_NONE: some part has none;
 * ONLY_ASK: some part may have several. */
static uint64_t plain_key(const PlainPass *p, const uint32_t *cells)
{
    uint64_t sum = p->count, hashes[MATCH_KEY_PARTS_MAX];
    bool none = false, ask = false;
    for (uint32_t k = 0; k < p->count; k++) {
        hashes[k] = p->parts[k].only[cells[p->parts[k].column]];
        none |= hashes[k] == ONLY_NONE;
        ask |= hashes[k] == ONLY_ASK;
    }
    if (none || ask)
        return none ? ONLY_NONE : ONLY_ASK;
    for (uint32_t k = 0; k < p->count; k++) {
        if (p->done[k])
            continue;
        uint64_t hash = hashes[k];
        if (p->partner[k] < p->count) {
            uint64_t other = hashes[p->partner[k]];
            hash = hash < other ? key_fold(hash, other) : key_fold(other, hash);
        }
        sum = key_fold(sum, hash);
    }
    return sum > ONLY_ASK ? sum : ONLY_ASK;
}

/* The cached values of a record under a pass: calls fetch for each. */
static inline void each_cached(const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record,
    void (*fetch)(const CachedPart *e, uint32_t value))
{
    const uint32_t *cells = record_cells(t, record);
    for (uint32_t k = 0; k < pass->part_count; k++) {
        const FieldSpec *f = &t->config->fields[pass->parts[k].field];
        for (uint32_t a = 0; a < f->column_count; a++) {
            const CachedPart *e = &c->entries[c->entry[pass - c->passes][k][a]];
            if (e->start)
                fetch(e, cells[f->columns[a]]);
        }
    }
}

static inline void fetch_start(const CachedPart *e, uint32_t value)
{
    __builtin_prefetch(&e->start[value]);
}

static inline void fetch_list(const CachedPart *e, uint32_t value)
{
    __builtin_prefetch(&e->hash[e->start[value]]);
    __builtin_prefetch(&e->hash[e->start[value + 1]]);
}

void key_cache_fetch(const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record)
{
    const PlainPass *plain = &c->plain[pass - c->passes];
    for (uint32_t k = 0; k < plain->count; k++)
        __builtin_prefetch(&plain->parts[k].only[record_cells(t, record)[plain->parts[k].column]]);
    if (plain->count == 0)
        each_cached(c, t, pass, record, fetch_start);
}

void key_cache_fetch_lists(const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record)
{
    if (c->plain[pass - c->passes].count == 0)
        each_cached(c, t, pass, record, fetch_list);
}

size_t key_cache_keys(
    const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record, uint64_t keys[RECORD_KEYS_MAX])
{
    const PlainPass *plain = &c->plain[pass - c->passes];
    if (plain->count > 0) {
        keys[0] = plain_key(plain, record_cells(t, record));
        if (keys[0] != ONLY_ASK)
            return keys[0] != ONLY_NONE;
    }
    return record_keys_by(t, pass, record, cached_hashes, c, keys);
}
