/*
 * The configuration's defaults and names, and what it says of pairs of sources: which may be compared at all,
 * and which segment's parameters hold for them.
 */
#include <math.h>

#include "match/match_impl.h"

double weight_probability(Weight odds)
{
    return 1.0 / (1.0 + exp2(-(double)odds / WEIGHT_BIT));
}

Weight probability_weight(double p)
{
    if (!(p > 0))
        return WEIGHT_MIN;
    if (p >= 1)
        return WEIGHT_MAX;
    double bits = log2(p / (1 - p)) * WEIGHT_BIT;
    if (bits <= WEIGHT_MIN)
        return WEIGHT_MIN;
    if (bits >= WEIGHT_MAX)
        return WEIGHT_MAX;
    return (Weight)lround(bits);
}

const char *field_kind_name(FieldKind kind)
{
    static const char *const names[FIELD_KIND_COUNT] = {"first_name", "middle_name", "last_name", "suffix", "date",
        "ssn", "identifier", "address", "city", "postal_code", "phone", "email", "sex", "code", "text", "number"};
    ASSERT(kind < FIELD_KIND_COUNT);
    return names[kind];
}

const char *key_transform_name(KeyTransform transform)
{
    static const char *const names[KEY_TRANSFORM_COUNT] = {"whole", "prefix", "suffix", "phonetic", "root", "part",
        "initial", "year", "year_month", "month_day", "qgram", "deletion"};
    ASSERT(transform < KEY_TRANSFORM_COUNT);
    return names[transform];
}

void match_config_init(MatchConfig *out)
{
    memset(out, 0, sizeof *out);
    out->link_sources = true;
    out->match_from = 0;
    out->review_from = probability_weight(0.1);
    out->keep_from = probability_weight(0.01);
    out->pairs_max = (uint64_t)2000 * 1000 * 1000;
    out->block_max = 1000;
    out->seed = 1;
}

bool table_comparable(const MatchConfig *config, uint32_t source_a, uint32_t source_b)
{
    if (source_a != source_b)
        return config->link_sources;
    return config->sources[source_a].dedupe && !config->sources[source_a].unique;
}

uint32_t segment_count(const MatchConfig *config)
{
    uint32_t n = config->trait_count ? config->trait_count : 1;
    return n * (n + 1) / 2;
}

uint32_t trait_segment(uint32_t trait_a, uint32_t trait_b)
{
    uint32_t low = trait_a < trait_b ? trait_a : trait_b, high = trait_a < trait_b ? trait_b : trait_a;
    return high * (high + 1) / 2 + low;
}

uint32_t table_segment(const MatchConfig *config, uint32_t source_a, uint32_t source_b)
{
    return trait_segment(config->sources[source_a].trait, config->sources[source_b].trait);
}
