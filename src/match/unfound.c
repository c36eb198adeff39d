/*
 * Who ought to have been found: persons of one kind of source whom another kind knows too, though nothing says so.
 *
 * No candidate shows a worker whose wages have no name: school knows names, and nothing but a third file with the
 * number ties the two. But how many there are can be told. Of the workers who began in a year and whose wages have full
 * names nearly all with a school are found; whether a payroll tells names says nothing of schooling, so of those
 * without a name as large a share has one:
 *
 *   share(s)  = (found + expected) / all        of stratum s, those with full names
 *   rho(c, s) = (found + expected) / (all * share(s))    of class c: no name, initials; at most 1
 *   pi(c, s)  = share (1 - rho) / (1 - share rho)        that one who has not been found is there (Bayes)
 *
 * Nor does a candidate show all who have a full name on both sides: the name is another one since (marriage), or so
 * many have it that no pair is worth keeping. How many is told by those whom a third kind of source ties, whatever
 * their names say: a number at college and at work, another one at college and at school. Of these the share u of whom
 * no kept pair shows school and work to be one would not have been found without the third, and so
 *
 *   hidden(s) = (found + expected without a third) * u(s) / (1 - u(s)),   share(s) = (found + expected + hidden) / all
 *
 * (Chapman's two lists, of which the third kind is one: who is on it is known apart from names. Persons without a third
 * kind are found by candidates alone.)
 *
 * `expected` are those whom candidates show (the caller's). Strata are those of who is left over (cluster_left.c), and
 * few persons lean on all of their class. A person missed costs the pairs between its records and as many of the other
 * kind as those have who are left there, in the strata in which the found partners of the like are: whom a number ties
 * has more records at college than who is left. Who the partner is is not known: the pairs are
 * spread over those of the other kind who are left, by the same strata.
 *
 * What this takes for granted: that names are left out without regard to who was at school, in a stratum, and that who
 * has a third kind of source has another name, or a frequent one, as often as who has none.
 */
#include "match/cluster_impl.h"

/* Persons that all of a class are worth beside those of a stratum. */
#define STRATUM_PRIOR 20.0
_Static_assert(LEFT_STRATA_MAX < UINT16_MAX, "a side's stratum");

/* Pairs that tie two kinds of a person's records, whatever the others say: as sure as what is never doubted. */
#define SURE_FROM DOUBT_BELOW

enum { NAME_NONE, NAME_CUT, NAME_FULL, NAME_CLASSES };

/* What a person's records of one kind say. */
typedef struct Side {
    uint16_t records; /* 65,535 and more are that many */
    uint16_t stratum; /* 0: none, and then as all */
    uint8_t name;     /* the best */
} Side;

typedef struct Unfound {
    const MatchTable *table;
    LeftStrata strata;
    uint32_t clusters, first, last; /* columns of the first and last name; MATCH_NONE */
    Side *sides;                    /* [cluster * MATCH_TRAITS_MAX + kind] */
    const float *expected;
    /* Of each cluster, by two kinds (kind_bits): some kept pair shows them to be one; some pair is sure of it. */
    uint64_t *shown, *sure;
} Unfound;

/* Persons of a class in a stratum, and of these who is known to the other kind. Entry 0 of a class: all its strata. */
typedef struct Tally {
    double all, found;
    double apart;         /* of the found: no third kind ties them */
    double tied, unshown; /* a third kind does, and of these no candidate shows the two to be one */
} Tally;

/* One kind against another. */
typedef struct Against {
    uint32_t kind, other;
    Tally *tally;         /* [class * strata + stratum] */
    double *people;       /* by stratum: persons found */
    double *partners;     /* [stratum * strata + the partner's]: of them */
    double *room, *heads; /* by the partner's stratum: records of the other kind that are left, and whose they are */
    double *there;        /* by stratum: records that a partner who is left has */
    double *missed;       /* by stratum: pairs to be spread */
} Against;

