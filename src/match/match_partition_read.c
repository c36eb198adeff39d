/*
 * A share read back from bytes that anybody may have made.
 *
 * Every length is held against the bytes that are left before anything is
 * allocated for it, every number against what it may name, and the bytes must end
 * where the last part does. Texts go through standardisation again and must come
 * out as they went in: the comparators rely on the form of a standard text.
 */
#include "match/match_partition.h"

#define CONFIG_BYTES_MAX ((uint32_t)1 << 22)

typedef struct Cursor {
    const uint8_t *at, *end;
    const char *what; /* is being read, for messages */
    bool failed;
} Cursor;

static Status broken(const Cursor *c, const char *why, Error *err)
{
    return error_set(err, ERR_PARSE, "not a partition of a match run: %s: %s", c->what, why);
}

/* 0 behind the end, which is noted. */
static uint64_t get(Cursor *c, unsigned bytes)
{
    if ((size_t)(c->end - c->at) < bytes) {
        c->failed = true;
        c->at = c->end;
        return 0;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)c->at[i] << (8 * i);
    c->at += bytes;
    return value;
}

static Status get_bytes(Cursor *c, size_t count, Slice *out, Error *err)
{
    if (c->failed || (size_t)(c->end - c->at) < count)
        return broken(c, "cut off", err);
    *out = (Slice){(const char *)c->at, count};
    c->at += count;
    return OK;
}

/* How many things of at least `each` bytes follow. */
static Status get_count(Cursor *c, size_t each, uint32_t *out, Error *err)
{
    *out = (uint32_t)get(c, 4);
    if (c->failed || (size_t)(c->end - c->at) / each < *out)
        return broken(c, "cut off", err);
    return OK;
}

typedef struct Reading {
    Cursor c;
    Partition *out;
    Slice *texts; /* from number 1 on */
    uint32_t text_count;
    uint32_t whole_records;
    uint32_t record_count;
    VEC(uint64_t) extras;
} Reading;

/* --- head --------------------------------------------------------------------------------------------------------- */

/* The columns of a combined value are one text here already, in the first. */
static void part_combined(MatchConfig *config)
{
    for (uint32_t f = 0; f < config->field_count; f++)
        if (config->fields[f].combine) {
            config->fields[f].combine = false;
            config->fields[f].column_count = 1;
        }
}

static Status read_config(Reading *r, Error *err)
{
    Slice toml, nicknames, copy;
    Cursor *c = &r->c;
    Partition *p = r->out;
    c->what = "config";
    TRY(get_bytes(c, (size_t)get(c, 4), &toml, err));
    if (toml.len > CONFIG_BYTES_MAX)
        return broken(c, "too long", err);
    TRY(match_config_parse(toml, "the partition's config", &p->arena, &p->config, NULL, err));
    part_combined(&p->config);
    c->what = "nicknames";
    TRY(get_bytes(c, (size_t)get(c, 4), &nicknames, err));
    if (memchr(nicknames.ptr, '\0', nicknames.len))
        return broken(c, "a NUL", err);
    TRY(arena_dup(&p->arena, nicknames, &copy, err));
    p->config.nickname_csv = copy.ptr;
    TRY(match_table_new(&p->config, &p->table, err));
    return match_table_seal(p->table, 1, err);
}

static Status read_passes(Reading *r, Error *err)
{
    Cursor *c = &r->c;
    Blocks *b = r->out->blocks;
    c->what = "passes";
    r->whole_records = (uint32_t)get(c, 4);
    if (r->whole_records >= MATCH_NONE - 1)
        return broken(c, "more records than a table can have", err);
    b->pass_count = (uint32_t)get(c, 1);
    if (c->failed || b->pass_count > MATCH_PASSES_MAX)
        return broken(c, "too many", err);
    TRY(mem_zalloc(b->pass_count, sizeof b->passes[0], (void **)&b->passes, err));
    for (uint32_t i = 0; i < b->pass_count; i++) {
        b->passes[i].spec.window = (uint32_t)get(c, 4);
        b->passes[i].width = 1;
    }
    return c->failed ? broken(c, "cut off", err) : OK;
}

static Status read_counts(Reading *r, Error *err)
{
    Cursor *c = &r->c;
    c->what = "frequencies";
    for (uint32_t f = 0; f < r->out->config.field_count; f++) {
        uint32_t n;
        TRY(get_count(c, 8, &n, err));
        for (uint32_t i = 0; i < n; i++) {
            CountShare share = {(uint32_t)get(c, 4), 0};
            share.values = (uint32_t)get(c, 4);
            if (share.count == 0 || share.count > r->whole_records)
                return broken(c, "a count out of range", err);
            TRY(vec_push(&r->out->table->whole[f], share, err));
        }
    }
    return OK;
}

