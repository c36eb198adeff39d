#include "store_support.h"

#include <stdio.h>
#include <stdlib.h>

int scratch_setup(void **state)
{
    Scratch *s = NULL;
    if (mem_zalloc(1, sizeof *s, (void **)&s, NULL) != OK)
        return 1;
    snprintf(s->path, sizeof s->path, "/tmp/cairn-store-XXXXXX");
    if (!mkdtemp(s->path)) {
        mem_free(s);
        return 1;
    }
    *state = s;
    return 0;
}

int scratch_teardown(void **state)
{
    Scratch *s = *state;
    Status st = dir_remove(s->path, NULL);
    mem_free(s);
    return st == OK ? 0 : 1;
}

const char *scratch_path(Scratch *s, const char *name)
{
    snprintf(s->text, sizeof s->text, "%s/%s", s->path, name);
    return s->text;
}

void flip_byte(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_not_equal(c, EOF);
    assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
    assert_int_not_equal(fputc(c ^ 0xFF, f), EOF);
    assert_int_equal(fclose(f), 0);
}
