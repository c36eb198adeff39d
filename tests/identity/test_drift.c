/*
 * What a frozen model's baseline counts. That newcomers are held against it, and told, is tested with a home
 * (test_living.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "identity/identity_impl.h"

enum { WAGE, SCHOOL, RECORDS = 3 };

static MatchTable *three_records(MatchConfig *c)
{
    static const char *const names[] = {"ssn", "sex"}, *const sexes[] = {"F", "F", "M"};
    MatchTable *t = NULL;
    match_config_init(c);
    c->column_count = c->field_count = COUNT_OF(names);
    for (uint32_t i = 0; i < COUNT_OF(names); i++) {
        c->columns[i] = slice_of(names[i]);
        c->fields[i] = (FieldSpec){.name = slice_of(names[i]),
            .kind = i == 0 ? FIELD_SSN : FIELD_SEX,
            .columns = {i},
            .column_count = 1,
            .swap_with = MATCH_NONE};
    }
    c->source_count = 2;
    c->sources[WAGE] = (SourceSpec){.name = SLICE("wage"), .dedupe = true};
    c->sources[SCHOOL] = (SourceSpec){.name = SLICE("school"), .dedupe = true};
    assert_int_equal(match_table_new(c, &t, NULL), OK);
    for (uint32_t i = 0; i < RECORDS; i++) {
        const Slice values[] = {SLICE("219-09-9998"), slice_of(sexes[i])};
        const char id[] = {(char)('a' + i), '\0'};
        assert_int_equal(match_table_add(t, i < 2 ? WAGE : SCHOOL, slice_of(id), values, NULL), OK);
    }
    assert_int_equal(match_table_seal(t, 1, NULL), OK);
    assert_int_equal(match_table_repeats(t, NULL, 0, NULL), OK);
    assert_int_equal(match_table_repeated(t), 1);
    return t;
}

/* Of two equal wage records only the first is compared with school; both have their best partner there, as a newcomer
 * like them would. */
static void repeats_have_all_pairs(void **state)
{
    UNUSED(state);
    LinkJob job = {0};
    uint32_t lead = MATCH_NONE, repeat = MATCH_NONE, school = MATCH_NONE;
    Buf text;
    job.records.table = three_records(&job.linkage.match);
    job.records.count = job.records.in_table = RECORDS;
    for (uint32_t i = 0; i < RECORDS; i++) {
        uint32_t first = match_record_repeats(job.records.table, i);
        if (match_record_source(job.records.table, i) == SCHOOL)
            school = i;
        else if (first == i)
            lead = i;
        else
            repeat = i;
    }
    assert_int_equal(match_record_repeats(job.records.table, repeat), lead);
    assert_int_equal(resolved_init(RECORDS, &job.resolved, NULL), OK);
    job.resolved.clusters = 1;
    const MatchPair pairs[] = {{.a = lead, .b = repeat, .odds = 5000, .pattern = 0x11},
        {.a = lead < school ? lead : school, .b = lead < school ? school : lead, .odds = 9000, .pattern = 0x21}};
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        assert_int_equal(vec_push(&job.pairs, pairs[i], NULL), OK);
    buf_init(&text, 0);
    assert_int_equal(baseline_json(&job, &text, NULL), OK);
    assert_non_null(strstr(buf_z(&text), "\"wage\":{\"records\":2,\"linked\":2,\"ssn\":[0,2,"));
    assert_non_null(strstr(buf_z(&text), "\"sex\":[0,0,2,"));
    buf_free(&text);
    resolved_free(&job.resolved);
    vec_free(&job.pairs);
    match_table_free(job.records.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_have_all_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
