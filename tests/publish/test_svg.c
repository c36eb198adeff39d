/* Charts are well-formed, say in words what they show, stay inside their box, and are the same every time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "publish/svg.h"

#include <math.h>
#include <stdlib.h>

/* Every x, y, width of the drawing lies in the box. */
static void check_inside(xmlNode *node, double width, double height)
{
    static const char *const across[] = {"x", "x1", "x2", "cx", "width"};
    static const char *const down[] = {"y", "y1", "y2", "cy", "height"};
    for (; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, "defs") == 0)
            continue;
        for (size_t k = 0; k < 2 * COUNT_OF(across); k++) {
            bool is_x = k < COUNT_OF(across);
            const char *name = is_x ? across[k] : down[k - COUNT_OF(across)];
            xmlChar *text = xmlGetProp(node, (const xmlChar *)name);
            if (!text)
                continue;
            double v;
            assert_int_equal(parse_f64(slice_of((const char *)text), &v, NULL), OK);
            if (v < 0 || v > (is_x ? width : height))
                fail_msg("<%s %s=\"%s\"> leaves the drawing", (const char *)node->name, name, (const char *)text);
            xmlFree(text);
        }
        check_inside(node->children, width, height);
    }
}

static void check_svg(const Buf *b)
{
    xmlDoc *doc = xmlReadMemory(b->ptr, (int)b->len, "chart", NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
    if (!doc)
        fail_msg("not well-formed: %s", buf_z(b));
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlChar *box = xmlGetProp(root, (const xmlChar *)"viewBox");
    assert_non_null(box);
    Slice rest = slice_of((const char *)box);
    double size[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(parse_f64(slice_cut(&rest, ' '), &size[i], NULL), OK);
    check_inside(root->children, size[2], size[3]);
    xmlFree(box);
    xmlFreeDoc(doc);
    assert_null(strstr(b->ptr, "nan"));
    assert_null(strstr(b->ptr, "style="));
}

static void draw_line(Buf *b, const double *values, size_t count, bool is_share)
{
    SvgPoint points[16];
    for (size_t i = 0; i < count; i++)
        points[i] = (SvgPoint){SLICE("2024"), values[i], SLICE("1 & <2>"), isnan(values[i])};
    buf_init(b, 0);
    svg_line(b, "t", SLICE("A & B"), SLICE("words"), points, count, is_share);
    assert_int_equal(buf_status(b, NULL), OK);
}

static void test_lines(void **state)
{
    static const struct {
        double values[12];
        size_t count;
        bool is_share;
    } cases[] = {
        {{80.8, 81.1, 81.7, 82.3, 83.0}, 5, true},
        {{0, 100}, 2, true},
        {{50}, 1, true},
        {{NAN, NAN}, 2, true},
        {{50, NAN, 60, 61}, 4, true},
        {{99.5, 99.6, 99.7}, 3, true},
        {{0.2, 0.1}, 2, true},
        {{5400, 6700, 90000}, 3, false},
        {{11500, 11700, 12000}, 3, false},
        {{0, 0, 0}, 3, false},
        {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 12, true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Buf a, b;
        draw_line(&a, cases[i].values, cases[i].count, cases[i].is_share);
        draw_line(&b, cases[i].values, cases[i].count, cases[i].is_share);
        check_svg(&a);
        assert_string_equal(buf_z(&a), buf_z(&b));
        assert_non_null(strstr(a.ptr, "<title id=\"t-t\">A &amp; B</title>"));
        buf_free(&a);
        buf_free(&b);
    }
    UNUSED(state);
}

static void test_sparks(void **state)
{
    const double values[][4] = {{1, 2, 3, 4}, {5, NAN, 5, 5}, {NAN, 1, 2, NAN}, {0, 0, 0, 0}};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        SvgPoint points[4];
        for (size_t k = 0; k < 4; k++)
            points[k] = (SvgPoint){.value = values[i][k], .missing = isnan(values[i][k])};
        Buf b;
        buf_init(&b, 0);
        svg_spark(&b, points, 4);
        check_svg(&b);
        buf_free(&b);
    }
    UNUSED(state);
}

static void test_bars(void **state)
{
    const SvgBar bars[] = {
        {.label = SLICE("Everybody"), .value = 83, .shown = SLICE("83.0%"), .is_reference = true},
        {.label = SLICE("Native Hawaiian or Other Pacific Islander and Not reported"),
            .value = 100,
            .shown = SLICE("100%"),
            .has_interval = true,
            .low = 60,
            .high = 140},
        {.label = SLICE("A-word-without-any-blank-that-is-longer-than-a-line"), .shown = SLICE("0%")},
    };
    for (int share = 0; share < 2; share++) {
        Buf b;
        buf_init(&b, 0);
        svg_bars(&b, "b", SLICE("t"), SLICE("d"), bars, COUNT_OF(bars), share != 0);
        check_svg(&b);
        assert_non_null(strstr(b.ptr, ">Islander and Not reported</text>"));
        /* one interval was given, one is drawn, from its low end to its high one */
        const char *line = strstr(b.ptr, "class=\"whisker\" x1=\"152.6\" x2=\"356\"");
        assert_non_null(line);
        assert_null(strstr(line + sizeof "class=\"whisker", "whisker"));
        buf_free(&b);
    }
    Buf none;
    buf_init(&none, 0);
    svg_bars(&none, "b", SLICE("t"), SLICE("d"), bars, 0, true);
    check_svg(&none);
    buf_free(&none);
    UNUSED(state);
}

static void test_map(void **state)
{
    const SvgArea areas[] = {
        {.name = SLICE("A"),
            .path = SLICE("M1,1l2,2z"),
            .x = 100,
            .y = 100,
            .shade = 5,
            .shown = SLICE("84"),
            .words = SLICE("A: 84% of 20")},
        {.name = SLICE("B"), .path = SLICE("M1,1l2,2z"), .shade = 2, .pooled = true, .words = SLICE("B \"together\"")},
        {.name = SLICE("C"), .path = SLICE("\"/><script>"), .shade = 0, .words = SLICE("C: no figure")},
    };
    Buf b;
    buf_init(&b, 0);
    svg_map(&b, "map", SLICE("t"), SLICE("d"), areas, COUNT_OF(areas));
    check_svg(&b);
    assert_null(strstr(b.ptr, "<script"));
    assert_non_null(strstr(b.ptr, "url(#hatch)"));
    assert_non_null(strstr(b.ptr, "url(#dots5)"));
    assert_non_null(strstr(b.ptr, "shade0"));
    buf_free(&b);
    UNUSED(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_sparks),
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
