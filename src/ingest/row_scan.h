/*
 * An agency file as a DuckDB table, so that validation is SQL over it:
 *
 *   ~row     BIGINT   1-based row number; exact on any number of threads
 *   ~line    BIGINT   physical line it begins on
 *   ~at      BIGINT   offset of its first byte (0 for XML)
 *   ~defect  INTEGER  NULL, or what is wrong with its bytes (defect_code)
 *   ~first   VARCHAR  first cell, also of a row with a defect
 *   ~r0 ...  VARCHAR  one a field of the file, trimmed; NULL when empty or when the row has a defect
 *
 * Rows come in no particular order. Slices of the file are handed to DuckDB's
 * threads; XML, and contracts that fill values down, are read by one thread.
 */
#ifndef CAIRN_INGEST_ROW_SCAN_H
#define CAIRN_INGEST_ROW_SCAN_H

#include "ingest/agency_file.h"
#include "store/db.h"

typedef struct RowScan RowScan;

/* Registers the table function `name()` over a surveyed file. The scan must outlive db and can be read several times. */
MUST_USE Status row_scan_register(Db *db, const char *name, const AgencyFile *file, Progress *progress, RowScan **out,
                                  Error *err);
void row_scan_free(RowScan *scan);
/* When a statement over the scan failed: the reader's own error or refusal, if it was the reader that stopped it. True when so;
 * a refusal goes to *refusal with *st OK. */
bool row_scan_failed(RowScan *scan, Status *st, Refusal *refusal, Error *err);

/* ~defect holds both: the kind and the field it was met in (SIZE_MAX: none). */
Defect defect_of_code(int64_t code);
size_t defect_field_of_code(int64_t code);

#endif
