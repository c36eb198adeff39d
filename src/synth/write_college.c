/*
 * Colleges: the state's unit records (enrollment, degrees, courses) and the clearinghouse's returns. Unit records carry
 * the SSN where the college has it and the SASID of the state's own pupils: the bridge from school to wages. The
 * clearinghouse sees colleges everywhere, except whom it may not show or does not find.
 */
#include "synth/writers.h"

#define MAX_KNOWN 8

typedef struct Registry {
    Scribe *s;
    const Person *p;
    const Life *l;
    struct {
        uint32_t college;
        bool sasid;
        Known known;
    } at[MAX_KNOWN];
    uint32_t count;
    Row row;
} Registry;

static uint32_t enter(Registry *g, uint32_t college, Date on)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->at[i].college == college)
            return i;
    uint32_t i = g->count < MAX_KNOWN ? g->count++ : MAX_KNOWN - 1;
    g->at[i].college = college;
    g->at[i].sasid = g->p->student && g->l->year_count > 0 && !chance(g->s->r, g->s->w->p.surds_no_sasid_ppm);
    noise_register(g->s->w, g->s->r, g->p, g->s->house, REGISTRAR_COLLEGE, on, &g->at[i].known);
    return i;
}

static uint64_t last_sasid(const Life *l)
{
    return l->years[l->year_count - 1].sasid;
}

static void put_cip(Row *row, int column, const World *w, uint32_t field)
{
    if (field == NO_INDEX)
        return;
    const char *cip = w->p.fields[field].cip;
    row_digits(row, column,
        (uint64_t)((cip[0] - '0') * 10 + (cip[1] - '0')) * 10000 +
            (uint64_t)((cip[3] - '0') * 1000 + (cip[4] - '0') * 100 + (cip[5] - '0') * 10 + (cip[6] - '0')),
        6);
}

/* The head and the person, the same in all three record types. */
static void begin_record(Registry *g, uint32_t file, uint32_t at)
{
    const World *w = g->s->w;
    const Known *k = &g->at[at].known;
    Row *r = &g->row;
    row_begin(r, g->s->plan->files[file].layout);
    row_text(r, SURDS_TYPE, r->layout->select);
    row_text(r, SURDS_INSTITUTION, w->colleges[g->at[at].college].state_code);
    if (k->ssn[0]) {
        row_text(r, SURDS_STUDENT, (Slice){k->ssn, 9});
    } else {
        row_digits(r, SURDS_STUDENT, local_number(g->p->id, g->at[at].college, UINT64_C(99999989)), 9);
        /* a letter first: no SSN begins with one */
        r->scratch[r->cell[SURDS_STUDENT].ptr - r->scratch] = 'A';
    }
    row_text(r, SURDS_GENDER, g->s->codes->surds_sex[sex_index(g->p->sex)]);
    row_date(r, SURDS_BIRTH, k->birth);
    row_text(r, SURDS_LAST, span(k->last));
    row_text(r, SURDS_FIRST, span(k->first));
    if (k->middle[0])
        row_text(r, SURDS_MIDDLE, span(k->middle));
    if (g->at[at].sasid)
        row_digits(r, SURDS_SASID, last_sasid(g->l), 10);
}

static void write_term(Registry *g, const Term *t, uint32_t at)
{
    const World *w = g->s->w;
    uint32_t file = g->s->plan->enrollment[t->year - g->s->plan->base_year][t->season];
    if (file == NO_FILE)
        return;
    begin_record(g, file, at);
    Row *r = &g->row;
    row_text(r, SURDS_TERM, g->s->codes->term[t->season]);
    row_number(r, SURDS_YEAR, t->year);
    row_text(r, SURDS_LEVEL, draw_code(g->s->r, &w->p.surds_level));
    row_text(r, SURDS_TUITION, draw_code(g->s->r, &w->p.surds_tuition));
    row_text(r, SURDS_REGISTRATION, draw_code(g->s->r, &w->p.surds_registration));
    put_cip(r, SURDS_PROGRAM, w, t->dual == DUAL_NONE ? t->field : NO_INDEX);
    row_text(r, SURDS_STATE, span(w->p.home_state));
    row_text(r, SURDS_COUNTY, slice_sub(w->counties[g->p->county].fips, 2, 5));
    if (g->l->completion_year && t->dual == DUAL_NONE)
        row_number(r, SURDS_HS_YEAR, g->l->completion_year);
    row_decimal(r, SURDS_HOURS_STATE, t->tenths);
    row_decimal(r, SURDS_HOURS_CASH, 0);
    row_decimal(r, SURDS_HOURS_OTHER, 0);
    sink_row(g->s->sink, file, r, g->p->id, (Weakness){SURDS_BIRTH, SURDS_GENDER, true});
}

/* The school year a term falls into: where a high-school student's district is looked up. */
static const SchoolYear *school_year_of(const Life *l, const Term *t)
{
    int year = t->season == SEASON_SPRING ? t->year : t->year + 1;
    for (uint32_t i = 0; i < l->year_count; i++)
        if (l->years[i].year == year)
            return &l->years[i];
    return NULL;
}

