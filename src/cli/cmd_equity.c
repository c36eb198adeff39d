/* Command equity: gaps between groups, from the cells of the current generation. */
#include "cli/inside.h"
#include "equity/equity.h"

static const Option EQUITY_OPTIONS[] = {
    {"by", 'b', "SPLITS", "groups to compare: a split, or up to three crossed; participation: all when left out"},
    {"level", 'l', "LEVEL", "state (default), county, district or school"},
    {"unit", 'u', "CODE", "one unit of the level (default: all)"},
    {"year", 'y', "YEAR", "cohort or reporting year (default: the latest)"},
    {"pool", 0, "WHAT",
        "with commas between: years=N (whole windows, counted back from the latest), units (places below the measure's "
        "minimum with their smallest siblings)"},
    {"reference", 'r', "WHO", "others (default), overall, highest, or a group's code"},
    {"trend", 0, NULL, "slopes of groups and gaps over the years up to --year"},
    {"since", 0, "YEAR", "first year of --trend"},
    {"against-unit", 0, "CODE", "take the difference to another unit of the level apart: rates or mix of groups"},
    {"against-year", 0, "YEAR", "the same for another year"},
    {"earnings", 0, NULL, "median measures: read persons; mean, interval, inequality within and between groups"},
    {"definition", 'd', "NAME", "which rule of the measure's family (default: the measure's own)"},
    {"as-known-on", 0, "DATE", "as it was known at the end of that day (YYYY-MM-DD)"},
    {"chart", 0, "FILE", "write the chart of one unit there as SVG (mode 0600)"},
    INSIDE_OPTIONS,
};

static Status parse_pool(Slice text, EquityQuery *q, Error *err)
{
    while (text.len > 0) {
        Slice part = slice_trim(slice_cut(&text, ','));
        uint64_t years;
        if (slice_eq_z(part, "units"))
            q->pool_units = true;
        else if (slice_starts(part, SLICE("years=")) && parse_u64(slice_sub(part, 6, part.len), &years, NULL) == OK &&
                 years >= 2 && years <= 50)
            q->pool_years = (int64_t)years;
        else
            return error_set(
                err, ERR_USAGE, "--pool takes years=N, N from 2 to 50, and units, not \"%.*s\"", SLICE_ARG(part));
    }
    if (q->pool_units && slice_eq_z(q->level, "state"))
        return error_set(err, ERR_USAGE, "--pool units goes with a --level below the state");
    return OK;
}

static Status query_of(const Cli *cli, EquityQuery *q, Error *err)
{
    uint64_t year;
    TRY(cli_number(cli, "year", 0, 1900, 9999, &year, err));
    Date known = DATE_NONE;
    const char *day = cli_value(cli, "as-known-on");
    if (day && date_parse(slice_of(day), DATE_ISO, &known, NULL) != OK)
        return error_set(err, ERR_USAGE, "--as-known-on takes a day as YYYY-MM-DD, not \"%s\"", day);
    *q = (EquityQuery){.measure = slice_of(cli->positional[0]),
        .split = slice_of(cli_value(cli, "by")),
        .level = cli_value(cli, "level") ? slice_of(cli_value(cli, "level")) : SLICE("state"),
        .unit = slice_of(cli_value(cli, "unit")),
        .reference = slice_of(cli_value(cli, "reference")),
        .year = (int32_t)year,
        .definition = slice_of(cli_value(cli, "definition")),
        .as_known_on = known};
    return parse_pool(slice_of(cli_value(cli, "pool")), q, err);
}

static Status write_chart(const Cli *cli, const Sheet *s, Error *err)
{
    const char *path = cli_value(cli, "chart");
    if (!path)
        return OK;
    if (s->chart.len == 0) {
        error_set(err, ERR_USAGE, "there is no chart of this result");
        error_hint(err, "A chart shows the groups of one unit for a rate: give --unit at levels below the state.");
        return ERR_USAGE;
    }
    return file_write(path, s->chart, MODE_PRIVATE, err);
}

static Status table_sheet(const CellSet *cells, Policy *policy, const EquityQuery *q, Sheet *out, Error *err)
{
    EquityTable t;
    Status st = equity_table(cells, policy, q, &t, err);
    if (st == OK) {
        equity_table_sheet(&t, out);
        st = sheet_status(out, err);
    }
    equity_table_free(&t);
    return st;
}

/* Which years a rule can speak of is its own to say. */
static Status latest_year(const MeasureContext *ctx, const Inside *in, EquityQuery *q, Error *err)
{
    EquityFigures figures;
    TRY(equity_figures(ctx, &in->cells, q, &figures, err));
    for (size_t i = 0; i < figures.cells.count; i++) {
        const Cell *c = &figures.cells.cells[i];
        if (slice_eq(c->measure, q->measure) && slice_eq(c->level, q->level) && c->denominator > 0 && c->year > q->year)
            q->year = c->year;
    }
    equity_figures_free(&figures);
    return OK;
}

static Status earnings_sheet(Cli *cli, const Inside *in, EquityQuery *q, Sheet *out, Error *err)
{
    const MeasureContext ctx = inside_context(cli, in);
    if (!cli_value(cli, "year"))
        TRY(latest_year(&ctx, in, q, err));
    if (q->year == 0)
        return error_set(
            err, ERR_NOT_FOUND, "no figures of %.*s at level %.*s", SLICE_ARG(q->measure), SLICE_ARG(q->level));
    return equity_earnings(&ctx, q, out, err);
}

