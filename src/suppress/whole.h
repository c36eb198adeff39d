/*
 * Private to suppress: witnesses that are whole numbers, kept so that the auditor can be shown them.
 *
 * One move often serves several needs: they share it.
 */
#ifndef CAIRN_SUPPRESS_WHOLE_H
#define CAIRN_SUPPRESS_WHOLE_H

#include "suppress/local.h"
#include "suppress/suppress.h"

typedef struct WholeMove {
    uint32_t owners, count;
    bool listed;         /* by whole_list */
    SuppressTerm *terms; /* cells of the problem */
} WholeMove;

/* terms: the asked cell first. A move of simple fractions becomes the least multiple that is whole and moves the asked
 * cell as far. *out NULL: it has others, or no room. Otherwise owned once. ERR_NOMEM. */
MUST_USE Status whole_move(const Net *net, const LocalTerm *terms, uint32_t count, WholeMove **out, Error *err);
/* One owner more, or less; NULL is fine. */
WholeMove *whole_share(WholeMove *m);
void whole_drop(WholeMove *m);

/* Moves one after the other: move i is terms[start[i]] up to the next start. */
typedef struct WholeList {
    VEC(SuppressTerm) terms;
    VEC(size_t) start;
} WholeList;
/* Appends a move that is not in a list yet. ERR_NOMEM. */
MUST_USE Status whole_list(WholeList *list, WholeMove *m, Error *err);
void whole_list_free(WholeList *list);

#endif
