/*
 * A run in 1, 4 and 64 shares against the run in one piece; files that are cut
 * off, changed, or made up.
 */
#include "small_table.h"

#include "match/match_partition.h"

enum { RECORDS = 600 };

static const PassSpec PASSES[] = {
    {.name = SLICE_INIT("number"), .parts = {{F_NUMBER, KEY_WHOLE, 0}}, .part_count = 1},
    {.name = SLICE_INIT("errors"), .parts = {{F_NUMBER, KEY_DELETION, 0}}, .part_count = 1},
    {.name = SLICE_INIT("names"), .parts = {{F_FIRST, KEY_ROOT, 0}, {F_LAST, KEY_PART, 0}}, .part_count = 2},
    {.name = SLICE_INIT("zip"), .parts = {{F_ZIP, KEY_WHOLE, 0}}, .part_count = 1},
    {.name = SLICE_INIT("order"),
        .parts = {{F_LAST, KEY_WHOLE, 0}, {F_BIRTH, KEY_WHOLE, 0}},
        .part_count = 2,
        .window = 5},
    {.name = SLICE_INIT("birth"), .parts = {{F_BIRTH, KEY_WHOLE, 0}, {F_FIRST, KEY_INITIAL, 0}}, .part_count = 2},
};

typedef struct Run {
    MatchConfig config;
    MatchTable *table;
    MatchModel *model;
    Buf json;
    MatchPairs pairs;
} Run;

static void run_init(Run *run, bool unique)
{
    Error err = ERROR_INIT;
    people_config(&run->config, 3);
    run->config.sources[1].unique = unique;
    run->config.sources[1].dedupe = !unique;
    run->config.block_max = 20;
    run->config.keep_from = probability_weight(0.001);
    run->config.fields[F_LAST].term_frequency = true;
    run->config.fields[F_FIRST].term_frequency = true;
    for (size_t i = 0; i < COUNT_OF(PASSES); i++)
        run->config.passes[run->config.pass_count++] = PASSES[i];
    Person *people = NULL;
    assert_ok(mem_zalloc(RECORDS, sizeof *people, (void **)&people, &err));
    Rng r;
    rng_init(&r, 77, unique);
    for (uint32_t i = 0; i < RECORDS; i++) {
        person_draw(&people[i], &r, 3, i);
        if (i % 2 == 1) {
            uint32_t source = people[i].source;
            people[i] = people[i - 1];
            people[i].source = source;
            people[i].id = i;
        }
    }
    run->table = people_table(&run->config, people, RECORDS);
    mem_free(people);
    TrainOptions train = {.threads = 1, .progress = PROGRESS_OFF};
    TrainReport report;
    assert_ok(match_train(run->table, &train, &run->model, &report, &err));
    buf_init(&run->json, 0);
    assert_ok(match_model_write(run->model, &run->json, &err));
    RunOptions options = {.threads = 2, .progress = PROGRESS_OFF};
    PairsReport pairs;
    run->pairs = (MatchPairs){0};
    assert_ok(match_pairs(run->table, run->model, &options, &run->pairs, &pairs, &err));
    assert_true(run->pairs.len > 100);
}

static void run_free(Run *run)
{
    vec_free(&run->pairs);
    buf_free(&run->json);
    match_model_free(run->model);
    match_table_free(run->table);
}

static void append(MatchPairs *to, const MatchPairs *from)
{
    for (size_t i = 0; i < from->len; i++) {
        if (i > 0)
            assert_true(from->at[i - 1].a < from->at[i].a ||
                        (from->at[i - 1].a == from->at[i].a && from->at[i - 1].b < from->at[i].b));
        assert_ok(vec_push(to, from->at[i], NULL));
    }
}

