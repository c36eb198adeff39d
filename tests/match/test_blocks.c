/*
 * Blocks against all pairs: every comparable pair that shares a key once, with
 * the mask of all passes; refined blocks against their members; sorted
 * neighbourhoods against their order; threads, order of rows, failing
 * allocations.
 */
#include "match/sort_keys.h"
#include "small_table.h"

enum { RECORDS = 400, PAIRS = RECORDS * RECORDS };

/* --- what blocks_each hands out -------------------------------------------------------------------------------------
 */

typedef struct Seen {
    uint32_t *mask; /* [a * records + b], a < b */
    uint8_t *times;
    uint32_t records;
    uint64_t pairs;
    uint32_t workers_made, workers_done;
} Seen;

static Status seen_worker(void *ctx, unsigned thread, void **worker, Error *err)
{
    UNUSED(err);
    Seen *s = ctx;
    assert_int_equal(thread, s->workers_made++);
    *worker = s;
    return OK;
}

static Status seen_batch(const PairBatch *batch, void *worker, Error *err)
{
    UNUSED(err);
    Seen *s = worker;
    for (size_t i = 0; i < batch->count; i++) {
        uint32_t a = batch->a, b = batch->others[i];
        size_t at = a < b ? (size_t)a * s->records + b : (size_t)b * s->records + a;
        __atomic_fetch_add(&s->times[at], 1, __ATOMIC_RELAXED);
        __atomic_fetch_or(&s->mask[at], batch->masks[i], __ATOMIC_RELAXED);
        __atomic_fetch_add(&s->pairs, 1, __ATOMIC_RELAXED);
    }
    return OK;
}

static Status seen_done(void *ctx, void *worker, Error *err)
{
    UNUSED(err);
    Seen *s = ctx;
    assert_ptr_equal(worker, s);
    s->workers_done++;
    return OK;
}

static void seen_free(Seen *s)
{
    mem_free(s->mask);
    mem_free(s->times);
}

static Seen enumerate_sample(const Blocks *b, uint32_t records, unsigned threads, const RecordSample *sample)
{
    Seen s = {.records = records};
    Error err = ERROR_INIT;
    assert_ok(mem_zalloc((size_t)records * records, sizeof s.mask[0], (void **)&s.mask, &err));
    assert_ok(mem_zalloc((size_t)records * records, sizeof s.times[0], (void **)&s.times, &err));
    BatchWork work = {seen_worker, seen_batch, seen_done, &s, sample};
    RunOptions options = {.threads = threads, .progress = PROGRESS_OFF};
    assert_ok(blocks_each(b, &work, &options, &err));
    assert_int_equal(s.workers_made, threads);
    assert_int_equal(s.workers_done, threads);
    return s;
}

static Seen enumerate(const Blocks *b, uint32_t records, unsigned threads)
{
    return enumerate_sample(b, records, threads, NULL);
}

/* --- oracles ----------------------------------------------------------------------------------------------------- */

/* Passes without window and without refining: equal keys. */
static uint32_t keys_mask(const MatchTable *t, const PassSpec *passes, uint32_t count, uint32_t a, uint32_t b)
{
    uint32_t mask = 0;
    for (uint32_t p = 0; p < count; p++) {
        uint64_t left[RECORD_KEYS_MAX], right[RECORD_KEYS_MAX];
        size_t n = record_keys(t, &passes[p], a, left), m = record_keys(t, &passes[p], b, right);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < m; k++)
                if (left[i] == right[k])
                    mask |= (uint32_t)1 << p;
    }
    return mask;
}

static void mark(uint32_t *masks, const MatchTable *t, uint32_t pass, uint32_t a, uint32_t b)
{
    if (a != b && table_comparable(t->config, t->source[a], t->source[b]))
        masks[a < b ? (size_t)a * t->records + b : (size_t)b * t->records + a] |= (uint32_t)1 << pass;
}

static void mark_groups(uint32_t *masks, const MatchTable *t, uint32_t pass, const Groups *g, const U32List *without)
{
    for (uint32_t i = 0; i < group_count(g); i++) {
        bool skip = false;
        for (size_t k = 0; without && k < without->len; k++)
            skip = skip || without->at[k] == i;
        const uint32_t *m = group_members(g, i);
        for (uint32_t x = 0; !skip && x < group_size(g, i); x++)
            for (uint32_t y = x + 1; y < group_size(g, i); y++)
                mark(masks, t, pass, m[x], m[y]);
    }
}

