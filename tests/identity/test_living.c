/*
 * Living with links: full runs, newcomers, decisions, undo, map, the queue, quality, words. The engine is the real one
 * on a small made-up population.
 */
#include "identity_world.h"

#include <stdio.h>
#include <stdlib.h>

#define PEOPLE 300

static LinkReport link_now(World *w, LinkScope scope)
{
    LinkContext ctx = world_context(w);
    LinkReport r;
    Vault *vault;
    uint64_t records, persons, quarantined;
    assert_ok(identity_link(&ctx, scope, &r, err));
    /* two clusters under one id would be a silent merge */
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_count(vault, &records, &persons, &quarantined, err));
    vault_close(vault);
    assert_int_equal(persons, r.persons);
    return r;
}

static unsigned pairs_together(World *w, const RecordTag *tags, unsigned people)
{
    unsigned n = 0;
    for (unsigned i = 0; i < people; i++)
        n += world_person(w, &tags[2 * i]) == world_person(w, &tags[2 * i + 1]);
    return n;
}

static void full_then_nothing(World *w, const RecordTag *tags)
{
    IdentityState s;
    LinkReport r = link_now(w, LINK_NEWCOMERS);
    assert_true(r.full);
    assert_string_equal(r.why_full, "no model is in force");
    assert_int_equal(r.records, 2 * PEOPLE);
    assert_int_equal(r.run, 1);
    assert_true(pairs_together(w, tags, PEOPLE) >= PEOPLE * 7 / 10); /* a quarter have nothing but a name in common */
    assert_true(r.precision.low <= r.precision.value && r.precision.value <= r.precision.high);
    assert_true(r.recall.value > 0.8 && r.recall.value <= 1);
    /* the same again writes nothing, in either way */
    r = link_now(w, LINK_EVERYTHING);
    assert_int_equal(r.run, 0);
    assert_int_equal(r.moves + r.merges + r.splits + r.new_persons, 0);
    r = link_now(w, LINK_NEWCOMERS);
    assert_false(r.full);
    assert_int_equal(r.run, 0);
    assert_ok(identity_state(w->home, &s, err));
    assert_int_equal(s.last_run, 1);
    assert_int_equal(s.unlinked, 0);
}

static void newcomers_keep_ids(void **state)
{
    World *w = *state;
    RecordTag tags[2 * PEOPLE], late[2 * 20];
    PersonId before[2 * PEOPLE];
    world_add_people(w, 0, PEOPLE, tags);
    link_now(w, LINK_EVERYTHING);
    for (unsigned i = 0; i < 2 * PEOPLE; i++)
        before[i] = world_person(w, &tags[i]);
    world_add_people(w, PEOPLE, 20, late);
    /* somebody known, spelt another way */
    Vault *vault;
    Arena arena;
    VaultRecord known;
    RecordTag again;
    const VaultPurpose test = {.purpose = "test", .agreement = "test"};
    arena_init(&arena, 0);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_get_record(vault, &test, &tags[2], &arena, &known, err));
    vault_close(vault);
    const WorldRecord copy = {"school", known.values.at[ID_SASID].ptr, NULL, known.values.at[ID_FIRST].ptr, "OTHERNAME",
        known.values.at[ID_BIRTH_DATE].ptr, known.values.at[ID_SEX].ptr};
    world_add(w, &copy, 1, &again);
    arena_free(&arena);
    LinkReport r = link_now(w, LINK_BY_POLICY);
    assert_false(r.full);
    assert_int_equal(r.newcomers, 41);
    assert_true(r.joins >= 1);
    for (unsigned i = 0; i < 2 * PEOPLE; i++)
        assert_int_equal(world_person(w, &tags[i]), before[i]);
    assert_int_equal(world_person(w, &again), before[2]);
    assert_true(pairs_together(w, late, 20) >= 13);
    /* too many for the policy: everything */
    world_add_people(w, PEOPLE + 20, 120, NULL);
    r = link_now(w, LINK_BY_POLICY);
    assert_true(r.full);
}

/* The two records of the first person that the model united. */
static unsigned united(World *w, const RecordTag *tags)
{
    for (unsigned i = 0; i < PEOPLE; i++)
        if (world_person(w, &tags[2 * i]) == world_person(w, &tags[2 * i + 1]))
            return i;
    fail_msg("nobody was linked");
    return 0;
}

static void decide(World *w, const RecordTag *a, const RecordTag *b, ReviewVerdict verdict, const char *who)
{
    Vault *vault;
    assert_ok(vault_open(w->home, &vault, err));
    const ReviewDecision d = {.a = *a, .b = *b, .verdict = verdict, .reviewer = slice_of(who), .odds = INT32_MIN};
    assert_ok(vault_add_decisions(vault, &d, 1, NULL, err));
    vault_close(vault);
}

