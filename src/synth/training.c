/*
 * Training: what the career and technical education collection and the programme files know beyond schools, colleges
 * and jobs. Programmes follow from the life that has been lived; only what no other agency sees (units, skill gains,
 * follow-up answers) is drawn here, from a stream of the person's own, so that other files keep their bytes.
 */
#include "synth/life.h"

#define TRAINING_STREAM (UINT64_C(0x7472) << 48)
#define MILITARY_QUARTERS 16

typedef struct Trainee {
    const World *w;
    const Person *p;
    Life *l;
    Rng r;
} Trainee;

static bool studied_in(const Life *l, Quarter q)
{
    Date from = quarter_begin(q), to = quarter_begin(q + 1) - 1;
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        if (term_begin(t->year, t->season) <= to && term_end(t->year, t->season) >= from)
            return true;
    }
    return false;
}

static bool worked_in(const World *w, const Life *l, Quarter q)
{
    for (uint32_t i = 0; i < l->wage_count; i++)
        if (l->wages[i].quarter == q)
            return true;
    return q >= w->first_quarter && q <= w->last_quarter && l->unseen[q - w->first_quarter] != SEEN &&
           l->unseen[q - w->first_quarter] != UNSEEN_MILITARY;
}

/* What a person answers who is asked about the second quarter after leaving. */
static Placement placed(Trainee *t, Date left)
{
    const Life *l = t->l;
    Quarter q = quarter_of(left) + 2;
    bool reached = chance(&t->r, t->w->p.cte_reached_ppm), serves = chance(&t->r, t->w->p.cte_service_ppm);
    if (!reached)
        return PLACED_NOT_REACHED;
    if (studied_in(l, q))
        return PLACED_POSTSECONDARY;
    if (l->enlisted != DATE_NONE && q >= quarter_of(l->enlisted) && q < quarter_of(l->enlisted) + MILITARY_QUARTERS)
        return PLACED_MILITARY;
    if (serves)
        return PLACED_SERVICE;
    return worked_in(t->w, l, q) ? PLACED_EMPLOYED : PLACED_NONE;
}

static CteYear *add_cte(Trainee *t, bool secondary, int year, uint32_t place, uint32_t field)
{
    Life *l = t->l;
    if (l->cte_count == MAX_CTE)
        return NULL;
    CteYear *c = &l->cte[l->cte_count++];
    *c = (CteYear){.secondary = secondary, .year = year, .place = place, .field = field, .left = DATE_NONE};
    return c;
}

/* --- at school --- */

/* The day of leaving secondary education for good, with a diploma or without; moving away and death are none. */
static Date left_secondary(const Life *l, int *year)
{
    if (l->completion != EXIT_YEAR_END) {
        *year = l->completion_year;
        return l->completion_date;
    }
    ExitKind end = l->years[l->year_count - 1].end;
    if (l->left_school == DATE_NONE || (end != EXIT_DROPOUT && end != EXIT_SUMMER_DROPOUT))
        return DATE_NONE;
    *year = date_school_year(l->left_school);
    return l->left_school;
}

static bool in_school(const Life *l, const SchoolYear *y)
{
    return l->spells[y->first_spell].entry != DATE_NONE;
}

static void end_secondary(Trainee *t, uint32_t first, uint32_t field, uint16_t tenths, uint32_t school)
{
    Life *l = t->l;
    int year = 0;
    Date left = left_secondary(l, &year);
    CteYear *last = &l->cte[l->cte_count - 1];
    if (left == DATE_NONE || year > t->w->last_year || year < last->year)
        return;
    if (year > last->year)
        last = tenths >= t->w->p.cte_concentrator_units_tenths ? add_cte(t, true, year, school, field) : NULL;
    if (!last)
        return;
    ASSERT(l->cte_count > first);
    last->tenths = tenths;
    last->completed = tenths >= t->w->p.cte_completer_units_tenths;
    last->left = left;
    last->placement = placed(t, left);
}

static void learn_at_school(Trainee *t)
{
    const World *w = t->w;
    Life *l = t->l;
    uint32_t first = l->cte_count, field = NO_INDEX, school = 0;
    uint16_t tenths = 0;
    for (uint32_t i = 0; i < l->year_count; i++) {
        const SchoolYear *y = &l->years[i];
        school = y->school;
        if (!(y->programs & PROGRAM_CTE) || !in_school(l, y))
            continue;
        if (field == NO_INDEX || chance(&t->r, w->p.cte_change_ppm)) {
            field = rng_pick(&t->r, w->p.cte_cumulative, w->p.field_count);
            tenths = 0;
            for (uint32_t c = first; c < l->cte_count; c++)
                if (l->cte[c].field == field)
                    tenths = l->cte[c].tenths;
        }
        tenths = (uint16_t)(tenths + (chance(&t->r, w->p.cte_unit_ppm) ? 10 : 5));
        CteYear *c = add_cte(t, true, y->year, y->school, field);
        if (!c)
            return;
        c->tenths = tenths;
        c->completed = tenths >= w->p.cte_completer_units_tenths;
    }
    if (field != NO_INDEX)
        end_secondary(t, first, field, tenths, school);
}

/* --- at college --- */

