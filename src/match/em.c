/*
 * Parameters without labels: a latent class model over counted patterns, fitted by EM (Dempster, Laird and Rubin 1977;
 * for record linkage Jaro 1989 and Winkler 1988).
 *
 * Classes. Beside matches and strangers there are non-matches that agree for a reason: neighbours, members of a
 * household, twins (Larsen and Rubin 2001 fit mixtures of more than two classes to linkage for the same purpose).
 * Inside each class fields are independent. What keeps the classes apart is that they are not free: a household has
 * its own shares only where members have a field in common, everything else is tied to strangers (class_view). EM
 * starts with all classes that the fields could tell apart, because a match class alone would settle on households
 * where these are the many; then each further class is left out if that lowers the likelihood by less than its
 * parameters cost (Schwarz 1978).
 *
 * Strangers are not learned from candidates, which were chosen for agreeing, but from random pairs and from the
 * values' counts, each less the pairs that the other classes explain. Exact agreement comes from the counts
 * (frequency.c), because agreement on a rare value is too seldom in any sample.
 *
 * Ascertainment. Every candidate agrees on the fields of some pass; a field's error rate learned from pairs that were
 * chosen for agreeing on it would be too good. Given its class, a pair's level in a field does not depend on its
 * having been found by passes over other fields, so a field is learned from the pairs that such passes find
 * (avoiding[]), and only in segments where there are none from all.
 *
 * Priors. Dirichlet, worth PRIOR_PAIRS pairs, around field_level_prior; a segment's around the shares of all segments
 * (SEGMENT_PAIRS). A part of a trait (trait_within) has no shares of its own but in names: between school and payrolls
 * that cut first names so little tells matches apart that EM believes what it believed before, and held that nobody
 * there works outside the county of school. Priors decide only where data are thin, and a level they decide is marked
 * is_default. Missing (level 0) takes no part anywhere.
 *
 * After the fit, levels whose weights stand in the wrong order by no more than chance would explain are pooled
 * (pool adjacent violators: Ayer et al. 1955); disagreement never weighs more than any agreement.
 */
#include <math.h>

#include "match/em_impl.h"

#define ITERATIONS_MAX 300
#define ROUNDS_MAX 16       /* of fitting strangers anew */
#define STRANGERS_STILL 0.1 /* bits: an SSN's agreement goes on falling long after the matches stand still */
#define TOLERANCE 1e-5
#define NEGLIGIBLE 1e-7 /* patterns whose chance of being no stranger's is below are set aside between rounds */
#define MATCH_FLOOR 0.5 /* expected matches never fall below: a share of 0 could not rise again */

/* --- parameters ----------------------------------------------------------------------------------------------- */

LevelParameter *em_parameter(const Em *e, uint32_t segment, uint32_t field, uint32_t level)
{
    return &e->m->levels[segment][field][level];
}

static double log_share(double share)
{
    return log2(share > SHARE_FLOOR ? share : SHARE_FLOOR);
}

void em_logs(Em *e)
{
    for (uint32_t s = 0; s < e->segments; s++) {
        for (uint32_t c = 0; c < CLASS_COUNT; c++) {
            double share = e->m->class_share[s][c];
            e->log_class[s][c] = share > 0 ? log2(share) : -INFINITY;
            for (uint32_t f = 0; f < e->m->field_count; f++)
                for (uint32_t l = 1; l < e->m->level_counts[f]; l++)
                    e->log_level[s][c][f][l] = log_share(em_parameter(e, s, f, l)->share[c]);
        }
    }
}

/* Classes that see a field through another's eyes take its shares. */
void em_tie(Em *e)
{
    for (uint32_t s = 0; s < e->segments; s++) {
        for (uint32_t f = 0; f < e->m->field_count; f++) {
            for (PairClass c = CLASS_NEIGHBOUR; c < CLASS_COUNT; c++) {
                FieldView view = class_view(&e->config->fields[f], c);
                if (view == VIEW_OWN)
                    continue;
                PairClass from = view == VIEW_HOUSEHOLD ? CLASS_HOUSEHOLD
                                 : view == VIEW_MATCH   ? CLASS_MATCH
                                                        : CLASS_STRANGER;
                for (uint32_t l = 1; l < e->m->level_counts[f]; l++)
                    em_parameter(e, s, f, l)->share[c] = em_parameter(e, s, f, l)->share[from];
            }
        }
    }
}

