/*
 * The policy folder in memory: every file found once at opening, TOML files
 * parsed and their heads checked then, other files read when asked for.
 *
 * Everything is loaded before anything is used, so that a mistake in a file
 * nobody asks for today is told today and not on the night of the release.
 */
#include "policy/policy_impl.h"

#include <stdlib.h>

#define FOLDER_DEPTH_MAX 4
#define FILE_MAX_BYTES ((size_t)64 << 20)

/* --- finding files --- */

static Status add_entry(Policy *p, Slice kind, const char *full, const char *path, Error *err)
{
    Entry *e = NULL;
    TRY(arena_new(&p->arena, Entry, 1, &e, err));
    e->kind = kind;
    e->file.full_path = full;
    e->file.path = path;
    e->file.effective_from = DATE_NONE;
    e->file.effective_to = DATE_NONE;
    e->is_toml = slice_ends(slice_of(path), SLICE(".toml"));
    return vec_push(&p->entries, e, err);
}

/* Editors and systems leave these behind; they are no policy. */
static bool is_stray(const char *name)
{
    size_t len = strlen(name);
    return name[0] == '.' || name[len - 1] == '~';
}

/* kind.ptr NULL: each folder in `full` is a kind of its own, and loose files are none. */
static Status walk(Policy *p, const char *full, const char *path, Slice kind, unsigned depth, Error *err)
{
    PathList names = {0};
    Status st = OK;
    if (depth > FOLDER_DEPTH_MAX)
        return error_set(err, ERR_LIMIT, "%s: folders are nested deeper than %d", path, FOLDER_DEPTH_MAX);
    TRY_OUT(dir_list(full, &p->arena, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        const char *sub_full, *sub_path;
        if (is_stray(names.at[i]))
            continue;
        TRY_OUT(path_join(&p->arena, full, names.at[i], &sub_full, err));
        TRY_OUT(path_join(&p->arena, path, names.at[i], &sub_path, err));
        if (dir_exists(sub_full))
            TRY_OUT(walk(p, sub_full, sub_path, kind.ptr ? kind : slice_of(names.at[i]), depth + 1, err));
        else if (kind.ptr)
            TRY_OUT(add_entry(p, kind, sub_full, sub_path, err));
    }
out:
    vec_free(&names);
    return st;
}

/* --- reading --- */

Status policy_entry_load(Policy *p, Entry *e, Error *err)
{
    Buf text;
    Status st = OK;
    if (e->loaded)
        return OK;
    buf_init(&text, 0);
    TRY_OUT(file_read(e->file.full_path, FILE_MAX_BYTES, &text, err));
    TRY_OUT(sha256_hex(buf_slice(&text), e->file.sha256, err));
    TRY_OUT(arena_dup(&p->arena, buf_slice(&text), &e->file.text, err));
    e->loaded = true;
out:
    buf_free(&text);
    return st;
}

static Status head_error(const Entry *e, const char *key, const char *why, Error *err)
{
    const Toml *at = toml_get(e->file.toml, key);
    Status st = error_set(err, ERR_INVALID, "%s", why);
    error_at(err, e->file.path, 0, key);
    if (err && at)
        err->line = at->line;
    return st;
}

/* "cairn.contract/1" */
static bool is_schema(Slice s)
{
    Slice rest = s;
    Slice word = slice_cut(&rest, '/');
    if (!slice_starts(word, SLICE("cairn.")) || word.len == 6 || !rest.ptr || rest.len == 0)
        return false;
    for (size_t i = 0; i < rest.len; i++)
        if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
            return false;
    return true;
}

static Status read_head(Entry *e, Error *err)
{
    PolicyFile *f = &e->file;
    TRY(toml_str(f->toml, f->path, "schema", &f->schema, err));
    TRY(toml_str(f->toml, f->path, "name", &f->name, err));
    TRY(toml_str(f->toml, f->path, "version", &f->version, err));
    TRY(toml_str(f->toml, f->path, "title", &f->title, err));
    TRY(toml_str(f->toml, f->path, "status", &f->status, err));
    TRY(toml_str(f->toml, f->path, "source", &f->source, err));
    TRY(toml_date(f->toml, f->path, "effective_from", &f->effective_from, err));
    TRY(toml_date_or(f->toml, f->path, "effective_to", DATE_NONE, &f->effective_to, err));
    if (!is_schema(f->schema))
        return head_error(e, "schema", "must have the form cairn.KIND/NUMBER", err);
    if (f->name.len == 0)
        return head_error(e, "name", "must not be empty", err);
    if (f->version.len == 0)
        return head_error(e, "version", "must not be empty", err);
    if (!slice_eq_z(f->status, "verified") && !slice_eq_z(f->status, "assumed"))
        return head_error(e, "status", "must be verified or assumed", err);
    if (slice_eq_z(f->status, "verified") && f->source.len == 0)
        return head_error(e, "source", "is empty although the file is marked verified", err);
    if (f->effective_to != DATE_NONE && f->effective_to < f->effective_from)
        return head_error(e, "effective_to", "is before effective_from", err);
    return OK;
}

static Status load_toml(Policy *p, Entry *e, Error *err)
{
    TRY(policy_entry_load(p, e, err));
    TRY(toml_parse(e->file.text, e->file.path, &p->arena, &e->file.toml, err));
    return read_head(e, err);
}

/* --- order --- */

static int by_path(const void *a, const void *b)
{
    const Entry *x = *(const Entry *const *)a, *y = *(const Entry *const *)b;
    return slice_cmp(slice_of(x->file.path), slice_of(y->file.path));
}

static int by_name(const void *a, const void *b)
{
    const PolicyFile *x = *(const PolicyFile *const *)a, *y = *(const PolicyFile *const *)b;
    int c = slice_cmp(x->name, y->name);
    if (c == 0)
        c = (x->effective_from > y->effective_from) - (x->effective_from < y->effective_from);
    return c != 0 ? c : slice_cmp(slice_of(x->path), slice_of(y->path));
}

static bool in_force(const PolicyFile *f, Date on)
{
    return on >= f->effective_from && (f->effective_to == DATE_NONE || on <= f->effective_to);
}

static Status check_overlap(Policy *p, Slice kind, Error *err)
{
    PolicyFiles files = {0};
    Buf z;
    buf_init(&z, 0);
    buf_add(&z, kind);
    Status st = buf_status(&z, err);
    if (st == OK)
        st = policy_list(p, buf_z(&z), &files, err);
    for (size_t i = 1; st == OK && i < files.len; i++) {
        const PolicyFile *a = files.at[i - 1], *b = files.at[i];
        if (slice_eq(a->name, b->name) && in_force(a, b->effective_from)) {
            st = error_set(err, ERR_INVALID, "version %.*s of %.*s is still in force when version %.*s in %s begins",
                SLICE_ARG(a->version), SLICE_ARG(a->name), SLICE_ARG(b->version), b->path);
            error_hint(err, "Give the older version an effective_to before the newer one's effective_from.");
            error_at(err, a->path, 0, "effective_to");
        }
    }
    vec_free(&files);
    buf_free(&z);
    return st;
}

/* --- public --- */

static Status read_all(Policy *p, Error *err)
{
    const char *base, *core, *parent;
    Slice trimmed = slice_of(p->dir);
    TRY(path_join(&p->arena, p->dir, "..", &parent, err));
    TRY(path_join(&p->arena, parent, "core", &core, err));
    while (trimmed.len > 1 && trimmed.ptr[trimmed.len - 1] == '/')
        trimmed.len--;
    TRY(arena_dup(&p->arena, trimmed, &trimmed, err));
    p->dir = trimmed.ptr;
    base = path_base(p->dir);
    TRY(walk(p, p->dir, base, (Slice){NULL, 0}, 0, err));
    if (dir_exists(core))
        TRY(walk(p, core, "core", SLICE("core"), 0, err));
    qsort(p->entries.at, p->entries.len, sizeof *p->entries.at, by_path);
    for (size_t i = 0; i < p->entries.len; i++)
        if (p->entries.at[i]->is_toml)
            TRY(load_toml(p, p->entries.at[i], err));
    for (size_t i = 0; i < p->entries.len; i++)
        if (i == 0 || !slice_eq(p->entries.at[i]->kind, p->entries.at[i - 1]->kind))
            TRY(check_overlap(p, p->entries.at[i]->kind, err));
    return OK;
}

Status policy_open(const char *dir, Policy **out, Error *err)
{
    Policy *p;
    Slice copy;
    Status st;
    *out = NULL;
    if (!dir_exists(dir))
        return error_set(err, ERR_NOT_FOUND, "there is no policy folder %s", dir);
    TRY(mem_zalloc(1, sizeof *p, (void **)&p, err));
    arena_init(&p->arena, 0);
    TRY_OUT(arena_dup(&p->arena, slice_of(dir), &copy, err));
    p->dir = copy.ptr;
    TRY_OUT(read_all(p, err));
    *out = p;
    return OK;
out:
    policy_close(p);
    return st;
}

void policy_close(Policy *p)
{
    if (!p)
        return;
    vec_free(&p->entries);
    arena_free(&p->arena);
    mem_free(p);
}

const char *policy_dir(const Policy *p)
{
    return p->dir;
}

Status policy_list(Policy *p, const char *kind, PolicyFiles *out, Error *err)
{
    for (size_t i = 0; i < p->entries.len; i++) {
        const Entry *e = p->entries.at[i];
        if (e->is_toml && slice_eq_z(e->kind, kind))
            TRY(vec_push(out, &e->file, err));
    }
    if (out->len > 1)
        qsort(out->at, out->len, sizeof *out->at, by_name);
    return OK;
}

Status policy_get(Policy *p, const char *kind, Slice name, Date on, const PolicyFile **out, Error *err)
{
    bool known = false;
    char day[11];
    for (size_t i = 0; i < p->entries.len; i++) {
        Entry *e = p->entries.at[i];
        if (!e->is_toml || !slice_eq_z(e->kind, kind) || !slice_eq(e->file.name, name))
            continue;
        known = true;
        if (in_force(&e->file, on)) {
            e->used = true;
            *out = &e->file;
            return OK;
        }
    }
    if (!known)
        return error_set(err, ERR_NOT_FOUND, "the policy has no %s named %.*s", kind, SLICE_ARG(name));
    date_print(on, day);
    return error_set(err, ERR_NOT_FOUND, "no version of %s %.*s is in force on %s", kind, SLICE_ARG(name), day);
}

Status policy_data(Policy *p, const char *relative, Slice *out, const char **full_path, Error *err)
{
    size_t head = strlen(path_base(p->dir)) + 1;
    for (size_t i = 0; i < p->entries.len; i++) {
        Entry *e = p->entries.at[i];
        if (e->is_toml || slice_eq_z(e->kind, "core") || strcmp(e->file.path + head, relative) != 0)
            continue;
        TRY(policy_entry_load(p, e, err));
        e->used = true;
        *out = e->file.text;
        if (full_path)
            *full_path = e->file.full_path;
        return OK;
    }
    return error_set(err, ERR_NOT_FOUND, "the policy has no file %s", relative);
}

Status policy_used(Policy *p, PolicyFiles *out, Error *err)
{
    for (size_t i = 0; i < p->entries.len; i++)
        if (p->entries.at[i]->used)
            TRY(vec_push(out, &p->entries.at[i]->file, err));
    return OK;
}

Status policy_fingerprint(Policy *p, char out[SHA256_HEX_SIZE], Error *err)
{
    Buf all;
    Status st = OK;
    buf_init(&all, 0);
    for (size_t i = 0; i < p->entries.len; i++) {
        TRY_OUT(policy_entry_load(p, p->entries.at[i], err));
        buf_addf(&all, "%s %s\n", p->entries.at[i]->file.sha256, p->entries.at[i]->file.path);
    }
    TRY_OUT(buf_status(&all, err));
    TRY_OUT(sha256_hex(buf_slice(&all), out, err));
out:
    buf_free(&all);
    return st;
}
