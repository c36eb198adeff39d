/*
 * EM against a population whose parameters are known.
 *
 * Expected counts of every pattern are worked out exactly (shares times pairs), cut down to what the passes would
 * bring together, and given to em_fit: no chance is involved, so what comes back must be near what went in, and stated
 * probabilities must be right in every band.
 */
#include <math.h>

#include "../base/harness.h"
#include "match/match_impl.h"

enum { FIRST, LAST, BIRTH, STREET, SEX, FIELDS };

typedef struct World {
    MatchConfig config;
    PairTotals totals;
    PatternCounts candidates, random;
    PassSpec passes[3];
    double pairs[CLASS_COUNT];
    double share[CLASS_COUNT][FIELDS][MATCH_LEVELS_MAX];
    double missing;
    uint32_t levels[FIELDS];
} World;

static const Slice columns[FIELDS] = {
    SLICE_INIT("first"), SLICE_INIT("last"), SLICE_INIT("birth"), SLICE_INIT("street"), SLICE_INIT("sex")};

static void add_field(World *w, uint32_t f, FieldKind kind, bool shared)
{
    w->config.columns[f] = columns[f];
    w->config.fields[f] = (FieldSpec){
        .name = columns[f], .kind = kind, .columns = {f}, .column_count = 1, .swap_with = MATCH_NONE, .shared = shared};
    w->levels[f] = field_level_count(&w->config.fields[f]);
}

/* `exact` on the first level, `differs` on the last, the rest falling by half from level to level. */
static void set_share(World *w, PairClass class, uint32_t f, double exact, double differs)
{
    double *share = w->share[class][f], rest = 0;
    uint32_t last = w->levels[f] - 1;
    for (uint32_t l = 2; l < last; l++)
        rest += pow(0.5, l);
    memset(share, 0, sizeof w->share[class][f]);
    share[1] = exact;
    share[last] = last > 2 ? differs : 1 - exact;
    for (uint32_t l = 2; l < last; l++)
        share[l] = (1 - exact - differs) * pow(0.5, l) / rest;
}

static void world_init(World *w, double households, double twins)
{
    *w = (World){.missing = 0.08};
    match_config_init(&w->config);
    w->config.column_count = w->config.field_count = FIELDS;
    w->config.source_count = 1;
    w->config.sources[0] = (SourceSpec){.name = SLICE("file"), .dedupe = true};
    add_field(w, FIRST, FIELD_FIRST_NAME, false);
    add_field(w, LAST, FIELD_LAST_NAME, true);
    add_field(w, BIRTH, FIELD_DATE, false);
    add_field(w, STREET, FIELD_ADDRESS, true);
    add_field(w, SEX, FIELD_SEX, false);
    w->pairs[CLASS_MATCH] = 3000;
    w->pairs[CLASS_HOUSEHOLD] = households;
    w->pairs[CLASS_TWIN] = twins;
    w->pairs[CLASS_STRANGER] = 5e7;
    static const double stranger[FIELDS] = {0.004, 0.002, 0.00004, 0.00002, 0.5};
    static const double match[FIELDS] = {0.88, 0.9, 0.93, 0.75, 0.99};
    for (PairClass c = 0; c < CLASS_COUNT; c++)
        for (uint32_t f = 0; f < FIELDS; f++)
            set_share(w, c, f, c == CLASS_MATCH ? match[f] : stranger[f], c == CLASS_MATCH ? 0.03 : 0.97);
    for (PairClass c = CLASS_HOUSEHOLD; c <= CLASS_TWIN; c++) {
        set_share(w, c, LAST, 0.9, 0.03);
        set_share(w, c, STREET, 0.97, 0.01);
    }
    set_share(w, CLASS_TWIN, BIRTH, 0.97, 0.01);
    w->passes[0] = (PassSpec){.name = SLICE("names"), .parts = {{FIRST, KEY_WHOLE, 0}, {LAST, KEY_WHOLE, 0}}};
    w->passes[1] = (PassSpec){.name = SLICE("birth"), .parts = {{BIRTH, KEY_WHOLE, 0}}};
    w->passes[2] = (PassSpec){.name = SLICE("street"), .parts = {{STREET, KEY_WHOLE, 0}}};
    w->passes[0].part_count = 2;
    w->passes[1].part_count = w->passes[2].part_count = 1;
}

