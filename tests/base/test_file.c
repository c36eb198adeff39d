/* Files and folders in a scratch folder: atomic writes, limits, links, locks, the writer, failing allocations. */
#include "harness.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Scratch {
    Arena arena;
    char dir[40];
} Scratch;

static const char *at(Scratch *s, const char *name)
{
    const char *path = NULL;
    assert_ok(path_join(&s->arena, s->dir, name, &path, NULL));
    return path;
}

static int make_scratch(void **state)
{
    Scratch *s = NULL;
    assert_ok(mem_zalloc(1, sizeof *s, (void **)&s, NULL));
    snprintf(s->dir, sizeof s->dir, "/tmp/cairn-test-file-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    *state = s;
    return 0;
}

static int drop_scratch(void **state)
{
    Scratch *s = *state;
    assert_ok(dir_remove(s->dir, NULL));
    assert_false(dir_exists(s->dir));
    arena_free(&s->arena);
    mem_free(s);
    return 0;
}

static size_t count_entries(Scratch *s)
{
    PathList names = {0};
    assert_ok(dir_list(s->dir, &s->arena, &names, NULL));
    size_t n = names.len;
    vec_free(&names);
    return n;
}

static void assert_content(const char *path, Slice wanted)
{
    Buf b;
    buf_init(&b, 0);
    assert_ok(file_read(path, 0, &b, NULL));
    assert_true(slice_eq(buf_slice(&b), wanted));
    buf_free(&b);
}

static void test_create(void **state)
{
    Scratch *s = *state;
    Error err;
    const char *path = at(s, "new"), *link = at(s, "link");
    assert_ok(file_create(path, SLICE("one"), MODE_PRIVATE, &err));
    assert_ok(file_check_private(path, &err));
    assert_int_equal(file_create(path, SLICE("two"), MODE_PRIVATE, &err), ERR_EXISTS);
    assert_content(path, SLICE("one"));
    assert_int_equal(symlink("nowhere", link), 0);
    assert_int_equal(file_create(link, SLICE("two"), MODE_PRIVATE, &err), ERR_EXISTS);
    assert_int_equal(file_create(at(s, "none/x"), SLICE("x"), MODE_PRIVATE, &err), ERR_NOT_FOUND);
}

static void test_write_and_read(void **state)
{
    Scratch *s = *state;
    const char *path = at(s, "a");
    static const Slice contents[] = {{"", 0}, {"one", 3}, {"a\0b\n", 4}};
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        assert_ok(file_write(path, contents[i], MODE_PRIVATE, NULL));
        assert_content(path, contents[i]);
        uint64_t size = 99;
        assert_ok(file_size(path, &size, NULL));
        assert_int_equal(size, contents[i].len);
    }
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_ok(file_copy(path, at(s, "b"), MODE_PRIVATE, NULL));
    assert_content(at(s, "b"), contents[2]);
    assert_ok(file_rename(at(s, "b"), at(s, "c"), NULL));
    assert_false(file_exists(at(s, "b")));
    assert_true(file_exists(at(s, "c")));
    assert_false(file_exists(s->dir));
    assert_ok(file_remove(at(s, "c"), NULL));
    assert_ok(file_remove(at(s, "c"), NULL));
    assert_ok(file_sync(s->dir, NULL));
    /* no temporary name is left */
    assert_int_equal(count_entries(s), 1);
}

