/* Digests against published vectors; SipHash-1-3 against a slow version that the paper's vector vouches for. */
#include "harness.h"

#include <openssl/evp.h>

static void assert_hex(const uint8_t *digest, const char *wanted)
{
    char hex[SHA256_HEX_SIZE];
    hex_encode(digest, SHA256_SIZE, hex);
    assert_string_equal(hex, wanted);
}

static void test_sha256(void **state)
{
    UNUSED(state);
    /* FIPS 180-4 examples */
    static const struct {
        const char *text, *digest;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    Sha256 *h = NULL;
    assert_ok(sha256_new(&h, NULL));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t once[SHA256_SIZE], pieces[SHA256_SIZE];
        Slice s = slice_of(rows[i].text);
        assert_ok(sha256_of(s, once, NULL));
        assert_hex(once, rows[i].digest);
        for (size_t k = 0; k < s.len; k++)
            assert_ok(sha256_update(h, s.ptr + k, 1, NULL));
        assert_ok(sha256_final(h, pieces, NULL));
        assert_hex(pieces, rows[i].digest);
    }
    sha256_free(h);
    sha256_free(NULL);
}

static void test_hmac(void **state)
{
    UNUSED(state);
    /* RFC 4231, cases 1, 2, 6 */
    uint8_t long_key[131];
    memset(long_key, 0xaa, sizeof long_key);
    const struct {
        const char *key;
        size_t key_size;
        const char *message, *digest;
    } rows[] = {
        {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 20, "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 4, "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {(const char *)long_key, sizeof long_key, "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"", 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Hmac *h = NULL;
        uint8_t out[SHA256_SIZE];
        assert_ok(hmac_new((const uint8_t *)rows[i].key, rows[i].key_size, &h, NULL));
        /* one key schedule serves many messages */
        for (int round = 0; round < 3; round++) {
            assert_ok(hmac_of(h, slice_of(rows[i].message), out, NULL));
            assert_hex(out, rows[i].digest);
            assert_ok(hmac_of(h, SLICE("between"), out, NULL));
        }
        hmac_free(h);
    }
    hmac_free(NULL);
}

/* Against OpenSSL's own, for every length around the edges of its blocks. */
static void test_hmac_lengths(void **state)
{
    UNUSED(state);
    char message[200];
    uint8_t key[32];
    Hmac *h = NULL;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (char)(i * 7);
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i * 11);
    assert_ok(hmac_new(key, sizeof key, &h, NULL));
    for (size_t len = 0; len <= sizeof message; len++) {
        uint8_t got[SHA256_SIZE];
        uint8_t want[SHA256_SIZE];
        size_t size = 0;
        assert_ok(hmac_of(h, (Slice){message, len}, got, NULL));
        assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, sizeof key, (unsigned char *)message, len,
            want, sizeof want, &size));
        assert_int_equal(size, SHA256_SIZE);
        assert_memory_equal(got, want, SHA256_SIZE);
    }
    hmac_free(h);
}

/* Where FIPS properties are the default (here without a provider that has them), OpenSSL's states are not used. */
static void test_hmac_keeps_to_the_provider(void **state)
{
    UNUSED(state);
    Hmac *h = NULL;
    if (EVP_default_properties_enable_fips(NULL, 1) != 1)
        skip();
    Status st = hmac_new((const uint8_t *)"k", 1, &h, NULL);
    assert_int_equal(EVP_default_properties_enable_fips(NULL, 0), 1);
    /* a machine that has such a provider makes the object */
    if (st == OK)
        hmac_free(h);
    else
        assert_int_equal(st, ERR_INTERNAL);
}

static void test_hex(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        Status status;
    } rows[] = {{"00fF7a", OK}, {"00ff7", ERR_PARSE}, {"00ff7a00", ERR_PARSE}, {"00fg7a", ERR_PARSE}, {"", ERR_PARSE}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t out[3] = {1, 2, 3};
        assert_int_equal(hex_decode(slice_of(rows[i].text), out, 3, NULL), rows[i].status);
        static const uint8_t decoded[] = {0, 255, 0x7a}, untouched[] = {1, 2, 3};
        assert_memory_equal(out, rows[i].status == OK ? decoded : untouched, 3);
    }
}

/* SipHash as the paper states it, rounds free, byte by byte. */
static uint64_t naive_siphash(int c, int d, const uint64_t k[2], const uint8_t *p, size_t n)
{
#define ROTATE(x, b) ((x) << (b) | (x) >> (64 - (b)))
    uint64_t v0 = k[0] ^ UINT64_C(0x736f6d6570736575), v1 = k[1] ^ UINT64_C(0x646f72616e646f6d);
    uint64_t v2 = k[0] ^ UINT64_C(0x6c7967656e657261), v3 = k[1] ^ UINT64_C(0x7465646279746573);
    for (size_t block = 0; block <= n / 8 + 1; block++) {
        bool final = block == n / 8 + 1;
        uint64_t m = block == n / 8 ? (uint64_t)(n & 255) << 56 : 0;
        for (size_t i = 0; i < 8 && !final && block * 8 + i < n; i++)
            m |= (uint64_t)p[block * 8 + i] << (8 * i);
        if (final)
            v2 ^= 0xff;
        v3 ^= m;
        for (int round = 0; round < (final ? d : c); round++) {
            v0 += v1, v2 += v3;
            v1 = ROTATE(v1, 13), v3 = ROTATE(v3, 16);
            v1 ^= v0, v3 ^= v2;
            v0 = ROTATE(v0, 32);
            v2 += v1, v0 += v3;
            v1 = ROTATE(v1, 17), v3 = ROTATE(v3, 21);
            v1 ^= v2, v3 ^= v0;
            v2 = ROTATE(v2, 32);
        }
        v0 ^= m;
    }
    return v0 ^ v1 ^ v2 ^ v3;
#undef ROTATE
}

static void test_siphash(void **state)
{
    UNUSED(state);
    const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    uint8_t message[300];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)i;
    /* SipHash paper, appendix A */
    assert_true(naive_siphash(2, 4, key, message, 15) == UINT64_C(0xa129ca6149be45e5));
    for (size_t n = 0; n <= sizeof message; n++)
        assert_true(siphash13(key, message, n) == naive_siphash(1, 3, key, message, n));
    assert_true(siphash13(key, NULL, 0) == naive_siphash(1, 3, key, NULL, 0));
}

static void test_random_bytes(void **state)
{
    UNUSED(state);
    uint8_t a[1000] = {0}, b[1000] = {0};
    assert_ok(random_bytes(a, sizeof a, NULL));
    assert_ok(random_bytes(b, sizeof b, NULL));
    assert_memory_not_equal(a, b, sizeof a);
    assert_ok(random_bytes(a, 0, NULL));
}

static Status use_digests(void *ctx, Error *err)
{
    UNUSED(ctx);
    Sha256 *h = NULL;
    Hmac *m = NULL;
    TRY(sha256_new(&h, err));
    sha256_free(h);
    TRY(hmac_new((const uint8_t *)"k", 1, &m, err));
    hmac_free(m);
    return OK;
}

static void test_failing_allocations(void **state)
{
    UNUSED(state);
    assert_int_equal(walk_allocations(use_digests, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_hmac_lengths),
        cmocka_unit_test(test_hmac_keeps_to_the_provider),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_siphash),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests_name("base/hash", tests, NULL, NULL);
}
