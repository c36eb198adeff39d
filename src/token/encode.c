/*
 * CSV files to one token file. Rows are sorted by id, so that the file says
 * nothing of the order they had at the sender, and the same rows give the same
 * bytes. Format:
 *
 *     # {"format":"cairn-tokens/1","scheme_id":"...","key_id":"...","scheme":{...}}
 *     id,token,BLOCK...
 *     4711,0a3f...,9be1...            token and blocks in hex; a block may be empty
 *     # end ROWS
 *
 * The last line tells a whole file from one that was cut off on its way.
 */
#include "token/token_impl.h"

#include <stdio.h>
#include <stdlib.h>

#define CSV_FILE_MAX ((size_t)1 << 30)
#define CHUNK ((size_t)16384) /* rows a work item: each makes its encoder's memory of pieces anew */

typedef struct Row {
    Slice id;
    const Slice *values;
    size_t file; /* for messages */
    size_t number;
    uint64_t *bits;
    uint64_t *blocks;
    uint32_t missing;
} Row;

typedef struct Encoding {
    const EncodeOptions *o;
    Arena arena;
    VEC(Row) rows;
    Progress *progress;
} Encoding;

/* --- reading ------------------------------------------------------------------------------------------------- */

/* Header cells are compared without blanks around them: exports often have "a, b". */
static Status find_column(const CsvTable *t, Slice name, const char *file, size_t *out, Error *err)
{
    for (size_t c = 0; c < t->columns; c++)
        if (slice_eq(slice_trim(t->header[c]), name)) {
            *out = c;
            return OK;
        }
    error_set(err, ERR_INVALID, "there is no column %.*s", SLICE_ARG(name));
    error_at(err, file, 0, NULL);
    return ERR_INVALID;
}

static Status row_id(Encoding *x, const CsvTable *t, const char *file, size_t r, const size_t *column, Slice *out,
    Error *err)
{
    const char *number;
    if (column) {
        *out = slice_trim(t->cells[r * t->columns + *column]);
        if (out->len > 0)
            return OK;
        error_set(err, ERR_INVALID, "a row has no id");
        error_at(err, file, r + 1, NULL);
        return ERR_INVALID;
    }
    TRY(arena_printf(&x->arena, &number, err, "%zu", x->rows.len + 1));
    *out = slice_of(number);
    return OK;
}

static Status add_rows(Encoding *x, size_t file, const CsvTable *t, Error *err)
{
    const TokenScheme *s = x->o->scheme;
    const char *name = path_base(x->o->files[file]);
    size_t columns[TOKEN_FIELDS_MAX], id_column = 0;
    Slice *values;
    for (size_t i = 0; i < s->field_count; i++)
        TRY(find_column(t, s->fields[i].column, name, &columns[i], err));
    if (s->id_column.len > 0)
        TRY(find_column(t, s->id_column, name, &id_column, err));
    TRY(arena_new(&x->arena, Slice, t->rows * s->field_count, &values, err));
    TRY(vec_reserve(&x->rows, x->rows.len + t->rows, err));
    for (size_t r = 0; r < t->rows; r++) {
        Row row = {.values = values + r * s->field_count, .file = file, .number = r + 1};
        for (size_t i = 0; i < s->field_count; i++)
            values[r * s->field_count + i] = t->cells[r * t->columns + columns[i]];
        TRY(row_id(x, t, name, r, s->id_column.len > 0 ? &id_column : NULL, &row.id, err));
        TRY(vec_push(&x->rows, row, err));
    }
    return OK;
}

static Status read_file(Encoding *x, size_t file, Error *err)
{
    const char *path = x->o->files[file];
    Buf text;
    CsvTable table;
    buf_init(&text, CSV_FILE_MAX);
    Status st = file_read(path, CSV_FILE_MAX, &text, err);
    if (st == OK)
        st = csv_parse(buf_slice(&text), path_base(path), &x->arena, &table, err);
    if (text.ptr)
        mem_wipe(text.ptr, text.cap);
    buf_free(&text);
    return st == OK ? add_rows(x, file, &table, err) : st;
}

