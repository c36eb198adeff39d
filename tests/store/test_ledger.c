/* The ledger: what was written stays, every change shows, loads know what replaced them. */
#include "store_support.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/ledger.h"

static Ledger *open_ledger(Home *home)
{
    Ledger *l = NULL;
    assert_ok(ledger_open(home, &l, err));
    return l;
}

static void append_three(Home *home)
{
    Ledger *l = open_ledger(home);
    assert_ok(ledger_append(l, "link.run", SLICE("a"), SLICE("{\"n\":1}"), err));
    assert_ok(ledger_append(l, "link.run", SLICE("b"), SLICE("{\"n\":2}"), err));
    assert_ok(ledger_append(l, "build.generation", SLICE("a"), SLICE("{}"), err));
    ledger_close(l);
}

static void test_append_and_read(void **state)
{
    Scratch *s = *state;
    Arena arena;
    LedgerEntries entries = {0};
    LedgerEntry last;
    uint64_t n = 0;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_READ); /* readers append too: who looked at an identity */
    append_three(home);
    Ledger *l = open_ledger(home);
    arena_init(&arena, 0);
    assert_ok(ledger_list(l, NULL, &arena, &entries, err));
    assert_int_equal(entries.len, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(entries.at[i].seq, (int64_t)i + 1);
        assert_int_equal(strlen(entries.at[i].hash), 64);
    }
    entries.len = 0;
    assert_ok(ledger_list(l, "link.run", &arena, &entries, err));
    assert_int_equal(entries.len, 2);
    assert_true(slice_eq_z(entries.at[1].body, "{\"n\":2}"));
    assert_ok(ledger_last(l, "link.run", (Slice){0}, &arena, &last, err));
    assert_true(slice_eq_z(last.subject, "b"));
    assert_ok(ledger_last(l, "link.run", SLICE("a"), &arena, &last, err));
    assert_int_equal(last.seq, 1);
    assert_status(ledger_last(l, "link.run", SLICE("c"), &arena, &last, err), ERR_NOT_FOUND);
    assert_ok(ledger_verify(l, &n, err));
    assert_int_equal(n, 3);
    vec_free(&entries);
    arena_free(&arena);
    ledger_close(l);
    home_close(home);
}

static void test_tampering(void **state)
{
    Scratch *s = *state;
    static const struct {
        const char *sql;
        const char *names; /* the entry the message names */
    } changes[] = {
        {"UPDATE entry SET body = '{\"n\":9}' WHERE seq = 2", "entry 2"},
        {"UPDATE entry SET at = at + 1 WHERE seq = 1", "entry 1"},
        {"UPDATE entry SET kind = 'x' WHERE seq = 3", "entry 3"},
        {"UPDATE entry SET subject = 'ab' WHERE seq = 1", "entry 1"},
        {"UPDATE entry SET subject = 'b{', body = '\"n\":2}' WHERE seq = 2", "entry 2"},
        {"UPDATE entry SET hash = zeroblob(32) WHERE seq = 3", "entry 3"},
        {"UPDATE entry SET hash = zeroblob(32) WHERE seq = 1", "entry 1"},
        {"DELETE FROM entry WHERE seq = 2", "entry 2"},
        {"DELETE FROM entry WHERE seq = 1", "entry 1"},
        {"UPDATE entry SET seq = 4 WHERE seq = 3", "entry 3"},
    };
    char good[128];
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    append_three(home);
    snprintf(good, sizeof good, "%s/ledger.good", s->path);
    tamper_sql(scratch_path(s, "home/ledger.db"), "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_ok(file_copy(scratch_path(s, "home/ledger.db"), good, 0600, err));
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        char sql[400];
        uint64_t n = 0;
        Error err = ERROR_INIT;
        assert_int_equal(file_copy(good, scratch_path(s, "home/ledger.db"), 0600, NULL), OK);
        snprintf(sql, sizeof sql,
            "DROP TRIGGER entry_no_update; DROP TRIGGER entry_no_delete; %s;"
            "PRAGMA wal_checkpoint(TRUNCATE)",
            changes[i].sql);
        tamper_sql(scratch_path(s, "home/ledger.db"), sql);
        Ledger *l = open_ledger(home);
        assert_int_equal(ledger_verify(l, &n, &err), ERR_CORRUPT);
        if (!strstr(err.message, changes[i].names))
            print_error("%s: %s\n", changes[i].sql, err.message);
        assert_non_null(strstr(err.message, changes[i].names));
        ledger_close(l);
    }
    home_close(home);
}

