/*
 * Figures of overlapping groups. The planted attacks are those of docs/cohort.md; the random ones are held against an
 * oracle that tries every table of whole numbers that what is told allows, and knows nothing of the room's own way.
 */
#include "overlap/overlap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define LEAST ((OverlapLeast){.n = 16, .numerator = 3, .complement = 3})

/* --- planted ----------------------------------------------------------------------------------------------------- */

typedef struct Figures {
    Overlap *o;
    uint32_t at[8];
    size_t count;
    uint64_t next; /* person */
} Figures;

static void figures_new(Figures *f)
{
    *f = (Figures){.next = 1};
    assert_int_equal(overlap_new(&LEAST, &f->o, NULL), OK);
}

static void add_figure(Figures *f, OverlapOrigin origin, unsigned printed)
{
    assert_int_equal(overlap_figure(f->o, origin, printed, &f->at[f->count++], NULL), OK);
}

/* People whom the figures of the letters count: "ab", with the outcome of those in capitals. */
static void add_people(Figures *f, const char *where, unsigned people)
{
    for (unsigned i = 0; i < people; i++, f->next++)
        for (const char *c = where; *c; c++) {
            uint32_t place;
            bool hit = *c < 'a';
            assert_int_equal(
                overlap_place(f->o, &f->at[*c - (hit ? 'A' : 'a')], 1, hit ? OVERLAP_HIT : OVERLAP_MISS, &place, NULL),
                OK);
            assert_int_equal(overlap_person(f->o, f->next * UINT64_C(0x9e3779b97f4a7c15), place, NULL), OK);
        }
}

static OverlapReport hide(Figures *f, Status want)
{
    OverlapReport r;
    Error err = ERROR_INIT;
    Status st = overlap_hide(f->o, 1, &r, &err);
    if (st != want)
        print_error("%s %s\n", err.message, err.detail);
    assert_int_equal(st, want);
    overlap_free(f->o);
    return r;
}

static void nested_cohorts_that_differ_by_one_person(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ab", 99);
    add_people(&f, "a", 1);
    OverlapReport r = hide(&f, OK);
    assert_int_equal(r.hide[f.at[1]], OVERLAP_PEOPLE);
    assert_int_equal(r.hide[f.at[0]], 0);
    overlap_report_free(&r);
}

static void nested_cohorts_that_differ_by_enough(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ab", 84);
    add_people(&f, "a", 16);
    OverlapReport r = hide(&f, OK);
    assert_int_equal(r.hidden, 0);
    overlap_report_free(&r);
}

/* |A| + |B| - |A or B| are those who are in both. */
static void three_cohorts_whose_sum_isolates_someone(void **state)
{
    (void)state;
    for (unsigned told = 0; told < 3; told++) {
        Figures f;
        figures_new(&f);
        for (unsigned i = 0; i < 3; i++)
            add_figure(&f, i < told ? OVERLAP_TOLD : OVERLAP_ASKED, OVERLAP_PEOPLE);
        add_people(&f, "ac", 40);
        add_people(&f, "bc", 50);
        add_people(&f, "abc", 2);
        OverlapReport r = hide(&f, OK);
        assert_int_equal(r.hidden, 1);
        overlap_report_free(&r);
    }
}

/* (A or B) - B - all of A but a few: B has nobody of what is asked. */
static void a_figure_of_nobody_asked_completes_a_sum(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 2; second++) {
        Figures f;
        figures_new(&f);
        add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
        add_figure(&f, OVERLAP_TOLD, second ? OVERLAP_PEOPLE : 0u);
        add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
        add_people(&f, "ac", 96);
        add_people(&f, "a", 7);
        add_people(&f, "ab", 100);
        OverlapReport r = hide(&f, OK);
        assert_int_equal(r.hide[f.at[2]], second ? OVERLAP_PEOPLE : 0);
        overlap_report_free(&r);
    }
}

static void the_same_people_again(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE | OVERLAP_HITS);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE | OVERLAP_HITS);
    add_people(&f, "ab", 40);
    add_people(&f, "AB", 9);
    OverlapReport r = hide(&f, OK);
    assert_int_equal(r.hidden, 0);
    overlap_report_free(&r);
}

/* --- a release beside what was told ------------------------------------------------------------------------------ */

static OverlapReport beside(Figures *f, Status want)
{
    OverlapReport r;
    Error err = ERROR_INIT;
    Status st = overlap_beside(f->o, 1, &r, &err);
    if (st != want)
        print_error("%s %s\n", err.message, err.detail);
    assert_int_equal(st, want);
    overlap_free(f->o);
    return r;
}

