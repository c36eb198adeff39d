/*
 * What an undo is about to write. Private to undo.c and retie.c.
 */
#ifndef CAIRN_IDENTITY_UNDO_H
#define CAIRN_IDENTITY_UNDO_H

#include "identity/identity_impl.h"

typedef struct Undo {
    Vault *vault;
    Arena arena;
    Slice model;     /* of the state that is restored */
    int64_t back_to; /* the first run that is undone; 0: lines of the journal are */
    Links back;
    RecordTags gone;
    Journal journal;
    bool changes; /* something other than links: the model in force, pairs expected to be missing */
} Undo;

/* `back` and `gone` are in order of tag. Adds to `back` what makes a tree with one founder again of each person that
 * `back` and `gone` touch: a record whose partner went elsewhere is tied to the founder with the odds it had; the
 * lowest such record founds a person that lost its founder. */
MUST_USE Status undo_retie(Undo *u, Error *err);

#endif
