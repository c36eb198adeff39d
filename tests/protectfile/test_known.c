/*
 * Answers beside what is out: what it gives away by itself is no reason to refuse, what only both give away is hidden,
 * and a code goes where the ranges of a sum would.
 */
#include "protectfile/protectfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const char HEAD[] = "schema = \"cairn.tables/1\"\nname = \"answers\"\ntitle = \"Answers\"\n"
                           "[markers]\nsuppressed = [\"*\"]\nabsent = [\"N/A\"]\n"
                           "[[dimension]]\nname = \"sex\"\ntotal = \"all\"\nopen = true\n"
                           "[[table]]\nname = \"answer\"\nfile = \"answer.csv\"\nabsent = \"zero\"\nmargins = false\n"
                           "[[table.by]]\ndimension = \"sex\"\ncolumn = \"sex\"\n"
                           "[[table.count]]\nname = \"people\"\n"
                           "[[table.count]]\nname = \"hits\"\npart_of = \"people\"\npublish = false\n"
                           "[[table.rate]]\nname = \"value\"\nnumerator = \"hits\"\ndenominator = \"people\"\n"
                           "[[table]]\nname = \"told\"\nfile = \"told.csv\"\nabsent = \"zero\"\nmargins = false\n"
                           "published = \"printed.csv\"\n"
                           "[[table.by]]\ndimension = \"sex\"\ncolumn = \"sex\"\n"
                           "[[table.count]]\nname = \"people\"\n"
                           "[[table.count]]\nname = \"hits\"\npart_of = \"people\"\n";

static const char POLICY[] =
    "schema = \"cairn.protection/1\"\neffective_from = 2020-01-01\nname = \"test\"\n"
    "version = \"1\"\ntitle = \"Test\"\nstatus = \"assumed\"\nsource = \"test\"\n"
    "[[parameter]]\nname = \"min_n\"\nvalue = 16\nstatus = \"assumed\"\nsource = \"test\"\n"
    "[[parameter]]\nname = \"min_numerator\"\nvalue = 3\nstatus = \"assumed\"\nsource = \"test\"\n"
    "[[parameter]]\nname = \"min_complement\"\nvalue = 3\nstatus = \"assumed\"\nsource = \"test\"\n"
    "[[parameter]]\nname = \"rate_decimals\"\nvalue = 1\nstatus = \"assumed\"\nsource = \"test\"\n"
    "[[band]]\nfrom = 16\npercent = 19\nstatus = \"assumed\"\nsource = \"test\"\n";

typedef struct Case {
    const char *answer, *told, *printed; /* rows */
    Status without;                      /* where what is out may not give anything away */
    const char *csv;                     /* what is printed where it may */
} Case;

static const Case CASES[] = {
    /* 4 of 38 have it not, and both codes say at most 3 of 19: one at least. Without codes it could be none: they go.
     */
    {"female,19,16,84.2\nmale,19,18,94.7\n", "all,38,34\nfemale,19,16\nmale,19,18\n",
        "all,38,34\nfemale,N/A,N/A\nmale,N/A,N/A\n", OK, "sex,people,value\nfemale,*,*\nmale,*,*\n"},
    /* 10 people are out: that neither part is 16 follows from that alone. */
    {"female,4,2,50.0\nmale,6,3,50.0\n", "all,10,5\nfemale,4,2\nmale,6,3\n", "all,10,5\nfemale,N/A,N/A\nmale,N/A,N/A\n",
        ERR_DENIED, "sex,people,value\nfemale,*,*\nmale,*,*\n"},
    /* Of whom too few are in one part the other is not told either. */
    {"female,4,2,50.0\nmale,60,30,50.0\n", "all,64,32\nfemale,4,2\nmale,60,30\n",
        "all,64,32\nfemale,N/A,N/A\nmale,N/A,N/A\n", OK, "sex,people,value\nfemale,*,*\nmale,*,*\n"},
    /* Both are out by what is left, whatever is hidden: nothing more is told of the few, and all of the others. */
    {"female,4,2,50.0\nmale,60,30,50.0\n", "all,64,32\nfemale,4,2\nmale,60,30\n",
        "all,64,32\nfemale,N/A,N/A\nmale,60,30\n", ERR_DENIED, "sex,people,value\nfemale,*,*\nmale,60,50.0\n"},
};

static Status load(void *ctx, Slice name, Arena *arena, Slice *text, Error *err)
{
    const Case *c = ctx;
    const char *out;
    bool answer = slice_eq_z(name, "answer.csv");
    const char *rows = answer ? c->answer : slice_eq_z(name, "told.csv") ? c->told : c->printed;
    TRY(arena_printf(arena, &out, err, "sex,people,hits%s\n%s", answer ? ",value" : "", rows));
    *text = slice_of(out);
    return OK;
}

