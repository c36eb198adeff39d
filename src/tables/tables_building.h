/* Private to tables: a system while it is being made. */
#ifndef CAIRN_TABLES_BUILDING_H
#define CAIRN_TABLES_BUILDING_H

#include "tables/tables_impl.h"

/* A sum of a cell's code of which no table shows a part. */
typedef struct BuildingOpen {
    uint32_t cell, dimension;
    const TablesSum *sum;
} BuildingOpen;

typedef struct Building {
    TablesSet *set;
    TablesSystem *s;
    TablesReading reading;
    Map index; /* quantity, codes -> cell */
    VEC(TablesCell) cells;
    VEC(uint32_t) terms;
    VEC(int32_t) coefs;
    VEC(uint32_t) starts;
    VEC(BuildingOpen) open; /* of cells that tables show */
    uint32_t key[TABLES_MAX_DIMENSIONS + 1];
} Building;

/* How much of a code's part of the hierarchy there is. */
typedef enum Seen { SEEN_NONE, SEEN_ALL, SEEN_SOME } Seen;

/* Of the index; until the next call. */
Slice building_key(Building *b, uint32_t quantity, const uint32_t *at);
/* The cell of a quantity at a place, or TABLES_NONE. */
uint32_t building_find(Building *b, uint32_t quantity, const uint32_t *at);
/* at: copied unless it lives as long as the system. */
MUST_USE Status building_cell(Building *b, const TablesCell *cell, uint32_t *out, Error *err);
/* An equation: a row, then its terms, the whole first. */
MUST_USE Status building_row(Building *b, Error *err);
MUST_USE Status building_term(Building *b, uint32_t cell, int32_t coef, Error *err);
void building_drop_row(Building *b);
/* The equation of a cell and the parts that are there, what is absent taken as `absent` says; with TABLES_ABSENT_ERROR
 * and some parts missing, as with none, there is no equation. */
MUST_USE Status building_sum(
    Building *b, uint32_t cell, uint32_t dimension, const TablesSum *s, TablesAbsent absent, Seen *seen, Error *err);
/* Those of a whole who are not in a part, with their equation; none where the whole is not told. */
MUST_USE Status building_complement(Building *b, uint32_t part, const TablesPart *of, Error *err);

/* tables_unprinted.c: cells that no table has and that tie together what tables print; after all others. */
MUST_USE Status building_unprinted(Building *b, Error *err);

#endif