/* Four questions, one answer: what another one takes would be passed over in silence. */
static Status check_options(const Cli *cli, Error *err)
{
    bool participation = slice_eq_z(slice_of(cli->positional[0]), "participation");
    bool against = cli_flag(cli, "against-unit") || cli_flag(cli, "against-year");
    if (participation + cli_flag(cli, "trend") + cli_flag(cli, "earnings") + against > 1)
        return error_set(err, ERR_USAGE,
            "participation, --trend, --earnings and --against-unit or --against-year are questions of their own");
    if (cli_flag(cli, "pool") && (participation || cli_flag(cli, "earnings")))
        return error_set(err, ERR_USAGE, "--pool goes with gaps and trends, not with participation or --earnings");
    if (participation && (cli_flag(cli, "definition") || cli_flag(cli, "as-known-on")))
        return error_set(err, ERR_USAGE, "--definition and --as-known-on go with a measure, not with participation");
    if (cli_flag(cli, "since") && !cli_flag(cli, "trend"))
        return error_set(err, ERR_USAGE, "--since goes with --trend");
    if (cli_flag(cli, "reference") && (participation || cli_flag(cli, "trend") || cli_flag(cli, "earnings") || against))
        return error_set(err, ERR_USAGE, "--reference goes with the table of gaps: this question is about all others");
    return OK;
}

static Status figures_answer(
    Cli *cli, Policy *policy, const CellSet *cells, const EquityQuery *q, Sheet *out, Error *err)
{
    uint64_t since, other_year;
    TRY(cli_number(cli, "since", 0, 1900, 9999, &since, err));
    TRY(cli_number(cli, "against-year", 0, 1900, 9999, &other_year, err));
    const EquityAgainst against = {.unit = slice_of(cli_value(cli, "against-unit")), .year = (int32_t)other_year};
    if (cli_flag(cli, "trend"))
        return equity_trend(cells, policy, q, (int32_t)since, out, err);
    if (against.unit.len > 0 || against.year > 0)
        return equity_against(cells, policy, q, &against, out, err);
    return table_sheet(cells, policy, q, out, err);
}

static Status equity_answer(Cli *cli, const Inside *in, EquityQuery *q, Sheet *out, Error *err)
{
    EquityFigures figures;
    const MeasureContext ctx = inside_context(cli, in);
    if (slice_eq_z(q->measure, "participation")) {
        q->measure = slice_of(cli->positional[1]);
        q->split = q->split.len ? q->split : SLICE("all");
        return equity_participation(&ctx, &in->cells, in->place.policy, q, out, err);
    }
    if (cli->positional_count > 1)
        return error_set(err, ERR_USAGE, "equity takes one measure, or participation and a programme");
    if (q->split.len == 0)
        return error_set(err, ERR_USAGE, "equity needs --by SPLIT");
    if (cli_flag(cli, "earnings"))
        return earnings_sheet(cli, in, q, out, err);
    TRY(equity_figures(&ctx, &in->cells, q, &figures, err));
    Status st = figures_answer(cli, in->place.policy, &figures.cells, q, out, err);
    equity_figures_free(&figures);
    return st;
}

static Status run_equity(Cli *cli, Error *err)
{
    Inside in;
    Sheet sheet;
    EquityQuery q;
    SheetFormat format;
    TRY(inside_format(cli, &format, err));
    TRY(query_of(cli, &q, err));
    TRY(check_options(cli, err));
    TRY(inside_open(cli, "cells", &in, err));
    sheet_init(&sheet, "Equity");
    Status st = equity_answer(cli, &in, &q, &sheet, err);
    if (st == OK)
        st = write_chart(cli, &sheet, err);
    if (st == OK)
        st = inside_write(cli, &sheet, format, err);
    sheet_free(&sheet);
    inside_close(&in);
    return st;
}

const Command CMD_EQUITY = {
    .name = "equity",
    .synopsis = "MEASURE|participation [PROGRAMME]",
    .summary = "gaps between groups, how sure they are, and what they could come from",
    .text =
        "Compares the groups of a split in the measured results of the current generation: percentage point gaps, 80 % "
        "index, representation index, risk ratio, each with its interval or flag; disparity over all groups; coverage "
        "and quality of linkage beside each number, and whether they could explain the gap. Flagged groups get a "
        "sentence. A split that the measure does not store is worked out from the persons. docs/equity.md names every "
        "formula's source.\n\n"
        "--trend, --against-unit, --against-year and --earnings ask other questions of the same groups. "
        "\"participation\" shows for each programme who could have taken part, who did and who did not.\n\n"
        "The results are unprotected and stay inside: a role of the policy's access folder must allow the look, "
        "--purpose and --agreement are needed, and each call is an entry of the ledger. Exit code 7 when it is "
        "denied, 5 when no figure answers the question.",
    .options = EQUITY_OPTIONS,
    .option_count = COUNT_OF(EQUITY_OPTIONS),
    .positional_min = 1,
    .positional_max = 2,
    .run = run_equity,
};
