/*
 * Every contract of the state against files made by hand: tests/formats/CONTRACT/
 * holds good*.EXT, which must load whole, and bad*.EXT with expected.csv, which
 * lists every finding (row, field, rule) the report must have, and no other.
 */
#include "ingest_home.h"

typedef struct Blame {
    Slice row, field, rule;
} Blame;
typedef VEC(Blame) Blames;

static int by_text(const void *a, const void *b)
{
    const Blame *x = a, *y = b;
    int c =
        x->row.len != y->row.len ? (x->row.len > y->row.len) - (x->row.len < y->row.len) : slice_cmp(x->row, y->row);
    if (c == 0)
        c = slice_cmp(x->field, y->field);
    return c != 0 ? c : slice_cmp(x->rule, y->rule);
}

/* Blames about rows; lines about the whole file have no row. */
static void read_findings(const char *path, Arena *arena, Blames *out)
{
    CsvTable t;
    size_t row, field, rule;
    Error err = ERROR_INIT;
    if (csv_read(path, arena, &t, &err) != OK || csv_column(&t, "row", &row, &err) != OK ||
        csv_column(&t, "field", &field, &err) != OK || csv_column(&t, "rule", &rule, &err) != OK)
        fail_msg("%s: %s", path, err.message);
    for (size_t i = 0; i < t.rows; i++) {
        const Slice *cells = &t.cells[i * t.columns];
        if (cells[row].len > 0)
            assert_int_equal(vec_push(out, ((Blame){cells[row], cells[field], cells[rule]}), &err), OK);
    }
    if (out->len > 0)
        qsort(out->at, out->len, sizeof *out->at, by_text);
}

static void print_findings(const char *title, const Blames *f)
{
    print_error("%s:\n", title);
    for (size_t i = 0; i < f->len; i++)
        print_error("  %.*s,%.*s,%.*s\n", SLICE_ARG(f->at[i].row), SLICE_ARG(f->at[i].field), SLICE_ARG(f->at[i].rule));
}

static void check_good(IngestHome *h, const char *contract, const char *path)
{
    IngestResult r;
    ingest_home_take(h, contract, path, &r);
    if (r.outcome != INGEST_LOADED || r.rows_rejected != 0 || r.rows_read == 0)
        fail_msg("%s: outcome %d, %d of %d rows rejected: %s", path, (int)r.outcome, (int)r.rows_rejected,
            (int)r.rows_read, r.reason);
    ingest_home_take(h, contract, path, &r);
    assert_int_equal(r.outcome, INGEST_ALREADY);
}

static bool check_bad(IngestHome *h, const char *contract, const char *path, const char *expected_path)
{
    IngestResult r;
    Arena arena;
    Blames found = {0}, expected = {0};
    arena_init(&arena, 0);
    ingest_home_take(h, contract, path, &r);
    if (r.outcome == INGEST_DENIED || r.report_path[0] == '\0')
        fail_msg("%s: outcome %d: %s", path, (int)r.outcome, r.reason);
    read_findings(r.report_path, &arena, &found);
    read_findings(expected_path, &arena, &expected);
    bool same = found.len == expected.len;
    for (size_t i = 0; same && i < found.len; i++)
        same = by_text(&found.at[i], &expected.at[i]) == 0;
    if (!same) {
        print_error("%s\n", path);
        print_findings("found", &found);
        print_findings("expected", &expected);
    }
    vec_free(&found);
    vec_free(&expected);
    arena_free(&arena);
    return same;
}

