/*
 * One event, one line, one write: lines of several threads and processes do
 * not mix, and a line break inside a value cannot forge another line.
 */
#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 4096

void log_line(const Log *log, LogLevel level, const char *fmt, ...)
{
    static const char *const names[] = {
        [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};
    ASSERT((size_t)level < COUNT_OF(names));
    if (!log || level > log->level)
        return;
    char line[LINE_MAX_BYTES];
    char now[21];
    clock_print(clock_now(), now);
    size_t len = (size_t)snprintf(line, sizeof line, "time=%s level=%s ", now, names[level]);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line + len, sizeof line - len, fmt, args);
    va_end(args);
    size_t start = len;
    if (n > 0)
        len = (size_t)n < sizeof line - len ? len + (size_t)n : sizeof line - 1;
    for (size_t i = start; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' ';
    line[len++] = '\n';
    /* a log that cannot be written must not stop the work */
    ssize_t written = write(log->fd, line, len);
    UNUSED(written);
}
