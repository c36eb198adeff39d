/* The DuckDB wrapper: what goes in comes out, errors say what happened and hide data, a locked database stays locked.
 */
#include "store_support.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"

static Db *memory_db(void)
{
    DbOptions options = DB_OPTIONS_INIT;
    options.threads = 2;
    options.memory_mb = 512;
    Db *db = NULL;
    assert_ok(db_open(&options, &db, err));
    return db;
}

static Db *file_db(const char *path, DbAccess access)
{
    DbOptions options = DB_OPTIONS_INIT;
    options.path = path;
    options.access = access;
    options.threads = 1;
    options.memory_mb = 256;
    Db *db = NULL;
    assert_ok(db_open(&options, &db, err));
    return db;
}

static void next_row(DbRows *rows, bool want)
{
    bool more = !want;
    assert_ok(db_next(rows, &more, err));
    assert_int_equal(more, want);
}

static void test_integers(void **state)
{
    UNUSED(state);
    static const struct {
        const char *sql;
        int64_t want;
        double want_f64;
    } cases[] = {
        {"SELECT true", 1, 1},
        {"SELECT (-128)::TINYINT", -128, -128},
        {"SELECT 255::UTINYINT", 255, 255},
        {"SELECT (-32768)::SMALLINT", -32768, -32768},
        {"SELECT 65535::USMALLINT", 65535, 65535},
        {"SELECT (-2147483648)::INTEGER", INT32_MIN, INT32_MIN},
        {"SELECT 4294967295::UINTEGER", UINT32_MAX, UINT32_MAX},
        {"SELECT 9223372036854775807::BIGINT", INT64_MAX, 0x1p63},
        {"SELECT (-9223372036854775808)::BIGINT", INT64_MIN, -0x1p63},
        {"SELECT DATE '1970-01-02'", 1, 1},
        {"SELECT 12.34::DECIMAL(4,2)", 1234, 12.34},
        {"SELECT (-12.34)::DECIMAL(9,2)", -1234, -12.34},
        {"SELECT 12.3456::DECIMAL(18,4)", 123456, 12.3456},
        {"SELECT (-5.5)::DECIMAL(38,1)", -55, -5.5},
        {"SELECT sum(x) FROM (VALUES (-3::BIGINT), (1::BIGINT)) t(x)", -2, -2},
        {"SELECT NULL::INTEGER", 0, 0},
    };
    Db *db = memory_db();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        DbRows *rows = NULL;
        assert_ok(db_query(db, cases[i].sql, &rows, err));
        assert_int_equal(db_columns(rows), 1);
        next_row(rows, true);
        if (db_i64(rows, 0) != cases[i].want)
            print_error("%s\n", cases[i].sql);
        assert_true(db_i64(rows, 0) == cases[i].want);
        assert_true(fabs(db_f64(rows, 0) - cases[i].want_f64) < 1e-9);
        assert_int_equal(db_is_null(rows, 0), strstr(cases[i].sql, "NULL") != NULL);
        next_row(rows, false);
        next_row(rows, false);
        db_rows_free(rows);
    }
    DbRows *rows = NULL;
    assert_ok(db_query(db, "SELECT 18446744073709551615::UBIGINT, 0.25::DOUBLE, 0.5::FLOAT", &rows, err));
    next_row(rows, true);
    assert_true(db_u64(rows, 0) == UINT64_MAX);
    assert_true(db_f64(rows, 1) == 0.25);
    assert_true(db_f64(rows, 2) == 0.5);
    db_rows_free(rows);
    db_close(db);
}

