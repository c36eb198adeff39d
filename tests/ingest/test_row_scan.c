/*
 * The table function against one plain pass of the splitter: whatever the size
 * of the slices, the number of threads and of parts, the same rows with the same numbers.
 */
#include "ingest_support.h"

#include <stdio.h>

static Slice random_csv(Site *s, Rng *rng)
{
    static const char *const cells[] = {
        "", "a", "\"q,q\"", "\"two\nlines\"", "5\" pipe", "\xFF", "17", "\"open \"\"quote\"\"\"", "x,y"};
    Buf text;
    Slice kept;
    buf_init(&text, 0);
    buf_adds(&text, "ssn;name;town\n");
    size_t rows = 1 + (size_t)rng_below(rng, 3000);
    for (size_t i = 0; i < rows; i++) {
        size_t count = rng_below(rng, 20) == 0 ? 2 : 3;
        for (size_t k = 0; k < count; k++) {
            buf_adds(&text, k ? ";" : "");
            buf_adds(&text, cells[rng_below(rng, COUNT_OF(cells))]);
        }
        buf_adds(&text, rng_below(rng, 2) ? "\n" : "\r\n");
        if (rng_below(rng, 30) == 0)
            buf_addc(&text, '\n');
    }
    assert_int_equal(arena_dup(&s->arena, buf_slice(&text), &kept, NULL), OK);
    buf_free(&text);
    return kept;
}

/* Sums over the rows that any mistake in number, line, place, defect or value would change. */
static const char check_sql[] = "SELECT count(*) || ' ' || sum(\"~row\") || ' ' || sum(\"~row\" * \"~line\") || ' ' || "
                                "sum(hash(\"~row\", \"~line\", \"~at\", "
                                "\"~defect\", \"~first\", \"~suspect\", ssn, last_name, town, \"~n0\")::HUGEINT) FROM ";

/* The parts one after another: the same rows, and in the file's order. */
static void ask_parts(Db *db, const RowScan *scan, Slice whole)
{
    Buf sql, got;
    int64_t disorder = 0;
    buf_init(&sql, 0);
    buf_init(&got, 0);
    buf_adds(&sql, "SET threads = 1; CREATE TABLE parts AS ");
    for (size_t i = 0; i < row_scan_parts(scan); i++)
        buf_addf(&sql, "%sSELECT * FROM agency_rows(part := %zu)", i ? " UNION ALL " : "", i);
    assert_int_equal(db_exec(db, buf_z(&sql), NULL), OK);
    assert_int_equal(db_value_str(db, &got, NULL, "%s parts", check_sql), OK);
    assert_true(slice_eq(buf_slice(&got), whole));
    assert_int_equal(db_value_i64(db, &disorder, NULL, "SELECT count(*) FROM parts WHERE \"~row\" <> rowid + 1"), OK);
    assert_int_equal(disorder, 0);
    buf_free(&sql);
    buf_free(&got);
}

static void ask(Site *s, const Contract *c, const char *path, unsigned threads, uint64_t every, Buf *out)
{
    AgencyFile file;
    ValueReader readers[3];
    RowScan *scan = NULL;
    Db *db = NULL;
    DbOptions options = DB_OPTIONS_INIT;
    options.threads = threads;
    UNUSED(s);
    assert_int_equal(agency_file_open(c, path, &file, NULL), OK);
    assert_int_equal(agency_file_survey(&file, threads, every, NULL, NULL), OK);
    assert_false(file.refusal.refused);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(value_reader_init(&readers[i], file.fields[i], FORMAT_CSV, NULL), OK);
    assert_int_equal(db_open(&options, &db, NULL), OK);
    assert_int_equal(row_scan_register(db, "agency_rows", &file, readers, NULL, &scan, NULL), OK);
    assert_int_equal(db_value_str(db, out, NULL, "%s agency_rows()", check_sql), OK);
    ask_parts(db, scan, buf_slice(out));
    db_close(db);
    row_scan_free(scan);
    for (size_t i = 0; i < 3; i++)
        value_reader_free(&readers[i]);
    agency_file_close(&file);
}

static void test_slices_and_threads(void **state)
{
    Site *s = *state;
    static const uint64_t everies[] = {1, 100, 5000, SLICE_BYTES};
    const PolicyFile *policy;
    const Contract *c;
    Rng rng;
    rng_init(&rng, 11, 0);
    assert_int_equal(policy_get(s->policy, "sources", SLICE("latin"), clock_today(), &policy, NULL), OK);
    assert_int_equal(contract_parse(policy, &s->arena, &c, NULL), OK);
    for (size_t round = 0; round < 6; round++) {
        Buf want, got;
        buf_init(&want, 0);
        const char *path = site_write(s, "l.csv", random_csv(s, &rng));
        ask(s, c, path, 1, UINT64_MAX / 2, &want);
        for (size_t i = 0; i < COUNT_OF(everies); i++) {
            for (unsigned threads = 1; threads <= 3; threads++) {
                buf_init(&got, 0);
                ask(s, c, path, threads, everies[i], &got);
                assert_string_equal(buf_z(&want), buf_z(&got));
                buf_free(&got);
            }
        }
        buf_free(&want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_slices_and_threads, site_setup, site_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
