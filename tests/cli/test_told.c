/*
 * A release beside answers, without a home: who is told apart by a new figure and an answer, and how much work is
 * looked for. Sources are runs of persons, counted by one figure of the state each.
 */
#include "cli/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

typedef enum From { ANSWERED, OUT, COMING, ASKED } From;

/* Persons from `first` to `last`, both in. */
static void add_source(ToldSources *list, const char *people, From from, uint64_t first, uint64_t last)
{
    ToldSource s = {.people = slice_of(people),
        .asker = slice_of(from == ANSWERED ? "ann" : ""),
        .origin = from == ANSWERED ? OVERLAP_TOLD
                  : from == ASKED  ? OVERLAP_ASKED
                                   : OVERLAP_PUBLIC,
        .of_release = from == OUT || from == COMING,
        .count = 1};
    MeasureMembers *m = &s.members;
    arena_init(&m->arena, 0);
    m->count = (size_t)(last - first + 1);
    m->place_count = 1;
    assert_int_equal(arena_new(&m->arena, MeasurePlace, 1, &m->places, NULL), OK);
    assert_int_equal(arena_new(&m->arena, uint64_t, m->count, &m->person, NULL), OK);
    assert_int_equal(arena_new(&m->arena, int32_t, m->count, &m->year, NULL), OK);
    assert_int_equal(arena_new(&m->arena, uint32_t, m->count, &m->place, NULL), OK);
    assert_int_equal(arena_new(&m->arena, uint8_t, m->count, &m->hit, NULL), OK);
    assert_int_equal(arena_new(&m->arena, ToldFigure, 1, &s.figures, NULL), OK);
    for (size_t i = 0; i < m->count; i++) {
        m->person[i] = first + i;
        m->year[i] = 2024;
    }
    s.figures[0] = (ToldFigure){.year = 2024,
        .level = SLICE("state"),
        .unit = SLICE("CO"),
        .split = SLICE("all"),
        .grp = SLICE("all"),
        .printed = OVERLAP_PEOPLE,
        .people = -1,
        .hits = -1,
        .is_coming = from == COMING};
    assert_int_equal(vec_push(list, s, NULL), OK);
}

static Status check(const ToldSources *list, uint64_t most_work, ToldReport *out)
{
    const ToldCheck c = {
        .sources = list, .least = {.n = 16, .numerator = 3, .complement = 3}, .threads = 1, .most_work = most_work};
    Error err = ERROR_INIT;
    Status st = told_check(&c, TOLD_BESIDE, out, &err);
    assert_true(st == OK || err.message[0]);
    mem_free(out->hide);
    return st;
}

static void test_told_apart(void **state)
{
    (void)state;
    ToldSources list = {0};
    ToldReport r;
    add_source(&list, "asked", ANSWERED, 1, 60);
    add_source(&list, "same", COMING, 1, 60);
    add_source(&list, "more", COMING, 1, 100);
    assert_int_equal(check(&list, 0, &r), OK); /* the same people, and enough more */
    told_sources_free(&list);
    add_source(&list, "asked", ANSWERED, 1, 60);
    add_source(&list, "more", COMING, 1, 61);
    assert_int_equal(check(&list, 0, &r), ERR_DENIED);
    assert_true(r.is_small);
    assert_non_null(strstr(r.named, "more of 2024, state, of this release"));
    assert_non_null(strstr(r.named, "asked of 2024, state, told to ann"));
    assert_null(strstr(r.named, "61"));
    add_source(&list, "same", COMING, 1, 60); /* then the release says it by itself, and is no asker's doing */
    assert_int_equal(check(&list, 0, &r), OK);
    told_sources_free(&list);
}

/* What releases printed when it was told stays public when they are replaced: whoever replaces them by figures of
 * people counted otherwise shows the difference to everybody, and no asker more. */
static void test_told_what_was_public(void **state)
{
    (void)state;
    ToldSources list = {0}, again = {0};
    ToldReport r;
    Buf bytes;
    add_source(&list, "asked", ANSWERED, 1, 62);
    add_source(&list, "other", ANSWERED, 1, 62);
    add_source(&list, "new", COMING, 1, 58);
    assert_int_equal(check(&list, 0, &r), ERR_DENIED);
    list.at[0].figures[0].printed |= OVERLAP_PEOPLE << TOLD_WAS_PUBLIC;
    assert_int_equal(check(&list, 0, &r), OK); /* whatever the answer is called */
    buf_init(&bytes, 0);
    assert_int_equal(told_write(&list.at[0], &bytes, NULL), OK);
    assert_int_equal(vec_push(&again, ((ToldSource){0}), NULL), OK);
    assert_int_equal(told_parse(buf_slice(&bytes), &again.at[0], NULL), OK);
    assert_int_equal(again.at[0].figures[0].printed, list.at[0].figures[0].printed);
    buf_free(&bytes);
    told_sources_free(&again);
    told_sources_free(&list);
}

