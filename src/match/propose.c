/*
 * Passes from the data.
 *
 * Every sensible combination of one, two or three keys of different fields is a
 * candidate. Its benefit is the share of simulated matches (propose_simulate.c)
 * that it would bring together, its cost the pairs it would compare, counted on a
 * sample (propose_atoms.c). Choosing a set that covers most matches at least cost
 * is weighted set cover; the greedy choice of the best new matches a pair is
 * within a logarithm of the optimum (Chvatal 1979; Bilenko, Kamath and Mooney
 * 2006 use it for blocking). Costs are first guessed from the parts and counted
 * only when a candidate comes out first, so few dozens of many hundred are counted.
 *
 * It ends when fewer than MISSED_ENOUGH of the matches that any affordable
 * candidate reaches are missed, or nothing worth having fits into the budget:
 * config.pairs_max, and some pairs for each record. Last, passes that later
 * ones made superfluous go.
 */
#include "match/propose.h"

#define MISSED_ENOUGH 0.001
/* Share of the matches that a pass must bring for each pair a record that it costs; less in small tables, where time
 * does not matter. */
#define WORTH_LEAST 5e-4
#define WORTH_RECORDS 1e6
#define GAIN_LEAST 4    /* simulated matches: fewer are chance */
#define PAIRS_A_KEY 4.0 /* computing and sorting a key takes as long as comparing so many pairs */
#define PASSES_MOST 20

typedef struct Candidate {
    uint32_t atoms[3];
    uint32_t count;
    bool apart;   /* misses pairs whose first and last name are exchanged */
    bool counted; /* pairs and keys are counted, not guessed */
    bool out;     /* chosen, or too dear */
    double pairs, keys;
} Candidate;
typedef VEC(Candidate) Candidates;

typedef struct Choice {
    const Sample *sample;
    Candidates list;
    uint32_t chosen[PASSES_MOST];
    uint32_t chosen_count;
    uint64_t covered[SIMULATED_WORDS];
    double budget, spent;
} Choice;

/* --- candidates ------------------------------------------------------------------------------------------------------
 */

static bool may_swap(const MatchConfig *config, const KeyPart *a, const KeyPart *b)
{
    return config->fields[a->field].swap_with == b->field || config->fields[b->field].swap_with == a->field;
}

static bool may_swap_with_any(const MatchConfig *config, uint32_t field)
{
    if (config->fields[field].swap_with != MATCH_NONE)
        return true;
    for (uint32_t f = 0; f < config->field_count; f++)
        if (config->fields[f].swap_with == field)
            return true;
    return false;
}

/* Exchanged names meet when both are parts under one transform (keys.c), or neither is. */
static bool parts_swapped(const Sample *s, const Candidate *c)
{
    const MatchConfig *config = s->table->config;
    for (uint32_t i = 0; i < c->count; i++) {
        const KeyPart *a = &s->atoms[c->atoms[i]].part;
        bool has_partner = !may_swap_with_any(config, a->field);
        for (uint32_t k = 0; k < c->count; k++) {
            const KeyPart *b = &s->atoms[c->atoms[k]].part;
            has_partner = has_partner || (may_swap(config, a, b) && a->transform == b->transform);
        }
        if (!has_partner)
            return true;
    }
    return false;
}

static Status add_candidate(Choice *c, const uint32_t *atoms, uint32_t count, Error *err)
{
    const Sample *s = c->sample;
    double records = s->all;
    Candidate new = {.count = count, .pairs = records * records / 2, .keys = records};
    for (uint32_t i = 0; i < count; i++) {
        new.atoms[i] = atoms[i];
        new.pairs *= s->atoms[atoms[i]].collide;
        for (uint32_t k = 0; k < i; k++)
            if (s->atoms[atoms[i]].part.field == s->atoms[atoms[k]].part.field)
                return OK;
    }
    new.apart = parts_swapped(s, &new);
    return vec_push(&c->list, new, err);
}