static void decisions_are_obeyed(void **state)
{
    World *w = *state;
    RecordTag tags[2 * PEOPLE];
    world_add_people(w, 0, PEOPLE, tags);
    link_now(w, LINK_EVERYTHING);
    unsigned i = united(w, tags);
    const RecordTag *a = &tags[2 * i], *b = &tags[2 * i + 1], *c = &tags[2 * ((i + 5) % PEOPLE)];
    /* one person tells two records apart: enough by the policy; to join needs two */
    decide(w, a, b, REVIEW_DIFFERENT, "Ann");
    LinkReport r = link_now(w, LINK_NEWCOMERS);
    assert_false(r.full);
    assert_int_equal(r.decisions, 1);
    /* what was missing before is as uncertain as it was */
    assert_true(r.recall.value < 1 && r.recall.low < r.recall.value && r.recall.value < r.recall.high);
    assert_int_not_equal(world_person(w, a), world_person(w, b));
    decide(w, b, c, REVIEW_SAME, "Ann");
    link_now(w, LINK_NEWCOMERS);
    assert_int_not_equal(world_person(w, b), world_person(w, c));
    decide(w, b, c, REVIEW_SAME, "Bo");
    RecordTag late[2 * 3];
    world_add_people(w, PEOPLE, 3, late); /* who found persons in a pass in which two others become one */
    r = link_now(w, LINK_NEWCOMERS);
    assert_int_equal(world_person(w, b), world_person(w, c));
    assert_true(r.new_persons >= 3);
    for (unsigned k = 0; k < 2 * PEOPLE; k++)
        assert_int_not_equal(world_person(w, &tags[k]), world_person(w, &late[0]));
    assert_true(r.kinds[LINK_DECISION] >= 1);
    /* a full run obeys too */
    link_now(w, LINK_EVERYTHING);
    assert_int_equal(world_person(w, b), world_person(w, c));
    assert_int_not_equal(world_person(w, a), world_person(w, b));
}

static void undo_goes_back(void **state)
{
    World *w = *state;
    LinkContext ctx = world_context(w);
    RecordTag tags[2 * PEOPLE], late[2 * 10];
    Links before = {0}, after = {0};
    UndoReport r;
    Vault *vault;
    world_add_people(w, 0, PEOPLE, tags);
    link_now(w, LINK_EVERYTHING);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_links(vault, &before, err));
    vault_close(vault);
    unsigned i = united(w, tags);
    PersonId old = world_person(w, &tags[2 * i]);
    world_add_people(w, PEOPLE, 10, late);
    decide(w, &tags[2 * i], &tags[2 * i + 1], REVIEW_DIFFERENT, "Ann");
    link_now(w, LINK_NEWCOMERS);
    assert_int_not_equal(world_person(w, &tags[2 * i]), world_person(w, &tags[2 * i + 1]));
    /* one line of the journal: the record that moved away comes back */
    Buf csv;
    buf_init(&csv, 0);
    assert_ok(identity_journal_csv(w->home, 1, 0, &csv, err));
    size_t at = slice_find(buf_slice(&csv), SLICE(",move,"));
    assert_true(at < csv.len);
    size_t begin = at;
    while (csv.ptr[begin - 1] != '\n')
        begin--;
    Slice line = slice_sub(buf_slice(&csv), begin, csv.len), seq = slice_cut(&line, ',');
    UndoOptions lines = {0};
    assert_ok(parse_i64(seq, &lines.seq_from, err));
    lines.seq_to = lines.seq_from;
    assert_ok(identity_undo(&ctx, &lines, &r, err));
    assert_int_equal(r.restored, 1);
    assert_int_equal(world_person(w, &tags[2 * i]), old);
    assert_int_equal(world_person(w, &tags[2 * i + 1]), old);
    /* the line was undone: again is refused, because the record was moved later */
    assert_int_equal(identity_undo(&ctx, &lines, &r, NULL), ERR_INVALID);
    buf_free(&csv);
    /* both later runs: newcomers wait again, everybody else is exactly where and how they were */
    assert_ok(identity_undo(&ctx, &(UndoOptions){.run = 2}, &r, err));
    assert_int_equal(r.released, 20);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_links(vault, &after, err));
    vault_close(vault);
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after.at, before.at, before.len * sizeof *before.at);
    /* and the undo can be undone */
    assert_ok(identity_undo(&ctx, &(UndoOptions){0}, &r, err));
    assert_int_equal(r.restored, 20);
    assert_int_not_equal(world_person(w, &late[0]), 0);
    vec_free(&before);
    vec_free(&after);
}

