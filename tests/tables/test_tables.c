/* The reader of tables: small tables with known systems, and every kind of bad input with the place it is told at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "memory_files.h"

static const char HEAD[] = "schema = \"cairn.tables/1\"\nname = \"class\"\n"
                           "[markers]\nsuppressed = [\"*\"]\nstructural = [\"-\"]\n"
                           "[[markers.range]]\ntext = \"50 or less\"\nlow = 0\nhigh = 50\n"
                           "[[dimension]]\nname = \"place\"\ntotal = \"CO\"\nhierarchy = \"places.csv\"\n"
                           "[[dimension]]\nname = \"sex\"\ntotal = \"ALL\"\ncodes = [\"F\", \"M\"]\n"
                           "[[table]]\nname = \"rates\"\nfile = \"rates.csv\"\n"
                           "[[table.by]]\ndimension = \"place\"\ncolumn = \"place\"\n"
                           "[[table.by]]\ndimension = \"sex\"\ncolumn = \"sex\"\n"
                           "[[table.count]]\nname = \"students\"\n"
                           "[[table.count]]\nname = \"graduates\"\npart_of = \"students\"\n"
                           "[[table.rate]]\nname = \"rate\"\nnumerator = \"graduates\"\ndenominator = \"students\"\n";
static const char PLACES[] = "code,parent,title\nCO,,State\nA,CO,Adams\nB,CO,Boulder\nA1,A,One\nA2,A,Two\n";
static const char ROWS[] = "place,sex,students,graduates,rate\n"
                           "CO,ALL,100,80,80.0\nCO,F,60,50,83.3\nCO,M,40,30,75.0\n"
                           "A,ALL,70,55,78.6\nA,F,40,35,87.5\nA,M,30,20,66.7\n"
                           "B,ALL,30,25,83.3\nB,F,20,15,75.0\nB,M,10,10,100\n"
                           "A1,ALL,50,40,80\nA1,F,30,26,86.7\nA1,M,20,14,70\n"
                           "A2,ALL,20,15,75\nA2,F,10,9,90\nA2,M,10,6,60\n";

typedef struct Read {
    TablesSet set;
    TablesSystem system;
    Error err;
    Status status;
} Read;

static void read_with(Read *r, const char *head, const char *places, const char *rows, TablesReading reading)
{
    const char *files[] = {"places.csv", places, "rates.csv", rows, NULL};
    *r = (Read){.err = ERROR_INIT};
    r->status = tables_read(slice_of(head), "tables.toml", memory_load, files, reading, &r->set, &r->err);
    if (r->status == OK)
        r->status = tables_system(&r->set, reading, &r->system, &r->err);
}

static void read_free(Read *r)
{
    tables_system_free(&r->system);
    tables_free(&r->set);
}

/* 15 places and sexes, three unknowns each; equations: 15 complements, for students and graduates 5 over sex and 6 over
 * places (state and district, three sexes each). */
static void test_system(void **state)
{
    UNUSED(state);
    Read r;
    SdcProblem p;
    read_with(&r, HEAD, PLACES, ROWS, TABLES_TRUE_VALUES);
    if (r.status != OK)
        fail_msg("%s", r.err.message);
    assert_int_equal(r.system.cell_count, 45);
    assert_int_equal(r.system.row_count, 15 + 2 * (5 + 6));
    assert_int_equal(tables_problem(&r.system, &p, &r.err), OK);
    assert_int_equal(sdc_check(&p, &r.err), OK);
    unsigned hidden = 0, frozen = 0;
    for (uint32_t i = 0; i < p.cell_count; i++) {
        hidden += p.cells[i].status == SDC_SECONDARY;
        frozen += p.cells[i].status == SDC_FROZEN;
    }
    assert_int_equal(hidden, 15); /* complements are printed by nobody */
    assert_int_equal(frozen, 0);  /* the one zero is a complement */
    assert_string_equal(p.names[0].ptr, "students, all (table rates)");
    sdc_free(&p);
    read_free(&r);
}

/* Three counts that are parts of each other. What is said twice is one pair; a rate makes the pair that no count named.
 */
