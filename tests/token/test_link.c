/* From CSV files to links: the same bytes whatever the threads, order and path; a wrong key; files that are broken. */
#include "token_support.h"

#include <stdio.h>
#include <stdlib.h>

#define PERSONS 900 /* in each file; a third of them in one only */

static const char SCHEME[] =
    "schema = \"cairn.tokens/1\"\nid = \"id\"\n"
    "[[field]]\nname = \"first\"\nhashes = 12\n[[field]]\nname = \"last\"\nhashes = 12\n"
    "[[field]]\nname = \"birth\"\nkind = \"date\"\nhashes = 12\n"
    "[[field]]\nname = \"zip\"\nkind = \"digits\"\nhashes = 8\n"
    "[[block]]\nname = \"born\"\nparts = [\"birth/whole\"]\n"
    "[[block]]\nname = \"name_year\"\nparts = [\"last/soundex\", \"birth/year\"]\n";

typedef struct Fixture {
    Arena arena;
    TokenScheme scheme;
    TokenKey *key;
    char dir[40];
    const char *csv[3]; /* files of persons 0 .. 899, 300 .. 1199, and 5000 .. 5899 */
} Fixture;

static void write_file(const Fixture *f, const char *path, Slice text)
{
    UNUSED(f);
    assert_ok(file_write(path, text, MODE_PRIVATE, NULL));
}

static void persons_csv(const Names *names, int side, Buf *csv)
{
    static const uint64_t first[] = {0, PERSONS / 3, 5000};
    Rng typing;
    rng_init(&typing, 7, (uint64_t)side);
    buf_reset(csv);
    buf_adds(csv, "id, first, last, birth, zip\n");
    for (uint64_t i = 0; i < PERSONS; i++) {
        Person p;
        Rng rng;
        char id[16];
        uint64_t number = i + first[side];
        rng_init(&rng, 42, number);
        person_draw(names, &rng, &p);
        snprintf(id, sizeof id, "%c%04u", side ? 'b' : 'a', (unsigned)number);
        person_line(csv, id, &p, &typing, side ? 300000 : 0);
    }
}

