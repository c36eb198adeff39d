/*
 * From the vault to the engine's table: context that the records of one number share, and records whose name is an
 * initial as a kind of their own.
 */
#include "identity_world.h"

#include <stdio.h>

#include "identity/context_share.h"

/* --- shared context ---------------------------------------------------------------------------------------------- */

enum { BOULDER, DENVER, WELD, TEXTS };
enum {
    BY_SSN = 1,
    BY_SASID,
    LEAST_BY_SSN,
    NEXT_BY_SSN,
    COUNT_BY_SSN,
    THIRD_BY_SSN
}; /* as ContextValue.share counts them */

static void context_init(Context *c)
{
    static const Slice texts[TEXTS] = {SLICE_INIT("08013"), SLICE_INIT("08031"), SLICE_INIT("08123")};
    static const ContextShare shares[] = {{ID_SSN, TAKE_MOST, 0}, {ID_SASID, TAKE_MOST, 0}, {ID_SSN, TAKE_LEAST, 0},
        {ID_SSN, TAKE_MOST, 1}, {ID_SSN, TAKE_COUNT, 0}, {ID_SSN, TAKE_MOST, 2}};
    *c = (Context){0};
    for (size_t i = 0; i < TEXTS; i++)
        assert_ok(vec_push(&c->texts, texts[i], err));
    for (size_t i = 0; i < COUNT_OF(shares); i++)
        assert_ok(vec_push(&c->shares, shares[i], err));
}

static void context_done(Context *c)
{
    vec_free(&c->texts);
    vec_free(&c->shares);
}

typedef struct Fact {
    const char *number;
    uint32_t share, text;
    int64_t weight;
} Fact;

enum { COLUMN = 7 };

static Status note_text(void *ctx, const SharedCell *cell, Slice text, Error *err)
{
    UNUSED(err);
    char(*got)[8][CONTEXT_TEXT_SIZE] = ctx;
    assert_in_range(cell->column, COLUMN, COLUMN + 2);
    snprintf(got[cell->column - COLUMN][cell->record], CONTEXT_TEXT_SIZE, "%.*s", SLICE_ARG(text));
    return OK;
}

/* Record i has fact i; whatever the order they are told in, record i gets want[i], in the next column where its query
 * names one. */
static void expect_shared(const Fact *facts, size_t n, const char *const *want)
{
    Context c;
    context_init(&c);
    for (size_t turn = 0; turn < n; turn++) {
        Sharing s = {0};
        char got[3][8][CONTEXT_TEXT_SIZE] = {{{0}}};
        for (size_t k = 0; k < n; k++) {
            size_t i = (k * 5 + turn) % n; /* n is no multiple of five */
            const ContextValue value = {.share = facts[i].share, .text = facts[i].text, .weight = facts[i].weight};
            IdentityValues own = {0};
            RecordTag tag = {{0}};
            tag.bytes[0] = (uint8_t)(i + 1);
            own.at[c.shares.at[value.share - 1].across] = slice_of(facts[i].number);
            assert_ok(sharing_add(&s, &c, COLUMN, (uint32_t)i, &value, 1, &tag, &own, err));
            for (uint32_t rank = 1; rank <= 2; rank++) {
                const SharedNext next = {COLUMN, rank, COLUMN + rank};
                assert_ok(sharing_add_next(&s, &c, &next, (uint32_t)i, &value, &tag, &own, err));
            }
        }
        assert_ok(sharing_settle(&s, &c, 1, note_text, got, err));
        for (size_t i = 0; i < n; i++)
            if (strcmp(got[c.shares.at[facts[i].share - 1].next][i], want[i]) != 0)
                fail_msg("record %zu got %s and %s", i, got[0][i], got[1][i]);
        sharing_free(&s);
    }
    context_done(&c);
}

enum { MANY_RECORDS = 140000, MANY_HOLDERS = 20011 };

typedef struct ManyCells {
    const Context *context;
    uint32_t count;
} ManyCells;

/* Records of one holder lie far apart; the first two say what most of them have. */
static Status check_text(void *ctx, const SharedCell *cell, Slice text, Error *err)
{
    UNUSED(err);
    ManyCells *seen = ctx;
    assert_true(slice_eq(text, seen->context->texts.at[cell->record % MANY_HOLDERS % TEXTS]));
    assert_int_equal(cell->record, seen->count++); /* in the order of noting */
    return OK;
}

