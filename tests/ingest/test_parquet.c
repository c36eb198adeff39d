/*
 * The Parquet writer against DuckDB's reader: whatever was put in comes out, of
 * one writer and of several joined; and its encodings against decoders written
 * from the specification, as slow as it reads.
 */
#include "ingest_support.h"

#include <stdio.h>

#include "ingest/parquet_encode.h"
#include "ingest/value_hash.h"

/* --- encodings ------------------------------------------------------------------------------------------------- */

typedef struct Bytes {
    const uint8_t *at;
    size_t len;
    size_t bit; /* next */
} Bytes;

static uint64_t take_bits(Bytes *b, unsigned width)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++, b->bit++) {
        assert_true(b->bit / 8 < b->len);
        v |= (uint64_t)(b->at[b->bit / 8] >> b->bit % 8 & 1) << i;
    }
    return v;
}

static uint64_t take_varint(Bytes *b)
{
    uint64_t v = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint64_t byte = take_bits(b, 8);
        v |= (byte & 0x7F) << shift;
        if (byte < 0x80)
            return v;
    }
}

static int64_t take_zigzag(Bytes *b)
{
    uint64_t v = take_varint(b);
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

static void check_hybrid(const uint32_t *values, size_t count, unsigned width)
{
    Buf out;
    size_t got = 0;
    buf_init(&out, 0);
    parquet_hybrid(values, count, width, &out);
    Bytes b = {(const uint8_t *)out.ptr, out.len, 0};
    while (got < count) {
        uint64_t head = take_varint(&b);
        uint64_t n = head & 1 ? (head >> 1) * 8 : head >> 1;
        uint64_t run = head & 1 ? 0 : take_bits(&b, (width + 7) / 8 * 8);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t v = head & 1 ? take_bits(&b, width) : run;
            assert_true(got < count ? v == values[got] : v == 0);
            got++;
        }
        assert_true(got <= count || (head & 1 && got < count + 8));
    }
    assert_int_equal(b.bit, out.len * 8);
    buf_free(&out);
}

static void check_delta(const int64_t *values, size_t count)
{
    Buf out;
    buf_init(&out, 0);
    parquet_delta(values, count, &out);
    Bytes b = {(const uint8_t *)out.ptr, out.len, 0};
    uint64_t block = take_varint(&b);
    uint64_t minis = take_varint(&b);
    assert_int_equal(take_varint(&b), count);
    uint64_t v = (uint64_t)take_zigzag(&b);
    assert_true((int64_t)v == values[0]);
    for (size_t got = 1; got < count;) {
        uint64_t least = (uint64_t)take_zigzag(&b);
        unsigned widths[16];
        for (size_t m = 0; m < minis; m++)
            widths[m] = (unsigned)take_bits(&b, 8);
        for (size_t m = 0; m < minis && got < count; m++)
            for (size_t i = 0; i < block / minis; i++) {
                uint64_t above = take_bits(&b, widths[m]);
                if (got >= count)
                    continue;
                v += least + above;
                assert_true((int64_t)v == values[got++]);
            }
    }
    assert_int_equal(b.bit, out.len * 8);
    buf_free(&out);
}

static void test_encodings(void **state)
{
    Rng rng;
    uint32_t small[1000];
    int64_t large[1000];
    UNUSED(state);
    rng_init(&rng, 3, 0);
    for (unsigned width = 1; width <= 32; width++)
        for (size_t round = 0; round < 20; round++) {
            size_t count = rng_below(&rng, COUNT_OF(small)) + 1;
            uint64_t same = rng_below(&rng, 12) + 1;
            for (size_t i = 0; i < count; i++)
                small[i] =
                    i > 0 && rng_below(&rng, same) > 0 ? small[i - 1] : (uint32_t)rng_below(&rng, UINT64_C(1) << width);
            check_hybrid(small, count, width);
        }
    for (unsigned bits = 0; bits < 64; bits++)
        for (size_t count = 1; count < 400; count += 1 + count / 8) {
            for (size_t i = 0; i < count; i++)
                large[i] = (int64_t)(rng_below(&rng, (UINT64_C(1) << bits) + 1) - (UINT64_C(1) << bits) / 2);
            large[count / 2] = bits == 63 ? INT64_MIN : large[count / 2];
            large[count - 1] = bits == 63 ? INT64_MAX : large[count - 1];
            check_delta(large, count);
        }
}

