/*
 * Reads token files. They come from outside: every size is checked against the
 * head, the head against its scheme id, the end against the row count.
 */
#include "token/token_impl.h"

#include <stdio.h>

#include <jansson.h>

#define END_MARK "# end "
#define TOKEN_FILE_MAX ((size_t)8 << 30)

static Status broken(Error *err, const char *what)
{
    return error_set(err, ERR_PARSE, "not a token file: %s", what);
}

/* --- the head ------------------------------------------------------------------------------------------------ */

static Status head_integer(const json_t *o, const char *key, json_int_t max, uint32_t *out, Error *err)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > max)
        return error_set(err, ERR_PARSE, "not a token file: %s is not a number it can be", key);
    *out = (uint32_t)json_integer_value(v);
    return OK;
}

static Status head_id(const json_t *head, const char *key, char out[TOKEN_ID_SIZE], Error *err)
{
    const char *text = json_string_value(json_object_get(head, key));
    uint8_t bytes[(TOKEN_ID_SIZE - 1) / 2];
    if (!text || hex_decode(slice_of(text), bytes, sizeof bytes, NULL) != OK)
        return error_set(err, ERR_PARSE, "not a token file: no %s", key);
    hex_encode(bytes, sizeof bytes, out);
    return OK;
}

static Status check_scheme_id(const TokenSet *s, const json_t *scheme, Error *err)
{
    char id[TOKEN_ID_SIZE];
    char *text;
    size_t size = json_dumpb(scheme, NULL, 0, JSON_COMPACT);
    TRY(mem_alloc(size, (void **)&text, err));
    size = json_dumpb(scheme, text, size, JSON_COMPACT);
    Status st = token_scheme_text_id((Slice){text, size}, id, err);
    mem_free(text);
    if (st == OK && strcmp(id, s->scheme_id) != 0)
        return error_set(err, ERR_CORRUPT, "the head of the token file does not fit its scheme id");
    return st;
}

/* Sizes of the token, and the names of the block columns. */
static Status read_scheme(TokenSet *s, const json_t *scheme, const json_t **blocks, Error *err)
{
    uint32_t bits, folds;
    const char *level = json_string_value(json_object_get(scheme, "level"));
    const json_t *fields = json_object_get(scheme, "fields");
    *blocks = json_object_get(scheme, "blocks");
    TRY(head_integer(scheme, "bits", TOKEN_BITS_MAX, &bits, err));
    TRY(head_integer(scheme, "folds", 2, &folds, err));
    if (!level || (strcmp(level, "record") != 0 && strcmp(level, "field") != 0))
        return broken(err, "its level is neither record nor field");
    if (!json_is_array(fields) || json_array_size(fields) == 0 || json_array_size(fields) > TOKEN_FIELDS_MAX ||
        !json_is_array(*blocks) || json_array_size(*blocks) > TOKEN_BLOCKS_MAX)
        return broken(err, "its fields or blocks are not as they should be");
    s->part_words = (bits >> folds) / 64;
    s->parts = strcmp(level, "field") == 0 ? json_array_size(fields) : 1;
    s->words = s->part_words * s->parts;
    s->block_count = json_array_size(*blocks);
    if (s->words == 0 || s->words > KERNEL_WORDS_MAX || bits % (64u << folds) != 0)
        return broken(err, "its tokens have an impossible size");
    return check_scheme_id(s, scheme, err);
}

static Status read_head(TokenSet *s, Slice line, json_t **head, const json_t **blocks, Error *err)
{
    *head = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, NULL);
    const char *format = json_string_value(json_object_get(*head, "format"));
    if (!format)
        return broken(err, "its first line is not the head");
    if (strcmp(format, TOKEN_FORMAT) != 0)
        return error_set(err, ERR_PARSE, "token file of another format than " TOKEN_FORMAT);
    TRY(head_id(*head, "scheme_id", s->scheme_id, err));
    TRY(head_id(*head, "key_id", s->key_id, err));
    return read_scheme(s, json_object_get(*head, "scheme"), blocks, err);
}

/* --- rows ---------------------------------------------------------------------------------------------------- */

static Status read_hex(Slice text, uint64_t *out, size_t words, Error *err)
{
    uint8_t bytes[KERNEL_WORDS_MAX * 8];
    TRY(hex_decode(text, bytes, words * 8, err));
    for (size_t w = 0; w < words; w++) {
        out[w] = 0;
        for (size_t i = 8; i-- > 0;)
            out[w] = out[w] << 8 | bytes[8 * w + i];
    }
    return OK;
}

static Status read_row(TokenSet *s, size_t i, const Slice *cells, Error *err)
{
    uint64_t *row = s->rows + i * s->words;
    s->ids[i] = cells[0];
    if (cells[0].len == 0)
        return error_set(err, ERR_PARSE, "a token has no id");
    if (i > 0 && slice_cmp(s->ids[i - 1], cells[0]) >= 0)
        return error_set(err, ERR_PARSE, "the ids of the tokens do not rise");
    TRY(read_hex(cells[1], row, s->words, err));
    for (size_t b = 0; b < s->block_count; b++) {
        s->blocks[i * s->block_count + b] = 0;
        if (cells[2 + b].len > 0)
            TRY(read_hex(cells[2 + b], &s->blocks[i * s->block_count + b], 1, err));
    }
    bit_pack_set(s->pack, i, row);
    for (size_t p = 0; p < s->parts; p++) {
        const uint64_t *part = row + p * s->part_words;
        s->ones[i * s->parts + p] = bits_common(part, part, s->part_words);
    }
    return OK;
}

