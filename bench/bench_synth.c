/*
 * The synthetic state: people a minute, with everything written.
 *
 *   bench_synth [people] [policy folder] [threads] [folder to keep]
 *
 * The goal is a million people a minute on two cores. CPU time is printed too: on a shared machine the clock also
 * counts what others do. Without a folder to keep, the state is removed again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "synth/synth.h"

static void must(Status st, const Error *err)
{
    if (st == OK)
        return;
    char line[1200];
    error_print(err, line, sizeof line);
    fprintf(stderr, "bench_synth: %s\n", line);
    exit(1);
}

static uint64_t number(const char *text)
{
    Error err = ERROR_INIT;
    uint64_t v = 0;
    must(parse_u64(slice_of(text), &v, &err), &err);
    return v;
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    char temporary[] = "/tmp/cairn-bench-XXXXXX";
    SynthOptions o = SYNTH_OPTIONS_INIT;
    o.people = argc > 1 ? number(argv[1]) : 200000;
    o.policy_dir = argc > 2 ? argv[2] : "policy/colorado";
    o.threads = argc > 3 ? (unsigned)number(argv[3]) : 2;
    o.progress = PROGRESS_OFF;
    o.out_dir = argc > 4 ? argv[4] : mkdtemp(temporary);
    if (!o.out_dir) {
        fprintf(stderr, "bench_synth: no temporary folder\n");
        return 1;
    }
    SynthReport r;
    double wall = clock_monotonic(), cpu = clock_cpu();
    Status st = synth_state(&o, &r, &err);
    wall = clock_monotonic() - wall;
    cpu = clock_cpu() - cpu;
    if (argc <= 4 && dir_remove(o.out_dir, NULL) != OK)
        fprintf(stderr, "bench_synth: %s is left behind\n", o.out_dir);
    must(st, &err);
    printf("synth: %" PRIu64 " people, %" PRIu64 " files, %" PRIu64 " rows, %.2f GB\n", r.people, r.files, r.rows,
        (double)r.bytes / 1e9);
    printf("synth: %.1f s, %.1f s of CPU, %.0f people/min (goal 1,000,000), %" PRIu64 " MB at most\n", wall, cpu,
        (double)r.people / wall * 60, clock_peak_rss() >> 20);
    return 0;
}
