/*
 * What passes can be made of, and what they would cost.
 *
 * Costs are counted on a sample of the records, with real keys: fields depend on
 * each other (town and postal code, first name and sex), and a product of
 * frequencies would hide the hot combinations that blocking suffers from. A
 * sample of s of n records holds (s / n)^2 of the pairs of each block.
 */
#include "match/propose.h"
#include "match/sort_keys.h"

enum { SAMPLE_MAX = 1 << 15 };

typedef struct AtomSpec {
    FieldKind kind;
    KeyTransform transform;
    uint32_t length;
    bool third;
} AtomSpec;

/* Which transforms make sense of which kind. */
static const AtomSpec ATOM_SPECS[] = {
    {FIELD_FIRST_NAME, KEY_ROOT, 0, false},
    {FIELD_FIRST_NAME, KEY_PHONETIC, 0, true},
    {FIELD_FIRST_NAME, KEY_PREFIX, 3, true},
    {FIELD_FIRST_NAME, KEY_INITIAL, 0, true},
    {FIELD_FIRST_NAME, KEY_QGRAM, 4, false},
    {FIELD_MIDDLE_NAME, KEY_WHOLE, 0, false},
    {FIELD_MIDDLE_NAME, KEY_INITIAL, 0, true},
    {FIELD_LAST_NAME, KEY_PART, 0, false},
    {FIELD_LAST_NAME, KEY_PHONETIC, 0, true},
    {FIELD_LAST_NAME, KEY_PREFIX, 3, true},
    {FIELD_LAST_NAME, KEY_INITIAL, 0, true},
    {FIELD_LAST_NAME, KEY_QGRAM, 4, false},
    {FIELD_LAST_NAME, KEY_SUFFIX, 4, false},
    {FIELD_DATE, KEY_WHOLE, 0, true},
    {FIELD_DATE, KEY_YEAR, 0, true},
    {FIELD_DATE, KEY_YEAR_MONTH, 0, true},
    {FIELD_DATE, KEY_MONTH_DAY, 0, true},
    {FIELD_SSN, KEY_WHOLE, 0, false},
    {FIELD_SSN, KEY_DELETION, 0, false},
    {FIELD_SSN, KEY_PREFIX, 5, false},
    {FIELD_SSN, KEY_SUFFIX, 4, true},
    {FIELD_IDENTIFIER, KEY_WHOLE, 0, false},
    {FIELD_IDENTIFIER, KEY_DELETION, 0, false},
    {FIELD_IDENTIFIER, KEY_SUFFIX, 4, true},
    {FIELD_ADDRESS, KEY_WHOLE, 0, false},
    {FIELD_ADDRESS, KEY_PREFIX, 6, true},
    {FIELD_ADDRESS, KEY_QGRAM, 4, false},
    {FIELD_CITY, KEY_WHOLE, 0, true},
    {FIELD_CITY, KEY_PREFIX, 4, true},
    {FIELD_POSTAL_CODE, KEY_WHOLE, 0, true},
    {FIELD_POSTAL_CODE, KEY_PREFIX, 3, true},
    {FIELD_PHONE, KEY_WHOLE, 0, false},
    {FIELD_PHONE, KEY_DELETION, 0, false},
    {FIELD_PHONE, KEY_SUFFIX, 7, false},
    {FIELD_EMAIL, KEY_WHOLE, 0, false},
    {FIELD_EMAIL, KEY_PREFIX, 6, false},
    {FIELD_EMAIL, KEY_QGRAM, 6, false},
    {FIELD_CODE, KEY_WHOLE, 0, true},
    {FIELD_TEXT, KEY_WHOLE, 0, false},
    {FIELD_TEXT, KEY_PREFIX, 6, true},
    {FIELD_TEXT, KEY_QGRAM, 4, false},
    {FIELD_NUMBER, KEY_WHOLE, 0, true},
    {FIELD_SEX, KEY_WHOLE, 0, true},
};

/* --- sample ------------------------------------------------------------------------------------------------------- */