static void write_courses(Registry *g, const Term *t, uint32_t at)
{
    const World *w = g->s->w;
    uint32_t file = g->s->plan->course[t->year - g->s->plan->base_year][t->season];
    if (file == NO_FILE)
        return;
    const SchoolYear *y = t->dual == DUAL_NONE ? NULL : school_year_of(g->l, t);
    for (uint32_t i = t->first_course; i < t->first_course + t->course_count; i++) {
        const Course *c = &g->l->courses[i];
        const CourseKind *kind = &w->p.courses[c->kind];
        begin_record(g, file, at);
        Row *r = &g->row;
        size_t cut = slice_find(kind->id, SLICE(" "));
        row_text(r, SURDS_TERM, g->s->codes->term[t->season]);
        row_number(r, SURDS_YEAR, t->year);
        row_text(r, SURDS_PREFIX, slice_sub(kind->id, 0, cut));
        row_text(r, SURDS_NUMBER, slice_sub(kind->id, cut + 1, kind->id.len));
        row_digits(r, SURDS_SECTION, c->section, 3);
        row_decimal(r, SURDS_ATTEMPTED, (int64_t)kind->credits * 10);
        row_decimal(r, SURDS_EARNED, c->passed ? (int64_t)kind->credits * 10 : 0);
        row_text(r, SURDS_GRADE, draw_code(g->s->r, c->passed ? &w->p.grade_pass : &w->p.grade_fail));
        if (t->dual != DUAL_NONE)
            row_text(r, SURDS_DUAL, g->s->codes->dual[t->dual]);
        if (y) {
            row_text(r, SURDS_HS_DISTRICT, w->districts[w->schools[y->school].district].code);
            row_text(r, SURDS_HS_SCHOOL, w->schools[y->school].code);
        }
        sink_row(g->s->sink, file, r, g->p->id, (Weakness){SURDS_BIRTH, SURDS_GENDER, true});
    }
}

static const CodeChoice *award_codes(const Params *q, Level level)
{
    return level == LEVEL_MASTER      ? &q->degree_master
           : level == LEVEL_BACHELOR  ? &q->degree_bachelor
           : level == LEVEL_ASSOCIATE ? &q->degree_associate
                                      : &q->degree_certificate;
}

static Slice award_title(Level level, uint32_t field)
{
    bool science = field == NO_INDEX || field % 2 == 0;
    if (level == LEVEL_MASTER)
        return science ? SLICE("Master of Science") : SLICE("Master of Arts");
    if (level == LEVEL_BACHELOR)
        return science ? SLICE("Bachelor of Science") : SLICE("Bachelor of Arts");
    if (level == LEVEL_ASSOCIATE)
        return science ? SLICE("Associate of Applied Science") : SLICE("Associate of Arts");
    return SLICE("Certificate");
}

static void write_award(Registry *g, const Award *a)
{
    const World *w = g->s->w;
    if (w->colleges[a->college].state_code.len == 0)
        return;
    int fiscal = date_school_year(a->date);
    uint32_t file = plan_year(g->s->plan, g->s->plan->degree, fiscal);
    if (file == NO_FILE)
        return;
    uint32_t at = enter(g, a->college, a->date);
    begin_record(g, file, at);
    Row *r = &g->row;
    row_text(r, SURDS_TERM, g->s->codes->whole_year);
    row_number(r, SURDS_YEAR, fiscal);
    row_text(r, SURDS_AWARD_LEVEL, draw_code(g->s->r, award_codes(&w->p, a->level)));
    put_cip(r, SURDS_PROGRAM, w, a->field);
    row_date(r, SURDS_AWARD_DATE, a->date);
    row_text(r, SURDS_AWARD_TITLE, award_title(a->level, a->field));
    sink_row(g->s->sink, file, r, g->p->id, (Weakness){SURDS_AWARD_DATE, SURDS_AWARD_LEVEL, true});
}

void write_unit_records(Scribe *s, const Person *p, const Life *l)
{
    Registry g = {.s = s, .p = p, .l = l};
    for (uint32_t i = 0; i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        if (s->w->colleges[t->college].state_code.len == 0)
            continue;
        uint32_t at = enter(&g, t->college, term_begin(t->year, t->season));
        write_term(&g, t, at);
        write_courses(&g, t, at);
    }
    for (uint32_t i = 0; i < l->award_count; i++)
        write_award(&g, &l->awards[i]);
}

typedef struct Search {
    Scribe *s;
    const Person *p;
    const Life *l;
    uint32_t file;
    Date date;
    Known known;
    uint32_t seen[MAX_TERMS];
    uint32_t seen_count;
    Row row;
} Search;

