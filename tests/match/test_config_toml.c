/* The config's language: what is read, what is refused and how it says so, and that text written is text read. */
#include "match/match.h"

#include <setjmp.h>

#include <cmocka.h>

static const char full[] = "schema = \"cairn.match/1\"\n"
                           "name = \"persons\"\n"
                           "source = \"the header of a policy file\"\n"
                           "match_from = 0.9\n"
                           "review_from = 0.2\n"
                           "keep_from = 0.05\n"
                           "pairs_max = 1000\n"
                           "block_max = 50\n"
                           "seed = 7\n"
                           "link_sources = true\n"
                           "traits = [\"school\", \"wage\", \"initials\"]\n"
                           "[input]\n"
                           "id = \"rec id\"\n"
                           "source = \"agency\"\n"
                           "truth = \"cluster\"\n"
                           "nicknames = \"nick.csv\"\n"
                           "missing = [\"NA\", \"?\"]\n"
                           "trait = \"wage\"\n"
                           "[[field]]\n"
                           "kind = \"first_name\"\n"
                           "column = \"given\"\n"
                           "swap_with = \"surname\"\n"
                           "[[field]]\n"
                           "name = \"surname\"\n"
                           "kind = \"last_name\"\n"
                           "columns = [\"sname\", \"maiden\"]\n"
                           "term_frequency = false\n"
                           "[[field]]\n"
                           "kind = \"date\"\n"
                           "columns = [\"by\", \"bm\", \"bd\"]\n"
                           "combine = true\n"
                           "[[field]]\n"
                           "name = \"code\"\n"
                           "kind = \"code\"\n"
                           "column = \"sname\"\n"
                           "shared = true\n"
                           "neutral_beside = [\"surname\", \"date\"]\n"
                           "[[field.level]]\n"
                           "name = \"same\"\n"
                           "when = \"left = right\"\n"
                           "[[field.level]]\n"
                           "name = \"near\"\n"
                           "when = \"edits(left, right) <= 2\"\n"
                           "[[field]]\n"
                           "name = \"age\"\n"
                           "kind = \"number\"\n"
                           "column = \"by\"\n"
                           "[[pass]]\n"
                           "keys = [\"surname\", \"date:year\", \"first_name:prefix3\"]\n"
                           "[[pass]]\n"
                           "name = \"sorted\"\n"
                           "keys = [\"surname:phonetic\"]\n"
                           "window = 9\n"
                           "[[trait]]\n"
                           "name = \"initials\"\n"
                           "within = \"wage\"\n"
                           "[[dataset]]\n"
                           "name = \"schools\"\n"
                           "unique = true\n"
                           "trait = \"school\"\n"
                           "[[dataset]]\n"
                           "name = \"wages\"\n"
                           "trait = \"wage\"\n"
                           "dedupe = false\n"
                           "[[rule]]\n"
                           "name = \"codes\"\n"
                           "effect = \"must_not\"\n"
                           "when = \"code = differs\"\n"
                           "[left_over]\n"
                           "field = \"age\"\n"
                           "step = 12\n";

static void assert_slice(Slice s, const char *z)
{
    assert_int_equal(s.len, strlen(z));
    assert_memory_equal(s.ptr, z, s.len);
}

static void read_everything(void **state)
{
    UNUSED(state);
    Arena arena;
    MatchConfig c;
    MatchInput in;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    assert_int_equal(match_config_parse(slice_of(full), "match.toml", &arena, &c, &in, &err), OK);
    assert_int_equal(c.match_from, probability_weight(0.9));
    assert_int_equal(c.review_from, probability_weight(0.2));
    assert_int_equal(c.keep_from, probability_weight(0.05));
    assert_int_equal(c.pairs_max, 1000);
    assert_int_equal(c.block_max, 50);
    assert_int_equal(c.seed, 7);
    assert_int_equal(c.column_count, 6); /* sname stands in two fields and is one column */
    assert_slice(c.columns[2], "maiden");
    assert_int_equal(c.field_count, 5);
    assert_slice(c.fields[0].name, "first_name");
    assert_int_equal(c.fields[0].swap_with, 1);
    assert_int_equal(c.fields[1].swap_with, MATCH_NONE);
    assert_int_equal(c.fields[1].column_count, 2);
    assert_true(c.fields[0].term_frequency);
    assert_false(c.fields[1].term_frequency);
    assert_true(c.fields[1].shared);
    assert_true(c.fields[2].combine && c.fields[2].column_count == 3 && !c.fields[1].combine);
    assert_int_equal(c.fields[3].columns[0], 1);
    assert_int_equal(c.fields[3].neutral_beside, 1u << 1 | 1u << 2);
    assert_int_equal(c.fields[2].neutral_beside, 0);
    assert_int_equal(c.fields[3].level_count, 2);
    assert_slice(c.fields[3].levels[1].when, "edits(left, right) <= 2");
    assert_int_equal(c.pass_count, 2);
    assert_slice(c.passes[0].name, "surname+date:year+first_name:prefix3");
    assert_int_equal(c.passes[0].parts[1].transform, KEY_YEAR);
    assert_int_equal(c.passes[0].parts[2].length, 3);
    assert_int_equal(c.passes[1].window, 9);
    assert_int_equal(c.source_count, 2);
    assert_true(c.sources[0].unique && !c.sources[0].dedupe);
    assert_true(!c.sources[1].unique && !c.sources[1].dedupe);
    assert_int_equal(c.sources[1].trait, 1);
    assert_int_equal(c.trait_within[2], 2);
    assert_int_equal(c.trait_within[0] + c.trait_within[1], 0);
    assert_int_equal(c.rule_count, 1);
    assert_int_equal(c.rules[0].effect, RULE_MUST_NOT);
    assert_slice(in.id, "rec id");
    assert_slice(in.truth, "cluster");
    assert_int_equal(in.missing_count, 2);
    assert_int_equal(in.other.trait, 1);
    arena_free(&arena);
}

