/* Folders in, folders out. */
#include "protectfile/history.h"
#include "protectfile/lanes.h"
#include "protectfile/protect_impl.h"

#include <sys/stat.h>

#define HEADER_MAX ((size_t)16 << 20)

typedef struct FileJob {
    const ProtectFileOptions *o;
    Arena arena;
    Buf header, policy_text, secret;
    const char *folder, *policy_folder; /* of the header, of the policy */
    ProtectOptions run;
    ProtectionPolicy policy;
    History history;
    ProtectJob job;
} FileJob;

static Status folder_of(const char *path, Arena *arena, const char **out, Error *err)
{
    size_t n = strlen(path);
    while (n > 0 && path[n - 1] != '/')
        n--;
    return n == 0 ? arena_printf(arena, out, err, ".") : arena_printf(arena, out, err, "%.*s", (int)n, path);
}

Status protectfile_header(const char *path, Arena *arena, const char **dir, Buf *header, Error *err)
{
    TRY(folder_of(path, arena, dir, err));
    return file_read(path, HEADER_MAX, header, err);
}

/* Both are there and are one file, by whatever names. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* What is protected must not be written over what it was made of: the true figures would be gone. */
static Status spare(FileJob *f, const char *input, Slice name, Error *err)
{
    const char *output;
    if (!f->o->out)
        return OK;
    TRY(arena_printf(&f->arena, &output, err, "%s/%.*s", f->o->out, SLICE_ARG(name)));
    if (!same_file(input, output))
        return OK;
    error_set(err, ERR_USAGE, "--out %s would overwrite %s, which is what is to be protected", f->o->out, input);
    error_hint(err, "Name another folder.");
    return ERR_USAGE;
}

/* Files of the history have names of their own, which no header can write by accident. */
static Status load(void *ctx, Slice name, Arena *arena, Slice *text, Error *err)
{
    FileJob *f = ctx;
    if (slice_starts(name, SLICE(HISTORY_PREFIX)))
        return tables_load_file(
            (void *)(uintptr_t)f->o->history, slice_sub(name, sizeof HISTORY_PREFIX - 1, name.len), arena, text, err);
    const char *path;
    TRY(arena_printf(&f->arena, &path, err, "%s/%.*s", f->folder, SLICE_ARG(name)));
    TRY(spare(f, path, tables_base_name(name), err));
    return tables_load_file((void *)(uintptr_t)f->folder, name, arena, text, err);
}

/* --- writing --------------------------------------------------------------------------------------------------------
 */

static Status write_text(FileJob *f, const char *dir, Slice name, Slice text, unsigned mode, Error *err)
{
    const char *path;
    TRY(arena_printf(&f->arena, &path, err, "%s/%.*s", dir, SLICE_ARG(name)));
    return file_write(path, text, mode, err);
}

typedef Status (*WriteFn)(const ProtectJob *job, Buf *out, Error *err);

static Status write_made(FileJob *f, const char *dir, const char *name, unsigned mode, WriteFn fn, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    Status st = fn(&f->job, &b, err);
    if (st == OK)
        st = write_text(f, dir, slice_of(name), buf_slice(&b), mode, err);
    buf_free(&b);
    return st;
}

static Status write_tables(FileJob *f, const char *dir, Error *err)
{
    const TablesSet *set = &f->job.set;
    for (uint32_t i = 0; i < set->table_count; i++) {
        Buf b;
        if (set->tables[i].released)
            continue;
        buf_init(&b, 0);
        Status st = protect_csv(&f->job, i, &b, err);
        if (st == OK)
            st = write_text(f, dir, tables_base_name(set->tables[i].file), buf_slice(&b), MODE_PUBLIC, err);
        buf_free(&b);
        TRY(st);
    }
    return OK;
}

static Status write_codes(FileJob *f, const char *dir, Error *err)
{
    Slice file, text;
    for (size_t i = 0; tables_code_file(&f->job.set, i, &file); i++) {
        Buf b;
        TRY(load(f, file, &f->arena, &text, err));
        buf_init(&b, 0);
        Status st = tables_write_codes(text, file.ptr, &b, err);
        if (st == OK)
            st = write_text(f, dir, tables_base_name(file), buf_slice(&b), MODE_PUBLIC, err);
        buf_free(&b);
        TRY(st);
    }
    return OK;
}

/* Figures with noise have error bars beside them. */
static Status write_errors(FileJob *f, const char *dir, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    Status st = protect_errors_csv(&f->job, &b, err);
    if (st == OK && b.len > 0)
        st = write_text(f, dir, SLICE("errors.csv"), buf_slice(&b), MODE_PUBLIC, err);
    buf_free(&b);
    return st;
}

