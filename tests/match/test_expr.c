/* The expression language: what holds, what is refused and where; rules over patterns; the check of a config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "match/value_impl.h"

static void comparators(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text, *left, *right;
        bool holds;
    } cases[] = {
        {"left = right", "A", "A", true},
        {"left = right", "A", "B", false},
        {"left <> right", "A", "B", true},
        {"equal(left, right)", "A", "A", true},
        {"left = 'A'", "A", "B", true},
        {"left = 'O''NEIL'", "O'NEIL", "", true},
        {"left = ''", "", "", true},
        {"not left = right", "A", "B", true},
        {"not not left = right", "A", "A", true},
        {"left = 'A' and right = 'B' or right = 'C'", "X", "C", true}, /* and binds closer */
        {"left = 'A' and (right = 'B' or right = 'C')", "X", "C", false},
        {"jaro_winkler(left, right) >= 0.96", "MARTHA", "MARHTA", true},
        {"jaro_winkler(left, right) >= 0.9612", "MARTHA", "MARHTA", false},
        {"osa(left, right) <= 1", "MARTHA", "MARHTA", true},
        {"osa(left, right) = 0", "MARTHA", "MARHTA", false},
        {"prefix(left, 3) = prefix(right, 3)", "MARTHA", "MARIA", true},
        {"prefix(left, 4) = prefix(right, 4)", "MARTHA", "MARIA", false},
        {"prefix(left, 9) = left", "MARTHA", "", true},
        {"suffix(left, 4) = suffix(right, 4)", "521439876", "9876", true},
        {"length(left) = 4", "J\xc3\x96RG", "", true}, /* letters, not bytes */
        {"abs(number(left) - number(right)) <= 2", "10", "12", true},
        {"abs(number(left) - number(right)) <= 2", "10", "12.000001", false},
        {"number(left) + 1 - 2 = number(right)", "10", "9", true},
        {"number(left) = -1.5", "-1.5", "", true},
        {"-(-number(left)) = 3", "3", "", true},
        {"number(left) <= 5", "five", "", false}, /* unknown: no comparison holds */
        {"number(left) > 5", "five", "", false},
        {"not number(left) <= 5", "five", "", true},
        {"number(left) = number(right)", "", "", false},
        {"number(left) > 0", "999999999999999999", "", false}, /* too large to be exact: unknown */
        {"number(left) + number(right) > 0", "9000000000000", "9000000000000", false},
        {"days(left, right) <= 31", "1998-03-07", "1998-04-07", true},
        {"days(left, right) <= 30", "1998-04-07", "1998-03-07", false},
        {"days(left, right) >= 0", "1998-03-07", "1998-03-00", false},
        {"days(left, right) >= 0", "1998-02-30", "1998-03-01", false},
        {"year(left) = year(right) and month(left) = 3 and day(right) = 8", "1998-03-07", "1998-00-08", true},
        {"month(left) = month(right)", "1998-00-07", "1998-00-07", false},
        {"contains(left, right)", "GARCIA LOPEZ", "LOPEZ", true},
        {"contains(right, left)", "GARCIA LOPEZ", "LOPEZ", false},
        {"contains(left, 'IA')", "GARCIA", "", true},
        {"starts(left, right)", "MARTHA", "MAR", true},
        {"phonetic(left) = phonetic(right)", "SMITH", "SMYTHE", false},
        {"phonetic(left) = phonetic(right)", "KATHERINE", "CATHARINE", true},
        {"phonetic(left) = phonetic(right)", "1", "2", false},
        {"  left\t=\nright  ", "A", "A", true},
        {"((((left)))) = (right)", "A", "A", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena;
        Expr *e;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        if (expr_compile(slice_of(cases[i].text), "test", NULL, &arena, &e, &err) != OK)
            fail_msg("%s: %s", cases[i].text, err.message);
        if (expr_holds(e, slice_of(cases[i].left), slice_of(cases[i].right)) != cases[i].holds)
            fail_msg("%s of '%s' and '%s'", cases[i].text, cases[i].left, cases[i].right);
        arena_free(&arena);
    }
}

static void config_init(MatchConfig *c)
{
    match_config_init(c);
    c->columns[0] = SLICE("sasid");
    c->columns[1] = SLICE("birth");
    c->column_count = 2;
    c->fields[0] = (FieldSpec){
        .name = SLICE("sasid"), .kind = FIELD_IDENTIFIER, .columns = {0}, .column_count = 1, .swap_with = MATCH_NONE};
    c->fields[1] = (FieldSpec){
        .name = SLICE("birth date"), .kind = FIELD_DATE, .columns = {1}, .column_count = 1, .swap_with = MATCH_NONE};
    c->field_count = 2;
    c->sources[0] = (SourceSpec){.name = SLICE("s"), .dedupe = true};
    c->source_count = 1;
}

