/*
 * Context from the loads: queries of context.toml over several loads of a source, tables of several sources, sources
 * without a load, tables of the policy, and what a policy may not say.
 */
#include "identity_world.h"

#include <stdio.h>
#include <string.h>

/* The tag that the SQL below calls tag(n). */
static RecordTag tag_of(unsigned n)
{
    RecordTag tag = {{0}};
    tag.bytes[sizeof tag.bytes - 1] = (uint8_t)n;
    return tag;
}

/* One accepted file: its rows by SQL, in the columns of its own. */
static void add_load(World *w, unsigned number, const char *source, const char *scope, const char *rows)
{
    static const char macro[] =
        "CREATE OR REPLACE MACRO tag(n) AS ('00000000-0000-0000-0000-0000000000' || printf('%02x', n))::UUID";
    char id[17], dir[300];
    const char *loads;
    DbOptions options = DB_OPTIONS_INIT;
    Db *db;
    Arena arena;
    arena_init(&arena, 0);
    snprintf(id, sizeof id, "%016x", number);
    assert_ok(home_file(w->home, &arena, "loads", &loads, err));
    snprintf(dir, sizeof dir, "%s/%s", loads, id);
    assert_ok(dir_make(dir, MODE_DIR_PRIVATE, err));
    assert_ok(db_open(&options, &db, err));
    assert_ok(db_exec(db, macro, err));
    assert_ok(db_execf(db, err, "COPY (%s) TO '%s/rows.parquet' (FORMAT parquet)", rows, dir));
    db_close(db);
    const Load load = {.id = slice_of(id),
        .source = slice_of(source),
        .contract = SLICE("1"),
        .scope = slice_of(scope),
        .file_name = SLICE("file"),
        .file_sha256 = slice_of(id),
        .agreement = SLICE("test"),
        .received_at = 1000 + number};
    assert_ok(ledger_add_load(w->ledger, &load, (Slice){"", 0}, err));
    arena_free(&arena);
}

static void put_file(const World *w, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/policy/state/identity/%s", w->dir, name);
    assert_ok(file_write(path, slice_of(text), MODE_PRIVATE, err));
}

static void put_context(World *w, const char *rest)
{
    char text[2000], path[300];
    snprintf(text, sizeof text,
        "schema = \"cairn.identity/1\"\nname = \"context\"\nversion = \"1\"\ntitle = \"c\"\n"
        "effective_from = 2010-07-01\nstatus = \"assumed\"\nsource = \"test\"\n%s",
        rest);
    put_file(w, "context.toml", text);
    snprintf(path, sizeof path, "%s/policy/state", w->dir);
    policy_close(w->policy);
    assert_ok(policy_open(path, &w->policy, err));
}

static Status read_context(World *w, Context *out, Error *err)
{
    LinkContext ctx = world_context(w);
    return context_read(&ctx, clock_today(), out, err);
}

/* "1=x:3 1=y 2=z": the values of a column by tag and text, with the weights of shared ones. */
static void expect_column(Context *c, const char *column, const char *want)
{
    char got[400] = "";
    size_t len = 0;
    ContextColumn *found = context_column(c, slice_of(column));
    assert_non_null(found);
    for (unsigned n = 1; n < 20; n++) {
        RecordTag tag = tag_of(n);
        const ContextValue *v;
        size_t count = context_next(found, &tag, &v);
        for (size_t i = 0; i < count; i++) {
            len += (size_t)snprintf(
                got + len, sizeof got - len, "%s%u=%.*s", len ? " " : "", n, SLICE_ARG(c->texts.at[v[i].text]));
            if (v[i].share)
                len += (size_t)snprintf(got + len, sizeof got - len, ":%d", (int)v[i].weight);
            assert_true(len < sizeof got);
        }
    }
    assert_string_equal(got, want);
}

/* Two files of wages (a third was replaced), in one of which a column is missing, and wages that came another way. */
static void add_wages(World *w)
{
    add_load(w, 1, "wage", "quarter=1", "SELECT tag(1) AS record_tag, 'WRONG' AS place, 9 AS quarters");
    add_load(w, 2, "wage", "quarter=1",
        "SELECT tag(unnest([1, 1, 2])) AS record_tag, unnest(['A', 'B', 'A']) AS place, unnest([3, 1, 2]) AS quarters");
    add_load(
        w, 3, "wage", "quarter=2", "SELECT tag(unnest([1, 3, 4])) AS record_tag, unnest(['A', 'C', NULL]) AS place");
    add_load(w, 4, "payroll", "all", "SELECT 'B' AS place, 7 AS quarters, tag(1) AS record_tag, 'x' AS more");
}