static void test_is_append_only(void **state)
{
    Scratch *s = *state;
    static const char *const refused[] = {"UPDATE entry SET body = 'x'", "DELETE FROM entry"};
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    append_three(home);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(scratch_path(s, "home/ledger.db"), &db), SQLITE_OK);
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        assert_int_equal(sqlite3_exec(db, refused[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    home_close(home);
}

static void test_two_writers_keep_one_chain(void **state)
{
    Scratch *s = *state;
    uint64_t n = 0;
    scratch_make_home(s);
    for (int child = 0; child < 3; child++)
        if (fork() == 0) {
            Home *home = NULL;
            Ledger *l = NULL;
            Status st = home_open(scratch_path(s, "home"), HOME_READ, &home, NULL);
            if (st == OK)
                st = ledger_open(home, &l, NULL);
            for (int i = 0; i < 40 && st == OK; i++)
                st = ledger_append(l, "vault.read", SLICE("x"), SLICE("{}"), NULL);
            _exit(st == OK ? 0 : 1);
        }
    for (int child = 0; child < 3; child++) {
        int how = 0;
        assert_true(wait(&how) > 0);
        assert_int_equal(how, 0);
    }
    Home *home = scratch_home(s, HOME_READ);
    Ledger *l = open_ledger(home);
    assert_ok(ledger_verify(l, &n, err));
    assert_int_equal(n, 120);
    ledger_close(l);
    home_close(home);
}

/* --- loads --------------------------------------------------------------------------------------------------- */

static Status add_load(
    Ledger *l, const char *id, const char *source, const char *scope, int64_t at, Slice extra, Error *err)
{
    Load load = {
        .id = slice_of(id),
        .source = slice_of(source),
        .contract = SLICE("1"),
        .scope = slice_of(scope),
        .file_name = SLICE("a \"file\".csv"),
        .file_sha256 = SLICE("00"),
        .agreement = SLICE("dpa-1"),
        .rows_accepted = 10,
        .rows_rejected = 2,
        .received_at = at,
        .number = 99,
    };
    return ledger_add_load(l, &load, extra, err);
}

static void test_loads(void **state)
{
    Scratch *s = *state;
    Arena arena;
    Loads loads = {0};
    LedgerEntry last;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    Ledger *l = open_ledger(home);
    assert_ok(add_load(l, "0000000000000005", "wages", "quarter=2024Q1", 500, (Slice){0}, err));
    assert_ok(add_load(l, "0000000000000001", "k12", "school_year=2024", 400, SLICE("\"sum\":7"), err));
    /* the clock was set back: the order of acceptance counts */
    assert_ok(add_load(l, "0000000000000002", "k12", "school_year=2024", 300, SLICE(",\"sum\":8"), err));
    assert_ok(add_load(l, "0000000000000003", "k12", "school_year=2023", 600, (Slice){0}, err));
    assert_ok(add_load(l, "0000000000000004", "k12", "school_year=2024", 700, (Slice){0}, err));
    assert_status(add_load(l, "0000000000000004", "k12", "school_year=2024", 800, (Slice){0}, err), ERR_EXISTS);
    assert_status(add_load(l, "0000000000000006", "k12", "s", 1, SLICE("\"source\":1"), err), ERR_INTERNAL);
    assert_status(add_load(l, "0000000000000006", "k12", "s", 1, SLICE("nonsense"), err), ERR_INTERNAL);

    static const struct {
        const char *id;
        const char *superseded_by;
        int64_t superseded_at;
    } want[] = {
        {"0000000000000003", "", 0},
        {"0000000000000001", "0000000000000002", 300},
        {"0000000000000002", "0000000000000004", 700},
        {"0000000000000004", "", 0},
        {"0000000000000005", "", 0},
    };
    arena_init(&arena, 0);
    assert_ok(ledger_loads(l, &arena, &loads, err));
    assert_int_equal(loads.len, COUNT_OF(want));
    for (size_t i = 0; i < loads.len; i++) {
        assert_true(slice_eq_z(loads.at[i].id, want[i].id));
        assert_true(slice_eq_z(loads.at[i].superseded_by, want[i].superseded_by));
        assert_int_equal(loads.at[i].superseded_at, want[i].superseded_at);
        assert_int_equal(loads.at[i].number, i + 1);
        assert_true(slice_eq_z(loads.at[i].file_name, "a \"file\".csv"));
        assert_int_equal(loads.at[i].rows_accepted, 10);
        assert_int_equal(loads.at[i].rows_rejected, 2);
    }
    assert_ok(ledger_last(l, "load.accepted", SLICE("0000000000000002"), &arena, &last, err));
    assert_true(slice_find(last.body, SLICE("\"sum\":8}")) < last.body.len);
    vec_free(&loads);
    arena_free(&arena);
    ledger_close(l);
    home_close(home);
}

static void test_a_lost_ledger_is_noticed(void **state)
{
    Scratch *s = *state;
    Ledger *l = NULL;
    scratch_make_home(s);
    assert_ok(file_remove(scratch_path(s, "home/ledger.db"), err));
    Home *home = scratch_home(s, HOME_WRITE);
    assert_status(ledger_open(home, &l, err), ERR_NOT_FOUND);
    assert_ok(file_write(
        scratch_path(s, "home/ledger.db"), SLICE("no database at all, but long enough to look at"), 0600, err));
    assert_status(ledger_open(home, &l, err), ERR_CORRUPT);
    home_close(home);
}

static void test_allocation_failures(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    append_three(home);
    for (long n = 0;; n++) {
        Error err = ERROR_INIT;
        Ledger *l = NULL;
        Arena arena;
        LedgerEntries entries = {0};
        uint64_t count = 0;
        arena_init(&arena, 0);
        mem_fail_after(n);
        Status st = ledger_open(home, &l, &err);
        if (st == OK)
            st = ledger_list(l, NULL, &arena, &entries, &err);
        if (st == OK)
            st = ledger_verify(l, &count, &err);
        bool over = mem_fail_pending();
        mem_fail_after(-1);
        assert_int_equal(st, over ? OK : ERR_NOMEM);
        vec_free(&entries);
        arena_free(&arena);
        ledger_close(l);
        if (over)
            break;
    }
    home_close(home);
}

int main(void)
{
#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_append_and_read),
        WITH_SCRATCH(test_tampering),
        WITH_SCRATCH(test_is_append_only),
        WITH_SCRATCH(test_two_writers_keep_one_chain),
        WITH_SCRATCH(test_loads),
        WITH_SCRATCH(test_a_lost_ledger_is_noticed),
        WITH_SCRATCH(test_allocation_failures),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