static void test_parts_of_several(void **state)
{
    UNUSED(state);
    static const char head[] =
        "schema = \"cairn.tables/1\"\nname = \"class\"\n"
        "[[dimension]]\nname = \"place\"\ntotal = \"CO\"\nhierarchy = \"places.csv\"\n"
        "[[table]]\nname = \"t\"\nfile = \"t.csv\"\n[[table.by]]\ndimension = \"place\"\ncolumn = \"p\"\n"
        "[[table.count]]\nname = \"students\"\n"
        "[[table.count]]\nname = \"completers\"\npart_of = \"students\"\n"
        "[[table.count]]\nname = \"graduates\"\npart_of = [\"completers\"%s]\n%s";
    static const char rate[] = "[[table.rate]]\nname = \"r\"\nnumerator = \"graduates\"\ndenominator = \"students\"\n";
    static const struct {
        const char *more, *rate;
        uint32_t parts;
    } cases[] = {{"", "", 2}, {", \"students\"", "", 3}, {", \"completers\"", "", 2}, {"", rate, 3},
        {", \"students\"", rate, 3}};
    const char *files[] = {"places.csv", "code,parent\nA,CO\nB,CO\n", "t.csv", NULL, NULL};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Buf text;
        buf_init(&text, 0);
        buf_addf(&text, head, cases[i].more, cases[i].rate);
        files[3] = cases[i].rate[0]
                       ? "p,students,completers,graduates,r\nCO,100,80,70,70\nA,60,50,45,75\nB,40,30,25,62.5\n"
                       : "p,students,completers,graduates\nCO,100,80,70\nA,60,50,45\nB,40,30,25\n";
        Read r = {.err = ERROR_INIT};
        r.status = tables_read(buf_slice(&text), "t", memory_load, files, TABLES_TRUE_VALUES, &r.set, &r.err);
        if (r.status == OK)
            r.status = tables_system(&r.set, TABLES_TRUE_VALUES, &r.system, &r.err);
        if (r.status != OK)
            fail_msg("%zu: %s", i, r.err.message);
        assert_int_equal(r.set.part_count, cases[i].parts);
        assert_int_equal(r.system.cell_count, 3 * (3 + cases[i].parts));
        assert_int_equal(r.system.row_count, 3 * (1 + cases[i].parts));
        const TablesColumn *columns = r.set.tables[0].columns;
        uint32_t students = columns[0].quantity, completers = columns[1].quantity, graduates = columns[2].quantity;
        assert_true(tables_is_part(&r.set, graduates, students));
        assert_true(tables_is_part(&r.set, graduates, completers));
        assert_false(tables_is_part(&r.set, students, graduates));
        assert_false(tables_is_part(&r.set, students, students));
        for (uint32_t c = 0; c < r.system.cell_count; c++) {
            const TablesCell *rest = &r.system.cells[c];
            if (rest->part != TABLES_NONE)
                assert_int_equal(
                    rest->value.low, r.system.cells[rest->whole].value.low - r.system.cells[rest->part].value.low);
        }
        read_free(&r);
        buf_free(&text);
    }
}

/* A table twice is the same unknowns: linked tables need no rule of their own. */
static void test_linked(void **state)
{
    UNUSED(state);
    Read r;
    Buf head;
    buf_init(&head, 0);
    buf_adds(&head, HEAD);
    buf_adds(&head, "[[table]]\nname = \"places\"\nfile = \"places_only.csv\"\n"
                    "[[table.by]]\ndimension = \"place\"\ncolumn = \"place\"\n"
                    "[[table.count]]\nname = \"students\"\ncolumn = \"n\"\n");
    const char *files[] = {
        "places.csv", PLACES, "rates.csv", ROWS, "places_only.csv", "place,n\nCO,100\nA,70\nB,30\n", NULL};
    r = (Read){.err = ERROR_INIT};
    assert_int_equal(tables_read(buf_slice(&head), "t", memory_load, files, TABLES_TRUE_VALUES, &r.set, &r.err), OK);
    assert_int_equal(tables_system(&r.set, TABLES_TRUE_VALUES, &r.system, &r.err), OK);
    assert_int_equal(r.system.cell_count, 45);
    assert_int_equal(r.set.tables[1].cell[0], r.set.tables[0].cell[0]);
    read_free(&r);
    files[5] = "place,n\nCO,100\nA,71\nB,29\n";
    r = (Read){.err = ERROR_INIT};
    assert_int_equal(tables_read(buf_slice(&head), "t", memory_load, files, TABLES_TRUE_VALUES, &r.set, &r.err), OK);
    assert_int_equal(tables_system(&r.set, TABLES_TRUE_VALUES, &r.system, &r.err), ERR_INVALID);
    assert_non_null(strstr(r.err.message, "differs from table rates, row 5"));
    assert_string_equal(r.err.file, "places_only.csv");
    assert_int_equal(r.err.row, 3);
    read_free(&r);
    buf_free(&head);
}

