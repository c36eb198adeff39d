/*
 * Work: quarter by quarter from the sixteenth birthday. A person holds up to two jobs with employers of the register;
 * or works unseen by the state's wage files (self-employed, federal, military, in another state). Pay depends on the
 * award, field, industry, employer, place, experience, year and person, all in integers.
 */
#include "synth/life.h"

#define SLOTS 2
#define NO_JOB UINT32_MAX
#define MILITARY_QUARTERS 16

typedef enum Phase { PHASE_SCHOOL, PHASE_COLLEGE, PHASE_AFTER } Phase;

typedef struct Worker {
    const World *w;
    Rng *r;
    const Person *p;
    Life *l;
    uint32_t job[SLOTS];
    Unseen unseen;
    Quarter unseen_until;         /* military only */
    int64_t employment, earnings; /* gaps, permille */
    bool rural;
} Worker;

static const Term *term_in(const Life *l, Date from, Date to)
{
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        if (t->dual == DUAL_NONE && term_begin(t->year, t->season) <= to && term_end(t->year, t->season) >= from)
            return t;
    }
    return NULL;
}

static Phase phase_of(const Worker *k, Quarter q, bool *away)
{
    const Life *l = k->l;
    Date from = quarter_begin(q), to = from + 89;
    *away = false;
    if (!k->p->student)
        return PHASE_AFTER;
    if (l->year_count > 0 && l->left_school == DATE_NONE)
        return PHASE_SCHOOL;
    if (l->left_school != DATE_NONE && from < l->left_school)
        return PHASE_SCHOOL;
    const Term *t = term_in(l, from, to);
    if (!t)
        return PHASE_AFTER;
    *away = !slice_eq_z(k->w->colleges[t->college].state, k->w->p.home_state);
    return PHASE_COLLEGE;
}

/* A few draws from the market; the county's first employer lives through the whole window. */
static uint32_t draw_employer(Worker *k, Quarter q, bool young)
{
    const World *w = k->w;
    uint32_t place = chance(k->r, w->p.work_local_ppm) ? k->p->county : w->county_count;
    const Market *m = &w->markets[place];
    for (int i = 0; i < 8; i++) {
        uint32_t e = m->employer[rng_pick(k->r, young ? m->young : m->adult, m->count)];
        if (w->employers[e].first <= q && w->employers[e].last > q + 1)
            return e;
    }
    return k->p->county;
}

static void start_job(Worker *k, Quarter q, uint32_t slot)
{
    Life *l = k->l;
    if (l->job_count == MAX_JOBS)
        return;
    bool young = date_year(quarter_begin(q)) - date_year(k->p->birth) < 22;
    Job *j = &l->jobs[l->job_count];
    *j = (Job){.employer = draw_employer(k, q, young), .start = q, .end = q};
    /* 1 + z s + (z s)^2 / 2: the exponential's first terms, so that pay leans to the right as real pay does */
    int64_t z = (int64_t)(rng_normal(k->r) * (double)k->w->p.wage_spread_permille);
    int64_t pay = 1000 + z + z * z / 2000;
    j->pay_permille = pay < 300 ? 300 : pay;
    k->job[slot] = l->job_count++;
}

static void start_unseen(Worker *k, Unseen kind)
{
    k->unseen = kind;
    k->job[0] = k->job[1] = NO_JOB;
}

static int64_t base_pay(const Params *p, Level level)
{
    switch (level) {
    case LEVEL_HIGH_SCHOOL:
        return p->wage_high_school_cents;
    case LEVEL_CERTIFICATE:
        return p->wage_certificate_cents;
    case LEVEL_ASSOCIATE:
        return p->wage_associate_cents;
    case LEVEL_BACHELOR:
        return p->wage_bachelor_cents;
    case LEVEL_MASTER:
        return p->wage_master_cents;
    case LEVEL_NONE:
    case LEVEL_COUNT:
        break;
    }
    return p->wage_none_cents;
}

