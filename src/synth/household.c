/*
 * Households: who lives together, what they are called, what they look like to an agency.
 *
 * Families share address (district) and surname; children of one family may be twins; a child of two names carries
 * both or a hyphen; women may change their surname on marriage. Numbers (SSN, SASID) are permutations of the person's
 * number, so no two people share one by accident: shared numbers in the files are always errors made there.
 */
#include "synth/life.h"

#define SSN_COUNT UINT64_C(888931098) /* areas 001-665, 667-899; groups 01-99; serials 0001-9999 */
#define PLACES_OF_COUNTY 25
#define SASID_COUNT UINT64_C(8999999993)

typedef struct Family {
    char surname[MAX_NAME], other[MAX_NAME]; /* father's and mother's */
    char accented[MAX_NAME];
    bool hispanic;
    uint8_t race;
    bool low_income;
    uint8_t flags;
    uint32_t school;
    uint32_t county;
    uint32_t place;
} Family;

Date date_of(int year, int month, int day)
{
    Date d = 0;
    Status st = date_make(year, month, day, &d, NULL);
    ASSERT(st == OK);
    return d;
}

Date quarter_begin(Quarter q)
{
    return date_of(q / 4, q % 4 * 3 + 1, 1);
}

uint32_t zip_of(const World *w, const Person *p, uint32_t county)
{
    uint32_t place = (county == NO_COUNTY ? p->county : county) * PLACES_OF_COUNTY + p->place;
    return (uint32_t)(w->p.zip_first + (int64_t)place % (w->p.zip_last - w->p.zip_first + 1));
}

static void copy_name(char *out, Slice s)
{
    size_t n = s.len < MAX_NAME - 1 ? s.len : MAX_NAME - 1;
    memcpy(out, s.ptr, n);
    out[n] = '\0';
}

static void join_names(char *out, const char *a, char sep, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n + m + 2 > MAX_NAME)
        m = MAX_NAME - 2 - n;
    memmove(out, a, n);
    out[n] = sep;
    memcpy(out + n + 1, b, m);
    out[n + 1 + m] = '\0';
}

/* A bijection on the numbers below 888,931,098, then area, group and serial. */
static uint64_t ssn_of(uint64_t seed, uint64_t id)
{
    uint64_t n = (id * UINT64_C(514229777) + seed % UINT64_C(1000003)) % SSN_COUNT;
    uint64_t serial = n % 9999 + 1, group = n / 9999 % 99 + 1, area = n / (9999 * 99) + 1;
    area += area >= 666 ? 1 : 0;
    return area * 1000000 + group * 10000 + serial;
}

static uint64_t sasid_of(uint64_t seed, uint64_t number)
{
    return (number * UINT64_C(3141592653) + seed % UINT64_C(999983)) % SASID_COUNT + UINT64_C(1000000000);
}

static NameTilt family_tilt(const World *w, const Family *f, Rng *r)
{
    if (f->hispanic && chance(r, w->p.tilt_hispanic_ppm))
        return TILT_HISPANIC;
    if (f->race == RACE_ASIAN && chance(r, w->p.tilt_asian_ppm))
        return TILT_ASIAN;
    return TILT_GENERAL;
}

static uint8_t draw_race(const World *w, Rng *r, bool hispanic)
{
    const Params *p = &w->p;
    int64_t u = (int64_t)rng_below(r, 1000000);
    if (hispanic)
        return u < 60000 ? RACE_AMERICAN_INDIAN : u < 120000 ? RACE_BLACK : RACE_WHITE;
    if ((u -= p->black_ppm) < 0)
        return RACE_BLACK;
    if ((u -= p->asian_ppm) < 0)
        return RACE_ASIAN;
    if ((u -= p->american_indian_ppm) < 0)
        return RACE_AMERICAN_INDIAN;
    if ((u -= p->pacific_ppm) < 0)
        return RACE_PACIFIC;
    if ((u -= p->two_races_ppm) < 0)
        return (uint8_t)(RACE_WHITE | (rng_below(r, 2) ? RACE_BLACK : RACE_ASIAN));
    return RACE_WHITE;
}

