/*
 * The library's face: the match room behind names, types and rules of its own, so that whoever links it sees nothing of
 * the house. Records are numbered here as they were added; the room numbers them by content.
 */
#include "libmatch/cairn_match.h"

#include <stdlib.h>

#include "match/match.h"

struct cairn_match {
    Arena arena;
    MatchConfig config;
    MatchTable *table; /* from the first record on */
    bool sealed;
    bool broken; /* sealing failed half-way: nothing can be done with the records any more */
    MatchModel *model;
    MatchBlocks *blocks; /* that training left for the next linking */
    MatchPairs pairs;    /* record numbers as added, sorted; when linked */
    uint32_t *cluster;   /* of each record as added; NULL: not linked */
    uint32_t cluster_count;
    uint32_t *record;       /* number in the room of each record as added */
    VEC(MatchLabel) labels; /* record numbers as added */
    Buf model_text;
    Arena words; /* of the last explanation */
};

/* --- errors --------------------------------------------------------------------------------------------------------
 */

static cairn_match_code code_of(Status st)
{
    switch (st) {
    case OK:
        return CAIRN_MATCH_OK;
    case ERR_USAGE:
        return CAIRN_MATCH_USAGE;
    case ERR_INVALID:
    case ERR_PARSE:
    case ERR_CORRUPT:
        return CAIRN_MATCH_INVALID;
    case ERR_LIMIT:
        return CAIRN_MATCH_LIMIT;
    case ERR_NOMEM:
        return CAIRN_MATCH_NOMEM;
    default:
        return CAIRN_MATCH_OTHER;
    }
}

static cairn_match_code tell(Status st, const Error *from, cairn_match_error *to)
{
    if (to)
        memset(to, 0, sizeof *to);
    if (to && st != OK) {
        to->code = code_of(st);
        to->line = from->line;
        Buf b;
        buf_init(&b, 0);
        if (from->field[0])
            buf_addf(&b, "%s: ", from->field);
        buf_adds(&b, from->message);
        size_t n = b.len < sizeof to->message - 1 ? b.len : sizeof to->message - 1;
        memcpy(to->message, buf_z(&b), n);
        memcpy(to->hint, from->hint, sizeof to->hint - 1);
        buf_free(&b);
    }
    return code_of(st);
}

static Status usage(Error *err, const char *why)
{
    return error_set(err, ERR_USAGE, "%s", why);
}

/* --- making --------------------------------------------------------------------------------------------------------
 */

const char *cairn_match_version(void)
{
    return CAIRN_VERSION;
}

static Status make(Slice config, Slice nicknames, cairn_match *m, Error *err)
{
    TRY(match_config_parse(config, "config", &m->arena, &m->config, NULL, err));
    for (uint32_t c = 0; c < m->config.column_count; c++)
        TRY(arena_dup(&m->arena, m->config.columns[c], &m->config.columns[c], err));
    if (nicknames.ptr) {
        Slice copy;
        TRY(arena_dup(&m->arena, nicknames, &copy, err));
        m->config.nickname_csv = copy.ptr;
    }
    return OK;
}

cairn_match_code cairn_match_new(const char *config, size_t config_len, const char *nicknames, size_t nicknames_len,
    cairn_match **out, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    cairn_match *m = NULL;
    Status st = mem_zalloc(1, sizeof *m, (void **)&m, &e);
    if (st == OK) {
        arena_init(&m->arena, 0);
        arena_init(&m->words, 0);
        buf_init(&m->model_text, 0);
        st = make((Slice){config, config_len}, (Slice){nicknames, nicknames_len}, m, &e);
    }
    if (st == OK)
        *out = m;
    else
        cairn_match_free(m);
    return tell(st, &e, err);
}

static void forget_links(cairn_match *m)
{
    vec_free(&m->pairs);
    mem_free(m->cluster);
    m->cluster = NULL;
    m->cluster_count = 0;
}

void cairn_match_free(cairn_match *m)
{
    if (!m)
        return;
    forget_links(m);
    mem_free(m->record);
    vec_free(&m->labels);
    match_blocks_free(m->blocks);
    match_model_free(m->model);
    match_table_free(m->table);
    buf_free(&m->model_text);
    arena_free(&m->words);
    arena_free(&m->arena);
    mem_free(m);
}

