/*
 * Private to audit: the attacker's workshop.
 *
 * Everything becomes a Piece: unknown whole numbers between bounds, linear rows over them, and quotients (rates, gaps)
 * that linear rows cannot say. What is done to pieces:
 *   audit_piece.c      cut out: connected pieces, windows around one unknown
 *   audit_propagate.c  bounds that follow, without guessing
 *   audit_quotient.c   the same for quotients, by walking through the possible denominators
 *   audit_search.c     one whole-number solution, or the proof that there is none
 *   audit_bound.c      a bound from a linear program, verified in integers
 *   audit_local.c      what the few constraints around one unknown exclude
 *   audit_reach.c      how far unknowns can be moved from a known solution
 *   audit_kernel.c     moves that solving the equations gives
 *   audit_offered.c    solutions that somebody offers, verified; solutions that are kept to be offered again
 *   audit_proof.c      the same as bytes
 */
#ifndef CAIRN_AUDIT_ATTACK_H
#define CAIRN_AUDIT_ATTACK_H

#include "audit/audit.h"
#include "lp/lp.h"

__extension__ typedef __int128 Wide;

/* As a bound: none. No number is as large: a row or an unknown that would have to be has no solution. */
#define ENDLESS AUDIT_ENDLESS

/* Of c, a, b, d only what the kind has; others AUDIT_NONE. low_num / den <= value <= high_num / den, an open end not
 * included; for AUDIT_NEEDED the ends are the printed whole numbers and den is 1. low_num is -ENDLESS, high_num ENDLESS
 * where nothing is said. */
typedef struct Quotient {
    AuditKind kind;
    uint32_t a, b, c, d;
    int64_t low_num, high_num, den;
    bool low_open, high_open;
    uint32_t rate_ab, rate_cd; /* quotients of kind AUDIT_RATE about the same pair; AUDIT_NONE */
} Quotient;

typedef struct Piece {
    uint32_t vars, rows, quotients;
    int64_t *low, *high;
    uint32_t *start; /* rows + 1 */
    uint32_t *var;
    int64_t *coef;
    int64_t *row_low, *row_high;
    Quotient *quotient;
    uint32_t *use_start; /* vars + 1 */
    uint32_t *use;       /* rows a variable is in; a quotient q is rows + q */
    uint32_t *outer;     /* what a variable is called where the piece was cut from; NULL for the whole */
} Piece;

/* Fills use_start and use. */
Status piece_index(Piece *p, Arena *a, Error *err);
/* The part of p over the variables list (ascending), all others held at point. Rows without a listed variable are left
 * out, rows with one become its bounds (low > high: no solution). point may be NULL when no row or quotient reaches
 * outside. */
Status piece_cut(
    const Piece *p, const uint32_t *list, uint32_t count, const int64_t *point, Arena *a, Piece *out, Error *err);
/* Connected pieces of the variables that are not fixed: order lists the variables piece by piece, each ascending,
 * pieces by their first variable; first has count + 1 entries. */
typedef struct Pieces {
    uint32_t *order, *first;
    uint32_t count;
} Pieces;
Status pieces_find(const Piece *p, Arena *a, Pieces *out, Error *err);

/* audit_memory.c: hidden is a flag a cell. Forgets what does not hold for this problem and pattern. */
Status memory_open(AuditMemory *m, const SdcProblem *p, const AuditOptions *o, const uint8_t *hidden, Error *err);
/* What was shown of a cell; NULL: nothing. */
const AuditCell *memory_of(const AuditMemory *m, uint32_t cell);
void memory_keep(AuditMemory *m, const AuditCell *c);

/* Scratch of propagation and search over one piece. Not shared between threads. */
typedef struct Change {
    uint32_t var;
    int64_t low, high;
} Change;
typedef struct Frame {
    uint32_t var;
    unsigned stage; /* the value; everything below; everything above */
    bool halved;    /* below the value; the value and everything above */
    int64_t value, low, high;
    size_t mark;
} Frame;
typedef struct Work {
    const Piece *piece;
    Arena arena;
    int64_t *low, *high; /* current bounds */
    uint32_t *queue;     /* a ring of constraints waiting */
    uint8_t *waiting;
    size_t head, filled;
    VEC(Change) trail;
    VEC(Frame) frames;
    uint64_t steps, step_end; /* constraints looked at, and denominators walked; beyond step_end it ends, 0: never */
    const uint8_t *asleep;    /* a flag a constraint: does not count; NULL: all count */
    Status status;            /* sticky: memory */
} Work;
Status work_init(Work *w, const Piece *p, Error *err);
void work_free(Work *w);
void work_reset(Work *w); /* bounds of the piece, empty trail and queue */
void work_undo(Work *w, size_t mark);
void work_push(Work *w, uint32_t constraint);
void work_push_all(Work *w);
/* False: the unknown would have no value left. Queues what uses it. */
bool work_low(Work *w, uint32_t var, int64_t low);
bool work_high(Work *w, uint32_t var, int64_t high);
/* Until nothing changes, step_limit constraints were looked at (0: any number), step_end is reached or the process is
 * asked to stop; who goes on after that asks cancel_check. False: no solution within the bounds. */
