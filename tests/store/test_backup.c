/* Backup, restore, key rotation and the doctor: what was stored survives each of them, and damage is found. */
#include "store_support.h"

#include <stdio.h>
#include <sys/stat.h>

#include "store/vault_impl.h"
#include "store/warehouse.h"

#define RECORDS 600 /* three bundles */

static const VaultPurpose checking = {.purpose = "review", .agreement = "dpa-1"};

/* A home with records, a quarantined row, a load, a generation and a release. */
static void fill_home(Scratch *s)
{
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    Vault *v = NULL;
    assert_ok(vault_open(home, &v, err));
    assert_ok(vault_begin(v, err));
    for (unsigned i = 0; i < RECORDS; i++) {
        RecordTag tag = {{(uint8_t)i, (uint8_t)(i >> 8), 1}};
        IdentityValues values = {0};
        values.at[ID_LAST] = SLICE("Doe");
        assert_ok(vault_add_record(v, SLICE("k12"), &tag, &values, err));
    }
    assert_ok(vault_add_quarantine(v, SLICE("0123456789abcdef"), 1, SLICE("raw row"), err));
    assert_ok(vault_commit(v, err));
    vault_close(v);

    assert_ok(dir_make(scratch_path(s, "home/loads/0123456789abcdef"), 0700, err));
    assert_ok(file_write(scratch_path(s, "home/loads/0123456789abcdef/report.csv"), SLICE("abc"), 0600, err));
    assert_ok(file_write(scratch_path(s, "home/loads/0123456789abcdef/receipt.json"),
        SLICE("{\"files\":{\"report.csv\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}}"),
        0600, err));
    Ledger *l = NULL;
    Load load = {
        .id = SLICE("0123456789abcdef"), .source = SLICE("k12"), .contract = SLICE("1"), .scope = SLICE("y=1")};
    assert_ok(ledger_open(home, &l, err));
    assert_ok(ledger_add_load(l, &load, (Slice){0}, err));
    ledger_close(l);

    Generation *g = NULL;
    assert_ok(generation_begin(home, &g, err));
    assert_ok(db_exec(generation_db(g), "CREATE TABLE t AS SELECT 1 AS a", err));
    assert_ok(generation_publish(g, err));
    assert_ok(dir_make(scratch_path(s, "home/answers/user@people"), 0700, err));
    assert_ok(file_write(scratch_path(s, "home/answers/user@people/ledger.csv"), SLICE("told\n"), 0600, err));
    assert_ok(dir_make(scratch_path(s, "home/releases/0123456789ab/data"), 0755, err));
    assert_ok(file_write(scratch_path(s, "home/releases/0123456789ab/data/t.csv"), SLICE("abc"), 0644, err));
    assert_ok(file_write(scratch_path(s, "home/releases/0123456789ab/manifest.json"),
        SLICE("{\"files\":[{\"path\":\"data/t.csv\","
              "\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}]}"),
        0644, err));
    home_close(home);
}

/* Everything opens; returns the version of the box key in force. */
static uint32_t check_home(Scratch *s, const char *name, HomeAccess access)
{
    Home *home = NULL;
    Vault *v = NULL;
    Ledger *l = NULL;
    uint64_t n = 0;
    uint8_t key[KEY_SIZE];
    uint32_t id = 0;
    uint32_t number = 0;
    Db *db = NULL;
    Buf raw;
    assert_ok(home_open(scratch_path(s, name), access, &home, err));
    assert_ok(vault_open(home, &v, err));
    assert_ok(vault_verify(v, &n, err));
    assert_int_equal(n, RECORDS + 1);
    buf_init(&raw, 0);
    assert_ok(vault_get_quarantine(v, &checking, SLICE("0123456789abcdef"), 1, &raw, err));
    assert_string_equal(buf_z(&raw), "raw row");
    buf_free(&raw);
    vault_close(v);
    assert_ok(ledger_open(home, &l, err));
    assert_ok(ledger_verify(l, &n, err));
    assert_true(n >= 1);
    ledger_close(l);
    assert_ok(warehouse_open(home, &number, &db, err));
    db_close(db);
    assert_ok(home_key(home, "record-box", key, &id, err));
    home_close(home);
    return id;
}

static size_t unhealthy(Scratch *s, const char *name, const char *expected)
{
    Home *home = NULL;
    Arena arena;
    Findings findings = {0};
    size_t bad = 0;
    assert_ok(home_open(scratch_path(s, name), HOME_READ, &home, err));
    arena_init(&arena, 0);
    assert_ok(home_doctor(home, &arena, &findings, err));
    assert_true(findings.len >= 10);
    for (size_t i = 0; i < findings.len; i++) {
        const Finding *f = &findings.at[i];
        assert_int_equal(f->ok, f->advice[0] == '\0');
        assert_true(f->message[0] != '\0');
        bad += !f->ok;
        if (!f->ok && (!expected || strcmp(expected, f->check) != 0))
            print_error("%s: %s (%s)\n", f->check, f->message, f->advice);
        if (!f->ok)
            assert_string_equal(f->check, expected);
    }
    vec_free(&findings);
    arena_free(&arena);
    home_close(home);
    return bad;
}

