/* cairn protect and cairn audit: disclosure control for files, without a data home. */
#include "cli/asker.h"
#include "cli/commands.h"
#include "protectfile/attack.h"
#include "protectfile/compare.h"
#include "protectfile/protectfile.h"

#define FINDINGS_TOLD 20

static Status threads_of(Cli *cli, unsigned *out, Error *err)
{
    uint64_t threads;
    TRY(cli_number(cli, "threads", 0, 1, 1024, &threads, err));
    *out = (unsigned)threads;
    return OK;
}

/* A file, or the name of a preset beside the state's policy. */
static Status policy_file(Cli *cli, const char **out, Error *err)
{
    const char *name = cli_value(cli, "policy");
    *out = name;
    if (!name || file_exists(name))
        return OK;
    for (const char *c = name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9')))
            return error_set(err, ERR_NOT_FOUND, "there is no policy file %s", name);
    TRY(arena_printf(&cli->arena, out, err, "%s/../core/protection/%s.toml", cli_policy_default(), name));
    if (!file_exists(*out)) {
        error_set(err, ERR_NOT_FOUND, "%s is neither a policy file nor a preset", name);
        error_hint(err, "Presets are sought in %s/../core/protection.", cli_policy_default());
        return ERR_NOT_FOUND;
    }
    return OK;
}

/* A proof is nobody's word: what is wrong with it is said, and cost time. */
static void say_proof(Cli *cli, const ProofReport *r)
{
    char text[sizeof r->broken.message + sizeof r->broken.file + 8];
    if (!r->given)
        return;
    if (r->broken.status != OK) {
        error_print(&r->broken, text, sizeof text);
        log_line(&cli->log, LOG_WARN, "%s; what follows was not read", text);
    }
    if (r->foreign)
        log_line(&cli->log, LOG_WARN, "the proof was made for another problem; its tables were tried all the same");
    if (cli->format != CLI_JSON)
        cli_say(cli, "proof      %" PRIu64 " of %" PRIu64 " tables hold\n", r->held, r->tables);
}

static void proof_json(Json *j, const ProofReport *r)
{
    if (!r->given)
        return;
    json_kint(j, "proof_tables", (int64_t)r->tables);
    json_kint(j, "proof_held", (int64_t)r->held);
    json_kbool(j, "proof_foreign", r->foreign);
    json_kbool(j, "proof_broken", r->broken.status != OK);
}

/* --- protect ----------------------------------------------------------------------------------------------------- */

static const Option PROTECT_OPTIONS[] = {
    {"policy", 'p', "FILE|NAME", "rules of protection: a file, or one of the presets n10, n16, n30"},
    {"out", 'o', "DIR", "folder for the protected tables; what is for the owner alone goes into DIR/inside"},
    {"history", 0, "DIR",
        "earlier releases or answers to the same asker, which the attack includes; this one is added"},
    {"user", 0, "NAME", "whose query this is: the history is that of this asker in the data home (--home)"},
    {"key", 0, "FILE", "secret of the lanes round and cell_key, at least 16 bytes; the same file for the same noise"},
    {"budget", 0, "FILE", "ledger that the lane dp is paid from (cairn budget open)"},
    {"compare", 0, NULL, "write nothing: what would stay visible by suppressing, pooling, rounding, cell keys and DP"},
    {"jj", 0, "FILE", "a problem in JJ format instead of TABLES; --out is then a file"},
    {"proof", 0, "FILE",
        "also write what cairn audit --proof can verify instead of searching; it gives hidden numbers away: keep it"},
};

static void stats_json(Json *j, const ProtectStats *s)
{
    json_kint(j, "cells", (int64_t)s->cells);
    json_kint(j, "equations", (int64_t)s->equations);
    json_kint(j, "printed", (int64_t)s->printed);
    json_kint(j, "suppressed", (int64_t)s->suppressed);
    json_kint(j, "by_rule", (int64_t)s->sensitive);
    json_kint(j, "complementary", (int64_t)s->secondary);
    json_kint(j, "people_hidden", s->people_hidden);
    json_kint(j, "audited", (int64_t)s->audited);
    json_kint(j, "repairs", (int64_t)s->repairs);
    json_kint(j, "unprotected", 0);
}

static Status say_protected(Cli *cli, const ProtectFileReport *r)
{
    const ProtectStats *s = &r->stats;
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        stats_json(&j, s);
        json_kint(&j, "earlier", (int64_t)r->earlier);
        json_kbool(&j, "known", r->known);
        cli_json_end(cli, &j);
        return OK;
    }
    cli_say(cli,
        "protected  %" PRIu64 " cells: %" PRIu64 " shown, %" PRIu64 " suppressed (%" PRIu64 " by a rule, %" PRIu64
        " to protect those)\n",
        s->printed + s->suppressed, s->printed, s->suppressed, s->sensitive, s->secondary);
    cli_say(cli, "audit      %" PRIu64 " sensitive numbers in %" PRIu64 " equations, 0 unprotected\n", s->audited,
        s->equations);
    if (cli_value(cli, "history") || cli_value(cli, "user"))
        cli_say(cli, "history    %" PRIu64 " earlier, %s\n", r->earlier,
            r->known ? "this one among them" : "this one added");
    return OK;
}

