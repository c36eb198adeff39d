/* Commands of the way of the data: ingest, link, build, measure, release, and run, which does them all. */
#include "cli/commands.h"
#include "cli/inside.h"
#include "cli/pipeline.h"
#include "publish/publish.h"

static const Option INGEST_OPTIONS[] = {
    {"source", 0, "NAME", "contract of the file FILE"},
    {"inbox", 0, "DIR", "take every file under DIR/SOURCE/ (default: the home's inbox)"},
    {"reinstate", 0, NULL, "FILE comes back into force when a later file replaced its content"},
};

static void tally_members(Json *j, const IngestTally *t)
{
    json_kint(j, "files", (int64_t)t->files);
    json_kint(j, "loaded", (int64_t)t->loaded);
    json_kint(j, "already", (int64_t)t->already);
    json_kint(j, "refused", (int64_t)t->refused);
    json_kint(j, "denied", (int64_t)t->denied);
    json_kint(j, "rows_accepted", (int64_t)t->rows_accepted);
    json_kint(j, "rows_rejected", (int64_t)t->rows_rejected);
}

static void result_json(Cli *cli, const IngestResult *r)
{
    static const char *const OUTCOMES[] = {"loaded", "already", "refused", "denied"};
    Json j;
    cli_json(cli, &j);
    json_kstr(&j, "outcome", slice_of(OUTCOMES[r->outcome]));
    json_kstr(&j, "load", slice_of(r->load));
    json_kstr(&j, "source", slice_of(r->source));
    json_kint(&j, "rows_read", (int64_t)r->rows_read);
    json_kint(&j, "rows_accepted", (int64_t)r->rows_accepted);
    json_kint(&j, "rows_rejected", (int64_t)r->rows_rejected);
    json_kint(&j, "warnings", (int64_t)r->warnings);
    json_kstr(&j, "reason", slice_of(r->reason));
    json_kstr(&j, "report", slice_of(r->report_path));
    json_kstr(&j, "supersedes", slice_of(r->supersedes));
    json_kstr(&j, "superseded_by", slice_of(r->superseded_by));
    json_kstr(&j, "reinstates", slice_of(r->reinstates));
    cli_json_end(cli, &j);
}

static Status ingest_one(Cli *cli, const Workplace *w, const char *path, IngestResult *r, Error *err)
{
    Vault *vault;
    TRY(vault_open(w->home, &vault, err));
    IngestContext ctx = pipeline_ingest_context(cli, w, vault);
    Slice source = slice_of(cli_value(cli, "source"));
    Status st = cli_flag(cli, "reinstate") ? ingest_reinstate(&ctx, source, path, r, err)
                                           : ingest_file(&ctx, source, path, r, err);
    vault_close(vault);
    if (st != OK)
        return st;
    if (cli->format == CLI_JSON)
        result_json(cli, r);
    else
        pipeline_say_file(cli, r, path);
    return OK;
}

/* A refusal is the file's fault, not the program's, but a script must see it. */
static Status refusal(uint64_t refused, uint64_t denied, Error *err)
{
    if (denied)
        return error_set(err, ERR_DENIED, "files that no agreement covers: %" PRIu64, denied);
    if (refused)
        return error_set(err, ERR_INVALID, "files refused: %" PRIu64 "; their reports say why", refused);
    return OK;
}

static Status run_ingest(Cli *cli, Error *err)
{
    bool one = cli->positional_count == 1;
    if (one != cli_flag(cli, "source") || (one && cli_flag(cli, "inbox")))
        return error_set(err, ERR_USAGE, "ingest takes either --source NAME FILE or an inbox");
    if (!one && cli_flag(cli, "reinstate"))
        return error_set(err, ERR_USAGE, "--reinstate is for one FILE, not for an inbox");
    Workplace w;
    TRY(workplace_open(cli, HOME_WRITE, &w, err));
    IngestTally tally = {0};
    Status st;
    if (one) {
        IngestResult r = {0};
        st = ingest_one(cli, &w, cli->positional[0], &r, err);
        tally.refused = st == OK && r.outcome == INGEST_REFUSED;
        tally.denied = st == OK && r.outcome == INGEST_DENIED;
    } else {
        st = pipeline_ingest(cli, &w, cli_value(cli, "inbox"), &tally, err);
        if (st == OK && cli->format == CLI_JSON) {
            Json j;
            cli_json(cli, &j);
            tally_members(&j, &tally);
            cli_json_end(cli, &j);
        }
    }
    workplace_close(&w);
    return st == OK ? refusal(tally.refused, tally.denied, err) : st;
}

