/*
 * Colleges: who goes, where, how long, with what award. A graduate may begin in the summer or fall after school or
 * later, in the state (unit records), at other colleges of the state or away (the clearinghouse alone sees those); each
 * year decides on staying; two-year students may move up, bachelors may go on.
 */
#include "synth/life.h"

enum { POOL_TWO_YEAR, POOL_FOUR_YEAR, POOL_OTHER, POOL_AWAY };

typedef struct Scholar {
    const World *w;
    Rng *r;
    const Person *p;
    Life *l;
    int64_t persistence; /* permille */
} Scholar;

Date term_begin(int year, Season s)
{
    return s == SEASON_SUMMER ? date_of(year, 6, 1) : s == SEASON_FALL ? date_of(year, 8, 20) : date_of(year, 1, 15);
}

Date term_end(int year, Season s)
{
    return s == SEASON_SUMMER ? date_of(year, 8, 15) : s == SEASON_FALL ? date_of(year, 12, 15) : date_of(year, 5, 15);
}

Level life_level(const Life *l, Date d)
{
    Level best = l->completion != EXIT_YEAR_END && l->completion_date <= d ? LEVEL_HIGH_SCHOOL : LEVEL_NONE;
    for (uint32_t i = 0; i < l->award_count; i++)
        if (l->awards[i].date <= d && l->awards[i].level > best)
            best = l->awards[i].level;
    return best;
}

static uint32_t draw_college(const Scholar *s, int pool)
{
    const World *w = s->w;
    return w->college_index[pool][rng_pick(s->r, w->college_cumulative[pool], w->college_pool[pool])];
}

static bool add_award(Scholar *s, Date date, uint32_t college, Level level)
{
    if (s->l->award_count == MAX_AWARDS)
        return false;
    s->l->awards[s->l->award_count++] =
        (Award){.date = date, .college = college, .field = s->l->study_field, .level = level};
    return true;
}

static bool over(const Scholar *s, int year, Season season)
{
    return term_begin(year, season) > date_of(s->w->last_year, 12, 31) ||
           (s->l->died != DATE_NONE && term_begin(year, season) > s->l->died);
}

/* One academic year from the fall on; false when the student stops or the files end. */
static bool study_year(Scholar *s, int fall, uint32_t college, uint32_t courses)
{
    if (over(s, fall, SEASON_FALL))
        return false;
    add_term(s->w, s->r, s->l, fall, SEASON_FALL, college, DUAL_NONE, courses);
    if (!chance(s->r, 960000) || over(s, fall + 1, SEASON_SPRING))
        return false;
    add_term(s->w, s->r, s->l, fall + 1, SEASON_SPRING, college, DUAL_NONE, courses);
    if (rng_below(s->r, 12) == 0 && !over(s, fall + 1, SEASON_SUMMER))
        add_term(s->w, s->r, s->l, fall + 1, SEASON_SUMMER, college, DUAL_NONE, 1);
    return true;
}

static void graduate_school(Scholar *s, int fall)
{
    uint32_t college = draw_college(s, rng_below(s->r, 3) == 0 ? POOL_AWAY : POOL_FOUR_YEAR);
    if (study_year(s, fall, college, 3) && study_year(s, fall + 1, college, 3))
        add_award(s, term_end(fall + 2, SEASON_SPRING), college, LEVEL_MASTER);
}

/* Years needed: mostly the nominal ones, some one or two more. */
static int years_needed(Rng *r, int nominal)
{
    uint64_t u = rng_below(r, 100);
    return nominal + (u < 62 ? 0 : u < 88 ? 1 : 2);
}

static void study_four_year(Scholar *s, int fall, uint32_t college, int years)
{
    const Params *q = &s->w->p;
    for (int i = 0; i < years; i++) {
        if (!study_year(s, fall + i, college, 4 + (uint32_t)rng_below(s->r, 2)))
            return;
        if (i + 1 < years && !chance(s->r, scaled(q->persist_four_ppm, s->persistence))) {
            if (!chance(s->r, q->stopout_return_ppm))
                return;
            fall++;
        }
    }
    if (over(s, fall + years, SEASON_SPRING))
        return;
    add_award(s, term_end(fall + years, SEASON_SPRING) + 5, college, LEVEL_BACHELOR);
    if (chance(s->r, q->graduate_school_ppm))
        graduate_school(s, fall + years);
}

