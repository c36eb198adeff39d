/*
 * What the values' counts say.
 *
 * Agreement between strangers on rare values (a birth date, a number) is too seldom to be found by random pairs, but
 * need not be looked for: a value held by k records makes k(k-1)/2 pairs that agree on it. pair_totals counts them
 * for all comparable pairs, source by source; em.c takes off those that are one person.
 *
 * Term frequency (Winkler 2000, "Frequency-based matching in Fellegi-Sunter model of record linkage"): strangers who
 * agree, agree on common values. P(value) is taken from persons, not records: a record counts for the persons_share of
 * its value's bucket (values by log2 of their count), because in a file with duplicates nearly every pair of records
 * that shares a rare name is one person, while the holders of a common name are many. No value is rarer than one
 * person in all, and the correction is at most RARITY_MOST either way: a value seen once may be a typing error of a
 * common one, and its count says nothing that precise.
 */
#include "match/match_impl.h"

#define RARITY_MOST (8 * WEIGHT_BIT)
#define BUCKET_PRIOR 4.0 /* records */

/* --- values of a record -------------------------------------------------------------------------------------- */

/* Distinct values of a field that a record holds. */
static uint32_t field_values(const MatchTable *t, const FieldSpec *f, uint32_t record, uint32_t out[MATCH_ALIASES_MAX])
{
    const uint32_t *cells = record_cells(t, record);
    uint32_t n = 0;
    for (uint32_t c = 0; c < f->column_count; c++) {
        uint32_t v = cells[f->columns[c]];
        bool seen = v == 0;
        for (uint32_t i = 0; i < n; i++)
            seen |= out[i] == v;
        if (!seen)
            out[n++] = v;
    }
    return n;
}

/* --- totals of all comparable pairs -------------------------------------------------------------------------- */

/* Pairs with records of earlier sources, all those of one trait together. */
typedef struct EarlierTrait {
    uint32_t trait, segment;
} EarlierTrait;

/* How the records of one source pair. */
typedef struct SourcePlan {
    bool own; /* with each other, too */
    uint32_t own_segment;
    EarlierTrait earlier[MATCH_TRAITS_MAX];
    uint32_t earlier_count;
} SourcePlan;

/* What all fields have in common. */
typedef struct Totals {
    const MatchTable *t;
    const uint32_t *order; /* records by source */
    const uint32_t *start; /* of each source in order; one more than there are sources */
    uint32_t traits, values;
    SourcePlan *plans; /* of each source */
    PairTotals *out;
} Totals;

/* One field's. */
typedef struct Tally {
    const Totals *all;
    uint32_t *of_source; /* [value]: records of the source at hand */
    uint32_t *of_trait;  /* [value * traits + trait]: records of the sources before it */
    uint32_t *touched;
} Tally;

static SourcePlan plan_source(const MatchConfig *config, uint32_t source)
{
    const SourceSpec *s = config->sources;
    SourcePlan plan = {.own = table_comparable(config, source, source)};
    plan.own_segment = table_segment(config, source, source);
    for (uint32_t earlier = 0, seen = 0; config->link_sources && earlier < source; earlier++) {
        /* one source stands for its trait */
        if (seen >> s[earlier].trait & 1)
            continue;
        seen |= 1u << s[earlier].trait;
        plan.earlier[plan.earlier_count++] = (EarlierTrait){s[earlier].trait, table_segment(config, source, earlier)};
    }
    return plan;
}

/* Adds the pairs that n records of a source make among themselves and with `before[trait]` records of earlier ones. */
static void add_pairs(const SourcePlan *plan, double n, const double *before, double *out)
{
    if (plan->own)
        out[plan->own_segment] += n * (n - 1) / 2;
    for (uint32_t i = 0; i < plan->earlier_count; i++)
        out[plan->earlier[i].segment] += n * before[plan->earlier[i].trait];
}

#define RECORDS_AHEAD 16

static void count_values(Tally *y, const FieldSpec *f, uint32_t source, uint32_t *touched_count, double *holders)
{
    uint32_t values[MATCH_ALIASES_MAX], end = y->all->start[source + 1];
    for (uint32_t i = y->all->start[source]; i < end; i++) {
        if (i + RECORDS_AHEAD < end)
            record_prefetch(y->all->t, y->all->order[i + RECORDS_AHEAD]);
        uint32_t n = field_values(y->all->t, f, y->all->order[i], values);
        *holders += n > 0;
        for (uint32_t k = 0; k < n; k++)
            if (y->of_source[values[k]]++ == 0)
                y->touched[(*touched_count)++] = values[k];
    }
}

