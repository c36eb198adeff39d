/*
 * Reads JJ text:
 *
 *     0
 *     N
 *     id value cost status lower upper lpl upl spl      N lines, ids 0 .. N-1 in any order
 *     M
 *     rhs K : id (coef) ... id (coef)                   M equations of K terms
 *
 * tau-ARGUS reads it and sdcTable writes it; blanks and line ends count alike. The bytes may be anybody's: no count is
 * believed before as many tokens are there.
 */
#include "sdc/sdc.h"

#include "sdc/jj_number.h"

#define MAX_DECIMALS 18
#define CELL_BYTES 18 /* the shortest cell: nine tokens, each with a blank */
#define TERM_BYTES 4  /* "1(1)" */

/* One cell as text has it. */
typedef struct RawCell {
    JjNumber value, cost, lower, upper, lpl, upl, spl;
    char status; /* 0: not seen yet */
} RawCell;

typedef struct Reader {
    Slice text;
    const char *path;
    size_t at;
    uint64_t line;
    RawCell *raw;
    uint32_t count;
    VEC(JjNumber) rhs;
    VEC(uint32_t) start;
    VEC(uint32_t) cell;
    VEC(JjNumber) coef;
} Reader;

static Status fail(const Reader *r, Error *err, const char *what)
{
    (void)error_set(err, ERR_INVALID, "line %" PRIu64 ": %s", r->line, what);
    if (err)
        err->line = r->line;
    error_at(err, r->path, 0, NULL);
    return ERR_INVALID;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static void skip_blanks(Reader *r)
{
    while (r->at < r->text.len && is_blank(r->text.ptr[r->at]))
        if (r->text.ptr[r->at++] == '\n')
            r->line++;
}

/* Brackets and the colon are tokens by themselves. */
static Slice token(Reader *r)
{
    skip_blanks(r);
    size_t from = r->at;
    while (r->at < r->text.len && !is_blank(r->text.ptr[r->at])) {
        char c = r->text.ptr[r->at];
        if (c == '(' || c == ')' || c == ':') {
            if (r->at == from)
                r->at++;
            break;
        }
        r->at++;
    }
    return slice_sub(r->text, from, r->at);
}

static Status number(Reader *r, JjNumber *out, Error *err)
{
    Slice t = token(r);
    if (t.len == 0)
        return fail(r, err, "the file ends where a number should stand");
    if (!jj_number_parse(t, out))
        return fail(r, err, "not a number, or one with more than 18 digits");
    return OK;
}

static Status count(Reader *r, size_t least_bytes, const char *what, uint32_t *out, Error *err)
{
    int64_t v;
    Slice t = token(r);
    if (parse_i64(t, &v, NULL) != OK || v < 0 || v >= UINT32_MAX)
        return fail(r, err, what);
    if ((uint64_t)v > (r->text.len - r->at) / least_bytes + 1)
        return fail(r, err, "the file is too short for the count that stands here");
    *out = (uint32_t)v;
    return OK;
}

static Status cell_id(Reader *r, uint32_t *out, Error *err)
{
    int64_t v;
    if (parse_i64(token(r), &v, NULL) != OK || v < 0 || v >= r->count)
        return fail(r, err, "not the number of a cell");
    *out = (uint32_t)v;
    return OK;
}

static Status read_cell(Reader *r, Error *err)
{
    uint32_t id;
    TRY(cell_id(r, &id, err));
    RawCell *c = &r->raw[id];
    if (c->status)
        return fail(r, err, "a cell that was there before");
    TRY(number(r, &c->value, err));
    TRY(number(r, &c->cost, err));
    Slice status = token(r);
    if (status.len != 1 || !memchr("sumz", status.ptr[0], 4))
        return fail(r, err, "the status of a cell must be s, u, m or z");
    JjNumber *const rest[] = {&c->lower, &c->upper, &c->lpl, &c->upl, &c->spl};
    for (size_t i = 0; i < COUNT_OF(rest); i++)
        TRY(number(r, rest[i], err));
    if (c->cost.mantissa < 0)
        return fail(r, err, "negative cost");
    if (c->lpl.mantissa < 0 || c->upl.mantissa < 0 || c->spl.mantissa < 0)
        return fail(r, err, "negative protection level");
    c->status = status.ptr[0];
    return OK;
}

static Status expect(Reader *r, char c, Error *err)
{
    Slice t = token(r);
    if (t.len == 1 && t.ptr[0] == c)
        return OK;
    char what[] = "expected '?'";
    what[sizeof what - 3] = c;
    return fail(r, err, what);
}

static Status read_row(Reader *r, uint32_t *seen, uint32_t row, Error *err)
{
    JjNumber rhs, coef;
    uint32_t terms, id;
    TRY(number(r, &rhs, err));
    TRY(count(r, TERM_BYTES, "not the number of an equation's cells", &terms, err));
    TRY(expect(r, ':', err));
    for (uint32_t k = 0; k < terms; k++) {
        TRY(cell_id(r, &id, err));
        if (seen[id] == row + 1)
            return fail(r, err, "a cell stands twice in one equation");
        seen[id] = row + 1;
        TRY(expect(r, '(', err));
        TRY(number(r, &coef, err));
        TRY(expect(r, ')', err));
        if (coef.mantissa == 0)
            return fail(r, err, "coefficient 0");
        TRY(vec_push(&r->cell, id, err));
        TRY(vec_push(&r->coef, coef, err));
    }
    if (r->cell.len > UINT32_MAX)
        return fail(r, err, "too many terms");
    TRY(vec_push(&r->rhs, rhs, err));
    return vec_push(&r->start, (uint32_t)r->cell.len, err);
}

static Status read_rows(Reader *r, Error *err)
{
    uint32_t rows, *seen = NULL;
    TRY(count(r, TERM_BYTES, "not the number of equations", &rows, err));
    TRY(vec_push(&r->start, 0, err));
    TRY(mem_zalloc(r->count, sizeof *seen, (void **)&seen, err));
    Status st = OK;
    for (uint32_t i = 0; i < rows && st == OK; i++)
        st = read_row(r, seen, i, err);
    mem_free(seen);
    return st;
}

static Status read_all(Reader *r, Error *err)
{
    JjNumber first;
    TRY(number(r, &first, err));
    TRY(count(r, CELL_BYTES, "not the number of cells", &r->count, err));
    TRY(mem_zalloc(r->count, sizeof *r->raw, (void **)&r->raw, err));
    for (uint32_t i = 0; i < r->count; i++)
        TRY(read_cell(r, err));
    TRY(read_rows(r, err));
    skip_blanks(r);
    return r->at == r->text.len ? OK : fail(r, err, "more text after the last equation");
}

static uint32_t more(uint32_t decimals, JjNumber n)
{
    uint32_t d = jj_number_decimals(n);
    return d > decimals ? d : decimals;
}

static uint32_t value_decimals(const Reader *r)
{
    uint32_t d = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        const RawCell *c = &r->raw[i];
        d = more(more(more(d, c->value), c->lower), c->upper);
        d = more(more(more(d, c->lpl), c->upl), c->spl);
    }
    for (size_t i = 0; i < r->rhs.len; i++)
        d = more(d, r->rhs.at[i]);
    return d;
}

