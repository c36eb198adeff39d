/*
 * Scripts and blocks as read: what a line means, what is refused and what the refusal says, what a file of blocks may
 * not hold, and every allocation failing in turn.
 */
#include "cohort/cohort_parts.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static const char head[] = "schema = \"cairn.cohort_blocks/1\"\nname = \"t\"\nversion = \"1\"\ntitle = \"T\"\n"
                           "effective_from = 2010-07-01\nstatus = \"assumed\"\nsource = \"test\"\n";
static const char own[] = "[parameters.least]\nvalue = 3\nstatus = \"assumed\"\nsource = \"test\"\n[[vector]]\n";

/* Blocks of one of each kind. */
static const char blocks[] =
    "[[block]]\nname = \"finished\"\nkind = \"entry\"\nphrase = \"finished [in {years}] [with {types}]\"\n"
    "definition = \"d\"\nstatus = \"assumed\"\nsource = \"s\"\nlevel = \"district\"\ngives = [\"district_id\"]\n"
    "needs = [\"done\"]\nanchor = [{ name = \"finish\", text = \"t\", in_year = true }, { name = \"start\", text = "
    "\"t\" "
    "}]\n"
    "param = [{ name = \"years\", type = \"years\", text = \"t\" }, { name = \"types\", type = \"codes\", text = "
    "\"t\", "
    "values = [\"diploma\", \"certificate\"], default = [\"diploma\"] }]\n"
    "sql = \"SELECT * FROM done WHERE y {years} AND t IN ({types}) AND n > {least}\"\n"
    "[[block]]\nname = \"took\"\nkind = \"trait\"\nphrase = \"took at least {n} courses in {places}\"\n"
    "definition = \"d\"\nstatus = \"assumed\"\nsource = \"s\"\nneeds = [\"course\", \"done\"]\n"
    "param = [{ name = \"n\", type = \"integer\", text = \"t\", min = 1, max = 40 }, { name = \"places\", type = "
    "\"texts\", text = \"code\", characters = \"0123456789\", min_length = 4, max_length = 4 }]\n"
    "sql = \"SELECT person, year FROM {cohort} WHERE n >= {n} AND p IN ({places})\"\n"
    "[[block]]\nname = \"works\"\nkind = \"outcome\"\nphrase = \"works within {n} quarters [in {m}]\"\n"
    "definition = \"d\"\nstatus = \"assumed\"\nsource = \"s\"\ngives = [\"hit\", \"covered\"]\nfigure = [\"rate\"]\n"
    "param = [{ name = \"n\", type = \"integer\", text = \"looked at\", min = 1, max = 8 }, { name = \"m\", type = "
    "\"integer\", text = \"worked\", min = 1, max = 8, at_most = \"n\", default = 1 }]\n"
    "years = \"SELECT year FROM {cohort}\"\nsql = \"SELECT person, year, TRUE AS hit, TRUE AS covered FROM {cohort} "
    "WHERE q "
    "= {n} AND r >= {m}\"\n"
    "[[block]]\nname = \"earns\"\nkind = \"outcome\"\nphrase = \"earnings in quarter {quarters} [by the {rule} "
    "rule]\"\n"
    "definition = \"d\"\nstatus = \"assumed\"\nsource = \"s\"\nfigure = [\"median\", \"mean\"]\nfamily = "
    "\"employment\"\n"
    "param = [{ name = \"quarters\", type = \"integer\", text = \"t\", min = 1, max = 8 }, { name = \"rule\", type = "
    "\"code\", text = \"t\", values = [\"wioa\", \"leo\"], default = [\"wioa\"] }]\n";

typedef struct World {
    Arena arena;
    PolicyFile file;
    Block *blocks;
    const Block *list[16];
    BlockSet set;
    CohortPlan *plan;
} World;

static const Slice splits[] = {SLICE_INIT("sex"), SLICE_INIT("race"), SLICE_INIT("income"), SLICE_INIT("region")};

static Status open_blocks(World *w, const char *text, Error *err)
{
    Slice whole;
    arena_init(&w->arena, 0);
    w->file = (PolicyFile){.path = "cohorts/t.toml", .schema = SLICE("cairn.cohort_blocks/1")};
    TRY(arena_format(&w->arena, &whole, err, "%s%s%s", head, own, text));
    TRY(toml_parse(whole, "t.toml", &w->arena, &w->file.toml, err));
    TRY(blocks_of_file(&w->file, &w->arena, &w->blocks, &w->set.count, err));
    for (size_t i = 0; i < w->set.count; i++)
        w->list[i] = &w->blocks[i];
    w->set.at = w->list;
    w->set.era = (PolicyFile){.path = "cohorts", .effective_from = 0, .effective_to = DATE_NONE};
    return arena_new(&w->arena, CohortPlan, 1, &w->plan, err);
}