/* A decision about records that are not linked yet, or not any more, waits for them. */
static void decisions_wait(void **state)
{
    World *w = *state;
    LinkContext ctx = world_context(w);
    RecordTag tags[2 * PEOPLE], late[2 * 10];
    PersonMisses before = {0}, after = {0};
    UndoReport undone;
    Vault *vault;
    world_add_people(w, 0, PEOPLE, tags);
    link_now(w, LINK_EVERYTHING);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_misses(vault, &before, err));
    vault_close(vault);
    world_add_people(w, PEOPLE, 10, late);
    for (unsigned i = 0; i < 10; i++)
        decide(w, &late[2 * i], &late[2 * i + 1], REVIEW_DIFFERENT, "Ann");
    for (int again = 0; again < 2; again++) {
        LinkReport r = link_now(w, LINK_NEWCOMERS);
        assert_false(r.full);
        assert_int_equal(r.decisions, 10);
        for (unsigned i = 0; i < 10; i++)
            assert_int_not_equal(world_person(w, &late[2 * i]), world_person(w, &late[2 * i + 1]));
        /* what was missing of the persons there were is not forgotten */
        after.len = 0;
        assert_ok(vault_open(w->home, &vault, err));
        assert_ok(vault_misses(vault, &after, err));
        vault_close(vault);
        size_t k = 0;
        assert_true(before.len > 0);
        for (size_t i = 0; i < before.len; i++) {
            while (k < after.len && after.at[k].person < before.at[i].person)
                k++;
            assert_true(k < after.len && after.at[k].person == before.at[i].person);
            assert_true(after.at[k].missed >= before.at[i].missed);
        }
        if (again == 0) {
            assert_ok(identity_undo(&ctx, &(UndoOptions){0}, &undone, err));
            assert_int_equal(undone.released, 20);
        }
    }
    vec_free(&before);
    vec_free(&after);
}

/* A full run that changes nothing but what is expected to be missing, or the model, is undone like any other. */
static void undo_without_links(void **state)
{
    World *w = *state;
    LinkContext ctx = world_context(w);
    PersonMisses before = {0}, other = {0}, after = {0};
    UndoReport undone;
    Vault *vault;
    Arena arena;
    StoredModel model;
    Links links = {0};
    Journal none = {0};
    int64_t run;
    arena_init(&arena, 0);
    world_add_people(w, 0, PEOPLE, NULL);
    link_now(w, LINK_EVERYTHING);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_model_in_force(vault, &arena, &model, err));
    assert_ok(vault_misses(vault, &before, err));
    for (size_t i = 0; i < before.len; i++)
        assert_ok(vec_push(&other, ((PersonMiss){before.at[i].person, before.at[i].missed + 1}), err));
    assert_true(other.len > 0);
    const StoredModel next = {.name = SLICE("next"), .json = model.json, .config = model.config};
    const LinkWrite misses_alone = {.kind = RUN_FULL,
        .model = model.name,
        .links = &links,
        .journal = &none,
        .queue_mode = QUEUE_REPLACE,
        .queue = &(ReviewItems){0},
        .misses = &other,
        .report = SLICE("{}")};
    const LinkWrite model_alone = {.kind = RUN_FULL,
        .model = next.name,
        .stored = &next,
        .links = &links,
        .journal = &none,
        .queue_mode = QUEUE_KEEP,
        .report = SLICE("{}")};
    const LinkWrite *const runs[] = {&misses_alone, &model_alone};
    for (size_t i = 0; i < COUNT_OF(runs); i++) {
        StoredModel now;
        assert_ok(vault_put_links(vault, runs[i], &run, err));
        vault_close(vault);
        assert_ok(identity_undo(&ctx, &(UndoOptions){0}, &undone, err));
        assert_int_equal(undone.run, run + 1);
        assert_int_equal(undone.restored + undone.released, 0);
        assert_ok(vault_open(w->home, &vault, err));
        after.len = 0;
        assert_ok(vault_misses(vault, &after, err));
        assert_true(person_misses_same(&before, &after));
        assert_ok(vault_model_in_force(vault, &arena, &now, err));
        assert_true(slice_eq(now.name, model.name));
        /* once more there is nothing to do */
        vault_close(vault);
        assert_ok(identity_undo(&ctx, &(UndoOptions){.run = run}, &undone, err));
        assert_int_equal(undone.run, 0);
        assert_ok(vault_open(w->home, &vault, err));
    }
    vault_close(vault);
    vec_free(&before);
    vec_free(&other);
    vec_free(&after);
    arena_free(&arena);
}

