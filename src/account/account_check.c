/* Do the frameworks fit the measures? A file of its own cannot tell: the names it uses are other files'. */
#include "account/account_parts.h"

static Status check_candidate(const PolicyFile *f, const Candidate *c, const MeasureInfos *infos, Error *err)
{
    for (size_t i = 0; i < infos->len; i++)
        if (slice_eq(infos->at[i].name, c->measure) && infos->at[i].kind == MEASURE_RATE)
            return OK;
    return error_set(
        err, ERR_INVALID, "%s:%" PRIu32 ": there is no rate named %.*s", f->path, c->line, SLICE_ARG(c->measure));
}

static Status check_framework(const Framework *f, const MeasureInfos *infos, Error *err)
{
    for (size_t i = 0; i < f->indicator_count; i++)
        for (size_t p = 0; p < f->indicators[i].part_count; p++)
            for (size_t m = 0; m < f->indicators[i].parts[p].measure_count; m++) {
                const FrameworkMeasure *one = &f->indicators[i].parts[p].measures[m];
                for (size_t c = 0; c < one->candidate_count; c++)
                    TRY(check_candidate(f->file, &one->candidates[c], infos, err));
            }
    return OK;
}

Status account_check(Policy *policy, Error *err)
{
    PolicyFiles files = {0};
    MeasureInfos infos = {0};
    Arena arena;
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(policy_list(policy, "accountability", &files, err));
    if (files.len > 0)
        TRY_OUT(measure_list(policy, &arena, &infos, err));
    for (size_t i = 0; i < files.len; i++) {
        Framework f;
        TRY_OUT(framework_read(files.at[i], &arena, &f, err));
        TRY_OUT(check_framework(&f, &infos, err));
    }
out:
    vec_free(&infos);
    vec_free(&files);
    arena_free(&arena);
    return st;
}
