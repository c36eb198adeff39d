/*
 * Clerical samples: what is drawn, what the verdicts weigh as labels, and a full run that calibrates on them. The
 * reviewer knows the truth: records 2i and 2i + 1 are person i.
 */
#include "identity_world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PEOPLE 300

typedef struct Drawn {
    Arena arena;
    ClericalSample sample;
    ClericalPairs pairs;
} Drawn;

static void read_sample(World *w, int64_t number, Drawn *out)
{
    Vault *vault;
    *out = (Drawn){0};
    arena_init(&out->arena, 0);
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_get_sample(vault, number, &out->arena, &out->sample, &out->pairs, err));
    vault_close(vault);
}

static void drawn_free(Drawn *d)
{
    vec_free(&d->pairs);
    arena_free(&d->arena);
}

static int64_t draw(World *w, uint32_t size, uint64_t seed)
{
    LinkContext ctx = world_context(w);
    int64_t number;
    uint64_t drawn;
    assert_ok(identity_sample(&ctx, &(SampleOptions){.size = size, .seed = seed}, &number, &drawn, err));
    return number;
}

static void decide(World *w, const ReviewDecision *d, size_t count)
{
    Vault *vault;
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(vault_add_decisions(vault, d, count, NULL, err));
    vault_close(vault);
}

static unsigned person_of(const RecordTag *tags, const RecordTag *tag)
{
    for (unsigned i = 0; i < 2 * PEOPLE; i++)
        if (tag_cmp(&tags[i], tag) == 0)
            return i / 2;
    fail_msg("a record of nobody");
    return 0;
}

#define NO_STRATUM UINT32_MAX

/* Everybody's verdicts on a sample, those of one stratum left out. Bob cannot tell, which says nothing. */
static void judge(World *w, const RecordTag *tags, const Drawn *d, uint32_t but)
{
    VEC(ReviewDecision) all = {0};
    for (size_t i = 0; i < d->pairs.len; i++) {
        const ClericalPair *p = &d->pairs.at[i];
        bool same = person_of(tags, &p->a) == person_of(tags, &p->b);
        ReviewDecision told = {.a = p->a, .b = p->b, .odds = INT32_MIN, .reviewer = SLICE("Ann")};
        told.verdict = same ? REVIEW_SAME : REVIEW_DIFFERENT;
        if (p->stratum == but)
            continue;
        assert_ok(vec_push(&all, told, err));
        told.reviewer = SLICE("Bob");
        told.verdict = REVIEW_UNSURE;
        assert_ok(vec_push(&all, told, err));
    }
    decide(w, all.at, all.len);
    vec_free(&all);
}

static LinkReport link_now(World *w, LinkScope scope)
{
    LinkContext ctx = world_context(w);
    LinkReport r;
    assert_ok(identity_link(&ctx, scope, &r, err));
    return r;
}

static size_t labels_of(World *w, const RecordTag *tags, MatchLabels *out)
{
    Vault *vault;
    TagPlaces places;
    assert_ok(vault_open(w->home, &vault, err));
    assert_ok(tag_places_new(tags, sizeof *tags, 2 * PEOPLE, &places, err));
    assert_ok(sample_labels(vault, &places, out, err));
    tag_places_free(&places);
    vault_close(vault);
    return out->len;
}

/* --- what is drawn ------------------------------------------------------------------------------------------------ */

static void check_pair(World *w, const Drawn *d, const ClericalPair *p)
{
    bool together = world_person(w, &p->a) == world_person(w, &p->b);
    SampleKind kind = (SampleKind)(p->stratum / SAMPLE_BANDS);
    assert_int_equal(p->linked, together);
    assert_true(kind == SAMPLE_OTHERS || together == (kind == SAMPLE_LINKS));
    assert_true(p->odds >= d->sample.from[p->stratum]);
    if (p->stratum % SAMPLE_BANDS + 1 < SAMPLE_BANDS)
        assert_true(p->odds < d->sample.from[p->stratum + 1]);
}

/* Two persons stand in the sample of missing links once, whatever their records. */
static void check_once(World *w, const Drawn *d)
{
    VEC(PersonId) low = {0}, high = {0};
    for (size_t i = 0; i < d->pairs.len; i++) {
        const ClericalPair *p = &d->pairs.at[i];
        if (p->stratum / SAMPLE_BANDS != SAMPLE_BETWEEN)
            continue;
        PersonId a = world_person(w, &p->a), b = world_person(w, &p->b);
        for (size_t k = 0; k < low.len; k++)
            assert_false(low.at[k] == (a < b ? a : b) && high.at[k] == (a < b ? b : a));
        assert_ok(vec_push(&low, a < b ? a : b, err));
        assert_ok(vec_push(&high, a < b ? b : a, err));
    }
    assert_true(low.len > 8);
    vec_free(&low);
    vec_free(&high);
}

