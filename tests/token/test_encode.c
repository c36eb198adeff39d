/* Keys, schemes, and what a record becomes. */
#include "token_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "token/token_impl.h"

#define HEAD "schema = \"cairn.tokens/1\"\n"
#define LAST "[[field]]\nname = \"last\"\nhashes = 20\n"
#define BIRTH "[[field]]\nname = \"birth\"\nkind = \"date\"\nhashes = 8\n"

static void keys(void **state)
{
    UNUSED(state);
    char dir[] = "/tmp/cairn-test-token-XXXXXX", path[64], a[TOKEN_ID_SIZE], b[TOKEN_ID_SIZE];
    struct stat info;
    TokenKey *key;
    Error err = ERROR_INIT;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/key", dir);
    assert_int_equal(token_key_read(path, &key, &err), ERR_NOT_FOUND);
    assert_ok(token_key_create(path, &err));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(token_key_create(path, &err), ERR_EXISTS);
    assert_ok(token_key_read(path, &key, &err));
    assert_ok(token_key_id(key, a, &err));
    token_key_free(key);
    assert_ok(token_key_read(path, &key, &err));
    assert_ok(token_key_id(key, b, &err));
    token_key_free(key);
    assert_string_equal(a, b);
    key = key_of("another");
    assert_ok(token_key_id(key, b, &err));
    token_key_free(key);
    assert_string_not_equal(a, b);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(token_key_read(path, &key, &err), ERR_DENIED);
    char link[80];
    snprintf(link, sizeof link, "%s/link", dir);
    assert_int_equal(symlink("nowhere", link), 0);
    assert_int_equal(token_key_create(link, &err), ERR_EXISTS);
    assert_ok(file_write(path, SLICE("cairn-token-key-1 0123\n"), MODE_PRIVATE, &err));
    assert_int_equal(token_key_read(path, &key, &err), ERR_PARSE);
    token_key_free(NULL);
    assert_ok(dir_remove(dir, NULL));
}

static void bad_schemes(void **state)
{
    UNUSED(state);
    static const struct {
        const char *toml, *says;
    } cases[] = {
        {"", "is missing"},
        {"schema = \"cairn.tokens/2\"\n" LAST, "schema is not"},
        {HEAD, "no [[field]]"},
        {HEAD "bits = 1000\n" LAST, "multiple of 64"},
        {HEAD "bits = 8192\n" LAST, "between 64 and 4096"},
        {HEAD "level = \"person\"\n" LAST, "level"},
        {HEAD "colour = 1\n" LAST, "colour"},
        {HEAD LAST LAST, "one name"},
        {HEAD "[[field]]\nname = \"Last Name\"\n", "lower-case"},
        {HEAD "[[field]]\nname = \"last\"\nq = 5\n", "q must lie"},
        {HEAD "[[field]]\nname = \"last\"\nhashes = 65\n", "hashes must lie"},
        {HEAD "[[field]]\nname = \"last\"\nsalted = true\n", "salt"},
        {HEAD LAST "[hardening]\nsalt = \"birth\"\n", "not defined"},
        {HEAD LAST "[hardening]\nsalt = \"last\"\n", "go together"},
        {HEAD "[[field]]\nname = \"last\"\nsalted = true\n[hardening]\nsalt = \"last\"\n", "cannot be salted"},
        {HEAD LAST "[hardening]\nfolds = 3\n", "folds"},
        {HEAD "bits = 64\n" LAST "[hardening]\nfolds = 1\n", "multiple of 64"},
        {HEAD LAST "[hardening]\nnoise_ppm = 500000\n", "noise_ppm"},
        {HEAD LAST "[[block]]\nname = \"x\"\nparts = []\n", "one to four"},
        {HEAD LAST "[[block]]\nname = \"x\"\nparts = [\"first/whole\"]\n", "not defined above"},
        {HEAD LAST "[[block]]\nname = \"x\"\nparts = [\"last/sound\"]\n", "form"},
        {HEAD LAST "[[block]]\nname = \"x\"\nparts = [\"last/year\"]\n", "year is for dates"},
        {HEAD BIRTH "[[block]]\nname = \"x\"\nparts = [\"birth/soundex\"]\n", "year is for dates"},
        {HEAD LAST "[[block]]\nname = \"token\"\nparts = [\"last/whole\"]\n", "already"},
        {HEAD "level = \"field\"\nbits = 4096\n" LAST BIRTH, "more than 4096"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena;
        TokenScheme s;
        Error err = ERROR_INIT;
        arena_init(&arena, 0);
        assert_int_equal(token_scheme_parse(slice_of(cases[i].toml), "t.toml", &arena, &s, &err), ERR_INVALID);
        if (!strstr(err.message, cases[i].says) && !strstr(err.field, cases[i].says))
            fail_msg("case %zu: \"%s\" (%s) does not say \"%s\"", i, err.message, err.field, cases[i].says);
        arena_free(&arena);
    }
}

static void scheme_ids(void **state)
{
    UNUSED(state);
    static const char *const same = HEAD "id = \"number\"\n[[field]]\nname = \"last\"\ncolumn = \"x\"\nhashes = 20\n";
    static const char *const others[] = {HEAD "bits = 2048\n" LAST, HEAD "[[field]]\nname = \"last\"\nhashes = 21\n",
        HEAD LAST "[hardening]\ntwo_step = true\n", HEAD LAST "[[block]]\nname = \"x\"\nparts = [\"last/whole\"]\n"};
    Arena arena;
    TokenScheme s;
    char first[TOKEN_ID_SIZE], id[TOKEN_ID_SIZE];
    arena_init(&arena, 0);
    scheme_of(HEAD LAST, &arena, &s);
    assert_ok(token_scheme_id(&s, first, NULL));
    scheme_of(same, &arena, &s);
    assert_ok(token_scheme_id(&s, id, NULL));
    assert_string_equal(first, id); /* the sender's column names are no matter */
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        scheme_of(others[i], &arena, &s);
        assert_ok(token_scheme_id(&s, id, NULL));
        assert_string_not_equal(first, id);
    }
    assert_ok(token_scheme_read(CAIRN_TEST_DOCS "/token.toml", &arena, &s, NULL));
    assert_int_equal(token_words(&s), 16);
    arena_free(&arena);
}

