/*
 * One newcomer at a time against many persons: seconds to load the index, CPU microseconds a newcomer to be found and
 * assigned, and how many of those with a true partner find it.
 *
 * Usage: bench_match_index PEOPLE.csv NEWCOMERS, the file being of gen_people: id, first_name, last_name, birth_date,
 * postal_code, city, sex, cluster. The last NEWCOMERS rows are held back, the others are linked first.
 */
#include <stdio.h>

#include "match/match.h"

enum { COLUMNS = 6 };

typedef struct Run {
    Arena arena;
    CsvTable csv;
    size_t column[COLUMNS], id, person;
    MatchConfig config;
    MatchTable *table;
    MatchModel *model;
    MatchPairs pairs;
    MatchClusters clusters;
    MatchIndex *index;
    uint32_t *person_of; /* true person of each record, as the row that named the person first */
    Map persons;
    uint64_t newcomers;
} Run;

static void configure(MatchConfig *c)
{
    static const struct {
        const char *name;
        FieldKind kind;
        bool frequency, shared;
    } fields[COLUMNS] = {
        {"first_name", FIELD_FIRST_NAME, true, false},
        {"last_name", FIELD_LAST_NAME, true, true},
        {"birth_date", FIELD_DATE, false, false},
        {"postal_code", FIELD_POSTAL_CODE, true, true},
        {"city", FIELD_CITY, true, true},
        {"sex", FIELD_SEX, false, false},
    };
    match_config_init(c);
    c->column_count = c->field_count = COLUMNS;
    for (uint32_t i = 0; i < COLUMNS; i++) {
        c->columns[i] = slice_of(fields[i].name);
        c->fields[i] = (FieldSpec){.name = c->columns[i],
            .kind = fields[i].kind,
            .columns = {i},
            .column_count = 1,
            .swap_with = i == 0 ? 1 : MATCH_NONE,
            .term_frequency = fields[i].frequency,
            .shared = fields[i].shared};
    }
    c->sources[0] = (SourceSpec){.name = SLICE("people"), .dedupe = true};
    c->source_count = 1;
}

static void row_values(const Run *run, size_t row, Slice values[COLUMNS])
{
    for (uint32_t i = 0; i < COLUMNS; i++)
        values[i] = run->csv.cells[row * run->csv.columns + run->column[i]];
}

static Status load(Run *run, const char *path, Error *err)
{
    TRY(csv_read(path, &run->arena, &run->csv, err));
    configure(&run->config);
    for (uint32_t i = 0; i < COLUMNS; i++)
        TRY(csv_column(&run->csv, run->config.columns[i].ptr, &run->column[i], err));
    TRY(csv_column(&run->csv, "id", &run->id, err));
    TRY(csv_column(&run->csv, "cluster", &run->person, err));
    if (run->newcomers >= run->csv.rows)
        return error_set(err, ERR_USAGE, "more newcomers than rows");
    TRY(match_table_new(&run->config, &run->table, err));
    for (size_t row = 0; row + run->newcomers < run->csv.rows; row++) {
        Slice values[COLUMNS];
        row_values(run, row, values);
        TRY(match_table_add(run->table, 0, run->csv.cells[row * run->csv.columns + run->id], values, err));
    }
    return match_table_seal(run->table, 0, err);
}

static Status true_person(Run *run, size_t row, uint32_t *out, Error *err)
{
    uint64_t number;
    Slice name = run->csv.cells[row * run->csv.columns + run->person];
    TRY(map_get_or_put(&run->persons, name, run->persons.len, &number, err));
    *out = (uint32_t)number;
    return OK;
}

