/*
 * A line's words against the phrases of the blocks. Every block is tried; the one whose words they all are is meant.
 * When none is, the error speaks of the place that the best of them came to, and of what any of them would have taken
 * there.
 */
#include "cohort/cohort_parts.h"

typedef struct Stop {       /* where and why a block did not go on */
    size_t at;              /* words taken */
    const PhrasePart *part; /* NULL: it was through, or before a part in brackets */
    uint64_t used;          /* parts in brackets that were taken, a bit each */
} Stop;

static bool parse_number(Slice word, int64_t *out)
{
    return parse_i64(word, out, NULL) == OK;
}

static bool take_integer(const Param *p, Slice word, ParamValue *out)
{
    return parse_number(word, &out->from) && out->from >= p->min && out->from <= p->max;
}

static bool take_years(Slice word, ParamValue *out)
{
    Slice rest = word, first = slice_cut(&rest, '-');
    if (!parse_number(first, &out->from) || (rest.ptr && !parse_number(rest, &out->to)))
        return false;
    if (!rest.ptr)
        out->to = out->from;
    return YEAR_MIN <= out->from && out->from <= out->to && out->to <= YEAR_MAX;
}

static bool is_item(const Param *p, Slice word)
{
    if (p->type == PARAM_TEXTS) {
        for (size_t i = 0; i < word.len; i++)
            if (!memchr(p->characters.ptr, word.ptr[i], p->characters.len))
                return false;
        return (int64_t)word.len >= p->min_length && (int64_t)word.len <= p->max_length;
    }
    for (size_t i = 0; i < p->value_count; i++)
        if (slice_eq(word, p->values[i]))
            return true;
    return false;
}

/* "a", "a, b", "a or b", "a, b or c"; *at is left at the word that does not fit. */
static bool take_items(const Param *p, const ScriptLine *line, size_t *at, Slice *items, size_t *count)
{
    for (*count = 0; *at < line->count && is_item(p, line->words[*at]);) {
        items[(*count)++] = line->words[(*at)++];
        bool more = p->type != PARAM_CODE && *at < line->count &&
                    (slice_eq_z(line->words[*at], ",") || slice_eq_z(line->words[*at], "or"));
        if (!more)
            return true;
        ++*at;
    }
    return false;
}

static Status take_param(
    const Param *p, const ScriptLine *line, size_t *at, Arena *arena, ParamValue *out, bool *taken, Error *err)
{
    Slice *items, found[WORDS_MAX];
    *taken = false;
    if (*at >= line->count)
        return OK;
    if (p->type == PARAM_INTEGER || p->type == PARAM_YEARS) {
        *taken = p->type == PARAM_INTEGER ? take_integer(p, line->words[*at], out) : take_years(line->words[*at], out);
        *at += *taken;
        return OK;
    }
    *taken = take_items(p, line, at, found, &out->count);
    if (!*taken)
        return OK;
    TRY(arena_new(arena, Slice, out->count, &items, err));
    memcpy(items, found, out->count * sizeof *items);
    out->items = items;
    return OK;
}

/* Words from stop->at on as one phrase; stop->part is set when they are not. */
static Status take_phrase(
    const Block *b, const Phrase *p, const ScriptLine *line, Arena *arena, ParamValue *values, Stop *stop, Error *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const PhrasePart *part = &p->parts[i];
        bool taken;
        if (part->param) {
            TRY(take_param(part->param, line, &stop->at, arena, &values[part->param - b->params], &taken, err));
        } else {
            taken = stop->at < line->count && slice_eq(line->words[stop->at], part->word);
            stop->at += taken;
        }
        if (!taken) {
            stop->part = part;
            return OK;
        }
    }
    return OK;
}

static const Phrase *next_clause(const Block *b, const ScriptLine *line, const Stop *stop, size_t *number)
{
    for (size_t i = 0; i < b->clause_count; i++) {
        if (!(stop->used >> i & 1) && slice_eq(line->words[stop->at], b->clauses[i].parts[0].word)) {
            *number = i;
            return &b->clauses[i];
        }
    }
    return NULL;
}

static void fill_defaults(const Block *b, ParamValue *values)
{
    for (size_t i = 0; i < b->param_count; i++) {
        const Param *p = &b->params[i];
        values[i] = p->type == PARAM_YEARS
                        ? (ParamValue){.from = YEAR_MIN, .to = YEAR_MAX}
                        : (ParamValue){.from = p->number, .items = p->defaults, .count = p->default_count};
    }
}

