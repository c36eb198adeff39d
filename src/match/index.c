/*
 * One newcomer at a time against everybody.
 *
 * The keys of all records under all passes lie in one sorted array (postings.c),
 * so that a look-up costs one or two reads of memory. Keys of newcomers go into a
 * small hash table beside it; merging them in is a new index.
 *
 * What repeats another record is not there: who finds that one has found all that
 * the repeat says. And a pass over the typing errors of a field beside one over
 * the field itself has each value once: who is found by it stands for all records
 * of the value, which the other pass knows.
 *
 * Oversized blocks. Blocking splits a block of more than block_max records by
 * further keys. Here the smallest of a newcomer's oversized blocks are looked
 * through for who shares such a key with it, up to LOOKED_THROUGH * block_max
 * records, which is a fraction of a millisecond: of a state's twenty million
 * records a birth date has little more than block_max. Records of the others
 * count when another block of the newcomer has them as well. When nobody is
 * found, the first block_max records of the smallest are taken: of a million
 * equal rows any few will do.
 *
 * Sorted neighbourhoods are kept by the first eight bytes of their text; a
 * newcomer meets the sealed records near its place, and other newcomers where the
 * texts are equal.
 */
#include <stdlib.h>

#include "match/keys.h"
#include "match/index_impl.h"

#define KEYS_MAX (MATCH_PASSES_MAX * RECORD_KEYS_MAX)
#define FURTHER_KEYS 3   /* as blocking takes side by side */
#define LOOKED_THROUGH 4 /* times block_max: records of oversized blocks that are looked through for one newcomer */
#define AHEAD 8

/* --- newcomers ---------------------------------------------------------------------------------------------------- */

static size_t grown_slot(const Grown *g, uint64_t key)
{
    size_t at = (size_t)key & (g->slots - 1);
    while (g->heads[at] != 0 && g->keys[at] != key)
        at = (at + 1) & (g->slots - 1);
    return at;
}

static Status grown_widen(Grown *g, Error *err)
{
    Grown wider = {.slots = g->slots ? g->slots * 2 : 1024};
    TRY(mem_zalloc(wider.slots, sizeof *wider.keys, (void **)&wider.keys, err));
    Status st = mem_zalloc(wider.slots, sizeof *wider.heads, (void **)&wider.heads, err);
    if (st != OK) {
        mem_free(wider.keys);
        return st;
    }
    for (size_t i = 0; i < g->slots; i++)
        if (g->heads[i] != 0) {
            size_t at = grown_slot(&wider, g->keys[i]);
            wider.keys[at] = g->keys[i];
            wider.heads[at] = g->heads[i];
        }
    mem_free(g->keys);
    mem_free(g->heads);
    g->keys = wider.keys;
    g->heads = wider.heads;
    g->slots = wider.slots;
    return OK;
}

/* Room for so many keys: grown_add cannot fail for them. */
static Status grown_reserve(Grown *g, size_t count, Error *err)
{
    if (g->entries.len + count >= UINT32_MAX)
        return error_set(err, ERR_LIMIT, "the index has no room for more newcomers: build it anew");
    while ((g->used + count) * 4 >= g->slots * 3)
        TRY(grown_widen(g, err));
    return vec_reserve(&g->entries, g->entries.len + count, err);
}

static void grown_add(Grown *g, uint64_t key, uint32_t record)
{
    size_t at = grown_slot(g, key);
    g->entries.at[g->entries.len++] = (GrownEntry){record, g->heads[at]};
    g->used += g->heads[at] == 0;
    g->keys[at] = key;
    g->heads[at] = (uint32_t)g->entries.len;
}

/* --- sorted neighbourhoods ---------------------------------------------------------------------------------------- */

static uint64_t text_start(const KeyTexts *texts, size_t i)
{
    Slice text = slice_sub(buf_slice(&texts->bytes), i ? texts->ends[i - 1] : 0, texts->ends[i]);
    uint64_t start = 0;
    for (size_t k = 0; k < 8; k++)
        start = start << 8 | (k < text.len ? (unsigned char)text.ptr[k] : 0);
    return start;
}

static int by_text(const void *x, const void *y)
{
    const WindowEntry *a = x, *b = y;
    if (a->text != b->text)
        return a->text < b->text ? -1 : 1;
    return a->record < b->record ? -1 : a->record > b->record;
}

static Status build_window(MatchIndex *x, uint32_t pass, Error *err)
{
    VEC(WindowEntry) list = {0};
    Status st = OK;
    for (uint32_t r = 0; r < x->t->records; r++) {
        TRY_OUT(record_key_texts(x->t, &x->m->passes[pass], r, &x->texts, err));
        for (size_t i = 0; i < x->texts.count; i++)
            TRY_OUT(vec_push(&list, ((WindowEntry){text_start(&x->texts, i), r}), err));
    }
    if (list.len > 0)
        qsort(list.at, list.len, sizeof *list.at, by_text);
out:
    x->windows[pass] = (Window){list.at, list.len};
    return st;
}

