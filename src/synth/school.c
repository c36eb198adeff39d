/*
 * K-12: one pupil's years in the state's schools, from the first record to the last. Each year draws at most one of
 * death, leaving the state's schools (verified or not), dropping out and moving; the end of the year promotes, retains
 * or completes. The anticipated year of graduation (AYG) is fixed by the first record in grade 9 or later and never
 * moves (1 CCR 301-67; Colorado graduation rate rules): first year + 12 - grade.
 */
#include "synth/life.h"

#define MAX_AGE_YEARS 3 /* a pupil may stay so many years after the AYG before ageing out at 21 */

typedef enum Standing { IN_SCHOOL, AWAY, DROPPED, SUMMER_DROPPED, DONE } Standing;

typedef struct Pupil {
    const World *w;
    Rng *r;
    const Person *p;
    Life *l;
    Standing standing;
    int year;
    int grade;
    uint32_t school;
    int64_t risk; /* of this year, permille */
    uint8_t programs;
    bool first, returned;
    int away_since;
    uint64_t sasid;
} Pupil;

uint32_t scaled(int64_t ppm, int64_t permille)
{
    int64_t v = ppm * permille / 1000;
    return v < 0 ? 0 : v > 980000 ? 980000 : (uint32_t)v;
}

static Group race_group(const Person *p)
{
    if (p->hispanic)
        return GROUP_HISPANIC;
    switch (p->race) {
    case RACE_AMERICAN_INDIAN:
        return GROUP_AMERICAN_INDIAN;
    case RACE_ASIAN:
        return GROUP_ASIAN;
    case RACE_BLACK:
        return GROUP_BLACK;
    case RACE_PACIFIC:
        return GROUP_PACIFIC;
    case RACE_WHITE:
        return GROUP_WHITE;
    default:
        return GROUP_TWO_RACES;
    }
}

int64_t gap_permille(const World *w, const Person *p, uint8_t flags, Outcome o)
{
    const int64_t *g = w->p.gap[o];
    int64_t m = g[race_group(p)];
    if (flags & FLAG_LOW_INCOME)
        m = m * g[GROUP_LOW_INCOME] / 1000;
    if (flags & FLAG_ENGLISH_LEARNER)
        m = m * g[GROUP_ENGLISH_LEARNER] / 1000;
    if (flags & FLAG_DISABILITY)
        m = m * g[GROUP_DISABILITY] / 1000;
    if (flags & FLAG_HOMELESS)
        m = m * g[GROUP_HOMELESS] / 1000;
    if (flags & FLAG_FOSTER)
        m = m * g[GROUP_FOSTER] / 1000;
    if (p->sex == 'M')
        m = m * g[GROUP_MALE] / 1000;
    if (w->districts[w->schools[p->school].district].rural)
        m = m * g[GROUP_RURAL] / 1000;
    return m;
}

static Date year_begin(const World *w, uint32_t school, int year)
{
    return date_of(year - 1, 8, 14) + (Date)(w->schools[school].district % 9);
}

static Date year_end(const World *w, uint32_t school, int year)
{
    return date_of(year, 5, 19) + (Date)(w->schools[school].district % 11);
}

static uint32_t other_school(const Pupil *s, bool same_district)
{
    const World *w = s->w;
    const District *d = &w->districts[w->schools[s->school].district];
    for (int attempt = 0; attempt < 12; attempt++) {
        uint32_t to;
        if (same_district)
            to = d->first_school + (uint32_t)rng_below(s->r, d->school_count);
        else
            to = rng_pick(s->r, w->school_cumulative, w->school_count);
        bool same = w->schools[to].district == w->schools[s->school].district;
        if (to != s->school && same == same_district)
            return to;
    }
    return s->school;
}

static Spell *add_spell(Pupil *s, Date entry)
{
    ASSERT(s->l->spell_count < MAX_SPELLS);
    Spell *e = &s->l->spells[s->l->spell_count++];
    *e = (Spell){.year = s->year,
        .grade = (uint8_t)s->grade,
        .school = s->school,
        .entry = entry,
        .exit = DATE_NONE,
        .first = s->first,
        .returned = s->returned};
    s->first = s->returned = false;
    s->l->years[s->l->year_count - 1].spell_count++;
    s->l->years[s->l->year_count - 1].school = s->school;
    return e;
}

