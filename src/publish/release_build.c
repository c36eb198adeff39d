/* A release in memory: pages, data and manifest from protected cells. */
#include "publish/release.h"

#include <stdlib.h>

Status release_add(Release *r, const char *path, Buf **out, Error *err)
{
    if (!release_path_ok(slice_of(path)))
        return error_set(
            err, ERR_INVALID, "a release cannot hold a file of that name; measure names are lower-case words");
    ReleaseFile file = {0};
    Slice copy;
    TRY(arena_dup(&r->arena, slice_of(path), &copy, err));
    file.path = copy.ptr;
    buf_init(&file.content, 0);
    TRY(vec_push(&r->files, file, err));
    *out = &vec_last(&r->files).content;
    return OK;
}

static int compare_policies(const void *a, const void *b)
{
    return strcmp((*(const PolicyFile *const *)a)->path, (*(const PolicyFile *const *)b)->path);
}

/* All rules a figure may rest on, whether or not this process read them: the release must not depend on how it was run.
 */
static Status list_policies(Release *r, Error *err)
{
    static const char *const kinds[] = {
        "agreements", "definitions", "derived", "i18n", "identity", "measures", "release", "sources"};
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        PolicyFiles files = {0};
        Status st = policy_list(r->plan->policy, kinds[k], &files, err);
        for (size_t i = 0; i < files.len && st == OK; i++)
            st = vec_push(&r->policies, files.at[i], err);
        vec_free(&files);
        TRY(st);
    }
    if (r->policies.len > 0)
        qsort(r->policies.at, r->policies.len, sizeof *r->policies.at, compare_policies);
    return OK;
}

static Status add_static(Release *r, const char *name, Error *err)
{
    const char *path;
    Buf *out;
    TRY(path_join(&r->arena, r->plan->web_dir, name, &path, err));
    TRY(release_add(r, name, &out, err));
    return file_read(path, 0, out, err);
}

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const ReleaseFile *)a)->path, ((const ReleaseFile *)b)->path);
}

Status release_day(Policy *policy, Date *out, Error *err)
{
    PolicyFiles files = {0};
    TRY(policy_list(policy, "release", &files, err));
    *out = DATE_NONE;
    for (size_t i = 0; i < files.len; i++)
        if (files.at[i]->effective_from > *out)
            *out = files.at[i]->effective_from;
    vec_free(&files);
    if (*out == DATE_NONE)
        return error_set(err, ERR_NOT_FOUND, "the policy has no protection rule in release/");
    return OK;
}

Status release_keep_published(Policy *policy, MeasureInfos *measures, Error *err)
{
    Date day;
    TRY(release_day(policy, &day, err));
    size_t kept = 0;
    for (size_t i = 0; i < measures->len; i++) {
        bool named;
        TRY(protect_publishes(policy, day, measures->at[i].name, &named, err));
        if (named)
            measures->at[kept++] = measures->at[i];
    }
    measures->len = kept;
    return OK;
}

Status release_build(const ReleasePlan *plan, Release *out, Error *err)
{
    *out = (Release){.plan = plan};
    arena_init(&out->arena, 0);
    buf_init(&out->manifest, 0);
    Date day;
    TRY(release_day(plan->policy, &day, err));
    TRY(words_open(plan->policy, day, &out->arena, &out->words, err));
    TRY(list_policies(out, err));
    TRY(page_index_write(out, err));
    TRY(page_how_write(out, err));
    for (size_t i = 0; i < plan->measures->len; i++) {
        TRY(page_measure_write(out, &plan->measures->at[i], err));
        TRY(page_places_write(out, &plan->measures->at[i], err));
    }
    TRY(data_files_write(out, err));
    TRY(add_static(out, "cairn.css", err));
    TRY(add_static(out, "cairn.svg", err));
    qsort(out->files.at, out->files.len, sizeof *out->files.at, compare_files);
    return manifest_write(out, err);
}

void release_free(Release *r)
{
    for (size_t i = 0; i < r->files.len; i++)
        buf_free(&r->files.at[i].content);
    vec_free(&r->files);
    vec_free(&r->policies);
    words_free(&r->words);
    buf_free(&r->manifest);
    arena_free(&r->arena);
    *r = (Release){0};
}
