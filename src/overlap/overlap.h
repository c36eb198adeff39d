/*
 * Overlap: figures that count partly the same people, put together by somebody who was told several of them.
 *
 * Two groups of enough people each may differ by one: their counts, subtracted, tell of that one. Whoever gives the
 * figures knows who is in which of them, so the attack can be made as it is: people whom exactly the same figures count
 * are one pattern (an atom of the Venn diagram of all the sets), patterns are unknown whole numbers, and each figure
 * that is told is an equation over them. Nobody may learn of a pattern of few people that it is so small, unless it
 * followed from what was told before.
 *
 *   who is counted where ─► patterns ─► cells and equations (sdc) ─► which figures must go (suppress)
 *                                                                  ─► what follows all the same (audit)
 *
 * A union of patterns is no less: where a sum of patterns is found to be small, each pattern in it is found to be no
 * larger. README.md has what is assumed, what is proven and the limits.
 */
#ifndef CAIRN_OVERLAP_OVERLAP_H
#define CAIRN_OVERLAP_OVERLAP_H

#include "base/base.h"

/* The fewest people that may be told of, if it is not nobody: in a group, with an outcome, without it. */
typedef struct OverlapLeast {
    int64_t n, numerator, complement;
} OverlapLeast;

typedef enum OverlapOrigin {
    OVERLAP_TOLD,  /* known already: it cannot be taken back */
    OVERLAP_ASKED, /* may be left out */
    OVERLAP_PUBLIC /* known already, to everybody */
} OverlapOrigin;

/* What of a figure is told, or would be: how many people, how many of them have the outcome. */
enum { OVERLAP_PEOPLE = 1, OVERLAP_HITS = 2 };

#define OVERLAP_MAX_PATTERNS 200000 /* more are ERR_LIMIT: an attack on them would take hours */

typedef struct Overlap Overlap;

MUST_USE Status overlap_new(const OverlapLeast *least, Overlap **out, Error *err);
void overlap_free(Overlap *o); /* NULL is fine */
/* More patterns than these are ERR_LIMIT; at most OVERLAP_MAX_PATTERNS, which holds where nobody calls it. */
void overlap_most(Overlap *o, size_t patterns);
/* What overlap_room and overlap_beside may spend on equations, in steps of about 80 ns: counted, so that it is the same
 * on every machine. OVERLAP_ROOM_EFFORT, OVERLAP_BESIDE_EFFORT where nobody calls it. */
void overlap_effort(Overlap *o, uint64_t steps);
#define OVERLAP_ROOM_EFFORT UINT64_C(100000000)
#define OVERLAP_BESIDE_EFFORT UINT64_C(2000000000)
/* How many classes that hang together overlap_room may attack one by one; OVERLAP_FEW_CLASSES where nobody calls it. */
void overlap_few(Overlap *o, size_t classes);
#define OVERLAP_FEW_CLASSES 400
/* Numbers from 0 in the order of calls; what comes out depends on that order, never on the persons' keys. ERR_LIMIT:
 * more than 2^30. */
MUST_USE Status overlap_figure(Overlap *o, OverlapOrigin origin, unsigned printed, uint32_t *id, Error *err);
/* People whom the same figures count. hit: those who have the figures' outcome. A person may be in many places. */
typedef enum OverlapOutcome { OVERLAP_MISS, OVERLAP_HIT } OverlapOutcome;
MUST_USE Status overlap_place(
    Overlap *o, const uint32_t *figures, size_t count, OverlapOutcome outcome, uint32_t *id, Error *err);
/* Once a person and place; a second time is the same. */
MUST_USE Status overlap_person(Overlap *o, uint64_t person, uint32_t place, Error *err);

typedef struct OverlapReport {
    uint8_t *hide;     /* by figure: OVERLAP_PEOPLE | OVERLAP_HITS of an asked one that must not be told; mem_free */
    size_t hidden;     /* figures of which something must go */
    uint64_t patterns; /* that hang together with what is asked */
    uint64_t small;    /* of them too small to be told of */
    uint64_t followed; /* of these: what was told before tells of them to some degree; it must not tell more now */
    /* After ERR_DENIED, and of overlap_beside where undecided is not 0: the figures that count the people of one such
     * pattern, and of overlap_beside what was told that leaves it no room, with what meets it; mem_free. */
    uint32_t *found;
    size_t found_count;
    uint64_t work;      /* overlap_room, overlap_beside: steps spent */
    uint64_t given_up;  /* overlap_room: numbers hidden without a look, because there was nothing left to spend */
    uint64_t undecided; /* overlap_beside, after ERR_LIMIT: patterns of which it was not shown that they stay open */
    bool by_room;       /* overlap_beside: figure by figure was enough, no pattern was attacked */
} OverlapReport;
#define OVERLAP_REPORT_INIT \
    { \
        .hide = NULL \
    }

/* Which asked figures must go, so that the others tell of no small pattern more than was told before: all of them, at
 * worst. ERR_LIMIT: too many patterns. Free the report also after a failure. */
MUST_USE Status overlap_hide(Overlap *o, unsigned threads, OverlapReport *out, Error *err);
/* The attack alone: all asked figures are told. ERR_DENIED: a small pattern follows, or could not be shown not to. */
MUST_USE Status overlap_attack(Overlap *o, unsigned threads, OverlapReport *out, Error *err);
/* What is asked is to be public, and was found safe without what one asker was told: does either tell him more by the
 * other? Patterns of which some figure is asked and some told hang together are looked at; one must stay as open as the
 * more telling of the two leaves it, beside what is public already. How large it may be is asked, not how
 * small. First what was told is looked at figure by figure beside everything public; only what has no room is attacked,
 * and only patterns that it touches (README.md, "Beside a release"). Both within the effort. ERR_DENIED: shown that
 * both together tell of a pattern what neither does alone. ERR_LIMIT: neither that nor the contrary was shown
 * (undecided > 0), or too many patterns. */
MUST_USE Status overlap_beside(Overlap *o, unsigned threads, OverlapReport *out, Error *err);
/* The quick question, for systems that are too large for the others, figure by figure: an asked figure is told where
 * people may be moved between alike patterns so that it says nothing of how large any group is, where it is known
 * already, or where the attack on each of few classes holds; otherwise it is in `hide`, with a rate whose people are.
 * What is told leaves each group that may be of n people by what was known still of n, and each other one as open above
 * as it was, whatever sum of figures is made (README.md). It may hide what need not be, and hides what the effort does
 * not reach. n is the minimum of outcomes too; that there are at least so many may follow. Never ERR_DENIED. ERR_LIMIT
 * as above. */
MUST_USE Status overlap_room(Overlap *o, unsigned threads, OverlapReport *out, Error *err);
void overlap_report_free(OverlapReport *r);

#endif
