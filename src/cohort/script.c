/*
 * Lines of a script to a plan: which keywords there are, how often each may come, and what must be there. A line's
 * words are phrase.c's.
 */
#include "cohort/cohort_parts.h"

#define KIND_BIT(kind) (1u << (kind))

typedef struct Reader {
    const Slice *splits;
    size_t split_count;
    ScriptLines *lines;
    Arena *arena;
    CohortPlan *plan;
    const ScriptLine *from, *figure, *minimum;
} Reader;

static Status twice(const Reader *r, const ScriptLine *line, Error *err)
{
    return script_error_at(error_set(err, ERR_INVALID, "there can be one line \"%.*s\" only", SLICE_ARG(line->keyword)),
        r->lines->name, line->line, err);
}

static Status refuse(const Reader *r, const ScriptLine *line, size_t word, const char *what, const Slice *allowed,
    size_t count, Error *err)
{
    return script_refuse(r->lines->name, line, word, what, allowed, count, err);
}

static Status one_word(const Reader *r, const ScriptLine *line, const Slice *allowed, size_t count, Error *err)
{
    if (line->count > 1)
        return refuse(r, line, 2, "one word is enough", NULL, 0, err);
    for (size_t i = 0; line->count == 1 && i < count; i++)
        if (slice_eq(line->words[0], allowed[i]))
            return OK;
    return refuse(r, line, 1, "here may stand ", allowed, count, err);
}

/* --- lines of blocks --- */

static Status read_said(Reader *r, const ScriptLine *line, LineKind kind, Error *err)
{
    static const unsigned kinds[] = {
        [LINE_WHO] = KIND_BIT(BLOCK_ENTRY),
        [LINE_AND] = KIND_BIT(BLOCK_ENTRY) | KIND_BIT(BLOCK_TRAIT),
        [LINE_NOT] = KIND_BIT(BLOCK_ENTRY) | KIND_BIT(BLOCK_TRAIT),
        [LINE_COUNTED] = KIND_BIT(BLOCK_ENTRY) | KIND_BIT(BLOCK_TRAIT),
        [LINE_REACHED] = KIND_BIT(BLOCK_OUTCOME) | KIND_BIT(BLOCK_TRAIT),
    };
    CohortPlan *p = r->plan;
    PlanLine *l = &p->lines[p->line_count];
    if ((kind == LINE_WHO && p->who) || (kind == LINE_REACHED && p->reached))
        return twice(r, line, err);
    *l = (PlanLine){.kind = kind};
    TRY(phrase_read(p->set, kinds[kind], r->lines->name, line, r->arena, &l->said, err));
    p->line_count++;
    p->who = kind == LINE_WHO ? l : p->who;
    p->reached = kind == LINE_REACHED ? l : p->reached;
    return OK;
}

/* The code that a figure's exclusions are counted by: the block's name, numbered when it stands in several lines. */
static Status name_reasons(Reader *r, Error *err)
{
    CohortPlan *p = r->plan;
    for (size_t i = 0; i < p->line_count; i++) {
        PlanLine *l = &p->lines[i];
        size_t same = 1;
        if (l->kind != LINE_NOT)
            continue;
        for (size_t k = 0; k < i; k++)
            same += p->lines[k].kind == LINE_NOT && p->lines[k].said.block == l->said.block;
        l->reason = l->said.block->name;
        if (same > 1)
            TRY(arena_format(r->arena, &l->reason, err, "%.*s_%zu", SLICE_ARG(l->said.block->name), same));
    }
    return OK;
}

/* --- the others --- */

static Status read_title(Reader *r, const ScriptLine *line, Error *err)
{
    Slice t = line->text;
    if (r->plan->title.len > 0)
        return twice(r, line, err);
    if (t.len < 3 || t.ptr[0] != '"' || t.ptr[t.len - 1] != '"')
        return script_error_at(
            error_set(err, ERR_INVALID, "the title stands in quotes: cohort \"...\""), r->lines->name, line->line, err);
    r->plan->title = slice_sub(t, 1, t.len - 1);
    return OK;
}

