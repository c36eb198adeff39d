/* cairn: the one binary. Parses, runs the command, prints the error for people or for programs, exits with its code. */
#include "cli/cli.h"

const Option CLI_GLOBAL_OPTIONS[] = {
    {"home", 0, "DIR", "the data home (default: CAIRN_HOME)"},
    {"threads", 0, "N", "threads to use (default: one a core)"},
    {"memory", 0, "MB", "memory limit of the analytic engine"},
    {"json", 0, NULL, "print results as JSON"},
    {"quiet", 'q', NULL, "no progress, errors only"},
    {"verbose", 'v', NULL, "say more"},
    {"help", 'h', NULL, "this help"},
};
const size_t CLI_GLOBAL_OPTION_COUNT = COUNT_OF(CLI_GLOBAL_OPTIONS);

int main(int argc, char **argv)
{
    Cli cli;
    Error err = ERROR_INIT;
    bool help;
    Status st = cli_parse(&cli, argc, argv, &help, &err);
    if (st == OK && help) {
        cli_help(cli.command, &cli.out);
        st = cli_flush(&cli, &err);
    } else if (st == OK) {
        cancel_install();
        st = cli.command->run(&cli, &err);
        /* What a command had to say before it failed is still worth reading. */
        Status flushed = cli_flush(&cli, st == OK ? &err : NULL);
        if (st == OK)
            st = flushed;
    }
    if (st != OK)
        cli_report(&cli, &err);
    cli_free(&cli);
    return status_exit_code(st);
}
