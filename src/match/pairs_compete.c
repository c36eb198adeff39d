/*
 * Competition for places in sources that hold nobody twice.
 *
 * A place is what a record has in another, unique source: at most one partner. Candidates are edges between places (or
 * of one place, where the record's own source is not unique), of odds o, and an empty place weighs v. Sets of edges
 * that share no place are all ways in which things can be; each weighs the product of its edges' odds and its empty
 * places' v, and
 *
 *     odds'(i) = weight of the ways with i / weight of the ways without i
 *
 * which is Bayes' rule. Where nobody's candidates have others, this is o_i / (v + sum of the other o_k) at either end.
 * Where they have, a candidate that has a better partner himself is no rival: of two twins in both of two files, who
 * are likely crosswise too, each finds itself. v is one less the expected partners by records (as found with v = 1),
 * and at least VACANT_LEAST: candidates below keep_from are not in the sum. Two records that are left over from two
 * files of the same people are each other's more probably than two that merely look alike; two that look alike while
 * both have better partners are not. Census data show the need: a stated 0.5 was right 21 times in 100 when candidates
 * did not compete.
 *
 * Two steps, since counting all ways is for small groups only (it is the permanent, which is #P-complete).
 *
 * 1. Everywhere, the cavity equations (Bayati and Nair 2006, "A rigorous proof of the cavity method for counting
 *    matchings"): rest(i at p) = v_p + sum of the other o_k / rest(k at its other end). Exact where no circle is; on
 *    a circle of nearly equal rivals they are too sure of the best.
 * 2. Places that candidates join are grouped, and in groups that are small enough all ways are counted, subset by
 *    subset of the smaller side's places. Groups that are too large are cut: only candidates within RIVAL_WINDOW of the
 *    best at one of their places join, and what the others take is in v_p, by the first step. What is too large at the
 *    narrowest window keeps what the first step gave.
 *
 * Integers, in the order of places: the same bytes for any thread count and order of rows.
 */
#include <stdlib.h>

#include "match/match_impl.h"

#define VACANT_LEAST 0.02
#define PLACES_GAIN (12 * WEIGHT_BIT)     /* most that two vacancies add to a pair's odds: 2 log2(1 / VACANT_LEAST) */
#define CAVITY_ROUNDS 12                  /* the first whole, the others halfway: what is off halves each time */
#define NEGLIGIBLE_TAKER (6 * WEIGHT_BIT) /* below both vacancies: takes a place once in 64 at most */
#define GROUP_BITS 8                      /* places of the smaller side */
#define GROUP_STATES ((size_t)1 << 14)    /* places of the larger side, times subsets of the smaller */
#define NO_PLACE UINT32_MAX
#define NOT_COUNTED INT32_MAX

/* Weaker than the best at both its places by this: joins no group. All, 1 in 2^24, in 256, in 16, in 4. */
static const Weight RIVAL_WINDOW[] = {
    WEIGHT_MAX - WEIGHT_MIN, 24 * WEIGHT_BIT, 8 * WEIGHT_BIT, 4 * WEIGHT_BIT, 2 * WEIGHT_BIT};

typedef struct Rival {
    uint32_t record, source; /* the one looks for its place in the other */
    uint32_t pair, end;      /* the record is the pair's a (0) or b (1) */
} Rival;

typedef struct Ends {
    Weight rest[2];    /* log2 of what the pair's odds are divided by at its a and its b; 0 where there is no place */
    uint32_t place[2]; /* NO_PLACE: none */
} Ends;

typedef struct Place {
    size_t first;  /* of its rivals; the next place's is their end */
    Weight vacant; /* log2 of the chance that it is nobody's */
    Weight best;   /* odds of its best candidate, or vacant */
    uint32_t group;
    uint32_t number; /* in its group, on its side */
    bool counted;    /* its group's ways have been counted */
} Place;

