/*
 * The state's K-12 collections: demographics, school association, end of year, industry credentials, work-based
 * learning, assessments; for the Ed-Fi districts in the Ed-Fi year the first two go out as Ed-Fi instead.
 */
#include "synth/writers.h"

typedef struct Desk {
    Scribe *s;
    const Person *p;
    const Life *l;
    Known known;
    uint32_t district; /* of `known`; NO_INDEX at first */
    Row row;
} Desk;

static const District *district_of(const Desk *d, uint32_t school)
{
    return &d->s->w->districts[d->s->w->schools[school].district];
}

static bool sends_edfi(const Desk *d, uint32_t school, int year)
{
    return year == d->s->w->p.edfi_year && district_of(d, school)->edfi;
}

static void register_at(Desk *d, uint32_t school, Date on)
{
    uint32_t district = d->s->w->schools[school].district;
    if (district == d->district)
        return;
    d->district = district;
    noise_register(d->s->w, d->s->r, d->p, d->s->house, REGISTRAR_SCHOOL, on, &d->known);
}

static void begin_row(Desk *d, uint32_t file, uint32_t school, uint64_t sasid)
{
    const World *w = d->s->w;
    Row *r = &d->row;
    row_begin(r, d->s->plan->files[file].layout);
    row_text(r, K12_DISTRICT, district_of(d, school)->code);
    row_digits(r, K12_LASID, local_number(d->p->id, d->district, UINT64_C(9999999967)) + 1, 10);
    row_digits(r, K12_SASID, sasid, 10);
    row_text(r, K12_LAST, span(d->known.last));
    row_text(r, K12_FIRST, span(d->known.first));
    if (d->known.middle[0])
        row_text(r, K12_MIDDLE, span(d->known.middle));
    if (d->known.suffix.len)
        row_text(r, K12_SUFFIX, d->known.suffix);
    row_date(r, K12_BIRTH, d->known.birth);
    row_text(r, K12_GENDER, d->s->codes->k12_sex[sex_index(d->p->sex)]);
    row_text(r, K12_SCHOOL, w->schools[school].code);
}

static void end_row(Desk *d, uint32_t file, Weakness weak)
{
    sink_row(d->s->sink, file, &d->row, d->p->id, weak);
}

static void write_demographic(Desk *d, const SchoolYear *y, const Spell *e)
{
    uint32_t file = plan_year(d->s->plan, d->s->plan->demographic, y->year);
    if (file == NO_FILE)
        return;
    const Codes *c = d->s->codes;
    begin_row(d, file, e->school, y->sasid);
    Row *r = &d->row;
    row_text(r, K12_ETHNICITY, c->ethnicity[d->p->hispanic]);
    row_flag(r, K12_AMERICAN_INDIAN, d->p->race & RACE_AMERICAN_INDIAN);
    row_flag(r, K12_ASIAN, d->p->race & RACE_ASIAN);
    row_flag(r, K12_BLACK, d->p->race & RACE_BLACK);
    row_flag(r, K12_WHITE, d->p->race & RACE_WHITE);
    row_flag(r, K12_PACIFIC, d->p->race & RACE_PACIFIC);
    row_text(r, K12_GRADE, c->grade[y->grade]);
    row_text(r, K12_LUNCH, c->lunch[y->flags & FLAG_REDUCED ? 2 : y->flags & FLAG_LOW_INCOME ? 1 : 0]);
    row_text(r, K12_LANGUAGE, c->language[y->flags & FLAG_ENGLISH_LEARNER ? 1 : 0]);
    row_flag(r, K12_SPECIAL, y->flags & FLAG_DISABILITY);
    row_flag(r, K12_MIGRANT, y->flags & FLAG_MIGRANT);
    row_flag(r, K12_HOMELESS, y->flags & FLAG_HOMELESS);
    row_flag(r, K12_FOSTER, y->flags & FLAG_FOSTER);
    row_flag(r, K12_GIFTED, y->flags & FLAG_GIFTED);
    row_digits(r, K12_ZIP, zip_of(d->s->w, d->p, district_of(d, e->school)->county), 5);
    end_row(d, file, (Weakness){K12_BIRTH, K12_GRADE, true});
}

