/*
 * A release as a whole: the same cells give the same bytes and the same name, what is on disk verifies, any change to
 * it is found, and the pages hold what they promise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "publish/release_history.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Bench {
    char dir[64];
    Home *home;
    Sample sample;
} Bench;

static void ok(Status st, const Error *err)
{
    if (st != OK) {
        char text[1024];
        error_print(err, text, sizeof text);
        fail_msg("%s", text);
    }
}

static const char *at(const Bench *b, char out[512], const char *name)
{
    (void)snprintf(out, 512, "%s/%s", b->dir, name);
    return out;
}

static int set_up(void **state)
{
    static const HomeSettings settings = {.policy_dir = POLICY_DIR};
    SampleOptions options = {.policy_dir = POLICY_DIR, .web_dir = WEB_DIR, .seed = 3, .years = 2, .per_mille = 80};
    Bench *b;
    char path[512];
    Error err = ERROR_INIT;
    ok(mem_zalloc(1, sizeof *b, (void **)&b, &err), &err);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/cairn-publish-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    ok(home_create(at(b, path, "home"), &settings, NULL, &err), &err);
    ok(home_open(path, HOME_WRITE, &b->home, &err), &err);
    ok(sample_make(&options, &b->sample, &err), &err);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    Bench *b = *state;
    sample_free(&b->sample);
    home_close(b->home);
    int failed = dir_remove(b->dir, NULL) != OK;
    mem_free(b);
    return failed;
}

static Status sign(void *ctx, Slice message, uint8_t signature[64], uint8_t public_key[32], Error *err)
{
    return home_sign(ctx, message, signature, public_key, err);
}

static void test_same_bytes(void **state)
{
    Bench *b = *state;
    Release first, second;
    Error err = ERROR_INIT;
    ok(release_build(&b->sample.plan, &first, &err), &err);
    ok(release_build(&b->sample.plan, &second, &err), &err);
    assert_string_equal(first.manifest_sha256, second.manifest_sha256);
    assert_int_equal(first.files.len, second.files.len);
    for (size_t i = 0; i < first.files.len; i++)
        assert_string_equal(first.files.at[i].sha256, second.files.at[i].sha256);
    /* The manifest names no time and no machine. */
    assert_null(strstr(first.manifest.ptr, "/tmp"));
    assert_null(strstr(first.manifest.ptr, POLICY_DIR));
    release_free(&first);
    release_free(&second);
}

/* Every link leads to a file of the release or to an anchor of the page; nothing needs a script or inline style. */
static void check_page(const Release *r, const ReleaseFile *page)
{
    Slice text = buf_slice(&page->content);
    assert_true(slice_find(text, SLICE("<script")) == text.len);
    assert_true(slice_find(text, SLICE(" style=")) == text.len);
    assert_true(slice_find(text, SLICE("nan")) == text.len || !strstr(text.ptr, ">nan"));
    assert_true(slice_starts(text, SLICE("<!DOCTYPE html>")));
    for (size_t at_text; (at_text = slice_find(text, SLICE("href=\""))) < text.len;) {
        text = slice_sub(text, at_text + 6, text.len);
        Slice target = slice_sub(text, 0, slice_find(text, SLICE("\"")));
        bool found = slice_starts(target, SLICE("#")) || slice_eq_z(target, "manifest.json");
        for (size_t i = 0; i < r->files.len && !found; i++)
            found = slice_eq_z(target, r->files.at[i].path);
        if (!found)
            fail_msg("%s links to %.*s", page->path, SLICE_ARG(target));
    }
}

static void test_pages(void **state)
{
    Bench *b = *state;
    Release r;
    Error err = ERROR_INIT;
    size_t pages = 0;
    ok(release_build(&b->sample.plan, &r, &err), &err);
    for (size_t i = 0; i < r.files.len; i++)
        if (slice_ends(slice_of(r.files.at[i].path), SLICE(".html"))) {
            check_page(&r, &r.files.at[i]);
            pages++;
        }
    assert_true(pages >= 2 + b->sample.measures.len);
    for (size_t i = 0; i < r.files.len; i++) {
        const char *text = buf_z(&r.files.at[i].content);
        if (strcmp(r.files.at[i].path, "measure-hs_employment_rate_q2.html") == 0) {
            assert_non_null(strstr(text, "Not found in Colorado wage records does not mean not employed"));
            assert_non_null(strstr(text, "chart-map"));
            assert_non_null(strstr(text, "<th scope=\"row\">"));
            assert_non_null(strstr(text, "places shown together"));
        }
        if (strcmp(r.files.at[i].path, "index.html") == 0)
            assert_non_null(strstr(text, "Do students graduate?"));
    }
    release_free(&r);
}

