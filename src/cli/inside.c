/* Inside results: opening, noting, writing. */
#include "cli/inside.h"

#include "store/warehouse.h"

Status inside_format(const Cli *cli, SheetFormat *out, Error *err)
{
    const char *word = cli_value(cli, "format");
    *out = cli->format == CLI_JSON ? SHEET_JSON : SHEET_TEXT;
    if (!word)
        return OK;
    TRY(sheet_format_parse(slice_of(word), out, err));
    if (cli->format == CLI_JSON && *out != SHEET_JSON)
        return error_set(err, ERR_USAGE, "--json and --format %s contradict each other", word);
    return OK;
}

Status inside_open(Cli *cli, Inside *out, Error *err)
{
    *out = (Inside){0};
    TRY(workplace_open(cli, HOME_READ, &out->place, err));
    Status st = warehouse_current(out->place.home, &out->generation, err);
    if (st == OK)
        st = cells_read(out->place.home, out->generation, &out->cells, err);
    if (st != OK)
        workplace_close(&out->place);
    return st;
}

void inside_close(Inside *in)
{
    cells_free(&in->cells);
    workplace_close(&in->place);
}

static void entry_body(const Cli *cli, const Inside *in, Slice who, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_kint(&j, "generation", (int64_t)in->generation);
    json_key(&j, "words");
    json_open_array(&j);
    for (size_t i = 0; i < cli->positional_count; i++)
        json_str(&j, slice_of(cli->positional[i]));
    json_end(&j);
    json_key(&j, "options");
    json_open_object(&j);
    for (size_t i = 0; i < cli->command->option_count; i++)
        if (cli->values[i])
            json_kstr(&j, cli->command->options[i].name, slice_of(cli->values[i]));
    json_end(&j);
    if (who.len > 0)
        json_kstr(&j, "who", who);
    json_end(&j);
}

Status inside_note(const Cli *cli, const Inside *in, const char *kind, Slice who, Error *err)
{
    Buf body;
    buf_init(&body, 0);
    entry_body(cli, in, who, &body);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(in->place.ledger, kind, slice_of(cli->command->name), buf_slice(&body), err);
    buf_free(&body);
    return st;
}

Status inside_write(Cli *cli, const Inside *in, const Sheet *s, SheetFormat format, Error *err)
{
    const char *path = cli_value(cli, "out");
    Buf text;
    Status st;
    buf_init(&text, 0);
    TRY_OUT(sheet_write(s, format, cli_value(cli, "table"), &text, err));
    TRY_OUT(inside_note(cli, in, "results.read", SLICE(""), err));
    if (path)
        st = file_write(path, buf_slice(&text), MODE_PRIVATE, err);
    else
        buf_add(&cli->out, buf_slice(&text));
out:
    buf_free(&text);
    return st;
}
