/*
 * Test vectors of blocks: a script and small tables in, figures out, run by the measure engine. Each block must stand
 * in a script of its file's vectors: nobody could tell otherwise whether it does what it says.
 */
#include "cohort/cohort_parts.h"
#include "policy/model.h"

typedef struct VectorRun {
    const PolicyFile *file;
    const BlockSet *set; /* in force when the file begins to hold */
    Slice *splits;
    size_t split_count;
    bool *used; /* by number in the set */
} VectorRun;

static void mark_used(VectorRun *run, const CohortPlan *plan)
{
    for (size_t i = 0; i < plan->line_count; i++)
        for (size_t k = 0; k < run->set->count; k++)
            run->used[k] |= plan->lines[i].said.block == run->set->at[k];
}

static Status make(void *ctx, Slice script, uint32_t line, Arena *arena, MeasureOwn *out, Error *err)
{
    VectorRun *run = ctx;
    CohortPlan *plan;
    MeasureOwn funnel;
    PolicyFile *file;
    if (script.len == 0)
        return error_set(err, ERR_INVALID, "%s: a vector of blocks needs a script", run->file->path);
    TRY(arena_new(arena, CohortPlan, 1, &plan, err));
    Status st = script_read(run->set, run->splits, run->split_count, script, "script", arena, plan, err);
    if (st != OK && err && err->line > 0)
        err->line += line;
    TRY(st);
    mark_used(run, plan);
    TRY(plan_compile(plan, arena, out, &funnel, err));
    TRY(arena_new(arena, PolicyFile, 1, &file, err));
    *file = run->set->era;
    file->path = run->file->path; /* what fails is told with the vectors' file */
    out->file = file;
    return OK;
}

static Status check_used(const VectorRun *run, uint64_t *blocks, Error *err)
{
    for (size_t k = 0; k < run->set->count; k++) {
        const Block *b = run->set->at[k];
        if (b->file != run->file)
            continue;
        ++*blocks;
        if (!run->used[k])
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": block %.*s stands in no vector's script", b->file->path,
                b->line, SLICE_ARG(b->name));
    }
    return OK;
}

static Status test_file(
    Policy *policy, const PolicyFile *file, const BlockSets *sets, Arena *arena, uint64_t counts[2], Error *err)
{
    VectorRun run = {.file = file, .set = blockset_on(sets, file->effective_from)};
    ASSERT(run.set != NULL);
    TRY(split_names(policy, arena, &run.splits, &run.split_count, err));
    TRY(arena_new(arena, bool, run.set->count + 1, &run.used, err));
    TRY(measure_test_own(policy, file, make, &run, &counts[1], err));
    return check_used(&run, &counts[0], err);
}

Status cohort_test(Policy *policy, CohortTestedFn tested, void *ctx, Error *err)
{
    Arena arena;
    BlockSets sets = {0};
    PolicyFiles files = {0};
    Status st = OK;
    arena_init(&arena, 0);
    TRY_OUT(blocksets_read(policy, &arena, &sets, err));
    TRY_OUT(policy_list(policy, "cohorts", &files, err));
    for (size_t i = 0; i < files.len; i++) {
        uint64_t counts[2] = {0, 0};
        if (!slice_eq_z(files.at[i]->schema, "cairn.cohort_blocks/1"))
            continue;
        TRY_OUT(test_file(policy, files.at[i], &sets, &arena, counts, err));
        tested(ctx, files.at[i]->name, counts[0], counts[1]);
    }
out:
    vec_free(&files);
    vec_free(&sets);
    arena_free(&arena);
    return st;
}
