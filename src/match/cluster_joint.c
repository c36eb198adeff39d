/*
 * Two groups of records as two persons: the odds that they are one.
 *
 * A wage record knows a number and half a name, a school record a name and a
 * birth date; no pair of them may say enough, the groups do. So groups are
 * compared as super-records. Of each field the best agreement between any record
 * of one and any of the other counts, once: five spellings against three are one
 * piece of evidence. That a surname agrees with one of two the person has had is
 * worth less than if there were one only, by the share of comparisons that speak
 * for it:
 *
 *   gain(field) = best gain - log2((for + against) / for)
 *
 * the likelihood of a record that repeats one of the values the other group
 * holds, whichever. An initial gives way to the name that its
 * own group has for it. Missing values stay out. The classes of non-matches
 * (household, twins ...) see the same joint levels, so that what relatives share
 * counts here no more than between two records.
 *
 * The rest of a linked household adds to the odds, once (household.c).
 *
 * A hard rule between any two records decides for the groups; against wins.
 */
#include "match/cluster_impl.h"

/* What is known of two records, whichever groups they stand in. */
typedef struct PairFacts {
    uint32_t a, b; /* equal: nothing yet */
    uint64_t pattern;
    uint32_t rule;
    uint16_t segment;
    bool comparable; /* without it and without rules nothing else is known */
    Weight stated, lift;
    Weight rarity[MATCH_FIELDS_MAX];
} PairFacts;

/* Refinement asks for the same few hundred pairs in ever other groupings: they stay in the second-level cache. */
#define FACTS_BITS 12

struct Joint {
    const MatchTable *t;
    const MatchModel *m;
    const Households *households; /* may be NULL */
    Comparer *comparer;
    Scorer *scorer;
    LogSum log_sum;
    Weight log2_of[2 * BUNDLE_FACES_MAX * BUNDLE_FACES_MAX]; /* of counts of pairs */
    uint8_t views[MATCH_FIELDS_MAX];                         /* set of classes that see a field as strangers do */
    bool has_rules;
    PairFacts facts[1 << FACTS_BITS]; /* direct-mapped */
};

/* What the cross pairs have said so far of one field. */
typedef struct FieldSum {
    Weight gain; /* of the best pair */
    Weight rarity;
    uint32_t level;              /* 0: missing in all */
    uint32_t segment;            /* of the best pair: another kind of source may not know the field at all */
    uint32_t in_favour, against; /* pairs */
} FieldSum;

typedef struct JointSum {
    FieldSum fields[MATCH_FIELDS_MAX];
    uint32_t segment; /* of the best pair of all */
    Weight best;
    Weight up, down; /* most that the rest of a household adds, and takes away */
    bool must, never, comparable;
} JointSum;

Status joint_new(const MatchTable *t, const MatchModel *m, const Households *households, Joint **out, Error *err)
{
    Joint *j = NULL;
    *out = NULL;
    TRY(mem_zalloc(1, sizeof *j, (void **)&j, err));
    j->t = t;
    j->m = m;
    j->households = households;
    j->has_rules = t->config->rule_count > 0;
    log_sum_fill(&j->log_sum);
    for (uint32_t n = 1; n < COUNT_OF(j->log2_of); n++)
        j->log2_of[n] = weight_log2(n);
    for (uint32_t f = 0; f < m->field_count; f++)
        for (PairClass c = CLASS_STRANGER; c < CLASS_COUNT; c++)
            if (c == CLASS_STRANGER || class_view(&t->config->fields[f], c) == VIEW_STRANGER)
                j->views[f] |= (uint8_t)(1u << c);
    Status st = comparer_new(t, &j->comparer, err);
    if (st == OK)
        st = scorer_new(t, m, &j->scorer, err);
    if (st != OK) {
        joint_free(j);
        return st;
    }
    *out = j;
    return OK;
}

void joint_free(Joint *j)
{
    if (!j)
        return;
    comparer_free(j->comparer);
    scorer_free(j->scorer);
    mem_free(j);
}

/* Of agreements the strongest. Where nothing speaks for the two, the best level, and of the kinds of source that show
 * it the one in which it says most: a first name that differs everywhere is no less a difference for the school's being
 * careless. What is alike is settled by the segment, so that neither the order of records nor of groups shows. */
static bool better_gain(const FieldSum *sum, Weight gain, uint32_t level, uint32_t segment)
{
    bool against = gain <= 0 && sum->gain <= 0;
    if (against && level != sum->level)
        return level < sum->level;
    if (gain != sum->gain)
        return against ? gain < sum->gain : gain > sum->gain;
    return level != sum->level ? level < sum->level : segment < sum->segment;
}

