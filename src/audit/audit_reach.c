/*
 * Reach: how far each unknown of a piece can be moved from a solution in hand, and how far it cannot.
 *
 * The cheap first: what earlier solutions showed for free (each solution moves many unknowns, and where all rows are
 * equations its multiples and its reverse are solutions too), then windows, then the whole piece. Tiny pieces are
 * searched outright.
 */
#include "audit/attack.h"

#include <math.h>

#define TINY 24                       /* unknowns: searched without a program */
#define FAR_ENOUGH (INT64_C(1) << 40) /* an endless unknown is followed no further */

/* Sizes of windows, before the whole piece. */
static const uint32_t WINDOWS[REACH_WINDOWS] = {128, 512, 1536}, BOUNDS[] = {32, 128, 400};

Status reach_init(Reach *r, const Piece *p, const int64_t *point, const AuditEffort *effort, Error *err)
{
    *r = (Reach){.piece = p, .point = point, .effort = effort};
    size_t n = (size_t)p->vars + 1;
    arena_init(&r->arena, 0);
    TRY(arena_new(&r->arena, int64_t, n, &r->low, err));
    TRY(arena_new(&r->arena, int64_t, n, &r->high, err));
    TRY(arena_new(&r->arena, int64_t, n, &r->seen_low, err));
    TRY(arena_new(&r->arena, int64_t, n, &r->seen_high, err));
    TRY(arena_new(&r->arena, int64_t, n, &r->x, err));
    TRY(arena_new(&r->arena, double, n, &r->deviation, err));
    TRY(arena_new(&r->arena, uint32_t, n, &r->stamp, err));
    TRY(arena_new(&r->arena, uint32_t, n, &r->left_stamp, err));
    TRY(arena_new(&r->arena, uint32_t, n, &r->rows_left, err));
    TRY(arena_new(&r->arena, uint32_t, (size_t)p->rows + 1, &r->row_stamp, err));
    TRY(arena_new(&r->arena, uint32_t, n, &r->list, err));
    TRY(arena_new(&r->arena, uint32_t *, n, &r->without, err));
    TRY(arena_new(&r->arena, uint32_t, n, &r->without_count, err));
    for (uint32_t v = 0; v < p->vars; v++) {
        r->low[v] = p->low[v];
        r->high[v] = p->high[v];
        r->seen_low[v] = r->seen_high[v] = point[v];
        r->without_count[v] = AUDIT_NONE;
    }
    r->all_equal = p->quotients == 0;
    for (uint32_t i = 0; i < p->rows && r->all_equal; i++)
        r->all_equal = p->row_low[i] == p->row_high[i];
    return work_init(&r->work, p, err);
}

void reach_free(Reach *r)
{
    r->pivots += r->lp ? lp_pivots(r->lp) : 0;
    lp_free(r->lp);
    r->lp = NULL;
    work_free(&r->work);
    arena_free(&r->arena);
}

/* A pivot goes through all equations, a constraint has as many terms as the others on average; a program is made from
 * its terms. */
void reach_spend(Reach *r, const Piece *p, uint64_t pivots, uint64_t looked)
{
    uint64_t terms = p->rows > 0 ? p->start[p->rows] : 0, rows = (uint64_t)p->rows + 1;
    r->steps += 20 * terms + pivots * rows + looked * (1 + terms / rows);
}

/* How often dev fits between point and its bounds, at most limit. */
static int64_t times_within(int64_t room, int64_t dev, int64_t limit)
{
    int64_t n = room / (dev < 0 ? -dev : dev);
    return n < limit ? n : limit;
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t t = a % b;
        a = b;
        b = t;
    }
    return a < 0 ? -a : a;
}

static int64_t room_above(const Piece *p, uint32_t v, int64_t at)
{
    return p->high[v] == ENDLESS ? FAR_ENOUGH : p->high[v] - at;
}

static int64_t room_below(const Piece *p, uint32_t v, int64_t at)
{
    return p->low[v] == -ENDLESS ? FAR_ENOUGH : at - p->low[v];
}

/* Which singletons of the moved list move with v whenever v moves: what was left of them and is in the list. *news:
 * fewer than before. */
static Status without_meet(Reach *r, uint32_t v, const uint32_t *moved, size_t count, bool *news, Error *err)
{
    if (r->without_count[v] == AUDIT_NONE) {
        uint32_t n = 0;
        *news = true;
        TRY(arena_new(&r->arena, uint32_t, count + 1, &r->without[v], err));
        for (size_t i = 0; i < count; i++)
            if (r->singleton[moved[i]] && moved[i] != v)
                r->without[v][n++] = moved[i];
        r->without_count[v] = n;
        return OK;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0, j = 0; i < r->without_count[v]; i++) {
        while (j < count && moved[j] < r->without[v][i])
            j++;
        if (j < count && moved[j] == r->without[v][i])
            r->without[v][kept++] = r->without[v][i];
    }
    *news = *news || kept < r->without_count[v];
    r->without_count[v] = kept;
    return OK;
}

