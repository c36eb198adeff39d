/*
 * Every comparable pair exactly once, with the mask of all its passes.
 *
 * A pair is handed out in the first thing it shares: the lowest pass of its mask
 * and, in that pass, the lowest block (or places of the window order). So
 * nothing has to be remembered between blocks, and any share of the blocks can be
 * worked off anywhere.
 *
 * The rows of a block's records are gathered side by side first. The mask of a
 * pair is then a handful of four-lane compares of rows in the first-level cache;
 * only records whose row is too short (blocks.h) are compared list by list.
 *
 * Work is cut into items of about WORK_PAIRS pairs: many small blocks, or some
 * records of a large one against the rest.
 */
#include <stdatomic.h>

#include "match/blocks.h"
#include "match/lanes.h"

enum { WORK_PAIRS = 1 << 17, WORK_MEMBERS = 1 << 15, TILE = 2048, AHEAD = 24 };

/* --- work items --------------------------------------------------------------------------------------------------- */

typedef enum ItemKind { ITEM_GROUPS, ITEM_REFINED, ITEM_WINDOW } ItemKind;

/* Groups first .. last - 1 whole; or of one group (last = first + 1) the members from .. to - 1 as `a` against those
 * behind them; or places first .. last - 1 of a window order. */
typedef struct WorkItem {
    ItemKind kind;
    uint32_t pass;
    uint32_t first, last;
    uint32_t from, to;
} WorkItem;
typedef VEC(WorkItem) WorkItems;

static Status cut_large(WorkItems *items, WorkItem item, uint32_t size, Error *err)
{
    for (uint32_t from = 0; from < size;) {
        uint64_t pairs = 0;
        uint32_t to = from;
        while (to < size && pairs < WORK_PAIRS)
            pairs += size - to++;
        item.from = from;
        item.to = to;
        TRY(vec_push(items, item, err));
        from = to;
    }
    return OK;
}

static Status cut_groups(const BlockPass *p, const Groups *g, WorkItem item, WorkItems *items, Error *err)
{
    uint64_t pairs = 0, members = 0;
    size_t next_oversized = 0;
    bool is_first = item.kind == ITEM_GROUPS;
    uint32_t begin = 0, count = group_count(g);
    for (uint32_t i = 0; i <= count; i++) {
        uint32_t size = i < count ? group_size(g, i) : 0;
        bool skip = is_first && next_oversized < p->oversized.len && p->oversized.at[next_oversized] == i;
        bool large = (uint64_t)size * size / 2 > WORK_PAIRS;
        if (i == count || skip || large || pairs > WORK_PAIRS || members > WORK_MEMBERS) {
            item.first = begin;
            item.last = i;
            if (begin < i)
                TRY(vec_push(items, item, err));
            begin = i;
            pairs = members = 0;
        }
        if (skip || large) {
            item.first = i;
            item.last = i + 1;
            if (!skip)
                TRY(cut_large(items, item, size, err));
            item.from = item.to = 0;
            next_oversized += skip;
            begin = i + 1;
            continue;
        }
        pairs += (uint64_t)size * size / 2;
        members += size;
    }
    return OK;
}

static Status cut_work(const Blocks *b, WorkItems *items, Error *err)
{
    for (uint32_t i = 0; i < b->pass_count; i++) {
        const BlockPass *p = &b->passes[i];
        WorkItem item = {.kind = ITEM_GROUPS, .pass = i};
        TRY(cut_groups(p, &p->groups, item, items, err));
        item.kind = ITEM_REFINED;
        TRY(cut_groups(p, &p->refined, item, items, err));
        item.kind = ITEM_WINDOW;
        uint32_t step = pass_is_window(p) ? WORK_PAIRS / p->spec.window + 1 : 1;
        for (uint64_t at = 0; at < p->order.len; at += step) {
            item.first = (uint32_t)at;
            item.last = at + step < p->order.len ? (uint32_t)(at + step) : (uint32_t)p->order.len;
            TRY(vec_push(items, item, err));
        }
    }
    return OK;
}

/* --- masks -----------------------------------------------------------------------------------------------------------
 */

