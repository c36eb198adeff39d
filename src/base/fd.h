/* Private to base: system calls on descriptors, retried when a signal interrupts them. path is for messages. */
#ifndef CAIRN_BASE_FD_H
#define CAIRN_BASE_FD_H

#include "base/error.h"

MUST_USE Status fd_open(const char *path, int flags, unsigned mode, int *out, Error *err);
/* *got is 0 at the end. */
MUST_USE Status fd_read(int fd, const char *path, void *out, size_t size, size_t *got, Error *err);
MUST_USE Status fd_write(int fd, const char *path, const void *data, size_t size, Error *err);
MUST_USE Status fd_sync(int fd, const char *path, Error *err);
MUST_USE Status fd_close(int fd, const char *path, Error *err);

#endif
