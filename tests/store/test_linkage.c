/* Who is who, as the vault keeps it: links and what they replaced, runs, decisions, queues, models, samples. */
#include "store_support.h"

#include <sqlite3.h>

#include "store/linkage.h"

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

static bool is_refused(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return rc == SQLITE_CONSTRAINT;
}

/* --- links --------------------------------------------------------------------------------------------------- */

static void put(Fixture *f, LinkRunKind kind, const char *model, const Links *links, const Journal *journal,
    const RecordTags *gone, int64_t want_run)
{
    int64_t run = 0;
    const LinkWrite w = {.kind = kind,
        .model = slice_of(model),
        .links = links,
        .journal = journal,
        .gone = gone,
        .report = SLICE("{}")};
    assert_ok(vault_put_links(f->vault, &w, &run, err));
    assert_int_equal(run, want_run);
}

/* Links first, the rest later; or nothing at all. */
static void test_two_steps(void **state)
{
    Scratch *s = *state;
    Links links = {0}, back = {0};
    Journal journal = {0};
    OpenRun run = {0};
    int64_t last = 0;
    PersonId next = 0;
    StoredModel model = {.name = SLICE("v1"), .json = SLICE("{1}"), .config = SLICE("c"), .baseline = SLICE("b")}, read;
    Arena arena;
    arena_init(&arena, 0);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    assert_ok(vec_push(&links, ((Link){.tag = {{1}}, .person = 40, .kind = LINK_FOUNDING}), err));
    assert_ok(vec_push(&journal, ((JournalEntry){.kind = JOURNAL_NEW, .to = 40}), err));
    LinkWrite w = {.kind = RUN_FULL, .model = SLICE("v1"), .links = &links, .journal = &journal};
    assert_ok(vault_begin_links(f.vault, &w, &run, err));
    assert_int_equal(run.run, 1);
    vault_drop_links(f.vault);
    assert_ok(vault_links(f.vault, &back, err));
    assert_ok(vault_last_run(f.vault, &last, err));
    assert_true(back.len == 0 && last == 0);
    assert_ok(vault_begin_links(f.vault, &w, &run, err));
    w.stored = &model;
    w.report = SLICE("{}");
    assert_ok(vault_end_links(f.vault, &w, &run, err));
    assert_ok(vault_links(f.vault, &back, err));
    assert_ok(vault_last_run(f.vault, &last, err));
    assert_ok(vault_next_person(f.vault, &next, err));
    assert_ok(vault_model_in_force(f.vault, &arena, &read, err));
    assert_true(back.len == 1 && last == 1 && next == 41 && slice_eq_z(read.json, "{1}"));
    vec_free(&links);
    vec_free(&back);
    vec_free(&journal);
    arena_free(&arena);
    close_vault(&f);
}

static void test_links(void **state)
{
    Scratch *s = *state;
    Links links = {0};
    Links back = {0};
    Journal journal = {0};
    PersonId next = 0;
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    assert_ok(vault_next_person(f.vault, &next, err));
    assert_int_equal(next, 1);
    for (unsigned i = 0; i < 100; i++) {
        Link link = {.tag = {{(uint8_t)(255 - i)}},
            .person = i / 2 + 1,
            .kind = i % 2 ? LINK_MODEL : LINK_FOUNDING,
            .odds = i % 2 ? (int32_t)i - 50 : 0};
        if (i % 2)
            link.partner = links.at[i - 1].tag;
        assert_ok(vec_push(&links, link, err));
    }
    JournalEntry made = {.kind = JOURNAL_NEW, .to = 50};
    assert_ok(vec_push(&journal, made, err));
    put(&f, RUN_FULL, "model 1", &links, &journal, NULL, 1);
    assert_ok(vault_next_person(f.vault, &next, err));
    assert_int_equal(next, 51);
    assert_ok(vault_links(f.vault, &back, err));
    assert_int_equal(back.len, 100);
    for (size_t i = 0; i < back.len; i++)
        assert_memory_equal(&back.at[i], &links.at[links.len - 1 - i], sizeof back.at[i]);
    /* the last person merged away: its number is never given again */
    links.len = 2;
    links.at[0] = (Link){.tag = {{156}}, .person = 1, .kind = LINK_MODEL, .odds = 9, .partner = {{255}}};
    links.at[1] = (Link){.tag = {{157}}, .person = 1, .kind = LINK_RULE, .odds = 9, .partner = {{255}}};
    journal.at[0] = (JournalEntry){.kind = JOURNAL_MERGE, .from = 50, .to = 1};
    put(&f, RUN_FULL, "model 2", &links, &journal, NULL, 2);
    assert_ok(vault_next_person(f.vault, &next, err));
    assert_int_equal(next, 51);
    uint64_t n, persons, quarantined;
    assert_ok(vault_count(f.vault, &n, &persons, &quarantined, err));
    assert_int_equal(persons, 49);
    back.len = 0;
    assert_ok(vault_links(f.vault, &back, err));
    assert_int_equal(back.len, 100);
    assert_int_equal(back.at[0].person, 1);
    vec_free(&links);
    vec_free(&back);
    vec_free(&journal);
    close_vault(&f);
}