/* What leaves in the data files meets the minimum, read back as anybody would. */
static void test_data(void **state)
{
    Bench *b = *state;
    Release r;
    Error err = ERROR_INIT;
    ok(release_build(&b->sample.plan, &r, &err), &err);
    uint64_t rows = 0;
    for (size_t i = 0; i < r.files.len; i++) {
        if (!slice_ends(slice_of(r.files.at[i].path), SLICE(".csv")))
            continue;
        CsvTable t;
        Arena arena;
        size_t people;
        arena_init(&arena, 0);
        ok(csv_parse(buf_slice(&r.files.at[i].content), r.files.at[i].path, &arena, &t, &err), &err);
        ok(csv_column(&t, "people", &people, &err), &err);
        for (size_t row = 0; row < t.rows; row++) {
            int64_t n;
            ok(parse_i64(t.cells[row * t.columns + people], &n, &err), &err);
            assert_true(n >= 16);
        }
        rows += t.rows;
        arena_free(&arena);
    }
    assert_int_equal(rows, b->sample.figures.count);
    release_free(&r);
}

/* A file of two rows went in: neither its size nor its hash is told, whatever file of its source is told with it. */
static void test_inputs(void **state)
{
    Bench *b = *state;
    Release r;
    Error err = ERROR_INIT;
    ReleaseSource *s = b->sample.sources;
    ReleaseSource kept[3];
    memcpy(kept, s, sizeof kept);
    s[1].rows = 2;
    s[2].rows = 7;
    ok(release_build(&b->sample.plan, &r, &err), &err);
    memcpy(s, kept, sizeof kept);
    const char *manifest = buf_z(&r.manifest);
    assert_non_null(strstr(manifest, "\"files\": 2,\n      \"rows\": 66000"));
    assert_non_null(strstr(manifest, "\"source\": \"cdle_wages\",\n      \"files\": 1,\n      \"rows\": 0\n"));
    for (int i = 0; i < 3; i++) {
        char hash[64];
        (void)snprintf(hash, sizeof hash, "\"%.*s\"", SLICE_ARG(kept[i].file_sha256));
        assert_null(strstr(manifest, hash));
    }
    release_free(&r);
}

/* The page counts the figures that the data file has, hidden ones too. */
static void check_counts(const Bench *b, const Release *r, const char *measure, const char *level, bool expect_other)
{
    size_t alone = 0, other = 0;
    char name[128], row[160];
    const char *text = NULL;
    for (size_t i = 0; i < b->sample.figures.count; i++) {
        const PublishedCell *c = &b->sample.figures.cells[i];
        if (!slice_eq_z(c->cell.table, measure) || !slice_eq_z(c->cell.level, level))
            continue;
        if (c->hiding == PROTECT_SHOWN && c->members.len == 0 && c->groups.len == 0)
            alone++;
        else
            other++;
    }
    assert_true(alone > 0 && alone < 1000 && (other > 0) == expect_other);
    (void)snprintf(name, sizeof name, "measure-%s.html", measure);
    (void)snprintf(row, sizeof row, "<td class=\"num\">%zu</td><td class=\"num\">%zu</td></tr>", alone, other);
    for (size_t i = 0; i < r->files.len; i++)
        if (strcmp(r->files.at[i].path, name) == 0)
            text = buf_z((Buf *)&r->files.at[i].content);
    assert_non_null(text);
    const char *seen = strstr(text, "id=\"seen\"");
    assert_non_null(seen);
    assert_non_null(strstr(seen, row));
}

/* What the attack had to do, beyond the figures themselves, leaves no trace: neither how many hidden counts are small,
 * nor what else is out. */
