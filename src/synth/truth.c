/*
 * Truth: who is who and what became of them, from the lives, never from the files. The rules are those an agency that
 * saw everything would apply to complete reports:
 *   - the n-year cohort of an AYG holds who was ever enrolled in grade 9 or later with that AYG, but not who had left
 * for good by the end of school year AYG + n - 4, verified, or had died;
 *   - district and school are those of the last enrollment by then;
 *   - matriculated: a diploma, and an enrollment that began after it and before the next January, a credential earned
 * in that school year or earlier, or enlistment;
 *   - the second quarter after exit is the quarter of leaving school, or of leaving the programme, plus two (TEGL
 * 10-16).
 */
#include "synth/truth_cells.h"
#include "synth/writers.h"

void cell_u64(Buf *b, uint64_t v)
{
    buf_addc(b, ',');
    buf_add_u64(b, v);
}

void cell_text(Buf *b, Slice s)
{
    buf_addc(b, ',');
    buf_add(b, s);
}

void cell_date(Buf *b, Date d)
{
    buf_addc(b, ',');
    if (d == DATE_NONE)
        return;
    char text[11];
    date_print(d, text);
    buf_add(b, (Slice){text, 10});
}

void cell_quarter(Buf *b, Quarter q)
{
    buf_addc(b, ',');
    if (q == 0)
        return;
    char text[8];
    quarter_print(q, text);
    buf_adds(b, text);
}

void cell_cents(Buf *b, int64_t cents)
{
    char fraction[3] = {'.', (char)('0' + cents / 10 % 10), (char)('0' + cents % 10)};
    buf_addc(b, ',');
    buf_add_i64(b, cents / 100);
    buf_add(b, (Slice){fraction, 3});
}

void truth_heads(Buf *people, Buf *outcomes, Buf *records, Buf *planted)
{
    buf_adds(people,
        "person,household,student,sasid,second_sasid,ssn,birth_date,sex,first_name,middle_name,last_name,last_name_"
        "accented,"
        "last_name_after_marriage,married,nickname,suffix,county_fips,hispanic,american_indian,asian,black,"
        "pacific_islander,white\n");
    buf_adds(outcomes,
        "person,ayg,first_year,first_grade,district_id,school_id,in_cohort_4,graduated_4,completed_4,district_id_5,"
        "school_id_5,"
        "in_cohort_5,graduated_5,completed_5,completion,completion_date,completion_year,left_date,left_kind,"
        "economically_disadvantaged_ever,economically_disadvantaged_last,english_learner,disability,homeless_ever,"
        "rural,"
        "concurrent_credits,credentials,credentials_listed,wbl_about,wbl_through,wbl_at,big_three,matriculated_college,"
        "matriculated_credential,matriculated_military,matriculated,college_first_begin,highest_award,highest_award_"
        "date,"
        "q2_quarter,q2_employed_seen,q2_wages,q2_unseen,program,program_exit,program_q2_quarter,program_q2_employed_"
        "seen,"
        "program_q2_wages,wage_rows,wage_total\n");
    buf_adds(records, "source,file,row,person\n");
    buf_adds(planted, "source,file,row,person,kind\n");
}

void truth_person(const World *w, const Person *p, uint64_t household, Buf *b)
{
    char digits[10];
    buf_add_u64(b, p->id);
    cell_u64(b, household);
    cell_u64(b, p->student);
    cell_u64(b, p->student ? p->sasid : 0);
    cell_u64(b, p->student ? p->second_sasid : 0);
    put_digits(digits, p->ssn, 9);
    cell_text(b, p->ssn ? (Slice){digits, 9} : SLICE(""));
    cell_date(b, p->birth);
    cell_text(b, (Slice){&p->sex, 1});
    cell_text(b, span(p->first));
    cell_text(b, span(p->middle));
    cell_text(b, span(p->last));
    cell_text(b, span(p->accented));
    cell_text(b, span(p->last_after));
    cell_date(b, p->married);
    cell_text(b, p->nickname.ptr ? p->nickname : SLICE(""));
    cell_text(b, span(p->suffix));
    cell_text(b, w->counties[p->county].fips);
    cell_u64(b, p->hispanic);
    for (int bit = 0; bit < 5; bit++) {
        static const Race order[5] = {RACE_AMERICAN_INDIAN, RACE_ASIAN, RACE_BLACK, RACE_PACIFIC, RACE_WHITE};
        cell_u64(b, (p->race & order[bit]) != 0);
    }
    buf_addc(b, '\n');
}

