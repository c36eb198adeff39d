/*
 * Clusters, quality and newcomers on a crowd with known truth, from rows to persons.
 */
#include "crowd.h"

#include "match/cluster_impl.h"

/* --- clusters ----------------------------------------------------------------------------------------------------- */

static void test_clusters(void **state)
{
    UNUSED(state);
    Crowd crowd;
    Linked l;
    crowd_new(&crowd, 600, 1);
    crowd_link(&crowd, crowd.rows.len, 1, &l);
    Error err = ERROR_INIT;
    TruthReport truth;
    assert_int_equal(match_truth(l.t, l.m, l.person, &l.pairs, l.report.compared, &l.clusters, &truth, &err), OK);
    print_message("%zu rows: pairs F1 %.4f, clusters precision %.4f recall %.4f\n", crowd.rows.len,
        pair_f1(truth.pairs), pair_precision(truth.clusters), pair_recall(truth.clusters));
    assert_true(pair_precision(truth.clusters) > 0.99);
    assert_true(pair_recall(truth.clusters) > 0.95);
    assert_true(pair_f1(truth.clusters) >= pair_f1(truth.pairs));

    /* Nobody is twice in a duplicate-free source; nobody has two numbers. */
    for (uint32_t a = 0; a < l.t->records; a++)
        for (uint32_t b = 0; b < a; b++) {
            if (l.clusters.cluster[a] != l.clusters.cluster[b])
                continue;
            assert_false(l.t->source[a] == l.t->source[b] && l.t->source[a] != WORK);
            uint32_t x = record_cells(l.t, a)[C_NUMBER], y = record_cells(l.t, b)[C_NUMBER];
            assert_true(x == 0 || y == 0 || x == y);
        }
    /* Twins: one birth date, surname and address, other first names. */
    size_t joined = 0;
    for (size_t i = 0; i < crowd.twin_count; i++) {
        bool together = false;
        for (uint32_t a = 0; a < l.t->records; a++)
            for (uint32_t b = 0; b < l.t->records && l.person[a] == crowd.twins[i][0]; b++)
                together |= l.person[b] == crowd.twins[i][1] && l.clusters.cluster[a] == l.clusters.cluster[b];
        joined += together;
    }
    print_message("%zu of %zu pairs of twins joined\n", joined, crowd.twin_count);
    assert_true(crowd.twin_count > 20);
    assert_true(joined * 20 <= crowd.twin_count);
    linked_free(&l);
    vec_free(&crowd.rows);
}

/* Rows in another order: the same clusters, links and odds, byte for byte. */
static void test_order(void **state)
{
    UNUSED(state);
    Crowd crowd;
    Linked l, k;
    crowd_new(&crowd, 150, 2);
    crowd_link(&crowd, crowd.rows.len, 1, &l);
    crowd_link(&crowd, crowd.rows.len, -1, &k);
    size_t n = l.t->records;
    assert_int_equal(l.clusters.count, k.clusters.count);
    assert_memory_equal(l.clusters.cluster, k.clusters.cluster, n * sizeof(uint32_t));
    assert_memory_equal(l.clusters.link_to, k.clusters.link_to, n * sizeof(uint32_t));
    assert_memory_equal(l.clusters.link_odds, k.clusters.link_odds, n * sizeof(Weight));
    assert_memory_equal(l.clusters.weakest, k.clusters.weakest, l.clusters.count * sizeof(Weight));
    linked_free(&l);
    linked_free(&k);
    vec_free(&crowd.rows);
}

/* --- the judge ---------------------------------------------------------------------------------------------------- */

static uint32_t add_to(MatchTable *t, const char *const text[C_COLUMNS], uint32_t source, const char *id)
{
    Error err = ERROR_INIT;
    Slice values[C_COLUMNS];
    uint32_t record;
    for (uint32_t c = 0; c < C_COLUMNS; c++)
        values[c] = slice_of(text[c]);
    assert_int_equal(table_append(t, source, slice_of(id), values, &record, &err), OK);
    return record;
}