static Status read_script(World *w, const char *text, MeasureOwn *figures, MeasureOwn *funnel, Error *err)
{
    TRY(open_blocks(w, blocks, err));
    TRY(script_read(&w->set, splits, COUNT_OF(splits), slice_of(text), "s.cohort", &w->arena, w->plan, err));
    return plan_compile(w->plan, &w->arena, figures, funnel, err);
}

static const char good[] = "# a comment\n"
                           "cohort \"Who works # not a comment\"\n"
                           "who finished with certificate or diploma in 2020-2022 # a comment\n\n"
                           "AND Took at least 2 courses in 0010, 0880\n"
                           "not took at least 9 courses in 0010\r\n"
                           "not took at least 8 courses in 0010\n"
                           "counted finished in 2021\n"
                           "from start\nreached works within 2 quarters\n"
                           "by race, sex\nby income\nlevel district\nminimum 16\n";

static void assert_has(Slice text, const char *part)
{
    if (slice_find(text, slice_of(part)) == text.len)
        fail_msg("\"%s\" is not in: %.*s", part, SLICE_ARG(text));
}

static void test_a_script(void **state)
{
    World w = {0};
    MeasureOwn f, funnel;
    Error err = ERROR_INIT;
    UNUSED(state);
    if (read_script(&w, good, &f, &funnel, &err) != OK)
        fail_msg("%s (%s)", err.message, err.hint);
    assert_true(slice_eq_z(w.plan->title, "Who works # not a comment"));
    assert_int_equal(w.plan->line_count, 6);
    assert_int_equal(w.plan->who->said.line->line, 3);
    assert_true(slice_eq_z(w.plan->from->name, "start"));
    assert_int_equal(w.plan->by_count, 3);
    assert_int_equal(w.plan->by[0].count, 0);
    assert_int_equal(w.plan->by[1].count, 2);
    assert_int_equal(f.kind, MEASURE_RATE);
    assert_int_equal(f.minimum_n, 16);
    assert_true(slice_eq_z(f.level, "district"));
    assert_int_equal(f.need_count, 2);
    assert_int_equal(f.split_count, 3);
    /* the order of what is in brackets is free; values are literals of their type */
    assert_has(f.sql, "y BETWEEN 2020 AND 2022 AND t IN ('certificate', 'diploma') AND n > 3");
    assert_has(f.sql, "n >= 2 AND p IN ('0010', '0880')");
    assert_has(f.sql, "WHERE q = 2 AND r >= 1");
    /* two lines of one block are two reasons */
    assert_int_equal(f.reason_count, 3);
    assert_true(slice_eq_z(f.reasons[0].code, "took") && slice_eq_z(f.reasons[1].code, "took_2"));
    assert_true(slice_eq_z(f.reasons[2].code, "no_day"));
    assert_int_equal(funnel.kind, MEASURE_DISTRIBUTION);
    assert_has(funnel.sql, "WHEN NOT j.in_5 THEN 'line 5' WHEN j.in_6 THEN 'line 6'");
    arena_free(&w.arena);
}

