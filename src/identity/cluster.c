/*
 * Union-find over records with memory of hard facts, so that a chain of
 * plausible links cannot join two people whom evidence keeps apart: two SASIDs,
 * two birth dates, or (for links by name) two SSNs.
 *
 * Tarjan 1975; union by size, path halving.
 */
#include "identity/identity_impl.h"

Status clusters_init(Clusters *c, const Records *r, Error *err)
{
    memset(c, 0, sizeof *c);
    size_t n = r->at.len ? r->at.len : 1;
    c->count = r->at.len;
    TRY(mem_zalloc(n, sizeof *c->parent, (void **)&c->parent, err));
    TRY(mem_zalloc(n, sizeof *c->size, (void **)&c->size, err));
    TRY(mem_zalloc(n, sizeof *c->rule, (void **)&c->rule, err));
    TRY(mem_zalloc(n, sizeof *c->sasid, (void **)&c->sasid, err));
    TRY(mem_zalloc(n, sizeof *c->birth, (void **)&c->birth, err));
    TRY(mem_zalloc(n, sizeof *c->ssn, (void **)&c->ssn, err));
    for (size_t i = 0; i < r->at.len; i++) {
        c->parent[i] = (uint32_t)i;
        c->size[i] = 1;
        c->sasid[i] = r->at.at[i].sasid;
        c->birth[i] = r->at.at[i].birth;
        c->ssn[i] = r->at.at[i].ssn;
    }
    return OK;
}

void clusters_free(Clusters *c)
{
    mem_free(c->parent);
    mem_free(c->size);
    mem_free(c->rule);
    mem_free(c->sasid);
    mem_free(c->birth);
    mem_free(c->ssn);
    memset(c, 0, sizeof *c);
}

uint32_t cluster_find(Clusters *c, uint32_t i)
{
    while (c->parent[i] != i) {
        c->parent[i] = c->parent[c->parent[i]];
        i = c->parent[i];
    }
    return i;
}

static bool ssn_near(uint32_t a, uint32_t b)
{
    char x[10], y[10];
    for (int i = 8; i >= 0; i--, a /= 10, b /= 10) {
        x[i] = (char)('0' + a % 10);
        y[i] = (char)('0' + b % 10);
    }
    return within_one_edit((Slice){x, 9}, (Slice){y, 9});
}

static bool conflicts(const Clusters *c, uint32_t a, uint32_t b, RuleKind rule)
{
    if (c->sasid[a] && c->sasid[b] && c->sasid[a] != c->sasid[b])
        return true;
    if (rule != RULE_SASID && agree_birth(c->birth[a], c->birth[b]) < 0)
        return true;
    return rule == RULE_NAME_BIRTH_DATE && c->ssn[a] && c->ssn[b] && !ssn_near(c->ssn[a], c->ssn[b]);
}

bool cluster_union(Clusters *c, uint32_t a, uint32_t b, RuleKind rule)
{
    uint32_t x = cluster_find(c, a), y = cluster_find(c, b);
    if (x == y)
        return true;
    if (conflicts(c, x, y, rule)) {
        c->conflicts++;
        return false;
    }
    /* The larger keeps its facts; of equals the one with the lower record, which contents decide. */
    if (c->size[x] < c->size[y] || (c->size[x] == c->size[y] && y < x)) {
        uint32_t t = x;
        x = y;
        y = t;
    }
    c->parent[y] = x;
    c->size[x] += c->size[y];
    c->rule[y] = (uint8_t)rule;
    if (!c->sasid[x])
        c->sasid[x] = c->sasid[y];
    if (c->birth[x] == DATE_NONE)
        c->birth[x] = c->birth[y];
    if (!c->ssn[x])
        c->ssn[x] = c->ssn[y];
    c->unions[rule]++;
    return true;
}