static Status draw_records(Sample *s, Error *err)
{
    const MatchTable *t = s->table;
    uint32_t step, seen = 0, *scratch = NULL;
    s->all = t->records - t->repeated;
    step = (s->all + SAMPLE_MAX - 1) / SAMPLE_MAX;
    TRY(mem_alloc(SAMPLE_MAX * sizeof s->records[0], (void **)&s->records, err));
    TRY(mem_alloc(SAMPLE_MAX * sizeof scratch[0], (void **)&scratch, err));
    /* records are in the order of a hash of their contents, so any stride is a random sample */
    for (uint32_t r = 0; r < t->records; r++)
        if (record_leads(t, r) && seen++ % step == 0)
            s->records[s->count++] = r;
    sort_members(t, s->records, s->count, scratch);
    mem_free(scratch);
    s->scale = s->count > 0 ? (double)s->all / s->count : 1;
    return OK;
}

static void list_atoms(Sample *s)
{
    const MatchConfig *config = s->table->config;
    for (uint32_t f = 0; f < config->field_count; f++) {
        /* An own comparator without a level of equality: that two values are equal says nothing. */
        if (config->fields[f].levels && !field_level_exact(&config->fields[f], 1))
            continue;
        for (size_t i = 0; i < COUNT_OF(ATOM_SPECS); i++) {
            const AtomSpec *spec = &ATOM_SPECS[i];
            if (spec->kind != config->fields[f].kind || s->table->frequency_total[f] == 0)
                continue;
            ASSERT(s->atom_count < ATOMS_MAX);
            s->atoms[s->atom_count++] = (Atom){.part = {f, spec->transform, spec->length}, .third = spec->third};
        }
    }
}

static Status fill_atom(size_t item, void *ctx, Error *err)
{
    const Sample *s = ctx;
    Atom *a = &s->atoms[item];
    PassSpec pass = {.parts = {a->part}, .part_count = 1};
    VEC(uint64_t) hashes = {0};
    Status st = OK;
    TRY_OUT(mem_zalloc((size_t)s->count + 1, sizeof a->start[0], (void **)&a->start, err));
    for (uint32_t i = 0; i < s->count; i++) {
        uint64_t keys[RECORD_KEYS_MAX];
        size_t n = record_keys(s->table, &pass, s->records[i], keys);
        TRY_OUT(vec_reserve(&hashes, hashes.len + n, err));
        if (n > 0)
            memcpy(hashes.at + hashes.len, keys, n * sizeof keys[0]);
        hashes.len += n;
        a->start[i + 1] = (uint32_t)hashes.len;
    }
out:
    a->hash = hashes.at;
    return st;
}

static Status cost_atom(size_t item, void *ctx, Error *err)
{
    const Sample *s = ctx;
    uint32_t atom = (uint32_t)item;
    double pairs, keys, total = (double)s->all * (double)s->all / 2;
    TRY(sample_cost(s, &atom, 1, &pairs, &keys, err));
    s->atoms[item].collide = pairs / (total > 1 ? total : 1);
    return OK;
}

Status sample_init(const MatchTable *t, Sample *out, Error *err)
{
    *out = (Sample){.table = t};
    TRY(source_pairs_new(t->config, &out->sources, err));
    TRY(draw_records(out, err));
    TRY(mem_zalloc(ATOMS_MAX, sizeof out->atoms[0], (void **)&out->atoms, err));
    list_atoms(out);
    TRY(parallel_for(out->atom_count, 0, fill_atom, out, err));
    return parallel_for(out->atom_count, 0, cost_atom, out, err);
}

void sample_free(Sample *s)
{
    source_pairs_free(&s->sources);
    for (uint32_t i = 0; i < s->atom_count; i++) {
        mem_free(s->atoms[i].start);
        mem_free(s->atoms[i].hash);
    }
    mem_free(s->atoms);
    mem_free(s->records);
    *s = (Sample){0};
}

/* --- costs -------------------------------------------------------------------------------------------------------- */

