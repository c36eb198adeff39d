/*
 * Strangers, and neighbours where these are many.
 *
 * Neither is learned from candidates: those were chosen for agreeing, and hold but a small part of all pairs. Levels
 * come from random pairs, each counted by its chance of being of the class; exact agreement comes from the values'
 * counts (frequency.c), less what the other classes explain, because agreement on a rare value is too seldom in any
 * sample.
 *
 * Neighbours are a part of all pairs too: of the pairs that share a postal code, the passes bring together only those
 * that agree on something else as well, and a share counted among these would come out near nothing. So they are
 * fitted with the strangers, unless they are so few that random pairs do not show them; then the candidates do, because
 * a pass over a rare place brings all of its pairs together.
 */
#include <math.h>

#include "match/em_impl.h"

#define STRANGER_PAIRS 2.0 /* random pairs the prior of strangers is worth */
#define STRANGER_SEGMENT_PAIRS 500.0
#define COVERED 0.9           /* of the pairs that agree are candidates: then candidates tell how many are strangers */
#define HALF_A_PAIR 0.5       /* none seen does not mean never (Jeffreys 1946) */
#define NEIGHBOURS_SHOWN 50.0 /* random pairs that make neighbours known */
#define NEIGHBOURS_MOST 0.3   /* of the pairs; in a file of one town nearly all are near, and strangers still exist */
#define ROUNDS_MAX 50
#define TOLERANCE 1e-4

static uint32_t exact_levels(const Em *e, uint32_t f)
{
    uint32_t n = 0;
    for (uint32_t l = 1; l < e->m->level_counts[f]; l++)
        n += field_level_exact(&e->config->fields[f], l);
    return n;
}

/* Levels of random pairs, each pair by its chance of being strangers; neighbours go to e->count and class_count. */
static void count_random(Em *e, LevelCounts strangers, double pairs[MATCH_SEGMENTS_MAX])
{
    em_logs(e);
    for (size_t i = 0; i < e->in->random->len; i++) {
        const PatternCount *p = &e->in->random->at[i];
        double post[CLASS_COUNT];
        em_posterior(e, p, post);
        pairs[p->segment] += p->count;
        e->class_count[p->segment][CLASS_NEIGHBOUR] += p->count * post[CLASS_NEIGHBOUR];
        for (uint32_t f = 0; f < e->m->field_count; f++) {
            uint32_t level = pattern_level(p->pattern, f);
            strangers[p->segment][f][level] += p->count * post[CLASS_STRANGER];
            if (level)
                e->count[p->segment][CLASS_NEIGHBOUR][f][level] += p->count * post[CLASS_NEIGHBOUR];
        }
    }
}

/* Share of comparable strangers that hold the same value. What is left of all equal pairs when the other classes' are
 * taken off is the difference of two large numbers where nearly all are matches (an SSN), and of a sample's noise more
 * than of strangers: there the strangers among the candidates are counted instead, as a part of all equal pairs. */
static double equal_share(const Em *e, uint32_t s, uint32_t f)
{
    double equal = e->in->totals->equal[s][f], both = e->in->totals->both[s][f], near = 0, apart_equal = 0;
    double neighbours = e->random_neighbours ? both * e->m->class_share[s][CLASS_NEIGHBOUR] : 0;
    for (uint32_t l = 1; l < e->m->level_counts[f]; l++) {
        double others = neighbours * em_parameter(e, s, f, l)->share[CLASS_NEIGHBOUR];
        both -= e->apart[s][f][l] + others;
        if (field_level_exact(&e->config->fields[f], l)) {
            apart_equal += e->apart[s][f][l];
            near += others;
        }
    }
    double covered = e->covered[s][f];
    bool all_seen = covered > 0 && covered >= COVERED * equal;
    equal = all_seen ? equal * (1 - fmin(apart_equal / covered, 1)) - near : equal - apart_equal - near;
    equal = fmax(equal, HALF_A_PAIR);
    return both > 2 * equal ? equal / both : 0.5;
}

void em_count_covered(Em *e)
{
    for (size_t i = 0; i < e->in->candidates->len; i++) {
        const PatternCount *p = &e->in->candidates->at[i];
        for (uint32_t f = 0; f < e->m->field_count; f++)
            if (field_level_exact(&e->config->fields[f], pattern_level(p->pattern, f)))
                e->covered[p->segment][f] += p->count;
    }
}