/* --- files ----------------------------------------------------------------------------------------------------- */

typedef struct Made {
    const char *name;
    ParquetType type;
    uint32_t scale;
    bool distinct;
    const char *sql; /* over i and h, a hash of it */
} Made;

static const Made made[] = {
    {"row_no", PARQUET_INTEGER, 0, true, "i"},
    {"few", PARQUET_INTEGER, 0, false, "(h % 7)::BIGINT"},
    {"runs", PARQUET_INTEGER, 0, false, "(i // 1000)::BIGINT"},
    {"wide", PARQUET_INTEGER, 0, false,
        "CASE WHEN h % 5 = 0 THEN NULL WHEN h % 11 = 0 THEN 9223372036854775807 WHEN h % 13 = 0 THEN "
        "-9223372036854775808 ELSE (h // 3)::BIGINT END"},
    {"one", PARQUET_INTEGER, 0, false, "42::BIGINT"},
    {"none", PARQUET_TEXT, 0, false, "NULL::VARCHAR"},
    {"late", PARQUET_DATE, 0, false, "CASE WHEN i > 9000 THEN DATE '2024-01-01' + (h % 400)::INTEGER END"},
    {"old", PARQUET_DATE, 0, false, "DATE '0004-02-29' + (h % 700000)::INTEGER"},
    {"money", PARQUET_DECIMAL, 2, false, "(((h % 4000000)::BIGINT - 17) * 0.01)::DECIMAL(18,2)"},
    {"rate", PARQUET_DECIMAL, 0, false, "(h % 3)::DECIMAL(18,0)"},
    {"flag", PARQUET_BOOLEAN, 0, false, "CASE WHEN h % 9 > 0 THEN h % 2 = 0 END"},
    {"yes", PARQUET_BOOLEAN, 0, false, "true"},
    {"code", PARQUET_TEXT, 0, false, "CASE WHEN h % 4 > 0 THEN 'c' || (h % 300)::VARCHAR END"},
    {"name", PARQUET_TEXT, 0, false, "CASE h % 6 WHEN 0 THEN '' ELSE repeat('n\u00e4', (h % 20)::INTEGER) || h END"},
    {"long", PARQUET_TEXT, 0, false, "repeat('x', (h % 3)::INTEGER * 100)"},
    {"employer", PARQUET_UUID, 0, false, "CASE WHEN h % 50 > 0 THEN md5((i // 14)::VARCHAR)::UUID END"},
    {"tag", PARQUET_UUID, 0, true, "CASE WHEN h % 8 > 0 THEN md5(i::VARCHAR)::UUID END"},
};

static void make_table(Db *db, uint64_t rows)
{
    Buf sql;
    buf_init(&sql, 0);
    buf_adds(&sql, "CREATE OR REPLACE TABLE made AS SELECT ");
    for (size_t i = 0; i < COUNT_OF(made); i++)
        buf_addf(&sql, "%s%s AS %s", i ? ", " : "", made[i].sql, made[i].name);
    buf_addf(&sql, " FROM (SELECT i, (hash(i) >> 2)::BIGINT AS h FROM range(1, %" PRIu64 ") t(i))", rows + 1);
    assert_int_equal(db_exec(db, buf_z(&sql), NULL), OK);
    buf_free(&sql);
}

/* Rows [from, to), all but every hundredth. */
static ParquetWriter *write_rows(Db *db, const char *path, const ParquetColumn *columns, uint64_t from, uint64_t to)
{
    ParquetWriter *w = NULL;
    DbRows *rows = NULL;
    size_t count = 0;
    assert_int_equal(parquet_open(path, columns, COUNT_OF(made), &w, NULL), OK);
    assert_int_equal(
        db_queryf(db, &rows, NULL,
            "SELECT * FROM made WHERE row_no >= %" PRIu64 " AND row_no < %" PRIu64 " ORDER BY row_no", from, to),
        OK);
    while (db_next_chunk(rows, &count, NULL) == OK && count > 0) {
        DbVector vectors[COUNT_OF(made)];
        uint32_t at[2048];
        size_t n = 0;
        for (size_t i = 0; i < COUNT_OF(made); i++)
            vectors[i] = db_vector(rows, i);
        for (uint32_t i = 0; i < count; i++)
            if (((const int64_t *)vectors[0].data)[i] % 100 != 99)
                at[n++] = i;
        assert_int_equal(parquet_add(w, vectors, at, n, NULL), OK);
    }
    db_rows_free(rows);
    assert_int_equal(parquet_end_rows(w, NULL), OK);
    return w;
}

