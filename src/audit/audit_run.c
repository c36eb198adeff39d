/*
 * The second door, second half: what follows from what was printed.
 *
 * Nobody knows the truth here, so first some solution is sought, piece by piece; from there it goes as at the first
 * door: whatever can be moved is shown by solutions in hand, whatever cannot by proofs. An unknown is left in peace as
 * soon as enough values of it are in hand.
 */
#include "audit/audit_model.h"

#include <math.h>
#include <stdlib.h>

#define PROPAGATE_STEPS 200
#define POSSIBLE_MAX 16
#define WINDOW_VARS 48 /* of a larger piece with a limit, windows of so many are asked before the whole */
#define PROGRAM_SHARE 64
#define STEP_SHARE 64   /* of AuditEffort.whole_limit, for each unknown */
#define EVERY_VALUE 300 /* ranges up to this many values are tried value by value */

typedef struct Run {
    const AuditSystem *s;
    const AuditAsk *ask;
    Piece whole;
    Pieces pieces;
    Findings f;
    Aside aside;
    uint8_t *clash, *printed; /* a variable */
    Offers offers;
    int64_t *base;      /* a variable: of the offered table; NULL: none is */
    AuditOffered *kept; /* a piece; NULL: none are kept */
    uint64_t *held;     /* a piece */
} Run;

/* ---- Bounds by propagation; where that ends in a contradiction, piece by piece ------------------------------------
 */

static Status propagate(const Piece *p, int64_t *low, int64_t *high, bool *possible, Error *err)
{
    Work w;
    TRY(work_init(&w, p, err));
    for (uint32_t v = 0; v < p->vars; v++)
        if (p->low[v] > p->high[v] || p->low[v] == ENDLESS || p->high[v] == -ENDLESS) {
            work_free(&w);
            *possible = false;
            return OK;
        }
    work_push_all(&w);
    *possible = work_propagate(&w, (uint64_t)PROPAGATE_STEPS * ((uint64_t)p->rows + p->quotients + 1));
    Status st = w.status != OK ? error_nomem(err) : OK;
    if (st == OK && *possible) {
        memcpy(low, w.low, p->vars * sizeof *low);
        memcpy(high, w.high, p->vars * sizeof *high);
    }
    work_free(&w);
    return st;
}

static Status propagate_piece(Run *r, const Pieces *pieces, uint32_t i, Error *err)
{
    Arena a;
    Piece part;
    bool possible = false;
    uint32_t from = pieces->first[i], n = pieces->first[i + 1] - from;
    arena_init(&a, 0);
    Status st = piece_cut(&r->whole, pieces->order + from, n, r->whole.low, &a, &part, err);
    if (st == OK)
        st = propagate(&part, part.low, part.high, &possible, err);
    for (uint32_t v = 0; v < n && st == OK; v++) {
        uint32_t var = pieces->order[from + v];
        if (possible) {
            r->f.low[var] = part.low[v];
            r->f.high[var] = part.high[v];
        } else
            r->clash[var] = 1;
    }
    arena_free(&a);
    return st;
}

/* A contradiction stays in its piece. Fixed numbers that contradict each other without any unknown are in none: they
 * are found by looking at every row. */
static Status propagate_apart(Run *r, Arena *a, Error *err)
{
    Piece *w = &r->whole;
    Pieces pieces = {0};
    for (uint32_t k = 0; k < w->rows; k++) {
        Wide sum = 0;
        bool fixed = true;
        for (uint32_t i = w->start[k]; i < w->start[k + 1] && fixed; i++) {
            fixed = w->low[w->var[i]] == w->high[w->var[i]];
            sum += (Wide)w->coef[i] * w->low[w->var[i]];
        }
        bool holds =
            (w->row_low[k] == -ENDLESS || sum >= w->row_low[k]) && (w->row_high[k] == ENDLESS || sum <= w->row_high[k]);
        for (uint32_t i = w->start[k]; i < w->start[k + 1] && fixed && !holds; i++)
            r->clash[w->var[i]] = 1;
    }
    TRY(pieces_find(w, a, &pieces, err));
    for (uint32_t i = 0; i < pieces.count; i++) {
        TRY(cancel_check(err));
        TRY(propagate_piece(r, &pieces, i, err));
    }
    return OK;
}