typedef struct Contest {
    const MatchTable *table;
    MatchPairs *pairs;
    Arena arena;
    LogSum *log_sum;
    Rival *rivals; /* sorted by place */
    size_t rival_count;
    Place *places; /* one more than there are */
    uint32_t place_count;
    Ends *ends;       /* of each pair */
    Weight *next;     /* of each rival: rest, one round on */
    Weight *right;    /* scratch */
    Weight *exact;    /* of each pair: odds where all ways were counted, else NOT_COUNTED */
    uint32_t *member; /* places, group by group */
    double *found;    /* [source * sources + unique source]: expected partners */
    uint32_t *size;   /* records of each source that are compared */
    Weight *ways;     /* [place of the larger side][subset]: GROUP_STATES and a row more */
} Contest;

/* --- places --------------------------------------------------------------------------------------------------- */

static int by_place(const void *left, const void *right)
{
    const Rival *a = left, *b = right;
    if (a->record != b->record)
        return a->record < b->record ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return a->pair < b->pair ? -1 : a->pair > b->pair;
}

static void find_rivals(Contest *c)
{
    const MatchTable *t = c->table;
    for (size_t i = 0; i < c->pairs->len; i++) {
        const MatchPair *p = &c->pairs->at[i];
        uint32_t ends[2] = {p->a, p->b};
        c->ends[i] = (Ends){.place = {NO_PLACE, NO_PLACE}};
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t source = t->source[ends[1 - k]];
            if (t->config->sources[source].unique && t->source[ends[k]] != source)
                c->rivals[c->rival_count++] = (Rival){ends[k], source, (uint32_t)i, k};
        }
    }
    qsort(c->rivals, c->rival_count, sizeof *c->rivals, by_place);
}

static void find_places(Contest *c)
{
    for (size_t i = 0; i < c->rival_count; i++) {
        const Rival *r = &c->rivals[i];
        if (i == 0 || r->record != r[-1].record || r->source != r[-1].source)
            c->places[c->place_count++] = (Place){.first = i, .best = WEIGHT_NEVER};
        Place *place = &c->places[c->place_count - 1];
        Weight odds = c->pairs->at[r->pair].odds;
        place->best = odds > place->best ? odds : place->best;
        c->ends[r->pair].place[r->end] = c->place_count - 1;
    }
    c->places[c->place_count].first = c->rival_count;
}

/* log2 of the chance that a record of `source` has no partner in the unique source, before looking at candidates. */
static Weight vacancy(const Contest *c, uint32_t source, uint32_t unique)
{
    double share = c->found[(size_t)source * c->table->config->source_count + unique] / c->size[source];
    return weight_log2(share < 1 - VACANT_LEAST ? 1 - share : VACANT_LEAST);
}

static void fill_vacancies(Contest *c)
{
    for (uint32_t p = 0; p < c->place_count; p++) {
        const Rival *r = &c->rivals[c->places[p].first];
        c->places[p].vacant = vacancy(c, c->table->source[r->record], r->source);
    }
}

/* --- everywhere: the cavity equations -------------------------------------------------------------------------- */

/* What a candidate is worth at this end: its odds, less what competes for its other end. */
static Weight rival_odds(const Contest *c, const Rival *r)
{
    return c->pairs->at[r->pair].odds - c->ends[r->pair].rest[1 - r->end];
}

/* One place with n rivals costs n steps: sums from the left and from the right meet at each. */
static void settle_place(Contest *c, const Place *place, bool whole)
{
    const Rival *rivals = &c->rivals[place->first];
    size_t n = place[1].first - place->first;
    Weight *next = &c->next[place->first], left = place->vacant;
    c->right[n] = WEIGHT_NEVER;
    for (size_t i = n; i > 0; i--)
        c->right[i - 1] = log_sum(c->log_sum, c->right[i], rival_odds(c, &rivals[i - 1]));
    for (size_t i = 0; i < n; i++) {
        Weight rest = log_sum(c->log_sum, left, c->right[i + 1]);
        next[i] = whole ? rest : (c->ends[rivals[i].pair].rest[rivals[i].end] + rest) / 2;
        left = log_sum(c->log_sum, left, rival_odds(c, &rivals[i]));
    }
}