static Status add_split(const Reader *r, const ScriptLine *line, size_t at, MeasureBy *out, Error *err)
{
    bool known = false;
    for (size_t i = 0; at < line->count && i < r->split_count; i++)
        known |= slice_eq(line->words[at], r->splits[i]);
    if (!known)
        return refuse(r, line, at + 1, "a split is one of ", r->splits, r->split_count, err);
    for (size_t i = 0; i < out->count; i++)
        if (slice_eq(out->names[i], line->words[at]))
            return refuse(r, line, at + 1, "this split stands there twice", NULL, 0, err);
    if (out->count == COUNT_OF(out->names))
        return refuse(r, line, at + 1, "at most three splits can be crossed", NULL, 0, err);
    out->names[out->count++] = line->words[at];
    return OK;
}

static Status read_by(Reader *r, const ScriptLine *line, Error *err)
{
    CohortPlan *p = r->plan;
    MeasureBy by = {0};
    if (p->by_count == COUNT_OF(p->by))
        return script_error_at(
            error_set(err, ERR_LIMIT, "at most %d lines \"by\"", BY_LINES_MAX), r->lines->name, line->line, err);
    TRY(add_split(r, line, 0, &by, err));
    for (size_t i = 1; i < line->count; i += 2) {
        if (!slice_eq_z(line->words[i], ","))
            return refuse(r, line, i + 1, "splits are crossed with commas between", NULL, 0, err);
        TRY(add_split(r, line, i + 1, &by, err));
    }
    p->by[p->by_count++] = by;
    return OK;
}

static const Slice level_names[] = {
    SLICE_INIT("state"), SLICE_INIT("county"), SLICE_INIT("district"), SLICE_INIT("school")};

static Status read_level(Reader *r, const ScriptLine *line, Error *err)
{
    if (r->plan->level.len > 0)
        return twice(r, line, err);
    TRY(one_word(r, line, level_names, COUNT_OF(level_names), err));
    r->plan->level = line->words[0];
    return OK;
}

static Status read_minimum(Reader *r, const ScriptLine *line, Error *err)
{
    if (r->minimum)
        return twice(r, line, err);
    r->minimum = line;
    if (line->count != 1 || parse_i64(line->words[0], &r->plan->minimum, NULL) != OK || r->plan->minimum < 1 ||
        r->plan->minimum > 1000000)
        return refuse(r, line, 1, "the minimum is a whole number from 1 to 1000000", NULL, 0, err);
    return OK;
}

static Status keep_line(Reader *r, const ScriptLine *line, const ScriptLine **kept, Error *err)
{
    if (*kept)
        return twice(r, line, err);
    *kept = line;
    return OK;
}

typedef enum Keyword {
    WORD_COHORT,
    WORD_NOTE,
    WORD_WHO,
    WORD_AND,
    WORD_NOT,
    WORD_COUNTED,
    WORD_FROM,
    WORD_REACHED,
    WORD_FIGURE,
    WORD_BY,
    WORD_LEVEL,
    WORD_MINIMUM,
    WORD_COUNT
} Keyword;

static const Slice keywords[WORD_COUNT] = {SLICE_INIT("cohort"), SLICE_INIT("note"), SLICE_INIT("who"),
    SLICE_INIT("and"), SLICE_INIT("not"), SLICE_INIT("counted"), SLICE_INIT("from"), SLICE_INIT("reached"),
    SLICE_INIT("figure"), SLICE_INIT("by"), SLICE_INIT("level"), SLICE_INIT("minimum")};

static Status read_line(Reader *r, const ScriptLine *line, Error *err)
{
    size_t word = 0;
    while (word < WORD_COUNT && !slice_eq(line->keyword, keywords[word]))
        word++;
    switch ((Keyword)word) {
    case WORD_COHORT:
        return read_title(r, line, err);
    case WORD_NOTE:
        if (r->plan->note.len > 0)
            return twice(r, line, err);
        r->plan->note = line->text;
        return OK;
    case WORD_WHO:
        return read_said(r, line, LINE_WHO, err);
    case WORD_AND:
        return read_said(r, line, LINE_AND, err);
    case WORD_NOT:
        return read_said(r, line, LINE_NOT, err);
    case WORD_COUNTED:
        return read_said(r, line, LINE_COUNTED, err);
    case WORD_REACHED:
        return read_said(r, line, LINE_REACHED, err);
    case WORD_FROM:
        return keep_line(r, line, &r->from, err);
    case WORD_FIGURE:
        return keep_line(r, line, &r->figure, err);
    case WORD_BY:
        return read_by(r, line, err);
    case WORD_LEVEL:
        return read_level(r, line, err);
    case WORD_MINIMUM:
        return read_minimum(r, line, err);
    case WORD_COUNT:
        break;
    }
    return refuse(r, line, 0, "a line begins with one of ", keywords, WORD_COUNT, err);
}