static void test_joint(void **state)
{
    UNUSED(state);
    Crowd crowd;
    Linked l;
    Error err = ERROR_INIT;
    crowd_new(&crowd, 300, 3);
    crowd_link(&crowd, crowd.rows.len, 1, &l);
    static const char *const rows[][C_COLUMNS] = {{"GRETA", "GARDENFOR", "", "", "80001", ""},
        {"GRETA", "GARDENFORT", "", "", "80001", ""}, {"G", "GARDENFOR", "", "", "80001", ""},
        {"GRETA", "GARDENFOR", "", "", "80001", ""}, {"GUSTAV", "GARDENFOR", "", "", "80001", ""},
        {"GRETA", "WESTORVAL", "", "", "80001", ""}, {"", "", "", "", "", "7654321"},
        {"GRETA", "GARDENFOR", "", "", "80001", "1234507"}};
    uint32_t r[COUNT_OF(rows)];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char id[16];
        snprintf(id, sizeof id, "joint-%zu", i);
        r[i] = add_to(l.t, rows[i], WORK, id);
    }
    Joint *joint = NULL;
    assert_int_equal(joint_new(l.t, l.m, NULL, &joint, &err), OK);
    Judge judge = joint_judge(joint);
    Weight against;
    /* Two records: as the model scores the pair. */
    Weight pair = judge.between(judge.ctx, &r[0], 1, &r[3], 1, NULL);
    MatchPair scored;
    assert_int_equal(match_score(l.t, l.m, r[0], r[3], &scored, &err), OK);
    assert_int_equal(pair, scored.odds);
    /* Repeated evidence counts once: a second spelling on one side and a copy on the other add nothing (but that one
     * edit in a rare name may weigh a hair more than the name itself). */
    uint32_t spellings[] = {r[0], r[1]}, copies[] = {r[3], r[3]};
    Weight repeated = judge.between(judge.ctx, spellings, 2, copies, 2, &against);
    assert_in_range(repeated, pair, pair + WEIGHT_BIT / 10);
    assert_int_equal(against, 0);
    assert_int_equal(judge.between(judge.ctx, copies, 2, spellings, 2, NULL), repeated);
    /* One of two surnames agrees: less than if it were the only one, by one of two; more than none. */
    uint32_t names[] = {r[0], r[5]};
    Weight former = judge.between(judge.ctx, names, 2, &r[3], 1, NULL);
    assert_int_equal(former, pair - WEIGHT_BIT);
    assert_true(former > judge.between(judge.ctx, &r[5], 1, &r[3], 1, NULL));
    /* An initial that the group itself explains otherwise does not agree with another name. */
    uint32_t greta[] = {r[0], r[2]};
    assert_int_equal(
        judge.between(judge.ctx, greta, 2, &r[4], 1, &against), judge.between(judge.ctx, &r[0], 1, &r[4], 1, NULL));
    assert_true(against < 0);
    assert_true(
        judge.between(judge.ctx, &r[2], 1, &r[4], 1, NULL) > judge.between(judge.ctx, greta, 2, &r[4], 1, NULL));
    /* A rule between any two forbids the whole. */
    uint32_t numbered[] = {r[0], r[6]};
    assert_int_equal(judge.between(judge.ctx, numbered, 2, &r[7], 1, NULL), ODDS_NEVER);
    assert_true(judge.repeats(judge.ctx, r[0], r[3]));
    assert_false(judge.repeats(judge.ctx, r[0], r[1]));
    joint_free(joint);
    linked_free(&l);
    vec_free(&crowd.rows);
}

/* --- households -----------------------------------------------------------------------------------------------------
 */

static uint32_t record_of(const MatchTable *t, const char *id)
{
    for (uint32_t r = 0; r < t->records; r++)
        if (slice_eq_z(match_record_id(t, r), id))
            return r;
    fail_msg("no record %s", id);
    return 0;
}

static MatchPair pair_of(const MatchTable *t, const char *x, const char *y, Weight odds)
{
    uint32_t a = record_of(t, x), b = record_of(t, y);
    return (MatchPair){.a = a < b ? a : b, .b = a < b ? b : a, .odds = odds};
}

static void test_households(void **state)
{
    UNUSED(state);
    Crowd crowd = {0};
    Error err = ERROR_INIT;
    crowd_config(&crowd.config);
    /* Forty families of three, at school and at college, who have moved meanwhile. */
    for (unsigned f = 0; f < 40; f++)
        for (unsigned i = 0; i < 6; i++) {
            CrowdRow row = {.source = i < 3 ? SCHOOL : COLLEGE, .person = f * 3 + i % 3};
            snprintf(row.id, sizeof row.id, "%u-%u%s", f, i % 3, i < 3 ? "s" : "c");
            snprintf(row.text[C_FIRST], 32, "NAME%c", (char)('A' + i % 3));
            snprintf(row.text[C_LAST], 32, "FAMILY%u", f);
            snprintf(row.text[C_STREET], 32, "%u %s ST", f + 1, i < 3 ? "OLD" : "NEW");
            snprintf(row.text[C_ZIP], 32, "80%03u", f);
            assert_int_equal(vec_push(&crowd.rows, row, &err), OK);
        }
    MatchTable *t = crowd_table(&crowd, crowd.rows.len, 1);
    MatchPairs pairs = {0};
    for (unsigned f = 0; f < 39; f++) /* the first two of each family surely */
        for (unsigned i = 0; i < 2; i++) {
            char s[16], c[16];
            snprintf(s, sizeof s, "%u-%us", f, i);
            snprintf(c, sizeof c, "%u-%uc", f, i);
            assert_int_equal(vec_push(&pairs, pair_of(t, s, c, 12 * WEIGHT_BIT), &err), OK);
        }
    Households *h = NULL;
    assert_int_equal(households_new(t, &pairs, &h, &err), OK);
    assert_non_null(h);
    Weight third = households_lift(h, record_of(t, "0-2s"), record_of(t, "0-2c"));
    assert_in_range(third, WEIGHT_BIT, 5 * WEIGHT_BIT);
    assert_int_equal(third, households_lift(h, record_of(t, "0-2c"), record_of(t, "0-2s")));
    /* Who has a certain partner in that family is nobody else there. */
    assert_int_equal(households_lift(h, record_of(t, "0-0s"), record_of(t, "0-2c")), 0);
    assert_int_equal(households_lift(h, record_of(t, "0-2s"), record_of(t, "0-1c")), 0);
    /* Families without a link to each other. */
    assert_in_range(-households_lift(h, record_of(t, "0-2s"), record_of(t, "1-2c")), 0, WEIGHT_BIT);
    assert_true(households_lift(h, record_of(t, "39-0s"), record_of(t, "39-0c")) <= 0);
    households_free(h);
    /* No certain link: nothing to learn from. */
    pairs.len = 0;
    assert_int_equal(households_new(t, &pairs, &h, &err), OK);
    assert_null(h);
    assert_int_equal(households_lift(h, 0, 1), 0);
    vec_free(&pairs);
    match_table_free(t);
    vec_free(&crowd.rows);
}