static uint32_t name_column(const MatchConfig *config, FieldKind kind)
{
    for (uint32_t f = 0; f < config->field_count; f++)
        if (config->fields[f].kind == kind)
            return config->fields[f].columns[0];
    return MATCH_NONE;
}

static size_t text_length(const MatchTable *t, uint32_t record, uint32_t column)
{
    return column == MATCH_NONE ? 0 : dict_text(t->dict[column], record_cells(t, record)[column]).len;
}

static uint8_t name_of(const Unfound *x, uint32_t record)
{
    if (x->last == MATCH_NONE)
        return NAME_FULL;
    size_t first = text_length(x->table, record, x->first), last = text_length(x->table, record, x->last);
    if (last > 1 && (first > 1 || x->first == MATCH_NONE))
        return NAME_FULL;
    return first + last > 0 ? NAME_CUT : NAME_NONE;
}

static Status read_sides(Unfound *x, const uint32_t *cluster, Error *err)
{
    const MatchTable *t = x->table;
    TRY(mem_zalloc((size_t)x->clusters * MATCH_TRAITS_MAX + 1, sizeof *x->sides, (void **)&x->sides, err));
    for (uint32_t r = 0; r < record_total(t); r++) {
        uint32_t kind = (uint32_t)__builtin_ctz(source_kind(t->config, t->source[r]));
        Side *side = &x->sides[(size_t)cluster[r] * MATCH_TRAITS_MAX + kind];
        uint8_t name = name_of(x, r);
        if (side->records < UINT16_MAX)
            side->records++;
        side->name = side->name > name ? side->name : name;
        if (side->stratum == 0)
            side->stratum = (uint16_t)left_stratum(&x->strata, r);
    }
    return OK;
}

static uint64_t kind_bits(uint32_t kind, uint32_t other)
{
    return UINT64_C(1) << (kind * MATCH_TRAITS_MAX + other) | UINT64_C(1) << (other * MATCH_TRAITS_MAX + kind);
}
_Static_assert(MATCH_TRAITS_MAX *MATCH_TRAITS_MAX <= 64, "two kinds are a bit of a word");

#define PAIRS_AHEAD 16

static Status read_pairs(Unfound *x, const uint32_t *cluster, const MatchPairs *pairs, Error *err)
{
    const MatchTable *t = x->table;
    TRY(mem_zalloc((size_t)x->clusters + 1, sizeof *x->shown, (void **)&x->shown, err));
    TRY(mem_zalloc((size_t)x->clusters + 1, sizeof *x->sure, (void **)&x->sure, err));
    for (size_t i = 0; pairs && i < pairs->len; i++) {
        const MatchPair *pair = &pairs->at[i];
        if (i + PAIRS_AHEAD < pairs->len)
            __builtin_prefetch(&cluster[pairs->at[i + PAIRS_AHEAD].b]);
        uint32_t c = cluster[pair->a];
        if (c != cluster[pair->b])
            continue;
        uint32_t kind = (uint32_t)__builtin_ctz(source_kind(t->config, t->source[pair->a]));
        uint32_t other = (uint32_t)__builtin_ctz(source_kind(t->config, t->source[pair->b]));
        if (kind == other)
            continue;
        x->shown[c] |= kind_bits(kind, other);
        x->sure[c] |= pair->odds >= SURE_FROM ? kind_bits(kind, other) : 0;
    }
    return OK;
}

/* Does a third kind tie the two? */
static bool is_tied(const Unfound *x, uint32_t cluster, uint32_t kind, uint32_t other)
{
    uint64_t sure = x->sure[cluster];
    for (uint32_t third = 0; sure && third < MATCH_TRAITS_MAX; third++) {
        uint64_t both = kind_bits(kind, third) | kind_bits(other, third);
        if (third != kind && third != other && (sure & both) == both)
            return true;
    }
    return false;
}