static void several_loads(void **state)
{
    World *w = *state;
    Context c;
    add_wages(w);
    put_context(w,
        "[[value]]\ncolumn = \"place\"\nnext = \"other\"\nsources = [\"wage\"]\nacross = \"ssn\"\ntake = \"most\"\n"
        "sql = \"SELECT record_tag, place AS value, sum(coalesce(quarters, 1)) AS weight FROM wage GROUP BY ALL\"\n"
        "[[value]]\ncolumn = \"rows\"\nsources = [\"wage\"]\n"
        "sql = \"SELECT record_tag, count(*)::VARCHAR AS value FROM wage GROUP BY ALL\"\n");
    assert_ok(read_context(w, &c, err));
    expect_column(&c, "place", "1=A:4 1=B:1 2=A:2 3=C:1"); /* record 4 has no place, the replaced file counts no more */
    assert_int_equal(c.shares.len, 1);
    assert_int_equal(c.shares.at[0].next, 1);
    expect_column(&c, "other", ""); /* what comes after the most of the place */
    assert_ptr_equal(
        &c.columns.at[context_column(&c, SLICE("other"))->next_of - 1], context_column(&c, SLICE("place")));
    expect_column(&c, "rows", "1=3 2=1 3=1 4=1");
    assert_null(context_column(&c, SLICE("nothing")));
    context_free(&c);
}

/* A table of several sources has the rows of all that have a load; columns go by name. */
static void joined_sources(void **state)
{
    World *w = *state;
    Context c;
    add_wages(w);
    put_context(w,
        "[[table]]\nname = \"job\"\nsources = [\"wage\", \"never\", \"payroll\"]\n"
        "[[table]]\nname = \"nobody\"\nsources = [\"never\", \"ever\"]\n"
        "[[value]]\ncolumn = \"place\"\nsources = [\"job\"]\nacross = \"ssn\"\ntake = \"most\"\n"
        "sql = \"SELECT record_tag, place AS value, sum(coalesce(quarters, 1)) AS weight FROM job GROUP BY ALL\"\n"
        "[[value]]\ncolumn = \"more\"\nsources = [\"job\"]\n"
        "sql = \"SELECT record_tag, max(more) AS value FROM job GROUP BY ALL\"\n"
        "[[value]]\ncolumn = \"left_out\"\nsources = [\"job\", \"nobody\"]\nsql = \"SELECT no such query\"\n");
    assert_ok(read_context(w, &c, err));
    expect_column(&c, "place", "1=A:4 1=B:8 2=A:2 3=C:1");
    expect_column(&c, "more", "1=x");
    assert_null(context_column(&c, SLICE("left_out"))); /* some source has no load yet: not even looked at */
    context_free(&c);
}

/* A table by a query is asked once, and there for the queries after it; where a source of its own has no load it is
 * not. */
static void derived_tables(void **state)
{
    World *w = *state;
    Context c;
    add_wages(w);
    put_context(w,
        "[[table]]\nname = \"all wages\"\nsources = [\"wage\", \"payroll\"]\n"
        "[[table]]\nname = \"work\"\nsources = [\"all wages\"]\n"
        "sql = \"SELECT record_tag, place, count(*) AS n, random() AS once FROM \\\"all wages\\\" GROUP "
        "BY ALL\"\n"
        "[[table]]\nname = \"none\"\nsources = [\"work\", \"never\"]\nsql = \"SELECT no such query\"\n"
        "[[value]]\ncolumn = \"places\"\nsources = [\"work\"]\nacross = \"ssn\"\ntake = \"count\"\n"
        "sql = \"SELECT record_tag, place AS value, n AS weight FROM work\"\n"
        "[[value]]\ncolumn = \"same\"\nsources = [\"work\"]\n"
        "sql = \"SELECT a.record_tag, count(*)::VARCHAR AS value FROM work a JOIN work b USING (once) GROUP BY ALL\"\n"
        "[[value]]\ncolumn = \"left_out\"\nsources = [\"none\"]\nsql = \"SELECT no such query\"\n");
    assert_ok(read_context(w, &c, err));
    expect_column(&c, "places", "1=A:2 1=B:2 2=A:1 3=C:1");
    assert_int_equal(c.shares.at[0].take, TAKE_COUNT);
    expect_column(&c, "same", "1=2 2=1 3=1 4=1");
    assert_null(context_column(&c, SLICE("left_out")));
    context_free(&c);
}

