/* The Ed-Fi reader: paths, alternatives, descriptors in both spellings, repeats, and what it must refuse. */
#include "ingest_harness.h"

#include <stdio.h>

#include "ingest/edfi_reader.h"

typedef struct Memory {
    Slice bytes;
    size_t at;
    size_t piece; /* at most so many bytes a call */
} Memory;

static Status read_memory(void *ctx, char *out, size_t size, size_t *got, Error *err)
{
    UNUSED(err);
    Memory *m = ctx;
    size_t n = m->bytes.len - m->at;
    if (n > size)
        n = size;
    if (n > m->piece)
        n = m->piece;
    if (n > 0)
        memcpy(out, m->bytes.ptr + m->at, n);
    m->at += n;
    *got = n;
    return OK;
}

#define PATH_COUNT 4

typedef struct Case {
    const char *xml;
    const char *row_element;
    const char *paths[PATH_COUNT];
    bool refused;
    size_t rows;
    const char *cells[3][PATH_COUNT]; /* NULL: absent */
} Case;

#define ROOT "<?xml version=\"1.0\"?><I xmlns=\"http://ed-fi.org/5.2.0\">"

static const Case cases[] = {
    {ROOT "</I>", "S", {"A", "B", "", ""}, false, 0, {{0}}},
    {ROOT "<S><A>1</A></S><T><A>9</A></T><S><B> 2 </B></S></I>", "S", {"A", "B", "", ""}, false, 2,
        {{"1", NULL, NULL, NULL}, {NULL, "2", NULL, NULL}}},
    {ROOT "<S/><T><A>9</A></T></I>", "S|T", {"A", "", "", ""}, false, 2, {{NULL}, {"9"}}},
    {ROOT "<S><R><X>deep</X></R><X>flat</X></S></I>", "S", {"R/X", "X", "X|R/X", "R/X|X"}, false, 1,
        {{"deep", "flat", "flat", "deep"}}},
    {ROOT "<S><G>uri://ed-fi.org/GradeLevelDescriptor#Ninth grade</G><H><CodeValue>Local</CodeValue></H></S></I>", "S",
        {"G", "H", "", ""}, false, 1, {{"Ninth grade", "Local"}}},
    {ROOT "<S><Race>A</Race><Race><CodeValue>B</CodeValue></Race><Race>uri://x#C</Race></S></I>", "S",
        {"Race", "", "", ""}, false, 1, {{"A;B;C"}}},
    {"<p:I xmlns:p=\"u\"><p:S><p:A>1</p:A></p:S></p:I>", "S", {"A", "", "", ""}, false, 1, {{"1"}}},
    {ROOT "<S><A><![CDATA[<x>&]]></A><B>a&amp;b&#65;</B></S></I>", "S", {"A", "B", "", ""}, false, 1,
        {{"<x>&", "a&bA"}}},
    {"<?xml version=\"1.0\" encoding=\"windows-1252\"?><I><S><A>Mu\xF1oz</A></S></I>", "S", {"A", "", "", ""}, false, 1,
        {{"Mu\xC3\xB1oz"}}},
    {ROOT "<S><A>1</A>", "S", {"A", "", "", ""}, true, 0, {{0}}},
    {ROOT "<S><A>1</B></S></I>", "S", {"A", "", "", ""}, true, 0, {{0}}},
    {"", "S", {"A", "", "", ""}, true, 0, {{0}}},
    {"no xml", "S", {"A", "", "", ""}, true, 0, {{0}}},
    {"<!DOCTYPE I [<!ENTITY e \"x\">]><I><S><A>&e;</A></S></I>", "S", {"A", "", "", ""}, true, 0, {{0}}},
    {"<!DOCTYPE I SYSTEM \"file:///etc/passwd\"><I><S><A>1</A></S></I>", "S", {"A", "", "", ""}, true, 0, {{0}}},
    {ROOT "<S><A>\xFF</A></S></I>", "S", {"A", "", "", ""}, true, 0, {{0}}},
};

