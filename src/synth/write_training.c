/*
 * Career and technical education: one row a student, programme and year, from schools and from colleges. What the
 * collection gets wrong about a person, and the errors planted, come from streams of the person's own, so that the
 * other agencies' files are what they would be without this one.
 */
#include "synth/writers.h"

#define CTE_NOISE (UINT64_C(0x6374) << 48)
#define CTE_ERRORS (UINT64_C(0x6365) << 48)

typedef struct CteDesk {
    Scribe *s;
    const Person *p;
    const Life *l;
    Rng r;
    Known known[2]; /* at school, at college */
    bool met[2];
    uint32_t college; /* of known[1] */
    Row row;
} CteDesk;

static const Known *know(CteDesk *d, const CteYear *c)
{
    int i = !c->secondary;
    if (!d->met[i] || (i && d->college != c->place))
        noise_register(d->s->w, &d->r, d->p, d->s->house, i ? REGISTRAR_COLLEGE : REGISTRAR_SCHOOL,
            date_of(c->year - 1, 9, 1), &d->known[i]);
    d->met[i] = true;
    d->college = i ? c->place : d->college;
    return &d->known[i];
}

static uint64_t sasid_in(const Life *l, int year)
{
    uint64_t sasid = l->years[0].sasid;
    for (uint32_t i = 0; i < l->year_count && l->years[i].year <= year; i++)
        sasid = l->years[i].sasid;
    return sasid;
}

static void put_school(CteDesk *d, const CteYear *c)
{
    const School *school = &d->s->w->schools[c->place];
    Row *r = &d->row;
    row_text(r, CTE_DISTRICT, d->s->w->districts[school->district].code);
    row_digits(r, CTE_LASID, local_number(d->p->id, school->district, UINT64_C(9999999967)) + 1, 10);
    row_digits(r, CTE_SASID, sasid_in(d->l, c->year), 10);
    row_text(r, CTE_SCHOOL, school->code);
    row_decimal(r, CTE_UNITS, c->tenths);
}

static void put_college(CteDesk *d, const CteYear *c, const Known *k)
{
    Row *r = &d->row;
    row_text(r, CTE_INSTITUTION, d->s->w->colleges[c->place].state_code);
    row_digits(r, CTE_STUDENT, local_number(d->p->id, c->place, UINT64_C(99999989)), 9);
    if (k->ssn[0])
        row_text(r, CTE_SSN, (Slice){k->ssn, 9});
    if (d->p->student && d->l->year_count > 0)
        row_digits(r, CTE_SASID, d->l->years[d->l->year_count - 1].sasid, 10);
    row_decimal(r, CTE_CREDITS, c->tenths);
    row_decimal(r, CTE_PROGRAM_CREDITS, c->program_tenths);
}

static void write_year(CteDesk *d, const CteYear *c)
{
    const Plan *plan = d->s->plan;
    int place = !c->secondary;
    uint32_t file = plan_year(plan, place ? plan->cte_college : plan->cte_school, c->year);
    if (file == NO_FILE)
        return;
    const Known *k = know(d, c);
    Row *r = &d->row;
    row_begin(r, plan->files[file].layout);
    if (place)
        put_college(d, c, k);
    else
        put_school(d, c);
    row_text(r, CTE_LAST, span(k->last));
    row_text(r, CTE_FIRST, span(k->first));
    row_date(r, CTE_BIRTH, k->birth);
    row_text(r, CTE_SEX, d->s->codes->cte_sex[place][sex_index(d->p->sex)]);
    const char *cip = d->s->w->p.fields[c->field].cip; /* two digits, a point, four digits */
    char digits[6] = {cip[0], cip[1], cip[3], cip[4], cip[5], cip[6]};
    row_text(r, CTE_CIP, (Slice){digits, 6});
    row_text(r, CTE_COMPLETED, c->completed ? SLICE("Y") : SLICE("N"));
    row_date(r, CTE_LEFT, c->left);
    if (c->placement != PLACED_UNASKED)
        row_text(r, CTE_PLACEMENT, d->s->codes->placement[place][c->placement]);
    sink_row(d->s->sink, file, r, d->p->id, (Weakness){CTE_BIRTH, CTE_SEX, true});
}

void write_training(Scribe *s, const Person *p, const Life *l)
{
    if (l->cte_count == 0)
        return;
    CteDesk d = {.s = s, .p = p, .l = l};
    Rng others = s->sink->errors;
    rng_init(&d.r, s->w->seed, CTE_NOISE | p->id);
    rng_init(&s->sink->errors, s->w->seed, CTE_ERRORS | p->id);
    for (uint32_t i = 0; i < l->cte_count; i++)
        write_year(&d, &l->cte[i]);
    s->sink->errors = others;
}