static void world_free(World *w)
{
    vec_free(&w->candidates);
    vec_free(&w->random);
}

static double pattern_share(const World *w, PairClass class, uint64_t pattern)
{
    double p = 1;
    for (uint32_t f = 0; f < FIELDS; f++) {
        unsigned l = pattern_level(pattern, f);
        p *= l == 0 ? w->missing : (1 - w->missing) * w->share[class][f][l];
    }
    return p;
}

static uint32_t passes_of(uint64_t pattern)
{
    return (uint32_t)(pattern_level(pattern, FIRST) == 1 && pattern_level(pattern, LAST) == 1) |
           (uint32_t)(pattern_level(pattern, BIRTH) == 1) << 1 | (uint32_t)(pattern_level(pattern, STREET) == 1) << 2;
}

/* The next pattern in the odometer's order; false after the last. */
static bool next_pattern(const World *w, uint64_t *pattern)
{
    for (uint32_t f = 0; f < FIELDS; f++) {
        unsigned l = pattern_level(*pattern, f);
        *pattern &= ~(UINT64_C(15) << (4 * f));
        if (l + 1 < w->levels[f]) {
            *pattern |= (uint64_t)(l + 1) << (4 * f);
            return true;
        }
    }
    return false;
}

static void world_count(World *w)
{
    uint64_t pattern = 0;
    do {
        double count = 0;
        for (PairClass c = 0; c < CLASS_COUNT; c++)
            count += w->pairs[c] * pattern_share(w, c, pattern);
        PatternCount candidate = {.pattern = pattern, .passes = passes_of(pattern), .count = count};
        PatternCount random = {.pattern = pattern, .count = count * 0.01};
        if (candidate.passes && count > 1e-3)
            assert_ok(vec_push(&w->candidates, candidate, NULL));
        if (random.count > 0.5)
            assert_ok(vec_push(&w->random, random, NULL));
    } while (next_pattern(w, &pattern));
    w->totals.records[0] = w->pairs[CLASS_STRANGER] > 1000 ? 15000 : 20;
    for (PairClass c = 0; c < CLASS_COUNT; c++) {
        w->totals.comparable[0] += w->pairs[c];
        for (uint32_t f = 0; f < FIELDS; f++) {
            w->totals.both[0][f] += w->pairs[c] * (1 - w->missing);
            w->totals.equal[0][f] += w->pairs[c] * (1 - w->missing) * w->share[c][f][1];
        }
    }
}

static MatchModel *world_fit(World *w)
{
    MatchModel *m = NULL;
    Error err = ERROR_INIT;
    world_count(w);
    EmInput in = {.config = &w->config,
        .candidates = &w->candidates,
        .random = &w->random,
        .totals = &w->totals,
        .passes = w->passes,
        .pass_count = 3,
        .matches = 1000};
    assert_ok(model_new(&w->config, &m, &err));
    assert_ok(em_fit(&in, m, &err));
    return m;
}

/* log2 odds of a pattern under the model, from its shares. */
static double model_odds(const World *w, const MatchModel *m, uint64_t pattern)
{
    double p[CLASS_COUNT], others = 0;
    for (PairClass c = 0; c < CLASS_COUNT; c++) {
        p[c] = m->class_share[0][c];
        for (uint32_t f = 0; f < FIELDS; f++)
            if (pattern_level(pattern, f))
                p[c] *= m->levels[0][f][pattern_level(pattern, f)].share[c];
        others += c == CLASS_MATCH ? 0 : p[c];
    }
    UNUSED(w);
    return log2(p[CLASS_MATCH] / others);
}

static void check_near(const char *what, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %g instead of %g (+- %g)", what, got, want, tolerance);
}

