/*
 * Expressions of the config: own comparators over two values, hard rules over the
 * levels of a pattern. One grammar; a rule's atoms are comparisons of a field with
 * a level, a comparator's are comparisons of texts and numbers.
 *
 *   or         = and { "or" and }
 *   and        = not { "and" not }
 *   not        = "not" not | comparison
 *   comparison = sum [ ("=" | "<>" | "<" | "<=" | ">" | ">=") sum ]        comparator
 *              | FIELD ("=" | "<>" | "<" | "<=" | ">" | ">=") LEVEL        rule
 *   sum        = primary { ("+" | "-") primary }
 *   primary    = NUMBER | 'TEXT' | "left" | "right" | FUNCTION "(" or { "," or } ")" | "(" or ")" | "-" primary
 *
 * Types are checked when the config is read, so that evaluation cannot fail. A
 * number that a text does not hold is unknown, and every comparison with it is
 * false. Numbers are whole millionths: the same answer on every machine.
 */
#include "kernel/kernel.h"
#include "match/expr_impl.h"

typedef enum Type { TYPE_TRUTH, TYPE_NUMBER, TYPE_TEXT } Type;

typedef enum Op {
    OP_AND,
    OP_OR,
    OP_NOT,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_AT_MOST,
    OP_MORE,
    OP_AT_LEAST,
    OP_ADD,
    OP_SUBTRACT,
    OP_NEGATE,
    OP_NUMBER,
    OP_TEXT,
    OP_LEFT,
    OP_RIGHT,
    OP_LEVELS, /* rule: the field's level is in the mask */
    OP_JARO_WINKLER,
    OP_OSA,
    OP_PREFIX,
    OP_SUFFIX,
    OP_LENGTH,
    OP_TO_NUMBER,
    OP_ABS,
    OP_DAYS,
    OP_YEAR,
    OP_MONTH,
    OP_DAY,
    OP_CONTAINS,
    OP_STARTS,
    OP_PHONETIC
} Op;

struct Expr {
    Op op;
    Type type;
    const Expr *a, *b;
    int64_t number; /* of OP_NUMBER; how many of OP_PREFIX, OP_SUFFIX */
    Slice text;
    uint32_t field; /* of OP_LEVELS */
    uint32_t mask;
};

typedef struct Parser {
    Lexer lexer;
    const MatchConfig *config; /* of a rule */
    Arena *arena;
    uint32_t nodes, depth;
} Parser;

static const char *type_name(Type type)
{
    return type == TYPE_TRUTH ? "a condition" : type == TYPE_NUMBER ? "a number" : "a text";
}

static Status new_node(Parser *p, Op op, Type type, Expr **out, Error *err)
{
    if (++p->nodes > EXPR_NODES_MAX)
        return lexer_error(&p->lexer, p->lexer.token.at, err, "an expression has at most %d parts", EXPR_NODES_MAX);
    TRY(arena_new(p->arena, Expr, 1, out, err));
    (*out)->op = op;
    (*out)->type = type;
    return OK;
}

static Status expect_type(const Parser *p, const Expr *e, Type type, size_t at, Error *err)
{
    if (e->type == type)
        return OK;
    return lexer_error(&p->lexer, at, err, "%s is needed here, and this is %s", type_name(type), type_name(e->type));
}

static Status expect_sign(Parser *p, const char *sign, Error *err)
{
    if (!token_is(&p->lexer, sign))
        return lexer_error(&p->lexer, p->lexer.token.at, err, "'%s' is missing", sign);
    return lexer_next(&p->lexer, err);
}

static Status parse_or(Parser *p, Expr **out, Error *err);

/* --- functions ------------------------------------------------------------------------------------------------ */

typedef struct Function {
    const char *name;
    Op op;
    Type result;
    uint32_t count;
    Type arguments[2];
} Function;

