/* Private to matchfile: a config from what the columns are called and what stands in them. */
#ifndef CAIRN_MATCHFILE_SUGGEST_H
#define CAIRN_MATCHFILE_SUGGEST_H

#include "matchfile/people.h"

/* One column name, with all files that have it. Shares are of the filled values of a sample that depends on the rows'
 * contents only, not on their order. */
typedef struct ColumnProfile {
    Slice name;
    uint64_t rows, filled, distinct;
    double length;     /* mean, of filled ones */
    double digits;     /* share of nothing but digits */
    double letters;    /* share without a digit */
    double dates;      /* share in one of the ways to write a day */
    double nine;       /* share of nine digits, with or without hyphens: a social security number */
    double mails;      /* share with an @ */
    double sexes;      /* share of M, F and their like */
    int64_t low, high; /* of the whole numbers among them */
    const char *use;   /* what the column became, for people; NULL: not decided yet */
} ColumnProfile;

typedef struct Profile {
    ColumnProfile *columns;
    uint32_t count;
    uint64_t rows;
    Slice missing[MATCH_MISSING_MAX]; /* texts that stand for an empty cell */
    uint32_t missing_count;
} Profile;

/* Lives in p's arena. */
MUST_USE Status profile_people(People *p, Profile *out, Error *err);

/* Fills columns, fields, input->id and input->missing. What input names already (id, source, truth) is taken as said
 * and is no field. ERR_INVALID when no column looks like a person's. */
MUST_USE Status suggest_config(People *p, Profile *profile, MatchConfig *config, MatchInput *input, Error *err);
/* The config as text, under a comment on every column. */
void suggest_write(const Profile *profile, const MatchConfig *config, const MatchInput *input, Buf *out);

#endif