static int by_id(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    int order = slice_cmp(x->id, y->id);
    if (order != 0)
        return order;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static Status sort_rows(Encoding *x, Error *err)
{
    if (x->rows.len > 1)
        qsort(x->rows.at, x->rows.len, sizeof *x->rows.at, by_id);
    for (size_t i = 1; i < x->rows.len; i++) {
        if (!slice_eq(x->rows.at[i].id, x->rows.at[i - 1].id))
            continue;
        error_set(err, ERR_INVALID, "a row has the id of an earlier one");
        error_at(err, path_base(x->o->files[x->rows.at[i].file]), x->rows.at[i].number, NULL);
        return ERR_INVALID;
    }
    return OK;
}

/* --- encoding ------------------------------------------------------------------------------------------------ */

static Status make_room(Encoding *x, Error *err)
{
    size_t words = token_words(x->o->scheme), blocks = x->o->scheme->block_count;
    uint64_t *bits, *keys;
    TRY(arena_new(&x->arena, uint64_t, x->rows.len * words, &bits, err));
    TRY(arena_new(&x->arena, uint64_t, x->rows.len * blocks, &keys, err));
    for (size_t i = 0; i < x->rows.len; i++) {
        x->rows.at[i].bits = bits + i * words;
        x->rows.at[i].blocks = keys + i * blocks;
    }
    return OK;
}

static Status encode_chunk(size_t item, void *ctx, Error *err)
{
    Encoding *x = ctx;
    TokenEncoder *e;
    size_t from = item * CHUNK, to = from + CHUNK < x->rows.len ? from + CHUNK : x->rows.len;
    TRY(cancel_check(err));
    TRY(token_encoder_new(x->o->scheme, x->o->key, &e, err));
    Status st = OK;
    for (size_t i = from; i < to && st == OK; i++) {
        Row *r = &x->rows.at[i];
        st = token_encode_record(e, r->values, r->bits, r->blocks, &r->missing, err);
    }
    token_encoder_free(e);
    progress_add(x->progress, to - from);
    return st;
}

static void count_missing(const Encoding *x, EncodeReport *report)
{
    size_t fields = x->o->scheme->field_count;
    report->rows = x->rows.len;
    for (size_t i = 0; i < x->rows.len; i++) {
        uint32_t missing = x->rows.at[i].missing;
        for (size_t f = 0; f < fields; f++)
            report->missing[f] += missing >> f & 1;
        report->empty += missing == (UINT32_C(1) << fields) - 1;
    }
}

/* --- writing ------------------------------------------------------------------------------------------------- */

static void head_lines(const Encoding *x, const EncodeReport *report, Buf *out)
{
    const TokenScheme *s = x->o->scheme;
    buf_adds(out, "# {\"format\":\"" TOKEN_FORMAT "\",\"scheme_id\":\"");
    buf_adds(out, report->scheme_id);
    buf_adds(out, "\",\"key_id\":\"");
    buf_adds(out, report->key_id);
    buf_adds(out, "\",\"scheme\":");
    token_scheme_json(s, out);
    buf_adds(out, "}\nid,token");
    for (size_t i = 0; i < s->block_count; i++) {
        buf_addc(out, ',');
        buf_add(out, s->blocks[i].name);
    }
    buf_addc(out, '\n');
}

static void add_hex(Buf *out, uint64_t word)
{
    uint8_t bytes[8];
    char text[17];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(word >> 8 * i & 255);
    hex_encode(bytes, sizeof bytes, text);
    buf_adds(out, text);
}

static void row_line(const Encoding *x, const Row *r, Buf *out)
{
    size_t words = token_words(x->o->scheme);
    csv_cell(out, r->id);
    buf_addc(out, ',');
    for (size_t w = 0; w < words; w++)
        add_hex(out, r->bits[w]);
    for (size_t i = 0; i < x->o->scheme->block_count; i++) {
        buf_addc(out, ',');
        if (r->blocks[i] != 0)
            add_hex(out, r->blocks[i]);
    }
    buf_addc(out, '\n');
}

/* Streams into a file beside the target and renames it. */
static Status write_rows(const Encoding *x, const EncodeReport *report, Error *err)
{
    char part[4096];
    FileWriter *w = NULL;
    Buf text;
    int n = snprintf(part, sizeof part, "%s.part", x->o->out);
    if (n < 0 || (size_t)n >= sizeof part)
        return error_set(err, ERR_LIMIT, "the path of the output is too long");
    TRY(writer_open(part, MODE_PRIVATE, &w, err));
    buf_init(&text, 0);
    head_lines(x, report, &text);
    for (size_t i = 0; i < x->rows.len && text.status == OK; i++) {
        row_line(x, &x->rows.at[i], &text);
        if (text.len > (size_t)1 << 20) {
            writer_add(w, buf_slice(&text));
            buf_reset(&text);
        }
    }
    buf_addf(&text, "# end %zu\n", x->rows.len);
    Status st = buf_status(&text, err);
    writer_add(w, buf_slice(&text));
    buf_free(&text);
    if (st != OK) {
        writer_abandon(w);
        return st;
    }
    TRY(writer_close(w, WRITER_SYNC, err));
    return file_rename(part, x->o->out, err);
}

Status token_encode(const EncodeOptions *o, EncodeReport *report, Error *err)
{
    Encoding x = {.o = o};
    Status st = OK;
    *report = (EncodeReport){0};
    arena_init(&x.arena, 0);
    TRY_OUT(token_key_id(o->key, report->key_id, err));
    TRY_OUT(token_scheme_id(o->scheme, report->scheme_id, err));
    for (size_t i = 0; i < o->file_count; i++)
        TRY_OUT(read_file(&x, i, err));
    TRY_OUT(sort_rows(&x, err));
    TRY_OUT(make_room(&x, err));
    TRY_OUT(progress_new(o->progress, "encode", x.rows.len, "rows", &x.progress, err));
    TRY_OUT(parallel_for((x.rows.len + CHUNK - 1) / CHUNK, o->threads, encode_chunk, &x, err));
    count_missing(&x, report);
    TRY_OUT(write_rows(&x, report, err));
out:
    progress_done(x.progress);
    vec_free(&x.rows);
    arena_free(&x.arena);
    return st;
}
