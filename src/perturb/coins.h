/*
 * Coins: uniform integers for the samplers.
 *
 * Who fills the buffer is decided when the program is linked, not when it runs: the library holds coins_system.c, which
 * knows no seed; the tests link a file of their own in its place. There is no pointer, option or variable by which the
 * released program could be given coins of somebody's choice.
 */
#ifndef CAIRN_PERTURB_COINS_H
#define CAIRN_PERTURB_COINS_H

#include "base/base.h"

__extension__ typedef unsigned __int128 u128;

#define COINS_BUFFER 16384

/* One release's stream. Not shared between threads, not carried over a fork. */
typedef struct Coins {
    size_t at; /* next unread byte of buffer */
    uint8_t buffer[COINS_BUFFER];
    void *source; /* coins_fill's own */
} Coins;

/* Free with coins_free, which wipes. */
MUST_USE Status coins_new(Coins **out, Error *err);
void coins_free(Coins *c);

/* Uniform in [0, n); n > 0. */
uint64_t coins_below(Coins *c, uint64_t n);
/* True with probability num / den exactly; num <= den, den > 0. */
bool coins_bernoulli(Coins *c, u128 num, u128 den);

/* --- the source, linked ------------------------------------------------------------------------------------------ */

MUST_USE Status coins_open(Coins *c, Error *err);
/* Fills the whole buffer or ends the process: noise with fewer bits than claimed must not leave it. */
void coins_fill(Coins *c);
void coins_close(Coins *c);

#endif
