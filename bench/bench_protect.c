/*
 * What protection costs: JJ files named on the command line, synthetic tables with all margins, and a hierarchical
 * release.
 *
 * usage: bench_protect [--effort N] [--exact CELLS] [--threads N] [--audit] [--alone] [--write FILE] FILE.jj | cube:N |
 * cube:N:MEAN:SEED | tree:CELLS | shape:NAME | shape:NAME:SEED | shape:NAME:SEED:PERCENT | small:COUNT ...
 *
 * Prints cost, secondaries, pivots, CPU seconds (all threads), peak memory of the process so far, and where the optimum
 * is known the cost over it; for small:COUNT, so many small hierarchies, that alone, of the search without its exact
 * part. --audit lets the attacker look at each pattern and repairs what he finds; --alone has the
 * finished pattern attacked once more without memory and without tables that the protector offers. --write makes a file
 * of the problem instead. The shapes' names: protect_shapes.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "audit/audit.h"
#include "sdc/sdc.h"
#include "suppress/suppress.h"

#include "protect_attack.h"
#include "protect_shapes.h"
#include "protect_tables.h"

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static Status read_file(const char *path, SdcProblem *p, Error *err)
{
    Buf text;
    SdcRounding rounding;
    buf_init(&text, 0);
    Status st = file_read(path, 0, &text, err);
    if (st == OK)
        st = sdc_read_jj(buf_slice(&text), path, p, err);
    if (st == OK)
        st = sdc_absorb_rounding(p, 100, &rounding, err);
    buf_free(&text);
    return st;
}

/* NAME, NAME:SEED or NAME:SEED:PERCENT */
static Status make_shape(const char *what, SdcProblem *p, Error *err)
{
    char name[32], *end;
    size_t length = strcspn(what, ":");
    if (length >= sizeof name)
        return error_set(err, ERR_INVALID, "no shape has so long a name");
    memcpy(name, what, length);
    name[length] = '\0';
    what += length;
    uint64_t seed = *what == ':' ? strtoul(what + 1, &end, 10) : 1;
    uint32_t percent = *what == ':' && *end == ':' ? (uint32_t)strtoul(end + 1, NULL, 10) : 100;
    return protect_shape(name, seed, percent, p, err);
}

static Status make(const char *what, SdcProblem *p, Error *err)
{
    if (strncmp(what, "cube:", 5) == 0) {
        char *end;
        uint32_t n = (uint32_t)strtoul(what + 5, &end, 10);
        double mean = *end == ':' ? strtod(end + 1, &end) : 40;
        uint64_t seed = *end == ':' ? strtoul(end + 1, &end, 10) : 7;
        return protect_cube(n, mean, seed, p, err);
    }
    if (strncmp(what, "tree:", 5) == 0)
        return protect_tree((uint32_t)strtoul(what + 5, NULL, 10), 7, p, err);
    if (strncmp(what, "shape:", 6) == 0)
        return make_shape(what + 6, p, err);
    return read_file(what, p, err);
}

static double cost_of(const SdcProblem *p, int64_t cost)
{
    double c = (double)cost;
    for (uint32_t i = 0; i < p->cost_decimals; i++)
        c /= 10;
    return c;
}

static uint32_t sensitive(const SdcProblem *p)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->cell_count; i++)
        count += p->cells[i].status == SDC_SENSITIVE;
    return count;
}

typedef struct Auditor {
    unsigned threads;
    double seconds;
    AuditMemory *memory;
    AuditOffered *offered;
    size_t tables;
} Auditor;

static Status show(const SuppressTerm *terms, size_t count, void *ctx, Error *err)
{
    Auditor *a = ctx;
    AuditMove *moves;
    TRY(mem_alloc((count + 1) * sizeof *moves, (void **)&moves, err));
    for (size_t i = 0; i < count; i++)
        moves[i] = (AuditMove){terms[i].cell, terms[i].value};
    Status st = audit_offer(a->offered, moves, count, err);
    a->tables++;
    mem_free(moves);
    return st;
}

