/*
 * Pairs and clusters as tables, sorted by source and id: the order of the input does not show. Parquet is made by
 * DuckDB from the CSV that was just written, so that both hold the same.
 */
#include <stdlib.h>

#include "matchfile/run.h"

/* A pair in the stretch of the record that comes first in the order. */
typedef struct PairPlace {
    uint32_t first, other; /* ranks */
    uint32_t pair;
} PairPlace;

/* --- rows in pieces ------------------------------------------------------------------------------------------------
 */

#define PIECE_ROWS 4096
#define AHEAD 16

/* Rows from .. to - 1 of a table into the buffer of one piece. */
typedef struct Piece {
    MatchRun *run;
    const PairPlace *order; /* of pairs */
    const MatchLook *look;  /* of all pieces */
    Explanation why;
    Buf out, cell;
    size_t from, to;
} Piece;
typedef void (*PieceFn)(Piece *p);

typedef struct Pieces {
    Piece *at;
    PieceFn fill;
} Pieces;

static Status fill_piece(size_t item, void *ctx, Error *err)
{
    const Pieces *p = ctx;
    Piece *piece = &p->at[item];
    buf_reset(&piece->out);
    p->fill(piece);
    return buf_status(&piece->out, err);
}

/* Each thread writes rows of its own, and the pieces go to the file in their order. */
static Status write_pieces(Pieces *p, unsigned threads, size_t rows, FileWriter *w, Error *err)
{
    for (size_t row = 0; row < rows;) {
        size_t count = 0;
        for (; count < threads && row < rows; count++) {
            p->at[count].from = row;
            row = rows - row > PIECE_ROWS ? row + PIECE_ROWS : rows;
            p->at[count].to = row;
        }
        TRY(cancel_check(err));
        TRY(parallel_for(count, threads, fill_piece, p, err));
        for (size_t i = 0; i < count; i++)
            writer_add(w, buf_slice(&p->at[i].out));
    }
    return OK;
}

static void pieces_free(Pieces *p, unsigned threads)
{
    for (unsigned i = 0; p->at && i < threads; i++) {
        buf_free(&p->at[i].out);
        buf_free(&p->at[i].cell);
    }
    mem_free(p->at);
}

static Status pieces_new(MatchRun *r, unsigned threads, PieceFn fill, Pieces *out, Error *err)
{
    *out = (Pieces){.fill = fill};
    TRY(mem_zalloc(threads, sizeof *out->at, (void **)&out->at, err));
    for (unsigned i = 0; i < threads; i++) {
        out->at[i].run = r;
        buf_init(&out->at[i].out, 0);
        buf_init(&out->at[i].cell, 0);
    }
    return OK;
}

/* A piece a thread: more than this many would wait for the file. */
#define THREADS_MAX 256

static unsigned threads_of(const MatchRun *r)
{
    unsigned threads = r->options.threads > 0 ? r->options.threads : thread_cores();
    return threads < THREADS_MAX ? threads : THREADS_MAX;
}

/* --- pairs ---------------------------------------------------------------------------------------------------------
 */

static void add_why(const Explanation *x, Weight odds, Buf *cell)
{
    buf_reset(cell);
    for (uint32_t f = 0; f < x->field_count; f++) {
        if (slice_eq_z(x->fields[f].level, "missing"))
            continue;
        add_reason(cell, &x->fields[f]);
        buf_adds(cell, "; ");
    }
    buf_adds(cell, "before looking ");
    add_bits(cell, x->prior);
    const Weight rest[] = {x->household, x->calibration, x->ruled, odds - x->odds};
    static const char *const words[] = {"household", "calibration", "rule", "competition"};
    for (size_t i = 0; i < COUNT_OF(rest); i++)
        if (rest[i] != 0) {
            buf_adds(cell, "; ");
            buf_adds(cell, words[i]);
            buf_addc(cell, ' ');
            add_bits(cell, rest[i]);
        }
    if (x->rule.len > 0) {
        buf_adds(cell, "; rule \"");
        buf_add(cell, x->rule);
        buf_addc(cell, '"');
    }
}

static void add_pair(Piece *w, const PairPlace *place)
{
    const MatchRun *r = w->run;
    Buf *out = &w->out, *cell = &w->cell;
    const Explanation *e = &w->why;
    const MatchPair *p = &r->pairs.at[place->pair];
    match_look_pair(w->look, p, &w->why);
    buf_add(out, ranked_name(r, place->first));
    buf_addc(out, ',');
    buf_add(out, ranked_name(r, place->other));
    buf_addc(out, ',');
    add_probability(out, p->odds);
    buf_addc(out, ',');
    add_bits(out, p->odds);
    buf_addc(out, ',');
    buf_adds(out, run_decision(r, p->odds));
    buf_addc(out, ',');
    buf_reset(cell);
    add_passes(cell, r->model, p->passes);
    csv_cell(out, buf_slice(cell));
    for (uint32_t f = 0; f < e->field_count; f++) {
        buf_addc(out, ',');
        csv_cell(out, e->fields[f].level);
    }
    add_why(e, p->odds, cell);
    buf_addc(out, ',');
    csv_cell(out, buf_slice(cell));
    buf_addc(out, '\n');
}

