/*
 * Pairs and clusters as tables, sorted by source and id: the order of the input does not show. Parquet is made by
 * DuckDB from the CSV that was just written, so that both hold the same.
 */
#include <stdlib.h>

#include "matchfile/run.h"

#define WRITE_AT ((size_t)1 << 20)

static void add_record(const MatchRun *r, uint32_t record, Buf *out)
{
    csv_cell(out, r->config.sources[match_record_source(r->table, record)].name);
    buf_addc(out, ',');
    csv_cell(out, match_record_id(r->table, record));
}

static Status flush(FileWriter *w, Buf *b, size_t from, Error *err)
{
    if (b->len < from)
        return OK;
    TRY(buf_status(b, err));
    writer_add(w, buf_slice(b));
    buf_reset(b);
    return cancel_check(err);
}

/* --- pairs ---------------------------------------------------------------------------------------------------------
 */

typedef struct PairPlace {
    uint64_t place; /* rank of the lower record, rank of the other */
    size_t pair;
} PairPlace;

static int by_pair_place(const void *a, const void *b)
{
    const PairPlace *x = a, *y = b;
    return x->place < y->place ? -1 : x->place > y->place;
}

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

static void add_pair(MatchRun *r, MatchLook *x, const MatchPair *p, Buf *out, Buf *cell)
{
    Explanation e;
    bool swapped = r->rank[p->a] > r->rank[p->b];
    match_look_explain(x, p->a, p->b, &e);
    add_record(r, swapped ? p->b : p->a, out);
    buf_addc(out, ',');
    add_record(r, swapped ? p->a : p->b, out);
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
    for (uint32_t f = 0; f < e.field_count; f++) {
        buf_addc(out, ',');
        csv_cell(out, e.fields[f].level);
    }
    add_why(&e, p->odds, cell);
    buf_addc(out, ',');
    csv_cell(out, buf_slice(cell));
    buf_addc(out, '\n');
}

static Status pairs_in_order(MatchRun *r, PairPlace **out, Error *err)
{
    PairPlace *all = NULL;
    TRY(mem_zalloc(r->pairs.len + 1, sizeof *all, (void **)&all, err));
    for (size_t i = 0; i < r->pairs.len; i++) {
        uint64_t a = r->rank[r->pairs.at[i].a], b = r->rank[r->pairs.at[i].b];
        all[i] = (PairPlace){.place = a < b ? a << 32 | b : b << 32 | a, .pair = i};
    }
    qsort(all, r->pairs.len, sizeof *all, by_pair_place);
    *out = all;
    return OK;
}

static Status write_pair_rows(MatchRun *r, FileWriter *w, Error *err)
{
    Buf out, cell;
    PairPlace *order = NULL;
    MatchLook *x = NULL;
    buf_init(&out, 0);
    buf_init(&cell, 0);
    Status st;
    TRY_OUT(pairs_in_order(r, &order, err));
    TRY_OUT(match_look_new(r->table, r->model, &x, err));
    buf_adds(&out, "source_a,id_a,source_b,id_b,probability,odds,decision,passes");
    for (uint32_t f = 0; f < r->config.field_count; f++) {
        buf_addc(&out, ',');
        csv_cell(&out, r->config.fields[f].name);
    }
    buf_adds(&out, ",why\n");
    for (size_t i = 0; i < r->pairs.len; i++) {
        add_pair(r, x, &r->pairs.at[order[i].pair], &out, &cell);
        TRY_OUT(flush(w, &out, WRITE_AT, err));
    }
    TRY_OUT(flush(w, &out, 0, err));
out:
    match_look_free(x);
    mem_free(order);
    buf_free(&out);
    buf_free(&cell);
    return st;
}

/* --- clusters ------------------------------------------------------------------------------------------------------
 */

static void add_member(MatchRun *r, uint32_t record, Buf *out)
{
    uint32_t cluster = r->clusters.cluster[record];
    add_record(r, record, out);
    buf_addc(out, ',');
    add_cluster_name(r, cluster, out);
    buf_addc(out, ',');
    buf_add_u64(out, r->cluster_size[cluster]);
    buf_addc(out, ',');
    uint32_t to = r->clusters.link_to[record];
    if (to == MATCH_NONE)
        buf_adds(out, ",,");
    else {
        add_record(r, to, out);
        buf_addc(out, ',');
        add_probability(out, r->clusters.link_odds[record]);
    }
    buf_addc(out, ',');
    if (r->cluster_size[cluster] > 1)
        add_probability(out, r->clusters.weakest[cluster]);
    buf_addc(out, '\n');
}

static Status write_cluster_rows(MatchRun *r, FileWriter *w, Error *err)
{
    Buf out;
    Status st = OK;
    buf_init(&out, 0);
    buf_adds(&out, "source,id,cluster,records,link_source,link_id,link_probability,weakest_probability\n");
    for (uint32_t i = 0; i < match_record_count(r->table); i++) {
        add_member(r, r->order[i], &out);
        TRY_OUT(flush(w, &out, WRITE_AT, err));
    }
    TRY_OUT(flush(w, &out, 0, err));
out:
    buf_free(&out);
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
