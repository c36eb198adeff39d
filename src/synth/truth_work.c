/*
 * Truth of what came after: college, training and work, from the lives, never from the files. The rules are written
 * down a second time here, on purpose, and not taken from the policy's SQL; each is what its law or publisher says
 * (docs/measures.md has the sources):
 *   - a person enters college with the first ordinary term at a college of the unit records; who studied elsewhere
 * before has transferred in; the looks are at 31 August;
 *   - normal time is 1, 2 and 4 years for a certificate, an associate and a bachelor, from the 31 August at the
 * beginning of the year of entry;
 *   - a concentrator has two Carnegie units in one programme, or 12 credits of it, or has finished a shorter one;
 *   - the six definitions of employment and earnings are asked about a quarter so many after that of the award, the
 * completion or the exit from a programme; a definition that looks at a quarter outside the state's wages says nothing.
 */
#include "synth/truth_cells.h"
#include "synth/writers.h"

enum { BLOCK_QUARTERS = 7, ASKED = 4, FEDERAL_MINIMUM_CENTS = 725, KENTUCKY_CENTS = 300000 };

void truth_work_heads(Buf *college, Buf *training, Buf *work)
{
    buf_adds(college,
        "person,institution,two_year,entry_year,entry_begin,fall_cohort,transfer_in,away_terms,persisted_same,"
        "persisted,credits,completed_100,completed_150,completed_200,transferred,status_2,status_4,status_6,associate_"
        "year,associate_hundredths,bachelor_year,bachelor_hundredths\n");
    buf_adds(training, "person,item,year,cip,place,hit\n");
    buf_adds(work, "person,kind,year,level,place,after_quarters,wage_quarters,calendar_quarters,leo_quarters,"
                   "calendar_study,leo_study,kentucky,wioa,pseo,scorecard,leo,adrf,naics,work_county\n");
}

/* --- college --- */

typedef struct Entry {
    const World *w;
    const Life *l;
    const Term *first;
    int year;    /* fiscal year of the first term */
    int fall;    /* calendar year of the fall in it */
    bool cohort; /* enrolled in that fall */
} Entry;

static bool reports(const World *w, uint32_t college)
{
    return w->colleges[college].state_code.len > 0;
}

/* Two colleges are one where they share their code. */
static bool same_college(const World *w, uint32_t a, uint32_t b)
{
    return a == b || (reports(w, a) && slice_eq(w->colleges[a].state_code, w->colleges[b].state_code));
}

static int fiscal_of(const Term *t)
{
    return t->season == SEASON_SPRING ? t->year : t->year + 1;
}

static bool find_entry(const World *w, const Life *l, Entry *e)
{
    *e = (Entry){.w = w, .l = l};
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        if (t->dual != DUAL_NONE || !reports(w, t->college))
            continue;
        if (!e->first || term_begin(t->year, t->season) < term_begin(e->first->year, e->first->season))
            e->first = t;
    }
    if (!e->first)
        return false;
    e->year = fiscal_of(e->first);
    e->fall = e->year - 1;
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        e->cohort |= t->dual == DUAL_NONE && t->season == SEASON_FALL && t->year == e->fall &&
                     same_college(w, t->college, e->first->college);
    }
    return true;
}

static bool elsewhere_before(const Entry *e)
{
    Date begin = term_begin(e->first->year, e->first->season);
    for (uint32_t i = 0; i < e->l->term_count; i++) {
        const Term *t = &e->l->terms[i];
        if (t->dual == DUAL_NONE && term_begin(t->year, t->season) < begin)
            return true;
    }
    return false;
}

/* Enrolled in the fall of a year, at the college of entry only or anywhere. */
static bool enrolled_in_fall(const Entry *e, int year, bool same)
{
    for (uint32_t i = 0; i < e->l->term_count; i++) {
        const Term *t = &e->l->terms[i];
        if (t->dual == DUAL_NONE && t->season == SEASON_FALL && t->year == year &&
            (!same || same_college(e->w, t->college, e->first->college)))
            return true;
    }
    return false;
}

static const Award *award_by(const Entry *e, Date day, bool same)
{
    for (uint32_t i = 0; i < e->l->award_count; i++) {
        const Award *a = &e->l->awards[i];
        if (a->date <= day && a->date >= term_begin(e->first->year, e->first->season) &&
            (!same || same_college(e->w, a->college, e->first->college)))
            return a;
    }
    return NULL;
}

