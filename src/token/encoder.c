/*
 * A record to its token: a Bloom filter of the pieces (q-grams) of its fields,
 * as Schnell, Bachteler and Reiher (2009, 2011) introduced it, with what later
 * attacks have shown to be needed.
 *
 * Positions. Schnell's double hashing h1 + i * h2 leaves few patterns a piece
 * can make, which Niedermeyer, Steinmetzer, Kroll and Schnell (2014) used to
 * break it. Here the k positions of a piece are independent: successive 16-bit
 * numbers of HMAC-SHA-256(field key, salt, piece, counter), known as random
 * hashing.
 *
 * Salt. Pieces of a salted field are hashed together with a stable value of the
 * record, such as the year of birth (Niedermeyer et al. 2014), so that a common
 * name no longer has one filter but one a year.
 *
 * Two steps (Ranbaduge, Christen and Schnell 2020). Hash function i sets its
 * positions in a row of its own; each column of the resulting bit matrix that is
 * not empty is then hashed, as a whole, to one bit of the token. A bit no longer
 * stands for a piece but for which functions of which pieces met in a column.
 *
 * Folding (Schnell and Borgs 2016): the halves of a filter, one XOR the other.
 *
 * Noise (BLIP: Alaggan, Gambs and Kermarrec 2012): each bit is turned with a
 * given probability, drawn from a keyed generator that is seeded by the whole
 * record: equal records get equal tokens, so that a file is encoded to the same
 * bytes each time, while equal values in different records do not.
 */
#include "token/token_impl.h"

#define CACHE_MAX ((size_t)1 << 18) /* pieces remembered: some 60 MB */
#define GRAM_MAX (8 + VALUE_MAX)    /* field, salt, place, bytes */
#define COLUMNS_MAX TOKEN_BITS_MAX

struct TokenEncoder {
    const TokenScheme *scheme;
    Hmac *field_keys[TOKEN_FIELDS_MAX];
    Hmac *block_keys[TOKEN_BLOCKS_MAX];
    Hmac *column_key;
    Hmac *noise_key;
    Map cache; /* piece, with field and salt, to its place in positions */
    VEC(uint16_t) positions;
    Map columns; /* column of a matrix, to its bit */
    Value values[TOKEN_FIELDS_MAX];
    uint64_t matrix[COLUMNS_MAX]; /* two steps: a bit a hash function */
};

/* --- life ---------------------------------------------------------------------------------------------------- */

static Status make_keys(TokenEncoder *e, const TokenKey *key, Error *err)
{
    const TokenScheme *s = e->scheme;
    for (size_t i = 0; i < s->field_count; i++)
        TRY(token_key_hmac(key, "field", s->fields[i].name, &e->field_keys[i], err));
    for (size_t i = 0; i < s->block_count; i++)
        TRY(token_key_hmac(key, "block", s->blocks[i].name, &e->block_keys[i], err));
    TRY(token_key_hmac(key, "column", SLICE(""), &e->column_key, err));
    return token_key_hmac(key, "noise", SLICE(""), &e->noise_key, err);
}

Status token_encoder_new(const TokenScheme *scheme, const TokenKey *key, TokenEncoder **out, Error *err)
{
    TokenEncoder *e;
    TRY(mem_zalloc(1, sizeof *e, (void **)&e, err));
    e->scheme = scheme;
    Status st = map_init(&e->cache, err);
    if (st == OK)
        st = map_init(&e->columns, err);
    if (st == OK)
        st = make_keys(e, key, err);
    if (st != OK) {
        token_encoder_free(e);
        return st;
    }
    *out = e;
    return OK;
}

void token_encoder_free(TokenEncoder *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < TOKEN_FIELDS_MAX; i++)
        hmac_free(e->field_keys[i]);
    for (size_t i = 0; i < TOKEN_BLOCKS_MAX; i++)
        hmac_free(e->block_keys[i]);
    hmac_free(e->column_key);
    hmac_free(e->noise_key);
    map_wipe(&e->cache); /* pieces of names */
    map_free(&e->columns);
    vec_free(&e->positions);
    mem_wipe(e, sizeof *e);
    mem_free(e);
}

/* --- pieces -------------------------------------------------------------------------------------------------- */

