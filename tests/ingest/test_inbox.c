/*
 * Many files at once: what comes of an inbox does not depend on whether a file
 * is prepared while the one before is committed, nor on where that is killed.
 */
#include "ingest_support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEADER "SSN;Name;Town\n"

/* The second is refused after its persons were met, so that the third must find them new; the fourth is the third
 * again. */
static const struct {
    const char *name;
    const char *content;
} files[] = {
    {"a.csv", HEADER "100000001;One;X\n100000002;Two;Y\n100000003;Three;Z\n1000000x3;Three;Z\n"},
    {"b.csv", HEADER "100000004;Four;X\n100000005;Five;Y\n100000006"},
    {"c.csv", HEADER "100000004;Four;X\n100000005;Five;Y\n100000001;One;Z\n"},
    {"d.csv", HEADER "100000004;Four;X\n100000005;Five;Y\n100000001;One;Z\n"},
    {"e.csv", HEADER "100000001;One;X\n100000006;Six;Y\n\n"},
    {"f.csv", HEADER "100000006;Six;Q\n100000007;Seven;Y\n"},
    {"g.csv", "SSN;Name\n"},
    {"h.csv", HEADER "100000007;Seven;Y\n100000008;Eight;Y\n"},
};

static const char told_first[] = "0/3 2/2 0/3 1/3 0/2 0/2 2/0 0/2 ";

enum { PERSONS = 8, QUARANTINED = 1, ACCEPTED = 5 };

static void fill_inbox(Site *s)
{
    assert_int_equal(dir_make(site_path(s, "inbox/latin"), MODE_DIR_PRIVATE, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char name[40];
        snprintf(name, sizeof name, "inbox/latin/%s", files[i].name);
        site_write(s, name, slice_of(files[i].content));
    }
}

static Status tell(const IngestResult *result, const char *path, void *arg, Error *err)
{
    Buf *told = arg;
    UNUSED(path);
    UNUSED(err);
    buf_addf(told, "%d/%" PRIu64 " ", (int)result->outcome, result->rows_accepted);
    return OK;
}

/* A fresh home under the same keys. */
static void begin_again(Site *s)
{
    HomeSettings settings = HOME_SETTINGS_INIT;
    settings.policy_dir = "/nowhere";
    site_close(s);
    assert_int_equal(rename(site_path(s, "home"), site_path(s, "old")), 0);
    assert_int_equal(home_create(site_path(s, "home"), &settings, site_path(s, "old/keys"), NULL), OK);
    assert_int_equal(dir_remove(site_path(s, "old"), NULL), OK);
    site_open(s);
}

/* Every accepted load's rows, and what is in the vault. */
static void look(Site *s, Buf *out)
{
    Loads loads = {0};
    assert_int_equal(ledger_loads(s->ledger, &s->arena, &loads, NULL), OK);
    for (size_t i = 0; i < loads.len; i++) {
        char id[17];
        snprintf(id, sizeof id, "%.*s", SLICE_ARG(loads.at[i].id));
        buf_addf(out, "%s after %.*s: %s\n%s\n", id, SLICE_ARG(loads.at[i].superseded_by),
            site_ask(s, id, "SELECT list(p ORDER BY row_no) FROM %s p"), site_file(s, "loads", id, "receipt.json"));
    }
    buf_addf(
        out, "%zu loads, %" PRIu64 " records, %" PRIu64 " rows\n", loads.len, site_records(s), site_quarantined(s));
    assert_int_equal(loads.len, ACCEPTED);
    assert_int_equal(site_records(s), PERSONS);
    assert_int_equal(site_quarantined(s), QUARANTINED);
    vec_free(&loads);
}

static void test_threads(void **state)
{
    Site *s = *state;
    Buf told, first, now;
    buf_init(&told, 0);
    buf_init(&first, 0);
    buf_init(&now, 0);
    fill_inbox(s);
    for (unsigned threads = 1; threads <= 4; threads++) {
        home_override(s->home, threads, 0);
        buf_reset(&told);
        buf_reset(&now);
        assert_int_equal(ingest_inbox(&s->ctx, site_path(s, "inbox"), tell, &told, NULL), OK);
        assert_string_equal(buf_z(&told), told_first);
        look(s, threads == 1 ? &first : &now);
        if (threads > 1)
            assert_string_equal(buf_z(&now), buf_z(&first));
        begin_again(s);
    }
    buf_free(&told);
    buf_free(&first);
    buf_free(&now);
}

/* Each step of any file takes a byte from this pipe; whoever finds it empty dies. */
#define LIVES_FD 200

static Status take_life(IngestStep step, Error *err)
{
    char life;
    UNUSED(step);
    UNUSED(err);
    if (read(LIVES_FD, &life, 1) != 1)
        raise(SIGKILL);
    return OK;
}

/* True when the child died before the end. */
static bool run_with_lives(Site *s, size_t lives)
{
    int ends[2];
    int status = 0;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    for (size_t i = 0; i < lives; i++)
        assert_int_equal(write(ends[1], "x", 1), 1);
    site_close(s);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[0], LIVES_FD);
        site_open(s);
        home_override(s->home, 2, 0);
        Status st = ingest_inbox_with(&s->ctx, site_path(s, "inbox"), take_life, NULL, NULL, NULL);
        _exit(st == OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ends[0]);
    close(ends[1]);
    site_open(s);
    if (WIFSIGNALED(status))
        return true;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return false;
}

