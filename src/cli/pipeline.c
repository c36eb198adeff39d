/* The steps of `cairn run` and of the single-step commands; see pipeline.h for the rule that lets a step be skipped. */
#include "cli/pipeline.h"

#include "cli/answers_gate.h"
#include "facts/facts.h"
#include "identity/identity.h"
#include "measure/measure.h"
#include "publish/publish.h"
#include "store/warehouse.h"

#include <stdio.h>

/* The running program's own bytes: another build may compute something else. */
static Status program_digest(char out[SHA256_HEX_SIZE], Error *err)
{
    uint8_t digest[SHA256_SIZE];
    TRY(file_sha256("/proc/self/exe", digest, err));
    hex_encode(digest, sizeof digest, out);
    return OK;
}

/* Everything that the link step and all later ones depend on. */
static Status base_key(Cli *cli, const Workplace *w, Buf *key, Error *err)
{
    char hex[SHA256_HEX_SIZE];
    TRY(program_digest(hex, err));
    buf_addf(key, "program %s\n", hex);
    TRY(policy_fingerprint(w->policy, hex, err));
    buf_addf(key, "policy %s\n", hex);
    Loads loads = {0};
    Status st = ledger_loads(w->ledger, &cli->arena, &loads, err);
    for (size_t i = 0; st == OK && i < loads.len; i++) {
        const Load *l = &loads.at[i];
        buf_addf(key, "load %.*s %.*s\n", SLICE_ARG(l->id), SLICE_ARG(l->superseded_by));
    }
    vec_free(&loads);
    return st;
}

/* Links change by more than files and policy: by decisions, and by undo. Linking itself depends on the decisions and on
 * what waits; the steps after it on the last run. */
static Status identity_key(const Workplace *w, const char *step, Buf *key, Error *err)
{
    IdentityState s;
    TRY(identity_state(w->home, &s, err));
    if (strcmp(step, "link") == 0)
        buf_addf(key, "decisions %" PRId64 "\nunlinked %" PRIu64 "\n", s.last_decision, s.unlinked);
    else
        buf_addf(key, "run %" PRId64 "\n", s.last_run);
    return OK;
}

/* A later step's key holds the names of the steps before it, so equal inputs give equal keys. */
static Status step_subject(Cli *cli, const Workplace *w, const char *step, Slice *out, Error *err)
{
    Buf key;
    buf_init(&key, 0);
    char hex[SHA256_HEX_SIZE];
    const char *text;
    Status st;
    TRY_OUT(base_key(cli, w, &key, err));
    TRY_OUT(identity_key(w, step, &key, err));
    TRY_OUT(buf_status(&key, err));
    TRY_OUT(sha256_hex(buf_slice(&key), hex, err));
    TRY_OUT(arena_printf(&cli->arena, &text, err, "%s:%s", step, hex));
    *out = slice_of(text);
out:
    buf_free(&key);
    return st;
}

/* Only the step's latest entry tells: after a change of policy and back, an older entry has the same subject, but what
 * lies in the home came of the change. */
static bool step_done(Cli *cli, const Workplace *w, const char *step, Slice subject)
{
    LedgerEntries entries = {0};
    bool done = false;
    size_t name = strlen(step);
    if (ledger_list(w->ledger, "step.done", &cli->arena, &entries, NULL) == OK)
        for (size_t i = entries.len; i-- > 0;) {
            Slice s = entries.at[i].subject;
            if (s.len > name && s.ptr[name] == ':' && memcmp(s.ptr, step, name) == 0) {
                done = slice_eq(s, subject);
                break;
            }
        }
    vec_free(&entries);
    return done;
}

static Status step_finish(const Workplace *w, Slice subject, Buf *body, Error *err)
{
    TRY(buf_status(body, err));
    return ledger_append(w->ledger, "step.done", subject, buf_slice(body), err);
}

/* --- ingest --- */