static Status read_texts(Reading *r, Error *err)
{
    Cursor *c = &r->c;
    c->what = "texts";
    TRY(get_count(c, 1, &r->text_count, err));
    TRY(arena_new(&r->out->arena, Slice, (size_t)r->text_count + 1, &r->texts, err));
    for (uint32_t i = 1; i <= r->text_count; i++) {
        TRY(get_bytes(c, (size_t)get(c, 1), &r->texts[i], err));
        if (r->texts[i].len == 0)
            return broken(c, "an empty one", err);
    }
    return OK;
}

/* --- records -------------------------------------------------------------------------------------------------------
 */

static Status read_cells(Reading *r, uint32_t source, uint32_t *record, Error *err)
{
    Cursor *c = &r->c;
    const MatchTable *t = r->out->table;
    Slice values[MATCH_COLUMNS_MAX];
    for (uint32_t k = 0; k < t->columns; k++) {
        uint64_t number = get(c, 4);
        if (number > r->text_count)
            return broken(c, "a text that is not there", err);
        values[k] = number > 0 ? r->texts[number] : SLICE("");
    }
    TRY(table_append(r->out->table, source, SLICE(""), values, record, err));
    for (uint32_t k = 0; k < t->columns; k++)
        if (!slice_eq(match_cell_text(t, *record, k), values[k]))
            return broken(c, "a text that is not standard", err);
    return OK;
}

static Status read_frequencies(Reading *r, uint32_t record, Error *err)
{
    Cursor *c = &r->c;
    MatchTable *t = r->out->table;
    for (uint32_t f = 0; f < t->config->field_count; f++)
        for (uint32_t k = 0; k < t->config->fields[f].column_count; k++) {
            uint32_t value = record_cells(t, record)[t->config->fields[f].columns[k]];
            uint32_t count = (uint32_t)get(c, 4), known = value > 0 ? t->frequency[f][value] : 0;
            bool fits = value > 0 ? count > 0 && count <= r->whole_records : count == 0;
            if (!fits || (known > 0 && known != count))
                return broken(c, "a frequency that cannot be", err);
            if (value > 0)
                t->frequency[f][value] = count;
        }
    return OK;
}

static Status read_list(Reading *r, Error *err)
{
    Cursor *c = &r->c;
    uint32_t n = (uint32_t)get(c, 2);
    uint64_t before = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t pass = get(c, 1), number = get(c, 4), item = pass << 32 | number;
        if (c->failed || pass >= r->out->blocks->pass_count || number == 0 || (i > 0 && item <= before))
            return broken(c, "a block out of order", err);
        TRY(vec_push(&r->extras, item, err));
        before = item;
    }
    return OK;
}

static Status new_lists(Reading *r, Error *err)
{
    Blocks *b = r->out->blocks;
    uint32_t n = r->record_count;
    b->stride = b->equal_lanes = 4;
    TRY(mem_zalloc((size_t)n * b->stride, sizeof b->rows[0], (void **)&b->rows, err));
    TRY(mem_zalloc(b->stride, sizeof b->lane_bit[0], (void **)&b->lane_bit, err));
    TRY(mem_zalloc((size_t)n + 1, sizeof b->extra_start[0], (void **)&b->extra_start, err));
    return arena_new(&r->out->arena, uint32_t, n, &r->out->numbers, err);
}

static Status read_records(Reading *r, Error *err)
{
    Cursor *c = &r->c;
    Partition *p = r->out;
    c->what = "records";
    TRY(get_count(c, 8, &r->record_count, err));
    TRY(new_lists(r, err));
    for (uint32_t i = 0; i < r->record_count; i++) {
        uint32_t record, number = (uint32_t)get(c, 4), source = (uint32_t)get(c, 2);
        if (number >= r->whole_records || (i > 0 && number <= p->numbers[i - 1]))
            return broken(c, "a number out of order", err);
        if (source >= p->config.source_count)
            return broken(c, "a source that is not there", err);
        p->numbers[i] = number;
        TRY(read_cells(r, source, &record, err));
        TRY(read_frequencies(r, record, err));
        TRY(read_list(r, err));
        p->blocks->rows[(size_t)i * p->blocks->stride + p->blocks->extra_lane] = i + 1;
        p->blocks->extra_start[i + 1] = r->extras.len;
    }
    p->blocks->extras = r->extras.at;
    r->extras.at = NULL;
    return c->failed ? broken(c, "cut off", err) : OK;
}

/* --- blocks ---------------------------------------------------------------------------------------------------------
 */

/* Does the record's own list name the block? */
static bool lists_block(const Blocks *b, uint32_t record, uint64_t item)
{
    size_t low = (size_t)b->extra_start[record], high = (size_t)b->extra_start[record + 1], end = high;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (b->extras[mid] < item)
            low = mid + 1;
        else
            high = mid;
    }
    return low < end && b->extras[low] == item;
}