static void test_read_limits(void **state)
{
    Scratch *s = *state;
    const char *path = at(s, "big");
    Buf b, content;
    buf_init(&content, 0);
    buf_pad(&content, 'x', 200000);
    assert_ok(file_write(path, buf_slice(&content), MODE_PRIVATE, NULL));
    static const struct {
        size_t max, buf_max;
        Status status;
    } rows[] = {
        {0, 0, OK},
        {200000, 0, OK},
        {199999, 0, ERR_LIMIT},
        {1, 0, ERR_LIMIT},
        {0, 200000, OK},
        {0, 199999, ERR_LIMIT},
        {0, 1000, ERR_LIMIT},
        {65536, 0, ERR_LIMIT},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Error err = ERROR_INIT;
        buf_init(&b, rows[i].buf_max);
        assert_int_equal(file_read(path, rows[i].max, &b, &err), rows[i].status);
        if (rows[i].status == OK)
            assert_true(slice_eq(buf_slice(&b), buf_slice(&content)));
        else
            assert_int_equal(err.status, ERR_LIMIT);
        buf_free(&b);
    }
    /* appended, and from a file whose size is not known beforehand */
    buf_init(&b, 0);
    buf_adds(&b, "x");
    assert_ok(file_read("/proc/self/status", 0, &b, NULL));
    assert_true(b.len > 100 && b.ptr[0] == 'x');
    buf_free(&b);
    buf_free(&content);
}

static void test_failures(void **state)
{
    Scratch *s = *state;
    Error err;
    Buf b;
    uint8_t digest[SHA256_SIZE];
    uint64_t size;
    PathList names = {0};
    FileWriter *w = NULL;
    buf_init(&b, 0);
    assert_int_equal(file_read(at(s, "none"), 0, &b, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "no such file"));
    assert_int_equal(file_read(s->dir, 0, &b, &err), ERR_IO);
    assert_int_equal(file_write(at(s, "none/x"), SLICE("x"), MODE_PRIVATE, &err), ERR_NOT_FOUND);
    assert_int_equal(file_copy(at(s, "none"), at(s, "x"), MODE_PRIVATE, &err), ERR_NOT_FOUND);
    assert_int_equal(file_size(at(s, "none"), &size, &err), ERR_NOT_FOUND);
    assert_int_equal(file_sha256(at(s, "none"), digest, &err), ERR_NOT_FOUND);
    assert_int_equal(file_rename(at(s, "none"), at(s, "x"), &err), ERR_NOT_FOUND);
    assert_int_equal(file_remove(s->dir, &err), ERR_IO);
    assert_int_equal(file_sync(at(s, "none"), &err), ERR_NOT_FOUND);
    assert_int_equal(dir_list(at(s, "none"), &s->arena, &names, &err), ERR_NOT_FOUND);
    assert_int_equal(dir_sync(at(s, "none"), &err), ERR_NOT_FOUND);
    assert_int_equal(file_check_private(at(s, "none/x"), &err), ERR_NOT_FOUND);
    assert_int_equal(writer_open(at(s, "none/x"), MODE_PRIVATE, &w, &err), ERR_NOT_FOUND);
    assert_ok(dir_make(at(s, "d"), MODE_DIR_PRIVATE, &err));
    assert_int_equal(file_write(at(s, "d"), SLICE("x"), MODE_PRIVATE, &err), ERR_IO);
    assert_int_equal(count_entries(s), 1);
    buf_free(&b);
}

static void test_sha256(void **state)
{
    Scratch *s = *state;
    uint8_t digest[SHA256_SIZE], wanted[SHA256_SIZE];
    Buf b;
    buf_init(&b, 0);
    buf_pad(&b, 'q', 1000000);
    assert_ok(file_write(at(s, "q"), buf_slice(&b), MODE_PRIVATE, NULL));
    assert_ok(file_sha256(at(s, "q"), digest, NULL));
    assert_ok(sha256_of(buf_slice(&b), wanted, NULL));
    assert_memory_equal(digest, wanted, SHA256_SIZE);
    buf_free(&b);
}