/* Begins with places that nobody else wants. Whole steps would swing to and fro between nearly equal rivals. */
static void settle(Contest *c)
{
    for (size_t i = 0; i < c->pairs->len; i++)
        c->ends[i].rest[0] = c->ends[i].rest[1] = 0;
    for (unsigned round = 0; round < CAVITY_ROUNDS; round++) {
        Weight moved = 0;
        for (uint32_t p = 0; p < c->place_count; p++)
            settle_place(c, &c->places[p], round == 0);
        for (size_t i = 0; i < c->rival_count; i++) {
            Weight *rest = &c->ends[c->rivals[i].pair].rest[c->rivals[i].end];
            Weight step = c->next[i] > *rest ? c->next[i] - *rest : *rest - c->next[i];
            moved = step > moved ? step : moved;
            *rest = c->next[i];
        }
        if (moved <= 1)
            break;
    }
}

/* --- close rivals: all ways counted ---------------------------------------------------------------------------- */

/* Does the pair join its places to a group? */
static bool is_close(const Contest *c, size_t pair, Weight window)
{
    const uint32_t *place = c->ends[pair].place;
    if (place[0] == NO_PLACE || place[1] == NO_PLACE)
        return false;
    const Place *a = &c->places[place[0]], *b = &c->places[place[1]];
    Weight odds = c->pairs->at[pair].odds, least = a->best < b->best ? a->best : b->best;
    return !a->counted && !b->counted && odds >= least - window && odds >= a->vacant + b->vacant - NEGLIGIBLE_TAKER;
}

static uint32_t group_of(Place *places, uint32_t p)
{
    while (places[p].group != p) {
        places[p].group = places[places[p].group].group;
        p = places[p].group;
    }
    return p;
}

/* Groups of places that close pairs join; the lowest place names its group. */
static void find_groups(Contest *c, Weight window)
{
    for (uint32_t p = 0; p < c->place_count; p++)
        c->places[p].group = p;
    for (size_t i = 0; i < c->pairs->len; i++) {
        if (!is_close(c, i, window))
            continue;
        uint32_t a = group_of(c->places, c->ends[i].place[0]), b = group_of(c->places, c->ends[i].place[1]);
        c->places[a > b ? a : b].group = a > b ? b : a;
    }
}

/* Places by group, in c->member, each group's in their order. next[]: scratch, one a place and one more. */
static void list_members(Contest *c, uint32_t *next)
{
    memset(next, 0, (c->place_count + (size_t)1) * sizeof *next);
    for (uint32_t p = 0; p < c->place_count; p++)
        next[group_of(c->places, p) + 1]++;
    for (uint32_t p = 0; p < c->place_count; p++)
        next[p + 1] += next[p];
    for (uint32_t p = 0; p < c->place_count; p++)
        c->member[next[group_of(c->places, p)]++] = p;
}

typedef struct Group {
    const uint32_t *large, *small; /* places of its sides */
    size_t larges, smalls;
    Weight empty_small[GROUP_BITS]; /* what an empty place weighs, weaker candidates and all */
} Group;

/* Which of its sources is in front: a place's own, or the one it is in. */
static bool in_front(const Contest *c, uint32_t p)
{
    const Rival *r = &c->rivals[c->places[p].first];
    return c->table->source[r->record] < r->source;
}

/* Is the pair, a rival for place p, one that the ways of the place's group are made of? */
static bool is_inside(const Contest *c, const Rival *r, uint32_t p)
{
    uint32_t other = c->ends[r->pair].place[1 - r->end];
    return other != NO_PLACE && group_of(c->places, other) == group_of(c->places, p);
}

