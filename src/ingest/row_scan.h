/*
 * An agency file as a DuckDB table, so that validation is SQL over it:
 *
 *   ~row      BIGINT   1-based row number; exact on any number of threads
 *   ~line     BIGINT   physical line it begins on
 *   ~at       BIGINT   offset of its first byte (0 for XML)
 *   ~defect   INTEGER  NULL, or what is wrong with its bytes (defect_code)
 *   ~first    VARCHAR  first cell, also of a row with a defect
 *   ~suspect  BOOLEAN  false: no field breaks a rule of its own, regular expressions apart
 *   ~n0 ...   VARCHAR  one a field of the file: its text, NULL when missing; in rows that are not suspect only for
 *                      fields whose pattern SQL must check
 *   name ...           one a field: its typed value (field_value.h), NULL when missing or no such value
 *
 * One statement reads one part of the file, on one thread and in the file's
 * order, so that what it makes need not be sorted; several statements read the
 * parts side by side. How a file is parted depends on the file alone. XML, and
 * files of contracts that fill values down, are one part.
 *
 * Values are read here and not by SQL casts and checks because one pass over
 * bytes that are in the cache anyway costs a third of some thirty vector
 * operations; SQL looks closer only at suspect rows.
 */
#ifndef CAIRN_INGEST_ROW_SCAN_H
#define CAIRN_INGEST_ROW_SCAN_H

#include "ingest/agency_file.h"
#include "ingest/field_value.h"
#include "store/db.h"

typedef struct RowScan RowScan;

/* Registers the table function `name()` over a surveyed file, and `name(part := n)` over its part n, 0-based;
 * readers: one a field of the file. Scan, file and readers must outlive db; the function can be used several times. */
MUST_USE Status row_scan_register(Db *db, const char *name, const AgencyFile *file, const ValueReader *readers,
    Progress *progress,
                                  RowScan **out, Error *err);
void row_scan_free(RowScan *scan);
size_t row_scan_parts(const RowScan *scan);
/* When a statement over the scan failed: the reader's own error or refusal, if it was the reader that stopped it.
 * True when so; a refusal goes to *refusal with *st OK. */
bool row_scan_failed(RowScan *scan, Status *st, Refusal *refusal, Error *err);

/* ~defect holds both: the kind and the field it was met in (SIZE_MAX: none). */
Defect defect_of_code(int64_t code);
size_t defect_field_of_code(int64_t code);

#endif
