/*
 * cohort: questions put together from the policy's blocks in a script. What a script says can be read by anybody who
 * has the policy; figures and persons are asked for as measure's are: a role, a purpose and an agreement, an entry of
 * the ledger before anything is shown, files of mode 0600.
 */
#include "cli/answer.h"
#include "cli/cells_out.h"
#include "cohort/cohort.h"

#include <stdio.h>

static const Option COHORT_OPTIONS[] = {
    {"name", 'n', "NAME", "save: under which name"},
    {"policy", 0, "DIR",
        "check, explain, blocks, test: the state's policy folder (default: the home's, then CAIRN_POLICY, then the "
        "installed Colorado)"},
    CELLS_OPTIONS,
    {"answer-to", 0, "USER",
        "run: protect the figures for this asker, who is outside: suppressed, audited together with all releases in "
        "force and all he was told of the same people; comes as CSV, or JSON with --json"},
};

/* --- the script -------------------------------------------------------------------------------------------------- */

typedef struct Script {
    Slice text, label; /* NAME@VERSION, or the file's name */
    bool is_saved;
    CohortSaved saved;
} Script;

/* Names of saved scripts have no dot and no slash. */
static bool is_file(const char *word)
{
    return strpbrk(word, "./") != NULL;
}

static Status read_file(Cli *cli, const char *path, Script *out, Error *err)
{
    Buf text;
    *out = (Script){.label = slice_of(path_base(path))};
    buf_init(&text, 0);
    Status st = file_read(path, COHORT_SCRIPT_BYTES, &text, err);
    if (st == OK)
        st = arena_dup(&cli->arena, buf_slice(&text), &out->text, err);
    buf_free(&text);
    return st;
}

static Status read_script(Cli *cli, const Workplace *w, const char *word, Script *out, Error *err)
{
    if (is_file(word))
        return read_file(cli, word, out, err);
    *out = (Script){.is_saved = true};
    Status st = cohort_saved_find(w->ledger, &cli->arena, slice_of(word), &out->saved, err);
    if (st != OK) {
        error_hint(err, "A script in a file is named with a dot or a slash: ./%s", word);
        return st;
    }
    out->text = out->saved.text;
    return arena_format(&cli->arena, &out->label, err, "%.*s@%" PRId64, SLICE_ARG(out->saved.name), out->saved.version);
}

static const char *script_name(const Script *s)
{
    return s->label.ptr;
}

/* The blocks have changed since the script was saved: and has what it comes to? Empty: nothing to say. */
static Slice changed_words(const Script *s, const Cohort *c)
{
    if (!s->is_saved || slice_eq_z(s->saved.blocks_sha256, c->blocks_sha256))
        return (Slice){0};
    return slice_eq_z(s->saved.meaning_sha256, c->meaning_sha256)
               ? SLICE("the policy's blocks changed since the script was saved; what it comes to did not")
               : SLICE("the policy's blocks changed since the script was saved, and what it comes to with them");
}

/* --- what needs no home ------------------------------------------------------------------------------------------ */

/* A policy, and a home where one is named: a saved script is the home's. */
static Status reader_open(Cli *cli, bool needs_home, Workplace *out, Error *err)
{
    if (needs_home && cli_flag(cli, "policy"))
        return error_set(err, ERR_USAGE, "a saved script is the home's, and the home has a policy: without --policy");
    return needs_home ? workplace_open(cli, HOME_READ, out, err) : workplace_policy(cli, out, err);
}

static Status run_blocks(Cli *cli, Error *err)
{
    Workplace r;
    Json j;
    Slice name = slice_of(cli->positional_count > 1 ? cli->positional[1] : NULL);
    TRY(reader_open(cli, false, &r, err));
    Status st;
    if (cli->format == CLI_JSON) {
        cli_json(cli, &j);
        st = cohort_blocks_json(r.policy, clock_today(), name, &j, err);
        cli_json_end(cli, &j);
        if (st != OK)
            buf_reset(&cli->out);
    } else {
        st = cohort_blocks_text(r.policy, clock_today(), name, &cli->out, err);
    }
    workplace_close(&r);
    return st;
}

typedef struct Tested {
    Cli *cli;
    uint64_t files, blocks, vectors;
} Tested;

