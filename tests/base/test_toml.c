/*
 * The TOML reader against tables of valid and invalid documents, most of them
 * after the examples in the specification (https://toml.io/en/v1.0.0), and
 * the typed accessors.
 */
#include "harness.h"

#include <math.h>

/* A tree as one line: {key:value,...}, [..], "text", 1, 1.5f, true, d2025-01-01, t10:00:00. */
static void dump(const Toml *v, Buf *out)
{
    char text[40];
    switch (v->type) {
    case TOML_STRING:
        buf_addc(out, '"');
        buf_add(out, v->string);
        buf_addc(out, '"');
        assert_int_equal(v->string.ptr[v->string.len], '\0');
        break;
    case TOML_INTEGER:
        buf_add_i64(out, v->integer);
        break;
    case TOML_FLOAT:
        buf_addf(out, "%.17gf", v->number);
        break;
    case TOML_BOOLEAN:
        buf_adds(out, v->boolean ? "true" : "false");
        break;
    case TOML_DATE:
        date_print(v->date, text);
        buf_addf(out, "d%s", text);
        break;
    case TOML_DATETIME:
        buf_addc(out, 't');
        buf_add(out, v->string);
        break;
    case TOML_ARRAY:
    case TOML_TABLE: {
        size_t n = 0;
        buf_addc(out, v->type == TOML_ARRAY ? '[' : '{');
        for (const Toml *m = v->first; m; m = m->next, n++) {
            if (n > 0)
                buf_addc(out, ',');
            if (v->type == TOML_TABLE) {
                buf_add(out, m->key);
                buf_addc(out, ':');
            }
            dump(m, out);
        }
        buf_addc(out, v->type == TOML_ARRAY ? ']' : '}');
        assert_int_equal(n, v->count);
        break;
    }
    }
}

typedef struct Good {
    Slice text;
    const char *wanted;
} Good;

#define T(text) SLICE_INIT(text)

static const Good good_structure[] = {
    {T(""), "{}"},
    {T("\n\n# only a comment"), "{}"},
    {T("\xEF\xBB\xBF"
       "a = 1"),
        "{a:1}"},
    {T("a = 1"), "{a:1}"},
    {T("a=1#x\n  b\t=\t2  # y\r\n"), "{a:1,b:2}"},
    {T("bare_key-1 = 1\n1234 = 2\n\"quoted key\" = 3\n'lit\"eral' = 4\n\"\" = 5"),
        "{bare_key-1:1,1234:2,quoted key:3,lit\"eral:4,:5}"},
    {T("\"\\u00e9\" = 1"), "{\xC3\xA9:1}"},
    {T("a.b.c = 1\na.b.d = 2\na . e = 3\n\"x y\".z = 4"), "{a:{b:{c:1,d:2},e:3},x y:{z:4}}"},
    {T("3.14159 = \"pi\""), "{3:{14159:\"pi\"}}"},
    {T("[t]\na = 1\n[u]\nb = 2"), "{t:{a:1},u:{b:2}}"},
    {T("[ a . \"b.c\" .'d' ] # x\nk = 1"), "{a:{b.c:{d:{k:1}}}}"},
    {T("[x.y.z.w]\n[x]\nk = 1"), "{x:{y:{z:{w:{}}},k:1}}"},
    {T("[fruit]\napple.color = 1\napple.taste.sweet = true\n[fruit.apple.texture]\nsmooth = true"),
        "{fruit:{apple:{color:1,taste:{sweet:true},texture:{smooth:true}}}}"},
    {T("[a.b]\nx=1\n[a]\ny=2\n[a.c]\nz=3"), "{a:{b:{x:1},y:2,c:{z:3}}}"},
    {T("[[p]]\nn = 1\n[[p]]\n[[p]]\nn = 3"), "{p:[{n:1},{},{n:3}]}"},
    {T("[[f]]\nn='a'\n[f.physical]\nc='red'\n[[f.v]]\nn='x'\n[[f.v]]\nn='y'\n[[f]]\nn='b'\n[[f.v]]\nn='z'"),
        "{f:[{n:\"a\",physical:{c:\"red\"},v:[{n:\"x\"},{n:\"y\"}]},{n:\"b\",v:[{n:\"z\"}]}]}"},
    {T("[[a.b]]\n[a]\nc = 1"), "{a:{b:[{}],c:1}}"},
    {T("a = {}\nb = { x = 1, y.z = 2, 'q' = { } }\nc = {x=[{y=1},{}]}"),
        "{a:{},b:{x:1,y:{z:2},q:{}},c:{x:[{y:1},{}]}}"},
    {T("a = []\nb = [ 1, 2, ]\nc = [\n  'x', # one\n\n  'y'\n  # end\n]\nd = [[1],['a',2.5,{k=1}]]"),
        "{a:[],b:[1,2],c:[\"x\",\"y\"],d:[[1],[\"a\",2.5f,{k:1}]]}"},
    {T("true = true\ninf = 1\n[nan]"), "{true:true,inf:1,nan:{}}"},
};

