/* A data home of its own for one test, with all that ingest_file wants open. */
#ifndef CAIRN_TESTS_INGEST_HOME_H
#define CAIRN_TESTS_INGEST_HOME_H

#include "ingest/ingest.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct IngestHome {
    char root[64];
    Home *home;
    Policy *policy;
    Ledger *ledger;
    Vault *vault;
    IngestContext ctx;
} IngestHome;

void ingest_home_open(IngestHome *h);
void ingest_home_close(IngestHome *h); /* removes the folder too */
/* Fails the test when ingest_file itself fails. */
void ingest_home_take(IngestHome *h, const char *source, const char *path, IngestResult *out);

#endif
