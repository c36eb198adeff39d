/*
 * Blocks of a policy file to structs. What would only be found when a script uses a block is found here: a phrase that
 * names a parameter which is none, an optional part that begins like another, a parameter without a default in it,
 * words and characters that could be more than a value.
 */
#include "cohort/cohort_parts.h"

const char *const block_kind_names[BLOCK_KIND_COUNT] = {"entry", "trait", "outcome"};
const char *const param_type_names[PARAM_TYPE_COUNT] = {"integer", "years", "code", "codes", "texts"};

static bool is_name(Slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || s.ptr[i] == '_' || (i > 0 && s.ptr[i] >= '0' && s.ptr[i] <= '9')))
            return false;
    return s.len > 0 && s.len <= 40;
}

/* A word of a script: what the tokeniser would give back as one. */
static bool is_word(Slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || (s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == '_' ||
                s.ptr[i] == '-' || s.ptr[i] == '.'))
            return false;
    return s.len > 0 && s.len <= WORD_MAX;
}

static Status bad(const Block *b, const char *why, Slice what, Error *err)
{
    return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": block %.*s: %s%.*s", b->file->path, b->line, SLICE_ARG(b->name),
        why, SLICE_ARG(what));
}

static Status read_list(
    const Block *b, const Toml *t, const char *key, Arena *arena, const Slice **out, size_t *count, Error *err)
{
    const Toml *list;
    Slice *items;
    *count = 0;
    TRY(toml_array(t, b->file->path, key, &list, err));
    TRY(arena_new(arena, Slice, list ? list->count + 1 : 1, &items, err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        if (e->type != TOML_STRING)
            return bad(b, "must be a list of texts: ", slice_of(key), err);
        items[(*count)++] = e->string;
    }
    *out = items;
    return OK;
}

/* --- parameters --- */

static Status read_type(const Block *b, const Toml *t, ParamType *out, Error *err)
{
    Slice type;
    TRY(toml_str(t, b->file->path, "type", &type, err));
    for (size_t i = 0; i < PARAM_TYPE_COUNT; i++) {
        if (slice_eq_z(type, param_type_names[i])) {
            *out = (ParamType)i;
            return OK;
        }
    }
    return bad(b, "a parameter's type is integer, years, code, codes or texts, not ", type, err);
}

static Status check_words(const Block *b, const Slice *words, size_t count, Error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!is_word(words[i]))
            return bad(b, "only a-z, 0-9, '_', '-' and '.' may be in a word: ", words[i], err);
    return OK;
}

/* An item of texts must not be able to end a literal, begin a placeholder or look like two words. */
static Status check_characters(const Block *b, const Param *p, Error *err)
{
    if (p->characters.len == 0 || !is_word(p->characters))
        return bad(b, "characters of texts are some of a-z, 0-9, '_', '-' and '.': ", p->name, err);
    if (p->min_length < 1 || p->max_length < p->min_length || p->max_length > WORD_MAX)
        return bad(b, "lengths must be 1 <= min_length <= max_length <= 64: ", p->name, err);
    return OK;
}

/* Which reference list of the policy has the items: whether there is such a list is seen when a script names one. */
static Status read_code_list(const Block *b, const Toml *t, Param *out, Error *err)
{
    const char *file = b->file->path;
    TRY(toml_str_or(t, file, "table", SLICE(""), &out->table, err));
    TRY(toml_str_or(t, file, "column", SLICE(""), &out->column, err));
    TRY(toml_str_or(t, file, "within", SLICE(""), &out->within, err));
    TRY(toml_bool_or(t, file, "partial", false, &out->partial, err));
    if ((out->table.len > 0) != (out->column.len > 0) || (out->table.len == 0 && (out->within.len > 0 || out->partial)))
        return bad(b, "a list has a table and a column: ", out->name, err);
    return OK;
}