static void tell_tested(void *ctx, Slice name, uint64_t blocks, uint64_t vectors)
{
    Tested *t = ctx;
    if (t->cli->format == CLI_TEXT)
        cli_say(t->cli, "ok  %-20.*s %" PRIu64 " blocks, %" PRIu64 " vectors\n", SLICE_ARG(name), blocks, vectors);
    t->files++;
    t->blocks += blocks;
    t->vectors += vectors;
}

static Status run_test(Cli *cli, Error *err)
{
    Workplace r;
    Tested t = {.cli = cli};
    TRY(reader_open(cli, false, &r, err));
    Status st = cohort_test(r.policy, tell_tested, &t, err);
    if (st == OK && cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "files", (int64_t)t.files);
        json_kint(&j, "blocks", (int64_t)t.blocks);
        json_kint(&j, "vectors", (int64_t)t.vectors);
        cli_json_end(cli, &j);
    }
    workplace_close(&r);
    return st;
}

static void say_checked(Cli *cli, const Script *s, const Cohort *c)
{
    Slice changed = changed_words(s, c);
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kstr(&j, "cohort", s->label);
        json_kstr(&j, "title", c->title);
        json_kstr(&j, "script_sha256", slice_of(c->script_sha256));
        json_kstr(&j, "blocks_sha256", slice_of(c->blocks_sha256));
        json_key(&j, "notes");
        json_open_array(&j);
        for (size_t i = 0; i < c->warning_count; i++)
            json_str(&j, c->warnings[i]);
        if (changed.len > 0)
            json_str(&j, changed);
        json_end(&j);
        cli_json_end(cli, &j);
        return;
    }
    cli_say(cli, "ok  %.*s: %.*s\n", SLICE_ARG(s->label), SLICE_ARG(c->title));
    for (size_t i = 0; i < c->warning_count; i++)
        cli_say(cli, "note: %.*s\n", SLICE_ARG(c->warnings[i]));
    if (changed.len > 0)
        cli_say(cli, "note: %.*s\n", SLICE_ARG(changed));
}

static Status run_check(Cli *cli, Error *err)
{
    Workplace r;
    Script s;
    Cohort *c = NULL;
    TRY(reader_open(cli, !is_file(cli->positional[1]), &r, err));
    Status st = read_script(cli, &r, cli->positional[1], &s, err);
    if (st == OK)
        st = cohort_read(r.policy, s.text, script_name(&s), clock_today(), s.is_saved, &c, err);
    if (st == OK)
        say_checked(cli, &s, c);
    cohort_free(c);
    workplace_close(&r);
    return st;
}

/* --- what an answer says of itself ------------------------------------------------------------------------------- */

typedef struct Origin { /* of figures */
    uint32_t generation;
    char policy_sha256[SHA256_HEX_SIZE];
    Slice changed;
} Origin;

static Status origin_of(const Workplace *w, const Script *s, const Cohort *c, Origin *out, Error *err)
{
    *out = (Origin){.changed = changed_words(s, c)};
    TRY(warehouse_current(w->home, &out->generation, err));
    return policy_fingerprint(w->policy, out->policy_sha256, err);
}

static void head_text(const Script *s, const Cohort *c, const Origin *o, Buf *out)
{
    buf_addf(out, "%.*s: %.*s\nscript sha256 %s", SLICE_ARG(s->label), SLICE_ARG(c->title), c->script_sha256);
    if (s->is_saved)
        buf_addf(out, ", saved by %.*s", SLICE_ARG(s->saved.user));
    buf_addf(out, "\ngeneration %" PRIu32 ", policy sha256 %s\n", o->generation, o->policy_sha256);
    for (size_t i = 0; i < c->warning_count; i++)
        buf_addf(out, "note: %.*s\n", SLICE_ARG(c->warnings[i]));
    if (o->changed.len > 0)
        buf_addf(out, "note: %.*s\n", SLICE_ARG(o->changed));
}

/* The members of an object, without its braces. */
static void head_json(const Script *s, const Cohort *c, const Origin *o, Buf *out)
{
    Json j;
    json_begin(&j, out, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "note", slice_of(cells_banner));
    json_kstr(&j, "cohort", s->label);
    json_kstr(&j, "title", c->title);
    json_kstr(&j, "script", c->text);
    json_kstr(&j, "script_sha256", slice_of(c->script_sha256));
    json_kstr(&j, "blocks_sha256", slice_of(c->blocks_sha256));
    json_kstr(&j, "policy_sha256", slice_of(o->policy_sha256));
    json_kint(&j, "generation", o->generation);
    json_kbool(&j, "saved", s->is_saved);
    json_key(&j, "notes");
    json_open_array(&j);
    for (size_t i = 0; i < c->warning_count; i++)
        json_str(&j, c->warnings[i]);
    if (o->changed.len > 0)
        json_str(&j, o->changed);
    json_end(&j);
    json_end(&j);
}

