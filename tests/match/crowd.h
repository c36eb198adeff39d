/*
 * A crowd with known truth for the tests of clusters, index and quality: households with twins among them, three
 * sources (school and college hold nobody twice, work has duplicates), some errors. Seeded.
 */
#ifndef CAIRN_TESTS_MATCH_CROWD_H
#define CAIRN_TESTS_MATCH_CROWD_H

#include "../base/harness.h"

#include "match/match_impl.h"

enum { C_FIRST, C_LAST, C_BIRTH, C_STREET, C_ZIP, C_NUMBER, C_COLUMNS };
enum { SCHOOL, COLLEGE, WORK };

typedef struct CrowdRow {
    char text[C_COLUMNS][32];
    uint32_t source, person;
    char id[16];
} CrowdRow;

typedef struct Crowd {
    VEC(CrowdRow) rows;
    uint32_t persons;
    uint32_t twins[400][2]; /* pairs of persons */
    size_t twin_count;
    MatchConfig config;
} Crowd;

static inline void crowd_config(MatchConfig *c)
{
    static const struct {
        const char *name;
        FieldKind kind;
        bool frequency, shared;
    } fields[C_COLUMNS] = {{"first", FIELD_FIRST_NAME, true, false}, {"last", FIELD_LAST_NAME, true, true},
        {"birth", FIELD_DATE, false, false}, {"street", FIELD_ADDRESS, true, true},
        {"zip", FIELD_POSTAL_CODE, true, true}, {"number", FIELD_IDENTIFIER, false, false}};
    match_config_init(c);
    c->column_count = c->field_count = C_COLUMNS;
    for (uint32_t i = 0; i < C_COLUMNS; i++) {
        c->columns[i] = slice_of(fields[i].name);
        c->fields[i] = (FieldSpec){.name = c->columns[i],
            .kind = fields[i].kind,
            .columns = {i},
            .column_count = 1,
            .swap_with = MATCH_NONE,
            .term_frequency = fields[i].frequency,
            .shared = fields[i].shared};
    }
    c->source_count = 3;
    c->sources[SCHOOL] = (SourceSpec){.name = SLICE("school"), .unique = true};
    c->sources[COLLEGE] = (SourceSpec){.name = SLICE("college"), .unique = true};
    c->sources[WORK] = (SourceSpec){.name = SLICE("work"), .dedupe = true};
    c->rules[0] = (RuleSpec){RULE_MUST_NOT, SLICE("two numbers"), SLICE("number = differs")};
    c->rule_count = 1;
}

/* Three syllables: a few thousand surnames. */
static inline void crowd_surname(Rng *r, char out[32])
{
    static const char *const part[] = {
        "BA", "DEN", "FOR", "GAR", "HOL", "KIN", "LO", "MAR", "NEL", "PET", "RO", "SAN", "TOR", "VAL", "WES", "ZIM"};
    snprintf(out, 32, "%s%s%s", part[rng_below(r, 16)], part[rng_below(r, 16)], part[rng_below(r, 16)]);
}

static inline void crowd_typo(Rng *r, char *s)
{
    size_t n = strlen(s);
    if (n > 3)
        s[1 + rng_below(r, n - 2)] = (char)('A' + rng_below(r, 26));
}

static inline void crowd_record(Crowd *crowd, Rng *r, const CrowdRow *truth, uint32_t source, uint32_t copy)
{
    Error err = ERROR_INIT;
    CrowdRow row = *truth;
    row.source = source;
    snprintf(row.id, sizeof row.id, "%u-%u", truth->person, copy);
    if (rng_below(r, 20) == 0)
        crowd_typo(r, row.text[C_LAST]);
    if (rng_below(r, 20) == 0)
        crowd_typo(r, row.text[C_FIRST]);
    if (source == WORK) { /* no date; an initial sometimes */
        row.text[C_BIRTH][0] = '\0';
        if (rng_below(r, 4) == 0)
            row.text[C_FIRST][1] = '\0';
    }
    if (source == SCHOOL || rng_below(r, 3) == 0)
        row.text[C_NUMBER][0] = '\0';
    if (rng_below(r, 10) == 0)
        row.text[C_STREET][0] = '\0';
    assert_int_equal(vec_push(&crowd->rows, row, &err), OK);
}

