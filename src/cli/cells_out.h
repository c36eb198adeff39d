/*
 * Figures and persons of the measure engine on the command line: the options that its questions share (measure,
 * cohort), and what becomes of an answer: a table, CSV, JSON, Parquet, a chart. Files have mode 0600.
 */
#ifndef CAIRN_CLI_CELLS_OUT_H
#define CAIRN_CLI_CELLS_OUT_H

#include "cli/inside.h"

#define CELLS_OPTIONS \
    {"years", 'y', "YEARS", "one year or FIRST-LAST (default: all)"}, \
        {"pool", 0, "WHAT", \
            "with commas between: years=N (whole windows), small=N (figures below the minimum, over up to N years), " \
            "units (places below it with their siblings)"}, \
        {"as-known-on", 0, "DATE", "as it was known at the end of that day (YYYY-MM-DD)"}, \
        {"who", 0, "STATUS", \
            "the persons instead of figures: excluded, uncounted, missed, hit, counted, not_found, " \
            "out_of_coverage, blocked"}, \
        {"format", 0, "FORMAT", "table (default), csv, json or parquet"}, \
        {"out", 'o', "FILE", "write there (mode 0600); .csv, .json, .parquet and .svg say the format too"}, \
        {"chart", 0, "FILE", "also draw the figures as SVG (mode 0600)"}, \
        {"purpose", 0, "TEXT", "why you ask; goes into the ledger"}, \
        {"agreement", 0, "ID", "the agreement you ask under; goes into the ledger"}, \
    { \
        "role", 0, "NAME", "the role you ask in (default: the first that allows it)" \
    }

extern const char cells_banner[];

/* --years, --pool, --as-known-on. */
MUST_USE Status cells_query_options(const Cli *cli, MeasureQuery *q, Error *err);
/* An option that the question at hand does not read would be asked for and not answered. Names end with NULL. */
MUST_USE Status cells_refuse_options(const Cli *cli, const char *question, const char *const *options, Error *err);

typedef struct CellsOut {
    CellFormat format;
    const char *file, *chart; /* NULL: none */
    bool chart_only;
} CellsOut;
/* --format, --out, --chart and --json together; refused where they contradict each other. */
MUST_USE Status cells_out(const Cli *cli, CellsOut *out, Error *err);

typedef struct CellsHead { /* what an answer says of itself */
    Policy *policy;        /* whose words the chart has for places and groups */
    Slice title;           /* of the chart */
    Slice text;            /* lines above the table; empty: none */
    Slice json;            /* members of an object whose last is "figures"; empty: the figures alone */
} CellsHead;
MUST_USE Status cells_show(Cli *cli, const CellSet *cells, const CellsOut *out, const CellsHead *head, Error *err);
/* The figures as SVG, with words above: a line where each year has one, else bars of the newest year. Places and groups
 * bear the names that the policy's pages give them. */
MUST_USE Status cells_draw(Cli *cli, const CellSet *cells, const char *path, const CellsHead *head, Error *err);
/* Text to --out or to standard output. */
MUST_USE Status cells_deliver(Cli *cli, Slice text, Error *err);
/* --who: asks and delivers persons as CSV; the question was allowed. */
MUST_USE Status cells_ask_persons(Cli *cli, const MeasureContext *ctx, const MeasureQuery *q, Error *err);
/* Persons come as CSV only. */
MUST_USE Status cells_persons_format(const Cli *cli, Error *err);

#endif