static const Good good_scalars[] = {
    {T("a=[0,+0,-0,42,+99,-17,1_000,5_349_221,1_2_3_4_5]"), "{a:[0,0,0,42,99,-17,1000,5349221,12345]}"},
    {T("a=[9223372036854775807,-9223372036854775808]"), "{a:[9223372036854775807,-9223372036854775808]}"},
    {T("a=[0xDEADBEEF,0xdead_beef,0o01234567,0b1101_0110,0x7fffffffffffffff,0x00]"),
        "{a:[3735928559,3735928559,342391,214,9223372036854775807,0]}"},
    {T("a=[+1.0,3.25,-0.5,5e+22,1e06,-2E-2,6.5e-1,224_617.445_312_5,0.0,0e0,1e1_0]"),
        "{a:[1f,3.25f,-0.5f,4.9999999999999996e+22f,1000000f,-0.02f,0.65000000000000002f,224617.4453125f,0f,0f,"
        "10000000000f]}"},
    {T("a=[inf,+inf,-inf]"), "{a:[inff,inff,-inff]}"},
    {T("a=[true,false]"), "{a:[true,false]}"},
    {T("a=[1979-05-27,0001-01-01,9999-12-31,2024-02-29]"), "{a:[d1979-05-27,d0001-01-01,d9999-12-31,d2024-02-29]}"},
    {T("a=[1979-05-27T07:32:00Z,1979-05-27T00:32:00.999999-07:00,1979-05-27 07:32:00z,1979-05-27t00:32:00,07:32:00,"
       "23:59:60.5]"),
        "{a:[t1979-05-27T07:32:00Z,t1979-05-27T00:32:00.999999-07:00,t1979-05-27 07:32:00z,t1979-05-27t00:32:00,"
        "t07:32:00,t23:59:60.5]}"},
    {T("a=1979-05-27 # a date\nb=1979-05-27  "), "{a:d1979-05-27,b:d1979-05-27}"},
};

static const Good good_strings[] = {
    {T("a='C:\\no\\escape \"x\"'\nb=''\nc=\"\""), "{a:\"C:\\no\\escape \"x\"\",b:\"\",c:\"\"}"},
    {T("a=\"\\b\\t\\n\\f\\r\\\"\\\\\\u00E9\\U0001F4A9\""), "{a:\"\b\t\n\f\r\"\\\xC3\xA9\xF0\x9F\x92\xA9\"}"},
    {T("a=\"tab\there # no comment\""), "{a:\"tab\there # no comment\"}"},
    {T("a=\"\"\"\nRoses\nViolets\"\"\""), "{a:\"Roses\nViolets\"}"},
    {T("a=\"\"\"\r\nRoses\r\nViolets\r\n\"\"\""), "{a:\"Roses\nViolets\n\"}"},
    {T("a=\"\"\"The \\\n\n   quick \\  \r\n  fox\\\n\"\"\""), "{a:\"The quick fox\"}"},
    {T("a=\"\"\"two \"\" quotes\"\"\""), "{a:\"two \"\" quotes\"}"},
    {T("a=\"\"\"\"x\"\"\"\""), "{a:\"\"x\"\"}"},
    {T("a=\"\"\"\"\"x\"\"\"\"\""), "{a:\"\"\"x\"\"\"}"},
    {T("a=\"\"\"\"\"\""), "{a:\"\"}"},
    {T("a=''''''\nb='''\nfirst\n'x' \\n ''y''\n''''"), "{a:\"\",b:\"first\n'x' \\n ''y''\n'\"}"},
    {T("a='''''two'''''"), "{a:\"''two''\"}"},
    {T("a=\"\"\"x\\\"\"\"\"\nb=1"), "{a:\"x\"\",b:1}"},
};