/* 31 August plus so many months, the end of the month. */
static Date look_day(int year, int months)
{
    int month = 8 + months; /* of the year, from 1 */
    year += month / 12;
    month = month % 12 + 1; /* the month after */
    return date_of(year, month, 1) - 1;
}

static bool completed_in(const Entry *e, int percent)
{
    static const int years[LEVEL_COUNT] = {0, 0, 1, 2, 4, 0};
    for (uint32_t i = 0; i < e->l->award_count; i++) {
        const Award *a = &e->l->awards[i];
        int normal = years[a->level];
        if (normal > 0 && same_college(e->w, a->college, e->first->college) &&
            a->date >= term_begin(e->first->year, e->first->season) &&
            a->date <= look_day(e->fall, normal * 12 * percent / 100))
            return true;
    }
    return false;
}

static int64_t first_year_credits(const Entry *e)
{
    int64_t credits = 0;
    for (uint32_t i = 0; i < e->l->term_count; i++) {
        const Term *t = &e->l->terms[i];
        if (t->dual != DUAL_NONE || fiscal_of(t) != e->year || !reports(e->w, t->college))
            continue;
        for (uint32_t c = t->first_course; c < t->first_course + t->course_count; c++)
            credits += e->l->courses[c].passed ? e->w->p.courses[e->l->courses[c].kind].credits : 0;
    }
    return credits;
}

static bool moved_up(const Entry *e)
{
    Date begin = term_begin(e->first->year, e->first->season);
    for (uint32_t i = 0; i < e->l->term_count; i++) {
        const Term *t = &e->l->terms[i];
        Date day = term_begin(t->year, t->season);
        if (t->dual == DUAL_NONE && day > begin && fiscal_of(t) < e->year + 6 && !e->w->colleges[t->college].two_year)
            return true;
    }
    return false;
}

static const char *status_at(const Entry *e, int years)
{
    if (award_by(e, look_day(e->fall, years * 12), false))
        return "completed";
    bool same = false, other = false;
    for (uint32_t i = 0; i < e->l->term_count; i++) {
        const Term *t = &e->l->terms[i];
        if (t->dual != DUAL_NONE || fiscal_of(t) != e->year + years - 1)
            continue;
        same |= same_college(e->w, t->college, e->first->college);
        other |= !same_college(e->w, t->college, e->first->college);
    }
    return same ? "enrolled" : other ? "transferred" : "left";
}

/* Years from the first ordinary term to the first award of a level from the unit records, in hundredths. */
static void degree_cells(const Entry *e, Level level, Buf *b)
{
    Date begin = DATE_NONE;
    for (uint32_t i = 0; i < e->l->term_count; i++) {
        const Term *t = &e->l->terms[i];
        Date day = term_begin(t->year, t->season);
        if (t->dual == DUAL_NONE && (begin == DATE_NONE || day < begin))
            begin = day;
    }
    const Award *first = NULL;
    for (uint32_t i = 0; i < e->l->award_count; i++) {
        const Award *a = &e->l->awards[i];
        if (a->level == level && reports(e->w, a->college) && (!first || a->date < first->date))
            first = a;
    }
    if (!first || first->date < begin) {
        buf_adds(b, ",,");
        return;
    }
    cell_u64(b, (uint64_t)date_school_year(first->date));
    cell_u64(b, (uint64_t)(((int64_t)(first->date - begin) * 400 + 730) / 1461));
}

static uint64_t away_terms(const Entry *e)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < e->l->term_count; i++)
        n += e->l->terms[i].dual == DUAL_NONE && !reports(e->w, e->l->terms[i].college);
    return n;
}

