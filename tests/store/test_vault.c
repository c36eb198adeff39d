/* The vault: what goes in comes out, for a stated purpose only; a changed, moved or foreign box does not open; a load
 * is all or nothing, also when the process dies. */
#include "store_support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/vault_impl.h"

static const VaultPurpose linking = {.purpose = "link", .agreement = "dpa-1"};

typedef struct Fixture {
    Home *home;
    Vault *vault;
} Fixture;

static Fixture open_vault(Scratch *s, HomeAccess access)
{
    Fixture f = {.home = scratch_home(s, access)};
    assert_ok(vault_open(f.home, &f.vault, err));
    return f;
}

static void close_vault(Fixture *f)
{
    vault_close(f->vault);
    home_close(f->home);
    *f = (Fixture){0};
}

static IdentityValues person(unsigned i, char text[64])
{
    IdentityValues v = {0};
    snprintf(text, 64, "Doe%u", i);
    v.at[ID_LAST] = slice_of(text);
    v.at[ID_FIRST] = SLICE("Ana");
    v.at[ID_BIRTH_DATE] = SLICE("2001-02-03");
    return v;
}

/* The tag of person(i) as seen from a source. */
static RecordTag add_person(Fixture *f, const char *source, unsigned i)
{
    char text[64];
    RecordTag tag;
    Tagger *t = NULL;
    IdentityValues v = person(i, text);
    assert_ok(tagger_new(f->home, slice_of(source), &t, err));
    assert_ok(tagger_tag(t, &v, &tag, err));
    tagger_free(t);
    assert_ok(vault_add_record(f->vault, slice_of(source), &tag, &v, err));
    return tag;
}

static void add_load(Fixture *f, const char *source, unsigned from, unsigned to)
{
    assert_ok(vault_begin(f->vault, err));
    for (unsigned i = from; i < to; i++)
        add_person(f, source, i);
    assert_ok(vault_commit(f->vault, err));
}

static uint64_t records(Fixture *f)
{
    uint64_t n = 0;
    uint64_t persons = 0;
    uint64_t quarantined = 0;
    assert_ok(vault_count(f->vault, &n, &persons, &quarantined, err));
    return n;
}

static Status count_tag(const RecordTag *tag, void *ctx, Error *err)
{
    UNUSED(tag);
    UNUSED(err);
    ++*(size_t *)ctx;
    return OK;
}

typedef struct Seen {
    size_t count;
    RecordTag last;
    bool values_good;
} Seen;

static Status see_record(const VaultRecord *record, void *ctx, Error *err)
{
    Seen *seen = ctx;
    UNUSED(err);
    assert_true(seen->count == 0 || memcmp(seen->last.bytes, record->tag.bytes, 16) < 0);
    seen->values_good = seen->values_good && slice_starts(record->values.at[ID_LAST], SLICE("Doe")) &&
                        slice_eq_z(record->values.at[ID_FIRST], "Ana") && record->values.at[ID_SSN].len == 0 &&
                        slice_eq_z(record->values.at[ID_BIRTH_DATE], "2001-02-03");
    seen->last = record->tag;
    seen->count++;
    return OK;
}

static Status stop_at_once(const VaultRecord *record, void *ctx, Error *err)
{
    UNUSED(record);
    UNUSED(ctx);
    return error_set(err, ERR_CANCELLED, "enough");
}

static void test_round_trip(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 300);
    add_load(&f, "k12", 200, 400); /* a hundred of them again */
    add_load(&f, "wages", 0, 50);  /* the same persons, another source: other tags */
    assert_int_equal(records(&f), 450);

    size_t tags = 0;
    assert_ok(vault_each_tag(f.vault, SLICE("k12"), count_tag, &tags, err));
    assert_int_equal(tags, 400);
    tags = 0;
    assert_ok(vault_each_tag(f.vault, SLICE("nobody"), count_tag, &tags, err));
    assert_int_equal(tags, 0);
    Seen seen = {.values_good = true};
    assert_ok(vault_each_record(f.vault, &linking, see_record, &seen, err));
    assert_int_equal(seen.count, 450);
    assert_true(seen.values_good);
    assert_status(vault_each_record(f.vault, &linking, stop_at_once, NULL, err), ERR_CANCELLED);
    uint64_t checked = 0;
    assert_ok(vault_verify(f.vault, &checked, err));
    assert_int_equal(checked, 450);
    close_vault(&f);
}

