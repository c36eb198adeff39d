/*
 * The only place that reads a clock.
 *
 * CAIRN_NOW (an ISO instant such as 2026-11-23T08:00:00Z) in the environment
 * fixes the wall clock, so that tests and reproductions of an earlier run see
 * the time they say.
 */
#ifndef CAIRN_BASE_CLOCK_H
#define CAIRN_BASE_CLOCK_H

#include "base/date.h"
#include "base/error.h"

/* Seconds since 1970-01-01T00:00:00Z. */
int64_t clock_now(void);
Date clock_today(void); /* in UTC */
/* "2026-11-23T08:00:00Z"; out must hold 21 bytes. */
void clock_print(int64_t seconds, char out[21]);
/* For measuring: monotonic seconds, unrelated to the calendar; process CPU seconds; peak resident bytes. */
double clock_monotonic(void);
double clock_cpu(void);
uint64_t clock_peak_rss(void);

#endif