static void check_good(const Good *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Arena arena;
        Buf got;
        const Toml *root = NULL;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        buf_init(&got, 0);
        if (toml_parse(rows[i].text, "t.toml", &arena, &root, &err) != OK)
            fail_msg("%s: line %d: %s", rows[i].text.ptr, (int)err.line, err.message);
        dump(root, &got);
        assert_string_equal(buf_z(&got), rows[i].wanted);
        buf_free(&got);
        arena_free(&arena);
    }
}

static void test_good(void **state)
{
    UNUSED(state);
    check_good(good_structure, COUNT_OF(good_structure));
    check_good(good_scalars, COUNT_OF(good_scalars));
    check_good(good_strings, COUNT_OF(good_strings));
}

typedef struct Bad {
    Slice text;
    unsigned line;
    const char *message; /* a part of it; NULL: any */
} Bad;

static const Bad bad_structure[] = {
    {T("a"), 1, "'=' must follow"},
    {T("a ="), 1, "a value must stand here"},
    {T("\na = # x"), 2, "a value must stand here"},
    {T("a = 1 b = 2"), 1, "only a comment may follow"},
    {T("= 1"), 1, "a key must stand here"},
    {T("a. = 1"), 1, "a key must stand here"},
    {T(".a = 1"), 1, "a key must stand here"},
    {T("a..b = 1"), 1, "a key must stand here"},
    {T("a b = 1"), 1, "'=' must follow"},
    {T("a\n= 1"), 1, "'=' must follow"},
    {T("\xC3\xA9 = 1"), 1, "a key must stand here"},
    {T("\"\"\"a\"\"\" = 1"), 1, "multi-line"},
    {T("\"a\nb\" = 1"), 1, "not closed"},
    {T("a = 1\nb = 2\na = 3"), 3, "a is defined already, in line 1"},
    {T("a = 1\n\"a\" = 3"), 2, "in line 1"},
    {T("a = 1\na.b = 2"), 2, "in line 1"},
    {T("a.b = 1\na = 2"), 2, "in line 1"},
    {T("a.b = 1\na.b.c = 2"), 2, "in line 1"},
    {T("[a]\n[a]"), 2, "a is defined already, in line 1"},
    {T("[a]\nb = 1\n[a.b]"), 3, "in line 2"},
    {T("[a.b]\n[a]\n\n[a]"), 4, "in line 2"},
    {T("[fruit]\napple.color = 1\n[fruit.apple]"), 3, NULL},
    {T("[fruit]\napple.taste.sweet = true\n[fruit.apple.taste]"), 3, NULL},
    {T("[a.b.c]\nz = 9\n[a]\nb.c.t = 1"), 4, NULL},
    {T("[a.b]\n[a]\nb.c = 1"), 3, NULL},
    {T("a = {x = 1}\na.y = 2"), 2, NULL},
    {T("a = {x = 1}\n[a.y]"), 2, NULL},
    {T("a = {x = 1}\n[a]"), 2, NULL},
    {T("a = {x = {}, x.y = 1}"), 1, NULL},
    {T("a = {x.y = 1, x = 2}"), 1, NULL},
    {T("a = {b.c = 1}\na.b.d = 2"), 2, NULL},
    {T("a = {b.c = 1}\n[a.b.d]"), 2, NULL},
    {T("a = [{x = 1}]\n[[a]]"), 2, NULL},
    {T("a = []\n[[a]]"), 2, NULL},
    {T("a = [{}]\n[a.b]"), 2, NULL},
    {T("[[a]]\n[a]"), 2, NULL},
    {T("[a]\n[[a]]"), 2, NULL},
    {T("[a.b]\n[[a]]"), 2, NULL},
    {T("[[a.b]]\n[a]\nb.y = 2"), 3, NULL},
    {T("[fruit.physical]\n[[fruit]]"), 2, NULL},
    {T("[[f]]\n[[f.v]]\n[f.v]"), 3, NULL},
    {T("a = 1\n[a]"), 2, NULL},
    {T("a = 1\n[a.b]"), 2, NULL},
    {T("[]"), 1, "a key must stand here"},
    {T("[a"), 1, "header is not closed"},
    {T("[a\n]"), 1, "header is not closed"},
    {T("[a]]"), 1, "only a comment may follow"},
    {T("[[a]"), 1, "header is not closed"},
    {T("[ [a]]"), 1, "a key must stand here"},
    {T("[[a] ]"), 1, "header is not closed"},
    {T("[a] b = 1"), 1, "only a comment may follow"},
    {T("[a.]"), 1, NULL},
    {T("[a..b]"), 1, NULL},
    {T("a = {x = 1,}"), 1, NULL},
    {T("a = {,}"), 1, NULL},
    {T("a = {x = 1\n}"), 1, NULL},
    {T("a = {x = 1 y = 2}"), 1, NULL},
    {T("a = {x = 1"), 1, NULL},
    {T("a = {"), 1, NULL},
    {T("\na = [1\n, 2"), 2, NULL},
    {T("a = [1 2]"), 1, NULL},
    {T("a = [,1]"), 1, NULL},
    {T("a = [1,,2]"), 1, NULL},
    {T("a = ["), 1, "array is not closed"},
    {T("a = 1\rb = 2"), 1, NULL},
    {T("# bad \r comment"), 1, "control character in a comment"},
    {T("# bad \x01 comment"), 1, "control character in a comment"},
    {T("a = 1 \x7f"), 1, NULL},
    {T("a = 1\n\0"), 2, NULL},
    {T("a = 1\nb = '\xFF'"), 2, "not UTF-8"},
    {T("a = 1\n\xEF\xBB\xBF"
       "b = 2"),
        2, NULL},
};

