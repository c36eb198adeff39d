/*
 * The second door, first half: what was printed, as rows and quotients over whole numbers.
 *
 * A printed rate is two linear rows with whole coefficients (for 83.3 %: 1665 n <= 2000 k < 1667 n) and a quotient,
 * which propagates what the rows cannot: that k and n are whole. So the linear programs see it too.
 */
#include "audit/audit_model.h"

#include <stdlib.h>

#define UNKNOWN_MAX (UINT32_MAX / 4)
#define NUMBER_MAX INT64_C(1000000000000) /* of a printed quotient, in its last digit */
#define RANGE_MAX (INT64_C(1) << 60)

Status audit_system_new(AuditSystem **out, Error *err)
{
    void *made;
    TRY(mem_zalloc(1, sizeof(AuditSystem), &made, err));
    AuditSystem *s = made;
    arena_init(&s->arena, 0);
    Status st = map_init(&s->forms, err);
    if (st == OK)
        st = map_init(&s->rates, err);
    if (st != OK) {
        audit_system_free(s);
        return st;
    }
    *out = s;
    return OK;
}

void audit_system_free(AuditSystem *s)
{
    if (!s)
        return;
    vec_free(&s->unknowns);
    vec_free(&s->facts);
    vec_free(&s->groups);
    vec_free(&s->vars);
    vec_free(&s->rows);
    vec_free(&s->terms);
    vec_free(&s->quotients);
    vec_free(&s->quotient_fact);
    map_free(&s->forms);
    map_free(&s->rates);
    arena_free(&s->arena);
    mem_free(s);
}

static Status var_add(AuditSystem *s, int64_t low, int64_t high, uint32_t unknown, uint32_t *var, Error *err)
{
    if (s->vars.len >= UNKNOWN_MAX)
        return error_set(err, ERR_LIMIT, "audit: more than %" PRIu32 " unknowns", (uint32_t)UNKNOWN_MAX);
    const ModelVar v = {low, high, unknown, AUDIT_NONE};
    TRY(vec_push(&s->vars, v, err));
    *var = (uint32_t)s->vars.len - 1;
    return OK;
}

Status audit_unknown(AuditSystem *s, Slice name, int64_t lower, int64_t upper, uint32_t *id, Error *err)
{
    if (lower > upper || lower == ENDLESS || upper == -ENDLESS || (lower != -ENDLESS && lower < -RANGE_MAX) ||
        (upper != ENDLESS && upper > RANGE_MAX))
        return error_set(err, ERR_INVALID, "audit: bounds of %.*s are not an interval", SLICE_ARG(name));
    ModelUnknown u = {.known = lower == upper};
    TRY(arena_dup(&s->arena, name, &u.name, err));
    TRY(var_add(s, lower, upper, (uint32_t)s->unknowns.len, &u.var, err));
    TRY(vec_push(&s->unknowns, u, err));
    if (id)
        *id = (uint32_t)s->unknowns.len - 1;
    return OK;
}

static Status row_begin(AuditSystem *s, uint32_t fact, int64_t low, int64_t high, Error *err)
{
    const ModelRow row = {fact, s->terms.len, 0, low, high};
    return vec_push(&s->rows, row, err);
}

static Status row_term(AuditSystem *s, uint32_t var, int64_t coef, Error *err)
{
    const ModelTerm term = {var, coef};
    if (coef == 0)
        return OK;
    TRY(vec_push(&s->terms, term, err));
    vec_last(&s->rows).count++;
    return OK;
}

static int by_var(const void *a, const void *b)
{
    uint32_t x = ((const ModelTerm *)a)->var, y = ((const ModelTerm *)b)->var;
    return (x > y) - (x < y);
}