/* Blocks of a family leave the outcome to the family's definition. */
static void test_a_family(void **state)
{
    World w = {0};
    MeasureOwn f, funnel;
    UNUSED(state);
    assert_int_equal(
        read_script(&w, "cohort \"t\"\nwho finished\nreached earnings in quarter 3 by the leo rule\nfigure mean\n", &f,
            &funnel, NULL),
        OK);
    assert_int_equal(f.kind, MEASURE_MEAN);
    assert_true(slice_eq_z(f.family, "employment") && slice_eq_z(f.definition, "leo"));
    assert_has(f.sql, "j.quarter AS origin, 3 AS after_quarters");
    arena_free(&w.arena);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *text;
        Status status;
        uint64_t line;
        const char *says, *hint;
    } cases[] = {
        {"", ERR_INVALID, 0, "no line \"cohort\"", ""},
        {"cohort t\n", ERR_INVALID, 1, "in quotes", ""},
        {"cohort \"t\"\nwo finished\n", ERR_INVALID, 2, "word 1, \"wo\": a line begins with one of", "\"who\""},
        {"cohort \"t\"\nwho\n", ERR_INVALID, 2, "word 2, the end of the line: here may stand finished", ""},
        {"cohort \"t\"\nwho finishd\n", ERR_INVALID, 2, "word 2, \"finishd\"", "\"finished\""},
        {"cohort \"t\"\nwho finished in 1800\n", ERR_INVALID, 2, "word 4, \"1800\": here may stand a year", ""},
        {"cohort \"t\"\nwho finished in 2022-2020\n", ERR_INVALID, 2, "word 4", ""},
        {"cohort \"t\"\nwho finished in 2020 in 2021\n", ERR_INVALID, 2,
            "word 5, \"in\": here may stand with, the end of the line", ""},
        {"cohort \"t\"\nwho finished with diplom\n", ERR_INVALID, 2, "diploma, certificate", "\"diploma\""},
        {"cohort \"t\"\nwho finished with diploma or\n", ERR_INVALID, 2, "word 6, the end of the line", ""},
        {"cohort \"t\"\nwho finished\nwho finished\n", ERR_INVALID, 3, "one line \"who\" only", ""},
        {"cohort \"t\"\nwho took at least 2 courses in 0010\n", ERR_INVALID, 2, "here may stand finished", ""},
        {"cohort \"t\"\nwho finished\nreached took at least 41 courses in 0010\n", ERR_INVALID, 3,
            "word 5, \"41\": here may stand a whole number from 1 to 40", ""},
        {"cohort \"t\"\nwho finished\nreached took at least 2 courses in 00'0\n", ERR_INVALID, 3, "word 8, \"00'0\"",
            ""},
        {"cohort \"t\"\nwho finished\nreached took at least 2 courses in 0010 0880\n", ERR_INVALID, 3,
            "word 9, \"0880\": here may stand the end of the line", ""},
        {"cohort \"t\"\nwho finished\n", ERR_INVALID, 0, "no line \"reached\"", ""},
        {"cohort \"t\"\nreached works within 2 quarters\n", ERR_INVALID, 0, "no line \"who\"", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nfrom finnish\n", ERR_INVALID, 4, "finish, start",
            "\"finish\""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters in 3\n", ERR_INVALID, 3,
            "3 (worked) is more than 2 (looked at)", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nfigure median\n", ERR_INVALID, 4, "stand rate",
            ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nlevel school\n", ERR_INVALID, 0,
            "known by district at the finest, not by school", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nlevel village\n", ERR_INVALID, 4, "county", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nby sex race\n", ERR_INVALID, 4, "commas", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nby sex,\n", ERR_INVALID, 4,
            "word 4, the end of the line: a split is one of sex, race", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nby sex, sex\n", ERR_INVALID, 4, "twice", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nby sex, race, income, region\n", ERR_INVALID, 4,
            "at most three", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nby\n", ERR_INVALID, 4, "a split is one of", ""},
        {"cohort \"t\"\nwho finished\nreached works within 2 quarters\nminimum 0\n", ERR_INVALID, 4, "from 1 to", ""},
        {"cohort \"t\"\nwho finished\x01\n", ERR_INVALID, 2, "control character", ""},
        {"cohort \"\xff\"\n", ERR_PARSE, 0, "not UTF-8", ""},
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        World w = {0};
        MeasureOwn f, funnel;
        Error err = ERROR_INIT;
        Status st = read_script(&w, cases[i].text, &f, &funnel, &err);
        if (st != cases[i].status || !strstr(err.message, cases[i].says) || !strstr(err.hint, cases[i].hint) ||
            err.line != cases[i].line)
            fail_msg("case %zu: status %d, line %d: %s (%s)", i, (int)st, (int)err.line, err.message, err.hint);
        arena_free(&w.arena);
    }
}

static void test_limits(void **state)
{
    World w = {0};
    MeasureOwn f, funnel;
    Buf text;
    UNUSED(state);
    buf_init(&text, 0);
    for (int i = 0; i <= LINES_MAX; i++)
        buf_adds(&text, "minimum 1\n");
    assert_int_equal(read_script(&w, buf_z(&text), &f, &funnel, NULL), ERR_LIMIT);
    arena_free(&w.arena);
    buf_reset(&text);
    buf_adds(&text, "cohort \"t\"\nwho");
    for (int i = 0; i <= WORDS_MAX; i++)
        buf_adds(&text, " a");
    assert_int_equal(read_script(&w, buf_z(&text), &f, &funnel, NULL), ERR_LIMIT);
    arena_free(&w.arena);
    buf_reset(&text);
    buf_pad(&text, 'a', COHORT_SCRIPT_BYTES + 1);
    assert_int_equal(read_script(&w, buf_z(&text), &f, &funnel, NULL), ERR_LIMIT);
    arena_free(&w.arena);
    buf_free(&text);
}

