/* What the commands share: finding the home and the policy, opening them together. */
#include "cli/cli.h"

const char *cli_policy_default(void)
{
    const char *dir = env_get("CAIRN_POLICY");
    return dir ? dir : CAIRN_DATADIR "/policy/colorado";
}

Status cli_policy_dir(Cli *cli, const char **out, Error *err)
{
    const char *dir = cli_value(cli, "policy");
    if (!dir)
        dir = cli_policy_default();
    if (!dir_exists(dir)) {
        error_set(err, ERR_NOT_FOUND, "no policy folder \"%s\"", dir);
        error_hint(err, "Name the state's folder with --policy, for instance --policy policy/colorado.");
        return ERR_NOT_FOUND;
    }
    return path_absolute(&cli->arena, dir, out, err);
}

Slice cli_file_end(const char *file)
{
    Slice base = slice_of(file ? path_base(file) : "");
    size_t dot = base.len;
    for (size_t i = 0; i < base.len; i++)
        dot = base.ptr[i] == '.' ? i + 1 : dot;
    return slice_sub(base, dot, base.len);
}

Status cli_only_options(const Cli *cli, const char *what, const char *const *read, Error *err)
{
    for (size_t i = 0; i < cli->command->option_count; i++) {
        const char *name = cli->command->options[i].name;
        bool known = false;
        for (const char *const *r = read; *r; r++)
            known |= strcmp(*r, name) == 0;
        if (!known && cli_flag(cli, name))
            return error_set(err, ERR_USAGE, "%s takes no --%s", what, name);
    }
    return OK;
}

Status cli_home(Cli *cli, HomeAccess access, Home **out, Error *err)
{
    const char *path = cli_value(cli, "home");
    if (!path)
        path = env_get("CAIRN_HOME");
    if (!path) {
        error_set(err, ERR_USAGE, "no data home named");
        error_hint(err, "Give --home DIR or set CAIRN_HOME; \"cairn init DIR\" makes one.");
        return ERR_USAGE;
    }
    uint64_t threads, memory;
    TRY(cli_number(cli, "threads", 0, 1, 1024, &threads, err));
    TRY(cli_number(cli, "memory", 0, 64, UINT64_C(16) << 20, &memory, err));
    TRY(home_open(path, access, out, err));
    home_override(*out, (unsigned)threads, memory);
    return OK;
}

Status workplace_open(Cli *cli, HomeAccess access, Workplace *out, Error *err)
{
    *out = (Workplace){0};
    Status st;
    TRY_OUT(cli_home(cli, access, &out->home, err));
    TRY_OUT(policy_open(home_settings(out->home)->policy_dir, &out->policy, err));
    TRY_OUT(ledger_open(out->home, &out->ledger, err));
    return OK;
out:
    workplace_close(out);
    return st;
}

Status workplace_policy(Cli *cli, Workplace *out, Error *err)
{
    const char *dir;
    *out = (Workplace){0};
    if (!cli_value(cli, "policy") && (cli_value(cli, "home") || env_get("CAIRN_HOME")))
        return workplace_open(cli, HOME_READ, out, err);
    TRY(cli_policy_dir(cli, &dir, err));
    return policy_open(dir, &out->policy, err);
}

void workplace_close(Workplace *w)
{
    ledger_close(w->ledger);
    policy_close(w->policy);
    home_close(w->home);
    *w = (Workplace){0};
}
