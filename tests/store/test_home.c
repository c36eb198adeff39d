/* The data home: made once, one writer, private keys; every interruption of a key rotation leaves it usable. */
#include "store_support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/keyring.h"

static void test_create(void **state)
{
    Scratch *s = *state;
    HomeSettings settings = HOME_SETTINGS_INIT;
    settings.policy_dir = "/a \"quoted\" folder";
    settings.threads = 3;
    settings.memory_mb = 512;
    assert_ok(home_create(scratch_path(s, "home"), &settings, NULL, err));
    assert_status(home_create(scratch_path(s, "home"), &settings, NULL, err), ERR_EXISTS);

    Home *home = scratch_home(s, HOME_READ);
    assert_string_equal(home_settings(home)->policy_dir, "/a \"quoted\" folder");
    assert_int_equal(home_settings(home)->threads, 3);
    assert_int_equal(home_settings(home)->memory_mb, 512);
    home_override(home, 5, 0);
    assert_int_equal(home_settings(home)->threads, 5);
    assert_int_equal(home_settings(home)->memory_mb, 512);
    home_close(home);

    static const struct {
        const char *name;
        unsigned mode;
    } modes[] = {
        {"home", 0700},
        {"home/keys", 0700},
        {"home/loads", 0700},
        {"home/releases", 0755},
        {"home/keys/master.key", 0600},
        {"home/keys/keyring.json", 0600},
        {"home/vault.db", 0600},
        {"home/ledger.db", 0600},
        {"home/cairn.toml", 0600},
    };
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        struct stat info;
        assert_int_equal(stat(scratch_path(s, modes[i].name), &info), 0);
        assert_int_equal(info.st_mode & 0777, modes[i].mode);
    }
}

static void test_create_refuses_and_resumes(void **state)
{
    Scratch *s = *state;
    HomeSettings settings = HOME_SETTINGS_INIT;
    Home *home = NULL;
    assert_status(home_open(scratch_path(s, "nowhere"), HOME_READ, &home, err), ERR_NOT_FOUND);
    assert_ok(file_write(scratch_path(s, "letter.txt"), SLICE("mine"), 0600, err));
    assert_status(home_create(s->path, &settings, NULL, err), ERR_EXISTS);
    assert_false(dir_exists(scratch_path(s, "keys")));

    /* cut off before the settings were written: keys stay */
    uint8_t before[KEY_SIZE];
    uint8_t after[KEY_SIZE];
    uint32_t id;
    scratch_make_home(s);
    home = scratch_home(s, HOME_READ);
    assert_ok(home_key(home, "record-tag", before, &id, err));
    home_close(home);
    assert_ok(file_remove(scratch_path(s, "home/cairn.toml"), err));
    scratch_make_home(s);
    home = scratch_home(s, HOME_READ);
    assert_ok(home_key(home, "record-tag", after, &id, err));
    home_close(home);
    assert_memory_equal(before, after, KEY_SIZE);
}