static int setup(void **state)
{
    static Fixture f;
    Names names;
    Buf csv;
    f = (Fixture){0};
    arena_init(&f.arena, 0);
    snprintf(f.dir, sizeof f.dir, "/tmp/cairn-test-token-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    scheme_of(SCHEME, &f.arena, &f.scheme);
    f.key = key_of("shared by the senders");
    names_read(&names);
    buf_init(&csv, 0);
    for (int side = 0; side < 3; side++) {
        static const char *const files[] = {"a.csv", "b.csv", "c.csv"};
        assert_ok(path_join(&f.arena, f.dir, files[side], &f.csv[side], NULL));
        persons_csv(&names, side, &csv);
        write_file(&f, f.csv[side], buf_slice(&csv));
    }
    buf_free(&csv);
    names_free(&names);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    Fixture *f = *state;
    assert_ok(dir_remove(f->dir, NULL));
    token_key_free(f->key);
    arena_free(&f->arena);
    return 0;
}

static Status encode(Fixture *f, const char *csv, const TokenKey *key, unsigned threads, const char **out, Error *err)
{
    EncodeReport report;
    TRY(arena_printf(&f->arena, out, err, "%s/%zu.tokens", f->dir, f->arena.used));
    EncodeOptions o = {&csv, 1, &f->scheme, key, *out, threads, PROGRESS_OFF};
    return token_encode(&o, &report, err);
}

static TokenSet *set_of(Fixture *f, const char *csv, const TokenKey *key)
{
    const char *path;
    TokenSet *set = NULL;
    Error err = ERROR_INIT;
    if (encode(f, csv, key, 1, &path, &err) != OK || token_set_read(path, &set, &err) != OK)
        fail_msg("%s", err.message);
    return set;
}

static void file_text(const char *path, Buf *out)
{
    buf_reset(out);
    assert_ok(file_read(path, 0, out, NULL));
}

/* --- encoding ------------------------------------------------------------------------------------------------- */

static int backwards(const void *a, const void *b)
{
    return -slice_cmp(*(const Slice *)a, *(const Slice *)b);
}

static void same_bytes(void **state)
{
    Fixture *f = *state;
    const char *one, *two, *turned_csv, *turned;
    Buf a, b, text;
    Slice lines[PERSONS + 2];
    size_t n = 0;
    buf_init(&a, 0);
    buf_init(&b, 0);
    buf_init(&text, 0);
    assert_ok(encode(f, f->csv[0], f->key, 1, &one, NULL));
    assert_ok(encode(f, f->csv[0], f->key, 2, &two, NULL));
    file_text(one, &a);
    file_text(two, &b);
    assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
    /* the rows the other way round */
    file_text(f->csv[0], &text);
    Slice rest = buf_slice(&text);
    while (rest.ptr)
        lines[n++] = slice_cut(&rest, '\n');
    qsort(lines + 1, PERSONS, sizeof *lines, backwards);
    buf_reset(&b);
    for (size_t i = 0; i <= PERSONS; i++) {
        buf_add(&b, lines[i]);
        buf_addc(&b, '\n');
    }
    assert_ok(path_join(&f->arena, f->dir, "turned.csv", &turned_csv, NULL));
    write_file(f, turned_csv, buf_slice(&b));
    assert_ok(encode(f, turned_csv, f->key, 1, &turned, NULL));
    file_text(turned, &b);
    assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
    /* no name is in the file */
    file_text(one, &a);
    assert_int_equal(slice_find(buf_slice(&a), SLICE("SMITH")), a.len);
    buf_free(&a);
    buf_free(&b);
    buf_free(&text);
}

static void bad_input(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *csv;
        Status status;
    } cases[] = {
        {"id,first,last,birth\n", ERR_INVALID},                             /* no zip */
        {"id,first,last,birth,zip\na,,,,\na,,,,\n", ERR_INVALID},           /* an id twice */
        {"id,first,last,birth,zip\n,A,B,,\n", ERR_INVALID},                 /* no id */
        {"id,first,last,birth,zip\n1,A\n", ERR_PARSE},                      /* ragged */
        {"", ERR_PARSE},                                                    /* no header */
        {"id,first,last,birth,zip\n", OK},                                  /* no rows */
        {"id,first,last,birth,zip\n1,,,,\n", OK},                           /* nothing known */
        {"id,first,last,birth,zip\n1,A,B,1999-09-09,80202\n", OK},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *path, *out;
        Error err = ERROR_INIT;
        assert_ok(arena_printf(&f->arena, &path, NULL, "%s/bad%zu.csv", f->dir, i));
        write_file(f, path, slice_of(cases[i].csv));
        Status st = encode(f, path, f->key, 1, &out, &err);
        if (st != cases[i].status)
            fail_msg("case %zu: %s (%s)", i, status_name(st), err.message);
        assert_int_equal(file_exists(out), st == OK);
        if (st != OK)
            continue;
        /* such files link with others, and with themselves, to nothing or to equal records */
        TokenSet *set = set_of(f, path, f->key), *other = set_of(f, f->csv[0], f->key);
        TokenLinkOptions o = {.progress = PROGRESS_OFF};
        TokenLinks links;
        for (int blocking = BLOCKING_ALL; blocking <= BLOCKING_KEYS; blocking++) {
            o.blocking = (TokenBlocking)blocking;
            o.sources = i % 2 ? SOURCES_DUPLICATE_FREE : SOURCES_WITH_DUPLICATES;
            assert_ok(token_link(set, other, &o, &links, NULL));
            assert_true(links.pairs.len <= 1);
            token_links_free(&links);
            assert_ok(token_link(set, set, &o, &links, NULL));
            assert_true(links.pairs.len <= 1);
            token_links_free(&links);
        }
        token_set_free(set);
        token_set_free(other);
    }
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* A token file with one place changed. */
static void parse_changed(Slice text, const char *from, const char *to, Status expected)
{
    Buf changed;
    TokenSet *set;
    Error err = ERROR_INIT;
    size_t at = slice_find(text, slice_of(from));
    assert_true(at < text.len);
    buf_init(&changed, 0);
    buf_add(&changed, slice_sub(text, 0, at));
    buf_adds(&changed, to);
    buf_add(&changed, slice_sub(text, at + strlen(from), text.len));
    Status st = token_set_parse(buf_slice(&changed), "changed", &set, &err);
    if (st != expected)
        fail_msg("%s to %s: %s (%s)", from, to, status_name(st), err.message);
    buf_free(&changed);
}

static void broken_files(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *from, *to;
        Status status;
    } cases[] = {
        {"# {", "# [", ERR_PARSE},
        {"# {", "{", ERR_PARSE},
        {"cairn-tokens/1", "cairn-tokens/9", ERR_PARSE},
        {"\"bits\":1024", "\"bits\":2048", ERR_CORRUPT},
        {"\"bits\":1024", "\"bits\":-1", ERR_PARSE},
        {"\"bits\":1024", "\"bits\":1000", ERR_PARSE},
        {"\"level\":\"record\"", "\"level\":\"file\"", ERR_PARSE},
        {"\"hashes\":12", "\"hashes\":13", ERR_CORRUPT},
        {"\"key_id\":\"", "\"key_id\":\"zz", ERR_PARSE},
        {"id,token,", "id,tokens,", ERR_PARSE},
        {"\na0001,", "\na0000,", ERR_PARSE}, /* not rising */
        {"\na0001,", "\n,", ERR_PARSE},
        {"\na0001,", "\na0001,x", ERR_PARSE},
        {"\n# end 900\n", "\n", ERR_CORRUPT},
        {"\n# end 900\n", "\n# end 899\n", ERR_CORRUPT},
        {"\n# end 900\n", "\n# end\n", ERR_CORRUPT},
    };
    const char *path;
    Buf text;
    TokenSet *set;
    buf_init(&text, 0);
    assert_ok(encode(f, f->csv[0], f->key, 1, &path, NULL));
    file_text(path, &text);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        parse_changed(buf_slice(&text), cases[i].from, cases[i].to, cases[i].status);
    for (size_t len = 0; len < text.len; len += 1 + len / 3) /* cut off anywhere */
        assert_int_not_equal(token_set_parse(slice_sub(buf_slice(&text), 0, len), "cut", &set, NULL), OK);
    buf_free(&text);
}

