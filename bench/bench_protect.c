/*
 * What protection costs: JJ files named on the command line, synthetic tables with all margins, and a hierarchical
 * release.
 *
 * usage: bench_protect [--effort N] [--exact CELLS] [--threads N] [--check] FILE.jj | cube:N | cube:N:MEAN:SEED |
 * tree:CELLS ...
 *
 * Prints cost, secondaries, pivots, CPU seconds (all threads), peak memory of the process so far. --check asks the
 * room's own linear programs again about every sensitive cell of the finished pattern.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "audit/audit.h"
#include "sdc/sdc.h"
#include "suppress/suppress.h"

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
    double seconds;
} Auditor;

static Status audit(const SdcProblem *p, SuppressShorts *shorts, void *ctx, Error *err)
{
    Auditor *a = ctx;
    AuditOptions o = AUDIT_OPTIONS_INIT;
    AuditReport r = {0};
    double start = cpu_seconds();
    Status st = audit_problem(p, &o, &r, err);
    a->seconds += cpu_seconds() - start;
    for (size_t i = 0; i < r.count && st == OK; i++) {
        const AuditCell *c = &r.cells[i];
        int64_t value = p->cells[c->cell].value;
        if (c->verdict == AUDIT_PROTECTED)
            continue;
        st = vec_push(shorts, ((SuppressShort){c->cell, c->seen_high - value, value - c->seen_low}), err);
    }
    audit_report_free(&r);
    return st;
}

static int run(const char *what, SuppressOptions *o)
{
    Auditor auditor = {0};
    SdcProblem p = {0};
    SuppressReport r = {0};
    Error err = ERROR_INIT;
    if (make(what, &p, &err) != OK) {
        printf("%s: %s\n", what, err.message);
        return 1;
    }
    o->audit_ctx = &auditor;
    double start = cpu_seconds();
    if (suppress_solve(&p, o, &r, &err) != OK) {
        printf("%s: %s\n", what, err.message);
        sdc_free(&p);
        return 1;
    }
    double took = cpu_seconds() - start;
    const char *name = strrchr(what, '/') ? strrchr(what, '/') + 1 : what;
    printf("%-14s cells %6u eq %6u sens %5u | cost %.0f second %u leaks %zu", name, p.cell_count, p.row_count,
        sensitive(&p), cost_of(&p, r.cost), r.secondaries, r.leak_count);
    if (r.bounded)
        printf(" bound %.0f%s", cost_of(&p, r.lower_bound), r.optimal ? " optimal" : "");
    if (o->audit)
        printf(" | audit %.2f s, %" PRIu32 " repairs, %zu unprotected", auditor.seconds, r.audit_rounds, r.unprotected);
    printf(
        " | queries %" PRIu64 " pivots %" PRIu64 " cpu %.2f s peak %ld MiB\n", r.queries, r.pivots, took, peak_mib());
    fflush(stdout);
    suppress_report_free(&r);
    sdc_free(&p);
    return 0;
}

int main(int argc, char **argv)
{
    SuppressOptions o = SUPPRESS_OPTIONS_INIT;
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && strcmp(argv[i], "--effort") == 0)
            o.effort = strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--exact") == 0)
            o.exact_cells = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--threads") == 0)
            o.threads = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--audit") == 0)
            o.audit = audit;
        else
            failed |= run(argv[i], &o);
    }
    return failed;
}
