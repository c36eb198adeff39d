/*
 * Coins that walk the tree of all outcomes: each draw takes the branch that the script says and multiplies its
 * probability, so that a sampler's distribution can be added up instead of sampled. Linked in place of coins.c.
 */
#include "coins_script.h"

#include "base/base.h"

Script script;

Status coins_new(Coins **out, Error *err)
{
    return mem_zalloc(1, sizeof **out, (void **)out, err);
}

void coins_free(Coins *c)
{
    mem_free(c);
}

static uint64_t branch(uint64_t n, long double p_of_0, long double p_of_others)
{
    if (script.at == SCRIPT_MAX)
        longjmp(script.cut, 1);
    if (script.at == script.length) {
        script.choice[script.length] = 0;
        script.ways[script.length++] = n;
    }
    uint64_t choice = script.choice[script.at++];
    script.p *= choice == 0 ? p_of_0 : p_of_others;
    if (script.p < script.smallest)
        longjmp(script.cut, 1);
    return choice;
}

uint64_t coins_below(Coins *c, uint64_t n)
{
    UNUSED(c);
    return branch(n, 1 / (long double)n, 1 / (long double)n);
}

bool coins_bernoulli(Coins *c, u128 num, u128 den)
{
    UNUSED(c);
    long double p = (long double)num / (long double)den;
    /* a branch that cannot be taken is none */
    if (num == 0 || num == den)
        return num == den;
    return branch(2, p, 1 - p) == 0;
}

bool script_next(void)
{
    script.length = script.at; /* choices after a cut were not made */
    while (script.length > 0 && script.choice[script.length - 1] + 1 == script.ways[script.length - 1])
        script.length--;
    if (script.length == 0)
        return false;
    script.choice[script.length - 1]++;
    script.at = 0;
    script.p = 1;
    return true;
}

void script_begin(long double smallest)
{
    script.length = script.at = 0;
    script.p = 1;
    script.smallest = smallest;
}
