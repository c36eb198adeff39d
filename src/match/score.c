/*
 * From a pattern to odds.
 *
 *   raw = w(match) - log2(sum of 2^w over the other classes),   w(class) = class weight + level weights + rarity
 *
 * All in thousandths of a bit; sums are exact and the logarithm of the sum is a table (weight.c), so a score is the
 * same on every machine. Rarity is the term frequency of the values that agree exactly: it takes the place of the
 * average chance of agreement in each class that sees the field as strangers do.
 *
 * Most candidates are far from matching, so score_may_reach refuses them first: the sum is at least its largest term,
 * so the odds are at most w(match) - w(class) for each other class, with each exact agreement taken for the rarest.
 * Two fields take one addition of four lanes.
 */
#include "match/lanes.h"
#include "match/match_impl.h"

_Static_assert(REACH_SLOTS == 1 << 9, "the upper nine bits are the slot");

#define PATTERN_BYTES (MATCH_FIELDS_MAX / 2)

#define CLASS_LANES 8 /* two vectors hold all classes */
_Static_assert(CLASS_COUNT <= CLASS_LANES, "all classes");

#define OTHERS (CLASS_COUNT - 1) /* classes that are no match */

typedef struct Segment {
    int32_t base[OTHERS];                      /* match less each other class, before any field */
    int32_t bound[PATTERN_BYTES][256][OTHERS]; /* most that two fields add to it, by their levels */
    int32_t class_weight[CLASS_COUNT];
    int32_t level[MATCH_FIELDS_MAX][MATCH_LEVELS_MAX][CLASS_COUNT];
    uint32_t sum[PATTERN_BYTES][256][CLASS_LANES]; /* what two fields add to each class; two's complement */
} Segment;

struct Scorer {
    const MatchTable *table;
    const MatchModel *model;
    Arena arena;
    RuleSet *rules; /* NULL: none */
    uint32_t bytes; /* of a pattern that are in use */
    uint32_t traits;
    Segment *segments;
    uint16_t trait_of[MATCH_SOURCES_MAX];
    uint8_t segment_of[MATCH_TRAITS_MAX][MATCH_TRAITS_MAX];
    /* Term frequency, and the levels it applies to. */
    RarityScale *rarity[MATCH_FIELDS_MAX]; /* NULL: the field has none */
    uint8_t rare[MATCH_FIELDS_MAX];        /* the fields that have one */
    uint32_t rare_count;
    uint32_t rarity_len[MATCH_FIELDS_MAX]; /* values there were; later ones are taken for seen once */
    uint16_t exact[MATCH_FIELDS_MAX];      /* set of levels */
    uint8_t views[MATCH_FIELDS_MAX];       /* set of classes that see the field as strangers do */
    LogSum log_sum;
};

/* --- making one ----------------------------------------------------------------------------------------------- */

static int32_t field_bound(const Scorer *s, const Segment *segment, uint32_t f, uint32_t level, uint32_t class)
{
    int32_t bound = segment->level[f][level][CLASS_MATCH] - segment->level[f][level][class];
    bool rarity = s->rarity[f] && s->exact[f] >> level & 1 && s->views[f] >> class & 1;
    return rarity ? bound - rarity_clip(-RARITY_BEYOND) : bound;
}

static void fill_segment(const Scorer *s, uint32_t number, Segment *out)
{
    const MatchModel *m = s->model;
    for (uint32_t c = 0; c < CLASS_COUNT; c++) {
        out->class_weight[c] = m->class_weight[number][c];
        for (uint32_t f = 0; f < m->field_count; f++)
            for (uint32_t l = 1; l < m->level_counts[f]; l++)
                out->level[f][l][c] = m->level_weight[number][c][f][l];
    }
    for (uint32_t c = 0; c < OTHERS; c++)
        out->base[c] = out->class_weight[CLASS_MATCH] - out->class_weight[c + 1];
    for (uint32_t byte = 0; byte < PATTERN_BYTES; byte++)
        for (uint32_t levels = 0; levels < 256; levels++)
            for (uint32_t c = 0; c < OTHERS; c++)
                out->bound[byte][levels][c] = field_bound(s, out, 2 * byte, levels & 15, c + 1) +
                                              field_bound(s, out, 2 * byte + 1, levels >> 4, c + 1);
    for (uint32_t byte = 0; byte < PATTERN_BYTES; byte++)
        for (uint32_t levels = 0; levels < 256; levels++)
            for (uint32_t c = 0; c < CLASS_COUNT; c++)
                out->sum[byte][levels][c] =
                    (uint32_t)(out->level[2 * byte][levels & 15][c] + out->level[2 * byte + 1][levels >> 4][c]);
}

