/*
 * Loads grouped by the contract they were accepted under.
 *
 * A load's own copy of its contract is the truth about its columns: the policy
 * may have moved on. Loads with the same text are read by one statement, so that
 * the person map is hashed once for eighty quarters of wages and not eighty times.
 */
#include "facts/facts_parts.h"

static Status read_text(const FactsInput *in, const Load *load, Arena *arena, Slice *out, Error *err)
{
    const char *path;
    Buf text;
    TRY(arena_printf(arena, &path, err, "%s/%.*s/contract.toml", in->loads_dir, SLICE_ARG(load->id)));
    buf_init(&text, 0);
    Status st = file_read(path, 0, &text, err);
    if (st == OK)
        st = arena_dup(arena, buf_slice(&text), out, err);
    buf_free(&text);
    return st;
}

static LoadGroup *find(LoadGroups *groups, Slice source, Slice text)
{
    for (size_t i = groups->len; i-- > 0;)
        if (slice_eq(groups->at[i].source, source) && slice_eq(groups->at[i].text, text))
            return &groups->at[i];
    return NULL;
}

static Status add_load(const FactsInput *in, const Load *load, Arena *arena, LoadGroups *out, Error *err)
{
    Slice text;
    Arena scratch;
    Status st = OK;
    arena_init(&scratch, 0);
    TRY_OUT(read_text(in, load, &scratch, &text, err));
    LoadGroup *group = find(out, load->source, text);
    if (!group) {
        const char *name;
        LoadGroup fresh = {.source = load->source};
        TRY_OUT(arena_dup(arena, text, &fresh.text, err));
        TRY_OUT(arena_printf(arena, &name, err, "loads/%.*s/contract.toml", SLICE_ARG(load->id)));
        TRY_OUT(contract_parse_text(fresh.text, name, arena, &fresh.contract, err));
        TRY_OUT(vec_push(out, fresh, err));
        group = &vec_last(out);
    }
    st = vec_push(&group->loads, load, err);
out:
    arena_free(&scratch);
    return st;
}

Status load_groups_read(const FactsInput *in, Arena *arena, LoadGroups *out, Error *err)
{
    for (size_t i = 0; i < in->load_count; i++)
        TRY(add_load(in, &in->loads[i], arena, out, err));
    return OK;
}

void load_groups_free(LoadGroups *groups)
{
    for (size_t i = 0; i < groups->len; i++)
        vec_free(&groups->at[i].loads);
    vec_free(groups);
}

Status load_group_files(
    const FactsInput *in, const LoadGroup *group, WhichLoads which, Buf *out, size_t *count, Error *err)
{
    Arena arena;
    PathList files = {0};
    Status st = OK;
    arena_init(&arena, 0);
    for (size_t i = 0; i < group->loads.len && st == OK; i++)
        if (which == ALL_LOADS || group->loads.at[i]->superseded_by.len == 0)
            st = load_row_files(in->loads_dir, group->loads.at[i], &arena, &files, err);
    buf_addc(out, '[');
    for (size_t i = 0; i < files.len; i++) {
        buf_adds(out, i > 0 ? ", " : "");
        sql_literal(out, slice_of(files.at[i]));
    }
    buf_addc(out, ']');
    *count = files.len;
    vec_free(&files);
    arena_free(&arena);
    return st == OK ? buf_status(out, err) : st;
}
