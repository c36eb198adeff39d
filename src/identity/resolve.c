/*
 * The first resolver: deterministic rules over blocks of equal keys, strongest
 * rule first (policy/<state>/identity/resolver.toml says which and why).
 *
 * Each rule sorts (key, record) pairs, walks blocks of equal keys, and inside a
 * block compares each record with one representative a cluster. A block whose key
 * is claimed by more people than the policy allows (a shared or made-up number)
 * joins nobody. Keys and records are in content order, so the result is a
 * function of the set of records.
 */
#include "identity/identity_impl.h"

#include <stdio.h>

typedef struct Resolver {
    const Records *records;
    const Params *params;
    Clusters *clusters;
    Keys keys;
    VEC(uint32_t) heads; /* of the block: one record a cluster */
} Resolver;

/* Does the rule's own evidence hold for these two? The key is equal already. */
typedef bool (*EvidenceFn)(const Resolver *s, const Rec *a, const Rec *b);

static int first_of(const Resolver *s, const Rec *a, const Rec *b)
{
    return agree_first(&s->records->names, s->params, a->first, b->first);
}

static int last_of(const Resolver *s, const Rec *a, const Rec *b)
{
    return agree_last(&s->records->names, s->params, a, b);
}

static bool by_sasid(const Resolver *s, const Rec *a, const Rec *b)
{
    int birth = agree_birth(a->birth, b->birth), first = first_of(s, a, b), last = last_of(s, a, b);
    return !(birth < 0 && (first < 0 || last < 0)) && !(first < 0 && last < 0);
}

static bool by_ssn_birth_date(const Resolver *s, const Rec *a, const Rec *b)
{
    int birth = agree_birth(a->birth, b->birth), first = first_of(s, a, b), last = last_of(s, a, b);
    if (birth == 2)
        return first >= 0 || last >= 0;
    return birth == 1 && first > 0;
}

static bool by_ssn_name(const Resolver *s, const Rec *a, const Rec *b)
{
    return agree_birth(a->birth, b->birth) >= 0 && first_of(s, a, b) > 0 && last_of(s, a, b) > 0;
}

static bool by_ssn_first_name(const Resolver *s, const Rec *a, const Rec *b)
{
    return agree_birth(a->birth, b->birth) >= 0 && first_of(s, a, b) == 2 && !(a->sex && b->sex && a->sex != b->sex);
}

static bool by_local_id(const Resolver *s, const Rec *a, const Rec *b)
{
    int birth = agree_birth(a->birth, b->birth), first = first_of(s, a, b), last = last_of(s, a, b);
    if (birth < 0)
        return false;
    return birth > 0 ? first >= 0 || last >= 0 : first > 0 && last > 0;
}

static bool by_name_birth_date(const Resolver *s, const Rec *a, const Rec *b)
{
    if (a->birth != b->birth || first_of(s, a, b) != 2 || last_of(s, a, b) != 2)
        return false;
    if (a->middle && b->middle && a->middle != b->middle)
        return false;
    bool middle = a->middle && a->middle == b->middle;
    bool sex = a->sex && a->sex == b->sex;
    bool zip = a->zip_key && a->zip_key == b->zip_key;
    if (a->sex && b->sex && a->sex != b->sex)
        return middle && zip;
    return middle || sex || zip;
}

/* Records with several keys appear once under each. */
static Status add_key(Resolver *s, uint64_t key, uint32_t record, Error *err)
{
    return key ? vec_push(&s->keys, ((Keyed){key, record}), err) : OK;
}