static void test_folders(void **state)
{
    Scratch *s = *state;
    Error err;
    static const char *const names[] = {"b", "a", "B", "a10", "a9", ".hidden"};
    static const char *const sorted[] = {".hidden", "B", "a", "a10", "a9", "b", "deep"};
    assert_ok(dir_make(at(s, "deep/er//and/er/"), MODE_DIR_PRIVATE, &err));
    assert_ok(dir_make(at(s, "deep/er/and"), MODE_DIR_PRIVATE, &err));
    assert_true(dir_exists(at(s, "deep/er/and/er")));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_ok(file_write(at(s, names[i]), SLICE("x"), MODE_PRIVATE, &err));
    assert_int_equal(dir_make(at(s, "a/sub"), MODE_DIR_PRIVATE, &err), ERR_EXISTS);
    assert_int_equal(dir_make(at(s, "a"), MODE_DIR_PRIVATE, &err), ERR_EXISTS);
    PathList list = {0};
    assert_ok(dir_list(s->dir, &s->arena, &list, &err));
    assert_int_equal(list.len, COUNT_OF(sorted));
    for (size_t i = 0; i < list.len; i++)
        assert_string_equal(list.at[i], sorted[i]);
    vec_free(&list);
    assert_ok(dir_sync(s->dir, &err));
    assert_ok(dir_remove(at(s, "deep"), &err));
    assert_false(dir_exists(at(s, "deep")));
    assert_ok(dir_remove(at(s, "deep"), &err));
}

static void test_removal_follows_no_link(void **state)
{
    Scratch *s = *state;
    assert_ok(dir_make(at(s, "keep"), MODE_DIR_PRIVATE, NULL));
    assert_ok(file_write(at(s, "keep/file"), SLICE("x"), MODE_PRIVATE, NULL));
    assert_ok(dir_make(at(s, "drop"), MODE_DIR_PRIVATE, NULL));
    assert_int_equal(symlink(at(s, "keep"), at(s, "drop/link")), 0);
    assert_int_equal(symlink(at(s, "keep"), at(s, "link")), 0);
    assert_ok(dir_sync(at(s, "drop"), NULL));
    assert_ok(dir_remove(at(s, "drop"), NULL));
    assert_int_equal(dir_remove(at(s, "link"), NULL), ERR_IO);
    assert_true(file_exists(at(s, "keep/file")));
}

