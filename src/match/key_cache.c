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
} CachedPart;

struct KeyCache {
    CachedPart *entries;
    size_t count;
    /* entry of each (pass, part, alias) */
    uint32_t entry[MATCH_PASSES_MAX][MATCH_KEY_PARTS_MAX][MATCH_ALIASES_MAX];
    const PassSpec *passes;
    uint32_t records;
    bool plain[MATCH_PASSES_MAX]; /* one column a part, no parts that change places: usually one key a record */
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

static bool is_plain(const MatchTable *t, const PassSpec *pass)
{
    for (uint32_t k = 0; k < pass->part_count; k++)
        if (t->config->fields[pass->parts[k].field].column_count > 1 ||
            pass_swap_partner(t->config, pass, k) < pass->part_count)
            return false;
    return true;
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
    TRY_OUT(vec_reserve(&hashes, values, err));
    for (uint32_t v = 1; v < values; v++) {
        KeyList list = {.count = 0};
        key_value_hashes(e->kind, e->dict, v, &e->part, &list);
        TRY_OUT(vec_reserve(&hashes, hashes.len + list.count, err));
        memcpy(hashes.at + hashes.len, list.at, list.count * sizeof list.at[0]);
        hashes.len += list.count;
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
    for (uint32_t i = 0; i < pass_count; i++)
        c->plain[i] = is_plain(t, &passes[i]);
    TRY_OUT(parallel_for(c->count, threads, fill_entry, c, err));
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

/* The key of a record under a plain pass when each part has one hash, or 0 keys when one has none; otherwise false. */
static bool plain_key(
    const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record, uint64_t *key, size_t *count)
{
    const uint32_t *cells = record_cells(t, record);
    uint64_t sum = pass->part_count;
    for (uint32_t k = 0; k < pass->part_count; k++) {
        uint32_t value = cells[t->config->fields[pass->parts[k].field].columns[0]];
        const CachedPart *e = &c->entries[c->entry[pass - c->passes][k][0]];
        if (value != 0 && !e->start)
            return false;
        uint32_t first = value != 0 ? e->start[value] : 0, n = value != 0 ? e->start[value + 1] - first : 0;
        *count = 0;
        if (n == 0)
            return true;
        if (n > 1)
            return false;
        sum = key_fold(sum, e->hash[first]);
    }
    *key = sum == 0 ? 1 : sum;
    *count = 1;
    return true;
}

size_t key_cache_keys(
    const KeyCache *c, const MatchTable *t, const PassSpec *pass, uint32_t record, uint64_t keys[RECORD_KEYS_MAX])
{
    size_t count;
    if (c->plain[pass - c->passes] && plain_key(c, t, pass, record, keys, &count))
        return count;
    return record_keys_by(t, pass, record, cached_hashes, c, keys);
}