static Status keep_tag(const VaultRecord *record, void *ctx, Error *err)
{
    RecordTag *tags = ctx;
    UNUSED(err);
    tags[strtoul(record->values.at[ID_LAST].ptr + 3, NULL, 10)] = record->tag;
    return OK;
}

/* Many runs of many bundles: each record is found by its tag, and the tags that lie between are not. */
static void test_many_runs(void **state)
{
    enum { PERSONS = 6000 };
    static RecordTag tags[PERSONS];
    Scratch *s = *state;
    Arena arena;
    VaultRecord out;
    Seen seen = {.values_good = true};
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    for (unsigned i = 0; i < PERSONS; i += 1500)
        add_load(&f, i % 1000 ? "wages" : "k12", i, i + 1500);
    add_load(&f, "k12", 0, 10); /* of another source's tags in between: read anew, and found */
    assert_int_equal(records(&f), PERSONS);
    assert_ok(vault_each_record(f.vault, &linking, see_record, &seen, err));
    assert_int_equal(seen.count, PERSONS);
    assert_true(seen.values_good);
    assert_ok(vault_each_record(f.vault, &linking, keep_tag, tags, err));
    arena_init(&arena, 0);
    for (unsigned i = 0; i < PERSONS; i += 97) {
        char text[64];
        IdentityValues want = person(i, text);
        assert_ok(vault_get_record(f.vault, &linking, &tags[i], &arena, &out, err));
        assert_true(slice_eq(out.values.at[ID_LAST], want.at[ID_LAST]));
        tags[i].bytes[15] ^= 1;
        assert_status(vault_get_record(f.vault, &linking, &tags[i], &arena, &out, err), ERR_NOT_FOUND);
    }
    arena_free(&arena);
    close_vault(&f);
}

/* Claimed and not added: the tag stays out until it is forgotten. */
static void test_claims(void **state)
{
    Scratch *s = *state;
    KnownTags *known = NULL;
    RecordTag tags[3] = {{{1}}, {{2}}, {{1}}};
    static const char doe[] = "\x05\x03"
                              "Doe"; /* role + 1, length, bytes */
    NewRecords *one = NULL;
    bool was_new[3];
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    assert_ok(vault_known_tags(f.vault, SLICE("k12"), &known, err));
    assert_ok(known_tags_claim(known, tags, 3, was_new, err));
    assert_true(was_new[0] && was_new[1] && !was_new[2]);
    assert_ok(vault_begin(f.vault, err));
    assert_ok(new_records_new(1, &one, err));
    assert_ok(new_records_add(one, &tags[0], (Slice){doe, sizeof doe - 1}, err));
    assert_ok(vault_add_claimed(f.vault, SLICE("k12"), one, err));
    new_records_free(one);
    assert_ok(vault_commit(f.vault, err));
    assert_ok(known_tags_claim(known, tags, 3, was_new, err));
    assert_false(was_new[0] || was_new[1] || was_new[2]);
    vault_forget_tags(f.vault);
    /* whoever still has the set may go on with it */
    assert_ok(known_tags_claim(known, tags, 3, was_new, err));
    assert_false(was_new[0] || was_new[1] || was_new[2]);
    known_tags_release(known);
    assert_ok(vault_known_tags(f.vault, SLICE("k12"), &known, err));
    assert_ok(known_tags_claim(known, tags, 2, was_new, err));
    known_tags_release(known);
    assert_true(!was_new[0] && was_new[1]);
    assert_int_equal(records(&f), 1);
    close_vault(&f);
}

static Status add_packed(NewRecords *n, const RecordTag *tag, const IdentityValues *values)
{
    Buf packed;
    buf_init(&packed, 0);
    values_pack(values, &packed);
    Status st = buf_status(&packed, NULL);
    if (st == OK)
        st = new_records_add(n, tag, buf_slice(&packed), NULL);
    buf_free(&packed);
    return st;
}

