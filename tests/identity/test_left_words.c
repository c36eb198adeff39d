/*
 * What people are told of two whom no kind of source has in common: the reason in the queue and the words of `why`,
 * below, within and above the margin that such two need (match_link_from), and under a policy that knows no left_over,
 * which asks for none. The population and its odds stay, what moves is match_from.
 */
#include "identity_world.h"

#include <stdio.h>
#include <stdlib.h>

#define PEOPLE 300
#define MARGIN_WORDS "No kind of source has records of both persons: such are linked by themselves from odds of "
#define LEFT_WORDS "Who is left over when nearly all like him have been found"
#define BELOW_WORDS "Records are linked from odds of +0.0 bits on"
#define WITHIN_WORDS "By themselves the two are likelier one person than not, and yet are not linked:"
#define ABOVE_WORDS "By themselves the two would be linked."

/* A pupil and a worker with the name alone in common, of whom nobody else has it; and one whose name another has. */
enum { ALONE = 92, SHARED = 276 };

static void put_policy(World *w, const char *match_from, const char *more)
{
    char path[200], policy[200];
    Buf text, all;
    buf_init(&text, 0);
    buf_init(&all, 0);
    snprintf(path, sizeof path, "%s/policy/state/identity/model.toml", w->dir);
    snprintf(policy, sizeof policy, "%s/policy/state", w->dir);
    assert_ok(file_read(path, 0, &text, err));
    Slice rest = buf_slice(&text), head = slice_sub(rest, 0, slice_find(rest, SLICE("[[field]]")));
    buf_addf(&all, "%.*smatch_from = %s\nreview_from = 0.05\nkeep_from = 0.01\n%.*s%s", SLICE_ARG(head), match_from,
        (int)(rest.len - head.len), rest.ptr + head.len, more);
    assert_ok(buf_status(&all, err));
    assert_ok(file_write(path, buf_slice(&all), MODE_PRIVATE, err));
    buf_free(&text);
    buf_free(&all);
    policy_close(w->policy);
    assert_ok(policy_open(policy, &w->policy, err));
}

/* Of the two records of one person of the population: whether they are linked, what `why` says, why they wait. */
typedef struct Told {
    bool together, asked;
    ReviewReason reason;
    Weight odds;
    Buf words;
} Told;

static void tell(World *w, const RecordTag *a, const RecordTag *b, Told *out)
{
    LinkContext ctx = world_context(w);
    char x[TAG_HEX_SIZE], y[TAG_HEX_SIZE];
    ReviewItems queue = {0};
    Vault *vault;
    Arena arena;
    memset(out, 0, sizeof *out);
    arena_init(&arena, 0);
    buf_init(&out->words, 0);
    out->together = world_person(w, a) == world_person(w, b);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_queue(vault, &arena, &queue, err));
    vault_close(vault);
    for (size_t i = 0; i < queue.len; i++) {
        const ReviewItem *item = &queue.at[i];
        bool it = (tag_cmp(&item->a, a) == 0 && tag_cmp(&item->b, b) == 0) ||
                  (tag_cmp(&item->a, b) == 0 && tag_cmp(&item->b, a) == 0);
        out->asked |= it;
        out->reason = it ? item->reason : out->reason;
        out->odds = it ? item->odds : out->odds;
    }
    tag_print(a, x);
    tag_print(b, y);
    assert_ok(identity_why(&ctx, &(WhyOptions){.a = slice_of(x), .b = slice_of(y)}, &out->words, err));
    vec_free(&queue);
    arena_free(&arena);
}

static bool says(const Told *t, const char *what)
{
    return slice_find(buf_slice(&t->words), slice_of(what)) < t->words.len;
}

static void told_free(Told *alone, Told *shared)
{
    buf_free(&alone->words);
    buf_free(&shared->words);
}