/* --- quality --------------------------------------------------------------------------------------------------------
 */

static void assert_near(double got, double want)
{
    assert_true(got > want - 1e-9 && got < want + 1e-9);
}

/* Every figure once more, pair by pair. */
static void test_truth(void **state)
{
    UNUSED(state);
    Crowd crowd;
    Linked l;
    Error err = ERROR_INIT;
    TruthReport got;
    crowd_new(&crowd, 120, 4);
    crowd_link(&crowd, crowd.rows.len, 1, &l);
    uint32_t n = l.t->records;
    for (uint32_t r = 0; r < n; r += 10) /* not known of everybody */
        l.person[r] = MATCH_NONE;
    PairCounts pairs = {0}, clusters = {0};
    uint64_t candidates = 0;
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = a + 1; b < n; b++) {
            if (l.person[a] == MATCH_NONE || l.person[b] == MATCH_NONE ||
                !table_comparable(l.t->config, l.t->source[a], l.t->source[b]))
                continue;
            bool same = l.person[a] == l.person[b], together = l.clusters.cluster[a] == l.clusters.cluster[b];
            pairs.truth += same;
            clusters.found += together;
            clusters.right += together && same;
            candidates += same && blocks_mask(l.t, l.m->passes, l.m->pass_count, a, b) != 0;
        }
    for (size_t i = 0; i < l.pairs.len; i++) {
        MatchPair p = l.pairs.at[i];
        if (p.odds < 0 || l.person[p.a] == MATCH_NONE || l.person[p.b] == MATCH_NONE)
            continue;
        pairs.found++;
        pairs.right += l.person[p.a] == l.person[p.b];
    }
    assert_int_equal(match_truth(l.t, l.m, l.person, &l.pairs, l.report.compared, &l.clusters, &got, &err), OK);
    assert_int_equal(got.pairs.truth, pairs.truth);
    assert_int_equal(got.pairs.found, pairs.found);
    assert_int_equal(got.pairs.right, pairs.right);
    assert_int_equal(got.clusters.found, clusters.found);
    assert_int_equal(got.clusters.right, clusters.right);
    assert_int_equal(got.clusters.truth, pairs.truth);
    assert_int_equal(got.candidates.right, candidates);
    assert_true(pair_f1(got.best) >= pair_f1(got.pairs));
    double precision = 0, recall = 0, known = 0;
    for (uint32_t a = 0; a < n; a++) {
        double cluster = 0, person = 0, both = 0;
        for (uint32_t b = 0; b < n && l.person[a] != MATCH_NONE; b++) {
            if (l.person[b] == MATCH_NONE)
                continue;
            cluster += l.clusters.cluster[a] == l.clusters.cluster[b];
            person += l.person[a] == l.person[b];
            both += l.clusters.cluster[a] == l.clusters.cluster[b] && l.person[a] == l.person[b];
        }
        if (l.person[a] == MATCH_NONE)
            continue;
        precision += both / cluster;
        recall += both / person;
        known++;
    }
    assert_near(got.bcubed_precision, precision / known);
    assert_near(got.bcubed_recall, recall / known);
    uint64_t binned = 0;
    for (size_t i = 0; i < CALIBRATION_BINS; i++)
        binned += got.bins[i].pairs;
    assert_true(binned >= pairs.found);
    /* Nobody's truth is known: nothing found, nothing to find. */
    for (uint32_t r = 0; r < n; r++)
        l.person[r] = MATCH_NONE;
    assert_int_equal(match_truth(l.t, l.m, l.person, &l.pairs, 0, NULL, &got, &err), OK);
    assert_int_equal(got.records, 0);
    assert_near(pair_recall(got.pairs), 1);
    linked_free(&l);
    vec_free(&crowd.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_joint),
        cmocka_unit_test(test_households),
        cmocka_unit_test(test_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
