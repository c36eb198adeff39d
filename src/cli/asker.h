/* The answers given to one asker, kept in a data home: their folder, and the home's ledger that vouches for it. */
#ifndef CAIRN_CLI_ASKER_H
#define CAIRN_CLI_ASKER_H

#include "base/base.h"
#include "store/home.h"
#include "store/ledger.h"

typedef struct Asker {
    Ledger *ledger; /* the home's, not owned */
    Slice user;
    const char *history; /* HOME/answers/USER, USER@PEOPLE, or USER.told */
    const char *list;    /* the ledger file of that folder */
} Asker;

/* people: answers about these alone are one history, NULL: about whatever their tables count. The home must be open for
 * writing, so that two answers to one asker are never given at once. ERR_USAGE: a name other than small letters,
 * digits, - and _: Ann and ann would be two. ERR_CORRUPT: the folder is not what the home's ledger says was answered.
 */
MUST_USE Status asker_open(
    Home *home, Ledger *ledger, const char *user, const char *people, Arena *arena, Asker *out, Error *err);
/* The same for whom the answers counted: HOME/answers/USER.told, a name that no people have. */
MUST_USE Status asker_open_told(Home *home, Ledger *ledger, const char *user, Arena *arena, Asker *out, Error *err);
/* Whom the answers so far are about, each once: texts in the arena, from the home's ledger. An answer that a killed run
 * left in its folder is in none of them: nobody could read it. */
MUST_USE Status asker_people(Ledger *ledger, const char *user, Arena *arena, PathList *out, Error *err);
/* Writes into the home's ledger what the folder holds now (kind query.answered), unless its last entry says so already.
 * asker: an Asker; a ProtectFileOptions takes the pair as `noted`. */
MUST_USE Status asker_note(void *asker, Error *err);

#endif