static void refused(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        int rule;
        const char *message;
    } cases[] = {
        {"", 0, "test: position 1: a value is needed"},
        {"left", 0, "test: position 1: a condition is needed here, and this is a text"},
        {"left = ", 0, "position 8: a value is needed"},
        {"left = 1", 0, "position 8: a text is needed here, and this is a number"},
        {"left < right", 0, "position 6: texts are equal or not"},
        {"(left = right) = (left = right)", 0, "position 1: a condition cannot be compared"},
        {"left = right right", 0, "position 14: the expression should end here"},
        {"left = right and", 0, "position 17: a value is needed"},
        {"left & right", 0, "position 6: this character has no meaning"},
        {"left = 'abc", 0, "position 8: the text that begins here has no closing quote"},
        {"middle = right", 0, "position 1: 'middle' is neither a function nor left or right"},
        {"osa(left) = 1", 0, "position 9: ',' is missing"},
        {"osa(left, right = 1", 0, "position 19: a text is needed here, and this is a number"},
        {"osa(left, 1) = 1", 0, "position 11: a text is needed here, and this is a number"},
        {"prefix(left, 0) = 'A'", 0, "position 14: a whole number from 1 to 255"},
        {"prefix(left, 1.5) = 'A'", 0, "position 14: a whole number from 1 to 255"},
        {"prefix(left, length(right)) = 'A'", 0, "position 14: a whole number from 1 to 255"},
        {"number(left) = 1234567890", 0, "position 16: a number has at most nine digits"},
        {"number(left) = 1.1234567", 0, "position 16: a number has at most nine digits"},
        {"--1 = 1", 0, "position 2: two signs in a row"},
        {"not left", 0, "position 5: a condition is needed here"},
        {"left and right", 0, "position 1: a condition is needed here"},
        {"sasid", 1, "position 6: a comparison with a level is needed"},
        {"ssn = exact", 1, "position 1: no field is named 'ssn'"},
        {"sasid = nickname", 1, "position 9: field 'sasid' has no level 'nickname'"},
        {"sasid > missing", 1, "position 9: missing is neither better nor worse"},
        {"sasid = 1", 1, "position 9: the name of a level is needed"},
        {"(sasid = exact", 1, "position 15: ')' is missing"},
    };
    MatchConfig c;
    config_init(&c);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena;
        Expr *e;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        assert_int_equal(
            expr_compile(slice_of(cases[i].text), "test", cases[i].rule ? &c : NULL, &arena, &e, &err), ERR_INVALID);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s: %s", cases[i].text, err.message);
        arena_free(&arena);
    }
}

/* Text of the form  before x n, middle, after x n. */
static Status compile_nested(const char *before, const char *middle, const char *after, size_t n, Error *err)
{
    Arena arena;
    Buf text;
    Expr *e;
    buf_init(&text, 0);
    arena_init(&arena, 0);
    for (size_t i = 0; i < n; i++)
        buf_adds(&text, before);
    buf_adds(&text, middle);
    for (size_t i = 0; i < n; i++)
        buf_adds(&text, after);
    Status st = expr_compile(buf_slice(&text), "test", NULL, &arena, &e, err);
    buf_free(&text);
    arena_free(&arena);
    return st;
}

static void limits(void **state)
{
    UNUSED(state);
    Error err = ERROR_INIT;
    assert_int_equal(compile_nested("(", "left = right", ")", 20, &err), OK);
    assert_int_equal(compile_nested("(", "left = right", ")", 900, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "nested"));
    assert_int_equal(compile_nested("not ", "left = right", "", 400, &err), ERR_INVALID);
    assert_int_equal(compile_nested("", "left = right", " or left = right", 100, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "parts"));
    assert_int_equal(compile_nested("", "left = right", " ", 3000, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "2000 bytes"));
}

static uint64_t pattern_of(const MatchConfig *c, const char *first, const char *second)
{
    uint64_t pattern = 0;
    const char *const names[] = {first, second};
    for (uint32_t f = 0; f < 2; f++)
        for (uint32_t level = 0; level < field_level_count(&c->fields[f]); level++)
            if (slice_eq_z(field_level_name(&c->fields[f], level), names[f]))
                pattern |= (uint64_t)level << (4 * f);
    return pattern;
}

