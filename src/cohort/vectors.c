/*
 * Test vectors of blocks: a script and small tables in, figures out, run by the measure engine. Each block must stand
 * in a script of its file's vectors: nobody could tell otherwise whether it does what it says. And it must name the
 * derived tables that it reads, which no vector would show.
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

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The SQL has the name as a word of its own. */
static bool mentions(Slice sql, Slice name)
{
    for (size_t at = 0; at < sql.len;) {
        Slice rest = slice_sub(sql, at, sql.len);
        size_t found = slice_find(rest, name), end = found + name.len;
        if (found == rest.len)
            return false;
        bool begins = at + found == 0 || !is_word_byte(sql.ptr[at + found - 1]);
        if (begins && (end == rest.len || !is_word_byte(rest.ptr[end])))
            return true;
        at += end;
    }
    return false;
}

static bool is_needed(const Block *b, Slice table)
{
    for (size_t i = 0; i < b->need_count; i++)
        if (slice_eq(b->needs[i], table))
            return true;
    return false;
}

/* A derived table that a block reads and does not name would stay today's under --as-known-on. `person` is worked out
 * for every question, and is a column's name too. */
static Status check_needs(const Block *b, const TableDefs *tables, Error *err)
{
    for (size_t i = 0; i < b->need_count; i++)
        if (!model_table(tables, b->needs[i]) && !slice_eq_z(b->needs[i], "person_link"))
            return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": block %.*s needs a table %.*s, which no file defines",
                b->file->path, b->line, SLICE_ARG(b->name), SLICE_ARG(b->needs[i]));
    for (size_t i = 0; i < tables->len; i++) {
        Slice name = tables->at[i].name;
        if (tables->at[i].origin == TABLE_DERIVED && !slice_eq_z(name, "person") && !is_needed(b, name) &&
            (mentions(b->sql, name) || mentions(b->years_sql, name)))
            return error_set(err, ERR_INVALID,
                "%s:%" PRIu32 ": block %.*s reads table %.*s and does not name it in needs", b->file->path, b->line,
                SLICE_ARG(b->name), SLICE_ARG(name));
    }
    return OK;
}

static Status check_all_needs(Policy *policy, const BlockSets *sets, Arena *arena, Error *err)
{
    TableDefs tables = {0};
    Status st = model_tables(policy, arena, &tables, err);
    for (size_t i = 0; st == OK && i < sets->len; i++)
        for (size_t k = 0; st == OK && k < sets->at[i].count; k++)
            st = check_needs(sets->at[i].at[k], &tables, err);
    vec_free(&tables);
    return st;
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
    TRY_OUT(check_all_needs(policy, &sets, &arena, err));
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