/* Undoing some lines of the journal can leave a record's partner in another person. */
static void partner_elsewhere(void **state)
{
    World *w = *state;
    LinkContext ctx = world_context(w);
    RecordTag tags[2 * PEOPLE];
    Links links = {0};
    Journal none = {0};
    Vault *vault;
    Arena arena;
    LinkInfo a, b;
    int64_t run, n;
    arena_init(&arena, 0);
    world_add_people(w, 0, PEOPLE, tags);
    LinkReport r = link_now(w, LINK_EVERYTHING);
    unsigned i = united(w, tags);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_link_of(vault, &tags[2 * i], &arena, &a, err));
    assert_ok(vault_link_of(vault, &tags[2 * i + 1], &arena, &b, err));
    Link *tied = a.link.kind == LINK_FOUNDING ? &b.link : &a.link;
    assert_false(tag_is_zero(&tied->partner));
    tied->person = world_person(w, &tags[2 * ((i + 5) % PEOPLE)]);
    assert_ok(vec_push(&links, *tied, err));
    const LinkWrite write = {
        .kind = RUN_UNDO, .model = slice_of(r.model_version), .links = &links, .journal = &none, .report = SLICE("{}")};
    assert_ok(vault_put_links(vault, &write, &run, err));
    vault_close(vault);
    DbOptions options = DB_OPTIONS_INIT;
    Db *db;
    assert_ok(db_open(&options, &db, err));
    assert_ok(identity_export(&ctx, db, err));
    assert_ok(db_value_i64(db, &n, err, "SELECT count(*) FROM person_link WHERE link_correct > link_pairs * 1000000"));
    assert_int_equal(n, 0);
    db_close(db);
    r = link_now(w, LINK_NEWCOMERS);
    assert_true(r.precision.low >= 0 && r.precision.value <= 1);
    vec_free(&links);
    arena_free(&arena);
}

static void put_state(Vault *vault, LinkRunKind kind, const Link *at, size_t count, const Journal *journal)
{
    Links links = {0};
    int64_t run;
    for (size_t i = 0; i < count; i++)
        assert_ok(vec_push(&links, at[i], err));
    const LinkWrite w = {.kind = kind, .model = SLICE("m"), .links = &links, .journal = journal, .report = SLICE("{}")};
    assert_ok(vault_put_links(vault, &w, &run, err));
    vec_free(&links);
}

/* The record that others hang on was moved in by mistake: without it the person is one tree all the same. */
static void undo_leaves_whole_trees(void **state)
{
    World *w = *state;
    LinkContext ctx = world_context(w);
    RecordTag t[4];
    Journal none = {0}, moved = {0};
    Links links = {0};
    UndoReport undone;
    Vault *vault;
    world_add_people(w, 0, 2, t);
    const RecordTag nobody = {{0}};
    const StoredModel model = {.name = SLICE("m"), .json = SLICE("{}"), .config = SLICE("c"), .baseline = SLICE("{}")};
    /* a alone in person 1; b, c, d in person 2 */
    const RecordTag a = t[0], b = t[1], c = t[2], d = t[3];
    const Link before[] = {{a, 1, LINK_FOUNDING, 0, nobody}, {b, 2, LINK_FOUNDING, 0, nobody},
        {c, 2, LINK_MODEL, 5000, b}, {d, 2, LINK_RULE, 6000, c}};
    const Link after[] = {{a, 2, LINK_FOUNDING, 0, nobody}, {b, 2, LINK_MODEL, 7000, a}, {c, 2, LINK_MODEL, 8000, a},
        {d, 2, LINK_RULE, 6000, c}};
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_put_model(vault, &model, err));
    put_state(vault, RUN_FULL, before, 4, &none);
    assert_ok(vec_push(&moved, ((JournalEntry){JOURNAL_MOVE, 1, 2, a}), err));
    put_state(vault, RUN_FULL, after, 4, &moved);
    vault_close(vault);
    assert_ok(identity_undo(&ctx, &(UndoOptions){.seq_from = 1, .seq_to = 1}, &undone, err));
    assert_int_equal(undone.restored, 1);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_links(vault, &links, err));
    vault_close(vault);
    const bool b_first = tag_cmp(&b, &c) < 0;
    const RecordTag founder = b_first ? b : c, other = b_first ? c : b;
    assert_int_equal(links.len, 4);
    for (size_t i = 0; i < 4; i++) {
        const Link *l = &links.at[i];
        if (tag_cmp(&l->tag, &a) == 0)
            assert_true(l->person == 1 && l->kind == LINK_FOUNDING);
        else if (tag_cmp(&l->tag, &founder) == 0)
            assert_true(l->person == 2 && l->kind == LINK_FOUNDING && l->odds == 0 && tag_is_zero(&l->partner));
        else if (tag_cmp(&l->tag, &other) == 0)
            assert_true(l->person == 2 && l->kind == LINK_MODEL && l->odds == (b_first ? 8000 : 7000) &&
                        tag_cmp(&l->partner, &founder) == 0);
        else
            assert_true(l->person == 2 && l->kind == LINK_RULE && tag_cmp(&l->partner, &c) == 0);
    }
    vec_free(&links);
    vec_free(&moved);
}

static void queue_now(World *w, Arena *arena, ReviewItems *out)
{
    Vault *vault;
    out->len = 0;
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_queue(vault, arena, out, err));
    vault_close(vault);
}

/* Two reviewers say the same of a pair. */
static void decide_in_order(World *w, const RecordTag *a, const RecordTag *b, ReviewVerdict verdict)
{
    bool in_order = tag_cmp(a, b) < 0;
    decide(w, in_order ? a : b, in_order ? b : a, verdict, "Ann");
    decide(w, in_order ? a : b, in_order ? b : a, verdict, "Bo");
}

