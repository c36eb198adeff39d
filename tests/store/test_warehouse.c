/* Generations: CURRENT names a whole file or the one before, whatever happens in between. */
#include "store_support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/warehouse.h"

static void build(Home *home, int value, uint32_t want_number)
{
    Generation *g = NULL;
    assert_ok(generation_begin(home, &g, err));
    assert_int_equal(generation_number(g), want_number);
    assert_ok(db_execf(generation_db(g), err, "CREATE TABLE t AS SELECT %d AS a", value));
    assert_ok(generation_publish(g, err));
}

static void expect(Home *home, int value, uint32_t number)
{
    Db *db = NULL;
    uint32_t got = 0;
    int64_t a = 0;
    assert_ok(warehouse_open(home, &got, &db, err));
    assert_int_equal(got, number);
    assert_ok(db_value_i64(db, &a, err, "SELECT a FROM t"));
    assert_int_equal(a, value);
    assert_true(db_exec(db, "CREATE TABLE u (a INTEGER)", NULL) != OK);
    db_close(db);
}

static void test_publish(void **state)
{
    Scratch *s = *state;
    uint32_t number = 0;
    Db *db = NULL;
    Generation *g = NULL;
    struct stat info;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    assert_status(warehouse_current(home, &number, err), ERR_NOT_FOUND);
    assert_status(warehouse_open(home, &number, &db, err), ERR_NOT_FOUND);
    build(home, 1, 1);
    expect(home, 1, 1);
    assert_int_equal(stat(scratch_path(s, "home/warehouse/gen-000001.duckdb"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_false(file_exists(scratch_path(s, "home/warehouse/gen-000001.duckdb.wal")));

    /* readers of the old one are not disturbed by the new one */
    uint32_t old_number = 0;
    assert_ok(warehouse_open(home, &old_number, &db, err));
    build(home, 2, 2);
    expect(home, 2, 2);
    int64_t a = 0;
    assert_ok(db_value_i64(db, &a, err, "SELECT a FROM t"));
    assert_int_equal(a, 1);
    db_close(db);

    assert_ok(generation_begin(home, &g, err));
    assert_ok(db_exec(generation_db(g), "CREATE TABLE t AS SELECT 3 AS a", err));
    generation_abandon(g);
    generation_abandon(NULL);
    expect(home, 2, 2);
    home_close(home);

    home = scratch_home(s, HOME_READ);
    assert_status(generation_begin(home, &g, err), ERR_DENIED);
    expect(home, 2, 2);
    home_close(home);
}

static void test_killed_while_building(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    build(home, 1, 1);
    home_close(home);
    pid_t child = fork();
    if (child == 0) {
        Generation *g = NULL;
        home = scratch_home(s, HOME_WRITE);
        if (generation_begin(home, &g, NULL) != OK)
            _exit(1);
        if (db_exec(generation_db(g), "CREATE TABLE t AS SELECT i AS a FROM range(1000000) r(i)", NULL) != OK)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    home = scratch_home(s, HOME_WRITE);
    expect(home, 1, 1);
    build(home, 5, 2);
    expect(home, 5, 2);
    Arena arena;
    PathList names = {0};
    arena_init(&arena, 0);
    assert_ok(dir_list(scratch_path(s, "home/warehouse"), &arena, &names, err));
    assert_int_equal(names.len, 3); /* CURRENT and two generations: nothing half-built is left */
    vec_free(&names);
    arena_free(&arena);
    home_close(home);
}

/* A file size limit stands for the full disk. */
static int build_under_limit(Scratch *s)
{
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    Generation *g = NULL;
    Error err = ERROR_INIT;
    Home *home = scratch_home(s, HOME_WRITE);
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    Status st = generation_begin(home, &g, &err);
    if (st == OK) {
        st = db_exec(generation_db(g), "CREATE TABLE t AS SELECT i AS a, hash(i) AS b FROM range(3000000) r(i)", &err);
        if (st == OK)
            st = generation_publish(g, &err);
        else
            generation_abandon(g);
    }
    return st == ERR_IO && err.message[0] ? 0 : 2;
}

static void test_full_disk(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    build(home, 1, 1);
    home_close(home);
    pid_t child = fork();
    if (child == 0)
        _exit(build_under_limit(s));
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    home = scratch_home(s, HOME_WRITE);
    expect(home, 1, 1);
    build(home, 2, 2);
    home_close(home);
}

static void test_damaged_current(void **state)
{
    Scratch *s = *state;
    static const struct {
        const char *text;
        Status want;
    } cases[] = {
        {"gen-000001.duckdb\n", OK},
        {"gen-000009.duckdb\n", ERR_NOT_FOUND},
        {"../../etc/passwd\n", ERR_CORRUPT},
        {"gen-../../x.duckdb", ERR_CORRUPT},
        {"", ERR_CORRUPT},
    };
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    build(home, 1, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t number = 0;
        Db *db = NULL;
        assert_ok(file_write(scratch_path(s, "home/warehouse/CURRENT"), slice_of(cases[i].text), 0600, err));
        assert_status(warehouse_open(home, &number, &db, err), cases[i].want);
        if (cases[i].want == OK)
            db_close(db);
    }
    home_close(home);
}

static void test_prune(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    for (uint32_t i = 1; i <= 5; i++)
        build(home, (int)i, i);
    assert_ok(warehouse_prune(home, 1, err));
    expect(home, 5, 5);
    assert_true(file_exists(scratch_path(s, "home/warehouse/gen-000004.duckdb")));
    assert_false(file_exists(scratch_path(s, "home/warehouse/gen-000003.duckdb")));
    assert_ok(warehouse_prune(home, 0, err));
    assert_false(file_exists(scratch_path(s, "home/warehouse/gen-000004.duckdb")));
    expect(home, 5, 5);
    build(home, 6, 6);
    home_close(home);
}

int main(void)
{
#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_publish),
        WITH_SCRATCH(test_killed_while_building),
        WITH_SCRATCH(test_full_disk),
        WITH_SCRATCH(test_damaged_current),
        WITH_SCRATCH(test_prune),
    };
    return cmocka_run_group_tests_name("warehouse", tests, NULL, NULL);
}
