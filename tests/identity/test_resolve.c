/*
 * The resolver on small worlds: each case lists records and the person each one
 * truly is; the clusters must be exactly those persons, in any order of input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "identity/identity_impl.h"

static const char NICKNAMES[] = "nickname,formal\nBILL,WILLIAM\nBOB,ROBERT\nLIZ,ELIZABETH\n";

typedef struct Row {
    int person; /* the truth; 0 ends a case */
    const char *sasid, *ssn, *first, *last, *middle, *birth, *sex, *other_last, *local;
} Row;

#define MAX_ROWS 8

static const struct {
    const char *what;
    Row rows[MAX_ROWS];
} CASES[] = {
    {"one SASID, many spellings", {{1, "1000000001", "", "William", "Garcia-Lopez", "", "2001-02-03", "M", "", ""},
                                      {1, "1000000001", "", "Bill", "Garcia Lopez", "", "2001-03-02", "M", "", ""},
                                      {1, "1000000001", "", "", "", "", "", "", "", ""}}},
    {"twins share all but first name and SASID",
        {{1, "1000000001", "", "Anna", "Smith", "", "2001-02-03", "F", "", ""},
            {2, "1000000002", "", "Hannah", "Smith", "", "2001-02-03", "F", "", ""},
            {1, "", "", "Anna", "Smith", "", "2001-02-03", "F", "", ""},
            {2, "", "", "Hannah", "Smith", "", "2001-02-03", "F", "", ""}}},
    {"K-12 to college by SASID, college to wages by SSN",
        {{1, "1000000001", "", "Maria", "Nguyen", "", "2000-05-06", "F", "", ""},
            {1, "1000000001", "521439876", "Maria", "Nguyen", "", "2000-05-06", "F", "", ""},
            {1, "", "521439876", "MARIA", "NGUYEN", "", "", "", "", ""},
            {1, "", "521439876", "", "", "", "", "", "", ""}}},
    {"marriage: same number, same first name, another surname",
        {{1, "", "521439876", "Elizabeth", "Jones", "", "1995-05-06", "F", "", ""},
            {1, "", "521439876", "Liz", "Baker", "", "", "", "", ""}}},
    {"a number two people use joins neither to the other",
        {{1, "", "521439876", "Robert", "Jones", "", "1980-01-01", "M", "", ""},
            {2, "", "521439876", "Patricia", "Moore", "", "1991-11-21", "F", "", ""},
            {3, "", "521439876", "", "", "", "", "", "", ""}}},
    {"name and birth date with one more",
        {{1, "", "", "Bob", "Miller", "", "1999-09-09", "M", "", ""},
            {1, "", "", "Robert", "Miller", "", "1999-09-09", "M", "", ""},
            {2, "", "", "Robert", "Miller", "", "1999-09-09", "", "", ""}}}, /* nothing more known: stays apart */
    {"another middle initial is another person", {{1, "", "", "John", "Brown", "A", "1999-09-09", "M", "", ""},
                                                     {2, "", "", "John", "Brown", "Q", "1999-09-09", "M", "", ""}}},
    {"two SASIDs never become one, whatever the names say",
        {{1, "1000000001", "", "John", "Brown", "", "1999-09-09", "M", "", ""},
            {2, "1000000002", "", "John", "Brown", "", "1999-09-09", "M", "", ""}}},
    {"a wrong SASID on another child's record",
        {{1, "1000000001", "", "John", "Brown", "", "1999-09-09", "M", "", ""},
            {2, "1000000001", "", "Olivia", "Chavez", "", "2003-12-24", "F", "", ""}}},
    {"maiden name kept as other name", {{1, "", "", "Susan", "Kelly", "", "1990-04-04", "F", "", ""},
                                           {1, "", "", "Susan", "Ortiz", "", "1990-04-04", "F", "Kelly", ""}}},
    {"truncated wage names", {{1, "", "521439876", "Christopher", "Featherstonehaugh", "", "1990-04-04", "M", "", ""},
                                 {1, "", "521439876", "CHRISTOPH", "FEATHERSTON", "", "", "", "", ""}}},
    {"an institution's own id", {{1, "", "", "Ivy", "Stone", "", "2002-02-02", "F", "", "S1"},
                                    {1, "", "", "Ivy", "Stone", "", "", "", "", "S1"},
                                    {2, "", "", "Carl", "Winter", "", "2001-01-01", "M", "", "S1"}}},
};

