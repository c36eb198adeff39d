/* What a script says, for readers: line by line the words, what the block behind them is, and who says so. */
#include "cohort/cohort_parts.h"

enum { WIDTH = 108 };

/* Words to lines of at most WIDTH, each after `indent` blanks. */
static void add_wrapped(Buf *out, size_t indent, Slice text)
{
    size_t column = 0;
    for (Slice rest = text; rest.ptr;) {
        Slice word = slice_cut(&rest, ' ');
        if (word.len == 0)
            continue;
        if (column > 0 && indent + column + 1 + word.len > WIDTH) {
            buf_addc(out, '\n');
            column = 0;
        }
        if (column == 0)
            buf_pad(out, ' ', indent);
        buf_addf(out, "%s%.*s", column ? " " : "", SLICE_ARG(word));
        column += word.len + (column > 0);
    }
    buf_addc(out, '\n');
}

static void add_block(Buf *out, const Block *b)
{
    Buf text;
    buf_init(&text, 0);
    buf_addf(&text, "%.*s", SLICE_ARG(b->definition));
    add_wrapped(out, 10, buf_slice(&text));
    buf_reset(&text);
    buf_addf(&text, "(%.*s, %.*s: %.*s)", SLICE_ARG(b->name), SLICE_ARG(b->status), SLICE_ARG(b->source));
    add_wrapped(out, 10, buf_slice(&text));
    if (text.status != OK)
        out->status = text.status;
    buf_free(&text);
}

static void add_value(Buf *out, const Param *p, const ParamValue *v)
{
    if (p->type == PARAM_YEARS && v->from == YEAR_MIN && v->to == YEAR_MAX)
        buf_adds(out, "all");
    else if (p->type == PARAM_YEARS && v->from != v->to)
        buf_addf(out, "%" PRId64 " to %" PRId64, v->from, v->to);
    else if (p->type == PARAM_YEARS || p->type == PARAM_INTEGER)
        buf_add_i64(out, v->from);
    for (size_t i = 0; i < v->count; i++)
        buf_addf(out, "%s%.*s", i ? ", " : "", SLICE_ARG(v->items[i]));
}

static void add_line(Buf *out, const PlanLine *l)
{
    const Said *s = &l->said;
    buf_addf(out, "%-9.*s %.*s\n", SLICE_ARG(s->line->keyword), SLICE_ARG(s->line->text));
    add_block(out, s->block);
    for (size_t i = 0; i < s->block->param_count; i++) {
        buf_addf(out, "          %.*s = ", SLICE_ARG(s->block->params[i].name));
        add_value(out, &s->block->params[i], &s->values[i]);
        buf_addf(out, " (%.*s)\n", SLICE_ARG(s->block->params[i].text));
    }
}

static void add_question(Buf *out, const CohortPlan *p)
{
    static const char *const asks[MEASURE_KIND_COUNT] = {
        [MEASURE_RATE] = "How many percent of those counted are reached?",
        [MEASURE_MEDIAN] = "What is the middle value of those counted who have one, with the 25th and 75th percentile?",
        [MEASURE_MEAN] = "What is the mean of those counted who have a value?",
        [MEASURE_COUNT] = "How many are counted?",
        [MEASURE_RATIO] = "How much is there for each unit of what it is divided by?",
        [MEASURE_DISTRIBUTION] = "Of those counted, how many percent fall into each category?",
    };
    const Block *b = p->reached->said.block;
    buf_addf(out, "%.*s\n%s In %.*s.\n", SLICE_ARG(p->title), asks[p->figure], SLICE_ARG(b->unit));
    if (p->note.len > 0)
        buf_addf(out, "%.*s\n", SLICE_ARG(p->note));
    buf_addc(out, '\n');
}

static void add_rest(Buf *out, const CohortPlan *p)
{
    buf_addf(out, "%-9s %.*s\n          %.*s\n", "from", SLICE_ARG(p->from->name), SLICE_ARG(p->from->text));
    for (size_t i = 1; i < p->by_count; i++) {
        buf_addf(out, "%-9s ", "by");
        for (size_t k = 0; k < p->by[i].count; k++)
            buf_addf(out, "%s%.*s", k ? ", " : "", SLICE_ARG(p->by[i].names[k]));
        buf_addc(out, '\n');
    }
    buf_addf(out, "%-9s %.*s (known by %.*s at the finest)\n", "level",
        SLICE_ARG(p->level.len ? p->level : SLICE("state")), SLICE_ARG(p->who->said.block->level));
    if (p->minimum > 0)
        buf_addf(out, "%-9s %" PRId64 ": figures of fewer persons are marked small\n", "minimum", p->minimum);
    buf_adds(out, "\nWhom a line \"and\" is not true of is no part of the cohort. Whom a line \"not\" is true of is "
                  "left out, and "
                  "counted as\nleft out. Whom a line \"counted\" is not true of stays in the base, but not in the "
                  "denominator.\n");
}