static const Function FUNCTIONS[] = {
    {"jaro_winkler", OP_JARO_WINKLER, TYPE_NUMBER, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"osa", OP_OSA, TYPE_NUMBER, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"prefix", OP_PREFIX, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_NUMBER}},
    {"suffix", OP_SUFFIX, TYPE_TEXT, 2, {TYPE_TEXT, TYPE_NUMBER}},
    {"length", OP_LENGTH, TYPE_NUMBER, 1, {TYPE_TEXT}},
    {"number", OP_TO_NUMBER, TYPE_NUMBER, 1, {TYPE_TEXT}},
    {"abs", OP_ABS, TYPE_NUMBER, 1, {TYPE_NUMBER}},
    {"days", OP_DAYS, TYPE_NUMBER, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"year", OP_YEAR, TYPE_NUMBER, 1, {TYPE_TEXT}},
    {"month", OP_MONTH, TYPE_NUMBER, 1, {TYPE_TEXT}},
    {"day", OP_DAY, TYPE_NUMBER, 1, {TYPE_TEXT}},
    {"contains", OP_CONTAINS, TYPE_TRUTH, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"starts", OP_STARTS, TYPE_TRUTH, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"equal", OP_EQUAL, TYPE_TRUTH, 2, {TYPE_TEXT, TYPE_TEXT}},
    {"phonetic", OP_PHONETIC, TYPE_NUMBER, 1, {TYPE_TEXT}},
};

static const Function *find_function(Slice name)
{
    for (size_t i = 0; i < COUNT_OF(FUNCTIONS); i++)
        if (slice_eq_z(name, FUNCTIONS[i].name))
            return &FUNCTIONS[i];
    return NULL;
}

/* How many letters: stands in the text, so that it can be checked now. */
static Status take_count(const Parser *p, Expr *call, size_t at, Error *err)
{
    const Expr *n = call->b;
    if (n->op != OP_NUMBER || n->number % EXPR_ONE != 0 || n->number < EXPR_ONE || n->number > 255 * EXPR_ONE)
        return lexer_error(&p->lexer, at, err, "a whole number from 1 to 255 is needed here");
    call->number = n->number / EXPR_ONE;
    return OK;
}

static Status parse_call(Parser *p, const Function *f, Expr **out, Error *err)
{
    Expr *call;
    TRY(new_node(p, f->op, f->result, &call, err));
    TRY(lexer_next(&p->lexer, err));
    TRY(expect_sign(p, "(", err));
    for (uint32_t i = 0; i < f->count; i++) {
        if (i)
            TRY(expect_sign(p, ",", err));
        size_t at = p->lexer.token.at;
        Expr *argument;
        TRY(parse_or(p, &argument, err));
        TRY(expect_type(p, argument, f->arguments[i], at, err));
        *(i ? &call->b : &call->a) = argument;
        if (i == 1 && (f->op == OP_PREFIX || f->op == OP_SUFFIX))
            TRY(take_count(p, call, at, err));
    }
    *out = call;
    return expect_sign(p, ")", err);
}

/* --- rules ---------------------------------------------------------------------------------------------------- */

static bool is_word(const Lexer *x)
{
    return x->token.kind == TOKEN_NAME || x->token.kind == TOKEN_TEXT;
}

static Status find_field(const Parser *p, uint32_t *out, Error *err)
{
    Slice name = p->lexer.token.text;
    for (uint32_t f = 0; f < p->config->field_count; f++)
        if (slice_eq(p->config->fields[f].name, name)) {
            *out = f;
            return OK;
        }
    return lexer_error(
        &p->lexer, p->lexer.token.at, err, "no field is named '%.*s'", SLICE_ARG(slice_sub(name, 0, 60)));
}

static Status find_level(const Parser *p, const FieldSpec *f, uint32_t *out, Error *err)
{
    Slice name = p->lexer.token.text;
    for (uint32_t level = 0; level < field_level_count(f); level++)
        if (slice_eq(field_level_name(f, level), name)) {
            *out = level;
            return OK;
        }
    return lexer_error(&p->lexer, p->lexer.token.at, err, "field '%.*s' has no level '%.*s'", SLICE_ARG(f->name),
        SLICE_ARG(slice_sub(name, 0, 60)));
}