static void test_text_blob_uuid(void **state)
{
    UNUSED(state);
    static const uint8_t id[16] = {0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xFF};
    Db *db = memory_db();
    DbRows *rows = NULL;
    assert_ok(db_query(db,
        "SELECT 'short' AS a, 'a text that is longer than twelve bytes' AS b, ''::VARCHAR, NULL::VARCHAR, "
        "'\\x00\\x01'::BLOB,"
        " 'f0010203-0405-0607-0809-0a0b0c0d0eff'::UUID, NULL::UUID",
        &rows, err));
    next_row(rows, true);
    assert_string_equal(db_column_name(rows, 0), "a");
    assert_string_equal(db_column_name(rows, 1), "b");
    assert_true(slice_eq_z(db_str(rows, 0), "short"));
    assert_true(slice_eq_z(db_str(rows, 1), "a text that is longer than twelve bytes"));
    assert_int_equal(db_str(rows, 2).len, 0);
    assert_false(db_is_null(rows, 2));
    assert_true(db_is_null(rows, 3));
    assert_int_equal(db_str(rows, 3).len, 0);
    assert_int_equal(db_str(rows, 4).len, 2);
    assert_memory_equal(db_str(rows, 4).ptr, "\0\1", 2);
    uint8_t out[16];
    db_uuid(rows, 5, out);
    assert_memory_equal(out, id, 16);
    db_uuid(rows, 6, out);
    assert_memory_equal(out, ((uint8_t[16]){0}), 16);
    db_rows_free(rows);
    db_close(db);
}

static void test_many_rows(void **state)
{
    UNUSED(state);
    Db *db = memory_db();
    assert_ok(db_exec(db, "CREATE TABLE t AS SELECT i FROM range(10000) r(i); INSERT INTO t VALUES (NULL);", err));
    DbRows *rows = NULL;
    assert_ok(db_queryf(db, &rows, err, "SELECT i FROM t ORDER BY i NULLS LAST LIMIT %d", 20000));
    for (int64_t i = 0; i < 10000; i++) {
        next_row(rows, true);
        assert_true(db_i64(rows, 0) == i);
    }
    next_row(rows, true);
    assert_true(db_is_null(rows, 0));
    next_row(rows, false);
    db_rows_free(rows);
    db_close(db);
}

/* Equal elements of up to twelve bytes are told, unequal ones never called the same. */
static void test_same_texts(void **state)
{
    UNUSED(state);
    Db *db = memory_db();
    DbRows *rows = NULL;
    size_t count;
    assert_ok(db_query(db,
        "SELECT t FROM (VALUES (1, '0880'), (2, '0880'), (3, '088'), (4, NULL), (5, NULL), (6, ''), "
        "(7, 'twelve bytes'), (8, 'twelve bytes'), (9, 'twelve byteS'), (10, 'more than twelve bytes A'), (11, 'more "
        "than twelve bytes B')) "
        "v(n, t) ORDER BY n",
        &rows, err));
    assert_ok(db_next_chunk(rows, &count, err));
    assert_int_equal(count, 11);
    DbVector v = db_vector(rows, 0);
    static const bool same[10] = {true, false, false, true, false, false, true, false, false, false};
    for (size_t i = 0; i < COUNT_OF(same); i++)
        assert_int_equal(db_vector_same_str(&v, i, i + 1), same[i]);
    db_rows_free(rows);
    db_close(db);
}

static void test_one_value(void **state)
{
    UNUSED(state);
    Db *db = memory_db();
    int64_t n = 0;
    assert_ok(db_value_i64(db, &n, err, "SELECT %d + 1", 41));
    assert_int_equal(n, 42);
    assert_status(db_value_i64(db, &n, err, "SELECT 1 WHERE false"), ERR_NOT_FOUND);
    Buf b;
    buf_init(&b, 0);
    assert_ok(db_value_str(db, &b, err, "SELECT '%s'", "x"));
    assert_string_equal(buf_z(&b), "x");
    buf_free(&b);
    db_close(db);
}

static void test_quoting(void **state)
{
    UNUSED(state);
    Buf b;
    buf_init(&b, 0);
    sql_literal(&b, SLICE("O'Neil\"s"));
    buf_addc(&b, ' ');
    sql_ident(&b, SLICE("a\"b'c"));
    assert_string_equal(buf_z(&b), "'O''Neil\"s' \"a\"\"b'c\"");
    buf_free(&b);
}