/* What a CSV or Parquet file can say in a column: script, generation and policy behind each figure. */
static Status figures_name(Cli *cli, const Script *s, const Cohort *c, const Origin *o, Slice *out, Error *err)
{
    return arena_format(&cli->arena, out, err, "%.*s script:%.16s generation:%" PRIu32 " policy:%.16s",
        SLICE_ARG(s->label), c->script_sha256, o->generation, o->policy_sha256);
}

/* --- run --------------------------------------------------------------------------------------------------------- */

static Status ask_options(const Cli *cli, CohortAsk *out, Error *err)
{
    MeasureQuery q = MEASURE_QUERY_INIT;
    TRY(cells_query_options(cli, &q, err));
    *out = (CohortAsk){.year_from = q.year_from, .year_to = q.year_to, .pool = q.pool, .as_known_on = q.as_known_on};
    return OK;
}

typedef struct Run {
    Workplace place;
    MeasureContext ctx;
    Script script;
    Cohort *cohort;
    CohortAsk ask;
    Origin origin;
} Run;

static void run_close(Run *r)
{
    cohort_free(r->cohort);
    workplace_close(&r->place);
}

/* A saved script is named in the ledger by name and version, which has its text; of a file the ledger keeps the text,
 * for the file may be gone when somebody asks what was asked. */
static Status allow(Cli *cli, const Run *r, const char *act, Error *err)
{
    Slice subject = r->script.label, text = r->script.is_saved ? (Slice){0} : r->script.text;
    if (!r->script.is_saved)
        TRY(arena_format(&cli->arena, &subject, err, "sha256:%s", r->cohort->script_sha256));
    return inside_allow_script(cli, &r->place, act, "cohort.asked", subject, text, err);
}

static Status run_open(Cli *cli, const char *act, Run *out, Error *err)
{
    Status st;
    *out = (Run){0};
    TRY(ask_options(cli, &out->ask, err));
    TRY(workplace_open(cli, cli_flag(cli, "answer-to") ? HOME_WRITE : HOME_READ, &out->place, err));
    out->ctx = (MeasureContext){
        .home = out->place.home, .policy = out->place.policy, .log = &cli->log, .progress = cli->progress};
    TRY_OUT(read_script(cli, &out->place, cli->positional[1], &out->script, err));
    TRY_OUT(cohort_read(out->place.policy, out->script.text, script_name(&out->script), clock_today(),
        out->script.is_saved, &out->cohort, err));
    TRY_OUT(allow(cli, out, act, err));
    TRY_OUT(origin_of(&out->place, &out->script, out->cohort, &out->origin, err));
    TRY_OUT(figures_name(cli, &out->script, out->cohort, &out->origin, &out->ask.name, err));
    return OK;
out:
    run_close(out);
    return st;
}

/* A table and JSON carry their notes; beside the others they go to standard error. */
static void log_notes(const Cli *cli, const Run *r, const CellsOut *out)
{
    if (!out->chart_only && (out->format == CELLS_TABLE || out->format == CELLS_JSON))
        return;
    for (size_t i = 0; i < r->cohort->warning_count; i++)
        log_line(&cli->log, LOG_WARN, "event=cohort script=%.*s note=\"%.*s\"", SLICE_ARG(r->script.label),
            SLICE_ARG(r->cohort->warnings[i]));
    if (r->origin.changed.len > 0)
        log_line(&cli->log, LOG_WARN, "event=cohort script=%.*s note=\"%.*s\"", SLICE_ARG(r->script.label),
            SLICE_ARG(r->origin.changed));
}

static Status show_figures(Cli *cli, const Run *r, const CellsOut *out, const CellSet *cells, Error *err)
{
    Buf text, json;
    log_notes(cli, r, out);
    buf_init(&text, 0);
    buf_init(&json, 0);
    head_text(&r->script, r->cohort, &r->origin, &text);
    head_json(&r->script, r->cohort, &r->origin, &json);
    Status st = buf_status(&text, err);
    if (st == OK)
        st = buf_status(&json, err);
    if (st == OK) {
        Slice members = buf_slice(&json);
        const CellsHead head = {.policy = r->place.policy,
            .title = r->cohort->title,
            .text = buf_slice(&text),
            .json = slice_sub(members, 1, members.len - 1)};
        st = cells_show(cli, cells, out, &head, err);
    }
    buf_free(&text);
    buf_free(&json);
    return st;
}