/* A cost in the unit of the file, without zeros at the end: 1250 with two decimals is 12.5. */
static void add_cost(Buf *out, int64_t cost, uint32_t decimals)
{
    uint64_t unit = 1, size = cost < 0 ? 0 - (uint64_t)cost : (uint64_t)cost;
    for (; decimals > 0 && size % 10 == 0; decimals--)
        size /= 10;
    for (uint32_t i = 0; i < decimals; i++)
        unit *= 10;
    buf_addf(out, "%s%llu", cost < 0 ? "-" : "", (unsigned long long)(size / unit));
    if (decimals > 0)
        buf_addf(out, ".%0*llu", (int)decimals, (unsigned long long)(size % unit));
}

static Status say_jj(Cli *cli, const JjReport *r, Slice text)
{
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "cells", r->cells);
        json_kint(&j, "equations", r->equations);
        json_kint(&j, "sensitive", r->sensitive);
        json_kint(&j, "secondary", r->secondary);
        json_kint(&j, "cost", r->cost);
        if (r->bounded)
            json_kint(&j, "lower_bound", r->lower_bound);
        json_kint(&j, "cost_decimals", r->cost_decimals);
        json_kint(&j, "exposed", (int64_t)r->exposed);
        json_kint(&j, "unproven", (int64_t)r->unproven);
        proof_json(&j, &r->proof);
        cli_json_end(cli, &j);
        return OK;
    }
    Buf cost;
    buf_init(&cost, 64);
    add_cost(&cost, r->cost, r->cost_decimals);
    cli_say(cli, "%.*s%u cells, %u equations; %u sensitive, %u secondary at a cost of %s; unprotected: %llu\n",
        SLICE_ARG(text), r->cells, r->equations, r->sensitive, r->secondary, buf_z(&cost),
        (unsigned long long)(r->exposed + r->unproven));
    buf_free(&cost);
    return OK;
}

static Status run_jj(Cli *cli, const ProtectOptions *run, Error *err)
{
    JjReport report;
    if (cli->positional_count > 0 || cli_value(cli, "policy") || cli_value(cli, "history") || cli_flag(cli, "compare"))
        return error_set(err, ERR_USAGE, "--jj takes --out and --proof only: a JJ file has its own levels");
    TRY(protectfile_jj(cli_value(cli, "jj"), cli_value(cli, "out"), cli_value(cli, "proof"), run, &report, err));
    return say_jj(cli, &report, (Slice){"", 0});
}

