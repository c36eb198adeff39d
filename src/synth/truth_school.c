/*
 * Truth of the school side: what became of each pupil (school_outcomes.csv) and of each school year
 * (school_years.csv). From the lives, never from the files, and by rules written down here once more, so that a
 * measure's definition and this one check each other:
 *   - who left for good without a records request, or stopped, has dropped out in the year that tells it;
 *   - mobile is who changed schools, left before the end, or came after the October count;
 *   - a graduate went on to a kind of college when a term there began after the diploma and before the next January;
 *   - English or mathematics is shown by a score, a passed concurrent course, or a way that only the district judges.
 */
#include "synth/truth_cells.h"
#include "synth/writers.h"

#define COUNT_MONTH 10 /* the October count: who enters after its first day comes late */
#define AP_MINIMUM 2
#define IB_MINIMUM 4

void truth_school_heads(Buf *schooling, Buf *school_years)
{
    buf_adds(schooling,
        "person,district_id_6,school_id_6,in_cohort_6,graduated_6,completed_6,district_id_7,school_id_7,in_cohort_7,"
        "graduated_7,completed_7,district_id,school_id,diploma_grade,credits_before,matriculated_cte,"
        "matriculated_two_year,matriculated_four_year,hidden_cte,hidden_two_year,hidden_four_year,english,math,"
        "reported,ap_ib,ap_ib_taken\n");
    buf_adds(school_years,
        "person,school_year,grade,district_id,school_id,completed_before,dropout,member,mobile,concurrent,"
        "concurrent_credits,ptech,ptech_credits,early_college,early_college_credits,ascent,ascent_credits,trep,"
        "trep_credits,credential,wbl_about,wbl_through,wbl_at\n");
}

static void place_cells(const World *w, uint32_t school, Buf *b)
{
    cell_text(b, w->districts[w->schools[school].district].code);
    cell_text(b, w->schools[school].code);
}

/* --- the person --- */

static int school_year_of(const Term *t)
{
    return t->season == SEASON_SPRING ? t->year : t->year + 1;
}

static int64_t credits_of(const World *w, const Life *l, const Term *t)
{
    int64_t credits = 0;
    for (uint32_t c = t->first_course; c < t->first_course + t->course_count; c++)
        credits += l->courses[c].passed ? w->p.courses[l->courses[c].kind].credits : 0;
    return credits;
}

static uint8_t diploma_grade(const Life *l)
{
    for (uint32_t i = 0; i < l->year_count; i++)
        if (l->years[i].year == l->completion_year)
            return l->years[i].grade;
    return 0;
}

static void diploma_cells(const World *w, const Life *l, Buf *b)
{
    int64_t credits = 0;
    for (uint32_t i = 0; i < l->term_count; i++)
        credits += school_year_of(&l->terms[i]) <= l->completion_year ? credits_of(w, l, &l->terms[i]) : 0;
    place_cells(w, l->completion_school, b);
    cell_u64(b, diploma_grade(l));
    cell_u64(b, (uint64_t)credits);
}

/* Less than two years, two, four. */
static int level_of(const College *c)
{
    return slice_eq_z(c->level, "4-year") ? 2 : slice_eq_z(c->level, "2-year") ? 1 : 0;
}

/* hidden: no college of that level sends unit records, so only the clearinghouse could tell. */
static void matriculation_cells(const World *w, const Life *l, Buf *b)
{
    bool went[3] = {false, false, false}, told[3] = {false, false, false};
    for (uint32_t i = 0; i < l->term_count; i++) {
        const College *c = &w->colleges[l->terms[i].college];
        Date begin = term_begin(l->terms[i].year, l->terms[i].season);
        if (begin <= l->completion_date || begin > date_of(l->completion_year, 12, 31))
            continue;
        went[level_of(c)] = true;
        told[level_of(c)] |= c->state_code.len > 0;
    }
    for (int i = 0; i < 3; i++)
        cell_u64(b, went[i]);
    for (int i = 0; i < 3; i++)
        cell_u64(b, went[i] && !told[i]);
}

static void guideline_cells(const World *w, const Life *l, Buf *b)
{
    static const uint32_t local = 1U << OPTION_CAPSTONE | 1U << OPTION_CREDENTIAL | 1U << OPTION_COLLABORATIVE;
    if (l->ayg < w->p.demonstrations_from) {
        buf_adds(b, ",,,");
        return;
    }
    for (int i = 0; i < SUBJECT_COUNT; i++) /* what is not shown is reported in one way only, so that no draw matters */
        cell_u64(b, l->shown[i] != 0 || (l->reported[i] & local) != 0);
    cell_u64(b, l->reported[SUBJECT_ENGLISH] != 0 && l->reported[SUBJECT_MATH] != 0);
}