static void values(void **state)
{
    UNUSED(state);
    static const struct {
        TokenKind kind;
        const char *raw, *standard;
    } cases[] = {
        {TOKEN_TEXT, "  Garc\xc3\xad"
                     "a-L\xc3\xb3pez ",
            "GARCIALOPEZ"},
        {TOKEN_TEXT, "o'brien", "OBRIEN"},
        {TOKEN_TEXT, "12 West 3rd St.", "12WEST3RDST"},
        {TOKEN_TEXT, "stra\xc3\x9f"
                     "e",
            "STRASSE"},
        {TOKEN_TEXT, "\xff\xfe", ""},
        {TOKEN_TEXT, "--", ""},
        {TOKEN_DIGITS, "123-45-6789", "123456789"},
        {TOKEN_DIGITS, "none", ""},
        {TOKEN_DATE, "2007-05-14", "20070514"},
        {TOKEN_DATE, "20070514", "20070514"},
        {TOKEN_DATE, "5/14/2007", "20070514"},
        {TOKEN_DATE, "2007-02-30", ""},
        {TOKEN_DATE, "", ""},
    };
    static const struct {
        const char *raw, *soundex;
    } sounds[] = {{"Robert", "R163"}, {"Rupert", "R163"}, {"Ashcraft", "A261"}, {"Tymczak", "T522"},
        {"Pfister", "P236"}, {"Lee", "L000"}, {"Honeyman", "H555"}};
    Value v;
    char room[VALUE_MAX];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        value_standard(cases[i].kind, slice_of(cases[i].raw), &v);
        if (!slice_eq_z((Slice){v.text, v.len}, cases[i].standard))
            fail_msg("%s became %.*s", cases[i].raw, (int)v.len, v.text);
    }
    /* what is too long is cut between characters, wherever the limit falls */
    for (size_t before = VALUE_MAX - 5; before <= VALUE_MAX; before++) {
        char longer[VALUE_MAX + 16];
        memset(longer, 'A', before);
        snprintf(longer + before, sizeof longer - before, "\xe5\xae\x89\xf0\xa0\x80\x80\xe5\xae\x89"); /* 3, 4, 3 */
        value_standard(TOKEN_TEXT, slice_of(longer), &v);
        size_t left = VALUE_MAX - before;
        assert_int_equal(v.len, before + (left >= 3 ? 3 : 0));
        assert_memory_equal(v.text, longer, v.len);
    }
    for (size_t i = 0; i < COUNT_OF(sounds); i++) {
        value_standard(TOKEN_TEXT, slice_of(sounds[i].raw), &v);
        if (!slice_eq_z(value_form(&v, FORM_SOUNDEX, room), sounds[i].soundex))
            fail_msg("%s does not sound like %s", sounds[i].raw, sounds[i].soundex);
    }
}