/* What one job pays in a full quarter, before noise. */
static int64_t full_pay(const Worker *k, const Job *j, Quarter q, Phase phase)
{
    const World *w = k->w;
    const Params *p = &w->p;
    Date day = quarter_begin(q);
    Level level = k->p->student ? life_level(k->l, day) : k->l->award_count ? LEVEL_CERTIFICATE : LEVEL_HIGH_SCHOOL;
    int64_t pay = base_pay(p, level);
    if (level >= LEVEL_CERTIFICATE && k->l->study_field != NO_INDEX)
        pay = pay * p->fields[k->l->study_field].wage_permille / 1000;
    const Employer *e = &w->employers[j->employer];
    pay = pay * p->sectors[e->sector].wage_permille / 1000 * e->wage_permille / 1000;
    pay = pay * k->p->ability / 1000 * j->pay_permille / 1000 * k->earnings / 1000;
    int64_t years = date_year(day) - date_year(k->p->birth) - 18;
    years = years < 0 ? 0 : years > p->wage_experience_years ? p->wage_experience_years : years;
    pay = pay * (1000 + years * p->wage_experience_permille) / 1000;
    pay = pay * w->growth[(q - w->first_quarter) / 4] / 1000;
    if (k->rural)
        pay = pay * p->wage_rural_permille / 1000;
    if (phase != PHASE_AFTER)
        pay = pay * (phase == PHASE_SCHOOL ? p->wage_school_permille : p->wage_college_permille) / 1000;
    for (uint32_t i = 0; i < k->l->program_count; i++)
        if (k->l->programs[i].kind == WORKFORCE_APPRENTICE && k->l->programs[i].entry <= day)
            pay = pay * p->apprentice_wage_permille / 1000;
    return pay;
}

static void earn(Worker *k, uint32_t job, Quarter q, Phase phase, bool partial)
{
    Life *l = k->l;
    if (l->wage_count == MAX_WAGES)
        return;
    Job *j = &l->jobs[job];
    int64_t pay = full_pay(k, j, q, phase);
    uint64_t u = rng_u64(k->r);
    int64_t lanes = (int64_t)((u & 0xffff) + (u >> 16 & 0xffff) + (u >> 32 & 0xffff)) - 98302; /* about +-98302 */
    pay = pay * (1000 * 98302 + lanes * k->w->p.wage_noise_permille / 1000 * 1000) / (1000 * INT64_C(98302));
    if (partial)
        pay = pay * (150 + (int64_t)(u >> 48) * 850 / 65536) / 1000;
    j->end = q;
    l->wages[l->wage_count++] = (Wage){.quarter = q, .job = job, .cents = pay < 5000 ? 5000 : pay};
}

static void live_unseen(Worker *k, Quarter q)
{
    const Params *p = &k->w->p;
    bool ends;
    if (k->unseen == UNSEEN_MILITARY)
        ends = q >= k->unseen_until;
    else if (k->unseen == UNSEEN_OUT_OF_STATE)
        ends = chance(k->r, p->return_state_year_ppm / 4);
    else
        ends = chance(k->r, p->end_unseen_ppm);
    if (ends)
        k->unseen = SEEN;
    else
        k->l->unseen[q - k->w->first_quarter] = (uint8_t)k->unseen;
}

static void look_for_work(Worker *k, Quarter q, Phase phase)
{
    const Params *p = &k->w->p;
    int64_t rate = phase == PHASE_SCHOOL    ? p->start_job_school_ppm
                   : phase == PHASE_COLLEGE ? p->start_job_college_ppm
                                            : p->start_job_after_ppm;
    if (!chance(k->r, scaled(rate, k->employment)))
        return;
    if (phase == PHASE_AFTER) {
        int64_t u = (int64_t)rng_below(k->r, 1000000);
        Unseen kind = u < p->self_employed_ppm                                       ? UNSEEN_SELF_EMPLOYED
                      : u < p->self_employed_ppm + p->federal_ppm                    ? UNSEEN_FEDERAL
                      : u < p->self_employed_ppm + p->federal_ppm + p->work_away_ppm ? UNSEEN_OUT_OF_STATE
                                                                                     : SEEN;
        if (kind != SEEN) {
            start_unseen(k, kind);
            k->l->unseen[q - k->w->first_quarter] = (uint8_t)kind;
            return;
        }
    }
    start_job(k, q, 0);
}