static unsigned asked_between(World *w, const ReviewItems *queue, PersonId x, PersonId y)
{
    unsigned n = 0;
    for (size_t i = 0; i < queue->len; i++) {
        PersonId a = world_person(w, &queue->at[i].a), b = world_person(w, &queue->at[i].b);
        n += (a == x && b == y) || (a == y && b == x);
    }
    return n;
}

/* A full run renews the queue even when it changes no link; two persons that were told apart by some of their records
 * are not asked about by others. */
static void queue_is_renewed(void **state)
{
    World *w = *state;
    RecordTag tags[2 * PEOPLE];
    ReviewItems queue = {0}, nothing = {0};
    PersonMisses misses = {0};
    Arena arena;
    Vault *vault;
    arena_init(&arena, 0);
    world_add_people(w, 0, PEOPLE, tags);
    link_now(w, LINK_EVERYTHING);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_misses(vault, &misses, err));
    assert_ok(vault_renew_review(vault, &nothing, &misses, err));
    vec_free(&misses);
    vault_close(vault);
    LinkReport r = link_now(w, LINK_EVERYTHING);
    assert_int_equal(r.run, 0);
    queue_now(w, &arena, &queue);
    assert_true(r.queued > 0);
    assert_int_equal(queue.len, r.queued);
    /* one of two that are asked about gets a second record, a wage record, which no rule keeps away */
    size_t q = 0;
    while (q < queue.len && world_person(w, &queue.at[q].a) == world_person(w, &queue.at[q].b))
        q++;
    assert_true(q < queue.len);
    RecordTag one = queue.at[q].a, other = queue.at[q].b;
    PersonId x = world_person(w, &one), y = world_person(w, &other);
    unsigned k = 0;
    for (; k < PEOPLE; k += 2) {
        PersonId wage = world_person(w, &tags[2 * k + 1]);
        if (wage != x && wage != y && wage != world_person(w, &tags[2 * k]))
            break;
    }
    assert_true(k < PEOPLE);
    const RecordTag *second = &tags[2 * k + 1];
    decide_in_order(w, &one, second, REVIEW_SAME);
    link_now(w, LINK_EVERYTHING);
    x = world_person(w, &one);
    y = world_person(w, &other);
    assert_int_equal(world_person(w, second), x);
    queue_now(w, &arena, &queue);
    assert_int_equal(asked_between(w, &queue, x, y), 1);
    decide_in_order(w, second, &other, REVIEW_UNSURE);
    link_now(w, LINK_EVERYTHING);
    queue_now(w, &arena, &queue);
    assert_int_equal(asked_between(w, &queue, world_person(w, &one), world_person(w, &other)), 0);
    vec_free(&queue);
    arena_free(&arena);
}

static void map_tells_changes(void **state)
{
    World *w = *state;
    RecordTag tags[2 * PEOPLE];
    Buf csv;
    char want[100];
    buf_init(&csv, 0);
    world_add_people(w, 0, PEOPLE, tags);
    link_now(w, LINK_EVERYTHING);
    unsigned i = united(w, tags);
    PersonId old = world_person(w, &tags[2 * i]), other = world_person(w, &tags[2 * ((i + 5) % PEOPLE)]);
    decide(w, &tags[2 * i], &tags[2 * ((i + 5) % PEOPLE)], REVIEW_SAME, "Ann");
    decide(w, &tags[2 * i], &tags[2 * ((i + 5) % PEOPLE)], REVIEW_SAME, "Bo");
    LinkReport r = link_now(w, LINK_NEWCOMERS);
    assert_int_equal(r.merges, 1);
    assert_ok(identity_map_csv(w->home, 2, MAP_CHANGED, &csv, err));
    PersonId now = world_person(w, &tags[2 * i]);
    snprintf(want, sizeof want, "%" PRIu64 ",%" PRIu64 ",2,merged\n", now == old ? other : old, now);
    assert_true(slice_ends(buf_slice(&csv), slice_of(want)));
    size_t changed = csv.len;
    buf_reset(&csv);
    assert_ok(identity_map_csv(w->home, 2, MAP_ALL, &csv, err));
    assert_true(csv.len > changed);
    buf_free(&csv);
}