static inline void crowd_person(Crowd *crowd, Rng *r, CrowdRow *truth)
{
    static const char *const first[] = {"ANNA", "BRUNO", "CLARA", "DAVID", "ELENA", "FELIX", "GRETA", "HUGO", "IRMA",
        "JONAS", "KLARA", "LEON", "MARTA", "NILS", "OLGA", "PAUL", "QUINN", "ROSA", "STEFAN", "THEA", "ULRICH", "VERA",
        "WALTER", "XENIA", "YVES", "ZOE"};
    truth->person = crowd->persons++;
    snprintf(truth->text[C_FIRST], 32, "%s", first[rng_below(r, COUNT_OF(first))]);
    snprintf(truth->text[C_NUMBER], 32, "%07u", 1000000 + (truth->person * 7919) % 8999999);
    crowd_record(crowd, r, truth, SCHOOL, 0);
    crowd_record(crowd, r, truth, COLLEGE, 1);
    uint32_t jobs = (uint32_t)rng_below(r, 4);
    for (uint32_t i = 0; i < jobs; i++)
        crowd_record(crowd, r, truth, WORK, 2 + i);
}

static inline void crowd_new(Crowd *crowd, uint32_t households, uint64_t seed)
{
    Rng r;
    memset(crowd, 0, sizeof *crowd);
    rng_init(&r, seed, 0);
    crowd_config(&crowd->config);
    for (uint32_t h = 0; h < households; h++) {
        CrowdRow truth = {0};
        crowd_surname(&r, truth.text[C_LAST]);
        snprintf(truth.text[C_STREET], 32, "%u MAIN ST", 100 + h);
        snprintf(truth.text[C_ZIP], 32, "80%03u", (unsigned)rng_below(&r, 40));
        uint32_t members = 1 + (uint32_t)rng_below(&r, 3);
        bool twins = members > 1 && rng_below(&r, 5) == 0;
        for (uint32_t i = 0; i < members; i++) {
            if (!twins || i != 1)
                snprintf(truth.text[C_BIRTH], 32, "%04u-%02u-%02u", 1990 + (unsigned)rng_below(&r, 20),
                    1 + (unsigned)rng_below(&r, 12), 1 + (unsigned)rng_below(&r, 28));
            char before[32];
            memcpy(before, truth.text[C_FIRST], sizeof before);
            crowd_person(crowd, &r, &truth);
            if (twins && i == 1 && strcmp(before, truth.text[C_FIRST]) != 0 && crowd->twin_count < 400) {
                crowd->twins[crowd->twin_count][0] = truth.person - 1;
                crowd->twins[crowd->twin_count++][1] = truth.person;
            }
        }
    }
}

static inline void crowd_values(const CrowdRow *row, Slice values[C_COLUMNS])
{
    for (uint32_t c = 0; c < C_COLUMNS; c++)
        values[c] = slice_of(row->text[c]);
}

/* Rows of the crowd from `from` on, backwards if step is -1. */
static inline MatchTable *crowd_table(const Crowd *crowd, size_t count, int step)
{
    Error err = ERROR_INIT;
    MatchTable *t = NULL;
    assert_int_equal(match_table_new(&crowd->config, &t, &err), OK);
    for (size_t i = 0; i < count; i++) {
        const CrowdRow *row = &crowd->rows.at[step > 0 ? i : count - 1 - i];
        Slice values[C_COLUMNS];
        crowd_values(row, values);
        assert_int_equal(match_table_add(t, row->source, slice_of(row->id), values, &err), OK);
    }
    assert_int_equal(match_table_seal(t, 1, &err), OK);
    return t;
}

/* A crowd linked: table, model, pairs, clusters, and who each record truly is. */
typedef struct Linked {
    MatchTable *t;
    MatchModel *m;
    MatchPairs pairs;
    PairsReport report;
    MatchClusters clusters;
    ClusterReport clustered;
    uint32_t *person;
} Linked;

static inline void crowd_link(const Crowd *crowd, size_t count, int step, Linked *out)
{
    Error err = ERROR_INIT;
    TrainReport trained;
    TrainOptions train = {.threads = 1, .progress = PROGRESS_OFF};
    RunOptions run = {.threads = 1, .progress = PROGRESS_OFF};
    memset(out, 0, sizeof *out);
    out->t = crowd_table(crowd, count, step);
    assert_int_equal(match_train(out->t, &train, &out->m, &trained, &err), OK);
    assert_int_equal(match_pairs(out->t, out->m, &run, &out->pairs, &out->report, &err), OK);
    assert_int_equal(
        match_clusters(out->t, out->m, &out->pairs, NULL, 0, &run, &out->clusters, &out->clustered, &err), OK);
    assert_int_equal(mem_alloc((count + 1) * sizeof *out->person, (void **)&out->person, &err), OK);
    for (uint32_t r = 0; r < match_record_count(out->t); r++) {
        size_t added = match_record_added(out->t, r);
        out->person[r] = crowd->rows.at[step > 0 ? added : count - 1 - added].person;
    }
}

static inline void linked_free(Linked *l)
{
    match_clusters_free(&l->clusters);
    vec_free(&l->pairs);
    match_model_free(l->m);
    match_table_free(l->t);
    mem_free(l->person);
    memset(l, 0, sizeof *l);
}

#endif