static Status run_figures(Cli *cli, Error *err)
{
    Run r;
    CellsOut out;
    CellSet cells;
    uint32_t generation;
    TRY(cells_out(cli, &out, err));
    TRY(run_open(cli, "cells", &r, err));
    Status st = cohort_figures(&r.ctx, r.cohort, &r.ask, &cells, &generation, err);
    if (st == OK) {
        st = show_figures(cli, &r, &out, &cells, err);
        cells_free(&cells);
    }
    run_close(&r);
    return st;
}

static Status run_persons(Cli *cli, Error *err)
{
    static const char *const unread[] = {"pool", "chart", NULL};
    Run r;
    TRY(cells_persons_format(cli, err));
    TRY(cells_refuse_options(cli, "--who", unread, err));
    TRY(run_open(cli, "persons", &r, err));
    const MeasureQuery q = cohort_query(r.cohort, &r.ask);
    Status st = cells_ask_persons(cli, &r.ctx, &q, err);
    run_close(&r);
    return st;
}

/* --- an answer that leaves --------------------------------------------------------------------------------------- */

/* Whom a cohort counts is what its script comes to: another name or other words for the same make it no other. */
static Status cohort_people(Cli *cli, const Cohort *c, Slice *out, Error *err)
{
    return arena_format(&cli->arena, out, err, "cohort-%.16s", c->meaning_sha256);
}

static Status give_answer(Cli *cli, const Run *r, const CellSet *cells, Error *err)
{
    Answer answer = {0};
    MeasureQuery q = cohort_query(r->cohort, &r->ask);
    q.each = r->cohort->by;
    q.each_count = r->cohort->by_count;
    AnswerAsk ask = {.user = cli_value(cli, "answer-to"),
        .cells = cells->cells,
        .count = cells->count,
        .ctx = &r->ctx,
        .query = &q,
        .threads = home_settings(r->place.home)->threads};
    TRY(cohort_people(cli, r->cohort, &ask.people, err));
    TRY(inside_agreement(cli, &r->place, "cells", &ask.agreement, err));
    Status st = answer_give(cli, &r->place, &ask, &answer, err);
    if (st == OK)
        st = answer_tell(
            cli, &answer, &(AnswerHead){.key = "cohort", .name = r->script.label, .title = r->cohort->title}, err);
    answer_free(&answer);
    return st;
}

static Status run_answer(Cli *cli, Error *err)
{
    static const char *const unread[] = {"pool", "as-known-on", "who", "format", "chart", NULL};
    Run r;
    CellSet cells;
    uint32_t generation;
    TRY(cells_refuse_options(cli, "--answer-to", unread, err));
    TRY(run_open(cli, "cells", &r, err));
    Status st = cohort_figures(&r.ctx, r.cohort, &r.ask, &cells, &generation, err);
    if (st == OK) {
        st = give_answer(cli, &r, &cells, err);
        cells_free(&cells);
    }
    run_close(&r);
    return st;
}

static Status run_run(Cli *cli, Error *err)
{
    if (cli_flag(cli, "answer-to"))
        return run_answer(cli, err);
    return cli_flag(cli, "who") ? run_persons(cli, err) : run_figures(cli, err);
}

/* --- explain ----------------------------------------------------------------------------------------------------- */

static Status say_explained(Cli *cli, const Script *s, const Cohort *c, const CohortFunnel *funnel, Error *err)
{
    Buf text;
    Json j;
    Slice changed = changed_words(s, c);
    buf_init(&text, 0);
    if (funnel && cli->format == CLI_TEXT) {
        buf_addf(&text, "%s\nremain after each line, a person once a year of the cohort (generation %" PRIu32 "):\n",
            cells_banner, funnel->generation);
        cohort_funnel_text(funnel, &text);
        buf_addc(&text, '\n');
    }
    if (changed.len > 0)
        buf_addf(&text, "note: %.*s\n\n", SLICE_ARG(changed));
    Status st = cohort_explain(c, &text, err);
    if (st == OK && cli->format == CLI_JSON) {
        cli_json(cli, &j);
        json_kstr(&j, "cohort", s->label);
        json_kstr(&j, "text", buf_slice(&text));
        if (funnel) {
            json_kstr(&j, "note", slice_of(cells_banner));
            cohort_funnel_json(funnel, &j);
        }
        cli_json_end(cli, &j);
    } else if (st == OK) {
        buf_add(&cli->out, buf_slice(&text));
    }
    buf_free(&text);
    return st;
}