static void fill_pairs(Piece *w)
{
    const MatchRun *r = w->run;
    for (size_t i = w->from; i < w->to; i++) {
        if (i + 2 * AHEAD < w->to) {
            __builtin_prefetch(&r->pairs.at[w->order[i + 2 * AHEAD].pair]);
            __builtin_prefetch(&r->name_ends[w->order[i + 2 * AHEAD].other]);
        }
        if (i + AHEAD < w->to) {
            const MatchPair *p = &r->pairs.at[w->order[i + AHEAD].pair];
            __builtin_prefetch(r->names.ptr + r->name_ends[w->order[i + AHEAD].other]);
            match_record_fetch(r->table, p->a);
            match_record_fetch(r->table, p->b);
        }
        add_pair(w, &w->order[i]);
    }
}

static int by_other(const void *a, const void *b)
{
    const PairPlace *x = a, *y = b;
    return x->other < y->other ? -1 : x->other > y->other;
}

/* By the lower rank, then the other: counted into the stretches of the lower ones. */
static Status pairs_in_order(const MatchRun *r, PairPlace **out, Error *err)
{
    size_t n = match_record_count(r->table);
    uint32_t *next = NULL;
    PairPlace *all = NULL;
    Status st = mem_zalloc(n + 2, sizeof *next, (void **)&next, err);
    if (st == OK && r->pairs.len >= UINT32_MAX)
        st = error_set(err, ERR_LIMIT, "more than %" PRIu32 " pairs are kept: raise keep_from", UINT32_MAX - 1);
    if (st == OK)
        st = mem_alloc((r->pairs.len + 1) * sizeof *all, (void **)&all, err);
    if (st != OK) {
        mem_free(next);
        return st;
    }
    for (size_t i = 0; i < r->pairs.len; i++) {
        uint32_t a = r->rank[r->pairs.at[i].a], b = r->rank[r->pairs.at[i].b];
        next[(a < b ? a : b) + 2]++;
    }
    for (size_t i = 2; i < n + 2; i++)
        next[i] += next[i - 1];
    for (size_t i = 0; i < r->pairs.len; i++) {
        uint32_t a = r->rank[r->pairs.at[i].a], b = r->rank[r->pairs.at[i].b];
        all[next[(a < b ? a : b) + 1]++] = (PairPlace){a < b ? a : b, a < b ? b : a, (uint32_t)i};
    }
    for (size_t i = 0; i < n; i++)
        if (next[i + 1] - next[i] > 1)
            qsort(all + next[i], next[i + 1] - next[i], sizeof *all, by_other);
    mem_free(next);
    *out = all;
    return OK;
}

static Status write_pair_rows(MatchRun *r, FileWriter *w, Error *err)
{
    Buf head;
    PairPlace *order = NULL;
    MatchLook *look = NULL;
    Pieces pieces;
    unsigned threads = threads_of(r);
    buf_init(&head, 0);
    Status st;
    TRY_OUT(pieces_new(r, threads, fill_pairs, &pieces, err));
    TRY_OUT(pairs_in_order(r, &order, err));
    TRY_OUT(match_look_new(r->table, r->model, &look, err));
    for (unsigned i = 0; i < threads; i++) {
        pieces.at[i].order = order;
        pieces.at[i].look = look;
    }
    buf_adds(&head, "source_a,id_a,source_b,id_b,probability,odds,decision,passes");
    for (uint32_t f = 0; f < r->config.field_count; f++) {
        buf_addc(&head, ',');
        csv_cell(&head, r->config.fields[f].name);
    }
    buf_adds(&head, ",why\n");
    TRY_OUT(buf_status(&head, err));
    writer_add(w, buf_slice(&head));
    TRY_OUT(write_pieces(&pieces, threads, r->pairs.len, w, err));
out:
    pieces_free(&pieces, threads);
    match_look_free(look);
    mem_free(order);
    buf_free(&head);
    return st;
}

/* --- clusters ------------------------------------------------------------------------------------------------------
 */

static void add_member(const MatchRun *r, uint32_t rank, Buf *out)
{
    uint32_t record = r->order[rank], cluster = r->clusters.cluster[record];
    const ClusterKnown *known = &r->cluster[cluster];
    buf_add(out, ranked_name(r, rank));
    buf_addc(out, ',');
    add_cluster_name(r, cluster, out);
    buf_addc(out, ',');
    buf_add_u64(out, known->size);
    buf_addc(out, ',');
    uint32_t to = r->clusters.link_to[record];
    if (to == MATCH_NONE)
        buf_adds(out, ",,");
    else {
        buf_add(out, ranked_name(r, r->rank[to]));
        buf_addc(out, ',');
        add_probability(out, r->clusters.link_odds[record]);
    }
    buf_addc(out, ',');
    if (known->size > 1)
        add_probability(out, known->weakest);
    buf_addc(out, '\n');
}