static void college_truth(const World *w, const Person *p, const Life *l, Buf *b)
{
    Entry e;
    if (!find_entry(w, l, &e)) {
        if (away_terms(&e) == 0)
            return;
        buf_add_u64(b, p->id);
        buf_adds(b, ",,,,,,,");
        buf_add_u64(b, away_terms(&e));
        buf_adds(b, ",,,,,,,,,,,,,,\n");
        return;
    }
    buf_add_u64(b, p->id);
    cell_text(b, w->colleges[e.first->college].state_code);
    cell_u64(b, w->colleges[e.first->college].two_year);
    cell_u64(b, (uint64_t)e.year);
    cell_date(b, term_begin(e.first->year, e.first->season));
    cell_u64(b, e.cohort);
    cell_u64(b, elsewhere_before(&e));
    cell_u64(b, away_terms(&e));
    bool awarded = award_by(&e, look_day(e.fall + 1, 0), false) != NULL;
    bool awarded_here = award_by(&e, look_day(e.fall + 1, 0), true) != NULL;
    cell_u64(b, awarded_here || enrolled_in_fall(&e, e.fall + 1, true));
    cell_u64(b, awarded || enrolled_in_fall(&e, e.fall + 1, false));
    cell_u64(b, (uint64_t)first_year_credits(&e));
    for (int percent = 100; percent <= 200; percent += 50)
        cell_u64(b, completed_in(&e, percent));
    cell_u64(b, moved_up(&e));
    for (int years = 2; years <= 6; years += 2)
        cell_text(b, span(status_at(&e, years)));
    degree_cells(&e, LEVEL_ASSOCIATE, b);
    degree_cells(&e, LEVEL_BACHELOR, b);
    buf_addc(b, '\n');
}

/* --- training --- */

static void training_row(const Person *p, const char *item, int year, const char *cip, Slice place, bool hit, Buf *b)
{
    buf_add_u64(b, p->id);
    cell_text(b, span(item));
    cell_u64(b, (uint64_t)year);
    cell_text(b, span(cip));
    cell_text(b, place);
    cell_u64(b, hit);
    buf_addc(b, '\n');
}

static int64_t wages_of(const Life *l, Quarter q)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < l->wage_count; i++)
        sum += l->wages[i].quarter == q ? l->wages[i].cents : 0;
    return sum;
}

static bool at_college_in(const Life *l, Quarter q)
{
    Date from = quarter_begin(q), to = quarter_begin(q + 1) - 1;
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        if (t->dual == DUAL_NONE && term_begin(t->year, t->season) <= to && term_end(t->year, t->season) >= from)
            return true;
    }
    return false;
}

static bool concentrates(const World *w, const CteYear *c)
{
    if (c->secondary)
        return c->tenths >= w->p.cte_concentrator_units_tenths;
    return c->tenths >= 120 || (c->completed && c->program_tenths < 120);
}

/* Placed by the collection's own follow-up, or seen at work, at college or enlisted. */
static bool placed_in_q2(const Life *l, const CteYear *c)
{
    Quarter q = quarter_of(c->left) + 2;
    bool told = c->placement != PLACED_UNASKED && c->placement != PLACED_NONE && c->placement != PLACED_NOT_REACHED;
    bool enlisted = l->enlisted != DATE_NONE && quarter_of(l->enlisted) <= q;
    return told || enlisted || wages_of(l, q) > 0 || at_college_in(l, q);
}

/* A college award or a listed credential by a year after leaving, not before the programme was begun. */
static bool credentialed(const World *w, const Life *l, const CteYear *c, int first_year)
{
    int y, m, d;
    date_civil(c->left, &y, &m, &d);
    Date end = m == 2 && d == 29 ? date_of(y + 1, 2, 28) : date_of(y + 1, m, d), begin = date_of(first_year - 1, 7, 1);
    for (uint32_t i = 0; i < l->award_count; i++)
        if (reports(w, l->awards[i].college) && l->awards[i].date >= begin && l->awards[i].date <= end)
            return true;
    for (uint32_t i = 0; i < l->credential_count; i++) {
        const Credential *k = &w->credentials[l->credentials[i].credential];
        Date day = l->credentials[i].date;
        if (day >= begin && day <= end && (k->from == DATE_NONE || day >= k->from) &&
            (k->to == DATE_NONE || day <= k->to))
            return true;
    }
    return false;
}

/* The programme in which the person became a concentrator first; of two in one year that with the smaller CIP. */
static const CteYear *concentration(const World *w, const Life *l, bool secondary)
{
    const CteYear *first = NULL;
    for (uint32_t i = 0; i < l->cte_count; i++) {
        const CteYear *c = &l->cte[i];
        if (c->secondary != secondary || !concentrates(w, c))
            continue;
        if (!first || c->year < first->year ||
            (c->year == first->year && strcmp(w->p.fields[c->field].cip, w->p.fields[first->field].cip) < 0))
            first = c;
    }
    return first;
}