static void test_append_types(void **state)
{
    UNUSED(state);
    static const uint8_t id[16] = {0x80, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    Db *db = memory_db();
    assert_ok(db_exec(db,
        "CREATE TABLE t (a BOOLEAN, b TINYINT, c SMALLINT, d INTEGER, e BIGINT, f UBIGINT, g DATE, h DECIMAL(12,2),"
        " i DOUBLE, j VARCHAR, k BLOB, l UUID, m DECIMAL(4,1), n FLOAT)",
        err));
    DbAppender *a = NULL;
    assert_ok(db_appender_open(db, "t", &a, err));
    /* more than one chunk, every third row NULL, so that validity must start afresh in each chunk */
    for (int64_t r = 0; r < 5000; r++) {
        for (size_t c = 0; c < 14; c++) {
            if (r % 3 == 0)
                db_append_null(a, c);
            else if (c == 8 || c == 13)
                db_append_f64(a, c, (double)r / 2);
            else if (c == 9)
                db_append_str(a, c, r % 2 ? SLICE("Núñez") : SLICE("a text that does not fit inline"));
            else if (c == 10)
                db_append_str(a, c, (Slice){"\xFF\x00", 2});
            else if (c == 11)
                db_append_uuid(a, c, id);
            else
                db_append_i64(a, c, r % 100);
        }
        assert_ok(db_append_row(a, err));
    }
    assert_ok(db_appender_close(a, err));
    int64_t n = 0;
    assert_ok(db_value_i64(db, &n, err,
        "SELECT count(*) FROM t WHERE a IS NULL AND b IS NULL AND h IS NULL AND j IS NULL AND k IS NULL AND l IS "
        "NULL"));
    assert_int_equal(n, 1667);
    assert_ok(db_value_i64(db, &n, err,
        "SELECT count(*) FROM (SELECT *, row_number() OVER () - 1 AS r FROM t) WHERE r %% 3 != 0 AND a = (r %% 100 != "
        "0)"
        " AND b = r %% 100 AND c = r %% 100 AND d = r %% 100 AND e = r %% 100 AND f = r %% 100"
        " AND g = DATE '1970-01-01' + (r %% 100)::INTEGER AND h = (r %% 100) / 100 AND i = r / 2"
        " AND j = CASE WHEN r %% 2 = 1 THEN 'Núñez' ELSE 'a text that does not fit inline' END"
        " AND k = '\\xFF\\x00'::BLOB AND l = '80010203-0405-0607-0809-0a0b0c0d0e0f'::UUID AND m = (r %% 100) / 10 AND "
        "n = r / 2"));
    assert_int_equal(n, 3333);
    db_close(db);
}

static void test_append_refuses(void **state)
{
    UNUSED(state);
    Db *db = memory_db();
    assert_ok(db_exec(db, "CREATE TABLE t (a TINYINT, b VARCHAR, c DATE); CREATE TABLE u (a INTEGER NOT NULL)", err));
    DbAppender *a = NULL;
    assert_ok(db_appender_open(db, "t", &a, err));
    db_append_i64(a, 0, 128);
    db_append_str(a, 1, SLICE("x"));
    db_append_i64(a, 2, 0);
    assert_status(db_append_row(a, err), ERR_INVALID);
    db_append_i64(a, 0, 1);
    db_append_str(a, 1, (Slice){"\xFF", 1});
    db_append_i64(a, 2, 0);
    assert_status(db_append_row(a, err), ERR_INVALID);
    db_append_i64(a, 0, 1);
    db_append_str(a, 1, SLICE("x"));
    db_append_str(a, 2, SLICE("2020-01-01"));
    assert_status(db_append_row(a, err), ERR_INTERNAL);
    db_append_i64(a, 0, 1);
    db_append_str(a, 1, SLICE("x"));
    db_append_i64(a, 2, 0);
    assert_ok(db_append_row(a, err));
    assert_ok(db_appender_close(a, err));
    int64_t n = 0;
    assert_ok(db_value_i64(db, &n, err, "SELECT count(*) FROM t"));
    assert_int_equal(n, 1);

    assert_status(db_appender_open(db, "nowhere", &a, err), ERR_INVALID);
    assert_ok(db_appender_open(db, "u", &a, err));
    db_append_null(a, 0);
    assert_ok(db_append_row(a, err));
    assert_status(db_appender_close(a, err), ERR_INVALID);
    db_appender_abandon(NULL);
    db_close(db);
}

/* out: the first argument's bytes, then the number of rows seen up to here is not wanted: pure in its arguments */
static void joined(
    void *ctx, size_t rows, size_t arg_count, const Slice *const *args, uint8_t (*out)[16], bool *out_null)
{
    const uint8_t *salt = ctx;
    for (size_t k = 0; k < rows; k++) {
        size_t n = 0;
        bool all_null = true;
        out[k][15] = *salt;
        for (size_t i = 0; i < arg_count; i++) {
            all_null = all_null && !args[i][k].ptr;
            for (size_t b = 0; b < args[i][k].len && n < 15; b++)
                out[k][n++] = (uint8_t)args[i][k].ptr[b];
        }
        out_null[k] = all_null;
    }
}

static void test_function(void **state)
{
    UNUSED(state);
    uint8_t salt = 0xAB;
    Db *db = memory_db();
    assert_ok(db_register_uuid_fn(db, "joined", 2, joined, &salt, err));
    Buf b;
    buf_init(&b, 0);
    assert_ok(db_value_str(db, &b, err, "SELECT joined('ab', 'c')::VARCHAR"));
    assert_string_equal(buf_z(&b), "61626300-0000-0000-0000-0000000000ab");
    buf_reset(&b);
    assert_ok(db_value_str(db, &b, err, "SELECT joined(NULL, 'c')::VARCHAR"));
    assert_string_equal(buf_z(&b), "63000000-0000-0000-0000-0000000000ab");
    buf_free(&b);
    int64_t n = 0;
    assert_ok(db_value_i64(db, &n, err, "SELECT count(*) FROM range(1) WHERE joined(NULL, NULL) IS NULL"));
    assert_int_equal(n, 1);
    /* whole vectors with holes, by two threads */
    assert_ok(db_exec(db,
        "CREATE TABLE t AS SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE chr((97 + i % 5)::INTEGER) END AS a,"
        " CASE WHEN i % 3 = 0 THEN NULL ELSE 'z' END AS b FROM range(500000) r(i)",
        err));
    assert_ok(db_value_i64(db, &n, err,
        "SELECT count(*) FROM t WHERE joined(a, b)::VARCHAR IS DISTINCT FROM CASE WHEN a IS NULL AND b IS NULL THEN "
        "NULL"
        " ELSE rpad(CASE WHEN a IS NULL THEN '' ELSE hex(a::BLOB) END || CASE WHEN b IS NULL THEN '' ELSE '7a' END, 8, "
        "'0')"
        " || '-0000-0000-0000-0000000000ab' END"));
    assert_int_equal(n, 0);
    db_close(db);
}

/* main_part beside the grouping of groups that it stands for. */
static const char main_part_sql[] =
    "SELECT count(*) FROM (SELECT grp, main_part(key, amount, place) AS m FROM part GROUP BY grp) a FULL JOIN "
    "(SELECT grp, count(*) AS keys, arg_max(key, (amount, -place)) AS main, max(amount) AS amount FROM (SELECT grp, "
    "key, "
    "sum(amount) AS amount, min(place) AS place FROM part GROUP BY grp, key) GROUP BY grp) b ON a.grp = b.grp "
    "WHERE (a.m.keys, a.m.main, a.m.amount) IS DISTINCT FROM (b.keys, b.main, b.amount)";

/* Groups of 1 to 2,000 keys, many amounts alike, some keys NULL; several threads, so that states are put together. */
static void test_main_part(void **state)
{
    UNUSED(state);
    Db *db = memory_db();
    int64_t n = -1;
    assert_ok(db_exec(db,
        "CREATE TABLE part AS SELECT g AS grp, CASE WHEN k % 11 = 3 THEN NULL ELSE md5((g * 10000 + k)::VARCHAR)::UUID "
        "END "
        "AS key, ((hash(i) % 5)::INTEGER - 1)::DECIMAL(12, 2) AS amount, (hash(i + 1) % 1000000000)::BIGINT AS place "
        "FROM "
        "(SELECT i, (hash(i) % 701)::INTEGER AS g, (hash(i * 3) % (1 + power(hash(i) % 701, 2) / "
        "245)::INTEGER)::INTEGER AS "
        "k FROM range(300000) r(i))",
        err));
    assert_ok(db_value_i64(db, &n, err, "SELECT count(DISTINCT key) FROM part GROUP BY grp ORDER BY 1 DESC LIMIT 1"));
    assert_true(n > 300);
    assert_ok(db_value_i64(db, &n, err, "%s", main_part_sql));
    assert_int_equal(n, 0);
    /* one group of more keys than fit any list: sorted and summed up on the way */
    assert_ok(db_exec(db,
        "CREATE OR REPLACE TABLE part AS SELECT 1 AS grp, md5((i % 50000)::VARCHAR)::UUID AS key, 0.01::DECIMAL(12, 2) "
        "* "
        "(i % 977) AS amount, i AS place FROM range(400000) r(i)",
        err));
    assert_ok(db_value_i64(db, &n, err, "%s", main_part_sql));
    assert_int_equal(n, 0);
    /* of equal sums the smaller place; nothing from nothing */
    assert_ok(db_value_i64(db, &n, err,
        "SELECT (SELECT (main_part(k::UUID, 2, p)).main::VARCHAR LIKE 'b%%' FROM (VALUES "
        "('a0000000-0000-0000-0000-000000000000', 7), ('b0000000-0000-0000-0000-000000000000', 6)) v(k, p))::INTEGER * "
        "10 "
        "+ (SELECT m.keys = 0 AND m.main IS NULL AND m.amount IS NULL FROM (SELECT main_part(NULL, NULL, NULL) AS m "
        "FROM "
        "range(0)))::INTEGER"));
    assert_int_equal(n, 11);
    /* a sum that DECIMAL(18,2) does not hold is no silent wrap */
    assert_int_equal(db_exec(db,
                         "SELECT main_part('a0000000-0000-0000-0000-000000000000'::UUID, 9999999999999999.99, 1) FROM "
                         "range(2)",
                         NULL),
        ERR_INVALID);
    db_close(db);
}

static void test_errors_hide_data(void **state)
{
    UNUSED(state);
    static const struct {
        const char *sql;
        Status want;
        const char *message; /* contained */
    } cases[] = {
        {"SELECT CAST('SECRET' AS INTEGER)", ERR_INVALID, "does not fit the type"},
        {"INSERT INTO t VALUES ('SECRET'), ('SECRET')", ERR_INVALID, "breaks a constraint"},
        {"SELECT error('SECRET')", ERR_INVALID, "input it cannot use"},
        {"SELECT\n nope FROM t", ERR_INVALID, "\"nope\" not found in FROM clause"},
        {"SELECT\n nope FROM t", ERR_INVALID, "(line 2 of the statement)"},
        {"SELEC 1", ERR_INVALID, "syntax error"},
        {"SELECT * FROM nowhere", ERR_INVALID, "nowhere does not exist"},
        {"SELECT * FROM read_csv('/nonexistent/file.csv')", ERR_NOT_FOUND, "no file matches"},
    };
    Db *db = memory_db();
    assert_ok(db_exec(db, "CREATE TABLE t (a VARCHAR PRIMARY KEY)", err));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Error err = ERROR_INIT;
        Status st = db_exec(db, cases[i].sql, &err);
        if (st != cases[i].want || !strstr(err.message, cases[i].message))
            print_error("%s: %s: %s / %s\n", cases[i].sql, status_name(st), err.message, err.detail);
        assert_int_equal(st, cases[i].want);
        assert_non_null(strstr(err.message, cases[i].message));
        assert_null(strstr(err.message, "SECRET"));
        assert_null(strchr(err.message, '\n'));
        assert_true(err.detail[0] != '\0');
    }
    db_close(db);
}

