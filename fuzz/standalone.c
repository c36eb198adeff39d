/*
 * Replays files through a fuzz target without libFuzzer, so that every corpus is an ordinary test
 * under any compiler and sanitizer. Arguments are files, or folders whose files are taken in no
 * particular order: a target is a pure function of its bytes.
 *
 * Test tooling, not product: talks to libc directly and does not stand on base.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The target sees an exactly sized heap copy, so that the sanitizers catch a read one byte past it. */
static int replay_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        return 1;
    }
    uint8_t *data = NULL;
    size_t size = 0;
    for (;;) {
        uint8_t chunk[65536];
        size_t got = fread(chunk, 1, sizeof chunk, in);
        if (got == 0)
            break;
        uint8_t *grown = realloc(data, size + got);
        if (!grown)
            abort();
        data = grown;
        memcpy(data + size, chunk, got);
        size += got;
    }
    int failed = ferror(in);
    fclose(in);
    if (!failed)
        LLVMFuzzerTestOneInput(data ? data : (const uint8_t *)"", size);
    free(data);
    return failed ? 1 : 0;
}

static int replay(const char *path, int *count)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        perror(path);
        return 1;
    }
    if (!S_ISDIR(st.st_mode)) {
        (*count)++;
        return replay_file(path);
    }
    DIR *dir = opendir(path);
    if (!dir) {
        perror(path);
        return 1;
    }
    int failed = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        char child[4096];
        int n = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof child)
            failed = 1;
        else
            failed |= replay(child, count);
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    int count = 0;
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= replay(argv[i], &count);
    if (count == 0) {
        fprintf(stderr, "no input: name files or folders\n");
        return 1;
    }
    return failed;
}