/* All pairs of all blocks, one block after the other; and what follows from them. */
static uint32_t *members_masks(const Blocks *b)
{
    const MatchTable *t = b->table;
    uint32_t *masks = NULL;
    assert_ok(mem_zalloc((size_t)t->records * t->records, sizeof masks[0], (void **)&masks, NULL));
    for (uint32_t i = 0; i < b->pass_count; i++) {
        const BlockPass *p = &b->passes[i];
        mark_groups(masks, t, i, &p->groups, &p->oversized);
        mark_groups(masks, t, i, &p->refined, NULL);
        for (size_t x = 0; x < p->order.len; x++)
            for (size_t y = x + 1; y < p->order.len && y - x < p->spec.window; y++)
                mark(masks, t, i, p->order.at[x], p->order.at[y]);
    }
    for (size_t i = 0; i < (size_t)t->records * t->records; i++)
        masks[i] = complete_mask(b, masks[i]);
    return masks;
}

static void assert_seen(const Seen *s, const uint32_t *masks)
{
    uint64_t pairs = 0;
    for (size_t i = 0; i < (size_t)s->records * s->records; i++) {
        assert_int_equal(s->mask[i], masks[i]);
        assert_int_equal(s->times[i], masks[i] != 0);
        pairs += masks[i] != 0;
    }
    assert_int_equal(s->pairs, pairs);
}

/* --- passes ------------------------------------------------------------------------------------------------------ */

static const PassSpec PASSES[] = {
    {.parts = {{F_NUMBER, KEY_WHOLE, 0}}, .part_count = 1},
    {.parts = {{F_LAST, KEY_PHONETIC, 0}, {F_BIRTH, KEY_YEAR, 0}}, .part_count = 2},
    {.parts = {{F_FIRST, KEY_ROOT, 0}, {F_BIRTH, KEY_WHOLE, 0}}, .part_count = 2},
    {.parts = {{F_NUMBER, KEY_DELETION, 0}}, .part_count = 1},
    {.parts = {{F_FIRST, KEY_WHOLE, 0}, {F_LAST, KEY_WHOLE, 0}}, .part_count = 2},
    {.parts = {{F_LAST, KEY_QGRAM, 4}, {F_ZIP, KEY_WHOLE, 0}}, .part_count = 2},
    {.parts = {{F_BIRTH, KEY_MONTH_DAY, 0}, {F_ZIP, KEY_WHOLE, 0}, {F_FIRST, KEY_INITIAL, 0}}, .part_count = 3},
    {.parts = {{F_LAST, KEY_PART, 0}, {F_FIRST, KEY_PREFIX, 2}}, .part_count = 2},
    {.parts = {{F_LAST, KEY_WHOLE, 0}, {F_FIRST, KEY_WHOLE, 0}}, .part_count = 2, .window = 4},
    {.parts = {{F_ZIP, KEY_WHOLE, 0}}, .part_count = 1},
    {.parts = {{F_LAST, KEY_SUFFIX, 3}, {F_FIRST, KEY_ROOT, 0}}, .part_count = 2, .window = 3},
};

typedef struct World {
    MatchConfig config;
    Person people[RECORDS];
    MatchTable *table;
} World;

static void world_people(World *w, uint64_t seed)
{
    Rng r;
    rng_init(&r, seed, 0);
    for (uint32_t i = 0; i < RECORDS; i++) {
        person_draw(&w->people[i], &r, w->config.source_count, i);
        /* every fifth is a copy of an earlier one, under its own number and perhaps from another source */
        if (i > 0 && i % 5 == 0) {
            uint32_t source = w->people[i].source;
            w->people[i] = w->people[rng_below(&r, i)];
            w->people[i].source = source;
            w->people[i].id = i;
        }
    }
    w->table = people_table(&w->config, w->people, RECORDS);
}

static Blocks *build(const World *w, const PassSpec *passes, uint32_t count, unsigned threads)
{
    Blocks *b = NULL;
    Error err = ERROR_INIT;
    Status st = blocks_build(w->table, passes, count, threads, &b, &err);
    if (st != OK)
        print_message("%s\n", err.message);
    assert_ok(st);
    return b;
}

static void check_by_members(const World *w, const PassSpec *passes, uint32_t count)
{
    Blocks *b = build(w, passes, count, 2);
    uint32_t *masks = members_masks(b);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        Seen s = enumerate(b, w->table->records, threads);
        assert_seen(&s, masks);
        assert_true(s.pairs <= blocks_pairs(b));
        seen_free(&s);
    }
    for (uint32_t x = 0; x < w->table->records; x += 3) {
        assert_int_equal(blocks_own_mask(b, x), blocks_pair_mask(b, x, x));
        for (uint32_t y = x + 1; y < w->table->records; y++)
            if (table_comparable(&w->config, w->table->source[x], w->table->source[y]))
                assert_int_equal(blocks_pair_mask(b, x, y), masks[(size_t)x * w->table->records + y]);
    }
    mem_free(masks);
    blocks_free(b);
}