static Status read_param(const Block *b, const Toml *t, Arena *arena, Param *out, Error *err)
{
    const char *const allowed[] = {"name", "type", "text", "min", "max", "at_most", "values", "characters",
        "min_length", "max_length", "table", "column", "within", "partial", "default", NULL};
    const char *file = b->file->path;
    *out = (Param){0};
    TRY(toml_only(t, file, allowed, err));
    TRY(toml_str(t, file, "name", &out->name, err));
    TRY(toml_str(t, file, "text", &out->text, err));
    TRY(read_type(b, t, &out->type, err));
    TRY(toml_str_or(t, file, "at_most", SLICE(""), &out->at_most, err));
    if (!is_name(out->name) || slice_eq_z(out->name, "cohort") ||
        toml_get(toml_get(b->file->toml, "parameters"), out->name.ptr))
        return bad(b, "not a name for a parameter, or one that the file has already: ", out->name, err);
    const Toml *fallback = toml_get(t, "default");
    out->has_default = fallback != NULL || out->type == PARAM_YEARS;
    switch (out->type) {
    case PARAM_INTEGER:
        TRY(toml_int(t, file, "min", &out->min, err));
        TRY(toml_int(t, file, "max", &out->max, err));
        TRY(toml_int_or(t, file, "default", out->min, &out->number, err));
        if (out->min > out->max || out->number < out->min || out->number > out->max)
            return bad(b, "min <= default <= max does not hold: ", out->name, err);
        break;
    case PARAM_YEARS:
        if (fallback)
            return bad(b, "years have no default but all: ", out->name, err);
        break;
    case PARAM_CODE:
    case PARAM_CODES:
        TRY(read_list(b, t, "values", arena, &out->values, &out->value_count, err));
        TRY(read_list(b, t, "default", arena, &out->defaults, &out->default_count, err));
        if (out->value_count == 0 || (fallback && out->default_count == 0) ||
            (out->type == PARAM_CODE && out->default_count > 1))
            return bad(b, "needs values, and one default if it is a code: ", out->name, err);
        TRY(check_words(b, out->values, out->value_count, err));
        TRY(check_words(b, out->defaults, out->default_count, err));
        break;
    case PARAM_TEXTS:
        TRY(toml_str(t, file, "characters", &out->characters, err));
        TRY(toml_int(t, file, "min_length", &out->min_length, err));
        TRY(toml_int(t, file, "max_length", &out->max_length, err));
        TRY(check_characters(b, out, err));
        TRY(read_code_list(b, t, out, err));
        if (fallback)
            return bad(b, "texts have no default: ", out->name, err);
        break;
    case PARAM_TYPE_COUNT:
        break;
    }
    return OK;
}

const Param *block_param(const Block *b, Slice name)
{
    for (size_t i = 0; i < b->param_count; i++)
        if (slice_eq(b->params[i].name, name))
            return &b->params[i];
    return NULL;
}

static Status check_at_most(const Block *b, const Param *p, Error *err)
{
    const Param *other = block_param(b, p->at_most);
    if (p->at_most.len > 0 && (!other || other == p || p->type != PARAM_INTEGER || other->type != PARAM_INTEGER))
        return bad(b, "at_most names another whole number of the block: ", p->name, err);
    return OK;
}

static Status check_within(const Block *b, const Param *p, Error *err)
{
    const Param *other = block_param(b, p->within);
    if (p->within.len > 0 && (!other || other == p || other->column.len == 0))
        return bad(b, "within names another parameter with a list: ", p->name, err);
    return OK;
}

