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
 * `expected` are those whom candidates show (the caller's). Strata are those of who is left over (cluster_left.c), and
 * few persons lean on all of their class. A person missed costs the pairs between its records and as many of the other
 * kind as persons of its stratum have. Who the partner is is not known: the pairs are spread over those of the other
 * kind who are left, by the strata in which the found partners of the like are.
 *
 * What this takes for granted: that names are left out without regard to who was at school, in a stratum. Persons with
 * full names of whom no candidate is shown (another name since, mostly) are not counted.
 */
#include "match/cluster_impl.h"

/* Persons that all of a class are worth beside those of a stratum. */
#define STRATUM_PRIOR 20.0
/* More strata than this: partners are spread over all of them alike. */
#define SPREAD_STRATA_MAX 1024

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
} Unfound;

/* Persons of a class in a stratum, and of these who is known to the other kind. Entry 0 of a class: all its strata. */
typedef struct Tally {
    double all, found;
} Tally;

/* One kind against another. */
typedef struct Against {
    uint32_t kind, other;
    Tally *tally;           /* [class * strata + stratum] */
    double *pairs, *people; /* by stratum: records of the other kind that found persons have, and how many these are */
    double *missed;         /* by stratum: pairs to be spread */
    double *partners;       /* [stratum * strata + the partner's]; NULL: too many */
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

static const Side *side_of(const Unfound *x, uint32_t cluster, uint32_t kind)
{
    return &x->sides[(size_t)cluster * MATCH_TRAITS_MAX + kind];
}

/* --- how many ----------------------------------------------------------------------------------------------------- */

static void tally_add(const Unfound *x, const Against *a, const Side *side, double found)
{
    Tally *of_class = &a->tally[(size_t)side->name * x->strata.count];
    of_class[0].all++;
    of_class[0].found += found;
    if (side->stratum == 0)
        return;
    of_class[side->stratum].all++;
    of_class[side->stratum].found += found;
}

static void count_found(const Unfound *x, const Against *a)
{
    uint32_t strata = x->strata.count;
    for (uint32_t c = 0; c < x->clusters; c++) {
        const Side *side = side_of(x, c, a->kind), *there = side_of(x, c, a->other);
        if (side->records == 0)
            continue;
        double expected = x->expected ? x->expected[(size_t)c * MATCH_TRAITS_MAX + a->other] : 0;
        tally_add(x, a, side, there->records > 0 ? 1 : expected < 1 ? expected : 1);
        if (there->records == 0)
            continue;
        for (uint32_t s = 0;; s = side->stratum) { /* all, and its own */
            a->pairs[s] += there->records;
            a->people[s]++;
            if (a->partners)
                a->partners[(size_t)s * strata + there->stratum]++;
            if (s == side->stratum)
                break;
        }
    }
}

static double share_of(const Unfound *x, const Against *a, uint32_t stratum)
{
    const Tally *full = &a->tally[(size_t)NAME_FULL * x->strata.count];
    double all = full[0].found / full[0].all;
    return stratum == 0 ? all : (full[stratum].found + STRATUM_PRIOR * all) / (full[stratum].all + STRATUM_PRIOR);
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
    double mean = a->pairs[0] / a->people[0], persons = 0, pairs = 0;
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
        double there = (a->pairs[s] + STRATUM_PRIOR * mean) / (a->people[s] + STRATUM_PRIOR);
        double missed = p * side->records * there;
        out->missed[c] += missed;
        out->variance += p * (1 - p) * side->records * there * side->records * there;
        a->missed[s] += missed;
        persons += p;
        pairs += missed;
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
static void spread(const Unfound *x, const Against *a, double *by_partner, double *room, MatchMisses *out)
{
    uint32_t strata = x->strata.count;
    memset(by_partner, 0, strata * sizeof *by_partner);
    memset(room, 0, strata * sizeof *room);
    for (uint32_t s = 0; s < strata; s++) {
        const double *partners = a->partners ? &a->partners[(size_t)(a->people[s] > 0 ? s : 0) * strata] : NULL;
        double all = a->people[s] > 0 ? a->people[s] : a->people[0];
        for (uint32_t t = 0; partners && t < strata && a->missed[s] > 0; t++)
            by_partner[t] += a->missed[s] * partners[t] / all;
        if (!partners)
            by_partner[0] += a->missed[s];
    }
    for (uint32_t c = 0; c < x->clusters; c++) {
        const Side *side = side_of(x, c, a->other);
        if (side->records > 0 && side_of(x, c, a->kind)->records == 0)
            room[a->partners ? side->stratum : 0] += side->records;
    }
    double rest = 0, all = 0; /* of strata in which nobody is left */
    for (uint32_t t = 0; t < strata; t++) {
        all += room[t];
        rest += room[t] > 0 ? 0 : by_partner[t];
    }
    for (uint32_t c = 0; c < x->clusters; c++) {
        const Side *side = side_of(x, c, a->other);
        uint32_t t = a->partners ? side->stratum : 0;
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
    TRY_OUT(mem_zalloc(strata, sizeof *a.pairs, (void **)&a.pairs, err));
    TRY_OUT(mem_zalloc(strata, sizeof *a.people, (void **)&a.people, err));
    TRY_OUT(mem_zalloc(strata, sizeof *a.missed, (void **)&a.missed, err));
    TRY_OUT(mem_zalloc((size_t)strata * 2, sizeof *scratch, (void **)&scratch, err));
    if (strata <= SPREAD_STRATA_MAX)
        TRY_OUT(mem_zalloc((size_t)strata * strata, sizeof *a.partners, (void **)&a.partners, err));
    count_found(x, &a);
    bool some = a.people[0] > 0 && a.tally[(size_t)NAME_FULL * strata].all > 0;
    for (uint32_t name = 0; some && name < NAME_FULL; name++)
        if (a.tally[(size_t)name * strata].all > 0)
            miss_class(x, &a, name, out);
    if (some)
        spread(x, &a, scratch, scratch + strata, out);
out:
    mem_free(a.tally);
    mem_free(a.pairs);
    mem_free(a.people);
    mem_free(a.missed);
    mem_free(a.partners);
    mem_free(scratch);
    return st;
}

Status match_unfound(const MatchTable *t, const uint32_t *cluster, uint32_t clusters, const float *expected,
    MatchMisses *out, Error *err)
{
    const MatchConfig *config = t->config;
    Unfound x = {.table = t, .clusters = clusters, .expected = expected};
    Status st;
    *out = (MatchMisses){0};
    TRY_OUT(mem_zalloc((size_t)clusters + 1, sizeof *out->missed, (void **)&out->missed, err));
    if (config->left_step == 0)
        return OK;
    TRY_OUT(left_strata_init(&x.strata, t, err));
    if (x.strata.count > UINT16_MAX) {
        st = error_set(err, ERR_LIMIT, "who is left over is told by %u strata: at most %u", x.strata.count, UINT16_MAX);
        goto out;
    }
    x.first = name_column(config, FIELD_FIRST_NAME);
    x.last = name_column(config, FIELD_LAST_NAME);
    TRY_OUT(read_sides(&x, cluster, err));
    for (uint32_t kind = 0; kind < config->trait_count; kind++)
        for (uint32_t other = 0; other < config->trait_count; other++)
            if (kind != other)
                TRY_OUT(miss_kind(&x, kind, other, out, err));
out:
    left_strata_free(&x.strata);
    mem_free(x.sides);
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