static void test_memory_limit(void **state)
{
    UNUSED(state);
    DbOptions options = DB_OPTIONS_INIT;
    options.threads = 1;
    options.memory_mb = 16;
    Db *db = NULL;
    assert_ok(db_open(&options, &db, err));
    assert_status(
        db_exec(db, "CREATE TABLE t AS SELECT i, hash(i) AS h FROM range(20000000) r(i) ORDER BY h", err), ERR_NOMEM);
    db_close(db);
}

static int64_t answer_of(Db *db)
{
    DbRows *rows = NULL;
    assert_ok(db_query(db, "SELECT i FROM t", &rows, err));
    next_row(rows, true);
    int64_t i = db_i64(rows, 0);
    db_rows_free(rows);
    return i;
}

/* One beside another that was opened beside; the database is there until the first is closed. */
static void test_beside(void **state)
{
    UNUSED(state);
    Db *db = memory_db();
    Db *second = NULL;
    Db *third = NULL;
    assert_ok(db_exec(db, "CREATE TABLE t AS SELECT 42::BIGINT AS i", err));
    assert_ok(db_beside(db, &second, err));
    assert_ok(db_beside(second, &third, err));
    assert_int_equal(answer_of(third), 42);
    db_close(third);
    assert_int_equal(answer_of(second), 42);
    db_close(second);
    assert_int_equal(answer_of(db), 42);
    db_close(db);
}