/* a was told: a district without a few; b is released: the district. */
static void a_release_shows_whom_an_answer_left_out(void **state)
{
    (void)state;
    for (unsigned few = 1; few <= 16; few += 15) {
        Figures f;
        figures_new(&f);
        add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
        add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
        add_people(&f, "ab", 44);
        add_people(&f, "b", few);
        OverlapReport r = beside(&f, few < 16 ? ERR_DENIED : OK);
        assert_int_equal(r.found_count, few < 16 ? 2 : 0);
        if (few < 16)
            assert_int_equal(r.found[0], f.at[1]); /* counts them */
        if (few < 16)
            assert_int_equal(r.found[1], f.at[0]); /* leaves them no room */
        overlap_report_free(&r);
    }
}

/* What each tells by itself is no finding: d - c is one person by the release alone, a - b one by what was told. */
static void what_either_tells_alone_is_not_the_others_doing(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ab", 40);
    add_people(&f, "a", 1);
    add_people(&f, "cd", 50);
    add_people(&f, "d", 1);
    add_people(&f, "abcd", 60);
    OverlapReport r = beside(&f, OK);
    overlap_report_free(&r);
}

/* The same, and one person more follows from both together: told a is the release's c without her. */
static void but_what_both_tell_is(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_PUBLIC, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ac", 60);
    add_people(&f, "bc", 50);
    add_people(&f, "c", 1);
    OverlapReport r = beside(&f, ERR_DENIED);
    assert_true(r.found_count > 0);
    overlap_report_free(&r);
}

/* Nothing was told of the people of the second half: its leak is the release's own. */
static void what_hangs_together_with_no_answer_is_not_looked_at(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ab", 40);
    add_people(&f, "cd", 40);
    add_people(&f, "c", 2);
    OverlapReport r = beside(&f, OK);
    assert_int_equal(r.patterns, 1);
    overlap_report_free(&r);
}

/* Told: 40 cohorts, each of a row of 40 by 40 groups; released: the columns. Nothing follows of any group of the few,
 * but that takes a look at each of them: what it costs is bounded, and what is left is undecided, not found. */
static void add_grid(Overlap *o)
{
    enum { SIDE = 40 };
    uint32_t row[SIDE], column[SIDE], place;
    uint64_t person = 0;
    for (unsigned i = 0; i < SIDE; i++) {
        assert_int_equal(overlap_figure(o, OVERLAP_TOLD, OVERLAP_PEOPLE, &row[i], NULL), OK);
        assert_int_equal(overlap_figure(o, OVERLAP_ASKED, OVERLAP_PEOPLE, &column[i], NULL), OK);
    }
    for (unsigned i = 0; i < SIDE * SIDE; i++)
        for (unsigned k = 0; k < 1 + i * 7 % 5; k++, person++) {
            const uint32_t both[] = {row[i / SIDE], column[i % SIDE]};
            assert_int_equal(overlap_place(o, both, 2, OVERLAP_MISS, &place, NULL), OK);
            assert_int_equal(overlap_person(o, person, place, NULL), OK);
        }
}

static void beside_a_release_the_effort_ends(void **state)
{
    (void)state;
    static const uint64_t efforts[] = {OVERLAP_BESIDE_EFFORT, 1000};
    uint64_t work[2][2] = {{0}};
    for (size_t i = 0; i < COUNT_OF(efforts); i++)
        for (unsigned threads = 0; threads < 2; threads++) {
            Overlap *o;
            OverlapReport r;
            assert_int_equal(overlap_new(&LEAST, &o, NULL), OK);
            add_grid(o);
            overlap_effort(o, efforts[i]);
            assert_int_equal(overlap_beside(o, 1 + threads, &r, NULL), i == 0 ? OK : ERR_LIMIT);
            assert_int_equal(r.by_room, i == 0);
            assert_int_equal(r.undecided > 1000, i > 0);
            assert_int_equal(r.found_count, i == 0 ? 0 : 2);
            work[i][threads] = r.work;
            overlap_report_free(&r);
            overlap_free(o);
        }
    assert_true(work[0][0] > 0 && work[1][0] * 20 < work[0][0]);
    assert_memory_equal(&work[0][0], &work[0][1], sizeof work[0][0]);
    assert_memory_equal(&work[1][0], &work[1][1], sizeof work[1][0]);
}

/* Rates: the same people, one of whom has the outcome of the answer and not of the release. */
static void outcomes_that_differ_by_one_beside_a_release(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE | OVERLAP_HITS);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE | OVERLAP_HITS);
    add_people(&f, "ab", 40);
    add_people(&f, "AB", 20);
    add_people(&f, "aB", 1);
    OverlapReport r = beside(&f, ERR_DENIED);
    overlap_report_free(&r);
}

/* a: a district, published; b: those of it in a programme; c: those who are not. */
static void a_complement_within_a_published_district(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ab", 120);
    add_people(&f, "a", 4);
    OverlapReport r = hide(&f, OK);
    assert_int_equal(r.hide[f.at[1]], OVERLAP_PEOPLE);
    overlap_report_free(&r);
}