/* --- records -------------------------------------------------------------------------------------------------- */

typedef struct Record {
    uint64_t bits[64];
    uint64_t blocks[TOKEN_BLOCKS_MAX];
    uint32_t missing;
} Record;

static void encode(const TokenScheme *s, const TokenKey *key, const char *const *cells, Record *out)
{
    TokenEncoder *e;
    Slice values[TOKEN_FIELDS_MAX];
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < s->field_count; i++)
        values[i] = slice_of(cells[i]);
    assert_ok(token_encoder_new(s, key, &e, NULL));
    assert_ok(token_encode_record(e, values, out->bits, out->blocks, &out->missing, NULL));
    token_encoder_free(e);
}

static uint32_t dice(const TokenScheme *s, const Record *a, const Record *b)
{
    size_t w = token_words(s);
    uint32_t ones_a = bits_common(a->bits, a->bits, w), ones_b = bits_common(b->bits, b->bits, w);
    return dice_score(ones_a, ones_b, bits_common(a->bits, b->bits, w));
}

/* The filter of "LEE" worked out by hand: padded pieces _L LE EE E_, twenty positions each, from the field's key. */
static void filter_by_hand(void **state)
{
    UNUSED(state);
    static const char *const pieces[] = {"_L", "LE", "EE", "E_"};
    static const char *const cells[] = {"Lee"};
    Arena arena;
    TokenScheme s;
    Record r;
    Hmac *h;
    uint64_t expected[16] = {0};
    TokenKey *key = key_of("k");
    arena_init(&arena, 0);
    scheme_of(HEAD LAST, &arena, &s);
    encode(&s, key, cells, &r);
    assert_ok(token_key_hmac(key, "field", SLICE("last"), &h, NULL));
    for (size_t i = 0; i < 4; i++)
        for (int block = 0; block < 2; block++) {
            char message[] = {0, (char)255, 0, pieces[i][0], pieces[i][1], (char)block};
            uint8_t digest[SHA256_SIZE];
            assert_ok(hmac_of(h, (Slice){message, sizeof message}, digest, NULL));
            for (int k = 0; k < (block == 0 ? 16 : 4); k++) {
                unsigned at = (unsigned)(digest[2 * k] << 8 | digest[2 * k + 1]) >> 6; /* of 1024 */
                expected[at / 64] |= UINT64_C(1) << at % 64;
            }
        }
    assert_memory_equal(r.bits, expected, sizeof expected);
    hmac_free(h);
    token_key_free(key);
    arena_free(&arena);
}

static void alike_and_unlike(void **state)
{
    UNUSED(state);
    static const char *const smith[] = {"Smith", "1980-02-03"}, *const same[] = {" SMITH", "02/03/1980"},
                            *const smyth[] = {"Smyth", "1980-02-03"}, *const other[] = {"Garcia", "1961-11-27"},
                            *const swapped[] = {"Smith", "1980-03-02"}, *const none[] = {"", "x"};
    Arena arena;
    TokenScheme s;
    Record a, b;
    TokenKey *key = key_of("k"), *wrong = key_of("w");
    arena_init(&arena, 0);
    scheme_of(HEAD LAST BIRTH "[[block]]\nname = \"sound\"\nparts = [\"last/soundex\", \"birth/year\"]\n", &arena, &s);
    encode(&s, key, smith, &a);
    encode(&s, key, same, &b);
    assert_memory_equal(&a, &b, sizeof a);
    encode(&s, key, smyth, &b);
    assert_in_range(dice(&s, &a, &b), 5000, 9000);
    assert_true(a.blocks[0] != 0 && a.blocks[0] == b.blocks[0]);
    encode(&s, key, swapped, &b);
    assert_in_range(dice(&s, &a, &b), 7500, 9900);
    encode(&s, key, other, &b);
    assert_in_range(dice(&s, &a, &b), 0, 3500);
    assert_true(a.blocks[0] != b.blocks[0]);
    encode(&s, wrong, smith, &b);
    assert_in_range(dice(&s, &a, &b), 0, 3500); /* a wrong key: as unlike as strangers */
    assert_true(a.blocks[0] != b.blocks[0]);
    encode(&s, key, none, &b);
    assert_int_equal(b.missing, 3);
    assert_int_equal(b.blocks[0], 0);
    assert_int_equal(bits_common(b.bits, b.bits, 16), 0);
    token_key_free(key);
    token_key_free(wrong);
    arena_free(&arena);
}