typedef struct CostRun {
    const Sample *sample;
    const uint32_t *atoms;
    uint32_t place; /* of the record in the sample */
} CostRun;

static void atom_hashes(
    const void *ctx, const MatchTable *t, const PassSpec *pass, uint32_t part, uint32_t record, KeyList *list)
{
    UNUSED(t);
    UNUSED(pass);
    UNUSED(record);
    const CostRun *run = ctx;
    const Atom *a = &run->sample->atoms[run->atoms[part]];
    for (uint32_t i = a->start[run->place]; i < a->start[run->place + 1]; i++)
        key_list_add(list, a->hash[i]);
}

typedef struct CostKeys {
    VEC(uint64_t) keys;
    U32List records;
    uint64_t *key_scratch;
    uint32_t *record_scratch;
} CostKeys;

/* The one key of a record whose atoms have a hash each; 0: the long way. */
static uint64_t single_key(const CostRun *run, uint32_t count)
{
    uint64_t key = count;
    for (uint32_t i = 0; i < count; i++) {
        const Atom *a = &run->sample->atoms[run->atoms[i]];
        if (a->start[run->place + 1] - a->start[run->place] != 1)
            return 0;
        key = key_fold(key, a->hash[a->start[run->place]]);
    }
    return key;
}

static Status collect_keys(const Sample *s, const uint32_t *atoms, uint32_t count, CostKeys *c, Error *err)
{
    PassSpec pass = {.part_count = count};
    CostRun run = {.sample = s, .atoms = atoms};
    for (uint32_t i = 0; i < count; i++)
        pass.parts[i] = s->atoms[atoms[i]].part;
    bool ordered = true; /* no parts that change places */
    for (uint32_t i = 0; i < count; i++)
        ordered = ordered && pass_swap_partner(s->table->config, &pass, i) == count;
    TRY(vec_reserve(&c->keys, s->count, err));
    TRY(vec_reserve(&c->records, s->count, err));
    for (; run.place < s->count; run.place++) {
        uint64_t keys[RECORD_KEYS_MAX];
        uint32_t record = s->records[run.place];
        keys[0] = ordered ? single_key(&run, count) : 0;
        size_t n = keys[0] != 0 ? 1 : record_keys_by(s->table, &pass, record, atom_hashes, &run, keys);
        for (size_t k = 0; k < n; k++) {
            TRY(vec_push(&c->keys, keys[k], err));
            TRY(vec_push(&c->records, record, err));
        }
    }
    TRY(mem_alloc(c->keys.len * sizeof(uint64_t), (void **)&c->key_scratch, err));
    return mem_alloc(c->keys.len * sizeof(uint32_t), (void **)&c->record_scratch, err);
}

/* Of the block that the sample holds these records of, in the whole table; refining keeps a large one to about
 * block_max / 2 pairs a record. */
static double block_cost(const Sample *s, const uint32_t *records, size_t count)
{
    double pairs = (double)comparable_pairs(&s->sources, s->table, records, count) * s->scale * s->scale;
    double most = (double)count * s->scale * s->table->config->block_max / 2;
    return pairs < most ? pairs : most;
}

Status sample_cost(const Sample *s, const uint32_t *atoms, uint32_t count, double *pairs, double *keys, Error *err)
{
    CostKeys c = {.keys = {0}};
    Status st = OK;
    *pairs = 0;
    TRY_OUT(collect_keys(s, atoms, count, &c, err));
    sort_keys(c.keys.at, c.records.at, c.keys.len, c.key_scratch, c.record_scratch);
    *keys = (double)c.keys.len * s->scale;
    for (size_t begin = 0, end; begin < c.keys.len; begin = end) {
        for (end = begin + 1; end < c.keys.len && c.keys.at[end] == c.keys.at[begin];)
            end++;
        if (end - begin > 1)
            *pairs += block_cost(s, c.records.at + begin, end - begin);
    }
out:
    vec_free(&c.keys);
    vec_free(&c.records);
    mem_free(c.key_scratch);
    mem_free(c.record_scratch);
    return st;
}
