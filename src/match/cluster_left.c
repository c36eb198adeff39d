/*
 * Who is left over: odds between persons whom nobody has found yet.
 *
 * The odds of two groups say how likely two records chosen at random are one
 * person when they agree as these do. But when all that is sure has been joined,
 * two that are left are not chosen at random. Of those who began to work in a
 * year nine in ten may have been found at school: a worker without a school is
 * then, if he is not the pupil at hand, one of the few who have none, and so is
 * the pupil. With one record of each person on either side this is the prior of
 * who is left, n / ((N - n)(M - n)), instead of n / (N M) (Fellegi and Sunter
 * 1969 match one to one after the odds; here the odds know of it):
 *
 *   P(both left | not one person) = (1 - f(x)) (1 - f(y)),   P(both left | one person) = 1
 *
 *   odds' = odds - log2(1 - f(x)) - log2(1 - f(y))
 *
 * where f is the share that has been found among those like x: persons known to
 * the same kind of source, of the same stratum (config.left_field: a year), who
 * have a record of the other kind. It is counted, not learned: nothing is set by
 * hand, and where few are ever found (births too late to have worked) it says
 * nothing. Strata of few persons lean on all of their kind.
 *
 * Those whose evidence fits several share the odds, as in pairs.c:
 *
 *   odds'' = odds' / (1 + all other candidates of x, and of y)
 *
 * and a pair is joined from MATCH_LEFT_MARGIN above match_from on, where it is also
 * likelier than all of its rivals. That is done when all parts are solved, on a list
 * of the pairs of groups that no kind of source has in common.
 */
#include <stdlib.h>

#include "match/cluster_impl.h"

/* Persons that all of a kind are worth beside those of a stratum. */
#define STRATUM_PRIOR 20.0
/* Most that being left says of one side: that one in 45 is. Counts say more only of years in which hardly anybody is
 * left, and then who is there at all decides (an error in the year, a record that belongs elsewhere). */
#define LEFT_WEIGHT_MAX (11 * WEIGHT_BIT / 2)

/* Odds from which a pair is joined. At even odds or less several pairs of one group could be asked for. */
static Weight join_from(const MatchConfig *config)
{
    Weight from = config->match_from + MATCH_LEFT_MARGIN;
    return from > 0 ? from : 1;
}

/* A pair below cannot come to be joined, nor a rival to matter to one that is. */
static Weight left_from(const MatchConfig *config)
{
    return join_from(config) - 2 * LEFT_WEIGHT_MAX;
}

/* --- what parts leave ----------------------------------------------------------------------------------------------
 */

typedef struct Touching {
    uint32_t x, y; /* roots, x < y */
    uint32_t rank; /* of the pair: 0 is the part's best */
    uint32_t pair;
} Touching;
typedef VEC(Touching) Touchings;

