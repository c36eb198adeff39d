/*
 * Proposing passes, inside: what propose.c, propose_atoms.c and
 * propose_simulate.c hand each other.
 */
#ifndef CAIRN_MATCH_PROPOSE_H
#define CAIRN_MATCH_PROPOSE_H

#include "match/blocks.h"

#define ATOMS_MAX (MATCH_FIELDS_MAX * 6)
#define SIMULATED (1 << 15) /* matching pairs, a bit each */
#define SIMULATED_WORDS (SIMULATED / 64)

/* A field under a transform: what passes are put together from. */
typedef struct Atom {
    KeyPart part;
    bool third; /* may be one of three parts */
    /* Keys of the i-th sampled record: hash[start[i]] .. hash[start[i + 1] - 1]. */
    uint32_t *start;
    uint64_t *hash;
    double collide;                   /* two sampled records taken at random agree */
    uint64_t agrees[SIMULATED_WORDS]; /* simulated pairs, names in their places */
} Atom;

typedef struct Sample {
    const MatchTable *table;
    SourcePairs sources;
    uint32_t all;      /* records of the table that are compared: without what repeats another */
    uint32_t *records; /* some of them, in order of (source, record) */
    uint32_t count;
    double scale; /* all by count */
    Atom *atoms;
    uint32_t atom_count;
    uint64_t swapped[SIMULATED_WORDS]; /* simulated pairs with first and last name exchanged */
} Sample;

/* Draws the records, lists the atoms of the table's fields and computes their keys. Free in every case. */
MUST_USE Status sample_init(const MatchTable *t, Sample *out, Error *err);
void sample_free(Sample *s);
/* Comparable pairs that records with these atoms in common would give in the whole table, large blocks refined; and how
 * many keys they have. */
MUST_USE Status sample_cost(
    const Sample *s, const uint32_t *atoms, uint32_t count, double *pairs, double *keys, Error *err);
/* Fills agrees of every atom, and swapped. */
MUST_USE Status sample_simulate(Sample *s, Error *err);

#endif
