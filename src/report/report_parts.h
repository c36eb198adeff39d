/* What the report's files share; nobody else includes it. */
#ifndef CAIRN_REPORT_PARTS_H
#define CAIRN_REPORT_PARTS_H

#include "publish/html.h"
#include "report/report.h"

/* One printed figure. */
typedef struct ReleasedCell {
    int32_t year;
    Slice level, split, group, group_name;
    double value;                          /* NaN: not printed as a number */
    Slice people;                          /* as printed: "1234", "<20"; empty: not given */
    Slice seen, linked, precision, recall; /* of 100, as printed; empty: not known */
} ReleasedCell;

typedef struct ReleasedTable {
    Slice measure, title, question, population, numerator, denominator, unit, kind, note;
    Slice rule, rule_version, rule_status;
    Slice rule_source;   /* of the policy in force; empty when its file is no longer the release's */
    ReleasedCell *cells; /* statewide only, in the release's order */
    size_t cell_count;
    size_t withheld;
} ReleasedTable;

typedef struct ReleasedSource {
    Slice name, title;
    uint64_t files, rows;
} ReleasedSource;

typedef struct ReleasedParameter {
    Slice name;
    int64_t value;
} ReleasedParameter;

typedef struct Released {
    Arena *arena;
    Policy *policy;
    Slice id;
    const char *dir;
    Slice protection, protection_file;
    int64_t audited, withheld;
    VEC(ReleasedTable) tables; /* those the report names, in its order */
    VEC(ReleasedSource) sources;
    VEC(ReleasedParameter) parameters;
    VEC(Slice) missing; /* titles */
} Released;

/* Verifies and reads the current release: the manifest, and the tables of `names`. Free with released_free, also after
 * a failure. Text lives in arena. */
MUST_USE Status released_open(
    Home *home, Policy *policy, const Slice *names, size_t name_count, Arena *arena, Released *out, Error *err);
void released_free(Released *r);
const ReleasedTable *released_table(const Released *r, Slice measure);
/* The statewide figure of everybody of a year; NULL. */
const ReleasedCell *released_everybody(const ReleasedTable *t, int32_t year);
/* The latest year up to `limit` with a figure of everybody; 0: none. */
int32_t released_latest(const ReleasedTable *t, int32_t limit);

/* The whole page. published: "release.published" entries of the ledger. */
typedef struct AnnualPage {
    const Released *released;
    const PolicyFile *plan; /* report/annual.toml */
    const LedgerEntries *published;
    const PolicyFile *words; /* i18n */
    int32_t year;
    uint64_t shown;
} AnnualPage;
MUST_USE Status annual_page(AnnualPage *page, Buf *out, Error *err);

/* Makes pdf from html by WeasyPrint under the given instant. *there is false when it is not installed. */
MUST_USE Status pdf_make(const char *html, const char *pdf, int64_t instant, bool *there, Error *err);

#endif
