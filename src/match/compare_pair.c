/* One pair of records, field by field; and what several fields together say, of a pair as of a stretch. */
#include "match/compare_impl.h"

/* The best of all pairs of the values that the two records hold; the same value in another column is an alias. */
uint32_t compare_alias_level(const FieldPlan *p, const uint32_t *a, const uint32_t *b)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < p->column_count; i++)
        for (uint32_t k = 0; k < p->column_count; k++) {
            uint32_t x = a[p->spec->columns[i]], y = b[p->spec->columns[k]];
            bool is_alias = x == y && (i || k) && !p->spec->levels;
            uint32_t level = is_alias && x ? p->number[LV_ALIAS] : compare_value_level(p, x, y);
            if (level && (!best || level < best))
                best = level;
        }
    return best;
}

/* The same of values that are equal or not. */
static uint32_t plains_level(const FieldPlan *p, const uint32_t *a, const uint32_t *b)
{
    bool there = false, met = false;
    if (a[p->column] && a[p->column] == b[p->column])
        return p->number[LV_EXACT];
    for (uint32_t i = 0; i < p->column_count; i++) {
        uint32_t x = a[p->spec->columns[i]];
        for (uint32_t k = 0; x && k < p->column_count; k++) {
            uint32_t y = b[p->spec->columns[k]];
            there |= y != 0;
            met |= x == y;
        }
    }
    return met ? p->number[LV_ALIAS] : there ? p->number[LV_DIFFERS] : 0;
}

/* Of two different names that their letters alone do not tell: odd ones, most of all. */
uint32_t compare_odd_level(const FieldPlan *p, uint32_t a, uint32_t b)
{
    const NameInfo *x = &p->dict->names.at[a], *y = &p->dict->names.at[b];
    if (quick_double_differs(p->spec->kind, p->dict, x, y))
        return p->number[LV_DIFFERS];
    return compare_known_level(p, a, b);
}

/* The same as path_names and settle_alike, of two different names. */
static uint32_t name_level(FieldPlan *p, uint32_t a, uint32_t b)
{
    const NameInfo *x = &p->dict->names.at[a], *y = &p->dict->names.at[b];
    const NameLetters *mine = &p->dict->letters.at[a], *his = &p->dict->letters.at[b];
    const bool first = p->spec->kind != FIELD_LAST_NAME;
    if ((x->flags | y->flags) & (first ? NAME_LETTER | NAME_ODD : NAME_ODD))
        return compare_odd_level(p, a, b);
    uint32_t la = x->length, lb = y->length, repeats = x->repeats < y->repeats ? x->repeats : y->repeats;
    uint32_t most = count_bits(x->letters & y->letters) + repeats;
    bool rooted = first && (x->root_mask & y->root_mask) != 0;
    if (!rooted && x->sound != y->sound && 10 * most * (la + lb) < 11 * la * lb)
        return p->number[LV_DIFFERS];
    if (mine->at[0] == NAME_LETTERS_NONE || his->at[0] == NAME_LETTERS_NONE)
        return compare_known_level(p, a, b);
    if (rooted && have_common_root(p->dict, x, y))
        return p->number[LV_NICKNAME];
    if (p->jaro.value != a)
        quick_jaro_of(&p->jaro, a, mine, la);
    return p->number[quick_name_level(p->spec->kind, &p->jaro, mine, his, lb, x->sound && x->sound == y->sound)];
}

/* Equal, or one and the same name most likely. */
static bool is_nearly(const FieldPlan *p, uint32_t a, uint32_t b)
{
    if (a == b || a == 0 || b == 0)
        return a == b;
    LevelId level = level_of(p->spec->kind, p->dict, a, b);
    return level == LV_ONE_EDIT || level == LV_CLOSE || level == LV_TRUNCATED || level == LV_NICKNAME ||
           level == LV_PART || level == LV_JOINED;
}

/* Both values crosswise: one equal, the other nearly. Then the field says so and the other is silent, lest the exchange
 * counts twice. */
uint64_t compare_with_swap(const FieldPlan *p, const uint32_t *a, const uint32_t *b, uint64_t pattern)
{
    uint32_t mine = a[p->column], mine_other = a[p->other_column], his = b[p->column], his_other = b[p->other_column];
    if (!mine || !mine_other || !his || !his_other)
        return pattern;
    bool crosswise =
        (mine == his_other && is_nearly(p, mine_other, his)) || (mine_other == his && is_nearly(p, mine, his_other));
    uint64_t level = pattern >> p->shift & 15, other_level = pattern >> p->other_shift & 15;
    if (!crosswise || level <= p->number[LV_SWAPPED] || other_level <= 1)
        return pattern;
    pattern &= ~(UINT64_C(15) << p->shift | UINT64_C(15) << p->other_shift);
    return pattern | (uint64_t)p->number[LV_SWAPPED] << p->shift;
}

