/* Is a configuration whole? Everything is checked here, so that later parts may take it as it is. */
#include <stdio.h>

#include "match/value_impl.h"

static Status bad_field(const FieldSpec *f, Error *err, const char *why)
{
    return error_set(err, ERR_INVALID, "field '%.*s': %s", SLICE_ARG(slice_sub(f->name, 0, 80)), why);
}

static Status check_levels(const FieldSpec *f, Arena *arena, Error *err)
{
    if (!f->levels)
        return f->level_count || f->neutral.len ? bad_field(f, err, "what belongs to levels, and no levels") : OK;
    if (f->level_count == 0 || f->level_count > MATCH_LEVELS_MAX - 2)
        return bad_field(f, err, "an own comparator has 1 to 14 levels");
    if (f->swap_with != MATCH_NONE)
        return bad_field(f, err, "a field with an own comparator cannot be swapped with another");
    char what[240];
    Expr *e;
    (void)snprintf(what, sizeof what, "neutral of field '%.*s'", SLICE_ARG(slice_sub(f->name, 0, 80)));
    if (f->neutral.len)
        TRY(expr_compile(f->neutral, what, NULL, arena, &e, err));
    for (uint32_t i = 0; i < f->level_count; i++) {
        Slice name = f->levels[i].name;
        if (name.len == 0 || slice_eq_z(name, "missing") || slice_eq_z(name, "differs"))
            return bad_field(f, err, "a level needs a name, other than 'missing' and 'differs'");
        for (uint32_t k = 0; k < i; k++)
            if (slice_eq(f->levels[k].name, name))
                return bad_field(f, err, "two levels have the same name");
        (void)snprintf(what, sizeof what, "level '%.*s' of field '%.*s'", SLICE_ARG(slice_sub(name, 0, 80)),
            SLICE_ARG(slice_sub(f->name, 0, 80)));
        TRY(expr_compile(f->levels[i].when, what, NULL, arena, &e, err));
    }
    return OK;
}

static Status check_columns(const MatchConfig *c, const FieldSpec *f, Error *err)
{
    if (f->column_count == 0)
        return bad_field(f, err, "it has no column");
    if (f->column_count > MATCH_ALIASES_MAX)
        return bad_field(f, err, "it has more than 4 columns");
    for (uint32_t k = 0; k < f->column_count; k++) {
        if (f->columns[k] >= c->column_count)
            return bad_field(f, err, "it names a column that is not there");
        for (uint32_t i = 0; i < k; i++)
            if (f->columns[i] == f->columns[k])
                return bad_field(f, err, "it names a column twice");
    }
    if (f->combine && f->kind == FIELD_DATE && f->column_count > 3)
        return bad_field(f, err, "a date has at most three parts: year, month, day");
    return OK;
}

static Status check_swap(const MatchConfig *c, uint32_t field, Error *err)
{
    const FieldSpec *f = &c->fields[field];
    if (f->swap_with == MATCH_NONE)
        return OK;
    if (f->swap_with >= c->field_count || f->swap_with == field)
        return bad_field(f, err, "it is swapped with a field that is not there");
    const FieldSpec *other = &c->fields[f->swap_with];
    if (other->swap_with == field)
        return bad_field(f, err, "only one of two fields says that they may be swapped");
    if (other->levels)
        return bad_field(f, err, "it is swapped with a field that has an own comparator");
    return kind_is_name(f->kind) && kind_is_name(other->kind) ? OK : bad_field(f, err, "only names can be swapped");
}

static Status check_beside(const MatchConfig *c, uint32_t field, Error *err)
{
    const FieldSpec *f = &c->fields[field];
    if (f->neutral_beside >> c->field_count)
        return bad_field(f, err, "it is neutral beside a field that is not there");
    return f->neutral_beside >> field & 1 ? bad_field(f, err, "it is neutral beside itself") : OK;
}

/* A column is standardised in one way. */
static Status check_shared_columns(const MatchConfig *c, uint32_t field, Error *err)
{
    const FieldSpec *f = &c->fields[field];
    for (uint32_t g = 0; g < field; g++) {
        const FieldSpec *other = &c->fields[g];
        for (uint32_t i = 0; i < f->column_count; i++)
            for (uint32_t k = 0; k < other->column_count; k++)
                if (f->columns[i] == other->columns[k] && (f->kind != other->kind || f->combine || other->combine))
                    return bad_field(f, err, "another field of another kind, or of several parts, has the same column");
    }
    return OK;
}

