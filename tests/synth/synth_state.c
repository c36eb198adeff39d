/* Runs of the synthetic state for the tests: each into a folder of its own, so that tests may run side by side. */
#include "synth_state.h"

const char *temporary_folder(Arena *arena)
{
    Error err = ERROR_INIT;
    uint8_t random[8];
    char hex[17];
    const char *path = NULL;
    assert_ok(random_bytes(random, sizeof random, &err));
    hex_encode(random, sizeof random, hex);
    assert_ok(arena_printf(arena, &path, &err, "/tmp/cairn-synth-%s", hex));
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, &err));
    return path;
}

void state_make(State *s, const char *policy, uint64_t people, uint64_t seed, unsigned threads)
{
    memset(s, 0, sizeof *s);
    arena_init(&s->arena, 0);
    s->dir = temporary_folder(&s->arena);
    SynthOptions o = SYNTH_OPTIONS_INIT;
    o.policy_dir = policy;
    o.out_dir = s->dir;
    o.people = people;
    o.seed = seed;
    o.threads = threads;
    o.progress = PROGRESS_OFF;
    Error err = ERROR_INIT;
    Status st = synth_state(&o, &s->report, &err);
    if (st != OK)
        print_error("%s\n", err.message);
    assert_int_equal(st, OK);
}

void state_free(State *s)
{
    Error err = ERROR_INIT;
    assert_ok(dir_remove(s->dir, &err));
    arena_free(&s->arena);
}

Table state_table(State *s, const char *file)
{
    Error err = ERROR_INIT;
    Table t;
    assert_ok(path_join(&s->arena, s->dir, file, &t.path, &err));
    Status st = csv_read(t.path, &s->arena, &t.csv, &err);
    if (st != OK)
        print_error("%s: %s\n", t.path, err.message);
    assert_int_equal(st, OK);
    return t;
}

Slice table_at(const Table *t, size_t row, const char *column)
{
    Error err = ERROR_INIT;
    size_t c = 0;
    assert_ok(csv_column(&t->csv, column, &c, &err));
    assert_true(row < t->csv.rows);
    return t->csv.cells[row * t->csv.columns + c];
}

bool table_is(const Table *t, size_t row, const char *column, const char *value)
{
    return slice_eq_z(table_at(t, row, column), value);
}

int64_t table_int(const Table *t, size_t row, const char *column)
{
    Slice s = table_at(t, row, column);
    int64_t v = -1;
    if (s.len > 0)
        assert_ok(parse_i64(s, &v, NULL));
    return v;
}

static void collect(Arena *arena, const char *root, const char *below, PathList *out)
{
    Error err = ERROR_INIT;
    const char *dir = root;
    PathList names = {0};
    if (below[0])
        assert_ok(path_join(arena, root, below, &dir, &err));
    assert_ok(dir_list(dir, arena, &names, &err));
    for (size_t i = 0; i < names.len; i++) {
        const char *relative = names.at[i], *full = NULL;
        if (below[0])
            assert_ok(path_join(arena, below, names.at[i], &relative, &err));
        assert_ok(path_join(arena, root, relative, &full, &err));
        if (dir_exists(full))
            collect(arena, root, relative, out);
        else
            assert_ok(vec_push(out, relative, &err));
    }
    vec_free(&names);
}

void state_files(Arena *arena, const char *dir, PathList *out)
{
    collect(arena, dir, "", out);
}

static void copy_folder(Arena *arena, const char *from, const char *to)
{
    Error err = ERROR_INIT;
    PathList names = {0};
    assert_ok(dir_make(to, MODE_DIR_PRIVATE, &err));
    assert_ok(dir_list(from, arena, &names, &err));
    for (size_t i = 0; i < names.len; i++) {
        const char *a = NULL, *b = NULL;
        assert_ok(path_join(arena, from, names.at[i], &a, &err));
        assert_ok(path_join(arena, to, names.at[i], &b, &err));
        assert_ok(file_copy(a, b, MODE_PRIVATE, &err));
    }
    vec_free(&names);
}

static void change_rate(const char *path, const char *key, int64_t value)
{
    Error err = ERROR_INIT;
    Buf text, out, needle;
    buf_init(&text, 0);
    buf_init(&out, 0);
    buf_init(&needle, 0);
    assert_ok(file_read(path, 0, &text, &err));
    buf_addf(&needle, "key = \"%s\"\nvalue = ", key);
    size_t at = slice_find(buf_slice(&text), buf_slice(&needle));
    assert_true(at < text.len);
    buf_add(&out, slice_sub(buf_slice(&text), 0, at + needle.len));
    buf_add_i64(&out, value);
    Slice rest = slice_sub(buf_slice(&text), at + needle.len, text.len);
    buf_add(&out, slice_sub(rest, slice_find(rest, SLICE("\n")), rest.len));
    assert_ok(file_write(path, buf_slice(&out), MODE_PRIVATE, &err));
    buf_free(&text);
    buf_free(&out);
    buf_free(&needle);
}

const char *policy_with_rate(Arena *arena, const char *key, int64_t value)
{
    static const char *const folders[] = {"sources", "reference", "synth"};
    Error err = ERROR_INIT;
    const char *dir = temporary_folder(arena);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        const char *from = NULL, *to = NULL;
        assert_ok(path_join(arena, CAIRN_TEST_POLICY, folders[i], &from, &err));
        assert_ok(path_join(arena, dir, folders[i], &to, &err));
        copy_folder(arena, from, to);
    }
    const char *parameters = NULL;
    assert_ok(path_join(arena, dir, "synth/parameters.toml", &parameters, &err));
    change_rate(parameters, key, value);
    return dir;
}