static void test_file_states(void **state)
{
    Scratch *s = *state;
    const char *path = scratch_path(s, "a.duckdb");
    DbOptions options = {.path = path, .access = DB_READ_ONLY, .threads = 1};
    Db *db = NULL;
    assert_status(db_open(&options, &db, err), ERR_NOT_FOUND);
    assert_null(db);
    options.access = DB_READ_WRITE;
    assert_ok(file_write(path, SLICE("this is certainly no database, but long enough to have a header"), 0600, err));
    assert_status(db_open(&options, &db, err), ERR_CORRUPT);
    assert_ok(file_remove(path, err));

    db = file_db(path, DB_READ_WRITE);
    assert_ok(db_exec(db, "CREATE TABLE t AS SELECT 7 AS a", err));
    pid_t child = fork();
    if (child == 0) {
        Db *second = NULL;
        Error err = ERROR_INIT;
        Status st = db_open(&options, &second, &err);
        _exit(st == ERR_BUSY ? 0 : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    db_close(db);
}

static void test_read_only_is_locked(void **state)
{
    Scratch *s = *state;
    static const char *const refused[] = {
        "INSERT INTO t VALUES (1)",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT content FROM read_text('/etc/passwd')",
        "COPY t TO '/tmp/cairn-must-not-exist.csv'",
        "ATTACH '/tmp/cairn-must-not-exist.duckdb'",
        "SET memory_limit = '100GB'",
        "SET threads = 64",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET memory_limit",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE '/tmp/cairn-must-not-exist'",
    };
    const char *path = scratch_path(s, "a.duckdb");
    Db *db = file_db(path, DB_READ_WRITE);
    assert_ok(db_exec(db, "CREATE TABLE t AS SELECT 7 AS a; CHECKPOINT", err));
    db_close(db);

    db = file_db(path, DB_READ_ONLY);
    uint8_t salt = 1;
    assert_ok(db_register_uuid_fn(db, "joined", 1, joined, &salt, err));
    int64_t n = 0;
    assert_ok(db_value_i64(db, &n, err, "SELECT a FROM t WHERE joined('x') IS NOT NULL"));
    assert_int_equal(n, 7);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        Error err = ERROR_INIT;
        if (db_exec(db, refused[i], &err) == OK)
            fail_msg("not refused: %s", refused[i]);
    }
    Db *second = file_db(path, DB_READ_ONLY);
    db_close(second);
    db_close(db);
}

static void test_allocation_failures(void **state)
{
    UNUSED(state);
    Db *db = memory_db();
    assert_ok(db_exec(db, "CREATE TABLE t (a INTEGER, b VARCHAR)", err));
    for (long n = 0;; n++) {
        Error err = ERROR_INIT;
        DbRows *rows = NULL;
        DbAppender *a = NULL;
        mem_fail_after(n);
        Status st = db_execf(db, &err, "SELECT %d", 1);
        if (st == OK)
            st = db_queryf(db, &rows, &err, "SELECT %d", 1);
        if (st == OK)
            st = db_appender_open(db, "t", &a, &err);
        bool over = mem_fail_pending();
        mem_fail_after(-1);
        assert_int_equal(st, over ? OK : ERR_NOMEM);
        db_rows_free(rows);
        db_appender_abandon(a);
        if (over)
            break;
    }
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_text_blob_uuid),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_same_texts),
        cmocka_unit_test(test_one_value),
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_append_types),
        cmocka_unit_test(test_append_refuses),
        cmocka_unit_test(test_function),
        cmocka_unit_test(test_main_part),
        cmocka_unit_test(test_errors_hide_data),
        cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_beside),
        cmocka_unit_test_setup_teardown(test_file_states, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_read_only_is_locked, scratch_setup, scratch_teardown),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