void pipeline_say_file(Cli *cli, const IngestResult *r, const char *path)
{
    /* An agency chose the name: no escape sequence or line break of it reaches a terminal. */
    char name[256];
    snprintf(name, sizeof name, "%s", path_base(path));
    for (char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    switch (r->outcome) {
    case INGEST_LOADED:
        cli_say(cli, "loaded   %s/%s: %" PRIu64 " rows", r->source, name, r->rows_accepted);
        if (r->rows_rejected)
            cli_say(cli, ", %" PRIu64 " in quarantine", r->rows_rejected);
        if (r->warnings)
            cli_say(cli, ", %" PRIu64 " warnings", r->warnings);
        if (r->supersedes[0])
            cli_say(cli, " (supersedes load %s)", r->supersedes);
        if (r->reinstates[0])
            cli_say(cli, " (brings back load %s)", r->reinstates);
        break;
    case INGEST_ALREADY:
        cli_say(cli, "known    %s/%s: same content was taken before", r->source, name);
        if (r->superseded_by[0])
            cli_say(cli, " and superseded by load %s (--reinstate brings it back)", r->superseded_by);
        break;
    case INGEST_REFUSED:
        cli_say(cli, "refused  %s/%s: %s", r->source, name, r->reason);
        break;
    case INGEST_DENIED:
        cli_say(cli, "denied   %s/%s: %s", r->source, name, r->reason);
        break;
    }
    if (r->report_path[0] && r->outcome != INGEST_ALREADY)
        cli_say(cli, "; report: %s", r->report_path);
    cli_say(cli, "\n");
}

typedef struct TallyArg {
    Cli *cli;
    IngestTally *tally;
} TallyArg;

static Status tally_file(const IngestResult *r, const char *path, void *arg, Error *err)
{
    TallyArg *a = arg;
    IngestTally *t = a->tally;
    t->files++;
    t->loaded += r->outcome == INGEST_LOADED;
    t->already += r->outcome == INGEST_ALREADY;
    t->refused += r->outcome == INGEST_REFUSED;
    t->denied += r->outcome == INGEST_DENIED;
    if (r->outcome == INGEST_LOADED) {
        t->rows_accepted += r->rows_accepted;
        t->rows_rejected += r->rows_rejected;
    }
    bool plain = r->outcome == INGEST_ALREADY ||
                 (r->outcome == INGEST_LOADED && !r->rows_rejected && !r->warnings && !r->supersedes[0]);
    if (a->cli->format == CLI_TEXT && (!plain || cli_flag(a->cli, "verbose"))) {
        pipeline_say_file(a->cli, r, path);
        TRY(cli_flush(a->cli, err));
    }
    return cancel_check(err);
}

IngestContext pipeline_ingest_context(Cli *cli, const Workplace *w, Vault *vault)
{
    return (IngestContext){.home = w->home,
        .policy = w->policy,
        .ledger = w->ledger,
        .vault = vault,
        .log = &cli->log,
        .progress = cli->progress};
}

Status pipeline_ingest(Cli *cli, const Workplace *w, const char *inbox, IngestTally *out, Error *err)
{
    *out = (IngestTally){0};
    Vault *vault;
    TRY(vault_open(w->home, &vault, err));
    IngestContext ctx = pipeline_ingest_context(cli, w, vault);
    TallyArg arg = {cli, out};
    Status st;
    if (!inbox)
        TRY_OUT(home_file(w->home, &cli->arena, "inbox", &inbox, err));
    st = ingest_inbox(&ctx, inbox, tally_file, &arg, err);
out:
    vault_close(vault);
    return st;
}

/* --- link, build, measure, release --- */

typedef Status (*StepFn)(Cli *cli, const Workplace *w, Buf *body, Error *err);

static Status run_step(Cli *cli, const Workplace *w, const char *name, PipelineForce force, bool result_there,
    StepFn fn, StepResult *out, Error *err)
{
    *out = (StepResult){0};
    double start = clock_monotonic();
    Slice subject;
    TRY(step_subject(cli, w, name, &subject, err));
    if (force == PIPELINE_SKIP_DONE && result_there && step_done(cli, w, name, subject)) {
        out->skipped = true;
        if (cli->format == CLI_TEXT)
            cli_say(cli, "%-8s up to date\n", name);
        return cli_flush(cli, err);
    }
    Buf body;
    buf_init(&body, 0);
    Status st;
    TRY_OUT(cancel_check(err));
    TRY_OUT(fn(cli, w, &body, err));
    /* what waited for linking does so no more: the key that the next run will find */
    TRY_OUT(step_subject(cli, w, name, &subject, err));
    TRY_OUT(step_finish(w, subject, &body, err));
    out->seconds = clock_monotonic() - start;
    TRY_OUT(cli_flush(cli, err));
out:
    buf_free(&body);
    return st;
}

static void say_link(Cli *cli, const LinkReport *r)
{
    cli_say(cli,
        "link     %" PRIu64 " records are %" PRIu64 " persons; %" PRIu64 " new, %" PRIu64 " merges, %" PRIu64
        " splits, %" PRIu64 " refused\n",
        r->records, r->persons, r->new_persons, r->merges, r->splits, r->refused);
    cli_say(cli,
        "         expected precision %.4f (%.4f to %.4f), recall %.4f (%.4f to %.4f); %" PRIu64 " pairs for review\n",
        r->precision.value, r->precision.low, r->precision.high, r->recall.value, r->recall.low, r->recall.high,
        r->queued);
    if (r->full)
        cli_say(cli, "         everything was linked: %s\n", r->why_full);
    else
        cli_say(cli, "         %" PRIu64 " records were new: %" PRIu64 " joined persons there were\n", r->newcomers,
            r->joins);
    if (r->calibrated > 0)
        cli_say(cli, "         probabilities are calibrated on %" PRIu64 " judged pairs of clerical samples\n",
            r->calibrated);
    for (size_t i = 0; i < r->refined_count; i++)
        cli_say(cli,
            "         %s: %" PRIu64 " blocks of more than %" PRIu32
            " records were split by further keys, which left %" PRIu64 " pairs uncompared\n",
            r->refined[i].name, r->refined[i].blocks, r->refined[i].block_max, r->refined[i].uncompared);
    for (size_t i = 0; i < r->drift_count; i++)
        cli_say(cli, "warning  %s: %s of new records has left the model (%.2f bits over %" PRIu64 " records)\n",
            r->drifts[i].source, r->drifts[i].field, r->drifts[i].divergence, r->drifts[i].records);
}

static Status link_within(Cli *cli, const Workplace *w, LinkScope scope, Buf *body, Error *err)
{
    LinkContext ctx = {
        .home = w->home, .policy = w->policy, .ledger = w->ledger, .log = &cli->log, .progress = cli->progress};
    LinkReport r = {0};
    Json j;
    TRY(identity_link(&ctx, scope, &r, err));
    if (cli->format == CLI_TEXT)
        say_link(cli, &r);
    json_begin(&j, body, JSON_COMPACT);
    json_open_object(&j);
    identity_report_json(&r, &j);
    json_end(&j);
    return OK;
}

static Status do_link(Cli *cli, const Workplace *w, Buf *body, Error *err)
{
    return link_within(cli, w, LINK_BY_POLICY, body, err);
}

static Status do_link_newcomers(Cli *cli, const Workplace *w, Buf *body, Error *err)
{
    return link_within(cli, w, LINK_NEWCOMERS, body, err);
}

static Status do_link_full(Cli *cli, const Workplace *w, Buf *body, Error *err)
{
    return link_within(cli, w, LINK_EVERYTHING, body, err);
}

static Status do_build(Cli *cli, const Workplace *w, Buf *body, Error *err)
{
    BuildContext ctx = {
        .home = w->home, .policy = w->policy, .ledger = w->ledger, .log = &cli->log, .progress = cli->progress};
    BuildReport r = {0};
    TRY(facts_build(&ctx, &r, err));
    TRY(warehouse_prune(w->home, 1, err));
    if (cli->format == CLI_TEXT)
        cli_say(cli, "build    generation %" PRIu32 ": %" PRIu64 " facts from %" PRIu64 " loads, %.1f bytes a fact\n",
            r.generation, r.facts, r.loads, r.facts ? (double)r.bytes / (double)r.facts : 0.0);
    Json j;
    json_begin(&j, body, JSON_COMPACT);
    json_open_object(&j);
    json_kint(&j, "generation", r.generation);
    json_kint(&j, "facts", (int64_t)r.facts);
    json_kint(&j, "loads", (int64_t)r.loads);
    json_kint(&j, "bytes", (int64_t)r.bytes);
    json_end(&j);
    return OK;
}

static Status do_measure(Cli *cli, const Workplace *w, Buf *body, Error *err)
{
    MeasureContext ctx = {.home = w->home, .policy = w->policy, .log = &cli->log, .progress = cli->progress};
    uint32_t generation = 0;
    uint64_t cells = 0;
    TRY(measure_run(&ctx, &generation, &cells, err));
    if (cli->format == CLI_TEXT)
        cli_say(cli, "measure  %" PRIu64 " cells from generation %" PRIu32 "\n", cells, generation);
    Json j;
    json_begin(&j, body, JSON_COMPACT);
    json_open_object(&j);
    json_kint(&j, "generation", generation);
    json_kint(&j, "cells", (int64_t)cells);
    json_end(&j);
    return OK;
}

static Status web_dir(Cli *cli, const Workplace *w, const char **out, Error *err)
{
    const char *dir = env_get("CAIRN_WEB");
    if (!dir)
        TRY(arena_printf(&cli->arena, &dir, err, "%s/../../web/static", home_settings(w->home)->policy_dir));
    if (!dir_exists(dir))
        dir = CAIRN_DATADIR "/web/static";
    if (!dir_exists(dir)) {
        error_set(err, ERR_NOT_FOUND, "no folder of static web files");
        error_hint(err, "Set CAIRN_WEB to the folder web/static of the source tree or of the installation.");
        return ERR_NOT_FOUND;
    }
    *out = dir;
    return OK;
}

static Status do_release(Cli *cli, const Workplace *w, Buf *body, Error *err)
{
    ReleaseContext ctx = {.home = w->home,
        .policy = w->policy,
        .ledger = w->ledger,
        .threads = home_settings(w->home)->threads,
        .log = &cli->log};
    const MeasureContext measure = {.home = w->home, .policy = w->policy, .log = &cli->log, .progress = cli->progress};
    AnswersGate gate = {.ctx = &measure, .ledger = w->ledger, .threads = ctx.threads, .log = &cli->log};
    TRY(web_dir(cli, w, &ctx.web_dir, err));
    ctx.replace = cli_value(cli, "replace"); /* run and release have it, and force */
    ctx.again = cli_flag(cli, "force");
    ctx.check = answers_gate_check;
    ctx.check_ctx = &gate;
    TRY(cli_number(cli, "effort", 1, 1, ANSWERS_GATE_MOST_EFFORT, &gate.effort, err));
    ReleaseReport r = {0};
    TRY(release_make(&ctx, &r, err));
    if (cli->format == CLI_TEXT)
        cli_say(cli,
            "release  %s: %" PRIu64 " figures published, %" PRIu64 " tables withheld\n         %s/index.html\n", r.id,
            r.cells, r.withheld, r.path);
    if (cli->format == CLI_TEXT && r.replaced)
        cli_say(cli, "         earlier releases withdrawn: %" PRIu64 "\n", r.replaced);
    if (cli->format == CLI_TEXT && gate.clashes)
        cli_say(cli,
            "warning  beside answers (%" PRIu64 " of %" PRIu64 " askers, %" PRIu64
            " of them undecided, in the ledger): %s\n",
            gate.clashes, gate.askers, gate.undecided, gate.first);
    if (cli->format == CLI_TEXT && gate.in_pairs)
        cli_say(cli,
            "warning  beside answers: of %" PRIu64 " of %" PRIu64
            " askers, measures were attacked two at a time, not all at once\n",
            gate.in_pairs, gate.askers);
    Json j;
    json_begin(&j, body, JSON_COMPACT);
    json_open_object(&j);
    json_kstr(&j, "release", slice_of(r.id));
    json_kint(&j, "cells", (int64_t)r.cells);
    json_kint(&j, "withheld", (int64_t)r.withheld);
    json_kint(&j, "replaced", (int64_t)r.replaced);
    json_kint(&j, "askers", (int64_t)gate.askers);
    json_kint(&j, "told_more", (int64_t)(gate.clashes - gate.undecided));
    json_kint(&j, "undecided", (int64_t)gate.undecided);
    json_kint(&j, "in_pairs", (int64_t)gate.in_pairs);
    json_end(&j);
    return OK;
}

static bool results_there(Cli *cli, const Workplace *w, uint32_t generation)
{
    const char *path, *full;
    return arena_printf(&cli->arena, &path, NULL, "results/gen-%06" PRIu32 ".parquet", generation) == OK &&
           home_file(w->home, &cli->arena, path, &full, NULL) == OK && file_exists(full);
}

static bool release_there(Cli *cli, const Workplace *w)
{
    const char *path;
    return home_file(w->home, &cli->arena, "releases/CURRENT", &path, NULL) == OK && file_exists(path);
}

Status pipeline_link(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err)
{
    return run_step(cli, w, "link", force, true, do_link, out, err);
}

Status pipeline_link_newcomers(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err)
{
    return run_step(cli, w, "link", force, true, do_link_newcomers, out, err);
}

Status pipeline_link_full(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err)
{
    UNUSED(force); /* it was asked for */
    return run_step(cli, w, "link", PIPELINE_FORCE, true, do_link_full, out, err);
}

Status pipeline_build(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err)
{
    uint32_t generation;
    bool there = warehouse_current(w->home, &generation, NULL) == OK;
    return run_step(cli, w, "build", force, there, do_build, out, err);
}

Status pipeline_measure(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err)
{
    uint32_t generation;
    bool there = warehouse_current(w->home, &generation, NULL) == OK && results_there(cli, w, generation);
    return run_step(cli, w, "measure", force, there, do_measure, out, err);
}

Status pipeline_release(Cli *cli, const Workplace *w, PipelineForce force, StepResult *out, Error *err)
{
    return run_step(cli, w, "release", force, release_there(cli, w), do_release, out, err);
}