/* What the place weighs when none of the group has it: nobody's, or another candidate's. */
static Weight empty_weight(const Contest *c, uint32_t p)
{
    Weight sum = c->places[p].vacant;
    for (size_t i = c->places[p].first; i < c->places[p + 1].first; i++)
        if (!is_inside(c, &c->rivals[i], p))
            sum = log_sum(c->log_sum, sum, rival_odds(c, &c->rivals[i]));
    return sum;
}

static void add_way(const Contest *c, Weight *to, Weight weight)
{
    *to = log_sum(c->log_sum, *to, weight);
}

static Weight plus(Weight ways, Weight weight)
{
    return ways <= WEIGHT_NEVER / 2 ? WEIGHT_NEVER : ways + weight;
}

/* Of the group's pair at rival i of the large place p: its odds and its small place's bit. */
static bool group_pair(const Contest *c, uint32_t p, size_t i, Weight *odds, uint32_t *bit)
{
    const Rival *r = &c->rivals[i];
    if (!is_inside(c, r, p))
        return false;
    *odds = c->pairs->at[r->pair].odds;
    *bit = UINT32_C(1) << c->places[c->ends[r->pair].place[1 - r->end]].number;
    return true;
}

/* after[mask]: all ways of the large places from `at` on when mask is taken before; from those of at + 1. */
static void ways_from(const Contest *c, const Group *g, size_t at, const Weight *later, Weight *after)
{
    uint32_t p = g->large[at], bit;
    Weight odds, empty = empty_weight(c, p);
    for (uint32_t mask = 0; mask < UINT32_C(1) << g->smalls; mask++)
        after[mask] = plus(later[mask], empty);
    for (size_t i = c->places[p].first; i < c->places[p + 1].first; i++)
        if (group_pair(c, p, i, &odds, &bit))
            for (uint32_t mask = 0; mask < UINT32_C(1) << g->smalls; mask++)
                if ((mask & bit) == 0)
                    add_way(c, &after[mask], plus(later[mask | bit], odds));
}

/* Ways in which the large place `at` takes the small one of `bit` (0: none of the group), by what was taken before. */
static Weight ways_with(
    const Contest *c, const Group *g, const Weight *before, const Weight *later, uint32_t bit, Weight weight)
{
    Weight sum = WEIGHT_NEVER;
    for (uint32_t mask = 0; mask < UINT32_C(1) << g->smalls; mask++)
        if ((mask & bit) == 0)
            add_way(c, &sum, plus(plus(before[mask], later[mask | bit]), weight));
    return sum;
}

/* Odds of the pairs of the large place `at`: each one's ways against all others'. */
static void odds_at(Contest *c, const Group *g, size_t at, const Weight *before, const Weight *later)
{
    uint32_t p = g->large[at], bit;
    const Place *place = &c->places[p];
    size_t n = 0;
    Weight odds, left = ways_with(c, g, before, later, 0, empty_weight(c, p));
    for (size_t i = place->first; i < place[1].first; i++)
        if (group_pair(c, p, i, &odds, &bit))
            c->next[n++] = ways_with(c, g, before, later, bit, odds);
    c->right[n] = WEIGHT_NEVER;
    for (size_t i = n; i > 0; i--)
        c->right[i - 1] = log_sum(c->log_sum, c->right[i], c->next[i - 1]);
    n = 0;
    for (size_t i = place->first; i < place[1].first; i++) {
        if (!group_pair(c, p, i, &odds, &bit))
            continue;
        c->exact[c->rivals[i].pair] = weight_clip((int64_t)c->next[n] - log_sum(c->log_sum, left, c->right[n + 1]));
        left = log_sum(c->log_sum, left, c->next[n++]);
    }
}