static int touching_order(const void *left, const void *right)
{
    const Touching *a = left, *b = right;
    if (a->x != b->x)
        return a->x < b->x ? -1 : 1;
    if (a->y != b->y)
        return a->y < b->y ? -1 : 1;
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

Status left_collect(Bundles *g, const Near *near, const uint32_t *record, LeftPairs *out, Error *err)
{
    const MatchPair *pairs = near->pairs->at;
    Touchings list = {0};
    Status st = OK;
    for (uint32_t i = 0; i < near->pairs->len; i++) {
        const MatchPair *pair = &pairs[near->order[i]];
        uint32_t x = bundle_find(g, pair->a), y = bundle_find(g, pair->b);
        if (g->kinds[x] & g->kinds[y])
            continue;
        TRY_OUT(vec_push(&list, ((Touching){x < y ? x : y, x < y ? y : x, i, near->order[i]}), err));
    }
    if (list.len > 1)
        qsort(list.at, list.len, sizeof *list.at, touching_order);
    for (size_t i = 0; i < list.len; i++) {
        const Touching *t = &list.at[i];
        if (i > 0 && t->x == t[-1].x && t->y == t[-1].y)
            continue;
        Weight odds = bundle_odds(g, t->x, t->y, NULL);
        if (odds < left_from(g->p->config))
            continue;
        const MatchPair *pair = &pairs[t->pair];
        bool straight = bundle_find(g, pair->a) == t->x;
        LeftPair left = {.x = record[t->x],
            .y = record[t->y],
            .a = record[straight ? pair->a : pair->b],
            .b = record[straight ? pair->b : pair->a],
            .odds = odds};
        TRY_OUT(vec_push(out, left, err));
    }
out:
    vec_free(&list);
    return st;
}

/* --- strata --------------------------------------------------------------------------------------------------------
 */

/* A step of the field's numbers, and how many records have one of its values. */
typedef struct Step {
    int64_t number;
    uint64_t holders;
} Step;

static int by_number(const void *left, const void *right)
{
    const Step *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static int by_holders(const void *left, const void *right)
{
    const Step *a = left, *b = right;
    if (a->holders != b->holders)
        return a->holders > b->holders ? -1 : 1;
    return by_number(a, b);
}

static bool stratum_number(const LeftStrata *s, uint32_t value, int64_t *out)
{
    Error ignored = ERROR_INIT;
    int64_t number, step = s->table->config->left_step;
    if (value == 0 || parse_i64(dict_text(s->table->dict[s->column], value), &number, &ignored) != OK)
        return false;
    *out = number / step - (number % step < 0);
    return true;
}

/* One entry a step, ascending, and of more than LEFT_STRATA_MAX those that most records have. Returns how many. */
static size_t merge_steps(Step *steps, size_t n)
{
    size_t kept = 0;
    if (n > 1)
        qsort(steps, n, sizeof *steps, by_number);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || steps[i].number != steps[kept - 1].number)
            steps[kept++] = steps[i];
        else
            steps[kept - 1].holders += steps[i].holders;
    }
    if (kept > LEFT_STRATA_MAX) {
        qsort(steps, kept, sizeof *steps, by_holders);
        kept = LEFT_STRATA_MAX;
        qsort(steps, kept, sizeof *steps, by_number);
    }
    return kept;
}

Status left_strata_init(LeftStrata *s, const MatchTable *t, Error *err)
{
    const MatchConfig *config = t->config;
    const uint32_t *holders = t->frequency[config->left_field];
    *s = (LeftStrata){.table = t, .column = config->fields[config->left_field].columns[0], .count = 1};
    uint32_t values = dict_count(t->dict[s->column]);
    Step *steps = NULL;
    size_t n = 0;
    TRY(mem_zalloc((size_t)values + 1, sizeof *s->of_value, (void **)&s->of_value, err));
    TRY(mem_alloc(((size_t)values + 1) * sizeof *steps, (void **)&steps, err));
    for (uint32_t v = 1; v < values; v++)
        if (stratum_number(s, v, &steps[n].number))
            steps[n++].holders = holders[v];
    size_t kept = merge_steps(steps, n);
    for (uint32_t v = 1; v < values; v++) {
        Step step;
        if (!stratum_number(s, v, &step.number))
            continue;
        const Step *at = bsearch(&step, steps, kept, sizeof *steps, by_number);
        s->of_value[v] = at ? (uint32_t)(at - steps) + 1 : 0;
    }
    s->count = (uint32_t)kept + 1;
    mem_free(steps);
    return OK;
}

void left_strata_free(LeftStrata *s)
{
    mem_free(s->of_value);
    *s = (LeftStrata){0};
}

uint32_t left_stratum(const LeftStrata *s, uint32_t record)
{
    return s->of_value[record_cells(s->table, record)[s->column]];
}

/* --- how many have been found --------------------------------------------------------------------------------------
 */

/* Persons by kind and stratum, and of these, by other kind, who has been found there. Stratum 0 is all of them. */
typedef struct Found {
    const LeftStrata *strata;
    const MatchConfig *config;
    uint8_t *kinds;  /* of each group, by root */
    uint32_t *first; /* of each group, by root: its lowest record, which is not always the root */
    uint32_t *all;   /* [stratum * MATCH_TRAITS_MAX + kind] */
    uint32_t *with;  /* [(stratum * MATCH_TRAITS_MAX + kind) * MATCH_TRAITS_MAX + other] */
} Found;

static void found_add(Found *f, uint32_t stratum, uint32_t kind, uint8_t kinds)
{
    size_t at = (size_t)stratum * MATCH_TRAITS_MAX + kind;
    f->all[at]++;
    for (uint32_t other = 0; other < MATCH_TRAITS_MAX; other++)
        f->with[at * MATCH_TRAITS_MAX + other] += kinds >> other & 1;
}

