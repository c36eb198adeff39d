/*
 * The order of the outputs: records by source and id, so that the order of the input does not show, and what each is
 * called there. Rows are written in this order while the engine's records lie in another, so what a row says of a
 * record is laid out here once: a million rows would otherwise wait for memory several times each.
 */
#include <stdlib.h>

#include "matchfile/run.h"

#define HEAD_BYTES 8
#define PARTS (HEAD_BYTES + 1) /* of what is sorted by: the source, and the id's first bytes */
#define DIGIT_MAX (1u << 12)   /* values of a digit of the radix sort */
#define IDS_AT_ONCE 64

/* A record's place is decided by its source's name and its id; the first bytes of the id settle most. */
typedef struct Place {
    uint64_t head;
    uint32_t added;
    uint32_t source; /* place of the source's name among the names */
} Place;

/* Bytes that occur at a place of the heads become numbers from 0 on, and neighbouring places share a digit while their
 * numbers fit it: seven decimal digits are three passes. Part 0 is the source, part 1 the id's first byte. */
typedef struct Digits {
    uint16_t rank[PARTS][256];
    uint32_t values[PARTS];
} Digits;

static uint64_t head_of(Slice s)
{
    uint64_t head = 0;
    for (size_t i = 0; i < HEAD_BYTES; i++)
        head = head << 8 | (i < s.len ? (uint8_t)s.ptr[i] : 0);
    return head;
}

static int by_id(const void *a, const void *b, void *ctx)
{
    const Place *x = a, *y = b;
    const MatchTable *t = ctx;
    return slice_cmp(match_added_id(t, x->added), match_added_id(t, y->added));
}

static uint32_t part_of(const Place *p, uint32_t part)
{
    return part == 0 ? p->source : (uint32_t)(p->head >> 8 * (HEAD_BYTES - part)) & 255;
}

_Static_assert(MATCH_SOURCES_MAX <= 256, "a source is a part of one byte");

static void count_values(const Place *all, uint32_t n, Digits *d)
{
    memset(d, 0, sizeof *d);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t part = 0; part < PARTS; part++)
            d->rank[part][part_of(&all[i], part)] = 1;
    for (uint32_t part = 0; part < PARTS; part++)
        for (uint32_t v = 0; v < 256; v++)
            d->rank[part][v] = (uint16_t)(d->rank[part][v] ? d->values[part]++ : 0);
}

static uint32_t digit_of(const Digits *d, const Place *p, uint32_t from, uint32_t to)
{
    uint32_t digit = 0;
    for (uint32_t part = from; part < to; part++)
        digit = digit * d->values[part] + d->rank[part][part_of(p, part)];
    return digit;
}

/* Stable, by the parts from .. to - 1. */
static void sort_by_digit(
    const Digits *d, const Place *all, uint32_t n, uint32_t from, uint32_t to, uint32_t *starts, Place *out)
{
    memset(starts, 0, (DIGIT_MAX + 1) * sizeof *starts);
    for (uint32_t i = 0; i < n; i++)
        starts[digit_of(d, &all[i], from, to) + 1]++;
    for (uint32_t v = 0; v < DIGIT_MAX; v++)
        starts[v + 1] += starts[v];
    for (uint32_t i = 0; i < n; i++)
        out[starts[digit_of(d, &all[i], from, to)]++] = all[i];
}

static void sort_equal_heads(MatchTable *t, Place *all, uint32_t n)
{
    for (uint32_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && all[to].head == all[from].head && all[to].source == all[from].source;)
            to++;
        if (to - from > 1)
            qsort_r(all + from, to - from, sizeof *all, by_id, t);
    }
}

/* Leaves the sorted places in *all; other is as long. */
static Status sort_places(MatchTable *t, Place **all, Place **other, uint32_t n, Error *err)
{
    Digits *digits = NULL;
    uint32_t *starts = NULL;
    TRY(mem_alloc(sizeof *digits, (void **)&digits, err));
    Status st = mem_alloc((DIGIT_MAX + 1) * sizeof *starts, (void **)&starts, err);
    if (st == OK) {
        count_values(*all, n, digits);
        for (uint32_t to = PARTS, from; to > 0; to = from) {
            uint32_t product = digits->values[to - 1];
            for (from = to - 1; from > 0 && product * digits->values[from - 1] <= DIGIT_MAX; from--)
                product *= digits->values[from - 1];
            if (product <= 1)
                continue;
            sort_by_digit(digits, *all, n, from, to, starts, *other);
            Place *swap = *all;
            *all = *other;
            *other = swap;
        }
        sort_equal_heads(t, *all, n);
    }
    mem_free(digits);
    mem_free(starts);
    return st;
}