static void hardening(void **state)
{
    UNUSED(state);
    static const char *const smith80[] = {"Smith", "1980-02-03"}, *const smith81[] = {"Smith", "1981-02-03"};
#define SALTED "[[field]]\nname = \"last\"\nhashes = 20\nsalted = true\n" BIRTH
    static const struct {
        const char *toml;
        uint32_t low, high; /* Dice of the surname's filter under two years of birth */
    } cases[] = {
        {HEAD "level = \"field\"\n" LAST BIRTH, 10000, 10000},
        {HEAD "level = \"field\"\n" SALTED "[hardening]\nsalt = \"birth\"\n", 0, 2500},
        {HEAD "level = \"field\"\n" LAST BIRTH "[hardening]\ntwo_step = true\n", 10000, 10000},
        {HEAD "level = \"field\"\n" LAST BIRTH "[hardening]\nfolds = 2\n", 10000, 10000},
        {HEAD "level = \"field\"\n" LAST BIRTH "[hardening]\nnoise_ppm = 20000\n", 7000, 9800},
    };
    TokenKey *key = key_of("k");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena;
        TokenScheme s;
        Record a, b, again;
        arena_init(&arena, 0);
        scheme_of(cases[i].toml, &arena, &s);
        encode(&s, key, smith80, &a);
        encode(&s, key, smith80, &again);
        encode(&s, key, smith81, &b);
        assert_memory_equal(&a, &again, sizeof a); /* same record, same token, noise included */
        size_t w = token_part_words(&s);
        uint32_t ones_a = bits_common(a.bits, a.bits, w), ones_b = bits_common(b.bits, b.bits, w);
        assert_true(ones_a > 20);
        assert_in_range(dice_score(ones_a, ones_b, bits_common(a.bits, b.bits, w)), cases[i].low, cases[i].high);
        assert_int_equal(w, (1024 >> s.folds) / 64);
        arena_free(&arena);
    }
    token_key_free(key);
}

static Status whole_walk(Error *err)
{
    static const Slice cells[] = {SLICE_INIT("Smith"), SLICE_INIT("1980-02-03")};
    static const uint8_t secret[32] = {1};
    Arena arena;
    TokenScheme s;
    TokenKey *key = NULL;
    TokenEncoder *e = NULL;
    uint64_t bits[16], blocks[1];
    uint32_t missing;
    Status st = OK;
    arena_init(&arena, 0);
    static const char toml[] = HEAD LAST BIRTH "[hardening]\ntwo_step = true\nnoise_ppm = 100\n";
    TRY_OUT(token_scheme_parse(slice_of(toml), "t", &arena, &s, err));
    TRY_OUT(token_key_from(secret, &key, err));
    TRY_OUT(token_encoder_new(&s, key, &e, err));
    TRY_OUT(token_encode_record(e, cells, bits, blocks, &missing, err));
out:
    token_encoder_free(e);
    token_key_free(key);
    arena_free(&arena);
    return st;
}

static void no_memory(void **state)
{
    UNUSED(state);
    for (long n = 0;; n++) {
        Error err = ERROR_INIT;
        mem_fail_after(n);
        Status st = whole_walk(&err);
        bool fired = !mem_fail_pending();
        mem_fail_after(-1);
        if (!fired) {
            assert_ok(st);
            assert_true(n > 10);
            return;
        }
        assert_int_equal(st, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(bad_schemes),
        cmocka_unit_test(scheme_ids),
        cmocka_unit_test(values),
        cmocka_unit_test(filter_by_hand),
        cmocka_unit_test(alike_and_unlike),
        cmocka_unit_test(hardening),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("token/encode", tests, NULL, NULL);
}
