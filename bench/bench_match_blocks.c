/*
 * Blocking: building the blocks of eight passes, and walking over every pair with
 * its mask while nothing is compared.
 *
 *   bench_match_blocks [records] [threads]
 *
 * The goal is more than 100 M pairs a second and core in the walk, so that
 * scoring decides the time of a run, and 1.5 GiB for ten million records besides
 * the table. CPU time is printed, because others may use the machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "match/match_impl.h"

enum { FIRST, LAST, BIRTH, ZIP, SEX, SSN, COLUMNS };

static void must(Status st, const Error *err)
{
    if (st == OK)
        return;
    char line[1200];
    error_print(err, line, sizeof line);
    fprintf(stderr, "bench_match_blocks: %s\n", line);
    exit(1);
}

static uint64_t number(const char *text)
{
    Error err = ERROR_INIT;
    uint64_t v = 0;
    must(parse_u64(slice_of(text), &v, &err), &err);
    return v;
}

static void configure(MatchConfig *c)
{
    static const char *const names[COLUMNS] = {"first", "last", "birth", "zip", "sex", "ssn"};
    static const FieldKind kinds[COLUMNS] = {
        FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_DATE, FIELD_POSTAL_CODE, FIELD_SEX, FIELD_SSN};
    match_config_init(c);
    c->column_count = c->field_count = COLUMNS;
    for (uint32_t i = 0; i < COLUMNS; i++) {
        c->columns[i] = slice_of(names[i]);
        c->fields[i] = (FieldSpec){
            .name = slice_of(names[i]), .kind = kinds[i], .columns = {i}, .column_count = 1, .swap_with = MATCH_NONE};
    }
    c->sources[0] = (SourceSpec){.name = SLICE("all"), .dedupe = true};
    c->source_count = 1;
}

/* A number below n, small ones more often: about how names and towns are spread. */
static uint32_t skewed(Rng *r, uint32_t n)
{
    double u = rng_unit(r);
    return (uint32_t)(u * u * u * n);
}

/* Letters that spell a number, so that each is a name of its own. */
static void spell(uint32_t n, char *out)
{
    static const char *const syllables[] = {
        "BA", "CE", "DI", "FO", "GU", "HAN", "JEL", "KIR", "LOM", "MUS", "NA", "PET", "RIL", "SOT", "TUM", "VAN"};
    char *at = out;
    for (uint32_t i = 0; i < 4; i++, n /= 16)
        at += snprintf(at, 4, "%s", syllables[n % 16]);
}

static void add_record(MatchTable *t, Rng *r, uint64_t i)
{
    char text[COLUMNS][24], id[24];
    Slice values[COLUMNS];
    Error err = ERROR_INIT;
    spell(skewed(r, 4000), text[FIRST]);
    spell(skewed(r, 60000), text[LAST]);
    snprintf(text[BIRTH], sizeof text[0], "%u-%02u-%02u", 1930 + (unsigned)rng_below(r, 80),
        1 + (unsigned)rng_below(r, 12), 1 + (unsigned)rng_below(r, 28));
    snprintf(text[ZIP], sizeof text[0], "8%04u", 10 * skewed(r, 600));
    snprintf(text[SEX], sizeof text[0], "%s", rng_below(r, 2) ? "F" : "M");
    snprintf(text[SSN], sizeof text[0], "%09u", 100010001 + (unsigned)rng_below(r, 500000000));
    snprintf(id, sizeof id, "%" PRIu64, i);
    for (uint32_t k = 0; k < COLUMNS; k++)
        values[k] = slice_of(text[k]);
    must(match_table_add(t, 0, slice_of(id), values, &err), &err);
}

static Status new_worker(void *ctx, unsigned thread, void **worker, Error *err)
{
    UNUSED(err);
    *worker = (uint64_t *)ctx + 16 * (size_t)thread;
    return OK;
}

/* Reads every mask, as scoring would. */
static Status count_batch(const PairBatch *batch, void *worker, Error *err)
{
    UNUSED(err);
    uint64_t sum = 0;
    for (size_t i = 0; i < batch->count; i++)
        sum += batch->masks[i];
    *(uint64_t *)worker += sum;
    return OK;
}

static Status end_worker(void *ctx, void *worker, Error *err)
{
    UNUSED(ctx);
    UNUSED(worker);
    UNUSED(err);
    return OK;
}