static void what_is_out_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        for (unsigned allowed = 0; allowed < 2; allowed++) {
            Error err = ERROR_INIT;
            ProtectionPolicy policy;
            ProtectJob job;
            ProtectOptions options = {.threads = 1, .has_history = true, .known_allowed = allowed};
            Buf csv;
            Case c = CASES[i];
            assert_int_equal(protection_parse(slice_of(POLICY), "policy.toml", &policy, &err), OK);
            Status st = protect_job_run(slice_of(HEAD), "tables.toml", load, &c, &policy, &options, &job, &err);
            if (st != (allowed ? OK : c.without))
                print_error("case %zu: %s\n", i, err.message);
            assert_int_equal(st, allowed ? OK : c.without);
            buf_init(&csv, 0);
            if (st == OK) {
                assert_int_equal(protect_csv(&job, 0, &csv, &err), OK);
                assert_string_equal(buf_z(&csv), c.csv);
            }
            buf_free(&csv);
            protect_job_free(&job);
            protection_free(&policy);
        }
}

/* By sex and place; what is out are (all, A) and (male, all). Men without the outcome are one at A and one at B; that
 * there are two is out, so at most two are at A, where the minimum asks for three. */
static const char GRID_HEAD[] = "schema = \"cairn.tables/1\"\nname = \"answers\"\ntitle = \"Answers\"\n"
                                "[markers]\nsuppressed = [\"*\"]\nabsent = [\"N/A\"]\n"
                                "[[dimension]]\nname = \"sex\"\ntotal = \"all\"\nopen = true\n"
                                "[[dimension]]\nname = \"place\"\ntotal = \"all\"\nopen = true\n"
                                "[[table]]\nname = \"answer\"\nfile = \"answer.csv\"\nabsent = \"zero\"\n"
                                "margins = false\n"
                                "[[table.by]]\ndimension = \"sex\"\ncolumn = \"sex\"\n"
                                "[[table.by]]\ndimension = \"place\"\ncolumn = \"place\"\n"
                                "[[table.count]]\nname = \"people\"\n"
                                "[[table.count]]\nname = \"hits\"\npart_of = \"people\"\npublish = false\n"
                                "[[table.rate]]\nname = \"value\"\nnumerator = \"hits\"\ndenominator = \"people\"\n"
                                "[[table]]\nname = \"told\"\nfile = \"told.csv\"\nabsent = \"zero\"\n"
                                "margins = false\npublished = \"printed.csv\"\n"
                                "[[table.by]]\ndimension = \"sex\"\ncolumn = \"sex\"\n"
                                "[[table.by]]\ndimension = \"place\"\ncolumn = \"place\"\n"
                                "[[table.count]]\nname = \"people\"\n"
                                "[[table.count]]\nname = \"hits\"\npart_of = \"people\"\n";

static Status load_grid(void *ctx, Slice name, Arena *arena, Slice *text, Error *err)
{
    (void)ctx;
    (void)arena;
    (void)err;
    *text = slice_eq_z(name, "answer.csv")
                ? SLICE("sex,place,people,hits,value\nfemale,A,19,16,84.2\nfemale,B,40,20,50.0\n"
                        "male,A,19,18,94.7\nmale,B,19,18,94.7\n")
            : slice_eq_z(name, "told.csv")
                ? SLICE("sex,place,people,hits\nall,all,97,72\nall,A,38,34\nall,B,59,38\nfemale,all,59,36\n"
                        "male,all,38,36\nfemale,A,19,16\nfemale,B,40,20\nmale,A,19,18\nmale,B,19,18\n")
                : SLICE("sex,place,people,hits\nall,all,N/A,N/A\nall,A,38,34\nall,B,N/A,N/A\nfemale,all,N/A,N/A\n"
                        "male,all,38,36\nfemale,A,N/A,N/A\nfemale,B,N/A,N/A\nmale,A,N/A,N/A\nmale,B,N/A,N/A\n");
    return OK;
}

/* Where a code goes, the cell is asked for no more than what is out leaves of it. */
static void a_code_that_goes_asks_for_no_more(void **state)
{
    (void)state;
    Error err = ERROR_INIT;
    ProtectionPolicy policy;
    ProtectJob job;
    const ProtectOptions options = {.threads = 1, .has_history = true, .known_allowed = true};
    Buf csv;
    assert_int_equal(protection_parse(slice_of(POLICY), "policy.toml", &policy, &err), OK);
    Status st = protect_job_run(slice_of(GRID_HEAD), "tables.toml", load_grid, NULL, &policy, &options, &job, &err);
    if (st != OK)
        print_error("%s\n", err.message);
    assert_int_equal(st, OK);
    buf_init(&csv, 0);
    assert_int_equal(protect_csv(&job, 0, &csv, &err), OK);
    assert_string_equal(
        buf_z(&csv), "sex,place,people,value\nfemale,A,19,*\nfemale,B,40,*\nmale,A,19,*\nmale,B,19,*\n");
    buf_free(&csv);
    protect_job_free(&job);
    protection_free(&policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_out_is_known),
        cmocka_unit_test(a_code_that_goes_asks_for_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
