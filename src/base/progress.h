/*
 * Progress: a bar with the time left on a terminal, a plain line every few
 * seconds elsewhere. Thread-safe: any thread may add.
 */
#ifndef CAIRN_BASE_PROGRESS_H
#define CAIRN_BASE_PROGRESS_H

#include "base/error.h"

typedef enum ProgressMode { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_LINES, PROGRESS_OFF } ProgressMode;
typedef struct Progress Progress;

/* total 0: unknown, only counts. label is copied. A NULL Progress is accepted everywhere and says nothing. */
MUST_USE Status progress_new(
    ProgressMode mode, const char *label, uint64_t total, const char *unit, Progress **out, Error *err);
void progress_add(Progress *p, uint64_t n);
/* Ends the line with the totals, unless it took less than a second, and frees. */
void progress_done(Progress *p);

#endif