static void many_holders(void **state)
{
    UNUSED(state);
    Context c;
    context_init(&c);
    for (unsigned threads = 1; threads <= 2; threads++) {
        Sharing s = {0};
        for (uint32_t i = 0; i < MANY_RECORDS; i++) {
            char number[16];
            const uint32_t holder = i % MANY_HOLDERS;
            const bool first = i < 2 * MANY_HOLDERS;
            const ContextValue value = {
                .share = BY_SASID, .text = (first ? holder : holder + 1) % TEXTS, .weight = first ? 9 : 2};
            IdentityValues own = {0};
            const RecordTag tag = {{0}};
            snprintf(number, sizeof number, "%" PRIu32, holder);
            own.at[ID_SASID] = slice_of(number);
            assert_ok(sharing_add(&s, &c, COLUMN, i, &value, 1, &tag, &own, err));
        }
        ManyCells seen = {.context = &c};
        assert_ok(sharing_settle(&s, &c, threads, check_text, &seen, err));
        assert_int_equal(seen.count, MANY_RECORDS);
        assert_int_equal(s.values.len, MANY_HOLDERS);
        sharing_free(&s);
    }
    context_done(&c);
}

static void most_of_all(void **state)
{
    UNUSED(state);
    /* 3 + 3 quarters in Denver outweigh 5 in Weld, though no record has more than these 5 */
    const Fact facts[] = {{"123456788", BY_SSN, WELD, 5}, {"123456788", BY_SSN, DENVER, 3},
        {"123456788", BY_SSN, DENVER, 3}, {"223456789", BY_SSN, WELD, 1}};
    const char *const want[] = {"08031", "08031", "08031", "08123"};
    expect_shared(facts, COUNT_OF(facts), want);
}

static void least_of_all(void **state)
{
    UNUSED(state);
    const Fact facts[] = {{"123456788", LEAST_BY_SSN, WELD, 7}, {"123456788", LEAST_BY_SSN, DENVER, -2},
        {"123456788", LEAST_BY_SSN, WELD, 3}};
    const char *const want[] = {"08031", "08031", "08031"};
    expect_shared(facts, COUNT_OF(facts), want);
}

/* 6 quarters in Denver, 5 in Weld, 4 in Boulder: Weld comes after the most. Who was in one county has no next one. */
static void next_of_all(void **state)
{
    UNUSED(state);
    const Fact facts[] = {{"123456788", NEXT_BY_SSN, BOULDER, 4}, {"123456788", NEXT_BY_SSN, DENVER, 3},
        {"123456788", NEXT_BY_SSN, WELD, 5}, {"123456788", NEXT_BY_SSN, DENVER, 3}, {"223456789", NEXT_BY_SSN, WELD, 7},
        {"223456789", NEXT_BY_SSN, WELD, 1}, {"987654320", NEXT_BY_SSN, DENVER, 1}};
    const char *const want[] = {"08123", "08123", "08123", "08123", "", "", ""};
    expect_shared(facts, COUNT_OF(facts), want);
}

/* And Boulder is third. */
static void third_of_all(void **state)
{
    UNUSED(state);
    const Fact facts[] = {{"123456788", THIRD_BY_SSN, BOULDER, 4}, {"123456788", THIRD_BY_SSN, DENVER, 6},
        {"123456788", THIRD_BY_SSN, WELD, 5}, {"223456789", THIRD_BY_SSN, WELD, 7},
        {"223456789", THIRD_BY_SSN, DENVER, 1}, {"987654320", THIRD_BY_SSN, DENVER, 1}};
    const char *const want[] = {"08013", "08013", "08013", "", "", ""};
    expect_shared(facts, COUNT_OF(facts), want);
}

/* Different ones, however many records tell of each. */
static void count_of_all(void **state)
{
    UNUSED(state);
    const Fact facts[] = {{"123456788", COUNT_BY_SSN, DENVER, 1}, {"123456788", COUNT_BY_SSN, WELD, 1},
        {"123456788", COUNT_BY_SSN, DENVER, 1}, {"123456788", COUNT_BY_SSN, BOULDER, 1},
        {"223456789", COUNT_BY_SSN, WELD, 5}, {"", COUNT_BY_SSN, WELD, 1}};
    const char *const want[] = {"3", "3", "3", "3", "1", "1"};
    expect_shared(facts, COUNT_OF(facts), want);
}

