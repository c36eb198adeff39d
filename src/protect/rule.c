/*
 * The rule's parameters, the test of one set of counts, and how numbers are printed.
 *
 * Every threshold is compared in integers. A rate's numerator can be found again from its printed rate and denominator
 * (a whole percent of 150 people is one or two persons wide), so numerator and complement count as published and have
 * minimums of their own.
 */
#include "protect/rule.h"

#include <math.h>
#include <stdio.h>

static Status rule_parameter(
    const PolicyFile *file, const char *name, int64_t low, int64_t high, int64_t *out, Error *err)
{
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "parameter", &list, err));
    for (const Toml *p = list ? list->first : NULL; p; p = p->next) {
        Slice found;
        TRY(toml_str(p, file->path, "name", &found, err));
        if (!slice_eq_z(found, name))
            continue;
        TRY(toml_int(p, file->path, "value", out, err));
        if (*out < low || *out > high)
            return error_set(err, ERR_INVALID, "%s: parameter %s is outside %lld to %lld", file->path, name,
                (long long)low, (long long)high);
        return OK;
    }
    return error_set(err, ERR_INVALID, "%s: parameter %s is missing", file->path, name);
}

static Status rule_levels(ProtectRule *rule, Error *err)
{
    const char *path = rule->policy->path;
    const Toml *list;
    TRY(toml_array(rule->policy->toml, path, "hierarchy", &list, err));
    for (const Toml *l = list ? list->first : NULL; l; l = l->next) {
        if (l->type != TOML_STRING)
            return error_set(err, ERR_INVALID, "%s: hierarchy must be a list of level names", path);
        if (rule->level_count == RULE_MAX_LEVELS)
            return error_set(err, ERR_LIMIT, "%s: hierarchy has more than %d levels", path, RULE_MAX_LEVELS);
        rule->levels[rule->level_count++] = l->string;
    }
    if (rule->level_count == 0)
        return error_set(err, ERR_INVALID, "%s: hierarchy is missing", path);
    return OK;
}

static const Toml *family_naming(const ProtectRule *rule, Slice measure)
{
    const Toml *list = toml_get(rule->policy->toml, "family");
    for (const Toml *f = list ? list->first : NULL; f; f = f->next) {
        const Toml *measures = toml_get(f, "measures");
        for (const Toml *m = measures ? measures->first : NULL; m; m = m->next)
            if (m->type == TOML_STRING && slice_eq(m->string, measure))
                return f;
    }
    return NULL;
}

static const Toml *family_named(const ProtectRule *rule, Slice name)
{
    const Toml *list = toml_get(rule->policy->toml, "family");
    for (const Toml *f = list ? list->first : NULL; f; f = f->next)
        if (slice_eq(toml_get(f, "name")->string, name))
            return f;
    return NULL;
}

/* Tables of the same people take one lane: it is said once, where the lineage begins. */
static Status check_lane(const char *path, const Toml *family, bool is_root, Error *err)
{
    Slice lane;
    TRY(toml_str_or(family, path, "protection", SLICE("pool"), &lane, err));
    if (!slice_eq_z(lane, "pool") && !slice_eq_z(lane, "suppress"))
        return error_set(
            err, ERR_INVALID, "%s:%" PRIu32 ": protection is \"pool\" or \"suppress\"", path, family->line);
    if (!is_root && toml_get(family, "protection"))
        return error_set(err, ERR_INVALID,
            "%s:%" PRIu32 ": protection is said by the family that coarsens no other, for all that coarsen it", path,
            family->line);
    return OK;
}

/* Names are given, and whatever a family coarsens stands before it, so that no family coarsens itself. */
static Status check_families(const ProtectRule *rule, Error *err)
{
    const char *path = rule->policy->path;
    const Toml *list;
    TRY(toml_array(rule->policy->toml, path, "family", &list, err));
    for (const Toml *f = list ? list->first : NULL; f; f = f->next) {
        Slice name, coarsens;
        TRY(toml_str(f, path, "name", &name, err));
        TRY(toml_str_or(f, path, "coarsens", (Slice){NULL, 0}, &coarsens, err));
        bool before = coarsens.ptr == NULL;
        for (const Toml *g = list->first; g != f; g = g->next)
            before = before || slice_eq(toml_get(g, "name")->string, coarsens);
        if (!before)
            return error_set(
                err, ERR_INVALID, "%s: family %.*s coarsens one that does not stand before it", path, SLICE_ARG(name));
        TRY(check_lane(path, f, coarsens.ptr == NULL, err));
    }
    return OK;
}