/* Rows of fixed numbers are checked by propagation, quotients of fixed numbers here. */
static void quotients_check(Run *r)
{
    for (uint32_t k = 0; k < r->whole.quotients; k++) {
        const Quotient *q = &r->whole.quotient[k];
        const uint32_t vars[] = {q->a, q->b, q->c, q->d};
        bool fixed = true;
        for (size_t i = 0; i < COUNT_OF(vars); i++)
            fixed = fixed && (vars[i] == AUDIT_NONE || r->f.low[vars[i]] == r->f.high[vars[i]]);
        if (!fixed || quotient_holds(q, r->f.low) || quotient_too_large(q, r->f.low))
            continue;
        for (size_t i = 0; i < COUNT_OF(vars); i++)
            if (vars[i] != AUDIT_NONE)
                r->clash[vars[i]] = 1;
    }
}

static Status bounds_find(Run *r, Arena *a, Error *err)
{
    bool possible;
    size_t n = r->whole.vars;
    memcpy(r->f.low, r->whole.low, n * sizeof *r->f.low);
    memcpy(r->f.high, r->whole.high, n * sizeof *r->f.high);
    TRY(propagate(&r->whole, r->f.low, r->f.high, &possible, err));
    if (!possible && r->ask->conflicts == AUDIT_CONFLICTS_SET_ASIDE) {
        r->aside.arena = a;
        TRY(aside_find(r->s, &r->whole, &r->aside, err));
        if (r->aside.count > 0)
            TRY(aside_drop(&r->whole, r->aside.out, a, err));
        TRY(propagate(&r->whole, r->f.low, r->f.high, &possible, err));
    }
    if (!possible)
        TRY(propagate_apart(r, a, err));
    quotients_check(r);
    memcpy(r->whole.low, r->f.low, n * sizeof *r->f.low);
    memcpy(r->whole.high, r->f.high, n * sizeof *r->f.high);
    return OK;
}

/* ---- One piece -----------------------------------------------------------------------------------------------------
 */

typedef struct Attack {
    Run *run;
    uint64_t spent; /* questions to the whole of the piece, times its variables */
    Arena arena;
    Piece piece;
    Reach reach;
    int64_t *point;
    bool point_known, none;
} Attack;

static uint32_t nodes_for(const Attack *a)
{
    uint32_t share = a->run->ask->effort.node_limit / (1 + a->piece.vars / 64);
    return share > 200 ? share : 200;
}

/* All searches of one piece together look at so many constraints. */
static uint64_t step_end(const Attack *a)
{
    uint64_t limit = a->run->ask->effort.whole_limit;
    return limit + limit / STEP_SHARE * a->piece.vars;
}

/* The corner nearest to nothing: a program's deviations need somewhere to deviate from. */
static void origin(const Piece *p, int64_t *x)
{
    for (uint32_t v = 0; v < p->vars; v++)
        x[v] = p->low[v] > 0 ? p->low[v] : p->high[v] < 0 ? p->high[v] : 0;
}

/* A program over a piece grows with more than its square. */
static bool program_allowed(const Attack *a)
{
    uint64_t limit = a->run->ask->effort.whole_limit;
    return limit == 0 || a->piece.vars <= limit / PROGRAM_SHARE;
}

/* By search alone; then by search near a solution of the linear part. */
static Status first_point(Attack *a, Error *err)
{
    const Piece *p = &a->piece;
    Work w;
    Lp *lp = NULL;
    TRY(work_init(&w, p, err));
    w.step_end = step_end(a);
    Found found = search_point(&w, NULL, nodes_for(a), a->point);
    Status st = w.status != OK ? error_nomem(err) : OK;
    if (st == OK && found == FOUND_LIMIT && program_allowed(a)) {
        int64_t *from = NULL;
        st = arena_new(&a->arena, int64_t, (size_t)p->vars + 1, &from, err);
        if (st == OK) {
            origin(p, from);
            st = program_make(p, from, &lp, err);
        }
        if (st == OK && lp_solve(lp, false, usual_pivots(&a->run->ask->effort, p)) == LP_OPTIMAL) {
            const Goal anything = {0, false, p->low[0], AUDIT_NONE};
            found = whole_near(&w, lp_columns(lp), from, &anything, nodes_for(a), a->point);
        }
    }
    a->point_known = found == FOUND_ONE;
    a->none = found == FOUND_NONE;
    lp_free(lp);
    work_free(&w);
    return st;
}