/* What a SELECT gives, a row a line. */
static void select_text(const char *path, const char *sql, Buf *out)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    buf_reset(out);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    int columns = sqlite3_column_count(stmt);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        buf_addf(out, "%s\n", (const char *)sqlite3_column_text(stmt, columns - 1));
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_ok(buf_status(out, err));
}

static void assert_index(Scratch *s, Buf *text)
{
    const char *path = scratch_path(s, "home/vault.db");
    select_text(path, "PRAGMA integrity_check", text);
    assert_string_equal(buf_z(text), "ok\n");
    select_text(
        path, "SELECT type || ' ' || tbl_name || ': ' || sql FROM sqlite_schema WHERE name = 'link_person'", text);
    assert_string_equal(buf_z(text), "index link: CREATE INDEX link_person ON link (person)\n");
    select_text(path, "EXPLAIN QUERY PLAN SELECT tag FROM link WHERE person = 1 ORDER BY tag", text);
    assert_string_equal(buf_z(text), "SEARCH link USING COVERING INDEX link_person (person=?)\n");
}

/* A person of many: numbers that differ in any of four digits of 16 bits. */
static PersonId spread_person(uint32_t i)
{
    static const PersonId base[] = {1, 0x10000, UINT64_C(0x300000000), UINT64_C(0x4000000000000000)};
    return base[i % 4] + i % 3000 / 4;
}

/* Links enough to be written in bulk, their index at the end; then the same file as ever. */
static void test_many_links(void **state)
{
    enum { LINKS = 12001 };
    Scratch *s = *state;
    Links links = {0}, back = {0};
    RecordTags tags = {0}, gone = {0};
    Journal none = {0};
    Buf text;
    buf_init(&text, 0);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    for (uint32_t i = 0; i < LINKS; i++) {
        uint32_t mixed = i * UINT32_C(2654435761);
        Link link = {
            .person = spread_person(i), .kind = i < 3000 ? LINK_FOUNDING : LINK_MODEL, .odds = (int32_t)i - 6000};
        memcpy(link.tag.bytes, &mixed, sizeof mixed);
        link.tag.bytes[15] = 1;
        if (i >= 3000)
            link.partner = links.at[i - 3000].tag;
        assert_ok(vec_push(&links, link, err));
    }
    put(&f, RUN_FULL, "m", &links, &none, NULL, 1);
    assert_ok(vault_links(f.vault, &back, err));
    assert_int_equal(back.len, LINKS);
    uint64_t records, persons, quarantined;
    assert_ok(vault_count(f.vault, &records, &persons, &quarantined, err));
    assert_int_equal(persons, 3000);
    for (uint32_t i = 0; i < 3000; i += 7) {
        tags.len = 0;
        assert_ok(vault_records_of(f.vault, spread_person(i), &tags, err));
        assert_int_equal(tags.len, 4 + (i == 0));
        for (size_t k = 1; k < tags.len; k++)
            assert_true(tag_cmp(&tags.at[k - 1], &tags.at[k]) < 0);
    }
    assert_index(s, &text);
    /* the index is kept up by those who know nothing of how it was made */
    assert_ok(vec_push(&gone, links.at[0].tag, err));
    links.len = 1;
    links.at[0] = (Link){.tag = links.at[1].tag, .person = 77777, .kind = LINK_FOUNDING};
    put(&f, RUN_NEWCOMERS, "m", &links, &none, &gone, 2);
    tags.len = 0;
    assert_ok(vault_records_of(f.vault, 77777, &tags, err));
    assert_int_equal(tags.len, 1);
    tags.len = 0;
    assert_ok(vault_records_of(f.vault, spread_person(0), &tags, err));
    assert_int_equal(tags.len, 4);
    assert_index(s, &text);
    vec_free(&links);
    vec_free(&back);
    vec_free(&tags);
    vec_free(&gone);
    buf_free(&text);
    close_vault(&f);
}

