/*
 * The model as text.
 *
 *   {"format": "cairn-match-model-1", "version": SHA-256 of what follows up to the report,
 *    "classes": [...], "traits": [...],
 *    "fields": [{"name", "kind", "levels": [...], "persons_share": [by bucket]}],
 *    "segments": [{"share": [by class], "weight": [by class],
 *                  "fields": [{"exact_weight", "levels": [{"share": [], "weight": [], "evidence", "default"}]}]}],
 *    "calibration": {"raw": [], "stated": []},
 *    "passes": [{"name", "window", "parts": [{"field", "transform", "length"}]}],
 *    "report": {...}}
 *
 * Weights stand beside the shares they were rounded from and are what scoring uses, so that a model scores the same
 * wherever it is read. Numbers are written in the shortest form that reads back equal: a round trip changes no bit.
 * Reading checks everything against the config, because a model of other levels would score in silence and wrongly.
 */
#include <math.h>

#include "match/match_impl.h"

#include <jansson.h>

#define FORMAT "cairn-match-model-1"
#define WEIGHT_LIMIT (2 * -(int64_t)WEIGHT_NEVER)
#define MODEL_FILE_MAX ((size_t)64 << 20)
#define PART_LENGTH_MAX 64

static const char *const class_names[CLASS_COUNT] = {"match", "stranger", "neighbour", "household", "twin"};

/* --- writing -------------------------------------------------------------------------------------------------- */

