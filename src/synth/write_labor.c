/*
 * Labor: quarterly wages in the layout of each quarter, the employer register, WIOA participants. Wage rows have no
 * birth date and no sex; an employer's mistake about a worker stays the same for the whole job.
 */
#include "synth/writers.h"

static void put_quarter(Row *r, const World *w, Quarter q)
{
    bool year_first = r->layout->format == LAYOUT_CSV || (r->layout->select.len == 1 && q >= w->p.yyyyqq_from);
    uint64_t year = (uint64_t)(q / 4), number = (uint64_t)(q % 4) + 1;
    row_digits(r, WAGE_QUARTER, year_first ? year * 100 + number : number * 3 * 10000 + year, 6);
}

static void write_wage(Scribe *s, const Person *p, const Life *l, const Wage *x, const Known *k, Row *r)
{
    const World *w = s->w;
    uint32_t file = s->plan->wage[x->quarter - w->first_quarter];
    const Employer *e = &w->employers[l->jobs[x->job].employer];
    row_begin(r, s->plan->files[file].layout);
    if (k->ssn[0])
        row_text(r, WAGE_SSN, (Slice){k->ssn, 9});
    row_text(r, WAGE_LAST, span(k->last));
    row_text(r, WAGE_FIRST, span(k->first));
    row_text(r, WAGE_MIDDLE, span(k->middle));
    row_text(r, WAGE_STATE, slice_sub(w->counties[p->county].fips, 0, 2));
    row_decimal(r, WAGE_WAGES, x->cents);
    row_decimal(r, WAGE_TOTAL, x->cents);
    row_decimal(r, WAGE_TAXABLE, x->cents);
    row_text(r, WAGE_ACCOUNT, (Slice){e->account, 10});
    row_text(r, WAGE_NAICS, span(w->p.sectors[e->sector].naics));
    put_quarter(r, w, x->quarter);
    /* a second copy would be a second wage: wage rows have no key that catches it */
    sink_row(s->sink, file, r, p->id, (Weakness){-1, WAGE_SSN, false});
}

void write_wages(Scribe *s, const Person *p, const Life *l)
{
    if (l->wage_count == 0)
        return;
    Known known[MAX_JOBS];
    for (uint32_t j = 0; j < l->job_count; j++) {
        int year = l->jobs[j].start / 4, month = l->jobs[j].start % 4 * 3 + 1;
        noise_register(s->w, s->r, p, s->house, REGISTRAR_EMPLOYER, date_of(year, month, 1), &known[j]);
    }
    Row row;
    for (uint32_t i = 0; i < l->wage_count; i++)
        write_wage(s, p, l, &l->wages[i], &known[l->wages[i].job], &row);
}

Status write_employers(const World *w, Plan *plan, const Codes *codes, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    Row r;
    for (Quarter q = w->first_quarter; q <= w->last_quarter; q++) {
        OutFile *f = &plan->files[plan->employer[q - w->first_quarter]];
        buf_reset(&b);
        for (uint32_t i = 0; i < w->employer_count; i++) {
            const Employer *e = &w->employers[i];
            if (e->first > q || e->last < q)
                continue;
            row_begin(&r, f->layout);
            row_text(&r, EMPLOYER_ACCOUNT, (Slice){e->account, 10});
            row_digits(&r, EMPLOYER_QUARTER, (uint64_t)(q / 4) * 100 + (uint64_t)(q % 4) + 1, 6);
            row_text(&r, EMPLOYER_NAICS, span(w->p.sectors[e->sector].naics));
            row_text(&r, EMPLOYER_COUNTY, slice_sub(w->counties[e->county].fips, 2, 5));
            row_text(&r, EMPLOYER_OWNERSHIP, codes->ownership[e->sector]);
            layout_write(&r, &b);
            f->rows++;
        }
        writer_add(f->writer, buf_slice(&b));
        f->bytes += b.len;
        if (b.status != OK)
            break;
    }
    Status st = buf_status(&b, err);
    buf_free(&b);
    return st;
}

static Slice yes_no(const Codes *c, bool on)
{
    return on ? c->pirl_yes : c->pirl_no;
}

