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
#include "match/match_impl.h"

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

typedef struct Finding {
    MatchTable *t;
    uint32_t *slots; /* numbers of leading records, plus one; 0: empty */
    uint64_t mask;
} Finding;

static void place(const Finding *x, uint32_t record, uint64_t hash)
{
    MatchTable *t = x->t;
    for (uint64_t slot = hash & x->mask;; slot = (slot + 1) & x->mask) {
        if (x->slots[slot] == 0) {
            x->slots[slot] = record + 1;
            return;
        }
        uint32_t first = x->slots[slot] - 1;
        if (table_repeats(t, first, record)) {
            t->lead[record] = first;
            t->times[record] = ++t->times[first];
            t->repeated++;
            return;
        }
    }
}

/* Two steps ahead of its turn a record's slot is asked for, then the cells of whoever stands there. */
static void find(const Finding *x, const bool *alone)
{
    MatchTable *t = x->t;
    uint64_t hashes[2 * AHEAD];
    for (uint64_t i = 0; i < (uint64_t)t->records + 2 * AHEAD; i++) {
        if (i >= 2 * AHEAD) {
            uint32_t record = (uint32_t)(i - 2 * AHEAD);
            if (!alone[record] && may_repeat(t, record) && holds_number(t, record))
                place(x, record, hashes[i % (2 * AHEAD)]);
        }
        if (i < t->records) {
            hashes[i % (2 * AHEAD)] = cells_hash(t, (uint32_t)i);
            __builtin_prefetch(&x->slots[hashes[i % (2 * AHEAD)] & x->mask]);
        }
        if (i >= AHEAD) {
            uint32_t first = x->slots[hashes[(i - AHEAD) % (2 * AHEAD)] & x->mask];
            if (first > 0)
                record_prefetch(t, first - 1);
        }
    }
}

Status match_table_repeats(MatchTable *t, const Decision *decisions, size_t decision_count, Error *err)
{
    ASSERT(!t->lead);
    bool *alone = NULL;
    Finding x = {.t = t, .mask = 1};
    Status st = OK;
    while (x.mask < (uint64_t)t->records + t->records / 2)
        x.mask = 2 * x.mask + 1;
    TRY_OUT(mem_alloc((size_t)t->records * sizeof *t->lead, (void **)&t->lead, err));
    TRY_OUT(mem_alloc((size_t)t->records * sizeof *t->times, (void **)&t->times, err));
    TRY_OUT(mem_zalloc((size_t)t->records, sizeof *alone, (void **)&alone, err));
    TRY_OUT(mem_zalloc((size_t)x.mask + 1, sizeof *x.slots, (void **)&x.slots, err));
    for (uint32_t r = 0; r < t->records; r++) {
        t->lead[r] = r;
        t->times[r] = 1;
    }
    for (size_t i = 0; i < decision_count; i++) {
        const uint32_t both[] = {decisions[i].a, decisions[i].b};
        for (size_t k = 0; k < COUNT_OF(both); k++)
            if (both[k] < t->records)
                alone[both[k]] = true;
    }
    find(&x, alone);
out:
    mem_free(alone);
    mem_free(x.slots);
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