static const PassSpec PASSES[] = {
    {.parts = {{SSN, KEY_WHOLE, 0}}, .part_count = 1},
    {.parts = {{LAST, KEY_PHONETIC, 0}, {BIRTH, KEY_WHOLE, 0}}, .part_count = 2},
    {.parts = {{FIRST, KEY_PHONETIC, 0}, {BIRTH, KEY_WHOLE, 0}}, .part_count = 2},
    {.parts = {{LAST, KEY_PREFIX, 3}, {FIRST, KEY_PREFIX, 3}, {BIRTH, KEY_YEAR, 0}}, .part_count = 3},
    {.parts = {{ZIP, KEY_WHOLE, 0}, {BIRTH, KEY_MONTH_DAY, 0}, {FIRST, KEY_INITIAL, 0}}, .part_count = 3},
    {.parts = {{FIRST, KEY_ROOT, 0}, {LAST, KEY_WHOLE, 0}}, .part_count = 2},
    {.parts = {{ZIP, KEY_WHOLE, 0}, {BIRTH, KEY_YEAR_MONTH, 0}, {SEX, KEY_WHOLE, 0}}, .part_count = 3},
    {.parts = {{LAST, KEY_SUFFIX, 4}, {BIRTH, KEY_YEAR_MONTH, 0}}, .part_count = 2},
};

static double seconds(double since)
{
    return clock_cpu() - since;
}

static void walk(const Blocks *b, unsigned threads)
{
    Error err = ERROR_INIT;
    uint64_t sums[16 * 256] = {0}, pairs = 0;
    PassReport reports[MATCH_PASSES_MAX];
    BatchWork work = {new_worker, count_batch, end_worker, sums, NULL};
    RunOptions options = {.threads = threads, .progress = PROGRESS_OFF};
    double cpu = clock_cpu();
    must(blocks_each(b, &work, &options, &err), &err);
    cpu = seconds(cpu);
    blocks_report(b, reports);
    for (size_t i = 0; i < COUNT_OF(PASSES); i++) {
        printf("blocks: pass %zu: %" PRIu64 " keys, %" PRIu64 " blocks, largest %" PRIu64 ", %" PRIu64
               " pairs, %" PRIu64 " refined, %" PRIu64 " uncompared\n",
            i, reports[i].keys, reports[i].blocks, reports[i].largest_block, reports[i].pairs, reports[i].refined,
            reports[i].uncompared);
        pairs += reports[i].pairs;
    }
    printf("blocks: walk %" PRIu64 " pairs of %" PRIu64 ", %.2f s of CPU, %.1f M pairs/s a core (goal 100)\n", pairs,
        blocks_pairs(b), cpu, (double)pairs / cpu / 1e6);
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    uint64_t records = argc > 1 ? number(argv[1]) : 1000000;
    unsigned threads = argc > 2 ? (unsigned)number(argv[2]) : 2;
    MatchConfig config;
    MatchTable *t = NULL;
    configure(&config);
    must(match_table_new(&config, &t, &err), &err);
    Rng r;
    rng_init(&r, 1, 0);
    for (uint64_t i = 0; i < records; i++)
        add_record(t, &r, i);
    must(match_table_seal(t, threads, &err), &err);
    uint64_t before = clock_peak_rss() >> 20;
    Blocks *b = NULL;
    double cpu = clock_cpu();
    must(blocks_build(t, PASSES, COUNT_OF(PASSES), threads, &b, &err), &err);
    printf("blocks: %" PRIu64 " records, build %.2f s of CPU, %" PRIu64 " MB at most, of which the table %" PRIu64 "\n",
        records, seconds(cpu), clock_peak_rss() >> 20, before);
    walk(b, threads);
    blocks_free(b);
    PassSpec proposed[MATCH_PASSES_MAX];
    uint32_t count;
    cpu = clock_cpu();
    must(passes_propose(t, proposed, &count, &err), &err);
    printf("blocks: %u passes proposed in %.2f s of CPU\n", count, seconds(cpu));
    for (uint32_t i = 0; i < count; i++) {
        Buf name;
        buf_init(&name, 0);
        match_pass_describe(&config, &proposed[i], &name);
        printf("blocks:   %s\n", buf_z(&name));
        buf_free(&name);
    }
    match_table_free(t);
    return 0;
}