/* A person counts once for each kind, in the stratum of the first record that has one. */
static Status found_count(Found *f, const ClusterProblem *p, const uint32_t *cluster, Error *err)
{
    const LeftStrata *s = f->strata;
    uint8_t *seen = NULL;
    size_t cells = (size_t)s->count * MATCH_TRAITS_MAX;
    f->config = p->config;
    TRY(mem_zalloc(cells, sizeof *f->all, (void **)&f->all, err));
    TRY(mem_zalloc(cells * MATCH_TRAITS_MAX, sizeof *f->with, (void **)&f->with, err));
    TRY(mem_zalloc(p->records, sizeof *f->kinds, (void **)&f->kinds, err));
    TRY(mem_zalloc(p->records, sizeof *f->first, (void **)&f->first, err));
    TRY(mem_zalloc(p->records, sizeof *seen, (void **)&seen, err));
    for (uint32_t r = 0; r < p->records; r++) {
        if (p->lead && p->lead[r] != r)
            continue;
        if (f->kinds[cluster[r]] == 0)
            f->first[cluster[r]] = r;
        f->kinds[cluster[r]] |= source_kind(p->config, p->source[r]);
    }
    for (uint32_t r = 0; r < p->records; r++) {
        uint32_t root = cluster[r], stratum;
        uint8_t bit = source_kind(p->config, p->source[r]);
        if ((p->lead && p->lead[r] != r) || seen[root] & bit || (stratum = left_stratum(s, r)) == 0)
            continue;
        seen[root] |= bit;
        uint32_t kind = (uint32_t)__builtin_ctz(bit);
        found_add(f, stratum, kind, f->kinds[root]);
        found_add(f, 0, kind, f->kinds[root]);
    }
    mem_free(seen);
    return OK;
}

static void found_free(Found *f)
{
    mem_free(f->kinds);
    mem_free(f->first);
    mem_free(f->all);
    mem_free(f->with);
}

/* Share that is left without the other kind, of a stratum given what is left of all. */
static double share_left(const Found *f, uint32_t stratum, uint32_t kind, uint32_t other, double of_all, double worth)
{
    size_t at = (size_t)stratum * MATCH_TRAITS_MAX + kind;
    double all = f->all[at], without = all - f->with[at * MATCH_TRAITS_MAX + other];
    return (without + worth * of_all) / (all + worth);
}

/* -log2(1 - f): what it says that a record's person has not been found among those of another's kind. */
static Weight left_weight(const Found *f, uint32_t record, uint32_t other)
{
    uint32_t kind = (uint32_t)__builtin_ctz(source_kind(f->config, f->strata->table->source[record]));
    uint32_t there = (uint32_t)__builtin_ctz(source_kind(f->config, f->strata->table->source[other]));
    uint32_t stratum = left_stratum(f->strata, record);
    double left = share_left(f, 0, kind, there, 1, STRATUM_PRIOR);
    if (stratum > 0)
        left = share_left(f, stratum, kind, there, left, STRATUM_PRIOR);
    Weight weight = -weight_log2(left);
    return weight < LEFT_WEIGHT_MAX ? weight : LEFT_WEIGHT_MAX;
}

/* --- competition ---------------------------------------------------------------------------------------------------
 */

typedef struct Candidate { /* a pair as one of its groups sees it */
    uint32_t root, pair;
} Candidate;

typedef struct Contenders {
    LeftPairs *pairs;
    Candidate *list; /* by root; of each, in order of pairs */
    size_t count;
    Weight *others; /* of each pair: log2 of what its odds are divided by */
    Weight *right;  /* scratch */
    LogSum *log_sum;
} Contenders;

static int by_root(const void *left, const void *right)
{
    const Candidate *a = left, *b = right;
    if (a->root != b->root)
        return a->root < b->root ? -1 : 1;
    return a->pair < b->pair ? -1 : a->pair > b->pair;
}

/* Adds to each of n candidates of a group the odds of all others. */
static void settle_group(Contenders *c, const Candidate *list, size_t n)
{
    c->right[n] = WEIGHT_NEVER;
    for (size_t i = n; i > 0; i--)
        c->right[i - 1] = log_sum(c->log_sum, c->right[i], c->pairs->at[list[i - 1].pair].odds);
    Weight left = WEIGHT_NEVER;
    for (size_t i = 0; i < n; i++) {
        Weight *others = &c->others[list[i].pair];
        *others = log_sum(c->log_sum, *others, log_sum(c->log_sum, left, c->right[i + 1]));
        left = log_sum(c->log_sum, left, c->pairs->at[list[i].pair].odds);
    }
}