static void begin_answer(Search *q, Slice found)
{
    Row *r = &q->row;
    row_begin(r, q->s->plan->files[q->file].layout);
    row_digits(r, NSC_KEY, last_sasid(q->l), 10);
    row_text(r, NSC_FIRST, span(q->known.first));
    if (q->known.middle[0])
        row_text(r, NSC_MIDDLE, (Slice){q->known.middle, 1});
    row_text(r, NSC_LAST, span(q->known.last));
    if (q->known.suffix.len)
        row_text(r, NSC_SUFFIX, q->known.suffix);
    row_text(r, NSC_FOUND, found);
    row_date(r, NSC_SEARCH, q->date);
    row_text(r, NSC_HS_CODE, q->s->w->schools[q->l->completion_school].code);
    row_date(r, NSC_HS_DATE, q->l->completion_date);
}

static void put_college(Search *q, uint32_t college)
{
    const College *c = &q->s->w->colleges[college];
    Row *r = &q->row;
    row_text(r, NSC_COLLEGE, c->branch);
    row_text(r, NSC_NAME, c->name);
    row_text(r, NSC_STATE, c->state);
    row_text(r, NSC_LEVEL, slice_sub(c->level, 0, 1).ptr[0] == 'l' ? SLICE("L") : slice_sub(c->level, 0, 1));
    row_text(r, NSC_CONTROL, slice_eq_z(c->control, "public") ? SLICE("Public") : SLICE("Private"));
    for (uint32_t i = 0; i < q->seen_count; i++)
        if (q->seen[i] == college)
            return;
    q->seen[q->seen_count++] = college;
    row_number(r, NSC_SEQUENCE, q->seen_count);
}

static void end_answer(Search *q)
{
    sink_row(q->s->sink, q->file, &q->row, q->p->id, (Weakness){NSC_BEGIN, NSC_STATUS, false});
}

static void answer_term(Search *q, const Term *t)
{
    begin_answer(q, SLICE("Y"));
    put_college(q, t->college);
    Row *r = &q->row;
    row_date(r, NSC_BEGIN, term_begin(t->year, t->season));
    row_date(r, NSC_END, term_end(t->year, t->season));
    row_text(r, NSC_STATUS, q->s->codes->nsc_status[t->tenths >= 120 ? 0 : t->tenths >= 60 ? 1 : 2]);
    put_cip(r, NSC_CIP, q->s->w, t->field);
    row_text(r, NSC_GRADUATED, SLICE("N"));
    end_answer(q);
}

static void answer_award(Search *q, const Award *a)
{
    begin_answer(q, SLICE("Y"));
    put_college(q, a->college);
    Row *r = &q->row;
    row_text(r, NSC_GRADUATED, SLICE("Y"));
    row_date(r, NSC_GRADUATION, a->date);
    row_text(r, NSC_TITLE, award_title(a->level, a->field));
    put_cip(r, NSC_DEGREE_CIP, q->s->w, a->field);
    end_answer(q);
}

/* The clearinghouse's list of searches that a block kept unanswered. No error is planted, so that the stream of errors
 * is the one it was before there was such a list. */
static void tell_block(const Search *q)
{
    uint32_t file = plan_year(q->s->plan, q->s->plan->nsc_block, date_school_year(q->date) - 1);
    if (file == NO_FILE)
        return;
    Row row, *r = &row;
    row_begin(r, q->s->plan->files[file].layout);
    row_digits(r, NSC_KEY, last_sasid(q->l), 10);
    row_text(r, NSC_FIRST, span(q->known.first));
    row_text(r, NSC_LAST, span(q->known.last));
    row_date(r, NSC_SEARCH, q->date);
    layout_write(r, &q->s->sink->files[file]);
    sink_count(q->s->sink, file, q->p->id);
}

static void answer(Scribe *s, const Person *p, const Life *l, uint32_t file, Date date)
{
    const Params *q = &s->w->p;
    if (file == NO_FILE)
        return;
    Search x = {.s = s, .p = p, .l = l, .file = file, .date = date};
    noise_register(s->w, s->r, p, s->house, REGISTRAR_SCHOOL, l->completion_date, &x.known);
    bool blocked = chance(s->r, q->nsc_block_ppm);
    bool hidden = blocked || chance(s->r, q->nsc_miss_ppm);
    if (blocked)
        tell_block(&x);
    uint32_t rows = 0;
    for (uint32_t i = 0; !hidden && i < l->term_count; i++) {
        const Term *t = &l->terms[i];
        if (term_begin(t->year, t->season) <= l->completion_date || term_begin(t->year, t->season) > date)
            continue;
        answer_term(&x, t);
        rows++;
    }
    for (uint32_t i = 0; !hidden && i < l->award_count; i++) {
        if (l->awards[i].date > date)
            continue;
        answer_award(&x, &l->awards[i]);
        rows++;
    }
    if (rows == 0) {
        begin_answer(&x, SLICE("N"));
        end_answer(&x);
    }
}

void write_clearinghouse(Scribe *s, const Person *p, const Life *l)
{
    if (l->completion != EXIT_GRADUATED)
        return;
    int year = l->completion_year;
    answer(s, p, l, plan_year(s->plan, s->plan->nsc_hs, year), date_of(year, 11, 15));
    if (year < s->w->last_year && year >= s->w->last_year - (int)s->w->p.nsc_classes)
        answer(s, p, l, s->plan->nsc, s->plan->nsc_date);
}