static void work_quarter(Worker *k, Quarter q, Phase phase)
{
    const Params *p = &k->w->p;
    int64_t end = phase == PHASE_SCHOOL    ? p->end_job_school_ppm
                  : phase == PHASE_COLLEGE ? p->end_job_college_ppm
                                           : p->end_job_after_ppm;
    bool ending[SLOTS] = {false, false};
    for (uint32_t s = 0; s < SLOTS; s++)
        if (k->job[s] != NO_JOB)
            ending[s] = chance(k->r, end) || k->w->employers[k->l->jobs[k->job[s]].employer].last <= q;
    if (k->job[0] == NO_JOB)
        look_for_work(k, q, phase);
    else if (k->job[1] == NO_JOB && phase != PHASE_SCHOOL && chance(k->r, p->second_job_ppm))
        start_job(k, q, 1);
    for (uint32_t s = 0; s < SLOTS; s++) {
        if (k->job[s] == NO_JOB)
            continue;
        bool first = k->l->jobs[k->job[s]].start == q;
        earn(k, k->job[s], q, phase, first || ending[s]);
        if (ending[s])
            k->job[s] = NO_JOB;
    }
    if (k->job[0] == NO_JOB && k->job[1] != NO_JOB) {
        k->job[0] = k->job[1];
        k->job[1] = NO_JOB;
    }
}

/* Who has left the state with the family stays unseen until a return. */
static bool gone_from_state(const Worker *k, Quarter q)
{
    const Life *l = k->l;
    if (l->year_count == 0 || l->left_school == DATE_NONE || l->completion != EXIT_YEAR_END)
        return false;
    ExitKind end = l->years[l->year_count - 1].end;
    return (end == EXIT_LEFT_VERIFIED || end == EXIT_LEFT_UNVERIFIED) && quarter_of(l->left_school) + 1 == q;
}

static void live_quarter(Worker *k, Quarter q)
{
    bool away = false;
    Phase phase = phase_of(k, q, &away);
    const Life *l = k->l;
    if (l->enlisted != DATE_NONE && quarter_of(l->enlisted) == q) {
        start_unseen(k, UNSEEN_MILITARY);
        k->unseen_until = q + MILITARY_QUARTERS;
    } else if (gone_from_state(k, q) || (phase == PHASE_AFTER && chance(k->r, k->w->p.leave_state_year_ppm / 4))) {
        start_unseen(k, UNSEEN_OUT_OF_STATE);
    }
    if (away) {
        start_unseen(k, UNSEEN_OUT_OF_STATE);
        k->l->unseen[q - k->w->first_quarter] = UNSEEN_OUT_OF_STATE;
        bool last_term = true, still = false;
        (void)phase_of(k, q + 1, &still);
        last_term = !still;
        if (last_term && chance(k->r, k->w->p.away_return_ppm))
            k->unseen = SEEN;
        return;
    }
    if (k->unseen != SEEN)
        live_unseen(k, q);
    else
        work_quarter(k, q, phase);
}