/* Whether one value more of v is in hand, where some are wanted. */
static bool value_new(Reach *r, uint32_t v, int64_t value)
{
    ReachValues *s = &r->values;
    int64_t *at = s->at + (size_t)v * s->enough;
    for (uint32_t i = 0; i < s->count[v]; i++)
        if (at[i] == value)
            return false;
    if (s->count[v] >= s->enough)
        return false;
    at[s->count[v]++] = value;
    return true;
}

Status reach_want_values(Reach *r, const uint8_t *wanted, const uint8_t *positive, uint32_t enough, Error *err)
{
    size_t n = (size_t)r->piece->vars + 1;
    r->values = (ReachValues){.enough = enough, .wanted = wanted, .positive = positive};
    TRY(arena_new(&r->arena, int64_t, n * enough, &r->values.at, err));
    TRY(arena_new(&r->arena, uint32_t, n, &r->values.count, err));
    for (uint32_t v = 0; v < r->piece->vars; v++)
        if (!wanted[r->piece->outer[v]])
            r->values.count[v] = enough;
        else
            (void)value_new(r, v, r->point[v]);
    return OK;
}

/* Whether a value tells of v what was not known and somebody wants to know. */
static bool is_news(Reach *r, uint32_t v, int64_t value)
{
    bool higher = value > r->seen_high[v], lower = value < r->seen_low[v];
    if (r->values.enough > 0)
        return value_new(r, v, value) || (r->values.positive[r->piece->outer[v]] && value >= 1 && r->seen_high[v] < 1);
    if (!r->want_width || (!higher && !lower))
        return false;
    return (higher && r->seen_high[v] < r->want_high[v]) || (lower && r->seen_low[v] > r->want_low[v]) ||
           r->seen_high[v] - r->seen_low[v] < r->want_width[v];
}

static bool saw_at(Reach *r, uint32_t v, int64_t value)
{
    bool news = is_news(r, v, value);
    if (value < r->seen_low[v])
        r->seen_low[v] = value;
    if (value > r->seen_high[v])
        r->seen_high[v] = value;
    return news;
}

/* How far the deviation from the point may be repeated, and reversed. */
typedef struct Stretch {
    int64_t unit, forth, back;
} Stretch;

static bool saw_stretch(Reach *r, uint32_t v, int64_t dev, const Stretch *s)
{
    bool news = saw_at(r, v, r->point[v] + s->forth * dev);
    news = saw_at(r, v, r->point[v] - s->back * dev) || news;
    for (int64_t k = 1; k <= (int64_t)r->values.enough && r->values.count[v] < r->values.enough; k++) {
        news = (k <= s->forth && value_new(r, v, r->point[v] + k * dev)) || news;
        news = (k <= s->back && value_new(r, v, r->point[v] - k * dev)) || news;
    }
    return news;
}

static Status keep_table(Reach *r, const Piece *sub, const int64_t *x, Error *err)
{
    uint32_t count = sub ? sub->vars : r->piece->vars;
    TRY(vec_push(&r->kept->start, r->kept->moves.len, err));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t v = sub ? sub->outer[i] : i;
        if (x[i] != r->point[v])
            TRY(vec_push(&r->kept->moves, ((AuditMove){r->name[v], x[i] - r->point[v]}), err));
    }
    return OK;
}

Status reach_saw(Reach *r, const Piece *sub, const int64_t *x, Error *err)
{
    uint32_t count = sub ? sub->vars : r->piece->vars, moved = 0;
    Stretch s = {.forth = FAR_ENOUGH, .back = FAR_ENOUGH};
    uint32_t *list;
    bool news = false;
    r->tables++;
    TRY(mem_alloc(((size_t)count + 1) * sizeof *list, (void **)&list, err));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t v = sub ? sub->outer[i] : i;
        int64_t dev = x[i] - r->point[v];
        news = saw_at(r, v, x[i]) || news;
        if (dev == 0)
            continue;
        list[moved++] = v;
        s.unit = gcd(dev, s.unit);
    }
    for (uint32_t i = 0; i < count && s.unit > 0 && r->all_equal; i++) {
        uint32_t v = sub ? sub->outer[i] : i;
        int64_t dev = (x[i] - r->point[v]) / s.unit, above = room_above(r->piece, v, r->point[v]);
        int64_t below = room_below(r->piece, v, r->point[v]);
        if (dev == 0)
            continue;
        s.forth = times_within(dev > 0 ? above : below, dev, s.forth);
        s.back = times_within(dev > 0 ? below : above, dev, s.back);
    }
    for (uint32_t i = 0; i < count && s.unit > 0 && r->all_equal; i++) {
        uint32_t v = sub ? sub->outer[i] : i;
        int64_t dev = (x[i] - r->point[v]) / s.unit;
        if (dev != 0)
            news = saw_stretch(r, v, dev, &s) || news;
    }
    Status st = OK;
    for (uint32_t i = 0; i < moved && r->tracked && st == OK; i++)
        if (r->tracked[list[i]])
            st = without_meet(r, list[i], list, moved, &news, err);
    if (st == OK && news && r->kept)
        st = keep_table(r, sub, x, err);
    mem_free(list);
    return st;
}