/* Two outcomes of the same people that one person has beyond the other. */
static void outcomes_that_differ_by_one_person(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE | OVERLAP_HITS);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE | OVERLAP_HITS);
    add_people(&f, "ab", 60);
    add_people(&f, "AB", 30);
    add_people(&f, "Ab", 1);
    OverlapReport r = hide(&f, OK);
    assert_int_equal(r.hide[f.at[1]], OVERLAP_HITS);
    overlap_report_free(&r);
}

/* Those who finish (the numerator of a) are the people of b: seven did not, which a's rate tells already. */
static void a_numerator_that_is_the_next_denominator(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        Figures f;
        figures_new(&f);
        add_figure(&f, first == 0 ? OVERLAP_TOLD : OVERLAP_ASKED, OVERLAP_PEOPLE | OVERLAP_HITS);
        add_figure(&f, first == 1 ? OVERLAP_TOLD : OVERLAP_ASKED, OVERLAP_PEOPLE);
        add_people(&f, "Ab", 30);
        add_people(&f, "a", 7);
        OverlapReport r = hide(&f, OK);
        assert_int_equal(r.hidden, 0);
        overlap_report_free(&r);
    }
}

/* What was told already cannot be taken back, and is no reason to refuse what adds nothing; but it must not be told
 * more of. */
static void what_was_told_before_is_not_blamed_on_the_answer(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "abc", 50);
    add_people(&f, "ac", 5);
    OverlapReport r = hide(&f, OK);
    assert_int_equal(r.followed, 1);
    assert_int_equal(r.hidden, 0);
    overlap_report_free(&r);

    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "abc", 50);
    add_people(&f, "ac", 3);
    add_people(&f, "a", 2);
    r = hide(&f, OK);
    assert_int_equal(r.hide[f.at[2]], OVERLAP_PEOPLE);
    overlap_report_free(&r);
}

/* Figures of other people are not looked at. */
static void strangers_are_left_out(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ab", 50);
    add_people(&f, "a", 1);
    add_people(&f, "c", 20);
    OverlapReport r = hide(&f, OK);
    assert_int_equal(r.patterns, 1);
    assert_int_equal(r.followed, 0);
    assert_int_equal(r.hidden, 0);
    overlap_report_free(&r);
}

/* --- against every table ------------------------------------------------------------------------------------------ */

enum { MAX_FIGURES = 5, MAX_CODES = 7 };
#define CAP 40 /* more people than any figure counts */

typedef struct Case {
    unsigned figures;
    OverlapOrigin origin[MAX_FIGURES];
    unsigned printed[MAX_FIGURES];
    unsigned codes;
    uint8_t in[MAX_CODES][MAX_FIGURES]; /* 0: not counted, 1: without, 2: with the outcome */
    int people[MAX_CODES];
    bool above; /* how few they may be is all that counts, not how many they are at least */
} Case;

static const OverlapLeast SMALL = {.n = 4, .numerator = 2, .complement = 2};

static void draw(Rng *rng, Case *c)
{
    *c = (Case){.figures = 2 + (unsigned)rng_below(rng, 2)};
    for (unsigned f = 0; f < c->figures; f++) {
        c->origin[f] = f > 0 && rng_below(rng, 2) ? OVERLAP_ASKED : OVERLAP_TOLD;
        c->printed[f] = rng_below(rng, 3) ? OVERLAP_PEOPLE | OVERLAP_HITS : OVERLAP_PEOPLE;
    }
    c->origin[c->figures - 1] = OVERLAP_ASKED;
    c->codes = 2 + (unsigned)rng_below(rng, 5);
    for (unsigned i = 0; i < c->codes; i++) {
        for (unsigned f = 0; f < c->figures; f++)
            c->in[i][f] = (uint8_t)rng_below(rng, 3);
        c->people[i] = 1 + (int)rng_below(rng, rng_below(rng, 2) ? 7 : 2);
    }
}

/* What is told makes of a code: whether people are counted, whether they are seen to have the outcome. */
static unsigned seen(const Case *c, unsigned code, unsigned figure)
{
    unsigned in = c->in[code][figure];
    return (in > 0 && (c->printed[figure] & OVERLAP_PEOPLE) ? 1u : 0u) |
           (in == 2 && (c->printed[figure] & OVERLAP_HITS) ? 2u : 0u);
}