/* With a purpose and an agreement also how many remain after each line: these are figures. */
static Status explain_inside(Cli *cli, Error *err)
{
    Run r;
    CohortFunnel funnel;
    if (cli_flag(cli, "policy"))
        return error_set(err, ERR_USAGE, "figures are the home's, and the home has a policy: without --policy");
    TRY(run_open(cli, "cells", &r, err));
    Status st = cohort_funnel(&r.ctx, r.cohort, &r.ask, &funnel, err);
    if (st == OK)
        st = say_explained(cli, &r.script, r.cohort, &funnel, err);
    cohort_funnel_free(&funnel);
    run_close(&r);
    return st;
}

static Status explain_outside(Cli *cli, Error *err)
{
    static const char *const figures[] = {"years", "as-known-on", "role", NULL};
    Workplace r;
    Script s;
    Cohort *c = NULL;
    TRY(cells_refuse_options(cli, "explain without --purpose and --agreement", figures, err));
    TRY(reader_open(cli, !is_file(cli->positional[1]), &r, err));
    Status st = read_script(cli, &r, cli->positional[1], &s, err);
    if (st == OK)
        st = cohort_read(r.policy, s.text, script_name(&s), clock_today(), s.is_saved, &c, err);
    if (st == OK)
        st = say_explained(cli, &s, c, NULL, err);
    cohort_free(c);
    workplace_close(&r);
    return st;
}

static Status run_explain(Cli *cli, Error *err)
{
    bool inside = cli_flag(cli, "purpose") || cli_flag(cli, "agreement");
    return inside ? explain_inside(cli, err) : explain_outside(cli, err);
}

/* --- saved scripts ----------------------------------------------------------------------------------------------- */

static Status save_script(Cli *cli, const Workplace *w, const Script *s, const Cohort *c, Error *err)
{
    InsideRequest request;
    InsideGrant grant;
    char policy[SHA256_HEX_SIZE];
    bool same;
    TRY(inside_grant(cli, w, "cells", &request, &grant, err));
    TRY(policy_fingerprint(w->policy, policy, err));
    CohortSaved save = {.name = slice_of(cli_value(cli, "name")),
        .text = s->text,
        .title = c->title,
        .script_sha256 = slice_of(c->script_sha256),
        .blocks_sha256 = slice_of(c->blocks_sha256),
        .meaning_sha256 = slice_of(c->meaning_sha256),
        .policy_sha256 = slice_of(policy),
        .user = request.user,
        .role = grant.role,
        .purpose = request.purpose,
        .agreement = grant.agreement};
    TRY(cohort_save(w->ledger, &save, &same, err));
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kstr(&j, "name", save.name);
        json_kint(&j, "version", save.version);
        json_kstr(&j, "script_sha256", save.script_sha256);
        json_kbool(&j, "written", !same);
        cli_json_end(cli, &j);
    } else {
        cli_say(cli,
            same ? "%.*s@%" PRId64 " has this text already; nothing was written\n" : "saved %.*s@%" PRId64 "\n",
            SLICE_ARG(save.name), save.version);
    }
    return OK;
}

static Status run_save(Cli *cli, Error *err)
{
    Workplace w;
    Script s;
    Cohort *c = NULL;
    if (!cli_flag(cli, "name"))
        return error_set(err, ERR_USAGE, "cohort save needs --name NAME");
    TRY(cohort_name_check(slice_of(cli_value(cli, "name")), err));
    TRY(workplace_open(cli, HOME_WRITE, &w, err));
    Status st = read_script(cli, &w, cli->positional[1], &s, err);
    if (st == OK)
        st = cohort_read(w.policy, s.text, script_name(&s), clock_today(), false, &c, err);
    if (st == OK)
        st = save_script(cli, &w, &s, c, err);
    cohort_free(c);
    workplace_close(&w);
    return st;
}

static Status saved_day(Cli *cli, const CohortSaved *s, Slice *out, Error *err)
{
    char day[11];
    date_print((Date)(s->at / 86400), day);
    return arena_dup(&cli->arena, slice_of(day), out, err);
}