static SdcStatus status_of(char c)
{
    return c == 'u' ? SDC_SENSITIVE : c == 'm' ? SDC_SECONDARY : c == 'z' ? SDC_FROZEN : SDC_OPEN;
}

static bool levels_fit(const RawCell *c, uint32_t d)
{
    int64_t v;
    return jj_number_round(c->value, d, JJ_NEAREST, SDC_VALUE_MAX, &v) &&
           jj_number_round(c->lpl, d, JJ_UP, SDC_VALUE_MAX, &v) &&
           jj_number_round(c->upl, d, JJ_UP, SDC_VALUE_MAX, &v) && jj_number_round(c->spl, d, JJ_UP, SDC_VALUE_MAX, &v);
}

/* As many decimals as are written, or as fit. False when not even whole numbers fit. */
static bool choose_decimals(const Reader *r, SdcProblem *p)
{
    uint32_t written = value_decimals(r), d = written < MAX_DECIMALS ? written : MAX_DECIMALS;
    for (uint32_t i = 0; i < r->count; i++)
        while (!levels_fit(&r->raw[i], d))
            if (d-- == 0)
                return false;
    p->value_decimals = d;
    p->lost_decimals = written - d;
    return true;
}

static void scale_bound(JjNumber n, uint32_t decimals, JjRound how, int64_t *out)
{
    if (!jj_number_round(n, decimals, how, SDC_VALUE_MAX, out))
        *out = n.mantissa < 0 ? -SDC_VALUE_MAX : SDC_VALUE_MAX;
}

