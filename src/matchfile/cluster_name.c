/*
 * What is written of a cluster: its name, its size and its weakest link, laid out once for all rows. The name is made
 * of the content of the cluster's first record, so that the same persons are called the same in every run.
 */
#include "matchfile/run.h"

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

/* Clusters of one content are told apart by the order of their first records, which is that of their numbers. */
static Status number_twins(ClusterKnown *known, uint32_t n, Error *err)
{
    size_t slots = 64;
    uint32_t *slot = NULL; /* the last cluster of a content so far, + 1 */
    while (slots < (size_t)n * 2)
        slots *= 2;
    TRY(mem_zalloc(slots, sizeof *slot, (void **)&slot, err));
    for (uint32_t c = 0; c < n; c++) {
        size_t i = known[c].content & (slots - 1);
        while (slot[i] && known[slot[i] - 1].content != known[c].content)
            i = (i + 1) & (slots - 1);
        known[c].twin = slot[i] ? known[slot[i] - 1].twin + 1 : 0;
        slot[i] = c + 1;
    }
    mem_free(slot);
    return OK;
}

Status know_clusters(MatchRun *r, Error *err)
{
    Buf text;
    uint32_t n = match_record_count(r->table), next = 0;
    TRY(arena_new(&r->arena, ClusterKnown, (size_t)r->clusters.count + 1, &r->cluster, err));
    buf_init(&text, 0);
    /* clusters are numbered by their lowest record, so a new number is a new cluster's first */
    for (uint32_t i = 0; i < n; i++) {
        ClusterKnown *c = &r->cluster[r->clusters.cluster[i]];
        c->size++;
        if (r->clusters.cluster[i] != next)
            continue;
        c->content = content_of(r, i, &text);
        c->weakest = r->clusters.weakest[next++];
    }
    Status st = buf_status(&text, err);
    buf_free(&text);
    return st == OK ? number_twins(r->cluster, next, err) : st;
}

void add_cluster_name(const MatchRun *r, uint32_t cluster, Buf *out)
{
    static const char digits[] = "0123456789abcdef";
    const ClusterKnown *c = &r->cluster[cluster];
    char name[16];
    for (unsigned i = 0; i < sizeof name; i++)
        name[i] = digits[c->content >> (60 - 4 * i) & 15];
    buf_add(out, (Slice){name, sizeof name});
    if (c->twin > 0) {
        buf_addc(out, '-');
        buf_add_u64(out, (uint64_t)c->twin + 1);
    }
}
