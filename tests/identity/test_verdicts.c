/* What reviewers' decisions amount to: a table of words, by whom, and the state the pair is in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "identity/verdicts.h"

/* Two must agree to join, one to tell apart. */
static const ReviewPolicy POLICY = {.same_needs = 2, .different_needs = 1};

static void states(void **state)
{
    UNUSED(state);
    static const struct {
        const char *words; /* reviewer and word, in order: s same, d different, u unsure */
        PairState state;
    } cases[] = {
        {"As", PAIR_WAITING},
        {"AsAs", PAIR_WAITING}, /* one person twice is one person */
        {"AsBs", PAIR_SAME},
        {"Ad", PAIR_DIFFERENT},
        {"AsBd", PAIR_DISPUTED},
        {"AsBdCs", PAIR_DISPUTED},
        {"AsBdCsDs", PAIR_SAME},
        {"AsBdCd", PAIR_DIFFERENT},
        {"AsAd", PAIR_DIFFERENT}, /* the latest word counts */
        {"AdAs", PAIR_WAITING},
        {"Au", PAIR_WAITING},
        {"AuBu", PAIR_UNSURE},
        {"AuBsCs", PAIR_SAME},
        {"AuAsBs", PAIR_SAME},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ReviewDecisions all = {0};
        PairVerdicts v = {0};
        for (const char *w = cases[i].words; *w; w += 2) {
            ReviewDecision d = {.seq = (int64_t)all.len + 1,
                .a = {{1}},
                .b = {{2}},
                .verdict = w[1] == 's'   ? REVIEW_SAME
                           : w[1] == 'd' ? REVIEW_DIFFERENT
                                         : REVIEW_UNSURE,
                .reviewer = {w, 1}};
            assert_int_equal(vec_push(&all, d, NULL), OK);
        }
        assert_int_equal(verdicts_of(&all, &POLICY, &v, NULL), OK);
        assert_int_equal(v.len, 1);
        if (v.at[0].state != cases[i].state)
            fail_msg("%s: %s", cases[i].words, pair_state_name(v.at[0].state));
        vec_free(&all);
        vec_free(&v);
    }
}

static void found_by_pair(void **state)
{
    UNUSED(state);
    ReviewDecisions all = {0};
    PairVerdicts v = {0};
    assert_int_equal(verdicts_of(&all, &POLICY, &v, NULL), OK);
    assert_null(verdict_find(&v, &(RecordTag){{1}}, &(RecordTag){{2}}));
    for (uint8_t i = 0; i < 40; i++) {
        uint8_t k = (uint8_t)(i * 7 % 40);
        ReviewDecision d = {.seq = i,
            .a = {{k, 1}},
            .b = {{(uint8_t)(k + 1), 2}},
            .verdict = k % 2 ? REVIEW_DIFFERENT : REVIEW_SAME,
            .reviewer = SLICE("A")};
        assert_int_equal(vec_push(&all, d, NULL), OK);
    }
    assert_int_equal(verdicts_of(&all, &POLICY, &v, NULL), OK);
    assert_int_equal(v.len, 40);
    for (uint8_t k = 0; k < 40; k++) {
        const RecordTag a = {{k, 1}}, b = {{(uint8_t)(k + 1), 2}};
        const PairVerdict *found = verdict_find(&v, &b, &a); /* in either order */
        assert_non_null(found);
        assert_ptr_equal(found, verdict_find(&v, &a, &b));
        assert_int_equal(found->state, k % 2 ? PAIR_DIFFERENT : PAIR_WAITING);
    }
    assert_null(verdict_find(&v, &(RecordTag){{1, 1}}, &(RecordTag){{1, 2}}));
    vec_free(&all);
    vec_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(states), cmocka_unit_test(found_by_pair)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