void em_strangers_share(Em *e, uint32_t segment)
{
    double others = 0;
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        if (c != CLASS_STRANGER)
            others += e->m->class_share[segment][c];
    e->m->class_share[segment][CLASS_STRANGER] = 1 - others;
}

static double expected_matches_floor(double comparable)
{
    return comparable > 4 * MATCH_FLOOR ? MATCH_FLOOR : comparable / 4;
}

static void start(Em *e)
{
    const PairTotals *totals = e->in->totals;
    double all = 0;
    for (uint32_t s = 0; s < e->segments; s++)
        all += totals->comparable[s];
    for (uint32_t s = 0; s < e->segments; s++) {
        double pairs = totals->comparable[s], share = pairs > 0 ? e->in->matches / all : 0;
        double floor = pairs > 0 ? expected_matches_floor(pairs) / pairs : 0;
        e->m->class_share[s][CLASS_MATCH] = share < floor ? floor : share > 0.25 ? 0.25 : share;
        em_strangers_share(e, s);
        for (uint32_t f = 0; f < e->m->field_count; f++)
            for (uint32_t l = 1; l < e->m->level_counts[f]; l++)
                for (uint32_t c = 0; c < CLASS_COUNT; c++)
                    em_parameter(e, s, f, l)->share[c] = e->prior[c][f][l];
    }
    em_tie(e);
}

static void fill_priors(Em *e)
{
    double match[MATCH_LEVELS_MAX], stranger[MATCH_LEVELS_MAX];
    for (uint32_t f = 0; f < e->m->field_count; f++) {
        field_level_prior(&e->config->fields[f], match, stranger);
        for (uint32_t l = 1; l < e->m->level_counts[f]; l++) {
            for (uint32_t c = 0; c < CLASS_COUNT; c++) {
                FieldView view = class_view(&e->config->fields[f], c);
                /* what members of a household share, they share with a match's errors */
                e->prior[c][f][l] = c == CLASS_STRANGER || view == VIEW_STRANGER ? stranger[l - 1] : match[l - 1];
            }
        }
    }
}

/* Do the two fields look at a common column? */
static bool overlap(const FieldSpec *a, const FieldSpec *b)
{
    for (uint32_t i = 0; i < a->column_count; i++)
        for (uint32_t k = 0; k < b->column_count; k++)
            if (a->columns[i] == b->columns[k])
                return true;
    return false;
}

static uint32_t passes_avoiding(const Em *e, uint32_t f)
{
    uint32_t passes = 0;
    for (uint32_t p = 0; p < e->in->pass_count; p++) {
        bool looks = false;
        for (uint32_t k = 0; k < e->in->passes[p].part_count; k++)
            looks |= overlap(&e->config->fields[e->in->passes[p].parts[k].field], &e->config->fields[f]);
        if (!looks)
            passes |= 1u << p;
    }
    return passes;
}

static void fill_wholes(Em *e)
{
    const uint32_t *within = e->config->trait_within;
    uint32_t traits = e->config->trait_count ? e->config->trait_count : 1;
    for (uint32_t a = 0; a < traits; a++)
        for (uint32_t b = 0; b <= a; b++)
            e->whole[trait_segment(a, b)] = trait_segment(within[a] ? within[a] - 1 : a, within[b] ? within[b] - 1 : b);
}

/* A pass over a number brings nobody together of two kinds of source of which one has no such number: where fewer pairs
 * of a segment are found than its prior is worth, all of its pairs are taken. */
static void fill_avoiding(Em *e)
{
    const PatternCounts *all = e->in->candidates;
    for (uint32_t f = 0; f < e->m->field_count; f++) {
        double found[MATCH_SEGMENTS_MAX] = {0};
        uint32_t passes = passes_avoiding(e, f);
        for (size_t i = 0; i < all->len; i++)
            if (all->at[i].passes & passes && pattern_level(all->at[i].pattern, f))
                found[all->at[i].segment] += all->at[i].count;
        for (uint32_t s = 0; s < e->segments; s++)
            e->avoiding[s][f] = found[s] < SEGMENT_PAIRS ? UINT32_MAX : passes;
    }
}

/* --- expectation ---------------------------------------------------------------------------------------------- */