static void test_figures_alone(void **state)
{
    Bench *b = *state;
    Release first, second;
    Error err = ERROR_INIT;
    Protected *f = &b->sample.figures;
    PublishedCell *hidden = &f->cells[0];
    while (!slice_eq_z(hidden->cell.table, "hs_employment_rate_q2") || slice_eq_z(hidden->cell.split, "all"))
        hidden++;
    const PublishedCell kept = *hidden;
    const bool suppresses = f->suppresses;
    ReleasePlan plan = b->sample.plan;
    ok(release_build(&plan, &first, &err), &err);
    check_counts(b, &first, "hs_employment_rate_q2", "county", true);
    release_free(&first);

    *hidden = (PublishedCell){.cell = {.table = kept.cell.table,
                                  .year = kept.cell.year,
                                  .level = kept.cell.level,
                                  .unit = kept.cell.unit,
                                  .parent = kept.cell.parent,
                                  .split = kept.cell.split,
                                  .grp = kept.cell.grp},
        .unit_count = 1,
        .hiding = PROTECT_HIDDEN};
    f->suppresses = true;
    plan.attack =
        (ProtectAttack){.systems = 2, .figures = 900, .hidden = 1, .unknowns = 1000, .equations = 300, .sensitive = 1};
    ok(release_build(&plan, &first, &err), &err);
    check_counts(b, &first, "hs_employment_rate_q2", slice_eq_z(kept.cell.level, "state") ? "state" : "county", true);
    assert_non_null(strstr(buf_z(&first.manifest), "\"hidden\": 1"));
    plan.attack.unknowns = 1100;
    plan.attack.equations = 350;
    plan.attack.sensitive = 1 + 6;
    ok(release_build(&plan, &second, &err), &err);
    assert_string_equal(first.manifest_sha256, second.manifest_sha256);
    release_free(&first);
    release_free(&second);
    *hidden = kept;
    f->suppresses = suppresses;
}

typedef struct Tamper {
    const char *name;
    const char *file;
    enum { CHANGE, REMOVE, ADD } how;
} Tamper;

static void test_store_and_verify(void **state)
{
    static const Tamper tampers[] = {
        {"a page changed", "index.html", CHANGE},
        {"a table changed", "data/graduation_rate_4yr.csv", CHANGE},
        {"the manifest changed", "manifest.json", CHANGE},
        {"the signature changed", "manifest.sig", CHANGE},
        {"a page removed", "how.html", REMOVE},
        {"a page added", "more.html", ADD},
        {"a table added", "data/more.csv", ADD},
    };
    Bench *b = *state;
    Release r;
    ReleaseReport report;
    bool is_new;
    char dir[512], path[1024];
    Error err = ERROR_INIT;
    ok(release_build(&b->sample.plan, &r, &err), &err);
    at(b, dir, "releases");
    ok(release_store(&r, dir, sign, b->home, &report, &is_new, &err), &err);
    assert_true(is_new);
    ok(release_verify(report.path, NULL, &err), &err);
    char id[13];
    memcpy(id, report.id, sizeof id);
    ok(release_store(&r, dir, sign, b->home, &report, &is_new, &err), &err);
    assert_false(is_new);
    assert_string_equal(report.id, id);
    Buf text;
    buf_init(&text, 0);
    (void)snprintf(path, sizeof path, "%s/releases/CURRENT", b->dir);
    assert_false(file_exists(path)); /* nobody is led to it before the ledger knows it */
    for (size_t i = 0; i < COUNT_OF(tampers); i++) {
        const Tamper *t = &tampers[i];
        (void)snprintf(path, sizeof path, "%s/%s", report.path, t->file);
        buf_reset(&text);
        if (t->how != ADD)
            ok(file_read(path, 0, &text, &err), &err);
        if (t->how == REMOVE) {
            ok(file_remove(path, &err), &err);
        } else {
            Buf changed;
            buf_init(&changed, 0);
            buf_add(&changed, buf_slice(&text));
            if (t->how == CHANGE)
                changed.ptr[changed.len - 2] ^= 1;
            ok(file_write(path, buf_slice(&changed), MODE_PUBLIC, &err), &err);
            buf_free(&changed);
        }
        Error found = ERROR_INIT;
        if (release_verify(report.path, NULL, &found) != ERR_CORRUPT)
            fail_msg("%s: not found (%s)", t->name, found.message);
        if (t->how == ADD)
            ok(file_remove(path, &err), &err);
        else
            ok(file_write(path, buf_slice(&text), MODE_PUBLIC, &err), &err);
    }
    ok(release_verify(report.path, NULL, &err), &err);
    /* a forger signs again what he changed: the release is whole, and not the home's */
    uint8_t signer[32];
    Error found = ERROR_INIT;
    ok(home_release_key(b->home, signer, &err), &err);
    ok(release_verify(report.path, signer, &err), &err);
    signer[0] ^= 1;
    assert_int_equal(release_verify(report.path, signer, &found), ERR_CORRUPT);
    assert_string_equal(found.message, "somebody else's key made the signature");
    buf_free(&text);
    release_free(&r);
}