static Status saved_json(Cli *cli, const CohortSaved *s, Json *j, Error *err)
{
    Slice day;
    TRY(saved_day(cli, s, &day, err));
    json_kstr(j, "name", s->name);
    json_kint(j, "version", s->version);
    json_kstr(j, "title", s->title);
    json_kstr(j, "saved", day);
    json_kstr(j, "user", s->user);
    json_kstr(j, "purpose", s->purpose);
    json_kstr(j, "agreement", s->agreement);
    json_kstr(j, "script_sha256", s->script_sha256);
    json_kstr(j, "blocks_sha256", s->blocks_sha256);
    json_kstr(j, "policy_sha256", s->policy_sha256);
    return OK;
}

static Status list_saves(Cli *cli, const CohortSaves *list, Error *err)
{
    Json j;
    if (cli->format == CLI_JSON) {
        cli_json(cli, &j);
        json_key(&j, "cohorts");
        json_open_array(&j);
    }
    for (size_t i = 0; i < list->len; i++) {
        const CohortSaved *s = &list->at[i];
        Slice day;
        TRY(saved_day(cli, s, &day, err));
        if (cli->format == CLI_JSON) {
            json_open_object(&j);
            TRY(saved_json(cli, s, &j, err));
            json_end(&j);
        } else {
            cli_say(cli, "%.*s@%" PRId64 "  %.*s  %.*s  %.16s  %.*s\n", SLICE_ARG(s->name), s->version, SLICE_ARG(day),
                SLICE_ARG(s->user), s->script_sha256.ptr, SLICE_ARG(s->title));
        }
    }
    if (cli->format == CLI_JSON) {
        json_end(&j);
        cli_json_end(cli, &j);
    }
    return OK;
}

static Status run_list(Cli *cli, Error *err)
{
    Workplace w;
    CohortSaves list = {0};
    TRY(workplace_open(cli, HOME_READ, &w, err));
    Status st = cohort_saves(w.ledger, &cli->arena, &list, err);
    if (st == OK)
        st = list_saves(cli, &list, err);
    vec_free(&list);
    workplace_close(&w);
    return st;
}

static Status run_show(Cli *cli, Error *err)
{
    Workplace w;
    CohortSaved s;
    Json j;
    TRY(workplace_open(cli, HOME_READ, &w, err));
    Status st = cohort_saved_find(w.ledger, &cli->arena, slice_of(cli->positional[1]), &s, err);
    if (st == OK && cli->format == CLI_JSON) {
        cli_json(cli, &j);
        st = saved_json(cli, &s, &j, err);
        json_kstr(&j, "script", s.text);
        cli_json_end(cli, &j);
    } else if (st == OK) {
        buf_add(&cli->out, s.text);
    }
    workplace_close(&w);
    return st;
}

static Status say_diff(Cli *cli, const Script *a, const Script *b, Error *err)
{
    Buf text;
    Json j;
    buf_init(&text, 0);
    Status st = cohort_diff(a->text, b->text, &text, err);
    bool blocks = a->is_saved && b->is_saved && !slice_eq(a->saved.blocks_sha256, b->saved.blocks_sha256);
    if (st == OK && cli->format == CLI_JSON) {
        cli_json(cli, &j);
        json_kstr(&j, "a", a->label);
        json_kstr(&j, "b", b->label);
        json_kbool(&j, "same", slice_eq(a->text, b->text));
        json_kbool(&j, "blocks_changed", blocks);
        json_kstr(&j, "diff", buf_slice(&text));
        cli_json_end(cli, &j);
    } else if (st == OK) {
        cli_say(cli, "- %.*s\n+ %.*s\n", SLICE_ARG(a->label), SLICE_ARG(b->label));
        if (blocks)
            cli_say(cli, "note: the policy's blocks changed between the two\n");
        buf_add(&cli->out, buf_slice(&text));
    }
    buf_free(&text);
    return st;
}

static Status run_diff(Cli *cli, Error *err)
{
    Workplace w;
    Script a, b;
    TRY(workplace_open(cli, HOME_READ, &w, err));
    Status st = read_script(cli, &w, cli->positional[1], &a, err);
    if (st == OK)
        st = read_script(cli, &w, cli->positional[2], &b, err);
    if (st == OK)
        st = say_diff(cli, &a, &b, err);
    workplace_close(&w);
    return st;
}