/* Posterior shares of the classes for one pattern; returns log2 of its probability. */
double em_posterior(const Em *e, const PatternCount *p, double post[CLASS_COUNT])
{
    double logs[CLASS_COUNT], top = -INFINITY, sum = 0;
    memcpy(logs, e->log_class[p->segment], sizeof logs);
    double step = (double)RARITY_STEP / WEIGHT_BIT;
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        logs[c] += p->rarity[c] * step;
    uint64_t rest = p->pattern;
    for (uint32_t f = 0; f < e->m->field_count; f++, rest >>= 4) {
        uint32_t level = rest & 15;
        if (level == 0)
            continue;
        for (uint32_t c = 0; c < CLASS_COUNT; c++)
            logs[c] += e->log_level[p->segment][c][f][level];
    }
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        top = logs[c] > top ? logs[c] : top;
    for (uint32_t c = 0; c < CLASS_COUNT; c++) {
        double d = logs[c] - top;
        post[c] = d < -200 ? 0 : exp2(d);
        sum += post[c];
    }
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        post[c] /= sum;
    return top + log2(sum);
}

static void add_expectation(Em *e, const PatternCount *p)
{
    double post[CLASS_COUNT];
    e->likelihood += p->count * em_posterior(e, p, post);
    double apart = p->count * (1 - post[CLASS_STRANGER] - (e->random_neighbours ? post[CLASS_NEIGHBOUR] : 0));
    for (uint32_t c = 0; c < CLASS_COUNT; c++) {
        post[c] *= p->count;
        e->class_count[p->segment][c] += post[c];
    }
    uint64_t rest = p->pattern;
    for (uint32_t f = 0; f < e->m->field_count; f++, rest >>= 4) {
        uint32_t level = rest & 15;
        if (level == 0)
            continue;
        e->apart[p->segment][f][level] += apart;
        for (uint32_t c = 0; c < CLASS_COUNT; c++)
            if (c != CLASS_MATCH || p->passes & e->avoiding[p->segment][f])
                e->count[p->segment][c][f][level] += post[c];
    }
}

static void expect(Em *e)
{
    em_logs(e);
    memset(e->class_count, 0, sizeof e->class_count);
    memset(e->count, 0, sizeof e->count);
    memset(e->apart, 0, sizeof e->apart);
    e->likelihood = 0;
    for (size_t i = 0; i < e->busy_count; i++)
        add_expectation(e, e->busy[i]);
}

/* Sets aside the candidates that only classes fitted elsewhere explain: strangers, and neighbours of random pairs. */
static void choose_busy(Em *e)
{
    const PatternCounts *all = e->in->candidates;
    em_logs(e);
    e->busy_count = 0;
    for (size_t i = 0; i < all->len; i++) {
        double post[CLASS_COUNT];
        em_posterior(e, &all->at[i], post);
        double chance = post[CLASS_STRANGER] + (e->random_neighbours ? post[CLASS_NEIGHBOUR] : 0);
        if (chance < 1 - NEGLIGIBLE)
            e->busy[e->busy_count++] = &all->at[i];
    }
}

/* --- maximisation --------------------------------------------------------------------------------------------- */

static double note_change(double change, double old, double new)
{
    double d = fabs(new - old);
    return d > change ? d : change;
}

/* Twins are members of a household for what they share. */
static double seen(const Em *e, uint32_t s, PairClass c, uint32_t f, uint32_t l)
{
    double n = e->count[s][c][f][l];
    if (c == CLASS_HOUSEHOLD && class_view(&e->config->fields[f], CLASS_TWIN) == VIEW_HOUSEHOLD)
        n += e->count[s][CLASS_TWIN][f][l];
    return n;
}

double em_seen(const Em *e, uint32_t segment, PairClass c, uint32_t f, uint32_t l)
{
    double n = 0;
    if (kind_is_name(e->config->fields[f].kind))
        return seen(e, segment, c, f, l);
    for (uint32_t s = 0; s < e->segments; s++)
        if (e->whole[s] == e->whole[segment])
            n += seen(e, s, c, f, l);
    return n;
}