static void put_training(Row *r, const Codes *c, const Participation *x)
{
    if (x->training)
        row_text(r, PIRL_TRAINING_TYPE, x->on_the_job ? SLICE("01") : SLICE("06"));
    for (int i = 0; i < GAIN_COUNT; i++)
        row_date(r, PIRL_GAIN + i, x->gains[i]);
    row_date(r, PIRL_EDUCATION, x->education);
    row_date(r, PIRL_LAST_SERVICE, x->last_service);
    row_text(r, PIRL_PLANNED, yes_no(c, x->exit == DATE_NONE));
}

static void write_participation(Scribe *s, const Person *p, const Participation *x, uint32_t number)
{
    const World *w = s->w;
    const Codes *c = s->codes;
    /* one row a participation, in the file of the programme year it ended in, or of the last one while it lasts */
    int end = x->exit == DATE_NONE ? w->last_year : date_school_year(x->exit) - 1;
    end = end > w->last_year ? w->last_year : end < w->first_year ? w->first_year : end;
    uint32_t file = plan_year(s->plan, s->plan->pirl, end);
    if (file == NO_FILE)
        return;
    Known k;
    noise_register(w, s->r, p, s->house, REGISTRAR_PROGRAM, x->entry, &k);
    Row row, *r = &row;
    row_begin(r, s->plan->files[file].layout);
    row_digits(r, PIRL_ID, local_number(p->id, number, UINT64_C(999999999989)), 12);
    if (k.ssn[0])
        row_text(r, PIRL_SSN, (Slice){k.ssn, 9});
    row_text(r, PIRL_LAST, span(k.last));
    row_text(r, PIRL_FIRST, span(k.first));
    row_text(r, PIRL_STATE, span(w->p.home_state));
    row_text(r, PIRL_COUNTY, slice_sub(w->counties[p->county].fips, 2, 5));
    row_digits(r, PIRL_ZIP, zip_of(w, p, p->county), 5);
    row_date(r, PIRL_BIRTH, k.birth);
    if (p->sex != 'X')
        row_text(r, PIRL_SEX, c->pirl_sex[sex_index(p->sex)]);
    row_text(r, PIRL_DISABILITY, yes_no(c, p->flags & FLAG_DISABILITY));
    row_text(r, PIRL_HISPANIC, yes_no(c, p->hispanic));
    row_text(r, PIRL_AMERICAN_INDIAN, yes_no(c, p->race & RACE_AMERICAN_INDIAN));
    row_text(r, PIRL_ASIAN, yes_no(c, p->race & RACE_ASIAN));
    row_text(r, PIRL_BLACK, yes_no(c, p->race & RACE_BLACK));
    row_text(r, PIRL_PACIFIC, yes_no(c, p->race & RACE_PACIFIC));
    row_text(r, PIRL_WHITE, yes_no(c, p->race & RACE_WHITE));
    row_text(r, PIRL_LOW_INCOME, yes_no(c, x->low_income));
    row_text(r, PIRL_ENGLISH, yes_no(c, p->flags & FLAG_ENGLISH_LEARNER));
    row_date(r, PIRL_ENTRY, x->entry);
    row_date(r, PIRL_EXIT, x->exit);
    row_flag(r, PIRL_ADULT, x->kind == WORKFORCE_ADULT);
    row_flag(r, PIRL_DISLOCATED, x->kind == WORKFORCE_DISLOCATED);
    row_flag(r, PIRL_YOUTH, x->kind == WORKFORCE_YOUTH);
    row_flag(r, PIRL_WAGNER, false);
    row_flag(r, PIRL_APPRENTICE, x->kind == WORKFORCE_APPRENTICE);
    row_text(r, PIRL_TRAINING, yes_no(c, x->training));
    put_training(r, c, x);
    if (x->credential != DATE_NONE) {
        row_text(r, PIRL_CREDENTIAL, x->secondary_credential ? SLICE("1") : SLICE("4"));
        row_date(r, PIRL_CREDENTIAL_DATE, x->credential);
    }
    sink_row(s->sink, file, r, p->id, (Weakness){PIRL_ENTRY, PIRL_TRAINING, true});
}

void write_workforce(Scribe *s, const Person *p, const Life *l)
{
    for (uint32_t i = 0; i < l->program_count; i++)
        write_participation(s, p, &l->programs[i], i);
}
