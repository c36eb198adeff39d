/* A home, a policy and an inbox for one end-to-end test of ingest, and questions to ask of what became of a file. */
#ifndef CAIRN_TESTS_INGEST_SUPPORT_H
#define CAIRN_TESTS_INGEST_SUPPORT_H

#include "ingest_harness.h"

#include "ingest/ingest_job.h"

typedef struct Site {
    char root[64];
    Arena arena;
    Policy *policy;
    Home *home;
    Vault *vault;
    Ledger *ledger;
    IngestContext ctx;
} Site;

/* cmocka fixtures: a fresh home in *state. */
int site_setup(void **state);
int site_teardown(void **state);
/* Opens and closes what a process holds; the files stay. */
void site_open(Site *s);
/* With another state's policy folder. */
void site_open_policy(Site *s, const char *policy);
void site_close(Site *s);
/* root/name in the arena. */
const char *site_path(Site *s, const char *name);
const char *site_write(Site *s, const char *name, Slice content);
/* Ingests content as root/name of the source; a failure fails the test. */
IngestResult site_ingest(Site *s, const char *source, const char *name, Slice content);
IngestResult site_ingest_z(Site *s, const char *source, const char *name, const char *content);
/* First column of the first row of a query over the load's rows, as text; the query says %s for the Parquet file.
 * "NULL" for SQL NULL. */
const char *site_ask(Site *s, const char *load, const char *query);
const char *site_file(Site *s, const char *folder, const char *load, const char *name);
uint64_t site_records(Site *s);
uint64_t site_quarantined(Site *s);

#endif