static void words_without_values(World *w, const RecordTag *tags)
{
    LinkContext ctx = world_context(w);
    char a[TAG_HEX_SIZE], b[TAG_HEX_SIZE], person[24];
    Buf text;
    buf_init(&text, 0);
    unsigned i = united(w, tags);
    tag_print(&tags[2 * i], a);
    tag_print(&tags[2 * i + 1], b);
    WhyOptions o = {.a = slice_of(a), .b = slice_of(b)};
    assert_ok(identity_why(&ctx, &o, &text, err));
    assert_true(slice_find(buf_slice(&text), SLICE("They are one person.")) < text.len);
    assert_true(slice_find(buf_slice(&text), SLICE("last_name")) < text.len);
    assert_int_equal(slice_find(buf_slice(&text), SLICE("\"")), text.len); /* no value */
    o.values = WHY_VALUES;
    assert_int_equal(identity_why(&ctx, &o, &text, NULL), ERR_DENIED);
    o.purpose = "a test";
    buf_reset(&text);
    assert_ok(identity_why(&ctx, &o, &text, err));
    assert_true(slice_find(buf_slice(&text), SLICE("\"")) < text.len);
    /* persons by number; two of them */
    snprintf(person, sizeof person, "%" PRIu64, world_person(w, &tags[2 * ((i + 1) % PEOPLE)]));
    o = (WhyOptions){.a = slice_of(a), .b = slice_of(person)};
    buf_reset(&text);
    assert_ok(identity_why(&ctx, &o, &text, err));
    assert_true(slice_find(buf_slice(&text), SLICE("They are two persons.")) < text.len);
    o.b = SLICE("nonsense");
    assert_int_equal(identity_why(&ctx, &o, &text, NULL), ERR_USAGE);
    o.b = o.a;
    assert_int_equal(identity_why(&ctx, &o, &text, NULL), ERR_INVALID);
    buf_free(&text);
}

/* Two pupils of one name and birthday, and a student who may be either: why it is neither says who else it may be. */
static void rivals_are_named(void **state)
{
    World *w = *state;
    RecordTag tags[3];
    char a[TAG_HEX_SIZE], b[TAG_HEX_SIZE], rival[80];
    LinkContext ctx = world_context(w);
    const WorldRecord records[] = {
        {"school", "9000000017", NULL, "ZENOBIA", "WINTERBOTTOM", "2001-05-05", "F"},
        {"school", "9200000031", NULL, "ZENOBIA", "WINTERBOTTOM", "2001-05-05", "F"},
        {"college", NULL, "531427788", "ZENOBIA", "WINTERBOTTOM", "2001-05-05", "F"},
    };
    Buf text;
    buf_init(&text, 0);
    world_add_people(w, 0, PEOPLE, NULL);
    world_add(w, records, COUNT_OF(records), tags);
    link_now(w, LINK_EVERYTHING);
    for (size_t i = 0; i < 2; i++)
        assert_true(world_person(w, &tags[i]) != world_person(w, &tags[2]));
    tag_print(&tags[2], a);
    tag_print(&tags[0], b);
    assert_ok(identity_why(&ctx, &(WhyOptions){.a = slice_of(a), .b = slice_of(b)}, &text, err));
    assert_true(slice_find(buf_slice(&text), SLICE("nothing contradicts; all records of the one (1)")) < text.len);
    snprintf(rival, sizeof rival, "A may be person %" PRIu64 " as well: ", world_person(w, &tags[1]));
    assert_true(slice_find(buf_slice(&text), slice_of(rival)) < text.len);
    snprintf(rival, sizeof rival, "A may be person %" PRIu64 " as well: ", world_person(w, &tags[0]));
    assert_int_equal(slice_find(buf_slice(&text), slice_of(rival)), text.len); /* not the one that was asked about */
    /* the two pupils contradict each other */
    tag_print(&tags[1], a);
    buf_reset(&text);
    assert_ok(identity_why(&ctx, &(WhyOptions){.a = slice_of(a), .b = slice_of(b)}, &text, err));
    assert_int_equal(slice_find(buf_slice(&text), SLICE("may be person")), text.len);
    buf_free(&text);
}

static long number_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    assert_non_null(at);
    return strtol(at + strlen(key), NULL, 10);
}

/* Stored evidence says in whole bits how common a value is, and its parts still add up. Returns how many fields had
 * such a part. */
static unsigned check_evidence(Slice evidence)
{
    char text[8192];
    unsigned common = 0;
    assert_true(evidence.len < sizeof text);
    memcpy(text, evidence.ptr, evidence.len);
    text[evidence.len] = '\0';
    long sum = number_after(text, "\"prior\":") + number_after(text, "\"household\":") +
               number_after(text, "\"calibration\":") + number_after(text, "\"ruled\":");
    const char *at = strstr(text, "\"fields\":[");
    assert_non_null(at);
    long weight, frequency;
    for (at += strlen("\"fields\":["); sscanf(at, "[\"%*[^\"]\",\"%*[^\"]\",%ld,%ld]", &weight, &frequency) == 2;) {
        assert_int_equal(frequency % WEIGHT_BIT, 0);
        common += frequency != 0;
        sum += weight;
        at = strchr(at, ']') + 1;
        at += *at == ',';
    }
    assert_int_equal(*at, ']');
    assert_int_equal(sum, number_after(text, "\"odds\":"));
    return common;
}

