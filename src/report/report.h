/*
 * Report: the yearly legislative report, from released tables and nothing else.
 *
 * Its only figures are the printed ones in releases/CURRENT/data/NAME.json, after the release was verified; a
 * difference is worked out from two printed figures. policy/<state>/report/annual.toml ("cairn.report/1",
 * docs/report.md) says which measures stand in which section.
 *
 * The page stands alone (publish/paper.h). The PDF is made from it by WeasyPrint where that is installed, with the
 * release's own day as its clock, so that the same home gives the same bytes.
 */
#ifndef CAIRN_REPORT_REPORT_H
#define CAIRN_REPORT_REPORT_H

#include "base/base.h"
#include "policy/policy.h"
#include "store/home.h"
#include "store/ledger.h"

typedef struct AnnualReport {
    char release[13];
    int32_t year;      /* no figure is of a later one */
    uint64_t measures; /* shown */
    uint64_t missing;  /* named by the policy, not in the release */
    const char *html;  /* paths, in the arena handed in */
    const char *pdf;   /* NULL: WeasyPrint is not installed */
} AnnualReport;

/* Writes out_dir/annual-YEAR.html, and annual-YEAR.pdf when WeasyPrint is there. year 0: the release's latest.
 * ERR_NOT_FOUND: nothing was released, or the release holds no measure of the report up to that year; ERR_CORRUPT: the
 * release is not what was published; ERR_IO: the PDF could not be made (the page is there). */
MUST_USE Status report_annual(Home *home, Policy *policy, Ledger *ledger, int32_t year, const char *out_dir,
    Arena *arena, AnnualReport *out, Error *err);

#endif
