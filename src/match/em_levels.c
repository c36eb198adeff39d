/*
 * What EM says of a field's levels when it is done: how much was seen of each, which stand at the prior, and that
 * their weights come in order. Levels whose weights stand in the wrong order by no more than chance would explain are
 * pooled (pool adjacent violators: Ayer et al. 1955); one that is out of order beyond chance, as a swapped name may be,
 * stays. Disagreement never weighs more than any agreement.
 */
#include <math.h>

#include "match/em_impl.h"

typedef struct Block {
    uint32_t first, last;
    double match, stranger; /* shares */
    double match_seen, stranger_seen;
} Block;

/* Is the better block's weight below the worse one's, and by no more than chance would do? */
static bool violates(const Block *better, const Block *worse, bool always)
{
    double gap = log(worse->match / worse->stranger) - log(better->match / better->stranger);
    if (!(gap > 0))
        return false;
    double variance = 1 / (better->match_seen + 0.5) + 1 / (worse->match_seen + 0.5) +
                      1 / (better->stranger_seen + 0.5) + 1 / (worse->stranger_seen + 0.5);
    return always || gap < 2 * sqrt(variance);
}

static Block block_join(const Block *a, const Block *b)
{
    return (Block){a->first, b->last, a->match + b->match, a->stranger + b->stranger, a->match_seen + b->match_seen,
        a->stranger_seen + b->stranger_seen};
}

/* Pooled levels get one weight: the block's match share, divided as strangers divide it. */
static void order_levels(Em *e, uint32_t s, uint32_t f, double random)
{
    Block blocks[MATCH_LEVELS_MAX];
    uint32_t n = 0, levels = e->m->level_counts[f];
    for (uint32_t l = 1; l < levels; l++) {
        const LevelParameter *p = em_parameter(e, s, f, l);
        double stranger = p->share[CLASS_STRANGER] > SHARE_FLOOR ? p->share[CLASS_STRANGER] : SHARE_FLOOR;
        double match = p->share[CLASS_MATCH] > SHARE_FLOOR ? p->share[CLASS_MATCH] : SHARE_FLOOR;
        bool exact = field_level_exact(&e->config->fields[f], l);
        double pairs = exact ? e->in->totals->both[s][f] : random;
        blocks[n++] = (Block){l, l, match, stranger, p->evidence, stranger * pairs};
        while (n > 1 && violates(&blocks[n - 2], &blocks[n - 1], blocks[n - 1].last + 1 == levels)) {
            blocks[n - 2] = block_join(&blocks[n - 2], &blocks[n - 1]);
            n--;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t l = blocks[i].first; blocks[i].first < blocks[i].last && l <= blocks[i].last; l++)
            em_parameter(e, s, f, l)->share[CLASS_MATCH] =
                blocks[i].match * em_parameter(e, s, f, l)->share[CLASS_STRANGER] / blocks[i].stranger;
}

void em_finish_levels(Em *e)
{
    double random[MATCH_SEGMENTS_MAX][MATCH_FIELDS_MAX] = {0};
    for (size_t i = 0; i < e->in->random->len; i++)
        for (uint32_t f = 0; f < e->m->field_count; f++)
            if (pattern_level(e->in->random->at[i].pattern, f))
                random[e->in->random->at[i].segment][f] += e->in->random->at[i].count;
    e->m->report.default_levels = 0;
    for (uint32_t s = 0; s < e->segments; s++) {
        for (uint32_t f = 0; f < e->m->field_count; f++) {
            double own = 0;
            for (uint32_t l = 1; l < e->m->level_counts[f]; l++)
                own += em_seen(e, s, CLASS_MATCH, f, l);
            for (uint32_t l = 1; l < e->m->level_counts[f]; l++) {
                LevelParameter *p = em_parameter(e, s, f, l);
                p->evidence = em_seen(e, s, CLASS_MATCH, f, l);
                /* the prior stands where it outweighs what was seen of the level */
                double prior =
                    e->segments > 1 ? SEGMENT_PAIRS * p->share[CLASS_MATCH] : PRIOR_PAIRS * e->prior[CLASS_MATCH][f][l];
                p->is_default = own < PRIOR_PAIRS || p->evidence < prior;
                e->m->report.default_levels += p->is_default;
            }
            order_levels(e, s, f, random[s][f]);
        }
    }
}
