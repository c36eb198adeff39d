/*
 * The rest of a linked household as evidence (after hlink's hierarchical linking,
 * and Fu, Christen and Zhou 2014).
 *
 * Two families that share a certain link are likely the same family, so a weaker
 * link between two of their other members is likelier than it would be between
 * strangers: a sister who married, a child whose name was mistyped. And where
 * both families are seen and nobody else in them matches, it is less likely.
 *
 *   household   records of one source that agree on every shared field they have (surname, address, phone, postal code;
 *               two such fields at least), 2 to HOUSEHOLD_MAX of them
 *   certain     a pair from CERTAIN_FROM on
 *   uncertain   a pair below it whose two records have no certain partner in the other's household: brothers are not
 *               made one because each has the other's sister's family
 *
 * How much it is worth is learned from the data at hand:
 *
 *   weight(linked) = log2 P(rest linked | certain match) / P(rest linked | unlikely pair)
 *
 * with the counts smoothed by a prior, and weight(not linked) likewise from the complements; both are bounded, so that
 * a household never decides alone. A certain pair counts the rest of its own household, without itself.
 *
 * The odds of pairs stay as match_score states and match_explain explains them; this evidence joins when clusters are
 * made, where the rest of the household is known.
 */
#include <stdlib.h>

#include "match/cluster_impl.h"
#include "match/sort_keys.h"

#define HOUSEHOLD_MAX 8
#define CERTAIN_FROM (8 * WEIGHT_BIT)
#define UNLIKELY_BELOW (-4 * WEIGHT_BIT)
#define LINKED_MAX (5 * WEIGHT_BIT)
#define UNLINKED_MIN (-1 * WEIGHT_BIT)
/* The prior in pairs, and the share of them whose rest is linked. */
#define PRIOR_PAIRS 20
#define PRIOR_MATCH 0.2
#define PRIOR_OTHER 0.05

/* A certain link between two households, seen from both sides. */
typedef struct HouseLink {
    uint32_t from, to; /* households */
    uint32_t a, b;     /* records of these */
} HouseLink;
typedef VEC(HouseLink) HouseLinks;