typedef struct SourceCase {
    const char *what;
    uint32_t sources;
    bool unique[3], dedupe[3], link;
} SourceCase;

static const SourceCase SOURCE_CASES[] = {
    {"one to de-duplicate", 1, {false}, {true}, true},
    {"two duplicate-free, linked", 2, {true, true}, {false, false}, true},
    {"three of which one is de-duplicated", 3, {true, false, false}, {false, true, false}, true},
    {"three, inside only", 3, {false, false, true}, {true, true, false}, false},
};

static void world_init(World *w, const SourceCase *c, uint64_t seed)
{
    people_config(&w->config, c->sources);
    w->config.link_sources = c->link;
    w->config.block_max = RECORDS;
    for (uint32_t i = 0; i < c->sources; i++) {
        w->config.sources[i].unique = c->unique[i];
        w->config.sources[i].dedupe = c->dedupe[i];
    }
    world_people(w, seed);
}

/* --- tests ------------------------------------------------------------------------------------------------------- */

static void test_equal_keys(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(SOURCE_CASES); i++) {
        World w;
        world_init(&w, &SOURCE_CASES[i], 100 + i);
        PassSpec passes[COUNT_OF(PASSES)];
        uint32_t count = 0;
        for (size_t k = 0; k < COUNT_OF(PASSES); k++)
            if (PASSES[k].window == 0)
                passes[count++] = PASSES[k];
        Blocks *b = build(&w, passes, count, 2);
        Seen s = enumerate(b, RECORDS, 2);
        uint64_t found = 0;
        for (uint32_t x = 0; x < RECORDS; x++)
            for (uint32_t y = x + 1; y < RECORDS; y++) {
                bool comparable = table_comparable(&w.config, w.table->source[x], w.table->source[y]);
                uint32_t mask = comparable ? keys_mask(w.table, passes, count, x, y) : 0;
                assert_int_equal(s.mask[(size_t)x * RECORDS + y], mask);
                assert_int_equal(s.times[(size_t)x * RECORDS + y], mask != 0);
                found += mask != 0;
                if (comparable)
                    assert_int_equal(blocks_mask(w.table, passes, count, x, y), mask);
            }
        assert_true(found > 500);
        PassReport reports[MATCH_PASSES_MAX];
        blocks_report(b, reports);
        uint64_t reported = 0;
        for (uint32_t k = 0; k < count; k++) {
            reported += reports[k].pairs;
            assert_int_equal(reports[k].refined, 0);
            assert_int_equal(reports[k].uncompared, 0);
        }
        assert_int_equal(reported, found);
        seen_free(&s);
        blocks_free(b);
        match_table_free(w.table);
    }
}

static PassReport report_of_pass(const Blocks *b, uint32_t pass)
{
    PassReport reports[MATCH_PASSES_MAX];
    blocks_report(b, reports);
    return reports[pass];
}

/* Pairs that share keys, each once and with its whole mask. Returns how many are in both of two passes. */
static uint32_t check_two(const World *w, const PassSpec passes[2], const Blocks *b)
{
    Seen s = enumerate(b, RECORDS, 2);
    uint32_t both = 0;
    for (uint32_t x = 0; x < RECORDS; x++)
        for (uint32_t y = x + 1; y < RECORDS; y++) {
            uint32_t want = keys_mask(w->table, passes, 2, x, y);
            both += want == 3;
            assert_int_equal(s.mask[(size_t)x * RECORDS + y], want);
            assert_int_equal(s.times[(size_t)x * RECORDS + y], want != 0);
            assert_int_equal(blocks_pair_mask(b, x, y), want);
        }
    seen_free(&s);
    return both;
}

/* Beside a pass over the numbers, one over their typing errors has blocks of different numbers only, whichever comes
 * first; masks and pairs are those of all keys. */
static void test_known_values(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 11);
    for (uint32_t i = 0; i < RECORDS; i += 40) /* no other number is near */
        snprintf(w.people[i].text[P_NUMBER], sizeof w.people[i].text[0], "9%07u", i / 80 * 5050505 % 9999991);
    match_table_free(w.table);
    w.table = people_table(&w.config, w.people, RECORDS);
    const PassSpec orders[][2] = {{PASSES[0], PASSES[3]}, {PASSES[3], PASSES[0]}};
    for (uint32_t i = 0; i < COUNT_OF(orders); i++) {
        Blocks *alone = build(&w, &PASSES[3], 1, 2), *both = build(&w, orders[i], 2, 2);
        assert_true(check_two(&w, orders[i], both) > 0);
        assert_true(report_of_pass(both, 1 - i).blocks < report_of_pass(alone, 0).blocks);
        /* also of those that no two numbers share */
        assert_int_equal(report_of_pass(both, 1 - i).keys, report_of_pass(alone, 0).keys);
        blocks_free(alone);
        blocks_free(both);
    }
    match_table_free(w.table);
}