static void written_is_read(void **state)
{
    UNUSED(state);
    Arena arena;
    MatchConfig c, back;
    MatchInput in, back_in;
    Buf once, twice;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    buf_init(&once, 0);
    buf_init(&twice, 0);
    assert_int_equal(match_config_parse(slice_of(full), "match.toml", &arena, &c, &in, &err), OK);
    match_config_write(&c, &in, &once);
    assert_int_equal(match_config_parse(buf_slice(&once), "again", &arena, &back, &back_in, &err), OK);
    match_config_write(&back, &back_in, &twice);
    assert_string_equal(buf_z(&once), buf_z(&twice));
    assert_int_equal(back.match_from, c.match_from);
    assert_int_equal(back.keep_from, c.keep_from);
    assert_int_equal(back.fields[0].swap_with, 1);
    assert_int_equal(back.fields[3].level_count, 2);
    assert_int_equal(back.fields[3].neutral_beside, 1u << 1 | 1u << 2);
    assert_int_equal(back.passes[1].window, 9);
    assert_int_equal(back.sources[1].trait, 1);
    assert_int_equal(back.trait_within[2], 2);
    assert_int_equal(back.left_step, 12);
    assert_int_equal(back.left_field, 4);
    buf_free(&once);
    buf_free(&twice);
    arena_free(&arena);
}

/* Every weight survives writing and reading, also where a probability is all but 0 or 1. */
static void thresholds_survive(void **state)
{
    UNUSED(state);
    static const Weight weights[] = {0, 1, -1, 777, -3459, 9999, 19931, -19931, 30000, WEIGHT_MIN};
    for (size_t i = 0; i < COUNT_OF(weights); i++) {
        Arena arena;
        MatchConfig c, back;
        Buf text;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        buf_init(&text, 0);
        match_config_init(&c);
        c.columns[0] = SLICE("x");
        c.column_count = 1;
        c.fields[0] =
            (FieldSpec){.name = SLICE("code"), .kind = FIELD_CODE, .column_count = 1, .swap_with = MATCH_NONE};
        c.field_count = 1;
        c.match_from = c.review_from = c.keep_from = weights[i];
        match_config_write(&c, NULL, &text);
        assert_int_equal(match_config_parse(buf_slice(&text), "t", &arena, &back, NULL, &err), OK);
        assert_int_equal(back.match_from, weights[i]);
        assert_int_equal(back.keep_from, weights[i]);
        buf_free(&text);
        arena_free(&arena);
    }
}

#define FIELD "[[field]]\nkind = \"code\"\ncolumn = \"c\"\n"