static Status audit(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    Auditor *a = ctx;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    double start = cpu_seconds();
    o.memory = a->memory;
    o.offered = a->offered;
    o.effort.threads = a->threads;
    Status st = protect_attack(p, &o, shorts, err);
    a->seconds += cpu_seconds() - start;
    return st;
}

/* The finished pattern once more, by an attacker who was offered nothing and remembers nothing. */
static Status audit_alone(const SdcProblem *p, unsigned threads, Error *err)
{
    AuditOptions o = AUDIT_OPTIONS_INIT;
    AuditReport r = {0};
    double start = cpu_seconds();
    o.effort.threads = threads;
    TRY(audit_problem(p, &o, &r, err));
    printf(" | alone %.2f s, %zu unprotected", cpu_seconds() - start, r.exposed + r.unproven);
    audit_report_free(&r);
    return OK;
}

/* Proven optima of public problems, in units of their cost, as published with them. */
static const struct {
    const char *name;
    double optimum;
} known[] = {{"targus.jj", 1016577}, {"table8.jj", 103}};

/* How far the cost is from the optimum, where that is known: from the literature, or by the block's own proof. */
static void print_ratio(const char *name, const SdcProblem *p, const SuppressReport *r)
{
    double optimum = r->optimal ? cost_of(p, r->cost) : 0;
    for (size_t i = 0; i < COUNT_OF(known) && optimum == 0; i++)
        if (strcmp(name, known[i].name) == 0)
            optimum = known[i].optimum;
    if (optimum > 0)
        printf(" ratio %.3f", cost_of(p, r->cost) / optimum);
    else if (r->bounded && r->lower_bound > 0)
        printf(" ratio at most %.3f", cost_of(p, r->cost) / cost_of(p, r->lower_bound));
}

static void print_report(
    const char *name, const SdcProblem *p, const SuppressOptions *o, const SuppressReport *r, const Auditor *a)
{
    printf("%-14s cells %6u eq %6u sens %5u | cost %.0f second %u leaks %zu", name, p->cell_count, p->row_count,
        sensitive(p), cost_of(p, r->cost), r->secondaries, r->leak_count);
    if (r->bounded)
        printf(" bound %.0f%s", cost_of(p, r->lower_bound), r->optimal ? " optimal" : "");
    print_ratio(name, p, r);
    if (o->audit)
        printf(" | audit %.2f s, %zu offered, %" PRIu32 " repairs, %zu unprotected", a->seconds, a->tables,
            r->audit_rounds, r->unprotected);
    printf(" | queries %" PRIu64 " pivots %" PRIu64, r->queries, r->pivots);
}

static Status protect(const char *what, const SdcProblem *given, SuppressOptions *o, bool alone, Error *err)
{
    const char *name = strrchr(what, '/') ? strrchr(what, '/') + 1 : what;
    Auditor auditor = {.threads = o->threads};
    SdcProblem p = *given;
    SuppressReport r = {0};
    Status st;
    o->audit_ctx = &auditor;
    TRY_OUT(audit_memory_new(&auditor.memory, err));
    TRY_OUT(audit_offered_new(&auditor.offered, err));
    double start = cpu_seconds();
    TRY_OUT(suppress_solve(&p, o, &r, err));
    double took = cpu_seconds() - start;
    print_report(name, &p, o, &r, &auditor);
    printf(" cpu %.2f s peak %ld MiB", took, peak_mib());
    if (alone)
        TRY_OUT(audit_alone(&p, o->threads, err));
    printf("\n");
    fflush(stdout);
out:
    audit_memory_free(auditor.memory);
    audit_offered_free(auditor.offered);
    suppress_report_free(&r);
    return st;
}