/* Terms of a form over variables, each variable once, ascending. */
static Status form_terms(AuditSystem *s, AuditForm form, Slice says, ModelTerm **out, size_t *count, Error *err)
{
    TRY(arena_new(&s->arena, ModelTerm, form.count + 1, out, err));
    for (size_t i = 0; i < form.count; i++) {
        if (form.terms[i].unknown >= s->unknowns.len)
            return error_set(err, ERR_INVALID, "audit: \"%.*s\" speaks of unknown %" PRIu32 ", which there is not",
                SLICE_ARG(says), form.terms[i].unknown);
        (*out)[i] = (ModelTerm){s->unknowns.at[form.terms[i].unknown].var, form.terms[i].coef};
    }
    qsort(*out, form.count, sizeof **out, by_var);
    size_t n = 0;
    for (size_t i = 0; i < form.count; i++) {
        if (n > 0 && (*out)[n - 1].var == (*out)[i].var)
            (*out)[n - 1].coef += (*out)[i].coef;
        else
            (*out)[n++] = (*out)[i];
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if ((*out)[i].coef != 0)
            (*out)[kept++] = (*out)[i];
    *count = kept;
    return OK;
}

/* var - terms = 0 */
static Status define(AuditSystem *s, uint32_t var, const ModelTerm *terms, size_t count, Error *err)
{
    TRY(row_begin(s, AUDIT_NONE, 0, 0, err));
    TRY(row_term(s, var, 1, err));
    for (size_t i = 0; i < count; i++)
        TRY(row_term(s, terms[i].var, -terms[i].coef, err));
    s->vars.at[var].definition = (uint32_t)s->rows.len - 1;
    return OK;
}

/* A form as one variable: the unknown itself, or one made for the sum. */
static Status form_var(AuditSystem *s, AuditForm form, Slice says, uint32_t *var, Error *err)
{
    ModelTerm *terms;
    size_t count;
    uint64_t known;
    TRY(form_terms(s, form, says, &terms, &count, err));
    if (count == 0)
        return error_set(err, ERR_INVALID, "audit: \"%.*s\" has an empty sum", SLICE_ARG(says));
    if (count == 1 && terms[0].coef == 1) {
        *var = terms[0].var;
        return OK;
    }
    Buf key;
    buf_init(&key, 0);
    for (size_t i = 0; i < count; i++)
        buf_addf(&key, "%" PRIu32 " %" PRId64 ",", terms[i].var, terms[i].coef);
    Status st = buf_status(&key, err);
    if (st == OK && map_get(&s->forms, buf_slice(&key), &known)) {
        *var = (uint32_t)known;
        buf_free(&key);
        return OK;
    }
    if (st == OK)
        st = var_add(s, -ENDLESS, ENDLESS, AUDIT_NONE, var, err);
    if (st == OK)
        st = define(s, *var, terms, count, err);
    if (st == OK)
        st = map_put(&s->forms, buf_slice(&key), *var, NULL, err);
    buf_free(&key);
    return st;
}

Status audit_watch(AuditSystem *s, Slice name, AuditForm form, uint32_t *id, Error *err)
{
    ModelTerm *terms;
    size_t count;
    uint32_t made;
    TRY(form_terms(s, form, name, &terms, &count, err));
    TRY(audit_unknown(s, name, -ENDLESS, ENDLESS, &made, err));
    TRY(define(s, s->unknowns.at[made].var, terms, count, err));
    if (id)
        *id = made;
    return OK;
}

static Status group_add(
    AuditSystem *s, Slice name, uint32_t outcome, uint32_t people, uint32_t rest, uint32_t fact, Error *err)
{
    ModelGroup g = {.outcome = outcome, .people = people, .rest = rest, .fact = fact, .group = AUDIT_NONE};
    if (fact == AUDIT_NONE)
        g.group = s->groups_named++;
    TRY(arena_dup(&s->arena, name, &g.name, err));
    return vec_push(&s->groups, g, err);
}

Status audit_group(AuditSystem *s, Slice name, AuditForm outcome, AuditForm people, uint32_t *id, Error *err)
{
    uint32_t a, b, rest;
    TRY(form_var(s, outcome, name, &a, err));
    TRY(form_var(s, people, name, &b, err));
    TRY(var_add(s, 0, ENDLESS, AUDIT_NONE, &rest, err));
    const ModelTerm terms[] = {{b, 1}, {a, -1}};
    TRY(define(s, rest, terms, 2, err));
    if (id)
        *id = s->groups_named;
    return group_add(s, name, a, b, rest, AUDIT_NONE, err);
}

/* Ends of what a printed number can stand for, in parts of q->den. */
static void ends_of(const AuditFact *f, Quotient *q)
{
    int64_t unit = f->per > 1 ? f->per : 1;
    for (uint8_t d = 0; d < f->decimals; d++)
        unit *= 10;
    q->den = 2 * unit;
    q->low_num = f->low == -ENDLESS ? -ENDLESS : 2 * f->low;
    q->high_num = f->high == ENDLESS ? ENDLESS : 2 * f->high;
    bool low = q->low_num != -ENDLESS, high = q->high_num != ENDLESS;
    switch (f->rounding) {
    case AUDIT_HALF_UP:
        q->low_num -= low;
        q->high_num += high;
        q->low_open = low && f->low <= 0;
        q->high_open = high && f->high >= 0;
        break;
    case AUDIT_HALF_EITHER:
        q->low_num -= low;
        q->high_num += high;
        break;
    case AUDIT_CUT: /* towards zero */
        q->low_num -= low && f->low <= 0 ? 2 : 0;
        q->high_num += high && f->high >= 0 ? 2 : 0;
        q->low_open = low && f->low <= 0;
        q->high_open = high && f->high >= 0;
        break;
    case AUDIT_BETWEEN:
        break;
    }
}

bool rate_possible(const AuditFact *f, int64_t n)
{
    Quotient q = {.kind = AUDIT_RATE, .a = 0, .b = 1};
    ends_of(f, &q);
    Wide k = q.low_num == -ENDLESS ? 0 : wide_ceil_div((Wide)q.low_num * n, q.den);
    int64_t x[] = {wide_clamp(k < 0 ? 0 : k), n};
    bool holds = quotient_holds(&q, x);
    x[0]++; /* an open end */
    return holds || quotient_holds(&q, x);
}

/* b >= 1, 0 <= a <= b through a variable for the rest. */
static Status part_rows(AuditSystem *s, uint32_t fact, uint32_t a, uint32_t b, uint32_t *rest, Error *err)
{
    TRY(var_add(s, 0, ENDLESS, AUDIT_NONE, rest, err));
    TRY(row_begin(s, fact, 0, 0, err));
    TRY(row_term(s, *rest, 1, err));
    TRY(row_term(s, a, 1, err));
    TRY(row_term(s, b, -1, err));
    TRY(row_begin(s, fact, 0, ENDLESS, err));
    TRY(row_term(s, a, 1, err));
    TRY(row_begin(s, fact, 1, ENDLESS, err));
    return row_term(s, b, 1, err);
}

/* den a - low b >= 0 and high b - den a >= 0, more than 0 at an open end. */
static Status quotient_rows(AuditSystem *s, uint32_t fact, const Quotient *q, Error *err)
{
    if (q->low_num != -ENDLESS) {
        TRY(row_begin(s, fact, q->low_open ? 1 : 0, ENDLESS, err));
        TRY(row_term(s, q->a, q->den, err));
        TRY(row_term(s, q->b, -q->low_num, err));
    }
    if (q->high_num != ENDLESS) {
        TRY(row_begin(s, fact, q->high_open ? 1 : 0, ENDLESS, err));
        TRY(row_term(s, q->b, q->high_num, err));
        TRY(row_term(s, q->a, -q->den, err));
    }
    return OK;
}

static Slice pair_key(uint32_t pair[2], uint32_t a, uint32_t b)
{
    pair[0] = a;
    pair[1] = b;
    return (Slice){(const char *)pair, 2 * sizeof *pair};
}

static Status quotient_push(AuditSystem *s, const Quotient *q, uint32_t fact, Error *err)
{
    TRY(vec_push(&s->quotients, *q, err));
    TRY(vec_push(&s->quotient_fact, fact, err));
    s->facts.at[fact].quotient = (uint32_t)s->quotients.len - 1;
    return OK;
}

static Status quotient_add(AuditSystem *s, const AuditFact *f, uint32_t fact, Error *err)
{
    Quotient q = {.kind = f->kind, .c = AUDIT_NONE, .d = AUDIT_NONE, .rate_ab = AUDIT_NONE, .rate_cd = AUDIT_NONE};
    uint32_t rest, pair[2];
    ends_of(f, &q);
    TRY(form_var(s, f->a, f->says, &q.a, err));
    TRY(form_var(s, f->b, f->says, &q.b, err));
    if (q.a == q.b)
        return error_set(err, ERR_INVALID, "audit: \"%.*s\" divides a number by itself", SLICE_ARG(f->says));
    s->facts.at[fact].row_first = (uint32_t)s->rows.len;
    if (f->kind == AUDIT_MEAN) {
        TRY(row_begin(s, fact, 1, ENDLESS, err));
        TRY(row_term(s, q.b, 1, err));
        TRY(quotient_rows(s, fact, &q, err));
        return quotient_push(s, &q, fact, err);
    }
    if (f->kind == AUDIT_RATE) {
        TRY(part_rows(s, fact, q.a, q.b, &rest, err));
        TRY(quotient_rows(s, fact, &q, err));
        TRY(map_put(&s->rates, pair_key(pair, q.a, q.b), s->quotients.len, NULL, err));
        TRY(quotient_push(s, &q, fact, err));
        return group_add(s, f->says, q.a, q.b, rest, fact, err);
    }
    if (f->kind == AUDIT_NEEDED) {
        q.low_num = f->low;
        q.high_num = f->high;
        q.den = 1;
        q.low_open = q.high_open = false;
    }
    /* sums come first: their definitions must not lie among the fact's rows */
    TRY(form_var(s, f->c, f->says, &q.c, err));
    TRY(form_var(s, f->d, f->says, &q.d, err));
    if (q.c == q.d)
        return error_set(err, ERR_INVALID, "audit: \"%.*s\" divides a number by itself", SLICE_ARG(f->says));
    s->facts.at[fact].row_first = (uint32_t)s->rows.len;
    TRY(part_rows(s, fact, q.a, q.b, &rest, err));
    TRY(part_rows(s, fact, q.c, q.d, &rest, err));
    return quotient_push(s, &q, fact, err);
}

static Status range_add(AuditSystem *s, const AuditFact *f, uint32_t fact, Error *err)
{
    ModelTerm *terms;
    size_t count;
    TRY(form_terms(s, f->a, f->says, &terms, &count, err));
    TRY(row_begin(s, fact, f->low, f->high, err));
    for (size_t i = 0; i < count; i++)
        TRY(row_term(s, terms[i].var, terms[i].coef, err));
    return OK;
}

static Status fact_valid(const AuditFact *f, Error *err)
{
    const char *wrong = NULL;
    bool quotient = f->kind != AUDIT_RANGE;
    int64_t most = quotient ? NUMBER_MAX : RANGE_MAX;
    if ((unsigned)f->kind > AUDIT_NEEDED || (unsigned)f->rounding > AUDIT_BETWEEN)
        wrong = "is of no kind there is";
    else if (f->low > f->high)
        wrong = "has a lower end above its upper end";
    else if ((f->low != -ENDLESS && (f->low > most || f->low < -most)) ||
             (f->high != ENDLESS && (f->high > most || f->high < -most)))
        wrong = "has an end that is too large";
    else if (quotient && (f->decimals > 6 || f->per > 1000))
        wrong = "has more than 6 decimals or is per more than 1000";
    else if (f->kind == AUDIT_NEEDED && (f->low < 0 || f->high == ENDLESS))
        wrong = "is no number of students";
    else if (f->a.count == 0 || (quotient && f->b.count == 0) ||
             (f->kind >= AUDIT_GAP && (f->c.count == 0 || f->d.count == 0)))
        wrong = "lacks a sum it needs";
    return wrong ? error_set(err, ERR_INVALID, "audit: \"%.*s\" %s", SLICE_ARG(f->says), wrong) : OK;
}

Status audit_fact(AuditSystem *s, const AuditFact *fact, uint32_t *id, Error *err)
{
    ModelFact made = {.row_first = (uint32_t)s->rows.len, .quotient = AUDIT_NONE};
    TRY(fact_valid(fact, err));
    TRY(arena_dup(&s->arena, fact->says, &made.says, err));
    TRY(vec_push(&s->facts, made, err));
    uint32_t at = (uint32_t)s->facts.len - 1;
    TRY(fact->kind == AUDIT_RANGE ? range_add(s, fact, at, err) : quotient_add(s, fact, at, err));
    s->facts.at[at].row_count = (uint32_t)s->rows.len - s->facts.at[at].row_first;
    if (id)
        *id = at;
    return OK;
}

/* ---- Pieces of it ---------------------------------------------------------------------------------------------- */

static void quotient_place(const AuditSystem *s, const Quotient *from, const uint32_t *place, Quotient *to)
{
    uint32_t *vars[] = {&to->a, &to->b, &to->c, &to->d};
    *to = *from;
    for (size_t i = 0; i < COUNT_OF(vars); i++)
        if (*vars[i] != AUDIT_NONE && place)
            *vars[i] = place[*vars[i]];
    UNUSED(s);
}

static Status piece_alloc(
    uint32_t vars, uint32_t rows, size_t terms, uint32_t quotients, Arena *a, Piece *out, Error *err)
{
    *out = (Piece){.vars = vars};
    TRY(arena_new(a, int64_t, (size_t)vars + 1, &out->low, err));
    TRY(arena_new(a, int64_t, (size_t)vars + 1, &out->high, err));
    TRY(arena_new(a, uint32_t, (size_t)rows + 1, &out->start, err));
    TRY(arena_new(a, uint32_t, terms + 1, &out->var, err));
    TRY(arena_new(a, int64_t, terms + 1, &out->coef, err));
    TRY(arena_new(a, int64_t, (size_t)rows + 1, &out->row_low, err));
    TRY(arena_new(a, int64_t, (size_t)rows + 1, &out->row_high, err));
    return arena_new(a, Quotient, (size_t)quotients + 1, &out->quotient, err);
}

static void row_copy(const AuditSystem *s, const ModelRow *row, const uint32_t *place, Piece *out)
{
    uint32_t at = out->start[out->rows];
    for (size_t i = 0; i < row->count; i++, at++) {
        const ModelTerm *t = &s->terms.at[row->first + i];
        out->var[at] = place ? place[t->var] : t->var;
        out->coef[at] = t->coef;
    }
    out->row_low[out->rows] = row->low;
    out->row_high[out->rows++] = row->high;
    out->start[out->rows] = at;
}

/* The rate printed of a gap's two pairs, where the piece has it. */
static void rates_find(const AuditSystem *s, const uint32_t *quotient_at, const Quotient *from, Quotient *to)
{
    uint32_t pair[2];
    uint64_t known;
    if (from->kind < AUDIT_GAP)
        return;
    if (map_get(&s->rates, pair_key(pair, from->a, from->b), &known))
        to->rate_ab = quotient_at ? quotient_at[known] : (uint32_t)known;
    if (map_get(&s->rates, pair_key(pair, from->c, from->d), &known))
        to->rate_cd = quotient_at ? quotient_at[known] : (uint32_t)known;
}

Status model_whole(const AuditSystem *s, Arena *a, Piece *out, Error *err)
{
    TRY(piece_alloc(
        (uint32_t)s->vars.len, (uint32_t)s->rows.len, s->terms.len, (uint32_t)s->quotients.len, a, out, err));
    for (uint32_t v = 0; v < out->vars; v++) {
        out->low[v] = s->vars.at[v].low;
        out->high[v] = s->vars.at[v].high;
    }
    for (size_t r = 0; r < s->rows.len; r++)
        row_copy(s, &s->rows.at[r], NULL, out);
    for (size_t q = 0; q < s->quotients.len; q++) {
        quotient_place(s, &s->quotients.at[q], NULL, &out->quotient[q]);
        rates_find(s, NULL, &s->quotients.at[q], &out->quotient[q]);
    }
    out->quotients = (uint32_t)s->quotients.len;
    return piece_index(out, a, err);
}

/* The variables of a part, in the order they were met; rows and quotients of its facts and definitions. */
typedef struct Part {
    VEC(uint32_t) vars;
    VEC(uint32_t) rows;
    size_t terms;
} Part;

static Status part_var(Part *p, uint32_t *place, uint32_t var, Error *err)
{
    if (place[var] != AUDIT_NONE)
        return OK;
    place[var] = (uint32_t)p->vars.len;
    return vec_push(&p->vars, var, err);
}

static Status part_row(const AuditSystem *s, Part *p, uint32_t *place, uint32_t row, Error *err)
{
    const ModelRow *r = &s->rows.at[row];
    TRY(vec_push(&p->rows, row, err));
    p->terms += r->count;
    for (size_t i = 0; i < r->count; i++)
        TRY(part_var(p, place, s->terms.at[r->first + i].var, err));
    return OK;
}

static Status part_collect(
    const AuditSystem *s, const uint32_t *facts, size_t count, Part *p, uint32_t *place, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        const ModelFact *f = &s->facts.at[facts[i]];
        for (uint32_t r = f->row_first; r < f->row_first + f->row_count; r++)
            TRY(part_row(s, p, place, r, err));
        if (f->quotient == AUDIT_NONE)
            continue;
        const Quotient *q = &s->quotients.at[f->quotient];
        const uint32_t vars[] = {q->a, q->b, q->c, q->d};
        for (size_t k = 0; k < COUNT_OF(vars); k++)
            if (vars[k] != AUDIT_NONE)
                TRY(part_var(p, place, vars[k], err));
    }
    for (size_t i = 0; i < p->vars.len; i++)
        if (s->vars.at[p->vars.at[i]].definition != AUDIT_NONE)
            TRY(part_row(s, p, place, s->vars.at[p->vars.at[i]].definition, err));
    return OK;
}

