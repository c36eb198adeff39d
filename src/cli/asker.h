/* The answers given to one asker, kept in a data home: their folder, and the home's ledger that vouches for it. */
#ifndef CAIRN_CLI_ASKER_H
#define CAIRN_CLI_ASKER_H

#include "cli/cli.h"

typedef struct Asker {
    Home *home;
    Ledger *ledger;
    Slice user;
    const char *history; /* HOME/answers/USER */
    const char *list;    /* the ledger file of that folder */
} Asker;

/* Opens the home for writing, so that two answers to one asker are never given at once. ERR_USAGE: a name other than
 * letters, digits, - and _. ERR_CORRUPT: the folder is not what the home's ledger says was answered. Close with
 * asker_close, also after a failure. */
MUST_USE Status asker_open(Cli *cli, const char *user, Asker *out, Error *err);
/* Writes into the home's ledger what the folder holds now (kind query.answered). */
MUST_USE Status asker_note(Asker *a, Error *err);
void asker_close(Asker *a);

#endif
