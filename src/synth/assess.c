/*
 * Assessments: the college-entrance test of grade 11, exams of advanced courses, and what those sit in grade 12 who
 * have not yet shown English and mathematics; and how the graduation guidelines are met (C.R.S. 22-11-204(4), for
 * classes from demonstrations_from on). A score is drawn once on the scale of the SAT, 200 to 800, and put on the other
 * scales from there. Draws come from a stream of their own: what is sat for changes nothing else in a life.
 */
#include "synth/life.h"

typedef struct Sitter {
    const World *w;
    Rng *r;
    const Person *p;
    Life *l;
    const SchoolYear *y;
} Sitter;

static int64_t between(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static int64_t draw_points(const Sitter *s)
{
    const Params *q = &s->w->p;
    int64_t v = q->sat_mean + (s->p->ability - 1000) * q->sat_ability_permille / 1000 +
                (int64_t)(rng_normal(s->r) * (double)q->sat_spread);
    return between(v, 200, 800);
}

static int64_t on_scale(Test test, int64_t points)
{
    switch (test) {
    case TEST_SAT:
        return points / 10 * 10;
    case TEST_ACT:
        return 1 + (points - 200) * 35 / 600;
    case TEST_AP:
        return between(1 + (points - 380) / 100, 1, 5);
    case TEST_IB:
        return between(1 + (points - 260) / 80, 1, 7);
    case TEST_ASVAB:
        return 1 + (points - 200) * 98 / 600;
    case TEST_ACCUPLACER_CLASSIC:
        return 20 + (points - 200) / 6;
    case TEST_ACCUPLACER:
        return 200 + (points - 200) / 6;
    case TEST_WORKKEYS:
        return between((points - 250) / 100, 0, 4);
    case TEST_COUNT:
        break;
    }
    return 0;
}

static void sit(const Sitter *s, Test test, TestPart part, Date on)
{
    int64_t points = draw_points(s);
    if (s->l->score_count == MAX_SCORES)
        return;
    s->l->scores[s->l->score_count++] = (Score){.date = on,
        .year = s->y->year,
        .school = s->y->school,
        .score = (uint16_t)on_scale(test, points),
        .test = (uint8_t)test,
        .part = (uint8_t)part};
}

static void college_entrance(const Sitter *s)
{
    if (chance(s->r, s->w->p.sat_ppm)) {
        Date on = date_of(s->y->year, 4, 10) + (Date)(s->y->school % 5);
        sit(s, TEST_SAT, PART_EBRW, on);
        sit(s, TEST_SAT, PART_MATH, on);
    }
    if (chance(s->r, s->w->p.act_ppm)) {
        static const TestPart parts[] = {PART_ENGLISH, PART_MATH, PART_READING, PART_SCIENCE};
        for (size_t i = 0; i < COUNT_OF(parts); i++)
            sit(s, TEST_ACT, parts[i], date_of(s->y->year - 1, 12, 9));
    }
}

static void advanced_exams(const Sitter *s)
{
    static const TestPart parts[] = {PART_ENGLISH, PART_ENGLISH, PART_ENGLISH, PART_MATH, PART_MATH, PART_MATH,
        PART_COMPUTER_SCIENCE, PART_OTHER, PART_OTHER, PART_OTHER};
    const Params *q = &s->w->p;
    int64_t gap = gap_permille(s->w, s->p, s->y->flags, GAP_ADVANCED);
    if (chance(s->r, scaled(s->y->grade == 11 ? q->ap_11_ppm : q->ap_12_ppm, gap))) {
        Date on = date_of(s->y->year, 5, 4);
        /* one exam a day: no two rows are alike */
        do
            sit(s, TEST_AP, parts[rng_below(s->r, COUNT_OF(parts))], on);
        while (++on < date_of(s->y->year, 5, 8) && chance(s->r, q->ap_further_ppm));
    }
    if (s->y->grade == 12 && chance(s->r, scaled(q->ib_ppm, gap))) {
        sit(s, TEST_IB, PART_ENGLISH, date_of(s->y->year, 4, 28));
        sit(s, TEST_IB, PART_MATH, date_of(s->y->year, 4, 29));
        sit(s, TEST_IB, PART_OTHER, date_of(s->y->year, 4, 30));
    }
}

static uint32_t shown_by_scores(const World *w, const Life *l, Subject subject, Date graduation)
{
    uint32_t set = 0;
    for (uint32_t i = 0; i < l->score_count; i++)
        for (uint32_t k = 0; k < w->menu_count; k++) {
            const Minimum *m = &w->menu[k];
            bool in_force = graduation >= m->from && (m->to == DATE_NONE || graduation <= m->to);
            if (in_force && m->subject == subject && l->scores[i].test == m->test && l->scores[i].part == m->part &&
                l->scores[i].score >= m->score)
                set |= 1U << m->option;
        }
    return set;
}

static uint32_t shown_by_courses(const World *w, const Life *l, Subject subject)
{
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        for (uint32_t c = t->first_course; t->dual == DUAL_CONCURRENT && c < t->first_course + t->course_count; c++)
            if (l->courses[c].passed && w->p.courses[l->courses[c].kind].shows[subject])
                return 1U << OPTION_CONCURRENT;
    }
    return 0;
}

