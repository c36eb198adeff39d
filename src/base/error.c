/*
 * How failure travels: the caller owns the Error, the place of failure fills
 * it, nobody in between rewrites it. Messages follow PostgreSQL's style guide.
 *
 * strerrordesc_np instead of strerror: thread-safe and never translated.
 */
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Truncation may have cut a UTF-8 sequence in two; drops the stump. */
static void drop_utf8_stump(char *text)
{
    size_t len = strlen(text);
    size_t at = len;
    while (at > 0 && len - at < 4 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
        at--;
    if (at == 0)
        return;
    unsigned char lead = (unsigned char)text[at - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (len - (at - 1) < want)
        text[at - 1] = '\0';
}

static void PRINTF_LIKE(3, 0) set_text(char *out, size_t size, const char *fmt, va_list args)
{
    int n = vsnprintf(out, size, fmt, args);
    if (n < 0)
        out[0] = '\0';
    else if ((size_t)n >= size)
        drop_utf8_stump(out);
}

void error_clear(Error *err)
{
    if (err)
        *err = (Error)ERROR_INIT;
}

void error_fill_(Error *err, Status status, const char *fmt, ...)
{
    if (!err)
        return;
    error_clear(err);
    err->status = status;
    va_list args;
    va_start(args, fmt);
    set_text(err->message, sizeof err->message, fmt, args);
    va_end(args);
}

static const char *hint_of_errno(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
        return "Free some space on the disk or raise the quota, then run the command again.";
    case EROFS:
        return "The file system is mounted read-only: choose another place or mount it writable.";
    case EACCES:
    case EPERM:
        return "Check who owns the file and its folder, and run as a user who may use them.";
    default:
        return "";
    }
}

Status error_errno(Error *err, const char *fmt, ...)
{
    int code = errno;
    Status status = code == ENOENT   ? ERR_NOT_FOUND
                    : code == EEXIST ? ERR_EXISTS
                    : code == ENOMEM ? ERR_NOMEM
                                     : ERR_IO;
    if (!err)
        return status;
    error_clear(err);
    err->status = status;
    va_list args;
    va_start(args, fmt);
    set_text(err->message, sizeof err->message, fmt, args);
    va_end(args);

    const char *reason = strerrordesc_np(code);
    if (!reason)
        reason = "unknown error";
    size_t len = strlen(err->message);
    int n = snprintf(err->message + len, sizeof err->message - len, ": %s", reason);
    if (n > 3 && len + (size_t)n < sizeof err->message) {
        char *first = &err->message[len + 2];
        /* "No such file" -> "no such file", but "RFS ..." and "I/O error" keep their capitals */
        if (first[0] >= 'A' && first[0] <= 'Z' && first[1] >= 'a' && first[1] <= 'z')
            first[0] = (char)(first[0] - 'A' + 'a');
    }
    snprintf(err->hint, sizeof err->hint, "%s", hint_of_errno(code));
    return status;
}

Status error_nomem(Error *err)
{
    if (err) {
        *err = (Error){.status = ERR_NOMEM, .message = "out of memory"};
    }
    return ERR_NOMEM;
}

void error_hint(Error *err, const char *fmt, ...)
{
    if (!err || err->hint[0])
        return;
    va_list args;
    va_start(args, fmt);
    set_text(err->hint, sizeof err->hint, fmt, args);
    va_end(args);
}

void error_at(Error *err, const char *file, uint64_t row, const char *field)
{
    if (!err)
        return;
    if (file && !err->file[0])
        snprintf(err->file, sizeof err->file, "%s", file);
    if (err->row == 0)
        err->row = row;
    if (field && !err->field[0])
        snprintf(err->field, sizeof err->field, "%s", field);
}

void error_detail(Error *err, const char *fmt, ...)
{
    if (!err || err->detail[0])
        return;
    va_list args;
    va_start(args, fmt);
    set_text(err->detail, sizeof err->detail, fmt, args);
    va_end(args);
}

void error_print(const Error *err, char *out, size_t size)
{
    if (size == 0)
        return;
    char place[sizeof err->file + 24] = "";
    uint64_t number = err->row ? err->row : err->line;
    if (err->file[0] && number)
        snprintf(place, sizeof place, "%s:%" PRIu64 ": ", err->file, number);
    else if (err->file[0])
        snprintf(place, sizeof place, "%s: ", err->file);
    else if (number)
        snprintf(place, sizeof place, "%s %" PRIu64 ": ", err->row ? "row" : "line", number);

    const char *message = err->message[0] ? err->message : status_name(err->status);
    int n = snprintf(out, size, "%s%s%s%s%s%s%s", place, err->field, err->field[0] ? ": " : "", message,
        err->hint[0] ? " (" : "", err->hint, err->hint[0] ? ")" : "");
    if (n >= 0 && (size_t)n >= size)
        drop_utf8_stump(out);
}

static const struct {
    const char *name;
    int exit_code;
} status_table[] = {
    [OK] = {"ok", 0},
    [ERR_USAGE] = {"usage", 2},
    [ERR_INVALID] = {"invalid", 3},
    [ERR_PARSE] = {"parse", 4},
    [ERR_NOT_FOUND] = {"not_found", 5},
    [ERR_EXISTS] = {"exists", 6},
    [ERR_DENIED] = {"denied", 7},
    [ERR_LIMIT] = {"limit", 8},
    [ERR_IO] = {"io", 9},
    [ERR_BUSY] = {"busy", 10},
    [ERR_CORRUPT] = {"corrupt", 11},
    [ERR_NOMEM] = {"nomem", 12},
    [ERR_CANCELLED] = {"cancelled", 130},
    [ERR_INTERNAL] = {"internal", 70},
};

const char *status_name(Status status)
{
    return (size_t)status < COUNT_OF(status_table) ? status_table[status].name : "internal";
}

int status_exit_code(Status status)
{
    return (size_t)status < COUNT_OF(status_table) ? status_table[status].exit_code
                                                   : status_table[ERR_INTERNAL].exit_code;
}

_Noreturn void assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "cairn: %s:%d: this must hold: %s\n", file, line, cond);
    abort();
}