static void advanced_cells(const Life *l, Buf *b)
{
    bool reached = false, taken = false;
    for (uint32_t i = 0; i < l->score_count; i++) {
        const Score *s = &l->scores[i];
        taken |= s->test == TEST_AP || s->test == TEST_IB;
        reached |= (s->test == TEST_AP && s->score >= AP_MINIMUM) || (s->test == TEST_IB && s->score >= IB_MINIMUM);
    }
    cell_u64(b, reached);
    cell_u64(b, taken);
}

void truth_schooling(const World *w, const Life *l, uint64_t person, Buf *b)
{
    if (l->year_count == 0)
        return;
    buf_add_u64(b, person);
    truth_cohort(w, l, 6, b);
    truth_cohort(w, l, 7, b);
    if (l->completion == EXIT_GRADUATED) {
        diploma_cells(w, l, b);
        matriculation_cells(w, l, b);
        guideline_cells(w, l, b);
        advanced_cells(l, b);
    } else {
        buf_adds(b, ",,,,,,,,,,,,,,,");
    }
    buf_addc(b, '\n');
}

/* --- the school year --- */

static bool dropped_out(const SchoolYear *y)
{
    return y->end == EXIT_DROPOUT || y->end == EXIT_SUMMER_DROPOUT || y->end == EXIT_LEFT_UNVERIFIED;
}

static bool moved_by(ExitKind k)
{
    return k == EXIT_SAME_DISTRICT || k == EXIT_OTHER_DISTRICT || k == EXIT_LEFT_VERIFIED ||
           k == EXIT_LEFT_UNVERIFIED || k == EXIT_DROPOUT;
}

/* Who was never there that year (a summer dropout) is no member. */
static void mobility_cells(const Life *l, const SchoolYear *y, Buf *b)
{
    bool member = false, mobile = false;
    for (uint32_t i = y->first_spell; i < y->first_spell + y->spell_count; i++) {
        const Spell *e = &l->spells[i];
        if (e->entry == DATE_NONE)
            continue;
        mobile |= moved_by(e->kind) || (!member && e->entry > date_of(y->year - 1, COUNT_MONTH, 1));
        member = true;
    }
    cell_u64(b, member);
    cell_u64(b, mobile);
}

/* Took part and credits: in concurrent enrollment by its courses, else by the school's word. */
static void program_cells(const World *w, const Life *l, const SchoolYear *y, DualKind kind, uint8_t program, Buf *b)
{
    int64_t credits = 0;
    bool took = program && (y->programs & program);
    for (uint32_t i = 0; i < l->term_count; i++) {
        if (l->terms[i].dual != kind || school_year_of(&l->terms[i]) != y->year)
            continue;
        took |= program == 0;
        credits += credits_of(w, l, &l->terms[i]);
    }
    cell_u64(b, took);
    cell_u64(b, (uint64_t)credits);
}

static void experience_cells(const World *w, const Life *l, const SchoolYear *y, Buf *b)
{
    bool credential = false, worked[3] = {false, false, false};
    for (uint32_t i = 0; i < l->credential_count; i++) {
        const CredentialEarned *c = &l->credentials[i];
        credential |= c->year == y->year && credential_listed(&w->credentials[c->credential], c->date);
    }
    for (uint32_t i = 0; i < l->experience_count; i++)
        worked[l->experiences[i].class_] |= l->experiences[i].year == y->year && l->experiences[i].completed;
    cell_u64(b, credential);
    for (int i = 0; i < 3; i++)
        cell_u64(b, worked[i]);
}

void truth_school_years(const World *w, const Life *l, uint64_t person, Buf *b)
{
    for (uint32_t i = 0; i < l->year_count; i++) {
        const SchoolYear *y = &l->years[i];
        buf_add_u64(b, person);
        cell_u64(b, (uint64_t)y->year);
        cell_u64(b, y->grade);
        place_cells(w, y->school, b);
        cell_u64(b, l->completion != EXIT_YEAR_END && y->year > l->completion_year);
        cell_u64(b, dropped_out(y));
        mobility_cells(l, y, b);
        program_cells(w, l, y, DUAL_CONCURRENT, 0, b);
        program_cells(w, l, y, DUAL_PTECH, PROGRAM_PTECH, b);
        program_cells(w, l, y, DUAL_EARLY_COLLEGE, PROGRAM_EARLY_COLLEGE, b);
        program_cells(w, l, y, DUAL_ASCENT, PROGRAM_ASCENT, b);
        program_cells(w, l, y, DUAL_TREP, PROGRAM_TREP, b);
        experience_cells(w, l, y, b);
        buf_addc(b, '\n');
    }
}