static void link_and_tell(World *w, const char *match_from, const char *more, Told *alone, Told *shared)
{
    RecordTag tags[2 * PEOPLE];
    LinkReport report;
    put_policy(w, match_from, more);
    LinkContext ctx = world_context(w);
    world_add_people(w, 0, PEOPLE, tags);
    assert_ok(identity_link(&ctx, LINK_EVERYTHING, &report, err));
    tell(w, &tags[2 * ALONE], &tags[2 * ALONE + 1], alone);
    tell(w, &tags[2 * SHARED], &tags[2 * SHARED + 1], shared);
}

static const char left_over[] = "[[field]]\nname = \"year\"\nkind = \"number\"\ncolumn = \"suffix\"\n"
                                "[left_over]\nfield = \"year\"\nstep = 1\n";

typedef enum Bound { BELOW, WITHIN, ABOVE } Bound;

static void check_told(const Told *t, Bound bound, ReviewReason reason, bool margin)
{
    assert_false(t->together);
    assert_true(t->asked);
    assert_int_equal(t->reason, reason);
    assert_true(says(t, "They are two persons."));
    assert_int_equal(says(t, BELOW_WORDS), bound == BELOW);
    assert_int_equal(says(t, WITHIN_WORDS), bound == WITHIN);
    assert_int_equal(says(t, ABOVE_WORDS), bound == ABOVE);
    assert_int_equal(
        says(t, "nothing contradicts; all records of the one (1) against all of the other (1): "), bound != BELOW);
    assert_int_equal(says(t, MARGIN_WORDS), margin);
    assert_int_equal(says(t, LEFT_WORDS), margin);
}

/* The two have odds of -0.2 bits: below 0, or between -1.2 and the 0.8 that the margin makes of it. Nothing was
 * refused: it is a question like others. */
static void below(void **state)
{
    World *w = *state;
    Told alone, shared;
    link_and_tell(w, "0.5", left_over, &alone, &shared);
    assert_true(alone.odds < 0 && alone.odds > -WEIGHT_BIT / 2);
    check_told(&alone, BELOW, REVIEW_UNCERTAIN, true);
    assert_true(says(&alone, MARGIN_WORDS "+2.0 bits on"));
    check_told(&shared, BELOW, REVIEW_UNCERTAIN, true);
    told_free(&alone, &shared);
}

static void within(void **state)
{
    World *w = *state;
    Told alone, shared;
    link_and_tell(w, "0.3", left_over, &alone, &shared);
    check_told(&alone, WITHIN, REVIEW_UNCERTAIN, true);
    assert_true(says(&alone, MARGIN_WORDS "+0.8 bits on"));
    assert_false(says(&alone, "as well: record"));
    check_told(&shared, WITHIN, REVIEW_UNCERTAIN, true);
    assert_true(says(&shared, "A may be person ") && says(&shared, "B may be person "));
    told_free(&alone, &shared);
}

/* Above the margin the one pair is a link, which barely holds; the other has a rival, and is asked about for that. */
static void above(void **state)
{
    World *w = *state;
    Told alone, shared;
    link_and_tell(w, "0.12", left_over, &alone, &shared);
    assert_true(alone.together && alone.asked);
    assert_int_equal(alone.reason, REVIEW_WEAK);
    assert_true(says(&alone, "They are one person."));
    assert_false(says(&alone, MARGIN_WORDS));
    check_told(&shared, ABOVE, REVIEW_AMBIGUOUS, true);
    told_free(&alone, &shared);
}

/* Where nobody is left over no margin is asked, and none is told of. */
static void no_margin(void **state)
{
    World *w = *state;
    Told alone, shared;
    link_and_tell(w, "0.3", "", &alone, &shared);
    assert_true(alone.together);
    assert_int_equal(alone.reason, REVIEW_WEAK);
    check_told(&shared, ABOVE, REVIEW_AMBIGUOUS, false);
    told_free(&alone, &shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(below, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(within, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(above, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(no_margin, world_setup, world_teardown),
    };
    return cmocka_run_group_tests_name("identity/left_words", tests, NULL, NULL);
}