struct Households {
    const MatchTable *t;
    uint32_t *house; /* of each record; 0: none */
    uint32_t houses; /* numbers in use: 1 .. houses */
    HouseLinks links;
    size_t *start; /* [houses + 2] into links, by from */
    Weight linked, unlinked;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

/* What tells a household; a number that relatives lend each other is a person's all the same. */
static bool tells_home(const FieldSpec *field)
{
    return field->shared && field->kind != FIELD_SSN && field->kind != FIELD_IDENTIFIER;
}

/* 0: the record tells no household. */
static uint64_t household_key(const MatchTable *t, uint32_t record)
{
    const MatchConfig *config = t->config;
    const uint32_t *cells = record_cells(t, record);
    uint64_t key = mix(1, t->source[record]);
    uint32_t known = 0;
    for (uint32_t f = 0; f < config->field_count; f++) {
        const FieldSpec *field = &config->fields[f];
        if (!tells_home(field))
            continue;
        uint32_t value = cells[field->columns[0]];
        known += value != 0;
        key = mix(key, value);
    }
    if (known < 2)
        return 0;
    return key ? key : 1;
}

static bool names_households(const MatchConfig *config)
{
    uint32_t shared = 0;
    for (uint32_t f = 0; f < config->field_count; f++)
        shared += tells_home(&config->fields[f]);
    return shared >= 2;
}

/* Records with a key, by it; equal ones by number. */
typedef struct HouseKeys {
    uint64_t *keys, *key_scratch;
    uint32_t *records, *record_scratch;
    size_t count;
} HouseKeys;

static Status house_keys_init(HouseKeys *k, const MatchTable *t, Error *err)
{
    size_t n = t->records;
    TRY(mem_alloc(n * sizeof *k->keys, (void **)&k->keys, err));
    TRY(mem_alloc(n * sizeof *k->key_scratch, (void **)&k->key_scratch, err));
    TRY(mem_alloc(n * sizeof *k->records, (void **)&k->records, err));
    TRY(mem_alloc(n * sizeof *k->record_scratch, (void **)&k->record_scratch, err));
    for (uint32_t r = 0; r < n; r++) {
        uint64_t key = household_key(t, r);
        k->keys[k->count] = key;
        k->records[k->count] = r;
        k->count += key != 0;
    }
    if (k->count > 0)
        sort_keys(k->keys, k->records, k->count, k->key_scratch, k->record_scratch);
    return OK;
}

static void house_keys_free(HouseKeys *k)
{
    mem_free(k->keys);
    mem_free(k->key_scratch);
    mem_free(k->records);
    mem_free(k->record_scratch);
}

static Status number_households(Households *h, Error *err)
{
    HouseKeys k = {0};
    TRY(mem_zalloc(h->t->records, sizeof *h->house, (void **)&h->house, err));
    Status st = house_keys_init(&k, h->t, err);
    uint32_t number = 0;
    for (size_t i = 0, j; st == OK && i < k.count; i = j) {
        for (j = i + 1; j < k.count && k.keys[j] == k.keys[i];)
            j++;
        if (j - i < 2 || j - i > HOUSEHOLD_MAX)
            continue;
        number++;
        for (size_t m = i; m < j; m++)
            h->house[k.records[m]] = number;
    }
    h->houses = number;
    house_keys_free(&k);
    return st;
}

static int by_houses(const void *x, const void *y)
{
    const HouseLink *a = x, *b = y;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

#define PAIRS_AHEAD 16

/* Asks for the household of a pair's second record ahead of use: the first ones are in order. */
static void fetch_house(const Households *h, const MatchPairs *pairs, size_t i)
{
    if (i + PAIRS_AHEAD < pairs->len)
        __builtin_prefetch(&h->house[pairs->at[i + PAIRS_AHEAD].b]);
}

static bool between_houses(const Households *h, uint32_t a, uint32_t b)
{
    uint32_t x = h->house[a], y = h->house[b];
    return x != 0 && y != 0 && x != y;
}

/* To stretches of one household by counting; these are short. */
static Status sort_links(Households *h, Error *err)
{
    HouseLinks sorted = {0};
    TRY(mem_zalloc((size_t)h->houses + 2, sizeof *h->start, (void **)&h->start, err));
    TRY(vec_reserve(&sorted, h->links.len, err));
    /* counted one place on, so that filling leaves each start where it belongs */
    for (size_t i = 0; i < h->links.len; i++)
        h->start[h->links.at[i].from + 1]++;
    for (uint32_t house = 1; house <= h->houses; house++)
        h->start[house + 1] += h->start[house];
    for (size_t i = 0; i < h->links.len; i++)
        sorted.at[h->start[h->links.at[i].from]++] = h->links.at[i];
    sorted.len = h->links.len;
    for (uint32_t house = h->houses + 1; house > 0; house--) /* each start has moved on to the next one's */
        h->start[house] = h->start[house - 1];
    vec_free(&h->links);
    h->links = sorted;
    for (uint32_t house = 1; house <= h->houses; house++)
        if (h->start[house + 1] - h->start[house] > 1)
            qsort(h->links.at + h->start[house], h->start[house + 1] - h->start[house], sizeof *h->links.at, by_houses);
    return OK;
}

static Status collect_links(Households *h, const MatchPairs *pairs, Error *err)
{
    for (size_t i = 0; i < pairs->len; i++) {
        const MatchPair *p = &pairs->at[i];
        fetch_house(h, pairs, i);
        if (p->odds < CERTAIN_FROM || !between_houses(h, p->a, p->b))
            continue;
        uint32_t x = h->house[p->a], y = h->house[p->b];
        TRY(vec_push(&h->links, ((HouseLink){x, y, p->a, p->b}), err));
        TRY(vec_push(&h->links, ((HouseLink){y, x, p->b, p->a}), err));
    }
    return sort_links(h, err);
}

typedef enum Rest {
    REST_LINKED,   /* other members of the two households are surely linked */
    REST_UNLINKED, /* none are */
    REST_TAKEN     /* one of the two has a certain partner there already: says nothing of this pair */
} Rest;

/* Of a certain pair its own link is left out. */
static Rest rest_of(const Households *h, uint32_t a, uint32_t b)
{
    HouseLink from = {h->house[a], h->house[b], 0, 0};
    size_t low = h->start[from.from], end = h->start[from.from + 1], high = end;
    bool linked = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (by_houses(&h->links.at[mid], &from) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (size_t i = low; i < end; i++) {
        const HouseLink *l = &h->links.at[i];
        if (l->to != from.to)
            break;
        if (l->a == a && l->b == b)
            continue;
        if (l->a == a || l->b == b)
            return REST_TAKEN;
        linked = true;
    }
    return linked ? REST_LINKED : REST_UNLINKED;
}

/* From the certain pairs (0) and the unlikely ones (1): how many have a linked rest, of all. */
static void learn_weights(Households *h, const MatchPairs *pairs)
{
    double linked[2] = {PRIOR_PAIRS * PRIOR_MATCH, PRIOR_PAIRS * PRIOR_OTHER}, all[2] = {PRIOR_PAIRS, PRIOR_PAIRS};
    for (size_t i = 0; i < pairs->len; i++) {
        const MatchPair *p = &pairs->at[i];
        fetch_house(h, pairs, i);
        bool certain = p->odds >= CERTAIN_FROM;
        if ((!certain && p->odds >= UNLIKELY_BELOW) || !between_houses(h, p->a, p->b))
            continue;
        Rest rest = rest_of(h, p->a, p->b);
        if (rest == REST_TAKEN)
            continue;
        linked[!certain] += rest == REST_LINKED;
        all[!certain]++;
    }
    double match = linked[0] / all[0], other = linked[1] / all[1];
    Weight up = weight_log2(match / other), down = weight_log2((1 - match) / (1 - other));
    h->linked = up < 0 ? 0 : up > LINKED_MAX ? LINKED_MAX : up;
    h->unlinked = down > 0 ? 0 : down < UNLINKED_MIN ? UNLINKED_MIN : down;
}

Status households_new(const MatchTable *t, const MatchPairs *pairs, Households **out, Error *err)
{
    Households *h = NULL;
    *out = NULL;
    if (!names_households(t->config))
        return OK;
    TRY(mem_zalloc(1, sizeof *h, (void **)&h, err));
    h->t = t;
    Status st = number_households(h, err);
    if (st == OK)
        st = collect_links(h, pairs, err);
    if (st != OK || h->links.len == 0) {
        households_free(h);
        return st;
    }
    learn_weights(h, pairs);
    *out = h;
    return OK;
}

void households_free(Households *h)
{
    if (!h)
        return;
    mem_free(h->house);
    vec_free(&h->links);
    mem_free(h->start);
    mem_free(h);
}

Weight households_lift(const Households *h, uint32_t a, uint32_t b)
{
    if (!h || !between_houses(h, a, b))
        return 0;
    Rest rest = rest_of(h, a, b);
    return rest == REST_LINKED ? h->linked : rest == REST_UNLINKED ? h->unlinked : 0;
}
