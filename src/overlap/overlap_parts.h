/* Private to overlap: figures and persons as they come, patterns, and the problem made of them. */
#ifndef CAIRN_OVERLAP_PARTS_H
#define CAIRN_OVERLAP_PARTS_H

#include "overlap/overlap.h"
#include "sdc/sdc.h"

#define OVERLAP_NONE UINT32_MAX
#define OVERLAP_USUAL UINT64_MAX /* nobody set an effort */

typedef struct OverlapFigure {
    OverlapOrigin origin;
    unsigned printed;
} OverlapFigure;

/* A reference is figure * 2, or figure * 2 + 1 for those who have the outcome. */
typedef struct OverlapPlace {
    uint32_t first, count; /* in refs */
} OverlapPlace;

typedef struct OverlapRow {
    uint64_t person;
    uint32_t place;
} OverlapRow;

struct Overlap {
    OverlapLeast least;
    size_t most;     /* patterns */
    uint64_t effort; /* of overlap_room, overlap_beside; OVERLAP_USUAL */
    size_t few;      /* classes that it attacks one by one */
    bool beside;     /* what hangs together with what is asked alone is left out */
    VEC(OverlapFigure) figures;
    VEC(OverlapPlace) places;
    VEC(uint32_t) refs;
    VEC(OverlapRow) rows;
};

/* People whom the same figures count, with the same outcomes. */
typedef struct Pattern {
    const uint32_t *refs; /* ascending */
    uint32_t count;
    uint32_t group; /* number among the groups; OVERLAP_NONE: no figure tells how many people they are */
    uint32_t next;  /* of the same group; OVERLAP_NONE */
    int64_t people;
} Pattern;
/* People whom the same figures count, whatever their outcomes. */
typedef struct PatternGroup {
    const uint32_t *refs; /* those of people alone */
    uint32_t count;
    uint32_t patterns, first, last; /* how many; a chain of them */
    int64_t people;
} PatternGroup;

typedef struct Patterns {
    Arena arena;
    Pattern *at; /* by refs */
    size_t count;
    PatternGroup *groups; /* in the order of their first pattern */
    size_t group_count;
    int64_t *people, *hits; /* by figure */
    uint8_t *kept;          /* by figure: hangs together with an asked one; beside: with a told one, too */
} Patterns;

/* Free also after a failure. ERR_LIMIT. */
MUST_USE Status patterns_make(Overlap *o, Patterns *out, Error *err);
void patterns_free(Patterns *p);

typedef struct OverlapProblem {
    SdcProblem sdc;
    uint32_t *cell[2]; /* by figure: the cell of its people, of those with the outcome; OVERLAP_NONE. In sdc's arena */
    uint64_t patterns, small;
} OverlapProblem;
/* Patterns are hidden, those that are too small sensitive; asked figures open, told ones frozen. Free with sdc_free. */
MUST_USE Status overlap_problem(const Overlap *o, const Patterns *p, OverlapProblem *out, Error *err);

/* Patterns that exactly the same known figures count. Class OVERLAP_FREE has those whom no known figure counts. */
#define OVERLAP_FREE 0
typedef struct OverlapClass {
    uint32_t patterns, in, part; /* in, people_in, part: while one figure is looked at */
    int64_t people, people_in;
} OverlapClass;
typedef struct OverlapClasses {
    const Patterns *patterns; /* borrowed */
    Arena arena;
    size_t refs;            /* how many references there are: twice the figures */
    uint32_t *start, *list; /* by reference: the patterns it counts, list[start[ref]] .. list[start[ref + 1]] */
    uint8_t *known;         /* by reference */
    uint32_t *of;           /* by pattern: its class */
    OverlapClass *at;
    uint32_t count;
} OverlapClasses;
/* What a figure has of the classes that it touches: those that are wholly in it, and those of which it parts some from
 * others. */
typedef struct OverlapRoom {
    uint32_t whole, parted;
    int64_t below, above; /* people of parted classes in it; beside it, OVERLAP_ENDLESS of whom nothing known counts */
} OverlapRoom;
#define OVERLAP_ENDLESS SDC_VALUE_MAX
/* Nothing is known. Free also after a failure. */
MUST_USE Status overlap_classes(const Overlap *o, const Patterns *p, OverlapClasses *out, Error *err);
void overlap_classes_free(OverlapClasses *c);
/* Linear in the patterns that the figure counts. */
void overlap_classes_know(OverlapClasses *c, uint32_t ref);
/* How far people moved within classes take a figure below and above its value: so far it is open at least. Linear in
 * its patterns. */
OverlapRoom overlap_classes_room(OverlapClasses *c, uint32_t ref);
/* Patterns of the classes that the figure parts, as OverlapSieve has them. Linear in all patterns. */
void overlap_classes_touch(OverlapClasses *c, uint32_t ref, uint32_t *touched);
/* Cell 0: the people of all classes that are wholly in a figure; of all that it touches; the figure, each class that it
 * parts being two cells. */
typedef enum OverlapSum { OVERLAP_WHOLE, OVERLAP_TOUCHED, OVERLAP_PARTS } OverlapSum;
/* Everything known that hangs together with such a sum, as equations over classes; every cell is hidden and may be at
 * least `beyond` more than it is. Levels, and whether cell 0 is printed, are the caller's to set. Free with sdc_free,
 * also after a failure. */
MUST_USE Status overlap_classes_problem(
    OverlapClasses *c, uint32_t ref, OverlapSum sum, int64_t beyond, SdcProblem *out, Error *err);

/* What of the figures of one origin must be attacked beside everything else, as far as the effort goes. Beside all
 * other figures and the narrow ones, those that are not narrow leave every set of patterns as open above as it is
 * without them, up to the minimum; and the narrow ones leave every set of patterns that none of them touches as open as
 * it is without any of this origin. What the effort does not reach is narrow, and touches all. */
typedef struct OverlapSieve {
    OverlapOrigin origin;
    uint64_t effort;
    unsigned threads;
    uint64_t work;     /* steps, added to */
    uint8_t *narrow;   /* by reference; zeroed by the caller */
    uint32_t *touched; /* by pattern: the first narrow reference that touches it, + 1; 0: none. Zeroed by the caller */
    size_t narrow_count;
} OverlapSieve;
MUST_USE Status overlap_sift(const Overlap *o, const Patterns *p, OverlapSieve *sieve, Error *err);

#endif