static void study_two_year(Scholar *s, int fall, uint32_t college)
{
    const Params *q = &s->w->p;
    bool certificate = chance(s->r, q->certificate_ppm);
    int years = certificate ? 1 : years_needed(s->r, 2);
    for (int i = 0; i < years; i++) {
        if (!study_year(s, fall + i, college, 3 + (uint32_t)rng_below(s->r, 2)))
            return;
        if (i + 1 < years && !chance(s->r, scaled(q->persist_two_ppm, s->persistence))) {
            if (!chance(s->r, q->stopout_return_ppm))
                return;
            fall++;
        }
    }
    if (!chance(s->r, scaled(q->persist_two_ppm, s->persistence)))
        return;
    add_award(s, term_end(fall + years, SEASON_SPRING) + 3, college, certificate ? LEVEL_CERTIFICATE : LEVEL_ASSOCIATE);
    if (!certificate && chance(s->r, scaled(q->transfer_up_ppm, s->persistence))) {
        const int more = years_needed(s->r, 2);
        study_four_year(s, fall + years, draw_college(s, POOL_FOUR_YEAR), more);
    }
}

static void enroll(Scholar *s, int fall, int64_t four_year_ppm)
{
    const Params *q = &s->w->p;
    bool four = chance(s->r, four_year_ppm);
    s->l->study_field = rng_pick(s->r, four ? q->four_year_cumulative : q->two_year_cumulative, q->field_count);
    bool away = four && chance(s->r, q->college_away_ppm);
    int pool = away ? POOL_AWAY : rng_below(s->r, 12) == 0 ? POOL_OTHER : four ? POOL_FOUR_YEAR : POOL_TWO_YEAR;
    uint32_t college = draw_college(s, pool);
    if (s->w->colleges[college].two_year)
        study_two_year(s, fall, college);
    else
        study_four_year(s, fall, college, years_needed(s->r, 4));
}

/* Four-year colleges take more of the able and of those who are not poor. */
static int64_t four_year_rate(const Scholar *s)
{
    int64_t two = s->w->p.college_two_year_ppm * (s->p->low_income ? 1250 : 850) / 1000 * (2200 - s->p->ability) / 1200;
    two = two < 50000 ? 50000 : two > 950000 ? 950000 : two;
    return 1000000 - two;
}

static void after_school(Scholar *s)
{
    const Params *q = &s->w->p;
    Life *l = s->l;
    const SchoolYear *last = &l->years[l->year_count - 1];
    int64_t m = gap_permille(s->w, s->p, last->flags, GAP_COLLEGE) * s->p->ability / 1000;
    int year = l->completion_year;
    bool extended = last->year > year; /* ASCENT and TREP: already at college */
    if (extended) {
        if (chance(s->r, 700000))
            enroll(s, year + 1, four_year_rate(s));
        return;
    }
    if (l->enlisted != DATE_NONE)
        return;
    if (l->completion == EXIT_GRADUATED && chance(s->r, scaled(q->college_fall_ppm, m))) {
        if (chance(s->r, q->college_summer_ppm) && l->completion_date < term_begin(year, SEASON_SUMMER)) {
            l->study_field = rng_pick(s->r, q->two_year_cumulative, q->field_count);
            add_term(s->w, s->r, l, year, SEASON_SUMMER, draw_college(s, POOL_TWO_YEAR), DUAL_NONE, 1);
        }
        enroll(s, year, four_year_rate(s));
        return;
    }
    for (int gap = 1; gap <= 4; gap++)
        if (chance(s->r, scaled(q->college_later_ppm, m))) {
            enroll(s, year + gap, four_year_rate(s) / 3);
            return;
        }
}

void college_live(const World *w, Rng *r, const Person *p, Life *l)
{
    if (!p->student || l->year_count == 0 || l->died != DATE_NONE)
        return;
    Scholar s = {w, r, p, l, gap_permille(w, p, l->years[l->year_count - 1].flags, GAP_PERSISTENCE)};
    s.persistence = s.persistence * (700 + p->ability * 3 / 10) / 1000;
    if (l->completion != EXIT_YEAR_END)
        after_school(&s);
    else if (l->left_school != DATE_NONE && chance(r, w->p.college_dropout_ppm))
        enroll(&s, date_year(l->left_school) + 3, 0);
}
