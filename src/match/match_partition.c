/*
 * A run cut into shares that workers score apart.
 *
 * Blocks go to shares by a hash of their number, stretches of a window's order
 * likewise. A share's file (match_partition.h) holds what scoring asks of its
 * records: texts, how often each value occurs in the whole table, and all the
 * blocks each record is in, also those of other shares. So a pair is handed out by
 * its first block only, with its full mask, and the pairs of all shares are those
 * of one run, no more and no less.
 *
 * Competition for places in unique sources looks at all pairs of a record, so it
 * comes after joining.
 */
#include <stdlib.h>

#include "match/match_partition.h"

enum { WINDOW_STRETCH = 1 << 6 };
#define PARTITION_BYTES_MAX ((size_t)1 << 36)

struct MatchPartitions {
    const MatchTable *table;
    const MatchModel *model;
    Blocks *blocks;
    uint32_t count;
    CountShares counts[MATCH_FIELDS_MAX];
};

Status match_partitions_new(
    const MatchTable *t, const MatchModel *m, uint32_t count, unsigned threads, MatchPartitions **out, Error *err)
{
    MatchPartitions *p = NULL;
    Status st = OK;
    ASSERT(!t->lead); /* a share would lack what repeats another record */
    if (count == 0)
        return error_set(err, ERR_USAGE, "a run is cut into at least one partition");
    TRY(mem_zalloc(1, sizeof *p, (void **)&p, err));
    *p = (MatchPartitions){.table = t, .model = m, .count = count};
    TRY_OUT(blocks_build(t, m->passes, m->pass_count, threads, &p->blocks, err));
    for (uint32_t f = 0; f < t->config->field_count; f++)
        TRY_OUT(frequency_counts(t, f, &p->counts[f], err));
    *out = p;
    p = NULL;
out:
    match_partitions_free(p);
    return st;
}

void match_partitions_free(MatchPartitions *p)
{
    if (!p)
        return;
    blocks_free(p->blocks);
    for (uint32_t f = 0; f < MATCH_FIELDS_MAX; f++)
        vec_free(&p->counts[f]);
    mem_free(p);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static void put(Buf *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++, value >>= 8)
        buf_addc(out, (char)(value & 0xFF));
}

static void put_text(Buf *out, Slice text)
{
    put(out, text.len, 4);
    buf_add(out, text);
}

/* --- what belongs to a share ------------------------------------------------------------------------------------- */

typedef struct Share {
    const MatchPartitions *run;
    uint32_t part;
    uint32_t pass; /* at hand */
    Buf *out;
    uint32_t *place; /* of each record of the table in the share, from 1 on; 0: not in it */
    uint32_t records;
    uint32_t *text_number[MATCH_COLUMNS_MAX]; /* of each value of the column's dictionary; shared as those are */
    uint32_t texts;
    uint32_t blocks;
} Share;

static bool is_ours(const Share *s, uint64_t thing)
{
    return key_mix(thing) % s->run->count == s->part;
}

/* Is the entry (from 0) of the pass's order compared with those behind it by this share? */
static bool leads(const Share *s, uint32_t pass, size_t entry)
{
    return is_ours(s, ((uint64_t)pass + 1) << 32 | entry / WINDOW_STRETCH);
}

typedef void (*EntryFn)(Share *s, size_t entry, bool is_lead);

/* Entries that lead, and those within the window behind one. */
static uint32_t each_entry(Share *s, uint32_t pass, EntryFn fn)
{
    const BlockPass *p = &s->run->blocks->passes[pass];
    uint32_t found = 0;
    size_t until = 0;
    s->pass = pass;
    for (size_t i = 0; i < p->order.len; i++) {
        bool lead = leads(s, pass, i);
        if (lead)
            until = i + p->spec.window;
        if (i >= until)
            continue;
        found++;
        if (fn)
            fn(s, i, lead);
    }
    return found;
}

static void mark_block(void *ctx, uint32_t number, const uint32_t *members, uint32_t count)
{
    Share *s = ctx;
    if (!is_ours(s, number))
        return;
    s->blocks++;
    for (uint32_t i = 0; i < count; i++)
        s->place[members[i]] = 1;
}

static void mark_entry(Share *s, size_t entry, bool is_lead)
{
    UNUSED(is_lead);
    s->place[s->run->blocks->passes[s->pass].order.at[entry]] = 1;
}

static void mark_records(Share *s)
{
    const Blocks *b = s->run->blocks;
    for (uint32_t i = 0; i < b->pass_count; i++) {
        each_block(&b->passes[i], mark_block, s);
        each_entry(s, i, mark_entry);
    }
    for (uint32_t r = 0; r < s->run->table->records; r++)
        if (s->place[r] > 0)
            s->place[r] = ++s->records;
}

/* --- texts ------------------------------------------------------------------------------------------------------- */