uint32_t cairn_match_column_count(const cairn_match *m)
{
    return m->config.column_count;
}

const char *cairn_match_column_name(const cairn_match *m, uint32_t column)
{
    return column < m->config.column_count ? m->config.columns[column].ptr : NULL;
}

/* --- records -------------------------------------------------------------------------------------------------------
 */

static Status add_source(cairn_match *m, Slice name, uint32_t *out, Error *err)
{
    MatchConfig *c = &m->config;
    for (uint32_t s = 0; s < c->source_count; s++)
        if (slice_eq(c->sources[s].name, name)) {
            *out = s;
            return OK;
        }
    if (m->table)
        return usage(err, "a new source must be named before the first record");
    if (c->source_count == MATCH_SOURCES_MAX)
        return error_set(err, ERR_LIMIT, "more than %d sources", MATCH_SOURCES_MAX);
    SourceSpec *s = &c->sources[c->source_count];
    *s = (SourceSpec){.dedupe = true};
    TRY(arena_dup(&m->arena, name, &s->name, err));
    *out = c->source_count++;
    return OK;
}

cairn_match_code cairn_match_source(
    cairn_match *m, const char *name, size_t name_len, uint32_t *out, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    return tell(add_source(m, (Slice){name, name_len}, out, &e), &e, err);
}

static const char broken_words[] = "an earlier call failed while it took in the records: begin anew";

static Status add_record(
    cairn_match *m, uint32_t source, Slice id, const char *const *values, const size_t *lengths, Error *err)
{
    Slice cells[MATCH_COLUMNS_MAX];
    if (m->broken)
        return usage(err, broken_words);
    if (m->sealed)
        return usage(err, "no record can be added after training or linking");
    if (source >= m->config.source_count)
        return usage(err, "the source is none that cairn_match_source gave");
    if (!m->table)
        TRY(match_table_new(&m->config, &m->table, err));
    for (uint32_t c = 0; c < m->config.column_count; c++)
        cells[c] = lengths[c] ? (Slice){values[c], lengths[c]} : (Slice){"", 0};
    return match_table_add(m->table, source, id, cells, err);
}

cairn_match_code cairn_match_add(cairn_match *m, uint32_t source, const char *id, size_t id_len,
    const char *const *values, const size_t *lengths, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    return tell(add_record(m, source, (Slice){id, id_len}, values, lengths, &e), &e, err);
}

uint32_t cairn_match_record_count(const cairn_match *m)
{
    return m->table ? match_record_count(m->table) : 0;
}

static Status seal_table(cairn_match *m, unsigned threads, Error *err)
{
    TRY(match_table_seal(m->table, threads, err));
    uint32_t n = match_record_count(m->table);
    TRY(mem_zalloc((size_t)n + 1, sizeof *m->record, (void **)&m->record, err));
    for (uint32_t r = 0; r < n; r++)
        m->record[match_record_added(m->table, r)] = r;
    return OK;
}

/* Ends adding. A table is sealed once: when that fails it cannot be tried again. */
static Status seal(cairn_match *m, unsigned threads, Error *err)
{
    if (m->broken)
        return usage(err, broken_words);
    if (m->sealed)
        return OK;
    if (!m->table && m->config.source_count == 0)
        return usage(err, "there is no record");
    if (!m->table)
        TRY(match_table_new(&m->config, &m->table, err));
    Status st = seal_table(m, threads, err);
    m->sealed = st == OK;
    m->broken = st != OK;
    return st;
}

/* --- model ---------------------------------------------------------------------------------------------------------
 */

static Status add_label(cairn_match *m, MatchLabel label, Error *err)
{
    uint32_t records = m->table ? match_record_count(m->table) : 0;
    if (label.a >= records || label.b >= records || label.a == label.b)
        return usage(err, "two different records are needed");
    if (!(label.weight > 0 && label.weight <= 1e12))
        return usage(err, "a label's weight is above 0");
    return vec_push(&m->labels, label, err);
}