/* Two hierarchies over one dimension that do not nest, and years that are pooled with overlap: further equations. */
static void test_hierarchies_that_do_not_nest(void **state)
{
    UNUSED(state);
    static const char head[] =
        "schema = \"cairn.tables/1\"\nname = \"class\"\n"
        "[[dimension]]\nname = \"place\"\ntotal = \"CO\"\nhierarchies = [\"county.csv\", \"region.csv\"]\n"
        "[[dimension]]\nname = \"year\"\n"
        "[[dimension.sum]]\ntotal = \"2022-23\"\nof = [\"2022\", \"2023\"]\n"
        "[[dimension.sum]]\ntotal = \"2023-24\"\nof = [\"2023\", \"2024\"]\n"
        "[[table]]\nname = \"t\"\nfile = \"t.csv\"\n"
        "[[table.by]]\ndimension = \"place\"\ncolumn = \"p\"\n[[table.by]]\ndimension = \"year\"\ncolumn = \"y\"\n"
        "[[table.count]]\nname = \"n\"\n";
    const char *files[] = {"county.csv", "code,parent\nC1,CO\nC2,CO\nD1,C1\nD2,C1\nD3,C2\n", "region.csv",
        "code,parent\nR1,CO\nR2,CO\nD1,R1\nD2,R2\nD3,R2\n", "t.csv",
        "p,y,n\nCO,2022,60\nC1,2022,30\nC2,2022,30\nR1,2022,10\nR2,2022,50\nD1,2022,10\nD2,2022,20\nD3,2022,30\n"
        "CO,2023,61\nCO,2024,62\nCO,2022-23,121\nCO,2023-24,123\n",
        NULL};
    Read r = {.err = ERROR_INIT};
    r.status = tables_read(slice_of(head), "t", memory_load, files, TABLES_TRUE_VALUES, &r.set, &r.err);
    if (r.status == OK)
        r.status = tables_system(&r.set, TABLES_TRUE_VALUES, &r.system, &r.err);
    if (r.status != OK)
        fail_msg("%s", r.err.message);
    assert_int_equal(r.system.row_count, 3 + 3 + 2);
    read_free(&r);
}

/* Cells that no table has. Counties and regions without their total, and without the districts of both: the total is a
 * cell, of two sums; as published the districts are, too. Schools by sex and districts by year without margins: each
 * school and each district of all sexes and years. */
