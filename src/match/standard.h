/*
 * Standardisation: one spelling for what agencies write in many.
 *
 * Used by the match room's table for every kind of field; this header shows what
 * other rooms need as well: names, SSNs, birth dates and the table of nicknames.
 */
#ifndef CAIRN_MATCH_STANDARD_H
#define CAIRN_MATCH_STANDARD_H

#include "base/base.h"

/* Upper-case letters of a name: Unicode NFKD without marks, punctuation to blanks, blanks folded, suffixes (JR, SR, II
 * ...) cut off into *suffix. Words that say that there is no name (UNKNOWN, FNU, NMN ...) give an empty one. out and
 * suffix are overwritten. Bytes that are not UTF-8 are no name: empty. */
MUST_USE Status standard_name(Slice raw, Buf *out, Buf *suffix, Error *err);
/* 9 digits when the number can be a real SSN (no 000, 666, 9xx area, 00 group, 0000 serial, repeated digit, published
 * dummies); empty otherwise. */
MUST_USE Status standard_ssn(Slice raw, char out[10], Error *err);
/* A day as sent (YYYY-MM-DD); DATE_NONE when empty or not a day. */
Date standard_birth_date(Slice raw);
/* DE, LA, VAN, MC ...: words of a surname that are no name by themselves. */
bool name_is_particle(Slice word);

/* Nicknames and the formal names that each may stand for. */
typedef struct Nicknames {
    Arena arena;
    Map names;            /* nickname -> place in firsts */
    VEC(uint32_t) firsts; /* first of its formals; one more at the end */
    VEC(Slice) formals;
} Nicknames;

/* csv: columns nickname, formal; sorted by nickname, upper case. An empty text is a table without rows. ERR_INVALID
 * when it is not sorted. Free in every case. */
MUST_USE Status nicknames_init(Nicknames *n, Slice csv, const char *path, Error *err);
void nicknames_free(Nicknames *n);
/* The formal names of a word; count 0: it is no nickname. Borrowed. */
const Slice *nicknames_find(const Nicknames *n, Slice word, uint32_t *count);

#endif
