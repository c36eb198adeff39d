/*
 * A run in shares: the table's candidates are cut into files, workers elsewhere score each with nothing but the file
 * and the model, and the scored pairs come back to one run that clusters them. The result is the bytes of a run in one
 * piece.
 *
 *   DIR/model.json  DIR/match.toml  DIR/parts/share-0001 ... share-NNNN  DIR/parts/shares.csv (share, sha256)
 *   a worker's answer: share-0001.pairs
 *
 * An answer names the share and the model by their hashes, so that one of another run, or a share that was forgotten,
 * is told and not merged.
 */
#include <stdio.h>

#include "matchfile/run.h"

#define SHARE_MAX ((size_t)1 << 36)
#define ANSWER_HEAD "# cairn scored pairs 1 "

/* --- cutting -------------------------------------------------------------------------------------------------------
 */

static Status write_share(
    MatchRun *r, const MatchPartitions *parts, uint32_t part, const char *dir, Buf *list, Error *err)
{
    const char *path = NULL;
    char hash[SHA256_HEX_SIZE];
    Buf share;
    buf_init(&share, SHARE_MAX);
    Status st = match_partitions_write(parts, part, &share, err);
    if (st == OK)
        st = arena_printf(&r->arena, &path, err, "%s/share-%04" PRIu32, dir, part + 1);
    if (st == OK)
        st = sha256_hex(buf_slice(&share), hash, err);
    if (st == OK)
        st = file_write(path, buf_slice(&share), MODE_PRIVATE, err);
    if (st == OK)
        buf_addf(list, "%s,%s\n", path_base(path), hash);
    buf_free(&share);
    return st;
}

Status matchfile_partition(MatchRun *r, const char *dir, Error *err)
{
    MatchPartitions *parts = NULL;
    const char *folder = NULL, *path = NULL;
    Buf list;
    buf_init(&list, 0);
    buf_adds(&list, "share,sha256\n");
    Status st;
    TRY_OUT(path_join(&r->arena, dir, "parts", &folder, err));
    TRY_OUT(dir_make(folder, MODE_DIR_PRIVATE, err));
    TRY_OUT(path_join(&r->arena, dir, "model.json", &path, err));
    TRY_OUT(write_model(r, path, err));
    TRY_OUT(path_join(&r->arena, dir, "match.toml", &path, err));
    TRY_OUT(write_config(r, path, err));
    TRY_OUT(match_partitions_new(r->table, r->model, r->options.partitions, r->options.threads, &parts, err));
    for (uint32_t part = 0; part < r->options.partitions; part++)
        TRY_OUT(write_share(r, parts, part, folder, &list, err));
    TRY_OUT(path_join(&r->arena, folder, "shares.csv", &path, err));
    TRY_OUT(file_write(path, buf_slice(&list), MODE_PRIVATE, err));
out:
    match_partitions_free(parts);
    buf_free(&list);
    return st;
}

/* --- scoring -------------------------------------------------------------------------------------------------------
 */

Status matchfile_score_share(const char *share_path, const char *model_path, Buf *out, Error *err)
{
    Buf share, model;
    MatchPairs pairs = {0};
    char share_hash[SHA256_HEX_SIZE], model_hash[SHA256_HEX_SIZE];
    const char *at = model_path;
    buf_init(&share, SHARE_MAX);
    buf_init(&model, 0);
    Status st;
    TRY_OUT(file_read(model_path, (size_t)64 << 20, &model, err));
    at = share_path;
    TRY_OUT(file_read(share_path, SHARE_MAX, &share, err));
    TRY_OUT(sha256_hex(buf_slice(&share), share_hash, err));
    TRY_OUT(sha256_hex(buf_slice(&model), model_hash, err));
    TRY_OUT(match_partition_score(buf_slice(&share), buf_slice(&model), path_base(model_path), &pairs, err));
    buf_addf(out, ANSWER_HEAD "share=%s model=%s\na,b,odds,passes,pattern\n", share_hash, model_hash);
    for (size_t i = 0; i < pairs.len; i++) {
        const MatchPair *p = &pairs.at[i];
        buf_add_u64(out, p->a);
        buf_addc(out, ',');
        buf_add_u64(out, p->b);
        buf_addc(out, ',');
        buf_add_i64(out, p->odds);
        buf_addf(out, ",%" PRIx32 ",%" PRIx64 "\n", p->passes, p->pattern);
    }
    st = buf_status(out, err);
out:
    if (st != OK)
        error_at(err, path_base(at), 0, NULL);
    vec_free(&pairs);
    buf_free(&share);
    buf_free(&model);
    return st;
}

/* --- merging -------------------------------------------------------------------------------------------------------
 */

