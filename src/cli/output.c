/* The only file that prints: what a command says goes to standard output, errors to standard error. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static Status write_all(int fd, Slice text, Error *err)
{
    size_t done = 0;
    while (done < text.len) {
        ssize_t n = write(fd, text.ptr + done, text.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "could not write to standard %s", fd == 1 ? "output" : "error");
        done += (size_t)n;
    }
    return OK;
}

void cli_say(Cli *cli, const char *fmt, ...)
{
    char line[2048];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (n > 0)
        buf_add(&cli->out, (Slice){line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1});
}

Status cli_flush(Cli *cli, Error *err)
{
    TRY(buf_status(&cli->out, err));
    TRY(write_all(1, buf_slice(&cli->out), err));
    buf_reset(&cli->out);
    return OK;
}

void cli_json(Cli *cli, Json *json)
{
    json_begin(json, &cli->out, JSON_PRETTY);
    json_open_object(json);
}

void cli_json_end(Cli *cli, Json *json)
{
    json_end(json);
    buf_addc(&cli->out, '\n');
}

void cli_answer(Cli *cli, const char *key, Slice value, const char *fmt, ...)
{
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kstr(&j, key, value);
        cli_json_end(cli, &j);
        return;
    }
    char line[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (n > 0)
        cli_say(cli, "%s\n", line);
}

static void error_json(const Error *err, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "error", slice_of(status_name(err->status)));
    json_kstr(&j, "message", slice_of(err->message));
    const struct {
        const char *key, *text;
    } extras[] = {{"hint", err->hint}, {"file", err->file}, {"field", err->field}, {"rule", err->rule}};
    for (size_t i = 0; i < COUNT_OF(extras); i++)
        if (extras[i].text[0])
            json_kstr(&j, extras[i].key, slice_of(extras[i].text));
    if (err->row)
        json_kint(&j, "row", (int64_t)err->row);
    json_end(&j);
}

void cli_report(const Cli *cli, const Error *err)
{
    Buf b;
    buf_init(&b, 0);
    if (cli->format == CLI_JSON) {
        error_json(err, &b);
    } else {
        char line[1600];
        error_print(err, line, sizeof line);
        buf_addf(&b, "cairn: %s", line);
    }
    buf_addc(&b, '\n');
    /* Nowhere is left to tell that standard error cannot be written. */
    if (write_all(2, buf_slice(&b), NULL) != OK)
        buf_reset(&b);
    buf_free(&b);
}
