/*
 * Differential privacy: noise on the finest cells, paid for first; all other cells are sums of those.
 *
 * The error bar of a sum of n cells is sqrt(n) times that of one. The bar of a single draw is at least 1.96 standard
 * deviations wide for both noises (Laplace: 2.12), and for sums that ratio falls towards 1.96, so it is never too
 * short.
 */
#include "protectfile/lanes.h"

__extension__ typedef unsigned __int128 UWide;

typedef struct Spending {
    ProtectJob *job;
    uint32_t lane;
    uint32_t *leaf; /* cells that noise is drawn for */
    size_t leaves;
    int64_t *value;
    DpCount *drawn;
    uint64_t *parts; /* a cell: of how many leaves it is the sum; 0: not yet known */
    LaneTree tree;
    LaneMedians medians;
} Spending;

static bool is_leaf(const ProtectJob *job, const TablesCell *c)
{
    for (uint32_t d = 0; d < job->set.dimension_count; d++) {
        const TablesDimension *dimension = &job->set.dimensions[d];
        if (c->at[d] != TABLES_NONE && dimension->sum_from[c->at[d]] != dimension->sum_from[c->at[d] + 1])
            return false;
    }
    return true;
}

static bool is_nobody(const TablesCell *c)
{
    return c->value.mark == TABLES_STRUCTURAL;
}

static Status find_leaves(Spending *s, Error *err)
{
    size_t cells = (size_t)s->job->system.cell_count + 1;
    TRY(arena_new(&s->job->arena, uint32_t, cells, &s->leaf, err));
    TRY(arena_new(&s->job->arena, int64_t, cells, &s->value, err));
    TRY(arena_new(&s->job->arena, DpCount, cells, &s->drawn, err));
    TRY(arena_new(&s->job->arena, uint64_t, cells, &s->parts, err));
    for (uint32_t i = 0; i < s->job->system.cell_count; i++) {
        const TablesCell *c = &s->job->system.cells[i];
        if (s->job->lanes->of_cell[i] != s->lane || !is_leaf(s->job, c) || is_nobody(c))
            continue;
        s->value[s->leaves] = s->job->problem.cells[i].value;
        s->leaf[s->leaves++] = i;
    }
    return s->leaves > 0 ? OK : error_set(err, ERR_INVALID, "a table of differential privacy has no finest cells");
}

/* Smallest h with h * h >= n * one * one. */
static int64_t wider(uint64_t n, int64_t one)
{
    UWide square = (UWide)n * (uint64_t)one * (uint64_t)one;
    uint64_t low = 0, high = UINT64_C(1) << 62;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if ((UWide)middle * middle >= square)
            high = middle;
        else
            low = middle + 1;
    }
    return (int64_t)low;
}

/* One equation whose whole is not known yet and whose parts are; the first term is the whole. */
static Status add_up(Spending *s, uint32_t r, int64_t half, bool *done, Error *err)
{
    const TablesSystem *y = &s->job->system;
    uint32_t whole = y->cell[y->start[r]];
    uint64_t parts = 0;
    int64_t sum = 0, term;
    if (s->job->lanes->of_cell[whole] != s->lane || s->parts[whole] > 0 || s->job->lanes->shown[whole])
        return OK;
    for (uint32_t k = y->start[r] + 1; k < y->start[r + 1]; k++) {
        if (s->parts[y->cell[k]] == 0 && !is_nobody(&y->cells[y->cell[k]]))
            return OK;
        int64_t coef = -(int64_t)y->coef[k] / y->coef[y->start[r]];
        if (CKD_MUL(&term, coef, s->job->lanes->figure[y->cell[k]]) || CKD_ADD(&sum, sum, term))
            return error_set(err, ERR_LIMIT, "a sum of noisy counts does not fit into 64 bits");
        parts += s->parts[y->cell[k]];
    }
    s->job->lanes->figure[whole] = sum;
    s->job->lanes->half_width[whole] = wider(parts, half);
    s->parts[whole] = parts;
    *done = true;
    return OK;
}

/* All sums, level by level. half: the bar of one leaf. */
static Status add_all(Spending *s, int64_t half, Error *err)
{
    for (size_t i = 0; i < s->leaves; i++)
        s->parts[s->leaf[i]] = 1;
    for (bool done = true; done;) {
        done = false;
        for (uint32_t r = 0; r < s->job->system.row_count; r++)
            TRY(add_up(s, r, half, &done, err));
    }
    return OK;
}

/* Before anything is paid: every cell that is to be printed is a sum of finest cells. */
static Status rehearse(Spending *s, Error *err)
{
    const ProtectJob *job = s->job;
    TRY(add_all(s, 1, err));
    for (uint32_t i = 0; i < job->system.cell_count; i++) {
        const TablesCell *c = &job->system.cells[i];
        if (job->lanes->of_cell[i] == s->lane && c->table != TABLES_NONE && s->parts[i] == 0 && !is_nobody(c))
            return error_set(err, ERR_INVALID,
                "table %.*s lacks the finest cells of row %" PRIu32 ": noise is drawn for those, sums are made of them",
                SLICE_ARG(job->set.tables[c->table].name), job->set.tables[c->table].csv_row[c->row] + 2);
    }
    memset(s->parts, 0, job->system.cell_count * sizeof *s->parts);
    return OK;
}

static Status take_over(Spending *s, const DpCountOptions *gate, Error *err)
{
    ProtectLanes *l = s->job->lanes;
    for (size_t i = 0; i < s->leaves; i++) {
        l->figure[s->leaf[i]] = s->drawn[i].value;
        l->half_width[s->leaf[i]] = s->drawn[i].half_width;
    }
    TRY(add_all(s, s->drawn[0].half_width, err));
    for (uint32_t i = 0; i < s->job->system.cell_count; i++)
        if (l->of_cell[i] == s->lane && s->parts[i] > 0)
            l->shown[i] = l->figure[i] >= gate->min_noisy_n;
    return OK;
}