static Status list_candidates(Choice *c, Error *err)
{
    const Sample *s = c->sample;
    for (uint32_t i = 0; i < s->atom_count; i++) {
        TRY(add_candidate(c, &i, 1, err));
        for (uint32_t k = i + 1; k < s->atom_count; k++) {
            TRY(add_candidate(c, (uint32_t[]){i, k}, 2, err));
            if (!s->atoms[i].third || !s->atoms[k].third)
                continue;
            for (uint32_t j = k + 1; j < s->atom_count; j++)
                if (s->atoms[j].third)
                    TRY(add_candidate(c, (uint32_t[]){i, k, j}, 3, err));
        }
    }
    return OK;
}

/* --- benefit --------------------------------------------------------------------------------------------------------
 */

static inline uint64_t candidate_word(const Sample *s, const Candidate *c, uint32_t word)
{
    uint64_t w = c->apart ? ~s->swapped[word] : ~UINT64_C(0);
    for (uint32_t i = 0; i < c->count; i++)
        w &= s->atoms[c->atoms[i]].agrees[word];
    return w;
}

/* Simulated matches that the candidate adds to those covered. */
static uint32_t candidate_gain(const Sample *s, const Candidate *c, const uint64_t *covered)
{
    uint32_t gain = 0;
    for (uint32_t i = 0; i < SIMULATED_WORDS; i++)
        gain += (uint32_t)__builtin_popcountll(candidate_word(s, c, i) & ~covered[i]);
    return gain;
}

static void cover(const Sample *s, const Candidate *c, uint64_t *covered)
{
    for (uint32_t i = 0; i < SIMULATED_WORDS; i++)
        covered[i] |= candidate_word(s, c, i);
}

static uint32_t count_bits(const uint64_t *words)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < SIMULATED_WORDS; i++)
        n += (uint32_t)__builtin_popcountll(words[i]);
    return n;
}

/* Matches that some candidate within the budget reaches. */
static uint32_t reachable(const Choice *c)
{
    uint64_t covered[SIMULATED_WORDS] = {0};
    for (size_t i = 0; i < c->list.len; i++)
        if (c->list.at[i].pairs <= c->budget)
            cover(c->sample, &c->list.at[i], covered);
    return count_bits(covered);
}

/* --- choice ------------------------------------------------------------------------------------------------------ */

static double candidate_cost(const Candidate *c)
{
    return c->pairs + PAIRS_A_KEY * c->keys;
}

/* Share of the matches by pairs a record. */
static double candidate_worth(const Choice *c, const Candidate *x, uint32_t gain)
{
    return (double)gain / SIMULATED * c->sample->all / candidate_cost(x);
}

static bool is_worth(const Choice *c, const Candidate *x, uint32_t gain)
{
    double records = c->sample->all;
    double least = WORTH_LEAST * (records < WORTH_RECORDS ? records / WORTH_RECORDS : 1);
    return gain >= GAIN_LEAST && candidate_worth(c, x, gain) >= least;
}

/* The candidate with most new matches for its cost; NULL: none is worth it. */
static Candidate *best_candidate(const Choice *c, const uint32_t *gains)
{
    Candidate *best = NULL;
    double best_worth = 0;
    for (size_t i = 0; i < c->list.len; i++) {
        Candidate *x = &c->list.at[i];
        double worth = candidate_worth(c, x, gains[i]);
        if (!x->out && worth > best_worth && is_worth(c, x, gains[i])) {
            best = x;
            best_worth = worth;
        }
    }
    return best;
}