static Params params(void)
{
    Params p = {.shared_ssn_limit = 6, .shared_local_id_limit = 6, .truncated_first = 3, .truncated_last = 4};
    for (size_t k = 0; k < RULE_KIND_COUNT; k++)
        p.score[k] = 0.99;
    return p;
}

static uint64_t fixed_hash(const char *z)
{
    static const uint64_t key[2] = {1, 2};
    return *z ? siphash13(key, z, strlen(z)) : 0;
}

static void add_row(Records *r, const Row *row, uint64_t order)
{
    Rec rec = {.content = order,
        .sasid = standard_sasid(slice_of(row->sasid)),
        .birth = standard_birth_date(slice_of(row->birth))};
    uint64_t ssn;
    if (parse_u64(slice_of(row->ssn), &ssn, NULL) == OK)
        rec.ssn = (uint32_t)ssn;
    assert_int_equal(names_add(&r->names, slice_of(row->first), &rec.first, NULL), OK);
    assert_int_equal(names_add(&r->names, slice_of(row->last), &rec.last, NULL), OK);
    assert_int_equal(names_add(&r->names, slice_of(row->other_last), &rec.other_last, NULL), OK);
    rec.middle = row->middle[0];
    rec.sex = row->sex[0];
    rec.local_key = fixed_hash(row->local);
    assert_int_equal(vec_push(&r->at, rec, NULL), OK);
}

static void check_case(const char *what, const Row *rows, const size_t *order, size_t n)
{
    Params p = params();
    Records r = {0};
    Clusters c = {0};
    LinkContext ctx = {0};
    assert_int_equal(names_init(&r.names, slice_of(NICKNAMES), "nicknames.csv", NULL), OK);
    for (size_t i = 0; i < n; i++)
        add_row(&r, &rows[order[i]], i);
    assert_int_equal(resolve(&r, &p, &ctx, &c, NULL), OK);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = i + 1; k < n; k++) {
            bool same = cluster_find(&c, i) == cluster_find(&c, k);
            if (same != (rows[order[i]].person == rows[order[k]].person))
                fail_msg("%s: rows %zu and %zu %s", what, order[i], order[k], same ? "were joined" : "stayed apart");
        }
    clusters_free(&c);
    records_free(&r);
}

static void cases_in_every_rotation(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        size_t n = 0;
        while (n < MAX_ROWS && CASES[i].rows[n].person)
            n++;
        Rng rng;
        rng_init(&rng, 11, i);
        for (int round = 0; round < 24; round++) {
            size_t order[MAX_ROWS];
            for (size_t k = 0; k < n; k++)
                order[k] = k;
            for (size_t k = n; k > 1; k--) {
                size_t j = (size_t)rng_below(&rng, k), t = order[j];
                order[j] = order[k - 1];
                order[k - 1] = t;
            }
            check_case(CASES[i].what, CASES[i].rows, order, n);
        }
    }
}

/* A placeholder number under which a hundred people stand must not chain them. */
static void shared_number(void **state)
{
    UNUSED(state);
    static const char *const FIRST[] = {
        "ADA", "BRUNO", "CLARA", "DMITRI", "EVELYN", "FRITZ", "GRETA", "HORST", "INES", "JULES"};
    Params p = params();
    Records r = {0};
    Clusters c = {0};
    LinkContext ctx = {0};
    assert_int_equal(names_init(&r.names, slice_of(NICKNAMES), "nicknames.csv", NULL), OK);
    for (size_t i = 0; i < 100; i++) {
        char birth[11];
        date_print((Date)(7000 + 31 * (int)i), birth);
        Row row = {1, "", "521439876", FIRST[i % 10], "SMITH", "", birth, "", "", ""};
        add_row(&r, &row, i);
    }
    assert_int_equal(resolve(&r, &p, &ctx, &c, NULL), OK);
    for (uint32_t i = 1; i < 100; i++)
        assert_int_not_equal(cluster_find(&c, 0), cluster_find(&c, i));
    clusters_free(&c);
    records_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_in_every_rotation),
        cmocka_unit_test(shared_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