/* Asked beside a release that prints the same people: it is noted with the answer. */
static void test_known_is_told(void **state)
{
    (void)state;
    ToldSources list = {0};
    ToldReport r;
    add_source(&list, "asked", ASKED, 1, 62);
    add_source(&list, "out", OUT, 1, 62);
    const ToldCheck c = {.sources = &list, .least = {.n = 16, .numerator = 3, .complement = 3}, .threads = 1};
    assert_int_equal(told_check(&c, TOLD_HIDE, &r, NULL), OK);
    assert_int_equal(r.known[0], OVERLAP_PEOPLE);
    mem_free(r.hide);
    mem_free(r.known);
    told_sources_free(&list);
}

/* Pairs of measures that are out already are not looked at: work grows by those with a new one. */
static void test_pairs(void **state)
{
    (void)state;
    ToldSources list = {0};
    ToldReport two, three;
    add_source(&list, "asked", ANSWERED, 1, 60);
    add_source(&list, "new", COMING, 1, 100);
    add_source(&list, "old", OUT, 1, 140);
    assert_int_equal(check(&list, 0, &two), OK);
    assert_int_equal(two.systems, 1);
    assert_int_equal(two.work, 60 + 100 + 140 + two.patterns * TOLD_PATTERN_WORK);
    add_source(&list, "older", OUT, 1, 180);
    assert_int_equal(check(&list, 0, &three), OK);
    assert_int_equal(three.systems, 3); /* two pairs, and all */
    assert_int_equal(three.work, 3 * 60 + 3 * 100 + 2 * 140 + 2 * 180 + three.patterns * TOLD_PATTERN_WORK);
    told_sources_free(&list);
}

/* Three measures that have nobody in common, and an answer that has all of theirs and two more: no two of the measures
 * tell of these. */
static void test_three(void **state)
{
    (void)state;
    ToldSources list = {0};
    ToldReport r;
    add_source(&list, "asked", ANSWERED, 1, 100);
    add_source(&list, "first", OUT, 1, 30);
    add_source(&list, "second", COMING, 31, 60);
    assert_int_equal(check(&list, 0, &r), OK);
    add_source(&list, "third", COMING, 61, 98);
    assert_int_equal(check(&list, 0, &r), ERR_DENIED);
    assert_true(r.is_small);
    told_sources_free(&list);
    add_source(&list, "asked", ANSWERED, 1, 100);
    add_source(&list, "first", OUT, 1, 30);
    add_source(&list, "second", COMING, 31, 60);
    add_source(&list, "third", COMING, 61, 80);
    assert_int_equal(check(&list, 0, &r), OK); /* twenty are left */
    told_sources_free(&list);
}

/* A measure's question beside measures that are out and have nobody in common: what is left of it without all of them
 * no one of them tells. */
static void test_question_beside_three(void **state)
{
    (void)state;
    for (uint64_t last = 97; last <= 98; last++) {
        ToldSources list = {0};
        ToldReport r;
        add_source(&list, "asked", ASKED, 1, 100);
        add_source(&list, "first", OUT, 1, 30);
        add_source(&list, "second", OUT, 31, 60);
        add_source(&list, "third", OUT, 61, last);
        const ToldCheck c = {
            .sources = &list, .least = {.n = 16, .numerator = 3, .complement = 3}, .threads = 1, .released = true};
        assert_int_equal(told_check(&c, TOLD_HIDE, &r, NULL), OK);
        assert_int_equal(r.hide[0], last == 98 ? OVERLAP_PEOPLE : 0); /* two are left, or three */
        assert_int_equal(r.systems, 4);
        assert_false(r.apart);
        mem_free(r.hide);
        mem_free(r.known);
        told_sources_free(&list);
    }
}

/* Of a release and a measure's answer the asker may know three people apart, as of two releases; with what he was told
 * besides, no fewer than the minimum: seven of the answer were told among others whom the release has. */
static void test_question_beside_answer_and_release(void **state)
{
    (void)state;
    for (uint64_t first = 35; first <= 44; first += 9) {
        ToldSources list = {0};
        ToldReport r;
        add_source(&list, "asked", ASKED, 1, 50);
        add_source(&list, "out", OUT, 1, 120);
        add_source(&list, "told", ANSWERED, first, 120);
        const ToldCheck c = {
            .sources = &list, .least = {.n = 16, .numerator = 3, .complement = 3}, .threads = 1, .released = true};
        assert_int_equal(told_check(&c, TOLD_HIDE, &r, NULL), OK);
        assert_int_equal(r.hide[0], first == 44 ? OVERLAP_PEOPLE : 0);
        mem_free(r.hide);
        mem_free(r.known);
        told_sources_free(&list);
    }
}

