/*
 * Sealing a table: from raw spellings in order of adding to value numbers in
 * order of content. Steps that work on one dictionary, or on a stretch of records,
 * run side by side; none of them lets a result depend on who came first.
 *
 *   1 spellings    of each dictionary: standard text of each distinct raw spelling
 *   2 rows         raw numbers become standard numbers; hash of source and contents
 *   3 order        by hash, then source and id
 *   4 arrange      every array in that order
 *   5 renumber     values in the order in which the records show them; names learnt
 *   6 frequencies  of each field
 */
#include <stdlib.h>

#include "match/table_impl.h"

#define CHUNK_ROWS ((size_t)65536)
#define SMALL_BUCKET 16
#define AHEAD 16
#define IDS_AT_ONCE 64

typedef struct Keyed {
    uint64_t content;
    uint32_t row;
} Keyed;

/* What a raw spelling stands for; together, because a row reads both. */
typedef struct Spelling {
    uint64_t hash; /* of the standard text */
    uint32_t number;
} Spelling;

typedef struct Seal {
    MatchTable *t;
    uint32_t heads[MATCH_COLUMNS_MAX]; /* lowest columns of the dictionaries */
    uint32_t head_count;
    Spelling *spellings[MATCH_COLUMNS_MAX]; /* of a head: of each raw number */
    uint64_t source_hash[MATCH_SOURCES_MAX];
    uint64_t *content;
    Keyed *order;
    uint32_t *cells; /* in the new order */
} Seal;

/* --- 1 spellings ---------------------------------------------------------------------------------------------- */

static Status standardise_spellings(Seal *s, uint32_t head, Buf *scratch, Error *err)
{
    TableParts *p = s->t->parts;
    Texts *raw = &p->raw[head];
    Dict *d = s->t->dict[head];
    TRY(mem_alloc((size_t)raw->count * sizeof(Spelling), (void **)&s->spellings[head], err));
    Spelling *spellings = s->spellings[head];
    spellings[0] = (Spelling){0};
    texts_drop_index(raw);
    for (uint32_t i = 1; i < raw->count; i++) {
        TRY(standard_value(p->kind[head], texts_at(raw, i), scratch, err));
        TRY(texts_put(&d->texts, buf_slice(scratch), &spellings[i].number, err));
        spellings[i].hash = content_of_text(buf_slice(scratch));
    }
    texts_free(raw);
    return OK;
}

static Status spellings_item(size_t item, void *ctx, Error *err)
{
    Seal *s = ctx;
    Buf scratch;
    buf_init(&scratch, 0);
    Status st = standardise_spellings(s, s->heads[item], &scratch, err);
    buf_free(&scratch);
    return st;
}

/* --- 2 rows --------------------------------------------------------------------------------------------------- */

static void fetch_spellings(const Seal *s, size_t r)
{
    const MatchTable *t = s->t;
    for (uint32_t c = 0; c < t->columns; c++)
        __builtin_prefetch(&s->spellings[t->parts->group[c]][t->cells[r * t->columns + c]]);
}

static Status rows_item(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    Seal *s = ctx;
    const MatchTable *t = s->t;
    const uint32_t *group = t->parts->group;
    size_t end = (item + 1) * CHUNK_ROWS < t->records ? (item + 1) * CHUNK_ROWS : t->records;
    uint64_t hashes[MATCH_COLUMNS_MAX + 1];
    for (size_t r = item * CHUNK_ROWS; r < end; r++) {
        uint32_t *cells = t->cells + r * t->columns;
        if (r + AHEAD < end)
            fetch_spellings(s, r + AHEAD);
        hashes[0] = s->source_hash[t->source[r]];
        for (uint32_t c = 0; c < t->columns; c++) {
            Spelling spelling = s->spellings[group[c]][cells[c]];
            cells[c] = spelling.number;
            hashes[c + 1] = spelling.hash;
        }
        s->content[r] = content_of_row(hashes, t->columns + 1);
    }
    return OK;
}

/* --- 3 order -------------------------------------------------------------------------------------------------- */

static int by_content(const void *x, const void *y, void *ctx)
{
    const MatchTable *t = ctx;
    const Keyed *a = x, *b = y;
    if (a->content != b->content)
        return a->content < b->content ? -1 : 1;
    if (t->source[a->row] != t->source[b->row])
        return t->source[a->row] < t->source[b->row] ? -1 : 1;
    return slice_cmp(added_id(t->parts, a->row), added_id(t->parts, b->row));
}

static void sort_bucket(Keyed *at, size_t n, MatchTable *t)
{
    if (n > SMALL_BUCKET) {
        qsort_r(at, n, sizeof *at, by_content, t);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        Keyed k = at[i];
        size_t j = i;
        for (; j > 0 && by_content(&at[j - 1], &k, t) > 0; j--)
            at[j] = at[j - 1];
        at[j] = k;
    }
}

/* Hashes spread evenly: one pass by their upper bits leaves a few records a bucket, or, where records are alike, many.
 */