static bool reached(const Reach *r, const Goal *goal)
{
    return goal->below ? r->seen_low[goal->var] <= goal->target : r->seen_high[goal->var] >= goal->target;
}

static bool excluded(const Reach *r, const Goal *goal)
{
    return goal->below ? r->low[goal->var] > goal->target : r->high[goal->var] < goal->target;
}

/* A node costs as much as the piece is large. */
static uint32_t node_share(const Reach *r)
{
    uint32_t share = r->effort->node_limit / (1 + r->piece->vars / TINY);
    return share > 20 ? share : 20;
}

/* A whole search of the whole piece. FOUND_NONE is a proof. */
static Status search_all(Reach *r, const Goal *goal, Found *found, Error *err)
{
    uint64_t looked = r->work.steps;
    work_reset(&r->work);
    *found = goal_bound(&r->work, goal, r->point) ? search_point(&r->work, r->point, node_share(r), r->x) : FOUND_NONE;
    reach_spend(r, r->piece, 0, r->work.steps - looked);
    if (r->work.status != OK)
        return error_nomem(err);
    return *found == FOUND_ONE ? reach_saw(r, NULL, r->x, err) : OK;
}

void reach_bound(Reach *r, const Goal *goal, int64_t bound)
{
    if (goal->hold != AUDIT_NONE)
        return;
    if (goal->below && bound > r->low[goal->var])
        r->low[goal->var] = bound;
    if (!goal->below && bound < r->high[goal->var])
        r->high[goal->var] = bound;
}

/* Pivots of one program, where nobody said: degenerate programs can go round in circles. */
uint32_t usual_pivots(const AuditEffort *effort, const Piece *p)
{
    uint64_t usual = 2000 + 4 * ((uint64_t)p->vars + p->rows);
    return effort->pivot_limit > 0 ? effort->pivot_limit : usual < UINT32_MAX ? (uint32_t)usual : UINT32_MAX;
}

static void hold_in_program(Reach *r, uint32_t hold, bool on)
{
    if (hold == AUDIT_NONE)
        return;
    const Piece *p = r->piece;
    double low = (double)((Wide)p->low[hold] - r->point[hold]);
    double high = (double)((Wide)p->high[hold] - r->point[hold]);
    lp_set_bounds(r->lp, hold, on ? 0 : low, on ? 0 : high);
}

/* How far the program over the whole piece goes: the bound it proves is noted, its solution tried for whole numbers.
 * *may: it goes as far as the goal, or failed. */
static Status program_all(Reach *r, const Goal *goal, bool *may, Error *err)
{
    int64_t bound;
    *may = true;
    if (!r->lp) {
        TRY(program_make(r->piece, r->point, &r->lp, err));
        memset(r->deviation, 0, r->piece->vars * sizeof *r->deviation);
        lp_start(r->lp, r->deviation); /* the point itself */
    }
    lp_clear_costs(r->lp);
    lp_set_cost(r->lp, goal->var, 1);
    hold_in_program(r, goal->hold, true);
    r->programs++;
    uint64_t pivots = lp_pivots(r->lp);
    LpStatus status = lp_solve(r->lp, !goal->below, usual_pivots(r->effort, r->piece));
    reach_spend(r, r->piece, lp_pivots(r->lp) - pivots, 0);
    if (status == LP_OPTIMAL) {
        if (goal->hold == AUDIT_NONE && program_bound(r->piece, r->point, r->lp, goal->var, !goal->below, &bound))
            reach_bound(r, goal, bound);
        const double *y = lp_columns(r->lp);
        double wanted = (double)(goal->target - r->point[goal->var]);
        *may = goal->below ? y[goal->var] < wanted + 0.5 : y[goal->var] > wanted - 0.5;
        memcpy(r->deviation, y, r->piece->vars * sizeof *y);
        if (whole_rounded(r->piece, y, r->point, r->x))
            TRY(reach_saw(r, NULL, r->x, err));
    }
    hold_in_program(r, goal->hold, false);
    return OK;
}

