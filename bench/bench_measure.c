/*
 * bench_measure POLICY [PEOPLE [HOME]]: what figures cost.
 *
 * With HOME the generation is kept there, and a home that is there is asked again, without the whole catalogue.
 *
 * A generation of made-up facts (measure_facts.h), then: measures by district and group, beside each the best SQL for
 * the same table that we could write by hand, in the same run on the same file, in processor time (user and system) of
 * this process and by the clock; every other measure that reads wages, by the engine alone; the whole catalogue at all
 * levels and single splits. The number of figures and the sum of each column are compared with the hand's before any
 * time is told.
 */
#include "measure/measure_parts.h"
#include "measure_facts.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double processor_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long peak_mib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss / 1024;
}

/* --- one table, two ways --- */

typedef struct Table {
    const char *measure;
    const char *level, *split;
    const char *sql; /* year, county, district and group, then `summed` in its order */
} Table;

#define KEYS 4
/* Whole numbers of a figure. */
static const struct Summed {
    const char *name;
    size_t offset;
} summed[] = {{"denominator", offsetof(Cell, denominator)}, {"numerator", offsetof(Cell, numerator)},
    {"covered", offsetof(Cell, covered)}, {"base", offsetof(Cell, base)}, {"strong", offsetof(Cell, strong)},
    {"link_pairs", offsetof(Cell, link_pairs)}, {"link_correct", offsetof(Cell, link_correct)},
    {"link_missed", offsetof(Cell, link_missed)}, {"excluded", offsetof(Cell, excluded)},
    {"not_found", offsetof(Cell, gaps) + GAP_NOT_FOUND * sizeof(int64_t)},
    {"out_of_coverage", offsetof(Cell, gaps) + GAP_OUT_OF_COVERAGE * sizeof(int64_t)}};

static const Table tables[] = {
    {"graduation_rate_4yr", "district", "race_ethnicity",
        "SELECT ayg, d.county_fips, d.district_id, coalesce(p.race_ethnicity, 'unknown') AS grp, count(*) FILTER "
        "(removed IS NULL), count(*) FILTER (removed IS NULL AND diploma), count(*) FILTER (removed IS NULL), count(*) "
        "FILTER (removed IS NULL), count(*) FILTER (removed IS NULL AND k.link_score >= 0.95), sum(k.link_pairs) "
        "FILTER (removed IS NULL), sum(k.link_correct) FILTER (removed IS NULL), sum(k.link_missed) FILTER (removed IS "
        "NULL), count(*) FILTER (removed IS NOT NULL), 0, 0 FROM k12_cohort c LEFT JOIN district d ON "
        "d.district_id = c.district_id LEFT JOIN person p ON p.person = c.person LEFT JOIN person_link k ON k.person = "
        "c.person WHERE ayg BETWEEN (SELECT min(school_year) + 3 FROM k12_end_of_year) AND (SELECT max(school_year) "
        "FROM k12_end_of_year) GROUP BY ALL HAVING count(*) FILTER (removed IS NULL) > 0 ORDER BY ALL"},
    {"hs_employment_rate_q2", "district", "race_ethnicity",
        "WITH arrived AS (SELECT y.school_year FROM (SELECT DISTINCT school_year FROM college_after) y JOIN "
        "wage_quarter w ON w.quarter BETWEEN y.school_year * 4 AND y.school_year * 4 + 3 GROUP BY y.school_year "
        "HAVING count(*) = 4), x AS (SELECT c.person, c.school_year, c.district_id, NOT c.enrolled AS stays, w.person "
        "IS NOT NULL AS hit, q.quarter IS NOT NULL AS arrived, c.has_ssn, k.link_score, k.link_pairs, k.link_correct, "
        "k.link_missed FROM college_after c JOIN arrived y ON y.school_year = c.school_year LEFT JOIN person_link k "
        "ON k.person = c.person LEFT JOIN wage_quarter q ON q.quarter = c.quarter + 2 LEFT JOIN (SELECT person, "
        "quarter FROM person_quarter WHERE state = 'employed') w ON w.person = c.person AND w.quarter = c.quarter + "
        "2) SELECT x.school_year, d.county_fips, d.district_id, coalesce(p.race_ethnicity, 'unknown') AS grp, "
        "count(*) FILTER (stays AND has_ssn AND arrived), count(*) FILTER (stays AND has_ssn AND arrived AND hit), "
        "count(*) FILTER (stays AND (hit OR has_ssn)), count(*) FILTER (stays), count(*) FILTER (stays AND link_score "
        ">= 0.95), sum(link_pairs) FILTER (stays), sum(link_correct) FILTER (stays), sum(link_missed) FILTER (stays), "
        "count(*) FILTER (NOT stays), count(*) FILTER (stays AND NOT hit AND arrived AND has_ssn), count(*) FILTER "
        "(stays AND NOT hit AND NOT (arrived AND has_ssn)) FROM x LEFT JOIN district d ON d.district_id = "
        "x.district_id LEFT JOIN person p ON p.person = x.person GROUP BY ALL HAVING count(*) FILTER (stays) > 0 "
        "ORDER BY ALL"},
};