static bool take_comparison(const Lexer *x, Op *op)
{
    static const char *const signs[] = {"=", "<>", "<", "<=", ">", ">="};
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (token_is(x, signs[i])) {
            *op = (Op)(OP_EQUAL + (int)i);
            return true;
        }
    return false;
}

/* Levels for which the comparison holds. Greater is better, and a better level has a lower number; missing is not on
 * the scale. */
static uint32_t level_mask(Op op, uint32_t level, uint32_t count)
{
    uint32_t all = (1u << count) - 1, known = all & ~1u, better = known & ((1u << level) - 1), same = 1u << level;
    switch (op) {
    case OP_EQUAL:
        return same;
    case OP_UNEQUAL:
        return all & ~same;
    case OP_MORE:
        return better;
    case OP_AT_LEAST:
        return better | same;
    case OP_LESS:
        return known & ~better & ~same;
    default:
        return known & ~better;
    }
}

static Status parse_level_atom(Parser *p, Expr **out, Error *err)
{
    Lexer *x = &p->lexer;
    uint32_t level = 0;
    Op op;
    TRY(new_node(p, OP_LEVELS, TYPE_TRUTH, out, err));
    if (!is_word(x))
        return lexer_error(x, x->token.at, err, "the name of a field is needed here");
    TRY(find_field(p, &(*out)->field, err));
    TRY(lexer_next(x, err));
    if (!take_comparison(x, &op))
        return lexer_error(x, x->token.at, err, "a comparison with a level is needed here, such as = exact");
    TRY(lexer_next(x, err));
    if (!is_word(x))
        return lexer_error(x, x->token.at, err, "the name of a level is needed here");
    const FieldSpec *f = &p->config->fields[(*out)->field];
    TRY(find_level(p, f, &level, err));
    if (level == 0 && op != OP_EQUAL && op != OP_UNEQUAL)
        return lexer_error(x, x->token.at, err, "missing is neither better nor worse than a level: use = or <>");
    (*out)->mask = level_mask(op, level, field_level_count(f));
    return lexer_next(x, err);
}

/* --- comparators ---------------------------------------------------------------------------------------------- */

/* Without the doubling of quotes. */
static Status take_text(Parser *p, Expr *e, Error *err)
{
    TRY(arena_dup(p->arena, p->lexer.token.text, &e->text, err));
    char *copy = NULL;
    TRY(arena_new(p->arena, char, e->text.len + 1, &copy, err));
    size_t n = 0;
    for (size_t i = 0; i < e->text.len; i++) {
        copy[n++] = e->text.ptr[i];
        i += e->text.ptr[i] == '\'';
    }
    e->text = (Slice){copy, n};
    return lexer_next(&p->lexer, err);
}

static Status parse_primary(Parser *p, Expr **out, Error *err)
{
    Lexer *x = &p->lexer;
    size_t at = x->token.at;
    if (token_is(x, "-")) {
        TRY(lexer_next(x, err));
        Expr *e;
        TRY(new_node(p, OP_NEGATE, TYPE_NUMBER, &e, err));
        size_t inner_at = x->token.at;
        Expr *inner;
        if (token_is(x, "-"))
            return lexer_error(x, inner_at, err, "two signs in a row");
        TRY(parse_primary(p, &inner, err));
        e->a = inner;
        *out = e;
        return expect_type(p, inner, TYPE_NUMBER, inner_at, err);
    }
    if (token_is(x, "(")) {
        TRY(lexer_next(x, err));
        TRY(parse_or(p, out, err));
        return expect_sign(p, ")", err);
    }
    if (x->token.kind == TOKEN_NUMBER) {
        TRY(new_node(p, OP_NUMBER, TYPE_NUMBER, out, err));
        (*out)->number = x->token.value;
        return lexer_next(x, err);
    }
    if (x->token.kind == TOKEN_TEXT) {
        TRY(new_node(p, OP_TEXT, TYPE_TEXT, out, err));
        return take_text(p, *out, err);
    }
    if (token_is_word(x, "left") || token_is_word(x, "right")) {
        TRY(new_node(p, token_is_word(x, "left") ? OP_LEFT : OP_RIGHT, TYPE_TEXT, out, err));
        return lexer_next(x, err);
    }
    const Function *f = x->token.kind == TOKEN_NAME ? find_function(x->token.text) : NULL;
    if (f)
        return parse_call(p, f, out, err);
    if (x->token.kind == TOKEN_NAME)
        return lexer_error(
            x, at, err, "'%.*s' is neither a function nor left or right", SLICE_ARG(slice_sub(x->token.text, 0, 60)));
    return lexer_error(x, at, err, "a value is needed here");
}