static Status fill_rarity(Scorer *s, uint32_t f, Error *err)
{
    const MatchTable *t = s->table;
    s->rarity_len[f] = dict_count(t->dict[t->config->fields[f].columns[0]]);
    s->rare[s->rare_count++] = (uint8_t)f;
    TRY(arena_new(&s->arena, RarityScale, 1, &s->rarity[f], err));
    return rarity_init(s->rarity[f], t, s->model, f, s->rarity_len[f], &s->arena, err);
}

static Status fill_scorer(Scorer *s, Error *err)
{
    const MatchConfig *config = s->table->config;
    log_sum_fill(&s->log_sum);
    s->bytes = (config->field_count + 1) / 2;
    s->traits = config->trait_count ? config->trait_count : 1;
    for (uint32_t i = 0; i < config->source_count; i++)
        s->trait_of[i] = (uint16_t)config->sources[i].trait;
    for (uint32_t a = 0; a < s->traits; a++)
        for (uint32_t b = 0; b < s->traits; b++)
            s->segment_of[a][b] = (uint8_t)trait_segment(a, b);
    if (config->rule_count)
        TRY(rules_compile(config, &s->arena, &s->rules, err));
    for (uint32_t f = 0; f < config->field_count; f++) {
        for (uint32_t l = 1; l < s->model->level_counts[f]; l++)
            if (field_level_exact(&config->fields[f], l))
                s->exact[f] |= (uint16_t)(1u << l);
        for (PairClass c = CLASS_STRANGER; c < CLASS_COUNT; c++)
            if (c == CLASS_STRANGER || class_view(&config->fields[f], c) == VIEW_STRANGER)
                s->views[f] |= (uint8_t)(1u << c);
        if (config->fields[f].term_frequency && s->exact[f])
            TRY(fill_rarity(s, f, err));
    }
    TRY(arena_new(&s->arena, Segment, s->model->segments, &s->segments, err));
    for (uint32_t i = 0; i < s->model->segments; i++)
        fill_segment(s, i, &s->segments[i]);
    return OK;
}

Status scorer_new(const MatchTable *t, const MatchModel *m, Scorer **out, Error *err)
{
    Scorer *s = NULL;
    *out = NULL;
    ASSERT(m->field_count == t->config->field_count && m->segments == segment_count(t->config));
    TRY(mem_zalloc(1, sizeof *s, (void **)&s, err));
    arena_init(&s->arena, 0);
    s->table = t;
    s->model = m;
    Status st = fill_scorer(s, err);
    if (st != OK) {
        scorer_free(s);
        return st;
    }
    *out = s;
    return OK;
}

void scorer_free(Scorer *s)
{
    if (!s)
        return;
    arena_free(&s->arena);
    mem_free(s);
}

/* --- scoring -------------------------------------------------------------------------------------------------- */

static uint32_t segment_of(const Scorer *s, uint32_t a, uint32_t b)
{
    if (s->traits == 1)
        return 0;
    return s->segment_of[s->trait_of[s->table->source[a]]][s->trait_of[s->table->source[b]]];
}

static Weight value_rarity(const Scorer *s, uint32_t segment, uint32_t a, uint32_t b, uint32_t field)
{
    uint32_t value = compare_agreed(s->table, a, b, field);
    if (value == 0)
        return 0;
    uint32_t count = value < s->rarity_len[field] ? s->table->frequency[field][value] : 1;
    return rarity_clip(rarity_of(s->rarity[field], count) - s->model->exact_weight[segment][field]);
}

void pair_rarity(const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern, Weight rarity[CLASS_COUNT])
{
    uint32_t segment = segment_of(s, a, b);
    memset(rarity, 0, CLASS_COUNT * sizeof *rarity);
    for (uint32_t f = 0; f < s->model->field_count; f++) {
        if (!s->rarity[f] || !(s->exact[f] >> pattern_level(pattern, f) & 1))
            continue;
        Weight r = value_rarity(s, segment, a, b, f);
        for (uint32_t c = 0; c < CLASS_COUNT; c++)
            if (s->views[f] >> c & 1)
                rarity[c] += r;
    }
}