/* Different for each number, in no order. */
static RecordTag scattered_tag(uint32_t i)
{
    uint32_t bits = i * UINT32_C(2654435761);
    return (RecordTag){{(uint8_t)(bits >> 24), (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits}};
}

static bool ends_in_nought(const RecordTag *tag, void *ctx)
{
    bool nought = tag->bytes[3] % 16 == 0;
    *(size_t *)ctx += nought;
    return nought;
}

static Status stop_later(const VaultRecord *record, void *ctx, Error *err)
{
    Seen *seen = ctx;
    TRY(see_record(record, ctx, err));
    return seen->count == 20000 ? error_set(err, ERR_CANCELLED, "enough") : OK;
}

/* More than are read ahead at a time, by one thread and by two. */
static void read_all(Fixture *f, size_t want)
{
    for (unsigned threads = 1; threads <= 2; threads++) {
        Seen seen = {.values_good = true}, part = {.values_good = true};
        home_override(f->home, threads, 0);
        assert_ok(vault_each_record(f->vault, &linking, see_record, &seen, err));
        assert_int_equal(seen.count, want);
        assert_true(seen.values_good);
        assert_status(vault_each_record(f->vault, &linking, stop_later, &part, err), ERR_CANCELLED);
        assert_int_equal(part.count, 20000);
    }
}

/* Whatever parts they wait in, records are written in order, those of any size and without those left out. */
static void test_parts(void **state)
{
    enum { RECORDS = 40000 };
    static char big[20000];
    Scratch *s = *state;
    NewRecords *news = NULL;
    size_t left_out = 0;
    memset(big, 'x', sizeof big);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    assert_ok(new_records_new(RECORDS, &news, err));
    assert_int_equal(new_records_parts(news), 8);
    for (uint32_t i = 0; i < RECORDS; i++) {
        char text[64];
        RecordTag tag = scattered_tag(i);
        IdentityValues v = person(i, text);
        v.at[ID_ADDRESS] = (Slice){big, i % 997 == 0 ? sizeof big : i % 300};
        assert_int_equal(add_packed(news, &tag, &v), OK);
    }
    new_records_leave_out(news, ends_in_nought, &left_out);
    assert_true(left_out > 2000 && left_out < 3000);
    assert_ok(vault_begin(f.vault, err));
    assert_ok(vault_add_claimed(f.vault, SLICE("k12"), news, err));
    assert_ok(vault_commit(f.vault, err));
    new_records_free(news);
    read_all(&f, RECORDS - left_out);
    close_vault(&f);
}

static void test_values_of_every_size(void **state)
{
    Scratch *s = *state;
    static char big[100000];
    static const size_t sizes[] = {0, 1, 29, 30, 31, 127, 128, 129, 16383, 16384, sizeof big};
    memset(big, 'x', sizeof big);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    Arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        RecordTag tag = {{(uint8_t)i, 7}};
        IdentityValues v = {0};
        VaultRecord out;
        v.at[ID_SASID] = (Slice){big, sizes[i]};
        v.at[ID_EMAIL] = SLICE("a@b.c");
        assert_ok(vault_begin(f.vault, err));
        assert_ok(vault_add_record(f.vault, SLICE("k12"), &tag, &v, err));
        assert_ok(vault_commit(f.vault, err));
        assert_ok(vault_get_record(f.vault, &linking, &tag, &arena, &out, err));
        assert_true(slice_eq(out.values.at[ID_SASID], v.at[ID_SASID]));
        assert_true(slice_eq_z(out.values.at[ID_EMAIL], "a@b.c"));
        assert_true(slice_eq_z(out.source, "k12"));
    }
    RecordTag none = {{0xEE}};
    VaultRecord out;
    assert_status(vault_get_record(f.vault, &linking, &none, &arena, &out, err), ERR_NOT_FOUND);
    arena_free(&arena);
    close_vault(&f);
}

static void test_packing_refuses_nonsense(void **state)
{
    UNUSED(state);
    static const struct {
        const char *bytes;
        size_t len;
        Status want;
    } cases[] = {
        {"", 0, OK}, {"\0\0\0", 3, OK}, {"\x01\x01z\0", 4, OK}, {"\x01\x05z", 3, ERR_CORRUPT}, /* longer than the box */
        {"\x01", 1, ERR_CORRUPT},                                                              /* no length */
        {"\x01\x80\x80\x80\x80\x80", 6, ERR_CORRUPT},                                         /* a length without end */
        {"\x01\xFF\xFF\xFF\xFF\x0F", 6, ERR_CORRUPT}, {"\x02\x01z\x01\x01z", 6, ERR_CORRUPT}, /* roles out of order */
        {"\x01\x01z\x01\x01z", 6, ERR_CORRUPT},                                               /* a role twice */
        {"\x7F\x01z", 3, ERR_CORRUPT},                                                        /* no such role */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        IdentityValues v;
        assert_status(values_unpack((Slice){cases[i].bytes, cases[i].len}, &v, err), cases[i].want);
    }
}

