/*
 * Where a question is asked: near before far, and among cells that are suppressed already before others.
 *
 * What is found among some of the cells is a witness anywhere; what is not found there proves nothing, so only the
 * whole net ends in LOCAL_NONE.
 */
#include "suppress/engine.h"

#define FAR_ENOUGH 4  /* questions in a row too far for the local simplex; then Clp is asked at once */
#define NEAR_ROWS 250 /* of the local simplex over the whole of a net of many cells */
#define WINDOW_PIVOTS 1000
#define LARGE_ROWS 300  /* of the local simplex over the whole of a large net, where no window held an answer */
#define ROWS_A_ROW 50   /* beyond, a question to Clp costs less than so many equations in a dense inverse */
#define MISSES 8        /* such questions in a row that failed; then one in so many is tried */
#define FAR_PIVOTS 4000 /* of Clp, while another way is left; about half a second over 16,000 equations */
#define CLP_PIVOTS 10   /* times as many as the local simplex may take */
/* Work is pivots, those over many equations counted more often; no clock, so that the answer is always the same. */
#define ROWS_A_WORK 64
#define WIDE_START 20

static const uint32_t small_window[] = {128, 384};   /* cells, for the local simplex */
static const uint32_t wide_window[] = {4096, 32768}; /* for Clp: an eighth of the net at most */

static void count_work(Engine *e, const LocalAnswer *a, uint32_t start)
{
    e->queries++;
    e->pivots += a->pivots;
    e->work += (a->pivots + start) * (1 + (uint64_t)a->rows / ROWS_A_WORK);
    e->far_work += e->reach == ENGINE_FAR ? (uint64_t)a->pivots * a->rows : 0;
}

/* within NULL: among all cells that may move. */
static Status ask_small(
    Engine *e, const LocalQuery *whole, const uint8_t *within, LocalStatus *status, LocalAnswer *a, Error *err)
{
    LocalQuery q = *whole;
    q.pivot_limit = q.pivot_limit < WINDOW_PIVOTS ? q.pivot_limit : WINDOW_PIVOTS;
    for (size_t i = 0; i < COUNT_OF(small_window); i++) {
        WindowWish wish = {
            .cell = q.cell, .size = small_window[i], .allowed = whole->allowed, .within = within, .cost = e->cost};
        TRY(window_grow(e->window, &wish, &q.allowed, err));
        TRY(local_solve(e->local, &q, status, a, err));
        count_work(e, a, 0);
        if (*status == LOCAL_FOUND)
            return OK;
    }
    *status = LOCAL_STOPPED;
    return OK;
}

/* As ask_small among all suppressed cells. */
static Status ask_core(Engine *e, const LocalQuery *whole, LocalStatus *status, LocalAnswer *a, Error *err)
{
    LocalQuery q = *whole;
    q.pivot_limit = q.pivot_limit < WINDOW_PIVOTS ? q.pivot_limit : WINDOW_PIVOTS;
    for (size_t i = 0; i < COUNT_OF(small_window) && core_moves(e->core, q.cell); i++) {
        TRY(core_ask(e->core, &q, small_window[i], status, a, err));
        count_work(e, a, 0);
        if (*status == LOCAL_FOUND)
            return OK;
    }
    *status = LOCAL_STOPPED;
    return OK;
}

/* What a dense inverse may hold where Clp is the other way, which costs more the larger the net is. */
static uint32_t local_rows(const Engine *e, uint32_t most)
{
    uint32_t worth = e->net->row_count / ROWS_A_ROW;
    if (e->reach == ENGINE_NEAR || worth < LARGE_ROWS)
        return LARGE_ROWS;
    return worth < most ? worth : most;
}

/* The local simplex over all of a large net: it looks at the equations it breaks and at no others, so an answer that is
 * far off and narrow (from one leaf of a hierarchy up to where its branches meet, and down again) costs milliseconds,
 * where a program over the whole costs more the larger the net is. */
static Status ask_local(Engine *e, const LocalQuery *whole, LocalStatus *status, LocalAnswer *a, Error *err)
{
    LocalQuery q = *whole;
    uint32_t *misses = &e->misses[e->reach != ENGINE_NEAR];
    *status = LOCAL_STOPPED;
    if (!e->far_local)
        return OK;
    if (*misses >= MISSES && (*misses)++ % MISSES != 0)
        return OK;
    q.row_limit = local_rows(e, whole->row_limit);
    TRY(local_solve(e->local, &q, status, a, err));
    count_work(e, a, 0);
    *misses = *status == LOCAL_STOPPED ? *misses + (*misses < MISSES) : 0;
    return OK;
}