/* One compare: lanes `vector` of the other's row against `value`; equal lanes give `bits`. */
typedef struct Probe {
    Lanes32 value, bits;
    uint32_t vector;
} Probe;

/* The comparable stretches of one block are runs of one source. */
typedef struct Run {
    uint32_t begin, end, source;
} Run;

/* One thread's scratch, made once: the compiler would clear large arrays on the stack for each block. */
typedef struct PairWorker {
    const Blocks *blocks;
    BatchFn batch;
    void *context;
    const RecordSample *sample; /* NULL: all pairs */
    Probe *probes;
    uint32_t probe_count;
    Lanes32 *rows; /* of the tile's records */
    uint32_t *extra;
    uint32_t *masks;
    uint32_t *others;
    uint32_t *places; /* of the others in the tile */
    uint32_t *kept;
    PairTile tile;
    Run *runs;
    bool tile_extra;        /* some record of the tile has extras */
    uint64_t *left, *right; /* lists of two records */
    BlockCounts counts;
} PairWorker;

/* Blocks of 0 are none: as the probing side they must not equal anything. */
static Lanes32 probe_lanes(const uint32_t *lanes)
{
    Lanes32 v;
    for (uint32_t i = 0; i < 4; i++)
        v[i] = lanes[i] == 0 ? UINT32_MAX : lanes[i];
    return v;
}

static void add_probe(PairWorker *w, Lanes32 value, uint32_t vector)
{
    w->probes[w->probe_count++] =
        (Probe){.value = value, .bits = load_lanes(w->blocks->lane_bit + 4 * (size_t)vector), .vector = vector};
}

/* Each block that the record has in a wide pass, against all lanes of that. */
static void probe_wide(PairWorker *w, const uint32_t *row, const BlockPass *p)
{
    for (uint32_t i = 0; i < p->width && row[p->lane + i] != 0; i++)
        for (uint32_t vector = p->lane / 4; vector < (p->lane + p->width) / 4; vector++)
            add_probe(w, lanes_of(row[p->lane + i]), vector);
}

/* Lanes of one-lane passes against the same lane, where the record has any; of wide passes each against each. */
static void make_probes(PairWorker *w, uint32_t record)
{
    const Blocks *b = w->blocks;
    const uint32_t *row = block_row(b, record);
    uint32_t single = b->equal_lanes / 4;
    w->probe_count = 0;
    for (uint32_t i = 0; b->wide && i < b->pass_count; i++) {
        const BlockPass *p = &b->passes[i];
        if (p->width <= 1)
            continue;
        single = p->lane / 4 < single ? p->lane / 4 : single;
        probe_wide(w, row, p);
    }
    for (uint32_t i = 0; i < single; i++)
        if (is_lane_set(load_lanes(row + 4 * (size_t)i)))
            add_probe(w, probe_lanes(row + 4 * (size_t)i), i);
}

/* Masks of one record, whose probes are made, with the tile's records from .. to - 1. */
static void equal_masks(PairWorker *w, size_t from, size_t to)
{
    size_t vectors = w->blocks->stride / 4;
    const Probe *p = w->probes;
    const Lanes32 *row = w->rows + from * vectors;
    uint32_t *masks = w->masks;
    if (w->probe_count == 1) {
        for (size_t i = from; i < to; i++, row += vectors)
            masks[i] = join_lanes((Lanes32)(row[p[0].vector] == p[0].value) & p[0].bits);
    } else if (w->probe_count == 2) {
        for (size_t i = from; i < to; i++, row += vectors)
            masks[i] = join_lanes(((Lanes32)(row[p[0].vector] == p[0].value) & p[0].bits) |
                                  ((Lanes32)(row[p[1].vector] == p[1].value) & p[1].bits));
    } else {
        for (size_t i = from; i < to; i++, row += vectors) {
            Lanes32 sum = {0};
            for (uint32_t k = 0; k < w->probe_count; k++)
                sum |= (Lanes32)(row[p[k].vector] == p[k].value) & p[k].bits;
            masks[i] = join_lanes(sum);
        }
    }
}

