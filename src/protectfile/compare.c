/*
 * What would stay visible by which lane, and how small groups could be pooled instead of vanishing.
 *
 * All of it is worked out from the finest cells of groups of people. A small group has fewer than SMALL times the
 * minimum: these are the ones that suppression costs. "Alone" is a cell with its own figure, "pooled" one that is shown
 * together with its neighbours. Rounding, cell keys and differential privacy show every cell with an error; for these
 * the figure is what share has an error of at most a tenth of its size.
 */
#include "protectfile/compare.h"

#include <stdlib.h>

#include "protectfile/lanes.h"
#include "protectfile/protect_impl.h"

#define SMALL 3
#define MOST_YEARS 5
#define PROPOSALS 40
#define ROUND_WORST 4   /* assumed: rounding to 5 moves a figure by at most 4 (SDC handbook 5.4) */
#define KEY_DEVIATION 5 /* assumed: ABS TableBuilder and Northern Ireland's census move counts by no more */
#define DP_HALF_WIDTH 3 /* assumed: epsilon 1 a cell; 95 % of discrete Laplace noise of scale 1 lies within 3 */

typedef struct Seen {
    int64_t cells, people, small_cells, small_people;
} Seen;

typedef enum Way { BY_SUPPRESSION, BY_PLACES, BY_YEARS, BY_ROUNDING, BY_KEYS, BY_DP, LANE_COUNT } Way;

typedef struct Proposal {
    uint32_t dimension, cell; /* one of the pool */
    uint32_t parent;
    int64_t people;
    uint32_t *members; /* codes */
    size_t count;
} Proposal;

typedef struct Compare {
    const ProtectJob *job;
    bool possible; /* suppression has a pattern */
    int64_t minimum;
    int64_t worst[LANE_COUNT]; /* error of a figure of a lane that changes figures */
    Slice file[LANE_COUNT];    /* the policy's, that says so; empty: assumed */
    Seen all, seen[LANE_COUNT];
    uint8_t *pooled; /* a cell: in some pool of places */
    uint8_t *years;  /* a cell: in some pool of years */
    Map index;       /* quantity, codes -> cell */
    VEC(Proposal) proposals;
    uint64_t more; /* pools beyond PROPOSALS */
    Arena arena;
} Compare;

static void add(Seen *s, int64_t people, int64_t minimum)
{
    s->cells++;
    s->people += people;
    if (people < SMALL * minimum) {
        s->small_cells++;
        s->small_people += people;
    }
}

static bool is_leaf(const TablesDimension *d, uint32_t code)
{
    return code == TABLES_NONE || d->sum_from[code] == d->sum_from[code + 1];
}

/* Finest cells of groups of people that somebody would print. */
static bool counts(const Compare *c, uint32_t cell)
{
    const TablesCell *t = &c->job->system.cells[cell];
    if (!t->printed || c->job->role[t->quantity] != ROLE_SIZE || t->value.low == 0)
        return false;
    for (uint32_t d = 0; d < c->job->set.dimension_count; d++)
        if (!is_leaf(&c->job->set.dimensions[d], t->at[d]))
            return false;
    return true;
}

/* --- pools of neighbours ----------------------------------------------------------------------------------------- */

static Slice key_of(const Compare *c, const TablesCell *t, uint32_t d, uint32_t code, uint32_t *key)
{
    key[0] = t->quantity;
    for (uint32_t i = 0; i < c->job->set.dimension_count; i++)
        key[i + 1] = i == d ? code : t->at[i];
    return (Slice){(const char *)key, (c->job->set.dimension_count + 1) * sizeof *key};
}

static uint32_t cell_at(const Compare *c, const TablesCell *t, uint32_t d, uint32_t code)
{
    uint32_t key[TABLES_MAX_DIMENSIONS + 1];
    uint64_t at;
    return map_get(&c->index, key_of(c, t, d, code, key), &at) ? (uint32_t)at : TABLES_NONE;
}

typedef struct Member {
    uint32_t code, cell;
    int64_t people;
} Member;

static int fewest_first(const void *a, const void *b)
{
    const Member *x = a, *y = b;
    if (x->people != y->people)
        return x->people < y->people ? -1 : 1;
    return x->code < y->code ? -1 : x->code > y->code;
}

/* Those that are too small together, and the next larger ones until they are enough: the rest keeps its own figures. */
static Status pool(Compare *c, uint32_t d, uint32_t parent, Member *m, size_t n, Error *err)
{
    int64_t people = 0;
    size_t in = 0;
    qsort(m, n, sizeof *m, fewest_first);
    while (in < n && (people < c->minimum || m[in].people < c->minimum))
        people += m[in++].people;
    if (in < 2 || people < c->minimum || m[0].people >= c->minimum)
        return OK;
    for (size_t i = 0; i < in; i++)
        c->pooled[m[i].cell] = 1;
    if (c->proposals.len >= PROPOSALS) {
        c->more++;
        return OK;
    }
    Proposal p = {.dimension = d, .cell = m[0].cell, .parent = parent, .people = people, .count = in};
    TRY(arena_new(&c->arena, uint32_t, in, &p.members, err));
    for (size_t i = 0; i < in; i++)
        p.members[i] = m[i].code;
    return vec_push(&c->proposals, p, err);
}