static uint8_t year_flags(const Pupil *s)
{
    const Params *q = &s->w->p;
    uint8_t f = s->p->flags;
    bool low = s->p->low_income != chance(s->r, q->low_income_flip_ppm);
    if (low)
        f |= FLAG_LOW_INCOME | (chance(s->r, q->reduced_lunch_ppm) ? FLAG_REDUCED : 0);
    if (low && chance(s->r, q->homeless_ppm))
        f |= FLAG_HOMELESS;
    return f;
}

static SchoolYear *add_year(Pupil *s)
{
    ASSERT(s->l->year_count < MAX_SCHOOL_YEARS);
    SchoolYear *y = &s->l->years[s->l->year_count++];
    *y = (SchoolYear){.year = s->year,
        .grade = (uint8_t)s->grade,
        .school = s->school,
        .first_spell = s->l->spell_count,
        .flags = year_flags(s),
        .programs = s->programs,
        .sasid = s->sasid,
        .end = EXIT_YEAR_END};
    if (s->grade >= 9 && chance(s->r, s->w->p.cte_ppm))
        y->programs |= PROGRAM_CTE;
    if (s->l->ayg == 0 && s->grade >= 9)
        s->l->ayg = s->year + 12 - s->grade;
    return y;
}

static void close_year(SchoolYear *y, Spell *e, Date exit, ExitKind kind)
{
    e->exit = exit;
    e->kind = kind;
    y->end = kind;
    y->end_date = exit;
}

static void leave(Pupil *s, SchoolYear *y, Spell *e, Date exit, ExitKind kind, Standing to)
{
    close_year(y, e, exit, kind);
    s->standing = to;
    s->away_since = s->year;
    s->l->left_school = exit;
}

static void complete(Pupil *s, SchoolYear *y, Spell *e, Date date, ExitKind kind)
{
    close_year(y, e, date, kind);
    s->standing = DONE;
    s->l->completion = kind;
    s->l->completion_date = date;
    s->l->completion_year = s->year;
    s->l->completion_school = s->school;
    s->l->left_school = date;
}

/* How much more than others the pupil is at risk of not finishing, permille: group, school and ability. */
static int64_t risk_of(const Pupil *s, const SchoolYear *y)
{
    int64_t risk = gap_permille(s->w, s->p, y->flags, GAP_LEAVING) * s->w->schools[s->school].leaving_permille / 1000;
    int64_t weakness = 2000 - s->p->ability;
    return risk * (weakness > 300 ? weakness : 300) / 1000;
}

static int64_t dropout_rate(const Params *q, int grade)
{
    return grade == 9    ? q->dropout_9_ppm
           : grade == 10 ? q->dropout_10_ppm
           : grade == 11 ? q->dropout_11_ppm
           : grade == 12 ? q->dropout_12_ppm
                         : 0;
}

static int64_t retained_rate(const Params *q, int grade)
{
    return grade == 9    ? q->retained_9_ppm
           : grade == 10 ? q->retained_10_ppm
           : grade == 11 ? q->retained_11_ppm
                         : q->retained_lower_ppm;
}