static Status ask_clp(Engine *e, const LocalQuery *q, LocalStatus *status, LocalAnswer *a, Error *err)
{
    LocalQuery far = *q;
    far.pivot_limit = e->reach == ENGINE_FAR ? FAR_PIVOTS : far.pivot_limit * CLP_PIVOTS;
    if (!e->wide)
        TRY(wide_new(e->net, &e->wide, err));
    TRY(wide_solve(e->wide, &far, status, a, err));
    count_work(e, a, WIDE_START);
    return OK;
}

/* All suppressed cells: a program a fraction of the size, and what it finds costs nothing. */
static Status ask_suppressed(Engine *e, const LocalQuery *whole, LocalStatus *status, LocalAnswer *a, Error *err)
{
    LocalQuery q = *whole;
    for (uint32_t j = 0; j < e->net->cell_count; j++)
        e->inside[j] = e->in[j] && whole->allowed[j];
    q.allowed = e->inside;
    return ask_clp(e, &q, status, a, err);
}

/* The slabs that a table falls into, each way it can be cut. */
static Status ask_parts(Engine *e, const LocalQuery *whole, LocalStatus *status, LocalAnswer *a, Error *err)
{
    LocalQuery q = *whole;
    q.allowed = e->inside;
    for (uint32_t i = 0; i < e->cut_count; i++) {
        const uint32_t *part_of = e->cuts[i].part_of, *outside = e->net->outside;
        for (uint32_t j = 0; j < e->net->cell_count; j++)
            e->inside[j] = whole->allowed[j] && part_of[outside[j]] == part_of[outside[q.cell]];
        TRY(ask_clp(e, &q, status, a, err));
        if (*status == LOCAL_FOUND)
            return OK;
    }
    *status = LOCAL_STOPPED;
    return OK;
}

/* In a large net: parts of it first. */
static Status ask_large(Engine *e, const LocalQuery *whole, LocalStatus *status, LocalAnswer *a, Error *err)
{
    LocalQuery q = *whole;
    TRY(ask_local(e, whole, status, a, err));
    if (*status != LOCAL_STOPPED)
        return OK;
    for (size_t i = 0; i < COUNT_OF(wide_window) && wide_window[i] <= e->net->cell_count / 8; i++) {
        WindowWish wish = {.cell = q.cell, .size = wide_window[i], .allowed = whole->allowed, .cost = e->cost};
        TRY(window_grow(e->window, &wish, &q.allowed, err));
        TRY(ask_clp(e, &q, status, a, err));
        if (*status == LOCAL_FOUND)
            return OK;
    }
    TRY(ask_parts(e, whole, status, a, err));
    if (*status == LOCAL_FOUND)
        return OK;
    return ask_clp(e, whole, status, a, err);
}

static Status ask_whole(Engine *e, const LocalQuery *q, LocalStatus *status, LocalAnswer *a, Error *err)
{
    if (e->large)
        return ask_large(e, q, status, a, err);
    *status = LOCAL_STOPPED;
    if (e->far < FAR_ENOUGH) {
        LocalQuery near = *q;
        near.row_limit = e->near ? NEAR_ROWS : q->row_limit;
        TRY(local_solve(e->local, &near, status, a, err));
        count_work(e, a, 0);
    }
    if (*status != LOCAL_STOPPED) {
        e->far = 0;
        return OK;
    }
    e->far++;
    if (e->near)
        TRY(ask_suppressed(e, q, status, a, err));
    return *status == LOCAL_FOUND ? OK : ask_clp(e, q, status, a, err);
}

Status engine_ask(Engine *e, const LocalQuery *q, LocalStatus *status, LocalAnswer *a, Error *err)
{
    *a = (LocalAnswer){0};
    *status = LOCAL_STOPPED;
    TRY(cancel_check(err)); /* a block may ask for an hour, a question takes seconds */
    if (e->core)
        return ask_core(e, q, status, a, err);
    if (e->near && !e->reshaping)
        TRY(ask_small(e, q, e->in, status, a, err));
    if (*status == LOCAL_FOUND || e->reach == ENGINE_INSIDE)
        return OK;
    if (e->large)
        TRY(ask_small(e, q, NULL, status, a, err));
    if (*status != LOCAL_FOUND && e->far_local && e->reach == ENGINE_NEAR && !e->trying && !e->reshaping)
        TRY(ask_local(e, q, status, a, err));
    /* A trial that no window saves is given up. */
    if (*status == LOCAL_FOUND || e->reach == ENGINE_NEAR || (e->large && (e->trying || e->reshaping)))
        return OK;
    return ask_whole(e, q, status, a, err);
}