/* Values of one unknown that are in hand, and whether every other in its range was excluded. */
typedef struct Values {
    int64_t at[POSSIBLE_MAX];
    uint32_t count, enough;
    bool undecided;
} Values;

static void value_add(Values *v, int64_t x)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (v->at[i] == x)
            return;
    if (v->count < v->enough)
        v->at[v->count++] = x;
}

static bool value_known(const Values *v, int64_t x)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (v->at[i] == x)
            return true;
    return false;
}

static Status value_try(Attack *a, uint32_t var, int64_t x, Values *values, Error *err)
{
    Reach *r = &a->reach;
    if (values->count >= values->enough || value_known(values, x) || x < r->low[var] || x > r->high[var])
        return OK;
    work_reset(&r->work);
    Found found = FOUND_NONE;
    if (work_low(&r->work, var, x) && work_high(&r->work, var, x))
        found = search_point(&r->work, r->point, nodes_for(a), r->x);
    if (r->work.status != OK)
        return error_nomem(err);
    values->undecided = values->undecided || found == FOUND_LIMIT;
    if (found != FOUND_ONE)
        return OK;
    value_add(values, x);
    return reach_saw(r, NULL, r->x, err);
}

static Status values_near(Attack *a, uint32_t var, Values *values, Error *err)
{
    int64_t at = a->point[var];
    for (int64_t d = 1; d <= 2 * (int64_t)values->enough; d++) {
        TRY(value_try(a, var, at + d, values, err));
        TRY(value_try(a, var, at - d, values, err));
    }
    return OK;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Whether another question may be put to the whole of the piece. */
static bool whole_allowed(Attack *a)
{
    uint64_t limit = a->run->ask->effort.whole_limit;
    a->spent += a->piece.vars;
    return limit == 0 || a->spent <= limit;
}

static bool asked_nearby(const Attack *a)
{
    const AuditAsk *ask = a->run->ask;
    return ask->effort.whole_limit > 0 && ask->depth == AUDIT_LEVELS && a->piece.vars > WINDOW_VARS;
}

/* Values farther and farther away: sizes that fit a rate may lie tens apart. */
static Status values_outward(Attack *a, uint32_t v, Values *values, Error *err)
{
    Reach *r = &a->reach;
    for (int side = 0; side < 2; side++) {
        Found found = FOUND_ONE;
        bool below = side == 1;
        while (values->count < values->enough && found == FOUND_ONE) {
            int64_t seen = below ? r->seen_low[v] : r->seen_high[v];
            if (seen == (below ? r->low[v] : r->high[v]))
                break;
            const Goal next = {v, below, below ? seen - 1 : seen + 1, AUDIT_NONE};
            TRY(reach_for(r, &next, &found, err));
            value_add(values, below ? r->seen_low[v] : r->seen_high[v]);
        }
    }
    return OK;
}

/* Before the ends are drawn in: what lies between is passed over there. */
static Status values_far(Attack *a, uint32_t v, Values *values, Error *err)
{
    TRY(values_outward(a, v, values, err));
    TRY(reach_ends(&a->reach, v, err));
    value_add(values, a->reach.seen_low[v]);
    value_add(values, a->reach.seen_high[v]);
    return OK;
}

/* Values near the point that a window shows. */
static Status values_in_windows(Attack *a, uint32_t v, Values *values, Error *err)
{
    const Reach *r = &a->reach;
    for (int64_t d = 1; d <= 2 * (int64_t)values->enough; d++) {
        int64_t x = a->point[v] + (d % 2 ? (d + 1) / 2 : -(d / 2));
        Found found;
        if (values->count >= values->enough || value_known(values, x) || x < r->low[v] || x > r->high[v])
            continue;
        TRY(window_value(&a->reach, v, x, WINDOW_VARS, &found, err));
        if (found == FOUND_ONE)
            value_add(values, x);
        value_add(values, r->seen_low[v]);
        value_add(values, r->seen_high[v]);
    }
    return OK;
}

/* What the constraints next to the unknown decide. */
static Status decide_local(Attack *a, uint32_t v, bool *decided, Error *err)
{
    Findings *f = &a->run->f;
    uint32_t var = a->piece.outer[v], enough = a->run->ask->min_possible, count;
    int64_t *at = f->allowed + (size_t)var * enough;
    TRY(local_values(&a->piece, v, enough, at, &count, err));
    *decided = count < enough;
    if (count == 0)
        a->run->clash[var] = 1;
    if (count == 0 || !*decided)
        return OK;
    f->finding[var] = count == 1 ? AUDIT_EXACT : AUDIT_NARROW;
    f->possible[var] = count;
    f->low[var] = at[0];
    f->high[var] = at[count - 1];
    return OK;
}

static void decide(Attack *a, uint32_t v, Values *values, bool all_tried)
{
    Findings *f = &a->run->f;
    uint32_t var = a->piece.outer[v], enough = values->enough;
    f->low[var] = a->reach.low[v];
    f->high[var] = a->reach.high[v];
    f->seen_low[var] = a->reach.seen_low[v];
    f->seen_high[var] = a->reach.seen_high[v];
    if (values->count >= enough)
        f->finding[var] = AUDIT_OPEN;
    else if (!all_tried)
        f->finding[var] = AUDIT_UNSURE;
    else {
        f->finding[var] = values->count == 1 ? AUDIT_EXACT : AUDIT_NARROW;
        f->possible[var] = values->count;
        qsort(values->at, values->count, sizeof values->at[0], ascending);
        memcpy(f->allowed + (size_t)var * enough, values->at, values->count * sizeof values->at[0]);
    }
}

static Status ask_values(Attack *a, uint32_t v, Error *err)
{
    Reach *r = &a->reach;
    Values values = {.enough = a->run->ask->min_possible};
    value_add(&values, a->point[v]);
    value_add(&values, r->seen_low[v]);
    value_add(&values, r->seen_high[v]);
    for (uint32_t i = 0; r->values.enough > 0 && i < r->values.count[v]; i++)
        value_add(&values, r->values.at[(size_t)v * values.enough + i]);
    if (asked_nearby(a)) {
        bool decided = false;
        TRY(values_in_windows(a, v, &values, err));
        if (values.count < values.enough)
            TRY(decide_local(a, v, &decided, err));
        if (!decided && (values.count >= values.enough || !whole_allowed(a))) {
            decide(a, v, &values, values.count >= values.enough);
            decided = true;
        }
        if (decided)
            return OK;
    }
    if (a->run->ask->depth == AUDIT_INTERVALS)
        TRY(values_far(a, v, &values, err));
    TRY(values_near(a, v, &values, err));
    if (values.count < values.enough && a->run->ask->depth == AUDIT_LEVELS)
        TRY(values_far(a, v, &values, err));
    bool all_tried = values.count >= values.enough;
    if (!all_tried && r->low[v] != -ENDLESS && r->high[v] != ENDLESS && (Wide)r->high[v] - r->low[v] < EVERY_VALUE) {
        values.undecided = false;
        for (int64_t x = r->low[v]; x <= r->high[v]; x++)
            TRY(value_try(a, v, x, &values, err));
        all_tried = !values.undecided;
    }
    decide(a, v, &values, all_tried);
    return OK;
}

static Status positive_local(Attack *a, uint32_t v, Found *found, Error *err)
{
    int64_t at[2];
    uint32_t count;
    TRY(local_values(&a->piece, v, 2, at, &count, err));
    if (count == 1 && at[0] == 0)
        *found = FOUND_NONE;
    return OK;
}

static Status ask_positive(Attack *a, uint32_t v, Error *err)
{
    Found found = a->reach.seen_high[v] >= 1 ? FOUND_ONE : FOUND_LIMIT;
    const Goal one = {v, false, 1, AUDIT_NONE};
    bool nearby = asked_nearby(a);
    if (found == FOUND_LIMIT && nearby)
        TRY(window_value(&a->reach, v, 1, WINDOW_VARS, &found, err));
    if (found == FOUND_LIMIT && nearby)
        TRY(positive_local(a, v, &found, err));
    if (found == FOUND_LIMIT && (!nearby || whole_allowed(a)))
        TRY(reach_for(&a->reach, &one, &found, err));
    a->run->f.can_be[a->piece.outer[v]] = (uint8_t)found;
    return OK;
}

/* What the constraints next to an unknown have decided stays decided. */
static void piece_clashes(Attack *a)
{
    for (uint32_t v = 0; v < a->piece.vars; v++) {
        uint32_t var = a->piece.outer[v];
        a->run->clash[var] = a->run->f.finding[var] == AUDIT_UNSURE;
    }
}

/* Nothing in hand: only what propagation says, and the constraints next to each unknown. */
static Status piece_unsure(Attack *a, Error *err)
{
    Findings *f = &a->run->f;
    for (uint32_t v = 0; v < a->piece.vars; v++) {
        uint32_t var = a->piece.outer[v];
        bool decided;
        TRY(cancel_check(err));
        f->finding[var] = AUDIT_UNSURE;
        f->low[var] = a->piece.low[v];
        f->high[var] = a->piece.high[v];
        Found found = a->piece.low[v] >= 1 ? FOUND_ONE : FOUND_LIMIT;
        if (f->wanted[var])
            TRY(decide_local(a, v, &decided, err));
        if (f->positive[var] && found == FOUND_LIMIT)
            TRY(positive_local(a, v, &found, err));
        f->can_be[var] = (uint8_t)found;
    }
    return OK;
}

static Status attack_prepare(Attack *a, uint32_t i, Error *err)
{
    Run *r = a->run;
    uint32_t from = r->pieces.first[i], n = r->pieces.first[i + 1] - from;
    TRY(piece_cut(&r->whole, r->pieces.order + from, n, r->whole.low, &a->arena, &a->piece, err));
    return arena_new(&a->arena, int64_t, (size_t)n + 1, &a->point, err);
}

/* An offered table, as far as it is one. */
static bool offered_point(Attack *a)
{
    const Run *r = a->run;
    for (uint32_t v = 0; v < a->piece.vars && r->base; v++)
        a->point[v] = r->base[a->piece.outer[v]];
    return r->base && piece_holds(&a->piece, a->point);
}

static Status keep_point(const Attack *a, AuditOffered *kept, Error *err)
{
    for (uint32_t v = 0; v < a->piece.vars; v++)
        if (a->point[v] != 0)
            TRY(audit_offer_base(kept, &(AuditMove){a->piece.outer[v], a->point[v]}, 1, err));
    return OK;
}

static Status reach_prepare(Attack *a, uint32_t piece, Error *err)
{
    const Run *r = a->run;
    TRY(reach_init(&a->reach, &a->piece, a->point, &r->ask->effort, err));
    a->reach.work.step_end = step_end(a);
    if (r->kept || r->ask->offered)
        TRY(reach_want_values(&a->reach, r->f.wanted, r->f.positive, r->ask->min_possible, err));
    if (r->kept) {
        a->reach.kept = &r->kept[piece];
        a->reach.name = a->piece.outer;
        TRY(keep_point(a, a->reach.kept, err));
    }
    return r->ask->offered ? offers_verify(&r->offers, piece, &a->reach, err) : OK;
}

static Status attack_run(Attack *a, uint32_t piece, Error *err)
{
    const Findings *f = &a->run->f;
    a->point_known = offered_point(a);
    if (!a->point_known)
        TRY(first_point(a, err));
    if (!a->point_known && (!a->none || a->run->ask->conflicts == AUDIT_CONFLICTS_SET_ASIDE))
        TRY(piece_unsure(a, err));
    if (a->none)
        piece_clashes(a);
    TRY(cancel_check(err));
    if (!a->point_known)
        return OK;
    Status st = reach_prepare(a, piece, err);
    for (uint32_t v = 0; v < a->piece.vars && st == OK; v++) {
        uint32_t var = a->piece.outer[v];
        st = cancel_check(err);
        if (st == OK && f->wanted[var])
            st = ask_values(a, v, err);
        if (st == OK && f->positive[var])
            st = ask_positive(a, v, err);
    }
    a->run->held[piece] = a->reach.held;
    reach_free(&a->reach);
    return st;
}

static Status attack_piece(size_t item, void *ctx, Error *err)
{
    Attack a = {.run = ctx};
    arena_init(&a.arena, 0);
    Status st = attack_prepare(&a, (uint32_t)item, err);
    if (st == OK && !a.run->clash[a.piece.outer[0]])
        st = attack_run(&a, (uint32_t)item, err);
    if (st == OK)
        st = cancel_check(err);
    arena_free(&a.arena);
    return st;
}

/* ---- All of it ------------------------------------------------------------------------------------------------------
 */

static Status findings_alloc(Run *r, Arena *a, Error *err)
{
    Findings *f = &r->f;
    size_t n = r->s->vars.len + 1;
    TRY(arena_new(a, AuditFinding, n, &f->finding, err));
    TRY(arena_new(a, int64_t, n, &f->low, err));
    TRY(arena_new(a, int64_t, n, &f->high, err));
    TRY(arena_new(a, int64_t, n, &f->seen_low, err));
    TRY(arena_new(a, int64_t, n, &f->seen_high, err));
    TRY(arena_new(a, int64_t, n * r->ask->min_possible, &f->allowed, err));
    TRY(arena_new(a, uint32_t, n, &f->possible, err));
    TRY(arena_new(a, uint32_t, n, &f->piece, err));
    TRY(arena_new(a, uint8_t, n, &f->wanted, err));
    TRY(arena_new(a, uint8_t, n, &f->positive, err));
    TRY(arena_new(a, uint8_t, n, &f->can_be, err));
    TRY(arena_new(a, uint8_t, n, &r->clash, err));
    TRY(arena_new(a, uint8_t, n, &r->printed, err));
    memset(f->piece, 0xff, n * sizeof *f->piece);
    return OK;
}

/* What a fact prints that was set aside is not printed. */
static bool prints(const Run *r, const ModelRow *row)
{
    bool number = row->count == 1 && row->low == row->high;
    bool believed = row->fact != AUDIT_NONE && !(r->aside.is && r->aside.is[row->fact]);
    int64_t coef = r->s->terms.at[row->first].coef;
    return number && believed && (coef == 1 || coef == -1);
}

static void questions(Run *r)
{
    const AuditSystem *s = r->s;
    for (size_t i = 0; i < s->unknowns.len; i++)
        r->printed[s->unknowns.at[i].var] = s->unknowns.at[i].known;
    for (size_t k = 0; k < s->rows.len; k++)
        if (s->rows.at[k].count > 0 && prints(r, &s->rows.at[k]))
            r->printed[s->terms.at[s->rows.at[k].first].var] = 1;
    for (size_t i = 0; i < s->unknowns.len; i++) {
        uint32_t var = s->unknowns.at[i].var;
        r->f.wanted[var] = !r->printed[var] && (!r->ask->asked || r->ask->asked[i]);
    }
    for (size_t i = 0; i < s->groups.len; i++)
        r->f.positive[s->groups.at[i].rest] = r->f.positive[s->groups.at[i].outcome] = 1;
}

/* Variables that propagation fixed, before the pieces are attacked. */
static void fixed_findings(Run *r)
{
    Findings *f = &r->f;
    for (uint32_t v = 0; v < r->whole.vars; v++) {
        f->finding[v] = AUDIT_UNSURE;
        f->seen_low[v] = INT64_MAX;
        f->seen_high[v] = INT64_MIN;
        f->can_be[v] = f->low[v] >= 1 ? FOUND_ONE : f->high[v] < 1 ? FOUND_NONE : FOUND_LIMIT;
        if (f->low[v] != f->high[v])
            continue;
        f->finding[v] = AUDIT_EXACT;
        f->seen_low[v] = f->seen_high[v] = f->low[v];
        f->allowed[(size_t)v * r->ask->min_possible] = f->low[v];
        f->possible[v] = 1;
    }
    for (uint32_t i = 0; i < r->pieces.count; i++)
        for (uint32_t k = r->pieces.first[i]; k < r->pieces.first[i + 1]; k++)
            f->piece[r->pieces.order[k]] = i;
}

static AuditFinding finding_of(const Run *r, const ModelUnknown *u)
{
    if (r->clash[u->var])
        return AUDIT_CLASH;
    return r->printed[u->var] ? AUDIT_PRINTED : r->f.finding[u->var];
}

static void unknown_out(const Run *r, uint32_t i, AuditInference *out)
{
    const ModelUnknown *u = &r->s->unknowns.at[i];
    const Findings *f = &r->f;
    *out = (AuditInference){.unknown = i, .finding = finding_of(r, u), .low = f->low[u->var], .high = f->high[u->var]};
    out->seen_low = f->seen_low[u->var];
    out->seen_high = f->seen_high[u->var];
    if (out->finding == AUDIT_EXACT || out->finding == AUDIT_NARROW)
        out->possible = f->possible[u->var];
    if (out->finding == AUDIT_CLASH) {
        out->seen_low = INT64_MAX;
        out->seen_high = INT64_MIN;
    }
}

static Status unknowns_out(const Run *r, Because *b, AuditResult *out, Error *err)
{
    out->count = r->s->unknowns.len;
    TRY(arena_new(&out->arena, AuditInference, out->count + 1, &out->unknowns, err));
    uint32_t clash_piece = AUDIT_NONE, clash_first = AUDIT_NONE, told = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        AuditInference *u = &out->unknowns[i];
        uint32_t var = r->s->unknowns.at[i].var;
        unknown_out(r, i, u);
        out->exact += u->finding == AUDIT_EXACT;
        out->narrow += u->finding == AUDIT_NARROW;
        out->unsure += u->finding == AUDIT_UNSURE;
        out->clashes += u->finding == AUDIT_CLASH;
        bool explained = u->finding == AUDIT_EXACT || u->finding == AUDIT_NARROW || u->finding == AUDIT_CLASH;
        if (!explained || r->ask->explain_limit == 0 || (r->ask->asked && !r->ask->asked[i]))
            continue;
        if (r->ask->explain_most > 0 && told++ >= r->ask->explain_most)
            continue;
        if (u->finding == AUDIT_CLASH && clash_first != AUDIT_NONE && r->f.piece[var] == clash_piece) {
            u->because = out->unknowns[clash_first].because; /* one contradiction, explained once */
            u->because_count = out->unknowns[clash_first].because_count;
            continue;
        }
        if (u->finding == AUDIT_CLASH) {
            clash_piece = r->f.piece[var];
            clash_first = i;
        }
        TRY(because_find(b, var, r->f.allowed + (size_t)var * r->ask->min_possible, u->possible, &out->arena,
            &u->because, &u->because_count, err));
    }
    return OK;
}