static Status hash_gram(TokenEncoder *e, const TokenField *f, Hmac *key, Slice gram, Error *err)
{
    char message[GRAM_MAX + 1];
    uint8_t digest[SHA256_SIZE];
    memcpy(message, gram.ptr, gram.len);
    for (uint32_t k = 0; k < f->hashes; k++) {
        size_t at = k % (SHA256_SIZE / 2);
        if (at == 0) {
            message[gram.len] = (char)(k / (SHA256_SIZE / 2));
            TRY(hmac_of(key, (Slice){message, gram.len + 1}, digest, err));
        }
        uint32_t number = (uint32_t)digest[2 * at] << 8 | digest[2 * at + 1];
        TRY(vec_push(&e->positions, (uint16_t)(number * e->scheme->bits >> 16), err));
    }
    return OK;
}

/* The positions of a piece, remembered. gram begins with the field's number. */
static Status gram_positions(TokenEncoder *e, size_t field, Slice gram, const uint16_t **out, Error *err)
{
    uint64_t at;
    if (e->cache.len >= CACHE_MAX) {
        map_wipe(&e->cache);
        TRY(map_init(&e->cache, err));
        e->positions.len = 0;
    }
    if (!map_get(&e->cache, gram, &at)) {
        at = e->positions.len;
        TRY(hash_gram(e, &e->scheme->fields[field], e->field_keys[field], gram, err));
        TRY(map_put(&e->cache, gram, at, NULL, err));
    }
    *out = e->positions.at + at;
    return OK;
}

static Status add_gram(TokenEncoder *e, size_t field, Slice gram, uint64_t *filter, Error *err)
{
    const uint16_t *at;
    TRY(gram_positions(e, field, gram, &at, err));
    for (uint32_t k = 0; k < e->scheme->fields[field].hashes; k++)
        if (e->scheme->two_step)
            e->matrix[at[k]] |= UINT64_C(1) << k;
        else
            filter[at[k] / 64] |= UINT64_C(1) << at[k] % 64;
    return OK;
}

static Slice salt_of(const TokenEncoder *e, size_t field, char room[VALUE_MAX])
{
    const TokenScheme *s = e->scheme;
    if (!s->fields[field].salted)
        return (Slice){0};
    const Value *v = &e->values[s->salt];
    return value_form(v, s->fields[s->salt].kind == TOKEN_DATE ? FORM_YEAR : FORM_WHOLE, room);
}

/* Field, place (or 255), length of the salt, salt, bytes: no two pieces share a message. The first and last bytes of
 * text stand in q pieces too, by padding with '_', which is in no value. Positional pieces are not padded. */
static Status add_field(TokenEncoder *e, size_t field, uint64_t *filter, Error *err)
{
    const TokenField *f = &e->scheme->fields[field];
    const Value *v = &e->values[field];
    char room[VALUE_MAX], gram[GRAM_MAX];
    Slice salt = salt_of(e, field, room);
    size_t pad = f->positional ? 0 : f->q - 1, total = v->len + 2 * pad;
    if (v->len == 0)
        return OK;
    salt = slice_sub(salt, 0, VALUE_MAX - 8);
    gram[0] = (char)field;
    gram[2] = (char)salt.len;
    if (salt.len > 0)
        memcpy(gram + 3, salt.ptr, salt.len);
    size_t head = 3 + salt.len, last = total > f->q ? total - f->q : 0;
    for (size_t at = 0; at <= last; at++) {
        size_t len = head;
        gram[1] = f->positional ? (char)at : (char)255;
        for (size_t i = at; i < at + f->q && i < total; i++)
            gram[len++] = i < pad || i >= pad + v->len ? '_' : v->text[i - pad];
        TRY(add_gram(e, field, (Slice){gram, len}, filter, err));
    }
    return OK;
}

/* --- hardening ----------------------------------------------------------------------------------------------- */

/* The second step: each column that is not empty to one bit. */
static Status add_columns(TokenEncoder *e, size_t part, uint64_t *filter, Error *err)
{
    uint32_t bits = e->scheme->bits;
    for (uint32_t c = 0; c < bits; c++) {
        if (e->matrix[c] == 0)
            continue;
        uint8_t digest[SHA256_SIZE];
        char message[11];
        uint64_t at;
        message[0] = (char)part;
        message[1] = (char)(c >> 8);
        message[2] = (char)(c & 255);
        for (int i = 0; i < 8; i++)
            message[3 + i] = (char)(e->matrix[c] >> 8 * i & 255);
        Slice key = {message, sizeof message};
        if (!map_get(&e->columns, key, &at)) {
            TRY(hmac_of(e->column_key, key, digest, err));
            at = ((uint32_t)digest[0] << 8 | digest[1]) * bits >> 16;
            if (e->columns.len < CACHE_MAX)
                TRY(map_put(&e->columns, key, at, NULL, err));
        }
        filter[at / 64] |= UINT64_C(1) << at % 64;
        e->matrix[c] = 0;
    }
    return OK;
}