static Slice exit_code(Desk *d, ExitKind kind)
{
    const Params *q = &d->s->w->p;
    const CodeChoice *const codes[EXIT_KIND_COUNT] = {
        [EXIT_YEAR_END] = &q->exit_year_end,
        [EXIT_SAME_DISTRICT] = &q->exit_same_district,
        [EXIT_OTHER_DISTRICT] = &q->exit_other_district,
        [EXIT_LEFT_VERIFIED] = &q->exit_left_verified,
        [EXIT_LEFT_UNVERIFIED] = &q->exit_left_unverified,
        [EXIT_DROPOUT] = &q->exit_dropout,
        [EXIT_SUMMER_DROPOUT] = &q->exit_dropout,
        [EXIT_GRADUATED] = &q->exit_graduated,
        [EXIT_CERTIFICATE] = &q->exit_certificate,
        [EXIT_EQUIVALENCY] = &q->exit_equivalency,
        [EXIT_DIED] = &q->exit_died,
    };
    return draw_code(d->s->r, codes[kind]);
}

static Slice entry_code(Desk *d, const Spell *e, bool moved)
{
    const Params *q = &d->s->w->p;
    const CodeChoice *c = e->kind == EXIT_SUMMER_DROPOUT ? &q->entry_summer_dropout
                          : e->first                     ? &q->entry_first
                          : e->returned                  ? &q->entry_returned
                          : moved                        ? &q->entry_moved
                                                         : &q->entry_continuing;
    return draw_code(d->s->r, c);
}

static void write_association(Desk *d, const SchoolYear *y, const Spell *e, Slice exit, bool moved)
{
    uint32_t file = plan_year(d->s->plan, d->s->plan->association, y->year);
    if (file == NO_FILE)
        return;
    begin_row(d, file, e->school, y->sasid);
    Row *r = &d->row;
    row_text(r, K12_GRADE, d->s->codes->grade[e->grade]);
    row_text(r, K12_ENTRY_TYPE, entry_code(d, e, moved));
    row_text(r, K12_EXIT_TYPE, exit);
    row_date(r, K12_ENTRY_DATE, e->entry);
    row_date(r, K12_EXIT_DATE, e->exit);
    if (e->kind == EXIT_SUMMER_DROPOUT)
        row_text(r, K12_SCHOOL, (Slice){0});
    end_row(d, file, (Weakness){K12_ENTRY_DATE, K12_EXIT_TYPE, true});
}

static int completion_of(ExitKind k)
{
    return k == EXIT_GRADUATED ? 1 : k == EXIT_CERTIFICATE ? 2 : k == EXIT_EQUIVALENCY ? 3 : 0;
}

/* One of the ways in which the guidelines are met, as the district happens to report it. */
static Slice demonstration(Desk *d, Subject subject)
{
    uint32_t set = d->l->reported[subject], count = 0;
    for (int i = 0; i < OPTION_COUNT; i++)
        count += set >> i & 1;
    ASSERT(count > 0);
    uint64_t nth = rng_below(d->s->r, count);
    int option = 0;
    while ((set >> option & 1) == 0 || nth-- > 0)
        option++;
    return d->s->codes->demonstration[option];
}

static void write_end_of_year(Desk *d, const SchoolYear *y, const Spell *e, Slice exit)
{
    uint32_t file = plan_year(d->s->plan, d->s->plan->end_of_year, y->year);
    if (file == NO_FILE)
        return;
    const Codes *c = d->s->codes;
    begin_row(d, file, e->school, y->sasid);
    Row *r = &d->row;
    int completion = completion_of(e->kind);
    bool demonstrates = completion == 1 && d->l->ayg >= d->s->w->p.demonstrations_from;
    row_text(r, K12_GRADE, c->grade[y->grade]);
    row_text(r, K12_EXIT_TYPE, exit);
    row_text(r, K12_COMPLETION, c->completion[completion]);
    if (completion)
        row_date(r, K12_COMPLETION_DATE, e->exit);
    if (demonstrates) {
        row_text(r, K12_ENGLISH, demonstration(d, SUBJECT_ENGLISH));
        row_text(r, K12_MATH, demonstration(d, SUBJECT_MATH));
    }
    if (completion == 1 && d->l->enlisted != DATE_NONE)
        row_date(r, K12_ENLISTED, d->l->enlisted);
    row_flag(r, K12_ASCENT, y->programs & PROGRAM_ASCENT);
    row_flag(r, K12_TREP, y->programs & PROGRAM_TREP);
    row_flag(r, K12_PTECH, y->programs & PROGRAM_PTECH);
    row_flag(r, K12_EARLY_COLLEGE, y->programs & PROGRAM_EARLY_COLLEGE);
    row_flag(r, K12_CTE, y->programs & PROGRAM_CTE);
    end_row(d, file, (Weakness){K12_BIRTH, K12_EXIT_TYPE, true});
}

