/*
 * Who ought to have been found (unfound.c): workers without names beside workers with names, of whom one knows how many
 * have been to school.
 */
#include "../base/harness.h"

#include <math.h>

#include "match/match_impl.h"

enum { PUPIL, WORKER, STUDENT, SOURCES };
enum { C_YEAR, C_FIRST, C_LAST, COLUMNS };
enum { RECORDS_MAX = 600 };

typedef struct World {
    MatchConfig config;
    MatchTable *table;
    uint32_t count, clusters;
    uint32_t cluster_added[RECORDS_MAX]; /* by number of adding */
    uint32_t cluster[RECORDS_MAX];       /* by record */
} World;

static void world_init(World *w)
{
    static const FieldKind kinds[COLUMNS] = {FIELD_NUMBER, FIELD_FIRST_NAME, FIELD_LAST_NAME};
    static const char *const names[COLUMNS] = {"year", "first", "last"};
    Error err = ERROR_INIT;
    memset(w, 0, sizeof *w);
    match_config_init(&w->config);
    w->config.column_count = w->config.field_count = COLUMNS;
    for (uint32_t i = 0; i < COLUMNS; i++) {
        w->config.columns[i] = slice_of(names[i]);
        w->config.fields[i] = (FieldSpec){
            .name = w->config.columns[i], .kind = kinds[i], .columns = {i}, .column_count = 1, .swap_with = MATCH_NONE};
    }
    w->config.traits[0] = SLICE("school");
    w->config.traits[1] = SLICE("wage");
    w->config.traits[2] = SLICE("college");
    w->config.trait_count = 3;
    w->config.sources[PUPIL] = (SourceSpec){.name = SLICE("school"), .dedupe = true, .trait = 0};
    w->config.sources[WORKER] = (SourceSpec){.name = SLICE("wage"), .dedupe = true, .trait = 1};
    w->config.sources[STUDENT] = (SourceSpec){.name = SLICE("college"), .dedupe = true, .trait = 2};
    w->config.source_count = SOURCES;
    w->config.left_step = 10;
    w->config.left_field = 0;
    assert_ok(match_table_new(&w->config, &w->table, &err));
}

static void record(World *w, uint32_t cluster, uint32_t source, const char *year, const char *first, const char *last)
{
    Error err = ERROR_INIT;
    char id[16];
    Slice values[COLUMNS] = {slice_of(year), slice_of(first), slice_of(last)};
    snprintf(id, sizeof id, "%u", w->count);
    assert_ok(match_table_add(w->table, source, slice_of(id), values, &err));
    w->cluster_added[w->count++] = cluster;
}

/* Workers of a name (or none), of whom `found` have a pupil's record with them. */
static void workers(World *w, uint32_t n, uint32_t found, const char *first, const char *last)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t cluster = w->clusters++;
        record(w, cluster, WORKER, "2018", first, last);
        if (i < found)
            record(w, cluster, PUPIL, "2001", "ANNA", "BERG");
    }
}

static void pupils(World *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        record(w, w->clusters++, PUPIL, "2001", "ANNA", "BERG");
}

static void world_seal(World *w)
{
    Error err = ERROR_INIT;
    assert_ok(match_table_seal(w->table, 1, &err));
    for (uint32_t r = 0; r < w->count; r++)
        w->cluster[r] = w->cluster_added[match_record_added(w->table, r)];
}

/* Pairs that are missing: each is in the sum twice. */
static double missing(const World *w, const float *expected, MatchMisses *out)
{
    Error err = ERROR_INIT;
    double sum = 0;
    assert_ok(match_unfound(w->table, w->cluster, w->clusters, expected, NULL, out, &err));
    for (uint32_t c = 0; c < w->clusters; c++)
        sum += out->missed[c];
    return sum / 2;
}

static void is_about(double got, double want)
{
    if (fabs(got - want) > 1e-6)
        fail_msg("%f, wanted %f", got, want);
}

/* Nine in ten of those with names have a school: so do nine in ten of the others. Of these 45 pairs half the sum is the
 * workers', half the pupils' who are left. */
static void without_names(void **state)
{
    UNUSED(state);
    World w;
    MatchMisses m;
    world_init(&w);
    workers(&w, 100, 90, "ANNA", "BERG");
    workers(&w, 50, 0, "", "");
    pupils(&w, 60);
    world_seal(&w);
    is_about(missing(&w, NULL, &m), 45);
    is_about(m.missed[0], 0);  /* found */
    is_about(m.missed[99], 0); /* a name in full: nothing is told of who is not shown */
    is_about(m.missed[100], 0.9);
    is_about(m.missed[150], 45.0 / 60);
    assert_true(m.variance > 50 * 0.09);
    match_misses_free(&m);
    match_table_free(w.table);
}

