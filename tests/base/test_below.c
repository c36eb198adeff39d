/* Opening files by names from outside: nothing but regular files below the folder, by no detour. */
#include "harness.h"

#include <sys/stat.h>
#include <unistd.h>

#define OUTSIDE "outside"

static void put(const char *dir, const char *relative, Slice content)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, relative);
    assert_ok(file_write(path, content, MODE_PRIVATE, NULL));
}

/* root/in is the folder: a, sub/b, sub/../a, links to root/outside, a link to the folder's own file, a pipe. */
static void make_tree(char *root, char *in, size_t size)
{
    char path[128];
    assert_non_null(mkdtemp(root));
    snprintf(in, size, "%s/in", root);
    snprintf(path, sizeof path, "%s/sub", in);
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, NULL));
    put(root, OUTSIDE, SLICE("outside"));
    put(in, "a", SLICE("first"));
    put(in, "sub/b", SLICE("second"));
    snprintf(path, sizeof path, "%s/link", in);
    assert_int_equal(symlink("../" OUTSIDE, path), 0);
    snprintf(path, sizeof path, "%s/own", in);
    assert_int_equal(symlink("a", path), 0);
    snprintf(path, sizeof path, "%s/up", in);
    assert_int_equal(symlink("..", path), 0);
    snprintf(path, sizeof path, "%s/pipe", in);
    assert_int_equal(mkfifo(path, MODE_PRIVATE), 0);
}

static void test_open_below(void **state)
{
    UNUSED(state);
    static const struct {
        Slice relative;
        Status status;
        const char *content;
    } cases[] = {
        {SLICE_INIT("a"), OK, "first"},
        {SLICE_INIT("sub/b"), OK, "second"},
        {SLICE_INIT("missing"), ERR_NOT_FOUND, NULL},
        {SLICE_INIT("sub"), ERR_NOT_FOUND, NULL},
        {SLICE_INIT("a/b"), ERR_NOT_FOUND, NULL},
        {SLICE_INIT("link"), ERR_NOT_FOUND, NULL},
        {SLICE_INIT("own"), ERR_NOT_FOUND, NULL},
        {SLICE_INIT("up/" OUTSIDE), ERR_NOT_FOUND, NULL},
        {SLICE_INIT("pipe"), ERR_NOT_FOUND, NULL},
        {SLICE_INIT(""), ERR_INVALID, NULL},
        {SLICE_INIT("."), ERR_INVALID, NULL},
        {SLICE_INIT("../" OUTSIDE), ERR_INVALID, NULL},
        {SLICE_INIT("sub/../a"), ERR_INVALID, NULL},
        {SLICE_INIT("/a"), ERR_INVALID, NULL},
        {SLICE_INIT("sub//b"), ERR_INVALID, NULL},
        {SLICE_INIT("sub/"), ERR_INVALID, NULL},
        {SLICE_INIT("a\0b"), ERR_INVALID, NULL},
    };
    char root[] = "/tmp/cairn-test-below-XXXXXX";
    char in[64];
    make_tree(root, in, sizeof in);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int fd = -1;
        uint64_t size = 0;
        uint8_t digest[SHA256_SIZE];
        uint8_t wanted[SHA256_SIZE];
        Status st = file_open_below(in, cases[i].relative, &fd, &size, NULL);
        if (st != cases[i].status)
            fail_msg("%.*s: %s", SLICE_ARG(cases[i].relative), status_name(st));
        assert_int_equal(fd >= 0, st == OK);
        if (st != OK)
            continue;
        assert_int_equal(size, strlen(cases[i].content));
        assert_ok(sha256_of(slice_of(cases[i].content), wanted, NULL));
        assert_ok(file_sha256_open(fd, digest, NULL));
        assert_memory_equal(digest, wanted, SHA256_SIZE);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
        file_close(fd);
    }
    assert_ok(dir_remove(root, NULL));
}

static void test_no_folder(void **state)
{
    UNUSED(state);
    int fd = -1;
    uint64_t size = 0;
    assert_int_equal(file_open_below("/nowhere/at/all", SLICE("a"), &fd, &size, NULL), ERR_NOT_FOUND);
    file_close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_below),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests_name("base/below", tests, NULL, NULL);
}
