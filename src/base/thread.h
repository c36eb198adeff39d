/* Threads for work that splits into independent items. Results must not depend on who did what. */
#ifndef CAIRN_BASE_THREAD_H
#define CAIRN_BASE_THREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* One item; items are handed out in order, run in any order. */
typedef Status (*ParallelFn)(size_t item, void *ctx, Error *err);

/* Runs fn for 0 .. count-1 on at most threads threads (0: one a core; 1: in the caller).
 * Stops handing out after the first failure; of several failures the one with the lowest item wins,
 * so that the message does not depend on timing. */
MUST_USE Status parallel_for(size_t count, unsigned threads, ParallelFn fn, void *ctx, Error *err);
unsigned thread_cores(void);

/* Cancellation by SIGINT and SIGTERM: install once in main; long loops ask. */
void cancel_install(void);
bool cancel_asked(void);
MUST_USE Status cancel_check(Error *err); /* ERR_CANCELLED when asked */

#endif