static void what_is_drawn(void **state)
{
    World *w = *state;
    RecordTag tags[2 * PEOPLE];
    Drawn d, again, small;
    uint64_t counted[SAMPLE_STRATA] = {0}, links = 0;
    world_add_people(w, 0, PEOPLE, tags);
    LinkReport r = link_now(w, LINK_EVERYTHING);
    read_sample(w, draw(w, 100000, 1), &d);
    read_sample(w, draw(w, 100000, 1), &again);
    read_sample(w, draw(w, 60, 2), &small);
    assert_int_equal(d.sample.strata, SAMPLE_STRATA);
    for (size_t i = 0; i < d.pairs.len; i++) {
        check_pair(w, &d, &d.pairs.at[i]);
        counted[d.pairs.at[i].stratum]++;
        assert_memory_equal(&d.pairs.at[i].a, &again.pairs.at[i].a, sizeof(RecordTag));
    }
    assert_int_equal(d.pairs.len, again.pairs.len);
    check_once(w, &d);
    for (uint32_t s = 0; s < SAMPLE_STRATA; s++) {
        uint64_t all = d.sample.population[s];
        links += s / SAMPLE_BANDS == SAMPLE_LINKS ? all : 0;
        assert_true(counted[s] >= (all < 8 ? all : 8) && counted[s] <= all);
        assert_int_equal(small.sample.population[s], all);
    }
    assert_int_equal(links, r.records - r.persons); /* a link for each record beyond a person's first */
    assert_true(small.pairs.len < 60 + 8 * SAMPLE_STRATA);
    drawn_free(&d);
    drawn_free(&again);
    drawn_free(&small);
}

/* --- labels ------------------------------------------------------------------------------------------------------- */

/* Each stratum's labels weigh what its pairs are of its band's, and a band's labels 1 on average. */
static void check_weights(const Drawn *d, const RecordTag *tags, const MatchLabels *labels)
{
    double sum[SAMPLE_STRATA] = {0}, judged[SAMPLE_BANDS] = {0}, population[SAMPLE_BANDS] = {0};
    assert_int_equal(labels->len, d->pairs.len);
    for (size_t i = 0; i < labels->len; i++) {
        const MatchLabel *l = &labels->at[i];
        const ClericalPair *p = &d->pairs.at[i];
        assert_memory_equal(&tags[l->a], &p->a, sizeof p->a);
        assert_memory_equal(&tags[l->b], &p->b, sizeof p->b);
        assert_int_equal(l->match, l->a / 2 == l->b / 2);
        sum[p->stratum] += l->weight;
        judged[p->stratum % SAMPLE_BANDS]++;
    }
    for (uint32_t s = 0; s < SAMPLE_STRATA; s++)
        population[s % SAMPLE_BANDS] += (double)d->sample.population[s];
    for (uint32_t s = 0; s < SAMPLE_STRATA; s++) {
        uint32_t band = s % SAMPLE_BANDS;
        double want = population[band] > 0 ? (double)d->sample.population[s] * judged[band] / population[band] : 0;
        assert_true(fabs(sum[s] - want) < 1e-9 * (1 + want));
    }
}

static void labels_from_samples(void **state)
{
    World *w = *state;
    RecordTag tags[2 * PEOPLE];
    MatchLabels labels = {0};
    SampleQuality q;
    Drawn d;
    world_add_people(w, 0, PEOPLE, tags);
    LinkReport plain = link_now(w, LINK_EVERYTHING);
    assert_int_equal(plain.calibrated, 0);
    /* what the queue asked is no sample */
    bool in_order = tag_cmp(&tags[0], &tags[1]) < 0;
    const ReviewDecision asked = {
        .a = tags[!in_order], .b = tags[in_order], .verdict = REVIEW_SAME, .odds = INT32_MIN, .reviewer = SLICE("Ann")};
    decide(w, &asked, 1);
    assert_int_equal(labels_of(w, tags, &labels), 0);
    int64_t number = draw(w, 60, 3);
    read_sample(w, number, &d);
    judge(w, tags, &d, NO_STRATUM);
    labels_of(w, tags, &labels);
    check_weights(&d, tags, &labels);
    /* newcomers are judged by the model in force, a full run makes one that the labels calibrate */
    LinkReport r = link_now(w, LINK_NEWCOMERS);
    assert_string_equal(r.model_version, plain.model_version);
    r = link_now(w, LINK_EVERYTHING);
    assert_int_equal(r.calibrated, d.pairs.len);
    assert_string_not_equal(r.model_version, plain.model_version);
    LinkReport again = link_now(w, LINK_EVERYTHING);
    assert_string_equal(again.model_version, r.model_version);
    assert_ok(identity_sample_quality(w->home, number, &q, err));
    assert_true(q.complete && q.judged == d.pairs.len);
    drawn_free(&d);
    vec_free(&labels);
}

/* A sample that is judged in part has no estimate and gives no labels. */
static void unfinished(void **state)
{
    World *w = *state;
    RecordTag tags[2 * PEOPLE];
    MatchLabels labels = {0};
    SampleQuality q;
    Drawn d;
    world_add_people(w, 0, PEOPLE, tags);
    link_now(w, LINK_EVERYTHING);
    read_sample(w, draw(w, 60, 3), &d);
    uint32_t last = d.pairs.at[d.pairs.len - 1].stratum;
    judge(w, tags, &d, last);
    assert_int_equal(labels_of(w, tags, &labels), 0);
    assert_ok(identity_sample_quality(w->home, 0, &q, err));
    assert_int_equal(q.complete, last / SAMPLE_BANDS == SAMPLE_OTHERS); /* which measure nothing */
    assert_int_equal(link_now(w, LINK_EVERYTHING).calibrated, 0);
    drawn_free(&d);
    vec_free(&labels);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {IN_WORLD(what_is_drawn), IN_WORLD(labels_from_samples), IN_WORLD(unfinished)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