static Status parse_hex(Slice s, uint64_t *out, Error *err)
{
    *out = 0;
    if (s.len == 0 || s.len > 16)
        return error_set(err, ERR_PARSE, "is no hexadecimal number");
    for (size_t i = 0; i < s.len; i++) {
        int digit = hex_digit(s.ptr[i]);
        if (digit < 0)
            return error_set(err, ERR_PARSE, "is no hexadecimal number");
        *out = *out << 4 | (uint64_t)digit;
    }
    return OK;
}

/* Every field at one of its levels, and nothing above the fields: explanations look levels up by it. */
static bool is_pattern(const MatchConfig *c, uint64_t pattern)
{
    for (uint32_t f = 0; f < c->field_count; f++)
        if (pattern_level(pattern, f) >= match_level_count(c, f))
            return false;
    return c->field_count >= MATCH_FIELDS_MAX || pattern >> (4 * c->field_count) == 0;
}

static bool is_mask(const MatchModel *m, uint64_t passes)
{
    return passes >> match_pass_count(m) == 0;
}

/* An answer comes from another machine: whatever it holds, what is taken over is a pair of this run. */
static Status read_pair(const MatchRun *r, const Slice *row, MatchPair *out, Error *err)
{
    const uint32_t records = match_record_count(r->table);
    uint64_t a = 0, b = 0, passes = 0;
    int64_t odds = 0;
    TRY(parse_u64(row[0], &a, err));
    TRY(parse_u64(row[1], &b, err));
    TRY(parse_i64(row[2], &odds, err));
    TRY(parse_hex(row[3], &passes, err));
    TRY(parse_hex(row[4], &out->pattern, err));
    if (a >= b || b >= records || odds < WEIGHT_MIN || odds > WEIGHT_MAX)
        return error_set(err, ERR_INVALID, "is no pair of these records");
    if (!is_mask(r->model, passes))
        return error_set(err, ERR_INVALID, "names a pass that the model does not have");
    if (!is_pattern(&r->config, out->pattern))
        return error_set(err, ERR_INVALID, "names a level that the field does not have");
    out->a = (uint32_t)a;
    out->b = (uint32_t)b;
    out->odds = (Weight)odds;
    out->passes = (uint32_t)passes;
    return OK;
}

static Status read_pairs(MatchRun *r, Slice text, const char *file, Error *err)
{
    Arena arena;
    CsvTable t;
    arena_init(&arena, 0);
    Status st = csv_parse(text, file, &arena, &t, err);
    if (st == OK && t.columns != 5)
        st = error_set(err, ERR_PARSE, "is no answer of match-worker");
    for (size_t i = 0; st == OK && i < t.rows; i++) {
        MatchPair pair;
        st = read_pair(r, t.cells + i * t.columns, &pair, err);
        if (st == OK)
            st = vec_push(&r->pairs, pair, err);
        else
            error_at(err, file, i + 1, NULL);
    }
    arena_free(&arena);
    return st;
}

/* The answer to one share. */
static Status merge_share(MatchRun *r, const char *dir, Slice share, Slice hash, const char *model_hash, Error *err)
{
    const char *path = NULL, *head = NULL;
    Buf text;
    buf_init(&text, SHARE_MAX);
    Status st;
    TRY_OUT(arena_printf(&r->arena, &path, err, "%s/%.*s.pairs", dir, SLICE_ARG(share)));
    TRY_OUT(file_read(path, SHARE_MAX, &text, err));
    TRY_OUT(arena_printf(&r->arena, &head, err, ANSWER_HEAD "share=%.*s model=%s\n", SLICE_ARG(hash), model_hash));
    if (!slice_starts(buf_slice(&text), slice_of(head)))
        TRY_OUT(error_set(err, ERR_INVALID, "is not the answer to this share under this model"));
    TRY_OUT(read_pairs(r, buf_slice(&text), path_base(path), err));
out:
    if (st != OK && path)
        error_at(err, path_base(path), 0, NULL);
    buf_free(&text);
    return st;
}

Status run_merge(MatchRun *r, Error *err)
{
    const char *dir = r->options.scored, *path = NULL;
    char model_hash[SHA256_HEX_SIZE];
    Buf model;
    CsvTable t;
    size_t share = 0, hash = 0;
    buf_init(&model, 0);
    Status st = file_read(r->options.model_path, (size_t)64 << 20, &model, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&model), model_hash, err);
    buf_free(&model);
    TRY(st);
    TRY(path_join(&r->arena, dir, "shares.csv", &path, err));
    TRY(csv_read(path, &r->arena, &t, err));
    TRY(csv_column(&t, "share", &share, err));
    TRY(csv_column(&t, "sha256", &hash, err));
    for (size_t i = 0; i < t.rows; i++) {
        const Slice *row = t.cells + i * t.columns;
        TRY(merge_share(r, dir, row[share], row[hash], model_hash, err));
    }
    TRY(match_partitions_join(r->table, &r->pairs, err));
    r->report.pairs.kept = r->report.pairs.compared = r->pairs.len;
    return OK;
}