/* --- releases that are out ------------------------------------------------------------------------------------------
 */

typedef struct GateSeen {
    uint64_t releases, compared;
    size_t clashing;
} GateSeen;

static Status gate_of(Bench *b, Ledger *ledger, const char *dir, const char *replace, GateSeen *seen, Error *err)
{
    const Log log = {0};
    GateReport report = {0};
    Arena arena;
    ReleaseGate gate = {.policy = b->sample.policy,
        .input = b->sample.cells.at,
        .input_count = b->sample.cells.len,
        .figures = &b->sample.figures,
        .measures = &b->sample.measures,
        .ledger = ledger,
        .replace = replace,
        .log = &log};
    arena_init(&arena, 0);
    ok(home_release_key(b->home, gate.signer, err), err);
    ok(release_day(b->sample.policy, &gate.day, err), err);
    Status st = release_gate(&gate, dir, &arena, &report, err);
    *seen = (GateSeen){report.releases, report.compared, report.clashing.len};
    gate_report_free(&report);
    arena_free(&arena);
    return st;
}

static size_t in_force(Ledger *ledger)
{
    Arena arena;
    ReleaseEntries list = {0};
    Error err = ERROR_INIT;
    size_t n = 0;
    arena_init(&arena, 0);
    ok(release_list(ledger, &arena, &list, &err), &err);
    for (size_t i = 0; i < list.len; i++)
        n += list.at[i].in_force;
    vec_free(&list);
    arena_free(&arena);
    return n;
}