/* By what the comparison said, whichever field comes first. */
uint64_t compare_without_given(const Comparer *c, uint64_t pattern)
{
    uint64_t gone = 0;
    for (uint32_t k = 0; k < c->beside_count; k++) {
        uint32_t level = pattern >> c->beside[k].shift & 15;
        bool beside = (level == 1) | (level == c->beside[k].alias);
        gone |= beside ? c->beside[k].field : 0;
    }
    return pattern & ~gone;
}

/* People make an e-mail address of their name. Of two who have one name in common and another not, addresses are alike
 * for that (dthomas@, mthomas@): what the name explains is no further evidence, nor one against. */
uint64_t compare_without_derived(const Comparer *c, uint64_t pattern)
{
    bool alike = false, differ = false;
    for (uint32_t names = c->names; names != 0; names &= names - 1) {
        const FieldPlan *p = &c->plans[__builtin_ctz(names)];
        uint64_t level = pattern >> p->shift & 15;
        alike |= level != 0 && level < p->number[LV_DIFFERS];
        differ |= level == p->number[LV_DIFFERS];
    }
    if (!alike || !differ)
        return pattern;
    for (uint32_t rest = c->addresses; rest != 0; rest &= rest - 1) {
        const FieldPlan *p = &c->plans[__builtin_ctz(rest)];
        uint64_t level = pattern >> p->shift & 15;
        if (level == p->number[LV_ONE_EDIT] || level == p->number[LV_LOCAL] || level == p->number[LV_LOCAL_SIMILAR])
            pattern &= ~(UINT64_C(15) << p->shift);
    }
    return pattern;
}

/* Not inline, as add_aliased: most configs have no such field. */
static __attribute__((noinline)) uint32_t names_level(FieldPlan *p, const uint32_t *a, const uint32_t *b)
{
    uint32_t x = a[p->column], y = b[p->column];
    if (compare_alias_mark(p, a) | compare_alias_mark(p, b))
        return compare_alias_level(p, a, b);
    return x != y && x && y ? name_level(p, x, y) : compare_value_level(p, x, y);
}

/* Of so few pairs that loading a stretch would cost more than four at a time save. */
uint64_t compare_pair_pattern(Comparer *c, const uint32_t *a, const uint32_t *b)
{
    uint64_t pattern = 0;
    for (uint32_t f = 0; f < c->field_count; f++) {
        FieldPlan *p = &c->plans[f];
        uint32_t x = a[p->column], y = b[p->column], level;
        if (p->way == WAY_PLAINS)
            level = plains_level(p, a, b);
        else if (p->way == WAY_ALIASES)
            level = compare_alias_level(p, a, b);
        else if (p->way == WAY_NAMES)
            level = names_level(p, a, b);
        else if (p->way == WAY_NAME && x != y && x && y)
            level = name_level(p, x, y);
        else
            level = compare_value_level(p, x, y);
        pattern |= (uint64_t)level << p->shift;
    }
    for (uint32_t f = 0; f < c->field_count; f++)
        if (c->plans[f].other_column != MATCH_NONE)
            pattern = compare_with_swap(&c->plans[f], a, b, pattern);
    if (c->addresses)
        pattern = compare_without_derived(c, pattern);
    return compare_without_given(c, pattern);
}

uint32_t compare_agreed(const MatchTable *t, uint32_t a, uint32_t b, uint32_t field)
{
    const FieldSpec *f = &t->config->fields[field];
    const uint32_t *x = record_cells(t, a), *y = record_cells(t, b);
    uint32_t best = x[f->columns[0]];
    if (best && best == y[f->columns[0]])
        return best;
    best = 0;
    for (uint32_t i = 0; !f->combine && i < f->column_count; i++)
        for (uint32_t k = 0; k < f->column_count; k++) {
            uint32_t v = x[f->columns[i]];
            if (!v || v != y[f->columns[k]])
                continue;
            uint32_t n = t->frequency[field][v], least = best ? t->frequency[field][best] : UINT32_MAX;
            if (!best || n < least || (n == least && v < best))
                best = v;
        }
    return best;
}
