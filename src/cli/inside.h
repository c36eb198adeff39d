/*
 * Inside results on the command line: what measure, equity and account share. They show figures of small groups in
 * full, so a role of the policy's access folder must allow the look, purpose and agreement are given, the ledger knows
 * before anybody sees, and files have mode 0600.
 */
#ifndef CAIRN_CLI_INSIDE_H
#define CAIRN_CLI_INSIDE_H

#include "cli/commands.h"
#include "equity/sheet.h"
#include "measure/measure.h"

#define INSIDE_OPTIONS \
    {"format", 'f', "FORMAT", "text (default), csv, json or html; --json is the same as json"}, \
        {"table", 0, "NAME", "csv: which of the result's tables (default: the first)"}, \
        {"out", 'o', "FILE", "write there (mode 0600) instead of standard output"}, \
        {"purpose", 0, "TEXT", "why you ask; goes into the ledger"}, \
        {"agreement", 0, "ID", "the agreement you ask under; goes into the ledger"}, \
    { \
        "role", 0, "NAME", "the role you ask in (default: the first that allows it)" \
    }

typedef struct Inside {
    Workplace place;
    uint32_t generation;
    CellSet cells;
} Inside;

/* --format and --json together. */
MUST_USE Status inside_format(const Cli *cli, SheetFormat *out, Error *err);
/* The command's purpose, agreement and role allow an act; the caller writes the ledger entry. ERR_USAGE: no purpose or
 * agreement; ERR_DENIED: govern_allow_inside. */
MUST_USE Status inside_grant(
    Cli *cli, const Workplace *w, const char *act, InsideRequest *request, InsideGrant *out, Error *err);
/* The command's purpose, agreement and role allow a look at "cells" or "persons", and the ledger holds an entry of
 * `kind` about `subject` that says who looks, why, and the command's words and options, never a figure. Nothing may be
 * shown before. ERR_USAGE: no purpose or agreement; ERR_DENIED: govern_allow_inside. */
MUST_USE Status inside_allow(
    Cli *cli, const Workplace *w, const char *act, const char *kind, Slice subject, Error *err);
/* The same for a question that is no word or option: its text goes into the entry. */
MUST_USE Status inside_allow_script(
    Cli *cli, const Workplace *w, const char *act, const char *kind, Slice subject, Slice script, Error *err);
/* The id of the agreement that the command is asked under; of the policy, or in the command's arena. */
MUST_USE Status inside_agreement(Cli *cli, const Workplace *w, const char *act, Slice *out, Error *err);
/* Asks for a look at "cells" or "persons", writes the ledger entry, opens the cells of every kind and split. Close with
 * inside_close, not after a failure. ERR_DENIED: no role, agreement or purpose allows it. */
MUST_USE Status inside_open(Cli *cli, const char *act, Inside *out, Error *err);
void inside_close(Inside *in);
MeasureContext inside_context(Cli *cli, const Inside *in);
MUST_USE Status inside_write(Cli *cli, const Sheet *s, SheetFormat format, Error *err);

#endif