/* rarity (may be NULL): of each field. */
static void sum_classes(
    const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern, Weight sums[CLASS_COUNT], Weight *rarity)
{
    uint32_t number = segment_of(s, a, b);
    const Segment *segment = &s->segments[number];
    Lanes32 low = {0}, high = {0};
    for (uint32_t i = 0; i < s->bytes; i++) {
        const uint32_t *two = segment->sum[i][pattern >> (8 * i) & 255];
        low += load_lanes(two);
        high += load_lanes(two + 4);
    }
    int32_t levels[CLASS_LANES];
    memcpy(levels, &low, sizeof low);
    memcpy(levels + 4, &high, sizeof high);
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        sums[c] = segment->class_weight[c] + levels[c];
    if (rarity)
        memset(rarity, 0, MATCH_FIELDS_MAX * sizeof *rarity);
    for (uint32_t i = 0; i < s->rare_count; i++) {
        uint32_t f = s->rare[i];
        if (!(s->exact[f] >> (pattern >> (4 * f) & 15) & 1))
            continue;
        Weight r = value_rarity(s, number, a, b, f);
        for (uint32_t c = 0; r != 0 && c < CLASS_COUNT; c++)
            if (s->views[f] >> c & 1)
                sums[c] += r;
        if (rarity)
            rarity[f] = r;
    }
}

static Weight raw_odds(const Scorer *s, const Weight sums[CLASS_COUNT])
{
    Weight others = sums[CLASS_STRANGER];
    for (uint32_t c = CLASS_STRANGER + 1; c < CLASS_COUNT; c++)
        others = log_sum(&s->log_sum, others, sums[c]);
    return sums[CLASS_MATCH] - others;
}

/* *rule: which one decided; MATCH_NONE: none. */
static Weight rule_on(const Scorer *s, uint64_t pattern, Weight odds, uint32_t *rule)
{
    *rule = MATCH_NONE;
    if (!s->rules)
        return odds;
    uint32_t which = MATCH_NONE;
    RuleVerdict verdict = rules_apply(s->rules, pattern, &which);
    if (verdict == VERDICT_NONE)
        return odds;
    *rule = which;
    return verdict == VERDICT_MUST ? WEIGHT_MAX : WEIGHT_MIN;
}

Weight score_pattern(const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern)
{
    Weight sums[CLASS_COUNT];
    uint32_t rule;
    sum_classes(s, a, b, pattern, sums, NULL);
    return rule_on(s, pattern, calibrate(s->model, raw_odds(s, sums)), &rule);
}

bool score_may_reach(const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern, Weight from)
{
    const Segment *segment = &s->segments[segment_of(s, a, b)];
    int32_t sums[OTHERS];
    memcpy(sums, segment->base, sizeof sums);
    for (uint32_t i = 0; i < s->bytes; i++)
        for (uint32_t c = 0; c < OTHERS; c++)
            sums[c] += segment->bound[i][pattern >> (8 * i) & 255][c];
    Weight bound = sums[0];
    for (uint32_t c = 1; c < OTHERS; c++)
        bound = sums[c] < bound ? sums[c] : bound;
    if (s->model->knots || bound < WEIGHT_MIN)
        bound = calibrate(s->model, bound);
    uint32_t rule;
    return bound >= from || rule_on(s, pattern, bound, &rule) >= from;
}

bool score_may_reach_again(const Scorer *s, ReachMemo *memo, uint32_t a, uint32_t b, uint64_t pattern, Weight from)
{
    uint32_t slot = (uint32_t)(pattern * UINT64_C(0x9E3779B97F4A7C15) >> 55), segment = segment_of(s, a, b);
    if (memo->pattern[slot] == pattern && memo->known[slot] >> 1 == segment + 1)
        return memo->known[slot] & 1;
    bool may = score_may_reach(s, a, b, pattern, from);
    memo->pattern[slot] = pattern;
    memo->known[slot] = (uint16_t)((segment + 1) << 1 | may);
    return may;
}

void score_parts(const Scorer *s, uint32_t a, uint32_t b, uint64_t pattern, ScoreParts *out)
{
    sum_classes(s, a, b, pattern, out->class_sum, out->rarity);
    out->raw = raw_odds(s, out->class_sum);
    out->stated = calibrate(s->model, out->raw);
    out->odds = rule_on(s, pattern, out->stated, &out->rule);
}