static void total_field(Tally *y, uint32_t field)
{
    const Totals *all = y->all;
    const MatchConfig *config = all->t->config;
    const FieldSpec *f = &config->fields[field];
    double holders_before[MATCH_TRAITS_MAX] = {0}, both[MATCH_SEGMENTS_MAX] = {0}, equal[MATCH_SEGMENTS_MAX] = {0};
    for (uint32_t source = 0; source < config->source_count; source++) {
        const SourcePlan *plan = &all->plans[source];
        uint32_t touched = 0, trait = config->sources[source].trait;
        double holders = 0;
        count_values(y, f, source, &touched, &holders);
        add_pairs(plan, holders, holders_before, both);
        holders_before[trait] += holders;
        for (uint32_t i = 0; i < touched; i++) {
            uint32_t v = y->touched[i], *of_trait = y->of_trait + (size_t)v * all->traits;
            double before[MATCH_TRAITS_MAX] = {0};
            for (uint32_t k = 0; k < all->traits; k++)
                before[k] = of_trait[k];
            add_pairs(plan, y->of_source[v], before, equal);
            of_trait[trait] += y->of_source[v];
            y->of_source[v] = 0;
        }
    }
    for (uint32_t s = 0; s < segment_count(config); s++) {
        all->out->both[s][field] = both[s];
        all->out->equal[s][field] = equal[s] < both[s] ? equal[s] : both[s];
    }
}

static Status total_item(size_t field, void *ctx, Error *err)
{
    const Totals *all = ctx;
    Tally y = {.all = all};
    Status st = mem_zalloc(all->values, sizeof *y.of_source, (void **)&y.of_source, err);
    if (st == OK)
        st = mem_zalloc((size_t)all->traits * all->values, sizeof *y.of_trait, (void **)&y.of_trait, err);
    if (st == OK)
        st = mem_alloc(all->values * sizeof *y.touched, (void **)&y.touched, err);
    if (st == OK)
        total_field(&y, (uint32_t)field);
    mem_free(y.of_source);
    mem_free(y.of_trait);
    mem_free(y.touched);
    return st;
}

static void total_records(const Totals *all)
{
    double before[MATCH_TRAITS_MAX] = {0};
    const MatchConfig *config = all->t->config;
    for (uint32_t source = 0; source < config->source_count; source++) {
        double n = (double)(all->start[source + 1] - all->start[source]);
        add_pairs(&all->plans[source], n, before, all->out->comparable);
        before[config->sources[source].trait] += n;
    }
    for (uint32_t a = 0; a < all->traits; a++)
        for (uint32_t b = 0; b <= a; b++)
            all->out->records[trait_segment(a, b)] = a == b ? before[a] : before[a] + before[b];
}

Status records_by_source(const MatchTable *t, Arena *arena, uint32_t **order, uint32_t **start, Error *err)
{
    uint32_t sources = t->config->source_count;
    TRY(arena_new(arena, uint32_t, t->records, order, err));
    TRY(arena_new(arena, uint32_t, sources + 2, start, err));
    /* shifted by one, so that filling turns ends into starts */
    for (uint32_t r = 0; r < t->records; r++)
        (*start)[t->source[r] + 2]++;
    for (uint32_t s = 2; s <= sources; s++)
        (*start)[s] += (*start)[s - 1];
    for (uint32_t r = 0; r < t->records; r++)
        (*order)[(*start)[t->source[r] + 1]++] = r;
    return OK;
}

Status pair_totals(const MatchTable *t, unsigned threads, PairTotals *out, Error *err)
{
    const MatchConfig *config = t->config;
    memset(out, 0, sizeof *out);
    Arena arena;
    arena_init(&arena, 0);
    uint32_t *order = NULL, *start = NULL;
    Totals all = {.t = t, .values = 1, .traits = config->trait_count ? config->trait_count : 1, .out = out};
    Status st = OK;
    TRY_OUT(records_by_source(t, &arena, &order, &start, err));
    all.order = order;
    all.start = start;
    for (uint32_t c = 0; c < t->columns; c++)
        if (t->dict[c] && dict_count(t->dict[c]) > all.values)
            all.values = dict_count(t->dict[c]);
    TRY_OUT(arena_new(&arena, SourcePlan, config->source_count, &all.plans, err));
    for (uint32_t source = 0; source < config->source_count; source++)
        all.plans[source] = plan_source(config, source);
    total_records(&all);
    st = parallel_for(config->field_count, threads, total_item, &all, err);
out:
    arena_free(&arena);
    return st;
}

/* --- term frequency ------------------------------------------------------------------------------------------ */

uint32_t frequency_bucket(uint32_t count)
{
    uint32_t bucket = 0;
    while (count >>= 1)
        bucket++;
    return bucket;
}

