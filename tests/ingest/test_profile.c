/* cairn profile: the guess is right, the draft is a contract that loads, and no value that could point to somebody is
 * shown. */
#include "ingest_support.h"

#include <stdio.h>

static void profile(Site *s, const char *name, Slice content, Buf *toml, Buf *report)
{
    Error err = ERROR_INIT;
    buf_init(toml, 0);
    buf_init(report, 0);
    const char *path = site_write(s, name, content);
    Status st = profile_file(path, toml, report, &err);
    if (st != OK)
        fail_msg("%s", err.message);
}

static const Contract *parse(Site *s, const Buf *toml)
{
    const Contract *c = NULL;
    Error err = ERROR_INIT;
    if (contract_parse_text(buf_slice(toml), "draft", &s->arena, &c, &err) != OK)
        fail_msg("%s\n%s", err.message, buf_z(toml));
    return c;
}

static void csv_content(Buf *out, const char *header)
{
    buf_adds(out, header);
    for (unsigned i = 0; i < 200; i++)
        buf_addf(out, "%010u,Person%u,%s,%02u%02u%04u,%u.%02u,%s,%u\n", 1000000000u + i, i, i % 2 ? "F" : "M",
            1 + i % 12, 1 + i % 28, 2000 + i % 10, i, i % 100,
            i == 7  ? "rare-secret"
            : i % 3 ? "active"
                    : "gone",
            201901 + i % 4);
}

static void test_csv(void **state)
{
    Site *s = *state;
    Buf content, toml, report;
    buf_init(&content, 0);
    csv_content(&content, "A title,,,,,,\nState ID,Last Name,Sex,BirthDate,Amount,Status,Quarter\n");
    profile(s, "some_file_2024.csv", buf_slice(&content), &toml, &report);
    const Contract *c = parse(s, &toml);
    static const struct {
        const char *name;
        FieldType type;
        const char *format;
    } want[] = {{"state_id", TYPE_DIGITS, ""}, {"last_name", TYPE_TEXT, ""}, {"sex", TYPE_CODE, ""},
        {"birth_date", TYPE_DATE, "MMDDYYYY"}, {"amount", TYPE_DECIMAL, ""}, {"status", TYPE_TEXT, ""},
        {"quarter", TYPE_INTEGER, "YYYYQQ"}};
    assert_true(slice_eq_z(c->name, "some_file_2024"));
    assert_int_equal(c->skip_lines, 1);
    assert_int_equal(c->field_count, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_true(slice_eq_z(c->fields[i].name, want[i].name));
        assert_int_equal(c->fields[i].type, want[i].type);
        assert_true(slice_eq_z(c->fields[i].format, want[i].format));
        assert_true(c->fields[i].required);
    }
    assert_int_equal(c->code_list_count, 1);
    assert_non_null(strstr(buf_z(&report), "200 rows, 7 columns"));
    assert_null(strstr(buf_z(&toml), "rare-secret"));
    assert_null(strstr(buf_z(&report), "rare-secret"));
    assert_null(strstr(buf_z(&report), "Person1"));
    buf_free(&content);
    buf_free(&toml);
    buf_free(&report);
}

static void test_no_header(void **state)
{
    Site *s = *state;
    Buf content, toml, report;
    buf_init(&content, 0);
    csv_content(&content, "");
    profile(s, "x.csv", buf_slice(&content), &toml, &report);
    const Contract *c = parse(s, &toml);
    assert_false(c->header);
    assert_int_equal(c->field_count, 7);
    assert_null(strstr(buf_z(&toml), "Person0"));
    buf_free(&content);
    buf_free(&toml);
    buf_free(&report);
}

/* Many long headers that become the same name: all names differ. */
static void test_many_columns(void **state)
{
    Site *s = *state;
    Buf content, toml, report;
    buf_init(&content, 0);
    for (unsigned i = 0; i < 60; i++)
        buf_addf(&content, "%sThe very long and always equal header of a column%.*s", i ? "," : "", (int)i,
            "............................................................"); /* equal but for dots */
    for (unsigned row = 0; row < 20; row++) {
        buf_addc(&content, '\n');
        for (unsigned i = 0; i < 60; i++)
            buf_addf(&content, "%s%u.5", i ? "," : "", row + i);
    }
    profile(s, "wide.csv", buf_slice(&content), &toml, &report);
    assert_int_equal(parse(s, &toml)->field_count, 60);
    buf_free(&content);
    buf_free(&toml);
    buf_free(&report);
}

/* A first line of words over columns of words may be a person: it is not taken for a header, and not shown. */
static void test_doubtful_header(void **state)
{
    Site *s = *state;
    Buf toml, report;
    profile(s, "names.csv", SLICE("Garcia,Maria\nSmith,John\nLee,Ann\n"), &toml, &report);
    assert_null(strstr(buf_z(&toml), "Garcia"));
    assert_null(strstr(buf_z(&report), "Garcia"));
    buf_free(&toml);
    buf_free(&report);
}

static void test_fixed(void **state)
{
    Site *s = *state;
    Buf content, toml, report;
    buf_init(&content, 0);
    for (unsigned i = 0; i < 50; i++)
        buf_addf(&content, "S%09u%-10s%06u\n", 123456789 + i, i % 2 ? "ADAMS" : "LONGERNAME", 201904);
    profile(s, "w.txt", buf_slice(&content), &toml, &report);
    const Contract *c = parse(s, &toml);
    assert_int_equal(c->format, FORMAT_FIXED);
    assert_int_equal(c->record_length, 26);
    assert_int_equal(c->field_count, 4);
    assert_int_equal(c->fields[1].start, 2);
    assert_int_equal(c->fields[1].length, 9);
    assert_int_equal(c->fields[3].start, 21);
    assert_true(slice_eq_z(c->fields[3].format, "YYYYQQ"));
    buf_free(&content);
    buf_free(&toml);
    buf_free(&report);
}

static void test_xml(void **state)
{
    Site *s = *state;
    Buf toml, report;
    profile(s, "s.xml",
        SLICE("<?xml version=\"1.0\"?><I><Head/><Student><Id>1</Id><Name><Last>A</Last></Name></Student>"
              "<Student><Id>2</Id><Grade><CodeValue>Ninth</CodeValue></Grade></Student></I>"),
        &toml, &report);
    const Contract *c = parse(s, &toml);
    assert_int_equal(c->format, FORMAT_XML);
    assert_true(slice_eq_z(c->row_element, "Student"));
    assert_int_equal(c->field_count, 3);
    assert_true(slice_eq_z(c->fields[1].path, "Name/Last"));
    assert_true(slice_eq_z(c->fields[2].path, "Grade"));
    buf_free(&toml);
    buf_free(&report);
}

static void test_refused(void **state)
{
    Site *s = *state;
    static const char *const contents[] = {"", " \n", "PK\x03\x04zip", "<a><b></a>", "<!DOCTYPE a><a><b>x</b></a>"};
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        Buf toml, report;
        buf_init(&toml, 0);
        buf_init(&report, 0);
        assert_int_not_equal(profile_file(site_write(s, "x", slice_of(contents[i])), &toml, &report, NULL), OK);
        buf_free(&toml);
        buf_free(&report);
    }
}

#define SITE_TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(test_csv),
        SITE_TEST(test_no_header),
        SITE_TEST(test_doubtful_header),
        SITE_TEST(test_many_columns),
        SITE_TEST(test_fixed),
        SITE_TEST(test_xml),
        SITE_TEST(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