static Status write_out(FileJob *f, Error *err)
{
    const char *dir = f->o->out, *inside;
    TRY(path_join(&f->arena, dir, "inside", &inside, err));
    TRY(dir_make(dir, MODE_DIR_PUBLIC, err));
    TRY(dir_make(inside, MODE_DIR_PRIVATE, err));
    TRY(write_tables(f, dir, err));
    TRY(write_codes(f, dir, err));
    TRY(write_errors(f, dir, err));
    TRY(write_made(f, dir, "tables.toml", MODE_PUBLIC, protect_header, err));
    TRY(write_made(f, dir, "audit.json", MODE_PUBLIC, protect_audit_json, err));
    TRY(write_made(f, inside, "suppressed.csv", MODE_PRIVATE, protect_reasons_csv, err));
    return write_made(f, inside, "report.html", MODE_PRIVATE, protect_report_html, err);
}

/* Before anything is noted or written: whoever asks for a proof wants none of it without. */
static Status write_proof(FileJob *f, Error *err)
{
    Buf b;
    buf_init(&b, 0);
    Status st = protect_proof(&f->job, load, f, f->run.threads, &b, err);
    if (st == OK)
        st = file_write(f->o->proof, buf_slice(&b), MODE_PRIVATE, err);
    buf_free(&b);
    return st;
}

/* --- the whole ------------------------------------------------------------------------------------------------------
 */

static Status read_inputs(FileJob *f, Error *err)
{
    TRY(protectfile_header(f->o->tables, &f->arena, &f->folder, &f->header, err));
    TRY(spare(f, f->o->tables, SLICE("tables.toml"), err));
    TRY(file_read(f->o->policy, HEADER_MAX, &f->policy_text, err));
    TRY(protection_parse(buf_slice(&f->policy_text), f->o->policy, &f->policy, err));
    TRY(folder_of(f->o->policy, &f->arena, &f->policy_folder, err));
    f->run.has_history = f->o->history != NULL;
    f->run.lane_load = tables_load_file;
    f->run.lane_ctx = (void *)(uintptr_t)f->policy_folder;
    if (f->o->key) {
        TRY(file_read(f->o->key, 4096, &f->secret, err));
        f->run.secret = slice_trim(buf_slice(&f->secret));
    }
    return f->o->history ? history_open(f->o->history, &f->header, &f->history, err) : OK;
}

static Status protect(FileJob *f, ProtectFileReport *out, Error *err)
{
    TRY(read_inputs(f, err));
    TRY(protect_job_run(buf_slice(&f->header), f->o->tables, load, f, &f->policy, &f->run, &f->job, err));
    if (f->o->check)
        TRY(f->o->check(f->o->check_ctx, &f->job, err));
    if (f->o->proof)
        TRY(write_proof(f, err));
    out->stats = f->job.stats;
    out->earlier = f->history.count;
    if (f->o->history)
        TRY(history_add(&f->history, &f->job, load, f, &out->known, err));
    if (f->o->noted)
        TRY(f->o->noted(f->o->noted_ctx, err));
    return f->o->out ? write_out(f, err) : OK;
}

static void file_job_init(FileJob *f, const ProtectFileOptions *o)
{
    *f = (FileJob){.o = o, .run = o->run};
    buf_init(&f->secret, 4096);
    arena_init(&f->arena, 0);
    buf_init(&f->header, 0);
    buf_init(&f->policy_text, 0);
}

static void file_job_free(FileJob *f)
{
    protect_job_free(&f->job);
    protection_free(&f->policy);
    history_close(&f->history);
    buf_free(&f->header);
    buf_free(&f->policy_text);
    buf_free(&f->secret);
    arena_free(&f->arena);
}

Status protectfile_protect(const ProtectFileOptions *options, ProtectFileReport *out, Error *err)
{
    FileJob f;
    *out = (ProtectFileReport){0};
    file_job_init(&f, options);
    Status st = protect(&f, out, err);
    file_job_free(&f);
    return st;
}

/* Tables that cannot be suppressed at all are compared, too: that is when other lanes are asked for. */
static Status compare(FileJob *f, CompareStyle style, Buf *out, Error *err)
{
    Error why = ERROR_INIT;
    TRY(read_inputs(f, err));
    f->run.suppress_only = true;
    Status st = protect_job_run(buf_slice(&f->header), f->o->tables, load, f, &f->policy, &f->run, &f->job, &why);
    if (st != OK && st != ERR_DENIED) {
        if (err)
            *err = why;
        return st;
    }
    return compare_jobs(&f->job, &f->run, &why, style, out, err);
}

Status compare_files(const ProtectFileOptions *options, CompareStyle style, Buf *out, Error *err)
{
    FileJob f;
    file_job_init(&f, options);
    Status st = compare(&f, style, out, err);
    file_job_free(&f);
    return st;
}