static void test_one_writer(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_WRITE);
    pid_t child = fork();
    if (child == 0) {
        Home *second = NULL;
        Home *reader = NULL;
        Status st = home_open(scratch_path(s, "home"), HOME_WRITE, &second, NULL);
        Status read = home_open(scratch_path(s, "home"), HOME_READ, &reader, NULL);
        _exit(st == ERR_BUSY && read == OK ? 0 : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    home_close(home);
    /* the lock died with its holder */
    home = scratch_home(s, HOME_WRITE);
    home_close(home);
}

static void test_writer_empties_tmp(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    assert_ok(dir_make(scratch_path(s, "home/tmp/half/deep"), 0700, err));
    assert_ok(file_write(scratch_path(s, "home/tmp/file"), SLICE("x"), 0600, err));
    char mine[64];
    snprintf(mine, sizeof mine, "home/tmp/spill-%ld", (long)getppid());
    assert_ok(dir_make(scratch_path(s, mine), 0700, err));
    assert_ok(dir_make(scratch_path(s, "home/loads/0123456789abcdef"), 0700, err));
    home_close(scratch_home(s, HOME_READ));
    assert_true(file_exists(scratch_path(s, "home/tmp/file")));
    home_close(scratch_home(s, HOME_WRITE));
    assert_false(file_exists(scratch_path(s, "home/tmp/file")));
    assert_false(dir_exists(scratch_path(s, "home/tmp/half")));
    assert_true(dir_exists(scratch_path(s, mine)));
    assert_true(dir_exists(scratch_path(s, "home/loads/0123456789abcdef")));
}

static void test_settings_are_checked(void **state)
{
    Scratch *s = *state;
    static const struct {
        const char *text;
        Status want;
    } cases[] = {
        {"schema = 1\npolicy_dir = \"/p\"\n", OK},
        {"schema = 2\npolicy_dir = \"/p\"\n", ERR_INVALID},
        {"schema = 1\n", ERR_INVALID},
        {"schema = 1\npolicy_dir = \"/p\"\nthread = 2\n", ERR_INVALID},
        {"schema = 1\npolicy_dir = \"/p\"\nthreads = -1\n", ERR_INVALID},
        {"schema = 1\npolicy_dir = \"/p\"\nmemory_mb = 4611686018427387904\n", ERR_INVALID},
        {"schema = ", ERR_PARSE},
    };
    scratch_make_home(s);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Home *home = NULL;
        assert_ok(file_write(scratch_path(s, "home/cairn.toml"), slice_of(cases[i].text), 0600, err));
        assert_status(home_open(scratch_path(s, "home"), HOME_READ, &home, err), cases[i].want);
        if (cases[i].want == OK)
            home_close(home);
    }
}

/* --- keys ---------------------------------------------------------------------------------------------------- */

static Status read_key(Scratch *s, const char *purpose, uint8_t out[KEY_SIZE], uint32_t *id, Error *err)
{
    Home *home = NULL;
    Status st = home_open(scratch_path(s, "home"), HOME_READ, &home, err);
    if (st == OK)
        st = home_key(home, purpose, out, id, err);
    home_close(home);
    return st;
}

static void test_keys_are_guarded(void **state)
{
    Scratch *s = *state;
    uint8_t key[KEY_SIZE];
    uint32_t id;
    scratch_make_home(s);
    assert_ok(read_key(s, "record-box", key, &id, err));
    assert_int_equal(id, 1);
    assert_int_equal(chmod(scratch_path(s, "home/keys/master.key"), 0640), 0);
    assert_status(read_key(s, "record-box", key, &id, err), ERR_DENIED);
    assert_int_equal(chmod(scratch_path(s, "home/keys/master.key"), 0600), 0);
    assert_int_equal(chmod(scratch_path(s, "home/keys"), 0701), 0);
    assert_status(read_key(s, "record-box", key, &id, err), ERR_DENIED);
    assert_int_equal(chmod(scratch_path(s, "home/keys"), 0700), 0);
    assert_ok(read_key(s, "record-box", key, &id, err));
    assert_status(read_key(s, "no-such-purpose", key, &id, err), ERR_NOT_FOUND);

    /* a master key of another home */
    HomeSettings settings = HOME_SETTINGS_INIT;
    assert_ok(home_create(scratch_path(s, "other"), &settings, NULL, err));
    char from[128];
    snprintf(from, sizeof from, "%s/other/keys/master.key", s->path);
    assert_ok(file_copy(from, scratch_path(s, "home/keys/master.key"), 0600, err));
    assert_status(read_key(s, "record-box", key, &id, err), ERR_CORRUPT);
    assert_ok(file_remove(scratch_path(s, "home/keys/master.key"), err));
    assert_status(read_key(s, "record-box", key, &id, err), ERR_NOT_FOUND);
}