static void check_shares(const Run *run, uint32_t count)
{
    Error err = ERROR_INIT;
    MatchPartitions *p = NULL;
    MatchPairs all = {0}, some = {0};
    assert_ok(match_partitions_new(run->table, run->model, count, 2, &p, &err));
    for (uint32_t part = 0; part < count; part++) {
        Buf file;
        buf_init(&file, 0);
        assert_ok(match_partitions_write(p, part, &file, &err));
        Status st = match_partition_score(buf_slice(&file), buf_slice(&run->json), "model.json", &some, &err);
        if (st != OK)
            print_message("%s\n", err.message);
        assert_ok(st);
        append(&all, &some);
        buf_free(&file);
    }
    assert_ok(match_partitions_join(run->table, &all, &err));
    assert_int_equal(all.len, run->pairs.len);
    for (size_t i = 0; i < all.len; i++) {
        assert_int_equal(all.at[i].a, run->pairs.at[i].a);
        assert_int_equal(all.at[i].b, run->pairs.at[i].b);
        assert_int_equal(all.at[i].odds, run->pairs.at[i].odds);
        assert_int_equal(all.at[i].passes, run->pairs.at[i].passes);
        assert_int_equal(all.at[i].pattern, run->pairs.at[i].pattern);
    }
    vec_free(&all);
    vec_free(&some);
    match_partitions_free(p);
}

static void test_shares(void **state)
{
    UNUSED(state);
    for (int unique = 0; unique < 2; unique++) {
        Run run;
        run_init(&run, unique == 1);
        check_shares(&run, 1);
        check_shares(&run, 4);
        check_shares(&run, 64);
        run_free(&run);
    }
}

/* --- candidates, whatever their score ---------------------------------------------------------------------------- */

typedef struct Seen {
    uint32_t *mask; /* [a * RECORDS + b], a < b, numbers of the whole table */
    const uint32_t *numbers;
} Seen;

static Status seen_worker(void *ctx, unsigned thread, void **worker, Error *err)
{
    UNUSED(thread);
    UNUSED(err);
    *worker = ctx;
    return OK;
}

static Status seen_batch(const PairBatch *batch, void *worker, Error *err)
{
    UNUSED(err);
    const Seen *s = worker;
    for (size_t i = 0; i < batch->count; i++) {
        uint32_t a = s->numbers[batch->a], b = s->numbers[batch->others[i]];
        uint32_t *mask = &s->mask[a < b ? a * RECORDS + b : b * RECORDS + a];
        assert_int_equal(*mask, 0);
        *mask = batch->masks[i];
    }
    return OK;
}

static Status seen_done(void *ctx, void *worker, Error *err)
{
    UNUSED(ctx);
    UNUSED(worker);
    UNUSED(err);
    return OK;
}

static void test_candidates(void **state)
{
    UNUSED(state);
    Run run;
    Error err = ERROR_INIT;
    MatchPartitions *p = NULL;
    Blocks *whole = NULL;
    Seen seen = {0};
    enum { SHARES = 5 };
    run_init(&run, true);
    assert_ok(mem_zalloc(RECORDS * RECORDS, sizeof seen.mask[0], (void **)&seen.mask, &err));
    assert_ok(match_partitions_new(run.table, run.model, SHARES, 2, &p, &err));
    for (uint32_t part = 0; part < SHARES; part++) {
        Buf file;
        Partition share;
        buf_init(&file, 0);
        assert_ok(match_partitions_write(p, part, &file, &err));
        assert_ok(partition_read(buf_slice(&file), &share, &err));
        assert_ok(partition_take_passes(&share, run.model, &err));
        seen.numbers = share.numbers;
        BatchWork work = {seen_worker, seen_batch, seen_done, &seen, NULL};
        RunOptions options = {.threads = 1, .progress = PROGRESS_OFF};
        assert_ok(blocks_each(share.blocks, &work, &options, &err));
        partition_free(&share);
        buf_free(&file);
    }
    assert_ok(blocks_build(run.table, run.model->passes, run.model->pass_count, 1, &whole, &err));
    for (uint32_t a = 0; a < RECORDS; a++)
        for (uint32_t b = a + 1; b < RECORDS; b++) {
            bool comparable = table_comparable(&run.config, run.table->source[a], run.table->source[b]);
            assert_int_equal(seen.mask[a * RECORDS + b], comparable ? blocks_pair_mask(whole, a, b) : 0);
        }
    blocks_free(whole);
    match_partitions_free(p);
    mem_free(seen.mask);
    run_free(&run);
}

