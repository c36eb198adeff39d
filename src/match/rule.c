/* Hard rules of the config: compiled once, asked of every pattern. */
#include <stdio.h>

#include "match/value_impl.h"

struct RuleSet {
    uint32_t count;
    RuleEffect effect[MATCH_RULES_MAX];
    Expr *when[MATCH_RULES_MAX];
};

Status rules_compile(const MatchConfig *config, Arena *arena, RuleSet **out, Error *err)
{
    RuleSet *r;
    TRY(arena_new(arena, RuleSet, 1, &r, err));
    for (uint32_t i = 0; i < config->rule_count; i++) {
        const RuleSpec *spec = &config->rules[i];
        char what[120];
        (void)snprintf(what, sizeof what, "rule '%.*s'", SLICE_ARG(slice_sub(spec->name, 0, 80)));
        r->effect[i] = spec->effect;
        TRY(expr_compile(spec->when, what, config, arena, &r->when[i], err));
    }
    r->count = config->rule_count;
    *out = r;
    return OK;
}

RuleVerdict rules_apply(const RuleSet *rules, uint64_t pattern, uint32_t *rule)
{
    RuleVerdict verdict = VERDICT_NONE;
    for (uint32_t i = 0; i < rules->count; i++) {
        bool must_not = rules->effect[i] == RULE_MUST_NOT;
        if ((verdict != VERDICT_NONE && !must_not) || !expr_holds_pattern(rules->when[i], pattern))
            continue;
        if (rule)
            *rule = i;
        if (must_not)
            return VERDICT_MUST_NOT;
        verdict = VERDICT_MUST;
    }
    return verdict;
}