static void ties_by_text(void **state)
{
    UNUSED(state);
    const Fact facts[] = {{"123456788", BY_SSN, WELD, 2}, {"123456788", BY_SSN, BOULDER, 2}};
    const char *const want[] = {"08013", "08013"};
    expect_shared(facts, COUNT_OF(facts), want);
}

/* No number, and one that nobody was ever given: each record by itself. An SSN is no SASID of the same digits. */
static void nothing_to_share_by(void **state)
{
    UNUSED(state);
    const Fact facts[] = {{"", BY_SSN, WELD, 2}, {"", BY_SSN, DENVER, 9}, {"000000000", BY_SSN, BOULDER, 1},
        {"000000000", BY_SSN, DENVER, 9}, {"123456788", BY_SSN, WELD, 1}, {"123456788", BY_SASID, DENVER, 9}};
    const char *const want[] = {"08123", "08031", "08013", "08031", "08123", "08031"};
    expect_shared(facts, COUNT_OF(facts), want);
}

/* --- initials ---------------------------------------------------------------------------------------------------- */

static void put_policy(World *w, const char *name, const char *rest)
{
    char path[200], text[1200];
    snprintf(path, sizeof path, "%s/policy/state/identity/%s.toml", w->dir, name);
    snprintf(text, sizeof text,
        "schema = \"cairn.identity/1\"\nname = \"%s\"\nversion = \"2\"\ntitle = \"l\"\n"
        "effective_from = 2010-07-01\nstatus = \"assumed\"\nsource = \"test\"\n%s",
        name, rest);
    assert_ok(file_write(path, slice_of(text), MODE_PRIVATE, err));
    snprintf(path, sizeof path, "%s/policy/state", w->dir);
    policy_close(w->policy);
    assert_ok(policy_open(path, &w->policy, err));
}

static void put_linking(World *w, const char *section)
{
    char rest[400];
    snprintf(rest, sizeof rest, "authority = \"test law\"\n%s", section);
    put_policy(w, "linking", rest);
}

static const char *source_of(const Records *r, const RecordTag *tag)
{
    for (uint32_t i = 0; i < r->in_table; i++)
        if (tag_cmp(&r->tags[i], tag) == 0)
            return r->linkage->match.sources[match_record_source(r->table, i)].name.ptr;
    fail_msg("a record is missing");
    return "";
}

static void initials_are_a_kind(void **state)
{
    World *w = *state;
    const WorldRecord records[] = {{"wage", NULL, "123456788", "B", "GONZAL", NULL, NULL},
        {"wage", NULL, "123456788", "B.", "GONZALE", NULL, NULL},
        {"wage", NULL, "123456788", "BENITA", "GONZALEZ", NULL, NULL},
        {"wage", NULL, "223456789", NULL, NULL, NULL, NULL},
        {"school", "1000000007", NULL, "B", "GONZALEZ", "2004-05-06", "F"}};
    const char *const want[] = {"wage, initials", "wage, initials", "wage", "wage", "school"};
    RecordTag tags[COUNT_OF(records)];
    Linkage l;
    Records r;
    Vault *vault;
    uint32_t named;
    char plain[SHA256_HEX_SIZE];
    world_add(w, records, COUNT_OF(records), tags);
    LinkContext ctx = world_context(w);
    assert_ok(linkage_load(w->policy, clock_today(), &l, err));
    memcpy(plain, l.config, sizeof plain);
    linkage_free(&l);
    put_linking(w, "[initials]\ncolumn = \"first_name\"\ntrait = \"wage\"\nas = \"school\"\n");
    ctx.policy = w->policy;
    assert_ok(linkage_load(w->policy, clock_today(), &l, err));
    assert_string_not_equal(plain, l.config); /* a model trained without does not fit any more */
    assert_ok(vault_open(w->home, &vault, err));
    named = l.match.source_count;
    assert_ok(records_load(&ctx, vault, &l, RECORDS_ALL, "test", &r, err));
    /* in the policy's order, whichever record came first and whether any did */
    assert_int_equal(l.match.source_count, named + 2);
    assert_string_equal(l.match.sources[named].name.ptr, "wage, initials");
    assert_string_equal(l.match.sources[named + 1].name.ptr, "old wage, initials");
    for (size_t i = 0; i < COUNT_OF(records); i++)
        assert_string_equal(source_of(&r, &tags[i]), want[i]);
    for (uint32_t s = 0; s < l.match.source_count; s++)
        if (slice_eq_z(l.match.sources[s].name, "wage, initials"))
            assert_true(slice_eq_z(l.match.traits[l.match.sources[s].trait], "school"));
    records_free(&r);
    vault_close(vault);
    linkage_free(&l);
}