static void draw_family(const World *w, Rng *r, Family *f)
{
    const Params *p = &w->p;
    memset(f, 0, sizeof *f);
    f->school = rng_pick(r, w->school_cumulative, w->school_count);
    const District *d = &w->districts[w->schools[f->school].district];
    f->county = d->county;
    while (f->county == NO_COUNTY)
        f->county = w->districts[w->schools[rng_pick(r, w->school_cumulative, w->school_count)].district].county;
    f->place = (uint32_t)rng_below(r, PLACES_OF_COUNTY);
    f->hispanic = chance(r, d->hispanic_ppm);
    f->race = draw_race(w, r, f->hispanic);
    f->low_income = chance(
        r, d->low_income_ppm * (f->hispanic ? p->low_income_hispanic_permille : p->low_income_other_permille) / 1000);
    if (chance(r, f->hispanic || f->race == RACE_ASIAN ? p->english_learner_hispanic_ppm : p->english_learner_ppm))
        f->flags |= FLAG_ENGLISH_LEARNER;
    if (f->low_income && chance(r, p->migrant_ppm))
        f->flags |= FLAG_MIGRANT;
    uint32_t i = 0, j = 0;
    copy_name(f->surname, name_draw(&w->surnames, family_tilt(w, f, r), r, &i));
    copy_name(f->other, name_draw(&w->surnames, family_tilt(w, f, r), r, &j));
    if (w->surnames.accented[i].len > 0 && chance(r, p->accent_ppm))
        copy_name(f->accented, w->surnames.accented[i]);
}

static void draw_first_name(const World *w, Rng *r, const Family *f, Person *x)
{
    const NameList *list = &w->first_names[x->sex == 'M' || (x->sex == 'X' && rng_below(r, 2)) ? 1 : 0];
    NameTilt tilt = f->hispanic && chance(r, w->p.tilt_hispanic_ppm / 2) ? TILT_HISPANIC : TILT_GENERAL;
    uint32_t i = 0, m = 0;
    copy_name(x->first, name_draw(list, tilt, r, &i));
    if (list->nick_count[i] > 0)
        x->nickname = w->nicknames[list->nick_first[i] + rng_below(r, list->nick_count[i])];
    if (chance(r, w->p.middle_name_ppm))
        copy_name(x->middle, name_draw(list, TILT_GENERAL, r, &m));
    if (x->sex == 'M' && chance(r, w->p.suffix_ppm))
        memcpy(x->suffix, rng_below(r, 4) ? "JR" : "II", 3);
}

static void draw_marriage(const World *w, Rng *r, const Family *f, Person *x)
{
    x->married = DATE_NONE;
    if (x->sex != 'F')
        return;
    int born = date_year(x->birth);
    for (int age = 20; age < 45; age++) {
        int year = born + age;
        if (!chance(r, w->p.marriage_year_ppm))
            continue;
        const int day = (int)rng_between(r, 1, 28);
        x->married = date_of(year, (int)rng_between(r, 1, 12), day);
        break;
    }
    if (x->married == DATE_NONE || !chance(r, w->p.marriage_change_ppm))
        return;
    uint32_t i = 0;
    char husband[MAX_NAME];
    copy_name(husband, name_draw(&w->surnames, family_tilt(w, f, r), r, &i));
    if (chance(r, w->p.hyphen_surname_ppm * 4))
        join_names(x->last_after, x->last, '-', husband);
    else
        memcpy(x->last_after, husband, sizeof husband);
}

const char *surname_on(const Person *p, Date d)
{
    return p->last_after[0] && p->married != DATE_NONE && d >= p->married ? p->last_after : p->last;
}

static void draw_flags(const World *w, Rng *r, const Family *f, Person *x)
{
    const Params *p = &w->p;
    x->flags = f->flags;
    if (chance(r, p->disability_ppm * (x->sex == 'M' ? 1300 : 700) / 1000))
        x->flags |= FLAG_DISABILITY;
    if (chance(r, p->foster_ppm))
        x->flags |= FLAG_FOSTER;
    if (chance(r, p->gifted_ppm * (f->low_income ? 500 : 1450) / 1000))
        x->flags |= FLAG_GIFTED;
}

static void draw_person(const World *w, Rng *r, const Family *f, uint64_t id, Person *x)
{
    *x = (Person){.id = id, .married = DATE_NONE};
    x->sex = chance(r, w->p.sex_x_ppm) ? 'X' : rng_below(r, 1000) < 512 ? 'M' : 'F';
    x->race = f->race;
    x->hispanic = f->hispanic;
    x->low_income = f->low_income;
    x->school = f->school;
    x->county = f->county;
    x->place = f->place;
    x->ability = 1000 + (int64_t)(rng_normal(r) * 180.0);
    x->ability = x->ability < 400 ? 400 : x->ability > 1700 ? 1700 : x->ability;
    x->ssn = chance(r, w->p.no_ssn_ppm) ? 0 : ssn_of(w->seed, id);
    x->sasid = sasid_of(w->seed, id);
    x->second_sasid = chance(r, w->p.sasid_reissued_ppm) ? sasid_of(w->seed, id + (UINT64_C(1) << 32)) : 0;
}

static void name_child(const World *w, Rng *r, const Family *f, Person *x)
{
    const Params *p = &w->p;
    memcpy(x->last, f->surname, sizeof x->last);
    memcpy(x->accented, f->accented, sizeof x->accented);
    if (f->hispanic && chance(r, p->double_surname_ppm))
        join_names(x->last, f->surname, ' ', f->other);
    else if (chance(r, p->hyphen_surname_ppm))
        join_names(x->last, f->surname, '-', f->other);
    else
        return;
    x->accented[0] = '\0';
}