/* The last spell of a school year up to `year`; NULL when there is none. */
static const Spell *last_spell(const Life *l, int year)
{
    const Spell *last = NULL;
    for (uint32_t i = 0; i < l->spell_count; i++)
        if (l->spells[i].year <= year && l->spells[i].grade >= 9)
            last = &l->spells[i];
    return last;
}

void truth_cohort(const World *w, const Life *l, int years, Buf *b)
{
    int look = l->ayg + years - 4;
    const Spell *e = l->ayg ? last_spell(l, look) : NULL;
    if (!e || look > w->last_year) {
        buf_adds(b, ",,,,,");
        return;
    }
    bool complete = l->completion != EXIT_YEAR_END && l->completion_year <= look;
    uint32_t school = complete ? l->completion_school : e->school;
    bool removed = !complete && (e->kind == EXIT_LEFT_VERIFIED || e->kind == EXIT_DIED);
    cell_text(b, w->districts[w->schools[school].district].code);
    cell_text(b, w->schools[school].code);
    cell_u64(b, !removed);
    cell_u64(b, complete && l->completion == EXIT_GRADUATED);
    cell_u64(b, complete);
}

static const char *kind_name(ExitKind k)
{
    static const char *const names[EXIT_KIND_COUNT] = {"year_end", "same_district", "transfer_verified",
        "left_verified", "left_unverified", "dropout", "dropout", "diploma", "certificate", "equivalency", "died"};
    return names[k];
}

bool credential_listed(const Credential *c, Date d)
{
    return (c->from == DATE_NONE || d >= c->from) && (c->to == DATE_NONE || d <= c->to);
}

static void completion_cells(const Life *l, Buf *b)
{
    bool complete = l->completion != EXIT_YEAR_END;
    cell_text(b, complete ? span(kind_name(l->completion)) : SLICE(""));
    cell_date(b, complete ? l->completion_date : DATE_NONE);
    if (complete)
        cell_u64(b, (uint64_t)l->completion_year);
    else
        buf_addc(b, ',');
    cell_date(b, l->left_school);
    cell_text(b, l->left_school != DATE_NONE ? span(kind_name(l->years[l->year_count - 1].end)) : SLICE(""));
}

static void group_cells(const World *w, const Person *p, const Life *l, Buf *b)
{
    uint8_t ever = 0, last = 0;
    for (uint32_t i = 0; i < l->year_count; i++) {
        if (l->years[i].grade < 9)
            continue;
        last = l->years[i].flags;
        ever |= last;
    }
    cell_u64(b, (ever & FLAG_LOW_INCOME) != 0);
    cell_u64(b, (last & FLAG_LOW_INCOME) != 0);
    cell_u64(b, (last & FLAG_ENGLISH_LEARNER) != 0);
    cell_u64(b, (last & FLAG_DISABILITY) != 0);
    cell_u64(b, (ever & FLAG_HOMELESS) != 0);
    uint32_t school = l->year_count ? l->years[l->year_count - 1].school : p->school;
    cell_u64(b, w->districts[w->schools[school].district].rural);
}

static int64_t concurrent_credits(const World *w, const Life *l)
{
    int64_t credits = 0;
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        if (t->dual == DUAL_NONE || t->dual == DUAL_ASCENT || t->dual == DUAL_TREP)
            continue;
        for (uint32_t c = t->first_course; c < t->first_course + t->course_count; c++)
            credits += l->courses[c].passed ? w->p.courses[l->courses[c].kind].credits : 0;
    }
    return credits;
}

static void big_three_cells(const World *w, const Life *l, Buf *b)
{
    uint64_t listed = 0, wbl[3] = {0, 0, 0};
    for (uint32_t i = 0; i < l->credential_count; i++)
        listed += credential_listed(&w->credentials[l->credentials[i].credential], l->credentials[i].date);
    for (uint32_t i = 0; i < l->experience_count; i++)
        wbl[l->experiences[i].class_] += l->experiences[i].completed;
    int64_t credits = concurrent_credits(w, l);
    cell_u64(b, (uint64_t)credits);
    cell_u64(b, l->credential_count);
    cell_u64(b, listed);
    for (int i = 0; i < 3; i++)
        cell_u64(b, wbl[i]);
    cell_u64(b, listed > 0 || credits >= w->p.big_three_credits || wbl[1] + wbl[2] > 0);
}