static void test_killed(void **state)
{
    Site *s = *state;
    Buf first, now;
    size_t deaths = 0;
    buf_init(&first, 0);
    buf_init(&now, 0);
    fill_inbox(s);
    assert_int_equal(ingest_inbox(&s->ctx, site_path(s, "inbox"), NULL, NULL, NULL), OK);
    look(s, &first);
    bool died = true;
    for (size_t lives = 0; died; lives += 6) {
        begin_again(s);
        died = run_with_lives(s, lives);
        deaths += died;
        assert_int_equal(ingest_inbox(&s->ctx, site_path(s, "inbox"), NULL, NULL, NULL), OK);
        buf_reset(&now);
        look(s, &now);
        assert_string_equal(buf_z(&now), buf_z(&first));
    }
    assert_true(deaths > 3);
    uint64_t entries;
    assert_int_equal(ledger_verify(s->ledger, &entries, NULL), OK);
    buf_free(&first);
    buf_free(&now);
}

/* --- what the two threads must not decide --------------------------------------------------------------------- */

static void fill_first(Site *s)
{
    assert_int_equal(dir_make(site_path(s, "inbox/latin"), MODE_DIR_PRIVATE, NULL), OK);
    site_write(s, "inbox/latin/a.csv", slice_of(files[0].content));
}

static void fill_rest(Site *s)
{
    site_write(s, "inbox/latin/b.csv", slice_of(files[2].content));
    site_write(s, "inbox/latin/c.csv", slice_of(files[0].content));
}

/* The commit takes long enough for the file after it to have asked the ledger before. */
static Status slow_commit(IngestStep step, Error *err)
{
    UNUSED(err);
    if (step == STEP_VAULT_DONE)
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    return OK;
}

static Status tell_superseded(const IngestResult *result, const char *path, void *arg, Error *err)
{
    Buf *told = arg;
    UNUSED(err);
    buf_addf(told, "%s %d %s %s\n", path_base(path), (int)result->outcome, result->load, result->superseded_by);
    return OK;
}

/* A known file whose load the file before supersedes: that is told whether it was asked about before or after. */
static void test_superseded_meanwhile(void **state)
{
    Site *s = *state;
    Buf told[2];
    fill_first(s);
    for (unsigned threads = 1; threads <= 2; threads++) {
        Buf *now = &told[threads - 1];
        buf_init(now, 0);
        home_override(s->home, threads, 0);
        assert_int_equal(ingest_inbox(&s->ctx, site_path(s, "inbox"), NULL, NULL, NULL), OK);
        fill_rest(s);
        assert_int_equal(
            ingest_inbox_with(&s->ctx, site_path(s, "inbox"), slow_commit, tell_superseded, now, NULL), OK);
        assert_int_equal(file_remove(site_path(s, "inbox/latin/b.csv"), NULL), OK);
        assert_int_equal(file_remove(site_path(s, "inbox/latin/c.csv"), NULL), OK);
        begin_again(s);
    }
    assert_string_equal(buf_z(&told[1]), buf_z(&told[0]));
    const char *last = strstr(buf_z(&told[0]), "c.csv");
    assert_non_null(last);
    assert_int_equal(strlen(last), strlen("c.csv 0 ") + 16 + 1 + 16 + 1);
    buf_free(&told[0]);
    buf_free(&told[1]);
}

static int surveyed; /* files of the run at hand; one thread at a time prepares */

