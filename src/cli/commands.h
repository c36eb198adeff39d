/* The commands, one constant each; CLI_COMMANDS (commands.c) lists them in the order help shows them. */
#ifndef CAIRN_CLI_COMMANDS_H
#define CAIRN_CLI_COMMANDS_H

#include "cli/cli.h"
#include "store/warehouse.h"

extern const Command CMD_INIT, CMD_KEYS, CMD_BACKUP, CMD_RESTORE, CMD_DOCTOR, CMD_STATUS;
extern const Command CMD_INGEST, CMD_PROFILE, CMD_LINK, CMD_BUILD, CMD_MEASURE, CMD_RELEASE, CMD_RUN;
extern const Command CMD_IDENTITY, CMD_REVIEW, CMD_WHY;
extern const Command CMD_COHORT, CMD_EQUITY, CMD_ACCOUNT, CMD_DICTIONARY, CMD_REPORT;
extern const Command CMD_MATCH, CMD_MATCH_WORKER, CMD_ENCODE, CMD_MATCH_TOKENS;
extern const Command CMD_PROTECT, CMD_AUDIT;
extern const Command CMD_CHECK, CMD_SERVE, CMD_SYNTH, CMD_VERIFY, CMD_COMPLETION, CMD_MAN, CMD_VERSION;
extern const Command CMD_BUDGET;

#endif