/* Those with initials are found less often: what is missing is the rest, and whom candidates show is not missing again.
 */
static void less_what_is_found(void **state)
{
    UNUSED(state);
    World w;
    MatchMisses m;
    float expected[RECORDS_MAX * MATCH_TRAITS_MAX] = {0};
    world_init(&w);
    workers(&w, 200, 160, "ANNA", "BERG");
    workers(&w, 100, 50, "A", "BERG");
    pupils(&w, 60);
    world_seal(&w);
    is_about(missing(&w, NULL, &m), 30);
    match_misses_free(&m);
    for (uint32_t c = 250; c < 300; c++) /* of 50 who are left, by candidates six in ten: none are missing beside */
        expected[c * MATCH_TRAITS_MAX] = 0.6f;
    is_about(missing(&w, expected, &m), 0);
    match_misses_free(&m);
    match_table_free(w.table);
}

/* Found as often as the others, or no year to tell by: nothing is missing. */
static void nothing_missing(void **state)
{
    UNUSED(state);
    World w;
    MatchMisses m;
    world_init(&w);
    workers(&w, 100, 90, "ANNA", "BERG");
    workers(&w, 50, 45, "", "");
    pupils(&w, 60);
    world_seal(&w);
    is_about(missing(&w, NULL, &m), 0);
    match_misses_free(&m);
    for (uint32_t r = 0; r < w.count; r++)
        w.cluster[r] = r;
    w.clusters = w.count;
    is_about(missing(&w, NULL, &m), 0); /* nobody is found: nobody ought to be */
    match_misses_free(&m);
    w.config.left_step = 0;
    is_about(missing(&w, NULL, &m), 0);
    match_misses_free(&m);
    match_table_free(w.table);
}

/* A kept pair of two kinds of a person's records. */
static void pair(const World *w, uint32_t cluster, uint32_t source, uint32_t other, Weight odds, MatchPairs *out)
{
    Error err = ERROR_INIT;
    uint32_t found[SOURCES] = {MATCH_NONE, MATCH_NONE, MATCH_NONE};
    for (uint32_t r = 0; r < w->count; r++)
        if (w->cluster[r] == cluster)
            found[w->table->source[r]] = r;
    uint32_t a = found[source], b = found[other];
    assert_ok(vec_push(out, ((MatchPair){.a = a < b ? a : b, .b = a < b ? b : a, .odds = odds}), &err));
}

/* Of 100 whom college ties, 20 have another name at school than at work: so have 20 in 100 of those without a college,
 * of whom 80 are found. Two pairs that are not sure tie nobody. */
static void another_name(void **state)
{
    UNUSED(state);
    World w;
    MatchMisses m;
    MatchPairs pairs = {0};
    world_init(&w);
    for (uint32_t i = 0; i < 180; i++) {
        uint32_t cluster = w.clusters++;
        record(&w, cluster, WORKER, "2018", "ANNA", "BERG");
        record(&w, cluster, PUPIL, "2001", "ANNA", "BERG");
        if (i < 100)
            record(&w, cluster, STUDENT, "2001", "ANNA", "BERG");
    }
    workers(&w, 40, 0, "ANNA", "BERG");
    pupils(&w, 60);
    world_seal(&w);
    for (uint32_t c = 0; c < 180; c++) {
        if (c >= 20)
            pair(&w, c, WORKER, PUPIL, WEIGHT_BIT, &pairs);
        if (c < 100) {
            pair(&w, c, WORKER, STUDENT, 20 * WEIGHT_BIT, &pairs);
            pair(&w, c, STUDENT, PUPIL, 20 * WEIGHT_BIT, &pairs);
        }
    }
    double all = 20.0 / 120, u = (20 + 20 * all) / 120, hidden = 80 * u / (1 - u);
    Error err = ERROR_INIT;
    assert_ok(match_unfound(w.table, w.cluster, w.clusters, NULL, &pairs, &m, &err));
    is_about(m.missed[180], hidden / 40); /* a worker who is left; one pair, and from one side alone */
    is_about(m.missed[0], 0);
    is_about(m.missed[220], hidden / 60); /* a pupil who is left */
    match_misses_free(&m);
    for (size_t i = 0; i < pairs.len; i++)
        pairs.at[i].odds = WEIGHT_BIT;
    assert_ok(match_unfound(w.table, w.cluster, w.clusters, NULL, &pairs, &m, &err));
    is_about(m.missed[180], 0);
    match_misses_free(&m);
    vec_free(&pairs);
    match_table_free(w.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_names),
        cmocka_unit_test(less_what_is_found),
        cmocka_unit_test(nothing_missing),
        cmocka_unit_test(another_name),
    };
    return cmocka_run_group_tests_name("match/unfound", tests, NULL, NULL);
}