static void back_up(Scratch *s, const char *name, BackupKeys keys)
{
    char to[128];
    Home *home = scratch_home(s, HOME_READ);
    snprintf(to, sizeof to, "%s/%s", s->path, name);
    assert_ok(home_backup(home, to, keys, err));
    assert_status(home_backup(home, to, keys, err), ERR_EXISTS);
    home_close(home);
}

static Status restore(Scratch *s, const char *from, const char *to, Error *err)
{
    char a[128];
    char b[128];
    snprintf(a, sizeof a, "%s/%s", s->path, from);
    snprintf(b, sizeof b, "%s/%s", s->path, to);
    return home_restore(a, b, err);
}

static void test_backup_and_restore(void **state)
{
    Scratch *s = *state;
    fill_home(s);
    assert_int_equal(check_home(s, "home", HOME_READ), 1);
    back_up(s, "copy", BACKUP_WITH_KEYS);
    assert_ok(restore(s, "copy", "again", err));
    assert_status(restore(s, "copy", "again", err), ERR_EXISTS);
    /* the first writer makes a new box key; what is under the old one still opens */
    assert_int_equal(check_home(s, "again", HOME_WRITE), 2);
    assert_int_equal(check_home(s, "again", HOME_WRITE), 2);
    assert_int_equal(unhealthy(s, "again", NULL), 0);
    assert_int_equal(check_home(s, "home", HOME_WRITE), 1);
    struct stat info;
    assert_int_equal(stat(scratch_path(s, "again/answers/user@people/ledger.csv"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(stat(scratch_path(s, "again/releases/0123456789ab/data/t.csv"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0644);
    assert_int_equal(stat(scratch_path(s, "again/keys/master.key"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_backup_without_keys(void **state)
{
    Scratch *s = *state;
    Home *home = NULL;
    Vault *v = NULL;
    char from[128];
    fill_home(s);
    back_up(s, "copy", BACKUP_WITHOUT_KEYS);
    assert_false(dir_exists(scratch_path(s, "copy/home/keys")));
    assert_ok(restore(s, "copy", "again", err));
    assert_ok(home_open(scratch_path(s, "again"), HOME_WRITE, &home, err));
    assert_status(vault_open(home, &v, err), ERR_NOT_FOUND);
    home_close(home);
    /* the keys folder is put back by hand */
    static const char *const names[] = {"master.key", "keyring.json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char to[200];
        snprintf(from, sizeof from, "%s/home/keys/%s", s->path, names[i]);
        snprintf(to, sizeof to, "%s/again/keys/%s", s->path, names[i]);
        assert_ok(file_copy(from, to, 0600, err));
    }
    assert_int_equal(check_home(s, "again", HOME_WRITE), 2);
}

static void test_damaged_backup(void **state)
{
    Scratch *s = *state;
    static const char *const files[] = {"copy/home/vault.db", "copy/home/loads/0123456789abcdef/report.csv",
        "copy/home/keys/keyring.json", "copy/backup.sha256"};
    fill_home(s);
    back_up(s, "copy", BACKUP_WITH_KEYS);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        flip_byte(scratch_path(s, files[i]), 1);
        assert_status(restore(s, "copy", "again", err), ERR_CORRUPT);
        assert_false(dir_exists(scratch_path(s, "again")));
        flip_byte(scratch_path(s, files[i]), 1);
    }
    assert_ok(file_remove(scratch_path(s, "copy/home/ledger.db"), err));
    assert_status(restore(s, "copy", "again", err), ERR_CORRUPT);
    assert_ok(file_remove(scratch_path(s, "copy/backup.sha256"), err));
    assert_status(restore(s, "copy", "again", err), ERR_NOT_FOUND);

    /* a list that leads out of the folder */
    assert_ok(file_write(scratch_path(s, "copy/backup.sha256"), SLICE("dir  ../outside\n"), 0600, err));
    assert_status(restore(s, "copy", "again", err), ERR_CORRUPT);
    assert_false(dir_exists(scratch_path(s, "outside")));
}

static int64_t boxes_under(Scratch *s, uint32_t key_id)
{
    Lite lite;
    int64_t n = 0;
    char sql[160];
    snprintf(sql, sizeof sql,
        "SELECT (SELECT coalesce(sum(records), 0) FROM bundle WHERE key_id = %u) + (SELECT count(*) FROM quarantine"
        " WHERE key_id = %u)",
        key_id, key_id);
    assert_ok(lite_open(&lite, scratch_path(s, "home/vault.db"), "vault", LITE_READ, err));
    assert_ok(lite_i64(&lite, sql, &n, err));
    lite_close(&lite);
    return n;
}

static void test_rotation(void **state)
{
    Scratch *s = *state;
    uint64_t reboxed = 0;
    uint8_t before[KEY_SIZE], after[KEY_SIZE];
    uint32_t id;
    fill_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    assert_ok(home_key(home, "person-pseudonym", before, &id, err));
    assert_ok(home_keys_rotate(home, &reboxed, err));
    assert_int_equal(reboxed, RECORDS + 1);
    assert_ok(home_key(home, "person-pseudonym", after, &id, err));
    assert_memory_equal(before, after, KEY_SIZE);
    home_close(home);
    assert_int_equal(boxes_under(s, 1), 0);
    assert_int_equal(boxes_under(s, 2), RECORDS + 1);
    assert_int_equal(check_home(s, "home", HOME_WRITE), 2);
    assert_int_equal(unhealthy(s, "home", NULL), 0);

    /* cut off after some boxes, then continued */
    Vault *v = NULL;
    char dir[128];
    Keyring keys = {0};
    snprintf(dir, sizeof dir, "%s/home/keys", s->path);
    assert_ok(keyring_read(&keys, dir, err));
    assert_ok(keyring_renew(&keys, "record-box", err));
    assert_ok(keyring_write(&keys, dir, err));
    keyring_free(&keys);
    home = scratch_home(s, HOME_WRITE);
    assert_ok(vault_open(home, &v, err));
    assert_ok(vault_rebox(v, 20, &reboxed, err));
    assert_int_equal(reboxed, BUNDLE_RECORDS);
    vault_close(v);
    home_close(home);
    assert_int_equal(boxes_under(s, 3), BUNDLE_RECORDS);
    assert_int_equal(check_home(s, "home", HOME_READ), 3);
    home = scratch_home(s, HOME_WRITE);
    assert_ok(vault_open(home, &v, err));
    uint64_t sum = 0;
    do {
        assert_ok(vault_rebox(v, 7, &reboxed, err));
        sum += reboxed;
    } while (reboxed > 0);
    assert_int_equal(sum, RECORDS + 1 - BUNDLE_RECORDS);
    vault_close(v);
    home_close(home);
    assert_int_equal(boxes_under(s, 3), RECORDS + 1);

    KeyInfos infos = {0};
    Arena arena;
    size_t boxes = 0;
    arena_init(&arena, 0);
    home = scratch_home(s, HOME_READ);
    assert_ok(home_keys_list(home, &arena, &infos, err));
    for (size_t i = 0; i < infos.len; i++)
        if (strcmp(infos.at[i].purpose, "record-box") == 0)
            assert_int_equal(infos.at[i].in_force, ++boxes == 3);
    assert_int_equal(boxes, 3);
    vec_free(&infos);
    arena_free(&arena);
    home_close(home);
}

/* Each damage makes just its own check fail. */
static void test_doctor(void **state)
{
    Scratch *s = *state;
    fill_home(s);
    assert_int_equal(unhealthy(s, "home", NULL), 0);

    assert_int_equal(chmod(scratch_path(s, "home/cairn.toml"), 0644), 0);
    assert_int_equal(unhealthy(s, "home", "file modes"), 1);
    assert_int_equal(chmod(scratch_path(s, "home/cairn.toml"), 0600), 0);

    flip_byte(scratch_path(s, "home/loads/0123456789abcdef/report.csv"), 0);
    assert_int_equal(unhealthy(s, "home", "loads"), 1);
    flip_byte(scratch_path(s, "home/loads/0123456789abcdef/report.csv"), 0);

    flip_byte(scratch_path(s, "home/releases/0123456789ab/data/t.csv"), 0);
    assert_int_equal(unhealthy(s, "home", "releases"), 1);
    flip_byte(scratch_path(s, "home/releases/0123456789ab/data/t.csv"), 0);

    assert_ok(file_write(scratch_path(s, "home/tmp/left"), SLICE("x"), 0600, err));
    assert_int_equal(unhealthy(s, "home", "leftovers"), 1);
    assert_ok(file_remove(scratch_path(s, "home/tmp/left"), err));

    assert_ok(dir_remove(scratch_path(s, "home/extracts"), err));
    assert_int_equal(unhealthy(s, "home", "folders"), 1);
    assert_ok(dir_make(scratch_path(s, "home/extracts"), 0700, err));

    assert_ok(file_write(scratch_path(s, "home/warehouse/CURRENT"), SLICE("gen-000077.duckdb"), 0600, err));
    assert_int_equal(unhealthy(s, "home", "warehouse"), 1);
    assert_ok(file_write(scratch_path(s, "home/warehouse/CURRENT"), SLICE("gen-000001.duckdb"), 0600, err));

    tamper_sql(
        scratch_path(s, "home/vault.db"), "UPDATE bundle SET source = 9 WHERE id = 1");
    assert_int_equal(unhealthy(s, "home", "vault"), 1);
    tamper_sql(scratch_path(s, "home/vault.db"), "UPDATE bundle SET source = 1");

    tamper_sql(scratch_path(s, "home/ledger.db"), "DROP TRIGGER entry_no_update; UPDATE entry SET subject = 'other'"
                                                  " WHERE kind = 'vault.read'; UPDATE entry SET at = at - 1");
    assert_int_equal(unhealthy(s, "home", "ledger chain"), 1);
}

int main(void)
{
#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_backup_and_restore),
        WITH_SCRATCH(test_backup_without_keys),
        WITH_SCRATCH(test_damaged_backup),
        WITH_SCRATCH(test_rotation),
        WITH_SCRATCH(test_doctor),
    };
    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
