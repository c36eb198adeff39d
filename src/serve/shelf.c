/*
 * The shelf of releases: ids, the current one, files and their digests.
 *
 * Digests come from the release's manifest, which was written with the files
 * and signed, so that a validator costs no reading; what the manifest does not list
 * (itself and its signature) is hashed when asked for.
 */
#include "serve/shelf.h"

#include <jansson.h>

#define MANIFEST_MAX ((size_t)64 << 20)
#define CURRENT_MAX 64
#define WITHDRAWN_MAX ((size_t)1 << 20)
#define MANIFESTS_KEPT 16 /* more releases than are looked at between two restarts, mostly */

/* What is remembered of one manifest: path to index in digests. */
typedef struct Manifest {
    char id[RELEASE_ID_LEN + 1];
    Map files;
    VEC(uint8_t) digests; /* SHA256_SIZE bytes each */
} Manifest;

struct Shelf {
    char *dir;
    const Log *log;
    Manifest kept[MANIFESTS_KEPT];
    size_t kept_count;
    size_t next; /* the one to give up when all places are taken */
};

Status shelf_new(const char *dir, const Log *log, Shelf **out, Error *err)
{
    Shelf *shelf = NULL;
    TRY(mem_zalloc(1, sizeof *shelf, (void **)&shelf, err));
    shelf->log = log;
    Status st = mem_strndup(dir, strlen(dir), &shelf->dir, err);
    if (st != OK) {
        mem_free(shelf);
        return st;
    }
    *out = shelf;
    return OK;
}

static void manifest_free(Manifest *m)
{
    map_free(&m->files);
    vec_free(&m->digests);
    m->id[0] = '\0';
}

void shelf_free(Shelf *shelf)
{
    if (!shelf)
        return;
    for (size_t i = 0; i < shelf->kept_count; i++)
        manifest_free(&shelf->kept[i]);
    mem_free(shelf->dir);
    mem_free(shelf);
}

bool is_release_id(Slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
            return false;
    return s.len == RELEASE_ID_LEN;
}

/* --- what is on it ------------------------------------------------------------------------------------------- */

static Status read_text(const Shelf *shelf, const char *relative, size_t max, Buf *out, Error *err)
{
    Arena arena;
    const char *path = NULL;
    arena_init(&arena, 0);
    Status st = path_join(&arena, shelf->dir, relative, &path, err);
    if (st == OK)
        st = file_read(path, max, out, err);
    arena_free(&arena);
    return st;
}

Status shelf_current(Shelf *shelf, char id[RELEASE_ID_LEN + 1], Error *err)
{
    Buf text;
    buf_init(&text, 0);
    Status st = read_text(shelf, "CURRENT", CURRENT_MAX, &text, err);
    Slice s = slice_trim(buf_slice(&text));
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    if (st == OK && !is_release_id(s))
        st = error_set(err, ERR_CORRUPT, "releases/CURRENT does not name a release");
    if (st == OK) {
        memcpy(id, s.ptr, s.len);
        id[s.len] = '\0';
    }
    buf_free(&text);
    return st;
}

/* releases/WITHDRAWN has a line for each release that is in force no more; without the file there is none. */
static Status is_withdrawn(const Shelf *shelf, Slice id, bool *out, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    *out = false;
    Status st = read_text(shelf, "WITHDRAWN", WITHDRAWN_MAX, &text, err);
    Slice rest = buf_slice(&text);
    while (st == OK && rest.ptr && !*out)
        *out = slice_eq(slice_cut(&rest, '\n'), id);
    buf_free(&text);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        st = OK;
    }
    return st;
}

Status shelf_releases(Shelf *shelf, Arena *arena, PathList *out, Error *err)
{
    PathList names = {0};
    Status st = dir_list(shelf->dir, arena, &names, err);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        st = OK;
    }
    size_t kept = 0;
    for (size_t i = 0; i < names.len && st == OK; i++) {
        const char *path = NULL;
        bool withdrawn;
        if (!is_release_id(slice_of(names.at[i])))
            continue;
        st = is_withdrawn(shelf, slice_of(names.at[i]), &withdrawn, err);
        if (st != OK || withdrawn)
            continue;
        st = path_join(arena, shelf->dir, names.at[i], &path, err);
        if (st == OK && dir_exists(path))
            names.at[kept++] = names.at[i];
    }
    if (st != OK) {
        vec_free(&names);
        return st;
    }
    names.len = kept;
    *out = names;
    return OK;
}

/* Cuts ".csv" or ".json" off; false for other names. */
static bool table_name(Slice file, Slice *out)
{
    static const char *const endings[] = {".csv", ".json"};
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        Slice ending = slice_of(endings[i]);
        if (file.len > ending.len && slice_ends(file, ending)) {
            *out = slice_sub(file, 0, file.len - ending.len);
            return true;
        }
    }
    return false;
}

static Status list_tables(const char *data, Arena *arena, PathList *files, Map *seen, PathList *out, Error *err)
{
    Status st = dir_list(data, arena, files, err);
    if (st == ERR_NOT_FOUND) {
        error_clear(err);
        return OK;
    }
    TRY(st);
    /* "a.csv" sorts before "a.json" but after "a-b.csv", so equal names need not be neighbours */
    for (size_t i = 0; i < files->len; i++) {
        Slice name;
        bool is_new = false;
        if (!table_name(slice_of(files->at[i]), &name))
            continue;
        TRY(map_put(seen, name, 0, &is_new, err));
        if (!is_new)
            continue;
        TRY(arena_dup(arena, name, &name, err));
        TRY(vec_push(out, name.ptr, err));
    }
    return OK;
}

