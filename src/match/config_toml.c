/*
 * A config from its text: TOML, strict. Every key that is not known is an error with its line, so that a misspelt
 * option cannot be one that silently does nothing. docs/match.md describes the language for those who write it.
 *
 * Fields are read first and refer to each other by name; passes and rules come after them. Names of fields are plain
 * words, because rules are expressions over them.
 */
#include "match/match.h"

typedef struct Reader {
    const char *file;
    Arena *arena;
    MatchConfig *config;
    MatchInput *input;
} Reader;

static Status fail_key(const Reader *r, const Toml *at, const char *key, const char *why, Error *err)
{
    Status st = error_set(err, ERR_INVALID, "%s", why);
    error_at(err, r->file, 0, key);
    if (err && at)
        err->line = at->line;
    return st;
}

static Status fail_limit(const Reader *r, const Toml *at, const char *key, unsigned max, Error *err)
{
    Status st = error_set(err, ERR_LIMIT, "more than %u", max);
    error_at(err, r->file, 0, key);
    if (err && at)
        err->line = at->line;
    return st;
}

/* --- single values -------------------------------------------------------------------------------------------- */

/* A string that must not be empty when it is there. */
static Status text_or_empty(const Reader *r, const Toml *t, const char *key, Slice *out, Error *err)
{
    TRY(toml_str_or(t, r->file, key, (Slice){"", 0}, out, err));
    const Toml *m = toml_get(t, key);
    if (m && out->len == 0)
        return fail_key(r, m, key, "must not be empty", err);
    if (memchr(out->ptr, '\0', out->len))
        return fail_key(r, m, key, "must not contain a NUL", err);
    return OK;
}

static Status text_required(const Reader *r, const Toml *t, const char *key, Slice *out, Error *err)
{
    if (!toml_get(t, key))
        return fail_key(r, t, key, "is missing", err);
    return text_or_empty(r, t, key, out, err);
}

