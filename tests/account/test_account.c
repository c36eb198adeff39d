/*
 * Frameworks: the shipped ones agree with their vectors, wrong ones are refused with the place, ratings are decided on
 * the right side of every limit, changes and moves do what they say.
 */
#include "account/account_parts.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(call) \
    do { \
        Error e_ = ERROR_INIT; \
        Error *err = &e_; \
        Status got_ = (call); \
        if (got_ != OK) \
            print_error("%s: %s (%s) %s\n", #call, e_.message, e_.hint, e_.detail); \
        assert_int_equal(got_, OK); \
    } while (0)

static int open_policy(void **state)
{
    Policy *p = NULL;
    assert_ok(policy_open(CAIRN_TEST_POLICY, &p, err));
    *state = p;
    return 0;
}

static int close_policy(void **state)
{
    policy_close(*state);
    return 0;
}

static void test_shipped(void **state)
{
    uint64_t frameworks, vectors;
    assert_ok(account_test(*state, &frameworks, &vectors, err));
    assert_true(frameworks >= 5);
    assert_true(vectors >= 11);
}

/* A misspelt measure must not pass for one without figures. */
static void test_candidates(void **state)
{
    static const char *const names[] = {"dropout_rate", "dropout_rat", "wioa_median_earnings_q2"};
    static const char *const measures[] = {"splits", "graduation_rate_4yr", "graduation_rate_5yr",
        "graduation_rate_6yr", "graduation_rate_7yr", "matriculation_rate", "dropout_rate", "wioa_median_earnings_q2"};
    char root[] = "/tmp/cairn-candidates-XXXXXX", path[128];
    Buf text;
    assert_ok(account_check(*state, err));
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/state/measures", root);
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
    for (size_t i = 0; i < COUNT_OF(measures); i++) {
        char from[256];
        snprintf(from, sizeof from, "%s/measures/%s.toml", CAIRN_TEST_POLICY, measures[i]);
        snprintf(path, sizeof path, "%s/state/measures/%s.toml", root, measures[i]);
        assert_ok(file_copy(from, path, MODE_PRIVATE, err));
    }
    snprintf(path, sizeof path, "%s/state/accountability", root);
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
    snprintf(path, sizeof path, "%s/state/accountability/school_high.toml", root);
    buf_init(&text, 0);
    assert_ok(file_read(CAIRN_TEST_POLICY "/accountability/school_high_2017.toml", 0, &text, err));
    size_t at = slice_find(buf_slice(&text), SLICE("\"dropout_rate\""));
    assert_true(at < text.len);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Policy *policy;
        Buf changed;
        Error said = ERROR_INIT;
        char state_dir[128];
        buf_init(&changed, 0);
        buf_add(&changed, slice_sub(buf_slice(&text), 0, at));
        buf_addf(&changed, "\"%s\"", names[i]);
        buf_add(&changed, slice_sub(buf_slice(&text), at + sizeof "\"dropout_rate\"" - 1, text.len));
        assert_ok(file_write(path, buf_slice(&changed), MODE_PRIVATE, err));
        snprintf(state_dir, sizeof state_dir, "%s/state", root);
        assert_ok(policy_open(state_dir, &policy, err));
        Status st = account_check(policy, &said);
        assert_int_equal(st, i == 0 ? OK : ERR_INVALID);
        if (i > 0 && (!strstr(said.message, names[i]) || !strstr(said.message, "school_high.toml:")))
            fail_msg("%s", said.message);
        policy_close(policy);
        buf_free(&changed);
    }
    buf_free(&text);
    assert_ok(dir_remove(root, err));
}

