/*
 * One column of a row group: values in, pages out. See parquet_parts.h.
 *
 * A dictionary is given up when more than half of the first 2,048 values, or of
 * what came since, are different, or when it grows past 65,536 entries or 4 MiB:
 * a rule about the values alone, so that the same rows give the same bytes.
 */
#include "ingest/parquet_encode.h"
#include "ingest/parquet_parts.h"
#include "ingest/value_hash.h"

#include <duckdb.h>

#define ENTRIES_TRIED 2048
#define ENTRIES_MAX (1u << 16)
#define ENTRY_BYTES_MAX ((size_t)4 << 20)
#define RANGE_BYTES_MAX 64 /* longer texts have no place in a footer */

void column_init(ColumnFill *c, const ParquetColumn *column, uint64_t hash_key)
{
    *c = (ColumnFill){.column = column, .hash_key = hash_key, .numbered = !column->distinct};
    buf_init(&c->plain, 0);
    buf_init(&c->entries, 0);
}

void column_free(ColumnFill *c)
{
    mem_free(c->there);
    mem_free(c->codes);
    mem_free(c->lengths);
    mem_free(c->slots);
    vec_free(&c->ends);
    buf_free(&c->plain);
    buf_free(&c->entries);
}

/* --- values as they are --------------------------------------------------------------------------------------- */

/* A value on its way in: 8 or 16 bytes, or a text. */
typedef struct Cell {
    const char *ptr;
    size_t len;
} Cell;

static void add_plain(ColumnFill *c, Cell v)
{
    if (c->column->type == PARQUET_TEXT)
        c->lengths[c->values] = (int64_t)v.len;
    buf_add(&c->plain, (Slice){v.ptr, v.len});
    c->values++;
}

static size_t width_of(ParquetType type)
{
    return type == PARQUET_UUID ? 16 : 8;
}

static Cell entry(const ColumnFill *c, uint32_t code)
{
    if (c->column->type != PARQUET_TEXT) {
        size_t width = width_of(c->column->type);
        return (Cell){c->entries.ptr + code * width, width};
    }
    size_t begin = code > 0 ? c->ends.at[code - 1] : 0;
    /* a first entry may be the empty text, before any byte was kept */
    return (Cell){c->entries.ptr ? c->entries.ptr + begin : "", c->ends.at[code] - begin};
}

static Status give_up_dictionary(ColumnFill *c, Error *err)
{
    size_t count = c->values;
    if (c->column->type == PARQUET_TEXT)
        TRY(mem_resize((void **)&c->lengths, c->room, sizeof *c->lengths, err));
    c->numbered = false;
    c->values = 0;
    for (size_t i = 0; i < count; i++)
        add_plain(c, entry(c, c->codes[i]));
    return buf_status(&c->plain, err);
}

/* --- the dictionary ------------------------------------------------------------------------------------------- */

static uint64_t cell_hash(const ColumnFill *c, Cell v)
{
    return hash_bytes(c->hash_key, c->hash_key, v.ptr, v.len);
}

/* Eight bytes at a time: most values have no more. */
static bool same_cell(Cell a, Cell b)
{
    if (a.len != b.len)
        return false;
    size_t at = 0;
    for (; a.len - at >= sizeof(uint64_t); at += sizeof(uint64_t))
        if (hash_load(a.ptr + at) != hash_load(b.ptr + at))
            return false;
    size_t rest = a.len - at;
    return rest == 0 || hash_load_few(a.ptr + at, rest) == hash_load_few(b.ptr + at, rest);
}

static Status grow_slots(ColumnFill *c, Error *err)
{
    size_t count = c->slot_count ? c->slot_count * 2 : 64;
    TRY(mem_resize((void **)&c->slots, count, sizeof *c->slots, err));
    memset(c->slots, 0, count * sizeof *c->slots);
    c->slot_count = count;
    for (uint32_t code = 0; code < c->entry_count; code++) {
        size_t i = cell_hash(c, entry(c, code)) & (count - 1);
        while (c->slots[i] != 0)
            i = (i + 1) & (count - 1);
        c->slots[i] = code + 1;
    }
    return OK;
}

static Status add_entry(ColumnFill *c, size_t slot, Cell v, Error *err)
{
    buf_add(&c->entries, (Slice){v.ptr, v.len});
    TRY(buf_status(&c->entries, err));
    if (c->column->type == PARQUET_TEXT)
        TRY(vec_push(&c->ends, (uint32_t)c->entries.len, err));
    c->slots[slot] = ++c->entry_count;
    return OK;
}