/* Replaces the first `from` of a file. */
static void replace(const char *path, const char *from, const char *to)
{
    Buf in;
    Buf out;
    buf_init(&in, 0);
    buf_init(&out, 0);
    assert_ok(file_read(path, 0, &in, err));
    Slice text = buf_slice(&in);
    size_t at = slice_find(text, slice_of(from));
    assert_true(at < text.len);
    buf_add(&out, slice_sub(text, 0, at));
    buf_adds(&out, to);
    buf_add(&out, slice_sub(text, at + strlen(from), text.len));
    assert_ok(file_write(path, buf_slice(&out), 0600, err));
    buf_free(&in);
    buf_free(&out);
}

static void test_keyring_tampering(void **state)
{
    Scratch *s = *state;
    static const struct {
        const char *from;
        const char *to;
    } changes[] = {
        {"\"in_force\": true", "\"in_force\": false"},
        {"\"id\": 1", "\"id\": 2"},
        {"\"created\": \"2", "\"created\": \"1"},
        {"\"purpose\": \"record-tag\"", "\"purpose\": \"record-tax\""},
        {"\"wrapped\": \"", "\"wrapped\": \"f"},
        {"\"nonce\"", "\"none\""},
        {"\"cairn-keyring-1\"", "\"cairn-keyring-2\""},
        {"\"master_check\": \"", "\"master_check\": \"0"},
        {"{", "["},
    };
    uint8_t key[KEY_SIZE];
    uint32_t id;
    char good[128];
    scratch_make_home(s);
    snprintf(good, sizeof good, "%s/keyring.good", s->path);
    assert_ok(file_copy(scratch_path(s, "home/keys/keyring.json"), good, 0600, err));
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        assert_ok(file_copy(good, scratch_path(s, "home/keys/keyring.json"), 0600, err));
        assert_ok(read_key(s, "record-box", key, &id, err));
        replace(scratch_path(s, "home/keys/keyring.json"), changes[i].from, changes[i].to);
        assert_status(read_key(s, "record-box", key, &id, err), ERR_CORRUPT);
    }
    /* any byte at all, except blanks */
    Buf text;
    buf_init(&text, 0);
    assert_ok(file_read(good, 0, &text, err));
    for (size_t at = 0; at < text.len; at += 37) {
        if (text.ptr[at] == ' ' || text.ptr[at] == '\n')
            continue;
        assert_ok(file_copy(good, scratch_path(s, "home/keys/keyring.json"), 0600, err));
        flip_byte(scratch_path(s, "home/keys/keyring.json"), (long)at);
        assert_status(read_key(s, "record-box", key, &id, err), ERR_CORRUPT);
    }
    buf_free(&text);
}

static void test_rotation_interrupted(void **state)
{
    Scratch *s = *state;
    Keyring keys = {0};
    uint8_t before[KEY_SIZE];
    uint8_t key[KEY_SIZE];
    uint32_t id;
    char dir[128];
    scratch_make_home(s);
    snprintf(dir, sizeof dir, "%s/home/keys", s->path);
    assert_ok(read_key(s, "record-tag", before, &id, err));

    /* killed after the new master key, before the keyring */
    assert_ok(file_write(scratch_path(s, "home/keys/master.key.new"),
        SLICE("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"), 0600, err));
    assert_ok(read_key(s, "record-tag", key, &id, err));
    home_close(scratch_home(s, HOME_WRITE));
    assert_false(file_exists(scratch_path(s, "home/keys/master.key.new")));
    assert_ok(read_key(s, "record-tag", key, &id, err));
    assert_memory_equal(key, before, KEY_SIZE);

    /* killed after the keyring, before the rename */
    char old_master[128];
    snprintf(old_master, sizeof old_master, "%s/master.old", s->path);
    assert_ok(file_copy(scratch_path(s, "home/keys/master.key"), old_master, 0600, err));
    assert_ok(keyring_read(&keys, dir, err));
    keys.master[0] ^= 1;
    assert_ok(keyring_write(&keys, dir, err));
    keyring_free(&keys);
    char fresh[128];
    snprintf(fresh, sizeof fresh, "%s/home/keys/master.key.new", s->path);
    assert_ok(file_rename(scratch_path(s, "home/keys/master.key"), fresh, err));
    assert_ok(file_copy(old_master, scratch_path(s, "home/keys/master.key"), 0600, err));
    assert_ok(read_key(s, "record-tag", key, &id, err));
    assert_memory_equal(key, before, KEY_SIZE);
    home_close(scratch_home(s, HOME_WRITE));
    assert_false(file_exists(fresh));
    assert_ok(read_key(s, "record-tag", key, &id, err));
    assert_memory_equal(key, before, KEY_SIZE);
}