static void test_unprinted(void **state)
{
    UNUSED(state);
    static const char sides[] =
        "schema = \"cairn.tables/1\"\nname = \"class\"\n[markers]\nsuppressed = [\"*\"]\n"
        "[[dimension]]\nname = \"place\"\ntotal = \"CO\"\nhierarchies = [\"county.csv\", \"region.csv\"]\n"
        "[[table]]\nname = \"t\"\nfile = \"t.csv\"\nmargins = false\n"
        "[[table.by]]\ndimension = \"place\"\ncolumn = \"p\"\n[[table.count]]\nname = \"n\"\n";
    const char *files[] = {"county.csv", "code,parent\nC1,CO\nC2,CO\nD1,C1\nD2,C1\nD3,C2\n", "region.csv",
        "code,parent\nR1,CO\nR2,CO\nD1,R1\nD2,R2\nD3,R2\n", "t.csv", "p,n\nC1,30\nC2,30\nR1,10\nR2,50\n", NULL};
    for (int published = 0; published < 2; published++) {
        TablesReading reading = published ? TABLES_AS_PUBLISHED : TABLES_TRUE_VALUES;
        Read r = {.err = ERROR_INIT};
        assert_int_equal(tables_read(slice_of(sides), "t", memory_load, files, reading, &r.set, &r.err), OK);
        assert_int_equal(tables_system(&r.set, reading, &r.system, &r.err), OK);
        assert_int_equal(r.system.cell_count, published ? 8 : 5);
        assert_int_equal(r.system.row_count, published ? 6 : 2);
        assert_int_equal(r.system.cells[4].table, TABLES_NONE);
        assert_int_equal(r.system.cells[4].value.low, published ? 0 : 60);
        assert_false(r.system.cells[4].printed);
        for (uint32_t i = 0; i < r.system.cell_count; i++)
            assert_int_equal(r.system.cells[i].inferred, i > 4);
        read_free(&r);
    }
    files[5] = "p,n\nCO,60\nD1,10\nD2,20\nD3,30\n"; /* counties and regions that nobody tells tie nothing */
    Read left = {.err = ERROR_INIT};
    assert_int_equal(
        tables_read(slice_of(sides), "t", memory_load, files, TABLES_TRUE_VALUES, &left.set, &left.err), OK);
    assert_int_equal(tables_system(&left.set, TABLES_TRUE_VALUES, &left.system, &left.err), OK);
    assert_int_equal(left.system.cell_count, 4);
    read_free(&left);
    files[5] = "p,n\nC1,30\nC2,30\nR1,10\nR2,51\n";
    Read r = {.err = ERROR_INIT};
    assert_int_equal(tables_read(slice_of(sides), "t", memory_load, files, TABLES_TRUE_VALUES, &r.set, &r.err), OK);
    assert_int_equal(tables_system(&r.set, TABLES_TRUE_VALUES, &r.system, &r.err), ERR_INVALID);
    assert_non_null(strstr(r.err.message, "does not add up: the total is 1 less than its parts"));
    assert_string_equal(r.err.file, "t.csv");
    assert_int_equal(r.err.row, 4);
    read_free(&r);
    static const char across[] =
        "schema = \"cairn.tables/1\"\nname = \"class\"\n"
        "[[dimension]]\nname = \"place\"\ntotal = \"CO\"\nhierarchy = \"county.csv\"\n"
        "[[dimension]]\nname = \"sex\"\ntotal = \"ALL\"\ncodes = [\"F\", \"M\"]\n"
        "[[dimension]]\nname = \"year\"\ntotal = \"both\"\ncodes = [\"1\", \"2\"]\n"
        "[[table]]\nname = \"t\"\nfile = \"t.csv\"\nmargins = false\n"
        "[[table.by]]\ndimension = \"place\"\ncolumn = \"p\"\n[[table.by]]\ndimension = \"sex\"\ncolumn = \"s\"\n"
        "[[table.count]]\nname = \"n\"\n"
        "[[table]]\nname = \"u\"\nfile = \"u.csv\"\nmargins = false\n"
        "[[table.by]]\ndimension = \"place\"\ncolumn = \"p\"\n[[table.by]]\ndimension = \"year\"\ncolumn = \"y\"\n"
        "[[table.count]]\nname = \"n\"\n";
    const char *more[] = {"county.csv", files[1], "t.csv", "p,s,n\nD1,F,4\nD1,M,6\nD2,F,8\nD2,M,12\n", "u.csv",
        "p,y,n\nC1,1,20\nC1,2,10\n", NULL};
    r = (Read){.err = ERROR_INIT};
    assert_int_equal(tables_read(slice_of(across), "t", memory_load, more, TABLES_TRUE_VALUES, &r.set, &r.err), OK);
    assert_int_equal(tables_system(&r.set, TABLES_TRUE_VALUES, &r.system, &r.err), OK);
    /* D1, D2 and C1 of all sexes, C1 of each sex: (D1), (D2), (C1 F), (C1 M) and C1 by districts, sexes and years */
    assert_int_equal(r.system.cell_count, 6 + 5);
    assert_int_equal(r.system.row_count, 4 + 3);
    read_free(&r);
    more[5] = "p,y,n\nC1,1,20\nC1,2,11\n";
    r = (Read){.err = ERROR_INIT};
    assert_int_equal(tables_read(slice_of(across), "t", memory_load, more, TABLES_TRUE_VALUES, &r.set, &r.err), OK);
    assert_int_equal(tables_system(&r.set, TABLES_TRUE_VALUES, &r.system, &r.err), ERR_INVALID);
    read_free(&r);
}

