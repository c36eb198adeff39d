/* Commands about the data home itself: init, keys, backup, restore, doctor, status. */
#include "cli/commands.h"
#include "publish/publish.h"

static const Option INIT_OPTIONS[] = {
    {"policy", 0, "DIR", "the state's policy folder (default: CAIRN_POLICY, then the installed Colorado)"},
    {"keys-from", 0, "DIR", "take the keys of another home's folder keys instead of making new ones"},
};

static Status run_init(Cli *cli, Error *err)
{
    HomeSettings settings = HOME_SETTINGS_INIT;
    TRY(cli_policy_dir(cli, &settings.policy_dir, err));
    uint64_t threads, memory;
    TRY(cli_number(cli, "threads", 0, 1, 1024, &threads, err));
    TRY(cli_number(cli, "memory", 0, 64, UINT64_C(16) << 20, &memory, err));
    settings.threads = (unsigned)threads;
    settings.memory_mb = memory;
    Policy *policy;
    TRY(policy_open(settings.policy_dir, &policy, err)); /* a home with a policy that does not load would be no use */
    policy_close(policy);
    TRY(home_create(cli->positional[0], &settings, cli_value(cli, "keys-from"), err));
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kstr(&j, "home", slice_of(cli->positional[0]));
        json_kstr(&j, "policy", slice_of(settings.policy_dir));
        cli_json_end(cli, &j);
    } else {
        cli_say(cli, "made the data home %s with %s keys\n", cli->positional[0],
            cli_flag(cli, "keys-from") ? "the given" : "new");
        cli_say(cli, "policy: %s\n", settings.policy_dir);
        cli_say(cli, "put agency files into %s/inbox/SOURCE/ and run: cairn run --home %s\n", cli->positional[0],
            cli->positional[0]);
    }
    return OK;
}

const Command CMD_INIT = {
    .name = "init",
    .synopsis = "HOME",
    .summary = "make a data home: folders, keys, empty vault and ledger",
    .text = "Makes the folder HOME with everything one installation needs. Keys are made from the operating system's "
            "random source and written with mode 0600; keep a copy of HOME/keys in a safe place, for without it "
            "nobody can read the vault.\n\nThe home must not exist yet.",
    .options = INIT_OPTIONS,
    .option_count = COUNT_OF(INIT_OPTIONS),
    .positional_min = 1,
    .positional_max = 1,
    .run = run_init,
};

static Status keys_list(Cli *cli, Home *home, Error *err)
{
    KeyInfos keys = {0};
    uint8_t signer[32];
    char hex[2 * sizeof signer + 1];
    TRY(home_release_key(home, signer, err));
    hex_encode(signer, sizeof signer, hex);
    Status st = home_keys_list(home, &cli->arena, &keys, err);
    if (st == OK && cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_key(&j, "keys");
        json_open_array(&j);
        for (size_t i = 0; i < keys.len; i++) {
            json_open_object(&j);
            json_kstr(&j, "purpose", slice_of(keys.at[i].purpose));
            json_kint(&j, "key_id", keys.at[i].key_id);
            json_kstr(&j, "created", slice_of(keys.at[i].created));
            json_kbool(&j, "in_force", keys.at[i].in_force);
            json_end(&j);
        }
        json_end(&j);
        json_kstr(&j, "release_public_key", slice_of(hex));
        cli_json_end(cli, &j);
    } else if (st == OK) {
        for (size_t i = 0; i < keys.len; i++)
            cli_say(cli, "%-20s %4" PRIu32 "  %s%s\n", keys.at[i].purpose, keys.at[i].key_id, keys.at[i].created,
                keys.at[i].in_force ? "  in force" : "");
        cli_say(cli, "releases are signed by the public key %s: publish it where readers will find it\n", hex);
    }
    vec_free(&keys);
    return st;
}

