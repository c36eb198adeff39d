/* Figures of the measure engine on the command line; see cells_out.h. */
#include "cli/cells_out.h"

const char cells_banner[] = "unprotected figures, for inside only: what leaves goes through \"cairn release\"";

/* --- options ----------------------------------------------------------------------------------------------------- */

static Status parse_number(Slice text, const char *what, int64_t *out, Error *err)
{
    uint64_t n;
    if (parse_u64(text, &n, NULL) != OK || n > 9999)
        return error_set(err, ERR_USAGE, "%s must be a whole number: \"%.*s\"", what, SLICE_ARG(text));
    *out = (int64_t)n;
    return OK;
}

static Status parse_years(Slice text, MeasureQuery *q, Error *err)
{
    int64_t from = 0, to;
    if (text.len == 0)
        return OK;
    Slice rest = text, first = slice_cut(&rest, '-');
    TRY(parse_number(first, "a year", &from, err));
    to = from;
    if (rest.ptr)
        TRY(parse_number(rest, "a year", &to, err));
    if (from == 0 || to < from)
        return error_set(err, ERR_USAGE, "years must be one year or FIRST-LAST: \"%.*s\"", SLICE_ARG(text));
    q->year_from = (int32_t)from;
    q->year_to = (int32_t)to;
    return OK;
}

static Status parse_pool(Slice text, MeasurePool *pool, Error *err)
{
    while (text.len > 0 && text.ptr) {
        Slice part = slice_cut(&text, ',');
        bool small = slice_starts(part, SLICE("small="));
        if (slice_eq_z(part, "units")) {
            pool->units = true;
            continue;
        }
        if ((!small && !slice_starts(part, SLICE("years="))) || pool->years > 0)
            return error_set(
                err, ERR_USAGE, "--pool takes years=N or small=N, and units, not \"%.*s\"", SLICE_ARG(part));
        TRY(parse_number(slice_sub(part, 6, part.len), "the years to pool", &pool->years, err));
        pool->small_only = small;
    }
    return OK;
}

Status cells_query_options(const Cli *cli, MeasureQuery *q, Error *err)
{
    TRY(parse_years(slice_of(cli_value(cli, "years")), q, err));
    TRY(parse_pool(slice_of(cli_value(cli, "pool")), &q->pool, err));
    const char *day = cli_value(cli, "as-known-on");
    if (day && date_parse(slice_of(day), DATE_ISO, &q->as_known_on, NULL) != OK)
        return error_set(err, ERR_USAGE, "--as-known-on takes a day as YYYY-MM-DD, not \"%s\"", day);
    return OK;
}

Status cells_refuse_options(const Cli *cli, const char *question, const char *const *options, Error *err)
{
    for (; *options; options++)
        if (cli_flag(cli, *options))
            return error_set(err, ERR_USAGE, "%s takes no --%s", question, *options);
    return OK;
}

static const char *const format_names[] = {
    [CELLS_CSV] = "csv", [CELLS_JSON] = "json", [CELLS_TABLE] = "table", [CELLS_PARQUET] = "parquet"};

static bool format_named(Slice name, CellFormat *out)
{
    for (size_t i = 0; i < COUNT_OF(format_names); i++) {
        if (slice_eq_z(name, format_names[i])) {
            *out = (CellFormat)i;
            return true;
        }
    }
    return false;
}

/* A name without an end, or with that of plain text: what the terminal shows. */
static bool is_text_name(const char *file)
{
    Slice end = cli_file_end(file);
    return end.len == 0 || slice_eq_z(end, "txt") || slice_eq_z(end, "text");
}

Status cells_out(const Cli *cli, CellsOut *out, Error *err)
{
    const char *word = cli_value(cli, "format");
    *out = (CellsOut){.format = cli->format == CLI_JSON ? CELLS_JSON : CELLS_TABLE,
        .file = cli_value(cli, "out"),
        .chart = cli_value(cli, "chart")};
    if (word && !format_named(slice_of(word), &out->format))
        return error_set(err, ERR_USAGE, "--format takes table, csv, json or parquet, not \"%s\"", word);
    if (!word && slice_eq_z(cli_file_end(out->file), "svg")) {
        if (out->chart)
            return error_set(err, ERR_USAGE, "--out FILE.svg is the chart already");
        out->chart = out->file;
        out->chart_only = true;
    } else if (!word && !format_named(cli_file_end(out->file), &out->format) && cli->format != CLI_JSON &&
               !is_text_name(out->file)) {
        error_set(err, ERR_USAGE, "no format is called by the end of %s", out->file);
        error_hint(err, "Names end in .csv, .json, .parquet, .svg or .txt; --format says it for any other name.");
        return ERR_USAGE;
    }
    if (cli->format == CLI_JSON && (out->chart_only || out->format != CELLS_JSON))
        return error_set(err, ERR_USAGE, "--json and %s %s contradict each other", word ? "--format" : "--out",
            word ? word : out->file);
    if (out->format == CELLS_PARQUET && !out->file)
        return error_set(err, ERR_USAGE, "--format parquet needs --out FILE");
    return OK;
}

