/* Writes a sample release into a folder, to look at: usage: sample_release FOLDER [PER_MILLE [HOME [older]]].
 * HOME: a data home that signs it; without one the signature is a mock. older: the manifest lists each input file, as
 * those of earlier versions do. */
#include "sample.h"

#include <stdio.h>

static Status sign_at_home(void *ctx, Slice message, uint8_t signature[64], uint8_t public_key[32], Error *err)
{
    return home_sign(ctx, message, signature, public_key, err);
}

static Status list_each_file(Release *r, Error *err)
{
    Buf text;
    Slice old = buf_slice(&r->manifest);
    size_t from = slice_find(old, SLICE("\"inputs\": ["));
    size_t to = from + slice_find(slice_sub(old, from, old.len), SLICE("]"));
    buf_init(&text, 0);
    buf_add(&text, slice_sub(old, 0, from));
    for (size_t i = 0; i < r->plan->source_count; i++) {
        const ReleaseSource *s = &r->plan->sources[i];
        buf_addf(&text, "%s{\"source\": \"%.*s\", \"sha256\": \"%.*s\", \"rows\": %llu}", i ? ", " : "\"inputs\": [",
            SLICE_ARG(s->source), SLICE_ARG(s->file_sha256), (unsigned long long)s->rows);
    }
    buf_add(&text, slice_sub(old, to, old.len));
    Status st = buf_status(&text, err);
    if (st == OK) {
        buf_reset(&r->manifest);
        buf_add(&r->manifest, buf_slice(&text));
        st = buf_status(&r->manifest, err);
    }
    buf_free(&text);
    return st == OK ? sha256_hex(buf_slice(&r->manifest), r->manifest_sha256, err) : st;
}

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
    Home *home = NULL;
    bool is_new;
    double start = clock_monotonic();
    Status st = sample_make(&options, &s, &err);
    double drawn = clock_monotonic();
    if (st == OK)
        st = release_build(&s.plan, &r, &err);
    if (st == OK && argc > 4)
        st = list_each_file(&r, &err);
    if (st == OK && argc > 3)
        st = home_open(argv[3], HOME_READ, &home, &err);
    if (st == OK)
        st = release_store(&r, argv[1], home ? sign_at_home : sample_sign, home, &report, &is_new, &err);
    if (st != OK) {
        char text[1024];
        error_print(&err, text, sizeof text);
        (void)fprintf(stderr, "%s\n", text);
    } else {
        (void)printf("%s: %zu cells in, %zu out, %zu notes; %.1f s to draw, protect and audit, %.1f s to write\n",
            report.path, s.cells.len, s.figures.count, s.figures.withheld_count, drawn - start,
            clock_monotonic() - drawn);
    }
    home_close(home);
    release_free(&r);
    sample_free(&s);
    return st == OK ? 0 : 1;
}