double em_maximise_levels(Em *e, PairClass c, uint32_t f, double change)
{
    double pooled[MATCH_LEVELS_MAX] = {0}, total = PRIOR_PAIRS;
    uint32_t levels = e->m->level_counts[f];
    for (uint32_t l = 1; l < levels; l++) {
        pooled[l] = PRIOR_PAIRS * e->prior[c][f][l];
        for (uint32_t s = 0; s < e->segments; s++) {
            pooled[l] += seen(e, s, c, f, l);
            total += seen(e, s, c, f, l);
        }
    }
    for (uint32_t l = 1; l < levels; l++)
        pooled[l] /= total;
    for (uint32_t s = 0; s < e->segments; s++) {
        double own = 0, weight = e->segments > 1 ? SEGMENT_PAIRS : 0;
        for (uint32_t l = 1; l < levels; l++)
            own += em_seen(e, s, c, f, l);
        for (uint32_t l = 1; l < levels; l++) {
            double share = weight > 0 ? (em_seen(e, s, c, f, l) + weight * pooled[l]) / (own + weight) : pooled[l];
            change = note_change(change, em_parameter(e, s, f, l)->share[c], share);
            em_parameter(e, s, f, l)->share[c] = share;
        }
    }
    return change;
}

static bool fitted_to_candidates(const Em *e, PairClass c)
{
    return e->active[c] && c != CLASS_STRANGER && !(c == CLASS_NEIGHBOUR && e->random_neighbours);
}

/* Returns the largest change of a parameter; of class shares relative to themselves. */
static double maximise(Em *e)
{
    double change = 0;
    for (uint32_t s = 0; s < e->segments; s++) {
        double pairs = e->in->totals->comparable[s];
        for (uint32_t c = 0; c < CLASS_COUNT; c++) {
            if (!fitted_to_candidates(e, c) || pairs <= 0)
                continue;
            double n = e->class_count[s][c], floor = c == CLASS_MATCH ? expected_matches_floor(pairs) : 0;
            double share = (n > floor ? n : floor) / pairs;
            /* counts of a sample, scaled up, may exceed what there is */
            double most = c == CLASS_TWIN ? em_twins_most(e, s) : 0.3;
            share = share > most ? most : share;
            /* relative, but a class of less than a pair is none */
            change = note_change(change, e->m->class_share[s][c] * pairs / (n + 1), share * pairs / (n + 1));
            e->m->class_share[s][c] = share;
        }
        em_strangers_share(e, s);
    }
    for (uint32_t f = 0; f < e->m->field_count; f++)
        for (PairClass c = 0; c < CLASS_COUNT; c++)
            if (fitted_to_candidates(e, c) && class_view(&e->config->fields[f], c) == VIEW_OWN)
                change = em_maximise_levels(e, c, f, change);
    em_tie(e);
    return change;
}

/* --- the fit -------------------------------------------------------------------------------------------------- */

/* Likelihoods compare only under the same strangers: these are fitted to other data than the candidates. */
typedef enum Strangers { STRANGERS_FITTED, STRANGERS_KEPT } Strangers;

static Status run(Em *e, Strangers strangers, Error *err)
{
    TrainReport *report = &e->m->report;
    report->converged = false;
    for (uint32_t round = 0; round < ROUNDS_MAX && !report->converged; round++) {
        double matches = 0, before = 0;
        for (uint32_t s = 0; s < e->segments; s++)
            before += e->class_count[s][CLASS_MATCH];
        if (strangers == STRANGERS_FITTED)
            em_fit_strangers(e);
        choose_busy(e);
        bool settled = false;
        for (uint32_t i = 0; i < ITERATIONS_MAX && !settled; i++) {
            TRY(cancel_check(err));
            expect(e);
            report->change = maximise(e);
            report->iterations++;
            settled = report->change < TOLERANCE;
        }
        for (uint32_t s = 0; s < e->segments; s++)
            matches += e->class_count[s][CLASS_MATCH];
        if (strangers == STRANGERS_KEPT)
            return OK;
        bool still = e->strangers_change <= STRANGERS_STILL && fabs(matches - before) <= 1e-3 * (matches + 1);
        report->converged = settled && still && round > 0;
    }
    return OK;
}

static double parameters_of(const Em *e, PairClass class)
{
    double n = e->segments;
    for (uint32_t f = 0; f < e->m->field_count; f++)
        if (class_view(&e->config->fields[f], class) == VIEW_OWN)
            n += (e->m->level_counts[f] - 2) * (double)e->segments;
    return n;
}

/* log2 likelihood of all candidates, what is set aside included: comparable between fits. */
static double whole_likelihood(Em *e)
{
    double sum = 0;
    em_logs(e);
    for (size_t i = 0; i < e->in->candidates->len; i++) {
        double post[CLASS_COUNT];
        sum += e->in->candidates->at[i].count * em_posterior(e, &e->in->candidates->at[i], post);
    }
    return sum;
}