static Status fail_third(IngestStep step, Error *err)
{
    if (step == STEP_SURVEYED && ++surveyed == 3)
        return error_set(err, ERR_IO, "made for the test");
    return OK;
}

/* A file that was committed is told of though the one prepared meanwhile fails. */
static void test_failed_meanwhile(void **state)
{
    Site *s = *state;
    Buf told;
    Loads loads = {0};
    Error e = ERROR_INIT;
    buf_init(&told, 0);
    fill_first(s);
    fill_rest(s);
    site_write(s, "inbox/latin/c.csv", slice_of(files[7].content));
    home_override(s->home, 2, 0);
    surveyed = 0;
    assert_int_equal(ingest_inbox_with(&s->ctx, site_path(s, "inbox"), fail_third, tell, &told, &e), ERR_IO);
    assert_non_null(strstr(e.message, "made for the test"));
    assert_int_equal(ledger_loads(s->ledger, &s->arena, &loads, NULL), OK);
    assert_int_equal(loads.len, 2);
    assert_string_equal(buf_z(&told), "0/3 0/3 ");
    vec_free(&loads);
    buf_free(&told);
}

static const char *taken_away; /* a path */

static Status take_away(IngestStep step, Error *err)
{
    UNUSED(err);
    if (step == STEP_RECORDED)
        unlink(taken_away);
    return OK;
}

/* A file that was surveyed ahead and is gone when its turn comes is passed over, as one that was never seen. */
static void test_taken_away(void **state)
{
    Site *s = *state;
    Buf told;
    Loads loads = {0};
    buf_init(&told, 0);
    fill_first(s);
    fill_rest(s);
    site_write(s, "inbox/latin/c.csv", slice_of(files[7].content));
    site_write(s, "inbox/latin/d.csv", slice_of(files[5].content));
    home_override(s->home, 2, 0);
    taken_away = site_path(s, "inbox/latin/c.csv");
    assert_int_equal(ingest_inbox_with(&s->ctx, site_path(s, "inbox"), take_away, tell, &told, NULL), OK);
    assert_string_equal(buf_z(&told), "0/3 0/3 0/2 ");
    assert_int_equal(ledger_loads(s->ledger, &s->arena, &loads, NULL), OK);
    assert_int_equal(loads.len, 3);
    vec_free(&loads);
    buf_free(&told);
}

/* Told of the first file, the third is written anew: it was surveyed while that was committed. */
typedef struct Rewrite {
    Site *site;
    bool in_place; /* or as another file of that name */
    Buf told;
} Rewrite;

static Status rewrite(const IngestResult *result, const char *path, void *arg, Error *err)
{
    Rewrite *r = arg;
    const char *third = site_path(r->site, "inbox/latin/c.csv");
    if (strcmp(path_base(path), "a.csv") == 0 && !r->in_place)
        assert_int_equal(unlink(third), 0);
    if (strcmp(path_base(path), "a.csv") == 0) {
        FILE *f = fopen(third, "w");
        assert_non_null(f);
        assert_true(fputs(files[1].content, f) >= 0 && fputs(";Six;X\n", f) >= 0);
        assert_int_equal(fclose(f), 0);
    }
    return tell(result, path, &r->told, err);
}

/* What a survey ahead came to is no longer so: neither a refusal nor rows of the file that was. */
static void test_changed_meanwhile(void **state)
{
    static const size_t before[] = {1, 7}; /* refused, of two rows */
    Site *s = *state;
    fill_first(s);
    fill_rest(s);
    for (unsigned k = 0; k < 4; k++) {
        Rewrite r = {.site = s, .in_place = k % 2 == 0};
        buf_init(&r.told, 0);
        site_write(s, "inbox/latin/c.csv", slice_of(files[before[k / 2]].content));
        home_override(s->home, 2, 0);
        assert_int_equal(ingest_inbox(&s->ctx, site_path(s, "inbox"), rewrite, &r, NULL), OK);
        assert_string_equal(buf_z(&r.told), "0/3 0/3 0/3 ");
        buf_free(&r.told);
        begin_again(s);
    }
}

#define SITE_TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {SITE_TEST(test_threads), SITE_TEST(test_killed),
        SITE_TEST(test_superseded_meanwhile), SITE_TEST(test_failed_meanwhile), SITE_TEST(test_taken_away),
        SITE_TEST(test_changed_meanwhile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