static Status answer_in(Cli *cli, Home *home, Ledger *ledger, ProtectFileOptions *o, ProtectFileReport *r, Error *err)
{
    Asker asker;
    TRY(asker_open(home, ledger, cli_value(cli, "user"), NULL, &cli->arena, &asker, err));
    o->history = asker.history;
    o->noted = asker_note;
    o->noted_ctx = &asker;
    return protectfile_protect(o, r, err);
}

/* A self-service answer: the same gate, with everything the asker was told before. */
static Status answer_asker(Cli *cli, ProtectFileOptions *o, Error *err)
{
    ProtectFileReport report;
    Home *home = NULL;
    Ledger *ledger = NULL;
    if (o->history)
        return error_set(err, ERR_USAGE, "--user has its history in the data home: leave --history away");
    Status st = cli_home(cli, HOME_WRITE, &home, err);
    if (st == OK)
        st = ledger_open(home, &ledger, err);
    if (st == OK)
        st = answer_in(cli, home, ledger, o, &report, err);
    ledger_close(ledger);
    home_close(home);
    return st == OK ? say_protected(cli, &report) : st;
}

static Status run_protect(Cli *cli, Error *err)
{
    ProtectFileOptions o = {.out = cli_value(cli, "out"),
        .history = cli_value(cli, "history"),
        .key = cli_value(cli, "key"),
        .proof = cli_value(cli, "proof"),
        .run = {.log = &cli->log, .budget = cli_value(cli, "budget")}};
    ProtectFileReport report;
    TRY(threads_of(cli, &o.run.threads, err));
    if (cli_value(cli, "jj"))
        return run_jj(cli, &o.run, err);
    if (cli->positional_count != 1 || !cli_value(cli, "policy"))
        return error_set(err, ERR_USAGE, "protect needs TABLES and --policy, or --jj FILE");
    o.tables = cli->positional[0];
    TRY(policy_file(cli, &o.policy, err));
    if (cli_flag(cli, "compare") && (o.out || cli_value(cli, "user")))
        return error_set(err, ERR_USAGE, "--compare writes nothing: leave --%s away", o.out ? "out" : "user");
    if (cli_flag(cli, "compare"))
        return compare_files(&o, cli->format == CLI_JSON ? COMPARE_JSON : COMPARE_TEXT, &cli->out, err);
    if (!o.out)
        return error_set(err, ERR_USAGE, "protect needs --out DIR, or --compare");
    if (cli_value(cli, "user"))
        return answer_asker(cli, &o, err);
    TRY(protectfile_protect(&o, &report, err));
    return say_protected(cli, &report);
}

const Command CMD_PROTECT = {
    .name = "protect",
    .synopsis = "[TABLES]",
    .summary = "make tables safe to publish, without a data home",
    .text =
        "TABLES is a header (TOML, docs/protect.md) that says what the CSV files are: dimensions and hierarchies, "
        "which "
        "columns are counts, rates, medians, means, which tables count the same people, what was published before. "
        "Everything is one system of equations; small cells are suppressed by the policy's rules, others to protect "
        "them, and the result is attacked by an audit that trusts nothing of it. Nothing is written unless the audit "
        "finds nothing.\n\n"
        "Where the policy names another lane for a table (round, cell_key, dp; docs/lanes.md), its figures are changed "
        "instead, and the report says what that promises.\n\n"
        "Exit codes: 3 when a table breaks a rule (does not add up, negative counts, missing margins, unknown codes), "
        "7 "
        "when no pattern protects every cell.",
    .options = PROTECT_OPTIONS,
    .option_count = COUNT_OF(PROTECT_OPTIONS),
    .positional_max = 1,
    .run = run_protect,
};

/* --- audit ------------------------------------------------------------------------------------------------------- */

