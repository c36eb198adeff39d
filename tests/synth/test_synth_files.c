/*
 * The files keep the formats' own rules: record lengths, headers, well-formed XML, quarters as the name says, and every
 * row of every file is told exactly once in truth/records.csv.
 */
#include "synth_state.h"

#define PEOPLE 6000

static int set_up(void **state)
{
    State *s = NULL;
    Error err = ERROR_INIT;
    assert_ok(mem_alloc(sizeof *s, (void **)&s, &err));
    state_make(s, CAIRN_TEST_POLICY, PEOPLE, 3, 2);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    state_free(*state);
    mem_free(*state);
    return 0;
}

static void read_file(State *s, const char *file, Buf *out)
{
    Error err = ERROR_INIT;
    const char *path = NULL;
    buf_init(out, 0);
    assert_ok(path_join(&s->arena, s->dir, file, &path, &err));
    assert_ok(file_read(path, 0, out, &err));
}

/* Records of one length, all of the given types; returns how many there are. */
static size_t check_fixed(State *s, const char *file, size_t length, const char *types)
{
    Buf b;
    read_file(s, file, &b);
    size_t records = 0;
    assert_int_equal(b.len % (length + 1), 0);
    for (size_t at = 0; at < b.len; at += length + 1, records++) {
        assert_int_equal(b.ptr[at + length], '\n');
        assert_null(memchr(b.ptr + at, '\n', length));
        assert_non_null(strchr(types, b.ptr[at]));
    }
    buf_free(&b);
    return records;
}