const Command CMD_INGEST = {
    .name = "ingest",
    .synopsis = "[FILE]",
    .summary = "take in agency files: checked, quarantined, receipted",
    .text =
        "Takes one FILE under the contract --source, or every file of the inbox. Each file is checked against its "
        "contract "
        "and an agreement in force; good rows become a load, bad rows go to quarantine, and a report and a receipt for "
        "the sender lie in HOME/loads/LOAD.\n\nA file whose content was taken before is a no-op. A file that reports "
        "on "
        "the same scope (for instance the same school year) supersedes the earlier one, whose facts are kept. A file "
        "that was superseded stays so when it is sent again byte for byte; with --reinstate it is checked anew and "
        "becomes a load that supersedes the one in force, and the ledger says which load it brings back.\n\n"
        "Exit code 3 when a file was refused, 7 when no agreement covers one.",
    .options = INGEST_OPTIONS,
    .option_count = COUNT_OF(INGEST_OPTIONS),
    .positional_max = 1,
    .run = run_ingest,
};

static const Option PROFILE_OPTIONS[] = {{"out", 0, "FILE", "write the draft contract there"}};

static Status run_profile(Cli *cli, Error *err)
{
    Buf contract, report;
    buf_init(&contract, 0);
    buf_init(&report, 0);
    Status st;
    TRY_OUT(profile_file(cli->positional[0], &contract, &report, err));
    const char *out = cli_value(cli, "out");
    if (out)
        TRY_OUT(file_write(out, buf_slice(&contract), MODE_PUBLIC, err));
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kstr(&j, "report", buf_slice(&report));
        json_kstr(&j, "contract", buf_slice(&contract));
        cli_json_end(cli, &j);
    } else {
        buf_add(&cli->out, buf_slice(&report));
        if (!out) {
            cli_say(cli, "\n# draft contract\n");
            buf_add(&cli->out, buf_slice(&contract));
        }
    }
out:
    buf_free(&contract);
    buf_free(&report);
    return st;
}

const Command CMD_PROFILE = {
    .name = "profile",
    .synopsis = "FILE",
    .summary = "guess a contract from an unknown file",
    .text = "Reads FILE, reports fill rates, patterns, types and likely code lists, and drafts a contract (status "
            "assumed) to "
            "be completed by a person. Values are shown only where a column looks like a code list.",
    .options = PROFILE_OPTIONS,
    .option_count = COUNT_OF(PROFILE_OPTIONS),
    .positional_min = 1,
    .positional_max = 1,
    .run = run_profile,
};

static const Option FORCE_OPTIONS[] = {{"force", 'f', NULL, "do it even when nothing has changed"}};

static void step_json(Json *j, const char *name, const StepResult *r)
{
    json_key(j, name);
    json_open_object(j);
    json_kbool(j, "skipped", r->skipped);
    json_key(j, "seconds");
    json_fixed(j, r->seconds, 2);
    json_end(j);
}

Status pipeline_run_one(Cli *cli, PipelineFn fn, Error *err)
{
    Workplace w;
    TRY(workplace_open(cli, HOME_WRITE, &w, err));
    StepResult r = {0};
    Status st = fn(cli, &w, cli_flag(cli, "force") ? PIPELINE_FORCE : PIPELINE_SKIP_DONE, &r, err);
    workplace_close(&w);
    if (st == OK && cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        step_json(&j, cli->command->name, &r);
        cli_json_end(cli, &j);
    }
    return st;
}

static const Option LINK_OPTIONS[] = {
    {"full", 0, NULL, "relink everything under a newly trained model"},
    {"force", 'f', NULL, "do it even when nothing has changed"},
};

static Status run_link(Cli *cli, Error *err)
{
    return pipeline_run_one(cli, cli_flag(cli, "full") ? pipeline_link_full : pipeline_link_newcomers, err);
}

const Command CMD_LINK = {
    .name = "link",
    .synopsis = "",
    .summary = "work out who is who",
    .text = "Compares the identities in the vault and links those of one person, with the evidence for each link. "
            "Only records that are new are resolved, against the persons there are and under the model in force; the "
            "first time, after a change of the policy and with --full, a model is trained and everything is linked. "
            "Settled decisions of reviewers are obeyed. Person ids are stable; merges, splits and moves are journalled "
            "and can be taken back (\"cairn identity undo\"). What the model cannot decide waits for \"cairn "
            "review\".",
    .options = LINK_OPTIONS,
    .option_count = COUNT_OF(LINK_OPTIONS),
    .run = run_link,
};

static Status run_build(Cli *cli, Error *err)
{
    return pipeline_run_one(cli, pipeline_build, err);
}