bool work_propagate(Work *w, uint64_t step_limit);
bool quotient_propagate(Work *w, const Quotient *q);

/* Whether a whole-number point is within every bound, row and quotient, in integers. */
bool piece_holds(const Piece *p, const int64_t *x);
bool quotient_holds(const Quotient *q, const int64_t *x);
bool quotient_too_large(const Quotient *q, const int64_t *x); /* to be calculated with: quotient_holds says no */

typedef enum Found { FOUND_ONE, FOUND_NONE, FOUND_LIMIT } Found;
/* A solution within w's current bounds into x, values near guide (may be NULL) first. w is left as it was found.
 * FOUND_LIMIT, too, when the process is asked to stop. */
Found search_point(Work *w, const int64_t *guide, uint32_t node_limit, int64_t *x);

/* Program over deviations from point. Quotients are in it as far as they are linear (rates and means as rows). */
Status program_make(const Piece *p, const int64_t *point, Lp **out, Error *err);
/* The same with two columns a variable, up (2 v) and down (2 v + 1), of which at most one is worth using: minimising
 * their sum finds solutions that move little, which are whole far more often than corners are. */
Status program_split(const Piece *p, const int64_t *point, Lp **out, Error *err);
/* After lp_solve for max or min of variable var alone: a bound that holds for every whole-number solution, in units of
 * x. False: duals do not prove any. */
bool program_bound(const Piece *p, const int64_t *point, const Lp *lp, uint32_t var, bool maximise, int64_t *bound);

Wide wide_floor_div(Wide a, Wide b); /* b > 0 */
Wide wide_ceil_div(Wide a, Wide b);
int64_t wide_clamp(Wide v); /* to -ENDLESS .. ENDLESS */

/* What was found out about the unknowns of one piece, from a solution in hand. */
#define REACH_WINDOWS 3

/* Tables, one after the other. */
struct AuditOffered {
    VEC(AuditMove) moves;
    VEC(size_t) start; /* of each table */
    VEC(AuditMove) base;
};
Status offered_append(AuditOffered *to, const AuditOffered *from, Error *err);
void offered_clear(AuditOffered *o);
size_t offered_table(const AuditOffered *o, size_t table, const AuditMove **out);

/* Several values of each unknown are wanted, not levels. */
typedef struct ReachValues {
    uint32_t enough;         /* values of an unknown */
    int64_t *at;             /* enough a variable */
    uint32_t *count;         /* a variable; enough where none are wanted */
    const uint8_t *wanted;   /* a variable of the whole */
    const uint8_t *positive; /* likewise: 1 or more is wanted */
} ReachValues;

typedef struct Reach {
    const Piece *piece;
    const int64_t *point;
    const AuditEffort *effort;
    int64_t *low, *high;                 /* no solution outside */
    int64_t *seen_low, *seen_high;       /* solutions in hand */
    const uint8_t *singleton;            /* may be NULL */
    const uint8_t *tracked;              /* variables of which without is kept; NULL: none */
    uint32_t **without;                  /* singletons that moved in every solution that moved the variable */
    uint32_t *without_count;             /* AUDIT_NONE: never moved */
    const int64_t *want_low, *want_high; /* levels aimed at besides the one asked for; NULL: none */
    const int64_t *want_width;           /* with them: least distance of the highest to the lowest seen */
    ReachValues values;                  /* enough 0: none are wanted */
    AuditOffered *kept;                  /* tables that showed something; NULL: none are kept */
    const uint32_t *name;                /* of a variable, there */
    Arena arena;
    Work work;         /* over the whole piece */
    Lp *lp;            /* over the whole piece, made when first needed */
    int64_t *x;        /* of the whole piece */
    double *deviation; /* of the last program over the whole piece */
    uint32_t *stamp, *left_stamp, *row_stamp, *rows_left, *list;
    uint32_t stamp_now;
    uint32_t misses[REACH_WINDOWS]; /* windows of each size in a row that held no solution */
    bool kernel_seen;               /* kernel_show */
    bool all_equal; /* rows are equations and there are no quotients: what moves one way moves the other */
    uint64_t programs, pivots, tables, held;
    uint64_t steps; /* as AuditEffort.step_limit counts them */
} Reach;
/* Counts a program over p, and the constraints that propagation and search looked at there. */
void reach_spend(Reach *r, const Piece *p, uint64_t pivots, uint64_t looked);
/* Whatever comes of it, reach_free. */
Status reach_init(Reach *r, const Piece *p, const int64_t *point, const AuditEffort *effort, Error *err);
void reach_free(Reach *r);
/* Asks for a solution with var at least (below: at most) target. hold: a variable that must stay at point; AUDIT_NONE.
 */
