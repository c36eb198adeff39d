/* Inside results: who may look, the ledger entry, opening, writing. */
#include "cli/inside.h"

#include "store/warehouse.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

Status inside_format(const Cli *cli, SheetFormat *out, Error *err)
{
    const char *word = cli_value(cli, "format");
    const char *file = cli_value(cli, "out");
    *out = cli->format == CLI_JSON ? SHEET_JSON : SHEET_TEXT;
    SheetFormat named;
    if (word)
        TRY(sheet_format_parse(slice_of(word), out, err));
    else if (sheet_format_parse(cli_file_end(file), &named, NULL) == OK)
        *out = named; /* what the file's name ends in says the format too; any other end says none */
    if (cli->format == CLI_JSON && *out != SHEET_JSON)
        return error_set(
            err, ERR_USAGE, "--json and %s %s contradict each other", word ? "--format" : "--out", word ? word : file);
    return OK;
}

static Status user_name(Cli *cli, Slice *out, Error *err)
{
    const struct passwd *p = getpwuid(geteuid());
    const char *text;
    if (p)
        TRY(arena_printf(&cli->arena, &text, err, "%s", p->pw_name));
    else
        TRY(arena_printf(&cli->arena, &text, err, "uid %u", (unsigned)geteuid()));
    *out = slice_of(text);
    return OK;
}

/* The command's words and options, never a figure. */
static void entry_body(const Cli *cli, const InsideRequest *r, const InsideGrant *grant, Slice script, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "act", r->act);
    json_kstr(&j, "user", r->user);
    json_kstr(&j, "role", grant->role);
    json_kstr(&j, "purpose", r->purpose);
    json_kstr(&j, "agreement", grant->agreement);
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
    if (script.len > 0)
        json_kstr(&j, "script", script);
    json_end(&j);
}

Status inside_grant(Cli *cli, const Workplace *w, const char *act, InsideRequest *request, InsideGrant *out, Error *err)
{
    struct stat home;
    *request = (InsideRequest){.act = slice_of(act),
        .role = slice_of(cli_value(cli, "role")),
        .purpose = slice_of(cli_value(cli, "purpose")),
        .agreement = slice_of(cli_value(cli, "agreement")),
        .on = clock_today()};
    if (request->purpose.len == 0 || request->agreement.len == 0)
        return error_set(err, ERR_USAGE,
            "an inside question needs --purpose TEXT and --agreement ID: figures before protection are ledgered");
    TRY(user_name(cli, &request->user, err));
    request->owns_home = stat(home_path(w->home), &home) == 0 && home.st_uid == geteuid();
    return govern_allow_inside(w->policy, request, &cli->arena, out, err);
}

Status inside_allow(Cli *cli, const Workplace *w, const char *act, const char *kind, Slice subject, Error *err)
{
    return inside_allow_script(cli, w, act, kind, subject, (Slice){0}, err);
}

Status inside_allow_script(
    Cli *cli, const Workplace *w, const char *act, const char *kind, Slice subject, Slice script, Error *err)
{
    InsideRequest r;
    InsideGrant grant;
    Buf body;
    TRY(inside_grant(cli, w, act, &r, &grant, err));
    buf_init(&body, 0);
    entry_body(cli, &r, &grant, script, &body);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(w->ledger, kind, subject, buf_slice(&body), err);
    buf_free(&body);
    return st;
}

Status inside_agreement(Cli *cli, const Workplace *w, const char *act, Slice *out, Error *err)
{
    InsideRequest r;
    InsideGrant grant;
    TRY(inside_grant(cli, w, act, &r, &grant, err));
    *out = grant.agreement;
    return OK;
}

Status inside_open(Cli *cli, const char *act, Inside *out, Error *err)
{
    Status st;
    *out = (Inside){0};
    TRY(workplace_open(cli, HOME_READ, &out->place, err));
    TRY_OUT(inside_allow(cli, &out->place, act, "results.read", slice_of(cli->command->name), err));
    TRY_OUT(warehouse_current(out->place.home, &out->generation, err));
    TRY_OUT(cells_read_all(out->place.home, out->generation, &out->cells, err));
    return OK;
out:
    workplace_close(&out->place);
    return st;
}

void inside_close(Inside *in)
{
    cells_free(&in->cells);
    workplace_close(&in->place);
}

MeasureContext inside_context(Cli *cli, const Inside *in)
{
    return (MeasureContext){
        .home = in->place.home, .policy = in->place.policy, .log = &cli->log, .progress = cli->progress};
}

Status inside_write(Cli *cli, const Sheet *s, SheetFormat format, Error *err)
{
    const char *path = cli_value(cli, "out");
    Buf text;
    buf_init(&text, 0);
    Status st = sheet_write(s, format, cli_value(cli, "table"), &text, err);
    if (st == OK && path)
        st = file_write(path, buf_slice(&text), MODE_PRIVATE, err);
    else if (st == OK)
        buf_add(&cli->out, buf_slice(&text));
    buf_free(&text);
    return st;
}