static void test_keys_from_another_home(void **state)
{
    Scratch *s = *state;
    static const char *const same[] = {"record-tag", "person-pseudonym", "employer-pseudonym", "release-sign"};
    HomeSettings settings = HOME_SETTINGS_INIT;
    char keys[128];
    scratch_make_home(s);
    snprintf(keys, sizeof keys, "%s/home/keys", s->path);
    assert_ok(home_create(scratch_path(s, "twin"), &settings, keys, err));
    Home *a = scratch_home(s, HOME_READ);
    Home *b = NULL;
    assert_ok(home_open(scratch_path(s, "twin"), HOME_READ, &b, err));
    uint8_t ka[KEY_SIZE];
    uint8_t kb[KEY_SIZE];
    uint32_t id;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        assert_ok(home_key(a, same[i], ka, &id, err));
        assert_ok(home_key(b, same[i], kb, &id, err));
        assert_memory_equal(ka, kb, KEY_SIZE);
    }
    assert_ok(home_key(a, "record-box", ka, &id, err));
    assert_ok(home_key(b, "record-box", kb, &id, err));
    assert_memory_not_equal(ka, kb, KEY_SIZE);
    home_close(a);
    home_close(b);
}

static void test_signature(void **state)
{
    Scratch *s = *state;
    uint8_t one[64];
    uint8_t two[64];
    uint8_t public_key[32];
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_READ);
    assert_ok(home_sign(home, SLICE("a manifest"), one, public_key, err));
    assert_ok(home_sign(home, SLICE("a manifest"), two, public_key, err));
    assert_memory_equal(one, two, sizeof one);
    assert_ok(signature_verify(SLICE("a manifest"), one, public_key, err));
    assert_status(signature_verify(SLICE("a manifesT"), one, public_key, err), ERR_CORRUPT);
    one[5] ^= 1;
    assert_status(signature_verify(SLICE("a manifest"), one, public_key, err), ERR_CORRUPT);
    home_close(home);
}

/* RFC 8032, 7.1, test 2: what signature_verify accepts is Ed25519 as others make it. */
static void test_signature_vector(void **state)
{
    UNUSED(state);
    uint8_t key[32];
    uint8_t sig[64];
    assert_ok(hex_decode(SLICE("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"), key, 32, err));
    assert_ok(hex_decode(SLICE("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                               "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        sig, 64, err));
    assert_ok(signature_verify(SLICE("\x72"), sig, key, err));
}

int main(void)
{
#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_create),
        WITH_SCRATCH(test_create_refuses_and_resumes),
        WITH_SCRATCH(test_one_writer),
        WITH_SCRATCH(test_writer_empties_tmp),
        WITH_SCRATCH(test_settings_are_checked),
        WITH_SCRATCH(test_keys_are_guarded),
        WITH_SCRATCH(test_keyring_tampering),
        WITH_SCRATCH(test_rotation_interrupted),
        WITH_SCRATCH(test_keys_from_another_home),
        WITH_SCRATCH(test_signature),
        cmocka_unit_test(test_signature_vector),
    };
    return cmocka_run_group_tests_name("home", tests, NULL, NULL);
}