/* --- the command ------------------------------------------------------------------------------------------------- */

typedef struct Verb {
    const char *name, *takes;
    size_t words_min, words_max; /* after the verb */
    const char *options[12];     /* read by it */
    Status (*run)(Cli *cli, Error *err);
} Verb;

static const Verb verbs[] = {
    {"run", "a script: FILE or NAME[@VERSION]", 1, 1,
        {"years", "pool", "as-known-on", "who", "format", "out", "chart", "purpose", "agreement", "role", "answer-to",
            NULL},
        run_run},
    {"check", "a script: FILE or NAME[@VERSION]", 1, 1, {"policy", NULL}, run_check},
    {"explain", "a script: FILE or NAME[@VERSION]", 1, 1,
        {"policy", "years", "as-known-on", "purpose", "agreement", "role", NULL}, run_explain},
    {"save", "a script: FILE", 1, 1, {"name", "purpose", "agreement", "role", NULL}, run_save},
    {"list", "no further word", 0, 0, {NULL}, run_list},
    {"show", "a saved script: NAME[@VERSION]", 1, 1, {NULL}, run_show},
    {"diff", "two scripts: FILE or NAME[@VERSION]", 2, 2, {NULL}, run_diff},
    {"blocks", "the name of a block, or none", 0, 1, {"policy", NULL}, run_blocks},
    {"test", "no further word", 0, 0, {"policy", NULL}, run_test},
};

static Status run_cohort(Cli *cli, Error *err)
{
    const Verb *v = NULL;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (slice_eq_z(slice_of(cli->positional[0]), verbs[i].name))
            v = &verbs[i];
    if (!v)
        return error_set(err, ERR_USAGE, "\"%s\" is none of run, check, explain, save, list, show, diff, blocks, test",
            cli->positional[0]);
    if (cli->positional_count - 1 < v->words_min || cli->positional_count - 1 > v->words_max)
        return error_set(err, ERR_USAGE, "cohort %s takes %s", v->name, v->takes);
    char what[32];
    snprintf(what, sizeof what, "cohort %s", v->name);
    TRY(cli_only_options(cli, what, v->options, err));
    return v->run(cli, err);
}

const Command CMD_COHORT = {
    .name = "cohort",
    .synopsis = "run|check|explain|save|list|show|diff|blocks|test [SCRIPT ...]",
    .summary = "ask who, from when, and who counts as reached, in a script",
    .text =
        "A script is a few lines of words: who, and, not, counted, from, reached, by, level, minimum. Its phrases are "
        "blocks of the policy (\"blocks\" lists them with what they may be filled with); docs/cohort.md tells the "
        "rest. "
        "SCRIPT is a file (its name has a dot or a slash) or a saved script, NAME or NAME@VERSION.\n\n"
        "\"check\" reads a script; each error names line and word and says what would be allowed. \"explain\" says "
        "what "
        "it asks, line by line with definition and source, and its SQL; with --purpose and --agreement also how many "
        "remain after each line. \"run\" asks the measure engine: figures for everybody, then for each line \"by\", "
        "with all that the engine knows: pooling, coverage, gaps, known time, --who.\n\n"
        "\"save\" keeps a script as the next version of --name, in the ledger, with who saved it, why, and under which "
        "policy; nothing is ever overwritten, and text that the newest version has already is not saved again. "
        "\"list\", \"show\" and \"diff\" read what was saved. A saved version over the same generation and policy "
        "gives "
        "the same bytes each time; an answer names script, version, generation and policy, and says so when the blocks "
        "changed since.\n\n"
        "\"test\" runs the test vectors of the blocks.\n\n"
        "run --answer-to USER is for an answer that leaves the house: the figures pass the release rule's minimums by "
        "suppression, and are attacked together with everything that counts some of the same people: what USER was "
        "told "
        "of other cohorts and of measures, and what releases in force print. Exit code 7, and nothing written, when "
        "hiding does not help.\n\n"
        "All other figures are unprotected and stay inside: a role of the policy's access folder must allow the "
        "question, "
        "--purpose and --agreement are needed, and each question is an entry of the ledger. Exit code 3 when a script "
        "says what no block knows, 5 when there is no such script, 7 when the question is denied.",
    .options = COHORT_OPTIONS,
    .option_count = COUNT_OF(COHORT_OPTIONS),
    .positional_min = 1,
    .positional_max = 3,
    .run = run_cohort,
};
