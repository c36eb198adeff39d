/*
 * Beside school: concurrent enrollment and its cousins (C.R.S. 22-35), industry-recognised credentials, work-based
 * learning about, through and at work, enlistment. Participation differs by income, race and rurality as the
 * parameters' gap tables say, so that equity measures have something to find.
 */
#include "synth/life.h"

Term *add_term(
    const World *w, Rng *r, Life *l, int year, Season season, uint32_t college, DualKind dual, uint32_t courses)
{
    if (l->term_count == MAX_TERMS || l->course_count + courses > MAX_COURSES)
        return NULL;
    Term *t = &l->terms[l->term_count++];
    *t = (Term){.year = year,
        .season = season,
        .college = college,
        .field = l->study_field,
        .dual = dual,
        .first_course = l->course_count,
        .course_count = courses};
    uint32_t first = (uint32_t)rng_below(r, w->p.course_count);
    for (uint32_t i = 0; i < courses; i++) {
        /* different kinds within a term: a course cannot be taken twice at once */
        uint32_t kind = (first + i) % w->p.course_count;
        const uint8_t section = (uint8_t)(1 + rng_below(r, 20));
        const bool passed = chance(r, w->p.course_pass_ppm);
        l->courses[l->course_count++] = (Course){.kind = kind, .section = section, .passed = passed};
        t->tenths = (uint16_t)(t->tenths + w->p.courses[kind].credits * 10);
    }
    return t;
}

/* The college a district has its cooperative agreement with: one for all its pupils. */
static uint32_t partner_college(const World *w, uint32_t school)
{
    Rng r;
    rng_init(&r, w->seed, UINT64_C(0x70617274) << 32 | w->schools[school].district);
    int pool = rng_below(&r, 4) == 0 ? 1 : 0;
    return w->college_index[pool][rng_pick(&r, w->college_cumulative[pool], w->college_pool[pool])];
}

bool in_school_all_year(const Life *l, const SchoolYear *y)
{
    return y->spell_count == 1 && l->spells[y->first_spell].entry != DATE_NONE &&
           (y->end == EXIT_YEAR_END || y->end == EXIT_GRADUATED);
}

static void take_college_courses(const World *w, Rng *r, const Person *p, Life *l, const SchoolYear *y)
{
    const Params *q = &w->p;
    int64_t rate = y->grade == 10   ? q->concurrent_10_ppm
                   : y->grade == 11 ? q->concurrent_11_ppm
                   : y->grade == 12 ? q->concurrent_12_ppm
                                    : 0;
    DualKind dual = DUAL_CONCURRENT;
    if (y->programs & (PROGRAM_PTECH | PROGRAM_EARLY_COLLEGE)) {
        dual = y->programs & PROGRAM_PTECH ? DUAL_PTECH : DUAL_EARLY_COLLEGE;
        rate *= 2;
    }
    if (y->programs & PROGRAM_ASCENT || y->programs & PROGRAM_TREP) {
        dual = y->programs & PROGRAM_ASCENT ? DUAL_ASCENT : DUAL_TREP;
        rate = 100000000;
    }
    if (!chance(r, rate > 1000000 ? rate : scaled(rate, gap_permille(w, p, y->flags, GAP_CONCURRENT))))
        return;
    uint32_t college = partner_college(w, y->school);
    bool full = dual == DUAL_ASCENT || dual == DUAL_TREP;
    for (int half = 0; half < 2; half++) {
        uint32_t n = full ? 4 : 1;
        while (!full && n < 4 && chance(r, q->concurrent_second_course_ppm))
            n++;
        if (half == 0 || full || rng_below(r, 10) < 7)
            add_term(w, r, l, half ? y->year : y->year - 1, half ? SEASON_SPRING : SEASON_FALL, college, dual, n);
    }
}

static void earn_credential(const World *w, Rng *r, Life *l, const SchoolYear *y)
{
    if (l->credential_count == MAX_CREDENTIALS)
        return;
    CredentialEarned *c = &l->credentials[l->credential_count];
    c->credential = (uint32_t)rng_below(r, w->credential_count);
    c->date = date_of(y->year - 1, 10, 1) + (Date)rng_below(r, 225);
    c->year = y->year;
    c->school = y->school;
    for (uint32_t i = 0; i < l->credential_count; i++)
        if (l->credentials[i].credential == c->credential)
            return;
    l->credential_count++;
}

static void learn_at_work(const World *w, Rng *r, Life *l, const SchoolYear *y, uint8_t class_)
{
    if (l->experience_count == MAX_WBL)
        return;
    static const uint32_t most_hours[3] = {8, 160, 480};
    Experience *e = &l->experiences[l->experience_count++];
    *e = (Experience){.class_ = class_, .kind = (uint8_t)rng_below(r, 12), .year = y->year, .school = y->school};
    e->completed = chance(r, w->p.wbl_completed_ppm);
    /* one day per experience of a year: kinds and days differ, so no two rows are alike */
    e->begin = date_of(y->year - 1, 9, 1) + (Date)(l->experience_count * 9 + rng_below(r, 8));
    e->end = class_ == 0 ? e->begin : e->begin + 30 + (Date)rng_below(r, 90);
    e->hours = 1 + (uint32_t)rng_below(r, most_hours[class_]);
    if (!e->completed && rng_below(r, 2))
        e->end = DATE_NONE;
}

static void pathway_year(const World *w, Rng *r, const Person *p, Life *l, const SchoolYear *y)
{
    const Params *q = &w->p;
    if (y->grade < 9 || !in_school_all_year(l, y))
        return;
    take_college_courses(w, r, p, l, y);
    if (y->programs & (PROGRAM_ASCENT | PROGRAM_TREP))
        return;
    int64_t cte = y->programs & PROGRAM_CTE ? 1800 : 600;
    if (y->grade >= 10 &&
        chance(r, scaled(q->credential_ppm, gap_permille(w, p, y->flags, GAP_CREDENTIAL) * cte / 1000)))
        earn_credential(w, r, l, y);
    int64_t wbl = gap_permille(w, p, y->flags, GAP_WBL);
    const int64_t rates[3] = {q->wbl_about_ppm, q->wbl_through_ppm, q->wbl_at_ppm};
    for (uint8_t c = 0; c < 3; c++)
        if (y->grade >= 10 + (c == 2) && chance(r, scaled(rates[c], wbl)))
            learn_at_work(w, r, l, y, c);
}

void pathway_live(const World *w, Rng *r, const Person *p, Life *l)
{
    l->enlisted = DATE_NONE;
    l->study_field = NO_INDEX;
    for (uint32_t i = 0; i < l->year_count; i++)
        pathway_year(w, r, p, l, &l->years[i]);
    if (l->completion == EXIT_GRADUATED && chance(r, w->p.enlist_ppm))
        l->enlisted = l->completion_date + 5 + (Date)rng_below(r, 60);
}