static Status parse_sum(Parser *p, Expr **out, Error *err)
{
    size_t at = p->lexer.token.at;
    TRY(parse_primary(p, out, err));
    while (token_is(&p->lexer, "+") || token_is(&p->lexer, "-")) {
        TRY(expect_type(p, *out, TYPE_NUMBER, at, err));
        Expr *e, *right;
        TRY(new_node(p, token_is(&p->lexer, "+") ? OP_ADD : OP_SUBTRACT, TYPE_NUMBER, &e, err));
        TRY(lexer_next(&p->lexer, err));
        at = p->lexer.token.at;
        TRY(parse_primary(p, &right, err));
        TRY(expect_type(p, right, TYPE_NUMBER, at, err));
        e->a = *out;
        e->b = right;
        *out = e;
    }
    return OK;
}

static Status parse_comparison(Parser *p, Expr **out, Error *err)
{
    Lexer *x = &p->lexer;
    size_t at = x->token.at;
    Op op;
    TRY(parse_sum(p, out, err));
    if (!take_comparison(x, &op))
        return OK;
    Expr *e, *right;
    Type type = (*out)->type;
    if (type == TYPE_TRUTH)
        return lexer_error(x, at, err, "a condition cannot be compared: use and, or, not");
    if (type == TYPE_TEXT && op != OP_EQUAL && op != OP_UNEQUAL)
        return lexer_error(x, x->token.at, err, "texts are equal or not, neither less nor more");
    TRY(new_node(p, op, TYPE_TRUTH, &e, err));
    TRY(lexer_next(x, err));
    at = x->token.at;
    TRY(parse_sum(p, &right, err));
    TRY(expect_type(p, right, type, at, err));
    e->a = *out;
    e->b = right;
    *out = e;
    return OK;
}

/* --- and, or, not --------------------------------------------------------------------------------------------- */

static Status parse_not(Parser *p, Expr **out, Error *err)
{
    Lexer *x = &p->lexer;
    if (token_is_word(x, "not")) {
        Expr *e, *inner;
        TRY(new_node(p, OP_NOT, TYPE_TRUTH, &e, err));
        TRY(lexer_next(x, err));
        size_t at = x->token.at;
        if (++p->depth > EXPR_DEPTH_MAX)
            return lexer_error(x, at, err, "an expression is nested at most %d deep", EXPR_DEPTH_MAX);
        TRY(parse_not(p, &inner, err));
        p->depth--;
        TRY(expect_type(p, inner, TYPE_TRUTH, at, err));
        e->a = inner;
        *out = e;
        return OK;
    }
    if (p->config && token_is(x, "(")) {
        TRY(lexer_next(x, err));
        TRY(parse_or(p, out, err));
        return expect_sign(p, ")", err);
    }
    return p->config ? parse_level_atom(p, out, err) : parse_comparison(p, out, err);
}

typedef Status (*ParseFn)(Parser *p, Expr **out, Error *err);

