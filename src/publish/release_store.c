/* A release on disk: written beside, synced, renamed into place. It is never changed afterwards. */
#include "publish/release.h"

#include <stdio.h>

static Status write_signature(Release *r, const char *dir, ReleaseSign sign, void *sign_ctx, Error *err)
{
    uint8_t signature[64], public_key[32];
    char signature_hex[129], public_hex[65], text[256];
    const char *path;
    TRY(sign(sign_ctx, buf_slice(&r->manifest), signature, public_key, err));
    hex_encode(signature, sizeof signature, signature_hex);
    hex_encode(public_key, sizeof public_key, public_hex);
    (void)snprintf(text, sizeof text, "public_key %s\nsignature %s\n", public_hex, signature_hex);
    TRY(path_join(&r->arena, dir, "manifest.sig", &path, err));
    return file_write(path, slice_of(text), MODE_PUBLIC, err);
}

static Status write_folder(Release *r, const char *dir, ReleaseSign sign, void *sign_ctx, Error *err)
{
    const char *path;
    TRY(dir_remove(dir, err)); /* what a killed process left */
    TRY(path_join(&r->arena, dir, "data", &path, err));
    TRY(dir_make(dir, MODE_DIR_PUBLIC, err));
    TRY(dir_make(path, MODE_DIR_PUBLIC, err));
    for (size_t i = 0; i < r->files.len; i++) {
        FileWriter *w;
        TRY(path_join(&r->arena, dir, r->files.at[i].path, &path, err));
        TRY(writer_open(path, MODE_PUBLIC, &w, err));
        writer_add(w, buf_slice(&r->files.at[i].content));
        TRY(writer_close(w, WRITER_NO_SYNC, err)); /* dir_sync below */
    }
    TRY(path_join(&r->arena, dir, "manifest.json", &path, err));
    TRY(file_write(path, buf_slice(&r->manifest), MODE_PUBLIC, err));
    TRY(write_signature(r, dir, sign, sign_ctx, err));
    return dir_sync(dir, err);
}

Status release_store(Release *r, const char *releases_dir, ReleaseSign sign, void *sign_ctx, ReleaseReport *out,
    bool *is_new, Error *err)
{
    *out = (ReleaseReport){.cells = r->plan->audited, .withheld = r->plan->figures->withheld_count};
    (void)snprintf(out->id, sizeof out->id, "%.12s", r->manifest_sha256);
    int n = snprintf(out->path, sizeof out->path, "%s/%s", releases_dir, out->id);
    if (n < 0 || (size_t)n >= sizeof out->path)
        return error_set(err, ERR_LIMIT, "the path of the releases is too long");
    *is_new = !dir_exists(out->path);
    TRY(dir_make(releases_dir, MODE_DIR_PUBLIC, err));
    if (*is_new) {
        const char *draft;
        TRY(arena_printf(&r->arena, &draft, err, "%s/.draft", releases_dir));
        TRY(write_folder(r, draft, sign, sign_ctx, err));
        TRY(file_rename(draft, out->path, err));
    }
    return OK;
}