static Status make_query(Spending *s, Slice *out, Error *err)
{
    const TablesSet *set = &s->job->set;
    Buf b;
    buf_init(&b, 0);
    buf_add(&b, set->name);
    for (uint32_t t = 0; t < set->table_count; t++)
        if (s->job->lanes->of_table[t] == s->lane || s->job->lanes->median_of[t] == s->lane) {
            buf_addc(&b, '/');
            buf_add(&b, set->tables[t].name);
        }
    if (s->job->lanes->used[s->lane].lane.kind == LANE_DP_QUANTILES)
        buf_adds(&b, "/medians");
    Status st = buf_status(&b, err);
    if (st == OK)
        st = arena_dup(&s->job->arena, buf_slice(&b), out, err);
    buf_free(&b);
    return st;
}

/* program: SHA-256 of the running program, in hex. */
static Status ask_for(Spending *s, const char *program, BudgetRequest *out, Error *err)
{
    UsedLane *u = &s->job->lanes->used[s->lane];
    TRY(make_query(s, &u->query, err));
    *out = (BudgetRequest){.query = u->query,
        .privacy = u->lane.privacy,
        .policy_sha256 = slice_of(u->sha256),
        .code_sha256 = slice_of(program),
        .at = clock_now()};
    return OK;
}

static Status draw_counts(Spending *s, BudgetPermit *permit, Error *err)
{
    const Lane *lane = &s->job->lanes->used[s->lane].lane;
    DpCountOptions every = lane->counts;
    every.min_noisy_n = INT64_MIN; /* sums are made of all; what is printed is gated afterwards */
    TRY(dp_counts(permit, &lane->privacy, &every, s->value, s->leaves, s->drawn, err));
    return take_over(s, &lane->counts, err);
}

/* Noise by level, fitted to one hierarchy that adds up; every figure is shown. */
static Status draw_tree(Spending *s, BudgetPermit *permit, Error *err)
{
    ProtectLanes *l = s->job->lanes;
    const LaneTree *t = &s->tree;
    TRY(arena_new(&s->job->arena, DpCount, t->tree.n + 1, &s->drawn, err));
    TRY(dp_tree(permit, &l->used[s->lane].lane.privacy, &t->tree, s->drawn, err));
    for (size_t i = 0; i < t->tree.n; i++) {
        l->figure[t->cell[i]] = s->drawn[i].value;
        l->half_width[t->cell[i]] = s->drawn[i].half_width;
        l->shown[t->cell[i]] = true;
    }
    return OK;
}

/* Everything that can be refused, for every lane, before anything is paid for any. */
static Status prepare(Spending *s, Error *err)
{
    switch (s->job->lanes->used[s->lane].lane.kind) {
    case LANE_DP_COUNTS:
        TRY(find_leaves(s, err));
        return rehearse(s, err);
    case LANE_DP_TREE:
        return lanes_tree(s->job, s->lane, &s->tree, err);
    case LANE_DP_QUANTILES:
        return lanes_medians(s->job, s->lane, &s->medians, err);
    default:
        return OK;
    }
}

/* The ledger first; without it nothing is drawn. */
static Status draw(Spending *s, const char *budget, const BudgetRequest *request, Error *err)
{
    UsedLane *u = &s->job->lanes->used[s->lane];
    const Lane *lane = &u->lane;
    BudgetPermit permit;
    TRY(budget_spend(budget, request, NULL, NULL, &permit, err));
    memcpy(u->paid, permit.hash, sizeof u->paid);
    return lane->kind == LANE_DP_COUNTS ? draw_counts(s, &permit, err)
           : lane->kind == LANE_DP_TREE ? draw_tree(s, &permit, err)
                                        : lanes_draw_medians(s->job, &s->medians, lane, &permit, err);
}

/* The budget grants all lanes or none: what was paid for one would be lost when another is refused. */
static Status spend(ProtectJob *job, Spending *all, const char *budget, Error *err)
{
    BudgetRequest *requests;
    Spending **paying;
    size_t count = 0;
    uint8_t digest[SHA256_SIZE];
    char program[SHA256_HEX_SIZE];
    TRY(arena_new(&job->arena, BudgetRequest, (size_t)job->lanes->used_count + 1, &requests, err));
    TRY(arena_new(&job->arena, Spending *, (size_t)job->lanes->used_count + 1, &paying, err));
    for (uint32_t u = 0; u < job->lanes->used_count; u++)
        if (job->lanes->used[u].lane.kind >= LANE_DP_COUNTS)
            paying[count++] = &all[u];
    if (count == 0)
        return OK;
    if (!budget)
        return error_set(err, ERR_INVALID, "differential privacy needs the ledger of a budget to pay from");
    TRY(file_sha256("/proc/self/exe", digest, err));
    hex_encode(digest, sizeof digest, program);
    for (size_t i = 0; i < count; i++)
        TRY(ask_for(paying[i], program, &requests[i], err));
    TRY(budget_suffices(budget, requests, count, err));
    for (size_t i = 0; i < count; i++)
        TRY(draw(paying[i], budget, &requests[i], err));
    return OK;
}

Status lanes_spend(ProtectJob *job, const ProtectOptions *options, Error *err)
{
    Spending *all;
    if (!job->lanes)
        return OK;
    TRY(arena_new(&job->arena, Spending, (size_t)job->lanes->used_count + 1, &all, err));
    for (uint32_t u = 0; u < job->lanes->used_count; u++) {
        all[u] = (Spending){.job = job, .lane = u};
        TRY(prepare(&all[u], err));
    }
    return spend(job, all, options->budget, err);
}