static void write_pass(Json *j, const MatchModel *m, const PassSpec *pass)
{
    json_open_object(j);
    json_kstr(j, "name", pass->name);
    json_kint(j, "window", pass->window);
    json_key(j, "parts");
    json_open_array(j);
    for (uint32_t k = 0; k < pass->part_count; k++) {
        json_open_object(j);
        json_kstr(j, "field", m->field_names[pass->parts[k].field]);
        json_kstr(j, "transform", slice_of(key_transform_name(pass->parts[k].transform)));
        json_kint(j, "length", pass->parts[k].length);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

static void write_level(Json *j, const MatchModel *m, uint32_t segment, uint32_t field, uint32_t level)
{
    const LevelParameter *p = &m->levels[segment][field][level];
    json_open_object(j);
    json_key(j, "share");
    json_open_array(j);
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        json_num(j, p->share[c]);
    json_end(j);
    json_key(j, "weight");
    json_open_array(j);
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        json_int(j, m->level_weight[segment][c][field][level]);
    json_end(j);
    json_key(j, "evidence");
    json_num(j, p->evidence);
    json_kbool(j, "default", p->is_default);
    json_end(j);
}

static void write_segment(Json *j, const MatchModel *m, uint32_t s)
{
    json_open_object(j);
    json_key(j, "share");
    json_open_array(j);
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        json_num(j, m->class_share[s][c]);
    json_end(j);
    json_key(j, "weight");
    json_open_array(j);
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        json_int(j, m->class_weight[s][c]);
    json_end(j);
    json_key(j, "fields");
    json_open_array(j);
    for (uint32_t f = 0; f < m->field_count; f++) {
        json_open_object(j);
        json_kint(j, "exact_weight", m->exact_weight[s][f]);
        json_key(j, "levels");
        json_open_array(j);
        for (uint32_t l = 1; l < m->level_counts[f]; l++)
            write_level(j, m, s, f, l);
        json_end(j);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

static void write_field(Json *j, const MatchModel *m, uint32_t f)
{
    json_open_object(j);
    json_kstr(j, "name", m->field_names[f]);
    json_kstr(j, "kind", slice_of(field_kind_name(m->kinds[f])));
    json_key(j, "levels");
    json_open_array(j);
    for (uint32_t l = 1; l < m->level_counts[f]; l++)
        json_str(j, m->level_names[f][l]);
    json_end(j);
    json_key(j, "persons_share");
    json_open_array(j);
    for (uint32_t b = 0; b < FREQUENCY_BUCKETS; b++)
        json_num(j, m->persons_share[f][b]);
    json_end(j);
    json_end(j);
}

static void write_weights(Json *j, const char *key, const Weight *weights, uint32_t n)
{
    json_key(j, key);
    json_open_array(j);
    for (uint32_t i = 0; i < n; i++)
        json_int(j, weights[i]);
    json_end(j);
}

/* What the version is taken over: everything that a score depends on. */
static void write_parameters(Json *j, const MatchModel *m)
{
    json_key(j, "classes");
    json_open_array(j);
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        json_str(j, slice_of(class_names[c]));
    json_end(j);
    json_key(j, "traits");
    json_open_array(j);
    for (uint32_t i = 0; i < m->trait_count; i++)
        json_str(j, m->trait_names[i]);
    json_end(j);
    json_key(j, "fields");
    json_open_array(j);
    for (uint32_t f = 0; f < m->field_count; f++)
        write_field(j, m, f);
    json_end(j);
    json_key(j, "segments");
    json_open_array(j);
    for (uint32_t s = 0; s < m->segments; s++)
        write_segment(j, m, s);
    json_end(j);
    json_key(j, "calibration");
    json_open_object(j);
    write_weights(j, "raw", m->knot_raw, m->knots);
    write_weights(j, "stated", m->knot_stated, m->knots);
    json_end(j);
    json_key(j, "passes");
    json_open_array(j);
    for (uint32_t p = 0; p < m->pass_count; p++)
        write_pass(j, m, &m->passes[p]);
    json_end(j);
}

static void write_report(Json *j, const TrainReport *r)
{
    json_key(j, "report");
    json_open_object(j);
    json_kint(j, "random_pairs", (int64_t)r->random_pairs);
    json_kint(j, "candidate_pairs", (int64_t)r->candidate_pairs);
    json_kint(j, "patterns", (int64_t)r->patterns);
    json_kint(j, "iterations", r->iterations);
    json_kbool(j, "converged", r->converged);
    json_key(j, "change");
    json_num(j, r->change);
    json_key(j, "matches");
    json_num(j, r->matches);
    json_key(j, "missed");
    json_num(j, r->missed);
    json_kint(j, "default_levels", r->default_levels);
    json_end(j);
}

Status match_model_version(const MatchModel *m, char out[SHA256_HEX_SIZE], Error *err)
{
    Buf text;
    Json j;
    buf_init(&text, MODEL_FILE_MAX);
    json_begin(&j, &text, JSON_PRETTY);
    json_open_object(&j);
    write_parameters(&j, m);
    json_end(&j);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&text), out, err);
    buf_free(&text);
    return st;
}

Status match_model_write(const MatchModel *m, Buf *out, Error *err)
{
    Json j;
    char version[SHA256_HEX_SIZE];
    TRY(match_model_version(m, version, err));
    json_begin(&j, out, JSON_PRETTY);
    json_open_object(&j);
    json_kstr(&j, "format", SLICE(FORMAT));
    json_kstr(&j, "version", slice_of(version));
    write_parameters(&j, m);
    write_report(&j, &m->report);
    json_end(&j);
    buf_addc(out, '\n');
    return buf_status(out, err);
}

/* --- reading -------------------------------------------------------------------------------------------------- */

typedef struct Reader {
    const char *file;
    const MatchConfig *config;
    MatchModel *m;
    Error *err;
} Reader;

static Status bad(const Reader *r, const char *what, const char *reason)
{
    error_set(r->err, ERR_INVALID, "model file: %s %s", what, reason);
    error_at(r->err, r->file, 0, NULL);
    return ERR_INVALID;
}

static Status member_array(const Reader *r, const json_t *in, const char *key, size_t length, const json_t **out)
{
    *out = json_object_get(in, key);
    if (!json_is_array(*out))
        return bad(r, key, "is missing or is no list");
    if (json_array_size(*out) != length)
        return bad(r, key, "has another length than the config asks for");
    return OK;
}

static Status number(const Reader *r, const json_t *v, const char *what, double low, double high, double *out)
{
    if (!json_is_number(v))
        return bad(r, what, "is no number");
    *out = json_number_value(v);
    if (!(*out >= low && *out <= high))
        return bad(r, what, "is out of range");
    return OK;
}

static Status whole(const Reader *r, const json_t *v, const char *what, int64_t low, int64_t high, int64_t *out)
{
    if (!json_is_integer(v))
        return bad(r, what, "is no whole number");
    *out = json_integer_value(v);
    if (*out < low || *out > high)
        return bad(r, what, "is out of range");
    return OK;
}

static Status shares(const Reader *r, const json_t *in, double *out, size_t n)
{
    const json_t *list = NULL;
    TRY(member_array(r, in, "share", n, &list));
    for (size_t i = 0; i < n; i++)
        TRY(number(r, json_array_get(list, i), "share", 0, 1, &out[i]));
    return OK;
}

static Status weights(const Reader *r, const json_t *list, const char *what, Weight *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t w = 0;
        TRY(whole(r, json_array_get(list, i), what, -WEIGHT_LIMIT, WEIGHT_LIMIT, &w));
        out[i] = (Weight)w;
    }
    return OK;
}

static Status same_text(const Reader *r, const json_t *v, Slice want, const char *what)
{
    if (!json_is_string(v) || !slice_eq((Slice){json_string_value(v), json_string_length(v)}, want))
        return bad(r, what, "differs from the config's");
    return OK;
}

static Status same_list(const Reader *r, const json_t *in, const char *key, const Slice *want, size_t n)
{
    const json_t *list = NULL;
    TRY(member_array(r, in, key, n, &list));
    for (size_t i = 0; i < n; i++)
        TRY(same_text(r, json_array_get(list, i), want[i], key));
    return OK;
}

static Status read_field(const Reader *r, const json_t *in, uint32_t f)
{
    MatchModel *m = r->m;
    const json_t *list = NULL;
    TRY(same_text(r, json_object_get(in, "name"), m->field_names[f], "a field's name"));
    TRY(same_text(r, json_object_get(in, "kind"), slice_of(field_kind_name(m->kinds[f])), "a field's kind"));
    TRY(same_list(r, in, "levels", m->level_names[f] + 1, m->level_counts[f] - 1));
    TRY(member_array(r, in, "persons_share", FREQUENCY_BUCKETS, &list));
    for (size_t b = 0; b < FREQUENCY_BUCKETS; b++)
        TRY(number(r, json_array_get(list, b), "persons_share", 0, 1, &m->persons_share[f][b]));
    return OK;
}

static Status read_level(const Reader *r, const json_t *in, uint32_t s, uint32_t f, uint32_t l)
{
    LevelParameter *p = &r->m->levels[s][f][l];
    const json_t *list = NULL;
    Weight by_class[CLASS_COUNT];
    TRY(shares(r, in, p->share, CLASS_COUNT));
    TRY(member_array(r, in, "weight", CLASS_COUNT, &list));
    TRY(weights(r, list, "weight", by_class, CLASS_COUNT));
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        r->m->level_weight[s][c][f][l] = by_class[c];
    TRY(number(r, json_object_get(in, "evidence"), "evidence", 0, 1e18, &p->evidence));
    if (!json_is_boolean(json_object_get(in, "default")))
        return bad(r, "default", "is missing or neither true nor false");
    p->is_default = json_is_true(json_object_get(in, "default"));
    return OK;
}

static Status read_segment(const Reader *r, const json_t *in, uint32_t s)
{
    MatchModel *m = r->m;
    const json_t *list = NULL, *levels = NULL;
    TRY(shares(r, in, m->class_share[s], CLASS_COUNT));
    TRY(member_array(r, in, "weight", CLASS_COUNT, &list));
    TRY(weights(r, list, "weight", m->class_weight[s], CLASS_COUNT));
    TRY(member_array(r, in, "fields", m->field_count, &list));
    for (uint32_t f = 0; f < m->field_count; f++) {
        const json_t *field = json_array_get(list, f);
        int64_t exact = 0;
        TRY(whole(r, json_object_get(field, "exact_weight"), "exact_weight", -WEIGHT_LIMIT, WEIGHT_LIMIT, &exact));
        m->exact_weight[s][f] = (Weight)exact;
        TRY(member_array(r, field, "levels", m->level_counts[f] - 1, &levels));
        for (uint32_t l = 1; l < m->level_counts[f]; l++)
            TRY(read_level(r, json_array_get(levels, l - 1), s, f, l));
    }
    return OK;
}

static Status read_calibration(const Reader *r, const json_t *in)
{
    MatchModel *m = r->m;
    const json_t *raw = json_object_get(in, "raw"), *stated = NULL;
    size_t n = json_array_size(raw);
    if (!json_is_array(raw) || n > CALIBRATION_MAX)
        return bad(r, "raw", "is missing, is no list or is too long");
    TRY(member_array(r, in, "stated", n, &stated));
    TRY(weights(r, raw, "raw", m->knot_raw, n));
    TRY(weights(r, stated, "stated", m->knot_stated, n));
    m->knots = (uint32_t)n;
    for (size_t i = 1; i < n; i++)
        if (m->knot_raw[i] <= m->knot_raw[i - 1] || m->knot_stated[i] < m->knot_stated[i - 1])
            return bad(r, "calibration", "does not rise");
    return OK;
}

static Status read_part(const Reader *r, const json_t *in, KeyPart *out)
{
    const json_t *field = json_object_get(in, "field"), *transform = json_object_get(in, "transform");
    int64_t length = 0;
    out->field = MATCH_NONE;
    out->transform = KEY_TRANSFORM_COUNT;
    for (uint32_t f = 0; f < r->m->field_count && json_is_string(field); f++)
        if (slice_eq((Slice){json_string_value(field), json_string_length(field)}, r->m->field_names[f]))
            out->field = f;
    for (uint32_t k = 0; k < KEY_TRANSFORM_COUNT && json_is_string(transform); k++)
        if (strcmp(json_string_value(transform), key_transform_name(k)) == 0)
            out->transform = k;
    if (out->field == MATCH_NONE)
        return bad(r, "a pass", "names a field that the config does not have");
    if (out->transform == KEY_TRANSFORM_COUNT)
        return bad(r, "a pass", "names an unknown transform");
    TRY(whole(r, json_object_get(in, "length"), "length", 0, PART_LENGTH_MAX, &length));
    out->length = (uint32_t)length;
    return OK;
}

static Status read_pass(const Reader *r, const json_t *in, PassSpec *out)
{
    const json_t *parts = json_object_get(in, "parts"), *name = json_object_get(in, "name");
    size_t n = json_array_size(parts);
    int64_t window = 0;
    if (!json_is_array(parts) || n == 0 || n > MATCH_KEY_PARTS_MAX || !json_is_string(name))
        return bad(r, "a pass", "has no name, no parts or too many");
    TRY(whole(r, json_object_get(in, "window"), "window", 0, 1000000, &window));
    TRY(arena_dup(&r->m->arena, (Slice){json_string_value(name), json_string_length(name)}, &out->name, r->err));
    out->window = (uint32_t)window;
    out->part_count = (uint32_t)n;
    for (size_t k = 0; k < n; k++)
        TRY(read_part(r, json_array_get(parts, k), &out->parts[k]));
    return OK;
}

static Status read_report(const Reader *r, const json_t *in)
{
    TrainReport *out = &r->m->report;
    int64_t random = 0, candidates = 0, patterns = 0, iterations = 0, defaults = 0;
    TRY(whole(r, json_object_get(in, "random_pairs"), "random_pairs", 0, INT64_MAX, &random));
    TRY(whole(r, json_object_get(in, "candidate_pairs"), "candidate_pairs", 0, INT64_MAX, &candidates));
    TRY(whole(r, json_object_get(in, "patterns"), "patterns", 0, INT64_MAX, &patterns));
    TRY(whole(r, json_object_get(in, "iterations"), "iterations", 0, UINT32_MAX, &iterations));
    TRY(whole(r, json_object_get(in, "default_levels"), "default_levels", 0, UINT32_MAX, &defaults));
    TRY(number(r, json_object_get(in, "change"), "change", 0, 1e18, &out->change));
    TRY(number(r, json_object_get(in, "matches"), "matches", 0, 1e18, &out->matches));
    TRY(number(r, json_object_get(in, "missed"), "missed", 0, 1e18, &out->missed));
    if (!json_is_boolean(json_object_get(in, "converged")))
        return bad(r, "converged", "is missing or neither true nor false");
    out->converged = json_is_true(json_object_get(in, "converged"));
    out->random_pairs = (uint64_t)random;
    out->candidate_pairs = (uint64_t)candidates;
    out->patterns = (uint64_t)patterns;
    out->iterations = (uint32_t)iterations;
    out->default_levels = (uint32_t)defaults;
    return OK;
}

static Status read_version(const Reader *r, const json_t *in)
{
    char version[SHA256_HEX_SIZE];
    TRY(match_model_version(r->m, version, r->err));
    if (!json_is_string(in) || strcmp(json_string_value(in), version) != 0)
        return bad(r, "version", "is not the digest of the parameters: the file was changed by hand");
    return OK;
}

static Status read_model(const Reader *r, const json_t *root)
{
    Slice classes[CLASS_COUNT];
    const json_t *list = NULL;
    MatchModel *m = r->m;
    for (uint32_t c = 0; c < CLASS_COUNT; c++)
        classes[c] = slice_of(class_names[c]);
    TRY(same_text(r, json_object_get(root, "format"), SLICE(FORMAT), "format"));
    TRY(same_list(r, root, "classes", classes, CLASS_COUNT));
    TRY(same_list(r, root, "traits", m->trait_names, m->trait_count));
    TRY(member_array(r, root, "fields", m->field_count, &list));
    for (uint32_t f = 0; f < m->field_count; f++)
        TRY(read_field(r, json_array_get(list, f), f));
    TRY(member_array(r, root, "segments", m->segments, &list));
    for (uint32_t s = 0; s < m->segments; s++)
        TRY(read_segment(r, json_array_get(list, s), s));
    TRY(read_calibration(r, json_object_get(root, "calibration")));
    list = json_object_get(root, "passes");
    if (!json_is_array(list) || json_array_size(list) > MATCH_PASSES_MAX)
        return bad(r, "passes", "is missing, is no list or is too long");
    /* training proposes none for a table without values */
    if (json_array_size(list) == 0 && r->config->pass_count > 0)
        return bad(r, "passes", "is empty, but the config has passes");
    m->pass_count = (uint32_t)json_array_size(list);
    for (uint32_t p = 0; p < m->pass_count; p++) {
        TRY(read_pass(r, json_array_get(list, p), &m->passes[p]));
        Status st = pass_check(r->config, &m->passes[p], p, r->err);
        if (st != OK) {
            error_at(r->err, r->file, 0, NULL);
            return st;
        }
    }
    TRY(read_report(r, json_object_get(root, "report")));
    return read_version(r, json_object_get(root, "version"));
}

Status match_model_parse(Slice json, const char *file, const MatchConfig *config, MatchModel **out, Error *err)
{
    *out = NULL;
    if (json.len > MODEL_FILE_MAX)
        return error_set(err, ERR_LIMIT, "model file: longer than %zu bytes", MODEL_FILE_MAX);
    json_error_t where;
    json_t *root = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &where);
    if (!root) {
        error_set(err, ERR_PARSE, "model file: no JSON (line %d)", where.line);
        error_at(err, file, 0, NULL);
        return ERR_PARSE;
    }
    MatchModel *m = NULL;
    Status st = model_new(config, &m, err);
    if (st == OK) {
        Reader r = {.file = file, .config = config, .m = m, .err = err};
        st = read_model(&r, root);
    }
    json_decref(root);
    if (st != OK) {
        match_model_free(m);
        return st;
    }
    *out = m;
    return OK;
}