cairn_match_code cairn_match_label(
    cairn_match *m, uint32_t a, uint32_t b, int is_match, double weight, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    return tell(add_label(m, (MatchLabel){a, b, is_match != 0, weight}, &e), &e, err);
}

static Status train_on(cairn_match *m, unsigned threads, MatchLabel *labels, MatchModel **out, Error *err)
{
    TrainReport report;
    TrainOptions o = {.threads = threads,
        .progress = PROGRESS_OFF,
        .labels = labels,
        .label_count = m->labels.len,
        .blocks = &m->blocks};
    for (size_t i = 0; i < m->labels.len; i++) {
        labels[i] = m->labels.at[i];
        labels[i].a = m->record[labels[i].a];
        labels[i].b = m->record[labels[i].b];
    }
    return match_train(m->table, &o, out, &report, err);
}

static Status train(cairn_match *m, unsigned threads, Error *err)
{
    MatchModel *model = NULL;
    MatchLabel *labels = NULL;
    TRY(seal(m, threads, err));
    match_blocks_free(m->blocks);
    m->blocks = NULL;
    TRY(mem_alloc((m->labels.len + 1) * sizeof *labels, (void **)&labels, err));
    Status st = train_on(m, threads, labels, &model, err);
    mem_free(labels);
    TRY(st);
    match_model_free(m->model);
    m->model = model;
    forget_links(m);
    return OK;
}

cairn_match_code cairn_match_train(cairn_match *m, unsigned threads, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    return tell(train(m, threads, &e), &e, err);
}

static Status read_model(cairn_match *m, Slice json, Error *err)
{
    MatchModel *model = NULL;
    TRY(match_model_parse(json, "model", &m->config, &model, err));
    match_blocks_free(m->blocks); /* the passes they are of are named by the model */
    m->blocks = NULL;
    match_model_free(m->model);
    m->model = model;
    forget_links(m);
    return OK;
}

cairn_match_code cairn_match_model_read(cairn_match *m, const char *json, size_t json_len, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    return tell(read_model(m, (Slice){json, json_len}, &e), &e, err);
}

cairn_match_code cairn_match_model_text(cairn_match *m, const char **json, size_t *json_len, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    buf_reset(&m->model_text);
    Status st = m->model ? match_model_write(m->model, &m->model_text, &e) : usage(&e, "there is no model yet");
    if (st == OK) {
        *json = buf_z(&m->model_text);
        *json_len = m->model_text.len;
    }
    return tell(st, &e, err);
}

/* --- links ---------------------------------------------------------------------------------------------------------
 */

/* Numbers of the room to numbers of adding. */
static void renumber(const cairn_match *m, MatchPair *p)
{
    uint32_t a = match_record_added(m->table, p->a), b = match_record_added(m->table, p->b);
    p->a = a < b ? a : b;
    p->b = a < b ? b : a;
}

static Status keep_clusters(cairn_match *m, const MatchClusters *c, Error *err)
{
    uint32_t n = match_record_count(m->table), *number = NULL;
    TRY(mem_zalloc((size_t)n + 1, sizeof *m->cluster, (void **)&m->cluster, err));
    TRY(mem_zalloc((size_t)c->count + 1, sizeof *number, (void **)&number, err));
    m->cluster_count = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t cluster = c->cluster[m->record[i]];
        if (number[cluster] == 0)
            number[cluster] = ++m->cluster_count;
        m->cluster[i] = number[cluster] - 1;
    }
    mem_free(number);
    return OK;
}

static Status link_records(cairn_match *m, unsigned threads, Error *err)
{
    RunOptions o = {.threads = threads, .progress = PROGRESS_OFF, .blocks = &m->blocks};
    MatchClusters clusters = {0};
    ClusterReport cluster_report;
    PairsReport pairs_report;
    if (!m->model)
        return usage(err, "there is no model yet: train, or read one");
    TRY(seal(m, threads, err));
    forget_links(m);
    Status st;
    TRY_OUT(match_pairs(m->table, m->model, &o, &m->pairs, &pairs_report, err));
    TRY_OUT(match_clusters(m->table, m->model, &m->pairs, NULL, 0, &o, &clusters, &cluster_report, err));
    TRY_OUT(keep_clusters(m, &clusters, err));
    for (size_t i = 0; i < m->pairs.len; i++)
        renumber(m, &m->pairs.at[i]);
    if (m->pairs.len > 0)
        qsort(m->pairs.at, m->pairs.len, sizeof *m->pairs.at, match_pair_order);
out:
    match_clusters_free(&clusters);
    if (st != OK)
        forget_links(m);
    return st;
}