/* Codes that nothing told tells apart become one. */
static void join_alike(Case *c)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < c->codes; i++) {
        unsigned same = 0;
        bool any = false;
        for (unsigned f = 0; f < c->figures; f++)
            any = any || seen(c, i, f);
        for (same = 0; same < kept; same++) {
            bool alike = true;
            for (unsigned f = 0; f < c->figures; f++)
                alike = alike && seen(c, i, f) == seen(c, same, f);
            if (alike)
                break;
        }
        if (!any)
            continue;
        if (same < kept) {
            c->people[same] += c->people[i];
            continue;
        }
        memcpy(c->in[kept], c->in[i], sizeof c->in[i]);
        c->people[kept++] = c->people[i];
    }
    c->codes = kept;
}

typedef struct Range {
    int low, high;
} Range;

typedef struct Oracle {
    const Case *c;
    unsigned told[MAX_FIGURES]; /* what of each figure is known */
    unsigned group[MAX_CODES];  /* codes of the same people */
    int x[MAX_CODES];
    Range code[MAX_CODES], sum[MAX_CODES]; /* of a code; of a group, by its first code */
} Oracle;

static int left(const Oracle *o, unsigned figure, bool hits, unsigned upto)
{
    int n = 0;
    for (unsigned i = 0; i < o->c->codes; i++) {
        bool counts = hits ? o->c->in[i][figure] == 2 : o->c->in[i][figure] > 0;
        n += counts ? o->c->people[i] : 0;
        n -= counts && i < upto ? o->x[i] : 0;
    }
    return n;
}

static void see(Oracle *o)
{
    int sums[MAX_CODES] = {0};
    for (unsigned f = 0; f < o->c->figures; f++)
        for (unsigned hits = 0; hits < 2; hits++)
            if ((o->told[f] & (hits ? OVERLAP_HITS : OVERLAP_PEOPLE)) && left(o, f, hits, o->c->codes) != 0)
                return;
    for (unsigned i = 0; i < o->c->codes; i++) {
        sums[o->group[i]] += o->x[i];
        o->code[i].low = o->x[i] < o->code[i].low ? o->x[i] : o->code[i].low;
        o->code[i].high = o->x[i] > o->code[i].high ? o->x[i] : o->code[i].high;
    }
    for (unsigned i = 0; i < o->c->codes; i++) {
        o->sum[i].low = sums[i] < o->sum[i].low ? sums[i] : o->sum[i].low;
        o->sum[i].high = sums[i] > o->sum[i].high ? sums[i] : o->sum[i].high;
    }
}

static void search(Oracle *o, unsigned i)
{
    if (i == o->c->codes) {
        see(o);
        return;
    }
    int most = INT32_MAX;
    for (unsigned f = 0; f < o->c->figures; f++)
        for (unsigned hits = 0; hits < 2; hits++)
            if ((o->told[f] & (hits ? OVERLAP_HITS : OVERLAP_PEOPLE)) &&
                (hits ? o->c->in[i][f] == 2 : o->c->in[i][f] > 0)) {
                int n = left(o, f, hits, i);
                most = n < most ? n : most;
            }
    if (most == INT32_MAX) { /* nothing tells of them: as many as they are, none, or very many */
        const int some[] = {o->c->people[i], 0, CAP};
        for (size_t k = 0; k < COUNT_OF(some); k++) {
            o->x[i] = some[k];
            search(o, i + 1);
        }
        return;
    }
    for (o->x[i] = 0; o->x[i] <= most; o->x[i]++)
        search(o, i + 1);
}

/* without: figures of this origin are not told. */
#define ALL_TOLD ((OverlapOrigin)9)
static void ask(Oracle *o, const Case *c, const uint8_t *hidden, OverlapOrigin without)
{
    *o = (Oracle){.c = c};
    for (unsigned f = 0; f < c->figures; f++) {
        o->told[f] = c->origin[f] != without ? c->printed[f] & ~(unsigned)(hidden ? hidden[f] : 0) : 0;
    }
    for (unsigned i = 0; i < c->codes; i++) {
        o->code[i] = o->sum[i] = (Range){INT32_MAX, INT32_MIN};
        for (o->group[i] = 0; o->group[i] < i; o->group[i]++) {
            bool alike = true;
            for (unsigned f = 0; f < c->figures; f++)
                alike = alike && (seen(c, i, f) & 1) == (seen(c, o->group[i], f) & 1);
            if (alike)
                break;
        }
    }
    search(o, 0);
}

static bool is_open(const Case *c, Range now, Range before, int people, int least)
{
    int high = least < before.high ? least : before.high, low = people - 1 > before.low ? people - 1 : before.low;
    return people == 0 || people >= least || (now.high >= high && (c->above || now.low <= low));
}

