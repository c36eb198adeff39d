/*
 * Codes of a script against the policy's reference lists. A code that nobody has is a question nobody asked: it would
 * be answered with nobody, and "not in district 0881" with everybody. A list that does not have all codes there are
 * (schools: high schools only) cannot refuse; then the answer says that the code is not on it. It says no more of a
 * saved script either: what it names was on the list when it was saved, and old years have it still.
 */
#include "cohort/cohort_parts.h"
#include "policy/model.h"

typedef struct Lists {
    Policy *policy;
    Arena *arena;
    bool only_note;
    TableDefs tables;
} Lists;

typedef struct List {
    CsvTable rows;
    size_t column;
    const ParamValue *within; /* NULL: all rows */
    size_t within_column;
} List;

static Status read_rows(const Lists *lists, const Said *said, const Param *p, CsvTable *out, Error *err)
{
    const TableDef *t = model_table(&lists->tables, p->table);
    Slice text;
    const char *path;
    if (!t || t->origin != TABLE_REFERENCE)
        return error_set(err, ERR_INVALID, "%s:%" PRIu32 ": block %.*s: the policy has no reference table %.*s",
            said->block->file->path, said->block->line, SLICE_ARG(said->block->name), SLICE_ARG(p->table));
    TRY(policy_data(lists->policy, t->data.ptr, &text, &path, err));
    return csv_parse(text, path, lists->arena, out, err);
}

static Status open_list(const Lists *lists, const Said *said, const Param *p, List *out, Error *err)
{
    const Param *within = block_param(said->block, p->within);
    *out = (List){0};
    TRY(read_rows(lists, said, p, &out->rows, err));
    TRY(csv_column(&out->rows, p->column.ptr, &out->column, err));
    if (!within)
        return OK;
    out->within = &said->values[within - said->block->params];
    return csv_column(&out->rows, within->column.ptr, &out->within_column, err);
}

static Slice cell(const List *l, size_t row, size_t column)
{
    return l->rows.cells[row * l->rows.columns + column];
}

static bool is_within(const List *l, size_t row)
{
    bool found = l->within == NULL;
    for (size_t i = 0; !found && i < l->within->count; i++)
        found = slice_eq(cell(l, row, l->within_column), l->within->items[i]);
    return found;
}

static bool list_has(const List *l, Slice code, NearNames *near)
{
    for (size_t r = 0; r < l->rows.rows; r++) {
        if (!is_within(l, r))
            continue;
        if (slice_eq(cell(l, r, l->column), code))
            return true;
        near_offer(near, code, cell(l, r, l->column));
    }
    return false;
}

static void add_near(const NearNames *near, Buf *out)
{
    buf_adds(out, near->count > 0 ? "near it are " : "none is like it");
    near_list(near, out);
}

static Status refuse(
    const CohortPlan *plan, const Said *said, const Param *p, Slice code, const NearNames *near, Error *err)
{
    Buf text;
    buf_init(&text, 0);
    add_near(near, &text);
    error_set(err, ERR_INVALID, "no %.*s is %.*s", SLICE_ARG(p->text), SLICE_ARG(code));
    error_hint(err, "The list is the policy's reference table %.*s; %s.", SLICE_ARG(p->table), buf_z(&text));
    buf_free(&text);
    return script_error_at(ERR_INVALID, plan->name, said->line->line, err);
}

static Status note(
    const Lists *lists, const Said *said, const Param *p, Slice code, const NearNames *near, Notes *notes, Error *err)
{
    Buf text;
    Slice kept;
    buf_init(&text, 0);
    buf_addf(&text, "line %" PRIu32 ": %.*s %.*s is not on the policy's list, reference table %.*s; ", said->line->line,
        SLICE_ARG(p->text), SLICE_ARG(code), SLICE_ARG(p->table));
    add_near(near, &text);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = arena_dup(lists->arena, buf_slice(&text), &kept, err);
    buf_free(&text);
    if (st == OK)
        st = vec_push(notes, kept, err);
    return st;
}

static Status check_param(
    const Lists *lists, const CohortPlan *plan, const Said *said, size_t number, Notes *notes, Error *err)
{
    const Param *p = &said->block->params[number];
    const ParamValue *v = &said->values[number];
    List list;
    if (p->table.len == 0)
        return OK;
    TRY(open_list(lists, said, p, &list, err));
    for (size_t i = 0; i < v->count; i++) {
        NearNames near = {0};
        if (list_has(&list, v->items[i], &near))
            continue;
        if (!p->partial && !lists->only_note)
            return refuse(plan, said, p, v->items[i], &near, err);
        TRY(note(lists, said, p, v->items[i], &near, notes, err));
    }
    return OK;
}

Status plan_check_codes(Policy *policy, const CohortPlan *plan, bool only_note, Arena *arena, Notes *notes, Error *err)
{
    Lists lists = {.policy = policy, .arena = arena, .only_note = only_note};
    Status st = OK;
    TRY_OUT(model_tables(policy, arena, &lists.tables, err));
    for (size_t i = 0; i < plan->line_count; i++)
        for (size_t k = 0; k < plan->lines[i].said.block->param_count; k++)
            TRY_OUT(check_param(&lists, plan, &plan->lines[i].said, k, notes, err));
out:
    vec_free(&lists.tables);
    return st;
}
