/* Checking a release without trusting whoever stored it: name, manifest, every file, and the signature. */
#include "publish/publish.h"

#include <jansson.h>

static Status corrupt(Error *err, const char *file, const char *why)
{
    error_set(err, ERR_CORRUPT, "%s", why);
    error_at(err, file, 0, NULL);
    return ERR_CORRUPT;
}

static Status check_name(const char *path, Slice manifest, Error *err)
{
    char hex[SHA256_HEX_SIZE];
    Slice id = slice_of(path);
    while (id.len > 1 && id.ptr[id.len - 1] == '/')
        id.len--;
    size_t from = id.len;
    while (from > 0 && id.ptr[from - 1] != '/')
        from--;
    id = slice_sub(id, from, id.len);
    TRY(sha256_hex(manifest, hex, err));
    if (slice_eq(id, slice_sub(slice_of(hex), 0, 12)))
        return OK;
    (void)corrupt(err, "manifest.json", "the manifest's hash is not the release's name");
    error_hint(err, "The folder of a release is named by its manifest: was a copy renamed?");
    return ERR_CORRUPT;
}

static Status check_file(const char *dir, const json_t *entry, Arena *arena, Map *known, Error *err)
{
    const char *path = json_string_value(json_object_get(entry, "path"));
    const char *expected = json_string_value(json_object_get(entry, "sha256"));
    if (!path || !expected || !release_path_ok(slice_of(path)))
        return corrupt(err, "manifest.json", "a file entry is malformed");
    const char *full;
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    TRY(path_join(arena, dir, path, &full, err));
    if (!file_exists(full))
        return corrupt(err, path, "the file is missing");
    TRY(file_sha256(full, digest, err));
    hex_encode(digest, sizeof digest, hex);
    if (strcmp(hex, expected) != 0)
        return corrupt(err, path, "the file is not the one that was published");
    return map_put(known, slice_of(path), 1, NULL, err);
}

/* No file beside those of the manifest; prefix is "" or "data/". */
static Status check_nothing_else(const char *dir, const char *prefix, Arena *arena, const Map *known, Error *err)
{
    const char *full;
    PathList names = {0};
    TRY(path_join(arena, dir, prefix, &full, err));
    Status st = dir_list(full, arena, &names, err);
    for (size_t i = 0; i < names.len && st == OK; i++) {
        const char *path;
        st = arena_printf(arena, &path, err, "%s%s", prefix, names.at[i]);
        uint64_t seen;
        bool expected = st == OK && (map_get(known, slice_of(path), &seen) || strcmp(path, "data") == 0 ||
                                        strcmp(path, "manifest.json") == 0 || strcmp(path, "manifest.sig") == 0);
        if (st == OK && !expected)
            st = corrupt(err, path, "the file does not belong to the release");
    }
    vec_free(&names);
    return st;
}

static Status check_signature(const char *dir, Slice manifest, const uint8_t *signer, Arena *arena, Error *err)
{
    const char *path;
    Buf text;
    uint8_t public_key[32], signature[64];
    buf_init(&text, 4096);
    Status st = path_join(arena, dir, "manifest.sig", &path, err);
    if (st == OK)
        st = file_read(path, 4096, &text, err);
    Slice rest = buf_slice(&text);
    Slice first = slice_cut(&rest, '\n'), second = rest.ptr ? slice_cut(&rest, '\n') : (Slice){"", 0};
    if (st == OK && (!slice_starts(first, SLICE("public_key ")) || !slice_starts(second, SLICE("signature ")) ||
                        hex_decode(slice_sub(first, 11, first.len), public_key, sizeof public_key, NULL) != OK ||
                        hex_decode(slice_sub(second, 10, second.len), signature, sizeof signature, NULL) != OK))
        st = corrupt(err, "manifest.sig", "the signature file is malformed");
    if (st == OK && signer && memcmp(public_key, signer, sizeof public_key) != 0)
        st = corrupt(err, "manifest.sig", "somebody else's key made the signature");
    if (st == OK && signature_verify(manifest, signature, public_key, NULL) != OK)
        st = corrupt(err, "manifest.sig", "the signature does not fit the manifest");
    buf_free(&text);
    return st;
}

static Status verify(const char *path, const uint8_t *signer, const Buf *manifest, const json_t *root, Arena *arena,
    Map *known, Error *err)
{
    const json_t *files = json_object_get(root, "files");
    if (!json_is_array(files))
        return corrupt(err, "manifest.json", "the manifest has no list of files");
    TRY(check_name(path, buf_slice(manifest), err));
    for (size_t i = 0; i < json_array_size(files); i++)
        TRY(check_file(path, json_array_get(files, i), arena, known, err));
    TRY(check_nothing_else(path, "", arena, known, err));
    TRY(check_nothing_else(path, "data/", arena, known, err));
    return check_signature(path, buf_slice(manifest), signer, arena, err);
}

Status release_verify(const char *path, const uint8_t *signer, Error *err)
{
    Arena arena;
    Buf manifest;
    Map known = {0};
    json_t *root = NULL;
    const char *full;
    arena_init(&arena, 0);
    buf_init(&manifest, 0);
    Status st;
    TRY_OUT(map_init(&known, err));
    TRY_OUT(path_join(&arena, path, "manifest.json", &full, err));
    TRY_OUT(file_read(full, 0, &manifest, err));
    json_error_t why;
    root = json_loadb(manifest.ptr, manifest.len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        TRY_OUT(corrupt(err, "manifest.json", "the manifest is not JSON"));
    st = verify(path, signer, &manifest, root, &arena, &known, err);
out:
    json_decref(root);
    map_free(&known);
    buf_free(&manifest);
    arena_free(&arena);
    return st;
}
