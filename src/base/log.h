/* One line an event, key=value, to stderr. No value from a person's record is ever passed here. */
#ifndef CAIRN_BASE_LOG_H
#define CAIRN_BASE_LOG_H

#include "base/error.h"

typedef enum LogLevel { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG } LogLevel;

/* Where log lines go and how much is said; made once by main and handed down. NULL is silent. */
typedef struct Log {
    LogLevel level;
    int fd;
} Log;

void log_line(const Log *log, LogLevel level, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