static Status pool_children(Compare *c, uint32_t d, const TablesSum *s, const TablesCell *parent, Error *err)
{
    const TablesDimension *dimension = &c->job->set.dimensions[d];
    Member *m;
    size_t n = 0;
    TRY(mem_zalloc((size_t)s->count + 1, sizeof *m, (void **)&m, err));
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t code = dimension->children[s->first + i], cell = cell_at(c, parent, d, code);
        if (cell != TABLES_NONE && counts(c, cell))
            m[n++] = (Member){code, cell, c->job->system.cells[cell].value.low};
    }
    Status st = n > 1 ? pool(c, d, s->parent, m, n, err) : OK;
    mem_free(m);
    return st;
}

static Status pool_places(Compare *c, Error *err)
{
    for (uint32_t i = 0; i < c->job->system.cell_count; i++) {
        const TablesCell *t = &c->job->system.cells[i];
        if (c->job->role[t->quantity] != ROLE_SIZE || !t->printed)
            continue;
        for (uint32_t d = 0; d < c->job->set.dimension_count; d++) {
            const TablesDimension *dimension = &c->job->set.dimensions[d];
            if (t->at[d] == TABLES_NONE)
                continue;
            for (uint32_t s = dimension->sum_from[t->at[d]]; s < dimension->sum_from[t->at[d] + 1]; s++)
                TRY(pool_children(c, d, &dimension->sums[s], t, err));
        }
    }
    return OK;
}

/* A dimension without a total, as years are: neighbours in the order of the header are added until they are enough. */
static void pool_years(Compare *c)
{
    for (uint32_t d = 0; d < c->job->set.dimension_count; d++) {
        const TablesDimension *dimension = &c->job->set.dimensions[d];
        if (dimension->total != TABLES_NONE)
            continue;
        for (uint32_t i = 0; i < c->job->system.cell_count; i++) {
            if (!counts(c, i) || c->job->system.cells[i].at[d] == TABLES_NONE)
                continue;
            int64_t people = 0;
            uint32_t from = c->job->system.cells[i].at[d];
            for (uint32_t code = from; code < dimension->code_count && code < from + MOST_YEARS; code++) {
                uint32_t cell = cell_at(c, &c->job->system.cells[i], d, code);
                people += cell == TABLES_NONE ? 0 : c->job->system.cells[cell].value.low;
                if (people >= c->minimum) {
                    c->years[i] = 1;
                    break;
                }
            }
        }
    }
}

/* The errors of the lanes: by the policy's first file of each, or assumed. */
static Status read_lanes(Compare *c, const ProtectOptions *options, Error *err)
{
    c->worst[BY_ROUNDING] = ROUND_WORST;
    c->worst[BY_KEYS] = KEY_DEVIATION;
    c->worst[BY_DP] = DP_HALF_WIDTH;
    for (size_t i = 0;; i++) {
        Lane lane;
        Slice file;
        bool is_there;
        char sha256[SHA256_HEX_SIZE];
        TRY(protection_lane_file(c->job->policy, i, &file, &is_there, err));
        if (!is_there)
            return OK;
        TRY(lanes_read(options, file, &c->arena, &lane, sha256, err));
        int of = lane.kind == LANE_ROUNDING    ? BY_ROUNDING
                 : lane.kind == LANE_CELL_KEY  ? BY_KEYS
                 : lane.kind == LANE_DP_COUNTS ? BY_DP
                                               : -1;
        if (of < 0 || c->file[of].len > 0)
            continue;
        c->file[of] = file;
        if (of == BY_ROUNDING)
            c->worst[of] = (int64_t)(lane.rounding.max_steps + 1) * lane.rounding.base - 1;
        else if (of == BY_KEYS)
            c->worst[of] = lane.ptable.deviation;
        else
            TRY(dp_expected_error(&lane.privacy, &c->worst[of], err));
    }
}

/* --- counting ---------------------------------------------------------------------------------------------------- */

static void count_cell(Compare *c, uint32_t i)
{
    int64_t n = c->job->system.cells[i].value.low;
    bool large = n >= c->minimum;
    add(&c->all, n, c->minimum);
    if (c->possible && !protect_hidden(c->job, i))
        add(&c->seen[BY_SUPPRESSION], n, c->minimum);
    if (large || c->pooled[i])
        add(&c->seen[BY_PLACES], n, c->minimum);
    if (large || c->years[i])
        add(&c->seen[BY_YEARS], n, c->minimum);
    for (int l = BY_ROUNDING; l <= BY_DP; l++)
        if (c->worst[l] <= n / 10)
            add(&c->seen[l], n, c->minimum);
}