static const Option AUDIT_OPTIONS[] = {
    {"policy", 'p', "FILE|NAME", "also call small printed counts exposed, by the minimums of this policy or preset"},
    {"out", 'o', "FILE", "every finding as CSV, in words too; with --all every cell"},
    {"all", 0, NULL, "in --out: cells that are safe, too"},
    {"rows-alone", 0, NULL, "only ask of each row by itself which sizes fit its rates: fast, on tables of any size"},
    {"possible", 0, "N", "a hidden cell with fewer possible values than N (2 to 16) is exposed (default 4)"},
    {"jj", 0, "FILE", "a problem in JJ format with its suppressed cells, instead of TABLES"},
    {"proof", 0, "FILE", "a proof by cairn protect --proof: verified, and what it does not show is searched for"},
};

static void markers_json(Json *j, const AttackJob *job)
{
    json_key(j, "markers");
    json_open_array(j);
    for (size_t i = 0; i < job->marker_count; i++) {
        const AttackMarker *m = &job->markers[i];
        json_open_object(j);
        json_kstr(j, "text", m->text);
        json_kint(j, "cells", (int64_t)m->cells);
        json_kint(j, "exact", (int64_t)m->exact);
        json_kint(j, "narrow", (int64_t)m->narrow);
        json_kint(j, "with_exact_rate", (int64_t)m->alone_asked);
        json_kint(j, "one_size_by_rates_alone", (int64_t)m->alone_exact);
        json_kint(j, "at_most_three_by_rates_alone", (int64_t)m->alone_few);
        json_end(j);
    }
    json_end(j);
}

static Status attack_json(Cli *cli, const AttackJob *job, Error *err)
{
    const AttackTally *t = &job->tally;
    Json j;
    cli_json(cli, &j);
    json_kint(&j, "cells", (int64_t)t->cells);
    json_kint(&j, "hidden", (int64_t)t->hidden);
    json_kint(&j, "exact", (int64_t)t->exact);
    json_kint(&j, "narrow", (int64_t)t->narrow);
    json_kint(&j, "unproven", (int64_t)t->unproven);
    json_kint(&j, "small", (int64_t)t->small);
    json_kint(&j, "contradictions", (int64_t)t->contradictions);
    json_kint(&j, "set_aside", (int64_t)job->result.aside_count);
    json_kint(&j, "group_attributes", (int64_t)t->groups);
    json_kint(&j, "group_attributes_unproven", (int64_t)t->groups_unproven);
    proof_json(&j, &job->proof);
    markers_json(&j, job);
    Status st = attack_findings_json(job, FINDINGS_TOLD, &j, err);
    cli_json_end(cli, &j);
    return st;
}

static Status write_findings(Cli *cli, const AttackJob *job, Error *err)
{
    Buf csv;
    if (!cli_value(cli, "out"))
        return OK;
    buf_init(&csv, 0);
    Status st = attack_csv(job, cli_flag(cli, "all") ? ATTACK_ALL_ROWS : ATTACK_EXPOSED_ROWS, &csv, err);
    if (st == OK)
        st = file_write(cli_value(cli, "out"), buf_slice(&csv), MODE_PRIVATE, err);
    buf_free(&csv);
    return st;
}

static Status answer(Cli *cli, const AttackJob *job, Error *err)
{
    const AttackTally *t = &job->tally;
    TRY(write_findings(cli, job, err));
    say_proof(cli, &job->proof);
    if (cli->format == CLI_JSON)
        TRY(attack_json(cli, job, err));
    else
        TRY(attack_text(job, FINDINGS_TOLD, &cli->out, err));
    uint64_t alone = 0;
    for (size_t i = 0; i < job->marker_count && !job->audit; i++)
        alone += job->markers[i].alone_exact;
    uint64_t exposed =
        alone + t->exact + t->narrow + t->unproven + t->small + t->contradictions + t->groups + t->groups_unproven;
    exposed += job->result.aside_count; /* what contradicts itself is no proof of anything */
    if (exposed == 0)
        return OK;
    TRY(cli_flush(cli, err));
    return error_set(err, ERR_DENIED, "an outsider can infer what was hidden: findings: %" PRIu64, exposed);
}