/* The room's rule of a group that is all of an outcome, said once more. */
static int least_of_group(const Case *c, const Oracle *o, unsigned g)
{
    int least = (int)SMALL.n, people = 0;
    for (unsigned i = 0; i < c->codes; i++)
        people += o->group[i] == g ? c->people[i] : 0;
    for (unsigned f = 0; f < c->figures; f++) {
        int with = 0, all_with = 0, all = 0;
        if (!(c->printed[f] & OVERLAP_HITS) || c->in[g][f] == 0)
            continue;
        for (unsigned i = 0; i < c->codes; i++) {
            all += c->in[i][f] > 0 ? c->people[i] : 0;
            all_with += c->in[i][f] == 2 ? c->people[i] : 0;
            with += o->group[i] == g && c->in[i][f] == 2 ? c->people[i] : 0;
        }
        if (with == people && with == all_with)
            least = (int)SMALL.numerator;
        if (with == 0 && people == all - all_with)
            least = (int)SMALL.complement;
    }
    return least;
}

static bool stays_open(const Case *c, Oracle now, Oracle before)
{
    bool safe = true;
    for (unsigned i = 0; i < c->codes; i++) {
        unsigned members = 0;
        int people = 0;
        bool counted = false, with = false;
        for (unsigned f = 0; f < c->figures; f++) {
            counted = counted || (seen(c, i, f) & 1);
            with = with || (seen(c, i, f) & 2);
        }
        for (unsigned k = 0; k < c->codes; k++) {
            members += now.group[k] == now.group[i];
            people += now.group[k] == now.group[i] ? c->people[k] : 0;
        }
        if (now.group[i] == i && counted)
            safe = safe && is_open(c, now.sum[i], before.sum[i], people, least_of_group(c, &now, i));
        if (members > 1 || !counted)
            safe = safe && is_open(c, now.code[i], before.code[i], c->people[i],
                               (int)(with ? SMALL.numerator : SMALL.complement));
    }
    return safe;
}

static bool is_safe(const Case *c, const uint8_t *hidden)
{
    Oracle now, before;
    ask(&before, c, NULL, OVERLAP_ASKED);
    ask(&now, c, hidden, ALL_TOLD);
    return stays_open(c, now, before);
}