cairn_match_code cairn_match_link(cairn_match *m, unsigned threads, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    return tell(link_records(m, threads, &e), &e, err);
}

static void fill_pair(const cairn_match *m, const MatchPair *from, cairn_match_pair *out)
{
    *out = (cairn_match_pair){.a = from->a,
        .b = from->b,
        .odds = from->odds,
        .probability = weight_probability(from->odds),
        .is_match = from->odds >= m->config.match_from};
}

size_t cairn_match_pair_count(const cairn_match *m)
{
    return m->pairs.len;
}

cairn_match_code cairn_match_pair_at(const cairn_match *m, size_t i, cairn_match_pair *out, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    if (i >= m->pairs.len)
        return tell(usage(&e, "there is no pair of this number"), &e, err);
    fill_pair(m, &m->pairs.at[i], out);
    return tell(OK, &e, err);
}

static Status check_two(cairn_match *m, uint32_t a, uint32_t b, Error *err)
{
    if (!m->model)
        return usage(err, "there is no model yet: train, or read one");
    TRY(seal(m, 0, err));
    if (a >= match_record_count(m->table) || b >= match_record_count(m->table) || a == b)
        return usage(err, "two different records are needed");
    return OK;
}

cairn_match_code cairn_match_score(
    cairn_match *m, uint32_t a, uint32_t b, cairn_match_pair *out, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    MatchPair p;
    Status st = check_two(m, a, b, &e);
    if (st == OK)
        st = match_score(m->table, m->model, m->record[a], m->record[b], &p, &e);
    if (st == OK) {
        renumber(m, &p);
        fill_pair(m, &p, out);
    }
    return tell(st, &e, err);
}

uint32_t cairn_match_cluster_count(const cairn_match *m)
{
    return m->cluster_count;
}

uint32_t cairn_match_cluster_of(const cairn_match *m, uint32_t record)
{
    return m->cluster && record < match_record_count(m->table) ? m->cluster[record] : UINT32_MAX;
}

/* --- words ---------------------------------------------------------------------------------------------------------
 */

static Status word(cairn_match *m, Slice s, const char **out, Error *err)
{
    Slice copy;
    TRY(arena_dup(&m->words, s, &copy, err));
    *out = copy.ptr;
    return OK;
}

static Status explain(cairn_match *m, uint32_t a, uint32_t b, cairn_match_explanation *out, Error *err)
{
    Explanation x;
    cairn_match_reason *reasons = NULL;
    TRY(check_two(m, a, b, err));
    arena_reset(&m->words);
    TRY(match_explain(m->table, m->model, m->record[a], m->record[b], &x, err));
    TRY(arena_new(&m->words, cairn_match_reason, (size_t)x.field_count + 1, &reasons, err));
    bool swapped = m->record[a] > m->record[b];
    for (uint32_t f = 0; f < x.field_count; f++) {
        const FieldReason *from = &x.fields[f];
        TRY(word(m, from->field, &reasons[f].field, err));
        TRY(word(m, from->level, &reasons[f].level, err));
        TRY(word(m, swapped ? from->right : from->left, &reasons[f].left, err));
        TRY(word(m, swapped ? from->left : from->right, &reasons[f].right, err));
        reasons[f].weight = from->weight;
        reasons[f].frequency = from->frequency;
    }
    *out = (cairn_match_explanation){.prior = x.prior,
        .household = x.household,
        .calibration = x.calibration,
        .rule = x.ruled,
        .odds = x.odds,
        .reasons = reasons,
        .reason_count = x.field_count};
    return word(m, x.rule, &out->decided_by, err);
}

cairn_match_code cairn_match_explain(
    cairn_match *m, uint32_t a, uint32_t b, cairn_match_explanation *out, cairn_match_error *err)
{
    Error e = ERROR_INIT;
    return tell(explain(m, a, b, out, &e), &e, err);
}
