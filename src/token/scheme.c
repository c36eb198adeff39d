/* The scheme of a token file: read from TOML at the sender's side, written as JSON into each token file. */
#include "token/token_impl.h"

static const char *const LEVELS[] = {"record", "field"};
static const char *const KINDS[] = {"text", "digits", "date"};
static const char *const FORMS[] = {"whole", "soundex", "year", "initial", "prefix3"};

#define DEFAULT_BITS 1024
#define DEFAULT_HASHES 10
#define NAME_MAX_BYTES 64

size_t token_part_words(const TokenScheme *s)
{
    return (size_t)(s->bits >> s->folds) / 64;
}

size_t token_words(const TokenScheme *s)
{
    return token_part_words(s) * (s->level == TOKEN_FIELD ? s->field_count : 1);
}

/* --- TOML ---------------------------------------------------------------------------------------------------- */

static Status wrong(const Toml *at, const char *file, Error *err, const char *what)
{
    return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": %s", file, at->line, what);
}

static Status choice(const Toml *t, const char *file, const char *key, const char *const *words, size_t n,
    unsigned fallback, unsigned *out, Error *err)
{
    Slice text;
    TRY(toml_str_or(t, file, key, slice_of(words[fallback]), &text, err));
    for (unsigned i = 0; i < n; i++)
        if (slice_eq_z(text, words[i])) {
            *out = i;
            return OK;
        }
    error_set(err, ERR_INVALID, "%s:%" PRIu32 ": %s is \"%.*s\", which it cannot be", file, t->line, key,
        SLICE_ARG(text));
    return ERR_INVALID;
}

static Status whole(const Toml *t, const char *file, const char *key, int64_t fallback, int64_t min, int64_t max,
    uint32_t *out, Error *err)
{
    int64_t v;
    TRY(toml_int_or(t, file, key, fallback, &v, err));
    if (v < min || v > max)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": %s must lie between %" PRId64 " and %" PRId64, file,
            t->line, key, min, max);
    *out = (uint32_t)v;
    return OK;
}

/* Names go into keys and JSON: kept plain. */
static Status plain_name(const Toml *t, const char *file, Slice name, Error *err)
{
    bool plain = name.len > 0 && name.len <= NAME_MAX_BYTES;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        plain = plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
    return plain ? OK : wrong(t, file, err, "a name has up to 64 lower-case letters, digits and underscores");
}

static int find_field(const TokenScheme *s, Slice name)
{
    for (size_t i = 0; i < s->field_count; i++)
        if (slice_eq(s->fields[i].name, name))
            return (int)i;
    return -1;
}

static Status read_field(const Toml *t, const char *file, TokenScheme *s, Error *err)
{
    static const char *const keys[] = {
        "name", "column", "kind", "q", "hashes", "positional", "salted", NULL};
    TokenField f = {0};
    unsigned kind;
    if (s->field_count == TOKEN_FIELDS_MAX)
        return wrong(t, file, err, "more than 16 fields");
    TRY(toml_only(t, file, keys, err));
    TRY(toml_str(t, file, "name", &f.name, err));
    TRY(plain_name(t, file, f.name, err));
    if (find_field(s, f.name) >= 0)
        return wrong(t, file, err, "two fields have one name");
    TRY(toml_str_or(t, file, "column", f.name, &f.column, err));
    TRY(choice(t, file, "kind", KINDS, COUNT_OF(KINDS), TOKEN_TEXT, &kind, err));
    f.kind = (TokenKind)kind;
    TRY(whole(t, file, "q", 2, 1, 4, &f.q, err));
    TRY(whole(t, file, "hashes", DEFAULT_HASHES, 1, TOKEN_HASHES_MAX, &f.hashes, err));
    TRY(toml_bool_or(t, file, "positional", f.kind == TOKEN_DATE, &f.positional, err));
    TRY(toml_bool_or(t, file, "salted", false, &f.salted, err));
    s->fields[s->field_count++] = f;
    return OK;
}