static Range within_both(Range a, Range b)
{
    return (Range){a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
}

/* As open as the more telling of the two leaves each group: what was told without what comes, what comes without it. */
static bool is_safe_beside(const Case *c)
{
    Oracle now, told, coming;
    ask(&told, c, NULL, OVERLAP_ASKED);
    ask(&coming, c, NULL, OVERLAP_TOLD);
    ask(&now, c, NULL, ALL_TOLD);
    for (unsigned i = 0; i < c->codes; i++) {
        told.code[i] = within_both(told.code[i], coming.code[i]);
        told.sum[i] = within_both(told.sum[i], coming.sum[i]);
    }
    return stays_open(c, now, told);
}

static void add_case(const Case *c, uint64_t mix, Overlap **out)
{
    uint32_t figure[MAX_FIGURES], place;
    uint64_t person = 0;
    assert_int_equal(overlap_new(&SMALL, out, NULL), OK);
    for (unsigned f = 0; f < c->figures; f++)
        assert_int_equal(overlap_figure(*out, c->origin[f], c->printed[f], &figure[f], NULL), OK);
    for (unsigned i = 0; i < c->codes; i++)
        for (int k = 0; k < c->people[i]; k++, person++)
            for (unsigned f = 0; f < c->figures; f++) {
                if (c->in[i][f] == 0)
                    continue;
                assert_int_equal(
                    overlap_place(*out, &figure[f], 1, c->in[i][f] == 2 ? OVERLAP_HIT : OVERLAP_MISS, &place, NULL),
                    OK);
                assert_int_equal(overlap_person(*out, (person + 1) * mix, place, NULL), OK);
            }
}

static void what_is_kept_is_safe_by_every_table(void **state)
{
    (void)state;
    Rng rng;
    unsigned hidden = 0, shown = 0;
    rng_init(&rng, 20261129, 5);
    for (unsigned n = 0; n < 2000; n++) {
        Case c;
        Overlap *o;
        OverlapReport r, again;
        static const uint8_t none[MAX_FIGURES] = {0};
        draw(&rng, &c);
        join_alike(&c);
        if (c.codes == 0)
            continue;
        add_case(&c, UINT64_C(0x9e3779b97f4a7c15), &o);
        Status alone = overlap_attack(o, 1, &r, NULL);
        assert_int_equal(alone == OK, is_safe(&c, none));
        overlap_report_free(&r);
        assert_int_equal(overlap_hide(o, 1, &r, NULL), OK);
        assert_true(is_safe(&c, r.hide));
        assert_true(r.hidden == 0 || alone != OK);
        for (unsigned f = 0; f < c.figures; f++)
            assert_true(c.origin[f] == OVERLAP_ASKED || r.hide[f] == 0);
        hidden += r.hidden > 0;
        shown += r.hidden == 0;
        overlap_free(o);
        add_case(&c, UINT64_C(0xd1342543de82ef95), &o); /* other pseudonyms, and threads */
        assert_int_equal(overlap_hide(o, 3, &again, NULL), OK);
        assert_memory_equal(r.hide, again.hide, c.figures);
        overlap_free(o);
        overlap_report_free(&r);
        overlap_report_free(&again);
    }
    assert_true(hidden > 300 && shown > 300);
}

/* Figure by figure: the same oracle. */
static void what_has_room_is_safe_by_every_table(void **state)
{
    (void)state;
    Rng rng;
    unsigned told = 0, hidden = 0;
    rng_init(&rng, 20261130, 5);
    for (unsigned n = 0; n < 4000; n++) {
        Case c;
        Overlap *o;
        OverlapReport r, again;
        draw(&rng, &c);
        c.above = true;
        c.figures = 2;
        c.origin[1] = OVERLAP_ASKED;
        for (unsigned i = 0; i < c.codes && n % 2; i++)
            c.people[i] += (int)rng_below(&rng, 3) ? 0 : 8;
        join_alike(&c);
        if (c.codes == 0)
            continue;
        add_case(&c, UINT64_C(0x9e3779b97f4a7c15), &o);
        assert_int_equal(overlap_room(o, 1, &r, NULL), OK);
        assert_true(is_safe(&c, r.hide));
        for (unsigned f = 0; f < c.figures; f++) {
            assert_true(c.origin[f] == OVERLAP_ASKED || r.hide[f] == 0);
            if (c.origin[f] == OVERLAP_ASKED)
                (r.hide[f] ? &hidden : &told)[0]++;
        }
        overlap_free(o);
        add_case(&c, UINT64_C(0xd1342543de82ef95), &o);
        assert_int_equal(overlap_room(o, 3, &again, NULL), OK);
        assert_memory_equal(r.hide, again.hide, c.figures);
        overlap_free(o);
        overlap_report_free(&r);
        overlap_report_free(&again);
    }
    assert_true(hidden > 300 && told > 300);
}

/* Three to five figures, most of people alone: sums of so many count some people two, three, four times. */
static void draw_many(Rng *rng, Case *c)
{
    *c = (Case){.figures = 3 + (unsigned)rng_below(rng, 3), .above = true};
    for (unsigned f = 0; f < c->figures; f++) {
        static const OverlapOrigin origins[] = {OVERLAP_TOLD, OVERLAP_PUBLIC, OVERLAP_ASKED};
        c->origin[f] = origins[rng_below(rng, 3)];
        c->printed[f] = rng_below(rng, 4) ? OVERLAP_PEOPLE : OVERLAP_PEOPLE | OVERLAP_HITS;
    }
    c->origin[c->figures - 1] = OVERLAP_ASKED;
    c->codes = 3 + (unsigned)rng_below(rng, MAX_CODES - 2);
    for (unsigned i = 0; i < c->codes; i++) {
        for (unsigned f = 0; f < c->figures; f++)
            c->in[i][f] = rng_below(rng, 2) ? 0 : (uint8_t)(1 + rng_below(rng, 2));
        c->people[i] = 1 + (int)rng_below(rng, rng_below(rng, 2) ? 9 : 3);
    }
}

/* Whoever may be n people, or as many as could be before, may be so still: whatever multiple of them a sum counts. */
static bool leaves_room(const Case *c, const uint8_t *hidden)
{
    Oracle now, before;
    ask(&before, c, NULL, OVERLAP_ASKED);
    ask(&now, c, hidden, ALL_TOLD);
    for (unsigned i = 0; i < c->codes; i++) {
        int least = before.code[i].high < (int)SMALL.n ? before.code[i].high : (int)SMALL.n;
        if (now.code[i].high < least)
            return false;
    }
    return true;
}

typedef struct Told {
    unsigned told, needed, hidden; /* hidden by need, and without */
} Told;

static void count_told(const Case *c, const OverlapReport *r, bool safe, Told *t)
{
    for (unsigned f = 0; f < c->figures; f++) {
        assert_true(c->origin[f] == OVERLAP_ASKED || r->hide[f] == 0);
        t->told += c->origin[f] == OVERLAP_ASKED && r->hide[f] == 0;
        t->hidden += c->origin[f] == OVERLAP_ASKED && r->hide[f] && safe;
        t->needed += c->origin[f] == OVERLAP_ASKED && r->hide[f] && !safe;
    }
}

/* By the two bounds of each figure alone, and with the attack on classes. */
static void no_multiple_shows_few_people(void **state)
{
    (void)state;
    Rng rng;
    Told by[2] = {{0}};
    unsigned unsafe = 0;
    static const uint8_t none[MAX_FIGURES] = {0};
    rng_init(&rng, 20261130, 6);
    for (unsigned n = 0; n < 400; n++) {
        Case c;
        draw_many(&rng, &c);
        join_alike(&c);
        if (c.codes == 0)
            continue;
        bool safe = leaves_room(&c, none);
        unsafe += !safe;
        for (unsigned few = 0; few < 2; few++) {
            Overlap *o;
            OverlapReport r;
            add_case(&c, UINT64_C(0x9e3779b97f4a7c15), &o);
            if (few == 0)
                overlap_few(o, 0);
            assert_int_equal(overlap_room(o, 1, &r, NULL), OK);
            overlap_free(o);
            assert_true(leaves_room(&c, r.hide));
            count_told(&c, &r, safe, &by[few]);
            overlap_report_free(&r);
        }
    }
    /* Few classes are attacked one by one: then hardly a figure goes that need not. */
    assert_true(unsafe > 100 && by[0].told > 200 && by[1].told > by[0].told && by[1].hidden * 50 < by[1].told);
}

typedef struct Beside {
    unsigned open, by_room, found, undecided;
} Beside;

static void try_beside(Case *c, uint64_t effort, unsigned threads, Beside *sum)
{
    Overlap *o;
    OverlapReport r;
    add_case(c, UINT64_C(0x9e3779b97f4a7c15), &o);
    overlap_effort(o, effort);
    Status st = overlap_beside(o, threads, &r, NULL);
    overlap_free(o);
    c->above = true; /* that there are at least so many may follow */
    assert_true(st == OK || st == ERR_DENIED || st == ERR_LIMIT);
    assert_true(st != OK || is_safe_beside(c));
    assert_true(st != ERR_DENIED || !is_safe_beside(c));
    assert_int_equal(r.undecided > 0, st == ERR_LIMIT);
    assert_int_equal(r.found_count > 0, st != OK);
    sum->open += st == OK;
    sum->by_room += r.by_room;
    sum->found += st == ERR_DENIED;
    sum->undecided += st == ERR_LIMIT;
    overlap_report_free(&r);
}

/* What is found follows from every table, and what leaves is safe by all of them, however little is spent. */
static void a_release_is_refused_for_what_is_shown(void **state)
{
    (void)state;
    Rng rng;
    Beside full = {0}, little = {0}, again = {0};
    rng_init(&rng, 20261130, 7);
    for (unsigned n = 0; n < 400; n++) {
        Case c;
        draw_many(&rng, &c);
        c.origin[0] = OVERLAP_TOLD;
        for (unsigned i = 0; i < c.codes && n % 2; i++)
            c.people[i] += (int)rng_below(&rng, 3);
        join_alike(&c);
        if (c.codes == 0)
            continue;
        try_beside(&c, OVERLAP_BESIDE_EFFORT, 1, &full);
        try_beside(&c, 1, 1, &little);
        try_beside(&c, 1, 3, &again);
    }
    assert_memory_equal(&little, &again, sizeof little);
    assert_true(full.by_room > 10 && full.open > full.by_room && full.found > 30 && full.undecided == 0);
    assert_true(little.undecided > 10 && little.open < full.open);
}

static OverlapReport room(Figures *f)
{
    OverlapReport r;
    assert_int_equal(overlap_room(f->o, 1, &r, NULL), OK);
    overlap_free(f->o);
    return r;
}

static void a_figure_has_room_or_goes(void **state)
{
    (void)state;
    static const struct {
        unsigned few, hide;
    } tried[] = {{7, OVERLAP_PEOPLE}, {40, 0}};
    for (size_t i = 0; i < COUNT_OF(tried); i++) {
        Figures f;
        figures_new(&f);
        add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
        add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
        add_people(&f, "ab", 96);
        add_people(&f, "a", tried[i].few);
        OverlapReport r = room(&f);
        assert_int_equal(r.hide[f.at[1]], tried[i].hide);
        overlap_report_free(&r);
    }
}

static void three_cohorts_leave_no_room(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ac", 60);
    add_people(&f, "bc", 50);
    add_people(&f, "abc", 2);
    OverlapReport r = room(&f);
    assert_int_equal(r.hide[f.at[2]], OVERLAP_PEOPLE); /* a + b - c */
    overlap_report_free(&r);
}

/* m figures that have p in common, each with others besides: all others together count p m times by subtraction. */
static void a_group_counted_often_leaves_no_room(void **state)
{
    (void)state;
    for (unsigned m = 2; m <= 6; m++)
        for (unsigned few = 15; few <= 16; few++) {
            Figures f;
            char common[8] = "", own[3] = "";
            figures_new(&f);
            for (unsigned i = 0; i < m; i++)
                add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
            add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
            for (unsigned i = 0; i < m; i++) {
                common[i] = own[0] = (char)('a' + i);
                own[1] = (char)('a' + m);
                add_people(&f, own, 90);
            }
            add_people(&f, common, few);
            OverlapReport r = room(&f);
            assert_int_equal(r.hide[f.at[m]], few < 16 ? OVERLAP_PEOPLE : 0);
            overlap_report_free(&r);
        }
}

/* What was told already adds up to it, to the last person: it tells nothing, however few they are. */
static void what_is_known_already_has_none_to_lose(void **state)
{
    (void)state;
    Figures f;
    figures_new(&f);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
    add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
    add_people(&f, "ac", 96);
    add_people(&f, "bc", 2);
    OverlapReport r = room(&f);
    assert_int_equal(r.hidden, 0);
    overlap_report_free(&r);
}

/* c is all of a class, which takes equations. d has people of whom nothing is known, and takes none. */
static void what_the_effort_does_not_reach_is_hidden(void **state)
{
    (void)state;
    static const struct {
        uint64_t steps;
        unsigned hide, given_up;
    } tried[] = {{OVERLAP_ROOM_EFFORT, 0, 0}, {0, OVERLAP_PEOPLE, 1}};
    for (size_t i = 0; i < COUNT_OF(tried); i++) {
        Figures f;
        figures_new(&f);
        add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
        add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
        add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
        add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE);
        add_people(&f, "ac", 96);
        add_people(&f, "ab", 90);
        add_people(&f, "d", 80);
        add_people(&f, "b", 70);
        overlap_effort(f.o, tried[i].steps);
        OverlapReport r = room(&f);
        assert_int_equal(r.hide[f.at[2]], tried[i].hide);
        assert_int_equal(r.hide[f.at[3]], 0);
        assert_int_equal(r.hidden, tried[i].hide != 0);
        assert_int_equal(r.given_up, tried[i].given_up);
        assert_int_equal(r.work > 0, tried[i].steps > 0);
        overlap_report_free(&r);
    }
}

