/* Files and folders. Every write that matters is atomic: temporary name, fsync, rename, fsync of the folder. */
#ifndef CAIRN_BASE_FILE_H
#define CAIRN_BASE_FILE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/slice.h"
#include "base/vec.h"

#define MODE_PRIVATE 0600
#define MODE_PUBLIC 0644
#define MODE_DIR_PRIVATE 0700
#define MODE_DIR_PUBLIC 0755

typedef VEC(const char *) PathList;

/* Whole file into b (appended). ERR_LIMIT when it is larger than max bytes (0: 1 GiB). */
MUST_USE Status file_read(const char *path, size_t max, Buf *b, Error *err);
/* At most the first size bytes, appended. */
MUST_USE Status file_read_head(const char *path, size_t size, Buf *b, Error *err);
/* file_write and file_copy make path + ".new-" + 16 hex digits first; a crash may leave such a file. */
MUST_USE Status file_write(const char *path, Slice content, unsigned mode, Error *err);
/* A file of a name that must be free: ERR_EXISTS when anything bears it, a link too. A crash may leave a part of it. */
MUST_USE Status file_create(const char *path, Slice content, unsigned mode, Error *err);
MUST_USE Status file_copy(const char *from, const char *to, unsigned mode, Error *err);
MUST_USE Status file_size(const char *path, uint64_t *out, Error *err);
MUST_USE Status file_sha256(const char *path, uint8_t out[SHA256_SIZE], Error *err);
/* ERR_DENIED when group or others have any right on the file or folder. */
MUST_USE Status file_check_private(const char *path, Error *err);
bool file_exists(const char *path); /* a regular file, or a link to one */
bool dir_exists(const char *path);
/* rename + fsync of the target's folder. */
MUST_USE Status file_rename(const char *from, const char *to, Error *err);
/* Missing is not an error. */
MUST_USE Status file_remove(const char *path, Error *err);
MUST_USE Status file_sync(const char *path, Error *err); /* a file or a folder */
/* Creates missing parents too. Existing is not an error. */
MUST_USE Status dir_make(const char *path, unsigned mode, Error *err);
/* Names (not paths) of entries, bytewise sorted, without . and ..; strings live in arena, the list is the
 * caller's to vec_free. */
MUST_USE Status dir_list(const char *path, Arena *arena, PathList *out, Error *err);
/* Removes a folder and what is in it; follows no symbolic link. Missing is not an error. */
MUST_USE Status dir_remove(const char *path, Error *err);
/* fsync of every file below and of the folders. */
MUST_USE Status dir_sync(const char *path, Error *err);
/* a/b in the arena. */
MUST_USE Status path_join(Arena *arena, const char *a, const char *b, const char **out, Error *err);
/* The part after the last slash; borrowed from path. */
const char *path_base(const char *path);

/* Opens dir/relative for reading when it is a regular file and no symbolic link stands between dir and it (dir itself
 * may be reached through one). relative: plain components with '/' between, no "." or "..": ERR_INVALID otherwise.
 * ERR_NOT_FOUND for whatever is not such a file. Messages name no path. End *fd with file_close. */
MUST_USE Status file_open_below(const char *dir, Slice relative, int *fd, uint64_t *size, Error *err);
/* Digest of an open file's whole content; its position does not move. */
MUST_USE Status file_sha256_open(int fd, uint8_t out[SHA256_SIZE], Error *err);
/* A file that is read piece by piece, from its beginning. End *fd with file_close. */
MUST_USE Status file_open(const char *path, int *fd, Error *err);
/* At most size bytes; *got is 0 at the end. path is for messages. */
MUST_USE Status file_read_piece(int fd, const char *path, void *out, size_t size, size_t *got, Error *err);
/* For descriptors that were read from only; -1 is fine. */
void file_close(int fd);

/* An exclusive advisory lock held by an open descriptor; freed by the kernel when the process dies.
 * ERR_BUSY when another process holds it. */
typedef struct FileLock FileLock;
MUST_USE Status file_lock(const char *path, FileLock **out, Error *err);
void file_unlock(FileLock *lock);

/* Buffered writer for large output files. Errors are sticky and told by close. */
typedef struct FileWriter FileWriter;
MUST_USE Status writer_open(const char *path, unsigned mode, FileWriter **out, Error *err);
void writer_add(FileWriter *w, Slice s);
/* Flushes, fsyncs when sync says so, closes and frees; err tells the first failure. */
typedef enum WriterSync { WRITER_NO_SYNC, WRITER_SYNC } WriterSync;
MUST_USE Status writer_close(FileWriter *w, WriterSync sync, Error *err);
/* Closes and removes the file. NULL is fine. */
void writer_abandon(FileWriter *w);

#endif