/* "last/soundex" */
static Status read_part(const Toml *t, const char *file, const TokenScheme *s, TokenPart *out, Error *err)
{
    if (t->type != TOML_STRING)
        return wrong(t, file, err, "a part is written \"FIELD/FORM\"");
    Slice rest = t->string, name = slice_cut(&rest, '/');
    int field = find_field(s, name);
    if (field < 0)
        return wrong(t, file, err, "a part names a field that is not defined above");
    out->field = (uint32_t)field;
    for (unsigned i = 0; i < COUNT_OF(FORMS); i++)
        if (rest.ptr && slice_eq_z(rest, FORMS[i])) {
            out->form = (TokenForm)i;
            bool fits = (i != FORM_YEAR) == (s->fields[field].kind != TOKEN_DATE) || i == FORM_WHOLE;
            return fits ? OK : wrong(t, file, err, "year is for dates, and the other forms are not");
        }
    return wrong(t, file, err, "the form of a part is whole, soundex, year, initial or prefix3");
}

static Status read_block(const Toml *t, const char *file, TokenScheme *s, Error *err)
{
    static const char *const keys[] = {"name", "parts", NULL};
    TokenBlock b = {0};
    const Toml *parts;
    if (s->block_count == TOKEN_BLOCKS_MAX)
        return wrong(t, file, err, "more than 16 blocks");
    TRY(toml_only(t, file, keys, err));
    TRY(toml_str(t, file, "name", &b.name, err));
    TRY(plain_name(t, file, b.name, err));
    for (size_t i = 0; i < s->block_count; i++)
        if (slice_eq(s->blocks[i].name, b.name))
            return wrong(t, file, err, "two blocks have one name");
    if (slice_eq_z(b.name, "id") || slice_eq_z(b.name, "token"))
        return wrong(t, file, err, "id and token are columns of the token file already");
    TRY(toml_array(t, file, "parts", &parts, err));
    if (!parts || parts->count == 0 || parts->count > TOKEN_PARTS_MAX)
        return wrong(t, file, err, "a block has one to four parts");
    for (const Toml *p = parts->first; p; p = p->next)
        TRY(read_part(p, file, s, &b.parts[b.part_count++], err));
    s->blocks[s->block_count++] = b;
    return OK;
}

static Status read_hardening(const Toml *t, const char *file, TokenScheme *s, Error *err)
{
    static const char *const keys[] = {"salt", "two_step", "folds", "noise_ppm", NULL};
    Slice salt;
    bool any_salted = false;
    s->salt = -1;
    for (size_t i = 0; i < s->field_count; i++)
        any_salted = any_salted || s->fields[i].salted;
    if (t) {
        TRY(toml_only(t, file, keys, err));
        TRY(toml_str_or(t, file, "salt", (Slice){0}, &salt, err));
        TRY(toml_bool_or(t, file, "two_step", false, &s->two_step, err));
        TRY(whole(t, file, "folds", 0, 0, 2, &s->folds, err));
        TRY(whole(t, file, "noise_ppm", 0, 0, 250000, &s->noise_ppm, err));
        s->salt = find_field(s, salt);
        if (salt.len > 0 && s->salt < 0)
            return wrong(t, file, err, "salt names a field that is not defined");
    }
    if (any_salted != (s->salt >= 0))
        return error_set(err, ERR_INVALID, "%s: salt and salted fields go together", file);
    if (s->salt >= 0 && s->fields[s->salt].salted)
        return error_set(err, ERR_INVALID, "%s: the salt cannot be salted", file);
    if (s->bits % (64u << s->folds) != 0)
        return error_set(err, ERR_INVALID, "%s: folded filters must have a multiple of 64 bits", file);
    return OK;
}

