/* What several outputs say alike: the order of records, names of clusters, weights and reasons as words. */
#include <stdlib.h>

#include "matchfile/run.h"

/* --- order ---------------------------------------------------------------------------------------------------------
 */

/* A record's place is decided by its source's name and its id; the first bytes of the id as a number settle most. */
typedef struct Place {
    uint64_t head;
    uint32_t record;
    uint32_t source; /* place of the source's name among the names */
} Place;

static uint64_t head_of(Slice s)
{
    uint64_t head = 0;
    for (size_t i = 0; i < 8; i++)
        head = head << 8 | (i < s.len ? (uint8_t)s.ptr[i] : 0);
    return head;
}

static int by_place(const void *a, const void *b, void *ctx)
{
    const Place *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    const MatchTable *t = ctx;
    return slice_cmp(match_record_id(t, x->record), match_record_id(t, y->record));
}

static void source_places(const MatchConfig *c, uint32_t places[MATCH_SOURCES_MAX])
{
    for (uint32_t s = 0; s < c->source_count; s++) {
        places[s] = 0;
        for (uint32_t o = 0; o < c->source_count; o++)
            places[s] += slice_cmp(c->sources[o].name, c->sources[s].name) < 0;
    }
}

static Status name_clusters(MatchRun *r, Error *err);

Status run_order(MatchRun *r, Error *err)
{
    uint32_t n = match_record_count(r->table), places[MATCH_SOURCES_MAX];
    Place *all = NULL;
    union {
        const MatchTable *table;
        void *ctx;
    } table = {.table = r->table};
    if (r->order)
        return OK;
    TRY(arena_new(&r->arena, uint32_t, (size_t)n + 1, &r->order, err));
    TRY(arena_new(&r->arena, uint32_t, (size_t)n + 1, &r->rank, err));
    TRY(arena_new(&r->arena, uint32_t, (size_t)r->clusters.count + 1, &r->cluster_size, err));
    TRY(mem_zalloc((size_t)n + 1, sizeof *all, (void **)&all, err));
    source_places(&r->config, places);
    for (uint32_t i = 0; i < n; i++)
        all[i] = (Place){.head = head_of(match_record_id(r->table, i)),
            .record = i,
            .source = places[match_record_source(r->table, i)]};
    qsort_r(all, n, sizeof *all, by_place, table.ctx);
    for (uint32_t i = 0; i < n; i++) {
        r->order[i] = all[i].record;
        r->rank[all[i].record] = i;
        r->cluster_size[r->clusters.cluster[i]]++;
    }
    mem_free(all);
    return name_clusters(r, err);
}

/* --- clusters ------------------------------------------------------------------------------------------------------
 */

/* Not a secret: the same content has the same name everywhere. */
static const uint64_t cluster_key[2] = {UINT64_C(0x436169726e206d61), UINT64_C(0x74636820636c7573)};

static uint64_t content_of(const MatchRun *r, uint32_t record, Buf *text)
{
    buf_reset(text);
    buf_add(text, r->config.sources[match_record_source(r->table, record)].name);
    for (uint32_t c = 0; c < r->config.column_count; c++) {
        buf_addc(text, '\0');
        buf_add(text, match_cell_text(r->table, record, c));
    }
    return siphash13(cluster_key, buf_z(text), text->len);
}

typedef struct Content {
    uint64_t hash;
    uint32_t cluster;
} Content;

static int by_content(const void *a, const void *b)
{
    const Content *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->cluster < y->cluster ? -1 : x->cluster > y->cluster;
}

static Status name_clusters(MatchRun *r, Error *err)
{
    Buf text;
    Content *all = NULL;
    uint32_t n = match_record_count(r->table), next = 0;
    size_t clusters = (size_t)r->clusters.count + 1;
    TRY(arena_new(&r->arena, uint64_t, clusters, &r->cluster_content, err));
    TRY(arena_new(&r->arena, uint32_t, clusters, &r->cluster_twin, err));
    TRY(mem_zalloc(clusters, sizeof *all, (void **)&all, err));
    buf_init(&text, 0);
    /* clusters are numbered by their lowest record, so a new number is a new cluster's first */
    for (uint32_t i = 0; i < n; i++)
        if (r->clusters.cluster[i] == next) {
            r->cluster_content[next] = content_of(r, i, &text);
            all[next] = (Content){r->cluster_content[next], next};
            next++;
        }
    qsort(all, next, sizeof *all, by_content);
    for (uint32_t i = 1; i < next; i++)
        if (all[i].hash == all[i - 1].hash)
            r->cluster_twin[all[i].cluster] = r->cluster_twin[all[i - 1].cluster] + 1;
    mem_free(all);
    Status st = buf_status(&text, err);
    buf_free(&text);
    return st;
}

void add_cluster_name(const MatchRun *r, uint32_t cluster, Buf *out)
{
    static const char digits[] = "0123456789abcdef";
    char name[16];
    for (unsigned i = 0; i < sizeof name; i++)
        name[i] = digits[r->cluster_content[cluster] >> (60 - 4 * i) & 15];
    buf_add(out, (Slice){name, sizeof name});
    if (r->cluster_twin[cluster] > 0) {
        buf_addc(out, '-');
        buf_add_u64(out, r->cluster_twin[cluster] + 1);
    }
}

/* --- words ---------------------------------------------------------------------------------------------------------
 */

const char *run_decision(const MatchRun *r, Weight odds)
{
    return odds >= r->config.match_from ? "match" : odds >= r->config.review_from ? "review" : "below";
}

void add_probability(Buf *out, Weight odds)
{
    uint32_t millionths = (uint32_t)(weight_probability(odds) * 1e6 + 0.5);
    buf_addc(out, (char)('0' + millionths / 1000000));
    buf_addc(out, '.');
    for (uint32_t unit = 100000; unit > 0; unit /= 10)
        buf_addc(out, (char)('0' + millionths / unit % 10));
}

void add_bits(Buf *out, Weight w)
{
    uint32_t size = w < 0 ? (uint32_t)-w : (uint32_t)w;
    if (w < 0)
        buf_addc(out, '-');
    buf_add_u64(out, size / WEIGHT_BIT);
    buf_addc(out, '.');
    buf_addc(out, (char)('0' + size / 100 % 10));
    buf_addc(out, (char)('0' + size / 10 % 10));
    buf_addc(out, (char)('0' + size % 10));
}

/* Rounded half away from zero. */
void add_tenths(Buf *out, Weight w)
{
    uint32_t size = ((w < 0 ? (uint32_t)-w : (uint32_t)w) + WEIGHT_BIT / 20) / (WEIGHT_BIT / 10);
    buf_addc(out, w < 0 && size > 0 ? '-' : '+');
    buf_add_u64(out, size / 10);
    buf_addc(out, '.');
    buf_addc(out, (char)('0' + size % 10));
}

void add_reason(Buf *out, const FieldReason *reason)
{
    buf_add(out, reason->field);
    buf_addc(out, ' ');
    buf_add(out, reason->level);
    buf_addc(out, ' ');
    add_tenths(out, reason->weight);
    if (reason->frequency >= WEIGHT_BIT / 20 || reason->frequency <= -WEIGHT_BIT / 20) {
        buf_adds(out, " (value ");
        add_tenths(out, reason->frequency);
        buf_addc(out, ')');
    }
}

void add_passes(Buf *out, const MatchModel *m, uint32_t passes)
{
    bool any = false;
    for (uint32_t p = 0; p < match_pass_count(m); p++)
        if (passes >> p & 1) {
            buf_adds(out, any ? " " : "");
            buf_add(out, match_pass_name(m, p));
            any = true;
        }
}
