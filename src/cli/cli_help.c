/*
 * Help, man page and shell completion, all from the command table.
 * The man page is mdoc-free plain man(7), which every man reads.
 */
#include "cli/cli.h"

#define HELP_COLUMN 26

static void option_line(Buf *out, const Option *o)
{
    size_t from = out->len;
    if (o->letter)
        buf_addf(out, "  -%c, --%s", o->letter, o->name);
    else
        buf_addf(out, "      --%s", o->name);
    if (o->value)
        buf_addf(out, " %s", o->value);
    size_t width = out->len - from;
    buf_pad(out, ' ', width < HELP_COLUMN ? HELP_COLUMN - width : 1);
    buf_addf(out, " %s\n", o->help);
}

static const char *const EXIT_CODES[][2] = {
    {"0", "done"},
    {"2", "the command line is malformed"},
    {"3", "data or policy breaks a rule"},
    {"4", "a file is not of the format it claims"},
    {"5", "a named thing does not exist"},
    {"6", "a thing that must be new is there already"},
    {"7", "denied: no agreement, key or permission allows it"},
    {"8", "a stated maximum was reached"},
    {"9", "the operating system refused: disk full, read-only, permission"},
    {"10", "another process holds the data home or the port"},
    {"11", "stored data does not match its own checksum or chain"},
    {"12", "out of memory"},
    {"70", "a library broke its promise: a defect"},
    {"130", "stopped by a signal"},
};

static void overview(Buf *out)
{
    buf_adds(out, "cairn - from agency files to published answers, with nobody to be found in them\n\n"
                  "usage: cairn COMMAND [options]\n\ncommands:\n");
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
        const Command *c = CLI_COMMANDS[i];
        size_t width = strlen(c->name);
        buf_addf(out, "  %s", c->name);
        buf_pad(out, ' ', width < 14 ? 14 - width : 1);
        buf_addf(out, "%s\n", c->summary);
    }
    buf_adds(out, "\noptions of every command:\n");
    for (size_t i = 0; i < CLI_GLOBAL_OPTION_COUNT; i++)
        option_line(out, &CLI_GLOBAL_OPTIONS[i]);
    buf_adds(out, "\n\"cairn COMMAND --help\" tells more. Exit codes are in the man page.\n");
}

void cli_help(const Command *c, Buf *out)
{
    if (!c) {
        overview(out);
        return;
    }
    buf_addf(out, "cairn %s - %s\n\nusage: cairn %s [options]%s%s\n\n%s\n", c->name, c->summary, c->name,
        c->synopsis[0] ? " " : "", c->synopsis, c->text);
    if (c->option_count) {
        buf_adds(out, "\noptions:\n");
        for (size_t i = 0; i < c->option_count; i++)
            option_line(out, &c->options[i]);
    }
    buf_adds(out, "\noptions of every command:\n");
    for (size_t i = 0; i < CLI_GLOBAL_OPTION_COUNT; i++)
        option_line(out, &CLI_GLOBAL_OPTIONS[i]);
}

/* man(7): a leading dot or quote starts a request, a backslash an escape, and a bare hyphen may be typeset. */
static void man_text(Buf *out, const char *text)
{
    bool line_start = true;
    for (const char *p = text; *p; p++) {
        if (line_start && (*p == '.' || *p == '\''))
            buf_adds(out, "\\&");
        if (*p == '\n' && p[1] == '\n') {
            buf_adds(out, "\n.PP\n");
            p++;
            line_start = true;
            continue;
        }
        if (*p == '\\')
            buf_adds(out, "\\e");
        else if (*p == '-')
            buf_adds(out, "\\-");
        else
            buf_addc(out, *p);
        line_start = *p == '\n';
    }
}

static void man_option(Buf *out, const Option *o)
{
    buf_adds(out, ".TP\n");
    if (o->letter)
        buf_addf(out, "\\fB\\-%c\\fR, ", o->letter);
    buf_adds(out, "\\fB\\-\\-");
    man_text(out, o->name);
    buf_adds(out, "\\fR");
    if (o->value)
        buf_addf(out, " \\fI%s\\fR", o->value);
    buf_addc(out, '\n');
    man_text(out, o->help);
    buf_addc(out, '\n');
}