static void test_reading_needs_a_purpose(void **state)
{
    Scratch *s = *state;
    static const VaultPurpose bad[] = {{.agreement = "dpa-1"}, {.purpose = "link"},
        {.purpose = "", .agreement = "dpa-1"}, {.purpose = "link", .agreement = ""}};
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 3);
    Seen seen = {.values_good = true};
    assert_status(vault_each_record(f.vault, NULL, see_record, &seen, err), ERR_DENIED);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_status(vault_each_record(f.vault, &bad[i], see_record, &seen, err), ERR_DENIED);
    assert_int_equal(seen.count, 0);

    Ledger *l = NULL;
    Arena arena;
    LedgerEntries entries = {0};
    assert_ok(ledger_open(f.home, &l, err));
    arena_init(&arena, 0);
    assert_ok(ledger_list(l, "vault.read", &arena, &entries, err));
    assert_int_equal(entries.len, 0);
    /* the entry stands before the first value is seen, even when the reader stops there */
    assert_status(vault_each_record(f.vault, &linking, stop_at_once, NULL, err), ERR_CANCELLED);
    assert_ok(ledger_list(l, "vault.read", &arena, &entries, err));
    assert_int_equal(entries.len, 1);
    assert_true(slice_eq_z(entries.at[0].subject, "dpa-1"));
    assert_true(slice_find(entries.at[0].body, SLICE("\"purpose\":\"link\"")) < entries.at[0].body.len);
    vec_free(&entries);
    arena_free(&arena);
    ledger_close(l);
    close_vault(&f);
}

static void test_tags(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Home *home = scratch_home(s, HOME_READ);
    Tagger *k12 = NULL;
    Tagger *wages = NULL;
    RecordTag a, b;
    IdentityValues v = {0};
    assert_ok(tagger_new(home, SLICE("k12"), &k12, err));
    assert_ok(tagger_new(home, SLICE("wages"), &wages, err));
    v.at[ID_LAST] = SLICE("AB");
    v.at[ID_FIRST] = SLICE("C");
    assert_ok(tagger_tag(k12, &v, &a, err));
    assert_ok(tagger_tag(k12, &v, &b, err));
    assert_memory_equal(&a, &b, sizeof a);
    assert_ok(tagger_tag(wages, &v, &b, err));
    assert_memory_not_equal(&a, &b, sizeof a);
    v.at[ID_LAST] = SLICE("A");
    v.at[ID_FIRST] = SLICE("BC");
    assert_ok(tagger_tag(k12, &v, &b, err));
    assert_memory_not_equal(&a, &b, sizeof a);
    tagger_free(k12);
    tagger_free(wages);

    EmployerTagger *employer = NULL;
    Pseudonymiser *pseudonyms = NULL;
    uint8_t e1[16], e2[16];
    uint64_t p1, p2;
    assert_ok(employer_tagger_new(home, &employer, err));
    assert_ok(employer_tag(employer, SLICE("123"), e1, err));
    assert_ok(employer_tag(employer, SLICE("124"), e2, err));
    assert_memory_not_equal(e1, e2, 16);
    employer_tagger_free(employer);
    assert_ok(pseudonymiser_new(home, &pseudonyms, err));
    assert_ok(pseudonym_of(pseudonyms, 1, &p1, err));
    assert_ok(pseudonym_of(pseudonyms, 2, &p2, err));
    assert_true(p1 != p2);
    assert_ok(pseudonym_of(pseudonyms, 1, &p2, err));
    assert_true(p1 == p2);
    pseudonymiser_free(pseudonyms);
    home_close(home);
}