static Status index_cells(Compare *c, Error *err)
{
    for (uint32_t i = 0; i < c->job->system.cell_count; i++) {
        const TablesCell *t = &c->job->system.cells[i];
        uint32_t key[TABLES_MAX_DIMENSIONS + 1];
        TRY(map_put(&c->index, key_of(c, t, TABLES_NONE, 0, key), i, NULL, err));
    }
    return OK;
}

static Status work(Compare *c, Error *err)
{
    size_t cells = (size_t)c->job->system.cell_count + 1;
    c->minimum = c->job->policy->rules.min_n;
    TRY(arena_new(&c->arena, uint8_t, cells, &c->pooled, err));
    TRY(arena_new(&c->arena, uint8_t, cells, &c->years, err));
    TRY(index_cells(c, err));
    TRY(pool_places(c, err));
    pool_years(c);
    for (uint32_t i = 0; i < c->job->system.cell_count; i++)
        if (counts(c, i))
            count_cell(c, i);
    return OK;
}

/* --- telling ----------------------------------------------------------------------------------------------------- */

static const char *const LANE_NAMES[LANE_COUNT] = {
    "suppression", "pooling_places", "pooling_years", "rounding", "cell_keys", "differential_privacy"};
static const char *const LANE_WORDS[LANE_COUNT] = {"suppression: shown exactly",
    "pooling neighbours: shown, alone or together", "pooling up to 5 years: shown, alone or together",
    "rounding: within a tenth", "cell keys: within a tenth", "differential privacy: within a tenth"};

static const char *const ASSUMED[] = {"base 5", "deviation 5", "epsilon 1 a cell"};

static int64_t per_mille(int64_t part, int64_t whole)
{
    return whole == 0 ? 0 : (part * 2000 + whole) / (2 * whole);
}

static void say_share(Buf *out, int64_t part, int64_t whole)
{
    int64_t p = per_mille(part, whole);
    buf_addf(out, "%5lld.%lld %%", (long long)(p / 10), (long long)(p % 10));
}

static void say_proposals(const Compare *c, Buf *out)
{
    if (c->proposals.len > 0)
        buf_addf(out, "\nPools that meet the minimum (the fewest first, with just enough neighbours%s):\n",
            c->more > 0 ? "; the first" : "");
    for (size_t i = 0; i < c->proposals.len; i++) {
        const Proposal *p = &c->proposals.at[i];
        const TablesDimension *d = &c->job->set.dimensions[p->dimension];
        buf_addf(out, "- %.*s %.*s: ", SLICE_ARG(d->name), SLICE_ARG(d->titles[p->parent]));
        for (size_t k = 0; k < p->count; k++)
            buf_addf(out, "%s%.*s", k > 0 ? " + " : "", SLICE_ARG(d->titles[p->members[k]]));
        buf_addf(out, ": %lld people (", (long long)p->people);
        tables_cell_words(&c->job->system, p->cell, out);
        buf_adds(out, " and the others)\n");
    }
    if (c->more > 0)
        buf_addf(out, "- and %llu more\n", (unsigned long long)c->more);
}

static Status say_invisible(const Compare *c, Buf *out, Error *err)
{
    CodeSeen *seen = NULL;
    size_t count = 0;
    if (!c->possible)
        return OK;
    TRY(protect_invisible(c->job, &seen, &count, err));
    if (count > 0)
        buf_adds(out, "\nLeft invisible by suppression (less than half of the cells remain):\n");
    for (size_t i = 0; i < count && i < PROPOSALS; i++) {
        const TablesDimension *d = &c->job->set.dimensions[seen[i].dimension];
        buf_addf(out, "- %.*s %.*s: %llu of %llu cells shown, %lld people hidden\n", SLICE_ARG(d->name),
            SLICE_ARG(d->titles[seen[i].code]), (unsigned long long)seen[i].shown, (unsigned long long)seen[i].cells,
            (long long)seen[i].people_hidden);
    }
    if (count > PROPOSALS)
        buf_addf(out, "- and %zu more\n", count - PROPOSALS);
    mem_free(seen);
    return OK;
}

