/*
 * Small tables of made-up people for the tests of blocking: few names, few
 * dates, much missing, so that blocks of every size come up.
 */
#ifndef CAIRN_TESTS_MATCH_SMALL_TABLE_H
#define CAIRN_TESTS_MATCH_SMALL_TABLE_H

#include "../base/harness.h"

#include "match/blocks.h"

enum { P_FIRST, P_LAST, P_FORMER, P_BIRTH, P_ZIP, P_NUMBER, P_COLUMNS };
enum { F_FIRST, F_LAST, F_BIRTH, F_ZIP, F_NUMBER, F_COUNT };

static const char *const NICKNAMES = "nickname,formal\nBETH,ELIZABETH\nLIZ,ELIZABETH\nPEGGY,MARGARET\n";

static inline void people_config(MatchConfig *c, uint32_t sources)
{
    static const char *const columns[P_COLUMNS] = {"first", "last", "former", "birth", "zip", "number"};
    match_config_init(c);
    for (uint32_t i = 0; i < P_COLUMNS; i++)
        c->columns[i] = slice_of(columns[i]);
    c->column_count = P_COLUMNS;
    c->field_count = F_COUNT;
    c->fields[F_FIRST] = (FieldSpec){
        .name = SLICE("first"), .kind = FIELD_FIRST_NAME, .columns = {P_FIRST}, .column_count = 1, .swap_with = F_LAST};
    c->fields[F_LAST] = (FieldSpec){.name = SLICE("last"),
        .kind = FIELD_LAST_NAME,
        .columns = {P_LAST, P_FORMER},
        .column_count = 2,
        .swap_with = MATCH_NONE};
    c->fields[F_BIRTH] = (FieldSpec){
        .name = SLICE("birth"), .kind = FIELD_DATE, .columns = {P_BIRTH}, .column_count = 1, .swap_with = MATCH_NONE};
    c->fields[F_ZIP] = (FieldSpec){.name = SLICE("zip"),
        .kind = FIELD_POSTAL_CODE,
        .columns = {P_ZIP},
        .column_count = 1,
        .swap_with = MATCH_NONE};
    c->fields[F_NUMBER] = (FieldSpec){.name = SLICE("number"),
        .kind = FIELD_IDENTIFIER,
        .columns = {P_NUMBER},
        .column_count = 1,
        .swap_with = MATCH_NONE};
    c->source_count = sources;
    static const char *const names[] = {"school", "college", "wage"};
    for (uint32_t i = 0; i < sources; i++)
        c->sources[i] = (SourceSpec){.name = slice_of(names[i]), .dedupe = true};
    c->nickname_csv = NICKNAMES;
}

/* One record's raw values, in the columns' order. */
typedef struct Person {
    char text[P_COLUMNS][32];
    uint32_t source;
    uint32_t id;
} Person;

static inline void person_draw(Person *p, Rng *r, uint32_t sources, uint32_t id)
{
    static const char *const first[] = {"ANNA", "BETH", "ELIZABETH", "LIZ", "CARL", "KARL", "DORA", "EMIL", "SMITH"};
    static const char *const last[] = {"SMITH", "SMYTH", "GARCIA LOPEZ", "LOPEZ", "MEYER", "MAIER", "KARL", "O'NEIL"};
    *p = (Person){.source = (uint32_t)rng_below(r, sources), .id = id};
    if (!rng_ppm(r, 150000))
        snprintf(p->text[P_FIRST], sizeof p->text[0], "%s", first[rng_below(r, COUNT_OF(first))]);
    if (!rng_ppm(r, 150000))
        snprintf(p->text[P_LAST], sizeof p->text[0], "%s", last[rng_below(r, COUNT_OF(last))]);
    if (rng_ppm(r, 100000))
        snprintf(p->text[P_FORMER], sizeof p->text[0], "%s", last[rng_below(r, COUNT_OF(last))]);
    if (!rng_ppm(r, 200000))
        snprintf(p->text[P_BIRTH], sizeof p->text[0], "19%02u-%02u-%02u", 80 + (unsigned)rng_below(r, 5),
            1 + (unsigned)rng_below(r, 4), 1 + (unsigned)rng_below(r, 4));
    if (!rng_ppm(r, 200000))
        snprintf(p->text[P_ZIP], sizeof p->text[0], "802%02u", (unsigned)rng_below(r, 6));
    if (!rng_ppm(r, 400000))
        snprintf(p->text[P_NUMBER], sizeof p->text[0], "%05u", 41000 + (unsigned)rng_below(r, 300));
}

/* config must outlive the table. */
static inline MatchTable *people_table(const MatchConfig *config, const Person *people, uint32_t count)
{
    MatchTable *t = NULL;
    Error err = ERROR_INIT;
    Status made = match_table_new(config, &t, &err);
    if (made != OK)
        print_message("%s\n", err.message);
    assert_ok(made);
    for (uint32_t i = 0; i < count; i++) {
        char id[16];
        Slice values[P_COLUMNS];
        snprintf(id, sizeof id, "%u", people[i].id);
        for (uint32_t k = 0; k < P_COLUMNS; k++)
            values[k] = slice_of(people[i].text[k]);
        assert_ok(match_table_add(t, people[i].source, slice_of(id), values, &err));
    }
    Status st = match_table_seal(t, 1, &err);
    if (st != OK)
        print_message("%s\n", err.message);
    assert_ok(st);
    return t;
}

#endif