static bool is_worth_it(const ColumnFill *c)
{
    return c->entry_count < ENTRIES_MAX && c->entries.len < ENTRY_BYTES_MAX &&
           (c->entry_count < ENTRIES_TRIED / 2 || c->entry_count * 2 < c->values + ENTRIES_TRIED / 2);
}

static Status add_numbered(ColumnFill *c, Cell v, Error *err)
{
    if (c->values > 0 && same_cell(v, entry(c, c->last))) {
        c->codes[c->values++] = c->last;
        return OK;
    }
    if ((size_t)c->entry_count * 2 >= c->slot_count)
        TRY(grow_slots(c, err));
    size_t i = cell_hash(c, v) & (c->slot_count - 1);
    while (c->slots[i] != 0 && !same_cell(v, entry(c, c->slots[i] - 1)))
        i = (i + 1) & (c->slot_count - 1);
    if (c->slots[i] == 0) {
        if (!is_worth_it(c)) {
            TRY(give_up_dictionary(c, err));
            add_plain(c, v);
            return OK;
        }
        TRY(add_entry(c, i, v, err));
    }
    c->last = c->slots[i] - 1;
    c->codes[c->values++] = c->last;
    return OK;
}

/* --- from DuckDB's vectors ------------------------------------------------------------------------------------ */

static Status make_room(ColumnFill *c, size_t more, Error *err)
{
    size_t need = c->rows + more;
    if (need <= c->room)
        return OK;
    size_t room = c->room ? c->room : 2048;
    while (room < need)
        room *= 2;
    if (c->there)
        TRY(mem_resize((void **)&c->there, room, sizeof *c->there, err));
    if (!c->column->distinct)
        TRY(mem_resize((void **)&c->codes, room, sizeof *c->codes, err));
    if (c->lengths || (!c->numbered && c->column->type == PARQUET_TEXT))
        TRY(mem_resize((void **)&c->lengths, room, sizeof *c->lengths, err));
    c->room = room;
    return OK;
}

static Status add_cell(ColumnFill *c, Cell v, Error *err)
{
    if (c->numbered)
        return add_numbered(c, v, err);
    add_plain(c, v);
    return OK;
}

static void uuid_words(duckdb_hugeint v, uint64_t words[2])
{
    words[0] = __builtin_bswap64((uint64_t)v.upper ^ (UINT64_C(1) << 63));
    words[1] = __builtin_bswap64(v.lower);
}

static Status add_uuid(ColumnFill *c, duckdb_hugeint v, Error *err)
{
    uint64_t words[2];
    uuid_words(v, words);
    return add_cell(c, (Cell){(const char *)words, sizeof words}, err);
}

static Status add_number(ColumnFill *c, int64_t v, Error *err)
{
    return add_cell(c, (Cell){(const char *)&v, sizeof v}, err);
}

static uint32_t text_length(const duckdb_string_t *v)
{
    return v->value.inlined.length;
}

static Status add_text(ColumnFill *c, const duckdb_string_t *v, Error *err)
{
    uint32_t len = text_length(v);
    c->text_bytes += len;
    const char *ptr = len <= sizeof v->value.inlined.inlined ? v->value.inlined.inlined : v->value.pointer.ptr;
    return add_cell(c, (Cell){ptr, len}, err);
}

static Status add_value(ColumnFill *c, const void *data, size_t row, Error *err)
{
    switch (c->column->type) {
    case PARQUET_INTEGER:
    case PARQUET_DECIMAL:
        return add_number(c, ((const int64_t *)data)[row], err);
    case PARQUET_DATE:
        return add_number(c, ((const int32_t *)data)[row], err);
    case PARQUET_BOOLEAN:
        c->codes[c->values++] = ((const bool *)data)[row];
        return OK;
    case PARQUET_TEXT:
        return add_text(c, (const duckdb_string_t *)data + row, err);
    case PARQUET_UUID:
        return add_uuid(c, ((const duckdb_hugeint *)data)[row], err);
    }
    return OK;
}

size_t column_fits(const ColumnFill *c, const DbVector *v, const uint32_t *at, size_t count, size_t most)
{
    size_t bytes = c->text_bytes;
    if (c->column->type != PARQUET_TEXT)
        return count;
    for (size_t i = 0; i < count; i++) {
        if (!db_vector_has(v, at[i]))
            continue;
        bytes += text_length((const duckdb_string_t *)v->data + at[i]);
        if (bytes > most)
            return i;
    }
    return count;
}

