/* Whether a new release tells single askers more than they may know: answers_gate.h. */
#include "cli/answers_gate.h"

#include "cli/told.h"

#include <stdio.h>

/* Of each asker: some twenty attacks of as many patterns as one may have (OVERLAP_MAX_PATTERNS), up to an hour. Nobody
 * knows beforehand how many pairs of measures, splits and people a large home has beside an answer. */
#define MOST_WORK (20 * (uint64_t)OVERLAP_MAX_PATTERNS * TOLD_PATTERN_WORK)

typedef struct Gate {
    AnswersGate *out;
    ProtectAsking asking;
    OverlapLeast least;
    ToldSources releases; /* in force, and the one that is coming */
} Gate;

static bool has_coming(const ToldSources *releases)
{
    for (size_t i = 0; i < releases->len; i++)
        for (size_t f = 0; f < releases->at[i].count; f++)
            if (releases->at[i].figures[f].is_coming)
                return true;
    return false;
}

static void name_users(const AskerGroup *group, Buf *out)
{
    for (size_t i = 0; i < group->users.len; i++)
        buf_addf(out, "%s%s", i ? " and " : "", group->users.at[i]);
}

static Status note(const Gate *g, Slice users, Slice words, Error *err)
{
    Buf body;
    Json j;
    buf_init(&body, 1 << 16);
    json_begin(&j, &body, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "found", words);
    json_end(&j);
    Status st = buf_status(&body, err);
    if (st == OK)
        st = ledger_append(g->out->ledger, "release.beside_answers", users, buf_slice(&body), err);
    buf_free(&body);
    return st;
}

/* CLASH_UNDECIDED: more effort may decide it; no effort helps with the others. */
typedef enum ClashKind { CLASH_SHOWN, CLASH_UNDECIDED } ClashKind;

static Status refuse(Slice words, ClashKind kind, Error *err)
{
    error_set(err, ERR_DENIED, "%.*s", SLICE_ARG(words));
    error_hint(err,
        "%sKeep one of the measures inside (take it out of its [[family]] of the release policy), or let the policy "
        "say answers = \"report\": then the release leaves, and the ledger keeps whom it tells.",
        kind == CLASH_UNDECIDED ? "Say --effort with a larger number to look longer, where \"steps\" of a run with "
                                  "--verbose reached the limit. "
                                : "");
    return ERR_DENIED;
}

/* Words for a clash; it stops the release, or is noted. */
static Status clash(Gate *g, const AskerGroup *group, ClashKind kind, const char *how, const char *what, Error *err)
{
    Buf users, words;
    buf_init(&users, 1 << 16);
    buf_init(&words, 1 << 16);
    name_users(group, &users);
    buf_addf(&words, "%.*s %s%s", SLICE_ARG(buf_slice(&users)), how, what);
    Status st = buf_status(&words, err);
    if (st == OK && g->asking.answers == PROTECT_ANSWERS_REFUSE)
        st = refuse(buf_slice(&words), kind, err);
    else if (st == OK)
        st = note(g, buf_slice(&users), buf_slice(&words), err);
    if (st == OK)
        log_line(g->out->log, LOG_WARN, "event=release.%s asker=%.*s",
            kind == CLASH_UNDECIDED ? "undecided" : "told_more", SLICE_ARG(buf_slice(&users)));
    g->out->undecided += st == OK && kind == CLASH_UNDECIDED;
    if (st == OK && g->out->clashes++ == 0)
        snprintf(g->out->first, sizeof g->out->first, "%.*s", SLICE_ARG(buf_slice(&words)));
    buf_free(&users);
    buf_free(&words);
    return st;
}

/* Of an answer from before it was kept whom answers count, nothing can be attacked. */
static Status check_kept(
    Gate *g, const AskerGroup *group, const ToldSources *sources, Arena *arena, bool *kept, Error *err)
{
    *kept = true;
    for (size_t u = 0; u < group->users.len && *kept; u++) {
        PathList people = {0};
        Status st = asker_people(g->out->ledger, group->users.at[u], arena, &people, err);
        for (size_t i = 0; i < people.len && st == OK && *kept; i++) {
            *kept = false;
            for (size_t k = 0; k < sources->len && !*kept; k++)
                *kept = slice_eq_z(sources->at[k].people, people.at[i]) &&
                        slice_eq_z(sources->at[k].asker, group->users.at[u]);
            if (!*kept)
                st = clash(g, group, CLASH_SHOWN,
                    "was told before it was kept whom answers count: what the release adds cannot be "
                    "known, of ",
                    people.at[i], err);
        }
        vec_free(&people);
        TRY(st);
    }
    return OK;
}

