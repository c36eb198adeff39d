/* The table of commands. */
#include "cli/commands.h"

const Command *const CLI_COMMANDS[] = {
    &CMD_RUN,
    &CMD_INIT,
    &CMD_INGEST,
    &CMD_LINK,
    &CMD_BUILD,
    &CMD_MEASURE,
    &CMD_RELEASE,
    &CMD_SERVE,
    &CMD_STATUS,
    &CMD_REVIEW,
    &CMD_WHY,
    &CMD_IDENTITY,
    &CMD_PROFILE,
    &CMD_ENCODE,
    &CMD_MATCH_TOKENS,
    &CMD_BUDGET,
    &CMD_CHECK,
    &CMD_MATCH,
    &CMD_MATCH_WORKER,
    &CMD_SYNTH,
    &CMD_DOCTOR,
    &CMD_VERIFY,
    &CMD_KEYS,
    &CMD_BACKUP,
    &CMD_RESTORE,
    &CMD_COMPLETION,
    &CMD_MAN,
    &CMD_VERSION,
};
const size_t CLI_COMMAND_COUNT = COUNT_OF(CLI_COMMANDS);