static void check_match_shares(const World *w, const MatchModel *m, double tolerance)
{
    for (uint32_t f = 0; f < FIELDS; f++) {
        for (uint32_t l = 1; l < w->levels[f]; l++) {
            char what[40];
            snprintf(what, sizeof what, "field %u level %u", f, l);
            check_near(what, m->levels[0][f][l].share[CLASS_MATCH], w->share[CLASS_MATCH][f][l], tolerance);
        }
    }
}

/* Of the pairs with a stated probability in a band, as many are matches as stated. */
static void check_calibration(const World *w, const MatchModel *m, double tolerance)
{
    static const double edges[] = {0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1};
    double pairs[COUNT_OF(edges)] = {0}, right[COUNT_OF(edges)] = {0}, stated[COUNT_OF(edges)] = {0};
    for (size_t i = 0; i < w->candidates.len; i++) {
        const PatternCount *p = &w->candidates.at[i];
        double probability = weight_probability((Weight)lround(1000 * model_odds(w, m, p->pattern)));
        size_t b = 0;
        while (b + 1 < COUNT_OF(edges) && probability >= edges[b + 1])
            b++;
        pairs[b] += p->count;
        stated[b] += p->count * probability;
        right[b] += w->pairs[CLASS_MATCH] * pattern_share(w, CLASS_MATCH, p->pattern);
    }
    for (size_t b = 0; b < COUNT_OF(edges); b++) {
        char what[40];
        snprintf(what, sizeof what, "calibration from %g", edges[b]);
        if (pairs[b] > 5)
            check_near(what, stated[b] / pairs[b], right[b] / pairs[b], tolerance);
    }
}

static void test_strangers_only(void **state)
{
    World w;
    UNUSED(state);
    world_init(&w, 0, 0);
    MatchModel *m = world_fit(&w);
    assert_true(m->report.converged);
    check_match_shares(&w, m, 0.01);
    check_near("share of exact street, strangers", m->levels[0][STREET][1].share[CLASS_STRANGER], 0.00002, 0.000002);
    check_near("matches", m->class_share[0][CLASS_MATCH] * w.totals.comparable[0], 3000, 90);
    /* nothing shows a household, so there is none */
    assert_true(m->class_share[0][CLASS_HOUSEHOLD] == 0);
    assert_true(m->class_share[0][CLASS_TWIN] == 0);
    check_calibration(&w, m, 0.05);
    match_model_free(m);
    world_free(&w);
}

static void test_households(void **state)
{
    World w;
    UNUSED(state);
    world_init(&w, 20000, 0);
    MatchModel *m = world_fit(&w);
    check_match_shares(&w, m, 0.015);
    /* those that the pass over streets brings together; without a common surname they may be strangers as well */
    check_near("households", m->class_share[0][CLASS_HOUSEHOLD] * w.totals.comparable[0], 17850, 1000);
    check_near("surname in households", m->levels[0][LAST][1].share[CLASS_HOUSEHOLD], 0.9, 0.02);
    /* strangers' surname is not inflated by the households */
    check_near("surname of strangers", m->levels[0][LAST][1].share[CLASS_STRANGER], 0.002, 0.0001);
    check_calibration(&w, m, 0.1);
    match_model_free(m);
    world_free(&w);
}

static void test_twins(void **state)
{
    World w;
    UNUSED(state);
    world_init(&w, 20000, 120);
    MatchModel *m = world_fit(&w);
    check_match_shares(&w, m, 0.02);
    check_near("twins", m->class_share[0][CLASS_TWIN] * w.totals.comparable[0], 120, 40);
    check_calibration(&w, m, 0.1);
    match_model_free(m);
    world_free(&w);
}