static Status check_columns(const TokenSet *s, const CsvTable *t, const json_t *blocks, Error *err)
{
    bool fits = t->columns == 2 + s->block_count && slice_eq_z(t->header[0], "id") && slice_eq_z(t->header[1], "token");
    for (size_t b = 0; b < s->block_count && fits; b++) {
        const char *name = json_string_value(json_object_get(json_array_get(blocks, b), "name"));
        fits = name && slice_eq_z(t->header[2 + b], name);
    }
    if (!fits)
        return broken(err, "its columns are not those of its scheme");
    /* before memory is taken for tokens that are not there */
    for (size_t i = 0; i < t->rows; i++)
        if (t->cells[i * t->columns + 1].len != s->words * 16)
            return broken(err, "a token has not the length that its scheme gives it");
    return OK;
}

static Status read_rows(TokenSet *s, const CsvTable *t, const char *name, Error *err)
{
    s->n = t->rows;
    TRY(arena_new(&s->arena, Slice, s->n, &s->ids, err));
    TRY(arena_new(&s->arena, uint64_t, s->n * s->words, &s->rows, err));
    TRY(arena_new(&s->arena, uint64_t, s->n * s->block_count, &s->blocks, err));
    TRY(arena_new(&s->arena, uint32_t, s->n * s->parts, &s->ones, err));
    TRY(bit_pack_new(s->n, s->words, &s->pack, err));
    for (size_t i = 0; i < s->n; i++) {
        Status st = read_row(s, i, t->cells + i * t->columns, err);
        if (st != OK) {
            error_at(err, name, i + 1, NULL);
            return st;
        }
    }
    return OK;
}

/* Cuts "# end N" off; what is left ends in a line end. */
static Status cut_end(Slice *body, uint64_t *rows, Error *err)
{
    size_t at = body->len;
    if (at > 0 && body->ptr[at - 1] == '\n')
        at--;
    size_t end = at;
    while (at > 0 && body->ptr[at - 1] != '\n')
        at--;
    Slice line = slice_sub(*body, at, end);
    Slice number = slice_sub(line, sizeof END_MARK - 1, line.len);
    if (!slice_starts(line, SLICE(END_MARK)) || parse_u64(number, rows, NULL) != OK)
        return error_set(err, ERR_CORRUPT, "the token file has no end: it was cut off");
    *body = slice_sub(*body, 0, at);
    return OK;
}

static Status read_all(TokenSet *s, Slice text, const char *name, json_t **head, Error *err)
{
    Slice body = text;
    const json_t *blocks = NULL;
    CsvTable table;
    uint64_t rows;
    Slice line = slice_cut(&body, '\n');
    if (!slice_starts(line, SLICE("# ")) || !body.ptr)
        return broken(err, "it does not begin with its head");
    TRY(read_head(s, slice_sub(line, 2, line.len), head, &blocks, err));
    TRY(cut_end(&body, &rows, err));
    TRY(csv_parse(body, name, &s->arena, &table, err));
    if (table.rows != rows)
        return error_set(err, ERR_CORRUPT, "the token file has %zu rows where its end says %" PRIu64, table.rows, rows);
    TRY(check_columns(s, &table, blocks, err));
    return read_rows(s, &table, name, err);
}

Status token_set_parse(Slice text, const char *name, TokenSet **out, Error *err)
{
    TokenSet *s;
    json_t *head = NULL;
    TRY(mem_zalloc(1, sizeof *s, (void **)&s, err));
    arena_init(&s->arena, 0);
    snprintf(s->name, sizeof s->name, "%s", path_base(name));
    Status st = read_all(s, text, s->name, &head, err);
    json_decref(head);
    if (st != OK) {
        error_at(err, s->name, 0, NULL);
        token_set_free(s);
        return st;
    }
    *out = s;
    return OK;
}

Status token_set_read(const char *path, TokenSet **out, Error *err)
{
    Buf text;
    buf_init(&text, TOKEN_FILE_MAX);
    Status st = file_read(path, TOKEN_FILE_MAX, &text, err);
    if (st == OK)
        st = token_set_parse(buf_slice(&text), path, out, err);
    buf_free(&text);
    return st;
}

void token_set_free(TokenSet *set)
{
    if (!set)
        return;
    bit_pack_free(set->pack);
    arena_free(&set->arena);
    mem_free(set);
}

size_t token_set_count(const TokenSet *set)
{
    return set->n;
}

Slice token_set_id(const TokenSet *set, size_t i)
{
    ASSERT(i < set->n);
    return set->ids[i];
}

const char *token_set_name(const TokenSet *set)
{
    return set->name;
}

const char *token_set_scheme_id(const TokenSet *set)
{
    return set->scheme_id;
}

const char *token_set_key_id(const TokenSet *set)
{
    return set->key_id;
}

uint32_t token_score(const TokenSet *a, size_t i, const TokenSet *b, size_t j)
{
    uint32_t common = 0, ones_a = 0, ones_b = 0;
    for (size_t p = 0; p < a->parts; p++) {
        uint32_t x = a->ones[i * a->parts + p], y = b->ones[j * b->parts + p];
        if (x == 0 || y == 0)
            continue;
        common += bits_common(set_row(a, i) + p * a->part_words, set_row(b, j) + p * a->part_words, a->part_words);
        ones_a += x;
        ones_b += y;
    }
    return dice_score(ones_a, ones_b, common);
}