static void source_places(const MatchConfig *c, uint32_t places[MATCH_SOURCES_MAX])
{
    for (uint32_t s = 0; s < c->source_count; s++) {
        places[s] = 0;
        for (uint32_t o = 0; o < c->source_count; o++)
            places[s] += slice_cmp(c->sources[o].name, c->sources[s].name) < 0;
    }
}

/* "source,id" of each record, as cells, in the order. Ids lie in the order of adding: some are asked for at once. */
static Status name_records(MatchRun *r, const Place *all, Error *err)
{
    uint32_t n = match_record_count(r->table);
    Slice sources[MATCH_SOURCES_MAX], ids[IDS_AT_ONCE];
    uint32_t places[MATCH_SOURCES_MAX];
    source_places(&r->config, places);
    for (uint32_t s = 0; s < r->config.source_count; s++)
        sources[places[s]] = r->config.sources[s].name;
    TRY(arena_new(&r->arena, size_t, (size_t)n + 1, &r->name_ends, err));
    for (uint32_t from = 0; from < n; from += IDS_AT_ONCE) {
        uint32_t count = n - from < IDS_AT_ONCE ? n - from : IDS_AT_ONCE;
        for (uint32_t i = 0; i < count; i++) {
            ids[i] = match_added_id(r->table, all[from + i].added);
            __builtin_prefetch(ids[i].ptr);
        }
        for (uint32_t i = 0; i < count; i++) {
            csv_cell(&r->names, sources[all[from + i].source]);
            buf_addc(&r->names, ',');
            csv_cell(&r->names, ids[i]);
            r->name_ends[from + i + 1] = r->names.len;
        }
    }
    return buf_status(&r->names, err);
}

static Status order_records(MatchRun *r, Place **all, Place **other, Error *err)
{
    uint32_t n = match_record_count(r->table), places[MATCH_SOURCES_MAX];
    uint32_t *record = NULL; /* of each in order of adding */
    TRY(mem_zalloc((size_t)n + 1, sizeof **all, (void **)all, err));
    TRY(mem_zalloc((size_t)n + 1, sizeof **other, (void **)other, err));
    TRY(mem_alloc(((size_t)n + 1) * sizeof *record, (void **)&record, err));
    source_places(&r->config, places);
    for (uint32_t i = 0; i < n; i++)
        record[match_record_added(r->table, i)] = i;
    bool one = r->config.source_count == 1;
    for (uint32_t i = 0; i < n; i++)
        (*all)[i] = (Place){.head = head_of(match_added_id(r->table, i)),
            .added = i,
            .source = one ? 0 : places[match_record_source(r->table, record[i])]};
    Status st = sort_places(r->table, all, other, n, err);
    for (uint32_t i = 0; st == OK && i < n; i++) {
        r->order[i] = record[(*all)[i].added];
        r->rank[r->order[i]] = i;
    }
    mem_free(record);
    return st;
}

Status run_order(MatchRun *r, Error *err)
{
    uint32_t n = match_record_count(r->table);
    Place *all = NULL, *other = NULL;
    if (r->order)
        return OK;
    buf_init(&r->names, SIZE_MAX - 1);
    TRY(arena_new(&r->arena, uint32_t, (size_t)n + 1, &r->order, err));
    TRY(arena_new(&r->arena, uint32_t, (size_t)n + 1, &r->rank, err));
    Status st = order_records(r, &all, &other, err);
    mem_free(other);
    if (st == OK)
        st = name_records(r, all, err);
    mem_free(all);
    return st == OK ? know_clusters(r, err) : st;
}

Slice ranked_name(const MatchRun *r, uint32_t rank)
{
    return (Slice){r->names.ptr + r->name_ends[rank], r->name_ends[rank + 1] - r->name_ends[rank]};
}
