/*
 * Fuzzes `cairn profile`, which is given files nobody knows: whatever the bytes, it drafts a contract in TOML that
 * parses, or says why not.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/toml.h"
#include "ingest/ingest.h"

/* profile_file wants a path; a file in memory has one. */
static int file_of(const uint8_t *data, size_t size, char path[32])
{
    int fd = memfd_create("profile", 0);
    ASSERT(fd >= 0);
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, data + done, size - done);
        ASSERT(n > 0);
        done += (size_t)n;
    }
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Buf contract, report;
    Arena arena;
    char path[32];
    Error err = ERROR_INIT;
    int fd = file_of(data, size, path);
    buf_init(&contract, 0);
    buf_init(&report, 0);
    arena_init(&arena, (size_t)64 << 20);
    Status st = profile_file(path, &contract, &report, &err);
    if (st == OK) {
        const Toml *toml = NULL;
        ASSERT(buf_status(&contract, &err) == OK);
        ASSERT(toml_parse(buf_slice(&contract), "draft.toml", &arena, &toml, &err) == OK);
    } else {
        ASSERT(err.status == st && err.message[0]);
    }
    arena_free(&arena);
    buf_free(&contract);
    buf_free(&report);
    close(fd);
    return 0;
}