/* The oracle can fail: without the class, a household is taken for a match more often than stated. */
static void test_without_household_class(void **state)
{
    World w;
    UNUSED(state);
    world_init(&w, 20000, 0);
    for (uint32_t f = 0; f < FIELDS; f++)
        w.config.fields[f].shared = false;
    MatchModel *m = world_fit(&w);
    double stated = 0, right = 0;
    for (size_t i = 0; i < w.candidates.len; i++) {
        const PatternCount *p = &w.candidates.at[i];
        double odds = model_odds(&w, m, p->pattern);
        if (odds < -3 || odds > 3)
            continue;
        stated += p->count * weight_probability((Weight)lround(1000 * odds));
        right += w.pairs[CLASS_MATCH] * pattern_share(&w, CLASS_MATCH, p->pattern);
    }
    assert_true(stated > 1.3 * right);
    match_model_free(m);
    world_free(&w);
}

/* A field that some pass looks at is learned from other passes' pairs: without that its errors would vanish. */
static void test_ascertainment(void **state)
{
    World w;
    UNUSED(state);
    world_init(&w, 0, 0);
    for (size_t f = FIRST; f <= STREET; f++)
        set_share(&w, CLASS_MATCH, (uint32_t)f, 0.7, 0.1);
    MatchModel *m = world_fit(&w);
    check_match_shares(&w, m, 0.02);
    check_near("matches", m->class_share[0][CLASS_MATCH] * w.totals.comparable[0], 3000 * 0.93, 200);
    match_model_free(m);
    world_free(&w);
}

/* Two kinds of source, of which one has neither birth dates nor addresses and cuts surnames: the passes without the
 * surname find nobody between the two, so what is cut there is learned from the pairs that the names bring together. */
static void test_unreached_segment(void **state)
{
    enum { BETWEEN = 1, CUT = 4, PAIRS = 3000 };
    World w;
    UNUSED(state);
    world_init(&w, 0, 0);
    w.config.trait_count = 2;
    w.config.traits[0] = SLICE("school");
    w.config.traits[1] = SLICE("wage");
    double cut[MATCH_LEVELS_MAX] = {[1] = 0.6, [CUT] = 0.4};
    for (uint32_t first = 1; first < w.levels[FIRST]; first++)
        for (uint32_t last = 1; last < w.levels[LAST]; last++) {
            double match = PAIRS * w.share[CLASS_MATCH][FIRST][first] * cut[last];
            double stranger = 5e7 * w.share[CLASS_STRANGER][FIRST][first] * w.share[CLASS_STRANGER][LAST][last];
            uint64_t pattern = first | (uint64_t)last << 4 * LAST;
            bool names = first == 1 && (last == 1 || last == CUT);
            PatternCount candidate = {.pattern = pattern, .segment = BETWEEN, .passes = 1, .count = match + stranger};
            PatternCount random = {.pattern = pattern, .segment = BETWEEN, .count = (match + stranger) * 0.01};
            if (names)
                assert_ok(vec_push(&w.candidates, candidate, NULL));
            if (random.count > 0.5)
                assert_ok(vec_push(&w.random, random, NULL));
            w.totals.both[BETWEEN][FIRST] += match + stranger;
            w.totals.both[BETWEEN][LAST] += match + stranger;
            w.totals.equal[BETWEEN][FIRST] += first == 1 ? match + stranger : 0;
            w.totals.equal[BETWEEN][LAST] += last == 1 ? match + stranger : 0;
            w.totals.comparable[BETWEEN] += match + stranger;
        }
    w.totals.records[BETWEEN] = 15000;
    MatchModel *m = world_fit(&w);
    check_near("cut surnames between the kinds", m->levels[BETWEEN][LAST][CUT].share[CLASS_MATCH], 0.4, 0.05);
    check_near(
        "cut surnames inside one", m->levels[0][LAST][CUT].share[CLASS_MATCH], w.share[CLASS_MATCH][LAST][CUT], 0.01);
    match_model_free(m);
    world_free(&w);
}

/* A part of a kind of source that cuts names, whose candidates show no match of another sex: what is no name, matches
 * of the part have from the whole, their surnames are their own. */