/* --- candidates --------------------------------------------------------------------------------------------------- */

static Status touch(MatchIndex *x, uint32_t record, uint32_t pass, Error *err)
{
    uint32_t *mask = &x->mask.at[record];
    if (*mask == 0)
        TRY(vec_push(&x->touched, record, err));
    *mask |= (uint32_t)1 << pass;
    return OK;
}

typedef struct BlockRef {
    const uint64_t *entry;
    size_t count;
    uint32_t pass;
} BlockRef;

static Status touch_block(MatchIndex *x, const BlockRef *b, size_t most, Error *err)
{
    for (size_t i = 0; i < b->count && i < most; i++)
        TRY(touch(x, (uint32_t)b->entry[i], b->pass, err));
    return OK;
}

typedef struct Large { /* blocks of more than block_max records, each once a pass */
    BlockRef at[KEYS_MAX];
    size_t count;
} Large;

static Status touch_or_defer(MatchIndex *x, const BlockRef *b, Large *large, Error *err)
{
    uint32_t most = x->t->config->block_max;
    if (b->count <= most)
        return touch_block(x, b, most, err);
    for (size_t k = 0; k < large->count; k++) /* a value by another of its typing errors */
        if (large->at[k].entry == b->entry && large->at[k].pass == b->pass)
            return OK;
    if (large->count < KEYS_MAX)
        large->at[large->count++] = *b;
    return OK;
}

/* Values that share a typing error with the newcomer's, by the first record of each: all that hold them. */
static Status touch_values(MatchIndex *x, const BlockRef *firsts, Large *large, Error *err)
{
    uint32_t most = x->t->config->block_max, whole = x->whole[firsts->pass];
    for (size_t i = 0; i < firsts->count && i < most; i++) {
        uint32_t first = (uint32_t)firsts->entry[i];
        uint64_t keys[RECORD_KEYS_MAX];
        if (x->mask.at[first] >> firsts->pass & 1)
            continue; /* another key has brought it */
        size_t n = record_keys(x->t, &x->m->passes[whole], first, keys);
        for (size_t k = 0; k < n; k++) {
            BlockRef all = {.pass = firsts->pass};
            all.entry = postings_find(&x->postings, posting_hash(whole, keys[k]), &all.count);
            TRY(touch_or_defer(x, &all, large, err));
        }
    }
    return OK;
}

static Status touch_window(MatchIndex *x, uint32_t record, uint32_t pass, Error *err)
{
    const Window *w = &x->windows[pass];
    const PassSpec *spec = &x->m->passes[pass];
    TRY(record_key_texts(x->t, spec, record, &x->texts, err));
    for (size_t i = 0; i < x->texts.count; i++) {
        uint64_t text = text_start(&x->texts, i);
        size_t low = 0, high = w->count;
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (w->entry[mid].text < text)
                low = mid + 1;
            else
                high = mid;
        }
        size_t from = low > spec->window ? low - spec->window : 0;
        for (size_t k = from; k < low + spec->window && k < w->count; k++)
            TRY(touch(x, w->entry[k].record, pass, err));
    }
    return OK;
}

static Status touch_grown(MatchIndex *x, uint64_t hash, uint32_t pass, Error *err)
{
    const Grown *g = &x->grown;
    if (g->slots == 0)
        return OK;
    uint32_t at = g->heads[grown_slot(g, hash)], most = x->t->config->block_max;
    for (uint32_t n = 0; at != 0 && n < most; n++) { /* the latest first */
        TRY(touch(x, g->entries.at[at - 1].record, pass, err));
        at = g->entries.at[at - 1].next;
    }
    return OK;
}

static Status touch_pass(MatchIndex *x, uint32_t record, uint32_t pass, Large *large, Error *err)
{
    uint64_t keys[RECORD_KEYS_MAX];
    size_t n = record_keys(x->t, &x->m->passes[pass], record, keys);
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = posting_hash(pass, keys[i]);
        BlockRef b = {.pass = pass};
        b.entry = postings_find(&x->postings, hash, &b.count);
        TRY(x->whole[pass] == MATCH_NONE ? touch_or_defer(x, &b, large, err) : touch_values(x, &b, large, err));
        TRY(touch_grown(x, hash, pass, err));
    }
    return x->m->passes[pass].window > 0 ? touch_window(x, record, pass, err) : OK;
}