/* --- what lines mean together --- */

static Status missing(const Reader *r, const char *what, Error *err)
{
    error_set(err, ERR_INVALID, "the script has no line \"%s\"", what);
    error_at(err, r->lines->name, 0, NULL);
    return ERR_INVALID;
}

/* The day is the first that who gives, or the one named: of who, or of an entry among the lines "and". */
static Status find_from(Reader *r, Error *err)
{
    CohortPlan *p = r->plan;
    Slice names[LINES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < p->line_count; i++) {
        const PlanLine *l = &p->lines[i];
        if (l->kind != LINE_WHO && (l->kind != LINE_AND || l->said.block->kind != BLOCK_ENTRY))
            continue;
        for (size_t a = 0; a < l->said.block->anchor_count && count < LINES_MAX; a++) {
            const Anchor *anchor = &l->said.block->anchors[a];
            bool first = !r->from && l->kind == LINE_WHO && a == 0;
            bool named = r->from && r->from->count == 1 && slice_eq(r->from->words[0], anchor->name);
            names[count++] = anchor->name;
            if (first || (named && (!p->from || l->kind == LINE_WHO))) {
                p->from = anchor;
                p->from_line = l;
            }
        }
    }
    return p->from ? OK : one_word(r, r->from, names, count, err);
}

static Status find_figure(Reader *r, Error *err)
{
    const Block *b = r->plan->reached->said.block;
    Slice names[MEASURE_KIND_COUNT];
    r->plan->figure = b->kind == BLOCK_OUTCOME ? b->figures[0] : MEASURE_RATE;
    if (!r->figure)
        return OK;
    size_t count = b->kind == BLOCK_OUTCOME ? b->figure_count : 1;
    names[0] = SLICE("rate");
    for (size_t i = 0; b->kind == BLOCK_OUTCOME && i < count; i++)
        names[i] = slice_of(measure_kind_names[b->figures[i]]);
    TRY(one_word(r, r->figure, names, count, err));
    for (size_t i = 0; b->kind == BLOCK_OUTCOME && i < count; i++)
        if (slice_eq(r->figure->words[0], names[i]))
            r->plan->figure = b->figures[i];
    return OK;
}

static size_t level_number(Slice level)
{
    size_t i = 0;
    while (i < COUNT_OF(level_names) && !slice_eq(level, level_names[i]))
        i++;
    return i;
}

static Status check_level(const Reader *r, Error *err)
{
    const CohortPlan *p = r->plan;
    const Block *who = p->who->said.block;
    if (level_number(p->level) == COUNT_OF(level_names) || level_number(p->level) <= level_number(who->level))
        return OK;
    error_set(err, ERR_INVALID, "\"%.*s\" is known by %.*s at the finest, not by %.*s",
        SLICE_ARG(p->who->said.line->text), SLICE_ARG(who->level), SLICE_ARG(p->level));
    error_at(err, r->lines->name, 0, NULL);
    return ERR_INVALID;
}

Status script_read(const BlockSet *set, const Slice *splits, size_t split_count, Slice text, const char *name,
    Arena *arena, CohortPlan *out, Error *err)
{
    Reader r = {.splits = splits, .split_count = split_count, .arena = arena, .plan = out};
    *out = (CohortPlan){.set = set, .name = name, .by_count = 1};
    TRY(arena_new(arena, ScriptLines, 1, &r.lines, err));
    TRY(script_lines(text, name, arena, r.lines, err));
    for (size_t i = 0; i < r.lines->count; i++)
        TRY(read_line(&r, &r.lines->at[i], err));
    if (out->title.len == 0)
        return missing(&r, "cohort", err);
    if (!out->who)
        return missing(&r, "who", err);
    if (!out->reached)
        return missing(&r, "reached", err);
    TRY(name_reasons(&r, err));
    TRY(find_from(&r, err));
    TRY(find_figure(&r, err));
    return check_level(&r, err);
}