/* One file of blocks, one word of it changed: what it then may not be read as. */
static void test_blocks_refused(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"kind = \"trait\"", "kind = \"tract\"", "kind is entry, trait or outcome"},
        {"phrase = \"took at least {n}", "phrase = \"took at least {m}", "names no parameter: {m}"},
        {"courses in {places}", "courses", "must name each parameter once: places"},
        {"[with {types}]\"", "[with {types}\"", "brackets of its phrase do not close"},
        {"[with {types}]\"", "[in {types}]\"", "begin alike: in"},
        {"[with {types}]\"", "[{types}]\"", "begins with a word"},
        {"took at least", "took AT least", "a word that no script can have: AT"},
        {"characters = \"0123456789\"", "characters = \"'{}\"", "characters of texts are some of"},
        {"max = 40", "max = 0", "min <= default <= max does not hold: n"},
        {"at_most = \"n\"", "at_most = \"o\"", "at_most names another whole number of the block: m"},
        {"at_most = \"n\"", "at_most = \"m\"", "at_most names another whole number of the block: m"},
        {"min_length = 4", "table = \"district\", min_length = 4", "a list has a table and a column: places"},
        {"min_length = 4", "partial = true, min_length = 4", "a list has a table and a column: places"},
        {"min_length = 4", "table = \"a\", column = \"b\", within = \"n\", min_length = 4",
            "within names another parameter with a list: places"},
        {"[\"diploma\", \"certificate\"]", "[\"di ploma\"]", "may be in a word: di ploma"},
        {", default = [\"diploma\"]", "", "a parameter in brackets needs a default: types"},
        {"anchor = [{", "anchor2 = [{", "anchor2"},
        {"figure = [\"rate\"]", "figure = [\"rat\"]", "no kind of figure: rat"},
        {"figure = [\"rate\"]", "", "says which figures it gives"},
        {"gives = [\"district_id\"]", "gives = [\"district id\"]", "not a name for a column"},
        {"gives = [\"district_id\"]", "gives = [\"day\"]", "not a name for a column of its own: day"},
        {"name = \"start\"", "name = \"year\"", "not a name for a day: year"},
        {"name = \"quarters\"", "name = \"least\"", "one that the file has already: least"},
        {"sql = \"SELECT person, year FROM", "note = \"SELECT person, year FROM", "note"},
        {"status = \"assumed\"\nsource = \"s\"\nlevel", "status = \"sure\"\nsource = \"s\"\nlevel",
            "status is verified or assumed, not sure"},
        {"source = \"s\"\nneeds", "source = \" \"\nneeds", "and a source"},
    };
    UNUSED(state);
    Slice all = slice_of(blocks);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        World w = {0};
        Error err = ERROR_INIT;
        Buf text;
        size_t at = slice_find(all, slice_of(cases[i].from));
        assert_true(at < all.len);
        buf_init(&text, 0);
        buf_add(&text, slice_sub(all, 0, at));
        buf_adds(&text, cases[i].to);
        buf_add(&text, slice_sub(all, at + strlen(cases[i].from), all.len));
        Status st = open_blocks(&w, buf_z(&text), &err);
        char shown[1200];
        error_print(&err, shown, sizeof shown);
        if (st != ERR_INVALID || !strstr(shown, cases[i].says))
            fail_msg("case %zu: status %d: %s", i, (int)st, shown);
        buf_free(&text);
        arena_free(&w.arena);
    }
}

/* Every allocation fails in turn; nothing leaks (the sanitizers look) and the status says so. */
static void test_no_memory(void **state)
{
    long n = 0;
    UNUSED(state);
    for (;; n++) {
        World w = {0};
        MeasureOwn f, funnel;
        mem_fail_after(n);
        Status st = read_script(&w, good, &f, &funnel, NULL);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        arena_free(&w.arena);
        if (st == OK)
            break;
        assert_true(fired);
        assert_int_equal(st, ERR_NOMEM);
    }
    assert_true(n > 3);
}