static size_t fold(const TokenScheme *s, uint64_t *filter)
{
    size_t words = s->bits / 64;
    for (uint32_t i = 0; i < s->folds; i++) {
        words /= 2;
        for (size_t w = 0; w < words; w++)
            filter[w] ^= filter[w + words];
    }
    return words;
}

static Status add_noise(TokenEncoder *e, uint64_t *bits, size_t words, Error *err)
{
    Buf all;
    Rng rng;
    uint8_t digest[SHA256_SIZE];
    uint64_t seed[2];
    buf_init(&all, 0);
    for (size_t i = 0; i < e->scheme->field_count; i++) {
        buf_add(&all, (Slice){e->values[i].text, e->values[i].len});
        buf_addc(&all, '\0');
    }
    Status st = buf_status(&all, err);
    if (st == OK)
        st = hmac_of(e->noise_key, buf_slice(&all), digest, err);
    if (all.ptr)
        mem_wipe(all.ptr, all.cap);
    buf_free(&all);
    if (st != OK)
        return st;
    for (int k = 0; k < 2; k++) {
        seed[k] = 0;
        for (int i = 0; i < 8; i++)
            seed[k] = seed[k] << 8 | digest[8 * k + i];
    }
    rng_init(&rng, seed[0], seed[1]);
    for (size_t i = 0; i < words * 64; i++)
        if (rng_ppm(&rng, e->scheme->noise_ppm))
            bits[i / 64] ^= UINT64_C(1) << i % 64;
    return OK;
}

/* --- a record ------------------------------------------------------------------------------------------------ */

/* Fields from .. to, which share a filter. */
static Status make_part(TokenEncoder *e, size_t from, size_t to, uint64_t *out, Error *err)
{
    const TokenScheme *s = e->scheme;
    uint64_t filter[TOKEN_BITS_MAX / 64] = {0};
    bool any = false;
    for (size_t f = from; f < to; f++) {
        TRY(add_field(e, f, filter, err));
        any = any || e->values[f].len > 0;
    }
    if (s->two_step)
        TRY(add_columns(e, from, filter, err));
    size_t words = fold(s, filter);
    if (any && s->noise_ppm > 0) /* a missing field stays an empty filter */
        TRY(add_noise(e, filter, words, err));
    memcpy(out, filter, words * sizeof *out);
    return OK;
}

static Status make_block(TokenEncoder *e, size_t block, uint64_t *out, Error *err)
{
    const TokenBlock *b = &e->scheme->blocks[block];
    char message[TOKEN_PARTS_MAX * (VALUE_MAX + 2)], room[VALUE_MAX];
    uint8_t digest[SHA256_SIZE];
    size_t len = 0;
    *out = 0;
    for (size_t i = 0; i < b->part_count; i++) {
        Slice part = value_form(&e->values[b->parts[i].field], b->parts[i].form, room);
        if (part.len == 0)
            return OK;
        memcpy(message + len, part.ptr, part.len);
        len += part.len;
        message[len++] = '\0'; /* parts of standardised values hold none */
    }
    TRY(hmac_of(e->block_keys[block], (Slice){message, len}, digest, err));
    for (int i = 0; i < 8; i++)
        *out = *out << 8 | digest[i];
    *out += *out == 0;
    return OK;
}

Status token_encode_record(
    TokenEncoder *e, const Slice *values, uint64_t *bits, uint64_t *blocks, uint32_t *missing, Error *err)
{
    const TokenScheme *s = e->scheme;
    *missing = 0;
    for (size_t i = 0; i < s->field_count; i++) {
        value_standard(s->fields[i].kind, values[i], &e->values[i]);
        *missing |= (uint32_t)(e->values[i].len == 0) << i;
    }
    if (s->level == TOKEN_RECORD)
        TRY(make_part(e, 0, s->field_count, bits, err));
    else
        for (size_t i = 0; i < s->field_count; i++)
            TRY(make_part(e, i, i + 1, bits + i * token_part_words(s), err));
    for (size_t i = 0; i < s->block_count; i++)
        TRY(make_block(e, i, &blocks[i], err));
    return OK;
}
