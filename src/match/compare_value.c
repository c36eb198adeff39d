/*
 * Two different values of a field to a level. The level of a pair that no shortcut decides is looked up in a memo of
 * this thread, which is direct-mapped: a pair of numbers is spread by a bijection over 64 bits, of which the lower
 * ones are the place and the upper ones stand in the entry beside the level, so that an entry is never mistaken for
 * another pair's.
 */
#include "match/compare_impl.h"

/* The first level that holds one way or the other, so that a pair has one level whoever is left. */
static uint32_t own_level(const FieldPlan *p, Slice a, Slice b)
{
    if (p->neutral && (expr_holds(p->neutral, a, b) || expr_holds(p->neutral, b, a)))
        return 0;
    for (uint32_t i = 0; i < p->spec->level_count; i++)
        if (expr_holds(p->when[i], a, b) || expr_holds(p->when[i], b, a))
            return i + 1;
    return p->spec->level_count + 1;
}

static uint32_t compute_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (p->spec->levels)
        return own_level(p, dict_text(p->dict, a), dict_text(p->dict, b));
    return p->number[level_of(p->spec->kind, p->dict, a, b)];
}

/* Not inline: what happens seldom stays out of the loops. */
uint32_t compare_learn_level(const FieldPlan *p, uint32_t a, uint32_t b, uint64_t place)
{
    uint32_t level = compute_level(p, a, b);
    p->memo[place & MEMO_MASK] = (place & ~MEMO_MASK) | (level + 1); /* 0 is an empty entry, and level 0 is neutral */
    return level;
}

/* Of two values of an own comparator, which may be missing. Not inline: each pair of values once. */
uint32_t compare_learn_few(const FieldPlan *p, uint32_t a, uint32_t b)
{
    uint32_t level = a && b ? compute_level(p, a, b) : 0;
    uint8_t known = (uint8_t)(FEW_KNOWN | level);
    p->few[(size_t)a * p->few_count + b] = p->few[(size_t)b * p->few_count + a] = known;
    return level;
}

uint32_t compare_value_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (p->spec->levels)
        return compare_own_level(p, a, b);
    if (a == 0 || b == 0)
        return 0;
    if (a == b)
        return p->number[LV_EXACT];
    if (p->plain)
        return p->number[LV_DIFFERS];
    LevelId quick = LV_MISSING;
    if (p->dict->domain == DOMAIN_CODE)
        quick = quick_code(p->spec->kind, p->dict->codes.at[a], p->dict->codes.at[b]);
    if (p->dict->domain == DOMAIN_TEXT &&
        quick_text_differs(p->spec->kind, &p->dict->texts_known.at[a], &p->dict->texts_known.at[b]))
        quick = LV_DIFFERS;
    return quick != LV_MISSING ? p->number[quick] : compare_known_level(p, a, b);
}
