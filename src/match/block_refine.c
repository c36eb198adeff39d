/*
 * Blocks that are too large.
 *
 * A town, a common surname or a default date gives a block whose pairs nobody
 * can afford, and dropping it, as most engines do, loses people without a word.
 * Here such a block is replaced by finer ones: its records are grouped again by
 * further keys (other fields of the table, and the whole value where the pass
 * used a part of it), the most telling first.
 *
 *   - Several further keys are taken side by side, not one: a pair is lost only when it disagrees on all of them, and
 *     a record with one of these fields missing is reached by the others.
 *   - Records that lack all of them are grouped by the keys that come after.
 *   - A finer group that is still too large is split again by the keys not used yet, at most DEPTH_MAX times.
 *   - What nothing splits (a million identical rows) is chained: records in order of the hash of all their values, so
 *     that equal ones lie together, those of different sources taking turns; each is compared with its CHAIN_REACH
 *     neighbours on either side. Links along the chain bring equal records into one cluster with a number of pairs
 *     that grows with the number of records only. A chain is written as overlapping blocks of 2 * CHAIN_REACH records,
 *     each CHAIN_REACH further on.
 *
 * Memory and time: a record of a large block is in at most four finer blocks a key (ALTERNATIVES multiplied out), twice
 * that in chains.
 */
#include "match/blocks.h"
#include "match/sort_keys.h"

enum { DEPTH_MAX = 3, CHAIN_REACH = 4 };

/* Keys side by side at each depth. */
static const uint32_t ALTERNATIVES[DEPTH_MAX] = {2, 2, 1};

/* A key that leaves more than this share of the records together does not split. */
#define SPLIT_SHARE 0.8
/* A field filled less often than this helps too few. */
#define FILLED_MIN 0.02

/* --- which keys ----------------------------------------------------------------------------------------------- */

typedef struct Candidate {
    KeyPart part;
    double collide; /* two records taken at random agree, or one of them lacks the value */
} Candidate;

/* What a value of a field is hashed by for splitting: tolerant where that costs little. */
static KeyTransform refining_transform(FieldKind kind)
{
    switch (kind) {
    case FIELD_FIRST_NAME:
    case FIELD_LAST_NAME:
        return KEY_PHONETIC;
    case FIELD_MIDDLE_NAME:
        return KEY_INITIAL;
    default:
        return KEY_WHOLE;
    }
}

static double chance_agreement(const MatchTable *t, uint32_t field)
{
    double total = (double)t->frequency_total[field], sum = 0;
    uint32_t values = dict_count(t->dict[t->config->fields[field].columns[0]]);
    for (uint32_t v = 1; v < values; v++)
        sum += (double)t->frequency[field][v] * (double)t->frequency[field][v];
    return total > 0 ? sum / total / total : 1;
}

static void add_candidate(Candidate *list, uint32_t *count, Candidate c)
{
    uint32_t i = *count;
    if (i == REFINERS_MAX)
        return;
    for (; i > 0 && list[i - 1].collide > c.collide; i--)
        list[i] = list[i - 1];
    list[i] = c;
    ++*count;
}

static bool is_a_pass(const PassSpec *passes, uint32_t pass_count, uint32_t field)
{
    for (uint32_t i = 0; i < pass_count; i++)
        if (passes[i].part_count == 1 && passes[i].parts[0].field == field && passes[i].parts[0].transform == KEY_WHOLE)
            return true;
    return false;
}

static uint32_t list_candidates(
    const MatchTable *t, const PassSpec *whole, uint32_t whole_count, Candidate list[REFINERS_MAX])
{
    uint32_t count = 0;
    for (uint32_t f = 0; f < t->config->field_count; f++) {
        const FieldSpec *field = &t->config->fields[f];
        FieldKind kind = field->kind;
        /* equal values of an own comparator may be no agreement: two first days of work on one day */
        if (field->neutral.len > 0 || is_a_pass(whole, whole_count, f))
            continue;
        double filled = t->records > 0 ? (double)t->frequency_total[f] / t->records : 0;
        filled = filled > 1 ? 1 : filled;
        if (filled < FILLED_MIN)
            continue;
        double chance = chance_agreement(t, f);
        double collide = 1 - filled * filled * (1 - chance);
        KeyTransform transform = refining_transform(kind);
        add_candidate(list, &count, (Candidate){{f, transform, 0}, collide});
        if (transform == KEY_PHONETIC)
            add_candidate(list, &count, (Candidate){{f, KEY_WHOLE, 0}, collide});
    }
    return count;
}