static double class_total(const Em *e, PairClass c)
{
    double sum = 0;
    for (uint32_t s = 0; s < e->segments; s++)
        sum += e->class_count[s][c];
    return sum;
}

/* Where a further class starts: about as many pairs as records have housemates or near neighbours. */
static void enter_class(Em *e, PairClass class)
{
    if (!em_class_possible(e->config, class) || (class == CLASS_TWIN && !e->active[CLASS_HOUSEHOLD]))
        return;
    e->active[class] = true;
    double neighbours = 0;
    if (class == CLASS_NEIGHBOUR)
        e->random_neighbours = em_neighbours_in_random(e, &neighbours);
    for (uint32_t s = 0; s < e->segments; s++) {
        double match = e->m->class_share[s][CLASS_MATCH];
        bool random = class == CLASS_NEIGHBOUR && e->random_neighbours;
        double twins = fmax(0.02 * match, em_twins_shown(e, s)); /* from too few, few would come back */
        e->m->class_share[s][class] = random ? neighbours : class == CLASS_TWIN ? twins : match;
        em_strangers_share(e, s);
    }
}

typedef struct Snapshot {
    bool active[CLASS_COUNT];
    double class_share[MATCH_SEGMENTS_MAX][CLASS_COUNT];
    LevelParameter levels[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX][MATCH_LEVELS_MAX];
    TrainReport report;
} Snapshot;

static void snapshot_take(const Em *e, Snapshot *out)
{
    memcpy(out->active, e->active, sizeof out->active);
    memcpy(out->class_share, e->m->class_share, sizeof out->class_share);
    memcpy(out->levels, e->m->levels, sizeof out->levels);
    out->report = e->m->report;
}

static void snapshot_restore(Em *e, const Snapshot *from)
{
    memcpy(e->active, from->active, sizeof e->active);
    memcpy(e->m->class_share, from->class_share, sizeof e->m->class_share);
    memcpy(e->m->levels, from->levels, sizeof e->m->levels);
    e->m->report = from->report;
}

/* Patterns alone cannot tell twins from matches whose first name was replaced, but a source may show them. */
static bool twins_are_there(const Em *e)
{
    return e->in->totals->twins > 0 && class_total(e, CLASS_TWIN) > class_total(e, CLASS_HOUSEHOLD);
}

/* Leaves the class out if the data do not show it. One with more pairs than there are matches is there: no error rate
 * of matches explains it, and without it they would turn into it. */
static Status try_without(Em *e, PairClass class, double pairs, Snapshot *with, Error *err)
{
    if (!e->active[class] || (class == CLASS_HOUSEHOLD && e->active[CLASS_TWIN]))
        return OK;
    if (class_total(e, class) > class_total(e, CLASS_MATCH) || (class == CLASS_NEIGHBOUR && e->random_neighbours))
        return OK;
    if (class == CLASS_TWIN && twins_are_there(e))
        return OK;
    snapshot_take(e, with);
    double likelihood = whole_likelihood(e), cost = 0.5 * parameters_of(e, class) * log2(pairs + 2);
    bool seen_at_all = class_total(e, class) >= 1;
    e->active[class] = false;
    for (uint32_t s = 0; s < e->segments; s++) {
        e->m->class_share[s][class] = 0;
        em_strangers_share(e, s);
    }
    TRY(run(e, STRANGERS_KEPT, err));
    if (!seen_at_all || likelihood - whole_likelihood(e) < cost)
        return run(e, STRANGERS_FITTED, err);
    uint32_t iterations = e->m->report.iterations;
    snapshot_restore(e, with);
    e->m->report.iterations = iterations;
    choose_busy(e);
    expect(e);
    return OK;
}

/* What no pass finds, told from what several do. */
static Status estimate_missed(Em *e, Error *err)
{
    PatternTable by_passes;
    PatternCounts counts = {0};
    CaptureCounts captured = {0};
    Status st = pattern_table_init(&by_passes, err);
    if (st != OK)
        return st;
    for (size_t i = 0; i < e->busy_count; i++) {
        double post[CLASS_COUNT];
        em_posterior(e, e->busy[i], post);
        PatternCount c = {.passes = e->busy[i]->passes, .count = e->busy[i]->count * post[CLASS_MATCH]};
        if (post[CLASS_MATCH] >= 0.5)
            TRY_OUT(pattern_table_add(&by_passes, &c, err));
    }
    TRY_OUT(pattern_table_sorted(&by_passes, 1, &counts, err));
    for (size_t i = 0; i < counts.len; i++) {
        CaptureCount c = {.passes = counts.at[i].passes, .count = counts.at[i].count};
        TRY_OUT(vec_push(&captured, c, err));
    }
    e->m->report.missed = missed_estimate(&captured, e->in->passes, e->in->pass_count);
out:
    pattern_table_free(&by_passes);
    vec_free(&counts);
    vec_free(&captured);
    return st;
}