Status cells_deliver(Cli *cli, Slice text, Error *err)
{
    const char *out = cli_value(cli, "out");
    if (!out) {
        buf_add(&cli->out, text);
        return OK;
    }
    TRY(file_write(out, text, MODE_PRIVATE, err));
    cli_answer(cli, "file", slice_of(out), "%s", out);
    return OK;
}

/* --- figures ----------------------------------------------------------------------------------------------------- */

static Status print(const CellSet *cells, CellFormat format, const CellsHead *head, Buf *text, Error *err)
{
    if (format == CELLS_TABLE)
        buf_addf(text, "%s\n%.*s", cells_banner, SLICE_ARG(head->text));
    if (format == CELLS_JSON && head->json.len > 0)
        buf_addf(text, "{%.*s,\"figures\":", SLICE_ARG(head->json));
    TRY(cells_print(cells->cells, cells->count, format, text, err));
    if (format == CELLS_JSON && head->json.len > 0)
        buf_adds(text, "}\n");
    if (format == CELLS_TABLE && cells->count == 0)
        buf_adds(text, "no figures: nobody is in the measure for those years\n");
    return buf_status(text, err);
}

Status cells_show(Cli *cli, const CellSet *cells, const CellsOut *out, const CellsHead *head, Error *err)
{
    Buf text;
    if (out->chart)
        TRY(cells_draw(cli, cells, out->chart, head, err));
    if (out->chart_only || out->format == CELLS_PARQUET) {
        if (!out->chart_only)
            TRY(cells_to_parquet(cells->cells, cells->count, out->file, err));
        cli_answer(cli, "file", slice_of(out->file), "%s", out->file);
        return OK;
    }
    buf_init(&text, 0);
    Status st = print(cells, out->format, head, &text, err);
    if (st == OK)
        st = cells_deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    return st;
}

/* --- persons ----------------------------------------------------------------------------------------------------- */

static void print_persons(const MeasurePersons *set, Buf *out)
{
    buf_adds(out, "person,year,county,district,school,status,reason,gap,value\n");
    for (size_t i = 0; i < set->count; i++) {
        const MeasurePerson *p = &set->at[i];
        const Slice texts[] = {p->county, p->district, p->school, p->status, p->reason, p->gap};
        buf_addf(out, "%016" PRIx64 ",%" PRId32, p->person, p->year);
        for (size_t k = 0; k < COUNT_OF(texts); k++) {
            buf_addc(out, ',');
            csv_cell(out, texts[k]);
        }
        if (p->has_value)
            buf_addf(out, ",%s%" PRIu64 ".%02" PRIu64 "\n", p->value < 0 ? "-" : "",
                (uint64_t)(p->value < 0 ? -p->value : p->value) / 100,
                (uint64_t)(p->value < 0 ? -p->value : p->value) % 100);
        else
            buf_adds(out, ",\n");
    }
}

Status cells_persons_format(const Cli *cli, Error *err)
{
    const char *format = cli_value(cli, "format");
    Slice end = cli_file_end(cli_value(cli, "out"));
    CellFormat named = CELLS_CSV;
    bool other = format ? !slice_eq_z(slice_of(format), "csv")
                        : slice_eq_z(end, "svg") || (format_named(end, &named) && named != CELLS_CSV);
    if (cli->format == CLI_JSON || other)
        return error_set(err, ERR_USAGE, "persons come as CSV only");
    return OK;
}

Status cells_ask_persons(Cli *cli, const MeasureContext *ctx, const MeasureQuery *q, Error *err)
{
    MeasurePersons set;
    Buf text;
    TRY(measure_who(ctx, q, slice_of(cli_value(cli, "who")), &set, err));
    buf_init(&text, 0);
    print_persons(&set, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = cells_deliver(cli, buf_slice(&text), err);
    buf_free(&text);
    measure_persons_free(&set);
    return st;
}
