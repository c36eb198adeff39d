/*
 * The odds of two records in words: a waterfall whose steps sum exactly to the score.
 *
 *   prior       match against anything else, before looking at the records
 *   fields      what each level says by itself against any two people, rarity included
 *   household   what is taken off because fields agree together for another reason: neighbours, a household, twins
 *   calibration from raw to stated odds, and the limits of a Weight
 *   ruled       what a hard rule puts in their place
 *
 * Integers throughout, so no step hides a rounding.
 */
#include "match/match_impl.h"

struct MatchLook {
    const MatchTable *table;
    const MatchModel *model;
    Comparer *comparer;
    Scorer *scorer;
    Weight *alone; /* [(segment * fields + field) * MATCH_LEVELS_MAX + level]: what a level says, frequency apart */
};

void match_look_free(MatchLook *x)
{
    if (!x)
        return;
    comparer_free(x->comparer);
    scorer_free(x->scorer);
    mem_free(x->alone);
    mem_free(x);
}

static void in_order(uint32_t *a, uint32_t *b)
{
    if (*a > *b) {
        uint32_t other = *a;
        *a = *b;
        *b = other;
    }
}

MatchPair match_look_score(MatchLook *x, uint32_t a, uint32_t b)
{
    const MatchModel *m = x->model;
    in_order(&a, &b);
    uint64_t pattern = compare_pair(x->comparer, a, b);
    return (MatchPair){.a = a,
        .b = b,
        .odds = score_pattern(x->scorer, a, b, pattern),
        .passes = blocks_mask(x->table, m->passes, m->pass_count, a, b),
        .pattern = pattern};
}

Weight match_look_odds(MatchLook *x, uint32_t a, uint32_t b)
{
    in_order(&a, &b);
    return score_pattern(x->scorer, a, b, compare_pair(x->comparer, a, b));
}

Status match_score(const MatchTable *t, const MatchModel *m, uint32_t a, uint32_t b, MatchPair *out, Error *err)
{
    MatchLook *look;
    TRY(match_look_new(t, m, &look, err));
    *out = match_look_score(look, a, b);
    match_look_free(look);
    return OK;
}

/* The value to show: of several columns the one both hold, otherwise the present one. */
static Slice shown(const MatchTable *t, uint32_t record, const FieldSpec *f, uint32_t agreed)
{
    const uint32_t *cells = record_cells(t, record);
    for (uint32_t i = 0; agreed && i < f->column_count; i++)
        if (cells[f->columns[i]] == agreed)
            return match_cell_text(t, record, f->columns[i]);
    for (uint32_t i = 0; i < f->column_count; i++)
        if (cells[f->columns[i]])
            return match_cell_text(t, record, f->columns[i]);
    return (Slice){"", 0};
}

/* log2 P(level | no match), over all classes: how often two people come to it by chance. */
static Weight level_by_chance(const MatchModel *m, uint32_t segment, uint32_t field, uint32_t level)
{
    double share = 0, classes = 0;
    for (PairClass c = CLASS_STRANGER; c < CLASS_COUNT; c++) {
        share += m->class_share[segment][c] * m->levels[segment][field][level].share[c];
        classes += m->class_share[segment][c];
    }
    share = classes > 0 ? share / classes : 0;
    return weight_log2(share > SHARE_FLOOR ? share : SHARE_FLOOR);
}

/* Neighbours explain a common place; a place's own frequency then says nothing more. */
static bool shows_frequency(const MatchModel *m, uint32_t segment, const FieldSpec *field)
{
    return m->class_share[segment][CLASS_NEIGHBOUR] <= 0 || class_view(field, CLASS_NEIGHBOUR) != VIEW_OWN;
}

static Weight *level_alone(const MatchLook *x, uint32_t segment, uint32_t field, uint32_t level)
{
    return &x->alone[((size_t)segment * x->model->field_count + field) * MATCH_LEVELS_MAX + level];
}