/* A segment without a pair yet may get some later, from newcomers: it takes the shares of all. */
static void fill_empty_segments(Em *e)
{
    double all = 0, classes[CLASS_COUNT] = {0};
    for (uint32_t s = 0; s < e->segments; s++) {
        double pairs = e->in->totals->comparable[s];
        all += pairs;
        for (uint32_t c = 0; c < CLASS_COUNT; c++)
            classes[c] += pairs * e->m->class_share[s][c];
    }
    for (uint32_t s = 0; s < e->segments; s++)
        for (uint32_t c = 0; c < CLASS_COUNT && e->in->totals->comparable[s] <= 0; c++)
            e->m->class_share[s][c] = classes[c] / all;
}

static Status finish(Em *e, Error *err)
{
    TRY(estimate_missed(e, err));
    em_finish_levels(e);
    em_tie(e);
    e->m->report.matches = class_total(e, CLASS_MATCH);
    for (uint32_t s = 0; s < e->segments; s++)
        for (uint32_t c = 0; c < CLASS_COUNT; c++)
            if (!e->active[c])
                e->m->class_share[s][c] = 0;
    fill_empty_segments(e);
    model_freeze(e->m, e->config);
    return OK;
}

static double candidate_pairs(const EmInput *in)
{
    double sum = 0;
    for (size_t i = 0; i < in->candidates->len; i++)
        sum += in->candidates->at[i].count;
    return sum;
}

static Status fit(Em *e, Snapshot *with, Error *err)
{
    double pairs = candidate_pairs(e->in);
    fill_priors(e);
    fill_wholes(e);
    fill_avoiding(e);
    em_count_covered(e);
    e->active[CLASS_MATCH] = e->active[CLASS_STRANGER] = true;
    if (e->in->start == EM_FROM_MODEL) {
        for (PairClass c = CLASS_NEIGHBOUR; c < CLASS_COUNT; c++)
            for (uint32_t s = 0; s < e->segments; s++)
                e->active[c] |= e->m->class_share[s][c] > 0;
        double share;
        e->random_neighbours = e->active[CLASS_NEIGHBOUR] && em_neighbours_in_random(e, &share);
        /* strangers are what the model's other classes leave, from the first fit on */
        choose_busy(e);
        expect(e);
        TRY(run(e, STRANGERS_FITTED, err));
        return finish(e, err);
    }
    start(e);
    /* all at once: a match class alone would settle on the households where these are more */
    for (PairClass c = CLASS_NEIGHBOUR; c < CLASS_COUNT; c++)
        enter_class(e, c);
    TRY(run(e, STRANGERS_FITTED, err));
    for (PairClass c = CLASS_COUNT - 1; c >= CLASS_NEIGHBOUR; c--)
        TRY(try_without(e, c, pairs, with, err));
    return finish(e, err);
}

Status em_fit(const EmInput *in, MatchModel *m, Error *err)
{
    double comparable = 0;
    for (uint32_t s = 0; s < m->segments; s++)
        comparable += in->totals->comparable[s];
    if (!(comparable > 0))
        return error_set(err, ERR_INVALID,
            "no two records may be compared: there are too few, or no source is to be de-duplicated or linked");
    Em *e = NULL;
    Snapshot *with = NULL;
    Status st = mem_zalloc(1, sizeof *e, (void **)&e, err);
    if (st != OK)
        return st;
    e->in = in;
    e->config = in->config;
    e->m = m;
    e->segments = m->segments;
    TRY_OUT(mem_zalloc(1, sizeof *with, (void **)&with, err));
    TRY_OUT(mem_zalloc(in->candidates->len, sizeof *e->busy, (void **)&e->busy, err));
    m->report.iterations = 0;
    TRY_OUT(fit(e, with, err));
out:
    mem_free(with);
    mem_free(e->busy);
    mem_free(e);
    return st;
}