/* Joins within one block. A record is held against one head a cluster; the first whose evidence holds takes it. */
static Status join_block(
    Resolver *s, const Keyed *block, size_t n, RuleKind rule, EvidenceFn holds, uint32_t limit, Error *err)
{
    const Rec *recs = s->records->at.at;
    s->heads.len = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t me = block[i].record;
        bool joined = false;
        for (size_t k = 0; k < s->heads.len && !joined; k++) {
            uint32_t head = s->heads.at[k];
            if (cluster_find(s->clusters, head) == cluster_find(s->clusters, me))
                joined = true;
            else if (holds(s, &recs[head], &recs[me]))
                joined = cluster_union(s->clusters, head, me, rule);
        }
        /* A new spelling of a known person is a head too: the next record may agree with it and not with the first. */
        if (!joined || (s->heads.len < limit && recs[me].last != recs[block[0].record].last))
            TRY(vec_push(&s->heads, me, err));
    }
    return OK;
}

static bool is_one_cluster(Resolver *s, const Keyed *block, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (cluster_find(s->clusters, block[i].record) != cluster_find(s->clusters, block[0].record))
            return false;
    return true;
}

/* A number claimed by many differently named people is shared or made up. Distinct names tell, not distinct records. */
static bool is_shared(Resolver *s, const Keyed *block, size_t n, uint32_t limit)
{
    if (n <= limit)
        return false;
    const Rec *recs = s->records->at.at;
    uint32_t seen[64];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const Rec *me = &recs[block[i].record];
        if (!me->first)
            continue;
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = agree_first(&s->records->names, s->params, me->first, recs[seen[k]].first) > 0;
        if (known)
            continue;
        if (count >= limit || count == COUNT_OF(seen))
            return true;
        seen[count++] = block[i].record;
    }
    return false;
}

static Status run_rule(Resolver *s, RuleKind rule, EvidenceFn holds, uint32_t shared_limit, Error *err)
{
    TRY(keyed_sort(&s->keys, err));
    for (size_t i = 0, end; i < s->keys.len; i = end) {
        for (end = i + 1; end < s->keys.len && s->keys.at[end].key == s->keys.at[i].key; end++)
            ;
        if (end - i < 2 || (shared_limit && is_shared(s, s->keys.at + i, end - i, shared_limit)))
            continue;
        TRY(join_block(s, s->keys.at + i, end - i, rule, holds, shared_limit ? shared_limit : 16, err));
    }
    return OK;
}

static Status keys_of_ids(Resolver *s, uint64_t (*key_of)(const Rec *), Error *err)
{
    s->keys.len = 0;
    for (size_t i = 0; i < s->records->at.len; i++)
        TRY(add_key(s, key_of(&s->records->at.at[i]), (uint32_t)i, err));
    return OK;
}

static uint64_t sasid_key(const Rec *r)
{
    return r->sasid;
}
static uint64_t ssn_key(const Rec *r)
{
    return r->ssn;
}
static uint64_t local_key(const Rec *r)
{
    return r->local_key;
}

/* One key a combination of formal first name and part of the surname, with the birth date. */
static Status add_name_keys(Resolver *s, uint32_t record, uint32_t surname, Error *err)
{
    static const uint64_t KEY[2] = {UINT64_C(0x6e616d652d626c6f), UINT64_C(0x636b2d6b65792d31)};
    const Rec *r = &s->records->at.at[record];
    const NameTable *t = &s->records->names;
    const Name *first = &t->names.at[r->first], *last = &t->names.at[surname];
    Slice rest = first->text, word = slice_cut(&rest, ' ');
    char text[256];
    for (uint32_t f = 0; f <= first->formal_count; f++) {
        Slice given = f ? t->formals.at[first->formal_first + f - 1] : word;
        for (uint32_t l = 0; l <= last->part_count; l++) {
            Slice family = l ? last->parts[l - 1] : last->joined;
            if (l && last->part_count == 1 && slice_eq(family, last->joined))
                continue;
            int n = snprintf(text, sizeof text, "%" PRId32 "|%.*s|%.*s", r->birth, SLICE_ARG(given), SLICE_ARG(family));
            if (n > 0 && (size_t)n < sizeof text)
                TRY(add_key(s, siphash13(KEY, text, (size_t)n), record, err));
        }
    }
    return OK;
}