/* before[mask] after the large place `at`, in place: a mask is made of smaller ones, so from the largest down. */
static void ways_past(const Contest *c, const Group *g, size_t at, Weight *before)
{
    uint32_t p = g->large[at], bit;
    Weight odds, empty = empty_weight(c, p);
    for (uint32_t mask = UINT32_C(1) << g->smalls; mask-- > 0;) {
        Weight sum = plus(before[mask], empty);
        for (size_t i = c->places[p].first; i < c->places[p + 1].first; i++)
            if (group_pair(c, p, i, &odds, &bit) && (mask & bit) != 0)
                add_way(c, &sum, plus(before[mask & ~bit], odds));
        before[mask] = sum;
    }
}

static void count_ways(Contest *c, Group *g)
{
    size_t subsets = (size_t)1 << g->smalls;
    Weight *ways = c->ways, before[1 << GROUP_BITS];
    for (size_t k = 0; k < g->smalls; k++) {
        c->places[g->small[k]].number = (uint32_t)k;
        g->empty_small[k] = empty_weight(c, g->small[k]);
    }
    Weight *last = ways + g->larges * subsets;
    for (uint32_t mask = 0; mask < subsets; mask++) {
        last[mask] = 0;
        for (size_t k = 0; k < g->smalls; k++)
            last[mask] += (mask >> k & 1) != 0 ? 0 : g->empty_small[k];
        before[mask] = mask == 0 ? 0 : WEIGHT_NEVER;
    }
    for (size_t at = g->larges; at > 0; at--)
        ways_from(c, g, at - 1, ways + at * subsets, ways + (at - 1) * subsets);
    for (size_t at = 0; at < g->larges; at++) {
        odds_at(c, g, at, before, ways + (at + 1) * subsets);
        ways_past(c, g, at, before);
    }
}

/* Counts the group's ways where these are few enough; false: they are not. sides[]: scratch, n places. */
static bool try_group(Contest *c, const uint32_t *member, size_t n, uint32_t *sides)
{
    size_t front = 0, back = n;
    for (size_t i = 0; i < n; i++)
        front += in_front(c, member[i]);
    size_t behind = n - front, smalls = front < behind ? front : behind;
    if (smalls > GROUP_BITS || ((n - smalls) << smalls) > GROUP_STATES)
        return false;
    back = front;
    front = 0;
    for (size_t i = 0; i < n; i++)
        sides[in_front(c, member[i]) ? front++ : back++] = member[i];
    Group g = {.large = sides, .larges = front, .small = sides + front, .smalls = behind};
    if (front == smalls && behind != smalls)
        g = (Group){.large = sides + front, .larges = behind, .small = sides, .smalls = front};
    count_ways(c, &g);
    return true;
}

/* All groups at one window. No close pair joins two of them. */
static Status count_groups(Contest *c, Weight window, Error *err)
{
    uint32_t *next = NULL;
    TRY(mem_alloc((c->place_count + (size_t)1) * sizeof *next, (void **)&next, err));
    find_groups(c, window);
    list_members(c, next);
    for (size_t from = 0, to; from < c->place_count; from = to) {
        uint32_t group = group_of(c->places, c->member[from]);
        for (to = from + 1; to < c->place_count && group_of(c->places, c->member[to]) == group; to++)
            continue;
        /* two places without a rival: the cavity equations are exact */
        if (to - from < 3 || !try_group(c, c->member + from, to - from, next))
            continue;
        for (size_t i = from; i < to; i++)
            c->places[c->member[i]].counted = true;
    }
    mem_free(next);
    return OK;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static Weight settled_odds(const Contest *c, size_t pair)
{
    const Ends *e = &c->ends[pair];
    if (c->exact[pair] != NOT_COUNTED)
        return c->exact[pair];
    return weight_clip((int64_t)c->pairs->at[pair].odds - e->rest[0] - e->rest[1]);
}

static Status compete(Contest *c, Error *err)
{
    for (size_t i = 0; i < c->pairs->len; i++)
        c->exact[i] = NOT_COUNTED;
    for (uint32_t p = 0; p < c->place_count; p++)
        c->places[p].counted = false;
    fill_vacancies(c);
    settle(c);
    for (size_t w = 0; w < sizeof RIVAL_WINDOW / sizeof *RIVAL_WINDOW; w++)
        TRY(count_groups(c, RIVAL_WINDOW[w], err));
    return OK;
}

/* Expected partners of each source's records in each unique one, by the odds after competition. */
static void count_found(Contest *c)
{
    const MatchTable *t = c->table;
    uint32_t sources = t->config->source_count;
    for (size_t i = 0; i < c->pairs->len; i++) {
        const MatchPair *p = &c->pairs->at[i];
        uint32_t a = t->source[p->a], b = t->source[p->b];
        double probability = weight_probability(settled_odds(c, i));
        if (a == b)
            continue;
        if (t->config->sources[b].unique)
            c->found[(size_t)a * sources + b] += probability;
        if (t->config->sources[a].unique)
            c->found[(size_t)b * sources + a] += probability;
    }
}

static void apply_competition(Contest *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->pairs->len; i++) {
        MatchPair p = c->pairs->at[i];
        /* a hard rule's word is not evidence to be weighed */
        if (p.odds < WEIGHT_MAX)
            p.odds = settled_odds(c, i);
        if (p.odds >= c->table->config->keep_from)
            c->pairs->at[kept++] = p;
    }
    c->pairs->len = kept;
}

