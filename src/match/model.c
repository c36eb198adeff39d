/*
 * The model as an object: made from a config, frozen after training, and what a pass or a version is called.
 *
 * Freezing is the one place where probabilities become integers. What scores add up is fixed from then on, in the
 * model file too: a frozen model read back on another machine scores the same.
 */
#include "match/match_impl.h"

static Status name_parts(MatchModel *m, const MatchConfig *config, Error *err)
{
    for (uint32_t i = 0; i < config->trait_count; i++)
        TRY(arena_dup(&m->arena, config->traits[i], &m->trait_names[i], err));
    for (uint32_t f = 0; f < m->field_count; f++) {
        TRY(arena_dup(&m->arena, config->fields[f].name, &m->field_names[f], err));
        for (uint32_t l = 0; l < m->level_counts[f]; l++)
            TRY(arena_dup(&m->arena, field_level_name(&config->fields[f], l), &m->level_names[f][l], err));
    }
    return OK;
}

Status model_new(const MatchConfig *config, MatchModel **out, Error *err)
{
    MatchModel *m = NULL;
    *out = NULL;
    TRY(mem_zalloc(1, sizeof *m, (void **)&m, err));
    arena_init(&m->arena, 0);
    m->field_count = config->field_count;
    m->trait_count = config->trait_count;
    m->segments = segment_count(config);
    for (uint32_t f = 0; f < m->field_count; f++) {
        m->kinds[f] = config->fields[f].kind;
        m->level_counts[f] = field_level_count(&config->fields[f]);
        ASSERT(m->level_counts[f] >= 2 && m->level_counts[f] <= MATCH_LEVELS_MAX);
        for (uint32_t b = 0; b < FREQUENCY_BUCKETS; b++)
            m->persons_share[f][b] = 1;
    }
    Status st = name_parts(m, config, err);
    if (st != OK) {
        match_model_free(m);
        return st;
    }
    *out = m;
    return OK;
}

void match_model_free(MatchModel *m)
{
    if (!m)
        return;
    arena_free(&m->arena);
    mem_free(m);
}

/* "last_name:phonetic+birth_date:year": what a pass without a name is called. */
static void name_of_pass(const MatchModel *m, const PassSpec *pass, Buf *out)
{
    for (uint32_t k = 0; k < pass->part_count; k++) {
        const KeyPart *part = &pass->parts[k];
        buf_addf(out, "%s%.*s", k ? "+" : "", SLICE_ARG(m->field_names[part->field]));
        if (part->transform != KEY_WHOLE)
            buf_addf(out, ":%s", key_transform_name(part->transform));
        if (part->length)
            buf_addf(out, ":%" PRIu32, part->length);
    }
    if (pass->window)
        buf_addf(out, "~%" PRIu32, pass->window);
}

Status model_set_passes(MatchModel *m, const PassSpec *passes, uint32_t count, Error *err)
{
    ASSERT(count <= MATCH_PASSES_MAX);
    m->pass_count = count;
    for (uint32_t p = 0; p < count; p++) {
        Buf name;
        buf_init(&name, 4096);
        if (passes[p].name.len > 0)
            buf_add(&name, passes[p].name);
        else
            name_of_pass(m, &passes[p], &name);
        m->passes[p] = passes[p];
        Status st = buf_status(&name, err);
        if (st == OK)
            st = arena_dup(&m->arena, buf_slice(&name), &m->passes[p].name, err);
        buf_free(&name);
        TRY(st);
    }
    return OK;
}

static Weight exact_weight(const MatchConfig *config, const MatchModel *m, uint32_t segment, uint32_t field)
{
    double share = 0;
    for (uint32_t l = 1; l < m->level_counts[field]; l++)
        if (field_level_exact(&config->fields[field], l))
            share += m->levels[segment][field][l].share[CLASS_STRANGER];
    return weight_log2(share > SHARE_FLOOR ? share : SHARE_FLOOR);
}

void model_freeze(MatchModel *m, const MatchConfig *config)
{
    for (uint32_t s = 0; s < m->segments; s++) {
        for (uint32_t f = 0; f < m->field_count; f++)
            m->exact_weight[s][f] = exact_weight(config, m, s, f);
        for (uint32_t c = 0; c < CLASS_COUNT; c++) {
            double share = m->class_share[s][c];
            m->class_weight[s][c] = share > 0 ? weight_log2(share) : WEIGHT_NEVER;
            for (uint32_t f = 0; f < m->field_count; f++) {
                for (uint32_t l = 1; l < m->level_counts[f]; l++) {
                    double p = m->levels[s][f][l].share[c];
                    m->level_weight[s][c][f][l] = weight_log2(p > SHARE_FLOOR ? p : SHARE_FLOOR);
                }
            }
        }
    }
}

Slice match_pass_name(const MatchModel *m, uint32_t pass)
{
    ASSERT(pass < m->pass_count);
    return m->passes[pass].name;
}

uint32_t match_pass_count(const MatchModel *m)
{
    return m->pass_count;
}
