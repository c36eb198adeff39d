/* Command report: documents made of the current release. */
#include "cli/commands.h"
#include "report/report.h"

static const Option REPORT_OPTIONS[] = {
    {"year", 'y', "YEAR", "no figure of a later year (default: the release's latest)"},
    {"out", 'o', "DIR", "folder to write annual-YEAR.html and annual-YEAR.pdf into"},
};

static Status tell(Cli *cli, const AnnualReport *r)
{
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kstr(&j, "release", slice_of(r->release));
        json_kint(&j, "year", r->year);
        json_kint(&j, "measures", (int64_t)r->measures);
        json_kint(&j, "missing", (int64_t)r->missing);
        json_kstr(&j, "html", slice_of(r->html));
        json_key(&j, "pdf");
        if (r->pdf)
            json_str(&j, slice_of(r->pdf));
        else
            json_add_null(&j);
        cli_json_end(cli, &j);
        return OK;
    }
    cli_say(cli, "%s\n", r->html);
    if (r->pdf)
        cli_say(cli, "%s\n", r->pdf);
    else
        cli_say(cli, "no PDF: weasyprint is not installed (Debian package weasyprint); the page prints as it is\n");
    return OK;
}

static Status run_report(Cli *cli, Error *err)
{
    Workplace w;
    AnnualReport report;
    uint64_t year;
    const char *out = cli_value(cli, "out");
    if (!slice_eq_z(slice_of(cli->positional[0]), "annual"))
        return error_set(err, ERR_USAGE, "no report is named \"%s\": there is annual", cli->positional[0]);
    if (!out)
        return error_set(err, ERR_USAGE, "report annual needs --out DIR");
    TRY(cli_number(cli, "year", 0, 1900, 9999, &year, err));
    TRY(workplace_open(cli, HOME_READ, &w, err));
    Status st = report_annual(w.home, w.policy, w.ledger, (int32_t)year, out, &cli->arena, &report, err);
    if (st == OK)
        st = tell(cli, &report);
    workplace_close(&w);
    return st;
}

const Command CMD_REPORT = {
    .name = "report",
    .synopsis = "annual",
    .summary = "the yearly report to the legislature, as page and PDF, from the current release",
    .text =
        "Makes the yearly report from the current release and nothing else: a section a topic as the policy's "
        "report/annual.toml says, tables and charts, groups, method with definitions and their sources, protection, "
        "linkage and coverage, the release log and the data sources. The release is verified first.\n\n"
        "The page stands alone in one file. The PDF is made from it by WeasyPrint; without that program the page is "
        "made and a line says so. The same home gives the same bytes. Exit code 5 when nothing was released. "
        "docs/report.md describes it.",
    .options = REPORT_OPTIONS,
    .option_count = COUNT_OF(REPORT_OPTIONS),
    .positional_min = 1,
    .positional_max = 1,
    .run = run_report,
};