static int by_entry(const void *x, const void *y)
{
    const uint64_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

/* Further keys of a newcomer, of which somebody in an oversized block must share one: the first that it has of those
 * that blocking would split the block by, one of a field. Of a name that the pass asks for by its beginning or end,
 * sound and whole are both such keys, and who shares the whole shares the sound. */
typedef struct Further {
    const PassSpec *pass[FURTHER_KEYS];
    uint64_t keys[FURTHER_KEYS][RECORD_KEYS_MAX];
    size_t key_count[FURTHER_KEYS], count;
} Further;

static bool is_asked_for(const Further *f, uint32_t field)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->pass[i]->parts[0].field == field)
            return true;
    return false;
}

static void further_keys(const MatchIndex *x, uint32_t record, uint32_t pass, Further *f)
{
    const Refiners *r = x->refiners;
    f->count = 0;
    for (uint32_t i = 0; i < r->count && f->count < FURTHER_KEYS; i++) {
        const KeyPart *part = &r->keys[i].parts[0];
        if (!refiner_suits(x->t->config, &x->m->passes[pass], part) || is_asked_for(f, part->field))
            continue;
        f->pass[f->count] = &r->keys[i];
        f->key_count[f->count] = record_keys(x->t, &r->keys[i], record, f->keys[f->count]);
        f->count += f->key_count[f->count] > 0;
    }
}

static bool shares_further(const MatchIndex *x, const Further *f, uint32_t other)
{
    for (size_t p = 0; p < f->count; p++) {
        uint64_t keys[RECORD_KEYS_MAX];
        size_t n = key_cache_keys(x->refiners->cache, x->t, f->pass[p], other, keys);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < f->key_count[p]; k++)
                if (keys[i] == f->keys[p][k])
                    return true;
    }
    return false;
}

static Status touch_alike(MatchIndex *x, uint32_t record, const BlockRef *b, Error *err)
{
    size_t touched = 0, most = x->t->config->block_max;
    Further f;
    further_keys(x, record, b->pass, &f);
    for (size_t i = 0; i < b->count && touched < most; i++) {
        uint32_t other = (uint32_t)b->entry[i];
        if (i + AHEAD < b->count)
            record_prefetch(x->t, (uint32_t)b->entry[i + AHEAD]);
        if (!shares_further(x, &f, other))
            continue;
        TRY(touch(x, other, b->pass, err));
        touched++;
    }
    return OK;
}

static int by_count(const void *x, const void *y)
{
    const BlockRef *a = x, *b = y;
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    if (a->pass != b->pass)
        return a->pass < b->pass ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

/* Oversized blocks: those of them that are looked through, and then all add their passes to whoever is marked. */
static Status gather_large(MatchIndex *x, uint32_t record, Large *large, Error *err)
{
    size_t most = x->t->config->block_max, left = LOOKED_THROUGH * most;
    if (large->count > 1)
        qsort(large->at, large->count, sizeof large->at[0], by_count);
    for (size_t k = 0; k < large->count && large->at[k].count <= left; k++) {
        left -= large->at[k].count;
        TRY(touch_alike(x, record, &large->at[k], err));
    }
    size_t own = x->mask.at[record] != 0; /* it finds itself */
    for (size_t k = 0; k < large->count; k++) {
        const BlockRef *b = &large->at[k];
        for (size_t i = 0; i < x->touched.len; i++) { /* few marked against many posted: look each of the few up */
            uint64_t want = (b->entry[0] & ~(uint64_t)UINT32_MAX) | x->touched.at[i];
            if (bsearch(&want, b->entry, b->count, sizeof want, by_entry))
                x->mask.at[x->touched.at[i]] |= (uint32_t)1 << b->pass;
        }
    }
    return large->count > 0 && x->touched.len <= own ? touch_block(x, &large->at[0], most, err) : OK;
}

/* Marks every candidate with the passes that bring it up. */
static Status gather(MatchIndex *x, uint32_t record, Error *err)
{
    Large large;
    large.count = 0;
    for (uint32_t p = 0; p < x->m->pass_count; p++)
        TRY(touch_pass(x, record, p, &large, err));
    return gather_large(x, record, &large, err);
}

static int by_odds(const void *x, const void *y)
{
    const MatchPair *a = x, *b = y;
    if (a->odds != b->odds)
        return a->odds > b->odds ? -1 : 1;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

/* Leaves comparable candidates, compares them all, keeps what is worth keeping. */
static Status score_touched(MatchIndex *x, uint32_t record, MatchPairs *out, Error *err)
{
    const MatchConfig *config = x->t->config;
    size_t n = 0;
    for (size_t i = 0; i < x->touched.len; i++) {
        uint32_t other = x->touched.at[i];
        if (other != record && table_comparable(config, x->t->source[record], x->t->source[other]))
            x->touched.at[n++] = other;
        else
            x->mask.at[other] = 0;
    }
    x->touched.len = n;
    TRY(vec_reserve(&x->patterns, n, err));
    compare_many(joint_comparer(x->joint), record, x->touched.at, n, x->patterns.at);
    out->len = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t other = x->touched.at[i], a = record < other ? record : other, b = record < other ? other : record;
        if (!score_may_reach(joint_scorer(x->joint), a, b, x->patterns.at[i], config->keep_from))
            continue;
        MatchPair pair = {.a = a, .b = b, .pattern = x->patterns.at[i], .passes = x->mask.at[other]};
        pair.odds = score_pattern(joint_scorer(x->joint), a, b, pair.pattern);
        if (pair.odds >= config->keep_from)
            TRY(vec_push(out, pair, err));
    }
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_odds);
    return OK;
}