static EdfiReader *open_case(const Case *k, Memory *memory, Slice paths[PATH_COUNT])
{
    EdfiReader *r = NULL;
    for (size_t i = 0; i < PATH_COUNT; i++)
        paths[i] = slice_of(k->paths[i]);
    EdfiOptions options = {
        .row_element = slice_of(k->row_element),
        .paths = paths,
        .path_count = PATH_COUNT,
        .read = read_memory,
        .read_ctx = memory,
        .want_raw = true,
    };
    assert_int_equal(edfi_open(&options, &r, NULL), OK);
    return r;
}

static void check_case(const Case *k, size_t piece)
{
    Memory memory = {.bytes = slice_of(k->xml), .piece = piece};
    Slice paths[PATH_COUNT];
    Record record;
    bool more;
    size_t rows = 0;
    EdfiReader *r = open_case(k, &memory, paths);
    for (;;) {
        assert_int_equal(edfi_next(r, &record, &more, NULL), OK);
        if (!more)
            break;
        if (!k->refused) {
            assert_true(rows < k->rows);
            assert_int_equal(record.number, rows + 1);
            for (size_t i = 0; i < PATH_COUNT; i++) {
                const char *want = k->cells[rows][i];
                if (want)
                    assert_true(slice_eq_z(record.cells[i], want));
                else
                    assert_null(record.cells[i].ptr);
            }
            assert_true(slice_starts(edfi_raw(r), SLICE("<")));
        }
        rows++;
    }
    assert_int_equal(edfi_refusal(r)->refused, k->refused);
    if (!k->refused)
        assert_int_equal(rows, k->rows);
    edfi_close(r);
}

static void test_cases(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_case(&cases[i], 4096);
        check_case(&cases[i], 5);
    }
}

static void test_depth(void **state)
{
    UNUSED(state);
    Buf xml;
    buf_init(&xml, 0);
    buf_adds(&xml, "<I><S>");
    for (int i = 0; i < EDFI_DEPTH_MAX + 1; i++)
        buf_adds(&xml, "<A>");
    for (int i = 0; i < EDFI_DEPTH_MAX + 1; i++)
        buf_adds(&xml, "</A>");
    buf_adds(&xml, "</S></I>");
    Case k = {buf_z(&xml), "S", {"A", "", "", ""}, true, 0, {{0}}};
    check_case(&k, 4096);
    buf_free(&xml);
}

/* A billion laughs must end quickly and refused. */
static void test_entities(void **state)
{
    UNUSED(state);
    Buf xml;
    buf_init(&xml, 0);
    buf_adds(&xml, "<!DOCTYPE I [<!ENTITY a0 \"lol\">");
    for (int i = 1; i < 12; i++)
        buf_addf(&xml, "<!ENTITY a%d \"&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;\">", i, i - 1, i - 1, i - 1, i - 1,
            i - 1, i - 1, i - 1, i - 1);
    buf_adds(&xml, "]><I><S><A>&a11;</A></S></I>");
    Case k = {buf_z(&xml), "S", {"A", "", "", ""}, true, 0, {{0}}};
    check_case(&k, 4096);
    buf_free(&xml);
}

static void test_long_cell(void **state)
{
    UNUSED(state);
    Buf xml;
    Record record;
    bool more;
    buf_init(&xml, 0);
    buf_adds(&xml, "<I><S><A>");
    buf_pad(&xml, 'x', FIELD_MAX_BYTES + 1);
    buf_adds(&xml, "</A></S></I>");
    Case k = {buf_z(&xml), "S", {"A", "", "", ""}, false, 1, {{0}}};
    Memory memory = {.bytes = slice_of(k.xml), .piece = 4096};
    Slice paths[PATH_COUNT];
    EdfiReader *r = open_case(&k, &memory, paths);
    assert_int_equal(edfi_next(r, &record, &more, NULL), OK);
    assert_true(more);
    assert_int_equal(record.defect, DEFECT_CELL_LONG);
    edfi_close(r);
    buf_free(&xml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_entities),
        cmocka_unit_test(test_long_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
