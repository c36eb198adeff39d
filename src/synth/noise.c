/* Typing errors after Damerau (1964): one letter changed, dropped, added, or two swapped; dates with day and month
 * swapped or a digit wrong. */
#include "synth/noise.h"

#include "synth/layout.h"

#define SPAN(z) ((Slice){(z), strlen(z)})

static void typo(Rng *r, char *name, size_t size)
{
    size_t n = strlen(name);
    if (n < 3)
        return;
    /* the first letter is rarely mistyped; a byte beyond ASCII is part of a letter and stays */
    size_t at = 1 + (size_t)rng_below(r, n - 1);
    uint64_t kind = rng_below(r, 4);
    if ((name[at] & 0x80) || (name[at - 1] & 0x80))
        return;
    if (kind == 0) {
        name[at] = (char)('a' + rng_below(r, 26));
    } else if (kind == 1) {
        memmove(name + at, name + at + 1, n - at);
    } else if (kind == 2 && n + 2 < size) {
        memmove(name + at + 1, name + at, n - at + 1);
        name[at] = name[at + 1];
    } else if (at + 1 < n && !(name[at + 1] & 0x80)) {
        char c = name[at];
        name[at] = name[at + 1];
        name[at + 1] = c;
    }
}

static void copy_text(char *out, size_t size, Slice s)
{
    size_t n = s.len < size - 1 ? s.len : size - 1;
    memcpy(out, s.ptr, n);
    out[n] = '\0';
}

static Date noisy_birth(const Params *q, Rng *r, Date birth)
{
    if (!chance(r, q->date_transposed_ppm + q->date_typo_ppm))
        return birth;
    int y, m, d;
    Date out = birth;
    date_civil(birth, &y, &m, &d);
    bool swap = rng_below(r, (uint64_t)(q->date_transposed_ppm + q->date_typo_ppm)) < (uint64_t)q->date_transposed_ppm;
    Status st;
    if (swap && d <= 12)
        st = date_make(y, d, m, &out, NULL);
    else if (rng_below(r, 2))
        st = date_make(y, m, d % 10 == 9 ? d - 1 : d + 1, &out, NULL);
    else
        st = date_make(y + (rng_below(r, 2) ? 1 : -1), m, d, &out, NULL);
    return st == OK ? out : birth;
}

static void known_ssn(const Params *q, Rng *r, const Person *p, const Household *others, Registrar who, Known *k)
{
    k->ssn[0] = '\0';
    if (who == REGISTRAR_SCHOOL)
        return;
    bool wage = who == REGISTRAR_EMPLOYER;
    uint64_t ssn = p->ssn;
    if (wage && chance(r, q->wage_shared_ssn_ppm)) {
        const Person *other = &others->people[rng_below(r, others->size)];
        ssn = other->ssn && other != p ? other->ssn : ssn;
    }
    if (ssn == 0 || chance(r, wage ? q->wage_no_ssn_ppm : q->surds_no_ssn_ppm))
        return;
    put_digits(k->ssn, ssn, 9);
    k->ssn[9] = '\0';
    if (!chance(r, wage ? q->wage_wrong_ssn_ppm : q->surds_wrong_ssn_ppm))
        return;
    /* among the last six digits, so that the area stays one that exists */
    size_t at = 3 + (size_t)rng_below(r, 5);
    if (rng_below(r, 2)) {
        char c = k->ssn[at];
        k->ssn[at] = k->ssn[at + 1];
        k->ssn[at + 1] = c;
    } else {
        k->ssn[at] = (char)('1' + (k->ssn[at] - '0' + (int)rng_below(r, 8)) % 9);
    }
}

static void known_names(const Params *q, Rng *r, const Person *p, Registrar who, Date on, Known *k)
{
    const char *last = surname_on(p, on);
    bool accented = who == REGISTRAR_SCHOOL && last == p->last && p->accented[0];
    copy_text(k->last, sizeof k->last, accented ? SPAN(p->accented) : SPAN(last));
    int64_t nick = who == REGISTRAR_SCHOOL ? q->nickname_k12_ppm : q->nickname_other_ppm;
    copy_text(k->first, sizeof k->first, p->nickname.len > 0 && chance(r, nick) ? p->nickname : SPAN(p->first));
    copy_text(k->middle, sizeof k->middle, SPAN(p->middle));
    if (rng_below(r, 3) == 0)
        k->middle[0] = '\0';
    else if (k->middle[0] && (who != REGISTRAR_SCHOOL || rng_below(r, 3) == 0))
        k->middle[1] = '\0';
    if (chance(r, q->name_typo_ppm))
        typo(r, rng_below(r, 2) ? k->first : k->last, MAX_NAME);
    k->suffix = SPAN(p->suffix);
    if (k->suffix.len > 0 && rng_below(r, 3) == 0)
        k->suffix = SLICE("");
}

static void known_upper(char *s)
{
    for (; *s; s++)
        if (*s >= 'a' && *s <= 'z')
            *s = (char)(*s - 32);
}

static void known_by_employer(const Params *q, Rng *r, Known *k)
{
    known_upper(k->first);
    known_upper(k->last);
    known_upper(k->middle);
    if (chance(r, q->wage_no_name_ppm)) {
        k->first[0] = k->last[0] = k->middle[0] = '\0';
    } else if (chance(r, q->wage_truncated_ppm)) {
        k->first[1] = '\0';
        k->last[strlen(k->last) > 10 ? 10 : strlen(k->last) > 6 ? 6 : strlen(k->last)] = '\0';
    }
}

void noise_register(const World *w, Rng *r, const Person *p, const Household *others, Registrar who, Date on, Known *k)
{
    const Params *q = &w->p;
    known_names(q, r, p, who, on, k);
    k->birth = noisy_birth(q, r, p->birth);
    k->sex = p->sex;
    known_ssn(q, r, p, others, who, k);
    if (who == REGISTRAR_EMPLOYER)
        known_by_employer(q, r, k);
}