static const Bad bad_values[] = {
    {T("a = 01"), 1, NULL},
    {T("a = -01"), 1, NULL},
    {T("a = 1_"), 1, NULL},
    {T("a = _1"), 1, NULL},
    {T("a = 1__0"), 1, NULL},
    {T("a = +"), 1, NULL},
    {T("a = ++1"), 1, NULL},
    {T("a = 9223372036854775808"), 1, "integer does not fit"},
    {T("a = -9223372036854775809"), 1, "integer does not fit"},
    {T("a = 0x8000000000000000"), 1, "integer does not fit"},
    {T("a = 0x"), 1, NULL},
    {T("a = 0x_1"), 1, NULL},
    {T("a = 0x1_"), 1, NULL},
    {T("a = +0x1"), 1, NULL},
    {T("a = 0X1"), 1, NULL},
    {T("a = 0o8"), 1, NULL},
    {T("a = 0b2"), 1, NULL},
    {T("a = 1a"), 1, NULL},
    {T("a = .5"), 1, NULL},
    {T("a = 5."), 1, NULL},
    {T("a = 5.e3"), 1, NULL},
    {T("a = 1e"), 1, NULL},
    {T("a = 1e+"), 1, NULL},
    {T("a = 1._5"), 1, NULL},
    {T("a = 1_.5"), 1, NULL},
    {T("a = 1e_5"), 1, NULL},
    {T("a = 03.14"), 1, NULL},
    {T("a = 1.2.3"), 1, NULL},
    {T("a = 1e400"), 1, "too large"},
    {T("a = Inf"), 1, NULL},
    {T("a = ++inf"), 1, NULL},
    {T("a = True"), 1, NULL},
    {T("a = yes"), 1, NULL},
    {T("a = truee"), 1, NULL},
    {T("a = 2025-02-29"), 1, "no such date"},
    {T("a = 2025-13-01"), 1, "no such date"},
    {T("a = 2025-1-01"), 1, NULL},
    {T("a = 20250101"), 0, NULL}, /* an integer: line 0 marks what is good */
    {T("a = 2025-01-01T"), 1, NULL},
    {T("a = 2025-01-01T24:00:00Z"), 1, NULL},
    {T("a = 2025-01-01T23:60:00Z"), 1, NULL},
    {T("a = 2025-01-01T23:59:61Z"), 1, NULL},
    {T("a = 2025-01-01T23:59Z"), 1, NULL},
    {T("a = 2025-01-01T23:59:00.Z"), 1, NULL},
    {T("a = 2025-01-01T23:59:00+7:00"), 1, NULL},
    {T("a = 2025-01-01T23:59:00+24:00"), 1, NULL},
    {T("a = 2025-01-01T23:59:00 Z"), 1, NULL},
    {T("a = 2025-01-01  23:59:00"), 1, NULL},
    {T("a = 2025-01-01x"), 1, NULL},
    {T("a = 7:32:00"), 1, NULL},
    {T("a = 07:32"), 1, NULL},
    {T("a = 07:32:00Z"), 1, NULL},
    {T("a = \"x"), 1, "not closed on its line"},
    {T("a = \"x\ny\""), 1, "not closed on its line"},
    {T("a = 'x\ny'"), 1, "not closed on its line"},
    {T("a = 'x"), 1, "not closed on its line"},
    {T("a = \"\\q\""), 1, "unknown escape"},
    {T("a = \"\\x41\""), 1, "unknown escape"},
    {T("a = \"\\ \""), 1, "unknown escape"},
    {T("a = \"\\"), 1, "unknown escape"},
    {T("a = \"\\u12\""), 1, "hexadecimal"},
    {T("a = \"\\uD800\""), 1, "no character"},
    {T("a = \"\\U00110000\""), 1, "no character"},
    {T("a = \"x\x01\""), 1, "control character"},
    {T("a = 'x\x7f'"), 1, "control character"},
    {T("\n\na = \"\"\"\nx\n"), 3, "multi-line string is not closed"},
    {T("a = '''x''"), 1, "multi-line string is not closed"},
    {T("a = \"\"\"x\n\\q\"\"\""), 2, "unknown escape"},
    {T("a = \"\"\"x\\ y\"\"\""), 1, "unknown escape"},
    {T("a = \"\"\"x\n\x02\"\"\""), 2, "control character"},
    {T("a = \"\"\"x\ry\"\"\""), 1, "control character"},
    {T("a = \"\"\"x\"\"\"\"\"\""), 1, "only a comment may follow"},
    {T("a = '''x''''''"), 1, "only a comment may follow"},
};