/* Born to be in grade 12 in the school year `ayg`: five years old by October 1 of the kindergarten year. */
static Date birth_for(Rng *r, int ayg)
{
    return date_of(ayg - 19, 10, 2) + (Date)rng_below(r, 365);
}

static void add_child(const World *w, Rng *r, const Family *f, int ayg, const Person *twin, uint64_t id, Person *x)
{
    draw_person(w, r, f, id, x);
    x->student = true;
    x->ayg_wanted = ayg;
    x->birth = twin ? twin->birth : birth_for(r, ayg);
    draw_flags(w, r, f, x);
    draw_first_name(w, r, f, x);
    if (twin)
        memcpy(x->last, twin->last, sizeof x->last), memcpy(x->accented, twin->accented, sizeof x->accented);
    else
        name_child(w, r, f, x);
    draw_marriage(w, r, f, x);
}

static void add_parent(const World *w, Rng *r, const Family *f, char sex, Date child, uint64_t id, Person *x)
{
    draw_person(w, r, f, id, x);
    x->sex = sex;
    x->birth = child - 365 * 22 - (Date)rng_below(r, 365 * 16);
    memcpy(x->last, f->surname, sizeof x->last);
    if (sex == 'F' && chance(r, w->p.mother_other_surname_ppm))
        memcpy(x->last, f->other, sizeof x->last);
    draw_first_name(w, r, f, x);
}

static void draw_student_family(const World *w, Rng *r, uint32_t limit, uint64_t first_id, Household *out)
{
    const Params *p = &w->p;
    Family f;
    draw_family(w, r, &f);
    int low = w->first_year, high = w->last_year + 12 - w->first_grade;
    /* a window wider than the files keeps the share of siblings equal at its ends */
    int ayg = (int)rng_between(r, low - 5, high + 5);
    uint32_t children = 1 + (chance(r, p->second_child_ppm) ? 1U + (chance(r, p->third_child_ppm) ? 1U : 0U) : 0U);
    for (uint32_t c = 0; c < children && out->size < limit; c++) {
        if (ayg >= low && ayg <= high) {
            Person *x = &out->people[out->size];
            add_child(w, r, &f, ayg, NULL, first_id + out->size, x);
            out->size++;
            if (out->size < limit && chance(r, p->twins_ppm)) {
                add_child(w, r, &f, ayg, x, first_id + out->size, &out->people[out->size]);
                out->size++;
            }
        }
        ayg += (int)rng_between(r, 1, 5);
    }
    if (out->size == 0)
        return;
    Date oldest = out->people[0].birth;
    if (out->size < limit && chance(r, p->parent_ppm)) {
        add_parent(w, r, &f, 'F', oldest, first_id + out->size, &out->people[out->size]);
        out->size++;
    }
    if (out->size < limit && chance(r, p->parent_ppm)) {
        add_parent(w, r, &f, 'M', oldest, first_id + out->size, &out->people[out->size]);
        out->size++;
    }
}

static void draw_adults(const World *w, Rng *r, uint32_t limit, uint64_t first_id, Household *out)
{
    Family f;
    draw_family(w, r, &f);
    uint32_t adults = chance(r, w->p.couple_ppm) ? 2 : 1;
    int middle = (w->first_year + w->last_year) / 2;
    Date born = date_of(middle - 60, 1, 1) + (Date)rng_below(r, 365 * 38);
    for (uint32_t i = 0; i < adults && out->size < limit; i++) {
        Person *x = &out->people[out->size];
        draw_person(w, r, &f, first_id + out->size, x);
        x->birth = born + (Date)rng_below(r, 365 * 4);
        if (i == 1)
            x->sex = out->people[0].sex == 'M' ? 'F' : 'M';
        draw_flags(w, r, &f, x);
        draw_first_name(w, r, &f, x);
        name_child(w, r, &f, x);
        if (i == 1 && x->sex == 'F' && chance(r, w->p.marriage_change_ppm))
            memcpy(x->last, out->people[0].last, sizeof x->last);
        else
            draw_marriage(w, r, &f, x);
        out->size++;
    }
}

void household_draw(const World *w, Rng *r, uint32_t limit, uint64_t first_id, Household *out)
{
    if (limit > MAX_HOUSEHOLD)
        limit = MAX_HOUSEHOLD;
    out->size = 0;
    bool students = chance(r, w->p.student_household_ppm);
    while (students && out->size == 0)
        draw_student_family(w, r, limit, first_id, out);
    if (!students)
        draw_adults(w, r, limit, first_id, out);
}
