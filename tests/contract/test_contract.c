/* The contract reader: what it gives, and that each promise of contract.h can be broken and is told. */
#include "contract/contract.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "contract_text.h"

/* CONTRACT_TEXT with the first `find` replaced. */
static void changed(Buf *out, const char *find, const char *put)
{
    Slice text = slice_of(CONTRACT_TEXT);
    size_t at = slice_find(text, slice_of(find));
    assert_true(at < text.len);
    buf_init(out, 0);
    buf_add(out, slice_sub(text, 0, at));
    buf_adds(out, put);
    buf_add(out, slice_sub(text, at + strlen(find), text.len));
}

static void test_reads_everything(void **state)
{
    Arena arena;
    const Contract *c;
    Error err = ERROR_INIT;
    UNUSED(state);
    arena_init(&arena, 0);
    assert_int_equal(contract_parse_text(slice_of(CONTRACT_TEXT), "sample.toml", &arena, &c, &err), OK);
    assert_true(slice_eq_z(c->name, "sample") && c->kind == KIND_RECORDS && c->format == FORMAT_CSV);
    assert_true(c->delimiter == ',' && c->header && c->refuse_unknown_columns && c->error_limit_ppm == 20000);
    assert_int_equal(c->field_count, 6);
    assert_int_equal(c->rule_count, 3);
    assert_int_equal(c->scope_count, 1);

    const Field *sasid = contract_field(c, SLICE("sasid"));
    assert_true(
        sasid->required && sasid->token && sasid->null_count == 1 && sasid->alias_count == 1 && sasid->length == 10);
    assert_true(slice_eq_z(sasid->status, "assumed"));
    assert_true(slice_eq_z(contract_field(c, SLICE("kind"))->status, "verified"));

    const Field *hours = contract_field(c, SLICE("hours"));
    assert_true(hours->has_min && hours->has_max && hours->min == 0 && hours->max == 250000);
    assert_int_equal(contract_field(c, SLICE("grade"))->codes->count, 2);
    assert_null(contract_field(c, SLICE("nothing")));

    assert_int_equal(c->rules[0].column_count, 2);
    assert_int_equal(c->rules[0].sql.len, 0);
    assert_true(slice_eq_z(c->rules[2].needs, "other"));
    assert_int_equal(c->facts[0].column_count, 3);
    assert_true(
        slice_eq_z(c->facts[0].columns[2].sql, "(CASE (kind) WHEN '01' THEN 'about' WHEN '10' THEN 'it''s at' END)"));
    arena_free(&arena);
}

static void test_sql_types(void **state)
{
    static const struct {
        const char *field, *type;
    } cases[] = {{"sasid", "VARCHAR"}, {"birth_date", "DATE"}, {"hours", "DECIMAL(18,2)"}, {"birth_year", "BIGINT"},
        {"grade", "VARCHAR"}};
    Arena arena;
    const Contract *c;
    Error err = ERROR_INIT;
    UNUSED(state);
    arena_init(&arena, 0);
    assert_int_equal(contract_parse_text(slice_of(CONTRACT_TEXT), "sample.toml", &arena, &c, &err), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Buf out;
        buf_init(&out, 0);
        contract_sql_type(contract_field(c, slice_of(cases[i].field)), &out);
        assert_string_equal(buf_z(&out), cases[i].type);
        buf_free(&out);
    }
    Field employer = {.identity = SLICE("employer")};
    Buf out;
    buf_init(&out, 0);
    contract_sql_type(&employer, &out);
    assert_string_equal(buf_z(&out), "UUID");
    buf_free(&out);
    arena_free(&arena);
}