static void window_masks(PairWorker *w, const uint32_t *a_row, size_t from, size_t to)
{
    const Blocks *b = w->blocks;
    for (uint32_t i = 0; i < b->pass_count; i++) {
        const BlockPass *p = &b->passes[i];
        uint32_t window = p->spec.window;
        uint32_t own = a_row[p->lane];
        if (window == 0 || own == 0)
            continue;
        const uint32_t *place = (const uint32_t *)w->rows + from * b->stride + p->lane;
        for (size_t k = from; k < to; k++, place += b->stride) {
            uint32_t gap = *place > own ? *place - own : own - *place;
            bool near = *place > 0 && gap < window;
            w->masks[k] |= (uint32_t)near << i;
        }
    }
}

static void gather(PairWorker *w, const uint32_t *members, size_t count, size_t readable)
{
    const Blocks *b = w->blocks;
    size_t vectors = b->stride / 4;
    w->tile_extra = false;
    for (size_t i = 0; i < count; i++) {
        if (b->row_of && i + 2 * AHEAD < readable)
            __builtin_prefetch(&b->row_of[members[i + 2 * AHEAD]]);
        if (i + AHEAD < readable) {
            block_row_prefetch(b, members[i + AHEAD]);
            record_prefetch(b->table, members[i + AHEAD]);
        }
        if (i + AHEAD / 2 < readable)
            compare_fetch(b->table, members[i + AHEAD / 2]);
        const uint32_t *row = block_row(b, members[i]);
        for (size_t k = 0; k < vectors; k++) /* few: a call of memcpy costs more */
            w->rows[i * vectors + k] = load_lanes(row + 4 * k);
        w->extra[i] = block_extra(b, row);
        w->tile_extra = w->tile_extra || w->extra[i] > 0;
    }
    w->tile = (PairTile){members, count, w->tile.number + 1};
}

/* --- handing out ------------------------------------------------------------------------------------------------- */

/* What is being enumerated, and where a pair must be first shared to be handed out here. */
typedef struct Place {
    uint32_t pass;
    uint64_t at;  /* block number; of a window pass, lower place << 32 | higher */
    bool exact;   /* the pass may bring a pair together more than once: look where first */
    bool refined; /* count what it covers */
} Place;

static Status hand_out(PairWorker *w, const Place *place, uint32_t a, size_t count, Error *err)
{
    if (count == 0)
        return OK;
    PairBatch batch = {.a = a, .others = w->others, .masks = w->kept, .count = count};
    if (w->tile.members) {
        batch.places = w->places;
        batch.tile = w->tile;
    }
    w->counts.found[place->pass] += count;
    for (size_t i = 0; w->blocks->known_count > 0 && i < count; i++)
        w->kept[i] = complete_mask(w->blocks, w->kept[i]);
    return w->batch(&batch, w->context, err);
}

/* First block that two rows share in a pass, both without extras; 0: none. */
static uint32_t least_lane(const BlockPass *p, const uint32_t *left, const uint32_t *right)
{
    for (uint32_t i = 0; i < p->width && left[p->lane + i] > 0; i++)
        for (uint32_t k = 0; k < p->width; k++)
            if (left[p->lane + i] == right[p->lane + k])
                return left[p->lane + i];
    return 0;
}

/* Keeps those of members[from .. to) whose pair with a belongs here; masks are made. */
static size_t keep_first(PairWorker *w, const Place *place, const uint32_t *members, size_t from, size_t to)
{
    uint32_t bit = (uint32_t)1 << place->pass, before = bit - 1;
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        uint32_t mask = w->masks[i];
        w->others[n] = members[i];
        w->places[n] = (uint32_t)i;
        w->kept[n] = mask;
        n += (mask & before) == 0;
    }
    return n;
}