typedef struct Bad {
    const char *what, *find, *replace; /* in the rows, or in the header when it is not found there */
    const char *message;
    const char *file;
    uint64_t row;
} Bad;

static const Bad BAD[] = {
    {"does not add up", "A2,F,10,9,90", "A2,F,11,9,82", "the total is 1 less than its parts", "rates.csv", 6},
    {"negative", "A2,F,10,9,90", "A2,F,-10,9,90", "is negative", "rates.csv", 15},
    {"a part beyond its whole", "B,M,10,10,100", "B,M,10,11,100", "the part is larger than its whole", "rates.csv", 10},
    {"unknown code", "B,M,10,10", "Q,M,10,10", "code \"Q\" is not in dimension place", "rates.csv", 10},
    {"twice", "B,M,10,10,100\n", "B,F,10,10,100\n", "stands at the same place as row 9", "rates.csv", 10},
    {"missing row", "B,M,10,10,100\n", "", "a row is missing", "rates.csv", 0},
    {"missing margin", "CO,ALL,100,80,80.0\n", "", "missing", "rates.csv", 0},
    {"no number", "A,M,30,20,66.7", "A,M,thirty,20,66.7", "is neither a number nor a marker", "rates.csv", 7},
    {"a marker among true values", "A,M,30,20,66.7", "A,M,*,20,66.7", "what is to be protected must be known",
        "rates.csv", 7},
    {"empty", "A,M,30,20,66.7", "A,M,,20,66.7", "is empty", "rates.csv", 7},
    {"half a person", "A,M,30,20,66.7", "A,M,30.5,20,66.7", "is not a whole number", "rates.csv", 7},
    {"over 100 percent", "A,M,30,20,66.7", "A,M,30,20,166.7", "is a rate over 100 percent", "rates.csv", 7},
    {"percent of people", "A,M,30,20,66.7", "A,M,30%,20,66.7", "is a percent where a number must stand", "rates.csv",
        7},
    {"thousands in twos", "A,M,30,20,66.7", "A,M,\"3,0\",20,66.7", "is neither a number nor a marker", "rates.csv", 7},
    {"missing column", "place,sex,students,", "place,sex,pupils,", "there is no column students", "rates.csv", 0},
    {"misspelt key", "numerator =", "numeratr =", "is not a known key", "tables.toml", 0},
    {"unknown dimension", "dimension = \"sex\"", "dimension = \"gender\"", "there is no dimension gender",
        "tables.toml", 0},
    {"wrong schema", "cairn.tables/1", "cairn.tables/9", "schema must be", "tables.toml", 0},
    {"part of itself", "part_of = \"students\"", "part_of = \"graduates\"", "part of itself", "tables.toml", 0},
    {"part of itself through another", "part_of = \"students\"\n",
        "part_of = [\"more\", \"students\"]\n"
        "[[table.count]]\nname = \"more\"\npublish = false\npart_of = \"graduates\"\n",
        "part of itself", "tables.toml", 0},
    {"part of a number", "part_of = \"students\"", "part_of = [1]", "part_of names a count", "tables.toml", 0},
    {"rate of strangers", "numerator = \"graduates\"\ndenominator = \"students\"",
        "numerator = \"students\"\ndenominator = \"graduates\"", "part_of the denominator", "tables.toml", 0},
};

/* text with the first occurrence of find replaced; NULL when there is none. */
static char *replaced(const char *text, const char *find, const char *with)
{
    const char *at = strstr(text, find);
    Buf b;
    char *out = NULL;
    if (!at)
        return NULL;
    buf_init(&b, 0);
    buf_add(&b, (Slice){text, (size_t)(at - text)});
    buf_adds(&b, with);
    buf_adds(&b, at + strlen(find));
    assert_int_equal(mem_strndup(buf_z(&b), b.len, &out, NULL), OK);
    buf_free(&b);
    return out;
}

static void test_bad_input(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        const Bad *bad = &BAD[i];
        char *rows = replaced(ROWS, bad->find, bad->replace);
        char *head = rows ? NULL : replaced(HEAD, bad->find, bad->replace);
        Read r;
        assert_true(rows || head);
        read_with(&r, head ? head : HEAD, PLACES, rows ? rows : ROWS, TABLES_TRUE_VALUES);
        if (r.status == OK || !strstr(r.err.message, bad->message))
            fail_msg("%s: %s", bad->what, r.status == OK ? "accepted" : r.err.message);
        assert_string_equal(r.err.file, bad->file);
        if (bad->row > 0)
            assert_int_equal(r.err.row, bad->row);
        read_free(&r);
        mem_free(rows);
        mem_free(head);
    }
}

