/*
 * How many twins a file shows by itself. Two records of one source with one surname, birth date and home and unlike
 * first names are twins, or one person whose first name was replaced. The second leaves as many or more records behind
 * whose first names are alike, since most names are kept; so a source in which unlike ones are several times the alike
 * holds twins, and the excess counts them. EM cannot tell the two apart by itself (em_classes.c bounds it), and in a
 * file with few families and many twins it took twins for matches.
 */
#include "match/match_impl.h"
#include "match/sort_keys.h"

#define GROUP_MAX 8       /* records of one birth and home; more are a dormitory or a default */
#define UNLIKE_TO_ALIKE 4 /* times as many */
#define EXCESS_LEAST 8    /* pairs: fewer are chance */

typedef struct Births {
    const MatchTable *t;
    uint64_t *keys, *key_scratch;
    uint32_t *records, *record_scratch;
    size_t count;
    double *alike, *unlike; /* of each source, pairs */
} Births;

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* Present value of the field, 0: missing or no field. */
static uint32_t present(const MatchTable *t, uint32_t record, uint32_t field)
{
    return field == MATCH_NONE ? 0 : record_cells(t, record)[t->config->fields[field].columns[0]];
}

static uint32_t field_of(const MatchConfig *config, FieldKind kind)
{
    for (uint32_t f = 0; f < config->field_count; f++)
        if (config->fields[f].kind == kind)
            return f;
    return MATCH_NONE;
}

/* 0: surname, birth date, first name or home is not known. */
static uint64_t birth_key(const MatchTable *t, uint32_t record, uint32_t first, uint32_t last, uint32_t born)
{
    uint64_t key = mix(1, t->source[record]);
    uint32_t places = 0;
    if (!present(t, record, first) || !present(t, record, last) || !present(t, record, born))
        return 0;
    key = mix(mix(key, present(t, record, last)), present(t, record, born));
    for (uint32_t f = 0; f < t->config->field_count; f++) {
        const FieldSpec *field = &t->config->fields[f];
        if (!field->shared || f == last || field->kind == FIELD_SSN || field->kind == FIELD_IDENTIFIER)
            continue;
        places += present(t, record, f) != 0;
        key = mix(key, present(t, record, f));
    }
    return places == 0 ? 0 : key | 1;
}

static void count_group(Births *b, const uint32_t *records, size_t n, uint32_t first)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t name = present(b->t, records[i], first), source = b->t->source[records[i]];
        double times = record_times(b->t, records[i]);
        b->alike[source] += times * (times - 1) / 2;
        for (size_t k = i + 1; k < n; k++)
            *(present(b->t, records[k], first) == name ? &b->alike[source] : &b->unlike[source]) +=
                times * record_times(b->t, records[k]);
    }
}

static void count_births(Births *b)
{
    const MatchConfig *config = b->t->config;
    uint32_t first = field_of(config, FIELD_FIRST_NAME), last = field_of(config, FIELD_LAST_NAME);
    uint32_t born = field_of(config, FIELD_DATE);
    for (uint32_t r = 0; r < b->t->records; r++) {
        if (!record_leads(b->t, r))
            continue;
        b->keys[b->count] = birth_key(b->t, r, first, last, born);
        b->records[b->count] = r;
        b->count += b->keys[b->count] != 0;
    }
    if (b->count > 0)
        sort_keys(b->keys, b->records, b->count, b->key_scratch, b->record_scratch);
    for (size_t i = 0, j; i < b->count; i = j) {
        for (j = i + 1; j < b->count && b->keys[j] == b->keys[i];)
            j++;
        if (j - i <= GROUP_MAX)
            count_group(b, b->records + i, j - i, first);
    }
}

Status twins_seen(const MatchTable *t, double *out, Error *err)
{
    Births b = {.t = t};
    Arena arena;
    uint32_t sources = t->config->source_count, *size = NULL;
    size_t n = (size_t)t->records + 1;
    *out = 0;
    arena_init(&arena, 0);
    Status st = arena_new(&arena, uint32_t, sources, &size, err);
    TRY_OUT(st);
    TRY_OUT(arena_new(&arena, uint64_t, n, &b.keys, err));
    TRY_OUT(arena_new(&arena, uint64_t, n, &b.key_scratch, err));
    TRY_OUT(arena_new(&arena, uint32_t, n, &b.records, err));
    TRY_OUT(arena_new(&arena, uint32_t, n, &b.record_scratch, err));
    TRY_OUT(arena_new(&arena, double, sources, &b.alike, err));
    TRY_OUT(arena_new(&arena, double, sources, &b.unlike, err));
    count_births(&b);
    for (uint32_t r = 0; r < t->records; r++)
        size[t->source[r]]++;
    for (uint32_t s = 0; s < sources; s++) {
        double excess = b.unlike[s] - b.alike[s];
        if (excess >= EXCESS_LEAST && b.unlike[s] >= UNLIKE_TO_ALIKE * b.alike[s] && excess / size[s] > *out)
            *out = excess / size[s];
    }
out:
    arena_free(&arena);
    return st;
}