static void matriculation_cells(const World *w, const Life *l, Buf *b)
{
    bool college = false, credential = false, graduate = l->completion == EXIT_GRADUATED;
    Date first = DATE_NONE;
    for (uint32_t i = 0; i < l->term_count; i++) {
        Date begin = term_begin(l->terms[i].year, l->terms[i].season);
        if (l->completion_date == DATE_NONE || begin <= l->completion_date)
            continue;
        first = first == DATE_NONE || begin < first ? begin : first;
        college |= begin <= date_of(l->completion_year, 12, 31);
    }
    for (uint32_t i = 0; i < l->credential_count; i++)
        credential |= credential_listed(&w->credentials[l->credentials[i].credential], l->credentials[i].date);
    bool military = l->enlisted != DATE_NONE;
    cell_u64(b, graduate && college);
    cell_u64(b, graduate && credential);
    cell_u64(b, graduate && military);
    cell_u64(b, graduate && (college || credential || military));
    cell_date(b, first);
}

static void award_cells(const Life *l, Buf *b)
{
    static const char *const names[LEVEL_COUNT] = {"", "", "certificate", "associate", "bachelor", "master"};
    const Award *best = NULL;
    for (uint32_t i = 0; i < l->award_count; i++)
        if (!best || l->awards[i].level > best->level)
            best = &l->awards[i];
    cell_text(b, span(best ? names[best->level] : ""));
    cell_date(b, best ? best->date : DATE_NONE);
}

static int64_t wages_in(const Life *l, Quarter q)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < l->wage_count; i++)
        sum += l->wages[i].quarter == q ? l->wages[i].cents : 0;
    return sum;
}

static void q2_cells(const World *w, const Life *l, Date exit, bool unseen, Buf *b)
{
    static const char *const kinds[UNSEEN_COUNT] = {"", "self_employed", "federal", "out_of_state", "military"};
    Quarter q = exit == DATE_NONE ? 0 : quarter_of(exit) + 2;
    if (q < w->first_quarter || q > w->last_quarter) {
        buf_adds(b, unseen ? ",,,," : ",,,");
        return;
    }
    int64_t wages = wages_in(l, q);
    cell_quarter(b, q);
    cell_u64(b, wages > 0);
    cell_cents(b, wages);
    if (unseen)
        cell_text(b, span(kinds[l->unseen[q - w->first_quarter]]));
}

static void program_cells(const World *w, const Life *l, Buf *b)
{
    static const char *const names[] = {"WIOA_ADULT", "WIOA_DISLOCATED", "WIOA_YOUTH", "APPRENTICESHIP"};
    const Participation *x = l->program_count ? &l->programs[0] : NULL;
    cell_text(b, x ? span(names[x->kind]) : SLICE(""));
    cell_date(b, x ? x->exit : DATE_NONE);
    q2_cells(w, l, x ? x->exit : DATE_NONE, false, b);
}

void truth_outcome(const World *w, const Person *p, const Life *l, Buf *b)
{
    buf_add_u64(b, p->id);
    if (l->ayg)
        cell_u64(b, (uint64_t)l->ayg);
    else
        buf_addc(b, ',');
    if (l->year_count) {
        cell_u64(b, (uint64_t)l->years[0].year);
        cell_u64(b, l->years[0].grade);
    } else {
        buf_adds(b, ",,");
    }
    truth_cohort(w, l, 4, b);
    truth_cohort(w, l, 5, b);
    completion_cells(l, b);
    group_cells(w, p, l, b);
    big_three_cells(w, l, b);
    matriculation_cells(w, l, b);
    award_cells(l, b);
    q2_cells(w, l, l->left_school, true, b);
    program_cells(w, l, b);
    int64_t total = 0;
    for (uint32_t i = 0; i < l->wage_count; i++)
        total += l->wages[i].cents;
    cell_u64(b, l->wage_count);
    cell_cents(b, total);
    buf_addc(b, '\n');
}