static void one_link(Links *out, uint8_t tag, PersonId person)
{
    out->len = 0;
    assert_ok(vec_push(out, ((Link){.tag = {{tag}}, .person = person, .kind = LINK_MODEL}), err));
}

/* The person of each record before each run, against what was written. */
static void test_links_before_a_run(void **state)
{
    Scratch *s = *state;
    Links links = {0}, then = {0};
    Journal none = {0};
    RecordTags gone = {0};
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    one_link(&links, 1, 11);
    put(&f, RUN_FULL, "m", &links, &none, NULL, 1);
    one_link(&links, 2, 12);
    put(&f, RUN_NEWCOMERS, "m", &links, &none, NULL, 2);
    one_link(&links, 1, 12);
    put(&f, RUN_NEWCOMERS, "m", &links, &none, NULL, 3);
    links.len = 0;
    assert_ok(vec_push(&gone, ((RecordTag){{2}}), err));
    put(&f, RUN_UNDO, "m", &links, &none, &gone, 4);
    one_link(&links, 2, 13);
    put(&f, RUN_NEWCOMERS, "m", &links, &none, NULL, 5);
    static const PersonId want[][2] = {{0, 0}, {11, 0}, {11, 12}, {12, 12}, {12, 0}, {12, 13}};
    for (int64_t run = 1; run <= 6; run++) {
        then.len = 0;
        assert_ok(vault_links_before(f.vault, run, &then, err));
        PersonId got[2] = {0};
        for (size_t i = 0; i < then.len; i++)
            got[then.at[i].tag.bytes[0] - 1] = then.at[i].person;
        assert_int_equal(got[0], want[run - 1][0]);
        assert_int_equal(got[1], want[run - 1][1]);
    }
    Link past;
    assert_ok(vault_link_past(f.vault, &(RecordTag){{1}}, 3, &past, err));
    assert_int_equal(past.person, 11);
    assert_status(vault_link_past(f.vault, &(RecordTag){{1}}, 2, &past, err), ERR_NOT_FOUND);
    vec_free(&links);
    vec_free(&then);
    vec_free(&gone);
    close_vault(&f);
}

/* --- decisions, the queue, models, samples ---------------------------------------------------------------------- */

static void test_decisions(void **state)
{
    Scratch *s = *state;
    Arena arena;
    ReviewDecisions all = {0};
    arena_init(&arena, 0);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    ReviewDecision d = {.a = {{2}}, .b = {{1}}, .verdict = REVIEW_SAME, .reviewer = SLICE("Ann"), .odds = INT32_MIN};
    assert_ok(vault_add_decisions(f.vault, &d, 1, NULL, err));
    d = (ReviewDecision){
        .a = {{1}}, .b = {{2}}, .verdict = REVIEW_DIFFERENT, .reviewer = SLICE("Bo"), .blind = true, .odds = -5};
    assert_ok(vault_add_decisions(f.vault, &d, 1, NULL, err));
    /* all or none */
    ReviewDecision three[] = {d, d, d};
    size_t bad = 0;
    three[1].reviewer = SLICE(" ");
    assert_status(vault_add_decisions(f.vault, three, 3, &bad, err), ERR_INVALID);
    assert_int_equal(bad, 1);
    three[1].reviewer = SLICE("Bo");
    three[2].b = three[2].a;
    assert_status(vault_add_decisions(f.vault, three, 3, &bad, err), ERR_INVALID);
    assert_int_equal(bad, 2);
    assert_ok(vault_decisions(f.vault, &arena, &all, err));
    assert_int_equal(all.len, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(all.at[i].a.bytes[0], 1); /* in order of tag, whoever named them how */
        assert_int_equal(all.at[i].b.bytes[0], 2);
        assert_int_equal(all.at[i].seq, i + 1);
    }
    assert_int_equal(all.at[0].odds, INT32_MIN);
    assert_int_equal(all.at[1].odds, -5);
    assert_true(all.at[1].blind && slice_eq_z(all.at[1].reviewer, "Bo"));
    close_vault(&f);
    /* kept for ever */
    assert_true(is_refused(scratch_path(s, "home/vault.db"), "DELETE FROM decision"));
    assert_true(is_refused(scratch_path(s, "home/vault.db"), "UPDATE decision SET verdict = 1"));
    vec_free(&all);
    arena_free(&arena);
}