static Status audit_tables(Cli *cli, AttackOptions *o, Error *err)
{
    AttackJob job = {0};
    Buf header, text, proof;
    ProtectionPolicy policy = {0};
    const char *policy_path;
    const char *dir = NULL;
    buf_init(&header, 0);
    buf_init(&text, 0);
    buf_init(&proof, 0);
    Status st = policy_file(cli, &policy_path, err);
    if (st == OK)
        st = proof_load(cli_value(cli, "proof"), &proof, err);
    if (cli_value(cli, "proof")) {
        o->given_proof = (Slice){proof.len > 0 ? proof.ptr : "", proof.len};
        o->given_name = cli_value(cli, "proof");
    }
    if (st == OK && policy_path) {
        st = file_read(policy_path, 0, &text, err);
        if (st == OK)
            st = protection_parse(buf_slice(&text), policy_path, &policy, err);
        o->policy = &policy;
        o->cells = ATTACK_ALL_CELLS;
    }
    if (st == OK)
        st = protectfile_header(cli->positional[0], &cli->arena, &dir, &header, err);
    if (st == OK)
        st = attack_run(buf_slice(&header), cli->positional[0], tables_load_file, (void *)(uintptr_t)dir, o, &job, err);
    if (st == OK)
        st = answer(cli, &job, err);
    attack_free(&job);
    protection_free(&policy);
    buf_free(&header);
    buf_free(&text);
    buf_free(&proof);
    return st;
}

static Status audit_jj(Cli *cli, Error *err)
{
    JjReport report;
    ProtectOptions run = {.log = &cli->log};
    Buf text;
    TRY(threads_of(cli, &run.threads, err));
    buf_init(&text, 0);
    Status st = protectfile_jj_audit(cli_value(cli, "jj"), cli_value(cli, "proof"), &run, &report, &text, err);
    if (st == OK)
        say_proof(cli, &report.proof);
    if (st == OK)
        st = say_jj(cli, &report, buf_slice(&text));
    buf_free(&text);
    TRY(st);
    if (report.exposed + report.unproven == 0)
        return OK;
    TRY(cli_flush(cli, err));
    return error_set(err, ERR_DENIED, "cells that are not protected: %" PRIu64, report.exposed + report.unproven);
}

static Status run_audit(Cli *cli, Error *err)
{
    AttackOptions o = ATTACK_OUTSIDER_INIT;
    uint64_t possible;
    if ((cli_value(cli, "jj") != NULL) == (cli->positional_count == 1))
        return error_set(err, ERR_USAGE, "audit needs TABLES, or --jj FILE");
    if (cli_value(cli, "jj"))
        return audit_jj(cli, err);
    TRY(cli_number(cli, "possible", 4, 2, 16, &possible, err));
    TRY(threads_of(cli, &o.effort.threads, err));
    o.min_possible = (uint32_t)possible;
    o.explain_most = FINDINGS_TOLD;
    o.rows_alone = cli_flag(cli, "rows-alone");
    if (o.rows_alone && cli_value(cli, "out"))
        return error_set(err, ERR_USAGE, "--rows-alone makes no list of cells: leave --out away");
    return audit_tables(cli, &o, err);
}

const Command CMD_AUDIT = {
    .name = "audit",
    .synopsis = "[TABLES]",
    .summary = "attack published tables: what can an outsider infer?",
    .text =
        "TABLES is a header (docs/protect.md) of tables as anybody published them: numbers, ranges such as \"50 or "
        "less\", suppressed cells, rates. The audit puts everything that is printed into one system and says of each "
        "hidden cell what follows: its exact value, how few values remain, or that everybody or nobody of a group has "
        "an outcome, and from which printed figures.\n\n"
        "Exit code 7 when something hidden can be inferred, 0 when nothing can.",
    .options = AUDIT_OPTIONS,
    .option_count = COUNT_OF(AUDIT_OPTIONS),
    .positional_max = 1,
    .run = run_audit,
};
