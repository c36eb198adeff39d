/*
 * Which blocks are in force together: for each span of time between two days on which a file begins or has ended, the
 * blocks of all files that hold.
 */
#include "cohort/cohort_parts.h"

#include <stdlib.h>

typedef struct FileBlocks {
    const PolicyFile *file;
    Block *at;
    size_t count;
} FileBlocks;
typedef VEC(FileBlocks) FileList;
typedef VEC(Date) Dates;

static Status read_files(Policy *policy, Arena *arena, FileList *out, Error *err)
{
    PolicyFiles files = {0};
    Status st = OK;
    TRY_OUT(policy_list(policy, "cohorts", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        FileBlocks f = {0};
        if (!slice_eq_z(files.at[i]->schema, "cairn.cohort_blocks/1"))
            continue;
        TRY_OUT(policy_get(policy, "cohorts", files.at[i]->name, files.at[i]->effective_from, &f.file, err));
        TRY_OUT(blocks_of_file(f.file, arena, &f.at, &f.count, err));
        TRY_OUT(vec_push(out, f, err));
    }
    if (out->len == 0)
        st = error_set(err, ERR_NOT_FOUND, "the policy has no file of schema cairn.cohort_blocks/1 under cohorts/");
out:
    vec_free(&files);
    return st;
}

static bool in_force(const PolicyFile *f, Date day)
{
    return f->effective_from <= day && (f->effective_to == DATE_NONE || day <= f->effective_to);
}

static int compare_dates(const void *a, const void *b)
{
    Date x = *(const Date *)a, y = *(const Date *)b;
    return (x > y) - (x < y);
}

/* Days on which something begins or has ended, in order, each once. */
static Status turning_days(const FileList *files, Dates *out, Error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->len; i++) {
        TRY(vec_push(out, files->at[i].file->effective_from, err));
        if (files->at[i].file->effective_to != DATE_NONE)
            TRY(vec_push(out, files->at[i].file->effective_to + 1, err));
    }
    qsort(out->at, out->len, sizeof *out->at, compare_dates);
    for (size_t i = 0; i < out->len; i++)
        if (i == 0 || out->at[i] != out->at[i - 1])
            out->at[kept++] = out->at[i];
    out->len = kept;
    return OK;
}

static Status add_blocks(const FileBlocks *f, BlockSet *set, Error *err)
{
    for (size_t i = 0; i < f->count; i++) {
        for (size_t k = 0; k < set->count; k++)
            if (slice_eq(set->at[k]->name, f->at[i].name))
                return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": block %.*s is also in %s", f->file->path,
                    f->at[i].line, SLICE_ARG(f->at[i].name), set->at[k]->file->path);
        set->at[set->count++] = &f->at[i];
    }
    return OK;
}

static Status make_set(const FileList *files, Date from, Date to, Arena *arena, BlockSet *out, Error *err)
{
    Buf digest;
    size_t total = 0;
    Status st = OK;
    buf_init(&digest, 0);
    *out = (BlockSet){.era = {.path = "cohorts", .effective_from = from, .effective_to = to}};
    for (size_t i = 0; i < files->len; i++)
        total += files->at[i].count;
    TRY_OUT(arena_array_(arena, total + 1, sizeof(const Block *), (void **)&out->at, err));
    for (size_t i = 0; i < files->len; i++) {
        if (!in_force(files->at[i].file, from))
            continue;
        TRY_OUT(add_blocks(&files->at[i], out, err));
        buf_addf(&digest, "%s %s\n", files->at[i].file->path, files->at[i].file->sha256);
    }
    TRY_OUT(buf_status(&digest, err));
    TRY_OUT(sha256_hex(buf_slice(&digest), out->sha256, err));
out:
    buf_free(&digest);
    return st;
}

Status blocksets_read(Policy *policy, Arena *arena, BlockSets *out, Error *err)
{
    FileList files = {0};
    Dates days = {0};
    Status st = OK;
    TRY_OUT(read_files(policy, arena, &files, err));
    TRY_OUT(turning_days(&files, &days, err));
    for (size_t i = 0; i < days.len; i++) {
        BlockSet set;
        TRY_OUT(make_set(&files, days.at[i], i + 1 < days.len ? days.at[i + 1] - 1 : DATE_NONE, arena, &set, err));
        if (set.count > 0)
            TRY_OUT(vec_push(out, set, err));
    }
out:
    vec_free(&files);
    vec_free(&days);
    return st;
}

const BlockSet *blockset_on(const BlockSets *sets, Date day)
{
    for (size_t i = 0; i < sets->len; i++)
        if (in_force(&sets->at[i].era, day))
            return &sets->at[i];
    return NULL;
}