/* The last resort: everything. A solution with hold at its value is no solution found by program_all in general, so
 * only the window decides there. */
static Status whole_for(Reach *r, const Goal *goal, Found *found, Error *err)
{
    bool may;
    memset(r->deviation, 0, r->piece->vars * sizeof *r->deviation);
    TRY(program_all(r, goal, &may, err));
    if (excluded(r, goal))
        *found = FOUND_NONE;
    else if (goal->hold == AUDIT_NONE && reached(r, goal))
        *found = FOUND_ONE;
    else if (may)
        TRY(window_support(r, goal, node_share(r), found, err));
    return OK;
}

/* A size that has failed so often in a row is tried once in so many questions from then on. */
#define MISSES 8

static Status try_windows(Reach *r, const Goal *goal, Found *found, Error *err)
{
    for (size_t i = 0; i < COUNT_OF(WINDOWS) && *found == FOUND_LIMIT && r->piece->vars > WINDOWS[i]; i++) {
        uint32_t *misses = &r->misses[i];
        if (*misses >= MISSES && (*misses)++ % MISSES != 0)
            continue;
        TRY(window_try(r, goal, WINDOWS[i], found, err));
        *misses = *found == FOUND_ONE ? 0 : *misses + (*misses < MISSES);
    }
    return OK;
}

/* Once for a piece that is larger than every window: what no window holds is mostly far. */
static Status kernel_for(Reach *r, const Goal *goal, Found *found, Error *err)
{
    if (r->kernel_seen || !r->all_equal || r->piece->vars <= WINDOWS[REACH_WINDOWS - 1])
        return OK;
    r->kernel_seen = true;
    TRY(kernel_show(r, err));
    if (goal->hold == AUDIT_NONE && reached(r, goal))
        *found = FOUND_ONE;
    return OK;
}

Status reach_for(Reach *r, const Goal *goal, Found *found, Error *err)
{
    *found = FOUND_LIMIT;
    if (excluded(r, goal)) {
        *found = FOUND_NONE;
        return OK;
    }
    if (goal->hold == AUDIT_NONE && reached(r, goal)) {
        *found = FOUND_ONE;
        return OK;
    }
    if (r->piece->vars <= TINY)
        TRY(search_all(r, goal, found, err));
    TRY(try_windows(r, goal, found, err));
    for (size_t i = 0; i < COUNT_OF(BOUNDS) && *found == FOUND_LIMIT && r->piece->vars > BOUNDS[i]; i++) {
        TRY(window_bound(r, goal, BOUNDS[i], err));
        if (excluded(r, goal))
            *found = FOUND_NONE;
    }
    if (*found == FOUND_LIMIT)
        TRY(kernel_for(r, goal, found, err));
    if (*found == FOUND_LIMIT)
        TRY(whole_for(r, goal, found, err));
    if (*found == FOUND_NONE)
        reach_bound(r, goal, goal->below ? goal->target + 1 : goal->target - 1);
    return OK;
}

/* Halves the gap between what was seen and what was excluded, until it is closed or a step is not decided. */
static Status close_gap(Reach *r, uint32_t var, bool below, Error *err)
{
    for (;;) {
        int64_t seen = below ? r->seen_low[var] : r->seen_high[var], end = below ? r->low[var] : r->high[var];
        if (seen == end || (below ? seen < -FAR_ENOUGH : seen > FAR_ENOUGH))
            return OK;
        Wide target = below ? wide_floor_div((Wide)seen + end, 2) : wide_ceil_div((Wide)seen + end, 2);
        if (end == ENDLESS || end == -ENDLESS)
            target = below ? 2 * (Wide)seen - 2 : 2 * (Wide)seen + 2;
        const Goal goal = {var, below, wide_clamp(target), AUDIT_NONE};
        Found found;
        TRY(search_all(r, &goal, &found, err));
        if (found == FOUND_NONE)
            reach_bound(r, &goal, below ? goal.target + 1 : goal.target - 1);
        if (found == FOUND_LIMIT)
            return OK;
    }
}

Status reach_ends(Reach *r, uint32_t var, Error *err)
{
    for (int side = 0; side < 2; side++) {
        bool below = side == 0;
        if ((below ? r->seen_low[var] : r->seen_high[var]) == (below ? r->low[var] : r->high[var]))
            continue;
        if (r->piece->vars > TINY) {
            bool may;
            const Goal most = {var, below, below ? r->low[var] : r->high[var], AUDIT_NONE};
            TRY(program_all(r, &most, &may, err));
        }
        TRY(close_gap(r, var, below, err));
    }
    return OK;
}