static void fit_field(Em *e, uint32_t f, LevelCounts counts)
{
    uint32_t levels = e->m->level_counts[f];
    double pooled[MATCH_LEVELS_MAX] = {0}, all = STRANGER_PAIRS;
    for (uint32_t l = 1; l < levels; l++) {
        for (uint32_t s = 0; s < e->segments; s++) {
            pooled[l] += counts[s][f][l];
            all += counts[s][f][l];
        }
        pooled[l] = fmax(pooled[l], HALF_A_PAIR) + STRANGER_PAIRS * e->prior[CLASS_STRANGER][f][l];
    }
    for (uint32_t s = 0; s < e->segments; s++) {
        double share[MATCH_LEVELS_MAX] = {0}, own = 0, exact = 0, rest = 0;
        for (uint32_t l = 1; l < levels; l++)
            own += counts[s][f][l];
        for (uint32_t l = 1; l < levels; l++) {
            share[l] = e->segments == 1 ? pooled[l] / all
                                        : (counts[s][f][l] + STRANGER_SEGMENT_PAIRS * pooled[l] / all) /
                                              (own + STRANGER_SEGMENT_PAIRS);
            *(field_level_exact(&e->config->fields[f], l) ? &exact : &rest) += share[l];
        }
        /* exact levels share among them what the counts say of equal values, the others the rest */
        bool counted = exact_levels(e, f) && rest > 0 && e->in->totals->both[s][f] > 0;
        double equal = counted ? equal_share(e, s, f) : exact, before = 0;
        for (uint32_t l = 1; l < levels; l++) {
            bool is_exact = field_level_exact(&e->config->fields[f], l);
            before += is_exact ? em_parameter(e, s, f, l)->share[CLASS_STRANGER] : 0;
            double scaled = is_exact ? share[l] / exact * equal : rest > 0 ? share[l] / rest * (1 - equal) : 0;
            em_parameter(e, s, f, l)->share[CLASS_STRANGER] = scaled;
        }
        if (counted && before > 0)
            e->strangers_change = fmax(e->strangers_change, fabs(log2(equal / before)));
    }
}

/* Returns the largest change. */
static double fit_neighbours(Em *e, const double pairs[MATCH_SEGMENTS_MAX])
{
    double change = 0;
    for (uint32_t s = 0; s < e->segments; s++) {
        double share = pairs[s] > 0 ? e->class_count[s][CLASS_NEIGHBOUR] / pairs[s] : 0;
        double before = e->m->class_share[s][CLASS_NEIGHBOUR];
        share = fmin(share, NEIGHBOURS_MOST);
        change = fmax(change, fabs(share - before) / (before + 1e-9));
        e->m->class_share[s][CLASS_NEIGHBOUR] = share;
        em_strangers_share(e, s);
    }
    for (uint32_t f = 0; f < e->m->field_count; f++)
        if (class_view(&e->config->fields[f], CLASS_NEIGHBOUR) == VIEW_OWN)
            change = em_maximise_levels(e, CLASS_NEIGHBOUR, f, change);
    return change;
}

static double fit_once(Em *e, LevelCounts counts)
{
    double pairs[MATCH_SEGMENTS_MAX] = {0}, change = 0;
    memset(counts, 0, sizeof(LevelCounts));
    for (uint32_t s = 0; s < e->segments; s++) {
        e->class_count[s][CLASS_NEIGHBOUR] = 0;
        memset(e->count[s][CLASS_NEIGHBOUR], 0, sizeof e->count[s][CLASS_NEIGHBOUR]);
    }
    count_random(e, counts, pairs);
    if (e->random_neighbours)
        change = fit_neighbours(e, pairs);
    for (uint32_t f = 0; f < e->m->field_count; f++)
        fit_field(e, f, counts);
    em_tie(e);
    return change;
}

void em_fit_strangers(Em *e)
{
    LevelCounts counts;
    e->strangers_change = 0;
    for (uint32_t i = 0; i < ROUNDS_MAX; i++)
        if (fit_once(e, counts) < TOLERANCE)
            return;
}

bool em_neighbours_in_random(const Em *e, double *share)
{
    double near = 0, all = 0;
    for (size_t i = 0; i < e->in->random->len; i++) {
        const PatternCount *p = &e->in->random->at[i];
        uint32_t places = 0;
        for (uint32_t f = 0; f < e->m->field_count; f++) {
            const FieldSpec *spec = &e->config->fields[f];
            places +=
                class_view(spec, CLASS_NEIGHBOUR) == VIEW_OWN && field_level_exact(spec, pattern_level(p->pattern, f));
        }
        all += p->count;
        near += places >= 2 ? p->count : 0;
    }
    *share = all > 0 ? fmin(near / all, NEIGHBOURS_MOST) : 0;
    return near >= NEIGHBOURS_SHOWN;
}