static Status read_block(Reading *r, uint64_t *before, Error *err)
{
    Cursor *c = &r->c;
    Blocks *b = r->out->blocks;
    uint64_t pass = get(c, 1), number = get(c, 4), item = pass << 32 | number;
    if (pass >= b->pass_count || pass_is_window(&b->passes[pass]) || number == 0 || item <= *before)
        return broken(c, "a block out of order", err);
    *before = item;
    uint32_t count;
    TRY(get_count(c, 4, &count, err));
    BlockPass *p = &b->passes[pass];
    const uint16_t *sources = r->out->table->source;
    TRY(vec_push(&p->numbers, (uint32_t)number, err));
    if (p->groups.start.len == 0)
        TRY(vec_push(&p->groups.start, 0, err));
    TRY(vec_reserve(&p->groups.members, p->groups.members.len + count, err));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t member = (uint32_t)get(c, 4), last = i > 0 ? vec_last(&p->groups.members) : 0;
        if (member >= r->record_count)
            return broken(c, "a record that is not there", err);
        if (!lists_block(b, member, item))
            return broken(c, "a record that does not know of the block", err);
        if (i > 0 && (sources[last] > sources[member] || (sources[last] == sources[member] && last >= member)))
            return broken(c, "records out of order", err);
        TRY(vec_push(&p->groups.members, member, err));
    }
    return vec_push(&p->groups.start, (uint32_t)p->groups.members.len, err);
}

static Status read_blocks(Reading *r, Error *err)
{
    uint32_t count;
    uint64_t before = 0;
    r->c.what = "blocks";
    TRY(get_count(&r->c, 9, &count, err));
    for (uint32_t i = 0; i < count; i++)
        TRY(read_block(r, &before, err));
    return OK;
}

static Status read_places(Reading *r, Error *err)
{
    Cursor *c = &r->c;
    Blocks *b = r->out->blocks;
    uint32_t count;
    uint64_t before = 0;
    c->what = "places";
    TRY(get_count(c, 10, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t pass = get(c, 1), place = get(c, 4), item = pass << 32 | place;
        uint32_t record = (uint32_t)get(c, 4), lead = (uint32_t)get(c, 1);
        if (pass >= b->pass_count || !pass_is_window(&b->passes[pass]) || place == 0 || item <= before)
            return broken(c, "a place out of order", err);
        if (record >= r->record_count || lead > 1)
            return broken(c, "a record that is not there", err);
        before = item;
        BlockPass *p = &b->passes[pass];
        TRY(vec_push(&p->order, record, err));
        TRY(vec_push(&p->places, (uint32_t)place, err));
        TRY(vec_push(&p->leads, lead == 1, err));
    }
    return OK;
}

/* --- all --------------------------------------------------------------------------------------------------------- */

static Status check_digest(Slice bytes, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    if (bytes.len < PARTITION_HEAD || memcmp(bytes.ptr, PARTITION_MAGIC, PARTITION_MAGIC_SIZE) != 0)
        return error_set(err, ERR_PARSE, "not a partition of a match run");
    TRY(sha256_of(slice_sub(bytes, PARTITION_HEAD, bytes.len), digest, err));
    if (memcmp(bytes.ptr + PARTITION_MAGIC_SIZE, digest, sizeof digest) != 0)
        return error_set(err, ERR_CORRUPT, "the partition does not match its own digest");
    return OK;
}

static Status read_body(Reading *r, Error *err)
{
    Partition *p = r->out;
    TRY(read_config(r, err));
    TRY(mem_zalloc(1, sizeof *p->blocks, (void **)&p->blocks, err));
    p->blocks->table = p->table;
    TRY(mem_zalloc(1, sizeof *p->blocks->counts, (void **)&p->blocks->counts, err));
    TRY(source_pairs_new(&p->config, &p->blocks->sources, err));
    TRY(read_passes(r, err));
    TRY(read_counts(r, err));
    TRY(read_texts(r, err));
    TRY(read_records(r, err));
    TRY(read_blocks(r, err));
    TRY(read_places(r, err));
    r->c.what = "end";
    return r->c.failed || r->c.at != r->c.end ? broken(&r->c, "bytes too few or too many", err) : OK;
}

Status partition_read(Slice bytes, Partition *out, Error *err)
{
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    TRY(check_digest(bytes, err));
    Reading r = {.out = out};
    r.c.at = (const uint8_t *)bytes.ptr + PARTITION_HEAD;
    r.c.end = (const uint8_t *)bytes.ptr + bytes.len;
    Status st = read_body(&r, err);
    vec_free(&r.extras);
    return st;
}

void partition_free(Partition *p)
{
    blocks_free(p->blocks);
    match_table_free(p->table);
    arena_free(&p->arena);
}