static Status link_known(Run *run, Error *err)
{
    TrainReport trained;
    PairsReport scored;
    ClusterReport clustered;
    TrainOptions train = {.progress = PROGRESS_OFF};
    RunOptions options = {.progress = PROGRESS_OFF};
    TRY(match_train(run->table, &train, &run->model, &trained, err));
    TRY(match_pairs(run->table, run->model, &options, &run->pairs, &scored, err));
    double start = clock_cpu();
    TRY(match_clusters(run->table, run->model, &run->pairs, NULL, 0, &options, &run->clusters, &clustered, err));
    printf("match clusters              %9u records in %.2f CPU s, %" PRIu64 " kept pairs, %" PRIu64 " clusters\n",
        match_record_count(run->table), clock_cpu() - start, scored.kept, clustered.clusters);

    uint32_t records = match_record_count(run->table);
    TRY(mem_alloc((records + run->newcomers) * sizeof *run->person_of, (void **)&run->person_of, err));
    for (uint32_t r = 0; r < records; r++)
        TRY(true_person(run, match_record_added(run->table, r), &run->person_of[r], err));
    TruthReport truth;
    TRY(match_truth(run->table, run->model, run->person_of, &run->pairs, scored.compared, &run->clusters, &truth, err));
    printf("match clusters              precision %.4f, recall %.4f, F1 %.4f\n", pair_precision(truth.clusters),
        pair_recall(truth.clusters), pair_f1(truth.clusters));
    return OK;
}

static Status add_newcomers(Run *run, Error *err)
{
    uint32_t records = match_record_count(run->table);
    uint32_t next = run->clusters.count;
    uint64_t known = 0, joined = 0, right = 0;
    double start = clock_cpu();
    TRY(match_index_new(run->table, run->model, 0, &run->index, err));
    TRY(match_index_persons(run->index, run->clusters.cluster, records, NULL, 0, err));
    printf("match index, load           %9u records in %.2f CPU s, peak %.0f MiB\n", records, clock_cpu() - start,
        (double)clock_peak_rss() / (1 << 20));
    double spent = 0;
    for (size_t row = run->csv.rows - run->newcomers; row < run->csv.rows; row++) {
        Slice values[COLUMNS];
        uint32_t record, person;
        Assignment to;
        row_values(run, row, values);
        uint64_t seen;
        bool is_known = map_get(&run->persons, run->csv.cells[row * run->csv.columns + run->person], &seen);
        TRY(true_person(run, row, &person, err));
        start = clock_cpu();
        TRY(match_index_add(run->index, 0, run->csv.cells[row * run->csv.columns + run->id], values, &record, err));
        TRY(match_index_assign(run->index, record, &to, err));
        bool join = to.outcome == ASSIGN_JOIN;
        TRY(match_index_join(run->index, record, join ? to.cluster : next++, err));
        spent += clock_cpu() - start;
        run->person_of[record] = person;
        known += is_known;
        joined += join;
        right += join && run->person_of[to.link_to] == person;
    }
    printf("match index, a newcomer     %9.0f CPU us\n", 1e6 * spent / (double)run->newcomers);
    printf("match index, newcomers      %" PRIu64 ", %" PRIu64 " of known persons, %" PRIu64 " joined, %" PRIu64
           " of them rightly\n",
        run->newcomers, known, joined, right);
    return OK;
}

static Status measure(Run *run, const char *path, Error *err)
{
    arena_init(&run->arena, 0);
    TRY(map_init(&run->persons, err));
    TRY(load(run, path, err));
    TRY(link_known(run, err));
    return add_newcomers(run, err);
}

int main(int argc, char **argv)
{
    Run run = {0};
    Error err = ERROR_INIT;
    if (argc != 3 || parse_u64(slice_of(argv[2]), &run.newcomers, &err) != OK) {
        fprintf(stderr, "usage: bench_match_index PEOPLE.csv NEWCOMERS\n");
        return status_exit_code(ERR_USAGE);
    }
    Status st = measure(&run, argv[1], &err);
    match_index_free(run.index);
    match_clusters_free(&run.clusters);
    vec_free(&run.pairs);
    match_model_free(run.model);
    match_table_free(run.table);
    mem_free(run.person_of);
    map_free(&run.persons);
    arena_free(&run.arena);
    if (st != OK) {
        char line[1024];
        error_print(&err, line, sizeof line);
        fprintf(stderr, "bench_match_index: %s\n", line);
    }
    return status_exit_code(st);
}