/* A chain of one word between parts. */
static Status parse_chain(Parser *p, const char *word, Op op, ParseFn part, Expr **out, Error *err)
{
    size_t at = p->lexer.token.at;
    TRY(part(p, out, err));
    while (token_is_word(&p->lexer, word)) {
        Expr *e, *right;
        TRY(expect_type(p, *out, TYPE_TRUTH, at, err));
        TRY(new_node(p, op, TYPE_TRUTH, &e, err));
        TRY(lexer_next(&p->lexer, err));
        at = p->lexer.token.at;
        TRY(part(p, &right, err));
        TRY(expect_type(p, right, TYPE_TRUTH, at, err));
        e->a = *out;
        e->b = right;
        *out = e;
    }
    return OK;
}

static Status parse_and(Parser *p, Expr **out, Error *err)
{
    return parse_chain(p, "and", OP_AND, parse_not, out, err);
}

static Status parse_or(Parser *p, Expr **out, Error *err)
{
    if (++p->depth > EXPR_DEPTH_MAX)
        return lexer_error(
            &p->lexer, p->lexer.token.at, err, "an expression is nested at most %d deep", EXPR_DEPTH_MAX);
    TRY(parse_chain(p, "or", OP_OR, parse_and, out, err));
    p->depth--;
    return OK;
}

Status expr_compile(Slice text, const char *what, const MatchConfig *config, Arena *arena, Expr **out, Error *err)
{
    Parser p = {.config = config, .arena = arena};
    TRY(lexer_init(&p.lexer, text, what, err));
    TRY(parse_or(&p, out, err));
    if (p.lexer.token.kind != TOKEN_END)
        return lexer_error(&p.lexer, p.lexer.token.at, err, "the expression should end here");
    return expect_type(&p, *out, TYPE_TRUTH, 0, err);
}

/* --- evaluation ----------------------------------------------------------------------------------------------- */

typedef struct Pair {
    Slice left, right;
    uint64_t pattern;
} Pair;

static Slice text_of(const Expr *e, const Pair *pair)
{
    Slice s;
    switch (e->op) {
    case OP_LEFT:
        return pair->left;
    case OP_RIGHT:
        return pair->right;
    case OP_PREFIX:
        return slice_sub(text_of(e->a, pair), 0, (size_t)e->number);
    case OP_SUFFIX:
        s = text_of(e->a, pair);
        return slice_sub(s, s.len > (size_t)e->number ? s.len - (size_t)e->number : 0, s.len);
    default:
        return e->text;
    }
}