static Status part_piece(const AuditSystem *s, const uint32_t *facts, size_t count, const Part *p,
    const uint32_t *place, Arena *a, Piece *out, Error *err)
{
    uint32_t *at;
    TRY(arena_new(a, uint32_t, s->quotients.len + 1, &at, err));
    memset(at, 0xff, s->quotients.len * sizeof *at);
    TRY(piece_alloc((uint32_t)p->vars.len, (uint32_t)p->rows.len, p->terms, (uint32_t)count, a, out, err));
    for (uint32_t v = 0; v < out->vars; v++) {
        out->low[v] = s->vars.at[p->vars.at[v]].low;
        out->high[v] = s->vars.at[p->vars.at[v]].high;
    }
    for (size_t r = 0; r < p->rows.len; r++)
        row_copy(s, &s->rows.at[p->rows.at[r]], place, out);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count; i++) {
            uint32_t q = s->facts.at[facts[i]].quotient;
            if (q == AUDIT_NONE)
                continue;
            if (pass == 0) {
                at[q] = out->quotients++;
                quotient_place(s, &s->quotients.at[q], place, &out->quotient[at[q]]);
            } else
                rates_find(s, at, &s->quotients.at[q], &out->quotient[at[q]]);
        }
    return piece_index(out, a, err);
}

Status model_part(const AuditSystem *s, const uint32_t *facts, size_t count, uint32_t var, uint32_t *place, Arena *a,
    Piece *out, uint32_t *at, Error *err)
{
    Part p = {0};
    Status st = part_var(&p, place, var, err);
    if (st == OK)
        st = part_collect(s, facts, count, &p, place, err);
    if (st == OK)
        st = part_piece(s, facts, count, &p, place, a, out, err);
    *at = place[var] == AUDIT_NONE ? 0 : place[var];
    for (size_t i = 0; i < p.vars.len; i++)
        place[p.vars.at[i]] = AUDIT_NONE;
    vec_free(&p.vars);
    vec_free(&p.rows);
    return st;
}

Status model_use(const AuditSystem *s, Arena *a, ModelUse *out, Error *err)
{
    Piece whole;
    TRY(model_whole(s, a, &whole, err));
    out->start = whole.use_start;
    out->use = whole.use;
    return OK;
}