static void test_refuses(void **state)
{
    static const struct {
        const char *find, *put, *says;
    } cases[] = {
        /* head and options */
        {"schema = \"cairn.contract/1\"", "schema = \"cairn.contract/2\"", "must be cairn.contract/1"},
        {"name = \"sample\"", "name = \"Sample\"", "cannot be a contract's name"},
        {"kind = \"records\"", "kind = \"rows\"", "is not known here"},
        {"kind = \"records\"", "kind = \"reference\"", "names a reference table"},
        {"unknown_columns = \"refuse\"", "unknown_columns = \"drop\"", "must be refuse or ignore"},
        {"unknown_columns = \"refuse\"", "unknown_colums = \"refuse\"", "unknown_colums"},
        {"unknown_columns = \"refuse\"", "record_length = 10", "record_length"},
        {"error_limit_ppm = 20000", "error_limit_ppm = 2000000", "between 0 and 1000000"},
        {"error_limit_ppm = 20000", "encoding = \"latin1\"", "must be utf-8 or windows-1252"},
        {"error_limit_ppm = 20000", "delimiter = \"||\"", "must be one character"},
        /* scope */
        {"pattern = '_([0-9]{4})\\.csv$'", "pattern = '_[0-9]{4}\\.csv$'", "pattern with one group"},
        {"pattern = '_([0-9]{4})\\.csv$'", "field = \"sasid\"", "is not a content field"},
        {"pattern = '_([0-9]{4})\\.csv$'", "", "either a field or a pattern"},
        /* fields */
        {"name = \"birth_date\"", "name = \"sasid\"", "is there twice"},
        {"name = \"birth_date\"", "name = \"scope_date\"", "cannot be a field's name"},
        {"type = \"digits\"", "type = \"string\"", "no field type"},
        {"identity = \"sasid\"", "identity = \"student\"", "no identity role"},
        {"identity = \"birth_date\"", "identity = \"sasid\"", "two fields have the identity role"},
        {"format = \"MMDDYYYY|YYYYMMDD\"\n", "", "needs a format"},
        {"format = \"MMDDYYYY|YYYYMMDD\"", "format = \"MMDDYYYY|DDMM\"", "cannot have the format"},
        {"scale = 2", "scale = 2\nformat = \"grouped|rounded\"", NULL},
        {"scale = 2", "scale = 2\nformat = \"descriptor\"", "cannot have the format"},
        {"scale = 2", "scale = 2\npattern = \"[0-9]\"", "cannot have a pattern"},
        {"scale = 2", "scale = 12", "between 0 and 9"},
        {"max = 2500", "max = -1", "max below its min"},
        {"codes = \"grade\"\n", "", "belong together"},
        {"codes = \"grade\"", "codes = \"grades\"", "no code list grades"},
        {"header = \"SASID\"\n", "", "has no header"},
        {"header = \"SASID\"", "header = \"SASID\"\nstart = 1", "does not belong in a csv contract"},
        {"header = \"DOB\"\n", "header = \"DOB\"\nlenght = 8\n", "lenght"},
        {"sensitivity = \"identifier\"", "sensitivity = \"secret\"", "must be identifier"},
        {"clause = \"1.1\"", "clause = \"\"", "needs a definition and a clause"},
        {"definition = \"Kind.\"\n", "", "is missing"},
        {"status = \"verified\"", "status = \"sure\"", "must be verified or assumed"},
        {"type = \"digits\"\ndefinition = \"Kind.\"", "type = \"digits\"\ntoken = true\ndefinition = \"Kind.\"",
            "has a token"},
        /* derived */
        {"derive = \"year(birth_date)\"", "derive = \"sasid\"", "would carry identity into the content"},
        {"derive = \"year(birth_date)\"", "derive = \"birth_date\"", "may not become content"},
        {"derive = \"year(birth_date)\"", "derive = \"year(born)\"", "names column born"},
        {"derive = \"year(birth_date)\"", "derive = \"birth_year + 1\"", "which is derived itself"},
        {"derive = \"year(birth_date)\"", "derive = \"year(birth_date)\"\nrequired = true",
            "does not belong to a derived field"},
        /* rules */
        {"columns = [\"sasid\", \"kind\"]", "columns = [\"sasid\", \"sort\"]", "names column sort"},
        {"columns = [\"sasid\", \"kind\"]", "columns = []", "a key rule has columns"},
        {"id = \"hours.some\"", "id = \"key.student\"", "is there twice"},
        {"id = \"hours.some\"\n", "", "is missing"},
        {"message = \"no hours\"\n", "", "is missing"},
        {"field = \"hours\"", "field = \"hour\"", "blames field hour"},
        {"severity = \"warning\"", "severity = \"note\"", "must be error or warning"},
        {"level = \"row\"", "level = \"line\"", "must be row, key, file or cross"},
        {"hours > 0 OR", "hour > 0 OR", "names column hour"},
        {"hours > 0 OR", "hours > 0; DROP", "may not contain ';'"},
        {"hours > 0 OR", "hours > 0 -- OR", "may not contain a comment"},
        {"= 'about'\"", "= 'about\"", "quote that never ends"},
        {"@codes(class, kind) = 'about'", "@codes(clas, kind) = 'about'", "names the list clas"},
        {"@codes(class, kind) = 'about'", "@codes(class) = 'about'", "needs a list and an expression"},
        {"@codes(class, kind) = 'about'", "@codes(class, kind = 'about'", "no closing bracket"},
        {"needs = \"other\"\n", "", "needs another source"},
        {"FROM source_other o", "FROM source_others_ o", NULL},
        {"FROM source_other o", "FROM other o", "does not read source_other"},
        {"r.sasid_token)", "r.sasid_tokens)", "names column sasid_tokens"},
        /* totals and facts */
        {"sql = \"sum(hours)\"", "sql = \"min(birth_date)\"", "may not read birth_date"},
        {"hours = \"hours\"", "hours = \"sasid\"", "may not read sasid"},
        {"hours = \"hours\"", "hours = \"year(birth_date)\"", "may not read birth_date"},
        {"hours = \"hours\"", "hours = \"r.birth_date\"", "may not read birth_date"},
        {"hours = \"hours\"", "hours = \"minutes\"", "names column minutes"},
        {"hours = \"hours\"", "Hours = \"hours\"", "lower-case name"},
        {"where = \"grade IS NOT NULL\"", "where = \"r.sasid IS NOT NULL\"", "may not read sasid"},
        {"where = \"grade IS NOT NULL\"", "joins = \"LEFT JOIN district d ON d.code = r.kind\"", "joins"},
        {"where = \"grade IS NOT NULL\"", "where = \"sasid IS NOT NULL\"", "may not read sasid"},
        {"where = \"grade IS NOT NULL\"", "when = \"grade IS NOT NULL\"", "when"},
        /* codes */
        {"\"090\" = \"09\"", "\"090\" = 9", "stands for a value"},
        {"[codes.grade]", "[codes.Grade]", "lower-case name"},
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena;
        Buf text;
        const Contract *c = NULL;
        Error err = ERROR_INIT;
        char line[1200];
        arena_init(&arena, 0);
        changed(&text, cases[i].find, cases[i].put);
        Status st = contract_parse_text(buf_slice(&text), "sample.toml", &arena, &c, &err);
        error_print(&err, line, sizeof line);
        if (!cases[i].says) {
            assert_int_equal(st, OK);
        } else if (st != ERR_INVALID || !strstr(line, cases[i].says) || !strstr(line, "sample.toml") || err.line == 0) {
            fail_msg("case %zu (%s): status %d, line %d, \"%s\"", i, cases[i].put, (int)st, (int)err.line, line);
        }
        buf_free(&text);
        arena_free(&arena);
    }
}

