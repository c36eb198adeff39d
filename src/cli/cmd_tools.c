/* Commands beside the way of the data: serve, synth, verify, completion, man, version. */
#include "cli/commands.h"
#include "publish/publish.h"
#include "serve/serve.h"
#include "synth/synth.h"

#include <stdio.h>

static const Option SERVE_OPTIONS[] = {
    {"port", 'p', "N", "port (default 8080; 0: any free one)"},
    {"address", 0, "ADDRESS", "address to listen on (default 127.0.0.1)"},
};

typedef struct ReadyArg {
    Cli *cli;
    const char *address;
} ReadyArg;

static Status say_ready(uint16_t port, void *arg, Error *err)
{
    ReadyArg *a = arg;
    if (a->cli->format == CLI_JSON) {
        Json j;
        cli_json(a->cli, &j);
        json_kstr(&j, "address", slice_of(a->address));
        json_kint(&j, "port", port);
        cli_json_end(a->cli, &j);
    } else {
        cli_say(a->cli, "serving the published releases on http://%s:%u/ (stop with Ctrl-C)\n", a->address, port);
    }
    return cli_flush(a->cli, err);
}

static Status run_serve(Cli *cli, Error *err)
{
    uint64_t port;
    TRY(cli_number(cli, "port", 8080, 0, 65535, &port, err));
    const char *address = cli_value(cli, "address");
    ReadyArg arg = {cli, address ? address : "127.0.0.1"};
    ServeOptions options = {
        .address = arg.address, .port = (uint16_t)port, .ready = say_ready, .arg = &arg, .log = &cli->log};
    if (!cli_flag(cli, "quiet") && !cli_flag(cli, "verbose"))
        cli->log.level = LOG_INFO; /* a server's access log is what its operator watches */
    Home *home;
    TRY(cli_home(cli, HOME_READ, &home, err));
    Status st = serve_run(home, &options, err);
    home_close(home);
    return st;
}

const Command CMD_SERVE = {
    .name = "serve",
    .synopsis = "",
    .summary = "show the published releases over HTTP on this machine",
    .text = "Serves the release folders, and nothing else, on loopback. For the public put nginx in front; "
            "docs/nginx.conf is a "
            "configuration to begin with.",
    .options = SERVE_OPTIONS,
    .option_count = COUNT_OF(SERVE_OPTIONS),
    .run = run_serve,
};

static const Option SYNTH_OPTIONS[] = {
    {"people", 'n', "N", "people in the state's files (default 30000)"},
    {"seed", 's', "S", "same seed, same bytes (default 1)"},
    {"out", 'o', "DIR", "folder to write: DIR/inbox and DIR/truth"},
    {"first-year", 0, "YEAR", "first school year, named by its end (default: the policy's parameters)"},
    {"last-year", 0, "YEAR", "last school year"},
    {"first-grade", 0, "GRADE", "lowest grade written, 0 to 12 (default: the policy's parameters; 0 is kindergarten)"},
    {"policy", 0, "DIR", "the state's policy folder (default: CAIRN_POLICY, then the installed Colorado)"},
};

static Status run_synth(Cli *cli, Error *err)
{
    SynthOptions o = SYNTH_OPTIONS_INIT;
    uint64_t threads, first_year, last_year, first_grade;
    TRY(cli_number(cli, "people", 30000, 100, UINT64_C(100000000), &o.people, err));
    TRY(cli_number(cli, "seed", 1, 0, UINT64_MAX, &o.seed, err));
    TRY(cli_number(cli, "threads", 0, 1, 1024, &threads, err));
    TRY(cli_number(cli, "first-year", 0, 1990, 2100, &first_year, err));
    TRY(cli_number(cli, "last-year", 0, 1990, 2100, &last_year, err));
    TRY(cli_number(cli, "first-grade", 99, 0, 12, &first_grade, err));
    TRY(cli_policy_dir(cli, &o.policy_dir, err));
    o.out_dir = cli_value(cli, "out");
    if (!o.out_dir)
        return error_set(err, ERR_USAGE, "synth needs --out DIR");
    o.threads = (unsigned)threads;
    o.first_year = (int)first_year;
    o.last_year = (int)last_year;
    o.first_grade = first_grade == 99 ? -1 : (int)first_grade;
    o.progress = cli->progress;
    o.log = &cli->log;
    SynthReport r = {0};
    double start = clock_monotonic();
    TRY(synth_state(&o, &r, err));
    double seconds = clock_monotonic() - start;
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "people", (int64_t)r.people);
        json_kint(&j, "files", (int64_t)r.files);
        json_kint(&j, "rows", (int64_t)r.rows);
        json_kint(&j, "bytes", (int64_t)r.bytes);
        json_key(&j, "seconds");
        json_fixed(&j, seconds, 2);
        cli_json_end(cli, &j);
    } else {
        cli_say(cli,
            "%" PRIu64 " people: %" PRIu64 " files, %" PRIu64
            " rows, %.1f MB in %.1f s\nfiles in %s/inbox, the truth in %s/truth\n",
            r.people, r.files, r.rows, (double)r.bytes / 1e6, seconds, o.out_dir, o.out_dir);
    }
    return OK;
}