static void refuses(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        uint64_t line; /* 0: not looked at */
        const char *key;
    } cases[] = {
        {"", 0, "field"},
        {"seed = -1\n" FIELD, 1, "seed"},
        {"sed = 1\n" FIELD, 1, "sed"},
        {"match_from = 1.5\n" FIELD, 1, "match_from"},
        {"match_from = nan\n" FIELD, 1, "match_from"},
        {"match_from = 0.2\nreview_from = 0.3\n" FIELD, 2, "review_from"},
        {"keep_from = 0.2\n" FIELD, 1, "keep_from"},
        {"block_max = 1\n" FIELD, 1, "block_max"},
        {"pairs_max = 0\n" FIELD, 1, "pairs_max"},
        {"[[field]]\ncolumn = \"c\"\n", 0, "kind"},
        {"[[field]]\nkind = \"nonsense\"\ncolumn = \"c\"\n", 2, "kind"},
        {"[[field]]\nkind = \"code\"\n", 0, "column"},
        {"[[field]]\nkind = \"code\"\ncolumn = \"\"\n", 3, "column"},
        {"[[field]]\nkind = \"code\"\ncolumns = []\n", 3, "columns"},
        {"[[field]]\nkind = \"code\"\ncolumns = [\"a\", \"a\"]\n", 3, "columns"},
        {"[[field]]\nkind = \"code\"\ncolumns = [\"a\", \"b\", \"c\", \"d\", \"e\"]\n", 3, "columns"},
        {"[[field]]\nkind = \"code\"\ncolumn = \"a\"\ncolumns = [\"b\"]\n", 0, "column"},
        {"[[field]]\nkind = \"code\"\nname = \"Code 1\"\ncolumn = \"c\"\n", 0, "name"},
        {FIELD FIELD, 0, "name"},
        {FIELD "swap_with = \"other\"\n", 4, "swap_with"},
        {FIELD "swap_with = \"code\"\n", 4, "swap_with"},
        {FIELD "term_frequency = 1\n", 4, "term_frequency"},
        {FIELD "[[field.level]]\nname = \"a\"\n", 0, "when"},
        {FIELD "[[field.level]]\nname = \"differs\"\nwhen = \"1\"\n", 0, "name"},
        {FIELD "neutral = \"left = right\"\n", 4, "neutral"},
        {FIELD "neutral_beside = \"other\"\n", 4, "neutral_beside"},
        {FIELD "neutral_beside = [\"other\"]\n", 4, "neutral_beside"},
        {FIELD "neutral_beside = [1]\n", 4, "neutral_beside"},
        {FIELD "level = 3\n", 4, "level"},
        {FIELD "level = [3]\n", 4, "level"},
        {FIELD "[[pass]]\n", 0, "keys"},
        {FIELD "[[pass]]\nkeys = [\"other\"]\n", 5, "keys"},
        {FIELD "[[pass]]\nkeys = [\"code:sound\"]\n", 5, "keys"},
        {FIELD "[[pass]]\nkeys = [\"code:prefix\"]\n", 5, "keys"},
        {FIELD "[[pass]]\nkeys = [\"code:prefix0\"]\n", 5, "keys"},
        {FIELD "[[pass]]\nkeys = [\"code:prefix999999999999999999999\"]\n", 5, "keys"},
        {FIELD "[[pass]]\nkeys = [\"code:year4\"]\n", 5, "keys"},
        {FIELD "[[pass]]\nkeys = [\"code\"]\n[[pass]]\nkeys = [\"code\"]\n", 0, "pass"},
        {FIELD "[[pass]]\nkeys = [\"code\"]\nwindow = 100000\n", 6, "window"},
        {FIELD "[[dataset]]\n", 0, "name"},
        {FIELD "[[dataset]]\nname = \"a\"\nunique = true\ndedupe = true\n", 0, "dedupe"},
        {FIELD "[[dataset]]\nname = \"a\"\ntrait = \"t\"\n", 6, "trait"},
        {FIELD "[[dataset]]\nname = \"a\"\n[[dataset]]\nname = \"a\"\n", 0, "name"},
        {"traits = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\"]\n" FIELD, 1, "traits"},
        {"traits = [\"a\"]\n[[trait]]\nname = \"b\"\nwithin = \"a\"\n" FIELD, 3, "name"},
        {"traits = [\"a\"]\n[[trait]]\nname = \"a\"\nwithin = \"b\"\n" FIELD, 4, "within"},
        {"traits = [\"a\", \"b\"]\n[[trait]]\nname = \"a\"\n" FIELD, 2, "within"},
        {FIELD "[[rule]]\nname = \"r\"\neffect = \"may\"\nwhen = \"code = exact\"\n", 6, "effect"},
        {FIELD "[[rule]]\nname = \"r\"\neffect = \"must\"\n", 0, "when"},
        {FIELD "[left_over]\nstep = 2\n", 0, "field"},
        {FIELD "[left_over]\nfield = \"other\"\n", 5, "field"},
        {FIELD "[left_over]\nfield = \"code\"\nstep = 0\n", 6, "step"},
        {FIELD "[left_over]\nstep = 2\nfield = \"code\"\n", 6, "field"},
        {FIELD "[input]\nid = 3\n", 5, "id"},
        {FIELD "[input]\nmissing = [\"\"]\n", 5, "missing"},
        {FIELD "combine = true\n", 4, "combine"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena;
        MatchConfig c;
        MatchInput in;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        Status st = match_config_parse(slice_of(cases[i].text), "match.toml", &arena, &c, &in, &err);
        if (st == OK || strcmp(err.field, cases[i].key) != 0 || (cases[i].line && err.line != cases[i].line))
            fail_msg("case %zu: status %d, line %d, key \"%s\": %s", i, (int)st, (int)err.line, err.field, err.message);
        assert_string_equal(err.file, "match.toml");
        assert_true(err.message[0] != '\0');
        arena_free(&arena);
    }
}

/* Lowering the match threshold alone is not an error: those below it follow. */
static void lower_thresholds_follow(void **state)
{
    UNUSED(state);
    Arena arena;
    MatchConfig c;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    assert_int_equal(match_config_parse(SLICE("match_from = 0.001\n" FIELD), "t", &arena, &c, NULL, &err), OK);
    assert_int_equal(c.review_from, c.match_from);
    assert_int_equal(c.keep_from, c.match_from);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_everything),
        cmocka_unit_test(written_is_read),
        cmocka_unit_test(thresholds_survive),
        cmocka_unit_test(refuses),
        cmocka_unit_test(lower_thresholds_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
