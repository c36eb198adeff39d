/*
 * AgencyFile: one file as its contract says it is, opened and looked over once.
 *
 * Opening reads the header and matches it to the contract; the first pass goes
 * over every byte to hash the file and to find out where its records are, so
 * that afterwards any number of threads can read slices of it with exact row
 * and line numbers. The file is read with pread, never mapped: a file that
 * shrinks under us must be an error, not a signal.
 */
#ifndef CAIRN_INGEST_AGENCY_FILE_H
#define CAIRN_INGEST_AGENCY_FILE_H

#include "contract/contract.h"
#include "ingest/csv_reader.h"
#include "ingest/edfi_reader.h"
#include "ingest/fixed_reader.h"
#include "ingest/text_encoding.h"

/* Small enough to share the work out evenly, large enough that opening a slice costs nothing. */
#define SLICE_BYTES ((uint64_t)1 << 20)

#define CELL_ABSENT SIZE_MAX

typedef VEC(Slice) Slices;

typedef struct AgencyFile {
    const Contract *contract;
    const char *path;
    int fd;
    uint64_t size;
    int64_t modified_s, modified_ns;
    TextEncoding encoding;
    Arena arena;
    Refusal refusal;

    /* columns */
    const Field **fields; /* fields that are in the file: those without `derive` */
    size_t field_count;
    size_t *cell_of_field; /* CELL_ABSENT where the file has no such column */
    size_t cell_count;     /* cells a record must have */
    Slices unknown;        /* headers no field answers to */
    Slice *xml_paths;      /* one a field, alternatives joined by '|' */
    FixedLayout fixed;

    /* after the first pass */
    ScanPoint data;    /* where the rows begin */
    ScanPoints points; /* slices of at least SLICE_BYTES; empty for XML */
    uint64_t rows;     /* as the scanner counts; 0 for XML */
    bool open_end;     /* CSV: the last record has no line end */
    char sha256[SHA256_HEX_SIZE];
} AgencyFile;

/* path and contract must outlive the file. A file that nobody can load is OK with file->refusal set; an error is for
 * what is not the file's fault. Close also after a failure. */
MUST_USE Status agency_file_open(const Contract *contract, const char *path, AgencyFile *file, Error *err);
void agency_file_close(AgencyFile *file);
/* SHA-256 and scan points; on two threads when threads allows. May set file->refusal. point_every is SLICE_BYTES
 * outside tests. */
MUST_USE Status agency_file_survey(
    AgencyFile *file, unsigned threads, uint64_t point_every, Progress *progress, Error *err);
/* ERR_IO when size or time of change are not what they were at opening: what was read is then not what was hashed. */
MUST_USE Status agency_file_unchanged(const AgencyFile *file, Error *err);
/* Whether the path still leads to what was opened, as it was then. */
bool agency_file_is_current(const AgencyFile *file);
/* Bytes [from, from + size) into out; ERR_IO when the file is shorter. */
MUST_USE Status agency_file_read(const AgencyFile *file, uint64_t from, void *out, size_t size, Error *err);
/* An XML file's rows; ctx of the reader is kept in *place, which must live as long. */
typedef struct XmlPlace {
    const AgencyFile *file;
    uint64_t at;
} XmlPlace;
typedef enum XmlRaw { XML_CELLS_ONLY, XML_WITH_RAW } XmlRaw;
MUST_USE Status agency_file_xml(const AgencyFile *file, XmlRaw raw, XmlPlace *place, EdfiReader **out, Error *err);

#endif