typedef Status (*Question)(Overlap *, unsigned, OverlapReport *, Error *);

static void fail_each_allocation(Question question, Status want)
{
    Figures f;
    bool done = false;
    for (long n = 0; !done; n++) {
        OverlapReport r;
        figures_new(&f);
        add_figure(&f, OVERLAP_TOLD, OVERLAP_PEOPLE);
        add_figure(&f, OVERLAP_ASKED, OVERLAP_PEOPLE | OVERLAP_HITS);
        add_people(&f, "ab", 30);
        add_people(&f, "aB", 30);
        add_people(&f, "a", 2);
        mem_fail_after(n);
        Status st = question(f.o, 1, &r, NULL);
        done = mem_fail_pending();
        mem_fail_after(-1);
        assert_int_equal(st, done ? want : ERR_NOMEM);
        overlap_report_free(&r);
        overlap_free(f.o);
    }
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    fail_each_allocation(overlap_hide, OK);
    fail_each_allocation(overlap_room, OK);
    fail_each_allocation(overlap_beside, ERR_DENIED); /* two people are left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_shows_whom_an_answer_left_out),
        cmocka_unit_test(what_either_tells_alone_is_not_the_others_doing),
        cmocka_unit_test(but_what_both_tell_is),
        cmocka_unit_test(what_hangs_together_with_no_answer_is_not_looked_at),
        cmocka_unit_test(outcomes_that_differ_by_one_beside_a_release),
        cmocka_unit_test(nested_cohorts_that_differ_by_one_person),
        cmocka_unit_test(nested_cohorts_that_differ_by_enough),
        cmocka_unit_test(three_cohorts_whose_sum_isolates_someone),
        cmocka_unit_test(a_figure_of_nobody_asked_completes_a_sum),
        cmocka_unit_test(the_same_people_again),
        cmocka_unit_test(a_complement_within_a_published_district),
        cmocka_unit_test(outcomes_that_differ_by_one_person),
        cmocka_unit_test(a_numerator_that_is_the_next_denominator),
        cmocka_unit_test(what_was_told_before_is_not_blamed_on_the_answer),
        cmocka_unit_test(strangers_are_left_out),
        cmocka_unit_test(what_is_kept_is_safe_by_every_table),
        cmocka_unit_test(a_figure_has_room_or_goes),
        cmocka_unit_test(three_cohorts_leave_no_room),
        cmocka_unit_test(a_group_counted_often_leaves_no_room),
        cmocka_unit_test(what_is_known_already_has_none_to_lose),
        cmocka_unit_test(what_has_room_is_safe_by_every_table),
        cmocka_unit_test(no_multiple_shows_few_people),
        cmocka_unit_test(a_release_is_refused_for_what_is_shown),
        cmocka_unit_test(beside_a_release_the_effort_ends),
        cmocka_unit_test(what_the_effort_does_not_reach_is_hidden),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