static void rules(void **state)
{
    UNUSED(state);
    static const struct {
        const char *sasid, *birth;
        RuleVerdict verdict;
        uint32_t rule;
    } cases[] = {
        {"exact", "exact", VERDICT_MUST, 0}, {"exact", "one_digit", VERDICT_MUST, 0},
        {"exact", "missing", VERDICT_MUST, 0}, {"exact", "differs", VERDICT_NONE, 9},
        {"differs", "exact", VERDICT_MUST_NOT, 2}, {"one_edit", "exact", VERDICT_NONE, 9},
        {"transposed", "exact", VERDICT_MUST, 1}, {"missing", "differs", VERDICT_NONE, 9},
        {"exact", "year", VERDICT_MUST_NOT, 3}, /* rule 0 says must, and loses */
    };
    MatchConfig c;
    config_init(&c);
    c.rules[0] = (RuleSpec){RULE_MUST, SLICE("a"), SLICE("sasid = exact and 'birth date' <> differs")};
    c.rules[1] = (RuleSpec){RULE_MUST, SLICE("b"), SLICE("sasid > one_edit and not (sasid = exact)")};
    c.rules[2] = (RuleSpec){RULE_MUST_NOT, SLICE("c"), SLICE("sasid < one_edit")};
    c.rules[3] = (RuleSpec){
        RULE_MUST_NOT, SLICE("d"), SLICE("'birth date' <= year and 'birth date' >= year_part and sasid >= exact")};
    c.rule_count = 4;
    c.rules[3].when = SLICE("'birth date' <= year and 'birth date' >= year and sasid >= exact");
    Arena arena;
    RuleSet *set;
    Error err = ERROR_INIT;
    arena_init(&arena, 0);
    assert_int_equal(match_config_check(&c, &err), OK);
    assert_int_equal(rules_compile(&c, &arena, &set, &err), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t rule = 9;
        assert_int_equal(rules_apply(set, pattern_of(&c, cases[i].sasid, cases[i].birth), &rule), cases[i].verdict);
        assert_int_equal(rule, cases[i].rule);
    }
    arena_free(&arena);
}

/* One change each to a good config. */
static void configs(void **state)
{
    UNUSED(state);
    static const LevelSpec bad_level[] = {{SLICE_INIT("close"), SLICE_INIT("left = ")}};
    static const LevelSpec reserved[] = {{SLICE_INIT("differs"), SLICE_INIT("left = right")}};
    for (int change = 0;; change++) {
        MatchConfig c;
        Error err = ERROR_INIT;
        const char *message = NULL;
        config_init(&c);
        switch (change) {
        case 0:
            c.field_count = 0;
            message = "1 to 16 fields";
            break;
        case 1:
            c.fields[1].column_count = 0;
            message = "field 'birth date': it has no column";
            break;
        case 2:
            c.fields[1].columns[0] = 2;
            message = "a column that is not there";
            break;
        case 3:
            c.fields[1].name = SLICE("sasid");
            message = "two fields have this name";
            break;
        case 4:
            c.fields[1].columns[0] = 0;
            message = "another field of another kind";
            break;
        case 5:
            c.fields[0].swap_with = 1;
            message = "only names can be swapped";
            break;
        case 6:
            c.fields[0].swap_with = 0;
            message = "swapped with a field that is not there";
            break;
        case 7:
            c.fields[0].levels = bad_level;
            c.fields[0].level_count = 1;
            message = "level 'close' of field 'sasid': position 8";
            break;
        case 8:
            c.fields[0].levels = reserved;
            c.fields[0].level_count = 1;
            message = "a level needs a name";
            break;
        case 9:
            c.rules[0] = (RuleSpec){RULE_MUST, SLICE("r"), SLICE("sasid = right")};
            c.rule_count = 1;
            message = "rule 'r': position 9: field 'sasid' has no level 'right'";
            break;
        case 10:
            c.passes[0] = (PassSpec){.parts = {{.field = 0, .transform = KEY_PREFIX}}, .part_count = 1};
            c.pass_count = 1;
            message = "pass 1: prefix needs a length";
            break;
        case 11:
            c.passes[0] = (PassSpec){.parts = {{.field = 5}}, .part_count = 1};
            c.pass_count = 1;
            message = "pass 1 names a field";
            break;
        case 12:
            c.source_count = 0;
            message = "sources";
            break;
        case 13:
            c.sources[0].trait = 1;
            message = "source 's' has a trait that is not there";
            break;
        case 14:
            c.sources[1] = c.sources[0];
            c.source_count = 2;
            message = "two sources are named 's'";
            break;
        case 15:
            c.review_from = c.match_from + 1;
            message = "must rise";
            break;
        case 16:
            c.block_max = 1;
            message = "at least two records";
            break;
        case 17:
            c.fields[1].columns[1] = 1;
            c.fields[1].column_count = 2;
            message = "a column twice";
            break;
        default:
            assert_int_equal(match_config_check(&c, &err), OK);
            return;
        }
        assert_int_equal(match_config_check(&c, &err), ERR_INVALID);
        if (!strstr(err.message, message))
            fail_msg("change %d: '%s', not '%s'", change, err.message, message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparators),
        cmocka_unit_test(refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(rules),
        cmocka_unit_test(configs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
