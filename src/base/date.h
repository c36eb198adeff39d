/*
 * Dates are days since 1970-01-01 in the proleptic Gregorian calendar; quarters
 * are year * 4 + (quarter - 1), so that "the second quarter after exit" is + 2
 * and a wage quarter compares as an integer.
 *
 * Vectors (WIOA, TEGL 10-16 exit-quarter arithmetic): exit
 * 2025-02-10 is 2025Q1, so Q2 after exit is 2025Q3 and Q4 after exit 2026Q1.
 */
#ifndef CAIRN_BASE_DATE_H
#define CAIRN_BASE_DATE_H

#include "base/error.h"
#include "base/slice.h"

typedef int32_t Date;
typedef int32_t Quarter;

#define DATE_NONE INT32_MIN

typedef enum DateFormat { DATE_ISO, DATE_YYYYMMDD, DATE_MMDDYYYY, DATE_US_SLASH /* M/D/YYYY */ } DateFormat;

/* ERR_INVALID when there is no such day or the year is outside 1..9999. */
MUST_USE Status date_make(int year, int month, int day, Date *out, Error *err);
void date_civil(Date d, int *year, int *month, int *day);
MUST_USE Status date_parse(Slice s, DateFormat format, Date *out, Error *err);
/* YYYY-MM-DD and a NUL; DATE_NONE gives an empty string. Any other day must lie in the years 1..9999. */
void date_print(Date d, char out[11]);
int date_year(Date d);
/* 0 is Monday. */
int date_weekday(Date d);
/* A school year is named by the calendar year it ends in: July to June (C.R.S. budget year). */
int date_school_year(Date d);

Quarter quarter_make(int year, int quarter);
Quarter quarter_of(Date d);
/* "2025Q3"; out must hold 8 bytes. */
void quarter_print(Quarter q, char out[8]);

#endif
