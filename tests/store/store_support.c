/* Scratch folders, fresh homes and deliberate damage for the tests of the store; see store_support.h. */
#include "store_support.h"

#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

int scratch_setup(void **state)
{
    Scratch *s = NULL;
    if (mem_zalloc(1, sizeof *s, (void **)&s, NULL) != OK)
        return 1;
    snprintf(s->path, sizeof s->path, "/tmp/cairn-store-XXXXXX");
    if (!mkdtemp(s->path)) {
        mem_free(s);
        return 1;
    }
    *state = s;
    return 0;
}

int scratch_teardown(void **state)
{
    Scratch *s = *state;
    Status st = dir_remove(s->path, NULL);
    mem_free(s);
    return st == OK ? 0 : 1;
}

const char *scratch_path(Scratch *s, const char *name)
{
    snprintf(s->text, sizeof s->text, "%s/%s", s->path, name);
    return s->text;
}

void scratch_make_home(Scratch *s)
{
    HomeSettings settings = HOME_SETTINGS_INIT;
    settings.policy_dir = s->path;
    settings.threads = 1;
    settings.memory_mb = 256;
    assert_ok(home_create(scratch_path(s, "home"), &settings, NULL, err));
}

Home *scratch_home(Scratch *s, HomeAccess access)
{
    Home *home = NULL;
    assert_ok(home_open(scratch_path(s, "home"), access, &home, err));
    return home;
}

void tamper_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void flip_byte(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_not_equal(c, EOF);
    assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
    assert_int_not_equal(fputc(c ^ 0xFF, f), EOF);
    assert_int_equal(fclose(f), 0);
}