Status shelf_tables(Shelf *shelf, const char *id, Arena *arena, PathList *out, Error *err)
{
    PathList files = {0};
    PathList names = {0};
    Map seen = {0};
    const char *data = NULL;
    Status st = map_init(&seen, err);
    if (st == OK)
        st = arena_printf(arena, &data, err, "%s/%s/data", shelf->dir, id);
    if (st == OK)
        st = list_tables(data, arena, &files, &seen, &names, err);
    vec_free(&files);
    map_free(&seen);
    if (st != OK) {
        vec_free(&names);
        return st;
    }
    *out = names;
    return OK;
}

/* --- manifests ----------------------------------------------------------------------------------------------- */

static Status note_digest(Manifest *m, const char *path, const char *hex, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    if (!path || !hex || hex_decode(slice_of(hex), digest, sizeof digest, NULL) != OK)
        return error_set(err, ERR_CORRUPT, "an entry of the manifest's files is malformed");
    TRY(map_put(&m->files, slice_of(path), m->digests.len, NULL, err));
    for (size_t i = 0; i < sizeof digest; i++)
        TRY(vec_push(&m->digests, digest[i], err));
    return OK;
}

/* "files": [{"path": "data/x.csv", "sha256": "..."}, ...] */
static Status note_files(Manifest *m, const json_t *root, Error *err)
{
    const json_t *files = json_object_get(root, "files");
    if (!json_is_array(files))
        return error_set(err, ERR_CORRUPT, "the manifest has no list of files");
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *entry = json_array_get(files, i);
        TRY(note_digest(m, json_string_value(json_object_get(entry, "path")),
            json_string_value(json_object_get(entry, "sha256")), err));
    }
    return OK;
}

static Status read_manifest(const Shelf *shelf, Manifest *m, Error *err)
{
    char relative[RELEASE_ID_LEN + sizeof "/manifest.json"];
    Buf text;
    buf_init(&text, 0);
    memcpy(relative, m->id, RELEASE_ID_LEN);
    memcpy(relative + RELEASE_ID_LEN, "/manifest.json", sizeof "/manifest.json");
    Status st = read_text(shelf, relative, MANIFEST_MAX, &text, err);
    if (st == OK) {
        json_t *root = json_loadb(buf_z(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
        st = root ? note_files(m, root, err) : error_set(err, ERR_CORRUPT, "the manifest is not JSON");
        json_decref(root);
    }
    buf_free(&text);
    return st;
}

/* The remembered manifest of a release that exists; empty when it cannot be read, which is told once. */
static Status manifest_of(Shelf *shelf, Slice id, const Manifest **out, Error *err)
{
    for (size_t i = 0; i < shelf->kept_count; i++)
        if (slice_eq_z(id, shelf->kept[i].id)) {
            *out = &shelf->kept[i];
            return OK;
        }
    Manifest m = {0};
    Error why = ERROR_INIT;
    TRY(map_init(&m.files, err));
    memcpy(m.id, id.ptr, RELEASE_ID_LEN);
    if (read_manifest(shelf, &m, &why) != OK)
        log_line(shelf->log, LOG_WARN, "event=manifest release=%s reason=%s", m.id, why.message);
    Manifest *place = &shelf->kept[shelf->next];
    if (shelf->kept_count < MANIFESTS_KEPT)
        shelf->kept_count++;
    else
        manifest_free(place);
    shelf->next = (shelf->next + 1) % MANIFESTS_KEPT;
    *place = m;
    *out = place;
    return OK;
}

static Status find_digest(Shelf *shelf, Slice id, Slice relative, int fd, uint8_t out[SHA256_SIZE], Error *err)
{
    const Manifest *m = NULL;
    uint64_t at = 0;
    TRY(manifest_of(shelf, id, &m, err));
    if (!map_get(&m->files, relative, &at))
        return file_sha256_open(fd, out, err);
    memcpy(out, m->digests.at + at, SHA256_SIZE);
    return OK;
}

Status shelf_open(Shelf *shelf, Slice id, Slice relative, ReleaseFile *out, Error *err)
{
    Arena arena;
    const char *path = NULL;
    ReleaseFile file = {.fd = -1};
    Status st = OK;
    bool withdrawn = false;
    if (!is_release_id(id))
        return error_set(err, ERR_NOT_FOUND, "there is no such release");
    TRY(is_withdrawn(shelf, id, &withdrawn, err));
    if (withdrawn)
        return error_set(err, ERR_NOT_FOUND, "there is no such release");
    arena_init(&arena, 0);
    TRY_OUT(arena_printf(&arena, &path, err, "%.*s/%.*s", SLICE_ARG(id), SLICE_ARG(relative)));
    TRY_OUT(file_open_below(shelf->dir, slice_of(path), &file.fd, &file.size, err));
    TRY_OUT(find_digest(shelf, id, relative, file.fd, file.digest, err));
    *out = file;
    file.fd = -1;
out:
    file_close(file.fd);
    arena_free(&arena);
    return st;
}
