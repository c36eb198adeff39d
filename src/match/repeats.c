/*
 * Records that say the same, compared once.
 *
 * The files of twelve years name one person over and over: of 19.8 million
 * records of a state a third agree with another one of the same kind of source in
 * every value. Two such records score alike against everybody, so that their
 * pairs are work done twice: pairs grow with the square of what one person has.
 *
 * Only those that hold a number which is one person's (a whole SSN, an
 * identifier) are taken together. A name and a county may well be two people's, and
 * then each record's pairs count for themselves.
 *
 * Records are found by a hash of their cells in one table of numbers, the lowest
 * of each kind first, and compared cell by cell: nothing rests on the hash.
 */
#include "match/table_impl.h"

#define AHEAD 16

bool table_repeats(const MatchTable *t, uint32_t a, uint32_t b)
{
    const SourceSpec *x = &t->config->sources[t->source[a]], *y = &t->config->sources[t->source[b]];
    bool alike = x == y || (t->config->link_sources && x->dedupe && y->dedupe && x->trait == y->trait);
    return alike && memcmp(record_cells(t, a), record_cells(t, b), t->columns * sizeof(uint32_t)) == 0;
}

/* A source that is not looked through for duplicates has none. And its equal records must not fill one place of the
 * hash table: a million of them would each look at all before. */
static bool may_repeat(const MatchTable *t, uint32_t record)
{
    return table_comparable(t->config, t->source[record], t->source[record]);
}

#define SSN_DIGITS 9 /* where only the last four are known, many people share them */

static bool holds_number(const MatchTable *t, uint32_t record)
{
    const uint32_t *cells = record_cells(t, record);
    for (uint32_t f = 0; f < t->config->field_count; f++) {
        const FieldSpec *field = &t->config->fields[f];
        uint32_t value = cells[field->columns[0]];
        if (value == 0)
            continue;
        if (field->kind == FIELD_IDENTIFIER)
            return true;
        if (field->kind == FIELD_SSN && dict_text(t->dict[field->columns[0]], value).len == SSN_DIGITS)
            return true;
    }
    return false;
}