static Status run_keys(Cli *cli, Error *err)
{
    Slice verb = slice_of(cli->positional[0]);
    bool rotate = slice_eq_z(verb, "rotate");
    if (!rotate && !slice_eq_z(verb, "list"))
        return error_set(err, ERR_USAGE, "keys: \"%s\" is neither list nor rotate", cli->positional[0]);
    Home *home;
    TRY(cli_home(cli, rotate ? HOME_WRITE : HOME_READ, &home, err));
    Status st = OK;
    if (rotate) {
        uint64_t reboxed = 0;
        TRY_OUT(home_keys_rotate(home, &reboxed, err));
        Ledger *ledger;
        TRY_OUT(ledger_open(home, &ledger, err));
        st = ledger_append(ledger, "key.rotated", SLICE("master"), SLICE("{}"), err);
        ledger_close(ledger);
        TRY_OUT(st);
        if (cli->format == CLI_JSON) {
            Json j;
            cli_json(cli, &j);
            json_kint(&j, "reboxed", (int64_t)reboxed);
            cli_json_end(cli, &j);
        } else {
            cli_say(cli, "rotated: new master key, %" PRIu64 " vault records under a new key\n", reboxed);
            cli_say(cli, "the old backup of the keys no longer opens this home: make a new one\n");
        }
    } else {
        st = keys_list(cli, home, err);
    }
out:
    home_close(home);
    return st;
}

const Command CMD_KEYS = {
    .name = "keys",
    .synopsis = "list|rotate",
    .summary = "list or rotate the home's keys",
    .text =
        "\"list\" shows purposes and versions, never a secret key, and the public key that signs releases (for \"cairn "
        "verify RELEASE --key\"). \"rotate\" makes a new master key and a new key for the "
        "vault's records and puts every record under it; it may be interrupted and run again. Pseudonyms stay as "
        "they are.",
    .positional_min = 1,
    .positional_max = 1,
    .run = run_keys,
};

static const Option BACKUP_OPTIONS[] = {
    {"with-keys", 0, NULL, "include the keys: whoever has the copy can read identities"}};

static Status run_backup(Cli *cli, Error *err)
{
    Home *home;
    TRY(cli_home(cli, HOME_WRITE, &home, err));
    bool with_keys = cli_flag(cli, "with-keys");
    Status st = home_backup(home, cli->positional[0], with_keys ? BACKUP_WITH_KEYS : BACKUP_WITHOUT_KEYS, err);
    if (st == OK)
        cli_answer(cli, "path", slice_of(cli->positional[0]), "backup written to %s%s", cli->positional[0],
            with_keys ? "" : " (without keys: keep HOME/keys elsewhere)");
    home_close(home);
    return st;
}

const Command CMD_BACKUP = {
    .name = "backup",
    .synopsis = "DIR",
    .summary = "copy the home, consistent and hash-listed",
    .text = "Writes a consistent copy of the whole home to the new folder DIR with a list of hashes. Keys are left out "
            "unless --with-keys says so.",
    .options = BACKUP_OPTIONS,
    .option_count = COUNT_OF(BACKUP_OPTIONS),
    .positional_min = 1,
    .positional_max = 1,
    .run = run_backup,
};

static Status run_restore(Cli *cli, Error *err)
{
    TRY(home_restore(cli->positional[0], cli->positional[1], err));
    cli_answer(cli, "home", slice_of(cli->positional[1]), "restored to %s; \"cairn doctor --home %s\" checks it",
        cli->positional[1], cli->positional[1]);
    return OK;
}

const Command CMD_RESTORE = {
    .name = "restore",
    .synopsis = "BACKUP HOME",
    .summary = "make a home from a backup",
    .text = "Checks every hash of the backup first, then writes the new folder HOME. An existing home is never "
            "overwritten. A backup without keys needs the keys put into HOME/keys afterwards.",
    .positional_min = 2,
    .positional_max = 2,
    .run = run_restore,
};

/* The store room checks a release's files; its signature only the publish room can judge. */
static Status check_signatures(Cli *cli, Home *home, Findings *out, Error *err)
{
    const char *dir, *path;
    uint8_t signer[32];
    PathList names = {0};
    Finding f = {
        .check = "release signatures", .ok = true, .message = "every release is signed by this home", .advice = ""};
    Error unreadable = ERROR_INIT;
    if (home_release_key(home, signer, &unreadable) != OK) {
        f.ok = false;
        f.advice = "Put HOME/keys back from their copy.";
        TRY(arena_printf(&cli->arena, &f.message, err, "the signing key cannot be read: %s", unreadable.message));
        return vec_push(out, f, err);
    }
    TRY(home_file(home, &cli->arena, "releases", &dir, err));
    Status st = dir_list(dir, &cli->arena, &names, err);
    for (size_t i = 0; st == OK && f.ok && i < names.len; i++) {
        st = path_join(&cli->arena, dir, names.at[i], &path, err);
        if (st != OK || !dir_exists(path))
            continue;
        Error bad = ERROR_INIT;
        if (release_verify(path, signer, &bad) == OK)
            continue;
        f.ok = false;
        f.advice = "Withdraw that release and make it again: remove its folder and run \"cairn release --force\".";
        st = arena_printf(&cli->arena, &f.message, err, "release %s: %s", names.at[i], bad.message);
    }
    vec_free(&names);
    TRY(st);
    return vec_push(out, f, err);
}