static bool cte_term(const World *w, const Term *t)
{
    const College *c = &w->colleges[t->college];
    return t->dual == DUAL_NONE && c->two_year && c->state_code.len > 0 && t->field != NO_INDEX &&
           w->p.fields[t->field].cte;
}

static int fiscal_year(const Term *t)
{
    return t->season == SEASON_SPRING ? t->year : t->year + 1;
}

static CteYear *college_year(Trainee *t, const Term *term)
{
    Life *l = t->l;
    int year = fiscal_year(term);
    uint16_t before = 0;
    for (uint32_t i = 0; i < l->cte_count; i++) {
        CteYear *c = &l->cte[i];
        if (c->secondary || c->place != term->college || c->field != term->field)
            continue;
        if (c->year == year)
            return c;
        before = c->tenths > before ? c->tenths : before;
    }
    CteYear *c = add_cte(t, false, year, term->college, term->field);
    if (c)
        c->tenths = before;
    return c;
}

static const Award *cte_award(const Life *l, const CteYear *c)
{
    for (uint32_t i = 0; i < l->award_count; i++)
        if (l->awards[i].college == c->place && l->awards[i].field == c->field)
            return &l->awards[i];
    return NULL;
}

/* The last year of one programme: completed with the award, or left when no later term is on record. */
static void end_program(Trainee *t, CteYear *c)
{
    const Life *l = t->l;
    Date last = DATE_NONE;
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *x = &l->terms[i];
        if (!cte_term(t->w, x) || x->college != c->place || x->field != c->field)
            continue;
        if (fiscal_year(x) > c->year)
            return;
        last = term_end(x->year, x->season);
    }
    const Award *a = cte_award(l, c);
    bool over = a != NULL || last < date_of(t->w->last_year, 8, 1);
    if (!over)
        return;
    c->completed = a != NULL;
    c->left = a && a->date > last ? a->date : last;
    if (date_school_year(c->left) != c->year)
        c->left = date_of(c->year, 6, 30);
    c->placement = placed(t, c->left);
}

static void learn_at_college(Trainee *t)
{
    const World *w = t->w;
    Life *l = t->l;
    uint32_t first = l->cte_count;
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *x = &l->terms[i];
        CteYear *c = cte_term(w, x) ? college_year(t, x) : NULL;
        for (uint32_t k = x->first_course; c && k < x->first_course + x->course_count; k++)
            c->tenths =
                (uint16_t)(c->tenths + (l->courses[k].passed ? w->p.courses[l->courses[k].kind].credits * 10 : 0));
    }
    for (uint32_t i = first; i < l->cte_count; i++) {
        CteYear *c = &l->cte[i];
        const Award *a = cte_award(l, c);
        c->program_tenths = (uint16_t)(a && a->level == LEVEL_CERTIFICATE
                                           ? (c->field % 3 == 0 ? w->p.cte_short_tenths : w->p.cte_certificate_tenths)
                                           : w->p.cte_degree_tenths);
        end_program(t, c);
    }
}

/* --- workforce programmes --- */

static void gain_skills(Trainee *t, Participation *x)
{
    Date end = x->exit != DATE_NONE ? x->exit : date_of(t->w->last_year, 12, 31);
    uint32_t first = (uint32_t)rng_below(&t->r, GAIN_COUNT);
    for (int year = date_school_year(x->entry) - 1, n = 0; date_of(year, 7, 1) <= end; year++, n++) {
        Date from = date_of(year, 7, 1) > x->entry ? date_of(year, 7, 1) : x->entry;
        Date to = date_of(year + 1, 6, 30) < end ? date_of(year + 1, 6, 30) : end;
        uint64_t day = rng_below(&t->r, (uint64_t)(to - from) + 1);
        if (chance(&t->r, t->w->p.wioa_gain_ppm) && n < GAIN_COUNT)
            x->gains[(first + (uint32_t)n) % GAIN_COUNT] = from + (Date)day;
    }
}

static void detail_program(Trainee *t, Participation *x)
{
    const Params *q = &t->w->p;
    for (int i = 0; i < GAIN_COUNT; i++)
        x->gains[i] = DATE_NONE;
    x->on_the_job = x->training && chance(&t->r, q->wioa_on_the_job_ppm);
    x->secondary_credential = x->kind == WORKFORCE_YOUTH && chance(&t->r, q->wioa_secondary_credential_ppm);
    x->education = x->training && !x->on_the_job ? x->entry : DATE_NONE;
    if (x->education != DATE_NONE)
        gain_skills(t, x);
    /* who is still in has a further service before them; who left had the last one on the day of exit */
    x->last_service = x->exit;
    if (x->exit == DATE_NONE) {
        Date end = date_of(t->w->last_year, 12, 31);
        x->last_service = x->entry + (Date)rng_below(&t->r, (uint64_t)(end - x->entry) + 1);
    }
}

void training_live(const World *w, const Person *p, Life *l)
{
    Trainee t = {.w = w, .p = p, .l = l};
    rng_init(&t.r, w->seed, TRAINING_STREAM | p->id);
    if (p->student && l->year_count > 0)
        learn_at_school(&t);
    learn_at_college(&t);
    for (uint32_t i = 0; i < l->program_count; i++)
        detail_program(&t, &l->programs[i]);
}