/* A measure of WIDE^3 persons by district: which of them a person is in is one of the three digits of its number. */
enum { WIDE = 28 };

static void add_digit(ToldSources *list, const char *people, From from, unsigned digit)
{
    static const unsigned divisor[] = {1, WIDE, WIDE * WIDE};
    add_source(list, people, from, 1, WIDE * WIDE * WIDE);
    ToldSource *s = &vec_last(list);
    MeasureMembers *m = &s->members;
    const ToldFigure all = s->figures[0];
    s->count = m->place_count = WIDE;
    assert_int_equal(arena_new(&m->arena, MeasurePlace, WIDE, &m->places, NULL), OK);
    assert_int_equal(arena_new(&m->arena, ToldFigure, WIDE, &s->figures, NULL), OK);
    for (unsigned i = 0; i < WIDE; i++) {
        assert_int_equal(arena_format(&m->arena, &m->places[i].district, NULL, "%u", i), OK);
        s->figures[i] = all;
        s->figures[i].level = SLICE("district");
        s->figures[i].unit = m->places[i].district;
    }
    for (size_t i = 0; i < m->count; i++)
        m->place[i] = (uint32_t)(i / divisor[digit] % WIDE);
}

/* Two measures divide people into enough for each pair to be attacked, three into too many: that is told. */
static void test_too_many_at_once(void **state)
{
    (void)state;
    ToldSources list = {0};
    ToldReport r;
    add_source(&list, "asked", ANSWERED, 1, WIDE * WIDE * WIDE);
    add_digit(&list, "first", COMING, 0);
    add_digit(&list, "second", COMING, 1);
    assert_int_equal(check(&list, 0, &r), OK);
    assert_false(r.apart);
    uint64_t pair = r.patterns;
    add_digit(&list, "third", COMING, 2);
    assert_int_equal(check(&list, 0, &r), OK);
    assert_true(r.apart);
    assert_int_equal(r.patterns, 3 * pair);
    told_sources_free(&list);
}

/* One person in each field of a square, told by row and coming by column: no group of so few follows, but nobody knows
 * without a look. */
static void test_undecided(void **state)
{
    (void)state;
    for (uint64_t steps = 1; steps <= TOLD_BESIDE_STEPS; steps += TOLD_BESIDE_STEPS - 1) {
        ToldSources list = {0};
        ToldReport r;
        add_digit(&list, "asked", ANSWERED, 0);
        add_digit(&list, "new", COMING, 1);
        list.at[0].members.count = list.at[1].members.count = WIDE * WIDE;
        const ToldCheck c = {
            .sources = &list, .least = {.n = 16, .numerator = 3, .complement = 3}, .threads = 1, .most_steps = steps};
        assert_int_equal(told_check(&c, TOLD_BESIDE, &r, NULL), steps == 1 ? ERR_LIMIT : OK);
        assert_int_equal(r.undecided, steps == 1);
        assert_int_equal(r.by_room, steps > 1);
        assert_false(r.is_small);
        if (steps == 1)
            assert_non_null(strstr(r.named, "new of 2024, district"));
        mem_free(r.hide);
        mem_free(r.known);
        told_sources_free(&list);
    }
}

static void test_limit(void **state)
{
    (void)state;
    ToldSources list = {0};
    ToldReport r;
    add_source(&list, "asked", ANSWERED, 1, 60);
    add_source(&list, "new", COMING, 1, 100);
    assert_int_equal(check(&list, 0, &r), OK);
    uint64_t work = r.work;
    assert_true(work >= 160 + TOLD_PATTERN_WORK);
    assert_int_equal(check(&list, work, &r), OK);
    assert_int_equal(check(&list, work - 1, &r), ERR_LIMIT); /* after its attack */
    assert_false(r.is_small);
    assert_string_equal(r.with, "asked, new");
    assert_int_equal(check(&list, 159, &r), ERR_LIMIT); /* before it */
    assert_int_equal(r.systems, 0);
    told_sources_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_told_apart), cmocka_unit_test(test_told_what_was_public),
        cmocka_unit_test(test_known_is_told), cmocka_unit_test(test_pairs), cmocka_unit_test(test_three),
        cmocka_unit_test(test_question_beside_three), cmocka_unit_test(test_question_beside_answer_and_release),
        cmocka_unit_test(test_too_many_at_once), cmocka_unit_test(test_undecided), cmocka_unit_test(test_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