static void check_file(Db *db, const char *path, uint64_t rows)
{
    int64_t count = 0;
    int64_t wrong = 0;
    int64_t disorder = 0;
    assert_int_equal(db_value_i64(db, &count, NULL, "SELECT count(*) FROM read_parquet('%s')", path), OK);
    assert_int_equal(count, rows - (rows + 1) / 100);
    assert_int_equal(
        db_value_i64(db, &wrong, NULL, "SELECT count(*) FROM (FROM read_parquet('%s') EXCEPT ALL FROM made)", path),
        OK);
    assert_int_equal(wrong, 0);
    assert_int_equal(db_value_i64(db, &disorder, NULL,
                         "SELECT count(*) FROM (SELECT row_no, lag(row_no) OVER () AS before FROM read_parquet('%s')) "
                         "WHERE row_no <= before",
                         path),
        OK);
    assert_int_equal(disorder, 0);
    /* a wrong range of a row group would hide these rows */
    static const char *const ends[] = {"min", "max"};
    for (size_t i = 0; i < COUNT_OF(made) * 2 && rows > 0; i++) {
        const Made *m = &made[i / 2];
        int64_t missing = 0;
        if (m->type == PARQUET_BOOLEAN)
            continue;
        assert_int_equal(
            db_value_i64(db, &missing, NULL,
                "WITH kept AS (FROM made WHERE row_no %% 100 <> 99), sought AS (SELECT %s(%s) AS x FROM kept) "
                "SELECT (SELECT count(*) FROM kept WHERE %s = (SELECT x FROM sought)) - "
                "(SELECT count(*) FROM read_parquet('%s') WHERE %s = (SELECT x FROM sought))",
                ends[i % 2], m->name, m->name, path, m->name),
            OK);
        assert_int_equal(missing, 0);
    }
}

static void test_files(void **state)
{
    Site *s = *state;
    static const uint64_t sizes[] = {0, 1, 98, 2048, 5000, 122880, 300001};
    ParquetColumn columns[COUNT_OF(made)];
    Db *db = NULL;
    DbOptions options = DB_OPTIONS_INIT;
    for (size_t i = 0; i < COUNT_OF(made); i++)
        columns[i] = (ParquetColumn){slice_of(made[i].name), made[i].type, made[i].scale, made[i].distinct};
    assert_int_equal(db_open(&options, &db, NULL), OK);
    for (size_t k = 0; k < COUNT_OF(sizes); k++) {
        uint64_t rows = sizes[k];
        const char *one = site_path(s, "one.parquet");
        const char *joined = site_path(s, "joined.parquet");
        make_table(db, rows);
        ParquetWriter *w = write_rows(db, one, columns, 1, rows + 1);
        assert_int_equal(parquet_close(w, NULL), OK);
        parquet_free(w);
        check_file(db, one, rows);
        w = write_rows(db, joined, columns, 1, rows / 3 + 1);
        for (uint64_t part = 1; part < 3; part++) {
            ParquetWriter *next =
                write_rows(db, site_path(s, "part"), columns, rows * part / 3 + 1, rows * (part + 1) / 3 + 1);
            assert_int_equal(parquet_join(w, next, NULL), OK);
            parquet_free(next);
            assert_false(file_exists(site_path(s, "part")));
        }
        assert_int_equal(parquet_close(w, NULL), OK);
        parquet_free(w);
        check_file(db, joined, rows);
    }
    db_close(db);
}

/* Long texts end a row group by their bytes, whether a dictionary holds them or not: it may be given up at any value,
 * which then takes the place of all. */
