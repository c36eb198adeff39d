/*
 * Ingest against bare DuckDB: rows per second of ingest_file on a wage file and
 * a reference table, beside CREATE TABLE AS SELECT * FROM read_csv of the same
 * file with typed columns in the same engine on as many threads.
 *
 *   bench_ingest [rows] [policy folder] [threads] [steps]    steps: time of each step on stderr
 *
 * Bare DuckDB neither hashes the file, nor checks a rule, nor makes a tag, nor
 * writes Parquet, vault and ledger; the goal is half its speed all the same.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ingest/ingest.h"
#include "store/db.h"

/* Wall time is what counts, processor time what a busy machine does not change. */
typedef struct Seconds {
    double wall;
    double cpu;
} Seconds;

typedef struct Bench {
    char root[64];
    uint64_t rows;
    unsigned threads;
    Arena arena;
    IngestContext ctx;
} Bench;

static void must(Status st, const Error *err)
{
    if (st == OK)
        return;
    char line[1200];
    error_print(err, line, sizeof line);
    fprintf(stderr, "bench_ingest: %s [%s]\n", line, err->detail);
    exit(1);
}

static const char *file_in(Bench *b, const char *name)
{
    const char *path;
    Error err = ERROR_INIT;
    must(path_join(&b->arena, b->root, name, &path, &err), &err);
    return path;
}

/* --- files ----------------------------------------------------------------------------------------------------- */

static void wage_row(Buf *out, Rng *rng, uint64_t i, const char *quarter)
{
    static const char *const names[] = {"SMITH", "JOHNSON", "MARTINEZ", "GARCIA-LOPEZ", "NGUYEN", "ANDERSON", "OBRIEN",
        "BEGAYE"};
    uint64_t person = i * 9 / 10; /* every tenth row is a second job */
    uint64_t ssn = 100000000 + person * 7919 % 800000000;
    bool named = person % 4 != 0;
    buf_add_u64(out, ssn);
    buf_addc(out, ',');
    if (named)
        buf_addf(out, "%s,%s,%c", names[person % 8], names[person / 8 % 8], (char)('A' + person % 26));
    else
        buf_adds(out, ",,");
    /* wage files come employer by employer */
    buf_addf(out, ",%06u.00-%u,%06u", (unsigned)(i / 14), (unsigned)(i / 14 % 10),
        110000 + (unsigned)(i / 14 * 31 % 800000));
    buf_addf(out, ",%s,%u.%02u\n", quarter, (unsigned)rng_below(rng, 40000) + 1,
        (unsigned)rng_below(rng, 100));
}

/* The shape of IPEDS completions. */
static void completion_row(Buf *out, Rng *rng, uint64_t i, const char *unused)
{
    UNUSED(unused);
    unsigned women = (unsigned)rng_below(rng, 100);
    unsigned men = (unsigned)rng_below(rng, 100);
    buf_addf(out, "%06u,\"College of %u, The\",%02u.%04u,%u,%u,%u,%u,%u\n", 100000 + (unsigned)(i / 500),
        (unsigned)(i / 500),
        (unsigned)(i / 10 % 50) + 1, (unsigned)(i / 10 % 50) * 100, 1u + (unsigned)(i / 5 % 2), (unsigned)(i % 5) + 1,
        men + women, men, women);
}

typedef void (*RowFn)(Buf *out, Rng *rng, uint64_t i, const char *quarter);

static const char *write_file(Bench *b, const char *name, const char *header, RowFn row, const char *quarter)
{
    const char *path = file_in(b, name);
    FileWriter *w = NULL;
    Error err = ERROR_INIT;
    Rng rng;
    Buf text;
    rng_init(&rng, 1, 0);
    buf_init(&text, 0);
    must(writer_open(path, MODE_PRIVATE, &w, &err), &err);
    writer_add(w, slice_of(header));
    for (uint64_t i = 0; i < b->rows; i++) {
        buf_reset(&text);
        row(&text, &rng, i, quarter);
        writer_add(w, buf_slice(&text));
    }
    buf_free(&text);
    must(writer_close(w, WRITER_NO_SYNC, &err), &err);
    return path;
}

/* --- runs ------------------------------------------------------------------------------------------------------ */

static Seconds bare(Bench *b, const char *path, const char *columns)
{
    Seconds best = {0};
    for (int run = 0; run < 2; run++) {
        Db *db = NULL;
        Error err = ERROR_INIT;
        DbOptions options = DB_OPTIONS_INIT;
        options.threads = b->threads;
        must(db_open(&options, &db, &err), &err);
        Seconds begin = {clock_monotonic(), clock_cpu()};
        must(db_execf(db, &err, "CREATE TABLE t AS SELECT * FROM read_csv('%s', header = true, columns = %s)", path,
            columns), &err);
        Seconds took = {clock_monotonic() - begin.wall, clock_cpu() - begin.cpu};
        db_close(db);
        best = run == 0 || took.wall < best.wall ? took : best;
    }
    return best;
}