static size_t keep_exact(PairWorker *w, const Place *place, uint32_t a, const uint32_t *members, size_t from, size_t to)
{
    const Blocks *b = w->blocks;
    const BlockPass *p = &b->passes[place->pass];
    const uint32_t *row = block_row(b, a);
    BlockList list = {0};
    bool a_extra = block_extra(b, row) > 0;
    uint32_t before = ((uint32_t)1 << place->pass) - 1;
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        uint32_t mask = w->masks[i];
        /* what the rows say is true, if not all */
        if (!place->refined && (mask & before) != 0)
            continue;
        /* and of one pass a row has a record's first blocks: what two rows share first is the first of all */
        uint64_t least = least_lane(p, row, (const uint32_t *)w->rows + i * b->stride);
        bool all = !a_extra && w->extra[i] == 0, decided = least > 0 && (least != place->at || (mask & before) != 0);
        if (!all && !decided && !list.at)
            list = record_blocks(b, a, w->left);
        if (!all && !decided)
            mask = blocks_meet(b, list, record_blocks(b, members[i], w->right), place->pass, &least);
        if (least != place->at)
            continue;
        w->counts.covered[place->pass] += place->refined;
        if ((mask & before) != 0)
            continue;
        w->others[n] = members[i];
        w->places[n] = (uint32_t)i;
        w->kept[n++] = mask;
    }
    return n;
}

/* a against the tile's records from .. to - 1, all comparable with it. */
static Status pair_range(
    PairWorker *w, const Place *place, uint32_t a, const uint32_t *members, size_t from, size_t to, Error *err)
{
    const Blocks *b = w->blocks;
    if (from >= to)
        return OK;
    equal_masks(w, from, to);
    if (b->equal_lanes < b->stride)
        window_masks(w, block_row(b, a), from, to);
    bool exact = place->exact || w->tile_extra || block_extra(b, block_row(b, a)) > 0;
    size_t n = exact ? keep_exact(w, place, a, members, from, to) : keep_first(w, place, members, from, to);
    return hand_out(w, place, a, n, err);
}

static size_t find_runs(const Blocks *b, const uint32_t *members, uint32_t count, Run *runs)
{
    if (b->sources.all) {
        runs[0] = (Run){0, count, 0};
        return 1;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t source = b->table->source[members[i]];
        if (n == 0 || runs[n - 1].source != source)
            runs[n++] = (Run){i, i, source};
        runs[n - 1].end = i + 1;
    }
    return n;
}

typedef struct BlockSpan {
    const uint32_t *members;
    uint32_t count;
    uint32_t from, to; /* records that play a */
    size_t readable;   /* members that follow in memory, for reading ahead */
    /* all of the sample stand there; outside it a record meets these alone */
    uint32_t sampled_from, sampled_to;
} BlockSpan;

/* Members of runs[own ..] behind i within [begin, end) against member i. */
static Status pair_member(PairWorker *w, const Place *place, const BlockSpan *s, const Run *runs, size_t run_count,
    size_t own, uint32_t i, uint32_t begin, uint32_t end, Error *err)
{
    uint32_t begin_at = begin;
    const SourcePairs *sources = &w->blocks->sources;
    if (!sample_has(w->sample, s->members[i])) {
        begin_at = begin_at < s->sampled_from ? s->sampled_from : begin_at;
        end = end > s->sampled_to ? s->sampled_to : end;
        if (begin_at >= end || i + 1 >= end)
            return OK;
    }
    make_probes(w, s->members[i]);
    for (size_t k = own; k < run_count; k++) {
        if (!sources->all && !sources->comparable[runs[own].source * sources->sources + runs[k].source])
            continue;
        uint32_t from = k == own && i + 1 > runs[k].begin ? i + 1 : runs[k].begin, to = runs[k].end;
        from = from < begin_at ? begin_at : from;
        to = to > end ? end : to;
        if (from < to)
            TRY(pair_range(w, place, s->members[i], s->members + begin, from - begin, to - begin, err));
    }
    return OK;
}

/* False: none of the block is in the sample. */
static bool find_sampled(const PairWorker *w, BlockSpan *s)
{
    s->sampled_from = 0;
    s->sampled_to = s->count;
    while (s->sampled_from < s->sampled_to && !sample_has(w->sample, s->members[s->sampled_from]))
        s->sampled_from++;
    while (s->sampled_from < s->sampled_to && !sample_has(w->sample, s->members[s->sampled_to - 1]))
        s->sampled_to--;
    return s->sampled_from < s->sampled_to;
}