static const Side *side_of(const Unfound *x, uint32_t cluster, uint32_t kind)
{
    return &x->sides[(size_t)cluster * MATCH_TRAITS_MAX + kind];
}

/* --- how many ----------------------------------------------------------------------------------------------------- */

static void tally_add(const Unfound *x, const Against *a, uint32_t cluster, double found)
{
    const Side *side = side_of(x, cluster, a->kind);
    bool tied = is_tied(x, cluster, a->kind, a->other);
    bool shown = x->shown[cluster] & kind_bits(a->kind, a->other);
    for (uint32_t s = 0;; s = side->stratum) { /* all, and its own */
        Tally *tally = &a->tally[(size_t)side->name * x->strata.count + s];
        tally->all++;
        tally->found += found;
        tally->apart += tied ? 0 : found;
        tally->tied += tied;
        tally->unshown += tied && !shown;
        if (s == side->stratum)
            break;
    }
}

/* Records that one who is left of the other kind has, by stratum of the kind. */
static void count_left(const Unfound *x, const Against *a)
{
    uint32_t strata = x->strata.count;
    double all = 0, heads = 0;
    for (uint32_t c = 0; c < x->clusters; c++) {
        const Side *side = side_of(x, c, a->other);
        if (side->records == 0 || side_of(x, c, a->kind)->records > 0)
            continue;
        a->room[side->stratum] += side->records;
        a->heads[side->stratum]++;
        all += side->records;
        heads++;
    }
    double mean = heads > 0 ? all / heads : 0;
    for (uint32_t s = 0; s < strata; s++) {
        const double *partners = &a->partners[(size_t)(a->people[s] > 0 ? s : 0) * strata];
        double sum = 0, count = 0;
        for (uint32_t t = 0; t < strata; t++) {
            sum += partners[t] * (a->room[t] + STRATUM_PRIOR * mean) / (a->heads[t] + STRATUM_PRIOR);
            count += partners[t];
        }
        a->there[s] = count > 0 ? sum / count : mean;
    }
}

static void count_found(const Unfound *x, const Against *a)
{
    uint32_t strata = x->strata.count;
    for (uint32_t c = 0; c < x->clusters; c++) {
        const Side *side = side_of(x, c, a->kind), *there = side_of(x, c, a->other);
        if (side->records == 0)
            continue;
        double expected = x->expected ? x->expected[(size_t)c * MATCH_TRAITS_MAX + a->other] : 0;
        tally_add(x, a, c, there->records > 0 ? 1 : expected < 1 ? expected : 1);
        if (there->records == 0)
            continue;
        for (uint32_t s = 0;; s = side->stratum) { /* all, and its own */
            a->people[s]++;
            a->partners[(size_t)s * strata + there->stratum]++;
            if (s == side->stratum)
                break;
        }
    }
}

/* Of those with full names who are there without anything to show it. */
static double hidden_of(const Unfound *x, const Against *a, uint32_t stratum)
{
    const Tally *full = &a->tally[(size_t)NAME_FULL * x->strata.count];
    double u = full[0].unshown / (full[0].tied + STRATUM_PRIOR);
    if (stratum > 0)
        u = (full[stratum].unshown + STRATUM_PRIOR * u) / (full[stratum].tied + STRATUM_PRIOR);
    double hidden = full[stratum].apart * u / (1 - u), left = full[stratum].all - full[stratum].found;
    return hidden < left ? hidden : left;
}

static double share_of(const Unfound *x, const Against *a, uint32_t stratum)
{
    const Tally *full = &a->tally[(size_t)NAME_FULL * x->strata.count];
    double all = (full[0].found + hidden_of(x, a, 0)) / full[0].all;
    if (stratum == 0)
        return all;
    double found = full[stratum].found + hidden_of(x, a, stratum);
    return (found + STRATUM_PRIOR * all) / (full[stratum].all + STRATUM_PRIOR);
}