static Seconds ingest(Bench *b, const char *source, const char *path)
{
    Error err = ERROR_INIT;
    IngestResult result;
    Seconds begin = {clock_monotonic(), clock_cpu()};
    must(ingest_file(&b->ctx, slice_of(source), path, &result, &err), &err);
    Seconds took = {clock_monotonic() - begin.wall, clock_cpu() - begin.cpu};
    if (result.outcome != INGEST_LOADED) {
        fprintf(stderr, "bench_ingest: %s was not loaded: %s\n", source, result.reason);
        exit(1);
    }
    return took;
}

static void tell(const Bench *b, const char *what, Seconds base, Seconds took)
{
    double rows = (double)b->rows;
    printf("%-30s %9.0f rows/s, bare %9.0f, ratio %.2f; processor us/row %.2f, bare %.2f, ratio %.2f\n", what,
        rows / took.wall, rows / base.wall, base.wall / took.wall, took.cpu / rows * 1e6, base.cpu / rows * 1e6,
        base.cpu / took.cpu);
}

static const char wage_header[] = "SSN,Last Name,First Name,Middle Initial,UI Account,NAICS,Quarter,Gross Wages\n";
static const char wage_columns[] =
    "{'ssn':'VARCHAR','last':'VARCHAR','first':'VARCHAR','mi':'VARCHAR','account':'VARCHAR','naics':'VARCHAR',"
    "'quarter':'INTEGER','wages':'DECIMAL(18,2)'}";
static const char completion_header[] = "UNITID,INSTNM,CIPCODE,MAJORNUM,AWLEVEL,CTOTALT,CTOTALM,CTOTALW\n";
static const char completion_columns[] =
    "{'unitid':'VARCHAR','name':'VARCHAR','cip':'VARCHAR','majornum':'INTEGER','awlevel':'VARCHAR','total':'INTEGER',"
    "'men':'INTEGER','women':'INTEGER'}";

static void run_all(Bench *b)
{
    const char *first = write_file(b, "wages_1.csv", wage_header, wage_row, "202301");
    const char *second = write_file(b, "wages_2.csv", wage_header, wage_row, "202302");
    const char *completions = write_file(b, "completions_2024.csv", completion_header, completion_row, "");
    printf("%" PRIu64 " rows, %u threads\n", b->rows, b->threads);
    Seconds wages = bare(b, first, wage_columns);
    tell(b, "wages, every person new", wages, ingest(b, "cdle_wage_csv", first));
    tell(b, "wages, every person known", wages, ingest(b, "cdle_wage_csv", second));
    tell(b, "completions, reference table", bare(b, completions, completion_columns), ingest(b, "ref_ipeds_completions",
        completions));
    printf("peak memory %.0f MiB\n", (double)clock_peak_rss() / 1048576);
}

int main(int argc, char **argv)
{
    Bench b = {.root = "/tmp/cairn-bench-XXXXXX", .rows = 2000000, .threads = 2};
    Error err = ERROR_INIT;
    Policy *policy = NULL;
    HomeSettings settings = HOME_SETTINGS_INIT;
    arena_init(&b.arena, 0);
    if (argc > 1)
        must(parse_u64(slice_of(argv[1]), &b.rows, &err), &err);
    Log log = {.level = LOG_DEBUG, .fd = 2};
    if (argc > 4)
        b.ctx.log = &log;
    if (argc > 3)
        b.threads = (unsigned)strtoul(argv[3], NULL, 10);
    const char *policy_folder = argc > 2 ? argv[2] : "policy/colorado";
    if (!mkdtemp(b.root)) {
        perror("bench_ingest");
        return 1;
    }
    settings.policy_dir = policy_folder;
    settings.threads = b.threads;
    must(policy_open(policy_folder, &policy, &err), &err);
    must(home_create(file_in(&b, "home"), &settings, NULL, &err), &err);
    must(home_open(file_in(&b, "home"), HOME_WRITE, &b.ctx.home, &err), &err);
    must(vault_open(b.ctx.home, &b.ctx.vault, &err), &err);
    must(ledger_open(b.ctx.home, &b.ctx.ledger, &err), &err);
    b.ctx.policy = policy;
    b.ctx.progress = PROGRESS_OFF;
    run_all(&b);
    ledger_close(b.ctx.ledger);
    vault_close(b.ctx.vault);
    home_close(b.ctx.home);
    policy_close(policy);
    must(dir_remove(b.root, &err), &err);
    arena_free(&b.arena);
    return 0;
}