static void test_quarantine(void **state)
{
    Scratch *s = *state;
    Buf out;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    assert_ok(vault_begin(f.vault, err));
    assert_ok(vault_add_quarantine(f.vault, SLICE("load1"), 7, SLICE("a,b,\0c\0"), err));
    assert_ok(vault_add_quarantine(f.vault, SLICE("load1"), 8, SLICE(""), err));
    assert_ok(vault_add_quarantine(f.vault, SLICE("load1"), 7, SLICE("again\0"), err));
    assert_ok(vault_commit(f.vault, err));
    buf_init(&out, 0);
    assert_ok(vault_get_quarantine(f.vault, &linking, SLICE("load1"), 7, &out, err));
    assert_true(slice_eq(buf_slice(&out), SLICE("again\0")));
    buf_reset(&out);
    assert_ok(vault_get_quarantine(f.vault, &linking, SLICE("load1"), 8, &out, err));
    assert_int_equal(out.len, 0);
    assert_status(vault_get_quarantine(f.vault, &linking, SLICE("load2"), 7, &out, err), ERR_NOT_FOUND);
    assert_status(vault_get_quarantine(f.vault, NULL, SLICE("load1"), 7, &out, err), ERR_DENIED);
    buf_free(&out);
    close_vault(&f);
    /* a row's box in another row's place */
    tamper_sql(scratch_path(s, "home/vault.db"), "UPDATE quarantine SET row = 9 WHERE row = 8");
    f = open_vault(s, HOME_READ);
    uint64_t checked = 0;
    assert_status(vault_verify(f.vault, &checked, err), ERR_CORRUPT);
    close_vault(&f);
}

static void test_tampering(void **state)
{
    Scratch *s = *state;
    static const char *const changes[] = {
        /* a flipped bit in the ciphertext, nonce or tag */
        "UPDATE bundle SET box = CAST(substr(box, 1, 20) || CASE substr(box, 21, 1) WHEN x'00' THEN x'01' ELSE x'00' "
        "END || substr(box, 22) AS BLOB) WHERE id = 1",
        "UPDATE bundle SET box = CAST(zeroblob(12) || substr(box, 13) AS BLOB) WHERE id = 1",
        "UPDATE bundle SET box = CAST(substr(box, 1, length(box) - 1) || CASE substr(box, -1) WHEN x'55' THEN x'54' "
        "ELSE x'55' END AS BLOB) WHERE id = 1",
        "UPDATE bundle SET box = substr(box, 1, 5) WHERE id = 1",
        "UPDATE bundle SET box = x'' WHERE id = 1",
        /* a box in another bundle's place */
        "UPDATE bundle SET box = (SELECT box FROM bundle WHERE id = 2) WHERE id = 1",
        /* records passed off as another source's */
        "UPDATE bundle SET source = 3 - source WHERE id = 1",
        "UPDATE bundle SET source = 77 WHERE id = 1",
        "UPDATE source SET name = 'other' WHERE id = 1",
        "UPDATE bundle SET key_id = 2 WHERE id = 1",
        "UPDATE bundle SET key_id = -1 WHERE id = 1",
        /* other tags, fewer, none; two of them changed over; a count and a place that are not theirs */
        "UPDATE bundle SET tags = CAST(substr(tags, 1, 319) || CASE substr(tags, 320) WHEN x'00' THEN x'01' ELSE x'00' "
        "END AS BLOB) WHERE id = 1",
        "UPDATE bundle SET tags = CAST(substr(tags, 1, 304) AS BLOB), records = 19 WHERE id = 1",
        "UPDATE bundle SET tags = x'' WHERE id = 1",
        "UPDATE bundle SET tags = x'0102' WHERE id = 1",
        "UPDATE bundle SET tags = CAST(substr(tags, 1, 16) || substr(tags, 33, 16) || substr(tags, 17, 16) ||"
        " substr(tags, 49) AS BLOB) WHERE id = 1",
        "UPDATE bundle SET records = 3 WHERE id = 1",
        "UPDATE bundle SET first = zeroblob(16) WHERE id = 1",
    };
    char good[128];
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 20);
    add_load(&f, "wages", 0, 20);
    close_vault(&f);
    snprintf(good, sizeof good, "%s/vault.good", s->path);
    tamper_sql(scratch_path(s, "home/vault.db"), "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_ok(file_copy(scratch_path(s, "home/vault.db"), good, 0600, err));
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        uint64_t checked = 0;
        assert_ok(file_copy(good, scratch_path(s, "home/vault.db"), 0600, err));
        f = open_vault(s, HOME_READ);
        assert_ok(vault_verify(f.vault, &checked, err));
        close_vault(&f);
        tamper_sql(scratch_path(s, "home/vault.db"), changes[i]);
        f = open_vault(s, HOME_READ);
        Error err = ERROR_INIT;
        Status st = vault_verify(f.vault, &checked, &err);
        if (st != ERR_CORRUPT)
            print_error("%s: %s\n", changes[i], status_name(st));
        assert_int_equal(st, ERR_CORRUPT);
        assert_null(strstr(err.message, "Doe"));
        close_vault(&f);
    }
}