const Command CMD_BUILD = {
    .name = "build",
    .synopsis = "",
    .summary = "build a warehouse generation of pseudonymous facts",
    .text = "Turns the accepted loads into facts under pseudonyms, in a new generation beside the old one, which stays "
            "in use until "
            "the new one is complete.",
    .options = FORCE_OPTIONS,
    .option_count = COUNT_OF(FORCE_OPTIONS),
    .run = run_build,
};

static const Option RELEASE_OPTIONS[] = {
    {"force", 'f', NULL, "do it even when nothing has changed"},
    {"list", 0, NULL, "list the releases: which are in force, which are withdrawn and why"},
    {"withdraw", 0, "ID", "take a release back; needs --reason"},
    {"reason", 0, "TEXT", "why it is withdrawn; kept in the ledger"},
    {"replace", 0, "TEXT",
        "withdraw, for this reason, earlier releases that give somebody away together with this one"},
    {"effort", 0, "TIMES",
        "look so many times as long for what the release tells beside single askers' answers (default 1)"},
    {"compare", 0, NULL, "publish nothing: say what readers would see if families pooled and if they suppressed"},
    {"family", 0, "NAME", "with --compare: only the lineage that begins with this family"},
    {"purpose", 0, "TEXT", "with --compare: why you ask; goes into the ledger"},
    {"agreement", 0, "ID", "with --compare: the agreement you ask under; goes into the ledger"},
    {"role", 0, "NAME", "with --compare: the role you ask in (default: the first that allows it)"},
};

static Status release_rows(Cli *cli, const ReleaseEntries *list)
{
    Json j;
    bool json = cli->format == CLI_JSON;
    if (json) {
        cli_json(cli, &j);
        json_key(&j, "releases");
        json_open_array(&j);
    }
    for (size_t i = 0; i < list->len; i++) {
        const ReleaseEntry *e = &list->at[i];
        if (json) {
            json_open_object(&j);
            json_kstr(&j, "id", e->id);
            json_kbool(&j, "in_force", e->in_force);
            json_kint(&j, "published_at", e->published_at);
            json_kint(&j, "withdrawn_at", e->in_force ? 0 : e->withdrawn_at);
            json_kstr(&j, "withdrawn", e->in_force ? (Slice){"", 0} : e->withdrawn_body);
            json_end(&j);
        } else if (e->in_force) {
            cli_say(cli, "%.*s  in force\n", SLICE_ARG(e->id));
        } else {
            cli_say(cli, "%.*s  withdrawn %.*s\n", SLICE_ARG(e->id), SLICE_ARG(e->withdrawn_body));
        }
    }
    if (json) {
        json_end(&j);
        cli_json_end(cli, &j);
    }
    return OK;
}

static Status list_releases(Cli *cli, Error *err)
{
    Workplace w;
    ReleaseEntries list = {0};
    TRY(workplace_open(cli, HOME_READ, &w, err));
    Status st = release_list(w.ledger, &cli->arena, &list, err);
    if (st == OK)
        st = release_rows(cli, &list);
    vec_free(&list);
    workplace_close(&w);
    return st;
}

static Status withdraw(Cli *cli, Error *err)
{
    Workplace w;
    Slice id = slice_of(cli_value(cli, "withdraw"));
    if (!cli_value(cli, "reason"))
        return error_set(err, ERR_USAGE, "--withdraw needs --reason TEXT");
    TRY(workplace_open(cli, HOME_WRITE, &w, err));
    Status st = release_withdraw(w.home, w.ledger, id, slice_of(cli_value(cli, "reason")), err);
    if (st == OK)
        cli_answer(cli, "withdrawn", id, "release %.*s is withdrawn", SLICE_ARG(id));
    workplace_close(&w);
    return st;
}

/* True numbers of people who are not published: a look inside, ledgered before the first figure is read. */
static Status compare_lanes(Cli *cli, Error *err)
{
    Workplace w;
    TRY(workplace_open(cli, HOME_READ, &w, err));
    Status st = inside_allow(cli, &w, "cells", "results.read", slice_of(cli->command->name), err);
    const ReleaseContext ctx = {.home = w.home,
        .policy = w.policy,
        .ledger = w.ledger,
        .threads = home_settings(w.home)->threads,
        .log = &cli->log};
    if (st == OK)
        st = release_compare(
            &ctx, cli_value(cli, "family"), cli->format == CLI_JSON ? RELEASE_JSON : RELEASE_TEXT, &cli->out, err);
    workplace_close(&w);
    return st;
}