/* One of so many words, the first where the rule says nothing. */
static Status rule_word(
    const PolicyFile *file, const char *key, const char *const *words, size_t count, size_t *out, Error *err)
{
    Slice word;
    TRY(toml_str_or(file->toml, file->path, key, slice_of(words[0]), &word, err));
    for (*out = 0; *out < count; ++*out)
        if (slice_eq_z(word, words[*out]))
            return OK;
    return error_set(err, ERR_INVALID, "%s: %s has no meaning \"%.*s\": the first of its words is \"%s\"", file->path,
        key, SLICE_ARG(word), words[0]);
}

static Status read_asking(const PolicyFile *file, ProtectAsking *out, Error *err)
{
    static const char *const answers[] = {"refuse", "report"}, *const askers[] = {"user", "agreement", "all"};
    size_t answer, asker;
    TRY(rule_word(file, "answers", answers, COUNT_OF(answers), &answer, err));
    TRY(rule_word(file, "askers", askers, COUNT_OF(askers), &asker, err));
    *out = (ProtectAsking){(ProtectAnswers)answer, (ProtectAskers)asker};
    return OK;
}

Status rule_read(Policy *policy, Date on, ProtectRule *out, Error *err)
{
    *out = (ProtectRule){0};
    TRY(policy_get(policy, "release", SLICE(RULE_NAME), on, &out->policy, err));
    TRY(rule_levels(out, err));
    const PolicyFile *f = out->policy;
    TRY(rule_parameter(f, "min_n", 2, 1000000, &out->min_n, err));
    TRY(rule_parameter(f, "min_numerator", 0, 1000000, &out->min_numerator, err));
    TRY(rule_parameter(f, "min_complement", 0, 1000000, &out->min_complement, err));
    TRY(rule_parameter(f, "min_employers", 0, 1000000, &out->min_employers, err));
    TRY(rule_parameter(f, "top_employer_max", 1, 100, &out->top_employer_max, err));
    TRY(rule_parameter(f, "local_group_min_percent", 0, 100, &out->local_group_min_percent, err));
    TRY(rule_parameter(f, "coarse_rate_below", 0, 1000000000, &out->coarse_rate_below, err));
    TRY(rule_parameter(f, "median_rounding", 1, 1000000, &out->median_rounding, err));
    TRY(read_asking(f, &out->asking, err));
    return check_families(out, err);
}

Slice rule_lineage(const ProtectRule *rule, Slice measure, unsigned *tier)
{
    const Toml *f = family_naming(rule, measure);
    *tier = 0;
    if (!f)
        return measure;
    for (const Toml *up; (up = toml_get(f, "coarsens")); ++*tier)
        f = family_named(rule, up->string);
    return toml_get(f, "name")->string;
}

ProtectLane rule_lane(const ProtectRule *rule, Slice lineage)
{
    const Toml *list = toml_get(rule->policy->toml, "family");
    for (const Toml *f = list ? list->first : NULL; f; f = f->next) {
        const Toml *lane = toml_get(f, "protection");
        if (slice_eq(toml_get(f, "name")->string, lineage))
            return lane && slice_eq_z(lane->string, "suppress") ? PROTECT_SUPPRESS_LANE : PROTECT_POOL_LANE;
    }
    return PROTECT_POOL_LANE;
}

Status protect_asking(Policy *policy, Date on, ProtectAsking *out, Error *err)
{
    ProtectRule rule;
    TRY(rule_read(policy, on, &rule, err));
    *out = rule.asking;
    return OK;
}

Status protect_lane_of(Policy *policy, Date on, Slice measure, ProtectLane *out, Error *err)
{
    ProtectRule rule;
    unsigned tier;
    TRY(rule_read(policy, on, &rule, err));
    *out = rule_lane(&rule, rule_lineage(&rule, measure, &tier));
    return OK;
}

