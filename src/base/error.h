/*
 * Status and Error: how failure travels.
 *
 * The status is the class a caller may branch on; the Error is what a person
 * reads. It is set where the failure happens and passed up untouched; a caller
 * may add position (error_at) but does not rewrite the message.
 *
 * Two faces (design, decision 9): message and the position fields may be shown
 * to anybody and never contain a value from a person's record; detail goes to
 * the restricted log only.
 */
#ifndef CAIRN_BASE_ERROR_H
#define CAIRN_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

typedef enum Status {
    OK = 0,
    ERR_USAGE,     /* the command line or a call from outside is malformed */
    ERR_INVALID,   /* data breaks a rule */
    ERR_PARSE,     /* bytes are not of the format they claim */
    ERR_NOT_FOUND, /* a named thing does not exist */
    ERR_EXISTS,    /* a thing that must be new is there already */
    ERR_DENIED,    /* no agreement, role or key allows this */
    ERR_LIMIT,     /* a stated maximum was reached */
    ERR_IO,        /* the operating system refused: disk full, read-only, permission */
    ERR_BUSY,      /* another process holds the data home */
    ERR_CORRUPT,   /* stored data does not match its own checksum or chain */
    ERR_NOMEM,
    ERR_CANCELLED, /* a signal or a caller asked to stop */
    ERR_INTERNAL,  /* a library broke its promise */
} Status;

typedef struct Error {
    Status status;
    char message[600]; /* lower-case, no full stop, always the reason */
    char hint[300];    /* a sentence: what to do; may be empty */
    char file[300];    /* the input it happened in; empty when none */
    uint64_t row;      /* 1-based record number; 0 when none */
    uint64_t line;     /* 1-based physical line; 0 when none */
    char field[80];
    char rule[80];
    char detail[400]; /* restricted log only; may hold data values */
} Error;

#define ERROR_INIT \
    { \
        .status = OK \
    }

/* Fills err (which may be NULL) and returns status, so that `return error_set(...)` works. */
#define error_set(err, status, ...) error_filled_((status), (error_fill_((err), (status), __VA_ARGS__), 0))
void error_fill_(Error *err, Status status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The compiler sees which status comes back, and so that what a callee left unset is not used after a failure. */
static inline Status error_filled_(Status status, int filled)
{
    (void)filled;
    return status;
}
/* As error_set, with strerror(errno) of the moment appended after ": ". ENOSPC, EROFS
 * and EACCES get a hint. Status is ERR_IO, or ERR_NOT_FOUND on ENOENT. */
Status error_errno(Error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Out of memory: no formatting, cannot fail. */
Status error_nomem(Error *err);
/* Adds to an error already set. Each keeps what an inner caller wrote first. */
void error_hint(Error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
void error_at(Error *err, const char *file, uint64_t row, const char *field);
/* For the restricted log only. */
void error_detail(Error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
void error_clear(Error *err);
/* One line for people: "file:row: field: message (hint)". Never includes detail. */
void error_print(const Error *err, char *out, size_t size);
/* Stable short name of a status, for JSON: "invalid", "denied", ... */
const char *status_name(Status status);
/* Process exit code of a status; documented in the man page and fixed for ever. */
int status_exit_code(Status status);

/* Passes a failure up. */
#define TRY(expr) \
    do { \
        Status try_status_ = (expr); \
        if (try_status_ != OK) \
            return try_status_; \
    } while (0)

/* Passes a failure to the one exit label of a function that acquires; needs `Status st` and `out:`. */
#define TRY_OUT(expr) \
    do { \
        st = (expr); \
        if (st != OK) \
            goto out; \
    } while (0)

#endif
