/* Links two sets of tokens: which pairs are looked at, which threshold decides, who belongs to whom. */
#include "token/token_impl.h"

#include <stdlib.h>

#define ALL_PAIRS_MAX UINT64_C(20000000000) /* some twenty seconds on one core */
#define TAIL_PPM UINT64_C(20)               /* share of random pairs looked at, at least */
#define CHANCE_PAIRS 8

typedef struct Linking {
    const TokenSet *a, *b;
    const TokenLinkOptions *o;
    PairJob job;
    RandomPairs random;
    uint64_t links[SCORES];
    uint64_t decoys_a[SCORES];
    uint64_t decoys_b[SCORES];
    uint64_t best[SCORES];
} Linking;

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The lowest score worth a look: eight random pairs a record reach it, or twenty in a million where that is more. */
static uint32_t choose_floor(const Linking *l)
{
    uint64_t records = larger(l->a->n, l->b->n), seen = 0;
    uint64_t most = larger(l->random.total * TAIL_PPM / 1000000, CHANCE_PAIRS * l->random.total / larger(records, 1));
    uint32_t s = KERNEL_ONE;
    for (; s > 1; s--) {
        seen += l->random.count[s];
        if (seen > most)
            return s + (s < KERNEL_ONE);
    }
    return 1;
}

/* --- who belongs to whom -------------------------------------------------------------------------------------- */

/* Pairs come by falling score; a pair is a link when both records are free (greedy one-to-one). Within one set (a and b
 * are the same) a record has one flag for both sides. Keeps the links in place. */
static Status keep_exclusive(TokenPairs *pairs, const TokenSet *a, const TokenSet *b, Error *err)
{
    uint8_t *taken_a = NULL, *taken_b = NULL;
    Status st = mem_zalloc(a->n, 1, (void **)&taken_a, err);
    if (st == OK && a != b)
        st = mem_zalloc(b->n, 1, (void **)&taken_b, err);
    size_t kept = 0;
    for (size_t i = 0; i < pairs->len && st == OK; i++) {
        TokenPair p = pairs->at[i];
        uint8_t *x = &taken_a[p.a], *y = a == b ? &taken_a[p.b] : &taken_b[p.b];
        if (*x || *y)
            continue;
        *x = *y = 1;
        pairs->at[kept++] = p;
    }
    if (st == OK)
        pairs->len = kept;
    mem_free(taken_a);
    mem_free(taken_b);
    return st;
}

static void count_scores(const TokenPairs *pairs, uint64_t count[SCORES])
{
    for (size_t i = 0; i < pairs->len; i++)
        count[pairs->at[i].score]++;
}

/* --- decoys -------------------------------------------------------------------------------------------------- */

static bool compares_all(TokenBlocking blocking, const TokenSet *a, const TokenSet *b)
{
    return blocking == BLOCKING_ALL || (blocking == BLOCKING_AUTO && (uint64_t)a->n * b->n <= ALL_PAIRS_MAX);
}

/* Links within one set, which a duplicate-free source cannot have. */
static Status count_decoys(const Linking *l, const TokenSet *set, uint64_t count[SCORES], Error *err)
{
    TokenPairs pairs = {0};
    PairJob job = l->job;
    uint64_t compared = 0;
    job.a = job.b = set;
    /* the one of two sets may be large where their pairs are few */
    job.all_pairs = job.all_pairs && compares_all(l->o->blocking, set, set);
    Status st = token_pairs_collect(&job, &pairs, &compared, err);
    if (st == OK)
        st = keep_exclusive(&pairs, set, set, err);
    if (st == OK)
        count_scores(&pairs, count);
    vec_free(&pairs);
    return st;
}

/* The best score of each record of a; pairs come by falling score. Records without a pair stand at the floor. */
static Status count_best(Linking *l, const TokenPairs *pairs, Error *err)
{
    uint8_t *seen;
    uint64_t rest = l->a->n;
    TRY(mem_zalloc(l->a->n, 1, (void **)&seen, err));
    for (size_t i = 0; i < pairs->len; i++) {
        if (seen[pairs->at[i].a])
            continue;
        seen[pairs->at[i].a] = 1;
        l->best[pairs->at[i].score]++;
        rest--;
    }
    l->best[l->job.floor] += rest;
    mem_free(seen);
    return OK;
}

/* --- both sets ------------------------------------------------------------------------------------------------ */