static void check_bad(const Bad *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Arena arena;
        const Toml *root = NULL;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        Status st = toml_parse(rows[i].text, "t.toml", &arena, &root, &err);
        if (st != (rows[i].line ? ERR_PARSE : OK))
            fail_msg("%s: status %s", rows[i].text.ptr, status_name(st));
        if (err.line != rows[i].line)
            fail_msg("%s: line %d: %s", rows[i].text.ptr, (int)err.line, err.message);
        if (rows[i].message && !strstr(err.message, rows[i].message))
            fail_msg("%s: %s", rows[i].text.ptr, err.message);
        if (st != OK)
            assert_string_equal(err.file, "t.toml");
        arena_free(&arena);
    }
}

static void test_bad(void **state)
{
    UNUSED(state);
    check_bad(bad_structure, COUNT_OF(bad_structure));
    check_bad(bad_values, COUNT_OF(bad_values));
}

/* Each way to nest, just within and just beyond the limit. */
static void test_nesting(void **state)
{
    UNUSED(state);
    static const struct {
        const char *before, *open, *middle, *close;
        int deepest;
    } rows[] = {
        /* the value of a member of the document stands on level 1 */
        {"a=", "[", "", "]", 64},
        {"a=", "[", "1", "]", 63},
        {"", "a={", "", "}", 64},
        {"a=", "[{a=", "1", "}]", 31},
        {"", "a.", "a=1", "", 63},
        {"[", "a.", "a]", "", 63},
        {"[[", "a.", "a]]", "", 62},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int extra = 0; extra < 3; extra++) {
            Buf text;
            Arena arena;
            const Toml *root = NULL;
            Error err = ERROR_INIT;
            int n = extra == 2 ? 100000 : rows[i].deepest + extra;
            buf_init(&text, 0);
            arena_init(&arena, 0);
            buf_adds(&text, rows[i].before);
            for (int k = 0; k < n; k++)
                buf_adds(&text, rows[i].open);
            buf_adds(&text, rows[i].middle);
            for (int k = 0; k < n; k++)
                buf_adds(&text, rows[i].close);
            Status st = toml_parse(buf_slice(&text), "t.toml", &arena, &root, &err);
            if (st != (extra ? ERR_LIMIT : OK))
                fail_msg("row %zu, %d levels: %s %s", i, n, status_name(st), err.message);
            buf_free(&text);
            arena_free(&arena);
        }
    }
}