static Status invisible_json(const Compare *c, Json *j, Error *err)
{
    CodeSeen *seen = NULL;
    size_t count = 0;
    if (c->possible)
        TRY(protect_invisible(c->job, &seen, &count, err));
    json_key(j, "invisible");
    json_open_array(j);
    for (size_t i = 0; i < count; i++) {
        const TablesDimension *d = &c->job->set.dimensions[seen[i].dimension];
        json_open_object(j);
        json_kstr(j, "dimension", d->name);
        json_kstr(j, "code", d->codes[seen[i].code]);
        json_kint(j, "cells", (int64_t)seen[i].cells);
        json_kint(j, "shown", (int64_t)seen[i].shown);
        json_kint(j, "people_hidden", seen[i].people_hidden);
        json_end(j);
    }
    json_end(j);
    mem_free(seen);
    return OK;
}

static Status say_text(const Compare *c, const Error *why, Buf *out, Error *err)
{
    buf_addf(out, "%lld groups of %lld people; %lld of them small (fewer than %lld), with %lld people\n\n",
        (long long)c->all.cells, (long long)c->all.people, (long long)c->all.small_cells,
        (long long)(SMALL * c->minimum), (long long)c->all.small_people);
    buf_addf(out, "%-56s %9s %18s\n", "", "groups", "people in small");
    for (size_t l = 0; l < LANE_COUNT; l++) {
        buf_addf(out, "%-56s ", LANE_WORDS[l]);
        if (l == BY_SUPPRESSION && !c->possible) {
            buf_addf(out, "impossible: %s\n", why->message);
            continue;
        }
        say_share(out, c->seen[l].cells, c->all.cells);
        buf_adds(out, "          ");
        say_share(out, c->seen[l].small_people, c->all.small_people);
        buf_addc(out, '\n');
    }
    buf_addc(out, '\n');
    for (int l = BY_ROUNDING; l <= BY_DP; l++) {
        buf_addf(out, "%s: a figure is off by at most %lld%s, ", LANE_NAMES[l], (long long)c->worst[l],
            l == BY_DP ? " in 95 of 100 draws" : "");
        if (c->file[l].len > 0)
            buf_addf(out, "by %.*s\n", SLICE_ARG(c->file[l]));
        else
            buf_addf(out, "assumed (%s)\n", ASSUMED[l - BY_ROUNDING]);
    }
    say_proposals(c, out);
    TRY(say_invisible(c, out, err));
    return buf_status(out, err);
}

static Status say_json(const Compare *c, Buf *out, Error *err)
{
    Json j;
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kint(&j, "groups", c->all.cells);
    json_kint(&j, "people", c->all.people);
    json_kint(&j, "small_groups", c->all.small_cells);
    json_kint(&j, "people_in_small_groups", c->all.small_people);
    json_kbool(&j, "suppression_possible", c->possible);
    json_key(&j, "visible");
    json_open_array(&j);
    for (size_t l = 0; l < LANE_COUNT; l++) {
        json_open_object(&j);
        json_kstr(&j, "lane", slice_of(LANE_NAMES[l]));
        json_kint(&j, "groups", c->seen[l].cells);
        json_kint(&j, "people", c->seen[l].people);
        json_kint(&j, "people_in_small_groups", c->seen[l].small_people);
        if (l >= BY_ROUNDING) {
            json_kint(&j, "largest_error", c->worst[l]);
            json_kbool(&j, "assumed", c->file[l].len == 0);
        }
        if (l >= BY_ROUNDING && c->file[l].len > 0)
            json_kstr(&j, "lane_file", c->file[l]);
        json_end(&j);
    }
    json_end(&j);
    json_key(&j, "pools");
    json_open_array(&j);
    for (size_t i = 0; i < c->proposals.len; i++) {
        const Proposal *p = &c->proposals.at[i];
        const TablesDimension *d = &c->job->set.dimensions[p->dimension];
        json_open_object(&j);
        json_kstr(&j, "dimension", d->name);
        json_kstr(&j, "of", d->codes[p->parent]);
        json_kint(&j, "people", p->people);
        json_key(&j, "members");
        json_open_array(&j);
        for (size_t k = 0; k < p->count; k++)
            json_str(&j, d->codes[p->members[k]]);
        json_end(&j);
        json_end(&j);
    }
    json_end(&j);
    json_kint(&j, "more_pools", (int64_t)c->more);
    TRY(invisible_json(c, &j, err));
    json_end(&j);
    buf_addc(out, '\n');
    return buf_status(out, err);
}

Status compare_jobs(
    const ProtectJob *job, const ProtectOptions *options, const Error *why, CompareStyle style, Buf *out, Error *err)
{
    Compare c = {.job = job, .possible = why->status == OK};
    arena_init(&c.arena, 0);
    Status st = map_init(&c.index, err);
    if (st == OK)
        st = read_lanes(&c, options, err);
    if (st == OK)
        st = work(&c, err);
    if (st == OK)
        st = style == COMPARE_JSON ? say_json(&c, out, err) : say_text(&c, why, out, err);
    vec_free(&c.proposals);
    map_free(&c.index);
    arena_free(&c.arena);
    return st;
}