Status refiners_new(
    const MatchTable *t, const PassSpec *whole, uint32_t whole_count, unsigned threads, Refiners **out, Error *err)
{
    Refiners *r = NULL;
    TRY(mem_zalloc(1, sizeof *r, (void **)&r, err));
    Candidate list[REFINERS_MAX];
    r->count = list_candidates(t, whole, whole_count, list);
    for (uint32_t i = 0; i < r->count; i++)
        r->keys[i] = (PassSpec){.parts = {list[i].part}, .part_count = 1};
    Status st = key_cache_new(t, r->keys, r->count, threads, &r->cache, err);
    if (st != OK)
        refiners_free(r);
    else
        *out = r;
    return st;
}

void refiners_free(Refiners *r)
{
    if (!r)
        return;
    key_cache_free(r->cache);
    mem_free(r);
}

bool refiner_suits(const MatchConfig *config, const PassSpec *pass, const KeyPart *refiner)
{
    bool asked = false;
    for (uint32_t i = 0; i < pass->part_count; i++) {
        const KeyPart *p = &pass->parts[i];
        if (p->field != refiner->field)
            continue;
        if (p->transform == refiner->transform || p->transform == KEY_WHOLE)
            return false;
        asked = true;
    }
    /* a whole name after its sound or its end; of a name that the pass does not know, the sound */
    return asked || refiner->transform == refining_transform(config->fields[refiner->field].kind);
}

bool group_oversized(size_t records, uint64_t pairs, uint32_t block_max)
{
    return records > block_max && pairs > (uint64_t)block_max * (block_max - 1) / 2;
}

void refined_free(RefinedGroups *g)
{
    groups_free(&g->groups);
    vec_free(&g->marks);
}

Status refined_add(RefinedGroups *g, const uint32_t *members, size_t count, RefineMark mark, Error *err)
{
    TRY(groups_add(&g->groups, members, count, err));
    return vec_push(&g->marks, mark, err);
}

/* --- splitting ------------------------------------------------------------------------------------------------ */

/* Stable: key order first, then the order given. */
static Status order_by(uint64_t *keys, uint32_t *records, size_t count, Error *err)
{
    uint64_t *key_scratch = NULL;
    uint32_t *record_scratch = NULL;
    Status st = OK;
    TRY_OUT(mem_alloc(count * sizeof keys[0], (void **)&key_scratch, err));
    TRY_OUT(mem_alloc(count * sizeof records[0], (void **)&record_scratch, err));
    sort_keys(keys, records, count, key_scratch, record_scratch);
out:
    mem_free(key_scratch);
    mem_free(record_scratch);
    return st;
}

/* Records of one group by one further key. */
typedef struct Split {
    Groups groups;       /* two or more records, with a comparable pair */
    VEC(uint64_t) pairs; /* comparable ones, of each */
    size_t together;     /* records of the largest */
} Split;

static void split_free(Split *s)
{
    groups_free(&s->groups);
    vec_free(&s->pairs);
}

static Status sort_split(const RefineJob *job, uint64_t *keys, uint32_t *records, size_t count, Split *out, Error *err)
{
    TRY(order_by(keys, records, count, err));
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && keys[end] == keys[begin];)
            end++;
        size_t n = end - begin;
        out->together = n > out->together ? n : out->together;
        /* equal keys keep the order of the members, which is that of (source, record) */
        uint64_t pairs = n > 1 ? comparable_pairs(job->sources, job->table, records + begin, n) : 0;
        if (pairs == 0)
            continue;
        TRY(groups_add(&out->groups, records + begin, n, err));
        TRY(vec_push(&out->pairs, pairs, err));
    }
    return OK;
}

#define AHEAD 16 /* members, whose cells and keys lie anywhere */

static void fetch_member(const RefineJob *job, uint32_t refiner, const uint32_t *members, size_t count, size_t i)
{
    const Refiners *r = job->refiners;
    if (i + AHEAD < count)
        record_prefetch(job->table, members[i + AHEAD]);
    if (i + AHEAD / 2 < count)
        key_cache_fetch(r->cache, job->table, &r->keys[refiner], members[i + AHEAD / 2]);
}