/* Of a year and nothing else the whole date has no key: only its typing errors bring equal ones together. */
static void test_parts_of_dates(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 12);
    for (uint32_t i = 0; i < RECORDS; i += 7)
        snprintf(w.people[i].text[P_BIRTH], sizeof w.people[i].text[0], "%u", 1901 + i % 3 * 33);
    match_table_free(w.table);
    w.table = people_table(&w.config, w.people, RECORDS);
    const PassSpec passes[] = {{.parts = {{F_BIRTH, KEY_WHOLE, 0}}, .part_count = 1},
        {.parts = {{F_BIRTH, KEY_DELETION, 0}}, .part_count = 1}};
    Blocks *b = build(&w, passes, 2, 2);
    assert_true(check_two(&w, passes, b) > 0);
    blocks_free(b);
    match_table_free(w.table);
}

static void test_every_single_pass(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 3);
    for (size_t i = 0; i < COUNT_OF(PASSES); i++)
        check_by_members(&w, &PASSES[i], 1);
    match_table_free(w.table);
}

static void test_windows(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(SOURCE_CASES); i++) {
        World w;
        world_init(&w, &SOURCE_CASES[i], 200 + i);
        check_by_members(&w, PASSES, COUNT_OF(PASSES));
        match_table_free(w.table);
    }
}

/* Each record's texts stand in the order once each, texts ascend, equal texts by record. */
static void test_window_order(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 5);
    U32List order = {0};
    Error err = ERROR_INIT;
    assert_ok(window_order(w.table, &PASSES[8], &order, &err));
    KeyTexts texts;
    key_texts_init(&texts);
    size_t expected = 0;
    for (uint32_t i = 0; i < RECORDS; i++) {
        assert_ok(record_key_texts(w.table, &PASSES[8], i, &texts, &err));
        expected += texts.count;
    }
    assert_int_equal(order.len, expected);
    char before[128] = "";
    uint32_t record_before = 0;
    for (size_t i = 0; i < order.len; i++) {
        /* the least text of the record that is not below what came before */
        assert_ok(record_key_texts(w.table, &PASSES[8], order.at[i], &texts, &err));
        Slice best = {NULL, 0};
        for (size_t k = 0; k < texts.count; k++) {
            Slice text = slice_sub(buf_slice(&texts.bytes), k > 0 ? texts.ends[k - 1] : 0, texts.ends[k]);
            if (slice_cmp(text, slice_of(before)) >= 0 && (!best.ptr || slice_cmp(text, best) < 0))
                best = text;
        }
        assert_non_null(best.ptr);
        if (i > 0 && slice_eq_z(best, before))
            assert_true(order.at[i] >= record_before);
        assert_true(best.len < sizeof before);
        memcpy(before, best.ptr, best.len);
        before[best.len] = '\0';
        record_before = order.at[i];
    }
    key_texts_free(&texts);
    vec_free(&order);
    match_table_free(w.table);
}

static void test_refined(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNT_OF(SOURCE_CASES); i++) {
        World w;
        world_init(&w, &SOURCE_CASES[i], 300 + i);
        w.config.block_max = 10;
        check_by_members(&w, PASSES, COUNT_OF(PASSES));
        /* a pass with one key a record: what is left out is known exactly */
        Blocks *b = build(&w, &PASSES[9], 1, 2);
        Seen s = enumerate(b, RECORDS, 2);
        PassReport report[MATCH_PASSES_MAX];
        blocks_report(b, report);
        uint64_t whole = 0;
        for (uint32_t x = 0; x < RECORDS; x++)
            for (uint32_t y = x + 1; y < RECORDS; y++) {
                bool comparable = table_comparable(&w.config, w.table->source[x], w.table->source[y]);
                bool shares = comparable && keys_mask(w.table, &PASSES[9], 1, x, y) != 0;
                whole += shares;
                assert_true(shares || s.times[(size_t)x * RECORDS + y] == 0);
            }
        assert_true(report[0].refined > 0);
        assert_true(report[0].uncompared > 0);
        assert_int_equal(report[0].pairs + report[0].uncompared, whole);
        assert_int_equal(report[0].pairs, s.pairs);
        seen_free(&s);
        blocks_free(b);
        match_table_free(w.table);
    }
}