/* A share twice, or a pair that is none. */
static void test_join_refuses(void **state)
{
    UNUSED(state);
    Run run;
    Error err = ERROR_INIT;
    run_init(&run, false);
    MatchPairs twice = {0};
    append(&twice, &run.pairs);
    assert_ok(vec_push(&twice, run.pairs.at[3], &err));
    assert_int_equal(match_partitions_join(run.table, &twice, &err), ERR_INVALID);
    twice.len = 1;
    twice.at[0].b = RECORDS;
    assert_int_equal(match_partitions_join(run.table, &twice, &err), ERR_INVALID);
    vec_free(&twice);
    run_free(&run);
}

/* Puts the right digest on a changed body. */
static void set_digest(Buf *file)
{
    uint8_t digest[SHA256_SIZE];
    assert_ok(sha256_of(slice_sub(buf_slice(file), PARTITION_HEAD, file->len), digest, NULL));
    memcpy(file->ptr + PARTITION_MAGIC_SIZE, digest, sizeof digest);
}

static Status read_back(Slice bytes, Error *err)
{
    Partition p;
    Status st = partition_read(bytes, &p, err);
    partition_free(&p);
    return st;
}

static void test_bad_files(void **state)
{
    UNUSED(state);
    Run run;
    Error err = ERROR_INIT;
    MatchPartitions *p = NULL;
    Buf file;
    run_init(&run, false);
    buf_init(&file, 0);
    assert_ok(match_partitions_new(run.table, run.model, 40, 1, &p, &err));
    assert_ok(match_partitions_write(p, 7, &file, &err));
    assert_ok(read_back(buf_slice(&file), &err));
    assert_int_equal(read_back(SLICE("CAIRNMP1"), &err), ERR_PARSE);
    assert_int_equal(read_back(slice_sub(buf_slice(&file), 0, file.len - 1), &err), ERR_CORRUPT);
    file.ptr[file.len - 1] ^= 1;
    assert_int_equal(read_back(buf_slice(&file), &err), ERR_CORRUPT);
    file.ptr[file.len - 1] ^= 1;
    /* with a right digest every cut is found by its lengths */
    for (size_t length = PARTITION_HEAD; length < file.len; length += 1 + length / 40) {
        Buf cut;
        buf_init(&cut, 0);
        buf_add(&cut, slice_sub(buf_slice(&file), 0, length));
        set_digest(&cut);
        assert_true(read_back(buf_slice(&cut), &err) != OK);
        buf_free(&cut);
    }
    /* and whatever a byte says, reading ends with a word or with OK */
    Rng r;
    rng_init(&r, 2, 0);
    for (uint32_t i = 0; i < 300; i++) {
        size_t at = PARTITION_HEAD + rng_below(&r, file.len - PARTITION_HEAD);
        char was = file.ptr[at];
        file.ptr[at] = (char)rng_below(&r, 256);
        set_digest(&file);
        if (read_back(buf_slice(&file), &err) != OK)
            assert_true(err.message[0] != '\0');
        file.ptr[at] = was;
    }
    match_partitions_free(p);
    buf_free(&file);
    run_free(&run);
}

static size_t read_u32(const Buf *file, size_t at)
{
    size_t n = 0;
    for (size_t i = 4; i-- > 0;)
        n = n << 8 | (unsigned char)file->ptr[at + i];
    return n;
}