static AuditAttribute attribute_of(const Run *r, const ModelGroup *g)
{
    const Findings *f = &r->f;
    if (r->clash[g->people] || r->clash[g->outcome] || r->clash[g->rest])
        return AUDIT_SOME; /* a contradiction is reported as one */
    if (f->low[g->people] < 1)
        return AUDIT_SOME; /* perhaps nobody is in the group */
    if (f->can_be[g->outcome] == FOUND_NONE)
        return AUDIT_NOBODY;
    if (f->can_be[g->rest] == FOUND_NONE)
        return AUDIT_EVERYBODY;
    if (f->can_be[g->outcome] == FOUND_ONE && f->can_be[g->rest] == FOUND_ONE)
        return AUDIT_SOME;
    return AUDIT_ATTRIBUTE_UNSURE;
}

static const int64_t NOBODY[] = {0};

static Status groups_out(const Run *r, Because *b, AuditResult *out, Error *err)
{
    TRY(arena_new(&out->arena, AuditGroup, r->s->groups.len + 1, &out->groups, err));
    for (size_t i = 0; i < r->s->groups.len; i++) {
        const ModelGroup *g = &r->s->groups.at[i];
        AuditAttribute attribute = attribute_of(r, g);
        if (attribute == AUDIT_SOME)
            continue;
        AuditGroup *to = &out->groups[out->group_count++];
        *to = (AuditGroup){.group = g->group, .fact = g->fact, .attribute = attribute};
        to->people_low = r->f.low[g->people];
        to->people_high = r->f.high[g->people];
        bool explained = r->ask->explain_most == 0 || out->group_count <= r->ask->explain_most;
        if (attribute != AUDIT_ATTRIBUTE_UNSURE && r->ask->explain_limit > 0 && explained)
            TRY(because_find(b, attribute == AUDIT_NOBODY ? g->outcome : g->rest, NOBODY, 1, &out->arena, &to->because,
                &to->because_count, err));
    }
    return OK;
}

