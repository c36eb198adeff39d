/*
 * Noise: how an agency came to know a person. Errors are made once, when the person is registered with a district, a
 * college or an employer, and then repeated in every row: as in real files, where a wrong birth date stays wrong.
 */
#ifndef CAIRN_SYNTH_NOISE_H
#define CAIRN_SYNTH_NOISE_H

#include "synth/life.h"

typedef enum Registrar { REGISTRAR_SCHOOL, REGISTRAR_COLLEGE, REGISTRAR_EMPLOYER, REGISTRAR_PROGRAM } Registrar;

typedef struct Known {
    char first[MAX_NAME + 2], middle[MAX_NAME], last[MAX_NAME + 2];
    Slice suffix;
    Date birth;
    char sex;
    char ssn[10]; /* nine digits; empty when the registrar has none */
} Known;

/* others: the household, for numbers borrowed from a relative. */
void noise_register(
    const World *w, Rng *r, const Person *p, const Household *others, Registrar who, Date on, Known *out);

#endif