/* Of a class those that would be found if names told as much as full ones do. */
static double due_of(const Unfound *x, const Against *a, uint32_t name)
{
    const Tally *tally = &a->tally[(size_t)name * x->strata.count];
    double due = 0, in_strata = 0;
    for (uint32_t s = 1; s < x->strata.count; s++) {
        due += tally[s].all * share_of(x, a, s);
        in_strata += tally[s].all;
    }
    return due + (tally[0].all - in_strata) * share_of(x, a, 0);
}

/* That a person of the class and stratum who has not been found is there. rho: of all of the class. */
static double chance_of(const Unfound *x, const Against *a, uint32_t name, uint32_t stratum, double rho)
{
    const Tally *tally = &a->tally[(size_t)name * x->strata.count + stratum];
    if (name == NAME_FULL) {
        double left = tally->all - tally->found;
        return left > 0 ? hidden_of(x, a, stratum) / left : 0;
    }
    double share = share_of(x, a, stratum);
    if (stratum > 0)
        rho = (tally->found + STRATUM_PRIOR * rho) / (tally->all * share + STRATUM_PRIOR);
    rho = rho < 1 ? rho : 1;
    return share * rho < 1 ? share * (1 - rho) / (1 - share * rho) : 0;
}

/* --- whose they are ----------------------------------------------------------------------------------------------- */

/* Expected missing pairs of the persons of one class, and how far their number may be wrong. */
static void miss_class(const Unfound *x, const Against *a, uint32_t name, MatchMisses *out)
{
    const Tally *tally = &a->tally[(size_t)name * x->strata.count];
    double due = due_of(x, a, name), rho = due > 0 ? tally[0].found / due : 1;
    double persons = 0, pairs = 0;
    for (uint32_t c = 0; c < x->clusters; c++) {
        const Side *side = side_of(x, c, a->kind);
        if (side->records == 0 || side->name != name || side_of(x, c, a->other)->records > 0)
            continue;
        uint32_t s = side->stratum;
        double p = chance_of(x, a, name, s, rho);
        if (x->expected) { /* what candidates show is counted there */
            double shown = x->expected[(size_t)c * MATCH_TRAITS_MAX + a->other];
            p *= shown < 1 ? 1 - shown : 0;
        }
        double there = a->there[s], missed = p * side->records * there;
        out->missed[c] += missed;
        out->variance += p * (1 - p) * side->records * there * side->records * there;
        a->missed[s] += missed;
        persons += p;
        pairs += missed;
    }
    if (name == NAME_FULL) { /* chance in whom a third kind ties */
        out->variance += pairs * pairs / (tally[0].unshown + 1);
        return;
    }
    /* chance in who of the class has a partner, and in the shares of those with full names */
    double wrong = 0, each = persons > 0 ? pairs / persons : 0;
    for (uint32_t s = 1; s < x->strata.count; s++) {
        double share = share_of(x, a, s), n = tally[s].all;
        double full = a->tally[(size_t)NAME_FULL * x->strata.count + s].all + STRATUM_PRIOR;
        wrong += share * (1 - share) * (n + n * n / full);
    }
    out->variance += wrong * each * each;
}

/* Pairs missed by persons of stratum s, over those of the other kind who are left. */
static void spread(const Unfound *x, const Against *a, double *by_partner, MatchMisses *out)
{
    uint32_t strata = x->strata.count;
    const double *room = a->room;
    memset(by_partner, 0, strata * sizeof *by_partner);
    for (uint32_t s = 0; s < strata; s++) {
        const double *partners = &a->partners[(size_t)(a->people[s] > 0 ? s : 0) * strata];
        double all = a->people[s] > 0 ? a->people[s] : a->people[0];
        for (uint32_t t = 0; t < strata && a->missed[s] > 0; t++)
            by_partner[t] += a->missed[s] * partners[t] / all;
    }
    double rest = 0, all = 0; /* of strata in which nobody is left */
    for (uint32_t t = 0; t < strata; t++) {
        all += room[t];
        rest += room[t] > 0 ? 0 : by_partner[t];
    }
    for (uint32_t c = 0; c < x->clusters; c++) {
        const Side *side = side_of(x, c, a->other);
        uint32_t t = side->stratum;
        if (side->records > 0 && side_of(x, c, a->kind)->records == 0)
            out->missed[c] += (by_partner[t] / room[t] + rest / all) * side->records;
    }
}