static bool any_null(const DbVector *v, const uint32_t *at, size_t count)
{
    bool all = true;
    for (size_t i = 0; v->valid && i < count; i++)
        all = all && db_vector_has(v, at[i]);
    return !all;
}

/* Most columns never have a NULL. */
static Status note_nulls(ColumnFill *c, const DbVector *v, const uint32_t *at, size_t count, Error *err)
{
    if (!c->has_nulls && any_null(v, at, count)) {
        TRY(mem_resize((void **)&c->there, c->room, sizeof *c->there, err));
        for (size_t i = 0; i < c->rows; i++)
            c->there[i] = 1;
        c->has_nulls = true;
    }
    for (size_t i = 0; c->has_nulls && i < count; i++)
        c->there[c->rows + i] = db_vector_has(v, at[i]);
    c->rows += count;
    return OK;
}

/* Where no dictionary is tried, values are laid down all at once. */
static void add_distinct(ColumnFill *c, const DbVector *v, const uint32_t *at, size_t count)
{
    bool uuid = c->column->type == PARQUET_UUID;
    char *begin = buf_reserve(&c->plain, count * width_of(c->column->type));
    char *to = begin;
    for (size_t i = 0; to && i < count; i++) {
        uint64_t words[2];
        if (!db_vector_has(v, at[i]))
            continue;
        if (uuid)
            uuid_words(((const duckdb_hugeint *)v->data)[at[i]], words);
        else
            memcpy(words, (const int64_t *)v->data + at[i], sizeof words[0]);
        memcpy(to, words, uuid ? sizeof words : sizeof words[0]);
        to += uuid ? sizeof words : sizeof words[0];
        c->values++;
    }
    if (to)
        buf_advance(&c->plain, (size_t)(to - begin));
}

Status column_add(ColumnFill *c, const DbVector *v, const uint32_t *at, size_t count, Error *err)
{
    TRY(make_room(c, count, err));
    TRY(note_nulls(c, v, at, count, err));
    if (c->column->distinct) {
        ASSERT(c->column->type == PARQUET_UUID || c->column->type == PARQUET_INTEGER);
        add_distinct(c, v, at, count);
        return buf_status(&c->plain, err);
    }
    for (size_t i = 0; i < count; i++)
        if (db_vector_has(v, at[i]))
            TRY(add_value(c, v->data, at[i], err));
    return buf_status(&c->plain, err);
}

/* --- the range of values -------------------------------------------------------------------------------------- */

static Status number_range(const ColumnFill *c, Arena *arena, ColumnPages *pages, Error *err)
{
    const int64_t *numbers = (const void *)(c->numbered ? c->entries.ptr : c->plain.ptr);
    size_t count = c->numbered ? c->entry_count : c->values;
    int64_t range[2] = {numbers[0], numbers[0]};
    for (size_t i = 1; i < count; i++) {
        if (numbers[i] < range[0])
            range[0] = numbers[i];
        if (numbers[i] > range[1])
            range[1] = numbers[i];
    }
    /* little-endian, so that a date's 4 bytes are the first of the 8 */
    size_t width = c->column->type == PARQUET_DATE ? 4 : 8;
    pages->has_range = true;
    TRY(arena_dup(arena, (Slice){(const char *)&range[0], width}, &pages->least, err));
    return arena_dup(arena, (Slice){(const char *)&range[1], width}, &pages->most, err);
}

/* Of dictionaries only: over other texts it would cost more than it helps. */
static Status text_range(const ColumnFill *c, Arena *arena, ColumnPages *pages, Error *err)
{
    Slice least = {0};
    Slice most = {0};
    for (uint32_t i = 0; i < c->entry_count; i++) {
        Cell v = entry(c, i);
        Slice s = {v.ptr, v.len};
        if (i == 0 || slice_cmp(s, least) < 0)
            least = s;
        if (i == 0 || slice_cmp(s, most) > 0)
            most = s;
    }
    if (least.len > RANGE_BYTES_MAX || most.len > RANGE_BYTES_MAX)
        return OK;
    pages->has_range = true;
    TRY(arena_dup(arena, least, &pages->least, err));
    return arena_dup(arena, most, &pages->most, err);
}

static Status find_range(const ColumnFill *c, Arena *arena, ColumnPages *pages, Error *err)
{
    if (c->values == 0)
        return OK;
    switch (c->column->type) {
    case PARQUET_INTEGER:
    case PARQUET_DECIMAL:
    case PARQUET_DATE:
        return number_range(c, arena, pages, err);
    case PARQUET_TEXT:
        return c->numbered ? text_range(c, arena, pages, err) : OK;
    case PARQUET_BOOLEAN:
    case PARQUET_UUID:
        break;
    }
    return OK;
}