/* The same district, three sets of rules: a past year keeps its own. */
static void test_versions(void **state)
{
    static const struct {
        int32_t year;
        const char *version;
        int64_t best; /* limit of the best plan type */
    } rows[] = {{2013, "2013", 80}, {2016, "2013", 80}, {2017, "2017", 74}, {2026, "2017", 74}, {2027, "2027", 74}};
    Arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Framework f;
        assert_ok(framework_for(*state, SLICE("district"), rows[i].year, &arena, &f, err));
        assert_true(slice_eq_z(f.file->version, rows[i].version));
        assert_int_equal(f.plans[0].at_least, rows[i].best * MILLION);
        assert_int_equal(f.indicator_count, 3);
    }
    Framework f;
    assert_int_equal(framework_for(*state, SLICE("district"), 2009, &arena, &f, NULL), ERR_NOT_FOUND);
    assert_int_equal(framework_for(*state, SLICE("no_such"), 2017, &arena, &f, NULL), ERR_NOT_FOUND);
    arena_free(&arena);
}

/* --- files that must be refused --- */

typedef struct FileChange {
    const char *from, *to, *told; /* told NULL: still fine */
} FileChange;

static void check_file(const FileChange *c)
{
    char dir[] = "/tmp/cairn-account-XXXXXX", path[128];
    Policy *policy = NULL;
    Buf text, changed;
    uint64_t frameworks, vectors;
    Error said = ERROR_INIT;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/state/accountability", dir);
    assert_ok(dir_make(path, MODE_DIR_PRIVATE, err));
    snprintf(path, sizeof path, "%s/state/accountability/school_high.toml", dir);
    buf_init(&text, 0);
    buf_init(&changed, 0);
    assert_ok(file_read(CAIRN_TEST_POLICY "/accountability/school_high_2017.toml", 0, &text, err));
    size_t at = slice_find(buf_slice(&text), slice_of(c->from));
    if (at == text.len)
        fail_msg("the file does not hold %s", c->from);
    buf_add(&changed, slice_sub(buf_slice(&text), 0, at));
    buf_adds(&changed, c->to);
    buf_add(&changed, slice_sub(buf_slice(&text), at + strlen(c->from), text.len));
    assert_ok(file_write(path, buf_slice(&changed), MODE_PRIVATE, err));
    snprintf(path, sizeof path, "%s/state", dir);
    assert_ok(policy_open(path, &policy, err));
    Status st = account_test(policy, &frameworks, &vectors, &said);
    if (st != (c->told ? ERR_INVALID : OK) || (c->told && !strstr(said.message, c->told)))
        fail_msg("%s -> %s: %s (%s)", c->from, c->to, said.message, said.field);
    policy_close(policy);
    buf_free(&text);
    buf_free(&changed);
    assert_ok(dir_remove(dir, err));
}