Status match_index_find(MatchIndex *x, uint32_t record, MatchPairs *out, Error *err)
{
    if (record >= record_total(x->t))
        return error_set(err, ERR_NOT_FOUND, "the index has no record %u", record);
    Status st = gather(x, record, err);
    if (st == OK)
        st = score_touched(x, record, out, err);
    for (size_t i = 0; i < x->touched.len; i++)
        x->mask.at[x->touched.at[i]] = 0;
    x->touched.len = 0;
    return st;
}

/* --- making one --------------------------------------------------------------------------------------------------- */

static Status reserve_records(MatchIndex *x, size_t count, Error *err)
{
    TRY(vec_reserve(&x->mask, count, err));
    TRY(vec_reserve(&x->cluster, count, err));
    return vec_reserve(&x->next, count, err);
}

/* Room is reserved. */
static void note_records(MatchIndex *x)
{
    while (x->mask.len < record_total(x->t)) {
        x->mask.at[x->mask.len++] = 0;
        x->cluster.at[x->cluster.len++] = MATCH_NONE;
        x->next.at[x->next.len++] = MATCH_NONE;
    }
}

static Status build_index(MatchIndex *x, unsigned threads, Error *err)
{
    TRY(joint_new(x->t, x->m, NULL, &x->joint, err));
    TRY(reserve_records(x, record_total(x->t), err));
    note_records(x);
    for (uint32_t p = 0; p < x->m->pass_count; p++)
        x->whole[p] = pass_of_values(x->t->config, x->m->passes, x->m->pass_count, p);
    if (x->t->records > x->t->config->block_max) /* a block may be oversized; before a newcomer brings new values */
        TRY(refiners_new(x->t, NULL, 0, threads, &x->refiners, err));
    TRY(postings_build(x->t, x->m->passes, x->m->pass_count, x->whole, threads, &x->postings, err));
    for (uint32_t p = 0; p < x->m->pass_count; p++)
        if (x->m->passes[p].window > 0)
            TRY(build_window(x, p, err));
    return OK;
}

Status match_index_new(MatchTable *t, const MatchModel *m, unsigned threads, MatchIndex **out, Error *err)
{
    MatchIndex *x = NULL;
    *out = NULL;
    TRY(mem_zalloc(1, sizeof *x, (void **)&x, err));
    x->t = t;
    x->m = m;
    log_sum_fill(&x->log_sum);
    key_texts_init(&x->texts);
    Status st = build_index(x, threads, err);
    if (st != OK) {
        match_index_free(x);
        return st;
    }
    *out = x;
    return OK;
}

void match_index_free(MatchIndex *x)
{
    if (!x)
        return;
    joint_free(x->joint);
    postings_free(&x->postings);
    refiners_free(x->refiners);
    mem_free(x->grown.keys);
    mem_free(x->grown.heads);
    vec_free(&x->grown.entries);
    for (uint32_t p = 0; p < MATCH_PASSES_MAX; p++)
        mem_free(x->windows[p].entry);
    key_texts_free(&x->texts);
    vec_free(&x->mask);
    vec_free(&x->touched);
    vec_free(&x->patterns);
    vec_free(&x->found);
    vec_free(&x->cluster);
    vec_free(&x->next);
    vec_free(&x->head);
    vec_free(&x->decided);
    mem_free(x);
}

Status match_index_add(MatchIndex *x, uint32_t source, Slice id, const Slice *values, uint32_t *record, Error *err)
{
    /* first what can fail: a record that the table has must be in the index too */
    TRY(reserve_records(x, (size_t)record_total(x->t) + 1, err));
    TRY(grown_reserve(&x->grown, (size_t)x->m->pass_count * RECORD_KEYS_MAX, err));
    TRY(table_append(x->t, source, id, values, record, err));
    note_records(x);
    for (uint32_t p = 0; p < x->m->pass_count; p++) {
        uint64_t keys[RECORD_KEYS_MAX];
        size_t n = record_keys(x->t, &x->m->passes[p], *record, keys);
        for (size_t i = 0; i < n; i++)
            grown_add(&x->grown, posting_hash(p, keys[i]), *record);
    }
    return OK;
}