/* Things that cut the year short. True when the pupil is gone. */
static bool year_cut_short(Pupil *s, SchoolYear *y, Spell **spell, Date begin, Date end)
{
    const Params *q = &s->w->p;
    Spell *e = *spell;
    Date on = begin + 14 + (Date)rng_below(s->r, (uint64_t)(end - begin - 40));
    if (chance(s->r, q->death_year_ppm)) {
        leave(s, y, e, on, EXIT_DIED, DONE);
        s->l->died = on;
        return true;
    }
    if (chance(s->r, q->leave_verified_ppm)) {
        leave(s, y, e, on, EXIT_LEFT_VERIFIED, AWAY);
        return true;
    }
    if (chance(s->r, q->leave_unverified_ppm)) {
        leave(s, y, e, on, EXIT_LEFT_UNVERIFIED, AWAY);
        return true;
    }
    if (chance(s->r, scaled(dropout_rate(q, s->grade), s->risk))) {
        if (chance(s->r, q->summer_dropout_ppm)) {
            leave(s, y, e, end, EXIT_YEAR_END, SUMMER_DROPPED);
            return true;
        }
        leave(s, y, e, on, EXIT_DROPOUT, DROPPED);
        return true;
    }
    if (chance(s->r, q->move_year_ppm)) {
        bool same = chance(s->r, q->move_same_district_ppm);
        uint32_t to = other_school(s, same);
        if (to != s->school) {
            close_year(y, e, on, same ? EXIT_SAME_DISTRICT : EXIT_OTHER_DISTRICT);
            s->school = to;
            *spell = add_spell(s, on + 1 + (Date)rng_below(s->r, 9));
        }
    }
    return false;
}

static void end_grade_12(Pupil *s, SchoolYear *y, Spell *e, Date end)
{
    const Params *q = &s->w->p;
    if (!chance(s->r, scaled(q->no_diploma_ppm, s->risk))) {
        complete(s, y, e, end - (Date)rng_below(s->r, 5), EXIT_GRADUATED);
        return;
    }
    int64_t u = (int64_t)rng_below(s->r, 1000000);
    if ((u -= q->no_diploma_certificate_ppm) < 0) {
        complete(s, y, e, end, EXIT_CERTIFICATE);
    } else if ((u -= q->no_diploma_equivalency_ppm) < 0) {
        complete(s, y, e, end, EXIT_EQUIVALENCY);
    } else if ((u -= q->no_diploma_return_ppm) < 0 && s->year < s->l->ayg + MAX_AGE_YEARS) {
        close_year(y, e, end, EXIT_YEAR_END);
    } else {
        leave(s, y, e, end, EXIT_DROPOUT, DROPPED);
    }
}

static void end_of_year(Pupil *s, SchoolYear *y, Spell *e, Date end)
{
    const Params *q = &s->w->p;
    if (s->grade == 12) {
        end_grade_12(s, y, e, end);
        return;
    }
    if (s->grade == 11 && chance(s->r, q->early_graduate_ppm)) {
        complete(s, y, e, end, EXIT_GRADUATED);
        return;
    }
    close_year(y, e, end, EXIT_YEAR_END);
    if (s->l->ayg && s->year >= s->l->ayg + MAX_AGE_YEARS) {
        leave(s, y, e, end, EXIT_DROPOUT, DROPPED);
        return;
    }
    if (!chance(s->r, scaled(retained_rate(q, s->grade), s->risk)))
        s->grade++;
}

static void live_year(Pupil *s, bool mid_year)
{
    const Params *q = &s->w->p;
    if (!s->first && !s->returned && chance(s->r, q->move_summer_ppm))
        s->school = other_school(s, chance(s->r, q->move_same_district_ppm));
    SchoolYear *y = add_year(s);
    s->risk = risk_of(s, y);
    Date begin = year_begin(s->w, s->school, s->year), end = year_end(s->w, s->school, s->year);
    if (mid_year)
        begin += 20 + (Date)rng_below(s->r, 120);
    Spell *e = add_spell(s, begin);
    if (!year_cut_short(s, y, &e, begin, end))
        end_of_year(s, y, e, year_end(s->w, s->school, s->year));
}

/* Told a year late, without school and dates: entry type 00 of the association file. */
static void tell_summer_dropout(Pupil *s)
{
    SchoolYear *y = add_year(s);
    Spell *e = add_spell(s, DATE_NONE);
    e->kind = y->end = EXIT_SUMMER_DROPOUT;
    y->end_date = DATE_NONE;
    s->standing = DROPPED;
}

