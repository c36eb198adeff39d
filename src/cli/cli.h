/*
 * The command line: one binary, one table of commands, one file a command.
 *
 * A command declares its options in a table; parsing, --help, the man page and
 * shell completion are all made from that table, so that they cannot drift.
 */
#ifndef CAIRN_CLI_CLI_H
#define CAIRN_CLI_CLI_H

#include "base/base.h"
#include "govern/govern.h"
#include "policy/policy.h"
#include "store/home.h"
#include "store/ledger.h"
#include "store/vault.h"

#define CLI_MAX_POSITIONAL 256 /* files of one match */

typedef struct Option {
    const char *name;  /* long form, without dashes */
    char letter;       /* short form, or 0 */
    const char *value; /* what stands for the value in help; NULL: a flag */
    const char *help;
} Option;

typedef struct Cli Cli;

typedef struct Command {
    const char *name;
    const char *synopsis; /* positional part: "HOME", "FILE", "[NAME]" */
    const char *summary;  /* one line, lower-case, no full stop */
    const char *text;     /* what a user should know; paragraphs parted by \n\n */
    const Option *options;
    size_t option_count;
    size_t positional_min, positional_max;
    Status (*run)(Cli *cli, Error *err);
} Command;

extern const Command *const CLI_COMMANDS[];
extern const size_t CLI_COMMAND_COUNT;
extern const Option CLI_GLOBAL_OPTIONS[];
extern const size_t CLI_GLOBAL_OPTION_COUNT;

typedef enum CliFormat { CLI_TEXT, CLI_JSON } CliFormat;

struct Cli {
    const Command *command;
    const char **values; /* one an option of the command, then one a global option; flags hold "" when set */
    const char *positional[CLI_MAX_POSITIONAL];
    size_t positional_count;
    CliFormat format;
    ProgressMode progress;
    Log log;
    Arena arena; /* lives as long as the command */
    Buf out;     /* standard output, written when the command ends or by cli_flush */
};

/* Reads argv into cli. ERR_USAGE names the word that is wrong. *help is set when help was asked for. */
MUST_USE Status cli_parse(Cli *cli, int argc, char **argv, bool *help, Error *err);
void cli_free(Cli *cli);

/* Value of an option: NULL when absent; for a flag, non-NULL when set. Asserts that the option exists. */
const char *cli_value(const Cli *cli, const char *name);
bool cli_flag(const Cli *cli, const char *name);
/* Whole numbers within [min, max]; fallback when absent. */
MUST_USE Status cli_number(
    const Cli *cli, const char *name, uint64_t fallback, uint64_t min, uint64_t max, uint64_t *out, Error *err);

/* Text for standard output. */
void cli_say(Cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
MUST_USE Status cli_flush(Cli *cli, Error *err);
/* With --json: begins an object in cli->out; cli_json_end closes it. */
void cli_json(Cli *cli, Json *json);
void cli_json_end(Cli *cli, Json *json);
/* A command's whole answer: a line for people, or an object with one member with --json. */
void cli_answer(Cli *cli, const char *key, Slice value, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The error that ended the command, to standard error: a line for people, or an object with --json. */
void cli_report(const Cli *cli, const Error *err);

void cli_help(const Command *command, Buf *out); /* NULL: the overview */
void cli_man(Buf *out);
MUST_USE Status cli_completion(Slice shell, Buf *out, Error *err);

/* --- what commands share --- */

/* The home of --home or CAIRN_HOME, with --threads and --memory applied. */
MUST_USE Status cli_home(Cli *cli, HomeAccess access, Home **out, Error *err);
/* The state folder where no option names one: CAIRN_POLICY, or the installed one. */
const char *cli_policy_default(void);
/* The state folder to make a home with: --policy, CAIRN_POLICY, or the installed one. */
MUST_USE Status cli_policy_dir(Cli *cli, const char **out, Error *err);

/* What stands after the last dot of a file's name; empty without one, also for NULL. */
Slice cli_file_end(const char *file);
/* ERR_USAGE for an option of the command (those of every command aside) that `what` does not read; `read` ends in NULL.
 */
MUST_USE Status cli_only_options(const Cli *cli, const char *what, const char *const *read, Error *err);

/* A home opened for work: everything most commands need. */
typedef struct Workplace {
    Home *home;
    Policy *policy;
    Ledger *ledger;
} Workplace;
MUST_USE Status workplace_open(Cli *cli, HomeAccess access, Workplace *out, Error *err);
/* The policy of a command that can do without a home: that of --policy; else of the home that --home or CAIRN_HOME
 * names, which is opened for reading; else of cli_policy_dir. Without a home only `policy` is set. */
MUST_USE Status workplace_policy(Cli *cli, Workplace *out, Error *err);
void workplace_close(Workplace *w);

#endif