static Status read_params(const Toml *t, Arena *arena, Block *b, Error *err)
{
    const Toml *list;
    TRY(toml_array(t, b->file->path, "param", &list, err));
    if (list && list->count > PARAMS_MAX)
        return bad(b, "has too many parameters", SLICE(""), err);
    TRY(arena_new(arena, Param, list ? list->count + 1 : 1, &b->params, err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        TRY(read_param(b, e, arena, &b->params[b->param_count], err));
        for (size_t i = 0; i < b->param_count; i++)
            if (slice_eq(b->params[i].name, b->params[b->param_count].name))
                return bad(b, "has a parameter twice: ", b->params[i].name, err);
        b->param_count++;
    }
    for (size_t i = 0; i < b->param_count; i++)
        TRY(check_at_most(b, &b->params[i], err));
    for (size_t i = 0; i < b->param_count; i++)
        TRY(check_within(b, &b->params[i], err));
    return OK;
}

/* --- phrases --- */

static Status read_part(const Block *b, Slice word, PhrasePart *out, Error *err)
{
    *out = (PhrasePart){.word = word};
    if (word.ptr[0] != '{')
        return is_word(word) ? OK : bad(b, "its phrase has a word that no script can have: ", word, err);
    out->word = (Slice){0};
    out->param = block_param(b, slice_sub(word, 1, word.len - 1));
    return out->param && word.ptr[word.len - 1] == '}' ? OK : bad(b, "its phrase names no parameter: ", word, err);
}

static Status read_phrase(const Block *b, Slice text, Arena *arena, Phrase *out, Error *err)
{
    Slice rest = slice_trim(text);
    TRY(arena_new(arena, PhrasePart, rest.len + 1, &out->parts, err));
    out->count = 0;
    while (rest.ptr) {
        Slice word = slice_cut(&rest, ' ');
        if (word.len > 0)
            TRY(read_part(b, word, &out->parts[out->count++], err));
    }
    if (out->count == 0 || out->parts[0].param)
        return bad(b, "a phrase, and each part of it in brackets, begins with a word: ", b->phrase, err);
    return OK;
}

static size_t times_named(const Phrase *p, const Param *param)
{
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++)
        n += p->parts[i].param == param;
    return n;
}

static Status check_phrases(const Block *b, Error *err)
{
    for (size_t i = 0; i < b->param_count; i++) {
        size_t needed = times_named(&b->head, &b->params[i]), optional = 0;
        for (size_t k = 0; k < b->clause_count; k++)
            optional += times_named(&b->clauses[k], &b->params[i]);
        if (needed + optional != 1)
            return bad(b, "its phrase must name each parameter once: ", b->params[i].name, err);
        if (optional && !b->params[i].has_default)
            return bad(b, "a parameter in brackets needs a default: ", b->params[i].name, err);
    }
    for (size_t i = 0; i < b->clause_count; i++)
        for (size_t k = 0; k < i; k++)
            if (slice_eq(b->clauses[i].parts[0].word, b->clauses[k].parts[0].word))
                return bad(b, "two parts in brackets begin alike: ", b->clauses[i].parts[0].word, err);
    return OK;
}

/* "head {a} words [in {years}] [with {types}]": what is in brackets may be left out, and come in any order. */
static Status read_phrases(Block *b, Arena *arena, Error *err)
{
    Slice rest = b->phrase;
    size_t brackets = 0;
    for (size_t i = 0; i < b->phrase.len; i++)
        brackets += b->phrase.ptr[i] == '[';
    if (brackets > CLAUSES_MAX)
        return bad(b, "its phrase has too many brackets", SLICE(""), err);
    TRY(arena_new(arena, Phrase, brackets + 1, &b->clauses, err));
    TRY(read_phrase(b, slice_cut(&rest, '['), arena, &b->head, err));
    while (rest.ptr) {
        Slice part = slice_cut(&rest, '['), after = part;
        Slice clause = slice_cut(&after, ']');
        if (!after.ptr || slice_trim(after).len > 0)
            return bad(b, "brackets of its phrase do not close, or something stands behind them: ", b->phrase, err);
        TRY(read_phrase(b, clause, arena, &b->clauses[b->clause_count++], err));
    }
    return check_phrases(b, err);
}

/* --- blocks --- */

/* Columns that the engine makes itself, or that every block gives. */
static bool is_reserved(Slice column)
{
    static const char *const names[] = {"person", "year", "day", "quarter", "fiscal", "reason"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_eq_z(column, names[i]))
            return true;
    return false;
}