/* Codes that nobody has are refused, with those that are near; what a list does not have altogether is noted. */
static void test_codes(void **state)
{
    static const struct {
        const char *line;
        Status status;
        const char *says, *hint; /* of a script that is read: its note; NULL: none */
    } cases[] = {
        {"and in district 0880, 0010", OK, NULL, NULL},
        {"and in district 0880, 0881", ERR_INVALID, "no district code is 0881", "near it are 0880"},
        {"not in county 08032", ERR_INVALID, "no county FIPS code is 08032", "08031"},
        {"and enrolled at any time in district 9999", ERR_INVALID, "no district code is 9999",
            "reference table district"},
        {"and in school 0187 of district 0010", OK, NULL, NULL},
        {"and in school 0188 of district 0010", OK, "line 3: school code 0188 is not on the policy's list",
            "near it are 0187"},
        {"and in school 0187 of district 0020", OK, "school code 0187 is not on", "reference table school"},
        {"and in school 0187 of district 0011", ERR_INVALID, "no district code is 0011", "0010"},
    };
    Policy *policy = NULL;
    UNUSED(state);
    assert_int_equal(policy_open(CAIRN_TEST_POLICY, &policy, NULL), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Cohort *c = NULL;
        Error err = ERROR_INIT;
        char text[256];
        snprintf(text, sizeof text, "cohort \"t\"\nwho graduated\n%s\nreached matriculated\n", cases[i].line);
        Status st = cohort_read(policy, slice_of(text), "s.cohort", 20000, false, &c, &err);
        if (st != cases[i].status)
            fail_msg("%s: status %d: %s", cases[i].line, (int)st, err.message);
        if (st != OK && (err.line != 3 || !strstr(err.message, cases[i].says) || !strstr(err.hint, cases[i].hint)))
            fail_msg("%s: line %d: %s (%s)", cases[i].line, (int)err.line, err.message, err.hint);
        if (st == OK)
            assert_int_equal(c->warning_count, cases[i].says ? 1 : 0);
        if (st == OK && cases[i].says) {
            assert_has(c->warnings[0], cases[i].says);
            assert_has(c->warnings[0], cases[i].hint);
        }
        cohort_free(c);
    }
    policy_close(policy);
}

/* A list that lost a code since a script was saved does not take the script away: the answer says what is not on it. */
static void test_codes_of_a_saved_script(void **state)
{
    static const char text[] = "cohort \"t\"\nwho graduated\nand in school 0187 of district 0011\nnot in county 08032\n"
                               "reached matriculated\n";
    Policy *policy = NULL;
    Cohort *c = NULL;
    UNUSED(state);
    assert_int_equal(policy_open(CAIRN_TEST_POLICY, &policy, NULL), OK);
    assert_int_equal(cohort_read(policy, slice_of(text), "t@1", 20000, true, &c, NULL), OK);
    assert_int_equal(c->warning_count, 3);
    assert_has(c->warnings[0], "line 3: school code 0187 is not on");
    assert_has(c->warnings[1], "line 3: district code 0011 is not on the policy's list, reference table district");
    assert_has(c->warnings[2], "line 4: county FIPS code 08032 is not on");
    cohort_free(c);
    policy_close(policy);
}

static void test_policy_no_memory(void **state)
{
    Policy *policy = NULL;
    UNUSED(state);
    assert_int_equal(policy_open(CAIRN_TEST_POLICY, &policy, NULL), OK);
    static const char text[] = "cohort \"t\"\nwho graduated\nnot in county 08031\nreached matriculated\nby sex\n";
    long n = 0, step = 1;
    for (;; n += step) {
        Cohort *c = NULL;
        mem_fail_after(n);
        Status st = cohort_read(policy, slice_of(text), "t", 20000, false, &c, NULL);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        if (st == OK) {
            Buf out;
            buf_init(&out, 0);
            assert_int_equal(cohort_explain(c, &out, NULL), OK);
            assert_has(buf_slice(&out), "matriculated");
            buf_free(&out);
            cohort_free(c);
            break;
        }
        assert_true(fired);
        assert_int_equal(st, ERR_NOMEM);
        assert_null(c);
        step = n > 40 ? 7 : 1; /* the beginning whole, of the many blocks a sample */
    }
    assert_true(n > 3);
    policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_script),
        cmocka_unit_test(test_a_family),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_blocks_refused),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_codes_of_a_saved_script),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_policy_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