/* --- linking --------------------------------------------------------------------------------------------------- */

static size_t right_links(const TokenSet *a, const TokenSet *b, const TokenLinks *l)
{
    size_t right = 0;
    for (size_t i = 0; i < l->pairs.len; i++) {
        Slice x = token_set_id(a, l->pairs.at[i].a), y = token_set_id(b, l->pairs.at[i].b);
        right += slice_eq(slice_sub(x, 1, x.len), slice_sub(y, 1, y.len));
    }
    return right;
}

static void links_are_right(void **state)
{
    Fixture *f = *state;
    TokenSet *a = set_of(f, f->csv[0], f->key), *b = set_of(f, f->csv[1], f->key);
    for (int blocking = BLOCKING_AUTO; blocking <= BLOCKING_KEYS; blocking++)
        for (int sources = SOURCES_DUPLICATE_FREE; sources <= SOURCES_WITH_DUPLICATES; sources++) {
            TokenLinkOptions o = {.blocking = (TokenBlocking)blocking, .progress = PROGRESS_OFF};
            TokenLinks l;
            o.sources = (TokenSources)sources;
            assert_ok(token_link(a, b, &o, &l, NULL));
            size_t right = right_links(a, b, &l);
            /* 600 persons are in both; the threshold of a mixture is the coarser one */
            if (right < (sources == SOURCES_DUPLICATE_FREE ? 580 : 540) || l.pairs.len - right > 15)
                fail_msg("%zu of %zu links are right (%d, %d)", right, l.pairs.len, blocking, sources);
            for (size_t i = 1; i < l.pairs.len; i++)
                assert_true(l.pairs.at[i - 1].a < l.pairs.at[i].a ||
                            (l.pairs.at[i - 1].a == l.pairs.at[i].a && l.pairs.at[i - 1].b < l.pairs.at[i].b));
            token_links_free(&l);
        }
    token_set_free(a);
    token_set_free(b);
}

static void same_links(void **state)
{
    Fixture *f = *state;
    TokenSet *a = set_of(f, f->csv[0], f->key), *b = set_of(f, f->csv[1], f->key);
    for (int blocking = BLOCKING_ALL; blocking <= BLOCKING_KEYS; blocking++) {
        TokenLinkOptions o = {.blocking = (TokenBlocking)blocking, .threads = 1, .progress = PROGRESS_OFF};
        TokenLinks first, l;
        assert_ok(token_link(a, b, &o, &first, NULL));
        for (int path = KERNEL_PORTABLE; path < KERNEL_PATHS; path++) {
            o.kernels = kernel_table((KernelPath)path);
            o.threads = 2;
            assert_ok(token_link(a, b, &o, &l, NULL));
            assert_int_equal(l.pairs.len, first.pairs.len);
            assert_memory_equal(l.pairs.at, first.pairs.at, l.pairs.len * sizeof *l.pairs.at);
            assert_int_equal(l.threshold, first.threshold);
            assert_int_equal(l.compared, first.compared);
            token_links_free(&l);
        }
        token_links_free(&first);
    }
    token_set_free(a);
    token_set_free(b);
}