static Status weigh_levels(MatchLook *x, Error *err)
{
    const MatchModel *m = x->model;
    TRY(mem_zalloc((size_t)m->segments * m->field_count * MATCH_LEVELS_MAX, sizeof *x->alone, (void **)&x->alone, err));
    for (uint32_t s = 0; s < m->segments; s++)
        for (uint32_t f = 0; f < m->field_count; f++)
            for (uint32_t l = 1; l < m->level_counts[f]; l++)
                *level_alone(x, s, f, l) = m->level_weight[s][CLASS_MATCH][f][l] - level_by_chance(m, s, f, l);
    return OK;
}

Status match_look_new(const MatchTable *t, const MatchModel *m, MatchLook **out, Error *err)
{
    MatchLook *x;
    TRY(mem_zalloc(1, sizeof *x, (void **)&x, err));
    x->table = t;
    x->model = m;
    Status st = comparer_new(t, &x->comparer, err);
    if (st == OK)
        st = scorer_new(t, m, &x->scorer, err);
    if (st == OK)
        st = weigh_levels(x, err);
    if (st != OK) {
        match_look_free(x);
        return st;
    }
    *out = x;
    return OK;
}

static void explain_level(
    const MatchLook *x, uint32_t segment, uint32_t f, uint32_t level, Weight rarity, FieldReason *out)
{
    const MatchModel *m = x->model;
    out->field = m->field_names[f];
    out->level = m->level_names[f][level];
    if (level == 0)
        return;
    /* rarer than average: strangers agree less often, so the agreement weighs more */
    out->frequency = shows_frequency(m, segment, &x->table->config->fields[f]) ? -rarity : 0;
    out->weight = *level_alone(x, segment, f, level) + out->frequency;
}

static void show_values(const MatchTable *t, const MatchPair *pair, uint32_t f, FieldReason *out)
{
    const FieldSpec *spec = &t->config->fields[f];
    uint32_t level = pattern_level(pair->pattern, f);
    uint32_t agreed = level && field_level_exact(spec, level) ? compare_agreed(t, pair->a, pair->b, f) : 0;
    out->left = shown(t, pair->a, spec, agreed);
    out->right = shown(t, pair->b, spec, agreed);
}

void match_look_pair(const MatchLook *x, const MatchPair *pair, Explanation *out)
{
    const MatchTable *t = x->table;
    const MatchModel *m = x->model;
    ScoreParts parts;
    *out = (Explanation){0};
    score_parts(x->scorer, pair->a, pair->b, pair->pattern, &parts);
    uint32_t segment = table_segment(t->config, t->source[pair->a], t->source[pair->b]);
    out->prior = m->class_weight[segment][CLASS_MATCH] - weight_log2(1 - m->class_share[segment][CLASS_MATCH]);
    out->household = parts.raw - out->prior;
    out->field_count = m->field_count;
    for (uint32_t f = 0; f < m->field_count; f++) {
        explain_level(x, segment, f, pattern_level(pair->pattern, f), parts.rarity[f], &out->fields[f]);
        out->household -= out->fields[f].weight;
    }
    out->calibration = parts.stated - parts.raw;
    out->ruled = parts.odds - parts.stated;
    out->odds = parts.odds;
    out->passes = pair->passes;
    if (parts.rule != MATCH_NONE)
        out->rule = t->config->rules[parts.rule].name;
}

void match_look_explain(MatchLook *x, uint32_t a, uint32_t b, Explanation *out)
{
    in_order(&a, &b);
    MatchPair pair = {.a = a,
        .b = b,
        .passes = blocks_mask(x->table, x->model->passes, x->model->pass_count, a, b),
        .pattern = compare_pair(x->comparer, a, b)};
    match_look_pair(x, &pair, out);
    for (uint32_t f = 0; f < x->model->field_count; f++)
        show_values(x->table, &pair, f, &out->fields[f]);
}

Status match_explain(const MatchTable *t, const MatchModel *m, uint32_t a, uint32_t b, Explanation *out, Error *err)
{
    MatchLook *look;
    TRY(match_look_new(t, m, &look, err));
    match_look_explain(look, a, b, out);
    match_look_free(look);
    return OK;
}
