/* What a report shows of a model, without knowing how one is kept. */
#include "match/match_impl.h"

uint32_t match_segment_count(const MatchConfig *config)
{
    return segment_count(config);
}

void match_segment_name(const MatchConfig *config, uint32_t segment, Buf *out)
{
    uint32_t high = 0;
    if (segment_count(config) < 2)
        return;
    while ((high + 1) * (high + 2) / 2 <= segment)
        high++;
    uint32_t low = segment - high * (high + 1) / 2;
    buf_add(out, config->traits[low]);
    buf_adds(out, ", ");
    buf_add(out, config->traits[high]);
}

double match_class_share(const MatchModel *m, uint32_t segment, PairClass class)
{
    return m->class_share[segment][class];
}

uint32_t match_level_count(const MatchConfig *config, uint32_t field)
{
    return field_level_count(&config->fields[field]);
}

Slice match_level_name(const MatchConfig *config, uint32_t field, uint32_t level)
{
    return field_level_name(&config->fields[field], level);
}

void match_level_view(
    const MatchModel *m, const MatchConfig *config, uint32_t segment, uint32_t field, uint32_t level, LevelView *out)
{
    const LevelParameter *p = &m->levels[segment][field][level];
    *out = (LevelView){.name = field_level_name(&config->fields[field], level),
        .match = p->share[CLASS_MATCH],
        .stranger = p->share[CLASS_STRANGER],
        .weight = m->level_weight[segment][CLASS_MATCH][field][level] -
                  m->level_weight[segment][CLASS_STRANGER][field][level],
        .evidence = p->evidence,
        .is_default = p->is_default};
}