static Status pair_block(PairWorker *w, const Place *place, const BlockSpan *s, Error *err)
{
    Run *runs = w->runs;
    size_t run_count = find_runs(w->blocks, s->members, s->count, runs);
    for (uint32_t begin = s->from; begin < s->count; begin += TILE) {
        uint32_t end = s->count - begin > TILE ? begin + TILE : s->count;
        gather(w, s->members + begin, end - begin, s->readable - begin);
        size_t own = 0;
        for (uint32_t i = s->from; i < s->to && i < end; i++) {
            while (runs[own].end <= i)
                own++;
            TRY(pair_member(w, place, s, runs, run_count, own, i, begin, end, err));
        }
    }
    return OK;
}

static Status pair_groups(PairWorker *w, const WorkItem *item, Error *err)
{
    const BlockPass *p = &w->blocks->passes[item->pass];
    bool refined = item->kind == ITEM_REFINED;
    const Groups *g = refined ? &p->refined : &p->groups;
    uint32_t first = p->first + (refined ? group_count(&p->groups) : 0);
    Place place = {.pass = item->pass, .refined = refined};
    place.exact = refined || p->width > 1;
    for (uint32_t i = item->first; i < item->last; i++) {
        BlockSpan s = {.members = group_members(g, i), .count = group_size(g, i)};
        s.from = item->from;
        s.to = item->to > 0 ? item->to : s.count;
        s.readable = w->sample ? s.count : g->members.len - g->start.at[i]; /* of a sample most blocks are passed by */
        place.at = p->numbers.len > 0 ? p->numbers.at[i] : first + i;
        if (find_sampled(w, &s))
            TRY(pair_block(w, &place, &s, err));
    }
    return OK;
}

/* Place of an entry in the whole order, from 1 on. */
static uint32_t window_place(const BlockPass *p, uint64_t entry)
{
    return p->places.len > 0 ? p->places.at[entry] : (uint32_t)entry + 1;
}

/* One entry against those behind it within the window. */
static Status pair_entry(PairWorker *w, const Place *place, uint32_t entry, Error *err)
{
    const Blocks *b = w->blocks;
    const BlockPass *p = &b->passes[place->pass];
    uint32_t a = p->order.at[entry], own = window_place(p, entry), before = ((uint32_t)1 << place->pass) - 1;
    BlockList list = record_blocks(b, a, w->left);
    size_t kept = 0;
    for (uint64_t k = (uint64_t)entry + 1; k < p->order.len && window_place(p, k) - own < p->spec.window; k++) {
        uint32_t other = p->order.at[k];
        if (other == a || !table_comparable(b->table->config, b->table->source[a], b->table->source[other]))
            continue;
        uint64_t least = 0, at = (uint64_t)own << 32 | window_place(p, k);
        uint32_t mask = blocks_meet(b, list, record_blocks(b, other, w->right), place->pass, &least);
        if (least != at || (mask & before) != 0)
            continue;
        w->others[kept] = other;
        w->kept[kept++] = mask;
        if (kept == TILE) {
            TRY(hand_out(w, place, a, kept, err));
            kept = 0;
        }
    }
    return hand_out(w, place, a, kept, err);
}

static Status pair_window(PairWorker *w, const WorkItem *item, Error *err)
{
    const BlockPass *p = &w->blocks->passes[item->pass];
    Place place = {.pass = item->pass, .exact = true};
    w->tile.members = NULL;
    for (uint32_t i = item->first; i < item->last; i++)
        if (p->leads.len == 0 || p->leads.at[i])
            TRY(pair_entry(w, &place, i, err));
    return OK;
}

/* --- threads ----------------------------------------------------------------------------------------------------- */

typedef struct PairRun {
    const Blocks *blocks;
    const BatchWork *work;
    WorkItems items;
    atomic_size_t next;
    atomic_bool stop;
    PairWorker *workers;
} PairRun;

static uint32_t probes_most(const Blocks *b)
{
    uint32_t n = b->equal_lanes / 4 + 1;
    for (uint32_t i = 0; i < b->pass_count; i++)
        n += b->passes[i].width * (b->passes[i].width / 4);
    return n;
}