static const struct {
    const char *places, *message;
} BAD_PLACES[] = {
    {"code,parent\nA,CO\nA,CO\n", "stands twice in one hierarchy"},
    {"code,parent\nA,B\nB,A\n", "part of itself through other codes"},
    {"code,parent\nA,A\n", "is part of itself"},
    {"code,parent\n,CO\n", "a code is empty"},
    {"code,title\nA,x\n", "parent"},
};

static void test_bad_hierarchies(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(BAD_PLACES); i++) {
        Read r;
        read_with(&r, HEAD, BAD_PLACES[i].places, ROWS, TABLES_TRUE_VALUES);
        if (r.status == OK || !strstr(r.err.message, BAD_PLACES[i].message))
            fail_msg("%s: %s", BAD_PLACES[i].places, r.err.message);
        bool in_header =
            strstr(r.err.message, "through other codes") || strstr(r.err.message, "stands twice in one sum");
        assert_string_equal(r.err.file, in_header ? "tables.toml" : "places.csv");
        read_free(&r);
    }
}

/* A chain deeper than any real hierarchy is refused before it is followed by calls. */
static void test_deep_hierarchy(void **state)
{
    UNUSED(state);
    Buf places;
    Read r;
    buf_init(&places, 0);
    buf_adds(&places, "code,parent\n");
    for (int i = 0; i < 300; i++)
        buf_addf(&places, "L%d,L%d\n", i + 1, i);
    read_with(&r, HEAD, buf_z(&places), ROWS, TABLES_TRUE_VALUES);
    assert_int_equal(r.status, ERR_LIMIT);
    assert_non_null(strstr(r.err.message, "more than 200 levels"));
    read_free(&r);
    buf_free(&places);
}

/* Each count is a part of all before it: 32 of them make 496 pairs, 34 make 561. */
static void test_too_many_parts(void **state)
{
    UNUSED(state);
    for (int counts = 31; counts <= 33; counts += 2) {
        Buf head, rows, list;
        Read r;
        buf_init(&head, 0);
        buf_init(&rows, 0);
        buf_init(&list, 0);
        buf_adds(&head, "schema = \"cairn.tables/1\"\nname = \"class\"\n"
                        "[[dimension]]\nname = \"place\"\ntotal = \"CO\"\nhierarchy = \"places.csv\"\n"
                        "[[table]]\nname = \"rates\"\nfile = \"rates.csv\"\n"
                        "[[table.by]]\ndimension = \"place\"\ncolumn = \"place\"\n");
        buf_adds(&rows, "place");
        for (int i = 0; i <= counts; i++) {
            buf_addf(&head, "[[table.count]]\nname = \"c%d\"\n", i);
            if (i > 0)
                buf_addf(&head, "part_of = [%s]\n", buf_z(&list));
            buf_addf(&list, "%s\"c%d\"", i ? ", " : "", i);
            buf_addf(&rows, ",c%d", i);
        }
        buf_adds(&rows, "\nCO");
        for (int i = 0; i <= counts; i++)
            buf_adds(&rows, ",20");
        buf_adds(&rows, "\n");
        read_with(&r, buf_z(&head), "code,parent\nCO,\n", buf_z(&rows), TABLES_TRUE_VALUES);
        bool fits = counts * (counts + 1) / 2 <= 512;
        assert_int_equal(r.status, fits ? OK : ERR_INVALID);
        assert_true(fits || strstr(r.err.message, "more than 512 parts of counts"));
        read_free(&r);
        buf_free(&head);
        buf_free(&rows);
        buf_free(&list);
    }
}

