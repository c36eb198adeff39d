/*
 * Private to protect: which groups and which places are shown by themselves, and which together.
 *
 * A grouping puts each group of a split into one shown group. A tree is a nested partition of the places: its nodes at
 * one level are disjoint sets of units, each within one node of the level above. README.md says why trees and groupings
 * made this way are safe.
 */
#ifndef CAIRN_PROTECT_PARTITION_H
#define CAIRN_PROTECT_PARTITION_H

#include "protect/panel.h"

typedef struct Grouping {
    uint32_t *of;   /* group -> shown group; PANEL_NONE: nobody is in it anywhere */
    uint32_t *size; /* groups of a shown group; more than one only in the last */
    size_t count;   /* shown groups */
} Grouping;

typedef struct Node {
    Slice id;              /* the unit's code, or POOL:<parent's id> */
    uint32_t parent;       /* index in the level above; PANEL_NONE at the top */
    const uint32_t *units; /* indexes in the panel's level, ascending */
    size_t count;
    bool pool;
    bool echo; /* stands for all units of an undivided parent, so that coarser trees still see them; not published */
    int64_t people; /* largest denominator of any table */
} Node;

typedef struct TreeLevel {
    Node *nodes;
    size_t count;
    size_t undivided; /* published nodes of the level above whose children could not be told apart */
    size_t parents;   /* published nodes of the level above that had children with people */
} TreeLevel;

typedef struct Tree {
    TreeLevel levels[RULE_MAX_LEVELS];
} Tree;

/* Every unit a node of its own. */
MUST_USE Status tree_of_units(const Panel *p, Arena *arena, Tree *out, Error *err);
/* Joins nodes of `in` until each passes in split s for the panel's tier, under grouping `top` at the first level and
 * `local` below, and until each is made of whole nodes of `earlier` too (NULL: none). */
MUST_USE Status tree_coarsen(const ProtectRule *rule, const Panel *p, const PanelSplit *s, const Tree *in,
    const Tree *earlier, const Grouping *top, const Grouping *local, Arena *arena, Tree *out, Error *err);

/* Groups that fail for the whole state, and those an earlier tier shows together (NULL: none), are shown together;
 * *possible is false when fewer than two would remain. */
MUST_USE Status grouping_make(const ProtectRule *rule, const Panel *p, const PanelSplit *s, const Grouping *earlier,
    Arena *arena, Grouping *out, bool *possible, Error *err);
/* Coarser than `top` and than the earlier tier's local grouping: groups below the rule's share of the state are shown
 * together too. */
MUST_USE Status grouping_localise(const ProtectRule *rule, const Panel *p, const PanelSplit *s, const Grouping *top,
    const Grouping *earlier, Arena *arena, Grouping *out, Error *err);

#endif