static Status aside_out(const Run *r, AuditResult *out, Error *err)
{
    TRY(arena_new(&out->arena, uint32_t, r->aside.count + 1, &out->aside, err));
    for (uint32_t f = 0; f < r->s->facts.len && r->aside.count > 0; f++)
        if (r->aside.is[f])
            out->aside[out->aside_count++] = f;
    return OK;
}

/* What is offered, and room for what is kept. */
static Status tables_prepare(Run *r, Arena *a, Error *err)
{
    const AuditOffered *o = r->ask->offered;
    TRY(arena_new(a, uint64_t, (size_t)r->pieces.count + 1, &r->held, err));
    if (o)
        TRY(offers_share_out(o, &r->pieces, NULL, r->whole.vars, a, &r->offers, err));
    if (o && o->base.len > 0)
        TRY(arena_new(a, int64_t, (size_t)r->whole.vars + 1, &r->base, err));
    for (size_t i = 0; r->base && i < o->base.len; i++)
        if (o->base.at[i].cell < r->whole.vars)
            r->base[o->base.at[i].cell] = o->base.at[i].by;
    return r->ask->kept ? arena_new(a, AuditOffered, (size_t)r->pieces.count + 1, &r->kept, err) : OK;
}

static Status attack_all(Run *r, Arena *a, AuditResult *out, Error *err)
{
    TRY(tables_prepare(r, a, err));
    Status st = parallel_for(r->pieces.count, r->ask->effort.threads, attack_piece, r, err);
    for (uint32_t i = 0; i < r->pieces.count; i++) {
        out->held += r->held[i];
        if (st == OK && r->kept)
            st = offered_append(r->ask->kept, &r->kept[i], err);
        if (r->kept)
            offered_clear(&r->kept[i]);
    }
    return st;
}