void persons_fit(MatchModel *m, const MatchTable *t, const RecordSample *sample, const double *duplicates)
{
    struct {
        double persons[FREQUENCY_BUCKETS], records[FREQUENCY_BUCKETS], all, of;
    } fields[MATCH_FIELDS_MAX] = {0};
    for (uint32_t f = 0; f < m->field_count; f++)
        fields[f].all = fields[f].of = 1;
    for (uint32_t r = 0; r < t->records; r++) {
        uint32_t values[MATCH_ALIASES_MAX];
        if (!sample_has(sample, r))
            continue;
        double share = 1 / (1 + duplicates[r]);
        for (uint32_t f = 0; f < m->field_count; f++) {
            uint32_t n = field_values(t, &t->config->fields[f], r, values);
            for (uint32_t k = 0; k < n; k++) {
                uint32_t bucket = frequency_bucket(t->frequency[f][values[k]]);
                fields[f].persons[bucket] += share;
                fields[f].records[bucket] += 1;
                fields[f].all += share;
                fields[f].of += 1;
            }
        }
    }
    /* a bucket with few records leans on all */
    for (uint32_t f = 0; f < m->field_count; f++)
        for (uint32_t b = 0; b < FREQUENCY_BUCKETS; b++)
            m->persons_share[f][b] = (fields[f].persons[b] + BUCKET_PRIOR * fields[f].all / fields[f].of) /
                                     (fields[f].records[b] + BUCKET_PRIOR);
}

static double persons_of(const MatchModel *m, uint32_t field, uint32_t count)
{
    double persons = count * m->persons_share[field][frequency_bucket(count ? count : 1)];
    return persons > 1 ? persons : 1;
}

static Weight log_share(const RarityScale *scale, uint32_t count)
{
    return weight_log2(persons_of(scale->model, scale->field, count) / scale->persons);
}

typedef Status (*CountFn)(void *ctx, CountShare share, Error *err);
#define COUNTS_TOGETHER 1024

/* Small counts in ascending order, then the few large ones in the order of their values: sums over them depend neither
 * on how the values are numbered nor on whether the table is a share that knows only the counts. */
static Status each_count(const uint32_t *frequency, uint32_t values, CountFn fn, void *ctx, Error *err)
{
    uint32_t small[COUNTS_TOGETHER] = {0};
    for (uint32_t v = 1; v < values; v++)
        if (frequency[v] < COUNTS_TOGETHER)
            small[frequency[v]]++;
    for (uint32_t c = 1; c < COUNTS_TOGETHER; c++)
        if (small[c] > 0)
            TRY(fn(ctx, (CountShare){c, small[c]}, err));
    for (uint32_t v = 1; v < values; v++)
        if (frequency[v] >= COUNTS_TOGETHER)
            TRY(fn(ctx, (CountShare){frequency[v], 1}, err));
    return OK;
}

static Status push_count(void *ctx, CountShare share, Error *err)
{
    CountShares *out = ctx;
    return vec_push(out, share, err);
}

Status frequency_counts(const MatchTable *t, uint32_t field, CountShares *out, Error *err)
{
    uint32_t values = dict_count(t->dict[t->config->fields[field].columns[0]]);
    return each_count(t->frequency[field], values, push_count, out, err);
}

static Status add_persons(void *ctx, CountShare share, Error *err)
{
    UNUSED(err);
    RarityScale *scale = ctx;
    scale->persons += share.values * persons_of(scale->model, scale->field, share.count);
    return OK;
}

/* Counts remembered: a count may come from a file, and one of thousands of millions must not cost as much memory. */
#define MEMO_MAX (UINT32_C(1) << 22)

Status rarity_init(RarityScale *scale, const MatchTable *t, const MatchModel *m, uint32_t field, uint32_t values,
    Arena *arena, Error *err)
{
    const uint32_t *frequency = t->frequency[field];
    *scale = (RarityScale){.model = m, .field = field, .memo_len = 2};
    for (uint32_t v = 1; v < values; v++)
        if (frequency[v] >= scale->memo_len)
            scale->memo_len = frequency[v] < MEMO_MAX ? frequency[v] + 1 : MEMO_MAX;
    const CountShares *whole = &t->whole[field];
    for (size_t i = 0; i < whole->len; i++)
        TRY(add_persons(scale, whole->at[i], err));
    if (whole->len == 0)
        TRY(each_count(frequency, values, add_persons, scale, err));
    if (scale->persons < 2)
        scale->persons = 2;
    TRY(arena_new(arena, Weight, scale->memo_len, &scale->memo, err));
    scale->memo[1] = log_share(scale, 1);
    for (uint32_t v = 1; v < values; v++)
        if (frequency[v] > 1 && frequency[v] < scale->memo_len && scale->memo[frequency[v]] == 0)
            scale->memo[frequency[v]] = log_share(scale, frequency[v]);
    return OK;
}

Weight rarity_of(const RarityScale *scale, uint32_t count)
{
    /* 0: no value had that count, or it is too large to be remembered */
    return count < scale->memo_len && scale->memo[count] ? scale->memo[count] : log_share(scale, count);
}

Weight rarity_clip(Weight rarity)
{
    return rarity < -RARITY_MOST ? -RARITY_MOST : rarity > RARITY_MOST ? RARITY_MOST : rarity;
}