static void sample_and_estimate(World *w, const RecordTag *tags)
{
    LinkContext ctx = world_context(w);
    int64_t number;
    uint64_t drawn;
    SampleQuality q;
    assert_int_equal(identity_sample_quality(w->home, 0, &q, NULL), ERR_NOT_FOUND);
    assert_ok(identity_sample(&ctx, &(SampleOptions){.size = 60, .seed = 1}, &number, &drawn, err));
    assert_true(drawn >= 8);
    Vault *vault;
    Arena arena;
    ClericalSample sample;
    ClericalPairs pairs = {0};
    arena_init(&arena, 0);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_get_sample(vault, number, &arena, &sample, &pairs, err));
    vault_close(vault);
    assert_int_equal(pairs.len, drawn);
    unsigned common = 0;
    for (size_t k = 0; k < pairs.len; k++)
        common += check_evidence(pairs.at[k].evidence);
    assert_true(common > 0);
    /* a reviewer who knows the truth */
    for (size_t k = 0; k < pairs.len; k++) {
        unsigned x = 0, y = 0;
        for (unsigned i = 0; i < 2 * PEOPLE; i++) {
            if (tag_cmp(&tags[i], &pairs.at[k].a) == 0)
                x = i / 2;
            if (tag_cmp(&tags[i], &pairs.at[k].b) == 0)
                y = i / 2;
        }
        decide(w, &pairs.at[k].a, &pairs.at[k].b, x == y ? REVIEW_SAME : REVIEW_DIFFERENT, "Ann");
    }
    assert_ok(identity_sample_quality(w->home, 0, &q, err));
    assert_int_equal(q.judged, drawn);
    assert_true(q.complete);
    assert_true(q.precision.value > 0.9 && q.precision.low <= q.precision.value);
    assert_true(q.recall.value > 0.6 && q.recall.high >= q.recall.value);
    vec_free(&pairs);
    arena_free(&arena);
}

static void drift_is_told(void **state)
{
    World *w = *state;
    LedgerEntries entries = {0};
    Arena arena;
    arena_init(&arena, 0);
    world_add_people(w, 0, PEOPLE, NULL);
    link_now(w, LINK_EVERYTHING);
    /* a wage file in which nobody has a partner */
    for (unsigned i = 0; i < 30; i++) {
        char ssn[10], first[16];
        snprintf(ssn, sizeof ssn, "71%u%02u%04u", i % 10, 11 + i, 5000 + i * 13);
        snprintf(first, sizeof first, "ZZ%c%c", (int)('A' + i % 26), (int)('A' + i / 2 % 26));
        const WorldRecord stranger = {"wage", NULL, ssn, first, first, NULL, NULL};
        world_add(w, &stranger, 1, NULL);
    }
    LinkReport r = link_now(w, LINK_NEWCOMERS);
    assert_int_equal(r.drift_count >= 1, 1);
    assert_string_equal(r.drifts[0].source, "wage");
    assert_string_equal(r.drifts[0].field, "linked");
    assert_ok(ledger_list(w->ledger, "link.drift", &arena, &entries, err));
    assert_int_equal(entries.len, r.drift_count);
    vec_free(&entries);
    arena_free(&arena);
}

static void export_for_the_warehouse(World *w)
{
    LinkContext ctx = world_context(w);
    DbOptions options = DB_OPTIONS_INIT;
    Db *db;
    int64_t n;
    assert_ok(db_open(&options, &db, err));
    assert_ok(identity_export(&ctx, db, err));
    assert_ok(db_value_i64(db, &n, err, "SELECT count(*) FROM identity_map"));
    assert_int_equal(n, 2 * PEOPLE);
    assert_ok(db_value_i64(db, &n, err,
        "SELECT count(*) FROM person_link WHERE link_correct < 0 OR link_correct > link_pairs * 1000000 OR "
        "link_missed < 0 OR link_pairs <> records * (records - 1) // 2 OR link_score NOT BETWEEN 0 AND 1"));
    assert_int_equal(n, 0);
    assert_ok(db_value_i64(db, &n, err, "SELECT count(*) FROM person_link WHERE sectors IN ('school', 'school+wage')"));
    assert_true(n > PEOPLE / 2);
    assert_ok(db_value_i64(db, &n, err, "SELECT persons FROM link_source WHERE source = 'college'"));
    assert_int_equal(n, PEOPLE / 2);
    db_close(db);
}

/* What the warehouse gets now, kept under the number of a moment. */
static LinkMoment keep_moment(World *w, Db *db, int64_t number)
{
    LinkContext ctx = world_context(w);
    LinkMoment m = {.build = number * 10, .at = clock_now()};
    Vault *vault;
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_last_run(vault, &m.run, err));
    vault_close(vault);
    assert_ok(identity_export(&ctx, db, err));
    assert_ok(db_execf(db, err,
        "ALTER TABLE person_link RENAME TO link_%" PRId64 "; ALTER TABLE identity_map RENAME TO map_%" PRId64
        "; DROP TABLE link_source; DROP TABLE identity_source",
        number, number));
    return m;
}