static Status attack(Gate *g, const AskerGroup *group, const ToldSources *all, Error *err)
{
    ToldReport r;
    Error why = ERROR_INIT;
    const uint64_t effort = g->out->effort ? g->out->effort : 1;
    const ToldCheck check = {.sources = all,
        .least = g->least,
        .threads = g->out->threads,
        .most_work = effort * MOST_WORK,
        .most_steps = effort * TOLD_BESIDE_STEPS};
    Status st = told_check(&check, TOLD_BESIDE, &r, &why);
    log_line(g->out->log, LOG_INFO,
        "event=release.beside_answers asker=%s patterns=%" PRIu64 " systems=%" PRIu64 " by_room=%" PRIu64
        " work=%" PRIu64 " steps=%" PRIu64,
        group->users.at[0], r.patterns, r.systems, r.by_room, r.work, r.steps);
    if (r.apart) {
        g->out->in_pairs++;
        log_line(g->out->log, LOG_WARN, "event=release.beside_answers_in_pairs asker=%s", group->users.at[0]);
    }
    if (st == ERR_DENIED && r.is_small)
        st = clash(g, group, CLASH_SHOWN,
            "would learn of a group of too few people from this release beside what was answered: ", r.named, err);
    else if (r.undecided)
        st = clash(g, group, CLASH_UNDECIDED,
            "could not be shown, within the effort, to learn of no group of too few people from this release beside "
            "what was answered: ",
            r.named, err);
    else if (st == ERR_LIMIT)
        st = clash(g, group, CLASH_UNDECIDED,
            "was told so much that within the effort it cannot be attacked together with this release: ", r.with, err);
    else if (st != OK && err)
        *err = why;
    mem_free(r.hide);
    return st;
}

/* All sources as one list; releases are borrowed. */
static Status attack_all(Gate *g, const AskerGroup *group, const ToldSources *answers, Error *err)
{
    ToldSources all = {0};
    Status st = OK;
    for (size_t i = 0; i < answers->len && st == OK; i++)
        st = vec_push(&all, answers->at[i], err);
    for (size_t i = 0; i < g->releases.len && st == OK; i++)
        st = vec_push(&all, g->releases.at[i], err);
    if (st == OK)
        st = attack(g, group, &all, err);
    vec_free(&all);
    return st;
}

static Status check_group(Gate *g, const AskerGroup *group, Arena *arena, Error *err)
{
    ToldSources answers = {0};
    bool kept = true;
    Status st = OK;
    for (size_t u = 0; u < group->users.len && st == OK; u++)
        st = told_answers(g->out->ctx->home, g->out->ledger, group->users.at[u], &answers, err);
    if (st == OK)
        st = check_kept(g, group, &answers, arena, &kept, err);
    if (st == OK && kept && answers.len > 0)
        st = attack_all(g, group, &answers, err);
    told_sources_free(&answers);
    g->out->askers++;
    return st == OK ? cancel_check(err) : st;
}

static Status check_groups(Gate *g, const AskerGroups *groups, const ReleaseComing *coming, Arena *arena, Error *err)
{
    ProtectLeast least;
    if (groups->len == 0)
        return OK;
    TRY(protect_least(g->out->ctx->policy, clock_today(), &least, err));
    g->least = (OverlapLeast){.n = least.n, .numerator = least.numerator, .complement = least.complement};
    TRY(told_releases(g->out->ctx, g->out->ledger, coming, &g->releases, err));
    for (size_t i = 0; i < groups->len && has_coming(&g->releases); i++)
        TRY(check_group(g, &groups->at[i], arena, err));
    return OK;
}

Status answers_gate_check(void *ctx, const ReleaseComing *coming, Error *err)
{
    Gate g = {.out = ctx};
    AskerGroups groups = {0};
    Arena arena;
    arena_init(&arena, 0);
    Status st = protect_asking(g.out->ctx->policy, clock_today(), &g.asking, err);
    if (st == OK)
        st = asker_groups(g.out->ledger, g.asking.askers, &arena, &groups, err);
    if (st == OK)
        st = check_groups(&g, &groups, coming, &arena, err);
    told_sources_free(&g.releases);
    asker_groups_free(&groups);
    arena_free(&arena);
    return st;
}