static void test_paths(void **state)
{
    Scratch *s = *state;
    static const struct {
        const char *a, *b, *joined, *base;
    } rows[] = {
        {"a", "b", "a/b", "b"},
        {"a/", "b", "a/b", "b"},
        {"", "b", "b", "b"},
        {"/", "b", "/b", "b"},
        {"a", "", "a/", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *path = NULL;
        assert_ok(path_join(&s->arena, rows[i].a, rows[i].b, &path, NULL));
        assert_string_equal(path, rows[i].joined);
        assert_string_equal(path_base(path), rows[i].base);
    }
}

static void test_lock(void **state)
{
    Scratch *s = *state;
    const char *path = at(s, "lock");
    FileLock *lock = NULL, *second = NULL;
    Error err;
    assert_ok(file_lock(path, &lock, &err));
    assert_int_equal(file_lock(path, &second, &err), ERR_BUSY);
    assert_true(err.hint[0] != '\0');
    pid_t child = fork();
    if (child == 0)
        _exit(file_lock(path, &second, NULL) == ERR_BUSY ? 0 : 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    file_unlock(lock);
    assert_ok(file_lock(path, &second, &err));
    file_unlock(second);
    file_unlock(NULL);
    assert_int_equal(file_lock(at(s, "none/lock"), &lock, &err), ERR_NOT_FOUND);
}

static void test_writer(void **state)
{
    Scratch *s = *state;
    FileWriter *w = NULL;
    Buf wanted, piece;
    buf_init(&wanted, 0);
    buf_init(&piece, 0);
    Rng r;
    rng_init(&r, 1, 0);
    assert_ok(writer_open(at(s, "w"), MODE_PRIVATE, &w, NULL));
    for (int i = 0; i < 3000; i++) {
        /* mostly rows, some pieces as large as the buffer and larger */
        size_t n = (size_t)(i % 1000 == 500 ? ((size_t)1 << 20) + (size_t)i / 1000 - 1 : rng_below(&r, 3000));
        buf_reset(&piece);
        buf_pad(&piece, (char)('a' + i % 26), n);
        buf_add(&wanted, buf_slice(&piece));
        writer_add(w, buf_slice(&piece));
    }
    assert_ok(writer_close(w, WRITER_SYNC, NULL));
    assert_content(at(s, "w"), buf_slice(&wanted));

    assert_ok(writer_open(at(s, "gone"), MODE_PRIVATE, &w, NULL));
    writer_add(w, buf_slice(&wanted));
    writer_abandon(w);
    writer_abandon(NULL);
    assert_false(file_exists(at(s, "gone")));
    buf_free(&wanted);
    buf_free(&piece);
}

static void test_writer_tells_a_full_disk(void **state)
{
    UNUSED(state);
    if (access("/dev/full", W_OK) != 0)
        skip();
    FileWriter *w = NULL;
    Error err = ERROR_INIT;
    Buf b;
    buf_init(&b, 0);
    buf_pad(&b, 'x', 3000000);
    assert_ok(writer_open("/dev/full", MODE_PRIVATE, &w, &err));
    writer_add(w, buf_slice(&b));
    writer_add(w, SLICE("more"));
    assert_int_equal(writer_close(w, WRITER_NO_SYNC, &err), ERR_IO);
    assert_string_equal(err.message, "could not write /dev/full: no space left on device");
    assert_true(err.hint[0] != '\0');
    buf_free(&b);
}

/* Made before the walk, so that making them is not part of it. */
typedef struct Paths {
    const char *root, *a, *b, *parent, *child, *lock;
} Paths;

static Status use_files(void *ctx, Error *err)
{
    const Paths *p = ctx;
    Buf text;
    Arena arena;
    PathList names = {0};
    FileLock *lock = NULL;
    FileWriter *w = NULL;
    uint8_t digest[SHA256_SIZE];
    buf_init(&text, 0);
    arena_init(&arena, 0);
    Status st = OK;
    TRY_OUT(file_write(p->a, SLICE("content"), MODE_PRIVATE, err));
    TRY_OUT(file_copy(p->a, p->b, MODE_PRIVATE, err));
    TRY_OUT(file_read(p->b, 0, &text, err));
    TRY_OUT(file_sha256(p->a, digest, err));
    TRY_OUT(dir_make(p->child, MODE_DIR_PRIVATE, err));
    TRY_OUT(dir_list(p->root, &arena, &names, err));
    TRY_OUT(dir_sync(p->root, err));
    TRY_OUT(dir_remove(p->parent, err));
    TRY_OUT(file_lock(p->lock, &lock, err));
    TRY_OUT(writer_open(p->b, MODE_PRIVATE, &w, err));
    writer_add(w, SLICE("x"));
    TRY_OUT(writer_close(w, WRITER_NO_SYNC, err));
out:
    file_unlock(lock);
    vec_free(&names);
    arena_free(&arena);
    buf_free(&text);
    return st;
}

static void test_failing_allocations(void **state)
{
    Scratch *s = *state;
    Paths p = {s->dir, at(s, "x"), at(s, "y"), at(s, "p"), at(s, "p/q"), at(s, "lock")};
    assert_true(walk_allocations(use_files, &p) > 15);
    /* failed writes left nothing behind but the finished files */
    assert_int_equal(count_entries(s), 3);
}

int main(void)
{
#define IN_SCRATCH(f) cmocka_unit_test_setup_teardown(f, make_scratch, drop_scratch)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_create),
        IN_SCRATCH(test_write_and_read),
        IN_SCRATCH(test_read_limits),
        IN_SCRATCH(test_failures),
        IN_SCRATCH(test_sha256),
        IN_SCRATCH(test_folders),
        IN_SCRATCH(test_removal_follows_no_link),
        IN_SCRATCH(test_paths),
        IN_SCRATCH(test_lock),
        IN_SCRATCH(test_writer),
        cmocka_unit_test(test_writer_tells_a_full_disk),
        IN_SCRATCH(test_failing_allocations),
    };
    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