static bool refines_by(const World *w, const PassSpec *whole, uint32_t whole_count, uint32_t field)
{
    Error err = ERROR_INIT;
    Refiners *r = NULL;
    bool found = false;
    assert_ok(refiners_new(w->table, whole, whole_count, 1, &r, &err));
    for (uint32_t i = 0; i < r->count; i++)
        found = found || r->keys[i].parts[0].field == field;
    refiners_free(r);
    return found;
}

/* What a whole pass asks for alone splits nothing, nor does a field whose equal values may be no agreement; a name is
 * split by sound, and whole where the pass asks for less of it. */
static void test_refiners(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 27);
    assert_true(refines_by(&w, NULL, 0, F_NUMBER));
    assert_false(refines_by(&w, &PASSES[0], 1, F_NUMBER));
    assert_true(refines_by(&w, &PASSES[3], 1, F_NUMBER)); /* its typing errors are no pass over the number */
    assert_true(refines_by(&w, NULL, 0, F_BIRTH));
    w.config.fields[F_BIRTH].neutral = SLICE("left = right");
    assert_false(refines_by(&w, NULL, 0, F_BIRTH));
    const KeyPart sound = {F_LAST, KEY_PHONETIC, 0}, whole = {F_LAST, KEY_WHOLE, 0}, zip = {F_ZIP, KEY_WHOLE, 0};
    const struct {
        uint32_t pass;
        bool sound, whole;
    } cases[] = {{1, false, true}, {10, true, true}, {4, false, false}, {9, true, false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(refiner_suits(&w.config, &PASSES[cases[i].pass], &sound), cases[i].sound);
        assert_int_equal(refiner_suits(&w.config, &PASSES[cases[i].pass], &whole), cases[i].whole);
    }
    assert_true(refiner_suits(&w.config, &PASSES[1], &zip));
    assert_false(refiner_suits(&w.config, &PASSES[9], &zip));
    match_table_free(w.table);
}

static RefinedGroups refine(const RefineJob *job, const RefinedGroups *from)
{
    RefinedGroups out = {0};
    Error err = ERROR_INIT;
    for (uint32_t i = 0; i < group_count(&from->groups); i++) {
        const uint32_t *members = group_members(&from->groups, i), count = group_size(&from->groups, i);
        if (group_oversized(count, from->marks.at[i].pairs, job->block_max))
            assert_ok(block_refine(job, members, count, from->marks.at[i], &out, &err));
        else
            assert_ok(refined_add(&out, members, count, from->marks.at[i], &err));
    }
    assert_int_equal(out.marks.len, group_count(&out.groups));
    return out;
}

static bool has_group(const Groups *g, const uint32_t *members, uint32_t count)
{
    for (uint32_t i = 0; i < group_count(g); i++)
        if (group_size(g, i) == count && memcmp(group_members(g, i), members, count * sizeof *members) == 0)
            return true;
    return false;
}

/* Blocks of 40, then of 20, then of 10 are the blocks of 10: the weighing of passes goes on where it stands. */
static void test_refined_on(void **state)
{
    UNUSED(state);
    for (size_t c = 0; c < COUNT_OF(SOURCE_CASES); c++) {
        World w;
        world_init(&w, &SOURCE_CASES[c], 500 + c);
        Error err = ERROR_INIT;
        Refiners *refiners = NULL;
        SourcePairs sources;
        RefinedGroups whole = {0};
        uint32_t members[RECORDS], scratch[RECORDS];
        assert_ok(refiners_new(w.table, NULL, 0, 1, &refiners, &err));
        assert_ok(source_pairs_new(&w.config, &sources, &err));
        for (uint32_t i = 0; i < RECORDS; i++)
            members[i] = i;
        sort_members(w.table, members, RECORDS, scratch);
        const RefineMark none = {comparable_pairs(&sources, w.table, members, RECORDS), 0, 0};
        assert_ok(refined_add(&whole, members, RECORDS, none, &err));
        RefineJob job = {w.table, &sources, refiners, &PASSES[9], 10};
        RefinedGroups at_once = refine(&job, &whole);
        job.block_max = 40;
        RefinedGroups first = refine(&job, &whole);
        job.block_max = 20;
        RefinedGroups second = refine(&job, &first);
        job.block_max = 10;
        RefinedGroups third = refine(&job, &second);
        assert_true(group_count(&first.groups) > 1);
        assert_true(group_count(&third.groups) > group_count(&first.groups));
        assert_int_equal(group_count(&third.groups), group_count(&at_once.groups));
        for (uint32_t i = 0; i < group_count(&third.groups); i++) {
            const uint32_t *at = group_members(&third.groups, i), n = group_size(&third.groups, i);
            assert_true(has_group(&at_once.groups, at, n));
            assert_int_equal(third.marks.at[i].pairs, comparable_pairs(&sources, w.table, at, n));
        }
        refined_free(&whole);
        refined_free(&at_once);
        refined_free(&first);
        refined_free(&second);
        refined_free(&third);
        source_pairs_free(&sources);
        refiners_free(refiners);
        match_table_free(w.table);
    }
}