static Status miss_kind(const Unfound *x, uint32_t kind, uint32_t other, MatchMisses *out, Error *err)
{
    uint32_t strata = x->strata.count;
    Against a = {.kind = kind, .other = other};
    double *scratch = NULL;
    Status st;
    TRY_OUT(mem_zalloc((size_t)strata * NAME_CLASSES, sizeof *a.tally, (void **)&a.tally, err));
    TRY_OUT(mem_zalloc(strata, sizeof *a.room, (void **)&a.room, err));
    TRY_OUT(mem_zalloc(strata, sizeof *a.heads, (void **)&a.heads, err));
    TRY_OUT(mem_zalloc(strata, sizeof *a.there, (void **)&a.there, err));
    TRY_OUT(mem_zalloc(strata, sizeof *a.people, (void **)&a.people, err));
    TRY_OUT(mem_zalloc(strata, sizeof *a.missed, (void **)&a.missed, err));
    TRY_OUT(mem_zalloc(strata, sizeof *scratch, (void **)&scratch, err));
    TRY_OUT(mem_zalloc((size_t)strata * strata, sizeof *a.partners, (void **)&a.partners, err));
    count_found(x, &a);
    count_left(x, &a);
    bool some = a.people[0] > 0 && a.tally[(size_t)NAME_FULL * strata].all > 0;
    for (uint32_t name = 0; some && name < NAME_CLASSES; name++) /* two full names: told from one side alone */
        if (a.tally[(size_t)name * strata].all > 0 && (name < NAME_FULL || kind > other))
            miss_class(x, &a, name, out);
    if (some)
        spread(x, &a, scratch, out);
out:
    mem_free(a.tally);
    mem_free(a.room);
    mem_free(a.heads);
    mem_free(a.there);
    mem_free(a.people);
    mem_free(a.missed);
    mem_free(a.partners);
    mem_free(scratch);
    return st;
}

Status match_unfound(const MatchTable *t, const uint32_t *cluster, uint32_t clusters, const float *expected,
    const MatchPairs *pairs, MatchMisses *out, Error *err)
{
    const MatchConfig *config = t->config;
    Unfound x = {.table = t, .clusters = clusters, .expected = expected};
    Status st;
    *out = (MatchMisses){0};
    TRY_OUT(mem_zalloc((size_t)clusters + 1, sizeof *out->missed, (void **)&out->missed, err));
    if (config->left_step == 0)
        return OK;
    TRY_OUT(left_strata_init(&x.strata, t, err));
    x.first = name_column(config, FIELD_FIRST_NAME);
    x.last = name_column(config, FIELD_LAST_NAME);
    TRY_OUT(read_sides(&x, cluster, err));
    TRY_OUT(read_pairs(&x, cluster, pairs, err));
    for (uint32_t kind = 0; kind < config->trait_count; kind++)
        for (uint32_t other = 0; other < config->trait_count; other++)
            if (kind != other)
                TRY_OUT(miss_kind(&x, kind, other, out, err));
out:
    left_strata_free(&x.strata);
    mem_free(x.sides);
    mem_free(x.shown);
    mem_free(x.sure);
    if (st != OK)
        match_misses_free(out);
    return st;
}

void match_misses_free(MatchMisses *m)
{
    mem_free(m->missed);
    *m = (MatchMisses){0};
}

uint8_t match_kinds_of(const MatchConfig *config, uint32_t source)
{
    return source_kind(config, source);
}