static void cte_truth(const World *w, const Person *p, const Life *l, bool secondary, Buf *b)
{
    const CteYear *k = concentration(w, l, secondary);
    if (!k)
        return;
    const char *cip = w->p.fields[k->field].cip;
    int began = k->year;
    for (uint32_t i = 0; i < l->cte_count; i++) {
        const CteYear *c = &l->cte[i];
        if (c->secondary == secondary && c->field == k->field && c->year < began)
            began = c->year;
    }
    Slice place = secondary ? w->districts[w->schools[k->place].district].code : w->colleges[k->place].state_code;
    training_row(p, secondary ? "school_concentrator" : "college_concentrator", k->year, cip, place, true, b);
    for (uint32_t i = 0; i < l->cte_count; i++) {
        const CteYear *c = &l->cte[i];
        bool programme = c->field == k->field && (secondary || c->place == k->place);
        if (c->secondary != secondary || c->year < k->year)
            continue;
        if (programme)
            training_row(p, secondary ? "school_year" : "college_year", c->year, cip, place, true, b);
        if (c->left == DATE_NONE || !(secondary || programme))
            continue;
        training_row(p, secondary ? "school_left" : "college_left", c->year, cip, place, placed_in_q2(l, c), b);
        if (!secondary)
            training_row(p, "college_completed", c->year, cip, place, c->completed, b);
        if (!secondary)
            training_row(p, "college_credential", c->year, cip, place, credentialed(w, l, c, began), b);
    }
}

static bool same_employer(const Life *l, Quarter a, Quarter b)
{
    for (uint32_t i = 0; i < l->wage_count; i++)
        for (uint32_t j = 0; j < l->wage_count; j++)
            if (l->wages[i].quarter == a && l->wages[j].quarter == b &&
                l->jobs[l->wages[i].job].employer == l->jobs[l->wages[j].job].employer)
                return true;
    return false;
}

static bool program_credential(const Life *l, const Participation *x)
{
    if (x->credential == DATE_NONE)
        return false;
    if (!x->secondary_credential)
        return true;
    Quarter q = quarter_of(x->exit);
    for (int i = 1; i <= 4; i++)
        if (wages_of(l, q + i) > 0)
            return true;
    for (uint32_t i = 0; i < l->term_count; i++) {
        Date begin = term_begin(l->terms[i].year, l->terms[i].season);
        if (l->terms[i].dual == DUAL_NONE && begin >= x->exit && begin <= x->exit + 365)
            return true;
    }
    return false;
}

static void gain_truth(const World *w, const Person *p, const Participation *x, Buf *b)
{
    Date end = x->exit != DATE_NONE ? x->exit : date_of(w->last_year + 1, 6, 30);
    if (x->education == DATE_NONE)
        return;
    for (int year = date_school_year(x->entry) - 1; date_of(year, 7, 1) <= end; year++) {
        bool gain = false;
        for (int i = 0; i < GAIN_COUNT; i++)
            gain |= x->gains[i] != DATE_NONE && date_school_year(x->gains[i]) - 1 == year;
        training_row(p, "wioa_gain", year, "", SLICE(""), gain, b);
    }
}

static bool at_school_in(const Life *l, Quarter q)
{
    Date from = quarter_begin(q), to = quarter_begin(q + 1) - 1;
    for (uint32_t i = 0; i < l->spell_count; i++) {
        const Spell *s = &l->spells[i];
        Date exit = s->exit != DATE_NONE ? s->exit : date_of(s->year, 6, 30);
        if (s->entry != DATE_NONE && s->entry <= to && exit >= from)
            return true;
    }
    return false;
}

/* In an apprenticeship, or in the schooling of a workforce programme. */
static bool in_training_in(const Life *l, Quarter q)
{
    for (uint32_t i = 0; i < l->program_count; i++) {
        const Participation *x = &l->programs[i];
        bool trains = x->kind == WORKFORCE_APPRENTICE || x->education != DATE_NONE;
        if (trains && quarter_of(x->entry) <= q && (x->exit == DATE_NONE || quarter_of(x->exit) >= q))
            return true;
    }
    return false;
}

static bool youth_placed_in(const Life *l, Quarter q)
{
    return wages_of(l, q) > 0 || at_college_in(l, q) || at_school_in(l, q) || in_training_in(l, q);
}