static void test_queue_and_models(void **state)
{
    Scratch *s = *state;
    Arena arena;
    ReviewItems items = {0}, back = {0};
    Links links = {0};
    Journal none = {0};
    StoredModel model;
    int64_t run;
    arena_init(&arena, 0);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    assert_status(vault_model_in_force(f.vault, &arena, &model, err), ERR_NOT_FOUND);
    for (uint8_t i = 0; i < 3; i++)
        assert_ok(vec_push(&items,
            ((ReviewItem){.a = {{i}}, .b = {{9}}, .value = i, .reason = REVIEW_AMBIGUOUS, .evidence = SLICE("{}")}),
            err));
    assert_ok(vault_put_model(f.vault,
        &(StoredModel){.name = SLICE("v1"), .json = SLICE("{1}"), .config = SLICE("c"), .baseline = SLICE("b")}, err));
    LinkWrite w = {.kind = RUN_FULL,
        .model = SLICE("v1"),
        .links = &links,
        .journal = &none,
        .queue = &items,
        .queue_mode = QUEUE_REPLACE,
        .report = SLICE("{}")};
    assert_ok(vault_put_links(f.vault, &w, &run, err));
    assert_ok(vault_model_in_force(f.vault, &arena, &model, err));
    assert_true(slice_eq_z(model.json, "{1}") && slice_eq_z(model.baseline, "b"));
    assert_ok(vault_queue(f.vault, &arena, &back, err));
    assert_int_equal(back.len, 3);
    assert_int_equal(back.at[0].value, 2); /* what is worth most first */
    items.len = 1;
    items.at[0].value = 7;
    w.queue_mode = QUEUE_ADD;
    assert_ok(vault_put_links(f.vault, &w, &run, err));
    back.len = 0;
    assert_ok(vault_queue(f.vault, &arena, &back, err));
    assert_int_equal(back.len, 3);
    assert_int_equal(back.at[0].value, 7);
    w.queue_mode = QUEUE_REPLACE;
    assert_ok(vault_put_links(f.vault, &w, &run, err));
    back.len = 0;
    assert_ok(vault_queue(f.vault, &arena, &back, err));
    assert_int_equal(back.len, 1);
    /* a run under a model that was never stored leaves none in force */
    w.model = SLICE("v0");
    assert_ok(vault_put_links(f.vault, &w, &run, err));
    assert_status(vault_model_in_force(f.vault, &arena, &model, err), ERR_NOT_FOUND);
    vec_free(&items);
    vec_free(&back);
    arena_free(&arena);
    close_vault(&f);
}

/* Renewed without a run; and an undo takes along what was asked about records it releases. */
static void test_queue_after_undo(void **state)
{
    Scratch *s = *state;
    Arena arena;
    ReviewItems items = {0}, back = {0};
    PersonMisses misses = {0}, missed = {0};
    Links links = {0};
    Journal none = {0};
    RecordTags gone = {0};
    int64_t last;
    arena_init(&arena, 0);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    for (uint8_t i = 1; i <= 3; i++) {
        assert_ok(vec_push(&links, ((Link){.tag = {{i}}, .person = i, .kind = LINK_FOUNDING}), err));
        assert_ok(vec_push(&misses, ((PersonMiss){i, 100u * i}), err));
    }
    assert_ok(vec_push(&items, ((ReviewItem){.a = {{1}}, .b = {{2}}, .value = 1, .evidence = SLICE("{}")}), err));
    assert_ok(vec_push(&items, ((ReviewItem){.a = {{1}}, .b = {{3}}, .value = 2, .evidence = SLICE("{}")}), err));
    put(&f, RUN_FULL, "m", &links, &none, NULL, 1);
    for (int twice = 0; twice < 2; twice++)
        assert_ok(vault_renew_review(f.vault, &items, &misses, err));
    assert_ok(vault_last_run(f.vault, &last, err));
    assert_int_equal(last, 1);
    assert_ok(vault_queue(f.vault, &arena, &back, err));
    assert_int_equal(back.len, 2);
    links.len = 0;
    assert_ok(vec_push(&gone, ((RecordTag){{3}}), err));
    put(&f, RUN_UNDO, "m", &links, &none, &gone, 2);
    back.len = 0;
    assert_ok(vault_queue(f.vault, &arena, &back, err));
    assert_int_equal(back.len, 1);
    assert_int_equal(back.at[0].b.bytes[0], 2);
    assert_ok(vault_misses(f.vault, &missed, err));
    assert_int_equal(missed.len, 2);
    assert_int_equal(missed.at[1].person, 2);
    vec_free(&items);
    vec_free(&back);
    vec_free(&misses);
    vec_free(&missed);
    vec_free(&links);
    vec_free(&gone);
    arena_free(&arena);
    close_vault(&f);
}