/* Rows of the export at a moment that going back from today's does not give, or gives without cause. */
static void same_as_then(Db *db, int64_t number)
{
    int64_t wrong, rows;
    assert_ok(db_execf(db, err,
        "CREATE OR REPLACE TABLE l AS SELECT * FROM person_link_past WHERE build >= %" PRId64
        " QUALIFY row_number() OVER (PARTITION BY person ORDER BY build) = 1; CREATE OR REPLACE TABLE then_link AS "
        "SELECT * FROM person_link ANTI JOIN l USING (person) UNION ALL BY NAME SELECT * EXCLUDE (build, present) FROM "
        "l "
        "WHERE present",
        number * 10));
    assert_ok(db_value_i64(db, &wrong, err,
        "SELECT count(*) FROM ((FROM then_link EXCEPT FROM link_%" PRId64 ") UNION ALL (FROM link_%" PRId64
        " EXCEPT FROM then_link))",
        number, number));
    assert_int_equal(wrong, 0);
    assert_ok(db_value_i64(db, &wrong, err,
        "SELECT count(*) FROM map_%" PRId64
        " t JOIN identity_map m USING (record_tag) LEFT JOIN (SELECT record_tag, arg_min(person, build) AS person FROM "
        "identity_moved WHERE build >= %" PRId64
        " GROUP BY 1) b USING (record_tag) WHERE coalesce(b.person, m.person) <> t.person",
        number, number * 10));
    assert_int_equal(wrong, 0);
    assert_ok(db_value_i64(db, &rows, err, "SELECT count(*) FROM map_%" PRId64, number));
    assert_true(rows >= 2 * PEOPLE);
}

/* Newcomers and a decision, an undo, a run after it, everything anew: each earlier export can be told from the last. */
static void earlier_exports_are_told(void **state)
{
    World *w = *state;
    LinkContext ctx = world_context(w);
    RecordTag tags[2 * PEOPLE], late[2 * 10];
    DbOptions options = DB_OPTIONS_INIT;
    LinkMoment moments[4];
    UndoReport undone;
    int64_t moved, changed;
    Db *db;
    assert_ok(db_open(&options, &db, err));
    world_add_people(w, 0, PEOPLE, tags);
    link_now(w, LINK_EVERYTHING);
    unsigned i = united(w, tags);
    moments[0] = keep_moment(w, db, 1);
    world_add_people(w, PEOPLE, 10, late);
    decide(w, &tags[2 * i], &tags[2 * i + 1], REVIEW_DIFFERENT, "Ann");
    link_now(w, LINK_NEWCOMERS);
    moments[1] = keep_moment(w, db, 2);
    decide(w, &tags[2 * i], &tags[2 * ((i + 7) % PEOPLE)], REVIEW_SAME, "Ann");
    link_now(w, LINK_NEWCOMERS);
    moments[2] = keep_moment(w, db, 3);
    assert_ok(identity_undo(&ctx, &(UndoOptions){0}, &undone, err));
    link_now(w, LINK_NEWCOMERS);
    moments[3] = keep_moment(w, db, 4);
    link_now(w, LINK_EVERYTHING);
    assert_ok(identity_export_since(&ctx, moments, COUNT_OF(moments), db, err));
    assert_ok(db_value_i64(db, &moved, err, "SELECT count(*) FROM identity_moved"));
    assert_ok(db_value_i64(db, &changed, err, "SELECT count(*) FROM person_link_past WHERE NOT present"));
    assert_true(moved > 0 && changed > 0);
    for (int64_t number = 1; number <= 4; number++)
        same_as_then(db, number);
    db_close(db);
}

static void not_linked_yet(World *w)
{
    LinkContext ctx = world_context(w);
    DbOptions options = DB_OPTIONS_INIT;
    Db *db;
    assert_ok(db_open(&options, &db, err));
    assert_int_equal(identity_export(&ctx, db, NULL), ERR_INVALID);
    db_close(db);
}

/* One population for all that reads: training takes most of a test's time. */
static void reading(void **state)
{
    World *w = *state;
    RecordTag tags[2 * PEOPLE];
    world_add_people(w, 0, PEOPLE, tags);
    not_linked_yet(w);
    full_then_nothing(w, tags);
    words_without_values(w, tags);
    export_for_the_warehouse(w);
    sample_and_estimate(w, tags);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        IN_WORLD(reading),
        IN_WORLD(newcomers_keep_ids),
        IN_WORLD(decisions_are_obeyed),
        IN_WORLD(undo_goes_back),
        IN_WORLD(undo_without_links),
        IN_WORLD(earlier_exports_are_told),
        IN_WORLD(decisions_wait),
        IN_WORLD(partner_elsewhere),
        IN_WORLD(undo_leaves_whole_trees),
        IN_WORLD(queue_is_renewed),
        IN_WORLD(map_tells_changes),
        IN_WORLD(drift_is_told),
        IN_WORLD(rivals_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
