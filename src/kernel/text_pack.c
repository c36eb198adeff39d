/* Texts in slots of equal width, and the portable way of comparing one with many of them: the query's table of
 * positions is made once. */
#include "kernel/kernel_impl.h"

/* --- the pack ------------------------------------------------------------------------------------------------ */

static size_t packed_len(Slice s)
{
    return s.len < KERNEL_TEXT_MAX ? s.len : KERNEL_TEXT_MAX;
}

static size_t fitting_slot(const Slice *texts, size_t n)
{
    size_t longer = 0;
    for (size_t i = 0; i < n; i++)
        longer += texts[i].len > SLOT_16;
    return longer > n / 10 ? SLOT_32 : SLOT_16;
}

static Status pack_reserve(TextPack *p, const Slice *texts, Error *err)
{
    size_t rows, bytes = 0;
    if (p->n > UINT32_MAX || CKD_ADD(&rows, p->n, LANES_MAX))
        return error_set(err, ERR_LIMIT, "more than %" PRIu32 " texts in one dictionary", UINT32_MAX);
    for (size_t i = 0; i < p->n; i++) {
        if (packed_len(texts[i]) <= p->slot)
            continue;
        p->long_count++;
        bytes += packed_len(texts[i]); /* at most 2^32 * 1024 */
    }
    TRY(mem_zalloc(rows, p->slot, (void **)&p->slots, err));
    TRY(mem_zalloc(rows, 1, (void **)&p->lens, err));
    TRY(mem_zalloc(p->long_count, sizeof *p->longs, (void **)&p->longs, err));
    return mem_alloc(bytes, (void **)&p->long_text, err);
}

static void pack_fill(TextPack *p, const Slice *texts)
{
    uint32_t longs = 0;
    char *at = p->long_text;
    for (size_t i = 0; i < p->n; i++) {
        size_t len = packed_len(texts[i]);
        uint8_t *slot = p->slots + i * p->slot;
        if (len <= p->slot) {
            p->lens[i] = (uint8_t)len;
            if (len > 0)
                memcpy(slot, texts[i].ptr, len);
            continue;
        }
        p->lens[i] = SLOT_LONG;
        memcpy(slot, &longs, sizeof longs);
        memcpy(at, texts[i].ptr, len);
        p->longs[longs++] = (Slice){at, len};
        at += len;
    }
}

Status text_pack_new(const Slice *texts, size_t n, SlotSize slot, TextPack **out, Error *err)
{
    TextPack *p;
    TRY(mem_zalloc(1, sizeof *p, (void **)&p, err));
    p->n = n;
    p->slot = slot == SLOT_AUTO ? fitting_slot(texts, n) : (size_t)slot;
    Status st = pack_reserve(p, texts, err);
    if (st != OK) {
        text_pack_free(p);
        return st;
    }
    pack_fill(p, texts);
    *out = p;
    return OK;
}

void text_pack_free(TextPack *pack)
{
    if (!pack)
        return;
    mem_free(pack->slots);
    mem_free(pack->lens);
    mem_free(pack->longs);
    mem_free(pack->long_text);
    mem_free(pack);
}

size_t text_pack_count(const TextPack *pack)
{
    return pack->n;
}

Slice text_pack_at(const TextPack *pack, size_t i)
{
    ASSERT(i < pack->n);
    const uint8_t *slot = pack->slots + i * pack->slot;
    if (pack->lens[i] != SLOT_LONG)
        return (Slice){(const char *)slot, pack->lens[i]};
    uint32_t at;
    memcpy(&at, slot, sizeof at);
    return pack->longs[at];
}

/* --- the portable path --------------------------------------------------------------------------------------- */

static uint32_t pair_levenshtein(Slice a, Slice b)
{
    return levenshtein(a, b, UINT32_MAX);
}

static uint32_t pair_osa(Slice a, Slice b)
{
    return osa(a, b, UINT32_MAX);
}

const TextMetric metric_jaro_winkler = {pattern_jaro_winkler, jaro_winkler};
const TextMetric metric_levenshtein = {pattern_levenshtein, pair_levenshtein};
const TextMetric metric_osa = {pattern_osa, pair_osa};

void one_by_one_init(OneByOne *o, const TextMetric *metric, Slice query)
{
    o->metric = metric;
    o->query = query;
    o->has_pattern = false;
}

uint32_t one_by_one(OneByOne *o, Slice b)
{
    if (o->query.len > PATTERN_MAX || b.len > PATTERN_MAX)
        return o->metric->by_pair(o->query, b);
    if (!o->has_pattern) {
        pattern_init(&o->pattern, o->query);
        o->has_pattern = true;
    }
    return o->metric->by_pattern(&o->pattern, b);
}

void portable_many(const TextMetric *metric, Slice query, const TextPack *targets, TextPick pick, uint32_t *out)
{
    UNSET OneByOne o;
    one_by_one_init(&o, metric, query);
    for (size_t k = 0; k < pick.n; k++)
        out[k] = one_by_one(&o, text_pack_at(targets, pick_at(pick, k)));
}

void portable_jaro_winkler_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out)
{
    portable_many(&metric_jaro_winkler, query, targets, pick, out);
}

void portable_levenshtein_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out)
{
    portable_many(&metric_levenshtein, query, targets, pick, out);
}

void portable_osa_many(Slice query, const TextPack *targets, TextPick pick, uint32_t *out)
{
    portable_many(&metric_osa, query, targets, pick, out);
}