static void test_refusals(void **state)
{
    static const FileChange changes[] = {
        {"level = \"school\"", "level = \"school\"", NULL},
        {"cairn.framework/1", "cairn.framework/2", "schema must be"},
        {"plan_status = ", "plan_stats = ", "not a known key"},
        {"weight = \"30\"", "weight = \"31\"", "must add up to 100"},
        {"weight = \"30\"", "weight = 30", "must be a string"},
        {"weight = \"30\"", "weight = \"-30\"", "weight must be a decimal"},
        {"held = false\n", "held = false\npart = []\n", "not held has no measures"},
        {"status = \"assumed\"\nsource = \"Cut points", "status = \"guessed\"\nsource = \"Cut points",
            "verified or assumed"},
        {"better = \"higher\"", "better = \"larger\"", "higher or lower"},
        {"at_least = \"85.0\"", "at_least = \"96.0\"", "best to worst"},
        {"at_least = \"85.0\", points = \"3\"", "at_least = \"85.0\", points = \"5\"", "best to worst"},
        {"{ level = \"does_not_meet\", points = \"1\" }",
            "{ level = \"does_not_meet\", at_least = \"1\", points = \"1\" }", "takes what is left"},
        {"groups = [\"low_income\"", "groups = [\"rich\"", "names of [[group]]"},
        {"minimum_n = 16", "minimum_n = 0", "minimum_n must lie"},
        {"pool_years = 3", "pool_years = 11", "pool_years must lie"},
        {"lag = 1", "lag = -1", "lag must lie"},
        {"name = \"dropout\"", "name = \"graduation\"", "one name"},
        {"at_least = \"42.0\"", "at_least = \"54.0\"", "best to worst"},
        {"at_least = \"0\"", "at_least = \"1\"", "begins at 0"},
        {"[rounding]\ndecimals = 1", "[rounding]\ndecimals = 7", "decimals must lie"},
        {"codes = [\"yes\"]", "codes = []", "needs codes"},
        /* vectors that are wrong */
        {"rated    | 100  | 85   | meets", "rated    | 100  | 85   | exceeds", "line graduation: level is not exceeds"},
        {"| 75      | performance", "| 76      | performance", "line total: percent is not 76"},
        {"given.cells", "given.rows", "gives cells and reference, not rows"},
        {"| pwr           |", "| pwx           |", "no line pwx"},
        {"measure             | year", "measure             | jahr", "no column jahr"},
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        check_file(&changes[i]);
}

/* --- arithmetic --- */

static void test_decimals(void **state)
{
    static const struct {
        int64_t a, b, scale, decimals, want;
    } rows[] = {
        {1, 3, PERCENT, 1, 33300000},
        {2, 3, PERCENT, 1, 66700000},
        {1, 8, PERCENT, 1, 12500000},
        {1, 16, PERCENT, 1, 6300000}, /* 6.25: half up */
        {1, 16, PERCENT, 2, 6250000},
        {101, 20000, PERCENT, 2, 510000}, /* 0.505 */
        {0, 5, PERCENT, 0, 0},
        {5, 5, PERCENT, 6, PERCENT},
        {10000000, 10000001, PERCENT, 6, 99999990},
    };
    char text[32];
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(decimal_divide(rows[i].a, rows[i].b, rows[i].scale, rows[i].decimals), rows[i].want);
    assert_string_equal(decimal_text(66700000, text), "66.7");
    assert_string_equal(decimal_text(-500000, text), "-0.5");
    assert_string_equal(decimal_text(0, text), "0");
    assert_string_equal(decimal_text(100 * MILLION, text), "100");
}

/* --- ratings of made-up schools --- */

typedef struct World {
    Arena arena;
    Framework f;
    CellSet cells;
    Reference reference;
    Ratings ratings;
} World;

static void add_cell(
    World *w, const char *measure, int32_t year, const char *unit, const char *split, const char *grp, Count c)
{
    w->cells.cells[w->cells.count++] = (Cell){.measure = slice_of(measure),
        .year = year,
        .level = SLICE("school"),
        .unit = slice_of(unit),
        .split = slice_of(split),
        .grp = slice_of(grp),
        .numerator = c.hits,
        .denominator = c.n,
        .additive = 1};
}

static void world_open(World *w, Policy *policy)
{
    *w = (World){0};
    arena_init(&w->arena, 0);
    assert_ok(framework_for(policy, SLICE("school_high"), 2017, &w->arena, &w->f, err));
    assert_ok(arena_new(&w->arena, Cell, 64, &w->cells.cells, err));
}

static void world_rate(World *w, const char *unit)
{
    w->ratings.len = 0;
    assert_ok(ratings_compute(&w->f, &w->cells, &w->reference, 2017, slice_of(unit), &w->arena, &w->ratings, err));
}

static void world_close(World *w)
{
    vec_free(&w->ratings);
    vec_free(&w->reference);
    arena_free(&w->arena);
}

/* Points of an indicator that does not exist, or that is computed here, would change nothing. */
static void test_reference_names(void **state)
{
    static const struct {
        const char *kind, *name;
        Status want;
    } rows[] = {{"points", "growth", OK}, {"points", "growht", ERR_INVALID}, {"points", "pwr", ERR_INVALID},
        {"participation", "english", OK}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        World w;
        Error said = ERROR_INIT;
        world_open(&w, *state);
        ReferenceRow row = {.unit = SLICE("0880-0010"), .kind = slice_of(rows[i].kind), .name = slice_of(rows[i].name)};
        assert_ok(vec_push(&w.reference, row, err));
        assert_int_equal(reference_check("r.csv", &w.f, &w.reference, &said), rows[i].want);
        if (rows[i].want != OK)
            assert_string_equal(said.field, "name");
        world_close(&w);
    }
}

/* Six places of a weight and of a percentage count, as the file and --changes take them. */
static void test_fine_weights(void **state)
{
    World w;
    world_open(&w, *state);
    w.f.decimals = 6;
    add_cell(&w, "graduation_rate_4yr", 2016, "0880-0010", "all", "all", (Count){85, 100});
    ReferenceRow growth = {.unit = SLICE("0880-0010"), .kind = SLICE("points"), .name = SLICE("growth")};
    growth.value = 1 * MILLION;
    growth.possible = 3 * MILLION;
    assert_ok(vec_push(&w.reference, growth, err));
    world_rate(&w, "0880-0010");
    assert_int_equal(w.ratings.at[0].total, 51190476); /* (40 * 33.333333 + 30 * 75) / 70 = 51.190475... */
    assert_ok(framework_change(&w.f, SLICE("weight.pwr=0.000001"), err));
    assert_ok(framework_change(&w.f, SLICE("weight.growth=0.000003"), err));
    world_rate(&w, "0880-0010");
    assert_int_equal(w.ratings.at[0].total, 43750000); /* (3 * 33.333333 + 75) / 4 = 43.74999975 */
    world_close(&w);
}

static void test_units(void **state)
{
    World w;
    world_open(&w, *state);
    add_cell(&w, "graduation_rate_4yr", 2016, "0880-0010", "all", "all", (Count){95, 100});
    add_cell(&w, "graduation_rate_4yr", 2016, "0010-0187", "all", "all", (Count){10, 15});
    add_cell(&w, "graduation_rate_4yr", 2016, "0010-OTHER", "all", "all", (Count){10, 15});
    add_cell(&w, "graduation_rate_4yr", 2018, "0020-0001", "all", "all", (Count){90, 100});
    add_cell(&w, "big_three_rate", 2016, "0030-0001", "all", "all", (Count){90, 100});
    world_rate(&w, "");
    assert_int_equal(w.ratings.len, 2); /* in order; no OTHER, no later year, no measure the framework does not use */
    assert_true(slice_eq_z(w.ratings.at[0].unit, "0010-0187"));
    assert_int_equal(w.ratings.at[0].total, -1);
    assert_null(w.ratings.at[0].plan);
    assert_int_equal(w.ratings.at[0].lines[0].status, LINE_TOO_FEW);
    assert_int_equal(w.ratings.at[1].total, PERCENT);
    assert_int_equal(w.ratings.at[1].weight_held, 300000);
    Ratings none = {0};
    assert_int_equal(
        ratings_compute(&w.f, &w.cells, &w.reference, 2017, SLICE("9999-0001"), &w.arena, &none, NULL), ERR_NOT_FOUND);
    Error said = ERROR_INIT;
    assert_int_equal(
        ratings_compute(&w.f, &w.cells, &w.reference, 1999, SLICE(""), &w.arena, &none, &said), ERR_NOT_FOUND);
    assert_non_null(strstr(said.message, "no school has figures"));
    vec_free(&none);
    world_close(&w);
}

/* A person more never makes it worse; the total lies within the percentages of its parts. */
static void test_monotone(void **state)
{
    int64_t last = -1;
    for (int64_t hits = 0; hits <= 200; hits++) {
        World w;
        world_open(&w, *state);
        add_cell(&w, "graduation_rate_4yr", 2016, "0880-0010", "all", "all", (Count){hits, 200});
        add_cell(&w, "matriculation_rate", 2016, "0880-0010", "all", "all", (Count){100, 200});
        world_rate(&w, "0880-0010");
        assert_true(w.ratings.at[0].total >= last && w.ratings.at[0].total <= PERCENT);
        last = w.ratings.at[0].total;
        world_close(&w);
    }
    assert_int_equal(last, 75 * MILLION); /* 4 and 2 of 8 */
}

static void test_changes(void **state)
{
    static const struct {
        const char *change;
        Status status;
        int64_t total; /* of the school below, millionths */
    } rows[] = {
        {"points.graduation.meets=2.5", OK, 56300000}, /* 4.5 of 8, 56.25 half up */
        {"cut.graduation.meets=90", OK, 50000000},
        {"cut.graduation.meets = 84.9", OK, 62500000},
        {"minimum_n.graduation=101", OK, 50000000}, /* only matriculation, 2 of 4 */
        {"pool_years.graduation=1", OK, 62500000},
        {"weight.achievement=0", OK, 62500000}, /* not held anyway */
        {"plan.performance=70", OK, 62500000},
        {"participation=90", OK, 62500000},
        {"group_points.graduation.meets=0.6", OK, 62500000},
        {"cut.graduation.meets=96", ERR_USAGE, 0},
        {"cut.graduation.does_not_meet=3", ERR_USAGE, 0},
        {"cut.graduation.great=3", ERR_USAGE, 0},
        {"cut.graduation.meets", ERR_USAGE, 0},
        {"cut.graduation.meets=many", ERR_USAGE, 0},
        {"minimum_n.graduation=0", ERR_USAGE, 0},
        {"minimum_n.graduation=1.5", ERR_USAGE, 0},
        {"weight.nothing=3", ERR_USAGE, 0},
        {"weight.pwr=-3", ERR_USAGE, 0},
        {"plan.turnaround=3", ERR_USAGE, 0},
        {"plan.improvement=60", ERR_USAGE, 0},
        {"colour.pwr=3", ERR_USAGE, 0},
        {"", ERR_USAGE, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        World w;
        world_open(&w, *state);
        add_cell(&w, "graduation_rate_4yr", 2016, "0880-0010", "all", "all", (Count){85, 100});
        add_cell(&w, "matriculation_rate", 2016, "0880-0010", "all", "all", (Count){50, 100});
        Error said = ERROR_INIT;
        Status st = framework_change(&w.f, slice_of(rows[i].change), &said);
        if (st != rows[i].status)
            fail_msg("%s: %s", rows[i].change, said.message);
        if (st == OK) {
            world_rate(&w, "0880-0010");
            if (w.ratings.at[0].total != rows[i].total)
                fail_msg("%s: total %lld", rows[i].change, (long long)w.ratings.at[0].total);
        }
        world_close(&w);
    }
}

static const SheetCell *find_cell(const Sheet *s, const char *table, const char *const keys[2], const char *wanted)
{
    for (size_t t = 0; t < s->tables.len; t++) {
        const SheetTable *one = &s->tables.at[t];
        size_t columns[3] = {one->column_count, one->column_count, one->column_count};
        if (strcmp(one->key, table) != 0)
            continue;
        for (size_t c = 0; c < one->column_count; c++) {
            if (strcmp(one->columns[c].key, "move") == 0)
                columns[0] = c;
            if (strcmp(one->columns[c].key, strcmp(table, "moves") == 0 ? "measure" : "group") == 0)
                columns[1] = c;
            if (strcmp(one->columns[c].key, wanted) == 0)
                columns[2] = c;
        }
        for (size_t r = 0; r < one->cells.len; r += one->column_count)
            if (slice_eq_z(one->cells.at[r + columns[0]].text, keys[0]) &&
                slice_eq_z(one->cells.at[r + columns[1]].text, keys[1]))
                return &one->cells.at[r + columns[2]];
    }
    return NULL;
}

static void expect_move(const Sheet *s, const char *move, const char *group, const char *persons, const char *after)
{
    const char *const keys[2] = {move, group};
    const SheetCell *n = find_cell(s, "incentives", keys, "persons"),
                    *t = find_cell(s, "incentives", keys, "total_after");
    if (!persons) {
        assert_null(n);
        return;
    }
    if (!n || !t)
        fail_msg("no move %s %s", move, group);
    assert_string_equal(n->text.ptr, persons);
    assert_string_equal(t->text.ptr, after);
}

static void test_incentives(void **state)
{
    World w;
    Sheet s;
    world_open(&w, *state);
    /* 84 of 100: approaching. One or two leave: 84/99 = 84.8, 84/98 = 85.7: meets with two. */
    add_cell(&w, "graduation_rate_4yr", 2016, "0880-0010", "all", "all", (Count){84, 100});
    /* 17 with a disability, 8 well: 47.1, does not meet. Two fewer and the line is not rated. */
    add_cell(&w, "graduation_rate_4yr", 2016, "0880-0010", "disability", "yes", (Count){8, 17});
    /* 30 learners, 22 well: 73.3. One out: 22/29 = 75.9. Two in: 24/32 = 75. */
    add_cell(&w, "graduation_rate_4yr", 2016, "0880-0010", "english_learner", "yes", (Count){22, 30});
    world_rate(&w, "0880-0010");
    /* 2 + 0.25 + 0.25 of 6 */
    assert_int_equal(w.ratings.at[0].total, 41700000);
    sheet_init(&s, "x");
    assert_ok(account_incentives_sheet(&w.f, &w.ratings, *state, 3, &s, err));
    expect_move(&s, "leave", "", "2", "58.3");              /* 3 + 0.5 of 6 */
    expect_move(&s, "out", "english_learner", "1", "45.8"); /* 2.75 of 6 */
    expect_move(&s, "in", "english_learner", "2", "45.8");
    expect_move(&s, "leave", "english_learner", "1", "45.8");
    expect_move(&s, "shrink", "disability", "2", "45"); /* 2.25 of 5 */
    expect_move(&s, "in", "disability", NULL, NULL);    /* 11 of 20 */
    expect_move(&s, "help", "", NULL, NULL);            /* no finding: it helps */
    assert_int_equal(w.ratings.at[0].total, 41700000);  /* the trials leave the rating alone */
    const SheetCell *c = find_cell(&s, "moves", (const char *const[2]){"leave", "graduation"}, "rate_better");
    assert_non_null(c);
    assert_string_equal(c->text.ptr, "3"); /* leaving always raises a rate */
    sheet_free(&s);
    /* A lower rate is better: the ill are the hits. */
    world_close(&w);
    world_open(&w, *state);
    add_cell(&w, "dropout_rate", 2017, "0880-0010", "all", "all", (Count){21, 1000});
    world_rate(&w, "0880-0010");
    sheet_init(&s, "x");
    assert_ok(account_incentives_sheet(&w.f, &w.ratings, *state, 3, &s, err));
    expect_move(&s, "leave", "", "1", "75"); /* 20 of 999 is 2.002, printed and compared as 2.00 */
    sheet_free(&s);
    world_close(&w);
}

static void test_what_if_and_rate_sheets(void **state)
{
    World a, b;
    Sheet s;
    world_open(&a, *state);
    world_open(&b, *state);
    for (int i = 0; i < 2; i++) {
        World *w = i == 0 ? &a : &b;
        add_cell(w, "graduation_rate_4yr", 2016, "0880-0010", "all", "all", (Count){85, 100});
        add_cell(w, "graduation_rate_4yr", 2016, "0880-0011", "all", "all", (Count){70, 100});
        if (i == 1)
            assert_ok(framework_change(&b.f, SLICE("plan.performance=80"), err));
        world_rate(w, "");
    }
    sheet_init(&s, "x");
    account_what_if_sheet(&a.f, &a.ratings, &b.f, &b.ratings, &s);
    assert_ok(sheet_status(&s, err));
    assert_int_equal(s.tables.at[0].cells.len, 6); /* one school moves */
    assert_string_equal(s.tables.at[0].cells.at[5].text.ptr, "down");
    assert_string_equal(s.findings.at[0].ptr, "Of 2 units, 0 would move to a better plan type and 1 to a worse one.");
    sheet_free(&s);
    sheet_init(&s, "x");
    account_rate_sheet(&a.f, &a.ratings, &s);
    assert_ok(sheet_status(&s, err));
    bool not_held = false, assumed = false, open = false;
    for (size_t i = 0; i < s.notes.len; i++) {
        not_held = not_held || slice_starts(s.notes.at[i], SLICE("Not held: Academic achievement"));
        assumed = assumed || slice_starts(s.notes.at[i], SLICE("Assumed, measure matriculation"));
        open = open || slice_starts(s.notes.at[i], SLICE("Not known:"));
    }
    assert_true(not_held && assumed && open);
    sheet_free(&s);
    sheet_init(&s, "x");
    ExclusionCell left[] = {
        {SLICE("graduation_rate_4yr"), 2016, SLICE("school"), SLICE("0880-0010"), SLICE("all"), SLICE("all"),
            SLICE("transfer_out"), 7},
        {SLICE("graduation_rate_4yr"), 2016, SLICE("school"), SLICE("0880-0011"), SLICE("all"), SLICE("all"),
            SLICE("transfer_out"), 9},
        {SLICE("graduation_rate_4yr"), 2015, SLICE("school"), SLICE("0880-0010"), SLICE("all"), SLICE("all"),
            SLICE("transfer_out"), 11},
    };
    const ExclusionSet exclusions = {.cells = left, .count = COUNT_OF(left)};
    assert_ok(account_explain_sheet(&a.f, &a.ratings.at[0], *state, &exclusions, &s, err));
    const SheetTable *why = &s.tables.at[1];
    assert_int_equal(why->cells.len, 3 * 6); /* hit, missed, excluded: of this school and year alone */
    assert_string_equal(why->cells.at[5].text.ptr, "85");
    assert_string_equal(why->cells.at[11].text.ptr, "15");
    assert_string_equal(why->cells.at[17].text.ptr, "7");
    assert_true(why->cells.at[16].text.len > 10); /* in the words of the measure's file */
    sheet_free(&s);
    world_close(&a);
    world_close(&b);
}

static void test_reference_file(void **state)
{
    static const struct {
        const char *text;
        Status status;
        const char *told;
    } rows[] = {
        {"unit,kind,name,value,possible\n0010-0187,points,growth,29.5,50\n0010-0187,participation,english,94.9,\n", OK,
            ""},
        {"unit,kind,name,value\n", ERR_NOT_FOUND, ""},
        {"unit,kind,name,value,possible\na,score,growth,1,2\n", ERR_INVALID, "kind must be"},
        {"unit,kind,name,value,possible\na,points,growth,x,2\n", ERR_INVALID, "value must be"},
        {"unit,kind,name,value,possible\na,points,growth,1,0\n", ERR_INVALID, "possible must be"},
        {"unit,kind,name,value,possible\na,points,growth,3,2\n", ERR_INVALID, "more points were earned"},
        {"unit,kind,name,value,possible\na,participation,english,94,\na,participation,english,93,\n", ERR_INVALID,
            "an earlier row"},
    };
    char path[] = "/tmp/cairn-reference-XXXXXX";
    UNUSED(state);
    assert_non_null(mkdtemp(path));
    char file[64];
    snprintf(file, sizeof file, "%s/r.csv", path);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Arena arena;
        Reference r = {0};
        Error said = ERROR_INIT;
        arena_init(&arena, 0);
        assert_ok(file_write(file, slice_of(rows[i].text), MODE_PRIVATE, err));
        Status st = reference_read(file, &arena, &r, &said);
        if (st != rows[i].status || !strstr(said.message, rows[i].told))
            fail_msg("row %zu: %s", i, said.message);
        if (st == OK)
            assert_int_equal(r.at[0].value, 29500000);
        vec_free(&r);
        arena_free(&arena);
    }
    assert_ok(dir_remove(path, err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_reference_names),
        cmocka_unit_test(test_fine_weights),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_incentives),
        cmocka_unit_test(test_what_if_and_rate_sheets),
        cmocka_unit_test(test_reference_file),
    };
    return cmocka_run_group_tests_name("account/account", tests, open_policy, close_policy);
}