/* Any record as the last member of the last block: none is taken whose own list does not name that block. */
static void test_unlisted_block(void **state)
{
    UNUSED(state);
    Run run;
    Error err = ERROR_INIT;
    MatchPartitions *p = NULL;
    Buf file, changed;
    Partition share;
    run_init(&run, false);
    buf_init(&file, 0);
    buf_init(&changed, 0);
    assert_ok(match_partitions_new(run.table, run.model, 1, 1, &p, &err));
    assert_ok(match_partitions_write(p, 0, &file, &err));
    assert_ok(partition_read(buf_slice(&file), &share, &err));
    /* the places stand last: before their number is the last member of the last block */
    size_t places = 0, last_pass = 0;
    for (uint32_t i = 0; i < share.blocks->pass_count; i++) {
        places += share.blocks->passes[i].order.len;
        if (share.blocks->passes[i].groups.members.len > 0)
            last_pass = i;
    }
    size_t at = file.len - 10 * places - 4 - 4;
    assert_int_equal(read_u32(&file, at), vec_last(&share.blocks->passes[last_pass].groups.members));
    uint32_t refused = 0;
    buf_add(&changed, buf_slice(&file));
    for (uint32_t record = 0; record < RECORDS; record++) {
        for (unsigned k = 0; k < 4; k++)
            changed.ptr[at + k] = (char)(record >> 8 * k & 255);
        set_digest(&changed);
        refused += read_back(buf_slice(&changed), &err) != OK;
    }
    assert_in_range(refused, RECORDS - 20, RECORDS - 1); /* block_max: 20 */
    partition_free(&share);
    match_partitions_free(p);
    buf_free(&changed);
    buf_free(&file);
    run_free(&run);
}

/* More records than a number can count, and counts that only a table of thousands of millions would have. */
static void test_huge_numbers(void **state)
{
    UNUSED(state);
    Run run;
    Error err = ERROR_INIT;
    MatchPartitions *p = NULL;
    Buf file;
    run_init(&run, false);
    buf_init(&file, 0);
    assert_ok(match_partitions_new(run.table, run.model, 40, 1, &p, &err));
    assert_ok(match_partitions_write(p, 7, &file, &err));
    size_t at = PARTITION_HEAD;
    for (int text = 0; text < 2; text++)
        at += 4 + read_u32(&file, at);
    assert_int_equal(read_u32(&file, at), RECORDS);
    for (unsigned low = 0xfe; low <= 0xff; low++) {
        memset(file.ptr + at, 0xff, 4);
        file.ptr[at] = (char)low;
        set_digest(&file);
        assert_int_equal(read_back(buf_slice(&file), &err), ERR_PARSE);
    }
    file.ptr[at] = (char)0xfd;
    set_digest(&file);
    assert_ok(read_back(buf_slice(&file), &err));

    static const uint32_t huge[] = {UINT32_C(1) << 22, UINT32_C(4000000000), UINT32_MAX};
    Arena arena;
    RarityScale scale;
    arena_init(&arena, (size_t)64 << 20);
    for (size_t i = 0; i < COUNT_OF(huge); i++) {
        run.table->frequency[F_LAST][1 + i] = huge[i];
        assert_ok(rarity_init(&scale, run.table, run.model, F_LAST, 5, &arena, &err));
        assert_true(rarity_of(&scale, huge[i]) > rarity_of(&scale, 1));
    }
    arena_free(&arena);
    match_partitions_free(p);
    buf_free(&file);
    run_free(&run);
}

static void test_other_passes(void **state)
{
    UNUSED(state);
    Run run;
    Error err = ERROR_INIT;
    MatchPartitions *p = NULL;
    Buf file, json;
    MatchPairs pairs = {0};
    run_init(&run, false);
    buf_init(&file, 0);
    buf_init(&json, 0);
    assert_ok(match_partitions_new(run.table, run.model, 2, 1, &p, &err));
    assert_ok(match_partitions_write(p, 1, &file, &err));
    run.model->pass_count--;
    assert_ok(match_model_write(run.model, &json, &err));
    assert_true(match_partition_score(buf_slice(&file), buf_slice(&json), "model.json", &pairs, &err) != OK);
    run.model->pass_count++;
    match_partitions_free(p);
    buf_free(&file);
    buf_free(&json);
    vec_free(&pairs);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_join_refuses),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_unlisted_block),
        cmocka_unit_test(test_huge_numbers),
        cmocka_unit_test(test_other_passes),
    };
    return cmocka_run_group_tests_name("match/partition", tests, NULL, NULL);
}