static void test_wrong_keys(void **state)
{
    Scratch *s = *state;
    HomeSettings settings = HOME_SETTINGS_INIT;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 5);
    close_vault(&f);
    assert_ok(home_create(scratch_path(s, "other"), &settings, NULL, err));
    char vault[128];
    snprintf(vault, sizeof vault, "%s/home/vault.db", s->path);
    tamper_sql(vault, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_ok(file_copy(vault, scratch_path(s, "other/vault.db"), 0600, err));
    assert_ok(home_open(scratch_path(s, "other"), HOME_READ, &f.home, err));
    assert_ok(vault_open(f.home, &f.vault, err));
    uint64_t checked = 0;
    assert_status(vault_verify(f.vault, &checked, err), ERR_CORRUPT);
    close_vault(&f);
}

static void test_identities_are_not_on_disk(void **state)
{
    Scratch *s = *state;
    Buf text;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 50);
    assert_ok(vault_begin(f.vault, err));
    assert_ok(vault_add_quarantine(f.vault, SLICE("load1"), 7, SLICE("Doe7,Ana,2001-02-03"), err));
    assert_ok(vault_commit(f.vault, err));
    static const char *const files[] = {"home/vault.db", "home/vault.db-wal", "home/ledger.db"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        buf_init(&text, 0);
        if (file_exists(scratch_path(s, files[i])))
            assert_ok(file_read(scratch_path(s, files[i]), 0, &text, err));
        assert_int_equal(slice_find(buf_slice(&text), SLICE("Doe")), text.len);
        assert_int_equal(slice_find(buf_slice(&text), SLICE("2001-02-03")), text.len);
        buf_free(&text);
    }
    close_vault(&f);
}

static void test_rollback(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 10);
    assert_ok(vault_begin(f.vault, err));
    add_person(&f, "new source", 1);
    assert_ok(vault_add_quarantine(f.vault, SLICE("load1"), 7, SLICE("x"), err));
    vault_rollback(f.vault);
    assert_int_equal(records(&f), 10);
    /* the source that went with it can come again */
    add_load(&f, "new source", 0, 5);
    assert_int_equal(records(&f), 15);
    uint64_t checked = 0;
    assert_ok(vault_verify(f.vault, &checked, err));
    close_vault(&f);
    f = open_vault(s, HOME_READ);
    assert_status(vault_begin(f.vault, err), ERR_DENIED);
    close_vault(&f);
}

/* Dies in the middle of a load, after much was already written to the database's log. */
static void die_inside_a_load(Scratch *s)
{
    Fixture f = open_vault(s, HOME_WRITE);
    static char big[4096];
    NewRecords *news = NULL;
    RecordTag waits = {{0, 0, 2}};
    IdentityValues v = {0};
    memset(big, 'x', sizeof big);
    v.at[ID_ADDRESS] = (Slice){big, sizeof big};
    if (lite_exec(&f.vault->lite, "PRAGMA cache_size = -1024", NULL) != OK || vault_begin(f.vault, NULL) != OK ||
        vault_add_record(f.vault, SLICE("k12"), &waits, &v, NULL) != OK || new_records_new(10000, &news, NULL) != OK)
        _exit(1);
    for (unsigned i = 0; i < 10000; i++) {
        RecordTag tag = {{(uint8_t)(i * 37), (uint8_t)(i >> 8), 1}};
        if (add_packed(news, &tag, &v) != OK)
            _exit(1);
    }
    if (vault_add_claimed(f.vault, SLICE("k12"), news, NULL) != OK)
        _exit(1);
    kill(getpid(), SIGKILL);
}