/* A release whose files are gone stops the next one, reason or not: it cannot be attacked together with it. */
static void test_gate_errors(void **state)
{
    Bench *b = *state;
    Ledger *ledger;
    GateSeen gate;
    char dir[512];
    Error err = ERROR_INIT;
    at(b, dir, "home/releases");
    ok(ledger_open(b->home, &ledger, &err), &err);
    ok(ledger_append(ledger, "release.published", SLICE("0123456789ab"), SLICE("{}"), &err), &err);
    assert_int_equal(gate_of(b, ledger, dir, NULL, &gate, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(gate_of(b, ledger, dir, "whatever", &gate, &err), ERR_NOT_FOUND);
    assert_int_equal(gate.clashing, 0);
    assert_int_equal(in_force(ledger), 1);
    ok(release_withdraw_by(ledger, dir, SLICE("0123456789ab"), SLICE("lost"), &err), &err);
    ok(gate_of(b, ledger, dir, NULL, &gate, &err), &err);
    ledger_close(ledger);
}

static bool is_marked(const char *dir, const char *id)
{
    char path[1024];
    Buf text;
    Error err = ERROR_INIT;
    (void)snprintf(path, sizeof path, "%s/WITHDRAWN", dir);
    buf_init(&text, 0);
    if (file_exists(path))
        ok(file_read(path, 0, &text, &err), &err);
    bool marked = slice_find(buf_slice(&text), slice_of(id)) < text.len;
    buf_free(&text);
    return marked;
}

/* A withdrawal that ends before the ledger, and one that ends after it: the release is shown in neither case. */
static void test_withdrawal_cut_short(void **state)
{
    Bench *b = *state;
    Ledger *ledger;
    const char *id = "00112233aabb";
    char dir[512], path[1024];
    Error err = ERROR_INIT;
    at(b, dir, "home/cut");
    ok(ledger_open(b->home, &ledger, &err), &err);
    ok(dir_make(dir, MODE_DIR_PUBLIC, &err), &err);
    ok(ledger_append(ledger, "release.published", slice_of(id), SLICE("{}"), &err), &err);
    size_t before = in_force(ledger);

    /* the file cannot be written: then the ledger says nothing either */
    (void)snprintf(path, sizeof path, "%s/WITHDRAWN", dir);
    ok(dir_make(path, MODE_DIR_PUBLIC, &err), &err);
    assert_int_not_equal(release_withdraw_in_ledger(ledger, dir, slice_of(id), SLICE("x"), &err), OK);
    error_clear(&err);
    assert_int_equal(in_force(ledger), before);
    ok(dir_remove(path, &err), &err);

    /* killed after the file: marked, not in the ledger. Naming the files again keeps the mark */
    ok(file_write(path, SLICE("00112233aabb\n"), MODE_PUBLIC, &err), &err);
    ok(release_name_files(ledger, dir, NULL, &err), &err);
    assert_true(is_marked(dir, id));
    ok(release_name_files(ledger, dir, id, &err), &err); /* published again */
    assert_false(is_marked(dir, id));

    /* killed after the ledger, before CURRENT */
    ok(release_withdraw_in_ledger(ledger, dir, slice_of(id), SLICE("x"), &err), &err);
    assert_int_equal(in_force(ledger), before - 1);
    assert_true(is_marked(dir, id));
    ledger_close(ledger);
}

/* The same again passes; one person more is refused, or replaces what was out; a withdrawn release is named. */
static void test_gate(void **state)
{
    Bench *b = *state;
    Ledger *ledger;
    Release r;
    ReleaseReport report;
    GateSeen gate;
    bool is_new;
    char dir[512], path[1024];
    Error err = ERROR_INIT;
    at(b, dir, "home/releases");
    ok(ledger_open(b->home, &ledger, &err), &err);
    ok(release_build(&b->sample.plan, &r, &err), &err);
    ok(release_store(&r, dir, sign, b->home, &report, &is_new, &err), &err);
    release_free(&r);

    /* a run that was killed before it told the ledger: the folder is there for everybody to read */
    ok(gate_of(b, ledger, dir, NULL, &gate, &err), &err);
    assert_int_equal(gate.releases, 1);
    ok(ledger_append(ledger, "release.published", slice_of(report.id), SLICE("{}"), &err), &err);

    ok(gate_of(b, ledger, dir, NULL, &gate, &err), &err);
    assert_int_equal(gate.releases, 1);
    assert_int_equal(gate.compared, 0);

    /* the first figure has been corrected since */
    PublishedCell *cell = &b->sample.figures.cells[0];
    const Slice shown = cell->shown_denominator;
    cell->shown_denominator = SLICE("1");
    b->sample.cells.at[0].denominator++;
    assert_int_equal(gate_of(b, ledger, dir, NULL, &gate, &err), ERR_DENIED);
    assert_non_null(strstr(err.hint, "--withdraw"));
    error_clear(&err);
    assert_int_equal(in_force(ledger), 1);
    ok(gate_of(b, ledger, dir, "corrected", &gate, &err), &err);
    assert_int_equal(gate.clashing, 1);
    assert_int_equal(in_force(ledger), 1); /* until the new release is on disk */
    ok(release_withdraw_by(ledger, dir, slice_of(report.id), SLICE("corrected"), &err), &err);
    assert_int_equal(in_force(ledger), 0);
    ok(gate_of(b, ledger, dir, NULL, &gate, &err), &err);
    assert_int_equal(gate.releases, 0);
    cell->shown_denominator = shown;
    b->sample.cells.at[0].denominator--;

    Buf list;
    buf_init(&list, 0);
    (void)snprintf(path, sizeof path, "%s/WITHDRAWN", dir);
    ok(file_read(path, 0, &list, &err), &err);
    assert_true(slice_eq_z(slice_sub(buf_slice(&list), 0, 12), report.id));
    buf_free(&list);
    assert_int_equal(release_withdraw_by(ledger, dir, SLICE("abcdefabcdef"), SLICE("x"), &err), ERR_NOT_FOUND);
    assert_int_equal(release_withdraw_by(ledger, dir, slice_of(report.id), SLICE(" "), &err), ERR_USAGE);
    ledger_close(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_figures_alone),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_gate_errors),
        cmocka_unit_test(test_withdrawal_cut_short),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_store_and_verify),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