static void tables_and_months(void **state)
{
    World *w = *state;
    Context c;
    char text[CONTEXT_TEXT_SIZE];
    add_wages(w);
    put_file(w, "places.csv", "# who lies where\nplace,county\nA,08013\nC,08031\n");
    put_context(w, "[[table]]\nname = \"place\"\nfile = \"identity/places.csv\"\n"
                   "[[value]]\ncolumn = \"county\"\nsources = [\"wage\"]\n"
                   "sql = \"SELECT record_tag, min(county) AS value FROM wage JOIN place USING (place) GROUP BY ALL\"\n"
                   "[[value]]\ncolumn = \"month\"\nmonth_of = \"birth_date\"\n");
    assert_ok(read_context(w, &c, err));
    expect_column(&c, "county", "1=08013 2=08013 3=08031");
    const ContextColumn *month = context_column(&c, SLICE("month"));
    IdentityValues own = {0};
    assert_int_equal(context_own(month, &own, text).len, 0);
    own.at[ID_BIRTH_DATE] = SLICE("2004-05-31");
    assert_true(slice_eq_z(context_own(month, &own, text), "24052")); /* 2004 * 12 + 4 */
    own.at[ID_BIRTH_DATE] = SLICE("2004-00-00");
    assert_int_equal(context_own(month, &own, text).len, 0);
    assert_int_equal(context_own(context_column(&c, SLICE("county")), &own, text).len, 0);
    context_free(&c);
}

static void nothing_said(void **state)
{
    World *w = *state;
    Context c;
    assert_ok(read_context(w, &c, err)); /* no context.toml */
    assert_int_equal(c.columns.len, 0);
    context_free(&c);
}

static void faults(void **state)
{
    World *w = *state;
#define OF_WAGES "sources = [\"wage\"]\nsql = \"SELECT record_tag, place AS value, 1 AS weight FROM wage\"\n"
#define OF_PLACE(place) \
    "sources = [\"wage\"]\nsql = \"SELECT record_tag, place AS value, 1 AS weight FROM wage WHERE place = '" place \
    "'\"\n"
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"[[value]]\ncolumn = \"p\"\n" OF_WAGES, "two values of \"p\""},
        {"[[value]]\ncolumn = \"p\"\nacross = \"ssn\"\ntake = \"most\"\n" OF_PLACE(
             "B") "[[value]]\ncolumn = \"p\"\nacross = \"ssn\"\ntake = \"least\"\n" OF_PLACE("C"),
            "more than one way"},
        {"[[value]]\ncolumn = \"p\"\nacross = \"ssn\"\ntake = \"most\"\n" OF_PLACE(
             "B") "[[value]]\ncolumn = \"p\"\nacross = \"ssn\"\ntake = \"most\"\n" OF_PLACE("B"),
            "two values of \"p\""}, /* one record's values are one query's */
        {"[[value]]\ncolumn = \"p\"\nacross = \"ssn\"\ntake = \"some\"\n" OF_WAGES,
            "must be \"most\", \"least\" or \"count\""},
        {"[[value]]\ncolumn = \"p\"\nnext = \"q\"\nacross = \"ssn\"\ntake = \"least\"\n" OF_WAGES,
            "goes with \"most\" only"},
        {"[[value]]\ncolumn = \"p\"\nacross = \"shoe_size\"\ntake = \"most\"\n" OF_WAGES, "shoe_size"},
        {"[[value]]\ncolumn = \"p\"\nsources = [\"wage\"]\nsql = \"SELECT nothing\"\n", "nothing"},
        {"[[value]]\ncolumn = \"p\"\nsources = [1]\nsql = \"SELECT 1\"\n", "named by a string"},
        {"[[table]]\nname = \"t\"\nsources = [2]\n", "named by a string"},
        {"[[table]]\nname = \"t\"\nsql = \"SELECT 1\"\n", "names its \"sources\""},
        {"[[table]]\nname = \"t\"\nsources = [\"wage\"]\nsql = \"SELECT shoes FROM wage\"\n", "shoes"},
        {"[[value]]\ncolumn = \"p\"\nmonth = \"ssn\"\n" OF_WAGES, "month"},
    };
    add_wages(w);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Context c;
        Error e = ERROR_INIT;
        put_context(w, cases[i].text);
        Status st = read_context(w, &c, &e);
        char line[1200];
        error_print(&e, line, sizeof line);
        if (st == OK || !strstr(line, cases[i].words))
            fail_msg("fault %zu: \"%s\" does not say \"%s\"", i, line, cases[i].words);
        context_free(&c);
    }
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {IN_WORLD(several_loads), IN_WORLD(joined_sources), IN_WORLD(derived_tables),
        IN_WORLD(tables_and_months), IN_WORLD(nothing_said), IN_WORLD(faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