/* Two models, two runs, each of which changes what is missing of person 1; going back brings the first state again. */
static void test_undo_brings_models_and_misses(void **state)
{
    Scratch *s = *state;
    Arena arena;
    Links links = {0}, then = {0};
    Journal none = {0};
    PersonMisses misses = {0}, missed = {0};
    LinkInfo info;
    int64_t run;
    arena_init(&arena, 0);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    const RecordTag one = {{1}}, two = {{2}};
    assert_ok(vec_push(&links, ((Link){.tag = one, .person = 1, .kind = LINK_FOUNDING}), err));
    assert_ok(vec_push(&links, ((Link){.tag = two, .person = 2, .kind = LINK_FOUNDING}), err));
    assert_ok(vec_push(&misses, ((PersonMiss){1, 100}), err));
    LinkWrite w = {.kind = RUN_FULL,
        .model = SLICE("old"),
        .links = &links,
        .journal = &none,
        .queue_mode = QUEUE_KEEP,
        .misses = &misses,
        .report = SLICE("{}")};
    assert_ok(vault_put_links(f.vault, &w, &run, err));
    w.kind = RUN_NEWCOMERS;
    w.model = SLICE("new");
    links.at[1] = (Link){.tag = two, .person = 1, .kind = LINK_MODEL, .odds = 9, .partner = one};
    misses.at[0].missed = 130;
    assert_ok(vault_put_links(f.vault, &w, &run, err));
    for (int64_t back_to = 2; back_to <= 3; back_to++) {
        bool undone = back_to == 2; /* and then the undo itself is */
        then.len = missed.len = 0;
        assert_ok(vault_links_before(f.vault, back_to, &then, err));
        const LinkWrite undo = {.kind = RUN_UNDO,
            .model = SLICE("undoer"),
            .links = &then,
            .journal = &none,
            .back_to = back_to,
            .report = SLICE("{}")};
        assert_ok(vault_put_links(f.vault, &undo, &run, err));
        assert_int_equal(run, back_to + 1);
        assert_ok(vault_link_of(f.vault, &two, &arena, &info, err));
        assert_int_equal(info.link.person, undone ? 2 : 1);
        assert_true(slice_eq_z(info.model, undone ? "old" : "new"));
        assert_ok(vault_misses(f.vault, &missed, err));
        assert_int_equal(missed.len, 1);
        assert_int_equal(missed.at[0].missed, undone ? 100 : 130);
    }
    vec_free(&links);
    vec_free(&then);
    vec_free(&misses);
    vec_free(&missed);
    arena_free(&arena);
    close_vault(&f);
}