static bool check_contract(const char *contract)
{
    IngestHome h;
    Arena arena;
    PathList names = {0};
    Error err = ERROR_INIT;
    char folder[400], path[500], expected[500];
    bool good = false, bad = false, same = true;
    arena_init(&arena, 0);
    ingest_home_open(&h);
    snprintf(folder, sizeof folder, "%s/%s", FORMATS_DIR, contract);
    snprintf(expected, sizeof expected, "%s/expected.csv", folder);
    assert_int_equal(dir_list(folder, &arena, &names, &err), OK);
    for (size_t i = 0; i < names.len; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names.at[i]);
        if (strncmp(names.at[i], "good", 4) == 0) {
            check_good(&h, contract, path);
            good = true;
        } else if (strncmp(names.at[i], "bad", 3) == 0) {
            same = check_bad(&h, contract, path, expected) && same;
            bad = true;
        }
    }
    assert_true(good && bad);
    vec_free(&names);
    ingest_home_close(&h);
    arena_free(&arena);
    return same;
}

static void test_every_contract(void **state)
{
    Policy *policy;
    PolicyFiles files = {0};
    Error err = ERROR_INIT;
    size_t wrong = 0;
    UNUSED(state);
    assert_int_equal(policy_open(COLORADO_POLICY_DIR, &policy, &err), OK);
    assert_int_equal(policy_list(policy, "sources", &files, &err), OK);
    assert_true(files.len >= 41);
    for (size_t i = 0; i < files.len; i++) {
        char name[100];
        snprintf(name, sizeof name, "%.*s", SLICE_ARG(files.at[i]->name));
        wrong += !check_contract(name);
    }
    vec_free(&files);
    policy_close(policy);
    assert_int_equal(wrong, 0);
}

/* An enrollment without a demographic record of the same year is dropped (CDE Data Pipeline); without any demographic
 * file the rule cannot be asked. */
static void test_association_needs_demographics(void **state)
{
    IngestHome h;
    IngestResult r;
    char path[200];
    Error err = ERROR_INIT;
    Buf text;
    const char *const folder = FORMATS_DIR "/cde_school_association/good_2024.csv";
    UNUSED(state);
    ingest_home_open(&h);
    /* students 1 to 3 are in the demographic file of 2024; add a fourth to the associations, often enough for the limit
     */
    buf_init(&text, 0);
    assert_int_equal(file_read(folder, 0, &text, &err), OK);
    Slice lines = buf_slice(&text);
    slice_cut(&lines, '\n');
    Slice first = slice_cut(&lines, '\n');
    Buf grown;
    buf_init(&grown, 0);
    buf_add(&grown, slice_sub(buf_slice(&text), 0, (size_t)(first.ptr + first.len + 1 - text.ptr)));
    for (int day = 1; day < 31; day++) /* one student at 30 entry dates: rows that may load */
        for (int k = 0; k < 2; k++) {
            size_t date = slice_find(first, SLICE("08212023"));
            buf_add(&grown, slice_sub(first, 0, date));
            buf_addf(&grown, "%s%02d2023", k ? "10" : "09", day);
            buf_add(&grown, slice_sub(first, date + 8, first.len));
            buf_addc(&grown, '\n');
        }
    size_t sasid = slice_find(first, SLICE("1000000001"));
    buf_add(&grown, slice_sub(first, 0, sasid));
    buf_adds(&grown, "1000000009");
    buf_add(&grown, slice_sub(first, sasid + 10, first.len));
    buf_addc(&grown, '\n');
    snprintf(path, sizeof path, "%s/associations_2024.csv", h.root);
    assert_int_equal(file_write(path, buf_slice(&grown), MODE_PRIVATE, &err), OK);

    ingest_home_take(&h, "cde_student_demographic", FORMATS_DIR "/cde_student_demographic/good_2024.csv", &r);
    assert_int_equal(r.outcome, INGEST_LOADED);
    ingest_home_take(&h, "cde_school_association", path, &r);
    if (r.outcome != INGEST_LOADED)
        fail_msg("%s", r.reason);
    assert_int_equal(r.rows_read, 62);
    assert_int_equal(r.rows_rejected, 1);
    buf_free(&grown);
    buf_free(&text);
    ingest_home_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_contract),
        cmocka_unit_test(test_association_needs_demographics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