static void program_truth(const World *w, const Person *p, const Life *l, const Participation *x, Buf *b)
{
    if (x->kind == WORKFORCE_APPRENTICE)
        return;
    gain_truth(w, p, x, b);
    if (x->exit == DATE_NONE)
        return;
    Quarter q = quarter_of(x->exit);
    int year, m, d;
    date_civil(x->exit, &year, &m, &d);
    training_row(p, "wioa_q4", year + 1, "", SLICE(""), wages_of(l, q + 4) > 0, b);
    if (x->kind == WORKFORCE_YOUTH) {
        training_row(p, "wioa_youth_q2", date_school_year(x->exit), "", SLICE(""), youth_placed_in(l, q + 2), b);
        training_row(p, "wioa_youth_q4", year + 1, "", SLICE(""), youth_placed_in(l, q + 4), b);
    }
    if (wages_of(l, q + 2) > 0)
        training_row(p, "wioa_same_employer", year + 1, "", SLICE(""), same_employer(l, q + 2, q + 4), b);
    if (x->education != DATE_NONE)
        training_row(p, "wioa_credential", year + 1, "", SLICE(""), program_credential(l, x), b);
}

/* --- work --- */

/* The quarter that is asked about, [ASKED], three before and three after; [0] is unused, as the rules count from one.
 */
typedef struct Window {
    const World *w;
    Quarter before; /* the one before [1] */
    int64_t wages[BLOCK_QUARTERS + 1];
    uint32_t employer[BLOCK_QUARTERS + 1];
    int64_t main[BLOCK_QUARTERS + 1]; /* at that employer */
} Window;

/* Whose work is asked about, after which day. */
typedef struct WorkSubject {
    uint64_t person;
    const char *kind;
    int year;          /* that the measure counts it in */
    const char *level; /* of an award */
    Slice place;       /* code of the college or the school */
    Date day;
} WorkSubject;

static void fill_window(const World *w, const Life *l, Quarter asked, Window *v)
{
    *v = (Window){.w = w, .before = asked - ASKED};
    for (int i = 1; i <= BLOCK_QUARTERS; i++) {
        v->employer[i] = NO_INDEX;
        for (uint32_t k = 0; k < l->wage_count; k++) {
            const Wage *x = &l->wages[k];
            if (x->quarter != v->before + i)
                continue;
            /* two jobs with one employer in one quarter are one employer's wages */
            int64_t here = 0;
            for (uint32_t m = 0; m < l->wage_count; m++)
                if (l->wages[m].quarter == x->quarter && l->jobs[l->wages[m].job].employer == l->jobs[x->job].employer)
                    here += l->wages[m].cents;
            v->wages[i] += x->cents;
            if (here > v->main[i]) {
                v->main[i] = here;
                v->employer[i] = l->jobs[x->job].employer;
            }
        }
    }
}

typedef struct YearSum {
    int64_t cents;
    int quarters;
} YearSum;

static YearSum four_from(const Window *v, int from)
{
    YearSum sum = {0, 0};
    for (int i = from; i < from + 4; i++) {
        sum.cents += v->wages[i];
        sum.quarters += v->wages[i] > 0;
    }
    return sum;
}

static bool studied_in_year(const Life *l, int year)
{
    for (uint32_t i = 0; i < l->term_count; i++)
        if (l->terms[i].dual == DUAL_NONE && l->terms[i].year == year)
            return true;
    return false;
}

static bool studied_in_fiscal(const Life *l, int year)
{
    for (uint32_t i = 0; i < l->term_count; i++)
        if (l->terms[i].dual == DUAL_NONE && fiscal_of(&l->terms[i]) == year)
            return true;
    return false;
}

/* What a definition says of the quarter asked about. */
typedef struct Verdict {
    int from, to; /* of the window: the quarters it looks at */
    bool employed;
    int64_t cents;
} Verdict;

/* Empty: a quarter that the definition looks at lies outside the state's wages; zero: not employed. */
static void verdict_cell(const Window *v, const Verdict *x, Buf *b)
{
    if (v->before + x->from >= v->w->first_quarter && v->before + x->to <= v->w->last_quarter)
        cell_cents(b, x->employed ? x->cents : 0);
    else
        buf_addc(b, ',');
}