static uint64_t cells_hash(const MatchTable *t, uint32_t record)
{
    const uint32_t *cells = record_cells(t, record);
    uint64_t h = t->config->sources[t->source[record]].trait + 1;
    for (uint32_t c = 0; c < t->columns; c++) {
        h = (h ^ cells[c]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h;
}

#define SHARES \
    16 /* of the hashes, by their first bits: equal records have one, and each share has slots of its own \
        */
#define HASHES_AT_ONCE ((size_t)1 << 16)
#define HASH_NONE 0 /* of records that repeat nobody */

typedef struct Finding {
    MatchTable *t;
    const bool *alone;
    uint64_t *hashes;
    uint32_t repeated[SHARES];
} Finding;

/* Some more than there are records: numbers of leading ones, plus one; 0: empty. */
typedef struct Slots {
    uint32_t *at;
    uint64_t mask;
} Slots;

static Status hash_item(size_t item, void *ctx, Error *err)
{
    UNUSED(err);
    const Finding *x = ctx;
    const MatchTable *t = x->t;
    size_t from = item * HASHES_AT_ONCE;
    size_t end = t->records - from < HASHES_AT_ONCE ? t->records : from + HASHES_AT_ONCE;
    for (size_t i = from; i < end; i++) {
        uint32_t record = (uint32_t)i;
        uint64_t hash = cells_hash(t, record);
        bool may = !x->alone[record] && may_repeat(t, record) && holds_number(t, record);
        x->hashes[record] = !may ? HASH_NONE : hash == HASH_NONE ? 1 : hash;
        t->lead[record] = record;
        t->times[record] = 1;
    }
    return OK;
}

static size_t share_of(uint64_t hash)
{
    return (size_t)(hash >> 60);
}

static Status slots_new(const Finding *x, size_t share, Slots *out, Error *err)
{
    uint64_t records = 0;
    for (uint32_t r = 0; r < x->t->records; r++)
        records += share_of(x->hashes[r]) == share;
    out->mask = 1;
    while (out->mask < records + records / 2)
        out->mask = 2 * out->mask + 1;
    return mem_zalloc((size_t)out->mask + 1, sizeof *out->at, (void **)&out->at, err);
}

static void place(Finding *x, const Slots *slots, uint32_t record)
{
    MatchTable *t = x->t;
    for (uint64_t slot = x->hashes[record] & slots->mask;; slot = (slot + 1) & slots->mask) {
        if (slots->at[slot] == 0) {
            slots->at[slot] = record + 1;
            return;
        }
        uint32_t first = slots->at[slot] - 1;
        if (table_repeats(t, first, record)) {
            t->lead[record] = first;
            t->times[record] = ++t->times[first];
            x->repeated[share_of(x->hashes[record])]++;
            return;
        }
    }
}

/* Records of one share wait some steps: first their slot is asked for, then the cells of whoever stands there. */
static Status find_item(size_t share, void *ctx, Error *err)
{
    Finding *x = ctx;
    Slots slots;
    uint32_t waiting[2 * AHEAD];
    size_t n = 0;
    TRY(slots_new(x, share, &slots, err));
    for (uint32_t record = 0; record < x->t->records; record++) {
        if (x->hashes[record] == HASH_NONE || share_of(x->hashes[record]) != share)
            continue;
        if (n >= 2 * AHEAD)
            place(x, &slots, waiting[n % (2 * AHEAD)]);
        waiting[n % (2 * AHEAD)] = record;
        __builtin_prefetch(&slots.at[x->hashes[record] & slots.mask]);
        if (n >= AHEAD) {
            uint32_t first = slots.at[x->hashes[waiting[(n - AHEAD) % (2 * AHEAD)]] & slots.mask];
            if (first > 0)
                record_prefetch(x->t, first - 1);
        }
        n++;
    }
    for (size_t i = n > 2 * AHEAD ? n - 2 * AHEAD : 0; i < n; i++)
        place(x, &slots, waiting[i % (2 * AHEAD)]);
    mem_free(slots.at);
    return OK;
}

_Static_assert(SHARES == 16, "a share is four bits of the hash");

Status match_table_repeats(MatchTable *t, const Decision *decisions, size_t decision_count, Error *err)
{
    ASSERT(!t->lead);
    bool *alone = NULL;
    Finding x = {.t = t};
    size_t items = ((size_t)t->records + HASHES_AT_ONCE - 1) / HASHES_AT_ONCE;
    Status st = OK;
    TRY_OUT(mem_alloc((size_t)t->records * sizeof *t->lead, (void **)&t->lead, err));
    TRY_OUT(mem_alloc((size_t)t->records * sizeof *t->times, (void **)&t->times, err));
    TRY_OUT(mem_zalloc((size_t)t->records, sizeof *alone, (void **)&alone, err));
    TRY_OUT(mem_alloc((size_t)t->records * sizeof *x.hashes, (void **)&x.hashes, err));
    for (size_t i = 0; i < decision_count; i++) {
        const uint32_t both[] = {decisions[i].a, decisions[i].b};
        for (size_t k = 0; k < COUNT_OF(both); k++)
            if (both[k] < t->records)
                alone[both[k]] = true;
    }
    x.alone = alone;
    TRY_OUT(parallel_for(items, t->parts->threads, hash_item, &x, err));
    TRY_OUT(parallel_for(SHARES, t->parts->threads, find_item, &x, err));
    for (size_t share = 0; share < SHARES; share++)
        t->repeated += x.repeated[share];
out:
    mem_free(alone);
    mem_free(x.hashes);
    if (st != OK) { /* every record is by itself, as before */
        mem_free(t->lead);
        mem_free(t->times);
        t->lead = t->times = NULL;
    }
    return st;
}

void match_table_apart(MatchTable *t, uint32_t record)
{
    if (record_leads(t, record))
        return;
    t->times[t->lead[record]]--;
    t->lead[record] = record;
    t->times[record] = 1;
    t->repeated--;
}

uint32_t match_table_repeated(const MatchTable *t)
{
    return t->repeated;
}

uint32_t match_record_repeats(const MatchTable *t, uint32_t record)
{
    return record_leads(t, record) ? record : t->lead[record];
}

Status table_holders(const MatchTable *t, uint32_t column, uint32_t **out, size_t *count, Error *err)
{
    const uint32_t values = dict_count(t->dict[column]);
    uint32_t *holder = NULL;
    TRY(mem_alloc(((size_t)values + 1) * sizeof *holder, (void **)&holder, err));
    for (uint32_t v = 0; v < values; v++)
        holder[v] = MATCH_NONE;
    for (uint32_t r = 0; r < t->records; r++) {
        uint32_t value = record_cells(t, r)[column];
        if (value != 0 && holder[value] == MATCH_NONE && record_leads(t, r))
            holder[value] = r;
    }
    *count = 0;
    for (uint32_t v = 0; v < values; v++)
        if (holder[v] != MATCH_NONE)
            holder[(*count)++] = holder[v];
    *out = holder;
    return OK;
}