static void test_many_keys_stay_fast(void **state)
{
    UNUSED(state);
    Buf text;
    Arena arena;
    const Toml *root = NULL;
    buf_init(&text, 0);
    arena_init(&arena, 0);
    for (uint64_t i = 0; i < 100000; i++) {
        buf_addc(&text, 'k');
        buf_add_u64(&text, i);
        buf_adds(&text, "=1\n");
    }
    double before = clock_cpu();
    assert_ok(toml_parse(buf_slice(&text), "t.toml", &arena, &root, NULL));
    /* comparing each key with all before it would take minutes */
    assert_true(clock_cpu() - before < 10);
    assert_int_equal(root->count, 100000);
    arena_free(&arena);
    buf_free(&text);
}

static const char sample[] = "name = 'x'\n"
                             "n = 5\n"
                             "rate = 2.5\n"
                             "on = true\n"
                             "from = 2025-07-01\n"
                             "list = [1]\n"
                             "[sub]\n"
                             "k = 1\n";

static void test_accessors(void **state)
{
    UNUSED(state);
    Arena arena;
    const Toml *t = NULL, *out = NULL;
    Error err = ERROR_INIT;
    Slice s;
    int64_t n = 0;
    double d = 0;
    bool b = false;
    Date day = 0, july = 0;
    arena_init(&arena, 0);
    assert_ok(toml_parse(slice_of(sample), "t.toml", &arena, &t, &err));
    assert_ok(toml_str(t, "f", "name", &s, &err));
    assert_true(slice_eq_z(s, "x"));
    assert_ok(toml_str_or(t, "f", "none", SLICE("y"), &s, &err));
    assert_true(slice_eq_z(s, "y"));
    assert_ok(toml_int(t, "f", "n", &n, &err));
    assert_int_equal(n, 5);
    assert_ok(toml_int_or(t, "f", "none", 9, &n, &err));
    assert_int_equal(n, 9);
    assert_ok(toml_num_or(t, "f", "rate", 1, &d, &err));
    assert_true(d == 2.5);
    assert_ok(toml_num_or(t, "f", "n", 1, &d, &err));
    assert_true(d == 5);
    assert_ok(toml_bool_or(t, "f", "on", false, &b, &err));
    assert_true(b);
    assert_ok(toml_bool_or(t, "f", "none", true, &b, &err));
    assert_ok(date_make(2025, 7, 1, &july, &err));
    assert_ok(toml_date(t, "f", "from", &day, &err));
    assert_int_equal(day, july);
    assert_ok(toml_date_or(t, "f", "none", DATE_NONE, &day, &err));
    assert_int_equal(day, DATE_NONE);
    assert_ok(toml_array(t, "f", "list", &out, &err));
    assert_int_equal(out->count, 1);
    assert_ok(toml_table(t, "f", "sub", &out, &err));
    assert_int_equal(toml_get(out, "k")->integer, 1);
    assert_int_equal(toml_get(out, "k")->line, 8);
    assert_ok(toml_table(t, "f", "none", &out, &err));
    assert_null(out);
    assert_null(toml_get(NULL, "k"));
    assert_null(toml_get(toml_get(t, "n"), "k"));

    static const struct {
        const char *key, *message;
        uint64_t line;
    } wrong[] = {{"n", "must be a string", 2}, {"none", "is missing", 1}, {"sub", "must be a string", 7}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(toml_str(t, "f", wrong[i].key, &s, &err), ERR_INVALID);
        assert_string_equal(err.message, wrong[i].message);
        assert_string_equal(err.file, "f");
        assert_string_equal(err.field, wrong[i].key);
        assert_int_equal(err.line, wrong[i].line);
    }
    assert_int_equal(toml_str_or(t, "f", "n", SLICE(""), &s, &err), ERR_INVALID);
    assert_int_equal(toml_int(t, "f", "rate", &n, &err), ERR_INVALID);
    assert_int_equal(toml_int_or(t, "f", "name", 1, &n, &err), ERR_INVALID);
    assert_int_equal(toml_num_or(t, "f", "name", 1, &d, &err), ERR_INVALID);
    assert_int_equal(toml_bool_or(t, "f", "n", true, &b, &err), ERR_INVALID);
    assert_int_equal(toml_date(t, "f", "none", &day, &err), ERR_INVALID);
    assert_int_equal(toml_date_or(t, "f", "n", 0, &day, &err), ERR_INVALID);
    assert_int_equal(toml_table(t, "f", "list", &out, &err), ERR_INVALID);
    assert_int_equal(toml_array(t, "f", "sub", &out, &err), ERR_INVALID);
    assert_int_equal(toml_str(NULL, "f", "n", &s, &err), ERR_INVALID);

    static const char *const all[] = {"name", "n", "rate", "on", "from", "list", "sub", "more", NULL};
    static const char *const few[] = {"name", "n", NULL};
    assert_ok(toml_only(t, "f", all, &err));
    assert_ok(toml_only(NULL, "f", few, &err));
    assert_int_equal(toml_only(t, "f", few, &err), ERR_INVALID);
    assert_string_equal(err.field, "rate");
    assert_int_equal(err.line, 3);
    arena_free(&arena);
}