static void write_credentials(Desk *d, const SchoolYear *y)
{
    uint32_t file = plan_year(d->s->plan, d->s->plan->irc, y->year);
    for (uint32_t i = 0; file != NO_FILE && i < d->l->credential_count; i++) {
        const CredentialEarned *c = &d->l->credentials[i];
        if (c->year != y->year)
            continue;
        begin_row(d, file, c->school, y->sasid);
        row_text(&d->row, K12_CREDENTIAL, d->s->w->credentials[c->credential].id);
        row_date(&d->row, K12_AWARD_DATE, c->date);
        end_row(d, file, (Weakness){K12_AWARD_DATE, -1, true});
    }
}

static void write_experiences(Desk *d, const SchoolYear *y)
{
    uint32_t file = plan_year(d->s->plan, d->s->plan->wbl, y->year);
    const Codes *c = d->s->codes;
    for (uint32_t i = 0; file != NO_FILE && i < d->l->experience_count; i++) {
        const Experience *x = &d->l->experiences[i];
        if (x->year != y->year)
            continue;
        begin_row(d, file, x->school, y->sasid);
        Row *r = &d->row;
        row_text(r, K12_WBL_TYPE, c->wbl[x->class_][x->kind % c->wbl_count[x->class_]]);
        row_date(r, K12_BEGIN, x->begin);
        row_date(r, K12_END, x->end);
        row_decimal(r, K12_HOURS, (int64_t)x->hours * 100);
        row_flag(r, K12_COMPLETED, x->completed);
        end_row(d, file, (Weakness){K12_BEGIN, K12_WBL_TYPE, true});
    }
}

static void write_assessments(Desk *d, const SchoolYear *y)
{
    uint32_t file = plan_year(d->s->plan, d->s->plan->assessment, y->year);
    const Codes *c = d->s->codes;
    for (uint32_t i = 0; file != NO_FILE && i < d->l->score_count; i++) {
        const Score *x = &d->l->scores[i];
        if (x->year != y->year)
            continue;
        begin_row(d, file, x->school, y->sasid);
        Row *r = &d->row;
        row_text(r, K12_ASSESSMENT, c->test[x->test]);
        row_text(r, K12_PART, c->part[x->part]);
        row_number(r, K12_SCORE, x->score);
        row_date(r, K12_TEST_DATE, x->date);
        end_row(d, file, (Weakness){K12_TEST_DATE, K12_ASSESSMENT, true});
    }
}

/* The last spell of the year for which the district reports, or that goes into the state's own demographic file. */
static bool last_in_district(const Desk *d, const SchoolYear *y, uint32_t at)
{
    const World *w = d->s->w;
    for (uint32_t i = at + 1; i < y->first_spell + y->spell_count; i++)
        if (w->schools[d->l->spells[i].school].district == w->schools[d->l->spells[at].school].district)
            return false;
    return true;
}

static bool last_for_state(const Desk *d, const SchoolYear *y, uint32_t at)
{
    for (uint32_t i = at + 1; i < y->first_spell + y->spell_count; i++)
        if (!sends_edfi(d, d->l->spells[i].school, y->year))
            return false;
    return true;
}

static void write_spell(Desk *d, const SchoolYear *y, uint32_t i)
{
    const Spell *e = &d->l->spells[i];
    bool moved = d->district != NO_INDEX && d->district != d->s->w->schools[e->school].district;
    register_at(d, e->school, e->entry == DATE_NONE ? date_of(y->year - 1, 8, 1) : e->entry);
    Slice exit = exit_code(d, e->kind);
    bool last = last_in_district(d, y, i);
    if (sends_edfi(d, e->school, y->year)) {
        write_edfi_spell(d->s, d->p, y, e);
        if (last)
            write_edfi_year(d->s, d->p, y, e, &d->known);
    } else {
        write_association(d, y, e, exit, moved);
        if (last_for_state(d, y, i))
            write_demographic(d, y, e);
    }
    if (last)
        write_end_of_year(d, y, e, exit);
}

void write_school(Scribe *s, const Person *p, const Life *l)
{
    Desk d = {.s = s, .p = p, .l = l, .district = NO_INDEX};
    for (uint32_t i = 0; i < l->year_count; i++) {
        const SchoolYear *y = &l->years[i];
        for (uint32_t k = y->first_spell; k < y->first_spell + y->spell_count; k++)
            write_spell(&d, y, k);
        write_credentials(&d, y);
        write_experiences(&d, y);
        write_assessments(&d, y);
    }
}