static void test_samples(void **state)
{
    Scratch *s = *state;
    Arena arena;
    ClericalPairs pairs = {0}, back = {0};
    ClericalSample sample = {
        .model = SLICE("v1"), .strata = 2, .population = {10, 20}, .from = {-5, 5}, .linked = {false, true}};
    int64_t number = 0;
    arena_init(&arena, 0);
    scratch_make_home(s);
    Fixture f = open_vault(s, HOME_WRITE);
    assert_status(vault_get_sample(f.vault, 0, &arena, &sample, &back, err), ERR_NOT_FOUND);
    for (uint8_t i = 0; i < 4; i++)
        assert_ok(vec_push(&pairs,
            ((ClericalPair){
                .stratum = i % 2, .a = {{i}}, .b = {{99}}, .odds = i, .linked = i % 2, .evidence = SLICE("{}")}),
            err));
    assert_ok(vault_put_sample(f.vault, &sample, &pairs, &number, err));
    assert_int_equal(number, 1);
    assert_ok(vault_put_sample(f.vault, &sample, &pairs, &number, err));
    assert_int_equal(number, 2);
    ClericalSample got;
    assert_ok(vault_get_sample(f.vault, 0, &arena, &got, &back, err));
    assert_int_equal(got.sample, 2);
    assert_int_equal(got.strata, 2);
    assert_int_equal(got.population[1], 20);
    assert_true(!got.linked[0] && got.linked[1] && slice_eq_z(got.model, "v1"));
    assert_int_equal(back.len, 4);
    assert_int_equal(back.at[0].stratum, 0);
    assert_int_equal(back.at[3].a.bytes[0], 3);
    vec_free(&pairs);
    vec_free(&back);
    arena_free(&arena);
    close_vault(&f);
}

/* A vault of another schema is refused in words, and left as it is. */
static void test_other_schema(void **state)
{
    Scratch *s = *state;
    Vault *vault = NULL;
    Error e = ERROR_INIT;
    scratch_make_home(s);
    tamper_sql(scratch_path(s, "home/vault.db"), "PRAGMA user_version = 1");
    static const HomeAccess ways[] = {HOME_READ, HOME_WRITE};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        Home *home = scratch_home(s, ways[i]);
        error_clear(&e);
        assert_int_equal(vault_open(home, &vault, &e), ERR_INVALID);
        assert_non_null(strstr(e.message, "schema 1"));
        home_close(home);
    }
}

/* --- tags in order ---------------------------------------------------------------------------------------------- */

typedef struct Tagged {
    RecordTag tag;
    uint32_t more;
} Tagged;

/* same: so many first bytes are alike in all tags; with 8, all fall into one bucket. */
static void check_places(size_t count, size_t same)
{
    Error err = ERROR_INIT;
    Tagged *all = NULL;
    TagPlaces places;
    assert_int_equal(mem_zalloc(count + 1, sizeof *all, (void **)&all, &err), OK);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = ((uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        for (size_t k = 0; k < 8; k++)
            all[i].tag.bytes[same + k] = (uint8_t)(hash >> (56 - 8 * k));
    }
    assert_int_equal(tag_places_new(&all[0].tag, sizeof *all, count, &places, &err), OK);
    for (size_t i = 1; i < count; i++)
        assert_true(tag_cmp(&all[places.order[i - 1]].tag, &all[places.order[i]].tag) < 0);
    for (size_t i = 0; i < count; i++) {
        RecordTag other = all[i].tag;
        assert_int_equal(tag_places_find(&places, &all[i].tag), i);
        other.bytes[15] ^= 1;
        assert_int_equal(tag_places_find(&places, &other), UINT32_MAX);
    }
    tag_places_free(&places);
    mem_free(all);
}

static void test_tag_places(void **state)
{
    UNUSED(state);
    RecordTag none = {{0}};
    TagPlaces empty;
    assert_int_equal(tag_places_new(NULL, sizeof none, 0, &empty, NULL), OK);
    assert_int_equal(tag_places_find(&empty, &none), UINT32_MAX);
    tag_places_free(&empty);
    for (size_t count = 1; count < 40; count++)
        check_places(count, 0);
    check_places(20000, 0);
    check_places(3000, 7); /* what all share tells nothing */
    check_places(3000, 8);
}

int main(void)
{
#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tag_places),
        WITH_SCRATCH(test_two_steps),
        WITH_SCRATCH(test_links),
        WITH_SCRATCH(test_many_links),
        WITH_SCRATCH(test_links_before_a_run),
        WITH_SCRATCH(test_decisions),
        WITH_SCRATCH(test_queue_and_models),
        WITH_SCRATCH(test_queue_after_undo),
        WITH_SCRATCH(test_undo_brings_models_and_misses),
        WITH_SCRATCH(test_samples),
        WITH_SCRATCH(test_other_schema),
    };
    return cmocka_run_group_tests_name("linkage", tests, NULL, NULL);
}