static Status run_all(Run *r, Because *b, Arena *a, AuditResult *out, Error *err)
{
    TRY(model_whole(r->s, a, &r->whole, err));
    TRY(findings_alloc(r, a, err));
    TRY(bounds_find(r, a, err));
    TRY(cancel_check(err));
    questions(r);
    TRY(pieces_find(&r->whole, a, &r->pieces, err));
    fixed_findings(r);
    TRY(attack_all(r, a, out, err));
    if (r->ask->explain_limit > 0)
        TRY(because_init(b, r->s, r->ask, err));
    b->aside = r->aside.is;
    b->printed = r->printed;
    TRY(aside_out(r, out, err));
    TRY(unknowns_out(r, b, out, err));
    return groups_out(r, b, out, err);
}

Status audit_run(const AuditSystem *s, const AuditAsk *ask, AuditResult *out, Error *err)
{
    Arena a;
    Run r = {.s = s, .ask = ask};
    Because b = {0};
    *out = (AuditResult){0};
    if (ask->min_possible < 2 || ask->min_possible > POSSIBLE_MAX)
        return error_set(
            err, ERR_INVALID, "audit: min_possible is %" PRIu32 ", not 2 to %d", ask->min_possible, POSSIBLE_MAX);
    arena_init(&a, 0);
    arena_init(&out->arena, 0);
    Status st = run_all(&r, &b, &a, out, err);
    because_free(&b);
    arena_free(&a);
    if (st != OK)
        audit_result_free(out);
    return st;
}

void audit_result_free(AuditResult *r)
{
    arena_free(&r->arena);
    *r = (AuditResult){0};
}