/* Decimals of up to six places; false when it is none or too large to be exact. */
static bool read_decimal(Slice s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    size_t i = negative, digits = 0, places = 0;
    int64_t v = 0;
    bool point = false;
    for (; i < s.len; i++) {
        if (s.ptr[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || ++digits > 18)
            return false;
        if (point && ++places > 6)
            continue;
        v = v * 10 + (s.ptr[i] - '0');
    }
    for (size_t p = places; p < 6; p++)
        if (CKD_MUL(&v, v, (int64_t)10))
            return false;
    *out = negative ? -v : v;
    return digits > 0;
}

/* Of a standard date, YYYY-MM-DD; a part of 00 is not known. */
static bool date_part(Slice s, size_t at, size_t length, int *out)
{
    int v = 0;
    if (s.len != 10 || s.ptr[4] != '-' || s.ptr[7] != '-')
        return false;
    for (size_t i = at; i < at + length; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        v = v * 10 + (s.ptr[i] - '0');
    }
    *out = v;
    return v > 0;
}

static bool day_of(Slice s, Date *out)
{
    int y, m, d;
    return date_part(s, 0, 4, &y) && date_part(s, 5, 2, &m) && date_part(s, 8, 2, &d) &&
           date_make(y, m, d, out, NULL) == OK;
}

static int64_t letters_in(Slice s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static bool number_of(const Expr *e, const Pair *pair, int64_t *out);

static bool two_numbers(const Expr *e, const Pair *pair, int64_t *a, int64_t *b)
{
    return number_of(e->a, pair, a) && number_of(e->b, pair, b);
}

static bool date_number(const Expr *e, const Pair *pair, int64_t *out)
{
    Slice s = text_of(e->a, pair);
    int part = 0;
    Date x, y;
    bool known;
    if (e->op == OP_DAYS) {
        known = day_of(s, &x) && day_of(text_of(e->b, pair), &y);
        *out = known ? (x > y ? (int64_t)x - y : (int64_t)y - x) * EXPR_ONE : 0;
        return known;
    }
    known = e->op == OP_YEAR    ? date_part(s, 0, 4, &part)
            : e->op == OP_MONTH ? date_part(s, 5, 2, &part)
                                : date_part(s, 8, 2, &part);
    *out = part * EXPR_ONE;
    return known;
}

/* false: not known. */
static bool number_of(const Expr *e, const Pair *pair, int64_t *out)
{
    int64_t a, b;
    switch (e->op) {
    case OP_NUMBER:
        *out = e->number;
        return true;
    case OP_ADD:
        return two_numbers(e, pair, &a, &b) && !CKD_ADD(out, a, b);
    case OP_SUBTRACT:
        return two_numbers(e, pair, &a, &b) && !CKD_SUB(out, a, b);
    case OP_NEGATE:
        return number_of(e->a, pair, &a) && !CKD_SUB(out, (int64_t)0, a);
    case OP_ABS:
        return number_of(e->a, pair, &a) && !CKD_SUB(out, a < 0 ? (int64_t)0 : a, a < 0 ? a : (int64_t)0);
    case OP_JARO_WINKLER:
        *out = (int64_t)jaro_winkler(text_of(e->a, pair), text_of(e->b, pair)) * (EXPR_ONE / (int64_t)KERNEL_ONE);
        return true;
    case OP_OSA:
        *out = (int64_t)osa(text_of(e->a, pair), text_of(e->b, pair), UINT32_MAX) * EXPR_ONE;
        return true;
    case OP_LENGTH:
        *out = letters_in(text_of(e->a, pair)) * EXPR_ONE;
        return true;
    case OP_TO_NUMBER:
        return read_decimal(text_of(e->a, pair), out);
    case OP_PHONETIC:
        *out = name_sound(text_of(e->a, pair));
        return *out != 0;
    default:
        return date_number(e, pair, out);
    }
}

static bool compare_numbers(const Expr *e, const Pair *pair)
{
    int64_t a, b;
    if (!two_numbers(e, pair, &a, &b))
        return false;
    switch (e->op) {
    case OP_EQUAL:
        return a == b;
    case OP_UNEQUAL:
        return a != b;
    case OP_LESS:
        return a < b;
    case OP_AT_MOST:
        return a <= b;
    case OP_MORE:
        return a > b;
    default:
        return a >= b;
    }
}

static bool holds(const Expr *e, const Pair *pair)
{
    switch (e->op) {
    case OP_AND:
        return holds(e->a, pair) && holds(e->b, pair);
    case OP_OR:
        return holds(e->a, pair) || holds(e->b, pair);
    case OP_NOT:
        return !holds(e->a, pair);
    case OP_LEVELS:
        return e->mask >> pattern_level(pair->pattern, e->field) & 1;
    case OP_CONTAINS:
        return slice_find(text_of(e->a, pair), text_of(e->b, pair)) < text_of(e->a, pair).len;
    case OP_STARTS:
        return slice_starts(text_of(e->a, pair), text_of(e->b, pair));
    default:
        if (e->a->type == TYPE_TEXT)
            return slice_eq(text_of(e->a, pair), text_of(e->b, pair)) == (e->op == OP_EQUAL);
        return compare_numbers(e, pair);
    }
}

bool expr_holds(const Expr *e, Slice left, Slice right)
{
    const Pair pair = {.left = left, .right = right};
    return holds(e, &pair);
}

bool expr_holds_pattern(const Expr *e, uint64_t pattern)
{
    const Pair pair = {.pattern = pattern};
    return holds(e, &pair);
}