static Status check_field(const MatchConfig *c, uint32_t field, Arena *arena, Error *err)
{
    const FieldSpec *f = &c->fields[field];
    if (f->name.len == 0)
        return error_set(err, ERR_INVALID, "field %" PRIu32 " has no name", field + 1);
    if ((unsigned)f->kind >= FIELD_KIND_COUNT)
        return bad_field(f, err, "its kind is none that there is");
    for (uint32_t g = 0; g < field; g++)
        if (slice_eq(c->fields[g].name, f->name))
            return bad_field(f, err, "two fields have this name");
    TRY(check_columns(c, f, err));
    TRY(check_shared_columns(c, field, err));
    TRY(check_swap(c, field, err));
    TRY(check_beside(c, field, err));
    return check_levels(f, arena, err);
}

Status pass_check(const MatchConfig *c, const PassSpec *p, uint32_t pass, Error *err)
{
    if (p->part_count == 0 || p->part_count > MATCH_KEY_PARTS_MAX)
        return error_set(
            err, ERR_INVALID, "pass %" PRIu32 " has no part, or more than %d", pass + 1, MATCH_KEY_PARTS_MAX);
    for (uint32_t i = 0; i < p->part_count; i++) {
        const KeyPart *part = &p->parts[i];
        if (part->field >= c->field_count || (unsigned)part->transform >= KEY_TRANSFORM_COUNT)
            return error_set(err, ERR_INVALID, "pass %" PRIu32 " names a field or a key that is not there", pass + 1);
        bool needs_length =
            part->transform == KEY_PREFIX || part->transform == KEY_SUFFIX || part->transform == KEY_QGRAM;
        if (needs_length != (part->length > 0))
            return error_set(err, ERR_INVALID, "pass %" PRIu32 ": %s %s", pass + 1, key_transform_name(part->transform),
                needs_length ? "needs a length" : "takes no length");
    }
    return OK;
}

static Status check_sources(const MatchConfig *c, Error *err)
{
    if (c->source_count == 0 || c->source_count > MATCH_SOURCES_MAX)
        return error_set(err, ERR_INVALID, "a config has 1 to %d sources", MATCH_SOURCES_MAX);
    if (c->trait_count > MATCH_TRAITS_MAX)
        return error_set(err, ERR_INVALID, "a config has at most %d traits of sources", MATCH_TRAITS_MAX);
    uint32_t traits = c->trait_count ? c->trait_count : 1;
    for (uint32_t i = 0; i < traits; i++) {
        uint32_t whole = c->trait_within[i];
        if (whole > traits || (whole > 0 && c->trait_within[whole - 1] > 0))
            return error_set(
                err, ERR_INVALID, "trait %" PRIu32 " is part of one that is not there or is a part itself", i);
    }
    for (uint32_t i = 0; i < c->source_count; i++) {
        if (c->sources[i].trait >= traits)
            return error_set(err, ERR_INVALID, "source '%.*s' has a trait that is not there",
                SLICE_ARG(slice_sub(c->sources[i].name, 0, 80)));
        for (uint32_t k = 0; k < i; k++)
            if (slice_eq(c->sources[k].name, c->sources[i].name))
                return error_set(
                    err, ERR_INVALID, "two sources are named '%.*s'", SLICE_ARG(slice_sub(c->sources[i].name, 0, 80)));
    }
    return OK;
}

static Status check_all(const MatchConfig *c, Arena *arena, Error *err)
{
    RuleSet *rules;
    if (c->column_count > MATCH_COLUMNS_MAX)
        return error_set(err, ERR_INVALID, "a config has at most %d columns", MATCH_COLUMNS_MAX);
    if (c->field_count == 0 || c->field_count > MATCH_FIELDS_MAX)
        return error_set(err, ERR_INVALID, "a config has 1 to %d fields", MATCH_FIELDS_MAX);
    for (uint32_t f = 0; f < c->field_count; f++)
        TRY(check_field(c, f, arena, err));
    if (c->pass_count > MATCH_PASSES_MAX || c->rule_count > MATCH_RULES_MAX)
        return error_set(
            err, ERR_INVALID, "a config has at most %d passes and %d rules", MATCH_PASSES_MAX, MATCH_RULES_MAX);
    for (uint32_t p = 0; p < c->pass_count; p++)
        TRY(pass_check(c, &c->passes[p], p, err));
    TRY(check_sources(c, err));
    if (c->review_from > c->match_from || c->keep_from > c->review_from)
        return error_set(err, ERR_INVALID, "the odds from which pairs are kept, reviewed and linked must rise");
    if (c->left_step > 0 && (c->left_field >= c->field_count || c->fields[c->left_field].kind != FIELD_NUMBER))
        return error_set(err, ERR_INVALID, "who is left over is told by a field of kind number");
    if (c->block_max < 2)
        return error_set(err, ERR_INVALID, "a block holds at least two records");
    return rules_compile(c, arena, &rules, err);
}

Status match_config_check(const MatchConfig *config, Error *err)
{
    Arena arena;
    arena_init(&arena, 0);
    Status st = check_all(config, &arena, err);
    arena_free(&arena);
    return st;
}
