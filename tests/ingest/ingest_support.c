/* A throw-away home a test. Failures print the message and the detail: everything here is made up. */
#include "ingest_support.h"

#include <stdio.h>

static void must(Status st, const Error *err, const char *what)
{
    if (st != OK)
        fail_msg("%s: %s [%s]", what, err->message, err->detail);
}

void site_open(Site *s)
{
    const char *policy = getenv("CAIRN_TEST_POLICY");
    const char *dir;
    assert_int_equal(path_join(&s->arena, policy ? policy : "tests/ingest/policy", "state", &dir, NULL), OK);
    site_open_policy(s, dir);
}

void site_open_policy(Site *s, const char *policy)
{
    Error err = ERROR_INIT;
    must(policy_open(policy, &s->policy, &err), &err, "policy");
    must(home_open(site_path(s, "home"), HOME_WRITE, &s->home, &err), &err, "home");
    must(vault_open(s->home, &s->vault, &err), &err, "vault");
    must(ledger_open(s->home, &s->ledger, &err), &err, "ledger");
    s->ctx = (IngestContext){
        .home = s->home, .policy = s->policy, .ledger = s->ledger, .vault = s->vault, .progress = PROGRESS_OFF};
}

void site_close(Site *s)
{
    ledger_close(s->ledger);
    vault_close(s->vault);
    home_close(s->home);
    policy_close(s->policy);
    s->ledger = NULL;
    s->vault = NULL;
    s->home = NULL;
    s->policy = NULL;
}

int site_setup(void **state)
{
    Site *s = NULL;
    Error err = ERROR_INIT;
    HomeSettings settings = HOME_SETTINGS_INIT;
    if (mem_zalloc(1, sizeof *s, (void **)&s, NULL) != OK)
        return 1;
    arena_init(&s->arena, 0);
    snprintf(s->root, sizeof s->root, "/tmp/cairn-ingest-XXXXXX");
    if (!mkdtemp(s->root))
        return 1;
    settings.policy_dir = "/nowhere";
    settings.threads = 2;
    must(home_create(site_path(s, "home"), &settings, NULL, &err), &err, "home_create");
    site_open(s);
    *state = s;
    return 0;
}

int site_teardown(void **state)
{
    Site *s = *state;
    site_close(s);
    Status st = dir_remove(s->root, NULL);
    arena_free(&s->arena);
    mem_free(s);
    return st == OK ? 0 : 1;
}

const char *site_path(Site *s, const char *name)
{
    const char *path;
    assert_int_equal(path_join(&s->arena, s->root, name, &path, NULL), OK);
    return path;
}

const char *site_write(Site *s, const char *name, Slice content)
{
    const char *path = site_path(s, name);
    assert_int_equal(file_write(path, content, MODE_PRIVATE, NULL), OK);
    return path;
}

IngestResult site_ingest(Site *s, const char *source, const char *name, Slice content)
{
    IngestResult result;
    Error err = ERROR_INIT;
    const char *path = site_write(s, name, content);
    must(ingest_file(&s->ctx, slice_of(source), path, &result, &err), &err, name);
    return result;
}

IngestResult site_ingest_z(Site *s, const char *source, const char *name, const char *content)
{
    return site_ingest(s, source, name, slice_of(content));
}

const char *site_file(Site *s, const char *folder, const char *load, const char *name)
{
    const char *path;
    Buf text;
    Slice kept;
    Error err = ERROR_INIT;
    must(arena_printf(&s->arena, &path, &err, "%s/home/%s/%s/%s", s->root, folder, load, name), &err, "path");
    buf_init(&text, 0);
    must(file_read(path, 0, &text, &err), &err, path);
    must(arena_dup(&s->arena, buf_slice(&text), &kept, &err), &err, "copy");
    buf_free(&text);
    return kept.ptr ? kept.ptr : "";
}

const char *site_ask(Site *s, const char *load, const char *query)
{
    Db *db = NULL;
    DbRows *rows = NULL;
    DbOptions options = DB_OPTIONS_INIT;
    Error err = ERROR_INIT;
    bool more = false;
    Slice value = SLICE("NULL");
    char file[300];
    char sql[1000];
    snprintf(file, sizeof file, "'%s/home/loads/%s/rows.parquet'", s->root, load);
    const char *mark = strstr(query, "%s");
    assert_non_null(mark);
    snprintf(sql, sizeof sql, "SELECT (%.*s%s%s)::VARCHAR", (int)(mark - query), query, file, mark + 2);
    must(db_open(&options, &db, &err), &err, "db");
    must(db_query(db, sql, &rows, &err), &err, sql);
    must(db_next(rows, &more, &err), &err, sql);
    assert_true(more);
    if (!db_is_null(rows, 0))
        must(arena_dup(&s->arena, db_str(rows, 0), &value, &err), &err, "copy");
    db_rows_free(rows);
    db_close(db);
    return value.ptr ? value.ptr : "";
}

static void count(Site *s, uint64_t *records, uint64_t *quarantined)
{
    uint64_t persons;
    Error err = ERROR_INIT;
    must(vault_count(s->vault, records, &persons, quarantined, &err), &err, "vault_count");
}

uint64_t site_records(Site *s)
{
    uint64_t records, quarantined;
    count(s, &records, &quarantined);
    return records;
}

uint64_t site_quarantined(Site *s)
{
    uint64_t records, quarantined;
    count(s, &records, &quarantined);
    return quarantined;
}