/* keyed[i] is set when the i-th member has a key. */
static Status split_by(
    const RefineJob *job, uint32_t refiner, const uint32_t *members, size_t count, bool *keyed, Split *out, Error *err)
{
    VEC(uint64_t) keys = {0};
    U32List records = {0};
    const Refiners *r = job->refiners;
    Status st = OK;
    *out = (Split){.together = 0};
    TRY_OUT(vec_reserve(&keys, count, err));
    TRY_OUT(vec_reserve(&records, count, err));
    for (size_t i = 0; i < count; i++) {
        uint64_t list[RECORD_KEYS_MAX];
        fetch_member(job, refiner, members, count, i);
        size_t n = key_cache_keys(r->cache, job->table, &r->keys[refiner], members[i], list);
        for (size_t k = 0; k < n; k++) {
            TRY_OUT(vec_push(&keys, list[k], err));
            TRY_OUT(vec_push(&records, members[i], err));
        }
        keyed[i] = n > 0;
    }
    TRY_OUT(sort_split(job, keys.at, records.at, records.len, out, err));
out:
    vec_free(&keys);
    vec_free(&records);
    return st;
}

/* --- chains --------------------------------------------------------------------------------------------------- */

static uint64_t values_hash(const MatchTable *t, uint32_t record)
{
    static const uint64_t seed[2] = {1, 2};
    uint64_t h = 0;
    const uint32_t *cells = record_cells(t, record);
    for (uint32_t c = 0; c < t->columns; c++) {
        Slice text = cells[c] == 0 ? SLICE("") : dict_text(t->dict[c], cells[c]);
        h = key_mix(h * 31 + siphash13(seed, text.ptr, text.len));
    }
    return h;
}

/* Sources take turns among records of equal values: records come in order of (source, record), so a record's turn is
 * how many equal ones of its source came before. */
static Status take_turns(const MatchTable *t, const uint64_t *hashes, uint32_t *records, size_t count, Error *err)
{
    uint64_t *turns = NULL;
    Status st = OK;
    TRY(mem_alloc(count * sizeof turns[0], (void **)&turns, err));
    for (size_t begin = 0, end; begin < count; begin = end) {
        turns[begin] = 0;
        for (end = begin + 1; end < count && hashes[end] == hashes[begin]; end++)
            turns[end] = t->source[records[end]] == t->source[records[end - 1]] ? turns[end - 1] + 1 : 0;
        if (end - begin > 1)
            TRY_OUT(order_by(turns + begin, records + begin, end - begin, err));
    }
out:
    mem_free(turns);
    return st;
}

/* Its blocks are too small to be split again. */
static Status add_chain(const RefineJob *job, const uint32_t *records, size_t count, RefinedGroups *out, Error *err)
{
    for (size_t begin = 0; begin == 0 || begin + CHAIN_REACH < count; begin += CHAIN_REACH) {
        uint32_t link[2 * CHAIN_REACH], scratch[2 * CHAIN_REACH];
        size_t n = 0;
        /* ascending, as sort_members wants them */
        for (size_t i = begin; i < count && n < 2 * CHAIN_REACH; i++, n++) {
            size_t k = n;
            for (; k > 0 && link[k - 1] > records[i]; k--)
                link[k] = link[k - 1];
            link[k] = records[i];
        }
        sort_members(job->table, link, n, scratch);
        uint64_t pairs = n > 1 ? comparable_pairs(job->sources, job->table, link, n) : 0;
        if (pairs > 0)
            TRY(refined_add(out, link, n, (RefineMark){pairs, 0, DEPTH_MAX}, err));
    }
    return OK;
}

static Status chain(const RefineJob *job, const uint32_t *members, size_t count, RefinedGroups *out, Error *err)
{
    uint64_t *hashes = NULL;
    uint32_t *records = NULL;
    Status st = OK;
    TRY_OUT(mem_alloc(count * sizeof hashes[0], (void **)&hashes, err));
    TRY_OUT(mem_alloc(count * sizeof records[0], (void **)&records, err));
    for (size_t i = 0; i < count; i++) {
        records[i] = members[i];
        hashes[i] = values_hash(job->table, members[i]);
    }
    TRY_OUT(order_by(hashes, records, count, err));
    TRY_OUT(take_turns(job->table, hashes, records, count, err));
    TRY_OUT(add_chain(job, records, count, out, err));
out:
    mem_free(hashes);
    mem_free(records);
    return st;
}