static Status order_records(Seal *s, Error *err)
{
    uint32_t n = s->t->records;
    unsigned bits = 1;
    while (bits < 20 && ((size_t)SMALL_BUCKET / 4 << bits) < n)
        bits++;
    size_t *starts = NULL;
    TRY(mem_zalloc(((size_t)1 << bits) + 1, sizeof *starts, (void **)&starts, err));
    for (uint32_t r = 0; r < n; r++)
        starts[(s->content[r] >> (64 - bits)) + 1]++;
    for (size_t b = 1; b <= (size_t)1 << bits; b++)
        starts[b] += starts[b - 1];
    for (uint32_t r = 0; r < n; r++)
        s->order[starts[s->content[r] >> (64 - bits)]++] = (Keyed){s->content[r], r};
    for (size_t b = 0, from = 0; b < (size_t)1 << bits; b++) {
        sort_bucket(s->order + from, starts[b] - from, s->t);
        from = starts[b];
    }
    mem_free(starts);
    return OK;
}

typedef struct IdSlots {
    uint64_t *at; /* upper half: of the hash; lower half: row + 1 */
    size_t count;
} IdSlots;

/* *other: the row that has this id already, or MATCH_NONE. */
static void put_id(const MatchTable *t, IdSlots *slots, uint32_t row, uint64_t hash, uint32_t *other)
{
    size_t i = (hash >> 32) & (slots->count - 1);
    *other = MATCH_NONE;
    for (; slots->at[i]; i = (i + 1) & (slots->count - 1)) {
        uint32_t there = (uint32_t)slots->at[i] - 1;
        if (slots->at[i] >> 32 == hash >> 32 && t->source[there] == t->source[row] &&
            slice_eq(added_id(t->parts, there), added_id(t->parts, row))) {
            *other = there;
            return;
        }
    }
    slots->at[i] = (hash >> 32 << 32) | (row + 1);
}

/* Every id of a source once. The first row, in order of adding, that repeats one is named. Slots are asked for some
 * rows ahead. */
static Status check_ids(const MatchTable *t, Error *err)
{
    IdSlots slots = {.count = 64};
    while (slots.count < (size_t)t->records * 2)
        slots.count *= 2;
    uint64_t seed[2], hashes[IDS_AT_ONCE];
    TRY(random_bytes(seed, sizeof seed, err));
    TRY(mem_zalloc(slots.count, sizeof *slots.at, (void **)&slots.at, err));
    Status st = OK;
    for (uint32_t first = 0; first < t->records && st == OK; first += IDS_AT_ONCE) {
        uint32_t n = t->records - first < IDS_AT_ONCE ? t->records - first : IDS_AT_ONCE, other;
        for (uint32_t i = 0; i < n; i++) {
            Slice id = added_id(t->parts, first + i);
            hashes[i] = siphash13(seed, id.ptr, id.len) ^ t->source[first + i] * UINT64_C(0x9E3779B97F4A7C15);
            __builtin_prefetch(&slots.at[(hashes[i] >> 32) & (slots.count - 1)]);
        }
        for (uint32_t i = 0; i < n && st == OK; i++) {
            put_id(t, &slots, first + i, hashes[i], &other);
            if (other == MATCH_NONE)
                continue;
            Slice source = t->config->sources[t->source[first + i]].name;
            st = error_set(err, ERR_INVALID,
                "record %" PRIu32 " has the id of record %" PRIu32 " of the same source '%.*s' (counted from 1 in "
                "the order of adding)",
                first + i + 1, other + 1, SLICE_ARG(source));
        }
    }
    mem_free(slots.at);
    return st;
}

/* --- 4 arrange ------------------------------------------------------------------------------------------------ */

static Status arrange_item(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    Seal *s = ctx;
    const MatchTable *t = s->t;
    size_t end = (item + 1) * CHUNK_ROWS < t->records ? (item + 1) * CHUNK_ROWS : t->records;
    for (size_t r = item * CHUNK_ROWS; r < end; r++) {
        uint32_t row = s->order[r].row;
        if (r + AHEAD < end)
            __builtin_prefetch(t->cells + (size_t)s->order[r + AHEAD].row * t->columns);
        memcpy(s->cells + r * t->columns, t->cells + (size_t)row * t->columns, t->columns * sizeof *s->cells);
        s->content[r] = s->order[r].content;
        t->parts->added[r] = row;
    }
    return OK;
}

static Status arrange_sources(MatchTable *t, Error *err)
{
    uint16_t *source = NULL;
    TRY(mem_alloc((t->records ? t->records : 1) * sizeof *source, (void **)&source, err));
    for (uint32_t r = 0; r < t->records; r++)
        source[r] = t->source[t->parts->added[r]];
    mem_free(t->source);
    t->source = source;
    return OK;
}

/* --- 5 renumber ----------------------------------------------------------------------------------------------- */