typedef struct Sums {
    int64_t figures, of[COUNT_OF(summed)];
} Sums;

typedef struct Cost {
    double processor, clock;
} Cost;

static Cost cost_now(void)
{
    return (Cost){processor_seconds(), clock_monotonic()};
}

/* The best of several runs. */
static void cost_keep(Cost *best, Cost began)
{
    Cost now = cost_now();
    now.processor -= began.processor;
    now.clock -= began.clock;
    best->processor = now.processor < best->processor ? now.processor : best->processor;
    best->clock = now.clock < best->clock ? now.clock : best->clock;
}

static Status by_hand(Home *home, const Table *t, Sums *out, Error *err)
{
    Db *db = NULL;
    DbRows *rows = NULL;
    uint32_t generation;
    bool more = true;
    Status st = OK;
    *out = (Sums){0};
    TRY_OUT(warehouse_open(home, &generation, &db, err));
    TRY_OUT(db_query(db, t->sql, &rows, err));
    for (;;) {
        TRY_OUT(db_next(rows, &more, err));
        if (!more)
            break;
        out->figures++;
        for (size_t i = 0; i < COUNT_OF(summed); i++)
            out->of[i] += db_i64(rows, KEYS + i);
    }
out:
    db_rows_free(rows);
    db_close(db);
    return st;
}

static Status by_engine(const MeasureContext *ctx, const Table *t, Sums *out, Error *err)
{
    MeasureQuery q = MEASURE_QUERY_INIT;
    CellSet set;
    uint32_t generation;
    q.name = slice_of(t->measure);
    q.level = slice_of(t->level);
    q.by[q.by_count++] = slice_of(t->split);
    TRY(measure_query(ctx, &q, &set, &generation, err));
    *out = (Sums){.figures = (int64_t)set.count};
    for (size_t c = 0; c < set.count; c++)
        for (size_t i = 0; i < COUNT_OF(summed); i++)
            out->of[i] += *(const int64_t *)(const void *)((const char *)&set.cells[c] + summed[i].offset);
    cells_free(&set);
    return OK;
}

static Status same_table(const Table *t, const Sums *hand, const Sums *engine, Error *err)
{
    if (hand->figures != engine->figures)
        return error_set(err, ERR_INTERNAL, "%s: %" PRId64 " figures by hand, %" PRId64 " by the engine", t->measure,
            hand->figures, engine->figures);
    for (size_t i = 0; i < COUNT_OF(summed); i++)
        if (hand->of[i] != engine->of[i])
            return error_set(err, ERR_INTERNAL, "%s: %s adds up to %" PRId64 " by hand, to %" PRId64 " by the engine",
                t->measure, summed[i].name, hand->of[i], engine->of[i]);
    return OK;
}

static Status compare(const MeasureContext *ctx, const Table *t, Error *err)
{
    Cost hand = {1e9, 1e9}, engine = {1e9, 1e9};
    Sums a = {0}, b = {0};
    for (int run = 0; run < 5; run++) {
        Cost began = cost_now();
        TRY(by_hand(ctx->home, t, &a, err));
        cost_keep(&hand, began);
        began = cost_now();
        TRY(by_engine(ctx, t, &b, err));
        cost_keep(&engine, began);
        TRY(same_table(t, &a, &b, err));
    }
    printf("%s by %s and %s, %" PRId64 " figures: %.3f s (%.3f s by the clock), by hand %.3f s (%.3f s), ratio %.2f "
           "(%.2f)\n",
        t->measure, t->level, t->split, a.figures, engine.processor, engine.clock, hand.processor, hand.clock,
        engine.processor / hand.processor, engine.clock / hand.clock);
    fflush(stdout);
    return OK;
}