static bool is_plain_name(Slice s)
{
    if (s.len == 0 || s.len > 40 || !(s.ptr[0] >= 'a' && s.ptr[0] <= 'z'))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

/* *out stays as it is when absent. */
static Status probability_or(const Reader *r, const Toml *t, const char *key, Weight *out, Error *err)
{
    double p = 0;
    TRY(toml_num_or(t, r->file, key, -1, &p, err));
    const Toml *m = toml_get(t, key);
    if (!m)
        return OK;
    if (!(p >= 0 && p <= 1))
        return fail_key(r, m, key, "must be a probability from 0 to 1", err);
    *out = probability_weight(p);
    return OK;
}

static Status count_or(
    const Reader *r, const Toml *t, const char *key, int64_t low, int64_t high, uint64_t *out, Error *err)
{
    int64_t v = 0;
    const Toml *m = toml_get(t, key);
    if (!m)
        return OK;
    TRY(toml_int(t, r->file, key, &v, err));
    if (v < low || v > high) {
        Status st = error_set(err, ERR_INVALID, "must be from %" PRId64 " to %" PRId64, low, high);
        error_at(err, r->file, 0, key);
        if (err)
            err->line = m->line;
        return st;
    }
    *out = (uint64_t)v;
    return OK;
}

/* An array of strings, none empty, none twice, at most max; *count is 0 when absent. */
static Status texts(
    const Reader *r, const Toml *t, const char *key, Slice *out, uint32_t max, uint32_t *count, Error *err)
{
    const Toml *list = NULL;
    *count = 0;
    TRY(toml_array(t, r->file, key, &list, err));
    if (!list)
        return OK;
    for (const Toml *m = list->first; m; m = m->next) {
        if (*count == max)
            return fail_limit(r, m, key, max, err);
        if (m->type != TOML_STRING || m->string.len == 0 || memchr(m->string.ptr, '\0', m->string.len))
            return fail_key(r, m, key, "must hold strings that are not empty", err);
        for (uint32_t i = 0; i < *count; i++)
            if (slice_eq(out[i], m->string))
                return fail_key(r, m, key, "names one twice", err);
        out[(*count)++] = m->string;
    }
    return *count ? OK : fail_key(r, list, key, "must not be empty", err);
}

/* The tables of an array of tables. */
static Status tables(const Reader *r, const Toml *root, const char *key, unsigned max, const Toml **first, Error *err)
{
    const Toml *list = NULL;
    *first = NULL;
    TRY(toml_array(root, r->file, key, &list, err));
    if (!list)
        return OK;
    if (list->count > max)
        return fail_limit(r, list, key, max, err);
    for (const Toml *m = list->first; m; m = m->next)
        if (m->type != TOML_TABLE)
            return fail_key(r, m, key, "must be written as [[...]] tables", err);
    *first = list->first;
    return OK;
}

/* --- fields ---------------------------------------------------------------------------------------------------- */

static uint32_t field_by_name(const MatchConfig *c, Slice name)
{
    for (uint32_t f = 0; f < c->field_count; f++)
        if (slice_eq(c->fields[f].name, name))
            return f;
    return MATCH_NONE;
}

static Status column_number(const Reader *r, const Toml *at, Slice name, uint32_t *out, Error *err)
{
    MatchConfig *c = r->config;
    for (uint32_t i = 0; i < c->column_count; i++)
        if (slice_eq(c->columns[i], name)) {
            *out = i;
            return OK;
        }
    if (c->column_count == MATCH_COLUMNS_MAX)
        return fail_limit(r, at, "columns", MATCH_COLUMNS_MAX, err);
    c->columns[c->column_count] = name;
    *out = c->column_count++;
    return OK;
}

static Status read_field_columns(const Reader *r, const Toml *t, FieldSpec *f, Error *err)
{
    Slice names[MATCH_ALIASES_MAX];
    uint32_t count = 0;
    if (toml_get(t, "column") && toml_get(t, "columns"))
        return fail_key(r, t, "column", "stands beside columns: one of the two", err);
    if (toml_get(t, "columns"))
        TRY(texts(r, t, "columns", names, MATCH_ALIASES_MAX, &count, err));
    else {
        TRY(text_required(r, t, "column", &names[0], err));
        count = 1;
    }
    for (uint32_t i = 0; i < count; i++)
        TRY(column_number(r, t, names[i], &f->columns[i], err));
    f->column_count = count;
    return OK;
}

static Status read_levels(const Reader *r, const Toml *t, FieldSpec *f, Error *err)
{
    static const char *const keys[] = {"name", "when", NULL};
    const Toml *m = NULL;
    LevelSpec *levels = NULL;
    uint32_t count = 0;
    /* missing and "differs" come by themselves */
    TRY(tables(r, t, "level", MATCH_LEVELS_MAX - 2, &m, err));
    if (!m)
        return OK;
    TRY(arena_new(r->arena, LevelSpec, MATCH_LEVELS_MAX, &levels, err));
    for (; m; m = m->next) {
        LevelSpec *level = &levels[count];
        TRY(toml_only(m, r->file, keys, err));
        TRY(text_required(r, m, "name", &level->name, err));
        TRY(text_required(r, m, "when", &level->when, err));
        if (!is_plain_name(level->name))
            return fail_key(r, m, "name", "must be a word of a-z, 0-9 and _", err);
        if (slice_eq_z(level->name, "missing") || slice_eq_z(level->name, "differs"))
            return fail_key(r, m, "name", "is one of the two levels that every field has: missing, differs", err);
        for (uint32_t i = 0; i < count; i++)
            if (slice_eq(levels[i].name, level->name))
                return fail_key(r, m, "name", "names a second level of the field the same", err);
        count++;
    }
    f->levels = levels;
    f->level_count = count;
    return OK;
}

static Status read_kind(const Reader *r, const Toml *t, FieldKind *out, Error *err)
{
    Slice kind;
    TRY(text_required(r, t, "kind", &kind, err));
    for (unsigned k = 0; k < FIELD_KIND_COUNT; k++)
        if (slice_eq_z(kind, field_kind_name((FieldKind)k))) {
            *out = (FieldKind)k;
            return OK;
        }
    TRY(fail_key(r, toml_get(t, "kind"), "kind", "is no kind of field", err));
    return OK;
}

static Status read_field(const Reader *r, const Toml *t, Error *err)
{
    static const char *const keys[] = {"name", "kind", "column", "columns", "combine", "swap_with", "term_frequency",
        "shared", "neutral", "neutral_beside", "level", NULL};
    MatchConfig *c = r->config;
    FieldSpec *f = &c->fields[c->field_count];
    memset(f, 0, sizeof *f);
    f->swap_with = MATCH_NONE;
    TRY(toml_only(t, r->file, keys, err));
    TRY(read_kind(r, t, &f->kind, err));
    TRY(text_or_empty(r, t, "name", &f->name, err));
    if (f->name.len == 0)
        f->name = slice_of(field_kind_name(f->kind));
    if (!is_plain_name(f->name))
        return fail_key(r, t, "name", "must be a word of a-z, 0-9 and _, at most 40", err);
    if (field_by_name(c, f->name) != MATCH_NONE)
        return fail_key(r, t, "name", "names a second field the same", err);
    TRY(read_field_columns(r, t, f, err));
    TRY(toml_bool_or(t, r->file, "combine", false, &f->combine, err));
    if (f->combine && f->column_count < 2)
        return fail_key(r, toml_get(t, "combine"), "combine", "needs several columns", err);
    TRY(toml_bool_or(t, r->file, "term_frequency", field_kind_term_frequency(f->kind), &f->term_frequency, err));
    TRY(toml_bool_or(t, r->file, "shared", field_kind_shared(f->kind), &f->shared, err));
    TRY(read_levels(r, t, f, err));
    TRY(text_or_empty(r, t, "neutral", &f->neutral, err));
    if (f->neutral.len && !f->levels)
        return fail_key(r, toml_get(t, "neutral"), "neutral", "belongs to a field with levels of its own", err);
    c->field_count++;
    return OK;
}

static Status read_swap(const Reader *r, const Toml *t, FieldSpec *f, Error *err)
{
    Slice other;
    TRY(text_or_empty(r, t, "swap_with", &other, err));
    if (other.len == 0)
        return OK;
    const Toml *at = toml_get(t, "swap_with");
    f->swap_with = field_by_name(r->config, other);
    if (f->swap_with == MATCH_NONE)
        return fail_key(r, at, "swap_with", "names no field", err);
    if (&r->config->fields[f->swap_with] == f)
        return fail_key(r, at, "swap_with", "names the field itself", err);
    return OK;
}

static Status read_beside(const Reader *r, const Toml *t, FieldSpec *f, Error *err)
{
    const Toml *names;
    TRY(toml_array(t, r->file, "neutral_beside", &names, err));
    for (const Toml *at = names ? names->first : NULL; at; at = at->next) {
        uint32_t other = at->type == TOML_STRING ? field_by_name(r->config, at->string) : MATCH_NONE;
        if (other == MATCH_NONE)
            return fail_key(r, at, "neutral_beside", "names no field", err);
        f->neutral_beside |= UINT32_C(1) << other;
    }
    return OK;
}

static Status read_fields(const Reader *r, const Toml *root, Error *err)
{
    const Toml *first = NULL;
    TRY(tables(r, root, "field", MATCH_FIELDS_MAX, &first, err));
    if (!first)
        return fail_key(r, root, "field", "is missing: at least one [[field]] is needed", err);
    for (const Toml *t = first; t; t = t->next)
        TRY(read_field(r, t, err));
    uint32_t f = 0;
    for (const Toml *t = first; t; t = t->next) {
        TRY(read_swap(r, t, &r->config->fields[f], err));
        TRY(read_beside(r, t, &r->config->fields[f++], err));
    }
    return OK;
}

/* --- passes ---------------------------------------------------------------------------------------------------- */

static bool takes_length(KeyTransform transform)
{
    return transform == KEY_PREFIX || transform == KEY_SUFFIX || transform == KEY_QGRAM;
}

/* "postal_code", "birth_date:year", "first_name:prefix3" */
static Status read_key(const Reader *r, const Toml *at, Slice text, KeyPart *out, Error *err)
{
    Slice rest = text;
    Slice field = slice_cut(&rest, ':');
    memset(out, 0, sizeof *out);
    out->field = field_by_name(r->config, field);
    if (out->field == MATCH_NONE)
        return fail_key(r, at, "keys", "names no field", err);
    if (!rest.ptr)
        return OK;
    size_t word = rest.len;
    while (word > 0 && rest.ptr[word - 1] >= '0' && rest.ptr[word - 1] <= '9')
        word--;
    Slice name = slice_sub(rest, 0, word), digits = slice_sub(rest, word, rest.len);
    unsigned k = 0;
    while (k < KEY_TRANSFORM_COUNT && !slice_eq_z(name, key_transform_name((KeyTransform)k)))
        k++;
    if (k == KEY_TRANSFORM_COUNT)
        return fail_key(r, at, "keys", "names no way to make a key of a value", err);
    out->transform = (KeyTransform)k;
    if ((digits.len > 0) != takes_length(out->transform))
        return fail_key(r, at, "keys", "prefix, suffix and qgram take a number, as in prefix3; the others none", err);
    if (digits.len == 0)
        return OK;
    uint64_t length = 0;
    if (digits.len > 2 || parse_u64(digits, &length, NULL) != OK || length < 1 || length > 32)
        return fail_key(r, at, "keys", "the number must be from 1 to 32", err);
    out->length = (uint32_t)length;
    return OK;
}

static Status read_pass(const Reader *r, const Toml *t, Error *err)
{
    static const char *const keys[] = {"name", "keys", "window", NULL};
    MatchConfig *c = r->config;
    PassSpec *p = &c->passes[c->pass_count];
    Slice parts[MATCH_KEY_PARTS_MAX];
    uint64_t window = 0;
    memset(p, 0, sizeof *p);
    TRY(toml_only(t, r->file, keys, err));
    TRY(text_or_empty(r, t, "name", &p->name, err));
    TRY(texts(r, t, "keys", parts, MATCH_KEY_PARTS_MAX, &p->part_count, err));
    if (p->part_count == 0)
        return fail_key(r, t, "keys", "is missing", err);
    for (uint32_t i = 0; i < p->part_count; i++)
        TRY(read_key(r, toml_get(t, "keys"), parts[i], &p->parts[i], err));
    TRY(count_or(r, t, "window", 0, 1000, &window, err));
    p->window = (uint32_t)window;
    if (p->name.len == 0) {
        Buf text;
        buf_init(&text, 0);
        match_pass_describe(c, p, &text);
        Status st = buf_status(&text, err);
        if (st == OK)
            st = arena_dup(r->arena, buf_slice(&text), &p->name, err);
        buf_free(&text);
        TRY(st);
    }
    for (uint32_t i = 0; i < c->pass_count; i++)
        if (slice_eq(c->passes[i].name, p->name))
            return fail_key(r, t, "pass", "is there twice", err);
    c->pass_count++;
    return OK;
}

/* --- sources, rules -------------------------------------------------------------------------------------------- */

/* The trait that a key names; no such key: *out stays. */
static Status trait_number(const Reader *r, const Toml *t, const char *key, uint32_t *out, Error *err)
{
    MatchConfig *c = r->config;
    Slice trait;
    TRY(text_or_empty(r, t, key, &trait, err));
    if (trait.len == 0)
        return OK;
    for (uint32_t i = 0; i < c->trait_count; i++)
        if (slice_eq(c->traits[i], trait)) {
            *out = i;
            return OK;
        }
    return fail_key(r, toml_get(t, key), key, "is not in the list traits", err);
}

/* What more there is to say of some of the traits. */
static Status read_traits(const Reader *r, const Toml *root, Error *err)
{
    static const char *const keys[] = {"name", "within", NULL};
    MatchConfig *c = r->config;
    const Toml *t = NULL;
    TRY(texts(r, root, "traits", c->traits, MATCH_TRAITS_MAX, &c->trait_count, err));
    TRY(tables(r, root, "trait", MATCH_TRAITS_MAX, &t, err));
    for (; t; t = t->next) {
        uint32_t part = MATCH_NONE, whole = MATCH_NONE;
        TRY(toml_only(t, r->file, keys, err));
        TRY(trait_number(r, t, "name", &part, err));
        TRY(trait_number(r, t, "within", &whole, err));
        if (part == MATCH_NONE || whole == MATCH_NONE)
            return fail_key(r, t, part == MATCH_NONE ? "name" : "within", "is missing", err);
        if (c->trait_within[part])
            return fail_key(r, t, "name", "names a trait that is part of one already", err);
        c->trait_within[part] = whole + 1;
    }
    return OK;
}

static Status read_source(const Reader *r, const Toml *t, SourceSpec *s, Error *err)
{
    memset(s, 0, sizeof *s);
    TRY(toml_bool_or(t, r->file, "unique", false, &s->unique, err));
    TRY(toml_bool_or(t, r->file, "dedupe", !s->unique, &s->dedupe, err));
    if (s->unique && s->dedupe)
        return fail_key(r, t, "dedupe", "contradicts unique: who is nowhere twice has no duplicates", err);
    return trait_number(r, t, "trait", &s->trait, err);
}

static Status read_sources(const Reader *r, const Toml *root, Error *err)
{
    static const char *const keys[] = {"name", "unique", "dedupe", "trait", NULL};
    MatchConfig *c = r->config;
    const Toml *t = NULL;
    TRY(tables(r, root, "dataset", MATCH_SOURCES_MAX, &t, err));
    for (; t; t = t->next) {
        SourceSpec *s = &c->sources[c->source_count];
        Slice name;
        TRY(toml_only(t, r->file, keys, err));
        TRY(text_required(r, t, "name", &name, err));
        TRY(read_source(r, t, s, err));
        s->name = name;
        for (uint32_t i = 0; i < c->source_count; i++)
            if (slice_eq(c->sources[i].name, name))
                return fail_key(r, t, "name", "names a second source the same", err);
        c->source_count++;
    }
    return OK;
}

static Status read_rules(const Reader *r, const Toml *root, Error *err)
{
    static const char *const keys[] = {"name", "effect", "when", NULL};
    MatchConfig *c = r->config;
    const Toml *t = NULL;
    TRY(tables(r, root, "rule", MATCH_RULES_MAX, &t, err));
    for (; t; t = t->next) {
        RuleSpec *rule = &c->rules[c->rule_count];
        Slice effect;
        memset(rule, 0, sizeof *rule);
        TRY(toml_only(t, r->file, keys, err));
        TRY(text_required(r, t, "name", &rule->name, err));
        TRY(text_required(r, t, "effect", &effect, err));
        TRY(text_required(r, t, "when", &rule->when, err));
        if (slice_eq_z(effect, "must"))
            rule->effect = RULE_MUST;
        else if (slice_eq_z(effect, "must_not"))
            rule->effect = RULE_MUST_NOT;
        else
            return fail_key(r, toml_get(t, "effect"), "effect", "must be \"must\" or \"must_not\"", err);
        for (uint32_t i = 0; i < c->rule_count; i++)
            if (slice_eq(c->rules[i].name, rule->name))
                return fail_key(r, t, "name", "names a second rule the same", err);
        c->rule_count++;
    }
    return OK;
}

/* --- input ----------------------------------------------------------------------------------------------------- */

static Status read_input(const Reader *r, const Toml *root, Error *err)
{
    static const char *const keys[] = {
        "id", "source", "truth", "nicknames", "missing", "unique", "dedupe", "trait", NULL};
    MatchInput *in = r->input;
    const Toml *t = NULL;
    in->other.dedupe = true;
    TRY(toml_table(root, r->file, "input", &t, err));
    if (t) {
        TRY(toml_only(t, r->file, keys, err));
        TRY(text_or_empty(r, t, "id", &in->id, err));
        TRY(text_or_empty(r, t, "source", &in->source, err));
        TRY(text_or_empty(r, t, "truth", &in->truth, err));
        TRY(text_or_empty(r, t, "nicknames", &in->nicknames, err));
        TRY(texts(r, t, "missing", in->missing, MATCH_MISSING_MAX, &in->missing_count, err));
        TRY(read_source(r, t, &in->other, err));
    }
    return OK;
}

/* --- who is left over ------------------------------------------------------------------------------------------- */

static Status read_left(const Reader *r, const Toml *root, Error *err)
{
    static const char *const keys[] = {"field", "step", NULL};
    MatchConfig *c = r->config;
    const Toml *t = NULL;
    Slice field;
    uint64_t step = 1;
    TRY(toml_table(root, r->file, "left_over", &t, err));
    if (!t)
        return OK;
    TRY(toml_only(t, r->file, keys, err));
    TRY(text_required(r, t, "field", &field, err));
    TRY(count_or(r, t, "step", 1, 1000000, &step, err));
    c->left_field = field_by_name(c, field);
    if (c->left_field == MATCH_NONE)
        return fail_key(r, toml_get(t, "field"), "field", "names no field", err);
    if (c->fields[c->left_field].kind != FIELD_NUMBER)
        return fail_key(r, toml_get(t, "field"), "field", "must name a field of kind number", err);
    c->left_step = (uint32_t)step;
    return OK;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static Status read_limits(const Reader *r, const Toml *root, Error *err)
{
    MatchConfig *c = r->config;
    uint64_t block = c->block_max;
    TRY(toml_bool_or(root, r->file, "link_sources", c->link_sources, &c->link_sources, err));
    TRY(probability_or(r, root, "match_from", &c->match_from, err));
    /* a match threshold that is set below the default of the others takes them along */
    if (c->review_from > c->match_from)
        c->review_from = c->match_from;
    TRY(probability_or(r, root, "review_from", &c->review_from, err));
    if (c->keep_from > c->review_from)
        c->keep_from = c->review_from;
    TRY(probability_or(r, root, "keep_from", &c->keep_from, err));
    if (c->review_from > c->match_from)
        return fail_key(r, toml_get(root, "review_from"), "review_from", "must not be above match_from", err);
    if (c->keep_from > c->review_from)
        return fail_key(r, toml_get(root, "keep_from"), "keep_from", "must not be above review_from", err);
    TRY(count_or(r, root, "pairs_max", 1, INT64_C(1) << 50, &c->pairs_max, err));
    TRY(count_or(r, root, "block_max", 2, 1000000, &block, err));
    TRY(count_or(r, root, "seed", 0, INT64_MAX, &c->seed, err));
    c->block_max = (uint32_t)block;
    return OK;
}

static Status read_root(const Reader *r, const Toml *root, Error *err)
{
    static const char *const keys[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "authority", "link_sources", "match_from", "review_from", "keep_from", "pairs_max", "block_max",
        "seed", "traits", "trait", "input", "field", "pass", "dataset", "rule", "left_over", NULL};
    const Toml *t = NULL;
    TRY(toml_only(root, r->file, keys, err));
    TRY(read_limits(r, root, err));
    TRY(read_fields(r, root, err));
    TRY(tables(r, root, "pass", MATCH_PASSES_MAX, &t, err));
    for (; t; t = t->next)
        TRY(read_pass(r, t, err));
    TRY(read_traits(r, root, err));
    TRY(read_sources(r, root, err));
    TRY(read_rules(r, root, err));
    TRY(read_left(r, root, err));
    return read_input(r, root, err);
}

Status match_config_parse(Slice toml, const char *file, Arena *arena, MatchConfig *out, MatchInput *input, Error *err)
{
    MatchInput unused;
    Reader r = {.file = file, .arena = arena, .config = out, .input = input ? input : &unused};
    const Toml *root = NULL;
    match_config_init(out);
    memset(r.input, 0, sizeof *r.input);
    TRY(toml_parse(toml, file, arena, &root, err));
    return read_root(&r, root, err);
}