/* Of two dear passes both are cut to blocks of one size. */
static void test_one_size(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 28);
    const PassSpec passes[] = {PASSES[9], {.parts = {{F_BIRTH, KEY_YEAR, 0}}, .part_count = 1}};
    Blocks *b = build(&w, passes, 2, 1);
    w.config.pairs_max = blocks_pairs(b) / 4;
    blocks_free(b);
    b = build(&w, passes, 2, 1);
    PassReport report[MATCH_PASSES_MAX];
    blocks_report(b, report);
    assert_true(report[0].refined > 0 && report[1].refined > 0);
    assert_int_equal(report[0].block_max, report[1].block_max);
    blocks_fold(b); /* what is known of blocks that are gone */
    PassReport after[MATCH_PASSES_MAX];
    blocks_report(b, after);
    for (size_t i = 0; i < COUNT_OF(passes); i++) {
        assert_int_equal(after[i].blocks, report[i].blocks);
        assert_int_equal(after[i].largest_block, report[i].largest_block);
        assert_int_equal(after[i].uncompared, report[i].uncompared);
    }
    blocks_free(b);
    match_table_free(w.table);
}

static uint32_t find_root(uint32_t *parent, uint32_t x)
{
    while (parent[x] != x)
        x = parent[x] = parent[parent[x]];
    return x;
}

/* Identical rows: few pairs, and all of them hang together. */
static void check_identical(uint32_t sources, bool unique)
{
    World w;
    people_config(&w.config, sources);
    w.config.block_max = 16;
    for (uint32_t i = 0; i < sources; i++)
        w.config.sources[i].unique = unique;
    Rng r;
    rng_init(&r, 9, 0);
    person_draw(&w.people[0], &r, 1, 0);
    snprintf(w.people[0].text[P_NUMBER], sizeof w.people[0].text[0], "77777");
    snprintf(w.people[0].text[P_ZIP], sizeof w.people[0].text[0], "80202");
    for (uint32_t i = 0; i < RECORDS; i++) {
        w.people[i] = w.people[0];
        w.people[i].source = i % sources;
        w.people[i].id = i;
    }
    w.table = people_table(&w.config, w.people, RECORDS);
    Blocks *b = build(&w, &PASSES[9], 1, 1);
    Seen s = enumerate(b, RECORDS, 1);
    assert_true(s.pairs < RECORDS * 8);
    uint32_t parent[RECORDS], parts = RECORDS;
    for (uint32_t i = 0; i < RECORDS; i++)
        parent[i] = i;
    for (uint32_t x = 0; x < RECORDS; x++)
        for (uint32_t y = x + 1; y < RECORDS; y++) {
            uint32_t a = find_root(parent, x), c = find_root(parent, y);
            if (s.times[(size_t)x * RECORDS + y] > 0 && a != c) {
                parent[a] = c;
                parts--;
            }
        }
    assert_int_equal(parts, 1);
    seen_free(&s);
    blocks_free(b);
    match_table_free(w.table);
}

static void test_identical(void **state)
{
    UNUSED(state);
    check_identical(1, false);
    check_identical(2, true);
    check_identical(3, false);
}

/* The pairs by the callers' ids must not depend on the order of rows. */
static void test_row_order(void **state)
{
    UNUSED(state);
    World w, turned;
    world_init(&w, &SOURCE_CASES[2], 17);
    turned = w;
    for (uint32_t i = 0; i < RECORDS; i++)
        turned.people[i] = w.people[(i * 7 + 3) % RECORDS];
    turned.config.block_max = w.config.block_max = 10;
    turned.table = people_table(&turned.config, turned.people, RECORDS);
    Blocks *a = build(&w, PASSES, COUNT_OF(PASSES), 1), *b = build(&turned, PASSES, COUNT_OF(PASSES), 3);
    uint32_t place[2][RECORDS];
    for (uint32_t i = 0; i < RECORDS; i++) {
        place[0][w.people[match_record_added(w.table, i)].id] = i;
        place[1][turned.people[match_record_added(turned.table, i)].id] = i;
    }
    for (uint32_t x = 0; x < RECORDS; x++)
        for (uint32_t y = x + 1; y < RECORDS; y++)
            assert_int_equal(
                blocks_pair_mask(a, place[0][x], place[0][y]), blocks_pair_mask(b, place[1][x], place[1][y]));
    blocks_free(a);
    blocks_free(b);
    match_table_free(w.table);
    match_table_free(turned.table);
}