/* --- what else reads wages --- */

static bool reads_wages(const MeasureDef *def)
{
    bool wages = slice_eq(def->family, SLICE("employment"));
    for (size_t i = 0; i < def->need_count; i++)
        wages = wages || slice_eq(def->needs[i], SLICE("employment_person_quarter")) ||
                slice_eq(def->needs[i], SLICE("person_quarter"));
    return wages;
}

static Status time_engine(const MeasureContext *ctx, const MeasureDef *def, Error *err)
{
    const Slice name = def->name;
    char measure[128];
    Cost cost = {1e9, 1e9};
    Sums sums;
    snprintf(measure, sizeof measure, "%.*s", SLICE_ARG(name));
    const Table t = {
        measure, def->finest < LEVEL_DISTRICT ? measure_level_names[def->finest] : "district", "race_ethnicity", NULL};
    for (int run = 0; run < 2; run++) {
        const Cost began = cost_now();
        TRY(by_engine(ctx, &t, &sums, err));
        cost_keep(&cost, began);
    }
    printf("%s by %s and %s, %" PRId64 " figures: %.3f s (%.3f s by the clock)\n", measure, t.level, t.split,
        sums.figures, cost.processor, cost.clock);
    fflush(stdout);
    return OK;
}

static Status time_wages(const MeasureContext *ctx, Error *err)
{
    Arena arena;
    MeasureFrame frame;
    MeasureDefs defs = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(measure_frame_read(ctx->policy, &arena, &frame, err));
    TRY_OUT(measure_defs_read(ctx->policy, &frame, &arena, &defs, err));
    for (size_t i = 0; i < defs.len; i++)
        if (reads_wages(&defs.at[i]))
            TRY_OUT(time_engine(ctx, &defs.at[i], err));
out:
    vec_free(&defs);
    arena_free(&arena);
    return st;
}

static Status run(const char *policy_dir, const char *people, const char *path, Error *err)
{
    const bool again = dir_exists(path);
    HomeSettings settings = HOME_SETTINGS_INIT;
    Home *home = NULL;
    Policy *policy = NULL;
    uint32_t generation;
    uint64_t cells;
    Status st = OK;
    settings.policy_dir = policy_dir;
    settings.memory_mb = 4096;
    if (!again)
        TRY_OUT(home_create(path, &settings, NULL, err));
    TRY_OUT(home_open(path, HOME_WRITE, &home, err));
    TRY_OUT(policy_open(policy_dir, &policy, err));
    double began = processor_seconds();
    if (!again)
        TRY_OUT(measure_facts_build(home, policy, people, err));
    printf(
        "%s people; facts and derived tables: %.1f s, peak %ld MiB\n", people, processor_seconds() - began, peak_mib());
    fflush(stdout);
    const MeasureContext ctx = {.home = home, .policy = policy, .progress = PROGRESS_OFF};
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        TRY_OUT(compare(&ctx, &tables[i], err));
    TRY_OUT(time_wages(&ctx, err));
    printf("peak so far %ld MiB\n", peak_mib());
    if (again)
        goto out;
    began = processor_seconds();
    TRY_OUT(measure_run(&ctx, &generation, &cells, err));
    printf(
        "whole catalogue: %" PRIu64 " cells, %.1f s, peak %ld MiB\n", cells, processor_seconds() - began, peak_mib());
out:
    policy_close(policy);
    home_close(home);
    return st;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/cairn-bench-XXXXXX", own[64];
    const char *home = argc > 3 ? argv[3] : own;
    Error err = ERROR_INIT;
    if (argc < 2 || !mkdtemp(dir)) {
        fputs("usage: bench_measure POLICY [PEOPLE [HOME]]\n", stderr);
        return 2;
    }
    snprintf(own, sizeof own, "%s/home", dir);
    Status st = run(argv[1], argc > 2 ? argv[2] : "100000", home, &err);
    if (st != OK)
        fprintf(stderr, "bench_measure: %s\n%s\n", err.message, err.detail);
    if (dir_remove(dir, NULL) != OK)
        fprintf(stderr, "bench_measure: could not remove %s\n", dir);
    return st == OK ? 0 : 1;
}