typedef struct Goal {
    uint32_t var;
    bool below;
    int64_t target;
    uint32_t hold;
} Goal;
/* *found FOUND_ONE: there is one, and seen_low or seen_high has it now (with hold: the extremes it had are in seen,
 * too). FOUND_NONE: there is none, and without hold low or high say so. FOUND_LIMIT: not decided. */
Status reach_for(Reach *r, const Goal *goal, Found *found, Error *err);
/* Draws low and high of var in, and seen_low and seen_high out, until they meet or the effort ends. */
Status reach_ends(Reach *r, uint32_t var, Error *err);
/* A verified solution of sub, a part of r's piece (NULL: all of it): notes how far it and its multiples go. */
Status reach_saw(Reach *r, const Piece *sub, const int64_t *x, Error *err);
/* A table under examination: how unknowns of r's piece differ from the point. */
typedef struct Verifier {
    Reach *reach;
    uint32_t *list; /* unknowns that move */
    uint32_t count;
    int64_t *to;    /* an unknown: where the table has it; the point between tables */
    uint8_t *moves; /* an unknown: it is in the list */
    int64_t *x;     /* scratch of verifier_show */
} Verifier;
/* Lives in a. */
Status verifier_new(Verifier *v, Reach *r, Arena *a, Error *err);
/* False: it does not move, moves twice or beyond its bounds; the table is none. */
bool verifier_move(Verifier *v, uint32_t var, int64_t by);
/* Notes what the table shows, if every row and quotient holds, and begins anew. whole: all of its moves were possible.
 */
Status verifier_show(Verifier *v, bool whole, bool *shown, Error *err);
/* audit_kernel.c: tables in which one unknown moves by a unit, and those that the equations can be solved for follow.
 * Of pieces of equations alone. */
Status kernel_show(Reach *r, Error *err);
/* Offered tables, shared out to pieces. Read by all threads. */
typedef struct Offers {
    const AuditOffered *offered;
    uint32_t cells;
    uint32_t *piece_of, *place_of; /* of a cell: its piece, AUDIT_NONE where none has it, and its number there */
    uint32_t *first, *table;       /* piece i has table[first[i]] up to table[first[i + 1]] */
} Offers;
/* cell_of: of a variable; NULL: itself. *out lives in a. */
Status offers_share_out(const AuditOffered *o, const Pieces *pieces, const uint32_t *cell_of, uint32_t cells, Arena *a,
    Offers *out, Error *err);
/* Before tables are seen: values of what is wanted (by the whole's variable) are collected. */
Status reach_want_values(Reach *r, const uint8_t *wanted, const uint8_t *positive, uint32_t enough, Error *err);
/* Notes what the tables of r's piece show, those that are tables. */
Status offers_verify(const Offers *s, uint32_t piece, Reach *r, Error *err);
/* Tries within the neighbourhood of goal->var of at most size variables. Never FOUND_NONE. */
Status window_try(Reach *r, const Goal *goal, uint32_t size, Found *found, Error *err);
/* The other way round: only the rows that the neighbourhood touches count, with all their variables between their
 * bounds. What is impossible there is impossible; notes the bound. */
Status window_bound(Reach *r, const Goal *goal, uint32_t size, Error *err);
/* A solution with var at value, within a neighbourhood of about size variables, by search alone. Never FOUND_NONE. */
Status window_value(Reach *r, uint32_t var, int64_t value, uint32_t size, Found *found, Error *err);
/* The values of var that the few constraints around it leave, ascending; as many as limit: there may be more. Others
 * are impossible. */
Status local_values(const Piece *p, uint32_t var, uint32_t limit, int64_t *at, uint32_t *count, Error *err);
void reach_bound(Reach *r, const Goal *goal, int64_t bound);
/* The same within what r->deviation moves, a solution of the program over the whole piece. */
Status window_support(Reach *r, const Goal *goal, uint32_t node_limit, Found *found, Error *err);
/* The solution that reaches goal and moves least, in lp made by program_split for p, a part of r's piece (outer NULL:
 * all of it); into deviation. False: no optimum. */
bool least_move(Reach *r, const Piece *p, const int64_t *point, Lp *lp, const Goal *goal, double *deviation);
uint32_t usual_pivots(const AuditEffort *effort, const Piece *p);
/* The nearest whole numbers within bounds; whether they are a solution. */
bool whole_rounded(const Piece *p, const double *deviation, const int64_t *point, int64_t *x);
/* From the values of a program's solution to whole numbers: rounding, then search near by. FOUND_NONE is a proof. */
Found whole_near(
    Work *w, const double *deviation, const int64_t *point, const Goal *goal, uint32_t node_limit, int64_t *x);
bool goal_bound(Work *w, const Goal *goal, const int64_t *point);

#endif