/* A person who left may earn an equivalency through a programme of the last district. */
static void earn_equivalency(Pupil *s)
{
    SchoolYear *y = add_year(s);
    s->returned = true;
    Date begin = year_begin(s->w, s->school, s->year) + (Date)rng_below(s->r, 100);
    Spell *e = add_spell(s, begin);
    complete(s, y, e, begin + 40 + (Date)rng_below(s->r, 120), EXIT_EQUIVALENCY);
}

static void come_back(Pupil *s)
{
    s->standing = IN_SCHOOL;
    s->returned = true;
    s->l->left_school = DATE_NONE;
    if (s->p->second_sasid)
        s->sasid = s->p->second_sasid;
    live_year(s, true);
}

static void live_outside(Pupil *s)
{
    const Params *q = &s->w->p;
    bool young = s->l->ayg == 0 || s->year <= s->l->ayg;
    if (s->standing == SUMMER_DROPPED) {
        tell_summer_dropout(s);
    } else if (s->standing == DROPPED) {
        if (young && s->year <= s->away_since + 2 && chance(s->r, q->reenter_ppm))
            come_back(s);
        else if (s->grade >= 10 && s->year <= s->away_since + 4 && chance(s->r, q->equivalency_later_ppm))
            earn_equivalency(s);
    } else if (young && s->year <= s->away_since + 3 && chance(s->r, q->return_ppm)) {
        s->grade += s->year - s->away_since - 1 + (rng_below(s->r, 2) ? 1 : 0);
        s->grade = s->grade > 12 ? 12 : s->grade;
        come_back(s);
    }
}

/* ASCENT and TREP: one more year at the high school's expense after the diploma. */
static void extended_year(Pupil *s)
{
    uint8_t program = 0;
    if (s->l->completion != EXIT_GRADUATED || s->year != s->l->completion_year + 1 || s->grade != 12)
        return;
    if (chance(s->r, scaled(s->w->p.ascent_ppm, gap_permille(s->w, s->p, s->p->flags, GAP_CONCURRENT))))
        program = PROGRAM_ASCENT;
    else if (chance(s->r, s->w->p.trep_ppm))
        program = PROGRAM_TREP;
    if (!program)
        return;
    SchoolYear *y = add_year(s);
    y->programs = program;
    Spell *e = add_spell(s, year_begin(s->w, s->school, s->year));
    close_year(y, e, year_end(s->w, s->school, s->year), EXIT_YEAR_END);
}

/* True when the pupil arrives from outside in the middle of the year. */
static bool start(Pupil *s)
{
    const World *w = s->w;
    bool arrival = false;
    s->year = s->p->ayg_wanted - (12 - w->first_grade);
    s->grade = w->first_grade;
    if (s->year < w->first_year) {
        s->grade += w->first_year - s->year;
        s->year = w->first_year;
    }
    if (s->grade < 12 && chance(s->r, w->p.newcomer_ppm)) {
        int late = 1 + (int)rng_below(s->r, 3);
        late = s->grade + late > 12 ? 12 - s->grade : late;
        if (s->year + late <= w->last_year) {
            s->grade += late;
            s->year += late;
            arrival = rng_below(s->r, 2) == 0;
        }
    }
    if (chance(s->r, w->p.ptech_ppm))
        s->programs |= PROGRAM_PTECH;
    else if (chance(s->r, w->p.early_college_ppm))
        s->programs |= PROGRAM_EARLY_COLLEGE;
    return arrival;
}

void school_live(const World *w, Rng *r, const Person *p, Life *l)
{
    l->completion = EXIT_YEAR_END;
    l->completion_date = l->left_school = l->died = DATE_NONE;
    if (!p->student)
        return;
    Pupil s = {
        .w = w, .r = r, .p = p, .l = l, .standing = IN_SCHOOL, .school = p->school, .first = true, .sasid = p->sasid};
    bool arrival = start(&s);
    for (; s.year <= w->last_year; s.year++) {
        if (s.standing == IN_SCHOOL) {
            live_year(&s, arrival);
            arrival = false;
        } else if (s.standing == DONE) {
            extended_year(&s);
            break;
        } else {
            live_outside(&s);
        }
    }
}