static Status keys_of_names(Resolver *s, Error *err)
{
    s->keys.len = 0;
    for (size_t i = 0; i < s->records->at.len; i++) {
        const Rec *r = &s->records->at.at[i];
        if (r->birth == DATE_NONE || !r->first)
            continue;
        if (r->last)
            TRY(add_name_keys(s, (uint32_t)i, r->last, err));
        if (r->other_last)
            TRY(add_name_keys(s, (uint32_t)i, r->other_last, err));
    }
    return OK;
}

/*
 * Wage rows with nothing but a number: when exactly one person has it, they are that person's; when none has, they
 * are one person of their own; when several have, nobody can say, and they stay together but apart.
 */
static Status join_bare_ssns(Resolver *s, Error *err)
{
    const Rec *recs = s->records->at.at;
    Keys named = {0}, bare = {0};
    Status st = OK;
    for (size_t i = 0, end; i < s->keys.len; i = end) {
        named.len = bare.len = 0;
        for (end = i; end < s->keys.len && s->keys.at[end].key == s->keys.at[i].key; end++) {
            const Rec *r = &recs[s->keys.at[end].record];
            bool is_bare = !r->first && !r->last && r->birth == DATE_NONE && !r->sasid;
            TRY_OUT(is_bare ? vec_push(&bare, s->keys.at[end], err) : vec_push(&named, s->keys.at[end], err));
        }
        for (size_t k = 1; k < bare.len; k++)
            cluster_union(s->clusters, bare.at[0].record, bare.at[k].record, RULE_SSN_ALONE);
        if (!bare.len || !named.len)
            continue;
        if (is_one_cluster(s, named.at, named.len))
            cluster_union(s->clusters, named.at[0].record, bare.at[0].record, RULE_SSN_ALONE);
        else
            s->clusters->conflicts++;
    }
out:
    vec_free(&named);
    vec_free(&bare);
    return st;
}

static Status run_rules(Resolver *s, Error *err)
{
    const Params *p = s->params;
    const struct {
        RuleKind rule;
        uint64_t (*key)(const Rec *);
        EvidenceFn holds;
        uint32_t shared;
    } by_id[] = {{RULE_SASID, sasid_key, by_sasid, 0},
        {RULE_SSN_BIRTH_DATE, ssn_key, by_ssn_birth_date, p->shared_ssn_limit},
        {RULE_SSN_NAME, ssn_key, by_ssn_name, p->shared_ssn_limit},
        {RULE_LOCAL_ID, local_key, by_local_id, p->shared_local_id_limit},
        {RULE_SSN_FIRST_NAME, ssn_key, by_ssn_first_name, p->shared_ssn_limit}};
    for (size_t i = 0; i < COUNT_OF(by_id); i++) {
        if (p->score[by_id[i].rule] == 0)
            continue;
        TRY(keys_of_ids(s, by_id[i].key, err));
        TRY(run_rule(s, by_id[i].rule, by_id[i].holds, by_id[i].shared, err));
        TRY(cancel_check(err));
    }
    if (p->score[RULE_NAME_BIRTH_DATE] > 0) {
        TRY(keys_of_names(s, err));
        TRY(run_rule(s, RULE_NAME_BIRTH_DATE, by_name_birth_date, 0, err));
    }
    if (p->score[RULE_SSN_ALONE] > 0) {
        TRY(keys_of_ids(s, ssn_key, err));
        TRY(keyed_sort(&s->keys, err));
        TRY(join_bare_ssns(s, err));
    }
    return OK;
}

Status resolve(const Records *r, const Params *p, const LinkContext *ctx, Clusters *out, Error *err)
{
    UNUSED(ctx);
    TRY(clusters_init(out, r, err));
    Resolver s = {.records = r, .params = p, .clusters = out};
    Status st = run_rules(&s, err);
    vec_free(&s.keys);
    vec_free(&s.heads);
    return st;
}