static Status contend(Contenders *c, Error *err)
{
    size_t n = c->pairs->len;
    TRY(mem_alloc((2 * n + 1) * sizeof *c->list, (void **)&c->list, err));
    TRY(mem_alloc((2 * n + 1) * sizeof *c->right, (void **)&c->right, err));
    TRY(mem_zalloc(n + 1, sizeof *c->others, (void **)&c->others, err));
    TRY(mem_alloc(sizeof *c->log_sum, (void **)&c->log_sum, err));
    log_sum_fill(c->log_sum);
    for (uint32_t i = 0; i < n; i++) {
        c->list[c->count++] = (Candidate){c->pairs->at[i].x, i};
        c->list[c->count++] = (Candidate){c->pairs->at[i].y, i};
    }
    if (c->count > 1)
        qsort(c->list, c->count, sizeof *c->list, by_root);
    for (size_t from = 0, to; from < c->count; from = to) {
        for (to = from + 1; to < c->count && c->list[to].root == c->list[from].root;)
            to++;
        settle_group(c, c->list + from, to - from);
    }
    return OK;
}

static void contenders_free(Contenders *c)
{
    mem_free(c->list);
    mem_free(c->others);
    mem_free(c->right);
    mem_free(c->log_sum);
}

/* --- the call ------------------------------------------------------------------------------------------------------
 */

static int left_order(const void *left, const void *right)
{
    const LeftPair *a = left, *b = right;
    if (a->x != b->x)
        return a->x < b->x ? -1 : 1;
    return a->y < b->y ? -1 : a->y > b->y;
}

/* The lower root's group takes the other in. Of the two first records the later one is no longer a person's first: the
 * link is its. */
static void join_left(const Found *found, const LeftPair *pair, Weight odds, MatchClusters *out)
{
    uint32_t x = found->first[pair->x], y = found->first[pair->y];
    out->cluster[pair->y] = pair->x;
    out->link_odds[x < y ? y : x] = odds;
    out->link_to[x < y ? y : x] = x < y ? pair->a : pair->b;
    Weight weakest = out->weakest[pair->y] < odds ? out->weakest[pair->y] : odds;
    if (weakest < out->weakest[pair->x])
        out->weakest[pair->x] = weakest;
}

Status left_join(const ClusterProblem *p, LeftPairs *pairs, MatchClusters *out, Error *err)
{
    Found found = {.strata = p->left};
    Contenders c = {.pairs = pairs};
    Status st = OK;
    if (pairs->len == 0)
        return OK;
    if (pairs->len >= UINT32_MAX / 2)
        return error_set(err, ERR_LIMIT, "%zu pairs of groups are left: at most %u", pairs->len, UINT32_MAX / 2);
    qsort(pairs->at, pairs->len, sizeof *pairs->at, left_order);
    TRY_OUT(found_count(&found, p, out->cluster, err));
    for (size_t i = 0; i < pairs->len; i++) {
        LeftPair *pair = &pairs->at[i];
        pair->odds = weight_clip(
            (int64_t)pair->odds + left_weight(&found, pair->a, pair->b) + left_weight(&found, pair->b, pair->a));
    }
    TRY_OUT(contend(&c, err));
    Weight from = join_from(p->config);
    bool joined = false;
    TRY_OUT(mem_alloc(pairs->len * sizeof *out->left, (void **)&out->left, err));
    for (size_t i = 0; i < pairs->len; i++) {
        const LeftPair *pair = &pairs->at[i];
        Weight odds = weight_clip((int64_t)pair->odds - c.others[i]);
        if (odds < from) {
            out->left[out->left_count++] = (MatchLeft){pair->a, pair->b, odds};
            continue;
        }
        /* likelier than all of its rivals: no other pair of either group is */
        join_left(&found, pair, odds, out);
        joined = true;
    }
    for (uint32_t r = 0; joined && r < p->records; r++)
        out->cluster[r] = out->cluster[out->cluster[r]];
out:
    contenders_free(&c);
    found_free(&found);
    return st;
}