/* What a row says lies here and there, and is asked for some rows ahead. */
static void fill_clusters(Piece *w)
{
    const MatchRun *r = w->run;
    for (size_t i = w->from; i < w->to; i++) {
        if (i + 2 * AHEAD < w->to) {
            uint32_t ahead = r->order[i + 2 * AHEAD];
            __builtin_prefetch(&r->clusters.cluster[ahead]);
            __builtin_prefetch(&r->clusters.link_to[ahead]);
            __builtin_prefetch(&r->clusters.link_odds[ahead]);
        }
        if (i + AHEAD < w->to) {
            uint32_t ahead = r->order[i + AHEAD], to = r->clusters.link_to[ahead];
            __builtin_prefetch(&r->cluster[r->clusters.cluster[ahead]]);
            if (to != MATCH_NONE)
                __builtin_prefetch(&r->rank[to]);
        }
        add_member(r, (uint32_t)i, &w->out);
    }
}

static Status write_cluster_rows(MatchRun *r, FileWriter *w, Error *err)
{
    Pieces pieces;
    unsigned threads = threads_of(r);
    writer_add(w, SLICE("source,id,cluster,records,link_source,link_id,link_probability,weakest_probability\n"));
    Status st = pieces_new(r, threads, fill_clusters, &pieces, err);
    if (st == OK)
        st = write_pieces(&pieces, threads, match_record_count(r->table), w, err);
    pieces_free(&pieces, threads);
    return st;
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

typedef Status (*RowsFn)(MatchRun *r, FileWriter *w, Error *err);

/* The CSV, or the Parquet made of it, under path when it is whole. */
static Status write_table(MatchRun *r, const char *path, RowsFn rows, Error *err)
{
    FileWriter *w = NULL;
    const char *csv = NULL, *done = NULL;
    TRY(arena_printf(&r->arena, &csv, err, "%s.new", path));
    TRY(writer_open(csv, MODE_PRIVATE, &w, err));
    Status st = rows(r, w, err);
    if (st != OK) {
        writer_abandon(w);
        return st;
    }
    TRY(writer_close(w, r->options.format == MATCH_CSV ? WRITER_SYNC : WRITER_NO_SYNC, err));
    if (r->options.format == MATCH_CSV)
        return file_rename(csv, path, err);
    Buf sql;
    buf_init(&sql, 0);
    TRY(arena_printf(&r->arena, &done, err, "%s.parquet", csv));
    buf_adds(&sql, "COPY (SELECT * FROM read_csv(");
    sql_literal(&sql, slice_of(csv));
    buf_adds(&sql, ", header = true, delim = ',', quote = '\"', escape = '\"', auto_detect = true, sample_size = 1, "
                   "all_varchar = true, max_line_size = 4194304)) TO ");
    sql_literal(&sql, slice_of(done));
    buf_adds(&sql, " (FORMAT parquet)");
    st = buf_status(&sql, err);
    if (st == OK)
        st = db_exec(r->people.db, buf_z(&sql), err);
    buf_free(&sql);
    if (st == OK)
        st = file_rename(done, path, err);
    Status removed = file_remove(csv, st == OK ? err : NULL);
    return st == OK ? removed : st;
}

Status write_pairs(MatchRun *r, const char *path, Error *err)
{
    TRY(run_order(r, err));
    return write_table(r, path, write_pair_rows, err);
}

Status write_clusters(MatchRun *r, const char *path, Error *err)
{
    TRY(run_order(r, err));
    return write_table(r, path, write_cluster_rows, err);
}

Status write_model(MatchRun *r, const char *path, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = match_model_write(r->model, &text, err);
    if (st == OK)
        st = file_write(path, buf_slice(&text), MODE_PRIVATE, err);
    buf_free(&text);
    return st;
}

Status write_config(MatchRun *r, const char *path, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    match_config_write(&r->config, &r->input, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = file_write(path, buf_slice(&text), MODE_PRIVATE, err);
    buf_free(&text);
    return st;
}

Status matchfile_write(MatchRun *r, const char *dir, Error *err)
{
    static const struct {
        const char *name;
        bool is_table;
        Status (*write)(MatchRun *r, const char *path, Error *err);
    } files[] = {
        {"pairs", true, write_pairs},
        {"clusters", true, write_clusters},
        {"model.json", false, write_model},
        {"match.toml", false, write_config},
        {"report.html", false, write_report},
    };
    TRY(dir_make(dir, MODE_DIR_PRIVATE, err));
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        const char *path = NULL;
        const char *ending = !files[i].is_table ? "" : r->options.format == MATCH_CSV ? ".csv" : ".parquet";
        TRY(arena_printf(&r->arena, &path, err, "%s/%s%s", dir, files[i].name, ending));
        TRY(files[i].write(r, path, err));
    }
    return OK;
}