static void test_record_lengths(void **state)
{
    static const struct {
        const char *file;
        size_t length;
        const char *types;
    } rows[] = {
        {"inbox/cde_student_demographic_fixed/student_demographic_2016.txt", 155, "0123456789"},
        {"inbox/cde_school_association_fixed/school_association_2017.txt", 123, "0123456789"},
        {"inbox/surds_enrollment/enrollment_2020_fall.txt", 149, "1"},
        {"inbox/surds_degree/degree_fy2021.txt", 155, "3"},
        {"inbox/surds_course/course_2019_spring.txt", 134, "5"},
        {"inbox/cdle_wage_icesa/wages_2017Q4.txt", 276, "AS"},
        {"inbox/cdle_wage_icesa/wages_2020Q1.txt", 276, "AS"},
        {"inbox/cdle_wage_efw2/wages_2021Q2.txt", 512, "R"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_true(check_fixed(*state, rows[i].file, rows[i].length, rows[i].types) > 10);
}

/* Both spellings of a quarter: QQYYYY with the month of its end until 2018, YYYYQQ from 2019. */
static void test_quarters(void **state)
{
    static const struct {
        const char *file, *quarter;
        size_t length, at;
    } rows[] = {
        {"inbox/cdle_wage_icesa/wages_2016Q1.txt", "032016", 276, 214},
        {"inbox/cdle_wage_icesa/wages_2018Q4.txt", "122018", 276, 214},
        {"inbox/cdle_wage_icesa/wages_2019Q4.txt", "201904", 276, 214},
        {"inbox/cdle_wage_efw2/wages_2022Q3.txt", "092022", 512, 196},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Buf b;
        read_file(*state, rows[i].file, &b);
        for (size_t at = rows[i].length + 1; at < b.len; at += rows[i].length + 1)
            assert_memory_equal(b.ptr + at + rows[i].at, rows[i].quarter, 6);
        buf_free(&b);
    }
}

static void test_headers(void **state)
{
    static const struct {
        const char *file, *begins;
        size_t columns;
    } rows[] = {
        {"inbox/cde_student_demographic/student_demographic_2020.csv", "School District/BOCES Code,LASID,SASID,", 25},
        {"inbox/cde_school_association/school_association_2020.csv",
            "School District/BOCES Code,LASID,School Code,SASID,", 14},
        {"inbox/nsc_detail_hs/nsc_hs_20221115.csv", "Your_Unique_Identifier,First_Name,", 23},
        {"inbox/nsc_detail/nsc_detail_20251115.csv", "Your Unique Identifier,First Name,", 33},
        {"inbox/cdle_wage_csv/wages_2023Q1.csv", "SSN,", 8},
        {"inbox/cdle_employer/employers_2020Q2.csv", "UI Account,", 5},
        {"inbox/wioa_pirl/pirl_2020.csv", "PIRL 100,SSN,", 38},
        {"inbox/cccs_ve135_secondary/ve135_secondary_2020.csv", "School District/BOCES Code,LASID,SASID,", 13},
        {"inbox/cccs_ve135_postsecondary/ve135_postsecondary_2020.csv", "Institution Code,Student ID,SSN,", 14},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Buf b;
        read_file(*state, rows[i].file, &b);
        assert_true(slice_starts(buf_slice(&b), slice_of(rows[i].begins)));
        buf_free(&b);
        Table t = state_table(*state, rows[i].file); /* refuses ragged rows */
        assert_int_equal(t.csv.columns, rows[i].columns);
        assert_true(t.csv.rows > 10);
    }
}

/* Open and closing tags pair up, and nothing but elements and text is there. */
static void check_xml(Slice s)
{
    Slice open[16];
    size_t depth = 0;
    assert_true(slice_starts(s, SLICE("<?xml")));
    for (size_t at = slice_find(s, SLICE("\n")); at < s.len; at++) {
        if (s.ptr[at] != '<')
            continue;
        Slice rest = slice_sub(s, at + 1, s.len);
        Slice tag = slice_sub(rest, 0, slice_find(rest, SLICE(">")));
        assert_true(tag.len < rest.len);
        if (tag.ptr[0] == '/') {
            assert_true(depth > 0);
            depth--;
            assert_true(slice_eq(slice_sub(tag, 1, tag.len), open[depth]));
        } else {
            assert_true(depth < COUNT_OF(open));
            open[depth++] = slice_sub(tag, 0, slice_find(tag, SLICE(" ")));
        }
    }
    assert_int_equal(depth, 0);
    assert_true(slice_is_utf8(s, NULL));
}

static void test_edfi(void **state)
{
    State *s = *state;
    size_t seen = 0;
    PathList files = {0};
    state_files(&s->arena, s->dir, &files);
    for (size_t i = 0; i < files.len; i++) {
        if (!strstr(files.at[i], ".xml"))
            continue;
        Buf b;
        read_file(s, files.at[i], &b);
        check_xml(buf_slice(&b));
        buf_free(&b);
        seen++;
    }
    assert_true(seen >= 4);
    vec_free(&files);
}

/* Rows of a file, without header lines and the wage files' transmitter record. */
static size_t data_rows(State *s, const char *file)
{
    Buf b;
    size_t rows = 0;
    read_file(s, file, &b);
    Slice text = buf_slice(&b);
    if (strstr(file, ".xml")) {
        static const char *const elements[] = {"<Student>", "<StudentEducationOrganizationAssociation>",
            "<StudentSchoolAssociation>", "<StudentCTEProgramAssociation>", "<StudentProgramAssociation>"};
        for (size_t e = 0; e < COUNT_OF(elements); e++)
            for (Slice rest = text; slice_find(rest, slice_of(elements[e])) < rest.len; rows++)
                rest = slice_sub(rest, slice_find(rest, slice_of(elements[e])) + 1, rest.len);
    } else {
        for (size_t i = 0; i < b.len; i++)
            rows += b.ptr[i] == '\n';
        rows -= strstr(file, ".csv") || strstr(file, "cdle_wage") ? 1 : 0;
    }
    buf_free(&b);
    return rows;
}

static void test_every_row_has_a_person(void **state)
{
    State *s = *state;
    Error err = ERROR_INIT;
    Table records = state_table(s, "truth/records.csv"), people = state_table(s, "truth/people.csv");
    assert_int_equal(people.csv.rows, PEOPLE);
    Map next; /* file -> next row expected */
    assert_ok(map_init(&next, &err));
    for (size_t i = 0; i < records.csv.rows; i++) {
        const Slice *cell = &records.csv.cells[i * 4];
        const char *key = NULL;
        assert_ok(arena_printf(&s->arena, &key, &err, "inbox/%.*s/%.*s", SLICE_ARG(cell[0]), SLICE_ARG(cell[1])));
        int64_t row = 0, person = 0;
        assert_ok(parse_i64(cell[2], &row, NULL));
        assert_ok(parse_i64(cell[3], &person, NULL));
        uint64_t expected = 0;
        if (!map_get(&next, slice_of(key), &expected))
            expected = 1;
        /* a row of a file comes after all rows before it: households write a file's rows in order within a partition */
        assert_int_equal(row, expected);
        assert_in_range(person, 1, PEOPLE);
        assert_ok(map_put(&next, slice_of(key), expected + 1, NULL, &err));
    }
    PathList files = {0};
    state_files(&s->arena, s->dir, &files);
    for (size_t i = 0; i < files.len; i++) {
        uint64_t end = 0;
        if (strstr(files.at[i], "truth/") || strstr(files.at[i], "cdle_employer"))
            continue;
        assert_true(map_get(&next, slice_of(files.at[i]), &end));
        assert_int_equal(data_rows(s, files.at[i]) + 1, end);
    }
    vec_free(&files);
    map_free(&next);
}

typedef struct FileCount {
    Slice source, file;
    uint64_t rows, planted;
} FileCount;

static void count_rows(State *s, const char *name, FileCount *files, size_t *count, size_t most, bool planted)
{
    Table t = state_table(s, name);
    for (size_t row = 0; row < t.csv.rows; row++) {
        Slice source = table_at(&t, row, "source"), file = table_at(&t, row, "file");
        size_t i = *count; /* rows of one file come in stretches: the latest first */
        while (i > 0 && !(slice_eq(files[i - 1].file, file) && slice_eq(files[i - 1].source, source)))
            i--;
        if (i == 0) {
            assert_true(*count < most);
            files[*count] = (FileCount){.source = source, .file = file};
            i = ++*count;
        }
        files[i - 1].rows += !planted;
        files[i - 1].planted += planted;
    }
}

/* No file is refused for its damaged copies: of this state one summer's 18 courses had one, more than the two in a
 * hundred that contracts let through. */
static void test_no_file_is_refused(void **state)
{
    enum { FILES_MAX = 1000 };
    static FileCount files[FILES_MAX];
    State s;
    size_t count = 0, small = 0;
    uint64_t planted = 0;
    UNUSED(state);
    state_make(&s, CAIRN_TEST_POLICY, 4000, 841, 2);
    count_rows(&s, "truth/records.csv", files, &count, FILES_MAX, false);
    count_rows(&s, "truth/planted_errors.csv", files, &count, FILES_MAX, true);
    for (size_t i = 0; i < count; i++) {
        planted += files[i].planted;
        small += files[i].rows < 50;
        if (files[i].planted * 1000000 > files[i].rows * 20000)
            fail_msg(
                "%.*s: %u of %u rows", SLICE_ARG(files[i].file), (unsigned)files[i].planted, (unsigned)files[i].rows);
    }
    assert_true(small > 0 && planted > 20);
    state_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_lengths),
        cmocka_unit_test(test_quarters),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_edfi),
        cmocka_unit_test(test_every_row_has_a_person),
        cmocka_unit_test(test_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