/* Where decimals are lost, levels become larger and the attacker's interval smaller. */
static void scale_cell(const RawCell *raw, uint32_t d, SdcCell *c)
{
    int64_t rounded;
    c->status = status_of(raw->status);
    bool fits = jj_number_round(raw->value, d, JJ_NEAREST, SDC_VALUE_MAX, &c->value);
    ASSERT(fits && levels_fit(raw, d));
    fits = jj_number_round(raw->lpl, d, JJ_UP, SDC_VALUE_MAX, &c->lpl) &&
           jj_number_round(raw->upl, d, JJ_UP, SDC_VALUE_MAX, &c->upl) &&
           jj_number_round(raw->spl, d, JJ_UP, SDC_VALUE_MAX, &c->spl);
    ASSERT(fits);
    scale_bound(raw->lower, d, JJ_UP, &c->lower);
    scale_bound(raw->upper, d, JJ_DOWN, &c->upper);
    /* a value and its bound may have been one number before rounding */
    if (jj_number_round(raw->lower, d, JJ_NEAREST, SDC_VALUE_MAX, &rounded) && rounded == c->value)
        c->lower = rounded;
    if (jj_number_round(raw->upper, d, JJ_NEAREST, SDC_VALUE_MAX, &rounded) && rounded == c->value)
        c->upper = rounded;
}

/* The most decimals, at most those written, with which all costs add up to at most SDC_VALUE_MAX. */
static bool scale_costs(const Reader *r, SdcProblem *p)
{
    uint32_t d = 0;
    for (uint32_t i = 0; i < r->count; i++)
        d = more(d, r->raw[i].cost);
    for (d = d < MAX_DECIMALS ? d : MAX_DECIMALS;; d--) {
        int64_t left = SDC_VALUE_MAX;
        uint32_t i = 0;
        for (; i < r->count && jj_number_round(r->raw[i].cost, d, JJ_NEAREST, left, &p->cells[i].cost); i++)
            left -= p->cells[i].cost;
        p->cost_decimals = d;
        if (i == r->count || d == 0)
            return i == r->count;
    }
}

/* An equation with fractions as coefficients is multiplied until there are none. */
static bool scale_row(const Reader *r, uint32_t row, SdcProblem *p)
{
    uint32_t d = 0;
    for (uint32_t k = p->start[row]; k < p->start[row + 1]; k++)
        d = more(d, r->coef.at[k]);
    for (uint32_t k = p->start[row]; k < p->start[row + 1]; k++) {
        int64_t c;
        if (!jj_number_scale(r->coef.at[k], d, INT32_MAX, &c))
            return false;
        p->cell[k] = r->cell.at[k];
        p->coef[k] = (int32_t)c;
    }
    return jj_number_round(r->rhs.at[row], d + p->value_decimals, JJ_NEAREST, SDC_VALUE_MAX, &p->rhs[row]);
}

static Status build(const Reader *r, SdcProblem *p, Error *err)
{
    if (!choose_decimals(r, p)) {
        (void)error_set(err, ERR_INVALID, "a number is larger than 10^18");
        error_at(err, r->path, 0, NULL);
        return ERR_INVALID;
    }
    for (uint32_t i = 0; i < p->value_decimals; i++)
        p->scale /= 10;
    for (uint32_t i = 0; i < r->count; i++)
        scale_cell(&r->raw[i], p->value_decimals, &p->cells[i]);
    if (!scale_costs(r, p)) {
        (void)error_set(err, ERR_INVALID, "the costs of all cells do not add up within 64 bits");
        error_at(err, r->path, 0, NULL);
        return ERR_INVALID;
    }
    for (uint32_t i = 0; i < p->row_count; i++) {
        p->start[i + 1] = r->start.at[i + 1];
        if (!scale_row(r, i, p)) {
            (void)error_set(
                err, ERR_INVALID, "equation %" PRIu32 ": a coefficient or the right side does not fit", i + 1);
            error_at(err, r->path, 0, NULL);
            return ERR_INVALID;
        }
    }
    return OK;
}

Status sdc_read_jj(Slice text, const char *path, SdcProblem *out, Error *err)
{
    Reader r = {.text = text, .path = path, .line = 1};
    SdcProblem p = {0};
    Status st;
    TRY_OUT(read_all(&r, err));
    TRY_OUT(sdc_new(r.count, (uint32_t)r.rhs.len, (uint32_t)r.cell.len, &p, err));
    TRY_OUT(build(&r, &p, err));
    *out = p;
    p = (SdcProblem){0};
out:
    sdc_free(&p);
    mem_free(r.raw);
    vec_free(&r.rhs);
    vec_free(&r.start);
    vec_free(&r.cell);
    vec_free(&r.coef);
    return st;
}