const Command CMD_SYNTH = {
    .name = "synth",
    .synopsis = "",
    .summary = "write a synthetic state with known truth, in the agencies' formats",
    .text = "Draws a population and its way from school to work from documented rates, and writes what each agency "
            "would send: "
            "DIR/inbox/SOURCE/... The truth (who is who, true outcomes) goes to DIR/truth. No real person is in it.",
    .options = SYNTH_OPTIONS,
    .option_count = COUNT_OF(SYNTH_OPTIONS),
    .run = run_synth,
};

static void verified(Cli *cli, const char *words)
{
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kbool(&j, "ok", true);
        json_kstr(&j, "message", slice_of(words));
        cli_json_end(cli, &j);
    } else {
        cli_say(cli, "ok: %s\n", words);
    }
}

static Status verify_release(Cli *cli, Error *err)
{
    uint8_t signer[32];
    const char *key = cli_value(cli, "key");
    if (key && hex_decode(slice_of(key), signer, sizeof signer, NULL) != OK)
        return error_set(err, ERR_USAGE, "--key wants 64 hex digits, as \"cairn keys list\" shows them");
    TRY(release_verify(cli->positional[0], key ? signer : NULL, err));
    verified(cli, key ? "every file matches the manifest and this key made the signature"
                      : "every file matches the manifest and the signature holds; whose it is, only --key can tell");
    return OK;
}

static Status run_verify(Cli *cli, Error *err)
{
    if (cli->positional_count == 1)
        return verify_release(cli, err);
    if (cli_value(cli, "key"))
        return error_set(err, ERR_USAGE, "--key goes with a release folder");
    Home *home;
    TRY(cli_home(cli, HOME_READ, &home, err));
    Ledger *ledger = NULL;
    uint64_t entries = 0;
    Status st = ledger_open(home, &ledger, err);
    if (st == OK)
        st = ledger_verify(ledger, &entries, err);
    if (st == OK) {
        char words[80];
        snprintf(words, sizeof words, "the ledger's chain of %" PRIu64 " entries is whole", entries);
        verified(cli, words);
    }
    ledger_close(ledger);
    home_close(home);
    return st;
}

static const Option VERIFY_OPTIONS[] = {
    {"key", 0, "HEX", "the public key that must have signed the release (\"cairn keys list\" of its home shows it)"},
};

const Command CMD_VERIFY = {
    .name = "verify",
    .synopsis = "[RELEASE]",
    .summary = "check a release folder's hashes and signature, or the ledger's chain",
    .text = "With a release folder, re-reads every file and checks it against the signed manifest; needs no home. "
            "A signature tells who made a release only beside a key that is known from elsewhere: give it as --key. "
            "Without a release folder, recomputes the ledger's hash chain.",
    .options = VERIFY_OPTIONS,
    .option_count = COUNT_OF(VERIFY_OPTIONS),
    .positional_max = 1,
    .run = run_verify,
};

static Status run_completion(Cli *cli, Error *err)
{
    return cli_completion(slice_of(cli->positional[0]), &cli->out, err);
}

const Command CMD_COMPLETION = {
    .name = "completion",
    .synopsis = "bash|zsh|fish",
    .summary = "print a shell completion script",
    .text = "For bash: source <(cairn completion bash)",
    .positional_min = 1,
    .positional_max = 1,
    .run = run_completion,
};

static Status run_man(Cli *cli, Error *err)
{
    UNUSED(err);
    cli_man(&cli->out);
    return OK;
}

const Command CMD_MAN = {
    .name = "man",
    .synopsis = "",
    .summary = "print the manual page (man format)",
    .text = "Made from the same table as --help. To read it: cairn man | man -l -",
    .run = run_man,
};

static Status run_version(Cli *cli, Error *err)
{
    UNUSED(err);
    cli_answer(cli, "version", slice_of(CAIRN_VERSION), "cairn %s", CAIRN_VERSION);
    return OK;
}

const Command CMD_VERSION = {
    .name = "version",
    .synopsis = "",
    .summary = "print the version",
    .text = "Prints the version of this program.",
    .run = run_version,
};