static Status read_anchors(const Toml *t, Arena *arena, Block *b, Error *err)
{
    const char *const allowed[] = {"name", "text", "in_year", NULL};
    const Toml *list;
    TRY(toml_array(t, b->file->path, "anchor", &list, err));
    TRY(arena_new(arena, Anchor, list ? list->count + 1 : 1, &b->anchors, err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        Anchor *a = &b->anchors[b->anchor_count++];
        TRY(toml_only(e, b->file->path, allowed, err));
        TRY(toml_str(e, b->file->path, "name", &a->name, err));
        TRY(toml_str(e, b->file->path, "text", &a->text, err));
        TRY(toml_bool_or(e, b->file->path, "in_year", false, &a->in_year, err));
        if (!is_name(a->name) || is_reserved(a->name))
            return bad(b, "not a name for a day: ", a->name, err);
    }
    if ((b->kind == BLOCK_ENTRY) != (b->anchor_count > 0))
        return bad(b, "an entry, and nothing else, has an anchor: a day from which it may be looked", SLICE(""), err);
    return OK;
}

static Status read_exclusions(const Toml *t, Arena *arena, Block *b, Error *err)
{
    const char *const allowed[] = {"reason", "text", NULL};
    const Toml *list;
    TRY(toml_array(t, b->file->path, "exclusion", &list, err));
    TRY(arena_new(arena, MeasureReason, list ? list->count + 1 : 1, &b->reasons, err));
    for (const Toml *e = list ? list->first : NULL; e; e = e->next) {
        MeasureReason *r = &b->reasons[b->reason_count++];
        TRY(toml_only(e, b->file->path, allowed, err));
        TRY(toml_str(e, b->file->path, "reason", &r->code, err));
        TRY(toml_str(e, b->file->path, "text", &r->text, err));
        if (!is_name(r->code))
            return bad(b, "not a name for a reason: ", r->code, err);
    }
    if (b->reason_count > 0 && b->kind != BLOCK_ENTRY)
        return bad(b, "only an entry leaves persons out by a rule of its own", SLICE(""), err);
    return OK;
}

static Status read_figures(const Toml *t, Arena *arena, Block *b, Error *err)
{
    const Slice *names;
    size_t count;
    TRY(read_list(b, t, "figure", arena, &names, &count, err));
    for (size_t i = 0; i < count && i < MEASURE_KIND_COUNT; i++) {
        size_t k = 0;
        while (k < MEASURE_KIND_COUNT && !slice_eq_z(names[i], measure_kind_names[k]))
            k++;
        if (k == MEASURE_KIND_COUNT)
            return bad(b, "no kind of figure: ", names[i], err);
        b->figures[b->figure_count++] = (MeasureKind)k;
    }
    if ((b->kind == BLOCK_OUTCOME) != (b->figure_count > 0))
        return bad(b, "an outcome, and nothing else, says which figures it gives", SLICE(""), err);
    return OK;
}

static Status read_kind(const Toml *t, Block *b, Error *err)
{
    Slice kind;
    TRY(toml_str(t, b->file->path, "kind", &kind, err));
    for (size_t i = 0; i < BLOCK_KIND_COUNT; i++) {
        if (slice_eq_z(kind, block_kind_names[i])) {
            b->kind = (BlockKind)i;
            return OK;
        }
    }
    return bad(b, "kind is entry, trait or outcome, not ", kind, err);
}

/* A family's rule says everything of the outcome; then there is no SQL, but whose rule and how many quarters after. */
static Status check_family(const Block *b, Error *err)
{
    if (b->family.len == 0)
        return b->sql.len > 0 ? OK : bad(b, "needs sql, or a family of definitions", SLICE(""), err);
    const Param *rule = block_param(b, SLICE("rule")), *quarters = block_param(b, SLICE("quarters"));
    if (b->kind != BLOCK_OUTCOME || b->sql.len > 0 || !rule || rule->type != PARAM_CODE || !quarters ||
        quarters->type != PARAM_INTEGER)
        return bad(b, "an outcome with a family has no sql, a code {rule} and an integer {quarters}", SLICE(""), err);
    return OK;
}

static Status check_columns(const Block *b, Error *err)
{
    for (size_t i = 0; i < b->give_count; i++)
        if (!is_name(b->gives[i]) || is_reserved(b->gives[i]))
            return bad(b, "not a name for a column of its own: ", b->gives[i], err);
    if (b->kind == BLOCK_TRAIT && b->give_count > 0)
        return bad(b, "a trait gives person and year, and says so by nothing", SLICE(""), err);
    return OK;
}

static Status read_block(const PolicyFile *file, const Toml *t, Arena *arena, Block *b, Error *err)
{
    const char *const allowed[] = {"name", "kind", "phrase", "definition", "status", "source", "unit", "level",
        "anchor", "gives", "needs", "exclusion", "figure", "years", "family", "sql", "param", NULL};
    *b = (Block){.file = file, .line = t->line};
    TRY(toml_only(t, file->path, allowed, err));
    TRY(toml_str(t, file->path, "name", &b->name, err));
    TRY(read_kind(t, b, err));
    TRY(toml_str(t, file->path, "phrase", &b->phrase, err));
    TRY(toml_str(t, file->path, "definition", &b->definition, err));
    TRY(toml_str(t, file->path, "status", &b->status, err));
    TRY(toml_str(t, file->path, "source", &b->source, err));
    TRY(toml_str_or(t, file->path, "unit", SLICE("percent"), &b->unit, err));
    TRY(toml_str_or(t, file->path, "level", SLICE("state"), &b->level, err));
    TRY(toml_str_or(t, file->path, "family", SLICE(""), &b->family, err));
    TRY(toml_str_or(t, file->path, "sql", SLICE(""), &b->sql, err));
    TRY(toml_str_or(t, file->path, "years", SLICE(""), &b->years_sql, err));
    TRY(read_list(b, t, "needs", arena, &b->needs, &b->need_count, err));
    TRY(read_list(b, t, "gives", arena, &b->gives, &b->give_count, err));
    if (!is_name(b->name) || slice_trim(b->source).len == 0)
        return bad(b, "needs a name of a-z, 0-9 and '_', and a source", SLICE(""), err);
    if (!slice_eq_z(b->status, "verified") && !slice_eq_z(b->status, "assumed"))
        return bad(b, "status is verified or assumed, not ", b->status, err);
    if (b->years_sql.len > 0 && b->kind != BLOCK_OUTCOME)
        return bad(b, "only an outcome says of which years it can speak", SLICE(""), err);
    TRY(read_params(t, arena, b, err));
    TRY(read_phrases(b, arena, err));
    TRY(read_anchors(t, arena, b, err));
    TRY(read_exclusions(t, arena, b, err));
    TRY(read_figures(t, arena, b, err));
    TRY(check_family(b, err));
    return check_columns(b, err);
}

Status blocks_of_file(const PolicyFile *file, Arena *arena, Block **out, size_t *count, Error *err)
{
    const char *const allowed[] = {"schema", "name", "version", "title", "effective_from", "effective_to", "status",
        "source", "note", "parameters", "fixture", "block", "vector", NULL};
    const Toml *list, *vectors;
    *count = 0;
    TRY(toml_only(file->toml, file->path, allowed, err));
    TRY(toml_array(file->toml, file->path, "block", &list, err));
    TRY(toml_array(file->toml, file->path, "vector", &vectors, err));
    if (!vectors || vectors->count == 0)
        return error_set(err, ERR_INVALID, "%s: blocks need at least one [[vector]]", file->path);
    TRY(arena_new(arena, Block, list ? list->count + 1 : 1, out, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next)
        TRY(read_block(file, t, arena, &(*out)[(*count)++], err));
    return OK;
}

bool block_gives(const Block *b, const char *column)
{
    for (size_t i = 0; i < b->give_count; i++)
        if (slice_eq_z(b->gives[i], column))
            return true;
    return false;
}

void param_describe(const Param *p, Buf *out)
{
    switch (p->type) {
    case PARAM_INTEGER:
        buf_addf(out, "a whole number from %" PRId64 " to %" PRId64, p->min, p->max);
        if (p->at_most.len > 0)
            buf_addf(out, ", at most {%.*s}", SLICE_ARG(p->at_most));
        break;
    case PARAM_YEARS:
        buf_adds(out, "a year or FIRST-LAST");
        break;
    case PARAM_CODE:
    case PARAM_CODES:
        buf_adds(out, p->type == PARAM_CODE ? "one of " : "some of ");
        for (size_t i = 0; i < p->value_count; i++)
            buf_addf(out, "%s%.*s", i ? ", " : "", SLICE_ARG(p->values[i]));
        break;
    case PARAM_TEXTS:
        buf_addf(out, "%.*s: %" PRId64 " to %" PRId64 " of %.*s, several with commas", SLICE_ARG(p->text),
            p->min_length, p->max_length, SLICE_ARG(p->characters));
        break;
    case PARAM_TYPE_COUNT:
        break;
    }
}
