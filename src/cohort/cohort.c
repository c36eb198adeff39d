/*
 * A script under a policy: read once for each time in which other blocks were in force, since old years keep the old
 * rule. The blocks of today must know the script; others may not, and then the years they hold for stay unanswered.
 */
#include "cohort/cohort_parts.h"

static Status add_split_names(const PolicyFile *file, Arena *arena, Slice **out, size_t *count, Error *err)
{
    const Toml *list;
    TRY(toml_array(file->toml, file->path, "split", &list, err));
    TRY(arena_new(arena, Slice, list ? list->count + 1 : 1, out, err));
    for (const Toml *t = list ? list->first : NULL; t; t = t->next)
        TRY(toml_str(t, file->path, "name", &(*out)[(*count)++], err));
    return OK;
}

Status split_names(Policy *policy, Arena *arena, Slice **out, size_t *count, Error *err)
{
    PolicyFiles files = {0};
    const PolicyFile *file = NULL;
    *count = 0;
    Status st = policy_list(policy, "measures", &files, err);
    for (size_t i = 0; st == OK && i < files.len; i++)
        if (slice_eq_z(files.at[i]->schema, "cairn.splits/1"))
            file = files.at[i];
    if (st == OK && file)
        st = add_split_names(file, arena, out, count, err);
    vec_free(&files);
    return st;
}

static Status digest_meaning(const MeasureOwn *own, char out[SHA256_HEX_SIZE], Error *err)
{
    Buf text;
    buf_init(&text, 0);
    buf_addf(&text, "%d %.*s %.*s %.*s %" PRId64 "\n", (int)own->kind, SLICE_ARG(own->level), SLICE_ARG(own->family),
        SLICE_ARG(own->definition), own->minimum_n);
    buf_add(&text, own->sql);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = sha256_hex(buf_slice(&text), out, err);
    buf_free(&text);
    return st;
}

static Status warn(Cohort *c, const BlockSet *set, const Error *why, Error *err)
{
    char from[11], to[11];
    date_print(set->era.effective_from, from);
    date_print(set->era.effective_to, to);
    return arena_format(&c->arena, &c->warnings[c->warning_count++], err,
        "years from %s to %s stay unanswered: the blocks in force then do not know the script (%s)", from,
        set->era.effective_to == DATE_NONE ? "today and after" : to, why->message);
}

typedef struct Reading {
    Policy *policy;
    Cohort *cohort;
    const char *name;
    bool saved;
    Slice *splits;
    size_t split_count;
    size_t set_count;
} Reading;

/* Codes that no list of the policy has: refused, or notes beside the years that stay unanswered. */
static Status check_codes(const Reading *r, const CohortPlan *plan, Error *err)
{
    Cohort *c = r->cohort;
    Notes notes = {0};
    Slice *all;
    Status st = plan_check_codes(r->policy, plan, r->saved, &c->arena, &notes, err);
    if (st == OK && notes.len > 0)
        st = arena_new(&c->arena, Slice, c->warning_count + notes.len + r->set_count, &all, err);
    if (st == OK && notes.len > 0) {
        if (c->warning_count > 0)
            memcpy(all, c->warnings, c->warning_count * sizeof *all);
        memcpy(all + c->warning_count, notes.at, notes.len * sizeof *all);
        c->warnings = all;
        c->warning_count += notes.len;
    }
    vec_free(&notes);
    return st;
}

static Status read_under(const Reading *r, const BlockSet *set, bool must, Error *err)
{
    Cohort *c = r->cohort;
    CohortPlan *plan;
    MeasureOwn figures, funnel;
    Error why = ERROR_INIT;
    TRY(arena_new(&c->arena, CohortPlan, 1, &plan, err));
    Status st = script_read(set, r->splits, r->split_count, c->text, r->name, &c->arena, plan, &why);
    if (st == OK)
        st = plan_compile(plan, &c->arena, &figures, &funnel, &why);
    if (st != OK && (must || st == ERR_NOMEM)) {
        if (err)
            *err = why;
        return st;
    }
    if (st != OK)
        return warn(c, set, &why, err);
    c->figures[c->version_count] = figures;
    c->funnel[c->version_count++] = funnel;
    if (!must)
        return OK;
    c->plan = plan;
    c->title = plan->title;
    c->note = plan->note;
    c->level = plan->level;
    c->by = plan->by;
    c->by_count = plan->by_count;
    memcpy(c->blocks_sha256, set->sha256, sizeof c->blocks_sha256);
    TRY(check_codes(r, plan, err));
    return digest_meaning(&figures, c->meaning_sha256, err);
}

static Status read_all(Policy *policy, Cohort *c, const char *name, Date today, bool saved, Error *err)
{
    BlockSets sets = {0};
    Reading r = {.policy = policy, .cohort = c, .name = name, .saved = saved};
    Status st = OK;
    TRY_OUT(blocksets_read(policy, &c->arena, &sets, err));
    r.set_count = sets.len;
    TRY_OUT(split_names(policy, &c->arena, &r.splits, &r.split_count, err));
    TRY_OUT(arena_new(&c->arena, MeasureOwn, sets.len, &c->figures, err));
    TRY_OUT(arena_new(&c->arena, MeasureOwn, sets.len, &c->funnel, err));
    TRY_OUT(arena_new(&c->arena, Slice, sets.len, &c->warnings, err));
    const BlockSet *now = blockset_on(&sets, today);
    if (!now) {
        st = error_set(err, ERR_NOT_FOUND, "no blocks of the policy are in force today");
        goto out;
    }
    for (size_t i = 0; i < sets.len; i++) {
        BlockSet *kept;
        TRY_OUT(arena_new(&c->arena, BlockSet, 1, &kept, err));
        *kept = sets.at[i];
        TRY_OUT(read_under(&r, kept, &sets.at[i] == now, err));
    }
out:
    vec_free(&sets);
    return st;
}

Status cohort_read(Policy *policy, Slice text, const char *name, Date today, bool saved, Cohort **out, Error *err)
{
    Cohort *c;
    Slice kept_name;
    Status st = OK;
    *out = NULL;
    TRY(mem_zalloc(1, sizeof *c, (void **)&c, err));
    arena_init(&c->arena, 0);
    TRY_OUT(arena_dup(&c->arena, slice_of(name), &kept_name, err));
    TRY_OUT(arena_dup(&c->arena, text, &c->text, err));
    TRY_OUT(sha256_hex(text, c->script_sha256, err));
    TRY_OUT(read_all(policy, c, kept_name.ptr, today, saved, err));
    *out = c;
    return OK;
out:
    cohort_free(c);
    return st;
}

void cohort_free(Cohort *c)
{
    if (!c)
        return;
    arena_free(&c->arena);
    mem_free(c);
}