/* --- pages ---------------------------------------------------------------------------------------------------- */

static void add_little_endian(Buf *out, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_addc(out, (char)(v >> (8 * i)));
}

static void dictionary_values(const ColumnFill *c, Buf *out)
{
    for (uint32_t i = 0; i < c->entry_count; i++) {
        Cell v = entry(c, i);
        if (c->column->type == PARQUET_TEXT)
            add_little_endian(out, v.len, 4);
        else if (c->column->type == PARQUET_DATE)
            v.len = 4;
        buf_add(out, (Slice){v.ptr, v.len});
    }
}

/* Which rows have a value, as runs and bits after their length. */
static void add_levels(const ColumnFill *c, Buf *out)
{
    size_t at = out->len;
    add_little_endian(out, 0, 4);
    if (c->has_nulls)
        parquet_hybrid(c->there, c->rows, 1, out);
    else
        parquet_hybrid_ones(c->rows, out);
    if (out->status != OK)
        return;
    uint32_t length = (uint32_t)(out->len - at - 4);
    memcpy(out->ptr + at, &length, sizeof length);
}

static ParquetEncoding encoding_of(const ColumnFill *c)
{
    if (c->column->type == PARQUET_BOOLEAN || c->values == 0)
        return ENCODING_PLAIN;
    if (c->numbered)
        return ENCODING_DICTIONARY;
    if (c->column->type == PARQUET_TEXT)
        return ENCODING_DELTA_LENGTH;
    return c->column->type == PARQUET_UUID ? ENCODING_PLAIN : ENCODING_DELTA;
}

static void add_values(const ColumnFill *c, ParquetEncoding encoding, Buf *out)
{
    if (c->values == 0)
        return;
    switch (encoding) {
    case ENCODING_DICTIONARY: {
        unsigned width = parquet_bits(c->entry_count - 1);
        width = width ? width : 1; /* some readers do not know numbers without bits */
        buf_addc(out, (char)width);
        parquet_hybrid(c->codes, c->values, width, out);
        break;
    }
    case ENCODING_DELTA:
        parquet_delta((const void *)c->plain.ptr, c->values, out);
        break;
    case ENCODING_DELTA_LENGTH:
        parquet_delta(c->lengths, c->values, out);
        buf_add(out, buf_slice(&c->plain));
        break;
    case ENCODING_PLAIN:
    case ENCODING_RLE:
        if (c->column->type == PARQUET_BOOLEAN)
            parquet_booleans(c->codes, c->values, out);
        else
            buf_add(out, buf_slice(&c->plain));
        break;
    }
}

static void forget_rows(ColumnFill *c)
{
    c->rows = 0;
    c->has_nulls = false;
    c->values = 0;
    c->text_bytes = 0;
    c->numbered = !c->column->distinct; /* the next row group tries again */
    buf_reset(&c->plain);
    buf_reset(&c->entries);
    c->ends.len = 0;
    c->entry_count = 0;
    if (c->slots)
        memset(c->slots, 0, c->slot_count * sizeof *c->slots);
}

static Status make_pages(const ColumnFill *c, uint64_t offset, PageBufs *bufs, ColumnPages *pages, Error *err)
{
    Buf *page = &bufs->page;
    Buf *out = &bufs->out;
    buf_reset(out);
    buf_reset(page);
    if (pages->encoding == ENCODING_DICTIONARY) {
        dictionary_values(c, page);
        pages->dictionary_at = offset;
        footer_dictionary_page(c->entry_count, page->len, out);
        buf_add(out, buf_slice(page));
    }
    TRY(buf_status(page, err));
    buf_reset(page);
    add_levels(c, page);
    add_values(c, pages->encoding, page);
    TRY(buf_status(page, err));
    pages->data_at = offset + out->len;
    footer_data_page(c->rows, pages->encoding, page->len, out);
    buf_add(out, buf_slice(page));
    pages->bytes = out->len;
    return buf_status(out, err);
}

Status column_end(ColumnFill *c, uint64_t offset, Arena *arena, PageBufs *bufs, ColumnPages *pages, Error *err)
{
    *pages = (ColumnPages){.rows = c->rows, .nulls = c->rows - c->values, .encoding = encoding_of(c)};
    TRY(make_pages(c, offset, bufs, pages, err));
    TRY(find_range(c, arena, pages, err));
    forget_rows(c);
    return OK;
}