static Status read_list(const Toml *root, const char *file, const char *key, TokenScheme *s,
    Status (*one)(const Toml *, const char *, TokenScheme *, Error *), Error *err)
{
    const Toml *list;
    TRY(toml_array(root, file, key, &list, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next)
        TRY(one(t, file, s, err));
    return OK;
}

Status token_scheme_parse(Slice text, const char *name, Arena *arena, TokenScheme *out, Error *err)
{
    static const char *const keys[] = {"schema", "id", "level", "bits", "field", "block", "hardening", NULL};
    const Toml *root, *hardening;
    TokenScheme s = {0};
    Slice schema;
    unsigned level;
    TRY(toml_parse(text, name, arena, &root, err));
    TRY(toml_only(root, name, keys, err));
    TRY(toml_str(root, name, "schema", &schema, err));
    if (!slice_eq_z(schema, "cairn.tokens/1"))
        return wrong(root, name, err, "schema is not \"cairn.tokens/1\"");
    TRY(toml_str_or(root, name, "id", (Slice){0}, &s.id_column, err));
    TRY(choice(root, name, "level", LEVELS, COUNT_OF(LEVELS), TOKEN_RECORD, &level, err));
    s.level = (TokenLevel)level;
    TRY(whole(root, name, "bits", DEFAULT_BITS, 64, TOKEN_BITS_MAX, &s.bits, err));
    TRY(read_list(root, name, "field", &s, read_field, err));
    if (s.field_count == 0)
        return error_set(err, ERR_INVALID, "%s: no [[field]]", name);
    TRY(read_list(root, name, "block", &s, read_block, err));
    TRY(toml_table(root, name, "hardening", &hardening, err));
    TRY(read_hardening(hardening, name, &s, err));
    if (token_words(&s) * 64 > TOKEN_BITS_MAX)
        return error_set(err, ERR_INVALID, "%s: a token of all fields would have %zu bits, more than %d", name,
            token_words(&s) * 64, TOKEN_BITS_MAX);
    *out = s;
    return OK;
}

Status token_scheme_read(const char *path, Arena *arena, TokenScheme *out, Error *err)
{
    Buf text;
    Slice kept;
    buf_init(&text, (size_t)1 << 20);
    Status st = file_read(path, (size_t)1 << 20, &text, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&text), &kept, err);
    if (st == OK)
        st = token_scheme_parse(kept, path, arena, out, err);
    buf_free(&text);
    return st;
}

/* --- JSON ---------------------------------------------------------------------------------------------------- */

static void field_json(const TokenField *f, Json *j)
{
    json_open_object(j);
    json_kstr(j, "name", f->name);
    json_kstr(j, "kind", slice_of(KINDS[f->kind]));
    json_kint(j, "q", f->q);
    json_kint(j, "hashes", f->hashes);
    json_kbool(j, "positional", f->positional);
    json_kbool(j, "salted", f->salted);
    json_end(j);
}

static void block_json(const TokenScheme *s, const TokenBlock *b, Json *j)
{
    json_open_object(j);
    json_kstr(j, "name", b->name);
    json_key(j, "parts");
    json_open_array(j);
    for (size_t i = 0; i < b->part_count; i++) {
        json_open_array(j);
        json_str(j, s->fields[b->parts[i].field].name);
        json_str(j, slice_of(FORMS[b->parts[i].form]));
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

void token_scheme_json(const TokenScheme *s, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "level", slice_of(LEVELS[s->level]));
    json_kint(&j, "bits", s->bits);
    json_kint(&j, "folds", s->folds);
    json_kbool(&j, "two_step", s->two_step);
    json_kint(&j, "noise_ppm", s->noise_ppm);
    json_kstr(&j, "salt", s->salt >= 0 ? s->fields[s->salt].name : SLICE(""));
    json_key(&j, "fields");
    json_open_array(&j);
    for (size_t i = 0; i < s->field_count; i++)
        field_json(&s->fields[i], &j);
    json_end(&j);
    json_key(&j, "blocks");
    json_open_array(&j);
    for (size_t i = 0; i < s->block_count; i++)
        block_json(s, &s->blocks[i], &j);
    json_end(&j);
    json_end(&j);
}

Status token_scheme_text_id(Slice json, char out[TOKEN_ID_SIZE], Error *err)
{
    uint8_t digest[SHA256_SIZE];
    TRY(sha256_of(json, digest, err));
    hex_encode(digest, (TOKEN_ID_SIZE - 1) / 2, out);
    return OK;
}

Status token_scheme_id(const TokenScheme *s, char out[TOKEN_ID_SIZE], Error *err)
{
    Buf json;
    buf_init(&json, 0);
    token_scheme_json(s, &json);
    Status st = buf_status(&json, err);
    if (st == OK)
        st = token_scheme_text_id(buf_slice(&json), out, err);
    buf_free(&json);
    return st;
}