/* Tokens of another key are refused by their head; with the head forged, they link to next to nothing. */
static void wrong_key(void **state)
{
    Fixture *f = *state;
    TokenKey *stranger = key_of("not the senders' key");
    TokenSet *a = set_of(f, f->csv[0], f->key), *b = set_of(f, f->csv[1], stranger);
    TokenLinkOptions o = {.progress = PROGRESS_OFF};
    TokenLinks l;
    Buf text;
    const char *path, *forged;
    assert_int_equal(token_link(a, b, &o, &l, NULL), ERR_INVALID);
    buf_init(&text, 0);
    assert_ok(encode(f, f->csv[1], stranger, 1, &path, NULL));
    file_text(path, &text);
    size_t at = slice_find(buf_slice(&text), slice_of(token_set_key_id(b)));
    memcpy(text.ptr + at, token_set_key_id(a), TOKEN_ID_SIZE - 1);
    assert_ok(path_join(&f->arena, f->dir, "forged", &forged, NULL));
    write_file(f, forged, buf_slice(&text));
    token_set_free(b);
    assert_ok(token_set_read(forged, &b, NULL));
    for (int blocking = BLOCKING_ALL; blocking <= BLOCKING_KEYS; blocking++) {
        o.blocking = (TokenBlocking)blocking;
        assert_ok(token_link(a, b, &o, &l, NULL));
        assert_true(l.pairs.len < 20);
        assert_true(right_links(a, b, &l) < 3);
        token_links_free(&l);
    }
    buf_free(&text);
    token_set_free(a);
    token_set_free(b);
    token_key_free(stranger);
}

/* Files that have nobody in common: the data must say so. */
static void nobody_in_common(void **state)
{
    Fixture *f = *state;
    TokenSet *a = set_of(f, f->csv[0], f->key), *c = set_of(f, f->csv[2], f->key);
    for (int sources = SOURCES_DUPLICATE_FREE; sources <= SOURCES_WITH_DUPLICATES; sources++) {
        TokenLinkOptions o = {.sources = (TokenSources)sources, .progress = PROGRESS_OFF};
        TokenLinks l;
        assert_ok(token_link(a, c, &o, &l, NULL));
        if (l.pairs.len > 20)
            fail_msg("%zu links where none is true (%d)", l.pairs.len, sources);
        token_links_free(&l);
    }
    token_set_free(a);
    token_set_free(c);
}

static void quality(void **state)
{
    Fixture *f = *state;
    static const char truth[] = "x,y\na0300,b0300\nb0301,a0301\na0300,b0300\na0000,b9999\na0302,b0303\n";
    TokenSet *a = set_of(f, f->csv[0], f->key), *b = set_of(f, f->csv[1], f->key);
    TokenLinkOptions o = {.progress = PROGRESS_OFF};
    TokenLinks l;
    TokenQuality q;
    CsvTable t;
    bool used[5] = {false};
    assert_ok(token_link(a, b, &o, &l, NULL));
    assert_ok(csv_parse(slice_of(truth), "truth", &f->arena, &t, NULL));
    assert_ok(token_quality(a, b, &l, &t, used, &q, NULL));
    assert_int_equal(q.truth, 3); /* one twice, one not in the files */
    assert_int_equal(q.reached, 3);
    assert_int_equal(q.right, 2);
    assert_int_equal(q.links, l.pairs.len);
    assert_true(used[0] && used[1] && used[2] && !used[3] && used[4]);
    token_links_free(&l);
    token_set_free(a);
    token_set_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes),
        cmocka_unit_test(bad_input),
        cmocka_unit_test(broken_files),
        cmocka_unit_test(links_are_right),
        cmocka_unit_test(same_links),
        cmocka_unit_test(wrong_key),
        cmocka_unit_test(nobody_in_common),
        cmocka_unit_test(quality),
    };
    return cmocka_run_group_tests_name("token/link", tests, setup, teardown);
}
