/* Writes a sample release into a folder, to look at: usage: sample_release FOLDER [PER_MILLE]. */
#include "sample.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    int64_t per_mille = 1000;
    Error err = ERROR_INIT;
    if (argc < 2 || (argc > 2 && parse_i64(slice_of(argv[2]), &per_mille, &err) != OK))
        return 64;
    SampleOptions options = {
        .policy_dir = POLICY_DIR, .web_dir = WEB_DIR, .seed = 1, .years = 5, .per_mille = (unsigned)per_mille};
    Sample s;
    Release r = {0};
    ReleaseReport report = {0};
    bool is_new;
    double start = clock_monotonic();
    Status st = sample_make(&options, &s, &err);
    double drawn = clock_monotonic();
    if (st == OK)
        st = release_build(&s.plan, &r, &err);
    if (st == OK)
        st = release_store(&r, argv[1], sample_sign, NULL, &report, &is_new, &err);
    if (st != OK) {
        char text[1024];
        error_print(&err, text, sizeof text);
        (void)fprintf(stderr, "%s\n", text);
    } else {
        (void)printf("%s: %zu cells in, %zu out, %zu notes; %.1f s to draw, protect and audit, %.1f s to write\n",
            report.path, s.cells.len, s.figures.count, s.figures.withheld_count, drawn - start,
            clock_monotonic() - drawn);
    }
    release_free(&r);
    sample_free(&s);
    return st == OK ? 0 : 1;
}