static void initials_are_checked(void **state)
{
    static const struct {
        const char *section, *message;
    } cases[] = {
        {"[initials]\ncolumn = \"first_name\"\ntrait = \"wage\"\nas = \"nothing\"\n",
            "\"nothing\" is none of the model's"},
        {"[initials]\ncolumn = \"first_name\"\ntrait = \"wage\"\n", "is missing"},
        {"[initials]\ncolumn = \"given\"\ntrait = \"wage\"\nas = \"school\"\n", "given"},
        {"[initials]\ncolumn = \"first_name\"\ntrait = \"wage\"\nas = \"school\"\nmore = 1\n", "not a known key"},
    };
    World *w = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Linkage l;
        Error err = ERROR_INIT;
        put_linking(w, cases[i].section);
        assert_int_not_equal(linkage_load(w->policy, clock_today(), &l, &err), OK);
        if (!strstr(err.message, cases[i].message))
            fail_msg("case %zu: %s", i, err.message);
    }
}

/* --- context that cannot be told -------------------------------------------------------------------------------- */

#define VALUE(tag, take) \
    "[[value]]\ncolumn = \"county\"\nacross = \"ssn\"\ntake = \"" take "\"\nsql = \"SELECT '" tag \
    "'::UUID AS record_tag, 'x' AS value, 1 AS weight\"\n"
#define ONE "00000000-0000-0000-0000-000000000001"
#define TWO "00000000-0000-0000-0000-000000000002"

static void one_way_to_take(void **state)
{
    World *w = *state;
    static const char *const texts[] = {VALUE(ONE, "most") VALUE(TWO, "most"), VALUE(ONE, "most") VALUE(TWO, "least"),
        VALUE(ONE, "count") VALUE(TWO, "least"), VALUE(ONE, "most") "next = \"other\"\n" VALUE(TWO, "most")};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        Context c;
        Error err = ERROR_INIT;
        put_policy(w, "context", texts[i]);
        LinkContext ctx = world_context(w);
        Status st = context_read(&ctx, clock_today(), &c, &err);
        assert_int_equal(st, i == 0 ? OK : ERR_INVALID);
        if (i > 0)
            assert_non_null(strstr(err.message, "more than one way"));
        context_free(&c);
    }
}

/* A value and the one after it; both belong to whoever holds the number. */
static void next_column(void **state)
{
    World *w = *state;
    Context c;
    put_policy(w, "context", VALUE(ONE, "most") "next = \"other\"\n");
    LinkContext ctx = world_context(w);
    assert_ok(context_read(&ctx, clock_today(), &c, err));
    assert_int_equal(c.columns.len, 2);
    const ContextColumn *most = context_column(&c, SLICE("county")), *next = context_column(&c, SLICE("other"));
    assert_non_null(most);
    assert_non_null(next);
    assert_int_equal(most->at.len, 1);
    assert_int_equal(next->at.len, 0); /* the values stand once */
    assert_ptr_equal(&c.columns.at[next->next_of - 1], most);
    assert_int_equal(c.shares.at[most->at.at[0].share - 1].take, TAKE_MOST);
    assert_int_equal(c.shares.at[most->at.at[0].share - 1].next, 1);
    assert_int_equal(next->rank, 1);
    assert_int_equal(c.shares.at[most->at.at[0].share - 1].across, ID_SSN);
    context_free(&c);
}

