/*
 * What an attacker without the key learns: two attacks on real name
 * frequencies, which must succeed against plain tokens and come to next to
 * nothing against hardened ones. The figures printed stand in docs/tokens.md.
 */
#include "token_support.h"

#include <stdio.h>
#include <stdlib.h>

#define PERSONS 60000
#define TOP 20
#define HEAD "schema = \"cairn.tokens/1\"\n"
#define BIRTH "[[field]]\nname = \"birth\"\nkind = \"date\"\nhashes = 8\n"
#define LAST "[[field]]\nname = \"last\"\nhashes = 16\n"
#define SALTED "[[field]]\nname = \"last\"\nhashes = 16\nsalted = true\n"
#define SALT "[hardening]\nsalt = \"birth\"\n"

typedef struct Seen {
    uint64_t hash; /* of the surname's filter */
    uint32_t rank; /* the truth: which surname */
} Seen;

static int by_hash(const void *a, const void *b)
{
    const Seen *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

typedef struct Group {
    uint32_t count;
    uint32_t rank;
    uint64_t hash;
} Group;

static int by_count(const void *a, const void *b)
{
    const Group *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

/* The filters of PERSONS surnames (the first `words` of each token). */
static void encode_all(const Names *names, const char *toml, uint64_t *rows, size_t words, uint32_t *ranks)
{
    Arena arena;
    TokenScheme s;
    TokenEncoder *e;
    TokenKey *key = key_of("unknown to the attacker");
    arena_init(&arena, 0);
    scheme_of(toml, &arena, &s);
    assert_ok(token_encoder_new(&s, key, &e, NULL));
    for (size_t i = 0; i < PERSONS; i++) {
        Person p;
        Rng rng;
        uint64_t bits[64], blocks[1];
        uint32_t missing;
        rng_init(&rng, 3, i);
        person_draw(names, &rng, &p);
        const Slice values[] = {slice_of(p.birth), p.last, p.first};
        assert_ok(token_encode_record(e, values, bits, blocks, &missing, NULL));
        memcpy(rows + i * words, bits + (s.level == TOKEN_FIELD ? token_part_words(&s) : 0), words * sizeof *bits);
        ranks[i] = p.last_rank;
    }
    token_encoder_free(e);
    token_key_free(key);
    arena_free(&arena);
}

/*
 * Frequency alignment: the commonest filter is taken for the commonest name, the
 * next for the next, and so on. `split`: into how many filters the attacker
 * believes each name to be split (by year of birth). Returns the share of the
 * first TOP * split filters that are named rightly, in thousandths.
 */
static unsigned align(const uint64_t *rows, size_t words, const uint32_t *ranks, size_t split)
{
    Seen *seen = calloc(PERSONS, sizeof *seen);
    Group *groups = calloc(PERSONS, sizeof *groups);
    static const uint64_t key[2] = {1, 2};
    size_t n = 0, right = 0;
    for (size_t i = 0; i < PERSONS; i++)
        seen[i] = (Seen){siphash13(key, rows + i * words, words * 8), ranks[i]};
    qsort(seen, PERSONS, sizeof *seen, by_hash);
    for (size_t i = 0; i < PERSONS; i++) {
        if (i == 0 || seen[i].hash != seen[i - 1].hash)
            groups[n++] = (Group){0, seen[i].rank, seen[i].hash};
        groups[n - 1].count++;
    }
    qsort(groups, n, sizeof *groups, by_count);
    size_t tried = TOP * split < n ? TOP * split : n;
    for (size_t i = 0; i < tried; i++)
        right += groups[i].rank == i / split;
    free(seen);
    free(groups);
    return (unsigned)(right * 1000 / tried);
}

static void frequency_alignment(void **state)
{
    UNUSED(state);
    static const struct {
        const char *name, *toml;
        unsigned low, high; /* thousandths */
    } cases[] = {
        {"by field, plain", HEAD "level = \"field\"\n" BIRTH LAST, 400, 1000},
        {"by field, salted", HEAD "level = \"field\"\n" BIRTH SALTED SALT, 0, 100},
        {"by field, 2 % noise", HEAD "level = \"field\"\n" BIRTH LAST "[hardening]\nnoise_ppm = 20000\n", 0, 100},
        {"by field, salted, 2 % noise", HEAD "level = \"field\"\n" BIRTH SALTED SALT "noise_ppm = 20000\n", 0, 100},
        {"record, plain", HEAD BIRTH LAST, 0, 100},
    };
    uint64_t *rows = calloc(PERSONS, 16 * sizeof *rows);
    uint32_t *ranks = calloc(PERSONS, sizeof *ranks);
    Names names;
    names_read(&names);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        encode_all(&names, cases[i].toml, rows, 16, ranks);
        unsigned found = align(rows, 16, ranks, 1), split = align(rows, 16, ranks, 60);
        print_message("%-28s the %d commonest filters: %u.%u %% right; supposing 60 a name: %u.%u %%\n", cases[i].name,
            TOP, found / 10, found % 10, split / 10, split % 10);
        assert_in_range(found, cases[i].low, cases[i].high);
    }
    names_free(&names);
    free(rows);
    free(ranks);
}

/*
 * Pieces by their company: the bits that a common piece sets come together in
 * all records, and so betray it (Christen, Ranbaduge, Vatsalan and Schnell 2018
 * begin so). Counts pairs of bits whose correlation over the records is above a
 * tenth: what the attacker has to go on.
 */
static size_t pairs_in_company(const uint64_t *rows, size_t words)
{
    size_t bits = words * 64, column_words = PERSONS / 64, pairs = 0;
    uint64_t *columns = calloc(bits * column_words, sizeof *columns);
    uint32_t *ones = calloc(bits, sizeof *ones);
    for (size_t i = 0; i < column_words * 64; i++)
        for (size_t b = 0; b < bits; b++)
            if (rows[i * words + b / 64] >> b % 64 & 1)
                columns[b * column_words + i / 64] |= UINT64_C(1) << i % 64;
    for (size_t b = 0; b < bits; b++)
        ones[b] = bits_common(columns + b * column_words, columns + b * column_words, column_words);
    double n = (double)(column_words * 64);
    for (size_t a = 0; a < bits; a++)
        for (size_t b = a + 1; b < bits; b++) {
            double both = bits_common(columns + a * column_words, columns + b * column_words, column_words);
            double pa = ones[a] / n, pb = ones[b] / n, cov = both / n - pa * pb;
            double var = pa * (1 - pa) * pb * (1 - pb);
            pairs += cov > 0 && cov * cov > 0.01 * var;
        }
    free(columns);
    free(ones);
    return pairs;
}

/* 512 bits are enough for names alone, and spare time. The birth date is there to salt with: a piece of it sets one
 * bit, which has no company of its own. */
static void pieces_in_company(void **state)
{
    UNUSED(state);
#define BORN "[[field]]\nname = \"birth\"\nkind = \"date\"\nhashes = 1\n"
#define NAMES(extra) \
    "[[field]]\nname = \"last\"\nhashes = 8\n" extra "[[field]]\nname = \"first\"\nhashes = 8\n" extra
    static const struct {
        const char *name, *toml;
        size_t low, high;
    } cases[] = {
        {"record, plain", HEAD "bits = 512\n" BORN NAMES(""), 2000, 131000},
        {"record, salted", HEAD "bits = 512\n" BORN NAMES("salted = true\n") SALT, 0, 700},
        {"record, two steps", HEAD "bits = 512\n" BORN NAMES("") "[hardening]\ntwo_step = true\n", 0, 131000},
    };
    uint64_t *rows = calloc(PERSONS, 8 * sizeof *rows);
    uint32_t *ranks = calloc(PERSONS, sizeof *ranks);
    Names names;
    names_read(&names);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        encode_all(&names, cases[i].toml, rows, 8, ranks);
        size_t pairs = pairs_in_company(rows, 8);
        print_message("%-28s pairs of bits that come together: %zu of 130816\n", cases[i].name, pairs);
        assert_in_range(pairs, cases[i].low, cases[i].high);
    }
    names_free(&names);
    free(rows);
    free(ranks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frequency_alignment),
        cmocka_unit_test(pieces_in_company),
    };
    return cmocka_run_group_tests_name("token/attack", tests, NULL, NULL);
}