static uint32_t block_max_of(const Blocks *b, uint32_t pass)
{
    PassReport report[MATCH_PASSES_MAX];
    blocks_report(b, report);
    return report[pass].block_max;
}

static void test_pairs_max(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 23);
    Blocks *b = build(&w, &PASSES[9], 1, 1);
    uint64_t all = blocks_pairs(b);
    assert_int_equal(block_max_of(b, 0), RECORDS);
    blocks_free(b);
    w.config.pairs_max = all / 3;
    b = build(&w, &PASSES[9], 1, 1);
    assert_true(blocks_pairs(b) <= all / 3);
    assert_true(block_max_of(b, 0) < RECORDS);
    blocks_free(b);
    w.config.pairs_max = 10;
    Error err = ERROR_INIT;
    assert_int_equal(blocks_build(w.table, &PASSES[9], 1, 1, &b, &err), ERR_LIMIT);
    assert_non_null(strstr(err.message, "more than the 10 allowed"));
    match_table_free(w.table);
}

/* A budget is shared: what is cheap stays whole, what is dear is refined until it keeps to its share. */
static void test_weighed(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 24);
    const PassSpec passes[] = {PASSES[9], PASSES[4]}; /* postal codes; both names */
    uint64_t cost[COUNT_OF(passes)];
    for (size_t p = 0; p < COUNT_OF(passes); p++) {
        Blocks *b = build(&w, &passes[p], 1, 1);
        cost[p] = blocks_pairs(b);
        blocks_free(b);
    }
    assert_true(cost[1] > 0 && cost[1] * 8 < cost[0]);
    w.config.pairs_max = cost[1] + cost[0] / 3;
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        Blocks *b = build(&w, passes, 2, threads);
        PassReport report[MATCH_PASSES_MAX];
        blocks_report(b, report);
        assert_true(blocks_pairs(b) <= w.config.pairs_max);
        assert_true(report[0].block_max < w.config.block_max && report[0].refined > 0);
        assert_int_equal(report[1].block_max, w.config.block_max);
        assert_int_equal(report[1].refined, 0);
        blocks_free(b);
    }
    match_table_free(w.table);
}

static void test_small_tables(void **state)
{
    UNUSED(state);
    for (uint32_t records = 0; records <= 2; records++) {
        World w;
        people_config(&w.config, 1);
        Rng r;
        rng_init(&r, 4, 4);
        person_draw(&w.people[0], &r, 1, 0);
        w.people[1] = w.people[0];
        w.people[1].id = 1;
        w.table = people_table(&w.config, w.people, records);
        Blocks *b = build(&w, PASSES, COUNT_OF(PASSES), 2);
        Seen s = enumerate(b, records, 2);
        assert_int_equal(s.pairs, records == 2);
        seen_free(&s);
        blocks_free(b);
        b = build(&w, NULL, 0, 1);
        assert_int_equal(blocks_pairs(b), 0);
        s = enumerate(b, records, 1);
        assert_int_equal(s.pairs, 0);
        seen_free(&s);
        blocks_free(b);
        match_table_free(w.table);
    }
}

/* Of a sample every pair with a record of it is handed out as ever, few others, and the reports stay. */
static void check_sample(const World *w, uint64_t one_in, uint64_t seed)
{
    uint64_t bits[RECORDS / 64 + 1] = {0};
    const RecordSample sample = {.bits = bits, .records = RECORDS, .share_of_pairs = 1};
    Rng r;
    rng_init(&r, seed, 0);
    for (uint32_t i = 0; i < RECORDS; i++)
        bits[i >> 6] |= (uint64_t)(rng_below(&r, one_in) == 0) << (i & 63);
    Blocks *b = build(w, PASSES, COUNT_OF(PASSES), 2);
    Seen all = enumerate(b, RECORDS, 1);
    PassReport before[MATCH_PASSES_MAX], after[MATCH_PASSES_MAX];
    blocks_report(b, before);
    Seen some = enumerate_sample(b, RECORDS, 2, &sample);
    blocks_report(b, after);
    for (uint32_t p = 0; p < COUNT_OF(PASSES); p++)
        assert_true(before[p].pairs == after[p].pairs && before[p].uncompared == after[p].uncompared);
    for (uint32_t x = 0; x < RECORDS; x++)
        for (uint32_t y = x + 1; y < RECORDS; y++) {
            size_t at = (size_t)x * RECORDS + y;
            if (sample_has(&sample, x) || sample_has(&sample, y) || some.times[at] > 0) {
                assert_int_equal(some.times[at], all.times[at]);
                assert_int_equal(some.mask[at], all.mask[at]);
            }
        }
    assert_true(one_in < 10 || some.pairs < all.pairs);
    seen_free(&all);
    seen_free(&some);
    blocks_free(b);
}

