/*
 * Inside results on the command line: what equity and account share. They show figures of small groups in full, so the
 * home must be readable by whoever asks (its files are the owner's alone), each call is an entry in the ledger, and
 * files they write have mode 0600.
 */
#ifndef CAIRN_CLI_INSIDE_H
#define CAIRN_CLI_INSIDE_H

#include "cli/commands.h"
#include "equity/sheet.h"
#include "measure/measure.h"

#define INSIDE_OPTIONS \
    {"format", 'f', "FORMAT", "text (default), csv, json or html; --json is the same as json"}, \
        {"table", 0, "NAME", "csv: which of the result's tables (default: the first)"}, \
        {"out", 'o', "FILE", "write there (mode 0600) instead of standard output"}

typedef struct Inside {
    Workplace place;
    uint32_t generation;
    CellSet cells;
} Inside;

/* --format and --json together. */
MUST_USE Status inside_format(const Cli *cli, SheetFormat *out, Error *err);
/* The home for reading, and its cells. Close with inside_close, not after a failure. */
MUST_USE Status inside_open(Cli *cli, Inside *out, Error *err);
void inside_close(Inside *in);
/* A ledger entry first, then the sheet. The entry names the command, its words and options, never a figure. */
MUST_USE Status inside_write(Cli *cli, const Inside *in, const Sheet *s, SheetFormat format, Error *err);
/* Only the entry, under a kind of its own, for persons who were looked at; who: the one who looks, may be empty. */
MUST_USE Status inside_note(const Cli *cli, const Inside *in, const char *kind, Slice who, Error *err);

#endif