static void definition_cells(const Life *l, const Window *v, Buf *b)
{
    Quarter asked = v->before + ASKED;
    int january = ASKED - asked % 4;     /* of the calendar year that holds it */
    int april = ASKED - (asked + 3) % 4; /* of the year from April to March that holds it */
    YearSum four = four_from(v, 1), calendar = four_from(v, january), tax = four_from(v, april);
    bool studied = studied_in_year(l, asked / 4);
    bool attached = calendar.quarters >= 3 && calendar.cents >= INT64_C(35) * 50 * FEDERAL_MINIMUM_CENTS;
    bool winter = v->wages[april + 2] > 0 && v->wages[april + 3] > 0;
    int64_t annual = tax.quarters > 0 ? (tax.cents * 4 * 2 + tax.quarters) / (2 * tax.quarters) : 0;
    uint32_t main = v->employer[ASKED];
    bool whole = main != NO_INDEX && v->employer[ASKED - 1] == main && v->employer[ASKED + 1] == main;
    const Verdict verdicts[] = {
        {1, ASKED, four.quarters >= 2 && four.cents >= KENTUCKY_CENTS, four.cents},
        {ASKED, ASKED, true, v->wages[ASKED]},
        {january, january + 3, attached, calendar.cents},
        {january, january + 3, !studied, calendar.cents},
        {april, april + 3, winter, annual},
        {ASKED - 1, ASKED + 1, whole, v->main[ASKED]},
    };
    cell_u64(b, (uint64_t)four.quarters);
    cell_u64(b, (uint64_t)calendar.quarters);
    cell_u64(b, (uint64_t)tax.quarters);
    cell_u64(b, studied);
    cell_u64(b, studied_in_fiscal(l, (v->before + april) / 4 + 1));
    for (size_t i = 0; i < COUNT_OF(verdicts); i++)
        verdict_cell(v, &verdicts[i], b);
}

static void work_row(const World *w, const Life *l, const WorkSubject *s, int after, Buf *b)
{
    Window v;
    Quarter asked = quarter_of(s->day) + after;
    if (asked - 3 > w->last_quarter) /* none of its quarters is in any file */
        return;
    fill_window(w, l, asked, &v);
    buf_add_u64(b, s->person);
    cell_text(b, span(s->kind));
    cell_u64(b, (uint64_t)s->year);
    cell_text(b, span(s->level));
    cell_text(b, s->place);
    cell_u64(b, (uint64_t)after);
    definition_cells(l, &v, b);
    uint32_t main = v.employer[ASKED];
    const Employer *employer = main == NO_INDEX ? NULL : &w->employers[main];
    cell_text(b, employer ? span(w->p.sectors[employer->sector].naics) : SLICE(""));
    cell_text(b, employer ? w->counties[employer->county].fips : SLICE(""));
    buf_addc(b, '\n');
}

/* Two quarters, and one, three, five and ten years after. */
static void work_rows(const World *w, const Life *l, const WorkSubject *s, Buf *b)
{
    static const int after[] = {2, 4, 12, 20, 40};
    for (size_t i = 0; i < COUNT_OF(after); i++)
        work_row(w, l, s, after[i], b);
}

static void award_truth(const World *w, const Person *p, const Life *l, Buf *b)
{
    static const char *const names[LEVEL_COUNT] = {"", "", "certificate", "associate", "bachelor", "master"};
    for (uint32_t i = 0; i < l->award_count; i++) {
        const Award *a = &l->awards[i];
        bool last = reports(w, a->college);
        for (uint32_t k = 0; k < l->award_count; k++)
            last &= !reports(w, l->awards[k].college) || l->awards[k].date <= a->date ||
                    date_school_year(l->awards[k].date) != date_school_year(a->date);
        if (last)
            work_rows(w, l,
                &(WorkSubject){p->id, "award", date_school_year(a->date), names[a->level],
                    w->colleges[a->college].state_code, a->date},
                b);
    }
}

void truth_work(const World *w, const Person *p, const Life *l, Buf *college, Buf *training, Buf *work)
{
    college_truth(w, p, l, college);
    cte_truth(w, p, l, true, training);
    cte_truth(w, p, l, false, training);
    for (uint32_t i = 0; i < l->program_count; i++) {
        const Participation *x = &l->programs[i];
        program_truth(w, p, l, x, training);
        if (x->kind != WORKFORCE_APPRENTICE && x->exit != DATE_NONE)
            work_rows(
                w, l, &(WorkSubject){p->id, "programme", date_school_year(x->exit), "", SLICE(""), x->exit}, work);
    }
    award_truth(w, p, l, work);
    if (l->completion != EXIT_YEAR_END)
        work_rows(w, l,
            &(WorkSubject){p->id, "high_school", l->completion_year, "", w->schools[l->completion_school].code,
                l->completion_date},
            work);
}