static void test_sample(void **state)
{
    UNUSED(state);
    static const uint64_t one_in[] = {1, 3, 20, RECORDS};
    for (size_t i = 0; i < COUNT_OF(SOURCE_CASES); i++)
        for (size_t k = 0; k < COUNT_OF(one_in); k++) {
            World w;
            world_init(&w, &SOURCE_CASES[i], 400 + i);
            w.config.block_max = k % 2 ? 30 : RECORDS;
            check_sample(&w, one_in[k], 10 * i + k);
            match_table_free(w.table);
        }
}

static Status walk_blocks(void *ctx, Error *err)
{
    const World *w = ctx;
    Blocks *b = NULL;
    TRY(blocks_build(w->table, PASSES + 6, 4, 1, &b, err));
    Seen s = {.records = RECORDS};
    BatchWork work = {seen_worker, seen_batch, seen_done, &s, NULL};
    RunOptions options = {.threads = 1, .progress = PROGRESS_OFF};
    Status st = mem_zalloc(PAIRS, sizeof s.mask[0], (void **)&s.mask, err);
    if (st == OK)
        st = mem_zalloc(PAIRS, sizeof s.times[0], (void **)&s.times, err);
    if (st == OK)
        st = blocks_each(b, &work, &options, err);
    assert_int_equal(s.workers_made, s.workers_done);
    seen_free(&s);
    blocks_free(b);
    return st;
}

static void test_failing_allocations(void **state)
{
    UNUSED(state);
    World w;
    world_init(&w, &SOURCE_CASES[0], 31);
    w.config.block_max = 30;
    walk_allocations(walk_blocks, &w);
    match_table_free(w.table);
}

static void test_sort_keys(void **state)
{
    UNUSED(state);
    enum { N = 5000 };
    static const uint64_t masks[] = {0, 1, 0xFF, 0xFFFF0000, UINT64_MAX, UINT64_C(0xFF00000000000000)};
    uint64_t *keys = NULL, *scratch = NULL;
    uint32_t *values = NULL, *value_scratch = NULL;
    assert_ok(mem_alloc(N * sizeof keys[0], (void **)&keys, NULL));
    assert_ok(mem_alloc(N * sizeof keys[0], (void **)&scratch, NULL));
    assert_ok(mem_alloc(N * sizeof values[0], (void **)&values, NULL));
    assert_ok(mem_alloc(N * sizeof values[0], (void **)&value_scratch, NULL));
    Rng r;
    rng_init(&r, 12, 0);
    for (size_t round = 0; round < 60; round++) {
        uint32_t n = round < 40 ? (uint32_t)rng_below(&r, 120) : (uint32_t)rng_below(&r, N);
        uint64_t sum = 0, mask = masks[round % COUNT_OF(masks)];
        for (uint32_t i = 0; i < n; i++) {
            keys[i] = rng_u64(&r) & mask;
            sum += keys[i] ^ i;
            values[i] = i;
        }
        sort_keys(keys, values, n, scratch, value_scratch);
        for (uint32_t i = 0; i < n; i++) {
            sum -= keys[i] ^ values[i];
            if (i > 0)
                assert_true(keys[i - 1] < keys[i] || (keys[i - 1] == keys[i] && values[i - 1] < values[i]));
        }
        assert_int_equal(sum, 0);
    }
    mem_free(keys);
    mem_free(scratch);
    mem_free(values);
    mem_free(value_scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort_keys),
        cmocka_unit_test(test_equal_keys),
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_parts_of_dates),
        cmocka_unit_test(test_every_single_pass),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_window_order),
        cmocka_unit_test(test_refined),
        cmocka_unit_test(test_refiners),
        cmocka_unit_test(test_refined_on),
        cmocka_unit_test(test_one_size),
        cmocka_unit_test(test_identical),
        cmocka_unit_test(test_row_order),
        cmocka_unit_test(test_pairs_max),
        cmocka_unit_test(test_weighed),
        cmocka_unit_test(test_small_tables),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests_name("match/blocks", tests, NULL, NULL);
}
