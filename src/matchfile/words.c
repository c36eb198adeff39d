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

typedef struct PlaceOrder {
    const MatchTable *table;
} PlaceOrder;

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
    return OK;
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

Status cluster_names(MatchRun *r, Arena *arena, Slice **out, Error *err)
{
    Map seen = {0};
    Buf text, content;
    Slice *names = NULL;
    uint32_t n = match_record_count(r->table), next = 0;
    buf_init(&text, 0);
    buf_init(&content, 0);
    Status st;
    TRY_OUT(map_init(&seen, err));
    TRY_OUT(arena_new(arena, Slice, (size_t)r->clusters.count + 1, &names, err));
    for (uint32_t i = 0; i < n; i++) {
        /* clusters are numbered by their lowest record, so a new number is a new cluster's first */
        if (r->clusters.cluster[i] != next)
            continue;
        uint64_t times = 0;
        buf_reset(&text);
        buf_addf(&text, "%016" PRIx64, content_of(r, i, &content));
        TRY_OUT(map_get_or_put(&seen, buf_slice(&text), 0, &times, err));
        TRY_OUT(map_put(&seen, buf_slice(&text), times + 1, NULL, err));
        if (times > 0)
            buf_addf(&text, "-%" PRIu64, times + 1);
        TRY_OUT(buf_status(&text, err));
        TRY_OUT(buf_status(&content, err));
        TRY_OUT(arena_dup(arena, buf_slice(&text), &names[next++], err));
    }
    *out = names;
out:
    map_free(&seen);
    buf_free(&text);
    buf_free(&content);
    return st;
}

/* --- words ---------------------------------------------------------------------------------------------------------
 */

const char *run_decision(const MatchRun *r, Weight odds)
{
    return odds >= r->config.match_from ? "match" : odds >= r->config.review_from ? "review" : "below";
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