static Status run_release(Cli *cli, Error *err)
{
    if (cli_flag(cli, "compare"))
        return compare_lanes(cli, err);
    static const char *const inside[] = {"family", "purpose", "agreement", "role"};
    for (size_t i = 0; i < COUNT_OF(inside); i++)
        if (cli_value(cli, inside[i]))
            return error_set(err, ERR_USAGE, "--%s goes with --compare", inside[i]);
    if (cli_flag(cli, "list"))
        return list_releases(cli, err);
    if (cli_value(cli, "withdraw"))
        return withdraw(cli, err);
    if (cli_value(cli, "reason"))
        return error_set(err, ERR_USAGE, "--reason goes with --withdraw");
    return pipeline_run_one(cli, pipeline_release, err);
}

const Command CMD_RELEASE = {
    .name = "release",
    .synopsis = "",
    .summary = "protect, audit and publish the measured results",
    .text = "Protects the measured cells, has the independent audit attack them, and writes a signed folder that never "
            "changes: "
            "pages, CSV, JSON and a manifest of everything it rests on. Nothing is published unless the audit passes, "
            "of this release alone and of this release together with every earlier one in force.\n\n"
            "A correction of a year that is out already differs from the earlier release by few people, who could be "
            "found by subtraction: such a release is refused (exit code 7) until the earlier one is withdrawn. A "
            "withdrawn release stays in its folder and in the ledger, with the reason; serve shows it no more.\n\n"
            "Each family of the release policy pools places that are too small, or (protection = \"suppress\") hides "
            "figures; --compare shows on the actual figures what either leaves to readers, as if nothing were out. Its "
            "numbers are unprotected and stay inside: a role of the policy's access folder must allow the look, "
            "--purpose and --agreement are needed, and each call is an entry of the ledger.",
    .options = RELEASE_OPTIONS,
    .option_count = COUNT_OF(RELEASE_OPTIONS),
    .run = run_release,
};

static const Option RUN_OPTIONS[] = {
    {"inbox", 0, "DIR", "take files from DIR/SOURCE/ (default: the home's inbox)"},
    {"force", 'f', NULL, "repeat the steps after ingest even when nothing has changed"},
    {"replace", 0, "TEXT", "release: withdraw, for this reason, earlier releases that clash with the new one"},
    {"effort", 0, "TIMES", "release: look so many times as long for what it tells beside answers (default 1)"},
};

static Status run_run(Cli *cli, Error *err)
{
    static const struct {
        const char *name;
        PipelineFn fn;
    } STEPS[] = {{"link", pipeline_link}, {"build", pipeline_build}, {"measure", pipeline_measure},
        {"release", pipeline_release}};
    Workplace w;
    TRY(workplace_open(cli, HOME_WRITE, &w, err));
    PipelineForce force = cli_flag(cli, "force") ? PIPELINE_FORCE : PIPELINE_SKIP_DONE;
    IngestTally tally = {0};
    StepResult steps[COUNT_OF(STEPS)] = {0};
    Status st;
    TRY_OUT(pipeline_ingest(cli, &w, cli_value(cli, "inbox"), &tally, err));
    if (cli->format == CLI_TEXT) {
        cli_say(cli,
            "ingest   %" PRIu64 " files: %" PRIu64 " loaded, %" PRIu64 " known, %" PRIu64 " refused, %" PRIu64
            " denied; %" PRIu64 " rows, %" PRIu64 " in quarantine\n",
            tally.files, tally.loaded, tally.already, tally.refused, tally.denied, tally.rows_accepted,
            tally.rows_rejected);
        TRY_OUT(cli_flush(cli, err));
    }
    for (size_t i = 0; i < COUNT_OF(STEPS); i++)
        TRY_OUT(STEPS[i].fn(cli, &w, force, &steps[i], err));
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_key(&j, "ingest");
        json_open_object(&j);
        tally_members(&j, &tally);
        json_end(&j);
        for (size_t i = 0; i < COUNT_OF(STEPS); i++)
            step_json(&j, STEPS[i].name, &steps[i]);
        cli_json_end(cli, &j);
    }
out:
    workplace_close(&w);
    return st;
}

const Command CMD_RUN = {
    .name = "run",
    .synopsis = "",
    .summary = "the whole way: files in, published answers out",
    .text = "Does ingest, link, build, measure and release in turn. A step whose inputs (files, policy, program) have "
            "not changed is "
            "skipped. It may be stopped at any moment, by a signal or a power failure, and run again: nothing is lost "
            "or doubled.\n\n"
            "A file that is refused or denied does not stop the run and is no failure of it (exit code 0): the line of "
            "the step "
            "counts such files, --json has the numbers, and each file's report says why.",
    .options = RUN_OPTIONS,
    .option_count = COUNT_OF(RUN_OPTIONS),
    .run = run_run,
};