static void test_part_of_a_trait(void **state)
{
    enum { BETWEEN = 1, CUT = 4, PAIRS = 3000 };
    UNUSED(state);
    for (uint32_t within = 0; within < 2; within++) {
        World w;
        world_init(&w, 0, 0);
        w.config.trait_count = 2;
        w.config.traits[0] = SLICE("wage");
        w.config.traits[1] = SLICE("initials");
        w.config.trait_within[1] = within;
        for (uint32_t last = 1; last <= CUT; last += CUT - 1) {
            double match = PAIRS / 2.0;
            uint64_t pattern = 1 | (uint64_t)last << 4 * LAST | (uint64_t)1 << 4 * BIRTH | (uint64_t)1 << 4 * SEX;
            assert_ok(vec_push(&w.candidates,
                ((PatternCount){.pattern = pattern, .segment = BETWEEN, .passes = 7, .count = match}), NULL));
            w.totals.comparable[BETWEEN] += 5e7;
        }
        w.totals.records[BETWEEN] = 15000;
        MatchModel *m = world_fit(&w);
        const double own = m->levels[BETWEEN][SEX][1].share[CLASS_MATCH],
                     whole = m->levels[0][SEX][1].share[CLASS_MATCH];
        check_near("cut surnames", m->levels[BETWEEN][LAST][CUT].share[CLASS_MATCH], 0.5, 0.05);
        assert_true(m->levels[0][LAST][CUT].share[CLASS_MATCH] < 0.1);
        assert_true(within ? own == whole : own > whole);
        match_model_free(m);
        world_free(&w);
    }
}

/* Twenty records: everything stays a number, and the prior decides. */
static void test_tiny(void **state)
{
    World w;
    UNUSED(state);
    world_init(&w, 0, 0);
    w.pairs[CLASS_MATCH] = 0;
    w.pairs[CLASS_STRANGER] = 190;
    MatchModel *m = world_fit(&w);
    for (uint32_t f = 0; f < FIELDS; f++) {
        double sum[CLASS_COUNT] = {0};
        for (uint32_t l = 1; l < w.levels[f]; l++) {
            for (PairClass c = 0; c < CLASS_COUNT; c++) {
                assert_true(isfinite(m->levels[0][f][l].share[c]));
                sum[c] += m->levels[0][f][l].share[c];
            }
            assert_true(m->levels[0][f][l].is_default);
        }
        for (PairClass c = 0; c < CLASS_COUNT; c++)
            check_near("sum of shares", sum[c], 1, 1e-9);
    }
    assert_true(m->report.default_levels > 0);
    assert_true(m->report.matches < 2);
    match_model_free(m);
    world_free(&w);
}

static void test_no_pair(void **state)
{
    World w;
    MatchModel *m = NULL;
    Error err = ERROR_INIT;
    UNUSED(state);
    world_init(&w, 0, 0);
    EmInput in = {.config = &w.config, .candidates = &w.candidates, .random = &w.random, .totals = &w.totals};
    assert_ok(model_new(&w.config, &m, &err));
    assert_int_equal(em_fit(&in, m, &err), ERR_INVALID);
    match_model_free(m);
}

/* Weights of levels stand in order where the data do not say otherwise. */
static void test_order(void **state)
{
    World w;
    UNUSED(state);
    world_init(&w, 0, 0);
    w.pairs[CLASS_MATCH] = 40;
    MatchModel *m = world_fit(&w);
    for (uint32_t f = 0; f < FIELDS; f++) {
        uint32_t last = w.levels[f] - 1;
        const LevelParameter *p = m->levels[0][f];
        double differs = p[last].share[CLASS_MATCH] / p[last].share[CLASS_STRANGER];
        for (uint32_t l = 1; l < last; l++)
            assert_true(p[l].share[CLASS_MATCH] / p[l].share[CLASS_STRANGER] >= differs * (1 - 1e-9));
    }
    match_model_free(m);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strangers_only),
        cmocka_unit_test(test_households),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_without_household_class),
        cmocka_unit_test(test_ascertainment),
        cmocka_unit_test(test_unreached_segment),
        cmocka_unit_test(test_part_of_a_trait),
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_no_pair),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