void cli_man(Buf *out)
{
    buf_addf(out, ".TH CAIRN 1 \"\" \"cairn %s\" \"Cairn\"\n", CAIRN_VERSION);
    buf_adds(out, ".SH NAME\ncairn \\- education\\-to\\-workforce longitudinal data system\n"
                  ".SH SYNOPSIS\n\\fBcairn\\fR \\fICOMMAND\\fR [options]\n.SH DESCRIPTION\n");
    man_text(out,
        "Cairn takes the files of a state's schools, colleges, training programmes and labor department, works out who "
        "is "
        "who, keeps identities in an encrypted vault, and publishes measures in which nobody can be found.\n\n"
        "cairn run does all steps, skips what is up to date, and may be stopped at any moment and run again.\n");
    buf_adds(out, ".SH OPTIONS OF EVERY COMMAND\n");
    for (size_t i = 0; i < CLI_GLOBAL_OPTION_COUNT; i++)
        man_option(out, &CLI_GLOBAL_OPTIONS[i]);
    buf_adds(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
        const Command *c = CLI_COMMANDS[i];
        buf_addf(out, ".SS cairn %s %s\n", c->name, c->synopsis);
        man_text(out, c->text);
        buf_addc(out, '\n');
        for (size_t k = 0; k < c->option_count; k++)
            man_option(out, &c->options[k]);
    }
    buf_adds(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < COUNT_OF(EXIT_CODES); i++)
        buf_addf(out, ".TP\n\\fB%s\\fR\n%s\n", EXIT_CODES[i][0], EXIT_CODES[i][1]);
    buf_adds(out,
        ".SH ENVIRONMENT\n"
        ".TP\n\\fBCAIRN_HOME\\fR\nthe data home when \\-\\-home is not given\n"
        ".TP\n\\fBCAIRN_POLICY\\fR\nthe state's policy folder where a command takes \\-\\-policy and it is not given\n"
        ".TP\n\\fBCAIRN_WEB\\fR\nthe folder of static web files\n"
        ".TP\n\\fBCAIRN_NOW\\fR\nan ISO instant that takes the wall clock's place\n"
        ".TP\n\\fBCAIRN_KERNELS\\fR\nportable, avx2 or avx512: how text and tokens are compared, in place of the best "
        "this processor can; results do not depend on it\n");
}

static void completion_words(Buf *out, const Command *c)
{
    for (size_t i = 0; c && i < c->option_count; i++)
        buf_addf(out, "--%s ", c->options[i].name);
    for (size_t i = 0; i < CLI_GLOBAL_OPTION_COUNT; i++)
        buf_addf(out, "--%s ", CLI_GLOBAL_OPTIONS[i].name);
}

/* The words a synopsis offers ("list|rotate", "[list|test [NAME]]"), or an empty slice. */
static Slice synopsis_choice(const Command *c)
{
    Slice s = slice_of(c->synopsis);
    while (s.len && (s.ptr[0] == '['))
        s = slice_sub(s, 1, s.len);
    size_t n = 0;
    bool several = false;
    while (n < s.len && ((s.ptr[n] >= 'a' && s.ptr[n] <= 'z') || s.ptr[n] == '|'))
        several |= s.ptr[n++] == '|';
    return several ? slice_sub(s, 0, n) : SLICE("");
}

static void completion_choices(Buf *out)
{
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
        Slice rest = synopsis_choice(CLI_COMMANDS[i]);
        if (!rest.len)
            continue;
        buf_addf(out, "        %s) COMPREPLY=($(compgen -W \"", CLI_COMMANDS[i]->name);
        while (rest.ptr) {
            buf_add(out, slice_cut(&rest, '|'));
            buf_addc(out, ' ');
        }
        buf_adds(out, "\" -- \"$cur\")) ;;\n");
    }
}

static void completion_bash(Buf *out)
{
    buf_adds(out, "# bash completion for cairn; load with: source <(cairn completion bash)\n"
                  "_cairn()\n{\n    local cur=${COMP_WORDS[COMP_CWORD]} cmd=${COMP_WORDS[1]}\n"
                  "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++)
        buf_addf(out, "%s ", CLI_COMMANDS[i]->name);
    buf_adds(
        out, "\" -- \"$cur\"))\n        return\n    fi\n    case \"$cur\" in\n    -*)\n        case \"$cmd\" in\n");
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
        buf_addf(out, "        %s) COMPREPLY=($(compgen -W \"", CLI_COMMANDS[i]->name);
        completion_words(out, CLI_COMMANDS[i]);
        buf_adds(out, "\" -- \"$cur\")) ;;\n");
    }
    buf_adds(out, "        esac ;;\n    *)\n        case \"$cmd\" in\n");
    completion_choices(out);
    buf_adds(out, "        *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n        esac ;;\n    esac\n}\n"
                  "complete -o filenames -F _cairn cairn\n");
}

static void completion_zsh(Buf *out)
{
    buf_adds(out, "#compdef cairn\nautoload -U +X bashcompinit && bashcompinit\n");
    completion_bash(out);
}

static void completion_fish(Buf *out)
{
    for (size_t i = 0; i < CLI_COMMAND_COUNT; i++) {
        const Command *c = CLI_COMMANDS[i];
        buf_addf(out, "complete -c cairn -n __fish_use_subcommand -a %s -d '%s'\n", c->name, c->summary);
        for (size_t k = 0; k < c->option_count; k++)
            buf_addf(out, "complete -c cairn -n '__fish_seen_subcommand_from %s' -l %s\n", c->name, c->options[k].name);
    }
}

Status cli_completion(Slice shell, Buf *out, Error *err)
{
    if (slice_eq_z(shell, "bash"))
        completion_bash(out);
    else if (slice_eq_z(shell, "zsh"))
        completion_zsh(out);
    else if (slice_eq_z(shell, "fish"))
        completion_fish(out);
    else
        return error_set(
            err, ERR_USAGE, "no completion for shell \"%.*s\": bash, zsh and fish have one", SLICE_ARG(shell));
    return OK;
}