static Status run_doctor(Cli *cli, Error *err)
{
    Home *home;
    TRY(cli_home(cli, HOME_READ, &home, err));
    Findings findings = {0};
    Status st = home_doctor(home, &cli->arena, &findings, err);
    if (st == OK)
        st = check_signatures(cli, home, &findings, err);
    size_t bad = 0;
    for (size_t i = 0; st == OK && i < findings.len; i++)
        bad += !findings.at[i].ok;
    if (st == OK && cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kbool(&j, "healthy", bad == 0);
        json_key(&j, "findings");
        json_open_array(&j);
        for (size_t i = 0; i < findings.len; i++) {
            json_open_object(&j);
            json_kstr(&j, "check", slice_of(findings.at[i].check));
            json_kbool(&j, "ok", findings.at[i].ok);
            json_kstr(&j, "message", slice_of(findings.at[i].message));
            json_kstr(&j, "advice", slice_of(findings.at[i].advice));
            json_end(&j);
        }
        json_end(&j);
        cli_json_end(cli, &j);
    } else if (st == OK) {
        for (size_t i = 0; i < findings.len; i++) {
            const Finding *f = &findings.at[i];
            cli_say(cli, "%s  %-24s %s\n", f->ok ? "ok  " : "BAD ", f->check, f->message);
            if (!f->ok)
                cli_say(cli, "      %-24s %s\n", "", f->advice);
        }
    }
    vec_free(&findings);
    home_close(home);
    if (st == OK && bad)
        return error_set(err, ERR_CORRUPT, "%zu of the checks failed", bad);
    return st;
}

const Command CMD_DOCTOR = {
    .name = "doctor",
    .synopsis = "",
    .summary = "check the home and say what to do",
    .text = "Checks file modes, keys, the ledger's hash chain, that the vault decrypts, that every load, "
            "generation and "
            "release is complete and unchanged, leftovers and disk space. Exit code 11 when anything is wrong.",
    .run = run_doctor,
};

static Status run_status(Cli *cli, Error *err)
{
    Workplace w;
    TRY(workplace_open(cli, HOME_READ, &w, err));
    Loads loads = {0};
    Status st;
    TRY_OUT(ledger_loads(w.ledger, &cli->arena, &loads, err));
    uint64_t rows = 0, rejected = 0, current = 0;
    for (size_t i = 0; i < loads.len; i++) {
        rows += loads.at[i].rows_accepted;
        rejected += loads.at[i].rows_rejected;
        current += loads.at[i].superseded_by.len == 0;
    }
    LedgerEntry entry;
    Slice release = SLICE("");
    st = ledger_last(w.ledger, "release.published", (Slice){0}, &cli->arena, &entry, NULL);
    if (st == OK)
        release = entry.subject;
    uint32_t generation = 0;
    st = warehouse_current(w.home, &generation, NULL);
    st = OK;
    if (cli->format == CLI_JSON) {
        Json j;
        cli_json(cli, &j);
        json_kint(&j, "loads", (int64_t)loads.len);
        json_kint(&j, "loads_current", (int64_t)current);
        json_kint(&j, "rows_accepted", (int64_t)rows);
        json_kint(&j, "rows_rejected", (int64_t)rejected);
        json_kint(&j, "generation", generation);
        json_kstr(&j, "release", release);
        cli_json_end(cli, &j);
    } else {
        cli_say(cli, "loads       %zu (%" PRIu64 " current)\n", loads.len, current);
        cli_say(cli, "rows        %" PRIu64 " accepted, %" PRIu64 " in quarantine\n", rows, rejected);
        cli_say(cli, "generation  %" PRIu32 "\n", generation);
        cli_say(cli, "release     %.*s\n", SLICE_ARG(release));
    }
out:
    vec_free(&loads);
    workplace_close(&w);
    return st;
}

const Command CMD_STATUS = {
    .name = "status",
    .synopsis = "",
    .summary = "what the home holds",
    .text = "Counts loads and rows, and names the warehouse generation and the release in force.",
    .run = run_status,
};
