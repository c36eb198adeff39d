/* Private to the attack on what was told: one system of figures, made of sources. told_check.h draws the way. */
#ifndef CAIRN_CLI_TOLD_SYSTEM_H
#define CAIRN_CLI_TOLD_SYSTEM_H

#include "cli/told.h"

enum { TOLD_NAMES_MAX = 8 }; /* splits of one crossing */

typedef struct Names {
    Slice at[TOLD_NAMES_MAX];
    size_t count;
} Names;
typedef VEC(Names) NamesList;
MUST_USE Status told_names(Slice split, Names *out, Error *err);
bool told_names_within(const Names *a, const Names *b);
/* The text's place, or count. */
size_t told_index(const Slice *at, size_t count, Slice text);

/* A coded rate ("<4") tells a range. Attacked are both ends of what that may be worth: nothing, and all of it. Neither
 * alone would do: taken for known it is no secret that a sum could give away, taken for unknown its range helps nobody.
 */
typedef enum Reading { CODED_IS_UNKNOWN, CODED_IS_EXACT, READINGS } Reading;

typedef struct System {
    Reading reading;
    bool beside;              /* a release: its figures that are far from all answers stay out */
    const Names *names;       /* splits of this system */
    const uint64_t *answered; /* persons of the question and of answers that hang together with it, ascending */
    size_t answered_count;
    Arena arena;
} System;

typedef struct Link {
    uint32_t figure, next; /* next + 1; 0: none */
} Link;

typedef struct SourceView { /* a source in a system */
    System *sys;
    const ToldSource *source;
    uint32_t *figure;      /* by figure of the source: its number in the attack at hand; UINT32_MAX: not in it */
    uint8_t *in;           /* by figure of the source: in the system */
    uint8_t *drop;         /* by figure of a release: others say it, or it is far away from all answers */
    const uint8_t *hidden; /* by figure of the question: what is not told in any case; NULL: nothing */
    size_t entering;       /* figures that take part */
    bool has_coded;        /* one of its figures in the system has a coded rate */
    bool is_coming;        /* one of these is of a release that is about to leave */
    Map keys;              /* year, level, unit, split, group -> links */
    VEC(Link) links;
    VEC(Slice) splits, levels; /* of its figures in the system */
    VEC(uint8_t) used;         /* splits of its members that the system has */
    Map places;                /* year, place, outcome, groups -> number of a place of the attack */
    VEC(uint32_t) place_of;    /* by row of the members: its place */
    VEC(int64_t) place_rows;   /* by place: how many rows */
    VEC(uint8_t) place_hit;
    VEC(uint32_t) counted_first; /* by place: where its figures begin in counted */
    VEC(uint32_t) counted;       /* figures of the source; a list ends with UINT32_MAX */
    int64_t *people, *hits;      /* by figure of the source */
    uint64_t *who[2];            /* by figure: a sum over whom it counts, over those with the outcome */
    uint8_t *known;              /* by figure of an answer: what of it a release prints, of the very same people */
    uint32_t *public;            /* by figure: the number of that in the attack at hand; UINT32_MAX: none */
    uint8_t *touched;            /* by figure of a release: has a person of an answer */
    Buf key;
} SourceView;

/* told_implied.c: figures of a release that others of it add up to, by figure of the source: 1. They tell nothing more,
 * but hang everybody together. drop: zeroed, one a figure. */
MUST_USE Status told_implied(const SourceView *v, uint8_t *drop, Error *err);
OverlapOrigin told_origin(const ToldSource *s, const ToldFigure *f);
unsigned told_printed(const ToldFigure *f, Reading reading);

/* Which figures of a source are in the system, and whom they count. Free with told_view_free, also after a failure.
 * ERR_DENIED: a release printed what today's records do not say; ERR_INTERNAL: the question's figures are not those of
 * its members. */
MUST_USE Status told_view_new(System *sys, const ToldSource *source, SourceView *out, Error *err);
void told_view_free(SourceView *v);
/* Into an attack. *asked: joined by whether a figure is asked. */
MUST_USE Status told_view_enter(SourceView *v, Overlap *overlap, bool *asked, Error *err);

int told_compare_persons(const void *x, const void *y);
bool told_has_person(const uint64_t *persons, size_t count, uint64_t person);

#endif