Status protect_lineage_of(Policy *policy, Date on, Slice measure, Slice *out, Error *err)
{
    ProtectRule rule;
    unsigned tier;
    TRY(rule_read(policy, on, &rule, err));
    *out = rule_lineage(&rule, measure, &tier);
    return OK;
}

Status protect_same_lineage(Policy *policy, Date on, Slice a, Slice b, bool *out, Error *err)
{
    ProtectRule rule;
    unsigned tier;
    TRY(rule_read(policy, on, &rule, err));
    *out = slice_eq(rule_lineage(&rule, a, &tier), rule_lineage(&rule, b, &tier));
    return OK;
}

Status protect_least(Policy *policy, Date on, ProtectLeast *out, Error *err)
{
    ProtectRule rule;
    TRY(rule_read(policy, on, &rule, err));
    *out = (ProtectLeast){rule.min_n, rule.min_numerator, rule.min_complement};
    return OK;
}

bool rule_names(const ProtectRule *rule, Slice measure)
{
    return family_naming(rule, measure) != NULL;
}

size_t rule_level(const ProtectRule *rule, Slice level)
{
    for (size_t i = 0; i < rule->level_count; i++)
        if (slice_eq(rule->levels[i], level))
            return i;
    return rule->level_count;
}

bool rule_counts_pass(const ProtectRule *rule, bool is_median, int64_t denominator, int64_t numerator)
{
    if (denominator == 0)
        return true;
    if (denominator < rule->min_n)
        return false;
    return is_median || (numerator >= rule->min_numerator && denominator - numerator >= rule->min_complement);
}

bool rule_employers_pass(const ProtectRule *rule, const ProtectCell *cell)
{
    if (!cell->is_median || cell->denominator == 0)
        return true;
    return cell->employers >= rule->min_employers &&
           cell->top_employer * 100 <= rule->top_employer_max * cell->denominator;
}

/* 1234567 as 1,234,567; out holds 32. */
static void print_grouped(int64_t v, const char *prefix, char out[32])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)v);
    size_t at = (size_t)snprintf(out, 32, "%s", prefix);
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

/*
 * A rate in percent, rounded half up in integers. The codes for "nearly nobody" and "nearly everybody" cannot be
 * reached by cells that pass; they stand here so that a wrong caller still prints nothing sharper.
 */
static void print_rate(const ProtectRule *rule, int64_t n, int64_t k, char out[32])
{
    if (k < rule->min_numerator) {
        (void)snprintf(out, 32, "<%lld", (long long)((rule->min_numerator * 100 + n - 1) / n));
        return;
    }
    if (n - k < rule->min_complement) {
        (void)snprintf(out, 32, ">%lld", (long long)(100 - (rule->min_complement * 100 + n - 1) / n));
        return;
    }
    if (n < rule->coarse_rate_below) {
        (void)snprintf(out, 32, "%lld", (long long)((k * 200 + n) / (2 * n)));
        return;
    }
    int64_t tenths = (k * 2000 + n) / (2 * n);
    (void)snprintf(out, 32, "%lld.%lld", (long long)(tenths / 10), (long long)(tenths % 10));
}

static void print_median(const ProtectRule *rule, double fuzzy, char out[32])
{
    int64_t step = rule->median_rounding;
    int64_t rounded = (int64_t)floor(fuzzy / (double)step + 0.5) * step;
    print_grouped(rounded, "$", out);
}

Status rule_show(const ProtectRule *rule, PublishedCell *cell, Arena *arena, Error *err)
{
    char text[32];
    print_grouped(cell->cell.denominator, "", text);
    TRY(arena_dup(arena, slice_of(text), &cell->shown_denominator, err));
    cell->shown_value = (Slice){"", 0};
    if (cell->cell.is_median) {
        if (isnan(cell->cell.fuzzy))
            return OK;
        print_median(rule, cell->cell.fuzzy, text);
    } else {
        print_rate(rule, cell->cell.denominator, cell->cell.numerator, text);
    }
    return arena_dup(arena, slice_of(text), &cell->shown_value, err);
}