static void test_long_texts(void **state)
{
    static const char *const remarks[] = {
        "repeat(chr((65 + i % 26)::INTEGER), 20000) || (i % 200)::VARCHAR", /* in a dictionary, 4 MB, 82 MB of them */
        "CASE WHEN i < 4000 THEN repeat('s', 20000) || (i % 210)::VARCHAR ELSE md5(i::VARCHAR) END", /* given up */
        "CASE WHEN i > 3000 THEN repeat(md5(i::VARCHAR), 3000) END",        /* 96 kB each, 100 MB in one vector */
        "CASE WHEN i IN (1, 2500) THEN repeat('y', 70000000) ELSE 'x' END", /* longer than a row group */
    };
    Site *s = *state;
    const char *path = site_path(s, "long.parquet");
    ParquetColumn column = {.name = SLICE("remark"), .type = PARQUET_TEXT};
    Db *db = NULL;
    DbOptions options = DB_OPTIONS_INIT;
    assert_int_equal(db_open(&options, &db, NULL), OK);
    for (size_t k = 0; k < COUNT_OF(remarks); k++) {
        ParquetWriter *w = NULL;
        DbRows *rows = NULL;
        size_t count = 0;
        int64_t wrong = 0;
        int64_t most = 0;
        int64_t groups = 0;
        assert_int_equal(parquet_open(path, &column, 1, &w, NULL), OK);
        assert_int_equal(
            db_queryf(db, &rows, NULL, "SELECT %s AS remark FROM range(1, 4101) t(i) ORDER BY i", remarks[k]), OK);
        while (db_next_chunk(rows, &count, NULL) == OK && count > 0) {
            uint32_t at[2048];
            for (uint32_t i = 0; i < count; i++)
                at[i] = i;
            DbVector v = db_vector(rows, 0);
            assert_int_equal(parquet_add(w, &v, at, count, NULL), OK);
        }
        db_rows_free(rows);
        assert_int_equal(parquet_close(w, NULL), OK);
        parquet_free(w);
        assert_int_equal(db_value_i64(db, &wrong, NULL,
                             "SELECT count(*) FROM (SELECT md5(remark) AS r, count(*) FROM read_parquet('%s') GROUP BY "
                             "1 EXCEPT SELECT md5(%s), count(*) FROM range(1, 4101) t(i) GROUP BY 1)",
                             path, remarks[k]),
            OK);
        assert_int_equal(wrong, 0);
        /* rows of a group, times their text */
        assert_int_equal(
            db_value_i64(db, &most, NULL,
                "WITH g AS (SELECT DISTINCT row_group_id, row_group_num_rows AS n FROM parquet_metadata('%s')), e AS "
                "(SELECT row_group_id, n, sum(n) OVER (ORDER BY row_group_id) AS until FROM g), r AS (SELECT "
                "row_number() OVER () AS i, length(remark) AS b FROM read_parquet('%s')) SELECT coalesce(max(b), 0) "
                "FROM (SELECT sum(b) AS b, n FROM e JOIN r ON i <= until AND i > until - n GROUP BY row_group_id, n) "
                "WHERE n > 1",
                path, path),
            OK);
        assert_true(most <= 64 << 20);
        assert_int_equal(
            db_value_i64(db, &groups, NULL, "SELECT count(DISTINCT row_group_id) FROM parquet_metadata('%s')", path),
            OK);
        assert_true(groups > 1);
        assert_int_equal(file_remove(path, NULL), OK);
    }
    db_close(db);
}

/* One that is given up leaves no file. */
static void test_given_up(void **state)
{
    Site *s = *state;
    ParquetColumn column = {.name = SLICE("x"), .type = PARQUET_TEXT};
    ParquetWriter *w = NULL;
    const char *path = site_path(s, "never.parquet");
    assert_int_equal(parquet_open(path, &column, 1, &w, NULL), OK);
    assert_true(file_exists(path));
    parquet_free(w);
    assert_false(file_exists(path));
    parquet_free(NULL);
}

/* The tail of a value counts whole: any byte changed gives another number, and no byte behind it does. */
static void test_last_bytes(void **state)
{
    UNUSED(state);
    for (size_t n = 1; n < 8; n++) {
        char bytes[8] = "abcdefg";
        uint64_t was = hash_load_few(bytes, n);
        for (size_t i = 0; i < 8; i++) {
            bytes[i] ^= 0x20;
            assert_int_equal(hash_load_few(bytes, n) != was, i < n);
            bytes[i] ^= 0x20;
        }
        assert_true(hash_load_few(bytes, n) == was);
    }
}

#define SITE_TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_encodings), cmocka_unit_test(test_last_bytes),
        SITE_TEST(test_files), SITE_TEST(test_long_texts), SITE_TEST(test_given_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