static Status worker_init(PairWorker *w, Error *err)
{
    TRY(mem_alloc(probes_most(w->blocks) * sizeof w->probes[0], (void **)&w->probes, err));
    TRY(mem_alloc(TILE * w->blocks->stride * sizeof(uint32_t), (void **)&w->rows, err));
    TRY(mem_alloc(TILE * sizeof w->extra[0], (void **)&w->extra, err));
    TRY(mem_alloc(TILE * sizeof w->masks[0], (void **)&w->masks, err));
    TRY(mem_alloc(TILE * sizeof w->others[0], (void **)&w->others, err));
    TRY(mem_alloc(TILE * sizeof w->places[0], (void **)&w->places, err));
    TRY(mem_alloc(MATCH_SOURCES_MAX * sizeof w->runs[0], (void **)&w->runs, err));
    TRY(mem_alloc(BLOCK_LIST_ROW_MAX * sizeof w->left[0], (void **)&w->left, err));
    TRY(mem_alloc(BLOCK_LIST_ROW_MAX * sizeof w->right[0], (void **)&w->right, err));
    return mem_alloc(TILE * sizeof w->kept[0], (void **)&w->kept, err);
}

static void worker_free(PairWorker *w)
{
    mem_free(w->probes);
    mem_free(w->rows);
    mem_free(w->extra);
    mem_free(w->masks);
    mem_free(w->others);
    mem_free(w->places);
    mem_free(w->kept);
    mem_free(w->runs);
    mem_free(w->left);
    mem_free(w->right);
}

static Status run_item(PairWorker *w, const WorkItem *item, Error *err)
{
    TRY(cancel_check(err));
    return item->kind == ITEM_WINDOW ? pair_window(w, item, err) : pair_groups(w, item, err);
}

static Status run_thread(size_t thread, void *ctx, Error *err)
{
    PairRun *run = ctx;
    PairWorker *w = &run->workers[thread];
    while (!atomic_load(&run->stop)) {
        size_t i = atomic_fetch_add(&run->next, 1);
        if (i >= run->items.len)
            break;
        Status st = run_item(w, &run->items.at[i], err);
        if (st != OK) {
            atomic_store(&run->stop, true);
            return st;
        }
    }
    return OK;
}

static void add_counts(const Blocks *b, const PairRun *run, unsigned threads)
{
    BlockCounts *sum = b->counts;
    *sum = (BlockCounts){.known = true};
    for (unsigned i = 0; i < threads; i++)
        for (uint32_t p = 0; p < b->pass_count; p++) {
            sum->found[p] += run->workers[i].counts.found[p];
            sum->covered[p] += run->workers[i].counts.covered[p];
        }
}

/* Every worker that was made is ended, in order; the first failure is the one that counts. */
static Status end_workers(PairRun *run, unsigned made, Status st, Error *err)
{
    for (unsigned i = 0; i < made; i++) {
        Error later = ERROR_INIT;
        Status done = run->work->worker_done(run->work->ctx, run->workers[i].context, st == OK ? err : &later);
        st = st == OK ? done : st;
    }
    return st;
}

Status blocks_each(const Blocks *b, const BatchWork *work, const RunOptions *options, Error *err)
{
    unsigned threads = options->threads > 0 ? options->threads : thread_cores(), made = 0;
    PairRun run = {.blocks = b, .work = work};
    Status st = OK;
    TRY_OUT(cut_work(b, &run.items, err));
    TRY_OUT(mem_zalloc(threads, sizeof run.workers[0], (void **)&run.workers, err));
    for (; made < threads; made++) {
        run.workers[made].blocks = b;
        run.workers[made].batch = work->batch;
        run.workers[made].sample = work->sample;
        TRY_OUT(worker_init(&run.workers[made], err));
        TRY_OUT(work->worker_new(work->ctx, made, &run.workers[made].context, err));
    }
    TRY_OUT(parallel_for(threads, threads, run_thread, &run, err));
    if (!work->sample)
        add_counts(b, &run, threads);
out:
    st = end_workers(&run, made, st, err);
    for (unsigned i = 0; run.workers && i < threads; i++)
        worker_free(&run.workers[i]);
    mem_free(run.workers);
    vec_free(&run.items);
    return st;
}