static void draw_participation(Worker *k, Workforce kind, Date from, Date to)
{
    const Params *p = &k->w->p;
    Life *l = k->l;
    if (to - from < 200 || l->program_count == MAX_PROGRAMS)
        return;
    Participation *x = &l->programs[l->program_count++];
    *x = (Participation){.kind = kind, .credential = DATE_NONE, .exit = DATE_NONE};
    x->entry = from + (Date)rng_below(k->r, (uint64_t)(to - from));
    Date exit = x->entry + (kind == WORKFORCE_APPRENTICE ? 900 : 60) + (Date)rng_below(k->r, 420);
    Date end = date_of(k->w->last_year, 12, 31);
    x->exit = exit <= end ? exit : DATE_NONE;
    x->training = kind == WORKFORCE_APPRENTICE || chance(k->r, p->wioa_training_ppm);
    x->low_income = k->p->low_income || chance(k->r, p->wioa_low_income_ppm);
    if (x->training && x->exit != DATE_NONE && chance(k->r, p->wioa_credential_ppm))
        x->credential = x->exit - (Date)rng_below(k->r, 30);
    if (!x->training || kind == WORKFORCE_APPRENTICE || !chance(k->r, p->wioa_training_college_ppm))
        return;
    /* training at a two-year college leaves unit records too: the bridge from name to SSN for adults */
    uint32_t college = k->w->college_index[0][rng_pick(k->r, k->w->college_cumulative[0], k->w->college_pool[0])];
    if (l->study_field == NO_INDEX)
        l->study_field = rng_pick(k->r, p->two_year_cumulative, p->field_count);
    int year = date_year(x->entry);
    if (term_begin(year, SEASON_FALL) < x->entry || term_begin(year, SEASON_FALL) > end)
        return;
    for (uint32_t i = 0; i < l->term_count; i++)
        if (l->terms[i].year == year && l->terms[i].season == SEASON_FALL)
            return;
    add_term(k->w, k->r, l, year, SEASON_FALL, college, DUAL_NONE, 3);
}

static void draw_programs(Worker *k)
{
    const Params *p = &k->w->p;
    const Life *l = k->l;
    Date from = date_of(k->w->first_year, 7, 1), to = date_of(k->w->last_year, 6, 30);
    Date adult = k->p->birth + 18 * 366;
    if (!k->p->student) {
        from = adult > from ? adult : from;
        if (chance(k->r, p->wioa_adult_ppm))
            draw_participation(k, rng_below(k->r, 3) == 0 ? WORKFORCE_DISLOCATED : WORKFORCE_ADULT, from, to);
        return;
    }
    if (l->left_school == DATE_NONE)
        return;
    from = l->left_school + 60 > from ? l->left_school + 60 : from;
    to = to < from + 1400 ? to : from + 1400;
    int64_t rate = p->wioa_youth_ppm * (k->p->low_income ? 1500 : 500) / 1000;
    if (l->completion == EXIT_YEAR_END)
        rate *= 3;
    if (chance(k->r, rate))
        draw_participation(k, WORKFORCE_YOUTH, from, to);
    else if (l->completion != EXIT_YEAR_END && chance(k->r, p->apprenticeship_ppm))
        draw_participation(k, WORKFORCE_APPRENTICE, from, to);
}

void work_live(const World *w, Rng *r, const Person *p, Life *l)
{
    Worker k = {.w = w, .r = r, .p = p, .l = l, .job = {NO_JOB, NO_JOB}};
    uint8_t flags = (uint8_t)(p->flags | (p->low_income ? FLAG_LOW_INCOME : 0));
    k.employment = gap_permille(w, p, flags, GAP_EMPLOYMENT);
    k.earnings = gap_permille(w, p, flags, GAP_EARNINGS);
    k.rural = w->districts[w->schools[p->school].district].rural;
    draw_programs(&k);
    Quarter q = quarter_of(p->birth + 16 * 365 + 4);
    q = q < w->first_quarter ? w->first_quarter : q;
    if (p->student && l->year_count > 0) {
        /* newcomers did not work here before they came */
        Date first = l->spells[0].entry;
        q = first != DATE_NONE && l->spells[0].year > w->first_year && quarter_of(first) > q ? quarter_of(first) : q;
    } else if (q == w->first_quarter && chance(r, 700000) && p->ssn) {
        start_job(&k, q, 0);
        if (k.job[0] != NO_JOB)
            l->jobs[0].start = q - 1;
    }
    if (p->ssn == 0)
        return;
    Quarter last =
        l->died != DATE_NONE && quarter_of(l->died) < w->last_quarter ? quarter_of(l->died) : w->last_quarter;
    for (; q <= last; q++)
        live_quarter(&k, q);
}
