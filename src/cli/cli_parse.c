/*
 * Reading the command line: `cairn COMMAND [options] [words]`. Long options as
 * --name VALUE or --name=VALUE, short flags one by one; `--` ends the options.
 * Global options may stand before or after the command's name.
 */
#include "cli/cli.h"

static size_t option_total(const Command *c)
{
    return c->option_count + CLI_GLOBAL_OPTION_COUNT;
}

static const Option *option_at(const Command *c, size_t i)
{
    return i < c->option_count ? &c->options[i] : &CLI_GLOBAL_OPTIONS[i - c->option_count];
}

static const Command *command_find(Slice name)
{
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++)
        if (slice_eq_z(name, CLI_COMMANDS[i]->name))
            return CLI_COMMANDS[i];
    return NULL;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* Index into cli->values, or option_total when there is no such option. */
static size_t option_find(const Command *c, Slice name, char letter)
{
    size_t n = option_total(c);
    for (size_t i = 0; i < n; i++) {
        const Option *o = option_at(c, i);
        if (letter ? o->letter == letter : slice_eq_z(name, o->name))
            return i;
    }
    return n;
}

/* A global option before the command's name takes its value with it, so the name is not simply the first word. */
static int command_position(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!is_option(argv[i]))
            return i;
        Slice word = slice_of(argv[i]);
        if (slice_find(word, SLICE("=")) < word.len || !slice_starts(word, SLICE("--")))
            continue;
        for (size_t k = 0; k < CLI_GLOBAL_OPTION_COUNT; k++)
            if (CLI_GLOBAL_OPTIONS[k].value && slice_eq_z(slice_sub(word, 2, word.len), CLI_GLOBAL_OPTIONS[k].name))
                i++;
    }
    return 0;
}

static Status take_option(Cli *cli, int argc, char **argv, int *at, bool *help, Error *err)
{
    const Command *c = cli->command;
    Slice word = slice_of(argv[*at]);
    bool is_long = slice_starts(word, SLICE("--"));
    size_t eq = slice_find(word, SLICE("="));
    Slice name = slice_sub(word, is_long ? 2 : 1, is_long ? eq : word.len);
    if (slice_eq_z(name, "help") || (!is_long && slice_eq_z(name, "h"))) {
        *help = true;
        return OK;
    }
    if (!is_long && name.len != 1)
        return error_set(err, ERR_USAGE, "unknown option \"%.*s\"", SLICE_ARG(word));
    size_t i = option_find(c, name, is_long ? '\0' : name.ptr[0]);
    if (i == option_total(c)) {
        error_set(
            err, ERR_USAGE, "unknown option \"%.*s\" of command \"%s\"", SLICE_ARG(slice_sub(word, 0, eq)), c->name);
        error_hint(err, "See \"cairn %s --help\".", c->name);
        return ERR_USAGE;
    }
    const Option *o = option_at(c, i);
    bool has_value = is_long && eq < word.len;
    if (!o->value) {
        if (has_value)
            return error_set(err, ERR_USAGE, "option \"--%s\" takes no value", o->name);
        cli->values[i] = "";
        return OK;
    }
    if (has_value) {
        cli->values[i] = argv[*at] + eq + 1;
        return OK;
    }
    if (*at + 1 >= argc)
        return error_set(err, ERR_USAGE, "option \"--%s\" needs a value: %s", o->name, o->value);
    cli->values[i] = argv[++*at];
    return OK;
}

static void apply_globals(Cli *cli)
{
    cli->format = cli_flag(cli, "json") ? CLI_JSON : CLI_TEXT;
    cli->progress = cli_flag(cli, "quiet") || cli->format == CLI_JSON ? PROGRESS_OFF : PROGRESS_AUTO;
    cli->log.level = cli_flag(cli, "quiet") ? LOG_ERROR : cli_flag(cli, "verbose") ? LOG_DEBUG : LOG_WARN;
}

/* A malformed command line must already be told in the form that was asked for, wherever the word stands. */
static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc && !slice_eq_z(slice_of(argv[i]), "--"); i++)
        if (slice_eq_z(slice_of(argv[i]), "--json"))
            return true;
    return false;
}

Status cli_parse(Cli *cli, int argc, char **argv, bool *help, Error *err)
{
    memset(cli, 0, sizeof *cli);
    arena_init(&cli->arena, 0);
    buf_init(&cli->out, 0);
    cli->log = (Log){.level = LOG_WARN, .fd = 2};
    cli->format = wants_json(argc, argv) ? CLI_JSON : CLI_TEXT;
    *help = false;

    int at = command_position(argc, argv);
    if (at == 0) {
        for (int i = 1; i < argc; i++)
            if (slice_eq_z(slice_of(argv[i]), "--version"))
                at = -1;
        *help = at == 0;
        cli->command = at == 0 ? NULL : command_find(SLICE("version"));
        if (at == 0)
            return OK;
        at = 0;
    } else {
        cli->command = command_find(slice_of(argv[at]));
    }
    if (!cli->command) {
        error_set(err, ERR_USAGE, "unknown command \"%s\"", argv[at]);
        error_hint(err, "\"cairn --help\" lists the commands.");
        return ERR_USAGE;
    }
    TRY(arena_new(&cli->arena, const char *, option_total(cli->command), &cli->values, err));
    bool words_only = false;
    for (int i = 1; i < argc; i++) {
        if (i == at || (at == 0 && slice_eq_z(slice_of(argv[i]), "--version")))
            continue;
        if (!words_only && slice_eq_z(slice_of(argv[i]), "--")) {
            words_only = true;
        } else if (!words_only && is_option(argv[i])) {
            TRY(take_option(cli, argc, argv, &i, help, err));
        } else {
            if (cli->positional_count == cli->command->positional_max)
                return error_set(err, ERR_USAGE, "command \"%s\" does not take \"%s\"", cli->command->name, argv[i]);
            cli->positional[cli->positional_count++] = argv[i];
        }
    }
    apply_globals(cli);
    if (!*help && cli->positional_count < cli->command->positional_min) {
        error_set(err, ERR_USAGE, "command \"%s\" needs %s", cli->command->name, cli->command->synopsis);
        error_hint(err, "See \"cairn %s --help\".", cli->command->name);
        return ERR_USAGE;
    }
    return OK;
}

void cli_free(Cli *cli)
{
    buf_free(&cli->out);
    arena_free(&cli->arena);
}

const char *cli_value(const Cli *cli, const char *name)
{
    size_t i = option_find(cli->command, slice_of(name), '\0');
    ASSERT(i < option_total(cli->command));
    return cli->values[i];
}

bool cli_flag(const Cli *cli, const char *name)
{
    return cli_value(cli, name) != NULL;
}

Status cli_number(
    const Cli *cli, const char *name, uint64_t fallback, uint64_t min, uint64_t max, uint64_t *out, Error *err)
{
    const char *text = cli_value(cli, name);
    *out = fallback;
    if (!text)
        return OK;
    if (parse_u64(slice_of(text), out, NULL) != OK || *out < min || *out > max)
        return error_set(
            err, ERR_USAGE, "option \"--%s\" takes a whole number from %" PRIu64 " to %" PRIu64, name, min, max);
    return OK;
}
