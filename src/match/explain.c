/*
 * The odds of two records in words: a waterfall whose steps sum exactly to the score.
 *
 *   prior       match against stranger, before looking at the records
 *   fields      what each level adds against strangers, rarity included
 *   household   from the strangers alone to all classes of non-matches
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
};

void match_look_free(MatchLook *x)
{
    if (!x)
        return;
    comparer_free(x->comparer);
    scorer_free(x->scorer);
    mem_free(x);
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
    if (st != OK) {
        match_look_free(x);
        return st;
    }
    *out = x;
    return OK;
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

static void explain_fields(
    const MatchTable *t, const MatchModel *m, uint32_t a, uint32_t b, uint64_t pattern, Explanation *out)
{
    uint32_t segment = table_segment(t->config, t->source[a], t->source[b]);
    out->field_count = m->field_count;
    for (uint32_t f = 0; f < m->field_count; f++) {
        FieldReason *reason = &out->fields[f];
        const FieldSpec *spec = &t->config->fields[f];
        uint32_t level = pattern_level(pattern, f);
        uint32_t agreed = level && field_level_exact(spec, level) ? compare_agreed(t, a, b, f) : 0;
        reason->field = m->field_names[f];
        reason->level = field_level_name(spec, level);
        reason->weight +=
            m->level_weight[segment][CLASS_MATCH][f][level] - m->level_weight[segment][CLASS_STRANGER][f][level];
        reason->left = shown(t, a, spec, agreed);
        reason->right = shown(t, b, spec, agreed);
    }
}

void match_look_explain(MatchLook *x, uint32_t a, uint32_t b, Explanation *out)
{
    const MatchTable *t = x->table;
    const MatchModel *m = x->model;
    ScoreParts parts;
    *out = (Explanation){0};
    in_order(&a, &b);
    uint64_t pattern = compare_pair(x->comparer, a, b);
    score_parts(x->scorer, a, b, pattern, &parts);
    uint32_t segment = table_segment(t->config, t->source[a], t->source[b]);
    out->prior = m->class_weight[segment][CLASS_MATCH] - m->class_weight[segment][CLASS_STRANGER];
    for (uint32_t f = 0; f < m->field_count; f++) {
        /* rarer than average: strangers agree less often, so the agreement weighs more */
        out->fields[f].frequency = -parts.rarity[f];
        out->fields[f].weight = -parts.rarity[f];
    }
    explain_fields(t, m, a, b, pattern, out);
    out->household = parts.raw - (parts.class_sum[CLASS_MATCH] - parts.class_sum[CLASS_STRANGER]);
    out->calibration = parts.stated - parts.raw;
    out->ruled = parts.odds - parts.stated;
    out->odds = parts.odds;
    out->passes = blocks_mask(t, m->passes, m->pass_count, a, b);
    if (parts.rule != MATCH_NONE)
        out->rule = t->config->rules[parts.rule].name;
}

Status match_explain(const MatchTable *t, const MatchModel *m, uint32_t a, uint32_t b, Explanation *out, Error *err)
{
    MatchLook *look;
    TRY(match_look_new(t, m, &look, err));
    match_look_explain(look, a, b, out);
    match_look_free(look);
    return OK;
}