static Status choose_next(Choice *c, uint32_t *gains, bool *found, Error *err)
{
    *found = false;
    for (size_t i = 0; i < c->list.len; i++)
        gains[i] = c->list.at[i].out ? 0 : candidate_gain(c->sample, &c->list.at[i], c->covered);
    for (;;) {
        Candidate *best = best_candidate(c, gains);
        if (!best)
            return OK;
        if (!best->counted) {
            TRY(sample_cost(c->sample, best->atoms, best->count, &best->pairs, &best->keys, err));
            best->counted = true;
        } else if (best->pairs > c->budget - c->spent) {
            best->out = true;
        } else {
            best->out = true;
            c->chosen[c->chosen_count++] = (uint32_t)(best - c->list.at);
            c->spent += best->pairs;
            cover(c->sample, best, c->covered);
            *found = true;
            return OK;
        }
    }
}

/* Takes back passes that those chosen after them left with too few matches of their own, the worst first. */
static void drop_superfluous(Choice *c)
{
    for (;;) {
        uint32_t worst = c->chosen_count;
        double worst_worth = 0;
        for (uint32_t i = 0; i < c->chosen_count; i++) {
            uint64_t rest[SIMULATED_WORDS] = {0};
            for (uint32_t k = 0; k < c->chosen_count; k++)
                if (k != i)
                    cover(c->sample, &c->list.at[c->chosen[k]], rest);
            const Candidate *x = &c->list.at[c->chosen[i]];
            uint32_t gain = candidate_gain(c->sample, x, rest);
            double worth = candidate_worth(c, x, gain);
            if (!is_worth(c, x, gain) && (worst == c->chosen_count || worth < worst_worth)) {
                worst = i;
                worst_worth = worth;
            }
        }
        if (worst == c->chosen_count)
            return;
        c->spent -= c->list.at[c->chosen[worst]].pairs;
        memmove(c->chosen + worst, c->chosen + worst + 1, (--c->chosen_count - worst) * sizeof c->chosen[0]);
    }
}

/* Where everything is too dear (rows that are all alike), the best there is: blocks_build keeps to the limits. */
static void choose_anyway(Choice *c)
{
    double best_worth = 0;
    for (size_t i = 0; i < c->list.len; i++) {
        const Candidate *x = &c->list.at[i];
        double worth = candidate_worth(c, x, candidate_gain(c->sample, x, c->covered));
        if (worth > best_worth) {
            best_worth = worth;
            c->chosen[0] = (uint32_t)i;
            c->chosen_count = 1;
        }
    }
}

static Status choose_all(Choice *c, Error *err)
{
    uint32_t *gains = NULL, enough = (uint32_t)((1 - MISSED_ENOUGH) * reachable(c));
    Status st = OK;
    bool found = true;
    TRY(mem_alloc(c->list.len * sizeof gains[0], (void **)&gains, err));
    while (found && c->chosen_count < PASSES_MOST && count_bits(c->covered) < enough)
        TRY_OUT(choose_next(c, gains, &found, err));
    drop_superfluous(c);
    if (c->chosen_count == 0)
        choose_anyway(c);
out:
    mem_free(gains);
    return st;
}

Status passes_propose(const MatchTable *t, PassSpec passes[MATCH_PASSES_MAX], uint32_t *count, Error *err)
{
    Sample sample = {.table = t};
    Choice *c = NULL;
    Status st = OK;
    *count = 0;
    TRY_OUT(mem_zalloc(1, sizeof *c, (void **)&c, err));
    c->sample = &sample;
    c->budget = (double)blocks_budget(t);
    TRY_OUT(sample_init(t, &sample, err));
    TRY_OUT(sample_simulate(&sample, err));
    TRY_OUT(list_candidates(c, err));
    TRY_OUT(choose_all(c, err));
    for (uint32_t i = 0; i < c->chosen_count; i++) {
        const Candidate *x = &c->list.at[c->chosen[i]];
        passes[i] = (PassSpec){.part_count = x->count};
        for (uint32_t k = 0; k < x->count; k++)
            passes[i].parts[k] = sample.atoms[x->atoms[k]].part;
    }
    *count = c->chosen_count;
out:
    if (c)
        vec_free(&c->list);
    mem_free(c);
    sample_free(&sample);
    return st;
}