/* --- recursion ------------------------------------------------------------------------------------------------ */

typedef struct Level {
    const uint32_t *members;
    size_t count;
    uint32_t refiner; /* first that may be used */
    uint32_t depth;
} Level;

static Status refine_level(const RefineJob *job, Level level, RefinedGroups *out, Error *err);

/* One group of so many comparable pairs, whole or split further. */
static Status refine_group(const RefineJob *job, Level level, uint64_t pairs, RefinedGroups *out, Error *err)
{
    if (group_oversized(level.count, pairs, job->block_max))
        return refine_level(job, level, out, err);
    const RefineMark mark = {pairs, (uint8_t)level.refiner, (uint8_t)level.depth};
    return refined_add(out, level.members, level.count, mark, err);
}

static Status refine_split(
    const RefineJob *job, const Split *s, uint32_t refiner, uint32_t depth, RefinedGroups *out, Error *err)
{
    for (uint32_t i = 0; i < group_count(&s->groups); i++) {
        const Level next = {group_members(&s->groups, i), group_size(&s->groups, i), refiner, depth};
        TRY(refine_group(job, next, s->pairs.at[i], out, err));
    }
    return OK;
}

/* Records without any of the keys used. */
static Status refine_unkeyed(const RefineJob *job, Level level, const bool *reached, RefinedGroups *out, Error *err)
{
    U32List rest = {0};
    Status st = OK;
    for (size_t i = 0; i < level.count; i++)
        if (!reached[i])
            TRY_OUT(vec_push(&rest, level.members[i], err));
    uint64_t pairs = rest.len > 1 ? comparable_pairs(job->sources, job->table, rest.at, rest.len) : 0;
    if (pairs == 0)
        goto out;
    level.members = rest.at;
    level.count = rest.len;
    st = refine_group(job, level, pairs, out, err);
out:
    vec_free(&rest);
    return st;
}

/* Tries the refiners from level->refiner on; level->refiner moves behind the last one used. */
static Status refine_alternatives(
    const RefineJob *job, Level *level, bool *reached, uint32_t *used, RefinedGroups *out, Error *err)
{
    bool *keyed = NULL;
    Status st = OK;
    *used = 0;
    TRY(mem_alloc(level->count * sizeof keyed[0], (void **)&keyed, err));
    for (uint32_t i = level->refiner; i < job->refiners->count && *used < ALTERNATIVES[level->depth]; i++) {
        if (!refiner_suits(job->table->config, job->pass, &job->refiners->keys[i].parts[0]))
            continue;
        Split split;
        st = split_by(job, i, level->members, level->count, keyed, &split, err);
        if (st == OK && split.together > 0 && (double)split.together <= SPLIT_SHARE * (double)level->count) {
            st = refine_split(job, &split, i + 1, level->depth + 1, out, err);
            for (size_t k = 0; k < level->count; k++)
                reached[k] = reached[k] || keyed[k];
            level->refiner = i + 1;
            ++*used;
        }
        split_free(&split);
        if (st != OK)
            break;
    }
    mem_free(keyed);
    return st;
}

static Status refine_level(const RefineJob *job, Level level, RefinedGroups *out, Error *err)
{
    if (level.depth == DEPTH_MAX)
        return chain(job, level.members, level.count, out, err);
    bool *reached = NULL;
    uint32_t used;
    TRY(mem_zalloc(level.count, sizeof reached[0], (void **)&reached, err));
    Status st = refine_alternatives(job, &level, reached, &used, out, err);
    if (st == OK)
        st =
            used > 0 ? refine_unkeyed(job, level, reached, out, err) : chain(job, level.members, level.count, out, err);
    mem_free(reached);
    return st;
}

Status block_refine(
    const RefineJob *job, const uint32_t *members, size_t count, RefineMark mark, RefinedGroups *out, Error *err)
{
    return refine_level(job, (Level){members, count, mark.refiner, mark.depth}, out, err);
}