/* number[old] of each value by first appearance; values that no record shows do not exist. */
static void number_values(const Seal *s, uint32_t head, uint32_t *number)
{
    const MatchTable *t = s->t;
    uint32_t columns[MATCH_COLUMNS_MAX], n = 0, next = 1;
    for (uint32_t c = 0; c < t->columns; c++)
        if (t->parts->group[c] == head)
            columns[n++] = c;
    for (uint32_t r = 0; r < t->records; r++) {
        uint32_t *cells = t->cells + (size_t)r * t->columns;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t old = cells[columns[i]];
            if (old && !number[old])
                number[old] = next++;
            cells[columns[i]] = number[old];
        }
    }
}

static Status renumber_item(size_t item, void *ctx, Error *err)
{
    Seal *s = ctx;
    uint32_t head = s->heads[item];
    Dict *d = s->t->dict[head];
    uint32_t *number = NULL;
    Texts ordered = {0};
    texts_drop_index(&d->texts);
    TRY(mem_zalloc(dict_count(d), sizeof *number, (void **)&number, err));
    number_values(s, head, number);
    Status st = texts_reorder(&d->texts, number, &ordered, err);
    mem_free(number);
    if (st != OK) {
        texts_free(&ordered);
        return st;
    }
    texts_free(&d->texts);
    d->texts = ordered;
    TRY(dict_learn(d, err));
    texts_drop_index(&d->texts);
    return OK;
}

/* --- 6 frequencies -------------------------------------------------------------------------------------------- */

static bool is_before(const uint32_t *cells, const FieldSpec *f, uint32_t k)
{
    for (uint32_t i = 0; i < k; i++)
        if (cells[f->columns[i]] == cells[f->columns[k]])
            return true;
    return false;
}

static Status frequency_item(size_t item, void *ctx, Error *err)
{
    MatchTable *t = ((Seal *)ctx)->t;
    const FieldSpec *f = &t->config->fields[item];
    size_t count = dict_count(t->dict[f->columns[0]]);
    TRY(mem_zalloc(count, sizeof *t->frequency[item], (void **)&t->frequency[item], err));
    t->parts->frequency_cap[item] = t->parts->frequency_len[item] = count;
    uint32_t columns = f->combine ? 1 : f->column_count;
    for (uint32_t r = 0; r < t->records; r++) {
        const uint32_t *cells = record_cells(t, r);
        for (uint32_t k = 0; k < columns; k++) {
            uint32_t v = cells[f->columns[k]];
            bool counts = v && !is_before(cells, f, k);
            t->frequency[item][v] += counts;
            t->frequency_total[item] += counts;
        }
    }
    return OK;
}

/* --- all ------------------------------------------------------------------------------------------------------ */

static void note_heads(Seal *s)
{
    for (uint32_t c = 0; c < s->t->columns; c++)
        if (s->t->parts->group[c] == c)
            s->heads[s->head_count++] = c;
    for (uint32_t i = 0; i < s->t->config->source_count; i++)
        s->source_hash[i] = content_of_text(s->t->config->sources[i].name);
}

static void free_seal(Seal *s)
{
    for (uint32_t i = 0; i < s->head_count; i++) {
        mem_free(s->spellings[s->heads[i]]);
        s->spellings[s->heads[i]] = NULL;
    }
    mem_free(s->order);
    s->order = NULL;
}

static Status seal(Seal *s, unsigned threads, Error *err)
{
    MatchTable *t = s->t;
    TableParts *p = t->parts;
    size_t n = t->records, chunks = (n + CHUNK_ROWS - 1) / CHUNK_ROWS, room = n ? n : 1;
    TRY(table_settle(t, err));
    TRY(check_ids(t, err));
    TRY(parallel_for(s->head_count, threads, spellings_item, s, err));
    TRY(mem_alloc(room * sizeof *s->content, (void **)&s->content, err));
    TRY(parallel_for(chunks, threads, rows_item, s, err));
    TRY(mem_alloc(room * sizeof *s->order, (void **)&s->order, err));
    TRY(order_records(s, err));
    TRY(mem_alloc(room * sizeof *p->added, (void **)&p->added, err));
    TRY(mem_alloc(room * t->columns * sizeof *s->cells, (void **)&s->cells, err));
    TRY(parallel_for(chunks, threads, arrange_item, s, err));
    TRY(arrange_sources(t, err));
    free_seal(s);
    mem_free(t->cells);
    t->cells = s->cells;
    t->content = s->content;
    s->cells = NULL;
    s->content = NULL;
    p->record_cap = room;
    TRY(parallel_for(s->head_count, threads, renumber_item, s, err));
    return parallel_for(t->config->field_count, threads, frequency_item, s, err);
}

Status match_table_seal(MatchTable *t, unsigned threads, Error *err)
{
    Seal s = {.t = t};
    ASSERT(!t->parts->sealed);
    note_heads(&s);
    Status st = seal(&s, threads, err);
    free_seal(&s);
    mem_free(s.cells);
    mem_free(s.content);
    t->parts->sealed = true;
    return st;
}