static void test_killed_inside_a_load(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 10);
    close_vault(&f);
    pid_t child = fork();
    if (child == 0) {
        die_inside_a_load(s);
        _exit(1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    struct stat log;
    assert_int_equal(stat(scratch_path(s, "home/vault.db-wal"), &log), 0);
    assert_true(log.st_size > 1 << 24);
    f = open_vault(s, HOME_WRITE);
    assert_int_equal(records(&f), 10);
    add_load(&f, "k12", 5, 20);
    assert_int_equal(records(&f), 20);
    uint64_t checked = 0;
    assert_ok(vault_verify(f.vault, &checked, err));
    assert_int_equal(checked, 20);
    close_vault(&f);
}

/* A file size limit stands for the full disk: the write fails, the process lives. */
static int load_under_limit(Scratch *s)
{
    Fixture f = open_vault(s, HOME_WRITE);
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    static char big[8192];
    Error err = ERROR_INIT;
    IdentityValues v = {0};
    memset(big, 'x', sizeof big);
    v.at[ID_ADDRESS] = (Slice){big, sizeof big};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || vault_begin(f.vault, NULL) != OK)
        return 1;
    for (unsigned i = 0; i < 1000; i++) {
        RecordTag tag = {{(uint8_t)(i * 37), (uint8_t)(i >> 8), (uint8_t)i, 1}};
        if (vault_add_record(f.vault, SLICE("k12"), &tag, &v, NULL) != OK)
            return 1;
    }
    Status st = vault_commit(f.vault, &err);
    if (st != ERR_IO || err.hint[0] == '\0')
        return 2;
    return records(&f) == 10 ? 0 : 3;
}

static void test_full_disk(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 10);
    close_vault(&f);
    pid_t child = fork();
    if (child == 0)
        _exit(load_under_limit(s));
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    f = open_vault(s, HOME_WRITE);
    assert_int_equal(records(&f), 10);
    add_load(&f, "k12", 0, 20);
    assert_int_equal(records(&f), 20);
    close_vault(&f);
}

static void test_allocation_failures(void **state)
{
    Scratch *s = *state;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    add_load(&f, "k12", 0, 5);
    close_vault(&f);
    f.home = scratch_home(s, HOME_WRITE);
    for (long n = 0;; n++) {
        Error err = ERROR_INIT;
        uint64_t checked = 0;
        RecordTag tag = {{9}};
        char text[64];
        IdentityValues v = person(3, text);
        mem_fail_after(n);
        Status st = vault_open(f.home, &f.vault, &err);
        if (st == OK)
            st = vault_begin(f.vault, &err);
        if (st == OK)
            st = vault_add_record(f.vault, SLICE("other"), &tag, &v, &err);
        if (st == OK)
            st = vault_add_quarantine(f.vault, SLICE("load1"), 1, SLICE("raw"), &err);
        if (st == OK)
            vault_rollback(f.vault);
        if (st == OK)
            st = vault_verify(f.vault, &checked, &err);
        bool over = mem_fail_pending();
        mem_fail_after(-1);
        /* a rollback that runs out of memory is told by the next use */
        if (st != OK || over)
            assert_int_equal(st, over ? OK : st == ERR_CORRUPT ? ERR_CORRUPT : ERR_NOMEM);
        vault_close(f.vault);
        f.vault = NULL;
        if (over)
            break;
    }
    assert_ok(vault_open(f.home, &f.vault, err));
    assert_int_equal(records(&f), 5);
    close_vault(&f);
}

int main(void)
{
#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(test_round_trip),
        WITH_SCRATCH(test_many_runs),
        WITH_SCRATCH(test_claims),
        WITH_SCRATCH(test_parts),
        WITH_SCRATCH(test_values_of_every_size),
        cmocka_unit_test(test_packing_refuses_nonsense),
        WITH_SCRATCH(test_reading_needs_a_purpose),
        WITH_SCRATCH(test_tags),
        WITH_SCRATCH(test_quarantine),
        WITH_SCRATCH(test_tampering),
        WITH_SCRATCH(test_wrong_keys),
        WITH_SCRATCH(test_identities_are_not_on_disk),
        WITH_SCRATCH(test_rollback),
        WITH_SCRATCH(test_killed_inside_a_load),
        WITH_SCRATCH(test_full_disk),
        WITH_SCRATCH(test_allocation_failures),
    };
    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