static void add_field(FieldSum *sum, const MatchModel *m, uint32_t segment, uint32_t f, uint32_t level, Weight rarity)
{
    Weight gain =
        m->level_weight[segment][CLASS_MATCH][f][level] - m->level_weight[segment][CLASS_STRANGER][f][level] - rarity;
    if (gain > 0)
        sum->in_favour++;
    else
        sum->against++;
    if (sum->level == 0 || better_gain(sum, gain, level, segment)) {
        sum->gain = gain;
        sum->level = level;
        sum->segment = segment;
        sum->rarity = rarity;
    }
}

/* Names of each face that its own group knows in full: "L" and "LISA" are one name, and what agrees with the initial
 * but not with the name does not agree. Masks of fields. */
static void find_initials(const Joint *j, const uint32_t *faces, size_t n, uint32_t initials[BUNDLE_FACES_MAX + 1])
{
    const MatchConfig *config = j->t->config;
    memset(initials, 0, n * sizeof *initials);
    for (uint32_t f = 0; f < config->field_count && n > 1; f++) {
        if (!kind_is_name(config->fields[f].kind))
            continue;
        uint32_t column = config->fields[f].columns[0];
        for (size_t i = 0; i < n; i++) {
            uint32_t value = record_cells(j->t, faces[i])[column];
            Slice text = dict_text(j->t->dict[column], value); /* of number 0: empty */
            if (text.len != 1)
                continue;
            for (size_t k = 0; k < n && !(initials[i] >> f & 1); k++) {
                uint32_t other = record_cells(j->t, faces[k])[column];
                if (other == value || other == 0)
                    continue;
                Slice longer = dict_text(j->t->dict[column], other);
                if (longer.len > 1 && longer.ptr[0] == text.ptr[0])
                    initials[i] |= (uint32_t)1 << f;
            }
        }
    }
}

static const PairFacts *facts_of(Joint *j, uint32_t a, uint32_t b)
{
    uint64_t key = (uint64_t)a << 32 | b;
    PairFacts *known = &j->facts[key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - FACTS_BITS)];
    if (known->a == a && known->b == b && a != b)
        return known;
    const MatchConfig *config = j->t->config;
    uint32_t source_a = j->t->source[a], source_b = j->t->source[b];
    ScoreParts parts;
    known->a = a;
    known->b = b;
    known->rule = MATCH_NONE;
    known->comparable = table_comparable(config, source_a, source_b);
    if (!known->comparable && !j->has_rules)
        return known;
    known->segment = (uint16_t)table_segment(config, source_a, source_b);
    known->pattern = compare_pair(j->comparer, a, b);
    score_parts(j->scorer, a, b, known->pattern, &parts);
    known->rule = parts.rule;
    known->stated = parts.stated;
    known->lift = households_lift(j->households, a, b);
    memcpy(known->rarity, parts.rarity, sizeof known->rarity);
    return known;
}

/* skip: mask of fields that say nothing here. */
static void add_pair(Joint *j, uint32_t a, uint32_t b, uint32_t skip, JointSum *sum)
{
    const MatchConfig *config = j->t->config;
    const PairFacts *pair = facts_of(j, a, b);
    if (pair->rule != MATCH_NONE) {
        sum->must |= config->rules[pair->rule].effect == RULE_MUST;
        sum->never |= config->rules[pair->rule].effect == RULE_MUST_NOT;
    }
    if (!pair->comparable)
        return;
    if (!sum->comparable || pair->stated > sum->best || (pair->stated == sum->best && pair->segment < sum->segment)) {
        sum->best = pair->stated;
        sum->segment = pair->segment;
        sum->comparable = true;
    }
    sum->up = pair->lift > sum->up ? pair->lift : sum->up;
    sum->down = pair->lift < sum->down ? pair->lift : sum->down;
    for (uint32_t f = 0; f < j->m->field_count; f++) {
        uint32_t level = pattern_level(pair->pattern, f);
        if (level && !(skip >> f & 1))
            add_field(&sum->fields[f], j->m, pair->segment, f, level, pair->rarity[f]);
    }
}