/* A fixed-width and an XML contract have their own demands. */
static void test_other_formats(void **state)
{
#define HEAD(format) \
    "schema = \"cairn.contract/1\"\nname = \"x\"\nversion = \"1\"\ntitle = \"X\"\neffective_from = 2020-01-01\n" \
    "status = \"assumed\"\nsource = \"test\"\nagency = \"A\"\nkind = \"records\"\nformat = \"" format "\"\n"
#define TAIL "definition = \"A.\"\nsensitivity = \"public\"\nclause = \"1\"\n"
    static const struct {
        const char *text, *says;
    } cases[] = {
        {HEAD("fixed") "record_length = 4\nselect = \"S\"\n[[field]]\nname = \"a\"\ntype = \"text\"\nstart = 2\nlength "
                       "= 3\n" TAIL,
            NULL},
        {HEAD("fixed") "record_length = 4\n[[field]]\nname = \"a\"\ntype = \"text\"\nstart = 2\nlength = 4\n" TAIL,
            "ends behind the record"},
        {HEAD("fixed") "[[field]]\nname = \"a\"\ntype = \"text\"\nstart = 2\n" TAIL, "needs start and length"},
        {HEAD("fixed") "[[field]]\nname = \"a\"\ntype = \"text\"\nstart = 2\nlength = 1\nheader = \"A\"\n" TAIL,
            "fixed-width contract"},
        {HEAD("fixed") "delimiter = \",\"\n[[field]]\nname = \"a\"\ntype = \"text\"\nstart = 2\nlength = 1\n" TAIL,
            "delimiter"},
        {HEAD("xml") "row_element = \"A|B\"\n[[field]]\nname = \"a\"\ntype = \"text\"\npath = \"X/Y|Z\"\n" TAIL, NULL},
        {HEAD("xml") "[[field]]\nname = \"a\"\ntype = \"text\"\npath = \"X/Y\"\n" TAIL, "is missing"},
        {HEAD("xml") "row_element = \"A\"\n[[field]]\nname = \"a\"\ntype = \"text\"\n" TAIL, "has no path"},
        {HEAD("csv"), "no fields"},
        {HEAD("csv") "field = 1\n", "must be an array"},
        {HEAD("csv") "field = [1]\n", "must be written as [[field]]"},
    };
#undef HEAD
#undef TAIL
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena;
        const Contract *c = NULL;
        Error err = ERROR_INIT;
        char line[1200];
        arena_init(&arena, 0);
        Status st = contract_parse_text(slice_of(cases[i].text), "x.toml", &arena, &c, &err);
        error_print(&err, line, sizeof line);
        if ((st == OK) != (cases[i].says == NULL) || (cases[i].says && !strstr(line, cases[i].says)))
            fail_msg("case %zu: \"%s\"", i, line);
        arena_free(&arena);
    }
}

static Status parse_once(Error *err)
{
    Arena arena;
    const Contract *c;
    arena_init(&arena, 0);
    Status st = contract_parse_text(slice_of(CONTRACT_TEXT), "sample.toml", &arena, &c, err);
    arena_free(&arena);
    return st;
}

static void test_out_of_memory(void **state)
{
    UNUSED(state);
    for (long n = 0;; n++) {
        Error err = ERROR_INIT;
        mem_fail_after(n);
        Status st = parse_once(&err);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        assert_int_equal(st, fired ? ERR_NOMEM : OK);
        if (!fired)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_everything),
        cmocka_unit_test(test_sql_types),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_other_formats),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