static Status contest_new(Contest *c, Error *err)
{
    uint32_t sources = c->table->config->source_count;
    size_t pairs = c->pairs->len, ends = pairs * 2 + 1;
    TRY(arena_new(&c->arena, Rival, ends, &c->rivals, err));
    TRY(arena_new(&c->arena, Place, ends, &c->places, err));
    TRY(arena_new(&c->arena, Ends, pairs + 1, &c->ends, err));
    TRY(arena_new(&c->arena, Weight, ends, &c->next, err));
    TRY(arena_new(&c->arena, Weight, ends, &c->right, err));
    TRY(arena_new(&c->arena, Weight, pairs + 1, &c->exact, err));
    TRY(arena_new(&c->arena, uint32_t, ends, &c->member, err));
    TRY(arena_new(&c->arena, Weight, GROUP_STATES + (1 << GROUP_BITS), &c->ways, err));
    TRY(arena_new(&c->arena, LogSum, 1, &c->log_sum, err));
    TRY(arena_new(&c->arena, double, (size_t)sources *sources, &c->found, err));
    TRY(arena_new(&c->arena, uint32_t, sources, &c->size, err));
    log_sum_fill(c->log_sum);
    for (uint32_t r = 0; r < record_total(c->table); r++)
        c->size[c->table->source[r]] += record_leads(c->table, r);
    return OK;
}

static bool any_unique(const MatchConfig *config)
{
    for (uint32_t s = 0; s < config->source_count; s++)
        if (config->sources[s].unique)
            return true;
    return false;
}

Weight pairs_collect_from(const MatchConfig *config)
{
    return any_unique(config) && config->keep_from > WEIGHT_MIN + PLACES_GAIN ? config->keep_from - PLACES_GAIN
                                                                              : config->keep_from;
}

Status pairs_compete(const MatchTable *t, MatchPairs *pairs, Error *err)
{
    Contest c = {.table = t, .pairs = pairs};
    if (!any_unique(t->config))
        return OK;
    if (pairs->len >= UINT32_MAX / 2)
        return error_set(err, ERR_LIMIT, "too many pairs are kept (%zu): raise keep_from", pairs->len);
    arena_init(&c.arena, 0);
    Status st = contest_new(&c, err);
    if (st == OK) {
        find_rivals(&c);
        find_places(&c);
        st = compete(&c, err); /* as if nothing were known of vacancies */
    }
    if (st == OK) {
        count_found(&c);
        st = compete(&c, err);
    }
    if (st == OK)
        apply_competition(&c);
    arena_free(&c.arena);
    return st;
}