static void test_read_file(void **state)
{
    UNUSED(state);
    Arena arena;
    const Toml *t = NULL;
    Error err;
    arena_init(&arena, 0);
    assert_int_equal(toml_read("/nonexistent/t.toml", &arena, &t, &err), ERR_NOT_FOUND);
    arena_free(&arena);
}

static Status use_toml(void *ctx, Error *err)
{
    const Slice *text = ctx;
    Arena arena;
    const Toml *t = NULL;
    arena_init(&arena, 0);
    Status st = toml_parse(*text, "t.toml", &arena, &t, err);
    arena_free(&arena);
    return st;
}

static void test_failing_allocations(void **state)
{
    UNUSED(state);
    const Good *tables[] = {good_structure, good_scalars, good_strings};
    const size_t counts[] = {COUNT_OF(good_structure), COUNT_OF(good_scalars), COUNT_OF(good_strings)};
    for (size_t t = 0; t < COUNT_OF(tables); t++) {
        for (size_t i = 0; i < counts[t]; i++) {
            Slice text = tables[t][i].text;
            walk_allocations(use_toml, &text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_many_keys_stay_fast),
        cmocka_unit_test(test_accessors),
        cmocka_unit_test(test_read_file),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests_name("base/toml", tests, NULL, NULL);
}