static Status try_block(
    const Block *b, const ScriptLine *line, Arena *arena, ParamValue *values, Stop *stop, bool *whole, Error *err)
{
    *stop = (Stop){0};
    *whole = false;
    fill_defaults(b, values);
    TRY(take_phrase(b, &b->head, line, arena, values, stop, err));
    while (!stop->part && stop->at < line->count) {
        size_t number = 0;
        const Phrase *clause = next_clause(b, line, stop, &number);
        if (!clause)
            return OK;
        stop->used |= UINT64_C(1) << number;
        TRY(take_phrase(b, clause, line, arena, values, stop, err));
    }
    *whole = !stop->part;
    return OK;
}

/* --- the error --- */

typedef VEC(Slice) Words;

static Status add_once(Words *list, Slice word, Error *err)
{
    for (size_t i = 0; i < list->len; i++)
        if (slice_eq(list->at[i], word))
            return OK;
    return vec_push(list, word, err);
}

static Status add_description(Words *list, const Param *p, Arena *arena, Error *err)
{
    Buf text;
    Slice kept;
    if (p->type == PARAM_CODE || p->type == PARAM_CODES) {
        for (size_t i = 0; i < p->value_count; i++)
            TRY(add_once(list, p->values[i], err));
        return OK;
    }
    buf_init(&text, 0);
    param_describe(p, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&text), &kept, err);
    buf_free(&text);
    return st == OK ? add_once(list, kept, err) : st;
}

static Status add_allowed(const Block *b, const Stop *stop, Words *list, Arena *arena, Error *err)
{
    if (stop->part && stop->part->param)
        return add_description(list, stop->part->param, arena, err);
    if (stop->part)
        return add_once(list, stop->part->word, err);
    for (size_t i = 0; i < b->clause_count; i++)
        if (!(stop->used >> i & 1))
            TRY(add_once(list, b->clauses[i].parts[0].word, err));
    return add_once(list, SLICE("the end of the line"), err);
}

/* furthest: words that the best blocks took. */
static Status refuse(const BlockSet *set, unsigned kinds, const char *name, const ScriptLine *line, size_t furthest,
    Arena *arena, Error *err)
{
    ParamValue values[PARAMS_MAX];
    Words allowed = {0};
    Stop stop;
    bool whole;
    Status st = OK;
    for (size_t i = 0; i < set->count; i++) {
        if (!(kinds >> set->at[i]->kind & 1))
            continue;
        TRY_OUT(try_block(set->at[i], line, arena, values, &stop, &whole, err));
        if (stop.at == furthest)
            TRY_OUT(add_allowed(set->at[i], &stop, &allowed, arena, err));
    }
    st = script_refuse(name, line, furthest + 1, "here may stand ", allowed.at, allowed.len, err);
out:
    vec_free(&allowed);
    return st;
}

/* Numbers that contradict each other: so many of fewer. */
static Status check_numbers(const Said *said, const char *name, Error *err)
{
    for (size_t i = 0; i < said->block->param_count; i++) {
        const Param *p = &said->block->params[i], *other = block_param(said->block, p->at_most);
        if (!other || said->values[i].from <= said->values[other - said->block->params].from)
            continue;
        return script_error_at(
            error_set(err, ERR_INVALID, "%" PRId64 " (%.*s) is more than %" PRId64 " (%.*s)", said->values[i].from,
                SLICE_ARG(p->text), said->values[other - said->block->params].from, SLICE_ARG(other->text)),
            name, said->line->line, err);
    }
    return OK;
}

Status phrase_read(
    const BlockSet *set, unsigned kinds, const char *name, const ScriptLine *line, Arena *arena, Said *out, Error *err)
{
    ParamValue values[PARAMS_MAX];
    size_t furthest = 0;
    *out = (Said){.line = line};
    for (size_t i = 0; i < set->count; i++) {
        const Block *b = set->at[i];
        Stop stop;
        bool whole;
        if (!(kinds >> b->kind & 1))
            continue;
        TRY(try_block(b, line, arena, values, &stop, &whole, err));
        furthest = stop.at > furthest ? stop.at : furthest;
        if (!whole)
            continue;
        if (out->block)
            return script_error_at(error_set(err, ERR_INVALID, "blocks %.*s and %.*s both read this line",
                                       SLICE_ARG(out->block->name), SLICE_ARG(b->name)),
                name, line->line, err);
        out->block = b;
        TRY(arena_new(arena, ParamValue, PARAMS_MAX, &out->values, err));
        memcpy(out->values, values, sizeof values);
    }
    return out->block ? check_numbers(out, name, err) : refuse(set, kinds, name, line, furthest, arena, err);
}