static Status new_numbers(Share *s, Error *err)
{
    const MatchTable *t = s->run->table;
    for (uint32_t c = 0; c < t->columns; c++) {
        for (uint32_t k = 0; k < c && !s->text_number[c]; k++)
            if (t->dict[k] == t->dict[c])
                s->text_number[c] = s->text_number[k];
        if (!s->text_number[c])
            TRY(mem_zalloc(dict_count(t->dict[c]), sizeof(uint32_t), (void **)&s->text_number[c], err));
    }
    return OK;
}

static void free_numbers(Share *s)
{
    for (uint32_t c = 0; c < s->run->table->columns; c++) {
        bool first = true;
        for (uint32_t k = 0; k < c; k++)
            first = first && s->run->table->dict[k] != s->run->table->dict[c];
        if (first)
            mem_free(s->text_number[c]);
    }
}

/* Texts in the order in which the share's records show them. Their number, which is not known before, goes in front. */
static Status write_texts(Share *s, Error *err)
{
    const MatchTable *t = s->run->table;
    Buf texts;
    buf_init(&texts, PARTITION_BYTES_MAX);
    for (uint32_t r = 0; r < t->records; r++)
        for (uint32_t c = 0; s->place[r] > 0 && c < t->columns; c++) {
            uint32_t value = record_cells(t, r)[c];
            if (value == 0 || s->text_number[c][value] > 0)
                continue;
            Slice text = dict_text(t->dict[c], value);
            ASSERT(text.len <= UINT8_MAX);
            s->text_number[c][value] = ++s->texts;
            put(&texts, text.len, 1);
            buf_add(&texts, text);
        }
    put(s->out, s->texts, 4);
    buf_add(s->out, buf_slice(&texts));
    Status st = buf_status(&texts, err);
    buf_free(&texts);
    return st;
}

/* --- records, blocks, places ------------------------------------------------------------------------------------- */

static Status write_record(Share *s, uint32_t record, Error *err)
{
    const MatchTable *t = s->run->table;
    const MatchConfig *config = t->config;
    uint64_t scratch[BLOCK_LIST_ROW_MAX];
    const uint32_t *cells = record_cells(t, record);
    put(s->out, record, 4);
    put(s->out, t->source[record], 2);
    for (uint32_t c = 0; c < t->columns; c++)
        put(s->out, cells[c] > 0 ? s->text_number[c][cells[c]] : 0, 4);
    /* of a combined field the first column holds the value; the reader knows no other */
    for (uint32_t f = 0; f < config->field_count; f++)
        for (uint32_t k = 0; k < (config->fields[f].combine ? 1 : config->fields[f].column_count); k++) {
            uint32_t value = cells[config->fields[f].columns[k]];
            put(s->out, value > 0 ? t->frequency[f][value] : 0, 4);
        }
    BlockList list = record_blocks(s->run->blocks, record, scratch);
    if (list.count > UINT16_MAX)
        return error_set(err, ERR_LIMIT, "a record is in more than %d blocks", UINT16_MAX);
    put(s->out, list.count, 2);
    for (size_t i = 0; i < list.count; i++) {
        put(s->out, list.at[i] >> 32, 1);
        put(s->out, list.at[i] & UINT32_MAX, 4);
    }
    return buf_status(s->out, err);
}

static void write_block(void *ctx, uint32_t number, const uint32_t *members, uint32_t count)
{
    Share *s = ctx;
    if (!is_ours(s, number))
        return;
    put(s->out, s->pass, 1);
    put(s->out, number, 4);
    put(s->out, count, 4);
    for (uint32_t i = 0; i < count; i++)
        put(s->out, s->place[members[i]] - 1, 4);
}

static void write_entry(Share *s, size_t entry, bool is_lead)
{
    put(s->out, s->pass, 1);
    put(s->out, entry + 1, 4);
    put(s->out, s->place[s->run->blocks->passes[s->pass].order.at[entry]] - 1, 4);
    put(s->out, is_lead, 1);
}

static void write_head(Share *s)
{
    const MatchTable *t = s->run->table;
    const Blocks *b = s->run->blocks;
    Buf config;
    buf_init(&config, 0);
    match_config_write(t->config, NULL, &config);
    if (config.status != OK && s->out->status == OK)
        s->out->status = config.status;
    put_text(s->out, buf_slice(&config));
    buf_free(&config);
    put_text(s->out, slice_of(t->config->nickname_csv));
    put(s->out, t->records, 4);
    put(s->out, b->pass_count, 1);
    for (uint32_t i = 0; i < b->pass_count; i++)
        put(s->out, b->passes[i].spec.window, 4);
    for (uint32_t f = 0; f < t->config->field_count; f++) {
        const CountShares *counts = &s->run->counts[f];
        put(s->out, counts->len, 4);
        for (size_t i = 0; i < counts->len; i++) {
            put(s->out, counts->at[i].count, 4);
            put(s->out, counts->at[i].values, 4);
        }
    }
}