/* Numbers that the header does not describe would leave unprotected. */
static void test_undescribed(void **state)
{
    UNUSED(state);
    static const char HEADING[] = "place,sex,students,graduates,rate", MORE[] = "place,sex,students,graduates,rate,x";
    static const struct {
        const char *cell;
        bool copied, accepted;
    } cases[] = {{"Adams", false, true}, {"1", false, false}, {"1", true, true}, {"", false, true}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Buf rows;
        Read r;
        buf_init(&rows, 0);
        Slice rest = slice_of(ROWS);
        for (bool heading = true; rest.len > 0; heading = false) {
            Slice line = slice_cut(&rest, '\n');
            buf_addf(&rows, "%.*s%s%s\n", SLICE_ARG(line), heading ? "" : ",", heading ? "" : cases[i].cell);
        }
        char *with_x = replaced(buf_z(&rows), HEADING, MORE);
        char *head = replaced(HEAD, "file = \"rates.csv\"\n", "file = \"rates.csv\"\ncopied = [\"x\"]\n");
        assert_true(with_x && head);
        read_with(&r, cases[i].copied ? head : HEAD, PLACES, with_x, TABLES_TRUE_VALUES);
        if (cases[i].accepted != (r.status == OK))
            fail_msg("%zu: %s", i, r.status == OK ? "accepted" : r.err.message);
        if (!cases[i].accepted) {
            assert_non_null(strstr(r.err.message, "does not describe"));
            assert_string_equal(r.err.field, "x");
            assert_int_equal(r.err.row, 2);
        }
        read_free(&r);
        mem_free(with_x);
        mem_free(head);
        buf_free(&rows);
    }
}

/* As somebody published it: markers stay what they are, and a level that is left out is summed through. */
static void test_as_published(void **state)
{
    UNUSED(state);
    Read r;
    char *rows = replaced(ROWS, "B,M,10,10,100", "B,M,50 or less,*,*");
    read_with(&r, HEAD, PLACES, rows, TABLES_AS_PUBLISHED);
    if (r.status != OK)
        fail_msg("%s", r.err.message);
    const TablesTable *t = &r.set.tables[0];
    const TablesValue *v = &t->values[8 * t->column_count];
    assert_int_equal(v[0].mark, TABLES_RANGE);
    assert_int_equal(v[0].high, 50);
    assert_int_equal(v[1].mark, TABLES_HIDDEN);
    read_free(&r);
    mem_free(rows);
}

static const struct {
    const char *text;
    bool rate, ok;
    int64_t low;
    unsigned decimals;
} VALUES[] = {
    {"69,301", false, true, 69301, 0},
    {"1,234,567", false, true, 1234567, 0},
    {"84.2%", true, true, 842, 1},
    {"84.2 %", true, true, 842, 1},
    {"$41,250", false, true, 41250, 0},
    {"-3.5", true, true, -35, 1},
    {" 12 ", false, true, 12, 0},
    {"1,23", false, false, 0, 0},
    {"12,3456", false, false, 0, 0},
    {"1e5", false, false, 0, 0},
    {"0x10", false, false, 0, 0},
    {"12.", false, false, 0, 0},
    {"123456789012345678", false, false, 0, 0},
    {"-", false, false, 0, 0},
    {"%", true, false, 0, 0},
    {"1 2", false, false, 0, 0},
};

static void test_values(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        TablesValue v;
        Error err = ERROR_INIT;
        Status st = tables_value(NULL, 0, slice_of(VALUES[i].text), VALUES[i].rate, &v, &err);
        if ((st == OK) != VALUES[i].ok)
            fail_msg("\"%s\": %s", VALUES[i].text, err.message);
        if (st == OK) {
            assert_int_equal(v.low, VALUES[i].low);
            assert_int_equal(v.decimals, VALUES[i].decimals);
        }
    }
}

/* Each allocation fails in turn: an error, never a crash or a leak. */
static void test_no_memory(void **state)
{
    UNUSED(state);
    for (long n = 0; n < 2000; n++) {
        Read r;
        mem_fail_after(n);
        read_with(&r, HEAD, PLACES, ROWS, TABLES_TRUE_VALUES);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        read_free(&r);
        if (!fired)
            break;
        assert_int_equal(r.status, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system),
        cmocka_unit_test(test_parts_of_several),
        cmocka_unit_test(test_linked),
        cmocka_unit_test(test_hierarchies_that_do_not_nest),
        cmocka_unit_test(test_unprinted),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_bad_hierarchies),
        cmocka_unit_test(test_deep_hierarchy),
        cmocka_unit_test(test_too_many_parts),
        cmocka_unit_test(test_undescribed),
        cmocka_unit_test(test_as_published),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
