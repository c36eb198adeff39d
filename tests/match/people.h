/*
 * A small town for tests of the model: people with known truth, duplicates with errors, households. The same seed
 * gives the same town.
 */
#ifndef CAIRN_TESTS_MATCH_PEOPLE_H
#define CAIRN_TESTS_MATCH_PEOPLE_H

#include "../base/harness.h"
#include "match/match_impl.h"

enum { PEOPLE_FIRST, PEOPLE_LAST, PEOPLE_BIRTH, PEOPLE_STREET, PEOPLE_CITY, PEOPLE_ZIP, PEOPLE_SEX, PEOPLE_FIELDS };

static const Slice people_columns[PEOPLE_FIELDS] = {SLICE_INIT("first"), SLICE_INIT("last"), SLICE_INIT("birth"),
    SLICE_INIT("street"), SLICE_INIT("city"), SLICE_INIT("zip"), SLICE_INIT("sex")};

static inline void people_config(MatchConfig *c, uint32_t sources)
{
    static const FieldKind kinds[PEOPLE_FIELDS] = {
        FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_DATE, FIELD_ADDRESS, FIELD_CITY, FIELD_POSTAL_CODE, FIELD_SEX};
    static const Slice names[3] = {SLICE_INIT("one"), SLICE_INIT("two"), SLICE_INIT("three")};
    match_config_init(c);
    c->column_count = c->field_count = PEOPLE_FIELDS;
    for (uint32_t f = 0; f < PEOPLE_FIELDS; f++) {
        c->columns[f] = people_columns[f];
        c->fields[f] = (FieldSpec){.name = people_columns[f],
            .kind = kinds[f],
            .columns = {f},
            .column_count = 1,
            .swap_with = MATCH_NONE,
            .term_frequency = f <= PEOPLE_LAST,
            .shared = f == PEOPLE_LAST || f == PEOPLE_STREET || f == PEOPLE_CITY || f == PEOPLE_ZIP};
    }
    c->fields[PEOPLE_FIRST].swap_with = PEOPLE_LAST;
    c->source_count = sources;
    for (uint32_t s = 0; s < sources; s++)
        c->sources[s] = (SourceSpec){.name = names[s], .dedupe = true};
}

typedef struct Person {
    char text[PEOPLE_FIELDS][40];
} Person;

/* Syllables make any number of names; low numbers are common. */
static inline void people_name(Rng *r, char *out, size_t size)
{
    static const char *const parts[] = {
        "AN", "BER", "CO", "DAL", "EM", "FOR", "GUS", "HAN", "IS", "JOR", "KEL", "LU", "MAR", "NEL", "OS", "PET"};
    uint64_t rank = rng_below(r, 4) ? rng_below(r, 24) : rng_below(r, 4096);
    snprintf(out, size, "%s%s%s", parts[rank & 15], parts[rank >> 4 & 15], rank >> 8 ? parts[rank >> 8 & 15] : "");
}

static inline void people_person(Rng *r, const Person *housemate, Person *out)
{
    people_name(r, out->text[PEOPLE_FIRST], sizeof out->text[0]);
    snprintf(out->text[PEOPLE_BIRTH], sizeof out->text[0], "%d-%02d-%02d", (int)rng_between(r, 1940, 2010),
        (int)rng_between(r, 1, 12), (int)rng_between(r, 1, 28));
    snprintf(out->text[PEOPLE_SEX], sizeof out->text[0], "%s", rng_below(r, 2) ? "F" : "M");
    if (housemate) {
        memcpy(out->text[PEOPLE_LAST], housemate->text[PEOPLE_LAST], sizeof out->text[0]);
        memcpy(out->text[PEOPLE_STREET], housemate->text[PEOPLE_STREET], sizeof out->text[0]);
        memcpy(out->text[PEOPLE_CITY], housemate->text[PEOPLE_CITY], sizeof out->text[0]);
        memcpy(out->text[PEOPLE_ZIP], housemate->text[PEOPLE_ZIP], sizeof out->text[0]);
        return;
    }
    people_name(r, out->text[PEOPLE_LAST], sizeof out->text[0]);
    snprintf(out->text[PEOPLE_STREET], sizeof out->text[0], "%d ELM %c STREET", (int)rng_between(r, 1, 900),
        (char)('A' + (int)rng_below(r, 20)));
    uint32_t town = (uint32_t)rng_below(r, 36); /* neighbours agree on both */
    snprintf(out->text[PEOPLE_CITY], sizeof out->text[0], "TOWN%c%c", (char)('A' + (int)(town / 6)),
        (char)('A' + (int)(town % 6)));
    snprintf(out->text[PEOPLE_ZIP], sizeof out->text[0], "8%02u%02u", town * 2, (unsigned)rng_below(r, 2));
}

/* One typing error, a missing value or another value. */
static inline void people_error(Rng *r, Person *p)
{
    uint32_t f = (uint32_t)rng_below(r, PEOPLE_FIELDS);
    char *text = p->text[f];
    size_t len = strlen(text);
    Person other;
    switch (rng_below(r, 4)) {
    case 0:
        text[0] = '\0';
        break;
    case 1:
        people_person(r, NULL, &other);
        memcpy(text, other.text[f], sizeof other.text[f]);
        break;
    default:
        if (f <= PEOPLE_LAST && len > 2)
            text[1 + rng_below(r, len - 1)] = (char)('A' + (int)rng_below(r, 26));
        else if (f == PEOPLE_BIRTH && len == 10)
            text[9] = (char)('0' + (int)rng_below(r, 9));
        break;
    }
}

static inline void people_add(MatchTable *t, uint32_t source, uint32_t person, uint32_t *serial, const Person *p)
{
    char id[40];
    Slice values[PEOPLE_FIELDS];
    snprintf(id, sizeof id, "%u/%u", person, (*serial)++);
    for (uint32_t f = 0; f < PEOPLE_FIELDS; f++)
        values[f] = slice_of(p->text[f]);
    assert_ok(match_table_add(t, source, slice_of(id), values, NULL));
}

/* `people` persons, each third with a housemate before; source 0 holds all of them, half come a second time, in the
 * last source. */
static inline MatchTable *people_table(const MatchConfig *c, uint32_t people, uint64_t seed)
{
    MatchTable *t = NULL;
    Rng r;
    Person last = {0};
    uint32_t serial = 0;
    rng_init(&r, seed, 0);
    assert_ok(match_table_new(c, &t, NULL));
    for (uint32_t i = 0; i < people; i++) {
        Person p, again;
        people_person(&r, i % 3 == 2 ? &last : NULL, &p);
        last = again = p;
        people_add(t, 0, i, &serial, &p);
        if (rng_below(&r, 2) == 0)
            continue;
        if (rng_below(&r, 2))
            people_error(&r, &again);
        people_add(t, c->source_count - 1, i, &serial, &again);
    }
    assert_ok(match_table_seal(t, 1, NULL));
    return t;
}

static inline bool people_same(const MatchTable *t, uint32_t a, uint32_t b)
{
    Slice left = match_record_id(t, a), right = match_record_id(t, b);
    return slice_eq(slice_cut(&left, '/'), slice_cut(&right, '/'));
}

static inline MatchModel *people_train(const MatchTable *t, unsigned threads)
{
    MatchModel *m = NULL;
    TrainReport report;
    Error err = ERROR_INIT;
    TrainOptions options = {.threads = threads, .progress = PROGRESS_OFF};
    Status st = match_train(t, &options, &m, &report, &err);
    if (st != OK)
        fail_msg("%s", err.message);
    return m;
}

#endif