static Status check_alike(const TokenSet *a, const TokenSet *b, Error *err)
{
    if (strcmp(a->scheme_id, b->scheme_id) != 0)
        return error_set(err, ERR_INVALID, "%s and %s are tokens of different schemes (%s, %s)", a->name, b->name,
            a->scheme_id, b->scheme_id);
    if (strcmp(a->key_id, b->key_id) != 0)
        return error_set(err, ERR_INVALID, "%s and %s are tokens of different keys (%s, %s)", a->name, b->name,
            a->key_id, b->key_id);
    return OK;
}

static void keep_threshold(TokenPairs *pairs, uint32_t threshold)
{
    size_t kept = 0;
    for (size_t i = 0; i < pairs->len; i++)
        if (pairs->at[i].score >= threshold)
            pairs->at[kept++] = pairs->at[i];
    pairs->len = kept;
    if (kept > 1)
        qsort(pairs->at, kept, sizeof *pairs->at, pair_by_records);
}

/* Each record has one partner at most, and the files themselves hold no duplicates. */
static Status decide_exclusive(Linking *l, TokenPairs *pairs, Choice *out, Error *err)
{
    Evidence e = {.a = l->a, .b = l->b, .links = l->links, .floor = l->job.floor};
    e.decoys_a = l->decoys_a;
    e.decoys_b = l->decoys_b;
    TRY(keep_exclusive(pairs, l->a, l->b, err));
    TRY(count_decoys(l, l->a, l->decoys_a, err));
    TRY(count_decoys(l, l->b, l->decoys_b, err));
    count_scores(pairs, l->links);
    *out = l->o->threshold > 0 ? threshold_judge(&e, l->o->threshold) : threshold_choose(&e);
    return OK;
}

static Status decide(Linking *l, TokenLinks *out, Error *err)
{
    Choice c;
    if (l->o->sources == SOURCES_DUPLICATE_FREE) {
        TRY(decide_exclusive(l, &out->pairs, &c, err));
    } else {
        TRY(count_best(l, &out->pairs, err));
        c = threshold_mixture(l->best, l->a->n, l->o->threshold);
    }
    keep_threshold(&out->pairs, c.threshold);
    out->threshold = c.threshold;
    out->expected_false = c.expected_false;
    out->expected_missed = c.expected_missed;
    return OK;
}

static Status link_sets(Linking *l, TokenLinks *out, Error *err)
{
    token_random_pairs(l->a, l->b, &l->random);
    l->job = (PairJob){.a = l->a, .b = l->b, .threads = l->o->threads};
    l->job.kernels = l->o->kernels ? l->o->kernels : kernel_table(KERNEL_BEST);
    l->job.all_pairs = compares_all(l->o->blocking, l->a, l->b);
    l->job.floor = choose_floor(l);
    if (l->o->threshold > 0 && l->o->threshold < l->job.floor)
        l->job.floor = l->o->threshold;
    out->all_pairs = l->job.all_pairs;
    out->floor = l->job.floor;
    TRY(progress_new(l->o->progress, "compare", l->a->n, "records", &l->job.progress, err));
    Status st = token_pairs_collect(&l->job, &out->pairs, &out->compared, err);
    progress_done(l->job.progress);
    l->job.progress = NULL;
    return st == OK ? decide(l, out, err) : st;
}

Status token_link(const TokenSet *a, const TokenSet *b, const TokenLinkOptions *o, TokenLinks *out, Error *err)
{
    Linking *l;
    *out = (TokenLinks){0};
    TRY(check_alike(a, b, err));
    TRY(mem_zalloc(1, sizeof *l, (void **)&l, err));
    l->a = a;
    l->b = b;
    l->o = o;
    Status st = link_sets(l, out, err);
    mem_free(l);
    if (st != OK)
        token_links_free(out);
    return st;
}

void token_links_free(TokenLinks *l)
{
    vec_free(&l->pairs);
}

static bool share_key(const KeyPlan *plan, const TokenSet *a, size_t i, const TokenSet *b, size_t j)
{
    for (size_t t = 0; t < key_plan_count(plan); t++) {
        uint64_t key = key_plan_key(plan, a, i, t);
        if (key != 0 && key == key_plan_key(plan, b, j, t))
            return true;
    }
    return false;
}

Status token_blocking_reach(
    const TokenSet *a, const TokenSet *b, const TokenPair *pairs, size_t n, uint64_t *out, Error *err)
{
    KeyPlan *plan;
    *out = 0;
    TRY(key_plan_new(a, b, &plan, err));
    for (size_t k = 0; k < n; k++)
        *out += share_key(plan, a, pairs[k].a, b, pairs[k].b);
    key_plan_free(plan);
    return OK;
}