/* As a file, for the program's own command. */
static Status write_problem(const char *path, const SdcProblem *p, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = sdc_write_jj(p, &text, err);
    if (st == OK)
        st = file_write(path, buf_slice(&text), 0644, err);
    buf_free(&text);
    return st;
}

/* into: a file that gets the problem; NULL: it is protected. */
static int run(const char *what, SuppressOptions *o, bool alone, const char *into)
{
    SdcProblem p = {0};
    Error err = ERROR_INIT;
    Status st = make(what, &p, &err);
    if (st == OK)
        st = into ? write_problem(into, &p, &err) : protect(what, &p, o, alone, &err);
    if (st != OK)
        printf("%s: %s\n", what, err.message);
    sdc_free(&p);
    return st != OK;
}

#define EFFORT_A_CELL 200  /* as the program's command */
#define SMALL_PIVOTS 20000 /* of the exact way; what it does not prove then is left out */

typedef struct Ratios {
    uint32_t tables, proven, near; /* near: within a fifth of the optimum */
    double worst, sum;
} Ratios;

/* The search by itself against the optimum that the exact way proves. */
static Status compare_small(uint64_t seed, const SuppressOptions *o, Ratios *sum, Error *err)
{
    SuppressOptions exact = *o, search = *o;
    SdcProblem p[2] = {0};
    SuppressReport r[2] = {0};
    Status st;
    exact.audit = search.audit = NULL;
    exact.show = search.show = NULL;
    exact.exact_pivots = SMALL_PIVOTS;
    search.exact_cells = 0;
    TRY_OUT(protect_small_tree(seed, &p[0], err));
    TRY_OUT(protect_small_tree(seed, &p[1], err));
    search.effort = exact.effort = EFFORT_A_CELL * p[0].cell_count;
    TRY_OUT(suppress_solve(&p[0], &exact, &r[0], err));
    TRY_OUT(suppress_solve(&p[1], &search, &r[1], err));
    sum->tables++;
    if (r[0].optimal && r[0].cost > 0) {
        double ratio = (double)r[1].cost / (double)r[0].cost;
        sum->proven++;
        sum->near += ratio <= 1.2;
        sum->sum += ratio;
        sum->worst = ratio > sum->worst ? ratio : sum->worst;
    }
out:
    for (int i = 0; i < 2; i++) {
        suppress_report_free(&r[i]);
        sdc_free(&p[i]);
    }
    return st;
}

static int run_small(const char *what, const SuppressOptions *o)
{
    Ratios sum = {0};
    Error err = ERROR_INIT;
    uint64_t count = strtoul(what + strlen("small:"), NULL, 10);
    for (uint64_t seed = 1; seed <= count; seed++)
        if (compare_small(seed, o, &sum, &err) != OK) {
            printf("%s: %s\n", what, err.message);
            return 1;
        }
    printf("%-14s tables %u, optimum above 0 proven for %u | cost over optimum: mean %.3f, worst %.3f, at most 1.2 in "
           "%u\n",
        what, sum.tables, sum.proven, sum.proven > 0 ? sum.sum / sum.proven : 1, sum.worst, sum.near);
    return 0;
}

int main(int argc, char **argv)
{
    SuppressOptions o = SUPPRESS_OPTIONS_INIT;
    int failed = 0;
    bool alone = false;
    const char *into = NULL;
    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && strcmp(argv[i], "--effort") == 0)
            o.effort = strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--exact") == 0)
            o.exact_cells = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--threads") == 0)
            o.threads = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--write") == 0)
            into = argv[++i];
        else if (strcmp(argv[i], "--audit") == 0) {
            o.audit = audit;
            o.show = show;
        } else if (strcmp(argv[i], "--alone") == 0)
            alone = true;
        else if (strncmp(argv[i], "small:", 6) == 0)
            failed |= run_small(argv[i], &o);
        else
            failed |= run(argv[i], &o, alone, into);
    }
    return failed;
}