/* A column is next of one, or has values of its own. */
static void next_column_is_taken(void **state)
{
    World *w = *state;
    static const char *const texts[] = {
        VALUE(ONE,
            "most") "next = \"other\"\n[[value]]\ncolumn = \"other\"\nsql = \"SELECT 1 AS record_tag, 'A' AS value\"\n",
        VALUE(ONE, "most") "next = \"other\"\n[[value]]\ncolumn = \"other\"\nmonth_of = \"birth_date\"\n",
        "[[value]]\ncolumn = \"other\"\nmonth_of = \"birth_date\"\n" VALUE(ONE, "most") "next = \"other\"\n"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        Context c;
        Error err = ERROR_INIT;
        put_policy(w, "context", texts[i]);
        LinkContext ctx = world_context(w);
        assert_int_equal(context_read(&ctx, clock_today(), &c, &err), ERR_INVALID);
        if (!strstr(err.message, "\"other\" is next of a column and has values of its own"))
            fail_msg("%s", err.message);
        context_free(&c);
    }
}

static void nothing_comes_after_the_least(void **state)
{
    World *w = *state;
    Context c;
    Error err = ERROR_INIT;
    put_policy(w, "context", VALUE(ONE, "least") "next = \"other\"\n");
    LinkContext ctx = world_context(w);
    assert_int_equal(context_read(&ctx, clock_today(), &c, &err), ERR_INVALID);
    if (!strstr(err.message, "goes with \"most\" only"))
        fail_msg("%s", err.message);
    context_free(&c);
}

/* A table of sources that have no load is no table: what asks it is left out, what asks none is not. */
static void tables_of_sources(void **state)
{
    World *w = *state;
    Context c;
    put_policy(w, "context",
        "[[table]]\nname = \"wages\"\nsources = [\"wage\", \"old wage\"]\n[[value]]\ncolumn = \"month\"\nsources = "
        "[\"wages\"]\nsql = \"SELECT record_tag, quarter AS value FROM wages\"\n" VALUE(ONE, "most"));
    LinkContext ctx = world_context(w);
    assert_ok(context_read(&ctx, clock_today(), &c, err));
    assert_int_equal(c.columns.len, 1);
    assert_non_null(context_column(&c, SLICE("county")));
    context_free(&c);
}

static void no_part_of_a_joined_value(void **state)
{
    World *w = *state;
    Linkage l;
    Error err = ERROR_INIT;
    for (uint32_t turn = 0; turn < 2; turn++) {
        put_policy(w, "context", turn == 0 ? VALUE(ONE, "most") : VALUE(ONE, "most") "next = \"other\"\n");
        put_policy(w, "model",
            turn == 0
                ? "[[field]]\nname = \"place\"\nkind = \"text\"\ncolumns = [\"county\", \"city\"]\ncombine = true\n"
                : "[[field]]\nname = \"place\"\nkind = \"text\"\ncolumns = [\"other\", \"city\"]\ncombine = true\n");
        assert_int_equal(linkage_load(w->policy, clock_today(), &l, &err), ERR_INVALID);
        if (!strstr(err.message, "whose values are shared"))
            fail_msg("%s", err.message);
        error_clear(&err);
    }
}

/* A next value is found beside its first: a model that names the one must name the other. */
static void next_wants_the_first(void **state)
{
    World *w = *state;
    Linkage l;
    Error err = ERROR_INIT;
    put_policy(w, "context", VALUE(ONE, "most") "next = [\"other\", \"third\"]\n");
    put_policy(w, "model", "[[field]]\nkind = \"code\"\ncolumns = [\"sasid\", \"third\"]\n");
    assert_int_equal(linkage_load(w->policy, clock_today(), &l, &err), ERR_INVALID);
    if (!strstr(err.message, "\"third\" has what comes next of \"county\", which no field names"))
        fail_msg("%s", err.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_holders),
        cmocka_unit_test(most_of_all),
        cmocka_unit_test(least_of_all),
        cmocka_unit_test(next_of_all),
        cmocka_unit_test(third_of_all),
        cmocka_unit_test(count_of_all),
        cmocka_unit_test(ties_by_text),
        cmocka_unit_test(nothing_to_share_by),
        cmocka_unit_test_setup_teardown(initials_are_a_kind, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(initials_are_checked, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(one_way_to_take, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(next_column, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(next_column_is_taken, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(next_column_is_taken, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(nothing_comes_after_the_least, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(tables_of_sources, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(no_part_of_a_joined_value, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(next_wants_the_first, world_setup, world_teardown),
    };
    return cmocka_run_group_tests_name("identity/records", tests, NULL, NULL);
}