static uint32_t shown(const World *w, const Life *l, Subject subject, Date graduation)
{
    return shown_by_scores(w, l, subject, graduation) | shown_by_courses(w, l, subject);
}

/* Grade 12 of a class with guidelines: who lacks a subject tries again. */
static void last_chances(const Sitter *s)
{
    const Params *q = &s->w->p;
    if (s->l->ayg < q->demonstrations_from)
        return;
    if (shown(s->w, s->l, SUBJECT_ENGLISH, s->y->end_date) && shown(s->w, s->l, SUBJECT_MATH, s->y->end_date))
        return;
    if (chance(s->r, q->accuplacer_ppm)) {
        bool first = rng_below(s->r, 2) == 0;
        Date on = date_of(s->y->year, 2, 1) + (Date)rng_below(s->r, 40);
        sit(s, TEST_ACCUPLACER, first ? PART_READING : PART_WRITING, on);
        sit(s, TEST_ACCUPLACER, first ? PART_ARITHMETIC : PART_QUANTITATIVE, on);
    }
    if (chance(s->r, q->asvab_ppm))
        sit(s, TEST_ASVAB, PART_AFQT, date_of(s->y->year - 1, 10, 11));
    if (chance(s->r, q->workkeys_ppm))
        sit(s, TEST_WORKKEYS, PART_CERTIFICATE, date_of(s->y->year - 1, 10, 12));
}

/* What the district may report. Without a score, course or credential: a capstone or a collaborative assessment, and
 * now and then an SAT that nobody finds. */
static void demonstrate(const Sitter *s, Subject subject)
{
    Life *l = s->l;
    l->shown[subject] = shown(s->w, l, subject, l->completion_date);
    uint32_t set = l->shown[subject];
    if (l->credential_count > 0)
        set |= 1U << OPTION_CREDENTIAL;
    if (set == 0)
        set = chance(s->r, s->w->p.demonstration_unproven_ppm) ? 1U << OPTION_SAT
                                                               : 1U << OPTION_CAPSTONE | 1U << OPTION_COLLABORATIVE;
    l->reported[subject] = set;
}

void assess_live(const World *w, Rng *r, const Person *p, Life *l)
{
    Sitter s = {w, r, p, l, NULL};
    for (uint32_t i = 0; i < l->year_count; i++) {
        s.y = &l->years[i];
        if (s.y->programs & (PROGRAM_ASCENT | PROGRAM_TREP) || !in_school_all_year(l, s.y))
            continue;
        if (s.y->grade == 11)
            college_entrance(&s);
        if (s.y->grade >= 11)
            advanced_exams(&s);
        if (s.y->grade == 12)
            last_chances(&s);
    }
    if (l->completion != EXIT_GRADUATED || l->ayg < w->p.demonstrations_from)
        return;
    demonstrate(&s, SUBJECT_ENGLISH);
    demonstrate(&s, SUBJECT_MATH);
}