Status cohort_explain(const Cohort *c, Buf *out, Error *err)
{
    add_question(out, c->plan);
    for (size_t i = 0; i < c->plan->line_count; i++)
        add_line(out, &c->plan->lines[i]);
    add_rest(out, c->plan);
    for (size_t i = 0; i < c->warning_count; i++)
        buf_addf(out, "note: %.*s\n", SLICE_ARG(c->warnings[i]));
    buf_addf(out, "\nscript sha256 %s\nblocks sha256 %s\n", c->script_sha256, c->blocks_sha256);
    for (size_t i = 0; i < c->version_count; i++) {
        char from[11];
        date_print(c->figures[i].file->effective_from, from);
        buf_addf(out, "\nSQL, for years from %s\n%.*s\n", from, SLICE_ARG(c->figures[i].sql));
    }
    return buf_status(out, err);
}

/* --- blocks --- */

static void block_text(const Block *b, Buf *out)
{
    buf_addf(out, "%-8s %.*s\n", block_kind_names[b->kind], SLICE_ARG(b->phrase));
    add_block(out, b);
    for (size_t i = 0; i < b->param_count; i++) {
        const Param *p = &b->params[i];
        buf_addf(out, "          {%.*s} ", SLICE_ARG(p->name));
        param_describe(p, out);
        if (p->has_default) {
            const ParamValue fallback = {.from = p->type == PARAM_YEARS ? YEAR_MIN : p->number,
                .to = YEAR_MAX,
                .items = p->defaults,
                .count = p->default_count};
            buf_adds(out, "; else ");
            add_value(out, p, &fallback);
        }
        buf_adds(out, "\n");
    }
    for (size_t i = 0; i < b->anchor_count; i++)
        buf_addf(out, "          from %.*s: %.*s\n", SLICE_ARG(b->anchors[i].name), SLICE_ARG(b->anchors[i].text));
    buf_adds(out, "\n");
}

static void list_json(Json *j, const char *key, const Slice *items, size_t count)
{
    json_key(j, key);
    json_open_array(j);
    for (size_t i = 0; i < count; i++)
        json_str(j, items[i]);
    json_end(j);
}

static void param_json(const Param *p, Json *j)
{
    json_open_object(j);
    json_kstr(j, "name", p->name);
    json_kstr(j, "type", slice_of(param_type_names[p->type]));
    json_kstr(j, "text", p->text);
    if (p->type == PARAM_INTEGER) {
        json_kint(j, "min", p->min);
        json_kint(j, "max", p->max);
        if (p->at_most.len > 0)
            json_kstr(j, "at_most", p->at_most);
        if (p->has_default)
            json_kint(j, "default", p->number);
    } else if (p->type == PARAM_CODE || p->type == PARAM_CODES) {
        list_json(j, "values", p->values, p->value_count);
        list_json(j, "default", p->defaults, p->default_count);
    } else if (p->type == PARAM_TEXTS) {
        json_kstr(j, "characters", p->characters);
        json_kint(j, "min_length", p->min_length);
        json_kint(j, "max_length", p->max_length);
    }
    json_end(j);
}

static void block_json(const Block *b, Json *j)
{
    json_open_object(j);
    json_kstr(j, "name", b->name);
    json_kstr(j, "kind", slice_of(block_kind_names[b->kind]));
    json_kstr(j, "phrase", b->phrase);
    json_kstr(j, "definition", b->definition);
    json_kstr(j, "status", b->status);
    json_kstr(j, "source", b->source);
    json_kstr(j, "file", slice_of(b->file->path));
    json_key(j, "parameters");
    json_open_array(j);
    for (size_t i = 0; i < b->param_count; i++)
        param_json(&b->params[i], j);
    json_end(j);
    json_key(j, "from");
    json_open_array(j);
    for (size_t i = 0; i < b->anchor_count; i++)
        json_str(j, b->anchors[i].name);
    json_end(j);
    json_end(j);
}

typedef void (*BlockFn)(void *ctx, const Block *b);

static Status each_block(Policy *policy, Date today, Slice name, BlockFn fn, void *ctx, Error *err)
{
    Arena arena;
    BlockSets sets = {0};
    bool found = false;
    arena_init(&arena, 0);
    Status st = blocksets_read(policy, &arena, &sets, err);
    const BlockSet *set = st == OK ? blockset_on(&sets, today) : NULL;
    for (int kind = 0; set && kind < BLOCK_KIND_COUNT; kind++) {
        for (size_t i = 0; i < set->count; i++) {
            const Block *b = set->at[i];
            if (b->kind != (BlockKind)kind || (name.len > 0 && !slice_eq(b->name, name)))
                continue;
            found = true;
            fn(ctx, b);
        }
    }
    if (st == OK && !found)
        st = error_set(err, ERR_NOT_FOUND, "there is no block \"%.*s\" in force", SLICE_ARG(name));
    vec_free(&sets);
    arena_free(&arena);
    return st;
}

static void tell_text(void *ctx, const Block *b)
{
    block_text(b, ctx);
}

static void tell_json(void *ctx, const Block *b)
{
    block_json(b, ctx);
}

Status cohort_blocks_text(Policy *policy, Date today, Slice name, Buf *out, Error *err)
{
    TRY(each_block(policy, today, name, tell_text, out, err));
    return buf_status(out, err);
}

Status cohort_blocks_json(Policy *policy, Date today, Slice name, Json *out, Error *err)
{
    json_key(out, "blocks");
    json_open_array(out);
    Status st = each_block(policy, today, name, tell_json, out, err);
    json_end(out);
    return st;
}