static Status write_share(Share *s, Error *err)
{
    const Blocks *b = s->run->blocks;
    TRY(mem_zalloc(s->run->table->records, sizeof s->place[0], (void **)&s->place, err));
    TRY(new_numbers(s, err));
    mark_records(s);
    write_head(s);
    TRY(write_texts(s, err));
    put(s->out, s->records, 4);
    for (uint32_t r = 0; r < s->run->table->records; r++)
        if (s->place[r] > 0)
            TRY(write_record(s, r, err));
    put(s->out, s->blocks, 4);
    for (s->pass = 0; s->pass < b->pass_count; s->pass++)
        each_block(&b->passes[s->pass], write_block, s);
    uint32_t entries = 0;
    for (uint32_t i = 0; i < b->pass_count; i++)
        entries += each_entry(s, i, NULL);
    put(s->out, entries, 4);
    for (uint32_t i = 0; i < b->pass_count; i++)
        each_entry(s, i, write_entry);
    return buf_status(s->out, err);
}

Status match_partitions_write(const MatchPartitions *p, uint32_t part, Buf *out, Error *err)
{
    ASSERT(part < p->count);
    Buf body;
    uint8_t digest[SHA256_SIZE];
    buf_init(&body, PARTITION_BYTES_MAX);
    Share s = {.run = p, .part = part, .out = &body};
    Status st = write_share(&s, err);
    if (st == OK)
        st = sha256_of(buf_slice(&body), digest, err);
    if (st == OK) {
        buf_adds(out, PARTITION_MAGIC);
        buf_add(out, (Slice){(const char *)digest, sizeof digest});
        buf_add(out, buf_slice(&body));
        st = buf_status(out, err);
    }
    free_numbers(&s);
    mem_free(s.place);
    buf_free(&body);
    return st;
}

/* --- scoring and joining ----------------------------------------------------------------------------------------- */

Status partition_take_passes(Partition *p, const MatchModel *m, Error *err)
{
    bool same = p->blocks->pass_count == m->pass_count;
    for (uint32_t i = 0; same && i < m->pass_count; i++) {
        same = p->blocks->passes[i].spec.window == m->passes[i].window;
        p->blocks->passes[i].spec = m->passes[i];
    }
    if (!same)
        return error_set(err, ERR_INVALID, "the partition was cut with other passes than the model's");
    blocks_find_known(p->blocks);
    return OK;
}

static Status score_partition(Partition *p, const MatchModel *m, MatchPairs *out, Error *err)
{
    Scorer *scorer = NULL;
    PairsReport report = {0};
    RunOptions options = {.threads = 1, .progress = PROGRESS_OFF};
    TRY(partition_take_passes(p, m, err));
    TRY(scorer_new(p->table, m, &scorer, err));
    PairQuery query = {.table = p->table,
        .scorer = scorer,
        .blocks = p->blocks,
        .from = pairs_collect_from(&p->config),
        .label = "score"};
    Status st = pairs_collect(&query, &options, out, &report, err);
    if (st == OK)
        st = pairs_sort(out, record_total(p->table), options.threads, err);
    /* numbers ascend with the share's own, so the order stays */
    for (size_t i = 0; i < out->len; i++) {
        out->at[i].a = p->numbers[out->at[i].a];
        out->at[i].b = p->numbers[out->at[i].b];
    }
    scorer_free(scorer);
    return st;
}

Status match_partition_score(Slice partition, Slice model_json, const char *model_file, MatchPairs *out, Error *err)
{
    Partition p;
    MatchModel *m = NULL;
    Status st = OK;
    out->len = 0;
    TRY_OUT(partition_read(partition, &p, err));
    TRY_OUT(match_model_parse(model_json, model_file, &p.config, &m, err));
    TRY_OUT(score_partition(&p, m, out, err));
out:
    match_model_free(m);
    partition_free(&p);
    return st;
}

Status match_partitions_join(const MatchTable *t, MatchPairs *pairs, Error *err)
{
    for (size_t i = 0; i < pairs->len; i++)
        if (pairs->at[i].a >= pairs->at[i].b || pairs->at[i].b >= t->records)
            return error_set(err, ERR_INVALID, "pair %zu does not name two records of the table", i + 1);
    qsort(pairs->at, pairs->len, sizeof pairs->at[0], match_pair_order);
    for (size_t i = 1; i < pairs->len; i++)
        if (match_pair_order(&pairs->at[i - 1], &pairs->at[i]) == 0)
            return error_set(err, ERR_INVALID, "a pair comes from two partitions: they are not of one run");
    return pairs_compete(t, pairs, err);
}