static Weight joint_sum_odds(const Joint *j, const JointSum *sum, Weight *against)
{
    const MatchModel *m = j->m;
    Weight sums[CLASS_COUNT], share = 0;
    *against = 0;
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        sums[c] = m->class_weight[sum->segment][c];
    for (uint32_t f = 0; f < m->field_count; f++) {
        const FieldSum *field = &sum->fields[f];
        if (field->level == 0)
            continue;
        for (uint32_t c = 0; c < CLASS_COUNT; c++) {
            sums[c] += m->level_weight[field->segment][c][f][field->level];
            if (j->views[f] >> c & 1)
                sums[c] += field->rarity;
        }
        if (field->in_favour > 0 && field->against > 0)
            share += j->log2_of[field->in_favour + field->against] - j->log2_of[field->in_favour];
        if (field->gain < 0)
            *against += field->gain;
    }
    Weight others = sums[CLASS_STRANGER];
    for (uint32_t c = CLASS_STRANGER + 1; c < CLASS_COUNT; c++)
        others = log_sum(&j->log_sum, others, sums[c]);
    Weight odds = calibrate(m, sums[CLASS_MATCH] - others - share);
    return weight_clip((int64_t)odds + (sum->up > 0 ? sum->up : sum->down));
}

static Weight joint_between(void *ctx, const uint32_t *a, size_t na, const uint32_t *b, size_t nb, Weight *against)
{
    ASSERT(na <= BUNDLE_FACES_MAX + 1 && nb <= BUNDLE_FACES_MAX);
    Joint *j = ctx;
    Weight none;
    against = against ? against : &none;
    *against = 0;
    JointSum sum;
    memset(&sum, 0, sizeof sum);
    uint32_t initials_a[BUNDLE_FACES_MAX + 1], initials_b[BUNDLE_FACES_MAX + 1];
    find_initials(j, a, na, initials_a);
    find_initials(j, b, nb, initials_b);
    for (size_t i = 0; i < na && !sum.never; i++)
        for (size_t k = 0; k < nb && !sum.never; k++)
            add_pair(j, a[i], b[k], initials_a[i] | initials_b[k], &sum);
    if (sum.never)
        return ODDS_NEVER;
    if (sum.must)
        return WEIGHT_MAX;
    if (!sum.comparable)
        return WEIGHT_MIN;
    return joint_sum_odds(j, &sum, against);
}

static bool joint_repeats(void *ctx, uint32_t a, uint32_t b)
{
    const Joint *j = ctx;
    return table_repeats(j->t, a, b);
}

static Weight joint_lift(void *ctx, uint32_t a, uint32_t b)
{
    const Joint *j = ctx;
    return households_lift(j->households, a, b);
}

Judge joint_judge(Joint *j)
{
    return (Judge){joint_between, joint_repeats, j->households ? joint_lift : NULL, j};
}

Comparer *joint_comparer(Joint *j)
{
    return j->comparer;
}

const Scorer *joint_scorer(const Joint *j)
{
    return j->scorer;
}

MatchPair joint_pair(Joint *j, uint32_t a, uint32_t b)
{
    MatchPair pair = {.a = a < b ? a : b, .b = a < b ? b : a};
    pair.pattern = compare_pair(j->comparer, pair.a, pair.b);
    pair.odds = score_pattern(j->scorer, pair.a, pair.b, pair.pattern);
    return pair;
}

/* Records of different content. */
static size_t faces_of(Joint *j, const uint32_t *records, size_t n, uint32_t faces[BUNDLE_FACES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < n && count < BUNDLE_FACES_MAX; i++) {
        bool repeats = false;
        for (size_t k = 0; k < count && !repeats; k++)
            repeats = joint_repeats(j, faces[k], records[i]);
        if (!repeats)
            faces[count++] = records[i];
    }
    return count;
}

/* A judge that is asked for whole persons. */
struct MatchPersons {
    Joint *joint;
};

Status match_persons_new(const MatchTable *t, const MatchModel *m, MatchPersons **out, Error *err)
{
    MatchPersons *x = NULL;
    *out = NULL;
    TRY(mem_zalloc(1, sizeof *x, (void **)&x, err));
    Status st = joint_new(t, m, NULL, &x->joint, err);
    if (st != OK) {
        mem_free(x);
        return st;
    }
    *out = x;
    return OK;
}

void match_persons_free(MatchPersons *x)
{
    if (!x)
        return;
    joint_free(x->joint);
    mem_free(x);
}

Weight match_persons_between(MatchPersons *x, const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
    uint32_t left[BUNDLE_FACES_MAX], right[BUNDLE_FACES_MAX];
    size_t na = faces_of(x->joint, a, a_count, left), nb = faces_of(x->joint, b, b_count, right);
    return weight_clip(joint_between(x->joint, left, na, right, nb, NULL));
}

Status match_persons_odds(const MatchTable *t, const MatchModel *m, const uint32_t *a, size_t a_count,
    const uint32_t *b, size_t b_count, Weight *odds, Error *err)
{
    MatchPersons *x;
    TRY(match_persons_new(t, m, &x, err));
    *odds = match_persons_between(x, a, a_count, b, b_count);
    match_persons_free(x);
    return OK;
}
